/*
 * Paths: what is built, and that a path handed out stays true until it is given back while
 * other threads rename, exchange, link and remove as a kernel lets them.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/fs/path.h"
#include "unit.h"

static struct path_tree tree;

static void begin(void)
{
	UNIT_ASSERT_INT(path_tree_init(&tree), 0);
}

static void end(void)
{
	UNIT_ASSERT_INT((long long)tree.nodes.count, 1);
	CU_ASSERT_PTR_NULL(tree.slots);
	path_tree_fini(&tree);
}

static uint32_t lookup(uint32_t parent, const char *name)
{
	int err = 0;
	uint32_t idx = node_lookup(&tree.nodes, parent, name, &err);

	UNIT_ASSERT_INT(err, 0);
	return idx;
}

static void forget(uint32_t idx, uint64_t n)
{
	if (node_unref(&tree.nodes, idx, n))
		node_drop(&tree.nodes, idx);
}

/* ---- building -------------------------------------------------------------------------------- */

static void check_depth(unsigned depth)
{
	uint32_t *idx = calloc(depth + 1, sizeof(*idx));
	char *want = malloc(depth * 8 + 32), name[16];
	struct path_buf buf = {0};
	struct path_slot slot = {0};
	const char *path;
	size_t len = 0;

	path_slot_add(&tree, &slot);
	idx[0] = NODE_ROOT;
	for (unsigned i = 1; i <= depth; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		idx[i] = lookup(idx[i - 1], name);
		len += (size_t)sprintf(want + len, "/d%u", i);
	}
	strcpy(want + len, depth ? "" : "/");
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, idx[depth], NULL, &buf, &path), 0);
	UNIT_ASSERT_INT(slot.leaf[0], idx[depth]);
	CU_ASSERT_STRING_EQUAL(path, want);
	path_put(&tree, &slot);
	UNIT_ASSERT_INT(slot.leaf[0], 0);
	strcpy(want + len, "/the name");
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, idx[depth], "the name", &buf, &path), 0);
	CU_ASSERT_STRING_EQUAL(path, want);
	path_put(&tree, &slot);
	for (unsigned i = 1; i <= depth; i++)
		forget(idx[i], 1);
	path_slot_remove(&tree, &slot);
	path_buf_free(&buf);
	free(idx);
	free(want);
}

static void paths_of_every_depth(void)
{
	begin();
	check_depth(0);
	check_depth(1);
	check_depth(2);
	check_depth(30);
	check_depth(2000);
	end();
}

/* Names so long that the buffer must grow at several places, up to the limit. */
static void buffers_grow_up_to_the_limit(void)
{
	enum { DEPTH = PATH_LIMIT / NODE_NAME_MAX + 2 };
	char name[NODE_NAME_MAX + 1];
	struct path_buf buf = {0};
	struct path_slot slot = {0};
	uint32_t idx[DEPTH + 1];
	const char *path;
	int fits = 0;

	begin();
	path_slot_add(&tree, &slot);
	idx[0] = NODE_ROOT;
	for (int i = 1; i <= DEPTH; i++) {
		size_t want = (size_t)i * (NODE_NAME_MAX + 1);
		int res;

		memset(name, 'a' + i % 26, NODE_NAME_MAX);
		name[NODE_NAME_MAX] = 0;
		idx[i] = lookup(idx[i - 1], name);
		res = path_get(&tree, &slot, 0, idx[i], NULL, &buf, &path);
		if (!res) {
			fits = i;
			UNIT_ASSERT_INT((long long)strlen(path), (long long)want);
			UNIT_ASSERT_INT(path[want - 1], name[0]);
			path_put(&tree, &slot);
		} else {
			UNIT_ASSERT_INT(res, -ENAMETOOLONG);
			UNIT_ASSERT_INT(slot.leaf[0], 0); /* nothing stays announced */
		}
		CU_ASSERT(buf.size <= PATH_LIMIT);
	}
	CU_ASSERT(fits >= DEPTH - 4 && fits < DEPTH);
	for (int i = 1; i <= DEPTH; i++)
		forget(idx[i], 1);
	path_slot_remove(&tree, &slot);
	path_buf_free(&buf);
	end();
}

