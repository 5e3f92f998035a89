/*
 * The path API: how each request becomes an operation on a path, and attributes and names.
 */
#include "test_fs.h"
#include "test_missing.h"

static uint64_t lookup(struct sk *k, uint64_t parent, const char *name)
{
	struct wire_entry_out e = {0};

	UNIT_ASSERT_INT(sk_lookup(k, parent, name, &e), 0);
	return e.nodeid;
}

/* ---- each operation
 * ------------------------------------------------------------------------------- */

static void names(struct sk *k)
{
	struct wire_entry_out e;
	uint64_t d, f;

	UNIT_ASSERT_INT(sk_lookup(k, 1, "none", NULL), -ENOENT);
	ASSERT_ASKED("getattr /none");
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "d", 0750, 022, &e), 0);
	ASSERT_ASKED("mkdir /d 750; getattr /d");
	CU_ASSERT(e.entry_valid == 1 && e.attr_valid == 2 && e.attr.uid == 5);
	CU_ASSERT(e.attr.ino == (uint32_t)e.nodeid); /* without use_ino */
	d = e.nodeid;
	UNIT_ASSERT_INT(lookup(k, 1, "d"), (long long)d);
	m_take();
	UNIT_ASSERT_INT(sk_mknod(k, d, "fifo", S_IFIFO | 0600, 0, 022, NULL), 0);
	ASSERT_ASKED("mknod /d/fifo 10600 0; getattr /d/fifo");
	UNIT_ASSERT_INT(sk_mknod(k, d, "reg", S_IFREG | 0600, 0, 022, NULL), 0);
	ASSERT_ASKED("create /d/reg 100600 301; release /d/reg; getattr /d/reg");
	UNIT_ASSERT_INT(sk_symlink(k, d, "l", "the/target", &e), 0);
	ASSERT_ASKED("symlink /d/l the/target; getattr /d/l");
	char target[100];

	UNIT_ASSERT_INT(sk_readlink(k, e.nodeid, target, sizeof(target)), 10);
	UNIT_ASSERT_STR(target, "the/target");
	CU_ASSERT(!strncmp(m_take(), "readlink /d/l 409", 17));
	f = lookup(k, d, "reg");
	m_take();
	UNIT_ASSERT_INT(sk_rename(k, d, "reg", 1, "moved", 0), 0);
	ASSERT_ASKED("rename /d/reg /moved 0");
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	ASSERT_ASKED("getattr /moved");
	UNIT_ASSERT_INT(sk_rename(k, 1, "d", 1, "dd", 1), 0);
	ASSERT_ASKED("rename /d /dd 1");
	UNIT_ASSERT_INT(sk_unlink(k, d, "fifo"), 0);
	ASSERT_ASKED("unlink /dd/fifo");
	UNIT_ASSERT_INT(sk_unlink(k, d, "l"), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "moved", 1, "dd", 2), 0);
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	ASSERT_ASKED("getattr /dd");
	UNIT_ASSERT_INT(sk_getattr(k, d, NULL, NULL), 0);
	ASSERT_ASKED("getattr /moved");
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "moved"), 0);
	ASSERT_ASKED("rmdir /moved");
	UNIT_ASSERT_INT(sk_getattr(k, d, NULL, NULL), -ENOENT);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "dd"), 0);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "dd"), -ENOENT);
	m_take();
}

