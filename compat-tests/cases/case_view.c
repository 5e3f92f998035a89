/*
 * case_view.c - birth times, flags and DOS attributes of a program with the extended getattr, as
 * unmodified Linux programs see and change them on a mount (docs/extensions.md)
 */
#include "conform.h"

#if __has_include(<ambifuse.h>)
#include <ambifuse.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* ---- the file system: pathfs, with flags and birth times by the inode behind -------------------
 */

static struct fuse_operations base;

struct kept {
	ino_t ino;
	uint32_t flags;
	struct timespec birth;
};
static struct kept kept[64];
static int n_kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

/* With kept_lock. */
static struct kept *kept_of(ino_t ino)
{
	for (int i = 0; i < n_kept; i++)
		if (kept[i].ino == ino)
			return &kept[i];
	if (n_kept == 64)
		t_server_fail("more than 64 files");
	kept[n_kept] = (struct kept){.ino = ino, .birth = {1000000000, 500}};
	return &kept[n_kept++];
}

static bool record(struct t_call *c, enum t_op op, const char *path, const char *fmt, ...)
{
	struct fuse_context *x = fuse_get_context();
	struct fuse_ctx ctx = {.uid = x->uid, .gid = x->gid, .pid = x->pid};
	char text[80];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return t_begin(c, op, &ctx, 0, path, "%s", text);
}

static int v_getattr(const char *path, struct ambifuse_stat *st, struct fuse_file_info *fi)
{
	int res;
#if FUSE_API == 2
	res = fi ? base.fgetattr(path, &st->st, fi) : base.getattr(path, &st->st);
#else
	res = base.getattr(path, &st->st, fi);
#endif
	if (res)
		return res;
	pthread_mutex_lock(&kept_lock);
	struct kept *k = kept_of(st->st.st_ino);
	st->st_flags = k->flags;
	st->st_birthtim = k->birth;
	pthread_mutex_unlock(&kept_lock);
	return 0;
}

static int v_chflags(const char *path, uint32_t flags)
{
	struct t_call c;

	if (record(&c, OP_chflags, path, "%x", flags))
		return (int)c.ret;
	pthread_mutex_lock(&kept_lock);
	kept_of(st_of(S(path)).st_ino)->flags = flags;
	pthread_mutex_unlock(&kept_lock);
	return (int)t_end(&c, 0);
}

static int v_setcrtime(const char *path, const struct timespec *tv)
{
	struct t_call c;

	if (record(&c, OP_setcrtime, path, "%lld.%09ld", (long long)tv->tv_sec, tv->tv_nsec))
		return (int)c.ret;
	pthread_mutex_lock(&kept_lock);
	kept_of(st_of(S(path)).st_ino)->birth = *tv;
	pthread_mutex_unlock(&kept_lock);
	return (int)t_end(&c, 0);
}

static void keep_base(struct fuse_operations *ops)
{
	ops->ioctl = NULL;
	base = *ops;
}

static void keep_base_with_ioctl(struct fuse_operations *ops)
{
	base = *ops;
}

static void reg(struct fuse_conn_info *conn)
{
	static const struct ambifuse_operations x = {
		.getattr = v_getattr, .chflags = v_chflags, .setcrtime = v_setcrtime};

	(void)conn;
	ambifuse_register(&x, AMBIFUSE_CAP_STAT_EX);
}

/* ---- the clients ----------------------------------------------------------------------------- */

static void need(void)
{
	if (!ambifuse_features())
		t_skip("the library has no extensions");
}

/* What a shell command prints; its exit status in *status. */
static const char *sh(int *status, const char *fmt, ...)
{
	static char out[4096];
	char cmd[1024];
	va_list ap;
	size_t n;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd) - 10, fmt, ap);
	va_end(ap);
	strcat(cmd, " 2>&1");
	f = popen(cmd, "r");
	YES(f);
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n] = 0;
	if (n && out[n - 1] == '\n')
		out[n - 1] = 0;
	*status = pclose(f);
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	return out;
}
static void need_program(const char *name)
{
	int s;

	sh(&s, "command -v %s", name);
	if (s)
		t_skip("%s is not installed", name);
}
#define RUN(...)                                                                                   \
	do {                                                                                       \
		int run_status_;                                                                   \
		const char *run_out_ = sh(&run_status_, __VA_ARGS__);                              \
		YES(run_status_ == 0, "it printed %s", run_out_);                                  \
	} while (0)
