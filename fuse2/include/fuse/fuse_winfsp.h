/*
 * What WinFsp's and macFUSE's FUSE 2 have beyond libfuse, under the names they give it there.
 * Included by <fuse.h>, for programs that ask for it by defining, before the first include,
 *
 *	FSP_FUSE_USE_STAT_EX   everything here, and struct fuse_stat has st_birthtim and st_flags
 *	AMBIFUSE_USE_WINFSP    everything here, but struct fuse_stat is struct stat
 *
 * Without one of them the headers declare what libfuse's do, and nothing else. A program with
 * FSP_FUSE_USE_STAT_EX runs on this library only: others have no room for what its getattr
 * fills in. A program that is to run on any library uses <ambifuse.h> instead.
 * docs/extensions.md has what the operations mean on Linux.
 */
#ifndef _FUSE_WINFSP_H_
#define _FUSE_WINFSP_H_

#if !defined(_FUSE_COMMON_H_)
#error "do not include <fuse_winfsp.h> directly: define FSP_FUSE_USE_STAT_EX and include <fuse.h>"
#endif

#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

/*
 * Bits of fuse_conn_info.capable and .want.
 */
/** What the filler gets with a name is complete; getattr is not asked for entries. */
#define FSP_FUSE_CAP_READDIR_PLUS (1 << 21)
/** Nothing may be changed: the library answers EROFS. */
#define FSP_FUSE_CAP_READ_ONLY (1 << 22)
/** st_birthtim and st_flags count, and chflags is called. */
#define FSP_FUSE_CAP_STAT_EX (1 << 23)
/** access(path, FSP_FUSE_DELETE_OK) is asked before a name is removed or replaced. */
#define FSP_FUSE_CAP_DELETE_ACCESS (1 << 24)
/** Names that differ in case only are the same; getpath is asked. */
#define FSP_FUSE_CAP_CASE_INSENSITIVE FUSE_CAP_CASE_INSENSITIVE

/* Of macFUSE; only CASE_INSENSITIVE is ever offered. */
#define FUSE_CAP_ALLOCATE         (1 << 27)
#define FUSE_CAP_EXCHANGE_DATA    (1 << 28)
#define FUSE_CAP_CASE_INSENSITIVE (1 << 29)
#define FUSE_CAP_VOL_RENAME       (1 << 30)
#define FUSE_CAP_XTIMES           (1U << 31)

/** In access: may the name be removed? */
#define FSP_FUSE_DELETE_OK 0x40000000

/** The table has getpath. */
#define FSP_FUSE_HAS_GETPATH 1

/*
 * Flags of files. The plain names may be another header's.
 */
#define FSP_FUSE_UF_SYSTEM   0x00000080
#define FSP_FUSE_UF_ARCHIVE  0x00000800
#define FSP_FUSE_UF_READONLY 0x00001000
#define FSP_FUSE_UF_HIDDEN   0x00008000
#ifndef UF_SYSTEM
#define UF_SYSTEM FSP_FUSE_UF_SYSTEM
#endif
#ifndef UF_ARCHIVE
#define UF_ARCHIVE FSP_FUSE_UF_ARCHIVE
#endif
#ifndef UF_READONLY
#define UF_READONLY FSP_FUSE_UF_READONLY
#endif
#ifndef UF_HIDDEN
#define UF_HIDDEN FSP_FUSE_UF_HIDDEN
#endif
#ifndef UF_NODUMP
#define UF_NODUMP 0x00000001
#endif
#ifndef UF_IMMUTABLE
#define UF_IMMUTABLE 0x00000002
#endif
#ifndef UF_APPEND
#define UF_APPEND 0x00000004
#endif

/*
 * Actions of fuse_notify().
 */
#define FSP_FUSE_NOTIFY_MKDIR    0x0001
#define FSP_FUSE_NOTIFY_RMDIR    0x0002
#define FSP_FUSE_NOTIFY_CREATE   0x0004
#define FSP_FUSE_NOTIFY_UNLINK   0x0008
#define FSP_FUSE_NOTIFY_CHMOD    0x0010
#define FSP_FUSE_NOTIFY_CHOWN    0x0020
#define FSP_FUSE_NOTIFY_UTIME    0x0040
#define FSP_FUSE_NOTIFY_CHFLAGS  0x0080
#define FSP_FUSE_NOTIFY_TRUNCATE 0x0100

/*
 * Names of types. On Linux they are the system's.
 */
