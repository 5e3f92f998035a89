/* core/base/opt: argument vectors, comma lists, matching, suggestions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/log.h"
#include "test_opt.h"

static const struct core_opt known[] = {
	CORE_OPT_KEY("a", 1),
	CORE_OPT_KEY("b=", 2),
	CORE_OPT_KEY("-b ", 3),
	CORE_OPT_END,
};

static void ignore(int level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
}

static void add_opt(void)
{
	char *list = NULL;

	UNIT_ASSERT_INT(core_opt_add_opt(&list, ""), 0);
	UNIT_ASSERT_STR(list, "");
	UNIT_ASSERT_INT(core_opt_add_opt(&list, "a,b\\"), 0);
	UNIT_ASSERT_STR(list, "a,b\\");
	UNIT_ASSERT_INT(core_opt_add_opt_escaped(&list, "a,b\\c"), 0);
	UNIT_ASSERT_STR(list, "a,b\\,a\\,b\\\\c");
	UNIT_ASSERT_INT(core_opt_add_opt(&list, ""), 0);
	UNIT_ASSERT_STR(list, "a,b\\,a\\,b\\\\c,");
	free(list);
}

static void insert_arg(void)
{
	struct core_args args = {0, NULL, 0};
	char text[64];

	UNIT_ASSERT_INT(core_opt_insert_arg(&args, 0, "b"), 0);
	UNIT_ASSERT_INT(core_opt_insert_arg(&args, 1, "d"), 0);
	UNIT_ASSERT_INT(core_opt_insert_arg(&args, 0, "a"), 0);
	UNIT_ASSERT_INT(core_opt_insert_arg(&args, 2, "c"), 0);
	UNIT_ASSERT_INT(core_opt_add_arg(&args, "e"), 0);
	/* Stock aborts or corrupts memory here. */
	core_log_set_func(ignore);
	UNIT_ASSERT_INT(core_opt_insert_arg(&args, 6, "x"), -1);
	UNIT_ASSERT_INT(core_opt_insert_arg(&args, -1, "x"), -1);
	core_log_set_func(NULL);
	join(&args, text, sizeof(text));
	UNIT_ASSERT_STR(text, "a|b|c|d|e");
	core_opt_free_args(&args);
}

/* Ours; stock aborts. The caller's vector stays as it is. */
static void add_to_foreign_args(void)
{
	char *argv[] = {(char *)"p", (char *)"x", NULL};
	struct core_args args = {2, argv, 0};
	char text[64];

	UNIT_ASSERT_INT(core_opt_add_arg(&args, "y"), 0);
	UNIT_ASSERT_INT(args.allocated, 1);
	join(&args, text, sizeof(text));
	UNIT_ASSERT_STR(text, "p|x|y");
	core_opt_free_args(&args);
	UNIT_ASSERT_STR(argv[0], "p");
	UNIT_ASSERT_STR(argv[1], "x");
	CU_ASSERT_PTR_NULL(argv[2]);
}

static void match(void)
{
	UNIT_ASSERT_INT(core_opt_match(known, "a"), 1);
	UNIT_ASSERT_INT(core_opt_match(known, "aa"), 0);
	UNIT_ASSERT_INT(core_opt_match(known, "b=x"), 1);
	UNIT_ASSERT_INT(core_opt_match(known, "b="), 1);
	UNIT_ASSERT_INT(core_opt_match(known, "b"), 0);
	UNIT_ASSERT_INT(core_opt_match(known, "-b"), 1);
	UNIT_ASSERT_INT(core_opt_match(known, "-bq"), 1);
	UNIT_ASSERT_INT(core_opt_match(NULL, "a"), 0);
}

static void nearest(void)
{
	static const struct core_opt opts[] = {
		CORE_OPT_KEY("allow_other", 1),
		CORE_OPT_KEY("fsname=%s", 2),
		CORE_OPT_KEY("debug", 3),
		CORE_OPT_KEY("--help", 4),
		CORE_OPT_KEY("-f", 5),
		CORE_OPT_KEY("ro", 6),
		CORE_OPT_KEY("subtype=", 7),
		CORE_OPT_KEY("--foreground ", 8),
		CORE_OPT_END,
	};
	static const struct {
		const char *opt, *templ;
	} cases[] = {
		{"allow_ohter", "allow_other"},
		{"alow_other", "allow_other"},
		{"allow-other", "allow_other"},
		{"fname=x", "fsname=%s"},
		{"fsname", "fsname=%s"},
		{"debgu", "debug"},
		{"--hlep", "--help"},
		{"--forground", "--foreground "},
		{"suptype=ext2", "subtype="},
		{"rw", NULL},
		{"-d", NULL},
		{"foreground", NULL},
		{"help", NULL},
		{"", NULL},
		{"uid=1000", NULL},
		{"something_else", NULL},
	};
	char longname[200];

	for (size_t i = 0; i < CORE_ARRAY_SIZE(cases); i++)
		UNIT_ASSERT_STR(core_opt_nearest(opts, cases[i].opt), cases[i].templ);
	memset(longname, 'x', sizeof(longname) - 1);
	longname[sizeof(longname) - 1] = '\0';
	UNIT_ASSERT_STR(core_opt_nearest(opts, longname), NULL);
	UNIT_ASSERT_STR(core_opt_nearest(NULL, "debug"), NULL);
	UNIT_ASSERT_INT(core_opt_name_len("fsname=%s"), 6);
	UNIT_ASSERT_INT(core_opt_name_len("-o "), 2);
	UNIT_ASSERT_INT(core_opt_name_len("ro"), 2);
}

static void allocation_failures(void)
{
	char *argv[] = {(char *)"p", (char *)"x", NULL};
	char *list = NULL;

	core_log_set_func(ignore);
	/* string, vector, its two strings, growth */
	for (unsigned long n = 1; n <= 6; n++) {
		struct core_args args = {2, argv, 0};
		char text[64];
		int res;

		unit_fail_alloc(n);
		res = core_opt_insert_arg(&args, 1, "new");
		unit_fail_alloc(0);
		UNIT_ASSERT_INT(res, n <= 5 ? -1 : 0);
		join(&args, text, sizeof(text));
		UNIT_ASSERT_STR(text, n <= 5 ? "p|x" : "p|new|x");
		core_opt_free_args(&args);
	}
	UNIT_ASSERT_INT(core_opt_add_opt(&list, "a"), 0);
	unit_fail_alloc(1);
	UNIT_ASSERT_INT(core_opt_add_opt_escaped(&list, "b"), -1);
	UNIT_ASSERT_STR(list, "a");
	free(list);
	core_log_set_func(NULL);
}

UNIT_SUITE(optargs, UNIT_TEST(add_opt), UNIT_TEST(insert_arg), UNIT_TEST(add_to_foreign_args),
	   UNIT_TEST(match), UNIT_TEST(nearest), UNIT_TEST(allocation_failures));
