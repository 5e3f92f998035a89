/* sim_file.c - the simulated kernel's system calls on open files. */
#include "sim_vfs.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static uint32_t page_limit(void)
{
	uint32_t pages = sk_init_out(kern)->max_pages;

	return (pages && (sk_caps(kern) & WIRE_CAP(MAX_PAGES)) ? pages : 32) * 4096;
}

/* --- open
 * ------------------------------------------------------------------------------------------ */

static uint32_t wire_flags(const struct conn *c)
{
	return ((uint32_t)c->req.a & ~(uint32_t)(O_CLOEXEC | O_NOCTTY)) | 0100000;
}

static long opened(struct conn *c, uint64_t nodeid, const struct wire_open_out *o, bool dir,
		   struct where *w)
{
	struct kfile *f = file_new(c, nodeid);

	if (!f)
		return -EMFILE;
	f->fh = o->fh;
	f->open_flags = o->open_flags;
	f->flags = wire_flags(c) & ~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC);
	f->dir = dir;
	f->path = path_copy(&w->dir);
	if (dir && *w->name)
		path_push(&f->path, nodeid);
	return dir ? SIM_ISDIR : 0;
}

/* The program has no open: Linux does not tell it of the end either. */
static void file_no_release(struct conn *c)
{
	struct kfile *f = file_find(c->rep.file);

	f->no_release = true;
}

static long open_node(struct conn *c, uint64_t id, bool dir, struct where *w)
{
	struct wire_open_in in = {.flags = wire_flags(c) & ~(uint32_t)(O_CREAT | O_EXCL)};
	struct wire_open_out out = {0};
	/* Linux does not ask whether the library wanted this */
	bool may_lack = sk_minor(kern) >= (dir ? 29U : 23U);
	bool trunc = !dir && (c->req.a & O_TRUNC), none = false;
	long r;

	if (c->req.a & O_PATH) {
		r = opened(c, id, &out, dir, w);
		return r;
	}
	if (!(sk_caps(kern) & WIRE_CAP(ATOMIC_O_TRUNC)))
		in.flags &= ~(uint32_t)O_TRUNC;
	if (may_lack)
		r = dir ? kcall_or(c, CALL(OPENDIR, id, .in = &in, TO(&out)), -ENOSYS)
			: kcall_or(c, CALL(OPEN, id, .in = &in, TO(&out)), -ENOSYS);
	else
		r = dir ? kcall(c, CALL(OPENDIR, id, .in = &in, TO(&out)))
			: kcall(c, CALL(OPEN, id, .in = &in, TO(&out)));
	if (r == -ENOSYS && may_lack) {
		none = true;
		r = 0;
	}
	if (r < 0)
		return r;
	r = opened(c, id, &out, dir, w);
	if (none && r >= 0)
		file_no_release(c);
	if (r >= 0 && trunc && !(sk_caps(kern) & WIRE_CAP(ATOMIC_O_TRUNC))) {
		struct wire_setattr_in set = {.valid = WIRE_FATTR_SIZE};
		struct wire_attr_out attr;

		kcall(c, CALL(SETATTR, id, .in = &set, TO(&attr)));
	}
	if (r >= 0 && trunc)
		node_get(id)->size = 0;
	return r;
}

static long create(struct conn *c, struct where *w)
{
	struct wire_create_in in = {.flags = wire_flags(c),
				    .mode = S_IFREG | ((uint32_t)c->req.b & 07777),
				    .umask = c->req.umask};
	struct wire_create_out out;
	long r;

	if (!(sk_caps(kern) & WIRE_CAP(DONT_MASK)))
		in.mode &= ~c->req.umask;
	r = kcall_or(c, CALL(CREATE, w->parent, .in = &in, .name = {w->name}, TO(&out)), -ENOSYS);
	if (r == -ENOSYS) {
		/* Linux makes the node, and opens it then */
		struct wire_mknod_in node = {.mode = in.mode, .umask = in.umask};
		struct wire_entry_out e;

		r = kcall(c, CALL(MKNOD, w->parent, .in = &node, .name = {w->name}, TO(&e)));
		if (r < 0)
			return r;
		node_learn(e.nodeid, &e.attr);
		return open_node(c, e.nodeid, false, w);
	}
	if (r < 0)
		return r;
	node_learn(out.entry.nodeid, &out.entry.attr);
	return opened(c, out.entry.nodeid, &out.open, false, w);
}

