#include <stdio.h>
#include <string.h>
#include "core/base/log.h"
#include "core/base/opt.h"

/* One run of core_opt_parse. args stays as it is until all went well. */
struct parser {
	const struct core_args *args;
	int at; /* the argument being looked at */
	void *data;
	const struct core_opt *opts;
	core_opt_proc proc;
	bool free_strings;    /* "%s" frees what it replaces */
	struct core_args out; /* what is kept */
	char *group;          /* kept options of -o groups, escaped, or NULL */
	int dashes_end;       /* out.argc just after "--" was kept, 0 before */
};

/* Where a template's name ends and its value starts; no separator: the whole is the name. */
struct match {
	const struct core_opt *opt;
	const char *format; /* "%..." of a template that converts its value, or NULL */
	size_t name_len;    /* in the argument, with the '=' */
	bool takes_next;    /* "-x " and the value is not in the same argument */
};

static int no_memory(void)
{
	core_err("out of memory while reading options\n");
	return -1;
}

/*
 * Argument vectors
 */

static char **copy_argv(const struct core_args *args)
{
	char **argv = calloc((size_t)args->argc + 1, sizeof(*argv));

	for (int i = 0; argv && i < args->argc; i++) {
		argv[i] = strdup(args->argv[i]);
		if (!argv[i]) {
			while (i-- > 0)
				free(argv[i]);
			free(argv);
			return NULL;
		}
	}
	return argv;
}

/* Makes the vector ours, so that it can grow. */
static int own_args(struct core_args *args)
{
	if (args->allocated)
		return 0;
	if (args->argv) {
		char **argv = copy_argv(args);

		if (!argv)
			return -1;
		args->argv = argv;
	} else {
		args->argc = 0;
	}
	args->allocated = 1;
	return 0;
}

int core_opt_insert_arg(struct core_args *args, int pos, const char *arg)
{
	char *copy CLEANUP_FREE = NULL;
	char **argv;
	int argc = args->argv ? args->argc : 0;

	if (pos < 0 || pos > argc) {
		core_err("cannot insert '%s' at %d: there are %d arguments\n", arg, pos, argc);
		return -1;
	}
	copy = strdup(arg);
	if (!copy || own_args(args) < 0)
		return no_memory();
	argv = realloc(args->argv, ((size_t)argc + 2) * sizeof(*argv));
	if (!argv)
		return no_memory();
	memmove(argv + pos + 1, argv + pos, (size_t)(argc - pos) * sizeof(*argv));
	argv[pos] = copy;
	argv[argc + 1] = NULL;
	copy = NULL;
	args->argv = argv;
	args->argc = argc + 1;
	return 0;
}

int core_opt_add_arg(struct core_args *args, const char *arg)
{
	return core_opt_insert_arg(args, args->argv ? args->argc : 0, arg);
}

void core_opt_free_args(struct core_args *args)
{
	if (!args)
		return;
	if (args->allocated && args->argv) {
		for (int i = 0; i < args->argc; i++)
			free(args->argv[i]);
		free(args->argv);
	}
	*args = (struct core_args){0, NULL, 0};
}

/*
 * Comma lists
 */

static int append_opt(char **opts, const char *opt, bool escape)
{
	size_t old = *opts ? strlen(*opts) : 0;
	/* comma, each character with a backslash, NUL */
	char *list = realloc(*opts, old + 1 + 2 * strlen(opt) + 1);
	char *end;

	if (!list)
		return no_memory();
	end = list + old;
	if (old > 0)
		*end++ = ',';
	for (; *opt; opt++) {
		if (escape && (*opt == ',' || *opt == '\\'))
			*end++ = '\\';
		*end++ = *opt;
	}
	*end = '\0';
	*opts = list;
	return 0;
}

int core_opt_add_opt(char **opts, const char *opt)
{
	return append_opt(opts, opt, false);
}

int core_opt_add_opt_escaped(char **opts, const char *opt)
{
	return append_opt(opts, opt, true);
}

static bool is_octal(char c, char max)
{
	return c >= '0' && c <= max;
}

/*
 * Takes the next option of a comma list: unescaped into opt, *list at the comma or the end.
 * A backslash protects the next character, or gives the byte of three octal digits up to \377;
 * the last backslash of a list stands for itself.
 */
