/*
 * Locks of the path API: the books kept for F_GETLK and close, waits in a pool and with a single
 * thread, interrupts.
 */
#include "test_fs.h"

static struct {
	_Atomic uint64_t holder; /* lock owner, 0: free */
	_Atomic int tries, waits, interrupted, unlocks, calls;
	_Atomic bool grant_all;
} L;

static int take(uint64_t owner, bool wait)
{
	uint64_t none = 0;

	L.tries++;
	while (!atomic_compare_exchange_strong(&L.holder, &none, owner)) {
		if (none == owner)
			return 0;
		none = 0;
		if (!wait)
			return -EAGAIN;
		L.waits++;
		if (nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL)) {
			L.interrupted++;
			return -EINTR;
		}
	}
	return 0;
}

static int l_lock(void *d, const char *path, struct core_file_info *fi, int cmd, struct flock *fl)
{
	(void)d;
	(void)path;
	L.calls++;
	if (L.grant_all) {
		if (cmd == F_GETLK)
			fl->l_type = F_UNLCK;
		return 0;
	}
	if (cmd == F_GETLK) {
		fl->l_type = L.holder && L.holder != fi->lock_owner ? F_WRLCK : F_UNLCK;
		fl->l_pid = 4242;
		return 0;
	}
	if (fl->l_type != F_UNLCK)
		return take(fi->lock_owner, cmd == F_SETLKW);
	L.unlocks++;
	if (L.holder == fi->lock_owner)
		L.holder = 0;
	return 0;
}

static int l_flock(void *d, const char *path, struct core_file_info *fi, int op)
{
	(void)d;
	(void)path;
	if (op & LOCK_UN) {
		if (L.holder == fi->lock_owner)
			L.holder = 0;
		return 0;
	}
	return take(fi->lock_owner, !(op & LOCK_NB));
}

static struct sk *lock_start(unsigned mt)
{
	struct core_fs_ops ops = m_all_ops();
	struct sk *k;

	memset(&L, 0, sizeof(L));
	ops.lock = l_lock;
	ops.flock = l_flock;
	k = fs_start(&ops, NULL, NULL, mt);
	m_add("/a", S_IFREG | 0644);
	return k;
}

static uint64_t lookup(struct sk *k, const char *name)
{
	struct wire_entry_out e = {0};

	UNIT_ASSERT_INT(sk_lookup(k, 1, name, &e), 0);
	return e.nodeid;
}

static struct wire_lk_in lock(uint64_t owner, int type, uint64_t start, uint64_t end)
{
	return (struct wire_lk_in){.owner = owner,
				   .type = (uint32_t)type,
				   .start = start,
				   .end = end,
				   .pid = (uint32_t)owner + 100};
}

static struct wire_lk_in flk(uint64_t owner, int type)
{
	struct wire_lk_in in = lock(owner, type, 0, INT64_MAX);

	in.lk_flags = WIRE_LK_FLOCK;
	return in;
}

/* ---- the books
 * ------------------------------------------------------------------------------------------ */

static void locks_are_known_by_owner(void)
{
	struct sk *k = lock_start(0);
	uint64_t f = lookup(k, "a");
	struct wire_lk_in in = lock(1, F_WRLCK, 10, 19);
	struct wire_lk_out out;

	L.grant_all = true;
	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	in = lock(2, F_RDLCK, 0, INT64_MAX);
	UNIT_ASSERT_INT(sk_getlk(k, f, &in, &out), 0);
	CU_ASSERT(out.type == F_WRLCK && out.start == 10 && out.end == 19 && out.pid == 101);
	in = lock(1, F_RDLCK, 0, INT64_MAX); /* its own is no conflict */
	UNIT_ASSERT_INT(sk_getlk(k, f, &in, &out), 0);
	UNIT_ASSERT_INT(out.type, F_UNLCK);
	/* The middle unlocked. */
	in = lock(1, F_UNLCK, 12, 14);
	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	in = lock(2, F_WRLCK, 12, 14);
	UNIT_ASSERT_INT(sk_getlk(k, f, &in, &out), 0);
	UNIT_ASSERT_INT(out.type, F_UNLCK);
	in = lock(2, F_WRLCK, 14, 15);
	UNIT_ASSERT_INT(sk_getlk(k, f, &in, &out), 0);
	CU_ASSERT(out.type == F_WRLCK && out.start == 15 && out.end == 19);
	/* close(2) of the owner gives all back. */
	L.calls = 0;
	UNIT_ASSERT_INT(sk_flush(k, f, 0, 1), 0);
	UNIT_ASSERT_INT(L.calls, 1);
	in = lock(2, F_WRLCK, 0, INT64_MAX);
	UNIT_ASSERT_INT(sk_getlk(k, f, &in, &out), 0);
	UNIT_ASSERT_INT(out.type, F_UNLCK);
	fs_stop();
}

