/*
 * The kernel protocol as data: message structures, opcodes and flags, FUSE 7.12 to 7.45.
 *
 * Each structure is written once as a list of fields, WIRE_FIELDS_<name>(F), with
 * F(type, field) in wire order. The list makes the C struct here, and the description that
 * the debug print and the simulated kernel use (core/wire/optable.c). Integers are in host
 * byte order, everything is naturally aligned, there is no implicit padding (checked below).
 *
 * Source: kernel documentation and the user-space API of Linux; the minor that brought a
 * member stands beside it.
 */
#ifndef CORE_WIRE_PROTO_H
#define CORE_WIRE_PROTO_H

#include <stdint.h>

#define WIRE_MAJOR     7
#define WIRE_MINOR     45 /* newest we speak */
#define WIRE_MINOR_MIN 12 /* oldest we speak: Linux 2.6.31 */

#define WIRE_ROOT_ID 1

/* ---- messages ------------------------------------------------------------------------- */

#define WIRE_FIELDS_in_header(F)                                                                   \
	F(u32, len) F(u32, opcode) F(u64, unique) F(u64, nodeid) F(u32, uid) F(u32, gid)           \
	F(u32, pid) F(u16, total_extlen) /* 7.38, in units of 8 bytes */ F(u16, padding)
#define WIRE_FIELDS_out_header(F) F(u32, len) F(i32, error) F(u64, unique)

#define WIRE_FIELDS_attr(F)                                                                        \
	F(u64, ino) F(u64, size) F(u64, blocks) F(i64, atime) F(i64, mtime) F(i64, ctime)          \
	F(u32, atimensec) F(u32, mtimensec) F(u32, ctimensec) F(u32, mode) F(u32, nlink)           \
	F(u32, uid) F(u32, gid) F(u32, rdev) F(u32, blksize) F(u32, flags) /* 7.32 */
#define WIRE_FIELDS_entry_out(F)                                                                   \
	F(u64, nodeid) F(u64, generation) F(u64, entry_valid) F(u64, attr_valid)                   \
	F(u32, entry_valid_nsec) F(u32, attr_valid_nsec) F(attr, attr)
#define WIRE_FIELDS_attr_out(F) F(u64, attr_valid) F(u32, attr_valid_nsec) F(u32, dummy) F(attr, attr)

#define WIRE_FIELDS_forget_in(F)       F(u64, nlookup)
#define WIRE_FIELDS_forget_one(F)      F(u64, nodeid) F(u64, nlookup)
#define WIRE_FIELDS_batch_forget_in(F) F(u32, count) F(u32, dummy)
#define WIRE_FIELDS_getattr_in(F)      F(u32, getattr_flags) F(u32, dummy) F(u64, fh)
#define WIRE_FIELDS_setattr_in(F)                                                                  \
	F(u32, valid) F(u32, padding) F(u64, fh) F(u64, size) F(u64, lock_owner) F(i64, atime)     \
	F(i64, mtime) F(i64, ctime) /* 7.23 */ F(u32, atimensec) F(u32, mtimensec)                 \
	F(u32, ctimensec) F(u32, mode) F(u32, unused4) F(u32, uid) F(u32, gid) F(u32, unused5)
#define WIRE_FIELDS_mknod_in(F)   F(u32, mode) F(u32, rdev) F(u32, umask) F(u32, padding)
#define WIRE_FIELDS_mkdir_in(F)   F(u32, mode) F(u32, umask)
#define WIRE_FIELDS_rename_in(F)  F(u64, newdir)
#define WIRE_FIELDS_rename2_in(F) F(u64, newdir) F(u32, flags) F(u32, padding)
#define WIRE_FIELDS_link_in(F)    F(u64, oldnodeid)
#define WIRE_FIELDS_open_in(F)    F(u32, flags) F(u32, open_flags) /* 7.33 */
#define WIRE_FIELDS_create_in(F)  F(u32, flags) F(u32, mode) F(u32, umask) F(u32, open_flags)
#define WIRE_FIELDS_open_out(F)   F(u64, fh) F(u32, open_flags) F(i32, backing_id) /* 7.40 */
#define WIRE_FIELDS_create_out(F) F(entry_out, entry) F(open_out, open)
#define WIRE_FIELDS_release_in(F)                                                                  \
	F(u64, fh) F(u32, flags) F(u32, release_flags) F(u64, lock_owner)
