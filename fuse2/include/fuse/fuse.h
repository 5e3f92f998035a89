/*
 * The path API of FUSE 2: a file system is a table of functions that get paths.
 *
 * Define FUSE_USE_VERSION (11, 21, 22, 25 to 29) and compile with the flags of pkg-config fuse. A program fills
 * in a struct fuse_operations and calls fuse_main().
 */
#ifndef _FUSE_H_
#define _FUSE_H_

/* Programs of the first releases define none, and get the API of then. */
#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 21
#endif

#include "fuse_common.h"

#if FUSE_USE_VERSION == 24
#error "FUSE_USE_VERSION 24 is known for the request API (fuse_lowlevel.h) only: for the path API use 11, 21, 22, 25, 26, 27, 28 or 29"
#endif

#include <fcntl.h>
#include <time.h>
#include <utime.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#ifdef _FUSE_WINFSP_H_
struct statfs; /* <sys/vfs.h> */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A mounted file system. */
struct fuse;

/** A request that has been read but not handled, see fuse_read_cmd(). */
struct fuse_cmd;

struct timespec;
struct flock;

/* Which structure operations get attributes in: see <fuse_winfsp.h>. */
#ifdef FSP_FUSE_USE_STAT_EX
#define FUSE_STAT_ fuse_stat_ex
#else
#define FUSE_STAT_ stat
#endif

/**
 * Adds an entry to the listing that readdir makes.
 *
 * @param buf    the buffer given to readdir
 * @param name   the entry's name; copied
 * @param stbuf  its attributes: st_ino and the type bits of st_mode are used; may be NULL
 * @param off    offset of the entry after this one, as readdir will get it to go on from there; or
 *               0 if readdir ignores offsets and always adds everything
 * @return 0, or 1 if the buffer is full (only with a non-zero off)
 * Since 2.3.
 */
typedef int (*fuse_fill_dir_t)(void *buf, const char *name, const struct FUSE_STAT_ *stbuf,
			       off_t off);

/** Types of the deprecated operation getdir: its handle, and the function that adds an entry. */
typedef struct fuse_dirhandle *fuse_dirh_t;
typedef int (*fuse_dirfil_t)(fuse_dirh_t h, const char *name, int type, ino_t ino);

/**
 * The operations of a file system.
 *
 * All return 0 or a negative errno, if nothing else is said, and may be left NULL: then the caller
 * gets ENOSYS, if nothing else is said. Paths begin with "/", are relative to the mount point, and
 * belong to the library; they and all other pointers are valid until the operation returns. Several
 * threads call operations at the same time, unless the program runs with -s.
 *
 * fuse_get_context() tells who is asking. Programs compiled against an older table (see the
 * versions) work unchanged, as the table's size is handed over with it.
 */
struct fuse_operations {
	/**
	 * Attributes of a file, as stat(2) does it; st_dev and st_blksize are ignored, st_ino too
	 * unless the mount has use_ino.
	 */
	int (*getattr)(const char *path, struct FUSE_STAT_ *st);

	/**
	 * The target of a symbolic link. buf, of size bytes, gets a terminated string; a longer
	 * target is cut. Returns 0, not a length.
	 */
	int (*readlink)(const char *path, char *buf, size_t size);

	/** Deprecated: use readdir. Asked only if there is no readdir. */
	int (*getdir)(const char *path, fuse_dirh_t h, fuse_dirfil_t filler);

	/** Makes a file that is not a directory; the type is in mode. Regular files too if there is
	 *  no create. */
	int (*mknod)(const char *path, mode_t mode, dev_t dev);

	/** Makes a directory. The type bits may be missing from mode. */
	int (*mkdir)(const char *path, mode_t mode);

	/** Removes a name that is not a directory. */
	int (*unlink)(const char *path);

	/** Removes a directory. */
	int (*rmdir)(const char *path);

	/** Makes a symbolic link at path that says target. */
	int (*symlink)(const char *target, const char *path);

	/** Renames; an existing newpath is replaced. */
	int (*rename)(const char *oldpath, const char *newpath);

