/*
 * Extensions of the path API: which operations are called, in which order, and what is refused.
 */
#include <strings.h>
#include <sys/vfs.h>
#include "core/fs/ext.h"
#include "test_fs.h"

static int x_fail; /* errno of the operation called x_fail_in */
static const char *x_fail_in;
static uint32_t x_flags;

static int x_result(const char *op)
{
	return x_fail_in && !strcmp(op, x_fail_in) ? -x_fail : 0;
}

#define TIME_OP(op)                                                                                \
	static int x_##op(void *d, const char *path, const struct timespec *t)                     \
	{                                                                                          \
		(void)d;                                                                           \
		NOTE(#op, path, "%lld", (long long)t->tv_sec);                                     \
		return x_result(#op);                                                              \
	}
TIME_OP(setcrtime)
TIME_OP(setchgtime)
TIME_OP(setbkuptime)

static int x_chflags(void *d, const char *path, uint32_t flags)
{
	(void)d;
	NOTE("chflags", path, "%x", flags);
	x_flags = flags;
	return x_result("chflags");
}

static int x_getxtimes(void *d, const char *path, struct timespec *bkup, struct timespec *cr)
{
	(void)d;
	m_note("getxtimes", path, NULL);
	*bkup = (struct timespec){70, 0};
	*cr = (struct timespec){80, 0};
	return x_result("getxtimes");
}

/* Fills in everything, as a program with the larger structure does, wanted or not. */
static int x_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	int res = m_getattr(d, path, st, fi);

	st->birthtim = (struct timespec){90, 9};
	st->flags = x_flags;
	memset(st->reserved64, 0xff, sizeof(st->reserved64));
	return res;
}

static int x_setattr_x(void *d, const char *path, struct core_setattr_x *x)
{
	(void)d;
	NOTE("setattr_x", path, "%x", (unsigned)x->valid);
	return x_result("setattr_x");
}

static int x_fsetattr_x(void *d, const char *path, struct core_setattr_x *x,
			struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	NOTE("fsetattr_x", path, "%x", (unsigned)x->valid);
	return x_result("fsetattr_x");
}

static int x_renamex(void *d, const char *from, const char *to, unsigned flags)
{
	(void)d;
	NOTE("renamex", from, "%s %x", to, flags);
	return x_result("renamex");
}

static int x_exchange(void *d, const char *a, const char *b, unsigned long flags)
{
	(void)d;
	NOTE("exchange", a, "%s %lx", b, flags);
	return x_result("exchange");
}

static int x_statfs_x(void *d, const char *path, struct statfs *st)
{
	(void)d;
	m_note("statfs_x", path, NULL);
	st->f_bsize = 4096;
	st->f_blocks = 12;
	st->f_namelen = 99;
	return x_result("statfs_x");
}

static struct core_fs_ops x_ops(void)
{
	struct core_fs_ops ops = m_all_ops();

	x_fail_in = NULL;
	x_fail = 0;
	x_flags = 0;
	ops.getattr = x_getattr;
	ops.setcrtime = x_setcrtime;
	ops.setchgtime = x_setchgtime;
	ops.setbkuptime = x_setbkuptime;
	ops.getxtimes = x_getxtimes;
	ops.chflags = x_chflags;
	return ops;
}

static struct core_fs_config with(int stat_ex)
{
	struct core_fs_config cfg = fs_defaults;

	cfg.stat_ex = stat_ex;
	return cfg;
}

static uint64_t lookup(struct sk *k, const char *name)
{
	struct wire_entry_out e = {0};

	UNIT_ASSERT_INT(sk_lookup(k, 1, name, &e), 0);
	return e.nodeid;
}

/* ---- the set ------------------------------------------------------------------------------ */

#define EVERYTHING                                                                                 \
	(CORE_EXT_FLAGS | CORE_EXT_ATIME | CORE_EXT_MTIME | CORE_EXT_CRTIME | CORE_EXT_CHGTIME |   \
	 CORE_EXT_BKUPTIME)

static const struct core_ext_attr new_attr = {
	.flags = 0x8801,
	.atime = {1, 0},
	.mtime = {2, 0},
	.crtime = {3, 0},
	.chgtime = {4, 0},
	.bkuptime = {5, 0},
};

static void a_set_is_applied_in_order(void)
{
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(1);
	struct core_ext_attr out;

	fs_start(&ops, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr, EVERYTHING, &out), 0);
	ASSERT_ASKED("chflags /a 8801; utimens /a set set; setcrtime /a 3; setbkuptime /a 5; "
		     "setchgtime /a 4; getattr /a; getxtimes /a");
	UNIT_ASSERT_INT(out.valid, EVERYTHING);
	UNIT_ASSERT_INT(out.flags, 0x8801);
	UNIT_ASSERT_INT(out.crtime.tv_sec, 90); /* getattr's counts before that of getxtimes */
	UNIT_ASSERT_INT(out.bkuptime.tv_sec, 70);
	UNIT_ASSERT_INT(
		core_fs_ext_set(F, "/a", NULL, &new_attr, CORE_EXT_CHGTIME | CORE_EXT_CRTIME, NULL),
		0);
	ASSERT_ASKED("setcrtime /a 3; setchgtime /a 4; getattr /a");
	UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr, CORE_EXT_MTIME, NULL), 0);
	ASSERT_ASKED("utimens /a omit set; getattr /a");
	fs_stop();
}

