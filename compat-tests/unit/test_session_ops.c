/*
 * Every low-level operation: what the program is handed, and what its answer looks like to the
 * kernel.
 */
#include "test_session_ops.h"
#include "test_missing.h"

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
	struct wire_ioctl_in io = {.cmd = 1, .flags = WIRE_IOCTL_DIR};
	struct wire_open_out o;
	struct wire_statfs_out st;
	char buf[64];
	struct sk *k = start(&s);

	all_is_enosys(k);
	UNIT_ASSERT_INT(sk_rename(k, 1, "x", 1, "y", 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, 0, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_readdir(k, 1, 0, 0, buf, 64), -ENOSYS);
	UNIT_ASSERT_INT(sk_readdirplus(k, 1, 0, 0, buf, 64), -ENOSYS);
	UNIT_ASSERT_INT(sk_setlk(k, 1, &lk, true), -ENOSYS);
	UNIT_ASSERT_INT(sk_ioctl(k, 1, &io, NULL, NULL, NULL), -ENOTTY);
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
