/*
 * Names that go: unlink, rmdir, rename. They are writers, as docs/locking.md calls it.
 */
#include "core/fs/ext_priv.h"
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <string.h>

#ifndef RENAME_EXCHANGE
#define RENAME_NOREPLACE (1 << 0)
#define RENAME_EXCHANGE  (1 << 1)
#endif

/*
 * fstat of an open directory must work after the directory is gone: its last attributes are
 * asked for before, and kept with the node.
 */
static struct stat *save_dir_stat(struct core_fs *fs, uint32_t rec, const char *path)
{
	struct core_stat now;
	struct stat *copy;

	if (!rec || FS_NODES(fs)->at[rec].target || !dir_is_open(fs, node_id(FS_NODES(fs), rec)) ||
	    fs_ask_attr(fs, path, &now, NULL))
		return NULL;
	copy = malloc(sizeof(*copy));
	if (copy) {
		fs_adjust_stat(fs, rec, &now.st);
		now.st.st_nlink = 0;
		*copy = now.st;
	}
	return copy;
}

static void keep_dir_stat(struct core_fs *fs, uint32_t rec, struct stat *st)
{
	struct side *d;

	if (!st)
		return;
	d = side_get(&fs->side, rec, true);
	if (!d) {
		free(st);
		return;
	}
	free(d->kept);
	d->kept = st;
	atomic_fetch_or(&FS_NODES(fs)->at[rec].flags, NODE_SIDE);
	side_put(&fs->side, rec);
}

static int write_begin(struct core_req *req, struct path_want *a, uint64_t parent_a,
		       struct path_want *b, uint64_t parent_b, uint32_t rec[2])
{
	struct core_fs *fs = req_fs(req);
	struct fs_worker *fw = req_fw(req);
	int res = 0;

	a->idx = node_from_id(FS_NODES(fs), parent_a);
	a->buf = &fw->buf[0];
	if (b) {
		b->idx = node_from_id(FS_NODES(fs), parent_b);
		b->buf = &fw->buf[1];
	}
	if (!a->idx || (b && !b->idx))
		return -ESTALE;
	if (fs->cfg.intr)
		res = core_interrupt_arm(req);
	if (res)
		return res;
	res = path_write_begin(&fs->tree, &fw->slot, a, b, rec);
	if (res && fs->cfg.intr)
		core_interrupt_disarm(req);
	return res;
}

static void write_end(struct core_req *req, uint32_t rec[2])
{
	struct core_fs *fs = req_fs(req);

	path_write_end(&fs->tree, &req_fw(req)->slot, rec);
	if (fs->cfg.intr)
		core_interrupt_disarm(req);
}

/* The spelling by which the node table knows what is to be removed or moved. */
static int own_spelling(struct core_req *req, uint64_t parent, const char **name,
			char buf[NODE_NAME_MAX + 1])
{
	return core_likely(!req_fs(req)->cfg.case_insensitive)
		       ? 0
		       : fs_canonical_of(req, parent, name, buf);
}

/* With delete_access the program says whether a name may go; only a refusal counts. */
static int ask_delete(struct core_fs *fs, const char *path)
{
	int res;

	if (core_likely(!fs->cfg.delete_access) || !fs->ops.access)
		return 0;
	res = fs->ops.access(fs->data, path, CORE_DELETE_OK);
	return res == -EACCES || res == -EPERM ? res : 0;
}

/* What is done with the one name that goes, between write_begin() and write_end(); it commits. */
typedef int (*remove_fn)(struct core_req *req, struct path_want *want, uint32_t rec[2]);

static int unlink_name(struct core_req *req, struct path_want *want, uint32_t rec[2])
{
	struct core_fs *fs = req_fs(req);
	int res;

	if (hidden_wanted(fs, rec[0])) {
		res = hidden_hide(req, want, rec[0]);
		if (!res)
			hidden_settle(fs, rec[0]);
		return res;
	}
	res = fs->ops.unlink ? fs->ops.unlink(fs->data, want->path) : -ENOSYS;
	if (!res)
		path_commit_unlink(&fs->tree, rec);
	return res;
}

static int remove_dir(struct core_req *req, struct path_want *want, uint32_t rec[2])
{
	struct core_fs *fs = req_fs(req);
	struct stat *kept = save_dir_stat(fs, rec[0], want->path);
	int res = fs->ops.rmdir ? fs->ops.rmdir(fs->data, want->path) : -ENOSYS;

	if (res) {
		free(kept);
		return res;
	}
	keep_dir_stat(fs, rec[0], kept);
	path_commit_unlink(&fs->tree, rec);
	return 0;
}

