/*
 * case_winfsp.c - FUSE 2 source as it is written for WinFsp: its names of types and constants, the
 * larger struct fuse_stat, the end of the table. The file system below could be compiled there
 * as it is. On a library without the extensions there is nothing to be seen.
 */
#define FSP_FUSE_USE_STAT_EX 1
#include "conform.h"

#if FUSE_API == 2 && defined(FSP_FUSE_CAP_STAT_EX)
#include <dirent.h>
#include <dlfcn.h>
#include <endian.h>
#include <pthread.h>
#include <sys/xattr.h>

#define SAY(op, path, ...)                                                                         \
	struct t_call c;                                                                           \
	struct fuse_ctx ctx = { .pid = fuse_get_context()->pid };                                  \
	if (t_begin(&c, OP_##op, &ctx, 0, path, __VA_ARGS__))                                      \
	return (int)c.ret
#define DONE(expr) return (int)t_end(&c, (expr))

/* ---- a file system, WinFsp's way ---------------------------------------------------------------- */

struct node {
	char name[64]; /* canonical; "": free */
	struct fuse_stat st;
	char data[256];
};
static struct node nodes[16];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct node *find(const char *path)
{
	for (int i = 0; i < 16; i++)
		if (nodes[i].name[0] && strcasecmp(nodes[i].name, path) == 0)
			return &nodes[i];
	return NULL;
}

static struct node *make(const char *path, fuse_mode_t mode)
{
	struct fuse_timespec now = { 1500000000, 0 };
	struct node *n = nodes;

	while (n->name[0])
		n++;
	memset(n, 0, sizeof(*n));
	snprintf(n->name, sizeof(n->name), "%s", path);
	n->st.st_mode = mode;
	n->st.st_nlink = 1;
	n->st.st_uid = 0;
	n->st.st_atim = n->st.st_mtim = n->st.st_ctim = n->st.st_birthtim = now;
	n->st.st_flags = S_ISREG(mode) ? UF_ARCHIVE : 0;
	return n;
}

static int w_getattr(const char *path, struct fuse_stat *stbuf)
{
	SAY(getattr, path, "%s", "");
	pthread_mutex_lock(&lock);
	struct node *n = find(path);
	if (n)
		*stbuf = n->st; /* all of it, wanted or not */
	pthread_mutex_unlock(&lock);
	DONE(n ? 0 : -ENOENT);
}

static int w_mknod(const char *path, fuse_mode_t mode, fuse_dev_t dev)
{
	(void)dev;
	SAY(mknod, path, "%o", mode);
	pthread_mutex_lock(&lock);
	make(path, mode);
	pthread_mutex_unlock(&lock);
	DONE(0);
}

static int w_unlink(const char *path)
{
	SAY(unlink, path, "%s", "");
	struct node *n = find(path);
	if (n)
		n->name[0] = 0;
	DONE(n ? 0 : -ENOENT);
}

static int w_rename(const char *oldpath, const char *newpath)
{
	SAY(rename, oldpath, "%s", newpath);
	struct node *n = find(oldpath), *o = find(newpath);
	if (o && o != n)
		o->name[0] = 0;
	if (n)
		snprintf(n->name, sizeof(n->name), "%s", newpath);
	DONE(n ? 0 : -ENOENT);
}

static int w_open(const char *path, struct fuse_file_info *fi)
{
	fi->fh = (uint64_t)(uintptr_t)find(path);
	return fi->fh ? 0 : -ENOENT;
}

static int w_read(const char *path, char *buf, size_t size, fuse_off_t off, struct fuse_file_info *fi)
{
	struct node *n = (struct node *)(uintptr_t)fi->fh;

	(void)path;
	if (off >= n->st.st_size)
		return 0;
	if (size > (size_t)(n->st.st_size - off))
		size = (size_t)(n->st.st_size - off);
	memcpy(buf, n->data + off, size);
	return (int)size;
}

static int w_write(const char *path, const char *buf, size_t size, fuse_off_t off,
		   struct fuse_file_info *fi)
{
	struct node *n = (struct node *)(uintptr_t)fi->fh;

	(void)path;
	if ((size_t)off + size > sizeof(n->data))
		return -ENOSPC;
	memcpy(n->data + off, buf, size);
	if (n->st.st_size < (fuse_off_t)(off + (fuse_off_t)size))
		n->st.st_size = off + (fuse_off_t)size;
	return (int)size;
}

static int w_readdir(const char *path, void *buf, fuse_fill_dir_t filler, fuse_off_t off,
		     struct fuse_file_info *fi)
{
	(void)off, (void)fi;
	SAY(readdir, path, "%s", "");
	for (int i = 0; i < 16; i++)
		if (nodes[i].name[0] && nodes[i].name[1]) {
			/* no more of it than there is: reading on would be noticed */
			struct fuse_stat *st = malloc(sizeof(*st));

			*st = nodes[i].st;
			filler(buf, nodes[i].name + 1, st, 0);
			free(st);
		}
	DONE(0);
}

static int w_access(const char *path, int mask)
{
	SAY(access, path, "%x", (unsigned)mask);
	DONE(mask == FSP_FUSE_DELETE_OK && (find(path)->st.st_flags & UF_READONLY) ? -EPERM : 0);
}

static int w_utimens(const char *path, const struct fuse_timespec tv[2])
{
	SAY(utimens, path, "%lld %lld", (long long)tv[0].tv_sec, (long long)tv[1].tv_sec);
	find(path)->st.st_atim = tv[0];
	find(path)->st.st_mtim = tv[1];
	DONE(0);
}

static int w_truncate(const char *path, fuse_off_t size)
{
	find(path)->st.st_size = size;
	return 0;
}

static int w_getpath(const char *path, char *buf, size_t size, struct fuse_file_info *fi)
{
	(void)fi;
	SAY(getpath, path, "%s", "");
	struct node *n = find(path);
	DONE(n && strlen(n->name) < size ? (strcpy(buf, n->name), 0) : -ENOENT);
}

static int w_setcrtime(const char *path, const struct fuse_timespec *tv)
{
	SAY(setcrtime, path, "%lld", (long long)tv->tv_sec);
	find(path)->st.st_birthtim = *tv;
	DONE(0);
}

static int w_setchgtime(const char *path, const struct fuse_timespec *tv)
{
	SAY(setchgtime, path, "%lld", (long long)tv->tv_sec);
	find(path)->st.st_ctim = *tv;
	DONE(0);
}

static int w_chflags(const char *path, uint32_t flags)
{
	SAY(chflags, path, "%x", flags);
	find(path)->st.st_flags = flags;
	DONE(0);
}

static int w_statfs(const char *path, struct fuse_statvfs *stbuf)
{
	(void)path;
	stbuf->f_bsize = stbuf->f_frsize = 512;
	stbuf->f_namemax = 63;
	return 0;
}

static void *w_init(struct fuse_conn_info *conn)
{
	atomic_store(&T->word[0], conn->capable);
	conn->want |= (unsigned)atomic_load(&T->word[1]) & conn->capable;
	t_fuse = fuse_get_context()->fuse;
	t_command_start();
	return NULL;
}

static void w_destroy(void *data)
{
	(void)data;
	t_command_stop();
}

static struct fuse_operations w_ops = {
	.getattr = w_getattr,	  .mknod = w_mknod,	    .unlink = w_unlink,
	.rename = w_rename,	  .truncate = w_truncate,   .open = w_open,
	.read = w_read,		  .write = w_write,	    .statfs = w_statfs,
	.readdir = w_readdir,	  .init = w_init,	    .destroy = w_destroy,
	.access = w_access,	  .utimens = w_utimens,
#if defined(FSP_FUSE_HAS_GETPATH)
	.getpath = w_getpath,
#endif
	.setcrtime = w_setcrtime, .setchgtime = w_setchgtime, .chflags = w_chflags,
};

#define ALL_CAPS                                                                                   \
	(FSP_FUSE_CAP_READDIR_PLUS | FSP_FUSE_CAP_STAT_EX | FSP_FUSE_CAP_DELETE_ACCESS |           \
	 FSP_FUSE_CAP_CASE_INSENSITIVE)

static int run(unsigned want, int argc, char **argv)
{
	make("/", S_IFDIR | 0755);
	atomic_store(&T->word[1], (long)want);
	return fuse_main(argc, argv, &w_ops, NULL);
}
static int with_everything(int argc, char **argv)
{
	return run(ALL_CAPS, argc, argv);
}
static int with_nothing(int argc, char **argv)
{
	return run(0, argc, argv);
}
static int read_only(int argc, char **argv)
{
	make("/f", S_IFREG | 0644);
	return run(FSP_FUSE_CAP_READ_ONLY, argc, argv);
}

static void need_extensions(void)
{
	if (!dlsym(RTLD_DEFAULT, "fuse_notify"))
		t_skip("the library has no extensions");
}

static uint64_t filetime(long long s)
{
	return htole64((uint64_t)(s + 11644473600LL) * 10000000);
}

/* ---- cases ---------------------------------------------------------------------------------------- */

CASE(winfsp_all, "winfsp.a-file-system-with-everything", .apis = T_API2, .server = with_everything)
{
	uint64_t times[4] = { filetime(11), filetime(12), filetime(13), filetime(14) };
	uint32_t dos = 0;
	struct statx sx;

	need_extensions();
	put(P("File"), "hello");
	YES((atomic_load(&T->word[0]) & (ALL_CAPS | FSP_FUSE_CAP_READ_ONLY)) ==
	    (ALL_CAPS | FSP_FUSE_CAP_READ_ONLY));
	STR(slurp(P("fILE")), "hello");
	EQ(st_of(P("FILE")).st_ino, st_of(P("File")).st_ino);
	OK(statx(AT_FDCWD, P("File"), AT_STATX_FORCE_SYNC, STATX_BTIME, &sx));
	if (sx.stx_mask & STATX_BTIME)
		EQ(sx.stx_btime.tv_sec, 1500000000);
	EQ(getxattr(P("File"), "system.ntfs_attrib", &dos, 4), 4);
	EQ(le32toh(dos) & 0x27, 0x20);
	MARK();
	OK(setxattr(P("File"), "system.ntfs_times", times, sizeof(times), 0));
	SAW("utimens /File 13 12");
	SAW("setcrtime /File 11");
	SAW("setchgtime /File 14");
	SAW("getattr /File");
	dos = htole32(0x3); /* hidden and read-only */
	OK(setxattr(P("File"), "system.ntfs_attrib", &dos, 4, 0));
	SAW("chflags /File 9000");
	ERR(unlink(P("File")), EPERM);
	SAW("access /File 40000000");
	OK(rename(P("File"), P("FILE")));
	SAW("rename /File /FILE");
	OK(rename(P("FILE"), P("other")));
}

CASE(winfsp_none, "winfsp.the-larger-structure-without-wanting-it", .apis = T_API2,
     .server = with_nothing)
{
	uint32_t dos;

	need_extensions(); /* stock has no room for what getattr writes */
	put(P("a"), "x");
	put(P("A"), "y"); /* the program says that they are one; nobody else does */
	STR(slurp(P("a")), "y");
	EQ(st_of(P("a")).st_size, 1);
	EQ(st_of(P("a")).st_mtime, 1500000000);
	ERR(getxattr(P("a"), "system.ntfs_attrib", &dos, 4), EOPNOTSUPP);
	UNSEEN("chflags*");
	UNSEEN("getpath*");
	OK(unlink(P("a")));
	UNSEEN("access* 40000000");
}

CASE(winfsp_ro, "winfsp.read-only", .apis = T_API2, .server = read_only)
{
	need_extensions();
	ERR(open(P("f"), O_RDWR), EROFS);
	ERR(unlink(P("f")), EROFS);
	ERR(mknod(P("g"), S_IFREG | 0644, 0), EROFS);
	STR(slurp(P("f")), "");
}

static long tell(long action, long a, long b)
{
	int (*notify)(struct fuse *, const char *, uint32_t);

	(void)a, (void)b;
	*(void **)&notify = dlsym(RTLD_DEFAULT, "fuse_notify");
	pthread_mutex_lock(&lock);
	make(T->data, S_IFREG | 0644);
	pthread_mutex_unlock(&lock);
	return notify(t_fuse, T->data, (uint32_t)action);
}
CASE(winfsp_notify, "winfsp.fuse-notify", .apis = T_API2, .server = with_nothing,
     .on_command = tell, .opts = "negative_timeout=100,entry_timeout=100", .raw = true)
{
	need_extensions();
	ERR(access(P("n"), F_OK), ENOENT);
	strcpy(T->data, "/n");
	EQ(command(FSP_FUSE_NOTIFY_CREATE, 0, 0), 0);
	OK(access(P("n"), F_OK));
}

/* A table of exactly WinFsp's size, by a program with the small structure that wants the large one. */
static int small_getattr(const char *path, struct fuse_stat *stbuf)
{
	struct stat *st = (struct stat *)stbuf; /* what it was compiled with */

	memset(st, 0, sizeof(*st));
	st->st_mode = path[1] ? S_IFREG | 0644 : S_IFDIR | 0755;
	st->st_nlink = 1;
	return 0;
}
static int small_readdir(const char *path, void *buf, fuse_fill_dir_t filler, fuse_off_t off,
			 struct fuse_file_info *fi)
{
	struct stat *st = malloc(sizeof(*st));

	(void)path, (void)off, (void)fi;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFREG | 0644;
	st->st_nlink = 1;
	for (char name[] = "a"; name[0] < 'f'; name[0]++)
		filler(buf, name, (struct fuse_stat *)st, 0);
	free(st);
	return 0;
}
static int small(int argc, char **argv)
{
	static const struct fuse_operations ops = {
		.getattr = small_getattr, .readdir = small_readdir, .init = w_init,
		.destroy = w_destroy, .chflags = w_chflags,
	};

	atomic_store(&T->word[1], ALL_CAPS);
	return fuse_main_real(argc, argv, &ops, offsetof(struct fuse_operations, reserved_stat_ex),
			      NULL);
}
CASE(winfsp_small, "winfsp.wanting-what-was-not-compiled-in", .apis = T_API2, .server = small)
{
	uint32_t dos = htole32(2);

	need_extensions();
	OK(access(P("a"), F_OK));
	LOGGED("FSP_FUSE_USE_STAT_EX");
	ERR(setxattr(P("a"), "system.ntfs_attrib", &dos, 4, 0), EOPNOTSUPP);
	UNSEEN("chflags*");
	EQ(st_of(P("e")).st_nlink, 1);
	int n = 0;
	DIR *d = opendir(P(""));
	YES(d != NULL);
	while (readdir(d))
		n++;
	closedir(d);
	EQ(n, 5);
}

/* A file system of libfuse's form over one with the larger structure. */
static struct fuse_fs *below;

static int over_getattr(const char *path, struct fuse_stat *stbuf)
{
	char room[sizeof(struct fuse_stat_ex) + 64];
	int res;

	memset(room, 0x55, sizeof(room));
	res = fuse_fs_getattr(below, path, (struct stat *)room);
	for (size_t i = sizeof(struct stat); i < sizeof(room); i++)
		if (room[i] != 0x55)
			t_server_fail("byte %zu behind struct stat was written", i);
	memcpy(stbuf, room, sizeof(struct stat));
	return res;
}
static void *over_init(struct fuse_conn_info *conn)
{
	unsigned capable = conn->capable;

	below = fuse_fs_new(&w_ops, sizeof(w_ops), NULL);
	atomic_store(&T->word[1], ALL_CAPS);
	fuse_fs_init(below, conn);
	if (conn->capable != capable || (conn->want & ALL_CAPS))
		t_server_fail("the file system below has changed what this one sees of conn");
	return NULL;
}
static void over_destroy(void *data)
{
	(void)data;
	fuse_fs_destroy(below);
}
static int over(int argc, char **argv)
{
	static const struct fuse_operations ops = {
		.getattr = over_getattr, .init = over_init, .destroy = over_destroy,
	};

	make("/", S_IFDIR | 0755);
	make("/a", S_IFREG | 0644);
	return fuse_main_real(argc, argv, &ops, offsetof(struct fuse_operations, getpath), NULL);
}
CASE(winfsp_over, "winfsp.below-another-file-system", .apis = T_API2, .server = over)
{
	need_extensions();
	EQ(st_of(P("a")).st_mtime, 1500000000);
	SAW("getattr /a");
	ERR(getxattr(P("a"), "system.ntfs_attrib", NULL, 0), EOPNOTSUPP);
	UNSEEN("getpath*");
}

#endif
