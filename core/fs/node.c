#include "core/fs/node_lookup.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define NODE_RESERVE  (16ULL << 30) /* 2^28 nodes of 64 bytes */
#define NAME_RESERVE  (32ULL << 30) /* 2^32 units of 8 bytes */
#define NODE_BATCH    32   /* nodes a shard takes from the arena at once */
#define NAME_PIECE    4096 /* bytes of names a shard takes at once */
#define CLASSES       ((NODE_NAME_MAX + 3 + 7) / 8 + 1)
#define FIRST_SLOTS   32

/* ---- hashing ------------------------------------------------------------------------------ */

static inline char fold_char(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

__attribute__((noinline, cold)) static uint32_t hash_folded(const struct nodes *t, uint32_t parent,
							    const char *name, size_t len)
{
	char folded[NODE_NAME_MAX];

	if (len > NODE_NAME_MAX)
		len = NODE_NAME_MAX; /* refused later */
	for (size_t i = 0; i < len; i++)
		folded[i] = fold_char(name[i]);
	return name_hash(&t->seed, parent, folded, len);
}

static inline uint32_t hash_name(const struct nodes *t, uint32_t parent, const char *name,
				 size_t len)
{
	if (core_unlikely(t->fold))
		return hash_folded(t, parent, name, len);
	return name_hash(&t->seed, parent, name, len);
}

/* ---- names -------------------------------------------------------------------------------- */

/* Under the shard's lock. 0: no memory. */
static uint32_t name_new(struct nodes *t, struct node_shard *s, const char *name, size_t len)
{
	unsigned c = node_name_class(len);
	uint32_t ref = s->free_names[c];
	char *block;

	if (ref) {
		memcpy(&s->free_names[c], t->names + (size_t)ref * 8, 4);
	} else {
		if (s->name_end - s->name_bump < c) {
			size_t at;
			int res;

			pthread_mutex_lock(&t->grow_lock);
			res = arena_take(&t->name_arena, NAME_PIECE, &at);
			pthread_mutex_unlock(&t->grow_lock);
			if (res)
				return 0;
			s->name_bump = (uint32_t)(at / 8);
			s->name_end = s->name_bump + NAME_PIECE / 8;
		}
		ref = s->name_bump;
		s->name_bump += c;
	}
	block = t->names + (size_t)ref * 8;
	*(uint16_t *)block = (uint16_t)len;
	block += (size_t)c * 8 - len;
	block[-1] = '/';
	memcpy(block, name, len);
	return ref;
}

static void name_free(struct nodes *t, struct node_shard *s, uint32_t ref)
{
	size_t len = *(uint16_t *)(t->names + (size_t)ref * 8);
	unsigned c = node_name_class(len);

	memcpy(t->names + (size_t)ref * 8, &s->free_names[c], 4);
	s->free_names[c] = ref;
}

/* ---- the table ---------------------------------------------------------------------------- */

static bool same(const struct nodes *t, const struct node *n, uint32_t hash, uint32_t parent,
		 const char *name, size_t len)
{
	const char *have;
	size_t have_len;

	if (atomic_load_explicit(&n->hash, memory_order_relaxed) != hash ||
	    atomic_load_explicit(&n->parent, memory_order_relaxed) != parent)
		return false;
	have = node_name(t, atomic_load_explicit(&n->name, memory_order_relaxed), &have_len);
	if (have_len != len)
		return false;
	if (core_likely(!t->fold))
		return memcmp(have, name, len) == 0;
	while (len && fold_char(have[len - 1]) == fold_char(name[len - 1]))
		len--;
	return len == 0;
}

/* The place of the record with this name, or the free one where it would be. */
static uint32_t *table_place(struct nodes *t, struct node_shard *s, uint32_t hash,
			     uint32_t parent, const char *name, size_t len)
{
	uint32_t *slots = s->slots, mask = s->mask, i = hash & mask;

	while (slots[i] && !same(t, &t->at[slots[i]], hash, parent, name, len))
		i = (i + 1) & mask;
	return &slots[i];
}

static uint32_t table_find(struct nodes *t, struct node_shard *s, uint32_t hash, uint32_t parent,
			   const char *name, size_t len)
{
	return *table_place(t, s, hash, parent, name, len);
}

static int table_grow(struct nodes *t, struct node_shard *s)
{
	uint32_t mask = s->mask * 2 + 1;
	uint32_t *slots = calloc((size_t)mask + 1, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i <= s->mask; i++) {
		uint32_t idx = s->slots[i], j;

		if (!idx)
			continue;
		for (j = t->at[idx].hash & mask; slots[j]; j = (j + 1) & mask)
			;
		slots[j] = idx;
	}
	free(s->slots);
	s->slots = slots;
	s->mask = mask;
	return 0;
}

/* place: where a search for the name has ended, or NULL. */
static int table_insert(struct nodes *t, struct node_shard *s, uint32_t idx, uint32_t *place)
{
	if (core_unlikely((uint64_t)(s->used + 1) * 4 > ((uint64_t)s->mask + 1) * 3)) {
		if (!table_grow(t, s))
			place = NULL;
		else if (s->used == s->mask)
			return -ENOMEM;
	}
	if (!place) {
		uint32_t i = t->at[idx].hash & s->mask;

		while (s->slots[i])
			i = (i + 1) & s->mask;
		place = &s->slots[i];
	}
	*place = idx;
	s->used++;
	return 0;
}

static void table_remove(struct nodes *t, struct node_shard *s, uint32_t idx)
{
	uint32_t i = t->at[idx].hash & s->mask, j;

	while (s->slots[i] != idx) {
		if (!s->slots[i])
			return;
		i = (i + 1) & s->mask;
	}
	/* Close the gap: move back what would no longer be found over it. */
	for (j = (i + 1) & s->mask; s->slots[j]; j = (j + 1) & s->mask) {
		uint32_t home = t->at[s->slots[j]].hash & s->mask;

		if (((j - home) & s->mask) >= ((j - i) & s->mask)) {
			s->slots[i] = s->slots[j];
			i = j;
		}
	}
	s->slots[i] = 0;
	s->used--;
}

/* ---- records ------------------------------------------------------------------------------ */

/* Under the shard's lock. 0: no memory. */
static uint32_t record_new(struct nodes *t, struct node_shard *s)
{
	uint32_t idx = s->free_node;

	if (!idx) {
		uint32_t end, first;
		size_t at;
		int res;

		pthread_mutex_lock(&t->grow_lock);
		res = arena_take(&t->node_arena, NODE_BATCH * sizeof(struct node), &at);
		if (!res) {
			first = (uint32_t)(at / sizeof(struct node));
			end = first + NODE_BATCH;
			for (uint32_t i = end; i-- > first;)
				t->at[i].next_free = i + 1 < end ? i + 1 : 0;
			atomic_store_explicit(&t->limit, end, memory_order_release);
			s->free_node = idx = first;
		}
		pthread_mutex_unlock(&t->grow_lock);
		if (res)
			return 0;
	}
	s->free_node = t->at[idx].next_free;
	atomic_store_explicit(&t->at[idx].flags, NODE_USED, memory_order_relaxed);
	atomic_store_explicit(&t->at[idx].nlookup, 0, memory_order_relaxed);
	atomic_store_explicit(&t->at[idx].children, 0, memory_order_relaxed);
	atomic_store_explicit(&t->at[idx].open, 0, memory_order_relaxed);
	atomic_store_explicit(&t->at[idx].target, 0, memory_order_relaxed);
	atomic_store_explicit(&t->at[idx].alias, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);
	return idx;
}

static void record_free(struct nodes *t, struct node_shard *s, uint32_t idx)
{
	struct node *n = &t->at[idx];

	atomic_store_explicit(&n->flags, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&n->gen, 1, memory_order_relaxed);
	n->next_free = s->free_node;
	s->free_node = idx;
	atomic_fetch_sub_explicit(&t->count, 1, memory_order_relaxed);
}

/* Name and place in the table for a record that has none. Under the shard of hash. */
static int set_name(struct nodes *t, struct node_shard *s, uint32_t idx, uint32_t hash,
		    uint32_t parent, const char *name, size_t len, uint32_t *place)
{
	struct node *n = &t->at[idx];
	uint32_t ref = name_new(t, s, name, len);

	if (!ref)
		return -ENOMEM;
	atomic_store_explicit(&n->hash, hash, memory_order_relaxed);
	/* A walk that meets the name before any lock does finds its bytes too. */
	atomic_store_explicit(&n->name, ref, memory_order_release);
	atomic_store_explicit(&n->parent, parent, memory_order_release);
	if (table_insert(t, s, idx, place)) {
		atomic_store(&n->parent, 0);
		atomic_store(&n->name, 0);
		name_free(t, s, ref);
		return -ENOMEM;
	}
	atomic_fetch_add(&t->at[parent].children, 1);
	return 0;
}

/* Takes the name away; the parent it had. Under the record's shard. */
static uint32_t clear_name(struct nodes *t, struct node_shard *s, uint32_t idx)
{
	struct node *n = &t->at[idx];
	uint32_t parent = atomic_load(&n->parent), ref = atomic_load(&n->name);

	if (!parent)
		return 0;
	table_remove(t, s, idx);
	atomic_store(&n->parent, 0);
	atomic_store(&n->name, 0);
	name_free(t, s, ref);
	atomic_fetch_sub(&t->at[parent].children, 1);
	return parent;
}

/* Locks the shard of a record's name, which may change until it is locked. */
static struct node_shard *lock_record(struct nodes *t, uint32_t idx)
{
	for (;;) {
		uint32_t hash = atomic_load_explicit(&t->at[idx].hash, memory_order_relaxed);
		struct node_shard *s = node_shard_of(t, hash);

		core_lock_take(&s->lock);
		if (atomic_load_explicit(&t->at[idx].hash, memory_order_relaxed) == hash)
			return s;
		core_lock_give(&s->lock);
	}
}

/* ---- lookups ------------------------------------------------------------------------------- */

uint32_t node_find(struct nodes *t, uint32_t parent, const char *name)
{
	size_t len = strlen(name);
	uint32_t hash = hash_name(t, parent, name, len), idx;
	struct node_shard *s = node_shard_of(t, hash);

	core_lock_take(&s->lock);
	idx = table_find(t, s, hash, parent, name, len);
	core_lock_give(&s->lock);
	return idx;
}

uint32_t node_make_locked(struct nodes *t, uint32_t hash, uint32_t parent, const char *name,
			  size_t len, uint32_t i)
{
	struct node_shard *s = node_shard_of(t, hash);
	uint32_t idx = record_new(t, s);

	if (core_likely(idx)) {
		atomic_store_explicit(&t->at[idx].nlookup, 1, memory_order_relaxed);
		if (core_unlikely(
			    set_name(t, s, idx, hash, parent, name, len, &s->slots[i]))) {
			record_free(t, s, idx);
			idx = 0;
		}
	}
	core_lock_give(&s->lock);
	return idx;
}

uint32_t node_lookup_locked(struct nodes *t, uint32_t hash, uint32_t parent, const char *name,
			    size_t len)
{
	struct node_shard *s = node_shard_of(t, hash);
	uint32_t *place = table_place(t, s, hash, parent, name, len), rec = *place;
	bool alias = rec && node_target(t, rec) != rec;

	if (core_unlikely(alias)) {
		/* Its node is under another shard, and may be about to go. */
		core_lock_give(&s->lock);
		pthread_mutex_lock(&t->alias_lock);
		core_lock_take(&s->lock);
		place = table_place(t, s, hash, parent, name, len);
		rec = *place;
	}
	if (rec) {
		rec = node_target(t, rec);
		node_count_lookup(&t->at[rec]);
		core_lock_give(&s->lock);
	} else {
		rec = node_make_locked(t, hash, parent, name, len, (uint32_t)(place - s->slots));
	}
	if (core_unlikely(alias))
		pthread_mutex_unlock(&t->alias_lock);
	return rec;
}

uint32_t node_lookup_any(struct nodes *t, uint32_t parent, const char *name, size_t len)
{
	uint32_t hash;

	if (len > NODE_NAME_MAX)
		return 0;
	hash = hash_name(t, parent, name, len);
	core_lock_take(&node_shard_of(t, hash)->lock);
	return node_lookup_locked(t, hash, parent, name, len);
}

__attribute__((cold)) uint32_t node_wake_and_return(struct node_shard *s, uint32_t idx)
{
	core_lock_wake(&s->lock);
	return idx;
}

uint32_t node_lookup_len(struct nodes *t, uint32_t parent, const char *name, size_t len)
{
	if (core_unlikely(!node_is_short(t, len)))
		return node_lookup_any(t, parent, name, len);
	return node_lookup_short(t, name_base(&t->seed, parent), parent, name, len);
}

void node_ref(struct nodes *t, uint32_t idx)
{
	struct node_shard *s = lock_record(t, idx);

	atomic_fetch_add_explicit(&t->at[idx].nlookup, 1, memory_order_relaxed);
	core_lock_give(&s->lock);
}

bool node_unref(struct nodes *t, uint32_t idx, uint64_t n)
{
	struct node *node = &t->at[idx];
	uint64_t have = atomic_load_explicit(&node->nlookup, memory_order_relaxed);
	uint64_t left;

	do {
		left = n >= have ? 0 : have - n;
	} while (!atomic_compare_exchange_weak(&node->nlookup, &have, left));
	return left == 0 && idx != NODE_ROOT;
}

static bool unused(const struct node *n)
{
	return atomic_load(&n->nlookup) == 0 && atomic_load(&n->children) == 0 &&
	       atomic_load(&n->open) == 0 &&
	       (atomic_load(&n->flags) & (NODE_USED | NODE_ALIAS | NODE_MARKED | NODE_IDLE)) ==
		       NODE_USED;
}

/* An alias record out of the table and gone. Returns its parent. */
static uint32_t free_alias(struct nodes *t, uint32_t rec)
{
	struct node_shard *s = lock_record(t, rec);
	uint32_t parent = clear_name(t, s, rec);

	record_free(t, s, rec);
	core_lock_give(&s->lock);
	return parent;
}

/* Names of a node that is gone are found no more; each record is freed by free_alias(). */
static void hide_aliases(struct nodes *t, uint32_t rec)
{
	for (; rec; rec = t->at[rec].alias) {
		struct node_shard *s = lock_record(t, rec);

		table_remove(t, s, rec);
		core_lock_give(&s->lock);
	}
}

/* Frees an unused node; false if it is not. *parent is to be dropped, *alias is what is left. */
static bool free_node(struct nodes *t, uint32_t idx, uint32_t *parent, uint32_t *alias)
{
	struct node_shard *s;
	bool locked;

	do {
		locked = atomic_load(&t->at[idx].alias) != 0;
		if (core_unlikely(locked))
			pthread_mutex_lock(&t->alias_lock);
		s = lock_record(t, idx);
		*alias = atomic_load(&t->at[idx].alias);
		if (core_likely(locked || !*alias))
			break;
		core_lock_give(&s->lock); /* got one meanwhile */
	} while (true);

	if (!unused(&t->at[idx])) {
		core_lock_give(&s->lock);
		if (locked)
			pthread_mutex_unlock(&t->alias_lock);
		return false;
	}
	atomic_store_explicit(&t->at[idx].alias, 0, memory_order_relaxed);
	*parent = clear_name(t, s, idx);
	if (t->on_free && (atomic_load(&t->at[idx].flags) & NODE_SIDE))
		t->on_free(t->on_free_user, idx);
	record_free(t, s, idx);
	core_lock_give(&s->lock);
	if (locked) {
		hide_aliases(t, *alias);
		pthread_mutex_unlock(&t->alias_lock);
	}
	return true;
}

void node_drop(struct nodes *t, uint32_t idx)
{
	uint32_t alias, parent;

	while (idx > NODE_ROOT && free_node(t, idx, &parent, &alias)) {
		while (alias) {
			uint32_t next = t->at[alias].alias;

			node_drop(t, free_alias(t, alias));
			alias = next;
		}
		idx = parent;
	}
}

/* ---- changing names, under the tree lock ---------------------------------------------------- */

unsigned node_names(struct nodes *t, uint32_t idx)
{
	unsigned n = atomic_load(&t->at[idx].parent) != 0;

	for (uint32_t a = t->at[idx].alias; a; a = t->at[a].alias)
		n++;
	return n;
}

/* Under alias_lock, as adopt(). */
static void unlink_alias(struct nodes *t, uint32_t rec)
{
	uint32_t prev = atomic_load(&t->at[rec].target), next;

	while ((next = atomic_load(&t->at[prev].alias)) && next != rec)
		prev = next;
	if (next)
		atomic_store(&t->at[prev].alias, atomic_load(&t->at[rec].alias));
}

static void lock_two(struct node_shard *a, struct node_shard *b)
{
	core_lock_take(a < b ? &a->lock : &b->lock);
	if (a != b)
		core_lock_take(a < b ? &b->lock : &a->lock);
}

static void unlock_two(struct node_shard *a, struct node_shard *b)
{
	if (a != b)
		core_lock_give(&a->lock);
	core_lock_give(&b->lock);
}

/*
 * The nameless node idx takes over the name of its alias record: in one step, or a lookup of
 * that name would make another node.
 */
static void adopt(struct nodes *t, uint32_t alias, uint32_t idx)
{
	struct node *n = &t->at[idx], *a = &t->at[alias];
	struct node_shard *from = node_shard_of(t, n->hash), *to = node_shard_of(t, a->hash);

	unlink_alias(t, alias);
	lock_two(from, to);
	table_remove(t, to, alias);
	atomic_store(&n->hash, a->hash);
	atomic_store(&n->name, a->name);
	atomic_store(&n->parent, a->parent); /* which counts one child as before */
	atomic_store(&a->name, 0);
	atomic_store(&a->parent, 0);
	table_insert(t, to, idx, NULL); /* cannot fail: there is a free place */
	record_free(t, to, alias);
	unlock_two(from, to);
}

void node_unname(struct nodes *t, uint32_t rec)
{
	struct node_shard *s;
	uint32_t parent, alias;

	if (t->at[rec].target) {
		pthread_mutex_lock(&t->alias_lock);
		unlink_alias(t, rec);
		parent = free_alias(t, rec);
		pthread_mutex_unlock(&t->alias_lock);
		node_drop(t, parent);
		return;
	}
	s = lock_record(t, rec);
	parent = clear_name(t, s, rec);
	core_lock_give(&s->lock);
	node_drop(t, parent);

	/* Without a name it cannot be remembered. */
	atomic_fetch_and(&t->at[rec].flags, ~(uint32_t)NODE_IDLE);
	/* Another of its names takes the place, one that nobody is about to take away. */
	if (t->at[rec].alias) {
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->alias_lock);
		for (alias = t->at[rec].alias; alias; alias = t->at[alias].alias)
			if (!(atomic_load(&t->at[alias].flags) & NODE_MARKED))
				break;
		if (alias)
			adopt(t, alias, rec);
	}
	node_drop(t, rec);
}

