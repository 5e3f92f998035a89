/* case_attr.c - getattr, chmod, chown, truncate, utimens, access, statfs */
#include "conform.h"

#include <sys/statvfs.h>
#include <sys/time.h>
#include <utime.h>

CASE(attr_stat, "attr.stat-all-fields")
{
	put(S("f"), "hello");
	OK(chmod(S("f"), 0640));
	OK(chown(S("f"), 11, 22));
	OK(utimensat(AT_FDCWD, S("f"), (struct timespec[]){{100, 1}, {200, 999999999}}, 0));
	struct stat a = st_of(P("f")), b = st_of(S("f"));
	EQ(a.st_mode, S_IFREG | 0640);
	EQ(a.st_uid, 11);
	EQ(a.st_gid, 22);
	EQ(a.st_size, 5);
	EQ(a.st_nlink, 1);
	EQ(a.st_blocks, b.st_blocks);
	EQ(a.st_atim.tv_sec, 100);
	EQ(a.st_atim.tv_nsec, 1);
	EQ(a.st_mtim.tv_sec, 200);
	EQ(a.st_mtim.tv_nsec, 999999999);
	EQ(a.st_ctim.tv_sec, b.st_ctim.tv_sec);
	EQ(a.st_ctim.tv_nsec, b.st_ctim.tv_nsec);
	SAW_RET("getattr /f", 0);
}

CASE(attr_enoent, "attr.stat-of-nothing")
{
	ERR(lstat(P("none"), &(struct stat){0}), ENOENT);
	SAW_RET("getattr /none", -ENOENT);
}

CASE(attr_root, "attr.stat-of-root")
{
	struct stat st = st_of(P(""));
	EQ(st.st_mode, S_IFDIR | 0755);
	EQ(st.st_ino, 1);
	SAW("getattr /");
}

CASE(attr_error, "attr.error-of-getattr-reaches-client")
{
	put(S("f"), "");
	force(OP_getattr, -EACCES, 1);
	ERR(lstat(P("f"), &(struct stat){0}), EACCES);
}

CASE(attr_big, "attr.size-beyond-4g")
{
	int fd = OK(open(S("f"), O_CREAT | O_RDWR, 0600));
	OK(ftruncate(fd, 0x123456789aLL));
	EQ(st_of(P("f")).st_size, 0x123456789aLL);
}

CASE(attr_times_1901, "attr.time-before-1970-and-after-2038")
{
	put(S("f"), "");
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{-1000000000, 5}, {5000000000, 7}}, 0));
	SAW("utimens /f -1000000000.000000005 5000000000.000000007");
	EQ(st_of(P("f")).st_atim.tv_sec, -1000000000);
	EQ(st_of(P("f")).st_mtim.tv_sec, 5000000000);
}

CASE(attr_device, "attr.device-number-of-a-node")
{
	OK(mknod(P("null"), S_IFCHR | 0600, 0x10305));
	SAW("mknod /null 020600 10305");
	EQ(st_of(P("null")).st_rdev, 0x10305);
	EQ(st_of(S("null")).st_rdev, 0x10305);
}

CASE(attr_chmod, "attr.chmod")
{
	put(S("f"), "");
	OK(chmod(P("f"), 04751));
	SAW_RET("chmod /f 4751", 0);
	EQ(st_of(S("f")).st_mode, S_IFREG | 04751);
	EQ(st_of(P("f")).st_mode, S_IFREG | 04751);
}

CASE(attr_fchmod, "attr.fchmod-of-open-file")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fchmod(fd, 0611));
	SAW("chmod* /f 0611");
	EQ(st_of(S("f")).st_mode, S_IFREG | 0611);
}

CASE(attr_chmod_err, "attr.chmod-error")
{
	put(S("f"), "");
	force(OP_chmod, -EPERM, 1);
	ERR(chmod(P("f"), 0611), EPERM);
	EQ(st_of(S("f")).st_mode, S_IFREG | 0644);
}

CASE(attr_chown, "attr.chown-both")
{
	put(S("f"), "");
	OK(chown(P("f"), 1234, 56789));
	SAW("chown /f 1234 56789");
	EQ(st_of(P("f")).st_uid, 1234);
	EQ(st_of(P("f")).st_gid, 56789);
}

