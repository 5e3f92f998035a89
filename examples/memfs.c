/*
 * memfs: a file system in memory, gone when unmounted.  Path API, for any number of threads.
 *
 *	cc memfs.c -o memfs $(pkg-config --cflags --libs fuse3)	or: fuse
 *	./memfs MOUNTPOINT
 *
 * Files, directories, symbolic and hard links, devices and pipes, extended attributes, sparse
 * files. Record locks and flock are left to the kernel, which does them by itself for a file system
 * that has no lock operations.  Permissions are checked by the kernel (default_permissions is set).
 *
 * Options: size=BYTES[k|m|g], how much data fits (half of the memory unless said otherwise).
 */
#include "compat.h"
#include "memfs_tree.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_VALUE_LIMIT 65536u

static struct options {
	char *size;
} options;

/* ---- which inode, and its lock ---- */

/*
 * An operation names its file by handle (fi) or by path.  By path the tree stays locked until
 * target_done(), so that nobody can take the inode away.
 */
struct target {
	struct inode *inode;
	bool tree_locked;
};

static int target_find(struct target *t, const char *path, const struct fuse_file_info *fi)
{
	int rc;

	*t = (struct target){0};
	if (fi) {
		t->inode = (struct inode *)(uintptr_t)fi->fh;
		return 0;
	}
	pthread_rwlock_rdlock(&tree_lock);
	rc = path_find(path, &t->inode);
	if (rc)
		pthread_rwlock_unlock(&tree_lock);
	else
		t->tree_locked = true;
	return rc;
}

static int target_read(struct target *t, const char *path, const struct fuse_file_info *fi)
{
	int rc = target_find(t, path, fi);

	if (!rc)
		pthread_rwlock_rdlock(&t->inode->lock);
	return rc;
}

static int target_write(struct target *t, const char *path, const struct fuse_file_info *fi)
{
	int rc = target_find(t, path, fi);

	if (!rc)
		pthread_rwlock_wrlock(&t->inode->lock);
	return rc;
}

static int target_done(struct target *t, int rc)
{
	pthread_rwlock_unlock(&t->inode->lock);
	if (t->tree_locked)
		pthread_rwlock_unlock(&tree_lock);
	return rc;
}

/* ---- attributes ---- */

static int mem_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	struct target t;
	int rc = target_read(&t, path, fi);

	if (rc)
		return rc;
	*st = t.inode->attr;
	st->st_blocks = (blkcnt_t)(t.inode->data.count * (PAGE_BYTES / 512));
	return target_done(&t, 0);
}
FS_ADAPT_GETATTR(mem_getattr)

static int mem_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	struct target t;
	int rc = target_write(&t, path, fi);

	if (rc)
		return rc;
	t.inode->attr.st_mode = (t.inode->attr.st_mode & S_IFMT) | (mode & 07777);
	t.inode->attr.st_ctim = now();
	return target_done(&t, 0);
}
FS_ADAPT_CHMOD(mem_chmod)

static int mem_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	struct target t;
	int rc = target_write(&t, path, fi);

	if (rc)
		return rc;
	if (uid != (uid_t)-1)
		t.inode->attr.st_uid = uid;
	if (gid != (gid_t)-1)
		t.inode->attr.st_gid = gid;
	t.inode->attr.st_ctim = now();
	return target_done(&t, 0);
}
FS_ADAPT_CHOWN(mem_chown)

static void set_time(struct timespec *to, const struct timespec *from)
{
	if (from->tv_nsec == UTIME_NOW)
		*to = now();
	else if (from->tv_nsec != UTIME_OMIT)
		*to = *from;
}

static int mem_utimens(const char *path, const struct timespec tv[2], struct fuse_file_info *fi)
{
	struct target t;
	int rc = target_write(&t, path, fi);

	if (rc)
		return rc;
	set_time(&t.inode->attr.st_atim, &tv[0]);
	set_time(&t.inode->attr.st_mtim, &tv[1]);
	t.inode->attr.st_ctim = now();
	return target_done(&t, 0);
}
FS_ADAPT_UTIMENS(mem_utimens)

