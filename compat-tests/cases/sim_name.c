/* sim_name.c - the simulated kernel's system calls on names and attributes. */
#include "sim_vfs.h"

#include <fnmatch.h>
#include <limits.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

void fill_stat(const struct wire_attr *a, struct stat *st)
{
	*st = (struct stat){.st_dev = 77,
			    .st_ino = a->ino,
			    .st_mode = a->mode,
			    .st_nlink = a->nlink,
			    .st_uid = a->uid,
			    .st_gid = a->gid,
			    .st_rdev = makedev((a->rdev & 0xfff00) >> 8,
					       (a->rdev & 0xff) | ((a->rdev >> 12) & 0xfff00)),
			    .st_size = (off_t)a->size,
			    .st_blksize = a->blksize ? a->blksize : 4096,
			    .st_blocks = (blkcnt_t)a->blocks,
			    .st_atim = {a->atime, a->atimensec},
			    .st_mtim = {a->mtime, a->mtimensec},
			    .st_ctim = {a->ctime, a->ctimensec}};
}

/* The node that a call names: by descriptor, or by path. */
static long target(struct conn *c, uint64_t *id)
{
	struct where w;
	int r;

	if (c->file && !c->req.path_len) {
		*id = c->file->nodeid;
		return 0;
	}
	r = walk(c, c->file, c->path, c->req.c ? W_FOLLOW : 0, &w);
	if (r)
		return r;
	*id = w.e.nodeid;
	where_free(&w);
	return 0;
}

static long stat_of(struct conn *c, uint64_t id)
{
	struct wire_attr attr;
	struct stat st;
	int r = knode_getattr(c, id, NULL, &attr);

	if (r)
		return r;
	fill_stat(&attr, &st);
	return reply_data(c, &st, sizeof(st));
}

long sim_stat(struct conn *c)
{
	struct where w;
	struct stat st;
	int r = walk(c, c->file, c->path, c->req.a ? W_FOLLOW : 0, &w);

	if (r)
		return r;
	where_free(&w);
	if (!*w.name || (!w.e.attr_valid && !w.e.attr_valid_nsec))
		return stat_of(c, w.e.nodeid);
	fill_stat(&w.e.attr, &st);
	return reply_data(c, &st, sizeof(st));
}

long sim_fstat(struct conn *c)
{
	return stat_of(c, c->file->nodeid);
}

/* For what makes a name: the directory and the name, which must not exist. */
static int new_name(struct conn *c, struct kfile *at, const char *path, bool dir, struct where *w)
{
	int r = walk(c, at, path, W_CREATE | W_HOLD, w);

	if (r)
		return r;
	if (w->exists)
		r = -EEXIST;
	else if (w->slash && !dir)
		r = -ENOENT;
	if (r)
		where_free(w);
	return r;
}

static uint32_t new_mode(const struct conn *c)
{
	uint32_t mode = (uint32_t)c->req.a;

	return sk_caps(kern) & WIRE_CAP(DONT_MASK) ? mode : mode & ~c->req.umask;
}

/* What came of it is looked at by nobody; the books have its lookup. */
static long made(struct where *w, long r, const struct wire_entry_out *e)
{
	if (r >= 0)
		node_learn(e->nodeid, &e->attr);
	where_free(w);
	return r < 0 ? r : 0;
}

static uint32_t dev_to_wire(uint64_t dev)
{
	unsigned ma = major(dev), mi = minor(dev);

	return (mi & 0xff) | (ma << 8) | ((mi & ~0xffU) << 12);
}

long sim_mknod(struct conn *c)
{
	struct wire_mknod_in in = {.rdev = dev_to_wire((uint64_t)c->req.b), .umask = c->req.umask};
	struct wire_entry_out e;
	struct where w;
	int r = new_name(c, c->file, c->path, false, &w);

	if (r)
		return r;
	in.mode = new_mode(c);
	if (!(in.mode & S_IFMT))
		in.mode |= S_IFREG;
	return made(&w, kcall(c, CALL(MKNOD, w.parent, .in = &in, .name = {w.name}, TO(&e))), &e);
}

long sim_mkdir(struct conn *c)
{
	struct wire_mkdir_in in = {.umask = c->req.umask};
	struct wire_entry_out e;
	struct where w;
	int r = new_name(c, c->file, c->path, true, &w);

	if (r)
		return r;
	in.mode = new_mode(c) & 01777;
	return made(&w, kcall(c, CALL(MKDIR, w.parent, .in = &in, .name = {w.name}, TO(&e))), &e);
}