#define PRINTS(text, ...)                                                                          \
	do {                                                                                       \
		int prints_status_;                                                                \
		STR(sh(&prints_status_, __VA_ARGS__), text);                                       \
	} while (0)
#define FAILS(words, ...)                                                                          \
	do {                                                                                       \
		int fails_status_;                                                                 \
		const char *fails_out_ = sh(&fails_status_, __VA_ARGS__);                          \
		YES(fails_status_ > 0, "it went well");                                            \
		YES(strstr(fails_out_, words), "it printed %s", fails_out_);                       \
	} while (0)

static unsigned flags_of(const char *name)
{
	int fd = OK(open(P(name), O_RDONLY)), flags = -1;

	OK(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	close(fd);
	return (unsigned)flags;
}
static int set_flags(const char *name, unsigned flags)
{
	int fd = OK(open(P(name), O_RDONLY));
	int res = ioctl(fd, FS_IOC_SETFLAGS, &flags), err = errno;

	close(fd);
	errno = err;
	return res;
}

CASE(view_btime, "view.stat-and-ls-show-the-birth-time", .init = reg, .ops = keep_base)
{
	struct statx sx;

	need();
	put(S("f"), "");
	OK(mkdir(S("d"), 0755));
	OK(statx(AT_FDCWD, P("f"), 0, STATX_BTIME, &sx));
	if (!(sx.stx_mask & STATX_BTIME))
		t_skip("this kernel does not ask for birth times");
	EQ(sx.stx_btime.tv_sec, 1000000000);
	EQ(sx.stx_btime.tv_nsec, 500);
	PRINTS("1000000000", "stat -c %%W %s", P("f"));
	PRINTS("1000000000", "stat -c %%W %s", P("d"));
	PRINTS("1000000000", "stat -c %%W %s", P(""));
	PRINTS("2001-09-09", "TZ=UTC0 ls -l --time=birth --time-style=+%%F %s | cut -d' ' -f6",
	       P("f"));
}
CASE(view_no_btime, "view.nobtime", .init = reg, .ops = keep_base, .opts = "nobtime")
{
	struct statx sx;

	need();
	put(S("f"), "");
	OK(statx(AT_FDCWD, P("f"), 0, STATX_BTIME, &sx));
	EQ(sx.stx_mask & STATX_BTIME, 0);
	PRINTS("0", "stat -c %%W %s", P("f"));
}

CASE(view_chattr, "view.lsattr-and-chattr", .init = reg, .ops = keep_base)
{
	need();
	need_program("chattr");
	put(S("f"), "");
	OK(mkdir(S("d"), 0755));
	PRINTS("----------------------", "lsattr -d %s | cut -c1-22", P("f"));
	RUN("chattr +i %s", P("f"));
	SAW("chflags /f 2");
	PRINTS("----i-----------------", "lsattr -d %s | cut -c1-22", P("f"));
	RUN("chattr -i +a +d %s", P("f"));
	SAW("chflags /f 5");
	PRINTS("-----ad---------------", "lsattr -d %s | cut -c1-22", P("f"));
	RUN("chattr =d %s", P("f"));
	SAW("chflags /f 1");
	RUN("chattr +c %s", P("d"));
	SAW("chflags /d 20");
	PRINTS("--------c-------------", "lsattr -d %s | cut -c1-22", P("d"));
	/* what there is no flag for */
	FAILS("Operation not supported", "chattr +S %s", P("f"));
	FAILS("Operation not supported", "chattr -p 5 %s", P("f"));
	EQ(flags_of("f"), FS_NODUMP_FL);
}
CASE(view_chattr_refused, "view.chattr-the-program-refuses", .init = reg, .ops = keep_base)
{
	need();
	put(S("f"), "");
	force(OP_chflags, -EACCES, 1);
	ERR(set_flags("f", FS_IMMUTABLE_FL), EACCES);
	force(OP_chflags, -ENOSYS, 1);
	ERR(set_flags("f", FS_IMMUTABLE_FL), EOPNOTSUPP);
	EQ(flags_of("f"), 0);
}
CASE(view_fsxattr, "view.fsgetxattr-and-fssetxattr", .init = reg, .ops = keep_base)
{
	struct fsxattr x;

	need();
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(ioctl(fd, FS_IOC_FSGETXATTR, &x));
	EQ(x.fsx_xflags, 0);
	x.fsx_xflags = FS_XFLAG_NODUMP | FS_XFLAG_IMMUTABLE;
	OK(ioctl(fd, FS_IOC_FSSETXATTR, &x));
	SAW("chflags /f 3");
	OK(ioctl(fd, FS_IOC_FSGETXATTR, &x));
	EQ(x.fsx_xflags, FS_XFLAG_NODUMP | FS_XFLAG_IMMUTABLE);
	x.fsx_xflags = FS_XFLAG_SYNC;
	ERR(ioctl(fd, FS_IOC_FSSETXATTR, &x), EOPNOTSUPP);
	EQ(flags_of("f"), FS_NODUMP_FL | FS_IMMUTABLE_FL);
}
CASE(view_ioctl32, "view.flags-for-a-32-bit-program", .init = reg, .ops = keep_base)
{
	unsigned flags = FS_NODUMP_FL;

	need();
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(t_ioctl32(fd, FS_IOC32_SETFLAGS, &flags, 4));
	SAW("chflags /f 1");
	flags = 0;
	OK(t_ioctl32(fd, FS_IOC32_GETFLAGS, &flags, 4));
	EQ(flags, FS_NODUMP_FL);
}
CASE(view_own_ioctl, "view.the-programs-own-ioctl-wins", .init = reg, .ops = keep_base_with_ioctl)
{
	unsigned flags = 0;

	need();
	put(S("f"), "");
	memset(T->data, 0xbf, 8); /* pathfs's ioctl answers with the complement, and a number */
	int fd = OK(open(P("f"), O_RDONLY));
	YES(ioctl(fd, FS_IOC_GETFLAGS, &flags) >= 0);
	EQ(flags & 0xff, 0x40);
	SAW("ioctl fh* /f *");
}
CASE(view_no_flags, "view.noinode-flags", .init = reg, .ops = keep_base, .opts = "noinode_flags")
{
	int flags = 0;

	need();
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDONLY));
	YES(ioctl(fd, FS_IOC_GETFLAGS, &flags) == -1);
	YES(errno == ENOTTY || errno == EOPNOTSUPP || errno == ENOSYS, "errno %d", errno);
}
static void as_somebody(long arg)
{
	(void)arg;
	OK(setuid(777));
	ERR(set_flags("f", FS_NODUMP_FL), EPERM);
	ERR(setxattr(P("f"), "system.ntfs_attrib", &(uint32_t){2}, 4, 0), EPERM);
	ERR(setxattr(P("f"), "system.ntfs_crtime", &(uint64_t){1}, 8, 0), EPERM);
	/* one's own, but not what is root's to set */
	OK(set_flags("g", FS_NODUMP_FL));
	OK(setxattr(P("g"), "system.ntfs_attrib", &(uint32_t){2}, 4, 0));
	ERR(set_flags("g", FS_IMMUTABLE_FL), EPERM);
	exit(0);
}
CASE(view_others, "view.only-owner-and-root-may-change", .init = reg, .ops = keep_base,
     .opts = "allow_other")
{
	need();
	put(S("f"), "");
	put(S("g"), "");
	OK(chmod(S("f"), 0666));
	OK(chown(S("g"), 777, 777));
	EQ(reap(spawn(as_somebody, 0)), 0);
	UNSEEN("chflags /f*");
	UNSEEN("setcrtime*");
	EQ(flags_of("g"), FS_NODUMP_FL);
}

