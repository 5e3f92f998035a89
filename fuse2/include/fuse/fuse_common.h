/*
 * What the path API (fuse.h) and the request API (fuse_lowlevel.h) share. Included by these two;
 * not to be included alone.
 *
 * FUSE_USE_VERSION, defined before the first include, says which release's API the program was
 * written for: 11, 21, 22, 24, 25, 26, 27, 28 or 29. 26 to 29 declare the same; 11, 21 and 22 have
 * the path API only, 24 the request API only. Left out, it is what the header included first takes it
 * for: 21 (fuse.h), 24 (fuse_lowlevel.h) or 29 (cuse_lowlevel.h).
 */
#if !defined(_FUSE_H_) && !defined(_FUSE_LOWLEVEL_H_)
#error "do not include <fuse_common.h> directly: include <fuse.h> or <fuse_lowlevel.h>"
#endif

#ifndef _FUSE_COMMON_H_
#define _FUSE_COMMON_H_

#if FUSE_USE_VERSION != 11 &&                                                                    \
	(FUSE_USE_VERSION < 21 || FUSE_USE_VERSION == 23 || FUSE_USE_VERSION > 29)
#error "FUSE_USE_VERSION is none of the known FUSE 2 API versions: 11, 21, 22, 24, 25, 26, 27, 28, 29 (30 and above are FUSE 3: use pkg-config fuse3)"
#endif

#if !defined(_FILE_OFFSET_BITS) || _FILE_OFFSET_BITS != 64
#error "FUSE needs a 64-bit off_t: add -D_FILE_OFFSET_BITS=64 to the compiler flags (pkg-config --cflags fuse has it)"
#endif

#include "fuse_opt.h"
#include <stdint.h>
#include <sys/types.h>

/** The API version a program gets. The library's own release is told by fuse_version(). */
#if FUSE_USE_VERSION == 11
#define FUSE_MAJOR_VERSION 1
#else
#define FUSE_MAJOR_VERSION 2
#endif
#if FUSE_USE_VERSION <= 21
#define FUSE_MINOR_VERSION 1
#elif FUSE_USE_VERSION < 25
#define FUSE_MINOR_VERSION 4
#elif FUSE_USE_VERSION == 25
#define FUSE_MINOR_VERSION 5
#else
#define FUSE_MINOR_VERSION 9
#endif

/** A version as a number, to compare FUSE_VERSION and FUSE_USE_VERSION with. */
#define FUSE_MAKE_VERSION(maj, min) ((maj)*10 + (min))
#define FUSE_VERSION                FUSE_MAKE_VERSION(FUSE_MAJOR_VERSION, FUSE_MINOR_VERSION)

