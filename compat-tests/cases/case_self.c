/* case_self.c - tests of the framework: each must be found out (field expect). */
#include "conform.h"

#include <pthread.h>
#include <signal.h>

CASE(self_pass, "self.pass")
{
	put(S("a"), "hello");
	STR(slurp(P("a")), "hello");
	SAW("open fh1 /a ro");
}

CASE(self_fail, "self.fail", .expect = "expected 2")
{
	EQ(1, 2);
}

CASE(self_errno, "self.errno", .expect = "No such file or directory, expected File exists")
{
	ERR(open(P("a"), O_RDONLY), EEXIST);
}

CASE(self_no_event, "self.event-missing", .expect = "did not see \"unlink /a\"")
{
	put(P("a"), "x");
	SAW("unlink /a");
}

CASE(self_wrong_order, "self.order", .expect = "in this place (it did before)")
{
	mkdir(P("a"), 0755);
	rmdir(P("a"));
	SAW("rmdir /a");
	SAW("mkdir /a*");
}

CASE(self_unseen, "self.unseen", .expect = "1 times, expected 0")
{
	mkdir(P("a"), 0755);
	UNSEEN("mkdir*");
}

CASE(self_skip, "self.skip", .expect = "not today")
{
	t_skip("not today");
}

CASE(self_hang_client, "self.hang-client", .timeout = 1, .expect = "timeout: the client")
{
	pause();
}

CASE(self_hang_server, "self.hang-server", .timeout = 1, .modes = T_MODE_S,
     .expect = "timeout: the client", .expect_stack = "nanosleep")
{
	/* not interruptible from outside; only abort and kill help */
	atomic_store(&T->knob[OP_getattr].delay_ms, 100000);
	stat(P("a"), &(struct stat){0});
}

static int never_ends(int argc, char **argv)
{
	int ret = t_path_server(argc, argv);

	while (!ret)
		pause();
	return ret;
}

CASE(self_server_stays, "self.server-stays", .server = never_ends, .end_ms = 500,
     .expect = "ms of the unmount")
{
}

static int leaks_fd(int argc, char **argv)
{
	(void)!open("/dev/null", O_RDONLY);
	return t_path_server(argc, argv);
}

CASE(self_leak_fd, "self.leak-descriptor", .server = leaks_fd, .expect = "descriptors leaked")
{
}

static int leaks_memory(int argc, char **argv)
{
	static struct fuse_args args;

	fuse_opt_add_arg(&args, "never freed");
	return t_path_server(argc, argv);
}

CASE(self_leak_memory, "self.leak-memory", .server = leaks_memory, .expect = "memory leaked")
{
}

CASE(self_keep_memory, "self.keep-memory", .server = leaks_memory, .may_keep = true)
{
}

CASE(self_kernel_log, "self.kernel-log", .expect = "in the kernel log")
{
	int out = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	int in = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *text = "conform: fuse: what a self-test writes";
	char buf[4096];

	if (out < 0 || in < 0)
		FAIL("in the kernel log nothing can be written here: %s", strerror(errno));
	lseek(in, 0, SEEK_END);
	/* the kernel drops what comes too fast */
	for (int i = 0; i < 30; i++, usleep(300000)) {
		(void)!write(out, text, strlen(text));
		while (read(in, buf, sizeof(buf)) > 0)
			if (strstr(buf, "conform: fuse"))
				return;
	}
	FAIL("in the kernel log nothing arrives");
}

static void *sleeper(void *arg)
{
	pause();
	return arg;
}

static int leaks_thread(int argc, char **argv)
{
	pthread_t t;

	pthread_create(&t, NULL, sleeper, NULL);
	return t_path_server(argc, argv);
}

CASE(self_leak_thread, "self.leak-thread", .server = leaks_thread, .expect = "threads left")
{
}

static int crashes(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	raise(SIGSEGV);
	return 0;
}

static void crashing(struct fuse_operations *ops)
{
	ops->mkdir = crashes;
}

CASE(self_crash_server, "self.crash-server", .ops = crashing,
     .expect = "server was killed by signal 11")
{
	OK(mkdir(P("a"), 0755));
}

CASE(self_crash_client, "self.crash-client", .expect = "client was killed by signal 6")
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int exits_7(int argc, char **argv)
{
	t_path_server(argc, argv);
	return 7;
}

CASE(self_exit_status, "self.exit-status", .server = exits_7, .expect = "exit status is 7")
{
}

static void forgets_private_data(struct fuse_operations *ops)
{
	ops->init = NULL;
}

CASE(self_private_data, "self.private-data", .ops = forgets_private_data,
     .expect = "private_data is")
{
	stat(P("a"), &(struct stat){0});
	usleep(1000);
}

static void hold_open(long arg)
{
	(void)arg;
	(void)!open(P(""), O_RDONLY);
	pause();
}

CASE(self_busy_child, "self.child-left-running")
{
	/* taken away at the end; no failure */
	spawn(hold_open, 0);
	SAW("opendir*");
}

/* By itself: with FUSE 2 a library may find an option wrong when it has mounted already. */
static int ends_at_once(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 1;
}

CASE(self_never_mounts, "self.never-mounts", .server = ends_at_once, .expect = "without mounting")
{
}
