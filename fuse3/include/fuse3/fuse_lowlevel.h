/*
 * The request API of FUSE 3: a file system is a table of functions that get requests for inode
 * numbers and answer each with one fuse_reply_* call, now or later, from any thread.
 *
 * Define FUSE_USE_VERSION (see fuse_common.h) and compile with the flags of pkg-config fuse3. A
 * program fills in a struct fuse_lowlevel_ops and calls fuse_parse_cmdline(), fuse_session_new(),
 * fuse_session_mount(), fuse_session_loop() or fuse_session_loop_mt(), fuse_session_unmount(),
 * fuse_session_destroy().
 */
#ifndef FUSE_LOWLEVEL_H_
#define FUSE_LOWLEVEL_H_

#include "fuse_common.h"

#include <stddef.h>
#include <utime.h>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The inode number of the root directory. */
#define FUSE_ROOT_ID 1

/** An inode number. With its generation, unique for the life of the mount. */
typedef uint64_t fuse_ino_t;

/** A request. Ended, and freed, by any one fuse_reply_* call, whatever that returns. */
typedef struct fuse_req *fuse_req_t;

/** Reads, dispatches and answers requests. */
struct fuse_session;

struct statx;

/** What a lookup, and whatever makes a file, replies. */
struct fuse_entry_param {
	/** Inode number. 0 as a lookup's answer: there is no such name, and that may be cached for
	 *  entry_timeout. */
	fuse_ino_t ino;

	/** Differs if ino is used again for another file. */
	uint64_t generation;

	/** Attributes; st_ino is the number stat(2) shows. */
	struct stat attr;

	/** How long the kernel may use attr, seconds. */
	double attr_timeout;

	/** How long the kernel may use the name, seconds. */
	double entry_timeout;
};

/** Who asks. */
struct fuse_ctx {
	/** User and group of the calling process (fsuid, fsgid). */
	uid_t uid;
	gid_t gid;

	/** The calling thread; 0 if unknown in this process's namespace. */
	pid_t pid;

	/** The caller's umask, in mknod, mkdir and create. */
	mode_t umask;
};

/** One item of forget_multi. */
struct fuse_forget_data {
	/** Inode number. */
	fuse_ino_t ino;

	/** Lookups to be subtracted. */
	uint64_t nlookup;
};

/*
 * Bits of to_set in setattr: which members of attr are to be set.
 */
/** Permission bits: st_mode. */
#define FUSE_SET_ATTR_MODE (1 << 0)
/** Owner: st_uid. */
#define FUSE_SET_ATTR_UID (1 << 1)
/** Group: st_gid. */
#define FUSE_SET_ATTR_GID (1 << 2)
/** Size in bytes: st_size. */
#define FUSE_SET_ATTR_SIZE (1 << 3)
/** Time of access: st_atim. */
#define FUSE_SET_ATTR_ATIME (1 << 4)
/** Time of modification: st_mtim. */
#define FUSE_SET_ATTR_MTIME (1 << 5)
/** With ATIME: the current time, whatever st_atim says. */
#define FUSE_SET_ATTR_ATIME_NOW (1 << 7)
/** With MTIME: the current time, whatever st_mtim says. */
#define FUSE_SET_ATTR_MTIME_NOW (1 << 8)
/** Time of change: st_ctim. Only with FUSE_CAP_WRITEBACK_CACHE. Since 3.0 */
#define FUSE_SET_ATTR_CTIME (1 << 10)

/* Names of flags within the kernel; a request has none of them, ignore them. */
#define FUSE_SET_ATTR_FORCE     (1 << 9)
#define FUSE_SET_ATTR_KILL_SUID (1 << 11)
#define FUSE_SET_ATTR_KILL_SGID (1 << 12)
#define FUSE_SET_ATTR_FILE      (1 << 13)
#define FUSE_SET_ATTR_KILL_PRIV (1 << 14)
#define FUSE_SET_ATTR_OPEN      (1 << 15)
#define FUSE_SET_ATTR_TIMES_SET (1 << 16)
#define FUSE_SET_ATTR_TOUCH     (1 << 17)

