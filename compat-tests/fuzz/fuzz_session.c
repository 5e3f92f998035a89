/*
 * A session under arbitrary messages, on the direct memory transport.
 *
 * Input: a byte of modes, a byte for the minor, then messages: a byte for the opcode, one for the
 * node, one for flags (a wrong length, an odd unique, an exact copy), two for the length, and as
 * many bytes of body. INIT comes first by itself unless the modes say not to. The program is
 * (a) low-level operations that answer, keep and answer later, of a file system or, with a byte for
 * the minor of 240 and more, of a character device; or (b) the path API with a tiny file system,
 * single-threaded.
 *
 * Besides what sanitizers see, checked: every reply is well formed and belongs to a request that
 * has no answer yet.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/log.h"
#include "core/fs/fs.h"
#include "core/session/cuse.h"
#include "core/transport/transport.h"

enum {
	MODE_FS = 1,
	MODE_NO_INIT = 2,
	MODE_DEBUG = 4,
	MODE_DENY = 8,
	MODE_NO_READDIRPLUS = 16,
	MODE_REMEMBER = 32,
	MODE_CACHES = 64,
	MODE_HARD_REMOVE = 128,
};
enum { MAX_MESSAGES = 200, FILES = 24, PATH = 40 };
enum { LIE_LENGTH = 1, SAME_UNIQUE = 2, KNOWN_NODE = 4, SMALL_FH = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *at, *end;
	unsigned modes, minor;
	bool cuse;
	uint64_t *message; /* exactly as long as it is: one byte more is out of bounds */
	uint64_t unique;
	unsigned waiting[MAX_MESSAGES + 8]; /* requests without an answer, by unique / 2 */
	int messages;
	uint64_t nodes[8]; /* numbers replies have named */
	unsigned nnodes;
} z;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void quiet(int level, const char *fmt, va_list ap)
{
	char line[2048];

	(void)level;
	vsnprintf(line, sizeof(line), fmt, ap); /* the arguments fit the format */
}

static unsigned byte(void)
{
	return z.at < z.end ? *z.at++ : 0;
}

/* ---- the kernel -------------------------------------------------------------------------------
 */

static const void *make_message(uint32_t opcode, uint64_t nodeid, const uint8_t *body, size_t len,
				unsigned flags, size_t *total)
{
	struct wire_in_header *h;

	free(z.message);
	*total = sizeof(*h) + len;
	z.message = malloc(*total);
	require(z.message != NULL);
	h = (struct wire_in_header *)z.message;
	memset(h, 0, sizeof(*h));
	if (!(flags & SAME_UNIQUE) || z.unique == 0)
		z.unique += 2;
	h->len = (uint32_t)(*total + (flags & LIE_LENGTH ? byte() - 128 : 0));
	h->opcode = opcode;
	h->unique = z.unique;
	h->nodeid = nodeid;
	h->pid = 1;
	h->uid = flags & 16 ? 12345 : (uint32_t)getuid();
	h->total_extlen = flags & 32 ? (uint16_t)byte() : 0;
	if (len)
		memcpy(h + 1, body, len);
	z.waiting[z.unique / 2]++;
	return z.message;
}

static const void *init_message(size_t *total)
{
	struct wire_init_in in = {.major = 7,
				  .minor = z.minor,
				  .max_readahead = 65536,
				  .flags = UINT32_MAX,
				  .flags2 = UINT32_MAX};
	struct wire_cuse_init_in cuse_in = {.major = 7, .minor = z.minor, .flags = 1};

	if (z.cuse)
		return make_message(WIRE_CUSE_INIT, 0, (void *)&cuse_in, sizeof(cuse_in), 0, total);
	return make_message(WIRE_INIT, 0, (void *)&in, sizeof(in), 0, total);
}

/* Makes the little-endian number at this place one below 65536. */
static void cut(uint8_t *body, size_t len, size_t at)
{
	if (len >= at + 4)
		body[at + 2] = body[at + 3] = 0;
}

