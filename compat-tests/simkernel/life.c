/* A kernel's life: making it, INIT, the end. */
#include <string.h>
#include "priv.h"

enum { SLICE_MS = 50 };

struct sk *sk_alloc(struct sk_link *link, const struct sk_config *config)
{
	struct sk *k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;

	if (!k || !link) {
		free(k);
		return NULL;
	}
	k->link = link;
	if (config)
		k->cfg = *config;
	if (!k->cfg.minor)
		k->cfg.minor = WIRE_MINOR;
	if (!k->cfg.timeout_ms)
		k->cfg.timeout_ms = 20000;
	if (!k->cfg.max_readahead)
		k->cfg.max_readahead = 128 * 1024;
	if (!k->cfg.caps)
		k->cfg.caps = SK_CAPS_LINUX;
	k->minor = k->cfg.minor;
	k->held_tail = &k->held;
	k->notes_tail = &k->notes;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->cond, &attr);
	pthread_condattr_destroy(&attr);
	return k;
}

struct sk *sk_new_socket(int fd, const struct sk_config *config)
{
	return sk_alloc(sk_link_socket(fd), config);
}

/* ---- INIT ---------------------------------------------------------------------------------- */

static uint64_t caps_of_minor(unsigned minor)
{
#define CAP_(bit, name, first) ((uint64_t)((first) <= minor) << (bit)) |
	return WIRE_INIT_FLAGS(CAP_) 0;
#undef CAP_
}

/* What the kernel would do with values out of range it does silently; here they are noted. */
static int check_init(struct sk *k, const struct wire_init_out *out, uint64_t got)
{
	char names[400];

	if (out->major != WIRE_MAJOR) {
		sk_violate(k, "INIT answered with major %u, not %u", out->major, WIRE_MAJOR);
		return -EPROTO;
	}
	if (got & ~k->offered) {
		core_wire_print_caps(names, sizeof(names), got & ~k->offered);
		sk_violate(k, "INIT answered with flags that were not offered: %s", names);
	}
	if (out->max_write < 4096)
		sk_violate(k, "INIT answered with max_write %u, less than 4096", out->max_write);
	if (out->time_gran > 1000000000)
		sk_violate(k, "INIT answered with time_gran %u, more than a second",
			   out->time_gran);
	if (out->max_readahead > k->cfg.max_readahead)
		sk_violate(k, "INIT answered with max_readahead %u, offered were %u",
			   out->max_readahead, k->cfg.max_readahead);
	return 0;
}

int sk_init(struct sk *k)
{
	struct wire_init_in in = {
		.major = WIRE_MAJOR, .minor = k->cfg.minor, .max_readahead = k->cfg.max_readahead};
	struct wire_init_out out;
	struct sk_call call = {
		.opcode = WIRE_INIT, .in = &in, .out = &out, .out_size = sizeof(out)};
	uint64_t got;
	long n;
	int err;

	k->offered = k->cfg.caps & caps_of_minor(k->cfg.minor);
	if (k->offered >> 32)
		k->offered |= WIRE_CAP(INIT_EXT);
	in.flags = (uint32_t)k->offered;
	if (k->offered & WIRE_CAP(INIT_EXT))
		in.flags2 = (uint32_t)(k->offered >> 32);
	n = sk_call(k, &call);
	if (n < 0)
		return (int)n;
	got = out.flags;
	if (got & WIRE_CAP(INIT_EXT))
		got |= (uint64_t)out.flags2 << 32;
	err = check_init(k, &out, got);
	if (err)
		return err;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	k->init_out = out;
	k->minor = out.minor < k->cfg.minor ? out.minor : k->cfg.minor;
	k->caps = got & k->offered;
	k->initialised = true;
	return 0;
}

/* The strings are KEY=value, and one of them is the device's name. */
static int check_cuse_info(struct sk *k, const char *info, size_t len)
{
	bool named = false;

	for (const char *p = info; p < info + len; p += strlen(p) + 1) {
		if (!memchr(p, 0, (size_t)(info + len - p))) {
			sk_violate(k, "CUSE_INIT: a string of the description is not terminated");
			return -EINVAL;
		}
		if (!strchr(p, '='))
			sk_violate(k, "CUSE_INIT: \"%s\" is not KEY=value", p);
		named = named || (!strncmp(p, "DEVNAME=", 8) && p[8]);
	}
	if (named)
		return 0;
	sk_violate(k, "CUSE_INIT: the description names no device (DEVNAME=)");
	return -EINVAL;
}

