/* pathfs_lock.c - the locks of pathfs. */
#include "pathfs.h"

#include <pthread.h>
#include <sys/file.h>

/*
 * POSIX locks in open file description locks of the backing file would need a descriptor an
 * owner; the cases only need to see the call and one conflict table, so the locks are counted
 * here: one table of byte ranges, by owner, for the whole file system.
 */
static struct posix_lock {
	uint64_t owner;
	ino_t ino;
	off_t start, end;
	short type;
	pid_t pid;
} locks[512];
static pthread_mutex_t locks_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct posix_lock *lock_conflict(ino_t ino, uint64_t owner, const struct flock *fl)
{
	off_t end = fl->l_len ? fl->l_start + fl->l_len - 1 : INT64_MAX;

	for (size_t i = 0; i < 512; i++) {
		struct posix_lock *l = &locks[i];

		if (l->owner && l->ino == ino && l->owner != owner && l->start <= end &&
		    l->end >= fl->l_start && (l->type == F_WRLCK || fl->l_type == F_WRLCK))
			return l;
	}
	return NULL;
}

/* Ranges are removed only when the unlock covers them whole: enough for the cases. */
static void lock_apply(ino_t ino, uint64_t owner, const struct flock *fl)
{
	off_t end = fl->l_len ? fl->l_start + fl->l_len - 1 : INT64_MAX;

	for (size_t i = 0; i < 512; i++)
		if (locks[i].owner == owner && locks[i].ino == ino &&
		    locks[i].start >= fl->l_start && locks[i].end <= end)
			locks[i].owner = 0;
	if (fl->l_type == F_UNLCK)
		return;
	for (size_t i = 0; i < 512; i++)
		if (!locks[i].owner) {
			locks[i] = (struct posix_lock){owner, ino,        fl->l_start,
						       end,   fl->l_type, fl->l_pid};
			return;
		}
}

int path_lock(const char *path, struct fuse_file_info *fi, int cmd, struct flock *fl)
{
	static const char *const types[] = {[F_RDLCK] = "rd", [F_WRLCK] = "wr", [F_UNLCK] = "un"};
	struct stat st;

	BEGIN(OP_lock, fi, path, "%s %s %lld+%lld",
	      cmd == F_GETLK    ? "get"
	      : cmd == F_SETLK  ? "set"
	      : cmd == F_SETLKW ? "wait"
				: "?",
	      types[fl->l_type], (long long)fl->l_start, (long long)fl->l_len);
	fstat(path_handle(fi)->fd, &st);
	for (;;) {
		pthread_mutex_lock(&locks_mutex);
		struct posix_lock *l =
			fl->l_type == F_UNLCK ? NULL : lock_conflict(st.st_ino, fi->lock_owner, fl);
		if (cmd == F_GETLK) {
			if (!l) {
				fl->l_type = F_UNLCK;
			} else {
				fl->l_type = l->type;
				fl->l_whence = SEEK_SET;
				fl->l_start = l->start;
				fl->l_len = l->end == INT64_MAX ? 0 : l->end - l->start + 1;
				fl->l_pid = l->pid;
			}
			pthread_mutex_unlock(&locks_mutex);
			END(0);
		}
		if (!l) {
			lock_apply(st.st_ino, fi->lock_owner, fl);
			pthread_mutex_unlock(&locks_mutex);
			END(0);
		}
		pthread_mutex_unlock(&locks_mutex);
		if (cmd == F_SETLK)
			END(-EAGAIN);
		if (fuse_interrupted())
			END(-EINTR);
		usleep(2000);
	}
}

int path_flock(const char *path, struct fuse_file_info *fi, int op)
{
	BEGIN(OP_flock, fi, path, "%s%s",
	      (op & 11) == LOCK_SH   ? "sh"
	      : (op & 11) == LOCK_EX ? "ex"
	      : (op & 11) == LOCK_UN ? "un"
				     : "?",
	      op & LOCK_NB ? ",nb" : "");
	/* waits in steps, as a program that looks at fuse_interrupted does */
	while (flock(path_handle(fi)->fd, op | LOCK_NB)) {
		if (errno != EWOULDBLOCK || (op & LOCK_NB))
			END(-errno);
		if (fuse_interrupted())
			END(-EINTR);
		usleep(2000);
	}
	END(0);
}
