/*
 * What -d shows of requests and replies, driven by the field descriptions.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "core/wire/wire.h"

enum { SHOWN_NAME = 200 }; /* bytes of a name that are shown */

/* snprintf() that continues: len is what the whole text would have. */
struct text {
	char *buf;
	size_t size, len;
};

CORE_PRINTF(2, 3) static void add(struct text *t, const char *fmt, ...)
{
	size_t room = t->len < t->size ? t->size - t->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? t->buf + t->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n;
}

static struct text text_init(char *buf, size_t size)
{
	if (size)
		buf[0] = '\0';
	return (struct text){buf, size, 0};
}

/* Names come from users: nothing of them may disturb the terminal or forge a line. */
static void add_name(struct text *t, const char *name, size_t len)
{
	add(t, "\"");
	for (size_t i = 0; i < len && i < SHOWN_NAME; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c == '"' || c == '\\')
			add(t, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			add(t, "\\x%02x", c);
		else
			add(t, "%c", c);
	}
	add(t, len > SHOWN_NAME ? "\"..." : "\"");
}

/* ---- fields -------------------------------------------------------------------------------- */

static bool starts(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static bool is_filler(const char *name)
{
	return starts(name, "padding") || starts(name, "dummy") || starts(name, "unused") ||
	       starts(name, "spare") || starts(name, "reserved");
}

/* How a field is written follows from its name, which means the same in every structure. */
static const char *format_of(const char *name)
{
	static const struct {
		const char *name, *format;
	} formats[] = {
		{"mode", "0%" PRIo64},     {"umask", "0%" PRIo64},       {"flags", "0x%" PRIx64},
		{"flags2", "0x%" PRIx64},  {"valid", "0x%" PRIx64},      {"mask", "0x%" PRIx64},
		{"sx_mask", "0x%" PRIx64}, {"events", "0x%" PRIx64},     {"revents", "0x%" PRIx64},
		{"cmd", "0x%" PRIx64},     {"arg", "0x%" PRIx64},        {"base", "0x%" PRIx64},
		{"rdev", "0x%" PRIx64},    {"attributes", "0x%" PRIx64},
	};
	size_t len = strlen(name);

	for (size_t i = 0; i < CORE_ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return formats[i].format;
	if (len > 6 && !strcmp(name + len - 6, "_flags"))
		return "0x%" PRIx64;
	return NULL;
}

static uint64_t load(const struct core_wire_field *f, const char *at)
{
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (f->size) {
	case sizeof(v16):
		memcpy(&v16, at, sizeof(v16));
		return v16;
	case sizeof(v32):
		memcpy(&v32, at, sizeof(v32));
		return f->is_signed ? (uint64_t)(int64_t)(int32_t)v32 : v32;
	default:
		memcpy(&v64, at, sizeof(v64));
		return v64;
	}
}

static void add_value(struct text *t, const struct core_wire_field *f, uint64_t value)
{
	const char *format = format_of(f->name);

	if (!format)
		format = f->is_signed ? "%" PRId64 : "%" PRIu64;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	add(t, format, value);
#pragma GCC diagnostic pop
}

/* The fields of s that lie within the len bytes at data: "mode: 0644, size: 3, ...". */
static void add_struct(struct text *t, const struct core_wire_struct *s, const char *data,
		       size_t len)
{
	const char *between = "";

	for (unsigned i = 0; i < s->nfields; i++) {
		const struct core_wire_field *f = &s->fields[i];

		if ((size_t)f->offset + f->size > len)
			break;
		if (is_filler(f->name))
			continue;
		add(t, "%s%s: ", between, f->name);
		between = ", ";
		if (f->sub) {
			add(t, "{");
			add_struct(t, f->sub, data + f->offset, f->size);
			add(t, "}");
		} else {
			add_value(t, f, load(f, data + f->offset));
		}
	}
}

/* ---- INIT flags ---------------------------------------------------------------------------- */

static void add_caps(struct text *t, uint64_t caps)
{
#define CAP_NAME(bit, name, minor) [bit] = #name,
	static const char *const names[64] = {WIRE_INIT_FLAGS(CAP_NAME)};
#undef CAP_NAME
	const char *between = "";

	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(caps & (1ULL << bit)))
			continue;
		if (names[bit])
			add(t, "%s%s", between, names[bit]);
		else
			add(t, "%sbit %u", between, bit);
		between = ",";
	}
}

/* flags and flags2, which both INITs have under the same names but not in the same place. */
static void add_init_caps(struct text *t, const struct core_wire_struct *s, const char *data,
			  size_t len)
{
	uint64_t caps = 0;

	for (unsigned i = 0; i < s->nfields; i++) {
		const struct core_wire_field *f = &s->fields[i];

		if ((size_t)f->offset + f->size > len)
			break;
		if (!strcmp(f->name, "flags"))
			caps |= load(f, data + f->offset);
		else if (!strcmp(f->name, "flags2") && (caps & WIRE_CAP(INIT_EXT)))
			caps |= load(f, data + f->offset) << 32;
	}
	add(t, "\n   ");
	add_caps(t, caps);
}

