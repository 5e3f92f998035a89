/*
 * A file system in memory with everything <ambifuse.h> adds: birth times, flags, further file times,
 * a volume name, names without case, leave to delete, notifications. For FUSE 2 and FUSE 3. On
 * another FUSE library it works as a plain file system.
 *
 *	memfs_ex MOUNTPOINT [-o ignore_case] [-o read_only] [-o tick]
 *
 *	ignore_case   names that differ in the case of letters are the same
 *	read_only     with one file, which nobody can change
 *	tick          a file appears and disappears by itself, and the kernel is told
 *
 * To be short, everything is under one lock and found by walking lists.
 */
#include "compat.h"

#include <ambifuse.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

struct node {
	struct node *next, *children, *parent;
	struct ambifuse_stat ex; /* mode, owner, size, times, birth time, flags */
	struct timespec bkuptime;
	char *data; /* contents, or the target of a link */
	unsigned open;
	bool removed;
	char name[256];
};

static struct {
	int ignore_case, read_only, tick;
} opt;
static struct node root;
static char volume[256] = "memfs_ex";
static unsigned long long next_ino = 1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The rest of the block is under the lock. */
static void unlock(int *unused)
{
	(void)unused;
	pthread_mutex_unlock(&lock);
}
#define LOCKED                                                                                     \
	int locked __attribute__((cleanup(unlock), unused)) = pthread_mutex_lock(&lock)

static struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

/* ---- the tree ---------------------------------------------------------------------------------- */

static struct node *child(struct node *dir, const char *name, size_t len)
{
	for (struct node *n = dir->children; n; n = n->next)
		if (strlen(n->name) == len &&
		    (opt.ignore_case ? strncasecmp(n->name, name, len)
				     : memcmp(n->name, name, len)) == 0)
			return n;
	return NULL;
}

/* The node of a path, or NULL; *parent and *last are of the last name, whether it exists or not. */
static struct node *walk(const char *path, struct node **parent, const char **last)
{
	struct node *n = &root;

	for (path++; *path && n; path += path[strcspn(path, "/")] ? strcspn(path, "/") + 1
								  : strcspn(path, "/")) {
		if (parent) {
			*parent = n;
			*last = path;
		}
		n = child(n, path, strcspn(path, "/"));
	}
	return n;
}

static struct node *find(const char *path)
{
	return walk(path, NULL, NULL);
}

static struct node *by_fi(const char *path, const struct fuse_file_info *fi)
{
	return fi && fi->fh ? (struct node *)(uintptr_t)fi->fh : find(path);
}

static void touch(struct node *n)
{
	n->ex.st.st_mtim = n->ex.st.st_ctim = now();
	/* as on Windows: to be saved by the next backup */
	if (S_ISREG(n->ex.st.st_mode))
		n->ex.st_flags |= AMBIFUSE_UF_ARCHIVE;
}

static void put(struct node *n, struct node *dir, const char *name)
{
	strncpy(n->name, name, sizeof(n->name) - 1);
	n->parent = dir;
	n->next = dir->children;
	dir->children = n;
	touch(dir);
}

static void take(struct node *n)
{
	struct node **at = &n->parent->children;

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	touch(n->parent);
}

static void free_unused(struct node *n)
{
	if (!n->removed || n->open)
		return;
	free(n->data);
	free(n);
}

static int make(const char *path, mode_t mode, struct node **made)
{
	struct node *dir = NULL, *n;
	const char *name = NULL;

	if (walk(path, &dir, &name))
		return -EEXIST;
	if (strlen(name) >= sizeof(n->name))
		return -ENAMETOOLONG;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->ex.st.st_mode = mode;
	n->ex.st.st_nlink = 1;
	n->ex.st.st_ino = ++next_ino;
	n->ex.st.st_uid = fuse_get_context()->uid;
	n->ex.st.st_gid = fuse_get_context()->gid;
	touch(n);
	n->ex.st.st_atim = n->ex.st_birthtim = n->ex.st.st_mtim;
	put(n, dir, name);
	if (made)
		*made = n;
	return 0;
}

