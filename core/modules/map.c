/*
 * The layer itself: every operation of the path API with its names mapped.
 */
#include "core/modules/modules.h"

#include <errno.h>
#include <string.h>

#include "core/base/log.h"

struct core_module {
	struct core_fs_ops low; /* what is below */
	void *data;
	struct core_layer l;
	struct core_module *below; /* another module, or NULL */
};

/* ---- room for mapped texts ----------------------------------------------------------------------
 */

void map_buf_init(struct map_buf *b)
{
	b->mem = b->fixed;
	b->size = sizeof(b->fixed);
}

void map_buf_free(struct map_buf *b)
{
	if (b->mem != b->fixed)
		free(b->mem);
}

int map_buf_reserve(struct map_buf *b, size_t size)
{
	char *mem;

	if (size <= b->size)
		return 0;
	mem = realloc(b->mem == b->fixed ? NULL : b->mem, size);
	if (!mem)
		return -ENOMEM;
	if (b->mem == b->fixed)
		memcpy(mem, b->fixed, b->size);
	b->mem = mem;
	b->size = size;
	return 0;
}

/* ---- the mappings of a layer --------------------------------------------------------------------
 */

/* text as map makes it, which is NULL if it stays as it is. */
static int mapped(int (*map)(void *, const char *, struct map_buf *), void *self, const char **text,
		  struct map_buf *b)
{
	int res;

	map_buf_init(b);
	if (!map || !*text)
		return 0;
	res = map(self, *text, b);
	*text = b->mem;
	return res;
}

int core_layer_path(const struct core_layer *l, const char **path, struct map_buf *b)
{
	return mapped(l->map->path_down, l->self, path, b);
}

int core_layer_target_down(const struct core_layer *l, const char **target, struct map_buf *b)
{
	return mapped(l->map->target_down, l->self, target, b);
}

int core_layer_target_up(const struct core_layer *l, const char *path, char *buf, size_t size)
{
	return l->map->target_up ? l->map->target_up(l->self, path, buf, size) : 0;
}

int core_layer_name_up(const struct core_layer *l, const char **name, struct map_buf *b)
{
	return mapped(l->map->name_up, l->self, name, b);
}

/* ---- operations ---------------------------------------------------------------------------------
 */

