/*
 * Character devices (CUSE): the session on the memory transport, a simulated kernel at /dev/cuse.
 */
#include <poll.h>
#include "core/session/cuse.h"
#include "test_session.h"

/* ---- a device ----------------------------------------------------------------------------------
 */

static struct {
	char log[4096];
	uint32_t set_max_write;
	struct core_conn seen;
	struct core_pollhandle *ph;
	void *_Atomic kept; /* a handle */
	_Atomic bool done;  /* init_done was called: after the answer, so perhaps later */
} D;

static void say(const char *fmt, ...) CORE_PRINTF(1, 2);

static void say(const char *fmt, ...)
{
	size_t len = strlen(D.log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(D.log + len, sizeof(D.log) - len, fmt, ap);
	va_end(ap);
}

/* What the device has said since the last time. */
#define ASSERT_SAID(text)                                                                          \
	do {                                                                                       \
		UNIT_ASSERT_STR(D.log, text);                                                      \
		D.log[0] = 0;                                                                      \
	} while (0)

static void d_init(void *userdata, struct core_conn *conn)
{
	CU_ASSERT_PTR_EQUAL(userdata, &T);
	D.seen = *conn;
	if (D.set_max_write)
		conn->max_write = D.set_max_write;
	say("init ");
}

static void d_init_done(void *userdata)
{
	CU_ASSERT_PTR_EQUAL(userdata, &T);
	say("done ");
	D.done = true;
}

static void d_destroy(void *userdata)
{
	CU_ASSERT_PTR_EQUAL(userdata, &T);
	say("destroy ");
}

static void d_open(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	say("open %llu 0%o ", (unsigned long long)ino, fi->flags);
	fi->fh = 7;
	fi->bits |= CORE_FI_DIRECT_IO | CORE_FI_NONSEEKABLE;
	core_reply_open(req, fi);
}

static void d_read(struct core_req *req, uint64_t ino, size_t size, off_t off,
		   struct core_file_info *fi)
{
	say("read %llu %zu@%lld fh %llu ", (unsigned long long)ino, size, (long long)off,
	    (unsigned long long)fi->fh);
	if (off == 1000)
		D.kept = core_req_handle(req);
	else
		core_reply_buf(req, "some bytes", size < 10 ? size : 10);
}

static void d_write(struct core_req *req, uint64_t ino, const char *buf, size_t size, off_t off,
		    struct core_file_info *fi)
{
	say("write %llu '%.*s'@%lld fh %llu ", (unsigned long long)ino, size < 20 ? (int)size : 3,
	    buf, (long long)off, (unsigned long long)fi->fh);
	core_reply_write(req, size);
}

static void d_flush(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	say("flush %llu fh %llu owner %llu ", (unsigned long long)ino, (unsigned long long)fi->fh,
	    (unsigned long long)fi->lock_owner);
	core_reply_err(req, 0);
}

static void d_release(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	say("release %llu fh %llu ", (unsigned long long)ino, (unsigned long long)fi->fh);
	core_reply_err(req, 0);
}

static void d_fsync(struct core_req *req, uint64_t ino, int datasync, struct core_file_info *fi)
{
	say("fsync %llu %d fh %llu ", (unsigned long long)ino, datasync,
	    (unsigned long long)fi->fh);
	core_reply_err(req, EIO);
}

/* Command 1 is in the caller's memory, which only this side knows: 4 bytes in, 6 out. */
static void d_ioctl(struct core_req *req, uint64_t ino, unsigned cmd, void *arg,
		    struct core_file_info *fi, unsigned flags, const void *in, size_t in_size,
		    size_t out_size)
{
	struct iovec from = {arg, 4}, to = {(char *)arg + 64, 6};

	(void)ino;
	say("ioctl %x %p fh %llu flags %x %zu %zu ", cmd, arg, (unsigned long long)fi->fh, flags,
	    in_size, out_size);
	if (cmd == 1 && !in_size)
		core_reply_ioctl_retry(req, &from, 1, &to, 1);
	else if (cmd == 1)
		core_reply_ioctl(req, *(const char *)in, "answer", 6);
	else
		core_reply_err(req, ENOTTY);
}

static void d_poll(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		   struct core_pollhandle *ph)
{
	(void)ino;
	say("poll fh %llu %s", (unsigned long long)fi->fh, ph ? "notify " : "");
	if (ph)
		D.ph = ph;
	core_reply_poll(req, POLLIN);
}

static const struct core_ll_ops device_ops = {
	.init = d_init,
	.destroy = d_destroy,
	.open = d_open,
	.read = d_read,
	.write = d_write,
	.flush = d_flush,
	.release = d_release,
	.fsync = d_fsync,
	.ioctl = d_ioctl,
	.poll = d_poll,
};
static const struct core_ll_ops no_ops;

static const char *const info[] = {"DEVNAME=device", "COLOUR=green"};
static const struct core_cuse_device device = {
	.dev_major = 240,
	.dev_minor = 3,
	.flags = WIRE_CUSE_UNRESTRICTED_IOCTL,
	.info_count = 2,
	.info = info,
	.max_write = 65536,
	.init_done = d_init_done,
};

/* The loop runs; CUSE_INIT has not come yet. */
static struct sk *plug(const struct core_ll_ops *ops, const struct start *in)
{
	struct start s = *in;
	struct sk *k;

	memset(&D, 0, sizeof(D));
	s.ops = ops;
	s.no_loop = s.no_init = true;
	k = start(&s);
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &device), 0);
	start_loop();
	return k;
}

