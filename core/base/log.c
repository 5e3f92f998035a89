#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <syslog.h>
#include "core/base/log.h"

/*
 * The sink is one atomic pointer, so that a message sees the old or the new one and never blocks
 * on whoever sets it. A message under way in another thread may still reach the old sink after
 * core_log_set_func has returned.
 */
static void log_stderr(int level, const char *fmt, va_list ap)
{
	(void)level;
	/* One call: stdio locks the stream for it, so lines of threads do not mix. */
	vfprintf(stderr, fmt, ap);
}

static void log_syslog(int level, const char *fmt, va_list ap)
{
	vsyslog(level, fmt, ap);
}

static _Atomic(core_log_func) sink = log_stderr;

void core_log_set_func(core_log_func func)
{
	atomic_store(&sink, func ? func : log_stderr);
}

/* A leaf lock; only taken while there is such a file. */
static pthread_mutex_t debug_lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *debug_file;
static atomic_bool debug_apart;

int core_log_debug_to(const char *path)
{
	FILE *file = path ? fopen(path, "ae") : NULL;

	if (path && !file)
		return -1;
	if (file)
		setlinebuf(file);
	pthread_mutex_lock(&debug_lock);
	if (debug_file)
		fclose(debug_file);
	debug_file = file;
	atomic_store(&debug_apart, file != NULL);
	pthread_mutex_unlock(&debug_lock);
	return 0;
}

static bool log_apart(const char *fmt, va_list ap)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&debug_lock);

	if (debug_file)
		vfprintf(debug_file, fmt, ap);
	return debug_file != NULL;
}

void core_log_to_syslog(const char *ident, int option, int facility)
{
	openlog(ident, option, facility);
	atomic_store(&sink, log_syslog);
}

void core_log_close_syslog(void)
{
	core_log_func expected = log_syslog;

	/* Only takes back its own sink: a function set since then stays. */
	atomic_compare_exchange_strong(&sink, &expected, log_stderr);
	closelog();
}

void core_vlog(enum core_log_level level, const char *fmt, va_list ap)
{
	core_log_func func = atomic_load(&sink);

	if (level == CORE_LOG_DEBUG && atomic_load(&debug_apart) && log_apart(fmt, ap))
		return;
	func((int)level, fmt, ap);
}

void core_log(enum core_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	core_vlog(level, fmt, ap);
	va_end(ap);
}
