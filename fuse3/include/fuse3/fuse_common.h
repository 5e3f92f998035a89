/*
 * What the path API (fuse.h) and the request API (fuse_lowlevel.h) share. Included by these two;
 * not to be included alone.
 *
 * FUSE_USE_VERSION, defined before the first include, says which release's API the program was
 * written for: 30 to 39 for 3.0 to 3.9, FUSE_MAKE_VERSION(3, N) or 3NN for any up to the release
 * that these headers describe: 3.18, or 3.14 or 3.16 if they are those of libfuse3.so.3 (see
 * fuse_abi.h). What differs: below 31 fuse_new() prints help itself; below 32 fuse_loop_mt() and
 * fuse_session_loop_mt() take an int, below 312 an open struct, from 312 on one that only the
 * library knows; below 35 ioctl's command is an int, from 35 on an unsigned int; from 317 on
 * fuse_session_custom_io() takes a size.
 */
#if !defined(FUSE_H_) && !defined(FUSE_LOWLEVEL_H_)
#error "do not include <fuse_common.h> directly: include <fuse.h> or <fuse_lowlevel.h>"
#endif

#ifndef FUSE_COMMON_H_
#define FUSE_COMMON_H_

#include "fuse_abi.h"

/** A version as a number, to compare FUSE_VERSION and FUSE_USE_VERSION (from 3.10 on) with. */
#define FUSE_MAKE_VERSION(maj, min) ((maj)*100 + (min))

/** The release these headers describe. The library's own is told by fuse_version(). */
#define FUSE_VERSION FUSE_MAKE_VERSION(FUSE_MAJOR_VERSION, FUSE_MINOR_VERSION)

#ifndef FUSE_USE_VERSION
#error "FUSE_USE_VERSION is not defined: define it before including a FUSE 3 header, as 30 to 39 or 300 to 318 (31 for most programs)"
#elif FUSE_USE_VERSION < 30
#error "FUSE_USE_VERSION is none of the known FUSE 3 API versions: 30 to 39, 300 to 318 (below 30 is FUSE 2: use pkg-config fuse)"
#elif FUSE_USE_VERSION > 39 && (FUSE_USE_VERSION < 300 || FUSE_USE_VERSION > FUSE_VERSION)
#if FUSE3_ABI >= 4
#error "FUSE_USE_VERSION is none of the known FUSE 3 API versions: 30 to 39, 300 to 318"
#elif FUSE3_SO3_LAYOUT == 316
#error "FUSE_USE_VERSION is none of the known FUSE 3 API versions of libfuse3.so.3: 30 to 39, 300 to 316"
#else
#error "FUSE_USE_VERSION is none of the known FUSE 3 API versions of libfuse3.so.3: 30 to 39, 300 to 314"
#endif
#endif

#include "fuse_opt.h"
#include "fuse_log.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * FUSE needs a 64-bit off_t. If the compiler complains here, add -D_FILE_OFFSET_BITS=64 to its
 * flags.
 */
typedef char fuse_needs_file_offset_bits_64[sizeof(off_t) == 8 ? 1 : -1];

/**
 * An open file or directory, as the library and the program share it. Passed to open, create and
 * opendir, where the program may set fields, and then, with a copy of what was set, to all
 * operations on that handle.
 */
struct fuse_file_info {
	/** Flags of open(2). Valid in open, create, opendir, release and releasedir; in read and
	 *  write what fcntl() has changed since is included. */
	int flags;

	/** In write: the data comes from the page cache, so that fh and the ids of the context may
	 *  be those of another writer. */
	unsigned int writepage : 1;

	/** Set in open: bypass the page cache for this handle. */
	unsigned int direct_io : 1;

	/** Set in open: keep what the page cache has of this file. */
	unsigned int keep_cache : 1;

#if FUSE3_ABI < 4 && FUSE3_SO3_LAYOUT >= 316
	/** Set in open: direct writes to the file may be sent at the same time. Since 3.14.1 */
	unsigned int parallel_direct_writes : 1;

#endif
	/** In flush and in lock operations: the call comes from close(). */
	unsigned int flush : 1;

