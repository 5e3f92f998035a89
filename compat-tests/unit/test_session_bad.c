/*
 * Bad input from both sides: messages no kernel sends, and answers no program should give. What
 * is asserted: an errno or no answer as fits, words in the log, and that the session goes on.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include "test_session.h"

/* ---- the kernel's side --------------------------------------------------------------------------
 */

static _Atomic int calls;

static void ok_err(struct core_req *req)
{
	calls++;
	core_reply_err(req, 0);
}

static void b_lookup(struct core_req *r, uint64_t parent, const char *name)
{
	struct core_entry_param e = {.ino = 2, .attr.st_mode = S_IFREG};

	(void)parent;
	calls += (int)strlen(name) > 0;
	core_reply_entry(r, &e);
}
static void b_name(struct core_req *r, uint64_t parent, const char *name)
{
	(void)parent;
	(void)name;
	ok_err(r);
}
static void b_setattr(struct core_req *r, uint64_t ino, struct stat *st, int set,
		      struct core_file_info *fi)
{
	(void)ino;
	(void)st;
	(void)set;
	(void)fi;
	ok_err(r);
}
static void b_mknod(struct core_req *r, uint64_t p, const char *name, mode_t m, dev_t d)
{
	(void)m;
	(void)d;
	b_name(r, p, name);
}
static void b_mkdir(struct core_req *r, uint64_t p, const char *name, mode_t m)
{
	(void)m;
	b_name(r, p, name);
}
static void b_symlink(struct core_req *r, const char *target, uint64_t p, const char *name)
{
	calls += (int)strlen(target) > 4096;
	b_name(r, p, name);
}
static void b_rename(struct core_req *r, uint64_t p, const char *a, uint64_t q, const char *b,
		     unsigned flags)
{
	(void)q;
	(void)flags;
	calls += (int)(strlen(a) + strlen(b)) > 9000;
	b_name(r, p, a);
}
static void b_write(struct core_req *r, uint64_t ino, const char *buf, size_t size, off_t off,
		    struct core_file_info *fi)
{
	volatile char c = 0;

	(void)ino;
	(void)off;
	(void)fi;
	for (size_t i = 0; i < size; i++)
		c = (char)(c + buf[i]); /* every byte is there */
	(void)c;
	core_reply_write(r, size);
}
static void b_setxattr(struct core_req *r, uint64_t ino, const char *name, const char *value,
		       size_t size, int flags, uint32_t ext)
{
	volatile char c = 0;

	(void)ext;
	for (size_t i = 0; i < size; i++)
		c = (char)(c + value[i]);
	(void)c;
	(void)flags;
	b_name(r, ino, name);
}
static void b_create(struct core_req *r, uint64_t p, const char *name, mode_t m,
		     struct core_file_info *fi)
{
	(void)m;
	(void)fi;
	b_name(r, p, name);
}
static void b_ioctl(struct core_req *r, uint64_t ino, unsigned cmd, void *arg,
		    struct core_file_info *fi, unsigned flags, const void *in, size_t in_size,
		    size_t out_size)
{
	(void)ino;
	(void)cmd;
	(void)arg;
	(void)fi;
	(void)flags;
	(void)out_size;
	calls += in_size && !in;
	core_reply_ioctl(r, 0, NULL, 0);
}
static void b_forget(struct core_req *r, uint64_t ino, uint64_t n)
{
	(void)ino;
	(void)n;
	core_reply_none(r);
}

static const struct core_ll_ops bad_ops = {
	.lookup = b_lookup,
	.setattr = b_setattr,
	.mknod = b_mknod,
	.mkdir = b_mkdir,
	.unlink = b_name,
	.rmdir = b_name,
	.symlink = b_symlink,
	.rename = b_rename,
	.write = b_write,
	.setxattr = b_setxattr,
	.create = b_create,
	.ioctl = b_ioctl,
	.forget = b_forget,
	.removexattr = b_name,
};

