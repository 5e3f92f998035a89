/*
 * Paths: what is built, and who waits for whom.
 */
#include "test_path.h"

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

UNIT_SUITE(path, UNIT_TEST(paths_of_every_depth), UNIT_TEST(buffers_grow_up_to_the_limit),
	   UNIT_TEST(no_memory_for_a_path), UNIT_TEST(removed_nodes_have_no_path),
	   UNIT_TEST(renames_of_what_is_not_known),
	   UNIT_TEST(the_kept_directory_follows_every_change),
	   UNIT_TEST(writers_wait_for_readers_below_only));
