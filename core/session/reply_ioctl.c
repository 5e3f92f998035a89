/*
 * ioctl replies: results, and the retry with the caller's memory described by iovecs.
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <string.h>

int core_reply_ioctl(struct core_req *req, int result, const void *buf, size_t size)
{
	struct iovec one = { (void *)buf, size };

	return core_reply_ioctl_iov(req, result, &one, size ? 1 : 0);
}

int core_reply_ioctl_iov(struct core_req *req, int result, const struct iovec *iov, int count)
{
	struct wire_ioctl_out out = { .result = result };
	struct iovec *v CLEANUP_FREE = NULL;
	struct iovec few[10];
	size_t size = 0;

	for (int i = 0; i < count; i++)
		size += iov[i].iov_len;
	if (size > req->out_limit) {
		core_err("the file system answered an ioctl with %zu bytes, there is room for %u; "
			 "the caller gets EIO\n", size, req->out_limit);
		return core_reply_err(req, EIO);
	}
	if (!req_claim(req))
		return -EALREADY;
	if (count + 2 > (int)CORE_ARRAY_SIZE(few)) {
		v = calloc((size_t)count + 2, sizeof(*v));
		if (!v)
			return reply_send(req, -ENOMEM, NULL, 0);
	}
	struct iovec *p = v ? v : few;

	p[1].iov_base = &out;
	p[1].iov_len = sizeof(out);
	if (count > 0)
		memcpy(p + 2, iov, (size_t)count * sizeof(*iov));
	return reply_send_iov(req, 0, p, count + 2);
}

/* The caller's iovecs as the kernel takes them: fixed width since 7.16, native before. */
static size_t put_iovecs(struct core_req *req, char *buf, const struct iovec *iov, size_t n)
{
	struct wire_ioctl_iovec *w = (void *)buf;

	if (session_minor(req->se) < 16) {
		memcpy(buf, iov, n * sizeof(*iov));
		return n * sizeof(*iov);
	}
	for (size_t i = 0; i < n; i++) {
		w[i].base = (uintptr_t)iov[i].iov_base;
		w[i].len = iov[i].iov_len;
	}
	return n * sizeof(*w);
}

int core_reply_ioctl_retry(struct core_req *req, const struct iovec *in, size_t in_count,
			   const struct iovec *out, size_t out_count)
{
	struct wire_ioctl_out head = {
		.flags = WIRE_IOCTL_RETRY,
		.in_iovs = (uint32_t)in_count,
		.out_iovs = (uint32_t)out_count,
	};
	char *buf CLEANUP_FREE = NULL;
	struct iovec iov[3];
	size_t len;

	if (in_count + out_count > WIRE_IOCTL_MAX_IOV) {
		core_err("an ioctl retry may name %d pieces of memory, the file system named %zu\n",
			 WIRE_IOCTL_MAX_IOV, in_count + out_count);
		return core_reply_err(req, ENOMEM);
	}
	buf = malloc((in_count + out_count + 1) * sizeof(struct wire_ioctl_iovec));
	if (!buf)
		return core_reply_err(req, ENOMEM);
	len = put_iovecs(req, buf, in, in_count);
	len += put_iovecs(req, buf + len, out, out_count);
	if (!req_claim(req))
		return -EALREADY;
	iov[1].iov_base = &head;
	iov[1].iov_len = sizeof(head);
	iov[2].iov_base = buf;
	iov[2].iov_len = len;
	return reply_send_iov(req, 0, iov, len ? 3 : 2);
}
