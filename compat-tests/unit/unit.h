/*
 * What every unit suite needs. A suite NAME is one file test_NAME.c, or several, test_NAME.c and
 * test_NAME_*.c, each with some of its tests; what these share is in test_NAME.h.
 *
 *	#include "unit.h"
 *
 *	static void adds(void)
 *	{
 *		CU_ASSERT_EQUAL(1 + 1, 2);
 *	}
 *
 *	UNIT_SUITE(name, UNIT_TEST(adds), UNIT_TEST(subtracts));
 *
 * The program `unit` runs all suites, or those named on its command line (`unit opt log`, or a
 * single test, `unit opt.add_arg`); -l lists them. It exits 0 if every test passed, 1 if not,
 * 2 if there was nothing to run or the arguments were wrong.
 *
 * Each test is also failed if it leaves a file descriptor open, and the program ends with status 1
 * if one test takes longer than UNIT_TIMEOUT seconds (environment; 60 if not set, 240 with a sanitizer).
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <CUnit/CUnit.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

struct unit_suite {
	const char *name;
	const struct unit_test *tests; /* ends with a NULL name */
	struct unit_suite *next;
};

void unit_register(struct unit_suite *suite);

#define UNIT_TEST(function)                                                                        \
	{                                                                                          \
#function, function                                                                \
	}

#define UNIT_SUITE(suite_name, ...)                                                                \
	static const struct unit_test unit_tests_[] = {__VA_ARGS__, {NULL, NULL}};                 \
	static struct unit_suite unit_suite_ = {#suite_name, unit_tests_, NULL};                   \
	__attribute__((constructor)) static void unit_register_(void)                              \
	{                                                                                          \
		unit_register(&unit_suite_);                                                       \
	}                                                                                          \
	struct unit_suite /* takes the semicolon */

/*
 * Makes the running test count as skipped, for the reason given, and leaves it at the next return;
 * write `unit_skip("no /dev/fuse"); return;`. Asserts that failed before still fail the test.
 */
void unit_skip(const char *reason);

/*
 * Fails the nth allocation from now in this thread (1 is the next), and only that; 0 fails none.
 * Covers malloc, calloc, realloc, strdup and strndup as called by the core and the suites, not
 * what libc allocates inside. Restarts the count.
 */
void unit_fail_alloc(unsigned long nth);
/* Allocations in this thread since the last unit_fail_alloc. */
unsigned long unit_alloc_count(void);

/* Prints the values too: CUnit's own asserts only show the expression. */
#define UNIT_ASSERT_INT(actual, expected)                                                          \
	unit_assert_int(actual, expected, #actual, __LINE__, __FILE__)
#define UNIT_ASSERT_STR(actual, expected)                                                          \
	unit_assert_str(actual, expected, #actual, __LINE__, __FILE__)
void unit_assert_int(long long actual, long long expected, const char *what, unsigned line,
		     const char *file);
/* NULL equals NULL only. */
void unit_assert_str(const char *actual, const char *expected, const char *what, unsigned line,
		     const char *file);

#endif
