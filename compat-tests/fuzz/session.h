/*
 * What the parts of fuzz_session share: the input's bytes, and the two programs.
 */
#ifndef FUZZ_SESSION_H
#define FUZZ_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include "core/fs/fs.h"
#include "core/session/session.h"

/* The next byte of the input; 0 behind its end. */
unsigned byte(void);
/* Ends the program if it does not hold. */
void require(bool ok);
/* Reads all there is to read of a buffer. */
void touch(const void *p, size_t len);

extern const struct core_ll_ops low;
extern const struct core_fs_ops tiny;
/* Before each run: as nothing had been before. */
void low_begin(void);
void tiny_begin(void);

#endif