static struct sk *plug_and_init(const struct core_ll_ops *ops, unsigned minor)
{
	struct sk *k = plug(ops, &(struct start){.sk.minor = minor});

	UNIT_ASSERT_INT(sk_cuse_init(k, WIRE_CUSE_UNRESTRICTED_IOCTL, NULL, NULL, NULL), 0);
	/* The answer comes first. */
	CU_ASSERT(soon(D.done == true));
	return k;
}

/* ---- the handshake -----------------------------------------------------------------------------
 */

static void describes_itself(void)
{
	struct wire_cuse_init_out out;
	const char *text;
	size_t len;
	struct sk *k = plug(&device_ops, &(struct start){0});

	UNIT_ASSERT_INT(sk_cuse_init(k, WIRE_CUSE_UNRESTRICTED_IOCTL, &out, &text, &len), 0);
	UNIT_ASSERT_INT(out.flags, WIRE_CUSE_UNRESTRICTED_IOCTL);
	UNIT_ASSERT_INT(out.max_read, 131072);
	UNIT_ASSERT_INT(out.max_write, 65536);
	UNIT_ASSERT_INT(out.dev_major, 240);
	UNIT_ASSERT_INT(out.dev_minor, 3);
	UNIT_ASSERT_INT((long)len, 15 + 13);
	UNIT_ASSERT_STR(text, "DEVNAME=device");
	UNIT_ASSERT_STR(text + 15, "COLOUR=green");
	UNIT_ASSERT_INT(D.seen.proto_minor, WIRE_MINOR);
	UNIT_ASSERT_INT(D.seen.max_write, 65536);
	UNIT_ASSERT_INT((long)D.seen.capable, 0);
	stop();
	ASSERT_SAID("init done destroy ");
	ASSERT_NOT_LOGGED();
}

static void max_write_is_the_options_then_the_programs(void)
{
	struct start s = {.cfg.max_write = 8192};
	struct wire_cuse_init_out out;
	struct sk *k = plug(&device_ops, &s);

	UNIT_ASSERT_INT(sk_cuse_init(k, 0, &out, NULL, NULL), 0);
	UNIT_ASSERT_INT(out.max_write, 8192);
	stop();

	k = plug(&device_ops, &s);
	D.set_max_write = 20000;
	UNIT_ASSERT_INT(sk_cuse_init(k, 0, &out, NULL, NULL), 0);
	UNIT_ASSERT_INT(out.max_write, 20000);
	stop();

	k = plug(&device_ops, &s);
	D.set_max_write = UINT32_MAX;
	UNIT_ASSERT_INT(sk_cuse_init(k, 0, &out, NULL, NULL), 0);
	UNIT_ASSERT_INT(out.max_write, 1 << 20);
	stop();
}

