/*
 * On the core's direct memory transport: front-end and core are linked in, and no byte is copied.
 */
#if FUSE_USE_VERSION < 30
#include "fuse2/internal.h"
#else
#include "fuse3/internal.h"
#endif
#include <stdlib.h>

#include "core/transport/transport.h"
#include "core/workers/pool.h"
#include "instr.h"
#include "join.h"

static const void *next(void *user, size_t *len)
{
	(void)user;
	return feed_next(len);
}

static int sink(void *user, const struct iovec *iov, int niov)
{
	(void)user;
	return feed_reply(iov, niov);
}

static struct core_transport *transport(void)
{
	const struct core_mem_direct direct = {next, sink, NULL};
	struct core_transport *t;

	return core_transport_memory_direct(&direct, &t) ? NULL : t;
}

#if FUSE_USE_VERSION < 30
struct fuse_chan *join_chan(void)
{
	struct fuse_chan *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return NULL;
	ch->fd = -1;
	ch->t = transport();
	return ch;
}
#else
int join_session(struct fuse_session *se)
{
	struct core_transport *t = transport();

	if (!t)
		return -1;
	core_session_attach(se->cs, t);
	return 0;
}
#endif

int join_loop(struct fuse_session *se, struct fuse *f, bool mt)
{
	const struct core_pool_config one = {.floor = 1, .ceiling = 1};

	if (f)
		return mt ? core_fs_loop_mt(f->core, &one) : core_fs_loop(f->core);
	return mt ? core_session_loop_mt(se->cs, &one) : core_session_loop(se->cs);
}