/**
 * The operations. Each gets a request, to be answered by one of the functions its comment names or
 * by fuse_reply_err(). May be left NULL: then the answer is ENOSYS, if nothing else is said. What
 * pointers point to is valid until the operation returns; later, only the request is.
 *
 * A reply of an entry (fuse_reply_entry, fuse_reply_create) adds 1 to the lookup count of its
 * inode; an inode may go when forgets have brought that to 0 (and its link count is 0).
 */
struct fuse_lowlevel_ops {
	/** Called once, before all other operations; may change conn. No reply. */
	void (*init)(void *userdata, struct fuse_conn_info *conn);

	/** Called once, when the session is destroyed. No reply. */
	void (*destroy)(void *userdata);

	/** Finds a name in a directory. Reply: fuse_reply_entry. */
	void (*lookup)(fuse_req_t req, fuse_ino_t parent, const char *name);

	/** Subtracts nlookup from the lookup count. Not called for all inodes at unmount. Reply:
	 *  fuse_reply_none. Absent: that. */
	void (*forget)(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup);

	/** Attributes of a file. fi is NULL unless they are asked for by descriptor. Reply:
	 * fuse_reply_attr. */
	void (*getattr)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

	/** Sets those attributes that to_set (FUSE_SET_ATTR_*) names. fi is NULL unless it comes
	 *  by a descriptor. Set-user-id bits go with size and owner if
	 *  FUSE_CAP_HANDLE_KILLPRIV is wanted. Reply: fuse_reply_attr with all attributes. */
	void (*setattr)(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
			struct fuse_file_info *fi);

	/** The target of a symbolic link. Reply: fuse_reply_readlink. */
	void (*readlink)(fuse_req_t req, fuse_ino_t ino);