	/** Makes a hard link newpath to oldpath. */
	int (*link)(const char *oldpath, const char *newpath);

	/** Changes permission bits. */
	int (*chmod)(const char *path, mode_t mode);

	/** Changes owner and group; (uid_t)-1 and (gid_t)-1 mean no change. */
	int (*chown)(const char *path, uid_t uid, gid_t gid);

	/** Changes the size, bytes. */
	int (*truncate)(const char *path, off_t size);

	/** Deprecated: use utimens. Asked only if there is no utimens. times may not be NULL. */
	int (*utime)(const char *path, struct utimbuf *times);

	/**
	 * Opens a file. O_CREAT and O_EXCL are never in fi->flags; O_TRUNC only with
	 * FUSE_CAP_ATOMIC_O_TRUNC. May set fh, direct_io, keep_cache, nonseekable. Absent: success.
	 * Since 2.2 with fi.
	 */
	int (*open)(const char *path, struct fuse_file_info *fi);

	/**
	 * Reads size bytes at off. Returns the number of bytes; fewer than size only at the end of
	 * the file (the rest reads as zeros), or if the file was opened with direct_io.
	 * Since 2.2 with fi.
	 */
	int (*read)(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi);

	/**
	 * Writes size bytes at off. Returns the number of bytes; fewer than size only if the file
	 * was opened with direct_io. Since 2.2 with fi.
	 */
	int (*write)(const char *path, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi);

	/**
	 * Statistics of the file system. f_favail, f_fsid and f_flag are ignored.
	 * Absent: f_bsize 512, f_namemax 255, the rest 0. Since 2.5 with struct statvfs.
	 */
	int (*statfs)(const char *path, struct statvfs *stv);

	/**
	 * Called for each close() of a descriptor, so none, one or several times for an open; its
	 * result is that of close(). Not fsync. Since 2.2 with fi.
	 */
	int (*flush)(const char *path, struct fuse_file_info *fi);

	/**
	 * Called once for each open, when the last descriptor is gone. The result is ignored.
	 * Absent: nothing. Since 2.2 with fi.
	 */
	int (*release)(const char *path, struct fuse_file_info *fi);

	/** Writes a file to stable storage; datasync not zero: its data only. Since 2.2 with fi. */
	int (*fsync)(const char *path, int datasync, struct fuse_file_info *fi);

	/** Sets an extended attribute; flags as in setxattr(2). Absent: EOPNOTSUPP. */
	int (*setxattr)(const char *path, const char *name, const char *value, size_t size,
			int flags);

	/**
	 * Reads an extended attribute. Returns its size; size 0 asks for that only. ERANGE if it is
	 * larger than size, ENODATA if it does not exist. Absent: EOPNOTSUPP.
	 */
	int (*getxattr)(const char *path, const char *name, char *value, size_t size);

	/**
	 * The names of all extended attributes, each with its terminating 0. Returns their size;
	 * size 0 asks for that only. ERANGE if they are larger than size. Absent: EOPNOTSUPP.
	 */
	int (*listxattr)(const char *path, char *list, size_t size);

	/** Removes an extended attribute; ENODATA if it does not exist. Absent: EOPNOTSUPP. */
	int (*removexattr)(const char *path, const char *name);

	/** Opens a directory; may set fi->fh. Absent: success. Since 2.3. */
	int (*opendir)(const char *path, struct fuse_file_info *fi);

	/**
	 * Lists a directory: calls filler(buf, ...) for each entry, "." and ".." too. Either it
	 * ignores off and gives each entry the offset 0; then it adds all entries in one call. Or
	 * it starts at off (0 at first), gives each entry the offset of the one after it, and
	 * returns 0 when filler returns 1. Since 2.3.
	 */
	int (*readdir)(const char *path, void *buf, fuse_fill_dir_t filler, off_t off,
		       struct fuse_file_info *fi);

	/** Called once for each opendir, when the last descriptor is gone. path may be NULL if the
	 *  directory has been removed. Absent: nothing. Since 2.3. */
	int (*releasedir)(const char *path, struct fuse_file_info *fi);

