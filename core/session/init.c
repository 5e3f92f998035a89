/*
 * INIT: version and capability negotiation, and DESTROY.
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_PAGES_OLD    32  /* before 7.28 */
#define MAX_PAGES_KERNEL 256 /* 7.28, unless a sysctl says otherwise (Linux 6.13) */

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Pages of one request that the kernel will grant. */
static unsigned max_pages_limit(uint64_t offered)
{
	unsigned limit = MAX_PAGES_KERNEL;
	FILE *f;

	if (!(offered & WIRE_CAP(MAX_PAGES)))
		return MAX_PAGES_OLD;
	f = fopen("/proc/sys/fs/fuse/max_pages_limit", "re");
	if (f) {
		if (fscanf(f, "%u", &limit) != 1 || limit == 0 || limit > 65535)
			limit = MAX_PAGES_KERNEL;
		fclose(f);
	}
	return limit;
}

/* Capabilities a low-level operation table implies. */
static uint64_t caps_from_ops(const struct core_ll_ops *ops)
{
	uint64_t caps = 0;

	if (ops->getlk && ops->setlk)
		caps |= WIRE_CAP(POSIX_LOCKS);
	if (ops->flock)
		caps |= WIRE_CAP(FLOCK_LOCKS);
	if (ops->readdirplus) {
		caps |= WIRE_CAP(DO_READDIRPLUS);
		if (ops->readdir)
			caps |= WIRE_CAP(READDIRPLUS_AUTO);
	}
	return caps;
}

/*
 * What lets several requests come where a program of one thread would get them one by one
 * (docs/session.md, "Parallel requests"). A program that was shown a capability and does not want
 * it has decided.
 */
static uint64_t parallel_caps(struct core_session *se, uint64_t want)
{
	const uint64_t dirops = WIRE_CAP(PARALLEL_DIROPS), dio = WIRE_CAP(ASYNC_DIO);
	const struct core_session_config *cfg = &se->cfg;
	uint64_t declined = se->conn.capable & ~want;
	bool never_written = cfg->never_written || (!se->ops.write && !se->ops.write_buf);
	uint64_t add = 0;

	if (atomic_load(&se->pool) && se->ceiling > 1) {
		add = dirops;
		if (never_written && (want & WIRE_CAP(ASYNC_READ)))
			add |= dio;
	}
	return (want | (add & ~declined) | cfg->wire_on) & ~cfg->wire_off;
}

static int reply_init(struct core_req *req, const struct wire_init_out *out)
{
	struct core_session *se = req->se;

	if (!req_claim(req))
		return -EALREADY;
	return reply_send(req, 0, out, core_wire_out_size(WIRE_INIT, se->minor, se->caps));
}

void session_refuse(struct core_req *req, int err)
{
	core_reply_err(req, err);
	core_session_set_error(req->se, -err);
	core_session_exit(req->se, 0);
}

void session_set_ready(struct core_session *se)
{
	atomic_store_explicit(&se->ready, true, memory_order_release);
	atomic_store_explicit(&se->watch, se->debug || se->cfg.deny_others, memory_order_release);
}

/* What the program is shown before its init. offered: what the kernel has and can be used. */
static void offer(struct core_session *se, const struct wire_init_in *in, uint64_t offered,
		  uint32_t write_limit)
{
	struct core_conn *c = &se->conn;
	const struct core_session_config *cfg = &se->cfg;
	uint64_t want = se->profile->caps_default | caps_from_ops(&se->ops);

	memset(c, 0, sizeof(*c));
	c->proto_major = in->major;
	c->proto_minor = in->minor;
	c->capable = offered & se->profile->caps_visible;
	c->max_readahead = in->max_readahead;
	if (cfg->max_readahead && cfg->max_readahead < c->max_readahead)
		c->max_readahead = cfg->max_readahead;
	c->max_write = se->profile->max_write < write_limit ? se->profile->max_write : write_limit;
	if (cfg->max_write)
		c->max_write = cfg->max_write < write_limit ? cfg->max_write : write_limit;
	c->max_read = cfg->max_read;
	c->max_background = cfg->max_background;
	c->congestion_threshold = cfg->congestion_threshold;
	c->time_gran = 1;
	c->want = ((want | cfg->caps_on) & ~cfg->caps_off) & c->capable;
}

static uint32_t clamp_max_write(uint32_t asked, uint32_t limit)
{
	if (asked > limit)
		return limit;
	return asked < 4096 ? 4096 : asked;
}

static void fill_out(struct core_session *se, uint64_t offered, struct wire_init_out *out)
{
	struct core_conn *c = &se->conn;

	memset(out, 0, sizeof(*out));
	out->major = WIRE_MAJOR;
	out->minor = WIRE_MINOR;
	out->max_readahead = c->max_readahead;
	out->max_write = c->max_write;
	out->flags = (uint32_t)se->caps;
	if (offered & WIRE_CAP(INIT_EXT)) {
		out->flags2 = (uint32_t)(se->caps >> 32);
		if (out->flags2)
			out->flags |= (uint32_t)WIRE_CAP(INIT_EXT);
	}
	if (c->max_background) {
		uint32_t bg = c->max_background > 65535 ? 65535 : c->max_background;
		uint32_t ct = c->congestion_threshold;

		if (!ct)
			ct = bg * 3 / 4;
		if (ct > bg)
			ct = bg;
		out->max_background = (uint16_t)bg;
		out->congestion_threshold = (uint16_t)ct;
	} else if (c->congestion_threshold) {
		out->congestion_threshold =
			(uint16_t)(c->congestion_threshold > 65535 ? 65535 : c->congestion_threshold);
	}
	out->time_gran = c->time_gran;
	if (se->caps & WIRE_CAP(MAX_PAGES))
		out->max_pages = (uint16_t)((c->max_write - 1) / page_size() + 1);
	if (se->caps & WIRE_CAP(PASSTHROUGH))
		out->max_stack_depth = c->max_stack_depth + 1; /* the kernel counts us */
	if (se->caps & WIRE_CAP(REQUEST_TIMEOUT))
		out->request_timeout =
			(uint16_t)(c->request_timeout > 65535 ? 65535 : c->request_timeout);
}

