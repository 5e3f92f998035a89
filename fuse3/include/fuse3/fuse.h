/*
 * The path API of FUSE 3: a file system is a table of functions that get paths.
 *
 * Define FUSE_USE_VERSION (see fuse_common.h) and compile with the flags of pkg-config fuse3. A
 * program fills in a struct fuse_operations and calls fuse_main().
 */
#ifndef FUSE_H_
#define FUSE_H_

#include "fuse_common.h"

#include <fcntl.h>
#include <time.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A file system. */
struct fuse;

struct timespec;
struct flock;
struct statx;

/** Flags of readdir. */
enum fuse_readdir_flags {
#if FUSE3_ABI >= 4
	/** Nothing special. Since 3.17 */
	FUSE_READDIR_DEFAULTS = 0,
#endif
	/** All attributes are wanted, not only type and inode number. It is a wish. */
	FUSE_READDIR_PLUS = (1 << 0)
};

/** Flags of fuse_fill_dir_t. */
enum fuse_fill_dir_flags {
#if FUSE3_ABI >= 4
	/** Nothing special. Since 3.17 */
	FUSE_FILL_DIR_DEFAULTS = 0,
#endif
	/** stbuf holds all attributes, so that the kernel may cache them. */
	FUSE_FILL_DIR_PLUS = (1 << 1)
};

/**
 * Adds an entry to the listing that readdir makes.
 *
 * @param buf    the buffer given to readdir
 * @param name   the entry's name; copied
 * @param stbuf  its attributes: all with FUSE_FILL_DIR_PLUS, else st_ino and the type bits of
 *               st_mode; may be NULL
 * @param off    offset of the entry after this one, as readdir will get it to go on from there; or
 *               0 if readdir ignores offsets and always adds everything
 * @param flags  FUSE_FILL_DIR_PLUS or 0
 * @return 0, or 1 if the buffer is full
 */
typedef int (*fuse_fill_dir_t)(void *buf, const char *name, const struct stat *stbuf, off_t off,
			       enum fuse_fill_dir_flags flags);

/**
 * How the library runs a file system on the path API. Given to init with the values that the
 * command line set; what init sets is final.
 */
struct fuse_config {
	/** All files belong to this group, if set_gid is not zero. */
	int set_gid;
	unsigned int gid;

	/** All files belong to this user, if set_uid is not zero. */
	int set_uid;
	unsigned int uid;

	/** The bits of umask are taken out of all files' modes, if set_mode is not zero. */
	int set_mode;
	unsigned int umask;

	/** How long the kernel may use a name, seconds. 1.0 at first. */
	double entry_timeout;

	/** How long the kernel may remember that a name does not exist, seconds. 0 at first. */
	double negative_timeout;

	/** How long the kernel may use attributes, seconds. 1.0 at first. */
	double attr_timeout;

	/** Not zero: operations may be interrupted, see fuse_interrupted(). */
	int intr;

	/** The signal an interrupted operation's thread gets, if intr is set. SIGUSR1 at first. */
	int intr_signal;

	/** How long a node is kept after the kernel has forgotten it, so that its number stays the
	 *  same, seconds; negative: for ever. 0 at first. */
	int remember;

	/** Not zero: an open file that is removed is removed at once, instead of being renamed to a
	 *  hidden name until it is closed. read and write have to work without the name then. */
	int hard_remove;

	/** Not zero: st_ino of getattr and readdir is what callers see. Else the library gives
	 *  numbers. */
	int use_ino;

	/** Not zero, with use_ino zero: readdir shows the number of a node that is known already.
	 */
	int readdir_ino;

	/** Not zero: all files bypass the page cache, as fi->direct_io. */
	int direct_io;

	/** Not zero: the page cache of a file is kept when it is opened, as fi->keep_cache. Only if
	 *  nothing but this mount changes files. */
	int kernel_cache;

	/** Not zero: the same, unless size or modification time have changed since. */
	int auto_cache;

#if FUSE3_ABI < 4
	/** Not zero: no flush when a file that was opened read-only is closed. Since 3.11 */
	int no_rofd_flush;

#endif
	/** How long attributes count as fresh for auto_cache, seconds, if ac_attr_timeout_set is
	 * not zero; else attr_timeout. */
	int ac_attr_timeout_set;
	double ac_attr_timeout;

