/*
 * A file system on the request API that names every entry point whose form depends on
 * FUSE_USE_VERSION. With the argument "loaded?" it only says that it was loaded. FUSE_API is 2 or
 * 3, given by the compiler line.
 */
#include <fuse_lowlevel.h>
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/statfs.h>

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	fuse_reply_err(req, ENOENT);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	memset(&st, 0, sizeof(st));
	st.st_ino = ino;
	st.st_mode = S_IFDIR | 0755;
	fuse_reply_attr(req, &st, 1.0);
}

#if FUSE_USE_VERSION <= 25
static void op_statfs(fuse_req_t req)
#else
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
#endif
{
#if FUSE_USE_VERSION == 24
	struct statfs st;
#else
	struct statvfs st;
#endif

#if FUSE_USE_VERSION > 25
	(void)ino;
#endif
	memset(&st, 0, sizeof(st));
	fuse_reply_statfs(req, &st);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->fh = 7;
	fuse_reply_open(req, fi);
}

static struct fuse_lowlevel_ops ops;

#if FUSE_API == 3 && FUSE_VERSION > 312
/* Never called: the size is an argument since API 3.17. */
int connect_to(struct fuse_session *se, int fd);
int connect_to(struct fuse_session *se, int fd)
{
	struct fuse_custom_io io;

	memset(&io, 0, sizeof(io));
#if FUSE_USE_VERSION >= 317
	return fuse_session_custom_io(se, &io, sizeof(io), fd);
#else
	return fuse_session_custom_io(se, &io, fd);
#endif
}
#endif

#if FUSE_API == 3
static int run(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts opts;
	struct fuse_session *se;
	int ret;

	if (fuse_parse_cmdline(&args, &opts) < 0)
		return 1;
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!se || fuse_set_signal_handlers(se) < 0 || fuse_session_mount(se, opts.mountpoint) < 0)
		return 1;
	fuse_daemonize(opts.foreground);
#if FUSE_USE_VERSION < 32
	ret = fuse_session_loop_mt(se, opts.clone_fd);
#elif FUSE_USE_VERSION < 312
	struct fuse_loop_config config = {opts.clone_fd, opts.max_idle_threads};

	ret = fuse_session_loop_mt(se, &config);
#else
	struct fuse_loop_config *config = fuse_loop_cfg_create();

	fuse_loop_cfg_set_clone_fd(config, (unsigned int)opts.clone_fd);
	ret = fuse_session_loop_mt(se, config);
	fuse_loop_cfg_destroy(config);
#endif
	fuse_session_unmount(se);
	fuse_remove_signal_handlers(se);
	fuse_session_destroy(se);
	free(opts.mountpoint);
	fuse_opt_free_args(&args);
	return ret;
}
#else
static int run(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_session *se;
	struct fuse_chan *ch;
	char *mountpoint;
	int mt, fg, ret;

	if (fuse_parse_cmdline(&args, &mountpoint, &mt, &fg) < 0)
		return 1;
#if FUSE_USE_VERSION == 24
	ch = fuse_kern_chan_new(fuse_mount(mountpoint, "debug"));
#elif FUSE_USE_VERSION == 25
	ch = fuse_kern_chan_new(fuse_mount(mountpoint, &args));
#else
	ch = fuse_mount(mountpoint, &args);
#endif
#if FUSE_USE_VERSION == 24
	se = fuse_lowlevel_new("debug", &ops, sizeof(ops), NULL);
#else
	se = fuse_lowlevel_new(&args, &ops, sizeof(ops), NULL);
#endif
	if (!ch || !se || fuse_set_signal_handlers(se) < 0)
		return 1;
	fuse_session_add_chan(se, ch);
	ret = mt ? fuse_session_loop_mt(se) : fuse_session_loop(se);
	fuse_remove_signal_handlers(se);
#if FUSE_USE_VERSION <= 25
	fuse_session_destroy(se);
	fuse_unmount(mountpoint);
#else
	fuse_session_remove_chan(ch);
	fuse_session_destroy(se);
	fuse_unmount(mountpoint, ch);
#endif
	free(mountpoint);
	fuse_opt_free_args(&args);
	return ret;
}
#endif

int main(int argc, char **argv)
{
	ops.lookup = op_lookup;
	ops.getattr = op_getattr;
	ops.statfs = op_statfs;
	ops.open = op_open;
	if (argc == 2 && strcmp(argv[1], "loaded?") == 0)
		return 42;
	return run(argc, argv);
}
