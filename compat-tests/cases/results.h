/* results.h - one JSON object a run, for reports; and the progress line of a terminal. */
#ifndef CONFORM_RESULTS_H
#define CONFORM_RESULTS_H

#include "supervise.h"

/* What is said of a run, besides what is in its job. */
struct result {
	const char *target;  /* "stock2" */
	const char *library; /* path */
	const char *kernel;  /* "mount", "sim", "sim:12" */
	const char *verdict; /* pass, fail, differs, na */
	const char *reason;  /* NULL: none */
	bool known;          /* fail: a fault that the table lists */
};

/* Opens for appending; false with errno. */
bool results_open(const char *path);
/* job may not have been started. */
void results_add(const struct t_case *c, int mode_s, const struct job *job, const struct result *r);
void results_close(void);

/* On a terminal, on standard error: how far it is. done < 0: clears the line. */
void progress(int done, int all, int bad, const char *name);

#endif
