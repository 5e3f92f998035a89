/*
 * llfs.c - the usual file system of the low-level cases: a small tree in memory that records each
 * operation by node number and keeps the lookup counts in T->lookups.
 */
#include "llfs.h"
#include "sim.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>

t_channel t_chan;
struct fuse_session *t_session;
double ll_timeout;

#define NAMES 4096
static struct ll_node nodes[LL_NODES];
static struct {
	fuse_ino_t parent, ino;
	char name[256];
} names[NAMES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static fuse_ino_t next_ino = 2;
static atomic_uint next_fh = 1;

struct ll_node *ll_node(fuse_ino_t ino)
{
	static struct ll_node none;

	if (!ino || ino >= LL_NODES || !nodes[ino].mode) {
		t_server_fail("node %lu does not exist", (unsigned long)ino);
		return &none;
	}
	return &nodes[ino];
}

static int slot_of(fuse_ino_t parent, const char *name)
{
	for (int i = 0; i < NAMES; i++)
		if (names[i].ino && names[i].parent == parent && !strcmp(names[i].name, name))
			return i;
	return -1;
}

fuse_ino_t ll_find(fuse_ino_t parent, const char *name)
{
	int i = slot_of(parent, name);

	return i < 0 ? 0 : names[i].ino;
}

static void name_add(fuse_ino_t parent, const char *name, fuse_ino_t ino)
{
	for (int i = 0; i < NAMES; i++)
		if (!names[i].ino) {
			names[i].parent = parent;
			names[i].ino = ino;
			snprintf(names[i].name, sizeof(names[i].name), "%s", name);
			return;
		}
}

fuse_ino_t ll_make(fuse_ino_t parent, const char *name, mode_t mode, const char *content)
{
	fuse_ino_t ino = next_ino++;

	if (ino >= LL_NODES) {
		t_server_fail("llfs is full");
		return 0;
	}
	nodes[ino] =
		(struct ll_node){.mode = mode, .nlink = S_ISDIR(mode) ? 2 : 1, .parent = parent};
	if (content) {
		nodes[ino].data = strdup(content);
		nodes[ino].size = strlen(content);
	}
	name_add(parent, name, ino);
	return ino;
}

void ll_stat(fuse_ino_t ino, struct stat *st)
{
	const struct ll_node *n = ll_node(ino);

	*st = (struct stat){.st_ino = ino,
			    .st_mode = n->mode,
			    .st_nlink = n->nlink,
			    .st_uid = n->uid,
			    .st_gid = n->gid,
			    .st_size = (off_t)n->size,
			    .st_blksize = 4096,
			    .st_blocks = (blkcnt_t)((n->size + 511) / 512),
			    .st_atim = n->times[0],
			    .st_mtim = n->times[1],
			    .st_ctim = n->times[2]};
}

void ll_entry(fuse_ino_t ino, struct fuse_entry_param *e)
{
	*e = (struct fuse_entry_param){.ino = ino,
				       .generation = 1,
				       .attr_timeout = ll_timeout,
				       .entry_timeout = ll_timeout};
	ll_stat(ino, &e->attr);
	atomic_fetch_add(&T->lookups[ino], 1);
}

bool ll_begin(struct t_call *c, enum t_op op, fuse_req_t req, uint64_t fh, fuse_ino_t ino,
	      const char *name, const char *fmt, ...)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	char what[400], args[200];
	va_list ap;

	if (fuse_req_userdata(req) != &T->word[0])
		t_server_fail("fuse_req_userdata is not what the session was made with");
	snprintf(what, sizeof(what), name ? "%lu/%s" : "%lu", (unsigned long)ino, name);
	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	return t_begin(c, op, ctx, fh, what, "%s", args);
}

