/*
 * Character devices in user space (CUSE): a session on /dev/cuse instead of /dev/fuse.
 *
 * The kernel begins with CUSE_INIT instead of INIT; its answer describes the device, which then
 * exists for as long as the connection. What follows are the operations of one open file: OPEN,
 * READ, WRITE, FLUSH, RELEASE, FSYNC, IOCTL and POLL, about node 0. They arrive in the session's
 * ordinary table of operations; what else a kernel might send is answered as by any session that
 * lacks the operation.
 */
#ifndef CORE_SESSION_CUSE_H
#define CORE_SESSION_CUSE_H

#include "core/session/session.h"

#define CORE_CUSE_INFO_MAX 4096 /* bytes of all strings together: the kernel's limit */

struct core_cuse_device {
	unsigned dev_major, dev_minor; /* 0, 0: the kernel chooses */
	unsigned flags;                /* WIRE_CUSE_*, handed on as they are */
	unsigned info_count;
	const char *const *info; /* "KEY=value", one of them DEVNAME */
	uint32_t max_write;      /* bytes, unless the session's configuration says otherwise */
	void (*init_done)(void *userdata); /* the answer to CUSE_INIT is out; or NULL */
};

/*
 * Makes se a device's session; the description is copied. Before the loop begins.
 * 0, or -EINVAL, -E2BIG (more than CORE_CUSE_INFO_MAX bytes), -ENOMEM (logged).
 */
int core_session_make_cuse(struct core_session *se, const struct core_cuse_device *dev);

/* A descriptor of /dev/cuse, above 2 and closed on exec, or -errno (logged, with what to do). */
int core_cuse_open(void);

#endif
