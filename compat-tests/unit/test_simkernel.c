/*
 * The simulated kernel itself, against a small fake daemon: right answers pass at every minor; what
 * a test may make it send besides, notifications, and the trace.
 */
#include "test_simkernel.h"

/* ---- everything right ------------------------------------------------------------------------ */

static void names(struct sk *k)
{
	struct wire_entry_out e;
	struct wire_create_out c;

	UNIT_ASSERT_INT(sk_lookup(k, 1, "file", &e), 0);
	UNIT_ASSERT_INT(e.nodeid, 2);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "none", &e), -ENOENT);
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "dir", 0755, 022, &e), 0);
	UNIT_ASSERT_INT(e.nodeid, 3);
	UNIT_ASSERT_INT(sk_mknod(k, 1, "file", S_IFREG | 0644, 0, 022, NULL), 0);
	UNIT_ASSERT_INT(sk_symlink(k, 1, "link", "target", NULL), 0);
	UNIT_ASSERT_INT(sk_link(k, 2, 1, "file2", NULL), 0);
	UNIT_ASSERT_INT(sk_create(k, 1, "file", O_RDWR, 0644, 022, &c), 0);
	UNIT_ASSERT_INT(c.entry.nodeid, 2);
	UNIT_ASSERT_INT(sk_nlookup(k, 2), 4);
	UNIT_ASSERT_INT(sk_nlookup(k, 3), 1);
	UNIT_ASSERT_INT(sk_nodes(k), 3);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "file"), 0);
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "dir"), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "file", 3, "new", 0), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "file", 3, "new", 1), sk_minor(k) < 23 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_tmpfile(k, 1, O_RDWR, 0600, 0, &c), sk_minor(k) < 37 ? -EOPNOTSUPP : 0);
}

static void attributes(struct sk *k)
{
	struct wire_setattr_in set = {.valid = WIRE_FATTR_MODE, .mode = 0600};
	struct wire_attr_out a;
	struct wire_statfs_out st;
	struct wire_statx_out sx;
	char buf[64];

	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, &a), 0);
	CU_ASSERT(S_ISDIR(a.attr.mode));
	UNIT_ASSERT_INT(sk_setattr(k, 2, &set, &a), 0);
	UNIT_ASSERT_INT(sk_statx(k, 2, NULL, 0, 0xfff, &sx), sk_minor(k) < 39 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_readlink(k, 4, buf, sizeof(buf)), 6);
	UNIT_ASSERT_STR(buf, "target");
	UNIT_ASSERT_INT(sk_access(k, 2, 4), 0);
	UNIT_ASSERT_INT(sk_statfs(k, 1, &st), 0);
	UNIT_ASSERT_INT(sk_setxattr(k, 2, "user.a", "value", 5, 0), 0);
	UNIT_ASSERT_INT(sk_getxattr(k, 2, "user.a", NULL, 0), 4);
	UNIT_ASSERT_INT(sk_getxattr(k, 2, "user.a", buf, sizeof(buf)), 4);
	UNIT_ASSERT_STR(buf, "abc");
	UNIT_ASSERT_INT(sk_listxattr(k, 2, NULL, 0), 4);
	UNIT_ASSERT_INT(sk_listxattr(k, 2, buf, sizeof(buf)), 4);
	UNIT_ASSERT_INT(sk_removexattr(k, 2, "user.a"), 0);
	UNIT_ASSERT_INT(sk_syncfs(k, 1), sk_minor(k) < 34 ? -EOPNOTSUPP : 0);
}

