/*
 * READ_ONLY: what would change something is refused here, and the program is not asked.
 */
#include "core/fs/fs_priv.h"

#define REFUSE(op, ...)                                                                            \
	static void ro_##op(struct core_req *req, __VA_ARGS__)                                     \
	{                                                                                          \
		reply_result(req, -EROFS);                                                         \
	}
#define UNUSED __attribute__((unused))

REFUSE(setattr, uint64_t ino UNUSED, struct stat *st UNUSED, int to_set UNUSED,
       struct core_file_info *fi UNUSED)
REFUSE(mknod, uint64_t parent UNUSED, const char *name UNUSED, mode_t mode UNUSED, dev_t dev UNUSED)
REFUSE(mkdir, uint64_t parent UNUSED, const char *name UNUSED, mode_t mode UNUSED)
REFUSE(unlink, uint64_t parent UNUSED, const char *name UNUSED)
REFUSE(rmdir, uint64_t parent UNUSED, const char *name UNUSED)
REFUSE(symlink, const char *target UNUSED, uint64_t parent UNUSED, const char *name UNUSED)
REFUSE(rename, uint64_t parent UNUSED, const char *name UNUSED, uint64_t newparent UNUSED,
       const char *newname UNUSED, unsigned flags UNUSED)
REFUSE(link, uint64_t ino UNUSED, uint64_t newparent UNUSED, const char *newname UNUSED)
REFUSE(write_buf, uint64_t ino UNUSED, struct core_bufvec *v UNUSED, off_t off UNUSED,
       struct core_file_info *fi UNUSED)
REFUSE(setxattr, uint64_t ino UNUSED, const char *name UNUSED, const char *value UNUSED,
       size_t size UNUSED, int flags UNUSED, uint32_t ext UNUSED)
REFUSE(removexattr, uint64_t ino UNUSED, const char *name UNUSED)
REFUSE(create, uint64_t parent UNUSED, const char *name UNUSED, mode_t mode UNUSED,
       struct core_file_info *fi UNUSED)
REFUSE(fallocate, uint64_t ino UNUSED, int mode UNUSED, off_t off UNUSED, off_t len UNUSED,
       struct core_file_info *fi UNUSED)
REFUSE(copy_file_range, uint64_t ino_in UNUSED, off_t off_in UNUSED,
       struct core_file_info *fi_in UNUSED, uint64_t ino_out UNUSED, off_t off_out UNUSED,
       struct core_file_info *fi_out UNUSED, size_t len UNUSED, int flags UNUSED)

static void ro_open(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	if ((fi->flags & O_ACCMODE) != O_RDONLY || (fi->flags & O_TRUNC))
		reply_result(req, -EROFS);
	else
		fs_ll_file.open(req, ino, fi);
}

static void ro_access(struct core_req *req, uint64_t ino, int mask)
{
	if (mask & W_OK)
		reply_result(req, -EROFS);
	else
		fs_ll_misc.access(req, ino, mask);
}

void fs_make_read_only(struct core_ll_ops *ll)
{
#define TAKE(op) ll->op = ro_##op;
	TAKE(setattr)
	TAKE(mknod) TAKE(mkdir) TAKE(unlink) TAKE(rmdir) TAKE(symlink) TAKE(rename) TAKE(link)
		TAKE(write_buf) TAKE(setxattr) TAKE(removexattr) TAKE(create) TAKE(fallocate)
			TAKE(copy_file_range) TAKE(open) TAKE(access)
#undef TAKE
}
