/*
 * core/base/opt against what the stock libraries (2.9.9, 3.14, 3.x) do with the same vectors: the
 * expected values were taken from runs of theirs, except where a comment says otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include "core/base/log.h"
#include "test_opt.h"

struct data {
	int a, b, n;
	unsigned u;
	char *s, *t;
	unsigned long lu;
	double lf;
	char c;
	int x, o;
	long long ll;
	unsigned short hu;
};

#define AT(templ, field, value)                                                                    \
	{                                                                                          \
		templ, offsetof(struct data, field), value                                         \
	}

/* Conversions. */
static const struct core_opt values[] = {
	AT("-a", a, 5),          AT("a", a, 6),           AT("b=%i", b, 0),    AT("u=%u", u, 0),
	AT("s=%s", s, 0),        AT("--long=%s", t, 0),   AT("-n %i", n, 0),   AT("-m %s", t, 0),
	AT("lu=%lu", lu, 0),     AT("lf=%lf", lf, 0),     AT("c=%c", c, 0),    AT("x=%x", x, 0),
	AT("o=%o", o, 0),        AT("ll=%lli", ll, 0),    AT("hu=%hu", hu, 0), AT("w=%3i", b, 0),
	AT("colon=%i:%%", b, 0), AT("set=", a, 77),       AT("-g ", a, 78),    AT("lit=v", a, 79),
	AT("two words", a, 80),  AT("first=y %s", a, 81), CORE_OPT_END,
};

/* Keys. */
static const struct core_opt keys[] = {
	CORE_OPT_KEY("-a", 1),      CORE_OPT_KEY("a", 2),
	CORE_OPT_KEY("-b ", 3),     CORE_OPT_KEY("b=", 4),
	CORE_OPT_KEY("--cc=", 5),   CORE_OPT_KEY("--dd ", 6),
	CORE_OPT_KEY("err", 7),     CORE_OPT_KEY("keep", -3),
	CORE_OPT_KEY("disc", -4),   CORE_OPT_KEY("--keep", -3),
	CORE_OPT_KEY("--disc", -4), CORE_OPT_KEY("-K ", -3),
	CORE_OPT_KEY("-D ", -4),    CORE_OPT_KEY("opt", -1),
	CORE_OPT_KEY("non", -2),    CORE_OPT_END,
};

/* Several templates for one option. */
static const struct core_opt many[] = {
	AT("a", a, 1),         AT("a", b, 2),        CORE_OPT_KEY("a", -3),
	CORE_OPT_KEY("k", -4), CORE_OPT_KEY("k", 9), CORE_OPT_KEY("s=", 8),
	AT("s=%s", s, 0),      AT("s=%s", t, 0),     CORE_OPT_KEY("-x ", 10),
	AT("-x %s", s, 0),     AT("-x", a, 3),       CORE_OPT_END,
};

static char calls[1024];
static char logged[512];

static void collect(int level, const char *fmt, va_list ap)
{
	size_t len = strlen(logged);

	(void)level;
	vsnprintf(logged + len, sizeof(logged) - len, fmt, ap);
}

static void note(const char *arg, int key)
{
	size_t len = strlen(calls);

	snprintf(calls + len, sizeof(calls) - len, "%s{%s}%d", len ? " " : "", arg, key);
}

static int keep_all(void *data, const char *arg, int key, struct core_args *out)
{
	(void)data;
	(void)out;
	note(arg, key);
	return 1;
}

static int discard_nonopt(void *data, const char *arg, int key, struct core_args *out)
{
	(void)data;
	(void)out;
	note(arg, key);
	return key != CORE_OPT_KEY_NONOPT;
}

static int fail_key_7(void *data, const char *arg, int key, struct core_args *out)
{
	(void)data;
	(void)out;
	note(arg, key);
	return key == 7 ? -1 : 1;
}

/* Only -1 is an error, and only 0 discards. */
static int return_minus_2(void *data, const char *arg, int key, struct core_args *out)
{
	keep_all(data, arg, key, out);
	return -2;
}

static int insert_second(void *data, const char *arg, int key, struct core_args *out)
{
	(void)data;
	note(arg, key);
	return core_opt_insert_arg(out, 1, arg) < 0 ? -1 : 0;
}

