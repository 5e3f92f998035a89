/*
 * How bytes reach the kernel. One vtable, several makers: the device, memory (a peer in the
 * same process) and io_uring (core/transport/uring.h).
 *
 * A transport is a connection. A channel is one thread's end of it: it owns that thread's
 * receive memory (and, on the device, perhaps a cloned descriptor). receive() is called by
 * one thread at a time for a channel; reply() may be called for a channel from any thread.
 * A channel stays alive (core_channel_get/put) while a request received on it is unanswered.
 *
 * Nothing here assumes one system call a message: receive() hands out a batch, and over
 * io_uring reply() queues a commit that the next receive() submits.
 *
 * Locks: none of this module's is held while calling out. Errors are negative errno.
 */
#ifndef CORE_TRANSPORT_TRANSPORT_H
#define CORE_TRANSPORT_TRANSPORT_H

#include <stdatomic.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "core/base/base.h"
#include "core/base/bufvec.h"
#include "core/wire/wire.h"

struct core_transport;
struct core_channel;

struct core_transport_ops {
	const char *name;

	/*
	 * A channel for one more thread; own_queue asks for its own descriptor or queue.
	 * Called through core_channel_new().
	 */
	int (*channel_new)(struct core_transport *t, bool own_queue, struct core_channel **ch);
	void (*channel_free)(struct core_channel *ch);

	/*
	 * Waits for messages; msgs[] points into memory of the channel until the next receive().
	 * > 0: that many. 0: woken by wake(), look at your flags. -EINTR: a signal.
	 * -ENODEV: unmounted. -ECONNABORTED: aborted. Other errors are fatal for the channel.
	 * A request that vanished before it was read (ENOENT) is skipped inside.
	 */
	int (*receive)(struct core_channel *ch, struct core_msg *msgs, int max);

	/*
	 * Answers the message with this tag; iov[0] is the out header, complete.
	 * 0; -ENOENT: the kernel no longer wants it (interrupted, aborted); other: refused.
	 */
	int (*reply)(struct core_channel *ch, uint64_t tag, const struct iovec *iov, int niov);

	/* Optional: the message with this tag wants no answer, and is dealt with. */
	void (*done)(struct core_channel *ch, uint64_t tag);

	/*
	 * Optional: header plus all of data, which is behind a descriptor, at a position. -EAGAIN:
	 * nothing was sent, the caller copies.
	 */
	int (*reply_data)(struct core_channel *ch, uint64_t tag, struct wire_out_header *hdr,
			  const struct core_buf *data, bool move);

	/* An unsolicited message; iov[0] is an out header with unique 0 and error = the code. */
	int (*notify)(struct core_transport *t, const struct iovec *iov, int niov);

	/*
	 * Makes one receive() that waits now, or is the next to wait, return 0. May be called from
	 * a signal handler. -EOPNOTSUPP where that cannot be done: the session then uses a signal.
	 */
	int (*wake)(struct core_transport *t);

	/* Largest message and payload changed (after INIT): resize before the next receive(). */
	int (*set_bufsize)(struct core_transport *t, size_t max_payload);

	int (*fd)(struct core_transport *t); /* a pollable descriptor, or -1 */
	void (*free)(struct core_transport *t);
};

struct core_transport {
	const struct core_transport_ops *ops;
	_Atomic size_t max_payload; /* bytes of the largest WRITE; channels follow it */
	_Atomic int users;          /* beside the owner: channels, notifications under way */
};

struct core_channel {
	const struct core_transport_ops *ops;
	struct core_transport *t;
	_Atomic int refs;
	bool by_hand; /* the caller turns the handle: -EAGAIN of its descriptor is its business */
};

/* Whoever uses a transport that its owner may let go meanwhile. */
static inline void core_transport_get(struct core_transport *t)
{
	atomic_fetch_add_explicit(&t->users, 1, memory_order_relaxed);
}
/* The last one, owner or user, closes it. */
static inline void core_transport_put(struct core_transport *t)
{
	if (atomic_fetch_sub_explicit(&t->users, 1, memory_order_acq_rel) == 0)
		t->ops->free(t);
}