static int resize(struct node *n, off_t size)
{
	char *data = realloc(n->data, (size_t)size + 1);

	if (!data)
		return -ENOSPC;
	if (size > n->ex.st.st_size)
		memset(data + n->ex.st.st_size, 0, (size_t)(size - n->ex.st.st_size));
	n->data = data;
	n->ex.st.st_size = size;
	n->ex.st.st_blocks = (size + 511) / 512;
	touch(n);
	return 0;
}

/* ---- operations every file system has ---------------------------------------------------------------- */

static int ex_getattr(const char *path, struct ambifuse_stat *st, struct fuse_file_info *fi)
{
	LOCKED;
	struct node *n = by_fi(path, fi);

	if (!n)
		return -ENOENT;
	*st = n->ex;
	return 0;
}

/* What other libraries, and modules, ask. */
static int mem_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	struct ambifuse_stat ex;
	int res = ex_getattr(path, &ex, fi);

	if (!res)
		*st = ex.st;
	return res;
}
FS_ADAPT_GETATTR(mem_getattr)

static int mem_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
		       struct fuse_file_info *fi, bool plus)
{
	LOCKED;
	struct node *dir = by_fi(path, fi);

	(void)offset;
	fs_fill(fill, buf, ".", &dir->ex.st, 0, false);
	fs_fill(fill, buf, "..", NULL, 0, false);
	for (struct node *n = dir->children; n; n = n->next)
		fs_fill(fill, buf, n->name, &n->ex.st, 0, plus);
	return 0;
}
FS_ADAPT_READDIR(mem_readdir)

static int mem_open(const char *path, struct fuse_file_info *fi)
{
	LOCKED;
	struct node *n = find(path);

	if (!n)
		return -ENOENT;
	n->open++;
	fi->fh = (uintptr_t)n;
	return 0;
}

static int mem_release(const char *path, struct fuse_file_info *fi)
{
	LOCKED;
	struct node *n = by_fi(path, fi);

	n->open--;
	free_unused(n);
	return 0;
}

static int mem_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	LOCKED;
	struct node *n;
	int res = make(path, S_IFREG | (mode & 07777), &n);

	if (res)
		return res;
	n->open++;
	fi->fh = (uintptr_t)n;
	return 0;
}

static int mem_mknod(const char *path, mode_t mode, dev_t dev)
{
	LOCKED;
	struct node *n;
	int res = make(path, mode, &n);

	if (!res)
		n->ex.st.st_rdev = dev;
	return res;
}

static int mem_mkdir(const char *path, mode_t mode)
{
	LOCKED;
	return make(path, S_IFDIR | mode, NULL);
}

static int mem_symlink(const char *target, const char *path)
{
	LOCKED;
	struct node *n;
	int res = make(path, S_IFLNK | 0777, &n);

	if (res)
		return res;
	n->data = strdup(target);
	n->ex.st.st_size = (off_t)strlen(target);
	return n->data ? 0 : -ENOMEM;
}

static int mem_readlink(const char *path, char *buf, size_t size)
{
	LOCKED;
	struct node *n = find(path);

	if (!n)
		return -ENOENT;
	strncpy(buf, n->data ? n->data : "", size - 1);
	buf[size - 1] = '\0';
	return 0;
}

static int mem_remove(const char *path)
{
	LOCKED;
	struct node *n = find(path);

	if (!n)
		return -ENOENT;
	if (n->children)
		return -ENOTEMPTY;
	take(n);
	n->removed = true;
	free_unused(n);
	return 0;
}