/* The inode's lock is held for writing. */
static int resize(struct inode *i, off_t size)
{
	off_t old = i->attr.st_size;

	if (!S_ISREG(i->attr.st_mode))
		return i->is_dir ? -EISDIR : -EINVAL;
	if (size < 0)
		return -EINVAL;
	if ((uint64_t)size > PAGES_MAX_SIZE)
		return -EFBIG;
	/* what lies behind the end is always zero, so that growing needs nothing; and whole pages
	 * go */
	if (size < old)
		pages_zero(&i->data, (uint64_t)size,
			   ((uint64_t)old + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
	i->attr.st_size = size;
	i->attr.st_mtim = i->attr.st_ctim = now();
	return 0;
}

static int mem_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	struct target t;
	int rc = target_write(&t, path, fi);

	return rc ? rc : target_done(&t, resize(t.inode, size));
}
FS_ADAPT_TRUNCATE(mem_truncate)

static int mem_statfs(const char *path, struct statvfs *st)
{
	unsigned long long used = pages_used, inodes = inodes_used;

	(void)path;
	memset(st, 0, sizeof(*st));
	st->f_bsize = st->f_frsize = PAGE_BYTES;
	st->f_blocks = pages_limit;
	st->f_bfree = st->f_bavail = used < pages_limit ? pages_limit - used : 0;
	st->f_files = pages_limit;
	st->f_ffree = st->f_favail = inodes < pages_limit ? pages_limit - inodes : 0;
	st->f_namemax = NAME_LIMIT;
	return 0;
}

/* ---- making and removing names ---- */

/* In a set-group-ID directory new files get its group, and new directories do the same again. */
static void inherit_group(struct inode *i, struct inode *parent)
{
	pthread_rwlock_rdlock(&parent->lock);
	if (parent->attr.st_mode & S_ISGID) {
		i->attr.st_gid = parent->attr.st_gid;
		if (i->is_dir)
			i->attr.st_mode |= S_ISGID;
	}
	pthread_rwlock_unlock(&parent->lock);
}

/* A new inode called path, with a reference for the caller if result is not NULL. */
static int make(const char *path, mode_t mode, dev_t rdev, const char *target,
		struct inode **result)
{
	const struct fuse_context *ctx = fuse_get_context();
	struct inode *parent, *i;
	const char *name;
	int rc;

	pthread_rwlock_wrlock(&tree_lock);
	rc = path_parent(path, &parent, &name);
	if (!rc && (!*name || dir_find(&parent->dir, name, strlen(name))))
		rc = -EEXIST;
	if (rc)
		goto out;
	i = inode_new(mode, ctx->uid, ctx->gid, rdev);
	if (i && target)
		i->target = strdup(target);
	if (!i || (target && !i->target)) {
		rc = -ENOMEM;
		goto discard;
	}
	if (target)
		i->attr.st_size = (off_t)strlen(target);
	inherit_group(i, parent);
	rc = dir_add(&parent->dir, name, i);
	if (rc)
		goto discard;
	i->dir.parent = parent;
	if (i->is_dir)
		inode_links(parent, 1);
	else
		i->attr.st_nlink = 1;
	inode_touch(parent);
	if (result)
		*result = inode_get(i);
	goto out;
discard:
	if (i)
		inode_free(i);
out:
	pthread_rwlock_unlock(&tree_lock);
	return rc;
}

static int mem_mknod(const char *path, mode_t mode, dev_t rdev)
{
	return make(path, mode & S_IFMT ? mode : mode | S_IFREG, rdev, NULL, NULL);
}

static int mem_mkdir(const char *path, mode_t mode)
{
	return make(path, S_IFDIR | (mode & 07777), 0, NULL, NULL);
}

static int mem_symlink(const char *target, const char *path)
{
	return make(path, S_IFLNK | 0777, 0, target, NULL);
}

static int mem_readlink(const char *path, char *buf, size_t size)
{
	struct target t;
	int rc = target_read(&t, path, NULL);

	if (rc)
		return rc;
	if (!t.inode->target)
		return target_done(&t, -EINVAL);
	snprintf(buf, size, "%s", t.inode->target);
	return target_done(&t, 0);
}

static int mem_link(const char *from, const char *to)
{
	struct inode *i, *parent;
	const char *name;
	int rc;

	pthread_rwlock_wrlock(&tree_lock);
	rc = path_find(from, &i);
	if (!rc)
		rc = path_parent(to, &parent, &name);
	if (!rc && i->is_dir)
		rc = -EPERM;
	if (!rc && (!*name || dir_find(&parent->dir, name, strlen(name))))
		rc = -EEXIST;
	if (!rc)
		rc = dir_add(&parent->dir, name, i);
	if (!rc) {
		inode_links(i, 1);
		inode_touch(parent);
	}
	pthread_rwlock_unlock(&tree_lock);
	return rc;
}

/* The inode lost its name in parent; the caller drops the reference.  tree_lock held for writing.
 */
static void unnamed(struct inode *i, struct inode *parent)
{
	if (i->is_dir) {
		inode_links(i, -2);
		inode_links(parent, -1);
		i->dir.parent = i; /* it may stay open for longer than its parent lives */
	} else {
		inode_links(i, -1);
	}
}

static int remove_name(const char *path, bool want_dir)
{
	struct inode *parent;
	struct entry *e = NULL;
	const char *name;
	int rc;

	pthread_rwlock_wrlock(&tree_lock);
	rc = path_parent(path, &parent, &name);
	if (!rc && !*name)
		rc = want_dir ? -EBUSY : -EISDIR;
	if (!rc && !(e = dir_find(&parent->dir, name, strlen(name))))
		rc = -ENOENT;
	if (!rc && want_dir != e->inode->is_dir)
		rc = want_dir ? -ENOTDIR : -EISDIR;
	if (!rc && want_dir && e->inode->dir.live)
		rc = -ENOTEMPTY;
	if (!rc) {
		unnamed(e->inode, parent);
		dir_remove(&parent->dir, e);
		inode_touch(parent);
	}
	pthread_rwlock_unlock(&tree_lock);
	return rc;
}

static int mem_unlink(const char *path)
{
	return remove_name(path, false);
}

static int mem_rmdir(const char *path)
{
	return remove_name(path, true);
}

/* ---- rename ---- */

struct place {
	struct inode *parent;
	const char *name;
	struct entry *entry; /* NULL: no such name */
};

static int place_find(const char *path, struct place *p)
{
	int rc = path_parent(path, &p->parent, &p->name);

	if (rc)
		return rc;
	if (!*p->name)
		return -EBUSY; /* the root */
	p->entry = dir_find(&p->parent->dir, p->name, strlen(p->name));
	return 0;
}

/* Whether dir is i or lies below it: a directory must not become its own descendant. */
static bool is_inside(const struct inode *dir, const struct inode *i)
{
	while (dir != i && dir != root)
		dir = dir->dir.parent;
	return dir == i;
}

static int rename_check(const struct place *from, const struct place *to, unsigned int flags)
{
	const struct inode *moved = from->entry->inode;
	const struct inode *other = to->entry ? to->entry->inode : NULL;

	if (moved->is_dir && is_inside(to->parent, moved))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE) {
		if (!other)
			return -ENOENT;
		return other->is_dir && is_inside(from->parent, other) ? -EINVAL : 0;
	}
	if (!other)
		return 0;
	if (flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (moved->is_dir != other->is_dir)
		return moved->is_dir ? -ENOTDIR : -EISDIR;
	return other->dir.live ? -ENOTEMPTY : 0;
}

/* i, called so in from, is now called so in to: its .. and their link counts follow. */
static void moved_to(struct inode *i, struct inode *from, struct inode *to)
{
	if (i->is_dir && from != to) {
		inode_links(from, -1);
		inode_links(to, 1);
	}
	i->dir.parent = to;
	inode_links(i, 0);
}

static int rename_places(struct place *from, struct place *to, unsigned int flags)
{
	struct inode *moved = from->entry->inode;
	int rc;

	if (to->entry && to->entry->inode == moved)
		return 0; /* two names of one file: nothing to do, says POSIX */
	if (flags & RENAME_EXCHANGE) {
		struct inode *other = to->entry->inode;

		from->entry->inode = other;
		to->entry->inode = moved;
		moved_to(other, to->parent, from->parent);
	} else if (to->entry) {
		struct inode *other = to->entry->inode;

		to->entry->inode = inode_get(moved);
		unnamed(other, to->parent);
		inode_put(other);
		dir_remove(&from->parent->dir, from->entry);
	} else {
		/* the new name first: if there is no memory for it nothing has happened */
		rc = dir_add(&to->parent->dir, to->name, moved);
		if (rc)
			return rc;
		dir_remove(&from->parent->dir, from->entry);
	}
	moved_to(moved, from->parent, to->parent);
	inode_touch(from->parent);
	if (to->parent != from->parent)
		inode_touch(to->parent);
	return 0;
}

static int mem_rename(const char *path_from, const char *path_to, unsigned int flags)
{
	struct place from, to;
	int rc;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	pthread_rwlock_wrlock(&tree_lock);
	rc = place_find(path_from, &from);
	if (!rc && !from.entry)
		rc = -ENOENT;
	if (!rc)
		rc = place_find(path_to, &to);
	if (!rc)
		rc = rename_check(&from, &to, flags);
	if (!rc)
		rc = rename_places(&from, &to, flags);
	pthread_rwlock_unlock(&tree_lock);
	return rc;
}
FS_ADAPT_RENAME(mem_rename)

/* ---- handles ---- */

/* A handle is the inode with one more reference, for files and directories alike. */
static int mem_open(const char *path, struct fuse_file_info *fi)
{
	struct target t;
	int rc = target_write(&t, path, NULL);

	if (rc)
		return rc;
	if ((fi->flags & O_TRUNC) && S_ISREG(t.inode->attr.st_mode))
		rc = resize(t.inode, 0);
	if (!rc)
		fi->fh = (uintptr_t)inode_get(t.inode);
	return target_done(&t, rc);
}

/* Between the kernel's lookup and this somebody else may have made the file: then open that. */
static int mem_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	struct inode *i;
	int rc = make(path, S_IFREG | (mode & 07777), 0, NULL, &i);

	if (rc == -EEXIST && !(fi->flags & O_EXCL))
		return mem_open(path, fi);
	if (!rc)
		fi->fh = (uintptr_t)i;
	return rc;
}

