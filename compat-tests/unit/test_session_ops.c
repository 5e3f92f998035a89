/*
 * Every low-level operation: what the program is handed, and what its answer looks like to the
 * kernel. The program writes what it sees into `seen`.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include "test_session.h"

static char seen[512];
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

CORE_PRINTF(1, 2) static void note(const char *fmt, ...)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&seen_lock);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(seen, sizeof(seen), fmt, ap);
	va_end(ap);
}

static const char *take_seen(void)
{
	static char copy[sizeof(seen)];
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&seen_lock);

	strcpy(copy, seen);
	seen[0] = 0;
	return copy;
}
static bool saw(const char *text)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&seen_lock);
	return !strcmp(seen, text);
}
#define ASSERT_SEEN(text) UNIT_ASSERT_STR(take_seen(), text)

#define U(x) ((unsigned long long)(x))

static const struct stat a_stat = {
	.st_ino = 11,
	.st_mode = S_IFREG | 0640,
	.st_nlink = 3,
	.st_uid = 1000,
	.st_gid = 1001,
	.st_size = 1LL << 40,
	.st_blocks = 77,
	.st_blksize = 512,
	.st_atim = {-5, 1},
	.st_mtim = {2000000000, 2},
	.st_ctim = {5000000000LL, 999999999},
};

static void check_attr(const struct wire_attr *a)
{
	UNIT_ASSERT_INT((long long)a->ino, 11);
	UNIT_ASSERT_INT(a->mode, S_IFREG | 0640);
	UNIT_ASSERT_INT(a->nlink, 3);
	UNIT_ASSERT_INT(a->uid, 1000);
	UNIT_ASSERT_INT(a->gid, 1001);
	UNIT_ASSERT_INT((long long)a->size, 1LL << 40);
	UNIT_ASSERT_INT((long long)a->blocks, 77);
	UNIT_ASSERT_INT(a->blksize, 512);
	UNIT_ASSERT_INT((long long)a->atime, -5);
	UNIT_ASSERT_INT(a->atimensec, 1);
	UNIT_ASSERT_INT((long long)a->mtime, 2000000000);
	UNIT_ASSERT_INT((long long)a->ctime, 5000000000LL);
	UNIT_ASSERT_INT(a->ctimensec, 999999999);
}

static struct core_entry_param entry(uint64_t ino, mode_t mode)
{
	struct core_entry_param e = {.ino = ino,
				     .generation = 9,
				     .attr = a_stat,
				     .attr_timeout = 1.5,
				     .entry_timeout = 1e20};

	e.attr.st_mode = mode;
	return e;
}

static void reply_entry(struct core_req *req, uint64_t ino, mode_t mode)
{
	struct core_entry_param e = entry(ino, mode);

	UNIT_ASSERT_INT(core_reply_entry(req, &e), 0);
}

static const char *fi_text(const struct core_file_info *fi)
{
	static __thread char text[128];

	if (!fi)
		return "no fi";
	snprintf(text, sizeof(text), "fh %llu flags %o bits %x owner %llu", U(fi->fh),
		 (unsigned)fi->flags, fi->bits, U(fi->lock_owner));
	return text;
}

/* ---- the program --------------------------------------------------------------------------- */

static void o_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	const struct core_ctx *c = core_req_ctx(req);

	note("lookup %llu %s by %u %u %d", U(parent), name, c->uid, c->gid, c->pid);
	if (!strcmp(name, "negative"))
		reply_entry(req, 0, 0);
	else
		reply_entry(req, 2, S_IFREG | 0640);
}

static void o_forget(struct core_req *req, uint64_t ino, uint64_t n)
{
	note("forget %llu %llu", U(ino), U(n));
	core_reply_none(req);
}

static void o_getattr(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	note("getattr %llu %s", U(ino), fi_text(fi));
	UNIT_ASSERT_INT(core_reply_attr(req, &a_stat, 0.25), 0);
}

static void o_setattr(struct core_req *req, uint64_t ino, struct stat *st, int to_set,
		      struct core_file_info *fi)
{
	note("setattr %llu set %x mode %o uid %u gid %u size %lld times %lld.%ld %lld.%ld "
	     "%lld.%ld %s",
	     U(ino), (unsigned)to_set, st->st_mode, st->st_uid, st->st_gid, (long long)st->st_size,
	     (long long)st->st_atim.tv_sec, st->st_atim.tv_nsec, (long long)st->st_mtim.tv_sec,
	     st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec, fi_text(fi));
	core_reply_attr(req, &a_stat, 1);
}

static void o_readlink(struct core_req *req, uint64_t ino)
{
	note("readlink %llu", U(ino));
	UNIT_ASSERT_INT(core_reply_readlink(req, "the/target"), 0);
}

static void o_mknod(struct core_req *req, uint64_t parent, const char *name, mode_t mode, dev_t dev)
{
	struct core_entry_param e = entry(5, mode);

	note("mknod %llu %s %o %u:%u umask %o", U(parent), name, mode, major(dev), minor(dev),
	     core_req_ctx(req)->umask);
	e.attr.st_rdev = dev;
	core_reply_entry(req, &e);
}

static void o_mkdir(struct core_req *req, uint64_t parent, const char *name, mode_t mode)
{
	note("mkdir %llu %s %o umask %o", U(parent), name, mode, core_req_ctx(req)->umask);
	reply_entry(req, 3, S_IFDIR | 0755);
}