enum { BYTES = 40, OWNERS = 3 };
static char held[OWNERS + 1][BYTES]; /* 0, 'r', 'w' */

static bool model_conflict(uint64_t owner, int type, uint64_t start, uint64_t end)
{
	for (unsigned o = 1; o <= OWNERS; o++)
		for (uint64_t i = start; o != owner && i <= end && i < BYTES; i++)
			if (held[o][i] == 'w' || (held[o][i] == 'r' && type == F_WRLCK))
				return true;
	return false;
}

static void the_books_are_those_of_a_model(void)
{
	struct sk *k = lock_start(0);
	uint64_t f = lookup(k, "a");
	unsigned seed = 5;
	int conflicts = 0;

	L.grant_all = true;
	memset(held, 0, sizeof(held));
	for (int i = 0; i < 3000; i++) {
		static const int types[] = {F_RDLCK, F_WRLCK, F_UNLCK};
		uint64_t owner, start, end;
		struct wire_lk_out out;
		struct wire_lk_in in;
		int type;

#define DICE(n) ((seed = seed * 1103515245 + 12345) >> 16) % (n)
		owner = 1 + DICE(OWNERS);
		type = types[DICE(3)];
		start = DICE(BYTES);
		end = start + DICE(BYTES - start);
		if (end == BYTES - 1)
			end = INT64_MAX;
		in = lock(owner, type, start, end);
		if (type != F_UNLCK) {
			UNIT_ASSERT_INT(sk_getlk(k, f, &in, &out), 0);
			CU_ASSERT_EQUAL_FATAL(out.type != F_UNLCK,
					      model_conflict(owner, type, start, end));
			if (out.type != F_UNLCK) {
				conflicts++;
				continue;
			}
		}
		UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
		for (uint64_t b = start; b <= end && b < BYTES; b++)
			held[owner][b] = type == F_UNLCK ? 0 : type == F_RDLCK ? 'r' : 'w';
	}
	CU_ASSERT(conflicts > 100 && conflicts < 2900);
	fs_stop();
}

/* ---- waiting in a pool
 * ------------------------------------------------------------------------------------- */

static void blocked_flocks_in_a_pool(void)
{
	enum { WAITERS = 20 };
	struct sk *k = lock_start(2);
	uint64_t f = lookup(k, "a");
	struct wire_lk_in in = flk(1, F_WRLCK);
	struct sk_req *req[WAITERS];

	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	for (uint64_t i = 0; i < WAITERS; i++) {
		in = flk(i + 2, F_WRLCK);
		sk_submit(k, &req[i], sk_setlk(k, f, &in, true));
	}
	CU_ASSERT_TRUE(soon(L.tries == 1 + WAITERS));
	/* Others are served, and nobody waits for the path: it can even be renamed. */
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 0), 0);
	/* Half of them are killed. */
	for (int i = 0; i < WAITERS; i += 2)
		UNIT_ASSERT_INT(sk_interrupt(k, req[i]), 0);
	for (int i = 0; i < WAITERS; i += 2)
		UNIT_ASSERT_INT(sk_wait(k, req[i], 0), -EINTR);
	UNIT_ASSERT_INT(L.interrupted, WAITERS / 2);
	/* The others get it one after the other. */
	in = flk(1, F_UNLCK);
	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	for (int n = 0; n < WAITERS / 2; n++) {
		uint64_t h;

		CU_ASSERT_TRUE_FATAL(soon((h = L.holder) != 0));
		UNIT_ASSERT_INT(sk_wait(k, req[h - 2], 0), 0);
		in = flk(h, F_UNLCK);
		UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	}
	for (int i = 0; i < WAITERS; i++)
		sk_req_free(k, req[i]);
	ASSERT_NOT_LOGGED();
	fs_stop();
}

