/*
 * Unanswered requests: the table of them, waiting, order, interrupts, resends.
 */
#include <string.h>
#include <time.h>
#include "priv.h"

/* ---- the table of unanswered requests ------------------------------------------------------ */

static struct sk_req **bucket(struct sk *k, uint64_t unique)
{
	return &k->pending[unique / 2 % SK_BUCKETS];
}

struct sk_req *sk_find(struct sk *k, uint64_t unique)
{
	struct sk_req *r;

	for (r = *bucket(k, unique); r; r = r->next)
		if (r->unique == unique)
			return r;
	return NULL;
}

void sk_insert(struct sk *k, struct sk_req *r)
{
	struct sk_req **b = bucket(k, r->unique);

	r->state = SK_REQ_SENT;
	r->next = *b;
	*b = r;
	k->npending++;
}

void sk_take_out(struct sk *k, struct sk_req *r)
{
	struct sk_req **at = bucket(k, r->unique);

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	k->npending--;
}

void sk_req_destroy(struct sk_req *r)
{
	if (!r)
		return;
	free(r->msg);
	free(r->body);
	free(r);
}

void sk_expect_stray(struct sk *k, uint64_t unique)
{
	uint64_t *list = realloc(k->abandoned, (k->nabandoned + 1) * sizeof(*list));

	if (!list)
		abort();
	k->abandoned = list;
	list[k->nabandoned++] = unique;
}

void sk_finish(struct sk *k, struct sk_req *r, int error)
{
	sk_take_out(k, r);
	if (r->int_unique && k->cfg.minor < 28)
		sk_expect_stray(k, r->int_unique);
	r->state = SK_REQ_DONE;
	r->error = error;
	if (r->orphan)
		sk_req_destroy(r);
	pthread_cond_broadcast(&k->cond);
}

static int by_unique(const void *a, const void *b)
{
	const struct sk_req *x = *(struct sk_req *const *)a, *y = *(struct sk_req *const *)b;
	uint64_t ux = x->unique & ~WIRE_UNIQUE_RESEND, uy = y->unique & ~WIRE_UNIQUE_RESEND;

	return (ux > uy) - (ux < uy);
}

struct sk_req **sk_list_pending(struct sk *k, size_t *n)
{
	struct sk_req **list = calloc(k->npending + 1, sizeof(*list));

	*n = 0;
	if (!list)
		abort();
	for (size_t i = 0; i < SK_BUCKETS; i++)
		for (struct sk_req *r = k->pending[i]; r; r = r->next)
			list[(*n)++] = r;
	qsort(list, *n, sizeof(*list), by_unique);
	return list;
}

void sk_fail_pending(struct sk *k, int error)
{
	size_t n;
	struct sk_req **list = sk_list_pending(k, &n);

	for (size_t i = 0; i < n; i++)
		sk_finish(k, list[i], error);
	free(list);
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct timespec sk_after_ms(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static int ms_until(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)((t->tv_sec - now.tv_sec) * 1000 + (t->tv_nsec - now.tv_nsec) / 1000000);
}

static void library_left(struct sk *k)
{
	if (!k->gone && k->npending)
		sk_violate_locked(k, "the library left %zu requests unanswered", k->npending);
	k->gone = true;
	sk_fail_pending(k, -ENOTCONN);
}

enum { GIVEN_UP_MS = 20 };

int sk_wait_locked(struct sk *k, struct sk_req *r, int ms)
{
	int limit = ms ? ms : k->cfg.timeout_ms;
	struct timespec until = sk_after_ms(limit);

	while (r->state != SK_REQ_DONE) {
		int left = ms_until(&until);

		if (left <= 0) {
			if (!ms && !r->late)
				sk_violate_locked(k, "unique %llu, %s: no answer in %d ms",
						  (unsigned long long)r->unique,
						  core_wire_op_name(r->hdr.opcode), limit);
			r->late = r->late || !ms;
			return -ETIMEDOUT;
		}
		/* Whoever receives is not woken when another thread gives the request up. */
		if (sk_pump(k, left < GIVEN_UP_MS ? left : GIVEN_UP_MS) == -ENOTCONN)
			library_left(k);
	}
	return r->error;
}

int sk_wait(struct sk *k, struct sk_req *r, int ms)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return sk_wait_locked(k, r, ms);
}

const void *sk_reply(struct sk_req *r, size_t *len)
{
	if (len)
		*len = r->body_len;
	return r->body;
}