#define LL_BEGIN(op, fh, ino, name, ...)                                                           \
	struct t_call c;                                                                           \
	do {                                                                                       \
		if (ll_begin(&c, op, req, fh, ino, name, __VA_ARGS__)) {                           \
			fuse_reply_err(req, (int)(c.ret < 0 ? -c.ret : c.ret));                    \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define LL_ERR(e)                                                                                  \
	do {                                                                                       \
		int e_ = (e);                                                                      \
		t_end(&c, -e_);                                                                    \
		fuse_reply_err(req, e_);                                                           \
		return;                                                                            \
	} while (0)

static void ll_op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct t_call c;

	if (userdata != &T->word[0])
		t_server_fail("init was not given the session's user data");
	t_begin(&c, OP_init, NULL, 0, NULL, "%u.%u", conn->proto_major, conn->proto_minor);
	if (t_this->init)
		t_this->init(conn);
	t_command_start();
	t_end(&c, 0);
}

static void ll_op_destroy(void *userdata)
{
	struct t_call c;

	if (userdata != &T->word[0])
		t_server_fail("destroy was not given the session's user data");
	t_begin(&c, OP_destroy, NULL, 0, NULL, "%s", "");
	t_end(&c, 0);
}

static void reply_entry_of(fuse_req_t req, struct t_call *c, fuse_ino_t ino)
{
	struct fuse_entry_param e;

	ll_entry(ino, &e);
	t_end(c, 0);
	if (fuse_reply_entry(req, &e))
		atomic_fetch_sub(&T->lookups[ino], 1); /* it did not arrive */
}

static void ll_op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	LL_BEGIN(OP_lookup, 0, parent, name, "%s", "");
	pthread_mutex_lock(&mutex);
	fuse_ino_t ino = ll_find(parent, name);
	pthread_mutex_unlock(&mutex);
	if (!ino)
		LL_ERR(ENOENT);
	reply_entry_of(req, &c, ino);
}

static void forget_one(fuse_ino_t ino, uint64_t n)
{
	if (atomic_fetch_sub(&T->lookups[ino % LL_NODES], (long)n) < (long)n && ino != FUSE_ROOT_ID)
		t_server_fail("node %lu was forgotten more often than looked up",
			      (unsigned long)ino);
}

static void ll_op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	struct t_call c;

	ll_begin(&c, OP_forget, req, 0, ino, NULL, "%llu", (unsigned long long)nlookup);
	forget_one(ino, nlookup);
	t_end(&c, 0);
	fuse_reply_none(req);
}

static void ll_op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *f)
{
	for (size_t i = 0; i < count; i++) {
		struct t_call c;

		ll_begin(&c, OP_forget, req, 0, (fuse_ino_t)f[i].ino, NULL, "%llu",
			 (unsigned long long)f[i].nlookup);
		forget_one((fuse_ino_t)f[i].ino, f[i].nlookup);
		t_end(&c, 0);
	}
	fuse_reply_none(req);
}

static void ll_op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	LL_BEGIN(OP_getattr, fi ? fi->fh : 0, ino, NULL, "%s", "");
	ll_stat(ino, &st);
	t_end(&c, 0);
	fuse_reply_attr(req, &st, ll_timeout);
}

static void set_size(struct ll_node *n, size_t size)
{
	n->data = realloc(n->data, size + 1);
	if (size > n->size)
		memset(n->data + n->size, 0, size - n->size);
	n->size = size;
}

static void ll_op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int to_set,
			  struct fuse_file_info *fi)
{
	struct ll_node *n = ll_node(ino);
	struct timespec now;
	char text[120];

	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", to_set & FUSE_SET_ATTR_MODE ? "mode," : "",
		 to_set & FUSE_SET_ATTR_UID ? "uid," : "", to_set & FUSE_SET_ATTR_GID ? "gid," : "",
		 to_set & FUSE_SET_ATTR_SIZE ? "size," : "",
		 to_set & FUSE_SET_ATTR_ATIME ? "atime," : "",
		 to_set & FUSE_SET_ATTR_MTIME ? "mtime," : "",
		 to_set & FUSE_SET_ATTR_ATIME_NOW ? "atime_now," : "",
		 to_set & FUSE_SET_ATTR_MTIME_NOW ? "mtime_now," : "");
	LL_BEGIN(OP_setattr, fi ? fi->fh : 0, ino, NULL, "%s", text);
	clock_gettime(CLOCK_REALTIME, &now);
	pthread_mutex_lock(&mutex);
	if (to_set & FUSE_SET_ATTR_MODE)
		n->mode = (n->mode & S_IFMT) | (st->st_mode & 07777);
	if (to_set & FUSE_SET_ATTR_UID)
		n->uid = st->st_uid;
	if (to_set & FUSE_SET_ATTR_GID)
		n->gid = st->st_gid;
	if (to_set & FUSE_SET_ATTR_SIZE)
		set_size(n, (size_t)st->st_size);
	if (to_set & FUSE_SET_ATTR_ATIME)
		n->times[0] = to_set & FUSE_SET_ATTR_ATIME_NOW ? now : st->st_atim;
	if (to_set & FUSE_SET_ATTR_MTIME)
		n->times[1] = to_set & FUSE_SET_ATTR_MTIME_NOW ? now : st->st_mtim;
	ll_stat(ino, st);
	pthread_mutex_unlock(&mutex);
	t_end(&c, 0);
	fuse_reply_attr(req, st, ll_timeout);
}

