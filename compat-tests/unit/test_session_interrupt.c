/*
 * Sessions: interrupts, and interrupt functions.
 */
#include "test_session.h"

#define MAX_KEPT 512

static void *kept[MAX_KEPT];
static _Atomic int nkept;

static _Atomic int func_calls, func_late, func_answers;
static _Atomic bool answered;

static void interrupt_func(void *handle, void *data)
{
	CU_ASSERT_PTR_EQUAL(data, &func_calls);
	CU_ASSERT_PTR_NOT_NULL(core_req_from_handle(handle));
	if (answered)
		func_late++;
	func_calls++;
}

static void interruptible_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	(void)parent;
	(void)name;
	core_req_interrupt_func(req, interrupt_func, &func_calls);
	kept[nkept] = core_req_handle(req);
	nkept++;
}

static const struct core_ll_ops interrupt_ops = {.lookup = interruptible_lookup};

static void an_interrupt_marks_and_calls_once(void)
{
	for (unsigned mt = 0; mt <= 2; mt++) {
		struct start s = {.ops = &interrupt_ops, .mt = mt};
		struct sk *k = start(&s);
		struct core_req *r;
		struct sk_req *req;

		nkept = func_calls = func_late = 0;
		answered = false;
		sk_submit(k, &req, sk_lookup(k, 1, "f", NULL));
		CU_ASSERT_TRUE(soon(nkept == 1));
		r = core_req_from_handle(kept[0]);
		CU_ASSERT_FALSE(core_req_interrupted(r));
		UNIT_ASSERT_INT(sk_interrupt(k, req), 0);
		CU_ASSERT_TRUE(soon(core_req_interrupted(r) && func_calls == 1));
		UNIT_ASSERT_INT(sk_interrupt(k, req), 0); /* and once more */
		sk_drain(k);
		nap_ms(10);
		UNIT_ASSERT_INT(func_calls, 1);
		/* Set afterwards: called at once. */
		core_req_interrupt_func(r, interrupt_func, &func_calls);
		UNIT_ASSERT_INT(func_calls, 2);
		core_req_interrupt_func(r, NULL, NULL);
		UNIT_ASSERT_INT(core_reply_err(r, EINTR), 0);
		UNIT_ASSERT_INT(sk_wait(k, req, 0), -EINTR);
		sk_req_free(k, req);
		stop();
	}
}

static void interrupts_for_nobody_come_again(void)
{
	struct start s = {.ops = &interrupt_ops};
	struct wire_interrupt_in in = {.unique = 100};
	struct raw_reply r;

	make_session(&s);
	start_loop();
	UNIT_ASSERT_INT(raw_init(7, 31, 2, 0, &r), sizeof(struct wire_init_out));
	raw_send(WIRE_INTERRUPT, 101, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(101, &r), -EAGAIN);
	core_mem_disconnect(T.peer, ENODEV);
	join_loop();
	free_all();

	/* Not wanted at all: the kernel is told to stop. */
	s.cfg.no_interrupt = true;
	make_session(&s);
	start_loop();
	UNIT_ASSERT_INT(raw_init(7, 31, 2, 0, &r), sizeof(struct wire_init_out));
	raw_send(WIRE_INTERRUPT, 101, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(101, &r), -ENOSYS);
	core_mem_disconnect(T.peer, ENODEV);
	join_loop();
	free_all();
}

/* An interrupt function that answers, and that sets functions. */
static void answering_func(void *handle, void *data)
{
	struct core_req *req = core_req_from_handle(handle);

	(void)data;
	func_calls++;
	core_req_interrupt_func(req, interrupt_func, &func_calls);
	func_answers += core_reply_err(req, EINTR) == 0;
}

static void answered_by_interrupt_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	(void)parent;
	(void)name;
	core_req_interrupt_func(req, answering_func, NULL);
	nkept++;
}

static void an_interrupt_function_may_answer(void)
{
	static const struct core_ll_ops ops = {.lookup = answered_by_interrupt_lookup};

	for (unsigned mt = 0; mt <= 2; mt += 2) {
		struct start s = {.ops = &ops, .mt = mt};
		struct sk *k = start(&s);
		struct sk_req *req;

		nkept = func_calls = func_answers = 0;
		sk_submit(k, &req, sk_lookup(k, 1, "f", NULL));
		CU_ASSERT_TRUE(soon(nkept == 1));
		sk_interrupt(k, req);
		UNIT_ASSERT_INT(sk_wait(k, req, 0), -EINTR);
		sk_req_free(k, req);
		UNIT_ASSERT_INT(func_calls, 1);
		CU_ASSERT_TRUE(soon(func_answers == 1));
		stop();
	}
}

