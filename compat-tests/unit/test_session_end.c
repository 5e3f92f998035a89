/*
 * Notifications and what answers them, the ways a loop ends, and programs with a loop of their
 * own.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include "test_session.h"

static void any_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	struct core_entry_param e = {.ino = 2, .attr = {.st_mode = S_IFREG | 0644, .st_nlink = 1}};

	(void)parent;
	(void)name;
	core_reply_entry(req, &e);
}

/* ---- notifications ------------------------------------------------------------------------------
 */

static const void *next_note(struct sk *k, int code, size_t len)
{
	static struct sk_notification *n;

	free(n);
	n = code ? sk_notification(k, 2000) : NULL;
	if (!code)
		return NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	UNIT_ASSERT_INT(n->code, code);
	UNIT_ASSERT_INT((long)n->len, (long)len);
	return n->data;
}

static void notifications_of_all_kinds(void)
{
	static const struct core_ll_ops ops = {.lookup = any_lookup};
	struct start s = {.ops = &ops, .cfg.debug = true};
	struct sk *k = start(&s);
	const struct wire_notify_inval_inode_out *inode;
	const struct wire_notify_inval_entry_out *entry;
	const struct wire_notify_delete_out *delete;
	const struct wire_notify_store_out *store;
	const struct wire_notify_prune_out *prune;
	struct core_bufvec *v = calloc(1, sizeof(*v) + sizeof(struct core_buf));
	uint64_t ids[2] = {7, 8};
	int fd = open("/dev/zero", O_RDONLY);

	UNIT_ASSERT_INT(core_notify_inval_inode(T.se, 2, 3, -1), 0);
	inode = next_note(k, WIRE_NOTIFY_INVAL_INODE, sizeof(*inode));
	CU_ASSERT(inode->ino == 2 && inode->off == 3 && inode->len == -1);

	UNIT_ASSERT_INT(core_notify_inval_entry(T.se, 1, "name...", 4), 0);
	entry = next_note(k, WIRE_NOTIFY_INVAL_ENTRY, sizeof(*entry) + 5);
	CU_ASSERT(entry->parent == 1 && entry->namelen == 4 && entry->flags == 0 &&
		  !memcmp(entry + 1, "name", 5));

	UNIT_ASSERT_INT(core_notify_expire_entry(T.se, 1, "name", 4), 0);
	entry = next_note(k, WIRE_NOTIFY_INVAL_ENTRY, sizeof(*entry) + 5);
	CU_ASSERT(entry->flags == WIRE_EXPIRE_ONLY);

	UNIT_ASSERT_INT(core_notify_delete(T.se, 1, 2, "name", 4), 0);
	delete = next_note(k, WIRE_NOTIFY_DELETE, sizeof(*delete) + 5);
	CU_ASSERT(delete->parent == 1 && delete->child == 2 && !memcmp(delete + 1, "name", 5));

	/* From memory, and from two pieces of which one is behind a descriptor. */
	*v = CORE_BUFVEC_INIT(5);
	v->buf[0].mem = "bytes";
	UNIT_ASSERT_INT(core_notify_store(T.se, 2, 10, v, 0), 0);
	store = next_note(k, WIRE_NOTIFY_STORE, sizeof(*store) + 5);
	CU_ASSERT(store->nodeid == 2 && store->offset == 10 && store->size == 5 &&
		  !memcmp(store + 1, "bytes", 5));
	v->count = 2;
	v->idx = v->off = 0;
	v->buf[1] = (struct core_buf){.size = 3, .flags = CORE_BUF_IS_FD, .fd = fd};
	UNIT_ASSERT_INT(core_notify_store(T.se, 2, 0, v, 0), 0);
	store = next_note(k, WIRE_NOTIFY_STORE, sizeof(*store) + 8);
	CU_ASSERT(!memcmp(store + 1, "bytes\0\0\0", 8));

	/* What has been used up, and an offset that lies: nothing is left to store. */
	v->count = v->idx = 1;
	v->off = 5;
	UNIT_ASSERT_INT(core_notify_store(T.se, 2, 0, v, 0), 0);
	store = next_note(k, WIRE_NOTIFY_STORE, sizeof(*store));
	CU_ASSERT(store->size == 0);
	v->idx = 0;
	v->off = 6;
	UNIT_ASSERT_INT(core_notify_store(T.se, 2, 0, v, 0), 0);
	store = next_note(k, WIRE_NOTIFY_STORE, sizeof(*store));
	CU_ASSERT(store->size == 0);

	UNIT_ASSERT_INT(core_notify_prune(T.se, ids, 2), 0);
	prune = next_note(k, WIRE_NOTIFY_PRUNE, sizeof(*prune) + 16);
	CU_ASSERT(prune->count == 2 && !memcmp(prune + 1, ids, 16));
	UNIT_ASSERT_INT(core_notify_prune(T.se, ids, 0), -EINVAL);
	UNIT_ASSERT_INT(core_notify_inc_epoch(T.se), 0);
	next_note(k, WIRE_NOTIFY_INC_EPOCH, 0);
	next_note(k, 0, 0);
	ASSERT_LOGGED("NOTIFY STORE");
	free(v);
	close(fd);
	stop();
}

