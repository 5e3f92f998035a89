/*
 * Inside of the session module, and what core/fs may know of a worker.
 */
#ifndef CORE_SESSION_SESSION_PRIV_H
#define CORE_SESSION_SESSION_PRIV_H

#include <signal.h>
#include <time.h>
#include "core/base/log.h"
#include "core/session/session.h"
#include "core/workers/pool.h"

/* Requests are aligned to this; the low bits of a handle are the generation. */
#define REQ_ALIGN CORE_REQ_ALIGN

enum req_state {
	REQ_REPLIED = 1 << 0,  /* somebody has taken the right to answer */
	REQ_DETACHED = 1 << 1, /* its handler returned without an answer; on se->kept */
	REQ_HAS_INTR = 1 << 2, /* an interrupt function was set: sync with se->lock */
	REQ_DONE = 1 << 3,     /* nothing more will be sent */
	REQ_FREE = 1 << 4,
	REQ_CLOSER = 1 << 5, /* its answer is logged, or the kernel wants none: not the short way */
};

struct core_req {
	union {
		struct core_req_head head;
		struct {
			struct core_session *se;
			void *userdata;
			_Atomic uint32_t gen;
			_Atomic uint32_t state;
		};
	};
	struct core_worker *w; /* whose handler runs; NULL once detached */
	struct core_channel *ch;
	uint64_t tag; /* the transport's */
	uint64_t unique;
	uint64_t nodeid;
	uint32_t opcode;
	uint32_t out_limit; /* most payload bytes the kernel takes, for variable replies */
	struct core_ctx ctx;
	_Atomic uint64_t interrupted; /* == unique: interrupted */

	core_interrupt_func intr_func; /* these three under se->lock */
	void *intr_data;
	uint64_t intr_unique; /* for which intr_func was set */

	struct core_req *next, *prev; /* se->kept, or se->spare */
	unsigned ioctl_64bit;
	struct core_wire_args args;
} __attribute__((aligned(REQ_ALIGN)));

/* A request's thread: what it owns and reuses, so that the hot path allocates nothing. */
struct core_worker {
	struct core_session *se;
	struct core_channel *ch;
	struct core_req *req;     /* current, or the spare one */
	_Atomic uint64_t current; /* unique in the handler, 0: none */
	struct core_pool_thread *pt;

	bool on_ring;     /* ch is one of core/transport/uring.h */
	unsigned sampled; /* requests since the start, for the estimates of ring.c */
	unsigned stuck_looks; /* the supervisor's, with the same request in hand */
	uint64_t stuck_unique;

	char *out;     /* reply data, page aligned, behind it room up to out_size */
	size_t out_size;
	bool out_huge; /* of huge pages */

	struct core_context context;

	/* Interrupting a blocking call by a signal (core/session/interrupt.c). */
	pthread_mutex_t intr_lock;
	uint64_t intr_armed; /* unique that may be interrupted now */
	_Atomic bool waiting; /* in receive(): may be woken by a signal */
	bool accepts_wake;    /* the signal is not blocked in `thread` */
	pthread_t thread;
	pid_t tid;
	timer_t nag;
	bool nagging;

	void *fs_local; /* core/fs */

	struct core_worker *next, *prev; /* se->workers, under se->lock */
	struct core_worker *manual_next; /* se->manual: at rest between core_session_process() */
};

struct core_pollhandle {
	struct core_session *se;
	uint64_t kh;
};

struct retrieve {
	uint64_t unique;
	uint64_t ino;
	void *cookie;
	struct retrieve *next;
};

struct ring_cost {
	_Atomic uint32_t ns;    /* what it took lately */
	_Atomic uint32_t known; /* times it was measured, up to a few */
};

#define EARLY_SLOTS 256

struct core_session {
	const struct core_profile *profile;
	struct core_session_config cfg;
	struct core_ll_ops ops;
	void *userdata;
	struct core_transport *t;
	struct core_transport *ring; /* the queues of t over io_uring, or NULL; set by INIT */
	unsigned ceiling;            /* of the pool that runs */
	struct ring_cost cost[WIRE_OPCODE_MAX]; /* of a kind of request, on the ring */

	/*
	 * Set by INIT, constant afterwards. Other threads may be in receive() meanwhile: `ready` and
	 * `watch` are stored last, with release, before the answer goes out; `watch` is what they
	 * load first, and `ready` too while it is set.
	 */
	_Atomic unsigned minor;
	_Atomic uint64_t caps; /* negotiated, WIRE_CAP bits */
	_Atomic bool ready;
	_Atomic bool got_init; /* the program's init has been, or is being called */
	bool got_destroy;
	struct session_cuse *cuse; /* not a file system but a character device */
	uid_t owner; /* for deny_others */
	bool debug;
	/*
	 * Requests need a closer look: before INIT, for the log, for allow_root. A thread that still
	 * sees it set when it need not be takes the longer way to the same place.
	 */
	_Atomic bool watch;
	struct core_conn conn;
	_Atomic size_t bufsize; /* largest message we may receive */

