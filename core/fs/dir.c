/*
 * Open directories: handles, and the requests on them. What fills and serves them is in fill.c.
 */
#include "core/fs/dir.h"

#include <errno.h>
#include <string.h>

struct dir_slot {
	struct dir_handle *dh;
	uint32_t gen;
	uint32_t next_free;
};

/* The kernel gets slot numbers, not addresses: a wrong one is noticed. */
struct dir_table {
	pthread_mutex_t lock;
	struct dir_slot *slots;
	uint32_t count, free; /* free: index + 1 */
};

struct dir_table *dir_table_new(void)
{
	struct dir_table *t = calloc(1, sizeof(*t));

	if (t)
		pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void handle_free(struct dir_handle *dh)
{
	pthread_mutex_destroy(&dh->lock);
	free(dh->records);
	free(dh->attrs);
	free(dh);
}

void dir_table_free(struct dir_table *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->count; i++)
		if (t->slots[i].dh)
			handle_free(t->slots[i].dh);
	free(t->slots);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static int table_add(struct dir_table *t, struct dir_handle *dh, uint64_t *fh)
{
	uint32_t i;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->lock);

	if (!t->free) {
		uint32_t count = t->count ? t->count * 2 : 16;
		struct dir_slot *slots = realloc(t->slots, count * sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		memset(slots + t->count, 0, (count - t->count) * sizeof(*slots));
		for (i = count; i-- > t->count;) {
			slots[i].next_free = t->free;
			t->free = i + 1;
		}
		t->slots = slots;
		t->count = count;
	}
	i = t->free - 1;
	t->free = t->slots[i].next_free;
	t->slots[i].dh = dh;
	*fh = (uint64_t)t->slots[i].gen << 32 | i;
	return 0;
}

struct dir_handle *dir_get(struct dir_table *t, uint64_t fh, bool remove)
{
	uint32_t i = (uint32_t)fh;
	struct dir_handle *dh;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->lock);

	if (i >= t->count || t->slots[i].gen != fh >> 32)
		return NULL;
	dh = t->slots[i].dh;
	if (dh && remove) {
		t->slots[i].dh = NULL;
		t->slots[i].gen++;
		t->slots[i].next_free = t->free;
		t->free = i + 1;
	}
	return dh;
}

bool dir_is_open(struct core_fs *fs, uint64_t ino)
{
	struct dir_table *t = fs->dirs;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->lock);

	for (uint32_t i = 0; i < t->count; i++)
		if (t->slots[i].dh && t->slots[i].dh->nodeid == ino)
			return true;
	return false;
}

bool dir_handle_fi(struct core_fs *fs, uint64_t fh, struct core_file_info *fi)
{
	struct dir_handle *dh = dir_get(fs->dirs, fh, false);

	if (!dh)
		return false;
	fi->fh = dh->fh;
	fi->flags = dh->flags;
	return true;
}

/* ---- open, close -------------------------------------------------------------------------- */

static void fs_opendir(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	struct core_file_info out = *fi;
	struct dir_handle *dh = calloc(1, sizeof(*dh));
	const char *path;
	int res;

	if (!dh) {
		reply_result(req, -ENOMEM);
		return;
	}
	pthread_mutex_init(&dh->lock, NULL);
	dh->nodeid = ino;
	res = op_path(req, ino, NULL, &path);
	if (!res) {
		res = fs->ops.opendir ? fs->ops.opendir(fs->data, path, &out) : 0;
		if (core_unlikely(fs->cfg.tune.cache_dirs))
			out.bits |= CORE_FI_CACHE_READDIR |
				    (fs->cfg.tune.cache_dirs > 1 ? CORE_FI_KEEP_CACHE : 0);
		dh->fh = out.fh;
		dh->flags = fi->flags;
		if (!res) {
			res = table_add(fs->dirs, dh, &out.fh);
			if (res && fs->ops.releasedir)
				fs->ops.releasedir(fs->data, path, &out);
		}
		op_end(req);
	}
	if (res) {
		handle_free(dh);
		reply_result(req, res);
	} else if (core_reply_open(req, &out)) {
		/* Interrupted, or the answer not taken: nobody will close it. */
		dir_get(fs->dirs, out.fh, true);
		out.fh = dh->fh;
		if (fs->ops.releasedir)
			fs->ops.releasedir(fs->data, path, &out);
		handle_free(dh);
	}
}

static void fs_releasedir(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	struct dir_handle *dh = dir_get(fs->dirs, fi->fh, true);
	const char *path = NULL;

	if (!dh) {
		reply_result(req, -EBADF);
		return;
	}
	if (op_path_fh(req, ino, &path))
		path = NULL;
	fi->fh = dh->fh;
	if (fs->ops.releasedir)
		fs->ops.releasedir(fs->data, path, fi);
	op_end(req);
	pthread_mutex_lock(&dh->lock); /* a reader of this handle that is still here */
	pthread_mutex_unlock(&dh->lock);
	handle_free(dh);
	reply_result(req, 0);
}

static void fs_fsyncdir(struct core_req *req, uint64_t ino, int datasync, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res;

	if (!dir_handle_fi(fs, fi->fh, fi)) {
		reply_result(req, -EBADF);
		return;
	}
	res = op_path_fh(req, ino, &path);
	if (!res) {
		res = fs->ops.fsyncdir ? fs->ops.fsyncdir(fs->data, path, datasync, fi) : -ENOSYS;
		op_end(req);
	}
	reply_result(req, res);
}

static void fs_readdir(struct core_req *req, uint64_t ino, size_t size, off_t off,
		       struct core_file_info *fi)
{
	dir_read(req, ino, size, off, fi, false);
}

static void fs_readdirplus(struct core_req *req, uint64_t ino, size_t size, off_t off,
			   struct core_file_info *fi)
{
	dir_read(req, ino, size, off, fi, true);
}

struct core_ll_ops fs_ll_dir = {
	.opendir = fs_opendir, .releasedir = fs_releasedir, .fsyncdir = fs_fsyncdir,
	.readdir = fs_readdir, .readdirplus = fs_readdirplus,
};