CASE(attr_chown_u, "attr.chown-user-alone")
{
	put(S("f"), "");
	OK(chown(P("f"), 1234, (gid_t)-1));
	SAW("chown /f 1234 -1");
	EQ(st_of(S("f")).st_gid, 0);
}

CASE(attr_chown_g, "attr.chown-group-alone")
{
	put(S("f"), "");
	OK(chown(P("f"), (uid_t)-1, 77));
	SAW("chown /f -1 77");
	EQ(st_of(S("f")).st_uid, 0);
}

CASE(attr_lchown, "attr.lchown-of-a-symlink")
{
	OK(symlink("nowhere", S("l")));
	OK(lchown(P("l"), 3, 4));
	SAW("chown /l 3 4");
	EQ(st_of(S("l")).st_uid, 3);
}

CASE(attr_chown_suid, "attr.chown-clears-setuid")
{
	put(S("f"), "");
	OK(chmod(S("f"), 06755));
	OK(chown(P("f"), 5, 5));
	EQ(st_of(S("f")).st_mode & 06000, 0);
}

CASE(attr_write_suid, "attr.write-clears-setuid", .opts = "allow_other")
{
	put(S("f"), "");
	OK(chmod(S("f"), 04777));
	/* by somebody without CAP_FSETID */
	int fd = OK(open(P("f"), O_WRONLY));
	OK(setuid(99));
	EQ(write(fd, "x", 1), 1);
	close(fd);
	/* the backing file does it for the program when the program is not told to */
	EQ(st_of(P("f")).st_mode & 06000, 0);
}

/* Handed to the program as the kernel would: a chmod before the first write, and none after it. */
static void setid_written_twice(void)
{
	put(S("f"), "");
	OK(chmod(S("f"), 06777));
	int fd = OK(open(P("f"), O_WRONLY));
	OK(setgid(98));
	OK(setuid(99));
	MARK();
	EQ(write(fd, "x", 1), 1);
	EQ(write(fd, "y", 1), 1);
	SAW("chmod /f 0777");
	SAW("write * 1@0");
	UNSEEN("chmod * 06777");
	SEEN("chmod /f 0777", 1);
	close(fd);
}
CASE(attr_setid_core, "attr.set-id-bits-go-before-the-first-write", .opts = "allow_other")
{
	setid_written_twice();
}
CASE(attr_setid_kernel, "attr.set-id-bits-taken-by-the-kernel",
     .opts = "allow_other,no_handle_setid")
{
	setid_written_twice();
}

/* The same of a program without extended attributes, which is never asked for security.capability. */
#define NO_XATTR .without = "getxattr setxattr listxattr removexattr"
CASE(attr_setid_without, "attr.set-id-bits-go-before-the-first-write-without-getxattr",
     .opts = "allow_other", NO_XATTR)
{
	setid_written_twice();
}
CASE(attr_setid_fallocate, "attr.fallocate-clears-setuid", .opts = "allow_other",
     .real = "the kernel clears set-id bits")
{
	put(S("f"), "");
	OK(chmod(S("f"), 04777));
	int fd = OK(open(P("f"), O_WRONLY));
	OK(setuid(99));
	OK(fallocate(fd, 0, 0, 10));
	SAW("fallocate *");
	EQ(st_of(P("f")).st_mode & 06000, 0);
	close(fd);
}

/* Bits that came behind the mount's back are seen by who gives the file away. */
static void chown_of_changed(void)
{
	put(S("f"), "");
	OK(st_of(P("f")).st_uid);
	OK(chmod(S("f"), 06755));
	force(OP_chown, 0, 1); /* the file below would clear them by itself */
	OK(chown(P("f"), 5, 5));
	SAW("chmod /f 0755");
	EQ(st_of(S("f")).st_mode & 07777, 0755);
}
#define KNOWN .opts = "attr_timeout=60,entry_timeout=60"
CASE(attr_chown_changed, "attr.chown-clears-set-id-bits-it-was-not-told-of", KNOWN,
     .real = "the kernel clears set-id bits")
{
	chown_of_changed();
}
CASE(attr_chown_changed_without, "attr.chown-clears-set-id-bits-it-was-not-told-of-without-getxattr",
     KNOWN, NO_XATTR, .real = "the kernel clears set-id bits")
{
	chown_of_changed();
}