	/** As fsync, for a directory. path may be NULL if it has been removed. Since 2.3. */
	int (*fsyncdir)(const char *path, int datasync, struct fuse_file_info *fi);

	/**
	 * Called once, before all other operations; may change conn. What it returns becomes the
	 * context's private_data and is given to destroy. Absent: private_data is the user_data
	 * given to fuse_new(). Since 2.3; with conn since 2.6.
	 */
	void *(*init)(struct fuse_conn_info *conn);

	/** Called once, when the file system ends. Absent: nothing. Since 2.3. */
	void (*destroy)(void *private_data);

	/** Checks permissions, as access(2). Not called with -o default_permissions. Absent: all
	 *  calls succeed. Since 2.5. */
	int (*access)(const char *path, int mask);

	/** Makes a regular file and opens it in one step. Absent: mknod and open. Since 2.5. */
	int (*create)(const char *path, mode_t mode, struct fuse_file_info *fi);

	/** truncate of an open file. Absent: truncate. Since 2.5. */
	int (*ftruncate)(const char *path, off_t size, struct fuse_file_info *fi);

	/** getattr of an open file; after create, too. Absent: getattr. Since 2.5. */
	int (*fgetattr)(const char *path, struct FUSE_STAT_ *st, struct fuse_file_info *fi);

	/**
	 * fcntl() locks: cmd is F_GETLK, F_SETLK or F_SETLKW. l_whence is SEEK_SET. The owner of
	 * the lock is fi->lock_owner; for F_GETLK l_pid gets the owner's process. Absent: the
	 * kernel keeps locks, local to this machine. Since 2.6.
	 */
	int (*lock)(const char *path, struct fuse_file_info *fi, int cmd, struct flock *lock);

	/**
	 * Sets the times of access (tv[0]) and modification (tv[1]). tv_nsec may be UTIME_NOW or
	 * UTIME_OMIT if flag_utime_omit_ok is set; if not, the library sees to that. Absent: utime.
	 * Since 2.6.
	 */
	int (*utimens)(const char *path, const struct timespec *tv);

	/** Maps a block number within the file to one within the device, for block size blocksize.
	 *  Only for file systems on a block device. Since 2.6. */
	int (*bmap)(const char *path, size_t blocksize, uint64_t *idx);

	/** The path may be NULL in operations that have a handle, if the file has been removed;
	 * such a file need not be kept under a hidden name then. Since 2.8. */
	unsigned int flag_nullpath_ok : 1;

	/** The path is always NULL where there is a handle (implies flag_nullpath_ok): read, write,
	 *  flush, release, fsync, readdir, releasedir, fsyncdir, ftruncate, fgetattr, lock, ioctl,
	 *  poll and fallocate. Saves making it. Since 2.9. */
	unsigned int flag_nopath : 1;

	/** utimens understands UTIME_NOW and UTIME_OMIT. Since 2.9. */
	unsigned int flag_utime_omit_ok : 1;

	/** Must be 0. */
	unsigned int flag_reserved : 29;

	/**
	 * An ioctl. data is, by the direction in cmd, what the caller passed in, and what goes back
	 * to it: _IOC_SIZE(cmd) bytes. flags are FUSE_IOCTL_*. A positive result is given to the
	 * caller. Absent: ENOTTY. Since 2.8.
	 */
	int (*ioctl)(const char *path, int cmd, void *arg, struct fuse_file_info *fi,
		     unsigned int flags, void *data);

	/**
	 * Sets *revents to the poll(2) events that are ready. If ph is not NULL, the program keeps
	 * it and calls fuse_notify_poll() when that changes, and fuse_pollhandle_destroy() when
	 * done. Absent: always ready. Since 2.8.
	 */
	int (*poll)(const char *path, struct fuse_file_info *fi, struct fuse_pollhandle *ph,
		    unsigned *revents);

	/** As write, but the data may be in files (see fuse_buf_copy()). Absent: write. Since 2.9.
	 */
	int (*write_buf)(const char *path, struct fuse_bufvec *buf, off_t off,
			 struct fuse_file_info *fi);

