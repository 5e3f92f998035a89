/*
 * Instructions a request: a program that plays the kernel for a file system in its own process.
 *
 * feed.c   the kernel's side: which messages come, in phases of N equal requests, and what becomes
 *          of the replies. Callgrind is told where a phase begins and ends.
 * fs.c     the program's side: the same do-nothing file system for both kinds of API.
 * direct.c how the two are put together: on the core's direct memory transport (statically
 *          linked), or
 * public.c through the public API alone, so that any FUSE library can be measured.
 */
#ifndef INSTR_H
#define INSTR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#define ENTRIES 100  /* of the root directory */
#define BLOCK   4096 /* bytes of a read and of a write */

struct feed_options {
	unsigned requests; /* of a phase */
	const char *only;  /* name of the phase; NULL: all */
	const char *api;   /* first word of each phase's name */
	bool readdirplus;
	bool paths; /* path API */
};

/* The next message for the library, 8-byte aligned, or NULL: unmounted. */
const void *feed_next(size_t *len);
/* A reply. 0, or -errno, which stops everything. */
int feed_reply(const struct iovec *iov, int niov);
/* Fills in what is to come. */
void feed_init(const struct feed_options *o);
/* Prints the counts of the phases; exit status. */
int feed_result(void);

/* fs.c: runs the file system until feed_next() says it is over. mt: a pool with one thread. */
int fs_run(bool path_api, bool mt);

#endif
