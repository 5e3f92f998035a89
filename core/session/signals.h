/*
 * The termination signals of a program with sessions.
 *
 * SIGHUP, SIGINT and SIGTERM end every registered session's loop, SIGPIPE is ignored; each only
 * where the program has left the default in place, and what was changed is put back when the
 * last session is removed, if it is still ours.
 */
#ifndef CORE_SESSION_SIGNALS_H
#define CORE_SESSION_SIGNALS_H

#include "core/session/session.h"

/*
 * A fault of the program (SIGABRT, SIGSEGV and their like, where their action is the default one)
 * writes the calls that led there to standard error before the process dies by it. Undone when the
 * last session is removed; a session need not have been added before. 0, or -errno (logged).
 */
int core_signals_add_fail(void);

/* 0, or -errno (logged). */
int core_signals_add(struct core_session *se);
void core_signals_remove(struct core_session *se);

#endif
