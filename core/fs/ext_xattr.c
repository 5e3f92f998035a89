/*
 * Flags and times as extended attributes.
 *
 * An attribute is the program's if its getxattr answers for it. Otherwise the names of core/ext
 * are ours. system.ntfs_* are not listed, as on ntfs-3g; user.DOSATTRIB is, so that tools that copy
 * attributes take it along.
 */
#include <sys/xattr.h>
#include "core/ext/ext.h"
#include "core/fs/ext_priv.h"

/* What a program says that has no attributes, or not this one. */
static bool not_served(int res)
{
	return res == -ENOSYS || res == -ENODATA || res == -EOPNOTSUPP;
}

/* To a kernel ENOSYS means: never ask for any attribute again. */
static int never_enosys(int res)
{
	return res == -ENOSYS ? -EOPNOTSUPP : res;
}

static enum core_ext_xattr ours(struct core_fs *fs, const char *name)
{
	enum core_ext_xattr attr = core_ext_xattr(name);

	if (attr == CORE_ATTR_NONE)
		return attr;
	return ext_shown(fs, attr == CORE_ATTR_DOSATTRIB ? CORE_HIDE_DOSATTRIB : CORE_HIDE_NTFS)
		       ? attr
		       : CORE_ATTR_NONE;
}

static int ask(struct core_fs *fs, const char *path, const char *name, char *buf, size_t size)
{
	return fs->ops.getxattr ? fs->ops.getxattr(fs->data, path, name, buf, size) : -ENOSYS;
}

int ext_may_set(struct core_fs *fs, const struct core_ext_attr *file)
{
	uid_t uid = core_context()->uid;
	struct stat shown = file->st;

	fs_adjust_stat(fs, NODE_ROOT, &shown);
	return uid == 0 || uid == shown.st_uid ? 0 : -EPERM;
}

/* The caller has that group. */
static bool in_group(gid_t gid)
{
	gid_t groups[64];
	int n = core_req_current() ? core_req_getgroups(core_req_current(), 64, groups) : 0;

	for (int i = 0; i < n && i < 64; i++)
		if (groups[i] == gid)
			return true;
	return core_context()->gid == gid;
}

/*
 * The kernel's rule for user.*, which it sees to with default_permissions only. By the mode: an ACL
 * that lets others write is not looked at.
 */
static int may_write(struct core_fs *fs, const struct core_ext_attr *file)
{
	uid_t uid = core_context()->uid;
	struct stat shown = file->st;

	fs_adjust_stat(fs, NODE_ROOT, &shown);
	if (uid == 0 || uid == shown.st_uid)
		return 0;
	return shown.st_mode & (in_group(shown.st_gid) ? S_IWGRP : S_IWOTH) ? 0 : -EACCES;
}

int ext_may_set_flags(uint32_t now, uint32_t flags)
{
	const uint32_t for_root = CORE_EXT_IMMUTABLE | CORE_EXT_APPEND | CORE_EXT_NOUNLINK;

	return ((flags ^ now) & for_root) && core_context()->uid != 0 ? -EPERM : 0;
}

static void to_value(struct core_fs *fs, const char *path, const struct core_ext_attr *a,
		     struct core_ext_value *v)
{
	*v = (struct core_ext_value){
		.has = CORE_HAS_DOS | CORE_HAS_ATIME | CORE_HAS_MTIME | CORE_HAS_CHGTIME |
		       CORE_HAS_FLAGS | (a->valid & CORE_EXT_CRTIME ? CORE_HAS_CRTIME : 0) |
		       (a->valid & CORE_EXT_BKUPTIME ? CORE_HAS_BKUPTIME : 0),
		.dos = core_ext_to_dos(a->flags | (ext_dot_hidden(fs, path) ? CORE_UF_HIDDEN : 0),
				       a->st.st_mode),
		.flags = a->flags,
		.bkuptime = a->bkuptime,
		.crtime = a->crtime,
		.mtime = a->mtime,
		.atime = a->atime,
		.chgtime = a->chgtime,
	};
}

int ext_getxattr(struct core_fs *fs, const char *path, const char *name, char *buf, size_t size)
{
	int res = ask(fs, path, name, buf, size);
	enum core_ext_xattr attr;
	struct core_ext_value v;
	struct core_ext_attr a;
	char out[CORE_EXT_VALUE_MAX];

	if (!not_served(res))
		return res;
	attr = ours(fs, name);
	if (!attr)
		return never_enosys(res);
	res = core_fs_ext_get(fs, path, NULL, &a);
	if (res)
		return never_enosys(res);
	to_value(fs, path, &a, &v);
	res = core_ext_encode(attr, &v, out);
	if (res < 0 || !size)
		return res;
	if ((size_t)res > size)
		return -ERANGE;
	memcpy(buf, out, (size_t)res);
	return res;
}

