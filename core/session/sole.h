/*
 * One thread that reads, on the device, while operations are fast. docs/workers.md, "A sole
 * reader".
 *
 * Several threads that wait in read() take turns: each request wakes another one, with a cold stack
 * and cold buffers. While what comes is answered fast, one thread reads and handles everything, and
 * asks again for some microseconds before it sleeps; the others are parked. It ends at once when a
 * request of a kind comes that is not known to be fast, when its thread blocks, when asking again
 * does not pay.
 *
 * Changes of state are made under `lock`, a leaf that may be taken under the pool's.
 */
#ifndef CORE_SESSION_SOLE_H
#define CORE_SESSION_SOLE_H

#include <pthread.h>
#include <stdatomic.h>
#include "core/transport/transport.h"
#include "core/wire/proto.h"

struct core_session;
struct core_worker;

/* What a kind of request took lately, handler and answer. */
struct sole_cost {
	_Atomic uint32_t ns, known;
};

struct core_sole {
	bool allowed; /* in this loop */
	pthread_mutex_t lock;
	_Atomic bool on; /* threads that come back are parked, but the last */
	struct core_worker *_Atomic who;
	_Atomic uint32_t round;      /* futex: changes when it ends */
	_Atomic uint64_t not_before; /* ns */
	_Atomic uint32_t backoff;    /* ms */
	uint64_t since;              /* ns; under lock */
	int fd, flags;               /* of who's descriptor, as it was */
	struct sole_cost cost[WIRE_OPCODE_MAX], large[2];
};

/* A worker's view. */
struct sole_view {
	unsigned served, changes, slow, at_once;
	uint32_t pid;
	uint64_t looked; /* ns */
	int score;       /* of asking again: 0 to SCORE_MOST */
};

/* At the begin of a loop of threads, and when it has ended. */
void session_sole_begin(struct core_session *se);
void session_sole_end(struct core_session *se);
/* One request, while sole.on; as turn() of the pool. */
int session_sole_turn(struct core_worker *w);
/* Handles a request that came the usual way; sees whether one reader would do. */
void session_sole_handle(struct core_worker *w, const struct core_msg *msg);
/* All read again. From any thread; true: there was a sole reader, or to be one. */
bool session_sole_leave(struct core_session *se);
/* The worker's thread ends. */
void session_sole_gone(struct core_worker *w);

#endif
