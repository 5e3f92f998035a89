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

enum core_buf_flags {
	CORE_BUF_IS_FD    = 1 << 1, /* data is in fd, not mem */
	CORE_BUF_FD_SEEK  = 1 << 2, /* read or write at pos instead of the current offset */
	CORE_BUF_FD_RETRY = 1 << 3, /* go on after short reads and writes until size or end of file */
};

enum core_buf_copy_flags {
	CORE_BUF_NO_SPLICE       = 1 << 1,
	CORE_BUF_FORCE_SPLICE    = 1 << 2,
	CORE_BUF_SPLICE_MOVE     = 1 << 3,
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
	size_t count;          /* buffers in buf */
	size_t idx;            /* current one */
	size_t off;            /* offset in the current one */
	struct core_buf buf[1];
};

#define CORE_BUFVEC_INIT(size_) \
	((struct core_bufvec){ 1, 0, 0, { { (size_), 0, NULL, -1, 0 } } })

/* Bytes from the start of the vector to its end; SIZE_MAX on overflow. */
size_t core_bufvec_size(const struct core_bufvec *v);

/*
 * Copies from src to dst until one ends, advancing idx and off of both.
 * Returns bytes copied (may be short), or negative errno if nothing was copied.
 */
ssize_t core_bufvec_copy(struct core_bufvec *dst, struct core_bufvec *src, int flags);

#endif