static void o_unlink(struct core_req *req, uint64_t parent, const char *name)
{
	note("unlink %llu %s", U(parent), name);
	core_reply_err(req, 0);
}

static void o_rmdir(struct core_req *req, uint64_t parent, const char *name)
{
	note("rmdir %llu %s", U(parent), name);
	core_reply_err(req, ENOTEMPTY);
}

static void o_symlink(struct core_req *req, const char *target, uint64_t parent, const char *name)
{
	note("symlink %s %llu %s", target, U(parent), name);
	reply_entry(req, 4, S_IFLNK | 0777);
}

static void o_rename(struct core_req *req, uint64_t parent, const char *name, uint64_t newparent,
		     const char *newname, unsigned flags)
{
	note("rename %llu %s %llu %s %u", U(parent), name, U(newparent), newname, flags);
	core_reply_err(req, 0);
}

static void o_link(struct core_req *req, uint64_t ino, uint64_t newparent, const char *newname)
{
	note("link %llu %llu %s", U(ino), U(newparent), newname);
	reply_entry(req, 2, S_IFREG | 0640);
}

static const uint32_t all_open_bits = CORE_FI_DIRECT_IO | CORE_FI_KEEP_CACHE | CORE_FI_NONSEEKABLE |
				      CORE_FI_CACHE_READDIR | CORE_FI_NOFLUSH |
				      CORE_FI_PARALLEL_DIRECT_WRITES;

static void o_open(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	note("open %llu %s", U(ino), fi_text(fi));
	fi->fh = 1ULL << 63 | 7;
	fi->bits = all_open_bits;
	core_reply_open(req, fi);
}

static void o_opendir(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	note("opendir %llu %s", U(ino), fi_text(fi));
	fi->fh = 8;
	core_reply_open(req, fi);
}

static void o_create(struct core_req *req, uint64_t parent, const char *name, mode_t mode,
		     struct core_file_info *fi)
{
	struct core_entry_param e = entry(2, S_IFREG | 0640);

	note("create %llu %s %o %s umask %o", U(parent), name, mode, fi_text(fi),
	     core_req_ctx(req)->umask);
	fi->fh = 9;
	fi->bits = CORE_FI_KEEP_CACHE;
	UNIT_ASSERT_INT(core_reply_create(req, &e, fi), 0);
}

static void o_tmpfile(struct core_req *req, uint64_t parent, mode_t mode, struct core_file_info *fi)
{
	struct core_entry_param e = entry(6, S_IFREG | 0600);

	note("tmpfile %llu %o %s umask %o", U(parent), mode, fi_text(fi), core_req_ctx(req)->umask);
	fi->fh = 10;
	core_reply_create(req, &e, fi);
}

static void o_read(struct core_req *req, uint64_t ino, size_t size, off_t off,
		   struct core_file_info *fi)
{
	char data[64];

	note("read %llu %zu %lld %s", U(ino), size, (long long)off, fi_text(fi));
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)i;
	if (size == 5) {
		struct iovec iov[12];

		for (int i = 0; i < 12; i++)
			iov[i] = (struct iovec){data + i, i < 5};
		UNIT_ASSERT_INT(core_reply_iov(req, iov, off ? 12 : 5), 0);
	} else if (size == 6) {
		struct core_bufvec *v = calloc(1, sizeof(*v) + sizeof(struct core_buf));

		v->count = 2;
		v->buf[0] = (struct core_buf){.size = 2, .mem = data};
		v->buf[1] = (struct core_buf){.size = 4, .mem = data + 2};
		UNIT_ASSERT_INT(core_reply_data(req, v, 0), 0);
		free(v);
	} else {
		core_reply_buf(req, data, size < sizeof(data) ? size : sizeof(data));
	}
}

static void o_write(struct core_req *req, uint64_t ino, const char *buf, size_t size, off_t off,
		    struct core_file_info *fi)
{
	note("write %llu %.*s %lld %s", U(ino), (int)size, buf, (long long)off, fi_text(fi));
	core_reply_write(req, size - 1);
}

static void o_write_buf(struct core_req *req, uint64_t ino, struct core_bufvec *v, off_t off,
			struct core_file_info *fi)
{
	note("write_buf %llu %zu %.*s %lld %s", U(ino), v->count, (int)v->buf[0].size,
	     (char *)v->buf[0].mem, (long long)off, fi_text(fi));
	core_reply_write(req, v->buf[0].size);
}

