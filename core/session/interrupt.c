/*
 * Interrupts: the kernel says with INTERRUPT that the caller of a request got a signal.
 *
 * The request is marked; the program's interrupt function is called (low level); and when its
 * handler sits in a call that was armed (lock waits always, everything with -o intr), the
 * thread gets a signal, again and again until it comes out: one signal could arrive just
 * before the system call it shall break.
 */
#include "core/session/session_priv.h"
#include "core/transport/uring.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define NAG_NS 20000000L

/* One private real-time signal for all sessions of this library. */
static pthread_mutex_t signal_lock = PTHREAD_MUTEX_INITIALIZER;
static int private_signal, private_users;

static void nothing(int sig)
{
	(void)sig; /* mostly there to make system calls return EINTR */
	core_uring_pump();
}

static bool is_default(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && !(sa.sa_flags & SA_SIGINFO) &&
	       sa.sa_handler == SIG_DFL;
}

static int install(int signo)
{
	struct sigaction sa = { .sa_handler = nothing };

	sigemptyset(&sa.sa_mask);
	return sigaction(signo, &sa, NULL) ? -errno : 0;
}

static void uninstall(int signo)
{
	struct sigaction sa;

	if (sigaction(signo, NULL, &sa) || sa.sa_handler != nothing)
		return;
	/* not signal(), which would leave SA_RESTART behind */
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	sigaction(signo, &sa, NULL);
}

/* Under signal_lock. */
static int private_get(void)
{
	if (!private_signal) {
		for (int s = SIGRTMAX; s >= SIGRTMIN && !private_signal; s--)
			if (is_default(s) && install(s) == 0)
				private_signal = s;
		if (!private_signal)
			return -EBUSY;
	}
	private_users++;
	return private_signal;
}

static void private_put(void)
{
	if (--private_users == 0) {
		uninstall(private_signal);
		private_signal = 0;
	}
}

int core_interrupt_setup(struct core_session *se, int signo)
{
	int res = 0;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&signal_lock);

	if (atomic_load(&se->intr_signal))
		return 0;
	if (signo) {
		/* The program's own handler, if it has one, serves as well. */
		if (is_default(signo))
			res = install(signo);
	} else {
		signo = private_get();
		res = signo < 0 ? signo : 0;
	}
	if (!res)
		atomic_store(&se->intr_signal, signo);
	return res;
}

void core_interrupt_release(struct core_session *se)
{
	int signo = atomic_load(&se->intr_signal);
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&signal_lock);

	if (!signo)
		return;
	atomic_store(&se->intr_signal, 0);
	if (signo == private_signal)
		private_put();
	else
		uninstall(signo);
}

/* ---- waking threads that wait for a request ----------------------------------------------- */

void session_wake_begin(struct core_session *se)
{
	int signo;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&signal_lock);

	if (se->wake_users++)
		return;
	signo = private_get();
	if (signo < 0)
		core_warn("no free real-time signal: the loop ends only with the next request\n");
	atomic_store(&se->wake_signal, signo < 0 ? 0 : signo);
}

void session_wake_end(struct core_session *se)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&signal_lock);

	if (--se->wake_users)
		return;
	if (atomic_exchange(&se->wake_signal, 0))
		private_put();
}

void worker_accept_wake(struct core_worker *w)
{
	int signo = atomic_load(&w->se->wake_signal);
	sigset_t set;

	w->thread = pthread_self();
	if (!signo)
		return;
	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	w->accepts_wake = true;
}

/*
 * A signal can come just before the read it shall break, so whoever wants a thread out calls
 * this again until it is. Threads in the program's code are left alone.
 */
int core_session_wake(struct core_session *se)
{
	int signo = atomic_load(&se->wake_signal), n = 0, res = -EOPNOTSUPP;
	struct core_transport *t = session_transport_get(se);

	if (t) {
		if (t->ops->wake)
			res = t->ops->wake(t);
		core_transport_put(t);
	}
	if (res != -EOPNOTSUPP)
		return 0;
	if (!signo)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&se->lock);
	for (struct core_worker *w = se->workers; w; w = w->next)
		if (atomic_load(&w->waiting)) {
			pthread_kill(w->thread, signo);
			n++;
		}
	pthread_mutex_unlock(&se->lock);
	return n ? 0 : -EAGAIN;
}

/*
 * The single-threaded loop is left by a timer that signals its thread until it is out: arming
 * one is allowed in a signal handler, where core_session_exit() may be called.
 */
int session_exit_timer_new(struct core_session *se)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID };

	ev.sigev_signo = atomic_load(&se->wake_signal);
	ev.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (!ev.sigev_signo || timer_create(CLOCK_MONOTONIC, &ev, &se->exit_timer))
		return -EAGAIN;
	se->loop_thread = pthread_self();
	atomic_store(&se->has_exit_timer, true);
	return 0;
}

void session_exit_timer_fire(struct core_session *se)
{
	struct itimerspec when = { { 0, NAG_NS }, { 0, 1 } };
	int saved = errno;

	if (atomic_load(&se->has_exit_timer)) {
		/* Called in an operation, which has something to finish, or in a signal handler. */
		if (pthread_equal(pthread_self(), se->loop_thread))
			when.it_value.tv_nsec = NAG_NS;
		timer_settime(se->exit_timer, 0, &when, NULL);
	}
	errno = saved;
}

void session_exit_timer_free(struct core_session *se)
{
	if (atomic_exchange(&se->has_exit_timer, false)) {
		timer_delete(se->exit_timer);
		sched_yield(); /* a signal on its way arrives here */
	}
}

