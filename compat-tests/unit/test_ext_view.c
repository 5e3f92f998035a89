/*
 * What Linux programs see of a program with stat_ex: statx, inode flags, extended attributes; and
 * what flags forbid.
 */
#include <sys/xattr.h>
#include <linux/fs.h>
#include "core/ext/ext.h"
#include "core/fs/ext.h"
#include "test_fs.h"

/* Of every file but the root. */
static struct {
	uint32_t flags;
	struct timespec birth;
	int fail_chflags;
	bool serves; /* has user.DOSATTRIB itself */
	int ioctl;
} X;

static int x_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	int res = m_getattr(d, path, st, fi);

	if (!res && path && path[1]) {
		st->flags = X.flags;
		st->birthtim = X.birth;
	}
	return res;
}

static int x_chflags(void *d, const char *path, uint32_t flags)
{
	(void)d;
	NOTE("chflags", path, "%x", flags);
	if (!X.fail_chflags)
		X.flags = flags;
	return -X.fail_chflags;
}

static int x_setcrtime(void *d, const char *path, const struct timespec *ts)
{
	(void)d;
	NOTE("setcrtime", path, "%lld.%09ld", (long long)ts->tv_sec, ts->tv_nsec);
	X.birth = *ts;
	return 0;
}

static int x_setchgtime(void *d, const char *path, const struct timespec *ts)
{
	(void)d;
	NOTE("setchgtime", path, "%lld.%09ld", (long long)ts->tv_sec, ts->tv_nsec);
	return 0;
}

static struct timespec x_bkup;

static int x_setbkuptime(void *d, const char *path, const struct timespec *ts)
{
	(void)d;
	NOTE("setbkuptime", path, "%lld.%09ld", (long long)ts->tv_sec, ts->tv_nsec);
	x_bkup = *ts;
	return 0;
}

static int x_getxtimes(void *d, const char *path, struct timespec *bkup, struct timespec *cr)
{
	(void)d;
	(void)path;
	*bkup = x_bkup;
	*cr = (struct timespec){5, 0};
	return 0;
}

static int x_getxattr(void *d, const char *path, const char *name, char *value, size_t size)
{
	(void)d;
	(void)path;
	if (!X.serves || strcmp(name, CORE_ATTR_DOSATTRIB_NAME))
		return -ENODATA;
	if (size >= 4)
		memcpy(value, "mine", 4);
	return 4;
}

static int x_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		   unsigned flags, void *data)
{
	(void)d;
	(void)arg;
	(void)fi;
	(void)flags;
	NOTE("ioctl", path, "%x", cmd);
	if (data)
		memcpy(data, "\x40\0\0", 4);
	return X.ioctl;
}

static struct core_fs_ops x_ops(void)
{
	struct core_fs_ops ops = m_all_ops();

	ops.getattr = x_getattr;
	ops.getxattr = x_getxattr;
	ops.chflags = x_chflags;
	ops.setcrtime = x_setcrtime;
	ops.setchgtime = x_setchgtime;
	ops.ioctl = NULL;
	ops.statx = NULL;
	return ops;
}

static struct sk *start_ex(const struct core_fs_ops *ops, uint32_t hide, int enforce)
{
	struct core_fs_config cfg = fs_defaults;
	struct core_fs_ops all = x_ops();

	memset(&X, 0, sizeof(X));
	X.birth = (struct timespec){1600000000, 123456789};
	cfg.stat_ex = 1;
	cfg.ext_hide = hide;
	cfg.enforce_flags = enforce;
	return fs_start(ops ? ops : &all, &cfg, NULL, 0);
}

static uint64_t file(struct sk *k, const char *name, mode_t mode)
{
	struct wire_entry_out e = {0};
	char path[64];

	snprintf(path, sizeof(path), "/%s", name);
	m_add(path, mode);
	UNIT_ASSERT_INT(sk_lookup(k, 1, name, &e), 0);
	m_take();
	return e.nodeid;
}

