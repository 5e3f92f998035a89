/*
 * The rest: links' targets, extended attributes, statfs, access, ioctl, poll, bmap, statx, syncfs.
 */
#include "core/fs/ext_priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/vfs.h>

static void fs_readlink(struct core_req *req, uint64_t ino)
{
	struct core_fs *fs = req_fs(req);
	char target[PATH_MAX + 1];
	const char *path;
	int res = op_path(req, ino, NULL, &path);

	if (!res) {
		target[0] = 0;
		res = fs->ops.readlink ? fs->ops.readlink(fs->data, path, target, sizeof(target))
				       : -ENOSYS;
		target[PATH_MAX] = 0;
		if (!res && fs->cfg.tune.rellinks)
			res = volume_relative_link(path, target, sizeof(target));
		op_end(req);
	}
	if (res) {
		reply_result(req, res);
		return;
	}
	core_reply_readlink(req, target);
}

static void fs_access(struct core_req *req, uint64_t ino, int mask)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path(req, ino, NULL, &path);

	if (!res) {
		res = fs->ops.access ? fs->ops.access(fs->data, path, mask) : -ENOSYS;
		op_end(req);
	}
	reply_result(req, res);
}

static int call_statfs_x(struct core_fs *fs, const char *path, struct statvfs *st)
{
	struct statfs x;
	int res;

	memset(&x, 0, sizeof(x));
	res = fs->ops.statfs_x(fs->data, path ? path : "/", &x);
	if (res)
		return res;
	st->f_bsize = (unsigned long)x.f_bsize;
	st->f_frsize = (unsigned long)(x.f_frsize ? x.f_frsize : x.f_bsize);
	st->f_blocks = x.f_blocks;
	st->f_bfree = x.f_bfree;
	st->f_bavail = x.f_bavail;
	st->f_files = x.f_files;
	st->f_ffree = x.f_ffree;
	st->f_namemax = (unsigned long)x.f_namelen;
	return 0;
}

static void fs_statfs(struct core_req *req, uint64_t ino)
{
	struct core_fs *fs = req_fs(req);
	struct statvfs st;
	const char *path;
	int res;

	if (core_unlikely(fs->cfg.tune.statfs_timeout != 0) && volume_cached(fs, &st)) {
		core_reply_statfs(req, &st);
		return;
	}
	memset(&st, 0, sizeof(st));
	res = op_path(req, ino ? ino : WIRE_ROOT_ID, NULL, &path);
	if (res == -ENOENT && fs->cfg.nullpath_ok) {
		path = NULL;
		res = 0;
	}
	if (!res) {
		if (fs->ops.statfs_x)
			res = call_statfs_x(fs, path, &st);
		if (fs->ops.statfs_x && res != -ENOSYS) {
			/* that was it */
		} else if (fs->ops.statfs) {
			res = fs->ops.statfs(fs->data, path, &st);
		} else {
			st.f_namemax = 255;
			st.f_bsize = 512;
			res = 0;
		}
		op_end(req);
	}
	if (res) {
		reply_result(req, res);
		return;
	}
	volume_answer(fs, &st);
	core_reply_statfs(req, &st);
}

static void fs_setxattr(struct core_req *req, uint64_t ino, const char *name, const char *value,
			size_t size, int flags, uint32_t ext)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path(req, ino, NULL, &path);

	(void)ext;
	if (!res) {
		if (EXT_ENFORCED(fs))
			res = ext_forbids(fs, path, NULL, EXT_CHANGE);
		if (res)
			;
		else if (core_unlikely(fs->cfg.stat_ex))
			res = ext_setxattr(fs, path, name, value, size, flags);
		else
			res = fs->ops.setxattr ? fs->ops.setxattr(fs->data, path, name, value, size,
								  flags)
					       : -ENOSYS;
		if (!res && core_unlikely(fs->cfg.stat_ex))
			ext_birth_set(fs, node_from_id(FS_NODES(fs), ino), name);
		op_end(req);
	}
	reply_result(req, res);
}

/* getxattr (name) and listxattr (name NULL) have the same rules about size. */
static void get_or_list(struct core_req *req, uint64_t ino, const char *name, size_t size)
{
	struct core_fs *fs = req_fs(req);
	char *buf = NULL;
	const char *path;
	int res;

	if (size && !(buf = worker_out(req->w, size))) {
		reply_result(req, -ENOMEM);
		return;
	}
	res = op_path(req, ino, NULL, &path);
	if (!res) {
		if (core_unlikely(fs->cfg.stat_ex))
			res = name ? ext_getxattr(fs, path, name, buf, size)
				   : ext_listxattr(fs, path, buf, size);
		else if (name)
			res = fs->ops.getxattr ? fs->ops.getxattr(fs->data, path, name, buf, size)
					       : -ENOSYS;
		else
			res = fs->ops.listxattr ? fs->ops.listxattr(fs->data, path, buf, size)
						: -ENOSYS;
		op_end(req);
	}
	if (res < 0)
		reply_result(req, res);
	else if (size == 0)
		core_reply_xattr(req, (size_t)res);
	else if ((size_t)res > size)
		reply_result(req, -ERANGE);
	else
		core_reply_buf(req, buf, (size_t)res);
}

static void fs_getxattr(struct core_req *req, uint64_t ino, const char *name, size_t size)
{
	get_or_list(req, ino, name, size);
}

static void fs_listxattr(struct core_req *req, uint64_t ino, size_t size)
{
	get_or_list(req, ino, NULL, size);
}

