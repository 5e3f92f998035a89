/*
 * Direct memory: the calling thread asks for a message, handles it and hands over the reply.
 * No queue, no lock, no copy, so what an instruction counter sees is the library.
 */
#include <errno.h>
#include "core/transport/transport.h"

struct direct {
	struct core_transport base;
	struct core_mem_direct user;
	_Atomic int wakes;
};

static struct direct *direct_of(struct core_transport *t)
{
	return CORE_CONTAINER_OF(t, struct direct, base);
}

static int direct_receive(struct core_channel *ch, struct core_msg *msgs, int max)
{
	struct direct *d = direct_of(ch->t);
	const struct wire_in_header *hdr;
	size_t len = 0;

	if (max < 1)
		return -EINVAL;
	if (core_unlikely(atomic_load_explicit(&d->wakes, memory_order_relaxed) > 0)) {
		atomic_fetch_sub(&d->wakes, 1);
		return 0;
	}
	hdr = d->user.next(d->user.user, &len);
	if (!hdr)
		return -ENODEV;
	if (core_unlikely(len < sizeof(*hdr)))
		return -EIO;
	msgs[0].hdr = hdr;
	msgs[0].op = hdr + 1;
	msgs[0].op_len = len - sizeof(*hdr);
	msgs[0].payload = NULL;
	msgs[0].payload_len = 0;
	msgs[0].tag = hdr->unique;
	return 1;
}

static int direct_reply(struct core_channel *ch, uint64_t tag, const struct iovec *iov, int niov)
{
	struct direct *d = direct_of(ch->t);

	(void)tag;
	return d->user.sink(d->user.user, iov, niov);
}

static int direct_notify(struct core_transport *t, const struct iovec *iov, int niov)
{
	struct direct *d = direct_of(t);

	return d->user.sink(d->user.user, iov, niov);
}

static int direct_wake(struct core_transport *t)
{
	atomic_fetch_add(&direct_of(t)->wakes, 1);
	return 0;
}

static int direct_channel_new(struct core_transport *t, bool own_queue, struct core_channel **out)
{
	struct core_channel *ch = calloc(1, sizeof(*ch));

	(void)own_queue;
	if (!ch)
		return -ENOMEM;
	ch->ops = t->ops;
	ch->t = t;
	ch->refs = 1;
	*out = ch;
	return 0;
}

static void direct_channel_free(struct core_channel *ch)
{
	free(ch);
}

static int direct_set_bufsize(struct core_transport *t, size_t max_payload)
{
	atomic_store(&t->max_payload, max_payload);
	return 0;
}

static int direct_fd(struct core_transport *t)
{
	(void)t;
	return -1;
}

static void direct_free(struct core_transport *t)
{
	free(direct_of(t));
}

static const struct core_transport_ops direct_ops = {
	.name = "direct memory",
	.channel_new = direct_channel_new,
	.channel_free = direct_channel_free,
	.receive = direct_receive,
	.reply = direct_reply,
	.notify = direct_notify,
	.wake = direct_wake,
	.set_bufsize = direct_set_bufsize,
	.fd = direct_fd,
	.free = direct_free,
};

int core_transport_memory_direct(const struct core_mem_direct *d, struct core_transport **out)
{
	struct direct *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->base.ops = &direct_ops;
	t->base.max_payload = CORE_TRANSPORT_DEFAULT_PAYLOAD;
	t->user = *d;
	*out = &t->base;
	return 0;
}
