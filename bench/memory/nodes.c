/*
 * Memory a node: in place of bench/instructions/feed.c, the kernel's side of a program that looks
 * up one name of 13 characters after the other and never forgets one. After 10^4, 10^5, ... of them
 * it prints how many there are, the bytes of memory a node, and the whole.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/wire/proto.h"
#include "instr.h"

static struct {
	unsigned long wanted, sent, next_print;
	long base; /* bytes before the first */
	uint64_t last_node;
	int error;
	bool waiting;
	struct {
		struct wire_in_header hdr;
		union {
			struct wire_init_in init;
			char name[32];
		} body;
	} msg __attribute__((aligned(8)));
} f;

static long resident(void)
{
	long pages = -1;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm || fscanf(statm, "%*d %ld", &pages) != 1)
		f.error = EIO;
	if (statm)
		fclose(statm);
	return pages * sysconf(_SC_PAGESIZE);
}

void feed_init(const struct feed_options *o)
{
	f.wanted = o->requests;
	f.next_print = 10000;
}

static size_t build(void)
{
	if (!f.base) {
		memset(&f.msg.body.init, 0, sizeof(f.msg.body.init));
		f.msg.body.init.major = WIRE_MAJOR;
		f.msg.body.init.minor = WIRE_MINOR;
		f.msg.body.init.max_readahead = 131072;
		f.msg.hdr.opcode = WIRE_INIT;
		return sizeof(f.msg.body.init);
	}
	f.msg.hdr.opcode = WIRE_LOOKUP;
	f.msg.hdr.nodeid = WIRE_ROOT_ID;
	return 1 + (size_t)snprintf(f.msg.body.name, sizeof(f.msg.body.name), "file-%08lu", f.sent);
}

const void *feed_next(size_t *len)
{
	if (f.waiting || f.error || f.sent == f.wanted)
		return NULL;
	f.msg.hdr.len = (uint32_t)(sizeof(f.msg.hdr) + build());
	f.msg.hdr.unique += 2;
	f.msg.hdr.pid = 1;
	f.waiting = true;
	*len = f.msg.hdr.len;
	return &f.msg;
}

static void take_entry(const struct iovec *iov, int niov)
{
	const struct wire_entry_out *e =
		(const void *)((const char *)iov[0].iov_base + sizeof(struct wire_out_header));

	if (iov[0].iov_len == sizeof(struct wire_out_header) && niov > 1)
		e = iov[1].iov_base;
	if (e->nodeid <= WIRE_ROOT_ID || e->nodeid == f.last_node)
		f.error = EPROTO; /* it did not make a node of it */
	f.last_node = e->nodeid;
	if (++f.sent != f.next_print)
		return;
	f.next_print *= 10;
	printf("%lu\t%.1f\t%ld\n", f.sent, (double)(resident() - f.base) / (double)f.sent,
	       resident());
}

int feed_reply(const struct iovec *iov, int niov)
{
	const struct wire_out_header *hdr = iov[0].iov_base;

	f.waiting = false;
	if (hdr->error || hdr->unique != f.msg.hdr.unique)
		f.error = EPROTO;
	else if (f.msg.hdr.opcode == WIRE_INIT)
		f.base = resident();
	else
		take_entry(iov, niov);
	return 0;
}

int feed_result(void)
{
	if (f.error || f.sent != f.wanted || fflush(stdout)) {
		fprintf(stderr, "nodes: it ended after %lu lookups of %lu\n", f.sent, f.wanted);
		return 1;
	}
	return 0;
}