	/** Set in open: lseek() and pread() fail with ESPIPE. */
	unsigned int nonseekable : 1;

	/** In release: flock() locks of this handle (owner lock_owner) must be dropped. */
	unsigned int flock_release : 1;

	/** Set in opendir: the kernel may cache the listing. Since 3.5 */
	unsigned int cache_readdir : 1;

	/** Set in open: no flush when the file is closed (unless data written through the page
	 * cache has to go first). Since 3.11 */
	unsigned int noflush : 1;

#if FUSE3_ABI >= 4
	/** Set in open: direct writes to the file may be sent at the same time. Since 3.17 */
	unsigned int parallel_direct_writes : 1;

	/** In open (with O_TRUNC), create and write, if FUSE_CAP_HANDLE_KILLPRIV_V2 is wanted: drop
	 *  set-user-id and set-group-id bits. Since 3.18 */
	unsigned int kill_suidgid : 1;

	/** Not used; leave as they are. */
	unsigned int padding : 22;
	unsigned int padding2 : 32;
	unsigned int padding3 : 32;
#elif FUSE3_SO3_LAYOUT >= 316
	/** Not used; leave as they are. */
	unsigned int padding : 23;
	unsigned int padding2 : 32;
#else
	/** Not used; leave as they are. */
	unsigned int padding : 24;
	unsigned int padding2 : 32;
#endif

	/** The program's own value for this handle; set in open, create or opendir. */
	uint64_t fh;

	/** Who owns locks: in flush, in lock operations, and in release when flock_release is set.
	 */
	uint64_t lock_owner;

	/** In poll: the poll(2) events that are waited for; 0 if unknown. */
	uint32_t poll_events;

#if FUSE3_ABI >= 4
	/** Set in open or create: what fuse_passthrough_open() returned; reads, writes and mappings
	 *  of this handle then go to that file, not to the program. 0: none. Since 3.17 */
	int32_t backing_id;

	/** Zero; for later releases. */
	uint64_t compat_flags;
	uint64_t reserved[2];
#endif
};

/**
 * How many threads fuse_loop_mt() and fuse_session_loop_mt() use.
 *
 * From API 3.12 on only the library knows struct fuse_loop_config: make one with
 * fuse_loop_cfg_create(). Before, it is what is called struct fuse_loop_config_v1 now.
 */
#if FUSE_USE_VERSION < 312
struct fuse_loop_config_v1;
struct fuse_loop_config {
#else
struct fuse_loop_config;
struct fuse_loop_config_v1 {
#endif
	/** Not zero: each thread reads from a device descriptor of its own. */
	int clone_fd;

