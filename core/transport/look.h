/*
 * A thread that has just answered looks for the next request for a moment before it sleeps in
 * read(): one busy client asks again at once, and to wake a processor that sleeps takes longer than
 * all the rest of a request. It gives way with sched_yield() to whoever wants the processor, and
 * does not look for a while where that was in vain: requests are there anyway (many clients), or
 * the client shares the processor, or it has paused.
 */
#ifndef CORE_TRANSPORT_LOOK_H
#define CORE_TRANSPORT_LOOK_H

#include "core/base/base.h"

struct core_look {
	bool answers;    /* a message was received before */
	unsigned skip;   /* messages for which it does not look */
	unsigned misses; /* what skip was the last time */
};

/* Until fd is readable, or for 80 us. */
void core_look_for(struct core_look *l, int fd);

/* Before each read(). */
static inline void core_look(struct core_look *l, int fd)
{
	if (core_likely(l->skip))
		l->skip--;
	else if (l->answers)
		core_look_for(l, fd);
}

#endif