static void descriptions_that_are_refused(void)
{
	static char longest[CORE_CUSE_INFO_MAX + 1] = "DEVNAME=";
	const char *strings[2] = {longest, NULL};
	struct core_cuse_device dev = {.info_count = 1, .info = strings};
	const char *text;
	struct sk *k;
	size_t len;

	make_session(&(struct start){.ops = &device_ops});
	memset(longest + 8, 'x', CORE_CUSE_INFO_MAX - 8);
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &dev), -E2BIG);
	ASSERT_LOGGED("4097 bytes");
	dev.info_count = 2;
	longest[100] = 0;
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &dev), -EINVAL);
	ASSERT_LOGGED("string 1");
	dev.info = NULL;
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &dev), -EINVAL);
	dev.info = strings;
	dev.info_count = 1;
	unit_fail_alloc(1);
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &dev), -ENOMEM);
	unit_fail_alloc(0);
	/* The longest that fits; and a description may be given again. */
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &dev), 0);
	longest[100] = 'x';
	longest[CORE_CUSE_INFO_MAX - 1] = 0;
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &dev), 0);
	k = T.k = sk_new_memory(T.peer, &(struct sk_config){0});
	T.peer = NULL;
	start_loop();
	UNIT_ASSERT_INT(sk_cuse_init(k, 0, NULL, &text, &len), 0);
	UNIT_ASSERT_INT((long)len, CORE_CUSE_INFO_MAX);
	UNIT_ASSERT_STR(text, longest);
	stop();
}

static void a_device_without_a_description(void)
{
	struct core_cuse_device dev = {.info_count = 0};
	struct raw_reply r;
	struct wire_cuse_init_in in = {.major = 7, .minor = 31};

	make_session(&(struct start){.ops = &no_ops});
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &dev), 0);
	start_loop();
	raw_send(WIRE_CUSE_INIT, 2, 0, &in, sizeof(in));
	/* It is the kernel that refuses it. */
	UNIT_ASSERT_INT(raw_recv(2, &r), sizeof(struct wire_cuse_init_out));
	core_session_exit(T.se, 0);
	join_loop();
	UNIT_ASSERT_INT(T.result, 0);
	free_all();
}

/* A version that cannot work ends the loop with an error; nothing is called but destroy never. */
static void too_old(uint32_t major, uint32_t minor)
{
	struct wire_cuse_init_in in = {.major = major, .minor = minor};
	struct raw_reply r;

	memset(&D, 0, sizeof(D));
	make_session(&(struct start){.ops = &device_ops});
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &device), 0);
	start_loop();
	raw_send(WIRE_CUSE_INIT, 2, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(2, &r), -EPROTO);
	join_loop();
	UNIT_ASSERT_INT(T.result, -EPROTO);
	ASSERT_LOGGED("7.12 (Linux 2.6.31) is the oldest");
	free_all();
	ASSERT_SAID("");
}

static void old_versions(void)
{
	too_old(7, 11);
	too_old(7, 0);
	too_old(6, 45);
	too_old(0, 0);
}

static void versions_that_work(void)
{
	static const unsigned minors[] = {12, 15, 16, 31, 45};
	struct wire_cuse_init_in in = {.major = 8, .minor = 2};
	struct raw_reply r;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++) {
		struct sk *k = plug_and_init(&device_ops, minors[i]);

		UNIT_ASSERT_INT(sk_minor(k), minors[i]);
		UNIT_ASSERT_INT(sk_open(k, 0, 2, NULL), 0);
		stop();
	}
	/* A later major takes ours. */
	make_session(&(struct start){.ops = &no_ops});
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &device), 0);
	start_loop();
	raw_send(WIRE_CUSE_INIT, 2, 0, &in, sizeof(in));
	CU_ASSERT(raw_recv(2, &r) > 0);
	UNIT_ASSERT_INT(*(uint32_t *)r.body, 7);
	core_session_exit(T.se, 0);
	join_loop();
	free_all();
}

