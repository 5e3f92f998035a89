/*
 * A lock for a few dozen instructions, where taking a pthread_mutex_t would be as long as what it
 * guards: one atomic instruction to take it, one to give it back. Whoever has to wait sleeps in
 * the kernel. Not recursive, and nothing that can wait is done while it is held. All zero: free.
 */
#ifndef CORE_BASE_LOCK_H
#define CORE_BASE_LOCK_H

#include <stdatomic.h>
#include "core/base/base.h"

struct core_lock {
	_Atomic uint32_t state; /* 0: free, 1: held, 2: held, and somebody may sleep */
};

void core_lock_wait(struct core_lock *l);
void core_lock_wake(struct core_lock *l);

/* False: it is held. */
static inline bool core_lock_try(struct core_lock *l)
{
	uint32_t unlocked = 0;

	return core_likely(atomic_compare_exchange_strong_explicit(
		&l->state, &unlocked, 1, memory_order_acquire, memory_order_relaxed));
}

static inline void core_lock_take(struct core_lock *l)
{
	if (core_unlikely(!core_lock_try(l)))
		core_lock_wait(l);
}

/* True: core_lock_wake() has to follow. For functions that want that call to be their last. */
static inline bool core_lock_give_only(struct core_lock *l)
{
	return core_unlikely(atomic_exchange_explicit(&l->state, 0, memory_order_release) == 2);
}

static inline void core_lock_give(struct core_lock *l)
{
	if (core_lock_give_only(l))
		core_lock_wake(l);
}

#endif
