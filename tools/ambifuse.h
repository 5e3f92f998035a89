/* The subcommands of ambifuse. A new one is a file, a declaration here and a line in the table. */
#ifndef TOOLS_AMBIFUSE_H
#define TOOLS_AMBIFUSE_H

#include "core/base/base.h"

/* Exit statuses of ambifuse itself; `run` ends with the program's. */
enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NOT_EXECUTABLE = 126, /* as shells do */
	STATUS_NOT_FOUND = 127,
};

struct command {
	const char *name;
	const char *args;                  /* for the usage line */
	const char *summary;               /* one line */
	const char *help;                  /* the rest of `ambifuse help NAME` */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name; an exit status */
};

/* Prints "ambifuse: ..." to standard error. */
void say(const char *fmt, ...) CORE_PRINTF(1, 2);
/* Complains about the arguments of the command argv[0] and returns STATUS_USAGE. */
int bad_usage(char **argv, const char *fmt, ...) CORE_PRINTF(2, 3);

/*
 * Names come from whoever made them: nothing of them reaches the terminal as a control sequence.
 * Padded with blanks to width.
 */
void print_escaped(const char *s, int width);

int command_run(int argc, char **argv);
int command_status(int argc, char **argv);
int command_abort(int argc, char **argv);
int command_attr(int argc, char **argv);
int command_conform(int argc, char **argv);

#endif