	/** Makes a file that is not a directory; the type is in mode. Reply: fuse_reply_entry. */
	void (*mknod)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev);

	/** Makes a directory. Reply: fuse_reply_entry. */
	void (*mkdir)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);

	/** Removes a name that is not a directory; the inode stays until it is forgotten. Reply:
	 *  fuse_reply_err(req, 0). */
	void (*unlink)(fuse_req_t req, fuse_ino_t parent, const char *name);

	/** Removes a directory; the inode stays until it is forgotten. Reply: fuse_reply_err. */
	void (*rmdir)(fuse_req_t req, fuse_ino_t parent, const char *name);

	/** Makes a symbolic link that says target. Reply: fuse_reply_entry. */
	void (*symlink)(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);

	/** Renames. flags as in renameat2(2): RENAME_NOREPLACE, RENAME_EXCHANGE; EINVAL for
	 *  those that are not understood. Reply: fuse_reply_err. */
	void (*rename)(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		       const char *newname, unsigned int flags);

	/** Makes another name of an inode. Reply: fuse_reply_entry. */
	void (*link)(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname);

	/** Opens a file. O_CREAT and O_EXCL are never in fi->flags; O_TRUNC only with
	 *  FUSE_CAP_ATOMIC_O_TRUNC. May set fh, direct_io, keep_cache, nonseekable, noflush.
	 *  Reply: fuse_reply_open. Absent, or ENOSYS with FUSE_CAP_NO_OPEN_SUPPORT: success, and
	 *  not called again. */
	void (*open)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

	/** Reads size bytes at off; fewer only at the end of the file (the rest reads as zeros), or
	 *  with direct_io. Reply: fuse_reply_buf, _iov or _data. */
	void (*read)(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     struct fuse_file_info *fi);

	/** Writes size bytes at off; fewer only with direct_io. Reply: fuse_reply_write. */
	void (*write)(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		      struct fuse_file_info *fi);

	/** Called for each close() of a descriptor, so none, one or several times for an open.
	 *  fi->lock_owner's POSIX locks go. Reply: fuse_reply_err. */
	void (*flush)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

	/** Called once for each open, when the last descriptor is gone. Nobody sees an error.
	 * Reply: fuse_reply_err. Absent: success. */
	void (*release)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

	/** Writes a file to stable storage; datasync not zero: its data only. Reply:
	 *  fuse_reply_err. */
	void (*fsync)(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

	/** Opens a directory; may set fi->fh, cache_readdir, keep_cache. Reply: fuse_reply_open.
	 *  Absent, or ENOSYS with FUSE_CAP_NO_OPENDIR_SUPPORT: success. */
	void (*opendir)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

	/** Lists a directory from offset off (0, or that of an entry replied before), in at most
	 *  size bytes made with fuse_add_direntry(). Reply: fuse_reply_buf, _iov or _data; of no
	 *  bytes at the end. */
	void (*readdir)(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info *fi);

	/** Called once for each opendir. Reply: fuse_reply_err. Absent: success. */
	void (*releasedir)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

	/** As fsync, for a directory. Reply: fuse_reply_err. */
	void (*fsyncdir)(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

	/** Statistics of the file system; ino may be 0. Reply: fuse_reply_statfs. Absent: f_bsize
	 *  512, f_namemax 255, the rest 0. */
	void (*statfs)(fuse_req_t req, fuse_ino_t ino);

	/** Sets an extended attribute; flags as in setxattr(2). Reply: fuse_reply_err. */
	void (*setxattr)(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			 size_t size, int flags);

	/** Reads an extended attribute. size 0: its size is asked for. Reply: fuse_reply_xattr if
	 *  size is 0, else fuse_reply_buf, or ERANGE if it is larger than size. */
	void (*getxattr)(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);

	/** The names of all extended attributes, each with its terminating 0. Replies as getxattr.
	 */
	void (*listxattr)(fuse_req_t req, fuse_ino_t ino, size_t size);

	/** Removes an extended attribute. Reply: fuse_reply_err. */
	void (*removexattr)(fuse_req_t req, fuse_ino_t ino, const char *name);

	/** Checks permissions, as access(2). Not called with -o default_permissions. Reply:
	 *  fuse_reply_err. After ENOSYS (or if absent) the kernel does not ask again, all succeeds.
	 */
	void (*access)(fuse_req_t req, fuse_ino_t ino, int mask);

	/** Makes a regular file and opens it in one step; see open. Reply: fuse_reply_create.
	 *  Absent: mknod and open. */
	void (*create)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		       struct fuse_file_info *fi);

	/** Looks for a POSIX lock that conflicts; the owner who asks is fi->lock_owner. Reply:
	 *  fuse_reply_lock. Absent: the kernel keeps locks, local to this machine. */
	void (*getlk)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		      struct flock *lock);

	/** Sets, changes or drops a POSIX lock of fi->lock_owner; sleep not zero: waits for it.
	 *  Reply: fuse_reply_err. Absent: as getlk. */
	void (*setlk)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock,
		      int sleep);

	/** Maps block idx within the file to one within the device. Only for file systems on a
	 *  block device. Reply: fuse_reply_bmap. */
	void (*bmap)(fuse_req_t req, fuse_ino_t ino, size_t blocksize, uint64_t idx);

	/**
	 * An ioctl. in_buf has in_bufsz bytes from the caller, and out_bufsz bytes may go back.
	 * flags are FUSE_IOCTL_*; if unrestricted, arg is the caller's argument, and
	 * fuse_reply_ioctl_retry() can ask for memory of the caller. Reply: fuse_reply_ioctl,
	 * _ioctl_iov or _ioctl_retry. Absent: ENOTTY. cmd is unsigned since API 3.5.
	 */
#if FUSE_USE_VERSION < 35
	void (*ioctl)(fuse_req_t req, fuse_ino_t ino, int cmd, void *arg, struct fuse_file_info *fi,
		      unsigned flags, const void *in_buf, size_t in_bufsz, size_t out_bufsz);
#else
	void (*ioctl)(fuse_req_t req, fuse_ino_t ino, unsigned int cmd, void *arg,
		      struct fuse_file_info *fi, unsigned flags, const void *in_buf,
		      size_t in_bufsz, size_t out_bufsz);
