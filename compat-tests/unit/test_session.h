/*
 * What the suites about sessions share: a session on the memory transport with its loop in a
 * thread, and the log.
 */
#ifndef TEST_SESSION_H
#define TEST_SESSION_H

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/base/log.h"
#include "core/session/session.h"
#include "core/session/session_priv.h"
#include "core/workers/pool.h"
#include "simkernel.h"
#include "unit.h"

#define UNUSED_OK __attribute__((unused))

/* ---- the log --------------------------------------------------------------------------------- */

static char log_text[16384];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void take_log(int level, const char *fmt, va_list ap)
{
	char line[1024];
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&log_lock);

	(void)level;
	vsnprintf(line, sizeof(line), fmt, ap);
	if (strlen(log_text) + strlen(line) < sizeof(log_text))
		strcat(log_text, line);
}

static UNUSED_OK bool logged(const char *words)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&log_lock);
	return strstr(log_text, words) != NULL;
}

static UNUSED_OK void clear_log(void)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&log_lock);
	log_text[0] = 0;
}

/* Asserts that the message came, and shows what came instead. */
#define ASSERT_LOGGED(words) UNIT_ASSERT_STR(logged(words) ? (words) : log_text, words)
#define ASSERT_NOT_LOGGED()  UNIT_ASSERT_STR(log_text, "")

/* ---- time ------------------------------------------------------------------------------------ */

static UNUSED_OK void nap_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static UNUSED_OK double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define soon(condition)                                                                            \
	({                                                                                         \
		for (int i_ = 0; i_ < 5000 && !(condition); i_++)                                  \
			nap_ms(1);                                                                 \
		(condition);                                                                       \
	})

/* ---- a session ------------------------------------------------------------------------------- */

static const struct core_profile test_profile = {
	.api = "FUSE test",
	.caps_visible = ~0ULL,
	.caps_always = WIRE_CAP(MAX_PAGES) | WIRE_CAP(BIG_WRITES) | WIRE_CAP(ASYNC_READ),
	.max_write = 1 << 20,
	.max_threads = 8,
};

static struct {
	struct core_session *se;
	struct sk *k;
	struct core_mem_peer *peer; /* instead of k */
	pthread_t thread;
	bool runs;
	unsigned mt; /* threads; 0: single */
	int result;
} T;

static UNUSED_OK void *loop_main(void *unused)
{
	struct core_pool_config cfg = {.floor = T.mt, .ceiling = T.mt};

	(void)unused;
	T.result = T.mt ? core_session_loop_mt(T.se, &cfg) : core_session_loop(T.se);
	return NULL;
}

struct start {
	const struct core_profile *profile; /* NULL: test_profile */
	const struct core_ll_ops *ops;
	struct core_session_config cfg;
	struct sk_config sk;
	unsigned mt;
	bool no_loop, no_init;
};

/* The session without a loop; T.peer is ours. */
static UNUSED_OK void make_session(const struct start *s)
{
	struct core_transport *t;

	memset(&T, 0, sizeof(T));
	clear_log();
	core_log_set_func(take_log);
	T.mt = s->mt;
	T.se = core_session_new(s->profile ? s->profile : &test_profile, &s->cfg, s->ops, &T);
	CU_ASSERT_PTR_NOT_NULL_FATAL(T.se);
	UNIT_ASSERT_INT(core_transport_memory(&t, &T.peer), 0);
	core_session_attach(T.se, t);
}

static UNUSED_OK void start_loop(void)
{
	T.runs = true;
	pthread_create(&T.thread, NULL, loop_main, NULL);
}

/* ... with a simulated kernel. */
static UNUSED_OK struct sk *start(const struct start *s)
{
	make_session(s);
	T.k = sk_new_memory(T.peer, &s->sk);
	CU_ASSERT_PTR_NOT_NULL_FATAL(T.k);
	T.peer = NULL;
	if (!s->no_loop)
		start_loop();
	if (!s->no_init)
		UNIT_ASSERT_INT(sk_init(T.k), 0);
	return T.k;
}

static UNUSED_OK void join_loop(void)
{
	if (T.runs)
		pthread_join(T.thread, NULL);
	T.runs = false;
}

static UNUSED_OK void free_all(void)
{
	core_session_free(T.se);
	if (T.k)
		sk_free(T.k);
	if (T.peer)
		core_mem_peer_free(T.peer);
	core_log_set_func(NULL);
}

/* Unmounts; nothing may have been wrong but what the test has taken away. */
static UNUSED_OK void stop(void)
{
	UNIT_ASSERT_INT(sk_end(T.k), 0);
	sk_report(T.k, stderr);
	join_loop();
	UNIT_ASSERT_INT(T.result, 0);
	free_all();
}

/* ---- messages by hand ------------------------------------------------------------------------ */

struct raw_reply {
	struct wire_out_header h;
	char body[8192];
};

static UNUSED_OK void raw_send(uint32_t opcode, uint64_t unique, uint64_t nodeid, const void *body,
			       size_t len)
{
	char msg[16384];
	struct wire_in_header h = {
		.len = (uint32_t)(sizeof(h) + len),
		.opcode = opcode,
		.unique = unique,
		.nodeid = nodeid,
	};

	memcpy(msg, &h, sizeof(h));
	if (len)
		memcpy(msg + sizeof(h), body, len);
	UNIT_ASSERT_INT(core_mem_send(T.peer, msg, sizeof(h) + len), 0);
}

/* Bytes of the body, or the error; checks the unique. */
static UNUSED_OK long raw_recv(uint64_t unique, struct raw_reply *r)
{
	ssize_t n;

	memset(r, 0, sizeof(*r));
	n = core_mem_recv(T.peer, r, sizeof(*r), 3000);
	if (n < 0)
		return n;
	CU_ASSERT_EQUAL(r->h.unique, unique);
	UNIT_ASSERT_INT(r->h.len, n);
	return r->h.error ? r->h.error : n - (long)sizeof(r->h);
}

static UNUSED_OK long raw_init(uint32_t major, uint32_t minor, uint64_t unique, uint64_t caps,
			       struct raw_reply *r)
{
	struct wire_init_in in = {
		.major = major,
		.minor = minor,
		.max_readahead = 65536,
		.flags = (uint32_t)caps,
		.flags2 = (uint32_t)(caps >> 32),
	};

	raw_send(WIRE_INIT, unique, 0, &in, minor < 36 ? WIRE_INIT_IN_OLD : sizeof(in));
	return raw_recv(unique, r);
}

#endif
