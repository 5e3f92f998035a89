/*
 * core/wire: the tables agree with each other, every operation survives the way through a
 * message at every minor, and no cut or lying message is accepted.
 *
 * Messages lie in allocations of exactly their length, so that a sanitizer sees reads beyond.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "core/wire/wire.h"
#include "unit.h"

static const unsigned minors[] = {12, 16, 22, 23, 28, 33, 36, 38, 45};
static const uint64_t all_caps = WIRE_CAP(SETXATTR_EXT) | WIRE_CAP(SECURITY_CTX);

#define FOR_EACH_OP(opcode, op)                                                                    \
	for (uint32_t opcode = 0; opcode <= WIRE_CUSE_INIT; opcode++)                              \
		for (const struct core_wire_op *op = core_wire_op(opcode); op; op = NULL)

/* ---- tables -------------------------------------------------------------------------------- */

static void structs_are_described(void)
{
	unsigned n = 0;

	for (const struct core_wire_struct *s = core_wire_structs; s->name; s++, n++) {
		size_t at = 0;

		CU_ASSERT_PTR_EQUAL(core_wire_struct_by_name(s->name), s);
		CU_ASSERT(s->nfields > 0);
		for (unsigned i = 0; i < s->nfields; i++) {
			const struct core_wire_field *f = &s->fields[i];

			UNIT_ASSERT_INT(f->offset, at); /* no hole */
			if (f->sub)
				UNIT_ASSERT_INT(f->size, f->sub->size);
			else
				CU_ASSERT(f->size == 2 || f->size == 4 || f->size == 8);
			at += f->size;
		}
		UNIT_ASSERT_INT(at, s->size);
	}
	CU_ASSERT(n > 60);
	CU_ASSERT_PTR_NULL(core_wire_struct_by_name("nonsense"));
}

static void fields_have_their_kind(void)
{
	const struct core_wire_struct *entry = core_wire_struct_by_name("entry_out");
	const struct core_wire_struct *attr = core_wire_struct_by_name("attr");
	const struct core_wire_struct *out = core_wire_struct_by_name("out_header");

	CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
	CU_ASSERT_PTR_EQUAL(entry->fields[entry->nfields - 1].sub, attr);
	UNIT_ASSERT_STR(entry->fields[entry->nfields - 1].name, "attr");
	CU_ASSERT(out->fields[1].is_signed);
	CU_ASSERT(!out->fields[0].is_signed);
}

static void opcodes_are_consistent(void)
{
	unsigned n = 0;

	FOR_EACH_OP(opcode, op)
	{
		n++;
		CU_ASSERT(op->minor >= 1 && op->minor <= WIRE_MINOR);
		CU_ASSERT(op->nnames <= 2);
		UNIT_ASSERT_STR(core_wire_op_name(opcode), op->name);
		/* What is not answered has no reply. */
		if (op->flags & CORE_OP_NOREPLY)
			CU_ASSERT(!op->out && !(op->flags & CORE_OP_OUT_VAR));
		/* Extensions go with an operation that makes a name. */
		if (op->flags & CORE_OP_EXT)
			CU_ASSERT(op->nnames > 0 && op->out);
		for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++) {
			size_t in = core_wire_in_size(opcode, minors[i], all_caps);

			CU_ASSERT(in <= (op->in ? op->in->size : 0));
			CU_ASSERT(in % 8 == 0);
			CU_ASSERT(core_wire_out_size(opcode, minors[i], all_caps) <=
				  (op->out ? op->out->size : 0));
		}
	}
	UNIT_ASSERT_INT(n, 52); /* 1 to 53 without 7 and 19, and CUSE_INIT */
	CU_ASSERT_PTR_NULL(core_wire_op(0));
	CU_ASSERT_PTR_NULL(core_wire_op(7));
	CU_ASSERT_PTR_NULL(core_wire_op(19));
	CU_ASSERT_PTR_NULL(core_wire_op(WIRE_OPCODE_MAX));
	CU_ASSERT_PTR_NULL(core_wire_op(UINT32_MAX));
	UNIT_ASSERT_STR(core_wire_op_name(7), "???");
}

