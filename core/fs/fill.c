/*
 * The entries of open directories. A program's readdir either fills everything at once (offset 0
 * to the fill function): then the entries are collected with the handle and served from there; or
 * it gives each entry an offset: then they go straight into the reply, and it is asked again from
 * there.
 */
#include "core/fs/dir.h"
#include "core/fs/node_lookup.h"
#include "core/session/attr.h"

#include <errno.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct fill {
	/* What becomes of an entry without an offset. */
	int (*entry)(struct fill *f, const char *name, const struct stat *st, off_t off, int flags);
	struct core_req *req;
	struct core_fs *fs;
	struct nodes *nodes;
	struct dir_handle *dh;
	uint32_t parent;
	bool plus;     /* the kernel asked for READDIRPLUS */
	bool show_ino; /* use_ino, readdir_ino: entries have numbers */
	bool use_ino;
	bool adjusted; /* attributes do not go out as the program gives them */
	bool direct;   /* entries came with offsets */
	bool placing;  /* entries without go into the reply as well as into the handle */
	char *out;     /* reply */
	size_t used, size;
	size_t place_until; /* the longest entry of place() may begin before */
	size_t bare;        /* where in the reply the first entry is that could have a node; NONE */
	int error;
	uint64_t name_base; /* of parent */
	/* Nodes of one name and their attributes are good for so long: as struct wire_entry_out. */
	struct good_for {
		uint64_t entry_valid, attr_valid;
		uint32_t entry_valid_nsec, attr_valid_nsec;
	} good_for;
};
_Static_assert(offsetof(struct wire_entry_out, attr) -
			       offsetof(struct wire_entry_out, entry_valid) ==
		       sizeof(struct good_for),
	       "what is between number and attributes");
#define NONE SIZE_MAX

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

/* Copies a name of 8 to 16 bytes to two places. Not 0: it has a '/'. */
static inline unsigned put_words_twice(char *to, char *copy, const char *name, size_t len)
{
#ifdef __SSE2__
	const __m128i *first = (const void *)name, *last = (const void *)(name + len - 8);
	__m128i a = _mm_loadl_epi64(first), b = _mm_loadl_epi64(last);

	_mm_storel_epi64((void *)to, a);
	_mm_storel_epi64((void *)(to + len - 8), b);
	_mm_storel_epi64((void *)copy, a);
	_mm_storel_epi64((void *)(copy + len - 8), b);
	return (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_unpacklo_epi64(a, b), _mm_set1_epi8('/')));
#else
	memcpy(to, name, len);
	memcpy(copy, name, len);
	return memchr(name, '/', len) != NULL;
#endif
}