static void attributes(struct sk *k)
{
	struct wire_setattr_in set = {.valid = WIRE_FATTR_MODE | WIRE_FATTR_UID | WIRE_FATTR_SIZE,
				      .mode = S_IFREG | 0600,
				      .uid = 9,
				      .size = 7};
	uint64_t fh = 0, f;
	struct wire_statfs_out sf;
	char buf[64];

	m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, f, &fh, NULL), 0);
	ASSERT_ASKED("getattr /a fi");
	UNIT_ASSERT_INT(sk_setattr(k, f, &set, NULL), 0);
	ASSERT_ASKED("chmod /a 100600; chown /a 9 -1; truncate /a 7; getattr /a");
	set.valid = WIRE_FATTR_GID | WIRE_FATTR_FH;
	set.gid = 8;
	UNIT_ASSERT_INT(sk_setattr(k, f, &set, NULL), 0);
	ASSERT_ASKED("chown /a -1 8 fi; getattr /a fi");
	set.valid = WIRE_FATTR_MTIME;
	UNIT_ASSERT_INT(sk_setattr(k, f, &set, NULL), 0);
	ASSERT_ASKED("utimens /a omit set; getattr /a");
	set.valid =
		WIRE_FATTR_ATIME | WIRE_FATTR_ATIME_NOW | WIRE_FATTR_MTIME | WIRE_FATTR_MTIME_NOW;
	UNIT_ASSERT_INT(sk_setattr(k, f, &set, NULL), 0);
	ASSERT_ASKED("utimens /a now now; getattr /a");
	UNIT_ASSERT_INT(sk_access(k, f, 2), -EACCES);
	ASSERT_ASKED("access /a 2");
	UNIT_ASSERT_INT(sk_statfs(k, 1, &sf), 0);
	ASSERT_ASKED("statfs /");
	CU_ASSERT(sf.blocks == 42);
	UNIT_ASSERT_INT(sk_setxattr(k, f, "user.x", "val", 3, 1), 0);
	ASSERT_ASKED("setxattr /a user.x=val 1");
	UNIT_ASSERT_INT(sk_getxattr(k, f, "user.x", NULL, 0), 5);
	ASSERT_ASKED("getxattr /a user.x 0");
	UNIT_ASSERT_INT(sk_getxattr(k, f, "user.x", buf, 20), 5);
	UNIT_ASSERT_INT(sk_getxattr(k, f, "huge", buf, 20), -ERANGE);
	UNIT_ASSERT_INT(sk_listxattr(k, f, buf, 20), 4);
	UNIT_ASSERT_INT(sk_listxattr(k, f, NULL, 0), 4);
	m_take();
	UNIT_ASSERT_INT(sk_removexattr(k, f, "user.x"), -ENODATA);
	ASSERT_ASKED("removexattr /a user.x");
	if (sk_minor(k) >= 39) {
		struct wire_statx_out sx;

		UNIT_ASSERT_INT(sk_statx(k, f, NULL, 0x10, 0xfff, &sx), 0);
		ASSERT_ASKED("statx /a 10 fff");
		CU_ASSERT(sx.stat.uid == 5 && sx.stat.ino == (uint32_t)f);
	}
	UNIT_ASSERT_INT(sk_syncfs(k, 1), sk_minor(k) < 34 ? -EOPNOTSUPP : 0);
	m_take();
}

static void files(struct sk *k)
{
	struct wire_ioctl_in io = {.cmd = 2, .in_size = 3, .out_size = 4};
	struct wire_ioctl_out res;
	struct wire_poll_in poll = {.flags = WIRE_POLL_SCHEDULE_NOTIFY, .kh = 3};
	struct wire_create_out c;
	struct wire_open_out o;
	struct sk_notification *n;
	uint64_t f, block;
	uint32_t revents;
	char buf[64];

	UNIT_ASSERT_INT(sk_create(k, 1, "c", O_RDWR, S_IFREG | 0644, 022, &c), 0);
	ASSERT_ASKED("create /c 100644 2; getattr /c fi");
	f = c.entry.nodeid;
	UNIT_ASSERT_INT(sk_write(k, f, c.open.fh, 1, "hello", 5), 5);
	ASSERT_ASKED("write /c 5 1");
	UNIT_ASSERT_INT(sk_open(k, f, O_RDONLY, &o), 0);
	ASSERT_ASKED("open /c 0");
	UNIT_ASSERT_INT(sk_read(k, f, o.fh, 0, buf, 20), 6);
	CU_ASSERT(!memcmp(buf, "\0hello", 6));
	ASSERT_ASKED("read /c 20 0");
	UNIT_ASSERT_INT(sk_flush(k, f, o.fh, 0), 0);
	UNIT_ASSERT_INT(sk_fsync(k, f, o.fh, true), 0);
	ASSERT_ASKED("flush /c; fsync /c 1");
	UNIT_ASSERT_INT(sk_bmap(k, f, 3, 512, &block), 0);
	CU_ASSERT(block == 103);
	io.fh = o.fh;
	UNIT_ASSERT_INT(sk_ioctl(k, f, &io, "in", &res, buf), 4);
	CU_ASSERT(res.result == 7 && !strcmp(buf, "out"));
	ASSERT_ASKED("bmap /c 512 3; ioctl /c 2 0 in");
	io.cmd = 3;
	UNIT_ASSERT_INT(sk_ioctl(k, f, &io, "in", &res, buf), -ENOTTY);
	poll.fh = o.fh;
	UNIT_ASSERT_INT(sk_poll(k, f, &poll, &revents), 0);
	UNIT_ASSERT_INT(revents, 5);
	n = sk_notification(k, 1000);
	CU_ASSERT(n && n->code == WIRE_NOTIFY_POLL);
	free(n);
	m_take();
	if (sk_minor(k) >= 28) {
		struct wire_copy_file_range_in copy = {
			.fh_in = o.fh, .nodeid_out = f, .fh_out = c.open.fh, .len = 5};

		UNIT_ASSERT_INT(sk_fallocate(k, f, o.fh, 1, 2, 3), 0);
		UNIT_ASSERT_INT(sk_lseek(k, f, o.fh, 2, 3), 12);
		UNIT_ASSERT_INT(sk_copy_file_range(k, f, &copy), 5);
		ASSERT_ASKED("fallocate /c 1 2 3; lseek /c 2 3; copy_file_range /c /c");
	}
	UNIT_ASSERT_INT(sk_release(k, f, o.fh, O_RDONLY), 0);
	UNIT_ASSERT_INT(sk_release(k, f, c.open.fh, O_RDWR), 0);
	ASSERT_ASKED("release /c; release /c");
}