static inline void core_channel_get(struct core_channel *ch)
{
	atomic_fetch_add_explicit(&ch->refs, 1, memory_order_relaxed);
}
static inline void core_channel_put(struct core_channel *ch)
{
	struct core_transport *t = ch->t;

	if (atomic_fetch_sub_explicit(&ch->refs, 1, memory_order_acq_rel) == 1) {
		ch->ops->channel_free(ch);
		core_transport_put(t);
	}
}

/* A channel uses its transport: answers on it stay possible until the last of them is out. */
static inline int core_channel_new(struct core_transport *t, bool own_queue,
				   struct core_channel **ch)
{
	int res = t->ops->channel_new(t, own_queue, ch);

	if (!res)
		core_transport_get(t);
	return res;
}

/* Payload until INIT has said more. */
#define CORE_TRANSPORT_DEFAULT_PAYLOAD (128 * 1024)

/* ---- makers --------------------------------------------------------------------------- */

/*
 * /dev/fuse on an open descriptor, which the transport owns from now on. Every WRITE payload
 * it receives starts on a page boundary.
 */
int core_transport_device(int fd, struct core_transport **out);

/* Its descriptor, if t is /dev/fuse and nothing stands between; else -1. */
int core_transport_device_fd(struct core_transport *t);

/*
 * A descriptor that must not close before the connection does, also if the process is killed:
 * io_uring ends later than the process' own descriptors. Stays the caller's. -1: none.
 */
void core_transport_device_linger(struct core_transport *t, int fd);
int core_transport_device_lingers(struct core_transport *t);

/* Custom I/O on a descriptor (fuse_session_custom_io, fuse_chan_new): read and write by calls. */
struct core_custom_io {
	ssize_t (*read)(void *user, int fd, void *buf, size_t len);
	ssize_t (*writev)(void *user, int fd, struct iovec *iov, int niov);
	/* Another descriptor of the same connection, or -errno; NULL: channels share one. */
	int (*clone_fd)(void *user, int fd);
	void (*destroy)(void *user); /* may be NULL */
};
int core_transport_custom(int fd, const struct core_custom_io *io, void *user,
			  struct core_transport **out);

/* Memory: a peer in this process plays the kernel. No descriptor, no privilege. */
struct core_mem_peer;
int core_transport_memory(struct core_transport **out, struct core_mem_peer **peer);

/* Queues a whole message (in header first) for the library; copied. 0, -ENOMEM, -ENOTCONN. */
int core_mem_send(struct core_mem_peer *p, const void *msg, size_t len);
/* The next reply or notification (out header first). Bytes, -ETIMEDOUT, -ENOTCONN, -EMSGSIZE. */
ssize_t core_mem_recv(struct core_mem_peer *p, void *buf, size_t size, int timeout_ms);
/* From now on receive() returns -err (ENODEV unmounted, ECONNABORTED aborted), once the queue is empty. */
void core_mem_disconnect(struct core_mem_peer *p, int err);
/* What reply() returns for this unique from now on (e.g. -ENOENT after an interrupt); 0 clears. */
void core_mem_fail_reply(struct core_mem_peer *p, uint64_t unique, int err);
void core_mem_peer_free(struct core_mem_peer *p);

/*
 * Direct memory: one thread, no queue, no lock. next() gives the message to handle (or NULL to
 * end: unmounted), sink() gets every reply. For instruction counts and fuzzers.
 */
struct core_mem_direct {
	const void *(*next)(void *user, size_t *len); /* 8-byte aligned */
	int (*sink)(void *user, const struct iovec *iov, int niov);
	void *user;
};
int core_transport_memory_direct(const struct core_mem_direct *d, struct core_transport **out);

#endif
