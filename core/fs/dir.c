/*
 * Open directories. A program's readdir either fills everything at once (offset 0 to the fill
 * function): then the entries are collected with the handle and served from there; or it gives
 * each entry an offset: then they go straight into the reply, and it is asked again from there.
 */
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <string.h>

/* A collected entry; the name (terminated) and, with `plus`, a struct stat follow. */
struct record {
	uint32_t size; /* to the next record */
	uint16_t name_len;
	bool plus;
	uint8_t pad;
	uint64_t ino;
	uint32_t mode;
	uint32_t pad2;
};

struct dir_handle {
	pthread_mutex_t lock; /* guards what follows; see docs/locking.md */
	uint64_t fh;          /* the program's */
	uint64_t nodeid;
	int flags;
	bool filled;
	char *records;
	size_t len, cap;
	size_t last; /* position after what was served last */
};

struct dir_slot {
	struct dir_handle *dh;
	uint32_t gen;
	uint32_t next_free;
};

/* The kernel gets slot numbers, not addresses: a wrong one is noticed. */
struct dir_table {
	pthread_mutex_t lock;
	struct dir_slot *slots;
	uint32_t count, free; /* free: index + 1 */
};

struct dir_table *dir_table_new(void)
{
	struct dir_table *t = calloc(1, sizeof(*t));

	if (t)
		pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void handle_free(struct dir_handle *dh)
{
	pthread_mutex_destroy(&dh->lock);
	free(dh->records);
	free(dh);
}

void dir_table_free(struct dir_table *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->count; i++)
		if (t->slots[i].dh)
			handle_free(t->slots[i].dh);
	free(t->slots);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static int table_add(struct dir_table *t, struct dir_handle *dh, uint64_t *fh)
{
	uint32_t i;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->lock);

	if (!t->free) {
		uint32_t count = t->count ? t->count * 2 : 16;
		struct dir_slot *slots = realloc(t->slots, count * sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		memset(slots + t->count, 0, (count - t->count) * sizeof(*slots));
		for (i = count; i-- > t->count;) {
			slots[i].next_free = t->free;
			t->free = i + 1;
		}
		t->slots = slots;
		t->count = count;
	}
	i = t->free - 1;
	t->free = t->slots[i].next_free;
	t->slots[i].dh = dh;
	*fh = (uint64_t)t->slots[i].gen << 32 | i;
	return 0;
}

static struct dir_handle *table_get(struct dir_table *t, uint64_t fh, bool remove)
{
	uint32_t i = (uint32_t)fh;
	struct dir_handle *dh;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->lock);

	if (i >= t->count || t->slots[i].gen != fh >> 32)
		return NULL;
	dh = t->slots[i].dh;
	if (dh && remove) {
		t->slots[i].dh = NULL;
		t->slots[i].gen++;
		t->slots[i].next_free = t->free;
		t->free = i + 1;
	}
	return dh;
}

bool dir_is_open(struct core_fs *fs, uint64_t ino)
{
	struct dir_table *t = fs->dirs;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&t->lock);

	for (uint32_t i = 0; i < t->count; i++)
		if (t->slots[i].dh && t->slots[i].dh->nodeid == ino)
			return true;
	return false;
}

bool dir_handle_fi(struct core_fs *fs, uint64_t fh, struct core_file_info *fi)
{
	struct dir_handle *dh = table_get(fs->dirs, fh, false);

	if (!dh)
		return false;
	fi->fh = dh->fh;
	fi->flags = dh->flags;
	return true;
}

/* ---- open, close -------------------------------------------------------------------------- */

