/*
 * Birth time, flags and the further times as one set.
 */
#include "core/fs/ext.h"
#include "core/fs/fs_priv.h"

static bool is_set(const struct timespec *t)
{
	return t->tv_sec || t->tv_nsec;
}

int core_fs_ext_get(struct core_fs *fs, const char *path, struct core_file_info *fi,
		    struct core_ext_attr *out)
{
	struct core_stat st;
	int res = fs_ask_attr(fs, path, &st, fi);

	memset(out, 0, sizeof(*out));
	if (res)
		return res;
	out->st = st.st;
	out->atime = st.st.st_atim;
	out->mtime = st.st.st_mtim;
	out->chgtime = st.st.st_ctim;
	out->valid = CORE_EXT_ATIME | CORE_EXT_MTIME | CORE_EXT_CHGTIME;
	if (fs->cfg.stat_ex) {
		out->flags = st.flags;
		out->crtime = st.birthtim;
		out->valid |= CORE_EXT_FLAGS;
	}
	if (fs->ops.getxtimes && path) {
		struct timespec bkup = {0}, cr = {0};

		if (fs->ops.getxtimes(fs->data, path, &bkup, &cr) == 0) {
			out->bkuptime = bkup;
			out->valid |= CORE_EXT_BKUPTIME;
			if (!is_set(&out->crtime))
				out->crtime = cr;
		}
	}
	if (is_set(&out->crtime))
		out->valid |= CORE_EXT_CRTIME;
	return 0;
}

/* ---- setting ------------------------------------------------------------------------------ */

static bool can_chflags(const struct core_fs *fs)
{
	return fs->cfg.stat_ex && fs->ops.chflags;
}

static unsigned settable_one_by_one(const struct core_fs *fs)
{
	const struct core_fs_ops *o = &fs->ops;

	return (can_chflags(fs) ? CORE_EXT_FLAGS : 0) |
	       (o->utimens ? CORE_EXT_ATIME | CORE_EXT_MTIME : 0) |
	       (o->setcrtime ? CORE_EXT_CRTIME : 0) | (o->setchgtime ? CORE_EXT_CHGTIME : 0) |
	       (o->setbkuptime ? CORE_EXT_BKUPTIME : 0);
}

unsigned core_fs_ext_settable(struct core_fs *fs)
{
	if (fs->ops.setattr_x || fs->ops.fsetattr_x)
		return CORE_EXT_FLAGS | CORE_EXT_ATIME | CORE_EXT_MTIME | CORE_EXT_CRTIME |
		       CORE_EXT_CHGTIME | CORE_EXT_BKUPTIME;
	return settable_one_by_one(fs);
}

int fs_call_setattr_x(struct core_fs *fs, const char *path, struct core_setattr_x *x,
		      struct core_file_info *fi)
{
	int res = -ENOSYS;

	if (fi && fs->ops.fsetattr_x)
		res = fs->ops.fsetattr_x(fs->data, path, x, fi);
	else if (path && fs->ops.setattr_x)
		res = fs->ops.setattr_x(fs->data, path, x);
	return res;
}

static int set_at_once(struct core_fs *fs, const char *path, struct core_file_info *fi,
		       const struct core_ext_attr *set, unsigned valid)
{
	static const struct {
		unsigned ext;
		int32_t x;
	} bits[] = {
		{CORE_EXT_FLAGS, CORE_SETATTR_FLAGS},
		{CORE_EXT_ATIME, CORE_SETATTR_ATIME},
		{CORE_EXT_MTIME, CORE_SETATTR_MTIME},
		{CORE_EXT_CRTIME, CORE_SETATTR_CRTIME},
		{CORE_EXT_CHGTIME, CORE_SETATTR_CHGTIME},
		{CORE_EXT_BKUPTIME, CORE_SETATTR_BKUPTIME},
	};
	struct core_setattr_x x = {
		.acctime = set->atime,
		.modtime = set->mtime,
		.crtime = set->crtime,
		.chgtime = set->chgtime,
		.bkuptime = set->bkuptime,
		.flags = set->flags,
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(bits); i++)
		if (valid & bits[i].ext)
			x.valid |= bits[i].x;
	return fs_call_setattr_x(fs, path, &x, fi);
}

/* One of the two only: the other stays, for programs that cannot say so with what getattr says. */
static int set_access_and_modification(struct core_fs *fs, const char *path,
				       struct core_file_info *fi, const struct core_ext_attr *set,
				       unsigned valid)
{
	const unsigned both = CORE_EXT_ATIME | CORE_EXT_MTIME;
	struct timespec tv[2] = {set->atime, set->mtime};

	if ((valid & both) != both && !fs->cfg.utime_omit_ok) {
		struct core_stat now;
		int res = fs_ask_attr(fs, path, &now, fi);

		if (res)
			return res;
		tv[valid & CORE_EXT_ATIME ? 1 : 0] =
			valid & CORE_EXT_ATIME ? now.st.st_mtim : now.st.st_atim;
	} else if ((valid & both) != both) {
		tv[valid & CORE_EXT_ATIME ? 1 : 0] = (struct timespec){0, UTIME_OMIT};
	}
	return fs->ops.utimens(fs->data, path, tv, fi);
}

static int set_one_by_one(struct core_fs *fs, const char *path, struct core_file_info *fi,
			  const struct core_ext_attr *set, unsigned valid)
{
	const struct core_fs_ops *o = &fs->ops;
	int res = valid & settable_one_by_one(fs) ? 0 : -ENOSYS;

	if (!res && (valid & CORE_EXT_FLAGS) && can_chflags(fs))
		res = o->chflags(fs->data, path, set->flags);
	if (!res && (valid & (CORE_EXT_ATIME | CORE_EXT_MTIME)) && o->utimens)
		res = set_access_and_modification(fs, path, fi, set, valid);
	if (!res && (valid & CORE_EXT_CRTIME) && o->setcrtime)
		res = o->setcrtime(fs->data, path, &set->crtime);
	if (!res && (valid & CORE_EXT_BKUPTIME) && o->setbkuptime)
		res = o->setbkuptime(fs->data, path, &set->bkuptime);
	if (!res && (valid & CORE_EXT_CHGTIME) && o->setchgtime)
		res = o->setchgtime(fs->data, path, &set->chgtime);
	return res;
}

int core_fs_ext_set(struct core_fs *fs, const char *path, struct core_file_info *fi,
		    const struct core_ext_attr *set, unsigned valid, struct core_ext_attr *out)
{
	struct core_stat now;
	int res;

	if (!path)
		return -ENOENT;
	if (fs->cfg.read_only)
		return -EROFS;
	if (!(valid & core_fs_ext_settable(fs)))
		return -ENOSYS;
	res = set_at_once(fs, path, fi, set, valid);
	if (res == -ENOSYS)
		res = set_one_by_one(fs, path, fi, set, valid);
	if (!res && out)
		res = core_fs_ext_get(fs, path, fi, out);
	else if (!res)
		res = fs_ask_attr(fs, path, &now, fi);
	return res;
}
