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
	const char *templ;    /* "-x", "-x ", "name", "name=%s", "--name=%i", ...; NULL ends a table */
	unsigned long offset; /* where in data the value goes; (unsigned)-1: call the proc with key value */
	int value;
};

struct core_args {
	int argc;
	char **argv;   /* argv[argc] is NULL */
	int allocated; /* argv and its strings belong to this struct (malloc) */
};

#define CORE_OPT_KEY(templ, key) { templ, -1U, key }
#define CORE_OPT_END             { NULL, 0, 0 }
#define CORE_OPT_KEY_OPT     (-1)
#define CORE_OPT_KEY_NONOPT  (-2)
#define CORE_OPT_KEY_KEEP    (-3)
#define CORE_OPT_KEY_DISCARD (-4)

/* Returns -1 on error (logged), 0 to discard the argument, 1 to keep it. */
typedef int (*core_opt_proc)(void *data, const char *arg, int key, struct core_args *outargs);

/* Parses and replaces args by what is kept. 0, or -1 with a logged message. */
int core_opt_parse(struct core_args *args, void *data, const struct core_opt opts[],
		   core_opt_proc proc);
/* Appends opt to the comma list *opts (malloc'ed, may be NULL). 0 or -1 (no memory). */
int core_opt_add_opt(char **opts, const char *opt);
/* The same, escaping commas and backslashes in opt. */
int core_opt_add_opt_escaped(char **opts, const char *opt);
int core_opt_add_arg(struct core_args *args, const char *arg);
int core_opt_insert_arg(struct core_args *args, int pos, const char *arg);
void core_opt_free_args(struct core_args *args);
/* 1 if opt (without "-o") matches a template of the table. */
int core_opt_match(const struct core_opt opts[], const char *opt);
/* The known option of the table closest to opt by spelling, or NULL: for error texts. */
const char *core_opt_nearest(const struct core_opt opts[], const char *opt);

#endif
