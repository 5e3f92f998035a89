/*
 * Modules as FUSE 3 has them: an object has a variable fuse_module_NAME_factory. The rest:
 * core/front/module.c.
 */
#include "fuse3/internal.h"

#include <stdio.h>

module_factory module_registered(const char *name)
{
	(void)name;
	return NULL; /* since 3.0 a program cannot have its own */
}

unsigned modules_registered(void)
{
	return 0;
}

module_factory module_factory_of(void *variable)
{
	const fuse_module_factory_t *factory = variable;

	return factory ? *factory : NULL;
}

bool module_fits(const struct fuse_fs *top, const char *name)
{
	(void)top, (void)name;
	return true;
}

void module_is_over(struct fuse_fs *made, const struct fuse_fs *below)
{
	(void)made, (void)below;
}

bool module_help_asked(const struct fuse_args *args)
{
	(void)args;
	return false; /* fuse_lib_help() does that, see modules_help() */
}

static int help_of(void *data, const char *name)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct module_so *so;
	module_factory factory;

	(void)data;
	if (core_module_known(name))
		return 0; /* shown in any case */
	factory = module_find(name, &so);
	if (!factory)
		return 0;
	/* A factory that is given --help prints its options and makes nothing. */
	if (fuse_opt_add_arg(&args, "") == 0 && fuse_opt_add_arg(&args, "-h") == 0) {
		printf("\nOptions for %s module:\n", name);
		(void)factory(&args, NULL);
	}
	fuse_opt_free_args(&args);
	module_so_put(so);
	return 0;
}

void modules_help(const char *list)
{
	static const char *const built_in[] = {"subdir", "iconv"};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(built_in); i++) {
		printf("\nOptions for %s module:\n", built_in[i]);
		core_module_help(built_in[i], stdout);
	}
	(void)module_for_each(list, help_of, NULL);
}
