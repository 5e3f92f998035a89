#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include "core/base/log.h"
#include "unit.h"

static int got_level;
static char got[128];

static void collect(int level, const char *fmt, va_list ap)
{
	got_level = level;
	vsnprintf(got, sizeof(got), fmt, ap);
}

static void custom_sink(void)
{
	core_log_set_func(collect);
	core_err("no %s at %d\n", "device", 7);
	UNIT_ASSERT_INT(got_level, CORE_LOG_ERR);
	UNIT_ASSERT_STR(got, "fuse: no device at 7\n");
	core_debug("unique: %u\n", 5u);
	UNIT_ASSERT_INT(got_level, CORE_LOG_DEBUG);
	UNIT_ASSERT_STR(got, "unique: 5\n");
	core_log_set_func(NULL);
}

/* Runs emit with standard error going to a pipe; text gets what came out. */
static void capture(void (*emit)(void), char *text, size_t size)
{
	int saved = dup(STDERR_FILENO);
	int p[2];
	ssize_t n;

	CU_ASSERT_FATAL(saved >= 0 && pipe2(p, O_NONBLOCK) == 0);
	fflush(stderr);
	dup2(p[1], STDERR_FILENO);
	emit();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	n = read(p[0], text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	close(saved);
	close(p[0]);
	close(p[1]);
}

static void warn_once(void)
{
	core_warn("%s\n", "careful");
}

static void default_is_stderr(void)
{
	char text[64];

	capture(warn_once, text, sizeof(text));
	UNIT_ASSERT_STR(text, "fuse: careful\n");
	core_log_set_func(collect);
	core_log_set_func(NULL);
	capture(warn_once, text, sizeof(text));
	UNIT_ASSERT_STR(text, "fuse: careful\n");
}

/* LOG_PERROR makes syslog print to standard error as well, which is the part a test can see. */
static void to_syslog(void)
{
	core_log_to_syslog("ident", LOG_PERROR, LOG_USER);
	warn_once();
}

static void syslog_sink(void)
{
	char text[64];

	capture(to_syslog, text, sizeof(text));
	UNIT_ASSERT_STR(text, "ident: fuse: careful\n");
	core_log_close_syslog();
	capture(warn_once, text, sizeof(text));
	UNIT_ASSERT_STR(text, "fuse: careful\n");
}

static void close_syslog_keeps_func(void)
{
	core_log_to_syslog("ident", 0, LOG_USER);
	core_log_set_func(collect);
	core_log_close_syslog();
	got[0] = '\0';
	warn_once();
	UNIT_ASSERT_STR(got, "fuse: careful\n");
	core_log_set_func(NULL);
}

static _Thread_local int counted;

static void count_a(int level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	counted += va_arg(ap, int);
}

static void count_b(int level, const char *fmt, va_list ap)
{
	count_a(level, fmt, ap);
}

enum { MESSAGES = 20000 };

static void *chatter(void *arg)
{
	for (int i = 0; i < MESSAGES; i++)
		core_log(CORE_LOG_INFO, "%d\n", 1);
	*(int *)arg = counted;
	return NULL;
}

/* Every message reaches exactly one sink while the sink is swapped under the writer. */
static void swap_under_load(void)
{
	pthread_t thread;
	int total = 0;

	core_log_set_func(count_a);
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, chatter, &total) == 0);
	for (int i = 0; i < MESSAGES; i++)
		core_log_set_func(i % 2 ? count_a : count_b);
	pthread_join(thread, NULL);
	core_log_set_func(NULL);
	UNIT_ASSERT_INT(total, MESSAGES);
}

UNIT_SUITE(log, UNIT_TEST(custom_sink), UNIT_TEST(default_is_stderr), UNIT_TEST(syslog_sink),
	   UNIT_TEST(close_syslog_keeps_func), UNIT_TEST(swap_under_load));