#define ON_HANDLE(op)                                                                              \
	static void o_##op(struct core_req *req, uint64_t ino, struct core_file_info *fi)          \
	{                                                                                          \
		note(#op " %llu %s", U(ino), fi_text(fi));                                         \
		core_reply_err(req, 0);                                                            \
	}
ON_HANDLE(flush)
ON_HANDLE(release)
ON_HANDLE(releasedir)

static void o_fsync(struct core_req *req, uint64_t ino, int datasync, struct core_file_info *fi)
{
	note("fsync %llu %d %s", U(ino), datasync, fi_text(fi));
	core_reply_err(req, EIO);
}

static void o_fsyncdir(struct core_req *req, uint64_t ino, int datasync, struct core_file_info *fi)
{
	note("fsyncdir %llu %d %s", U(ino), datasync, fi_text(fi));
	core_reply_err(req, 0);
}

static void o_readdir(struct core_req *req, uint64_t ino, size_t size, off_t off,
		      struct core_file_info *fi)
{
	char buf[4096];
	size_t n;

	note("readdir %llu %zu %lld %s", U(ino), size, (long long)off, fi_text(fi));
	n = core_add_direntry(NULL, 0, "name", NULL, 0);
	UNIT_ASSERT_INT((long)n, 32);
	UNIT_ASSERT_INT((long)core_add_direntry(buf, 31, "name", &a_stat, 1), 32);
	core_add_direntry(buf, sizeof(buf), "name", &a_stat, 1);
	n += core_add_direntry(buf + n, sizeof(buf) - n, "12345678", &a_stat, 1LL << 40);
	UNIT_ASSERT_INT((long)n, 64);
	core_reply_buf(req, buf, n);
}

static void o_readdirplus(struct core_req *req, uint64_t ino, size_t size, off_t off,
			  struct core_file_info *fi)
{
	struct core_entry_param e = entry(2, S_IFREG | 0640);
	char buf[4096];
	size_t n;

	note("readdirplus %llu %zu %lld %s", U(ino), size, (long long)off, fi_text(fi));
	n = core_add_direntry_plus(req, NULL, 0, "name", &e, 0);
	UNIT_ASSERT_INT((long)n, 160);
	core_add_direntry_plus(req, buf, sizeof(buf), "name", &e, 1);
	core_reply_buf(req, buf, n);
}

static void o_statfs(struct core_req *req, uint64_t ino)
{
	struct statvfs st = {.f_blocks = 1ULL << 33,
			     .f_bfree = 2,
			     .f_bavail = 3,
			     .f_files = 4,
			     .f_ffree = 5,
			     .f_bsize = 6,
			     .f_frsize = 7,
			     .f_namemax = 8};

	note("statfs %llu", U(ino));
	core_reply_statfs(req, &st);
}

static void o_setxattr(struct core_req *req, uint64_t ino, const char *name, const char *value,
		       size_t size, int flags, uint32_t ext)
{
	note("setxattr %llu %s %.*s %d %u", U(ino), name, (int)size, value, flags, ext);
	core_reply_err(req, 0);
}

static void o_getxattr(struct core_req *req, uint64_t ino, const char *name, size_t size)
{
	note("getxattr %llu %s %zu", U(ino), name, size);
	if (size)
		core_reply_buf(req, "value", 5);
	else
		core_reply_xattr(req, 5);
}

static void o_listxattr(struct core_req *req, uint64_t ino, size_t size)
{
	note("listxattr %llu %zu", U(ino), size);
	if (size == 1)
		core_reply_err(req, ERANGE);
	else if (size)
		core_reply_buf(req, "a\0b", 4);
	else
		core_reply_xattr(req, 4);
}

static void o_removexattr(struct core_req *req, uint64_t ino, const char *name)
{
	note("removexattr %llu %s", U(ino), name);
	core_reply_err(req, ENODATA);
}

static void o_access(struct core_req *req, uint64_t ino, int mask)
{
	note("access %llu %d", U(ino), mask);
	core_reply_err(req, EACCES);
}

static const char *lock_text(const struct flock *fl)
{
	static __thread char text[96];

	snprintf(text, sizeof(text), "type %d whence %d %lld+%lld pid %d", fl->l_type, fl->l_whence,
		 (long long)fl->l_start, (long long)fl->l_len, fl->l_pid);
	return text;
}

static void o_getlk(struct core_req *req, uint64_t ino, struct core_file_info *fi, struct flock *fl)
{
	note("getlk %llu %s %s", U(ino), fi_text(fi), lock_text(fl));
	fl->l_type = F_RDLCK;
	fl->l_pid = 99;
	core_reply_lock(req, fl);
}

static void o_setlk(struct core_req *req, uint64_t ino, struct core_file_info *fi, struct flock *fl,
		    int sleep)
{
	note("setlk %llu %s %s %d", U(ino), fi_text(fi), lock_text(fl), sleep);
	core_reply_err(req, 0);
}

static void o_flock(struct core_req *req, uint64_t ino, struct core_file_info *fi, int op)
{
	note("flock %llu %s %d", U(ino), fi_text(fi), op);
	core_reply_err(req, 0);
}

static void o_bmap(struct core_req *req, uint64_t ino, size_t blocksize, uint64_t idx)
{
	note("bmap %llu %zu %llu", U(ino), blocksize, U(idx));
	core_reply_bmap(req, 1ULL << 50);
}

static void o_ioctl(struct core_req *req, uint64_t ino, unsigned cmd, void *arg,
		    struct core_file_info *fi, unsigned flags, const void *in, size_t in_size,
		    size_t out_size)
{
	note("ioctl %llu %u %p %s %u %.*s %zu", U(ino), cmd, arg, fi_text(fi), flags, (int)in_size,
	     in ? (const char *)in : "", out_size);
	if (cmd == 2) {
		struct iovec v[3] = {{(void *)1, 2}, {(void *)3, 4}, {(void *)5, 6}};

		core_reply_ioctl_retry(req, v, 2, v + 2, 1);
	} else if (cmd == 3) {
		struct iovec v[12];

		for (int i = 0; i < 12; i++)
			v[i] = (struct iovec){"abcdefghijkl" + i, 1};
		core_reply_ioctl_iov(req, -3, v, 12);
	} else {
		core_reply_ioctl(req, 42, "out", out_size < 3 ? out_size : 3);
	}
}

static void o_poll(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		   struct core_pollhandle *ph)
{
	note("poll %llu fh %llu events %x %s", U(ino), U(fi->fh), fi->poll_events,
	     ph ? "notify" : "");
	if (ph) {
		UNIT_ASSERT_INT(core_notify_poll(ph), 0);
		core_pollhandle_free(ph);
	}
	core_reply_poll(req, 0x55);
}

static void o_fallocate(struct core_req *req, uint64_t ino, int mode, off_t off, off_t len,
			struct core_file_info *fi)
{
	note("fallocate %llu %d %lld %lld %s", U(ino), mode, (long long)off, (long long)len,
	     fi_text(fi));
	core_reply_err(req, 0);
}

static void o_copy_file_range(struct core_req *req, uint64_t in, off_t off_in,
			      struct core_file_info *fi_in, uint64_t out, off_t off_out,
			      struct core_file_info *fi_out, size_t len, int flags)
{
	note("copy %llu %lld fh %llu to %llu %lld fh %llu %zu %d", U(in), (long long)off_in,
	     U(fi_in->fh), U(out), (long long)off_out, U(fi_out->fh), len, flags);
	core_reply_write(req, len);
}

static void o_lseek(struct core_req *req, uint64_t ino, off_t off, int whence,
		    struct core_file_info *fi)
{
	note("lseek %llu %lld %d %s", U(ino), (long long)off, whence, fi_text(fi));
	core_reply_lseek(req, 1LL << 41);
}

static void o_statx(struct core_req *req, uint64_t ino, int flags, int mask,
		    struct core_file_info *fi)
{
	struct statx sx = {.stx_mask = STATX_BTIME,
			   .stx_mode = S_IFREG | 0640,
			   .stx_ino = 11,
			   .stx_size = 1 << 20,
			   .stx_btime = {.tv_sec = -7, .tv_nsec = 8},
			   .stx_dev_minor = 3,
			   .stx_attributes = STATX_ATTR_IMMUTABLE};

	note("statx %llu %x %x %s", U(ino), (unsigned)flags, (unsigned)mask, fi_text(fi));
	core_reply_statx(req, 0, &sx, 2);
}

static void o_syncfs(struct core_req *req, uint64_t ino)
{
	note("syncfs %llu", U(ino));
	core_reply_err(req, 0);
}

static const struct core_ll_ops all_ops = {
	.lookup = o_lookup,
	.forget = o_forget,
	.getattr = o_getattr,
	.setattr = o_setattr,
	.readlink = o_readlink,
	.mknod = o_mknod,
	.mkdir = o_mkdir,
	.unlink = o_unlink,
	.rmdir = o_rmdir,
	.symlink = o_symlink,
	.rename = o_rename,
	.link = o_link,
	.open = o_open,
	.read = o_read,
	.write = o_write,
	.flush = o_flush,
	.release = o_release,
	.fsync = o_fsync,
	.opendir = o_opendir,
	.readdir = o_readdir,
	.readdirplus = o_readdirplus,
	.releasedir = o_releasedir,
	.fsyncdir = o_fsyncdir,
	.statfs = o_statfs,
	.setxattr = o_setxattr,
	.getxattr = o_getxattr,
	.listxattr = o_listxattr,
	.removexattr = o_removexattr,
	.access = o_access,
	.create = o_create,
	.tmpfile = o_tmpfile,
	.getlk = o_getlk,
	.setlk = o_setlk,
	.flock = o_flock,
	.bmap = o_bmap,
	.ioctl = o_ioctl,
	.poll = o_poll,
	.fallocate = o_fallocate,
	.copy_file_range = o_copy_file_range,
	.lseek = o_lseek,
	.statx = o_statx,
	.syncfs = o_syncfs,
};

/* ---- the tests --------------------------------------------------------------------------------
 */

static void names(struct sk *k)
{
	struct wire_entry_out e;
	struct wire_create_out c;

	sk_set_ids(k, 12, 34, 56);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "file", &e), 0);
	ASSERT_SEEN("lookup 1 file by 12 34 56");
	UNIT_ASSERT_INT((long long)e.nodeid, 2);
	UNIT_ASSERT_INT((long long)e.generation, 9);
	UNIT_ASSERT_INT((long long)e.attr_valid, 1);
	UNIT_ASSERT_INT(e.attr_valid_nsec, 500000000);
	CU_ASSERT(e.entry_valid >= 4000000000u && e.entry_valid_nsec == 0);
	check_attr(&e.attr);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "negative", &e), -ENOENT);
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "d", 0755, 027, &e), 0);
	ASSERT_SEEN("mkdir 1 d 755 umask 27");
	UNIT_ASSERT_INT(sk_mknod(k, 3, "n", S_IFCHR | 0600, 5 | 4 << 8 | 1 << 20, 022, &e), 0);
	ASSERT_SEEN("mknod 3 n 20600 4:261 umask 22");
	UNIT_ASSERT_INT(e.attr.rdev, 5 | 4 << 8 | 1 << 20);
	UNIT_ASSERT_INT(sk_symlink(k, 1, "l", "to/where", NULL), 0);
	ASSERT_SEEN("symlink to/where 1 l");
	UNIT_ASSERT_INT(sk_link(k, 2, 3, "hard", NULL), 0);
	ASSERT_SEEN("link 2 3 hard");
	UNIT_ASSERT_INT(sk_create(k, 1, "new", O_RDWR | O_CREAT, S_IFREG | 0644, 022, &c), 0);
	ASSERT_SEEN("create 1 new 100644 fh 0 flags 102 bits 0 owner 0 umask 22");
	UNIT_ASSERT_INT((long long)c.open.fh, 9);
	UNIT_ASSERT_INT(c.open.open_flags, WIRE_FOPEN_KEEP_CACHE);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "gone"), 0);
	ASSERT_SEEN("unlink 1 gone");
	UNIT_ASSERT_INT(sk_rmdir(k, 3, "full"), -ENOTEMPTY);
	ASSERT_SEEN("rmdir 3 full");
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 3, "b", 0), 0);
	ASSERT_SEEN("rename 1 a 3 b 0");
	if (sk_minor(k) >= 23) {
		UNIT_ASSERT_INT(sk_rename(k, 1, "a", 3, "b", 2), 0);
		ASSERT_SEEN("rename 1 a 3 b 2");
	}
	if (sk_minor(k) >= 37) {
		UNIT_ASSERT_INT(sk_tmpfile(k, 1, O_RDWR, 0600, 077, &c), 0);
		ASSERT_SEEN("tmpfile 1 600 fh 0 flags 2 bits 0 owner 0 umask 77");
		UNIT_ASSERT_INT((long long)c.open.fh, 10);
	}
}

