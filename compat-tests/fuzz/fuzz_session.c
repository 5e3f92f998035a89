/*
 * A session under arbitrary messages, on the direct memory transport.
 *
 * Input: a byte of modes, a byte for the minor, then messages: a byte for the opcode, one for the
 * node, one for flags (a wrong length, an odd unique, an exact copy), two for the length, and as
 * many bytes of body. INIT comes first by itself unless the modes say not to. The program is
 * (a) low-level operations that answer, keep and answer later, of a file system or, with a byte for
 * the minor of 240 and more, of a character device; or (b) the path API with a tiny file system,
 * single-threaded.
 *
 * Besides what sanitizers see, checked: every reply is well formed and belongs to a request that
 * has no answer yet.
 */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/log.h"
#include "core/fs/fs.h"
#include "core/session/cuse.h"
#include "core/transport/transport.h"

enum {
	MODE_FS = 1,
	MODE_NO_INIT = 2,
	MODE_DEBUG = 4,
	MODE_DENY = 8,
	MODE_NO_READDIRPLUS = 16,
	MODE_REMEMBER = 32,
	MODE_CACHES = 64,
	MODE_HARD_REMOVE = 128,
};
enum { MAX_MESSAGES = 200 };
enum { LIE_LENGTH = 1, SAME_UNIQUE = 2, KNOWN_NODE = 4, SMALL_FH = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *at, *end;
	unsigned modes, minor;
	bool cuse;
	uint64_t *message; /* exactly as long as it is: one byte more is out of bounds */
	uint64_t unique;
	unsigned waiting[MAX_MESSAGES + 8]; /* requests without an answer, by unique / 2 */
	int messages;
	uint64_t nodes[8]; /* numbers replies have named */
	unsigned nnodes;
} z;

void require(bool ok)
{
	if (!ok)
		abort();
}

static void quiet(int level, const char *fmt, va_list ap)
{
	char line[2048];

	(void)level;
	vsnprintf(line, sizeof(line), fmt, ap); /* the arguments fit the format */
}

unsigned byte(void)
{
	return z.at < z.end ? *z.at++ : 0;
}

void touch(const void *p, size_t len)
{
	volatile char sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (char)(sum + ((const char *)p)[i]);
	(void)sum;
}

/* ---- the kernel -------------------------------------------------------------------------------
 */

static const void *make_message(uint32_t opcode, uint64_t nodeid, const uint8_t *body, size_t len,
				unsigned flags, size_t *total)
{
	struct wire_in_header *h;

	free(z.message);
	*total = sizeof(*h) + len;
	z.message = malloc(*total);
	require(z.message != NULL);
	h = (struct wire_in_header *)z.message;
	memset(h, 0, sizeof(*h));
	if (!(flags & SAME_UNIQUE) || z.unique == 0)
		z.unique += 2;
	h->len = (uint32_t)(*total + (flags & LIE_LENGTH ? byte() - 128 : 0));
	h->opcode = opcode;
	h->unique = z.unique;
	h->nodeid = nodeid;
	h->pid = 1;
	h->uid = flags & 16 ? 12345 : (uint32_t)getuid();
	h->total_extlen = flags & 32 ? (uint16_t)byte() : 0;
	if (len)
		memcpy(h + 1, body, len);
	z.waiting[z.unique / 2]++;
	return z.message;
}

static const void *init_message(size_t *total)
{
	struct wire_init_in in = {.major = 7,
				  .minor = z.minor,
				  .max_readahead = 65536,
				  .flags = UINT32_MAX,
				  .flags2 = UINT32_MAX};
	struct wire_cuse_init_in cuse_in = {.major = 7, .minor = z.minor, .flags = 1};

	if (z.cuse)
		return make_message(WIRE_CUSE_INIT, 0, (void *)&cuse_in, sizeof(cuse_in), 0, total);
	return make_message(WIRE_INIT, 0, (void *)&in, sizeof(in), 0, total);
}

/* Makes the little-endian number at this place one below 65536. */
static void cut(uint8_t *body, size_t len, size_t at)
{
	if (len >= at + 4)
		body[at + 2] = body[at + 3] = 0;
}