	/** Not zero: paths may be NULL where there is a handle: in read, write, flush, release,
	 *  fsync, readdir, releasedir, fsyncdir, lock, ioctl, poll, fallocate, lseek,
	 *  copy_file_range, and in getattr, chmod, chown, truncate and utimens with fi. Saves
	 * making them. */
	int nullpath_ok;

#if FUSE3_ABI < 4 && FUSE3_SO3_LAYOUT >= 316
	/** Not zero: fi->parallel_direct_writes for all files. Since 3.14.1 */
	int parallel_direct_writes;

#endif
	/** The library's; programs must not change them. */
	int show_help;
	char *modules;
	int debug;

#if FUSE3_ABI >= 4
	/** As umask: not zero, fmask takes its place, and dmask the place of both for directories.
	 *  (So give both of them.) They count if set_mode is not zero. Since 3.17 */
	uint32_t fmask;
	uint32_t dmask;

	/** Not zero: no flush when a file that was opened read-only is closed. Since 3.17 here */
	int no_rofd_flush;

	/** Not zero: fi->parallel_direct_writes for all files. Since 3.17 here */
	int parallel_direct_writes;

	/** Zero; for later releases. */
	uint32_t flags;
	uint64_t reserved[48];
#endif
};

/**
 * The operations of a file system.
 *
 * All return 0 or a negative errno, if nothing else is said, and may be left NULL: then the caller
 * gets ENOSYS, if nothing else is said. Paths begin with "/", are relative to the mount point, and
 * belong to the library; they and all other pointers are valid until the operation returns. Several
 * threads call operations at the same time, unless the program runs with -s.
 *
 * Where an operation on a path may come by an open file, it gets fi, else NULL. fuse_get_context()
 * tells who is asking. The table's size is handed over with it, so older tables work unchanged.
 * Since 3.0 in this form where nothing else is said.
 */
struct fuse_operations {
	/** Attributes of a file, as stat(2) does it; st_dev and st_blksize are ignored, st_ino too
	 *  unless use_ino is set. fi may be NULL. */
	int (*getattr)(const char *path, struct stat *st, struct fuse_file_info *fi);

	/** The target of a symbolic link. buf, of size bytes, gets a terminated string; a longer
	 *  target is cut. Returns 0, not a length. */
	int (*readlink)(const char *path, char *buf, size_t size);

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

	/** Renames. flags as in renameat2(2): RENAME_NOREPLACE, RENAME_EXCHANGE; EINVAL for those
	 *  that are not understood. */
	int (*rename)(const char *oldpath, const char *newpath, unsigned int flags);

	/** Makes a hard link newpath to oldpath. */
	int (*link)(const char *oldpath, const char *newpath);

	/** Changes permission bits. fi may be NULL. */
	int (*chmod)(const char *path, mode_t mode, struct fuse_file_info *fi);

	/** Changes owner and group; (uid_t)-1 and (gid_t)-1 mean no change. Should drop set-user-id
	 *  bits if FUSE_CAP_HANDLE_KILLPRIV is wanted. fi may be NULL. */
	int (*chown)(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi);

	/** Changes the size, bytes. Set-user-id bits as in chown. fi may be NULL. */
	int (*truncate)(const char *path, off_t size, struct fuse_file_info *fi);

	/** Opens a file. O_CREAT, O_EXCL and O_NOCTTY are never in fi->flags; O_TRUNC only with
	 *  FUSE_CAP_ATOMIC_O_TRUNC. May set fh, direct_io, keep_cache, nonseekable, noflush.
	 * Absent: success. */
	int (*open)(const char *path, struct fuse_file_info *fi);

	/** Reads size bytes at off. Returns the number of bytes; fewer than size only at the end of
	 *  the file (the rest reads as zeros), or if the file was opened with direct_io. */
	int (*read)(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi);

	/** Writes size bytes at off. Returns the number of bytes; fewer than size only if the file
	 *  was opened with direct_io. Set-user-id bits as in chown. */
	int (*write)(const char *path, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi);

	/** Statistics of the file system. f_favail, f_fsid and f_flag are ignored. Absent: f_bsize
	 *  512, f_namemax 255, the rest 0. */
	int (*statfs)(const char *path, struct statvfs *stv);

