/*
 * Names: lookup and forget, attributes, and everything that makes a name. remove.c has the rest.
 */
#include "core/fs/ext_priv.h"

#include <errno.h>
#include <string.h>

#ifndef RENAME_EXCHANGE
#define RENAME_NOREPLACE (1 << 0)
#define RENAME_EXCHANGE  (1 << 1)
#endif

/* ---- entries ------------------------------------------------------------------------------ */

/*
 * A name that is one of several of a node here: is the file behind it still the same one? A
 * program may break a link behind our back (copy-up in a union); then the name gets a node of
 * its own again. idx was looked up by the name; false: look it up once more.
 */
static bool same_identity(struct core_fs *fs, uint32_t idx, uint32_t parent, const char *name,
			  const struct stat *st)
{
	struct nodes *t = FS_NODES(fs);
	struct side *d = side_get(&fs->side, idx, false);
	uint32_t rec;
	bool same;

	if (!d)
		return true;
	same = d->link_ino == st->st_ino && d->link_dev == st->st_dev;
	side_put(&fs->side, idx);
	if (core_likely(same))
		return true;
	pthread_mutex_lock(&fs->tree.lock);
	rec = node_find(t, parent, name);
	if (!rec || node_target(t, rec) != idx || (atomic_load(&t->at[rec].flags) & NODE_MARKED) ||
	    !(t->at[rec].target | t->at[rec].alias)) {
		same = true; /* alone, or somebody is at work on it */
	} else {
		node_unname(t, rec);
		node_unref(t, idx, 1);
		node_drop(t, idx);
	}
	pthread_mutex_unlock(&fs->tree.lock);
	return same;
}

/*
 * The kernel counts an inode's links by itself between the attributes it gets: one less for each
 * name removed, whatever the order in which it comes to see replies. Callers who link and unlink
 * one file at a time can so bring its count to 0, and then the kernel refuses any further link
 * with ENOENT. So entries of a node that has several names, or had a moment ago, say some more,
 * for no longer than until somebody asks for the attributes.
 */
#define LINK_SLACK   64
#define LINK_SLACK_S 2

static bool count_is_loose(struct core_fs *fs, uint32_t idx)
{
	struct node *n = &FS_NODES(fs)->at[idx];
	struct side *d = side_get(&fs->side, idx, false);
	struct timespec now;
	bool loose;

	if (!d)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (n->alias)
		d->alone_since = 0;
	else if (!d->alone_since)
		d->alone_since = now.tv_sec;
	loose = !d->alone_since || now.tv_sec - d->alone_since < LINK_SLACK_S;
	if (!loose)
		atomic_fetch_and(&n->flags, ~(uint32_t)NODE_LINKED);
	side_put(&fs->side, idx);
	return loose;
}

int fs_entry_of(struct core_fs *fs, uint32_t idx, uint32_t parent, const char *name,
		struct core_entry_param *e)
{
	struct nodes *t = FS_NODES(fs);
	int err = 0;

	while (core_unlikely(t->at[idx].alias) && name &&
	       !same_identity(fs, idx, parent, name, &e->attr)) {
		idx = node_lookup(t, parent, name, &err);
		if (!idx)
			return err;
	}
	if (core_unlikely(fs->cfg.max_nodes) &&
	    atomic_load_explicit(&t->count, memory_order_relaxed) > fs->cfg.max_nodes)
		prune_wanted(fs);
	e->ino = node_id(t, idx);
	e->generation = t->at[idx].gen;
	e->entry_timeout = fs->cfg.entry_timeout;
	e->attr_timeout = fs_attr_timeout(fs, idx, &e->attr);
	if (core_likely(fs->plain_attr)) {
		e->attr.st_ino = idx;
	} else {
		fs_note_stat(fs, idx, &e->attr);
		fs_adjust_stat(fs, idx, &e->attr);
	}
	setid_told(fs, idx, e->attr.st_mode);
	if (core_unlikely(atomic_load_explicit(&t->at[idx].flags, memory_order_relaxed) &
			  NODE_LINKED) && count_is_loose(fs, idx)) {
		e->attr.st_nlink += LINK_SLACK;
		e->attr_timeout = 0;
	}
	return 0;
}

