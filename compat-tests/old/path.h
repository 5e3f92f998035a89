/*
 * One file, /file, with room for 4 KiB, on the path API: what the operations do, whatever
 * parameters they have at each FUSE_USE_VERSION. A handle that came back as it was given is 4711.
 */
#ifndef OLD_PATH_H
#define OLD_PATH_H

#include <fuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char data[4096] = "old but alive\n";
static size_t length = 14;

static int is_file(const char *path)
{
	return strcmp(path, "/file") == 0;
}

static int stat_of(const char *path, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = is_file(path) ? S_IFREG | 0644 : S_IFDIR | 0755;
	st->st_nlink = 1;
	st->st_size = is_file(path) ? (off_t)length : 0;
	return is_file(path) || strcmp(path, "/") == 0 ? 0 : -ENOENT;
}

static int truncate_to(const char *path, off_t size)
{
	if (!is_file(path) || size > (off_t)sizeof(data))
		return -EINVAL;
	length = (size_t)size;
	return 0;
}

static int read_from(char *buf, size_t size, off_t off)
{
	if ((size_t)off >= length)
		return 0;
	size = size < length - (size_t)off ? size : length - (size_t)off;
	memcpy(buf, data + off, size);
	return (int)size;
}

static int write_to(const char *buf, size_t size, off_t off)
{
	if ((size_t)off + size > sizeof(data))
		return -EFBIG;
	memcpy(data + off, buf, size);
	length = (size_t)off + size > length ? (size_t)off + size : length;
	return (int)size;
}

static int say_released(const char *path)
{
	printf("released %s\n", path);
	fflush(stdout);
	return 0;
}

#endif
