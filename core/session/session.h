/*
 * A session: one connection, the program's low-level operations, and the requests between.
 *
 * The operation table here is the core's own newest form of the low-level API; a front-end
 * fills it with thunks once, leaving NULL what the program does not have. The path API
 * (core/fs) is one more user of this table.
 *
 * Reply rules: each request is answered once, by construction. A reply function takes the
 * request away; a second one on the same handle is refused with -EALREADY and a log message.
 * A handler that returns without having replied keeps its request: it then lives until it is
 * answered, from any thread.
 *
 * Ownership: arguments of an operation (names, buffers, file_info) are valid until it
 * returns, also when the request is kept.
 *
 * Locks: se->lock (see docs/locking.md) guards the lists of kept requests and of workers; it
 * is not taken by a request that is answered inside its handler.
 */
#ifndef CORE_SESSION_SESSION_H
#define CORE_SESSION_SESSION_H

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include "core/base/base.h"
#include "core/base/bufvec.h"
#include "core/session/profile.h"
#include "core/transport/transport.h"
#include "core/wire/wire.h"

struct core_session;
struct core_req;
struct core_worker;
struct core_pollhandle;
struct core_pool_config;

/* ---- data in the core's form ------------------------------------------------------------ */

/* Bits in the order of FUSE 3.18's flag word (and 3.14.0's, as far as that goes). */
enum core_fi_bits {
	CORE_FI_WRITEPAGE = 1 << 0,
	CORE_FI_DIRECT_IO = 1 << 1,
	CORE_FI_KEEP_CACHE = 1 << 2,
	CORE_FI_FLUSH = 1 << 3,
	CORE_FI_NONSEEKABLE = 1 << 4,
	CORE_FI_FLOCK_RELEASE = 1 << 5,
	CORE_FI_CACHE_READDIR = 1 << 6,
	CORE_FI_NOFLUSH = 1 << 7,
	CORE_FI_PARALLEL_DIRECT_WRITES = 1 << 8,
	CORE_FI_KILL_SUIDGID = 1 << 9, /* 7.33, with HANDLE_KILLPRIV_V2: in open, create, write */
};

struct core_file_info {
	int flags;     /* open(2) flags, verbatim from the kernel */
	uint32_t bits; /* enum core_fi_bits */
	uint64_t fh;
	uint64_t lock_owner;
	uint32_t poll_events;
	int32_t backing_id; /* 7.40 passthrough */
};

/* Same layout as struct fuse_entry_param of every release. */
struct core_entry_param {
	uint64_t ino; /* nodeid; 0: negative entry, cached for entry_timeout */
	uint64_t generation;
	struct stat attr;
	double attr_timeout; /* seconds */
	double entry_timeout;
};

/* Same layout as struct fuse_ctx. */
struct core_ctx {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	mode_t umask;
};

/* Same layout as struct fuse_forget_data. */
struct core_forget {
	uint64_t ino;
	uint64_t nlookup;
};

struct core_conn {
	unsigned proto_major, proto_minor;
	uint32_t max_write, max_read, max_readahead; /* bytes */
	uint32_t max_background, congestion_threshold;
	uint32_t time_gran; /* nanoseconds */
	uint32_t max_stack_depth; /* 7.40 passthrough: of backing file systems, this one not counted */
	uint32_t request_timeout; /* seconds, 7.43; 0: none. Needs no bit of want */
	uint64_t capable, want;   /* WIRE_CAP bits */
	uint64_t core_want;       /* by the core itself, shown to no program: counts where offered */
};

/* ---- the operation table ------------------------------------------------------------------ */