static long open_found(struct conn *c, struct where *w)
{
	int64_t flags = c->req.a;
	bool dir = !*w->name || S_ISDIR(w->e.attr.mode);

	if (*w->name && S_ISLNK(w->e.attr.mode) && !(flags & O_PATH))
		return -ELOOP;
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (dir && ((flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY))
		return -EISDIR;
	if ((flags & O_DIRECTORY) && !dir)
		return -ENOTDIR;
	if (!dir && !S_ISREG(w->e.attr.mode) && !S_ISLNK(w->e.attr.mode))
		return not_here(c, "an open device or pipe");
	return open_node(c, w->e.nodeid, dir, w);
}

long sim_open(struct conn *c)
{
	int64_t flags = c->req.a;
	struct where w;
	long r;

	if ((flags & O_TMPFILE) == O_TMPFILE)
		return not_here(c, "O_TMPFILE");
	r = walk(c, c->file, c->path,
		 (flags & O_CREAT ? W_CREATE | W_HOLD : 0) |
			 ((flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL))
				  ? 0
				  : W_FOLLOW),
		 &w);
	if (r)
		return r;
	if (!w.exists && (w.slash || !(flags & O_CREAT)))
		r = w.slash ? -EISDIR : -ENOENT;
	else if (!w.exists)
		r = create(c, &w);
	else {
		where_unhold(&w);
		r = open_found(c, &w);
	}
	where_free(&w);
	return r;
}

static long flush(struct conn *c, struct kfile *f)
{
	struct wire_flush_in in = {.fh = f->fh, .lock_owner = c->req.tgid};

	f->flushed = true;
	if (f->dir || (f->flags & O_PATH) || (f->open_flags & WIRE_FOPEN_NOFLUSH))
		return 0;
	long r = kcall_or(c, CALL(FLUSH, f->nodeid, .in = &in), 0);
	return r < 0 ? r : 0;
}

long sim_flush(struct conn *c)
{
	return flush(c, c->file);
}

/* RELEASE is on its way when this returns; nobody waits for the answer, nobody interrupts it. */
struct sk_req *file_release(struct kfile *f)
{
	struct wire_release_in in = {.fh = f->fh, .flags = f->flags, .lock_owner = f->id};
	struct conn c = {.fd = -1,
			 .req = {.uid = f->uid, .gid = f->gid, .pid = f->pid, .tgid = f->pid}};
	struct sk_call call = {
		.opcode = f->dir ? WIRE_RELEASEDIR : WIRE_RELEASE, .nodeid = f->nodeid, .in = &in};

	if (!f->flushed)
		flush(&c, f);
	if (f->flocked)
		in.release_flags |= WIRE_RELEASE_FLOCK_UNLOCK;
	if ((f->flags & O_PATH) || f->no_release)
		return NULL;
	return kcall_send(&c, &call);
}

/* --- reading and writing
 * ---------------------------------------------------------------------------- */

static bool direct(const struct kfile *f)
{
	return (f->open_flags & WIRE_FOPEN_DIRECT_IO) || (f->flags & O_DIRECT);
}

static long read_request(struct conn *c, struct kfile *f, int64_t off, size_t size, char *buf)
{
	struct wire_read_in in = {
		.fh = f->fh, .offset = (uint64_t)off, .size = (uint32_t)size, .flags = f->flags};

	return kcall(c, CALL(READ, f->nodeid, .in = &in, .out = buf, .out_size = size));
}

static long read_direct(struct conn *c, struct kfile *f, int64_t off, size_t size, char *buf)
{
	size_t limit = page_limit(), done = 0;

	while (done < size) {
		size_t part = size - done < limit ? size - done : limit;
		long n = read_request(c, f, off + (int64_t)done, part, buf + done);

		if (n < 0)
			return done ? (long)done : n;
		done += (size_t)n;
		if ((size_t)n < part)
			break;
	}
	return (long)done;
}

