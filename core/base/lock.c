#include "core/base/lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#define LOOKS 50 /* before sleeping: the holder is about to end, unless it lost its processor */

static void futex(struct core_lock *l, int op, uint32_t value)
{
	int before = errno;

	syscall(SYS_futex, &l->state, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
	errno = before;
}

void core_lock_wait(struct core_lock *l)
{
	for (int i = 0; i < LOOKS; i++) {
		uint32_t unlocked = 0;

		if (atomic_compare_exchange_weak_explicit(
			    &l->state, &unlocked, 1, memory_order_acquire, memory_order_relaxed))
			return;
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#endif
	}
	/* Who gets it this way cannot know whether others sleep, and says that they do. */
	while (atomic_exchange_explicit(&l->state, 2, memory_order_acquire) != 0)
		futex(l, FUTEX_WAIT, 2);
}

void core_lock_wake(struct core_lock *l)
{
	futex(l, FUTEX_WAKE, 1);
}
