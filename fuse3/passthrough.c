/*
 * Files that the kernel reads and writes itself.
 */
#include "fuse3/internal.h"

#if FUSE3_ABI >= 4

EXPORT int fuse_passthrough_open(fuse_req_t req, int fd)
{
	struct core_req *r = req_of(req);
	int id = r ? core_backing_open(core_req_session(r), fd) : STALE;

	return id > 0 ? id : 0;
}

EXPORT int fuse_passthrough_close(fuse_req_t req, int backing_id)
{
	struct core_req *r = req_of(req);

	return r ? core_backing_close(core_req_session(r), backing_id) : STALE;
}

#endif