static int mem_opendir(const char *path, struct fuse_file_info *fi)
{
	struct target t;
	int rc = target_read(&t, path, NULL);

	if (rc)
		return rc;
	if (!S_ISDIR(t.inode->attr.st_mode))
		return target_done(&t, -ENOTDIR);
	fi->fh = (uintptr_t)inode_get(t.inode);
	return target_done(&t, 0);
}

static int mem_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	inode_put((struct inode *)(uintptr_t)fi->fh);
	return 0;
}

/* Nothing is cached, so there is nothing to write out: fsync and fsyncdir. */
static int mem_fsync(const char *path, int datasync, struct fuse_file_info *fi)
{
	(void)path, (void)datasync, (void)fi;
	return 0;
}

static int mem_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
		       struct fuse_file_info *fi, bool plus)
{
	struct inode *i = (struct inode *)(uintptr_t)fi->fh;
	struct dir *d = &i->dir;
	uint64_t cookie = (uint64_t)offset + 1;
	struct stat st = {.st_mode = S_IFDIR};
	int done = 0;

	(void)path;
	pthread_rwlock_rdlock(&tree_lock);
	if (cookie == 1) {
		st.st_ino = i->attr.st_ino;
		done = fs_fill(fill, buf, ".", &st, 1, false);
		cookie = 2;
	}
	if (cookie == 2 && !done) {
		st.st_ino = d->parent->attr.st_ino;
		done = fs_fill(fill, buf, "..", &st, 2, false);
		cookie = 3;
	}
	for (size_t s = dir_slot(d, cookie); s < d->slot_count && !done; s++) {
		struct entry *e = d->slots[s].entry;

		if (!e)
			continue;
		pthread_rwlock_rdlock(&e->inode->lock);
		st = e->inode->attr;
		st.st_blocks = (blkcnt_t)(e->inode->data.count * (PAGE_BYTES / 512));
		pthread_rwlock_unlock(&e->inode->lock);
		done = fs_fill(fill, buf, e->name, &st, (off_t)e->cookie, plus);
	}
	pthread_rwlock_unlock(&tree_lock);
	return 0;
}
FS_ADAPT_READDIR(mem_readdir)

