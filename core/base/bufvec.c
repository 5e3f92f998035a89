#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include "core/base/bufvec.h"

/*
 * A copy is a sequence of pieces: the longest run that lies in one buffer of each side. Each
 * piece ends in one of four ways (memory or descriptor on either side), all of which return bytes
 * done (fewer than asked for ends the whole copy) or negative errno if there were none.
 */

enum { BOUNCE_SIZE = 16 * 1024 }; /* descriptor to descriptor without splice; on the stack */

/* What is left of a vector's current buffer. */
struct piece {
	const struct core_buf *buf;
	size_t off; /* into buf */
	size_t len;
};

size_t core_bufvec_size(const struct core_bufvec *v)
{
	size_t size = 0;

	for (size_t i = 0; i < v->count; i++)
		if (!core_add_size(size, v->buf[i].size, &size))
			return SIZE_MAX;
	return size;
}

/* False at the end. A piece may be empty. */
static bool current_piece(const struct core_bufvec *v, struct piece *p)
{
	const struct core_buf *buf;

	if (v->idx >= v->count)
		return false;
	buf = &v->buf[v->idx];
	*p = (struct piece){buf, v->off, v->off < buf->size ? buf->size - v->off : 0};
	return true;
}

/* False if that was the end; off then stays, see bufvec.h. */
static bool advance(struct core_bufvec *v, size_t n)
{
	v->off += n;
	if (v->off < v->buf[v->idx].size)
		return true;
	if (++v->idx >= v->count)
		return false;
	v->off = 0;
	return true;
}

static bool is_fd(const struct piece *p)
{
	return p->buf->flags & CORE_BUF_IS_FD;
}

static bool retries(const struct piece *p)
{
	return p->buf->flags & CORE_BUF_FD_RETRY;
}

static char *memory_at(const struct piece *p)
{
	return (char *)p->buf->mem + p->off;
}

/* A descriptor without FD_SEEK goes by its own position. */
static ssize_t read_once(const struct piece *p, size_t done, char *mem, size_t len)
{
	ssize_t n = p->buf->flags & CORE_BUF_FD_SEEK
			    ? pread(p->buf->fd, mem, len, p->buf->pos + (off_t)(p->off + done))
			    : read(p->buf->fd, mem, len);

	return n < 0 ? -errno : n;
}

static ssize_t write_once(const struct piece *p, size_t done, char *mem, size_t len)
{
	ssize_t n = p->buf->flags & CORE_BUF_FD_SEEK
			    ? pwrite(p->buf->fd, mem, len, p->buf->pos + (off_t)(p->off + done))
			    : write(p->buf->fd, mem, len);

	return n < 0 ? -errno : n;
}

/*
 * Moves len bytes between memory and the piece, from done bytes into it, by read_once() or
 * write_once(); a short turn ends it unless it is to be retried.
 */
static ssize_t move_piece(const struct piece *p, size_t done, char *mem, size_t len, bool retry,
			  ssize_t (*once)(const struct piece *, size_t, char *, size_t))
{
	size_t moved = 0;

	while (moved < len) {
		ssize_t n = once(p, done + moved, mem + moved, len - moved);

		if (n < 0 && moved == 0)
			return n;
		if (n <= 0)
			break;
		moved += (size_t)n;
		if (!retry)
			break;
	}
	return (ssize_t)moved;
}

static ssize_t read_piece(const struct piece *p, size_t done, char *mem, size_t len)
{
	return move_piece(p, done, mem, len, retries(p), read_once);
}

static ssize_t write_piece(const struct piece *p, size_t done, char *mem, size_t len, bool retry)
{
	return move_piece(p, done, mem, len, retry, write_once);
}

/*
 * What came out of a source without a position exists only in our buffer, so a short write is
 * retried even if the caller did not ask for it.
 */
static ssize_t bounce(const struct piece *dst, const struct piece *src, size_t len)
{
	bool retry_write = retries(dst) || !(src->buf->flags & CORE_BUF_FD_SEEK);
	char buffer[BOUNCE_SIZE];
	size_t copied = 0;

	while (copied < len) {
		size_t want = len - copied < sizeof(buffer) ? len - copied : sizeof(buffer);
		ssize_t got = read_piece(src, copied, buffer, want);
		ssize_t put =
			got > 0 ? write_piece(dst, copied, buffer, (size_t)got, retry_write) : got;

		if (put < 0 && copied == 0)
			return put;
		if (put <= 0)
			break;
		copied += (size_t)put;
		if ((size_t)put < want)
			break;
	}
	return (ssize_t)copied;
}

static unsigned splice_flags(int flags)
{
	return (flags & CORE_BUF_SPLICE_MOVE ? SPLICE_F_MOVE : 0) |
	       (flags & CORE_BUF_SPLICE_NONBLOCK ? SPLICE_F_NONBLOCK : 0);
}

static ssize_t splice_once(const struct piece *dst, const struct piece *src, size_t done,
			   size_t len, int flags)
{
	off_t src_pos = src->buf->pos + (off_t)(src->off + done);
	off_t dst_pos = dst->buf->pos + (off_t)(dst->off + done);
	ssize_t n = splice(src->buf->fd, src->buf->flags & CORE_BUF_FD_SEEK ? &src_pos : NULL,
			   dst->buf->fd, dst->buf->flags & CORE_BUF_FD_SEEK ? &dst_pos : NULL, len,
			   splice_flags(flags));

	return n < 0 ? -errno : n;
}

/*
 * Whether the kernel can splice these two is found out by trying: it says EINVAL before it has
 * moved anything (no pipe among them, O_APPEND, a file system without splice).
 */
static ssize_t splice_piece(const struct piece *dst, const struct piece *src, size_t len, int flags)
{
	size_t copied = 0;

	while (copied < len) {
		ssize_t n = splice_once(dst, src, copied, len - copied, flags);

		if (n < 0 && copied == 0) {
			if ((n == -EINVAL || n == -ENOSYS) && !(flags & CORE_BUF_FORCE_SPLICE))
				return bounce(dst, src, len);
			return n;
		}
		if (n <= 0)
			break;
		copied += (size_t)n;
		if (!retries(src) && !retries(dst))
			break;
	}
	return (ssize_t)copied;
}

static ssize_t copy_piece(const struct piece *dst, const struct piece *src, size_t len, int flags)
{
	if (is_fd(src) && is_fd(dst))
		return flags & CORE_BUF_NO_SPLICE ? bounce(dst, src, len)
						  : splice_piece(dst, src, len, flags);
	if (is_fd(src))
		return read_piece(src, 0, memory_at(dst), len);
	if (is_fd(dst))
		return write_piece(dst, 0, memory_at(src), len, retries(dst));
	if (len > 0) /* an empty buffer may be NULL */
		memmove(memory_at(dst), memory_at(src), len);
	return (ssize_t)len;
}

ssize_t core_bufvec_copy(struct core_bufvec *dst, struct core_bufvec *src, int flags)
{
	size_t copied = 0;
	struct piece from, to;

	while (current_piece(src, &from) && current_piece(dst, &to) && copied < SSIZE_MAX) {
		size_t len = from.len < to.len ? from.len : to.len;
		ssize_t n;

		if (len > SSIZE_MAX - copied)
			len = SSIZE_MAX - copied;
		n = copy_piece(&to, &from, len, flags);
		if (n < 0 && copied == 0)
			return n;
		if (n < 0)
			break;
		copied += (size_t)n;
		if (!advance(src, (size_t)n) || !advance(dst, (size_t)n) || (size_t)n < len)
			break;
	}
	return (ssize_t)copied;
}