static void the_first_error_ends_it(void)
{
	static const struct {
		const char *op;
		int err;
		const char *asked;
	} c[] = {
		{"chflags", EPERM, "chflags /a 8801"},
		{"chflags", ENOSYS, "chflags /a 8801"},
		{"setcrtime", ENOSYS, "chflags /a 8801; utimens /a set set; setcrtime /a 3"},
		{"setchgtime", EIO,
		 "chflags /a 8801; utimens /a set set; setcrtime /a 3; setbkuptime /a 5; "
		 "setchgtime /a 4"},
	};
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(1);
	struct core_ext_attr out;

	fs_start(&ops, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(c); i++) {
		x_fail_in = c[i].op;
		x_fail = c[i].err;
		UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr, EVERYTHING, &out),
				-c[i].err);
		ASSERT_ASKED(c[i].asked);
	}
	fs_stop();
}

static void absent_operations_are_passed_over(void)
{
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(1);

	ops.setcrtime = NULL;
	ops.utimens = NULL;
	fs_start(&ops, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr,
					CORE_EXT_CRTIME | CORE_EXT_CHGTIME | CORE_EXT_ATIME, NULL),
			0);
	ASSERT_ASKED("setchgtime /a 4; getattr /a");
	/* None of them: said, not done. */
	UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr, CORE_EXT_CRTIME, NULL), -ENOSYS);
	UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr, 0, NULL), -ENOSYS);
	ASSERT_ASKED("");
	UNIT_ASSERT_INT(core_fs_ext_settable(F),
			CORE_EXT_FLAGS | CORE_EXT_CHGTIME | CORE_EXT_BKUPTIME);
	fs_stop();
}

static void without_stat_ex_there_are_no_flags(void)
{
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(0);
	struct core_ext_attr out;
	struct wire_attr_out a;
	struct sk *k = fs_start(&ops, &cfg, NULL, 0);
	uint64_t f;

	m_add("/a", S_IFREG | 0644);
	UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr, CORE_EXT_FLAGS, NULL), -ENOSYS);
	ASSERT_ASKED("");
	UNIT_ASSERT_INT(core_fs_ext_get(F, "/a", NULL, &out), 0);
	CU_ASSERT_FALSE(out.valid & CORE_EXT_FLAGS);
	UNIT_ASSERT_INT(out.crtime.tv_sec, 80);
	/* What the program writes behind struct stat disturbs nothing. */
	f = lookup(k, "a");
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, &a), 0);
	UNIT_ASSERT_INT(a.attr_valid, 2);
	UNIT_ASSERT_INT(a.attr.mode, S_IFREG | 0644);
	fs_stop();
}

