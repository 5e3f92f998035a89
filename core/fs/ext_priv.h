/*
 * How flags and times of programs with stat_ex look to Linux programs (ext_xattr.c, ext_ioctl.c,
 * ext_statx.c), and what flags forbid (ext_enforce.c). docs/extensions.md
 *
 * Everything is called inside an operation, with the path of op_path(). What the program itself
 * answers wins everywhere.
 */
#ifndef CORE_FS_EXT_PRIV_H
#define CORE_FS_EXT_PRIV_H

#include "core/fs/ext.h"
#include "core/fs/fs_priv.h"

static inline bool ext_shown(const struct core_fs *fs, enum core_ext_hide form)
{
	return fs->cfg.stat_ex && !(fs->cfg.ext_hide & form);
}

/* A name that begins with a dot counts as hidden (dothidden). */
static inline bool ext_dot_hidden(const struct core_fs *fs, const char *path)
{
	const char *slash = fs->cfg.dothidden && path ? strrchr(path, '/') : NULL;

	return slash && slash[1] == '.';
}

/* The caller may change attributes of this file: it is root or the owner. 0 or -EPERM. */
int ext_may_set(struct core_fs *fs, const struct core_ext_attr *file);
/* As every kernel file system: some take CAP_LINUX_IMMUTABLE, which we know root by. */
int ext_may_set_flags(uint32_t now, uint32_t flags);

/* ---- extended attributes: as the operations, with the built-in ones -------------------------- */

int ext_getxattr(struct core_fs *fs, const char *path, const char *name, char *buf, size_t size);
int ext_setxattr(struct core_fs *fs, const char *path, const char *name, const char *value,
		 size_t size, int flags);
int ext_listxattr(struct core_fs *fs, const char *path, char *list, size_t size);
int ext_removexattr(struct core_fs *fs, const char *path, const char *name);

/* ---- inode flags ----------------------------------------------------------------------------- */

bool ext_ioctl_is_ours(struct core_fs *fs, unsigned cmd);
/* res, the program's answer to it, says that it does not know this ioctl. */
static inline bool ext_ioctl_unknown(int res)
{
	return res == -ENOSYS || res == -ENOTTY || res == -EINVAL;
}
/* out has room for out_size and is filled to there. path may be NULL with fi. 0 or -errno. */
int ext_ioctl(struct core_fs *fs, const char *path, struct core_file_info *fi, unsigned cmd,
	      const void *in, size_t in_size, void *out, size_t out_size);

/* ---- statx ----------------------------------------------------------------------------------- */

/* From getattr; and birth time and attributes for a program whose own statx leaves them out. */
int ext_statx(struct core_fs *fs, const char *path, struct core_file_info *fi, struct statx *sx);
/* A set of that attribute may have changed the birth time. */
void ext_birth_set(struct core_fs *fs, uint32_t idx, const char *name);
/* The kernel is being told it. */
static inline void ext_birth_told(struct core_fs *fs, uint32_t idx)
{
	if (core_unlikely(fs->births_set))
		atomic_fetch_and(&FS_NODES(fs)->at[idx].flags, ~(uint32_t)NODE_BIRTH);
}

/* ---- what flags forbid (enforce_flags) ------------------------------------------------------- */

enum ext_deed {
	EXT_WRITE,    /* change the contents, also truncate */
	EXT_APPEND,   /* add to the contents, or a name to a directory */
	EXT_CHANGE,   /* attributes: mode, owner, times, extended ones */
	EXT_TOUCH,    /* times become now */
	EXT_LINK,     /* give it a further name */
	EXT_MOVE,     /* give it another name */
	EXT_REMOVE,   /* take its name away */
	EXT_TAKE_OUT, /* of a directory: take a name out of it */
};
int ext_forbids(struct core_fs *fs, const char *path, struct core_file_info *fi,
		enum ext_deed deed);
/* The same of the directory path is in. */
int ext_dir_forbids(struct core_fs *fs, const char *path, enum ext_deed deed);
/* Whole operations. 0 or -EPERM. */
int ext_forbids_make(struct core_fs *fs, const char *path);
int ext_forbids_remove(struct core_fs *fs, const char *path);
int ext_forbids_rename(struct core_fs *fs, const char *from, const char *to, bool exchange);
int ext_forbids_link(struct core_fs *fs, const char *from, const char *to);
int ext_forbids_open(struct core_fs *fs, const char *path, int flags);
int ext_forbids_setattr(struct core_fs *fs, const char *path, int to_set,
			struct core_file_info *fi);

#define EXT_ENFORCED(fs) core_unlikely((fs)->cfg.enforce_flags)

#endif
