/*
 * race MOUNTPOINT ROUNDS during|after: serves with threads while two processes read, and two other
 * threads call fuse_exit() at any moment. The program unmounts while the loop runs (during), or
 * when it has ended. Nothing may hang or touch what is gone.
 */
#include "one_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOMENTS 4000 /* microseconds */

static const char *mountpoint;
static atomic_uint *calls; /* of each client */
static struct fuse *f;

#if API == 3
static int make(struct fuse_args *args)
{
	f = fuse_new(args, &one_file_ops, sizeof(one_file_ops), NULL);
	return f ? fuse_mount(f, mountpoint) : -1;
}

static void unmount_running(void)
{
	fuse_unmount(f);
}

static void unmount_ended(void)
{
	fuse_unmount(f);
}

#define LOOP(f) fuse_loop_mt(f, 0)
#else
static struct fuse_chan *ch;

static int make(struct fuse_args *args)
{
	ch = fuse_mount(mountpoint, args);
	f = ch ? fuse_new(ch, args, &one_file_ops, sizeof(one_file_ops), NULL) : NULL;
	return f ? 0 : -1;
}

/* fuse_unmount() frees the channel, which a loop of API 2 has in use. */
static void unmount_running(void)
{
	umount2(mountpoint, MNT_DETACH);
}

static void unmount_ended(void)
{
	fuse_unmount(mountpoint, ch);
}

#define LOOP(f) fuse_loop_mt(f)
#endif

static void *serve(void *arg)
{
	(void)arg;
	return (void *)(long)LOOP(f);
}

/*
 * A process of its own, which has nothing of the library's: when this one is killed, the kernel
 * ends the connection, and the client with it.
 */
static pid_t start_client(atomic_uint *calls)
{
	pid_t pid = fork();
	char path[4096], buf[16];

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/file", mountpoint);
	for (;; atomic_fetch_add(calls, 1)) {
		int fd = open(path, O_RDONLY);

		if (fd < 0)
			continue;
		if (read(fd, buf, sizeof(buf)) < 0)
			errno = 0; /* unmounted meanwhile */
		close(fd);
	}
}

static void *end_loop(void *arg)
{
	usleep((useconds_t)(long)arg);
	fuse_exit(f);
	return NULL;
}

static int one_round(bool during)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	pthread_t loop, ends[2];
	int res = fuse_opt_add_arg(&args, "race") || make(&args);

	fuse_opt_free_args(&args);
	if (res)
		return -1;
	pthread_create(&loop, NULL, serve, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&ends[i], NULL, end_loop, (void *)(long)(rand() % MOMENTS));
	if (during) {
		usleep((useconds_t)(rand() % MOMENTS));
		unmount_running();
	}
	pthread_join(loop, NULL);
	unmount_ended();
	for (int i = 0; i < 2; i++)
		pthread_join(ends[i], NULL);
	/* Nobody serves any more: a call that waits for an answer has to end without. */
	for (int i = 0; i < 2; i++)
		for (unsigned n = atomic_load(&calls[i]); atomic_load(&calls[i]) == n;)
			usleep(100);
	fuse_destroy(f);
	return 0;
}

int main(int argc, char **argv)
{
	pid_t clients[2];
	int res = 0;

	if (argc != 4)
		return 2;
	mountpoint = argv[1];
	calls = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (calls == MAP_FAILED)
		return 1;
	for (int i = 0; i < 2; i++)
		clients[i] = start_client(&calls[i]);
	for (int i = atoi(argv[2]); i > 0 && !res; i--) {
		alarm(20);
		res = one_round(strcmp(argv[3], "during") == 0);
	}
	for (int i = 0; i < 2; i++) {
		kill(clients[i], SIGKILL);
		waitpid(clients[i], NULL, 0);
	}
	return res ? 1 : 0;
}
