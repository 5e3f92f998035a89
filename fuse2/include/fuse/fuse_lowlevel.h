/*
 * The request API of FUSE 2: a file system is a table of functions that get requests for inode
 * numbers and answer each with one fuse_reply_* call, now or later, from any thread.
 *
 * Define FUSE_USE_VERSION (24 to 29) and compile with the flags of pkg-config fuse.
 */
#ifndef _FUSE_LOWLEVEL_H_
#define _FUSE_LOWLEVEL_H_

/* Programs of the first release with this header define none, and get the API of then. */
#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 24
#endif

#include "fuse_common.h"

#if FUSE_USE_VERSION < 24
#error "the request API (fuse_lowlevel.h) came with 24: define FUSE_USE_VERSION as 24, 25, 26, 27, 28 or 29"
#endif

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
#undef fuse_ino_t /* of <fuse_winfsp.h> */
typedef unsigned long fuse_ino_t;

/** A request. Ended, and freed, by any one fuse_reply_* call, whatever that returns. */
typedef struct fuse_req *fuse_req_t;

/** Reads, dispatches and answers requests. */
struct fuse_session;

/** A connection to the kernel; a session has one at most. */
struct fuse_chan;

/** What a lookup, and whatever makes a file, replies. */
struct fuse_entry_param {
	/** Inode number. 0 as a lookup's answer: there is no such name, and that may be cached for
	 *  entry_timeout. Since 2.5 */
	fuse_ino_t ino;

	/** Differs if ino is used again for another file. */
	unsigned long generation;

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

	/** The caller's umask, in mknod, mkdir and create. Since 2.8 */
	mode_t umask;
};

/** One item of forget_multi. */
struct fuse_forget_data {
	/** Inode number. */
	uint64_t ino;

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
/** With ATIME: the current time, whatever st_atim says. Since 2.8 */
#define FUSE_SET_ATTR_ATIME_NOW (1 << 7)
/** With MTIME: the current time, whatever st_mtim says. Since 2.8 */
#define FUSE_SET_ATTR_MTIME_NOW (1 << 8)

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
	void (*forget)(fuse_req_t req, fuse_ino_t ino, unsigned long nlookup);

	/** Attributes of a file. fi is NULL (for now). Reply: fuse_reply_attr. */
	void (*getattr)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

	/** Sets those attributes that to_set (FUSE_SET_ATTR_*) names. fi is NULL unless the file is
	 *  truncated by its descriptor. Reply: fuse_reply_attr with all attributes. Since 2.5 with
	 *  fi. */
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

	/** Renames; an existing newname is replaced. Reply: fuse_reply_err. */
	void (*rename)(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		       const char *newname);

	/** Makes another name of an inode. Reply: fuse_reply_entry. */
	void (*link)(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname);

	/** Opens a file. O_CREAT and O_EXCL are never in fi->flags; O_TRUNC only with
	 *  FUSE_CAP_ATOMIC_O_TRUNC. May set fh, direct_io, keep_cache, nonseekable. Reply:
	 *  fuse_reply_open. Absent: success. */
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

	/** Opens a directory; may set fi->fh. Reply: fuse_reply_open. Absent: success. */
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
	 *  512, f_namemax 255, the rest 0. Since 2.6 with ino. */
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
	 *  Since 2.5. */
	void (*access)(fuse_req_t req, fuse_ino_t ino, int mask);