/* ---- data ---- */

/* The access time follows as with relatime: only when it would otherwise precede the change. */
static void accessed(struct inode *i)
{
	pthread_rwlock_wrlock(&i->lock);
	i->attr.st_atim = now();
	pthread_rwlock_unlock(&i->lock);
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static int mem_read(const char *path, char *buf, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct inode *i = (struct inode *)(uintptr_t)fi->fh;
	bool stale;

	(void)path;
	pthread_rwlock_rdlock(&i->lock);
	if (offset >= i->attr.st_size)
		size = 0;
	else if ((off_t)size > i->attr.st_size - offset)
		size = (size_t)(i->attr.st_size - offset);
	pages_read(&i->data, buf, size, (uint64_t)offset);
	stale = is_before(&i->attr.st_atim, &i->attr.st_mtim);
	pthread_rwlock_unlock(&i->lock);
	if (stale)
		accessed(i);
	return (int)size;
}

static int mem_write(const char *path, const char *buf, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	struct inode *i = (struct inode *)(uintptr_t)fi->fh;
	size_t done;

	(void)path;
	if (offset < 0 || (uint64_t)offset > PAGES_MAX_SIZE - size)
		return -EFBIG;
	pthread_rwlock_wrlock(&i->lock);
	if (fi->flags & O_APPEND)
		offset = i->attr.st_size;
	done = pages_write(&i->data, buf, size, (uint64_t)offset);
	if (done) {
		if (offset + (off_t)done > i->attr.st_size)
			i->attr.st_size = offset + (off_t)done;
		i->attr.st_mtim = i->attr.st_ctim = now();
	}
	pthread_rwlock_unlock(&i->lock);
	return done || !size ? (int)done : -ENOSPC;
}

/* The inode's lock is held for writing. */
static int allocate(struct inode *i, int mode, uint64_t from, uint64_t to)
{
	uint64_t last = (to + PAGE_BYTES - 1) / PAGE_BYTES;

	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		pages_zero(&i->data, from, to);
	if (!(mode & FALLOC_FL_PUNCH_HOLE)) {
		for (uint64_t page = from / PAGE_BYTES; page < last; page++) {
			if (!pages_make(&i->data, page))
				return -ENOSPC;
		}
	}
	if (!(mode & FALLOC_FL_KEEP_SIZE) && (off_t)to > i->attr.st_size)
		i->attr.st_size = (off_t)to;
	i->attr.st_mtim = i->attr.st_ctim = now();
	return 0;
}

static int mem_fallocate(const char *path, int mode, off_t offset, off_t length,
			 struct fuse_file_info *fi)
{
	struct target t;
	int rc;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (offset < 0 || length <= 0)
		return -EINVAL;
	if ((uint64_t)length > PAGES_MAX_SIZE ||
	    (uint64_t)offset > PAGES_MAX_SIZE - (uint64_t)length)
		return -EFBIG;
	rc = target_write(&t, path, fi);
	if (rc)
		return rc;
	return target_done(
		&t, allocate(t.inode, mode, (uint64_t)offset, (uint64_t)offset + (uint64_t)length));
}

#if FS_API == 3
/* SEEK_DATA and SEEK_HOLE only; the kernel does the others.  The end of the file counts as a hole.
 */
static off_t mem_lseek(const char *path, off_t offset, int whence, struct fuse_file_info *fi)
{
	struct inode *i = (struct inode *)(uintptr_t)fi->fh;
	uint64_t limit, page;
	off_t size, result;

	(void)path;
	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return -EINVAL;
	pthread_rwlock_rdlock(&i->lock);
	size = i->attr.st_size;
	limit = ((uint64_t)size + PAGE_BYTES - 1) / PAGE_BYTES;
	page = (uint64_t)offset / PAGE_BYTES;
	if (offset < 0 || offset >= size) {
		result = -ENXIO;
	} else {
		uint64_t found = pages_next(&i->data, page, limit, whence == SEEK_DATA);

		result = found == page ? offset : (off_t)(found * PAGE_BYTES);
		if (whence == SEEK_DATA && found == limit)
			result = -ENXIO;
		else if (result > size)
			result = size;
	}
	pthread_rwlock_unlock(&i->lock);
	return result;
}
#endif

/* ---- extended attributes ---- */

static struct xattr **xattr_find(struct inode *i, const char *name)
{
	struct xattr **x = &i->xattrs;

	while (*x && strcmp((*x)->name, name) != 0)
		x = &(*x)->next;
	return x;
}

static int xattr_set(struct inode *i, const char *name, const char *value, size_t size, int flags)
{
	struct xattr **slot = xattr_find(i, name), *x = *slot;
	char *copy;

	if (x && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!x && (flags & XATTR_REPLACE))
		return -ENODATA;
	copy = malloc(size ? size : 1);
	if (copy && !x)
		x = calloc(1, sizeof(*x) + strlen(name) + 1);
	if (!copy || !x) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, value, size);
	if (!*slot)
		strcpy(x->name, name);
	free(x->value);
	x->value = copy;
	x->size = size;
	*slot = x;
	i->attr.st_ctim = now();
	return 0;
}

