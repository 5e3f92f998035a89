/*
 * The extended attributes of a file (birth time, flags, backup and change time) as one set, for
 * whatever shows them to Linux programs: extended attributes, ioctls, statx.
 *
 * Both functions are called inside an operation, with the path of op_path(); fi is that of the
 * operation, or NULL.
 */
#ifndef CORE_FS_EXT_H
#define CORE_FS_EXT_H

#include "core/fs/fs.h"

enum core_ext_valid {
	CORE_EXT_FLAGS = 1 << 0,
	CORE_EXT_ATIME = 1 << 1,
	CORE_EXT_MTIME = 1 << 2,
	CORE_EXT_CRTIME = 1 << 3,
	CORE_EXT_CHGTIME = 1 << 4,
	CORE_EXT_BKUPTIME = 1 << 5,
};

struct core_ext_attr {
	unsigned valid; /* CORE_EXT_*: what the program knows */
	uint32_t flags;
	struct timespec atime, mtime, crtime, chgtime, bkuptime;
	struct stat st; /* as the program gave it */
};

/*
 * Asks getattr, and getxtimes where there is one. flags are valid with stat_ex; crtime if the
 * program gave one (stat_ex, else getxtimes); bkuptime with getxtimes; chgtime is st_ctim. 0, or
 * what getattr returned; an error of getxtimes leaves its times out.
 */
int core_fs_ext_get(struct core_fs *fs, const char *path, struct core_file_info *fi,
		    struct core_ext_attr *out);

/*
 * Sets what is in valid, with setattr_x (fsetattr_x for a handle) if that does not return ENOSYS;
 * else by chflags, utimens, setcrtime, setbkuptime, setchgtime, in this order. The first error
 * ends it, ENOSYS too. An operation the program does not have is passed over; if it has none of
 * those asked for, -ENOSYS. At the end getattr is called, for out (may be NULL).
 */
int core_fs_ext_set(struct core_fs *fs, const char *path, struct core_file_info *fi,
		    const struct core_ext_attr *set, unsigned valid, struct core_ext_attr *out);

/* Which of CORE_EXT_* the program can set. */
unsigned core_fs_ext_settable(struct core_fs *fs);

#endif
