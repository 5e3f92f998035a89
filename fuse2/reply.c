/*
 * Requests and replies: each function finds the request behind the handle and passes on.
 */
#include "internal.h"

/* A handle that is not valid (any more) has been logged. */
#define REQ_OR(handle, value)                                                                      \
	struct core_req *r = core_req_from_handle(handle);                                         \
	if (!r)                                                                                    \
	return value

EXPORT int fuse_reply_err(fuse_req_t req, int err)
{
	REQ_OR(req, -EINVAL);
	return core_reply_err(r, err);
}
EXPORT void fuse_reply_none(fuse_req_t req)
{
	REQ_OR(req, );
	core_reply_none(r);
}
EXPORT int fuse_reply_entry(fuse_req_t req, const struct fuse_entry_param *e)
{
	REQ_OR(req, -EINVAL);
	return core_reply_entry(r, (const struct core_entry_param *)e);
}
EXPORT int fuse_reply_create(fuse_req_t req, const struct fuse_entry_param *e,
			     const struct fuse_file_info *fi)
{
	struct core_file_info cfi = { 0 };
	REQ_OR(req, -EINVAL);

	fi_from_public(&cfi, fi);
	return core_reply_create(r, (const struct core_entry_param *)e, &cfi);
}
EXPORT int fuse_reply_attr(fuse_req_t req, const struct stat *attr, double attr_timeout)
{
	REQ_OR(req, -EINVAL);
	return core_reply_attr(r, attr, attr_timeout);
}
EXPORT int fuse_reply_readlink(fuse_req_t req, const char *link)
{
	REQ_OR(req, -EINVAL);
	return core_reply_readlink(r, link);
}
EXPORT int fuse_reply_open(fuse_req_t req, const struct fuse_file_info *fi)
{
	struct core_file_info cfi = { 0 };
	REQ_OR(req, -EINVAL);

	fi_from_public(&cfi, fi);
	return core_reply_open(r, &cfi);
}
EXPORT int fuse_reply_write(fuse_req_t req, size_t count)
{
	REQ_OR(req, -EINVAL);
	return core_reply_write(r, count);
}
EXPORT int fuse_reply_buf(fuse_req_t req, const char *buf, size_t size)
{
	REQ_OR(req, -EINVAL);
	return core_reply_buf(r, buf, size);
}
EXPORT int fuse_reply_data(fuse_req_t req, struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags)
{
	REQ_OR(req, -EINVAL);
	return core_reply_data(r, CBUFVEC(bufv), (int)flags);
}
EXPORT int fuse_reply_iov(fuse_req_t req, const struct iovec *iov, int count)
{
	REQ_OR(req, -EINVAL);
	return core_reply_iov(r, iov, count);
}
EXPORT int fuse_reply_statfs(fuse_req_t req, const struct statvfs *stbuf)
{
	REQ_OR(req, -EINVAL);
	return core_reply_statfs(r, stbuf);
}
EXPORT int fuse_reply_xattr(fuse_req_t req, size_t count)
{
	REQ_OR(req, -EINVAL);
	return core_reply_xattr(r, count);
}
EXPORT int fuse_reply_lock(fuse_req_t req, const struct flock *lock)
{
	REQ_OR(req, -EINVAL);
	return core_reply_lock(r, lock);
}
EXPORT int fuse_reply_bmap(fuse_req_t req, uint64_t idx)
{
	REQ_OR(req, -EINVAL);
	return core_reply_bmap(r, idx);
}
EXPORT int fuse_reply_ioctl_retry(fuse_req_t req, const struct iovec *in_iov, size_t in_count,
				  const struct iovec *out_iov, size_t out_count)
{
	REQ_OR(req, -EINVAL);
	return core_reply_ioctl_retry(r, in_iov, in_count, out_iov, out_count);
}
EXPORT int fuse_reply_ioctl(fuse_req_t req, int result, const void *buf, size_t size)
{
	REQ_OR(req, -EINVAL);
	return core_reply_ioctl(r, result, buf, size);
}
EXPORT int fuse_reply_ioctl_iov(fuse_req_t req, int result, const struct iovec *iov, int count)
{
	REQ_OR(req, -EINVAL);
	return core_reply_ioctl_iov(r, result, iov, count);
}
EXPORT int fuse_reply_poll(fuse_req_t req, unsigned revents)
{
	REQ_OR(req, -EINVAL);
	return core_reply_poll(r, revents);
}