/* As into a page cache that is empty: whole pages, not beyond the end. */
static long read_pages(struct conn *c, struct kfile *f, int64_t off, size_t size, char *out)
{
	struct knode *node = node_get(f->nodeid);
	struct wire_attr attr;
	int64_t start = off & ~4095LL, end;
	char *buf;
	long n, r = 0;

	if ((sk_caps(kern) & WIRE_CAP(AUTO_INVAL_DATA)) || (uint64_t)off + size > node->size)
		r = knode_getattr(c, f->nodeid, &f->fh, &attr);
	if (r)
		return r;
	if ((uint64_t)off >= node->size)
		return 0;
	if ((uint64_t)off + size > node->size)
		size = node->size - (uint64_t)off;
	end = (off + (int64_t)size + 4095) & ~4095LL;
	buf = calloc(1, (size_t)(end - start));
	n = read_direct(c, f, start, (size_t)(end - start), buf);
	if (n >= 0) {
		/* what the program did not give is zeros, up to the size it told */
		memcpy(out, buf + (off - start), size);
		n = (long)size;
	}
	free(buf);
	return n;
}

long sim_read(struct conn *c)
{
	struct kfile *f = c->file;
	size_t size = (size_t)c->req.a;
	int64_t off = c->req.b < 0 ? f->pos : c->req.b;
	char *buf;
	long n;

	if (f->dir)
		return -EISDIR;
	if ((f->flags & O_ACCMODE) == O_WRONLY || (f->flags & O_PATH))
		return -EBADF;
	if (c->req.b >= 0 && (f->open_flags & (WIRE_FOPEN_NONSEEKABLE | WIRE_FOPEN_STREAM)))
		return -ESPIPE;
	buf = malloc(size + 1);
	n = !size       ? 0
	    : direct(f) ? read_direct(c, f, off, size, buf)
			: read_pages(c, f, off, size, buf);
	if (n > 0)
		reply_data(c, buf, (size_t)n);
	if (n > 0 && c->req.b < 0)
		f->pos = off + n;
	free(buf);
	return n;
}

static long write_part(struct conn *c, struct kfile *f, int64_t off, const char *data, size_t len)
{
	struct wire_write_in in = {
		.fh = f->fh, .offset = (uint64_t)off, .size = (uint32_t)len, .flags = f->flags};
	struct wire_write_out out;
	long n = kcall(c,
		       CALL(WRITE, f->nodeid, .in = &in, .data = data, .data_len = len, TO(&out)));

	return n < 0 ? n : (long)out.size;
}

static size_t write_limit(const struct kfile *f, int64_t off)
{
	size_t room = direct(f) ? page_limit() : page_limit() - (size_t)(off & 4095);
	size_t most = sk_init_out(kern)->max_write;

	if (!direct(f) && !(sk_caps(kern) & WIRE_CAP(BIG_WRITES)))
		room = 4096 - (size_t)(off & 4095);
	if (most < 4096)
		most = 4096;
	return room < most ? room : most;
}

long sim_write(struct conn *c)
{
	struct kfile *f = c->file;
	struct knode *node = node_get(f->nodeid);
	size_t size = c->req.data_len, done = 0;
	int64_t off = c->req.b < 0 ? f->pos : c->req.b;
	long n = 0;

	if (f->dir || (f->flags & O_ACCMODE) == O_RDONLY || (f->flags & O_PATH))
		return -EBADF;
	if (f->flags & O_APPEND)
		off = (int64_t)node->size;
	if (sk_caps(kern) & WIRE_CAP(WRITEBACK_CACHE))
		return not_here(c, "the writeback cache");
	while (done < size) {
		size_t limit = write_limit(f, off + (int64_t)done);
		size_t part = size - done < limit ? size - done : limit;

		n = write_part(c, f, off + (int64_t)done, c->data + done, part);
		if (n <= 0)
			break;
		done += (size_t)n;
		if ((size_t)n < part)
			break;
	}
	if (size && !done)
		return n < 0 ? n : -EIO;
	if ((uint64_t)off + done > node->size)
		node->size = (uint64_t)off + done;
	if (c->req.b < 0)
		f->pos = off + (int64_t)done;
	return (long)done;
}