static void no_memory_for_a_path(void)
{
	struct path_buf buf = {0};
	struct path_slot slot = {0};
	const char *path;

	begin();
	path_slot_add(&tree, &slot);
	unit_fail_alloc(1);
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, NODE_ROOT, "a", &buf, &path), -ENOMEM);
	unit_fail_alloc(0);
	UNIT_ASSERT_INT(slot.leaf[0], 0);
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, NODE_ROOT, "a", &buf, &path), 0);
	UNIT_ASSERT_STR(path, "/a");
	path_put(&tree, &slot);
	path_slot_remove(&tree, &slot);
	path_buf_free(&buf);
	end();
}

static void removed_nodes_have_no_path(void)
{
	struct path_buf buf[2] = {{0}, {0}};
	struct path_slot slot = {0};
	uint32_t d, f, rec[2];
	const char *path;

	begin();
	path_slot_add(&tree, &slot);
	d = lookup(NODE_ROOT, "d");
	f = lookup(d, "f");
	struct path_want want = {NODE_ROOT, "d", &buf[0], NULL};
	struct path_want both[2] = {{NODE_ROOT, NULL, &buf[0], NULL}, {f, NULL, &buf[1], NULL}};

	UNIT_ASSERT_INT(path_get2(&tree, &slot, &both[0], &both[1]), 0);
	UNIT_ASSERT_STR(both[0].path, "/");
	UNIT_ASSERT_STR(both[1].path, "/d/f");
	path_put(&tree, &slot);

	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &want, NULL, rec), 0);
	UNIT_ASSERT_STR(want.path, "/d");
	UNIT_ASSERT_INT(rec[0], d);
	path_commit_unlink(&tree, rec);
	path_write_end(&tree, &slot, rec);
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, d, NULL, &buf[0], &path), -ENOENT);
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, f, NULL, &buf[0], &path), -ENOENT);
	UNIT_ASSERT_INT(path_get2(&tree, &slot, &both[0], &both[1]), -ENOENT);
	UNIT_ASSERT_INT(slot.leaf[0], 0);
	UNIT_ASSERT_INT(slot.leaf[1], 0);
	/* A writer below something removed. */
	want.idx = d;
	want.name = "f";
	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &want, NULL, rec), -ENOENT);
	CU_ASSERT_FALSE(tree.nodes.at[f].flags & NODE_MARKED);
	forget(f, 1);
	forget(d, 1);
	path_slot_remove(&tree, &slot);
	path_buf_free(&buf[0]);
	path_buf_free(&buf[1]);
	end();
}

/* Only the moved file is known, or only the one in its place. */
static void renames_of_what_is_not_known(void)
{
	struct path_buf buf[2] = {{0}, {0}};
	struct path_slot slot = {0};
	uint32_t a, b, rec[2];

	begin();
	path_slot_add(&tree, &slot);
	struct path_want from = {NODE_ROOT, "a", &buf[0], NULL};
	struct path_want to = {NODE_ROOT, "b", &buf[1], NULL};

	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &from, &to, rec), 0);
	UNIT_ASSERT_INT(rec[0] | rec[1], 0);
	UNIT_ASSERT_INT(path_commit_rename(&tree, &from, &to, rec, false), 0);
	path_write_end(&tree, &slot, rec);

	b = lookup(NODE_ROOT, "b");
	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &from, &to, rec), 0);
	UNIT_ASSERT_INT(path_commit_rename(&tree, &from, &to, rec, false), 0);
	path_write_end(&tree, &slot, rec);
	UNIT_ASSERT_INT(node_find(&tree.nodes, NODE_ROOT, "b"), 0);
	forget(b, 1);

	/* Exchanged with something unknown: it takes the other name. */
	a = lookup(NODE_ROOT, "a");
	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &from, &to, rec), 0);
	UNIT_ASSERT_INT(path_commit_rename(&tree, &from, &to, rec, true), 0);
	path_write_end(&tree, &slot, rec);
	UNIT_ASSERT_INT(node_find(&tree.nodes, NODE_ROOT, "b"), a);
	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &from, &to, rec), 0);
	UNIT_ASSERT_INT(path_commit_rename(&tree, &from, &to, rec, true), 0);
	path_write_end(&tree, &slot, rec);
	UNIT_ASSERT_INT(node_find(&tree.nodes, NODE_ROOT, "a"), a);

	/* What was in the place got another (a hidden) name meanwhile: that one stays. */
	b = lookup(NODE_ROOT, "b");
	forget(a, 1);
	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &from, &to, rec), 0);
	pthread_mutex_lock(&tree.lock);
	UNIT_ASSERT_INT(node_rename(&tree.nodes, b, NODE_ROOT, "hidden"), 0);
	pthread_mutex_unlock(&tree.lock);
	UNIT_ASSERT_INT(path_commit_rename(&tree, &from, &to, rec, false), 0);
	path_write_end(&tree, &slot, rec);
	UNIT_ASSERT_INT(node_find(&tree.nodes, NODE_ROOT, "hidden"), b);
	forget(b, 1);
	path_slot_remove(&tree, &slot);
	path_buf_free(&buf[0]);
	path_buf_free(&buf[1]);
	end();
}