static void attributes(struct sk *k)
{
	struct wire_setattr_in set = {.valid = WIRE_FATTR_MODE | WIRE_FATTR_FH |
					       WIRE_FATTR_LOCKOWNER | WIRE_FATTR_SIZE,
				      .fh = 3,
				      .lock_owner = 4,
				      .mode = 0100600,
				      .uid = 5,
				      .gid = 6,
				      .size = 1ULL << 42,
				      .atime = 7,
				      .atimensec = 8,
				      .mtime = -9,
				      .mtimensec = 10,
				      .ctime = 11,
				      .ctimensec = 12};
	struct wire_attr_out a;
	struct wire_statfs_out st;
	uint64_t fh = 77;
	char buf[64];

	UNIT_ASSERT_INT(sk_getattr(k, 2, NULL, &a), 0);
	ASSERT_SEEN("getattr 2 no fi");
	check_attr(&a.attr);
	UNIT_ASSERT_INT((long long)a.attr_valid, 0);
	UNIT_ASSERT_INT(a.attr_valid_nsec, 250000000);
	UNIT_ASSERT_INT(sk_getattr(k, 2, &fh, NULL), 0);
	ASSERT_SEEN("getattr 2 fh 77 flags 0 bits 0 owner 0");
	UNIT_ASSERT_INT(sk_setattr(k, 2, &set, &a), 0);
	ASSERT_SEEN("setattr 2 set 9 mode 100600 uid 5 gid 6 size 4398046511104 times 7.8 -9.10 "
		    "11.12 fh 3 flags 0 bits 0 owner 4");
	set.valid = WIRE_FATTR_ATIME | WIRE_FATTR_ATIME_NOW;
	UNIT_ASSERT_INT(sk_setattr(k, 2, &set, NULL), 0);
	CU_ASSERT(strstr(take_seen(), "set 90 ") != NULL);
	UNIT_ASSERT_INT(sk_readlink(k, 4, buf, sizeof(buf)), 10);
	UNIT_ASSERT_STR(buf, "the/target");
	ASSERT_SEEN("readlink 4");
	UNIT_ASSERT_INT(sk_access(k, 2, 5), -EACCES);
	ASSERT_SEEN("access 2 5");
	UNIT_ASSERT_INT(sk_statfs(k, 1, &st), 0);
	ASSERT_SEEN("statfs 1");
	UNIT_ASSERT_INT((long long)st.blocks, 1LL << 33);
	CU_ASSERT(st.bfree == 2 && st.bavail == 3 && st.files == 4 && st.ffree == 5 &&
		  st.bsize == 6 && st.frsize == 7 && st.namelen == 8);
	UNIT_ASSERT_INT(sk_setxattr(k, 2, "user.x", "val", 3, 1), 0);
	ASSERT_SEEN("setxattr 2 user.x val 1 0");
	UNIT_ASSERT_INT(sk_getxattr(k, 2, "user.x", NULL, 0), 5);
	UNIT_ASSERT_INT(sk_getxattr(k, 2, "user.x", buf, 10), 5);
	ASSERT_SEEN("getxattr 2 user.x 10");
	UNIT_ASSERT_INT(sk_listxattr(k, 2, NULL, 0), 4);
	UNIT_ASSERT_INT(sk_listxattr(k, 2, buf, 64), 4);
	UNIT_ASSERT_INT(sk_listxattr(k, 2, buf, 1), -ERANGE);
	ASSERT_SEEN("listxattr 2 1");
	UNIT_ASSERT_INT(sk_removexattr(k, 2, "user.x"), -ENODATA);
	ASSERT_SEEN("removexattr 2 user.x");
}