static void statx_has_birth_time(void)
{
	struct sk *k = start_ex(NULL, 0, 0);
	uint64_t f = file(k, "f", S_IFREG | 0644);
	struct wire_statx_out sx = {0};

	X.flags = CORE_UF_IMMUTABLE | CORE_UF_HIDDEN;
	UNIT_ASSERT_INT(sk_statx(k, f, NULL, 0, STATX_BTIME, &sx), 0);
	UNIT_ASSERT_INT(sx.stat.mask, STATX_BASIC_STATS | STATX_BTIME);
	UNIT_ASSERT_INT((long long)sx.stat.btime.tv_sec, 1600000000);
	UNIT_ASSERT_INT(sx.stat.btime.tv_nsec, 123456789);
	UNIT_ASSERT_INT(sx.stat.uid, 5);
	UNIT_ASSERT_INT((long long)sx.stat.attributes, STATX_ATTR_IMMUTABLE);
	UNIT_ASSERT_INT((long long)sx.stat.attributes_mask, 0x74);
	UNIT_ASSERT_INT(sk_statx(k, 1, NULL, 0, STATX_BTIME, &sx), 0);
	UNIT_ASSERT_INT(sx.stat.mask, STATX_BASIC_STATS);
	fs_stop();
	k = start_ex(NULL, CORE_HIDE_BTIME, 0);
	UNIT_ASSERT_INT(sk_statx(k, 1, NULL, 0, STATX_BTIME, &sx), -ENOSYS);
	fs_stop();
}

static void statx_of_the_program_gets_what_it_lacks(void)
{
	struct core_fs_ops ops = x_ops();
	struct wire_statx_out sx = {0};
	struct sk *k;
	uint64_t f;

	ops.statx = m_statx;
	k = start_ex(&ops, 0, 0);
	f = file(k, "f", S_IFREG | 0600);
	UNIT_ASSERT_INT(sk_statx(k, f, NULL, 0, STATX_BTIME, &sx), 0);
	UNIT_ASSERT_INT(sx.stat.mode, S_IFREG | 0644); /* the program's */
	UNIT_ASSERT_INT(sx.stat.mask, STATX_BTIME);
	UNIT_ASSERT_INT((long long)sx.stat.btime.tv_sec, 1600000000);
	fs_stop();
}

static int do_ioctl(struct sk *k, uint64_t node, unsigned cmd, const void *in, uint32_t in_size,
		    void *out, uint32_t out_size)
{
	struct wire_open_out o = {0};
	struct wire_ioctl_in io = {.cmd = cmd, .in_size = in_size, .out_size = out_size};
	struct wire_ioctl_out result = {0};
	long res;

	UNIT_ASSERT_INT(sk_open(k, node, O_RDONLY, &o), 0);
	m_take();
	io.fh = o.fh;
	res = sk_ioctl(k, node, &io, in, &result, out);
	UNIT_ASSERT_INT(result.result, 0);
	UNIT_ASSERT_INT(sk_release(k, node, o.fh, 0), 0);
	return (int)res;
}

static void flags_by_ioctl(void)
{
	struct sk *k = start_ex(NULL, 0, 0);
	uint64_t f = file(k, "f", S_IFREG | 0644);
	uint64_t word = 0x1122334455667788;
	uint32_t value = 0;

	X.flags = CORE_UF_NODUMP | CORE_UF_HIDDEN;
	/* the kernel's own, a 64-bit and a 32-bit caller's */
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, &value, 4), 4);
	UNIT_ASSERT_INT(value, 0x40);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, &word, 8), 8);
	UNIT_ASSERT_INT((long long)word, 0x40);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC32_GETFLAGS, NULL, 0, &value, 4), 4);
	UNIT_ASSERT_INT(value, 0x40);
	value = FS_IMMUTABLE_FL;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &value, 4, NULL, 0), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(m_take(), "chflags /f 8002"));
	value = FS_NODUMP_FL;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC32_SETFLAGS, &value, 4, NULL, 0), 0);
	UNIT_ASSERT_INT(X.flags, CORE_UF_NODUMP | CORE_UF_HIDDEN);
	word = FS_APPEND_FL;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &word, 8, NULL, 0), 0);
	UNIT_ASSERT_INT(X.flags, CORE_UF_APPEND | CORE_UF_HIDDEN);
	/* nothing changes: nothing is asked */
	m_take();
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &word, 8, NULL, 0), 0);
	CU_ASSERT_PTR_NULL(strstr(m_take(), "chflags"));
	fs_stop();
}