static int mem_setxattr(const char *path, const char *name, const char *value, size_t size,
			int flags)
{
	struct target t;
	int rc;

	if (strncmp(name, "system.", 7) == 0)
		return -EOPNOTSUPP; /* access control lists: they would have to be enforced */
	if (strlen(name) > NAME_LIMIT)
		return -ERANGE;
	if (size > XATTR_VALUE_LIMIT)
		return -E2BIG;
	rc = target_write(&t, path, NULL);
	return rc ? rc : target_done(&t, xattr_set(t.inode, name, value, size, flags));
}

static int mem_getxattr(const char *path, const char *name, char *value, size_t size)
{
	struct target t;
	struct xattr *x;
	int rc;

	if (strncmp(name, "system.", 7) == 0)
		return -EOPNOTSUPP;
	rc = target_read(&t, path, NULL);
	if (rc)
		return rc;
	x = *xattr_find(t.inode, name);
	if (!x)
		rc = -ENODATA;
	else if (size && size < x->size)
		rc = -ERANGE;
	else
		rc = (int)x->size;
	if (rc > 0 && size)
		memcpy(value, x->value, x->size);
	return target_done(&t, rc);
}

static int mem_listxattr(const char *path, char *list, size_t size)
{
	struct target t;
	size_t total = 0;
	int rc = target_read(&t, path, NULL);

	if (rc)
		return rc;
	for (struct xattr *x = t.inode->xattrs; x; x = x->next) {
		size_t length = strlen(x->name) + 1;

		if (size && total + length > size)
			return target_done(&t, -ERANGE);
		if (size)
			memcpy(list + total, x->name, length);
		total += length;
	}
	return target_done(&t, (int)total);
}

