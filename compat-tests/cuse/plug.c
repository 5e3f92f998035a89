/*
 * For LD_PRELOAD: a program that opens /dev/cuse gets a connection to the socket named by
 * CUSE_KERNEL, where a simulated kernel listens (kernel.c). Each open is a connection of its own.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path, int flags)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int size = 1 << 20;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | (flags & O_CLOEXEC ? SOCK_CLOEXEC : 0), 0);

	if (fd < 0)
		return -1;
	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (connect(fd, (void *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	errno = ENODEV;
	return -1;
}

/* -2: not what we are here for. */
static int plug(const char *path, int flags)
{
	const char *kernel = getenv("CUSE_KERNEL");

	return kernel && path && !strcmp(path, "/dev/cuse") ? connect_to(kernel, flags) : -2;
}

#define MODE(flags, mode)                                                                          \
	do {                                                                                       \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		if ((flags) & (O_CREAT | __O_TMPFILE))                                             \
			mode = va_arg(ap, mode_t);                                                 \
		va_end(ap);                                                                        \
	} while (0)

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...);                                                \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		int (*next)(const char *, int, ...), fd = plug(path, flags);                       \
		mode_t mode = 0;                                                                   \
                                                                                                   \
		MODE(flags, mode);                                                                 \
		*(void **)&next = dlsym(RTLD_NEXT, #name);                                         \
		return fd != -2 ? fd : next(path, flags, mode);                                    \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
	int name(int dir, const char *path, int flags, ...);                                       \
	int name(int dir, const char *path, int flags, ...)                                        \
	{                                                                                          \
		int (*next)(int, const char *, int, ...), fd = plug(path, flags);                  \
		mode_t mode = 0;                                                                   \
                                                                                                   \
		MODE(flags, mode);                                                                 \
		*(void **)&next = dlsym(RTLD_NEXT, #name);                                         \
		return fd != -2 ? fd : next(dir, path, flags, mode);                               \
	}
OPENAT(openat)
OPENAT(openat64)

/* What a call becomes with _FORTIFY_SOURCE. */
#define OPEN_2(name, plain)                                                                        \
	int name(const char *path, int flags);                                                     \
	int name(const char *path, int flags)                                                      \
	{                                                                                          \
		return plain(path, flags);                                                         \
	}
OPEN_2(__open_2, open)
OPEN_2(__open64_2, open64)
