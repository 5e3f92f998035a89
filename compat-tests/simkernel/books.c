/* Violations, and the nodes the library was asked for with their lookup counts. */
#include <string.h>
#include "priv.h"

/* ---- violations ---------------------------------------------------------------------------- */

static void add_violation(struct sk *k, const char *fmt, va_list ap)
{
	char **list = realloc(k->violations, ((size_t)k->nviolations + 1) * sizeof(*list));
	char *text;

	if (!list || vasprintf(&text, fmt, ap) < 0)
		abort(); /* a check that is lost would be a check passed */
	if (k->cfg.trace)
		fprintf(k->cfg.trace, "VIOLATION: %s\n", text);
	list[k->nviolations++] = text;
	k->violations = list;
}

void sk_violate_locked(struct sk *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_violation(k, fmt, ap);
	va_end(ap);
}

void sk_violate(struct sk *k, const char *fmt, ...)
{
	va_list ap;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	va_start(ap, fmt);
	add_violation(k, fmt, ap);
	va_end(ap);
}

int sk_violations(struct sk *k)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return k->nviolations;
}

const char *sk_violation(struct sk *k, int i)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return i >= 0 && i < k->nviolations ? k->violations[i] : NULL;
}

void sk_report(struct sk *k, FILE *to)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	for (int i = 0; i < k->nviolations; i++)
		fprintf(to, "simulated kernel: %s\n", k->violations[i]);
}

bool sk_expect_violation(struct sk *k, const char *text)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	for (int i = 0; i < k->nviolations; i++) {
		if (!strstr(k->violations[i], text))
			continue;
		free(k->violations[i]);
		k->nviolations--;
		memmove(&k->violations[i], &k->violations[i + 1],
			(size_t)(k->nviolations - i) * sizeof(*k->violations));
		return true;
	}
	return false;
}

/* ---- nodes --------------------------------------------------------------------------------- */

static struct sk_node **bucket(struct sk *k, uint64_t nodeid)
{
	return &k->nodes[(nodeid * 0x9e3779b97f4a7c15ULL >> 32) % SK_BUCKETS];
}

struct sk_node *sk_node_find(struct sk *k, uint64_t nodeid)
{
	struct sk_node *n;

	for (n = *bucket(k, nodeid); n; n = n->next)
		if (n->nodeid == nodeid)
			return n;
	return NULL;
}

struct sk_node *sk_node_get(struct sk *k, uint64_t nodeid)
{
	struct sk_node *n = sk_node_find(k, nodeid), **b = bucket(k, nodeid);

	if (n)
		return n;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->nodeid = nodeid;
	n->next = *b;
	*b = n;
	k->nnodes++;
	return n;
}

void sk_node_forget(struct sk *k, uint64_t nodeid, uint64_t nlookup)
{
	struct sk_node **at = bucket(k, nodeid), *n;

	while (*at && (*at)->nodeid != nodeid)
		at = &(*at)->next;
	n = *at;
	if (!n || n->nlookup < nlookup) {
		sk_violate_locked(k, "the test forgets %llu lookups of node %llu, which has %llu",
				  (unsigned long long)nlookup, (unsigned long long)nodeid,
				  (unsigned long long)(n ? n->nlookup : 0));
		return;
	}
	n->nlookup -= nlookup;
	if (!n->nlookup) {
		*at = n->next;
		k->nnodes--;
		free(n);
	}
}

uint64_t sk_nlookup(struct sk *k, uint64_t nodeid)
{
	const struct sk_node *n;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	n = sk_node_find(k, nodeid);
	return n ? n->nlookup : 0;
}

size_t sk_nodes(struct sk *k)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return k->nnodes;
}

void sk_books_free(struct sk *k)
{
	for (int i = 0; i < k->nviolations; i++)
		free(k->violations[i]);
	free(k->violations);
	for (size_t i = 0; i < SK_BUCKETS; i++) {
		while (k->nodes[i]) {
			struct sk_node *n = k->nodes[i];

			k->nodes[i] = n->next;
			free(n);
		}
	}
}