int ext_listxattr(struct core_fs *fs, const char *path, char *list, size_t size)
{
	int res = fs->ops.listxattr ? fs->ops.listxattr(fs->data, path, list, size) : -ENOSYS;
	const char name[] = CORE_ATTR_DOSATTRIB_NAME;
	struct core_ext_attr a;

	if (res == -ENOSYS || res == -EOPNOTSUPP)
		res = 0;
	/* Other kinds of files have no user attributes, and no DOS ones. */
	if (res < 0 || !ours(fs, name) || core_fs_ext_get(fs, path, NULL, &a) ||
	    (!S_ISREG(a.st.st_mode) && !S_ISDIR(a.st.st_mode)) ||
	    !not_served(ask(fs, path, name, NULL, 0)))
		return res;
	if (size) {
		if ((size_t)res + sizeof(name) > size)
			return -ERANGE;
		memcpy(list + res, name, sizeof(name));
	}
	return res + (int)sizeof(name);
}

int ext_removexattr(struct core_fs *fs, const char *path, const char *name)
{
	/* The others cannot be without it, and keep what they have. */
	if (ours(fs, name) && not_served(ask(fs, path, name, NULL, 0)))
		return -EPERM;
	return never_enosys(fs->ops.removexattr ? fs->ops.removexattr(fs->data, path, name)
						: -ENOSYS);
}

/* ---- setting ------------------------------------------------------------------------------ */

/* Values carry units of 100 ns: one that was read and is written back changes nothing. */
static bool same_time(struct timespec a, struct timespec b)
{
	uint64_t x, y;

	return core_ext_to_filetime(a, &x) == 0 && core_ext_to_filetime(b, &y) == 0 && x == y;
}

/* What of the value is not so already, as a set. */
static int to_set(const struct core_ext_value *v, const struct core_ext_attr *now,
		  struct core_ext_attr *set, unsigned *valid)
{
	const struct {
		unsigned has, ext;
		struct timespec value, now;
	} times[] = {
		{CORE_HAS_CRTIME, CORE_EXT_CRTIME, v->crtime, now->crtime},
		{CORE_HAS_MTIME, CORE_EXT_MTIME, v->mtime, now->mtime},
		{CORE_HAS_ATIME, CORE_EXT_ATIME, v->atime, now->atime},
		{CORE_HAS_CHGTIME, CORE_EXT_CHGTIME, v->chgtime, now->chgtime},
		{CORE_HAS_BKUPTIME, CORE_EXT_BKUPTIME, v->bkuptime, now->bkuptime},
	};
	int res = 0;

	*set = *now;
	*valid = 0;
	if (v->has & CORE_HAS_DOS) {
		res = core_ext_from_dos(v->dos, now->flags, &set->flags);
	} else if (v->has & CORE_HAS_FLAGS) {
		set->flags = v->flags;
		res = ext_may_set_flags(now->flags, v->flags);
	}
	if (set->flags != now->flags)
		*valid |= CORE_EXT_FLAGS;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(times); i++)
		if ((v->has & times[i].has) && !same_time(times[i].value, times[i].now))
			*valid |= times[i].ext;
	set->crtime = v->crtime;
	set->mtime = v->mtime;
	set->atime = v->atime;
	set->chgtime = v->chgtime;
	set->bkuptime = v->bkuptime;
	return res;
}

/* setxattr's rule about what is there already. */
static int check_exists(enum core_ext_xattr attr, const struct core_ext_attr *now, int flags)
{
	bool exists = true;

	if (attr == CORE_ATTR_NTFS_CRTIME || attr == CORE_ATTR_NTFS_CRTIME_BE)
		exists = now->valid & CORE_EXT_CRTIME;
	else if (attr == CORE_ATTR_BKUPTIME || attr == CORE_ATTR_BKUPTIME_BE)
		exists = (now->valid & CORE_EXT_BKUPTIME) && core_ext_time_known(now->bkuptime);

	if ((flags & XATTR_CREATE) && exists)
		return -EEXIST;
	return (flags & XATTR_REPLACE) && !exists ? -ENODATA : 0;
}

static int set_ours(struct core_fs *fs, const char *path, enum core_ext_xattr attr,
		    const char *value, size_t size, int flags)
{
	struct core_ext_attr now, set;
	struct core_ext_value v;
	unsigned valid;
	int res = core_ext_decode(attr, value, size, &v);

	if (!res)
		res = core_fs_ext_get(fs, path, NULL, &now);
	if (!res)
		res = check_exists(attr, &now, flags);
	if (!res)
		res = attr == CORE_ATTR_DOSATTRIB ? may_write(fs, &now) : ext_may_set(fs, &now);
	/* The hidden bit of such a name may be ours, read and written back. */
	if (!res && ext_dot_hidden(fs, path) && !(now.flags & CORE_UF_HIDDEN))
		v.dos &= ~(uint32_t)CORE_DOS_HIDDEN;
	if (!res)
		res = to_set(&v, &now, &set, &valid);
	if (res || !valid)
		return never_enosys(res);
	return never_enosys(core_fs_ext_set(fs, path, NULL, &set, valid, NULL));
}

int ext_setxattr(struct core_fs *fs, const char *path, const char *name, const char *value,
		 size_t size, int flags)
{
	enum core_ext_xattr attr = ours(fs, name);

	if (attr && not_served(ask(fs, path, name, NULL, 0)))
		return set_ours(fs, path, attr, value, size, flags);
	return never_enosys(fs->ops.setxattr
				    ? fs->ops.setxattr(fs->data, path, name, value, size, flags)
				    : -ENOSYS);
}
