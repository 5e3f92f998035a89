/*
 * Flags as inode flags: what lsattr, chattr and xfs_io ask for; and the name of the volume.
 *
 * The kernel asks for a file it opened for the purpose, with a size of 4 for what the ioctl
 * declares as a long (7.34 and later), or passes the caller's ioctl on with its declared size (8,
 * or 4 from a 32-bit caller). All of them are an int at the start.
 */
#include <linux/fs.h>
#include <unistd.h>
#include "core/ext/ext.h"
#include "core/fs/ext_priv.h"

/* By direction, type and number; the size is what is checked. */
#define WITHOUT_SIZE(cmd) ((cmd) & ~((unsigned)_IOC_SIZEMASK << _IOC_SIZESHIFT))

enum what { OTHER, GET_FLAGS, SET_FLAGS, GET_XATTR, SET_XATTR, SET_LABEL };

static enum what what_is(unsigned cmd)
{
	switch (WITHOUT_SIZE(cmd)) {
	case WITHOUT_SIZE(FS_IOC_GETFLAGS):
		return GET_FLAGS;
	case WITHOUT_SIZE(FS_IOC_SETFLAGS):
		return SET_FLAGS;
	case WITHOUT_SIZE(FS_IOC_FSGETXATTR):
		return GET_XATTR;
	case WITHOUT_SIZE(FS_IOC_FSSETXATTR):
		return SET_XATTR;
	case WITHOUT_SIZE(FS_IOC_SETFSLABEL):
		return SET_LABEL;
	default:
		return OTHER;
	}
}

bool ext_ioctl_is_ours(struct core_fs *fs, unsigned cmd)
{
	enum what what = what_is(cmd);

	if (core_unlikely(what == SET_LABEL))
		return fs->ops.setvolname != NULL;
	return what != OTHER && ext_shown(fs, CORE_HIDE_INODE_FLAGS);
}

/* Elsewhere it takes CAP_SYS_ADMIN; here, to be root or who runs the file system. */
static int set_label(struct core_fs *fs, const void *in, size_t in_size)
{
	if (in_size != FSLABEL_MAX || !memchr(in, 0, in_size))
		return -EINVAL;
	if (core_context()->uid != 0 && core_context()->uid != geteuid())
		return -EPERM;
	if (fs->cfg.read_only)
		return -EROFS;
	return fs->ops.setvolname(fs->data, in);
}

static int set_flags(struct core_fs *fs, const char *path, struct core_file_info *fi,
		     const struct core_ext_attr *now, uint32_t flags)
{
	struct core_ext_attr set = {.flags = flags};
	int res = ext_may_set(fs, now);

	if (!res)
		res = ext_may_set_flags(now->flags, flags);
	if (res || flags == now->flags)
		return res;
	res = core_fs_ext_set(fs, path, fi, &set, CORE_EXT_FLAGS, NULL);
	return res == -ENOSYS ? -EOPNOTSUPP : res;
}

static int set_inode_flags(struct core_fs *fs, const char *path, struct core_file_info *fi,
			   const struct core_ext_attr *now, const void *in, size_t in_size)
{
	uint32_t value, flags;
	int res;

	if (in_size != sizeof(int) && in_size != sizeof(long))
		return -EINVAL;
	memcpy(&value, in, sizeof(value));
	res = core_ext_from_inode_flags(value, now->flags, &flags);
	return res ? res : set_flags(fs, path, fi, now, flags);
}

static int set_fsxattr(struct core_fs *fs, const char *path, struct core_file_info *fi,
		       const struct core_ext_attr *now, const void *in, size_t in_size)
{
	struct fsxattr x;
	uint32_t flags;
	int res;

	if (in_size != sizeof(x))
		return -EINVAL;
	memcpy(&x, in, sizeof(x));
	if (x.fsx_projid || x.fsx_extsize || x.fsx_cowextsize)
		return -EOPNOTSUPP;
	res = core_ext_from_xflags(x.fsx_xflags, now->flags, &flags);
	return res ? res : set_flags(fs, path, fi, now, flags);
}

int ext_ioctl(struct core_fs *fs, const char *path, struct core_file_info *fi, unsigned cmd,
	      const void *in, size_t in_size, void *out, size_t out_size)
{
	struct core_ext_attr now;
	struct fsxattr x = {0};
	uint32_t flags;
	int res;

	if (core_unlikely(what_is(cmd) == SET_LABEL))
		return set_label(fs, in, in_size);
	/* A handle's file is asked for by its name as long as it has one. */
	if (path)
		fi = NULL;
	res = core_fs_ext_get(fs, path, fi, &now);
	if (res)
		return res == -ENOSYS ? -ENOTTY : res;
	switch (what_is(cmd)) {
	case GET_FLAGS:
		if (out_size != sizeof(int) && out_size != sizeof(long))
			return -EINVAL;
		memset(out, 0, out_size);
		flags = core_ext_to_inode_flags(now.flags);
		memcpy(out, &flags, sizeof(flags));
		return 0;
	case GET_XATTR:
		if (out_size != sizeof(x))
			return -EINVAL;
		x.fsx_xflags = core_ext_to_xflags(now.flags);
		memcpy(out, &x, sizeof(x));
		return 0;
	case SET_FLAGS:
		return set_inode_flags(fs, path, fi, &now, in, in_size);
	case SET_XATTR:
		return set_fsxattr(fs, path, fi, &now, in, in_size);
	default:
		return -ENOTTY;
	}
}
