/*
 * Open files: create, open, read, write, close and what works on a handle.
 */
#include "core/fs/ext_priv.h"

#include <errno.h>
#include <string.h>

/* Is what the kernel cached of the file still right? Then it may keep it over this open. */
static void open_auto_cache(struct core_fs *fs, uint32_t idx, const char *path,
			    struct core_file_info *fi)
{
	struct side *d = side_get(&fs->side, idx, true);
	struct timespec now, since;
	bool valid, fresh;
	struct core_stat st;

	if (!d)
		return;
	atomic_fetch_or(&FS_NODES(fs)->at[idx].flags, NODE_SIDE);
	valid = d->cache_valid;
	since = d->updated;
	side_put(&fs->side, idx);
	clock_gettime(CLOCK_MONOTONIC, &now);
	fresh = (double)(now.tv_sec - since.tv_sec) + 1e-9 * (double)(now.tv_nsec - since.tv_nsec) <=
		fs->cfg.ac_attr_timeout;
	if (valid && !fresh) {
		if (fs_ask_attr(fs, path, &st, fi) == 0)
			fs_note_stat(fs, idx, &st.st);
		else
			valid = false;
	}
	d = side_get(&fs->side, idx, true);
	if (!d)
		return;
	if (valid && d->cache_valid)
		fi->bits |= CORE_FI_KEEP_CACHE;
	d->cache_valid = true;
	side_put(&fs->side, idx);
}

static void open_bits(struct core_fs *fs, uint32_t idx, const char *path, struct core_file_info *fi)
{
	const struct core_fs_config *c = &fs->cfg;

	if (c->direct_io)
		fi->bits |= CORE_FI_DIRECT_IO;
	if (c->kernel_cache)
		fi->bits |= CORE_FI_KEEP_CACHE;
	if (c->auto_cache && path)
		open_auto_cache(fs, idx, path, fi);
	if (c->no_rofd_flush && (fi->flags & O_ACCMODE) == O_RDONLY)
		fi->bits |= CORE_FI_NOFLUSH;
	if (c->parallel_direct_writes || c->tune.parallel_direct_writes > 0)
		fi->bits |= CORE_FI_PARALLEL_DIRECT_WRITES;
	if (c->tune.parallel_direct_writes < 0)
		fi->bits &= ~(uint32_t)CORE_FI_PARALLEL_DIRECT_WRITES;
}

/* Before the path is let go: an unlink that waits for us must see the handle. */
static void count_handle(struct core_req *req, uint32_t idx, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);

	if (core_unlikely(fs->cfg.passthrough))
		backing_opened(req, idx, fi);
	else
		atomic_fetch_add(&FS_NODES(fs)->at[idx].open, 1);
}

/*
 * With -o writeback_cache the kernel reads what is around written bytes by a handle that writes, and
 * says itself where appended bytes go. A program that wants the cache sees to that, others do not.
 */
static void writeback_flags(const struct core_fs *fs, struct core_file_info *fi)
{
	if (core_likely(!fs->writeback))
		return;
	if ((fi->flags & O_ACCMODE) == O_WRONLY)
		fi->flags = (fi->flags & ~O_ACCMODE) | O_RDWR;
	fi->flags &= ~O_APPEND;
}

static int call_open(const struct core_fs *fs, const char *path, struct core_file_info *fi)
{
	const int asked = fi->flags;
	int res;

	if (!fs->ops.open)
		return 0;
	writeback_flags(fs, fi);
	res = fs->ops.open(fs->data, path, fi);
	if (res == -EACCES && (fi->flags ^ asked) & O_ACCMODE) {
		/* May be written but not read: whole pages will do. */
		fi->flags = asked & ~O_APPEND;
		res = fs->ops.open(fs->data, path, fi);
	}
	return res;
}

