/*
 * cycle SONAME API ROUNDS MOUNTPOINT: a process takes a FUSE library with dlopen(), mounts, serves,
 * ends the loop and lets the library go, again and again. After each round nothing of it may be
 * left: threads, signal handlers, descriptors, thread-local data whose destructor is gone. A
 * round's mount is used by threads that stay alive until the library is away.
 */
#include "handlers.h"
#include "service.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct service *s;
static const char *mnt, *soname;
static int failures;

#define SAY(...) (failures++, printf("FAIL " __VA_ARGS__), putchar('\n'))

static int count(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int threads(void)
{
	int n = 0;

	/* A joined thread is in the list a moment longer. */
	for (int i = 0; i < 3000; i++) {
		n = count("/proc/self/task") - 2;
		if (n == 1)
			break;
		usleep(10000);
	}
	return n;
}

static int read_file(void)
{
	char path[4096], buf[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/file", mnt);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
	return strcmp(buf, "alive\n") == 0;
}

struct client {
	pthread_t thread;
	sem_t used, gone;
};

/* Uses the file system and the library's thread-local context; ends only when the library is away.
 */
static void *client(void *data)
{
	struct client *c = data;

	s->touch();
	if (!read_file())
		SAY("the file cannot be read");
	sem_post(&c->used);
	sem_wait(&c->gone);
	return NULL;
}

static int mapped(const char *name)
{
	char line[4096];
	FILE *f = fopen("/proc/self/maps", "r");
	int found = 0;

	while (fgets(line, sizeof(line), f))
		found |= strstr(line, name) != NULL;
	fclose(f);
	return found;
}

static void compare_handlers(const struct sigaction *before, int round)
{
	struct sigaction now[65];

	handlers(now);
	for (int i = 1; i < 65; i++)
		if (!same_handler(&before[i], &now[i]))
			SAY("round %d: signal %d: handler %p flags %x, before %p %x", round, i,
			    (void *)now[i].sa_handler, now[i].sa_flags,
			    (void *)before[i].sa_handler, before[i].sa_flags);
}

static void one_round(int round)
{
	struct client c[3];
	int res;

	if (s->open(soname)) {
		SAY("round %d: cannot open %s", round, soname);
		return;
	}
	res = s->start(mnt, round % 2 == 0);
	if (res) {
		SAY("round %d: start: %d", round, res);
		return;
	}
	for (int i = 0; i < 3; i++) {
		sem_init(&c[i].used, 0, 0);
		sem_init(&c[i].gone, 0, 0);
		pthread_create(&c[i].thread, NULL, client, &c[i]);
	}
	for (int i = 0; i < 3; i++)
		sem_wait(&c[i].used);
	res = s->stop();
	if (res)
		SAY("round %d: stop: %d", round, res);
	if (s->close())
		SAY("round %d: dlclose: %s", round, dlerror());
	for (int i = 0; i < 3; i++) {
		sem_post(&c[i].gone);
		pthread_join(c[i].thread, NULL);
	}
}

int main(int argc, char **argv)
{
	struct sigaction before[65];
	int fds, was = 0, n = argc > 3 ? atoi(argv[3]) : 0;

	if (argc != 5)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	soname = argv[1];
	s = argv[2][0] == '3' ? &service3 : &service2;
	mnt = argv[4];
	handlers(before);
	fds = count("/proc/self/fd");
	for (int round = 0; round < n && !failures; round++) {
		one_round(round);
		if (threads() != 1)
			SAY("round %d: %d threads", round, threads());
		if (count("/proc/self/fd") != fds)
			SAY("round %d: %d descriptors, %d before", round, count("/proc/self/fd"),
			    fds);
		compare_handlers(before, round);
		was |= mapped("libfuse");
	}
	printf("%d rounds, %s\n", n, was ? "stays mapped" : "unmapped each time");
	return failures ? 1 : 0;
}