static void bad_ioctls(void)
{
	struct sk *k = start_ex(NULL, 0, 0);
	uint64_t f = file(k, "f", S_IFREG | 0644);
	struct fsxattr x = {.fsx_projid = 5};
	uint64_t words[4] = {FS_IMMUTABLE_FL};
	uint32_t value = FS_SYNC_FL | FS_IMMUTABLE_FL;

	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, words, 2), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, words, 0), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, words, 32), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, words, 3, NULL, 0), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, words, 32, NULL, 0), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, NULL, 0, NULL, 0), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_FSSETXATTR, &x, 27, NULL, 0), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_FSGETXATTR, NULL, 0, words, 27), -EINVAL);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_FSSETXATTR, &x, sizeof(x), NULL, 0), -EOPNOTSUPP);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &value, 4, NULL, 0), -EOPNOTSUPP);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETVERSION, NULL, 0, words, 8), -ENOSYS);
	UNIT_ASSERT_INT(X.flags, 0);
	/* the program does not know a flag */
	value = FS_COMPR_FL;
	X.fail_chflags = EOPNOTSUPP;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &value, 4, NULL, 0), -EOPNOTSUPP);
	X.fail_chflags = ENOSYS;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &value, 4, NULL, 0), -EOPNOTSUPP);
	X.fail_chflags = 0;
	/* others than the owner (5), and flags that are root's */
	sk_set_ids(k, 7, 7, 1);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &value, 4, NULL, 0), -EPERM);
	sk_set_ids(k, 5, 5, 1);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &value, 4, NULL, 0), 0);
	value = FS_APPEND_FL;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_SETFLAGS, &value, 4, NULL, 0), -EPERM);
	UNIT_ASSERT_INT(X.flags, CORE_UF_COMPRESSED);
	fs_stop();
}

static void fsxattr(void)
{
	struct sk *k = start_ex(NULL, 0, 0);
	uint64_t f = file(k, "f", S_IFREG | 0644);
	struct fsxattr x;

	X.flags = CORE_UF_NODUMP | CORE_UF_COMPRESSED;
	memset(&x, 0xff, sizeof(x));
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_FSGETXATTR, NULL, 0, &x, sizeof(x)), sizeof(x));
	UNIT_ASSERT_INT(x.fsx_xflags, FS_XFLAG_NODUMP);
	UNIT_ASSERT_INT(x.fsx_projid, 0);
	x.fsx_xflags = FS_XFLAG_APPEND;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_FSSETXATTR, &x, sizeof(x), NULL, 0), 0);
	UNIT_ASSERT_INT(X.flags, CORE_UF_APPEND | CORE_UF_COMPRESSED);
	fs_stop();
}

static void the_programs_ioctl_wins(void)
{
	struct core_fs_ops ops = x_ops();
	static const int unknown[] = {-ENOTTY, -EINVAL, -ENOSYS};
	uint32_t value = 0;
	struct sk *k;
	uint64_t f;

	ops.ioctl = x_ioctl;
	k = start_ex(&ops, 0, 0);
	f = file(k, "f", S_IFREG | 0644);
	X.flags = CORE_UF_IMMUTABLE;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, &value, 4), 4);
	UNIT_ASSERT_INT(value, 0x40);
	X.ioctl = -EACCES;
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, &value, 4), -EACCES);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(unknown); i++) {
		X.ioctl = unknown[i];
		UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, &value, 4), 4);
		UNIT_ASSERT_INT(value, FS_IMMUTABLE_FL);
	}
	X.ioctl = -EINVAL;
	UNIT_ASSERT_INT(do_ioctl(k, f, 0x1234, NULL, 0, &value, 4), -EINVAL);
	fs_stop();
	k = start_ex(NULL, CORE_HIDE_INODE_FLAGS, 0);
	f = file(k, "f", S_IFREG | 0644);
	UNIT_ASSERT_INT(do_ioctl(k, f, FS_IOC_GETFLAGS, NULL, 0, &value, 4), -ENOSYS);
	fs_stop();
}

