/*
 * Path file systems: making and ending them, and what their operations may ask.
 */
#include "fuse3/internal.h"

#include <stdio.h>

#include "core/session/signals.h"

/* ---- life ---------------------------------------------------------------------------------------
 */

static void fuse_free(struct fuse *f)
{
	stack_free(f);
	core_modules_free(&f->built_in);
	free(f->modules);
	free(f);
}

/* The session's part of fuse_new(): options that are left, the core's file system, its wrapper. */
static int make_core(struct fuse *f, struct fuse_args *args, struct core_fs_config *cfg)
{
	struct core_session_config scfg = {0};
	struct core_mount *m;

	thunks_make(&f->fs->op, &f->built_in.ops);
	f->built_in.data = f;
	/* Modules first: one's option may be spelled as one of these. */
	if (modules_wrap(&f->built_in, f->modules, args) ||
	    core_fs_options(core_args_of(args), cfg, &scfg, f->debug))
		return -1;
	if (options_session(args, &scfg, &m))
		return -1;
	if (options_check_left(args, true))
		goto fail_mount;
	f->core =
		core_fs_new(&fuse3_path_profile, &scfg, cfg, &f->built_in.ops, f->built_in.data, f);
	if (!f->core)
		goto fail_mount;
	f->se = session_wrap(core_fs_session(f->core), m);
	if (f->se) {
		f->se->fuse = f;
		return 0;
	}
	core_fs_free(f->core);
fail_mount:
	core_mount_free(m);
	return -1;
}

EXPORT struct fuse *fuse_new_31(struct fuse_args *args, const struct fuse_operations *op,
				size_t op_size, void *private_data);
EXPORT struct fuse *fuse_new_30(struct fuse_args *args, const struct fuse_operations *op,
				size_t op_size, void *private_data);
struct fuse *fuse_new_v30(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  void *private_data);

struct fuse *fuse_new_31(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			 void *private_data)
{
	struct fuse *f = calloc(1, sizeof(*f));
	struct fs_options fo = {0};

	if (!f) {
		core_err("out of memory for a file system\n");
		return NULL;
	}
	if (!args || args->argc < 1) {
		core_err("empty argv passed to fuse_new(): the first argument is the program's "
			 "name\n");
		goto fail;
	}
	f->fs = f->own = fuse_fs_new(op, op_size, private_data);
	if (!f->fs || options_fs(args, &fo))
		goto fail;
	f->modules = fo.modules;
	core_fs_drop_modules(f->modules, fo.debug);
	f->debug = fo.debug;
	if (modules_push(&f->fs, f->modules, args) || make_core(f, args, &fo.cfg))
		goto fail;
	if (fo.debug)
		core_debug("FUSE library version: %s\n", FUSE3_VERSION_TEXT);
	return f;
fail:
	fuse_free(f);
	return NULL;
}

#if FUSE3_ABI >= 4
/* No default version: new programs are linked with those of versioned.c. */
struct fuse *fuse_new_v31(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  void *private_data);
SYMVER(fuse_new_v31, "fuse_new@FUSE_3.1");

struct fuse *fuse_new_v31(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  void *private_data)
{
	return fuse_new_31(args, op, op_size, private_data);
}
#else
EXPORT struct fuse *fuse_new(struct fuse_args *args, const struct fuse_operations *op,
			     size_t op_size, void *private_data)
{
	return fuse_new_31(args, op, op_size, private_data);
}
#endif

struct fuse *fuse_new_30(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			 void *private_data)
{
	static const struct core_opt help_opts[] = {
		{"-h", 0, 1},
		{"--help", 0, 1},
		CORE_OPT_END,
	};
	int show_help = 0;

	if (core_opt_parse(core_args_of(args), &show_help, help_opts, NULL))
		return NULL;
	if (show_help) {
		fuse_lib_help(args);
		return NULL;
	}
	return fuse_new_31(args, op, op_size, private_data);
}

SYMVER(fuse_new_v30, "fuse_new@FUSE_3.0");

struct fuse *fuse_new_v30(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  void *private_data)
{
	return fuse_new_30(args, op, op_size, private_data);
}

EXPORT void fuse_destroy(struct fuse *f)
{
	if (!f)
		return;
	core_signals_remove(f->se->cs);
	core_fs_free(f->core); /* with the session */
	session_unwrap(f->se);
	fuse_free(f);
}

EXPORT void fuse_lib_help(struct fuse_args *args)
{
	struct fs_options fo = {0};

	options_fs_help();
	fuse_lowlevel_help();
	if (args)
		(void)options_fs(args, &fo);
	modules_help(fo.modules);
	free(fo.modules);
}

/* ---- the session below --------------------------------------------------------------------------
 */

EXPORT int fuse_mount(struct fuse *f, const char *mountpoint)
{
	return f ? fuse_session_mount(f->se, mountpoint) : -1;
}

EXPORT void fuse_unmount(struct fuse *f)
{
	if (f)
		fuse_session_unmount(f->se);
}

/* ---- in an operation ----------------------------------------------------------------------------
 */

EXPORT struct fuse_context *fuse_get_context(void)
{
	struct core_context *c = core_context();

	if (c->fuse && !fs_depth)
		c->private_data = ((struct fuse *)c->fuse)->fs->user_data;
	return (struct fuse_context *)c;
}

EXPORT int fuse_getgroups(int size, gid_t list[])
{
	struct core_req *req = core_req_current();

	return req ? core_req_getgroups(req, size, list) : -ENOSYS;
}

/* ---- caches -------------------------------------------------------------------------------------
 */

EXPORT int fuse_invalidate_path(struct fuse *f, const char *path)
{
	return core_fs_invalidate_path(f->core, path);
}