#define WIRE_FIELDS_flush_in(F) F(u64, fh) F(u32, unused) F(u32, padding) F(u64, lock_owner)
#define WIRE_FIELDS_read_in(F)                                                                     \
	F(u64, fh) F(u64, offset) F(u32, size) F(u32, read_flags) F(u64, lock_owner) F(u32, flags) \
	F(u32, padding)
#define WIRE_FIELDS_write_in(F)                                                                    \
	F(u64, fh) F(u64, offset) F(u32, size) F(u32, write_flags) F(u64, lock_owner)              \
	F(u32, flags) F(u32, padding)
#define WIRE_FIELDS_write_out(F) F(u32, size) F(u32, padding)
#define WIRE_FIELDS_statfs_out(F)                                                                  \
	F(u64, blocks) F(u64, bfree) F(u64, bavail) F(u64, files) F(u64, ffree) F(u32, bsize)      \
	F(u32, namelen) F(u32, frsize) F(u32, padding) F(u64, spare0) F(u64, spare1) F(u64, spare2)
#define WIRE_FIELDS_fsync_in(F) F(u64, fh) F(u32, fsync_flags) F(u32, padding)
#define WIRE_FIELDS_setxattr_in(F)                                                                 \
	F(u32, size) F(u32, flags) F(u32, setxattr_flags) F(u32, padding) /* 7.33, SETXATTR_EXT */
#define WIRE_FIELDS_getxattr_in(F)  F(u32, size) F(u32, padding)
#define WIRE_FIELDS_getxattr_out(F) F(u32, size) F(u32, padding)
#define WIRE_FIELDS_lk_in(F)                                                                       \
	F(u64, fh) F(u64, owner) F(u64, start) F(u64, end) F(u32, type) F(u32, pid)                \
	F(u32, lk_flags) F(u32, padding)
#define WIRE_FIELDS_lk_out(F)       F(u64, start) F(u64, end) F(u32, type) F(u32, pid)
#define WIRE_FIELDS_access_in(F)    F(u32, mask) F(u32, padding)
#define WIRE_FIELDS_interrupt_in(F) F(u64, unique)
#define WIRE_FIELDS_bmap_in(F)      F(u64, block) F(u32, blocksize) F(u32, padding)
#define WIRE_FIELDS_bmap_out(F)     F(u64, block)
#define WIRE_FIELDS_ioctl_in(F)                                                                    \
	F(u64, fh) F(u32, flags) F(u32, cmd) F(u64, arg) F(u32, in_size) F(u32, out_size)
#define WIRE_FIELDS_ioctl_iovec(F)  F(u64, base) F(u64, len) /* 7.16; before: the caller's iovec */
#define WIRE_FIELDS_ioctl_out(F)    F(i32, result) F(u32, flags) F(u32, in_iovs) F(u32, out_iovs)
#define WIRE_FIELDS_poll_in(F)      F(u64, fh) F(u64, kh) F(u32, flags) F(u32, events) /* 7.21 */
#define WIRE_FIELDS_poll_out(F)     F(u32, revents) F(u32, padding)
#define WIRE_FIELDS_fallocate_in(F) F(u64, fh) F(u64, offset) F(u64, length) F(u32, mode) F(u32, padding)
#define WIRE_FIELDS_lseek_in(F)     F(u64, fh) F(u64, offset) F(u32, whence) F(u32, padding)
#define WIRE_FIELDS_lseek_out(F)    F(u64, offset)
#define WIRE_FIELDS_copy_file_range_in(F)                                                          \
	F(u64, fh_in) F(u64, off_in) F(u64, nodeid_out) F(u64, fh_out) F(u64, off_out) F(u64, len) \
	F(u64, flags)
#define WIRE_FIELDS_copy_file_range_out(F) F(u64, bytes_copied) /* 7.45, COPY_FILE_RANGE_64 */
#define WIRE_FIELDS_syncfs_in(F)           F(u64, padding)
#define WIRE_FIELDS_statx_in(F)                                                                    \
	F(u32, getattr_flags) F(u32, reserved) F(u64, fh) F(u32, sx_flags) F(u32, sx_mask)
