/*
 * Load for bench/ops: load WORKLOAD CLIENTS SECONDS MOUNTPOINT SERVER_PID
 * prints: operations a second, microseconds of processor time an operation (server and clients).
 * An operation is one call below; of srb and swb one call moves what its name says, and one of lsl
 * is an `ls -l` of a directory of 10,000 entries that nobody has listed before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_SIZE (64L << 20)

static const char *mountpoint;
static _Atomic int stop;

struct client {
	pthread_t thread;
	const struct workload *w;
	unsigned number;
	unsigned long seed, ops;
	int fd;
	off_t at;
	char *buf;
};

struct workload {
	const char *name;
	int flags; /* of the open file; -1: none is open */
	void (*op)(struct client *c);
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned long rnd(struct client *c)
{
	c->seed = c->seed * 6364136223846793005ul + 1442695040888963407ul;
	return c->seed >> 33;
}

static void w_getattr(struct client *c)
{
	struct stat st;

	if (fstat(c->fd, &st))
		die("fstat");
}
static void w_stat(struct client *c)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/a/b/f%lu", mountpoint, rnd(c) % 1000);
	if (stat(path, &st))
		die(path);
}
static void w_rr4k(struct client *c)
{
	if (pread(c->fd, c->buf, 4096, (off_t)(rnd(c) % (FILE_SIZE / 4096)) * 4096) != 4096)
		die("pread");
}
static void w_rw4k(struct client *c)
{
	if (pwrite(c->fd, c->buf, 4096, (off_t)(rnd(c) % (FILE_SIZE / 4096)) * 4096) != 4096)
		die("pwrite");
}
static void w_openclose(struct client *c)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/a/b/f%lu", mountpoint, rnd(c) % 1000);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die(path);
	close(fd);
}
static void w_createunlink(struct client *c)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/new/%u", mountpoint, c->number);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		die(path);
	close(fd);
	if (unlink(path))
		die(path);
}
static void seq(struct client *c, size_t size, int writes)
{
	if (c->at + (off_t)size > FILE_SIZE) {
		c->at = 0;
		if (!writes)
			posix_fadvise(c->fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	if ((writes ? pwrite(c->fd, c->buf, size, c->at) : pread(c->fd, c->buf, size, c->at)) !=
	    (ssize_t)size)
		die("sequential");
	c->at += (off_t)size;
}
static void w_srb128k(struct client *c)
{
	seq(c, 128 << 10, 0);
}
static void w_srd1m(struct client *c)
{
	seq(c, 1 << 20, 0);
}
static void w_swb4k(struct client *c)
{
	seq(c, 4096, 1);
}
static void w_swb128k(struct client *c)
{
	seq(c, 128 << 10, 1);
}
static void w_swd1m(struct client *c)
{
	seq(c, 1 << 20, 1);
}

static void w_lsl(struct client *c)
{
	char path[4096];
	struct dirent *e;
	struct stat st;
	DIR *d;

	snprintf(path, sizeof(path), "%s/l%lu", mountpoint, c->number * 100000 + c->ops);
	d = opendir(path);
	if (!d)
		die(path);
	while ((e = readdir(d)))
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			die(e->d_name);
	closedir(d);
}

static const struct workload workloads[] = {
	{"getattr", O_RDONLY, w_getattr},
	{"sleep", O_RDONLY, w_getattr}, /* the server has been told to */
	{"stat", -1, w_stat},
	{"rr4k", O_RDONLY | O_DIRECT, w_rr4k},
	{"rw4k", O_WRONLY | O_DIRECT, w_rw4k},
	{"openclose", -1, w_openclose},
	{"createunlink", -1, w_createunlink},
	{"lsl", -1, w_lsl},
	{"srb128k", O_RDONLY, w_srb128k},
	{"srd1m", O_RDONLY | O_DIRECT, w_srd1m},
	{"swb4k", O_WRONLY, w_swb4k},
	{"swb128k", O_WRONLY, w_swb128k},
	{"swd1m", O_WRONLY | O_DIRECT, w_swd1m},
};

static void *client(void *arg)
{
	struct client *c = arg;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		c->w->op(c);
		c->ops++;
	}
	return NULL;
}

static double now(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		die("clock_gettime");
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct workload *w = NULL;
	struct client *c;
	clockid_t server;
	unsigned n;
	double wall, cpu, ops = 0;

	if (argc != 6) {
		fprintf(stderr, "usage: load WORKLOAD CLIENTS SECONDS MOUNTPOINT SERVER_PID\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
		if (!strcmp(argv[1], workloads[i].name))
			w = &workloads[i];
	n = (unsigned)atoi(argv[2]);
	mountpoint = argv[4];
	if (!w || !n || clock_getcpuclockid(atoi(argv[5]), &server)) {
		fprintf(stderr, "load: no such workload, number or process\n");
		return 2;
	}
	c = calloc(n, sizeof(*c));
	for (unsigned i = 0; i < n; i++) {
		char path[4096];

		c[i].w = w;
		c[i].number = i;
		c[i].seed = i * 7919 + 1;
		c[i].fd = -1;
		if (posix_memalign((void **)&c[i].buf, 4096, 1 << 20))
			die("memory");
		memset(c[i].buf, 'x', 1 << 20);
		snprintf(path, sizeof(path), "%s/a/b/f%u", mountpoint, i);
		if (w->flags >= 0 && (c[i].fd = open(path, w->flags)) < 0)
			die(path);
	}
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) + now(server);
	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&c[i].thread, NULL, client, &c[i]))
			die("pthread_create");
	usleep((useconds_t)(atof(argv[3]) * 1e6));
	atomic_store(&stop, 1);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(c[i].thread, NULL);
		ops += (double)c[i].ops;
	}
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) + now(server) - cpu;
	printf("%.1f\t%.3f\n", ops / wall, cpu / ops * 1e6);
	return 0;
}
