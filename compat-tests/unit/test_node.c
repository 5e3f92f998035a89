/*
 * The node table: what a name means, counts, generations, several names of one node, and the same
 * from several threads.
 */
#include "test_node.h"

/* ---- what it is made of --------------------------------------------------------------------- */

/* Names as programs number them do not clump, neither in the shards nor in a part of one. */
static void names_in_a_row_are_spread(void)
{
	enum { NAMES = 6400, MEAN = NAMES / NODE_SHARDS };

	for (int round = 0; round < 20; round++) {
		unsigned by_shard[NODE_SHARDS] = {0}, by_place[NODE_SHARDS] = {0};

		begin();
		for (int i = 0; i < NAMES; i++) {
			char name[32];
			uint32_t hash;
			size_t len =
				(size_t)snprintf(name, sizeof(name),
						 round % 2 ? "entry-%07d" : "%d-of-many-names", i);

			hash = name_hash(&table.seed, NODE_ROOT, name, len);
			by_shard[hash >> 26]++;
			by_place[hash % NODE_SHARDS]++;
		}
		for (int i = 0; i < NODE_SHARDS; i++) {
			CU_ASSERT(by_shard[i] > MEAN / 2 && by_shard[i] < MEAN * 2);
			CU_ASSERT(by_place[i] > MEAN / 2 && by_place[i] < MEAN * 2);
		}
		end();
	}
}

static struct {
	struct core_lock lock;
	unsigned long count, also;
} guarded;

static void *count_up(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		core_lock_take(&guarded.lock);
		guarded.count++;
		if (i % 1000 == 0)
			usleep(10); /* time for others to fall asleep */
		guarded.also++;
		core_lock_give(&guarded.lock);
	}
	return arg;
}

static void one_at_a_time(void)
{
	pthread_t t[4];

	memset(&guarded, 0, sizeof(guarded));
	for (int i = 0; i < 4; i++)
		CU_ASSERT_FATAL(!pthread_create(&t[i], NULL, count_up, NULL));
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	UNIT_ASSERT_INT((long long)guarded.count, 80000);
	UNIT_ASSERT_INT((long long)guarded.also, 80000);
	CU_ASSERT_TRUE(core_lock_try(&guarded.lock));
	CU_ASSERT_FALSE(core_lock_try(&guarded.lock));
	core_lock_give(&guarded.lock);
	UNIT_ASSERT_INT(guarded.lock.state, 0);
}

/* ---- lookup and forget --------------------------------------------------------------------- */

static void a_name_is_one_node_until_it_is_forgotten(void)
{
	uint32_t dir, file;

	begin();
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "dir"), 0);
	dir = lookup(NODE_ROOT, "dir");
	file = lookup(dir, "file");
	CU_ASSERT(dir > NODE_ROOT && file > NODE_ROOT && dir != file);
	UNIT_ASSERT_INT(lookup(NODE_ROOT, "dir"), dir);
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "dir"), dir);
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "file"), 0);
	UNIT_ASSERT_STR(name_of(file), "file");
	UNIT_ASSERT_INT((long long)table.count, 3);

	/* A parent stays while it has children. */
	forget(dir, 2);
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "dir"), dir);
	forget(file, 1);
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "dir"), 0);
	end();
}

static void counts_are_kept(void)
{
	uint32_t a;

	begin();
	a = lookup(NODE_ROOT, "a");
	node_ref(&table, a);
	lookup(NODE_ROOT, "a");
	CU_ASSERT_FALSE(node_unref(&table, a, 2));
	node_drop(&table, a); /* still in use: nothing happens */
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "a"), a);
	table.at[a].open = 1;
	CU_ASSERT_TRUE(node_unref(&table, a, 1));
	node_drop(&table, a); /* a handle keeps it too */
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "a"), a);
	table.at[a].open = 0;
	CU_ASSERT_TRUE(node_unref(&table, a, 1000)); /* more than there are: no wrap */
	UNIT_ASSERT_INT((long long)table.at[a].nlookup, 0);
	node_drop(&table, a);
	/* The root never goes. */
	CU_ASSERT_FALSE(node_unref(&table, NODE_ROOT, 1000));
	node_drop(&table, NODE_ROOT);
	UNIT_ASSERT_INT(node_from_id(&table, NODE_ROOT), NODE_ROOT);
	end();
}

