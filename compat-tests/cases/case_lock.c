/* case_lock.c - POSIX locks, flock, waiting for them, and interrupting operations */
#include "conform.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>
#include <sys/wait.h>

static int lock_cmd(int fd, int cmd, short type, off_t start, off_t len)
{
	struct flock fl = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	return fcntl(fd, cmd, &fl);
}

CASE(lock_set, "lock.posix-set-and-release")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(lock_cmd(fd, F_SETLK, F_WRLCK, 2, 3));
	SAW_RET("lock fh1 /f set wr 2+3", 0);
	OK(lock_cmd(fd, F_SETLK, F_UNLCK, 2, 3));
	SAW_RET("lock fh1 /f set un 2+3", 0);
	OK(lock_cmd(fd, F_SETLK, F_RDLCK, 0, 0));
	SAW("lock fh1 /f set rd 0+0");
}

static void conflicting(long wr)
{
	int fd = OK(open(P("f"), O_RDWR));
	ERR(lock_cmd(fd, F_SETLK, wr ? F_WRLCK : F_RDLCK, 4, 1), EAGAIN);
	/* beside it there is room */
	OK(lock_cmd(fd, F_SETLK, F_WRLCK, 5, 1));
}
CASE(lock_conflict, "lock.posix-conflict-between-processes")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(lock_cmd(fd, F_SETLK, F_WRLCK, 2, 3));
	EQ(reap(spawn(conflicting, 1)), 0);
	EQ(reap(spawn(conflicting, 0)), 0);
	SAW_RET("lock fh2 /f set wr 4+1", -EAGAIN);
}

static void getlk_other(long pid)
{
	int fd = OK(open(P("f"), O_RDWR));
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
	OK(fcntl(fd, F_GETLK, &fl));
	EQ(fl.l_type, F_WRLCK);
	EQ(fl.l_start, 2);
	EQ(fl.l_len, 3);
	EQ(fl.l_pid, pid);
	fl = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 6, .l_len = 1};
	OK(fcntl(fd, F_GETLK, &fl));
	EQ(fl.l_type, F_UNLCK);
}
CASE(lock_get, "lock.posix-getlk")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(lock_cmd(fd, F_SETLK, F_WRLCK, 2, 3));
	EQ(reap(spawn(getlk_other, getpid())), 0);
	/* a conflict that the library knows of is not asked for again */
	SAW_RET("lock fh2 /f get wr 6+1", 0);
}

CASE(lock_close, "lock.posix-close-releases-all-of-the-process")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(lock_cmd(fd, F_SETLK, F_WRLCK, 2, 3));
	SAW("lock fh1 /f set wr 2+3");
	OK(close(fd));
	SAW("flush fh1 /f");
	SAW("lock fh1 /f set un 0+0");
	SAW("release fh1 /f");
}

/* One of many may come when the file is gone already. */
static int open_to_wait(long of_many)
{
	int fd = open(P("f"), O_RDWR);

	if (fd < 0 && errno == ENOENT && of_many)
		_exit(0);
	return (int)OK(fd);
}
static void wait_for_lock(long of_many)
{
	int fd = open_to_wait(of_many);
	OK(lock_cmd(fd, F_SETLKW, F_WRLCK, 0, 0));
}
static void wait_for_flock(long of_many)
{
	int fd = open_to_wait(of_many);
	OK(flock(fd, LOCK_EX));
	OK(flock(fd, LOCK_UN));
}
/*
 * The file is locked by a descriptor, *fd if it is asked for, and a process waits for it, which the
 * program has seen.
 */
static pid_t waiter_behind(bool posix, const char *seen, int *fd)
{
	put(S("f"), "");
	int mine = OK(open(P("f"), O_RDWR));
	OK(posix ? lock_cmd(mine, F_SETLK, F_WRLCK, 0, 0) : flock(mine, LOCK_EX));
	pid_t p = spawn(posix ? wait_for_lock : wait_for_flock, 0);
	SAW(seen);
	if (fd)
		*fd = mine;
	return p;
}
CASE(lock_wait, "lock.posix-waiting-is-let-through-by-the-unlock", .modes = T_MODE_POOL)
{
	int fd;
	pid_t p = waiter_behind(true, "lock fh2 /f wait wr 0+0", &fd);
	YES(!reaped_within(p, 50, NULL));
	OK(lock_cmd(fd, F_SETLK, F_UNLCK, 0, 0));
	EQ(reap(p), 0);
}