CASE(view_ntfs, "view.getfattr-and-setfattr-of-ntfs-attributes", .init = reg, .ops = keep_base)
{
	need();
	need_program("setfattr");
	put(S("f"), "");
	PRINTS("0x80000000",
	       "getfattr --only-values --absolute-names -n system.ntfs_attrib %s | "
	       "od -An -tx1 | sed 's/ //g;s/^/0x/'",
	       P("f"));
	RUN("setfattr -n system.ntfs_attrib_be -v 0x00000027 %s", P("f"));
	SAW("chflags /f 9880");
	PRINTS("27000000",
	       "getfattr --only-values --absolute-names -n system.ntfs_attrib %s | "
	       "od -An -tx1 | sed 's/ //g'",
	       P("f"));
	/* 30 September 2015, in Windows' time */
	RUN("setfattr -n system.ntfs_crtime_be -v 0x01d0fbd3bc9b8000 %s", P("f"));
	SAW("setcrtime /f 1443654001.472307200");
	PRINTS("2015-09-30", "TZ=UTC0 stat -c %%w %s | cut -c1-10", P("f"));
	FAILS("Invalid argument", "setfattr -n system.ntfs_attrib -v 0x2700 %s", P("f"));
	FAILS("Invalid argument", "setfattr -n system.ntfs_attrib -v 0x00000040 %s", P("f"));
	FAILS("out of range", "setfattr -n system.ntfs_crtime_be -v 0xf000000000000000 %s", P("f"));
	FAILS("not permitted", "setfattr -x system.ntfs_crtime %s", P("f"));
}
CASE(view_no_ntfs, "view.nontfs-xattr", .init = reg, .ops = keep_base, .opts = "nontfs_xattr")
{
	char buf[32];

	need();
	put(S("f"), "");
	YES(getxattr(P("f"), "system.ntfs_attrib", buf, 32) == -1);
	EQ(getxattr(P("f"), "user.DOSATTRIB", buf, 32), 24);
}

