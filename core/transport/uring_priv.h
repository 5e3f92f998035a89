/*
 * Inside of the io_uring transport: what uring.c (connection, start) and uring_channel.c
 * (requests and replies) share.
 */
#ifndef CORE_TRANSPORT_URING_PRIV_H
#define CORE_TRANSPORT_URING_PRIV_H

#include <liburing.h>
#include <pthread.h>
#include "core/transport/uring.h"

/* The kernel's interface, 7.42. */
enum { CMD_REGISTER = 1, CMD_COMMIT_AND_FETCH = 2 };

struct ring_cmd { /* behind an SQE of 128 bytes */
	uint64_t flags;
	uint64_t commit_id;
	uint16_t qid;
	uint8_t padding[6];
};
struct ring_header {      /* what iov[0] of an entry points to */
	char in_out[128]; /* in header, then out header */
	char op[128];     /* the operation's structure */
	struct {
		uint64_t flags;
		uint64_t commit_id;
		uint32_t payload_size;
		uint32_t padding;
		uint64_t reserved;
	} ent;
};
_Static_assert(sizeof(struct ring_header) == 288, "the kernel's layout");
_Static_assert(sizeof(struct ring_cmd) == 24, "the kernel's layout");

#define FAR_DEPTH 4 /* of queues of processors that are not there (yet) */
#define STAGE 512 /* replies up to here wait beside the payload, which may hold arguments */

struct entry {
	struct entry *next; /* on pending, inbox or a free list */
	struct entry *all;  /* on u->entries */
	unsigned qid;
	uint64_t commit_id; /* 0: not registered yet */
	bool in_payload;    /* the request has arguments in the payload */
	bool staged;        /* the reply is in stage or heap */
	uint32_t reply_len;
	struct wire_out_header out;
	struct ring_header *hdr;
	char *payload;
	void *heap;
	struct iovec iov[2];
	char stage[STAGE];
};

struct group {
	unsigned *qids;
	unsigned nqids;
	unsigned depth; /* entries a queue begins with; more are made when half are in hand */
	int cpu; /* to be pinned to; -1: none */
	struct uring *u;
	struct ring_channel *first;           /* under u->lock */
	pthread_mutex_t lock;                 /* guards what follows; inside u->lock */
	struct entry *orphans, **orphans_end; /* handed over, oldest first */
	struct ring_channel *empty;           /* wait for those */
	_Atomic int norphans;
	_Atomic int nkeepers;
	_Atomic bool help;             /* something waits behind a channel that is stuck */
	struct ring_channel *channels; /* under u->lock */
};

struct uring {
	struct core_transport base;
	struct core_transport *dev;
	int fd;
	size_t payload;
	struct group *groups;
	unsigned ngroups;
	unsigned *qids;    /* all groups' */
	_Atomic int state; /* enum ring_state */
	pthread_mutex_t lock;
	pthread_cond_t cond;   /* state has changed */
	struct entry *entries; /* all there are */
};

enum ring_state { RING_WAIT, RING_GO, RING_FAILED };

struct ring_channel {
	struct core_channel base;
	struct uring *u;
	struct group *group;
	struct ring_channel *next; /* group->channels, under u->lock */
	struct io_uring ring;
	unsigned enter_flags; /* IORING_ENTER_..., of the ring */
	int wake_fd;
	bool wake_armed;
	bool registered; /* its first entries are on their way */
	bool first;      /* of its group */
	bool keeps;      /* replies to the request in hand go out on this ring */
	bool keeper;     /* counts in group->nkeepers: has entries, or will */
	bool gone;       /* the connection is over */
	bool closed;     /* its thread receives no more */
	struct ring_channel *next_empty;
	unsigned avail; /* entries the kernel has on this ring */
	_Atomic bool waiting;
	_Atomic bool stuck;            /* its thread is in a handler that does not end */
	_Atomic(struct entry *) inbox; /* answered by other threads */

	pthread_mutex_t lock;
	struct entry *pending, **pending_end; /* answered here, not yet submitted */
	struct entry *fresh;                  /* made, not registered */
	struct entry *taken;                  /* with requests, from a thread that is stuck */
};

static inline int step_fails(enum core_uring_step step)
{
	return core_unlikely(core_uring_fault != NULL) ? core_uring_fault(step) : 0;
}

/* uring.c */
int entry_new(struct uring *u, unsigned qid, struct entry **out);
void ring_fail(struct uring *u);
static inline struct ring_channel *channel_of(struct core_channel *base)
{
	return CORE_CONTAINER_OF(base, struct ring_channel, base);
}
/* uring_channel.c */
extern __thread struct ring_channel *ring_mine;                      /* the calling thread's */
void add_pending(struct ring_channel *ch, struct entry *e);          /* under ch->lock */
void take_inbox(struct ring_channel *to, struct ring_channel *from); /* under to->lock */
struct entry *next_completion(struct ring_channel *ch);              /* under ch->lock */
void channel_signal(struct ring_channel *ch);
/* uring_help.c */
struct entry *take_orphan(struct group *g);
bool hand_on(struct group *g, struct entry *e);
int wait_empty(struct ring_channel *ch);
void help_stuck(struct ring_channel *ch);
/* uring_channel.c */
void channel_wake(struct ring_channel *ch);
int uring_receive(struct core_channel *base, struct core_msg *msg, int max);
int uring_reply(struct core_channel *base, uint64_t tag, const struct iovec *iov, int niov);
void uring_done(struct core_channel *base, uint64_t tag);
void uring_channel_free(struct core_channel *base);
extern const struct core_transport_ops uring_ops;

#endif