	/** Called for each close() of a descriptor, so none, one or several times for an open; its
	 *  result is that of close(). Not fsync. */
	int (*flush)(const char *path, struct fuse_file_info *fi);

	/** Called once for each open, when the last descriptor is gone. The result is ignored.
	 *  Absent: nothing. */
	int (*release)(const char *path, struct fuse_file_info *fi);

	/** Writes a file to stable storage; datasync not zero: its data only. */
	int (*fsync)(const char *path, int datasync, struct fuse_file_info *fi);

	/** Sets an extended attribute; flags as in setxattr(2). Absent: EOPNOTSUPP. */
	int (*setxattr)(const char *path, const char *name, const char *value, size_t size,
			int flags);

	/** Reads an extended attribute. Returns its size; size 0 asks for that only. ERANGE if it
	 * is larger than size, ENODATA if it does not exist. Absent: EOPNOTSUPP. */
	int (*getxattr)(const char *path, const char *name, char *value, size_t size);

	/** The names of all extended attributes, each with its terminating 0. Returns their size;
	 *  size 0 asks for that only. ERANGE if they are larger than size. Absent: EOPNOTSUPP. */
	int (*listxattr)(const char *path, char *list, size_t size);

	/** Removes an extended attribute; ENODATA if it does not exist. Absent: EOPNOTSUPP. */
	int (*removexattr)(const char *path, const char *name);

	/** Opens a directory; may set fi->fh, cache_readdir, keep_cache. Absent: success. */
	int (*opendir)(const char *path, struct fuse_file_info *fi);

	/**
	 * Lists a directory: calls filler(buf, ...) for each entry, "." and ".." too. Either it
	 * ignores off and gives each entry the offset 0; then it adds all entries in one call. Or
	 * it starts at off (0 at first), gives each entry the offset of the one after it, and
	 * returns 0 when filler returns 1. With FUSE_READDIR_PLUS in flags it may fill in all
	 * attributes and give filler FUSE_FILL_DIR_PLUS.
	 */
	int (*readdir)(const char *path, void *buf, fuse_fill_dir_t filler, off_t off,
		       struct fuse_file_info *fi, enum fuse_readdir_flags flags);

	/** Called once for each opendir, when the last descriptor is gone. path may be NULL if the
	 *  directory has been removed. Absent: nothing. */
	int (*releasedir)(const char *path, struct fuse_file_info *fi);

	/** As fsync, for a directory. path may be NULL if it has been removed. */
	int (*fsyncdir)(const char *path, int datasync, struct fuse_file_info *fi);

	/**
	 * Called once, before all other operations; may change conn and cfg. What it returns
	 * becomes the context's private_data and is given to destroy. Absent: private_data is the
	 * user_data given to fuse_new().
	 */
	void *(*init)(struct fuse_conn_info *conn, struct fuse_config *cfg);

	/** Called once, when the file system ends. Absent: nothing. */
	void (*destroy)(void *private_data);

	/** Checks permissions, as access(2). Not called with -o default_permissions. Absent: all
	 *  calls succeed. */
	int (*access)(const char *path, int mask);

	/** Makes a regular file and opens it in one step. Absent: mknod and open. */
	int (*create)(const char *path, mode_t mode, struct fuse_file_info *fi);

	/** fcntl() locks: cmd is F_GETLK, F_SETLK or F_SETLKW. l_whence is SEEK_SET. The owner of
	 *  the lock is fi->lock_owner; for F_GETLK l_pid gets the owner's process. Absent: the
	 *  kernel keeps locks, local to this machine. */
	int (*lock)(const char *path, struct fuse_file_info *fi, int cmd, struct flock *lock);

	/** Sets the times of access (tv[0]) and modification (tv[1]). tv_nsec may be UTIME_NOW or
	 *  UTIME_OMIT. fi may be NULL. */
	int (*utimens)(const char *path, const struct timespec *tv, struct fuse_file_info *fi);

	/** Maps a block number within the file to one within the device, for block size blocksize.
	 *  Only for file systems on a block device. */
	int (*bmap)(const char *path, size_t blocksize, uint64_t *idx);