static void notifications_the_kernel_is_too_old_for(void)
{
	static const struct core_ll_ops ops = {.lookup = any_lookup};
	static const unsigned minors[] = {12, 14, 15, 17, 18, 37, 38, 39, 40, 43, 44, 45};
	struct core_bufvec v = CORE_BUFVEC_INIT(1);
	uint64_t id = 1;

	v.buf[0].mem = "x";
	for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++) {
		unsigned m = minors[i];
		struct start s = {.ops = &ops, .sk.minor = m};
		struct sk *k = start(&s);
		struct sk_notification *n;

		UNIT_ASSERT_INT(core_notify_inval_inode(T.se, 1, 0, 0), 0);
		UNIT_ASSERT_INT(core_notify_inval_entry(T.se, 1, "x", 1), 0);
		UNIT_ASSERT_INT(core_notify_store(T.se, 1, 0, &v, 0), m < 15 ? -ENOSYS : 0);
		if (m < 15)
			UNIT_ASSERT_INT(core_notify_retrieve(T.se, 1, 1, 0, NULL), -ENOSYS);
		UNIT_ASSERT_INT(core_notify_delete(T.se, 1, 2, "x", 1), m < 18 ? -ENOSYS : 0);
		UNIT_ASSERT_INT(core_notify_expire_entry(T.se, 1, "x", 1), m < 38 ? -ENOSYS : 0);
		UNIT_ASSERT_INT(core_notify_resend(T.se), m < 40 ? -ENOSYS : 0);
		UNIT_ASSERT_INT(core_notify_inc_epoch(T.se), m < 44 ? -ENOSYS : 0);
		UNIT_ASSERT_INT(core_notify_prune(T.se, &id, 1), m < 45 ? -ENOSYS : 0);
		while ((n = sk_notification(k, 10)))
			free(n);
		stop();
	}
}

static void notifications_after_the_end(void)
{
	static const struct core_ll_ops ops = {.lookup = any_lookup};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);
	struct core_transport *t;

	sk_disconnect(k, ECONNABORTED);
	CU_ASSERT(core_notify_inval_inode(T.se, 1, 0, 0) < 0);
	join_loop();
	t = core_session_detach(T.se);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	UNIT_ASSERT_INT(core_notify_inval_inode(T.se, 1, 0, 0), -ENOTCONN);
	UNIT_ASSERT_INT(core_session_loop(T.se), -ENOTCONN);
	ASSERT_LOGGED("mount first");
	core_transport_put(t);
	free_all();
}

/* ---- retrieve and resend
 * --------------------------------------------------------------------------- */

static struct {
	_Atomic int n;
	void *cookie;
	uint64_t ino;
	off_t off;
	char data[16];
	size_t size;
} got;

static void on_retrieve(struct core_req *req, void *cookie, uint64_t ino, off_t off,
			struct core_bufvec *v)
{
	got.cookie = cookie;
	got.ino = ino;
	got.off = off;
	got.size = v->buf[0].size;
	memcpy(got.data, v->buf[0].mem, got.size < 16 ? got.size : 16);
	core_reply_none(req);
	got.n++;
}