static void bad_inits(void)
{
	struct wire_cuse_init_in in = {.major = 7, .minor = 31};
	struct raw_reply r;

	memset(&D, 0, sizeof(D));
	make_session(&(struct start){.ops = &device_ops});
	UNIT_ASSERT_INT(core_session_make_cuse(T.se, &device), 0);
	start_loop();
	/* Cut short; before it; that of a file system. */
	raw_send(WIRE_CUSE_INIT, 2, 0, &in, 12);
	UNIT_ASSERT_INT(raw_recv(2, &r), -EIO);
	raw_send(WIRE_OPEN, 4, 0, &in, 8);
	UNIT_ASSERT_INT(raw_recv(4, &r), -EIO);
	ASSERT_LOGGED("OPEN before INIT");
	UNIT_ASSERT_INT(raw_init(7, 31, 6, 0, &r), -EIO);
	ASSERT_LOGGED("INIT on a character device's connection");
	UNIT_ASSERT_INT(raw_init(9, 31, 8, 0, &r), -EIO);
	ASSERT_SAID("");
	/* None of that hurts. */
	raw_send(WIRE_CUSE_INIT, 10, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(10, &r), (long)sizeof(struct wire_cuse_init_out) + 28);
	raw_send(WIRE_CUSE_INIT, 12, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(12, &r), -EIO);
	ASSERT_LOGGED("second CUSE_INIT");
	core_session_exit(T.se, 0);
	join_loop();
	UNIT_ASSERT_INT(T.result, 0);
	free_all();
	ASSERT_SAID("init done destroy ");
}

/* On a file system's connection it is an opcode like any unknown one. */
static void cuse_init_is_nothing_to_a_file_system(void)
{
	struct wire_cuse_init_in in = {.major = 7, .minor = 31};
	struct raw_reply r;

	make_session(&(struct start){.ops = &no_ops});
	start_loop();
	raw_send(WIRE_CUSE_INIT, 2, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(2, &r), -ENOSYS);
	CU_ASSERT(raw_init(7, 31, 4, 0, &r) > 0);
	raw_send(WIRE_CUSE_INIT, 6, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(6, &r), -ENOSYS);
	core_session_exit(T.se, 0);
	join_loop();
	free_all();
}

/* ---- operations --------------------------------------------------------------------------------
 */

static void all_operations(void)
{
	struct sk *k = plug_and_init(&device_ops, 0);
	struct wire_open_out open;
	char buf[100];
	uint32_t revents = 0;

	ASSERT_SAID("init done ");
	UNIT_ASSERT_INT(sk_open(k, 0, O_RDWR, &open), 0);
	UNIT_ASSERT_INT((long)open.fh, 7);
	UNIT_ASSERT_INT(open.open_flags, WIRE_FOPEN_DIRECT_IO | WIRE_FOPEN_NONSEEKABLE);
	ASSERT_SAID("open 0 02 ");
	UNIT_ASSERT_INT(sk_read(k, 0, 7, 100, buf, 4), 4);
	CU_ASSERT(!memcmp(buf, "some", 4));
	ASSERT_SAID("read 0 4@100 fh 7 ");
	UNIT_ASSERT_INT(sk_write(k, 0, 7, 5, "abc", 3), 3);
	ASSERT_SAID("write 0 'abc'@5 fh 7 ");
	UNIT_ASSERT_INT(sk_flush(k, 0, 7, 99), 0);
	ASSERT_SAID("flush 0 fh 7 owner 99 ");
	UNIT_ASSERT_INT(sk_fsync(k, 0, 7, true), -EIO);
	ASSERT_SAID("fsync 0 1 fh 7 ");
	UNIT_ASSERT_INT(sk_poll(k, 0, &(struct wire_poll_in){.fh = 7}, &revents), 0);
	UNIT_ASSERT_INT(revents, POLLIN);
	ASSERT_SAID("poll fh 7 ");
	UNIT_ASSERT_INT(sk_release(k, 0, 7, O_RDWR), 0);
	ASSERT_SAID("release 0 fh 7 ");
	stop();
	ASSERT_SAID("destroy ");
	ASSERT_NOT_LOGGED();
}

