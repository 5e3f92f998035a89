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

/* Who reads alone does not sleep in read(): its descriptor says so. */
static int does_not_block(void)
{
	char path[64], to[64];
	unsigned flags = 0;

	for (int fd = 0; fd < 64; fd++) {
		ssize_t n;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", T->server, fd);
		n = readlink(path, to, sizeof(to) - 1);
		to[n > 0 ? n : 0] = 0;
		if (strcmp(to, "/dev/fuse"))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", T->server, fd);
		f = fopen(path, "r");
		YES(f && fscanf(f, "pos: %*d flags: %o", &flags) == 1, "no %s", path);
		fclose(f);
		return !!(flags & O_NONBLOCK);
	}
	YES(0, "the server has no /dev/fuse");
	return 0;
}

/* Asked for some time: the machine may be busy. */
static int one_reader(int fd, int ms)
{
	for (; ms > 0; ms -= 10) {
		busy(fd, 500);
		if (does_not_block())
			return 1;
		usleep(10000);
	}
	return 0;
}
CASE(sole_one, "sole.one-busy-client-is-served-by-one-thread", BUSY, .opts = "transport=device")
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		t_skip("one processor");
	YES(one_reader(opened(), 2000), "four threads read");
	usleep(200000);
	YES(!does_not_block(), "one reader, and nothing to do");
}
CASE(sole_none, "sole.no-sole-reader", BUSY, .opts = "transport=device,no_sole_reader")
{
	YES(!one_reader(opened(), 300), "one reader");
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
CASE(sole_large, "sole.large-and-small-direct-ones-in-turns", BUSY)
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