struct core_ll_ops {
	void (*init)(void *userdata, struct core_conn *conn);
	void (*destroy)(void *userdata);
	void (*lookup)(struct core_req *, uint64_t parent, const char *name);
	void (*forget)(struct core_req *, uint64_t ino, uint64_t nlookup);
	void (*forget_multi)(struct core_req *, size_t count, const struct core_forget *);
	void (*getattr)(struct core_req *, uint64_t ino, struct core_file_info *fi);
	/* to_set: WIRE_FATTR bits without FH and LOCKOWNER; fi NULL without a handle */
	void (*setattr)(struct core_req *, uint64_t ino, struct stat *, int to_set,
			struct core_file_info *fi);
	void (*readlink)(struct core_req *, uint64_t ino);
	void (*mknod)(struct core_req *, uint64_t parent, const char *name, mode_t, dev_t);
	void (*mkdir)(struct core_req *, uint64_t parent, const char *name, mode_t);
	void (*unlink)(struct core_req *, uint64_t parent, const char *name);
	void (*rmdir)(struct core_req *, uint64_t parent, const char *name);
	void (*symlink)(struct core_req *, const char *target, uint64_t parent, const char *name);
	void (*rename)(struct core_req *, uint64_t parent, const char *name, uint64_t newparent,
		       const char *newname, unsigned flags);
	void (*link)(struct core_req *, uint64_t ino, uint64_t newparent, const char *newname);
	void (*open)(struct core_req *, uint64_t ino, struct core_file_info *);
	void (*read)(struct core_req *, uint64_t ino, size_t size, off_t off,
		     struct core_file_info *);
	void (*write)(struct core_req *, uint64_t ino, const char *buf, size_t size, off_t off,
		      struct core_file_info *);
	void (*write_buf)(struct core_req *, uint64_t ino, struct core_bufvec *, off_t off,
			  struct core_file_info *);
	void (*flush)(struct core_req *, uint64_t ino, struct core_file_info *);
	void (*release)(struct core_req *, uint64_t ino, struct core_file_info *);
	void (*fsync)(struct core_req *, uint64_t ino, int datasync, struct core_file_info *);
	void (*opendir)(struct core_req *, uint64_t ino, struct core_file_info *);
	void (*readdir)(struct core_req *, uint64_t ino, size_t size, off_t off,
			struct core_file_info *);
	void (*readdirplus)(struct core_req *, uint64_t ino, size_t size, off_t off,
			    struct core_file_info *);
	void (*releasedir)(struct core_req *, uint64_t ino, struct core_file_info *);
	void (*fsyncdir)(struct core_req *, uint64_t ino, int datasync, struct core_file_info *);
	void (*statfs)(struct core_req *, uint64_t ino);
	void (*setxattr)(struct core_req *, uint64_t ino, const char *name, const char *value,
			 size_t size, int flags, uint32_t ext_flags);
	void (*getxattr)(struct core_req *, uint64_t ino, const char *name, size_t size);
	void (*listxattr)(struct core_req *, uint64_t ino, size_t size);
	void (*removexattr)(struct core_req *, uint64_t ino, const char *name);
	void (*access)(struct core_req *, uint64_t ino, int mask);
	void (*create)(struct core_req *, uint64_t parent, const char *name, mode_t,
		       struct core_file_info *);
	void (*tmpfile)(struct core_req *, uint64_t parent, mode_t, struct core_file_info *);
	void (*getlk)(struct core_req *, uint64_t ino, struct core_file_info *, struct flock *);
	void (*setlk)(struct core_req *, uint64_t ino, struct core_file_info *, struct flock *,
		      int sleep);
	void (*flock)(struct core_req *, uint64_t ino, struct core_file_info *, int op);
	void (*bmap)(struct core_req *, uint64_t ino, size_t blocksize, uint64_t idx);
	void (*ioctl)(struct core_req *, uint64_t ino, unsigned cmd, void *arg,
		      struct core_file_info *, unsigned flags, const void *in_buf, size_t in_size,
		      size_t out_size);
	/* ph NULL unless the caller asked to be notified; the program owns it otherwise */
	void (*poll)(struct core_req *, uint64_t ino, struct core_file_info *,
		     struct core_pollhandle *ph);
	void (*retrieve_reply)(struct core_req *, void *cookie, uint64_t ino, off_t off,
			       struct core_bufvec *);
	void (*fallocate)(struct core_req *, uint64_t ino, int mode, off_t off, off_t len,
			  struct core_file_info *);
	void (*copy_file_range)(struct core_req *, uint64_t ino_in, off_t off_in,
				struct core_file_info *fi_in, uint64_t ino_out, off_t off_out,
				struct core_file_info *fi_out, size_t len, int flags);
	void (*lseek)(struct core_req *, uint64_t ino, off_t off, int whence,
		      struct core_file_info *);
	void (*statx)(struct core_req *, uint64_t ino, int flags, int mask,
		      struct core_file_info *fi);
	void (*syncfs)(struct core_req *, uint64_t ino);
};

/* ---- life ------------------------------------------------------------------------------------ */

#define CORE_SESSION_RING_DEPTH_MOST 1024U
/* -o transport= */
enum core_transport_choice { CORE_TRANSPORT_AUTO, CORE_TRANSPORT_DEVICE, CORE_TRANSPORT_URING };