/* Under the lock. flags: AMBIFUSE_RENAME_*. */
static int move(const char *from, const char *to, unsigned flags)
{
	struct node *n = find(from), *dir = NULL, *old;
	const char *name = NULL;
	char back[sizeof(root.name)];

	old = walk(to, &dir, &name);
	if (!n || (!old && (flags & AMBIFUSE_RENAME_SWAP)))
		return -ENOENT;
	if (strlen(name) >= sizeof(n->name))
		return -ENAMETOOLONG;
	if (old == n)
		old = NULL; /* another spelling of the same name */
	if (old && (flags & AMBIFUSE_RENAME_EXCL))
		return -EEXIST;
	if (old && !(flags & AMBIFUSE_RENAME_SWAP) && old->children)
		return -ENOTEMPTY;
	if (old) {
		take(old);
		strcpy(back, n->name);
		if (flags & AMBIFUSE_RENAME_SWAP)
			put(old, n->parent, back);
		else
			old->removed = true;
	}
	take(n);
	memset(n->name, 0, sizeof(n->name));
	put(n, dir, name);
	n->ex.st.st_ctim = now();
	if (old)
		free_unused(old);
	return 0;
}

static int mem_rename(const char *from, const char *to, unsigned flags)
{
	LOCKED;
	return flags ? -EINVAL : move(from, to, 0);
}
FS_ADAPT_RENAME(mem_rename)

static int mem_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	LOCKED;
	struct node *n = by_fi(path, fi);

	if (off >= n->ex.st.st_size)
		return 0;
	if (size > (size_t)(n->ex.st.st_size - off))
		size = (size_t)(n->ex.st.st_size - off);
	memcpy(buf, n->data + off, size);
	return (int)size;
}

static int mem_write(const char *path, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	LOCKED;
	struct node *n = by_fi(path, fi);
	int res = 0;

	if (off + (off_t)size > n->ex.st.st_size)
		res = resize(n, off + (off_t)size);
	if (res)
		return res;
	memcpy(n->data + off, buf, size);
	touch(n);
	return (int)size;
}

/* ---- several attributes at once: chmod, chown, truncate, utimens are cases of it ------------------- */

static void set_time(struct timespec *to, const struct timespec *from)
{
	if (from->tv_nsec == UTIME_NOW)
		*to = now();
	else if (from->tv_nsec != UTIME_OMIT)
		*to = *from;
}

static int set(const char *path, struct fuse_file_info *fi, const struct ambifuse_setattr *s)
{
	LOCKED;
	struct node *n = by_fi(path, fi);
	struct stat *st;
	int res;

	if (!n)
		return -ENOENT;
	st = &n->ex.st;
	if (s->valid & AMBIFUSE_SET_SIZE && (res = resize(n, s->size)))
		return res;
	if (s->valid & AMBIFUSE_SET_MODE)
		st->st_mode = (st->st_mode & S_IFMT) | (s->mode & 07777);
	if (s->valid & AMBIFUSE_SET_UID)
		st->st_uid = s->uid;
	if (s->valid & AMBIFUSE_SET_GID)
		st->st_gid = s->gid;
	st->st_ctim = now();
	if (s->valid & AMBIFUSE_SET_ATIME)
		set_time(&st->st_atim, &s->acctime);
	if (s->valid & AMBIFUSE_SET_MTIME)
		set_time(&st->st_mtim, &s->modtime);
	if (s->valid & AMBIFUSE_SET_FLAGS)
		n->ex.st_flags = s->flags;
	if (s->valid & AMBIFUSE_SET_CRTIME)
		n->ex.st_birthtim = s->crtime;
	if (s->valid & AMBIFUSE_SET_BKUPTIME)
		n->bkuptime = s->bkuptime;
	if (s->valid & AMBIFUSE_SET_CHGTIME)
		st->st_ctim = s->chgtime;
	return 0;
}

static int mem_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	return set(path, fi, &(struct ambifuse_setattr){.valid = AMBIFUSE_SET_MODE, .mode = mode});
}
FS_ADAPT_CHMOD(mem_chmod)

static int mem_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	struct ambifuse_setattr s = {.uid = uid, .gid = gid};

	s.valid = (uid != (uid_t)-1 ? AMBIFUSE_SET_UID : 0) |
		  (gid != (gid_t)-1 ? AMBIFUSE_SET_GID : 0);
	return set(path, fi, &s);
}
FS_ADAPT_CHOWN(mem_chown)

static int mem_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	return set(path, fi, &(struct ambifuse_setattr){.valid = AMBIFUSE_SET_SIZE, .size = size});
}
FS_ADAPT_TRUNCATE(mem_truncate)

