/*
 * Paths from nodes, and keeping them true while the program uses them. See docs/locking.md.
 */
#ifndef CORE_FS_PATH_H
#define CORE_FS_PATH_H

#include "core/fs/node.h"

#define PATH_LIMIT (256 * 1024) /* longest path handed out, in bytes */

/* What one worker uses now. Its own cache line: only its worker writes it. */
struct path_slot {
	_Atomic uint32_t leaf[2] __attribute__((aligned(64)));
	struct path_slot *next, *prev; /* tree->slots, under tree->lock */
};

/*
 * Where paths are handed out from. The program may write into what it gets, so the path of the
 * directory it used last is kept apart: most requests are for the same directory as the one
 * before, and then nothing has to be walked (docs/locking.md, "The path of the last directory").
 */
struct path_buf {
	char *mem;
	size_t size;
	char *dir; /* not terminated; "" is the root's */
	size_t dir_len, dir_size;
	uint32_t dir_idx; /* 0: none */
	uint32_t dir_gen;
	uint64_t dir_epoch;
};

struct path_tree {
	struct nodes nodes;
	pthread_mutex_t lock; /* the tree lock */
	pthread_cond_t changed;
	struct path_slot *slots;
	_Atomic int writers_waiting; /* writers that wait for readers */
	_Atomic uint64_t epoch;      /* moves before a directory's path may change */
	unsigned waiting;            /* anybody in cond_wait */
};

int path_tree_init(struct path_tree *t);
void path_tree_fini(struct path_tree *t);
void path_slot_add(struct path_tree *t, struct path_slot *s);
void path_slot_remove(struct path_tree *t, struct path_slot *s);

/*
 * Announces node idx (entry 0 or 1 of the slot) and builds its path, with "/name" appended
 * if name is given. *path points into buf. 0; -ENOENT: the node or one above it has no name;
 * -ENAMETOOLONG, -ENOMEM. On error nothing stays announced in that entry.
 */
int path_get(struct path_tree *t, struct path_slot *s, int entry, uint32_t idx, const char *name,
	     struct path_buf *buf, const char **path);
/* Two at once, as operations with two paths need them: both or none. */
struct path_want {
	uint32_t idx;
	const char *name;
	struct path_buf *buf;
	const char *path; /* out */
};
int path_get2(struct path_tree *t, struct path_slot *s, struct path_want *a, struct path_want *b);
/* A first size, with which paths of any usual length can be told whatever memory is left later. */
int path_buf_reserve(struct path_buf *buf);
void path_buf_free(struct path_buf *buf);
/* Ends what path_get began; the bytes in buf stay. */
void path_signal(struct path_tree *t);
static inline void path_put(struct path_tree *t, struct path_slot *s)
{
	atomic_store_explicit(&s->leaf[1], 0, memory_order_relaxed);
	atomic_store_explicit(&s->leaf[0], 0, memory_order_seq_cst);
	if (core_unlikely(atomic_load_explicit(&t->writers_waiting, memory_order_seq_cst)))
		path_signal(t);
}

/*
 * A writer: like path_get2 (b may be NULL), and the records of the names themselves, if the
 * table has them, are marked. Waits until nobody uses them. rec[] gets the records (0: none).
 */
int path_write_begin(struct path_tree *t, struct path_slot *s, struct path_want *a,
		     struct path_want *b, uint32_t rec[2]);
/* Inside: the names are gone; a.name became b.name (or both swapped). rec[] is kept right. */
void path_commit_unlink(struct path_tree *t, uint32_t rec[2]);
int path_commit_rename(struct path_tree *t, const struct path_want *a, const struct path_want *b,
		       uint32_t rec[2], bool exchange);
void path_write_end(struct path_tree *t, struct path_slot *s, uint32_t rec[2]);
/* A path in another buffer while the caller is the writer, e.g. of a hidden name. */
int path_build(struct path_tree *t, uint32_t idx, const char *name, struct path_buf *buf,
	       const char **path);

#endif