static void retrieved_data_comes_with_its_cookie(void)
{
	static const struct core_ll_ops ops = {.lookup = any_lookup, .retrieve_reply = on_retrieve};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);
	struct wire_notify_retrieve_out asked[2];
	int a, b;

	memset(&got, 0, sizeof(got));
	UNIT_ASSERT_INT(core_notify_retrieve(T.se, 2, 100, 8, &a), 0);
	memcpy(&asked[0], next_note(k, WIRE_NOTIFY_RETRIEVE, sizeof(asked[0])), sizeof(asked[0]));
	UNIT_ASSERT_INT(core_notify_retrieve(T.se, 3, 1ULL << 40, 16, &b), 0);
	memcpy(&asked[1], next_note(k, WIRE_NOTIFY_RETRIEVE, sizeof(asked[1])), sizeof(asked[1]));
	next_note(k, 0, 0);
	CU_ASSERT(asked[0].nodeid == 2 && asked[0].offset == 8 && asked[0].size == 100);
	CU_ASSERT(asked[1].size == UINT32_MAX);
	UNIT_ASSERT_INT(sk_notify_reply(k, &asked[1], "data", 4), 0);
	CU_ASSERT_TRUE(soon(got.n == 1));
	CU_ASSERT(got.cookie == &b && got.ino == 3 && got.off == 16 && got.size == 4 &&
		  !memcmp(got.data, "data", 4));
	UNIT_ASSERT_INT(sk_notify_reply(k, &asked[0], "", 0), 0);
	CU_ASSERT_TRUE(soon(got.n == 2));
	CU_ASSERT(got.cookie == &a && got.size == 0);
	/* A second answer, and one nobody asked for, are dropped. */
	sk_notify_reply(k, &asked[0], "", 0);
	asked[0].notify_unique = 4711;
	sk_notify_reply(k, &asked[0], "", 0);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	UNIT_ASSERT_INT(got.n, 2);
	/* One that is never answered is no leak. */
	UNIT_ASSERT_INT(core_notify_retrieve(T.se, 2, 1, 0, NULL), 0);
	stop();
}

static void *first_handle;
static _Atomic int lookups;

static void keep_first_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	if (lookups++ == 0)
		first_handle = core_req_handle(req);
	else
		any_lookup(req, parent, name);
}

static void resent_requests_are_answered_with_their_mark(void)
{
	static const struct core_ll_ops ops = {.lookup = keep_first_lookup};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);
	struct sk_req *req;
	struct core_req *r;

	lookups = 0;
	sk_submit(k, &req, sk_lookup(k, 1, "f", NULL));
	CU_ASSERT_TRUE(soon(lookups == 1));
	UNIT_ASSERT_INT(core_notify_resend(T.se), 0);
	UNIT_ASSERT_INT(sk_wait(k, req, 0), 0);
	CU_ASSERT_TRUE(!!(sk_unique(req) & WIRE_UNIQUE_RESEND));
	sk_req_free(k, req);
	UNIT_ASSERT_INT(lookups, 2);
	r = core_req_from_handle(first_handle);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	core_reply_none(r);
	stop();
}

/* ---- ends
 * -------------------------------------------------------------------------------------------- */

static const struct core_ll_ops lookup_ops = {.lookup = any_lookup};

static void unmounted_and_aborted(void)
{
	for (unsigned mt = 0; mt <= 3; mt++) {
		struct start s = {.ops = &lookup_ops, .mt = mt};

		sk_disconnect(start(&s), ENODEV);
		join_loop();
		UNIT_ASSERT_INT(T.result, 0);
		ASSERT_NOT_LOGGED();
		free_all();

		sk_disconnect(start(&s), ECONNABORTED);
		join_loop();
		UNIT_ASSERT_INT(T.result, -ECONNABORTED);
		ASSERT_LOGGED("aborted");
		free_all();
	}
}

static void exit_within_bounds(void)
{
	for (unsigned mt = 0; mt <= 3; mt++) {
		struct start s = {.ops = &lookup_ops, .mt = mt};
		struct sk *k;
		double at;

		/* From another thread, with a reason; then the session serves again. */
		k = start(&s);
		for (int round = 0; round < 2; round++) {
			at = now_s();
			core_session_exit(T.se, round ? SIGTERM : 0);
			join_loop();
			CU_ASSERT(now_s() - at < 10); /* not with the next request, which never comes */
			UNIT_ASSERT_INT(T.result, round ? SIGTERM : 0);
			CU_ASSERT_FALSE(core_session_exited(T.se));
			start_loop();
			UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
		}
		/* Before the loop begins. */
		core_session_exit(T.se, 0);
		join_loop();
		core_session_exit(T.se, 3);
		start_loop();
		join_loop();
		UNIT_ASSERT_INT(T.result, 3);
		sk_disconnect(k, ENODEV);
		free_all();
	}
}