static const void *next(void *user, size_t *total)
{
	unsigned opcode, node, flags, len;
	uint8_t body[65536];

	(void)user;
	if (z.messages++ == 0 && !(z.modes & MODE_NO_INIT))
		return init_message(total);
	if (z.at >= z.end || z.messages > MAX_MESSAGES)
		return NULL;
	opcode = byte();
	node = byte();
	flags = byte();
	len = byte();
	len |= byte() << 8;
	if (len > (size_t)(z.end - z.at))
		len = (unsigned)(z.end - z.at);
	memcpy(body, z.at, len);
	z.at += len;
	/* Handles are small numbers, so that some are right. */
	if ((flags & SMALL_FH) && len >= 8)
		memset(body + 1, 0, 7);
	/* A kernel asks for no more than a few MiB: what is asked for is memory we touch. */
	cut(body, len,
	    opcode == WIRE_IOCTL ? offsetof(struct wire_ioctl_in, out_size)
	    : opcode == WIRE_GETXATTR || opcode == WIRE_LISTXATTR
		    ? offsetof(struct wire_getxattr_in, size)
		    : offsetof(struct wire_read_in, size));
	return make_message(opcode == 255 ? WIRE_CUSE_INIT : opcode,
			    (flags & KNOWN_NODE) && z.nnodes ? z.nodes[node % z.nnodes] : node,
			    body, len, flags, total);
}

static void remember_node(uint64_t nodeid)
{
	if (z.nnodes < CORE_ARRAY_SIZE(z.nodes))
		z.nodes[z.nnodes++] = nodeid;
	else
		z.nodes[nodeid % CORE_ARRAY_SIZE(z.nodes)] = nodeid;
}

static int sink(void *user, const struct iovec *iov, int n)
{
	const struct wire_out_header *h = iov[0].iov_base;
	volatile char sum = 0;
	size_t len = 0;

	(void)user;
	for (int i = 0; i < n; i++) {
		len += iov[i].iov_len;
		for (size_t j = 0; j < iov[i].iov_len; j++)
			sum = (char)(sum + ((const char *)iov[i].iov_base)[j]);
	}
	(void)sum;
	require(iov[0].iov_len == sizeof(*h) && h->len == len);
	if (!h->unique)
		return 0;
	require(h->error <= 0 && h->error > -512 && (!h->error || len == sizeof(*h)));
	require(h->unique / 2 < CORE_ARRAY_SIZE(z.waiting) && z.waiting[h->unique / 2] > 0);
	z.waiting[h->unique / 2]--;
	if (!h->error && n > 1 && iov[1].iov_len >= sizeof(struct wire_entry_out))
		remember_node(*(const uint64_t *)iov[1].iov_base);
	return z.messages % 13 ? 0 : -ENOENT; /* sometimes nobody waits any more */
}

/* ---- (a) low-level operations
 * -------------------------------------------------------------------- */

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