static void fs_opendir(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	struct core_file_info out = *fi;
	struct dir_handle *dh = calloc(1, sizeof(*dh));
	const char *path;
	int res;

	if (!dh) {
		reply_result(req, -ENOMEM);
		return;
	}
	pthread_mutex_init(&dh->lock, NULL);
	dh->nodeid = ino;
	res = op_path(req, ino, NULL, &path);
	if (!res) {
		res = fs->ops.opendir ? fs->ops.opendir(fs->data, path, &out) : 0;
		if (core_unlikely(fs->cfg.tune.cache_dirs))
			out.bits |= CORE_FI_CACHE_READDIR |
				    (fs->cfg.tune.cache_dirs > 1 ? CORE_FI_KEEP_CACHE : 0);
		dh->fh = out.fh;
		dh->flags = fi->flags;
		if (!res) {
			res = table_add(fs->dirs, dh, &out.fh);
			if (res && fs->ops.releasedir)
				fs->ops.releasedir(fs->data, path, &out);
		}
		op_end(req);
	}
	if (res) {
		handle_free(dh);
		reply_result(req, res);
	} else if (core_reply_open(req, &out)) {
		/* Interrupted, or the answer not taken: nobody will close it. */
		table_get(fs->dirs, out.fh, true);
		out.fh = dh->fh;
		if (fs->ops.releasedir)
			fs->ops.releasedir(fs->data, path, &out);
		handle_free(dh);
	}
}

static void fs_releasedir(struct core_req *req, uint64_t ino, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	struct dir_handle *dh = table_get(fs->dirs, fi->fh, true);
	const char *path = NULL;

	if (!dh) {
		reply_result(req, -EBADF);
		return;
	}
	if (op_path_fh(req, ino, &path))
		path = NULL;
	fi->fh = dh->fh;
	if (fs->ops.releasedir)
		fs->ops.releasedir(fs->data, path, fi);
	op_end(req);
	pthread_mutex_lock(&dh->lock); /* a reader of this handle that is still here */
	pthread_mutex_unlock(&dh->lock);
	handle_free(dh);
	reply_result(req, 0);
}

static void fs_fsyncdir(struct core_req *req, uint64_t ino, int datasync, struct core_file_info *fi)
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res;

	if (!dir_handle_fi(fs, fi->fh, fi)) {
		reply_result(req, -EBADF);
		return;
	}
	res = op_path_fh(req, ino, &path);
	if (!res) {
		res = fs->ops.fsyncdir ? fs->ops.fsyncdir(fs->data, path, datasync, fi) : -ENOSYS;
		op_end(req);
	}
	reply_result(req, res);
}

/* ---- filling -------------------------------------------------------------------------------- */

struct fill {
	struct core_req *req;
	struct core_fs *fs;
	struct dir_handle *dh;
	uint32_t parent;
	bool plus;       /* the kernel asked for READDIRPLUS */
	char *out;       /* reply */
	size_t used, size;
	bool collecting; /* entries came without offsets */
	bool direct;     /* entries came with offsets */
	int error;
};

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static uint64_t shown_ino(struct core_fs *fs, uint32_t parent, const char *name, uint64_t ino)
{
	/* C libraries skip entries numbered 0. */
	if (fs->cfg.use_ino)
		return ino ? ino : WIRE_UNKNOWN_INO;
	if (fs->cfg.readdir_ino) {
		uint32_t rec = node_find(FS_NODES(fs), parent, name);

		if (rec)
			return node_target(FS_NODES(fs), rec);
	}
	return WIRE_UNKNOWN_INO;
}

/* What is known of an entry. */
struct entry {
	const char *name;
	size_t len;
	uint64_t ino;
	uint32_t mode;
	const struct stat *complete; /* NULL: number and type only */
};