static void files(struct sk *k)
{
	struct wire_open_out o;
	char buf[64];

	UNIT_ASSERT_INT(sk_open(k, 2, O_WRONLY | O_APPEND, &o), 0);
	ASSERT_SEEN("open 2 fh 0 flags 2001 bits 0 owner 0");
	CU_ASSERT(o.fh == (1ULL << 63 | 7));
	UNIT_ASSERT_INT(o.open_flags, WIRE_FOPEN_DIRECT_IO | WIRE_FOPEN_KEEP_CACHE |
					      WIRE_FOPEN_NONSEEKABLE | WIRE_FOPEN_CACHE_DIR |
					      WIRE_FOPEN_NOFLUSH |
					      WIRE_FOPEN_PARALLEL_DIRECT_WRITES);
	UNIT_ASSERT_INT(sk_read(k, 2, 7, 100, buf, 20), 20);
	CU_ASSERT(!strncmp(take_seen(), "read 2 20 100 fh 7 flags ", 25));
	UNIT_ASSERT_INT(buf[19], 19);
	UNIT_ASSERT_INT(sk_read(k, 2, 7, 0, buf, 5), 5);
	UNIT_ASSERT_INT(buf[4], 4);
	UNIT_ASSERT_INT(sk_read(k, 2, 7, 1, buf, 5), 5); /* more iovecs */
	UNIT_ASSERT_INT(buf[4], 4);
	UNIT_ASSERT_INT(sk_read(k, 2, 7, 0, buf, 6), 6);
	UNIT_ASSERT_INT(buf[5], 5);
	take_seen();
	UNIT_ASSERT_INT(sk_write(k, 2, 7, 1LL << 40, "hello", 5), 4);
	CU_ASSERT(!strncmp(take_seen(), "write 2 hello 1099511627776 fh 7", 32));
	UNIT_ASSERT_INT(sk_flush(k, 2, 7, 88), 0);
	ASSERT_SEEN("flush 2 fh 7 flags 0 bits 8 owner 88");
	UNIT_ASSERT_INT(sk_fsync(k, 2, 7, true), -EIO);
	ASSERT_SEEN("fsync 2 1 fh 7 flags 0 bits 0 owner 0");
	UNIT_ASSERT_INT(sk_release(k, 2, 7, O_RDWR), 0);
	ASSERT_SEEN("release 2 fh 7 flags 2 bits 0 owner 0");
	if (sk_minor(k) >= 19) {
		UNIT_ASSERT_INT(sk_fallocate(k, 2, 7, 3, 4, 5), 0);
		ASSERT_SEEN("fallocate 2 3 4 5 fh 7 flags 0 bits 0 owner 0");
	}
	if (sk_minor(k) >= 24) {
		CU_ASSERT(sk_lseek(k, 2, 7, 5, 3) == 1LL << 41);
		ASSERT_SEEN("lseek 2 5 3 fh 7 flags 0 bits 0 owner 0");
	}
	if (sk_minor(k) >= 28) {
		struct wire_copy_file_range_in in = {7, 1, 2, 8, 2, 1ULL << 33, 0};

		/* The old reply cannot say more than 32 bits. */
		CU_ASSERT(sk_copy_file_range(k, 2, &in) ==
			  (sk_minor(k) < 45 ? 0x7ffff000LL : 1LL << 33));
		CU_ASSERT(!strncmp(take_seen(), "copy 2 1 fh 7 to 2 2 fh 8 ", 26));
	}
}

