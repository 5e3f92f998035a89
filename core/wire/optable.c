/*
 * The opcode table and the structure descriptions, as data.
 */
#include <string.h>
#include "core/wire/ops.h"
#include "core/wire/wire.h"

/* ---- structures ---------------------------------------------------------------------------- */

#define INDEX_(name, size) INDEX_##name,
enum struct_index { WIRE_STRUCTS(INDEX_) NSTRUCTS };
#undef INDEX_
/* Not a structure: the integers, and "none" in the opcode table. */
enum {
	INDEX_none = NSTRUCTS,
	INDEX_u16 = INDEX_none,
	INDEX_u32 = INDEX_none,
	INDEX_u64 = INDEX_none,
	INDEX_i32 = INDEX_none,
	INDEX_i64 = INDEX_none
};
#define STRUCT(n) ((int)INDEX_##n == (int)INDEX_none ? NULL : &core_wire_structs[INDEX_##n])

#define SIGNED_(name, size) SIGNED_##name = 0,
enum {
	WIRE_STRUCTS(SIGNED_) SIGNED_u16 = 0,
	SIGNED_u32 = 0,
	SIGNED_u64 = 0,
	SIGNED_i32 = 1,
	SIGNED_i64 = 1
};
#undef SIGNED_

/*
 * offsetof() needs the structure's name, which a field list does not hand to F(). So each
 * F(type, field) becomes two macros behind each other, FIELD_OF(struct) FIELD(type, field), and
 * the first leaves its parenthesis open for the second.
 */
/* clang-format off */
#define FIELD_OF(st) { .offset = __builtin_offsetof(struct wire_##st,
#define FIELD(type, field) field), .name = #field, .size = sizeof(wire_t_##type),                  \
	.is_signed = SIGNED_##type, .sub = STRUCT(type) },
#define FIELDS_(st, bytes)                                                                         \
	static const struct core_wire_field fields_##st[] = {                                      \
		WIRE_FIELDS_##st(FIELD_OF(st) FIELD)                                               \
	};
WIRE_STRUCTS(FIELDS_)

#define DESCRIBE_(st, bytes)                                                                       \
	{ .name = #st, .size = (bytes), .nfields = CORE_ARRAY_SIZE(fields_##st),                   \
	  .fields = fields_##st },
const struct core_wire_struct core_wire_structs[] = {
	WIRE_STRUCTS(DESCRIBE_)
	{ .name = NULL },
};
/* clang-format on */

const struct core_wire_struct *core_wire_struct_by_name(const char *name)
{
	for (const struct core_wire_struct *s = core_wire_structs; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/* ---- opcodes ------------------------------------------------------------------------------- */

/* clang-format off */
#define OP_(opname, minor_, nnames_, flags_, in_, out_)                                            \
	[WIRE_##opname] = { .name = #opname, .minor = (minor_), .nnames = (nnames_),               \
			    .flags = (flags_), .in = STRUCT(in_), .out = STRUCT(out_) },
static const struct core_wire_op ops[WIRE_OPCODE_MAX] = { OPS(OP_) };
/* clang-format on */

static const struct core_wire_op cuse_init = {
	.name = "CUSE_INIT",
	.minor = 12,
	.flags = CORE_OP_OUT_VAR,
	.in = STRUCT(cuse_init_in),
	.out = STRUCT(cuse_init_out),
};

const struct core_wire_op *core_wire_op(uint32_t opcode)
{
	if (opcode == WIRE_CUSE_INIT)
		return &cuse_init;
	if (opcode >= WIRE_OPCODE_MAX || !ops[opcode].name)
		return NULL;
	return &ops[opcode];
}

const char *core_wire_op_name(uint32_t opcode)
{
	const struct core_wire_op *op = core_wire_op(opcode);

	return op ? op->name : "???";
}

const char *core_wire_notify_name(int code)
{
	static const char *const names[WIRE_NOTIFY_MAX] = {
		[WIRE_NOTIFY_POLL] = "POLL",
		[WIRE_NOTIFY_INVAL_INODE] = "INVAL_INODE",
		[WIRE_NOTIFY_INVAL_ENTRY] = "INVAL_ENTRY",
		[WIRE_NOTIFY_STORE] = "STORE",
		[WIRE_NOTIFY_RETRIEVE] = "RETRIEVE",
		[WIRE_NOTIFY_DELETE] = "DELETE",
		[WIRE_NOTIFY_RESEND] = "RESEND",
		[WIRE_NOTIFY_INC_EPOCH] = "INC_EPOCH",
		[WIRE_NOTIFY_PRUNE] = "PRUNE",
	};

	return code > 0 && code < WIRE_NOTIFY_MAX ? names[code] : "???";
}

/* ---- sizes --------------------------------------------------------------------------------- */

/*
 * From 7.12 on only these requests and replies changed their size; a member that came later
 * elsewhere (attr.flags, open_in.open_flags, poll_in.events...) took the place of padding.
 */
size_t core_wire_in_size(uint32_t opcode, unsigned minor, uint64_t caps)
{
	const struct core_wire_op *op = core_wire_op(opcode);

	if (!op || !op->in)
		return 0;
	if (opcode == WIRE_INIT && minor < 36)
		return WIRE_INIT_IN_OLD;
	if (opcode == WIRE_SETXATTR && !(caps & WIRE_CAP(SETXATTR_EXT)))
		return WIRE_SETXATTR_IN_OLD;
	return op->in->size;
}

size_t core_wire_out_size(uint32_t opcode, unsigned minor, uint64_t caps)
{
	const struct core_wire_op *op = core_wire_op(opcode);

	(void)caps;
	if (!op || !op->out)
		return 0;
	if (opcode == WIRE_INIT && minor < 23)
		return WIRE_INIT_OUT_OLD;
	return op->out->size;
}
