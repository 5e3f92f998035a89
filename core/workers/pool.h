/*
 * The thread pool that feeds requests to a session.
 *
 * Every thread waits for a request itself (receive on its own channel) and handles it; there
 * is no queue and no hand-over. The pool starts with a floor of threads, grows while all of
 * them are blocked in handlers, up to a ceiling, and gives threads back slowly: one look every
 * few seconds, never because a single request ended.
 *
 * A thread whose request may wait for another request of the same mount (a lock wait) says so
 * with core_pool_block_begin(): it then counts neither for floor nor ceiling and is replaced,
 * so the request that would free it always finds a thread.
 *
 * The thread that calls core_pool_run() supervises; it sleeps while nothing is blocked.
 *
 * Locks: pool->lock guards the thread list (leaf lock; docs/locking.md). The way of a request
 * touches one shared atomic counter and no lock.
 */
#ifndef CORE_WORKERS_POOL_H
#define CORE_WORKERS_POOL_H

#include "core/base/base.h"

struct core_pool;
struct core_pool_thread;

#define CORE_POOL_FLOOR       4    /* threads kept */
#define CORE_POOL_CEILING     64   /* most threads when nobody says otherwise */
#define CORE_POOL_MAX_BLOCKED 4096 /* lock waits at one time beyond the ceiling */

struct core_pool_config {
	unsigned floor;   /* 0: default */
	unsigned ceiling; /* 0: default */
	bool own_queue;   /* clone_fd: a descriptor a thread */
};

struct core_pool_ops {
	int (*thread_start)(void *owner, struct core_pool_thread *pt, void **local);
	/* Waits for one message and handles it. >= 0: go on; < 0: ends the pool with this status. */
	int (*turn)(void *owner, void *local);
	void (*thread_end)(void *owner, void *local);
	int (*wake)(void *owner); /* makes waiting threads come back from turn(); called until they have */
	void (*interrupt_all)(void *owner); /* exit takes long: interrupt what runs */
};

struct core_pool *core_pool_new(const struct core_pool_ops *ops, void *owner,
				const struct core_pool_config *cfg);
/* Serves until core_pool_stop() or a turn() ends it. The status; 0 after stop. */
int core_pool_run(struct core_pool *pool);
/* After a run, for another one: a core_pool_stop() that still comes meets no freed pool. */
void core_pool_reset(struct core_pool *pool, void *owner, const struct core_pool_config *cfg);
/* Async-signal-safe. */
void core_pool_stop(struct core_pool *pool);
void core_pool_free(struct core_pool *pool);

/* A thread has a request in hand / waits for the next one. */
void core_pool_busy(struct core_pool_thread *pt);
void core_pool_idle(struct core_pool_thread *pt);
/* Around a request that may wait long. -EAGAIN: too many wait already, refuse the request. */
int core_pool_block_begin(struct core_pool_thread *pt);
void core_pool_block_end(struct core_pool_thread *pt);

/* For tests and the status output. */
struct core_pool_stats {
	unsigned threads, idle, blocked, peak;
	unsigned long started; /* threads ever created */
};
void core_pool_get_stats(struct core_pool *pool, struct core_pool_stats *st);

/* Creates a thread as every thread of the library is: FUSE_THREAD_STACK, signals blocked. */
int core_thread_create(pthread_t *thread, void *(*func)(void *), void *arg);

#endif
