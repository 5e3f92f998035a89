/*
 * API 2.4 of the request API: the old struct fuse_file_info, options as a string, and channels
 * whose receive cannot change the channel.
 */
#include "internal.h"

#include <sys/statfs.h>

#define OP(req) ((const struct fuse_lowlevel_ops_compat *)(const void *)&session_of(req)->ll)

/* A handle's operation: a copy of the file_info in the old layout. */
#define WITH_OLD(call_)                                                                            \
	do {                                                                                       \
		struct fuse_file_info_compat old;                                                  \
                                                                                                   \
		fi_to_compat(&old, fi);                                                            \
		call_;                                                                             \
	} while (0)

static void o_setattr(struct core_req *r, uint64_t ino, struct stat *st, int to_set,
		      struct core_file_info *fi)
{
	const int known = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID |
			  FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
			  FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW;

	if (fi)
		WITH_OLD(OP(r)->setattr(HANDLE(r), ino, st, to_set & known, &old));
	else
		OP(r)->setattr(HANDLE(r), ino, st, to_set & known, NULL);
}
static void o_open(struct core_req *r, uint64_t ino, struct core_file_info *fi)
{
	WITH_OLD(OP(r)->open(HANDLE(r), ino, &old));
}
static void o_read(struct core_req *r, uint64_t ino, size_t size, off_t off,
		   struct core_file_info *fi)
{
	WITH_OLD(OP(r)->read(HANDLE(r), ino, size, off, &old));
}
static void o_write(struct core_req *r, uint64_t ino, const char *buf, size_t size, off_t off,
		    struct core_file_info *fi)
{
	WITH_OLD(OP(r)->write(HANDLE(r), ino, buf, size, off, &old));
}
static void o_flush(struct core_req *r, uint64_t ino, struct core_file_info *fi)
{
	WITH_OLD(OP(r)->flush(HANDLE(r), ino, &old));
}
static void o_release(struct core_req *r, uint64_t ino, struct core_file_info *fi)
{
	WITH_OLD(OP(r)->release(HANDLE(r), ino, &old));
}
static void o_fsync(struct core_req *r, uint64_t ino, int datasync, struct core_file_info *fi)
{
	WITH_OLD(OP(r)->fsync(HANDLE(r), ino, datasync, &old));
}
static void o_opendir(struct core_req *r, uint64_t ino, struct core_file_info *fi)
{
	WITH_OLD(OP(r)->opendir(HANDLE(r), ino, &old));
}
static void o_readdir(struct core_req *r, uint64_t ino, size_t size, off_t off,
		      struct core_file_info *fi)
{
	WITH_OLD(OP(r)->readdir(HANDLE(r), ino, size, off, &old));
}
static void o_releasedir(struct core_req *r, uint64_t ino, struct core_file_info *fi)
{
	WITH_OLD(OP(r)->releasedir(HANDLE(r), ino, &old));
}
static void o_fsyncdir(struct core_req *r, uint64_t ino, int datasync, struct core_file_info *fi)
{
	WITH_OLD(OP(r)->fsyncdir(HANDLE(r), ino, datasync, &old));
}
static void o_create(struct core_req *r, uint64_t parent, const char *name, mode_t mode,
		     struct core_file_info *fi)
{
	WITH_OLD(OP(r)->create(HANDLE(r), parent, name, mode, &old));
}

void ll_thunks_compat24(const struct fuse_lowlevel_ops *op, struct core_ll_ops *ops)
{
#define REPLACE(name)                                                                              \
	if (op->name)                                                                              \
		ops->name = o_##name;
	REPLACE(setattr)
	REPLACE(open) REPLACE(read) REPLACE(write) REPLACE(flush) REPLACE(release) REPLACE(fsync)
		REPLACE(opendir) REPLACE(readdir) REPLACE(releasedir) REPLACE(fsyncdir)
			REPLACE(create)
#undef REPLACE
}

EXPORT struct fuse_session *fuse_lowlevel_new_compat(const char *opts,
						     const struct fuse_lowlevel_ops_compat *op,
						     size_t op_size, void *userdata)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *se = NULL;

	if (op_size > sizeof(*op))
		op_size = sizeof(*op);
	if (args_from_opts(&args, opts) == 0)
		se = lowlevel_new(&args, (const struct fuse_lowlevel_ops *)(const void *)op,
				  op_size, userdata, 24);
	fuse_opt_free_args(&args);
	return se;
}

/* ---- replies -----------------------------------------------------------------------------------
 */

EXPORT int fuse_reply_open_compat(fuse_req_t req, const struct fuse_file_info_compat *fi)
{
	struct core_file_info cfi = {0};
	struct core_req *r = req_of(req);

	fi_from_compat(&cfi, fi);
	return r ? core_reply_open(r, &cfi) : STALE;
}

EXPORT int fuse_reply_statfs_compat(fuse_req_t req, const struct statfs *stbuf)
{
	struct statvfs st = {0};

	statfs_from_compat(&st, stbuf);
	return fuse_reply_statfs(req, &st);
}

/* ---- channels ----------------------------------------------------------------------------------
 */

static int receive_from_24(struct fuse_chan **chp, char *buf, size_t size)
{
	return (*chp)->receive24(*chp, buf, size);
}

EXPORT struct fuse_chan *fuse_chan_new_compat24(struct fuse_chan_ops_compat24 *op, int fd,
						size_t bufsize, void *data)
{
	struct fuse_chan_ops now = {receive_from_24, op->send, op->destroy};
	struct fuse_chan *ch = fuse_chan_new(&now, fd, bufsize, data);

	if (ch)
		ch->receive24 = op->receive;
	return ch;
}

/* Binaries that ask for the plain name at API 2.4's node. */
SYMVER("fuse_lowlevel_new@FUSE_2.4")
struct fuse_session *lowlevel_new_24(const char *opts, const struct fuse_lowlevel_ops_compat *op,
				     size_t size, void *userdata);
struct fuse_session *lowlevel_new_24(const char *opts, const struct fuse_lowlevel_ops_compat *op,
				     size_t size, void *userdata)
{
	return fuse_lowlevel_new_compat(opts, op, size, userdata);
}

SYMVER("fuse_reply_open@FUSE_2.4")
int reply_open_24(fuse_req_t req, const struct fuse_file_info_compat *fi);
int reply_open_24(fuse_req_t req, const struct fuse_file_info_compat *fi)
{
	return fuse_reply_open_compat(req, fi);
}

SYMVER("fuse_reply_statfs@FUSE_2.4")
int reply_statfs_24(fuse_req_t req, const struct statfs *stbuf);
int reply_statfs_24(fuse_req_t req, const struct statfs *stbuf)
{
	return fuse_reply_statfs_compat(req, stbuf);
}

SYMVER("fuse_chan_new@FUSE_2.4")
struct fuse_chan *chan_new_24(struct fuse_chan_ops_compat24 *op, int fd, size_t bufsize,
			      void *data);
struct fuse_chan *chan_new_24(struct fuse_chan_ops_compat24 *op, int fd, size_t bufsize, void *data)
{
	return fuse_chan_new_compat24(op, fd, bufsize, data);
}
