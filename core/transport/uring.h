/*
 * FUSE over io_uring (protocol 7.42, Linux 6.14): requests arrive in buffers of ours, and one
 * system call answers one request and fetches the next.
 *
 * The kernel has a queue for each possible processor; a request goes to the queue of the
 * processor its caller runs on. An entry is a request's place on a queue: header page and
 * payload buffer, both page aligned. At any time an entry is
 *   - with the kernel, waiting for a request, tied to the ring it was last submitted on;
 *   - in the hands of a thread or of the program, with a request in it;
 *   - handed over: with a request, waiting for a thread of its group;
 *   - answered, on its way back to the kernel.
 *
 * A group is the queue of one online processor; the queues of all others share the last group.
 * Its first channel begins with CORE_URING_DEPTH entries a queue and has more made when they
 * are in hand. Its thread is pinned to the processor. Other channels of the group begin without
 * entries: they take what is handed over, and keep an entry whose request they answered if
 * core_uring_keep() says so; then requests reach them directly.
 *
 * A thread is exposed while it runs a handler and the kernel holds entries for it: a request
 * that comes to them is seen only when it is back. So it runs what is known to be fast, and
 * hands over the rest; core_uring_rescue() is for when that was wrong.
 *
 * FORGET, INTERRUPT, INIT and notifications go by the device, which somebody has to read.
 *
 * Locks, in this order: transport->lock, group->lock or channel->lock. All are leaves for others.
 */
#ifndef CORE_TRANSPORT_URING_H
#define CORE_TRANSPORT_URING_H

#include "core/transport/transport.h"

#define CORE_URING_DEPTH 64

/*
 * Whether this kernel could: 0, -EOPNOTSUPP (switched off by its parameter enable_uring),
 * -ENOSYS (no such parameter, or no io_uring), -EPERM (io_uring is forbidden here).
 */
int core_uring_possible(void);
/* What to do about that error, one sentence for a message. */
const char *core_uring_advice(int err);

/*
 * A transport for the queues of the connection `dev` (a plain device, core_transport_device())
 * serves; payload is the largest a request or reply may carry, as INIT agrees it. It uses dev
 * until it is freed. Nothing is registered before core_uring_go(). depth: entries a queue begins
 * with, if more than CORE_URING_DEPTH.
 */
int core_transport_uring(struct core_transport *dev, size_t payload, unsigned depth,
			 struct core_transport **out);

unsigned core_uring_groups(struct core_transport *t);

/*
 * A channel of a group, for the calling thread alone: ring, entries, everything that can fail
 * for want of something. first: it is the group's first.
 */
int core_uring_channel_new(struct core_transport *t, unsigned group, bool first,
			   struct core_channel **ch);
/* Its thread receives no more: what is answered goes out, what is in hand to others. */
void core_uring_close(struct core_channel *ch);

/*
 * INIT has been answered (ok), or it all is not to be: channels register their entries in
 * their next receive(), or receive() returns -ESHUTDOWN for good.
 */
void core_uring_go(struct core_transport *t, bool ok);
/* Nobody will call core_uring_go() any more: the same as with false, if it was not called before. */
void core_uring_give_up(struct core_transport *t);
/* The kernel has refused an entry, and sends everything by the device. */
bool core_uring_failed(struct core_transport *t);

/* The kernel holds entries for the calling thread, whose channel this is. */
bool core_uring_exposed(struct core_channel *ch);
/* The message with this tag, just received on ch, is another thread's. False: none waits for it. */
bool core_uring_hand_over(struct core_channel *ch, uint64_t tag);
/* The reply to the request in hand goes out on ch's own ring; else on the group's first. */
void core_uring_keep(struct core_channel *ch, bool keeps);
/* Nothing is lost if the channel's thread ends now. */
bool core_uring_idle_end(struct core_channel *ch);

/*
 * The thread of `ch` is stuck in a handler: what waits behind it goes to another of the group.
 * NEEDS_PUMP: the kernel holds more for it, and needs core_uring_pump() in that thread to
 * deliver. NEEDS_READER: nobody waits who could take what there is.
 */
enum { CORE_URING_NEEDS_PUMP = 1, CORE_URING_NEEDS_READER = 2 };
unsigned core_uring_rescue(struct core_channel *ch);
/* In a signal handler: lets the kernel deliver to the calling thread's ring, if it is stuck. */
void core_uring_pump(void);

/* Where reply data of the request with this tag is best put; NULL: anywhere. */
char *core_uring_payload(struct core_channel *ch, uint64_t tag, size_t size);

/* The payload buffer of the request with this tag. -EINVAL: ch is of another transport. */
int core_uring_buffer(struct core_channel *ch, uint64_t tag, char **payload, size_t *size);

/* For tests: a step of the start fails. Called with the step's number; nonzero is its -errno. */
enum core_uring_step {
	CORE_URING_NEW,
	CORE_URING_RING,
	CORE_URING_EVENTFD,
	CORE_URING_ENTRY,
	CORE_URING_MAP,
	CORE_URING_REGISTER,
	CORE_URING_STEPS,
};
extern int (*core_uring_fault)(enum core_uring_step step);

#endif
