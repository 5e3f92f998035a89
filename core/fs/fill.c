/*
 * The entries of open directories. A program's readdir either fills everything at once (offset 0
 * to the fill function): then the entries are collected with the handle and served from there; or
 * it gives each entry an offset: then they go straight into the reply, and it is asked again from
 * there.
 */
#include "core/fs/dir.h"

#include <errno.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define RECORD_STAT 0x80000000u

struct fill {
	struct core_req *req;
	struct core_fs *fs;
	struct dir_handle *dh;
	uint32_t parent;
	bool plus;     /* the kernel asked for READDIRPLUS */
	bool show_ino; /* use_ino, readdir_ino: entries have numbers */
	bool first;    /* from the beginning of the directory */
	char *out;     /* reply */
	size_t used, size;
	bool direct;     /* entries came with offsets */
	int error;
};

static bool is_dot(const char *name, size_t len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static uint64_t ino_in_table(struct fill *f, const char *name)
{
	uint32_t rec = node_find(FS_NODES(f->fs), f->parent, name);

	return rec ? node_target(FS_NODES(f->fs), rec) : WIRE_UNKNOWN_INO;
}

static uint64_t shown_ino(struct fill *f, const char *name, uint64_t ino)
{
	/* C libraries skip entries numbered 0. */
	if (f->fs->cfg.use_ino)
		return ino ? ino : WIRE_UNKNOWN_INO;
	return ino_in_table(f, name);
}

/* ---- one entry ------------------------------------------------------------------------------ */

#define PADDED(len) (((len) + 7) & ~(size_t)7)

/* Copies a name of 8 to 16 bytes. Not 0: it has a '/'. */
static inline unsigned put_two_words(char *to, const char *name, size_t len)
{
#ifdef __SSE2__
	const __m128i *first = (const void *)name, *last = (const void *)(name + len - 8);
	__m128i a = _mm_loadl_epi64(first), b = _mm_loadl_epi64(last);

	_mm_storel_epi64((void *)to, a);
	_mm_storel_epi64((void *)(to + len - 8), b);
	return (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_unpacklo_epi64(a, b), _mm_set1_epi8('/')));
#else
	memcpy(to, name, len);
	return memchr(name, '/', len) != NULL;
#endif
}

/* Copies a name of 1 byte or more and pads it with zeros to whole words. Not 0: it has a '/'. */
static inline unsigned put_name(char *to, const char *name, size_t len)
{
	memset(to + PADDED(len) - 8, 0, 8);
	if (core_likely(len - 8 <= 8))
		return put_two_words(to, name, len);
	memcpy(to, name, len);
	return memchr(name, '/', len) != NULL;
}

static inline unsigned put_dirent(char *to, const char *name, size_t len, uint64_t ino, off_t off,
				  uint32_t type)
{
	struct wire_dirent *d = (void *)to;

	d->ino = ino;
	d->off = (uint64_t)off;
	d->namelen = (uint32_t)len;
	d->type = type;
	return put_name(to + sizeof(*d), name, len);
}

/* One entry with attributes, if the program gave them, into the reply. 1: it does not fit. */
static int put_plus(struct fill *f, const char *name, size_t len, uint64_t ino, uint32_t type,
		    const struct stat *complete, off_t next)
{
	size_t size = sizeof(struct wire_entry_out) + sizeof(struct wire_dirent) + PADDED(len);
	struct wire_entry_out *out = (void *)(f->out + f->used);
	struct core_entry_param e;

	if (size > f->size - f->used)
		return 1;
	if (complete && !is_dot(name, len)) {
		int res;

		e.attr = *complete;
		res = fs_entry_from_stat(f->fs, f->parent, name, &e);
		if (core_unlikely(res)) {
			/* Not the end of the directory: what is there goes out, then the error. */
			if (!f->used)
				f->error = res;
			return 1;
		}
		reply_fill_entry(out, &e);
		ino = e.attr.st_ino;
		type = (e.attr.st_mode & S_IFMT) >> 12;
	} else {
		/* Without a nodeid the kernel takes number and type only. */
		memset(out, 0, sizeof(*out));
		out->attr.ino = ino;
		out->attr.mode = type << 12;
	}
	put_dirent((char *)(out + 1), name, len, ino, next, type);
	f->used += size;
	return 0;
}

