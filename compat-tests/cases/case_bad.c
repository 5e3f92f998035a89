/* case_bad.c - values that a program should not return: errno or a clear message, never harm */
#include "conform.h"

#include <dirent.h>
#include <sys/xattr.h>

/* The connection must outlive whatever the program returned. */
static void still_alive(void)
{
	put(S("alive"), "yes");
	STR(slurp(P("alive")), "yes");
}

/*
 * A value that is no errno becomes ERANGE, in both stock libraries, and is told in the log.  An
 * `error` of 0 stands for EIO, what the kernel makes of a reply of the wrong size, or ERANGE.
 */
static void bad_int(enum t_op op, long value, int error, int (*call)(void))
{
	char number[20];
	put(S("f"), "content");
	OK(symlink("target", S("l")));
	force(op, value, -1);
	errno = 0;
	int r = call();
	if (r != -1)
		FAIL("returned %d, expected an error", r);
	if (error || errno != EIO)
		EQ(errno, error ? error : ERANGE);
	force(op, 0, 0);
	snprintf(number, sizeof(number), "%ld", labs(value));
	if (error == ERANGE)
		LOGGED(number);
	still_alive();
}

static int call_mkdir(void)
{
	return mkdir(P("d"), 0755);
}
static int call_stat(void)
{
	return stat(P("f"), &(struct stat){0});
}
static int call_open(void)
{
	return open(P("f"), O_RDONLY);
}
static int call_readlink(void)
{
	return (int)readlink(P("l"), (char[20]){0}, 20);
}
static int call_unlink(void)
{
	return unlink(P("f"));
}
static int call_rename(void)
{
	return rename(P("f"), P("g"));
}
static int call_truncate(void)
{
	return truncate(P("f"), 3);
}
static int call_read(void)
{
	return (int)pread(open(P("f"), O_RDONLY), (char[20]){0}, 20, 0);
}
static int call_write(void)
{
	return (int)pwrite(open(P("f"), O_WRONLY), "abc", 3, 0);
}
static int call_getxattr(void)
{
	return (int)getxattr(P("f"), "user.a", (char[20]){0}, 20);
}
static int call_listxattr(void)
{
	return (int)listxattr(P("f"), (char[20]){0}, 20);
}
static int call_opendir(void)
{
	return opendir(P("")) ? 0 : -1;
}
static int call_create(void)
{
	return open(P("new"), O_CREAT | O_RDWR, 0600);
}

#define BAD(id, nm, op, value, error, call)                                                        \
	CASE(id, "bad." nm, .may_leak = true)                                                      \
	{                                                                                          \
		bad_int(op, value, error, call);                                                   \
	}
BAD(bad_mkdir_pos, "positive-errno-of-mkdir", OP_mkdir, EACCES, ERANGE, call_mkdir)
BAD(bad_getattr_pos, "positive-errno-of-getattr", OP_getattr, ENOENT, ERANGE, call_stat)
BAD(bad_open_pos, "positive-errno-of-open", OP_open, EACCES, ERANGE, call_open)
BAD(bad_create_pos, "positive-errno-of-create", OP_create, EACCES, ERANGE, call_create)
BAD(bad_readlink_pos, "positive-result-of-readlink", OP_readlink, 6, ERANGE, call_readlink)
BAD(bad_unlink_pos, "positive-errno-of-unlink", OP_unlink, EACCES, ERANGE, call_unlink)
BAD(bad_rename_pos, "positive-errno-of-rename", OP_rename, EACCES, ERANGE, call_rename)
BAD(bad_truncate_pos, "positive-errno-of-truncate", OP_truncate, EACCES, ERANGE, call_truncate)
BAD(bad_opendir_pos, "positive-errno-of-opendir", OP_opendir, EACCES, ERANGE, call_opendir)
BAD(bad_mkdir_big, "error-beyond-1000-of-mkdir", OP_mkdir, -1001, ERANGE, call_mkdir)
BAD(bad_mkdir_huge, "error-int-min-of-mkdir", OP_mkdir, INT32_MIN, ERANGE, call_mkdir)
BAD(bad_getattr_big, "error-beyond-1000-of-getattr", OP_getattr, -100000, ERANGE, call_stat)
BAD(bad_read_big, "error-beyond-1000-of-read", OP_read, -5000, ERANGE, call_read)
BAD(bad_write_big, "error-beyond-1000-of-write", OP_write, -5000, ERANGE, call_write)
BAD(bad_open_big, "error-beyond-1000-of-open", OP_open, -4096, ERANGE, call_open)
BAD(bad_getxattr_much, "getxattr-returns-more-than-the-size", OP_getxattr, 100000, 0, call_getxattr)
BAD(bad_listxattr_much, "listxattr-returns-more-than-the-size", OP_listxattr, 100000, 0,
    call_listxattr)
BAD(bad_write_much, "write-returns-more-than-given", OP_write, 1000, 0, call_write)

CASE(bad_512, "bad.error-between-512-and-1000", .timeout = 3)
{
	/* the kernel takes no answer with such an error: the call would wait for ever */
	force(OP_mkdir, -512, 1);
	ERR(mkdir(P("d"), 0755), ERANGE);
	force(OP_mkdir, -999, 1);
	ERR(mkdir(P("d"), 0755), ERANGE);
}