static void next_in_list(const char **list, char *opt)
{
	const char *p = *list;

	while (*p && *p != ',') {
		if (p[0] == '\\' && p[1]) {
			p++;
			if (is_octal(p[0], '3') && is_octal(p[1], '7') && is_octal(p[2], '7')) {
				*opt++ = (char)((p[0] - '0') * 64 + (p[1] - '0') * 8 + p[2] - '0');
				p += 3;
				continue;
			}
		}
		*opt++ = *p++;
	}
	*opt = '\0';
	*list = p;
}

/*
 * Templates
 */

/*
 * "name=" and "-x " (and both with a conversion) match by what stands before the separator. A
 * separator followed by anything else is an ordinary character, and the first '=' decides even
 * if a blank comes before it.
 */
static bool match_template(const struct core_opt *opt, const char *arg, struct match *m)
{
	const char *sep = strchr(opt->templ, '=');

	*m = (struct match){.opt = opt};
	if (!sep)
		sep = strchr(opt->templ, ' ');
	if (!sep || (sep[1] != '\0' && sep[1] != '%'))
		return strcmp(opt->templ, arg) == 0;
	m->name_len = (size_t)(sep - opt->templ) + (*sep == '=');
	if (strncmp(opt->templ, arg, m->name_len) != 0)
		return false;
	/* Without a name ("=%i") there is no value either, only the fixed one. */
	if (sep > opt->templ) {
		m->format = sep[1] ? sep + 1 : NULL;
		m->takes_next = *sep == ' ' && arg[m->name_len] == '\0';
	}
	return true;
}

/* The next template at or after *opts that matches; false at the table's end. */
static bool find_template(const struct core_opt **opts, const char *arg, struct match *m)
{
	for (; *opts && (*opts)->templ; (*opts)++)
		if (match_template(*opts, arg, m))
			return true;
	return false;
}

int core_opt_match(const struct core_opt opts[], const char *opt)
{
	struct match m;

	return find_template(&opts, opt, &m);
}

/* What a value for this conversion looks like, for the user. */
static const char *describe_format(const char *format)
{
	static const struct {
		const char *conversions, *text;
	} kinds[] = {
		{"diu", "a number"},
		{"o", "an octal number"},
		{"xXp", "a hexadecimal number"},
		{"aAeEfFgG", "a number such as 1.5"},
		{"c", "a character"},
	};
	size_t len = 1 + strspn(format + 1, "*0123456789hlLqjzt");

	for (size_t i = 0; format[len] && i < CORE_ARRAY_SIZE(kinds); i++)
		if (strchr(kinds[i].conversions, format[len]))
			return kinds[i].text;
	return "something else";
}

/* Stores the value, which starts at m->name_len of arg, at var. */
static int convert(const struct parser *p, const struct match *m, const char *arg, void *var)
{
	const char *value = arg + m->name_len;

	if (m->format[1] == 's') {
		char *copy = strdup(value);

		if (!copy)
			return no_memory();
		if (p->free_strings)
			free(*(char **)var);
		*(char **)var = copy;
		return 0;
	}
	if (sscanf(value, m->format, var) == 1)
		return 0;
	core_err("option '%.*s': bad value '%s', expected %s\n", (int)m->name_len, arg, value,
		 describe_format(m->format));
	return -1;
}

/*
 * The run
 */

static int keep(struct parser *p, const char *arg, bool in_group)
{
	return in_group ? core_opt_add_opt_escaped(&p->group, arg) : core_opt_add_arg(&p->out, arg);
}

/* Lets the program decide about arg; without a proc everything is kept. */
static int ask(struct parser *p, const char *arg, int key, bool in_group)
{
	if (key == CORE_OPT_KEY_DISCARD)
		return 0;
	if (key != CORE_OPT_KEY_KEEP && p->proc) {
		int res = p->proc(p->data, arg, key, &p->out);

		if (res == -1 || res == 0)
			return res;
	}
	return keep(p, arg, in_group);
}

/*
 * FUSE_OPT_KEY's offset is the 32-bit -1. The full-width -1, which a table may hold when it
 * was written by hand, could only ever mean the same.
 */
static bool offset_means_key(unsigned long offset)
{
	return offset == (unsigned)-1 || offset == (unsigned long)-1;
}

static int apply(struct parser *p, const struct match *m, const char *arg, bool in_group)
{
	void *var = (char *)p->data + m->opt->offset;

	if (offset_means_key(m->opt->offset))
		return ask(p, arg, m->opt->value, in_group);
	if (m->format)
		return convert(p, m, arg, var);
	*(int *)var = m->opt->value;
	return 0;
}

