/*
 * Checked decoding of requests.
 *
 * An operation that is only a structure (GETATTR, READ, OPEN...) is done after one table lookup
 * and a few compares; names, data and extensions go through decode_tail().
 *
 * Bytes behind what an operation needs are ignored where nothing in the message says how many
 * there are: a later kernel may append. Where the structure announces a length, it must match.
 *
 * The negotiated minor does not restrict which opcodes are accepted: it binds what we may send,
 * while distributions' kernels carry operations newer than the minor they announce. A handler
 * that is missing answers ENOSYS, which every kernel understands.
 */
#include <errno.h>
#include <string.h>
#include "core/wire/ops.h"
#include "core/wire/wire.h"

enum {
	NAME_LIMIT = 4096, /* bytes; a symlink's target is the longest string a kernel sends */
	EXT_MINOR = 38,    /* total_extlen is padding before */
	EXT_UNIT = 8,      /* bytes total_extlen counts in */
	SECCTX_MINOR = 36, /* security context, without total_extlen until EXT_MINOR */
};

/* clang-format off */
#define SIZE_(name, size) SIZE_##name = (size),
enum { SIZE_none = 0, WIRE_STRUCTS(SIZE_) };
#undef SIZE_

#define KIND(op, nnames, flags)                                                                    \
	(WIRE_##op == WIRE_INIT ? CORE_WIRE_SPECIAL_INIT : WIRE_##op == WIRE_SETXATTR ? CORE_WIRE_SPECIAL_SETXATTR :   \
	 (nnames) > 0 || ((flags) & (DATA | EXT)) ? CORE_WIRE_TAIL : CORE_WIRE_PLAIN)
