/*
 * Inside the simulated kernel. One lock, k->lock, guards everything; it is given up while
 * receiving (by one thread at a time, k->receiving) and while sending.
 *
 *	link.c    ways to the library: a socket
 *	link_memory.c  and, apart since it needs the core, memory
 *	kernel.c  unanswered requests: waiting, order, interrupts, resends
 *	send.c    requests on their way out
 *	receive.c replies on their way in
 *	life.c    INIT, the end, disconnects
 *	books.c   violations, nodes
 *	check.c   what a kernel checks in a reply
 *	notify.c  notifications
 *	ops.c, ops_file.c  a call for each operation
 */
#ifndef SIMKERNEL_PRIV_H
#define SIMKERNEL_PRIV_H

#include <errno.h>
#include <time.h>
#include "simkernel.h"

/* ---- link.c -------------------------------------------------------------------------------- */

struct sk_link;
struct sk_link_ops {
	/* 0, -EAGAIN (take something in first), -ENOTCONN. */
	int (*send)(struct sk_link *l, const void *msg, size_t len);
	/* Bytes; -ETIMEDOUT, -ENOTCONN, -EMSGSIZE (nothing taken: come with more room). */
	ssize_t (*recv)(struct sk_link *l, void *buf, size_t size, int ms);
	void (*disconnect)(struct sk_link *l, int err);
	void (*refuse)(struct sk_link *l, uint64_t unique, int err);
	void (*free)(struct sk_link *l);
};
struct sk_link {
	const struct sk_link_ops *ops;
};
struct sk_link *sk_link_socket(int fd);
/* in life.c; link NULL: NULL */
struct sk *sk_alloc(struct sk_link *link, const struct sk_config *config);

/* ---- state --------------------------------------------------------------------------------- */

enum sk_req_state { SK_REQ_HELD, SK_REQ_SENT, SK_REQ_DONE };

struct sk_req {
	struct sk_req *next; /* in the bucket of its unique, or in the list of held ones */
	uint64_t unique;     /* as sent last: with WIRE_UNIQUE_RESEND after a resend */
	uint64_t int_unique; /* of the last INTERRUPT for it, 0: none */
	enum sk_req_state state;
	bool orphan; /* nobody waits: freed with its answer */
	bool late;   /* its being late is already a violation */
	struct wire_in_header hdr;
	char *msg; /* as sent, header first */
	size_t len;
	int error;  /* when done */
	char *body; /* of the reply */
	size_t body_len;
};

/* The structure of the request; it is complete, as sk_call() made it. */
static inline const void *sk_req_in(const struct sk_req *r)
{
	return r->msg + sizeof(struct wire_in_header);
}

struct sk_node {
	struct sk_node *next;
	uint64_t nodeid, generation, nlookup;
	uint32_t type; /* S_IFMT bits, 0: not seen yet */
};

enum { SK_BUCKETS = 1024, SK_FORGET_BATCH = 64 };

struct sk {
	pthread_mutex_t lock;
	pthread_cond_t cond; /* something came in, or the receiver changes */
	struct sk_link *link;
	struct sk_config cfg;
	bool receiving;

	unsigned minor;
	uint64_t offered, caps;
	struct wire_init_out init_out;
	bool initialised, gone, ended;
	bool cuse; /* no nodes to forget, no DESTROY */
	char cuse_reply[sizeof(struct wire_cuse_init_out) + 4096 + 1];

	uint64_t last_unique;
	char *buf;
	size_t buf_size;
	struct sk_req *pending[SK_BUCKETS];
	size_t npending;
	uint64_t *abandoned; /* uniques whose reply is still to come, perhaps */
	size_t nabandoned;

	bool holding;
	struct sk_req *held, **held_tail;
	sk_mangler mangle;
	void *mangle_user;
	bool no_interrupt; /* the library answered ENOSYS to one */

	struct sk_node *nodes[SK_BUCKETS];
	size_t nnodes;

	struct note *notes, **notes_tail;
	char **violations;
	int nviolations;
	struct sk_stats stats;
};

struct note {
	struct note *next;
	struct sk_notification *n;
};

/* ---- kernel.c, with k->lock held ------------------------------------------------------ */

void sk_insert(struct sk *k, struct sk_req *r);
void sk_take_out(struct sk *k, struct sk_req *r);
void sk_req_destroy(struct sk_req *r);
/* A reply with this number may still come and means nothing. */
void sk_expect_stray(struct sk *k, uint64_t unique);
int sk_send_interrupt(struct sk *k, struct sk_req *r);
struct timespec sk_after_ms(int ms);

/* ---- send.c, with k->lock held -------------------------------------------------------- */

uint64_t sk_next_unique(struct sk *k);
/* Sends it, or keeps it back. The request is in the books before its answer can come. */
int sk_launch(struct sk *k, struct sk_req *r);
/* Sends bytes, taking in what comes if the way is blocked. Gives up the lock. */
int sk_put(struct sk *k, const void *msg, size_t len);
/* In receive.c. Takes in one message, or waits for another thread to do so. 0, -ETIMEDOUT,
 * -ENOTCONN. */
int sk_pump(struct sk *k, int ms);
/* In kernel.c. */
struct sk_req *sk_find(struct sk *k, uint64_t unique);
void sk_finish(struct sk *k, struct sk_req *r, int error); /* takes it out of the books */
int sk_wait_locked(struct sk *k, struct sk_req *r, int ms);
void sk_fail_pending(struct sk *k, int error);
/* All unanswered, oldest first, malloced; to be freed. */
struct sk_req **sk_list_pending(struct sk *k, size_t *n);
int sk_resend_locked(struct sk *k);

/* ---- books.c, with k->lock held ------------------------------------------------------------ */

void sk_violate_locked(struct sk *k, const char *fmt, ...) CORE_PRINTF(2, 3);
struct sk_node *sk_node_find(struct sk *k, uint64_t nodeid);
struct sk_node *sk_node_get(struct sk *k, uint64_t nodeid); /* NULL: no memory */
void sk_node_forget(struct sk *k, uint64_t nodeid, uint64_t nlookup);
void sk_books_free(struct sk *k);

/* ---- check.c, notify.c, with k->lock held -------------------------------------------------- */

/* The reply's body is in r. 0, or what the kernel makes of it (-EIO, or -ENOENT: no such name). */
int sk_check_reply(struct sk *k, struct sk_req *r);
void sk_take_notification(struct sk *k, int code, const void *data, size_t len);

/* ---- for ops.c and ops_file.c -------------------------------------------------------------- */

#define CALL(op, node, ...) (&(struct sk_call){.opcode = WIRE_##op, .nodeid = (node), __VA_ARGS__})
/* The result goes to *ptr, whole. */
#define TO(ptr)    .out = (ptr), .out_size = sizeof(*(ptr))
#define NAMES(...) .name = {__VA_ARGS__}

/* For calls whose only good answer is 0. */
static inline int done(long result)
{
	return result < 0 ? (int)result : 0;
}

#endif
