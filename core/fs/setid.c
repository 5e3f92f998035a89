/*
 * Taking the set-user-ID and set-group-ID bits from a file that is written, truncated or given
 * to another owner, for a kernel that leaves it to the file system (HANDLE_KILLPRIV_V2). It
 * then does not ask for security.capability before each write; that was a GETXATTR a write.
 *
 * The program sees what it would have seen from the kernel: a chmod, before the write.
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
	mode = without_setid(now.st.st_mode);
	if (mode != now.st.st_mode) {
		res = fs->ops.chmod ? fs->ops.chmod(fs->data, path, mode, fi) : -ENOSYS;
		if (res)
			return res;
	}
	atomic_fetch_or_explicit(&FS_NODES(fs)->at[idx].flags, NODE_NO_SETID, memory_order_relaxed);
	return 0;
}

uint64_t setid_caps(struct core_fs *fs, uint64_t offered, uint64_t want)
{
	const uint64_t own = WIRE_CAP(HANDLE_KILLPRIV) | WIRE_CAP(HANDLE_KILLPRIV_V2);

	/* A program without getxattr is asked once: nothing would be saved. */
	fs->clear_setid = (offered & WIRE_CAP(HANDLE_KILLPRIV_V2)) && !(want & own) &&
			  fs->ops.getxattr && fs->ops.getattr && !fs->cfg.kernel_setid;
	return fs->clear_setid ? want | WIRE_CAP(HANDLE_KILLPRIV_V2) : want;
}