struct core_session_config {
	unsigned transport; /* enum core_transport_choice */
	unsigned ring_depth; /* entries a queue over io_uring begins with, if more than its own */
	unsigned min_threads, max_threads; /* -o threads=MIN:MAX; 0: as the loop is asked */
	bool debug;
	uint32_t max_write, max_readahead, max_background, congestion_threshold; /* 0: default */
	uint32_t max_read; /* 0: the kernel's limit; must be what the mount says */
	uint64_t caps_on, caps_off; /* options: forced on where offered, forced off */
	/* The same for what the program may not know of; see "Parallel requests" in docs/session.md. */
	uint64_t wire_on, wire_off;
	bool never_written; /* the program has nothing that writes to a file */
	int read_ahead_kb; /* -1: raised where reads are slow; 0: left alone */
	bool no_splice; /* data behind descriptors is copied */
	bool no_interrupt;
	bool deny_others; /* allow_root: only the owner and root may begin anything */
};

struct core_args;
/* Takes the options both APIs have out of args, and cfg says what they were. -EINVAL: logged. */
int core_session_options(struct core_args *args, struct core_session_config *cfg);
bool core_session_is_option(const char *opt);
extern const char core_session_options_help[]; /* lines of --help */

/* ops is copied. NULL without memory (logged). */
struct core_session *core_session_new(const struct core_profile *profile,
				      const struct core_session_config *cfg,
				      const struct core_ll_ops *ops, void *userdata);
/* Calls the program's destroy if init has run and DESTROY has not; frees unanswered requests. */
void core_session_free(struct core_session *se);

/* The session owns the transport from now on. */
void core_session_attach(struct core_session *se, struct core_transport *t);
/*
 * Takes it back (NULL if none), for core_transport_put(). Requests the program keeps may still be
 * answered; until then the connection stays open.
 */
struct core_transport *core_session_detach(struct core_session *se);
struct core_transport *core_session_transport(struct core_session *se);
void *core_session_userdata(struct core_session *se);
struct core_session_config *core_session_config(struct core_session *se);

/*
 * Serves until exit, unmount or abort.
 * 0: unmounted or exit without a cause; > 0: the signal number given to core_session_exit();
 * < 0: negative errno (-ECONNABORTED: the connection was aborted; -EPROTO: INIT failed).
 */
int core_session_loop(struct core_session *se);
int core_session_loop_mt(struct core_session *se, const struct core_pool_config *cfg);

/* Ends the loop within a bounded time, from any thread, a handler or a signal handler. */
void core_session_exit(struct core_session *se, int reason);
bool core_session_exited(struct core_session *se);
void core_session_reset(struct core_session *se);
/* Makes threads that wait for a request look at core_session_exited() again. */
int core_session_wake(struct core_session *se);
/* Set for good by INIT failing and the like; the loop returns it. */
void core_session_set_error(struct core_session *se, int err);

/*
 * For programs that have their own loop: handles one message in buf (8-byte aligned), received
 * on ch (NULL: the session's own). Runs in the calling thread.
 */
void core_session_process(struct core_session *se, const void *buf, size_t len,
			  struct core_channel *ch);
/* Receives one message into buf of size bytes. Bytes, 0 (exit, unmount), or -errno. */
int core_session_receive(struct core_session *se, void *buf, size_t size);
size_t core_session_bufsize(struct core_session *se);

/* ---- requests ---------------------------------------------------------------------------------- */

struct core_session *core_req_session(const struct core_req *req);
const struct core_ctx *core_req_ctx(struct core_req *req);
/* Over io_uring: where the kernel takes reply data from without a copy. Else -EINVAL. */
int core_req_payload(struct core_req *req, char **payload, size_t *size);
bool core_req_interrupted(const struct core_req *req);
/* handle: core_req_handle() of the request, what front-ends' programs know it by. */
typedef void (*core_interrupt_func)(void *handle, void *data);
/* func is called at most once, perhaps before this returns, in any thread; never after the reply. */
void core_req_interrupt_func(struct core_req *req, core_interrupt_func func, void *data);
/* Supplementary groups of the caller, from /proc. How many there are (may exceed size) or -errno. */
int core_req_getgroups(const struct core_req *req, int size, gid_t list[]);

/*
 * What the program holds is a handle: the request's address with a generation in its low bits,
 * so that a stale one is noticed. NULL (logged) for a stale handle.
 */
#define CORE_REQ_ALIGN 512
/* The first members of a request. */
struct core_req_head {
	struct core_session *se;
	void *userdata;       /* the session's */
	_Atomic uint32_t gen; /* moves each time the object is used again */
};
struct core_req *core_req_bad_handle(void *handle);

