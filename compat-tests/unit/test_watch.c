/*
 * Do listings carry attributes? What is seen of readers decides, and what a getattr costs.
 */
#include "core/fs/watch.h"
#include "unit.h"

enum { FAST = 1000, SLOW = 1000000 }; /* a getattr's nanoseconds */

static struct dir_watch w;

static void begin(uint64_t cost)
{
	memset(&w, 0, sizeof(w));
	watch_init(&w);
	for (int i = 0; i < 40; i++)
		watch_cost(&w, cost * 10, 10);
}

/* A directory of 10 entries without attributes, of which the reader looks up so many. */
static void read_dir(uint32_t dir, int lookups)
{
	watch_served(&w, dir, 10);
	for (int i = 0; i < lookups; i++)
		watch_lookup(&w, dir);
}

/* So many that the slots are used several times, and none of them is UNSEEN. */
static void read_dirs(int lookups)
{
	for (uint32_t dir = 1; dir < 4 * WATCH_SLOTS; dir++)
		read_dir(dir, lookups);
}
enum { UNSEEN = 1000 };

static void the_directories_before_decide(void)
{
	begin(FAST);
	CU_ASSERT(0 < watch_wants(&w, UNSEEN)); /* a first guess: cheap enough to try */
	read_dirs(0);
	CU_ASSERT(0 == watch_wants(&w, UNSEEN));
	read_dirs(10);
	CU_ASSERT(0 < watch_wants(&w, UNSEEN));
}

static void slow_programs_are_asked_only_for_who_wants_all(void)
{
	begin(SLOW);
	CU_ASSERT(0 == watch_wants(&w, UNSEEN));
	read_dirs(5);
	CU_ASSERT(0 == watch_wants(&w, UNSEEN));
	read_dirs(10);
	CU_ASSERT(0 < watch_wants(&w, UNSEEN));
}

static void a_directory_decides_for_itself(void)
{
	begin(FAST);
	read_dirs(0);
	read_dir(20, 10);
	CU_ASSERT(0 < watch_wants(&w, 20));
	read_dirs(10);
	read_dir(20, 0);
	CU_ASSERT(0 == watch_wants(&w, 20));
	/* Another one with the same slot: nothing is known of it. */
	CU_ASSERT(0 < watch_wants(&w, 20 + WATCH_SLOTS));
}

static void lookups_count_where_entries_went_out(void)
{
	begin(FAST);
	read_dir(20, 0);
	for (int i = 0; i < 10; i++)
		watch_lookup(&w, 21);
	CU_ASSERT(0 == watch_wants(&w, 20));
	for (int i = 0; i < 100; i++)
		watch_lookup(&w, 20);
	UNIT_ASSERT_INT(w.slot[20 % WATCH_SLOTS].looked, 10);
	CU_ASSERT(0 < watch_wants(&w, 20));
}

static void some_go_without(void)
{
	int first = 0, next = 0;

	begin(FAST);
	for (int i = 0; i < 640; i++)
		first += watch_sample(&w, 16);
	for (int i = 0; i < 640; i++)
		next += watch_sample(&w, 64);
	UNIT_ASSERT_INT(first, 40);
	UNIT_ASSERT_INT(next, 10);
}

UNIT_SUITE(watch, UNIT_TEST(the_directories_before_decide),
	   UNIT_TEST(slow_programs_are_asked_only_for_who_wants_all),
	   UNIT_TEST(a_directory_decides_for_itself),
	   UNIT_TEST(lookups_count_where_entries_went_out), UNIT_TEST(some_go_without));
