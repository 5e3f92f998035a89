/*
 * Capabilities and the other contents of struct fuse_conn_info; the API's defaults.
 *
 * The only file of this front-end that knows the protocol's numbers. FUSE_CAP_* bits are not all
 * the protocol's: ACL and KILLPRIV are exchanged, and EXPIRE_ONLY is in the second word there.
 */
#include "fuse3/internal.h"

#include "core/session/profile.h"
#include "core/workers/pool.h"

static const struct {
	unsigned pub;
	uint64_t wire;
} caps[] = {
	{FUSE_CAP_ASYNC_READ, WIRE_CAP(ASYNC_READ)},
	{FUSE_CAP_POSIX_LOCKS, WIRE_CAP(POSIX_LOCKS)},
	{FUSE_CAP_ATOMIC_O_TRUNC, WIRE_CAP(ATOMIC_O_TRUNC)},
	{FUSE_CAP_EXPORT_SUPPORT, WIRE_CAP(EXPORT_SUPPORT)},
	{FUSE_CAP_DONT_MASK, WIRE_CAP(DONT_MASK)},
	{FUSE_CAP_SPLICE_WRITE, WIRE_CAP(SPLICE_WRITE)},
	{FUSE_CAP_SPLICE_MOVE, WIRE_CAP(SPLICE_MOVE)},
	{FUSE_CAP_SPLICE_READ, WIRE_CAP(SPLICE_READ)},
	{FUSE_CAP_FLOCK_LOCKS, WIRE_CAP(FLOCK_LOCKS)},
	{FUSE_CAP_IOCTL_DIR, WIRE_CAP(IOCTL_DIR)},
	{FUSE_CAP_AUTO_INVAL_DATA, WIRE_CAP(AUTO_INVAL_DATA)},
	{FUSE_CAP_READDIRPLUS, WIRE_CAP(DO_READDIRPLUS)},
	{FUSE_CAP_READDIRPLUS_AUTO, WIRE_CAP(READDIRPLUS_AUTO)},
	{FUSE_CAP_ASYNC_DIO, WIRE_CAP(ASYNC_DIO)},
	{FUSE_CAP_WRITEBACK_CACHE, WIRE_CAP(WRITEBACK_CACHE)},
	{FUSE_CAP_NO_OPEN_SUPPORT, WIRE_CAP(NO_OPEN_SUPPORT)},
	{FUSE_CAP_PARALLEL_DIROPS, WIRE_CAP(PARALLEL_DIROPS)},
	{FUSE_CAP_POSIX_ACL, WIRE_CAP(POSIX_ACL)},
	{FUSE_CAP_HANDLE_KILLPRIV, WIRE_CAP(HANDLE_KILLPRIV)},
	{FUSE_CAP_CACHE_SYMLINKS, WIRE_CAP(CACHE_SYMLINKS)},
	{FUSE_CAP_NO_OPENDIR_SUPPORT, WIRE_CAP(NO_OPENDIR_SUPPORT)},
	{FUSE_CAP_EXPLICIT_INVAL_DATA, WIRE_CAP(EXPLICIT_INVAL_DATA)},
	{FUSE_CAP_EXPIRE_ONLY, WIRE_CAP(HAS_EXPIRE_ONLY)},
};

#define VISIBLE                                                                                    \
	(WIRE_CAP(ASYNC_READ) | WIRE_CAP(POSIX_LOCKS) | WIRE_CAP(ATOMIC_O_TRUNC) |                 \
	 WIRE_CAP(EXPORT_SUPPORT) | WIRE_CAP(DONT_MASK) | WIRE_CAP(SPLICE_WRITE) |                 \
	 WIRE_CAP(SPLICE_MOVE) | WIRE_CAP(SPLICE_READ) | WIRE_CAP(FLOCK_LOCKS) |                   \
	 WIRE_CAP(IOCTL_DIR) | WIRE_CAP(AUTO_INVAL_DATA) | WIRE_CAP(DO_READDIRPLUS) |              \
	 WIRE_CAP(READDIRPLUS_AUTO) | WIRE_CAP(ASYNC_DIO) | WIRE_CAP(WRITEBACK_CACHE) |            \
	 WIRE_CAP(NO_OPEN_SUPPORT) | WIRE_CAP(PARALLEL_DIROPS) | WIRE_CAP(POSIX_ACL) |             \
	 WIRE_CAP(HANDLE_KILLPRIV) | WIRE_CAP(CACHE_SYMLINKS) | WIRE_CAP(NO_OPENDIR_SUPPORT) |     \
	 WIRE_CAP(EXPLICIT_INVAL_DATA) | WIRE_CAP(HAS_EXPIRE_ONLY))

