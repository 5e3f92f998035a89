/* A call for each operation: open files and directories. */
#include <string.h>
#include "priv.h"

int sk_open(struct sk *k, uint64_t nodeid, uint32_t flags, struct wire_open_out *open)
{
	struct wire_open_in in = {.flags = flags};

	return done(sk_call(k, CALL(OPEN, nodeid, .in = &in, TO(open))));
}

int sk_opendir(struct sk *k, uint64_t nodeid, uint32_t flags, struct wire_open_out *open)
{
	struct wire_open_in in = {.flags = flags};

	return done(sk_call(k, CALL(OPENDIR, nodeid, .in = &in, TO(open))));
}

/* READ, READDIR and READDIRPLUS have one form. */
static long read_like(struct sk *k, uint32_t opcode, uint64_t nodeid, uint64_t fh, uint64_t offset,
		      void *buf, size_t size)
{
	struct wire_read_in in = {.fh = fh, .offset = offset, .size = (uint32_t)size};
	struct sk_call call = {.opcode = opcode,
			       .nodeid = nodeid,
			       .in = &in,
			       .out = buf,
			       .out_size = buf ? size : 0};

	return sk_call(k, &call);
}

long sk_read(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, void *buf, size_t size)
{
	return read_like(k, WIRE_READ, nodeid, fh, offset, buf, size);
}

long sk_readdir(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, void *buf, size_t size)
{
	return read_like(k, WIRE_READDIR, nodeid, fh, offset, buf, size);
}

long sk_readdirplus(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, void *buf,
		    size_t size)
{
	return read_like(k, WIRE_READDIRPLUS, nodeid, fh, offset, buf, size);
}

long sk_write(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, const void *buf,
	      size_t size)
{
	struct wire_write_in in = {.fh = fh, .offset = offset, .size = (uint32_t)size};
	struct wire_write_out out = {0};
	long n;

	if (k->initialised && size > k->init_out.max_write)
		return -EINVAL; /* a kernel sends it in pieces */
	n = sk_call(k, CALL(WRITE, nodeid, .in = &in, .data = buf, .data_len = size, TO(&out)));
	return n < 0 ? n : (long)out.size;
}

static int release_like(struct sk *k, uint32_t opcode, uint64_t nodeid, uint64_t fh, uint32_t flags)
{
	struct wire_release_in in = {.fh = fh, .flags = flags};
	struct sk_call call = {.opcode = opcode, .nodeid = nodeid, .in = &in};

	return done(sk_call(k, &call));
}

int sk_release(struct sk *k, uint64_t nodeid, uint64_t fh, uint32_t flags)
{
	return release_like(k, WIRE_RELEASE, nodeid, fh, flags);
}

int sk_releasedir(struct sk *k, uint64_t nodeid, uint64_t fh, uint32_t flags)
{
	return release_like(k, WIRE_RELEASEDIR, nodeid, fh, flags);
}

int sk_flush(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t lock_owner)
{
	struct wire_flush_in in = {.fh = fh, .lock_owner = lock_owner};

	return done(sk_call(k, CALL(FLUSH, nodeid, .in = &in)));
}

int sk_fsync(struct sk *k, uint64_t nodeid, uint64_t fh, bool datasync)
{
	struct wire_fsync_in in = {.fh = fh, .fsync_flags = datasync ? WIRE_FSYNC_FDATASYNC : 0};

	return done(sk_call(k, CALL(FSYNC, nodeid, .in = &in)));
}

int sk_fsyncdir(struct sk *k, uint64_t nodeid, uint64_t fh, bool datasync)
{
	struct wire_fsync_in in = {.fh = fh, .fsync_flags = datasync ? WIRE_FSYNC_FDATASYNC : 0};

	return done(sk_call(k, CALL(FSYNCDIR, nodeid, .in = &in)));
}

int sk_getlk(struct sk *k, uint64_t nodeid, const struct wire_lk_in *in, struct wire_lk_out *lk)
{
	return done(sk_call(k, CALL(GETLK, nodeid, .in = in, TO(lk))));
}

int sk_setlk(struct sk *k, uint64_t nodeid, const struct wire_lk_in *in, bool wait)
{
	if (wait)
		return done(sk_call(k, CALL(SETLKW, nodeid, .in = in)));
	return done(sk_call(k, CALL(SETLK, nodeid, .in = in)));
}

int sk_bmap(struct sk *k, uint64_t nodeid, uint64_t block, uint32_t blocksize, uint64_t *result)
{
	struct wire_bmap_in in = {.block = block, .blocksize = blocksize};

	return done(sk_call(k, CALL(BMAP, nodeid, .in = &in, TO(result))));
}

long sk_ioctl(struct sk *k, uint64_t nodeid, const struct wire_ioctl_in *in, const void *data,
	      struct wire_ioctl_out *io, void *out)
{
	size_t room =
		sizeof(*io) + WIRE_IOCTL_MAX_IOV * sizeof(struct wire_ioctl_iovec) + in->out_size;
	char *reply CLEANUP_FREE = calloc(1, room);
	long n;

	if (!reply)
		return -ENOMEM;
	n = sk_call(k, CALL(IOCTL, nodeid, .in = in, .data = data, .data_len = in->in_size,
			    .out = reply, .out_size = room));
	if (io)
		memcpy(io, reply, sizeof(*io));
	if (n < (long)sizeof(*io))
		return n; /* an error, or 0: only sent */
	n -= (long)sizeof(*io);
	if (out && n)
		memcpy(out, reply + sizeof(*io), (size_t)n);
	return n;
}

int sk_poll(struct sk *k, uint64_t nodeid, const struct wire_poll_in *in, uint32_t *revents)
{
	struct wire_poll_out out = {0};
	int err = done(sk_call(k, CALL(POLL, nodeid, .in = in, TO(&out))));

	if (revents)
		*revents = out.revents;
	return err;
}

int sk_fallocate(struct sk *k, uint64_t nodeid, uint64_t fh, uint32_t mode, uint64_t offset,
		 uint64_t length)
{
	struct wire_fallocate_in in = {.fh = fh, .offset = offset, .length = length, .mode = mode};

	return done(sk_call(k, CALL(FALLOCATE, nodeid, .in = &in)));
}

int64_t sk_lseek(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, uint32_t whence)
{
	struct wire_lseek_in in = {.fh = fh, .offset = offset, .whence = whence};
	struct wire_lseek_out out = {0};
	long n = sk_call(k, CALL(LSEEK, nodeid, .in = &in, TO(&out)));

	return n < 0 ? n : (int64_t)out.offset;
}

int64_t sk_copy_file_range(struct sk *k, uint64_t nodeid, const struct wire_copy_file_range_in *in)
{
	struct wire_copy_file_range_out out64 = {0};
	struct wire_write_out out = {0};
	long n;

	if (k->minor >= 45) {
		n = sk_call(k, CALL(COPY_FILE_RANGE_64, nodeid, .in = in, TO(&out64)));
		return n < 0 ? n : (int64_t)out64.bytes_copied;
	}
	n = sk_call(k, CALL(COPY_FILE_RANGE, nodeid, .in = in, TO(&out)));
	return n < 0 ? n : (int64_t)out.size;
}