void node_adopt(struct nodes *t, uint32_t rec)
{
	uint32_t target = t->at[rec].target;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->alias_lock);

	if (target && !atomic_load(&t->at[target].parent))
		adopt(t, rec, target);
}

int node_rename(struct nodes *t, uint32_t rec, uint32_t parent, const char *name)
{
	size_t len = strlen(name);
	uint32_t hash = hash_name(t, parent, name, len);
	struct node_shard *to = node_shard_of(t, hash), *from;
	uint32_t old, other;
	int res;

	if (len > NODE_NAME_MAX)
		return -ENAMETOOLONG;
	other = node_find(t, parent, name);
	if (other && other != rec)
		node_unname(t, other);
	from = node_shard_of(t, t->at[rec].hash);
	lock_two(from, to);
	old = clear_name(t, from, rec);
	res = set_name(t, to, rec, hash, parent, name, len, NULL);
	unlock_two(from, to);
	if (old)
		node_drop(t, old);
	return res;
}

void node_exchange(struct nodes *t, uint32_t a, uint32_t b)
{
	char name_a[NODE_NAME_MAX + 1], name_b[NODE_NAME_MAX + 1];
	uint32_t pa = atomic_load(&t->at[a].parent), pb = atomic_load(&t->at[b].parent);
	struct node_shard *s;
	const char *p;
	size_t len;

	p = node_name(t, atomic_load(&t->at[a].name), &len);
	memcpy(name_a, p, len);
	name_a[len] = 0;
	p = node_name(t, atomic_load(&t->at[b].name), &len);
	memcpy(name_b, p, len);
	name_b[len] = 0;

	/* The parents stay while a child is between two names. */
	atomic_fetch_add(&t->at[pa].children, 1);
	atomic_fetch_add(&t->at[pb].children, 1);
	s = lock_record(t, b);
	clear_name(t, s, b);
	core_lock_give(&s->lock);
	node_rename(t, a, pb, name_b);
	node_rename(t, b, pa, name_a);
	atomic_fetch_sub(&t->at[pa].children, 1);
	atomic_fetch_sub(&t->at[pb].children, 1);
}