static void fs_open(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	const char *path;
	int res;

	if (core_unlikely(fs->no_open)) {
		reply_result(req, -ENOSYS); /* and the kernel never asks again */
		return;
	}
	res = op_path(req, ino, NULL, &path);
	if (res) {
		reply_result(req, res);
		return;
	}
	setid_unknown(fs, idx);
	if (EXT_ENFORCED(fs))
		res = ext_forbids_open(fs, path, fi->flags);
	if (!res && core_unlikely(fi->bits & CORE_FI_KILL_SUIDGID))
		res = setid_clear(fs, idx, path, NULL);
	if (!res)
		res = call_open(fs, path, fi);
	if (!res) {
		open_bits(fs, idx, path, fi);
		count_handle(req, idx, fi);
	}
	op_end(req);
	if (res) {
		backing_drop(req);
		reply_result(req, res);
	} else if (core_reply_open(req, fi)) {
		/* The open was interrupted, or its answer not taken: nobody will close it. */
		if (fs->ops.release)
			fs->ops.release(fs->data, path, fi);
		hidden_closed(req, idx);
	}
}

static void fs_create(struct core_req *req, uint64_t parent, const char *name, mode_t mode,
		      struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	union fs_entry u = { 0 };
	const char *path;
	uint32_t idx;
	int res = op_path(req, parent, name, &path);

	if (res) {
		reply_result(req, res);
		return;
	}
	if (EXT_ENFORCED(fs))
		res = ext_forbids_make(fs, path);
	writeback_flags(fs, fi);
	if (!res)
		res = fs->ops.create ? fs->ops.create(fs->data, path, fs_new_mode(fs, mode), fi) : -ENOSYS;
	if (!res) {
		res = fs_make_entry(req, node_from_id(FS_NODES(fs), parent), name, path, fi, &u);
		if (!res && !S_ISREG(u.e.attr.st_mode)) {
			fs_forget(fs, u.e.ino, 1);
			res = -EIO;
		}
		if (res && fs->ops.release)
			fs->ops.release(fs->data, path, fi);
	}
	if (res) {
		op_end(req);
		backing_drop(req);
		reply_result(req, res);
		return;
	}
	idx = (uint32_t)u.e.ino;
	open_bits(fs, idx, path, fi);
	count_handle(req, idx, fi);
	op_end(req);
	if (core_reply_create(req, &u.e, fi)) {
		if (fs->ops.release)
			fs->ops.release(fs->data, path, fi);
		hidden_closed(req, idx);
		fs_forget(fs, u.e.ino, 1);
	}
}

static void free_bufvec(struct core_bufvec *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->count; i++)
		if (!(v->buf[i].flags & CORE_BUF_IS_FD))
			free(v->buf[i].mem);
	free(v);
}

static void read_by_buf(struct core_req *req, const char *path, size_t size, off_t off,
			struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	struct core_bufvec *v = NULL;
	int res = fs->ops.read_buf(fs->data, path, &v, size, off, fi);

	if (res >= 0 && v)
		core_reply_data(req, v, CORE_BUF_SPLICE_MOVE);
	else
		reply_result(req, res < 0 ? res : -EIO);
	op_end(req);
	free_bufvec(v);
}

static void fs_read(struct core_req *req, uint64_t ino, size_t size, off_t off,
		    struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	char *buf;
	int res = op_path_fh(req, ino, &path);

	if (res) {
		reply_result(req, res);
		return;
	}
	if (fs->ops.read_buf) {
		read_by_buf(req, path, size, off, fi);
		return;
	}
	buf = worker_out(req->w, size);
	if (!buf)
		res = -ENOMEM;
	else
		res = fs->ops.read ? fs->ops.read(fs->data, path, buf, size, off, fi) : -ENOSYS;
	op_end(req);
	if (res >= 0)
		core_reply_buf(req, buf, (size_t)res);
	else
		reply_result(req, res);
}

static int write_any(struct core_fs *fs, const char *path, struct core_bufvec *v, off_t off,
		     struct core_file_info *fi)
{
	if (fs->ops.write_buf)
		return fs->ops.write_buf(fs->data, path, v, off, fi);
	if (!fs->ops.write)
		return -ENOSYS;
	return fs->ops.write(fs->data, path, v->buf[0].mem, v->buf[0].size, off, fi);
}

static void fs_write_buf(struct core_req *req, uint64_t ino, struct core_bufvec *v, off_t off,
			 struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path_fh(req, ino, &path);

	if (core_unlikely(fs->writeback))
		fi->flags &= ~O_APPEND;
	if (!res) {
		if (core_unlikely(fi->bits & CORE_FI_KILL_SUIDGID))
			res = setid_clear(fs, node_from_id(FS_NODES(fs), ino), path, fi);
		if (core_likely(!res))
			res = write_any(fs, path, v, off, fi);
		op_end(req);
	}
	if (res >= 0)
		core_reply_write(req, (size_t)res);
	else
		reply_result(req, res);
}

