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
#define CORE_POOL_MOST        100000u /* more threads nobody may ask for */
#define CORE_POOL_SHRINK_MS   5000 /* between looks whether threads can go */
#define CORE_POOL_MAX_BLOCKED 4096 /* lock waits at one time beyond the ceiling */

struct core_pool_config {
	unsigned floor;   /* 0: default */
	unsigned ceiling; /* 0: default */
	bool own_queue;   /* clone_fd: a descriptor a thread */
	unsigned shrink_ms; /* how often a pool above its floor is looked at; 0: default */
};

struct core_pool_ops {
	int (*thread_start)(void *owner, struct core_pool_thread *pt, void **local);
	/* Waits for one message and handles it. 0: go on; < 0: ends the pool with this status. */
	int (*turn)(void *owner, void *local);
	void (*thread_end)(void *owner, void *local);
	int (*wake)(void *owner); /* makes waiting threads come back from turn(); called until they have */
	void (*interrupt_all)(void *owner); /* exit takes long: interrupt what runs */
	/* Groups: a thread's request made no progress for a look. True: more threads are needed. */
	bool (*stuck)(void *owner, void *local);
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

/*
 * Groups beside the pool's own (number 0), each with queues of its own that no thread of another
 * group can read: two threads are always there, one of them the group's first, and the group grows
 * below the pool's ceiling when core_pool_need_reader() says so or nobody is free or gets on. Before core_pool_run() they start with it; from a thread
 * of the pool they start at once: 0 when each has a thread whose thread_start() succeeded,
 * else the error, and none of them is left. floor: what group 0 needs from then on.
 */
int core_pool_add_groups(struct core_pool *pool, unsigned n, unsigned floor);
/* They are served no more: turn() of their threads ends them with CORE_POOL_LEAVE. */
void core_pool_close_groups(struct core_pool *pool);
unsigned core_pool_thread_group(const struct core_pool_thread *pt);
bool core_pool_thread_first(const struct core_pool_thread *pt); /* of its group */
/* A request of the group waits for somebody: one more thread, at once. From any of its threads. */
void core_pool_need_reader(struct core_pool_thread *pt);
/* For turn(): this thread ends, the pool goes on. */
#define CORE_POOL_LEAVE 1
/* The only thread of its group, so far. */
bool core_pool_alone(const struct core_pool_thread *pt);
/* This thread is one more than its group keeps. */
bool core_pool_surplus(struct core_pool_thread *pt);

/* A thread has a request in hand / waits for the next one. */
void core_pool_busy(struct core_pool_thread *pt);
void core_pool_idle(struct core_pool_thread *pt);
/* The same around a handler while requests may come that only this thread receives: it is watched. */
void core_pool_busy_exposed(struct core_pool_thread *pt);
void core_pool_idle_exposed(struct core_pool_thread *pt);
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
