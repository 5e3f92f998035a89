/*
 * delays.c - random delays wherever a function begins or ends, to bring about the orders of events
 * that a busy machine has once in ten thousand runs. For a build with -finstrument-functions
 * (preset "delays"), preloaded:
 *
 *     LD_PRELOAD=.../libdelays.so compat-tests/run ...
 *
 * DELAYS_ONE_IN: of so many entries and exits one waits (3000). DELAYS_US: microseconds, at most
 * (3000).
 */
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

static unsigned long one_in = 3000, most_us = 3000;

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	return n ? n : otherwise;
}

__attribute__((constructor)) static void settings(void)
{
	one_in = setting("DELAYS_ONE_IN", one_in);
	most_us = setting("DELAYS_US", most_us);
}

/* Without functions of libc, which may be the ones that are in progress. */
static void perhaps(void)
{
	static _Thread_local uint64_t x; /* xorshift; 0: not seeded */
	struct timespec t;

	if (!x) {
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
		x = (uint64_t)t.tv_nsec << 20 ^ (uint64_t)(uintptr_t)&x ^ 0x9e3779b97f4a7c15;
	}
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	if (x % one_in == 0) {
		uint64_t us = (x >> 32) % most_us;

		t = (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
		syscall(SYS_nanosleep, &t, NULL);
	}
}

void __cyg_profile_func_enter(void *fn, void *from);
void __cyg_profile_func_exit(void *fn, void *from);

void __cyg_profile_func_enter(void *fn, void *from)
{
	(void)fn;
	(void)from;
	perhaps();
}

void __cyg_profile_func_exit(void *fn, void *from)
{
	(void)fn;
	(void)from;
	perhaps();
}