long sim_symlink(struct conn *c)
{
	struct wire_entry_out e;
	struct where w;
	int r = new_name(c, c->file, c->path, false, &w);

	if (r)
		return r;
	return made(&w, kcall(c, CALL(SYMLINK, w.parent, .name = {w.name, c->path2}, TO(&e))), &e);
}

long sim_unlink(struct conn *c)
{
	bool dir = c->req.a & AT_REMOVEDIR;
	struct where w;
	long r = walk(c, c->file, c->path, W_HOLD, &w);

	if (r)
		return r;
	if (!*w.name)
		r = !dir                               ? -EISDIR
		    : fnmatch("*/.", c->path, 0) == 0  ? -EINVAL
		    : fnmatch("*/..", c->path, 0) == 0 ? -ENOTEMPTY
						       : -EBUSY;
	else if (dir && !S_ISDIR(w.e.attr.mode))
		r = -ENOTDIR;
	else if (!dir && S_ISDIR(w.e.attr.mode))
		r = -EISDIR;
	else if (dir)
		r = kcall(c, CALL(RMDIR, w.parent, .name = {w.name}));
	else
		r = kcall(c, CALL(UNLINK, w.parent, .name = {w.name}));
	if (r >= 0)
		node_unlinked(c, w.e.nodeid);
	where_free(&w);
	return r < 0 ? r : 0;
}

long sim_readlink(struct conn *c)
{
	char target_text[4097] = "";
	struct where w;
	long n = walk(c, c->file, c->path, 0, &w);

	if (n)
		return n;
	where_free(&w);
	if (!*w.name || !S_ISLNK(w.e.attr.mode))
		return -EINVAL;
	n = kcall(c, CALL(READLINK, w.e.nodeid, .out = target_text,
			  .out_size = sizeof(target_text) - 1));
	if (n < 0)
		return n;
	n = (long)strnlen(target_text, (size_t)n);
	if (n > c->req.a)
		n = c->req.a;
	reply_data(c, target_text, (size_t)n);
	return n;
}

static bool below(const struct where *w, uint64_t id)
{
	for (int i = 0; i < w->dir.n; i++)
		if (w->dir.id[i] == id)
			return true;
	return false;
}

/* What the VFS refuses by itself. 1: nothing to do. */
static long may_rename(const struct where *from, const struct where *to, uint32_t flags)
{
	bool exchange = flags & RENAME_EXCHANGE;

	if (!*from->name || !*to->name)
		return -EBUSY;
	if ((flags & RENAME_NOREPLACE) && (exchange || (flags & RENAME_WHITEOUT)))
		return -EINVAL;
	if ((flags & RENAME_NOREPLACE) && to->exists)
		return -EEXIST;
	if (exchange && !to->exists)
		return -ENOENT;
	if (below(to, from->e.nodeid))
		return -EINVAL;
	if (to->exists && below(from, to->e.nodeid))
		return exchange ? -EINVAL : -ENOTEMPTY;
	if (!S_ISDIR(from->e.attr.mode) && (from->slash || to->slash) && !exchange)
		return -ENOTDIR;
	if (!to->exists)
		return 0;
	if (from->e.nodeid == to->e.nodeid)
		return 1;
	if (!exchange && S_ISDIR(from->e.attr.mode) && !S_ISDIR(to->e.attr.mode))
		return -ENOTDIR;
	if (!exchange && !S_ISDIR(from->e.attr.mode) && S_ISDIR(to->e.attr.mode))
		return -EISDIR;
	return 0;
}

/* Holds the directories of both and looks the names up. */
static long hold_both(struct conn *c, struct where *from, struct where *to)
{
	bool a = *from->name, b = *to->name && !(a && from->parent == to->parent);
	long r = 0;

	if (b && (!a || to->parent < from->parent)) {
		where_hold(to);
		b = false;
	}
	if (a)
		where_hold(from);
	if (b)
		where_hold(to);
	if (a)
		r = where_last(c, from, true);
	if (!r && *to->name && (r = where_last(c, to, true)) == -ENOENT)
		r = 0;
	return r;
}