static void dos_attributes(void)
{
	struct sk *k = start_ex(NULL, 0, 0);
	uint64_t f = file(k, "f", S_IFREG | 0644);
	uint32_t value = 0;
	char text[64];

	X.flags = CORE_UF_HIDDEN | CORE_UF_NODUMP;
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_attrib", &value, 4), 4);
	UNIT_ASSERT_INT(value, 2);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_attrib", NULL, 0), 4);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_attrib", text, 3), -ERANGE);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_attrib_be", text, 4), 4);
	CU_ASSERT_EQUAL(memcmp(text, "\0\0\0\2", 4), 0);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "user.other", text, 4), -ENODATA);
	value = 0x21;
	m_take();
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 4, 0), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(m_take(), "chflags /f 1801"));
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 4, XATTR_CREATE), -EEXIST);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 4, XATTR_REPLACE), 0);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 3, 0), -EINVAL);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", "", 0, 0), -EINVAL);
	value = 0x40000002;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 4, 0), -EINVAL);
	UNIT_ASSERT_INT(sk_removexattr(k, f, "system.ntfs_attrib"), -EPERM);
	UNIT_ASSERT_INT(sk_removexattr(k, f, "user.other"), -ENODATA);
	sk_set_ids(k, 7, 7, 1);
	value = 2;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 4, 0), -EPERM);
	UNIT_ASSERT_INT(X.flags, 0x1801);
	X.fail_chflags = ENOSYS;
	sk_set_ids(k, 5, 5, 1);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 4, 0), -EOPNOTSUPP);
	fs_stop();
}

static void file_times(void)
{
	struct sk *k = start_ex(NULL, 0, 0);
	uint64_t f = file(k, "f", S_IFREG | 0644);
	uint64_t times[5] = {0}, birth;

	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_times", times, 32), 32);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_crtime", &birth, 8), 8);
	CU_ASSERT_EQUAL(birth, 132444736001234567);
	CU_ASSERT_EQUAL(times[0], birth);
	CU_ASSERT_EQUAL(times[1], 116444746000000000);
	/* read and written back: below 100 ns nothing is lost */
	m_take();
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_times", times, 32, 0), 0);
	ASSERT_ASKED("getattr /f");
	UNIT_ASSERT_INT(X.birth.tv_nsec, 123456789);
	birth += 10000000;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_crtime", &birth, 8, 0), 0);
	UNIT_ASSERT_INT(X.birth.tv_sec, 1600000001);
	UNIT_ASSERT_INT(X.birth.tv_nsec, 123456700);
	for (int i = 0; i < 4; i++)
		times[i] = 116444736000000000 + (uint64_t)i * 10000000;
	m_take();
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_times", times, 32, 0), 0);
	const char *asked = m_take();
	const char *order[] = {"utimens /f set set", "setcrtime /f 0.", "setchgtime /f 3."};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(order); i++) {
		asked = strstr(asked, order[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(asked);
	}
	/* out of range: not even the first is set */
	times[0] += 10000000;
	times[3] = UINT64_MAX / 2 + 1;
	m_take();
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_times", times, 32, 0), -ERANGE);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_times", times, 31, 0), -EINVAL);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_times", times, 40, 0), -EINVAL);
	ASSERT_ASKED("");
	/* a birth time that Windows cannot say */
	X.birth.tv_sec = -20000000000;
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_crtime", &birth, 8), -EOVERFLOW);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "user.DOSATTRIB", (char[24]){0}, 24), 24);
	X.birth = (struct timespec){0, 0};
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_crtime", &birth, 8), -ENODATA);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_crtime", times, 8, XATTR_REPLACE), -ENODATA);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_crtime", times, 8, XATTR_CREATE), 0);
	UNIT_ASSERT_INT(X.birth.tv_sec, 1);
	fs_stop();
}

static void all_flags_and_backup_time(void)
{
	struct core_fs_ops ops = x_ops();
	uint64_t filetime = 0;
	uint32_t flags = 0;
	struct sk *k;
	uint64_t f;

	ops.setbkuptime = x_setbkuptime;
	ops.getxtimes = x_getxtimes;
	x_bkup = (struct timespec){0};
	k = start_ex(&ops, 0, 0);
	f = file(k, "f", S_IFREG | 0644);
	X.flags = CORE_UF_OPAQUE | CORE_UF_HIDDEN;
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ambifuse_flags", &flags, 4), 4);
	UNIT_ASSERT_INT(flags, X.flags);
	flags = 0x40000008;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_flags", &flags, 4, 0), 0);
	UNIT_ASSERT_INT(X.flags, 0x40000008);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_flags", &flags, 3, 0), -EINVAL);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ambifuse_bkuptime", &filetime, 8), -ENODATA);
	filetime = 116444736010000000;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_bkuptime", &filetime, 8, XATTR_REPLACE),
			-ENODATA);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_bkuptime", &filetime, 8, 0), 0);
	UNIT_ASSERT_INT(x_bkup.tv_sec, 1);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ambifuse_bkuptime_be", NULL, 0), 8);
	/* as with chattr: the owner, but not what is root's */
	sk_set_ids(k, 5, 5, 1);
	flags = CORE_UF_HIDDEN;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_flags", &flags, 4, 0), 0);
	flags |= CORE_UF_NOUNLINK;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_flags", &flags, 4, 0), -EPERM);
	sk_set_ids(k, 7, 7, 1);
	flags = 0;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_flags", &flags, 4, 0), -EPERM);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ambifuse_bkuptime", &filetime, 8, 0), -EPERM);
	UNIT_ASSERT_INT(X.flags, CORE_UF_HIDDEN);
	fs_stop();
}