int fs_entry_from_stat(struct core_fs *fs, uint32_t parent, const char *name,
		       struct core_entry_param *e)
{
	struct nodes *t = FS_NODES(fs);
	uint32_t idx = parent;
	int err = 0;

	if (name) {
		idx = node_lookup(t, parent, name, &err);
		if (core_unlikely(!idx))
			return err;
	} else {
		node_ref(t, idx); /* "." of a file handle */
	}
	return fs_entry_of(fs, idx, parent, name, e);
}

int fs_make_entry(struct core_req *req, uint32_t parent, const char *name, const char *path,
		  struct core_file_info *fi, union fs_entry *u)
{
	struct core_fs *fs = req_fs(req);
	char canonical[NODE_NAME_MAX + 1];
	int res;

	u->e.ino = 0;
	res = fs_ask_attr(fs, path, &u->x.attr, fi);
	if (res)
		return res;
	if (core_unlikely(fs->cfg.case_insensitive))
		name = fs_canonical(fs, path, fi, name, canonical);
	return fs_entry_from_stat(fs, parent, name, &u->e);
}

void fs_forget(struct core_fs *fs, uint64_t ino, uint64_t n)
{
	struct nodes *t = FS_NODES(fs);
	uint32_t idx = node_from_id(t, ino);

	if (!idx || idx == NODE_ROOT || !node_unref(t, idx, n))
		return;
	if (!fs->cfg.remember || !remember_forgotten(fs, idx))
		node_drop(t, idx);
}

/* An entry the kernel did not take was not looked up. */
void fs_reply_entry(struct core_req *req, struct core_entry_param *e, int res)
{
	struct core_fs *fs = req_fs(req);
	uint64_t ino = e->ino;

	if (res)
		reply_result(req, res);
	else if (core_reply_entry(req, e) && ino)
		fs_forget(fs, ino, 1);
}

/* ---- lookup, forget, getattr, setattr ------------------------------------------------------- */

/* "." and "..": the kernel asks for them when a file handle (NFS) has to become a path. */
static int dot_names(struct core_fs *fs, uint64_t *ino, const char **name)
{
	struct nodes *t = FS_NODES(fs);
	uint32_t idx = node_from_id(t, *ino);

	if (core_likely((*name)[0] != '.'))
		return 0;
	if (!strcmp(*name, ".")) {
		*name = NULL;
	} else if (!strcmp(*name, "..")) {
		uint32_t up = idx ? atomic_load(&t->at[idx].parent) : 0;

		if (!up)
			return -ENOENT;
		*ino = node_id(t, up);
		*name = NULL;
	}
	return 0;
}

static void fs_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	struct core_fs *fs = req_fs(req);
	union fs_entry u;
	const char *path;
	int res = dot_names(fs, &parent, &name);

	u.e.ino = 0;
	if (core_unlikely(fs->cfg.case_insensitive) && !res && name &&
	    fs_only_case_changes(req, node_from_id(FS_NODES(fs), parent), name))
		res = -ENOENT;
	if (!res)
		res = op_path(req, parent, name, &path);
	if (!res) {
		uint32_t dir = node_from_id(FS_NODES(fs), parent);

		watch_lookup(&fs->watch, dir);
		res = fs_make_entry(req, dir, name, path, NULL, &u);
		if (res == -ENOENT && fs->cfg.negative_timeout != 0) {
			memset(&u.e, 0, sizeof(u.e));
			u.e.entry_timeout = fs->cfg.negative_timeout;
			res = 0;
		}
		op_end(req);
	}
	fs_reply_entry(req, &u.e, res);
}

static void fs_forget_op(struct core_req *req, uint64_t ino, uint64_t nlookup)
{
	fs_forget(req_fs(req), ino, nlookup);
	core_reply_none(req);
}

static void fs_forget_multi(struct core_req *req, size_t count, const struct core_forget *list)
{
	for (size_t i = 0; i < count; i++)
		fs_forget(req_fs(req), list[i].ino, list[i].nlookup);
	core_reply_none(req);
}

/* Attributes of a directory that was removed while open. */
static bool kept_stat(struct core_fs *fs, uint64_t ino, struct stat *st)
{
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	struct side *d = idx ? side_get(&fs->side, idx, false) : NULL;
	bool have;

	if (!d)
		return false;
	have = d->kept != NULL;
	if (have)
		*st = *d->kept;
	side_put(&fs->side, idx);
	return have;
}

