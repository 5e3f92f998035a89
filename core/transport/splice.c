/*
 * Answers whose data is behind a descriptor, spliced from there to the device through a pipe: one
 * copy less. docs/transport.md, "Splice".
 *
 * The length stands in the header, which goes first, so it has to be known before. A source that
 * gives less than it was asked for (the end of the file) is read again by the caller, so only
 * sources with a position are taken. The pipe is empty between answers; one that may not be is
 * closed, and another one made.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/transport/splice.h"

#define MOST_PAGES 1024
#define IN_A_ROW   4   /* failures, then it is left alone ... */
#define LEFT_ALONE 256 /* ... for so many answers */

void core_splice_close(struct core_splice *s)
{
	if (s->made) {
		close(s->in);
		close(s->out);
	}
	s->made = false;
}

/* A pipe with room for size bytes and the header. */
static bool have_pipe(struct core_splice *s, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t want = size + 2 * page; /* the header's, and where data begins inside a page */
	int fd[2], got;

	if (want > MOST_PAGES * page || (s->most && want > s->most))
		return false;
	if (!s->made) {
		if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
			return false;
		s->out = fd[0];
		s->in = fd[1];
		s->room = 16 * page;
		s->made = true;
	}
	if (want > s->room) {
		got = fcntl(s->in, F_SETPIPE_SZ, (int)want);
		if (got < 0)
			s->most = want - 1; /* fs.pipe-max-size, or the user's share of it */
		else
			s->room = (size_t)got;
	}
	return want <= s->room;
}

static bool fill(struct core_splice *s, const struct core_buf *b)
{
	loff_t pos = b->pos;
	size_t done = 0;

	while (done < b->size) {
		ssize_t n = splice(b->fd, &pos, s->in, NULL, b->size - done, SPLICE_F_NONBLOCK);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

int core_splice_reply(struct core_splice *s, int dev, struct wire_out_header *hdr,
		      const struct core_buf *b, bool move)
{
	int res = -EAGAIN;
	ssize_t n;

	if (atomic_exchange_explicit(&s->busy, true, memory_order_acquire))
		return -EAGAIN;
	if (s->skip) {
		s->skip--;
	} else if (have_pipe(s, b->size)) {
		hdr->len = (uint32_t)(sizeof(*hdr) + b->size);
		if (write(s->in, hdr, sizeof(*hdr)) == (ssize_t)sizeof(*hdr) && fill(s, b)) {
			n = splice(s->out, NULL, dev, NULL, hdr->len, move ? SPLICE_F_MOVE : 0);
			res = n == (ssize_t)hdr->len ? 0 : n < 0 ? -errno : -EIO;
			s->failed = 0;
		} else if (++s->failed >= IN_A_ROW) {
			s->failed = 0;
			s->skip = LEFT_ALONE;
		}
		if (res)
			core_splice_close(s);
	}
	atomic_store_explicit(&s->busy, false, memory_order_release);
	return res;
}