long sim_rename(struct conn *c)
{
	uint32_t flags = (uint32_t)c->req.a;
	struct where from, to;
	long r = walk(c, c->file, c->path, W_PARENT, &from);

	if (r)
		return r;
	r = walk(c, c->other, c->path2, W_PARENT, &to);
	if (r) {
		where_free(&from);
		return r;
	}
	r = hold_both(c, &from, &to);
	if (!r)
		r = may_rename(&from, &to, flags);
	if (!r && flags) {
		struct wire_rename2_in in = {.newdir = to.parent, .flags = flags};

		r = kcall_or(c, CALL(RENAME2, from.parent, .in = &in, .name = {from.name, to.name}),
			     -EINVAL);
	} else if (!r) {
		struct wire_rename_in in = {to.parent};

		r = kcall(c, CALL(RENAME, from.parent, .in = &in, .name = {from.name, to.name}));
	}
	if (r == 0 && to.exists && !(flags & RENAME_EXCHANGE))
		node_unlinked(c, to.e.nodeid);
	where_free(&from);
	where_free(&to);
	return r < 0 ? r : 0;
}

long sim_link(struct conn *c)
{
	struct wire_link_in in;
	struct wire_entry_out e;
	struct where from, to;
	long r = walk(c, c->file, c->path, c->req.a ? W_FOLLOW : 0, &from);

	if (r)
		return r;
	where_free(&from);
	r = new_name(c, c->other, c->path2, false, &to);
	if (r)
		return r;
	if (!*from.name || S_ISDIR(from.e.attr.mode)) {
		where_free(&to);
		return -EPERM;
	}
	in.oldnodeid = from.e.nodeid;
	return made(
		&to,
		kcall_or(c, CALL(LINK, to.parent, .in = &in, .name = {to.name}, TO(&e)), -EPERM),
		&e);
}

static long setattr(struct conn *c, uint64_t id, const struct wire_setattr_in *in)
{
	struct wire_attr_out out;
	long r = kcall(c, CALL(SETATTR, id, .in = in, TO(&out)));

	if (r < 0)
		return r;
	node_learn(id, &out.attr);
	return 0;
}

long sim_chmod(struct conn *c)
{
	struct wire_setattr_in in = {.valid = WIRE_FATTR_MODE};
	uint64_t id;
	long r;

	c->req.c = 1;
	r = target(c, &id);
	if (r)
		return r;
	in.mode = (node_get(id)->mode & S_IFMT) | ((uint32_t)c->req.a & 07777);
	return setattr(c, id, &in);
}