static void fs_getattr(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	struct core_stat cs;
	const char *path;
	double timeout;
	int res;

	if (fi)
		res = op_path_fh(req, ino, &path);
	else
		res = core_likely(idx) ? op_path_at(req, fs, idx, NULL, &path) : -ESTALE;
	if (core_unlikely(res)) {
		if (idx && kept_stat(fs, ino, &cs.st))
			core_reply_attr(req, &cs.st, 0);
		else
			reply_result(req, res);
		return;
	}
	res = fs_ask_attr(fs, path, &cs, fi);
	op_end(req);
	if (res) {
		reply_result(req, res);
		return;
	}
	if ((atomic_load_explicit(&FS_NODES(fs)->at[idx].flags, memory_order_relaxed) &
	     NODE_HIDDEN) && cs.st.st_nlink > 0)
		cs.st.st_nlink--;
	timeout = fs_attr_timeout(fs, idx, &cs.st);
	if (core_likely(fs->plain_attr)) {
		cs.st.st_ino = idx;
	} else {
		fs_note_stat(fs, idx, &cs.st);
		fs_adjust_stat(fs, idx, &cs.st);
	}
	setid_told(fs, idx, cs.st.st_mode);
	core_reply_attr(req, &cs.st, timeout);
}

static struct timespec pick_time(int to_set, int set, int now, struct timespec t)
{
	if (!(to_set & set))
		return (struct timespec){ 0, UTIME_OMIT };
	if (to_set & now)
		return (struct timespec){ 0, UTIME_NOW };
	return t;
}

static int set_times(struct core_fs *fs, const char *path, const struct stat *st, int to_set,
		     struct core_file_info *fi)
{
	const int both = WIRE_FATTR_ATIME | WIRE_FATTR_MTIME;
	struct timespec tv[2];

	if (!(to_set & both))
		return 0;
	if (!fs->cfg.utime_omit_ok) {
		/* Such programs cannot leave one alone. */
		if ((to_set & both) != both)
			return 0;
		tv[0] = st->st_atim;
		tv[1] = st->st_mtim;
	} else {
		tv[0] = pick_time(to_set, WIRE_FATTR_ATIME, WIRE_FATTR_ATIME_NOW, st->st_atim);
		tv[1] = pick_time(to_set, WIRE_FATTR_MTIME, WIRE_FATTR_MTIME_NOW, st->st_mtim);
	}
	return fs->ops.utimens ? fs->ops.utimens(fs->data, path, tv, fi) : -ENOSYS;
}

/* The whole set at once, for programs that can; -ENOSYS: one by one. */
static int apply_at_once(struct core_fs *fs, const char *path, const struct stat *st, int to_set,
			 struct core_file_info *fi)
{
	static const struct {
		int wire;
		int32_t x;
	} bits[] = {
		{ WIRE_FATTR_MODE, CORE_SETATTR_MODE },	  { WIRE_FATTR_UID, CORE_SETATTR_UID },
		{ WIRE_FATTR_GID, CORE_SETATTR_GID },	  { WIRE_FATTR_SIZE, CORE_SETATTR_SIZE },
		{ WIRE_FATTR_ATIME, CORE_SETATTR_ATIME }, { WIRE_FATTR_MTIME, CORE_SETATTR_MTIME },
	};
	struct core_setattr_x x = {
		.mode = st->st_mode,	 .uid = st->st_uid,	  .gid = st->st_gid,
		.size = st->st_size, .acctime = st->st_atim, .modtime = st->st_mtim,
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(bits); i++)
		if (to_set & bits[i].wire)
			x.valid |= bits[i].x;
	if (to_set & WIRE_FATTR_ATIME_NOW)
		clock_gettime(CLOCK_REALTIME, &x.acctime);
	if (to_set & WIRE_FATTR_MTIME_NOW)
		clock_gettime(CLOCK_REALTIME, &x.modtime);
	return fs_call_setattr_x(fs, path, &x, fi);
}

static int apply(struct core_fs *fs, const char *path, const struct stat *st, int to_set,
		 struct core_file_info *fi)
{
	int res = 0;