static void large_transfers(void)
{
	static char buf[65536];
	struct sk *k = plug_and_init(&device_ops, 0);

	memset(buf, 'w', sizeof(buf));
	UNIT_ASSERT_INT(sk_write(k, 0, 7, 0, buf, sizeof(buf)), sizeof(buf));
	ASSERT_SAID("init done write 0 'www'@0 fh 7 ");
	UNIT_ASSERT_INT(sk_read(k, 0, 7, 0, buf, sizeof(buf)), 10);
	stop();
}

/* The kernel reads the caller's memory as it is told, and comes again with it. */
static void ioctl_of(unsigned minor)
{
	struct sk *k = plug_and_init(&device_ops, minor);
	struct wire_ioctl_in in = {
		.fh = 7, .flags = WIRE_IOCTL_UNRESTRICTED, .cmd = 1, .arg = 0x5000};
	struct wire_ioctl_iovec v[2];
	struct wire_ioctl_out io;
	char out[4096];

	D.log[0] = 0;
	UNIT_ASSERT_INT(sk_ioctl(k, 0, &in, NULL, &io, out), sizeof(v));
	CU_ASSERT((io.flags & WIRE_IOCTL_RETRY) && io.in_iovs == 1 && io.out_iovs == 1);
	memcpy(v, out, sizeof(v)); /* before 7.16 the native struct iovec, of the same layout */
	CU_ASSERT(v[0].base == 0x5000 && v[0].len == 4);
	CU_ASSERT(v[1].base == 0x5040 && v[1].len == 6);
	ASSERT_SAID("ioctl 1 0x5000 fh 7 flags 2 0 0 ");

	in.in_size = 4;
	in.out_size = 6;
	UNIT_ASSERT_INT(sk_ioctl(k, 0, &in, "*abc", &io, out), 6);
	UNIT_ASSERT_INT(io.flags, 0);
	UNIT_ASSERT_INT(io.result, '*');
	CU_ASSERT(!memcmp(out, "answer", 6));
	ASSERT_SAID("ioctl 1 0x5000 fh 7 flags 2 4 6 ");

	in.out_size = 3; /* less room than the device has to say: an error, not an overrun */
	UNIT_ASSERT_INT(sk_ioctl(k, 0, &in, "*abc", &io, out), -EIO);
	in.cmd = 2;
	UNIT_ASSERT_INT(sk_ioctl(k, 0, &in, "*abc", &io, out), -ENOTTY);
	stop();
}

static void ioctl_with_retry(void)
{
	ioctl_of(0);
	if (sizeof(struct iovec) == sizeof(struct wire_ioctl_iovec))
		ioctl_of(15);
}

