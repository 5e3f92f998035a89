/*
 * Replies, requests and notifications as only FUSE 3 has them. The rest: core/front/reply.c.
 */
#include "fuse3/internal.h"

/* ---- replies ------------------------------------------------------------------------------------
 */

EXPORT int fuse_reply_lseek(fuse_req_t req, off_t off)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_lseek(r, off) : STALE;
}

#if FUSE3_ABI >= 4
EXPORT int fuse_reply_statx(fuse_req_t req, int flags, struct statx *statx, double attr_timeout)
{
	struct core_req *r = req_of(req);

	return r ? core_reply_statx(r, flags, statx, attr_timeout) : STALE;
}
#endif

/* ---- directory entries --------------------------------------------------------------------------
 */

EXPORT size_t fuse_add_direntry_plus(fuse_req_t req, char *buf, size_t bufsize, const char *name,
				     const struct fuse_entry_param *e, off_t off)
{
	struct core_req *r = req_of(req);

	return r ? core_add_direntry_plus(r, buf, bufsize, name, (const struct core_entry_param *)e,
					  off)
		 : 0;
}

/* ---- about a request ----------------------------------------------------------------------------
 */

#if FUSE3_ABI >= 4
EXPORT bool fuse_req_is_uring(fuse_req_t req)
{
	struct core_req *r = req_of(req);
	char *p;
	size_t n;

	return r && !core_req_payload(r, &p, &n);
}

EXPORT int fuse_req_get_payload(fuse_req_t req, char **payload, size_t *payload_sz, void **mr)
{
	struct core_req *r = req_of(req);

	if (!r)
		return STALE;
	if (mr)
		*mr = NULL; /* nothing to register it with */
	return core_req_payload(r, payload, payload_sz);
}
#endif

/* ---- notifications ------------------------------------------------------------------------------
 */

#if FUSE3_ABI >= 4 || FUSE3_SO3_LAYOUT >= 316
EXPORT int fuse_lowlevel_notify_expire_entry(struct fuse_session *se, fuse_ino_t parent,
					     const char *name, size_t namelen)
{
	return se ? core_notify_expire_entry(se->cs, parent, name, namelen) : -EINVAL;
}
#else
EXPORT int fuse_lowlevel_notify_expire_entry(struct fuse_session *se, fuse_ino_t parent,
					     const char *name, size_t namelen,
					     enum fuse_expire_flags flags)
{
	if (!se)
		return -EINVAL;
	return flags & FUSE_LL_EXPIRE_ONLY ? core_notify_expire_entry(se->cs, parent, name, namelen)
					   : core_notify_inval_entry(se->cs, parent, name, namelen);
}
#endif

#if FUSE3_ABI >= 4
EXPORT int fuse_lowlevel_notify_increment_epoch(struct fuse_session *se)
{
	return se ? core_notify_inc_epoch(se->cs) : -EINVAL;
}
#endif
