/* The ways to the library. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "priv.h"

/* ---- socket -------------------------------------------------------------------------------- */

struct socket_link {
	struct sk_link base;
	int fd;
};

static int fd_of(struct sk_link *l)
{
	return CORE_CONTAINER_OF(l, struct socket_link, base)->fd;
}

static int socket_send(struct sk_link *l, const void *msg, size_t len)
{
	ssize_t n = send(fd_of(l), msg, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == (ssize_t)len)
		return 0;
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		return -ENOTCONN;
	return n < 0 ? -errno : -EMSGSIZE;
}

static ssize_t socket_recv(struct sk_link *l, void *buf, size_t size, int ms)
{
	struct pollfd p = {.fd = fd_of(l), .events = POLLIN};
	ssize_t n;
	int ready = poll(&p, 1, ms);

	if (ready <= 0)
		return ready == 0 || errno == EINTR ? -ETIMEDOUT : -errno;
	n = recv(p.fd, buf, size, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	if (n > (ssize_t)size)
		return -EMSGSIZE;
	if (n > 0)
		n = recv(p.fd, buf, size, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -ETIMEDOUT : -ENOTCONN;
	return n == 0 ? -ENOTCONN : n;
}

static void socket_disconnect(struct sk_link *l, int err)
{
	(void)err; /* end of file is all a socket can say */
	shutdown(fd_of(l), SHUT_WR);
}

static void socket_refuse(struct sk_link *l, uint64_t unique, int err)
{
	(void)l;
	(void)unique;
	(void)err;
}

static void socket_free(struct sk_link *l)
{
	close(fd_of(l));
	free(CORE_CONTAINER_OF(l, struct socket_link, base));
}

struct sk_link *sk_link_socket(int fd)
{
	static const struct sk_link_ops ops = {socket_send, socket_recv, socket_disconnect,
					       socket_refuse, socket_free};
	struct socket_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->base.ops = &ops;
	l->fd = fd;
	return &l->base;
}

int sk_socketpair(int fds[2])
{
	static const int room = 2 * 1024 * 1024;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	for (int i = 0; i < 2; i++)
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return 0;
}