static void setattr_x_comes_first(void)
{
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(1);
	struct wire_setattr_in in = {.valid = WIRE_FATTR_MODE | WIRE_FATTR_UID,
				     .mode = S_IFREG | 0600};
	struct wire_open_out o;
	struct sk *k;
	uint64_t f;

	ops.setattr_x = x_setattr_x;
	ops.fsetattr_x = x_fsetattr_x;
	k = fs_start(&ops, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	UNIT_ASSERT_INT(
		core_fs_ext_set(F, "/a", NULL, &new_attr, CORE_EXT_FLAGS | CORE_EXT_CRTIME, NULL),
		0);
	ASSERT_ASKED("setattr_x /a 90000000; getattr /a");
	f = lookup(k, "a");
	m_take();
	UNIT_ASSERT_INT(sk_setattr(k, f, &in, NULL), 0);
	ASSERT_ASKED("setattr_x /a 3; getattr /a");
	UNIT_ASSERT_INT(sk_open(k, f, O_RDWR, &o), 0);
	m_take();
	in.valid |= WIRE_FATTR_FH | WIRE_FATTR_MTIME | WIRE_FATTR_MTIME_NOW;
	in.fh = o.fh;
	UNIT_ASSERT_INT(sk_setattr(k, f, &in, NULL), 0);
	ASSERT_ASKED("fsetattr_x /a 23; getattr /a fi");
	/* Its errors are final, but for ENOSYS. */
	x_fail_in = "fsetattr_x";
	x_fail = EPERM;
	UNIT_ASSERT_INT(sk_setattr(k, f, &in, NULL), -EPERM);
	ASSERT_ASKED("fsetattr_x /a 23");
	x_fail = ENOSYS;
	UNIT_ASSERT_INT(sk_setattr(k, f, &in, NULL), 0);
	ASSERT_ASKED("fsetattr_x /a 23; chmod /a 100600 fi; chown /a 0 -1 fi; utimens /a omit now; "
		     "getattr /a fi");
	UNIT_ASSERT_INT(sk_release(k, f, o.fh, O_RDWR), 0);
	x_fail_in = "setattr_x";
	m_take();
	UNIT_ASSERT_INT(
		core_fs_ext_set(F, "/a", NULL, &new_attr, CORE_EXT_FLAGS | CORE_EXT_CRTIME, NULL),
		0);
	ASSERT_ASKED("setattr_x /a 90000000; chflags /a 8801; setcrtime /a 3; getattr /a");
	fs_stop();
}

/* ---- names -------------------------------------------------------------------------------- */

static void renames_with_flags(void)
{
	struct core_fs_ops ops = x_ops();
	struct sk *k;

	ops.renamex = x_renamex;
	ops.exchange = x_exchange;
	k = fs_start(&ops, NULL, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	m_add("/b", S_IFREG | 0644);
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 2), 0);
	ASSERT_ASKED("renamex /a /b 2");
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "c", 1), 0);
	ASSERT_ASKED("renamex /a /c 4");
	x_fail_in = "renamex";
	x_fail = ENOSYS;
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 2), 0);
	ASSERT_ASKED("renamex /a /b 2; exchange /a /b 0");
	x_fail = EBUSY;
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 2), -EBUSY);
	ASSERT_ASKED("renamex /a /b 2");
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "c", 0), 0);
	ASSERT_ASKED("rename /a /c 0");
	fs_stop();
}

static int refuse_delete(void *d, const char *path, int mask)
{
	(void)d;
	NOTE("access", path, "%x", mask);
	return x_result(path);
}

static void deleting_needs_leave(void)
{
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(0);
	struct sk *k;

	cfg.delete_access = 1;
	ops.access = refuse_delete;
	k = fs_start(&ops, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	m_add("/b", S_IFREG | 0644);
	m_add("/d", S_IFDIR | 0755);
	x_fail_in = "/a";
	x_fail = EACCES;
	UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), -EACCES);
	ASSERT_ASKED("access /a 40000000");
	UNIT_ASSERT_INT(sk_rename(k, 1, "b", 1, "a", 0), -EACCES);
	ASSERT_ASKED("getattr /a; access /a 40000000");
	/* Only these two errors are a refusal. */
	x_fail = ENOSYS;
	UNIT_ASSERT_INT(sk_rename(k, 1, "b", 1, "a", 0), 0);
	ASSERT_ASKED("getattr /a; access /a 40000000; rename /b /a 0");
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "new", 0), 0);
	ASSERT_ASKED("getattr /new; rename /a /new 0");
	x_fail_in = "/d";
	x_fail = EPERM;
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "d"), -EPERM);
	ASSERT_ASKED("access /d 40000000");
	x_fail_in = NULL;
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "d"), 0);
	ASSERT_ASKED("access /d 40000000; rmdir /d");
	UNIT_ASSERT_INT(sk_unlink(k, 1, "new"), 0);
	ASSERT_ASKED("access /new 40000000; unlink /new");
	fs_stop();
}

