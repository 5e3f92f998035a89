/*
 * (a) The low-level program of fuzz_session: it touches all it is handed, and answers, keeps the
 * request and answers later, or answers twice, as the input says.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

static void *kept[4];
static unsigned nkept;

/* One in some is kept, and answered when there are more; some programs answer twice. */
static bool keep(struct core_req *req)
{
	unsigned choice = byte();

	if (choice % 8)
		return false;
	if (nkept == CORE_ARRAY_SIZE(kept)) {
		struct core_req *old = core_req_from_handle(kept[choice / 8 % nkept]);

		if (old)
			core_reply_err(old, EINTR);
		kept[choice / 8 % nkept] = core_req_handle(req);
	} else {
		kept[nkept++] = core_req_handle(req);
	}
	return true;
}

static void answer(struct core_req *req)
{
	static const char text[8192] = "some bytes";
	struct core_entry_param e = {.ino = 1 + byte(), .attr.st_mode = 0100644};
	struct core_file_info fi = {.fh = byte()};
	struct flock fl = {.l_type = (short)byte(), .l_start = byte(), .l_len = byte()};
	struct iovec iov = {(void *)text, byte()};
	struct statvfs st = {.f_bsize = 512};
	struct statx sx = {.stx_mode = 0100644};

	if (keep(req))
		return;
	switch (byte() % 18) {
	case 0:
		core_reply_err(req, (int)byte() - 20);
		break;
	case 1:
		core_reply_entry(req, &e);
		break;
	case 2:
		core_reply_create(req, &e, &fi);
		break;
	case 3:
		core_reply_attr(req, &e.attr, byte());
		break;
	case 4:
		core_reply_readlink(req, "target");
		break;
	case 5:
		core_reply_open(req, &fi);
		break;
	case 6:
		core_reply_write(req, byte());
		break;
	case 7:
		core_reply_buf(req, text, byte() * 32u);
		break;
	case 8:
		core_reply_iov(req, &iov, 1);
		break;
	case 9:
		core_reply_statfs(req, &st);
		break;
	case 10:
		core_reply_xattr(req, byte());
		break;
	case 11:
		core_reply_lock(req, &fl);
		break;
	case 12:
		core_reply_bmap(req, byte());
		break;
	case 13:
		core_reply_ioctl(req, (int)byte(), text, byte());
		break;
	case 14:
		core_reply_ioctl_retry(req, &iov, byte() % 2, &iov, byte() % 2);
		break;
	case 15:
		core_reply_poll(req, byte());
		break;
	case 16:
		core_reply_lseek(req, byte());
		break;
	default:
		core_reply_statx(req, 0, &sx, 1);
	}
	if (byte() % 16 == 1)
		core_reply_err(req, EIO); /* a second time */
}