static void sizes_by_minor(void)
{
	const uint64_t ext = WIRE_CAP(SETXATTR_EXT);

	UNIT_ASSERT_INT(core_wire_in_size(WIRE_INIT, 35, 0), 16);
	UNIT_ASSERT_INT(core_wire_in_size(WIRE_INIT, 36, 0), 64);
	UNIT_ASSERT_INT(core_wire_out_size(WIRE_INIT, 12, 0), 24);
	UNIT_ASSERT_INT(core_wire_out_size(WIRE_INIT, 22, 0), 24);
	UNIT_ASSERT_INT(core_wire_out_size(WIRE_INIT, 23, 0), 64);
	UNIT_ASSERT_INT(core_wire_in_size(WIRE_SETXATTR, 45, 0), 8);
	UNIT_ASSERT_INT(core_wire_in_size(WIRE_SETXATTR, 33, ext), 16);
	UNIT_ASSERT_INT(core_wire_out_size(WIRE_LOOKUP, 12, 0), 128);
	UNIT_ASSERT_INT(core_wire_out_size(WIRE_GETATTR, 45, 0), 104);
	UNIT_ASSERT_INT(core_wire_out_size(WIRE_CREATE, 45, 0), 144);
	UNIT_ASSERT_INT(core_wire_out_size(WIRE_STATX, 45, 0), 288);
	UNIT_ASSERT_INT(core_wire_in_size(WIRE_LOOKUP, 45, 0), 0);
	UNIT_ASSERT_INT(core_wire_in_size(7, 45, 0), 0);
	UNIT_ASSERT_INT(core_wire_out_size(UINT32_MAX, 45, 0), 0);
}

static void opcode_numbers(void)
{
	CU_ASSERT(core_wire_op(WIRE_SETLKW)->flags & CORE_OP_MAY_BLOCK);
	CU_ASSERT(core_wire_op(WIRE_FORGET)->flags & CORE_OP_NOREPLY);
	CU_ASSERT(!(core_wire_op(WIRE_DESTROY)->flags & CORE_OP_NOREPLY));
	CU_ASSERT(core_wire_op(WIRE_GETATTR)->flags & CORE_OP_IDEMPOTENT);
	CU_ASSERT(!(core_wire_op(WIRE_UNLINK)->flags & CORE_OP_IDEMPOTENT));
	UNIT_ASSERT_INT(core_wire_op(WIRE_RENAME2)->nnames, 2);
	UNIT_ASSERT_STR(core_wire_notify_name(WIRE_NOTIFY_PRUNE), "PRUNE");
	UNIT_ASSERT_STR(core_wire_notify_name(0), "???");
	UNIT_ASSERT_STR(core_wire_notify_name(-1), "???");
	UNIT_ASSERT_STR(core_wire_notify_name(WIRE_NOTIFY_MAX), "???");
}

/* ---- making messages ----------------------------------------------------------------------- */

struct sample {
	unsigned char *bytes; /* header first, malloced to measure */
	size_t len, in_size, ext_len, data_len;
	unsigned char in[128];
	char name[2][40];
	unsigned char data[64];
};

static void set_u32(unsigned char *in, size_t at, uint32_t v)
{
	memcpy(in + at, &v, sizeof(v));
}

static void announce(uint32_t opcode, struct sample *s)
{
	uint32_t n = (uint32_t)s->data_len;

	switch (opcode) {
	case WIRE_WRITE:
		set_u32(s->in, offsetof(struct wire_write_in, size), n);
		break;
	case WIRE_SETXATTR:
		set_u32(s->in, offsetof(struct wire_setxattr_in, size), n);
		break;
	case WIRE_IOCTL:
		set_u32(s->in, offsetof(struct wire_ioctl_in, in_size), n);
		break;
	case WIRE_NOTIFY_REPLY:
		set_u32(s->in, offsetof(struct wire_notify_retrieve_in, size), n);
		break;
	case WIRE_BATCH_FORGET:
		set_u32(s->in, offsetof(struct wire_batch_forget_in, count), n / 16);
		break;
	}
}

static void put(unsigned char **to, const void *from, size_t len)
{
	memcpy(*to, from, len);
	*to += len;
}

