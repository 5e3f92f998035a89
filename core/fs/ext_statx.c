/*
 * statx: birth time and attributes (FUSE_STATX, protocol 7.39).
 */
#include <sys/sysmacros.h>
#include "core/ext/ext.h"
#include "core/fs/ext_priv.h"

static struct statx_timestamp sx_time(struct timespec ts)
{
	return (struct statx_timestamp){.tv_sec = ts.tv_sec, .tv_nsec = (uint32_t)ts.tv_nsec};
}

static void basic(struct statx *sx, const struct stat *st)
{
	sx->stx_mask = STATX_BASIC_STATS;
	sx->stx_blksize = (uint32_t)st->st_blksize;
	sx->stx_nlink = (uint32_t)st->st_nlink;
	sx->stx_uid = st->st_uid;
	sx->stx_gid = st->st_gid;
	sx->stx_mode = (uint16_t)st->st_mode;
	sx->stx_ino = st->st_ino;
	sx->stx_size = (uint64_t)st->st_size;
	sx->stx_blocks = (uint64_t)st->st_blocks;
	sx->stx_atime = sx_time(st->st_atim);
	sx->stx_mtime = sx_time(st->st_mtim);
	sx->stx_ctime = sx_time(st->st_ctim);
	sx->stx_rdev_major = major(st->st_rdev);
	sx->stx_rdev_minor = minor(st->st_rdev);
}

/*
 * The kernel takes a birth time for something that never changes: once it has one it asks again
 * only when the attributes' time is over, and every lookup renews that. So until it has asked for a
 * new birth time, nothing that is said of the file may be kept.
 */
void ext_birth_set(struct core_fs *fs, uint32_t idx, const char *name)
{
	enum core_ext_xattr attr = core_ext_xattr(name);

	if (attr <= CORE_ATTR_NTFS_ATTRIB_BE || !idx)
		return;
	atomic_store(&fs->births_set, true);
	atomic_fetch_or(&FS_NODES(fs)->at[idx].flags, NODE_BIRTH);
}

int ext_statx(struct core_fs *fs, const char *path, struct core_file_info *fi, struct statx *sx)
{
	bool all = !sx->stx_mask && !sx->stx_mode;
	struct core_ext_attr a;
	int res = core_fs_ext_get(fs, path, fi, &a);

	if (res)
		return all ? res : 0;
	if (all)
		basic(sx, &a.st);
	if (!(sx->stx_mask & STATX_BTIME) && (a.valid & CORE_EXT_CRTIME)) {
		sx->stx_btime = sx_time(a.crtime);
		sx->stx_mask |= STATX_BTIME;
	}
	if (a.valid & CORE_EXT_FLAGS) {
		sx->stx_attributes |= core_ext_to_statx(a.flags);
		sx->stx_attributes_mask |= core_ext_statx_mask();
	}
	return 0;
}
