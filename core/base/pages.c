#include "core/base/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE (2u << 20)

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void *core_pages_map(size_t *size, bool huge)
{
	size_t unit = huge ? HUGE_PAGE : (size_t)sysconf(_SC_PAGESIZE);
	size_t want = (*size + unit - 1) & ~(unit - 1), before;
	char *p = map(huge ? want + unit : want);

	if (!p)
		return NULL;
	*size = want;
	if (!huge)
		return p;
	before = (size_t)(-(uintptr_t)p & (unit - 1));
	if (before)
		munmap(p, before);
	munmap(p + before + want, unit - before);
	madvise(p + before, want, MADV_HUGEPAGE); /* refused: ordinary ones do */
	return p + before;
}
