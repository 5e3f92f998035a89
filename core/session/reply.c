/*
 * Replies: from the core's form to the wire, sized for the negotiated minor.
 */
#include "core/session/session_priv.h"
#include "core/session/attr.h"

#include <errno.h>
#include <string.h>

#define ERRNO_LIMIT 512 /* the kernel refuses error numbers from here on */

/* What the kernel says to a reply matters to the caller only in parts. */
static int sent(struct core_req *req, int res)
{
	if (core_likely(!res))
		return 0;
	if (res == -ENOENT || res == -ENODEV || res == -ECONNABORTED)
		return -ENOENT; /* nobody waits for it any more */
	core_err("the kernel refused the reply to unique %llu (%s): %s\n",
		 (unsigned long long)req->unique, core_wire_op_name(req->opcode), strerror(-res));
	return res;
}

/* A program may answer what no answer is wanted for; the kernel must not see it. */
static bool wants_answer(uint32_t opcode)
{
	const uint64_t none = 1ULL << WIRE_FORGET | 1ULL << WIRE_BATCH_FORGET |
			      1ULL << WIRE_NOTIFY_REPLY;

	return !(opcode < 64 && (none >> opcode & 1));
}

/* The transport did not take the answer. */
__attribute__((noinline, cold)) static int not_taken(struct core_req *req, int error, int res)
{
	if (res != -ENOENT && res != -ENODEV && res != -ECONNABORTED) {
		/* Whatever was wrong with it, the caller must not wait for ever. */
		struct wire_out_header fail = { sizeof(fail), error ? error : -EIO, req->unique };
		struct iovec one = { &fail, sizeof(fail) };

		req->ch->ops->reply(req->ch, req->tag, &one, 1);
	}
	res = sent(req, res);
	req_answered(req);
	return res;
}

/* A request of ours for a part of a BATCH_FORGET has no worker, and nothing behind it. */
static void done_silently(struct core_req *req)
{
	if (req->ch->ops->done && req->opcode == WIRE_NOTIFY_REPLY)
		req->ch->ops->done(req->ch, req->tag);
	req_answered(req);
}

int reply_send_iov(struct core_req *req, int error, struct iovec *iov, int n)
{
	struct wire_out_header out = { .error = error, .unique = req->unique };
	size_t len = sizeof(out);
	int res;

	for (int i = 1; i < n; i++)
		len += iov[i].iov_len;
	if (core_unlikely(!wants_answer(req->opcode))) {
		done_silently(req);
		return 0;
	}
	out.len = (uint32_t)len;
	iov[0].iov_base = &out;
	iov[0].iov_len = sizeof(out);
	if (core_unlikely(req->se->debug))
		session_print_reply(req->se, req, &out, iov + 1, n - 1);
	res = req->ch->ops->reply(req->ch, req->tag, iov, n);
	if (core_unlikely(res))
		return not_taken(req, error, res);
	req_answered(req);
	return 0;
}

int reply_send(struct core_req *req, int error, const void *data, size_t len)
{
	struct iovec iov[2];

	iov[1].iov_base = (void *)data;
	iov[1].iov_len = len;
	return reply_send_iov(req, error, iov, len ? 2 : 1);
}

__attribute__((noinline)) static int reply_ok_closer(struct core_req *req, const void *data,
						    size_t len)
{
	return req_claim(req) ? reply_send(req, 0, data, len) : -EALREADY;
}

/* What most answers are: one piece, nothing special. */
static inline int reply_ok(struct core_req *req, const void *data, size_t len)
{
	struct wire_out_header out = { (uint32_t)(sizeof(out) + len), 0, req->unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)data, len } };
	int res;

	if (core_unlikely(!len || !req_claim_plain(req)))
		return reply_ok_closer(req, data, len);
	res = req->ch->ops->reply(req->ch, req->tag, iov, 2);
	if (core_unlikely(res))
		return not_taken(req, 0, res);
	req_answered(req);
	return 0;
}

int core_reply_err(struct core_req *req, int err)
{
	if (core_unlikely(!req_claim(req)))
		return -EALREADY;
	if (core_unlikely(err < 0 || err >= ERRNO_LIMIT)) {
		core_err("the file system answered %s with error %d, which is no errno value; "
			 "the caller gets ERANGE\n", core_wire_op_name(req->opcode), err);
		err = ERANGE;
	}
	return reply_send(req, -err, NULL, 0);
}

