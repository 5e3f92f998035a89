/*
 * What a process does on each signal, to be compared.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include <signal.h>
#include <string.h>

/* Not the program's business: libc sets it with every handler, and it stays in the default action.
 */
#define LIBC_FLAG 0x04000000

static inline void handlers(struct sigaction all[65])
{
	memset(all, 0, 65 * sizeof(*all));
	for (int i = 1; i < 65; i++)
		(void)sigaction(i, NULL, &all[i]);
}

static inline int same_handler(const struct sigaction *a, const struct sigaction *b)
{
	if (a->sa_handler != b->sa_handler ||
	    (a->sa_flags | LIBC_FLAG) != (b->sa_flags | LIBC_FLAG))
		return 0;
	for (int i = 1; i < 65; i++)
		if (sigismember(&a->sa_mask, i) != sigismember(&b->sa_mask, i))
			return 0;
	return 1;
}

#endif