static const void *next(void *user, size_t *total)
{
	unsigned opcode, node, flags, len;
	uint8_t body[65536];

	(void)user;
	if (z.messages++ == 0 && !(z.modes & MODE_NO_INIT))
		return init_message(total);
	if (z.at >= z.end || z.messages > MAX_MESSAGES)
		return NULL;
	opcode = byte();
	node = byte();
	flags = byte();
	len = byte();
	len |= byte() << 8;
	if (len > (size_t)(z.end - z.at))
		len = (unsigned)(z.end - z.at);
	memcpy(body, z.at, len);
	z.at += len;
	/* Handles are small numbers, so that some are right. */
	if ((flags & SMALL_FH) && len >= 8)
		memset(body + 1, 0, 7);
	/* A kernel asks for no more than a few MiB: what is asked for is memory we touch. */
	cut(body, len,
	    opcode == WIRE_IOCTL ? offsetof(struct wire_ioctl_in, out_size)
	    : opcode == WIRE_GETXATTR || opcode == WIRE_LISTXATTR
		    ? offsetof(struct wire_getxattr_in, size)
		    : offsetof(struct wire_read_in, size));
	return make_message(opcode == 255 ? WIRE_CUSE_INIT : opcode,
			    (flags & KNOWN_NODE) && z.nnodes ? z.nodes[node % z.nnodes] : node,
			    body, len, flags, total);
}

static void remember_node(uint64_t nodeid)
{
	if (z.nnodes < CORE_ARRAY_SIZE(z.nodes))
		z.nodes[z.nnodes++] = nodeid;
	else
		z.nodes[nodeid % CORE_ARRAY_SIZE(z.nodes)] = nodeid;
}

static int sink(void *user, const struct iovec *iov, int n)
{
	const struct wire_out_header *h = iov[0].iov_base;
	volatile char sum = 0;
	size_t len = 0;

	(void)user;
	for (int i = 0; i < n; i++) {
		len += iov[i].iov_len;
		for (size_t j = 0; j < iov[i].iov_len; j++)
			sum = (char)(sum + ((const char *)iov[i].iov_base)[j]);
	}
	(void)sum;
	require(iov[0].iov_len == sizeof(*h) && h->len == len);
	if (!h->unique)
		return 0;
	require(h->error <= 0 && h->error > -512 && (!h->error || len == sizeof(*h)));
	require(h->unique / 2 < CORE_ARRAY_SIZE(z.waiting) && z.waiting[h->unique / 2] > 0);
	z.waiting[h->unique / 2]--;
	if (!h->error && n > 1 && iov[1].iov_len >= sizeof(struct wire_entry_out))
		remember_node(*(const uint64_t *)iov[1].iov_base);
	return z.messages % 13 ? 0 : -ENOENT; /* sometimes nobody waits any more */
}

/* ---- one run
 * ------------------------------------------------------------------------------------------ */

static const struct core_profile profile = {
	.api = "fuzz",
	.caps_visible = ~0ULL,
	.max_write = 131072,
	.max_threads = 4,
	.caps_always = WIRE_CAP(MAX_PAGES) | WIRE_CAP(BIG_WRITES),
};

static void run_low(const struct core_session_config *scfg, struct core_transport *t)
{
	static const char *const info[] = {"DEVNAME=fuzz"};
	struct core_cuse_device device = {
		.info_count = z.minor % 2, .info = info, .max_write = 1000, .flags = 1};
	struct core_session *se = core_session_new(&profile, scfg, &low, NULL);

	low_begin();
	require(se != NULL);
	if (z.cuse)
		require(core_session_make_cuse(se, &device) == 0);
	core_session_attach(se, t);
	core_session_loop(se);
	core_session_free(se);
}

static void run_fs(const struct core_session_config *scfg, struct core_transport *t)
{
	struct core_fs_config cfg = {.entry_timeout = 1, .attr_timeout = 1};
	struct core_fs_ops ops = tiny;
	struct core_fs *fs;

	tiny_begin();
	cfg.remember = z.modes & MODE_REMEMBER ? (int)(z.minor % 3) - 1 : 0;
	cfg.auto_cache = cfg.readdir_ino = cfg.nullpath_ok = !!(z.modes & MODE_CACHES);
	cfg.hard_remove = !!(z.modes & MODE_HARD_REMOVE);
	if (z.modes & MODE_NO_READDIRPLUS) {
		ops.lock = NULL; /* and no locks: a flush then is only a flush */
		ops.flock = NULL;
	}
	fs = core_fs_new(&profile, scfg, &cfg, &ops, NULL, NULL);
	require(fs != NULL);
	core_session_attach(core_fs_session(fs), t);
	core_fs_loop(fs);
	core_fs_free(fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct core_mem_direct direct = {.next = next, .sink = sink};
	struct core_session_config scfg = {.debug = false};
	struct core_transport *t;

	if (size < 2)
		return 0;
	core_log_set_func(quiet);
	memset(&z, 0, sizeof(z));
	z.modes = data[0];
	z.minor = data[1] % 60;
	z.cuse = data[1] >= 240;
	z.at = data + 2;
	z.end = data + size;
	scfg.debug = z.modes & MODE_DEBUG;
	scfg.deny_others = z.modes & MODE_DENY;
	require(core_transport_memory_direct(&direct, &t) == 0);
	if (z.modes & MODE_FS)
		run_fs(&scfg, t);
	else
		run_low(&scfg, t);
	free(z.message);
	z.message = NULL;
	return 0;
}
