/*
 * Threads of a pool that leave waiting to others, and buffers of whole pages.
 */
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/pages.h"
#include "core/workers/pool.h"
#include "unit.h"

static struct {
	struct core_pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool on;
	_Atomic int parked, last, relieved, back;
} park = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .on = true};

static int start(void *owner, struct core_pool_thread *pt, void **local)
{
	(void)owner;
	*local = pt;
	return 0;
}

static void end(void *owner, void *local)
{
	(void)owner, (void)local;
}

static bool relieve(void *owner)
{
	bool was;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&park.lock);

	(void)owner;
	was = park.on;
	park.on = false;
	park.relieved += was;
	pthread_cond_broadcast(&park.changed);
	return was;
}

static int wake(void *owner)
{
	relieve(owner);
	return 0;
}

static void interrupt_all(void *owner)
{
	(void)owner;
}

static void until_relieved(void)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&park.lock);

	while (park.on)
		pthread_cond_wait(&park.changed, &park.lock);
}

/* All but one are parked; that one has a request that does not come to an end before somebody
 * helps. */
static int turn(void *owner, void *local)
{
	struct core_pool_thread *pt = local;

	(void)owner;
	if (core_pool_park(pt)) {
		park.parked++;
		until_relieved();
		core_pool_unpark(pt);
		if (++park.back == 3)
			core_pool_stop(park.pool);
		return 0;
	}
	if (park.relieved)
		return 0;
	while (park.parked < 3)
		usleep(1000);
	park.last++;
	core_pool_busy(pt);
	until_relieved();
	core_pool_idle(pt);
	return 0;
}

static void parked_threads_come_back(void)
{
	static const struct core_pool_ops ops = {
		.thread_start = start,
		.turn = turn,
		.thread_end = end,
		.wake = wake,
		.interrupt_all = interrupt_all,
		.relieve = relieve,
	};
	struct core_pool_config cfg = {.floor = 4, .ceiling = 8};
	struct core_pool_stats st;

	park.pool = core_pool_new(&ops, NULL, &cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(park.pool);
	CU_ASSERT_EQUAL(core_pool_run(park.pool), 0);
	core_pool_get_stats(park.pool, &st);
	CU_ASSERT(park.parked >= 3);
	CU_ASSERT_EQUAL(park.last, 1);
	CU_ASSERT_EQUAL(park.relieved, 1);
	CU_ASSERT(park.back >= 3);
	CU_ASSERT_EQUAL(st.started, 4); /* who is parked is no reason for another one */
	core_pool_free(park.pool);
}

static void whole_pages(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (int huge = 0; huge < 2; huge++) {
		size_t unit = huge ? 2u << 20 : page, sizes[] = {1, page, (1u << 20) + 1, 5u << 20};

		for (size_t i = 0; i < CORE_ARRAY_SIZE(sizes); i++) {
			size_t got = sizes[i];
			char *p = core_pages_map(&got, huge);

			CU_ASSERT_PTR_NOT_NULL_FATAL(p);
			CU_ASSERT_EQUAL((uintptr_t)p % unit, 0);
			CU_ASSERT_EQUAL(got % unit, 0);
			CU_ASSERT(got >= sizes[i] && got - sizes[i] < unit);
			memset(p, 1, got);
			CU_ASSERT_EQUAL(munmap(p, got), 0);
		}
	}
}

UNIT_SUITE(park, UNIT_TEST(parked_threads_come_back), UNIT_TEST(whole_pages));
