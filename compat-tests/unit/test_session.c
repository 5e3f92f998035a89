/*
 * Sessions: INIT, requests that are kept, second answers, notifications, ends; interrupts are in
 * test_session_interrupt.c.
 */
#include <fcntl.h>
#include <signal.h>
#include "test_session.h"

static struct core_entry_param file_entry(uint64_t ino)
{
	return (struct core_entry_param){.ino = ino,
					 .attr = {.st_mode = S_IFREG | 0644, .st_nlink = 1}};
}

static int answer_entry(struct core_req *req, uint64_t ino)
{
	struct core_entry_param e = file_entry(ino);

	return core_reply_entry(req, &e);
}

static void ok_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	(void)parent;
	(void)name;
	answer_entry(req, 2);
}

static const struct core_ll_ops lookup_only = {.lookup = ok_lookup};

/* ---- INIT ---------------------------------------------------------------------------------------
 */

static struct {
	void (*init)(struct core_conn *conn);
	struct core_conn conn;
	int inits, destroys;
} P;

static void p_init(void *userdata, struct core_conn *conn)
{
	CU_ASSERT_PTR_EQUAL(userdata, &T);
	P.inits++;
	if (P.init)
		P.init(conn);
	P.conn = *conn;
}

static void p_destroy(void *userdata)
{
	(void)userdata;
	P.destroys++;
}

static const struct core_ll_ops init_ops = {
	.init = p_init, .destroy = p_destroy, .lookup = ok_lookup};

static void init_at_every_minor(void)
{
	static const struct {
		unsigned minor;
		uint64_t caps;
		uint32_t max_write;
	} c[] = {
		/* 32 pages until there is MAX_PAGES; one page without BIG_WRITES */
		{12, 0, 131072},
		{12, SK_CAPS_NONE, 4096},
		{19, 0, 131072},
		{22, 0, 131072},
		{23, 0, 131072},
		{31, 0, 1 << 20},
		{31, SK_CAPS_LINUX & ~WIRE_CAP(MAX_PAGES), 131072},
		{36, 0, 1 << 20},
		{45, 0, 1 << 20},
		{45, SK_CAPS_NONE, 4096},
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(c); i++) {
		struct start s = {.ops = &init_ops,
				  .sk.minor = c[i].minor,
				  .sk.caps = c[i].caps,
				  .cfg.debug = i % 2};
		const struct wire_init_out *out;
		struct sk *k;

		memset(&P, 0, sizeof(P));
		k = start(&s);
		out = sk_init_out(k);
		UNIT_ASSERT_INT(P.inits, 1);
		UNIT_ASSERT_INT(P.conn.proto_major, 7);
		UNIT_ASSERT_INT(P.conn.proto_minor, c[i].minor);
		UNIT_ASSERT_INT(out->max_write, c[i].max_write);
		CU_ASSERT(!(sk_caps(k) & WIRE_CAP(MAX_PAGES)) ||
			  out->max_pages == c[i].max_write / 4096);
		CU_ASSERT(!(sk_caps(k) & ~P.conn.capable));
		CU_ASSERT_EQUAL(!!(P.conn.capable & WIRE_CAP(PASSTHROUGH)),
				c[i].minor >= 40 && !c[i].caps);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
		stop();
		UNIT_ASSERT_INT(P.destroys, 1);
	}
}

static void wants(struct core_conn *conn)
{
	conn->want |= WIRE_CAP(WRITEBACK_CACHE) | WIRE_CAP(PASSTHROUGH) | WIRE_CAP(REQUEST_TIMEOUT);
	conn->max_write = 100000;
	conn->max_readahead = 1 << 30;
	conn->max_background = 100000;
	conn->congestion_threshold = 0;
	conn->time_gran = 1000;
	conn->max_stack_depth = 2;
	conn->request_timeout = 60;
}

