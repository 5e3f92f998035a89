/*
 * POSIX locks and flock.
 *
 * The program's lock operation works for the daemon's process, which owns all locks of all
 * callers: it cannot tell them apart. So what was granted is also written down here, by owner,
 * for F_GETLK, and given back when the owner closes the file.
 *
 * A call that may wait runs without holding its path (docs/locking.md). With a single thread it
 * must not wait at all: it is asked for without waiting and, if refused, put aside and tried
 * again after every unlock and every RETRY_MS.
 */
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

#define OFF_MAX  ((off_t)INT64_MAX)
#define RETRY_MS 50

/* ---- who holds what -------------------------------------------------------------------------- */

static void to_range(const struct flock *fl, uint64_t owner, struct posix_lock *l)
{
	l->next = NULL;
	l->owner = owner;
	l->start = fl->l_start;
	l->end = fl->l_len ? fl->l_start + fl->l_len - 1 : OFF_MAX;
	l->type = fl->l_type;
	l->pid = fl->l_pid;
}

static struct posix_lock *conflict(struct posix_lock *list, const struct posix_lock *want)
{
	for (; list; list = list->next)
		if (list->owner != want->owner && want->start <= list->end &&
		    list->start <= want->end &&
		    (list->type == F_WRLCK || want->type == F_WRLCK))
			return list;
	return NULL;
}

/* The owner's range becomes `want`: what it overlaps is cut, then the range is added. */
static int insert(struct posix_lock **list, const struct posix_lock *want)
{
	struct posix_lock *add = NULL, *tail = NULL, **link, *l;

	if (want->type != F_UNLCK && !(add = malloc(sizeof(*add))))
		return -ENOLCK;
	if (!(tail = malloc(sizeof(*tail)))) {
		free(add);
		return -ENOLCK;
	}
	for (link = list; (l = *link);) {
		if (l->owner != want->owner || l->end < want->start || l->start > want->end) {
			link = &l->next;
		} else if (l->start < want->start && l->end > want->end && tail) {
			*tail = *l; /* cut in two; happens once */
			tail->start = want->end + 1;
			l->end = want->start - 1;
			l->next = tail;
			link = &tail->next;
			tail = NULL;
		} else if (l->start < want->start) {
			l->end = want->start - 1;
			link = &l->next;
		} else if (l->end > want->end) {
			l->start = want->end + 1;
			link = &l->next;
		} else {
			*link = l->next;
			free(l);
		}
	}
	if (add) {
		*add = *want;
		add->next = *list;
		*list = add;
	}
	free(tail);
	return 0;
}

static void note(struct core_fs *fs, uint32_t idx, const struct flock *fl, uint64_t owner)
{
	struct posix_lock want;
	struct side *d;

	to_range(fl, owner, &want);
	d = side_get(&fs->side, idx, want.type != F_UNLCK);
	if (!d)
		return;
	atomic_fetch_or(&FS_NODES(fs)->at[idx].flags, NODE_SIDE);
	insert(&d->locks, &want);
	side_put(&fs->side, idx);
}

int lock_flush(struct core_req *req, uint32_t idx, const char *path, struct core_file_info *fi,
	       int flush_res)
{
	struct core_fs *fs = req_fs(req);
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	int res = fs->ops.lock(fs->data, path, fi, F_SETLK, &all);

	if (res == -ENOSYS)
		return flush_res;
	if (idx)
		note(fs, idx, &all, fi->lock_owner);
	/* With locks the kernel must go on sending FLUSH. */
	return flush_res == -ENOSYS ? 0 : flush_res;
}

/* ---- put aside (single thread) ------------------------------------------------------------------ */

struct parked {
	struct parked *next;
	struct core_fs *fs;
	struct core_req *req;
	uint64_t ino;
	struct core_file_info fi;
	struct flock fl;
	int flock_op; /* 0: a POSIX lock */
	bool interrupted;
};

static void park_interrupted(void *handle, void *data)
{
	struct parked *p = data;

	(void)handle;
	p->interrupted = true; /* same thread; answered by the next retry */
}