/* ---- requests ------------------------------------------------------------------------------ */

EXPORT void *fuse_req_userdata(fuse_req_t req)
{
	REQ_OR(req, NULL);
	return ((struct fuse_session *)core_session_userdata(core_req_session(r)))->data;
}
EXPORT const struct fuse_ctx *fuse_req_ctx(fuse_req_t req)
{
	REQ_OR(req, NULL);
	return (const struct fuse_ctx *)core_req_ctx(r);
}
SYMVER("fuse_req_ctx@FUSE_2.4") const struct fuse_ctx *fuse_req_ctx_24(fuse_req_t req);
const struct fuse_ctx *fuse_req_ctx_24(fuse_req_t req)
{
	return fuse_req_ctx(req);
}
EXPORT int fuse_req_getgroups(fuse_req_t req, int size, gid_t list[])
{
	REQ_OR(req, -EINVAL);
	return core_req_getgroups(r, size, list);
}


EXPORT void fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data)
{
	REQ_OR(req, );
	core_req_interrupt_func(r, (core_interrupt_func)func, data);
}
EXPORT int fuse_req_interrupted(fuse_req_t req)
{
	REQ_OR(req, 0);
	return core_req_interrupted(r);
}

/* ---- directory entries ------------------------------------------------------------------------ */

EXPORT size_t fuse_add_direntry(fuse_req_t req, char *buf, size_t bufsize, const char *name,
				const struct stat *stbuf, off_t off)
{
	(void)req;
	return core_add_direntry(buf, bufsize, name, stbuf, off);
}
EXPORT size_t fuse_dirent_size(size_t namelen)
{
	return WIRE_DIRENT_ALIGN(sizeof(struct wire_dirent) + namelen);
}
EXPORT char *fuse_add_dirent(char *buf, const char *name, const struct stat *stbuf, off_t off)
{
	return buf + core_add_direntry(buf, SIZE_MAX, name, stbuf, off);
}

/* ---- notifications ------------------------------------------------------------------------------ */

static struct core_session *session_of(struct fuse_chan *ch)
{
	return ch && ch->se ? ch->se->cs : NULL;
}

EXPORT int fuse_lowlevel_notify_poll(struct fuse_pollhandle *ph)
{
	return ph ? core_notify_poll((struct core_pollhandle *)ph) : 0;
}
EXPORT void fuse_pollhandle_destroy(struct fuse_pollhandle *ph)
{
	core_pollhandle_free((struct core_pollhandle *)ph);
}
EXPORT int fuse_lowlevel_notify_inval_inode(struct fuse_chan *ch, fuse_ino_t ino, off_t off,
					    off_t len)
{
	struct core_session *cs = session_of(ch);

	return cs ? core_notify_inval_inode(cs, ino, off, len) : -EINVAL;
}
EXPORT int fuse_lowlevel_notify_inval_entry(struct fuse_chan *ch, fuse_ino_t parent,
					    const char *name, size_t namelen)
{
	struct core_session *cs = session_of(ch);

	return cs ? core_notify_inval_entry(cs, parent, name, namelen) : -EINVAL;
}
EXPORT int fuse_lowlevel_notify_delete(struct fuse_chan *ch, fuse_ino_t parent, fuse_ino_t child,
				       const char *name, size_t namelen)
{
	struct core_session *cs = session_of(ch);

	return cs ? core_notify_delete(cs, parent, child, name, namelen) : -EINVAL;
}
EXPORT int fuse_lowlevel_notify_store(struct fuse_chan *ch, fuse_ino_t ino, off_t offset,
				      struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags)
{
	struct core_session *cs = session_of(ch);

	return cs ? core_notify_store(cs, ino, offset, CBUFVEC(bufv), (int)flags) : -EINVAL;
}
EXPORT int fuse_lowlevel_notify_retrieve(struct fuse_chan *ch, fuse_ino_t ino, size_t size,
					 off_t offset, void *cookie)
{
	struct core_session *cs = session_of(ch);

	return cs ? core_notify_retrieve(cs, ino, size, offset, cookie) : -EINVAL;
}
