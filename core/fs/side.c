#include "core/fs/side.h"

#include <errno.h>
#include <string.h>

static struct side_stripe *stripe_of(struct side_table *t, uint32_t idx)
{
	return &t->stripe[idx % SIDE_STRIPES];
}

static struct side **bucket_of(struct side_stripe *s, uint32_t idx)
{
	return &s->buckets[(idx / SIDE_STRIPES) & s->mask];
}

static void free_side(struct side *d)
{
	struct posix_lock *l;

	while ((l = d->locks)) {
		d->locks = l->next;
		free(l);
	}
	free(d->kept);
	free(d);
}

/* Keeps chains short; failing to grow only makes them longer. */
static void maybe_grow(struct side_stripe *s)
{
	uint32_t mask = s->mask * 2 + 1;
	struct side **buckets;

	if (s->count <= s->mask)
		return;
	buckets = calloc((size_t)mask + 1, sizeof(struct side *));
	if (!buckets)
		return;
	for (uint32_t i = 0; i <= s->mask; i++) {
		struct side *d, *next;

		for (d = s->buckets[i]; d; d = next) {
			struct side **b = &buckets[(d->idx / SIDE_STRIPES) & mask];

			next = d->next;
			d->next = *b;
			*b = d;
		}
	}
	free(s->buckets);
	s->buckets = buckets;
	s->mask = mask;
}

struct side *side_get(struct side_table *t, uint32_t idx, bool create)
{
	struct side_stripe *s = stripe_of(t, idx);
	struct side *d, **b;

	pthread_mutex_lock(&s->lock);
	for (d = *bucket_of(s, idx); d; d = d->next)
		if (d->idx == idx)
			return d;
	if (create && (d = calloc(1, sizeof(*d)))) {
		maybe_grow(s);
		b = bucket_of(s, idx);
		d->idx = idx;
		d->next = *b;
		*b = d;
		s->count++;
		return d;
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

void side_put(struct side_table *t, uint32_t idx)
{
	pthread_mutex_unlock(&stripe_of(t, idx)->lock);
}

void side_drop(struct side_table *t, uint32_t idx)
{
	struct side_stripe *s = stripe_of(t, idx);
	struct side **link, *d;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&s->lock);

	for (link = bucket_of(s, idx); (d = *link); link = &d->next)
		if (d->idx == idx) {
			*link = d->next;
			s->count--;
			free_side(d);
			return;
		}
}

int side_init(struct side_table *t)
{
	memset(t, 0, sizeof(*t));
	for (int i = 0; i < SIDE_STRIPES; i++) {
		struct side_stripe *s = &t->stripe[i];

		pthread_mutex_init(&s->lock, NULL);
		s->mask = 3;
		s->buckets = calloc(4, sizeof(struct side *));
		if (!s->buckets) {
			side_fini(t);
			return -ENOMEM;
		}
	}
	return 0;
}

void side_fini(struct side_table *t)
{
	for (int i = 0; i < SIDE_STRIPES; i++) {
		struct side_stripe *s = &t->stripe[i];

		for (uint32_t b = 0; s->buckets && b <= s->mask; b++)
			for (struct side *d = s->buckets[b], *next; d; d = next) {
				next = d->next;
				free_side(d);
			}
		free(s->buckets);
		s->buckets = NULL;
	}
}
