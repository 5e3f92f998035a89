/* differences.c - see differences.h */
#include "differences.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct row {
	char *name, *targets, *reason;
	enum verdict verdict;
} * rows;
static size_t nrows;

static enum verdict verdict_of(const char *word)
{
	static const struct {
		const char *word;
		enum verdict v;
	} words[] = {
		{"fault", V_FAULT}, {"race", V_RACE}, {"differs", V_DIFFERS}, {"skip", V_SKIP}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word, words[i].word))
			return words[i].v;
	return V_NONE;
}

int differences_load(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[2048];
	int no = 0;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		char *col[4], *p = line;

		no++;
		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#')
			continue;
		for (int i = 0; i < 4; i++)
			col[i] = p ? strsep(&p, "\t") : NULL;
		if (!col[3] || !*col[3] || verdict_of(col[2]) == V_NONE) {
			fprintf(stderr,
				"%s:%d: expected case, target, fault|race|differs|skip, reason, "
				"separated by tabs\n",
				path, no);
			fclose(f);
			return -EINVAL;
		}
		rows = realloc(rows, (nrows + 1) * sizeof(*rows));
		rows[nrows++] = (struct row){strdup(col[0]), strdup(col[1]), strdup(col[3]),
					     verdict_of(col[2])};
	}
	fclose(f);
	return 0;
}

/* A target is a library, with or without a mode or a kernel, or a kernel. */
static bool target_matches(const char *targets, const char *target, const char *mode,
			   const char *kernel)
{
	char with_mode[64], with_kernel[64], list[256], *save;

	snprintf(with_mode, sizeof(with_mode), "%s:%s", target, mode);
	snprintf(with_kernel, sizeof(with_kernel), "%s@%s", target, kernel);
	snprintf(list, sizeof(list), "%s", targets);
	for (char *t = strtok_r(list, ",", &save); t; t = strtok_r(NULL, ",", &save))
		if (!strcmp(t, target) || !strcmp(t, with_mode) || !strcmp(t, with_kernel) ||
		    !strcmp(t, kernel))
			return true;
	return false;
}

enum verdict differences_find(const char *name, const char *target, const char *mode,
			      const char *kernel, const char **reason)
{
	for (size_t i = 0; i < nrows; i++)
		if (!fnmatch(rows[i].name, name, 0) &&
		    target_matches(rows[i].targets, target, mode, kernel)) {
			*reason = rows[i].reason;
			return rows[i].verdict;
		}
	return V_NONE;
}
