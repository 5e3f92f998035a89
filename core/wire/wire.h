/*
 * The opcode table, and checked decoding of requests driven by it.
 *
 * Nothing that came from the kernel is used before core_wire_decode() has checked it: the
 * header's length against the bytes received, the fixed structure's size for the negotiated
 * minor, each name's terminator, the data length a structure announces. What passes is in
 * struct core_wire_args, pointing into the receive buffer.
 */
#ifndef CORE_WIRE_WIRE_H
#define CORE_WIRE_WIRE_H

#include "core/base/base.h"
#include "core/wire/proto.h"

/* One field of a structure, for printing and for the simulated kernel. */
struct core_wire_field {
	const char *name;
	uint16_t offset, size;
	bool is_signed;
	const struct core_wire_struct *sub; /* a nested structure, or NULL */
};
struct core_wire_struct {
	const char *name;
	uint16_t size;
	uint16_t nfields;
	const struct core_wire_field *fields;
};

enum core_wire_op_flags {
	CORE_OP_NOREPLY    = 1 << 0, /* FORGET, BATCH_FORGET, NOTIFY_REPLY; INTERRUPT unless refused.
	                                Not DESTROY: the kernel waits for its answer */
	CORE_OP_IDEMPOTENT = 1 << 1, /* may be done twice: safe to serve again after a RESEND */
	CORE_OP_MAY_BLOCK  = 1 << 2, /* can wait for another request of the same mount (SETLKW) */
	CORE_OP_DATA       = 1 << 3, /* bytes follow: WRITE, SETXATTR value, IOCTL input, NOTIFY_REPLY, BATCH_FORGET list */
	CORE_OP_EXT        = 1 << 4, /* may carry extensions (security context, supplementary groups) at the end */
	CORE_OP_OUT_VAR    = 1 << 5, /* reply length is the program's: READ, READDIR, READLINK, ... up to the size asked */
};

struct core_wire_op {
	const char *name;             /* "GETATTR"; NULL: no such opcode */
	uint8_t minor;                /* first protocol minor that has it */
	uint8_t nnames;               /* NUL-terminated strings after the structure */
	uint16_t flags;               /* enum core_wire_op_flags */
	const struct core_wire_struct *in;  /* fixed structure after the header, or NULL */
	const struct core_wire_struct *out; /* fixed reply structure, or NULL */
};

/* The table entry, or NULL for an opcode nobody knows. */
const struct core_wire_op *core_wire_op(uint32_t opcode);
const char *core_wire_op_name(uint32_t opcode); /* never NULL */
const char *core_wire_notify_name(int code);

/* Bytes of the op's request structure and reply structure under this minor and these INIT flags. */
size_t core_wire_in_size(uint32_t opcode, unsigned minor, uint64_t caps);
size_t core_wire_out_size(uint32_t opcode, unsigned minor, uint64_t caps);

/*
 * A received message in up to three pieces, as every transport can give it: on the device
 * they lie behind each other, over io_uring the operation's structure and the rest are apart.
 */
struct core_msg {
	const struct wire_in_header *hdr; /* 8-byte aligned, complete */
	const void *op;                   /* structure after the header, 8-byte aligned */
	size_t op_len;                    /* bytes valid at op; on the device: all that follows the header */
	const void *payload;              /* NULL on the device (everything is behind op), else the rest */
	size_t payload_len;
	uint64_t tag;                     /* the transport's own */
};

/*
 * Only what the operation has is set: name[] up to nnames, data for CORE_OP_DATA; ext for
 * CORE_OP_EXT. The rest is left as it was, so that an operation without them costs nothing.
 */
struct core_wire_args {
	const void *in;          /* the structure in its newest size (meaningless for an
	                            operation without one); points into the message or to
	                            copy[] (zero-extended) when the kernel's was shorter */
	const char *name[2];     /* terminated, without '/' check */
	uint32_t name_len[2];
	const void *data;        /* CORE_OP_DATA */
	size_t data_len;
	const void *ext;         /* extensions (7.38 total_extlen, 7.36 security context), unparsed */
	size_t ext_len;
	uint64_t copy[8];        /* room for a zero-extended structure that grew (64 bytes) */
};

/*
 * Checks and splits a message. minor and caps are the negotiated ones (for INIT: anything).
 * 0, or -EIO: malformed (*why is a text for the log), -ENOSYS: an opcode we do not know.
 * SETXATTR with and without the extension is told by caps. An empty name is malformed, so is
 * one over 4096 bytes. An opcode newer than minor passes if we know it: distributions' kernels
 * carry operations their minor does not announce. Bytes behind what the operation needs are
 * ignored unless the structure announces a length: then it must be that of the data.
 *
 * Lengths: on the device (payload NULL) hdr->len must be that of header and op. Over io_uring
 * op_len may be that of the room op lies in; header, the operation's structure and payload
 * must make hdr->len.
 */
int core_wire_decode(const struct core_msg *msg, unsigned minor, uint64_t caps,
		     struct core_wire_args *args, const char **why);

enum core_wire_shape_kind {
	CORE_WIRE_UNKNOWN = 0,      /* no such opcode */
	CORE_WIRE_PLAIN,            /* the structure is everything */
	CORE_WIRE_TAIL,             /* names, data or extensions follow */
	CORE_WIRE_SPECIAL_INIT,     /* old and new kernels send different lengths */
	CORE_WIRE_SPECIAL_SETXATTR, /* the structure's length depends on a flag */
};

/* What the way in needs of an opcode: six bytes, so that a cache line holds ten. */
struct core_wire_shape {
	uint8_t kind;
	uint8_t nnames;
	uint8_t has_data;
	uint8_t may_ext;
	uint16_t in_size;
};
extern const struct core_wire_shape core_wire_shapes[WIRE_OPCODE_MAX];

/*
 * core_wire_decode() for what most requests are: a known operation that is only a structure, in
 * one piece, of the length its header says. False: nothing is said, ask core_wire_decode().
 */
static inline bool core_wire_decode_plain(const struct core_msg *msg, struct core_wire_args *args)
{
	uint32_t opcode = msg->hdr->opcode;

	args->in = msg->op;
	/* A header length below the header's own wraps to what no message has. */
	return opcode < WIRE_OPCODE_MAX && core_wire_shapes[opcode].kind == CORE_WIRE_PLAIN &&
	       !msg->payload && (size_t)msg->hdr->len - sizeof(*msg->hdr) == msg->op_len &&
	       msg->op_len >= core_wire_shapes[opcode].in_size;
}

/*
 * Debug print (-d): text for a request or reply into buf, always terminated: one line a user of
 * FUSE knows ("unique: 2, opcode: LOOKUP (1), nodeid: 1, insize: 42, pid: 7") and, where there
 * is something to tell, further lines with what is in it, indented. No newline at the end.
 * print_reply's data is what follows the out header; opcode that of the request, ignored for a
 * notification. Returns the bytes the whole text has (as snprintf).
 */
int core_wire_print_request(char *buf, size_t size, const struct core_msg *msg, unsigned minor,
			    uint64_t caps);
int core_wire_print_reply(char *buf, size_t size, uint32_t opcode,
			  const struct wire_out_header *out, const void *data, size_t len);
/* The named INIT flags of a word, separated by commas. */
int core_wire_print_caps(char *buf, size_t size, uint64_t caps);

extern const struct core_wire_struct core_wire_structs[];  /* all, in WIRE_STRUCTS order */
const struct core_wire_struct *core_wire_struct_by_name(const char *name);

#endif
