/*
 * The contents of one file of memfs: pages in a tree, like the page tables of a processor.  Holes
 * cost nothing, a small file costs one page, and a file can have any size up to PAGES_MAX_SIZE.
 *
 * Not thread-safe: the owner's lock protects it.  Pages count towards a limit shared by all files.
 */
#ifndef EXAMPLES_MEMFS_DATA_H
#define EXAMPLES_MEMFS_DATA_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES     4096u
#define PAGE_FANOUT    512u
#define PAGE_BITS      9u /* log2 of the fan-out */
#define PAGES_MAX_SIZE ((uint64_t)1 << 48)

static atomic_ullong pages_used;
static unsigned long long pages_limit = ~0ull;

/* height 0: root is the only page (number 0); height h: root is a table over h - 1 more levels */
struct pages {
	void *root;
	unsigned int height;
	uint64_t count; /* allocated pages */
};

static inline uint64_t pages_covered(unsigned int height)
{
	return (uint64_t)1 << (height * PAGE_BITS);
}

/* The page, or NULL where there is a hole. */
static inline char *pages_find(const struct pages *p, uint64_t number)
{
	void *at = p->root;

	if (number >= pages_covered(p->height))
		return NULL;
	for (unsigned int h = p->height; at && h > 0; h--)
		at = ((void **)at)[number >> (h - 1) * PAGE_BITS & (PAGE_FANOUT - 1)];
	return at;
}

/* The page, made (zeroed) if need be.  NULL: no memory, or the limit is reached. */
static inline char *pages_make(struct pages *p, uint64_t number)
{
	void **at;

	while (number >= pages_covered(p->height)) {
		if (p->root) {
			void **table = calloc(PAGE_FANOUT, sizeof(void *));

			if (!table)
				return NULL;
			table[0] = p->root;
			p->root = table;
		}
		p->height++;
	}
	at = &p->root;
	for (unsigned int h = p->height; h > 0; h--) {
		if (!*at && !(*at = calloc(PAGE_FANOUT, sizeof(void *))))
			return NULL;
		at = &((void **)*at)[number >> (h - 1) * PAGE_BITS & (PAGE_FANOUT - 1)];
	}
	if (!*at) {
		if (atomic_fetch_add(&pages_used, 1) >= pages_limit ||
		    !(*at = calloc(1, PAGE_BYTES))) {
			atomic_fetch_sub(&pages_used, 1);
			return NULL;
		}
		p->count++;
	}
	return *at;
}

/*
 * Free the pages first..last (inclusive) of the subtree at, which begins with page number base.
 * True if nothing is left of it; it is freed itself then.
 */
static inline bool pages_free_below(struct pages *p, void *at, unsigned int height, uint64_t base,
				    uint64_t first, uint64_t last)
{
	void **table = at;
	bool empty = true;

	if (!at)
		return true;
	if (base > last || base + pages_covered(height) - 1 < first)
		return false;
	if (height == 0) {
		free(at);
		p->count--;
		atomic_fetch_sub(&pages_used, 1);
		return true;
	}
	for (unsigned int i = 0; i < PAGE_FANOUT; i++) {
		if (pages_free_below(p, table[i], height - 1, base, first, last))
			table[i] = NULL;
		else
			empty = false;
		base += pages_covered(height - 1);
	}
	if (empty)
		free(at);
	return empty;
}

/* Make a hole of the pages first..last (inclusive). */
static inline void pages_drop(struct pages *p, uint64_t first, uint64_t last)
{
	if (first <= last && pages_free_below(p, p->root, p->height, 0, first, last)) {
		p->root = NULL;
		p->height = 0;
	}
}

static inline void pages_read(const struct pages *p, char *buf, size_t size, uint64_t offset)
{
	while (size) {
		size_t in_page = offset % PAGE_BYTES, n = PAGE_BYTES - in_page;
		const char *page = pages_find(p, offset / PAGE_BYTES);

		if (n > size)
			n = size;
		if (page)
			memcpy(buf, page + in_page, n);
		else
			memset(buf, 0, n);
		buf += n, offset += n, size -= n;
	}
}

/* Returns how much was written: less than size when there is no room for more. */
static inline size_t pages_write(struct pages *p, const char *buf, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		size_t in_page = offset % PAGE_BYTES, n = PAGE_BYTES - in_page;
		char *page = pages_make(p, offset / PAGE_BYTES);

		if (!page)
			break;
		if (n > size - done)
			n = size - done;
		memcpy(page + in_page, buf + done, n);
		done += n, offset += n;
	}
	return done;
}

/* Zero the bytes [from, to): whole pages become holes, pages at the ends are cleared in part. */
static inline void pages_zero(struct pages *p, uint64_t from, uint64_t to)
{
	uint64_t first = (from + PAGE_BYTES - 1) / PAGE_BYTES, last = to / PAGE_BYTES;
	char *page;

	if (from >= to)
		return;
	if (from % PAGE_BYTES && (page = pages_find(p, from / PAGE_BYTES)) != NULL) {
		uint64_t end = from / PAGE_BYTES == last ? to % PAGE_BYTES : PAGE_BYTES;

		memset(page + from % PAGE_BYTES, 0, end - from % PAGE_BYTES);
	}
	if (to % PAGE_BYTES && (last >= first) && (page = pages_find(p, last)) != NULL)
		memset(page, 0, to % PAGE_BYTES);
	if (last > first)
		pages_drop(p, first, last - 1);
}

/*
 * The first page from number on that is there (data) or is a hole (!data), or limit if there is
 * none below it.  Holes are skipped a subtree at a time.
 */
static inline uint64_t pages_next(const struct pages *p, uint64_t number, uint64_t limit, bool data)
{
	while (number < limit) {
		void *at = p->root;
		unsigned int h = p->height;

		if (number >= pages_covered(h))
			return data ? limit : number;
		for (; at && h > 0; h--)
			at = ((void **)at)[number >> (h - 1) * PAGE_BITS & (PAGE_FANOUT - 1)];
		if ((at != NULL) == data)
			return number;
		number = (number | (pages_covered(h) - 1)) + 1;
	}
	return limit;
}

#endif