static void files(struct sk *k)
{
	struct wire_copy_file_range_in copy = {.len = 9};
	struct wire_lk_in lk = {.type = F_WRLCK};
	struct wire_lk_out lko;
	struct wire_ioctl_in ioc = {.cmd = 1, .in_size = 3, .out_size = 8};
	struct wire_ioctl_out io;
	struct wire_poll_in poll = {.events = 1};
	struct wire_open_out open;
	unsigned m = sk_minor(k);
	char buf[512];

	UNIT_ASSERT_INT(sk_open(k, 2, O_RDWR, &open), 0);
	UNIT_ASSERT_INT(sk_read(k, 2, 0, 0, buf, 100), 100);
	CU_ASSERT(buf[0] == 'r' && buf[99] == 'r');
	UNIT_ASSERT_INT(sk_write(k, 2, 0, 0, buf, 100), 100);
	UNIT_ASSERT_INT(sk_write(k, 2, 0, 0, buf, 1 << 20), -EINVAL);
	UNIT_ASSERT_INT(sk_flush(k, 2, 0, 7), 0);
	UNIT_ASSERT_INT(sk_fsync(k, 2, 0, true), 0);
	UNIT_ASSERT_INT(sk_getlk(k, 2, &lk, &lko), 0);
	UNIT_ASSERT_INT(sk_setlk(k, 2, &lk, false), 0);
	UNIT_ASSERT_INT(sk_setlk(k, 2, &lk, true), 0);
	UNIT_ASSERT_INT(sk_bmap(k, 2, 1, 512, NULL), 0);
	UNIT_ASSERT_INT(sk_ioctl(k, 2, &ioc, "in", &io, buf), 4);
	CU_ASSERT(!memcmp(buf, "data", 4));
	UNIT_ASSERT_INT(sk_poll(k, 2, &poll, NULL), 0);
	UNIT_ASSERT_INT(sk_fallocate(k, 2, 0, 0, 0, 5), m < 19 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_lseek(k, 2, 0, 0, SEEK_END), m < 24 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_copy_file_range(k, 2, &copy), m < 28 ? -EOPNOTSUPP : 5);
	UNIT_ASSERT_INT(sk_release(k, 2, 0, O_RDWR), 0);
}

static void directories(struct sk *k)
{
	uint64_t before = sk_nlookup(k, 2);
	struct sk_dirent d;
	char buf[1024];
	size_t pos = 0;
	long n;

	UNIT_ASSERT_INT(sk_opendir(k, 1, 0, NULL), 0);
	n = sk_readdir(k, 1, 0, 0, buf, sizeof(buf));
	CU_ASSERT(n > 0 && sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_STR(d.name, "..");
	CU_ASSERT(sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_STR(d.name, "file");
	CU_ASSERT(!sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_INT(sk_nlookup(k, 2), before);
	n = sk_readdirplus(k, 1, 0, 0, buf, sizeof(buf));
	if (sk_minor(k) < 21) {
		UNIT_ASSERT_INT(n, -EOPNOTSUPP);
	} else {
		pos = 0;
		CU_ASSERT(sk_dirent_next(buf, n, &pos, true, &d) &&
			  sk_dirent_next(buf, n, &pos, true, &d));
		UNIT_ASSERT_INT(d.entry.nodeid, 2);
		UNIT_ASSERT_INT(sk_nlookup(k, 2), before + 1); /* and none for the dots */
		UNIT_ASSERT_INT(sk_nlookup(k, 1), 0);
	}
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, 0, false), 0);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, 0, 0), 0);
}

static uint64_t everything(struct sk *k)
{
	uint64_t lookups;

	names(k);
	attributes(k);
	files(k);
	directories(k);
	lookups = sk_nlookup(k, 2) + sk_nlookup(k, 3) + sk_nlookup(k, 4);
	UNIT_ASSERT_INT(sk_forget(k, 2, 1), 0);
	UNIT_ASSERT_INT(sk_unanswered(k), 0);
	return lookups;
}

static void right_answers_at_every_minor(void)
{
	static const uint64_t caps[] = {0, SK_CAPS_NONE, WIRE_CAP(SETXATTR_EXT)};

	for (unsigned minor = WIRE_MINOR_MIN; minor <= WIRE_MINOR; minor++) {
		for (size_t i = 0; i < CORE_ARRAY_SIZE(caps); i++) {
			uint64_t lookups;

			start(&(struct sk_config){.minor = minor, .caps = caps[i]});
			UNIT_ASSERT_INT(sk_minor(fake.k), minor);
			lookups = everything(fake.k);
			stop();
			UNIT_ASSERT_INT(fake.forgotten, lookups);
		}
	}
}

static void older_library(void)
{
	struct core_mem_peer *peer;

	memset(&fake, 0, sizeof(fake));
	fake.fd = -1;
	fake.minor = 19; /* what it says, to a newer kernel */
	core_transport_memory(&fake.t, &peer);
	core_channel_new(fake.t, false, &fake.ch);
	fake.k = sk_new_memory(peer, NULL);
	pthread_create(&fake.thread, NULL, daemon_main, NULL);
	UNIT_ASSERT_INT(sk_init(fake.k), 0);
	UNIT_ASSERT_INT(sk_minor(fake.k), 19);
	everything(fake.k);
	stop();
}