long sim_chown(struct conn *c)
{
	struct wire_setattr_in in = {.uid = (uint32_t)c->req.a, .gid = (uint32_t)c->req.b};
	struct wire_attr attr;
	uint64_t id;
	long r = target(c, &id);

	if (r)
		return r;
	in.valid = (in.uid + 1 ? WIRE_FATTR_UID : 0) | (in.gid + 1 ? WIRE_FATTR_GID : 0);
	if (!S_ISDIR(node_get(id)->mode) &&
	    !(sk_caps(kern) & (WIRE_CAP(HANDLE_KILLPRIV) | WIRE_CAP(HANDLE_KILLPRIV_V2)))) {
		/* set-id bits are cleared by the kernel, which looks for them first */
		r = knode_getattr(c, id, NULL, &attr);
		if (r)
			return r;
		if (attr.mode & S_ISUID ||
		    (attr.mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) {
			in.valid |= WIRE_FATTR_MODE;
			in.mode = attr.mode & ~(uint32_t)S_ISUID;
			if (attr.mode & S_IXGRP)
				in.mode &= ~(uint32_t)S_ISGID;
		}
	}
	return setattr(c, id, &in);
}

long sim_truncate(struct conn *c)
{
	struct wire_setattr_in in = {.valid = WIRE_FATTR_SIZE, .size = (uint64_t)c->req.a};
	uint64_t id;
	long r;

	c->req.c = 1;
	if (c->req.a < 0)
		return -EINVAL;
	r = target(c, &id);
	if (r)
		return r;
	if (S_ISDIR(node_get(id)->mode))
		return c->req.path_len ? -EISDIR : -EINVAL;
	if (!c->req.path_len) {
		if ((c->file->flags & O_ACCMODE) == O_RDONLY)
			return -EINVAL;
		in.valid |= WIRE_FATTR_FH | WIRE_FATTR_LOCKOWNER;
		in.fh = c->file->fh;
		in.lock_owner = c->req.tgid;
	}
	return setattr(c, id, &in);
}

long sim_utimens(struct conn *c)
{
	struct wire_setattr_in in = {0};
	struct timespec t[2], now;
	uint64_t id;
	long r = target(c, &id);

	if (r)
		return r;
	memcpy(t, c->data, sizeof(t));
	clock_gettime(CLOCK_REALTIME, &now);
	for (int i = 0; i < 2; i++) {
		bool is_now = t[i].tv_nsec == UTIME_NOW;
		struct timespec v = is_now ? now : t[i];

		if (t[i].tv_nsec == UTIME_OMIT)
			continue;
		if (!is_now && (v.tv_nsec < 0 || v.tv_nsec > 999999999))
			return -EINVAL;
		if (i == 0) {
			in.valid |= WIRE_FATTR_ATIME | (is_now ? WIRE_FATTR_ATIME_NOW : 0);
			in.atime = v.tv_sec;
			in.atimensec = (uint32_t)v.tv_nsec;
		} else {
			in.valid |= WIRE_FATTR_MTIME | (is_now ? WIRE_FATTR_MTIME_NOW : 0);
			in.mtime = v.tv_sec;
			in.mtimensec = (uint32_t)v.tv_nsec;
		}
	}
	return in.valid ? setattr(c, id, &in) : 0;
}

long sim_access(struct conn *c)
{
	struct wire_access_in in = {.mask = (uint32_t)c->req.a};
	struct where w;
	long r = walk(c, c->file, c->path, W_FOLLOW, &w);

	if (r)
		return r;
	where_free(&w);
	if (!in.mask)
		return 0;
	r = kcall_or(c, CALL(ACCESS, w.e.nodeid, .in = &in), 0);
	return r < 0 ? r : 0;
}

long sim_statfs(struct conn *c)
{
	struct wire_statfs_out o;
	struct statvfs sv;
	uint64_t id;
	long r;

	c->req.c = 1;
	r = target(c, &id);
	if (!r)
		r = kcall(c, CALL(STATFS, id, TO(&o)));
	if (r < 0)
		return r;
	sv = (struct statvfs){.f_bsize = o.bsize,
			      .f_frsize = o.frsize,
			      .f_blocks = o.blocks,
			      .f_bfree = o.bfree,
			      .f_bavail = o.bavail,
			      .f_files = o.files,
			      .f_ffree = o.ffree,
			      .f_favail = o.ffree,
			      .f_namemax = o.namelen};
	return reply_data(c, &sv, sizeof(sv));
}

/* --- extended attributes
 * --------------------------------------------------------------------------- */

static long xattr_target(struct conn *c, int missing, uint64_t *id)
{
	size_t len = strlen(c->path2);
	uint32_t type;
	long r;

	if (!len || len > XATTR_NAME_MAX)
		return -ERANGE;
	r = target(c, id);
	if (r)
		return r;
	type = node_get(*id)->mode & S_IFMT;
	if (!strncmp(c->path2, "user.", 5) && type && type != S_IFREG && type != S_IFDIR)
		return missing;
	return 0;
}

long sim_setxattr(struct conn *c)
{
	struct wire_setxattr_in in = {.size = c->req.data_len, .flags = (uint32_t)c->req.a};
	uint64_t id;
	long r;

	if (c->req.a & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (in.size > XATTR_SIZE_MAX)
		return -E2BIG;
	r = xattr_target(c, -EPERM, &id);
	if (!r)
		r = kcall_or(c,
			     CALL(SETXATTR, id, .in = &in, .name = {c->path2}, .data = c->data,
				  .data_len = in.size),
			     -EOPNOTSUPP);
	return r < 0 ? r : 0;
}

long sim_getxattr(struct conn *c)
{
	bool list = c->req.op == SIM_LISTXATTR;
	size_t size = c->req.a > XATTR_SIZE_MAX ? XATTR_SIZE_MAX : (size_t)c->req.a;
	struct wire_getxattr_in in = {.size = (uint32_t)size};
	struct wire_getxattr_out out;
	char *value = calloc(1, size + 1);
	struct sk_call call = {.opcode = list ? WIRE_LISTXATTR : WIRE_GETXATTR,
			       .in = &in,
			       .name = {list ? NULL : c->path2},
			       .out = size ? (void *)value : &out,
			       .out_size = size ? size : sizeof(out)};
	long r = list ? target(c, &call.nodeid) : xattr_target(c, -ENODATA, &call.nodeid);

	if (!r)
		r = kcall_or(c, &call, -EOPNOTSUPP);
	if (r >= 0 && !size)
		r = out.size > XATTR_SIZE_MAX ? XATTR_SIZE_MAX : (long)out.size;
	else if (r > 0)
		reply_data(c, value, (size_t)r);
	free(value);
	return r;
}

long sim_removexattr(struct conn *c)
{
	uint64_t id;
	long r = xattr_target(c, -EPERM, &id);

	if (!r)
		r = kcall_or(c, CALL(REMOVEXATTR, id, .name = {c->path2}), -EOPNOTSUPP);
	return r < 0 ? r : 0;
}
