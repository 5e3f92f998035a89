/*
 * ambifuse's extensions of the path API: birth times, BSD flags, further file times, canonical
 * names, notifications. The same for FUSE 2 and FUSE 3; include it after <fuse.h>, with the same
 * FUSE_USE_VERSION. docs/extensions.md explains what Linux programs see of them.
 *
 * A program that uses this header links with any FUSE library and runs on any: the functions are
 * looked up when they are called, and say -ENOSYS (features: 0) where they are not there. So
 * nothing here needs a flag of the linker (with a C library older than glibc 2.34: -ldl).
 *
 *	static void *my_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
 *	{
 *		ambifuse_register(&my_extensions, AMBIFUSE_CAP_STAT_EX);
 *		...
 */
#ifndef AMBIFUSE_H
#define AMBIFUSE_H

#ifndef FUSE_USE_VERSION
#error "define FUSE_USE_VERSION and include <fuse.h> before <ambifuse.h>"
#endif

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fuse;
struct fuse_file_info;
struct statfs; /* <sys/vfs.h> */

/** The version of this header, major * 100 + minor. */
#define AMBIFUSE_VERSION 100

/*
 * What a program may want, and what ambifuse_features() tells. A word of its own: these are not
 * bits of fuse_conn_info. Value, meaning, since.
 */
/** The extended getattr is asked instead of the plain one, and chflags may be called. 1.0 */
#define AMBIFUSE_CAP_STAT_EX (1U << 0)
/** Nothing may be changed: the library answers EROFS, the program is not asked. 1.0 */
#define AMBIFUSE_CAP_READ_ONLY (1U << 1)
/** access(path, AMBIFUSE_DELETE_OK) is asked before a name is removed or replaced. 1.0 */
#define AMBIFUSE_CAP_DELETE_ACCESS (1U << 2)
/** What readdir gives with an entry are its complete attributes; getattr is not asked. 1.0 */
#define AMBIFUSE_CAP_READDIR_PLUS (1U << 3)
/** Names that differ in the case of letters only are the same name. 1.0 */
#define AMBIFUSE_CAP_CASE_INSENSITIVE (1U << 4)
/** ambifuse_passthrough() is used. Set-ID bits are then left to the kernel. 1.0 */
#define AMBIFUSE_CAP_PASSTHROUGH (1U << 5)

/** access: may this name be removed? Alone in mask. EACCES or EPERM: no; else: yes. 1.0 */
#define AMBIFUSE_DELETE_OK 0x40000000

/** Flags of a file, as in FreeBSD. A program may use all other bits of the word too. 1.0 */
#define AMBIFUSE_UF_NODUMP     0x00000001U /* left out of backups */
#define AMBIFUSE_UF_IMMUTABLE  0x00000002U /* cannot be changed, by its owner */
#define AMBIFUSE_UF_APPEND     0x00000004U /* only grows */
#define AMBIFUSE_UF_COMPRESSED 0x00000020U /* stored compressed (macOS) */
#define AMBIFUSE_UF_SYSTEM     0x00000080U /* of the system (Windows) */
#define AMBIFUSE_UF_ARCHIVE    0x00000800U /* changed since the last backup (Windows) */
#define AMBIFUSE_UF_READONLY   0x00001000U /* read-only (Windows) */
#define AMBIFUSE_UF_HIDDEN     0x00008000U /* not shown (Windows, macOS) */
#define AMBIFUSE_SF_ARCHIVED   0x00010000U
#define AMBIFUSE_SF_IMMUTABLE  0x00020000U /* as UF_IMMUTABLE, by the administrator */
#define AMBIFUSE_SF_APPEND     0x00040000U

/** Attributes of a file, with what struct stat lacks. All 0 when getattr is called. 1.0 */
struct ambifuse_stat {
	struct stat st;

	/** When the file was made; 0: not known. */
	struct timespec st_birthtim;

	/** AMBIFUSE_UF_* and other bits. */
	uint32_t st_flags;

	/** Leave as they are. */
	uint32_t st_reserved32[3];
	uint64_t st_reserved64[2];
};

/** What is in a struct ambifuse_setattr. 1.0 */
#define AMBIFUSE_SET_MODE     (1U << 0)
#define AMBIFUSE_SET_UID      (1U << 1)
#define AMBIFUSE_SET_GID      (1U << 2)
#define AMBIFUSE_SET_SIZE     (1U << 3)
#define AMBIFUSE_SET_ATIME    (1U << 4)
#define AMBIFUSE_SET_MTIME    (1U << 5)
#define AMBIFUSE_SET_CRTIME   (1U << 28)
#define AMBIFUSE_SET_CHGTIME  (1U << 29)
#define AMBIFUSE_SET_BKUPTIME (1U << 30)
#define AMBIFUSE_SET_FLAGS    (1U << 31)