long sim_seek(struct conn *c)
{
	struct kfile *f = c->file;
	struct wire_attr attr;
	int64_t to = c->req.a;

	if (f->open_flags & (WIRE_FOPEN_NONSEEKABLE | WIRE_FOPEN_STREAM))
		return -ESPIPE;
	if (c->req.b == SEEK_CUR) {
		to += f->pos;
	} else if (c->req.b == SEEK_DATA || c->req.b == SEEK_HOLE) {
		struct wire_lseek_in in = {
			.fh = f->fh, .offset = (uint64_t)to, .whence = (uint32_t)c->req.b};
		struct wire_lseek_out out;
		long r = kcall_or(c, CALL(LSEEK, f->nodeid, .in = &in, TO(&out)), -ENOSYS);

		if (r != -ENOSYS) {
			if (r >= 0)
				f->pos = (int64_t)out.offset;
			return r < 0 ? r : f->pos;
		}
		r = knode_getattr(c, f->nodeid, &f->fh, &attr);
		if (r || (uint64_t)to >= attr.size)
			return r ? r : -ENXIO;
		if (c->req.b == SEEK_HOLE)
			to = (int64_t)attr.size;
	} else if (c->req.b == SEEK_END) {
		int r = knode_getattr(c, f->nodeid, &f->fh, &attr);

		if (r)
			return r;
		to += (int64_t)attr.size;
	} else if (c->req.b != SEEK_SET) {
		return -EINVAL;
	}
	return to < 0 ? -EINVAL : (f->pos = to);
}

static bool want_plus(const struct kfile *f)
{
	uint64_t caps = sk_caps(kern);

	return (caps & WIRE_CAP(DO_READDIRPLUS)) &&
	       (!(caps & WIRE_CAP(READDIRPLUS_AUTO)) || f->pos == 0);
}

/* Entries as struct sk_dirent, as many as one request gave. */
long sim_getdents(struct conn *c)
{
	struct kfile *f = c->file;
	bool plus = want_plus(f);
	char buf[32768];
	struct wire_read_in in = {
		.fh = f->fh, .offset = (uint64_t)f->pos, .size = sizeof(buf), .flags = f->flags};
	struct sk_dirent d, *all = NULL;
	size_t pos = 0, n = 0;
	long len;

	if (!f->dir)
		return -ENOTDIR;
	len = plus ? kcall(c, CALL(READDIRPLUS, f->nodeid, .in = &in, .out = buf,
				   .out_size = sizeof(buf)))
		   : kcall(c, CALL(READDIR, f->nodeid, .in = &in, .out = buf,
				   .out_size = sizeof(buf)));
	if (len <= 0)
		return len;
	while (sk_dirent_next(buf, len, &pos, plus, &d)) {
		if (n % 64 == 0)
			all = realloc(all, (n + 64) * sizeof(*all));
		all[n++] = d;
		if (plus && d.entry.nodeid)
			node_learn(d.entry.nodeid, &d.entry.attr);
		f->pos = (int64_t)d.off;
	}
	reply_data(c, all, n * sizeof(*all));
	free(all);
	return (long)n;
}

long sim_fsync(struct conn *c)
{
	struct kfile *f = c->file;
	struct wire_fsync_in in = {.fh = f->fh, .fsync_flags = c->req.a ? 1 : 0};
	long r = f->dir ? kcall_or(c, CALL(FSYNCDIR, f->nodeid, .in = &in), 0)
			: kcall_or(c, CALL(FSYNC, f->nodeid, .in = &in), 0);

	return r < 0 ? r : 0;
}

