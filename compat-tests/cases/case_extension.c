/*
 * case_extension.c - <ambifuse.h>: what a file system that registers extensions is asked. On a
 * library without them there is nothing to be seen.
 */
#include "conform.h"

#if __has_include(<ambifuse.h>)
#include <ambifuse.h>
#include <dirent.h>
#include <dlfcn.h>
#include <endian.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

static void need_extensions(void)
{
	if (!ambifuse_features())
		t_skip("the library has no extensions");
}

/* ---- the operations: pathfs and what it lacks, for one file after the other --------------------- */

static struct fuse_operations base; /* of pathfs */
static atomic_uint flags_now;
static struct timespec crtime_now = { 1000000000, 500 };

static struct fuse_ctx caller(void)
{
	struct fuse_context *c = fuse_get_context();

	return (struct fuse_ctx){ .uid = c->uid, .gid = c->gid, .pid = c->pid };
}

#define RECORD(op, path, ...)                                                                      \
	struct t_call c;                                                                           \
	struct fuse_ctx ctx = caller();                                                            \
	if (t_begin(&c, OP_##op, &ctx, 0, path, __VA_ARGS__))                                      \
	return (int)c.ret
#define DONE(expr) return (int)t_end(&c, (expr))

static int base_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
#if FUSE_API == 2
	return fi ? base.fgetattr(path, st, fi) : base.getattr(path, st);
#else
	return base.getattr(path, st, fi);
#endif
}

static int base_rename(const char *from, const char *to, unsigned flags)
{
#if FUSE_API == 2
	return flags ? -EINVAL : base.rename(from, to);
#else
	return base.rename(from, to, flags);
#endif
}

static int x_getattr(const char *path, struct ambifuse_stat *st, struct fuse_file_info *fi)
{
	if (st->st_birthtim.tv_sec || st->st_flags || st->st.st_ino)
		t_server_fail("the structure given to getattr is not zero");
	memset(st->st_reserved64, 0, sizeof(st->st_reserved64));
	st->st_flags = atomic_load(&flags_now);
	st->st_birthtim = crtime_now;
	return base_getattr(path, &st->st, fi);
}

static int x_chflags(const char *path, uint32_t flags)
{
	RECORD(chflags, path, "%x", flags);
	atomic_store(&flags_now, flags);
	DONE(0);
}

#define TIME(op, keep)                                                                             \
	static int x_##op(const char *path, const struct timespec *tv)                             \
	{                                                                                          \
		RECORD(op, path, "%lld.%09ld", (long long)tv->tv_sec, tv->tv_nsec);                \
		keep;                                                                              \
		DONE(0);                                                                           \
	}
TIME(setcrtime, crtime_now = *tv)
TIME(setchgtime, )
TIME(setbkuptime, )

static int x_getxtimes(const char *path, struct timespec *bkup, struct timespec *cr)
{
	RECORD(getxtimes, path, "%s", "");
	*bkup = (struct timespec){ 777, 0 };
	*cr = (struct timespec){ 888, 0 };
	DONE(0);
}

static int x_renamex(const char *from, const char *to, unsigned flags)
{
	RECORD(renamex, from, "%s %u", to, flags);
	DONE(syscall(SYS_renameat2, AT_FDCWD, S(from), AT_FDCWD, S(to), flags == 2 ? 2 : 1) ? -errno
											     : 0);
}

static int x_exchange(const char *a, const char *b, unsigned long flags)
{
	RECORD(exchange, a, "%s %lu", b, flags);
	DONE(syscall(SYS_renameat2, AT_FDCWD, S(a), AT_FDCWD, S(b), 2) ? -errno : 0);
}

static int x_statfs_x(const char *path, struct statfs *st)
{
	RECORD(statfs_x, path, "%s", "");
	st->f_bsize = 8192;
	st->f_blocks = 12345;
	st->f_namelen = 77;
	DONE(0);
}

static int x_setattr_x(const char *path, struct ambifuse_setattr *set)
{
	RECORD(setattr_x, path, "%x", set->valid);
	if (set->valid & AMBIFUSE_SET_MODE)
		OK(chmod(S(path), set->mode & 07777));
	DONE(0);
}

static int x_setvolname(const char *name)
{
	RECORD(setvolname, name, "%s", "");
	DONE(0);
}

static const struct ambifuse_operations all = {
	.getattr = x_getattr,
	.setvolname = x_setvolname,
	.getxtimes = x_getxtimes,
	.setbkuptime = x_setbkuptime,
	.setchgtime = x_setchgtime,
	.setcrtime = x_setcrtime,
	.chflags = x_chflags,
};

static void keep_base(struct fuse_operations *ops)
{
	base = *ops;
}

/* The result of ambifuse_register(), for the client. */
static void registered(int res)
{
	atomic_store(&T->word[0], res);
}

#define REGISTER(name, want, ...)                                                                  \
	static void name(struct fuse_conn_info *conn)                                              \
	{                                                                                          \
		struct ambifuse_operations x = { __VA_ARGS__ };                                    \
                                                                                                   \
		(void)conn;                                                                        \
		registered(ambifuse_register(&x, want));                                           \
	}

/* ---- registering --------------------------------------------------------------------------- */

static void wrong_registers(struct fuse_conn_info *conn)
{
	struct {
		struct ambifuse_operations known;
		void (*more[2])(void);
	} newer = { .known = all };
	int (*reg)(const void *, size_t, unsigned);
	unsigned before = conn->want;

	*(void **)&reg = dlsym(RTLD_DEFAULT, FUSE_API == 2 ? "ambifuse2_register" : "ambifuse3_register");
	if (!reg)
		return;
	atomic_store(&T->word[1], ambifuse_register(&all, AMBIFUSE_CAP_STAT_EX | 1U << 31));
	atomic_store(&T->word[2], ambifuse_register(NULL, AMBIFUSE_CAP_STAT_EX));
	atomic_store(&T->word[3], reg(&newer, sizeof(newer), AMBIFUSE_CAP_STAT_EX));
	newer.more[1] = (void (*)(void))x_chflags;
	atomic_store(&T->word[4], reg(&newer, sizeof(newer), AMBIFUSE_CAP_STAT_EX));
	/* A table of an older header: getattr and nothing behind it. */
	atomic_store(&T->word[5], reg(&all, sizeof(all.getattr), AMBIFUSE_CAP_STAT_EX));
	atomic_store(&T->word[6], conn->want != before);
}

CASE(ext_register, "ext.what-can-be-registered", .init = wrong_registers, .ops = keep_base)
{
	need_extensions();
	EQ(ambifuse_features() & 31, 31);
	EQ(ambifuse_register(&all, 0), -EINVAL); /* not in init */
	put(P("f"), "");
	EQ(atomic_load(&T->word[1]), -EOPNOTSUPP);
	EQ(atomic_load(&T->word[2]), -EINVAL);
	EQ(atomic_load(&T->word[3]), 0);
	EQ(atomic_load(&T->word[4]), -EOPNOTSUPP);
	EQ(atomic_load(&T->word[5]), 0);
	EQ(atomic_load(&T->word[6]), 0); /* capabilities of fuse_conn_info have nothing to do with it */
	/* What was registered last counts: a table that ends before chflags. */
	YES(setxattr(P("f"), "system.ntfs_attrib", &(uint32_t){ 2 }, 4, 0) == -1);
	UNSEEN("chflags*");
}

CASE(ext_absent, "ext.none-registered-changes-nothing")
{
	put(P("f"), "x");
	MARK();
	OK(stat(P("f"), &(struct stat){ 0 }));
	SAW("getattr /f");
	ERR(setxattr(P("f"), "system.ntfs_crtime", &(uint64_t){ 1 }, 8, 0), EOPNOTSUPP);
}

/* ---- birth times, flags, times ------------------------------------------------------------------- */

REGISTER(with_all, AMBIFUSE_CAP_STAT_EX, .getattr = x_getattr, .chflags = x_chflags,
	 .setcrtime = x_setcrtime, .setchgtime = x_setchgtime, .setbkuptime = x_setbkuptime,
	 .setvolname = x_setvolname, .getxtimes = x_getxtimes)

CASE(ext_birth, "ext.birth-time-of-the-extended-getattr", .init = with_all, .ops = keep_base)
{
	struct statx sx;

	need_extensions();
	put(P("f"), "");
	EQ(atomic_load(&T->word[0]), 0);
	OK(statx(AT_FDCWD, P("f"), AT_STATX_FORCE_SYNC, STATX_BTIME | STATX_BASIC_STATS, &sx));
	if (!(sx.stx_mask & STATX_BTIME))
		t_skip("this kernel does not ask for birth times (FUSE_STATX, protocol 7.39)");
	EQ(sx.stx_btime.tv_sec, 1000000000);
	EQ(sx.stx_btime.tv_nsec, 500);
}

static uint64_t filetime(long long s)
{
	return htole64((uint64_t)(s + 11644473600LL) * 10000000);
}

CASE(ext_order, "ext.order-of-a-combined-set", .init = with_all, .ops = keep_base)
{
	/* ntfs-3g's order: creation, modification, access, change */
	uint64_t times[4] = { filetime(11), filetime(12), filetime(13), filetime(14) };

	need_extensions();
	put(P("f"), "");
	MARK();
	OK(setxattr(P("f"), "system.ntfs_times", times, sizeof(times), 0));
	SAW("utimens /f 13.000000000 12.000000000");
	SAW("setcrtime /f 11.000000000");
	SAW("setchgtime /f 14.000000000");
	UNSEEN("chflags*");
	/* an error ends it, ENOSYS too */
	force(OP_setcrtime, -ENOSYS, 1);
	MARK();
	for (int i = 0; i < 4; i++)
		times[i] = filetime(20 + i);
	YES(setxattr(P("f"), "system.ntfs_times", times, sizeof(times), 0) == -1);
	SAW("setcrtime /f *");
	UNSEEN("setchgtime*");
	force(OP_utimens, -EACCES, 1);
	MARK();
	for (int i = 0; i < 4; i++)
		times[i] = filetime(30 + i);
	ERR(setxattr(P("f"), "system.ntfs_times", times, sizeof(times), 0), EACCES);
	SAW("utimens /f *");
	UNSEEN("setcrtime*");
}

static void without_chgtime(struct fuse_conn_info *conn)
{
	struct ambifuse_operations x = all;

	(void)conn;
	x.setchgtime = NULL;
	registered(ambifuse_register(&x, AMBIFUSE_CAP_STAT_EX));
}
CASE(ext_skip, "ext.absent-operations-are-passed-over", .init = without_chgtime, .ops = keep_base)
{
	uint64_t times[4] = { filetime(11), filetime(12), filetime(13), filetime(14) };

	need_extensions();
	put(P("f"), "");
	MARK();
	OK(setxattr(P("f"), "system.ntfs_times", times, sizeof(times), 0));
	SAW("setcrtime /f 11.000000000");
}

CASE(ext_flags, "ext.chflags-by-extended-attribute", .init = with_all, .ops = keep_base)
{
	uint32_t dos = htole32(0x2 | 0x20); /* hidden, archive */
	uint32_t got = 0;

	need_extensions();
	put(P("f"), "");
	MARK();
	OK(setxattr(P("f"), "system.ntfs_attrib", &dos, sizeof(dos), 0));
	SAW("chflags /f 8800");
	EQ(getxattr(P("f"), "system.ntfs_attrib", &got, sizeof(got)), 4);
	EQ(le32toh(got) & 0x27, 0x22);
	force(OP_chflags, -EPERM, 1);
	dos = htole32(0x1);
	ERR(setxattr(P("f"), "system.ntfs_attrib", &dos, sizeof(dos), 0), EPERM);
}

CASE(ext_dir_flags, "ext.flags-and-label-by-ioctl-of-a-directory", .init = with_all,
     .ops = keep_base, .without = "ioctl")
{
	char label[256] = "a name";
	int flags = 0;

	need_extensions();
	OK(mkdir(P("d"), 0755));
	int fd = OK(open(P("d"), O_RDONLY | O_DIRECTORY));
	OK(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	EQ(flags, 0);
	flags = FS_APPEND_FL;
	OK(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	SAW("chflags /d 4");
	OK(ioctl(fd, FS_IOC_SETFSLABEL, label));
	SAW("setvolname a name");
	force(OP_setvolname, -ENAMETOOLONG, 1);
	ERR(ioctl(fd, FS_IOC_SETFSLABEL, label), ENAMETOOLONG);
	memset(label, 'x', sizeof(label)); /* no end */
	ERR(ioctl(fd, FS_IOC_SETFSLABEL, label), EINVAL);
	close(fd);
}

REGISTER(with_setattr_x, 0, .setattr_x = x_setattr_x)

CASE(ext_setattr_x, "ext.setattr-x-comes-before-the-others", .init = with_setattr_x, .ops = keep_base)
{
	need_extensions();
	put(P("f"), "");
	MARK();
	OK(chmod(P("f"), 0640));
	SAW("setattr_x /f 1");
	UNSEEN("chmod*");
	EQ(st_of(S("f")).st_mode & 07777, 0640);
	force(OP_setattr_x, -EDQUOT, 1);
	ERR(chmod(P("f"), 0600), EDQUOT);
	UNSEEN("chmod*");
	force(OP_setattr_x, -ENOSYS, 1);
	OK(chmod(P("f"), 0600));
	SAW("setattr_x /f 1");
	SAW("chmod /f *600");
}

/* ---- names ------------------------------------------------------------------------------------ */

REGISTER(with_renames, 0, .renamex = x_renamex, .exchange = x_exchange)

static int rename_flags(const char *a, const char *b, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

CASE(ext_renamex, "ext.renamex-and-exchange", .init = with_renames, .ops = keep_base)
{
	need_extensions();
	put(P("a"), "A");
	put(P("b"), "B");
	MARK();
	OK(rename_flags(P("a"), P("b"), 2));
	SAW("renamex /a /b 2");
	STR(slurp(P("a")), "B");
	STR(slurp(P("b")), "A");
	force(OP_renamex, -ENOSYS, 1);
	OK(rename_flags(P("a"), P("b"), 2));
	SAW("renamex /a /b 2");
	SAW("exchange /a /b 0");
	STR(slurp(P("a")), "A");
	OK(rename_flags(P("a"), P("c"), 1));
	SAW("renamex /a /c 4");
	UNSEEN("rename *");
	OK(rename(P("c"), P("a")));
	SAW("rename /c /a 0");
}

REGISTER(with_statfs_x, 0, .statfs_x = x_statfs_x)

CASE(ext_statfs, "ext.statfs-x-comes-before-statfs", .init = with_statfs_x, .ops = keep_base)
{
	struct statvfs st;

	need_extensions();
	OK(statvfs(P(""), &st));
	SAW("statfs_x /");
	UNSEEN("statfs *");
	EQ(st.f_bsize, 8192);
	EQ(st.f_blocks, 12345);
	EQ(st.f_namemax, 77);
	force(OP_statfs_x, -ENOSYS, 1);
	OK(statvfs(P(""), &st));
	SAW("statfs /");
}

/* ---- what is wanted of the library ---------------------------------------------------------------- */

REGISTER(read_only, AMBIFUSE_CAP_READ_ONLY, .chflags = x_chflags)

CASE(ext_read_only, "ext.read-only-is-enforced", .init = read_only, .ops = keep_base)
{
	need_extensions();
	put(S("f"), "content");
	OK(mkdir(S("d"), 0755));
	STR(slurp(P("f")), "content");
	MARK();
	ERR(open(P("f"), O_RDWR), EROFS);
	ERR(open(P("f"), O_WRONLY | O_TRUNC), EROFS);
	ERR(open(P("new"), O_CREAT | O_WRONLY, 0644), EROFS);
	ERR(mkdir(P("new"), 0755), EROFS);
	ERR(mknod(P("new"), S_IFIFO | 0644, 0), EROFS);
	ERR(symlink("x", P("new")), EROFS);
	ERR(link(P("f"), P("new")), EROFS);
	ERR(unlink(P("f")), EROFS);
	ERR(rmdir(P("d")), EROFS);
	ERR(rename(P("f"), P("g")), EROFS);
	ERR(chmod(P("f"), 0600), EROFS);
	ERR(chown(P("f"), 5, 5), EROFS);
	ERR(truncate(P("f"), 0), EROFS);
	ERR(utimensat(AT_FDCWD, P("f"), NULL, 0), EROFS);
	ERR(setxattr(P("f"), "user.n", "v", 1, 0), EROFS);
	ERR(removexattr(P("f"), "user.n"), EROFS);
	ERR(access(P("f"), W_OK), EROFS);
	UNSEEN("create*");
	UNSEEN("mk*");
	UNSEEN("*link*");
	UNSEEN("re[nm]*");
	UNSEEN("ch*");
	UNSEEN("*truncate*");
	UNSEEN("open*");
	STR(slurp(P("f")), "content");
	OK(access(P("f"), R_OK));
}

static int refuse_delete(const char *path, int mask)
{
	RECORD(access, path, "%x", (unsigned)mask);
	DONE(strstr(path, "keep") ? -EACCES : strstr(path, "odd") ? -ENOSYS : 0);
}
static void with_refusal(struct fuse_operations *ops)
{
	base = *ops;
	ops->access = refuse_delete;
}
REGISTER(delete_access, AMBIFUSE_CAP_DELETE_ACCESS, .chflags = x_chflags)

CASE(ext_delete, "ext.delete-access-is-asked-for", .init = delete_access, .ops = with_refusal)
{
	need_extensions();
	put(S("keep"), "");
	put(S("odd"), "");
	put(S("f"), "");
	OK(mkdir(P("d"), 0755));
	OK(mkdir(P("d-keep"), 0755));
	MARK();
	ERR(unlink(P("keep")), EACCES);
	SAW("access /keep 40000000");
	ERR(rmdir(P("d-keep")), EACCES);
	SAW("access /d-keep 40000000");
	ERR(rename(P("f"), P("keep")), EACCES);
	SAW("access /keep 40000000");
	UNSEEN("unlink*");
	UNSEEN("rmdir*");
	UNSEEN("rename*");
	OK(unlink(P("odd")));
	SAW("access /odd 40000000");
	SAW("unlink /odd");
	OK(rmdir(P("d")));
	SAW("access /d 40000000");
	SAW("rmdir /d");
	OK(rename(P("f"), P("g")));
	UNSEEN("access /g*");
	OK(rename(P("keep"), P("moved-keep")));
	SAW("rename /keep *");
}

/* Attributes no bigger than they are: reading on would be seen by a memory checker. */
static int fill_complete(T_READDIR_ARGS)
{
	struct stat *st = malloc(sizeof(*st));
	char name[16];

	(void)off;
	(void)fi;
	RECORD(readdir, path, "%s", "");
#if FUSE_API == 3
	(void)flags;
#endif
	for (int i = 0; i < 20; i++) {
		memset(st, 0, sizeof(*st));
		st->st_mode = S_IFREG | 0600;
		st->st_nlink = 1;
		st->st_size = 100 + i;
		snprintf(name, sizeof(name), "n%d", i);
		T_FILL(filler, buf, name, st, 0);
	}
	free(st);
	DONE(0);
}
static void with_complete(struct fuse_operations *ops)
{
	base = *ops;
	ops->readdir = fill_complete;
}
REGISTER(readdir_plus, AMBIFUSE_CAP_READDIR_PLUS | AMBIFUSE_CAP_STAT_EX, .getattr = x_getattr)

CASE(ext_plus, "ext.readdir-plus-needs-no-getattr", .init = readdir_plus, .ops = with_complete,
     .opts = "attr_timeout=100,entry_timeout=100", .raw = true)
{
	struct dirent *e;
	struct stat st;
	int n = 0;

	need_extensions();
	DIR *d = opendir(P(""));
	YES(d != NULL);
	MARK();
	while ((e = readdir(d))) {
		if (e->d_name[0] != 'n')
			continue;
		OK(fstatat(dirfd(d), e->d_name, &st, 0));
		EQ(st.st_size, 100 + atoi(e->d_name + 1));
		n++;
	}
	closedir(d);
	EQ(n, 20);
	UNSEEN("getattr /n*");
}

/* ---- names without case ------------------------------------------------------------------------------ */

/* The path as the directory shown spells it; what does not exist stays. */
static const char *spelt(const char *path)
{
	static _Thread_local char out[2][512];
	static _Thread_local unsigned turn;
	char *to = out[turn++ % 2], name[256];
	size_t len = 0;

	while (*(path += strspn(path, "/"))) {
		size_t n = strcspn(path, "/");
		struct dirent *e;
		DIR *d;

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		to[len] = 0;
		d = opendir(S(len ? to + 1 : "."));
		while (d && (e = readdir(d)))
			if (strcasecmp(e->d_name, name) == 0) {
				snprintf(name, sizeof(name), "%s", e->d_name);
				break;
			}
		if (d)
			closedir(d);
		len += (size_t)snprintf(to + len, sizeof(out[0]) - len, "/%s", name);
		path += n;
	}
	if (!len)
		to[len++] = '/';
	to[len] = 0;
	return to;
}

static int c_getattr3(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	return base_getattr(fi ? path : spelt(path), st, fi);
}
static int c_open(const char *path, struct fuse_file_info *fi)
{
	return base.open(spelt(path), fi);
}
static int c_opendir(const char *path, struct fuse_file_info *fi)
{
	return base.opendir(spelt(path), fi);
}
static int c_access(const char *path, int mask)
{
	return base.access(spelt(path), mask);
}
static int c_unlink(const char *path)
{
	return base.unlink(spelt(path));
}
static int c_rename3(const char *from, const char *to, unsigned flags)
{
	const char *old = spelt(from), *new = spelt(to);

	return base_rename(old, strcmp(old, new) ? new : to, flags);
}
#if FUSE_API == 2
static int c_getattr(const char *path, struct stat *st)
{
	return c_getattr3(path, st, NULL);
}
static int c_rename(const char *from, const char *to)
{
	return c_rename3(from, to, 0);
}
#else
#define c_getattr c_getattr3
#define c_rename  c_rename3
#endif

static void fold_names(struct fuse_operations *ops)
{
	base = *ops;
	ops->getattr = c_getattr;
	ops->open = c_open;
	ops->opendir = c_opendir;
	ops->access = c_access;
	ops->unlink = c_unlink;
	ops->rename = c_rename;
}

static int x_getpath(const char *path, char *buf, size_t size, struct fuse_file_info *fi)
{
	(void)fi;
	RECORD(getpath, path, "%s", "");
	DONE(snprintf(buf, size, "%s", spelt(path)) < (int)size ? 0 : -ERANGE);
}

REGISTER(folded, AMBIFUSE_CAP_CASE_INSENSITIVE, .getpath = x_getpath)
REGISTER(folded_plain, AMBIFUSE_CAP_CASE_INSENSITIVE, .chflags = x_chflags)

static void check_spellings(void)
{
	struct stat a, b;
	int fd;

	need_extensions();
	OK(mkdir(S("Dir"), 0755));
	put(S("Dir/File"), "one");
	a = st_of(P("Dir/File"));
	b = st_of(P("dIR/FILE"));
	EQ(a.st_ino, b.st_ino);
	EQ(st_of(P("DIR")).st_ino, st_of(P("Dir")).st_ino);
	STR(slurp(P("DIR/fiLE")), "one");
	/* what is missing is not remembered */
	ERR(access(P("Dir/other"), F_OK), ENOENT);
	put(S("Dir/OTHER"), "");
	OK(access(P("Dir/other"), F_OK));
	/* one file: what is written by one name is read by the other, while both are open */
	fd = OK(open(P("Dir/File"), O_RDWR));
	put(P("Dir/FILE"), "changed");
	EQ(pread(fd, (char[16]){ 0 }, 16, 0), 7);
	close(fd);
	/* removed by one name, gone by all */
	OK(unlink(P("dir/file")));
	ERR(access(P("Dir/File"), F_OK), ENOENT);
	ERR(access(P("Dir/FILE"), F_OK), ENOENT);
}

CASE(ext_case, "ext.case-insensitive-names-are-one-node", .init = folded, .ops = fold_names,
     .opts = "entry_timeout=50,negative_timeout=50,attr_timeout=0", .raw = true)
{
	check_spellings();
	SAW("getpath *");
}

CASE(ext_case_plain, "ext.case-insensitive-without-getpath", .init = folded_plain, .ops = fold_names,
     .opts = "entry_timeout=50,negative_timeout=50,attr_timeout=0", .raw = true)
{
	check_spellings();
}

CASE(ext_case_rename, "ext.case-only-rename", .init = folded, .ops = fold_names,
     .real = "the kernel decides that two names of one inode need no rename")
{
	struct dirent *e;
	bool seen = false;

	need_extensions();
	put(S("Foo"), "x");
	ino_t ino = st_of(P("Foo")).st_ino;
	OK(access(P("foo"), F_OK));
	MARK();
	OK(rename(P("Foo"), P("foo")));
	SAW("rename /Foo /foo 0");
	EQ(st_of(P("foo")).st_ino, ino);
	EQ(st_of(P("FOO")).st_ino, ino);
	DIR *d = opendir(P(""));
	YES(d != NULL);
	while ((e = readdir(d))) {
		YES(strcmp(e->d_name, "Foo") != 0);
		seen |= strcmp(e->d_name, "foo") == 0;
	}
	closedir(d);
	YES(seen);
	/* as mv(1) does it: a plain rename, for whoever looks whether the new name is there finds it */
	MARK();
	OK(rename_flags(P("foo"), P("fOO"), RENAME_NOREPLACE));
	SAW("rename /foo /fOO 0");
	put(S("bar"), "z");
	YES(rename_flags(P("bar"), P("foO"), RENAME_NOREPLACE) == -1);
	OK(access(P("bar"), F_OK));
	/* by the path, and back, through a directory */
	OK(mkdir(S("Dir"), 0755));
	put(S("Dir/Bar"), "y");
	OK(access(P("dir/bar"), F_OK));
	OK(rename(P("dir/Bar"), P("DIR/bAR")));
	OK(access(S("Dir/bAR"), F_OK));
	OK(rename(P("Dir"), P("dIR")));
	OK(access(S("dIR/bAR"), F_OK));
}

/* ---- notifications -------------------------------------------------------------------------------------- */

static long tell(long action, long a, long b)
{
	(void)a, (void)b;
	return ambifuse_notify(t_fuse, T->data, (unsigned)action);
}
#define CACHED                                                                                     \
	.opts = "entry_timeout=100,negative_timeout=100,attr_timeout=100", .raw = true,            \
	.on_command = tell

static long notify(const char *path, unsigned action)
{
	strcpy(T->data, path);
	return command(action, 0, 0);
}

CASE(ext_notify_create, "ext.notify-of-a-new-name", CACHED)
{
	need_extensions();
	ERR(access(P("f"), F_OK), ENOENT);
	put(S("f"), "");
	ERR(access(P("f"), F_OK), ENOENT); /* the kernel remembers */
	EQ(notify("/f", AMBIFUSE_NOTIFY_CREATE), 0);
	OK(access(P("f"), F_OK));
	ERR(access(P("d"), F_OK), ENOENT);
	OK(mkdir(S("d"), 0755));
	EQ(notify("/d", AMBIFUSE_NOTIFY_MKDIR), 0);
	OK(access(P("d"), F_OK));
}

CASE(ext_notify_unlink, "ext.notify-of-a-removed-name", CACHED)
{
	need_extensions();
	put(S("f"), "");
	OK(mkdir(S("d"), 0755));
	OK(access(P("f"), F_OK));
	OK(access(P("d"), F_OK));
	OK(unlink(S("f")));
	OK(rmdir(S("d")));
	OK(stat(P("f"), &(struct stat){ 0 }));
	EQ(notify("/f", AMBIFUSE_NOTIFY_UNLINK), 0);
	ERR(stat(P("f"), &(struct stat){ 0 }), ENOENT);
	EQ(notify("/d", AMBIFUSE_NOTIFY_RMDIR), 0);
	ERR(stat(P("d"), &(struct stat){ 0 }), ENOENT);
}

CASE(ext_notify_attr, "ext.notify-of-attributes-and-size", CACHED)
{
	need_extensions();
	put(S("f"), "1234");
	EQ(st_of(P("f")).st_mode & 0777, 0644);
	OK(chmod(S("f"), 0600));
	EQ(st_of(P("f")).st_mode & 0777, 0644);
	EQ(notify("/f", AMBIFUSE_NOTIFY_CHMOD | AMBIFUSE_NOTIFY_CHOWN), 0);
	EQ(st_of(P("f")).st_mode & 0777, 0600);
	OK(truncate(S("f"), 2));
	EQ(st_of(P("f")).st_size, 4);
	EQ(notify("/f", AMBIFUSE_NOTIFY_TRUNCATE), 0);
	EQ(st_of(P("f")).st_size, 2);
	OK(chmod(S("f"), 0644));
	EQ(notify("/f", 0), 0);
	EQ(st_of(P("f")).st_mode & 0777, 0644);
	/* what the kernel does not know, and what nobody knows */
	EQ(notify("/no/such/thing", AMBIFUSE_NOTIFY_UNLINK), 0);
	EQ(notify("/f", 0x4000), -EINVAL);
}

#endif