	/**
	 * As read, but *bufp gets a malloc()ed row of pieces; the library frees it, and the memory
	 * of its first piece. Returns 0. Absent: read. Since 2.9.
	 */
	int (*read_buf)(const char *path, struct fuse_bufvec **bufp, size_t size, off_t off,
			struct fuse_file_info *fi);

	/**
	 * flock() locks: op is LOCK_SH, LOCK_EX or LOCK_UN, perhaps with LOCK_NB. The owner of the
	 * lock is fi->lock_owner. Absent: the kernel keeps locks, local to this machine. Since 2.9.
	 */
	int (*flock)(const char *path, struct fuse_file_info *fi, int op);

	/** fallocate(2), mode included. Absent: EOPNOTSUPP. Since 2.9.1. */
	int (*fallocate)(const char *path, int mode, off_t off, off_t len,
			 struct fuse_file_info *fi);

#ifdef _FUSE_WINFSP_H_
	/*
	 * Extensions; what they mean on Linux is in docs/extensions.md and, for those that
	 * <ambifuse.h> has too, there.
	 */

	/** The canonical spelling of path, with FSP_FUSE_CAP_CASE_INSENSITIVE. */
	int (*getpath)(const char *path, char *buf, size_t size, struct fuse_file_info *fi);

	/** Must be NULL. */
	void (*reserved01)(void);

	/** rename with flags: 2 swaps the two names, 4 does not replace. */
	int (*renamex)(const char *oldpath, const char *newpath, unsigned int flags);

	/** statfs with the system's structure. Asked before statfs. */
	int (*statfs_x)(const char *path, struct statfs *st);

	/** Changes the name of the volume. */
	int (*setvolname)(const char *volname);

	/** Swaps the contents of two files. */
	int (*exchange)(const char *oldpath, const char *newpath, unsigned long flags);

	/** Times of backup and birth. */
	int (*getxtimes)(const char *path, struct timespec *bkuptime, struct timespec *crtime);

	/** Set the times of backup, change, birth. */
	int (*setbkuptime)(const char *path, const struct timespec *tv);
	int (*setchgtime)(const char *path, const struct timespec *tv);
	int (*setcrtime)(const char *path, const struct timespec *tv);

	/** Sets the flags; with FSP_FUSE_CAP_STAT_EX. */
	int (*chflags)(const char *path, uint32_t flags);

	/** Set several attributes at once, instead of chmod, chown and so on; these are asked if it
	 *  returns -ENOSYS. */
	int (*setattr_x)(const char *path, struct fuse_setattr_x *attr);
	int (*fsetattr_x)(const char *path, struct fuse_setattr_x *attr, struct fuse_file_info *fi);
#ifdef FSP_FUSE_USE_STAT_EX
	/** Must be NULL. By its size the table tells which struct fuse_stat the program has. */
	void (*reserved_stat_ex)(void);
#endif
#endif
};

/** Who asks, and for which file system. */
struct fuse_context {
	/** The file system. */
	struct fuse *fuse;

	/** User and group of the calling process (fsuid, fsgid). */
	uid_t uid;
	gid_t gid;

	/** The calling thread; 0 if unknown in this process's namespace. */
	pid_t pid;

	/** What init returned, or the user_data given to fuse_new(). */
	void *private_data;

	/** The caller's umask, in mknod, mkdir and create. Since 2.8. */
	mode_t umask;
};

/**
 * Runs a file system: parses the command line, mounts, goes into the background (unless -f or -d),
 * handles requests until it is unmounted or a signal comes, unmounts.
 *
 * @param argc       as of main()
 * @param argv       as of main()
 * @param op         the operations; copied
 * @param user_data  for the context's private_data until init has returned (API 2.6 and later)
 * @return 0, or 1 for an error
 */
#define fuse_main(argc, argv, op, user_data)                                                       \
	fuse_main_real(argc, argv, op, sizeof(*(op)), user_data)

/** What fuse_main() calls; op_size is the size of the program's table. Since 2.6 in this form. */
int fuse_main_real(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
		   void *user_data);