CASE(view_samba, "view.samba-s-attribute", .init = reg, .ops = keep_base)
{
	/* as smbd 4.17 stored it */
	static const char v[24] =
		"\0\0\5\0\5\0\0\0\x11\0\0\0\x27\0\0\0\x4f\x7d\x8e\x2b\xb3\x79\xdd\1";
	char buf[64];

	need();
	put(S("f"), "");
	OK(setxattr(P("f"), "user.DOSATTRIB", v, 24, 0));
	SAW("chflags /f 9880");
	SAW("setcrtime /f 1795263832*");
	UNSEEN("setxattr*");
	EQ(getxattr(P("f"), "user.DOSATTRIB", buf, 64), 24);
	EQ(memcmp(buf, v, 24), 0);
	EQ(listxattr(P("f"), buf, 64), 15);
	STR(buf, "user.DOSATTRIB");
	ERR(setxattr(P("f"), "user.DOSATTRIB", v, 23, 0), EINVAL);
	ERR(removexattr(P("f"), "user.DOSATTRIB"), EPERM);
	/* other attributes go to the program as ever */
	OK(setxattr(P("f"), "user.a", "1", 1, 0));
	SAW("setxattr /f user.a 1 0");
	EQ(getxattr(P("f"), "user.a", buf, 64), 1);
	OK(removexattr(P("f"), "user.a"));
}
CASE(view_served, "view.an-attribute-the-program-serves-wins", .init = reg, .ops = keep_base)
{
	char buf[64];

	need();
	put(S("f"), "");
	OK(setxattr(S("f"), "user.DOSATTRIB", "own", 3, 0));
	EQ(getxattr(P("f"), "user.DOSATTRIB", buf, 64), 3);
	EQ(listxattr(P("f"), buf, 64), 15);
	OK(setxattr(P("f"), "user.DOSATTRIB", "other", 5, 0));
	SAW("setxattr /f user.DOSATTRIB 5 0");
	UNSEEN("chflags*");
	EQ(getxattr(S("f"), "user.DOSATTRIB", buf, 64), 5);
	OK(removexattr(P("f"), "user.DOSATTRIB"));
	EQ(getxattr(P("f"), "user.DOSATTRIB", buf, 64), 24);
}
CASE(view_no_samba, "view.nodosattrib-xattr", .init = reg, .ops = keep_base,
     .opts = "nodosattrib_xattr")
{
	char buf[64];

	need();
	put(S("f"), "");
	ERR(getxattr(P("f"), "user.DOSATTRIB", buf, 64), ENODATA);
	EQ(listxattr(P("f"), buf, 64), 0);
	EQ(getxattr(P("f"), "system.ntfs_attrib", buf, 32), 4);
}
CASE(view_dothidden, "view.dothidden", .init = reg, .ops = keep_base, .opts = "dothidden")
{
	uint32_t attrib = 0;

	need();
	put(S(".f"), "");
	EQ(getxattr(P(".f"), "system.ntfs_attrib", &attrib, 4), 4);
	EQ(attrib, 2);
}
CASE(view_no_xattr_ops, "view.a-program-without-attributes", .init = reg, .ops = keep_base,
     .without = "setxattr getxattr listxattr removexattr")
{
	char buf[64];

	need();
	put(S("f"), "");
	ERR(getxattr(P("f"), "user.a", buf, 64), EOPNOTSUPP);
	ERR(setxattr(P("f"), "user.a", "", 0, 0), EOPNOTSUPP);
	ERR(removexattr(P("f"), "user.a"), EOPNOTSUPP);
	EQ(getxattr(P("f"), "user.DOSATTRIB", buf, 64), 24);
	EQ(listxattr(P("f"), buf, 64), 15);
}

