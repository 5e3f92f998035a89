/*
 * Requests and directory entries as only FUSE 2 has them. The rest: core/front/reply.c.
 */
#include "internal.h"

SYMVER("fuse_req_ctx@FUSE_2.4") const struct fuse_ctx *fuse_req_ctx_24(fuse_req_t req);

const struct fuse_ctx *fuse_req_ctx_24(fuse_req_t req)
{
	return fuse_req_ctx(req);
}

/* ---- directory entries ------------------------------------------------------------------------ */

EXPORT size_t fuse_dirent_size(size_t namelen)
{
	return WIRE_DIRENT_ALIGN(sizeof(struct wire_dirent) + namelen);
}

EXPORT char *fuse_add_dirent(char *buf, const char *name, const struct stat *stbuf, off_t off)
{
	return buf + core_add_direntry(buf, SIZE_MAX, name, stbuf, off);
}