static void make(uint32_t opcode, unsigned minor, uint64_t caps, struct sample *s)
{
	const struct core_wire_op *op = core_wire_op(opcode);
	struct wire_in_header h = {.opcode = opcode, .unique = 2, .nodeid = 1};
	static const char ext[16] = "extensions here";
	unsigned char *to;

	memset(s, 0, sizeof(*s));
	s->in_size = core_wire_in_size(opcode, minor, caps);
	for (size_t i = 0; i < s->in_size; i++)
		s->in[i] = (unsigned char)(opcode + 3 * i + 1);
	if (op->flags & CORE_OP_DATA)
		s->data_len = 48;
	memset(s->data, 0xd5, sizeof(s->data));
	announce(opcode, s);
	snprintf(s->name[0], sizeof(s->name[0]), "first-%u", opcode);
	snprintf(s->name[1], sizeof(s->name[1]), "the/second");
	if ((op->flags & CORE_OP_EXT) && minor >= 36 && (caps & WIRE_CAP(SECURITY_CTX)))
		s->ext_len = sizeof(ext);
	if (minor >= 38)
		h.total_extlen = (uint16_t)(s->ext_len / 8);
	s->len = sizeof(h) + s->in_size + s->data_len + s->ext_len;
	for (unsigned i = 0; i < op->nnames; i++)
		s->len += strlen(s->name[i]) + 1;
	h.len = (uint32_t)s->len;
	to = s->bytes = malloc(s->len);
	put(&to, &h, sizeof(h));
	put(&to, s->in, s->in_size);
	for (unsigned i = 0; i < op->nnames; i++)
		put(&to, s->name[i], strlen(s->name[i]) + 1);
	put(&to, s->data, s->data_len);
	put(&to, ext, s->ext_len);
}

static struct core_msg whole(const unsigned char *bytes, size_t len)
{
	return (struct core_msg){
		.hdr = (const void *)bytes,
		.op = bytes + sizeof(struct wire_in_header),
		.op_len = len - sizeof(struct wire_in_header),
	};
}

/* As over io_uring: the structure in room of 128 bytes, the rest elsewhere. */
static struct core_msg split(const struct sample *s, void *room)
{
	const unsigned char *body = s->bytes + sizeof(struct wire_in_header);

	memset(room, 0xee, 128);
	memcpy(room, body, s->in_size);
	return (struct core_msg){
		.hdr = (const void *)s->bytes,
		.op = room,
		.op_len = 128,
		.payload = body + s->in_size,
		.payload_len = s->len - sizeof(struct wire_in_header) - s->in_size,
	};
}

static void check_args(uint32_t opcode, const struct sample *s, const struct core_wire_args *a)
{
	const struct core_wire_op *op = core_wire_op(opcode);
	static const unsigned char zero[64];

	if (op->in) {
		CU_ASSERT(!memcmp(a->in, s->in, s->in_size));
		CU_ASSERT(
			!memcmp((const char *)a->in + s->in_size, zero, op->in->size - s->in_size));
	}
	for (unsigned i = 0; i < op->nnames; i++) {
		UNIT_ASSERT_STR(a->name[i], s->name[i]);
		UNIT_ASSERT_INT(a->name_len[i], strlen(s->name[i]));
	}
	if (op->flags & CORE_OP_DATA) {
		CU_ASSERT_FATAL(a->data_len == s->data_len);
		CU_ASSERT(!memcmp(a->data, s->data, s->data_len));
	}
	if (op->flags & CORE_OP_EXT) {
		CU_ASSERT_FATAL(a->ext_len == s->ext_len);
		CU_ASSERT(!s->ext_len || !memcmp(a->ext, "extensions here", 16));
	}
}

/* ---- decoding ------------------------------------------------------------------------------ */

/* Runs on every operation at every minor, with and without the capabilities that matter. */
static void sweep(void (*f)(uint32_t opcode, unsigned minor, uint64_t caps))
{
	FOR_EACH_OP(opcode, op)
	for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++)
		for (uint64_t caps = 0; caps <= all_caps; caps += all_caps)
			f(opcode, minors[i], caps);
}

