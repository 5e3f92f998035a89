/*
 * Small things every core module uses: attributes, scope cleanup, checked arithmetic.
 */
#ifndef CORE_BASE_BASE_H
#define CORE_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <pthread.h>
#include <unistd.h>

#define CORE_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CORE_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define core_likely(x)   __builtin_expect(!!(x), 1)
#define core_unlikely(x) __builtin_expect(!!(x), 0)

/* Compilers check printf arguments where this stands. */
#define CORE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* char *p CLEANUP_FREE = NULL;  int fd CLEANUP_CLOSE = -1;  released when the scope ends. */
static inline void core_cleanup_free(void *p)
{
	free(*(void **)p);
}
static inline void core_cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
static inline void core_cleanup_unlock(pthread_mutex_t **m)
{
	if (*m)
		pthread_mutex_unlock(*m);
}
#define CLEANUP_FREE  __attribute__((cleanup(core_cleanup_free)))
#define CLEANUP_CLOSE __attribute__((cleanup(core_cleanup_close)))

#define CORE_PASTE_(a, b) a##b
#define CORE_PASTE(a, b)  CORE_PASTE_(a, b)
/* Holds mutex m until the end of the enclosing scope. */
#define ACQUIRE_LOCK_FOR_CURRENT_SCOPE(m)                                                          \
	pthread_mutex_t *CORE_PASTE(core_scope_lock_, __LINE__)                                    \
		__attribute__((cleanup(core_cleanup_unlock), unused)) = (m);                       \
	pthread_mutex_lock(CORE_PASTE(core_scope_lock_, __LINE__))

/* a + b into *sum; false if it does not fit. */
static inline bool core_add_size(size_t a, size_t b, size_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

#endif
