/*
 * Does who reads directories look the entries up afterwards? See watch.h.
 */
#include "core/fs/watch.h"

enum {
	ONE = 1024,            /* a share of 1 */
	FIRST_GUESS = ONE / 4, /* before anything was seen */
	ROUND_TRIP_NS = 30000, /* what a lookup costs beside the program's getattr */
	OWN_NS = 2000,         /* what attributes cost beside it, here and in the kernel */
	FIRST_COST_NS = 2000,  /* of a getattr, before one was timed */
	SAMPLE_GUESS = 16,     /* one entry of so many goes without attributes, to be watched */
	SAMPLE_KNOWN = 64,     /* the same where the directory's own entries have decided, or ... */
	NEARLY_ALL = ONE * 7 / 8, /* ... such a share was looked up before and a mistake is cheap */
	ENOUGH = 3,               /* entries that say more about their directory than others do */
};

void watch_init(struct dir_watch *w)
{
	w->share = FIRST_GUESS;
	w->cost_ns = FIRST_COST_NS;
}

static struct watch_slot *slot_of(struct dir_watch *w, uint32_t dir)
{
	return &w->slot[dir % WATCH_SLOTS];
}

static uint32_t share_of(uint32_t looked, uint32_t served)
{
	return looked >= served ? ONE : looked * ONE / served;
}

/* What was seen of a slot's entries goes into the share of all; few of them less than many. */
static void settle(struct dir_watch *w, struct watch_slot *s)
{
	uint32_t served = atomic_exchange_explicit(&s->served, 0, memory_order_relaxed);
	uint32_t looked = atomic_load_explicit(&s->looked, memory_order_relaxed);
	int share = (int)atomic_load_explicit(&w->share, memory_order_relaxed);

	if (!served)
		return;
	share += ((int)share_of(looked, served) - share) / (served >= ENOUGH ? 2 : 8);
	atomic_store_explicit(&w->share, (uint32_t)share, memory_order_relaxed);
}

/* Is a getattr an entry cheaper than a round trip and a getattr for those that are looked up? */
static bool pays(struct dir_watch *w, uint32_t share)
{
	uint64_t cost = atomic_load_explicit(&w->cost_ns, memory_order_relaxed) + OWN_NS;

	return cost * ONE < share * (cost + ROUND_TRIP_NS);
}

unsigned watch_wants(struct dir_watch *w, uint32_t dir)
{
	struct watch_slot *s = slot_of(w, dir);
	uint32_t served = atomic_load_explicit(&s->served, memory_order_relaxed);
	uint32_t share;

	if (atomic_load_explicit(&s->dir, memory_order_relaxed) == dir && served >= ENOUGH)
		return pays(w, share_of(atomic_load_explicit(&s->looked, memory_order_relaxed),
					served))
			       ? SAMPLE_KNOWN
			       : 0;
	share = atomic_load_explicit(&w->share, memory_order_relaxed);
	if (!pays(w, share))
		return 0;
	return share >= NEARLY_ALL && atomic_load_explicit(&w->cost_ns, memory_order_relaxed) <
					      ROUND_TRIP_NS
		       ? SAMPLE_KNOWN
		       : SAMPLE_GUESS;
}

bool watch_sample(struct dir_watch *w, unsigned every)
{
	return atomic_fetch_add_explicit(&w->count, 1, memory_order_relaxed) % every == every - 1;
}

void watch_served(struct dir_watch *w, uint32_t dir, uint32_t entries)
{
	struct watch_slot *s = slot_of(w, dir);

	if (!entries && atomic_load_explicit(&s->dir, memory_order_relaxed) == dir)
		return; /* what went out before is watched on */
	settle(w, s);
	if (!entries)
		return;
	atomic_store_explicit(&s->dir, dir, memory_order_relaxed);
	atomic_store_explicit(&s->looked, 0, memory_order_relaxed);
	atomic_store_explicit(&s->served, entries, memory_order_relaxed);
}

void watch_cost(struct dir_watch *w, uint64_t ns, uint32_t entries)
{
	int64_t cost = (int64_t)atomic_load_explicit(&w->cost_ns, memory_order_relaxed);

	if (entries) {
		cost += ((int64_t)(ns / entries) - cost) / 4;
		atomic_store_explicit(&w->cost_ns, (uint64_t)cost, memory_order_relaxed);
	}
}
