/*
 * What FUSE 2 programs see of the connection, and the API's defaults.
 *
 * The capability bits of API 2.9 are the protocol's own numbers.
 */
#include "internal.h"

/* 0, 1, 3 to 11: what <fuse_common.h> of 2.9 names. */
#define FUSE2_CAPS 0xffbULL

_Static_assert(FUSE_CAP_FLOCK_LOCKS == WIRE_CAP(FLOCK_LOCKS) &&
	       FUSE_CAP_IOCTL_DIR == WIRE_CAP(IOCTL_DIR) &&
	       FUSE_CAP_SPLICE_READ == WIRE_CAP(SPLICE_READ), "capabilities are the wire's");

const struct core_profile fuse2_profile = {
	.api = "FUSE 2",
	/* READDIRPLUS: only what FSP_FUSE_CAP_READDIR_PLUS becomes; conn shows FUSE2_CAPS. */
	.caps_visible = FUSE2_CAPS | WIRE_CAP(DO_READDIRPLUS),
	.caps_default = 0,
	.caps_always = WIRE_CAP(BIG_WRITES) | WIRE_CAP(MAX_PAGES) | WIRE_CAP(ABORT_ERROR),
	.strict_want = false,
	.max_write = UINT32_MAX,
	.max_threads = 0 /* the pool's own ceiling: 2.9 has none */,
};

const struct core_mount_profile fuse2_mount_profile = {
	.check_nonempty = true,
	.keep_session_options = true,
	.exclusive_allow = true,
	.large_read = true,
};

void conn_to_public(struct fuse_conn_info *pub, const struct core_conn *conn)
{
	memset(pub, 0, sizeof(*pub));
	pub->proto_major = conn->proto_major;
	pub->proto_minor = conn->proto_minor;
	pub->async_read = (conn->want & WIRE_CAP(ASYNC_READ)) != 0;
	pub->max_write = conn->max_write;
	pub->max_readahead = conn->max_readahead;
	pub->capable = (unsigned)(conn->capable & FUSE2_CAPS);
	pub->want = (unsigned)(conn->want & FUSE2_CAPS & ~WIRE_CAP(ASYNC_READ));
	pub->max_background = conn->max_background;
	pub->congestion_threshold = conn->congestion_threshold;
}

void conn_from_public(struct core_conn *conn, const struct fuse_conn_info *pub)
{
	conn->max_write = pub->max_write;
	conn->max_readahead = pub->max_readahead;
	conn->max_background = pub->max_background;
	conn->congestion_threshold = pub->congestion_threshold;
	conn->want = (conn->want & ~FUSE2_CAPS) | (pub->want & FUSE2_CAPS);
	if (pub->async_read)
		conn->want |= WIRE_CAP(ASYNC_READ);
}
