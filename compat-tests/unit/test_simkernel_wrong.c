/*
 * Each kind of wrong answer, the one to INIT included, is noticed by the simulated kernel.
 */
#include "test_simkernel.h"

/* ---- every kind of wrong answer ---------------------------------------------------------------
 */

#define ENTRY(body) ((struct wire_entry_out *)(body))
#define ATTR(body)  (&((struct wire_attr_out *)(body))->attr)
#define TWIST(name, ...)                                                                           \
	static void name(struct wire_out_header *h, char *body)                                    \
	{                                                                                          \
		(void)h;                                                                           \
		(void)body;                                                                        \
		__VA_ARGS__;                                                                       \
	}

TWIST(shorter, h->len -= 8)
TWIST(longer, h->len += 8)
TWIST(positive, h->error = 2; h->len = 16)
TWIST(huge_error, h->error = -512; h->len = 16)
TWIST(error_with_data, h->error = -EIO)
TWIST(unknown_unique, h->unique += 1000)
TWIST(no_type, ENTRY(body)->attr.mode = 0644)
TWIST(negative_size, ENTRY(body)->attr.size = 1ULL << 63)
TWIST(root_again, ENTRY(body)->nodeid = 1)
TWIST(node_zero, ENTRY(body)->nodeid = 0)
TWIST(other_type, ENTRY(body)->attr.mode = S_IFIFO)
TWIST(long_second, ENTRY(body)->entry_valid_nsec = 1000000000)
TWIST(long_second_attr, ENTRY(body)->attr.ctimensec = 1000000000)
TWIST(attr_no_type, ATTR(body)->mode = 0)
TWIST(attr_other_type, ATTR(body)->mode = S_IFSOCK)
TWIST(statx_no_type, ((struct wire_statx_out *)body)->stat.mode = 0)
TWIST(written_more, ((struct wire_write_out *)body)->size = 6)
TWIST(read_more, h->len += 1)
TWIST(copied_more, *(uint64_t *)body = 10)
TWIST(nameless, ((struct wire_dirent *)(body + 32))->namelen = 0; h->len -= 8)
TWIST(slash, body[24] = '/')
TWIST(long_name, ((struct wire_dirent *)body)->namelen = 5000)
TWIST(half_entry, h->len -= 8)
TWIST(xattr_huge, ((struct wire_getxattr_out *)body)->size = 65537)
TWIST(list_open, body[3] = 'x')
TWIST(list_empty_name, body[0] = '\0')
TWIST(lock_type, ((struct wire_lk_out *)body)->type = 77)
TWIST(lock_range, struct wire_lk_out *l = (void *)body; l->type = F_RDLCK; l->start = 5)
TWIST(ioctl_retry, ((struct wire_ioctl_out *)body)->flags = WIRE_IOCTL_RETRY)
TWIST(ioctl_more, h->len += 100)

static int do_lookup(struct sk *k)
{
	return sk_lookup(k, 1, "file", NULL);
}
static int do_mkdir(struct sk *k)
{
	return sk_mkdir(k, 1, "d", 0755, 0, NULL);
}
static int do_getattr(struct sk *k)
{
	sk_lookup(k, 1, "file", NULL);
	return sk_getattr(k, 2, NULL, NULL);
}
static int do_getattr_root(struct sk *k)
{
	return sk_getattr(k, 1, NULL, NULL);
}
static int do_statx(struct sk *k)
{
	return sk_statx(k, 1, NULL, 0, 0, NULL);
}
static int do_write(struct sk *k)
{
	return (int)sk_write(k, 2, 0, 0, "12345", 5);
}
static int do_read(struct sk *k)
{
	return (int)sk_read(k, 2, 0, 0, NULL, 5);
}
static int do_copy(struct sk *k)
{
	return (int)sk_copy_file_range(k, 2, &(struct wire_copy_file_range_in){.len = 9});
}
static int do_readdir(struct sk *k)
{
	return (int)sk_readdir(k, 1, 0, 0, NULL, 500);
}
static int do_readdirplus(struct sk *k)
{
	return (int)sk_readdirplus(k, 1, 0, 0, NULL, 500);
}
static int do_xattr_size(struct sk *k)
{
	return (int)sk_getxattr(k, 2, "a", NULL, 0);
}
static int do_list(struct sk *k)
{
	return (int)sk_listxattr(k, 2, NULL, 50);
}
static int do_getlk(struct sk *k)
{
	return sk_getlk(k, 2, &(struct wire_lk_in){.type = F_RDLCK}, NULL);
}
static int do_ioctl(struct sk *k)
{
	return (int)sk_ioctl(k, 2, &(struct wire_ioctl_in){.out_size = 8}, NULL, NULL, NULL);
}
static int do_statfs(struct sk *k)
{
	return sk_statfs(k, 1, NULL);
}

