/*
 * The list of opcodes, private to core/wire: optable.c makes the public table of it and
 * decode.c its own small one.
 */
#ifndef CORE_WIRE_OPS_H
#define CORE_WIRE_OPS_H

#include "core/wire/wire.h"

/* clang-format off */
enum {
	NO = 0, QUIET = CORE_OP_NOREPLY, AGAIN = CORE_OP_IDEMPOTENT, BLOCK = CORE_OP_MAY_BLOCK,
	DATA = CORE_OP_DATA, EXT = CORE_OP_EXT, VAR = CORE_OP_OUT_VAR,
};

/*
 * O(name, first minor, names, flags, request structure, reply structure).
 *
 * DESTROY is answered: the kernel waits for it. GETXATTR and LISTXATTR answer with their
 * structure when asked for the size 0 and with bytes otherwise; IOCTL with its structure and
 * bytes behind it. SETUPMAPPING and REMOVEMAPPING are for shared memory windows of virtiofs,
 * which no /dev/fuse sends: their structures are not described.
 */
#define OPS(O)                                                                                     \
	O(LOOKUP,           1, 1, AGAIN,           none,               entry_out)                  \
	O(FORGET,           1, 0, QUIET,           forget_in,          none)                       \
	O(GETATTR,          1, 0, AGAIN,           getattr_in,         attr_out)                   \
	O(SETATTR,          1, 0, AGAIN,           setattr_in,         attr_out)                   \
	O(READLINK,         1, 0, AGAIN | VAR,     none,               none)                       \
	O(SYMLINK,          1, 2, EXT,             none,               entry_out)                  \
	O(MKNOD,            1, 1, EXT,             mknod_in,           entry_out)                  \
	O(MKDIR,            1, 1, EXT,             mkdir_in,           entry_out)                  \
	O(UNLINK,           1, 1, NO,              none,               none)                       \
	O(RMDIR,            1, 1, NO,              none,               none)                       \
	O(RENAME,           1, 2, NO,              rename_in,          none)                       \
	O(LINK,             1, 1, NO,              link_in,            entry_out)                  \
	O(OPEN,             1, 0, NO,              open_in,            open_out)                   \
	O(READ,             1, 0, AGAIN | VAR,     read_in,            none)                       \
	O(WRITE,            1, 0, AGAIN | DATA,    write_in,           write_out)                  \
	O(STATFS,           1, 0, AGAIN,           none,               statfs_out)                 \
	O(RELEASE,          1, 0, NO,              release_in,         none)                       \
	O(FSYNC,            1, 0, AGAIN,           fsync_in,           none)                       \
	O(SETXATTR,         1, 1, DATA,            setxattr_in,        none)                       \
	O(GETXATTR,         1, 1, AGAIN | VAR,     getxattr_in,        getxattr_out)               \
	O(LISTXATTR,        1, 0, AGAIN | VAR,     getxattr_in,        getxattr_out)               \
	O(REMOVEXATTR,      1, 1, NO,              none,               none)                       \
	O(FLUSH,            1, 0, NO,              flush_in,           none)                       \
	O(INIT,             1, 0, NO,              init_in,            init_out)                   \
	O(OPENDIR,          1, 0, NO,              open_in,            open_out)                   \
	O(READDIR,          1, 0, AGAIN | VAR,     read_in,            none)                       \
	O(RELEASEDIR,       1, 0, NO,              release_in,         none)                       \
	O(FSYNCDIR,         4, 0, AGAIN,           fsync_in,           none)                       \
	O(GETLK,            7, 0, AGAIN,           lk_in,              lk_out)                     \
	O(SETLK,            7, 0, NO,              lk_in,              none)                       \
	O(SETLKW,           7, 0, BLOCK,           lk_in,              none)                       \
	O(ACCESS,           3, 0, AGAIN,           access_in,          none)                       \
	O(CREATE,           3, 1, EXT,             create_in,          create_out)                 \
	O(INTERRUPT,        7, 0, QUIET,           interrupt_in,       none)                       \
	O(BMAP,             8, 0, AGAIN,           bmap_in,            bmap_out)                   \
	O(DESTROY,          8, 0, NO,              none,               none)                       \
	O(IOCTL,           11, 0, DATA | VAR,      ioctl_in,           ioctl_out)                  \
	O(POLL,            11, 0, AGAIN,           poll_in,            poll_out)                   \
	O(NOTIFY_REPLY,    15, 0, QUIET | DATA,    notify_retrieve_in, none)                       \
	O(BATCH_FORGET,    16, 0, QUIET | DATA,    batch_forget_in,    none)                       \
	O(FALLOCATE,       19, 0, NO,              fallocate_in,       none)                       \
	O(READDIRPLUS,     21, 0, AGAIN | VAR,     read_in,            none)                       \
	O(RENAME2,         23, 2, NO,              rename2_in,         none)                       \
	O(LSEEK,           24, 0, AGAIN,           lseek_in,           lseek_out)                  \
	O(COPY_FILE_RANGE, 28, 0, NO,              copy_file_range_in, write_out)                  \
	O(SETUPMAPPING,    31, 0, NO,              none,               none)                       \
	O(REMOVEMAPPING,   31, 0, NO,              none,               none)                       \
	O(SYNCFS,          34, 0, AGAIN,           syncfs_in,          none)                       \
	O(TMPFILE,         37, 1, EXT,             create_in,          create_out)                 \
	O(STATX,           39, 0, AGAIN,           statx_in,           statx_out)                  \
	O(COPY_FILE_RANGE_64, 45, 0, NO,           copy_file_range_in, copy_file_range_out)
/* clang-format on */

#endif
