/*
 * The node table: which node the kernel means, what it is called, who its parent is.
 *
 * Nodes live in one arena, names in another; both are address ranges reserved once and filled
 * from the start, so growth never moves anything. Nodes refer to each other by 32-bit index.
 * A nodeid is generation << 32 | index: a number that was forgotten is never taken for its
 * successor.
 *
 * A node has one name, or none when it was removed but is still in use. Further names, made by
 * link() through this mount, are records of the same kind (NODE_ALIAS) whose `target` is the node.
 *
 * Locks: docs/locking.md. Functions here take what they need; those that change a parent or a
 * name want the caller to hold the tree lock.
 */
#ifndef CORE_FS_NODE_H
#define CORE_FS_NODE_H

#include <errno.h>
#include <stdatomic.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include "core/base/lock.h"
#include "core/fs/arena.h"
#include "core/fs/name_hash.h"

#define NODE_ROOT     1
#define NODE_NAME_MAX 1024 /* the kernel's limit for FUSE */
#define NODE_SHARDS   64

enum node_flags {
	NODE_USED = 1 << 0,
	NODE_ALIAS = 1 << 1,
	NODE_MARKED = 1 << 2, /* a writer is at work: path.c */
	NODE_HIDDEN = 1 << 3, /* carries a hidden name because it was removed while open */
	NODE_IDLE = 1 << 5,   /* forgotten, kept by `remember` */
	NODE_SIDE = 1 << 6,   /* has side data: side.c */
	NODE_LINKED = 1 << 7, /* has, or had a moment ago, several names here: entry.c */
	NODE_QUEUED = 1 << 8, /* in remember.c's queue */
	NODE_BIRTH = 1 << 10, /* its birth time was set since the kernel saw it: ext_statx.c */
	NODE_DIRPATH = 1 << 9, /* a worker may have kept its path: path.c */
	NODE_NO_SETID = 1 << 11, /* known to have no set-ID bits: setid.c */
	NODE_SETID = 1 << 12,    /* the kernel was told of such bits */
};

struct node {
	_Atomic uint32_t parent; /* index, 0: no name */
	_Atomic uint32_t name;   /* in units of 8 bytes into the name arena, 0: none */
	_Atomic uint32_t hash;   /* of (parent, name) */
	_Atomic uint32_t gen;
	_Atomic uint32_t flags;
	_Atomic uint32_t children; /* records whose parent this is */
	_Atomic uint64_t nlookup;
	_Atomic uint32_t open;     /* handles */
	_Atomic uint32_t target;   /* alias: the node; node: 0 */
	_Atomic uint32_t alias;    /* first / next alias record, 0: none */
	union {
		uint32_t next_free;
		_Atomic uint32_t idle_since; /* seconds of the monotonic clock: remember.c */
	};
};
_Static_assert(sizeof(struct node) <= 64, "a node is at most 64 bytes");

struct node_shard {
	struct core_lock lock;
	uint32_t mask, used;
	uint32_t *slots; /* open addressing, 0: empty */
	uint32_t free_node;             /* list through next_free */
	uint32_t *free_names;           /* per size class, list through the first word */
	uint32_t name_bump, name_end;   /* this shard's current piece of the name arena */
} __attribute__((aligned(64)));

struct nodes {
	struct node *at;  /* == (struct node *)node_arena.base */
	char *names;
	struct arena node_arena, name_arena; /* taken from under grow_lock */
	pthread_mutex_t grow_lock;
	/*
	 * Chains of aliases, and that an alias' node is in use: held before shards by lookups that
	 * meet an alias and by whoever frees a node with aliases. Nodes with one name do without.
	 */
	pthread_mutex_t alias_lock;
	struct name_seed seed;
	bool fold; /* names that differ in the case of ASCII letters are the same; set while empty */
	_Atomic uint32_t limit; /* indices below may be looked at */
	_Atomic uint64_t count; /* nodes in use */
	void (*on_free)(void *user, uint32_t idx); /* for nodes with NODE_SIDE */
	void *on_free_user;
	struct node_shard shard[NODE_SHARDS];
};

int nodes_init(struct nodes *t);
void nodes_fini(struct nodes *t);

