/*
 * The kernel's side: see instr.h.
 */
#include "instr.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "core/wire/proto.h"
#include "count.h"

#define WARM_UP     32
#define MAX_DEPTH   30
#define MAX_STEPS   128
#define DIR_REQUEST 32768 /* bytes asked for by a READDIR */

/* Everything a kernel of today offers but what needs a descriptor: splice, passthrough, io_uring.
 */
#define OFFERED                                                                                    \
	(((1ULL << 43) - 1) &                                                                      \
	 ~(WIRE_CAP(SPLICE_WRITE) | WIRE_CAP(SPLICE_MOVE) | WIRE_CAP(SPLICE_READ) |                \
	   WIRE_CAP(PASSTHROUGH) | WIRE_CAP(OVER_IO_URING)))

struct step {
	uint32_t opcode;
	int depth;  /* of the file it is about; 0: the root; < 0: of the directory */
	bool turns; /* every other request is about the file at depth 1 */
	bool measured;
	char name[48]; /* of the phase */
	struct counts counts;
};

static struct {
	struct feed_options o;
	struct step steps[MAX_STEPS];
	unsigned nsteps, step;
	unsigned sent; /* of the step */
	bool waiting;  /* for a reply */
	struct counts before;
	uint64_t unique, replies;
	uint64_t node[MAX_DEPTH + 1]; /* the file at this depth */
	uint64_t dir[MAX_DEPTH + 1];  /* the directory at this depth */
	uint64_t fh;
	int error;
	struct {
		struct wire_in_header hdr;
		char body[64 + BLOCK];
	} msg __attribute__((aligned(8)));
	size_t body_len;
} f;

static struct counts no_counts;

/* Preloaded when allocations and locks are counted. */
__attribute__((weak)) struct counts *instr_counts(void);

static struct counts *counts_now(void)
{
	return instr_counts ? instr_counts() : &no_counts;
}

/* ---- what is to come ------------------------------------------------------------------------- */

static void add(uint32_t opcode, int depth, const char *phase)
{
	struct step *s = &f.steps[f.nsteps];
	bool turns = phase && strcmp(phase, "turns") == 0;

	if (phase) {
		snprintf(s->name, sizeof(s->name), "%s %s %d", f.o.api, phase,
			 depth ? abs(depth) : 1);
		if (f.o.only && strcmp(f.o.only, s->name) != 0)
			return;
	}
	s->opcode = opcode;
	s->depth = depth;
	s->measured = phase;
	s->turns = turns;
	f.nsteps++;
}

void feed_init(const struct feed_options *o)
{
	static const int depths[] = {1, 10, 30};

	f.o = *o;
	f.dir[0] = WIRE_ROOT_ID;
	add(WIRE_INIT, 0, NULL);
	/* Directories on the way, and the files that are asked for. */
	for (int d = 1; d <= MAX_DEPTH; d++)
		add(WIRE_LOOKUP, -d, NULL);
	for (int i = 0; i < 3; i++)
		add(WIRE_LOOKUP, depths[i], NULL);
	for (int i = 0; i < 3; i++)
		add(WIRE_GETATTR, depths[i], "getattr");
	/* In two directories by turns, so that no path is that of the request before. */
	for (int i = 1; i < 3 && f.o.paths; i++)
		add(WIRE_GETATTR, depths[i], "turns");
	for (int i = 0; i < 3; i++)
		add(WIRE_LOOKUP, depths[i], "lookup");
	add(WIRE_OPEN, 1, "open");
	add(WIRE_OPEN, 1, NULL);
	add(WIRE_READ, 1, "read4k");
	add(WIRE_WRITE, 1, "write4k");
	add(WIRE_OPENDIR, 0, NULL);
	add(WIRE_READDIR, 0, "readdir100");
	if (f.o.readdirplus)
		add(WIRE_READDIRPLUS, 0, "readdirplus100");
	if (f.o.readdirplus && f.o.paths) {
		/* Names that were never seen before. */
		add(WIRE_OPENDIR, -1, NULL);
		add(WIRE_READDIRPLUS, -1, "newreaddirplus100");
	}
}

/* ---- messages -------------------------------------------------------------------------------- */

static void *body(size_t len)
{
	f.body_len = len;
	return memset(f.msg.body, 0, len);
}

/* Depth d > 0: the file "file-00000dd"; < 0: the directory on the way to it. */
static void put_name(int depth)
{
	char *at = body(16);

	f.body_len = 1 + (size_t)snprintf(at, 16, depth > 0 ? "file-%07d" : "dir-%08d", abs(depth));
}

static uint64_t parent_of(int depth)
{
	return f.dir[abs(depth) - 1];
}