static uint64_t raw_unique;

static void raw_start(const struct core_ll_ops *ops, bool debug)
{
	struct start s = {.ops = ops, .cfg.debug = debug};
	struct raw_reply r;

	make_session(&s);
	start_loop();
	CU_ASSERT(raw_init(7, 45, 2, SK_CAPS_LINUX, &r) > 0);
	raw_unique = 4;
	clear_log();
}

static void raw_stop(void)
{
	core_mem_disconnect(T.peer, ENODEV);
	join_loop();
	UNIT_ASSERT_INT(T.result, 0);
	free_all();
}

/* The session still answers, and with the reply to this and nothing before it. */
static void still_there(void)
{
	struct raw_reply r;
	uint64_t unique = raw_unique += 2;

	raw_send(WIRE_LOOKUP, unique, 1, "name", 5);
	UNIT_ASSERT_INT(raw_recv(unique, &r), sizeof(struct wire_entry_out));
}

static bool no_reply(uint32_t opcode)
{
	const struct core_wire_op *op = core_wire_op(opcode);

	return op && (op->flags & CORE_OP_NOREPLY);
}

/* Sends len bytes that say they are said_len. */
static void send_lying(uint32_t opcode, uint64_t unique, const char *body, size_t len,
		       uint32_t said_len)
{
	char msg[16384];
	struct wire_in_header h = {
		.len = said_len, .opcode = opcode, .unique = unique, .nodeid = 1};

	memcpy(msg, &h, sizeof(h));
	memcpy(msg + sizeof(h), body, len);
	UNIT_ASSERT_INT(core_mem_send(T.peer, msg, sizeof(h) + len), 0);
}

/* A well-formed body of the operation: the structure, names, and data as announced. */
static size_t make_body(uint32_t opcode, char *body)
{
	const struct core_wire_op *op = core_wire_op(opcode);
	size_t len = core_wire_in_size(opcode, 45, SK_CAPS_LINUX);

	memset(body, 0, len);
	if (opcode == WIRE_SETXATTR)
		len = WIRE_SETXATTR_IN_OLD;
	for (int i = 0; i < op->nnames; i++) {
		strcpy(body + len, "name");
		len += 5;
	}
	if (!(op->flags & CORE_OP_DATA))
		return len;
	if (opcode == WIRE_BATCH_FORGET)
		((struct wire_batch_forget_in *)body)->count = 1;
	if (opcode == WIRE_WRITE)
		((struct wire_write_in *)body)->size = 16;
	if (opcode == WIRE_SETXATTR)
		((struct wire_setxattr_in *)body)->size = 16;
	if (opcode == WIRE_IOCTL)
		((struct wire_ioctl_in *)body)->in_size = 16;
	if (opcode == WIRE_NOTIFY_REPLY)
		((struct wire_notify_retrieve_in *)body)->size = 16;
	memset(body + len, 0, 16);
	return len + 16;
}

static void truncated_at_every_byte(void)
{
	for (int debug = 0; debug <= 1; debug++) {
		raw_start(&bad_ops, debug);
		for (uint32_t opcode = 1; opcode < WIRE_OPCODE_MAX; opcode++) {
			uint64_t body[512];
			size_t full;

			if (!core_wire_op(opcode) || opcode == WIRE_INIT || opcode == WIRE_DESTROY)
				continue;
			full = make_body(opcode, (char *)body);
			for (size_t len = 0; len < full; len++) {
				uint64_t unique = raw_unique += 2;
				struct raw_reply r;
				long res;

				send_lying(opcode, unique, (char *)body, len,
					   (uint32_t)(sizeof(struct wire_in_header) + len));
				if (no_reply(opcode) && opcode != WIRE_INTERRUPT)
					continue;
				if (opcode == WIRE_INTERRUPT)
					continue;
				res = raw_recv(unique, &r);
				if (len < core_wire_in_size(opcode, 45, 0))
					CU_ASSERT(res == -EIO);
				CU_ASSERT(res != -ETIMEDOUT);
			}
			still_there();
		}
		ASSERT_LOGGED("malformed request from the kernel");
		ASSERT_LOGGED("shorter than its structure");
		raw_stop();
	}
}