	/** Threads that may be idle; more end. (unsigned)-1: no limit. */
	unsigned int max_idle_threads;
};

/*
 * Bits of fuse_conn_info.capable and .want.
 */
/** Reads of one file may be sent at the same time. On by default. */
#define FUSE_CAP_ASYNC_READ (1 << 0)
/** fcntl() locks are sent to the file system. On by default if the operations are there. */
#define FUSE_CAP_POSIX_LOCKS (1 << 1)
/** O_TRUNC is passed to open instead of a truncate before it. On by default. */
#define FUSE_CAP_ATOMIC_O_TRUNC (1 << 3)
/** The file system understands lookups of "." and "..", as NFS export needs. On by default
 *  in the path API, which sees to it; off in the request API. */
#define FUSE_CAP_EXPORT_SUPPORT (1 << 4)
/** The umask is not applied to modes by the kernel; the program does it. Off. */
#define FUSE_CAP_DONT_MASK (1 << 6)
/** Replies may be spliced to the kernel. Off. */
#define FUSE_CAP_SPLICE_WRITE (1 << 7)
/** Spliced replies may give their pages away. Off. */
#define FUSE_CAP_SPLICE_MOVE (1 << 8)
/** Requests may be spliced from the kernel. On by default if write_buf is there. */
#define FUSE_CAP_SPLICE_READ (1 << 9)
/** flock() locks are sent to the file system. On by default if flock is there. */
#define FUSE_CAP_FLOCK_LOCKS (1 << 10)
/** ioctl is possible on directories. On by default. */
#define FUSE_CAP_IOCTL_DIR (1 << 11)
/** The kernel drops a file's cached data when size or modification time change. On by default. */
#define FUSE_CAP_AUTO_INVAL_DATA (1 << 12)
/** Listings may bring attributes with them (readdirplus). On by default in the path API,
 *  and in the request API if readdirplus is there. */
#define FUSE_CAP_READDIRPLUS (1 << 13)
/** The kernel decides for each call whether to use readdirplus. On by default if both are there. */
#define FUSE_CAP_READDIRPLUS_AUTO (1 << 14)
/** Direct I/O of one file may be sent in several requests at the same time. On by default. */
#define FUSE_CAP_ASYNC_DIO (1 << 15)
/** Writes go to the page cache first. Off. */
#define FUSE_CAP_WRITEBACK_CACHE (1 << 16)
/** open may reply ENOSYS: success, for this and all further opens. Only in capable. */
#define FUSE_CAP_NO_OPEN_SUPPORT (1 << 17)
/** lookup and readdir of one directory may be sent at the same time. On by default with
 *  libfuse3.so.3, off with libfuse3.so.4. */
#define FUSE_CAP_PARALLEL_DIROPS (1 << 18)
/** The file system has POSIX ACLs, as system.posix_acl_* attributes. Off. */
#define FUSE_CAP_POSIX_ACL (1 << 19)
/** The file system drops set-user-id bits and file capabilities on write, chown, truncate. Off;
 *  libfuse3.so.3 shows it as wanted (as libfuse's 3.14), but the kernel goes on doing it. */
#define FUSE_CAP_HANDLE_KILLPRIV (1 << 20)
/** The kernel may cache symbolic links. Off. Since 3.2 */
#define FUSE_CAP_CACHE_SYMLINKS (1 << 23)
/** opendir may reply ENOSYS: success, for this and all further ones. Only in capable. Since 3.5 */
#define FUSE_CAP_NO_OPENDIR_SUPPORT (1 << 24)
/** Cached data is dropped only on notification, not as with AUTO_INVAL_DATA. Off. Since 3.11 */
#define FUSE_CAP_EXPLICIT_INVAL_DATA (1 << 25)
/** fuse_lowlevel_notify_expire_entry() works. Only in capable. Since 3.12 */
#define FUSE_CAP_EXPIRE_ONLY (1 << 26)
#if FUSE3_ABI >= 4 || FUSE3_SO3_LAYOUT >= 316
/** setxattr comes with flags of its own (dropping of set-group-id bits with ACLs). Off. Since 3.15
 */
#define FUSE_CAP_SETXATTR_EXT (1 << 27)
#endif
#if FUSE3_ABI >= 4
/** As HANDLE_KILLPRIV, but only where the kernel says so: in open, create and write by
 *  fi->kill_suidgid, in setattr by FUSE_SET_ATTR_KILL_SUID. Spares the kernel a getxattr for each
 *  write. Off. Since 3.17 */
#define FUSE_CAP_HANDLE_KILLPRIV_V2 (1 << 21)
/** Files opened with direct_io may be mapped shared. Off. Since 3.17 */
#define FUSE_CAP_DIRECT_IO_ALLOW_MMAP (1 << 28)
/** Files may be passed through to others, see fuse_passthrough_open(). Off. Since 3.17 */
#define FUSE_CAP_PASSTHROUGH (1 << 29)
/** No file handles may be made for the file system (NFS, open_by_handle_at). Off. Since 3.17 */
#define FUSE_CAP_NO_EXPORT_SUPPORT (1 << 30)
/** Requests come over io_uring. Offered where the kernel has it and the session can use it (a pool
 *  of threads serves /dev/fuse itself), and on then; fuse_unset_feature_flag() declines it, an
 *  assignment to want alone does not. See fuse_req_is_uring(). Since 3.18 */
#define FUSE_CAP_OVER_IO_URING (1UL << 31)
#endif

#if FUSE3_ABI >= 4
/*
 * Values of fuse_conn_info.max_backing_stack_depth.
 */
/** Backing files are on file systems that are not stacked on others. */
#define FUSE_BACKING_STACKED_UNDER 0
/** They may be on one that is stacked on another (overlayfs). */
#define FUSE_BACKING_STACKED_OVER 1
#endif

/*
 * Flags of ioctl.
 */
/** In: a 32-bit caller of a 64-bit kernel. */
#define FUSE_IOCTL_COMPAT (1 << 0)
/** In: sizes and directions do not come from the command number; retry is possible. */
#define FUSE_IOCTL_UNRESTRICTED (1 << 1)
/** Out (used by the library): ask for other memory areas and come again. */
#define FUSE_IOCTL_RETRY (1 << 2)
/** In: the file is a directory. */
#define FUSE_IOCTL_DIR (1 << 4)

/** Most memory areas that fuse_reply_ioctl_retry() can name, in and out counted apart. */
#define FUSE_IOCTL_MAX_IOV 256

/**
 * What kernel and library agreed on; given to init. Fields below "may be changed" are read again
 * when init returns.
 */
struct fuse_conn_info {
	/** Protocol version of the kernel, as negotiated. */
	unsigned proto_major;
	unsigned proto_minor;