static void *socket_daemon_main(void *unused)
{
	static uint64_t buf[BODY / 8];
	ssize_t n;

	(void)unused;
	while ((n = read(fake.fd, buf, sizeof(buf))) > 0) {
		struct core_msg msg = {.hdr = (void *)buf,
				       .op = (char *)buf + sizeof(struct wire_in_header),
				       .op_len = (size_t)n - sizeof(struct wire_in_header)};

		serve(&msg);
	}
	return NULL;
}

static void over_a_socket(void)
{
	int fds[2];

	memset(&fake, 0, sizeof(fake));
	fake.minor = WIRE_MINOR;
	UNIT_ASSERT_INT(sk_socketpair(fds), 0);
	fake.fd = fds[1];
	fake.k = sk_new_socket(fds[0], NULL);
	pthread_create(&fake.thread, NULL, socket_daemon_main, NULL);
	UNIT_ASSERT_INT(sk_init(fake.k), 0);
	everything(fake.k);
	/* More at once than a socket holds: neither side may wait for the other for ever. */
	struct sk_req *req[300];
	for (size_t i = 0; i < CORE_ARRAY_SIZE(req); i++)
		UNIT_ASSERT_INT(sk_submit(fake.k, &req[i], sk_read(fake.k, 2, 0, 0, NULL, 60000)),
				0);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(req); i++) {
		UNIT_ASSERT_INT(sk_wait(fake.k, req[i], 0), 0);
		sk_req_free(fake.k, req[i]);
	}
	stop();
	close(fake.fd);
}

/* ---- lies, extensions, notifications ----------------------------------------------------------
 */

static size_t cut_three(void *user, void *msg, size_t len)
{
	uint32_t shorter_len = (uint32_t)len - 3;

	(void)user;
	memcpy(msg, &shorter_len, sizeof(shorter_len));
	return len - 3;
}

static void mangled(void)
{
	start(NULL);
	sk_mangle(fake.k, cut_three, NULL);
	UNIT_ASSERT_INT(do_unlink(fake.k), -EIO); /* the daemon's own check */
	UNIT_ASSERT_INT(do_unlink(fake.k), 0);    /* once only */
	stop();
}

static void raw(void)
{
	struct wire_in_header h = {.len = sizeof(h), .opcode = 99, .unique = 5000};

	start(NULL);
	UNIT_ASSERT_INT(sk_send_raw(fake.k, &h, sizeof(h)), 0);
	do_unlink(fake.k);
	CU_ASSERT(sk_expect_violation(fake.k, "unique 5000")); /* answered; nobody waited */
	stop();
}

static void extensions(void)
{
	static const struct sk_config config = {
		.secctx_name = "security.x", .secctx = "label", .supp_group = 77};
	struct sk_config old = config;
	uint32_t gid;

	start(&config);
	do_create(fake.k);
	UNIT_ASSERT_INT(fake.ext_len, 32 + 16); /* 8 + 8 + 11 + 5; 8 + 4 + 4 */
	UNIT_ASSERT_STR((char *)fake.ext + 16, "security.x");
	memcpy(&gid, fake.ext + fake.ext_len - 4, 4);
	UNIT_ASSERT_INT(gid, 77);
	stop();
	old.minor = 36; /* no length in the header, no groups */
	start(&old);
	do_create(fake.k);
	UNIT_ASSERT_INT(fake.ext_len, 32);
	stop();
}

static void ids(void)
{
	start(&(struct sk_config){.uid = 5});
	UNIT_ASSERT_INT(fake.uid, 5);
	sk_set_ids(fake.k, 1000, 100, 1);
	do_unlink(fake.k);
	UNIT_ASSERT_INT(fake.uid, 1000);
	stop();
}