	/* readahead.c: reads are timed while this is set */
	_Atomic bool watch_reads;
	_Atomic unsigned reads_seen;
	_Atomic uint64_t read_us;

	/* Hooks of core/fs. */
	uint64_t (*adjust_caps)(void *userdata, uint64_t offered, uint64_t want);
	int (*worker_init)(struct core_session *se, struct core_worker *w);
	void (*worker_fini)(struct core_session *se, struct core_worker *w);
	void (*on_wake)(void *userdata); /* the single-threaded loop was woken */

	_Atomic bool exited;
	_Atomic int exit_reason;
	_Atomic int exits; /* calls of core_session_exit() under way */
	_Atomic int error;
	struct core_pool *_Atomic pool;         /* while loop_mt runs */
	struct core_pool *kept_pool;            /* that of the last loop_mt */
	_Atomic int intr_signal;                /* used for blocking calls */
	_Atomic int wake_signal;                /* used for threads that wait for requests */
	int wake_users;
	timer_t exit_timer;                     /* of the single-threaded loop */
	_Atomic bool has_exit_timer;
	pthread_t loop_thread;                  /* whom it signals */
	_Atomic bool manual_wakes;              /* core_session_receive() was used */

	/* se->lock */
	pthread_mutex_t lock;
	struct core_worker *workers;
	struct core_req *kept;                  /* detached, unanswered */
	struct core_req *spare, *spare_tail;    /* detached and answered, first in first out */
	unsigned nspare;
	pthread_cond_t intr_cond;
	struct core_req *intr_running;          /* whose interrupt function runs now */
	pthread_t intr_thread;                  /* in this thread */
	struct retrieve *retrieves;
	uint64_t notify_unique;
	struct core_worker *manual;             /* idle workers of core_session_process() */
	bool unaligned_warned;

	/*
	 * INTERRUPTs that came by the device before their requests began in a thread of the rings,
	 * by early_slot(). Other requests' are asked for again by the kernel. A value stays until
	 * another takes its place: no request after that one has its number.
	 */
	_Atomic uint64_t early[EARLY_SLOTS];
};

static inline _Atomic uint64_t *early_slot(struct core_session *se, uint64_t unique)
{
	return &se->early[(unique >> 1) % EARLY_SLOTS];
}
static inline unsigned session_minor(struct core_session *se)
{
	return atomic_load_explicit(&se->minor, memory_order_relaxed);
}
static inline uint64_t session_caps(struct core_session *se)
{
	return atomic_load_explicit(&se->caps, memory_order_relaxed);
}

/* session.c */
/* The transport, held until core_transport_put(); NULL: none. The program's threads may
 * unmount at any time, also while requests are handled. */
struct core_transport *session_transport_get(struct core_session *se);
/* core_transport_device_fd(), and set_bufsize(), of the transport, if there is one yet. */
int session_device_fd(struct core_session *se);
void session_set_bufsize(struct core_session *se, size_t payload);
struct core_worker *worker_new(struct core_session *se, bool own_queue, struct core_pool_thread *pt);
void worker_free(struct core_worker *w);
char *worker_out(struct core_worker *w, size_t size);
extern __thread struct core_worker *core_worker_current;

/* request.c */
struct core_req *req_alloc(struct core_session *se);
void req_wait_answers(struct core_session *se);
void req_free_all(struct core_session *se);
/* The handler returned without an answer: the program keeps the object, the worker takes another. */
void req_kept(struct core_worker *w, struct core_req *req);
bool req_claim_slow(struct core_req *req, uint32_t old);
void req_retire(struct core_req *req);
/* The right to answer; false (logged) if it was taken before. */
static inline bool req_claim(struct core_req *req)
{
	uint32_t old = atomic_fetch_or_explicit(&req->state, REQ_REPLIED, memory_order_acq_rel);

	return core_likely(!old) || req_claim_slow(req, old);
}
/* The same for a request without anything special; false: it has, nothing is taken yet. */
static inline bool req_claim_plain(struct core_req *req)
{
	uint32_t none = 0;

	return atomic_compare_exchange_strong_explicit(&req->state, &none, REQ_REPLIED,
						       memory_order_acq_rel, memory_order_relaxed);
}
/* The right to answer is given back: nothing was sent. */
static inline void req_unclaim(struct core_req *req)
{
	atomic_fetch_and_explicit(&req->state, ~(uint32_t)REQ_REPLIED, memory_order_acq_rel);
}
/* The answer is out. */
static inline void req_answered(struct core_req *req)
{
	/*
	 * Answered inside its handler: the worker takes the object back when the handler returns.
	 * Detached: this is the last use.
	 */
	uint32_t old = REQ_REPLIED;

	if (core_likely(atomic_compare_exchange_strong_explicit(
		    &req->state, &old, REQ_REPLIED | REQ_DONE, memory_order_acq_rel,
		    memory_order_relaxed)))
		return;
	old = atomic_fetch_or_explicit(&req->state, REQ_DONE, memory_order_acq_rel);
	if (core_unlikely(old & REQ_DETACHED))
		req_retire(req);
}