#endif

	/** Tells which poll(2) events are ready. If ph is not NULL, the program keeps it and calls
	 *  fuse_lowlevel_notify_poll() when that changes, and fuse_pollhandle_destroy() when done.
	 *  Reply: fuse_reply_poll. Absent: always ready. */
	void (*poll)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		     struct fuse_pollhandle *ph);

	/** As write, but the data may be in files (see fuse_buf_copy()). Called instead of write if
	 *  present. Reply: fuse_reply_write. */
	void (*write_buf)(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *bufv, off_t off,
			  struct fuse_file_info *fi);

	/** What fuse_lowlevel_notify_retrieve() asked for, and the cookie given to it. Reply:
	 *  fuse_reply_none. Absent: that. */
	void (*retrieve_reply)(fuse_req_t req, void *cookie, fuse_ino_t ino, off_t offset,
			       struct fuse_bufvec *bufv);

	/** Several forgets. Reply: fuse_reply_none. Absent: forget for each. */
	void (*forget_multi)(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);

	/** flock() locks: op is LOCK_SH, LOCK_EX or LOCK_UN, perhaps with LOCK_NB, owner
	 *  fi->lock_owner. Reply: fuse_reply_err. Absent: the kernel keeps locks, local to this
	 *  machine. */
	void (*flock)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int op);

	/** fallocate(2), mode included. Reply: fuse_reply_err. Absent: EOPNOTSUPP. */
	void (*fallocate)(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
			  struct fuse_file_info *fi);

	/** As readdir, with entries made with fuse_add_direntry_plus(): that is a lookup of each
	 *  except "." and "..", and adds 1 to its lookup count. Replies as readdir. Absent:
	 * readdir.
	 */
	void (*readdirplus)(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			    struct fuse_file_info *fi);

	/** Copies len bytes between two open files; flags is 0. Reply: fuse_reply_write, of fewer
	 *  perhaps. Absent: the kernel reads and writes. Since 3.4. */
	void (*copy_file_range)(fuse_req_t req, fuse_ino_t ino_in, off_t off_in,
				struct fuse_file_info *fi_in, fuse_ino_t ino_out, off_t off_out,
				struct fuse_file_info *fi_out, size_t len, int flags);

	/** lseek(2), for SEEK_DATA and SEEK_HOLE. Reply: fuse_reply_lseek. Absent: the whole file
	 *  is data. Since 3.8. */
	void (*lseek)(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		      struct fuse_file_info *fi);

#if FUSE3_ABI >= 4
	/** Makes and opens a regular file without a name in a directory, as O_TMPFILE; see open.
	 *  Reply: fuse_reply_create. Absent: EOPNOTSUPP. Since 3.17. */
	void (*tmpfile)(fuse_req_t req, fuse_ino_t parent, mode_t mode, struct fuse_file_info *fi);

	/** Attributes as statx(2); flags and mask are its arguments (AT_STATX_*, STATX_*). fi is
	 *  NULL unless they are asked for by descriptor. Reply: fuse_reply_statx. Absent: getattr.
	 *  Since 3.18. */
	void (*statx)(fuse_req_t req, fuse_ino_t ino, int flags, int mask,
		      struct fuse_file_info *fi);
#endif
};

/*
 * Replies. Each ends the request and frees it, also when it fails. They return 0, or a negative
 * errno if the kernel did not take the reply; ENOENT means that the request had been interrupted.
 */

/** An error (positive errno), or 0 for success without data. Since 3.0. */
int fuse_reply_err(fuse_req_t req, int err);

/** No reply at all, for forget. Since 3.0. */
void fuse_reply_none(fuse_req_t req);

/** An entry, which adds 1 to its lookup count unless this fails. Since 3.0. */
int fuse_reply_entry(fuse_req_t req, const struct fuse_entry_param *e);

/** An entry and an open file. If this fails, neither lookup nor open has happened. Since 3.0. */
int fuse_reply_create(fuse_req_t req, const struct fuse_entry_param *e,
		      const struct fuse_file_info *fi);

/** Attributes, and for how many seconds the kernel may use them. Since 3.0. */
int fuse_reply_attr(fuse_req_t req, const struct stat *attr, double attr_timeout);

/** The target of a symbolic link. Since 3.0. */
int fuse_reply_readlink(fuse_req_t req, const char *link);

/** An open file. If this fails, there will be no release. Since 3.0. */
int fuse_reply_open(fuse_req_t req, const struct fuse_file_info *fi);

/** The number of bytes written. Since 3.0. */
int fuse_reply_write(fuse_req_t req, size_t count);

/** Data: size bytes from buf. Since 3.0. */
int fuse_reply_buf(fuse_req_t req, const char *buf, size_t size);

/** Data from memory or files; bufv is advanced by what was used. Since 3.0. */
int fuse_reply_data(fuse_req_t req, struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags);

/** Data from count pieces of memory. Since 3.0. */
int fuse_reply_iov(fuse_req_t req, const struct iovec *iov, int count);

/** Statistics of the file system. Since 3.0. */
int fuse_reply_statfs(fuse_req_t req, const struct statvfs *stbuf);