/**
 * Makes a file system on a channel.
 *
 * @param ch         from fuse_mount(); belongs to the result from now on
 * @param args       the program's arguments; library and file system options are removed
 * @param op         the operations; copied
 * @param op_size    size of the program's table
 * @param user_data  for the context's private_data until init has returned
 * @return the file system, for fuse_destroy(), or NULL (a message has been written)
 * Since 2.6 in this form.
 */
struct fuse *fuse_new(struct fuse_chan *ch, struct fuse_args *args,
		      const struct fuse_operations *op, size_t op_size, void *user_data);

/**
 * Frees a file system; calls its destroy operation if init was called. The mount must have been
 * undone with fuse_unmount() before.
 * Since 2.2.
 */
void fuse_destroy(struct fuse *f);

/**
 * Handles requests in the calling thread until the file system is unmounted or fuse_exit() called.
 *
 * @return 0, or -1 for an error
 * Since 2.2.
 */
int fuse_loop(struct fuse *f);

/**
 * Makes the loop end, soon; may be called in an operation or a signal handler.
 * Since 2.2.
 */
void fuse_exit(struct fuse *f);

/**
 * As fuse_loop(), in several threads.
 * Since 2.2.
 */
int fuse_loop_mt(struct fuse *f);

/**
 * The context of the request that the calling thread is handling. It is valid only while an
 * operation runs, in the thread that called it.
 * Since 2.2; the member umask since 2.8.
 */
struct fuse_context *fuse_get_context(void);

/**
 * The supplementary groups of the process that asks.
 *
 * @param size  room in list
 * @param list  gets up to size groups
 * @return the number of groups, which may be larger than size, or a negative errno (ENOSYS where
 *         it cannot be found out)
 * Since 2.8.
 */
int fuse_getgroups(int size, gid_t list[]);

/**
 * Tells whether the request that the calling thread is handling has been interrupted.
 * Since 2.6.
 */
int fuse_interrupted(void);

/**
 * Deprecated; does nothing.
 * @return -EINVAL
 * Since 2.2.
 */
int fuse_invalidate(struct fuse *f, const char *path);

#ifdef _FUSE_WINFSP_H_
/**
 * Tells the kernel that something has changed behind its back. Not from inside an operation on the
 * same file or directory: the kernel may wait for that operation.
 *
 * @param path    what has changed, as operations get it
 * @param action  FSP_FUSE_NOTIFY_*: one of MKDIR, RMDIR, CREATE and UNLINK, or any of the others; 0:
 *                anything may have changed
 * @return 0, also if the kernel knows nothing of the path, or a negative errno
 * Since ambifuse 1.0; not in libfuse.
 */
int fuse_notify(struct fuse *f, const char *path, uint32_t action);
#endif

/**
 * Deprecated: tells whether an option of -o is one of the library's; those of mounting are not.
 * Since 2.2.
 */
int fuse_is_lib_option(const char *opt);

/**
 * Starts a thread that forgets nodes that have not been used for as long as -o remember says.
 * Needed only by programs with a loop of their own.
 *
 * @return 0, or -1
 * Since 2.9.
 */
int fuse_start_cleanup_thread(struct fuse *f);

/** Ends that thread. Since 2.9. */
void fuse_stop_cleanup_thread(struct fuse *f);

/**
 * Forgets nodes as that thread does, once, for single-threaded programs with a loop of their own.
 *
 * @return seconds until the next call is due
 * Since 2.9.
 */
int fuse_clean_cache(struct fuse *f);

/*
 * Stacking. A module is a file system over another one, chosen with -o modules=NAME; it calls the
 * lower one by fuse_fs_*. These take the lower file system and the arguments of the operation of
 * that name, and return what it returns; where it has no such operation, they do what the library
 * does for an absent one.
 */

/** A file system, as modules see it. */
struct fuse_fs;

/** Since 2.7, all of the next group. fgetattr and ftruncate fall back to getattr and truncate, and
 *  readdir to getdir. read and write use read_buf and write_buf where there is only that. */