/* To one. */
static inline unsigned put_two_words(char *to, const char *name, size_t len)
{
	return put_words_twice(to, to, name, len);
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

/* An entry with a name of 8 to 16 bytes and no number, in two places. Not 0: it has a '/'. */
static inline unsigned put_dirents(char *to, char *copy, const char *name, size_t len, off_t off,
				   uint32_t type)
{
	struct wire_dirent *d = (void *)to, *c = (void *)copy;
	size_t last = sizeof(*d) + PADDED(len) - 8;

	memset(to + last, 0, 8);
	memset(copy + last, 0, 8);
	c->ino = WIRE_UNKNOWN_INO;
	d->off = c->off = (uint64_t)off;
	d->namelen = c->namelen = (uint32_t)len;
	d->type = c->type = type;
	return put_words_twice(to + sizeof(*d), copy + sizeof(*d), name, len);
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

/* memset() and struct assignments of this size become string instructions: slow to start. */
static inline void clear_entry(struct wire_entry_out *out)
{
	typedef uint64_t two_words __attribute__((vector_size(16), aligned(8), may_alias));
	two_words *at = (two_words *)(void *)out;

	_Static_assert(sizeof(*out) % sizeof(*at) == 0, "whole pairs of words");
#pragma GCC unroll 16
	for (size_t i = 0; i < sizeof(*out) / sizeof(*at); i++)
		at[i] = (two_words){0, 0};
}

/* A listed entry is a lookup. Its node in whatever way: for what only few nodes and options need.
 */
__attribute__((noinline)) static int enter_any(struct fill *f, struct wire_entry_out *out,
					       uint32_t idx, uint64_t dev)
{
	struct wire_dirent *d = (void *)(out + 1);
	char name[NODE_NAME_MAX + 1];
	struct core_entry_param e;
	int res;

	memcpy(name, d + 1, d->namelen);
	name[d->namelen] = 0;
	wire_attr_to_stat(&e.attr, &out->attr, dev);
	res = fs_entry_of(f->fs, idx, f->parent, name, &e);
	if (res)
		return res;
	reply_fill_entry(out, &e);
	d->ino = e.attr.st_ino;
	return 0;
}

/*
 * Attributes of this node are those of one name, say what the program said, and nothing has to be
 * noted of them (setid_told()).
 */
static inline bool is_plain(const struct node *n, uint64_t nlink, uint32_t mode)
{
	return !((atomic_load_explicit(&n->flags, memory_order_relaxed) &
		  (NODE_LINKED | NODE_BIRTH)) |
		 atomic_load_explicit(&n->alias, memory_order_relaxed)) &&
	       !(mode & (S_ISUID | S_ISGID)) && (nlink <= 1 || S_ISDIR(mode));
}

static inline void put_node(struct fill *f, struct wire_entry_out *out, uint32_t idx,
			    const struct node *n)
{
	uint32_t gen = atomic_load_explicit(&n->gen, memory_order_relaxed);

	out->nodeid = (uint64_t)gen << 32 | idx;
	out->generation = gen;
	memcpy(&out->entry_valid, &f->good_for, sizeof(f->good_for));
}

/* Makes the entry in the reply a lookup: its name and attributes are there, dev is not said. */
static inline int enter(struct fill *f, struct wire_entry_out *out, uint64_t dev)
{
	struct wire_dirent *d = (void *)(out + 1);
	uint32_t idx = node_lookup_len(f->nodes, f->parent, (const char *)(d + 1), d->namelen);
	const struct node *n = node_at(f->nodes, idx);

	if (core_unlikely(!idx))
		return -ENOMEM;
	if (core_unlikely(f->adjusted || !is_plain(n, out->attr.nlink, out->attr.mode)))
		return enter_any(f, out, idx, dev);
	put_node(f, out, idx, n);
	if (core_likely(!f->use_ino))
		out->attr.ino = idx;
	d->ino = out->attr.ino;
	return 0;
}

/* An entry without a node: the kernel takes number and type only. */
static void do_not_enter(struct fill *f, struct wire_entry_out *out)
{
	const struct wire_dirent *d = (void *)(out + 1);

	clear_entry(out);
	out->attr.ino = d->ino;
	out->attr.mode = d->type << 12;
	if (f->bare == NONE && !is_dot((const char *)(d + 1), d->namelen))
		f->bare = f->used;
}

/* 1: not the end of the directory; what is there goes out, then the error. */
static int put_failed(struct fill *f, int res)
{
	if (!f->used)
		f->error = res;
	return 1;
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

/* One entry with attributes, if the program gave them, into the reply. 1: it does not fit. */
static int put_plus(struct fill *f, const char *name, size_t len, uint64_t ino, uint32_t type,
		    const struct stat *complete, off_t next)
{
	size_t size = sizeof(struct wire_entry_out) + sizeof(struct wire_dirent) + PADDED(len);
	struct wire_entry_out *out = (void *)(f->out + f->used);

	if (size > f->size - f->used)
		return 1;
	if (put_dirent((char *)(out + 1), name, len, ino, next, type))
		return no_such_name(name, len);
	if (complete) {
		int res;

		wire_attr_from_stat(&out->attr, complete);
		res = enter(f, out, complete->st_dev);
		if (core_unlikely(res))
			return put_failed(f, res);
	} else {
		do_not_enter(f, out);
	}
	f->used += size;
	return 0;
}

static int put_plain(struct fill *f, const char *name, size_t len, uint64_t ino, uint32_t type,
		     off_t next)
{
	size_t size = sizeof(struct wire_dirent) + PADDED(len);

	if (size > f->size - f->used)
		return 1;
	if (put_dirent(f->out + f->used, name, len, ino, next, type))
		return no_such_name(name, len);
	f->used += size;
	return 0;
}

/* Room for `want` more of what *mem has `used` of. */
__attribute__((noinline, cold)) static int more_room(struct fill *f, void *mem, size_t *cap,
						     size_t used, size_t want, size_t unit)
{
	size_t n = *cap ? *cap * 2 : 4096 / unit;
	void *p, *old;

	while (n < used + want)
		n *= 2;
	memcpy(&old, mem, sizeof(old));
	p = realloc(old, n * unit);
	if (!p) {
		f->error = -ENOMEM;
		return 1;
	}
	memcpy(mem, &p, sizeof(p));
	*cap = n;
	return 0;
}

static int fill_any(struct fill *f, const char *name, const struct stat *st, off_t off, int flags);

/* What comes now is for a later request. */
static void stop_placing(struct fill *f)
{
	struct dir_handle *dh = f->dh;

	f->placing = false;
	f->entry = fill_any;
	dh->last = dh->len;
	dh->last_index = dh->attrs_first = dh->count;
}

/* The attributes of the entry that is collected. */
static int collect_attr(struct fill *f, const struct stat *complete)
{
	struct dir_handle *dh = f->dh;
	size_t i = dh->count - dh->attrs_first;
	struct dir_attr *a;

	if (i >= dh->attrs_cap && more_room(f, &dh->attrs, &dh->attrs_cap, i, 1, sizeof(*a)))
		return 1;
	while (dh->attrs_used < i)
		dh->attrs[dh->attrs_used++].given = false;
	a = &dh->attrs[i];
	wire_attr_from_stat(&a->attr, complete);
	a->dev = complete->st_dev;
	a->given = true;
	dh->attrs_used = i + 1;
	return 0;
}

static int collect(struct fill *f, const char *name, size_t len, uint64_t ino, uint32_t type,
		   const struct stat *complete)
{
	struct dir_handle *dh = f->dh;
	size_t end = dh->len + sizeof(struct wire_dirent) + PADDED(len);

	if (end > dh->cap && more_room(f, &dh->records, &dh->cap, dh->len, end - dh->len, 1))
		return 1;
	if (put_dirent(dh->records + dh->len, name, len, ino, (off_t)end, type))
		return no_such_name(name, len);
	if (complete && collect_attr(f, complete))
		return 1;
	dh->len = end;
	dh->count++;
	return 0;
}

/* Whatever is more than a name and a type. */
__attribute__((noinline)) static int fill_any(struct fill *f, const char *name,
					      const struct stat *st, off_t off, int flags)
{
	const struct stat *complete = NULL;
	uint32_t type = st ? (st->st_mode & S_IFMT) >> 12 : 0;
	uint64_t ino = WIRE_UNKNOWN_INO;
	size_t len = strlen(name);

	if (len - 1 >= NODE_NAME_MAX)
		return no_such_name(name, len);
	if (st && f->plus && (flags & CORE_FILL_PLUS) && !is_dot(name, len))
		complete = st;
	if (f->show_ino)
		ino = shown_ino(f, name, st ? st->st_ino : 0);
	if (!off || f->dh->len) {
		if (f->placing)
			stop_placing(f);
		return collect(f, name, len, ino, type, complete);
	}
	f->direct = true;
	return f->plus ? put_plus(f, name, len, ino, type, complete, off)
		       : put_plain(f, name, len, ino, type, off);
}

/* Records are whole words, and four of them at least. */
static inline void copy_record(void *to, const struct wire_dirent *d, size_t size)
{
	memcpy(to, d, 32);
	for (size_t n = 32; n < size; n += 8)
		memcpy((char *)to + n, (const char *)d + n, 8);
}

/* Whatever entry, and the room for it. */
__attribute__((noinline)) static int place_any(struct fill *f, const char *name,
					       const struct stat *st, off_t off, int flags)
{
	struct wire_entry_out *out = (void *)(f->out + f->used);
	struct dir_handle *dh = f->dh;
	uint32_t type = st ? (st->st_mode & S_IFMT) >> 12 : 0;
	size_t len = strlen(name), size = sizeof(struct wire_dirent) + PADDED(len);

	if (len - 1 >= NODE_NAME_MAX || size + sizeof(*out) > f->size - f->used)
		return fill_any(f, name, st, off, flags);
	if (dh->len + size > dh->cap && more_room(f, &dh->records, &dh->cap, dh->len, size, 1))
		return 1;
	if (put_dirent((char *)(out + 1), name, len, WIRE_UNKNOWN_INO, (off_t)(dh->len + size),
		       type))
		return no_such_name(name, len);
	copy_record(dh->records + dh->len, (void *)(out + 1), size);
	if (st && (flags & CORE_FILL_PLUS) && !is_dot(name, len)) {
		wire_attr_from_stat(&out->attr, st);
		if (enter(f, out, st->st_dev)) /* and again when it is asked for */
			return fill_any(f, name, st, off, flags);
	} else {
		do_not_enter(f, out);
	}
	dh->len += size;
	dh->count++;
	f->used += sizeof(*out) + size;
	return 0;
}

/* The rest of place() if the node is none, or has more to it. */
__attribute__((noinline, cold)) static int place_entered(struct fill *f, const char *name,
							 const struct stat *st, uint32_t idx)
{
	struct wire_entry_out *out = (void *)(f->out + f->used);
	size_t size =
		sizeof(struct wire_dirent) + PADDED(((struct wire_dirent *)(out + 1))->namelen);

	wire_attr_from_stat(&out->attr, st);
	if (!idx || enter_any(f, out, idx, st->st_dev))
		return fill_any(f, name, st, 0, CORE_FILL_PLUS);
	f->dh->len += size;
	f->dh->count++;
	f->used += sizeof(*out) + size;
	return 0;
}

/*
 * For the first entries of a READDIRPLUS: into the reply, where they are lookups, and without
 * attributes into the handle, in case somebody goes back. This is the common case of place_any(): a
 * name of 8 to 16 bytes with attributes.
 */
__attribute__((noinline)) static int place(struct fill *f, const char *name, const struct stat *st,
					   off_t off, int flags)
{
	struct dir_handle *dh = f->dh;
	struct wire_entry_out *out;
	size_t len, size, end;
	const struct node *n;
	uint32_t idx, type;

	(void)off; /* 0 */
	if (core_unlikely(!st || !(flags & CORE_FILL_PLUS)))
		return place_any(f, name, st, 0, flags);
	len = strlen(name);
	size = sizeof(struct wire_dirent) + PADDED(len);
	end = dh->len + size;
	if (core_unlikely(len - 8 > 8 || end > dh->cap || f->used >= f->place_until))
		return place_any(f, name, st, 0, CORE_FILL_PLUS);
	out = (void *)(f->out + f->used);
	type = (st->st_mode & S_IFMT) >> 12;
	if (core_unlikely(put_dirents((char *)(out + 1), dh->records + dh->len, name, len,
				      (off_t)end, type)))
		return no_such_name(name, len);
	idx = node_lookup_short(f->nodes, f->name_base, f->parent, name, len);
	n = node_at(f->nodes, idx);
	if (core_unlikely(!idx || !is_plain(n, st->st_nlink, st->st_mode)))
		return place_entered(f, name, st, idx);
	put_node(f, out, idx, n);
	wire_attr_from_stat(&out->attr, st);
	out->attr.ino = idx;
	((struct wire_dirent *)(out + 1))->ino = idx;
	dh->len = end;
	dh->count++;
	f->used += sizeof(*out) + size;
	return 0;
}

/* A name and a type. */
__attribute__((noinline)) static int fill_name(struct fill *f, const char *name,
					       const struct stat *st, off_t off, int flags)
{
	struct dir_handle *dh = f->dh;
	uint32_t type = 0;
	size_t len, at, end;
	char *to;

	(void)off, (void)flags; /* 0, and of no use without plus */
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

int core_fs_fill(void *buf, const char *name, const struct stat *st, off_t off, int flags)
{
	struct fill *f = buf;

	if (core_unlikely(off))
		return fill_any(f, name, st, off, flags);
	return f->entry(f, name, st, off, flags);
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

/* As READDIRPLUS. */
static size_t serve_plus(struct fill *f, size_t pos)
{
	struct dir_handle *dh = f->dh;
	size_t i = dh->last_index - dh->attrs_first;

	for (; pos < dh->len; i++) {
		const struct wire_dirent *d = record_at(dh, pos);
		size_t size = (size_t)d->off - pos;
		struct wire_entry_out *out = (void *)(f->out + f->used);

		if (size + sizeof(*out) > f->size - f->used)
			break;
		copy_record((void *)(out + 1), d, size);
		if (i < dh->attrs_used && dh->attrs[i].given) {
			int res;

			out->attr = dh->attrs[i].attr;
			res = enter(f, out, dh->attrs[i].dev);
			if (core_unlikely(res)) {
				put_failed(f, res);
				break;
			}
		} else {
			do_not_enter(f, out);
		}
		f->used += sizeof(*out) + size;
		pos += size;
	}
	dh->last_index = i + dh->attrs_first;
	return pos;
}

static void serve(struct fill *f)
{
	struct dir_handle *dh = f->dh;

	if (f->plus) {
		dh->last = serve_plus(f, dh->last);
	} else {
		dh->last = serve_copies(f, dh->last);
		dh->last_index = INDEX_UNKNOWN;
	}
}

/* A position in the collected entries is always the start of a record or the end. */
static bool go_to(struct fill *f, off_t off)
{
	struct dir_handle *dh = f->dh;
	size_t pos = 0, i = 0;

	if (off < 0 || (size_t)off > dh->len || (off & 7))
		return false;
	if ((size_t)off == dh->last && (dh->last_index != INDEX_UNKNOWN || !f->plus))
		return true;
	for (; pos < (size_t)off; i++)
		pos = (size_t)record_at(dh, pos)->off;
	dh->last = pos;
	dh->last_index = i;
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
	unsigned every = watch_wants(w, f->parent);
	uint64_t start = every ? now_ns() : 0;
	uint32_t asked = 0, left = 0;

	for (size_t pos = f->bare; pos < f->used;) {
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
	f->dh->count = f->dh->last_index = f->dh->attrs_used = f->dh->attrs_first = 0;
	f->entry = f->plus || f->show_ino ? fill_any : fill_name;
	if (f->plus && off == 0 && !f->show_ino) {
		const size_t most = sizeof(struct wire_entry_out) + sizeof(struct wire_dirent) + 16;

		f->placing = true;
		f->place_until = f->size >= most ? f->size - most + 1 : 0;
		f->entry = f->adjusted || f->nodes->fold ? place_any : place;
	}
	fi->fh = f->dh->fh;
	fi->flags = f->dh->flags;
	res = fs->ops.readdir ? fs->ops.readdir(fs->data, path, f, core_fs_fill, off, fi,
						f->plus ? CORE_READDIR_PLUS : 0)
			      : -ENOSYS;
	op_end(f->req);
	if (f->placing)
		stop_placing(f);
	if (!res)
		res = f->error;
	if (!res && (f->dh->len || (off == 0 && !f->direct)))
		f->dh->filled = true;
	return res;
}

static void set_good_for(struct fill *f)
{
	const struct core_fs_config *c = &f->fs->cfg;
	struct wire_entry_out e;

	reply_fill_timeouts(&e, c->entry_timeout, c->attr_timeout);
	memcpy(&f->good_for, &e.entry_valid, sizeof(f->good_for));
	f->name_base = name_base(&f->nodes->seed, f->parent);
}

void dir_read(struct core_req *req, uint64_t ino, size_t size, off_t off, struct core_file_info *fi,
	      bool plus)
{
	struct core_fs *fs = req_fs(req);
	struct dir_handle *dh = dir_get(fs->dirs, fi->fh, false);
	struct fill f = {
		.req = req,
		.fs = fs,
		.nodes = FS_NODES(fs),
		.dh = dh,
		.plus = plus,
		.size = size,
		.parent = node_from_id(FS_NODES(fs), ino),
		.show_ino = fs->cfg.use_ino || fs->cfg.readdir_ino,
		.adjusted = !fs->plain_but_ino || fs->cfg.max_nodes,
		.use_ino = fs->cfg.use_ino,
		.bare = NONE,
	};
	int res = 0;

	if (!dh || !f.parent || !(f.out = worker_out(req->w, size))) {
		reply_result(req, !dh ? -EBADF : !f.parent ? -ESTALE : -ENOMEM);
		return;
	}
	if (plus)
		set_good_for(&f);
	pthread_mutex_lock(&dh->lock);
	if (off == 0)
		dh->filled = false; /* rewinddir reads anew */
	if (!dh->filled)
		res = fill_from_program(&f, ino, off, fi);
	if (!res && dh->filled && !f.direct && !f.used) {
		if (go_to(&f, off)) {
			serve(&f);
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
