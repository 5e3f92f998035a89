/*
 * FUSE over io_uring: requests that another thread than their receiver's handles, because they
 * may take long or because their receiver turned out to be stuck.
 */
#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>

#include "core/transport/uring_priv.h"

#define IDLE_MS 5000 /* after which a thread nobody needs looks whether it may end */

/* ---- requests handed over ---------------------------------------------------------------------
 */

/* The oldest, so that nobody waits for ever. */
struct entry *take_orphan(struct group *g)
{
	struct entry *e;

	if (!atomic_load(&g->norphans))
		return NULL;
	pthread_mutex_lock(&g->lock);
	e = g->orphans;
	if (e) {
		g->orphans = e->next;
		if (!g->orphans)
			g->orphans_end = &g->orphans;
		atomic_fetch_sub(&g->norphans, 1);
	}
	pthread_mutex_unlock(&g->lock);
	return e;
}

bool core_uring_exposed(struct core_channel *base)
{
	return channel_of(base)->avail > 0;
}

/* For any thread that waits without entries. False: none does. */
bool hand_on(struct group *g, struct entry *e)
{
	struct ring_channel *to;

	pthread_mutex_lock(&g->lock);
	e->next = NULL;
	*g->orphans_end = e;
	g->orphans_end = &e->next;
	atomic_fetch_add(&g->norphans, 1);
	to = g->empty;
	if (to) {
		g->empty = to->next_empty;
		channel_signal(to);
	}
	pthread_mutex_unlock(&g->lock);
	return to != NULL;
}

bool core_uring_hand_over(struct core_channel *base, uint64_t tag)
{
	return hand_on(channel_of(base)->group, (void *)(uintptr_t)tag);
}

static void leave_empty(struct ring_channel *ch)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&ch->group->lock);

	for (struct ring_channel **l = &ch->group->empty; *l; l = &(*l)->next_empty)
		if (*l == ch) {
			*l = ch->next_empty;
			break;
		}
}

/* A thread without entries waits for what is handed over. 0, or -EINTR. */
int wait_empty(struct ring_channel *ch)
{
	struct pollfd p = {ch->wake_fd, POLLIN, 0};
	struct group *g = ch->group;
	bool wait = false;
	uint64_t n;
	int res = 0;

	pthread_mutex_lock(&g->lock);
	if (!g->orphans) {
		ch->next_empty = g->empty;
		g->empty = ch;
		wait = true;
	}
	pthread_mutex_unlock(&g->lock);
	if (!wait)
		return 0;
	atomic_store(&ch->waiting, true);
	if (!atomic_load(&g->help) && atomic_load(&ch->u->state) == RING_GO &&
	    poll(&p, 1, IDLE_MS) < 0)
		res = -errno;
	atomic_store(&ch->waiting, false);
	leave_empty(ch);
	if (read(ch->wake_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		res = -errno;
	return res;
}

/*
 * What waits behind threads of the group that are stuck: requests are for whoever is free,
 * answers go out here. Not under ch->lock.
 */
void help_stuck(struct ring_channel *ch)
{
	struct entry *e, *answers = NULL, **end = &answers;

	pthread_mutex_lock(&ch->u->lock);
	atomic_store(&ch->group->help, false);
	for (struct ring_channel *o = ch->group->channels; o; o = o->next) {
		if (o == ch || !atomic_load(&o->stuck))
			continue;
		pthread_mutex_lock(&o->lock);
		if (atomic_load(&o->stuck)) {
			take_inbox(o, o);
			*end = o->pending;
			while (*end)
				end = &(*end)->next;
			o->pending = NULL;
			o->pending_end = &o->pending;
			while ((e = next_completion(o)))
				hand_on(ch->group, e);
		}
		pthread_mutex_unlock(&o->lock);
	}
	pthread_mutex_unlock(&ch->u->lock);
	pthread_mutex_lock(&ch->lock);
	while ((e = answers)) {
		answers = e->next;
		add_pending(ch, e);
	}
	pthread_mutex_unlock(&ch->lock);
}

/* ---- rescue
 * ---------------------------------------------------------------------------------------- */

unsigned core_uring_rescue(struct core_channel *base)
{
	struct ring_channel *ch = channel_of(base);
	unsigned res = 0;
	bool work;

	pthread_mutex_lock(&ch->lock);
	if (!atomic_load(&ch->waiting))
		atomic_store(&ch->stuck, true);
	work = ch->pending || atomic_load(&ch->inbox) || io_uring_cq_ready(&ch->ring);
	if (__atomic_load_n(ch->ring.sq.kflags, __ATOMIC_ACQUIRE) & IORING_SQ_TASKRUN)
		res |= CORE_URING_NEEDS_PUMP;
	pthread_mutex_unlock(&ch->lock);
	pthread_mutex_lock(&ch->u->lock);
	if (work) {
		atomic_store(&ch->group->help, true);
		res |= CORE_URING_NEEDS_READER;
		for (struct ring_channel *o = ch->group->channels; o; o = o->next)
			if (o != ch && atomic_load(&o->waiting)) {
				channel_wake(o);
				res &= ~(unsigned)CORE_URING_NEEDS_READER;
				break;
			}
	}
	pthread_mutex_unlock(&ch->u->lock);
	pthread_mutex_lock(&ch->group->lock);
	if (atomic_load(&ch->group->norphans) && !ch->group->empty)
		res |= CORE_URING_NEEDS_READER;
	pthread_mutex_unlock(&ch->group->lock);
	return res;
}

void core_uring_pump(void)
{
	int saved = errno;

	if (ring_mine && atomic_load(&ring_mine->stuck))
		syscall(SYS_io_uring_enter, ring_mine->ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS,
			NULL, 0);
	errno = saved;
}
