/*
 * signals MOUNTPOINT MOUNTPOINT: signal handlers of one session and of several, forks before and
 * while a file system is served. Each line of the output is a property that the library had; "FAIL"
 * one that it should have had.
 */
#include "handlers.h"
#include "one_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

static void check(int ok, const char *what)
{
	failures += !ok;
	printf("%s%s\n", ok ? "" : "FAIL ", what);
}

/* ---- one mounted file system ---- */

struct mounted {
	struct fuse *f;
	const char *mnt;
	pthread_t thread;
	int result;
#if API == 2
	struct fuse_chan *ch;
#endif
};

static int up(struct mounted *m, const char *mnt)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);

	m->mnt = mnt;
	fuse_opt_add_arg(&args, "signals");
#if API == 3
	m->f = fuse_new(&args, &one_file_ops, sizeof(one_file_ops), NULL);
	if (!m->f || fuse_mount(m->f, mnt))
		return -1;
#else
	m->ch = fuse_mount(mnt, &args);
	m->f = m->ch ? fuse_new(m->ch, &args, &one_file_ops, sizeof(one_file_ops), NULL) : NULL;
#endif
	fuse_opt_free_args(&args);
	return m->f ? 0 : -1;
}

static void *loop(void *data)
{
	struct mounted *m = data;

#if API == 3
	m->result = fuse_loop_mt(m->f, 0);
#else
	m->result = fuse_loop_mt(m->f);
#endif
	return NULL;
}

static void serve(struct mounted *m)
{
	pthread_create(&m->thread, NULL, loop, m);
}

static void down(struct mounted *m)
{
#if API == 3
	fuse_unmount(m->f);
#else
	fuse_unmount(m->mnt, m->ch);
#endif
	fuse_destroy(m->f);
}

static struct fuse_session *session(struct mounted *m)
{
	return fuse_get_session(m->f);
}

static int reads(const char *mnt)
{
	char path[4096], buf[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/file", mnt);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, buf, sizeof(buf) - 1) < 0)
		buf[0] = 0;
	if (fd >= 0)
		close(fd);
	return strcmp(buf, one_file_text) == 0;
}

/* ---- handlers ---- */

static void own(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info, (void)context;
}

static void set(int sig, void *handler, int flags, int masked)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = (void (*)(int))handler;
	sa.sa_flags = flags;
	if (masked)
		sigaddset(&sa.sa_mask, masked);
	sigaction(sig, &sa, NULL);
}

/* The default action is replaced, nothing else is; and all of it comes back, flags and mask too. */
static void set_and_restored(const char *mnt)
{
	struct sigaction before[65], while_set[65], after[65];
	struct mounted m;
	int changed = 0;

	set(SIGHUP, (void *)SIG_IGN, 0, 0);
	set(SIGINT, (void *)own, SA_SIGINFO | SA_RESTART, SIGUSR1);
	set(SIGTERM, (void *)SIG_DFL, 0, 0);
	handlers(before);
	check(up(&m, mnt) == 0, "mounts");
	check(fuse_set_signal_handlers(session(&m)) == 0, "handlers can be set");
	handlers(while_set);
	for (int i = 1; i < 65; i++)
		changed += !same_handler(&before[i], &while_set[i]);
	check(same_handler(&before[SIGHUP], &while_set[SIGHUP]), "an ignored SIGHUP stays ignored");
	check(same_handler(&before[SIGINT], &while_set[SIGINT]), "the program's SIGINT stays");
	check(while_set[SIGTERM].sa_handler != SIG_DFL, "SIGTERM is handled");
	check(while_set[SIGPIPE].sa_handler != SIG_DFL, "SIGPIPE is handled");
	check(changed == 2, "no other signal is");
	fuse_remove_signal_handlers(session(&m));
	handlers(after);
	changed = 0;
	for (int i = 1; i < 65; i++)
		changed += !same_handler(&before[i], &after[i]);
	check(changed == 0, "removing them restores all");

	fuse_set_signal_handlers(session(&m));
	set(SIGTERM, (void *)own, SA_SIGINFO, 0);
	fuse_remove_signal_handlers(session(&m));
	handlers(after);
	check(after[SIGTERM].sa_handler == (void (*)(int))(void *)own,
	      "a handler the program has set meanwhile stays");
	down(&m);
	for (int i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP)
			set(i, (void *)SIG_DFL, 0, 0);
}