static void what_init_asks_for_is_sent(void)
{
	struct start s = {.ops = &init_ops};
	const struct wire_init_out *out;
	struct sk *k;

	memset(&P, 0, sizeof(P));
	P.init = wants;
	k = start(&s);
	out = sk_init_out(k);
	UNIT_ASSERT_INT(out->max_write, 100000);
	UNIT_ASSERT_INT(out->max_pages, 25);
	UNIT_ASSERT_INT(out->max_readahead, 131072); /* not more than offered */
	UNIT_ASSERT_INT(out->max_background, 65535);
	UNIT_ASSERT_INT(out->congestion_threshold, 65535 * 3 / 4);
	UNIT_ASSERT_INT(out->time_gran, 1000);
	UNIT_ASSERT_INT(out->max_stack_depth, 3);
	UNIT_ASSERT_INT(out->request_timeout, 60);
	CU_ASSERT_TRUE(!!(sk_caps(k) & WIRE_CAP(WRITEBACK_CACHE)));
	CU_ASSERT_TRUE(!!(sk_caps(k) & WIRE_CAP(PASSTHROUGH)));
	stop();

	/* Options: forced on where offered, forced off. */
	P.init = NULL;
	s.cfg = (struct core_session_config){.caps_on = WIRE_CAP(WRITEBACK_CACHE) |
							WIRE_CAP(OVER_IO_URING),
					     .caps_off = WIRE_CAP(FLOCK_LOCKS),
					     .max_write = 1,
					     .max_readahead = 4096,
					     .max_background = 3,
					     .congestion_threshold = 9};
	k = start(&s);
	out = sk_init_out(k);
	CU_ASSERT_TRUE(!!(P.conn.want & WIRE_CAP(WRITEBACK_CACHE)));
	CU_ASSERT(!(sk_caps(k) & WIRE_CAP(OVER_IO_URING)));
	UNIT_ASSERT_INT(out->max_write, 4096);
	UNIT_ASSERT_INT(out->max_readahead, 4096);
	UNIT_ASSERT_INT(out->max_background, 3);
	UNIT_ASSERT_INT(out->congestion_threshold, 3);
	stop();
}

static void want_what_is_not_there(struct core_conn *conn)
{
	conn->want |= WIRE_CAP(PASSTHROUGH);
}

static void wanting_what_the_kernel_lacks(void)
{
	struct core_profile strict = test_profile;
	struct start s = {.ops = &init_ops, .profile = &strict, .sk.minor = 31};
	struct sk *k;

	/* FUSE 2: ignored. */
	memset(&P, 0, sizeof(P));
	P.init = want_what_is_not_there;
	k = start(&s);
	CU_ASSERT(!(sk_caps(k) & WIRE_CAP(PASSTHROUGH)));
	stop();

	/* FUSE 3: an error that names it; the loop ends. */
	strict.strict_want = true;
	s.no_init = true;
	k = start(&s);
	UNIT_ASSERT_INT(sk_init(k), -EPROTO);
	join_loop();
	UNIT_ASSERT_INT(T.result, -EPROTO);
	ASSERT_LOGGED("PASSTHROUGH");
	sk_disconnect(k, ENODEV);
	free_all();
	UNIT_ASSERT_INT(P.destroys, 2);
}

static void versions(void)
{
	struct start s = {.ops = &init_ops};
	struct wire_init_out *out;
	struct raw_reply r;

	/* A newer major is told ours and asks again. */
	memset(&P, 0, sizeof(P));
	make_session(&s);
	start_loop();
	CU_ASSERT(raw_init(8, 0, 2, 0, &r) >= 8);
	out = (void *)r.body;
	UNIT_ASSERT_INT(out->major, 7);
	UNIT_ASSERT_INT(P.inits, 0);
	UNIT_ASSERT_INT(raw_init(7, 31, 4, 0, &r), sizeof(*out));
	UNIT_ASSERT_INT(P.inits, 1);
	UNIT_ASSERT_INT(out->minor, WIRE_MINOR);
	/* A second INIT. */
	UNIT_ASSERT_INT(raw_init(7, 31, 6, 0, &r), -EIO);
	ASSERT_LOGGED("second INIT");
	UNIT_ASSERT_INT(P.inits, 1);
	core_mem_disconnect(T.peer, ENODEV);
	join_loop();
	UNIT_ASSERT_INT(T.result, 0);
	free_all();
	UNIT_ASSERT_INT(P.destroys, 1); /* without DESTROY, by session_free */

	/* A minor from the future: ours counts. */
	make_session(&s);
	start_loop();
	UNIT_ASSERT_INT(raw_init(7, 99, 2, 0, &r), sizeof(*out));
	UNIT_ASSERT_INT(out->minor, WIRE_MINOR);
	core_mem_disconnect(T.peer, ENODEV);
	join_loop();
	free_all();
}

