/*
 * What differs between the two path APIs, for sources that are compiled for both against the
 * headers of the stock libraries.
 */
#ifndef MODULES_COMPAT_H
#define MODULES_COMPAT_H

#include <fuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if FUSE_MAJOR_VERSION >= 3
#define API            3
#define FI             , struct fuse_file_info *fi
#define PFI            , fi
#define RENAME_FLAGS   , unsigned int flags
#define PRENAME_FLAGS  , flags
#define READDIR_FLAGS  , enum fuse_readdir_flags flags
#define PREADDIR_FLAGS , flags
#define FILL_FLAGS     , enum fuse_fill_dir_flags flags
#define PFILL_FLAGS    , flags
#define NO_FLAGS       , (enum fuse_fill_dir_flags)0
#define INIT_ARGS      struct fuse_conn_info *conn, struct fuse_config *cfg
#define PINIT_ARGS     conn, cfg
#else
#define API 2
#define FI
#define PFI
#define RENAME_FLAGS
#define PRENAME_FLAGS
#define READDIR_FLAGS
#define PREADDIR_FLAGS
#define FILL_FLAGS
#define PFILL_FLAGS
#define NO_FLAGS
#define INIT_ARGS  struct fuse_conn_info *conn
#define PINIT_ARGS conn
#endif

/* What both sources put into their tables. */
#define PATH_OPERATIONS                                                                            \
	.getattr = op_getattr, .readlink = op_readlink, .mkdir = op_mkdir, .unlink = op_unlink,    \
	.rmdir = op_rmdir, .symlink = op_symlink, .rename = op_rename, .link = op_link,            \
	.chmod = op_chmod, .truncate = op_truncate, .utimens = op_utimens, .statfs = op_statfs,    \
	.open = op_open, .create = op_create, .read = op_read, .write = op_write,                  \
	.release = op_release, .readdir = op_readdir

#endif