/* Reads all there is to read of a buffer. */
static void touch(const void *p, size_t len)
{
	volatile char sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (char)(sum + ((const char *)p)[i]);
	(void)sum;
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

static const struct core_ll_ops low = {
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

/* ---- (b) a tiny file system
 * ----------------------------------------------------------------------- */

static struct {
	char path[PATH];
	struct stat st;
} files[FILES];

static int find(const char *path)
{
	if (!path || strlen(path) >= PATH)
		return -1;
	for (int i = 0; i < FILES; i++)
		if (files[i].st.st_mode && !strcmp(files[i].path, path))
			return i;
	return -1;
}

static int add(const char *path, mode_t mode)
{
	touch(path, strlen(path) + 1);
	require(path[0] == '/');
	if (find(path) >= 0)
		return -EEXIST;
	if (strlen(path) >= PATH)
		return -ENAMETOOLONG;
	for (int i = 0; i < FILES; i++)
		if (!files[i].st.st_mode) {
			strcpy(files[i].path, path);
			files[i].st = (struct stat){.st_mode = mode ? mode : 0100644,
						    .st_ino = (ino_t)i + 1,
						    .st_nlink = 1};
			return 0;
		}
	return -ENOSPC;
}

static int t_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	int i = find(path);

	(void)d;
	(void)fi;
	if (i < 0)
		return -ENOENT;
	st->st = files[i].st;
	return byte() % 32 == 31 ? -EIO : 0;
}
static int t_readlink(void *d, const char *path, char *buf, size_t size)
{
	(void)d;
	(void)path;
	memset(buf, 'x', byte() % 2 ? size : 3); /* also not terminated */
	return 0;
}
static int t_mknod(void *d, const char *path, mode_t mode, dev_t dev)
{
	(void)d;
	(void)dev;
	return add(path, mode);
}
static int t_mkdir(void *d, const char *path, mode_t mode)
{
	(void)d;
	(void)mode;
	return add(path, 040755);
}
static int t_unlink(void *d, const char *path)
{
	int i = find(path);

	(void)d;
	if (i < 0)
		return -ENOENT;
	files[i].st.st_mode = 0;
	return 0;
}
static int t_symlink(void *d, const char *target, const char *path)
{
	(void)d;
	touch(target, strlen(target) + 1);
	return add(path, 0120777);
}
static int t_rename(void *d, const char *from, const char *to, unsigned flags)
{
	int i = find(from), j = find(to);

	(void)d;
	touch(to, strlen(to) + 1);
	if (i < 0 || strlen(to) >= PATH)
		return -ENOENT;
	if (byte() % 8 == 7)
		return -EACCES;
	if (flags & 2) {
		char swap[PATH];

		if (j < 0)
			return -ENOENT;
		memcpy(swap, files[i].path, PATH);
		memcpy(files[i].path, files[j].path, PATH);
		memcpy(files[j].path, swap, PATH);
		return 0;
	}
	if (j >= 0 && j != i)
		files[j].st.st_mode = 0;
	memmove(files[i].path, to, strlen(to) + 1);
	return 0;
}
static int t_link(void *d, const char *from, const char *to)
{
	int i = find(from), res, j;

	(void)d;
	if (i < 0)
		return -ENOENT;
	res = add(to, files[i].st.st_mode);
	if (res)
		return res;
	j = find(to);
	files[i].st.st_nlink++;
	files[j].st = files[i].st;
	return 0;
}
static int t_truncate(void *d, const char *path, off_t size, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	(void)size;
	return find(path) < 0 ? -ENOENT : 0;
}
static int t_open(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	fi->fh = byte();
	return find(path) < 0 ? -ENOENT : 0;
}
static int t_create(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	(void)d;
	fi->fh = byte();
	return add(path, mode);
}
static int t_read(void *d, const char *path, char *buf, size_t size, off_t off,
		  struct core_file_info *fi)
{
	(void)d;
	(void)path;
	(void)off;
	(void)fi;
	if (size > 4096)
		size = 4096;
	memset(buf, 'r', size);
	return byte() % 16 == 15 ? INT32_MAX : (int)size; /* or lies */
}
static int t_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		   struct core_file_info *fi)
{
	(void)d;
	(void)path;
	(void)off;
	(void)fi;
	touch(buf, size);
	return (int)size + (byte() % 16 == 15);
}
static int t_handle(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	touch(path, path ? strlen(path) + 1 : 0);
	return 0;
}
static int t_opendir(void *d, const char *path, struct core_file_info *fi)
{
	return t_open(d, path, fi);
}
static int t_readdir(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
		     struct core_file_info *fi, int flags)
{
	bool offsets = byte() % 2, complete = byte() % 2;

	(void)d;
	(void)fi;
	(void)flags;
	touch(path, path ? strlen(path) + 1 : 0);
	fill(buf, ".", NULL, 0, 0);
	for (int i = 0; i < FILES; i++) {
		if (!files[i].st.st_mode || (offsets && i + 1 <= off))
			continue;
		if (fill(buf, files[i].path + (files[i].path[1] != 0), &files[i].st,
			 offsets ? i + 1 : 0, complete ? CORE_FILL_PLUS : 0))
			break;
	}
	return byte() % 16 == 15 ? -EIO : 0;
}
static int t_lock(void *d, const char *path, struct core_file_info *fi, int cmd, struct flock *fl)
{
	(void)d;
	(void)path;
	(void)fi;
	(void)cmd;
	touch(fl, sizeof(*fl));
	return byte() % 4 == 3 ? -EAGAIN : 0;
}
static int t_flock(void *d, const char *path, struct core_file_info *fi, int op)
{
	(void)d;
	(void)path;
	(void)fi;
	(void)op;
	return byte() % 4 == 3 ? -EWOULDBLOCK : 0;
}
static int t_setxattr(void *d, const char *path, const char *name, const char *value, size_t size,
		      int flags)
{
	(void)d;
	(void)path;
	(void)name;
	(void)flags;
	touch(value, size);
	return 0;
}
static int t_getxattr(void *d, const char *path, const char *name, char *value, size_t size)
{
	(void)d;
	(void)path;
	touch(name, strlen(name) + 1);
	if (size > 100)
		size = 100;
	if (size)
		memset(value, 'v', size);
	return (int)byte() - 20;
}
static int t_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		   unsigned flags, void *data)
{
	(void)d;
	(void)path;
	(void)cmd;
	(void)arg;
	(void)fi;
	(void)flags;
	(void)data;
	return (int)byte() - 20;
}

