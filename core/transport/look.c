#include "core/transport/look.h"

#include <poll.h>
#include <sched.h>
#include <time.h>

#define LOOK_NS    80000 /* an idle processor wakes up in that time, even of a virtual machine */
#define SOON       2     /* looks: it was there, or came as soon as others could run here */
#define SKIP_MOST  1024
#define SKIP_TAKEN (1u << 16) /* somebody wants this processor: waiting for it costs a time slice  \
			       */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void in_vain(struct core_look *l, unsigned most)
{
	l->misses = 2 * l->misses + (most > SKIP_MOST ? 64 : 2);
	if (l->misses > most)
		l->misses = most;
	l->skip = l->misses;
}

void core_look_for(struct core_look *l, int fd)
{
	struct pollfd p = {fd, POLLIN, 0};
	uint64_t begin = now_ns(), t = begin, before = begin;
	unsigned looks = 0;

	while (!poll(&p, 1, 0)) {
		looks++;
		if (t - before > LOOK_NS) {
			in_vain(l, SKIP_TAKEN);
			return;
		}
		if (t - begin > LOOK_NS) {
			in_vain(l, SKIP_MOST);
			return;
		}
		before = t;
		sched_yield();
		t = now_ns();
	}
	if (looks < SOON)
		in_vain(l, SKIP_MOST);
	else
		l->misses = 0;
}