/** The size of an extended attribute, or of the list of names. Since 3.0. */
int fuse_reply_xattr(fuse_req_t req, size_t count);

/** A lock that conflicts, or l_type F_UNLCK if there is none. Since 3.0. */
int fuse_reply_lock(fuse_req_t req, const struct flock *lock);

/** A block number within the device. Since 3.0. */
int fuse_reply_bmap(fuse_req_t req, uint64_t idx);

/**
 * Adds an entry to a directory listing.
 *
 * @param req      the readdir request
 * @param buf      where to put it
 * @param bufsize  room there; if that is too little, nothing is written
 * @param name     the entry's name
 * @param stbuf    st_ino and the type bits of st_mode are used
 * @param off      offset of the next entry
 * @return bytes the entry needs
 * Since 3.0.
 */
size_t fuse_add_direntry(fuse_req_t req, char *buf, size_t bufsize, const char *name,
			 const struct stat *stbuf, off_t off);

/**
 * The same with attributes, for readdirplus. e->ino 0: attributes unknown, no lookup.
 * Since 3.0.
 */
size_t fuse_add_direntry_plus(fuse_req_t req, char *buf, size_t bufsize, const char *name,
			      const struct fuse_entry_param *e, off_t off);

/**
 * Asks the kernel for other memory areas of the caller of an unrestricted ioctl; it then sends the
 * request again. Only if the flag FUSE_IOCTL_UNRESTRICTED was set, and at most FUSE_IOCTL_MAX_IOV
 * areas each.
 * Since 3.0.
 */
int fuse_reply_ioctl_retry(fuse_req_t req, const struct iovec *in_iov, size_t in_count,
			   const struct iovec *out_iov, size_t out_count);

/** The result of an ioctl, and size bytes of data. Since 3.0. */
int fuse_reply_ioctl(fuse_req_t req, int result, const void *buf, size_t size);

/** The result of an ioctl, and data from count pieces of memory. Since 3.0. */
int fuse_reply_ioctl_iov(fuse_req_t req, int result, const struct iovec *iov, int count);

/** The poll(2) events that are ready. Since 3.0. */
int fuse_reply_poll(fuse_req_t req, unsigned revents);

/** An offset, for lseek. Since 3.0. */
int fuse_reply_lseek(fuse_req_t req, off_t off);

#if FUSE3_ABI >= 4
/**
 * Attributes, for statx.
 *
 * @param flags         0
 * @param statx         the attributes; stx_mask says which of them are valid
 * @param attr_timeout  for how many seconds the kernel may use them
 * Since 3.18.
 */
int fuse_reply_statx(fuse_req_t req, int flags, struct statx *statx, double attr_timeout);

/*
 * Passing through: a file that a program has opened itself stands for one of the file system's.
 * Needs Linux 6.9, FUSE_CAP_PASSTHROUGH wanted in init, and privilege (CAP_SYS_ADMIN).
 */

/**
 * Makes a backing file known to the kernel, for fi->backing_id in the reply to open or create.
 *
 * @param req  any request of the session that has not been replied to
 * @param fd   the file; stays the caller's, and may be closed
 * @return its number, greater than 0, for fuse_passthrough_close(); 0: it failed (a message has
 *         been written)
 * Since 3.17.
 */
int fuse_passthrough_open(fuse_req_t req, int fd);

/**
 * Makes the kernel forget a backing file, once no handle needs it any more (in release).
 *
 * @return 0, or a negative errno (a message has been written)
 * Since 3.17.
 */
int fuse_passthrough_close(fuse_req_t req, int backing_id);
#endif

/*
 * Notifications: to the kernel, without having been asked. They return 0 or a negative errno:
 * ENOSYS where the kernel is too old for it, ENOENT where it does not have what is named. Not to be
 * called while handling a request for the same file (it deadlocks), except poll.
 */

/** What poll replied has changed. Since 3.0. */
int fuse_lowlevel_notify_poll(struct fuse_pollhandle *ph);

/**
 * Drops what the kernel has cached of a file.
 *
 * @param off  start of the data to drop; negative: attributes only
 * @param len  bytes; 0 or negative: to the end
 * Since 3.0.
 */
int fuse_lowlevel_notify_inval_inode(struct fuse_session *se, fuse_ino_t ino, off_t off, off_t len);