int fuse_fs_getattr(struct fuse_fs *fs, const char *path, struct stat *st);
int fuse_fs_fgetattr(struct fuse_fs *fs, const char *path, struct stat *st,
		     struct fuse_file_info *fi);
int fuse_fs_rename(struct fuse_fs *fs, const char *oldpath, const char *newpath);
int fuse_fs_unlink(struct fuse_fs *fs, const char *path);
int fuse_fs_rmdir(struct fuse_fs *fs, const char *path);
int fuse_fs_symlink(struct fuse_fs *fs, const char *target, const char *path);
int fuse_fs_link(struct fuse_fs *fs, const char *oldpath, const char *newpath);
int fuse_fs_release(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_open(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_read(struct fuse_fs *fs, const char *path, char *buf, size_t size, off_t off,
		 struct fuse_file_info *fi);
int fuse_fs_write(struct fuse_fs *fs, const char *path, const char *buf, size_t size, off_t off,
		  struct fuse_file_info *fi);
int fuse_fs_fsync(struct fuse_fs *fs, const char *path, int datasync, struct fuse_file_info *fi);
int fuse_fs_flush(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_statfs(struct fuse_fs *fs, const char *path, struct statvfs *stv);
int fuse_fs_opendir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_readdir(struct fuse_fs *fs, const char *path, void *buf, fuse_fill_dir_t filler,
		    off_t off, struct fuse_file_info *fi);
int fuse_fs_fsyncdir(struct fuse_fs *fs, const char *path, int datasync, struct fuse_file_info *fi);
int fuse_fs_releasedir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_create(struct fuse_fs *fs, const char *path, mode_t mode, struct fuse_file_info *fi);
int fuse_fs_lock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int cmd,
		 struct flock *lock);
int fuse_fs_chmod(struct fuse_fs *fs, const char *path, mode_t mode);
int fuse_fs_chown(struct fuse_fs *fs, const char *path, uid_t uid, gid_t gid);
int fuse_fs_truncate(struct fuse_fs *fs, const char *path, off_t size);
int fuse_fs_ftruncate(struct fuse_fs *fs, const char *path, off_t size, struct fuse_file_info *fi);
int fuse_fs_utimens(struct fuse_fs *fs, const char *path, const struct timespec *tv);
int fuse_fs_access(struct fuse_fs *fs, const char *path, int mask);
int fuse_fs_readlink(struct fuse_fs *fs, const char *path, char *buf, size_t size);
int fuse_fs_mknod(struct fuse_fs *fs, const char *path, mode_t mode, dev_t dev);
int fuse_fs_mkdir(struct fuse_fs *fs, const char *path, mode_t mode);
int fuse_fs_setxattr(struct fuse_fs *fs, const char *path, const char *name, const char *value,
		     size_t size, int flags);
int fuse_fs_getxattr(struct fuse_fs *fs, const char *path, const char *name, char *value,
		     size_t size);
int fuse_fs_listxattr(struct fuse_fs *fs, const char *path, char *list, size_t size);
int fuse_fs_removexattr(struct fuse_fs *fs, const char *path, const char *name);
int fuse_fs_bmap(struct fuse_fs *fs, const char *path, size_t blocksize, uint64_t *idx);
void fuse_fs_init(struct fuse_fs *fs, struct fuse_conn_info *conn);
/** Calls the destroy operation, and frees fs. */
void fuse_fs_destroy(struct fuse_fs *fs);

/** Since 2.8. */
int fuse_fs_ioctl(struct fuse_fs *fs, const char *path, int cmd, void *arg,
		  struct fuse_file_info *fi, unsigned int flags, void *data);
int fuse_fs_poll(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi,
		 struct fuse_pollhandle *ph, unsigned *revents);

/** Since 2.9. */
int fuse_fs_flock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int op);
int fuse_fs_read_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec **bufp, size_t size,
		     off_t off, struct fuse_file_info *fi);
int fuse_fs_write_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec *buf, off_t off,
		      struct fuse_file_info *fi);

