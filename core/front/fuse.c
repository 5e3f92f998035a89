/*
 * struct fuse: what is asked of it and in its operations in the same way in both APIs.
 */
#include "internal.h"

EXPORT struct fuse_session *fuse_get_session(struct fuse *f)
{
	return f->se;
}

EXPORT void fuse_exit(struct fuse *f)
{
	fuse_session_exit(f->se);
}

EXPORT int fuse_interrupted(void)
{
	struct core_req *req = core_req_current();

	return req ? core_req_interrupted(req) : 0;
}

EXPORT int fuse_notify_poll(struct fuse_pollhandle *ph)
{
	return fuse_lowlevel_notify_poll(ph);
}

EXPORT int fuse_start_cleanup_thread(struct fuse *f)
{
	return core_fs_start_cleanup_thread(f->core) ? -1 : 0;
}

EXPORT void fuse_stop_cleanup_thread(struct fuse *f)
{
	core_fs_stop_cleanup_thread(f->core);
}

EXPORT int fuse_clean_cache(struct fuse *f)
{
	return core_fs_clean_cache(f->core);
}