#ifdef __cplusplus
extern "C" {
#endif

/**
 * An open file or directory, as the library and the program share it. Passed to open, create and
 * opendir, where the program may set fields, and then, with a copy of what was set, to all
 * operations on that handle. Since 2.2; the fields from fh on since 2.5.
 */
struct fuse_file_info {
	/** Flags of open(2), without O_CREAT, O_EXCL and O_NOCTTY. Valid in open, create,
	 *  opendir, release and releasedir. */
	int flags;

	/** Where fh was before API 2.5. Not used. */
	unsigned long fh_old;

	/** In write: not zero if the data comes from the page cache, so that fh and the ids of the
	 *  context may be those of another writer. */
	int writepage;

	/** Set in open: bypass the page cache for this handle. Since 2.4 */
	unsigned int direct_io : 1;

	/** Set in open: keep what the page cache has of this file. Since 2.4 */
	unsigned int keep_cache : 1;

	/** In flush and in lock operations: the call comes from close(). Since 2.6 */
	unsigned int flush : 1;

	/** Set in open: lseek() and pread() fail with ESPIPE. Since 2.8 */
	unsigned int nonseekable : 1;

	/** In release: flock() locks of this handle (owner lock_owner) must be dropped. Since 2.9
	 */
	unsigned int flock_release : 1;

	/** Not used; leave as it is. */
	unsigned int padding : 27;

	/** The program's own value for this handle; set in open, create or opendir. */
	uint64_t fh;

	/** Who owns locks: in flush, and in release when flock_release is set. Since 2.6 */
	uint64_t lock_owner;
};

/*
 * Bits of fuse_conn_info.capable and .want. Value, meaning, since.
 */
/** Reads of one file may be sent at the same time. 2.6 */
#define FUSE_CAP_ASYNC_READ (1 << 0)
/** fcntl() locks are sent to the file system (operation lock, getlk, setlk). 2.7 */
#define FUSE_CAP_POSIX_LOCKS (1 << 1)
/** O_TRUNC is passed to open instead of a truncate before it. 2.8 */
#define FUSE_CAP_ATOMIC_O_TRUNC (1 << 3)
/** The file system understands lookups of "." and "..", as NFS export needs (request API). 2.8 */
#define FUSE_CAP_EXPORT_SUPPORT (1 << 4)
/** Writes may be larger than 4 KiB. 2.8 */
#define FUSE_CAP_BIG_WRITES (1 << 5)
/** The umask is not applied to modes by the kernel; the program does it. 2.8 */
#define FUSE_CAP_DONT_MASK (1 << 6)
/** Replies may be spliced to the kernel. 2.9 */
#define FUSE_CAP_SPLICE_WRITE (1 << 7)
/** Spliced replies may give their pages away. 2.9 */
#define FUSE_CAP_SPLICE_MOVE (1 << 8)
/** Requests may be spliced from the kernel. 2.9 */
#define FUSE_CAP_SPLICE_READ (1 << 9)
/** flock() locks are sent to the file system (operation flock). 2.9 */
#define FUSE_CAP_FLOCK_LOCKS (1 << 10)
/** ioctl is possible on directories. 2.9 */
#define FUSE_CAP_IOCTL_DIR (1 << 11)

/*
 * Flags of ioctl.
 */
/** In: a 32-bit caller of a 64-bit kernel. */
#define FUSE_IOCTL_COMPAT (1 << 0)
/** In: sizes and directions do not come from the command number; retry is possible. */
#define FUSE_IOCTL_UNRESTRICTED (1 << 1)
/** Out (used by the library): ask for other memory areas and come again. */
#define FUSE_IOCTL_RETRY (1 << 2)
/** In: the file is a directory. 2.9 */
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

	/** May be changed: reads of one file may overlap (as FUSE_CAP_ASYNC_READ in want). */
	unsigned async_read;

	/** May be lowered: largest write, bytes. */
	unsigned max_write;

	/** May be lowered: largest read-ahead, bytes. */
	unsigned max_readahead;

	/** FUSE_CAP_* bits the kernel and the library offer. Since 2.8 */
	unsigned capable;

	/** May be changed: FUSE_CAP_* bits the program wants, out of capable. Since 2.8 */
	unsigned want;

	/** May be changed: most background requests (read-ahead, asynchronous direct I/O) under way
	 *  at once; 0: the kernel's default. Since 2.9 */
	unsigned max_background;

	/** May be changed: number of background requests from which the kernel calls the file
	 *  system congested; 0: the kernel's default. Since 2.9 */
	unsigned congestion_threshold;

	/** Zero; for later releases. */
	unsigned reserved[23];
};

