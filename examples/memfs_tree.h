/*
 * Inodes and directories of memfs.
 *
 * Two kinds of locks, in this order:
 *  - tree_lock: every directory's entries and every name's reference.  Who looks up a path holds it
 *    for reading until done with the inode; who changes names holds it for writing.
 *  - inode.lock: the attributes, data and extended attributes of that inode.
 * An inode lives while it has a name or an open handle (refs).  Name references go away only under
 * the tree lock held for writing, so an inode found by path stays as long as the lock is held.
 */
#ifndef EXAMPLES_MEMFS_TREE_H
#define EXAMPLES_MEMFS_TREE_H

#include "memfs_data.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define NAME_LIMIT 255u

struct inode;

struct entry {
	struct entry *next; /* of the same hash chain */
	struct inode *inode;
	uint64_t cookie;
	uint32_t hash;
	char name[];
};

/* A position in the directory.  entry is NULL once the name is gone; the cookie keeps its place. */
struct slot {
	uint64_t cookie;
	struct entry *entry;
};

/*
 * Entries are found by name through the chains and listed through the slots, which are in order of
 * cookies since new names go to the end.  A cookie is a readdir offset: it never changes, so
 * reading on from one neither repeats nor skips a name that stayed, whatever happens in between.
 */
struct dir {
	struct inode *parent;
	struct entry **chains;
	size_t chain_count; /* a power of two, 0 while empty */
	struct slot *slots;
	size_t slot_count, slot_room, live;
	uint64_t next_cookie;
};

struct xattr {
	struct xattr *next;
	char *value;
	size_t size;
	char name[];
};

struct inode {
	pthread_rwlock_t lock;
	atomic_uint refs;
	bool is_dir;      /* never changes, so it needs no lock; nor does attr.st_ino */
	struct stat attr; /* st_blocks is worked out when asked for */
	struct pages data;
	struct dir dir;
	char *target; /* of a symbolic link */
	struct xattr *xattrs;
};

static pthread_rwlock_t tree_lock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_ullong last_ino, inodes_used;
static struct inode *root;

static inline struct timespec now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts;
}

/* ---- inodes ---- */

static inline struct inode *inode_new(mode_t mode, uid_t uid, gid_t gid, dev_t rdev)
{
	struct inode *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	pthread_rwlock_init(&i->lock, NULL);
	atomic_init(&i->refs, 0);
	i->is_dir = S_ISDIR(mode);
	i->attr.st_ino = atomic_fetch_add(&last_ino, 1) + 1;
	i->attr.st_mode = mode;
	i->attr.st_nlink = S_ISDIR(mode) ? 2 : 0;
	i->attr.st_uid = uid;
	i->attr.st_gid = gid;
	i->attr.st_rdev = rdev;
	i->attr.st_blksize = PAGE_BYTES;
	i->attr.st_atim = i->attr.st_mtim = i->attr.st_ctim = now();
	i->dir.next_cookie = 3; /* 1 and 2 are . and .. */
	atomic_fetch_add(&inodes_used, 1);
	return i;
}

static inline void inode_free(struct inode *i)
{
	pages_drop(&i->data, 0, UINT64_MAX);
	for (struct xattr *x = i->xattrs, *next; x; x = next) {
		next = x->next;
		free(x->value);
		free(x);
	}
	free(i->dir.chains);
	free(i->dir.slots);
	free(i->target);
	pthread_rwlock_destroy(&i->lock);
	free(i);
	atomic_fetch_sub(&inodes_used, 1);
}

static inline struct inode *inode_get(struct inode *i)
{
	atomic_fetch_add(&i->refs, 1);
	return i;
}

static inline void inode_put(struct inode *i)
{
	if (atomic_fetch_sub(&i->refs, 1) == 1)
		inode_free(i);
}

/* Change the link count by delta; the change time follows. */
static inline void inode_links(struct inode *i, int delta)
{
	pthread_rwlock_wrlock(&i->lock);
	i->attr.st_nlink = (nlink_t)((long)i->attr.st_nlink + delta);
	i->attr.st_ctim = now();
	pthread_rwlock_unlock(&i->lock);
}

/* A directory's contents changed. */
static inline void inode_touch(struct inode *i)
{
	pthread_rwlock_wrlock(&i->lock);
	i->attr.st_mtim = i->attr.st_ctim = now();
	pthread_rwlock_unlock(&i->lock);
}

/* ---- directories: tree_lock held, for writing where they change ---- */

static inline uint32_t name_hash(const char *name, size_t length)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h;
}

