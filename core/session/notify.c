/*
 * Notifications to the kernel, and the replies some of them bring.
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Head and the pieces after it. iov[0] is filled in here. */
static int notify(struct core_session *se, int code, struct iovec *iov, int n)
{
	struct wire_out_header head = { .error = code };
	size_t len = sizeof(head);
	struct core_transport *t = session_transport_get(se);
	int res;

	if (!t)
		return -ENOTCONN;
	if (!se->got_init) {
		core_transport_put(t);
		return -ENOTCONN;
	}
	for (int i = 1; i < n; i++)
		len += iov[i].iov_len;
	head.len = (uint32_t)len;
	iov[0].iov_base = &head;
	iov[0].iov_len = sizeof(head);
	res = t->ops->notify(t, iov, n);
	core_transport_put(t);
	if (se->debug)
		core_debug("NOTIFY %s (%d): len=%u, %s\n", core_wire_notify_name(code), code,
			   head.len, res ? strerror(-res) : "ok");
	return res;
}

static int need(struct core_session *se, unsigned minor)
{
	return se->got_init && se->minor < minor ? -ENOSYS : 0;
}

int core_notify_poll(struct core_pollhandle *ph)
{
	struct wire_notify_poll_out out = { .kh = ph->kh };
	struct iovec iov[2] = { { 0 }, { &out, sizeof(out) } };

	return notify(ph->se, WIRE_NOTIFY_POLL, iov, 2);
}

void core_pollhandle_free(struct core_pollhandle *ph)
{
	free(ph);
}

int core_notify_inval_inode(struct core_session *se, uint64_t ino, off_t off, off_t len)
{
	struct wire_notify_inval_inode_out out = { .ino = ino, .off = off, .len = len };
	struct iovec iov[2] = { { 0 }, { &out, sizeof(out) } };

	return need(se, 12) ? need(se, 12) : notify(se, WIRE_NOTIFY_INVAL_INODE, iov, 2);
}

static int inval_entry(struct core_session *se, uint64_t parent, const char *name, size_t len,
		       uint32_t flags)
{
	struct wire_notify_inval_entry_out out = {
		.parent = parent, .namelen = (uint32_t)len, .flags = flags,
	};
	struct iovec iov[4] = {
		{ 0 }, { &out, sizeof(out) }, { (void *)name, len }, { (void *)"", 1 },
	};

	if (len > UINT32_MAX / 2)
		return -EINVAL;
	return need(se, 12) ? need(se, 12) : notify(se, WIRE_NOTIFY_INVAL_ENTRY, iov, 4);
}

int core_notify_inval_entry(struct core_session *se, uint64_t parent, const char *name, size_t len)
{
	return inval_entry(se, parent, name, len, 0);
}

int core_notify_expire_entry(struct core_session *se, uint64_t parent, const char *name, size_t len)
{
	if (need(se, 38))
		return -ENOSYS;
	return inval_entry(se, parent, name, len, WIRE_EXPIRE_ONLY);
}

int core_notify_delete(struct core_session *se, uint64_t parent, uint64_t child, const char *name,
		       size_t len)
{
	struct wire_notify_delete_out out = {
		.parent = parent, .child = child, .namelen = (uint32_t)len,
	};
	struct iovec iov[4] = {
		{ 0 }, { &out, sizeof(out) }, { (void *)name, len }, { (void *)"", 1 },
	};

	if (len > UINT32_MAX / 2)
		return -EINVAL;
	return need(se, 18) ? -ENOSYS : notify(se, WIRE_NOTIFY_DELETE, iov, 4);
}