static void each_operation_has_its_path(void)
{
	static const unsigned minors[] = {45, 31, 23};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++)
		for (unsigned mt = 0; mt <= 3; mt += 3) {
			struct sk_config skc = {.minor = minors[i]};
			struct sk *k = fs_start(NULL, NULL, &skc, mt);

			names(k);
			attributes(k);
			files(k);
			ASSERT_NOT_LOGGED();
			fs_stop();
		}
}

static void missing_operations(void)
{
	static const struct core_fs_ops none;
	struct wire_setattr_in set = {.valid = WIRE_FATTR_SIZE};
	struct sk *k = fs_start(&none, NULL, NULL, 0);
	struct wire_statfs_out sf;
	struct wire_open_out o;
	char buf[64];

	all_is_enosys(k);
	UNIT_ASSERT_INT(sk_setattr(k, 1, &set, NULL), -ENOSYS);
	/* These are not missed. */
	UNIT_ASSERT_INT(sk_statfs(k, 1, &sf), 0);
	UNIT_ASSERT_INT(sk_open(k, 1, O_RDONLY, &o), 0);
	UNIT_ASSERT_INT(sk_release(k, 1, o.fh, 0), 0);
	UNIT_ASSERT_INT(sk_opendir(k, 1, O_RDONLY, &o), 0);
	UNIT_ASSERT_INT(sk_readdir(k, 1, o.fh, 0, buf, 64), -ENOSYS);
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, o.fh, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, o.fh, 0), 0);
	fs_stop();
}

/* ---- options about attributes
 * ---------------------------------------------------------------------- */

static void inode_numbers(void)
{
	for (int use_ino = 0; use_ino <= 1; use_ino++) {
		struct core_fs_config cfg = fs_defaults;
		struct wire_entry_out e;
		struct wire_attr_out a;
		struct sk *k;

		cfg.use_ino = use_ino;
		k = fs_start(NULL, &cfg, NULL, 0);
		m_add("/a", S_IFREG | 0644);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "a", &e), 0);
		UNIT_ASSERT_INT((long long)e.attr.ino, use_ino ? 1002 : (uint32_t)e.nodeid);
		UNIT_ASSERT_INT(sk_getattr(k, e.nodeid, NULL, &a), 0);
		UNIT_ASSERT_INT((long long)a.attr.ino, use_ino ? 1002 : (uint32_t)e.nodeid);
		UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, &a), 0);
		UNIT_ASSERT_INT((long long)a.attr.ino, use_ino ? 1001 : 1);
		fs_stop();
	}
}