/** Several attributes to be set at once. 1.0 */
struct ambifuse_setattr {
	/** AMBIFUSE_SET_*: which of the following are meant. */
	uint32_t valid;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	off_t size; /* bytes */
	struct timespec acctime, modtime, crtime, chgtime, bkuptime;
	uint32_t flags;
};

/** Flags of renamex. 1.0 */
#define AMBIFUSE_RENAME_SWAP 2U /* the two names swap what they mean */
#define AMBIFUSE_RENAME_EXCL 4U /* EEXIST if the new name exists */

/**
 * The operations. As those of struct fuse_operations they get paths, return 0 or a negative errno,
 * and may be NULL. One that returns -ENOSYS where this is not excluded counts as absent for that
 * call. New ones are only added at the end; the size of the table tells which a program knows.
 */
struct ambifuse_operations {
	/**
	 * As getattr of FUSE 3 (in FUSE 2 too: fi is NULL unless the file is open), with more to
	 * fill in. Asked instead of getattr and fgetattr, which other libraries need. Needs
	 * AMBIFUSE_CAP_STAT_EX. 1.0
	 */
	int (*getattr)(const char *path, struct ambifuse_stat *st, struct fuse_file_info *fi);

	/**
	 * The canonical spelling of path: as readdir shows it. buf, of size bytes, gets a
	 * terminated string; -ERANGE if that is too short. Asked with
	 * AMBIFUSE_CAP_CASE_INSENSITIVE; without it the first spelling that was looked up stays.
	 * 1.0
	 */
	int (*getpath)(const char *path, char *buf, size_t size, struct fuse_file_info *fi);

	/** statfs(2); asked before statfs. f_type and f_flags are ignored. 1.0 */
	int (*statfs_x)(const char *path, struct statfs *st);

	/** Changes the name of the volume (FS_IOC_SETFSLABEL). 1.0 */
	int (*setvolname)(const char *name);

	/** Swaps the contents of two files, in one step; asked for RENAME_EXCHANGE after renamex,
	 *  before rename. flags is 0. 1.0 */
	int (*exchange)(const char *path1, const char *path2, unsigned long flags);

	/** rename with AMBIFUSE_RENAME_* flags; asked before rename, only if there are flags. 1.0 */
	int (*renamex)(const char *oldpath, const char *newpath, unsigned int flags);

	/** When the file was last saved by a backup, and when it was made (for programs without the
	 *  extended getattr); 0: not known. 1.0 */
	int (*getxtimes)(const char *path, struct timespec *bkuptime, struct timespec *crtime);

	/** Set one of the further times: of backup, change, birth. 1.0 */
	int (*setbkuptime)(const char *path, const struct timespec *tv);
	int (*setchgtime)(const char *path, const struct timespec *tv);
	int (*setcrtime)(const char *path, const struct timespec *tv);

	/** Sets the flags, all of them. Needs AMBIFUSE_CAP_STAT_EX. 1.0 */
	int (*chflags)(const char *path, uint32_t flags);

	/**
	 * Set several attributes at once; asked before chmod, chown, truncate, utimens and the
	 * operations above, which are not called unless it returns -ENOSYS. With a handle
	 * fsetattr_x is asked, and setattr_x only if there is none. 1.0
	 */
	int (*setattr_x)(const char *path, struct ambifuse_setattr *set);
	int (*fsetattr_x)(const char *path, struct ambifuse_setattr *set,
			  struct fuse_file_info *fi);
};

/* What ambifuse_notify() tells. */
#define AMBIFUSE_NOTIFY_MKDIR    0x001U
#define AMBIFUSE_NOTIFY_RMDIR    0x002U
#define AMBIFUSE_NOTIFY_CREATE   0x004U
#define AMBIFUSE_NOTIFY_UNLINK   0x008U
#define AMBIFUSE_NOTIFY_CHMOD    0x010U
#define AMBIFUSE_NOTIFY_CHOWN    0x020U
#define AMBIFUSE_NOTIFY_UTIME    0x040U
#define AMBIFUSE_NOTIFY_CHFLAGS  0x080U
#define AMBIFUSE_NOTIFY_TRUNCATE 0x100U