static void round_trip(uint32_t opcode, unsigned minor, uint64_t caps)
{
	uint64_t room[16];
	struct core_wire_args a;
	struct core_msg msg;
	struct sample s;
	const char *why = "";

	make(opcode, minor, caps, &s);
	msg = whole(s.bytes, s.len);
	memset(&a, 0x5a, sizeof(a));
	UNIT_ASSERT_INT(core_wire_decode(&msg, minor, caps, &a, &why), 0);
	check_args(opcode, &s, &a);
	if (opcode != WIRE_INIT) { /* is never split */
		msg = split(&s, room);
		memset(&a, 0x5a, sizeof(a));
		UNIT_ASSERT_INT(core_wire_decode(&msg, minor, caps, &a, &why), 0);
		check_args(opcode, &s, &a);
	}
	free(s.bytes);
}

static void every_op_at_every_minor(void)
{
	sweep(round_trip);
}

static void cut_short(uint32_t opcode, unsigned minor, uint64_t caps)
{
	struct sample s;

	make(opcode, minor, caps, &s);
	for (size_t len = sizeof(struct wire_in_header); len < s.len; len++) {
		unsigned char *part = malloc(len);
		struct core_msg msg = whole(part, len);
		struct core_wire_args a;
		const char *why = NULL;
		uint32_t len32 = (uint32_t)len;
		bool whole_anyway;

		memcpy(part, s.bytes, len);
		UNIT_ASSERT_INT(core_wire_decode(&msg, minor, caps, &a, &why), -EIO);
		CU_ASSERT_PTR_NOT_NULL(why);
		/* The header in agreement: now only the contents tell. */
		memcpy(part, &len32, sizeof(len32));
		/* Before 7.38 nothing says how long a security context is. */
		whole_anyway = (opcode == WIRE_INIT && len == 40 + 16) ||
			       (s.ext_len && minor < 38 && len >= s.len - s.ext_len);
		UNIT_ASSERT_INT(core_wire_decode(&msg, minor, caps, &a, &why),
				whole_anyway ? 0 : -EIO);
		free(part);
	}
	free(s.bytes);
}

static void every_cut_is_noticed(void)
{
	sweep(cut_short);
}

/* Overwrites a u32 of the message and expects it refused. */
static void expect_refused(uint32_t opcode, size_t at, uint32_t value)
{
	struct core_wire_args a;
	struct core_msg msg;
	struct sample s;
	const char *why = NULL;

	make(opcode, 38, all_caps, &s);
	memcpy(s.bytes + at, &value, sizeof(value));
	msg = whole(s.bytes, s.len);
	UNIT_ASSERT_INT(core_wire_decode(&msg, 38, all_caps, &a, &why), -EIO);
	CU_ASSERT_PTR_NOT_NULL(why);
	free(s.bytes);
}

static void lying_lengths(void)
{
	static const uint32_t lies[] = {0, 1, 47, 49, 0x7fffffff, 0x80000000, 0xffffffff};
	static const uint32_t counts[] = {0, 2, 4, 0x10000003, 0xffffffff};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(lies); i++) {
		expect_refused(WIRE_WRITE, 40 + 16, lies[i]);
		expect_refused(WIRE_SETXATTR, 40, lies[i]);
		expect_refused(WIRE_IOCTL, 40 + 24, lies[i]);
		expect_refused(WIRE_NOTIFY_REPLY, 40 + 16, lies[i]);
		expect_refused(WIRE_GETATTR, 0, lies[i]);
		expect_refused(WIRE_LOOKUP, 0, lies[i]);
	}
	for (size_t i = 0; i < CORE_ARRAY_SIZE(counts); i++)
		expect_refused(WIRE_BATCH_FORGET, 40, counts[i]);
	expect_refused(WIRE_CREATE, 36, 0xffff); /* total_extlen */
	expect_refused(WIRE_CREATE, 36, 3);      /* would reach into the name */
	expect_refused(WIRE_GETATTR, 0, 39);
	expect_refused(WIRE_GETATTR, 0, 57);
}

