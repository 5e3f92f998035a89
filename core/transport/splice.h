/*
 * A pipe between files and the device, for answers. It belongs to a channel; a second answer on it
 * at the same time is sent away with -EAGAIN. Zeroed is a good beginning.
 */
#ifndef CORE_TRANSPORT_SPLICE_H
#define CORE_TRANSPORT_SPLICE_H

#include <stdatomic.h>
#include "core/base/bufvec.h"
#include "core/wire/wire.h"

struct core_splice {
	_Atomic bool busy;
	bool made;
	int in, out;
	size_t room, most; /* bytes; most: what was refused is more than this (0: nothing was) */
	unsigned failed, skip;
};

/*
 * Sends header and data, which is behind a descriptor at a position. -EAGAIN: nothing was sent, and
 * nothing read that could not be read again. Else as reply() of a transport.
 */
int core_splice_reply(struct core_splice *s, int dev, struct wire_out_header *hdr,
		      const struct core_buf *data, bool move);
void core_splice_close(struct core_splice *s);

#endif