static const struct {
	uint32_t opcode;
	void (*twist)(struct wire_out_header *h, char *body);
	int (*call)(struct sk *k);
	const char *violation;
} wrongs[] = {
	{WIRE_LOOKUP, shorter, do_lookup, "reply of 120 bytes, should be 128"},
	{WIRE_LOOKUP, longer, do_lookup, "reply of 136 bytes, should be 128"},
	{WIRE_STATFS, shorter, do_statfs, "reply of 72 bytes, should be 80"},
	{WIRE_UNLINK, longer, do_unlink, "reply of 8 bytes, should be 0"},
	{WIRE_LOOKUP, positive, do_lookup, "error 2 is not between"},
	{WIRE_LOOKUP, huge_error, do_lookup, "error -512 is not between"},
	{WIRE_LOOKUP, error_with_data, do_lookup, "an error reply (-5) with 128 bytes"},
	{WIRE_LOOKUP, no_type, do_lookup, "mode 0644 has no file type"},
	{WIRE_LOOKUP, negative_size, do_lookup, "is negative"},
	{WIRE_LOOKUP, root_again, do_lookup, "the root's node for another file"},
	{WIRE_LOOKUP, long_second, do_lookup, "nanoseconds over"},
	{WIRE_LOOKUP, long_second_attr, do_lookup, "nanoseconds over"},
	{WIRE_MKDIR, node_zero, do_mkdir, "node 0 for a file that was made"},
	{WIRE_MKDIR, other_type, do_mkdir, "asked for was 040000"},
	{WIRE_CREATE, other_type, do_create, "asked for was 0100000"},
	{WIRE_CREATE, shorter, do_create, "reply of 136 bytes, should be 144"},
	{WIRE_GETATTR, attr_no_type, do_getattr, "has no file type"},
	{WIRE_GETATTR, attr_other_type, do_getattr, "node 2 was of type 0100000 and now"},
	{WIRE_GETATTR, attr_other_type, do_getattr_root, "the root is of type 0140000"},
	{WIRE_STATX, statx_no_type, do_statx, "has no file type"},
	{WIRE_WRITE, written_more, do_write, "6 bytes done, asked for were 5"},
	{WIRE_READ, read_more, do_read, "reply of 6 bytes, should be 0 to 5"},
	{WIRE_COPY_FILE_RANGE_64, copied_more, do_copy, "10 bytes done, asked for were 9"},
	{WIRE_READDIR, nameless, do_readdir, "without a name"},
	{WIRE_READDIR, slash, do_readdir, "'/' in its name"},
	{WIRE_READDIR, long_name, do_readdir, "no whole entry"},
	{WIRE_READDIR, half_entry, do_readdir, "no whole entry"},
	{WIRE_READDIRPLUS, half_entry, do_readdirplus, "no whole entry"},
	{WIRE_GETXATTR, xattr_huge, do_xattr_size, "over 65536"},
	{WIRE_LISTXATTR, list_open, do_list, "does not end with a terminated name"},
	{WIRE_LISTXATTR, list_empty_name, do_list, "empty name"},
	{WIRE_GETLK, lock_type, do_getlk, "lock of type 77"},
	{WIRE_GETLK, lock_range, do_getlk, "lock from 5 to 0"},
	{WIRE_IOCTL, ioctl_retry, do_ioctl, "only possible for an unrestricted"},
	{WIRE_IOCTL, ioctl_more, do_ioctl, "should be 16 to 24"},
};

static void each_wrong_answer_is_noticed(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(wrongs); i++) {
		start(NULL);
		fake.twist_opcode = wrongs[i].opcode;
		fake.twist = wrongs[i].twist;
		UNIT_ASSERT_INT(wrongs[i].call(fake.k), -EIO);
		UNIT_ASSERT_INT(sk_violations(fake.k), 1);
		if (!sk_expect_violation(fake.k, wrongs[i].violation)) {
			UNIT_ASSERT_STR(sk_violation(fake.k, 0), wrongs[i].violation);
		}
		stop();
	}
}

static void node_zero_is_no_such_name(void)
{
	struct wire_entry_out e;

	start(NULL);
	fake.twist_opcode = WIRE_LOOKUP;
	fake.twist = node_zero;
	UNIT_ASSERT_INT(sk_lookup(fake.k, 1, "file", &e), -ENOENT);
	UNIT_ASSERT_INT(e.entry_valid, 1); /* to be remembered for */
	UNIT_ASSERT_INT(sk_nodes(fake.k), 0);
	stop();
}

static void wrong_number(void)
{
	start(&(struct sk_config){.timeout_ms = 100});
	fake.twist_opcode = WIRE_UNLINK;
	fake.twist = unknown_unique;
	UNIT_ASSERT_INT(do_unlink(fake.k), -ETIMEDOUT);
	CU_ASSERT(sk_expect_violation(fake.k, "which waits for none"));
	CU_ASSERT(sk_expect_violation(fake.k, "UNLINK: no answer in 100 ms"));
	stop();
}