static int mem_utimens(const char *path, const struct timespec tv[2], struct fuse_file_info *fi)
{
	struct ambifuse_setattr s = {.valid = AMBIFUSE_SET_ATIME | AMBIFUSE_SET_MTIME};

	s.acctime = tv[0];
	s.modtime = tv[1];
	return set(path, fi, &s);
}
FS_ADAPT_UTIMENS(mem_utimens)

/* ---- extensions ------------------------------------------------------------------------------------ */

static int ex_setattr_x(const char *path, struct ambifuse_setattr *s)
{
	return set(path, NULL, s);
}

static int ex_fsetattr_x(const char *path, struct ambifuse_setattr *s, struct fuse_file_info *fi)
{
	return set(path, fi, s);
}

static int ex_chflags(const char *path, uint32_t flags)
{
	return set(path, NULL,
		   &(struct ambifuse_setattr){.valid = AMBIFUSE_SET_FLAGS, .flags = flags});
}

static int ex_setcrtime(const char *path, const struct timespec *tv)
{
	return set(path, NULL,
		   &(struct ambifuse_setattr){.valid = AMBIFUSE_SET_CRTIME, .crtime = *tv});
}

static int ex_setchgtime(const char *path, const struct timespec *tv)
{
	return set(path, NULL,
		   &(struct ambifuse_setattr){.valid = AMBIFUSE_SET_CHGTIME, .chgtime = *tv});
}

static int ex_setbkuptime(const char *path, const struct timespec *tv)
{
	return set(path, NULL,
		   &(struct ambifuse_setattr){.valid = AMBIFUSE_SET_BKUPTIME, .bkuptime = *tv});
}

static int ex_getxtimes(const char *path, struct timespec *bkuptime, struct timespec *crtime)
{
	LOCKED;
	struct node *n = find(path);

	if (!n)
		return -ENOENT;
	*bkuptime = n->bkuptime;
	*crtime = n->ex.st_birthtim;
	return 0;
}

/* The path as we spell it. */
static int ex_getpath(const char *path, char *buf, size_t size, struct fuse_file_info *fi)
{
	LOCKED;
	char *at = buf + size - 1;

	*at = '\0';
	for (struct node *n = by_fi(path, fi); n != &root; n = n->parent) {
		size_t len = n ? strlen(n->name) : 0;

		if (!n)
			return -ENOENT;
		if (at - buf < (ptrdiff_t)len + 1)
			return -ERANGE;
		at -= len;
		memcpy(at, n->name, len);
		*--at = '/';
	}
	if (!*at)
		*--at = '/';
	memmove(buf, at, strlen(at) + 1);
	return 0;
}

static int ex_renamex(const char *from, const char *to, unsigned flags)
{
	LOCKED;
	return move(from, to, flags);
}

static int ex_exchange(const char *path1, const char *path2, unsigned long flags)
{
	(void)flags;
	return ex_renamex(path1, path2, AMBIFUSE_RENAME_SWAP);
}

static int ex_statfs_x(const char *path, struct statfs *st)
{
	(void)path;
	st->f_bsize = st->f_frsize = 4096;
	st->f_blocks = st->f_bfree = st->f_bavail = 1 << 20;
	st->f_namelen = sizeof(root.name) - 1;
	return 0;
}

static int ex_setvolname(const char *name)
{
	LOCKED;
	if (strlen(name) >= sizeof(volume))
		return -EINVAL;
	strcpy(volume, name);
	return 0;
}

/* A file that is read-only in the sense of Windows is not deleted there. */
static int mem_access(const char *path, int mask)
{
	LOCKED;
	struct node *n = find(path);

	if (!n)
		return -ENOENT;
	return mask == AMBIFUSE_DELETE_OK && (n->ex.st_flags & AMBIFUSE_UF_READONLY) ? -EPERM : 0;
}

/* ---- a file that comes and goes -------------------------------------------------------------------- */

static pthread_t ticker;
static volatile bool ends;