static void lengths_that_lie(void)
{
	static const int64_t lies[] = {0, 1, 39, 40, 41, -1, 1, 8, 1 << 20, UINT32_MAX};

	raw_start(&bad_ops, false);
	for (uint32_t opcode = 1; opcode < WIRE_OPCODE_MAX; opcode++) {
		uint64_t body[512];
		size_t full;

		if (!core_wire_op(opcode) || opcode == WIRE_INIT || opcode == WIRE_DESTROY)
			continue;
		full = make_body(opcode, (char *)body);
		for (size_t i = 0; i < CORE_ARRAY_SIZE(lies); i++) {
			uint32_t right = (uint32_t)(sizeof(struct wire_in_header) + full);
			uint32_t said = i < 5 ? (uint32_t)lies[i] : right + (uint32_t)lies[i];
			uint64_t unique = raw_unique += 2;
			struct raw_reply r;

			if (said == right)
				continue;
			send_lying(opcode, unique, (char *)body, full, said);
			if (!no_reply(opcode))
				UNIT_ASSERT_INT(raw_recv(unique, &r), -EIO);
		}
		still_there();
	}
	ASSERT_LOGGED("length in the header is not that of the message");
	raw_stop();
}

static void announced_data_that_is_not_there(void)
{
	static const struct {
		uint32_t opcode, at;
	} f[] = {
		{WIRE_WRITE, offsetof(struct wire_write_in, size)},
		{WIRE_SETXATTR, offsetof(struct wire_setxattr_in, size)},
		{WIRE_IOCTL, offsetof(struct wire_ioctl_in, in_size)},
		{WIRE_NOTIFY_REPLY, offsetof(struct wire_notify_retrieve_in, size)},
		{WIRE_BATCH_FORGET, offsetof(struct wire_batch_forget_in, count)},
	};
	static const uint32_t sizes[] = {0, 15, 17, 4096, INT32_MAX, UINT32_MAX};

	raw_start(&bad_ops, false);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(f); i++)
		for (size_t j = 0; j < CORE_ARRAY_SIZE(sizes); j++) {
			uint64_t body[512], unique = raw_unique += 2;
			size_t len = make_body(f[i].opcode, (char *)body);
			struct raw_reply r;

			memcpy((char *)body + f[i].at, &sizes[j], 4);
			raw_send(f[i].opcode, unique, 1, body, len);
			if (!no_reply(f[i].opcode))
				UNIT_ASSERT_INT(raw_recv(unique, &r), -EIO);
			still_there();
		}
	ASSERT_LOGGED("announced length is not that of the data");
	raw_stop();
}

static void names_that_are_none(void)
{
	char name[5000];
	struct raw_reply r;

	raw_start(&bad_ops, false);
	raw_send(WIRE_LOOKUP, 100, 1, "", 1);
	UNIT_ASSERT_INT(raw_recv(100, &r), -EIO);
	ASSERT_LOGGED("empty name");
	raw_send(WIRE_LOOKUP, 102, 1, "abc", 3);
	UNIT_ASSERT_INT(raw_recv(102, &r), -EIO);
	ASSERT_LOGGED("not terminated");
	memset(name, 'x', sizeof(name));
	name[4999] = 0;
	raw_send(WIRE_UNLINK, 104, 1, name, 5000);
	UNIT_ASSERT_INT(raw_recv(104, &r), -EIO);
	ASSERT_LOGGED("name over 4096 bytes");
	raw_send(WIRE_SYMLINK, 106, 1, "one\0", 4);
	UNIT_ASSERT_INT(raw_recv(106, &r), -EIO);
	raw_unique = 106;
	still_there();
	raw_stop();
}

