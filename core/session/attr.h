/*
 * Attributes on the wire. In a header because they are in most answers, and a listing has many.
 */
#ifndef CORE_SESSION_ATTR_H
#define CORE_SESSION_ATTR_H

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "core/base/base.h"
#include "core/wire/wire.h"

/* The kernel's 32-bit encoding of a device number. */
static inline uint32_t wire_dev(dev_t dev)
{
	unsigned ma, mi;

	if (core_likely(!dev))
		return 0;
	ma = major(dev);
	mi = minor(dev);
	return (mi & 0xff) | (ma << 8) | ((mi & ~0xffu) << 12);
}

_Static_assert(offsetof(struct stat, st_gid) == offsetof(struct stat, st_uid) + 4 &&
		       offsetof(struct wire_attr, gid) == offsetof(struct wire_attr, uid) + 4 &&
		       sizeof(uid_t) + sizeof(gid_t) == 8,
	       "two in one");

static inline void wire_attr_from_stat(struct wire_attr *a, const struct stat *st)
{
	a->ino = st->st_ino;
	a->size = (uint64_t)st->st_size;
	a->blocks = (uint64_t)st->st_blocks;
	a->atime = st->st_atim.tv_sec;
	a->mtime = st->st_mtim.tv_sec;
	a->ctime = st->st_ctim.tv_sec;
	a->atimensec = (uint32_t)st->st_atim.tv_nsec;
	a->mtimensec = (uint32_t)st->st_mtim.tv_nsec;
	a->ctimensec = (uint32_t)st->st_ctim.tv_nsec;
	a->mode = st->st_mode;
	a->nlink = (uint32_t)st->st_nlink;
	/* uid and gid: neighbours in both */
	__builtin_memcpy(&a->uid, &st->st_uid, 2 * sizeof(a->uid));
	a->rdev = wire_dev(st->st_rdev);
	a->blksize = (uint32_t)st->st_blksize;
	a->flags = 0;
}

/* What the wire says of a file, as a program would. */
static inline void wire_attr_to_stat(struct stat *st, const struct wire_attr *a, dev_t dev)
{
	*st = (struct stat){
		.st_dev = dev,
		.st_ino = a->ino,
		.st_mode = a->mode,
		.st_nlink = a->nlink,
		.st_uid = a->uid,
		.st_gid = a->gid,
		.st_rdev =
			makedev(a->rdev >> 8 & 0xfff, (a->rdev & 0xff) | (a->rdev >> 12 & ~0xffu)),
		.st_size = (off_t)a->size,
		.st_blksize = a->blksize,
		.st_blocks = (blkcnt_t)a->blocks,
		.st_atim = {a->atime, a->atimensec},
		.st_mtim = {a->mtime, a->mtimensec},
		.st_ctim = {a->ctime, a->ctimensec},
	};
}

#endif
