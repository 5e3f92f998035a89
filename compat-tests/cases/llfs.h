/* llfs.h - what the low-level cases may use of llfs.c. */
#ifndef CONFORM_LLFS_H
#define CONFORM_LLFS_H

#include "conform.h"

#define LL_NODES 1024 /* as many as T->lookups counts */

struct ll_node {
	mode_t mode; /* 0: free */
	nlink_t nlink;
	uid_t uid;
	gid_t gid;
	fuse_ino_t parent; /* one name a node, which is enough here, plus links */
	char *data;        /* content, or target of a symlink */
	size_t size;
	struct timespec times[3];
	int opened;
};

/* Timeouts of every entry and attribute; 0 until a case sets it in its init. */
extern double ll_timeout;
/* Answer like llfs does, for operations of a case's own. */
struct ll_node *ll_node(fuse_ino_t ino);
fuse_ino_t ll_find(fuse_ino_t parent, const char *name); /* 0: no such name */
/* Make a node with one name in the parent; before the loop or in an operation. */
fuse_ino_t ll_make(fuse_ino_t parent, const char *name, mode_t mode, const char *content);
void ll_entry(fuse_ino_t ino, struct fuse_entry_param *e); /* counts one lookup */
void ll_stat(fuse_ino_t ino, struct stat *st);
/* A case of its own operations records them with this. */
bool ll_begin(struct t_call *c, enum t_op op, fuse_req_t req, uint64_t fh, fuse_ino_t ino,
	      const char *name, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* notifications, the same in both APIs */
int ll_inval_inode(fuse_ino_t ino, off_t off, off_t len);
int ll_inval_entry(fuse_ino_t parent, const char *name);
int ll_delete(fuse_ino_t parent, fuse_ino_t child, const char *name);
int ll_store(fuse_ino_t ino, off_t off, const char *data, size_t size);
int ll_retrieve(fuse_ino_t ino, size_t size, off_t off, void *cookie);

#endif