static void exiting_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	core_session_exit(T.se, 7);
	any_lookup(req, parent, name);
}

static void exit_from_a_handler(void)
{
	static const struct core_ll_ops ops = {.lookup = exiting_lookup};

	for (unsigned mt = 0; mt <= 2; mt++) {
		struct start s = {.ops = &ops, .mt = mt};
		struct sk *k = start(&s);

		UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0); /* it is answered */
		join_loop();
		UNIT_ASSERT_INT(T.result, 7);
		sk_disconnect(k, ENODEV);
		free_all();
	}
}

static void exit_on_signal(int sig)
{
	core_session_exit(T.se, sig);
}

static void exit_from_a_signal_handler(void)
{
	struct sigaction action = {.sa_handler = exit_on_signal}, old;

	sigaction(SIGUSR1, &action, &old);
	for (unsigned mt = 0; mt <= 2; mt++) {
		struct start s = {.ops = &lookup_ops, .mt = mt};
		struct sk *k = start(&s);

		pthread_kill(T.thread, SIGUSR1);
		join_loop();
		UNIT_ASSERT_INT(T.result, SIGUSR1);
		sk_disconnect(k, ENODEV);
		free_all();
	}
	sigaction(SIGUSR1, &old, NULL);
}

static void *exit_again_and_again(void *unused)
{
	(void)unused;
	while (!lookups)
		core_session_exit(T.se, 0);
	return NULL;
}

/* An exit that comes while the loop already ends meets no freed pool. */
static void exits_race_with_the_end(void)
{
	struct start s = {.ops = &lookup_ops, .mt = 2};
	struct sk *k = start(&s);
	pthread_t thread[2];

	lookups = 0;
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, exit_again_and_again, NULL);
	for (int i = 0; i < 50; i++) {
		join_loop();
		start_loop();
	}
	lookups = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	core_session_exit(T.se, 0);
	join_loop();
	sk_disconnect(k, ENODEV);
	free_all();
}

static void *exit_once(void *unused)
{
	(void)unused;
	core_session_exit(T.se, 0);
	return NULL;
}

/* The session may be freed as soon as its loop has ended, whoever ended it and is about to wake it. */
static void freed_while_the_exit_returns(void)
{
	for (int i = 0; i < 150; i++) {
		struct start s = {.ops = &lookup_ops, .mt = (unsigned)i % 3};
		struct sk *k = start(&s);
		pthread_t thread;

		pthread_create(&thread, NULL, exit_once, NULL);
		join_loop();
		sk_disconnect(k, ENODEV);
		free_all();
		pthread_join(thread, NULL);
	}
}

static void blocking_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	lookups++;
	nap_ms(300);
	any_lookup(req, parent, name);
}

static void exit_waits_for_handlers(void)
{
	static const struct core_ll_ops ops = {.lookup = blocking_lookup};
	struct start s = {.ops = &ops, .mt = 4};
	struct sk *k = start(&s);
	struct sk_req *req;

	lookups = 0;
	sk_submit(k, &req, sk_lookup(k, 1, "f", NULL));
	CU_ASSERT_TRUE(soon(lookups == 1));
	core_session_exit(T.se, 0);
	join_loop();
	UNIT_ASSERT_INT(sk_wait(k, req, 0), 0);
	sk_req_free(k, req);
	sk_disconnect(k, ENODEV);
	free_all();
}

/* ---- programs with a loop of their own
 * -------------------------------------------------------------- */

static void *manual_loop(void *unused)
{
	size_t size = core_session_bufsize(T.se);
	void *buf = malloc(size);
	int res = 0;

	(void)unused;
	while (!core_session_exited(T.se)) {
		res = core_session_receive(T.se, buf, size);
		if (res == -EINTR)
			continue;
		if (res <= 0)
			break;
		core_session_process(T.se, buf, (size_t)res, NULL);
		if (core_session_bufsize(T.se) > size) {
			size = core_session_bufsize(T.se);
			buf = realloc(buf, size);
		}
	}
	if (res < 0)
		T.result = res;
	free(buf);
	return NULL;
}

