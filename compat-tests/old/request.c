/*
 * One file, /file, on the request API of FUSE_USE_VERSION 24 to 29. Compiled against the stock
 * headers. WAY "threads": fuse_session_loop_mt.
 */
#include "request.h"
#include <sys/statfs.h>
#include <unistd.h>

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	(void)ino, (void)size;
	if (fi->fh != 4711)
		fuse_reply_err(req, EBADF);
	else if (off >= (off_t)sizeof(data) - 1)
		fuse_reply_buf(req, NULL, 0);
	else
		fuse_reply_buf(req, data + off, sizeof(data) - 1 - (size_t)off);
}

#if FUSE_USE_VERSION < 25
static void op_statfs(fuse_req_t req)
{
	struct statfs st;

	memset(&st, 0, sizeof(st));
#else
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st;

	(void)ino;
	memset(&st, 0, sizeof(st));
	st.f_frsize = 512;
#endif
	st.f_bsize = 512;
	st.f_blocks = 1234;
	fuse_reply_statfs(req, &st);
}

int main(int argc, char **argv)
{
	static struct fuse_lowlevel_ops ops;
	struct fuse_session *se;
	struct fuse_chan *ch;
	int res;
#if FUSE_USE_VERSION >= 25
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
#endif

	ops.lookup = op_lookup;
	ops.getattr = op_getattr;
	ops.open = op_open;
	ops.read = op_read;
	ops.release = op_release;
	ops.statfs = op_statfs;
	ops.readdir = op_readdir;
	if (argc < 2)
		return 1;
#if FUSE_USE_VERSION < 25
	int fd = fuse_mount(argv[1], "fsname=old");

	if (fd < 0)
		return 1;
	ch = fuse_kern_chan_new(fd);
	se = fuse_lowlevel_new(NULL, &ops, sizeof(ops), NULL);
#else
	if (fuse_opt_add_arg(&args, argv[0]) || fuse_opt_add_arg(&args, "-ofsname=old"))
		return 1;
#if FUSE_USE_VERSION < 26
	int fd = fuse_mount(argv[1], &args);

	if (fd < 0)
		return 1;
	ch = fuse_kern_chan_new(fd);
#else
	ch = fuse_mount(argv[1], &args);
#endif
	se = fuse_lowlevel_new(&args, &ops, sizeof(ops), NULL);
#endif
	if (!ch || !se)
		return 1;
	fuse_session_add_chan(se, ch);
	res = strcmp(getenv("WAY"), "threads") ? fuse_session_loop(se) : fuse_session_loop_mt(se);
#if FUSE_USE_VERSION < 26
	fuse_session_destroy(se);
	fuse_unmount(argv[1]);
#else
	fuse_session_remove_chan(ch);
	fuse_session_destroy(se);
	fuse_unmount(argv[1], ch);
#endif
	return res ? 1 : 0;
}
