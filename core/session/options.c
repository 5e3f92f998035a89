/*
 * Options of a session that both APIs have: which transport, how many threads.
 */
#include "core/session/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/opt.h"
#include "core/workers/pool.h"

#define READ_AHEAD_MOST 65536 /* KiB */

enum choice { ASK_DEFAULT, ASK_YES, ASK_NO };

struct common {
	char *transport, *threads, *depth;
	int uring;
	enum choice dirops, async_dio, symlinks;
	int read_ahead_kb;
};

static const struct core_opt common_opts[] = {
	{"transport=%s", offsetof(struct common, transport), 0},
	{"threads=%s", offsetof(struct common, threads), 0},
	{"io_uring", offsetof(struct common, uring), 1}, /* as libfuse 3.18 spells it */
	{"io_uring_q_depth=%s", offsetof(struct common, depth), 0},
	{"parallel_dirops", offsetof(struct common, dirops), ASK_YES},
	{"no_parallel_dirops", offsetof(struct common, dirops), ASK_NO},
	{"async_dio", offsetof(struct common, async_dio), ASK_YES},
	{"no_async_dio", offsetof(struct common, async_dio), ASK_NO},
	{"cache_symlinks", offsetof(struct common, symlinks), ASK_YES},
	{"no_cache_symlinks", offsetof(struct common, symlinks), ASK_NO},
	{"read_ahead_kb=%u", offsetof(struct common, read_ahead_kb), 0},
	CORE_OPT_END,
};

static int keep(void *data, const char *arg, int key, struct core_args *out)
{
	(void)data, (void)arg, (void)key, (void)out;
	return 1;
}

static int set_transport(const char *name, struct core_session_config *cfg)
{
	static const char *const names[] = {
		[CORE_TRANSPORT_AUTO] = "auto",
		[CORE_TRANSPORT_DEVICE] = "device",
		[CORE_TRANSPORT_URING] = "uring",
	};

	for (unsigned i = 0; i < CORE_ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i])) {
			cfg->transport = i;
			return 0;
		}
	core_err("transport=%s: give auto, device or uring\n", name);
	return -EINVAL;
}

static int set_threads(const char *text, struct core_session_config *cfg)
{
	unsigned min, max;
	char after;

	if (sscanf(text, "%u:%u%c", &min, &max, &after) != 2 || min < 1 || min > max ||
	    max > CORE_POOL_MOST) {
		core_err("threads=%s: give two numbers MIN:MAX, 1 <= MIN <= MAX <= %u\n", text,
			 CORE_POOL_MOST);
		return -EINVAL;
	}
	cfg->min_threads = min;
	cfg->max_threads = max;
	return 0;
}

/* What a queue begins with, at least: it grows. */
static int set_depth(const char *text, struct core_session_config *cfg)
{
	unsigned depth;
	char after;

	if (text[0] == '-' || sscanf(text, "%u%c", &depth, &after) != 1 || depth < 1 ||
	    depth > CORE_SESSION_RING_DEPTH_MOST) {
		core_err("io_uring_q_depth=%s: give a number from 1 to %u\n", text,
			 CORE_SESSION_RING_DEPTH_MOST);
		return -EINVAL;
	}
	cfg->ring_depth = depth;
	return 0;
}

static void set_choice(struct core_session_config *cfg, enum choice c, uint64_t cap)
{
	if (c == ASK_YES)
		cfg->wire_on |= cap;
	else if (c == ASK_NO)
		cfg->wire_off |= cap;
}

int core_session_options(struct core_args *args, struct core_session_config *cfg)
{
	struct common c = {.read_ahead_kb = -1};
	int res = core_opt_parse(args, &c, common_opts, keep);

	if (!res && c.transport)
		res = set_transport(c.transport, cfg);
	else if (!res && c.uring)
		cfg->transport = CORE_TRANSPORT_AUTO;
	if (!res && c.depth)
		res = set_depth(c.depth, cfg);
	if (!res && c.threads)
		res = set_threads(c.threads, cfg);
	set_choice(cfg, c.dirops, WIRE_CAP(PARALLEL_DIROPS));
	set_choice(cfg, c.async_dio, WIRE_CAP(ASYNC_DIO));
	set_choice(cfg, c.symlinks, WIRE_CAP(CACHE_SYMLINKS));
	if (!res && c.read_ahead_kb != -1 &&
	    (c.read_ahead_kb < 0 || c.read_ahead_kb > READ_AHEAD_MOST)) {
		core_err("read_ahead_kb=%u: give KiB, at most %d; 0: leave it alone\n",
			 (unsigned)c.read_ahead_kb, READ_AHEAD_MOST);
		res = -EINVAL;
	}
	cfg->read_ahead_kb = c.read_ahead_kb;
	free(c.transport);
	free(c.threads);
	free(c.depth);
	return res ? -EINVAL : 0;
}

bool core_session_is_option(const char *opt)
{
	return core_opt_match(common_opts, opt) != 0;
}

const char core_session_options_help[] =
	"    -o transport=T         auto, device or uring: how requests come (auto)\n"
	"    -o io_uring            the same as transport=auto\n"
	"    -o io_uring_q_depth=N  requests a queue has room for at the start (64, or more)\n"
	"    -o threads=MIN:MAX     worker threads (4:64)\n"
	"    -o [no_]parallel_dirops  several lookups and listings of a directory at a time (on)\n"
	"    -o [no_]async_dio      a large direct read or write as several requests at a time\n"
	"    -o [no_]cache_symlinks  keep what readlink() says (off)\n"
	"    -o read_ahead_kb=N     read so much ahead (as mounted, more where reads are slow)\n";
