/*
 * One file, /file, on the path API of FUSE 3, as it was at each FUSE_USE_VERSION from 30. Compiled
 * against the stock headers. WAY: "parts" goes by fuse_parse_cmdline, fuse_new, fuse_mount and
 * fuse_loop_mt; else fuse_main.
 */
#include "path.h"
#include <fuse_lowlevel.h>
#include <fcntl.h>

static int op_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	return stat_of(path, st);
}

static int op_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	(void)fi;
	return truncate_to(path, size);
}

static int op_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
		      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	(void)path, (void)off, (void)fi, (void)flags;
	return fill(buf, ".", NULL, 0, 0) || fill(buf, "..", NULL, 0, 0) ||
	       fill(buf, "file", NULL, 0, 0);
}

static int op_open(const char *path, struct fuse_file_info *fi)
{
	fi->fh = 4711;
	fi->direct_io = 1;
	if (fi->flags & O_TRUNC) /* passed on unless init() says otherwise */
		length = 0;
	return is_file(path) ? 0 : -ENOENT;
}

static int op_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)path;
	return fi->fh != 4711 ? -EBADF : read_from(buf, size, off);
}

static int op_write(const char *path, const char *buf, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	(void)path;
	return fi->fh != 4711 ? -EBADF : write_to(buf, size, off);
}

static int op_release(const char *path, struct fuse_file_info *fi)
{
	return fi->fh != 4711 ? -EBADF : say_released(path);
}

static int op_statfs(const char *path, struct statvfs *st)
{
	(void)path;
	st->f_bsize = 512;
	st->f_frsize = 512;
	st->f_blocks = 1234;
	return 0;
}

static void *op_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	(void)conn;
	cfg->kernel_cache = 1; /* in the part of the structure that never moved */
	return (void *)0x4711;
}

static void op_destroy(void *data)
{
	if (data == (void *)0x4711)
		puts("destroyed");
	fflush(stdout);
}

static int parts(int argc, char **argv, const struct fuse_operations *op)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts opts;
	struct fuse *f;
	int res;
#if FUSE_USE_VERSION >= 32
	struct fuse_loop_config config = {.clone_fd = 1, .max_idle_threads = 3};
#endif

	memset(&opts, 0x5a, sizeof(opts));
	if (fuse_parse_cmdline(&args, &opts))
		return 20;
	if (!opts.mountpoint || !opts.foreground || opts.singlethread || opts.show_help)
		return 21;
	f = fuse_new(&args, op, sizeof(*op), NULL);
	if (!f || fuse_mount(f, opts.mountpoint) || fuse_daemonize(opts.foreground) ||
	    fuse_set_signal_handlers(fuse_get_session(f)))
		return 22;
#if FUSE_USE_VERSION >= 32
	res = fuse_loop_mt(f, &config);
#else
	res = fuse_loop_mt(f, 1);
#endif
	fuse_remove_signal_handlers(fuse_get_session(f));
	fuse_unmount(f);
	fuse_destroy(f);
	free(opts.mountpoint);
	fuse_opt_free_args(&args);
	return res ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct fuse_operations ops = {
		.init = op_init,
		.destroy = op_destroy,
		.getattr = op_getattr,
		.truncate = op_truncate,
		.open = op_open,
		.read = op_read,
		.write = op_write,
		.release = op_release,
		.statfs = op_statfs,
		.readdir = op_readdir,
	};

	if (strcmp(getenv("WAY"), "parts") == 0)
		return parts(argc, argv, &ops);
	return fuse_main(argc, argv, &ops, NULL);
}