	/** Makes a regular file and opens it in one step; see open. Reply: fuse_reply_create.
	 *  Absent: mknod and open. Since 2.5. */
	void (*create)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		       struct fuse_file_info *fi);

	/** Looks for a POSIX lock that conflicts; the owner who asks is fi->lock_owner. Reply:
	 *  fuse_reply_lock. Absent: the kernel keeps locks, local to this machine. Since 2.6. */
	void (*getlk)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		      struct flock *lock);

	/** Sets, changes or drops a POSIX lock of fi->lock_owner; sleep not zero: waits for it.
	 *  Reply: fuse_reply_err. Absent: as getlk. Since 2.6. */
	void (*setlk)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock,
		      int sleep);

	/** Maps block idx within the file to one within the device. Only for file systems on a
	 *  block device. Reply: fuse_reply_bmap. Since 2.6. */
	void (*bmap)(fuse_req_t req, fuse_ino_t ino, size_t blocksize, uint64_t idx);

	/**
	 * An ioctl. in_buf has in_bufsz bytes from the caller, and out_bufsz bytes may go back.
	 * flags are FUSE_IOCTL_*; if unrestricted, arg is the caller's argument, and
	 * fuse_reply_ioctl_retry() can ask for memory of the caller. Reply: fuse_reply_ioctl,
	 * _ioctl_iov or _ioctl_retry. Absent: ENOTTY. Since 2.8.
	 */
	void (*ioctl)(fuse_req_t req, fuse_ino_t ino, int cmd, void *arg, struct fuse_file_info *fi,
		      unsigned flags, const void *in_buf, size_t in_bufsz, size_t out_bufsz);

	/** Tells which poll(2) events are ready. If ph is not NULL, the program keeps it and calls
	 *  fuse_lowlevel_notify_poll() when that changes, and fuse_pollhandle_destroy() when done.
	 *  Reply: fuse_reply_poll. Absent: always ready. Since 2.8. */
	void (*poll)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		     struct fuse_pollhandle *ph);

	/** As write, but the data may be in files (see fuse_buf_copy()). Called instead of write if
	 *  present. Reply: fuse_reply_write. Since 2.9. */
	void (*write_buf)(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *bufv, off_t off,
			  struct fuse_file_info *fi);

	/** What fuse_lowlevel_notify_retrieve() asked for, and the cookie given to it. Reply:
	 *  fuse_reply_none. Absent: that. Since 2.9. */
	void (*retrieve_reply)(fuse_req_t req, void *cookie, fuse_ino_t ino, off_t offset,
			       struct fuse_bufvec *bufv);

	/** Several forgets. Reply: fuse_reply_none. Absent: forget for each. Since 2.9. */
	void (*forget_multi)(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);

	/** flock() locks: op is LOCK_SH, LOCK_EX or LOCK_UN, perhaps with LOCK_NB, owner
	 *  fi->lock_owner. Reply: fuse_reply_err. Absent: the kernel keeps locks, local to this
	 *  machine. Since 2.9. */
	void (*flock)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int op);

	/** fallocate(2), mode included. Reply: fuse_reply_err. Absent: EOPNOTSUPP. Since 2.9. */
	void (*fallocate)(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
			  struct fuse_file_info *fi);
};

/*
 * Replies. Each ends the request and frees it, also when it fails. They return 0, or a negative
 * errno if the kernel did not take the reply; ENOENT means that the request had been interrupted.
 */

/** An error (positive errno), or 0 for success without data. Since 2.4. */
int fuse_reply_err(fuse_req_t req, int err);

/** No reply at all, for forget. Since 2.4. */
void fuse_reply_none(fuse_req_t req);

/** An entry, which adds 1 to its lookup count unless this fails. Since 2.4. */
int fuse_reply_entry(fuse_req_t req, const struct fuse_entry_param *e);

/** An entry and an open file. If this fails, neither lookup nor open has happened. Since 2.5. */
int fuse_reply_create(fuse_req_t req, const struct fuse_entry_param *e,
		      const struct fuse_file_info *fi);

/** Attributes, and for how many seconds the kernel may use them. Since 2.4. */
int fuse_reply_attr(fuse_req_t req, const struct stat *attr, double attr_timeout);

/** The target of a symbolic link. Since 2.4. */
int fuse_reply_readlink(fuse_req_t req, const char *link);

/** An open file. If this fails, there will be no release. Since 2.5 in this form. */
int fuse_reply_open(fuse_req_t req, const struct fuse_file_info *fi);

/** The number of bytes written. Since 2.4. */
int fuse_reply_write(fuse_req_t req, size_t count);

/** Data: size bytes from buf. Since 2.4. */
int fuse_reply_buf(fuse_req_t req, const char *buf, size_t size);

/** Data from memory or files; bufv is advanced by what was used. Since 2.9. */
int fuse_reply_data(fuse_req_t req, struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags);

/** Data from count pieces of memory. Since 2.7. */
int fuse_reply_iov(fuse_req_t req, const struct iovec *iov, int count);

/** Statistics of the file system. Since 2.5 in this form. */
int fuse_reply_statfs(fuse_req_t req, const struct statvfs *stbuf);

/** The size of an extended attribute, or of the list of names. Since 2.4. */
int fuse_reply_xattr(fuse_req_t req, size_t count);

/** A lock that conflicts, or l_type F_UNLCK if there is none. Since 2.6. */
int fuse_reply_lock(fuse_req_t req, const struct flock *lock);

/** A block number within the device. Since 2.7.5. */
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
 * Since 2.6.
 */
size_t fuse_add_direntry(fuse_req_t req, char *buf, size_t bufsize, const char *name,
			 const struct stat *stbuf, off_t off);

/**
 * Asks the kernel for other memory areas of the caller of an unrestricted ioctl; it then sends the
 * request again. Only if the flag FUSE_IOCTL_UNRESTRICTED was set, and at most FUSE_IOCTL_MAX_IOV
 * areas each.
 * Since 2.8.
 */
int fuse_reply_ioctl_retry(fuse_req_t req, const struct iovec *in_iov, size_t in_count,
			   const struct iovec *out_iov, size_t out_count);

