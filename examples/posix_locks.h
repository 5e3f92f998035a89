/*
 * POSIX record locks on behalf of many clients, from one process.
 *
 * A POSIX lock belongs to a process, so a file system that simply passed fcntl() on would own every
 * lock itself and never see a conflict.  FUSE says who asks by lock_owner.  Each (file, lock_owner)
 * therefore gets a descriptor of its own, and locks are taken on it with the open file description
 * kind (F_OFD_...), which belong to the descriptor.  Closing it drops them, which is what POSIX
 * wants at the first close() of the owner: call plock_release() in flush.
 *
 * Waiting is by trying again until the lock is free or the caller gave up, since a thread sleeping
 * in the kernel could not be told that its request was interrupted.  It occupies a worker thread;
 * single-threaded programs must not wait at all, or the unlock would never be read.
 *
 * One mutex protects the table; it is never held across a wait.
 */
#ifndef EXAMPLES_POSIX_LOCKS_H
#define EXAMPLES_POSIX_LOCKS_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PLOCK_CHAINS 256u

struct plock_owner {
	struct plock_owner *next;
	dev_t dev;
	ino_t ino;
	uint64_t owner;
	int fd;
	unsigned int users; /* calls in progress, plus one while in the table */
};

static struct plock_owner *plock_table[PLOCK_CHAINS];
static pthread_mutex_t plock_mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint plock_count; /* entries in the table: flush costs nothing while there are none */

static inline struct plock_owner **plock_find(const struct stat *st, uint64_t owner)
{
	uint64_t hash = (st->st_ino * 31 + st->st_dev) ^ (owner * 0x9e3779b97f4a7c15u >> 32);
	struct plock_owner **p = &plock_table[hash % PLOCK_CHAINS];

	while (*p && ((*p)->ino != st->st_ino || (*p)->dev != st->st_dev || (*p)->owner != owner))
		p = &(*p)->next;
	return p;
}

static inline void plock_put(struct plock_owner *o)
{
	bool last;

	pthread_mutex_lock(&plock_mutex);
	last = --o->users == 0;
	pthread_mutex_unlock(&plock_mutex);
	if (last) {
		close(o->fd);
		free(o);
	}
}

/* A new description of the file behind fd; read-write if possible, as fd was opened otherwise. */
static inline int plock_reopen(int fd)
{
	char proc[40];
	int copy;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	copy = open(proc, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (copy < 0)
		copy = open(proc, (fcntl(fd, F_GETFL) & O_ACCMODE) | O_CLOEXEC | O_NONBLOCK);
	return copy;
}

static inline int plock_get(uint64_t owner, int fd, struct plock_owner **result)
{
	struct plock_owner **slot, *o;
	struct stat st;
	int rc = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	pthread_mutex_lock(&plock_mutex);
	slot = plock_find(&st, owner);
	o = *slot;
	if (!o) {
		int copy = plock_reopen(fd);

		o = copy < 0 ? NULL : malloc(sizeof(*o));
		if (!o) {
			rc = copy < 0 ? -errno : -ENOMEM;
			if (copy >= 0)
				close(copy);
			goto out;
		}
		*o = (struct plock_owner){
			.dev = st.st_dev, .ino = st.st_ino, .owner = owner, .fd = copy, .users = 1};
		*slot = o;
		atomic_fetch_add(&plock_count, 1);
	}
	o->users++;
	*result = o;
out:
	pthread_mutex_unlock(&plock_mutex);
	return rc;
}

/* Sleep a little longer each time, 1 to 32 ms. */
static inline void plock_pause(unsigned int round)
{
	struct timespec ts = {.tv_nsec = 1000000L << (round < 5 ? round : 5)};

	nanosleep(&ts, NULL);
}

/*
 * The fcntl() lock commands F_GETLK, F_SETLK, F_SETLKW for owner on the file behind fd.
 * may_wait: false in a single-threaded program; a lock that is taken is then EDEADLK for F_SETLKW.
 * interrupted(arg) tells whether the caller has given up.  Returns 0 or a negative errno.
 */
static inline int plock(uint64_t owner, int fd, int cmd, struct flock *lock, bool may_wait,
			int (*interrupted)(void *), void *arg)
{
	struct plock_owner *o = NULL;
	int rc;

	if (lock->l_type == F_UNLCK && cmd != F_GETLK && !atomic_load(&plock_count))
		return 0;
	rc = plock_get(owner, fd, &o);
	if (rc)
		return rc;
	lock->l_pid = 0; /* as F_OFD_... demand */
	for (unsigned int round = 0;; round++) {
		rc = fcntl(o->fd, cmd == F_GETLK ? F_OFD_GETLK : F_OFD_SETLK, lock) < 0 ? -errno
											: 0;
		if (cmd != F_SETLKW || (rc != -EAGAIN && rc != -EACCES))
			break;
		if (!may_wait) {
			rc = -EDEADLK;
			break;
		}
		if (interrupted(arg)) {
			rc = -EINTR;
			break;
		}
		plock_pause(round);
	}
	plock_put(o);
	return rc;
}

/* Drop all locks of owner on the file behind fd: POSIX wants that at the owner's first close(). */
static inline void plock_release(uint64_t owner, int fd)
{
	struct plock_owner **slot, *o;
	struct stat st;

	if (!atomic_load(&plock_count) || fstat(fd, &st) < 0)
		return;
	pthread_mutex_lock(&plock_mutex);
	slot = plock_find(&st, owner);
	o = *slot;
	if (o) {
		*slot = o->next;
		atomic_fetch_sub(&plock_count, 1);
	}
	pthread_mutex_unlock(&plock_mutex);
	if (o)
		plock_put(o);
}

/* flock(): these belong to the open file already, so fd itself is the right owner. */
static inline int plock_flock(int fd, int op, bool may_wait, int (*interrupted)(void *), void *arg)
{
	for (unsigned int round = 0;; round++) {
		if (flock(fd, op | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK || (op & LOCK_NB))
			return -errno;
		if (!may_wait)
			return -EDEADLK;
		if (interrupted(arg))
			return -EINTR;
		plock_pause(round);
	}
}

#endif
