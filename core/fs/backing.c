/*
 * Handles whose data the kernel takes from another file by itself (passthrough, 7.40), for
 * programs that say so with ambifuse_passthrough() while they open a file.
 *
 * The kernel wants all handles of a node to agree: as long as one is passed through, every other
 * must be, to the same backing file; and none may be while one uses the page cache of the node.
 * So a node is passed through from its first handle on or not at all, until it has none; a handle
 * that comes beside these without being passed through itself is served by the program without a
 * page cache, which is coherent. Both sides count a handle from before the kernel knows of it until
 * after it has let go, so our picture is never ahead of the kernel's.
 *
 * Locks: the node's stripe of the side table holds the count and backing_id together. Programs
 * without this extension take none.
 */
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <sys/stat.h>

/* What else the kernel takes with it. */
#define FITTING_BITS (CORE_FI_DIRECT_IO | CORE_FI_PARALLEL_DIRECT_WRITES | CORE_FI_NOFLUSH)

void backing_drop(struct core_req *req)
{
	struct fs_backing *b = &req_fw(req)->backing;

	if (b->id)
		core_backing_close(req->se, b->id);
	b->id = 0;
}

int core_fs_passthrough(int fd)
{
	struct core_req *req = core_req_current();
	struct core_fs *fs;
	struct stat st;
	int id;

	if (!req || !req->w->fs_local || (req->opcode != WIRE_OPEN && req->opcode != WIRE_CREATE))
		return -EINVAL;
	fs = req_fs(req);
	if (!fs->cfg.passthrough)
		return -EINVAL;
	backing_drop(req);
	if (!(session_caps(fs->se) & WIRE_CAP(PASSTHROUGH)))
		return -EOPNOTSUPP;
	if (atomic_load_explicit(&fs->no_passthrough, memory_order_relaxed))
		return -EPERM;
	if (fstat(fd, &st) < 0)
		return -errno;
	id = core_backing_register(fs->se, fd);
	if (id == -EPERM && !atomic_exchange(&fs->no_passthrough, true))
		core_debug("passthrough needs CAP_SYS_ADMIN: the program serves its files\n");
	if (id < 0)
		return id;
	req_fw(req)->backing = (struct fs_backing){id, st.st_dev, st.st_ino};
	return 0;
}

/* With the stripe held: the handle's id, or 0. What is left in b is not needed. */
static int32_t choose(struct core_fs *fs, struct side *d, struct fs_backing *b,
		      struct core_file_info *fi)
{
	bool own = false;

	if (d->backing.id) {
		own = b->id && b->dev == d->backing.dev && b->ino == d->backing.ino;
	} else if (b->id && atomic_load(&FS_NODES(fs)->at[d->idx].open) == 0) {
		d->backing = *b;
		b->id = 0;
		own = true;
	}
	if (!d->backing.id)
		return 0;
	fi->bits &= FITTING_BITS;
	if (own)
		fi->bits &= ~(uint32_t)CORE_FI_DIRECT_IO;
	else
		fi->bits |= CORE_FI_DIRECT_IO;
	return d->backing.id;
}

void backing_opened(struct core_req *req, uint32_t idx, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	struct fs_backing *b = &req_fw(req)->backing;
	struct side *d = side_get(&fs->side, idx, true);

	if (d) {
		atomic_fetch_or(&FS_NODES(fs)->at[idx].flags, NODE_SIDE);
		fi->backing_id = choose(fs, d, b, fi);
	}
	atomic_fetch_add(&FS_NODES(fs)->at[idx].open, 1);
	if (d)
		side_put(&fs->side, idx);
	backing_drop(req);
}

uint32_t backing_closed(struct core_fs *fs, uint32_t idx)
{
	struct side *d = side_get(&fs->side, idx, false);
	uint32_t old = node_open_down(&FS_NODES(fs)->at[idx]);
	int32_t id = 0;

	if (!d)
		return old;
	if (old == 1) {
		id = d->backing.id;
		d->backing.id = 0;
	}
	side_put(&fs->side, idx);
	if (id)
		core_backing_close(fs->se, id);
	return old;
}