static void posix_waits_in_a_pool(void)
{
	struct sk *k = lock_start(2);
	uint64_t f = lookup(k, "a");
	struct wire_lk_in in = lock(1, F_WRLCK, 0, 9);
	struct wire_lk_out out;
	struct sk_req *req;

	UNIT_ASSERT_INT(sk_setlk(k, f, &in, true), 0);
	in.owner = 2;
	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), -EAGAIN);
	sk_submit(k, &req, sk_setlk(k, f, &in, true));
	CU_ASSERT_TRUE(soon(L.waits > 0));
	UNIT_ASSERT_INT(sk_flush(k, f, 0, 1), 0); /* the first closes the file */
	UNIT_ASSERT_INT(sk_wait(k, req, 0), 0);
	sk_req_free(k, req);
	in = lock(3, F_WRLCK, 0, 9);
	UNIT_ASSERT_INT(sk_getlk(k, f, &in, &out), 0);
	CU_ASSERT(out.type == F_WRLCK && out.pid == 101); /* whose pid came with the request */
	fs_stop();
}

static void unmount_breaks_waits(void)
{
	struct sk *k = lock_start(2);
	uint64_t f = lookup(k, "a");
	struct wire_lk_in in = flk(1, F_WRLCK);
	struct sk_req *req;
	double at = now_s();

	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	in.owner = 2;
	sk_submit(k, &req, sk_setlk(k, f, &in, true));
	CU_ASSERT_TRUE(soon(L.waits > 0));
	sk_disconnect(k, ENODEV);
	join_loop();
	CU_ASSERT(now_s() - at < 10);
	UNIT_ASSERT_INT(L.interrupted, 1);
	sk_req_free(k, req);
	core_fs_free(F);
	sk_free(k);
	core_log_set_func(NULL);
}

/* ---- with a single thread
 * ------------------------------------------------------------------------------------ */

static void a_single_thread_puts_waits_aside(void)
{
	struct sk *k = lock_start(0);
	uint64_t f = lookup(k, "a");
	struct wire_lk_in in = flk(1, F_WRLCK);
	struct sk_req *req[3];
	double at;

	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	for (uint64_t i = 0; i < 3; i++) {
		in = i == 2 ? lock(4, F_WRLCK, 0, 9) : flk(i + 2, F_WRLCK);
		sk_submit(k, &req[i], sk_setlk(k, f, &in, true));
	}
	CU_ASSERT_TRUE(soon(L.tries >= 4));
	/* The thread is free. */
	for (int i = 0; i < 50; i++)
		UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	UNIT_ASSERT_INT(L.waits, 0);
	/* One is killed. */
	at = now_s();
	UNIT_ASSERT_INT(sk_interrupt(k, req[1]), 0);
	UNIT_ASSERT_INT(sk_wait(k, req[1], 0), -EINTR);
	CU_ASSERT(now_s() - at < 4);
	/* An unlock lets the next in. */
	in = flk(1, F_UNLCK);
	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	CU_ASSERT_TRUE(soon(L.holder == 2 || L.holder == 4));
	if (L.holder == 2) {
		UNIT_ASSERT_INT(sk_wait(k, req[0], 0), 0);
		/* A lock that goes without our doing is found as well. */
		L.holder = 0;
		UNIT_ASSERT_INT(sk_wait(k, req[2], 0), 0);
	} else {
		UNIT_ASSERT_INT(sk_wait(k, req[2], 0), 0);
		L.holder = 0;
		UNIT_ASSERT_INT(sk_wait(k, req[0], 0), 0);
	}
	for (int i = 0; i < 3; i++)
		sk_req_free(k, req[i]);
	/* With nobody waiting the thread does nothing. */
	nap_ms(150);
	L.tries = 0;
	nap_ms(150);
	UNIT_ASSERT_INT(L.tries, 0);
	ASSERT_NOT_LOGGED();
	fs_stop();
}

static void the_last_grant_does_not_hold_the_thread_up(void)
{
	struct sk *k = lock_start(0);
	uint64_t f = lookup(k, "a");
	struct wire_lk_in in;
	double spent = 0;

	for (int i = 0; i < 20; i++) {
		struct sk_req *req;
		double at;

		in = flk(1, F_WRLCK);
		UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
		in.owner = 2;
		L.tries = 0;
		sk_submit(k, &req, sk_setlk(k, f, &in, true));
		CU_ASSERT_TRUE(soon(L.tries > 0));
		at = now_s();
		in = flk(1, F_UNLCK);
		UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
		UNIT_ASSERT_INT(sk_wait(k, req, 0), 0);
		UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
		spent += now_s() - at;
		sk_req_free(k, req);
		in = flk(2, F_UNLCK);
		UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	}
	CU_ASSERT(spent / 20 < 0.010);
	fs_stop();
}