static void opcodes_nobody_knows(void)
{
	static const uint32_t opcodes[] = {0,         7,  19,   WIRE_SETUPMAPPING, 54,
					   63,        64, 1000, WIRE_CUSE_INIT,    0x80000000,
					   UINT32_MAX};
	char body[72] = {0};

	raw_start(&bad_ops, true);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(opcodes); i++) {
		uint64_t unique = raw_unique += 2;
		struct raw_reply r;

		raw_send(opcodes[i], unique, 1, body, sizeof(body));
		UNIT_ASSERT_INT(raw_recv(unique, &r), -ENOSYS);
		still_there();
	}
	raw_stop();
}

static void numbers_out_of_range(void)
{
	struct wire_setattr_in set = {.valid = UINT32_MAX,
				      .size = UINT64_MAX,
				      .atime = INT64_MIN,
				      .atimensec = UINT32_MAX,
				      .mode = UINT32_MAX};
	struct wire_ioctl_in io = {.out_size = UINT32_MAX, .flags = UINT32_MAX};
	struct raw_reply r;

	raw_start(&bad_ops, false);
	raw_send(WIRE_SETATTR, 100, UINT64_MAX, &set, sizeof(set));
	UNIT_ASSERT_INT(raw_recv(100, &r), 0);
	raw_send(WIRE_IOCTL, 102, 0, &io, sizeof(io));
	CU_ASSERT(raw_recv(102, &r) != -ETIMEDOUT);
	raw_unique = 102;
	still_there();
	raw_stop();
}

/* ---- the program's side
 * ------------------------------------------------------------------------------ */

static struct {
	int err;
	size_t size;
	char *data;
	int result;
	void (*answer)(struct core_req *req);
} bad;

static void bad_access(struct core_req *req, uint64_t ino, int mask)
{
	(void)ino;
	(void)mask;
	bad.result = core_reply_err(req, bad.err);
}

static void errors_that_are_none(void)
{
	static const struct core_ll_ops ops = {.access = bad_access, .lookup = b_lookup};
	static const int errs[] = {-ENOENT, -5, 512, 1000, INT_MAX, INT_MIN, -1};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);
	char number[16];

	for (size_t i = 0; i < CORE_ARRAY_SIZE(errs); i++) {
		clear_log();
		bad.err = errs[i];
		UNIT_ASSERT_INT(sk_access(k, 1, 0), -ERANGE);
		ASSERT_LOGGED("ACCESS");
		ASSERT_LOGGED("no errno value");
		snprintf(number, sizeof(number), "%d", errs[i]);
		ASSERT_LOGGED(number);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	}
	clear_log();
	bad.err = 511;
	UNIT_ASSERT_INT(sk_access(k, 1, 0), -511);
	ASSERT_NOT_LOGGED();
	stop();
}