	/**
	 * An ioctl. data is, by the direction in cmd, what the caller passed in, and what goes back
	 * to it: _IOC_SIZE(cmd) bytes. flags are FUSE_IOCTL_*. A positive result is given to the
	 * caller. Absent: ENOTTY. cmd is unsigned since API 3.5.
	 */
#if FUSE_USE_VERSION < 35
	int (*ioctl)(const char *path, int cmd, void *arg, struct fuse_file_info *fi,
		     unsigned int flags, void *data);
#else
	int (*ioctl)(const char *path, unsigned int cmd, void *arg, struct fuse_file_info *fi,
		     unsigned int flags, void *data);
#endif

	/** Sets *revents to the poll(2) events that are ready. If ph is not NULL, the program keeps
	 *  it and calls fuse_notify_poll() when that changes, and fuse_pollhandle_destroy() when
	 *  done. Absent: always ready. */
	int (*poll)(const char *path, struct fuse_file_info *fi, struct fuse_pollhandle *ph,
		    unsigned *revents);

	/** As write, but the data may be in files (see fuse_buf_copy()). Absent: write. */
	int (*write_buf)(const char *path, struct fuse_bufvec *buf, off_t off,
			 struct fuse_file_info *fi);

	/** As read, but *bufp gets a malloc()ed row of pieces; the library frees it, and the memory
	 *  of its first piece. Returns 0. Absent: read. */
	int (*read_buf)(const char *path, struct fuse_bufvec **bufp, size_t size, off_t off,
			struct fuse_file_info *fi);

	/** flock() locks: op is LOCK_SH, LOCK_EX or LOCK_UN, perhaps with LOCK_NB. The owner of the
	 *  lock is fi->lock_owner. Absent: the kernel keeps locks, local to this machine. */
	int (*flock)(const char *path, struct fuse_file_info *fi, int op);

	/** fallocate(2), mode included. Absent: EOPNOTSUPP. */
	int (*fallocate)(const char *path, int mode, off_t off, off_t len,
			 struct fuse_file_info *fi);

	/** Copies size bytes between two open files; flags is 0. Returns the number of bytes, fewer
	 *  perhaps. Absent: the kernel reads and writes. Since 3.4. */
	ssize_t (*copy_file_range)(const char *path_in, struct fuse_file_info *fi_in, off_t off_in,
				   const char *path_out, struct fuse_file_info *fi_out,
				   off_t off_out, size_t size, int flags);

	/** lseek(2), for SEEK_DATA and SEEK_HOLE. Returns an offset. Absent: the whole file is
	 * data. Since 3.8. */
	off_t (*lseek)(const char *path, off_t off, int whence, struct fuse_file_info *fi);

#if FUSE3_ABI >= 4
	/** Attributes as statx(2): flags and mask are its arguments (AT_STATX_*, STATX_*), stx gets
	 *  the attributes, and stx_mask which of them are valid. fi may be NULL. Absent: getattr.
	 *  Since 3.18. */
	int (*statx)(const char *path, int flags, int mask, struct statx *stx,
		     struct fuse_file_info *fi);
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

	/** The caller's umask, in mknod, mkdir and create. */
	mode_t umask;
};

/**
 * Runs a file system: parses the command line, mounts, goes into the background (unless -f or -d),
 * handles requests until it is unmounted or a signal comes, unmounts.
 *
 * Options of the program's own must have been removed from argv, with fuse_opt_parse() for one.
 *
 * @param argc          as of main()
 * @param argv          as of main()
 * @param op            the operations; copied
 * @param private_data  for the context's private_data until init has returned
 * @return 0 (also after --help and --version), 1: bad arguments or mount point, 2: no mount
 *         point, 3: fuse_new() failed (unknown options, too), 4: mounting failed, 5: going into
 *         the background failed, 6: signal handlers, 8: the loop ended by a signal or with an
 *         error
 */
#if FUSE3_ABI >= 4 && !defined(FUSE3_IN_LIBRARY)
#define fuse_main(argc, argv, op, user_data) fuse_main_fn(argc, argv, op, user_data)

/** What fuse_main() calls: op_size is the size of the program's table, version the release of the
 *  headers it was compiled with. Since 3.17. */
int fuse_main_real_versioned(int argc, char *argv[], const struct fuse_operations *op,
			     size_t op_size, struct libfuse_version *version, void *user_data);