static void ll_op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	LL_BEGIN(OP_readlink, 0, ino, NULL, "%s", "");
	t_end(&c, 0);
	fuse_reply_readlink(req, ll_node(ino)->data);
}

static void make(fuse_req_t req, struct t_call *c, fuse_ino_t parent, const char *name, mode_t mode,
		 const char *content)
{
	pthread_mutex_lock(&mutex);
	fuse_ino_t ino = ll_find(parent, name) ? 0 : ll_make(parent, name, mode, content);
	if (ino) {
		nodes[ino].uid = fuse_req_ctx(req)->uid;
		nodes[ino].gid = fuse_req_ctx(req)->gid;
	}
	pthread_mutex_unlock(&mutex);
	if (!ino) {
		t_end(c, -EEXIST);
		fuse_reply_err(req, EEXIST);
		return;
	}
	reply_entry_of(req, c, ino);
}

static void ll_op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			dev_t rdev)
{
	LL_BEGIN(OP_mknod, 0, parent, name, "%06o %llx", mode, (unsigned long long)rdev);
	make(req, &c, parent, name, mode, "");
}

static void ll_op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	LL_BEGIN(OP_mkdir, 0, parent, name, "%04o", mode & 07777);
	make(req, &c, parent, name, S_IFDIR | (mode & 07777), NULL);
}

static void ll_op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	LL_BEGIN(OP_symlink, 0, parent, name, "%s", target);
	make(req, &c, parent, name, S_IFLNK | 0777, target);
}

static void remove_name(fuse_req_t req, struct t_call *c, fuse_ino_t parent, const char *name)
{
	pthread_mutex_lock(&mutex);
	int i = slot_of(parent, name);
	if (i >= 0) {
		nodes[names[i].ino].nlink -= S_ISDIR(nodes[names[i].ino].mode) ? 2 : 1;
		names[i].ino = 0;
	}
	pthread_mutex_unlock(&mutex);
	int e = i < 0 ? ENOENT : 0;
	t_end(c, -e);
	fuse_reply_err(req, e);
}

static void ll_op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	LL_BEGIN(OP_unlink, 0, parent, name, "%s", "");
	remove_name(req, &c, parent, name);
}

static void ll_op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	LL_BEGIN(OP_rmdir, 0, parent, name, "%s", "");
	remove_name(req, &c, parent, name);
}

static void ll_op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
			 const char *newname T_RENAME_FLAGS_PARAM)
{
#if FUSE_API == 2
	unsigned flags = 0;
#endif
	LL_BEGIN(OP_rename, 0, parent, name, "%lu/%s %u", (unsigned long)newparent, newname, flags);
	pthread_mutex_lock(&mutex);
	int i = slot_of(parent, name), over = slot_of(newparent, newname), e = 0;
	if (i < 0) {
		e = ENOENT;
	} else if (flags) {
		e = EINVAL;
	} else {
		if (over >= 0) {
			nodes[names[over].ino].nlink--;
			names[over].ino = 0;
		}
		names[i].parent = newparent;
		snprintf(names[i].name, sizeof(names[i].name), "%s", newname);
	}
	pthread_mutex_unlock(&mutex);
	LL_ERR(e);
}

static void ll_op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname)
{
	LL_BEGIN(OP_link, 0, ino, NULL, "%lu/%s", (unsigned long)newparent, newname);
	pthread_mutex_lock(&mutex);
	name_add(newparent, newname, ino);
	ll_node(ino)->nlink++;
	pthread_mutex_unlock(&mutex);
	reply_entry_of(req, &c, ino);
}

static void ll_op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->fh = atomic_fetch_add(&next_fh, 1);
	LL_BEGIN(OP_open, fi->fh, ino, NULL, "%s", "");
	if (fi->flags & O_TRUNC)
		set_size(ll_node(ino), 0);
	ll_node(ino)->opened++;
	t_end(&c, 0);
	if (fuse_reply_open(req, fi))
		ll_node(ino)->opened--;
}

