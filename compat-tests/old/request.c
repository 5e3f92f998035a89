/*
 * One file, /file, on the request API of FUSE_USE_VERSION 24. Compiled against the stock headers.
 */
#include <fuse_lowlevel.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

static const char data[] = "old but alive\n";

static void fill(struct stat *st, fuse_ino_t ino)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	st->st_mode = ino == 2 ? S_IFREG | 0444 : S_IFDIR | 0755;
	st->st_nlink = 1;
	st->st_size = ino == 2 ? sizeof(data) - 1 : 0;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e;

	memset(&e, 0, sizeof(e));
	e.ino = 2;
	fill(&e.attr, 2);
	if (parent == 1 && strcmp(name, "file") == 0)
		fuse_reply_entry(req, &e);
	else
		fuse_reply_err(req, ENOENT);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	fill(&st, ino);
	fuse_reply_attr(req, &st, 1.0);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->fh = 4711;
	fuse_reply_open(req, fi);
}

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

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if (fi->fh == 4711)
		puts("released /file");
	fflush(stdout);
	fuse_reply_err(req, 0);
}

static void op_statfs(fuse_req_t req)
{
	struct statfs st;

	memset(&st, 0, sizeof(st));
	st.f_bsize = 512;
	st.f_blocks = 1234;
	fuse_reply_statfs(req, &st);
}

int main(int argc, char **argv)
{
	static struct fuse_lowlevel_ops ops;
	struct fuse_session *se;
	struct fuse_chan *ch;
	int fd, res;

	ops.lookup = op_lookup;
	ops.getattr = op_getattr;
	ops.open = op_open;
	ops.read = op_read;
	ops.release = op_release;
	ops.statfs = op_statfs;
	if (argc < 2 || (fd = fuse_mount(argv[1], "fsname=old")) < 0)
		return 1;
	ch = fuse_kern_chan_new(fd);
	se = fuse_lowlevel_new(NULL, &ops, sizeof(ops), NULL);
	if (!ch || !se)
		return 1;
	fuse_session_add_chan(se, ch);
	res = fuse_session_loop(se);
	fuse_session_destroy(se);
	fuse_unmount(argv[1]);
	return res ? 1 : 0;
}