static int put_plain(struct fill *f, const char *name, size_t len, uint64_t ino, uint32_t type,
		     off_t next)
{
	size_t size = sizeof(struct wire_dirent) + PADDED(len);

	if (size > f->size - f->used)
		return 1;
	put_dirent(f->out + f->used, name, len, ino, next, type);
	f->used += size;
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

static int no_such_name(const char *name, size_t len)
{
	if (len == 0 || len > NODE_NAME_MAX)
		core_err("readdir: a name of %zu bytes is left out (1 to %d are possible)\n", len,
			 NODE_NAME_MAX);
	else
		/* The kernel would refuse the whole directory. */
		core_err("readdir: the name \"%s\" is left out: a '/' cannot be part of one\n",
			 name);
	return 0;
}

static int collect(struct fill *f, const char *name, size_t len, uint64_t ino, uint32_t type,
		   const struct stat *complete)
{
	struct dir_handle *dh = f->dh;
	size_t size = sizeof(struct wire_dirent) + PADDED(len);

	if (dh->len + size + sizeof(*complete) > dh->cap && more_room(f, size + sizeof(*complete)))
		return 1;
	if (complete) {
		memcpy(dh->records + dh->len + size, complete, sizeof(*complete));
		size += sizeof(*complete);
		type |= RECORD_STAT;
		dh->has_stat = true;
	}
	put_dirent(dh->records + dh->len, name, len, ino, (off_t)(dh->len + size), type);
	dh->len += size;
	return 0;
}

/* Whatever is more than a name and a type, collected into room that is there. */
__attribute__((noinline)) static int fill_any(struct fill *f, const char *name,
					      const struct stat *st, off_t off, int flags)
{
	const struct stat *complete = st && (flags & CORE_FILL_PLUS) ? st : NULL;
	uint32_t type = st ? (st->st_mode & S_IFMT) >> 12 : 0;
	uint64_t ino = WIRE_UNKNOWN_INO;
	size_t len = strlen(name);

	if (len - 1 >= NODE_NAME_MAX || memchr(name, '/', len))
		return no_such_name(name, len);
	if (f->show_ino)
		ino = shown_ino(f, name, st ? st->st_ino : 0);
	if (!off || f->dh->len)
		return collect(f, name, len, ino, type, complete);
	f->direct = true;
	return f->plus ? put_plus(f, name, len, ino, type, complete, off)
		       : put_plain(f, name, len, ino, type, off);
}

int core_fs_fill(void *buf, const char *name, const struct stat *st, off_t off, int flags)
{
	struct fill *f = buf;
	struct dir_handle *dh = f->dh;
	uint32_t type = 0;
	size_t len, at, end;
	char *to;

	if (core_unlikely(off | (flags & CORE_FILL_PLUS) | f->show_ino))
		return fill_any(f, name, st, off, flags);
	if (st)
		type = (st->st_mode & S_IFMT) >> 12;
	len = strlen(name);
	at = dh->len;
	end = at + sizeof(struct wire_dirent) + PADDED(len);
	if (core_unlikely(len - 8 > 8 || end > dh->cap))
		return fill_any(f, name, st, 0, 0);
	to = dh->records + at;
	if (core_unlikely(put_dirent(to, name, len, WIRE_UNKNOWN_INO, (off_t)end, type)))
		return no_such_name(name, len);
	dh->len = end;
	return 0;
}

/* ---- serving what was collected -------------------------------------------------------------- */

static const struct wire_dirent *record_at(const struct dir_handle *dh, size_t pos)
{
	return (const void *)(dh->records + pos);
}

/* As it is: records are what the kernel gets. Returns the position after the last that fits. */
static size_t serve_copies(struct fill *f, size_t pos)
{
	struct dir_handle *dh = f->dh;
	size_t end = dh->len;

	if (end - pos > f->size) {
		size_t next;

		end = pos;
		while ((next = (size_t)record_at(dh, end)->off) - pos <= f->size)
			end = next;
	}
	f->used = end - pos;
	if (f->used)
		memcpy(f->out, dh->records + pos, f->used);
	return end;
}

/* One by one: as READDIRPLUS, or without the attributes kept with them. */
static size_t serve_records(struct fill *f, size_t pos)
{
	struct dir_handle *dh = f->dh;

	while (pos < dh->len) {
		const struct wire_dirent *d = record_at(dh, pos);
		size_t len = d->namelen;
		const struct stat *complete = NULL;
		uint32_t type = d->type & ~RECORD_STAT;
		char name[NODE_NAME_MAX + 1];
		int full;

		memcpy(name, d + 1, len);
		name[len] = 0;
		if (d->type & RECORD_STAT)
			complete = (const void *)((const char *)(d + 1) + PADDED(len));
		full = f->plus ? put_plus(f, name, len, d->ino, type, complete, (off_t)d->off)
			       : put_plain(f, name, len, d->ino, type, (off_t)d->off);
		if (full)
			break;
		pos = (size_t)d->off;
	}
	return pos;
}

static void serve(struct fill *f, off_t off)
{
	struct dir_handle *dh = f->dh;

	dh->last = f->plus || dh->has_stat ? serve_records(f, (size_t)off)
					   : serve_copies(f, (size_t)off);
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
		pos = (size_t)record_at(dh, pos)->off;
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

/* ---- attributes for who looks entries up anyway ------------------------------------------------
 */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Asks the program for the attributes of an entry in the reply, as a lookup would. */
static void complete_entry(struct fill *f, uint64_t ino, struct wire_entry_out *out)
{
	struct wire_dirent *d = (void *)(out + 1);
	char name[NODE_NAME_MAX + 1];
	union fs_entry u;
	const char *path;
	int res;

	memcpy(name, d + 1, d->namelen);
	name[d->namelen] = 0;
	if (op_path(f->req, ino, name, &path))
		return;
	res = fs_make_entry(f->req, f->parent, name, path, NULL, &u);
	op_end(f->req);
	if (res)
		return; /* gone meanwhile, or whatever a lookup will say */
	reply_fill_entry(out, &u.e);
	d->ino = u.e.attr.st_ino;
	d->type = (u.e.attr.st_mode & S_IFMT) >> 12;
}

/*
 * Outside of the program's readdir, which may hold a lock of its own. Whoever waits for the
 * listing gets it soon, complete or not: what has no attributes is looked up.
 */
static void complete_entries(struct fill *f, uint64_t ino)
{
	const uint64_t most_ns = 100 * 1000 * 1000;
	struct dir_watch *w = &f->fs->watch;
	unsigned every = watch_wants(w, f->parent, f->first);
	uint64_t start = every ? now_ns() : 0;
	uint32_t asked = 0, left = 0;

	for (size_t pos = 0; pos < f->used;) {
		struct wire_entry_out *out = (void *)(f->out + pos);
		const struct wire_dirent *d = (void *)(out + 1);

		pos += sizeof(*out) + sizeof(*d) + PADDED(d->namelen);
		if (out->nodeid || is_dot((const char *)(d + 1), d->namelen))
			continue;
		if (!every || watch_sample(w, every)) {
			left++;
			continue;
		}
		complete_entry(f, ino, out);
		if (++asked % 16 == 0 &&
		    (core_req_interrupted(f->req) || now_ns() - start > most_ns))
			every = 0;
	}
	if (asked)
		watch_cost(w, now_ns() - start, asked);
	watch_served(w, f->parent, left);
}

/* ---- the requests -------------------------------------------------------------------------------
 */

static int fill_from_program(struct fill *f, uint64_t ino, off_t off, struct core_file_info *fi)
{
	struct core_fs *fs = f->fs;
	const char *path;
	int res = op_path_fh(f->req, ino, &path);

	if (res)
		return res;
	f->dh->len = f->dh->last = 0;
	f->dh->has_stat = false;
	fi->fh = f->dh->fh;
	fi->flags = f->dh->flags;
	res = fs->ops.readdir ? fs->ops.readdir(fs->data, path, f, core_fs_fill, off, fi,
						f->plus ? CORE_READDIR_PLUS : 0)
			      : -ENOSYS;
	op_end(f->req);
	if (!res)
		res = f->error;
	if (!res && (f->dh->len || (off == 0 && !f->direct)))
		f->dh->filled = true;
	return res;
}

void dir_read(struct core_req *req, uint64_t ino, size_t size, off_t off, struct core_file_info *fi,
	      bool plus)
{
	struct core_fs *fs = req_fs(req);
	struct dir_handle *dh = dir_get(fs->dirs, fi->fh, false);
	struct fill f = {
		.req = req,
		.fs = fs,
		.dh = dh,
		.plus = plus,
		.size = size,
		.parent = node_from_id(FS_NODES(fs), ino),
		.show_ino = fs->cfg.use_ino || fs->cfg.readdir_ino,
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
	if (!res && plus && fs->readdirplus == CORE_READDIRPLUS_AUTO)
		complete_entries(&f, ino);
	if (!res) {
		if (core_reply_buf(req, f.out, f.used) && plus)
			undo_lookups(&f);
		return;
	}
	if (plus)
		undo_lookups(&f);
	reply_result(req, res);
}