uint64_t sk_unique(struct sk_req *r)
{
	return r->unique;
}

static void take_from_held(struct sk *k, struct sk_req *r)
{
	struct sk_req **at = &k->held;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (!*at)
		k->held_tail = at;
}

void sk_req_free(struct sk *k, struct sk_req *r)
{
	if (!r)
		return;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	if (r->state == SK_REQ_SENT) {
		r->orphan = true;
		return;
	}
	if (r->state == SK_REQ_HELD)
		take_from_held(k, r);
	sk_req_destroy(r);
}

/* ---- order, interrupts, resends ------------------------------------------------------------ */

void sk_hold(struct sk *k)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	k->holding = true;
}

static void swap(struct sk_req **a, struct sk_req **b)
{
	struct sk_req *tmp = *a;

	*a = *b;
	*b = tmp;
}

static void reorder(struct sk_req **list, size_t n, enum sk_order order, unsigned seed)
{
	uint32_t random = seed * 2654435761U + 1;

	if (order == SK_LIFO) {
		for (size_t i = 0; i < n / 2; i++)
			swap(&list[i], &list[n - 1 - i]);
	} else if (order == SK_SHUFFLE) {
		for (size_t i = n; i > 1; i--) {
			random = random * 1664525U + 1013904223U;
			swap(&list[i - 1], &list[(random >> 8) % i]);
		}
	}
}

int sk_release_held(struct sk *k, enum sk_order order, unsigned seed)
{
	struct sk_req **list CLEANUP_FREE = NULL;
	size_t n = 0;
	int err = 0;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	for (struct sk_req *r = k->held; r; r = r->next)
		n++;
	list = calloc(n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	n = 0;
	for (struct sk_req *r = k->held; r; r = r->next)
		list[n++] = r;
	k->held = NULL;
	k->held_tail = &k->held;
	k->holding = false;
	reorder(list, n, order, seed);
	for (size_t i = 0; i < n; i++) {
		int this = sk_launch(k, list[i]);

		if (this) {
			list[i]->state = SK_REQ_DONE;
			list[i]->error = err = this;
		}
	}
	return err;
}

int sk_send_interrupt(struct sk *k, struct sk_req *r)
{
	struct {
		struct wire_in_header h;
		struct wire_interrupt_in in;
	} msg = {.h = {.len = sizeof(msg), .opcode = WIRE_INTERRUPT}};

	if (k->no_interrupt)
		return 0;
	r->int_unique = k->cfg.minor >= 28 ? r->unique | WIRE_INTERRUPT_BIT : sk_next_unique(k);
	msg.h.unique = r->int_unique;
	msg.in.unique = r->unique;
	k->stats.interrupts++;
	return sk_put(k, &msg, sizeof(msg));
}

int sk_interrupt(struct sk *k, struct sk_req *r)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return r->state == SK_REQ_SENT ? sk_send_interrupt(k, r) : 0;
}

/*
 * The number in the table changes, as in Linux: an answer to the first sending is then refused
 * (ENOENT), only one with the bit counts.
 */
int sk_resend_locked(struct sk *k)
{
	size_t n;
	struct sk_req **list = sk_list_pending(k, &n);
	char **copies = calloc(n + 1, sizeof(*copies));
	int err = 0;

	if (!copies)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct sk_req *r = list[i];

		sk_take_out(k, r);
		k->link->ops->refuse(k->link, r->unique, -ENOENT);
		sk_expect_stray(k, r->unique);
		r->unique |= WIRE_UNIQUE_RESEND;
		r->hdr.unique = r->unique;
		memcpy(r->msg, &r->hdr, sizeof(r->hdr));
		sk_insert(k, r);
		copies[i] = malloc(r->len);
		if (!copies[i])
			abort();
		memcpy(copies[i], r->msg, r->len);
	}
	free(list); /* from here on requests may end */
	for (size_t i = 0; i < n; i++) {
		struct wire_in_header h;

		memcpy(&h, copies[i], sizeof(h));
		if (!err)
			err = sk_put(k, copies[i], h.len);
		free(copies[i]);
	}
	free(copies);
	return err;
}

int sk_resend(struct sk *k)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return k->gone ? -ENOTCONN : sk_resend_locked(k);
}

void sk_abandon(struct sk *k, struct sk_req *r)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	if (r->state != SK_REQ_SENT)
		return;
	sk_expect_stray(k, r->unique);
	k->link->ops->refuse(k->link, r->unique, -ENOENT);
	sk_finish(k, r, -EINTR);
}
