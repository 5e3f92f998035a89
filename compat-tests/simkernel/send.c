/* Requests on their way out. */
#include <string.h>
#include "priv.h"

/* Slot of the next call of this thread, see sk_async(). */
static _Thread_local struct sk_req **async_slot;

void sk_async(struct sk_req **req)
{
	*req = NULL;
	async_slot = req;
}

/* From 4.20 (7.28) on the lowest bit says INTERRUPT; before, an INTERRUPT took the next number. */
uint64_t sk_next_unique(struct sk *k)
{
	return k->last_unique += k->cfg.minor >= 28 ? 2 : 1;
}

static void trace_request(struct sk *k, const void *msg, size_t len)
{
	struct core_msg m = {.hdr = msg,
			     .op = (const char *)msg + sizeof(struct wire_in_header),
			     .op_len = len - sizeof(struct wire_in_header)};
	char text[2000];

	if (!k->cfg.trace || len < sizeof(struct wire_in_header))
		return;
	core_wire_print_request(text, sizeof(text), &m, k->minor, k->caps);
	fprintf(k->cfg.trace, "%s\n", text);
}

int sk_put(struct sk *k, const void *msg, size_t len)
{
	char *changed CLEANUP_FREE = NULL;
	int err, tries = 50;

	if (k->mangle) {
		sk_mangler mangle = k->mangle;

		changed = calloc(1, len + 64);
		if (!changed)
			return -ENOMEM;
		memcpy(changed, msg, len);
		k->mangle = NULL;
		len = mangle(k->mangle_user, changed, len);
		msg = changed;
	}
	trace_request(k, msg, len);
	do {
		pthread_mutex_unlock(&k->lock);
		err = k->link->ops->send(k->link, msg, len);
		pthread_mutex_lock(&k->lock);
	} while (err == -EAGAIN && --tries && sk_pump(k, 100) != -ENOTCONN);
	return err;
}

/* Copies p to at, returns where it ends. */
static char *put_bytes(char *at, const void *p, size_t len)
{
	if (len)
		memcpy(at, p, len);
	return at + len;
}

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* The extensions of an operation that makes a name, into out (zeroed, room for all). */
static size_t put_extensions(const struct sk *k, char *out)
{
	size_t len = 0;

	if (k->caps & WIRE_CAP(SECURITY_CTX)) {
		struct wire_secctx_header h = {.size = sizeof(h)};
		struct wire_secctx ctx = {0};
		char *at = out + sizeof(h);

		if (k->cfg.secctx_name) {
			ctx.size = (uint32_t)strlen(k->cfg.secctx);
			at = put_bytes(at, &ctx, sizeof(ctx));
			at = put_bytes(at, k->cfg.secctx_name, strlen(k->cfg.secctx_name) + 1);
			at = put_bytes(at, k->cfg.secctx, ctx.size);
			h.nr_secctx = 1;
			h.size = (uint32_t)align8((size_t)(at - out));
		}
		memcpy(out, &h, sizeof(h));
		len = h.size;
	}
	if ((k->caps & WIRE_CAP(CREATE_SUPP_GROUP)) && k->cfg.supp_group) {
		struct wire_ext_header h = {.type = WIRE_EXT_GROUPS};
		struct wire_supp_groups groups = {.nr_groups = 1};
		char *at = out + len;

		h.size = (uint32_t)align8(sizeof(h) + sizeof(groups) + sizeof(uint32_t));
		at = put_bytes(at, &h, sizeof(h));
		at = put_bytes(at, &groups, sizeof(groups));
		put_bytes(at, &k->cfg.supp_group, sizeof(uint32_t));
		len += h.size;
	}
	return len;
}

static size_t extensions_room(const struct sk *k)
{
	size_t room = 64;

	if (k->cfg.secctx_name)
		room += strlen(k->cfg.secctx_name) + strlen(k->cfg.secctx);
	return room;
}

