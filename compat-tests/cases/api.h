/*
 * api.h - the one place where the sources of the cases see whether they are built for FUSE 2 or
 * for FUSE 3.  FUSE_API is 2 or 3; everything a case may need that is spelt differently in the
 * two APIs has one name here.
 */
#ifndef CONFORM_API_H
#define CONFORM_API_H

#ifndef FUSE_API
#error "build with -DFUSE_API=2 or -DFUSE_API=3"
#endif

#if FUSE_API == 2
#define FUSE_USE_VERSION 29
#else
#define FUSE_USE_VERSION 312
#endif

#include <fuse.h>
#include <fuse_lowlevel.h>

#if FUSE_API == 2
struct fuse_config; /* FUSE 3 only */
#define T_FILL(filler, buf, name, st, off) filler(buf, name, st, off)
#define T_READDIR_ARGS                                                                             \
	const char *path, void *buf, fuse_fill_dir_t filler, off_t off, struct fuse_file_info *fi
#define T_RENAME_FLAGS_PARAM /* the low-level rename has no flags */
/* what the low-level notifications are sent through */
typedef struct fuse_chan *t_channel;
/* exported, and used by programs, but in no header: a channel on an open device */
struct fuse_chan *fuse_kern_chan_new(int fd);
#else
#define T_FILL(filler, buf, name, st, off) filler(buf, name, st, off, 0)
#define T_READDIR_ARGS                                                                             \
	const char *path, void *buf, fuse_fill_dir_t filler, off_t off, struct fuse_file_info *fi, \
		enum fuse_readdir_flags flags
#define T_RENAME_FLAGS_PARAM , unsigned int flags
typedef struct fuse_session *t_channel;
/* what says "only expire" is an argument up to 3.14.0 */
#if FUSE_VERSION > FUSE_MAKE_VERSION(3, 14)
#define T_EXPIRE_ENTRY(se, parent, name, len)                                                      \
	fuse_lowlevel_notify_expire_entry(se, parent, name, len)
#else
#define T_EXPIRE_ENTRY(se, parent, name, len)                                                      \
	fuse_lowlevel_notify_expire_entry(se, parent, name, len, FUSE_LL_EXPIRE_ONLY)
#endif
#endif

#endif