static int put_plus(struct fill *f, const struct entry *in, off_t next)
{
	struct core_entry_param e;

	memset(&e, 0, sizeof(e));
	if (core_add_direntry_plus(f->req, NULL, 0, in->name, &e, next) > f->size - f->used)
		return 1;
	if (in->complete && !is_dot(in->name)) {
		e.attr = *in->complete;
		int res = fs_entry_from_stat(f->fs, f->parent, in->name, &e);

		if (core_unlikely(res)) {
			/* Not the end of the directory: what is there goes out, then the error. */
			if (!f->used)
				f->error = res;
			return 1;
		}
	} else {
		/* Without a nodeid the kernel takes number and type only. */
		e.attr.st_mode = in->mode;
		e.attr.st_ino = shown_ino(f->fs, f->parent, in->name, in->ino);
	}
	f->used += core_add_direntry_plus(f->req, f->out + f->used, f->size - f->used, in->name,
					  &e, next);
	return 0;
}

/* One entry into the reply. 1: it does not fit. */
static inline int put_entry(struct fill *f, const struct entry *e, off_t next)
{
	size_t need;

	if (f->plus)
		return put_plus(f, e, next);
	need = session_put_dirent(f->out + f->used, f->size - f->used, e->name, e->len,
				  shown_ino(f->fs, f->parent, e->name, e->ino), e->mode, next);
	if (need > f->size - f->used)
		return 1;
	f->used += need;
	return 0;
}

static int more_room(struct fill *f, size_t size)
{
	struct dir_handle *dh = f->dh;
	size_t cap = dh->cap ? dh->cap * 2 : 4096;
	char *p;

	while (cap < dh->len + size)
		cap *= 2;
	p = realloc(dh->records, cap);
	if (!p) {
		f->error = -ENOMEM;
		return 1;
	}
	dh->records = p;
	dh->cap = cap;
	return 0;
}

static int collect(struct fill *f, const struct entry *e)
{
	struct dir_handle *dh = f->dh;
	size_t size = sizeof(struct record) + (e->complete ? sizeof(struct stat) : 0) + e->len + 1;
	struct record *r;
	char *p;

	size = (size + 7) & ~(size_t)7;
	if (core_unlikely(dh->len + size > dh->cap) && more_room(f, size))
		return 1;
	r = (void *)(dh->records + dh->len);
	r->size = (uint32_t)size;
	r->name_len = (uint16_t)e->len;
	r->plus = e->complete != NULL;
	r->ino = e->ino;
	r->mode = e->mode;
	p = (char *)(r + 1);
	if (e->complete) {
		memcpy(p, e->complete, sizeof(struct stat));
		p += sizeof(struct stat);
	}
	memcpy(p, e->name, e->len + 1);
	dh->len += size;
	return 0;
}

int core_fs_fill(void *buf, const char *name, const struct stat *st, off_t off, int flags)
{
	struct fill *f = buf;
	struct entry e = { .name = name, .len = strlen(name) };

	if (st) {
		e.ino = st->st_ino;
		e.mode = st->st_mode;
		if (flags & CORE_FILL_PLUS)
			e.complete = st;
	}
	if (core_unlikely(e.len == 0 || e.len > NODE_NAME_MAX)) {
		core_err("readdir: a name of %zu bytes is left out (1 to %d are possible)\n", e.len,
			 NODE_NAME_MAX);
		return 0;
	}
	if (core_unlikely(memchr(name, '/', e.len))) {
		/* The kernel would refuse the whole directory. */
		core_err("readdir: the name \"%s\" is left out: a '/' cannot be part of one\n", name);
		return 0;
	}
	if (off && !f->collecting) {
		f->direct = true;
		return put_entry(f, &e, off);
	}
	f->collecting = true;
	return collect(f, &e);
}

/* Serves collected entries from the position `off`. */
static void serve(struct fill *f, off_t off)
{
	struct dir_handle *dh = f->dh;
	size_t pos = off < 0 ? dh->len : (size_t)off;

	while (pos < dh->len) {
		const struct record *r = (void *)(dh->records + pos);
		struct entry e = {
			.name = (const char *)(r + 1), .len = r->name_len, .ino = r->ino,
			.mode = r->mode,
		};

		if (r->plus) {
			e.complete = (const struct stat *)e.name; /* records are 8-byte aligned */
			e.name += sizeof(struct stat);
		}
		if (put_entry(f, &e, (off_t)(pos + r->size)))
			break;
		pos += r->size;
	}
	dh->last = pos;
}