static const char samba[] = "\0\0\5\0\5\0\0\0\x11\0\0\0\x27\0\0\0\x4f\x7d\x8e\x2b\xb3\x79\xdd\1";

static void samba_attributes(void)
{
	struct core_fs_ops ops = x_ops();
	struct sk *k = start_ex(NULL, 0, 0);
	uint64_t f = file(k, "f", S_IFREG | 0644);
	char buf[64];

	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.DOSATTRIB", samba, 24, 0), 0);
	UNIT_ASSERT_INT(X.flags, 0x9880);
	UNIT_ASSERT_INT(X.birth.tv_sec, 1795263832);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "user.DOSATTRIB", buf, 64), 24);
	CU_ASSERT_EQUAL(memcmp(buf, samba, 24), 0);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.DOSATTRIB", samba, 23, 0), -EINVAL);
	/* who may write the file: not this one, though nobody but the library would say so */
	sk_set_ids(k, 7, 7, 1);
	m_take();
	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.DOSATTRIB", samba, 24, 0), -EACCES);
	CU_ASSERT_PTR_NULL(strstr(m_take(), "set"));
	UNIT_ASSERT_INT(sk_setxattr(k, file(k, "open", S_IFREG | 0646), "user.DOSATTRIB", samba, 24, 0), 0);
	sk_set_ids(k, 0, 0, 1);
	UNIT_ASSERT_INT(sk_listxattr(k, f, NULL, 0), 4 + 15);
	UNIT_ASSERT_INT(sk_listxattr(k, f, buf, 19), 19);
	CU_ASSERT_EQUAL(memcmp(buf, "a\0b\0user.DOSATTRIB", 19), 0);
	UNIT_ASSERT_INT(sk_listxattr(k, f, buf, 18), -ERANGE);
	/* other kinds of files have none */
	UNIT_ASSERT_INT(sk_listxattr(k, file(k, "p", S_IFIFO | 0644), buf, 64), 4);
	X.serves = true;
	UNIT_ASSERT_INT(sk_getxattr(k, f, "user.DOSATTRIB", buf, 64), 4);
	UNIT_ASSERT_INT(sk_listxattr(k, f, buf, 64), 4);
	m_take();
	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.DOSATTRIB", "x", 1, 0), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(m_take(), "setxattr /f user.DOSATTRIB=x"));
	UNIT_ASSERT_INT(sk_removexattr(k, f, "user.DOSATTRIB"), -ENODATA);
	fs_stop();
	/* a program without attributes: and the kernel goes on asking */
	ops.getxattr = NULL;
	ops.setxattr = NULL;
	ops.listxattr = NULL;
	ops.removexattr = NULL;
	ops.setcrtime = NULL;
	k = start_ex(&ops, CORE_HIDE_NTFS, 0);
	f = file(k, "f", S_IFREG | 0644);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "security.capability", buf, 64), -EOPNOTSUPP);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.x", "1", 1, 0), -EOPNOTSUPP);
	UNIT_ASSERT_INT(sk_removexattr(k, f, "user.x"), -EOPNOTSUPP);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_attrib", buf, 64), -EOPNOTSUPP);
	UNIT_ASSERT_INT(sk_listxattr(k, f, buf, 64), 15);
	/* the time cannot be set, the flags can */
	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.DOSATTRIB", samba, 24, 0), 0);
	UNIT_ASSERT_INT(X.flags, 0x9880);
	UNIT_ASSERT_INT(X.birth.tv_sec, 1600000000);
	fs_stop();
	k = start_ex(NULL, CORE_HIDE_DOSATTRIB, 0);
	f = file(k, "f", S_IFREG | 0644);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "user.DOSATTRIB", buf, 64), -ENODATA);
	UNIT_ASSERT_INT(sk_listxattr(k, f, buf, 64), 4);
	fs_stop();
}