int sk_cuse_init(struct sk *k, uint32_t flags, struct wire_cuse_init_out *out, const char **info,
		 size_t *info_len)
{
	struct wire_cuse_init_in in = {
		.major = WIRE_MAJOR, .minor = k->cfg.minor, .flags = flags};
	struct wire_cuse_init_out *got = (void *)k->cuse_reply;
	struct sk_call call = {.opcode = WIRE_CUSE_INIT,
			       .in = &in,
			       .out = k->cuse_reply,
			       .out_size = sizeof(k->cuse_reply)};
	long n = sk_call(k, &call);
	size_t len;
	int err;

	if (n < 0)
		return (int)n;
	len = (size_t)n - sizeof(*got);
	if (out)
		*out = *got;
	if (info)
		*info = k->cuse_reply + sizeof(*got);
	if (info_len)
		*info_len = len;
	if (got->major != WIRE_MAJOR || got->minor < 11) {
		sk_violate(k, "CUSE_INIT answered with version %u.%u", got->major, got->minor);
		return -EPROTO;
	}
	err = check_cuse_info(k, k->cuse_reply + sizeof(*got), len);
	if (err)
		return err;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	k->minor = got->minor < k->cfg.minor ? got->minor : k->cfg.minor;
	k->caps = 0;
	k->init_out.max_write = got->max_write;
	k->initialised = k->cuse = true;
	return 0;
}

unsigned sk_minor(struct sk *k)
{
	return k->minor;
}

uint64_t sk_caps(struct sk *k)
{
	return k->caps;
}

const struct wire_init_out *sk_init_out(struct sk *k)
{
	return &k->init_out;
}

void sk_set_ids(struct sk *k, uint32_t uid, uint32_t gid, uint32_t pid)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	k->cfg.uid = uid;
	k->cfg.gid = gid;
	k->cfg.pid = pid;
}

void sk_set_trace(struct sk *k, FILE *trace)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	k->cfg.trace = trace;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void disconnect(struct sk *k, int err)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	k->link->ops->disconnect(k->link, err);
	k->gone = true;
	sk_fail_pending(k, -ENOTCONN);
}

void sk_disconnect(struct sk *k, int err)
{
	disconnect(k, err);
}

void sk_drain(struct sk *k)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	while (!k->receiving) {
		int err = sk_pump(k, 0);

		if (err && err != -ENOMEM)
			break;
	}
}

/* All unanswered requests share one timeout; whoever waits for one is told. */
static void wait_for_all(struct sk *k)
{
	struct sk_req **list;
	size_t n;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	for (int ms = 0; k->npending && ms < k->cfg.timeout_ms; ms += SLICE_MS) {
		size_t before = k->npending;

		if (sk_pump(k, SLICE_MS) == -ENOTCONN)
			break;
		if (k->npending < before)
			ms = 0; /* it goes forward */
	}
	list = sk_list_pending(k, &n);
	for (size_t i = 0; i < n; i++)
		if (!list[i]->late)
			sk_violate_locked(k, "unique %llu, %s: never answered",
					  (unsigned long long)list[i]->unique,
					  core_wire_op_name(list[i]->hdr.opcode));
	free(list);
	sk_fail_pending(k, -ETIMEDOUT);
}

/* Up to SK_FORGET_BATCH nodes with lookups. */
static uint32_t some_nodes(struct sk *k, struct wire_forget_one *list)
{
	uint32_t n = 0;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	for (size_t i = 0; i < SK_BUCKETS && n < SK_FORGET_BATCH; i++)
		for (struct sk_node *node = k->nodes[i]; node && n < SK_FORGET_BATCH;
		     node = node->next)
			list[n++] = (struct wire_forget_one){node->nodeid, node->nlookup};
	return n;
}

static void forget_all(struct sk *k)
{
	struct wire_forget_one list[SK_FORGET_BATCH];
	uint32_t n;

	while ((n = some_nodes(k, list))) {
		int err = k->minor >= 16 && n > 1 ? sk_batch_forget(k, list, n)
						  : sk_forget(k, list[0].nodeid, list[0].nlookup);

		if (err)
			break;
	}
}

int sk_end(struct sk *k)
{
	if (k->ended)
		return sk_violations(k);
	k->ended = true;
	if (k->held) {
		sk_violate(k, "the test ends with requests it holds back");
		sk_release_held(k, SK_FIFO, 0);
	}
	if (!k->gone)
		wait_for_all(k);
	if (!k->gone && k->initialised && !k->cfg.abrupt && !k->cuse) {
		forget_all(k);
		sk_destroy(k);
	}
	sk_drain(k);
	if (!k->gone)
		disconnect(k, ENODEV);
	return sk_violations(k);
}

void sk_free(struct sk *k)
{
	if (!k)
		return;
	if (!k->gone)
		disconnect(k, ENODEV);
	while (k->notes) {
		struct note *note = k->notes;

		k->notes = note->next;
		free(note->n);
		free(note);
	}
	sk_books_free(k);
	k->link->ops->free(k->link);
	pthread_cond_destroy(&k->cond);
	pthread_mutex_destroy(&k->lock);
	free(k->abandoned);
	free(k->buf);
	free(k);
}
