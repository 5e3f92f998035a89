/*
 * Attributes on their way from the program to the kernel: owners, modes and numbers that options
 * decide, how long they may be cached, what auto_cache remembers.
 */
#include "core/fs/fs_priv.h"

static void tune_stat(const struct core_fs_tuning *t, struct stat *st)
{
	for (unsigned i = 0; i < t->n_ids; i++)
		if (st->st_uid == t->ids[i].fs) {
			st->st_uid = t->ids[i].host;
			break;
		}
	if (t->block_size)
		st->st_blksize = t->block_size;
}

/* The owner a caller means, as the program says it. */
uid_t fs_map_owner(const struct core_fs_tuning *t, uid_t uid)
{
	for (unsigned i = 0; i < t->n_ids; i++)
		if (uid == t->ids[i].host)
			return t->ids[i].fs;
	return uid;
}

mode_t fs_new_mode(const struct core_fs *fs, mode_t mode)
{
	const struct core_fs_tuning *t = &fs->cfg.tune;

	return t->set_file_mode ? (mode & S_IFMT) | (0777 & ~t->file_umask) : mode;
}

mode_t fs_new_dir_mode(const struct core_fs *fs, mode_t mode)
{
	const struct core_fs_tuning *t = &fs->cfg.tune;

	return t->set_dir_mode ? (mode & S_IFMT) | (0777 & ~t->dir_umask) : mode;
}

void fs_adjust_stat(struct core_fs *fs, uint32_t idx, struct stat *st)
{
	const struct core_fs_config *c = &fs->cfg;

	if (!c->use_ino)
		st->st_ino = idx;
	if (c->set_mode) {
		unsigned mask = c->fmask ? c->fmask : c->umask;

		if (S_ISDIR(st->st_mode) && c->dmask)
			mask = c->dmask;
		st->st_mode = (st->st_mode & S_IFMT) | (0777 & ~mask);
	}
	if (c->set_uid)
		st->st_uid = c->uid;
	if (c->set_gid)
		st->st_gid = c->gid;
	if (core_unlikely(c->tune.n_ids | c->tune.block_size))
		tune_stat(&c->tune, st);
}

double fs_shared_attr_timeout(struct core_fs *fs, uint32_t idx, const struct stat *st)
{
	unsigned names = 1;

	if (FS_NODES(fs)->at[idx].alias) {
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&fs->tree.lock);
		names = node_names(FS_NODES(fs), idx);
	}
	return names >= st->st_nlink ? fs->cfg.attr_timeout : 0;
}

void fs_note_stat(struct core_fs *fs, uint32_t idx, const struct stat *st)
{
	struct side *d;

	if (core_likely(!fs->cfg.auto_cache))
		return;
	d = side_get(&fs->side, idx, true);
	if (!d)
		return;
	atomic_fetch_or_explicit(&FS_NODES(fs)->at[idx].flags, NODE_SIDE, memory_order_relaxed);
	if (d->cache_valid &&
	    (d->mtime.tv_sec != st->st_mtim.tv_sec || d->mtime.tv_nsec != st->st_mtim.tv_nsec ||
	     d->size != st->st_size))
		d->cache_valid = false;
	d->mtime = st->st_mtim;
	d->size = st->st_size;
	clock_gettime(CLOCK_MONOTONIC, &d->updated);
	side_put(&fs->side, idx);
}