void core_reply_none(struct core_req *req)
{
	if (req_claim(req)) {
		if (core_unlikely(req->se->debug))
			core_debug("   unique: %llu, no reply\n", (unsigned long long)req->unique);
		done_silently(req);
	}
}

static void set_timeout(double t, uint64_t *sec, uint32_t *nsec)
{
	const double limit = 4e9;
	uint32_t whole;

	*nsec = 0;
	if (core_unlikely(!(t > 0))) { /* also not a number */
		*sec = 0;
		return;
	}
	whole = (uint32_t)(int64_t)(t < limit ? t : limit);
	*sec = whole;
	if (core_unlikely(t < limit && t != (double)whole)) {
		*nsec = (uint32_t)((t - (double)whole) * 1e9);
		if (*nsec > 999999999)
			*nsec = 999999999;
	}
}

void reply_fill_timeouts(struct wire_entry_out *out, double entry, double attr)
{
	set_timeout(entry, &out->entry_valid, &out->entry_valid_nsec);
	if (attr == entry) {
		out->attr_valid = out->entry_valid;
		out->attr_valid_nsec = out->entry_valid_nsec;
	} else {
		set_timeout(attr, &out->attr_valid, &out->attr_valid_nsec);
	}
}

void reply_fill_entry(struct wire_entry_out *out, const struct core_entry_param *e)
{
	out->nodeid = e->ino;
	out->generation = e->generation;
	reply_fill_timeouts(out, e->entry_timeout, e->attr_timeout);
	wire_attr_from_stat(&out->attr, &e->attr);
}

static void fill_open(struct wire_open_out *out, const struct core_file_info *fi)
{
	out->fh = fi->fh;
	out->open_flags = 0;
	out->backing_id = 0;
	if (fi->bits & CORE_FI_DIRECT_IO)
		out->open_flags |= WIRE_FOPEN_DIRECT_IO;
	if (fi->bits & CORE_FI_KEEP_CACHE)
		out->open_flags |= WIRE_FOPEN_KEEP_CACHE;
	if (fi->bits & CORE_FI_NONSEEKABLE)
		out->open_flags |= WIRE_FOPEN_NONSEEKABLE;
	if (fi->bits & CORE_FI_CACHE_READDIR)
		out->open_flags |= WIRE_FOPEN_CACHE_DIR;
	if (fi->bits & CORE_FI_NOFLUSH)
		out->open_flags |= WIRE_FOPEN_NOFLUSH;
	if (fi->bits & CORE_FI_PARALLEL_DIRECT_WRITES)
		out->open_flags |= WIRE_FOPEN_PARALLEL_DIRECT_WRITES;
	if (fi->backing_id > 0) {
		out->open_flags |= WIRE_FOPEN_PASSTHROUGH;
		out->backing_id = fi->backing_id;
	}
}

int core_reply_entry(struct core_req *req, const struct core_entry_param *e)
{
	struct wire_entry_out out;

	/* 7.4 brought negative entries; the floor is above that. */
	reply_fill_entry(&out, e);
	return reply_ok(req, &out, sizeof(out));
}

int core_reply_create(struct core_req *req, const struct core_entry_param *e,
		      const struct core_file_info *fi)
{
	struct wire_create_out out;

	reply_fill_entry(&out.entry, e);
	fill_open(&out.open, fi);
	return reply_ok(req, &out, sizeof(out));
}

int core_reply_attr(struct core_req *req, const struct stat *st, double timeout)
{
	struct wire_attr_out out;

	set_timeout(timeout, &out.attr_valid, &out.attr_valid_nsec);
	out.dummy = 0;
	wire_attr_from_stat(&out.attr, st);
	return reply_ok(req, &out, sizeof(out));
}

int core_reply_open(struct core_req *req, const struct core_file_info *fi)
{
	struct wire_open_out out;

	fill_open(&out, fi);
	return reply_ok(req, &out, sizeof(out));
}

