/*
 * case_busy.c - one client that asks and asks. A library may learn from that, and must not be noticed
 * to: whatever blocks then, others are answered; whoever ends the mount, it ends.
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

CASE(busy_block, "busy.a-call-that-blocks-holds-nobody-up", BUSY)
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
CASE(busy_kind, "busy.a-fast-kind-that-blocks-all-at-once", BUSY)
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

CASE(busy_slow, "busy.slow-ones-run-side-by-side-after-fast-ones", BUSY)
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

/* Each request's bytes are its own, whatever buffers it finds. */
static void pieces(int fd, unsigned char *buf, size_t size, int count, int round)
{
	for (int i = 0; i < count; i++) {
		memset(buf, round * 16 + i, size);
		EQ(pwrite(fd, buf, size, (off_t)size * i), (ssize_t)size);
	}
	for (int i = 0; i < count; i++) {
		unsigned char is = (unsigned char)(round * 16 + i);

		memset(buf, 0xff, size);
		EQ(pread(fd, buf, size, (off_t)size * i), (ssize_t)size);
		YES(buf[0] == is && !memcmp(buf, buf + 1, size - 1), "round %d, piece %d", round,
		    i);
	}
}
CASE(busy_large, "busy.large-and-small-direct-ones-in-turns", BUSY)
{
	unsigned char *buf;
	int fd;

	put(S("a"), "");
	fd = (int)OK(open(P("a"), O_RDWR | O_DIRECT));
	YES(!posix_memalign((void **)&buf, 4096, 1 << 20));
	for (int round = 0; round < 10; round++) {
		pieces(fd, buf, 4096, 8, round);
		pieces(fd, buf, 1 << 20, 8, round);
	}
	close(fd);
	free(buf);
}

/* The supervisor unmounts, and expects the server to end, with nothing left over. */
CASE(busy_end, "busy.unmounted-from-full-speed", BUSY)
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

CASE(busy_exit, "busy.sigterm-at-full-speed", BUSY, .any_exit = true, .may_leak = true)
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