static int mem_removexattr(const char *path, const char *name)
{
	struct target t;
	struct xattr **slot, *x;
	int rc = target_write(&t, path, NULL);

	if (rc)
		return rc;
	slot = xattr_find(t.inode, name);
	x = *slot;
	if (!x)
		return target_done(&t, -ENODATA);
	*slot = x->next;
	free(x->value);
	free(x);
	t.inode->attr.st_ctim = now();
	return target_done(&t, 0);
}

/* ---- start ---- */

static void mem_init(struct fuse_conn_info *conn)
{
	fs_want(conn, FUSE_CAP_ATOMIC_O_TRUNC); /* one call less for open(O_TRUNC) */
}
FS_ADAPT_INIT(mem_init, FS_USE_INO)

static void mem_destroy(void *unused)
{
	(void)unused;
	tree_free(root);
	inode_put(root);
}

static const struct fuse_operations mem_ops = {
	FS_INIT(mem_init),
	FS_GETATTR(mem_getattr),
	FS_CHMOD(mem_chmod),
	FS_CHOWN(mem_chown),
	FS_TRUNCATE(mem_truncate),
	FS_UTIMENS(mem_utimens),
	FS_RENAME(mem_rename),
	FS_READDIR(mem_readdir),
	FS_NULLPATH.destroy = mem_destroy,
	.statfs = mem_statfs,
	.mknod = mem_mknod,
	.mkdir = mem_mkdir,
	.symlink = mem_symlink,
	.create = mem_create,
	.readlink = mem_readlink,
	.link = mem_link,
	.unlink = mem_unlink,
	.rmdir = mem_rmdir,
	.open = mem_open,
	.opendir = mem_opendir,
	.release = mem_release,
	.releasedir = mem_release,
	.fsync = mem_fsync,
	.fsyncdir = mem_fsync,
	.read = mem_read,
	.write = mem_write,
	.fallocate = mem_fallocate,
	.setxattr = mem_setxattr,
	.getxattr = mem_getxattr,
	.listxattr = mem_listxattr,
	.removexattr = mem_removexattr,
#if FS_API == 3
	.lseek = mem_lseek,
#endif
};

