/*
 * What options say about the volume, and statfs answers that are used again.
 */
#include "core/fs/fs_priv.h"

bool volume_cached(struct core_fs *fs, struct statvfs *st)
{
	struct fs_volume *v = &fs->volume;
	double age, limit = fs->cfg.tune.statfs_timeout;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&v->lock);
	if (!v->valid)
		return false;
	age = (double)(now.tv_sec - v->since.tv_sec) +
	      1e-9 * (double)(now.tv_nsec - v->since.tv_nsec);
	if (limit >= 0 && age >= limit)
		return false;
	*st = v->st;
	return true;
}

void volume_answer(struct core_fs *fs, struct statvfs *st)
{
	const struct core_fs_tuning *t = &fs->cfg.tune;
	struct fs_volume *v = &fs->volume;

	if (t->block_size) {
		/* f_blocks counts in f_frsize, which must stay, or in f_bsize if that is 0. */
		if (!st->f_frsize)
			st->f_frsize = st->f_bsize;
		st->f_bsize = t->block_size;
	}
	if (t->name_max)
		st->f_namemax = t->name_max;
	if (t->statfs_timeout == 0)
		return;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&v->lock);
	v->st = *st;
	v->valid = true;
	clock_gettime(CLOCK_MONOTONIC, &v->since);
}

int volume_relative_link(const char *path, char *target, size_t size)
{
	size_t up = 0, len, add;
	const char *rest = target + strspn(target, "/");

	if (target[0] != '/')
		return 0;
	for (const char *p = path + 1; *p; p++)
		up += *p == '/';
	len = strlen(rest);
	add = up * 3;
	if (add + len + 2 > size)
		return -ENAMETOOLONG;
	memmove(target + add, rest, len + 1);
	for (size_t i = 0; i < up; i++)
		memcpy(target + 3 * i, "../", 3);
	if (!target[0])
		strcpy(target, ".");
	return 0;
}
