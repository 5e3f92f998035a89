/*
 * Each owner of locks on a file gets an open file description of its own, and locks that belong
 * to it (F_OFD_*): no helper process is needed to tell owners apart.
 *
 * A holder lives as long as it has locks or somebody waits with it. Its list of ranges says what
 * it may have locked: never less than it has, as closing its descriptor would drop the lock.
 */
#include "../include/ulockmgr.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct range {
	struct range *next;
	off_t start, last; /* both in it */
};

struct holder {
	struct holder *next;
	struct range *ranges;
	dev_t dev;
	ino_t ino;
	int fd;
	unsigned users;
	size_t owner_len;
	unsigned char owner[];
};

#define LAST_BYTE ((off_t)INT64_MAX)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct holder *holders; /* under mutex, as all that hangs on it */

/* ---- ranges ---------------------------------------------------------------------------------- */

/* 1 if it was put in front, 0 if it was there, or -errno. */
static int range_add(struct holder *h, off_t start, off_t last)
{
	struct range *r;

	for (r = h->ranges; r; r = r->next)
		if (r->start <= start && r->last >= last)
			return 0;
	r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct range){h->ranges, start, last};
	h->ranges = r;
	return 1;
}

static void range_split(struct range *r, off_t start, off_t last)
{
	struct range *rest = malloc(sizeof(*rest));

	/* Without memory it stays whole, which is allowed. */
	if (!rest)
		return;
	*rest = (struct range){r->next, last + 1, r->last};
	r->last = start - 1;
	r->next = rest;
}

static void range_remove(struct holder *h, off_t start, off_t last)
{
	struct range **link = &h->ranges, *r;

	while ((r = *link)) {
		if (r->start >= start && r->last <= last) {
			*link = r->next;
			free(r);
			continue;
		}
		if (r->start < start && r->last > last)
			range_split(r, start, last);
		else if (r->start < start && r->last >= start)
			r->last = start - 1;
		else if (r->start >= start && r->start <= last)
			r->start = last + 1;
		link = &r->next;
	}
}

/* ---- holders --------------------------------------------------------------------------------- */

static struct holder *holder_find(const struct stat *st, const void *owner, size_t len)
{
	struct holder *h;

	for (h = holders; h; h = h->next)
		if (h->dev == st->st_dev && h->ino == st->st_ino && h->owner_len == len &&
		    memcmp(h->owner, owner, len) == 0)
			break;
	return h;
}

/* Open for as much as possible: the next lock may be of the other kind. */
static int reopen(int fd)
{
	int flags = fcntl(fd, F_GETFL), res;
	char path[32];

	if (flags < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	res = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (res < 0)
		res = open(path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return res < 0 ? -errno : res;
}

static int holder_new(int fd, const struct stat *st, const void *owner, size_t len,
		      struct holder **out)
{
	struct holder *h = calloc(1, sizeof(*h) + len);

	if (!h)
		return -ENOMEM;
	h->fd = reopen(fd);
	if (h->fd < 0) {
		int res = h->fd;

		free(h);
		return res;
	}
	h->dev = st->st_dev;
	h->ino = st->st_ino;
	h->owner_len = len;
	if (len)
		memcpy(h->owner, owner, len);
	h->next = holders;
	holders = h;
	*out = h;
	return 0;
}

static void holder_put(struct holder *h)
{
	struct holder **link = &holders;

	if (h->ranges || h->users)
		return;
	while (*link != h)
		link = &(*link)->next;
	*link = h->next;
	close(h->fd);
	free(h);
}

/* ---- operations ------------------------------------------------------------------------------ */

/* From the file's beginning, whatever the caller counted from: our descriptor's position is another
 * one. */
static int normalize(int fd, const struct stat *st, struct flock *fl, off_t *last)
{
	off_t base = 0;

	if (fl->l_whence == SEEK_CUR)
		base = lseek(fd, 0, SEEK_CUR);
	else if (fl->l_whence == SEEK_END)
		base = st->st_size;
	else if (fl->l_whence != SEEK_SET)
		return -EINVAL;
	if (base < 0)
		return -errno;
	if (__builtin_add_overflow(fl->l_start, base, &fl->l_start))
		return -EOVERFLOW;
	if (fl->l_len < 0) {
		if (__builtin_add_overflow(fl->l_start, fl->l_len, &fl->l_start) ||
		    fl->l_len == INT64_MIN)
			return -EINVAL;
		fl->l_len = -fl->l_len;
	}
	if (fl->l_start < 0)
		return -EINVAL;
	*last = LAST_BYTE;
	if (fl->l_len && __builtin_add_overflow(fl->l_start, fl->l_len - 1, last))
		return -EOVERFLOW;
	fl->l_whence = SEEK_SET;
	fl->l_pid = 0; /* as F_OFD_* want it */
	return 0;
}

static int get_lock(int fd, struct holder *h, struct flock *fl)
{
	int own = h ? h->fd : reopen(fd), res;

	if (own < 0)
		return own;
	res = fcntl(own, F_OFD_GETLK, fl) < 0 ? -errno : 0;
	if (!h)
		close(own);
	return res;
}

/* Without the mutex meanwhile; `users` keeps the holder. */
static int wait_lock(struct holder *h, struct flock *fl, off_t last)
{
	int res;

	h->users++;
	pthread_mutex_unlock(&mutex);
	res = fcntl(h->fd, F_OFD_SETLKW, fl) < 0 ? -errno : 0;
	pthread_mutex_lock(&mutex);
	h->users--;
	if (!res && range_add(h, fl->l_start, last) < 0) {
		fl->l_type = F_UNLCK;
		fcntl(h->fd, F_OFD_SETLK, fl);
		res = -ENOMEM;
	}
	return res;
}

static int set_lock(struct holder *h, bool wait, struct flock *fl, off_t last)
{
	int added = range_add(h, fl->l_start, last), res = added;

	if (added >= 0) {
		res = fcntl(h->fd, F_OFD_SETLK, fl) < 0 ? -errno : 0;
		if (res && added) {
			struct range *r = h->ranges;

			h->ranges = r->next;
			free(r);
		}
	}
	if (wait && (res == -EAGAIN || res == -EACCES))
		res = wait_lock(h, fl, last);
	holder_put(h);
	return res;
}

__attribute__((visibility("default"))) int ulockmgr_op(int fd, int cmd, struct flock *lock,
						       const void *owner, size_t owner_len)
{
	struct flock fl;
	struct holder *h;
	struct stat st;
	off_t last = 0;
	int res;

	if (!lock || (!owner && owner_len) || (cmd != F_GETLK && cmd != F_SETLK && cmd != F_SETLKW))
		return -EINVAL;
	if (fstat(fd, &st) < 0)
		return -errno;
	fl = *lock;
	res = normalize(fd, &st, &fl, &last);
	if (res)
		return res;

	pthread_mutex_lock(&mutex);
	h = holder_find(&st, owner, owner_len);
	if (cmd == F_GETLK) {
		res = get_lock(fd, h, &fl);
		if (!res)
			*lock = fl;
	} else if (fl.l_type == F_UNLCK) {
		if (h && fcntl(h->fd, F_OFD_SETLK, &fl) < 0)
			res = -errno;
		else if (h) {
			range_remove(h, fl.l_start, last);
			holder_put(h);
		}
	} else {
		if (!h)
			res = holder_new(fd, &st, owner, owner_len, &h);
		if (!res)
			res = set_lock(h, cmd == F_SETLKW, &fl, last);
	}
	pthread_mutex_unlock(&mutex);
	return res;
}