static inline struct node *node_at(struct nodes *t, uint32_t idx)
{
	return &t->at[idx];
}
/* The index of a nodeid, or 0 when it is not in use (any more). */
static inline uint32_t node_from_id(struct nodes *t, uint64_t id)
{
	uint32_t idx = (uint32_t)id;
	struct node *n;

	if (core_unlikely(idx == 0 || idx >= atomic_load_explicit(&t->limit, memory_order_acquire)))
		return 0;
	n = &t->at[idx];
	if (core_unlikely(atomic_load_explicit(&n->gen, memory_order_relaxed) !=
				  (uint32_t)(id >> 32) ||
			  (atomic_load_explicit(&n->flags, memory_order_relaxed) &
			   (NODE_USED | NODE_ALIAS)) != NODE_USED))
		return 0;
	return idx;
}
static inline uint64_t node_id(struct nodes *t, uint32_t idx)
{
	return (uint64_t)atomic_load_explicit(&t->at[idx].gen, memory_order_relaxed) << 32 | idx;
}
/* An alias' node, a node itself. */
static inline uint32_t node_target(struct nodes *t, uint32_t rec)
{
	uint32_t target = atomic_load_explicit(&t->at[rec].target, memory_order_relaxed);

	return target ? target : rec;
}

/* The record with this name, or 0. No reference is taken. */
uint32_t node_find(struct nodes *t, uint32_t parent, const char *name);
/*
 * Finds or makes the node called (parent, name) and counts one lookup. The name need not end.
 * 0: it is too long, or out of memory.
 */
uint32_t node_lookup_len(struct nodes *t, uint32_t parent, const char *name, size_t len);
/* The same; 0: an errno value in *err. */
static inline uint32_t node_lookup(struct nodes *t, uint32_t parent, const char *name, int *err)
{
	size_t len = __builtin_strlen(name);
	uint32_t idx = node_lookup_len(t, parent, name, len);

	if (core_unlikely(!idx))
		*err = len > NODE_NAME_MAX ? -ENAMETOOLONG : -ENOMEM;
	return idx;
}
/* One more lookup of a node that is known to be in use. */
void node_ref(struct nodes *t, uint32_t idx);
/* n lookups less; true if that was the last use and the node may be freed (node_drop). */
bool node_unref(struct nodes *t, uint32_t idx, uint64_t n);
/* Frees the node if nothing uses it, and its parents in turn. */
void node_drop(struct nodes *t, uint32_t idx);

/* ---- under the tree lock ------------------------------------------------------------------ */

/* The name is gone: the record loses it, or the node takes over another of its names. */
void node_unname(struct nodes *t, uint32_t rec);
/* The record gets another name; whoever had that loses it. 0 or -ENOMEM, -ENAMETOOLONG. */
int node_rename(struct nodes *t, uint32_t rec, uint32_t parent, const char *name);
/* Two records swap names. */
void node_exchange(struct nodes *t, uint32_t a, uint32_t b);
/* One more name for a node, which gets one more lookup. 0 or -errno. */
int node_link(struct nodes *t, uint32_t idx, uint32_t parent, const char *name);
/* An alias whose node has lost its own name becomes that name. */
void node_adopt(struct nodes *t, uint32_t rec);
/* Names the node has. */
unsigned node_names(struct nodes *t, uint32_t idx);

/*
 * Copies "/name" so that it ends at `end`; returns where it begins. `names` is that of the table. Up to NODE_PUT_SLACK bytes
 * before that are overwritten.
 */
#define NODE_PUT_SLACK 16
static inline char *node_put_name(const char *names, uint32_t name, char *end)
{
	const char *block = names + (size_t)name * 8;
	size_t len = (size_t)*(const uint16_t *)block + 1;
	const char *src = block + ((len + 2 + 7) & ~(size_t)7);

	/* From the back, in whole pieces: what is copied too much lies below the name. */
#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
	/*
	 * It may be 8 bytes of the block below, which somebody may be writing: they are not used.
	 * No block is the arena's first.
	 */
	_mm_storeu_si128((void *)(end - 16), _mm_loadu_si128((const void *)(src - 16)));
	if (core_unlikely(len > 16))
		for (size_t done = 16; done < len; done += 16)
			_mm_storeu_si128((void *)(end - done - 16),
					 _mm_loadu_si128((const void *)(src - done - 16)));
#else
	for (size_t done = 0; done < len; done += 8)
		__builtin_memcpy(end - done - 8, src - done - 8, 8);
#endif
	return end - len;
}
static inline size_t node_name_len(const struct nodes *t, uint32_t name)
{
	return *(const uint16_t *)(t->names + (size_t)name * 8);
}
/* The name without the slash; *len without a terminator. */
static inline const char *node_name(const struct nodes *t, uint32_t name, size_t *len)
{
	const char *block = t->names + (size_t)name * 8;
	size_t n = *(const uint16_t *)block;

	*len = n;
	return block + ((n + 3 + 7) & ~(size_t)7) - n;
}

#endif
