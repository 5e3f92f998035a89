/*
 * The core's operations as the program's, as only FUSE 3 has them. The rest: core/front/lowlevel.c. A
 * table of them is made once for a session; operations the program does not have stay NULL.
 */
#include "fuse3/internal.h"

#define OP(req) (session_of(req)->ll)

static void ll_init(void *userdata, struct core_conn *conn)
{
	struct fuse_session *se = userdata;
	struct fuse_conn_info pub;

	conn_offer(&pub, conn, se->ll.write_buf);
	se->ll.init(se->userdata, &pub);
	conn_agree(se->cs, conn, &pub);
}

static void ll_destroy(void *userdata)
{
	struct fuse_session *se = userdata;

	se->ll.destroy(se->userdata);
}

static void ll_getattr(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).getattr(HANDLE(req), ino, public_fi(&pub, fi));
}

static void ll_setattr(struct core_req *req, uint64_t ino, struct stat *attr, int to_set,
		       struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).setattr(HANDLE(req), ino, attr, to_set, public_fi(&pub, fi));
}

static void ll_rename(struct core_req *req, uint64_t parent, const char *name, uint64_t newparent,
		      const char *newname, unsigned flags)
{
	OP(req).rename(HANDLE(req), parent, name, newparent, newname, flags);
}

static void ll_copy_file_range(struct core_req *req, uint64_t ino_in, off_t off_in,
			       struct core_file_info *fi_in, uint64_t ino_out, off_t off_out,
			       struct core_file_info *fi_out, size_t len, int flags)
{
	struct fuse_file_info in, out;

	OP(req).copy_file_range(HANDLE(req), ino_in, off_in, public_fi(&in, fi_in), ino_out,
				off_out, public_fi(&out, fi_out), len, flags);
}

static void ll_lseek(struct core_req *req, uint64_t ino, off_t off, int whence,
		     struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).lseek(HANDLE(req), ino, off, whence, public_fi(&pub, fi));
}

static void ll_readdirplus(struct core_req *req, uint64_t ino, size_t size, off_t off,
			   struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).readdirplus(HANDLE(req), ino, size, off, public_fi(&pub, fi));
}

#if FUSE3_ABI >= 4
static void ll_tmpfile(struct core_req *req, uint64_t parent, mode_t mode,
		       struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).tmpfile(HANDLE(req), parent, mode, public_fi(&pub, fi));
}

static void ll_statx(struct core_req *req, uint64_t ino, int flags, int mask,
		     struct core_file_info *fi)
{
	struct fuse_file_info pub;

	OP(req).statx(HANDLE(req), ino, flags, mask, public_fi(&pub, fi));
}
#endif

/* ---- tables -------------------------------------------------------------------------------------
 */

#if FUSE3_ABI >= 4
#define LL_OPS_318(F) F(tmpfile) F(statx)
#else
#define LL_OPS_318(F)
#endif
#define LL_OPS(F)                                                                                  \
	F(init)                                                                                    \
	F(destroy) F(getattr) F(setattr) F(rename) F(readdirplus) F(copy_file_range) F(lseek)      \
		LL_OPS_318(F)

#define LL_COUNT(op) +1
_Static_assert(sizeof(struct fuse_lowlevel_ops) ==
		       (0 LL_COMMON(LL_COUNT) LL_OPS(LL_COUNT)) * sizeof(void (*)(void)),
	       "every operation has its thunk");
#undef LL_COUNT

void lowlevel_make_ops(const struct fuse_lowlevel_ops *op, struct core_ll_ops *out)
{
	lowlevel_common(op, out);
#define LL_SET(name)                                                                               \
	if (op->name)                                                                              \
		out->name = ll_##name;
	LL_OPS(LL_SET)
#undef LL_SET
}

void copy_ops(void *dst, size_t size, const void *src, size_t src_size, const char *what)
{
	if (src_size > size) {
		core_warn("warning: library too old, some operations may not work (%s has %zu "
			  "bytes, %zu are known)\n",
			  what, src_size, size);
		src_size = size;
	}
	memset(dst, 0, size);
	if (src)
		memcpy(dst, src, src_size);
}