static void debug_init(struct core_session *se, const char *what, uint32_t minor, uint64_t caps)
{
	char text[1024];

	if (!se->debug)
		return;
	core_wire_print_caps(text, sizeof(text), caps);
	core_debug("   %s: 7.%u max_write=%u max_readahead=%u flags=%s\n", what, minor,
		   se->conn.max_write, se->conn.max_readahead, text);
}

/* The largest request or reply: WRITE and READ, and extended attributes of 64 KiB. */
static size_t ring_payload(struct core_session *se)
{
	size_t pages = se->caps & WIRE_CAP(MAX_PAGES) ? (se->conn.max_write - 1) / page_size() + 1
						      : MAX_PAGES_OLD;

	return pages * page_size() > 65536 ? pages * page_size() : 65536;
}

void session_do_init(struct core_req *req, const struct wire_init_in *in)
{
	struct core_session *se = req->se;
	struct core_conn *c = &se->conn;
	struct wire_init_out out;
	uint64_t offered, want, unknown;
	struct core_ring_look ring;
	uint32_t limit;
	int res;

	if (core_unlikely(se->cuse)) {
		core_err("the kernel sent INIT on a character device's connection; refused\n");
		core_reply_err(req, EIO);
		return;
	}
	if (in->major > WIRE_MAJOR) {
		/* The kernel asks again with the version it is told. */
		memset(&out, 0, sizeof(out));
		out.major = WIRE_MAJOR;
		out.minor = WIRE_MINOR;
		se->minor = WIRE_MINOR;
		reply_init(req, &out);
		return;
	}
	if (se->got_init) {
		core_err("the kernel sent a second INIT; refused\n");
		core_reply_err(req, EIO);
		return;
	}
	if (in->major < WIRE_MAJOR || in->minor < WIRE_MINOR_MIN) {
		core_err("the kernel speaks FUSE protocol %u.%u; %u.%u (Linux 2.6.31) is the oldest "
			 "that works\n", in->major, in->minor, WIRE_MAJOR, WIRE_MINOR_MIN);
		session_refuse(req, EPROTO);
		return;
	}
	se->minor = in->minor < WIRE_MINOR ? in->minor : WIRE_MINOR;
	offered = in->flags;
	if (offered & WIRE_CAP(INIT_EXT))
		offered |= (uint64_t)in->flags2 << 32;

	limit = max_pages_limit(offered) * (uint32_t)page_size();
	ring = session_ring_look(req, offered);
	offer(se, in, ring.obstacle ? offered & ~WIRE_CAP(OVER_IO_URING) : offered, limit);
	debug_init(se, "INIT offered", in->minor, offered);

	se->got_init = true;
	if (se->ops.init)
		se->ops.init(se->userdata, c);

	want = c->want;
	unknown = want & ~c->capable;
	if (unknown && se->profile->strict_want) {
		char text[512];

		core_wire_print_caps(text, sizeof(text), unknown);
		core_err("the file system wants capabilities that the kernel does not offer: %s; "
			 "want only what conn->capable has\n", text);
		session_refuse(req, EPROTO);
		return;
	}
	want = (want & ~unknown) | ((se->profile->caps_always | c->core_want) & offered);
	/* The kernel takes one of the two, and the program asked for the other. */
	if ((want & WIRE_CAP(WRITEBACK_CACHE)) && (c->core_want & WIRE_CAP(PASSTHROUGH)))
		want &= ~WIRE_CAP(PASSTHROUGH);
	if (c->request_timeout)
		want |= WIRE_CAP(REQUEST_TIMEOUT) & offered;
	if (se->adjust_caps)
		want = se->adjust_caps(se->userdata, offered, want);
	want = parallel_caps(se, want) & offered;
	if (want & WIRE_CAP(HANDLE_KILLPRIV_V2))
		want &= ~WIRE_CAP(HANDLE_KILLPRIV); /* the kernel takes one of the two */
	se->caps = want;

	if (c->max_readahead > in->max_readahead)
		c->max_readahead = in->max_readahead;
	c->max_write = clamp_max_write(c->max_write, limit);
	if (!(want & WIRE_CAP(BIG_WRITES)))
		c->max_write = c->max_write > page_size() ? (uint32_t)page_size() : c->max_write;
	se->bufsize = c->max_write + 4096;
	session_set_bufsize(se, c->max_write);
	switch (session_ring_prepare(req, ring, WIRE_CAP(OVER_IO_URING) & c->capable & ~want,
				     ring_payload(se))) {
	case RING_YES:
		se->caps |= WIRE_CAP(OVER_IO_URING);
		break;
	case RING_NO:
		se->caps &= ~WIRE_CAP(OVER_IO_URING);
		break;
	case RING_REFUSE:
		session_refuse(req, EPROTO);
		return;
	}
	fill_out(se, offered, &out);
	debug_init(se, "INIT agreed", se->minor, se->caps);
	session_set_ready(se);
	res = reply_init(req, &out);
	session_ring_go(se, !res);
	if (!res)
		session_readahead_begin(se, in->max_readahead);
}

void session_do_destroy(struct core_req *req)
{
	struct core_session *se = req->se;

	if (se->got_init && !se->got_destroy && se->ops.destroy) {
		se->got_destroy = true;
		se->ops.destroy(se->userdata);
	}
	se->got_destroy = true;
	core_reply_err(req, 0);
}