/** fuse_main() as a function. Since 3.17. */
static inline int fuse_main_fn(int argc, char *argv[], const struct fuse_operations *op,
			       void *user_data)
{
	struct libfuse_version version = {FUSE_MAJOR_VERSION, FUSE_MINOR_VERSION,
					  FUSE_HOTFIX_VERSION, 0};

	return fuse_main_real_versioned(argc, argv, op, sizeof(*op), &version, user_data);
}

/** Was what fuse_main() called before 3.17. Programs call fuse_main(); here a warning says so. */
static inline int fuse_main_real(int argc, char *argv[], const struct fuse_operations *op,
				 size_t op_size, void *user_data)
{
	struct libfuse_version version = {FUSE_MAJOR_VERSION, FUSE_MINOR_VERSION,
					  FUSE_HOTFIX_VERSION, 0};

	fuse_log(FUSE_LOG_WARNING, "fuse: fuse_main_real() is not for programs to call: call "
				   "fuse_main()\n");
	return fuse_main_real_versioned(argc, argv, op, op_size, &version, user_data);
}
#else
#define fuse_main(argc, argv, op, private_data)                                                    \
	fuse_main_real(argc, argv, op, sizeof(*(op)), private_data)

/** What fuse_main() calls; op_size is the size of the program's table. Since 3.0. */
int fuse_main_real(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
		   void *private_data);
#endif

/**
 * Prints the options of fuse_new() and of the modules chosen in args to standard output.
 * Since 3.1.
 */
void fuse_lib_help(struct fuse_args *args);

/**
 * Makes a file system, not mounted yet.
 *
 * API 3.0: prints help and returns NULL if args have -h or --help.
 *
 * @param args          the program's arguments, without the mount point and what
 *                      fuse_parse_cmdline() takes; an option nobody knows is an error
 * @param op            the operations; copied
 * @param op_size       size of the program's table
 * @param private_data  for the context's private_data until init has returned
 * @return the file system, for fuse_destroy(), or NULL (a message has been written)
 * Since 3.1 in this form.
 */
#if FUSE3_ABI >= 4 && !defined(FUSE3_IN_LIBRARY)
/** What fuse_new() calls, for API 3.0 and for later ones. Since 3.17. */
struct fuse *_fuse_new_30(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  struct libfuse_version *version, void *user_data);
struct fuse *_fuse_new_31(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  struct libfuse_version *version, void *user_data);

/** fuse_new() as a function. Since 3.17. */
static inline struct fuse *fuse_new_fn(struct fuse_args *args, const struct fuse_operations *op,
				       size_t op_size, void *private_data)
{
	struct libfuse_version version = {FUSE_MAJOR_VERSION, FUSE_MINOR_VERSION,
					  FUSE_HOTFIX_VERSION, 0};

#if FUSE_USE_VERSION == 30
	return _fuse_new_30(args, op, op_size, &version, private_data);
#else
	return _fuse_new_31(args, op, op_size, &version, private_data);
#endif
}
#define fuse_new(args, op, size, data) fuse_new_fn(args, op, size, data)
#elif FUSE_USE_VERSION == 30
struct fuse *fuse_new_30(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			 void *private_data);
#define fuse_new(args, op, size, data) fuse_new_30(args, op, size, data)
#else
struct fuse *fuse_new(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
		      void *private_data);
#endif

/**
 * Mounts a file system.
 *
 * @return 0, or -1 (a message has been written)
 * Since 3.0.
 */
int fuse_mount(struct fuse *f, const char *mountpoint);

/** Unmounts it; without effect if it is not mounted. Since 3.0. */
void fuse_unmount(struct fuse *f);

/** Frees a file system; calls its destroy operation if init was called. To be unmounted before.
 *  Since 3.0. */
void fuse_destroy(struct fuse *f);

/**
 * Handles requests in the calling thread until the file system is unmounted or fuse_exit() called.
 *
 * @return 0, the number of the signal that ended it, or a negative errno
 * Since 3.0.
 */
int fuse_loop(struct fuse *f);

/** Makes the loop end, soon; may be called in an operation or a signal handler. Since 3.0. */
void fuse_exit(struct fuse *f);

/**
 * As fuse_loop(), in several threads.
 *
 * @param config  from fuse_loop_cfg_create(), NULL: the defaults (API 3.12); a filled-in struct
 *                (API 3.2 to 3.11); not zero: descriptors of their own for the threads (before)
 */