static const struct {
	int code;
	const char *data;
	size_t len;
	const char *violation; /* NULL: right */
} notes[] = {
	{WIRE_NOTIFY_POLL, "12345678", 8, NULL},
	{WIRE_NOTIFY_POLL, "1234567", 7, "NOTIFY_POLL: 7 bytes, should be 8"},
	{WIRE_NOTIFY_INVAL_INODE, "123456781234567812345678", 24, NULL},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0abc", 20, NULL},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0abc", 19, "should be 20"},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0abcd", 20, "not terminated"},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0a\0c", 20, "shorter than it says"},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\0\0\0\0\0\0\0\0", 17, "a name of 0 bytes"},
	{WIRE_NOTIFY_DELETE, "1234567812345678\1\0\0\0\0\0\0\0a", 26, NULL},
	{WIRE_NOTIFY_STORE, "1234567812345678\2\0\0\0\0\0\0\0xy", 26, NULL},
	{WIRE_NOTIFY_STORE, "1234567812345678\2\0\0\0\0\0\0\0xyz", 27, "should be 26"},
	{WIRE_NOTIFY_RESEND, "", 0, NULL},
	{WIRE_NOTIFY_INC_EPOCH, "", 0, NULL},
	{WIRE_NOTIFY_INC_EPOCH, "x", 1, "should be 0"},
	{WIRE_NOTIFY_PRUNE, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0abcdefgh", 24, NULL},
	{WIRE_NOTIFY_PRUNE, "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0abcdefgh", 24, "should be 32"},
	{10, "", 0, "notification 10: no such code"},
	{-1, "", 0, "notification -1: no such code"},
};

static void notifications(void)
{
	start(NULL);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(notes); i++) {
		struct sk_notification *n;

		notify(notes[i].code, notes[i].data, notes[i].len);
		n = sk_notification(fake.k, notes[i].violation ? 10 : 1000);
		if (notes[i].violation) {
			CU_ASSERT_PTR_NULL(n);
			CU_ASSERT(sk_expect_violation(fake.k, notes[i].violation));
		} else {
			CU_ASSERT_PTR_NOT_NULL_FATAL(n);
			UNIT_ASSERT_INT(n->code, notes[i].code);
			UNIT_ASSERT_INT(n->len, notes[i].len);
			CU_ASSERT(!memcmp(n->data, notes[i].data, n->len));
		}
		free(n);
	}
	stop();
}

static _Atomic uint64_t retrieved;

static bool take_notify_reply(const struct core_msg *msg)
{
	const struct wire_notify_retrieve_in *in = msg->op;

	if (msg->hdr->opcode != WIRE_NOTIFY_REPLY)
		return false;
	retrieved = msg->hdr->unique * 100 + in->size;
	return true;
}

static void retrieve(void)
{
	struct wire_notify_retrieve_out ask = {.notify_unique = 7, .nodeid = 2, .size = 5};
	struct sk_notification *n;

	start(NULL);
	fake.handler = take_notify_reply;
	notify(WIRE_NOTIFY_RETRIEVE, &ask, sizeof(ask));
	n = sk_notification(fake.k, 1000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	UNIT_ASSERT_INT(sk_notify_reply(fake.k, (void *)n->data, "abcde", 5), 0);
	free(n);
	do_unlink(fake.k);
	UNIT_ASSERT_INT(retrieved, 705);
	stop();
}

static void trace(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	start(&(struct sk_config){.trace = f});
	sk_lookup(fake.k, 1, "none", NULL);
	sk_violate(fake.k, "found by the %s", "test");
	sk_set_trace(fake.k, NULL);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "opcode: LOOKUP (1), nodeid: 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "error: -2 (No such file or directory)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "VIOLATION: found by the test"));
	CU_ASSERT(sk_expect_violation(fake.k, "found by the test"));
	CU_ASSERT(!sk_expect_violation(fake.k, "found by the test"));
	free(text);
	stop();
}

static void abrupt(void)
{
	start(&(struct sk_config){.abrupt = true});
	sk_lookup(fake.k, 1, "file", NULL);
	stop();
	UNIT_ASSERT_INT(fake.forgotten, 0);
}

UNIT_SUITE(simkernel, UNIT_TEST(right_answers_at_every_minor), UNIT_TEST(older_library),
	   UNIT_TEST(over_a_socket), UNIT_TEST(mangled), UNIT_TEST(raw), UNIT_TEST(extensions),
	   UNIT_TEST(ids), UNIT_TEST(notifications), UNIT_TEST(retrieve), UNIT_TEST(trace),
	   UNIT_TEST(abrupt));