/* Declares low_path, the mapped path; leaves the operation if there is none. */
#define MAP(path)                                                                                  \
	MAP_BUF buf_##path;                                                                        \
	const char *low_##path = path;                                                             \
	const int err_##path = core_layer_path(&m->l, &low_##path, &buf_##path);                   \
                                                                                                   \
	if (err_##path)                                                                            \
	return err_##path

/* Parenthesised lists of further parameters and of their names. */
#define WITH(...) , ##__VA_ARGS__

/* An operation of one path, which comes first. */
#define ONE_PATH(type, op, params, names)                                                          \
	static type map_##op(void *d, const char *path params)                                     \
	{                                                                                          \
		struct core_module *m = d;                                                         \
		MAP(path);                                                                         \
                                                                                                   \
		return m->low.op(m->data, low_path names);                                         \
	}

#define FI struct core_file_info *fi

ONE_PATH(int, getattr, WITH(struct core_stat *st, FI), WITH(st, fi))
ONE_PATH(int, mknod, WITH(mode_t mode, dev_t dev), WITH(mode, dev))
ONE_PATH(int, mkdir, WITH(mode_t mode), WITH(mode))
ONE_PATH(int, unlink, , )
ONE_PATH(int, rmdir, , )
ONE_PATH(int, chmod, WITH(mode_t mode, FI), WITH(mode, fi))
ONE_PATH(int, chown, WITH(uid_t uid, gid_t gid, FI), WITH(uid, gid, fi))
ONE_PATH(int, truncate, WITH(off_t size, FI), WITH(size, fi))
ONE_PATH(int, utimens, WITH(const struct timespec tv[2], FI), WITH(tv, fi))
ONE_PATH(int, open, WITH(FI), WITH(fi))
ONE_PATH(int, read, WITH(char *buf, size_t size, off_t off, FI), WITH(buf, size, off, fi))
ONE_PATH(int, read_buf, WITH(struct core_bufvec **bufp, size_t size, off_t off, FI),
	 WITH(bufp, size, off, fi))
ONE_PATH(int, write, WITH(const char *buf, size_t size, off_t off, FI), WITH(buf, size, off, fi))
ONE_PATH(int, write_buf, WITH(struct core_bufvec *buf, off_t off, FI), WITH(buf, off, fi))
ONE_PATH(int, statfs, WITH(struct statvfs *st), WITH(st))
ONE_PATH(int, flush, WITH(FI), WITH(fi))
ONE_PATH(int, release, WITH(FI), WITH(fi))
ONE_PATH(int, fsync, WITH(int datasync, FI), WITH(datasync, fi))
ONE_PATH(int, setxattr, WITH(const char *name, const char *value, size_t size, int flags),
	 WITH(name, value, size, flags))
ONE_PATH(int, getxattr, WITH(const char *name, char *value, size_t size), WITH(name, value, size))
ONE_PATH(int, listxattr, WITH(char *list, size_t size), WITH(list, size))
ONE_PATH(int, removexattr, WITH(const char *name), WITH(name))
ONE_PATH(int, opendir, WITH(FI), WITH(fi))
ONE_PATH(int, releasedir, WITH(FI), WITH(fi))
ONE_PATH(int, fsyncdir, WITH(int datasync, FI), WITH(datasync, fi))
ONE_PATH(int, access, WITH(int mask), WITH(mask))
ONE_PATH(int, create, WITH(mode_t mode, FI), WITH(mode, fi))
ONE_PATH(int, lock, WITH(FI, int cmd, struct flock *fl), WITH(fi, cmd, fl))
ONE_PATH(int, flock, WITH(FI, int op), WITH(fi, op))
ONE_PATH(int, bmap, WITH(size_t blocksize, uint64_t *idx), WITH(blocksize, idx))
ONE_PATH(int, ioctl, WITH(unsigned cmd, void *arg, FI, unsigned flags, void *data),
	 WITH(cmd, arg, fi, flags, data))
ONE_PATH(int, fallocate, WITH(int mode, off_t off, off_t len, FI), WITH(mode, off, len, fi))
ONE_PATH(off_t, lseek, WITH(off_t off, int whence, FI), WITH(off, whence, fi))
ONE_PATH(int, statx, WITH(int flags, int mask, struct statx *st, FI), WITH(flags, mask, st, fi))
ONE_PATH(int, syncfs, , )
ONE_PATH(int, statfs_x, WITH(struct statfs *st), WITH(st))
ONE_PATH(int, getxtimes, WITH(struct timespec *bkup, struct timespec *cr), WITH(bkup, cr))
ONE_PATH(int, setbkuptime, WITH(const struct timespec *t), WITH(t))
ONE_PATH(int, setchgtime, WITH(const struct timespec *t), WITH(t))
ONE_PATH(int, setcrtime, WITH(const struct timespec *t), WITH(t))
ONE_PATH(int, chflags, WITH(uint32_t flags), WITH(flags))
ONE_PATH(int, setattr_x, WITH(struct core_setattr_x *set), WITH(set))
ONE_PATH(int, fsetattr_x, WITH(struct core_setattr_x *set, FI), WITH(set, fi))

static int map_readlink(void *d, const char *path, char *buf, size_t size)
{
	struct core_module *m = d;
	MAP(path);
	int res = m->low.readlink(m->data, low_path, buf, size);

	return res ? res : core_layer_target_up(&m->l, path, buf, size);
}

static int map_symlink(void *d, const char *target, const char *path)
{
	struct core_module *m = d;
	MAP(path);
	MAP_BUF room;
	int res = core_layer_target_down(&m->l, &target, &room);

	return res ? res : m->low.symlink(m->data, target, low_path);
}

static int map_poll(void *d, const char *path, struct core_file_info *fi,
		    struct core_pollhandle *ph, unsigned *revents)
{
	struct core_module *m = d;
	MAP_BUF buf;
	int res = core_layer_path(&m->l, &path, &buf);

	if (!res)
		return m->low.poll(m->data, path, fi, ph, revents);
	core_pollhandle_free(ph); /* the operation's to keep; it is not reached */
	return res;
}

static int map_rename(void *d, const char *from, const char *to, unsigned flags)
{
	struct core_module *m = d;
	MAP(from);
	MAP(to);

	return m->low.rename(m->data, low_from, low_to, flags);
}

static int map_link(void *d, const char *from, const char *to)
{
	struct core_module *m = d;
	MAP(from);
	MAP(to);

	return m->low.link(m->data, low_from, low_to);
}

/* buf gets path with its last name replaced by name, which may be in buf. */
static int map_last(const char *path, const char *name, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash - path) + 1 : 0, len = strlen(name);

	if (slash == path && !path[1])
		len = 0; /* the root has no name */
	if (dir + len + 1 > size)
		return -ERANGE;
	memmove(buf + dir, name, len);
	memcpy(buf, path, dir);
	buf[dir + len] = '\0';
	return 0;
}

static int map_exchange(void *d, const char *path1, const char *path2, unsigned long flags)
{
	struct core_module *m = d;
	MAP(path1);
	MAP(path2);

	return m->low.exchange(m->data, low_path1, low_path2, flags);
}

static int map_renamex(void *d, const char *from, const char *to, unsigned flags)
{
	struct core_module *m = d;
	MAP(from);
	MAP(to);

	return m->low.renamex(m->data, low_from, low_to, flags);
}

static int map_setvolname(void *d, const char *name)
{
	struct core_module *m = d;

	return m->low.setvolname(m->data, name);
}

