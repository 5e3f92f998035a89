#include "core/session/signals.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/log.h"

#define MAX_SESSIONS 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct core_session *_Atomic sessions[MAX_SESSIONS];
static int registered;

static _Atomic int handling; /* threads in the handler: sessions it has found are kept for them */

static void exit_handler(int sig)
{
	int err = errno;

	atomic_fetch_add(&handling, 1);
	/* fuse_exit in a signal handler is what this is; the reason reaches the loop's caller. */
	for (int i = 0; i < MAX_SESSIONS; i++) {
		struct core_session *se = atomic_load(&sessions[i]);

		if (se)
			core_session_exit(se, sig);
	}
	atomic_fetch_sub(&handling, 1);
	errno = err;
}

static void ignore_handler(int sig)
{
	(void)sig; /* not SIG_IGN, which programs started by this one would inherit */
}

static struct {
	const int sig;
	void (*const handler)(int);
	struct sigaction before; /* what comes back, flags and mask too */
} handled[] = {
	{.sig = SIGHUP, .handler = exit_handler},
	{.sig = SIGINT, .handler = exit_handler},
	{.sig = SIGTERM, .handler = exit_handler},
	{.sig = SIGPIPE, .handler = ignore_handler},
};

static int set_all(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(handled); i++) {
		struct sigaction sa, old;

		if (sigaction(handled[i].sig, NULL, &old))
			return -errno;
		if ((old.sa_flags & SA_SIGINFO) || old.sa_handler != SIG_DFL)
			continue;
		memset(&sa, 0, sizeof(sa));
		sigemptyset(&sa.sa_mask);
		sa.sa_handler = handled[i].handler;
		if (sigaction(handled[i].sig, &sa, NULL))
			return -errno;
		handled[i].before = old;
	}
	return 0;
}

static void restore_all(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(handled); i++) {
		struct sigaction now;

		if (sigaction(handled[i].sig, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
		    now.sa_handler == handled[i].handler)
			sigaction(handled[i].sig, &handled[i].before, NULL);
	}
}

/* ---- faults ----------------------------------------------------------------------------- */

#define MAX_CALLS 100

/* Only what may be called in a signal handler; the program's memory may be in any state. */
static void fail_handler(int sig)
{
	static const char head[] = "fuse: the program dies by signal ";
	char number[] = "00; it was in:\n";
	void *calls[MAX_CALLS];
	int n = backtrace(calls, MAX_CALLS);

	number[0] = (char)('0' + sig / 10);
	number[1] = (char)('0' + sig % 10);
	if (write(STDERR_FILENO, head, sizeof(head) - 1) > 0 &&
	    write(STDERR_FILENO, number, sizeof(number) - 1) > 0)
		backtrace_symbols_fd(calls, n, STDERR_FILENO);
	raise(sig); /* delivered on return, when the action is the default one again */
}

static const int faults[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP };
static bool faults_handled;

int core_signals_add_fail(void)
{
	void *first[1];
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&lock);

	(void)backtrace(first, 1); /* loads a library at its first call: not in the handler */
	for (size_t i = 0; i < CORE_ARRAY_SIZE(faults); i++) {
		struct sigaction sa = { .sa_handler = fail_handler, .sa_flags = (int)SA_RESETHAND };
		struct sigaction old;

		if (sigaction(faults[i], NULL, &old) == 0 &&
		    ((old.sa_flags & SA_SIGINFO) || old.sa_handler != SIG_DFL))
			continue;
		if (sigaction(faults[i], &sa, NULL)) {
			int err = errno;

			core_err("cannot set signal handlers: %s\n", strerror(err));
			return -err;
		}
	}
	faults_handled = true;
	return 0;
}

static void restore_faults(void)
{
	if (!faults_handled)
		return;
	faults_handled = false;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(faults); i++) {
		struct sigaction now;

		if (sigaction(faults[i], NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
		    now.sa_handler == fail_handler)
			signal(faults[i], SIG_DFL);
	}
}

/* ---- sessions --------------------------------------------------------------------------- */

int core_signals_add(struct core_session *se)
{
	int res;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&lock);

	for (int i = 0; i < MAX_SESSIONS; i++) {
		if (atomic_load(&sessions[i]))
			continue;
		res = set_all();
		if (res) {
			core_err("cannot set signal handlers: %s\n", strerror(-res));
			if (!registered)
				restore_all();
			return res;
		}
		atomic_store(&sessions[i], se);
		registered++;
		return 0;
	}
	core_err("more than %d sessions with signal handlers in one process\n", MAX_SESSIONS);
	return -EBUSY;
}

void core_signals_remove(struct core_session *se)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&lock);

	for (int i = 0; i < MAX_SESSIONS; i++)
		if (atomic_load(&sessions[i]) == se) {
			atomic_store(&sessions[i], NULL);
			if (--registered == 0)
				restore_all();
			break;
		}
	if (registered == 0)
		restore_faults();
	/* The caller may free it next. Not for ever: a handler may have been left by longjmp(). */
	for (int i = 0; atomic_load(&handling) && i < 10000; i++)
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}