int core_reply_write(struct core_req *req, size_t count)
{
	struct wire_write_out out = { .size = (uint32_t)count };

	/* A limit of UINT32_MAX is none: COPY_FILE_RANGE_64 counts with 64 bits. */
	if (core_unlikely(count > req->out_limit &&
			  (req->opcode != WIRE_COPY_FILE_RANGE_64 || req->out_limit < UINT32_MAX))) {
		core_err("the file system wrote %zu bytes of %u given (%s); the caller gets EIO\n",
			 count, req->out_limit, core_wire_op_name(req->opcode));
		return core_reply_err(req, EIO);
	}
	if (req->opcode == WIRE_COPY_FILE_RANGE_64) {
		struct wire_copy_file_range_out out64 = { .bytes_copied = count };

		return reply_ok(req, &out64, sizeof(out64));
	}
	return reply_ok(req, &out, sizeof(out));
}

/* More than the kernel asked for would be refused by it: say so, and let the caller have an error. */
static bool too_long(struct core_req *req, size_t size)
{
	if (core_likely(size <= req->out_limit))
		return false;
	core_err("the file system answered %s with %zu bytes, %u were asked for; the caller gets "
		 "EIO\n", core_wire_op_name(req->opcode), size, req->out_limit);
	return true;
}

int core_reply_buf(struct core_req *req, const void *buf, size_t size)
{
	if (too_long(req, size))
		return core_reply_err(req, EIO);
	return reply_ok(req, buf, size);
}

int core_reply_readlink(struct core_req *req, const char *target)
{
	return core_reply_buf(req, target, strlen(target));
}

int core_reply_iov(struct core_req *req, const struct iovec *iov, int count)
{
	struct iovec *v CLEANUP_FREE = NULL;
	struct iovec few[9];
	size_t size = 0;

	for (int i = 0; i < count; i++)
		size += iov[i].iov_len;
	if (too_long(req, size))
		return core_reply_err(req, EIO);
	if (!req_claim(req))
		return -EALREADY;
	if (count + 1 > (int)CORE_ARRAY_SIZE(few)) {
		v = calloc((size_t)count + 1, sizeof(*v));
		if (!v)
			return reply_send(req, -ENOMEM, NULL, 0);
	}
	if (count > 0)
		memcpy((v ? v : few) + 1, iov, (size_t)count * sizeof(*iov));
	return reply_send_iov(req, 0, v ? v : few, count + 1);
}

bool reply_in_one(const struct core_bufvec *v, void **mem, size_t *size)
{
	const struct core_buf *buf = &v->buf[0];

	if (v->count != 1 || (buf->flags & CORE_BUF_IS_FD) || v->off > buf->size)
		return false;
	*mem = (char *)buf->mem + v->off;
	*size = buf->size - v->off;
	return true;
}

#define SPLICE_FROM 65536 /* bytes: less is copied faster */

/* -EAGAIN: the answer has to be copied, nothing is done. Else it is answered. */
static int reply_spliced(struct core_req *req, const struct core_bufvec *v, int flags)
{
	struct wire_out_header out = {.unique = req->unique};
	int res;

	if (v->count != 1 || v->idx || v->off || v->buf[0].size < SPLICE_FROM ||
	    !(v->buf[0].flags & CORE_BUF_IS_FD) || !(v->buf[0].flags & CORE_BUF_FD_SEEK) ||
	    (flags & CORE_BUF_NO_SPLICE) || req->se->debug || !req->ch->ops->reply_data ||
	    req->se->cfg.no_splice)
		return -EAGAIN;
	if (!req_claim(req))
		return -EALREADY;
	res = req->ch->ops->reply_data(req->ch, req->tag, &out, &v->buf[0],
				       session_caps(req->se) & WIRE_CAP(SPLICE_MOVE));
	if (res == -EAGAIN) {
		req_unclaim(req);
		return res;
	}
	if (res)
		return not_taken(req, 0, res);
	req_answered(req);
	return 0;
}

int core_reply_data(struct core_req *req, struct core_bufvec *data, int flags)
{
	struct core_worker *w = core_worker_current;
	struct core_bufvec out = CORE_BUFVEC_INIT(0);
	size_t size = core_bufvec_size(data);
	void *own CLEANUP_FREE = NULL;
	void *mem;
	ssize_t res;

	/* Then no copy is needed. */
	if (reply_in_one(data, &mem, &size))
		return core_reply_buf(req, mem, size);
	if (too_long(req, size))
		return core_reply_err(req, EIO);
	res = reply_spliced(req, data, flags);
	if (res != -EAGAIN)
		return (int)res;
	if (w && w->se == req->se)
		out.buf[0].mem = worker_out(w, size);
	if (!out.buf[0].mem && posix_memalign(&own, 4096, size + 1) == 0)
		out.buf[0].mem = own;
	if (!out.buf[0].mem)
		return core_reply_err(req, ENOMEM);
	out.buf[0].size = size;
	res = core_bufvec_copy(&out, data, flags);
	if (res < 0)
		return core_reply_err(req, (int)-res);
	return reply_ok(req, out.buf[0].mem, (size_t)res);
}

