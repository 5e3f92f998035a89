/*
 * A simulated kernel: the other side of the FUSE protocol, for tests that need no mount.
 *
 * It speaks any minor from 7.12 to 7.45 with any set of INIT flags, has a call for each
 * operation, and keeps the books a kernel keeps: each request answered exactly once, replies of
 * a length and content the kernel accepts, lookup counts, notifications well formed. What is
 * wrong is a violation: a text, collected; sk_end() returns how many there are.
 *
 *	sk = sk_new_memory(peer, &(struct sk_config){.minor = 31});
 *	sk_init(sk);
 *	err = sk_lookup(sk, 1, "file", &entry);
 *	...
 *	CU_ASSERT_EQUAL(sk_end(sk), 0);
 *	sk_free(sk);
 *
 * Calls return what the system call behind them would: 0 or a count, or negative errno: the
 * error in the reply, -EIO where the kernel refuses the reply (always with a violation),
 * -ETIMEDOUT if none came in time, -ENOTCONN after a disconnect, -EOPNOTSUPP for an operation
 * this minor does not have. Structures are those of core/wire/proto.h; a pointer to a result
 * may be NULL.
 *
 * Threads: every function may be called from several threads. There is no thread of its own:
 * replies and notifications are taken in by whoever waits (a call, sk_wait, sk_notification,
 * sk_drain, sk_end).
 */
#ifndef SIMKERNEL_H
#define SIMKERNEL_H

#include <stdarg.h>
#include <stdio.h>
#include "core/transport/transport.h"
#include "core/wire/wire.h"

struct sk;
struct sk_req;

/* What Linux offers on /dev/fuse: all flags but those of virtiofs, of io_uring, and dead ones. */
#define SK_CAPS_LINUX                                                                              \
	(((WIRE_CAP(REQUEST_TIMEOUT) << 1) - 1) &                                                  \
	 ~(WIRE_CAP(FILE_OPS) | WIRE_CAP(MAP_ALIGNMENT) | WIRE_CAP(SUBMOUNTS) |                    \
	   WIRE_CAP(INIT_RESERVED) | WIRE_CAP(HAS_INODE_DAX) | WIRE_CAP(OVER_IO_URING)))
#define SK_CAPS_NONE (1ULL << 63)

struct sk_config {
	unsigned minor;         /* 12..45; 0: newest */
	uint64_t caps;          /* INIT flags offered, less those newer than minor; 0:
				   SK_CAPS_LINUX; SK_CAPS_NONE: none */
	uint32_t max_readahead; /* bytes; 0: 128 KiB */
	uint32_t uid, gid, pid; /* of requests */
	int timeout_ms;         /* for an answer; 0: 20000 */
	/* Extensions of CREATE, MKNOD, MKDIR, SYMLINK and TMPFILE, when the flag for them was
	 * negotiated (SECURITY_CTX, CREATE_SUPP_GROUP). Strings stay the caller's. */
	const char *secctx_name, *secctx; /* NULL: an empty list of contexts */
	uint32_t supp_group;              /* 0: none */
	bool abrupt;                      /* sk_end() as Linux unmounts: no FORGETs, no DESTROY */
	FILE *trace;                      /* every message, as with -d */
};

/* ---- life ---------------------------------------------------------------------------------- */

/* On a memory transport's peer, which is freed with the kernel. NULL: no memory. */
struct sk *sk_new_memory(struct core_mem_peer *peer, const struct sk_config *config);
/*
 * On a SOCK_SEQPACKET descriptor, closed with the kernel: what a library reads from and writes
 * to instead of /dev/fuse. A socket cannot give the errors ENODEV and ECONNABORTED: a
 * disconnect is seen as end of file; it cannot answer ENOENT to a reply either.
 */
struct sk *sk_new_socket(int fd, const struct sk_config *config);
/* fds[0] for sk_new_socket(), fds[1] for the library; room for messages of 1 MiB if allowed. */
int sk_socketpair(int fds[2]);

/* The INIT handshake. 0, or negative errno. */
int sk_init(struct sk *k);
/*
 * The CUSE_INIT handshake instead, on what stands for /dev/cuse; operations are then about node 0.
 * flags: what the kernel offers. The device's description (strings, each terminated) is *info,
 * valid until sk_free(). 0, or negative errno.
 */
int sk_cuse_init(struct sk *k, uint32_t flags, struct wire_cuse_init_out *out, const char **info,
		 size_t *info_len);
unsigned sk_minor(struct sk *k);  /* negotiated */
uint64_t sk_caps(struct sk *k);   /* negotiated */
const struct wire_init_out *sk_init_out(struct sk *k); /* newest size, zero-extended */

/*
 * Unmounts: waits for what is unanswered, forgets every node, sends DESTROY (both unless the
 * configuration says abrupt; Linux itself does neither for type fuse), disconnects. Returns the
 * number of violations. Called again, or after sk_disconnect(), it only counts.
 */
int sk_end(struct sk *k);
void sk_free(struct sk *k);