static void counting_func(void *handle, void *data)
{
	_Atomic int *state = data; /* of one request: 1 called, 2 answered */

	(void)handle;
	if (*state & 2)
		func_late++;
	if (*state & 1)
		func_calls++;
	*state |= 1;
}

static _Atomic int race_state[MAX_KEPT];

static void *answer_soon(void *arg)
{
	int i = (int)(intptr_t)arg;
	struct core_req *req = core_req_from_handle(kept[i]);

	if (i % 3)
		sched_yield();
	core_reply_err(req, 0);
	race_state[i] |= 2;
	return NULL;
}

static void race_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	int i = nkept++ % MAX_KEPT;
	pthread_t thread;

	(void)parent;
	(void)name;
	race_state[i] = 0;
	kept[i] = core_req_handle(req);
	core_req_interrupt_func(req, counting_func, &race_state[i]);
	pthread_create(&thread, NULL, answer_soon, (void *)(intptr_t)i);
	pthread_detach(thread);
}

static void *race_client(void *arg)
{
	struct sk *k = arg;

	for (int i = 0; i < 100; i++) {
		struct sk_req *req;

		sk_submit(k, &req, sk_access(k, 1, 0));
		sk_interrupt(k, req);
		UNIT_ASSERT_INT(sk_wait(k, req, 0), 0);
		sk_req_free(k, req);
	}
	return NULL;
}

static void race_access(struct core_req *req, uint64_t ino, int mask)
{
	(void)mask;
	race_lookup(req, ino, NULL);
}

static void interrupts_race_with_answers(void)
{
	static const struct core_ll_ops ops = {.access = race_access};
	struct start s = {.ops = &ops, .mt = 3};
	struct sk *k = start(&s);
	pthread_t thread[3];

	nkept = func_calls = func_late = 0;
	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, race_client, k);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	UNIT_ASSERT_INT(func_calls, 0); /* none twice */
	UNIT_ASSERT_INT(func_late, 0);  /* none after the answer */
	stop();
	nap_ms(20);
}

/*
 * A request that came over io_uring is not asked for again: what comes before its thread has begun
 * it is kept for it.
 */
static void an_early_interrupt_over_io_uring_is_kept(void)
{
	struct start s = {.ops = &interrupt_ops};
	struct wire_interrupt_in in = {.unique = 200};
	struct core_transport ring = {0};
	struct raw_reply r;

	nkept = func_calls = func_late = 0;
	answered = false;
	make_session(&s);
	start_loop();
	UNIT_ASSERT_INT(raw_init(7, 31, 2, 0, &r), sizeof(struct wire_init_out));
	T.se->ring = &ring;
	T.se->workers->on_ring = true;
	raw_send(WIRE_INTERRUPT, 201, 0, &in, sizeof(in));
	UNIT_ASSERT_INT(raw_recv(201, &r), -EAGAIN);
	raw_send(WIRE_LOOKUP, 202, 1, "other", 6);
	CU_ASSERT_TRUE(soon(nkept == 1));
	raw_send(WIRE_LOOKUP, 200, 1, "f", 2);
	CU_ASSERT_TRUE(soon(nkept == 2));
	CU_ASSERT_FALSE(core_req_interrupted(core_req_from_handle(kept[0])));
	CU_ASSERT_TRUE(core_req_interrupted(core_req_from_handle(kept[1])));
	UNIT_ASSERT_INT(func_calls, 1);
	for (int i = 0; i < 2; i++)
		UNIT_ASSERT_INT(core_reply_err(core_req_from_handle(kept[i]), EINTR), 0);
	UNIT_ASSERT_INT(raw_recv(202, &r), -EINTR);
	UNIT_ASSERT_INT(raw_recv(200, &r), -EINTR);
	T.se->workers->on_ring = false;
	T.se->ring = NULL;
	core_mem_disconnect(T.peer, ENODEV);
	join_loop();
	free_all();
}

UNIT_SUITE(session, UNIT_TEST(an_interrupt_marks_and_calls_once),
	   UNIT_TEST(interrupts_for_nobody_come_again),
	   UNIT_TEST(an_early_interrupt_over_io_uring_is_kept),
	   UNIT_TEST(an_interrupt_function_may_answer), UNIT_TEST(interrupts_race_with_answers));