static inline void *core_req_handle(struct core_req *req)
{
	struct core_req_head *head = (void *)req;

	return (char *)req + (head->gen & (CORE_REQ_ALIGN - 1));
}
static inline struct core_req *core_req_from_handle(void *handle)
{
	uintptr_t gen = (uintptr_t)handle & (CORE_REQ_ALIGN - 1);
	struct core_req_head *head = (void *)((char *)handle - gen);

	if (__builtin_expect(head && (head->gen & (CORE_REQ_ALIGN - 1)) == gen, 1))
		return (struct core_req *)head;
	return core_req_bad_handle(handle);
}
static inline void *core_req_userdata(struct core_req *req)
{
	return ((struct core_req_head *)(void *)req)->userdata;
}

/* Each returns 0, -ENOENT (the kernel no longer waits) or another negative errno (logged). */
int core_reply_err(struct core_req *, int err); /* err: 0 or a positive errno */
void core_reply_none(struct core_req *);
int core_reply_entry(struct core_req *, const struct core_entry_param *);
int core_reply_create(struct core_req *, const struct core_entry_param *,
		      const struct core_file_info *);
int core_reply_attr(struct core_req *, const struct stat *, double timeout);
int core_reply_readlink(struct core_req *, const char *target);
int core_reply_open(struct core_req *, const struct core_file_info *);
int core_reply_write(struct core_req *, size_t count);
int core_reply_buf(struct core_req *, const void *buf, size_t size);
int core_reply_iov(struct core_req *, const struct iovec *iov, int count);
int core_reply_data(struct core_req *, struct core_bufvec *, int copy_flags);
int core_reply_statfs(struct core_req *, const struct statvfs *);
int core_reply_xattr(struct core_req *, size_t count);
int core_reply_lock(struct core_req *, const struct flock *);
int core_reply_bmap(struct core_req *, uint64_t idx);
int core_reply_ioctl(struct core_req *, int result, const void *buf, size_t size);
int core_reply_ioctl_iov(struct core_req *, int result, const struct iovec *iov, int count);
int core_reply_ioctl_retry(struct core_req *, const struct iovec *in, size_t in_count,
			   const struct iovec *out, size_t out_count);
int core_reply_poll(struct core_req *, unsigned revents);
int core_reply_lseek(struct core_req *, off_t off);
struct statx; /* <sys/stat.h> with _GNU_SOURCE has it */
int core_reply_statx(struct core_req *, int flags, const struct statx *, double timeout);

/*
 * Backing files (7.40), for core_file_info.backing_id. The number (> 0), 0 for close, or -errno
 * (logged): -EOPNOTSUPP if PASSTHROUGH was not agreed, -EPERM without privilege.
 */
int core_backing_open(struct core_session *, int fd);
int core_backing_register(struct core_session *, int fd); /* the same, not logged */
int core_backing_close(struct core_session *, int id);

/* Directory entries: bytes the entry needs; written only if that is <= size. */
size_t core_add_direntry(char *buf, size_t size, const char *name, const struct stat *, off_t off);
size_t core_add_direntry_plus(struct core_req *, char *buf, size_t size, const char *name,
			      const struct core_entry_param *, off_t off);

/* ---- notifications: 0 or -errno (-ENOSYS: the kernel is too old, -ENOENT: it does not know it) -- */

int core_notify_poll(struct core_pollhandle *ph);
void core_pollhandle_free(struct core_pollhandle *ph);
int core_notify_inval_inode(struct core_session *, uint64_t ino, off_t off, off_t len);
int core_notify_inval_entry(struct core_session *, uint64_t parent, const char *name, size_t len);
int core_notify_expire_entry(struct core_session *, uint64_t parent, const char *name, size_t len);
int core_notify_delete(struct core_session *, uint64_t parent, uint64_t child, const char *name,
		       size_t len);
int core_notify_store(struct core_session *, uint64_t ino, off_t off, struct core_bufvec *,
		      int copy_flags);
/* The answer comes to ops->retrieve_reply with cookie. */
int core_notify_retrieve(struct core_session *, uint64_t ino, size_t size, off_t off, void *cookie);
int core_notify_resend(struct core_session *);
int core_notify_inc_epoch(struct core_session *);
int core_notify_prune(struct core_session *, const uint64_t *nodeids, size_t count);

/* ---- for core/fs and the front-ends' fuse_get_context -------------------------------------------- */

/* Same layout as struct fuse_context of both APIs. */
struct core_context {
	void *fuse;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	void *private_data;
	mode_t umask;
};

/* The context of the request this thread handles; outside one, a zeroed one of the thread's own. */
struct core_context *core_context(void);
/* The request this thread handles, or NULL. */
struct core_req *core_req_current(void);

#endif
