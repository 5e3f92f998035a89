/*
 * Going to the background, as fuse_daemonize() promises.
 */
#ifndef CORE_BASE_DAEMON_H
#define CORE_BASE_DAEMON_H

/*
 * Foreground: only changes to "/". Else: forks, the parent exits 0 once the child is set up
 * (new session, "/", standard descriptors on /dev/null). Must run before threads are made.
 * 0, or -errno (logged).
 */
int core_daemonize(int foreground);

#endif
