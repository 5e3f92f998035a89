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
	a->uid = st->st_uid;
	a->gid = st->st_gid;
	a->rdev = wire_dev(st->st_rdev);
	a->blksize = (uint32_t)st->st_blksize;
	a->flags = 0;
}

#endif