static void too_much(struct core_req *req)
{
	bad.result = bad.answer ? (bad.answer(req), 0) : core_reply_buf(req, bad.data, bad.size);
}
static void t_read(struct core_req *req, uint64_t ino, size_t size, off_t off,
		   struct core_file_info *fi)
{
	(void)ino;
	(void)size;
	(void)off;
	(void)fi;
	too_much(req);
}
static void t_getxattr(struct core_req *req, uint64_t ino, const char *name, size_t size)
{
	(void)ino;
	(void)name;
	if (size)
		too_much(req);
	else
		core_reply_xattr(req, bad.size);
}
static void t_listxattr(struct core_req *req, uint64_t ino, size_t size)
{
	t_getxattr(req, ino, NULL, size);
}
static void t_readlink(struct core_req *req, uint64_t ino)
{
	(void)ino;
	core_reply_readlink(req, bad.data);
}
static void t_write(struct core_req *req, uint64_t ino, const char *buf, size_t size, off_t off,
		    struct core_file_info *fi)
{
	(void)buf;
	(void)size;
	(void)ino;
	(void)off;
	(void)fi;
	core_reply_write(req, bad.size);
}
static void t_copy(struct core_req *req, uint64_t a, off_t b, struct core_file_info *c, uint64_t d,
		   off_t e, struct core_file_info *f, size_t len, int flags)
{
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	(void)e;
	(void)f;
	(void)len;
	(void)flags;
	core_reply_write(req, bad.size);
}
static void t_ioctl(struct core_req *req, uint64_t ino, unsigned cmd, void *arg,
		    struct core_file_info *fi, unsigned flags, const void *in, size_t in_size,
		    size_t out_size)
{
	(void)ino;
	(void)arg;
	(void)fi;
	(void)flags;
	(void)in;
	(void)in_size;
	(void)out_size;
	if (cmd == 1) {
		struct iovec *v = calloc(300, sizeof(*v));

		core_reply_ioctl_retry(req, v, 200, v, 100);
		free(v);
	} else {
		core_reply_ioctl(req, 0, bad.data, bad.size);
	}
}

static const struct core_ll_ops much_ops = {
	.read = t_read,
	.readdir = t_read,
	.readdirplus = t_read,
	.getxattr = t_getxattr,
	.listxattr = t_listxattr,
	.readlink = t_readlink,
	.write = t_write,
	.ioctl = t_ioctl,
	.copy_file_range = t_copy,
	.lookup = b_lookup,
};

static void answer_by_iov(struct core_req *req)
{
	struct iovec v[3] = {{bad.data, 50}, {bad.data, 50}, {bad.data, 50}};

	core_reply_iov(req, v, 3);
}

static void answer_by_vector(struct core_req *req)
{
	struct core_bufvec *v = calloc(1, sizeof(*v) + sizeof(struct core_buf));

	v->count = 2;
	v->buf[0] = (struct core_buf){.size = 100, .mem = bad.data};
	v->buf[1] = (struct core_buf){.size = SIZE_MAX, .flags = CORE_BUF_IS_FD, .fd = -1};
	core_reply_data(req, v, 0);
	free(v);
}

static void answer_from_a_bad_descriptor(struct core_req *req)
{
	struct core_bufvec v = CORE_BUFVEC_INIT(100);

	v.buf[0].flags = CORE_BUF_IS_FD;
	v.buf[0].fd = 99999;
	core_reply_data(req, &v, 0);
}

