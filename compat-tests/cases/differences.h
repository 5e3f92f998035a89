/* differences.h - the table of known faults and deliberate differences (differences.tsv). */
#ifndef CONFORM_DIFFERENCES_H
#define CONFORM_DIFFERENCES_H

enum verdict {
	V_NONE,    /* not in the table */
	V_FAULT,   /* a known fault: the case fails there.  Passing means the row is out of date */
	V_RACE,    /* a known fault that does not show every time */
	V_DIFFERS, /* different on purpose */
	V_SKIP,    /* does not apply there */
};

/* Negative errno if the file cannot be read, -EINVAL with a message if it is malformed. */
int differences_load(const char *path);
/* target is e.g. "stock2", mode "s" or "pool", kernel "mount" or "sim". The first row counts. */
enum verdict differences_find(const char *name, const char *target, const char *mode,
			      const char *kernel, const char **reason);

#endif