static void kernels_too_old(void)
{
	static const unsigned old[][2] = {{6, 99}, {7, 11}, {7, 0}, {0, 0}};
	struct start s = {.ops = &init_ops};
	struct raw_reply r;

	memset(&P, 0, sizeof(P));
	for (size_t i = 0; i < CORE_ARRAY_SIZE(old); i++) {
		make_session(&s);
		start_loop();
		UNIT_ASSERT_INT(raw_init(old[i][0], old[i][1], 2, 0, &r), -EPROTO);
		join_loop();
		UNIT_ASSERT_INT(T.result, -EPROTO);
		ASSERT_LOGGED("7.12");
		free_all();
	}
	UNIT_ASSERT_INT(P.inits, 0);
	UNIT_ASSERT_INT(P.destroys, 0);
}

static void before_init(void)
{
	struct start s = {.ops = &lookup_only};
	struct raw_reply r;

	make_session(&s);
	start_loop();
	UNIT_ASSERT_INT(core_notify_inval_inode(T.se, 1, 0, 0), -ENOTCONN);
	raw_send(WIRE_LOOKUP, 2, 1, "name", 5);
	UNIT_ASSERT_INT(raw_recv(2, &r), -EIO);
	ASSERT_LOGGED("LOOKUP before INIT");
	UNIT_ASSERT_INT(raw_init(7, 31, 4, 0, &r), sizeof(struct wire_init_out));
	raw_send(WIRE_LOOKUP, 6, 1, "name", 5);
	UNIT_ASSERT_INT(raw_recv(6, &r), sizeof(struct wire_entry_out));
	core_mem_disconnect(T.peer, ENODEV);
	join_loop();
	free_all();
}

static void others_are_denied(void)
{
	struct start s = {.ops = &lookup_only, .cfg.deny_others = true};
	struct sk *k = start(&s);
	struct wire_open_out o;

	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	sk_set_ids(k, getuid() + 1, 1, 1);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), -EACCES);
	UNIT_ASSERT_INT(sk_open(k, 1, O_RDONLY, &o), -EACCES);
	UNIT_ASSERT_INT(sk_release(k, 1, 0, 0), 0); /* what is open may be closed */
	sk_set_ids(k, 0, 0, 1);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	stop();
}

/* ---- kept requests
 * ------------------------------------------------------------------------------- */

enum { MAX_KEPT = 512 };
static void *kept[MAX_KEPT];
static _Atomic int nkept;

static void keeping_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	(void)parent;
	(void)name;
	kept[nkept] = core_req_handle(req);
	nkept++;
}

static const struct core_ll_ops keep_ops = {.lookup = keeping_lookup, .getattr = NULL};