/**
 * Drops a name (of namelen bytes) in a directory from the cache.
 * Since 3.0.
 */
int fuse_lowlevel_notify_inval_entry(struct fuse_session *se, fuse_ino_t parent, const char *name,
				     size_t namelen);

/** Flags of fuse_lowlevel_notify_expire_entry(). */
enum fuse_expire_flags {
#if FUSE3_ABI >= 4 || FUSE3_SO3_LAYOUT >= 316
	/** Not used any more. Since 3.16 */
	FUSE_LL_INVALIDATE = 0,
#endif
	/** The name is looked up again when it is next used, but not dropped if mounts are on it.
	 */
	FUSE_LL_EXPIRE_ONLY = (1 << 0)
};

#if FUSE3_ABI >= 4 || FUSE3_SO3_LAYOUT >= 316
/**
 * Ends the time for which the kernel may use a name (of namelen bytes) in a directory: it is looked
 * up again when it is next used, but not dropped if mounts are on it. ENOSYS unless it has
 * FUSE_CAP_EXPIRE_ONLY.
 * Since 3.14.1 in this form.
 */
int fuse_lowlevel_notify_expire_entry(struct fuse_session *se, fuse_ino_t parent, const char *name,
				      size_t namelen);
#else
/**
 * As fuse_lowlevel_notify_inval_entry(), or, with FUSE_LL_EXPIRE_ONLY, only ends the time for which
 * the kernel may use the name: ENOSYS unless it has FUSE_CAP_EXPIRE_ONLY.
 * Since 3.12.
 */
int fuse_lowlevel_notify_expire_entry(struct fuse_session *se, fuse_ino_t parent, const char *name,
				      size_t namelen, enum fuse_expire_flags flags);
#endif

#if FUSE3_ABI >= 4
/** Makes all names that the kernel has cached be looked up again when they are next used. ENOSYS
 *  before protocol 7.44. Since 3.18. */
int fuse_lowlevel_notify_increment_epoch(struct fuse_session *se);
#endif

/**
 * As fuse_lowlevel_notify_inval_entry(), for a name that has been removed and was child's: those
 * who watch the directory are told. Does that only, if the kernel is too old.
 * Since 3.0.
 */
int fuse_lowlevel_notify_delete(struct fuse_session *se, fuse_ino_t parent, fuse_ino_t child,
				const char *name, size_t namelen);

/**
 * Puts data into the kernel's cache of a file, at offset.
 * Since 3.0.
 */
int fuse_lowlevel_notify_store(struct fuse_session *se, fuse_ino_t ino, off_t offset,
			       struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags);

/**
 * Asks for data out of the kernel's cache; it comes in the operation retrieve_reply with cookie.
 * Since 3.0.
 */
int fuse_lowlevel_notify_retrieve(struct fuse_session *se, fuse_ino_t ino, size_t size,
				  off_t offset, void *cookie);

/*
 * About a request.
 */

/** The userdata given to fuse_session_new(). Since 3.0. */
void *fuse_req_userdata(fuse_req_t req);

/** Who asks; valid until the reply. Since 3.0. */
const struct fuse_ctx *fuse_req_ctx(fuse_req_t req);

/** The supplementary groups of the process that asks. Gets up to size of them into list. Returns
 *  their number, which may be larger than size, or a negative errno. Since 3.0. */
int fuse_req_getgroups(fuse_req_t req, int size, gid_t list[]);

/** Called when a request is interrupted. */
typedef void (*fuse_interrupt_func_t)(fuse_req_t req, void *data);

/** Has func called, in any thread, if the request is or has been interrupted. It must not reply.
 *  NULL: no longer; when that returns, func is not running (any more). Since 3.0. */
void fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data);

/** Tells whether the request has been interrupted. Since 3.0. */
int fuse_req_interrupted(fuse_req_t req);

#if FUSE3_ABI >= 4
/** Tells whether the request came over io_uring, see FUSE_CAP_OVER_IO_URING. FORGET, INTERRUPT and
 *  INIT never do. Since 3.18. */
bool fuse_req_is_uring(fuse_req_t req);

/** The memory, of *payload_sz bytes, that a request over io_uring brought for the reply's data;
 *  *mr (mr may be NULL) gets a handle of its registration, here always NULL: there is none. The
 *  memory also holds the arguments of a request that has some (names, data to write), so it is
 *  written to when these are no longer needed; it is the library's again with the reply. Returns 0,
 *  or a negative errno: EINVAL if the request did not come over io_uring. Since 3.18. */