static void poll_notifies(void)
{
	struct sk *k = plug_and_init(&device_ops, 0);
	struct wire_poll_in in = {.fh = 7, .kh = 77, .flags = WIRE_POLL_SCHEDULE_NOTIFY};
	struct sk_notification *n;

	UNIT_ASSERT_INT(sk_poll(k, 0, &in, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(D.ph);
	UNIT_ASSERT_INT(core_notify_poll(D.ph), 0);
	n = sk_notification(k, 2000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	UNIT_ASSERT_INT(n->code, WIRE_NOTIFY_POLL);
	UNIT_ASSERT_INT(*(uint64_t *)n->data, 77);
	free(n);
	core_pollhandle_free(D.ph);
	stop();
}

static void interrupted_and_answered_later(void)
{
	struct sk *k = plug_and_init(&device_ops, 0);
	struct sk_req *r;
	char buf[8];

	(void)buf;
	UNIT_ASSERT_INT((long)sk_submit(k, &r, sk_read(k, 0, 7, 1000, NULL, 8)), 0);
	CU_ASSERT(soon(D.kept != NULL));
	UNIT_ASSERT_INT(sk_interrupt(k, r), 0);
	CU_ASSERT(soon(core_req_interrupted(core_req_from_handle(D.kept))));
	core_reply_err(core_req_from_handle(D.kept), EINTR);
	UNIT_ASSERT_INT(sk_wait(k, r, 0), -EINTR);
	sk_req_free(k, r);
	stop();
}

static void a_device_that_can_nothing(void)
{
	struct sk *k = plug_and_init(&no_ops, 0);
	struct wire_ioctl_in ioctl = {.flags = WIRE_IOCTL_UNRESTRICTED};
	struct wire_ioctl_out io;
	struct wire_open_out open;
	char buf[4096];

	UNIT_ASSERT_INT(sk_open(k, 0, 0, &open), 0);
	UNIT_ASSERT_INT((long)open.fh, 0);
	UNIT_ASSERT_INT(sk_read(k, 0, 0, 0, buf, 8), -ENOSYS);
	UNIT_ASSERT_INT(sk_write(k, 0, 0, 0, buf, 8), -ENOSYS);
	UNIT_ASSERT_INT(sk_flush(k, 0, 0, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_fsync(k, 0, 0, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_ioctl(k, 0, &ioctl, NULL, &io, buf), -ENOSYS);
	UNIT_ASSERT_INT(sk_poll(k, 0, &(struct wire_poll_in){.fh = 0}, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_release(k, 0, 0, 0), 0);
	stop();
}

/* No kernel sends them to a device. */
static void unsolicited_operations(void)
{
	struct sk *k = plug_and_init(&device_ops, 0);
	struct sk_call unknown = {.opcode = 999};

	D.log[0] = 0;
	UNIT_ASSERT_INT(sk_lookup(k, 1, "name", NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_getattr(k, 0, NULL, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "name", 0755, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "name"), -ENOSYS);
	UNIT_ASSERT_INT(sk_getxattr(k, 1, "name", NULL, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_forget(k, 5, 1), 0);
	UNIT_ASSERT_INT((int)sk_call(k, &unknown), -ENOSYS);
	CU_ASSERT(sk_expect_violation(k, "forgets 1 lookups of node 5"));
	UNIT_ASSERT_INT(sk_open(k, 0, 0, NULL), 0);
	ASSERT_SAID("open 0 00 ");
	UNIT_ASSERT_INT(sk_destroy(k), 0);
	ASSERT_SAID("destroy ");
	stop();
	ASSERT_SAID(""); /* once */
}

static void no_such_device(void)
{
	int fd;

	if (access("/dev/cuse", F_OK) == 0) {
		unit_skip("/dev/cuse exists");
		return;
	}
	clear_log();
	core_log_set_func(take_log);
	fd = core_cuse_open();
	UNIT_ASSERT_INT(fd, -ENOENT);
	ASSERT_LOGGED("modprobe cuse");
	ASSERT_LOGGED("/dev/cuse");
	core_log_set_func(NULL);
}

UNIT_SUITE(cuse, UNIT_TEST(describes_itself), UNIT_TEST(max_write_is_the_options_then_the_programs),
	   UNIT_TEST(descriptions_that_are_refused), UNIT_TEST(a_device_without_a_description),
	   UNIT_TEST(old_versions), UNIT_TEST(versions_that_work), UNIT_TEST(bad_inits),
	   UNIT_TEST(cuse_init_is_nothing_to_a_file_system), UNIT_TEST(all_operations),
	   UNIT_TEST(large_transfers), UNIT_TEST(ioctl_with_retry), UNIT_TEST(poll_notifies),
	   UNIT_TEST(interrupted_and_answered_later), UNIT_TEST(a_device_that_can_nothing),
	   UNIT_TEST(unsolicited_operations), UNIT_TEST(no_such_device));