static void read_only_means_erofs(void)
{
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(1);
	struct wire_setattr_in in = {.valid = WIRE_FATTR_SIZE};
	struct wire_open_out o;
	char buf[8];
	struct sk *k;
	uint64_t f;

	cfg.read_only = 1;
	k = fs_start(&ops, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	f = lookup(k, "a");
	m_take();
	UNIT_ASSERT_INT(sk_open(k, f, O_RDWR, NULL), -EROFS);
	UNIT_ASSERT_INT(sk_open(k, f, O_WRONLY, NULL), -EROFS);
	UNIT_ASSERT_INT(sk_open(k, f, O_RDONLY | O_TRUNC, NULL), -EROFS);
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "d", 0755, 0, NULL), -EROFS);
	UNIT_ASSERT_INT(sk_mknod(k, 1, "d", S_IFREG | 0644, 0, 0, NULL), -EROFS);
	UNIT_ASSERT_INT(sk_symlink(k, 1, "l", "x", NULL), -EROFS);
	UNIT_ASSERT_INT(sk_link(k, f, 1, "l", NULL), -EROFS);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), -EROFS);
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "a"), -EROFS);
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 0), -EROFS);
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 2), -EROFS);
	UNIT_ASSERT_INT(sk_setattr(k, f, &in, NULL), -EROFS);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.n", "v", 1, 0), -EROFS);
	UNIT_ASSERT_INT(sk_removexattr(k, f, "user.n"), -EROFS);
	UNIT_ASSERT_INT(sk_access(k, f, W_OK), -EROFS);
	UNIT_ASSERT_INT(core_fs_ext_set(F, "/a", NULL, &new_attr, EVERYTHING, NULL), -EROFS);
	ASSERT_ASKED("");
	/* What only looks goes on. */
	UNIT_ASSERT_INT(sk_access(k, f, R_OK), 0);
	UNIT_ASSERT_INT(sk_open(k, f, O_RDONLY, &o), 0);
	UNIT_ASSERT_INT(sk_write(k, f, o.fh, 0, "x", 1), -EROFS);
	UNIT_ASSERT_INT(sk_fallocate(k, f, o.fh, 0, 0, 1), -EROFS);
	UNIT_ASSERT_INT(sk_read(k, f, o.fh, 0, buf, 8), 0);
	UNIT_ASSERT_INT(sk_release(k, f, o.fh, O_RDONLY), 0);
	fs_stop();
}

static void statfs_x_is_asked_first(void)
{
	struct core_fs_ops ops = x_ops();
	struct wire_statfs_out st;
	struct sk *k;

	ops.statfs_x = x_statfs_x;
	k = fs_start(&ops, NULL, NULL, 0);
	UNIT_ASSERT_INT(sk_statfs(k, 1, &st), 0);
	ASSERT_ASKED("statfs_x /");
	UNIT_ASSERT_INT(st.bsize, 4096);
	UNIT_ASSERT_INT(st.frsize, 4096);
	UNIT_ASSERT_INT(st.blocks, 12);
	UNIT_ASSERT_INT(st.namelen, 99);
	x_fail_in = "statfs_x";
	x_fail = ENOSYS;
	UNIT_ASSERT_INT(sk_statfs(k, 1, &st), 0);
	ASSERT_ASKED("statfs_x /; statfs /");
	x_fail = EIO;
	UNIT_ASSERT_INT(sk_statfs(k, 1, &st), -EIO);
	fs_stop();
}