static void fs_removexattr(struct core_req *req, uint64_t ino, const char *name)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path(req, ino, NULL, &path);

	if (!res) {
		if (EXT_ENFORCED(fs))
			res = ext_forbids(fs, path, NULL, EXT_CHANGE);
		if (res)
			;
		else if (core_unlikely(fs->cfg.stat_ex))
			res = ext_removexattr(fs, path, name);
		else
			res = fs->ops.removexattr ? fs->ops.removexattr(fs->data, path, name)
						  : -ENOSYS;
		op_end(req);
	}
	reply_result(req, res);
}

static void fs_bmap(struct core_req *req, uint64_t ino, size_t blocksize, uint64_t idx)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path(req, ino, NULL, &path);

	if (!res) {
		res = fs->ops.bmap ? fs->ops.bmap(fs->data, path, blocksize, &idx) : -ENOSYS;
		op_end(req);
	}
	if (res)
		reply_result(req, res);
	else
		core_reply_bmap(req, idx);
}

static void fs_ioctl(struct core_req *req, uint64_t ino, unsigned cmd, void *arg,
		     struct core_file_info *fi, unsigned flags, const void *in_buf, size_t in_size,
		     size_t out_size)
{
	struct core_fs *fs = req_fs(req);
	size_t room = in_size > out_size ? in_size : out_size;
	bool ours = ext_ioctl_is_ours(fs, cmd);
	char *data = NULL;
	const char *path;
	int res;

	if (flags & WIRE_IOCTL_UNRESTRICTED) {
		reply_result(req, -EPERM);
		return;
	}
	if ((flags & WIRE_IOCTL_DIR) && !dir_handle_fi(fs, fi->fh, fi)) {
		reply_result(req, -EBADF);
		return;
	}
	/* One buffer both ways, as the size in the command says. */
	if (room && !(data = worker_out(req->w, room))) {
		reply_result(req, -ENOMEM);
		return;
	}
	if (out_size > in_size)
		memset(data + in_size, 0, out_size - in_size);
	if (in_size)
		memcpy(data, in_buf, in_size);
	res = ours ? op_path(req, ino, NULL, &path) : -ENOENT;
	if (res == -ENOENT)
		res = op_path_fh(req, ino, &path);
	if (!res) {
		res = fs->ops.ioctl ? fs->ops.ioctl(fs->data, path, cmd, arg, fi, flags, data)
				    : -ENOSYS;
		if (ours && ext_ioctl_unknown(res))
			res = ext_ioctl(fs, path, fi, cmd, in_buf, in_size, data, out_size);
		op_end(req);
	}
	if (res < 0)
		reply_result(req, res);
	else
		core_reply_ioctl(req, res, data, out_size);
}

static void fs_poll(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		    struct core_pollhandle *ph)
{
	struct core_fs *fs = req_fs(req);
	unsigned revents = 0;
	const char *path;
	int res = op_path_fh(req, ino, &path);

	if (!res) {
		res = fs->ops.poll(fs->data, path, fi, ph, &revents);
		op_end(req);
	} else {
		core_pollhandle_free(ph);
	}
	if (res)
		reply_result(req, res);
	else
		core_reply_poll(req, revents);
}

static void fs_statx(struct core_req *req, uint64_t ino, int flags, int mask,
		     struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	struct statx sx;
	struct stat st = { 0 };
	const char *path;
	int res;

	if (!fs->ops.statx && !ext_shown(fs, CORE_HIDE_BTIME)) {
		reply_result(req, -ENOSYS); /* and the kernel never asks again */
		return;
	}
	memset(&sx, 0, sizeof(sx));
	res = fi ? op_path_fh(req, ino, &path) : op_path(req, ino, NULL, &path);
	if (!res) {
		ext_birth_told(fs, idx);
		res = fs->ops.statx ? fs->ops.statx(fs->data, path, flags, mask, &sx, fi) : -ENOSYS;
		if ((!res || res == -ENOSYS) && ext_shown(fs, CORE_HIDE_BTIME))
			res = ext_statx(fs, path, fi, &sx);
		op_end(req);
	}
	if (res) {
		reply_result(req, res);
		return;
	}
	st.st_mode = sx.stx_mode;
	st.st_uid = sx.stx_uid;
	st.st_gid = sx.stx_gid;
	st.st_ino = sx.stx_ino;
	st.st_nlink = sx.stx_nlink;
	fs_adjust_stat(fs, idx, &st);
	setid_told(fs, idx, st.st_mode);
	sx.stx_mode = (uint16_t)st.st_mode;
	sx.stx_uid = st.st_uid;
	sx.stx_gid = st.st_gid;
	sx.stx_ino = st.st_ino;
	core_reply_statx(req, 0, &sx, fs_attr_timeout(fs, idx, &st));
}

static void fs_syncfs(struct core_req *req, uint64_t ino)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path(req, ino, NULL, &path);

	if (!res) {
		res = fs->ops.syncfs ? fs->ops.syncfs(fs->data, path) : -ENOSYS;
		op_end(req);
	}
	reply_result(req, res);
}

struct core_ll_ops fs_ll_misc = {
	.readlink = fs_readlink, .access = fs_access, .statfs = fs_statfs, .setxattr = fs_setxattr,
	.getxattr = fs_getxattr, .listxattr = fs_listxattr, .removexattr = fs_removexattr,
	.bmap = fs_bmap, .ioctl = fs_ioctl, .poll = fs_poll, .statx = fs_statx,
	.syncfs = fs_syncfs,
};