#if FUSE_USE_VERSION < 32
int fuse_loop_mt_31(struct fuse *f, int clone_fd);
#define fuse_loop_mt(f, clone_fd) fuse_loop_mt_31(f, clone_fd)
#elif FUSE_USE_VERSION < 312
int fuse_loop_mt_32(struct fuse *f, struct fuse_loop_config *config);
#define fuse_loop_mt(f, config) fuse_loop_mt_32(f, config)
#else
int fuse_loop_mt(struct fuse *f, struct fuse_loop_config *config);
#endif

/** The context of the request that the calling thread is handling. It is valid only while an
 *  operation runs, in the thread that called it. Since 3.0. */
struct fuse_context *fuse_get_context(void);

/**
 * The supplementary groups of the process that asks.
 *
 * @param size  room in list
 * @param list  gets up to size groups
 * @return the number of groups, which may be larger than size, or a negative errno (ENOSYS where
 *         it cannot be found out)
 * Since 3.0.
 */
int fuse_getgroups(int size, gid_t list[]);

/** Tells whether the request that the calling thread is handling has been interrupted. Since 3.0.
 */
int fuse_interrupted(void);

/**
 * Drops what the kernel has cached of a file: data and attributes. Not to be called in an operation
 * on it.
 *
 * @return 0, or a negative errno: ENOENT if the kernel does not know it
 * Since 3.1.
 */
int fuse_invalidate_path(struct fuse *f, const char *path);

/**
 * Starts a thread that forgets nodes that have not been used for as long as cfg->remember says.
 * Needed only by programs with a loop of their own.
 *
 * @return 0, or -1
 * Since 3.0.
 */
int fuse_start_cleanup_thread(struct fuse *fuse);

/** Ends that thread. Since 3.0. */
void fuse_stop_cleanup_thread(struct fuse *fuse);

/**
 * Forgets nodes as that thread does, once, for single-threaded programs with a loop of their own.
 *
 * @return seconds until the next call is due
 * Since 3.0.
 */
int fuse_clean_cache(struct fuse *fuse);

/*
 * Stacking. A module is a file system over another one, chosen with -o modules=NAME; it calls the
 * lower one by fuse_fs_*. These take the lower file system and the arguments of the operation of
 * that name, and return what it returns; where it has no such operation, they do what the library
 * does for an absent one. read and write use read_buf and write_buf where there is only that.
 */

/** A file system, as modules see it. */
struct fuse_fs;

/** Since 3.0, all of the next group. */
int fuse_fs_getattr(struct fuse_fs *fs, const char *path, struct stat *st,
		    struct fuse_file_info *fi);
int fuse_fs_rename(struct fuse_fs *fs, const char *oldpath, const char *newpath,
		   unsigned int flags);