static void receive_and_process(void)
{
	for (int threads = 1; threads <= 3; threads += 2) {
		struct start s = {.ops = &lookup_ops, .no_loop = true, .no_init = true};
		pthread_t thread[3];
		struct sk *k = start(&s);
		struct sk_req *req;
		double at;

		for (int i = 0; i < threads; i++)
			pthread_create(&thread[i], NULL, manual_loop, NULL);
		UNIT_ASSERT_INT(sk_init(k), 0);
		for (int i = 0; i < 50; i++)
			UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
		/* An answer the kernel refuses is noticed as in our own loops. */
		sk_submit(k, &req, sk_lookup(k, 1, "f", NULL));
		sk_wait(k, req, 0);
		sk_req_free(k, req);
		if (threads == 1) {
			UNIT_ASSERT_INT(sk_end(k), 0);
		} else {
			at = now_s();
			core_session_exit(T.se, 0);
			for (int i = 0; i < 100; i++) {
				core_session_wake(T.se);
				nap_ms(1);
			}
			CU_ASSERT(now_s() - at < 10);
		}
		for (int i = 0; i < threads; i++)
			pthread_join(thread[i], NULL);
		UNIT_ASSERT_INT(T.result, 0);
		sk_disconnect(k, ENODEV);
		free_all();
	}
}

static void manual_aborts_and_small_buffers(void)
{
	struct start s = {.ops = &lookup_ops};
	uint64_t buf[32];
	char name[512];
	struct raw_reply r;
	int n;

	make_session(&s);
	raw_send(WIRE_LOOKUP, 2, 1, "name", 5);
	n = core_session_receive(T.se, buf, sizeof(buf));
	UNIT_ASSERT_INT(n, sizeof(struct wire_in_header) + 5);
	core_session_process(T.se, buf, (size_t)n, NULL);
	UNIT_ASSERT_INT(raw_recv(2, &r), -EIO); /* before INIT */
	clear_log();

	/* Wherever the program's buffer lies. */
	memmove((char *)buf + 1, buf, (size_t)n);
	core_session_process(T.se, (char *)buf + 1, (size_t)n, NULL);
	UNIT_ASSERT_INT(raw_recv(2, &r), -EIO);

	clear_log();
	memset(name, 'n', sizeof(name));
	name[511] = 0;
	raw_send(WIRE_LOOKUP, 4, 1, name, 512);
	UNIT_ASSERT_INT(core_session_receive(T.se, buf, sizeof(buf)), -EINVAL);
	ASSERT_LOGGED("does not fit the buffer of 256");
	UNIT_ASSERT_INT(raw_recv(4, &r), -EIO);

	core_session_process(T.se, buf, 39, NULL);
	ASSERT_LOGGED("too short");

	core_mem_disconnect(T.peer, ECONNABORTED);
	UNIT_ASSERT_INT(core_session_receive(T.se, buf, sizeof(buf)), -ECONNABORTED);
	free_all();
}

static void refused_answers_of_processed_messages(void)
{
	struct start s = {.ops = &lookup_ops};
	uint64_t buf[32];
	struct raw_reply r;
	int n;

	make_session(&s);
	raw_send(WIRE_LOOKUP, 2, 1, "name", 5);
	core_mem_fail_reply(T.peer, 2, -ENOENT);
	n = core_session_receive(T.se, buf, sizeof(buf));
	core_session_process(T.se, buf, (size_t)n, NULL);
	UNIT_ASSERT_INT(core_mem_recv(T.peer, &r, sizeof(r), 20), -ETIMEDOUT);
	core_mem_disconnect(T.peer, ENODEV);
	UNIT_ASSERT_INT(core_session_receive(T.se, buf, sizeof(buf)), 0);
	CU_ASSERT_TRUE(core_session_exited(T.se));
	free_all();
}

/* ---- no memory
 * --------------------------------------------------------------------------------------- */