static bool answer_twice(const struct core_msg *msg)
{
	if (msg->hdr->opcode != WIRE_UNLINK)
		return false;
	answer(msg->hdr->unique, 0, NULL, 0);
	answer(msg->hdr->unique, 0, NULL, 0);
	return true;
}

static void answered_twice(void)
{
	start(NULL);
	fake.handler = answer_twice;
	UNIT_ASSERT_INT(do_unlink(fake.k), 0);
	UNIT_ASSERT_INT(sk_end(fake.k), 1);
	CU_ASSERT(sk_expect_violation(fake.k, "answered before"));
	stop();
}

static bool answer_forget(const struct core_msg *msg)
{
	if (msg->hdr->opcode == WIRE_FORGET)
		answer(msg->hdr->unique, 0, NULL, 0);
	return false;
}

static void answered_forget(void)
{
	start(NULL);
	fake.handler = answer_forget;
	sk_lookup(fake.k, 1, "file", NULL);
	sk_forget(fake.k, 2, 1);
	UNIT_ASSERT_INT(sk_end(fake.k), 1);
	CU_ASSERT(sk_expect_violation(fake.k, "not answered"));
	stop();
}

static bool answer_oddly(const struct core_msg *msg)
{
	struct wire_out_header h = {.len = 99, .unique = msg->hdr->unique};
	struct iovec iov = {&h, 10};

	if (msg->hdr->opcode != WIRE_UNLINK)
		return false;
	send_iov(&iov, 1); /* less than a header */
	iov.iov_len = 16;
	send_iov(&iov, 1); /* another length in it */
	return true;
}

static void odd_messages(void)
{
	start(NULL);
	fake.handler = answer_oddly;
	UNIT_ASSERT_INT(do_unlink(fake.k), -EIO);
	CU_ASSERT(sk_expect_violation(fake.k, "10 bytes is shorter than a reply's header"));
	CU_ASSERT(sk_expect_violation(fake.k, "length 99 in the header of a reply of 16 bytes"));
	stop();
}

static void never_answered(void)
{
	struct sk_req *req;

	start(&(struct sk_config){.timeout_ms = 1000});
	fake.handler = keep_unlink;
	UNIT_ASSERT_INT(sk_submit(fake.k, &req, do_unlink(fake.k)), 0);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 20), -ETIMEDOUT); /* asked for: no violation */
	UNIT_ASSERT_INT(sk_violations(fake.k), 0);
	sk_req_free(fake.k, req);
	UNIT_ASSERT_INT(sk_end(fake.k), 1);
	CU_ASSERT(sk_expect_violation(fake.k, "UNLINK: never answered"));
	stop();
}

static void forgets_too_much(void)
{
	start(NULL);
	sk_lookup(fake.k, 1, "file", NULL);
	sk_forget(fake.k, 2, 2);
	CU_ASSERT(sk_expect_violation(fake.k, "the test forgets 2 lookups of node 2, which has 1"));
	stop();
}

/* ---- INIT ---------------------------------------------------------------------------------- */

static void (*init_twist)(struct wire_init_out *out);

TWIST(twist_init, init_twist((struct wire_init_out *)body))

static void other_major(struct wire_init_out *out)
{
	out->major = 8;
}
static void not_offered(struct wire_init_out *out)
{
	out->flags |= 1U << WIRE_CAP_BIT_SUBMOUNTS;
}
static void small_write(struct wire_init_out *out)
{
	out->max_write = 100;
}
static void more_readahead(struct wire_init_out *out)
{
	out->max_readahead *= 2;
}

static void wrong_inits(void)
{
	static const struct {
		void (*twist)(struct wire_init_out *out);
		int err;
		const char *violation;
	} inits[] = {
		{other_major, -EPROTO, "major 8"},
		{not_offered, 0, "not offered: SUBMOUNTS"},
		{small_write, 0, "max_write 100"},
		{more_readahead, 0, "max_readahead"},
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(inits); i++) {
		start(NULL);
		init_twist = inits[i].twist;
		fake.twist_opcode = WIRE_INIT;
		fake.twist = twist_init;
		UNIT_ASSERT_INT(sk_init(fake.k), inits[i].err);
		CU_ASSERT(sk_expect_violation(fake.k, inits[i].violation));
		stop();
	}
}

UNIT_SUITE(simkernel, UNIT_TEST(each_wrong_answer_is_noticed), UNIT_TEST(node_zero_is_no_such_name),
	   UNIT_TEST(wrong_number), UNIT_TEST(answered_twice), UNIT_TEST(answered_forget),
	   UNIT_TEST(odd_messages), UNIT_TEST(never_answered), UNIT_TEST(forgets_too_much),
	   UNIT_TEST(wrong_inits));
