/*
 * One busy client on two processors.
 *
 * When its answer is there the kernel finds the client's processor busy, with the queue's thread
 * that answers and is about to sleep, and moves the client to the other one, which sleeps and has
 * to be woken; the next request is of that one's queue, and so back and forth. A wake-up of a
 * sleeping processor costs more than all the rest of a request. So the thread that the client has
 * just left does not sleep at once: as long as it runs, the client stays where it is and is served
 * there, at the cost of two context switches. Whoever else wants the processor gets it
 * (sched_yield).
 *
 * It is done only where the process may run on exactly two processors: with a third one free the
 * client would go there. A thread that looked on in vain (no single client, or the processor is
 * wanted by others) does not for twice as many requests as the last time.
 */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "core/transport/uring_priv.h"

#define WAKE_NS    100000  /* until the client's next request: its processor has to wake up */
#define STAY_NS    30000   /* without another one of its: it has paused */
#define TAKEN_NS   50000   /* somebody else had this processor that long */
#define MOST_NS    2000000 /* then flags are looked at, and all begins anew */
#define WORTH      8       /* requests served meanwhile that make it worth while */
#define SKIP_LEAST 8       /* requests for which it is not tried again, at first */
#define SKIP_MOST  512
#define SKIP_TAKEN (1u << 17) /* waiting for the processor costs a time slice */

void find_peers(struct uring *u)
{
	struct group *mine[2] = {NULL};
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) != 2)
		return;
	for (unsigned i = 0; i < u->ngroups && n < 2; i++) {
		int cpu = u->groups[i].cpu;

		if (cpu >= 0 && cpu < CPU_SETSIZE && CPU_ISSET(cpu, &set))
			mine[n++] = &u->groups[i];
	}
	if (n == 2) {
		mine[0]->peer = mine[1];
		mine[1]->peer = mine[0];
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool something_came(struct ring_channel *ch)
{
	unsigned flags = __atomic_load_n(ch->ring.sq.kflags, __ATOMIC_ACQUIRE);

	return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) ||
	       io_uring_cq_ready(&ch->ring) || atomic_load(&ch->inbox) ||
	       atomic_load(&ch->group->help) || atomic_load(&ch->u->state) != RING_GO;
}

/* How it ended, and for how long it is not tried again. */
static void judge(struct ring_channel *ch, unsigned long served, bool came, bool taken)
{
	unsigned most = taken ? SKIP_TAKEN : SKIP_MOST;

	if (served >= WORTH && !came) {
		ch->skip_next = 0;
		return;
	}
	if (came && !served && !taken)
		return; /* the client was not moved, this time */
	ch->skip_next = 2 * ch->skip_next + (taken ? SKIP_MOST : SKIP_LEAST);
	if (ch->skip_next > most)
		ch->skip_next = most;
	ch->skip = ch->skip_next;
}

void stay_awake(struct ring_channel *ch)
{
	struct group *peer = ch->group->peer;
	unsigned long first, seen, n;
	uint64_t t, begin, last, before;
	bool came;

	ch->moved = false;
	first = seen = atomic_load_explicit(&peer->served, memory_order_relaxed);
	if (io_uring_submit_and_get_events(&ch->ring) < 0)
		return; /* it will fail again where that is dealt with */
	t = before = begin = last = now_ns();
	for (;;) {
		came = something_came(ch);
		if (came)
			break;
		before = t;
		sched_yield();
		t = now_ns();
		n = atomic_load_explicit(&peer->served, memory_order_relaxed);
		if (n != seen) {
			seen = n;
			last = t;
		}
		if (t - last > (seen == first ? WAKE_NS : STAY_NS) || t - before > TAKEN_NS ||
		    t - begin > MOST_NS) {
			came = something_came(ch);
			break;
		}
	}
	if (came)
		io_uring_get_events(&ch->ring);
	judge(ch, seen - first, came, t - before > TAKEN_NS);
}