static void put_aside_at_the_end(void)
{
	for (int how = 0; how < 2; how++) {
		struct sk *k = lock_start(0);
		uint64_t f = lookup(k, "a");
		struct wire_lk_in in = flk(1, F_WRLCK);
		struct sk_req *req;

		UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
		in.owner = 2;
		sk_submit(k, &req, sk_setlk(k, f, &in, true));
		CU_ASSERT_TRUE(soon(L.tries > 1));
		if (how == 0)
			sk_disconnect(k, ENODEV);
		else
			core_session_exit(T.se, 0);
		join_loop();
		UNIT_ASSERT_INT(sk_wait(k, req, 0), how == 0 ? -ENOTCONN : -EINTR);
		sk_req_free(k, req);
		sk_disconnect(k, ENODEV);
		core_fs_free(F);
		sk_free(k);
		core_log_set_func(NULL);
	}
}

static _Atomic bool null_path;

static int path_flock(void *d, const char *path, struct core_file_info *fi, int op)
{
	if (!path)
		null_path = true;
	return l_flock(d, path, fi, op);
}

/* A waiter whose file has lost its name meanwhile gets no NULL path the program cannot take. */
static void a_waiter_whose_file_is_removed(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct core_fs_ops ops = m_all_ops();
	struct wire_lk_in in = flk(1, F_WRLCK);
	struct sk_req *req;
	struct sk *k;
	uint64_t f;

	cfg.hard_remove = 1;
	ops.flock = path_flock;
	memset(&L, 0, sizeof(L));
	null_path = false;
	k = fs_start(&ops, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	f = lookup(k, "a");
	UNIT_ASSERT_INT(sk_setlk(k, f, &in, false), 0);
	in.owner = 2;
	sk_submit(k, &req, sk_setlk(k, f, &in, true));
	CU_ASSERT_TRUE(soon(L.tries > 1));
	UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
	L.holder = 0;
	UNIT_ASSERT_INT(sk_wait(k, req, 0), -ENOENT);
	CU_ASSERT_FALSE(null_path);
	sk_req_free(k, req);
	fs_stop();
}

/* ---- -o intr
 * ----------------------------------------------------------------------------------------------------
 */

static time_t access_takes_s;

static void slow_access_call(const char *op, const char *path)
{
	(void)path;
	if (!strcmp(op, "access")) {
		L.calls++;
		if (nanosleep(&(struct timespec){.tv_sec = access_takes_s}, NULL))
			L.interrupted++;
	}
}

static void calls_are_interrupted_with_intr(void)
{
	for (int intr = 0; intr <= 1; intr++) {
		struct core_fs_config cfg = fs_defaults;
		struct sk_req *req;
		struct sk *k;

		cfg.intr = intr;
		access_takes_s = intr ? 30 : 1;
		memset(&L, 0, sizeof(L));
		k = fs_start(NULL, &cfg, NULL, 2);
		M.in_call = slow_access_call;
		sk_submit(k, &req, sk_access(k, 1, 0));
		CU_ASSERT_TRUE(soon(L.calls == 1));
		UNIT_ASSERT_INT(sk_interrupt(k, req), 0);
		UNIT_ASSERT_INT(sk_wait(k, req, 0), 0);
		UNIT_ASSERT_INT(L.interrupted, intr);
		sk_req_free(k, req);
		/* The signal reaches that call only. */
		UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, NULL), 0);
		fs_stop();
	}
}

UNIT_SUITE(fs_lock, UNIT_TEST(locks_are_known_by_owner), UNIT_TEST(the_books_are_those_of_a_model),
	   UNIT_TEST(blocked_flocks_in_a_pool), UNIT_TEST(posix_waits_in_a_pool),
	   UNIT_TEST(unmount_breaks_waits), UNIT_TEST(a_single_thread_puts_waits_aside),
	   UNIT_TEST(the_last_grant_does_not_hold_the_thread_up), UNIT_TEST(put_aside_at_the_end),
	   UNIT_TEST(a_waiter_whose_file_is_removed), UNIT_TEST(calls_are_interrupted_with_intr));
