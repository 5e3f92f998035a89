#include "core/fs/path.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_PATH_BUF 16384
/* Before a buffer's first byte: a name may be put there before it is seen not to fit. */
#define SLACK (NODE_NAME_MAX + 1 + NODE_PUT_SLACK)

static inline char *first_byte(const struct path_buf *b)
{
	return b->mem + SLACK;
}

/* ---- building ------------------------------------------------------------------------------ */

static int grow(struct path_buf *b)
{
	size_t size = b->size ? b->size * 2 : FIRST_PATH_BUF;
	char *mem;

	if (b->size >= PATH_LIMIT)
		return -ENAMETOOLONG;
	mem = malloc(SLACK + size);
	if (!mem)
		return -ENOMEM;
	free(b->mem);
	b->mem = mem;
	b->size = size;
	return 0;
}

/*
 * Walks from idx to the root, writing names from the end of the buffer. 0: *path is set;
 * -EAGAIN: a marked node stands in the way; -ENOBUFS: the buffer is too small.
 */
static int walk(struct path_tree *t, uint32_t idx, const char *name, struct path_buf *b,
		const char **path, bool see_marks)
{
	const struct node *const at = t->nodes.at;
	const char *const names = t->nodes.names;
	const uint32_t stop = see_marks ? NODE_MARKED : 0;
	const struct node *n = NULL;
	char *low, *end, *p;

	if (core_unlikely(!b->mem))
		return -ENOBUFS;
	low = first_byte(b);
	p = end = low + b->size - 1;
	*end = 0;
	if (name) {
		size_t len = strlen(name);

		if (len + 1 > (size_t)(p - low))
			return -ENOBUFS;
		p -= len;
		memcpy(p, name, len);
		*--p = '/';
	}
	/* A name without a parent is seen one step late: it is in the buffer, and goes nowhere. */
	while (core_likely(idx > NODE_ROOT)) {
		uint32_t flags, ref;

		n = &at[idx];
		flags = atomic_load_explicit(&n->flags, memory_order_seq_cst);
		ref = atomic_load_explicit(&n->name, memory_order_acquire);
		if (core_unlikely(flags & stop))
			return -EAGAIN;
		idx = atomic_load_explicit(&n->parent, memory_order_relaxed);
		if (core_unlikely(!ref)) {
			idx = 0;
			break;
		}
		p = node_put_name(names, ref, p);
		if (core_unlikely(p < low))
			return -ENOBUFS;
	}
	if (core_unlikely(!idx))
		/* Another name takes the place when the writer at work on it ends. */
		return n && n->alias && see_marks ? -EAGAIN : -ENOENT;
	if (core_unlikely(p == end))
		*--p = '/';
	*path = p;
	return 0;
}

static int walk_growing(struct path_tree *t, uint32_t idx, const char *name, struct path_buf *b,
			const char **path, bool see_marks)
{
	int res;

	while ((res = walk(t, idx, name, b, path, see_marks)) == -ENOBUFS) {
		res = grow(b);
		if (res)
			return res;
	}
	return res;
}

/* ---- the path of the last directory ---------------------------------------------------------- */

/* The node is still the directory whose path is kept, and no directory's path has changed since. */
static bool kept(struct path_tree *t, uint32_t idx, const struct path_buf *b)
{
	return idx == b->dir_idx &&
	       atomic_load_explicit(&t->nodes.at[idx].gen, memory_order_relaxed) == b->dir_gen &&
	       atomic_load_explicit(&t->epoch, memory_order_seq_cst) == b->dir_epoch;
}

/*
 * What walk() does, in a constant number of steps; the caller has announced idx. False: not
 * possible, walk. A node's own mark is looked at; one further up has moved the epoch.
 */
