/*
 * Buffer vectors: data that is in memory or behind a file descriptor, and copying between them.
 *
 * Layout of struct core_buf is that of FUSE 2.9 and FUSE 3.0 to 3.16 (40 bytes); a front-end
 * whose struct is longer converts.
 */
#ifndef CORE_BASE_BUFVEC_H
#define CORE_BASE_BUFVEC_H

#include <sys/types.h>
#include "core/base/base.h"

/* FD_RETRY: go on after short reads and writes until size or end of file. */
enum core_buf_flags {
	CORE_BUF_IS_FD = 1 << 1,   /* data is in fd, not mem */
	CORE_BUF_FD_SEEK = 1 << 2, /* read or write at pos instead of the current offset */
	CORE_BUF_FD_RETRY = 1 << 3,
};

enum core_buf_copy_flags {
	CORE_BUF_NO_SPLICE = 1 << 1,
	CORE_BUF_FORCE_SPLICE = 1 << 2,
	CORE_BUF_SPLICE_MOVE = 1 << 3,
	CORE_BUF_SPLICE_NONBLOCK = 1 << 4,
};

struct core_buf {
	size_t size;
	int flags;
	void *mem;
	int fd;
	off_t pos;
};

struct core_bufvec {
	size_t count; /* buffers in buf */
	size_t idx;   /* current one */
	size_t off;   /* offset in the current one */
	struct core_buf buf[1];
};

#define CORE_BUFVEC_INIT(size_) ((struct core_bufvec){1, 0, 0, {{(size_), 0, NULL, -1, 0}}})

/* Bytes of all buffers, whatever idx and off say; SIZE_MAX if the sum does not fit. */
size_t core_bufvec_size(const struct core_bufvec *v);

/*
 * Copies from src to dst until one ends, or a read or write was short. Memory may overlap within
 * one pair of buffers.
 *
 * Descriptors are read and written as they are: EINTR and EAGAIN are not retried, FD_RETRY only
 * goes on after short transfers. Between two descriptors splice is tried, unless NO_SPLICE;
 * where the kernel cannot splice, data go through a buffer, unless FORCE_SPLICE. What was read
 * from a source without FD_SEEK is lost if it then cannot be written.
 *
 * Advances idx and off of both, with one exception that callers of the public function may rely
 * on: once src has ended (src->idx == src->count, off left at the last buffer's size), dst is
 * not advanced over the last piece, so that a vector copied to in full can be used again.
 *
 * Returns bytes copied (at most SSIZE_MAX), or negative errno if nothing was copied.
 */
ssize_t core_bufvec_copy(struct core_bufvec *dst, struct core_bufvec *src, int flags);

#endif