static void *answer_all(void *unused)
{
	(void)unused;
	while (nkept > 0) {
		struct core_req *req = core_req_from_handle(kept[--nkept]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(req);
		UNIT_ASSERT_INT(answer_entry(req, 2), 0);
	}
	return NULL;
}

static void kept_requests_are_answered_later(void)
{
	for (unsigned mt = 0; mt <= 1; mt++) {
		struct start s = {.ops = &keep_ops, .mt = mt};
		struct sk *k = start(&s);
		struct sk_req *req[300];
		pthread_t thread;

		nkept = 0;
		for (int i = 0; i < 300; i++)
			sk_submit(k, &req[i], sk_lookup(k, 1, "f", NULL));
		CU_ASSERT_TRUE(soon(nkept == 300));
		UNIT_ASSERT_INT(sk_wait(k, req[0], 20), -ETIMEDOUT);
		pthread_create(&thread, NULL, answer_all, NULL);
		for (int i = 0; i < 300; i++) {
			UNIT_ASSERT_INT(sk_wait(k, req[i], 0), 0);
			sk_req_free(k, req[i]);
		}
		pthread_join(thread, NULL);
		ASSERT_NOT_LOGGED();
		stop();
	}
}

static void never_answered(void)
{
	struct start s = {.ops = &keep_ops};
	struct sk *k = start(&s);
	struct sk_req *req[20];

	nkept = 0;
	for (int i = 0; i < 20; i++)
		sk_submit(k, &req[i], sk_lookup(k, 1, "f", NULL));
	CU_ASSERT_TRUE(soon(nkept == 20));
	sk_disconnect(k, ENODEV);
	join_loop();
	UNIT_ASSERT_INT(T.result, 0);
	for (int i = 0; i < 20; i++) {
		UNIT_ASSERT_INT(sk_wait(k, req[i], 0), -ENOTCONN);
		sk_req_free(k, req[i]);
	}
	free_all(); /* and nothing leaks */
}

static void answers_nobody_waits_for(void)
{
	struct start s = {.ops = &keep_ops};
	struct sk *k = start(&s);
	struct sk_req *req;
	struct core_req *r;

	nkept = 0;
	sk_submit(k, &req, sk_lookup(k, 1, "f", NULL));
	CU_ASSERT_TRUE(soon(nkept == 1));
	sk_abandon(k, req);
	sk_req_free(k, req);
	r = core_req_from_handle(kept[0]);
	UNIT_ASSERT_INT(answer_entry(r, 2), -ENOENT);
	ASSERT_NOT_LOGGED();
	stop();
}

/* ---- second answers
 * -------------------------------------------------------------------------------- */

static int second;

static void twice_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	(void)parent;
	kept[0] = core_req_handle(req);
	answer_entry(req, 2);
	if (name[0] == 'e')
		second = core_reply_err(req, EIO);
	else if (name[0] == 'b')
		second = core_reply_buf(req, "x", 1);
	else
		second = answer_entry(req, 3);
}

static const struct core_ll_ops twice_ops = {.lookup = twice_lookup};

static void a_second_answer_is_refused(void)
{
	static const char *const names[] = {"err", "buf", "entry"};
	struct start s = {.ops = &twice_ops};
	struct sk *k = start(&s);

	for (int i = 0; i < 3; i++) {
		second = 0;
		clear_log();
		UNIT_ASSERT_INT(sk_lookup(k, 1, names[i], NULL), 0);
		/* The next request comes after the handler's end. */
		sk_getattr(k, 1, NULL, NULL);
		UNIT_ASSERT_INT(second, -EALREADY);
		ASSERT_LOGGED("LOOKUP) is answered a second time");
		/* After the handler: the handle is known to be old. */
		CU_ASSERT_PTR_NULL(core_req_from_handle(kept[0]));
		ASSERT_LOGGED("not valid any more");
	}
	CU_ASSERT_PTR_NULL(core_req_from_handle(NULL));
	stop();
}

static void a_second_answer_to_a_kept_request_is_refused(void)
{
	struct start s = {.ops = &keep_ops};
	struct sk *k = start(&s);
	struct core_req *r;
	struct sk_req *req;

	nkept = 0;
	sk_submit(k, &req, sk_lookup(k, 1, "f", NULL));
	CU_ASSERT_TRUE(soon(nkept == 1));
	nap_ms(20);
	r = core_req_from_handle(kept[0]);
	UNIT_ASSERT_INT(answer_entry(r, 2), 0);
	UNIT_ASSERT_INT(sk_wait(k, req, 0), 0);
	sk_req_free(k, req);
	CU_ASSERT_PTR_NULL(core_req_from_handle(kept[0]));
	ASSERT_LOGGED("not valid any more");
	UNIT_ASSERT_INT(answer_entry(r, 2), -EALREADY);
	ASSERT_LOGGED("a second time");
	stop();
}

static _Atomic int right, refused;

static void *race_answer(void *handle)
{
	struct core_req *req = core_req_from_handle(handle);
	int res = req ? answer_entry(req, 2) : -EALREADY;

	if (res == 0)
		right++;
	else if (res == -EALREADY)
		refused++;
	return NULL;
}

/* Two threads answer, one of them perhaps while the handler is still there: one wins. */
static void racing_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	pthread_t thread;

	(void)parent;
	(void)name;
	pthread_create(&thread, NULL, race_answer, core_req_handle(req));
	race_answer(core_req_handle(req));
	pthread_join(thread, NULL);
}