static void ll_op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			 struct fuse_file_info *fi)
{
	struct fuse_entry_param e;

	fi->fh = atomic_fetch_add(&next_fh, 1);
	LL_BEGIN(OP_create, fi->fh, parent, name, "%04o", mode & 07777);
	pthread_mutex_lock(&mutex);
	fuse_ino_t ino = ll_find(parent, name);
	if (!ino)
		ino = ll_make(parent, name, S_IFREG | (mode & 07777), "");
	ll_entry(ino, &e);
	nodes[ino].opened++;
	pthread_mutex_unlock(&mutex);
	t_end(&c, 0);
	if (fuse_reply_create(req, &e, fi))
		atomic_fetch_sub(&T->lookups[ino], 1);
}

static void ll_op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	const struct ll_node *n = ll_node(ino);

	LL_BEGIN(OP_read, fi->fh, ino, NULL, "%zu@%lld", size, (long long)off);
	size_t left = (size_t)off < n->size ? n->size - (size_t)off : 0;
	if (left > size)
		left = size;
	t_end(&c, (long)left);
	fuse_reply_buf(req, left ? n->data + off : NULL, left);
}

static void ll_op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	struct ll_node *n = ll_node(ino);

	LL_BEGIN(OP_write, fi->fh, ino, NULL, "%zu@%lld", size, (long long)off);
	pthread_mutex_lock(&mutex);
	if ((size_t)off + size > n->size)
		set_size(n, (size_t)off + size);
	memcpy(n->data + off, buf, size);
	pthread_mutex_unlock(&mutex);
	t_end(&c, (long)size);
	fuse_reply_write(req, size);
}

static void ll_op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	LL_BEGIN(OP_flush, fi->fh, ino, NULL, "%s", "");
	LL_ERR(0);
}

static void ll_op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	LL_BEGIN(OP_release, fi->fh, ino, NULL, "%s", "");
	ll_node(ino)->opened--;
	LL_ERR(0);
}

static void ll_op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	LL_BEGIN(OP_fsync, fi->fh, ino, NULL, "%d", datasync);
	LL_ERR(0);
}

static void ll_op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->fh = atomic_fetch_add(&next_fh, 1);
	LL_BEGIN(OP_opendir, fi->fh, ino, NULL, "%s", "");
	t_end(&c, 0);
	fuse_reply_open(req, fi);
}

/* Offset n: the n-th slot of the table of names; "." is 1 and ".." is 2. */
static fuse_ino_t entry_at(fuse_ino_t dir, off_t *at, const char **name)
{
	if (*at < 2) {
		*name = *at == 0 ? "." : "..";
		++*at;
		return dir;
	}
	while (*at - 2 < NAMES) {
		int i = (int)(*at)++ - 2;

		if (names[i].ino && names[i].parent == dir) {
			*name = names[i].name;
			return names[i].ino;
		}
	}
	return 0;
}

/* One entry, or the bytes it would take, which are more than there are. */
static size_t put_entry(fuse_req_t req, bool plus, char *buf, size_t room, fuse_ino_t child,
			const char *name, off_t off)
{
	struct fuse_entry_param e;
	struct stat st;

	if (!plus) {
		ll_stat(child, &st);
		return fuse_add_direntry(req, buf, room, name, &st, off);
	}
#if FUSE_API == 3
	bool dots = name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));

	ll_entry(child, &e);
	size_t n = fuse_add_direntry_plus(req, buf, room, name, &e, off);
	/* "." and ".." count no lookup, nor does what did not fit */
	if (dots || n > room)
		atomic_fetch_sub(&T->lookups[child], 1);
	return n;
#else
	(void)e;
	return room + 1;
#endif
}

static void list(bool plus, fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		 struct fuse_file_info *fi)
{
	char *buf = malloc(size);
	size_t used = 0;
	const char *name;
	fuse_ino_t child;
	struct t_call c;

	if (ll_begin(&c, plus ? OP_readdirplus : OP_readdir, req, fi->fh, ino, NULL, "%lld",
		     (long long)off)) {
		fuse_reply_err(req, (int)-c.ret);
		free(buf);
		return;
	}
	pthread_mutex_lock(&mutex);
	while ((child = entry_at(ino, &off, &name))) {
		size_t n = put_entry(req, plus, buf + used, size - used, child, name, off);

		if (n > size - used)
			break;
		used += n;
	}
	pthread_mutex_unlock(&mutex);
	t_end(&c, (long)used);
	fuse_reply_buf(req, buf, used);
	free(buf);
}