static struct sk_req *req_new(struct sk *k, const struct sk_call *c, const struct core_wire_op *op)
{
	size_t in_size = c->in ? core_wire_in_size(c->opcode, k->minor, k->caps) : 0;
	size_t names = 0, ext = 0;
	struct sk_req *r = calloc(1, sizeof(*r));
	char *at;

	for (int i = 0; i < 2 && c->name[i]; i++)
		names += strlen(c->name[i]) + 1;
	if (!r)
		return NULL;
	r->msg = calloc(1, sizeof(r->hdr) + in_size + names + c->data_len + extensions_room(k));
	if (!r->msg) {
		free(r);
		return NULL;
	}
	at = put_bytes(r->msg + sizeof(r->hdr), c->in, in_size);
	for (int i = 0; i < 2 && c->name[i]; i++)
		at = put_bytes(at, c->name[i], strlen(c->name[i]) + 1);
	at = put_bytes(at, c->data, c->data_len);
	if (op && (op->flags & CORE_OP_EXT))
		ext = put_extensions(k, at);
	r->len = (size_t)(at - r->msg) + ext;
	r->unique = sk_next_unique(k);
	r->hdr = (struct wire_in_header){
		.len = (uint32_t)r->len,
		.opcode = c->opcode,
		.unique = r->unique,
		.nodeid = c->nodeid,
		.uid = k->cfg.uid,
		.gid = k->cfg.gid,
		.pid = k->cfg.pid,
		.total_extlen = k->minor >= 38 ? (uint16_t)(ext / 8) : 0,
	};
	memcpy(r->msg, &r->hdr, sizeof(r->hdr));
	return r;
}

int sk_launch(struct sk *k, struct sk_req *r)
{
	int err;

	if (k->holding) {
		r->state = SK_REQ_HELD;
		r->next = NULL;
		*k->held_tail = r;
		k->held_tail = &r->next;
		return 0;
	}
	sk_insert(k, r);
	k->stats.requests++;
	err = sk_put(k, r->msg, r->len);
	if (err && r->state == SK_REQ_SENT)
		sk_take_out(k, r);
	return err;
}

static int send_quiet(struct sk *k, struct sk_req *r)
{
	int err = sk_put(k, r->msg, r->len);

	k->stats.requests++;
	sk_req_destroy(r);
	return err;
}

static long collect(struct sk *k, const struct sk_call *c, struct sk_req *r)
{
	int err = sk_wait_locked(k, r, 0);
	long result = err;

	if (c->out) {
		size_t n = err && !r->body ? 0 : r->body_len;

		memset(c->out, 0, c->out_size);
		if (n)
			memcpy(c->out, r->body, n < c->out_size ? n : c->out_size);
	}
	if (!err)
		result = (long)r->body_len;
	if (r->state == SK_REQ_DONE)
		sk_req_destroy(r);
	else
		r->orphan = true;
	return result;
}

long sk_call(struct sk *k, const struct sk_call *c)
{
	const struct core_wire_op *op = core_wire_op(c->opcode);
	struct sk_req **slot = async_slot;
	struct sk_req *r;
	int err;

	async_slot = NULL;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	if (k->gone)
		return -ENOTCONN;
	if (op && op->minor > k->minor)
		return -EOPNOTSUPP;
	r = req_new(k, c, op);
	if (!r)
		return -ENOMEM;
	if (op && (op->flags & CORE_OP_NOREPLY))
		return send_quiet(k, r);
	err = sk_launch(k, r);
	if (err) {
		sk_req_destroy(r);
		return err;
	}
	if (slot) {
		*slot = r;
		return 0;
	}
	return collect(k, c, r);
}

int sk_send_raw(struct sk *k, const void *msg, size_t len)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	return k->gone ? -ENOTCONN : sk_put(k, msg, len);
}

void sk_mangle(struct sk *k, sk_mangler mangle, void *user)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
	k->mangle = mangle;
	k->mangle_user = user;
}