static const struct core_fs_ops tiny = {
	.getattr = t_getattr,
	.readlink = t_readlink,
	.mknod = t_mknod,
	.mkdir = t_mkdir,
	.unlink = t_unlink,
	.rmdir = t_unlink,
	.symlink = t_symlink,
	.rename = t_rename,
	.link = t_link,
	.truncate = t_truncate,
	.open = t_open,
	.create = t_create,
	.read = t_read,
	.write = t_write,
	.flush = t_handle,
	.release = t_handle,
	.opendir = t_opendir,
	.readdir = t_readdir,
	.releasedir = t_handle,
	.lock = t_lock,
	.flock = t_flock,
	.setxattr = t_setxattr,
	.getxattr = t_getxattr,
	.ioctl = t_ioctl,
};

/* ---- one run
 * ------------------------------------------------------------------------------------------ */

static const struct core_profile profile = {
	.api = "fuzz",
	.caps_visible = ~0ULL,
	.max_write = 131072,
	.max_threads = 4,
	.caps_always = WIRE_CAP(MAX_PAGES) | WIRE_CAP(BIG_WRITES),
};

static void run_low(const struct core_session_config *scfg, struct core_transport *t)
{
	static const char *const info[] = {"DEVNAME=fuzz"};
	struct core_cuse_device device = {
		.info_count = z.minor % 2, .info = info, .max_write = 1000, .flags = 1};
	struct core_session *se = core_session_new(&profile, scfg, &low, NULL);

	nkept = 0;
	require(se != NULL);
	if (z.cuse)
		require(core_session_make_cuse(se, &device) == 0);
	core_session_attach(se, t);
	core_session_loop(se);
	core_session_free(se);
}

static void run_fs(const struct core_session_config *scfg, struct core_transport *t)
{
	struct core_fs_config cfg = {.entry_timeout = 1, .attr_timeout = 1};
	struct core_fs_ops ops = tiny;
	struct core_fs *fs;

	memset(files, 0, sizeof(files));
	add("/", 040755);
	add("/a", 0100644);
	add("/b", 040755);
	cfg.remember = z.modes & MODE_REMEMBER ? (int)(z.minor % 3) - 1 : 0;
	cfg.auto_cache = cfg.readdir_ino = cfg.nullpath_ok = !!(z.modes & MODE_CACHES);
	cfg.hard_remove = !!(z.modes & MODE_HARD_REMOVE);
	if (z.modes & MODE_NO_READDIRPLUS) {
		ops.lock = NULL; /* and no locks: a flush then is only a flush */
		ops.flock = NULL;
	}
	fs = core_fs_new(&profile, scfg, &cfg, &ops, NULL, NULL);
	require(fs != NULL);
	core_session_attach(core_fs_session(fs), t);
	core_fs_loop(fs);
	core_fs_free(fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct core_mem_direct direct = {.next = next, .sink = sink};
	struct core_session_config scfg = {.debug = false};
	struct core_transport *t;

	if (size < 2)
		return 0;
	core_log_set_func(quiet);
	memset(&z, 0, sizeof(z));
	z.modes = data[0];
	z.minor = data[1] % 60;
	z.cuse = data[1] >= 240;
	z.at = data + 2;
	z.end = data + size;
	scfg.debug = z.modes & MODE_DEBUG;
	scfg.deny_others = z.modes & MODE_DENY;
	require(core_transport_memory_direct(&direct, &t) == 0);
	if (z.modes & MODE_FS)
		run_fs(&scfg, t);
	else
		run_low(&scfg, t);
	free(z.message);
	z.message = NULL;
	return 0;
}