/* Only the last name of the answer is of use above: the directories are known by then. */
static int map_getpath(void *d, const char *path, char *buf, size_t size, struct core_file_info *fi)
{
	struct core_module *m = d;
	MAP(path);
	int res = m->low.getpath(m->data, low_path, buf, size, fi);
	const char *last;
	MAP_BUF up;

	map_buf_init(&up);
	if (res || !path)
		return res;
	last = strrchr(buf, '/');
	last = last ? last + 1 : buf;
	res = core_layer_name_up(&m->l, &last, &up);
	return res ? res : map_last(path, last, buf, size);
}

static ssize_t map_copy_file_range(void *d, const char *in, struct core_file_info *fi_in,
				   off_t off_in, const char *out, struct core_file_info *fi_out,
				   off_t off_out, size_t len, int flags)
{
	struct core_module *m = d;
	MAP(in);
	MAP(out);

	return m->low.copy_file_range(m->data, low_in, fi_in, off_in, low_out, fi_out, off_out, len,
				      flags);
}

struct filling {
	const struct core_module *m;
	core_fill_dir fill;
	void *buf;
};

static int fill_mapped(void *buf, const char *name, const struct stat *st, off_t off, int flags)
{
	struct filling *f = buf;
	MAP_BUF up;

	if (core_layer_name_up(&f->m->l, &name, &up))
		return 0; /* the module has said so; the others are shown */
	return f->fill(f->buf, name, st, off, flags);
}

static int map_readdir(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
		       struct core_file_info *fi, int flags)
{
	struct core_module *m = d;
	struct filling f = {m, fill, buf};
	MAP(path);

	if (!m->l.map->name_up)
		return m->low.readdir(m->data, low_path, buf, fill, off, fi, flags);
	return m->low.readdir(m->data, low_path, &f, fill_mapped, off, fi, flags);
}

static void map_init(void *d, struct core_conn *conn, struct core_fs_config *cfg)
{
	struct core_module *m = d;

	m->low.init(m->data, conn, cfg);
}

static void map_destroy(void *d)
{
	struct core_module *m = d;

	m->low.destroy(m->data);
}

/* ---- the table ----------------------------------------------------------------------------------
 */

#define MAP_OPS(F)                                                                                 \
	F(getattr)                                                                                 \
	F(readlink)                                                                                \
	F(mknod)                                                                                   \
	F(mkdir)                                                                                   \
	F(unlink) F(rmdir) F(symlink) F(rename) F(link) F(chmod) F(chown) F(truncate) F(utimens)   \
		F(open) F(read) F(read_buf) F(write) F(write_buf) F(statfs) F(flush) F(release)    \
			F(fsync) F(setxattr) F(getxattr) F(listxattr) F(removexattr) F(opendir)    \
				F(readdir) F(releasedir) F(fsyncdir) F(init) F(destroy) F(access)  \
					F(create) F(lock) F(flock) F(bmap) F(ioctl) F(poll)        \
						F(fallocate) F(copy_file_range) F(lseek) F(statx)  \
							F(syncfs) CORE_EXT_OPS(F)

#define MAP_COUNT(op) +1
_Static_assert(sizeof(struct core_fs_ops) == (0 MAP_OPS(MAP_COUNT)) * sizeof(void (*)(void)),
	       "every operation of the core passes through");
#undef MAP_COUNT

static void make_table(const struct core_fs_ops *low, struct core_fs_ops *up)
{
	memset(up, 0, sizeof(*up));
#define MAP_SET(op)                                                                                \
	if (low->op)                                                                               \
		up->op = map_##op;
	MAP_OPS(MAP_SET)
#undef MAP_SET
}

/* ---- the stack ----------------------------------------------------------------------------------
 */

static const struct core_module_type *const types[] = {&core_module_iconv, &core_module_subdir};

static const struct core_module_type *find_type(const char *name)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(types); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}

bool core_module_known(const char *name)
{
	return find_type(name) != NULL;
}

int core_layer_init(struct core_layer *l, const char *name, struct core_args *args)
{
	const struct core_module_type *type = find_type(name);

	if (!type) {
		core_err("modules=%s: not a built-in module\n", name);
		return -1;
	}
	l->map = type->map;
	l->self = type->make(args);
	return l->self ? 0 : -1;
}

void core_layer_free(struct core_layer *l)
{
	l->map->free(l->self);
}

int core_modules_push(struct core_modules *s, const char *name, struct core_args *args)
{
	struct core_module *m = calloc(1, sizeof(*m));

	if (!m || core_layer_init(&m->l, name, args)) {
		if (!m)
			core_err("modules=%s: out of memory\n", name);
		free(m);
		return -1;
	}
	m->low = s->ops;
	m->data = s->data;
	m->below = s->top;
	make_table(&m->low, &s->ops);
	s->data = m;
	s->top = m;
	return 0;
}

void core_modules_free(struct core_modules *s)
{
	while (s->top) {
		struct core_module *m = s->top;

		s->top = m->below;
		core_layer_free(&m->l);
		free(m);
	}
}

void core_module_help(const char *name, FILE *to)
{
	const struct core_module_type *type = find_type(name);

	if (type)
		fputs(type->help, to);
}