int core_reply_statfs(struct core_req *req, const struct statvfs *st)
{
	struct wire_statfs_out out = {
		.blocks = st->f_blocks, .bfree = st->f_bfree, .bavail = st->f_bavail,
		.files = st->f_files, .ffree = st->f_ffree, .bsize = (uint32_t)st->f_bsize,
		.namelen = (uint32_t)st->f_namemax, .frsize = (uint32_t)st->f_frsize,
	};

	return reply_ok(req, &out, sizeof(out));
}

int core_reply_xattr(struct core_req *req, size_t count)
{
	struct wire_getxattr_out out = { .size = (uint32_t)count };

	if (core_unlikely(count > UINT32_MAX)) {
		core_err("the file system answered %s with a length of %zu bytes; the caller gets "
			 "E2BIG\n", core_wire_op_name(req->opcode), count);
		return core_reply_err(req, E2BIG);
	}
	return reply_ok(req, &out, sizeof(out));
}

int core_reply_lock(struct core_req *req, const struct flock *lock)
{
	struct wire_lk_out out = { .type = (uint32_t)lock->l_type };
	off_t end;

	if (lock->l_type != F_UNLCK) {
		out.start = (uint64_t)lock->l_start;
		/* Also where the program's numbers do not fit: to the end of the file. */
		if (lock->l_len <= 0 || __builtin_add_overflow(lock->l_start, lock->l_len - 1, &end))
			end = INT64_MAX;
		out.end = (uint64_t)end;
	}
	out.pid = (uint32_t)lock->l_pid;
	return reply_ok(req, &out, sizeof(out));
}

int core_reply_bmap(struct core_req *req, uint64_t idx)
{
	struct wire_bmap_out out = { .block = idx };

	return reply_ok(req, &out, sizeof(out));
}

int core_reply_poll(struct core_req *req, unsigned revents)
{
	struct wire_poll_out out = { .revents = revents };

	return reply_ok(req, &out, sizeof(out));
}

int core_reply_lseek(struct core_req *req, off_t off)
{
	struct wire_lseek_out out = { .offset = (uint64_t)off };

	return reply_ok(req, &out, sizeof(out));
}

static void fill_sx_time(struct wire_sx_time *t, const struct statx_timestamp *s)
{
	t->tv_sec = s->tv_sec;
	t->tv_nsec = s->tv_nsec;
	t->reserved = 0;
}

int core_reply_statx(struct core_req *req, int flags, const struct statx *sx, double timeout)
{
	struct wire_statx_out out;

	memset(&out, 0, sizeof(out));
	out.flags = (uint32_t)flags;
	set_timeout(timeout, &out.attr_valid, &out.attr_valid_nsec);
	out.stat.mask = sx->stx_mask;
	out.stat.blksize = sx->stx_blksize;
	out.stat.attributes = sx->stx_attributes;
	out.stat.nlink = sx->stx_nlink;
	out.stat.uid = sx->stx_uid;
	out.stat.gid = sx->stx_gid;
	out.stat.mode = sx->stx_mode;
	out.stat.ino = sx->stx_ino;
	out.stat.size = sx->stx_size;
	out.stat.blocks = sx->stx_blocks;
	out.stat.attributes_mask = sx->stx_attributes_mask;
	fill_sx_time(&out.stat.atime, &sx->stx_atime);
	fill_sx_time(&out.stat.btime, &sx->stx_btime);
	fill_sx_time(&out.stat.ctime, &sx->stx_ctime);
	fill_sx_time(&out.stat.mtime, &sx->stx_mtime);
	out.stat.rdev_major = sx->stx_rdev_major;
	out.stat.rdev_minor = sx->stx_rdev_minor;
	out.stat.dev_major = sx->stx_dev_major;
	out.stat.dev_minor = sx->stx_dev_minor;
	return reply_ok(req, &out, sizeof(out));
}
