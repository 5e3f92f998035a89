/*
 * The file system under bench/ops: computed, nothing behind it. One source for both APIs.
 *   /a/b/f0 ... f999   64 MiB of zeros each
 *   /new/NUMBER        what is created
 *   /lNUMBER           directories of 10,000 files, listed by name only, as most programs do
 * In the environment: BENCH_SLEEP_US, every getattr sleeps that long; BENCH_XATTR, there is a
 * getxattr, which finds nothing.
 */
#include <errno.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_SIZE (64L << 20)
#define MOST_NEW  4096
#define ENTRIES   10000

static long sleep_ns;
static char made[MOST_NEW]; /* /new/NUMBER exists */

#if FUSE_USE_VERSION >= 30
#define FI_ARG , struct fuse_file_info *fi
#define FI_USE (void)fi
#else
#define FI_ARG
#define FI_USE (void)0
#endif

static int new_number(const char *path)
{
	int n;

	if (strncmp(path, "/new/", 5) || sscanf(path + 5, "%d", &n) != 1 || n < 0 || n >= MOST_NEW)
		return -1;
	return n;
}

/* 1: one of the directories of files; 2: a file in one; 0: neither. */
static int in_listed(const char *path)
{
	const char *p = path + 2;

	if (path[1] != 'l')
		return 0;
	while (*p >= '0' && *p <= '9')
		p++;
	return *p == '\0' ? 1 : !strncmp(p, "/file-", 6) ? 2 : 0;
}

static int b_getattr(const char *path, struct stat *st FI_ARG)
{
	int listed = in_listed(path);
	int n;

	FI_USE;
	if (sleep_ns) {
		struct timespec ts = {0, sleep_ns};

		nanosleep(&ts, NULL);
	}
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFDIR | 0755;
	st->st_nlink = 2;
	if (!strcmp(path, "/") || !strcmp(path, "/a") || !strcmp(path, "/a/b") ||
	    !strcmp(path, "/new") || listed == 1)
		return 0;
	n = new_number(path);
	if (listed == 2)
		n = -1;
	else if (n >= 0 ? !made[n] : strncmp(path, "/a/b/f", 6) != 0)
		return -ENOENT;
	st->st_mode = S_IFREG | 0644;
	st->st_nlink = 1;
	st->st_size = FILE_SIZE;
	return 0;
}

static int b_open(const char *path, struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	return 0;
}

static int b_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	int n = new_number(path);

	(void)mode, (void)fi;
	if (n < 0)
		return -EACCES;
	made[n] = 1;
	return 0;
}

/* Some libraries rename a file away that is removed while its RELEASE is still under way. */
static int is_hidden(const char *path)
{
	return !strncmp(path, "/new/.", 6);
}

#if FUSE_USE_VERSION >= 30
static int b_rename(const char *path, const char *to, unsigned flags)
#else
static int b_rename(const char *path, const char *to)
#endif
{
	int n = new_number(path);

#if FUSE_USE_VERSION >= 30
	(void)flags;
#endif
	if (n < 0 || !made[n] || !is_hidden(to))
		return -ENOENT;
	made[n] = 0;
	return 0;
}

static int b_unlink(const char *path)
{
	int n = new_number(path);

	if (is_hidden(path))
		return 0;
	if (n < 0 || !made[n])
		return -ENOENT;
	made[n] = 0;
	return 0;
}

static int b_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	if (off >= FILE_SIZE)
		return 0;
	if (off + (off_t)size > FILE_SIZE)
		size = (size_t)(FILE_SIZE - off);
	memset(buf, 0, size);
	return (int)size;
}

static int b_write(const char *path, const char *buf, size_t size, off_t off,
		   struct fuse_file_info *fi)
{
	(void)path, (void)buf, (void)off, (void)fi;
	return (int)size;
}

static int b_getxattr(const char *path, const char *name, char *value, size_t size)
{
	(void)path, (void)name, (void)value, (void)size;
	return -ENODATA;
}

#if FUSE_USE_VERSION >= 30
#define FILL_LAST , (enum fuse_fill_dir_flags)0
static int b_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
		     struct fuse_file_info *fi, enum fuse_readdir_flags flags)
#else
#define FILL_LAST
static int b_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
		     struct fuse_file_info *fi)
#endif
{
	char name[] = "file-00000000";

#if FUSE_USE_VERSION >= 30
	(void)flags;
#endif
	(void)off, (void)fi;
	fill(buf, ".", NULL, 0 FILL_LAST);
	fill(buf, "..", NULL, 0 FILL_LAST);
	if (in_listed(path) != 1)
		return 0;
	for (int i = 0; i < ENTRIES; i++) {
		for (int n = i, at = 12; at > 4; at--, n /= 10)
			name[at] = (char)('0' + n % 10);
		fill(buf, name, NULL, 0 FILL_LAST);
	}
	return 0;
}

#if FUSE_USE_VERSION >= 30
static int b_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	(void)path, (void)size, (void)fi;
	return 0;
}
#else
static int b_truncate(const char *path, off_t size)
{
	(void)path, (void)size;
	return 0;
}
#endif

static struct fuse_operations ops = {
	.getattr = b_getattr,
	.open = b_open,
	.create = b_create,
	.unlink = b_unlink,
	.rename = b_rename,
	.read = b_read,
	.write = b_write,
	.truncate = b_truncate,
	.readdir = b_readdir,
};

int main(int argc, char **argv)
{
	const char *us = getenv("BENCH_SLEEP_US");

	if (us)
		sleep_ns = atol(us) * 1000;
	if (getenv("BENCH_XATTR"))
		ops.getxattr = b_getxattr;
	return fuse_main(argc, argv, &ops, NULL);
}