static void owners_and_modes_by_option(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct wire_entry_out e;
	struct wire_attr_out a;
	struct sk *k;

	cfg.set_uid = cfg.set_gid = cfg.set_mode = 1;
	cfg.uid = 0;
	cfg.gid = 123;
	cfg.umask = 027;
	k = fs_start(NULL, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0600);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "a", &e), 0);
	CU_ASSERT(e.attr.uid == 0 && e.attr.gid == 123);
	UNIT_ASSERT_INT(e.attr.mode, S_IFREG | 0750);
	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, &a), 0);
	UNIT_ASSERT_INT(a.attr.mode, S_IFDIR | 0750);
	if (sk_minor(k) >= 39) {
		struct wire_statx_out sx;

		UNIT_ASSERT_INT(sk_statx(k, e.nodeid, NULL, 0, 0xfff, &sx), 0);
		CU_ASSERT(sx.stat.uid == 0 && sx.stat.gid == 123 &&
			  sx.stat.mode == (S_IFREG | 0750));
	}
	fs_stop();
}

static void names_that_are_not_there_are_cached(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct wire_entry_out e;
	struct sk_req *req;
	const struct wire_entry_out *out;
	struct sk *k;
	size_t len;

	cfg.negative_timeout = 3;
	k = fs_start(NULL, &cfg, NULL, 0);
	sk_submit(k, &req, sk_lookup(k, 1, "none", NULL));
	UNIT_ASSERT_INT(sk_wait(k, req, 0), -ENOENT);
	out = sk_reply(req, &len);
	CU_ASSERT(len == sizeof(e) && out->nodeid == 0 && out->entry_valid == 3);
	sk_req_free(k, req);
	M.fail_getattr = EIO;
	UNIT_ASSERT_INT(sk_lookup(k, 1, "none", &e), -EIO);
	M.fail_getattr = 0;
	fs_stop();
}

static void old_times_come_together_only(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct wire_setattr_in set = {.valid = WIRE_FATTR_MTIME};
	struct sk *k;

	cfg.utime_omit_ok = 0;
	k = fs_start(NULL, &cfg, NULL, 0);
	UNIT_ASSERT_INT(sk_setattr(k, 1, &set, NULL), 0);
	ASSERT_ASKED("getattr /");
	set.valid = WIRE_FATTR_MTIME | WIRE_FATTR_ATIME;
	UNIT_ASSERT_INT(sk_setattr(k, 1, &set, NULL), 0);
	ASSERT_ASKED("utimens / set set; getattr /");
	fs_stop();
}

/* ---- nodes
 * ------------------------------------------------------------------------------------------- */

static void dots(void)
{
	struct wire_entry_out e;
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	uint64_t d, f;

	m_add("/d", S_IFDIR | 0755);
	m_add("/d/..f", S_IFREG | 0644);
	d = lookup(k, 1, "d");
	f = lookup(k, d, "..f");
	CU_ASSERT_NOT_EQUAL(f, d);
	UNIT_ASSERT_INT(sk_lookup(k, d, ".", &e), 0);
	UNIT_ASSERT_INT((long long)e.nodeid, (long long)d);
	UNIT_ASSERT_INT(sk_lookup(k, d, "..", &e), 0);
	UNIT_ASSERT_INT((long long)e.nodeid, 1);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "..", &e), -ENOENT);
	/* Of a node nobody knows. */
	UNIT_ASSERT_INT(sk_lookup(k, 12345, ".", &e), -ESTALE);
	fs_stop();
}

static void forgotten_nodes_are_stale(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 2);
	struct wire_forget_one list[3];
	uint64_t f;

	for (int i = 0; i < 3; i++) {
		char name[] = {'/', (char)('a' + i), 0};

		m_add(name, S_IFREG | 0644);
		list[i].nodeid = lookup(k, 1, name + 1);
		list[i].nlookup = 1;
	}
	f = lookup(k, 1, "a");
	UNIT_ASSERT_INT(sk_batch_forget(k, list, 3), 0);
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	UNIT_ASSERT_INT(sk_forget(k, f, 1), 0);
	CU_ASSERT_TRUE(soon(F->tree.nodes.count == 1));
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), -ESTALE);
	UNIT_ASSERT_INT(sk_unlink(k, f, "x"), -ESTALE);
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", f, "x", 0), -ESTALE);
	UNIT_ASSERT_INT(sk_link(k, f, 1, "x", NULL), -ESTALE);
	UNIT_ASSERT_INT(sk_open(k, f, O_RDONLY, NULL), -ESTALE);
	UNIT_ASSERT_INT(sk_opendir(k, f, O_RDONLY, NULL), -ESTALE);
	fs_stop();
}

