/*
 * Preloaded: counts heap allocations and lock operations of the whole process.
 * The functions behind are libc's own.
 */
#include "count.h"

#include <dlfcn.h>
#include <pthread.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

static struct counts counts;

EXPORT struct counts *instr_counts(void)
{
	return &counts;
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

EXPORT void *malloc(size_t n)
{
	counts.allocations++;
	return __libc_malloc(n);
}
EXPORT void *calloc(size_t n, size_t size)
{
	counts.allocations++;
	return __libc_calloc(n, size);
}
EXPORT void *realloc(void *p, size_t n)
{
	counts.allocations++;
	return __libc_realloc(p, n);
}
EXPORT void *memalign(size_t align, size_t n)
{
	counts.allocations++;
	return __libc_memalign(align, n);
}
EXPORT void *aligned_alloc(size_t align, size_t n)
{
	counts.allocations++;
	return __libc_memalign(align, n);
}
EXPORT int posix_memalign(void **out, size_t align, size_t n)
{
	counts.allocations++;
	*out = __libc_memalign(align, n);
	return *out ? 0 : 12;
}
EXPORT void free(void *p)
{
	if (p)
		counts.frees++;
	__libc_free(p);
}

#define LOCK(name, type)                                                                           \
	EXPORT int name(type *l)                                                                   \
	{                                                                                          \
		static int (*real)(type *);                                                        \
                                                                                                   \
		if (!real)                                                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
		counts.locks++;                                                                    \
		return real(l);                                                                    \
	}
LOCK(pthread_mutex_lock, pthread_mutex_t)
LOCK(pthread_mutex_trylock, pthread_mutex_t)
LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
EXPORT int pthread_spin_lock(pthread_spinlock_t *l)
{
	static int (*real)(pthread_spinlock_t *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_spin_lock");
	counts.locks++;
	return real(l);
}
