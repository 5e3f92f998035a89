/*
 * Backing files (7.40): a file of the process's that the kernel reads and writes in place of one of
 * the file system's. The kernel knows them by number, per connection.
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

struct backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};
#define IOC_BACKING_OPEN  _IOW(229, 1, struct backing_map)
#define IOC_BACKING_CLOSE _IOW(229, 2, uint32_t)

/* The connection's descriptor, or -errno. */
static int connection(struct core_session *se)
{
	int fd;

	if (!(se->caps & WIRE_CAP(PASSTHROUGH))) {
		core_err("passthrough is not agreed with the kernel: want FUSE_CAP_PASSTHROUGH in "
			 "init(), where it is offered (Linux 6.9)\n");
		return -EOPNOTSUPP;
	}
	fd = se->t ? se->t->ops->fd(se->t) : -1;
	return fd < 0 ? -ENOTCONN : fd;
}

int core_backing_register(struct core_session *se, int fd)
{
	struct backing_map map = {.fd = fd};
	int conn = connection(se), id;

	if (conn < 0)
		return conn;
	id = ioctl(conn, IOC_BACKING_OPEN, &map);
	return id > 0 ? id : id < 0 ? -errno : -EIO;
}

int core_backing_open(struct core_session *se, int fd)
{
	int id = connection(se);

	if (id < 0)
		return id;
	id = core_backing_register(se, fd);
	if (id > 0)
		return id;
	core_err("cannot make file descriptor %d a backing file: %s%s\n", fd, strerror(-id),
		 id == -EPERM   ? " (it needs CAP_SYS_ADMIN)"
		 : id == -ELOOP ? " (its file system is stacked on others: see "
				  "max_backing_stack_depth)"
				: "");
	return id;
}

int core_backing_close(struct core_session *se, int id)
{
	uint32_t number = (uint32_t)id;
	int conn = connection(se), err;

	if (conn < 0)
		return conn;
	if (ioctl(conn, IOC_BACKING_CLOSE, &number) == 0)
		return 0;
	err = errno;
	core_err("cannot close backing file %d: %s\n", id, strerror(err));
	return -err;
}
