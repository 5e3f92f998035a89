/*
 * What the suites "opt" and "optargs" share.
 */
#ifndef TEST_OPT_H
#define TEST_OPT_H

#include <stdio.h>
#include "core/base/opt.h"
#include "unit.h"

/* Joins the vector with '|', the way the vectors below are written. */
static void join(const struct core_args *args, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < args->argc && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? "|" : "",
					args->argv[i]);
	CU_ASSERT(args->argv == NULL || args->argv[args->argc] == NULL);
}

#endif