/** The result of an ioctl, and size bytes of data. Since 2.8. */
int fuse_reply_ioctl(fuse_req_t req, int result, const void *buf, size_t size);

/** The result of an ioctl, and data from count pieces of memory. Since 2.8. */
int fuse_reply_ioctl_iov(fuse_req_t req, int result, const struct iovec *iov, int count);

/** The poll(2) events that are ready. Since 2.8. */
int fuse_reply_poll(fuse_req_t req, unsigned revents);

/*
 * Notifications: to the kernel, without having been asked. They return 0 or a negative errno:
 * ENOSYS where the kernel is too old for it, ENOENT where it does not have what is named. Not to be
 * called while handling a request for the same file (it deadlocks), except poll.
 */

/** What poll replied has changed. Since 2.8. */
int fuse_lowlevel_notify_poll(struct fuse_pollhandle *ph);

/**
 * Drops what the kernel has cached of a file.
 *
 * @param off  start of the data to drop; negative: attributes only
 * @param len  bytes; 0 or negative: to the end
 * Since 2.8.
 */
int fuse_lowlevel_notify_inval_inode(struct fuse_chan *ch, fuse_ino_t ino, off_t off, off_t len);

/**
 * Drops a name (of namelen bytes) in a directory from the cache.
 * Since 2.8.
 */
int fuse_lowlevel_notify_inval_entry(struct fuse_chan *ch, fuse_ino_t parent, const char *name,
				     size_t namelen);

/**
 * As fuse_lowlevel_notify_inval_entry(), for a name that has been removed and was child's: those
 * who watch the directory are told. Does that only, if the kernel is too old.
 * Since 2.9.
 */
int fuse_lowlevel_notify_delete(struct fuse_chan *ch, fuse_ino_t parent, fuse_ino_t child,
				const char *name, size_t namelen);

/**
 * Puts data into the kernel's cache of a file, at offset.
 * Since 2.9.
 */
int fuse_lowlevel_notify_store(struct fuse_chan *ch, fuse_ino_t ino, off_t offset,
			       struct fuse_bufvec *bufv, enum fuse_buf_copy_flags flags);

/**
 * Asks for data out of the kernel's cache; it comes in the operation retrieve_reply with cookie.
 * Since 2.9.
 */
int fuse_lowlevel_notify_retrieve(struct fuse_chan *ch, fuse_ino_t ino, size_t size, off_t offset,
				  void *cookie);

/*
 * About a request.
 */

/** The userdata given to fuse_lowlevel_new(). Since 2.4. */
void *fuse_req_userdata(fuse_req_t req);

/** Who asks; valid until the reply. Since 2.4; umask since 2.8. */
const struct fuse_ctx *fuse_req_ctx(fuse_req_t req);

/** The supplementary groups of the process that asks. Gets up to size of them into list. Returns
 *  their number, which may be larger than size, or a negative errno. Since 2.8. */
int fuse_req_getgroups(fuse_req_t req, int size, gid_t list[]);

/** Called when a request is interrupted. */
typedef void (*fuse_interrupt_func_t)(fuse_req_t req, void *data);

/** Has func called, in any thread, if the request is or has been interrupted. It must not reply.
 *  NULL: no longer; when that returns, func is not running (any more). Since 2.6. */
void fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data);

/** Tells whether the request has been interrupted. Since 2.6. */
int fuse_req_interrupted(fuse_req_t req);

/*
 * Sessions.
 */

/** Deprecated: tells whether an option of -o is one of the library's. Since 2.4. */
int fuse_lowlevel_is_lib_option(const char *opt);

/**
 * Makes a session.
 *
 * @param args      the program's arguments; the library's options are removed
 * @param op        the operations; copied
 * @param op_size   size of the program's table
 * @param userdata  for init, destroy and fuse_req_userdata()
 * @return the session, or NULL (a message has been written)
 * Since 2.6 in this form.
 */
struct fuse_session *fuse_lowlevel_new(struct fuse_args *args, const struct fuse_lowlevel_ops *op,
				       size_t op_size, void *userdata);

/** What a session consists of, for fuse_session_new(). */
struct fuse_session_ops {
	/** Handles a request (required). */
	void (*process)(void *data, const char *buf, size_t len, struct fuse_chan *ch);

	/** Sets (val 1) or resets (val 0) the mark that the session is to end. May be NULL. */
	void (*exit)(void *data, int val);

	/** Tells that mark. May be NULL. */
	int (*exited)(void *data);

	/** Frees data, with the session. May be NULL. */
	void (*destroy)(void *data);
};

/**
 * Makes a session of the program's own make. op is copied.
 *
 * @return the session, or NULL if memory is short
 * Since 2.4.
 */