static void ll_op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			  struct fuse_file_info *fi)
{
	list(false, req, ino, size, off, fi);
}

#if FUSE_API == 3
static void ll_op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			      struct fuse_file_info *fi)
{
	list(true, req, ino, size, off, fi);
}
#endif

static void ll_op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	LL_BEGIN(OP_releasedir, fi->fh, ino, NULL, "%s", "");
	LL_ERR(0);
}

static void ll_op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs sv = {.f_bsize = 4096,
			     .f_frsize = 1024,
			     .f_blocks = 1000,
			     .f_bfree = 600,
			     .f_bavail = 500,
			     .f_namemax = 199};

	LL_BEGIN(OP_statfs, 0, ino, NULL, "%s", "");
	t_end(&c, 0);
	fuse_reply_statfs(req, &sv);
}

static void ll_op_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	LL_BEGIN(OP_access, 0, ino, NULL, "%d", mask);
	LL_ERR(0);
}

static void ll_op_retrieve_reply(fuse_req_t req, void *cookie, fuse_ino_t ino, off_t off,
				 struct fuse_bufvec *bufv)
{
	struct fuse_bufvec dst = FUSE_BUFVEC_INIT(sizeof(T->data) - 1);
	struct t_call c;

	ll_begin(&c, OP_retrieve_reply, req, 0, ino, NULL, "%zu@%lld cookie %lx",
		 fuse_buf_size(bufv), (long long)off, (unsigned long)cookie);
	dst.buf[0].mem = T->data;
	t_end(&c, fuse_buf_copy(&dst, bufv, 0));
	fuse_reply_none(req);
}

void t_ll_ops(struct fuse_lowlevel_ops *ops)
{
	*ops = (struct fuse_lowlevel_ops)
	{
		.init = ll_op_init, .destroy = ll_op_destroy, .lookup = ll_op_lookup,
		.forget = ll_op_forget, .forget_multi = ll_op_forget_multi,
		.getattr = ll_op_getattr, .setattr = ll_op_setattr, .readlink = ll_op_readlink,
		.mknod = ll_op_mknod, .mkdir = ll_op_mkdir, .symlink = ll_op_symlink,
		.unlink = ll_op_unlink, .rmdir = ll_op_rmdir, .rename = ll_op_rename,
		.link = ll_op_link, .open = ll_op_open, .create = ll_op_create, .read = ll_op_read,
		.write = ll_op_write, .flush = ll_op_flush, .release = ll_op_release,
		.fsync = ll_op_fsync, .opendir = ll_op_opendir, .readdir = ll_op_readdir,
		.releasedir = ll_op_releasedir, .statfs = ll_op_statfs, .access = ll_op_access,
		.retrieve_reply = ll_op_retrieve_reply,
#if FUSE_API == 3
		.readdirplus = ll_op_readdirplus,
#endif
	};
}

void t_ll_select(struct fuse_lowlevel_ops *ops, const struct t_case *c)
{
	static const struct t_field fields[] = {
#define F(op) {#op, offsetof(struct fuse_lowlevel_ops, op)}
		F(init),
		F(destroy),
		F(lookup),
		F(forget),
		F(forget_multi),
		F(getattr),
		F(setattr),
		F(readlink),
		F(mknod),
		F(mkdir),
		F(symlink),
		F(unlink),
		F(rmdir),
		F(rename),
		F(link),
		F(open),
		F(create),
		F(read),
		F(write),
		F(flush),
		F(release),
		F(fsync),
		F(opendir),
		F(readdir),
		F(releasedir),
		F(statfs),
		F(access),
		F(retrieve_reply),
#if FUSE_API == 3
		F(readdirplus),
#endif
#undef F
	};
	t_select(ops, fields, sizeof(fields) / sizeof(*fields), c);
}