static void entries_nobody_took_are_not_counted(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct sk_req *req;

	m_add("/a", S_IFREG | 0644);
	sk_hold(k);
	sk_submit(k, &req, sk_lookup(k, 1, "a", NULL));
	sk_release_held(k, SK_FIFO, 0);
	sk_wait(k, req, 0);
	sk_req_free(k, req);
	fs_stop();
}

/* The caller was killed: what was opened is closed, what was looked up forgotten. */
static struct sk_req *_Atomic victim;

static void abandon(const char *op, const char *path)
{
	(void)path;
	if (victim && (!strcmp(op, "open") || !strcmp(op, "create") || !strcmp(op, "opendir") ||
		       !strcmp(op, "getattr"))) {
		sk_abandon(T.k, victim);
		victim = NULL;
	}
}

static void interrupted_callers_leave_nothing_open(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct sk_req *req;
	uint64_t f;

	m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	M.in_call = abandon;
	for (int i = 0; i < 4; i++) {
		sk_hold(k);
		if (i == 0)
			sk_submit(k, &req, sk_open(k, f, O_RDWR, NULL));
		else if (i == 1)
			sk_submit(k, &req, sk_create(k, 1, "new", O_RDWR, 0644, 0, NULL));
		else if (i == 2)
			sk_submit(k, &req, sk_opendir(k, 1, O_RDONLY, NULL));
		else
			sk_submit(k, &req, sk_lookup(k, 1, "a", NULL));
		victim = req;
		sk_release_held(k, SK_FIFO, 0);
		UNIT_ASSERT_INT(sk_wait(k, req, 0), -EINTR);
		sk_req_free(k, req);
	}
	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, NULL), 0);
	UNIT_ASSERT_INT(m_opens - m_releases, 0);
	UNIT_ASSERT_INT(m_opendirs - m_releasedirs, 0);
	UNIT_ASSERT_INT(m_opens, 2);
	UNIT_ASSERT_INT((long long)F->tree.nodes.count, 2);
	fs_stop();
}

static void a_made_file_that_cannot_be_seen(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);

	M.fail_getattr = EACCES;
	UNIT_ASSERT_INT(sk_create(k, 1, "c", O_RDWR, 0644, 0, NULL), -EACCES);
	ASSERT_ASKED("create /c 644 2; getattr /c fi; release /c");
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "d", 0755, 0, NULL), -EACCES);
	fs_stop();
}

static void invalidating_a_path(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct sk_notification *n;
	char longer[1100];
	uint64_t f;

	m_add("/d", S_IFDIR | 0755);
	m_add("/d/f", S_IFREG | 0644);
	f = lookup(k, lookup(k, 1, "d"), "f");
	UNIT_ASSERT_INT(core_fs_invalidate_path(F, "/d/f"), 0);
	n = sk_notification(k, 1000);
	CU_ASSERT(n && ((struct wire_notify_inval_inode_out *)n->data)->ino == f);
	free(n);
	UNIT_ASSERT_INT(core_fs_invalidate_path(F, "//d//"), 0);
	UNIT_ASSERT_INT(core_fs_invalidate_path(F, "/"), 0);
	UNIT_ASSERT_INT(core_fs_invalidate_path(F, "/x/y"), -ENOENT);
	memset(longer, 'x', sizeof(longer));
	longer[1099] = 0;
	UNIT_ASSERT_INT(core_fs_invalidate_path(F, longer), -ENAMETOOLONG);
	while ((n = sk_notification(k, 20)))
		free(n);
	fs_stop();
}

UNIT_SUITE(fs, UNIT_TEST(each_operation_has_its_path), UNIT_TEST(missing_operations),
	   UNIT_TEST(inode_numbers), UNIT_TEST(owners_and_modes_by_option),
	   UNIT_TEST(names_that_are_not_there_are_cached), UNIT_TEST(old_times_come_together_only),
	   UNIT_TEST(dots), UNIT_TEST(forgotten_nodes_are_stale),
	   UNIT_TEST(entries_nobody_took_are_not_counted),
	   UNIT_TEST(interrupted_callers_leave_nothing_open),
	   UNIT_TEST(a_made_file_that_cannot_be_seen), UNIT_TEST(invalidating_a_path));
