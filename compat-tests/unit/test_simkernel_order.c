/*
 * Several requests at once on the simulated kernel: their order, interrupts, threads, and a
 * connection that ends in the middle.
 */
#include "test_simkernel.h"

static void nap(int ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static void order_of_requests(void)
{
	static const struct {
		enum sk_order order;
		const char *seen;
	} orders[] = {{SK_FIFO, "abcd"}, {SK_LIFO, "dcba"}};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(orders); i++) {
		struct sk_req *req[4];

		start(NULL);
		sk_hold(fake.k);
		for (int n = 0; n < 4; n++) {
			char name[2] = {(char)('a' + n)};

			sk_submit(fake.k, &req[n], sk_lookup(fake.k, 1, name, NULL));
		}
		nap(10);
		UNIT_ASSERT_INT(fake.served, 1); /* INIT */
		UNIT_ASSERT_INT(sk_release_held(fake.k, orders[i].order, 0), 0);
		for (int n = 0; n < 4; n++) {
			UNIT_ASSERT_INT(sk_wait(fake.k, req[n], 0), 0);
			sk_req_free(fake.k, req[n]);
		}
		UNIT_ASSERT_STR(fake.order, orders[i].seen);
		stop();
	}
}

static void shuffled_order(void)
{
	struct sk_req *req[16];
	char seen[17] = "";

	start(NULL);
	sk_hold(fake.k);
	for (int n = 0; n < 16; n++) {
		char name[2] = {(char)('a' + n)};

		sk_submit(fake.k, &req[n], sk_lookup(fake.k, 1, name, NULL));
	}
	sk_release_held(fake.k, SK_SHUFFLE, 3);
	for (int n = 0; n < 16; n++) {
		sk_wait(fake.k, req[n], 0);
		sk_req_free(fake.k, req[n]);
	}
	UNIT_ASSERT_INT(strlen(fake.order), 16);
	for (int n = 0; n < 16; n++)
		if (strchr(fake.order, 'a' + n))
			seen[n] = (char)('a' + n);
	UNIT_ASSERT_STR(seen, "abcdefghijklmnop");
	CU_ASSERT(strcmp(fake.order, seen) != 0);
	stop();
}

/* Keeps UNLINK; the first INTERRUPT is answered "again", at the second UNLINK ends. */
static bool interruptible(const struct core_msg *msg)
{
	static _Thread_local uint64_t kept;
	static _Thread_local bool told;
	const struct wire_interrupt_in *in = msg->op;

	if (msg->hdr->opcode == WIRE_UNLINK) {
		kept = msg->hdr->unique;
		told = false;
		return true;
	}
	if (msg->hdr->opcode != WIRE_INTERRUPT)
		return false;
	UNIT_ASSERT_INT(in->unique, kept);
	if (!told)
		answer(msg->hdr->unique, -EAGAIN, NULL, 0);
	else
		answer(kept, -EINTR, NULL, 0);
	told = true;
	return true;
}

static void interrupts(void)
{
	static const unsigned minors[] = {12, 27, 28, 45};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++) {
		struct sk_stats stats;
		struct sk_req *req;

		start(&(struct sk_config){.minor = minors[i]});
		fake.handler = interruptible;
		sk_submit(fake.k, &req, do_unlink(fake.k));
		UNIT_ASSERT_INT(sk_interrupt(fake.k, req), 0);
		UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -EINTR);
		sk_stats(fake.k, &stats);
		UNIT_ASSERT_INT(stats.interrupts_again, 1);
		UNIT_ASSERT_INT(stats.interrupts, 2);
		sk_req_free(fake.k, req);
		stop();
	}
}

static bool answer_interrupt_wrongly(const struct core_msg *msg)
{
	if (msg->hdr->opcode == WIRE_INTERRUPT)
		answer(msg->hdr->unique, -EPERM, NULL, 0);
	return msg->hdr->opcode == WIRE_UNLINK || msg->hdr->opcode == WIRE_INTERRUPT;
}