/* Both libraries may be in one process, so their functions have different names. */
#if FUSE_USE_VERSION < 30
#define AMBIFUSE_FUNCTION_(name) "ambifuse2_" name
#else
#define AMBIFUSE_FUNCTION_(name) "ambifuse3_" name
#endif

/* NULL where the library has no extensions. */
static inline void *ambifuse_find_(const char *name)
{
	return dlsym((void *)0 /* RTLD_DEFAULT */, name);
}

/**
 * The extensions of the library the program runs on.
 *
 * @return AMBIFUSE_CAP_* bits; 0 for a library without extensions
 * Since 1.0.
 */
static inline unsigned int ambifuse_features(void)
{
	union {
		void *p;
		unsigned int (*call)(void);
	} f;

	f.p = ambifuse_find_(AMBIFUSE_FUNCTION_("features"));
	return f.p ? f.call() : 0;
}

/**
 * Registers the extensions of the file system whose init operation is running. A second call
 * replaces the first.
 *
 * @param op    the operations; copied. NULL: none, only capabilities
 * @param want  AMBIFUSE_CAP_* bits
 * @return 0; -ENOSYS: the library has no extensions; -EINVAL: not called from init, or what
 *         want needs is missing (see there); -EOPNOTSUPP: the library does not know an operation
 *         or a bit. After an error nothing is registered, and the file system works without.
 * Since 1.0.
 */
static inline int ambifuse_register(const struct ambifuse_operations *op, unsigned int want)
{
	union {
		void *p;
		int (*call)(const struct ambifuse_operations *, size_t, unsigned int);
	} f;

	f.p = ambifuse_find_(AMBIFUSE_FUNCTION_("register"));
	return f.p ? f.call(op, op ? sizeof(*op) : 0, want) : -ENOSYS;
}

/**
 * Tells the kernel that something has changed behind its back. Not from inside an operation on the
 * same file or directory, nor with a lock that one may wait for: the kernel may wait for it.
 *
 * @param f       the file system
 * @param path    what has changed, as operations get it
 * @param action  AMBIFUSE_NOTIFY_* bits; of the first four one, else any of the others. 0: anything
 *                may have changed
 * @return 0, also if the kernel knows nothing of the path; -ENAMETOOLONG; -EINVAL: unknown bits;
 *         -ENOSYS: the library has no extensions; or another negative errno
 * Since 1.0.
 */
static inline int ambifuse_notify(struct fuse *f, const char *path, unsigned int action)
{
	union {
		void *p;
		int (*call)(struct fuse *, const char *, unsigned int);
	} fn;

	fn.p = ambifuse_find_(AMBIFUSE_FUNCTION_("notify"));
	return fn.p ? fn.call(f, path, action) : -ENOSYS;
}

/**
 * Called while open or create runs: this handle is that file. The kernel then reads, writes and maps
 * fd's file by itself, as fast as without FUSE, and asks the file system for none of that; for
 * everything else (getattr, truncate, flush, fsync, release ...) it asks as ever. The kernel opens
 * the file again, with the flags the caller gave to open(2) and as the user the program runs as; fd
 * may be closed at once. The library lets go of it with the last handle.
 *
 * Success is no promise: while another handle of the same file is not passed through, nor is this one;
 * and handles opened beside one that is, without this call or with another file, are served by the
 * program without a page cache. So read and write have to be there.
 *
 * Needs AMBIFUSE_CAP_PASSTHROUGH, Linux 6.9, CAP_SYS_ADMIN, and no writeback cache. A mount with
 * it cannot be a layer of an overlayfs.
 *
 * @param fi  as given to open or create
 * @param fd  a regular file of another file system; at most one layer of stacking (overlayfs)
 * @return 0; -EINVAL: not called from open or create, or AMBIFUSE_CAP_PASSTHROUGH is not registered;
 *         -EOPNOTSUPP: the kernel cannot, or the file has no data of that kind; -EPERM: no
 *         privilege; -ELOOP: too many layers below; -EBADF; -ENOSYS: the library has no extensions.
 *         After an error the file system serves the handle, as ever
 * Since 1.0.
 */
static inline int ambifuse_passthrough(struct fuse_file_info *fi, int fd)
{
	union {
		void *p;
		int (*call)(struct fuse_file_info *, int);
	} f;

	f.p = ambifuse_find_(AMBIFUSE_FUNCTION_("passthrough"));
	return f.p ? f.call(fi, fd) : -ENOSYS;
}

#ifdef __cplusplus
}
#endif

#endif