static void rename_names(struct path_slot *slot, uint32_t dir, const char *old, const char *new,
			 bool exchange)
{
	struct path_buf buf[2] = {{0}, {0}};
	struct path_want from = {dir, old, &buf[0], NULL}, to = {dir, new, &buf[1], NULL};
	uint32_t rec[2];

	UNIT_ASSERT_INT(path_write_begin(&tree, slot, &from, &to, rec), 0);
	UNIT_ASSERT_INT(path_commit_rename(&tree, &from, &to, rec, exchange), 0);
	path_write_end(&tree, slot, rec);
	path_buf_free(&buf[0]);
	path_buf_free(&buf[1]);
}

#define ASSERT_PATH(idx, name, want)                                                               \
	do {                                                                                       \
		UNIT_ASSERT_INT(path_get(&tree, &slot, 0, idx, name, &buf, &path), 0);             \
		UNIT_ASSERT_STR(path, want);                                                       \
		path_put(&tree, &slot);                                                            \
	} while (0)

/* The directory's path that a worker keeps must never outlive what it says. */
static void the_kept_directory_follows_every_change(void)
{
	struct path_buf buf = {0};
	struct path_slot slot = {0};
	uint32_t a, b, c, other, rec[2];
	const char *path;

	begin();
	path_slot_add(&tree, &slot);
	a = lookup(NODE_ROOT, "a");
	b = lookup(a, "b");
	c = lookup(b, "a name longer than one word");
	ASSERT_PATH(c, NULL, "/a/b/a name longer than one word");
	ASSERT_PATH(c, NULL, "/a/b/a name longer than one word");
	ASSERT_PATH(b, "x", "/a/b/x");
	ASSERT_PATH(b, "", "/a/b/");
	ASSERT_PATH(b, "odd/name", "/a/b/odd/name");
	ASSERT_PATH(b, "y", "/a/b/y");
	/* Programs cast the const away. */
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, b, "z", &buf, &path), 0);
	memset((char *)path, '!', 4);
	path_put(&tree, &slot);
	ASSERT_PATH(b, "z", "/a/b/z");
	/* The file itself, the directory, one above it, by rename and by exchange. */
	rename_names(&slot, b, "a name longer than one word", "c", false);
	ASSERT_PATH(c, NULL, "/a/b/c");
	rename_names(&slot, a, "b", "bb", false);
	ASSERT_PATH(c, NULL, "/a/bb/c");
	ASSERT_PATH(b, "n", "/a/bb/n");
	rename_names(&slot, NODE_ROOT, "a", "aa", false);
	ASSERT_PATH(b, "n", "/aa/bb/n");
	other = lookup(NODE_ROOT, "other");
	rename_names(&slot, NODE_ROOT, "aa", "other", true);
	ASSERT_PATH(c, NULL, "/other/bb/c");
	/* A directory whose entries were all forgotten since its path was kept. */
	forget(c, 1);
	rename_names(&slot, a, "bb", "b", false);
	ASSERT_PATH(b, "n", "/other/b/n");
	/* Its number in another's hands. */
	forget(b, 1);
	c = lookup(NODE_ROOT, "dir");
	for (int i = 0; i < 200 && c != b; i++) {
		forget(c, 1);
		c = lookup(NODE_ROOT, "dir");
	}
	ASSERT_PATH(c, "n", "/dir/n");
	/* Removed. */
	struct path_want want = {NODE_ROOT, "dir", &buf, NULL};

	UNIT_ASSERT_INT(path_write_begin(&tree, &slot, &want, NULL, rec), 0);
	path_commit_unlink(&tree, rec);
	path_write_end(&tree, &slot, rec);
	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, c, "n", &buf, &path), -ENOENT);
	forget(c, 1);
	forget(a, 1);
	forget(other, 1);
	path_buf_free(&buf);
	path_slot_remove(&tree, &slot);
	end();
}