	/** May be changed: largest write, bytes. */
	unsigned max_write;

	/** May be changed: largest read, bytes; 0: no limit. Give the same with the mount option
	 *  max_read, which the kernel goes by. */
	unsigned max_read;

	/** May be lowered: largest read-ahead, bytes. */
	unsigned max_readahead;

	/** FUSE_CAP_* bits the kernel and the library offer. */
	unsigned capable;

	/** May be changed: FUSE_CAP_* bits the program wants, out of capable. Those on by default
	 *  are set. */
	unsigned want;

	/** May be changed: most background requests (read-ahead, asynchronous direct I/O) under way
	 *  at once; 0: the kernel's default. */
	unsigned max_background;

	/** May be changed: number of background requests from which the kernel calls the file
	 *  system congested; 0: three quarters of max_background. */
	unsigned congestion_threshold;

	/** May be changed: resolution of times, nanoseconds, a power of ten up to 10^9; 1 at first.
	 */
	unsigned time_gran;

#if FUSE3_ABI >= 4
	/** May be changed: with FUSE_CAP_PASSTHROUGH, on how deep a stack of file systems backing
	 *  files may be, FUSE_BACKING_STACKED_*. Since 3.17 */
	uint32_t max_backing_stack_depth;

	/** May be set: requests to interrupt others are not heeded; fuse_req_interrupted() and
	 *  fuse_req_interrupt_func() tell nothing. Since 3.17 */
	uint32_t no_interrupt : 1;
	uint32_t padding : 31;

	/** capable and want with room for bits beyond 31; the lower half is that of capable and
	 *  want. A program changes want or want_ext, or both in the same way (which the functions
	 *  fuse_set_feature_flag() and fuse_unset_feature_flag() do). If both are changed so that
	 *  they differ, a message says so, and want_ext counts. Since 3.17 */
	uint64_t capable_ext;
	uint64_t want_ext;

	/** May be set: the kernel ends the connection if a request is not answered in that many
	 *  seconds; 0: it waits. Needs protocol 7.43. Since 3.18 */
	uint16_t request_timeout;