	if (core_unlikely(fs->ops.setattr_x || fs->ops.fsetattr_x)) {
		res = apply_at_once(fs, path, st, to_set, fi);
		if (res != -ENOSYS)
			return res;
		res = 0;
	}
	if (to_set & WIRE_FATTR_MODE)
		res = fs->ops.chmod ? fs->ops.chmod(fs->data, path, st->st_mode, fi) : -ENOSYS;
	if (!res && (to_set & (WIRE_FATTR_UID | WIRE_FATTR_GID))) {
		uid_t uid = to_set & WIRE_FATTR_UID ? fs_map_owner(&fs->cfg.tune, st->st_uid)
						    : (uid_t)-1;
		gid_t gid = to_set & WIRE_FATTR_GID ? st->st_gid : (gid_t)-1;

		res = fs->ops.chown ? fs->ops.chown(fs->data, path, uid, gid, fi) : -ENOSYS;
	}
	if (!res && (to_set & WIRE_FATTR_SIZE))
		res = fs->ops.truncate ? fs->ops.truncate(fs->data, path, st->st_size, fi)
				       : -ENOSYS;
	return res ? res : set_times(fs, path, st, to_set, fi);
}

/*
 * Times come with a handle when the kernel's cache writes back. A program that is given none needs
 * the path; of a file without a name only the kernel will ever be asked for them.
 */
static int path_to_change(struct core_req *req, uint64_t ino, int *to_set,
			  const struct core_file_info *fi, const char **path)
{
	const int with_handle = WIRE_FATTR_SIZE | WIRE_FATTR_KILL_SUIDGID | WIRE_FATTR_CTIME;
	struct core_fs *fs = req_fs(req);
	int res;

	if (fi && (!fs->cfg.attr_by_path || !(*to_set & ~with_handle)))
		return op_path_fh(req, ino, path);
	res = op_path(req, ino, NULL, path);
	if (res == -ENOENT && fi && fs->writeback) {
		*to_set &= with_handle;
		res = op_path_fh(req, ino, path);
	}
	return res;
}

static void fs_setattr(struct core_req *req, uint64_t ino, struct stat *st, int to_set,
		       struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	struct core_stat now;
	const char *path;
	double timeout;
	int res;

	res = path_to_change(req, ino, &to_set, fi, &path);
	if (!res) {
		if (EXT_ENFORCED(fs))
			res = ext_forbids_setattr(fs, path, to_set, fi);
		if (to_set & WIRE_FATTR_MODE)
			setid_unknown(fs, idx);
		else if (!res && (to_set & (WIRE_FATTR_UID | WIRE_FATTR_GID)))
			res = setid_clear_chown(fs, idx, path, fi);
		else if (!res && (to_set & WIRE_FATTR_KILL_SUIDGID))
			res = setid_clear(fs, idx, path, fi);
		if (!res)
			res = apply(fs, path, st, to_set, fi);
		if (!res)
			res = fs_ask_attr(fs, path, &now, fi);
		op_end(req);
	}
	if (res) {
		reply_result(req, res);
		return;
	}
	timeout = fs_attr_timeout(fs, idx, &now.st);
	fs_note_stat(fs, idx, &now.st);
	fs_adjust_stat(fs, idx, &now.st);
	setid_told(fs, idx, now.st.st_mode);
	core_reply_attr(req, &now.st, timeout);
}

/* ---- making names --------------------------------------------------------------------------- */

/* The operation on the new path, then its entry. */
#define MAKE(call_)                                                                                \
	do {                                                                                       \
		struct core_fs *fs = req_fs(req);                                                  \
		union fs_entry u = { 0 };                                                          \
		const char *path;                                                                  \
		int res = op_path(req, parent, name, &path);                                       \
                                                                                                   \
		if (!res) {                                                                        \
			if (EXT_ENFORCED(fs))                                                      \
				res = ext_forbids_make(fs, path);                                  \
			if (!res)                                                                  \
				res = (call_);                                                             \
			if (!res)                                                                  \
				res = fs_make_entry(req, node_from_id(FS_NODES(fs), parent), name, \
						    path, NULL, &u);                               \
			op_end(req);                                                               \
		}                                                                                  \
		fs_reply_entry(req, &u.e, res);                                                    \
	} while (0)

