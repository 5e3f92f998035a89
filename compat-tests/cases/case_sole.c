/*
 * case_sole.c - one client that asks and asks: a threaded program may be served by one thread then,
 * and must not be noticed to be. Whatever blocks, others are answered; whoever ends the mount, it
 * ends.
 */
#include "conform.h"

#include <signal.h>
#include <sys/statfs.h>

#define BUSY .modes = T_MODE_POOL, .real = "the device"

/* So many answers as fast as they come. */
static void busy(int fd, int n)
{
	for (int i = 0; i < n; i++)
		OK(fstat(fd, &(struct stat){0}));
}

static int opened(void)
{
	put(S("a"), "one");
	put(S("b"), "two");
	return (int)OK(open(P("a"), O_RDWR));
}

static void read_b(long arg)
{
	(void)arg;
	STR(slurp(P("b")), "two");
}

CASE(sole_block, "sole.a-call-that-blocks-holds-nobody-up", BUSY)
{
	int fd = opened();
	pid_t p;

	for (int round = 0; round < 5; round++) {
		busy(fd, 3000);
		atomic_store(&T->knob[OP_read].block, 1);
		p = spawn(read_b, 0);
		WITHIN(3000, atomic_load(&T->knob[OP_read].blocked) == 1);
		busy(fd, 100);
		EQ(atomic_load(&T->knob[OP_read].blocked), 1);
		atomic_store(&T->knob[OP_read].block, 0);
		EQ(reap(p), 0);
	}
}

static int shared_fd;
static void busy_child(long n)
{
	busy(shared_fd, (int)n);
}

/* The very kind that was fast: several of it block, each has its thread, and all go on. */
CASE(sole_kind, "sole.a-fast-kind-that-blocks-all-at-once", BUSY)
{
	int fd = shared_fd = opened();
	pid_t p[6];

	busy(fd, 3000);
	atomic_store(&T->knob[OP_getattr].block, 1);
	for (int i = 0; i < 6; i++)
		p[i] = spawn(busy_child, 50);
	WITHIN(5000, atomic_load(&T->knob[OP_getattr].blocked) >= 6);
	OK(statfs(P(""), &(struct statfs){0}));
	atomic_store(&T->knob[OP_getattr].block, 0);
	for (int i = 0; i < 6; i++)
		EQ(reap(p[i]), 0);
	busy(fd, 3000);
}

CASE(sole_slow, "sole.slow-ones-run-side-by-side-after-fast-ones", BUSY)
{
	int fd = shared_fd = opened();
	pid_t p[4];

	busy(fd, 3000);
	for (int i = 0; i < 4; i++)
		p[i] = spawn(busy_child, 2000);
	for (int i = 0; i < 4; i++)
		EQ(reap(p[i]), 0);
	atomic_store(&T->knob[OP_getattr].delay_ms, 5);
	for (int i = 0; i < 4; i++)
		p[i] = spawn(busy_child, 40);
	for (int i = 0; i < 4; i++)
		EQ(reap(p[i]), 0);
	atomic_store(&T->knob[OP_getattr].delay_ms, 0);
	busy(fd, 1000);
}

/* The supervisor unmounts, and expects the server to end, with nothing left over. */
CASE(sole_end, "sole.unmounted-from-full-speed", BUSY)
{
	busy(opened(), 5000);
}

/* Until the mount is gone. */
static void busy_to_the_end(long arg)
{
	int fd = (int)OK(open(P("a"), O_RDONLY));

	(void)arg;
	while (fstat(fd, &(struct stat){0}) == 0)
		;
}

CASE(sole_exit, "sole.sigterm-at-full-speed", BUSY, .any_exit = true, .may_leak = true)
{
	int fd = opened();
	pid_t p;

	busy(fd, 3000);
	close(fd);
	p = spawn(busy_to_the_end, 0);
	usleep(50000);
	OK(kill(T->server, SIGTERM));
	YES(WIFEXITED(t_server_end(5000)));
	YES(!t_mounted(), "still mounted");
	EQ(reap(p), 0);
}