/* Set-up, INIT and an operation with the n-th allocation of this thread failing. */
static void every_allocation_may_fail(void)
{
	struct core_session_config cfg = {.debug = false};
	unsigned long n = 1, used;

	core_log_set_func(take_log);
	do {
		struct core_transport *t = NULL;
		struct core_mem_peer *peer = NULL;
		struct core_session *se;
		uint64_t buf[32];
		int len;

		clear_log();
		memset(&T, 0, sizeof(T));
		UNIT_ASSERT_INT(core_transport_memory(&t, &peer), 0);
		T.peer = peer;
		raw_send(WIRE_LOOKUP, 2, 1, "name", 5);
		unit_fail_alloc(n);
		se = core_session_new(&test_profile, &cfg, &lookup_ops, NULL);
		if (se) {
			core_session_attach(se, t);
			len = core_session_receive(se, buf, sizeof(buf));
			if (len > 0)
				core_session_process(se, buf, (size_t)len, NULL);
			used = unit_alloc_count();
			unit_fail_alloc(0);
			core_session_free(se);
		} else {
			used = unit_alloc_count();
			unit_fail_alloc(0);
			core_transport_put(t);
			ASSERT_LOGGED("out of memory");
		}
		core_mem_peer_free(peer);
	} while (used >= n++); /* until none was left to fail */
	CU_ASSERT(n > 3);
	core_log_set_func(NULL);
}

/* ---- something else than /dev/fuse
 * ---------------------------------------------------------------
 */

/* All its threads are told of a message; those that come too late must not be stuck in read(). */
static void exit_of_a_pool_on_a_socket(void)
{
	static const struct core_ll_ops ops = {.lookup = any_lookup};
	struct core_session_config cfg = {0};

	core_log_set_func(take_log);
	for (int i = 0; i < 60; i++) {
		struct core_transport *t;
		struct sk *k;
		int fds[2];

		memset(&T, 0, sizeof(T));
		UNIT_ASSERT_INT(sk_socketpair(fds), 0);
		k = sk_new_socket(fds[0], &(struct sk_config){0});
		UNIT_ASSERT_INT(core_transport_device(fds[1], &t), 0);
		T.mt = 4;
		T.se = core_session_new(&test_profile, &cfg, &ops, NULL);
		core_session_attach(T.se, t);
		start_loop();
		UNIT_ASSERT_INT(sk_init(k), 0);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "name", NULL), 0);
		core_session_exit(T.se, 5);
		join_loop(); /* or the test's time is over */
		UNIT_ASSERT_INT(T.result, 5);
		sk_disconnect(k, ENODEV);
		core_session_free(T.se);
		sk_free(k);
	}
	core_log_set_func(NULL);
}

/* A kernel sends one DESTROY; whoever sends more does not end the program twice. */
static int destroys;
static void count_destroy(void *userdata)
{
	(void)userdata;
	destroys++;
}
static void destroy_comes_once(void)
{
	static const struct core_ll_ops ops = {.destroy = count_destroy};
	struct start s = {.ops = &ops};
	struct sk *k = start(&s);

	destroys = 0;
	UNIT_ASSERT_INT(sk_destroy(k), 0);
	UNIT_ASSERT_INT(sk_destroy(k), 0);
	UNIT_ASSERT_INT(destroys, 1);
	stop();
	UNIT_ASSERT_INT(destroys, 1);
}

UNIT_SUITE(session_end, UNIT_TEST(notifications_of_all_kinds),
	   UNIT_TEST(notifications_the_kernel_is_too_old_for),
	   UNIT_TEST(notifications_after_the_end), UNIT_TEST(retrieved_data_comes_with_its_cookie),
	   UNIT_TEST(resent_requests_are_answered_with_their_mark),
	   UNIT_TEST(unmounted_and_aborted), UNIT_TEST(exit_within_bounds),
	   UNIT_TEST(exit_from_a_handler), UNIT_TEST(exit_from_a_signal_handler),
	   UNIT_TEST(exits_race_with_the_end), UNIT_TEST(freed_while_the_exit_returns),
	   UNIT_TEST(exit_waits_for_handlers),
	   UNIT_TEST(receive_and_process), UNIT_TEST(manual_aborts_and_small_buffers),
	   UNIT_TEST(refused_answers_of_processed_messages), UNIT_TEST(every_allocation_may_fail),
	   UNIT_TEST(exit_of_a_pool_on_a_socket), UNIT_TEST(destroy_comes_once));