static bool from_kept(struct path_tree *t, uint32_t idx, const char *name, struct path_buf *b,
		      const char **path)
{
	struct nodes *nodes = &t->nodes;
	char *at;

	if (name) {
		size_t len;

		if (!kept(t, idx, b))
			return false;
		len = strlen(name);
		if (core_unlikely(len > NODE_NAME_MAX))
			return false;
		at = first_byte(b);
		at[b->dir_len] = '/';
		memcpy(at + b->dir_len + 1, name, len + 1);
	} else {
		const struct node *n = &nodes->at[idx];
		uint32_t flags = atomic_load_explicit(&n->flags, memory_order_seq_cst);
		uint32_t ref = atomic_load_explicit(&n->name, memory_order_acquire);
		char *end;

		if (core_unlikely((flags & NODE_MARKED) || !ref) ||
		    !kept(t, atomic_load_explicit(&n->parent, memory_order_relaxed), b))
			return false;
		at = first_byte(b);
		end = at + b->dir_len + 1 + node_name_len(nodes, ref);
		node_put_name(nodes->names, ref, end);
		*end = 0;
	}
	*path = at;
	if (b->dir_len)
		memcpy(at, b->dir, b->dir_len);
	return true;
}

/*
 * Keeps the directory part of a path that was just walked, `epoch` being from before the walk.
 * Whoever marks a node that says NODE_DIRPATH moves the epoch: either our flag comes first, or we
 * see the mark and keep nothing.
 */
static void keep(struct path_tree *t, uint32_t idx, const char *name, struct path_buf *b,
		 const char *path, uint64_t epoch)
{
	uint32_t dir = idx;
	size_t last, len;
	struct node *n;

	b->dir_idx = 0;
	if (name) {
		last = strlen(name);
	} else {
		if (idx == NODE_ROOT)
			return;
		n = &t->nodes.at[idx];
		dir = atomic_load_explicit(&n->parent, memory_order_relaxed);
		last = node_name_len(&t->nodes,
				     atomic_load_explicit(&n->name, memory_order_relaxed));
	}
	n = &t->nodes.at[dir];
	len = (size_t)(first_byte(b) + b->size - 1 - path) - last - 1;
	if (core_unlikely(b->size < len + NODE_NAME_MAX + 2))
		return;
	if (!(atomic_load_explicit(&n->flags, memory_order_relaxed) & NODE_DIRPATH) &&
	    (atomic_fetch_or_explicit(&n->flags, NODE_DIRPATH, memory_order_seq_cst) & NODE_MARKED))
		return;
	if (core_unlikely(b->dir_size < len)) {
		char *mem = malloc(b->size);

		if (!mem)
			return;
		free(b->dir);
		b->dir = mem;
		b->dir_size = b->size;
	}
	if (len)
		memcpy(b->dir, path, len);
	b->dir_len = len;
	b->dir_gen = atomic_load_explicit(&n->gen, memory_order_relaxed);
	b->dir_epoch = epoch;
	b->dir_idx = dir;
}

int path_buf_reserve(struct path_buf *b)
{
	return b->mem ? 0 : grow(b);
}

void path_buf_free(struct path_buf *b)
{
	free(b->mem);
	free(b->dir);
	memset(b, 0, sizeof(*b));
}

int path_build(struct path_tree *t, uint32_t idx, const char *name, struct path_buf *buf,
	       const char **path)
{
	return walk_growing(t, idx, name, buf, path, false);
}

/* ---- readers ------------------------------------------------------------------------------- */

static void announce(struct path_slot *s, int entry, uint32_t idx)
{
	atomic_store_explicit(&s->leaf[entry], idx, memory_order_seq_cst);
}