static void *tick(void *fuse)
{
	for (unsigned i = 1; !ends; i++) {
		bool comes = i % 20 == 10;

		usleep(100000);
		if (i % 10)
			continue;
		if (comes) {
			LOCKED;
			make("/tick", S_IFREG | 0444, NULL);
		} else {
			mem_remove("/tick");
		}
		/* not while we hold a lock that an operation may need */
		ambifuse_notify(fuse, "/tick",
				comes ? AMBIFUSE_NOTIFY_CREATE : AMBIFUSE_NOTIFY_UNLINK);
	}
	return NULL;
}

/* ---- beginning and end ------------------------------------------------------------------------------ */

static const struct ambifuse_operations extensions = {
	.getattr = ex_getattr,
	.getpath = ex_getpath,
	.statfs_x = ex_statfs_x,
	.setvolname = ex_setvolname,
	.exchange = ex_exchange,
	.renamex = ex_renamex,
	.getxtimes = ex_getxtimes,
	.setbkuptime = ex_setbkuptime,
	.setchgtime = ex_setchgtime,
	.setcrtime = ex_setcrtime,
	.chflags = ex_chflags,
	.setattr_x = ex_setattr_x,
	.fsetattr_x = ex_fsetattr_x,
};

static void mem_init(struct fuse_conn_info *conn)
{
	unsigned want = AMBIFUSE_CAP_STAT_EX | AMBIFUSE_CAP_DELETE_ACCESS |
			AMBIFUSE_CAP_READDIR_PLUS;
	int res;

	(void)conn;
	if (opt.ignore_case)
		want |= AMBIFUSE_CAP_CASE_INSENSITIVE;
	if (opt.read_only) {
		want |= AMBIFUSE_CAP_READ_ONLY;
		make("/file", S_IFREG | 0644, NULL);
	}
	res = ambifuse_register(&extensions, want);
	if (res)
		fprintf(stderr, "memfs_ex: this FUSE library has no extensions (%s)\n",
			strerror(-res));
	if (opt.tick)
		pthread_create(&ticker, NULL, tick, fuse_get_context()->fuse);
}
FS_ADAPT_INIT(mem_init, FS_USE_INO)

static void mem_destroy(void *unused)
{
	(void)unused;
	ends = true;
	if (opt.tick)
		pthread_join(ticker, NULL);
}

static const struct fuse_operations mem_ops = {
	FS_GETATTR(mem_getattr), FS_READDIR(mem_readdir), FS_RENAME(mem_rename),
	FS_CHMOD(mem_chmod), FS_CHOWN(mem_chown), FS_TRUNCATE(mem_truncate),
	FS_UTIMENS(mem_utimens), FS_INIT(mem_init), FS_NULLPATH
	.open = mem_open,
	.opendir = mem_open,
	.release = mem_release,
	.releasedir = mem_release,
	.create = mem_create,
	.mknod = mem_mknod,
	.mkdir = mem_mkdir,
	.symlink = mem_symlink,
	.readlink = mem_readlink,
	.unlink = mem_remove,
	.rmdir = mem_remove,
	.read = mem_read,
	.write = mem_write,
	.access = mem_access,
	.destroy = mem_destroy,
};

#define OPTION(text, field) {text, offsetof(__typeof__(opt), field), 1}

int main(int argc, char *argv[])
{
	static const struct fuse_opt options[] = {
		OPTION("ignore_case", ignore_case),
		OPTION("read_only", read_only),
		OPTION("tick", tick),
		FUSE_OPT_END,
	};
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	int res;

	if (fuse_opt_parse(&args, &opt, options, NULL) == -1 || fs_path_defaults(&args, FS_USE_INO))
		return 1;
	root.ex.st.st_mode = S_IFDIR | 0755;
	root.ex.st.st_nlink = 1;
	root.ex.st.st_ino = next_ino;
	root.ex.st.st_uid = getuid();
	root.ex.st.st_gid = getgid();
	root.ex.st_birthtim = root.ex.st.st_atim = now();
	touch(&root);
	res = fuse_main(args.argc, args.argv, &mem_ops, NULL);
	fuse_opt_free_args(&args);
	return res;
}