/* Splits at '|'; the vector's strings are in text. */
static int split(char *text, char **argv)
{
	int argc = 0;

	for (char *p = text; p; argc++) {
		argv[argc] = p;
		p = strchr(p, '|');
		if (p)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

struct vector {
	const struct core_opt *opts;
	core_opt_proc proc;
	const char *args; /* '|' between arguments */
	int result;
	const char *kept;
	const char *calls; /* {argument}key ... */
	struct data data;
};

static void compare_data(const struct data *d, const struct data *e)
{
	UNIT_ASSERT_INT(d->a, e->a);
	UNIT_ASSERT_INT(d->b, e->b);
	UNIT_ASSERT_INT(d->n, e->n);
	UNIT_ASSERT_INT(d->u, e->u);
	UNIT_ASSERT_STR(d->s, e->s);
	UNIT_ASSERT_STR(d->t, e->t);
	CU_ASSERT_EQUAL(d->lu, e->lu);
	CU_ASSERT_DOUBLE_EQUAL(d->lf, e->lf, 0);
	UNIT_ASSERT_INT(d->c, e->c);
	UNIT_ASSERT_INT(d->x, e->x);
	UNIT_ASSERT_INT(d->o, e->o);
	UNIT_ASSERT_INT(d->ll, e->ll);
	UNIT_ASSERT_INT(d->hu, e->hu);
}

/* Parses v; allocated: the vector is made by core_opt_add_arg instead of lying around. */
static int parse(const struct vector *v, bool allocated, struct data *d, char *kept, size_t size)
{
	char text[256];
	char *argv[32];
	struct core_args args = {0, argv, 0};
	int argc, res;

	snprintf(text, sizeof(text), "%s", v->args);
	argc = split(text, argv);
	args.argc = argc;
	if (allocated) {
		args = (struct core_args){0, NULL, 0};
		for (int i = 0; i < argc; i++)
			UNIT_ASSERT_INT(core_opt_add_arg(&args, argv[i]), 0);
	}
	calls[0] = '\0';
	logged[0] = '\0';
	res = core_opt_parse(&args, d, v->opts, v->proc);
	UNIT_ASSERT_INT(args.allocated, res == 0 || allocated);
	join(&args, kept, size);
	core_opt_free_args(&args);
	CU_ASSERT(args.argc == 0 && args.argv == NULL && args.allocated == 0);
	return res;
}

static void check(const struct vector *v)
{
	for (int allocated = 0; allocated < 2; allocated++) {
		struct data d = {0};
		char kept[512];

		core_log_set_func(collect);
		UNIT_ASSERT_INT(parse(v, allocated, &d, kept, sizeof(kept)), v->result);
		core_log_set_func(NULL);
		UNIT_ASSERT_STR(kept, v->result == 0 ? v->kept : v->args);
		UNIT_ASSERT_STR(calls, v->calls);
		CU_ASSERT((logged[0] != '\0') == (v->result != 0 && v->proc != fail_key_7));
		compare_data(&d, &v->data);
		free(d.s);
		free(d.t);
	}
}

#define CHECK_ALL(vectors)                                                                         \
	for (size_t i_ = 0; i_ < CORE_ARRAY_SIZE(vectors); i_++)                                   \
	check(&vectors[i_])

static void groups(void)
{
	static const struct vector vectors[] = {
		{keys,
		 keep_all,
		 "p|-o|a,zz|x|-oy",
		 0,
		 "p|-o|a,zz,y|x",
		 "{a}2 {zz}-1 {x}-2 {y}-1",
		 {0}},
		{keys, NULL, "p|-a|a|-o|a,zz|-z", 0, "p|-o|a,zz|-a|a|-z", "", {0}},
		{NULL, keep_all, "p|-a|-o|q|r", 0, "p|-o|q|-a|r", "{-a}-1 {q}-1 {r}-2", {0}},
		{NULL, NULL, "p|-a|-o|q|r", 0, "p|-o|q|-a|r", "", {0}},
		/* empty options; a list that is still empty takes no comma */
		{keys, keep_all, "p|-o|", 0, "p|-o|", "{}-1", {0}},
		{keys, keep_all, "p|-o|zz,,y,", 0, "p|-o|zz,,y,", "{zz}-1 {}-1 {y}-1 {}-1", {0}},
		{keys, keep_all, "p|-o,|-oz", 0, "p|-o|z", "{}-1 {}-1 {z}-1", {0}},
		/* an option of a group may be spelt with dashes */
		{keys, keep_all, "p|-o|-a,--cc=4", 0, "p|-o|-a,--cc=4", "{-a}1 {--cc=4}5", {0}},
		{keys, keep_all, "p|-o|-o", 0, "p|-o|-o", "{-o}-1", {0}},
		{keys, keep_all, "p|-o", -1, NULL, "", {0}},
		{keys, keep_all, "-a|-o|q", 0, "-a|-o|q", "{q}-1", {0}},
	};

	CHECK_ALL(vectors);
}

static void escapes(void)
{
	static const struct vector vectors[] = {
		{keys,
		 keep_all,
		 "p|-o|q\\,b,c\\\\d",
		 0,
		 "p|-o|q\\,b,c\\\\d",
		 "{q,b}-1 {c\\d}-1",
		 {0}},
		{keys,
		 keep_all,
		 "p|-o|q\\054b,\\0541",
		 0,
		 "p|-o|q\\,b,\\,1",
		 "{q,b}-1 {,1}-1",
		 {0}},
		{keys,
		 keep_all,
		 "p|-o|\\1234,\\477,\\8,\\08,\\12x",
		 0,
		 "p|-o|S4,477,8,08,12x",
		 "{S4}-1 {477}-1 {8}-1 {08}-1 {12x}-1",
		 {0}},
		{keys,
		 keep_all,
		 "p|-o|\\377z,end\\",
		 0,
		 "p|-o|\377z,end\\\\",
		 "{\377z}-1 {end\\}-1",
		 {0}},
		/* NUL ends the option */
		{keys, keep_all, "p|-o|q\\000r,s", 0, "p|-o|q,s", "{q}-1 {s}-1", {0}},
		{values, NULL, "p|-o|s=x\\,y\\\\", 0, "p", "", {.s = (char *)"x,y\\"}},
		/* only groups know escapes */
		{keys,
		 keep_all,
		 "p|-q\\,r|s\\,t",
		 0,
		 "p|-q\\,r|s\\,t",
		 "{-q\\,r}-1 {s\\,t}-2",
		 {0}},
	};

	CHECK_ALL(vectors);
}

static void dashes(void)
{
	static const struct vector vectors[] = {
		{keys, keep_all, "p|--|-a|b", 0, "p|--|-a|b", "{-a}-2 {b}-2", {0}},
		{keys,
		 keep_all,
		 "p|x|--|-ofoo|-o|bar|-b",
		 0,
		 "p|x|--|-ofoo|-o|bar|-b",
		 "{x}-2 {-ofoo}-2 {-o}-2 {bar}-2 {-b}-2",
		 {0}},
		{keys, keep_all, "p|x|--", 0, "p|x", "{x}-2", {0}},
		{keys, keep_all, "p|--", 0, "p", "", {0}},
		{keys, keep_all, "p|x|--|--", 0, "p|x|--|--", "{x}-2 {--}-2", {0}},
		/* nothing is kept after it */
		{keys, discard_nonopt, "p|-a|--|b", 0, "p|-a", "{-a}1 {b}-2", {0}},
		/* "--" stays when a group was put in front */
		{keys, keep_all, "p|-o|q|x|--", 0, "p|-o|q|x|--", "{q}-1 {x}-2", {0}},
		/* a proc that moved it */
		{keys, insert_second, "p|x|--|y", 0, "p|y|x|--", "{x}-2 {y}-2", {0}},
		{keys, keep_all, "p|-||-o|-", 0, "p|-o|-|-|", "{-}-1 {}-2 {-}-1", {0}},
	};

	CHECK_ALL(vectors);
}

static void templates(void)
{
	static const struct vector vectors[] = {
		{keys,
		 keep_all,
		 "p|-bV|-b|V2|-aa",
		 0,
		 "p|-bV|-bV2|-aa",
		 "{-bV}3 {-bV2}3 {-aa}-1",
		 {0}},
		{keys,
		 keep_all,
		 "p|--dd|x|--dd=y|--ddz|--cc=w|--cc|w",
		 0,
		 "p|--ddx|--dd=y|--ddz|--cc=w|--cc|w",
		 "{--ddx}6 {--dd=y}6 {--ddz}6 {--cc=w}5 {--cc}-1 {w}-2",
		 {0}},
		{keys, keep_all, "p|-b", -1, NULL, "", {0}},
		{keys, keep_all, "p|--dd|x|--dd", -1, NULL, "{--ddx}6", {0}},
		{keys,
		 keep_all,
		 "p|-K|x|-D|y|-Kz|-Dz|--keep|--disc|-o|keep,disc,opt,non",
		 0,
		 "p|-o|keep,opt,non|-Kx|-Kz|--keep",
		 "{opt}-1 {non}-2",
		 {0}},
		/* inside a group "-x " takes its value from the next argument */
		{keys, keep_all, "p|-o|-b,q|v|w", 0, "p|-o|-bv,q|w", "{-bv}3 {q}-1 {w}-2", {0}},
		{keys, keep_all, "p|-o|-b,q", -1, NULL, "", {0}},
		{keys, keep_all, "p|-b|--|x", 0, "p|-b--|x", "{-b--}3 {x}-2", {0}},
		{values, NULL, "p|-o|set=9", 0, "p", "", {.a = 77}},
		{values, NULL, "p|-o|set", 0, "p|-o|set", "", {0}},
		{values, NULL, "p|-g|9|-g", -1, NULL, "", {.a = 78}},
		{values, NULL, "p|-o|lit=v,lit=w,lit=", 0, "p|-o|lit=w,lit=", "", {.a = 79}},
		{values, NULL, "p|-o|two words,two", 0, "p|-o|two", "", {.a = 80}},
		/* the first '=' decides, so this one is matched as a whole */
		{values, NULL, "p|-o|first=y z,first=y", 0, "p|-o|first=y z,first=y", "", {0}},
		{values, NULL, "p|-o|first=y %s", 0, "p", "", {.a = 81}},
		/* what is no option is not looked up */
		{values, NULL, "p|b=3|a", 0, "p|b=3|a", "", {0}},
	};

	CHECK_ALL(vectors);
}

static void all_matching_apply(void)
{
	static const struct vector vectors[] = {
		{many, keep_all, "p|-o|a", 0, "p|-o|a", "", {.a = 1, .b = 2}},
		{many, keep_all, "p|-o|k", 0, "p|-o|k", "{k}9", {0}},
		{many,
		 keep_all,
		 "p|-o|s=v",
		 0,
		 "p|-o|s=v",
		 "{s=v}8",
		 {.s = (char *)"v", .t = (char *)"v"}},
		/* each "-x " template takes an argument of its own */
		{many,
		 keep_all,
		 "p|-x|1|2|3",
		 0,
		 "p|-x1|3",
		 "{-x1}10 {3}-2",
		 {.a = 3, .s = (char *)"2"}},
		{many, keep_all, "p|-x|1", -1, NULL, "{-x1}10", {0}},
		{many, keep_all, "p|-x1", 0, "p|-x1", "{-x1}10", {.s = (char *)"1"}},
	};

	CHECK_ALL(vectors);
}

static void conversions(void)
{
	static const struct vector vectors[] = {
		{values,
		 NULL,
		 "p|-a|-aa|a|-o|a|-o|b=3|-b=4",
		 0,
		 "p|-aa|a|-b=4",
		 "",
		 {.a = 6, .b = 3}},
		{values, NULL, "p|-o|b=0x11", 0, "p", "", {.b = 17}},
		{values, NULL, "p|-o|b= 7", 0, "p", "", {.b = 7}},
		{values, NULL, "p|-o|b=12x", 0, "p", "", {.b = 12}},
		{values, NULL, "p|-o|w=12345", 0, "p", "", {.b = 123}},
		{values, NULL, "p|-o|colon=3", 0, "p", "", {.b = 3}},
		{values, NULL, "p|-o|u=-1", 0, "p", "", {.u = UINT_MAX}},
		{values, NULL, "p|-o|lu=99999999999999999999999", 0, "p", "", {.lu = ULONG_MAX}},
		{values,
		 NULL,
		 "p|-o|lf=1.5e3,c=zx,x=0xfF,o=179",
		 0,
		 "p",
		 "",
		 {.lf = 1500, .c = 'z', .x = 255, .o = 15}},
		{values,
		 NULL,
		 "p|-o|ll=-123456789012345,hu=70000",
		 0,
		 "p",
		 "",
		 {.ll = -123456789012345, .hu = 4464}},
		{values, NULL, "p|-n|5|-mval", 0, "p", "", {.n = 5, .t = (char *)"val"}},
		{values, NULL, "p|-n7|-m|val", 0, "p", "", {.n = 7, .t = (char *)"val"}},
		{values, NULL, "p|-m|", 0, "p", "", {.t = (char *)""}},
		/* the last one counts; that the others are freed is for the leak checker */
		{values,
		 NULL,
		 "p|-o|s=x,s=y,s= z|--long=q|--long=",
		 0,
		 "p",
		 "",
		 {.s = (char *)" z", .t = (char *)""}},
		{values, NULL, "p|-o|b=,a", -1, NULL, "", {0}},
		{values, NULL, "p|-o|a,b=abc,u=1", -1, NULL, "", {.a = 6}},
		{values, NULL, "p|-o|c=", -1, NULL, "", {0}},
		{values, NULL, "p|-n|", -1, NULL, "", {0}},
	};

	CHECK_ALL(vectors);
}

static void proc_results(void)
{
	static const struct vector vectors[] = {
		{keys, fail_key_7, "p|x|-o|foo,err,bar|y", -1, NULL, "{x}-2 {foo}-1 {err}7", {0}},
		{keys, return_minus_2, "p|x|-o|foo", 0, "p|-o|foo|x", "{x}-2 {foo}-1", {0}},
		{keys,
		 insert_second,
		 "p|x|-o|foo,bar|y",
		 0,
		 "p|y|bar|foo|x",
		 "{x}-2 {foo}-1 {bar}-1 {y}-2",
		 {0}},
		{keys, discard_nonopt, "p|x|-q", 0, "p|-q", "{x}-2 {-q}-1", {0}},
	};

	CHECK_ALL(vectors);
}

static void nothing_to_parse(void)
{
	struct core_args no_argv = {3, NULL, 0};
	char *argv[] = {NULL};
	struct core_args empty = {0, argv, 0};

	UNIT_ASSERT_INT(core_opt_parse(NULL, NULL, NULL, NULL), 0);
	UNIT_ASSERT_INT(core_opt_parse(&no_argv, NULL, NULL, NULL), 0);
	UNIT_ASSERT_INT(no_argv.allocated, 0);
	UNIT_ASSERT_INT(core_opt_parse(&empty, NULL, values, NULL), 0);
	CU_ASSERT_PTR_EQUAL(empty.argv, argv);
	core_opt_free_args(NULL);
}

/* Our own: the full-width -1 means the proc too. Stock writes the value before data. */
static void wide_key_offset(void)
{
	static const struct core_opt opts[] = {{"wide", (unsigned long)-1, 12}, CORE_OPT_END};
	static const struct vector v = {opts,        keep_all,   "p|-o|wide", 0,
					"p|-o|wide", "{wide}12", {0}};

	check(&v);
}

/* A FUSE 2 program's default may be a literal, FUSE 3's must be from malloc. */
static void string_defaults(void)
{
	static char literal[] = "default";
	struct data d = {.s = literal};
	char *argv[] = {(char *)"p", (char *)"-os=x", NULL};
	struct core_args args = {2, argv, 0};

	UNIT_ASSERT_INT(core_opt_parse_nofree(&args, &d, values, NULL), 0);
	UNIT_ASSERT_STR(d.s, "x");
	UNIT_ASSERT_STR(literal, "default");
	core_opt_free_args(&args);
	args = (struct core_args){2, argv, 0};
	UNIT_ASSERT_INT(core_opt_parse(&args, &d, values, NULL), 0);
	UNIT_ASSERT_STR(d.s, "x");
	free(d.s);
	core_opt_free_args(&args);
}

/* Texts are ours; each names the option and, where there is one, the value. */
static void error_texts(void)
{
	static const struct {
		const char *args, *text;
	} cases[] = {
		{"p|-o|b=abc", "fuse: option 'b=': bad value 'abc', expected a number\n"},
		{"p|-o|w=q", "fuse: option 'w=': bad value 'q', expected a number\n"},
		{"p|-nx", "fuse: option '-n': bad value 'x', expected a number\n"},
		{"p|-o|x=g", "fuse: option 'x=': bad value 'g', expected a hexadecimal number\n"},
		{"p|-o|o=9", "fuse: option 'o=': bad value '9', expected an octal number\n"},
		{"p|-o|lf=z", "fuse: option 'lf=': bad value 'z', expected a number such as 1.5\n"},
		{"p|-o|c=", "fuse: option 'c=': bad value '', expected a character\n"},
		{"p|-n", "fuse: option '-n' needs an argument: -n VALUE\n"},
		{"p|-o", "fuse: option '-o' needs an argument: -o OPTION[,OPTION...]\n"},
	};

	core_log_set_func(collect);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(cases); i++) {
		struct vector v = {.opts = values, .args = cases[i].args};
		struct data d = {0};
		char kept[256];

		UNIT_ASSERT_INT(parse(&v, false, &d, kept, sizeof(kept)), -1);
		UNIT_ASSERT_STR(logged, cases[i].text);
	}
	core_log_set_func(NULL);
}

/*
 * The n-th allocation fails, for each n: -1, the arguments as before, and (for the leak checker)
 * nothing lost. Strings stored before the failure are whole.
 */
static void allocation_failures(void)
{
	static const struct vector v = {
		values,
		keep_all,
		"p|-o|s=x,q\\,r,s=y|-m|val|nonopt|-n7|-o|z|--|-k",
		0,
		"p|-o|q\\,r,z|nonopt|--|-k",
		"{q,r}-1 {nonopt}-2 {z}-1 {-k}-2",
		{0},
	};
	unsigned long total = 0;

	core_log_set_func(collect);
	for (unsigned long n = 1; n == 1 || n <= total; n++) {
		char text[] = "p|-o|s=x,q\\,r,s=y|-m|val|nonopt|-n7|-o|z|--|-k";
		char *argv[32];
		struct core_args args = {split(text, argv), argv, 0};
		struct data d = {0};
		char kept[256];

		if (n == 1) {
			unit_fail_alloc(0);
			UNIT_ASSERT_INT(core_opt_parse(&args, &d, v.opts, v.proc), 0);
			total = unit_alloc_count();
			join(&args, kept, sizeof(kept));
			UNIT_ASSERT_STR(kept, v.kept);
			core_opt_free_args(&args);
			args = (struct core_args){split(strcpy(text, v.args), argv), argv, 0};
			free(d.s);
			free(d.t);
			d = (struct data){0};
		}
		logged[0] = '\0';
		unit_fail_alloc(n);
		UNIT_ASSERT_INT(core_opt_parse(&args, &d, v.opts, v.proc), -1);
		unit_fail_alloc(0);
		UNIT_ASSERT_STR(logged, "fuse: out of memory while reading options\n");
		UNIT_ASSERT_INT(args.allocated, 0);
		CU_ASSERT_PTR_EQUAL(args.argv, argv);
		join(&args, kept, sizeof(kept));
		UNIT_ASSERT_STR(kept, v.args);
		CU_ASSERT(!d.s || strcmp(d.s, "x") == 0 || strcmp(d.s, "y") == 0);
		free(d.s);
		free(d.t);
	}
	core_log_set_func(NULL);
	CU_ASSERT(total > 10);
}

UNIT_SUITE(opt, UNIT_TEST(groups), UNIT_TEST(escapes), UNIT_TEST(dashes), UNIT_TEST(templates),
	   UNIT_TEST(all_matching_apply), UNIT_TEST(conversions), UNIT_TEST(proc_results),
	   UNIT_TEST(nothing_to_parse), UNIT_TEST(wide_key_offset), UNIT_TEST(string_defaults),
	   UNIT_TEST(error_texts), UNIT_TEST(allocation_failures));