#define WIRE_FIELDS_sx_time(F) F(i64, tv_sec) F(u32, tv_nsec) F(i32, reserved)
#define WIRE_FIELDS_statx(F)                                                                       \
	F(u32, mask) F(u32, blksize) F(u64, attributes) F(u32, nlink) F(u32, uid) F(u32, gid)      \
	F(u16, mode) F(u16, spare0) F(u64, ino) F(u64, size) F(u64, blocks)                        \
	F(u64, attributes_mask) F(sx_time, atime) F(sx_time, btime) F(sx_time, ctime)              \
	F(sx_time, mtime) F(u32, rdev_major) F(u32, rdev_minor) F(u32, dev_major)                  \
	F(u32, dev_minor) F(u64, spare20) F(u64, spare21) F(u64, spare22) F(u64, spare23)          \
	F(u64, spare24) F(u64, spare25) F(u64, spare26) F(u64, spare27) F(u64, spare28)            \
	F(u64, spare29) F(u64, spare30) F(u64, spare31) F(u64, spare32) F(u64, spare33)
#define WIRE_FIELDS_statx_out(F)                                                                   \
	F(u64, attr_valid) F(u32, attr_valid_nsec) F(u32, flags) F(u64, spare0) F(u64, spare1)     \
	F(statx, stat)

#define WIRE_FIELDS_init_in(F)                                                                     \
	F(u32, major) F(u32, minor) F(u32, max_readahead) F(u32, flags) F(u32, flags2) /* 7.36 */  \
	F(u32, unused0) F(u32, unused1) F(u32, unused2) F(u32, unused3) F(u32, unused4)            \
	F(u32, unused5) F(u32, unused6) F(u32, unused7) F(u32, unused8) F(u32, unused9)            \
	F(u32, unused10)
#define WIRE_FIELDS_init_out(F)                                                                    \
	F(u32, major) F(u32, minor) F(u32, max_readahead) F(u32, flags)                            \
	F(u16, max_background) F(u16, congestion_threshold) /* 7.13 */ F(u32, max_write)           \
	F(u32, time_gran) /* 7.23 */ F(u16, max_pages) /* 7.28 */ F(u16, map_alignment)            \
	F(u32, flags2) /* 7.36 */ F(u32, max_stack_depth) /* 7.40 */                               \
	F(u16, request_timeout) /* 7.43, seconds */ F(u16, unused0) F(u32, unused1)                \
	F(u32, unused2) F(u32, unused3) F(u32, unused4) F(u32, unused5)
#define WIRE_FIELDS_cuse_init_in(F)                                                                \
	F(u32, major) F(u32, minor) F(u32, unused) F(u32, flags)
#define WIRE_FIELDS_cuse_init_out(F)                                                               \
	F(u32, major) F(u32, minor) F(u32, unused) F(u32, flags) F(u32, max_read)                  \
	F(u32, max_write) F(u32, dev_major) F(u32, dev_minor) F(u32, spare0) F(u32, spare1)        \
	F(u32, spare2) F(u32, spare3) F(u32, spare4) F(u32, spare5) F(u32, spare6)                 \
	F(u32, spare7) F(u32, spare8) F(u32, spare9)

#define WIRE_FIELDS_dirent(F) F(u64, ino) F(u64, off) F(u32, namelen) F(u32, type) /* name */

#define WIRE_FIELDS_notify_poll_out(F)        F(u64, kh)
#define WIRE_FIELDS_notify_inval_inode_out(F) F(u64, ino) F(i64, off) F(i64, len)
#define WIRE_FIELDS_notify_inval_entry_out(F) F(u64, parent) F(u32, namelen) F(u32, flags) /* 7.38 */
#define WIRE_FIELDS_notify_delete_out(F) F(u64, parent) F(u64, child) F(u32, namelen) F(u32, padding)
#define WIRE_FIELDS_notify_store_out(F)  F(u64, nodeid) F(u64, offset) F(u32, size) F(u32, padding)
#define WIRE_FIELDS_notify_retrieve_out(F)                                                         \
	F(u64, notify_unique) F(u64, nodeid) F(u64, offset) F(u32, size) F(u32, padding)
