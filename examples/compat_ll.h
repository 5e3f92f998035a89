/*
 * The low-level API for both FUSE versions: what differs is how a session is set up and run, and
 * the last argument of rename.  Everything else low-level programs call is spelled the same.
 */
#ifndef EXAMPLES_COMPAT_LL_H
#define EXAMPLES_COMPAT_LL_H

#include "compat.h"

#include <fuse_lowlevel.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if FS_API == 3
typedef uint64_t fs_nlookup;
#define FS_LL_RENAME(fn) .rename = fn
#define FS_LL_ADAPT_RENAME(fn)
#else
typedef unsigned long fs_nlookup;
#define FS_LL_RENAME(fn) .rename = fn##_adapter
#define FS_LL_ADAPT_RENAME(fn)                                                                     \
	static void fn##_adapter(fuse_req_t req, fuse_ino_t parent, const char *name,              \
				 fuse_ino_t newparent, const char *newname)                        \
	{                                                                                          \
		fn(req, parent, name, newparent, newname, 0);                                      \
	}
#endif

/*
 * Parse the command line, mount, serve until unmounted, clean up.  single, when not NULL, is set
 * before the first request: true if -s was given.  Returns the exit status.
 */
#if FS_API == 3
static inline int fs_ll_serve(struct fuse_session *se, const struct fuse_cmdline_opts *opts)
{
	int rc;

	if (fuse_set_signal_handlers(se) != 0)
		return 1;
	if (fuse_session_mount(se, opts->mountpoint) != 0) {
		fuse_remove_signal_handlers(se);
		return 1;
	}
	rc = fuse_daemonize(opts->foreground);
	if (rc == 0 && opts->singlethread) {
		rc = fuse_session_loop(se);
	} else if (rc == 0) {
#if FUSE_USE_VERSION >= 312
		struct fuse_loop_config *config = fuse_loop_cfg_create();

		fuse_loop_cfg_set_clone_fd(config, (unsigned int)opts->clone_fd);
		fuse_loop_cfg_set_idle_threads(config, opts->max_idle_threads);
		rc = fuse_session_loop_mt(se, config);
		fuse_loop_cfg_destroy(config);
#else
		struct fuse_loop_config config = {
			.clone_fd = opts->clone_fd,
			.max_idle_threads = opts->max_idle_threads,
		};
		rc = fuse_session_loop_mt(se, &config);
#endif
	}
	fuse_session_unmount(se);
	fuse_remove_signal_handlers(se);
	return rc ? 1 : 0;
}

static inline int fs_ll_main(struct fuse_args *args, const struct fuse_lowlevel_ops *ops,
			     size_t ops_size, void *userdata, bool *single)
{
	struct fuse_cmdline_opts opts;
	struct fuse_session *se;
	int rc = 1;

	if (fuse_parse_cmdline(args, &opts) != 0)
		return 1;
	if (single)
		*single = opts.singlethread;
	if (opts.show_help) {
		printf("usage: %s [options] MOUNTPOINT\n\n", args->argv[0]);
		fuse_cmdline_help();
		fuse_lowlevel_help();
		rc = 0;
	} else if (opts.show_version) {
		printf("FUSE library version %s\n", fuse_pkgversion());
		rc = 0;
	} else if (!opts.mountpoint) {
		fprintf(stderr, "%s: no mount point given; try --help\n", args->argv[0]);
	} else if ((se = fuse_session_new(args, ops, ops_size, userdata)) != NULL) {
		rc = fs_ll_serve(se, &opts);
		fuse_session_destroy(se);
	}
	free(opts.mountpoint);
	return rc;
}

#else /* FS_API == 2 */

static inline int fs_ll_serve(struct fuse_session *se, struct fuse_chan *ch, int multithreaded,
			      int foreground)
{
	int rc = 1;

	if (fuse_set_signal_handlers(se) != 0)
		return 1;
	fuse_session_add_chan(se, ch);
	if (fuse_daemonize(foreground) == 0)
		rc = multithreaded ? fuse_session_loop_mt(se) : fuse_session_loop(se);
	fuse_remove_signal_handlers(se);
	fuse_session_remove_chan(ch);
	return rc ? 1 : 0;
}

static inline int fs_ll_main(struct fuse_args *args, const struct fuse_lowlevel_ops *ops,
			     size_t ops_size, void *userdata, bool *single)
{
	char *mountpoint = NULL;
	int multithreaded = 0, foreground = 0, rc = 1;
	struct fuse_session *se;
	struct fuse_chan *ch;

	if (fuse_parse_cmdline(args, &mountpoint, &multithreaded, &foreground) != 0)
		return 1;
	if (single)
		*single = !multithreaded;
	if (!mountpoint) {
		fprintf(stderr, "%s: no mount point given\n", args->argv[0]);
		return 1;
	}
	ch = fuse_mount(mountpoint, args);
	if (ch) {
		se = fuse_lowlevel_new(args, ops, ops_size, userdata);
		if (se) {
			rc = fs_ll_serve(se, ch, multithreaded, foreground);
			fuse_session_destroy(se);
		}
		fuse_unmount(mountpoint, ch);
	}
	free(mountpoint);
	return rc;
}

#endif
#endif