/* Wakes the loop from time to time while something is put aside: locks also go without us. */
static void *park_waker(void *arg)
{
	struct core_fs *fs = arg;

	pthread_mutex_lock(&fs->park_lock);
	while (!fs->park_thread_ends) {
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		ts.tv_nsec += RETRY_MS * 1000000L;
		if (ts.tv_nsec >= 1000000000L) {
			ts.tv_sec++;
			ts.tv_nsec -= 1000000000L;
		}
		if (pthread_cond_clockwait(&fs->park_cond, &fs->park_lock, CLOCK_MONOTONIC, &ts) !=
		    ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&fs->park_lock);
		core_session_wake(fs->se);
		pthread_mutex_lock(&fs->park_lock);
	}
	pthread_mutex_unlock(&fs->park_lock);
	return NULL;
}

/* By the loop's thread, which started it. */
static void end_park_waker(struct core_fs *fs)
{
	if (!fs->park_thread_runs)
		return;
	pthread_mutex_lock(&fs->park_lock);
	fs->park_thread_ends = true;
	pthread_cond_signal(&fs->park_cond);
	pthread_mutex_unlock(&fs->park_lock);
	pthread_join(fs->park_thread, NULL);
	fs->park_thread_runs = fs->park_thread_ends = false;
}

static int park(struct core_req *req, uint64_t ino, const struct core_file_info *fi,
		const struct flock *fl, int flock_op)
{
	struct core_fs *fs = req_fs(req);
	struct parked *p = calloc(1, sizeof(*p));
	int res = 0;

	if (!p)
		return -ENOLCK;
	p->fs = fs;
	p->req = req;
	p->ino = ino;
	p->fi = *fi;
	if (fl)
		p->fl = *fl;
	p->flock_op = flock_op;
	pthread_mutex_lock(&fs->park_lock);
	p->next = fs->parked;
	fs->parked = p;
	if (!fs->park_thread_runs) {
		res = core_thread_create(&fs->park_thread, park_waker, fs);
		fs->park_thread_runs = !res;
	}
	pthread_mutex_unlock(&fs->park_lock);
	core_req_interrupt_func(req, park_interrupted, p);
	return 0;
}

static int try_lock(struct core_fs *fs, uint64_t ino, const char *path, struct core_file_info *fi,
		    struct flock *fl, int flock_op)
{
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	int res;

	if (flock_op)
		return fs->ops.flock(fs->data, path, fi, flock_op | LOCK_NB);
	res = fs->ops.lock(fs->data, path, fi, F_SETLK, fl);
	if (!res && idx)
		note(fs, idx, fl, fi->lock_owner);
	return res;
}

static bool would_wait(int res)
{
	return res == -EAGAIN || res == -EACCES || res == -EWOULDBLOCK;
}

void lock_retry_parked(struct core_fs *fs)
{
	struct core_worker *w = core_worker_current;
	struct parked *list, *p;

	if (core_likely(!fs->parked || !fs->single || !w))
		return;
	pthread_mutex_lock(&fs->park_lock);
	list = fs->parked;
	fs->parked = NULL;
	pthread_mutex_unlock(&fs->park_lock);
	while ((p = list)) {
		struct fs_worker *fw = w->fs_local;
		uint32_t idx = node_from_id(FS_NODES(fs), p->ino);
		const char *path = NULL;
		int res = -EINTR;

		list = p->next;
		if (!p->interrupted) {
			/* As op_path_fh() does, but there is nobody it has to be announced to. */
			res = fs->cfg.nopath ? 0 : !idx ? -ESTALE :
			      path_build(&fs->tree, idx, NULL, &fw->buf[1], &path);
			if (!res || (res == -ENOENT && fs->cfg.nullpath_ok))
				res = try_lock(fs, p->ino, res ? NULL : path, &p->fi, &p->fl,
					       p->flock_op);
		}
		if (would_wait(res)) {
			pthread_mutex_lock(&fs->park_lock);
			p->next = fs->parked;
			fs->parked = p;
			pthread_mutex_unlock(&fs->park_lock);
		} else {
			core_reply_err(p->req, -res);
			free(p);
		}
	}
	pthread_mutex_lock(&fs->park_lock);
	list = fs->parked;
	pthread_mutex_unlock(&fs->park_lock);
	if (!list)
		end_park_waker(fs);
}