/* ---- who waits for whom ------------------------------------------------------------------------
 */

struct actor {
	pthread_t thread;
	struct path_slot slot;
	struct path_buf buf[2];
	uint32_t idx, idx2;
	const char *name, *name2;
	_Atomic int done;
};

static void nap_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static bool done_soon(struct actor *a)
{
	for (int i = 0; i < 2000 && !a->done; i++)
		nap_ms(1);
	return a->done;
}

static void *unlink_main(void *arg)
{
	struct actor *a = arg;
	struct path_want want = {a->idx, a->name, &a->buf[0], NULL};
	uint32_t rec[2];

	path_write_begin(&tree, &a->slot, &want, NULL, rec);
	path_commit_unlink(&tree, rec);
	path_write_end(&tree, &a->slot, rec);
	a->done = 1;
	return NULL;
}

static void *get_main(void *arg)
{
	struct actor *a = arg;
	const char *path;
	int res = path_get(&tree, &a->slot, 0, a->idx, a->name, &a->buf[0], &path);

	if (!res)
		path_put(&tree, &a->slot);
	a->done = res ? res : 1;
	return NULL;
}

static void actor_start(struct actor *a, void *(*run)(void *))
{
	path_slot_add(&tree, &a->slot);
	pthread_create(&a->thread, NULL, run, a);
}

static void actor_end(struct actor *a)
{
	pthread_join(a->thread, NULL);
	path_slot_remove(&tree, &a->slot);
	path_buf_free(&a->buf[0]);
	path_buf_free(&a->buf[1]);
}

static void writers_wait_for_readers_below_only(void)
{
	struct path_slot slot = {0};
	struct path_buf buf = {0};
	uint32_t d, f, g;
	const char *path;

	begin();
	path_slot_add(&tree, &slot);
	d = lookup(NODE_ROOT, "d");
	f = lookup(d, "f");
	g = lookup(NODE_ROOT, "g");
	struct actor w = {.idx = NODE_ROOT, .name = "d"}, r = {.idx = f}, other = {.idx = g},
		     w2 = {.idx = NODE_ROOT, .name = "g"};

	UNIT_ASSERT_INT(path_get(&tree, &slot, 0, f, NULL, &buf, &path), 0);
	actor_start(&w, unlink_main);
	nap_ms(20);
	UNIT_ASSERT_INT(w.done, 0);
	/* A new reader below the mark waits; elsewhere life goes on. */
	actor_start(&r, get_main);
	actor_start(&other, get_main);
	CU_ASSERT_TRUE(done_soon(&other));
	actor_start(&w2, unlink_main);
	CU_ASSERT_TRUE(done_soon(&w2));
	nap_ms(20);
	UNIT_ASSERT_INT(r.done, 0);
	UNIT_ASSERT_INT(w.done, 0);
	UNIT_ASSERT_STR(path, "/d/f");
	path_put(&tree, &slot);
	CU_ASSERT_TRUE(done_soon(&w));
	CU_ASSERT_TRUE(done_soon(&r));
	UNIT_ASSERT_INT(r.done, -ENOENT);
	actor_end(&w);
	actor_end(&r);
	actor_end(&other);
	actor_end(&w2);
	path_slot_remove(&tree, &slot);
	path_buf_free(&buf);
	forget(f, 1);
	forget(d, 1);
	forget(g, 1);
	end();
}

/* ---- true until given back
 * ------------------------------------------------------------------------ */

/*
 * The file system as the program knows it: entries (parent, name) -> inode. Name changes happen
 * under the locks a kernel takes: each directory's, and one more for moves between directories.
 */