/* dirent.c: an entry from its parts; the bytes it needs, written only if that is <= room. */
size_t session_put_dirent(char *buf, size_t room, const char *name, size_t len, uint64_t ino,
			  uint32_t mode, off_t off);

/* dispatch.c */
void session_handle(struct core_worker *w, const struct core_msg *msg);

/* init.c */
void session_do_init(struct core_req *req, const struct wire_init_in *in);
void session_do_destroy(struct core_req *req);
/* An INIT that cannot be served: answers it with err and ends the loop with it. */
void session_refuse(struct core_req *req, int err);
/* All that INIT sets is set: other threads may serve. */
void session_set_ready(struct core_session *se);

/* cuse.c */
void session_do_cuse_init(struct core_req *req, const struct wire_cuse_init_in *in);
void session_cuse_free(struct core_session *se);

/* readahead.c: offered: what INIT said, in bytes. before, after: a read of at least that size */
#define CORE_READAHEAD_USUAL (128 * 1024) /* what the kernel begins with */
struct readahead_watch {
	struct core_session *se;
	uint32_t size;
	uint64_t wall, cpu; /* us */
	long blocked;
};
void session_readahead_begin(struct core_session *se, uint32_t offered);
void session_readahead_before(struct readahead_watch *w, struct core_session *se, uint32_t size);
void session_readahead_after(const struct readahead_watch *w);

/* ring.c: core/transport/uring.h under a session */
#define CORE_RING_DEVICE_THREADS 2 /* FORGET, INTERRUPT and the like come there */
enum core_ring_answer { RING_NO, RING_YES, RING_REFUSE };
struct core_ring_look {
	int obstacle;    /* 0: requests could come over io_uring; or a negative errno */
	const char *why; /* of the obstacle, for a message */
};
/* Called by INIT before the program's init, which is shown the answer as a capability. */
struct core_ring_look session_ring_look(struct core_req *req, uint64_t offered);
/*
 * Called by INIT: starts threads and buffers for the queues if they are to be used. declined: by
 * the program's init; a transport=uring on the command line is the stronger word.
 */
enum core_ring_answer session_ring_prepare(struct core_req *req, struct core_ring_look look,
					   bool declined, size_t payload);
void session_ring_go(struct core_session *se, bool ok); /* INIT is answered; or it is not to be */
int session_ring_channel(struct core_session *se, struct core_pool_thread *pt,
			 struct core_channel **ch);
void session_ring_restart(struct core_session *se, struct core_pool *pool);
bool session_ring_stuck(struct core_worker *w); /* true: its group needs another thread */
int session_ring_turn(struct core_worker *w);   /* turn() of the pool for threads of the ring */

/* reply.c */
int reply_send(struct core_req *req, int error, const void *data, size_t len);
int reply_send_iov(struct core_req *req, int error, struct iovec *iov, int n);
/* How long a name and attributes are good for: seconds, rounded down to nanoseconds. */
void reply_fill_timeouts(struct wire_entry_out *out, double entry, double attr);
/* True if what is left of v is in memory and in one piece: that one, and no copy is needed. */
bool reply_in_one(const struct core_bufvec *v, void **mem, size_t *size);
void reply_fill_entry(struct wire_entry_out *out, const struct core_entry_param *e);

/* interrupt.c */
void session_interrupt(struct core_req *req, uint64_t unique);
/* Once, before the first request over io_uring. */
void session_interrupt_prepare(void);
/* Takes back the right to call req's interrupt function; waits if it runs in another thread. */
void session_interrupt_cancel(struct core_req *req);
void session_interrupt_all(struct core_session *se);
/*
 * Around a call into the program that may block until a signal: 0, or -EINTR when the request
 * was interrupted before the call.
 */
int core_interrupt_arm(struct core_req *req);
void core_interrupt_disarm(struct core_req *req);
/* signo 0: pick a free real-time signal on first need. */
int core_interrupt_setup(struct core_session *se, int signo);
void core_interrupt_release(struct core_session *se);

/* Around a loop: a signal that gets threads out of receive(). */
void session_wake_begin(struct core_session *se);
void session_wake_end(struct core_session *se);
void worker_accept_wake(struct core_worker *w);
int session_exit_timer_new(struct core_session *se);
void session_exit_timer_fire(struct core_session *se); /* async-signal-safe */
void session_exit_timer_free(struct core_session *se);

/* notify.c */
void session_notify_reply(struct core_req *req, const struct wire_notify_retrieve_in *in,
			  const void *data, size_t len);

/* print.c */
void session_print_request(struct core_session *se, const struct core_msg *msg);
void session_print_reply(struct core_session *se, struct core_req *req,
			 const struct wire_out_header *out, const struct iovec *iov, int n);

#endif
