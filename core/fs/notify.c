/*
 * Telling the kernel, by path, that something changed behind its back.
 */
#include "core/fs/fs_priv.h"

/* A path as the node table knows it; parent is 0 for the root. */
struct known {
	uint32_t parent, rec; /* rec 0: the last name is not known */
	char name[NODE_NAME_MAX + 1];
	size_t len;
};

/* 0; -ENOENT: a directory above it is not known; -ENAMETOOLONG. */
static int find(struct core_fs *fs, const char *path, struct known *k)
{
	k->parent = 0;
	k->rec = NODE_ROOT;
	for (;;) {
		path += strspn(path, "/");
		k->len = strcspn(path, "/");
		if (!k->len) {
			/* where a trailing slash was, the name is the one before */
			k->len = k->parent ? strlen(k->name) : 0;
			return 0;
		}
		if (k->len > NODE_NAME_MAX)
			return -ENAMETOOLONG;
		if (!k->rec)
			return -ENOENT;
		memcpy(k->name, path, k->len);
		k->name[k->len] = 0;
		path += k->len;
		k->parent = node_target(FS_NODES(fs), k->rec);
		k->rec = node_find(FS_NODES(fs), k->parent, k->name);
	}
}

int core_fs_invalidate_path(struct core_fs *fs, const char *path)
{
	struct known k;
	int res = find(fs, path, &k);

	if (!res && !k.rec)
		res = -ENOENT;
	if (res)
		return res;
	return core_notify_inval_inode(
		fs->se, node_id(FS_NODES(fs), node_target(FS_NODES(fs), k.rec)), 0, 0);
}

/* What the kernel does not know needs no telling. */
static int unless_unknown(int res)
{
	return res == -ENOENT ? 0 : res;
}

static int inval_attributes(struct core_fs *fs, uint32_t idx)
{
	return unless_unknown(core_notify_inval_inode(fs->se, node_id(FS_NODES(fs), idx), -1, 0));
}

/* A name came, went, or may mean something else: it and its directory. */
static int inval_name(struct core_fs *fs, const struct known *k, bool gone)
{
	uint64_t dir = node_id(FS_NODES(fs), k->parent);
	int res = -ENOSYS;

	if (gone && k->rec)
		res = core_notify_delete(fs->se, dir,
					 node_id(FS_NODES(fs), node_target(FS_NODES(fs), k->rec)),
					 k->name, k->len);
	/* The kernel may have it cached as missing, or refuse to delete (a mount point, not empty).
	 */
	if (res && res != -ENOENT)
		res = core_notify_inval_entry(fs->se, dir, k->name, k->len);
	res = unless_unknown(res);
	return res ? res : unless_unknown(core_notify_inval_inode(fs->se, dir, 0, 0));
}

#define NAMES (CORE_NOTIFY_MKDIR | CORE_NOTIFY_RMDIR | CORE_NOTIFY_CREATE | CORE_NOTIFY_UNLINK)
#define COMES (CORE_NOTIFY_MKDIR | CORE_NOTIFY_CREATE)
#define ALL   (CORE_NOTIFY_TRUNCATE * 2 - 1)

int core_fs_notify(struct core_fs *fs, const char *path, unsigned action)
{
	unsigned first = action & NAMES & -(action & NAMES);
	struct known k;
	uint32_t idx;
	int res;

	if (!path || (action & ~(unsigned)ALL))
		return -EINVAL;
	res = find(fs, path, &k);
	if (res)
		return unless_unknown(res);
	if (k.parent && (first || !action)) {
		res = inval_name(fs, &k, first && !(first & COMES));
		if (res || first)
			return res;
	}
	if (!k.rec)
		return 0;
	idx = node_target(FS_NODES(fs), k.rec);
	if (!action || (action & CORE_NOTIFY_TRUNCATE))
		return unless_unknown(
			core_notify_inval_inode(fs->se, node_id(FS_NODES(fs), idx), 0, 0));
	return inval_attributes(fs, idx);
}