/* What notifications go to. */
#if FUSE_API == 2
#define CHANNEL t_chan
#else
#define CHANNEL t_session
#endif
int ll_inval_inode(fuse_ino_t ino, off_t off, off_t len)
{
	return fuse_lowlevel_notify_inval_inode(CHANNEL, ino, off, len);
}
int ll_inval_entry(fuse_ino_t parent, const char *name)
{
	return fuse_lowlevel_notify_inval_entry(CHANNEL, parent, name, strlen(name));
}
int ll_delete(fuse_ino_t parent, fuse_ino_t child, const char *name)
{
	return fuse_lowlevel_notify_delete(CHANNEL, parent, child, name, strlen(name));
}
int ll_store(fuse_ino_t ino, off_t off, const char *data, size_t size)
{
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(size);

	v.buf[0].mem = (void *)(uintptr_t)data;
	return fuse_lowlevel_notify_store(CHANNEL, ino, off, &v, 0);
}
int ll_retrieve(fuse_ino_t ino, size_t size, off_t off, void *cookie)
{
	return fuse_lowlevel_notify_retrieve(CHANNEL, ino, size, off, cookie);
}

#if FUSE_API == 2
static int serve(struct fuse_args *args, const struct fuse_lowlevel_ops *ops)
{
	char *mnt = NULL;
	int multi, foreground, ret = 1;

	if (fuse_parse_cmdline(args, &mnt, &multi, &foreground) == -1 ||
	    (T->sim && t_sim_strip(args) == -1))
		return 1;
	t_chan = T->sim ? fuse_kern_chan_new(T->sim_fd) : fuse_mount(mnt, args);
	if (!t_chan)
		goto out_free;
	t_session = fuse_lowlevel_new(args, ops, sizeof(*ops), &T->word[0]);
	if (!t_session)
		goto out_unmount;
	if (fuse_set_signal_handlers(t_session) == -1)
		goto out_destroy;
	fuse_session_add_chan(t_session, t_chan);
	if (t_this->ll_loop)
		ret = t_this->ll_loop(t_session);
	else
		ret = multi ? fuse_session_loop_mt(t_session) : fuse_session_loop(t_session);
	t_command_stop();
	fuse_remove_signal_handlers(t_session);
	fuse_session_remove_chan(t_chan);
out_destroy:
	fuse_session_destroy(t_session);
out_unmount:
	if (T->sim)
		fuse_chan_destroy(t_chan);
	else
		fuse_unmount(mnt, t_chan);
out_free:
	free(mnt);
	return ret ? 1 : 0;
}
#else
static int serve(struct fuse_args *args, const struct fuse_lowlevel_ops *ops)
{
	struct fuse_cmdline_opts o;
	struct fuse_loop_config *config = NULL;
	int ret = 1;

	if (fuse_parse_cmdline(args, &o) != 0)
		return 1;
	t_session = fuse_session_new(args, ops, sizeof(*ops), &T->word[0]);
	t_chan = t_session;
	if (!t_session)
		goto out_free;
	if (fuse_set_signal_handlers(t_session) != 0)
		goto out_destroy;
	if (fuse_session_mount(t_session, o.mountpoint) != 0)
		goto out_signals;
	if (t_this->ll_loop) {
		ret = t_this->ll_loop(t_session);
	} else if (o.singlethread) {
		ret = fuse_session_loop(t_session);
	} else {
		config = fuse_loop_cfg_create();
		fuse_loop_cfg_set_clone_fd(config, (unsigned)o.clone_fd);
		ret = fuse_session_loop_mt(t_session, config);
		fuse_loop_cfg_destroy(config);
	}
	t_command_stop();
	fuse_session_unmount(t_session);
out_signals:
	fuse_remove_signal_handlers(t_session);
out_destroy:
	fuse_session_destroy(t_session);
out_free:
	free(o.mountpoint);
	return ret ? 1 : 0;
}
#endif

void t_ll_prepare(struct fuse_lowlevel_ops *ops)
{
	umask(0);
	nodes[FUSE_ROOT_ID] = (struct ll_node){.mode = S_IFDIR | 0755, .nlink = 2};
	t_ll_ops(ops);
	t_ll_select(ops, t_this);
	if (t_this->ll_ops)
		t_this->ll_ops(ops);
}

int t_ll_server(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_lowlevel_ops ops;

	t_ll_prepare(&ops);
	int ret = serve(&args, &ops);
	/* the simulated kernel forgets every node at its end, Linux none */
	for (size_t i = FUSE_ROOT_ID + 1; T->sim && !t_this->any_exit && i < LL_NODES; i++)
		if (atomic_load(&T->lookups[i]) && !t_this->without)
			t_server_fail("node %zu: %ld lookups were not forgotten", i,
				      atomic_load(&T->lookups[i]));
	fuse_opt_free_args(&args);
	for (size_t i = 0; i < LL_NODES; i++)
		free(nodes[i].data);
	return ret;
}