#ifndef FUSE_INTERNAL_COMPAT
#define fuse_uid_t       uid_t
#define fuse_gid_t       gid_t
#define fuse_pid_t       pid_t
#define fuse_dev_t       dev_t
#define fuse_mode_t      mode_t
#define fuse_nlink_t     nlink_t
#define fuse_off_t       off_t
#define fuse_fsblkcnt_t  fsblkcnt_t
#define fuse_fsfilcnt_t  fsfilcnt_t
#define fuse_blksize_t   blksize_t
#define fuse_blkcnt_t    blkcnt_t
#define fuse_timespec    timespec
#define fuse_utimbuf     utimbuf
#define fuse_statvfs     statvfs
#define fuse_flock       flock
#ifndef _FUSE_LOWLEVEL_H_
#define fuse_ino_t ino_t /* the request API has a type of its own by this name */
#endif
#ifdef FSP_FUSE_USE_STAT_EX
#define fuse_stat fuse_stat_ex
#else
#define fuse_stat stat
#endif
#endif

/**
 * struct stat and more. The members up to st_ctim are those of this system's struct stat, at the
 * same places; a pointer to one may be used as a pointer to the other.
 */
struct fuse_stat_ex {
#if defined(__x86_64__) && defined(__LP64__)
	dev_t st_dev;
	ino_t st_ino;
	nlink_t st_nlink;
	mode_t st_mode;
	uid_t st_uid;
	gid_t st_gid;
	int st_pad0_;
	dev_t st_rdev;
	off_t st_size;
	blksize_t st_blksize;
	blkcnt_t st_blocks;
	struct timespec st_atim;
	struct timespec st_mtim;
	struct timespec st_ctim;
	long st_pad1_[3];
#elif defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64) || defined(__loongarch64)
	dev_t st_dev;
	ino_t st_ino;
	mode_t st_mode;
	nlink_t st_nlink;
	uid_t st_uid;
	gid_t st_gid;
	dev_t st_rdev;
	dev_t st_pad0_;
	off_t st_size;
	blksize_t st_blksize;
	int st_pad1_;
	blkcnt_t st_blocks;
	struct timespec st_atim;
	struct timespec st_mtim;
	struct timespec st_ctim;
	int st_pad2_[2];
#else
	struct stat st_stat; /* the layout is not known here; its members are one level down */
#endif
	/** When the file was made; 0: not known. */
	struct timespec st_birthtim;
	/** UF_* and other bits. */
	uint32_t st_flags;
	uint32_t st_reserved32[3];
	uint64_t st_reserved64[2];
};
/* Does not compile where the two differ. */
typedef char fuse_stat_ex_begins_like_stat_
	[offsetof(struct fuse_stat_ex, st_birthtim) == sizeof(struct stat) ? 1 : -1];

/** Several attributes to be set at once; the layout is macOS's. */
struct fuse_setattr_x {
	int32_t valid; /* see SETATTR_WANTS_* */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	off_t size;
	struct timespec acctime;
	struct timespec modtime;
	struct timespec crtime;
	struct timespec chgtime;
	struct timespec bkuptime;
	uint32_t flags;
};
#define SETATTR_WANTS_MODE(attr)     ((attr)->valid & (1 << 0))
#define SETATTR_WANTS_UID(attr)      ((attr)->valid & (1 << 1))
#define SETATTR_WANTS_GID(attr)      ((attr)->valid & (1 << 2))
#define SETATTR_WANTS_SIZE(attr)     ((attr)->valid & (1 << 3))
#define SETATTR_WANTS_ACCTIME(attr)  ((attr)->valid & (1 << 4))
#define SETATTR_WANTS_MODTIME(attr)  ((attr)->valid & (1 << 5))
#define SETATTR_WANTS_CRTIME(attr)   ((attr)->valid & (1 << 28))
#define SETATTR_WANTS_CHGTIME(attr)  ((attr)->valid & (1 << 29))
#define SETATTR_WANTS_BKUPTIME(attr) ((attr)->valid & (1 << 30))
#define SETATTR_WANTS_FLAGS(attr)    ((attr)->valid & (1U << 31))

#define FUSE_ENABLE_CASE_INSENSITIVE(conn) ((conn)->want |= FUSE_CAP_CASE_INSENSITIVE)
#define FUSE_ENABLE_SETVOLNAME(conn)       ((conn)->want |= FUSE_CAP_VOL_RENAME)
#define FUSE_ENABLE_XTIMES(conn)           ((conn)->want |= FUSE_CAP_XTIMES)

#endif
