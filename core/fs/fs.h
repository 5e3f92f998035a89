/*
 * Path-based file systems (the "high-level" API): turns a session's requests on nodes into
 * operations on paths.
 *
 * A front-end gives its caller's operations as a table of thunks in this, the core's newest,
 * form; NULL where the program has no such operation. Thunks return 0 or a negative errno
 * (or a count where the type says so).
 *
 * Paths are absolute within the mount ("/" is its root), NUL-terminated, valid until the
 * operation returns, and stay true meanwhile (docs/locking.md). An operation on a handle of a
 * file without a name gets NULL if the program accepts that, else the caller gets ENOENT.
 */
#ifndef CORE_FS_FS_H
#define CORE_FS_FS_H

#include <sys/stat.h>
#include <time.h>

#include "core/fs/options.h"
#include "core/session/session.h"

struct statfs; /* <sys/vfs.h> */

enum core_fill_flags { CORE_FILL_PLUS = 1 << 1 };  /* st is complete: usable as a lookup's answer */
enum core_readdir_flags { CORE_READDIR_PLUS = 1 << 0 };

/*
 * What a program says of a file. The fields after st mean something only if the session wants
 * them (core_fs_config.stat_ex); then they are zero before getattr is called. Otherwise nobody
 * reads them, but a program compiled for them may write them: the room is always there. The layout
 * is that of struct ambifuse_stat and struct fuse_stat_ex.
 */
struct core_stat {
	struct stat st;
	struct timespec birthtim; /* zero: not known */
	uint32_t flags;           /* BSD flags (UF_*, SF_*) */
	uint32_t reserved32[3];
	uint64_t reserved64[2];
};

/* A set of attributes for setattr_x: in the layout of macOS, which is the programs'. */
enum core_setattr_valid {
	CORE_SETATTR_MODE = 1 << 0,
	CORE_SETATTR_UID = 1 << 1,
	CORE_SETATTR_GID = 1 << 2,
	CORE_SETATTR_SIZE = 1 << 3,
	CORE_SETATTR_ATIME = 1 << 4,
	CORE_SETATTR_MTIME = 1 << 5,
	CORE_SETATTR_CRTIME = 1 << 28,
	CORE_SETATTR_CHGTIME = 1 << 29,
	CORE_SETATTR_BKUPTIME = 1 << 30,
	CORE_SETATTR_FLAGS = (int)(1U << 31),
};
struct core_setattr_x {
	int32_t valid; /* CORE_SETATTR_* */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	off_t size;
	struct timespec acctime, modtime, crtime, chgtime, bkuptime;
	uint32_t flags;
};

/* Flags of renamex, and what exchange is. */
enum core_renamex_flags { CORE_RENAME_SWAP = 2, CORE_RENAME_EXCL = 4 };

/* access mask: may this name be removed? (delete_access) */
#define CORE_DELETE_OK 0x40000000

/*
 * Returns 1 when the buffer is full: the program should stop. Only struct stat is read: what the
 * kernel takes from a listing has no place for more.
 */
typedef int (*core_fill_dir)(void *buf, const char *name, const struct stat *st, off_t off,
			     int flags);

/* Do listings carry attributes (READDIRPLUS)? */
enum core_readdirplus {
	CORE_READDIRPLUS_DEFAULT = 0, /* as the program wants it, or AUTO */
	CORE_READDIRPLUS_NO,
	CORE_READDIRPLUS_YES,  /* as the program fills them, for all entries */
	CORE_READDIRPLUS_AUTO, /* the kernel asks, and we add attributes, where entries are looked up */
};

struct core_fs_config {
	int set_gid, set_uid, set_mode;
	unsigned gid, uid, umask;
	unsigned fmask, dmask; /* not 0: instead of umask; for directories, instead of both */
	double entry_timeout, negative_timeout, attr_timeout; /* seconds */
	int intr, intr_signal;
	int remember; /* seconds; -1: for ever */
	unsigned max_nodes; /* the kernel is asked to forget nodes beyond, 0: any number */
	int hard_remove, use_ino, readdir_ino, direct_io, kernel_cache, auto_cache;
	int no_rofd_flush, parallel_direct_writes;
	int passthrough;      /* the program uses core_fs_passthrough() */
	int kernel_setid; /* the kernel takes set-ID bits away, not we: setid.c */
	int writeback_cache; /* whatever the program says of it: file.c */
	int no_xattr;        /* as if the program had none of the four operations */
	enum core_readdirplus readdirplus;
	int ac_attr_timeout_set;
	double ac_attr_timeout;
	int nullpath_ok; /* NULL instead of a path that is gone */
	int nopath;      /* NULL instead of any path where there is a handle */
	int attr_by_path; /* but chmod, chown and utimens are never given a handle */
	int utime_omit_ok; /* utimens understands UTIME_NOW and UTIME_OMIT */

