/*
 * What only some nodes need: cached size and mtime (auto_cache), POSIX locks, the attributes of
 * a removed but open directory, the identity of hard links. A hash of its own, so that other
 * nodes pay nothing. A stripe's lock is held between side_get and side_put.
 */
#ifndef CORE_FS_SIDE_H
#define CORE_FS_SIDE_H

#include <sys/stat.h>
#include <time.h>
#include "core/base/base.h"

#define SIDE_STRIPES 64

struct posix_lock {
	struct posix_lock *next;
	uint64_t owner;
	off_t start, end; /* inclusive; end OFF_MAX: to the end of the file */
	int type;
	pid_t pid;
};

/* A file that the kernel reads and writes in place of a node's; id 0: none. backing.c */
struct fs_backing {
	int32_t id;
	dev_t dev;
	ino_t ino;
};

struct side {
	struct side *next;
	uint32_t idx;
	bool cache_valid;
	struct timespec mtime, updated;
	off_t size;
	struct posix_lock *locks;
	struct stat *kept;  /* of a removed, open directory */
	dev_t link_dev;     /* identity of a file with several names here */
	ino_t link_ino;
	time_t alone_since; /* seen with one name only since then (monotonic), 0: not */
	time_t forgotten_at;
	struct fs_backing backing;
};

struct side_stripe {
	pthread_mutex_t lock;
	struct side **buckets;
	uint32_t mask, count;
};

struct side_table {
	struct side_stripe stripe[SIDE_STRIPES];
};

int side_init(struct side_table *t);
void side_fini(struct side_table *t);
/*
 * The side data of a node, with its stripe locked; create makes it. NULL: none, nothing locked
 * (with create: out of memory).
 */
struct side *side_get(struct side_table *t, uint32_t idx, bool create);
void side_put(struct side_table *t, uint32_t idx);
void side_drop(struct side_table *t, uint32_t idx);

#endif
