/*
 * The option parser behind fuse_opt_*: argument vectors, templates, -o groups.
 *
 * Layouts and key values are those of the public fuse_opt.h, so a front-end passes its
 * caller's structures through. See fuse_opt.h in fuse2/include and fuse3/include for the
 * description of templates and keys.
 */
#ifndef CORE_BASE_OPT_H
#define CORE_BASE_OPT_H

#include "core/base/base.h"

struct core_opt {
	const char *templ; /* "-x", "-x ", "name", "name=%s", "--name=%i", ...; NULL ends a table */
	unsigned long offset; /* where in data the value goes; -1U: call the proc with key value */
	int value;
};

struct core_args {
	int argc;
	char **argv;   /* argv[argc] is NULL */
	int allocated; /* argv and its strings belong to this struct (malloc) */
};

#define CORE_OPT_KEY(templ, key)                                                                   \
	{                                                                                          \
		templ, -1U, key                                                                    \
	}
#define CORE_OPT_END                                                                               \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define CORE_OPT_KEY_OPT     (-1)
#define CORE_OPT_KEY_NONOPT  (-2)
#define CORE_OPT_KEY_KEEP    (-3)
#define CORE_OPT_KEY_DISCARD (-4)

/*
 * Decides about an argument: -1 error (the proc says why), 0 discard, anything else keep. key is
 * that of the template, CORE_OPT_KEY_OPT for an option no template matches, CORE_OPT_KEY_NONOPT
 * for anything else. arg lives as long as the call. The proc may add to outargs.
 */
typedef int (*core_opt_proc)(void *data, const char *arg, int key, struct core_args *outargs);

/*
 * Parses args and replaces them by what is kept: argv[0], the kept options of all -o groups as
 * one "-o a,b,c", then the other kept arguments in their order. opts, proc and args may be NULL;
 * without a proc what no template consumes is kept.
 *
 * A conversion is sscanf's, except that "%s" takes the whole value, as a malloc'ed string that
 * replaces (and frees) the one there; a template has one conversion.
 *
 * Returns 0, or -1 with a logged message; then args are as before, but data holds what was
 * stored until the error.
 */
int core_opt_parse(struct core_args *args, void *data, const struct core_opt opts[],
		   core_opt_proc proc);
/*
 * The same, but "%s" does not free the string it replaces. FUSE 2's public function: its programs
 * may have a literal there as the default. FUSE 3's frees.
 */
int core_opt_parse_nofree(struct core_args *args, void *data, const struct core_opt opts[],
			  core_opt_proc proc);

/*
 * Appends opt to the comma list *opts (malloc'ed, may be NULL; after an empty list no comma).
 * 0, or -1 (no memory, list unchanged).
 */
int core_opt_add_opt(char **opts, const char *opt);
/* The same, escaping commas and backslashes in opt. */
int core_opt_add_opt_escaped(char **opts, const char *opt);

/*
 * Add a copy of arg at the end, or before argv[pos] (0 to argc). Arguments that are not
 * allocated are copied first. 0, or -1 with a logged message and args unchanged in content.
 */
int core_opt_add_arg(struct core_args *args, const char *arg);
int core_opt_insert_arg(struct core_args *args, int pos, const char *arg);
/* Leaves args empty; only frees what is allocated. NULL is allowed. */
void core_opt_free_args(struct core_args *args);

/* 1 if opt (without "-o") matches a template of the table (may be NULL), else 0. */
int core_opt_match(const struct core_opt opts[], const char *opt);

/*
 * The template whose name is closest to opt by spelling, or NULL if none is close enough to be
 * meant: for error texts. Print it as "%.*s", core_opt_name_len(templ), templ.
 */
const char *core_opt_nearest(const struct core_opt opts[], const char *opt);
/* Length of an option's or template's name: up to '=' or ' '. */
int core_opt_name_len(const char *templ);

#endif