static void an_old_number_is_not_its_successor(void)
{
	uint64_t old, id;
	uint32_t a;

	begin();
	a = lookup(NODE_ROOT, "a");
	old = node_id(&table, a);
	UNIT_ASSERT_INT(node_from_id(&table, old), a);
	forget(a, 1);
	UNIT_ASSERT_INT(node_from_id(&table, old), 0);
	for (int i = 0; i < 100; i++) {
		a = lookup(NODE_ROOT, "a"); /* the same shard: the same place again */
		id = node_id(&table, a);
		CU_ASSERT_NOT_EQUAL(id, old);
		UNIT_ASSERT_INT(node_from_id(&table, old), 0);
		UNIT_ASSERT_INT(node_from_id(&table, id), a);
		old = id;
		forget(a, 1);
	}
	UNIT_ASSERT_INT(node_from_id(&table, 0), 0);
	UNIT_ASSERT_INT(node_from_id(&table, UINT32_MAX), 0);
	UNIT_ASSERT_INT(node_from_id(&table, 1ULL << 32 | NODE_ROOT), 0);
	end();
}

static void names_of_every_length(void)
{
	static const size_t lengths[] = {1, 2, 4, 5, 6, 7, 8, 13, 14, 255, 256, 1023, 1024};
	char name[NODE_NAME_MAX + 2], buf[NODE_NAME_MAX + 3 * NODE_PUT_SLACK];
	uint32_t idx[CORE_ARRAY_SIZE(lengths)];
	int err = 0;

	begin();
	for (size_t i = 0; i < CORE_ARRAY_SIZE(lengths); i++) {
		char *end, *p;

		memset(name, 'a' + (int)i, lengths[i]);
		name[lengths[i]] = 0;
		idx[i] = lookup(NODE_ROOT, name);
		UNIT_ASSERT_STR(name_of(idx[i]), name);
		/* As it comes into a path: at any alignment, with little written around it. */
		for (size_t shift = 0; shift < 8; shift++) {
			memset(buf, '!', sizeof(buf));
			end = buf + 1 + NODE_PUT_SLACK + lengths[i] + 1 + shift;
			p = node_put_name(table.names, table.at[idx[i]].name, end);
			CU_ASSERT_PTR_EQUAL_FATAL(p, end - lengths[i] - 1);
			CU_ASSERT(p[0] == '/' && !memcmp(p + 1, name, lengths[i]));
			CU_ASSERT(p[-NODE_PUT_SLACK - 1] == '!' && *end == '!');
		}
	}
	for (size_t i = 0; i < CORE_ARRAY_SIZE(lengths); i++) {
		memset(name, 'a' + (int)i, lengths[i]);
		name[lengths[i]] = 0;
		UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, name), idx[i]);
	}
	memset(name, 'x', NODE_NAME_MAX + 1);
	name[NODE_NAME_MAX + 1] = 0;
	UNIT_ASSERT_INT(node_lookup(&table, NODE_ROOT, name, &err), 0);
	UNIT_ASSERT_INT(err, -ENAMETOOLONG);
	UNIT_ASSERT_INT(node_rename(&table, idx[0], NODE_ROOT, name), -ENAMETOOLONG);
	UNIT_ASSERT_INT(node_link(&table, idx[0], NODE_ROOT, name), -ENAMETOOLONG);
	UNIT_ASSERT_STR(name_of(idx[0]), "a");
	for (size_t i = 0; i < CORE_ARRAY_SIZE(lengths); i++)
		forget(idx[i], 1);
	end();
}

static void names_are_bytes(void)
{
	static const char *const names[] = {"\xff\xfe", "\x80", "a\nb", "\xc3\xa9", "e\xcc\x81",
					    "A",        "a",    "a ",   "\\",       "-"};
	uint32_t idx[CORE_ARRAY_SIZE(names)];

	begin();
	for (size_t i = 0; i < CORE_ARRAY_SIZE(names); i++) {
		idx[i] = lookup(NODE_ROOT, names[i]);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(idx[i], idx[j]);
	}
	for (size_t i = 0; i < CORE_ARRAY_SIZE(names); i++) {
		UNIT_ASSERT_STR(name_of(node_find(&table, NODE_ROOT, names[i])), names[i]);
		forget(idx[i], 1);
	}
	end();
}

