/*
 * Replies, requests, directory entries and notifications: handles become requests, the rest is the
 * core's.
 */
#include "internal.h"

/* ---- replies ------------------------------------------------------------------------------------
 */

EXPORT int fuse_reply_err(fuse_req_t req, int err)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_err(r, err) : STALE;
}

EXPORT void fuse_reply_none(fuse_req_t req)
{
	struct core_req *r = req_of(req);

	if (r)
		core_reply_none(r);
}

EXPORT int fuse_reply_entry(fuse_req_t req, const struct fuse_entry_param *e)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_entry(r, (const struct core_entry_param *)e) : STALE;
}

EXPORT int fuse_reply_create(fuse_req_t req, const struct fuse_entry_param *e,
			     const struct fuse_file_info *fi)
{
	struct core_req *r = req_of(req);
	struct core_file_info cfi = {0};

	fi_from_public(&cfi, fi);
	return r ? core_reply_create(r, (const struct core_entry_param *)e, &cfi) : STALE;
}

EXPORT int fuse_reply_attr(fuse_req_t req, const struct stat *attr, double attr_timeout)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_attr(r, attr, attr_timeout) : STALE;
}

EXPORT int fuse_reply_readlink(fuse_req_t req, const char *link)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_readlink(r, link) : STALE;
}

EXPORT int fuse_reply_open(fuse_req_t req, const struct fuse_file_info *fi)
{
	struct core_req *r = req_of(req);
	struct core_file_info cfi = {0};

	fi_from_public(&cfi, fi);
	return r ? core_reply_open(r, &cfi) : STALE;
}

EXPORT int fuse_reply_write(fuse_req_t req, size_t count)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_write(r, count) : STALE;
}

EXPORT int fuse_reply_buf(fuse_req_t req, const char *buf, size_t size)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_buf(r, buf, size) : STALE;
}

EXPORT int fuse_reply_iov(fuse_req_t req, const struct iovec *iov, int count)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_iov(r, iov, count) : STALE;
}

EXPORT int fuse_reply_data(fuse_req_t req, struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags)
{
	struct core_req *r = req_of(req);
	struct core_bufvec *v;
	int res;

	if (!r)
		return STALE;
	v = bufv_core_begin(bufv);
	if (!v)
		return core_reply_err(r, ENOMEM);
	res = core_reply_data(r, v, (int)flags);
	bufv_core_end(v, bufv);
	return res;
}

EXPORT int fuse_reply_statfs(fuse_req_t req, const struct statvfs *stbuf)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_statfs(r, stbuf) : STALE;
}

EXPORT int fuse_reply_xattr(fuse_req_t req, size_t count)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_xattr(r, count) : STALE;
}

EXPORT int fuse_reply_lock(fuse_req_t req, const struct flock *lock)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_lock(r, lock) : STALE;
}

EXPORT int fuse_reply_bmap(fuse_req_t req, uint64_t idx)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_bmap(r, idx) : STALE;
}

EXPORT int fuse_reply_ioctl(fuse_req_t req, int result, const void *buf, size_t size)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_ioctl(r, result, buf, size) : STALE;
}

EXPORT int fuse_reply_ioctl_iov(fuse_req_t req, int result, const struct iovec *iov, int count)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_ioctl_iov(r, result, iov, count) : STALE;
}

EXPORT int fuse_reply_ioctl_retry(fuse_req_t req, const struct iovec *in_iov, size_t in_count,
				  const struct iovec *out_iov, size_t out_count)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_ioctl_retry(r, in_iov, in_count, out_iov, out_count) : STALE;
}

EXPORT int fuse_reply_poll(fuse_req_t req, unsigned revents)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_poll(r, revents) : STALE;
}

/* ---- directory entries --------------------------------------------------------------------------
 */

EXPORT size_t fuse_add_direntry(fuse_req_t req, char *buf, size_t bufsize, const char *name,
				const struct stat *stbuf, off_t off)
{
	(void)req;
	return core_add_direntry(buf, bufsize, name, stbuf, off);
}

/* ---- about a request ----------------------------------------------------------------------------
 */

EXPORT void *fuse_req_userdata(fuse_req_t req)
{
	struct core_req *r = req_of(req);
	struct fuse_session *se = r ? core_session_userdata(core_req_session(r)) : NULL;

	return se ? se->userdata : NULL;
}

EXPORT const struct fuse_ctx *fuse_req_ctx(fuse_req_t req)
{
	static const struct fuse_ctx nobody = {.uid = (uid_t)-1, .gid = (gid_t)-1};
	struct core_req *r = req_of(req);

	return r ? (const struct fuse_ctx *)core_req_ctx(r) : &nobody;
}

EXPORT int fuse_req_getgroups(fuse_req_t req, int size, gid_t list[])
{
	struct core_req *r = req_of(req);

	return r ? core_req_getgroups(r, size, list) : STALE;
}

EXPORT void fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data)
{
	struct core_req *r = req_of(req);

	/* fuse_req_t is the handle, as a pointer to a struct that does not exist */
	if (r)
		core_req_interrupt_func(r, (core_interrupt_func)func, data);
}

EXPORT int fuse_req_interrupted(fuse_req_t req)
{
	struct core_req *r = req_of(req);

	return r ? core_req_interrupted(r) : 0;
}

/* ---- notifications ------------------------------------------------------------------------------
 */

EXPORT int fuse_lowlevel_notify_poll(struct fuse_pollhandle *ph)
{
	return ph ? core_notify_poll((struct core_pollhandle *)ph) : 0;
}

EXPORT void fuse_pollhandle_destroy(struct fuse_pollhandle *ph)
{
	core_pollhandle_free((struct core_pollhandle *)ph);
}

EXPORT int fuse_lowlevel_notify_inval_inode(NOTIFY_BY *by, fuse_ino_t ino, off_t off, off_t len)
{
	struct core_session *cs = session_by(by);

	return cs ? core_notify_inval_inode(cs, ino, off, len) : -EINVAL;
}

EXPORT int fuse_lowlevel_notify_inval_entry(NOTIFY_BY *by, fuse_ino_t parent, const char *name,
					    size_t namelen)
{
	struct core_session *cs = session_by(by);

	return cs ? core_notify_inval_entry(cs, parent, name, namelen) : -EINVAL;
}

EXPORT int fuse_lowlevel_notify_delete(NOTIFY_BY *by, fuse_ino_t parent, fuse_ino_t child,
				       const char *name, size_t namelen)
{
	struct core_session *cs = session_by(by);

	return cs ? core_notify_delete(cs, parent, child, name, namelen) : -EINVAL;
}

EXPORT int fuse_lowlevel_notify_store(NOTIFY_BY *by, fuse_ino_t ino, off_t offset,
				      struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags)
{
	struct core_session *cs = session_by(by);
	struct core_bufvec *v;
	int res;

	if (!cs)
		return -EINVAL;
	v = bufv_core_begin(bufv);
	if (!v)
		return -ENOMEM;
	res = core_notify_store(cs, ino, offset, v, (int)flags);
	bufv_core_end(v, bufv);
	return res;
}

EXPORT int fuse_lowlevel_notify_retrieve(NOTIFY_BY *by, fuse_ino_t ino, size_t size, off_t offset,
					 void *cookie)
{
	struct core_session *cs = session_by(by);

	return cs ? core_notify_retrieve(cs, ino, size, offset, cookie) : -EINVAL;
}
