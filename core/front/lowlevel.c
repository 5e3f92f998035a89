/*
 * The low-level API: the core's operations as the program's. Thunks that translate fuse_file_info
 * and hand out request handles.
 */
#include "internal.h"

#define OP(req) (session_of(req)->ll)

/* ---- names and nodes ----------------------------------------------------------------------------
 */

static void ll_lookup(struct core_req *req, uint64_t parent, const char *name)
{
	OP(req).lookup(HANDLE(req), parent, name);
}

static void ll_forget(struct core_req *req, uint64_t ino, uint64_t nlookup)
{
	OP(req).forget(HANDLE(req), ino, nlookup);
}

static void ll_forget_multi(struct core_req *req, size_t count, const struct core_forget *forgets)
{
	OP(req).forget_multi(HANDLE(req), count, (struct fuse_forget_data *)forgets);
}

static void ll_readlink(struct core_req *req, uint64_t ino)
{
	OP(req).readlink(HANDLE(req), ino);
}

static void ll_mknod(struct core_req *req, uint64_t parent, const char *name, mode_t mode,
		     dev_t rdev)
{
	OP(req).mknod(HANDLE(req), parent, name, mode, rdev);
}

static void ll_mkdir(struct core_req *req, uint64_t parent, const char *name, mode_t mode)
{
	OP(req).mkdir(HANDLE(req), parent, name, mode);
}

static void ll_unlink(struct core_req *req, uint64_t parent, const char *name)
{
	OP(req).unlink(HANDLE(req), parent, name);
}

static void ll_rmdir(struct core_req *req, uint64_t parent, const char *name)
{
	OP(req).rmdir(HANDLE(req), parent, name);
}

static void ll_symlink(struct core_req *req, const char *target, uint64_t parent, const char *name)
{
	OP(req).symlink(HANDLE(req), target, parent, name);
}

static void ll_link(struct core_req *req, uint64_t ino, uint64_t newparent, const char *newname)
{
	OP(req).link(HANDLE(req), ino, newparent, newname);
}

static void ll_setxattr(struct core_req *req, uint64_t ino, const char *name, const char *value,
			size_t size, int flags, uint32_t ext_flags)
{
	(void)ext_flags;
	OP(req).setxattr(HANDLE(req), ino, name, value, size, flags);
}

static void ll_getxattr(struct core_req *req, uint64_t ino, const char *name, size_t size)
{
	OP(req).getxattr(HANDLE(req), ino, name, size);
}

static void ll_listxattr(struct core_req *req, uint64_t ino, size_t size)
{
	OP(req).listxattr(HANDLE(req), ino, size);
}

static void ll_removexattr(struct core_req *req, uint64_t ino, const char *name)
{
	OP(req).removexattr(HANDLE(req), ino, name);
}

static void ll_access(struct core_req *req, uint64_t ino, int mask)
{
	OP(req).access(HANDLE(req), ino, mask);
}

static void ll_statfs(struct core_req *req, uint64_t ino)
{
	OP(req).statfs(HANDLE(req), ino);
}

static void ll_bmap(struct core_req *req, uint64_t ino, size_t blocksize, uint64_t idx)
{
	OP(req).bmap(HANDLE(req), ino, blocksize, idx);
}

/* ---- open files ---------------------------------------------------------------------------------
 */

/* Operations of (req, ino, fi) and nothing else. */
#define FI_THUNK(op)                                                                               \
	static void ll_##op(struct core_req *req, uint64_t ino, struct core_file_info *fi)         \
	{                                                                                          \
		struct fuse_file_info pub;                                                         \
                                                                                                   \
		OP(req).op(HANDLE(req), ino, public_fi(&pub, fi));                                 \
	}
FI_THUNK(open)
FI_THUNK(flush)
FI_THUNK(release)
FI_THUNK(opendir)
FI_THUNK(releasedir)

/* Reading of size bytes at off. */
#define READ_THUNK(op)                                                                             \
	static void ll_##op(struct core_req *req, uint64_t ino, size_t size, off_t off,            \
			    struct core_file_info *fi)                                             \
	{                                                                                          \
		struct fuse_file_info pub;                                                         \
                                                                                                   \
		OP(req).op(HANDLE(req), ino, size, off, public_fi(&pub, fi));                      \
	}