CASE(attr_no_getxattr, "attr.writes-ask-for-no-attributes", .raw = true,
     .real = "the kernel decides what to ask before a write")
{
	int fd = OK(open(P("f"), O_WRONLY | O_CREAT, 0644));

	for (int i = 0; i < 20; i++)
		EQ(write(fd, "x", 1), 1);
	int n = t_seen("getxattr *");
	YES(n <= 2, "%d getxattr for 20 writes", n);
	close(fd);
}

CASE(attr_truncate, "attr.truncate-shrink")
{
	put(S("f"), "0123456789");
	OK(truncate(P("f"), 4));
	SAW_RET("truncate /f 4", 0);
	STR(slurp(P("f")), "0123");
}

CASE(attr_truncate_grow, "attr.truncate-grow")
{
	put(S("f"), "ab");
	OK(truncate(P("f"), 6));
	EQ(st_of(P("f")).st_size, 6);
	YES(!memcmp(slurp(P("f")), "ab\0\0\0\0", 6));
}

CASE(attr_truncate_big, "attr.truncate-beyond-4g")
{
	put(S("f"), "");
	OK(truncate(P("f"), 0x2000000005LL));
	SAW("truncate /f 137438953477");
	EQ(st_of(P("f")).st_size, 0x2000000005LL);
}

CASE(attr_ftruncate, "attr.ftruncate-uses-the-handle")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(ftruncate(fd, 3));
	SAW("open fh1 /f rw");
	SAW_RET("truncate fh1 /f 3", 0);
	EQ(st_of(S("f")).st_size, 3);
}

CASE(attr_truncate_err, "attr.truncate-error")
{
	put(S("f"), "0123");
	force(OP_truncate, -EFBIG, 1);
	ERR(truncate(P("f"), 1), EFBIG);
	STR(slurp(P("f")), "0123");
}

CASE(attr_utimens, "attr.utimens-nanoseconds")
{
	put(S("f"), "");
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{11, 22}, {33, 44}}, 0));
	SAW("utimens /f 11.000000022 33.000000044");
	EQ(st_of(S("f")).st_atim.tv_nsec, 22);
	EQ(st_of(S("f")).st_mtim.tv_nsec, 44);
}

CASE(attr_utimens_now, "attr.utimens-now")
{
	put(S("f"), "");
	OK(utimensat(AT_FDCWD, S("f"), (struct timespec[]){{11, 22}, {33, 44}}, 0));
	OK(utimensat(AT_FDCWD, P("f"), NULL, 0));
	SAW("utimens /f now now");
	YES(st_of(S("f")).st_mtim.tv_sec > 1000000);
}

CASE(attr_utimens_omit_a, "attr.utimens-omit-access-time")
{
	put(S("f"), "");
	OK(utimensat(AT_FDCWD, S("f"), (struct timespec[]){{11, 22}, {33, 44}}, 0));
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{0, UTIME_OMIT}, {7, 8}}, 0));
	SAW("utimens /f omit 7.000000008");
	EQ(st_of(S("f")).st_atim.tv_sec, 11);
	EQ(st_of(S("f")).st_mtim.tv_sec, 7);
}

CASE(attr_utimens_omit_m, "attr.utimens-now-and-omit")
{
	put(S("f"), "");
	OK(utimensat(AT_FDCWD, S("f"), (struct timespec[]){{11, 22}, {33, 44}}, 0));
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{0, UTIME_NOW}, {0, UTIME_OMIT}}, 0));
	SAW("utimens /f now omit");
	EQ(st_of(S("f")).st_mtim.tv_sec, 33);
	EQ(st_of(S("f")).st_mtim.tv_nsec, 44);
}

CASE(attr_futimens, "attr.futimens-of-open-file")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(futimens(fd, (struct timespec[]){{5, 6}, {7, 8}}));
	SAW("utimens* /f 5.000000006 7.000000008");
	EQ(st_of(S("f")).st_mtim.tv_sec, 7);
}

