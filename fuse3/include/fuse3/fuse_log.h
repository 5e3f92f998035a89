/*
 * Where the library's messages go.
 *
 * May be included alone; needs no FUSE_USE_VERSION.
 */
#ifndef FUSE_LOG_H_
#define FUSE_LOG_H_

#include <stdarg.h>

#include "fuse_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How important a message is; the numbers are those of syslog(3). Since 3.7. */
enum fuse_log_level {
	/** Not used by the library. */
	FUSE_LOG_EMERG,
	FUSE_LOG_ALERT,
	FUSE_LOG_CRIT,
	/** Something has failed. */
	FUSE_LOG_ERR,
	/** Something is not as it should be, but goes on. */
	FUSE_LOG_WARNING,
	/** Worth knowing. */
	FUSE_LOG_NOTICE,
	FUSE_LOG_INFO,
	/** Requests and replies, with -d. */
	FUSE_LOG_DEBUG
};

/**
 * Writes a message. May be called in several threads at the same time.
 *
 * @param level  how important it is
 * @param fmt    as for printf; a line end, if wanted, is part of it
 * @param ap     the arguments of fmt
 * Since 3.7.
 */
typedef void (*fuse_log_func_t)(enum fuse_log_level level, const char *fmt, va_list ap);

/**
 * Has messages written by func instead of to standard error; NULL: to standard error again. To be
 * called before any other function of the library.
 * Since 3.7.
 */
void fuse_set_log_func(fuse_log_func_t func);

/**
 * Writes a message, in the way set with fuse_set_log_func().
 * Since 3.7.
 */
void fuse_log(enum fuse_log_level level, const char *fmt, ...);

#if FUSE3_ABI >= 4
/**
 * Sends messages to the system's log from now on.
 *
 * @param ident     in front of each message, as for openlog(3); belongs to the caller and must stay
 * @param option    LOG_* options of openlog(3)
 * @param facility  LOG_* facility of openlog(3)
 * Since 3.17.
 */
void fuse_log_enable_syslog(const char *ident, int option, int facility);

/** Ends that: messages go to standard error again. Since 3.17. */
void fuse_log_close_syslog(void);
#endif

#ifdef __cplusplus
}
#endif

#endif
