/*
 * The program of the suite "session_ops": it has every low-level operation, writes what it was
 * handed where take_seen() finds it, and answers.
 */
#ifndef TEST_SESSION_OPS_H
#define TEST_SESSION_OPS_H

#include <fcntl.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include "test_session.h"

/* ---- what it was handed -------------------------------------------------------------------- */

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

#endif
