/*
 * Each INIT flag of Linux alone, and all but it: offered and wanted, offered and not wanted,
 * wanted and not offered.
 */
#include "test_session.h"

static uint64_t want_now, capable_seen, want_seen;

static void caps_init(void *userdata, struct core_conn *conn)
{
	(void)userdata;
	capable_seen = conn->capable;
	want_seen = conn->want;
	conn->want = want_now;
}

static void caps_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	struct core_entry_param e = {.ino = 2};

	(void)parent;
	(void)name;
	e.attr.st_mode = S_IFREG | 0644;
	e.attr.st_nlink = 1;
	core_reply_entry(req, &e);
}

static const struct core_ll_ops caps_ops = {.init = caps_init, .lookup = caps_lookup};

/* What we ask for whatever the program says; what follows from others. */
#define OURS                                                                                       \
	(WIRE_CAP(MAX_PAGES) | WIRE_CAP(BIG_WRITES) | WIRE_CAP(ASYNC_READ) | WIRE_CAP(INIT_EXT))

static uint64_t negotiated(uint64_t offered, uint64_t want)
{
	struct start s = {.ops = &caps_ops, .sk.caps = offered ? offered : SK_CAPS_NONE};
	struct sk *k;
	uint64_t caps;

	want_now = want;
	k = start(&s);
	caps = sk_caps(k);
	CU_ASSERT_EQUAL(capable_seen & ~offered, 0);
	CU_ASSERT_EQUAL(want_seen & ~offered, 0);
	CU_ASSERT_EQUAL(caps & ~offered, 0);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "f", NULL), 0);
	stop();
	return caps;
}

static void each_flag(void (*check)(uint64_t flag, const char *name))
{
#define ONE(bit, name, minor)                                                                      \
	if (SK_CAPS_LINUX & WIRE_CAP(name) & ~OURS)                                                \
		check(WIRE_CAP(name), #name);
	WIRE_INIT_FLAGS(ONE)
#undef ONE
}

/* High flags go in the second word, which has to be offered for it. */
static uint64_t alone(uint64_t flag)
{
	return flag >> 32 ? flag | WIRE_CAP(INIT_EXT) : flag;
}

static void same(uint64_t got, uint64_t expected, const char *name, const char *when)
{
	if (got != expected)
		printf("%s %s: 0x%llx, expected 0x%llx\n", name, when, (unsigned long long)got,
		       (unsigned long long)expected);
	CU_ASSERT_EQUAL(got, expected);
}

static void check_wanted(uint64_t flag, const char *name)
{
	same(negotiated(alone(flag), flag) & flag, flag, name, "alone and wanted");
	same(negotiated(SK_CAPS_LINUX, flag) & ~OURS, flag, name, "among all and wanted");
}
static void offered_and_wanted(void)
{
	each_flag(check_wanted);
}

static void check_declined(uint64_t flag, const char *name)
{
	same(negotiated(alone(flag), 0) & flag, 0, name, "offered and not wanted");
}
static void offered_and_not_wanted(void)
{
	each_flag(check_declined);
	same(negotiated(SK_CAPS_LINUX, 0) & ~OURS, 0, "everything", "offered and not wanted");
}

static void check_missing(uint64_t flag, const char *name)
{
	uint64_t rest = SK_CAPS_LINUX & ~flag;
	uint64_t got = negotiated(rest, SK_CAPS_LINUX);

	/* of the two kinds of killpriv the kernel takes one */
	if (got & WIRE_CAP(HANDLE_KILLPRIV_V2))
		rest &= ~WIRE_CAP(HANDLE_KILLPRIV);
	same(got | OURS, rest | OURS, name, "missing and everything wanted");
}
static void wanted_and_not_offered(void)
{
	each_flag(check_missing);
}

/* Without the flag for the second word nothing of it is asked for. */
static void no_second_word(void)
{
	uint64_t got = negotiated(SK_CAPS_LINUX & 0x3fffffff, SK_CAPS_LINUX);

	same(got >> 32, 0, "INIT_EXT", "missing");
}

/*
 * What a program was not shown is asked for where there are threads, never of a loop of one. What
 * it was shown and does not want is not, but by an option.
 */
static void parallel_with_threads(void)
{
	const uint64_t dirops = WIRE_CAP(PARALLEL_DIROPS), dio = WIRE_CAP(ASYNC_DIO);
	const uint64_t read = WIRE_CAP(ASYNC_READ);
	struct core_profile unshown = test_profile;
	const struct {
		uint64_t on, off, want;
		bool shown, mt, dirops, dio;
	} t[] = {
		{0, 0, read, false, true, true, true},
		{0, 0, 0, false, true, true, true},
		{0, 0, read, false, false, false, false},
		{0, dirops, read, false, true, false, true},
		{0, dio, read, false, true, true, false},
		{dirops | dio, 0, 0, false, false, true, true},
		{0, 0, read, true, true, false, false},
		{0, 0, read | dirops, true, true, true, false},
		{0, 0, read | dio, true, false, false, true},
		{dirops | dio, 0, read, true, true, true, true},
		{0, dirops, read | dirops | dio, true, true, false, true},
	};

	unshown.caps_visible = ~(dirops | dio);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(t); i++) {
		struct start s = {
			.ops = &caps_ops, .sk.caps = SK_CAPS_LINUX, .mt = t[i].mt ? 2 : 0};
		uint64_t got;

		s.profile = t[i].shown ? NULL : &unshown;
		s.cfg.wire_on = t[i].on;
		s.cfg.wire_off = t[i].off;
		want_now = t[i].want;
		got = sk_caps(start(&s));
		CU_ASSERT_EQUAL(!!(got & dirops), t[i].dirops);
		CU_ASSERT_EQUAL(!!(got & dio), t[i].dio);
		stop();
	}
}

UNIT_SUITE(session_caps, UNIT_TEST(parallel_with_threads), UNIT_TEST(offered_and_wanted),
	   UNIT_TEST(offered_and_not_wanted), UNIT_TEST(wanted_and_not_offered),
	   UNIT_TEST(no_second_word));