/** Since 2.9.1. */
int fuse_fs_fallocate(struct fuse_fs *fs, const char *path, int mode, off_t off, off_t len,
		      struct fuse_file_info *fi);

/**
 * Makes a file system that a module is written as.
 *
 * @param op         the operations; copied
 * @param op_size    size of the table
 * @param user_data  the context's private_data in these operations, until init has returned
 * @return the file system, for fuse_fs_destroy(), or NULL (a message has been written)
 * Since 2.7.
 */
struct fuse_fs *fuse_fs_new(const struct fuse_operations *op, size_t op_size, void *user_data);

/** A shared object with modules in it; the library's own. */
struct fusemod_so;

/** A module; made by FUSE_REGISTER_MODULE. Since 2.7. */
struct fuse_module {
	/** As in -o modules=NAME. */
	const char *name;

	/**
	 * Makes the file system over fs[0] (fs ends with NULL).
	 *
	 * @param args  the program's arguments; the module removes its own options
	 * @return the new file system, which destroys fs[0] with it, or NULL
	 */
	struct fuse_fs *(*factory)(struct fuse_args *args, struct fuse_fs *fs[]);

	/** The library's. */
	struct fuse_module *next;
	struct fusemod_so *so;
	int ctr;
};

/**
 * Makes a module known to the library; mod is copied.
 * Since 2.7.
 */
void fuse_register_module(struct fuse_module *mod);

/** Defines a module in a shared object libfusemod_NAME.so, by which -o modules=NAME finds it. */
#define FUSE_REGISTER_MODULE(name_, factory_)                                                      \
	struct fuse_module fuse_fusemod_##name_##_module = {#name_, factory_, NULL, NULL, 0};

/*
 * Parts of fuse_main(), for programs that do some of it themselves.
 */

/**
 * Parses the command line, mounts, makes the file system, goes into the background and sets signal
 * handlers.
 *
 * @param mountpoint     out: malloc()ed, for fuse_teardown()
 * @param multithreaded  out: 0 if -s was given, else 1
 * @return the file system, or NULL (a message has been written)
 * Since 2.6 in this form.
 */
struct fuse *fuse_setup(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
			char **mountpoint, int *multithreaded, void *user_data);

/**
 * Undoes fuse_setup(): removes signal handlers, unmounts, destroys, frees mountpoint.
 * Since 2.6 in this form.
 */
void fuse_teardown(struct fuse *fuse, char *mountpoint);

/**
 * Reads a request.
 *
 * @return the request, for fuse_process_cmd() (once), or NULL if there is none
 * Since 2.2.
 */
struct fuse_cmd *fuse_read_cmd(struct fuse *f);

/** Handles a request, and frees it. Since 2.2. */
void fuse_process_cmd(struct fuse *f, struct fuse_cmd *cmd);

/** Handles a request that fuse_loop_mt_proc() has read. Since 2.2. */
typedef void (*fuse_processor_t)(struct fuse *f, struct fuse_cmd *cmd, void *data);

/**
 * Reads requests in several threads and has proc(f, request, data) handle them, which ends with
 * fuse_process_cmd().
 *
 * @return 0, or -1 after an error
 * Since 2.2.
 */
int fuse_loop_mt_proc(struct fuse *f, fuse_processor_t proc, void *data);

/** Not zero once the loop is to end. Since 2.2. */
int fuse_exited(struct fuse *f);

/** Replaces fuse_get_context(), for programs with a loop of their own. Since 2.2. */
void fuse_set_getcontext_func(struct fuse_context *(*func)(void));

/** The session under a file system; belongs to it. Since 2.6. */
struct fuse_session *fuse_get_session(struct fuse *f);

/**
 * Tells the kernel that what poll reported has changed.
 *
 * @return 0, or a negative errno
 * Since 2.8.
 */
int fuse_notify_poll(struct fuse_pollhandle *ph);

#ifdef __cplusplus
}
#endif

/*
 * API 2.5 and before, and the library itself, which provides it.
 */
#if FUSE_USE_VERSION <= 25 || defined(FUSE_INTERNAL_COMPAT)
#include "fuse_compat.h"
#endif

#endif