void lock_drop_parked(struct core_fs *fs)
{
	struct parked *p;

	pthread_mutex_lock(&fs->park_lock);
	while ((p = fs->parked)) {
		fs->parked = p->next;
		core_reply_err(p->req, EINTR);
		free(p);
	}
	pthread_mutex_unlock(&fs->park_lock);
	end_park_waker(fs);
}

/* ---- the operations ------------------------------------------------------------------------------ */

static void fs_getlk(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		     struct flock *fl)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	struct posix_lock want, *other = NULL;
	const char *path;
	struct side *d;
	int res;

	to_range(fl, fi->lock_owner, &want);
	d = idx ? side_get(&fs->side, idx, false) : NULL;
	if (d) {
		other = conflict(d->locks, &want);
		if (other) {
			fl->l_type = (short)other->type;
			fl->l_whence = SEEK_SET;
			fl->l_start = other->start;
			fl->l_len = other->end == OFF_MAX ? 0 : other->end - other->start + 1;
			fl->l_pid = other->pid;
		}
		side_put(&fs->side, idx);
	}
	if (other) {
		core_reply_lock(req, fl);
		return;
	}
	res = op_path_fh(req, ino, &path);
	if (!res) {
		res = fs->ops.lock ? fs->ops.lock(fs->data, path, fi, F_GETLK, fl) : -ENOSYS;
		op_end(req);
	}
	if (res)
		reply_result(req, res);
	else
		core_reply_lock(req, fl);
}

/* A call that may last: the path does not hold others up, and a signal gets it out. */
static int call_waiting(struct core_req *req, const char *path, struct core_file_info *fi,
			struct flock *fl, int flock_op)
{
	struct core_fs *fs = req_fs(req);
	int res;

	op_let_go(req);
	res = fs->cfg.intr ? 0 : core_interrupt_arm(req);
	if (res)
		return res;
	res = flock_op ? fs->ops.flock(fs->data, path, fi, flock_op)
		       : fs->ops.lock(fs->data, path, fi, F_SETLKW, fl);
	if (!fs->cfg.intr)
		core_interrupt_disarm(req);
	return res;
}

/* One thread must not wait: tries, and puts the request aside. True: it will be answered later. */
static bool try_or_park(struct core_req *req, uint64_t ino, const char *path,
			struct core_file_info *fi, struct flock *fl, int flock_op, int *res)
{
	struct core_fs *fs = req_fs(req);

	*res = try_lock(fs, ino, path, fi, fl, flock_op);
	if (!would_wait(*res))
		return false;
	*res = park(req, ino, fi, fl, flock_op);
	return *res == 0;
}

static void fs_setlk(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		     struct flock *fl, int sleep)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	bool parked = false;
	const char *path;
	int res = op_path_fh(req, ino, &path);

	if (!res) {
		if (!fs->ops.lock)
			res = -ENOSYS;
		else if (sleep && fs->single && fl->l_type != F_UNLCK)
			parked = try_or_park(req, ino, path, fi, fl, 0, &res);
		else if (sleep)
			res = call_waiting(req, path, fi, fl, 0);
		else
			res = fs->ops.lock(fs->data, path, fi, F_SETLK, fl);
		op_end(req);
		if (!res && !parked && idx)
			note(fs, idx, fl, fi->lock_owner);
	}
	if (parked)
		return;
	reply_result(req, res);
	if (fl->l_type == F_UNLCK)
		lock_retry_parked(fs);
}

static void fs_flock(struct core_req *req, uint64_t ino, struct core_file_info *fi, int op)
{
	struct core_fs *fs = req_fs(req);
	bool parked = false, waits = !(op & LOCK_NB) && op != LOCK_UN;
	const char *path;
	int res = op_path_fh(req, ino, &path);

	if (!res) {
		if (!fs->ops.flock)
			res = -ENOSYS;
		else if (waits && fs->single)
			parked = try_or_park(req, ino, path, fi, NULL, op, &res);
		else if (waits)
			res = call_waiting(req, path, fi, NULL, op);
		else
			res = fs->ops.flock(fs->data, path, fi, op);
		op_end(req);
	}
	if (parked)
		return;
	reply_result(req, res);
	if (op & LOCK_UN)
		lock_retry_parked(fs);
}

struct core_ll_ops fs_ll_lock = {
	.getlk = fs_getlk, .setlk = fs_setlk, .flock = fs_flock,
};