	/* Extensions, off by default; read after the program's init. docs/extensions.md */
	int stat_ex;          /* getattr gives birth time and flags; chflags may be called */
	int read_only;        /* what would change something fails with EROFS */
	int delete_access;    /* access(CORE_DELETE_OK) before a name is removed */
	int case_insensitive; /* names that differ in case are one */
	int enforce_flags;    /* immutable, append-only, read-only are refused with EPERM */
	int dothidden;        /* names that begin with a dot have the hidden flag */
	struct core_fs_tuning tune; /* further options */
	uint32_t ext_hide;    /* CORE_HIDE_*: forms in which flags and times are not shown */
	uint32_t ext_absent;  /* CORE_EXT_OP bits: operations the program turned out not to have */
};

/* How flags and times of a program with stat_ex are shown; options leave forms out. */
enum core_ext_hide {
	CORE_HIDE_BTIME = 1 << 0,	/* statx */
	CORE_HIDE_INODE_FLAGS = 1 << 1, /* lsattr, chattr */
	CORE_HIDE_NTFS = 1 << 2,	/* system.ntfs_* */
	CORE_HIDE_DOSATTRIB = 1 << 3,	/* user.DOSATTRIB */
};

/* The extension operations, in the order of the table. */
#define CORE_EXT_OPS(F)                                                                            \
	F(getpath) F(statfs_x) F(setvolname) F(exchange) F(renamex) F(getxtimes) F(setbkuptime)    \
	F(setchgtime) F(setcrtime) F(chflags) F(setattr_x) F(fsetattr_x)
enum core_ext_op {
#define CORE_EXT_OP_NAME(op) CORE_EXT_##op,
	CORE_EXT_OPS(CORE_EXT_OP_NAME)
#undef CORE_EXT_OP_NAME
	CORE_EXT_COUNT
};

struct core_fs_ops {
	int (*getattr)(void *d, const char *path, struct core_stat *, struct core_file_info *fi);
	int (*readlink)(void *d, const char *path, char *buf, size_t size);
	int (*mknod)(void *d, const char *path, mode_t, dev_t);
	int (*mkdir)(void *d, const char *path, mode_t);
	int (*unlink)(void *d, const char *path);
	int (*rmdir)(void *d, const char *path);
	int (*symlink)(void *d, const char *target, const char *path);
	int (*rename)(void *d, const char *from, const char *to, unsigned flags);
	int (*link)(void *d, const char *from, const char *to);
	int (*chmod)(void *d, const char *path, mode_t, struct core_file_info *fi);
	int (*chown)(void *d, const char *path, uid_t, gid_t, struct core_file_info *fi);
	int (*truncate)(void *d, const char *path, off_t, struct core_file_info *fi);
	int (*utimens)(void *d, const char *path, const struct timespec tv[2],
		       struct core_file_info *fi);
	int (*open)(void *d, const char *path, struct core_file_info *);
	int (*read)(void *d, const char *path, char *buf, size_t size, off_t off,
		    struct core_file_info *);
	/* *bufp is malloc'ed by the program, as is memory in it; both are freed here */
	int (*read_buf)(void *d, const char *path, struct core_bufvec **bufp, size_t size,
			off_t off, struct core_file_info *);
	int (*write)(void *d, const char *path, const char *buf, size_t size, off_t off,
		     struct core_file_info *);
	int (*write_buf)(void *d, const char *path, struct core_bufvec *buf, off_t off,
			 struct core_file_info *);
	int (*statfs)(void *d, const char *path, struct statvfs *);
	int (*flush)(void *d, const char *path, struct core_file_info *);
	int (*release)(void *d, const char *path, struct core_file_info *);
	int (*fsync)(void *d, const char *path, int datasync, struct core_file_info *);
	int (*setxattr)(void *d, const char *path, const char *name, const char *value,
			size_t size, int flags);
	int (*getxattr)(void *d, const char *path, const char *name, char *value, size_t size);
	int (*listxattr)(void *d, const char *path, char *list, size_t size);
	int (*removexattr)(void *d, const char *path, const char *name);
	int (*opendir)(void *d, const char *path, struct core_file_info *);
	int (*readdir)(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
		       struct core_file_info *, int flags);
	int (*releasedir)(void *d, const char *path, struct core_file_info *);
	int (*fsyncdir)(void *d, const char *path, int datasync, struct core_file_info *);
	void (*init)(void *d, struct core_conn *conn, struct core_fs_config *cfg);
	void (*destroy)(void *d);
	int (*access)(void *d, const char *path, int mask);
	int (*create)(void *d, const char *path, mode_t, struct core_file_info *);
	int (*lock)(void *d, const char *path, struct core_file_info *, int cmd, struct flock *);
	int (*flock)(void *d, const char *path, struct core_file_info *, int op);
	int (*bmap)(void *d, const char *path, size_t blocksize, uint64_t *idx);
	int (*ioctl)(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *,
		     unsigned flags, void *data);
	int (*poll)(void *d, const char *path, struct core_file_info *,
		    struct core_pollhandle *ph, unsigned *revents);
	int (*fallocate)(void *d, const char *path, int mode, off_t off, off_t len,
			 struct core_file_info *);
	ssize_t (*copy_file_range)(void *d, const char *path_in, struct core_file_info *fi_in,
				   off_t off_in, const char *path_out,
				   struct core_file_info *fi_out, off_t off_out, size_t len,
				   int flags);
	off_t (*lseek)(void *d, const char *path, off_t off, int whence, struct core_file_info *);
	int (*statx)(void *d, const char *path, int flags, int mask, struct statx *,
		     struct core_file_info *fi);
	int (*syncfs)(void *d, const char *path);