	/** Zero; for later releases. */
	uint16_t reserved[31];
#else
	/** Zero; for later releases. */
	unsigned reserved[22];
#endif
};

#if FUSE3_ABI >= 4
/** The release whose headers a program was compiled with. Since 3.17. */
struct libfuse_version {
	uint32_t major;
	uint32_t minor;
	uint32_t hotfix;
	uint32_t padding;
};
#endif

struct fuse_session;
struct fuse_pollhandle;
struct fuse_conn_info_opts;

#if FUSE3_ABI >= 4
/**
 * Wants a capability, if it is offered; for use in init.
 *
 * @param flag  one FUSE_CAP_* bit
 * @return whether it is offered (and wanted now)
 * Since 3.17.3.
 */
bool fuse_set_feature_flag(struct fuse_conn_info *conn, uint64_t flag);

/** Does not want a capability; for use in init. Since 3.17.3. */
void fuse_unset_feature_flag(struct fuse_conn_info *conn, uint64_t flag);

/** Tells whether a capability is offered. Since 3.17.3. */
bool fuse_get_feature_flag(struct fuse_conn_info *conn, uint64_t flag);

/**
 * Makes want_ext of what was done to want and want_ext. The library does it when init returns; for
 * file systems between it and the program's.
 *
 * @return 0, or -EINVAL if both were changed and contradict each other (a message has been written)
 * Since 3.17.3.
 */
int fuse_convert_to_conn_want_ext(struct fuse_conn_info *conn);
#endif

/**
 * Takes options that concern struct fuse_conn_info out of a list of arguments: max_write=N,
 * max_readahead=N, max_background=N, congestion_threshold=N, async_read, sync_read, atomic_o_trunc,
 * no_remote_lock, no_remote_flock, no_remote_posix_lock, splice_write, splice_move, splice_read and
 * their no_ forms, auto_inval_data, readdirplus=(no|yes|auto), async_dio, writeback_cache.
 * For programs of either API that call it; fuse_main() and fuse_new() know none of these options.
 *
 * @param args  the list; what is understood is removed
 * @return for fuse_apply_conn_info_opts(); to be freed with free(). NULL: an error
 * Since 3.0.
 */
struct fuse_conn_info_opts *fuse_parse_conn_info_opts(struct fuse_args *args);

/**
 * Changes conn as the options say; to be called at the start of init, so that the program has the
 * last word.
 * Since 3.0.
 */
void fuse_apply_conn_info_opts(struct fuse_conn_info_opts *opts, struct fuse_conn_info *conn);

/**
 * Goes into the background: a new process in a new session, with / as its working directory and
 * /dev/null as standard streams. The parent exits with 0 once the child is ready.
 *
 * @param foreground  not zero: stay, only the working directory changes
 * @return 0, or -1 (a message has been written)
 * Since 3.0.
 */
int fuse_daemonize(int foreground);

/** The library's version, FUSE_MAKE_VERSION of it. Since 3.0. */
int fuse_version(void);

/** The library's full version as text; belongs to the library. Since 3.0. */
const char *fuse_pkgversion(void);

/**
 * Frees a poll handle. The program must do so for each handle that its poll operation was given,
 * when it has notified or does not mean to.
 * Since 3.0.
 */
void fuse_pollhandle_destroy(struct fuse_pollhandle *ph);

/** Kinds of a struct fuse_buf. */
enum fuse_buf_flags {
	/** The data is in a file, fd; without it, in memory, mem. */
	FUSE_BUF_IS_FD = (1 << 1),
	/** pos is where in the file; without it, the file's own position is used and moved. */
	FUSE_BUF_FD_SEEK = (1 << 2),
	/** Go on until size bytes are done or the file ends; without it, a short transfer ends the
	 *  copy. */
	FUSE_BUF_FD_RETRY = (1 << 3)
};

/** How fuse_buf_copy() and its users move data. */
enum fuse_buf_copy_flags {
	/** Never splice. */
	FUSE_BUF_NO_SPLICE = (1 << 1),
	/** Fail where splicing is impossible, instead of reading and writing. */
	FUSE_BUF_FORCE_SPLICE = (1 << 2),
	/** Let splice move pages instead of copying them. */
	FUSE_BUF_SPLICE_MOVE = (1 << 3),
	/** Do not wait in splice. */
	FUSE_BUF_SPLICE_NONBLOCK = (1 << 4)
};

/** One piece of data, in memory or in a file. */
struct fuse_buf {
	/** Bytes. */
	size_t size;

	/** FUSE_BUF_* bits that say where the data is. */
	enum fuse_buf_flags flags;

