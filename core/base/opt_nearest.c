#include <string.h>
#include "core/base/opt.h"

enum { LONGEST = 64 }; /* longer names get no suggestion */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Edit distance with insertion, deletion, substitution and swap of neighbours, each 1. The
 * classic table of which only three rows are alive.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *free_row = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = min(above[j - 1] + (a[i - 1] != b[j - 1]),
				     min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = free_row;
	}
	return above[b_len];
}

int core_opt_name_len(const char *templ)
{
	return (int)strcspn(templ, "= ");
}

const char *core_opt_nearest(const struct core_opt opts[], const char *opt)
{
	size_t len = (size_t)core_opt_name_len(opt);
	const char *best = NULL;
	size_t best_distance = LONGEST;

	if (!opts || len > LONGEST)
		return NULL;
	for (; opts->templ; opts++) {
		size_t templ_len = (size_t)core_opt_name_len(opts->templ);
		size_t d;

		/* "-d" is no help to somebody who wrote "-o deb". */
		if ((opts->templ[0] == '-') != (opt[0] == '-') || templ_len > LONGEST)
			continue;
		d = distance(opt, len, opts->templ, templ_len);
		/* A third of the letters wrong is a typing error, more is another word. */
		if (d <= (len > templ_len ? len : templ_len) / 3 && d < best_distance) {
			best = opts->templ;
			best_distance = d;
		}
	}
	return best;
}