static void remove_name(struct core_req *req, uint64_t parent, const char *name, remove_fn remove)
{
	struct core_fs *fs = req_fs(req);
	struct path_want want = {.name = name};
	char canonical[NODE_NAME_MAX + 1];
	uint32_t rec[2];
	int res = own_spelling(req, parent, &want.name, canonical);

	if (!res)
		res = write_begin(req, &want, parent, NULL, 0, rec);
	if (!res) {
		if (EXT_ENFORCED(fs))
			res = ext_forbids_remove(fs, want.path);
		if (!res)
			res = ask_delete(fs, want.path);
		if (core_likely(!res))
			res = remove(req, &want, rec);
		write_end(req, rec);
	}
	reply_result(req, res);
}

static void fs_unlink(struct core_req *req, uint64_t parent, const char *name)
{
	remove_name(req, parent, name, unlink_name);
}

static void fs_rmdir(struct core_req *req, uint64_t parent, const char *name)
{
	remove_name(req, parent, name, remove_dir);
}

/* Whether a rename ends at the very file it starts from, by another spelling of its name. */
static bool respells(struct core_fs *fs, const struct path_want *to, uint32_t rec)
{
	return core_unlikely(fs->cfg.case_insensitive) && rec &&
	       node_find(FS_NODES(fs), to->idx, to->name) == rec;
}

/* What replacing a name needs: the program's leave, if there is something to be replaced. */
static int ask_replace(struct core_fs *fs, const struct path_want *to, uint32_t rec, unsigned flags)
{
	struct core_stat st;

	if (core_likely(!fs->cfg.delete_access) || (flags & (RENAME_EXCHANGE | RENAME_NOREPLACE)))
		return 0;
	if (respells(fs, to, rec))
		return 0;
	return fs_ask_attr(fs, to->path, &st, NULL) ? 0 : ask_delete(fs, to->path);
}

/* With flags: by the extensions made for them, as far as the program has them. */
static int call_rename(struct core_fs *fs, const char *from, const char *to, unsigned flags)
{
	unsigned x = (flags & RENAME_EXCHANGE ? CORE_RENAME_SWAP : 0) |
		     (flags & RENAME_NOREPLACE ? CORE_RENAME_EXCL : 0);
	int res = -ENOSYS;

	if (core_unlikely(x) && fs->ops.renamex)
		res = fs->ops.renamex(fs->data, from, to, x);
	if (res == -ENOSYS && x == CORE_RENAME_SWAP && fs->ops.exchange)
		res = fs->ops.exchange(fs->data, from, to, 0);
	if (res == -ENOSYS && fs->ops.rename)
		res = fs->ops.rename(fs->data, from, to, flags);
	return res;
}

static void fs_rename(struct core_req *req, uint64_t parent, const char *name, uint64_t newparent,
		      const char *newname, unsigned flags)
{
	struct core_fs *fs = req_fs(req);
	struct path_want from = {.name = name}, to = {.name = newname};
	bool exchange = flags & RENAME_EXCHANGE, hidden = false;
	char canonical[NODE_NAME_MAX + 1];
	uint32_t rec[2];
	int res = own_spelling(req, parent, &from.name, canonical);

	if (!res)
		res = write_begin(req, &from, parent, &to, newparent, rec);
	if (!res) {
		struct stat *kept = exchange ? NULL : save_dir_stat(fs, rec[1], to.path);

		/* Nothing is replaced, but a program that looks for the new name finds one. mv(1)
		 * asks so. */
		if (flags == RENAME_NOREPLACE && respells(fs, &to, rec[0]))
			flags = 0;
		if (EXT_ENFORCED(fs))
			res = ext_forbids_rename(fs, from.path, to.path, exchange);
		if (!res)
			res = ask_replace(fs, &to, rec[0], flags);
		if (!res && !flags && !fs->ops.rename) {
			res = -ENOSYS;
		} else if (!res && !flags && hidden_wanted(fs, rec[1])) {
			res = hidden_hide(req, &to, rec[1]);
			hidden = !res;
		}
		if (!res) {
			res = call_rename(fs, from.path, to.path, flags);
			if (res && hidden)
				hidden_show(req, &to, rec[1]);
		}
		if (!res) {
			keep_dir_stat(fs, rec[1], kept);
			kept = NULL;
			res = path_commit_rename(&fs->tree, &from, &to, rec, exchange);
			if (hidden)
				hidden_settle(fs, rec[1]);
		}
		free(kept);
		write_end(req, rec);
	}
	reply_result(req, res);
}

struct core_ll_ops fs_ll_remove = {
	.unlink = fs_unlink,
	.rmdir = fs_rmdir,
	.rename = fs_rename,
};
