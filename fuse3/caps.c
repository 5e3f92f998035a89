/*
 * Capabilities and the other contents of struct fuse_conn_info; the API's defaults.
 *
 * The only file of this front-end that knows the protocol's numbers. FUSE_CAP_* bits are not all
 * the protocol's: ACL and KILLPRIV are exchanged, and EXPIRE_ONLY is in the second word there.
 */
#include "fuse3/internal.h"

#include <inttypes.h>

#include "core/session/profile.h"
#include "core/workers/pool.h"

/* F(name here, name in the protocol): every capability the program's headers name. */
#define CAPS_COMMON(F)                                                                             \
	F(ASYNC_READ, ASYNC_READ)                                                                  \
	F(POSIX_LOCKS, POSIX_LOCKS)                                                                \
	F(ATOMIC_O_TRUNC, ATOMIC_O_TRUNC)                                                          \
	F(EXPORT_SUPPORT, EXPORT_SUPPORT)                                                          \
	F(DONT_MASK, DONT_MASK)                                                                    \
	F(SPLICE_WRITE, SPLICE_WRITE)                                                              \
	F(SPLICE_MOVE, SPLICE_MOVE)                                                                \
	F(SPLICE_READ, SPLICE_READ)                                                                \
	F(FLOCK_LOCKS, FLOCK_LOCKS)                                                                \
	F(IOCTL_DIR, IOCTL_DIR)                                                                    \
	F(AUTO_INVAL_DATA, AUTO_INVAL_DATA)                                                        \
	F(READDIRPLUS, DO_READDIRPLUS)                                                             \
	F(READDIRPLUS_AUTO, READDIRPLUS_AUTO)                                                      \
	F(ASYNC_DIO, ASYNC_DIO)                                                                    \
	F(WRITEBACK_CACHE, WRITEBACK_CACHE)                                                        \
	F(NO_OPEN_SUPPORT, NO_OPEN_SUPPORT)                                                        \
	F(PARALLEL_DIROPS, PARALLEL_DIROPS)                                                        \
	F(POSIX_ACL, POSIX_ACL)                                                                    \
	F(HANDLE_KILLPRIV, HANDLE_KILLPRIV)                                                        \
	F(CACHE_SYMLINKS, CACHE_SYMLINKS)                                                          \
	F(NO_OPENDIR_SUPPORT, NO_OPENDIR_SUPPORT)                                                  \
	F(EXPLICIT_INVAL_DATA, EXPLICIT_INVAL_DATA)                                                \
	F(EXPIRE_ONLY, HAS_EXPIRE_ONLY)

#if FUSE3_ABI >= 4
#define CAPS(F)                                                                                    \
	CAPS_COMMON(F)                                                                             \
	F(SETXATTR_EXT, SETXATTR_EXT)                                                              \
	F(HANDLE_KILLPRIV_V2, HANDLE_KILLPRIV_V2)                                                  \
	F(DIRECT_IO_ALLOW_MMAP, DIRECT_IO_ALLOW_MMAP)                                              \
	F(PASSTHROUGH, PASSTHROUGH)                                                                \
	F(NO_EXPORT_SUPPORT, NO_EXPORT_SUPPORT)                                                    \
	F(OVER_IO_URING, OVER_IO_URING)
#elif FUSE3_SO3_LAYOUT >= 316
#define CAPS(F) CAPS_COMMON(F) F(SETXATTR_EXT, SETXATTR_EXT)
#else
#define CAPS(F) CAPS_COMMON(F)
#endif

#define CAP_ROW(here, wire) {FUSE_CAP_##here, WIRE_CAP(wire)},
static const struct {
	uint64_t pub, wire;
} caps[] = {CAPS(CAP_ROW)};

#define CAP_OR(here, wire) | WIRE_CAP(wire)
#define VISIBLE            (0 CAPS(CAP_OR))

/* What depends on the operations is the core's matter. */
#define DEFAULTS_COMMON                                                                            \
	(WIRE_CAP(ASYNC_READ) | WIRE_CAP(ATOMIC_O_TRUNC) | WIRE_CAP(IOCTL_DIR) |                   \
	 WIRE_CAP(AUTO_INVAL_DATA) | WIRE_CAP(ASYNC_DIO))
#if FUSE3_ABI >= 4 /* as observed with 3.17.2 and 3.18.3, but for the transport */
#define DEFAULTS (DEFAULTS_COMMON | WIRE_CAP(OVER_IO_URING))
#else /* as observed with 3.14.0 */
#define DEFAULTS (DEFAULTS_COMMON | WIRE_CAP(PARALLEL_DIROPS))
#endif

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

static uint64_t caps_to_public(uint64_t wire)
{
	uint64_t pub = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(caps); i++)
		if (wire & caps[i].wire)
			pub |= caps[i].pub;
	return pub;
}

