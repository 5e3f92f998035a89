/*
 * Read-ahead of the mount. The kernel reads 128 KiB ahead of a sequential reader by default and
 * INIT can only lower that; root can raise it afterwards, for files opened from then on. A program
 * whose reads take long gains several times from it, since more of them are under way; one that
 * answers from memory loses a little, since larger pieces leave the caches. So it is done when
 * reads are seen to be slow. docs/session.md, "Read-ahead".
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define RAISED_KB 1024
#define SLOW_US   100 /* for CORE_READAHEAD_USUAL bytes */
#define ENOUGH    8   /* reads until the average means something */
#define FIRST     64  /* of so many reads each is timed, then one of RARELY */
#define RARELY    16

/* The connection's number, which is in the device number of its mount; 0: not known. */
static unsigned connection_number(int fd)
{
	char name[64], line[128];
	unsigned number = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	f = fopen(name, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "fuse_connection: %u", &number) == 1)
			break;
	fclose(f);
	return number;
}

static void set_read_ahead(struct core_session *se, unsigned kb)
{
	unsigned number = connection_number(session_device_fd(se));
	char name[64];
	bool ok = false;
	FILE *f;

	/* That of a fuseblk mount has its block device's major number above bit 20. */
	snprintf(name, sizeof(name), "/sys/class/bdi/%u:%u%s/read_ahead_kb", number >> 20,
		 number & 0xfffff, number >> 20 ? "-fuseblk" : "");
	f = number ? fopen(name, "we") : NULL;
	if (f) {
		ok = fprintf(f, "%u\n", kb) > 0;
		ok = fclose(f) == 0 && ok;
	}
	if (se->debug)
		core_debug("   read-ahead of %u KiB: %s\n", kb,
			   ok        ? "from the next open on"
			   : !number ? "the kernel does not say which mount this is"
				     : "not permitted");
}

void session_readahead_begin(struct core_session *se, uint32_t offered)
{
	int kb = se->cfg.read_ahead_kb;

	if (!kb || session_device_fd(se) < 0)
		return;
	if (kb > 0)
		set_read_ahead(se, (unsigned)kb);
	else if (se->conn.max_readahead == offered && offered == CORE_READAHEAD_USUAL &&
		 (se->caps & WIRE_CAP(ASYNC_READ)))
		atomic_store(&se->watch_reads, true);
}

/* Wall clock and this thread's CPU time, and how often it went to sleep. */
static void look(struct readahead_watch *w)
{
	struct timespec now;
	struct rusage ru;

	clock_gettime(CLOCK_MONOTONIC, &now);
	getrusage(RUSAGE_THREAD, &ru);
	w->wall = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	w->cpu = (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 +
		 (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	w->blocked = ru.ru_nvcsw;
}

void session_readahead_before(struct readahead_watch *w, struct core_session *se, uint32_t size)
{
	unsigned n = atomic_fetch_add_explicit(&se->reads_seen, 1, memory_order_relaxed);

	w->se = n < FIRST || n % RARELY == 0 ? se : NULL;
	w->size = size;
	if (w->se)
		look(w);
}

void session_readahead_after(const struct readahead_watch *w)
{
	struct core_session *se = w->se;
	struct readahead_watch now;
	uint64_t us, mean, n;

	if (!se)
		return;
	look(&now);
	/* A busy machine makes every read take long: time counts if the program waited, or worked.
	 */
	us = (now.cpu - w->cpu) / 2;
	if (now.blocked != w->blocked && now.wall - w->wall > us)
		us = now.wall - w->wall;
	us /= w->size / CORE_READAHEAD_USUAL;
	/* Two threads may lose one of their values: it is an estimate. */
	mean = atomic_load_explicit(&se->read_us, memory_order_relaxed);
	n = atomic_load_explicit(&se->reads_seen, memory_order_relaxed);
	mean = n > 1 ? mean - mean / 8 + us / 8 : us;
	atomic_store_explicit(&se->read_us, mean, memory_order_relaxed);
	if (n >= ENOUGH && mean > SLOW_US && atomic_exchange(&se->watch_reads, false))
		set_read_ahead(se, RAISED_KB);
}
