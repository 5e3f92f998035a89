/*
 * -o enforce_flags: what immutable, append-only, no-unlink and read-only mean is seen to here, so
 * a file system that only stores the flags need not. Handles opened before keep their rights.
 */
#include <limits.h>
#include "core/ext/ext.h"
#include "core/fs/ext_priv.h"

#define BIT(deed)  (1U << (deed))
#define EVERYTHING (BIT(EXT_TAKE_OUT + 1) - 1)
/* What append-only leaves */
#define ADDING (BIT(EXT_APPEND) | BIT(EXT_TOUCH))

/* Read-only is of Windows: of a directory it says nothing about what is in it. */
static const struct {
	uint32_t flags;
	unsigned of_file, of_dir; /* what they forbid */
} rules[] = {
	{CORE_EXT_IMMUTABLE, EVERYTHING, EVERYTHING},
	{CORE_EXT_APPEND, EVERYTHING & ~ADDING, EVERYTHING & ~ADDING},
	{CORE_EXT_NOUNLINK, BIT(EXT_REMOVE) | BIT(EXT_MOVE), BIT(EXT_REMOVE) | BIT(EXT_MOVE)},
	{CORE_UF_READONLY, BIT(EXT_WRITE) | BIT(EXT_APPEND) | BIT(EXT_REMOVE), BIT(EXT_REMOVE)},
};

int ext_forbids(struct core_fs *fs, const char *path, struct core_file_info *fi, enum ext_deed deed)
{
	struct core_ext_attr a;

	/* What is not there, or cannot be asked, is the operation's own business. */
	if (core_fs_ext_get(fs, path, fi, &a) || !a.flags)
		return 0;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(rules); i++)
		if ((a.flags & rules[i].flags) &&
		    ((S_ISDIR(a.st.st_mode) ? rules[i].of_dir : rules[i].of_file) & BIT(deed)))
			return -EPERM;
	return 0;
}

int ext_dir_forbids(struct core_fs *fs, const char *path, enum ext_deed deed)
{
	const char *slash = strrchr(path, '/');
	char *dir CLEANUP_FREE = NULL;

	if (!slash || slash == path)
		return ext_forbids(fs, "/", NULL, deed);
	dir = strndup(path, (size_t)(slash - path));
	return dir ? ext_forbids(fs, dir, NULL, deed) : -ENOMEM;
}

int ext_forbids_make(struct core_fs *fs, const char *path)
{
	return ext_dir_forbids(fs, path, EXT_APPEND);
}

int ext_forbids_remove(struct core_fs *fs, const char *path)
{
	int res = ext_dir_forbids(fs, path, EXT_TAKE_OUT);

	return res ? res : ext_forbids(fs, path, NULL, EXT_REMOVE);
}

int ext_forbids_rename(struct core_fs *fs, const char *from, const char *to, bool exchange)
{
	int res = ext_dir_forbids(fs, from, EXT_TAKE_OUT);

	if (!res)
		res = ext_forbids(fs, from, NULL, EXT_MOVE);
	if (!res)
		res = ext_dir_forbids(fs, to, exchange ? EXT_TAKE_OUT : EXT_APPEND);
	return res ? res : ext_forbids(fs, to, NULL, exchange ? EXT_MOVE : EXT_REMOVE);
}

int ext_forbids_link(struct core_fs *fs, const char *from, const char *to)
{
	int res = ext_forbids(fs, from, NULL, EXT_LINK);

	return res ? res : ext_forbids_make(fs, to);
}

int ext_forbids_open(struct core_fs *fs, const char *path, int flags)
{
	if (flags & O_TRUNC)
		return ext_forbids(fs, path, NULL, EXT_WRITE);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return 0;
	return ext_forbids(fs, path, NULL, flags & O_APPEND ? EXT_APPEND : EXT_WRITE);
}

int ext_forbids_setattr(struct core_fs *fs, const char *path, int to_set, struct core_file_info *fi)
{
	int res = 0;

	if (to_set & WIRE_FATTR_SIZE)
		res = ext_forbids(fs, path, fi, EXT_WRITE);
	/* With a change time: the kernel's own, for what was written long ago. */
	if (res || (to_set & WIRE_FATTR_CTIME))
		return res;
	if (to_set & (WIRE_FATTR_MODE | WIRE_FATTR_UID | WIRE_FATTR_GID))
		return ext_forbids(fs, path, fi, EXT_CHANGE);
	if (((to_set & WIRE_FATTR_ATIME) && !(to_set & WIRE_FATTR_ATIME_NOW)) ||
	    ((to_set & WIRE_FATTR_MTIME) && !(to_set & WIRE_FATTR_MTIME_NOW)))
		return ext_forbids(fs, path, fi, EXT_CHANGE);
	if (to_set & (WIRE_FATTR_ATIME | WIRE_FATTR_MTIME))
		return ext_forbids(fs, path, fi, EXT_TOUCH);
	return 0;
}
