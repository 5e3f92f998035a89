/*
 * FUSE over io_uring on a real mount: used when the kernel offers it; and its start is one
 * transaction: whichever step fails, the mount works on the device and nothing is left over.
 * Needs root and a kernel that has it; switches the kernel's parameter on for the time of a test.
 */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "test_session.h"
#include "core/transport/uring.h"

#define PARAMETER "/sys/module/fuse/parameters/enable_uring"

#ifdef __SANITIZE_THREAD__
enum { SANITIZER_THREADS = 1 };
#else
enum { SANITIZER_THREADS = 0 };
#endif

static enum core_uring_step fail_step;
static int fail_nth; /* 0: every time */
static _Atomic int calls;

static int fault(enum core_uring_step step)
{
	if (step != fail_step)
		return 0;
	return !fail_nth || atomic_fetch_add(&calls, 1) + 1 == fail_nth ? -ENOSPC : 0;
}

static int entries_of(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void op_getattr(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct stat st = {.st_ino = ino, .st_mode = S_IFDIR | 0755, .st_nlink = 2};

	(void)fi;
	core_reply_attr(req, &st, 0);
}

struct mounted {
	struct core_session *se;
	pthread_t thread;
	int result;
};

static void *run_loop(void *arg)
{
	struct mounted *m = arg;
	struct core_pool_config cfg = {0};

	m->result = core_session_loop_mt(m->se, &cfg);
	return NULL;
}

static bool ring_works(const struct mounted *m)
{
	/* decided before the session is ready */
	return atomic_load(&m->se->ready) && m->se->ring && !core_uring_failed(m->se->ring);
}

/* In a process of its own. 0, or the number of what went wrong. */
static int one_mount(unsigned choice, bool expect_ring, int expect_result)
{
	static const struct core_profile profile = {
		.api = "test", .max_write = 1 << 20, .caps_always = WIRE_CAP(MAX_PAGES)};
	static const struct core_ll_ops ops = {.getattr = op_getattr};
	struct core_session_config cfg = {.transport = choice};
	char dir[] = "/tmp/unit-uring-XXXXXX", options[100];
	int fds = entries_of("/proc/self/fd"), fd, bad = 0;
	/* "." and "..", this thread, and ThreadSanitizer's */
	int tasks = 3 + (int)SANITIZER_THREADS;
	struct core_transport *t;
	struct mounted m = {0};
	struct stat st;

	if (!mkdtemp(dir) || unshare(CLONE_NEWNS) ||
	    mount("", "/", "", MS_REC | MS_PRIVATE, NULL))
		return 1;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("unit", dir, "fuse", MS_NODEV | MS_NOSUID, options))
		bad = 2;
	m.se = core_session_new(&profile, &cfg, &ops, NULL);
	if (bad || !m.se || core_transport_device(fd, &t))
		return bad ? bad : 3;
	core_session_attach(m.se, t);
	pthread_create(&m.thread, NULL, run_loop, &m);
	for (int i = 0; i < 20 && !bad; i++)
		if (stat(dir, &st) != (expect_result ? -1 : 0))
			bad = 4;
	/* That all entries are refused the queues' threads find out, beside the requests above. */
	for (int i = 0; i < 300 && !bad && !expect_result && ring_works(&m) != expect_ring; i++)
		nap_ms(10);
	if (!bad && !expect_result && ring_works(&m) != expect_ring)
		bad = 5;
	umount2(dir, MNT_DETACH);
	pthread_join(m.thread, NULL);
	if (!bad && m.result != expect_result)
		bad = 6;
	core_session_free(m.se);
	rmdir(dir);
	for (int i = 0; i < 200 && entries_of("/proc/self/task") != tasks; i++)
		nap_ms(10);
	if (!bad && entries_of("/proc/self/task") != tasks)
		bad = 7;
	if (!bad && entries_of("/proc/self/fd") != fds)
		bad = 8;
	return bad;
}

static int in_a_process(unsigned choice, bool expect_ring, int expect_result)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		alarm(30);
		_exit(one_mount(choice, expect_ring, expect_result));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

/* Switched on under a lock that every user of the parameter takes. -1: cannot be, and is skipped.
 */
static int switch_on(char *before)
{
	int fd = open(PARAMETER, O_RDWR | O_CLOEXEC), busy = -1;

	if (fd < 0) {
		unit_skip("no FUSE over io_uring here");
		return -1;
	}
	/* Others may hold it for minutes, and a test has one. */
	for (int i = 0; i < 400 && (busy = flock(fd, LOCK_EX | LOCK_NB)); i++)
		nap_ms(100);
	if (busy) {
		unit_skip("another test run has the kernel's parameter enable_uring");
		close(fd);
		return -1;
	}
	if (read(fd, before, 1) != 1 || pwrite(fd, "Y", 1, 0) != 1 || core_uring_possible()) {
		unit_skip("no FUSE over io_uring here");
		close(fd);
		return -1;
	}
	return fd;
}

static void put_back(int fd, char before)
{
	if (pwrite(fd, &before, 1, 0) != 1)
		CU_FAIL("the kernel's parameter cannot be put back");
	close(fd);
}

static void used_when_offered(void)
{
	char before;
	int fd = switch_on(&before);

	if (fd < 0)
		return;
	core_uring_fault = NULL;
	UNIT_ASSERT_INT(in_a_process(CORE_TRANSPORT_AUTO, true, 0), 0);
	UNIT_ASSERT_INT(in_a_process(CORE_TRANSPORT_URING, true, 0), 0);
	UNIT_ASSERT_INT(in_a_process(CORE_TRANSPORT_DEVICE, false, 0), 0);
	put_back(fd, before);
}

static void any_step_fails(void)
{
	char before;
	int fd = switch_on(&before), bad;

	if (fd < 0)
		return;
	core_uring_fault = fault;
	for (int step = 0; step < CORE_URING_STEPS; step++)
		for (fail_nth = 0; fail_nth <= 2; fail_nth++) {
			/* One refused entry of many does no harm; there is one NEW. */
			bool ring = fail_nth && step == CORE_URING_REGISTER;

			if (fail_nth == 2 && step == CORE_URING_NEW)
				continue;
			fail_step = (enum core_uring_step)step;
			bad = in_a_process(CORE_TRANSPORT_AUTO, ring, 0);
			if (bad)
				UNIT_ASSERT_INT(step * 100 + fail_nth * 1000 + bad, 0);
		}
	fail_nth = 1;
	fail_step = CORE_URING_RING;
	UNIT_ASSERT_INT(in_a_process(CORE_TRANSPORT_URING, false, -EPROTO), 0);
	core_uring_fault = NULL;
	put_back(fd, before);
}

static void says_what_to_do(void)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(core_uring_advice(-EOPNOTSUPP), "echo Y > " PARAMETER));
	CU_ASSERT_PTR_NOT_NULL(strstr(core_uring_advice(-ENOSYS), "6.14"));
	CU_ASSERT_PTR_NOT_NULL(strstr(core_uring_advice(-EPERM), "forbidden"));
}

UNIT_SUITE(uring, UNIT_TEST(used_when_offered), UNIT_TEST(any_step_fails),
	   UNIT_TEST(says_what_to_do));
