/*
 * heap.h - what the library under test has allocated and not freed.
 *
 * malloc and its kin are the program's own here. What code of the library allocates is written
 * down, whoever frees it; what it hands out to be freed by the program counts until it is freed.
 * Allocations that the C library makes for it (asprintf, stacks of threads) are not seen. Not in
 * builds with sanitizers, which have their own.
 */
#ifndef CONFORM_HEAP_H
#define CONFORM_HEAP_H

#include <stddef.h>

/* From here on, in this process. */
void heap_watch(void);
/* Blocks of the library that are allocated; where they came from, as words, in text. */
size_t heap_left(char *text, size_t size);

#endif
