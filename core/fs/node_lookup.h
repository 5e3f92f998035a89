/*
 * Looking names up, for who does it a hundred times in one go (readdirplus); others call
 * node_lookup_len(), which is this out of line.
 */
#ifndef CORE_FS_NODE_LOOKUP_H
#define CORE_FS_NODE_LOOKUP_H

#include "core/fs/node.h"

static inline struct node_shard *node_shard_of(struct nodes *t, uint32_t hash)
{
	return &t->shard[hash >> 26];
}

/* Words that a name takes, with its length and the slash before it. */
static inline unsigned node_name_class(size_t len)
{
	return (unsigned)((len + 3 + 7) / 8);
}

/* The node is looked up once more. Under the shard's lock. */
static inline void node_count_lookup(struct node *n)
{
	atomic_fetch_add_explicit(&n->nlookup, 1, memory_order_relaxed);
	if (core_unlikely(atomic_load_explicit(&n->flags, memory_order_relaxed) & NODE_IDLE))
		atomic_fetch_and_explicit(&n->flags, ~(uint32_t)NODE_IDLE, memory_order_relaxed);
}

/* ---- what is rare, or no few instructions; each gives the lock of hash's shard back -----------
 */

/* A new node, looked up once, for the free place i of its shard. */
uint32_t node_make_locked(struct nodes *t, uint32_t hash, uint32_t parent, const char *name,
			  size_t len, uint32_t i);
/* As node_lookup_len(). */
uint32_t node_lookup_locked(struct nodes *t, uint32_t hash, uint32_t parent, const char *name,
			    size_t len);
/* The same with nothing locked. */
uint32_t node_lookup_any(struct nodes *t, uint32_t parent, const char *name, size_t len);
uint32_t node_wake_and_return(struct node_shard *s, uint32_t idx);

/* ---- names of 8 to 16 bytes, as most are ------------------------------------------------------
 */

static inline bool node_is_short(const struct nodes *t, size_t len)
{
	return len - 8 <= 8 && !t->fold;
}

/*
 * node_lookup_len() for such a name; base is name_base() of the parent. What it mostly is: two
 * words that may overlap, in their first place of the table. All else is a call at the end.
 */
static inline uint32_t node_lookup_short(struct nodes *t, uint64_t base, uint32_t parent,
					 const char *name, size_t len)
{
	struct node_shard *s;
	uint32_t hash, i, idx;
	const char *have;
	struct node *n;

	hash = name_hash_short(&t->seed, base, name, len);
	s = node_shard_of(t, hash);
	__asm__("" : "+r"(s)); /* or it is computed once for each field */
	if (core_unlikely(!core_lock_try(&s->lock)))
		return node_lookup_any(t, parent, name, len);
	i = hash & s->mask;
	idx = s->slots[i];
	if (!idx)
		return node_make_locked(t, hash, parent, name, len, i);
	n = &t->at[idx];
	if (core_unlikely(atomic_load_explicit(&n->hash, memory_order_relaxed) != hash ||
			  atomic_load_explicit(&n->parent, memory_order_relaxed) != parent ||
			  atomic_load_explicit(&n->target, memory_order_relaxed)))
		return node_lookup_locked(t, hash, parent, name, len);
	have = t->names + (size_t)atomic_load_explicit(&n->name, memory_order_relaxed) * 8;
	if (core_unlikely(*(const uint16_t *)have != len))
		return node_lookup_locked(t, hash, parent, name, len);
	have += (size_t)node_name_class(len) * 8; /* its end */
	if (core_unlikely((name_word(have - len) ^ name_word(name)) |
			  (name_word(have - 8) ^ name_word(name + len - 8))))
		return node_lookup_locked(t, hash, parent, name, len);
	node_count_lookup(n);
	return core_lock_give_only(&s->lock) ? node_wake_and_return(s, idx) : idx;
}

#endif