long sim_fallocate(struct conn *c)
{
	struct kfile *f = c->file;
	struct wire_fallocate_in in = {.fh = f->fh,
				       .offset = (uint64_t)c->req.b,
				       .length = (uint64_t)c->req.c,
				       .mode = (uint32_t)c->req.a};
	struct knode *node = node_get(f->nodeid);
	long r;

	if (c->req.b < 0 || c->req.c <= 0)
		return -EINVAL;
	if ((f->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (c->req.a & ~0x13)
		return -EOPNOTSUPP;
	r = kcall_or(c, CALL(FALLOCATE, f->nodeid, .in = &in), -EOPNOTSUPP);
	if (r >= 0 && !(c->req.a & 1) && in.offset + in.length > node->size)
		node->size = in.offset + in.length;
	return r < 0 ? r : 0;
}

long sim_copy(struct conn *c)
{
	struct kfile *f = c->file, *to = c->other;
	struct knode *node = node_get(to->nodeid), *src = node_get(f->nodeid);
	struct wire_copy_file_range_in in = {.fh_in = f->fh,
					     .off_in = (uint64_t)c->req.a,
					     .nodeid_out = to->nodeid,
					     .fh_out = to->fh,
					     .off_out = (uint64_t)c->req.b,
					     .len = (uint64_t)c->req.c};
	struct wire_write_out out;
	struct wire_copy_file_range_out out64;
	uint64_t n;
	long r;

	if (in.off_in >= src->size)
		return 0;
	if (in.len > src->size - in.off_in)
		in.len = src->size - in.off_in;
	r = sk_minor(kern) >= 45
		    ? kcall_or(c, CALL(COPY_FILE_RANGE_64, f->nodeid, .in = &in, TO(&out64)), -1)
		    : -1;
	n = r >= 0 ? out64.bytes_copied : 0;
	if (r == -1) {
		r = kcall_or(c, CALL(COPY_FILE_RANGE, f->nodeid, .in = &in, TO(&out)), -1);
		n = r >= 0 ? out.size : 0;
	}
	if (r == -1)
		return not_here(c, "copying through the page cache");
	if (r < 0)
		return r;
	if (in.off_out + n > node->size)
		node->size = in.off_out + n;
	return (long)n;
}

/* --- locks
 * ------------------------------------------------------------------------------------------ */

static int lock_whence(struct conn *c, const struct flock *fl, struct wire_lk_in *in)
{
	struct wire_attr attr;
	int64_t start = fl->l_start, end;
	int r = 0;

	if (fl->l_whence == SEEK_CUR)
		start += c->file->pos;
	else if (fl->l_whence == SEEK_END)
		r = knode_getattr(c, c->file->nodeid, &c->file->fh, &attr);
	if (r)
		return r;
	if (fl->l_whence == SEEK_END)
		start += (int64_t)attr.size;
	end = fl->l_len ? start + fl->l_len - 1 : INT64_MAX;
	if (fl->l_len < 0) {
		end = start - 1;
		start += fl->l_len;
	}
	if (start < 0)
		return -EINVAL;
	in->start = (uint64_t)start;
	in->end = (uint64_t)end;
	return 0;
}

long sim_lock(struct conn *c)
{
	struct kfile *f = c->file;
	struct wire_lk_in in = {.fh = f->fh,
				.owner = c->req.b ? f->id + (1ULL << 40) : c->req.tgid};
	struct wire_lk_out out;
	struct flock fl;
	long r;

	if (!(sk_caps(kern) & WIRE_CAP(POSIX_LOCKS)))
		return not_here(c, "locks that the kernel keeps itself");
	memcpy(&fl, c->data, sizeof(fl));
	if ((fl.l_type == F_RDLCK && (f->flags & O_ACCMODE) == O_WRONLY) ||
	    (fl.l_type == F_WRLCK && (f->flags & O_ACCMODE) == O_RDONLY && c->req.a != F_GETLK))
		return -EBADF;
	r = lock_whence(c, &fl, &in);
	if (r)
		return r;
	in.type = (uint32_t)fl.l_type;
	in.pid = c->req.a != F_GETLK && fl.l_type == F_UNLCK ? 0 : c->req.tgid;
	if (c->req.a != F_GETLK) {
		r = c->req.a == F_SETLKW ? kcall(c, CALL(SETLKW, f->nodeid, .in = &in))
					 : kcall(c, CALL(SETLK, f->nodeid, .in = &in));
		return r < 0 ? r : 0;
	}
	r = kcall(c, CALL(GETLK, f->nodeid, .in = &in, TO(&out)));
	if (r < 0)
		return r;
	fl.l_type = (short)out.type;
	if (out.type != F_UNLCK) {
		fl.l_whence = SEEK_SET;
		fl.l_start = (off_t)out.start;
		fl.l_len = out.end >= INT64_MAX ? 0 : (off_t)(out.end - out.start + 1);
		fl.l_pid = (pid_t)out.pid;
	}
	return reply_data(c, &fl, sizeof(fl));
}

long sim_flock(struct conn *c)
{
	struct kfile *f = c->file;
	int op = (int)c->req.a & ~LOCK_NB;
	struct wire_lk_in in = {.fh = f->fh,
				.owner = f->id,
				.end = INT64_MAX,
				.lk_flags = WIRE_LK_FLOCK,
				.pid = op == LOCK_UN ? 0 : c->req.tgid};
	long r;

	if (!(sk_caps(kern) & WIRE_CAP(FLOCK_LOCKS)))
		return not_here(c, "locks that the kernel keeps itself");
	in.type = op == LOCK_SH ? F_RDLCK : op == LOCK_EX ? F_WRLCK : F_UNLCK;
	f->flocked = true;
	r = c->req.a & LOCK_NB ? kcall(c, CALL(SETLK, f->nodeid, .in = &in))
			       : kcall(c, CALL(SETLKW, f->nodeid, .in = &in));
	return r < 0 ? r : 0;
}

/* --- ioctl, poll
 * ------------------------------------------------------------------------------------ */

long sim_ioctl(struct conn *c)
{
	struct kfile *f = c->file;
	uint32_t cmd = (uint32_t)c->req.a, size = _IOC_SIZE(cmd);
	struct wire_ioctl_in in = {.fh = f->fh, .cmd = cmd, .arg = (uint64_t)c->req.b};
	char reply[sizeof(struct wire_ioctl_out) + (1 << 14)] = {0};
	struct wire_ioctl_out out;
	long n;

	if (f->dir) {
		if (sk_minor(kern) < 18)
			return not_here(
				c, "ioctl on a directory, which this protocol minor does not have");
		in.flags |= WIRE_IOCTL_DIR;
	}
	in.in_size = _IOC_DIR(cmd) & _IOC_WRITE ? size : 0;
	in.out_size = _IOC_DIR(cmd) & _IOC_READ ? size : 0;
	n = kcall_or(c,
		     CALL(IOCTL, f->nodeid, .in = &in, .data = c->data, .data_len = in.in_size,
			  .out = reply, .out_size = sizeof(reply)),
		     -ENOTTY);
	if (n < 0)
		return n;
	memcpy(&out, reply, sizeof(out));
	if (out.flags & WIRE_IOCTL_RETRY)
		return -EIO; /* for the unrestricted kind only */
	if (out.result == -ENOSYS)
		return -ENOTTY;
	n -= (long)sizeof(out);
	if (n > 0 && out.result >= 0)
		reply_data(c, reply + sizeof(out), (size_t)n);
	return out.result;
}

long sim_poll(struct conn *c)
{
	struct kfile *f = c->file;
	struct wire_poll_in in = {.fh = f->fh,
				  .kh = f->id,
				  .flags = c->req.c ? WIRE_POLL_SCHEDULE_NOTIFY : 0,
				  .events = (uint32_t)c->req.a};
	struct wire_poll_out out;
	int before = f->polled;
	char byte;
	long r;

	if (c->req.b) {
		for (int64_t ms = 0; ms < c->req.b && f->polled == before; ms += 2) {
			usleep(2000);
			if (recv(c->fd, &byte, 1, MSG_DONTWAIT) >= 0)
				return -EINTR;
		}
		in.flags = WIRE_POLL_SCHEDULE_NOTIFY;
	}
	r = kcall_or(c, CALL(POLL, f->nodeid, .in = &in, TO(&out)), 1);
	if (r == 1)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return r < 0 ? POLLERR : (long)out.revents;
}