int sk_violations(struct sk *k);
const char *sk_violation(struct sk *k, int i); /* text, valid until sk_free(); NULL: no such */
void sk_report(struct sk *k, FILE *to);        /* all of them, a line each */
/* Takes away the first violation that contains the text: true if there was one. */
bool sk_expect_violation(struct sk *k, const char *text);
/* For tests that find something wrong themselves. */
void sk_violate(struct sk *k, const char *fmt, ...) CORE_PRINTF(2, 3);

/* For requests from now on. */
void sk_set_ids(struct sk *k, uint32_t uid, uint32_t gid, uint32_t pid);
void sk_set_trace(struct sk *k, FILE *trace);

/* ---- operations ---------------------------------------------------------------------------- */

/* Any request; the calls below are made of it. */
struct sk_call {
	uint32_t opcode;
	uint64_t nodeid;
	const void *in; /* structure in its newest size, cut to what this minor has; or NULL */
	const char *name[2];
	const void *data; /* behind the names */
	size_t data_len;
	void *out; /* gets the reply's first out_size bytes, the rest is zeroed; or NULL */
	size_t out_size;
};
/* Bytes of the reply's body, or negative errno. A request without a reply: 0. */
long sk_call(struct sk *k, const struct sk_call *call);

int sk_lookup(struct sk *k, uint64_t parent, const char *name, struct wire_entry_out *entry);
int sk_forget(struct sk *k, uint64_t nodeid, uint64_t nlookup);
int sk_batch_forget(struct sk *k, const struct wire_forget_one *list, uint32_t count);
int sk_getattr(struct sk *k, uint64_t nodeid, const uint64_t *fh, struct wire_attr_out *attr);
int sk_setattr(struct sk *k, uint64_t nodeid, const struct wire_setattr_in *in,
	       struct wire_attr_out *attr);
/* Length of the target; it is terminated if size allows. */
long sk_readlink(struct sk *k, uint64_t nodeid, char *target, size_t size);
int sk_symlink(struct sk *k, uint64_t parent, const char *name, const char *target,
	       struct wire_entry_out *entry);
int sk_mknod(struct sk *k, uint64_t parent, const char *name, uint32_t mode, uint32_t rdev,
	     uint32_t umask, struct wire_entry_out *entry);
int sk_mkdir(struct sk *k, uint64_t parent, const char *name, uint32_t mode, uint32_t umask,
	     struct wire_entry_out *entry);
int sk_unlink(struct sk *k, uint64_t parent, const char *name);
int sk_rmdir(struct sk *k, uint64_t parent, const char *name);
/* RENAME without flags, RENAME2 with. */
int sk_rename(struct sk *k, uint64_t parent, const char *name, uint64_t newparent,
	      const char *newname, uint32_t flags);
int sk_link(struct sk *k, uint64_t nodeid, uint64_t newparent, const char *newname,
	    struct wire_entry_out *entry);
int sk_open(struct sk *k, uint64_t nodeid, uint32_t flags, struct wire_open_out *open);
int sk_opendir(struct sk *k, uint64_t nodeid, uint32_t flags, struct wire_open_out *open);
int sk_create(struct sk *k, uint64_t parent, const char *name, uint32_t flags, uint32_t mode,
	      uint32_t umask, struct wire_create_out *created);
int sk_tmpfile(struct sk *k, uint64_t parent, uint32_t flags, uint32_t mode, uint32_t umask,
	       struct wire_create_out *created);
/* Bytes read or written. */
long sk_read(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, void *buf, size_t size);
long sk_write(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, const void *buf,
	      size_t size);
long sk_readdir(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, void *buf,
		size_t size);
long sk_readdirplus(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, void *buf,
		    size_t size);
int sk_statfs(struct sk *k, uint64_t nodeid, struct wire_statfs_out *st);
int sk_release(struct sk *k, uint64_t nodeid, uint64_t fh, uint32_t flags);
int sk_releasedir(struct sk *k, uint64_t nodeid, uint64_t fh, uint32_t flags);
int sk_flush(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t lock_owner);
int sk_fsync(struct sk *k, uint64_t nodeid, uint64_t fh, bool datasync);
int sk_fsyncdir(struct sk *k, uint64_t nodeid, uint64_t fh, bool datasync);
int sk_setxattr(struct sk *k, uint64_t nodeid, const char *name, const void *value, size_t size,
		uint32_t flags);
/* size 0 asks for the length. */
long sk_getxattr(struct sk *k, uint64_t nodeid, const char *name, void *value, size_t size);
long sk_listxattr(struct sk *k, uint64_t nodeid, void *list, size_t size);
int sk_removexattr(struct sk *k, uint64_t nodeid, const char *name);
int sk_access(struct sk *k, uint64_t nodeid, uint32_t mask);
int sk_getlk(struct sk *k, uint64_t nodeid, const struct wire_lk_in *in, struct wire_lk_out *lk);
int sk_setlk(struct sk *k, uint64_t nodeid, const struct wire_lk_in *in, bool wait);
int sk_bmap(struct sk *k, uint64_t nodeid, uint64_t block, uint32_t blocksize, uint64_t *result);
/*
 * fh, flags, cmd, arg, in_size and out_size from *in; data of in_size bytes goes out, up to
 * out_size (with RETRY the list of iovecs) comes back in out. Bytes that came back, or an error;
 * what the program returned is in io->result.
 */