static void build(const struct step *s)
{
	uint64_t node = s->depth > 0 ? f.node[s->depth] : f.dir[-s->depth];

	memset(&f.msg.hdr, 0, sizeof(f.msg.hdr));
	switch (s->opcode) {
	case WIRE_INIT: {
		struct wire_init_in *in = body(sizeof(*in));

		in->major = WIRE_MAJOR;
		in->minor = WIRE_MINOR;
		in->max_readahead = 131072;
		in->flags = (uint32_t)OFFERED | 1u << WIRE_CAP_BIT_INIT_EXT;
		in->flags2 = (uint32_t)(OFFERED >> 32);
		node = 0;
		break;
	}
	case WIRE_LOOKUP:
		put_name(s->depth);
		node = parent_of(s->depth);
		break;
	case WIRE_GETATTR:
		body(sizeof(struct wire_getattr_in));
		break;
	case WIRE_OPEN:
	case WIRE_OPENDIR: {
		struct wire_open_in *in = body(sizeof(*in));

		in->flags = s->opcode == WIRE_OPEN ? 2 /* O_RDWR */ : 0;
		break;
	}
	case WIRE_READ:
	case WIRE_READDIR:
	case WIRE_READDIRPLUS: {
		struct wire_read_in *in = body(sizeof(*in));

		in->fh = f.fh;
		in->size = s->opcode == WIRE_READ ? BLOCK : DIR_REQUEST;
		break;
	}
	case WIRE_WRITE: {
		struct wire_write_in *in = body(sizeof(*in) + BLOCK);

		in->fh = f.fh;
		in->size = BLOCK;
		break;
	}
	}
	f.msg.hdr.len = (uint32_t)(sizeof(f.msg.hdr) + f.body_len);
	f.msg.hdr.opcode = s->opcode;
	f.msg.hdr.nodeid = node;
	f.msg.hdr.pid = 1;
}

static void phase_begins(void)
{
	f.before = *counts_now();
	CALLGRIND_ZERO_STATS;
}

static void phase_ends(struct step *s)
{
	CALLGRIND_DUMP_STATS_AT(s->name);
	s->counts = *counts_now();
	s->counts.allocations -= f.before.allocations;
	s->counts.frees -= f.before.frees;
	s->counts.locks -= f.before.locks;
}

const void *feed_next(size_t *len)
{
	struct step *s = &f.steps[f.step];
	unsigned total = s->measured ? WARM_UP + f.o.requests : 1;

	if (f.waiting) { /* the library lost one */
		fprintf(stderr, "instr: no reply to opcode %u (%s)\n", s->opcode, s->name);
		f.error = ETIMEDOUT;
	}
	if (f.error)
		return NULL;
	if (f.sent == total) {
		if (s->measured)
			phase_ends(s);
		s++;
		f.step++;
		f.sent = 0;
	}
	if (f.step == f.nsteps)
		return NULL;
	if (f.sent == 0)
		build(s);
	if (f.sent == WARM_UP)
		phase_begins();
	if (s->turns)
		f.msg.hdr.nodeid = f.node[f.sent % 2 ? 1 : s->depth];
	f.sent++;
	f.waiting = true;
	f.msg.hdr.unique = f.unique += 2;
	*len = f.msg.hdr.len;
	return &f.msg;
}

/* ---- replies --------------------------------------------------------------------------------- */

/* Bytes of the reply behind its header that a step must have, if it is not the exact number. */
static size_t expected(const struct step *s)
{
	switch (s->opcode) {
	case WIRE_LOOKUP:
		return sizeof(struct wire_entry_out);
	case WIRE_GETATTR:
		return sizeof(struct wire_attr_out);
	case WIRE_OPEN:
	case WIRE_OPENDIR:
		return sizeof(struct wire_open_out);
	case WIRE_READ:
		return BLOCK;
	case WIRE_WRITE:
		return sizeof(struct wire_write_out);
	case WIRE_READDIR:
		return ENTRIES * 40;
	case WIRE_READDIRPLUS:
		return ENTRIES * 168;
	default:
		return 0;
	}
}

static void take(const struct step *s, const void *data, size_t len)
{
	if (s->opcode == WIRE_LOOKUP && len >= sizeof(struct wire_entry_out)) {
		uint64_t id = ((const struct wire_entry_out *)data)->nodeid;

		if (s->depth > 0)
			f.node[s->depth] = id;
		else
			f.dir[-s->depth] = id;
	} else if (s->opcode == WIRE_OPEN || s->opcode == WIRE_OPENDIR) {
		f.fh = ((const struct wire_open_out *)data)->fh;
	}
}

int feed_reply(const struct iovec *iov, int niov)
{
	const struct wire_out_header *hdr = iov[0].iov_base;
	const struct step *s = &f.steps[f.step];
	const char *data = (const char *)(hdr + 1);
	size_t len = hdr->len - sizeof(*hdr);

	f.waiting = false;
	f.replies++;
	if (hdr->error || hdr->unique != f.unique || len < expected(s)) {
		fprintf(stderr, "instr: opcode %u (%s): error %d, %zu bytes\n", s->opcode, s->name,
			hdr->error, len);
		f.error = EPROTO;
		return 0;
	}
	if (!s->measured) {
		if (iov[0].iov_len == sizeof(*hdr) && niov > 1)
			data = iov[1].iov_base;
		take(s, data, len);
	}
	return 0;
}

int feed_result(void)
{
	if (!f.error && f.step < f.nsteps) {
		fprintf(stderr, "instr: the library stopped at opcode %u (%s)\n",
			f.steps[f.step].opcode, f.steps[f.step].name);
		return 1;
	}
	if (f.error)
		return 1;
	for (unsigned i = 0; i < f.nsteps; i++) {
		const struct step *s = &f.steps[i];

		if (s->measured && instr_counts)
			printf("%s\t%.2f\t%.2f\n", s->name,
			       (double)s->counts.allocations / f.o.requests,
			       (double)s->counts.locks / f.o.requests);
	}
	return 0;
}
