/*
 * Kernel passthrough for bench/ops: /a/b/f0 of the mount is a file elsewhere, and the kernel reads
 * it there. pass FILE MOUNTPOINT [OPTIONS]; needs libfuse3.so.4, root and Linux 6.9.
 * PASS_OFF in the environment: reads come to the program, as without passthrough.
 */
#define FUSE_USE_VERSION 317
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {"", "a", "b", "f0"}; /* number 1 to 4, each in the one before */
#define INODES 4

static const char *target;
static int off;

static void init(void *data, struct fuse_conn_info *conn)
{
	(void)data;
	if (off)
		return;
	if (!fuse_set_feature_flag(conn, FUSE_CAP_PASSTHROUGH)) {
		fprintf(stderr, "pass: this kernel does not pass through\n");
		exit(1);
	}
	conn->max_backing_stack_depth = 1;
}

static int attr_of(fuse_ino_t ino, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	if (ino == INODES && stat(target, st))
		return errno;
	st->st_ino = ino;
	if (ino != INODES)
		st->st_mode = S_IFDIR | 0755;
	return 0;
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = {.ino = parent + 1, .attr_timeout = 60, .entry_timeout = 60};
	int err = ENOENT;

	if (parent < INODES && !strcmp(name, names[parent]))
		err = attr_of(e.ino, &e.attr);
	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_entry(req, &e);
}

static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	int err = attr_of(ino, &st);

	(void)fi;
	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_attr(req, &st, 60);
}

static void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int fd = ino == INODES ? open(target, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0 && !off && (fi->backing_id = fuse_passthrough_open(req, fd)) <= 0) {
		close(fd);
		fuse_reply_err(req, EIO);
		return;
	}
	fi->fh = (uint64_t)fd << 32 | (uint32_t)fi->backing_id;
	if (fd < 0)
		fuse_reply_err(req, EISDIR);
	else
		fuse_reply_open(req, fi);
}

static void read_file(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at,
		      struct fuse_file_info *fi)
{
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(size);

	(void)ino;
	v.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	v.buf[0].fd = (int)(fi->fh >> 32);
	v.buf[0].pos = at;
	fuse_reply_data(req, &v, 0);
}

static void release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if (!off)
		fuse_passthrough_close(req, (int)(uint32_t)fi->fh);
	close((int)(fi->fh >> 32));
	fuse_reply_err(req, 0);
}

static const struct fuse_lowlevel_ops ops = {
	.init = init,
	.lookup = lookup,
	.getattr = getattr,
	.open = open_file,
	.read = read_file,
	.release = release,
};

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc - 2, argv + 2); /* the mount point as name */
	struct fuse_session *se;
	int rc = 1;

	if (argc < 3) {
		fprintf(stderr, "usage: pass FILE MOUNTPOINT [-o OPTIONS]\n");
		return 2;
	}
	target = argv[1];
	off = getenv("PASS_OFF") != NULL;
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!se)
		return 1;
	if (!fuse_set_signal_handlers(se) && !fuse_session_mount(se, argv[2])) {
		rc = fuse_session_loop_mt(se, NULL);
		fuse_session_unmount(se);
	}
	fuse_session_destroy(se);
	return rc != 0;
}