int fuse_req_get_payload(fuse_req_t req, char **payload, size_t *payload_sz, void **mr);
#endif

/*
 * The command line.
 */

/** What fuse_parse_cmdline() finds. */
struct fuse_cmdline_opts {
	/** -s */
	int singlethread;

	/** -f, or -d */
	int foreground;

	/** -d, or -o debug */
	int debug;

	/** -o subtype or fsname is given, so none is made of argv[0]. */
	int nodefault_subtype;

	/** The mount point, malloc()ed; for the caller to free. NULL: there is none. */
	char *mountpoint;

	/** -V, --version */
	int show_version;

	/** -h, --help */
	int show_help;

	/** -o clone_fd, see fuse_loop_cfg_set_clone_fd(). */
	int clone_fd;

	/** -o max_idle_threads, see fuse_loop_cfg_set_idle_threads(). Since 3.2 */
	unsigned int max_idle_threads;

	/** -o max_threads, see fuse_loop_cfg_set_max_threads(). Since 3.12 */
	unsigned int max_threads;
};

/**
 * Takes the options every FUSE program has out of a list of arguments, and sets -o fsname or
 * subtype from argv[0] if neither is given. Of its options -d and -o debug are left for the
 * library.
 *
 * @param args  the list; what is understood is removed
 * @param opts  out: what was found
 * @return 0, or -1 (a message has been written)
 * Since 3.12 in this form.
 */
int fuse_parse_cmdline(struct fuse_args *args, struct fuse_cmdline_opts *opts);

/** Prints the options of fuse_parse_cmdline() to standard output. Since 3.0. */
void fuse_cmdline_help(void);

/** Prints the options of fuse_session_new() and fuse_session_mount() to standard output. Since 3.0.
 */
void fuse_lowlevel_help(void);

/** Prints the kernel protocol's and the mount helper's version to standard output. Since 3.0. */
void fuse_lowlevel_version(void);

/*
 * Sessions.
 */

/**
 * Makes a session.
 *
 * @param args      the program's arguments; the library's options are removed, unknown ones are an
 *                  error
 * @param op        the operations; copied
 * @param op_size   size of the program's table
 * @param userdata  for init, destroy and fuse_req_userdata()
 * @return the session, for fuse_session_destroy(), or NULL (a message has been written)
 * Since 3.0.
 */
#if FUSE3_ABI >= 4 && !defined(FUSE3_IN_LIBRARY)
#define fuse_session_new(args, op, op_size, userdata)                                              \
	fuse_session_new_fn(args, op, op_size, userdata)

/** What fuse_session_new() calls; version: the release of the headers the program was compiled
 *  with. Since 3.17. */
struct fuse_session *fuse_session_new_versioned(struct fuse_args *args,
						const struct fuse_lowlevel_ops *op, size_t op_size,
						struct libfuse_version *version, void *userdata);

/** fuse_session_new() as a function. Since 3.17. */
static inline struct fuse_session *fuse_session_new_fn(struct fuse_args *args,
						       const struct fuse_lowlevel_ops *op,
						       size_t op_size, void *userdata)
{
	struct libfuse_version version = {FUSE_MAJOR_VERSION, FUSE_MINOR_VERSION,
					  FUSE_HOTFIX_VERSION, 0};

	return fuse_session_new_versioned(args, op, op_size, &version, userdata);
}
#else
struct fuse_session *fuse_session_new(struct fuse_args *args, const struct fuse_lowlevel_ops *op,
				      size_t op_size, void *userdata);
#endif

/** System calls a program supplies for its own connection. NULL members except writev and read: no
 *  splicing. userdata is that of fuse_session_new(); results as of the system calls. Since 3.13 */
struct fuse_custom_io {
	/** Sends a reply, in one piece. */
	ssize_t (*writev)(int fd, struct iovec *iov, int count, void *userdata);

	/** Receives a request. */
	ssize_t (*read)(int fd, void *buf, size_t buf_len, void *userdata);

	/** splice(2) from the connection. */
	ssize_t (*splice_receive)(int fdin, off_t *offin, int fdout, off_t *offout, size_t len,
				  unsigned int flags, void *userdata);

