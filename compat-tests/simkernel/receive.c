/* Replies on their way in: whose they are, and whether their header is in order. */
#include <string.h>
#include "priv.h"

static bool was_abandoned(struct sk *k, uint64_t unique)
{
	for (size_t i = 0; i < k->nabandoned; i++) {
		if (k->abandoned[i] != unique)
			continue;
		k->abandoned[i] = k->abandoned[--k->nabandoned];
		return true;
	}
	return false;
}

static struct sk_req *find_interrupted(struct sk *k, uint64_t int_unique)
{
	for (size_t i = 0; i < SK_BUCKETS; i++)
		for (struct sk_req *r = k->pending[i]; r; r = r->next)
			if (r->int_unique == int_unique)
				return r;
	return NULL;
}

/* A reply to an INTERRUPT: "again" or "not supported", nothing else. True if it was one. */
static bool take_interrupt_reply(struct sk *k, const struct wire_out_header *h, size_t len)
{
	struct sk_req *r = find_interrupted(k, h->unique);

	if (!r && !(k->cfg.minor >= 28 && (h->unique & WIRE_INTERRUPT_BIT)))
		return false;
	if (len != sizeof(*h) || (h->error != -EAGAIN && h->error != -ENOSYS)) {
		sk_violate_locked(k,
				  "unique %llu: reply to an INTERRUPT with error %d and %zu bytes; "
				  "only EAGAIN and ENOSYS, without data, are answers",
				  (unsigned long long)h->unique, h->error, len - sizeof(*h));
		return true;
	}
	if (h->error == -ENOSYS)
		k->no_interrupt = true;
	if (!r) {
		k->stats.refused++; /* the request was answered meanwhile: ENOENT */
	} else if (h->error == -EAGAIN) {
		k->stats.interrupts_again++;
		sk_send_interrupt(k, r);
	}
	return true;
}

/* A reply nobody waits for. */
static void take_stray(struct sk *k, const struct wire_out_header *h, size_t len)
{
	if (take_interrupt_reply(k, h, len))
		return;
	if (was_abandoned(k, h->unique) || sk_find(k, h->unique | WIRE_UNIQUE_RESEND)) {
		k->stats.refused++;
		return;
	}
	sk_violate_locked(k,
			  "reply to unique %llu, which waits for none: answered before, never "
			  "sent, or of an operation that is not answered",
			  (unsigned long long)h->unique);
}

/* Header and length: 0, or the kernel answers the write EINVAL and the request stays open. */
static int check_header(struct sk *k, const struct wire_out_header *h, size_t len)
{
	if (h->len != len) {
		sk_violate_locked(k, "unique %llu: length %u in the header of a reply of %zu bytes",
				  (unsigned long long)h->unique, h->len, len);
		return -EIO;
	}
	if (!h->unique)
		return 0;
	if (h->error > 0 || h->error < -511) {
		sk_violate_locked(k, "unique %llu: error %d is not between -511 and 0",
				  (unsigned long long)h->unique, h->error);
		return -EIO;
	}
	if (h->error && len != sizeof(*h)) {
		sk_violate_locked(k, "unique %llu: an error reply (%d) with %zu bytes of data",
				  (unsigned long long)h->unique, h->error, len - sizeof(*h));
		return -EIO;
	}
	return 0;
}

static void take_reply(struct sk *k, const struct wire_out_header *h, const char *body, size_t len)
{
	struct sk_req *r = sk_find(k, h->unique);
	int err = check_header(k, h, sizeof(*h) + len);

	if (!r) {
		if (!err)
			take_stray(k, h, sizeof(*h) + len);
		return;
	}
	k->stats.replies++;
	if (!err)
		err = h->error;
	if (!err) {
		r->body = malloc(len + 1);
		if (!r->body)
			abort();
		memcpy(r->body, body, len);
		r->body[len] = '\0';
		r->body_len = len;
		err = sk_check_reply(k, r);
	}
	sk_finish(k, r, err);
}

static void trace_reply(struct sk *k, const struct wire_out_header *h, const void *body, size_t len)
{
	const struct sk_req *r = sk_find(k, h->unique);
	char text[2000];

	if (!k->cfg.trace)
		return;
	core_wire_print_reply(text, sizeof(text), r ? r->hdr.opcode : 0, h, body, len);
	fprintf(k->cfg.trace, "%s\n", text);
}

static void take_message(struct sk *k, const char *buf, size_t len)
{
	struct wire_out_header h;

	if (len < sizeof(h)) {
		sk_violate_locked(k, "a message of %zu bytes is shorter than a reply's header",
				  len);
		return;
	}
	memcpy(&h, buf, sizeof(h));
	len -= sizeof(h);
	trace_reply(k, &h, buf + sizeof(h), len);
	if (h.unique)
		take_reply(k, &h, buf + sizeof(h), len);
	else if (!check_header(k, &h, sizeof(h) + len))
		sk_take_notification(k, h.error, buf + sizeof(h), len);
}

static int wait_for_receiver(struct sk *k, int ms)
{
	struct timespec until = sk_after_ms(ms);

	return pthread_cond_timedwait(&k->cond, &k->lock, &until) == ETIMEDOUT ? -ETIMEDOUT : 0;
}

static int grow_buffer(struct sk *k)
{
	size_t size = k->buf_size ? 2 * k->buf_size : 256 * 1024;
	char *buf = realloc(k->buf, size);

	if (!buf)
		return -ENOMEM;
	k->buf = buf;
	k->buf_size = size;
	return 0;
}

int sk_pump(struct sk *k, int ms)
{
	ssize_t n;

	if (k->receiving)
		return wait_for_receiver(k, ms);
	k->receiving = true;
	pthread_mutex_unlock(&k->lock);
	n = k->buf ? k->link->ops->recv(k->link, k->buf, k->buf_size, ms) : -EMSGSIZE;
	pthread_mutex_lock(&k->lock);
	k->receiving = false;
	if (n == -EMSGSIZE)
		n = grow_buffer(k);
	else if (n >= 0)
		take_message(k, k->buf, (size_t)n); /* sends, if at all, when done with k->buf */
	pthread_cond_broadcast(&k->cond);
	return n < 0 ? (int)n : 0;
}