enum { DIRS = 12, FILES = 12, INODES = 1 + DIRS + FILES, ENTRIES = 48, GRAVES = 200000 };

struct inode {
	uint32_t idx; /* 0: does not exist now */
	int names;
	pthread_mutex_t lock;
};
struct entry {
	int parent, inode; /* inode 0: free */
	char name[4];
};
static struct inode inodes[INODES]; /* 0: the root */
static struct entry entries[ENTRIES];
static pthread_mutex_t model_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t move_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t graves[GRAVES];
static _Atomic unsigned ngraves;
static _Atomic int lies, no_path, reads, writes;

static bool is_dir(int inode)
{
	return inode <= DIRS;
}

static int m_find(int parent, const char *name, size_t len)
{
	for (int i = 0; i < ENTRIES; i++)
		if (entries[i].inode && entries[i].parent == parent &&
		    strlen(entries[i].name) == len && !memcmp(entries[i].name, name, len))
			return i;
	return -1;
}

static int m_resolve(const char *path)
{
	int at = 0;

	while (*path == '/' && path[1]) {
		size_t len = strcspn(++path, "/");
		int e = m_find(at, path, len);

		if (e < 0)
			return -1;
		at = entries[e].inode;
		path += len;
	}
	return at;
}

static bool true_path(const char *path, int inode)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&model_lock);
	return m_resolve(path) == inode;
}

static bool m_empty(int dir)
{
	for (int i = 0; i < ENTRIES; i++)
		if (entries[i].inode && entries[i].parent == dir)
			return false;
	return true;
}

static bool m_below(int dir, int top)
{
	while (dir) {
		int next = 0;

		if (dir == top)
			return true;
		for (int i = 0; i < ENTRIES; i++)
			if (entries[i].inode == dir)
				next = entries[i].parent;
		dir = next;
	}
	return top == 0;
}

struct thread {
	pthread_t thread;
	struct path_slot slot;
	struct path_buf buf[2];
	unsigned seed;
	int loops;
};

static unsigned dice(struct thread *t, unsigned n)
{
	t->seed = t->seed * 1103515245 + 12345;
	return (t->seed >> 16) % n;
}

static void bury(uint32_t idx)
{
	graves[ngraves++ % GRAVES] = idx;
}

static void m_remove(int e)
{
	int inode = entries[e].inode;

	entries[e].inode = 0;
	if (--inodes[inode].names == 0) {
		bury(inodes[inode].idx);
		inodes[inode].idx = 0;
	}
}

static void m_add(int parent, const char *name, int inode)
{
	for (int i = 0; i < ENTRIES; i++)
		if (!entries[i].inode) {
			entries[i].parent = parent;
			entries[i].inode = inode;
			strcpy(entries[i].name, name);
			inodes[inode].names++;
			return;
		}
	abort();
}

static int m_free_entries(void)
{
	int n = 0;

	for (int i = 0; i < ENTRIES; i++)
		n += !entries[i].inode;
	return n;
}

/* The inode's number now; 0: none. */
static uint32_t m_idx(int inode)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&model_lock);
	return inodes[inode].idx;
}

static void check(const char *path, int inode)
{
	if (!true_path(path, inode))
		lies++;
	sched_yield();
	if (!true_path(path, inode))
		lies++;
}

static void read_one(struct thread *t)
{
	int inode = (int)dice(t, INODES);
	uint32_t idx = m_idx(inode);
	const char *path;
	int res;

	if (!idx)
		return;
	res = path_get(&tree, &t->slot, 0, idx, NULL, &t->buf[0], &path);
	if (res) {
		/* Only what is removed has none. */
		if (res != -ENOENT || m_idx(inode) == idx)
			no_path++;
		return;
	}
	check(path, inode);
	path_put(&tree, &t->slot);
	reads++;
}

static void read_two(struct thread *t)
{
	int a = (int)dice(t, INODES), b = (int)dice(t, INODES);
	struct path_want wa = {m_idx(a), NULL, &t->buf[0], NULL};
	struct path_want wb = {m_idx(b), NULL, &t->buf[1], NULL};

	if (!wa.idx || !wb.idx || path_get2(&tree, &t->slot, &wa, &wb))
		return;
	check(wa.path, a);
	check(wb.path, b);
	path_put(&tree, &t->slot);
	reads++;
}