static void directories(struct sk *k)
{
	struct wire_open_out o;
	struct sk_dirent d;
	char buf[4096];
	size_t pos = 0;
	long n;

	UNIT_ASSERT_INT(sk_opendir(k, 1, O_RDONLY | O_DIRECTORY, &o), 0);
	UNIT_ASSERT_INT((long long)o.fh, 8);
	CU_ASSERT(!strncmp(take_seen(), "opendir 1 ", 10));
	n = sk_readdir(k, 1, 8, 12, buf, sizeof(buf));
	CU_ASSERT(!strncmp(take_seen(), "readdir 1 4096 12 fh 8 ", 23));
	UNIT_ASSERT_INT(n, 64);
	CU_ASSERT_TRUE(sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_STR(d.name, "name");
	CU_ASSERT(d.ino == 11 && d.off == 1 && d.type == 8);
	CU_ASSERT_TRUE(sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_STR(d.name, "12345678");
	CU_ASSERT(d.off == 1ULL << 40);
	if (sk_minor(k) >= 21) {
		pos = 0;
		n = sk_readdirplus(k, 1, 8, 0, buf, sizeof(buf));
		CU_ASSERT_TRUE(sk_dirent_next(buf, n, &pos, true, &d));
		UNIT_ASSERT_STR(d.name, "name");
		check_attr(&d.entry.attr);
		CU_ASSERT(d.entry.nodeid == 2 && d.ino == 11);
	}
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, 8, false), 0);
	ASSERT_SEEN("fsyncdir 1 0 fh 8 flags 0 bits 0 owner 0");
	UNIT_ASSERT_INT(sk_releasedir(k, 1, 8, 0), 0);
	ASSERT_SEEN("releasedir 1 fh 8 flags 0 bits 0 owner 0");
}

