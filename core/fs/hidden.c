/*
 * Removing what is still open: by default the file is renamed to a hidden name and removed
 * with its last handle, so that the handle's operations keep a path. With hard_remove it is
 * removed at once. A file that has another name here needs neither.
 */
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRIES 10

bool hidden_wanted(struct core_fs *fs, uint32_t rec)
{
	const struct node *n;

	if (!rec || fs->cfg.hard_remove)
		return false;
	n = &FS_NODES(fs)->at[rec];
	/* A program that cannot rename cannot hide: it removes at once. */
	return !n->target && !n->alias && atomic_load(&n->open) > 0 && fs->ops.rename;
}

/* Neither known here nor there in the file system. */
static int unused_name(struct core_fs *fs, uint32_t dir, uint32_t rec, char *name, size_t size,
		       struct path_buf *buf, const char **path)
{
	for (int i = 0; i < TRIES; i++) {
		struct core_stat st;
		int res;

		snprintf(name, size, ".fuse_hidden%08x%08x", rec,
			 atomic_fetch_add(&fs->hidden_counter, 1) + 1);
		if (node_find(FS_NODES(fs), dir, name))
			continue;
		res = path_build(&fs->tree, dir, name, buf, path);
		if (res)
			return res;
		if (!fs->ops.getattr)
			return 0;
		res = fs_ask_attr(fs, *path, &st, NULL);
		if (res == -ENOENT)
			return 0;
		if (res)
			return res;
	}
	return -EBUSY;
}

int hidden_hide(struct core_req *req, const struct path_want *want, uint32_t rec)
{
	struct core_fs *fs = req_fs(req);
	struct path_buf buf = { 0 };
	char name[64];
	const char *path;
	int res;

	res = unused_name(fs, want->idx, rec, name, sizeof(name), &buf, &path);
	if (!res)
		res = fs->ops.rename(fs->data, want->path, path, 0);
	if (!res) {
		pthread_mutex_lock(&fs->tree.lock);
		res = node_rename(FS_NODES(fs), rec, want->idx, name);
		atomic_fetch_or(&FS_NODES(fs)->at[rec].flags, NODE_HIDDEN);
		pthread_mutex_unlock(&fs->tree.lock);
	}
	path_buf_free(&buf);
	return res;
}

void hidden_show(struct core_req *req, const struct path_want *want, uint32_t rec)
{
	struct core_fs *fs = req_fs(req);
	struct path_buf buf = { 0 };
	const char *path;

	if (path_build(&fs->tree, rec, NULL, &buf, &path) == 0 &&
	    fs->ops.rename(fs->data, path, want->path, 0) == 0) {
		pthread_mutex_lock(&fs->tree.lock);
		atomic_fetch_and(&FS_NODES(fs)->at[rec].flags, ~(uint32_t)NODE_HIDDEN);
		node_rename(FS_NODES(fs), rec, want->idx, want->name);
		pthread_mutex_unlock(&fs->tree.lock);
	}
	path_buf_free(&buf);
}

void hidden_settle(struct core_fs *fs, uint32_t rec)
{
	struct node *n = &FS_NODES(fs)->at[rec];
	struct path_buf buf = { 0 };
	const char *path;

	if (core_likely(atomic_load(&n->open) != 0))
		return;
	if (fs->ops.unlink && path_build(&fs->tree, rec, NULL, &buf, &path) == 0 &&
	    fs->ops.unlink(fs->data, path) == 0) {
		atomic_fetch_and(&n->flags, ~(uint32_t)NODE_HIDDEN);
		path_commit_unlink(&fs->tree, (uint32_t[2]){ rec });
	}
	path_buf_free(&buf);
}

void hidden_closed(struct core_req *req, uint32_t idx)
{
	struct core_fs *fs = req_fs(req);
	struct node *n = &FS_NODES(fs)->at[idx];
	struct fs_worker *fw = req_fw(req);
	struct path_want want = { .buf = &fw->buf[0] };
	char name[NODE_NAME_MAX + 1];
	uint32_t rec[2], old;
	size_t len;

	old = core_unlikely(fs->cfg.passthrough) ? backing_closed(fs, idx) : node_open_down(n);
	if (core_likely(old != 1 || !(atomic_load(&n->flags) & NODE_HIDDEN))) {
		if (old == 1 && core_unlikely(atomic_load(&n->nlookup) == 0))
			node_drop(FS_NODES(fs), idx);
		return;
	}
	pthread_mutex_lock(&fs->tree.lock);
	want.idx = atomic_load(&n->parent);
	if (want.idx) {
		const char *p = node_name(FS_NODES(fs), atomic_load(&n->name), &len);

		memcpy(name, p, len);
		name[len] = 0;
		want.name = name;
	}
	pthread_mutex_unlock(&fs->tree.lock);
	if (!want.idx || path_write_begin(&fs->tree, &fw->slot, &want, NULL, rec))
		return;
	/* Opened again meanwhile (through /proc, NFS): the next close does it. */
	if (rec[0] == idx && atomic_load(&n->open) == 0 && fs->ops.unlink &&
	    fs->ops.unlink(fs->data, want.path) == 0) {
		atomic_fetch_and(&n->flags, ~(uint32_t)NODE_HIDDEN);
		path_commit_unlink(&fs->tree, rec);
	}
	path_write_end(&fs->tree, &fw->slot, rec);
}

void hidden_remove_all(struct core_fs *fs)
{
	struct nodes *t = FS_NODES(fs);
	struct path_buf buf = { 0 };

	for (uint32_t idx = NODE_ROOT + 1; idx < atomic_load(&t->limit); idx++) {
		const char *path;

		if (!(atomic_load(&t->at[idx].flags) & NODE_HIDDEN))
			continue;
		if (fs->ops.unlink && path_build(&fs->tree, idx, NULL, &buf, &path) == 0)
			fs->ops.unlink(fs->data, path);
		atomic_fetch_and(&t->at[idx].flags, ~(uint32_t)NODE_HIDDEN);
	}
	path_buf_free(&buf);
}