void path_signal(struct path_tree *t)
{
	pthread_mutex_lock(&t->lock);
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

/*
 * Is idx, or anything above it, marked, or without a name while a writer is at work on another
 * name of it? Under the tree lock, so the way up stands still.
 */
static bool blocked(struct path_tree *t, uint32_t idx)
{
	unsigned steps = 0;

	while (idx > NODE_ROOT && steps++ < PATH_LIMIT) {
		const struct node *n = &t->nodes.at[idx];

		if (atomic_load(&n->flags) & NODE_MARKED)
			return true;
		idx = atomic_load(&n->parent);
		if (!idx && n->alias)
			return true;
	}
	return false;
}

/* Nothing of ours is announced; waits until neither node is behind a mark. */
static void wait_unmarked(struct path_tree *t, uint32_t a, uint32_t b)
{
	pthread_mutex_lock(&t->lock);
	t->waiting++;
	while (blocked(t, a) || blocked(t, b))
		pthread_cond_wait(&t->changed, &t->lock);
	t->waiting--;
	pthread_mutex_unlock(&t->lock);
}

/* idx is announced. */
__attribute__((noinline)) static int get_by_walk(struct path_tree *t, struct path_slot *s, int entry,
						 uint32_t idx, const char *name,
						 struct path_buf *buf, const char **path)
{
	uint64_t epoch;
	int res;

	for (;; announce(s, entry, idx)) {
		epoch = atomic_load_explicit(&t->epoch, memory_order_seq_cst);
		res = walk_growing(t, idx, name, buf, path, true);
		if (core_likely(!res)) {
			keep(t, idx, name, buf, *path, epoch);
			return 0;
		}
		path_put(t, s);
		if (res != -EAGAIN)
			return res;
		wait_unmarked(t, idx, 0);
	}
}

int path_get(struct path_tree *t, struct path_slot *s, int entry, uint32_t idx, const char *name,
	     struct path_buf *buf, const char **path)
{
	announce(s, entry, idx);
	if (core_likely(from_kept(t, idx, name, buf, path)))
		return 0;
	return get_by_walk(t, s, entry, idx, name, buf, path);
}

int path_get2(struct path_tree *t, struct path_slot *s, struct path_want *a, struct path_want *b)
{
	int res;

	for (;;) {
		announce(s, 0, a->idx);
		announce(s, 1, b->idx);
		res = walk_growing(t, a->idx, a->name, a->buf, &a->path, true);
		if (!res)
			res = walk_growing(t, b->idx, b->name, b->buf, &b->path, true);
		if (core_likely(!res))
			return 0;
		path_put(t, s);
		if (res != -EAGAIN)
			return res;
		wait_unmarked(t, a->idx, b->idx);
	}
}

/* ---- writers -------------------------------------------------------------------------------- */

/* Marks; if the node's name is part of a directory's path that somebody may have kept, says so. */
static void mark(struct path_tree *t, uint32_t rec)
{
	struct node *n = &t->nodes.at[rec];

	if (!rec)
		return;
	if ((atomic_fetch_or_explicit(&n->flags, NODE_MARKED, memory_order_seq_cst) &
	     NODE_DIRPATH) ||
	    atomic_load_explicit(&n->children, memory_order_seq_cst))
		atomic_fetch_add_explicit(&t->epoch, 1, memory_order_seq_cst);
}

static void unmark(struct path_tree *t, uint32_t rec)
{
	if (rec)
		atomic_fetch_and_explicit(&t->nodes.at[rec].flags, ~(uint32_t)NODE_MARKED,
					  memory_order_seq_cst);
}

static bool marked(struct path_tree *t, uint32_t rec)
{
	return rec && (atomic_load(&t->nodes.at[rec].flags) & NODE_MARKED);
}

static bool below(struct path_tree *t, uint32_t leaf, const uint32_t rec[2])
{
	unsigned steps = 0;

	while (leaf > NODE_ROOT && steps++ < PATH_LIMIT) {
		if (leaf == rec[0] || leaf == rec[1])
			return true;
		leaf = atomic_load(&t->nodes.at[leaf].parent);
	}
	return false;
}

/* Does any other slot use what is marked? Under the tree lock. */
static bool in_use(struct path_tree *t, struct path_slot *self, const uint32_t rec[2])
{
	for (struct path_slot *s = t->slots; s; s = s->next) {
		if (s == self)
			continue;
		for (int i = 0; i < 2; i++) {
			uint32_t leaf = atomic_load_explicit(&s->leaf[i], memory_order_seq_cst);

			if (leaf && below(t, leaf, rec))
				return true;
		}
	}
	return false;
}

int path_write_begin(struct path_tree *t, struct path_slot *s, struct path_want *a,
		     struct path_want *b, uint32_t rec[2])
{
	int res = 0;

	pthread_mutex_lock(&t->lock);
	t->waiting++;
	for (;;) {
		rec[0] = node_find(&t->nodes, a->idx, a->name);
		rec[1] = b ? node_find(&t->nodes, b->idx, b->name) : 0;
		if (rec[1] == rec[0])
			rec[1] = 0;
		if (!blocked(t, a->idx) && !(b && blocked(t, b->idx)) && !marked(t, rec[0]) &&
		    !marked(t, rec[1]))
			break;
		pthread_cond_wait(&t->changed, &t->lock);
	}
	announce(s, 0, a->idx);
	if (b)
		announce(s, 1, b->idx);
	mark(t, rec[0]);
	mark(t, rec[1]);
	atomic_fetch_add_explicit(&t->writers_waiting, 1, memory_order_seq_cst);
	while (in_use(t, s, rec))
		pthread_cond_wait(&t->changed, &t->lock);
	atomic_fetch_sub(&t->writers_waiting, 1);
	t->waiting--;
	pthread_mutex_unlock(&t->lock);

	res = path_build(t, a->idx, a->name, a->buf, &a->path);
	if (!res && b)
		res = path_build(t, b->idx, b->name, b->buf, &b->path);
	if (res) {
		path_write_end(t, s, rec);
		return res;
	}
	return 0;
}

static bool is_alias(struct path_tree *t, uint32_t rec)
{
	return rec && t->nodes.at[rec].target;
}

void path_commit_unlink(struct path_tree *t, uint32_t rec[2])
{
	bool alias;

	if (!rec[0])
		return;
	pthread_mutex_lock(&t->lock);
	alias = is_alias(t, rec[0]);
	node_unname(&t->nodes, rec[0]);
	if (alias)
		rec[0] = 0; /* the record went with its name */
	pthread_mutex_unlock(&t->lock);
}

int path_commit_rename(struct path_tree *t, const struct path_want *a, const struct path_want *b,
		       uint32_t rec[2], bool exchange)
{
	bool alias = is_alias(t, rec[1]);
	int res = 0;

	pthread_mutex_lock(&t->lock);
	if (exchange) {
		if (rec[0] && rec[1])
			node_exchange(&t->nodes, rec[0], rec[1]);
		else if (rec[0])
			res = node_rename(&t->nodes, rec[0], b->idx, b->name);
		else if (rec[1])
			res = node_rename(&t->nodes, rec[1], a->idx, a->name);
	} else {
		if (rec[0])
			res = node_rename(&t->nodes, rec[0], b->idx, b->name);
		else if (rec[1] && node_find(&t->nodes, b->idx, b->name) == rec[1])
			node_unname(&t->nodes, rec[1]); /* unless it was hidden */
		if (alias)
			rec[1] = 0;
	}
	pthread_mutex_unlock(&t->lock);
	return res;
}

void path_write_end(struct path_tree *t, struct path_slot *s, uint32_t rec[2])
{
	pthread_mutex_lock(&t->lock);
	for (int i = 0; i < 2; i++) {
		if (!rec[i])
			continue;
		unmark(t, rec[i]);
		if (t->nodes.at[rec[i]].target)
			node_adopt(&t->nodes, rec[i]);
		else
			node_drop(&t->nodes, rec[i]); /* if its last use ended meanwhile */
	}
	atomic_store(&s->leaf[1], 0);
	atomic_store(&s->leaf[0], 0);
	if (t->waiting)
		pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

void path_slot_add(struct path_tree *t, struct path_slot *s)
{
	pthread_mutex_lock(&t->lock);
	s->prev = NULL;
	s->next = t->slots;
	if (s->next)
		s->next->prev = s;
	t->slots = s;
	pthread_mutex_unlock(&t->lock);
}

void path_slot_remove(struct path_tree *t, struct path_slot *s)
{
	pthread_mutex_lock(&t->lock);
	if (s->prev)
		s->prev->next = s->next;
	else
		t->slots = s->next;
	if (s->next)
		s->next->prev = s->prev;
	pthread_mutex_unlock(&t->lock);
}

int path_tree_init(struct path_tree *t)
{
	int res = nodes_init(&t->nodes);

	if (res)
		return res;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	return 0;
}

void path_tree_fini(struct path_tree *t)
{
	nodes_fini(&t->nodes);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->changed);
}