static void hidden_dots(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct core_fs_ops ops = x_ops();
	uint32_t value = 0;
	struct sk *k;
	uint64_t f;

	memset(&X, 0, sizeof(X));
	cfg.stat_ex = cfg.dothidden = 1;
	k = fs_start(&ops, &cfg, NULL, 0);
	f = file(k, ".f", S_IFREG | 0644);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_attrib", &value, 4), 4);
	UNIT_ASSERT_INT(value, 2);
	value |= 1;
	UNIT_ASSERT_INT(sk_setxattr(k, f, "system.ntfs_attrib", &value, 4, 0), 0);
	UNIT_ASSERT_INT(X.flags, CORE_UF_READONLY);
	f = file(k, "g.f", S_IFREG | 0644);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "system.ntfs_attrib", &value, 4), 4);
	UNIT_ASSERT_INT(value, 1);
	fs_stop();
}

static const struct {
	uint32_t flags;
	int write, append, truncate, chmod, touch, link, rename, unlink;
} forbidden[] = {
	{0, 0, 0, 0, 0, 0, 0, 0, 0},
	{CORE_UF_HIDDEN | CORE_UF_NODUMP, 0, 0, 0, 0, 0, 0, 0, 0},
	{CORE_UF_IMMUTABLE, -1, -1, -1, -1, -1, -1, -1, -1},
	{CORE_SF_IMMUTABLE, -1, -1, -1, -1, -1, -1, -1, -1},
	{CORE_UF_APPEND, -1, 0, -1, -1, 0, -1, -1, -1},
	{CORE_UF_NOUNLINK, 0, 0, 0, 0, 0, 0, -1, -1},
	{CORE_UF_READONLY, -1, -1, -1, 0, 0, 0, 0, -1},
};

static void close_it(struct sk *k, uint64_t f, const struct wire_open_out *o, int res)
{
	if (!res)
		sk_release(k, f, o->fh, 0);
}

static void flags_forbid(void)
{
	struct wire_setattr_in size = {.valid = WIRE_FATTR_SIZE}, mode = {.valid = WIRE_FATTR_MODE};
	struct wire_setattr_in touch = {.valid = WIRE_FATTR_ATIME | WIRE_FATTR_ATIME_NOW |
						 WIRE_FATTR_MTIME | WIRE_FATTR_MTIME_NOW};
	struct wire_attr_out a;

	mode.mode = S_IFREG | 0600;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(forbidden); i++) {
		struct sk *k = start_ex(NULL, 0, 1);
		uint64_t f = file(k, "f", S_IFREG | 0644);
		struct wire_open_out o = {0};
		struct wire_entry_out e = {0};
		int res;

		X.flags = forbidden[i].flags;
		close_it(k, f, &o, res = sk_open(k, f, O_RDONLY, &o));
		UNIT_ASSERT_INT(res, 0);
		close_it(k, f, &o, res = sk_open(k, f, O_RDWR, &o));
		UNIT_ASSERT_INT(res, forbidden[i].write);
		close_it(k, f, &o, res = sk_open(k, f, O_WRONLY | O_APPEND, &o));
		UNIT_ASSERT_INT(res, forbidden[i].append);
		UNIT_ASSERT_INT(sk_setattr(k, f, &size, &a), forbidden[i].truncate);
		UNIT_ASSERT_INT(sk_setattr(k, f, &mode, &a), forbidden[i].chmod);
		UNIT_ASSERT_INT(sk_setxattr(k, f, "user.x", "1", 1, 0), forbidden[i].chmod);
		UNIT_ASSERT_INT(sk_setattr(k, f, &touch, &a), forbidden[i].touch);
		UNIT_ASSERT_INT(sk_link(k, f, 1, "g", &e), forbidden[i].link);
		UNIT_ASSERT_INT(sk_rename(k, 1, "f", 1, "h", 0), forbidden[i].rename);
		UNIT_ASSERT_INT(sk_unlink(k, 1, forbidden[i].rename ? "f" : "h"),
				forbidden[i].unlink);
		CU_ASSERT_EQUAL(m_exists(forbidden[i].rename ? "/f" : "/h"),
				forbidden[i].unlink != 0);
		/* the program is not even asked */
		if (forbidden[i].flags == CORE_UF_IMMUTABLE) {
			const char *asked = m_take();

			CU_ASSERT_PTR_NULL(strstr(asked, "chmod"));
			CU_ASSERT_PTR_NULL(strstr(asked, "truncate"));
			CU_ASSERT_PTR_NULL(strstr(asked, "unlink"));
			CU_ASSERT_PTR_NULL(strstr(asked, "rename"));
			CU_ASSERT_PTR_NULL(strstr(asked, "link"));
		}
		fs_stop();
	}
}