	/*
	 * Extensions. A front-end whose program says only in its init which it has sets all of
	 * them and reports the others in core_fs_config.ext_absent; they are NULL from then on.
	 */
	/* The canonical spelling of path; fi may be NULL. Terminated, or -ERANGE. */
	int (*getpath)(void *d, const char *path, char *buf, size_t size, struct core_file_info *fi);
	int (*statfs_x)(void *d, const char *path, struct statfs *);
	int (*setvolname)(void *d, const char *name);
	int (*exchange)(void *d, const char *path1, const char *path2, unsigned long flags);
	int (*renamex)(void *d, const char *from, const char *to, unsigned flags);
	int (*getxtimes)(void *d, const char *path, struct timespec *bkuptime,
			 struct timespec *crtime);
	int (*setbkuptime)(void *d, const char *path, const struct timespec *);
	int (*setchgtime)(void *d, const char *path, const struct timespec *);
	int (*setcrtime)(void *d, const char *path, const struct timespec *);
	int (*chflags)(void *d, const char *path, uint32_t flags);
	int (*setattr_x)(void *d, const char *path, struct core_setattr_x *);
	int (*fsetattr_x)(void *d, const char *path, struct core_setattr_x *,
			  struct core_file_info *fi);
};

struct core_fs;

/*
 * A path file system and its session. ops and cfg are copied; data goes to every thunk;
 * fuse is what fuse_get_context()->fuse shows. NULL on failure (logged).
 */
struct core_fs *core_fs_new(const struct core_profile *profile,
			    const struct core_session_config *scfg,
			    const struct core_fs_config *cfg, const struct core_fs_ops *ops,
			    void *data, void *fuse);
/* Runs the program's unlink for hidden files that are left, then its destroy. */
void core_fs_free(struct core_fs *fs);
struct core_session *core_fs_session(struct core_fs *fs);
const struct core_fs_config *core_fs_config(struct core_fs *fs);

/* What a front-end's own fill function hands its arguments to. */
int core_fs_fill(void *buf, const char *name, const struct stat *st, off_t off, int flags);

/*
 * The kernel forgets what it cached of a path. 0, -ENOENT if it does not know it, -errno.
 * Not from inside an operation on the same path: the kernel may wait for that operation.
 */
int core_fs_invalidate_path(struct core_fs *fs, const char *path);

/*
 * Something changed behind the kernel's back. action: CORE_NOTIFY_* bits; of the first four the
 * first one counts, else all the others; 0: anything. 0, also if the kernel does not know path;
 * -EINVAL, -ENAMETOOLONG or another -errno. The same caution.
 */
enum core_notify_action {
	CORE_NOTIFY_MKDIR = 1 << 0,
	CORE_NOTIFY_RMDIR = 1 << 1,
	CORE_NOTIFY_CREATE = 1 << 2,
	CORE_NOTIFY_UNLINK = 1 << 3,
	CORE_NOTIFY_CHMOD = 1 << 4,
	CORE_NOTIFY_CHOWN = 1 << 5,
	CORE_NOTIFY_UTIME = 1 << 6,
	CORE_NOTIFY_CHFLAGS = 1 << 7,
	CORE_NOTIFY_TRUNCATE = 1 << 8,
};
int core_fs_notify(struct core_fs *fs, const char *path, unsigned action);

/*
 * Called by the program while its open or create runs: the kernel may read and write fd in place of
 * the file that is opened. 0, then the program may still be asked; -EINVAL outside of these, or
 * without cfg.passthrough; -EOPNOTSUPP; -EPERM without privilege; or what the kernel says of fd.
 */
int core_fs_passthrough(int fd);

/* With `remember`: frees nodes whose time is over; seconds until the next call is due. */
int core_fs_clean_cache(struct core_fs *fs);
int core_fs_start_cleanup_thread(struct core_fs *fs);
void core_fs_stop_cleanup_thread(struct core_fs *fs);

/* The loops; core/session's with what the path API adds. */
int core_fs_loop(struct core_fs *fs);
int core_fs_loop_mt(struct core_fs *fs, const struct core_pool_config *cfg);

#endif