static void locks(struct sk *k)
{
	struct wire_lk_in in = {
		.fh = 7, .owner = 8, .start = 10, .end = 19, .type = F_WRLCK, .pid = 55};
	struct wire_lk_out out;

	UNIT_ASSERT_INT(sk_getlk(k, 2, &in, &out), 0);
	ASSERT_SEEN("getlk 2 fh 7 flags 0 bits 0 owner 8 type 1 whence 0 10+10 pid 55");
	CU_ASSERT(out.type == F_RDLCK && out.start == 10 && out.end == 19 && out.pid == 99);
	in.end = INT64_MAX;
	UNIT_ASSERT_INT(sk_getlk(k, 2, &in, &out), 0);
	CU_ASSERT(out.end == INT64_MAX);
	UNIT_ASSERT_INT(sk_setlk(k, 2, &in, false), 0);
	ASSERT_SEEN("setlk 2 fh 7 flags 0 bits 0 owner 8 type 1 whence 0 10+0 pid 55 0");
	UNIT_ASSERT_INT(sk_setlk(k, 2, &in, true), 0);
	CU_ASSERT(strstr(take_seen(), " pid 55 1") != NULL);
	if (sk_minor(k) >= 17) {
		in.lk_flags = WIRE_LK_FLOCK;
		UNIT_ASSERT_INT(sk_setlk(k, 2, &in, false), 0);
		CU_ASSERT(strstr(take_seen(), "owner 8 6") != NULL); /* LOCK_EX | LOCK_NB */
		in.type = F_RDLCK;
		UNIT_ASSERT_INT(sk_setlk(k, 2, &in, true), 0);
		CU_ASSERT(strstr(take_seen(), "owner 8 1") != NULL);
		in.type = F_UNLCK;
		UNIT_ASSERT_INT(sk_setlk(k, 2, &in, true), 0);
		CU_ASSERT(strstr(take_seen(), "owner 8 8") != NULL);
	}
	/* Ranges no kernel sends. */
	in = (struct wire_lk_in){.start = 10, .end = 5, .type = F_WRLCK};
	UNIT_ASSERT_INT(sk_setlk(k, 2, &in, false), -EINVAL);
	in.start = 1ULL << 63;
	in.end = UINT64_MAX;
	UNIT_ASSERT_INT(sk_getlk(k, 2, &in, NULL), -EINVAL);
}

static void the_rest(struct sk *k)
{
	struct wire_ioctl_in io = {.fh = 7, .cmd = 1, .arg = 0x1234, .in_size = 2, .out_size = 3};
	struct wire_poll_in poll = {
		.fh = 7, .kh = 1234, .events = 5, .flags = WIRE_POLL_SCHEDULE_NOTIFY};
	struct sk_notification *n;
	struct wire_ioctl_out res;
	struct wire_statx_out sx;
	struct wire_ioctl_iovec *v;
	uint64_t block;
	uint32_t revents;
	char out[8192];

	UNIT_ASSERT_INT(sk_bmap(k, 2, 5, 512, &block), 0);
	ASSERT_SEEN("bmap 2 512 5");
	CU_ASSERT(block == 1ULL << 50);
	UNIT_ASSERT_INT(sk_ioctl(k, 2, &io, "in", &res, out), 3);
	ASSERT_SEEN("ioctl 2 1 0x1234 fh 7 flags 0 bits 0 owner 0 0 in 3");
	CU_ASSERT(res.result == 42 && !memcmp(out, "out", 3));
	io.out_size = 12;
	io.cmd = 3;
	UNIT_ASSERT_INT(sk_ioctl(k, 2, &io, "in", &res, out), 12);
	CU_ASSERT(res.result == -3 && !memcmp(out, "abcdefghijkl", 12));
	if (sk_minor(k) >= 16) {
		io.cmd = 2;
		io.flags = WIRE_IOCTL_UNRESTRICTED;
		UNIT_ASSERT_INT(sk_ioctl(k, 2, &io, "in", &res, out), 48);
		CU_ASSERT(res.flags == WIRE_IOCTL_RETRY && res.in_iovs == 2 && res.out_iovs == 1);
		v = (void *)out;
		CU_ASSERT(v[0].base == 1 && v[1].len == 4 && v[2].base == 5);
	}
	UNIT_ASSERT_INT(sk_poll(k, 2, &poll, &revents), 0);
	UNIT_ASSERT_INT(revents, 0x55);
	UNIT_ASSERT_STR(take_seen(), sk_minor(k) >= 21 ? "poll 2 fh 7 events 5 notify"
						       : "poll 2 fh 7 events 0 notify");
	n = sk_notification(k, 1000);
	CU_ASSERT(n && n->code == WIRE_NOTIFY_POLL &&
		  ((struct wire_notify_poll_out *)n->data)->kh == 1234);
	free(n);
	if (sk_minor(k) >= 34) {
		UNIT_ASSERT_INT(sk_syncfs(k, 1), 0);
		ASSERT_SEEN("syncfs 1");
	}
	if (sk_minor(k) >= 39) {
		UNIT_ASSERT_INT(sk_statx(k, 2, NULL, 0x100, 0xfff, &sx), 0);
		ASSERT_SEEN("statx 2 100 fff no fi");
		CU_ASSERT(sx.attr_valid == 2 && sx.stat.mask == STATX_BTIME &&
			  sx.stat.btime.tv_sec == -7 && sx.stat.btime.tv_nsec == 8 &&
			  sx.stat.size == 1 << 20 && sx.stat.dev_minor == 3 &&
			  sx.stat.attributes == STATX_ATTR_IMMUTABLE);
	}
	UNIT_ASSERT_INT(sk_forget(k, 2, 1), 0);
	CU_ASSERT_TRUE(soon(saw("forget 2 1")));
}

static void every_operation(unsigned minor, unsigned mt, bool debug)
{
	struct start s = {.ops = &all_ops, .sk.minor = minor, .mt = mt, .cfg.debug = debug};
	struct sk *k = start(&s);

	UNIT_ASSERT_INT(sk_minor(k), minor);
	names(k);
	attributes(k);
	files(k);
	directories(k);
	locks(k);
	the_rest(k);
	if (!debug)
		ASSERT_NOT_LOGGED();
	stop();
}

static void operations_and_replies(void)
{
	static const unsigned minors[] = {12, 15, 16, 19, 21, 23, 28, 31, 36, 38, 39, 45};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++)
		every_operation(minors[i], 0, false);
}