CASE(lock_local, "lock.posix-locks-are-the-kernels-without-lock", .without = "lock")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(lock_cmd(fd, F_SETLK, F_WRLCK, 2, 3));
	EQ(reap(spawn(conflicting, 1)), 0);
}

CASE(lock_error, "lock.posix-error")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	force(OP_lock, -ENOLCK, 1);
	ERR(lock_cmd(fd, F_SETLK, F_WRLCK, 0, 0), ENOLCK);
}

CASE(lock_flock, "lock.flock")
{
	put(S("f"), "");
	int a = OK(open(P("f"), O_RDWR)), b = OK(open(P("f"), O_RDWR));
	OK(flock(a, LOCK_SH));
	SAW_RET("flock fh1 /f sh*", 0);
	OK(flock(b, LOCK_SH | LOCK_NB));
	SAW_RET("flock fh2 /f sh,nb", 0);
	ERR(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	SAW_RET("flock fh2 /f ex,nb", -EWOULDBLOCK);
	OK(flock(a, LOCK_UN));
	SAW("flock fh1 /f un");
	OK(flock(b, LOCK_EX));
	SAW("flock fh2 /f ex*");
}

CASE(lock_flock_close, "lock.flock-is-released-by-the-last-close")
{
	put(S("f"), "");
	int a = OK(open(P("f"), O_RDWR)), b = OK(open(P("f"), O_RDWR));
	OK(flock(a, LOCK_EX));
	ERR(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	close(a);
	WITHIN(2000, flock(b, LOCK_EX | LOCK_NB) == 0);
}

CASE(lock_flock_local, "lock.flock-is-the-kernels-without-flock", .without = "flock")
{
	put(S("f"), "");
	int a = OK(open(P("f"), O_RDWR)), b = OK(open(P("f"), O_RDWR));
	OK(flock(a, LOCK_EX));
	ERR(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	UNSEEN("lock*");
}

CASE(lock_flock_wait, "lock.flock-waiting-is-let-through", .modes = T_MODE_POOL)
{
	int fd;
	pid_t p = waiter_behind(false, "flock fh2 /f ex", &fd);
	YES(!reaped_within(p, 50, NULL));
	OK(flock(fd, LOCK_UN));
	EQ(reap(p), 0);
}

/* A single thread that waits in the program for a lock would wait for ever. */
CASE(lock_flock_single, "lock.flock-waiting-is-let-through-on-a-single-thread", .modes = T_MODE_S,
     .timeout = 8)
{
	int fd;
	pid_t p = waiter_behind(false, "flock fh2 /f ex*", &fd);
	YES(!reaped_within(p, 50, NULL));
	OK(flock(fd, LOCK_UN));
	YES(reaped_within(p, 3000, NULL), "the waiter waits on");
}

CASE(lock_posix_single, "lock.posix-waiting-is-let-through-on-a-single-thread", .modes = T_MODE_S,
     .timeout = 8)
{
	int fd;
	pid_t p = waiter_behind(true, "open fh2 /f rw", &fd);
	YES(!reaped_within(p, 50, NULL));
	OK(lock_cmd(fd, F_SETLK, F_UNLCK, 0, 0));
	YES(reaped_within(p, 3000, NULL), "the waiter waits on");
}

CASE(lock_single_kill, "lock.flock-waiter-can-be-killed-on-a-single-thread", .modes = T_MODE_S,
     .timeout = 8)
{
	pid_t p = waiter_behind(false, "flock fh2 /f ex*", NULL);
	usleep(20000);
	OK(kill(p, SIGKILL));
	YES(reaped_within(p, 2000, NULL), "still there after SIGKILL");
	OK(stat(P(""), &(struct stat){0}));
}

/* stock-faults 1 */
CASE(lock_flock_kill, "lock.flock-waiter-can-be-killed", .modes = T_MODE_POOL)
{
	int status;
	pid_t p = waiter_behind(false, "flock fh2 /f ex", NULL);
	usleep(20000);
	OK(kill(p, SIGKILL));
	YES(reaped_within(p, 2000, &status), "still there after SIGKILL");
	EQ(status, 128 + SIGKILL);
	SAW("release fh2 *");
}

CASE(lock_setlkw_kill, "lock.posix-waiter-can-be-killed", .modes = T_MODE_POOL)
{
	pid_t p = waiter_behind(true, "lock fh2 /f wait wr 0+0", NULL);
	usleep(20000);
	OK(kill(p, SIGKILL));
	YES(reaped_within(p, 2000, NULL), "still there after SIGKILL");
}

/* The same with a program that waits in flock(2) itself and never asks fuse_interrupted. */
static int blocking_flock(const char *path, struct fuse_file_info *fi, int op)
{
	struct t_call c;
	t_begin(&c, OP_flock, NULL, fi->fh, path, "%d", op & 7);
	return (int)t_end(&c, flock(t_path_fd(fi), op) ? -errno : 0);
}
static void blocks_in_flock(struct fuse_operations *ops)
{
	ops->flock = blocking_flock;
}
CASE(lock_flock_kill_2, "lock.flock-waiter-can-be-killed-when-the-program-blocks",
     .modes = T_MODE_POOL, .ops = blocks_in_flock)
{
	pid_t p = waiter_behind(false, "flock fh2 /f 2", NULL);
	usleep(20000);
	OK(kill(p, SIGKILL));
	YES(reaped_within(p, 2000, NULL), "still there after SIGKILL");
	SAW("release fh2 *");
}

static void unlink_f(long arg)
{
	(void)arg;
	OK(unlink(P("f")));
}
static void rename_dir(long arg)
{
	(void)arg;
	OK(rename(P("d"), P("e")));
}
/* While `waiter` waits for the lock of the file, `fn` is done soon. */
static void passes_a_flock_waiter(const char *name, void (*waiter)(long), void (*fn)(long))
{
	char seen[40];
	int fd = OK(open(P(name), O_RDWR));
	OK(flock(fd, LOCK_EX));
	pid_t w = spawn(waiter, 0);
	snprintf(seen, sizeof(seen), "flock fh2 /%s ex", name);
	SAW(seen);
	usleep(20000);
	pid_t p = spawn(fn, 0);
	YES(reaped_within(p, 2000, NULL), "it waits behind the lock");
	OK(flock(fd, LOCK_UN));
	EQ(reap(w), 0);
}
CASE(lock_flock_unlink, "lock.unlink-does-not-wait-for-a-flock-waiter", .modes = T_MODE_POOL)
{
	put(S("f"), "");
	passes_a_flock_waiter("f", wait_for_flock, unlink_f);
}

static void wait_for_flock_d(long arg)
{
	(void)arg;
	int fd = OK(open(P("d/f"), O_RDWR));
	OK(flock(fd, LOCK_EX));
}
CASE(lock_flock_rename, "lock.rename-above-does-not-wait-for-a-flock-waiter", .modes = T_MODE_POOL)
{
	OK(mkdir(S("d"), 0755));
	put(S("d/f"), "");
	passes_a_flock_waiter("d/f", wait_for_flock_d, rename_dir);
}

static void two_hundred(void (*waiter)(long), const char *op_pattern, bool posix)
{
	static pid_t p[200];
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(posix ? lock_cmd(fd, F_SETLK, F_WRLCK, 0, 0) : flock(fd, LOCK_EX));
	for (long i = 0; i < 200; i++)
		p[i] = spawn(waiter, true);
	/* as many as the library lets in wait in the program, the others in the kernel's queue:
	 * until no more come */
	for (int still = 0, seen = 0; still < 1000 && seen < 200; still++) {
		if (t_seen(op_pattern) != seen)
			still = 0;
		seen = t_seen(op_pattern);
		usleep(1000);
	}
	/* an interrupt gets through, if two hundred processes let it */
	OK(kill(p[199], SIGKILL));
	YES(reaped_within(p[199], 8000, NULL), "a killed waiter is still there");
	/* so does something else, and the unlock */
	pid_t s = spawn(unlink_f, 0);
	YES(reaped_within(s, 8000, NULL), "unlink does not get through");
	OK(posix ? lock_cmd(fd, F_SETLK, F_UNLCK, 0, 0) : flock(fd, LOCK_UN));
	for (int i = 0; i < 199; i++)
		YES(reaped_within(p[i], 8000, NULL), "waiter %d is not let through", i);
	close(fd);
	SAW("release fh1 *");
}
CASE(lock_200, "lock.two-hundred-flock-waiters-then-the-unlock", .modes = T_MODE_POOL,
     .timeout = 50)
{
	two_hundred(wait_for_flock, "flock * ex", false);
}
CASE(lock_200_posix, "lock.two-hundred-posix-waiters-then-the-unlock", .modes = T_MODE_POOL,
     .timeout = 50)
{
	two_hundred(wait_for_lock, "lock * wait*", true);
}

/* --- interrupts ---------------------------------------------------------------------------------
 */

static void nothing(int sig)
{
	(void)sig;
}
static void open_f(long expect)
{
	struct sigaction sa = {.sa_handler = nothing};
	sigaction(SIGINT, &sa, NULL);
	int fd = open(P("f"), O_RDONLY);
	int e = fd < 0 ? errno : 0;
	if (e != expect)
		FAIL("open: %s, expected %s", strerror(e), strerror((int)expect));
}
static void interrupt_open(void)
{
	put(S("f"), "");
	atomic_store(&T->knob[OP_open].block, 1);
	pid_t p = spawn(open_f, EINTR);
	WITHIN(2000, atomic_load(&T->knob[OP_open].blocked));
	OK(kill(p, SIGINT));
	YES(reaped_within(p, 2000, NULL), "the call goes on after the signal");
	SAW_RET("open * /f ro", -EINTR);
}

CASE(lock_intr, "intr.option-lets-a-signal-interrupt-the-operation", SETTING(intr),
     .modes = T_MODE_POOL)
{
	interrupt_open();
}
CASE(lock_intr_default, "intr.interrupt-without-the-option", .modes = T_MODE_POOL)
{
	interrupt_open();
}

static int sleeping_open(const char *path, struct fuse_file_info *fi)
{
	struct t_call c;
	struct timespec t = {8, 0};
	(void)fi;
	t_begin(&c, OP_open, NULL, 0, path, "%s", "");
	atomic_store(&T->word[1], 1);
	return (int)t_end(&c, nanosleep(&t, NULL) ? -errno : -EIO);
}
static void sleeps(struct fuse_operations *ops)
{
	ops->open = sleeping_open;
}
CASE(intr_signal, "intr.option-ends-a-blocking-call-of-the-program", SETTING(intr), .ops = sleeps,
     .modes = T_MODE_POOL)
{
	put(S("f"), "");
	pid_t p = spawn(open_f, EINTR);
	WITHIN(2000, atomic_load(&T->word[1]));
	usleep(10000);
	OK(kill(p, SIGINT));
	YES(reaped_within(p, 2000, NULL), "the call goes on after the signal");
	SAW_RET("open /f", -EINTR);
}

CASE(intr_next, "intr.next-operation-is-not-interrupted", SETTING(intr), .modes = T_MODE_POOL)
{
	interrupt_open();
	atomic_store(&T->knob[OP_open].block, 0);
	STR(slurp(P("f")), "");
	OK(mkdir(P("d"), 0755));
}

CASE(intr_late, "intr.interrupt-of-what-is-already-answered", SETTING(intr), .modes = T_MODE_POOL)
{
	/* signals all the time while calls come and go: none hangs, none gets another's answer */
	struct sigaction sa = {.sa_handler = nothing, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &sa, NULL);
	put(S("f"), "12345");
	struct timeval every_ms[] = {{0, 700}, {0, 700}};
	setitimer(ITIMER_REAL, (struct itimerval *)every_ms, NULL);
	for (int i = 0; i < 2000; i++) {
		struct stat st;
		if (stat(P("f"), &st))
			EQ(errno, EINTR);
		else
			EQ(st.st_size, 5);
	}
}
