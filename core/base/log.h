/*
 * Log messages of the core. One sink a library; the front-end can let the program set it
 * (fuse_set_log_func) and it falls back to standard error, each message prefixed "fuse: ".
 *
 * Thread-safe. A message is one line and ends with "\n" (the caller writes it).
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdarg.h>
#include "core/base/base.h"

/* Numbers are syslog's, which FUSE 3's public enum also uses. */
enum core_log_level {
	CORE_LOG_EMERG, CORE_LOG_ALERT, CORE_LOG_CRIT, CORE_LOG_ERR,
	CORE_LOG_WARNING, CORE_LOG_NOTICE, CORE_LOG_INFO, CORE_LOG_DEBUG,
};

typedef void (*core_log_func)(int level, const char *fmt, va_list ap);

/* Sets the sink; NULL goes back to standard error. */
void core_log_set_func(core_log_func func);

/*
 * Messages of level DEBUG go to the end of that file from now on; NULL: where all others go, and the
 * file is closed. 0, or -1 with errno.
 */
int core_log_debug_to(const char *path);

/* Sends messages to syslog(3) with this identity from now on (fuse_log_enable_syslog). */
void core_log_to_syslog(const char *ident, int option, int facility);
void core_log_close_syslog(void);

void core_log(enum core_log_level level, const char *fmt, ...) CORE_PRINTF(2, 3);
void core_vlog(enum core_log_level level, const char *fmt, va_list ap);

#define core_err(...)   core_log(CORE_LOG_ERR, "fuse: " __VA_ARGS__)
#define core_warn(...)  core_log(CORE_LOG_WARNING, "fuse: " __VA_ARGS__)
#define core_debug(...) core_log(CORE_LOG_DEBUG, __VA_ARGS__)

#endif