static void l_name(struct core_req *r, uint64_t p, const char *name)
{
	(void)p;
	touch(name, strlen(name) + 1);
	answer(r);
}
static void l_forget(struct core_req *r, uint64_t ino, uint64_t n)
{
	(void)ino;
	(void)n;
	core_reply_none(r);
}
static void l_fi(struct core_req *r, uint64_t ino, struct core_file_info *fi)
{
	(void)ino;
	touch(fi, fi ? sizeof(*fi) : 0);
	answer(r);
}
static void l_setattr(struct core_req *r, uint64_t ino, struct stat *st, int set,
		      struct core_file_info *fi)
{
	(void)set;
	touch(st, sizeof(*st));
	l_fi(r, ino, fi);
}
static void l_ino(struct core_req *r, uint64_t ino)
{
	l_fi(r, ino, NULL);
}
static void l_mknod(struct core_req *r, uint64_t p, const char *name, mode_t m, dev_t d)
{
	(void)m;
	(void)d;
	l_name(r, p, name);
}
static void l_mkdir(struct core_req *r, uint64_t p, const char *name, mode_t m)
{
	(void)m;
	l_name(r, p, name);
}
static void l_symlink(struct core_req *r, const char *target, uint64_t p, const char *name)
{
	touch(target, strlen(target) + 1);
	l_name(r, p, name);
}
static void l_rename(struct core_req *r, uint64_t p, const char *a, uint64_t q, const char *b,
		     unsigned flags)
{
	(void)q;
	(void)flags;
	touch(a, strlen(a) + 1);
	l_name(r, p, b);
}
static void l_link(struct core_req *r, uint64_t ino, uint64_t p, const char *name)
{
	(void)ino;
	l_name(r, p, name);
}
static void l_read(struct core_req *r, uint64_t ino, size_t size, off_t off,
		   struct core_file_info *fi)
{
	(void)size;
	(void)off;
	l_fi(r, ino, fi);
}
static void l_write(struct core_req *r, uint64_t ino, const char *buf, size_t size, off_t off,
		    struct core_file_info *fi)
{
	(void)off;
	touch(buf, size);
	l_fi(r, ino, fi);
}
static void l_sync(struct core_req *r, uint64_t ino, int sync, struct core_file_info *fi)
{
	(void)sync;
	l_fi(r, ino, fi);
}
static void l_setxattr(struct core_req *r, uint64_t ino, const char *name, const char *value,
		       size_t size, int flags, uint32_t ext)
{
	(void)flags;
	(void)ext;
	touch(value, size);
	l_name(r, ino, name);
}
static void l_getxattr(struct core_req *r, uint64_t ino, const char *name, size_t size)
{
	(void)size;
	l_name(r, ino, name);
}
static void l_listxattr(struct core_req *r, uint64_t ino, size_t size)
{
	(void)size;
	l_ino(r, ino);
}
static void l_access(struct core_req *r, uint64_t ino, int mask)
{
	(void)mask;
	l_ino(r, ino);
}
static void l_create(struct core_req *r, uint64_t p, const char *name, mode_t m,
		     struct core_file_info *fi)
{
	(void)m;
	touch(fi, sizeof(*fi));
	l_name(r, p, name);
}
static void l_tmpfile(struct core_req *r, uint64_t p, mode_t m, struct core_file_info *fi)
{
	(void)m;
	l_fi(r, p, fi);
}
static void l_getlk(struct core_req *r, uint64_t ino, struct core_file_info *fi, struct flock *fl)
{
	touch(fl, sizeof(*fl));
	l_fi(r, ino, fi);
}
static void l_setlk(struct core_req *r, uint64_t ino, struct core_file_info *fi, struct flock *fl,
		    int sleep)
{
	(void)sleep;
	l_getlk(r, ino, fi, fl);
}
static void l_bmap(struct core_req *r, uint64_t ino, size_t size, uint64_t idx)
{
	(void)size;
	(void)idx;
	l_ino(r, ino);
}
static void l_ioctl(struct core_req *r, uint64_t ino, unsigned cmd, void *arg,
		    struct core_file_info *fi, unsigned flags, const void *in, size_t in_size,
		    size_t out_size)
{
	(void)cmd;
	(void)arg;
	(void)flags;
	(void)out_size;
	touch(in, in_size);
	l_fi(r, ino, fi);
}
static void l_poll(struct core_req *r, uint64_t ino, struct core_file_info *fi,
		   struct core_pollhandle *ph)
{
	if (ph)
		core_notify_poll(ph);
	core_pollhandle_free(ph);
	l_fi(r, ino, fi);
}
static void l_retrieved(struct core_req *r, void *cookie, uint64_t ino, off_t off,
			struct core_bufvec *v)
{
	(void)cookie;
	(void)ino;
	(void)off;
	touch(v->buf[0].mem, v->buf[0].size);
	core_reply_none(r);
}
static void l_fallocate(struct core_req *r, uint64_t ino, int mode, off_t off, off_t len,
			struct core_file_info *fi)
{
	(void)mode;
	(void)off;
	(void)len;
	l_fi(r, ino, fi);
}
static void l_copy(struct core_req *r, uint64_t a, off_t b, struct core_file_info *c, uint64_t d,
		   off_t e, struct core_file_info *f, size_t len, int flags)
{
	(void)b;
	(void)d;
	(void)e;
	(void)len;
	(void)flags;
	touch(f, sizeof(*f));
	l_fi(r, a, c);
}
static void l_lseek(struct core_req *r, uint64_t ino, off_t off, int whence,
		    struct core_file_info *fi)
{
	(void)off;
	(void)whence;
	l_fi(r, ino, fi);
}
static void l_statx(struct core_req *r, uint64_t ino, int flags, int mask,
		    struct core_file_info *fi)
{
	(void)flags;
	(void)mask;
	l_fi(r, ino, fi);
}
static void l_flock(struct core_req *r, uint64_t ino, struct core_file_info *fi, int op)
{
	(void)op;
	l_fi(r, ino, fi);
}

const struct core_ll_ops low = {
	.lookup = l_name,
	.forget = l_forget,
	.getattr = l_fi,
	.setattr = l_setattr,
	.readlink = l_ino,
	.mknod = l_mknod,
	.mkdir = l_mkdir,
	.unlink = l_name,
	.rmdir = l_name,
	.symlink = l_symlink,
	.rename = l_rename,
	.link = l_link,
	.open = l_fi,
	.read = l_read,
	.write = l_write,
	.flush = l_fi,
	.release = l_fi,
	.fsync = l_sync,
	.opendir = l_fi,
	.readdir = l_read,
	.readdirplus = l_read,
	.releasedir = l_fi,
	.fsyncdir = l_sync,
	.statfs = l_ino,
	.setxattr = l_setxattr,
	.getxattr = l_getxattr,
	.listxattr = l_listxattr,
	.removexattr = l_name,
	.access = l_access,
	.create = l_create,
	.tmpfile = l_tmpfile,
	.getlk = l_getlk,
	.setlk = l_setlk,
	.flock = l_flock,
	.bmap = l_bmap,
	.ioctl = l_ioctl,
	.poll = l_poll,
	.retrieve_reply = l_retrieved,
	.fallocate = l_fallocate,
	.copy_file_range = l_copy,
	.lseek = l_lseek,
	.statx = l_statx,
	.syncfs = l_ino,
};

void low_begin(void)
{
	nkept = 0;
}