/* A regular file is made by create where there is one, as open(O_CREAT) would. */
static int make_node(struct core_fs *fs, const char *path, mode_t mode, dev_t dev)
{
	int res = -ENOSYS;

	if (S_ISREG(mode) && fs->ops.create) {
		struct core_file_info fi = { .flags = O_CREAT | O_EXCL | O_WRONLY };

		res = fs->ops.create(fs->data, path, mode, &fi);
		if (!res && fs->ops.release)
			fs->ops.release(fs->data, path, &fi);
	}
	if (res == -ENOSYS)
		res = fs->ops.mknod ? fs->ops.mknod(fs->data, path, mode, dev) : -ENOSYS;
	return res;
}

static void fs_mknod(struct core_req *req, uint64_t parent, const char *name, mode_t mode, dev_t dev)
{
	MAKE(make_node(fs, path, fs_new_mode(fs, mode), dev));
}

static void fs_mkdir(struct core_req *req, uint64_t parent, const char *name, mode_t mode)
{
	MAKE(fs->ops.mkdir ? fs->ops.mkdir(fs->data, path, fs_new_dir_mode(fs, mode)) : -ENOSYS);
}

static void fs_symlink(struct core_req *req, const char *target, uint64_t parent, const char *name)
{
	MAKE(fs->ops.symlink ? fs->ops.symlink(fs->data, target, path) : -ENOSYS);
}

/* Certainly one file with two names? */
static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_nlink > 1 && a->st_nlink == b->st_nlink && a->st_ino == b->st_ino &&
	       a->st_dev == b->st_dev && a->st_mode == b->st_mode && a->st_size == b->st_size &&
	       a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The new name joins the node of the old one, if they are the same file beyond doubt. */
static void share_node(struct core_fs *fs, uint32_t idx, uint32_t parent, const char *name,
		       const struct stat *st)
{
	struct side *d = side_get(&fs->side, idx, true);

	if (!d)
		return;
	d->link_dev = st->st_dev;
	d->link_ino = st->st_ino;
	d->alone_since = 0;
	atomic_fetch_or(&FS_NODES(fs)->at[idx].flags, NODE_SIDE | NODE_LINKED);
	side_put(&fs->side, idx);
	pthread_mutex_lock(&fs->tree.lock);
	if (atomic_load(&FS_NODES(fs)->at[idx].parent) &&
	    node_link(FS_NODES(fs), idx, parent, name) == 0)
		node_unref(FS_NODES(fs), idx, 1); /* the entry counts its own lookup */
	pthread_mutex_unlock(&fs->tree.lock);
}

static void fs_link(struct core_req *req, uint64_t ino, uint64_t parent, const char *name)
{
	struct core_fs *fs = req_fs(req);
	union fs_entry u = { 0 };
	const char *from, *to;
	int res = op_path2(req, ino, NULL, &from, parent, name, &to);

	if (!res) {
		uint32_t idx = node_from_id(FS_NODES(fs), ino);
		uint32_t dir = node_from_id(FS_NODES(fs), parent);
		struct core_stat old;

		if (EXT_ENFORCED(fs))
			res = ext_forbids_link(fs, from, to);
		if (!res)
			res = fs->ops.link ? fs->ops.link(fs->data, from, to) : -ENOSYS;
		if (!res)
			res = fs_ask_attr(fs, to, &u.x.attr, NULL);
		if (!res && u.e.attr.st_nlink > 1 && !S_ISDIR(u.e.attr.st_mode) &&
		    fs_ask_attr(fs, from, &old, NULL) == 0 && same_file(&old.st, &u.e.attr))
			share_node(fs, idx, dir, name, &old.st);
		if (!res)
			res = fs_entry_from_stat(fs, dir, name, &u.e);
		op_end(req);
	}
	fs_reply_entry(req, &u.e, res);
}

struct core_ll_ops fs_ll_entry = {
	.lookup = fs_lookup, .forget = fs_forget_op, .forget_multi = fs_forget_multi,
	.getattr = fs_getattr, .setattr = fs_setattr, .mknod = fs_mknod, .mkdir = fs_mkdir,
	.symlink = fs_symlink, .link = fs_link,
};