static const struct fuse_opt option_spec[] = {
	{"size=%s", offsetof(struct options, size), 0},
	FUSE_OPT_END,
};

/* 500, 64k, 2g...; 0 if it is none of these. */
static unsigned long long parse_size(const char *text)
{
	static const char units[] = "kmg";
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	const char *unit = *end ? strchr(units, *end | 0x20) : NULL;

	if (end == text || (*end && (!unit || end[1])))
		return 0;
	for (const char *u = units; unit && u <= unit; u++) {
		if (__builtin_mul_overflow(n, 1024ull, &n))
			return 0;
	}
	return n;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	int rc;

	if (fuse_opt_parse(&args, &options, option_spec, NULL) != 0)
		return 1;
	pages_limit = (unsigned long long)sysconf(_SC_PHYS_PAGES) / 2;
	if (options.size) {
		pages_limit = parse_size(options.size) / PAGE_BYTES;
		if (!pages_limit) {
			fprintf(stderr, "%s: size=%s: give a number of bytes, e.g. 64m\n", argv[0],
				options.size);
			return 1;
		}
	}
	root = inode_new(S_IFDIR | 0755, getuid(), getgid(), 0);
	if (!root)
		return 1;
	inode_get(root)->dir.parent = root;
	if (fs_path_defaults(&args, FS_USE_INO) != 0 ||
	    fuse_opt_add_arg(&args, "-odefault_permissions") != 0)
		return 1;
	rc = fuse_main(args.argc, args.argv, &mem_ops, NULL);
	fuse_opt_free_args(&args);
	free(options.size);
	return rc;
}
