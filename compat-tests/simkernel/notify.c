/* Notifications: checked as the kernel does, kept in order for the test. */
#include <string.h>
#include "priv.h"

enum { NAME_LIMIT = 1024 };

/* Bytes of the structure, whether more follow, and the u32 in it that says how many. */
struct form {
	size_t size;
	enum { NOTHING, NAME, BYTES, NODEIDS } tail;
	size_t count_at;
};

static const struct form *form_of(int code)
{
#define SIZE(st)      sizeof(struct wire_notify_##st##_out)
#define AT(st, field) offsetof(struct wire_notify_##st##_out, field)
	static const struct form forms[WIRE_NOTIFY_MAX] = {
		[WIRE_NOTIFY_POLL] = {SIZE(poll), NOTHING, 0},
		[WIRE_NOTIFY_INVAL_INODE] = {SIZE(inval_inode), NOTHING, 0},
		[WIRE_NOTIFY_INVAL_ENTRY] = {SIZE(inval_entry), NAME, AT(inval_entry, namelen)},
		[WIRE_NOTIFY_STORE] = {SIZE(store), BYTES, AT(store, size)},
		[WIRE_NOTIFY_RETRIEVE] = {SIZE(retrieve), NOTHING, 0},
		[WIRE_NOTIFY_DELETE] = {SIZE(delete), NAME, AT(delete, namelen)},
		[WIRE_NOTIFY_PRUNE] = {SIZE(prune), NODEIDS, AT(prune, count)},
	};

	return &forms[code];
}

static bool check_name(struct sk *k, const char *what, const char *name, uint32_t len)
{
	if (!len || len > NAME_LIMIT)
		sk_violate_locked(k, "NOTIFY_%s: a name of %u bytes", what, len);
	else if (name[len])
		sk_violate_locked(k, "NOTIFY_%s: the name is not terminated", what);
	else if (memchr(name, 0, len))
		sk_violate_locked(k, "NOTIFY_%s: the name is shorter than it says", what);
	else
		return true;
	return false;
}

static bool check_notification(struct sk *k, int code, const char *data, size_t len)
{
	const char *what = core_wire_notify_name(code);
	uint64_t want;
	uint32_t count = 0;
	const struct form *f;

	if (code <= 0 || code >= WIRE_NOTIFY_MAX) {
		sk_violate_locked(k, "notification %d: no such code", code);
		return false;
	}
	f = form_of(code);
	want = f->size;
	if (f->tail != NOTHING && len >= f->size) {
		memcpy(&count, data + f->count_at, sizeof(count));
		want += f->tail == NAME ? count + 1ULL : f->tail == BYTES ? count : count * 8ULL;
	}
	if (len != want) {
		sk_violate_locked(k, "NOTIFY_%s: %zu bytes, should be %llu", what, len,
				  (unsigned long long)want);
		return false;
	}
	return f->tail != NAME || check_name(k, what, data + f->size, count);
}

void sk_take_notification(struct sk *k, int code, const void *data, size_t len)
{
	struct note *note;

	k->stats.notifications++;
	if (!check_notification(k, code, data, len))
		return;
	note = calloc(1, sizeof(*note));
	if (!note)
		abort();
	note->n = malloc(sizeof(*note->n) + len + 1);
	if (!note->n)
		abort();
	note->n->code = code;
	note->n->len = len;
	if (len)
		memcpy(note->n->data, data, len);
	*k->notes_tail = note;
	k->notes_tail = &note->next;
	if (code == WIRE_NOTIFY_RESEND)
		sk_resend_locked(k);
}

struct sk_notification *sk_notification(struct sk *k, int ms)
{
	struct sk_notification *n;
	struct note *note;

	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	/* A reply that comes in meanwhile starts the time anew. */
	while (!k->notes) {
		int err = sk_pump(k, ms);

		if (err && err != -ENOMEM && !k->notes)
			return NULL;
	}
	note = k->notes;
	n = note->n;
	k->notes = note->next;
	if (!k->notes)
		k->notes_tail = &k->notes;
	free(note);
	return n;
}

int sk_notify_reply(struct sk *k, const struct wire_notify_retrieve_out *asked, const void *data,
		    uint32_t size)
{
	struct {
		struct wire_in_header h;
		struct wire_notify_retrieve_in in;
	} head = {.h = {.opcode = WIRE_NOTIFY_REPLY,
			.unique = asked->notify_unique,
			.nodeid = asked->nodeid},
		  .in = {.offset = asked->offset, .size = size}};
	char *msg CLEANUP_FREE = malloc(sizeof(head) + size);

	if (!msg)
		return -ENOMEM;
	head.h.len = (uint32_t)sizeof(head) + size;
	memcpy(msg, &head, sizeof(head));
	if (size)
		memcpy(msg + sizeof(head), data, size);
	return sk_send_raw(k, msg, head.h.len);
}

void sk_stats(struct sk *k, struct sk_stats *stats)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	*stats = k->stats;
}

size_t sk_unanswered(struct sk *k)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return k->npending;
}