static inline struct entry *dir_find(const struct dir *d, const char *name, size_t length)
{
	uint32_t hash = name_hash(name, length);

	if (!d->chain_count)
		return NULL;
	for (struct entry *e = d->chains[hash & (d->chain_count - 1)]; e; e = e->next) {
		if (e->hash == hash && strncmp(e->name, name, length) == 0 && !e->name[length])
			return e;
	}
	return NULL;
}

/* The index of the first slot whose cookie is at least this one. */
static inline size_t dir_slot(const struct dir *d, uint64_t cookie)
{
	size_t low = 0, high = d->slot_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->slots[middle].cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for one more slot and short chains.  Nothing else changes if there is no memory. */
static inline int dir_reserve(struct dir *d)
{
	if (d->slot_count == d->slot_room && d->live < d->slot_count / 2) {
		size_t kept = 0;

		for (size_t i = 0; i < d->slot_count; i++) {
			if (d->slots[i].entry)
				d->slots[kept++] = d->slots[i];
		}
		d->slot_count = kept;
	}
	if (d->slot_count == d->slot_room) {
		size_t room = d->slot_room ? d->slot_room * 2 : 8;
		struct slot *slots = realloc(d->slots, room * sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		d->slots = slots;
		d->slot_room = room;
	}
	if (d->live >= d->chain_count) {
		size_t count = d->chain_count ? d->chain_count * 2 : 8;
		struct entry **chains = calloc(count, sizeof(*chains));

		if (!chains)
			return -ENOMEM;
		for (size_t i = 0; i < d->slot_count; i++) {
			struct entry *e = d->slots[i].entry;

			if (e) {
				e->next = chains[e->hash & (count - 1)];
				chains[e->hash & (count - 1)] = e;
			}
		}
		free(d->chains);
		d->chains = chains;
		d->chain_count = count;
	}
	return 0;
}

/* Name the inode.  The entry takes a reference; the caller sees to link counts. */
static inline int dir_add(struct dir *d, const char *name, struct inode *inode)
{
	size_t length = strlen(name);
	struct entry *e, **chain;

	if (dir_reserve(d) != 0 || !(e = malloc(sizeof(*e) + length + 1)))
		return -ENOMEM;
	memcpy(e->name, name, length + 1);
	e->hash = name_hash(name, length);
	e->inode = inode_get(inode);
	e->cookie = d->next_cookie++;
	chain = &d->chains[e->hash & (d->chain_count - 1)];
	e->next = *chain;
	*chain = e;
	d->slots[d->slot_count++] = (struct slot){e->cookie, e};
	d->live++;
	return 0;
}

/* Take the name away, with its reference. */
static inline void dir_remove(struct dir *d, struct entry *e)
{
	struct entry **p = &d->chains[e->hash & (d->chain_count - 1)];

	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	d->slots[dir_slot(d, e->cookie)].entry = NULL;
	d->live--;
	inode_put(e->inode);
	free(e);
}

/* ---- paths: tree_lock held ---- */

/*
 * The directory the last component is in, and that component.  For "/" itself the name is empty.
 */
static inline int path_parent(const char *path, struct inode **parent, const char **name)
{
	struct inode *at = root;

	for (;;) {
		size_t length;
		struct entry *e;

		while (*path == '/')
			path++;
		length = strcspn(path, "/");
		if (length > NAME_LIMIT)
			return -ENAMETOOLONG;
		if (!at->is_dir)
			return -ENOTDIR;
		if (!path[length]) {
			*parent = at;
			*name = path;
			return 0;
		}
		e = dir_find(&at->dir, path, length);
		if (!e)
			return -ENOENT;
		at = e->inode;
		path += length;
	}
}

static inline int path_find(const char *path, struct inode **result)
{
	struct inode *parent;
	struct entry *e;
	const char *name;
	int rc = path_parent(path, &parent, &name);

	if (rc)
		return rc;
	if (!*name) {
		*result = parent;
		return 0;
	}
	e = dir_find(&parent->dir, name, strlen(name));
	if (!e)
		return -ENOENT;
	*result = e->inode;
	return 0;
}

/* ---- the whole tree ---- */

static inline void tree_free(struct inode *dir)
{
	for (size_t i = 0; i < dir->dir.slot_count; i++) {
		struct entry *e = dir->dir.slots[i].entry;

		if (!e)
			continue;
		if (e->inode->is_dir)
			tree_free(e->inode);
		dir_remove(&dir->dir, e);
	}
}

#endif