int core_wire_print_caps(char *buf, size_t size, uint64_t caps)
{
	struct text t = text_init(buf, size);

	add_caps(&t, caps);
	return (int)t.len;
}

/* ---- requests and replies ------------------------------------------------------------------ */

/* The number a user can match between a request and its reply, resent or not. */
static uint64_t number_of(uint64_t unique)
{
	return unique & ~(uint64_t)WIRE_UNIQUE_RESEND;
}

static void add_request_details(struct text *t, const struct core_msg *msg,
				const struct core_wire_op *op, const struct core_wire_args *args)
{
	const char *between = "\n   ";

	for (unsigned i = 0; i < op->nnames; i++) {
		add(t, "%s%s: ", between,
		    i == 0                             ? "name"
		    : msg->hdr->opcode == WIRE_SYMLINK ? "target"
						       : "newname");
		add_name(t, args->name[i], args->name_len[i]);
		between = ", ";
	}
	if (op->in) {
		add(t, "%s", between);
		between = ", ";
		add_struct(t, op->in, args->in, op->in->size);
	}
	if (op->flags & CORE_OP_DATA)
		add(t, "%sdata: %zu bytes", between, args->data_len);
	if ((op->flags & CORE_OP_EXT) && args->ext_len)
		add(t, "%sextensions: %zu bytes", between, args->ext_len);
	if (msg->hdr->opcode == WIRE_INIT)
		add_init_caps(t, op->in, args->in, op->in->size);
}

int core_wire_print_request(char *buf, size_t size, const struct core_msg *msg, unsigned minor,
			    uint64_t caps)
{
	const struct wire_in_header *h = msg->hdr;
	const struct core_wire_op *op = core_wire_op(h->opcode);
	struct text t = text_init(buf, size);
	struct core_wire_args args;
	const char *why = "";

	add(&t,
	    "unique: %" PRIu64 ", opcode: %s (%" PRIu32 "), nodeid: %" PRIu64 ", insize: %" PRIu32
	    ", pid: %" PRIu32,
	    number_of(h->unique), core_wire_op_name(h->opcode), h->opcode, h->nodeid, h->len,
	    h->pid);
	if (h->unique & WIRE_UNIQUE_RESEND)
		add(&t, ", resent");
	if (core_wire_decode(msg, minor, caps, &args, &why))
		add(&t, "\n   %s", why);
	else
		add_request_details(&t, msg, op, &args);
	return (int)t.len;
}

static const struct core_wire_struct *notify_struct(int code)
{
	static const char *const names[WIRE_NOTIFY_MAX] = {
		[WIRE_NOTIFY_POLL] = "notify_poll_out",
		[WIRE_NOTIFY_INVAL_INODE] = "notify_inval_inode_out",
		[WIRE_NOTIFY_INVAL_ENTRY] = "notify_inval_entry_out",
		[WIRE_NOTIFY_STORE] = "notify_store_out",
		[WIRE_NOTIFY_RETRIEVE] = "notify_retrieve_out",
		[WIRE_NOTIFY_DELETE] = "notify_delete_out",
		[WIRE_NOTIFY_PRUNE] = "notify_prune_out",
	};

	return code > 0 && code < WIRE_NOTIFY_MAX && names[code]
		       ? core_wire_struct_by_name(names[code])
		       : NULL;
}

static void add_notify(struct text *t, const struct wire_out_header *out, const void *data,
		       size_t len)
{
	const struct core_wire_struct *s = notify_struct(out->error);

	add(t, "NOTIFY: %s (%" PRId32 "), outsize: %" PRIu32, core_wire_notify_name(out->error),
	    out->error, out->len);
	if (s && len >= s->size) {
		add(t, "\n   ");
		add_struct(t, s, data, s->size);
	}
}

static void add_reply_details(struct text *t, uint32_t opcode, const void *data, size_t len)
{
	const struct core_wire_op *op = core_wire_op(opcode);

	if (!op || !op->out || !len)
		return;
	/* GETXATTR's structure or the value: the length is all there is to tell them apart. */
	if ((opcode == WIRE_GETXATTR || opcode == WIRE_LISTXATTR) && len != op->out->size)
		return;
	add(t, "\n      ");
	add_struct(t, op->out, data, len < op->out->size ? len : op->out->size);
	if (opcode == WIRE_INIT)
		add_init_caps(t, op->out, data, len);
}

int core_wire_print_reply(char *buf, size_t size, uint32_t opcode,
			  const struct wire_out_header *out, const void *data, size_t len)
{
	struct text t = text_init(buf, size);
	char err[128];

	if (!out->unique) {
		add_notify(&t, out, data, len);
		return (int)t.len;
	}
	add(&t, "   unique: %" PRIu64 ", ", number_of(out->unique));
	if (out->error)
		add(&t, "error: %" PRId32 " (%s)", out->error,
		    strerror_r((int)(0U - (unsigned)out->error), err, sizeof(err)));
	else
		add(&t, "success");
	add(&t, ", outsize: %" PRIu32, out->len);
	if (!out->error)
		add_reply_details(&t, opcode, data, len);
	return (int)t.len;
}
