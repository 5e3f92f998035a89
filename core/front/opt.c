/*
 * Options: the core's functions under their public names.
 */
#include "internal.h"

#include <stdio.h>

EXPORT int fuse_opt_add_opt(char **opts, const char *opt)
{
	return core_opt_add_opt(opts, opt);
}

EXPORT int fuse_opt_add_opt_escaped(char **opts, const char *opt)
{
	return core_opt_add_opt_escaped(opts, opt);
}

EXPORT int fuse_opt_add_arg(struct fuse_args *args, const char *arg)
{
	return core_opt_add_arg(core_args_of(args), arg);
}

EXPORT int fuse_opt_insert_arg(struct fuse_args *args, int pos, const char *arg)
{
	return core_opt_insert_arg(core_args_of(args), pos, arg);
}

EXPORT void fuse_opt_free_args(struct fuse_args *args)
{
	core_opt_free_args(core_args_of(args));
}

EXPORT int fuse_opt_match(const struct fuse_opt opts[], const char *opt)
{
	return core_opt_match((const struct core_opt *)opts, opt);
}

int add_default_subtype(struct fuse_args *args)
{
	const char *name = args->argc > 0 && args->argv[0] ? args->argv[0] : "", *slash;
	char *opt CLEANUP_FREE = NULL;

	slash = strrchr(name, '/');
	if (slash)
		name = slash + 1;
	if (!*name)
		return 0;
	if (asprintf(&opt, "-osubtype=%s", name) == -1) {
		opt = NULL;
		core_err("out of memory for options\n");
		return -1;
	}
	return fuse_opt_add_arg(args, opt);
}