#if defined(FSP_FUSE_USE_STAT_EX) || defined(AMBIFUSE_USE_WINFSP) || defined(FUSE_INTERNAL_COMPAT)
#ifdef __cplusplus
}
#endif
#include "fuse_winfsp.h"
#ifdef __cplusplus
extern "C" {
#endif
#endif

struct fuse_session;
struct fuse_chan;
struct fuse_pollhandle;

/**
 * Mounts a file system and opens its channel.
 *
 * @param mountpoint  where; a path
 * @param args        arguments with mount options; what is understood is removed
 * @return the channel, which fuse_unmount() frees, or NULL (a message has been written)
 * Since 2.6 in this form.
 */
struct fuse_chan *fuse_mount(const char *mountpoint, struct fuse_args *args);

/**
 * Unmounts and destroys the channel.
 *
 * @param mountpoint  as given to fuse_mount()
 * @param ch          the channel, or NULL if it has been destroyed already
 * Since 2.6 in this form.
 */
void fuse_unmount(const char *mountpoint, struct fuse_chan *ch);

/**
 * Takes the options every FUSE program has out of a list of arguments: mount point, -f, -d, -s, -h,
 * --help, -V, --version, -o debug, and sets -o fsname or subtype from argv[0] if neither is given.
 *
 * @param args          the list; what is understood is removed
 * @param mountpoint    out: the mount point, malloc()ed, or NULL if there is none; may be NULL
 * @param multithreaded out: 0 if -s was given, else 1; may be NULL
 * @param foreground    out: 1 if -f, -d or -o debug was given, else 0; may be NULL
 * @return 0, or -1: an error, or help or version was printed
 * Since 2.5.
 */
int fuse_parse_cmdline(struct fuse_args *args, char **mountpoint, int *multithreaded,
		       int *foreground);

/**
 * Goes into the background: a new process in a new session, with / as its working directory and
 * /dev/null as standard streams. The parent exits with 0 once the child is ready.
 *
 * @param foreground  not zero: stay, only the working directory changes
 * @return 0, or -1 (a message has been written)
 * Since 2.6.
 */
int fuse_daemonize(int foreground);

/**
 * The library's version, FUSE_MAKE_VERSION of it: 29 for 2.9.
 * Since 2.7.
 */
int fuse_version(void);

/**
 * Frees a poll handle. The program must do so for each handle that its poll operation was given,
 * when it has notified or does not mean to.
 * Since 2.8.
 */
void fuse_pollhandle_destroy(struct fuse_pollhandle *ph);

/** Kinds of a struct fuse_buf. Since 2.9 */
enum fuse_buf_flags {
	/** The data is in a file, fd; without it, in memory, mem. */
	FUSE_BUF_IS_FD = (1 << 1),
	/** pos is where in the file; without it, the file's own position is used and moved. */
	FUSE_BUF_FD_SEEK = (1 << 2),
	/** Go on until size bytes are done or the file ends; without it, a short transfer ends the
	 *  copy. */
	FUSE_BUF_FD_RETRY = (1 << 3),
};

/** How fuse_buf_copy() and its users move data. Since 2.9 */
enum fuse_buf_copy_flags {
	/** Never splice. */
	FUSE_BUF_NO_SPLICE = (1 << 1),
	/** Fail where splicing is impossible, instead of reading and writing. */
	FUSE_BUF_FORCE_SPLICE = (1 << 2),
	/** Let splice move pages instead of copying them. */
	FUSE_BUF_SPLICE_MOVE = (1 << 3),
	/** Do not wait in splice. */
	FUSE_BUF_SPLICE_NONBLOCK = (1 << 4),
};

/** One piece of data, in memory or in a file. Since 2.9 */
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
};

/**
 * A row of pieces, and how much of it has been used: everything before byte off of piece idx. More
 * than one piece needs room behind buf. Since 2.9
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
#define FUSE_BUFVEC_INIT(size__)                                                                   \
	((struct fuse_bufvec){1, 0, 0, {{(size__), (enum fuse_buf_flags)0, NULL, -1, 0}}})

/**
 * Bytes in a row of pieces, used or not; SIZE_MAX if the sum does not fit.
 * Since 2.9.
 */
size_t fuse_buf_size(const struct fuse_bufvec *bufv);

/**
 * Copies from one row to another until one is exhausted; both are advanced.
 *
 * @param flags  how to move data between files
 * @return bytes copied, or a negative errno if nothing was
 * Since 2.9.
 */
ssize_t fuse_buf_copy(struct fuse_bufvec *dst, struct fuse_bufvec *src,
		      enum fuse_buf_copy_flags flags);

/**
 * Makes SIGHUP, SIGINT and SIGTERM end the session's loop, and ignores SIGPIPE. Signals whose
 * action is not the default one are left alone. One session per process.
 *
 * @return 0, or -1
 * Since 2.5.
 */
int fuse_set_signal_handlers(struct fuse_session *se);

/**
 * Undoes fuse_set_signal_handlers().
 * Since 2.5.
 */
void fuse_remove_signal_handlers(struct fuse_session *se);

#ifdef __cplusplus
}
#endif

/*
 * API 2.5 and before, and the library itself, which provides it.
 */
#if FUSE_USE_VERSION <= 25 || defined(FUSE_INTERNAL_COMPAT)
#include "fuse_common_compat.h"
#endif

#endif