#define WIRE_FIELDS_notify_retrieve_in(F)                                                          \
	F(u64, dummy1) F(u64, offset) F(u32, size) F(u32, dummy2) F(u64, dummy3) F(u64, dummy4)
#define WIRE_FIELDS_notify_prune_out(F) F(u32, count) F(u32, padding) F(u64, spare) /* 7.45 */

#define WIRE_FIELDS_ext_header(F)     F(u32, size) F(u32, type)
#define WIRE_FIELDS_supp_groups(F)    F(u32, nr_groups) /* groups[nr_groups] */
#define WIRE_FIELDS_secctx_header(F)  F(u32, size) F(u32, nr_secctx)
#define WIRE_FIELDS_secctx(F)         F(u32, size) F(u32, padding)

/* Every structure and its size in bytes; S(name, size). Nested ones come before their users. */
#define WIRE_STRUCTS(S)                                                                            \
	S(in_header, 40) S(out_header, 16) S(attr, 88) S(entry_out, 128) S(attr_out, 104)          \
	S(forget_in, 8) S(forget_one, 16) S(batch_forget_in, 8) S(getattr_in, 16)                  \
	S(setattr_in, 88) S(mknod_in, 16) S(mkdir_in, 8) S(rename_in, 8) S(rename2_in, 16)         \
	S(link_in, 8) S(open_in, 8) S(create_in, 16) S(open_out, 16) S(create_out, 144)            \
	S(release_in, 24) S(flush_in, 24) S(read_in, 40) S(write_in, 40) S(write_out, 8)           \
	S(statfs_out, 80) S(fsync_in, 16) S(setxattr_in, 16) S(getxattr_in, 8)                     \
	S(getxattr_out, 8) S(lk_in, 48) S(lk_out, 24) S(access_in, 8) S(interrupt_in, 8)           \
	S(bmap_in, 16) S(bmap_out, 8) S(ioctl_in, 32) S(ioctl_iovec, 16) S(ioctl_out, 16)          \
	S(poll_in, 24) S(poll_out, 8) S(fallocate_in, 32) S(lseek_in, 24) S(lseek_out, 8)          \
	S(copy_file_range_in, 56) S(copy_file_range_out, 8) S(syncfs_in, 8) S(statx_in, 24)        \
	S(sx_time, 16) S(statx, 256) S(statx_out, 288) S(init_in, 64) S(init_out, 64)              \
	S(cuse_init_in, 16) S(cuse_init_out, 72) S(dirent, 24) S(notify_poll_out, 8)               \
	S(notify_inval_inode_out, 24) S(notify_inval_entry_out, 16) S(notify_delete_out, 24)       \
	S(notify_store_out, 24) S(notify_retrieve_out, 32) S(notify_retrieve_in, 40)               \
	S(notify_prune_out, 16) S(ext_header, 8) S(supp_groups, 4) S(secctx_header, 8) S(secctx, 8)

typedef uint16_t wire_t_u16;
typedef uint32_t wire_t_u32;
typedef uint64_t wire_t_u64;
typedef int32_t wire_t_i32;
typedef int64_t wire_t_i64;

