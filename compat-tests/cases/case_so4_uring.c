/*
 * case_so4_uring.c - FUSE over io_uring as libfuse3.so.4 shows it to programs: the capability, its
 * options, where a request came from. Without `compat-tests/run --transport uring` these cases
 * assert that it is absent.
 */
#include "llfs.h"

#if FUSE_API == 3 && defined(FUSE3_ABI) && FUSE3_ABI >= 4

#include <linux/io_uring.h>
#include <sys/syscall.h>

enum { CAPABLE = 1, WANTED, POSSIBLE, OVER_RING, BY_DEVICE };

/* Whether requests of a pool have to come that way now: the kernel's parameter, and io_uring
 * itself. */
static bool possible(void)
{
	struct io_uring_params p = {0};
	char now = 'N';
	int fd = open("/sys/module/fuse/parameters/enable_uring", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, &now, 1) != 1)
		now = 'N';
	close(fd);
	fd = (int)syscall(SYS_io_uring_setup, 1, &p);
	if (fd >= 0)
		close(fd);
	return now == 'Y' && fd >= 0;
}
static void show(struct fuse_conn_info *conn)
{
	atomic_store(&T->word[CAPABLE], fuse_get_feature_flag(conn, FUSE_CAP_OVER_IO_URING));
	atomic_store(&T->word[WANTED], (conn->want_ext & FUSE_CAP_OVER_IO_URING) != 0);
	atomic_store(&T->word[POSSIBLE], possible());
}
static void declines(struct fuse_conn_info *conn)
{
	show(conn);
	fuse_unset_feature_flag(conn, FUSE_CAP_OVER_IO_URING);
}
static void assigns(struct fuse_conn_info *conn)
{
	show(conn);
	conn->want = FUSE_CAP_ASYNC_READ;
}

/* Answers from the memory the request brought, if it did. */
static void payload_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			 struct fuse_file_info *fi)
{
	static char own[4096];
	struct t_call c;
	char *payload = own;
	size_t room = sizeof(own);
	void *mr = &room;

	(void)fi;
	ll_begin(&c, OP_read, req, 0, ino, NULL, "%zu@%lld", size, (long long)off);
	if (fuse_req_is_uring(req)) {
		atomic_fetch_add(&T->word[OVER_RING], 1);
		if (fuse_req_get_payload(req, &payload, &room, &mr) || mr || !payload)
			t_server_fail("no payload");
	} else {
		atomic_fetch_add(&T->word[BY_DEVICE], 1);
		if (fuse_req_get_payload(req, &payload, &room, &mr) != -EINVAL)
			t_server_fail("payload of a request by the device");
		payload = own;
	}
	if (size > 4096)
		size = 4096;
	if (room < size)
		t_server_fail("%zu bytes for an answer of %zu", room, size);
	memset(payload, 'p', size);
	t_end(&c, (long)size);
	fuse_reply_buf(req, payload, size);
}
static void payload_ops(struct fuse_lowlevel_ops *ops)
{
	ops->read = payload_read;
}
static void read_some(void)
{
	char buf[4096];

	put(P("f"), "12345");
	OK(truncate(P("f"), sizeof(buf)));
	for (int i = 0; i < 10; i++) {
		int fd = OK(open(P("f"), O_RDONLY | O_DIRECT));
		EQ(read(fd, buf, sizeof(buf)), (int)sizeof(buf));
		EQ(buf[0], 'p');
		EQ(buf[sizeof(buf) - 1], 'p');
		close(fd);
	}
}
static void all_by(bool ring)
{
	EQ(atomic_load(&T->word[ring ? BY_DEVICE : OVER_RING]), 0);
	YES(atomic_load(&T->word[ring ? OVER_RING : BY_DEVICE]) >= 10);
}

#define REAL .real = "the kernel's io_uring"
CASE(so4_uring_shown, "so4.over-io-uring-is-shown-and-wanted-where-it-is-used", .ll = true,
     .ll_ops = payload_ops, .init = show, .modes = T_MODE_POOL, REAL)
{
	read_some();
	EQ(atomic_load(&T->word[CAPABLE]), atomic_load(&T->word[POSSIBLE]));
	EQ(atomic_load(&T->word[WANTED]), atomic_load(&T->word[POSSIBLE]));
	all_by(atomic_load(&T->word[POSSIBLE]));
}
CASE(so4_uring_single, "so4.over-io-uring-is-not-offered-to-one-thread", .ll = true,
     .ll_ops = payload_ops, .init = show, .modes = T_MODE_S, REAL)
{
	read_some();
	EQ(atomic_load(&T->word[CAPABLE]), 0);
	EQ(atomic_load(&T->word[WANTED]), 0);
	all_by(false);
}
CASE(so4_uring_off, "so4.over-io-uring-is-not-offered-with-transport-device", .ll = true,
     .ll_ops = payload_ops, .init = show, .opts = "transport=device,io_uring", .modes = T_MODE_POOL,
     REAL)
{
	read_some();
	EQ(atomic_load(&T->word[CAPABLE]), 0);
	all_by(false);
}
CASE(so4_uring_declined, "so4.over-io-uring-can-be-declined", .ll = true, .ll_ops = payload_ops,
     .init = declines, .modes = T_MODE_POOL, REAL)
{
	read_some();
	EQ(atomic_load(&T->word[CAPABLE]), atomic_load(&T->word[POSSIBLE]));
	all_by(false);
}
CASE(so4_uring_assigned, "so4.over-io-uring-is-not-lost-by-assigning-want", .ll = true,
     .ll_ops = payload_ops, .init = assigns, .modes = T_MODE_POOL, REAL)
{
	read_some();
	all_by(atomic_load(&T->word[POSSIBLE]));
}

static void one_read(long i)
{
	char name[8], buf[8];

	snprintf(name, sizeof(name), "g%ld", i);
	int fd = OK(open(P(name), O_RDONLY));
	EQ(read(fd, buf, 5), 5);
	EQ(memcmp(buf, "ppppp", 5), 0);
}
CASE(so4_uring_depth, "so4.io-uring-options-of-3.18", .ll = true, .ll_ops = payload_ops,
     .init = show, .opts = "io_uring,io_uring_q_depth=1", .modes = T_MODE_POOL, REAL)
{
	enum { N = 12 };
	pid_t p[N];

	read_some();
	all_by(atomic_load(&T->word[POSSIBLE]));
	/* the depth is no bound of what can be under way */
	for (int i = 0; i < N; i++) {
		char name[8];

		snprintf(name, sizeof(name), "g%d", i);
		put(P(name), "12345");
	}
	atomic_store(&T->knob[OP_read].block, 1);
	for (int i = 0; i < N; i++)
		p[i] = spawn(one_read, i);
	WITHIN(3000, atomic_load(&T->knob[OP_read].blocked) == N);
	atomic_store(&T->knob[OP_read].block, 0);
	for (int i = 0; i < N; i++)
		EQ(reap(p[i]), 0);
}
CASE(so4_uring_bad_depth, "so4.io-uring-depth-that-is-none", .ll = true,
     .opts = "io_uring_q_depth=0", .any_exit = true, .no_mount = true)
{
	SERVER_EXITS(3000, 1);
	LOGGED("io_uring_q_depth=0: give a number from 1 to");
}

#endif