struct fuse_session *fuse_session_new(struct fuse_session_ops *op, void *data);

/** Makes ch the session's channel. Since 2.4. */
void fuse_session_add_chan(struct fuse_session *se, struct fuse_chan *ch);

/** Takes a channel from its session; it stays open. Since 2.6. */
void fuse_session_remove_chan(struct fuse_chan *ch);

/** Iterates over channels: the session's channel if ch is NULL, else NULL. Since 2.4. */
struct fuse_chan *fuse_session_next_chan(struct fuse_session *se, struct fuse_chan *ch);

/** Handles a request as it was received. Since 2.4. */
void fuse_session_process(struct fuse_session *se, const char *buf, size_t len,
			  struct fuse_chan *ch);

/** The same, for a request in memory or in a pipe. Since 2.9. */
void fuse_session_process_buf(struct fuse_session *se, const struct fuse_buf *buf,
			      struct fuse_chan *ch);

/**
 * Receives a request.
 *
 * @param buf   mem and size say where; changed to say how much, and where (perhaps in a pipe)
 * @param chp   in and out: the channel
 * @return bytes, 0 if the session is to end, or a negative errno; EINTR and EAGAIN: call again
 * Since 2.9.
 */
int fuse_session_receive_buf(struct fuse_session *se, struct fuse_buf *buf, struct fuse_chan **chp);

/** Frees a session, and its channel if it has one; calls the operation destroy. Since 2.4. */
void fuse_session_destroy(struct fuse_session *se);

/** Makes the session's loop end; may be called in a signal handler. Since 2.4. */
void fuse_session_exit(struct fuse_session *se);

/** Undoes fuse_session_exit(). Since 2.4. */
void fuse_session_reset(struct fuse_session *se);

/** Not zero once the session's loop is to end. Since 2.4. */
int fuse_session_exited(struct fuse_session *se);

/** The data of fuse_session_new(). Since 2.8. */
void *fuse_session_data(struct fuse_session *se);

/** Handles requests in the calling thread until unmounted or fuse_session_exit(). Returns 0, or -1.
 *  Since 2.4. */
int fuse_session_loop(struct fuse_session *se);

/** The same in several threads. Since 2.4. */
int fuse_session_loop_mt(struct fuse_session *se);

/*
 * Channels.
 */

/** What a channel does, for fuse_chan_new(). */
struct fuse_chan_ops {
	/**
	 * Receives a request of at most size bytes; may change *chp, to one of its own making.
	 * Returns bytes, 0 at the end, or a negative errno.
	 */
	int (*receive)(struct fuse_chan **chp, char *buf, size_t size);

	/** Sends a reply. iov NULL: only tells that a request needs no reply. Returns 0, or a
	 *  negative errno. */
	int (*send)(struct fuse_chan *ch, const struct iovec iov[], size_t count);

	/** Closes what the channel uses. */
	void (*destroy)(struct fuse_chan *ch);
};

/**
 * Makes a channel of the program's own make.
 *
 * @param op       the functions; copied
 * @param fd       for fuse_chan_fd()
 * @param bufsize  for fuse_chan_bufsize()
 * @param data     for fuse_chan_data()
 * @return the channel, or NULL if memory is short
 * Since 2.6 in this form.
 */
struct fuse_chan *fuse_chan_new(struct fuse_chan_ops *op, int fd, size_t bufsize, void *data);

/** The channel's descriptor; it can be polled. Since 2.4. */
int fuse_chan_fd(struct fuse_chan *ch);

/** Bytes that a buffer for fuse_chan_recv() needs. Since 2.4. */
size_t fuse_chan_bufsize(struct fuse_chan *ch);

/** The data of fuse_chan_new(). Since 2.4. */
void *fuse_chan_data(struct fuse_chan *ch);

/** The channel's session, or NULL. Since 2.4. */
struct fuse_session *fuse_chan_session(struct fuse_chan *ch);

/**
 * Receives a request.
 *
 * @param chp  in and out: the channel
 * @return bytes, 0 if the session is to end, or a negative errno; EINTR and EAGAIN: call again
 * Since 2.6.
 */
int fuse_chan_recv(struct fuse_chan **chp, char *buf, size_t size);

/** Sends a reply. Returns 0, or a negative errno. Since 2.4. */
int fuse_chan_send(struct fuse_chan *ch, const struct iovec iov[], size_t count);

/** Closes and frees a channel; takes it from its session. Since 2.4. */
void fuse_chan_destroy(struct fuse_chan *ch);

#ifdef __cplusplus
}
#endif

/*
 * API 2.5 and before, and the library itself, which provides it.
 */
#if FUSE_USE_VERSION <= 25 || defined(FUSE_INTERNAL_COMPAT)
#include "fuse_lowlevel_compat.h"
#endif

#endif
