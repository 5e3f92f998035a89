/*
 * The thread pool: floor, growth, ceiling, waits beyond it, shrinking, stopping, and that threads
 * are not made at the rhythm of the load.
 */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/base/log.h"
#include "core/workers/pool.h"
#include "unit.h"

/*
 * The load: jobs are tokens of a semaphore. A job takes job_us and stays while the gate is shut;
 * with `waits` it says that it may, with core_pool_block_begin().
 */
static struct {
	struct core_pool *pool;
	pthread_t runner;
	int result;
	sem_t jobs;
	_Atomic int wakes;
	_Atomic int inside, peak_inside, done, refused, started, ended, interrupts;
	_Atomic int job_us, start_error, turn_error, failed_starts;
	_Atomic bool gate_shut, waits;
	_Atomic bool fails_late; /* a start fails when the other threads have ended */
	_Atomic int late;
} load;

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_opened = PTHREAD_COND_INITIALIZER;

static void open_gate(void)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&gate_lock);

	load.gate_shut = false;
	pthread_cond_broadcast(&gate_opened);
}

static char log_text[4096];
static _Atomic int log_lines;

static void take_log(int level, const char *fmt, va_list ap)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	char line[256];
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&lock);

	(void)level;
	vsnprintf(line, sizeof(line), fmt, ap);
	log_lines++;
	if (strlen(log_text) + strlen(line) < sizeof(log_text))
		strcat(log_text, line);
}

static void nap_us(int us)
{
	if (us)
		nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000L}, NULL);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int on_start(void *owner, struct core_pool_thread *pt, void **local)
{
	(void)owner;
	if (load.start_error && load.fails_late) {
		load.late++;
		for (int i = 0; i < 5000 && load.ended < load.started; i++)
			nap_us(1000);
		nap_us(20000);
	}
	if (load.start_error && load.failed_starts++ >= 0)
		return load.start_error;
	load.started++;
	*local = pt;
	return 0;
}

static void on_end(void *owner, void *local)
{
	(void)owner;
	(void)local;
	load.ended++;
}

static void handle(struct core_pool_thread *pt)
{
	bool waits = load.waits;
	int n = ++load.inside, peak = load.peak_inside;

	while (n > peak && !atomic_compare_exchange_weak(&load.peak_inside, &peak, n))
		;
	if (waits && core_pool_block_begin(pt)) {
		load.refused++;
		waits = false;
	} else {
		nap_us(load.job_us);
		pthread_mutex_lock(&gate_lock);
		while (load.gate_shut)
			pthread_cond_wait(&gate_opened, &gate_lock);
		pthread_mutex_unlock(&gate_lock);
	}
	if (waits)
		core_pool_block_end(pt);
	load.inside--;
	load.done++;
}

static int on_turn(void *owner, void *local)
{
	int n;

	(void)owner;
	if (sem_wait(&load.jobs))
		return 0;
	n = load.wakes;
	while (n > 0)
		if (atomic_compare_exchange_weak(&load.wakes, &n, n - 1))
			return 0;
	if (load.turn_error)
		return load.turn_error;
	core_pool_busy(local);
	handle(local);
	core_pool_idle(local);
	return 0;
}

static int on_wake(void *owner)
{
	(void)owner;
	load.wakes++;
	sem_post(&load.jobs);
	return 0;
}

static void on_interrupt_all(void *owner)
{
	(void)owner;
	load.interrupts++;
	open_gate();
}

static const struct core_pool_ops ops = {
	.thread_start = on_start,
	.turn = on_turn,
	.thread_end = on_end,
	.wake = on_wake,
	.interrupt_all = on_interrupt_all,
};

static void *run(void *unused)
{
	(void)unused;
	load.result = core_pool_run(load.pool);
	return NULL;
}

static struct core_pool_stats stats(void)
{
	struct core_pool_stats st;

	core_pool_get_stats(load.pool, &st);
	return st;
}

static unsigned shrink_ms; /* for pools made from now on */