	/** splice(2) to the connection. */
	ssize_t (*splice_send)(int fdin, off_t *offin, int fdout, off_t *offout, size_t len,
			       unsigned int flags, void *userdata);

#if FUSE3_ABI >= 4
	/** Opens another descriptor of the connection that master_fd is of, for a thread of its own
	 *  (-o clone_fd). Returns it, or a negative errno. NULL: threads share master_fd. Since
	 *  3.17 */
	int (*clone_fd)(int master_fd);
#endif
};

/**
 * Connects a session to a descriptor of the program's own, by functions of its own, in place of
 * fuse_session_mount().
 *
 * @param io  the functions; copied
 * @param fd  belongs to the session from now on
 * @return 0, or a negative errno: EINVAL without io, read or writev, EBADF for a negative fd
 * Since 3.13; the node of its symbol is 3.0.
 */
#if FUSE3_ABI >= 4 && !defined(FUSE3_IN_LIBRARY)
/** What fuse_session_custom_io() calls; op_size is the size of the program's structure. Since 3.17.
 */
int fuse_session_custom_io_317(struct fuse_session *se, const struct fuse_custom_io *io,
			       size_t op_size, int fd);
#if FUSE_USE_VERSION >= 317
static inline int fuse_session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io,
					 size_t op_size, int fd)
{
	return fuse_session_custom_io_317(se, io, op_size, fd);
}
#else
static inline int fuse_session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io,
					 int fd)
{
	return fuse_session_custom_io_317(se, io, offsetof(struct fuse_custom_io, clone_fd), fd);
}
#endif
#elif FUSE3_ABI < 4
int fuse_session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io, int fd);
#endif

/**
 * Mounts a session's file system.
 *
 * @param mountpoint  a path, or /dev/fd/N if the caller has opened (and mounted) device N
 * @return 0, or -1 (a message has been written)
 * Since 3.0.
 */
int fuse_session_mount(struct fuse_session *se, const char *mountpoint);

/** Handles requests in the calling thread until unmounted or fuse_session_exit(). Returns 0, the
 *  number of the signal that ended it, or a negative errno. Since 3.0. */
int fuse_session_loop(struct fuse_session *se);

/** The same in several threads; the second argument is that of fuse_loop_mt() in fuse.h. */
#if FUSE_USE_VERSION < 32
int fuse_session_loop_mt_31(struct fuse_session *se, int clone_fd);
#define fuse_session_loop_mt(se, clone_fd) fuse_session_loop_mt_31(se, clone_fd)
#elif FUSE_USE_VERSION < 312
int fuse_session_loop_mt_32(struct fuse_session *se, struct fuse_loop_config *config);
#define fuse_session_loop_mt(se, config) fuse_session_loop_mt_32(se, config)
#else
int fuse_session_loop_mt(struct fuse_session *se, struct fuse_loop_config *config);
#endif

/** Makes the session's loop end, soon; may be called in a signal handler. Since 3.0. */
void fuse_session_exit(struct fuse_session *se);

/** Undoes fuse_session_exit(). Since 3.0. */
void fuse_session_reset(struct fuse_session *se);

/** Not zero once the session's loop is to end. Since 3.0. */
int fuse_session_exited(struct fuse_session *se);

/** Unmounts; without effect if it is not mounted. Since 3.0. */
void fuse_session_unmount(struct fuse_session *se);

/** Frees a session; calls the operation destroy if init was called. To be unmounted before. Since
 *  3.0. */
void fuse_session_destroy(struct fuse_session *se);

/** The descriptor of the connection to the kernel; it can be polled. Since 3.0. */
int fuse_session_fd(struct fuse_session *se);

/** Handles a request, in memory or in a pipe. Since 3.0. */
void fuse_session_process_buf(struct fuse_session *se, const struct fuse_buf *buf);

/**
 * Receives a request.
 *
 * @param buf  zeroed before the first call; changed to say how much, and where (in memory, which
 *             the caller frees in the end, or in a pipe). The same structure is used again
 * @return bytes, 0 if the session is to end, or a negative errno; EINTR and EAGAIN: call again
 * Since 3.0.
 */
int fuse_session_receive_buf(struct fuse_session *se, struct fuse_buf *buf);

#ifdef __cplusplus
}
#endif

#endif