static void split_lengths(void)
{
	uint64_t room[16];
	struct core_wire_args a;
	struct core_msg msg;
	struct sample s;
	const char *why;

	make(WIRE_WRITE, 38, 0, &s);
	msg = split(&s, room);
	msg.payload_len--;
	UNIT_ASSERT_INT(core_wire_decode(&msg, 38, 0, &a, &why), -EIO);
	msg = split(&s, room);
	msg.op_len = 39; /* no room for the structure */
	UNIT_ASSERT_INT(core_wire_decode(&msg, 38, 0, &a, &why), -EIO);
	msg.op_len = 40; /* exact is as good as the whole room */
	UNIT_ASSERT_INT(core_wire_decode(&msg, 38, 0, &a, &why), 0);
	free(s.bytes);
}

static int decode_text(uint32_t opcode, size_t in_size, const char *text, size_t len)
{
	size_t total = sizeof(struct wire_in_header) + in_size + len;
	unsigned char *bytes = calloc(1, total);
	struct wire_in_header h = {.len = (uint32_t)total, .opcode = opcode};
	struct core_msg msg = whole(bytes, total);
	struct core_wire_args a;
	const char *why;
	int err;

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h) + in_size, text, len);
	err = core_wire_decode(&msg, 45, 0, &a, &why);
	free(bytes);
	return err;
}

static void names(void)
{
	char *longest = malloc(4098);

	UNIT_ASSERT_INT(decode_text(WIRE_LOOKUP, 0, "", 0), -EIO);
	UNIT_ASSERT_INT(decode_text(WIRE_LOOKUP, 0, "", 1), -EIO);
	UNIT_ASSERT_INT(decode_text(WIRE_LOOKUP, 0, "x", 1), -EIO);
	UNIT_ASSERT_INT(decode_text(WIRE_LOOKUP, 0, "x", 2), 0);
	UNIT_ASSERT_INT(decode_text(WIRE_RENAME, 8, "a\0b", 4), 0);
	UNIT_ASSERT_INT(decode_text(WIRE_RENAME, 8, "a\0b", 3), -EIO);
	UNIT_ASSERT_INT(decode_text(WIRE_RENAME, 8, "a\0", 3), -EIO);
	UNIT_ASSERT_INT(decode_text(WIRE_RENAME, 8, "a", 2), -EIO);
	UNIT_ASSERT_INT(decode_text(WIRE_RENAME, 8, "\0b", 3), -EIO);
	UNIT_ASSERT_INT(decode_text(WIRE_SYMLINK, 0, "n\0/t", 5), 0);
	memset(longest, 'n', 4097);
	longest[4096] = '\0';
	UNIT_ASSERT_INT(decode_text(WIRE_LOOKUP, 0, longest, 4097), 0);
	longest[4096] = 'n';
	longest[4097] = '\0';
	UNIT_ASSERT_INT(decode_text(WIRE_LOOKUP, 0, longest, 4098), -EIO);
	free(longest);
}

static void unknown_opcodes(void)
{
	static const uint32_t unknown[] = {0, 7, 19, 54, 4095, 4097, 0x01000000, UINT32_MAX};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(unknown); i++)
		UNIT_ASSERT_INT(decode_text(unknown[i], 0, "abc", 4), -ENOSYS);
}

static void bytes_behind_are_ignored(void)
{
	/* Where nothing announces a length a later kernel may append. */
	UNIT_ASSERT_INT(decode_text(WIRE_GETATTR, 16, "more of it", 8), 0);
	UNIT_ASSERT_INT(decode_text(WIRE_LOOKUP, 0, "x\0more", 6), 0);
	UNIT_ASSERT_INT(decode_text(WIRE_WRITE, 40, "x", 1), -EIO);
}

static void setxattr_follows_the_capability(void)
{
	struct core_wire_args a;
	struct core_msg msg;
	struct sample s;
	const char *why;

	/* As kernels send it, setxattr_flags are 0: they would be an empty name. */
	make(WIRE_SETXATTR, 33, all_caps, &s);
	set_u32(s.bytes, 40 + 8, 0);
	msg = whole(s.bytes, s.len);
	UNIT_ASSERT_INT(core_wire_decode(&msg, 33, 0, &a, &why), -EIO);
	free(s.bytes);
}

/* ---- printing ------------------------------------------------------------------------------ */