int fuse_fs_unlink(struct fuse_fs *fs, const char *path);
int fuse_fs_rmdir(struct fuse_fs *fs, const char *path);
int fuse_fs_symlink(struct fuse_fs *fs, const char *target, const char *path);
int fuse_fs_link(struct fuse_fs *fs, const char *oldpath, const char *newpath);
int fuse_fs_release(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_open(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_read(struct fuse_fs *fs, const char *path, char *buf, size_t size, off_t off,
		 struct fuse_file_info *fi);
int fuse_fs_read_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec **bufp, size_t size,
		     off_t off, struct fuse_file_info *fi);
int fuse_fs_write(struct fuse_fs *fs, const char *path, const char *buf, size_t size, off_t off,
		  struct fuse_file_info *fi);
int fuse_fs_write_buf(struct fuse_fs *fs, const char *path, struct fuse_bufvec *buf, off_t off,
		      struct fuse_file_info *fi);
int fuse_fs_fsync(struct fuse_fs *fs, const char *path, int datasync, struct fuse_file_info *fi);
int fuse_fs_flush(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_statfs(struct fuse_fs *fs, const char *path, struct statvfs *stv);
int fuse_fs_opendir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_readdir(struct fuse_fs *fs, const char *path, void *buf, fuse_fill_dir_t filler,
		    off_t off, struct fuse_file_info *fi, enum fuse_readdir_flags flags);
int fuse_fs_fsyncdir(struct fuse_fs *fs, const char *path, int datasync, struct fuse_file_info *fi);
int fuse_fs_releasedir(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi);
int fuse_fs_create(struct fuse_fs *fs, const char *path, mode_t mode, struct fuse_file_info *fi);
int fuse_fs_lock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int cmd,
		 struct flock *lock);
int fuse_fs_flock(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi, int op);
int fuse_fs_chmod(struct fuse_fs *fs, const char *path, mode_t mode, struct fuse_file_info *fi);
int fuse_fs_chown(struct fuse_fs *fs, const char *path, uid_t uid, gid_t gid,
		  struct fuse_file_info *fi);
int fuse_fs_truncate(struct fuse_fs *fs, const char *path, off_t size, struct fuse_file_info *fi);
int fuse_fs_utimens(struct fuse_fs *fs, const char *path, const struct timespec *tv,
		    struct fuse_file_info *fi);
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
#if FUSE_USE_VERSION < 35
int fuse_fs_ioctl(struct fuse_fs *fs, const char *path, int cmd, void *arg,
		  struct fuse_file_info *fi, unsigned int flags, void *data);
#else
int fuse_fs_ioctl(struct fuse_fs *fs, const char *path, unsigned int cmd, void *arg,
		  struct fuse_file_info *fi, unsigned int flags, void *data);
#endif
int fuse_fs_poll(struct fuse_fs *fs, const char *path, struct fuse_file_info *fi,
		 struct fuse_pollhandle *ph, unsigned *revents);
int fuse_fs_fallocate(struct fuse_fs *fs, const char *path, int mode, off_t off, off_t len,
		      struct fuse_file_info *fi);
off_t fuse_fs_lseek(struct fuse_fs *fs, const char *path, off_t off, int whence,
		    struct fuse_file_info *fi);
void fuse_fs_init(struct fuse_fs *fs, struct fuse_conn_info *conn, struct fuse_config *cfg);
/** Calls the destroy operation, and frees fs. */
void fuse_fs_destroy(struct fuse_fs *fs);

/** Since 3.4. */
ssize_t fuse_fs_copy_file_range(struct fuse_fs *fs, const char *path_in,
				struct fuse_file_info *fi_in, off_t off_in, const char *path_out,
				struct fuse_file_info *fi_out, off_t off_out, size_t size,
				int flags);

#if FUSE3_ABI >= 4
/** Since 3.18. */
int fuse_fs_statx(struct fuse_fs *fs, const char *path, int flags, int mask, struct statx *stx,
		  struct fuse_file_info *fi);
#endif

/**
 * Tells the kernel that what poll reported has changed.
 *
 * @return 0, or a negative errno
 * Since 3.0.
 */
int fuse_notify_poll(struct fuse_pollhandle *ph);

/**
 * Makes a file system that a module is written as.
 *
 * @param op            the operations; copied
 * @param op_size       size of the table
 * @param private_data  the context's private_data in these operations, until init has returned
 * @return the file system, for fuse_fs_destroy(), or NULL (a message has been written)
 * Since 3.0.
 */
struct fuse_fs *fuse_fs_new(const struct fuse_operations *op, size_t op_size, void *private_data);

/**
 * Makes a module's file system over fs[0] (fs ends with NULL).
 *
 * @param args  the program's arguments; the module removes its own options
 * @return the new file system, which destroys fs[0] with it, or NULL
 */
typedef struct fuse_fs *(*fuse_module_factory_t)(struct fuse_args *args, struct fuse_fs *fs[]);

/** Defines a module in a shared object libfusemod_NAME.so, by which -o modules=NAME finds it. */
#define FUSE_REGISTER_MODULE(name_, factory_)                                                      \
	fuse_module_factory_t fuse_module_##name_##_factory = factory_

/** The session under a file system; belongs to it. Since 3.0. */
struct fuse_session *fuse_get_session(struct fuse *f);

/**
 * Opens a channel to the kernel, by mounting with the helper program.
 *
 * @param mountpoint  where; a path
 * @param options     what stands after -o
 * @return the open device, or -1 (a message has been written)
 * Since 3.3.
 */
int fuse_open_channel(const char *mountpoint, const char *options);

#ifdef __cplusplus
}
#endif

#endif