/* ---- names without case --------------------------------------------------------------------- */

static struct m_file *find_folded(const char *path)
{
	for (int i = 0; path && i < M_FILES; i++)
		if (m_files[i].inode && !strcasecmp(m_files[i].path, path))
			return &m_files[i];
	return NULL;
}

/* The path by its own spelling; a text of a static buffer, one test one thread. */
static const char *spelt(const char *path)
{
	struct m_file *f = find_folded(path);

	return f ? f->path : path;
}

static int c_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	m_note("getattr", path, NULL);
	struct m_file *f = find_folded(path);

	(void)d;
	(void)fi;
	if (!f)
		return -ENOENT;
	st->st = f->inode->st;
	return 0;
}

static int c_getpath(void *d, const char *path, char *buf, size_t size, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	m_note("getpath", path, NULL);
	snprintf(buf, size, "%s", spelt(path));
	return 0;
}

static int c_unlink(void *d, const char *path)
{
	struct m_file *f = find_folded(path);

	(void)d;
	m_note("unlink", path, NULL);
	if (!f)
		return -ENOENT;
	f->inode = NULL;
	return 0;
}

static int c_rename(void *d, const char *from, const char *to, unsigned flags)
{
	struct m_file *f = find_folded(from), *old = find_folded(to);

	(void)d;
	NOTE("rename", from, "%s %u", to, flags);
	if (!f)
		return -ENOENT;
	if (old && old != f)
		old->inode = NULL;
	snprintf(f->path, sizeof(f->path), "%s", to);
	return 0;
}

static struct sk *start_folded(bool getpath)
{
	struct core_fs_ops ops = x_ops();
	struct core_fs_config cfg = with(0);

	cfg.case_insensitive = 1;
	cfg.negative_timeout = 5;
	ops.getattr = c_getattr;
	ops.unlink = c_unlink;
	ops.rename = c_rename;
	if (getpath)
		ops.getpath = c_getpath;
	return fs_start(&ops, &cfg, NULL, 0);
}

static void spellings_are_one_node(void)
{
	for (int getpath = 0; getpath <= 1; getpath++) {
		struct sk *k = start_folded(getpath);
		struct wire_entry_out e, e2, e3;
		struct wire_attr_out a;

		m_add("/Dir", S_IFDIR | 0755);
		m_add("/Dir/File", S_IFREG | 0644);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "dIR", &e), 0);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "Dir", &e2), 0);
		CU_ASSERT_EQUAL(e.nodeid, e2.nodeid);
		UNIT_ASSERT_INT(e.attr.ino, e2.attr.ino);
		UNIT_ASSERT_INT(e.entry_valid, 0);
		m_take();
		UNIT_ASSERT_INT(sk_lookup(k, e.nodeid, "FILE", &e3), 0);
		/* Paths are made of the names the program has, where it says. */
		ASSERT_ASKED(getpath ? "getattr /Dir/FILE; getpath /Dir/FILE"
				     : "getattr /dIR/FILE");
		UNIT_ASSERT_INT(sk_getattr(k, e3.nodeid, NULL, &a), 0);
		ASSERT_ASKED(getpath ? "getattr /Dir/File" : "getattr /dIR/FILE");
		/* What is missing is not remembered. */
		memset(&e2, 0xff, sizeof(e2));
		UNIT_ASSERT_INT(sk_lookup(k, 1, "none", &e2), -ENOENT);
		/* Removed by another spelling. */
		UNIT_ASSERT_INT(sk_unlink(k, e.nodeid, "fIlE"), 0);
		UNIT_ASSERT_INT(sk_getattr(k, e3.nodeid, NULL, &a), -ENOENT);
		fs_stop();
	}
}

static void a_rename_of_the_case_only(void)
{
	struct sk *k = start_folded(true);
	struct wire_entry_out e, e2;
	struct wire_attr_out a;

	m_add("/Foo", S_IFREG | 0644);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "Foo", &e), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "Foo", 1, "fOO", 0), 0);
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, e.nodeid, NULL, &a), 0);
	ASSERT_ASKED("getattr /fOO");
	UNIT_ASSERT_INT(sk_lookup(k, 1, "FOO", &e2), 0);
	CU_ASSERT_EQUAL(e.nodeid, e2.nodeid);
	CU_ASSERT_TRUE(m_exists("/fOO"));
	fs_stop();
}