	/** The data, unless FUSE_BUF_IS_FD. */
	void *mem;

	/** The file, if FUSE_BUF_IS_FD. */
	int fd;

	/** Offset in the file, if FUSE_BUF_FD_SEEK. */
	off_t pos;

#if FUSE3_ABI >= 4
	/** In fuse_session_receive_buf(): bytes that mem has room for. Since 3.17 */
	size_t mem_size;
#endif
};

/**
 * A row of pieces, and how much of it has been used: everything before byte off of piece idx. More
 * than one piece needs room behind buf.
 */
struct fuse_bufvec {
	/** Number of pieces. */
	size_t count;

	/** Piece in use. */
	size_t idx;

	/** Byte in that piece. */
	size_t off;

	/** The pieces; count of them. */
	struct fuse_buf buf[1];
};

/** A row of one piece of size__ bytes in memory; set buf[0].mem (or fd and flags) before use. */
#if FUSE3_ABI >= 4
#define FUSE_BUFVEC_INIT(size__)                                                                   \
	((struct fuse_bufvec){1, 0, 0, {{(size__), (enum fuse_buf_flags)0, NULL, -1, 0, 0}}})
#else
#define FUSE_BUFVEC_INIT(size__)                                                                   \
	((struct fuse_bufvec){1, 0, 0, {{(size__), (enum fuse_buf_flags)0, NULL, -1, 0}}})
#endif

/**
 * Bytes in a row of pieces, used or not; SIZE_MAX if the sum does not fit.
 * Since 3.0.
 */
size_t fuse_buf_size(const struct fuse_bufvec *bufv);

/**
 * Copies from one row to another until one is exhausted; both are advanced.
 *
 * @param flags  how to move data between files
 * @return bytes copied, or a negative errno if nothing was
 * Since 3.0.
 */
ssize_t fuse_buf_copy(struct fuse_bufvec *dst, struct fuse_bufvec *src,
		      enum fuse_buf_copy_flags flags);

/**
 * Makes SIGHUP, SIGINT and SIGTERM end the session's loop, and ignores SIGPIPE. Signals whose
 * action is not the default one are left alone. One session per process.
 *
 * @return 0, or -1
 * Since 3.0.
 */
int fuse_set_signal_handlers(struct fuse_session *se);

#if FUSE3_ABI >= 4
/**
 * Has a fault of the program (SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP; only those whose
 * action is the default one) write the calls that led there to standard error, before the process
 * dies by it. After fuse_set_signal_handlers() or without it.
 *
 * @return 0, or -1 (a message has been written)
 * Since 3.17.
 */
int fuse_set_fail_signal_handlers(struct fuse_session *se);

#endif
/** Undoes fuse_set_signal_handlers() and fuse_set_fail_signal_handlers(). Since 3.0. */
void fuse_remove_signal_handlers(struct fuse_session *se);

/**
 * Makes a configuration with the defaults, for fuse_loop_mt() and fuse_session_loop_mt().
 *
 * @return for fuse_loop_cfg_destroy(); NULL if memory is short
 * Since 3.12.
 */
struct fuse_loop_config *fuse_loop_cfg_create(void);

/** Frees a configuration; not before the loop has ended. Since 3.12. */
void fuse_loop_cfg_destroy(struct fuse_loop_config *config);

/** Sets how many threads may be idle; more end. (unsigned)-1: no limit. Since 3.12. */
void fuse_loop_cfg_set_idle_threads(struct fuse_loop_config *config, unsigned int value);

/** Sets the most threads. Since 3.12. */
void fuse_loop_cfg_set_max_threads(struct fuse_loop_config *config, unsigned int value);

/** Not zero: each thread reads from a device descriptor of its own. Since 3.12. */
void fuse_loop_cfg_set_clone_fd(struct fuse_loop_config *config, unsigned int value);

/** Takes the values of the old structure over. Since 3.12. */
void fuse_loop_cfg_convert(struct fuse_loop_config *config, struct fuse_loop_config_v1 *v1_conf);

#ifdef __cplusplus
}
#endif

#endif
