/*
 * Modules: file systems over the program's own, from libfusemod_NAME.so, chosen with
 * -o modules=NAME[:NAME...]. Such an object has a variable fuse_module_NAME_factory. The modules
 * subdir and iconv are the core's (core/modules/) and have no such object.
 */
#include "fuse3/internal.h"

#include <dlfcn.h>
#include <stdio.h>

/* A loaded object; counted, since a name may be in the list twice. */
struct module_so {
	void *handle;
	int refs;
};

void module_so_put(struct module_so *so)
{
	if (!so || --so->refs)
		return;
	dlclose(so->handle);
	free(so);
}

/* A name becomes part of a file's and a symbol's name: nothing else than a name. */
static bool good_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-") == strlen(name);
}

static fuse_module_factory_t find_factory(const char *name, struct module_so **out)
{
	char *file CLEANUP_FREE = NULL, *symbol CLEANUP_FREE = NULL;
	struct module_so *so = calloc(1, sizeof(*so));
	fuse_module_factory_t *factory;

	if (!so || asprintf(&file, "libfusemod_%s.so", name) == -1 ||
	    asprintf(&symbol, "fuse_module_%s_factory", name) == -1) {
		core_err("out of memory for module '%s'\n", name);
		free(so);
		return NULL;
	}
	so->refs = 1;
	so->handle = dlopen(file, RTLD_NOW);
	if (!so->handle) {
		core_err("modules=%s: cannot load %s: %s\n", name, file, dlerror());
		free(so);
		return NULL;
	}
	factory = dlsym(so->handle, symbol);
	if (!factory || !*factory) {
		core_err("modules=%s: %s has no %s, so it is no module of FUSE 3\n", name, file,
			 symbol);
		module_so_put(so);
		return NULL;
	}
	*out = so;
	return *factory;
}

static int push(struct fuse_fs **top, const char *name, struct fuse_args *args)
{
	struct fuse_fs *below[2] = {*top, NULL}, *made;
	struct module_so *so = NULL;
	fuse_module_factory_t factory;

	if (!good_name(name)) {
		core_err("modules=: '%s' is not the name of a module\n", name);
		return -1;
	}
	factory = find_factory(name, &so);
	if (!factory)
		return -1;
	made = factory(args, below);
	if (!made) { /* it has said why */
		module_so_put(so);
		return -1;
	}
	made->so = so;
	*top = made;
	return 0;
}

/* Calls each(data, name, args) for the names of a list until one fails. 0 or -1. */
static int for_each(const char *list, int (*each)(void *, const char *, struct fuse_args *),
		    void *data, struct fuse_args *args)
{
	char *copy CLEANUP_FREE = NULL, *save = NULL;

	if (!list)
		return 0;
	copy = strdup(list);
	if (!copy)
		return -1;
	for (char *name = strtok_r(copy, ":", &save); name; name = strtok_r(NULL, ":", &save))
		if (each(data, name, args))
			return -1;
	return 0;
}

/* The way through a list. */
struct pushing {
	struct fuse_fs **top;
	struct core_modules *built_in;
	int from_files; /* names that are to come yet */
};

static int count_from_files(void *data, const char *name, struct fuse_args *unused)
{
	struct pushing *p = data;

	(void)unused;
	p->from_files += !core_module_known(name);
	return 0;
}

static int push_on_stack(void *data, const char *name, struct fuse_args *args)
{
	struct pushing *p = data;
	struct fuse_fs *made;

	if (!core_module_known(name)) {
		p->from_files--;
		return push(p->top, name, args);
	}
	if (!p->from_files)
		return 0;
	made = layer_new(name, *p->top, args);
	if (!made)
		return -1;
	*p->top = made;
	return 0;
}

int modules_push(struct fuse_fs **top, const char *list, struct fuse_args *args)
{
	struct pushing p = {.top = top};

	return for_each(list, count_from_files, &p, NULL) || for_each(list, push_on_stack, &p, args)
		       ? -1
		       : 0;
}

static int push_on_table(void *data, const char *name, struct fuse_args *args)
{
	struct pushing *p = data;

	if (!core_module_known(name)) {
		p->from_files--;
		return 0;
	}
	return p->from_files ? 0 : core_modules_push(p->built_in, name, core_args_of(args));
}

int modules_wrap(struct core_modules *built_in, const char *list, struct fuse_args *args)
{
	struct pushing p = {.built_in = built_in};

	return for_each(list, count_from_files, &p, NULL) || for_each(list, push_on_table, &p, args)
		       ? -1
		       : 0;
}

static int help_of(void *data, const char *name, struct fuse_args *unused)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct module_so *so = NULL;
	fuse_module_factory_t factory;

	(void)data;
	(void)unused;
	if (core_module_known(name))
		return 0; /* shown in any case */
	factory = good_name(name) ? find_factory(name, &so) : NULL;
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
	(void)for_each(list, help_of, NULL, NULL);
}