int core_interrupt_arm(struct core_req *req)
{
	struct core_worker *w = req->w;
	int signo = atomic_load_explicit(&req->se->intr_signal, memory_order_relaxed);
	int res = 0;

	if (!w || !signo)
		return 0;
	pthread_mutex_lock(&w->intr_lock);
	if (core_req_interrupted(req)) {
		res = -EINTR;
	} else {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, signo);
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
		w->thread = pthread_self();
		w->tid = (pid_t)syscall(SYS_gettid);
		w->intr_armed = req->unique;
	}
	pthread_mutex_unlock(&w->intr_lock);
	return res;
}

void core_interrupt_disarm(struct core_req *req)
{
	struct core_worker *w = req->w;
	bool nagged;

	if (!w || !atomic_load_explicit(&req->se->intr_signal, memory_order_relaxed))
		return;
	pthread_mutex_lock(&w->intr_lock);
	w->intr_armed = 0;
	nagged = w->nagging;
	if (nagged)
		timer_delete(w->nag);
	w->nagging = false;
	pthread_mutex_unlock(&w->intr_lock);
	if (nagged)
		sched_yield(); /* a signal still on its way is delivered here, not in the next call */
}

/* Under se->lock, so the worker stays. */
static void nag(struct core_worker *w, uint64_t unique)
{
	struct itimerspec when = { { 0, NAG_NS }, { 0, NAG_NS } };
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID };
	int signo = atomic_load(&w->se->intr_signal);
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&w->intr_lock);

	if (!signo || w->intr_armed != unique || !unique)
		return;
	pthread_kill(w->thread, signo);
	if (w->nagging)
		return;
	ev.sigev_signo = signo;
	ev.sigev_notify_thread_id = w->tid;
	if (timer_create(CLOCK_MONOTONIC, &ev, &w->nag))
		return;
	timer_settime(w->nag, 0, &when, NULL);
	w->nagging = true;
}

/* Under se->lock; releases it while the program's function runs. */
static void call_intr_func(struct core_session *se, struct core_req *req, uint64_t unique)
{
	core_interrupt_func func;
	struct core_req *outer;
	void *data;

	/* Called by a function that is itself called here: this thread has the right already. */
	while (se->intr_running && !pthread_equal(se->intr_thread, pthread_self()))
		pthread_cond_wait(&se->intr_cond, &se->lock);
	func = req->intr_func;
	data = req->intr_data;
	outer = se->intr_running;
	if (!func || req->intr_unique != unique || outer == req)
		return;
	req->intr_func = NULL;
	se->intr_running = req;
	se->intr_thread = pthread_self();
	pthread_mutex_unlock(&se->lock);
	func(core_req_handle(req), data);
	pthread_mutex_lock(&se->lock);
	se->intr_running = outer;
	pthread_cond_broadcast(&se->intr_cond);
}

void session_interrupt_cancel(struct core_req *req)
{
	struct core_session *se = req->se;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	req->intr_func = NULL;
	while (se->intr_running == req && !pthread_equal(se->intr_thread, pthread_self()))
		pthread_cond_wait(&se->intr_cond, &se->lock);
}

void core_req_interrupt_func(struct core_req *req, core_interrupt_func func, void *data)
{
	struct core_session *se = req->se;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	atomic_fetch_or_explicit(&req->state, REQ_HAS_INTR, memory_order_acq_rel);
	req->intr_func = func;
	req->intr_data = data;
	req->intr_unique = req->unique;
	if (func && core_req_interrupted(req))
		call_intr_func(se, req, req->unique);
}

/* Under se->lock. */
static struct core_req *find(struct core_session *se, uint64_t unique, struct core_worker **in)
{
	for (struct core_worker *w = se->workers; w; w = w->next)
		if (atomic_load_explicit(&w->current, memory_order_acquire) == unique) {
			*in = w;
			return w->req;
		}
	*in = NULL;
	for (struct core_req *req = se->kept; req; req = req->next)
		if (req->unique == unique)
			return req;
	return NULL;
}

void session_interrupt_prepare(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

/* Under se->lock, which it may release meanwhile. False: no such request has begun. */
static bool interrupt_begun(struct core_session *se, uint64_t unique)
{
	struct core_worker *w;
	struct core_req *victim = find(se, unique, &w);

	if (!victim)
		return false;
	atomic_store_explicit(&victim->interrupted, unique, memory_order_release);
	if (w)
		nag(w, unique);
	call_intr_func(se, victim, unique);
	return true;
}

/*
 * A request that came over io_uring the kernel does not find for an EAGAIN. So it is noted for the
 * thread that begins it: that one says what it begins and then looks, here it is the other way, and
 * the barrier is a full one in all threads.
 */
static bool interrupt_early(struct core_session *se, uint64_t unique)
{
	if (!se->ring)
		return false;
	atomic_store(early_slot(se, unique), unique);
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		sched_yield();
	return interrupt_begun(se, unique);
}

void session_interrupt(struct core_req *req, uint64_t unique)
{
	struct core_session *se = req->se;
	bool begun;

	pthread_mutex_lock(&se->lock);
	begun = interrupt_begun(se, unique) || interrupt_early(se, unique);
	pthread_mutex_unlock(&se->lock);
	if (begun) {
		core_reply_none(req);
	} else {
		/* Answered already, or not yet begun by the thread that read it: the kernel knows. */
		core_reply_err(req, EAGAIN);
		sched_yield();
	}
}

void session_interrupt_all(struct core_session *se)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	for (struct core_worker *w = se->workers; w; w = w->next) {
		uint64_t unique = atomic_load(&w->current);

		if (!unique)
			continue;
		atomic_store(&w->req->interrupted, unique);
		nag(w, unique);
	}
}