static void lock_dirs(int a, int b)
{
	if (a != b)
		pthread_mutex_lock(&move_lock);
	pthread_mutex_lock(&inodes[a < b ? a : b].lock);
	if (a != b)
		pthread_mutex_lock(&inodes[a < b ? b : a].lock);
}

static void unlock_dirs(int a, int b)
{
	pthread_mutex_unlock(&inodes[a].lock);
	if (a != b) {
		pthread_mutex_unlock(&inodes[b].lock);
		pthread_mutex_unlock(&move_lock);
	}
}

/* mkdir, mknod, link: with the parent's path. */
static void make_one(struct thread *t, int dir, const char *name)
{
	struct path_want from = {0, NULL, &t->buf[1], NULL};
	struct path_want to = {m_idx(dir), name, &t->buf[0], NULL};
	int inode = 1 + (int)dice(t, INODES - 1), err, e, res;
	bool made = false;

	pthread_mutex_lock(&model_lock);
	e = m_find(dir, name, strlen(name));
	from.idx = inodes[inode].idx;
	pthread_mutex_unlock(&model_lock);
	if (e >= 0 || !to.idx || (from.idx && is_dir(inode)))
		return;
	res = from.idx ? path_get2(&tree, &t->slot, &from, &to)
		       : path_get(&tree, &t->slot, 0, to.idx, name, to.buf, &to.path);
	if (res)
		return;
	pthread_mutex_lock(&model_lock);
	if (inodes[inode].idx == from.idx && inodes[dir].idx == to.idx && m_free_entries()) {
		m_add(dir, name, inode);
		made = true;
		if (!from.idx)
			inodes[inode].idx = node_lookup(&tree.nodes, to.idx, name, &err);
	}
	pthread_mutex_unlock(&model_lock);
	if (made && from.idx) {
		pthread_mutex_lock(&tree.lock);
		node_link(&tree.nodes, from.idx, to.idx, name);
		node_unref(&tree.nodes, from.idx, 1);
		pthread_mutex_unlock(&tree.lock);
	}
	if (made)
		check(to.path, inode);
	path_put(&tree, &t->slot);
}

static void remove_one(struct thread *t, int dir, const char *name)
{
	struct path_want want = {m_idx(dir), name, &t->buf[0], NULL};
	bool gone = false;
	uint32_t rec[2];
	int e;

	if (!want.idx || path_write_begin(&tree, &t->slot, &want, NULL, rec))
		return;
	pthread_mutex_lock(&model_lock);
	e = m_find(dir, name, strlen(name));
	if (e >= 0 && (!is_dir(entries[e].inode) || m_empty(entries[e].inode))) {
		if (m_resolve(want.path) != entries[e].inode)
			lies++;
		m_remove(e);
		gone = true;
	}
	pthread_mutex_unlock(&model_lock);
	sched_yield();
	if (gone)
		path_commit_unlink(&tree, rec);
	path_write_end(&tree, &t->slot, rec);
	writes++;
}

/* The program's rename; false: refused. */
static bool m_rename(const struct path_want *a, const struct path_want *b, int from, int to,
		     bool exchange)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&model_lock);
	int e = m_find(from, a->name, strlen(a->name)), f = m_find(to, b->name, strlen(b->name));
	int x = e < 0 ? -1 : entries[e].inode, y = f < 0 ? -1 : entries[f].inode;

	if (x < 0 || x == y || (is_dir(x) && m_below(to, x)) || (exchange && y < 0))
		return false;
	if (y >= 0 && is_dir(y) && (exchange ? m_below(from, y) : !is_dir(x) || !m_empty(y)))
		return false;
	if (!exchange && y >= 0 && is_dir(x) && !is_dir(y))
		return false;
	if (m_resolve(a->path) != x || (y >= 0 && m_resolve(b->path) != y))
		lies++;
	if (exchange) {
		entries[e].inode = y;
		entries[f].inode = x;
		return true;
	}
	if (f >= 0)
		m_remove(f);
	entries[e].parent = to;
	strcpy(entries[e].name, b->name);
	return true;
}