#ifndef STOCK_SIGNALS
static void flags_restored(const char *mnt)
{
	struct sigaction before[65], after[65];
	struct mounted m;

	set(SIGTERM, (void *)SIG_DFL, SA_RESTART | SA_NODEFER, SIGUSR2);
	handlers(before);
	check(up(&m, mnt) == 0, "mounts with odd flags");
	fuse_set_signal_handlers(session(&m));
	fuse_remove_signal_handlers(session(&m));
	handlers(after);
	check(same_handler(&before[SIGTERM], &after[SIGTERM]),
	      "flags and mask of a default action come back");
	down(&m);
	set(SIGTERM, (void *)SIG_DFL, 0, 0);
}
#endif

/* ---- several sessions ---- */

static void several(const char *mnt1, const char *mnt2)
{
	struct sigaction before[65], after[65];
	struct mounted a, b;

	handlers(before);
	check(up(&a, mnt1) == 0 && up(&b, mnt2) == 0, "two file systems in one process");
	check(fuse_set_signal_handlers(session(&a)) == 0, "first session's handlers");
	serve(&a);
	serve(&b);
	check(reads(mnt1) && reads(mnt2), "both serve");
#ifndef STOCK_SIGNALS
	check(fuse_set_signal_handlers(session(&b)) == 0, "second session's handlers");
	kill(getpid(), SIGTERM);
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	check(1, "SIGTERM ends both");
	fuse_remove_signal_handlers(session(&b));
	handlers(after);
	check(after[SIGTERM].sa_handler != SIG_DFL, "removing the first leaves the second's");
#else
	umount2(mnt1, 0);
	umount2(mnt2, 0);
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
#endif
	fuse_remove_signal_handlers(session(&a));
	down(&a);
	down(&b);
	handlers(after);
	for (int i = 1; i < 65; i++)
		if (!same_handler(&before[i], &after[i]))
			check(0, strsignal(i));
	check(1, "all handlers as before");
}

/* ---- forks ---- */

/* A program that makes itself a daemon: it mounts, forks, and the child serves. */
static void fork_before_loop(const char *mnt)
{
	struct mounted m;
	int status;
	pid_t child;

	check(up(&m, mnt) == 0, "mounts before a fork");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		loop(&m);
		down(&m);
		_exit(m.result ? 1 : 0);
	}
	check(reads(mnt), "the child of a fork serves");
	check(umount2(mnt, 0) == 0, "can be unmounted");
	waitpid(child, &status, 0);
	check(status == 0, "the child's loop ends with 0");
	fuse_destroy(m.f); /* the parent's copy; what is mounted is the child's and gone */
}

/* A child that does not exec, made while threads serve, must be able to go without touching the
 * mount. */
static void fork_while_serving(const char *mnt)
{
	struct mounted m;
	int status;
	pid_t child;

	check(up(&m, mnt) == 0, "mounts");
	serve(&m);
	check(reads(mnt), "serves");
	for (int i = 0; i < 20; i++) {
		child = fork();
		if (child == 0)
			_exit(0);
		waitpid(child, &status, 0);
	}
	check(reads(mnt), "still serves after twenty forks");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "exit $(ls -l /proc/self/fd | grep -c /dev/fuse)",
		      NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	/* With FUSE 2 it is: what fuse_mount() returned used to be the program's own descriptor. */
	check((status == 0) == (API == 3),
	      "a program that is started inherits the device with FUSE 2 only");
	umount2(mnt, 0);
	pthread_join(m.thread, NULL);
	check(m.result == 0, "ends with 0");
	down(&m);
}

/* The file system first and its mount afterwards, by name, while there is another one. */
static void destroyed_before_unmounted(const char *mnt1, const char *mnt2)
{
#if API == 2
	struct mounted first, second;

	check(up(&first, mnt1) == 0 && up(&second, mnt2) == 0, "both mount");
	fuse_destroy(second.f);
	fuse_unmount(mnt2, NULL);
	down(&first);
	check(umount2(mnt1, 0) != 0 && umount2(mnt2, 0) != 0, "both are unmounted");
#else
	(void)mnt1, (void)mnt2;
#endif
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(200); /* when it hangs */
	one_file_context = fuse_get_context;
	set_and_restored(argv[1]);
#ifndef STOCK_SIGNALS
	flags_restored(argv[1]);
#endif
	several(argv[1], argv[2]);
	fork_before_loop(argv[1]);
	fork_while_serving(argv[1]);
	destroyed_before_unmounted(argv[1], argv[2]);
	return failures ? 1 : 0;
}
