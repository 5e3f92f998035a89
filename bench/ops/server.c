/*
 * The file system under bench/ops: computed, nothing behind it. One source for both APIs.
 *   /a/b/f0 ... f999, 64 MiB of zeros each, and whatever is created under /new.
 * BENCH_SLEEP_US in the environment: every getattr sleeps that long.
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

static int b_getattr(const char *path, struct stat *st FI_ARG)
{
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
	    !strcmp(path, "/new"))
		return 0;
	n = new_number(path);
	if (n >= 0 ? !made[n] : strncmp(path, "/a/b/f", 6) != 0)
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

static int b_unlink(const char *path)
{
	int n = new_number(path);

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

static const struct fuse_operations ops = {
	.getattr = b_getattr,
	.open = b_open,
	.create = b_create,
	.unlink = b_unlink,
	.read = b_read,
	.write = b_write,
	.truncate = b_truncate,
};

int main(int argc, char **argv)
{
	const char *us = getenv("BENCH_SLEEP_US");

	if (us)
		sleep_ns = atol(us) * 1000;
	return fuse_main(argc, argv, &ops, NULL);
}
