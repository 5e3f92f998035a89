/* The framework's own promises. */
#include <stdlib.h>
#include <string.h>
#include "unit.h"

static void fails_the_nth_allocation_only(void)
{
	/* volatile: a compiler may drop a malloc whose result is only freed */
	char *volatile first, *volatile second, *volatile third;

	unit_fail_alloc(2);
	first = malloc(1);
	second = strdup("x");
	third = calloc(1, 1);
	UNIT_ASSERT_INT((long)unit_alloc_count(), 3);
	CU_ASSERT_PTR_NOT_NULL(first);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_PTR_NOT_NULL(third);
	free(first);
	free(third);
}

UNIT_SUITE(unit, UNIT_TEST(fails_the_nth_allocation_only));
