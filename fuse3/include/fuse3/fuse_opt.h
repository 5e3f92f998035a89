/*
 * Option parsing: the command line of a FUSE program (-o a,b=c, --long, -x) is matched against a
 * table of templates; what no template takes is kept for the library.
 *
 * May be included alone; needs no FUSE_USE_VERSION.
 */
#ifndef FUSE_OPT_H_
#define FUSE_OPT_H_

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One row of an option table. A table ends with FUSE_OPT_END.
 *
 * Templates:
 *   "-x", "-foo", "--foo", "--foo-bar"   matched literally against an argument
 *   "-x ", "--foo="...                   followed by a parameter, as below
 *   "foo", "foo-bar"                     matched against a word of "-o word,word"
 * A template ending in "=" or containing "%" takes a parameter: after "=" directly, or, if the
 * template ends in a space ("-x %s"), from the rest of the argument or the next argument. The part
 * from "%" on is a scanf format for it; "%s" stores a malloc()ed copy of the whole text, which
 * the caller frees (the string it replaces is
 * freed, so a default must be malloc()ed or NULL); every other format
 * is passed to sscanf.
 */
struct fuse_opt {
	/** What to match, see above. NULL ends the table. */
	const char *templ;

	/**
	 * Where the result goes: an offset into the data object given to fuse_opt_parse(). With
	 * a format, the parameter is stored there by that format; without one, value is stored as
	 * an int. -1U: call the processing function with value as the key instead.
	 */
	unsigned long offset;

	/** The int to store, or the key for the processing function. */
	int value;
};

/** A row that calls the processing function with this key instead of storing something. */
#define FUSE_OPT_KEY(templ, key)                                                                   \
	{                                                                                          \
		templ, -1U, key                                                                    \
	}

/** Ends a table of struct fuse_opt. */
#define FUSE_OPT_END                                                                               \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

/**
 * A list of arguments that may be edited. argv has argc entries and a NULL after them.
 *
 * A list made by FUSE_ARGS_INIT borrows its strings; the first edit copies them and sets allocated,
 * and then fuse_opt_free_args() must be called in the end (it is harmless for a borrowed list).
 */
struct fuse_args {
	/** Number of arguments, the program's name (argv[0]) counted. */
	int argc;

	/** The arguments, NULL-terminated. */
	char **argv;

	/** Not zero: argv and its strings are malloc()ed and belong to this list. */
	int allocated;
};

/** Initialiser for a struct fuse_args that borrows main()'s arguments. */
#define FUSE_ARGS_INIT(argc, argv)                                                                 \
	{                                                                                          \
		argc, argv, 0                                                                      \
	}

/** Key for words of -o and options (arguments with a leading "-") that no row matches. */
#define FUSE_OPT_KEY_OPT -1

/** Key for arguments without a leading "-", and for everything after "--". */
#define FUSE_OPT_KEY_NONOPT -2

/** As a row's key: keep the argument, without asking the processing function. */
#define FUSE_OPT_KEY_KEEP -3

/** As a row's key: drop the argument, without asking the processing function. */
#define FUSE_OPT_KEY_DISCARD -4

/**
 * Decides about one argument.
 *
 * @param data     what the caller gave to fuse_opt_parse()
 * @param arg      the argument, or the word of -o (a parameter included). Belongs to the caller
 * @param key      the row's value, FUSE_OPT_KEY_OPT or FUSE_OPT_KEY_NONOPT
 * @param outargs  the list being built; arguments may be added to it
 * @return -1 to fail, 0 to drop the argument, 1 to keep it
 */
typedef int (*fuse_opt_proc_t)(void *data, const char *arg, int key, struct fuse_args *outargs);

/**
 * Matches a list of arguments against a table, and replaces it by what was kept. Words of -o that
 * were kept end up in one "-o a,b,c" argument right after argv[0].
 *
 * Each argument is tried against every row; all rows that match act on it. A "--" ends the options;
 * it is kept only if something that looks like an option follows.
 *
 * @param args  the list; edited in place. NULL, or a NULL args->argv: nothing is done
 * @param data  the object that offsets in the table are relative to, and the first argument of proc
 * @param opts  the table; NULL: an empty one
 * @param proc  called for what FUSE_OPT_KEY rows match and what no row matches; NULL: keep all
 * @return 0, or -1 (a message has been written to standard error)
 * Since 3.0.
 */
int fuse_opt_parse(struct fuse_args *args, void *data, const struct fuse_opt opts[],
		   fuse_opt_proc_t proc);

/**
 * Appends a word to a comma-separated list of options. The word is taken as it is: commas in it
 * separate options.
 *
 * @param opts  the list: NULL or a malloc()ed string, which is reallocated
 * @param opt   the word to append
 * @return 0, or -1 if memory is short (*opts is then as before)
 * Since 3.0.
 */
int fuse_opt_add_opt(char **opts, const char *opt);

/**
 * As fuse_opt_add_opt(), but commas and backslashes in the word are escaped with a backslash, so
 * that it stays one option.
 * Since 3.0.
 */
int fuse_opt_add_opt_escaped(char **opts, const char *opt);

/**
 * Appends a copy of an argument to a list.
 *
 * @return 0, or -1 if memory is short (the list is then as before)
 * Since 3.0.
 */
int fuse_opt_add_arg(struct fuse_args *args, const char *arg);

/**
 * Inserts a copy of an argument so that it becomes argv[pos].
 *
 * @param pos  0 up to args->argc
 * @return 0, or -1 if memory is short (the list is then as before)
 * Since 3.0.
 */
int fuse_opt_insert_arg(struct fuse_args *args, int pos, const char *arg);

/**
 * Frees what a list owns and makes it empty. The struct fuse_args itself belongs to the caller.
 * Since 3.0.
 */
void fuse_opt_free_args(struct fuse_args *args);

/**
 * Tells whether an argument or a word of -o matches a row of a table.
 *
 * @param opts  the table
 * @param opt   the text, without "-o"
 * @return 1 if a row matches, else 0
 * Since 3.0.
 */
int fuse_opt_match(const struct fuse_opt opts[], const char *opt);

#ifdef __cplusplus
}
#endif

#endif
