/*
 * A path handed out stays true until it is given back, while other threads rename, exchange, link
 * and remove as a kernel lets them.
 */
#include "test_path.h"

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

UNIT_SUITE(path, UNIT_TEST(a_path_is_true_until_it_is_put));
