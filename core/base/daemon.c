#include "core/base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"

static int to_null(void)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	return 0;
}

int core_daemonize(int foreground)
{
	int ready[2], res;
	char done = 0;

	if (foreground)
		return chdir("/") ? -errno : 0;
	if (pipe2(ready, O_CLOEXEC)) {
		res = -errno;
		core_err("daemonize: pipe: %s\n", strerror(-res));
		return res;
	}
	switch (fork()) {
	case -1:
		res = -errno;
		core_err("daemonize: fork: %s\n", strerror(-res));
		close(ready[0]);
		close(ready[1]);
		return res;
	case 0:
		break;
	default:
		/* The child is its own session before the caller's shell goes on. */
		close(ready[1]);
		res = (int)read(ready[0], &done, sizeof(done));
		_exit(res == 1 ? 0 : 1);
	}
	close(ready[0]);
	res = setsid() == -1 ? -errno : 0;
	if (!res && chdir("/"))
		res = -errno;
	if (!res)
		res = to_null();
	if (res)
		core_err("daemonize: %s\n", strerror(-res));
	else if (write(ready[1], "1", 1) != 1)
		res = -EIO;
	close(ready[1]);
	return res;
}