static void two_threads_answer(void)
{
	static const struct core_ll_ops ops = {.lookup = racing_lookup};
	struct start s = {.ops = &ops, .mt = 2};
	struct sk *k = start(&s);

	right = refused = 0;
	for (int i = 0; i < 200; i++)
		UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	CU_ASSERT_TRUE(soon(right + refused == 400));
	UNIT_ASSERT_INT(right, 200);
	stop();
}

/* The answer comes from another thread while the handler returns. */
static void handing_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	static _Atomic int n;
	pthread_t thread;

	(void)parent;
	(void)name;
	pthread_create(&thread, NULL, race_answer, core_req_handle(req));
	pthread_detach(thread);
	if (n++ % 2)
		sched_yield();
}

static void answers_race_with_the_handlers_end(void)
{
	static const struct core_ll_ops ops = {.lookup = handing_lookup};
	struct start s = {.ops = &ops, .mt = 3};
	struct sk *k = start(&s);

	right = refused = 0;
	for (int i = 0; i < 500; i++)
		UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	CU_ASSERT_TRUE(soon(right == 500)); /* counted after the answer */
	ASSERT_NOT_LOGGED();
	stop();
}

/* ---- forget
 * -------------------------------------------------------------------------------------- */

static uint64_t forgotten[16][2];
static _Atomic int nforgotten, multi_calls;

static void count_forget(struct core_req *req, uint64_t ino, uint64_t n)
{
	forgotten[nforgotten][0] = ino;
	forgotten[nforgotten][1] = n;
	nforgotten++;
	core_reply_none(req);
}

static void count_forget_multi(struct core_req *req, size_t count, const struct core_forget *list)
{
	for (size_t i = 0; i < count; i++) {
		forgotten[nforgotten][0] = list[i].ino;
		forgotten[nforgotten][1] = list[i].nlookup;
		nforgotten++;
	}
	multi_calls++;
	core_reply_none(req);
}

static uint64_t next_ino;

static void new_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	(void)parent;
	(void)name;
	answer_entry(req, next_ino++);
}

static void forgets(void)
{
	for (int multi = 0; multi <= 1; multi++) {
		struct core_ll_ops ops = {.lookup = new_lookup, .forget = count_forget};
		struct start s = {.ops = &ops};
		struct wire_forget_one list[3] = {{2, 1}, {3, 1}, {4, 1}};
		struct sk *k;

		if (multi)
			ops.forget_multi = count_forget_multi;
		nforgotten = multi_calls = 0;
		next_ino = 2;
		k = start(&s);
		for (int i = 0; i < 4; i++)
			UNIT_ASSERT_INT(sk_lookup(k, 1, "x", NULL), 0);
		UNIT_ASSERT_INT(sk_batch_forget(k, list, 3), 0);
		CU_ASSERT_TRUE(soon(nforgotten == 3));
		CU_ASSERT(forgotten[0][0] == 2 && forgotten[1][0] == 3 && forgotten[2][0] == 4 &&
			  forgotten[2][1] == 1);
		UNIT_ASSERT_INT(sk_forget(k, 5, 1), 0);
		CU_ASSERT_TRUE(soon(nforgotten == 4));
		CU_ASSERT(forgotten[3][0] == 5 && forgotten[3][1] == 1);
		UNIT_ASSERT_INT(multi_calls, multi);
		ASSERT_NOT_LOGGED();
		stop();
	}
}

UNIT_SUITE(session, UNIT_TEST(init_at_every_minor), UNIT_TEST(what_init_asks_for_is_sent),
	   UNIT_TEST(wanting_what_the_kernel_lacks), UNIT_TEST(versions),
	   UNIT_TEST(kernels_too_old), UNIT_TEST(before_init), UNIT_TEST(others_are_denied),
	   UNIT_TEST(kept_requests_are_answered_later), UNIT_TEST(never_answered),
	   UNIT_TEST(answers_nobody_waits_for), UNIT_TEST(a_second_answer_is_refused),
	   UNIT_TEST(a_second_answer_to_a_kept_request_is_refused), UNIT_TEST(two_threads_answer),
	   UNIT_TEST(answers_race_with_the_handlers_end), UNIT_TEST(forgets));
