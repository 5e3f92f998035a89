/*
 * One file, /file, on the request API of FUSE 3, as it was at each FUSE_USE_VERSION from 30.
 * Compiled against the stock headers. WAY "threads": fuse_session_loop_mt.
 */
#include "request.h"

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(sizeof(data) - 1);

	(void)ino, (void)size;
	v.buf[0].mem = (void *)data;
	if (fi->fh != 4711)
		fuse_reply_err(req, EBADF);
	else if (off >= (off_t)sizeof(data) - 1)
		fuse_reply_buf(req, NULL, 0);
	else
		fuse_reply_data(req, &v, FUSE_BUF_SPLICE_MOVE);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st;

	(void)ino;
	memset(&st, 0, sizeof(st));
	st.f_bsize = 512;
	st.f_frsize = 512;
	st.f_blocks = 1234;
	fuse_reply_statfs(req, &st);
}

static int loop_mt(struct fuse_session *se)
{
#if FUSE_USE_VERSION >= 32
	struct fuse_loop_config config = {.clone_fd = 0, .max_idle_threads = 3};

	return fuse_session_loop_mt(se, &config);
#else
	return fuse_session_loop_mt(se, 0);
#endif
}

int main(int argc, char **argv)
{
	static const struct fuse_lowlevel_ops ops = {
		.lookup = op_lookup,
		.getattr = op_getattr,
		.open = op_open,
		.read = op_read,
		.release = op_release,
		.statfs = op_statfs,
		.readdir = op_readdir,
	};
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts opts;
	struct fuse_session *se;
	int res;

	if (fuse_parse_cmdline(&args, &opts) || !opts.mountpoint)
		return 20;
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!se || fuse_set_signal_handlers(se) || fuse_session_mount(se, opts.mountpoint))
		return 21;
	res = strcmp(getenv("WAY"), "threads") ? fuse_session_loop(se) : loop_mt(se);
	fuse_session_unmount(se);
	fuse_remove_signal_handlers(se);
	fuse_session_destroy(se);
	free(opts.mountpoint);
	fuse_opt_free_args(&args);
	return res ? 1 : 0;
}