int core_notify_store(struct core_session *se, uint64_t ino, off_t off, struct core_bufvec *data,
		      int copy_flags)
{
	size_t size = core_bufvec_size(data);
	struct wire_notify_store_out out = { .nodeid = ino, .offset = (uint64_t)off };
	struct core_bufvec mem = CORE_BUFVEC_INIT(size);
	void *copy CLEANUP_FREE = NULL;
	struct iovec iov[3] = { { 0 }, { &out, sizeof(out) }, { 0 } };

	if (need(se, 15))
		return -ENOSYS;
	if (size > UINT32_MAX / 2)
		return -EINVAL;
	if (!reply_in_one(data, &iov[2].iov_base, &iov[2].iov_len)) {
		ssize_t res;

		copy = malloc(size ? size : 1);
		if (!copy)
			return -ENOMEM;
		mem.buf[0].mem = copy;
		res = core_bufvec_copy(&mem, data, copy_flags);
		if (res < 0)
			return (int)res;
		iov[2].iov_base = copy;
		iov[2].iov_len = (size_t)res;
	}
	out.size = (uint32_t)iov[2].iov_len;
	return notify(se, WIRE_NOTIFY_STORE, iov, 3);
}

int core_notify_retrieve(struct core_session *se, uint64_t ino, size_t size, off_t off,
			 void *cookie)
{
	struct wire_notify_retrieve_out out = {
		.nodeid = ino, .offset = (uint64_t)off,
		.size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size,
	};
	struct iovec iov[2] = { { 0 }, { &out, sizeof(out) } };
	struct retrieve *r, **link;
	int res;

	if (need(se, 15))
		return -ENOSYS;
	r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->ino = ino;
	r->cookie = cookie;
	pthread_mutex_lock(&se->lock);
	/* Even, as the kernel's own are: over io_uring it takes the lowest bit for that of an INTERRUPT. */
	out.notify_unique = r->unique = se->notify_unique += 2;
	r->next = se->retrieves;
	se->retrieves = r;
	pthread_mutex_unlock(&se->lock);
	res = notify(se, WIRE_NOTIFY_RETRIEVE, iov, 2);
	if (!res)
		return 0;
	pthread_mutex_lock(&se->lock);
	for (link = &se->retrieves; *link; link = &(*link)->next)
		if (*link == r) {
			*link = r->next;
			free(r);
			break;
		}
	pthread_mutex_unlock(&se->lock);
	return res;
}

void session_notify_reply(struct core_req *req, const struct wire_notify_retrieve_in *in,
			  const void *data, size_t len)
{
	struct core_session *se = req->se;
	struct core_bufvec v = CORE_BUFVEC_INIT(len);
	struct retrieve *r, **link;

	pthread_mutex_lock(&se->lock);
	for (link = &se->retrieves; (r = *link); link = &r->next)
		if (r->unique == req->unique) {
			*link = r->next;
			break;
		}
	pthread_mutex_unlock(&se->lock);
	if (!r) {
		core_reply_none(req); /* nobody asked */
		return;
	}
	v.buf[0].mem = (void *)data;
	if (se->ops.retrieve_reply)
		se->ops.retrieve_reply(req, r->cookie, r->ino, (off_t)in->offset, &v);
	else
		core_reply_none(req);
	free(r);
}

int core_notify_resend(struct core_session *se)
{
	struct iovec iov[1];

	return need(se, 40) ? -ENOSYS : notify(se, WIRE_NOTIFY_RESEND, iov, 1);
}

int core_notify_inc_epoch(struct core_session *se)
{
	struct iovec iov[1];

	return need(se, 44) ? -ENOSYS : notify(se, WIRE_NOTIFY_INC_EPOCH, iov, 1);
}

int core_notify_prune(struct core_session *se, const uint64_t *nodeids, size_t count)
{
	struct wire_notify_prune_out out = { .count = (uint32_t)count };
	struct iovec iov[3] = {
		{ 0 }, { &out, sizeof(out) }, { (void *)nodeids, count * sizeof(*nodeids) },
	};

	if (count == 0 || count > 65536)
		return -EINVAL;
	return need(se, 45) ? -ENOSYS : notify(se, WIRE_NOTIFY_PRUNE, iov, 3);
}