static void two_hundred_thousand_come_and_go(void)
{
	enum { N = 200000 };
	uint32_t *idx = calloc(N, sizeof(*idx));
	size_t names_used = 0, nodes_used = 0;
	char name[32];

	begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(idx);
	for (int round = 0; round < 2; round++) {
		bool right = true;

		for (int i = 0; i < N; i++) {
			snprintf(name, sizeof(name), "file number %d", i);
			idx[i] = lookup(NODE_ROOT, name);
		}
		UNIT_ASSERT_INT((long long)table.count, N + 1);
		for (int i = 0; i < N; i++) {
			snprintf(name, sizeof(name), "file number %d", i);
			right = right && node_find(&table, NODE_ROOT, name) == idx[i];
		}
		CU_ASSERT_TRUE(right);
		for (int i = 0; i < N; i++)
			forget(idx[(i * 7919LL) % N], 1);
		UNIT_ASSERT_INT((long long)table.count, 1);
		/* The second round lives in the memory of the first. */
		if (round == 0) {
			names_used = table.name_arena.used;
			nodes_used = table.node_arena.used;
		} else {
			UNIT_ASSERT_INT((long long)table.name_arena.used, (long long)names_used);
			UNIT_ASSERT_INT((long long)table.node_arena.used, (long long)nodes_used);
		}
	}
	free(idx);
	end();
}

/* ---- changing names ------------------------------------------------------------------------- */

static void a_renamed_node_keeps_its_number(void)
{
	uint32_t d1, d2, f, g;

	begin();
	d1 = lookup(NODE_ROOT, "d1");
	d2 = lookup(NODE_ROOT, "d2");
	f = lookup(d1, "f");
	UNIT_ASSERT_INT(node_rename(&table, f, d2, "g"), 0);
	UNIT_ASSERT_INT(node_find(&table, d1, "f"), 0);
	UNIT_ASSERT_INT(node_find(&table, d2, "g"), f);
	UNIT_ASSERT_INT(table.at[d1].children, 0);
	UNIT_ASSERT_INT(table.at[d2].children, 1);
	UNIT_ASSERT_INT(node_rename(&table, f, d2, "g"), 0); /* to what it is */
	UNIT_ASSERT_INT(node_find(&table, d2, "g"), f);

	/* Over another: that loses its name and lives on while it is in use. */
	g = lookup(d1, "victim");
	UNIT_ASSERT_INT(node_rename(&table, f, d1, "victim"), 0);
	UNIT_ASSERT_INT(node_find(&table, d1, "victim"), f);
	UNIT_ASSERT_INT(table.at[g].parent, 0);
	UNIT_ASSERT_INT(node_from_id(&table, node_id(&table, g)), g);
	forget(g, 1);
	UNIT_ASSERT_INT((long long)table.count, 4);
	forget(d1, 1);
	forget(d2, 1);
	UNIT_ASSERT_INT((long long)table.count, 3); /* d2 has nobody left */
	forget(f, 1);
	end();
}

static void exchanged_nodes_swap_names(void)
{
	uint32_t d1, d2, f, g, other;

	begin();
	d1 = lookup(NODE_ROOT, "d1");
	d2 = lookup(NODE_ROOT, "d2");
	f = lookup(d1, "f");
	g = lookup(d2, "a longer name than f has");
	other = lookup(g, "below");
	node_exchange(&table, f, g);
	UNIT_ASSERT_INT(node_find(&table, d1, "f"), g);
	UNIT_ASSERT_INT(node_find(&table, d2, "a longer name than f has"), f);
	UNIT_ASSERT_INT(table.at[d1].children, 1);
	UNIT_ASSERT_INT(table.at[d2].children, 1);
	UNIT_ASSERT_INT(node_find(&table, g, "below"), other);
	node_exchange(&table, f, g);
	UNIT_ASSERT_INT(node_find(&table, d1, "f"), f);
	forget(d1, 1);
	forget(d2, 1);
	forget(f, 1);
	forget(g, 1);
	forget(other, 1);
	end();
}

static void a_removed_node_lives_until_forgotten(void)
{
	uint32_t f, again;

	begin();
	f = lookup(NODE_ROOT, "f");
	node_unname(&table, f);
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "f"), 0);
	again = lookup(NODE_ROOT, "f");
	CU_ASSERT_NOT_EQUAL(again, f);
	UNIT_ASSERT_INT(node_from_id(&table, node_id(&table, f)), f);
	forget(f, 1);
	UNIT_ASSERT_INT((long long)table.count, 2);
	forget(again, 1);
	end();
}

/* ---- several names --------------------------------------------------------------------------- */