static void prepare(unsigned floor, unsigned ceiling)
{
	struct core_pool_config cfg = {.floor = floor, .ceiling = ceiling, .shrink_ms = shrink_ms};

	memset(&load, 0, sizeof(load));
	log_text[0] = 0;
	log_lines = 0;
	core_log_set_func(take_log);
	sem_init(&load.jobs, 0, 0);
	load.pool = core_pool_new(&ops, NULL, &cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(load.pool);
}

static bool idle_now(unsigned n)
{
	struct core_pool_stats st = stats();

	return st.idle == n && st.threads == n;
}

/* Waits (10 s at most) until the condition holds, and says whether it does. */
#define soon(condition)                                                                            \
	({                                                                                         \
		for (int i_ = 0; i_ < 10000 && !(condition); i_++)                                 \
			nap_us(1000);                                                              \
		(condition);                                                                       \
	})

static void begin(unsigned floor, unsigned ceiling)
{
	prepare(floor, ceiling);
	pthread_create(&load.runner, NULL, run, NULL);
	floor = floor ? floor : CORE_POOL_FLOOR;
	CU_ASSERT_TRUE(soon(idle_now(ceiling && floor > ceiling ? ceiling : floor)));
}

static void finish(void)
{
	pthread_join(load.runner, NULL);
	UNIT_ASSERT_INT(load.started, load.ended);
	UNIT_ASSERT_INT(stats().threads, 0);
	UNIT_ASSERT_INT(stats().blocked, 0);
	core_pool_free(load.pool);
	sem_destroy(&load.jobs);
	core_log_set_func(NULL);
}

static void end(void)
{
	core_pool_stop(load.pool);
	finish();
	UNIT_ASSERT_INT(load.result, 0);
}

static void post(int jobs)
{
	while (jobs-- > 0)
		sem_post(&load.jobs);
}

/* ---- size ----------------------------------------------------------------------------------- */

static void the_floor_is_there_from_the_start(void)
{
	begin(3, 8);
	UNIT_ASSERT_INT((long)stats().started, 3);
	post(100);
	CU_ASSERT_TRUE(soon(load.done == 100));
	end();
	UNIT_ASSERT_INT(load.done, 100);
}

static void defaults(void)
{
	begin(0, 0);
	UNIT_ASSERT_INT(stats().threads, CORE_POOL_FLOOR);
	end();
	begin(9, 2); /* the ceiling binds */
	end();
	begin(1, 1);
	post(50);
	CU_ASSERT_TRUE(soon(load.done == 50));
	UNIT_ASSERT_INT(load.peak_inside, 1);
	end();
}

static void grows_while_all_are_stuck_up_to_the_ceiling(void)
{
	begin(2, 10);
	load.gate_shut = true;
	post(30);
	CU_ASSERT_TRUE(soon(load.inside == 10));
	nap_us(200000);
	UNIT_ASSERT_INT(load.inside, 10);
	UNIT_ASSERT_INT(stats().peak, 10);
	open_gate();
	CU_ASSERT_TRUE(soon(load.done == 30));
	UNIT_ASSERT_INT(load.peak_inside, 10);
	end();
}

static void one_stuck_thread_makes_no_others(void)
{
	begin(4, 64);
	load.gate_shut = true;
	post(2);
	CU_ASSERT_TRUE(soon(load.inside == 2));
	nap_us(300000);
	UNIT_ASSERT_INT((long)stats().started, 4);
	open_gate();
	end();
}

static void grow_to_12(void)
{
	begin(2, 12);
	load.gate_shut = true;
	post(12);
	CU_ASSERT_TRUE(soon(load.inside == 12));
	open_gate();
	CU_ASSERT_TRUE(soon(load.done == 12));
}

static void shrinks_slowly(void)
{
	double at = now_s();
	unsigned threads;

	grow_to_12();
	nap_us(300000);
	threads = stats().threads;
	if (now_s() - at < 1e-3 * CORE_POOL_SHRINK_MS)
		UNIT_ASSERT_INT(threads, 12); /* not because requests ended */
	end();
	/* Each look halves what was not needed. */
	shrink_ms = 200;
	grow_to_12();
	for (int i = 0; i < 3000 && stats().threads > 7; i++) {
		if (i % 10 == 0)
			post(1);
		nap_us(10000);
	}
	CU_ASSERT(stats().threads >= 2 && stats().threads <= 7);
	end();
	shrink_ms = 0;
}

/* ---- waits beyond the ceiling ------------------------------------------------------------------
 */

static void waits_do_not_count(void)
{
	begin(2, 4);
	load.gate_shut = true;
	load.waits = true;
	post(40);
	CU_ASSERT_TRUE(soon(stats().blocked == 40));
	CU_ASSERT_TRUE(soon(stats().threads >= 2));
	CU_ASSERT(stats().threads <= 4);
	/* The one that opens the gate for them finds a thread. */
	load.waits = false;
	post(1);
	CU_ASSERT_TRUE(soon(load.inside == 41));
	open_gate();
	CU_ASSERT_TRUE(soon(load.done == 41));
	UNIT_ASSERT_INT(load.refused, 0);
	CU_ASSERT_TRUE(soon(stats().blocked == 0));
	end();
}

static void too_many_waits_are_refused(void)
{
	enum { MORE = 20 };
	char *stack = getenv("FUSE_THREAD_STACK");

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	unit_skip("thousands of threads are too much for a sanitizer");
	return;
#endif
	if (!stack)
		setenv("FUSE_THREAD_STACK", "65536", 1);
	begin(2, 4);
	load.gate_shut = true;
	load.waits = true;
	post(CORE_POOL_MAX_BLOCKED + MORE);
	for (int i = 0;
	     i < 30000 && stats().blocked + (unsigned)load.refused < CORE_POOL_MAX_BLOCKED + MORE &&
	     !strstr(log_text, "cannot create");
	     i++)
		nap_us(1000);
	if (strstr(log_text, "cannot create")) {
		/* Fewer threads than that are allowed here: refused as well, not stuck. */
		CU_ASSERT_TRUE(soon(load.refused > 0));
		unit_skip("not allowed to start as many threads");
	} else {
		UNIT_ASSERT_INT(stats().blocked, CORE_POOL_MAX_BLOCKED);
		UNIT_ASSERT_INT(load.refused, MORE);
	}
	open_gate();
	CU_ASSERT_TRUE(soon(load.done == CORE_POOL_MAX_BLOCKED + MORE));
	end();
	if (!stack)
		unsetenv("FUSE_THREAD_STACK");
}

/* ---- the rhythm of the load --------------------------------------------------------------------
 */

/* Bursts and pauses as an hour of use has them, at a faster clock. */
static void threads_are_not_made_at_the_rhythm_of_the_load(void)
{
	struct core_pool_stats st;

	begin(4, 16);
	for (int i = 0; i < 3000; i++) {
		int want = load.done + 8;

		load.job_us = i % 3 ? 0 : 300;
		post(8);
		while (load.done < want)
			nap_us(100);
		if (i % 100 == 0)
			nap_us(20000);
	}
	st = stats();
	/* Not more than the ceiling: nothing was given back and made again. */
	CU_ASSERT(st.started <= 16);
	CU_ASSERT_EQUAL(st.started, st.peak);
	end();
}

static void load_with_pauses_keeps_its_threads(void)
{
	begin(2, 8);
	for (int i = 0; i < 20; i++) {
		int want = load.done + 8;

		load.gate_shut = true;
		post(8);
		CU_ASSERT_TRUE(soon(load.inside == 8));
		open_gate();
		CU_ASSERT_TRUE(soon(load.done == want));
		nap_us(30000);
	}
	UNIT_ASSERT_INT((long)stats().started, 8);
	end();
}

/* ---- ends -------------------------------------------------------------------------------------
 */

static void stops_soon(void)
{
	double at;

	begin(4, 8);
	at = now_s();
	end();
	CU_ASSERT(now_s() - at < 10);

	/* Also with handlers that have to be interrupted. */
	begin(4, 8);
	load.gate_shut = true;
	post(6);
	CU_ASSERT_TRUE(soon(load.inside == 6));
	at = now_s();
	end();
	CU_ASSERT(now_s() - at < 10);
	CU_ASSERT(load.interrupts > 0);
}

static void stopped_before_it_runs(void)
{
	prepare(4, 8);
	core_pool_stop(load.pool);
	run(NULL);
	UNIT_ASSERT_INT(load.result, 0);
	UNIT_ASSERT_INT(load.started, load.ended);
	core_pool_free(load.pool);
	sem_destroy(&load.jobs);
	core_log_set_func(NULL);
}

static void on_signal(int sig)
{
	(void)sig;
	core_pool_stop(load.pool);
}

static void stops_from_a_signal_handler(void)
{
	struct sigaction action = {.sa_handler = on_signal}, old;

	sigaction(SIGUSR1, &action, &old);
	begin(4, 8);
	pthread_kill(load.runner, SIGUSR1);
	finish();
	UNIT_ASSERT_INT(load.result, 0);
	begin(4, 8);
	raise(SIGUSR1);
	finish();
	sigaction(SIGUSR1, &old, NULL);
}

static void an_error_ends_all(void)
{
	begin(4, 8);
	load.turn_error = -EIO;
	post(1);
	finish();
	UNIT_ASSERT_INT(load.result, -EIO);
}

static void threads_that_cannot_start(void)
{
	double at = now_s();

	/* None at all: an error, soon, and not said for ever. */
	prepare(4, 8);
	load.start_error = -ENOMEM;
	run(NULL);
	UNIT_ASSERT_INT(load.result, -ENOMEM);
	CU_ASSERT(now_s() - at < 10);
	CU_ASSERT(strstr(log_text, "cannot start") != NULL);
	CU_ASSERT(log_lines < 20);
	core_pool_free(load.pool);
	sem_destroy(&load.jobs);
	core_log_set_func(NULL);

	/* No further ones: those that are there go on. */
	begin(2, 8);
	load.start_error = -ENOMEM;
	load.gate_shut = true;
	post(4);
	CU_ASSERT_TRUE(soon(load.failed_starts > 2));
	nap_us(100000);
	open_gate();
	CU_ASSERT_TRUE(soon(load.done == 4));
	CU_ASSERT(load.failed_starts < 200);
	CU_ASSERT(log_lines < 20);
	end();
}

/* The others are gone because they were told to: that none is left is no error then. */
static void a_start_that_fails_during_the_end(void)
{
	begin(1, 8);
	load.fails_late = true;
	load.start_error = -ENOMEM;
	load.gate_shut = true;
	post(1);
	CU_ASSERT_TRUE(soon(load.late > 0));
	open_gate();
	CU_ASSERT_TRUE(soon(load.done == 1));
	end();
}

static void no_memory_for_a_pool(void)
{
	prepare(2, 2);
	unit_fail_alloc(1);
	run(NULL);
	unit_fail_alloc(0);
	UNIT_ASSERT_INT(load.result, -ENOMEM);
	CU_ASSERT(strstr(log_text, "cannot start any worker thread") != NULL);
	core_pool_free(load.pool);
	sem_destroy(&load.jobs);
	core_log_set_func(NULL);
}

static void the_stack_size_is_that_of_the_environment(void)
{
	setenv("FUSE_THREAD_STACK", "lots", 1);
	begin(1, 1);
	CU_ASSERT(strstr(log_text, "FUSE_THREAD_STACK=lots is not a stack size") != NULL);
	post(1);
	CU_ASSERT_TRUE(soon(load.done == 1));
	end();
	setenv("FUSE_THREAD_STACK", "1048576", 1);
	begin(1, 1);
	UNIT_ASSERT_STR(log_text, "");
	end();
	unsetenv("FUSE_THREAD_STACK");
}

UNIT_SUITE(pool, UNIT_TEST(the_floor_is_there_from_the_start), UNIT_TEST(defaults),
	   UNIT_TEST(grows_while_all_are_stuck_up_to_the_ceiling),
	   UNIT_TEST(one_stuck_thread_makes_no_others), UNIT_TEST(shrinks_slowly),
	   UNIT_TEST(waits_do_not_count), UNIT_TEST(too_many_waits_are_refused),
	   UNIT_TEST(threads_are_not_made_at_the_rhythm_of_the_load),
	   UNIT_TEST(load_with_pauses_keeps_its_threads), UNIT_TEST(stops_soon),
	   UNIT_TEST(stopped_before_it_runs), UNIT_TEST(stops_from_a_signal_handler),
	   UNIT_TEST(an_error_ends_all), UNIT_TEST(threads_that_cannot_start),
	   UNIT_TEST(a_start_that_fails_during_the_end), UNIT_TEST(no_memory_for_a_pool),
	   UNIT_TEST(the_stack_size_is_that_of_the_environment));
