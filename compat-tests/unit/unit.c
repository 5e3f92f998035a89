/*
 * Runs the suites: selection, one line a failure, the summary, the limits of unit.h.
 */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "unit.h"

enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static struct unit_suite *suites; /* sorted by name */
static unsigned passed, failed, skipped;
static const char *skip_reason; /* of the running test */
static int fds_before;
static timer_t watchdog;
static char running[256]; /* suite.test, for the watchdog */

void unit_register(struct unit_suite *suite)
{
	struct unit_suite **at = &suites;

	while (*at && strcmp((*at)->name, suite->name) <= 0)
		at = &(*at)->next;
	suite->next = *at;
	*at = suite;
}

void unit_skip(const char *reason)
{
	skip_reason = reason;
}

void unit_assert_int(long long actual, long long expected, const char *what, unsigned line,
		     const char *file)
{
	char text[256];

	snprintf(text, sizeof(text), "%s is %lld, expected %lld", what, actual, expected);
	CU_assertImplementation(actual == expected, line, text, file, "", CU_FALSE);
}

void unit_assert_str(const char *actual, const char *expected, const char *what, unsigned line,
		     const char *file)
{
	char text[1024];
	bool same = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;

	snprintf(text, sizeof(text), "%s is \"%s\", expected \"%s\"", what,
		 actual ? actual : "(NULL)", expected ? expected : "(NULL)");
	CU_assertImplementation(same, line, text, file, "", CU_FALSE);
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Only async-signal-safe calls: the test may hang inside malloc. */
static void timed_out(int signo)
{
	static const char text[] = "TIMEOUT in ";
	ssize_t ignored;

	(void)signo;
	ignored = write(STDOUT_FILENO, text, sizeof(text) - 1);
	ignored = write(STDOUT_FILENO, running, strlen(running));
	ignored = write(STDOUT_FILENO, "\n", 1);
	(void)ignored;
	_exit(EXIT_FAILED);
}

/* With a sanitizer everything takes several times as long. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { TIMEOUT = 240 };
#else
enum { TIMEOUT = 60 };
#endif

static unsigned long timeout_seconds(void)
{
	const char *text = getenv("UNIT_TIMEOUT");
	unsigned long seconds = text ? strtoul(text, NULL, 10) : 0;

	return seconds ? seconds : TIMEOUT;
}

/* A timer of our own and the last real-time signal, so that tests may use alarm() themselves. */
static void watchdog_create(void)
{
	struct sigaction action = {.sa_handler = timed_out};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMAX};

	sigaction(SIGRTMAX, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &watchdog) < 0) {
		perror("unit: timer_create");
		exit(EXIT_USAGE);
	}
}

static void watchdog_set(unsigned long seconds)
{
	struct itimerspec spec = {.it_value = {.tv_sec = (time_t)seconds}};

	timer_settime(watchdog, 0, &spec, NULL);
}

static void setup(void)
{
	skip_reason = NULL;
	unit_fail_alloc(0);
	fds_before = count_fds();
	watchdog_set(timeout_seconds());
}

static void teardown(void)
{
	watchdog_set(0);
	unit_fail_alloc(0);
	unit_assert_int(count_fds() - fds_before, 0, "file descriptors left open", 0, running);
}

static void on_start(const CU_pTest test, const CU_pSuite suite)
{
	snprintf(running, sizeof(running), "%s.%s", suite->pName, test->pName);
}

static void on_complete(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord first)
{
	(void)test;
	(void)suite;
	if (first) {
		failed++;
		printf("FAIL %s\n", running);
	} else if (skip_reason) {
		skipped++;
		printf("SKIP %s: %s\n", running, skip_reason);
	} else {
		passed++;
	}
	for (CU_pFailureRecord f = first; f; f = f->pNext)
		printf("     %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
	fflush(stdout);
}

/* Names are SUITE or SUITE.TEST; without any, everything is wanted. */
static bool wanted(const char *suite, const char *test, int n, char **names)
{
	size_t len = strlen(suite);

	for (int i = 0; i < n; i++) {
		if (strncmp(names[i], suite, len) != 0)
			continue;
		if (names[i][len] == '\0' ||
		    (names[i][len] == '.' && strcmp(names[i] + len + 1, test) == 0))
			return true;
	}
	return n == 0;
}

static bool known(const char *name)
{
	char *names[] = {(char *)name};

	for (struct unit_suite *s = suites; s; s = s->next)
		for (const struct unit_test *t = s->tests; t->name; t++)
			if (wanted(s->name, t->name, 1, names))
				return true;
	return false;
}

static void add_suite(const struct unit_suite *s, int n, char **names)
{
	CU_pSuite suite = CU_get_suite(s->name); /* there, when it goes on in another file */

	for (const struct unit_test *t = s->tests; t->name; t++) {
		if (!wanted(s->name, t->name, n, names))
			continue;
		if (!suite)
			suite = CU_add_suite_with_setup_and_teardown(s->name, NULL, NULL, setup,
								     teardown);
		if (!suite || !CU_add_test(suite, t->name, t->run)) {
			fprintf(stderr, "unit: cannot add %s.%s: %s\n", s->name, t->name,
				CU_get_error_msg());
			exit(EXIT_USAGE);
		}
	}
}

static void list(void)
{
	for (struct unit_suite *s = suites; s; s = s->next)
		for (const struct unit_test *t = s->tests; t->name; t++)
			printf("%s.%s\n", s->name, t->name);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		list();
		return EXIT_PASSED;
	}
	for (int i = 1; i < argc; i++) {
		if (!known(argv[i])) {
			fprintf(stderr, "unit: no suite or test '%s'; `unit -l` lists them\n",
				argv[i]);
			return EXIT_USAGE;
		}
	}
	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return EXIT_USAGE;
	}
	for (struct unit_suite *s = suites; s; s = s->next)
		add_suite(s, argc - 1, argv + 1);
	watchdog_create();
	CU_set_test_start_handler(on_start);
	CU_set_test_complete_handler(on_complete);
	CU_run_all_tests();
	CU_cleanup_registry();
	timer_delete(watchdog);

	printf("%u passed, %u failed", passed, failed);
	if (skipped)
		printf(", %u skipped", skipped);
	printf("\n");
	if (passed + failed + skipped == 0)
		return EXIT_USAGE;
	return failed ? EXIT_FAILED : EXIT_PASSED;
}