static void names_share_a_node(void)
{
	uint32_t d, f;

	begin();
	d = lookup(NODE_ROOT, "d");
	f = lookup(NODE_ROOT, "f");
	UNIT_ASSERT_INT(node_link(&table, f, d, "g"), 0);
	UNIT_ASSERT_INT(node_link(&table, f, NODE_ROOT, "h"), 0);
	UNIT_ASSERT_INT((long long)table.at[f].nlookup, 3);
	UNIT_ASSERT_INT(node_names(&table, f), 3);
	UNIT_ASSERT_INT(lookup(d, "g"), f);
	UNIT_ASSERT_INT(lookup(NODE_ROOT, "h"), f);
	/* The record of a further name is no node. */
	UNIT_ASSERT_INT(node_from_id(&table, node_find(&table, d, "g")), 0);
	/* All names go with the node. */
	forget(d, 1);
	forget(f, 5);
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "h"), 0);
	end();
}

static void another_name_takes_the_place_of_a_removed_one(void)
{
	uint32_t d, f, g;

	begin();
	d = lookup(NODE_ROOT, "d");
	f = lookup(NODE_ROOT, "f");
	node_link(&table, f, d, "g");
	node_unname(&table, f); /* its first name */
	UNIT_ASSERT_INT(node_find(&table, d, "g"), f);
	UNIT_ASSERT_STR(name_of(f), "g");
	UNIT_ASSERT_INT(table.at[f].parent, d);
	UNIT_ASSERT_INT(node_names(&table, f), 1);
	UNIT_ASSERT_INT(table.at[d].children, 1);
	UNIT_ASSERT_INT((long long)table.count, 3);

	/* A further one removed: the first stays. */
	node_link(&table, f, NODE_ROOT, "h");
	node_unname(&table, node_find(&table, NODE_ROOT, "h"));
	UNIT_ASSERT_STR(name_of(f), "g");
	UNIT_ASSERT_INT(node_names(&table, f), 1);

	/* A link over a name that another node had. */
	g = lookup(NODE_ROOT, "i");
	node_link(&table, f, NODE_ROOT, "i");
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "i") == g, 0);
	UNIT_ASSERT_INT(lookup(NODE_ROOT, "i"), f);
	forget(g, 1);

	/* All names removed. */
	node_unname(&table, node_find(&table, NODE_ROOT, "i"));
	node_unname(&table, f);
	UNIT_ASSERT_INT(node_names(&table, f), 0);
	forget(d, 1);
	forget(f, 1000);
	end();
}

static void a_name_about_to_go_is_not_taken_over(void)
{
	uint32_t f, rec;

	begin();
	f = lookup(NODE_ROOT, "f");
	node_link(&table, f, NODE_ROOT, "g");
	rec = node_find(&table, NODE_ROOT, "g");
	table.at[rec].flags |= NODE_MARKED; /* as another writer does */
	node_unname(&table, f);
	UNIT_ASSERT_INT(table.at[f].parent, 0);
	table.at[rec].flags &= ~(uint32_t)NODE_MARKED;
	node_adopt(&table, rec); /* it stayed after all */
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "g"), f);
	UNIT_ASSERT_INT(node_names(&table, f), 1);
	UNIT_ASSERT_INT((long long)table.count, 2);
	forget(f, 2);
	end();
}

/* ---- threads
 * ------------------------------------------------------------------------------------- */

enum { T_LOOPS = 20000 };
static pthread_mutex_t tree_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int wrong;

/* Every lookup gives a node that is in use until it is forgotten. */
static void *looker(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	char name[8];
	int err;

	for (int i = 0; i < T_LOOPS; i++) {
		uint32_t idx, dir;
		uint64_t id;

		seed = seed * 1103515245 + 12345;
		snprintf(name, sizeof(name), "n%u", (seed >> 16) % 4);
		dir = node_lookup(&table, NODE_ROOT, seed & 1 << 24 ? "d" : "e", &err);
		idx = node_lookup(&table, dir, name, &err);
		id = node_id(&table, idx);
		if (!idx || node_from_id(&table, id) != idx || !table.at[idx].nlookup)
			wrong++;
		if (seed & 1 << 25)
			forget(dir, 1);
		forget(idx, 1);
		if (!(seed & 1 << 25))
			forget(dir, 1);
	}
	return NULL;
}