static void directories_forbid(void)
{
	static const struct {
		uint32_t flags;
		int make, remove;
	} dirs[] = {{0, 0, 0},
		    {CORE_UF_IMMUTABLE, -EPERM, -EPERM},
		    {CORE_UF_APPEND, 0, -EPERM},
		    {CORE_UF_READONLY, 0, 0}};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(dirs); i++) {
		struct sk *k = start_ex(NULL, 0, 1);
		uint64_t d = file(k, "d", S_IFDIR | 0755);
		struct wire_entry_out e = {0};

		X.flags = dirs[i].flags;
		UNIT_ASSERT_INT(sk_mkdir(k, d, "sub", 0755, 0, &e), dirs[i].make);
		UNIT_ASSERT_INT(sk_symlink(k, d, "l", "x", &e), dirs[i].make);
		UNIT_ASSERT_INT(sk_mknod(k, d, "f", S_IFREG | 0644, 0, 0, &e), dirs[i].make);
		X.flags = 0;
		if (dirs[i].make)
			UNIT_ASSERT_INT(sk_mknod(k, d, "f", S_IFREG | 0644, 0, 0, &e), 0);
		X.flags = dirs[i].flags & ~(uint32_t)CORE_UF_READONLY;
		UNIT_ASSERT_INT(sk_rename(k, d, "f", 1, "f", 0), dirs[i].remove);
		X.flags = 0;
		fs_stop();
	}
}

static void what_init_asks_for(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct sk_config newest = {.caps = SK_CAPS_LINUX | WIRE_CAP(REQUEST_TIMEOUT)};
	struct core_fs_ops ops = x_ops();
	struct sk *k;

	cfg.stat_ex = 1;
	cfg.tune.daemon_timeout = 77;
	k = fs_start(&ops, &cfg, &newest, 0);
	CU_ASSERT((sk_caps(k) & WIRE_CAP(IOCTL_DIR)) != 0);
	CU_ASSERT((sk_caps(k) & WIRE_CAP(REQUEST_TIMEOUT)) != 0);
	UNIT_ASSERT_INT(sk_init_out(k)->request_timeout, 77);
	fs_stop();
	/* a kernel that does not know these */
	k = fs_start(&ops, &cfg, &(struct sk_config){.minor = 17}, 0);
	CU_ASSERT_EQUAL(sk_caps(k) & (WIRE_CAP(IOCTL_DIR) | WIRE_CAP(REQUEST_TIMEOUT)), 0);
	fs_stop();
	cfg.ext_hide = CORE_HIDE_INODE_FLAGS;
	cfg.tune.daemon_timeout = 0;
	k = fs_start(&ops, &cfg, NULL, 0);
	CU_ASSERT_EQUAL(sk_caps(k) & WIRE_CAP(IOCTL_DIR), 0);
	fs_stop();
}

UNIT_SUITE(ext_view, UNIT_TEST(what_init_asks_for), UNIT_TEST(all_flags_and_backup_time),
	   UNIT_TEST(statx_has_birth_time), UNIT_TEST(statx_of_the_program_gets_what_it_lacks),
	   UNIT_TEST(flags_by_ioctl), UNIT_TEST(bad_ioctls), UNIT_TEST(fsxattr),
	   UNIT_TEST(the_programs_ioctl_wins), UNIT_TEST(dos_attributes), UNIT_TEST(file_times),
	   UNIT_TEST(samba_attributes), UNIT_TEST(hidden_dots), UNIT_TEST(flags_forbid),
	   UNIT_TEST(directories_forbid));