static void letters_only_the_program_knows(void)
{
	struct sk *k = start_folded(true);
	struct wire_entry_out e, e2;

	/* strcasecmp() knows only ASCII, so two names that are one are made by hand. */
	m_add("/\xc3\xa9", S_IFREG | 0644);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "\xc3\xa9", &e), 0);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "\xc3\x89", NULL), -ENOENT);
	m_take();
	UNIT_ASSERT_INT(sk_rename(k, 1, "\xc3\xa9", 1, "x\xc3\xa9", 0), 0);
	ASSERT_ASKED("getpath /\xc3\xa9; rename /\xc3\xa9 /x\xc3\xa9 0");
	UNIT_ASSERT_INT(sk_lookup(k, 1, "X\xc3\xa9", &e2), 0);
	CU_ASSERT_EQUAL(e.nodeid, e2.nodeid);
	fs_stop();
}

/* ---- notifications --------------------------------------------------------------------------- */

static void expect_notes(struct sk *k, const char *want)
{
	struct sk_notification *n;
	char text[512] = "";

	while ((n = sk_notification(k, want[0] ? 200 : 20))) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "%s%s", at ? " " : "",
			 core_wire_notify_name(n->code));
		free(n);
		if (!strcmp(text, want))
			break;
	}
	UNIT_ASSERT_STR(text, want);
}

static void notifications_by_path(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);

	m_add("/a", S_IFREG | 0644);
	lookup(k, "a");
	UNIT_ASSERT_INT(core_fs_notify(F, "/a", CORE_NOTIFY_CHMOD | CORE_NOTIFY_UTIME), 0);
	expect_notes(k, "INVAL_INODE");
	UNIT_ASSERT_INT(core_fs_notify(F, "/a", CORE_NOTIFY_TRUNCATE), 0);
	expect_notes(k, "INVAL_INODE");
	UNIT_ASSERT_INT(core_fs_notify(F, "/new", CORE_NOTIFY_CREATE), 0);
	expect_notes(k, "INVAL_ENTRY INVAL_INODE");
	UNIT_ASSERT_INT(core_fs_notify(F, "/a", CORE_NOTIFY_UNLINK), 0);
	expect_notes(k, "DELETE INVAL_INODE");
	UNIT_ASSERT_INT(core_fs_notify(F, "/a/", 0), 0);
	expect_notes(k, "INVAL_ENTRY INVAL_INODE INVAL_INODE");
	UNIT_ASSERT_INT(core_fs_notify(F, "/", 0), 0);
	expect_notes(k, "INVAL_INODE");
	/* Of what the kernel cannot know there is nothing to be said. */
	UNIT_ASSERT_INT(core_fs_notify(F, "/none/at/all", CORE_NOTIFY_UNLINK), 0);
	UNIT_ASSERT_INT(core_fs_notify(F, "/none", CORE_NOTIFY_CHMOD), 0);
	expect_notes(k, "");
	UNIT_ASSERT_INT(core_fs_notify(F, "/a", 0x200), -EINVAL);
	UNIT_ASSERT_INT(core_fs_notify(F, NULL, 0), -EINVAL);
	fs_stop();
}

UNIT_SUITE(fs_ext, UNIT_TEST(a_set_is_applied_in_order), UNIT_TEST(the_first_error_ends_it),
	   UNIT_TEST(absent_operations_are_passed_over),
	   UNIT_TEST(without_stat_ex_there_are_no_flags), UNIT_TEST(setattr_x_comes_first),
	   UNIT_TEST(renames_with_flags), UNIT_TEST(deleting_needs_leave),
	   UNIT_TEST(read_only_means_erofs), UNIT_TEST(statfs_x_is_asked_first),
	   UNIT_TEST(spellings_are_one_node), UNIT_TEST(a_rename_of_the_case_only),
	   UNIT_TEST(letters_only_the_program_knows), UNIT_TEST(notifications_by_path));