/* On by default in 3.14, as observed; those that depend on the operations are the core's matter. */
#define DEFAULTS                                                                                   \
	(WIRE_CAP(ASYNC_READ) | WIRE_CAP(ATOMIC_O_TRUNC) | WIRE_CAP(IOCTL_DIR) |                   \
	 WIRE_CAP(AUTO_INVAL_DATA) | WIRE_CAP(ASYNC_DIO) | WIRE_CAP(PARALLEL_DIROPS))

/* What the program cannot notice. */
#define ALWAYS                                                                                     \
	(WIRE_CAP(BIG_WRITES) | WIRE_CAP(MAX_PAGES) | WIRE_CAP(ABORT_ERROR) |                      \
	 WIRE_CAP(HAS_EXPIRE_ONLY))

/* No kernel offers it: stands for bits of conn->want that mean nothing. */
#define NO_SUCH_CAP (1ULL << 63)

#define PROFILE(defaults)                                                                          \
	{                                                                                          \
		.api = "FUSE 3", .caps_visible = VISIBLE, .caps_default = (defaults),              \
		.caps_always = ALWAYS, .strict_want = true, .max_write = UINT32_MAX,               \
		.utime_omit_default = true, .max_threads = CORE_POOL_CEILING,                      \
	}

const struct core_profile fuse3_ll_profile = PROFILE(DEFAULTS);
/* The path API resolves "." and ".." itself. */
const struct core_profile fuse3_path_profile = PROFILE(DEFAULTS | WIRE_CAP(EXPORT_SUPPORT));

const struct core_mount_profile fuse3_mount_profile = {
	.take_n = true,
	.fd_cloexec = true,
};

static unsigned caps_to_public(uint64_t wire)
{
	unsigned pub = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(caps); i++)
		if (wire & caps[i].wire)
			pub |= caps[i].pub;
	return pub;
}

static uint64_t caps_from_public(unsigned pub)
{
	uint64_t wire = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(caps); i++)
		if (pub & caps[i].pub) {
			wire |= caps[i].wire;
			pub &= ~caps[i].pub;
		}
	if (pub) {
		core_err("the file system wants unknown capabilities (bits 0x%x of conn->want)\n",
			 pub);
		wire |= NO_SUCH_CAP;
	}
	return wire;
}

void conn_to_public(struct fuse_conn_info *pub, const struct core_conn *conn)
{
	memset(pub, 0, sizeof(*pub));
	pub->proto_major = conn->proto_major;
	pub->proto_minor = conn->proto_minor;
	pub->max_write = conn->max_write;
	pub->max_read = conn->max_read;
	pub->max_readahead = conn->max_readahead;
	pub->capable = caps_to_public(conn->capable);
	/* 3.14 shows it as wanted, but never tells the kernel, which goes on clearing setuid bits.
	 */
	pub->want = caps_to_public(conn->want) | (pub->capable & FUSE_CAP_HANDLE_KILLPRIV);
	pub->max_background = conn->max_background;
	pub->congestion_threshold = conn->congestion_threshold;
	pub->time_gran = conn->time_gran;
}

void conn_from_public(struct core_conn *conn, const struct fuse_conn_info *pub)
{
	conn->max_write = pub->max_write;
	conn->max_readahead = pub->max_readahead;
	conn->max_background = pub->max_background;
	conn->congestion_threshold = pub->congestion_threshold;
	conn->time_gran = pub->time_gran;
	conn->want = (conn->want & ~VISIBLE) |
		     caps_from_public(pub->want & ~(unsigned)FUSE_CAP_HANDLE_KILLPRIV);
}

void conn_agree(struct core_session *cs, struct core_conn *conn, const struct fuse_conn_info *pub)
{
	conn_from_public(conn, pub);
	if (pub->max_read == conn->max_read)
		return;
	core_err("init() set max_read to %u, but the mount has max_read=%u: give the mount option "
		 "-o max_read=%u as well\n",
		 pub->max_read, conn->max_read, pub->max_read);
	core_session_set_error(cs, -EPROTO);
	core_session_exit(cs, 0);
}

void protocol_version(unsigned *major, unsigned *minor)
{
	*major = WIRE_MAJOR;
	*minor = WIRE_MINOR;
}