long sk_ioctl(struct sk *k, uint64_t nodeid, const struct wire_ioctl_in *in, const void *data,
	      struct wire_ioctl_out *io, void *out);
int sk_poll(struct sk *k, uint64_t nodeid, const struct wire_poll_in *in, uint32_t *revents);
int sk_fallocate(struct sk *k, uint64_t nodeid, uint64_t fh, uint32_t mode, uint64_t offset,
		 uint64_t length);
int64_t sk_lseek(struct sk *k, uint64_t nodeid, uint64_t fh, uint64_t offset, uint32_t whence);
/* COPY_FILE_RANGE_64 from 7.45. */
int64_t sk_copy_file_range(struct sk *k, uint64_t nodeid, const struct wire_copy_file_range_in *in);
int sk_syncfs(struct sk *k, uint64_t nodeid);
int sk_statx(struct sk *k, uint64_t nodeid, const uint64_t *fh, uint32_t flags, uint32_t mask,
	     struct wire_statx_out *out);
int sk_destroy(struct sk *k);

/* Walks what readdir and readdirplus gave. pos starts with 0. */
struct sk_dirent {
	struct wire_entry_out entry; /* readdirplus */
	uint64_t ino, off;
	uint32_t type;
	char name[1025];
};
bool sk_dirent_next(const void *buf, long len, size_t *pos, bool plus, struct sk_dirent *d);

/* ---- requests at the same time ------------------------------------------------------------- */

/*
 * The next call of this thread only sends: it returns 0 (or an error of its own) and the request
 * is in *req, to be waited for and freed. Its result pointers must be NULL.
 *
 *	sk_submit(k, &req, sk_lookup(k, 1, "slow", NULL));
 */
void sk_async(struct sk_req **req);
#define sk_submit(k, req, call) ((void)(k), sk_async(req), (call))
/*
 * 0 or the error, as the call would have returned it. ms 0: the configured timeout, and it is a
 * violation if it passes; otherwise -ETIMEDOUT only says that it is not answered yet.
 */
int sk_wait(struct sk *k, struct sk_req *req, int ms);
const void *sk_reply(struct sk_req *req, size_t *len); /* body, after a sk_wait() of 0 */
uint64_t sk_unique(struct sk_req *req);
/* If it is unanswered, the kernel still expects its answer. */
void sk_req_free(struct sk *k, struct sk_req *req);

/* From here requests are kept back; released in this order. */
enum sk_order { SK_FIFO, SK_LIFO, SK_SHUFFLE };
void sk_hold(struct sk *k);
int sk_release_held(struct sk *k, enum sk_order order, unsigned seed);

/* ---- trouble ------------------------------------------------------------------------------- */

/* Sends INTERRUPT for an unanswered request; repeats it when the library answers EAGAIN. */
int sk_interrupt(struct sk *k, struct sk_req *req);
/* Sends all that is unanswered again, as after NOTIFY_RESEND (which does it by itself). */
int sk_resend(struct sk *k);
/*
 * The kernel gives the request up: it is over with -EINTR, its reply is answered ENOENT (memory)
 * or ignored.
 */
void sk_abandon(struct sk *k, struct sk_req *req);
/* ENODEV: unmounted. ECONNABORTED: aborted. Every unanswered request ends with -ENOTCONN. */
void sk_disconnect(struct sk *k, int err);

/* Bytes as they are; no request is registered. */
int sk_send_raw(struct sk *k, const void *msg, size_t len);
/*
 * Changes the next message of this kernel before it is sent: called once, returns the new
 * length, at most len + 64.
 */
typedef size_t (*sk_mangler)(void *user, void *msg, size_t len);
void sk_mangle(struct sk *k, sk_mangler mangle, void *user);

/* ---- notifications ------------------------------------------------------------------------- */

struct sk_notification {
	int code; /* enum wire_notify */
	size_t len;
	char data[]; /* what follows the header */
};
/* The next one, checked and in order; to be freed with free(). NULL: none in that time. */
struct sk_notification *sk_notification(struct sk *k, int ms);
/* The answer to NOTIFY_RETRIEVE. */
int sk_notify_reply(struct sk *k, const struct wire_notify_retrieve_out *asked, const void *data,
		    uint32_t size);

/* ---- books --------------------------------------------------------------------------------- */

uint64_t sk_nlookup(struct sk *k, uint64_t nodeid); /* lookups not yet forgotten */
size_t sk_nodes(struct sk *k);                      /* nodes with any */
size_t sk_unanswered(struct sk *k);
struct sk_stats {
	uint64_t requests, replies, notifications, interrupts, interrupts_again;
	uint64_t refused; /* replies a kernel would have answered ENOENT: resent, abandoned */
};
void sk_stats(struct sk *k, struct sk_stats *stats);
/* Takes in what has come without waiting for more. */
void sk_drain(struct sk *k);

#endif