/* A position in the collected entries is always the start of a record or the end. */
static bool valid_position(const struct dir_handle *dh, off_t off)
{
	size_t pos = 0;

	if (off < 0 || (size_t)off > dh->len || (off & 7))
		return false;
	if ((size_t)off == dh->last)
		return true;
	while (pos < (size_t)off)
		pos += ((const struct record *)(dh->records + pos))->size;
	return pos == (size_t)off;
}

/* Entries the kernel did not take were not looked up. */
static void undo_lookups(struct fill *f)
{
	for (size_t pos = 0; pos + sizeof(struct wire_entry_out) < f->used;) {
		const struct wire_entry_out *e = (void *)(f->out + pos);
		const struct wire_dirent *d = (void *)(e + 1);

		if (e->nodeid)
			fs_forget(f->fs, e->nodeid, 1);
		pos += sizeof(*e) + WIRE_DIRENT_ALIGN(sizeof(*d) + d->namelen);
	}
}

static int fill_from_program(struct fill *f, uint64_t ino, off_t off, struct core_file_info *fi)
{
	struct core_fs *fs = f->fs;
	const char *path;
	int res = op_path_fh(f->req, ino, &path);

	if (res)
		return res;
	f->dh->len = f->dh->last = 0;
	fi->fh = f->dh->fh;
	fi->flags = f->dh->flags;
	res = fs->ops.readdir ? fs->ops.readdir(fs->data, path, f, core_fs_fill, off, fi,
						f->plus ? CORE_READDIR_PLUS : 0)
			      : -ENOSYS;
	op_end(f->req);
	if (!res)
		res = f->error;
	if (!res && (f->collecting || (off == 0 && !f->direct)))
		f->dh->filled = true;
	return res;
}

static void readdir_common(struct core_req *req, uint64_t ino, size_t size, off_t off,
			   struct core_file_info *fi, bool plus)
{
	struct core_fs *fs = req_fs(req);
	struct dir_handle *dh = table_get(fs->dirs, fi->fh, false);
	struct fill f = {
		.req = req, .fs = fs, .dh = dh, .plus = plus, .size = size,
		.parent = node_from_id(FS_NODES(fs), ino),
	};
	int res = 0;

	if (!dh || !f.parent || !(f.out = worker_out(req->w, size))) {
		reply_result(req, !dh ? -EBADF : !f.parent ? -ESTALE : -ENOMEM);
		return;
	}
	pthread_mutex_lock(&dh->lock);
	if (off == 0)
		dh->filled = false; /* rewinddir reads anew */
	if (!dh->filled)
		res = fill_from_program(&f, ino, off, fi);
	if (!res && dh->filled && !f.direct) {
		if (valid_position(dh, off)) {
			serve(&f, off);
			res = f.error;
		} else {
			res = -EINVAL;
		}
	}
	pthread_mutex_unlock(&dh->lock);
	if (!res) {
		if (core_reply_buf(req, f.out, f.used) && plus)
			undo_lookups(&f);
		return;
	}
	if (plus)
		undo_lookups(&f);
	reply_result(req, res);
}

static void fs_readdir(struct core_req *req, uint64_t ino, size_t size, off_t off,
		       struct core_file_info *fi)
{
	readdir_common(req, ino, size, off, fi, false);
}

static void fs_readdirplus(struct core_req *req, uint64_t ino, size_t size, off_t off,
			   struct core_file_info *fi)
{
	readdir_common(req, ino, size, off, fi, true);
}

struct core_ll_ops fs_ll_dir = {
	.opendir = fs_opendir, .releasedir = fs_releasedir, .fsyncdir = fs_fsyncdir,
	.readdir = fs_readdir, .readdirplus = fs_readdirplus,
};