CASE(bad_read_much, "bad.read-returns-more-than-asked")
{
	put(S("f"), "content");
	int fd = OK(open(P("f"), O_RDONLY));
	force(OP_read, 10000000, -1);
	char buf[16];
	/* not more than was asked for, and nothing of somebody else's memory behind it */
	long n = pread(fd, buf, sizeof(buf), 0);
	YES(n < 0, "returned %ld", n);
	force(OP_read, 0, 0);
	still_alive();
}

static long big_direct_read;
static int direct_open(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	fi->direct_io = 1;
	return 0;
}
static int too_much(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)path;
	(void)buf;
	(void)off;
	(void)fi;
	big_direct_read++;
	return (int)size + 5000;
}
static void reads_too_much(struct fuse_operations *ops)
{
	ops->open = direct_open;
	ops->read = too_much;
	ops->release = NULL;
	ops->flush = NULL;
	ops->lock = NULL;
}
CASE(bad_read_direct, "bad.direct-read-returns-more-than-asked", .ops = reads_too_much)
{
	put(S("f"), "content");
	int fd = OK(open(P("f"), O_RDONLY));
	char buf[16];
	long n = pread(fd, buf, sizeof(buf), 0);
	YES(n <= (long)sizeof(buf), "returned %ld", n);
	EQ(st_of(P("f")).st_size, 7);
}

/* getattr that forgets the type of the file */
#if FUSE_API == 2
static int no_type(const char *path, struct stat *st)
#else
static int no_type(const char *path, struct stat *st, struct fuse_file_info *fi)
#endif
{
#if FUSE_API == 3
	(void)fi;
#endif
	*st = (struct stat){.st_mode = strcmp(path, "/") ? 0644 : S_IFDIR | 0755, .st_nlink = 1};
	return 0;
}
static void types_missing(struct fuse_operations *ops)
{
	ops->getattr = no_type;
}
CASE(bad_type, "bad.attributes-without-a-file-type", .violates = "no file type", .ops = types_missing)
{
	ERR(stat(P("f"), &(struct stat){0}), EIO);
	OK(stat(P(""), &(struct stat){0}));
}

/* names that no directory may contain */
static int odd_names(T_READDIR_ARGS)
{
	(void)path;
	(void)off;
	(void)fi;
#if FUSE_API == 3
	(void)flags;
#endif
	T_FILL(filler, buf, ".", NULL, 0);
	T_FILL(filler, buf, atomic_load(&T->word[0]) ? "a/b" : "", NULL, 0);
	T_FILL(filler, buf, "good", NULL, 0);
	return 0;
}
static void has_odd_names(struct fuse_operations *ops)
{
	ops->readdir = odd_names;
}
static void list_it(void)
{
	DIR *d = opendir(P(""));
	struct dirent *e;
	YES(d);
	while ((e = readdir(d)))
		YES(*e->d_name && !strchr(e->d_name, '/'), "listed \"%s\"", e->d_name);
	closedir(d);
	still_alive();
}
CASE(bad_name_empty, "bad.empty-name-in-a-directory", .ops = has_odd_names)
{
	list_it();
}
CASE(bad_name_slash, "bad.slash-in-a-name-in-a-directory", .ops = has_odd_names)
{
	atomic_store(&T->word[0], 1);
	list_it();
}

/* readlink that fills the buffer to the brim */
static int brim(const char *path, char *buf, size_t size)
{
	(void)path;
	atomic_store(&T->word[0], (long)size);
	memset(buf, 'x', size - 2);
	buf[size - 2] = 0;
	return 0;
}
static void longest_link(struct fuse_operations *ops)
{
	ops->readlink = brim;
}
CASE(bad_link, "bad.readlink-fills-its-buffer", .ops = longest_link)
{
	static char buf[8192];
	OK(symlink("x", S("l")));
	EQ(readlink(P("l"), buf, sizeof(buf)), 4095);
	EQ(atomic_load(&T->word[0]), 4097);
}

CASE(bad_poll, "bad.positive-result-of-lock")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	struct flock fl = {.l_type = F_WRLCK};
	force(OP_lock, 11, 1);
	ERR(fcntl(fd, F_SETLK, &fl), ERANGE);
	still_alive();
}

/* what create says it opened is no file */
static int makes_a_directory(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	char name[200];
	(void)mode;
	snprintf(name, sizeof(name), "%s%s", T->src, path);
	fi->fh = 0;
	return mkdir(name, 0755) ? -errno : 0;
}
static int counts_release(const char *path, struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	atomic_fetch_add(&T->word[1], 1);
	return 0;
}
static void create_is_mkdir(struct fuse_operations *ops)
{
	ops->create = makes_a_directory;
	ops->release = counts_release;
}
CASE(bad_create, "bad.create-that-makes-a-directory", .ops = create_is_mkdir)
{
	ERR(open(P("d"), O_CREAT | O_WRONLY, 0644), EIO);
	WITHIN(3000, atomic_load(&T->word[1]) == 1);
	OK(stat(P("d"), &(struct stat){0}));
}