READ_THUNK(read)
READ_THUNK(readdir)

/* Synchronising, of data only or not. */
#define SYNC_THUNK(op)                                                                             \
	static void ll_##op(struct core_req *req, uint64_t ino, int datasync,                      \
			    struct core_file_info *fi)                                             \
	{                                                                                          \
		struct fuse_file_info pub;                                                         \
                                                                                                   \
		OP(req).op(HANDLE(req), ino, datasync, public_fi(&pub, fi));                       \
	}
SYNC_THUNK(fsync)
SYNC_THUNK(fsyncdir)

static void ll_write(struct core_req *req, uint64_t ino, const char *buf, size_t size, off_t off,
		     struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).write(HANDLE(req), ino, buf, size, off, public_fi(&pub, fi));
}

static void ll_write_buf(struct core_req *req, uint64_t ino, struct core_bufvec *v, off_t off,
			 struct core_file_info *fi)
{
	struct fuse_file_info pub;
	struct bufv_public_form form;
	struct fuse_bufvec *pub_v = bufv_public_begin(&form, v);

	if (!pub_v) {
		core_reply_err(req, ENOMEM);
		return;
	}
	OP(req).write_buf(HANDLE(req), ino, pub_v, off, public_fi(&pub, fi));
	bufv_public_end(&form, v);
}

static void ll_create(struct core_req *req, uint64_t parent, const char *name, mode_t mode,
		      struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).create(HANDLE(req), parent, name, mode, public_fi(&pub, fi));
}

static void ll_getlk(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		     struct flock *lock)
{
	struct fuse_file_info pub;

	OP(req).getlk(HANDLE(req), ino, public_fi(&pub, fi), lock);
}

static void ll_setlk(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		     struct flock *lock, int sleep)
{
	struct fuse_file_info pub;

	OP(req).setlk(HANDLE(req), ino, public_fi(&pub, fi), lock, sleep);
}

static void ll_flock(struct core_req *req, uint64_t ino, struct core_file_info *fi, int op)
{
	struct fuse_file_info pub;

	OP(req).flock(HANDLE(req), ino, public_fi(&pub, fi), op);
}

static void ll_ioctl(struct core_req *req, uint64_t ino, unsigned cmd, void *arg,
		     struct core_file_info *fi, unsigned flags, const void *in_buf, size_t in_size,
		     size_t out_size)
{
	struct fuse_file_info pub;

	OP(req).ioctl(HANDLE(req), ino, cmd, arg, public_fi(&pub, fi), flags, in_buf, in_size,
		      out_size);
}

static void ll_poll(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		    struct core_pollhandle *ph)
{
	struct fuse_file_info pub;

	OP(req).poll(HANDLE(req), ino, public_fi(&pub, fi), (struct fuse_pollhandle *)ph);
}

static void ll_retrieve_reply(struct core_req *req, void *cookie, uint64_t ino, off_t off,
			      struct core_bufvec *v)
{
	struct bufv_public_form form;
	struct fuse_bufvec *pub_v = bufv_public_begin(&form, v);

	if (!pub_v) {
		core_err("no memory for what the kernel's cache has of a file\n");
		core_reply_none(req);
		return;
	}
	OP(req).retrieve_reply(HANDLE(req), cookie, ino, off, pub_v);
	bufv_public_end(&form, v);
}

static void ll_fallocate(struct core_req *req, uint64_t ino, int mode, off_t off, off_t len,
			 struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).fallocate(HANDLE(req), ino, mode, off, len, public_fi(&pub, fi));
}

/* ---- the table ----------------------------------------------------------------------------------
 */

void lowlevel_common(const struct fuse_lowlevel_ops *op, struct core_ll_ops *out)
{
	memset(out, 0, sizeof(*out));
#define LL_SET(name)                                                                               \
	if (op->name)                                                                              \
		out->name = ll_##name;
	LL_COMMON(LL_SET)
#undef LL_SET
}