CASE(view_cp, "view.cp-a-takes-attributes-and-times-along", .init = reg, .ops = keep_base)
{
	char buf[64], again[64];

	need();
	put(S("f"), "content");
	OK(mkdir(S("elsewhere"), 0755));
	OK(setxattr(P("f"), "system.ntfs_attrib", &(uint32_t){6}, 4, 0));
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{11, 0}, {22, 5}}, 0));
	EQ(getxattr(P("f"), "user.DOSATTRIB", buf, 64), 24);
	/* out of the mount: as an attribute; and into it: hidden and system, with its birth time */
	RUN("cp -a --preserve=xattr %s %s", P("f"), S("elsewhere/out"));
	if (getxattr(S("elsewhere/out"), "user.DOSATTRIB", again, 64) == -1)
		t_skip("no attributes on the file system of the test");
	EQ(memcmp(buf, again, 24), 0);
	EQ(st_of(S("elsewhere/out")).st_mtim.tv_nsec, 5);
	OK(removexattr(S("elsewhere/out"), "user.DOSATTRIB"));
	OK(setxattr(S("elsewhere/out"), "user.DOSATTRIB", buf, 24, 0));
	char *hidden = strdup(S("elsewhere/out"));
	RUN("cp -a --preserve=xattr %s %s", hidden, P("in"));
	SAW("chflags /in 8080");
	EQ(st_of(P("in")).st_mtim.tv_nsec, 5);
	STR(slurp(P("in")), "content");
}

CASE(view_rsync, "view.rsync-x-takes-attributes-along", .init = reg, .ops = keep_base)
{
	uint32_t attrib = 0;

	need();
	need_program("rsync");
	put(S("f"), "content");
	OK(setxattr(P("f"), "system.ntfs_attrib", &(uint32_t){3}, 4, 0));
	RUN("rsync -aX %s %s", P("f"), P("g"));
	EQ(getxattr(P("g"), "system.ntfs_attrib", &attrib, 4), 4);
	EQ(attrib, 3);
	/* where rsync can read birth times on Linux at all, it has --crtimes */
	int s;
	const char *out = sh(&s, "rsync -aX --crtimes %s %s", P("f"), P("h"));
	YES(s == 0 || strstr(out, "crtimes"), "%s", out);
}

/* ---- enforce_flags -----------------------------------------------------------------------------
 */

