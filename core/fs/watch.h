/*
 * Does who reads directories look the entries up afterwards (ls -l, rsync) or not (ls, find)?
 *
 * With attributes in the listing (READDIRPLUS) a lookup costs nothing more; without, it costs a
 * request. The program pays with a getattr an entry, wanted or not. So of the entries that went
 * out without attributes we count how many were looked up, and time the getattr calls: the
 * attributes go with the next entries where that is expected to be cheaper. To go on learning, one
 * entry of 16, later of 64, goes without.
 *
 * What was seen of a directory's own entries decides; before there are any, what was seen of
 * others, from when their slots were wanted for further ones. It is a guess: fields are atomics
 * without order, and readers who share a slot disturb each other.
 */
#ifndef CORE_FS_WATCH_H
#define CORE_FS_WATCH_H

#include <stdatomic.h>
#include "core/base/base.h"

#define WATCH_SLOTS 8

struct watch_slot {
	_Atomic uint32_t dir;    /* the node of these entries */
	_Atomic uint32_t served; /* went out without attributes, 0: nothing to watch */
	_Atomic uint32_t looked; /* lookups in dir since, at most `served` */
};

struct dir_watch {
	_Atomic uint32_t share; /* of entries that are looked up, in 1/1024 */
	_Atomic unsigned count;
	_Atomic uint64_t cost_ns; /* of a getattr */
	struct watch_slot slot[WATCH_SLOTS];
};

void watch_init(struct dir_watch *w);
/*
 * Should the next entries of dir go out with attributes? 0: no; else all but one of so many, for
 * watch_sample().
 */
unsigned watch_wants(struct dir_watch *w, uint32_t dir);
/* Is this entry to go without, to be watched? */
bool watch_sample(struct dir_watch *w, unsigned every);
/* So many entries of dir went out without. */
void watch_served(struct dir_watch *w, uint32_t dir, uint32_t entries);
/* Attributes of so many entries took so long. */
void watch_cost(struct dir_watch *w, uint64_t ns, uint32_t entries);

/* A name in dir is looked up. */
static inline void watch_lookup(struct dir_watch *w, uint32_t dir)
{
	struct watch_slot *s = &w->slot[dir % WATCH_SLOTS];

	if (core_unlikely(atomic_load_explicit(&s->dir, memory_order_relaxed) == dir) &&
	    atomic_load_explicit(&s->served, memory_order_relaxed) >
		    atomic_load_explicit(&s->looked, memory_order_relaxed))
		atomic_fetch_add_explicit(&s->looked, 1, memory_order_relaxed);
}

#endif