#if FUSE_API == 2
static int old_utime(const char *path, struct utimbuf *t)
{
	struct t_call c;
	t_begin(&c, OP_utimens, NULL, 0, path, "utime %ld %ld", t->actime, t->modtime);
	return (int)t_end(&c, 0);
}
static void use_utime(struct fuse_operations *ops)
{
	ops->utimens = NULL;
	ops->utime = old_utime;
}
CASE(attr_utime_fallback, "attr.utime-when-there-is-no-utimens", .ops = use_utime)
{
	put(S("f"), "");
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{11, 22}, {33, 44}}, 0));
	SAW("utimens /f utime 11 33");
}

static void no_omit(struct fuse_operations *ops)
{
	ops->flag_utime_omit_ok = 0;
}
CASE(attr_omit_not_ok, "attr.utimens-omit-without-the-flag", .ops = no_omit)
{
	put(S("f"), "");
	MARK();
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{0, UTIME_OMIT}, {7, 8}}, 0));
	/* a program that did not set flag_utime_omit_ok is never shown UTIME_OMIT */
	UNSEEN("utimens*omit*");
}
CASE(attr_both_without_flag, "attr.utimens-both-without-the-flag", .ops = no_omit)
{
	put(S("f"), "");
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{11, 22}, {7, 8}}, 0));
	SAW("utimens /f 11.000000022 7.000000008");
}
#endif

CASE(attr_access, "attr.access")
{
	put(S("f"), "");
	OK(access(P("f"), R_OK | W_OK));
	SAW_RET("access /f 6", 0);
	force(OP_access, -EACCES, 1);
	ERR(access(P("f"), X_OK), EACCES);
	SAW_RET("access /f 1", -EACCES);
}

CASE(attr_access_f, "attr.access-existence-needs-no-operation")
{
	put(S("f"), "");
	OK(access(P("f"), F_OK));
	ERR(access(P("g"), F_OK), ENOENT);
}

CASE(attr_statfs, "attr.statfs")
{
	struct statvfs sv;
	OK(statvfs(P(""), &sv));
	SAW_RET("statfs /", 0);
	EQ(sv.f_bsize, 4096);
	EQ(sv.f_frsize, 1024);
	EQ(sv.f_blocks, 1000);
	EQ(sv.f_bfree, 600);
	EQ(sv.f_bavail, 500);
	EQ(sv.f_files, 77);
	EQ(sv.f_ffree, 33);
	EQ(sv.f_namemax, 199);
}

CASE(attr_statfs_path, "attr.statfs-of-a-file-in-a-directory")
{
	OK(mkdir(S("d"), 0755));
	put(S("d/f"), "");
	OK(statvfs(P("d/f"), &(struct statvfs){0}));
	SAW("statfs /d/f");
	force(OP_statfs, -EIO, 1);
	ERR(statvfs(P("d/f"), &(struct statvfs){0}), EIO);
}

CASE(attr_fstat_unlinked, "attr.fstat-of-unlinked-open-file")
{
	put(S("f"), "hello");
	int fd = OK(open(P("f"), O_RDWR));
	OK(unlink(P("f")));
	struct stat st;
	OK(fstat(fd, &st));
	EQ(st.st_size, 5);
	EQ(st.st_nlink, 0); /* although it has a hidden name */
	close(fd);
}

/* one request asks for both: to clear the bit, and for the owner */
CASE(attr_chown_stops, "attr.chown-stops-when-the-setuid-bit-cannot-be-cleared")
{
	put(S("f"), "");
	OK(chmod(S("f"), 04755));
	force(OP_chmod, -EIO, 1);
	ERR(chown(P("f"), 5, 6), EIO);
	SAW("chmod /f 0755");
	UNSEEN("chown*");
}

CASE(attr_getattr_handle, "attr.getattr-after-create-has-the-handle")
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR | O_EXCL, 0600));
	SAW("getattr /f");
	SAW("create fh1 /f 0600 rw,excl,creat");
	SAW_RET("getattr fh1 /f", 0);
	close(fd);
}