CASE(view_enforce, "view.enforce-flags-immutable", .init = reg, .ops = keep_base,
     .opts = "enforce_flags")
{
	need();
	put(S("f"), "content");
	OK(mkdir(S("d"), 0755));
	put(S("d/x"), "");
	OK(set_flags("f", FS_IMMUTABLE_FL));
	OK(set_flags("d", FS_IMMUTABLE_FL));
	MARK();
	STR(slurp(P("f")), "content");
	ERR(open(P("f"), O_WRONLY), EPERM);
	ERR(open(P("f"), O_WRONLY | O_APPEND), EPERM);
	ERR(truncate(P("f"), 0), EPERM);
	ERR(chmod(P("f"), 0600), EPERM);
	ERR(chown(P("f"), 5, 5), EPERM);
	ERR(utimensat(AT_FDCWD, P("f"), NULL, 0), EPERM);
	ERR(setxattr(P("f"), "user.a", "1", 1, 0), EPERM);
	ERR(removexattr(P("f"), "user.a"), EPERM);
	ERR(unlink(P("f")), EPERM);
	ERR(rename(P("f"), P("g")), EPERM);
	ERR(link(P("f"), P("g")), EPERM);
	put(P("h"), "");
	ERR(rename(P("h"), P("f")), EPERM);
	ERR(open(P("d/new"), O_CREAT | O_WRONLY, 0600), EPERM);
	ERR(mkdir(P("d/new"), 0755), EPERM);
	ERR(symlink("x", P("d/new")), EPERM);
	ERR(unlink(P("d/x")), EPERM);
	ERR(rename(P("d/x"), P("x")), EPERM);
	ERR(rmdir(P("d")), EPERM);
	put(P("d/x"), "what is in a file of it is another matter");
	UNSEEN("chmod*");
	UNSEEN("chown*");
	UNSEEN("utimens*");
	UNSEEN("*setxattr*");
	UNSEEN("unlink*");
	UNSEEN("rename*");
	UNSEEN("link*");
	UNSEEN("mkdir*");
	/* the way out */
	OK(set_flags("f", 0));
	OK(unlink(P("f")));
}
CASE(view_enforce_append, "view.enforce-flags-append-only", .init = reg, .ops = keep_base,
     .opts = "enforce_flags")
{
	need();
	put(S("f"), "one");
	OK(mkdir(S("d"), 0755));
	OK(set_flags("f", FS_APPEND_FL));
	OK(set_flags("d", FS_APPEND_FL));
	int fd = OK(open(P("f"), O_WRONLY | O_APPEND));
	EQ(write(fd, "two", 3), 3);
	close(fd);
	STR(slurp(P("f")), "onetwo");
	ERR(open(P("f"), O_WRONLY), EPERM);
	ERR(open(P("f"), O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	ERR(truncate(P("f"), 1), EPERM);
	ERR(unlink(P("f")), EPERM);
	OK(utimensat(AT_FDCWD, P("f"), NULL, 0));
	put(P("d/x"), "");
	ERR(unlink(P("d/x")), EPERM);
	STR(slurp(P("f")), "onetwo");
}
CASE(view_enforce_readonly, "view.enforce-flags-read-only", .init = reg, .ops = keep_base,
     .opts = "enforce_flags")
{
	need();
	put(S("f"), "content");
	OK(setxattr(P("f"), "system.ntfs_attrib", &(uint32_t){1}, 4, 0));
	ERR(open(P("f"), O_RDWR), EPERM);
	ERR(truncate(P("f"), 0), EPERM);
	ERR(unlink(P("f")), EPERM);
	OK(chmod(P("f"), 0600));
	OK(rename(P("f"), P("g")));
	OK(setxattr(P("g"), "system.ntfs_attrib", &(uint32_t){0}, 4, 0));
	OK(unlink(P("g")));
}
CASE(view_not_enforced, "view.flags-are-the-programs-business-by-default", .init = reg,
     .ops = keep_base)
{
	need();
	put(S("f"), "content");
	OK(set_flags("f", FS_IMMUTABLE_FL));
	put(P("f"), "other");
	OK(unlink(P("f")));
	SAW("unlink /*"); /* under another name if RELEASE had not come yet */
}
#endif