#define WIRE_MEMBER_(type, field) wire_t_##type field;
#define WIRE_STRUCT_(name, size)                                                                   \
	struct wire_##name {                                                                       \
		WIRE_FIELDS_##name(WIRE_MEMBER_)                                                   \
	};                                                                                         \
	typedef struct wire_##name wire_t_##name;                                                  \
	_Static_assert(sizeof(struct wire_##name) == (size), "wire size of " #name);
WIRE_STRUCTS(WIRE_STRUCT_)
#undef WIRE_STRUCT_
#undef WIRE_MEMBER_

/* Bytes that were on the wire before a structure grew; the decoder and encoder pick by minor. */
#define WIRE_INIT_IN_OLD       16 /* before 7.36, INIT_EXT */
#define WIRE_INIT_OUT_OLD      24 /* before 7.23 */
#define WIRE_SETXATTR_IN_OLD   8  /* unless SETXATTR_EXT was negotiated */

#define WIRE_DIRENT_ALIGN(n)  (((n) + 7) & ~(size_t)7)
#define WIRE_UNKNOWN_INO      0xffffffffU
#define WIRE_UNIQUE_RESEND    (1ULL << 63) /* 7.40 */
#define WIRE_INTERRUPT_BIT    1ULL         /* set in the unique of an INTERRUPT for unique & ~1 */

/* ---- opcodes -------------------------------------------------------------------------- */

enum wire_opcode {
	WIRE_LOOKUP = 1, WIRE_FORGET = 2, WIRE_GETATTR = 3, WIRE_SETATTR = 4, WIRE_READLINK = 5,
	WIRE_SYMLINK = 6, WIRE_MKNOD = 8, WIRE_MKDIR = 9, WIRE_UNLINK = 10, WIRE_RMDIR = 11,
	WIRE_RENAME = 12, WIRE_LINK = 13, WIRE_OPEN = 14, WIRE_READ = 15, WIRE_WRITE = 16,
	WIRE_STATFS = 17, WIRE_RELEASE = 18, WIRE_FSYNC = 20, WIRE_SETXATTR = 21,
	WIRE_GETXATTR = 22, WIRE_LISTXATTR = 23, WIRE_REMOVEXATTR = 24, WIRE_FLUSH = 25,
	WIRE_INIT = 26, WIRE_OPENDIR = 27, WIRE_READDIR = 28, WIRE_RELEASEDIR = 29,
	WIRE_FSYNCDIR = 30, WIRE_GETLK = 31, WIRE_SETLK = 32, WIRE_SETLKW = 33, WIRE_ACCESS = 34,
	WIRE_CREATE = 35, WIRE_INTERRUPT = 36, WIRE_BMAP = 37, WIRE_DESTROY = 38,
	WIRE_IOCTL = 39, WIRE_POLL = 40, WIRE_NOTIFY_REPLY = 41, WIRE_BATCH_FORGET = 42,
	WIRE_FALLOCATE = 43, WIRE_READDIRPLUS = 44, WIRE_RENAME2 = 45, WIRE_LSEEK = 46,
	WIRE_COPY_FILE_RANGE = 47, WIRE_SETUPMAPPING = 48, WIRE_REMOVEMAPPING = 49,
	WIRE_SYNCFS = 50, WIRE_TMPFILE = 51, WIRE_STATX = 52, WIRE_COPY_FILE_RANGE_64 = 53,
	WIRE_OPCODE_MAX = 54, /* one more than the last file opcode */
	WIRE_CUSE_INIT = 4096,
};

enum wire_notify {
	WIRE_NOTIFY_POLL = 1, WIRE_NOTIFY_INVAL_INODE = 2, WIRE_NOTIFY_INVAL_ENTRY = 3,
	WIRE_NOTIFY_STORE = 4, WIRE_NOTIFY_RETRIEVE = 5, WIRE_NOTIFY_DELETE = 6,
	WIRE_NOTIFY_RESEND = 7, WIRE_NOTIFY_INC_EPOCH = 8, WIRE_NOTIFY_PRUNE = 9,
	WIRE_NOTIFY_MAX = 10,
};

/* ---- INIT flags, F(bit, name, minor) --------------------------------------------------- */

#define WIRE_INIT_FLAGS(F)                                                                         \
	F(0, ASYNC_READ, 6) F(1, POSIX_LOCKS, 7) F(2, FILE_OPS, 9) F(3, ATOMIC_O_TRUNC, 9)         \
	F(4, EXPORT_SUPPORT, 10) F(5, BIG_WRITES, 9) F(6, DONT_MASK, 12) F(7, SPLICE_WRITE, 14)    \
	F(8, SPLICE_MOVE, 14) F(9, SPLICE_READ, 14) F(10, FLOCK_LOCKS, 17) F(11, IOCTL_DIR, 18)    \
	F(12, AUTO_INVAL_DATA, 20) F(13, DO_READDIRPLUS, 21) F(14, READDIRPLUS_AUTO, 21)           \
	F(15, ASYNC_DIO, 22) F(16, WRITEBACK_CACHE, 23) F(17, NO_OPEN_SUPPORT, 23)                 \
	F(18, PARALLEL_DIROPS, 25) F(19, HANDLE_KILLPRIV, 26) F(20, POSIX_ACL, 26)                 \
	F(21, ABORT_ERROR, 27) F(22, MAX_PAGES, 28) F(23, CACHE_SYMLINKS, 28)                      \
	F(24, NO_OPENDIR_SUPPORT, 29) F(25, EXPLICIT_INVAL_DATA, 30) F(26, MAP_ALIGNMENT, 31)      \
	F(27, SUBMOUNTS, 32) F(28, HANDLE_KILLPRIV_V2, 33) F(29, SETXATTR_EXT, 33)                 \
	F(30, INIT_EXT, 36) F(31, INIT_RESERVED, 36) F(32, SECURITY_CTX, 36)                       \
	F(33, HAS_INODE_DAX, 36) F(34, CREATE_SUPP_GROUP, 38) F(35, HAS_EXPIRE_ONLY, 38)           \
	F(36, DIRECT_IO_ALLOW_MMAP, 39) F(37, PASSTHROUGH, 40) F(38, NO_EXPORT_SUPPORT, 40)        \
	F(39, HAS_RESEND, 40) F(40, ALLOW_IDMAP, 41) F(41, OVER_IO_URING, 42)                      \
	F(42, REQUEST_TIMEOUT, 43)

#define WIRE_CAP_BIT_(bit, name, minor) WIRE_CAP_BIT_##name = (bit),
enum wire_cap_bit { WIRE_INIT_FLAGS(WIRE_CAP_BIT_) };
#undef WIRE_CAP_BIT_
#define WIRE_CAP(name) (1ULL << WIRE_CAP_BIT_##name)

/* ---- other flags ---------------------------------------------------------------------- */

enum {
	WIRE_FATTR_MODE = 1 << 0, WIRE_FATTR_UID = 1 << 1, WIRE_FATTR_GID = 1 << 2,
	WIRE_FATTR_SIZE = 1 << 3, WIRE_FATTR_ATIME = 1 << 4, WIRE_FATTR_MTIME = 1 << 5,
	WIRE_FATTR_FH = 1 << 6, WIRE_FATTR_ATIME_NOW = 1 << 7, WIRE_FATTR_MTIME_NOW = 1 << 8,
	WIRE_FATTR_LOCKOWNER = 1 << 9, WIRE_FATTR_CTIME = 1 << 10,
	WIRE_FATTR_KILL_SUIDGID = 1 << 11,
};
enum {
	WIRE_FOPEN_DIRECT_IO = 1 << 0, WIRE_FOPEN_KEEP_CACHE = 1 << 1,
	WIRE_FOPEN_NONSEEKABLE = 1 << 2, WIRE_FOPEN_CACHE_DIR = 1 << 3,
	WIRE_FOPEN_STREAM = 1 << 4, WIRE_FOPEN_NOFLUSH = 1 << 5,
	WIRE_FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6, WIRE_FOPEN_PASSTHROUGH = 1 << 7,
};
enum { WIRE_GETATTR_FH = 1 };
enum { WIRE_RELEASE_FLUSH = 1, WIRE_RELEASE_FLOCK_UNLOCK = 2 };
enum { WIRE_LK_FLOCK = 1 };
enum { WIRE_WRITE_CACHE = 1, WIRE_WRITE_LOCKOWNER = 2, WIRE_WRITE_KILL_SUIDGID = 4 };
enum { WIRE_READ_LOCKOWNER = 2 };
enum { WIRE_IOCTL_COMPAT = 1, WIRE_IOCTL_UNRESTRICTED = 2, WIRE_IOCTL_RETRY = 4,
       WIRE_IOCTL_32BIT = 8, WIRE_IOCTL_DIR = 16, WIRE_IOCTL_COMPAT_X32 = 32 };
enum { WIRE_IOCTL_MAX_IOV = 256 };
enum { WIRE_POLL_SCHEDULE_NOTIFY = 1 };
enum { WIRE_FSYNC_FDATASYNC = 1 };
enum { WIRE_ATTR_SUBMOUNT = 1, WIRE_ATTR_DAX = 2 };
enum { WIRE_OPEN_KILL_SUIDGID = 1 };
enum { WIRE_SETXATTR_ACL_KILL_SGID = 1 };
enum { WIRE_EXPIRE_ONLY = 1 };
enum { WIRE_EXT_MAX_SECCTX = 31, WIRE_EXT_GROUPS = 32 };
enum { WIRE_CUSE_UNRESTRICTED_IOCTL = 1 };

#endif