static uint64_t caps_from_public(uint64_t pub)
{
	uint64_t wire = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(caps); i++)
		if (pub & caps[i].pub) {
			wire |= caps[i].wire;
			pub &= ~caps[i].pub;
		}
	if (pub) {
		core_err("the file system wants unknown capabilities (bits 0x%" PRIx64
			 " of conn->want)\n",
			 pub);
		wire |= NO_SUCH_CAP;
	}
	return wire;
}

/* ---- want and want_ext --------------------------------------------------------------------------
 */

#if FUSE3_ABI >= 4

/* The structure that init is working on in this thread, and what it was shown as wanted. */
static __thread struct {
	const struct fuse_conn_info *conn;
	uint64_t want;
} shown;

static void show_caps(struct fuse_conn_info *pub, uint64_t capable, uint64_t want)
{
	pub->capable_ext = capable;
	pub->capable = (uint32_t)capable;
	pub->want_ext = want;
	pub->want = (uint32_t)want;
	shown.conn = pub;
	shown.want = want;
}

/*
 * Where nobody knows what was shown, an untouched want_ext is taken to have been 0. Programs that
 * assign want instead of changing bits of it mean nothing by taking io_uring out: that is done by
 * want_ext or fuse_unset_feature_flag().
 */
EXPORT int fuse_convert_to_conn_want_ext(struct fuse_conn_info *conn)
{
	uint64_t before = conn == shown.conn ? shown.want : 0;

	if (conn->want == (uint32_t)conn->want_ext)
		return 0;
	if (conn->want != (uint32_t)before && (uint32_t)conn->want_ext != (uint32_t)before) {
		core_err("init() changed want to 0x%x and want_ext to 0x%" PRIx64
			 ", which do not agree: change one of them, or use "
			 "fuse_set_feature_flag()\n",
			 conn->want, conn->want_ext);
		return -EINVAL;
	}
	if (conn->want != (uint32_t)before)
		conn->want_ext = (conn->want_ext & (~(uint64_t)UINT32_MAX | FUSE_CAP_OVER_IO_URING)) |
				 conn->want;
	conn->want = (uint32_t)conn->want_ext;
	if (conn == shown.conn)
		shown.want = conn->want_ext; /* init() may go on from here */
	return 0;
}

static uint64_t wanted(const struct fuse_conn_info *pub)
{
	struct fuse_conn_info agreed = *pub;

	if (shown.conn == pub)
		shown.conn = &agreed;
	(void)fuse_convert_to_conn_want_ext(&agreed); /* where they do not agree want_ext counts */
	shown.conn = NULL;
	return agreed.want_ext;
}

EXPORT bool fuse_set_feature_flag(struct fuse_conn_info *conn, uint64_t flag)
{
	if (!(conn->capable_ext & flag))
		return false;
	conn->want_ext |= flag;
	conn->want |= (uint32_t)flag;
	return true;
}

EXPORT void fuse_unset_feature_flag(struct fuse_conn_info *conn, uint64_t flag)
{
	conn->want_ext &= ~flag;
	conn->want &= ~(uint32_t)flag;
}

EXPORT bool fuse_get_feature_flag(struct fuse_conn_info *conn, uint64_t flag)
{
	return (conn->capable_ext & flag) != 0;
}

#else

static void show_caps(struct fuse_conn_info *pub, uint64_t capable, uint64_t want)
{
	pub->capable = (unsigned)capable;
	/* 3.14 shows it as wanted, but never tells the kernel, which goes on clearing setuid bits.
	 */
	pub->want = (unsigned)want | (pub->capable & FUSE_CAP_HANDLE_KILLPRIV);
}

static uint64_t wanted(const struct fuse_conn_info *pub)
{
	return pub->want & ~(unsigned)FUSE_CAP_HANDLE_KILLPRIV;
}

#endif

/* ---- struct fuse_conn_info ----------------------------------------------------------------------
 */

void conn_offer(struct fuse_conn_info *pub, const struct core_conn *conn, bool write_buf)
{
	uint64_t want = conn->want;

	if (write_buf)
		want |= conn->capable & WIRE_CAP(SPLICE_READ);
	memset(pub, 0, sizeof(*pub));
	pub->proto_major = conn->proto_major;
	pub->proto_minor = conn->proto_minor;
	pub->max_write = conn->max_write;
	pub->max_read = conn->max_read;
	pub->max_readahead = conn->max_readahead;
	show_caps(pub, caps_to_public(conn->capable), caps_to_public(want));
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
	conn->want = (conn->want & ~VISIBLE) | caps_from_public(wanted(pub));
#if FUSE3_ABI >= 4
	conn->max_stack_depth = pub->max_backing_stack_depth;
	conn->request_timeout = pub->request_timeout;
#endif
}

void conn_agree(struct core_session *cs, struct core_conn *conn, const struct fuse_conn_info *pub)
{
	conn_from_public(conn, pub);
#if FUSE3_ABI >= 4
	if (pub->no_interrupt)
		core_session_config(cs)->no_interrupt = true;
#endif
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