static void wrong_interrupt_answer(void)
{
	struct sk_req *req;

	start(NULL);
	fake.handler = answer_interrupt_wrongly;
	sk_submit(fake.k, &req, do_unlink(fake.k));
	sk_interrupt(fake.k, req);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 50), -ETIMEDOUT);
	CU_ASSERT(sk_expect_violation(fake.k, "only EAGAIN and ENOSYS"));
	sk_abandon(fake.k, req);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -EINTR);
	sk_req_free(fake.k, req);
	stop();
}

static _Atomic int late_result;
static _Atomic uint64_t kept_unique;

/* Keeps UNLINK until an RMDIR comes. */
static bool late(const struct core_msg *msg)
{
	if (msg->hdr->opcode == WIRE_UNLINK)
		kept_unique = msg->hdr->unique;
	if (msg->hdr->opcode == WIRE_RMDIR)
		late_result = answer(kept_unique, 0, NULL, 0);
	return msg->hdr->opcode == WIRE_UNLINK;
}

static void abandoned(void)
{
	struct sk_req *req;

	start(NULL);
	fake.handler = late;
	sk_submit(fake.k, &req, do_unlink(fake.k));
	sk_abandon(fake.k, req);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -EINTR);
	sk_req_free(fake.k, req);
	UNIT_ASSERT_INT(sk_rmdir(fake.k, 1, "d"), 0);
	UNIT_ASSERT_INT(late_result, -ENOENT);
	stop();
}

/* Answers UNLINK only when it comes with the bit; the first sending in between. */
static bool only_resent(const struct core_msg *msg)
{
	if (msg->hdr->opcode != WIRE_UNLINK)
		return false;
	if (msg->hdr->unique & WIRE_UNIQUE_RESEND) {
		late_result = answer(msg->hdr->unique & ~WIRE_UNIQUE_RESEND, 0, NULL, 0);
		answer(msg->hdr->unique, 0, NULL, 0);
	} else {
		notify(WIRE_NOTIFY_RESEND, NULL, 0);
	}
	return true;
}

static void resent(void)
{
	start(NULL);
	fake.handler = only_resent;
	UNIT_ASSERT_INT(do_unlink(fake.k), 0);
	UNIT_ASSERT_INT(late_result, -ENOENT);
	stop();
}

static void *other_thread(void *unused)
{
	for (int i = 0; i < 500; i++)
		UNIT_ASSERT_INT(sk_lookup(fake.k, 1, "file", NULL), 0);
	return unused;
}

static void calls_from_threads(void)
{
	pthread_t threads[4];

	start(NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, other_thread, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	UNIT_ASSERT_INT(sk_nlookup(fake.k, 2), 2000);
	stop();
	UNIT_ASSERT_INT(fake.forgotten, 2000);
}

static void disconnects(void)
{
	struct sk_req *req;

	start(NULL);
	fake.handler = keep_unlink;
	sk_submit(fake.k, &req, do_unlink(fake.k));
	sk_disconnect(fake.k, ECONNABORTED);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -ENOTCONN);
	sk_req_free(fake.k, req);
	UNIT_ASSERT_INT(sk_lookup(fake.k, 1, "file", NULL), -ENOTCONN);
	stop();
}

static void library_leaves(void)
{
	struct core_mem_peer *peer;
	struct core_transport *t;
	struct sk_req *req;
	struct sk *k;

	core_transport_memory(&t, &peer);
	k = sk_new_memory(peer, NULL);
	sk_submit(k, &req, do_unlink(k));
	t->ops->free(t);
	UNIT_ASSERT_INT(sk_wait(k, req, 0), -ENOTCONN);
	CU_ASSERT(sk_expect_violation(k, "the library left 1 requests unanswered"));
	sk_req_free(k, req);
	UNIT_ASSERT_INT(sk_end(k), 0);
	sk_free(k);
}

UNIT_SUITE(simkernel, UNIT_TEST(order_of_requests), UNIT_TEST(shuffled_order),
	   UNIT_TEST(interrupts), UNIT_TEST(wrong_interrupt_answer), UNIT_TEST(abandoned),
	   UNIT_TEST(resent), UNIT_TEST(calls_from_threads), UNIT_TEST(disconnects),
	   UNIT_TEST(library_leaves));