/* Links, renames and removes, with lookups of all it names, as the kernel has. */
static void *changer(void *arg)
{
	char name[8];
	int err;

	(void)arg;
	for (int i = 0; i < T_LOOPS; i++) {
		uint32_t dir = node_lookup(&table, NODE_ROOT, "d", &err), to, rec;
		uint32_t idx = node_lookup(&table, dir, "n9", &err);

		snprintf(name, sizeof(name), "n%d", i % 3);
		to = node_lookup(&table, dir, name, &err);
		pthread_mutex_lock(&tree_lock);
		if (i % 7 < 4 && to != idx) {
			/* Two names for one node, looked up by others until it goes. */
			if (node_link(&table, idx, dir, name) == 0)
				node_unref(&table, idx, 1);
			if (i % 7 == 1)
				node_unname(&table, idx);
		} else if (i % 7 == 4 && to != idx) {
			node_rename(&table, idx, dir, name);
		} else {
			rec = node_find(&table, dir, i % 7 == 5 ? "n9" : name);
			if (rec)
				node_unname(&table, rec);
		}
		pthread_mutex_unlock(&tree_lock);
		forget(idx, 1);
		forget(to, 1);
		forget(dir, 1);
	}
	return NULL;
}

static void threads_agree(void)
{
	pthread_t t[4];

	begin();
	wrong = 0;
	for (uintptr_t i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, looker, (void *)(i + 1));
	pthread_create(&t[3], NULL, changer, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	UNIT_ASSERT_INT(wrong, 0);
	end();
}

static void init_without_memory_fails_cleanly(void)
{
	unsigned long n;

	unit_fail_alloc(0);
	begin();
	n = unit_alloc_count();
	nodes_fini(&table);
	CU_ASSERT(n > 0);
	for (unsigned long i = 1; i <= n; i++) {
		unit_fail_alloc(i);
		UNIT_ASSERT_INT(nodes_init(&table), -ENOMEM);
	}
	unit_fail_alloc(0);
}

static void a_table_that_cannot_grow_still_works(void)
{
	uint32_t idx[600];
	char name[16];

	begin();
	for (int i = 0; i < 600; i++) {
		int err = 0;

		snprintf(name, sizeof(name), "%d", i);
		unit_fail_alloc(1); /* growing is the only allocation */
		idx[i] = node_lookup(&table, NODE_ROOT, name, &err);
		unit_fail_alloc(0);
		CU_ASSERT(idx[i] || err == -ENOMEM);
	}
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "%d", i);
		UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, name), idx[i]);
		if (idx[i])
			forget(idx[i], 1);
	}
	end();
}

/* Says a program that can make a name twice; also of a node that nothing but `remember` keeps. */
static void a_name_it_has_already(void)
{
	uint32_t f;

	begin();
	f = lookup(NODE_ROOT, "f");
	UNIT_ASSERT_INT(node_link(&table, f, NODE_ROOT, "f"), 0);
	UNIT_ASSERT_INT(node_names(&table, f), 1);
	UNIT_ASSERT_INT(node_link(&table, f, NODE_ROOT, "g"), 0);
	UNIT_ASSERT_INT(node_link(&table, f, NODE_ROOT, "g"), 0);
	UNIT_ASSERT_INT(node_names(&table, f), 2);
	forget(f, 4);

	f = lookup(NODE_ROOT, "f");
	atomic_fetch_or(&table.at[f].flags, NODE_IDLE);
	node_unref(&table, f, 1);
	UNIT_ASSERT_INT(node_link(&table, f, NODE_ROOT, "f"), 0);
	UNIT_ASSERT_INT(node_find(&table, NODE_ROOT, "f"), f);
	UNIT_ASSERT_INT((long long)table.at[f].nlookup, 1);
	UNIT_ASSERT_INT(node_names(&table, f), 1);
	atomic_fetch_and(&table.at[f].flags, ~(uint32_t)NODE_IDLE);
	forget(f, 1);
	end();
}

UNIT_SUITE(node, UNIT_TEST(names_in_a_row_are_spread), UNIT_TEST(one_at_a_time),
	   UNIT_TEST(a_name_is_one_node_until_it_is_forgotten), UNIT_TEST(counts_are_kept),
	   UNIT_TEST(an_old_number_is_not_its_successor), UNIT_TEST(names_of_every_length),
	   UNIT_TEST(names_are_bytes), UNIT_TEST(two_hundred_thousand_come_and_go),
	   UNIT_TEST(a_renamed_node_keeps_its_number), UNIT_TEST(exchanged_nodes_swap_names),
	   UNIT_TEST(a_removed_node_lives_until_forgotten), UNIT_TEST(names_share_a_node),
	   UNIT_TEST(another_name_takes_the_place_of_a_removed_one),
	   UNIT_TEST(a_name_about_to_go_is_not_taken_over), UNIT_TEST(threads_agree),
	   UNIT_TEST(init_without_memory_fails_cleanly),
	   UNIT_TEST(a_table_that_cannot_grow_still_works), UNIT_TEST(a_name_it_has_already));