#define SHAPE_(op, minor, names, flags, in, out)                                                   \
	[WIRE_##op] = { .kind = KIND(op, names, flags), .nnames = (names),                         \
			.has_data = ((flags) & DATA) != 0, .may_ext = ((flags) & EXT) != 0,        \
			.in_size = SIZE_##in },
const struct core_wire_shape core_wire_shapes[WIRE_OPCODE_MAX] = { OPS(SHAPE_) };
/* clang-format on */
static const struct core_wire_shape cuse_init = {.kind = CORE_WIRE_PLAIN,
						 .in_size = SIZE_cuse_init_in};
static const struct core_wire_shape no_shape = {.kind = CORE_WIRE_UNKNOWN};

/* The bytes behind the structure. */
struct tail {
	const char *p, *end;
};

static int malformed(const char **why, const char *text)
{
	*why = text;
	return -EIO;
}

static size_t tail_len(const struct tail *t)
{
	return (size_t)(t->end - t->p);
}

/*
 * Extensions stand at the end of the message. From 7.38 the header tells their length; before,
 * the security context is what is left after the names.
 */
static int cut_extensions(const struct core_msg *msg, unsigned minor, struct tail *t,
			  struct core_wire_args *args, const char **why)
{
	size_t len = minor >= EXT_MINOR ? (size_t)msg->hdr->total_extlen * EXT_UNIT : 0;

	if (len > tail_len(t))
		return malformed(why, "extensions longer than the message");
	t->end -= len;
	args->ext = t->end;
	args->ext_len = len;
	return 0;
}

static int take_names(const struct core_wire_shape *s, struct tail *t, struct core_wire_args *args,
		      const char **why)
{
	for (unsigned i = 0; i < s->nnames; i++) {
		const char *nul = memchr(t->p, 0, tail_len(t));

		if (core_unlikely(!nul))
			return malformed(why, "name not terminated inside the message");
		if (core_unlikely(nul == t->p))
			return malformed(why, "empty name");
		if (core_unlikely(nul - t->p > NAME_LIMIT))
			return malformed(why, "name over 4096 bytes");
		args->name[i] = t->p;
		args->name_len[i] = (uint32_t)(nul - t->p);
		t->p = nul + 1;
	}
	return 0;
}

/* Bytes of data the structure announces. No overflow: at most 2^32 of 16 bytes. */
static uint64_t announced(uint32_t opcode, const void *in)
{
	switch (opcode) {
	case WIRE_WRITE:
		return ((const struct wire_write_in *)in)->size;
	case WIRE_SETXATTR:
		return ((const struct wire_setxattr_in *)in)->size;
	case WIRE_IOCTL:
		return ((const struct wire_ioctl_in *)in)->in_size;
	case WIRE_NOTIFY_REPLY:
		return ((const struct wire_notify_retrieve_in *)in)->size;
	case WIRE_BATCH_FORGET:
		return ((const struct wire_batch_forget_in *)in)->count *
		       (uint64_t)sizeof(struct wire_forget_one);
	}
	return 0;
}

static int take_data(uint32_t opcode, struct tail *t, struct core_wire_args *args, const char **why)
{
	if (core_unlikely(announced(opcode, args->in) != tail_len(t)))
		return malformed(why, "announced length is not that of the data");
	args->data = t->p;
	args->data_len = tail_len(t);
	return 0;
}

/* Everything behind the structure, which is known to be there. */
static int decode_tail(const struct core_msg *msg, const struct core_wire_shape *s, unsigned minor,
		       uint64_t caps, struct core_wire_args *args, const char **why)
{
	struct tail t;
	int err;

	if (msg->payload) {
		t.p = msg->payload;
		t.end = t.p + msg->payload_len;
	} else {
		t.p = (const char *)msg->op + s->in_size;
		t.end = (const char *)msg->op + msg->op_len;
	}
	err = cut_extensions(msg, minor, &t, args, why);
	if (core_unlikely(err))
		return err;
	if (s->nnames) {
		err = take_names(s, &t, args, why);
		if (core_unlikely(err))
			return err;
	}
	if (s->has_data)
		return take_data(msg->hdr->opcode, &t, args, why);
	if (s->may_ext && !args->ext_len && minor >= SECCTX_MINOR &&
	    (caps & WIRE_CAP(SECURITY_CTX))) {
		args->ext = t.p;
		args->ext_len = tail_len(&t);
	}
	return 0;
}

/* A structure shorter than its newest form, continued with zeros. */
static void extend(const struct core_msg *msg, size_t size, struct core_wire_args *args)
{
	memset(args->copy, 0, sizeof(args->copy));
	if (size)
		memcpy(args->copy, msg->op, size);
	args->in = args->copy;
}

/* s says how long the structure is in this message. */
static int decode_setxattr(const struct core_msg *msg, const struct core_wire_shape *s,
			   unsigned minor, uint64_t caps, struct core_wire_args *args,
			   const char **why)
{
	extend(msg, s->in_size, args);
	return decode_tail(msg, s, minor, caps, args, why);
}

/* The body of an INIT is 16 bytes, or from Linux 5.17 on 64, whatever minor it then names. */
static int decode_init(const struct core_msg *msg, struct core_wire_args *args, const char **why)
{
	if (msg->op_len >= sizeof(struct wire_init_in)) {
		args->in = msg->op;
		return 0;
	}
	if (msg->op_len != WIRE_INIT_IN_OLD)
		return malformed(why, "INIT of a length no kernel sends");
	extend(msg, WIRE_INIT_IN_OLD, args);
	return 0;
}

/*
 * The header's length is that of the message: what was received on the device; on io_uring,
 * where the room for the structure is larger than the structure, all but that room.
 */
static bool length_ok(const struct core_msg *msg, const struct core_wire_shape *s)
{
	size_t len = msg->hdr->len, body;

	if (len < sizeof(*msg->hdr))
		return false;
	body = len - sizeof(*msg->hdr);
	if (!msg->payload)
		return body == msg->op_len;
	return body >= msg->payload_len && body - msg->payload_len == s->in_size;
}

/* Malformed messages, the split form, and operations whose structure has no fixed length. */
__attribute__((noinline)) static int decode_slow(const struct core_msg *msg,
						 const struct core_wire_shape *s, unsigned minor,
						 uint64_t caps, struct core_wire_args *args,
						 const char **why)
{
	struct core_wire_shape exact = *s;

	exact.in_size = (uint16_t)(s->kind == CORE_WIRE_SPECIAL_SETXATTR
					   ? core_wire_in_size(WIRE_SETXATTR, minor, caps)
					   : s->in_size);
	if (s->kind == CORE_WIRE_UNKNOWN) {
		*why = "unknown opcode";
		return -ENOSYS;
	}
	if (!length_ok(msg, &exact))
		return malformed(why, "length in the header is not that of the message");
	if (s->kind == CORE_WIRE_SPECIAL_INIT)
		return decode_init(msg, args, why);
	if (msg->op_len < exact.in_size)
		return malformed(why, "shorter than its structure");
	if (s->kind == CORE_WIRE_SPECIAL_SETXATTR)
		return decode_setxattr(msg, &exact, minor, caps, args, why);
	args->in = msg->op;
	return s->kind == CORE_WIRE_PLAIN ? 0 : decode_tail(msg, &exact, minor, caps, args, why);
}

static const struct core_wire_shape *shape_of(uint32_t opcode)
{
	if (core_likely(opcode < WIRE_OPCODE_MAX))
		return &core_wire_shapes[opcode];
	return opcode == WIRE_CUSE_INIT ? &cuse_init : &no_shape;
}

int core_wire_decode(const struct core_msg *msg, unsigned minor, uint64_t caps,
		     struct core_wire_args *args, const char **why)
{
	const struct core_wire_shape *s = shape_of(msg->hdr->opcode);

	/* A header length below the header's own wraps to what no message has. */
	if (core_likely((s->kind == CORE_WIRE_PLAIN || s->kind == CORE_WIRE_TAIL) &&
			!msg->payload && (size_t)msg->hdr->len - sizeof(*msg->hdr) == msg->op_len &&
			msg->op_len >= s->in_size)) {
		args->in = msg->op;
		if (s->kind == CORE_WIRE_PLAIN)
			return 0;
		return decode_tail(msg, s, minor, caps, args, why);
	}
	return decode_slow(msg, s, minor, caps, args, why);
}