static void print_request(void)
{
	struct sample s;
	struct core_msg msg;
	char text[400];

	make(WIRE_LOOKUP, 45, 0, &s);
	msg = whole(s.bytes, s.len);
	core_wire_print_request(text, sizeof(text), &msg, 45, 0);
	UNIT_ASSERT_STR(text, "unique: 2, opcode: LOOKUP (1), nodeid: 1, insize: 48, pid: 0\n"
			      "   name: \"first-1\"");
	free(s.bytes);
	make(WIRE_SYMLINK, 45, 0, &s);
	msg = whole(s.bytes, s.len);
	core_wire_print_request(text, sizeof(text), &msg, 45, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "name: \"first-6\", target: \"the/second\""));
	s.bytes[41] = '\n'; /* a name cannot make a line of its own */
	core_wire_print_request(text, sizeof(text), &msg, 45, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "name: \"f\\x0arst-6\""));
	free(s.bytes);
	make(WIRE_OPEN, 45, 0, &s);
	set_u32(s.bytes, 40, 0x8002);
	msg = whole(s.bytes, s.len);
	core_wire_print_request(text, sizeof(text), &msg, 45, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n   flags: 0x8002, open_flags: 0x"));
	msg.op_len--;
	core_wire_print_request(text, sizeof(text), &msg, 45, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n   length in the header is not"));
	free(s.bytes);
}

static void print_reply(void)
{
	struct wire_out_header out = {.len = 144, .unique = 2};
	struct wire_entry_out entry = {.nodeid = 3, .attr.mode = 0100644};
	struct wire_notify_inval_inode_out inval = {.ino = 5, .off = -1};
	char text[600];
	int n;

	n = core_wire_print_reply(text, sizeof(text), WIRE_LOOKUP, &out, &entry, sizeof(entry));
	CU_ASSERT(!strncmp(text, "   unique: 2, success, outsize: 144\n      nodeid: 3, ", 52));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "mode: 0100644"));
	UNIT_ASSERT_INT(n, strlen(text));
	/* Too small: cut, terminated, and the length it would have. */
	UNIT_ASSERT_INT(core_wire_print_reply(text, 10, WIRE_LOOKUP, &out, &entry, sizeof(entry)),
			n);
	UNIT_ASSERT_STR(text, "   unique");
	out = (struct wire_out_header){.len = 16, .error = -ENOENT, .unique = 2};
	core_wire_print_reply(text, sizeof(text), WIRE_LOOKUP, &out, NULL, 0);
	UNIT_ASSERT_STR(text, "   unique: 2, error: -2 (No such file or directory), outsize: 16");
	out = (struct wire_out_header){.len = 40, .error = WIRE_NOTIFY_INVAL_INODE};
	core_wire_print_reply(text, sizeof(text), 0, &out, &inval, sizeof(inval));
	UNIT_ASSERT_STR(text, "NOTIFY: INVAL_INODE (2), outsize: 40\n   ino: 5, off: -1, len: 0");
}

static void print_caps(void)
{
	char text[100];

	core_wire_print_caps(text, sizeof(text),
			     WIRE_CAP(ASYNC_READ) | WIRE_CAP(PASSTHROUGH) | 1ULL << 60);
	UNIT_ASSERT_STR(text, "ASYNC_READ,PASSTHROUGH,bit 60");
	UNIT_ASSERT_INT(core_wire_print_caps(text, sizeof(text), 0), 0);
	UNIT_ASSERT_STR(text, "");
	UNIT_ASSERT_INT(core_wire_print_caps(NULL, 0, WIRE_CAP(ASYNC_READ)), 10);
}

UNIT_SUITE(wire, UNIT_TEST(structs_are_described), UNIT_TEST(fields_have_their_kind),
	   UNIT_TEST(opcodes_are_consistent), UNIT_TEST(sizes_by_minor), UNIT_TEST(opcode_numbers),
	   UNIT_TEST(every_op_at_every_minor), UNIT_TEST(every_cut_is_noticed),
	   UNIT_TEST(lying_lengths), UNIT_TEST(split_lengths), UNIT_TEST(names),
	   UNIT_TEST(unknown_opcodes), UNIT_TEST(bytes_behind_are_ignored),
	   UNIT_TEST(setxattr_follows_the_capability), UNIT_TEST(print_request),
	   UNIT_TEST(print_reply), UNIT_TEST(print_caps));