static int do_flush(struct core_req *req, uint32_t idx, const char *path,
		    struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	int res = fs->ops.flush ? fs->ops.flush(fs->data, path, fi) : -ENOSYS;

	return fs->ops.lock ? lock_flush(req, idx, path, fi, res) : res;
}

static void fs_flush(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path = NULL;
	int res = op_path_fh(req, ino, &path);

	/* Also what lost its name is flushed. */
	if (res == -ENOENT) {
		path = NULL;
		res = 0;
	}
	if (!res) {
		res = do_flush(req, node_from_id(FS_NODES(fs), ino), path, fi);
		op_end(req);
	}
	reply_result(req, res);
	lock_retry_parked(fs);
}

static void fs_release(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);
	const char *path = NULL;
	int res = 0;

	/* Also a file whose path is gone is closed. */
	if (op_path_fh(req, ino, &path))
		path = NULL;
	if (fi->bits & CORE_FI_FLUSH) {
		res = do_flush(req, idx, path, fi);
		if (res == -ENOSYS)
			res = 0;
	}
	if (fs->ops.release)
		fs->ops.release(fs->data, path, fi);
	op_end(req);
	if (idx)
		hidden_closed(req, idx);
	reply_result(req, res);
	lock_retry_parked(fs);
}

static void fs_fsync(struct core_req *req, uint64_t ino, int datasync, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path_fh(req, ino, &path);

	if (!res) {
		res = fs->ops.fsync ? fs->ops.fsync(fs->data, path, datasync, fi) : -ENOSYS;
		op_end(req);
	}
	reply_result(req, res);
}

static void fs_fallocate(struct core_req *req, uint64_t ino, int mode, off_t off, off_t len,
			 struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res = op_path_fh(req, ino, &path);

	if (!res) {
		res = fs->ops.fallocate ? setid_clear_for(req, ino, path, fi) : -ENOSYS;
		if (!res)
			res = fs->ops.fallocate(fs->data, path, mode, off, len, fi);
		op_end(req);
	}
	reply_result(req, res);
}

static void fs_lseek(struct core_req *req, uint64_t ino, off_t off, int whence,
		     struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	off_t res = op_path_fh(req, ino, &path);

	if (!res) {
		res = fs->ops.lseek ? fs->ops.lseek(fs->data, path, off, whence, fi) : -ENOSYS;
		op_end(req);
	}
	if (res >= 0)
		core_reply_lseek(req, res);
	else
		reply_result(req, (int)res);
}

static void fs_copy_file_range(struct core_req *req, uint64_t ino_in, off_t off_in,
			       struct core_file_info *fi_in, uint64_t ino_out, off_t off_out,
			       struct core_file_info *fi_out, size_t len, int flags)
{
	struct core_fs *fs = req_fs(req);
	const char *in = NULL, *out = NULL;
	ssize_t res = 0;

	if (!fs->cfg.nopath) {
		res = op_path2(req, ino_in, NULL, &in, ino_out, NULL, &out);
		if (res == -ENOENT && fs->cfg.nullpath_ok) {
			in = out = NULL;
			res = 0;
		}
	}
	if (!res) {
		res = fs->ops.copy_file_range ? setid_clear_for(req, ino_out, out, fi_out)
					      : -ENOSYS;
		if (!res)
			res = fs->ops.copy_file_range(fs->data, in, fi_in, off_in, out, fi_out,
						      off_out, len, flags);
		op_end(req);
	}
	if (res >= 0)
		core_reply_write(req, (size_t)res);
	else
		reply_result(req, (int)res);
}

struct core_ll_ops fs_ll_file = {
	.open = fs_open, .create = fs_create, .read = fs_read, .write_buf = fs_write_buf,
	.flush = fs_flush, .release = fs_release, .fsync = fs_fsync, .fallocate = fs_fallocate,
	.lseek = fs_lseek, .copy_file_range = fs_copy_file_range,
};