static int missing_argument(const char *arg, const char *example)
{
	core_err("option '%s' needs an argument: %s %s\n", arg, arg, example);
	return -1;
}

/* "-x" "value" is handed on as "-xvalue". */
static int apply_with_next(struct parser *p, const struct match *m, const char *arg, bool in_group)
{
	char *joined CLEANUP_FREE = NULL;
	const char *next;
	size_t len = strlen(arg);

	if (p->at + 1 >= p->args->argc)
		return missing_argument(arg, "VALUE");
	next = p->args->argv[++p->at];
	joined = malloc(len + strlen(next) + 1);
	if (!joined)
		return no_memory();
	memcpy(joined, arg, len);
	strcpy(joined + len, next);
	return apply(p, m, joined, in_group);
}

/* One option. All templates that match apply, each "-x " one with a further argument. */
static int parse_option(struct parser *p, const char *arg, bool in_group)
{
	const struct core_opt *opt = p->opts;
	struct match m;
	bool found = false;

	for (; find_template(&opt, arg, &m); opt++) {
		int res = m.takes_next ? apply_with_next(p, &m, arg, in_group)
				       : apply(p, &m, arg, in_group);

		if (res < 0)
			return -1;
		found = true;
	}
	return found ? 0 : ask(p, arg, CORE_OPT_KEY_OPT, in_group);
}

static int parse_group(struct parser *p, const char *list)
{
	char *opt CLEANUP_FREE = malloc(strlen(list) + 1);

	if (!opt)
		return no_memory();
	for (;; list++) {
		next_in_list(&list, opt);
		if (parse_option(p, opt, true) < 0)
			return -1;
		if (!*list)
			return 0;
	}
}

static int parse_arg(struct parser *p, const char *arg)
{
	if (p->dashes_end || arg[0] != '-')
		return ask(p, arg, CORE_OPT_KEY_NONOPT, false);
	if (arg[1] == 'o') {
		if (arg[2])
			return parse_group(p, arg + 2);
		if (p->at + 1 >= p->args->argc)
			return missing_argument(arg, "OPTION[,OPTION...]");
		return parse_group(p, p->args->argv[++p->at]);
	}
	if (strcmp(arg, "--") == 0) {
		if (core_opt_add_arg(&p->out, arg) < 0)
			return -1;
		p->dashes_end = p->out.argc;
		return 0;
	}
	return parse_option(p, arg, false);
}

/* The kept -o options become one group in front, and a "--" nothing follows goes away. */
static int finish(struct parser *p)
{
	struct core_args *out = &p->out;
	int front = out->argc > 0;

	if (p->group && (core_opt_insert_arg(out, front, "-o") < 0 ||
			 core_opt_insert_arg(out, front + 1, p->group) < 0))
		return -1;
	/*
	 * FUSE has always looked where "--" was before the group came in, so with a group it
	 * stays; programs that count arguments see the same as ever.
	 */
	if (p->dashes_end && p->dashes_end == out->argc &&
	    strcmp(out->argv[out->argc - 1], "--") == 0) {
		free(out->argv[--out->argc]);
		out->argv[out->argc] = NULL;
	}
	return 0;
}

static int run(struct parser *p)
{
	if (core_opt_add_arg(&p->out, p->args->argv[0]) < 0)
		return -1;
	for (p->at = 1; p->at < p->args->argc; p->at++)
		if (parse_arg(p, p->args->argv[p->at]) < 0)
			return -1;
	return finish(p);
}

static int parse(struct parser *p, struct core_args *args)
{
	int res;

	if (!args || !args->argv || args->argc <= 0)
		return 0;
	p->args = args;
	res = run(p);
	if (res == 0) {
		struct core_args old = *args;

		*args = p->out;
		p->out = old;
	}
	core_opt_free_args(&p->out);
	free(p->group);
	return res;
}

int core_opt_parse(struct core_args *args, void *data, const struct core_opt opts[],
		   core_opt_proc proc)
{
	struct parser p = {.data = data, .opts = opts, .proc = proc, .free_strings = true};

	return parse(&p, args);
}

int core_opt_parse_nofree(struct core_args *args, void *data, const struct core_opt opts[],
			  core_opt_proc proc)
{
	struct parser p = {.data = data, .opts = opts, .proc = proc};

	return parse(&p, args);
}