static void operations_in_a_pool(void)
{
	every_operation(45, 4, false);
	every_operation(31, 1, false);
}

static void operations_with_debug_output(void)
{
	every_operation(12, 0, true);
	every_operation(45, 2, true);
}

static void data_comes_as_a_buffer_vector_if_wanted(void)
{
	struct core_ll_ops ops = all_ops;
	struct start s = {.ops = &ops};
	struct sk *k;

	ops.write_buf = o_write_buf;
	k = start(&s);
	UNIT_ASSERT_INT(sk_write(k, 2, 7, 5, "hello", 5), 5);
	CU_ASSERT(!strncmp(take_seen(), "write_buf 2 1 hello 5 fh 7", 26));
	stop();
}

/* ---- nothing implemented ------------------------------------------------------------------------
 */

static void missing_operations(void)
{
	static const struct core_ll_ops none;
	struct start s = {.ops = &none};
	struct wire_lk_in lk = {.type = F_WRLCK};
	struct wire_setattr_in set = {.valid = WIRE_FATTR_MODE};
	struct wire_copy_file_range_in copy = {.nodeid_out = 2, .len = 1};
	struct wire_ioctl_in io = {.cmd = 1};
	struct wire_poll_in poll = {.fh = 0};
	struct wire_open_out o;
	struct wire_statfs_out st;
	char buf[64];
	struct sk *k = start(&s);

	UNIT_ASSERT_INT(sk_lookup(k, 1, "x", NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_setattr(k, 1, &set, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_readlink(k, 1, buf, 9), -ENOSYS);
	UNIT_ASSERT_INT(sk_symlink(k, 1, "x", "y", NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_mknod(k, 1, "x", S_IFREG, 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "x", 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "x"), -ENOSYS);
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "x"), -ENOSYS);
	UNIT_ASSERT_INT(sk_rename(k, 1, "x", 1, "y", 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_rename(k, 1, "x", 1, "y", 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_link(k, 1, 1, "x", NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_create(k, 1, "x", O_RDWR, 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_tmpfile(k, 1, O_RDWR, 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 9), -ENOSYS);
	UNIT_ASSERT_INT(sk_write(k, 1, 0, 0, "x", 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_flush(k, 1, 0, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_fsync(k, 1, 0, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, 0, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_readdir(k, 1, 0, 0, buf, 64), -ENOSYS);
	UNIT_ASSERT_INT(sk_readdirplus(k, 1, 0, 0, buf, 64), -ENOSYS);
	UNIT_ASSERT_INT(sk_setxattr(k, 1, "x", "", 0, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_getxattr(k, 1, "x", NULL, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_listxattr(k, 1, NULL, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_removexattr(k, 1, "x"), -ENOSYS);
	UNIT_ASSERT_INT(sk_access(k, 1, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_getlk(k, 1, &lk, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_setlk(k, 1, &lk, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_setlk(k, 1, &lk, true), -ENOSYS);
	lk.lk_flags = WIRE_LK_FLOCK;
	UNIT_ASSERT_INT(sk_setlk(k, 1, &lk, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_bmap(k, 1, 0, 512, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_ioctl(k, 1, &io, NULL, NULL, NULL), -ENOSYS);
	io.flags = WIRE_IOCTL_DIR;
	UNIT_ASSERT_INT(sk_ioctl(k, 1, &io, NULL, NULL, NULL), -ENOTTY);
	UNIT_ASSERT_INT(sk_poll(k, 1, &poll, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_fallocate(k, 1, 0, 0, 0, 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_lseek(k, 1, 0, 0, 3), -ENOSYS);
	UNIT_ASSERT_INT(sk_copy_file_range(k, 1, &copy), -ENOSYS);
	UNIT_ASSERT_INT(sk_syncfs(k, 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_statx(k, 1, NULL, 0, 0, NULL), -ENOSYS);
	/* These are not missed. */
	UNIT_ASSERT_INT(sk_open(k, 1, O_RDONLY, &o), 0);
	CU_ASSERT(o.fh == 0 && o.open_flags == 0);
	UNIT_ASSERT_INT(sk_opendir(k, 1, O_RDONLY, &o), 0);
	UNIT_ASSERT_INT(sk_release(k, 1, 0, 0), 0);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, 0, 0), 0);
	UNIT_ASSERT_INT(sk_statfs(k, 1, &st), 0);
	CU_ASSERT(st.bsize == 512 && st.namelen == 255);
	ASSERT_NOT_LOGGED();
	stop();
}

static void want_no_open(void *userdata, struct core_conn *conn)
{
	(void)userdata;
	conn->want |= WIRE_CAP(NO_OPEN_SUPPORT) | WIRE_CAP(NO_OPENDIR_SUPPORT);
}

static void opens_that_need_not_be_asked(void)
{
	static const struct core_ll_ops ops = {.init = want_no_open};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);

	UNIT_ASSERT_INT(sk_open(k, 1, O_RDONLY, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_opendir(k, 1, O_RDONLY, NULL), -ENOSYS);
	stop();
}

UNIT_SUITE(session_ops, UNIT_TEST(operations_and_replies), UNIT_TEST(operations_in_a_pool),
	   UNIT_TEST(operations_with_debug_output),
	   UNIT_TEST(data_comes_as_a_buffer_vector_if_wanted), UNIT_TEST(missing_operations),
	   UNIT_TEST(opens_that_need_not_be_asked));