int node_link(struct nodes *t, uint32_t idx, uint32_t parent, const char *name)
{
	size_t len = strlen(name);
	uint32_t hash, rec, other;
	struct node_shard *s;
	int res = -ENOMEM;

	if (len > NODE_NAME_MAX)
		return -ENAMETOOLONG;
	other = node_find(t, parent, name);
	if (other && node_target(t, other) == idx) {
		/*
		 * A name it has already, says a program that lets one be made twice. Taking it away
		 * first could free the node, and its new name would become its own alias.
		 */
		node_ref(t, idx);
		return 0;
	}
	if (other)
		node_unname(t, other);
	hash = hash_name(t, parent, name, len);
	s = node_shard_of(t, hash);
	core_lock_take(&s->lock);
	rec = record_new(t, s);
	if (rec) {
		t->at[rec].target = idx;
		atomic_fetch_or(&t->at[rec].flags, NODE_ALIAS);
		res = set_name(t, s, rec, hash, parent, name, len, NULL);
		if (res)
			record_free(t, s, rec);
	}
	core_lock_give(&s->lock);
	if (res)
		return res;
	pthread_mutex_lock(&t->alias_lock);
	t->at[rec].alias = t->at[idx].alias;
	t->at[idx].alias = rec;
	pthread_mutex_unlock(&t->alias_lock);
	node_ref(t, idx);
	return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

void nodes_fini(struct nodes *t)
{
	for (int i = 0; i < NODE_SHARDS; i++) {
		free(t->shard[i].slots);
		free(t->shard[i].free_names);
	}
	arena_fini(&t->node_arena);
	arena_fini(&t->name_arena);
	pthread_mutex_destroy(&t->grow_lock);
	pthread_mutex_destroy(&t->alias_lock);
}

int nodes_init(struct nodes *t)
{
	bool ok = true;
	size_t at;

	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->grow_lock, NULL);
	pthread_mutex_init(&t->alias_lock, NULL);
	for (int i = 0; i < NODE_SHARDS; i++) {
		struct node_shard *s = &t->shard[i];

		s->slots = calloc(FIRST_SLOTS, sizeof(*s->slots));
		s->mask = FIRST_SLOTS - 1;
		s->free_names = calloc(CLASSES, sizeof(*s->free_names));
		ok = ok && s->slots && s->free_names;
	}
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) != sizeof(t->seed))
		t->seed = (struct name_seed){(uint64_t)time(NULL), (uintptr_t)t};
	if (!ok || arena_init(&t->node_arena, NODE_RESERVE) ||
	    arena_init(&t->name_arena, NAME_RESERVE) ||
	    /* index 0 means none, 1 is the root; name 0 means none */
	    arena_take(&t->node_arena, 2 * sizeof(struct node), &at) ||
	    arena_take(&t->name_arena, NAME_PIECE, &at)) {
		nodes_fini(t);
		return -ENOMEM;
	}
	t->at = (void *)t->node_arena.base;
	t->names = t->name_arena.base;
	t->at[NODE_ROOT].flags = NODE_USED;
	t->at[NODE_ROOT].nlookup = 1;
	t->count = 1;
	atomic_store(&t->limit, 2);
	return 0;
}
