#include "core/fs/arena.h"

#include <errno.h>
#include <sys/mman.h>

#define MIN_RESERVE (16ULL << 20)
#define COMMIT_STEP (1ULL << 20)

int arena_init(struct arena *a, size_t want)
{
	for (; want >= MIN_RESERVE; want /= 2) {
		a->base = mmap(NULL, want, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			       -1, 0);
		if (a->base != MAP_FAILED) {
			a->reserved = want;
			return 0;
		}
	}
	a->base = NULL;
	return -ENOMEM;
}

int arena_take(struct arena *a, size_t size, size_t *at)
{
	size_t end = a->used + size, have = atomic_load(&a->committed);

	if (end > a->reserved)
		return -ENOMEM;
	if (end > have) {
		size_t grow = (end - have + COMMIT_STEP - 1) & ~(COMMIT_STEP - 1);

		if (have + grow > a->reserved)
			grow = a->reserved - have;
		if (mprotect(a->base + have, grow, PROT_READ | PROT_WRITE))
			return -ENOMEM;
		atomic_store_explicit(&a->committed, have + grow, memory_order_release);
	}
	*at = a->used;
	a->used = end;
	return 0;
}

void arena_fini(struct arena *a)
{
	if (a->base)
		munmap(a->base, a->reserved);
}
