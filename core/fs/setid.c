/*
 * Taking the set-user-ID and set-group-ID bits from a file that is written, truncated or given
 * to another owner, for a kernel that leaves it to the file system (HANDLE_KILLPRIV_V2). It
 * then does not ask for security.capability before each write; that was a GETXATTR a write.
 *
 * It also does not ask for attributes before each chown; that was a GETATTR a chown, of any
 * program.
 *
 * The program sees what it would have seen from the kernel: a chmod, before the write. Of a program
 * without getxattr no more is asked than the kernel would: it goes by the attributes it has been
 * told, and before a chown by new ones. With getxattr the look is in place of its question for
 * security.capability, and is one an open file.
 */
#include "core/fs/fs_priv.h"

#include <sys/stat.h>

static mode_t without_setid(mode_t mode)
{
	if (!S_ISREG(mode))
		return mode;
	if (mode & S_IXGRP) /* without it, set-group-ID is mandatory locking */
		mode &= ~(mode_t)S_ISGID;
	return mode & ~(mode_t)S_ISUID;
}

int setid_clear_slow(struct core_fs *fs, uint32_t idx, const char *path, struct core_file_info *fi)
{
	struct core_stat now;
	mode_t mode;
	int res;

	if (path)
		fi = NULL; /* the kernel has no handle with it either */
	else if (!fi)
		return 0;
	res = fs_ask_attr(fs, path, &now, fi);
	if (res)
		return res == -ENOENT && !path ? 0 : res; /* removed: nobody will execute it */
	fs_adjust_stat(fs, idx, &now.st);
	mode = without_setid(now.st.st_mode);
	if (mode != now.st.st_mode) {
		res = fs->ops.chmod ? fs->ops.chmod(fs->data, path, mode, fi) : -ENOSYS;
		if (res)
			return res;
	}
	if (fs->setid_as_told)
		atomic_fetch_and_explicit(&FS_NODES(fs)->at[idx].flags, ~(uint32_t)NODE_SETID,
					  memory_order_relaxed);
	else
		atomic_fetch_or_explicit(&FS_NODES(fs)->at[idx].flags, NODE_NO_SETID,
					 memory_order_relaxed);
	return 0;
}

/* No flag comes with these requests. Who is not root has no CAP_FSETID, as a rule. */
int setid_clear_for(struct core_req *req, uint64_t ino, const char *path, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);

	if (!fs->clear_setid || core_req_ctx(req)->uid == 0)
		return 0;
	return setid_clear(fs, node_from_id(FS_NODES(fs), ino), path, fi);
}

uint64_t setid_caps(struct core_fs *fs, uint64_t offered, uint64_t want)
{
	const uint64_t own = WIRE_CAP(HANDLE_KILLPRIV) | WIRE_CAP(HANDLE_KILLPRIV_V2);

	fs->clear_setid = (offered & WIRE_CAP(HANDLE_KILLPRIV_V2)) && !(want & own) &&
			  fs->ops.getattr && !fs->cfg.kernel_setid;
	fs->setid_as_told = !fs->ops.getxattr;
	return fs->clear_setid ? want | WIRE_CAP(HANDLE_KILLPRIV_V2) : want;
}
