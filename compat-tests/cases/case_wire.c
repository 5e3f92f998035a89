/* case_wire.c - what a real kernel cannot be made to do: cases that play the kernel themselves. */
#include "conform.h"
#include "simkernel.h"

static void out_of_order(struct sk *k)
{
	struct sk_req *req[8];
	char name[8];

	EQ(sk_init(k), 0);
	sk_hold(k);
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		EQ(sk_submit(k, &req[i], sk_mkdir(k, 1, name, 0755, 022, NULL)), 0);
	}
	EQ(sk_release_held(k, SK_LIFO, 0), 0);
	for (int i = 0; i < 8; i++) {
		EQ(sk_wait(k, req[i], 0), 0);
		sk_req_free(k, req[i]);
	}
	SEEN("mkdir /d*", 8);
}
CASE(wire_order, "wire.requests-in-reverse-order", .sim = out_of_order)
{
}

static void old_protocol(struct sk *k)
{
	struct wire_entry_out e;
	struct wire_open_out o;
	char buf[16] = "";

	put(S("f"), "hello");
	EQ(sk_init(k), 0);
	EQ(sk_minor(k), 12);
	EQ(sk_lookup(k, 1, "f", &e), 0);
	EQ(sk_open(k, e.nodeid, O_RDONLY, &o), 0);
	EQ(sk_read(k, e.nodeid, o.fh, 0, buf, sizeof(buf)), 5);
	STR(buf, "hello");
	EQ(sk_release(k, e.nodeid, o.fh, O_RDONLY), 0);
}
CASE(wire_minor_12, "wire.protocol-7.12", .sim = old_protocol, .minor = 12)
{
}

static void no_caps(struct sk *k)
{
	struct wire_entry_out e;

	put(S("f"), "hello");
	EQ(sk_init(k), 0);
	EQ(sk_caps(k), 0);
	EQ(sk_lookup(k, 1, "f", &e), 0);
	EQ(sk_unlink(k, 1, "f"), 0);
	EQ(sk_lookup(k, 1, "f", &e), -ENOENT);
}
CASE(wire_no_caps, "wire.no-flags-offered", .sim = no_caps, .caps = SK_CAPS_NONE)
{
}

/* Both sendings of a request may be carried out; only one answer counts. */
static void resent(struct sk *k)
{
	struct sk_req *req;

	EQ(sk_init(k), 0);
	atomic_store(&T->knob[OP_getattr].delay_ms, 30);
	EQ(sk_submit(k, &req, sk_lookup(k, 1, "none", NULL)), 0);
	WITHIN(1000, t_seen("getattr /none"));
	EQ(sk_resend(k), 0);
	EQ(sk_wait(k, req, 0), -ENOENT);
	sk_req_free(k, req);
}
CASE(wire_resend, "wire.resent-request-is-answered", .sim = resent)
{
}

static void gone(struct sk *k)
{
	struct sk_req *req;

	EQ(sk_init(k), 0);
	atomic_store(&T->knob[OP_getattr].block, 1);
	EQ(sk_submit(k, &req, sk_lookup(k, 1, "slow", NULL)), 0);
	WITHIN(1000, atomic_load(&T->knob[OP_getattr].blocked));
	sk_disconnect(k, ECONNABORTED);
	EQ(sk_wait(k, req, 0), -ENOTCONN);
	atomic_store(&T->knob[OP_getattr].block, 0);
	sk_req_free(k, req);
}
CASE(wire_gone, "wire.disconnected-while-an-operation-runs", .sim = gone, .any_exit = true)
{
}

static size_t lie_about_length(void *user, void *msg, size_t len)
{
	struct wire_in_header *h = msg;

	(void)user;
	h->len = (uint32_t)len + 100;
	return len;
}
static void lies(struct sk *k)
{
	struct wire_attr_out attr;
	struct sk_req *req;

	EQ(sk_init(k), 0);
	sk_mangle(k, lie_about_length, NULL);
	EQ(sk_submit(k, &req, sk_lookup(k, 1, "f", NULL)), 0);
	/* what became of that one is open; it must not have gone to the program as it was */
	sk_wait(k, req, 200);
	sk_abandon(k, req);
	sk_req_free(k, req);
	EQ(sk_getattr(k, 1, NULL, &attr), 0);
}
CASE(wire_lie, "wire.length-in-the-header-is-a-lie", .sim = lies, .any_exit = true)
{
}

static void after_the_interrupt(struct sk *k)
{
	struct sk_req *req;

	EQ(sk_init(k), 0);
	atomic_store(&T->knob[OP_mkdir].delay_ms, 50);
	EQ(sk_submit(k, &req, sk_mkdir(k, 1, "d", 0755, 022, NULL)), 0);
	WITHIN(1000, t_seen("mkdir /d*"));
	for (int i = 0; i < 5; i++)
		EQ(sk_interrupt(k, req), 0);
	EQ(sk_wait(k, req, 0), 0);
	EQ(sk_interrupt(k, req), 0);
	sk_req_free(k, req);
}
CASE(wire_interrupts, "wire.many-interrupts-of-one-request", .sim = after_the_interrupt)
{
}