static void rename_one(struct thread *t, int from, const char *name, int to, const char *newname)
{
	struct path_want a = {m_idx(from), name, &t->buf[0], NULL};
	struct path_want b = {m_idx(to), newname, &t->buf[1], NULL};
	bool exchange = dice(t, 4) == 0;
	uint32_t rec[2];
	int e, f;

	/* What the kernel refuses or does nothing for, it does not ask. */
	pthread_mutex_lock(&model_lock);
	e = m_find(from, name, strlen(name));
	f = m_find(to, newname, strlen(newname));
	if (e < 0 || (f >= 0 && entries[e].inode == entries[f].inode) ||
	    m_below(to, entries[e].inode) || (f >= 0 && m_below(from, entries[f].inode)))
		a.idx = 0;
	pthread_mutex_unlock(&model_lock);
	if (!a.idx || !b.idx || path_write_begin(&tree, &t->slot, &a, &b, rec))
		return;
	sched_yield();
	if (m_rename(&a, &b, from, to, exchange)) {
		sched_yield();
		path_commit_rename(&tree, &a, &b, rec, exchange);
	}
	path_write_end(&tree, &t->slot, rec);
	writes++;
}

static void *play(void *arg)
{
	static const char *const names[] = {"a", "bb", "ccc", "d", "e"};
	struct thread *t = arg;

	path_slot_add(&tree, &t->slot);
	for (int i = 0; i < t->loops; i++) {
		int from = (int)dice(t, 1 + DIRS), to = (int)dice(t, 1 + DIRS);
		const char *name = names[dice(t, 5)], *newname = names[dice(t, 5)];

		switch (dice(t, 8)) {
		case 0:
		case 1:
		case 2:
			read_one(t);
			continue;
		case 3:
			read_two(t);
			continue;
		case 4:
		case 5:
			lock_dirs(from, from);
			make_one(t, from, name);
			unlock_dirs(from, from);
			continue;
		case 6:
			lock_dirs(from, from);
			remove_one(t, from, name);
			unlock_dirs(from, from);
			continue;
		default:
			lock_dirs(from, to);
			rename_one(t, from, name, to, newname);
			unlock_dirs(from, to);
		}
	}
	path_slot_remove(&tree, &t->slot);
	path_buf_free(&t->buf[0]);
	path_buf_free(&t->buf[1]);
	return NULL;
}

static void a_path_is_true_until_it_is_put(void)
{
	enum { THREADS = 6, LOOPS = 8000 };
	static struct thread threads[THREADS];

	begin();
	memset(inodes, 0, sizeof(inodes));
	memset(entries, 0, sizeof(entries));
	memset(threads, 0, sizeof(threads));
	ngraves = 0;
	lies = no_path = reads = writes = 0;
	for (int i = 0; i < INODES; i++)
		pthread_mutex_init(&inodes[i].lock, NULL);
	inodes[0].idx = NODE_ROOT;
	inodes[0].names = 1;
	for (int i = 0; i < THREADS; i++) {
		threads[i].seed = 77u * (unsigned)(i + 1);
		threads[i].loops = LOOPS;
		pthread_create(&threads[i].thread, NULL, play, &threads[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i].thread, NULL);
	UNIT_ASSERT_INT(lies, 0);
	UNIT_ASSERT_INT(no_path, 0);
	CU_ASSERT(reads > THREADS * LOOPS / 50 && writes > THREADS * LOOPS / 50);
	CU_ASSERT_FATAL(ngraves < GRAVES);
	for (unsigned i = 0; i < ngraves; i++)
		forget(graves[i], 1);
	for (int i = 1; i < INODES; i++)
		if (inodes[i].idx)
			forget(inodes[i].idx, 1);
	for (int i = 0; i < INODES; i++)
		pthread_mutex_destroy(&inodes[i].lock);
	end();
}

UNIT_SUITE(path, UNIT_TEST(paths_of_every_depth), UNIT_TEST(buffers_grow_up_to_the_limit),
	   UNIT_TEST(no_memory_for_a_path), UNIT_TEST(removed_nodes_have_no_path),
	   UNIT_TEST(renames_of_what_is_not_known), UNIT_TEST(the_kept_directory_follows_every_change), UNIT_TEST(writers_wait_for_readers_below_only),
	   UNIT_TEST(a_path_is_true_until_it_is_put));
