/*
 * Decoding and printing of arbitrary messages. Input: a byte each for minor and mode, 8 bytes of
 * capabilities, then the message from its header on (the length in it is put right unless the
 * mode says not to), in memory of exactly its size.
 *
 * Besides what sanitizers see, checked: everything a successful decode points at lies inside
 * the message, and names are terminated.
 */
#include <stdlib.h>
#include <string.h>
#include "core/wire/wire.h"

enum { KEEP_LENGTH = 1, SPLIT = 2, AS_REPLY = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool inside(const void *p, size_t len, const void *from, size_t from_len)
{
	uintptr_t at = (uintptr_t)p, start = (uintptr_t)from;

	return at >= start && at - start <= from_len && len <= from_len - (at - start);
}

static bool in_message(const struct core_msg *msg, const void *p, size_t len)
{
	return inside(p, len, msg->op, msg->op_len) ||
	       (msg->payload && inside(p, len, msg->payload, msg->payload_len));
}

static void check(const struct core_msg *msg, unsigned minor, uint64_t caps)
{
	const struct core_wire_op *op = core_wire_op(msg->hdr->opcode);
	struct core_wire_args args;
	const char *why = NULL;
	int err = core_wire_decode(msg, minor, caps, &args, &why);

	if (err) {
		require(why && *why);
		return;
	}
	require(op != NULL);
	if (op->in)
		require(args.in == args.copy || in_message(msg, args.in, op->in->size));
	for (unsigned i = 0; i < op->nnames; i++) {
		require(in_message(msg, args.name[i], args.name_len[i] + (size_t)1));
		require(args.name_len[i] == strlen(args.name[i]) && args.name_len[i] > 0);
	}
	if (op->flags & CORE_OP_DATA)
		require(in_message(msg, args.data, args.data_len));
	if (op->flags & CORE_OP_EXT)
		require(in_message(msg, args.ext, args.ext_len));
}

/* A copy of its own, so that every byte beyond is out of bounds. */
static void *copy(const void *from, size_t len)
{
	void *p = malloc(len ? len : 1);

	if (len)
		memcpy(p, from, len);
	return p;
}

static void request(uint8_t *bytes, size_t len, unsigned minor, unsigned mode, uint64_t caps)
{
	struct wire_in_header *h = (struct wire_in_header *)bytes;
	void *payload = NULL, *op = NULL;
	struct core_msg msg;
	char text[300];

	if (len < sizeof(*h))
		return;
	if (!(mode & KEEP_LENGTH))
		h->len = (uint32_t)len;
	msg = (struct core_msg){
		.hdr = h,
		.op = bytes + sizeof(*h),
		.op_len = len - sizeof(*h),
	};
	if (mode & SPLIT) {
		size_t want = core_wire_in_size(h->opcode, minor, caps);
		size_t op_len = want < msg.op_len ? want : msg.op_len;

		op = copy(msg.op, op_len);
		payload = copy(bytes + sizeof(*h) + op_len, msg.op_len - op_len);
		msg.payload_len = msg.op_len - op_len;
		msg.payload = payload;
		msg.op = op;
		msg.op_len = op_len;
	}
	check(&msg, minor, caps);
	core_wire_print_request(text, sizeof(text), &msg, minor, caps);
	free(payload);
	free(op);
}

static void reply(const uint8_t *bytes, size_t len)
{
	struct wire_out_header h;
	uint32_t opcode;
	char text[300];
	void *data;

	if (len < sizeof(h) + sizeof(opcode))
		return;
	memcpy(&h, bytes, sizeof(h));
	memcpy(&opcode, bytes + sizeof(h), sizeof(opcode));
	len -= sizeof(h) + sizeof(opcode);
	data = copy(bytes + sizeof(h) + sizeof(opcode), len);
	core_wire_print_reply(text, sizeof(text), opcode, &h, data, len);
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned minor, mode;
	uint64_t caps;
	uint8_t *bytes;

	if (size < 10)
		return 0;
	minor = data[0] % (WIRE_MINOR + 1);
	mode = data[1];
	memcpy(&caps, data + 2, sizeof(caps));
	bytes = copy(data + 10, size - 10);
	if (mode & AS_REPLY)
		reply(bytes, size - 10);
	else
		request(bytes, size - 10, minor, mode, caps);
	free(bytes);
	return 0;
}