static void more_than_was_asked_for(void)
{
	struct wire_ioctl_in io = {.cmd = 2, .out_size = 100};
	struct wire_copy_file_range_in copy = {.nodeid_out = 1, .len = 100};
	struct start s = {.ops = &much_ops};
	struct sk *k = start(&s);
	char buf[8192];

	bad.size = 101;
	bad.data = calloc(1, 20000);
	bad.answer = NULL;
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 100), -EIO);
	ASSERT_LOGGED("READ with 101 bytes, 100 were asked for");
	UNIT_ASSERT_INT(sk_readdir(k, 1, 0, 0, buf, 100), -EIO);
	ASSERT_LOGGED("READDIR with 101");
	UNIT_ASSERT_INT(sk_readdirplus(k, 1, 0, 0, buf, 100), -EIO);
	UNIT_ASSERT_INT(sk_getxattr(k, 1, "x", buf, 100), -EIO);
	ASSERT_LOGGED("GETXATTR with 101");
	UNIT_ASSERT_INT(sk_listxattr(k, 1, buf, 100), -EIO);
	ASSERT_LOGGED("LISTXATTR with 101");
	UNIT_ASSERT_INT(sk_write(k, 1, 0, 0, buf, 100), -EIO);
	ASSERT_LOGGED("wrote 101 bytes of 100");
	UNIT_ASSERT_INT(sk_copy_file_range(k, 1, &copy), -EIO);
	UNIT_ASSERT_INT(sk_ioctl(k, 1, &io, NULL, NULL, buf), -EIO);
	ASSERT_LOGGED("ioctl with 101 bytes");
	io.cmd = 1;
	UNIT_ASSERT_INT(sk_ioctl(k, 1, &io, NULL, NULL, buf), -ENOMEM);
	ASSERT_LOGGED("256 pieces");
	bad.answer = answer_by_iov;
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 100), -EIO);
	bad.answer = answer_by_vector;
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 100), -EIO);
	bad.answer = answer_from_a_bad_descriptor;
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 100), -EBADF);
	bad.answer = NULL;

	/* Too long a link: not with EIO but as a name too long. */
	clear_log();
	memset(bad.data, 't', 5000);
	bad.data[5000] = 0;
	CU_ASSERT(sk_readlink(k, 1, buf, sizeof(buf)) < 0);
	ASSERT_LOGGED("READLINK");
	bad.data[4095] = 0;
	UNIT_ASSERT_INT(sk_readlink(k, 1, buf, sizeof(buf)), 4095);

	/* As much as was asked for is right. */
	clear_log();
	bad.size = 100;
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 100), 100);
	UNIT_ASSERT_INT(sk_write(k, 1, 0, 0, buf, 100), 100);
	bad.size = 0;
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 100), 0);
	ASSERT_NOT_LOGGED();
	/* A length of an attribute no kernel takes. */
	bad.size = 0x100000001;
	CU_ASSERT(sk_getxattr(k, 1, "x", NULL, 0) < 0);
	ASSERT_LOGGED("GETXATTR");
	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	free(bad.data);
	stop();
}

/* Times and sizes out of range are put right before the kernel sees them. */
static void odd_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	struct core_entry_param e = {.ino = 2,
				     .attr = {.st_mode = S_IFREG, .st_nlink = 1},
				     .attr_timeout = -1,
				     .entry_timeout = 0.0 / 0.0};

	(void)parent;
	if (name[0] == 'i')
		e.attr_timeout = e.entry_timeout = 1.0 / 0.0;
	if (name[0] == 'n')
		e.attr_timeout = 0.9999999999;
	core_reply_entry(req, &e);
}

static void odd_timeouts(void)
{
	static const struct core_ll_ops ops = {.lookup = odd_lookup};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);
	struct wire_entry_out e;

	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", &e), 0);
	CU_ASSERT(e.entry_valid == 0 && e.attr_valid == 0);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "inf", &e), 0);
	CU_ASSERT(e.entry_valid >= 4000000000u && e.attr_valid >= 4000000000u);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "nines", &e), 0);
	CU_ASSERT(e.attr_valid_nsec <= 999999999);
	stop();
}

/* FORGET wants no answer; one that is given all the same does not reach the kernel. */
static void answering_forget(struct core_req *req, uint64_t ino, uint64_t n)
{
	(void)ino;
	(void)n;
	bad.result = core_reply_err(req, 0);
	calls++;
}

static void answers_where_none_belongs(void)
{
	static const struct core_ll_ops ops = {.lookup = b_lookup, .forget = answering_forget};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);

	calls = 0;
	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	UNIT_ASSERT_INT(sk_forget(k, 2, 1), 0);
	CU_ASSERT_TRUE(soon(calls == 2));
	stop();
}

UNIT_SUITE(session_bad, UNIT_TEST(truncated_at_every_byte), UNIT_TEST(lengths_that_lie),
	   UNIT_TEST(announced_data_that_is_not_there), UNIT_TEST(names_that_are_none),
	   UNIT_TEST(opcodes_nobody_knows), UNIT_TEST(numbers_out_of_range),
	   UNIT_TEST(errors_that_are_none), UNIT_TEST(more_than_was_asked_for),
	   UNIT_TEST(odd_timeouts), UNIT_TEST(answers_where_none_belongs));
