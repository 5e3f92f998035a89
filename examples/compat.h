/*
 * One source for both FUSE APIs.
 *
 * Include this first.  It finds out which API the include path leads to (pkg-config fuse or
 * pkg-config fuse3), asks the headers for it, and hides the places where signatures differ.  A path
 * program writes its operations in the FUSE 3 form and names those that differ through the pairs
 * below, once to make the adapter and once in the table:
 *
 *	static int my_getattr(const char *path, struct stat *st, struct fuse_file_info *fi) { ... }
 *	FS_ADAPT_GETATTR(my_getattr)
 *	static const struct fuse_operations my_ops = { FS_GETATTR(my_getattr), .open = my_open };
 *
 * A program that is only ever built for one of the APIs needs none of this.
 */
#ifndef EXAMPLES_COMPAT_H
#define EXAMPLES_COMPAT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

/* <fuse_log.h> is in no FUSE 2 and in every FUSE 3 since 3.7. -DFUSE_USE_VERSION=... overrides. */
#ifndef FUSE_USE_VERSION
#if __has_include(<fuse_log.h>)
#define FUSE_USE_VERSION 35
#else
#define FUSE_USE_VERSION 29
#endif
#endif

#include <fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#if FUSE_USE_VERSION >= 30
#define FS_API 3
#else
#define FS_API 2
#endif

#if FS_API == 3 && FUSE_USE_VERSION >= 35
typedef unsigned int fs_ioctl_cmd;
#else
typedef int fs_ioctl_cmd;
#endif

/*
 * What a program may want to set in its init operation.  FUSE 3 has a structure for it; in FUSE 2
 * the same things are mount options of the library, so a program adds them to its arguments with
 * fs_path_defaults() before fuse_main().
 */
#define FS_USE_INO 1u /* st_ino is meaningful: hard links share it */

/*
 * fill one directory entry: true when the buffer is full and readdir has to return.
 * next is the offset that makes a later readdir go on behind this entry (never 0).
 */
static inline bool fs_fill(fuse_fill_dir_t fill, void *buf, const char *name, const struct stat *st,
			   off_t next, bool plus)
{
#if FS_API == 3
	return fill(buf, name, st, next, plus ? FUSE_FILL_DIR_PLUS : (enum fuse_fill_dir_flags)0) !=
	       0;
#else
	(void)plus;
	return fill(buf, name, st, next) != 0;
#endif
}

/* Ask the kernel for a capability if it offers it. */
static inline void fs_want(struct fuse_conn_info *conn, unsigned int capability)
{
	conn->want |= conn->capable & capability;
}

#if FS_API == 3

static inline int fs_path_defaults(struct fuse_args *args, unsigned int what)
{
	(void)args, (void)what;
	return 0;
}

#define FS_GETATTR(fn)  .getattr = fn
#define FS_CHMOD(fn)    .chmod = fn
#define FS_CHOWN(fn)    .chown = fn
#define FS_TRUNCATE(fn) .truncate = fn
#define FS_UTIMENS(fn)  .utimens = fn
#define FS_RENAME(fn)   .rename = fn
#define FS_READDIR(fn)  .readdir = fn##_adapter
#define FS_INIT(fn)     .init = fn##_adapter

#define FS_ADAPT_GETATTR(fn)
#define FS_ADAPT_CHMOD(fn)
#define FS_ADAPT_CHOWN(fn)
#define FS_ADAPT_TRUNCATE(fn)
#define FS_ADAPT_UTIMENS(fn)
#define FS_ADAPT_RENAME(fn)
/* int fn(path, buf, fill, offset, fi, bool plus) */
#define FS_ADAPT_READDIR(fn)                                                                       \
	static int fn##_adapter(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,   \
				struct fuse_file_info *fi, enum fuse_readdir_flags flags)          \
	{                                                                                          \
		return fn(path, buf, fill, offset, fi, (flags & FUSE_READDIR_PLUS) != 0);          \
	}
/* void fn(conn); what: FS_USE_INO or 0. fi is given wherever there is one, so paths may be NULL. */
#define FS_ADAPT_INIT(fn, what)                                                                    \
	static void *fn##_adapter(struct fuse_conn_info *conn, struct fuse_config *cfg)            \
	{                                                                                          \
		cfg->use_ino = ((what)&FS_USE_INO) != 0;                                           \
		cfg->nullpath_ok = 1;                                                              \
		fn(conn);                                                                          \
		return fuse_get_context()->private_data;                                           \
	}
#define FS_NULLPATH /* the FUSE 2 table has flags for what FUSE 3 has in its configuration */

#else /* FS_API == 2 */

static inline int fs_path_defaults(struct fuse_args *args, unsigned int what)
{
	return what & FS_USE_INO ? fuse_opt_add_arg(args, "-ouse_ino") : 0;
}

#define FS_GETATTR(fn)  .getattr = fn##_path, .fgetattr = fn
#define FS_CHMOD(fn)    .chmod = fn##_path
#define FS_CHOWN(fn)    .chown = fn##_path
#define FS_TRUNCATE(fn) .truncate = fn##_path, .ftruncate = fn
#define FS_UTIMENS(fn)  .utimens = fn##_path, .flag_utime_omit_ok = 1
#define FS_RENAME(fn)   .rename = fn##_path
#define FS_READDIR(fn)  .readdir = fn##_adapter
#define FS_INIT(fn)     .init = fn##_adapter

#define FS_ADAPT_GETATTR(fn)                                                                       \
	static int fn##_path(const char *path, struct stat *st)                                    \
	{                                                                                          \
		return fn(path, st, NULL);                                                         \
	}
#define FS_ADAPT_CHMOD(fn)                                                                         \
	static int fn##_path(const char *path, mode_t mode)                                        \
	{                                                                                          \
		return fn(path, mode, NULL);                                                       \
	}
#define FS_ADAPT_CHOWN(fn)                                                                         \
	static int fn##_path(const char *path, uid_t uid, gid_t gid)                               \
	{                                                                                          \
		return fn(path, uid, gid, NULL);                                                   \
	}
#define FS_ADAPT_TRUNCATE(fn)                                                                      \
	static int fn##_path(const char *path, off_t size)                                         \
	{                                                                                          \
		return fn(path, size, NULL);                                                       \
	}
#define FS_ADAPT_UTIMENS(fn)                                                                       \
	static int fn##_path(const char *path, const struct timespec tv[2])                        \
	{                                                                                          \
		return fn(path, tv, NULL);                                                         \
	}
#define FS_ADAPT_RENAME(fn)                                                                        \
	static int fn##_path(const char *from, const char *to)                                     \
	{                                                                                          \
		return fn(from, to, 0);                                                            \
	}
#define FS_ADAPT_READDIR(fn)                                                                       \
	static int fn##_adapter(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,   \
				struct fuse_file_info *fi)                                         \
	{                                                                                          \
		return fn(path, buf, fill, offset, fi, false);                                     \
	}
#define FS_ADAPT_INIT(fn, what)                                                                    \
	static void *fn##_adapter(struct fuse_conn_info *conn)                                     \
	{                                                                                          \
		fs_want(conn, FUSE_CAP_BIG_WRITES); /* else the kernel sends 4 KiB at a time */    \
		fn(conn);                                                                          \
		return fuse_get_context()->private_data;                                           \
	}
#define FS_NULLPATH .flag_nullpath_ok = 1, .flag_nopath = 1,

#endif
#endif
