/*
 * An address range reserved once and filled from the start: what is in it never moves.
 */
#ifndef CORE_FS_ARENA_H
#define CORE_FS_ARENA_H

#include <stdatomic.h>
#include "core/base/base.h"

struct arena {
	char *base;
	size_t reserved;
	_Atomic size_t committed;
	size_t used; /* whoever takes from it holds a lock of his own */
};

/* Reserves `want` bytes, or as many of them as there are. 0 or -ENOMEM. */
int arena_init(struct arena *a, size_t want);
void arena_fini(struct arena *a);
/* size bytes more, cleared, at the offset in *at. 0 or -ENOMEM. */
int arena_take(struct arena *a, size_t size, size_t *at);

#endif
