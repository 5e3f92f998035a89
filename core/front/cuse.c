/*
 * Character devices: a session of the core with the operations of struct cuse_lowlevel_ops, which
 * are the low-level API's without an inode number.
 */
#include "internal.h"

#include <cuse_lowlevel.h>
#include <unistd.h>

#include "core/session/cuse.h"

_Static_assert(sizeof(struct cuse_lowlevel_ops) == 88 && sizeof(struct cuse_info) == 32,
	       "every release");

/* What a struct fuse_session of a device has in `cuse`. */
struct cuse {
	struct cuse_lowlevel_ops op;
};

#define OP(req) (session_of(req)->cuse->op)

/* ---- thunks -------------------------------------------------------------------------------------
 */

static void cuse_init(void *userdata, struct core_conn *conn)
{
	struct fuse_session *se = userdata;
	struct fuse_conn_info pub;

	conn_to_public(&pub, conn);
	se->cuse->op.init(se->userdata, &pub);
	conn->max_write = pub.max_write;
}

static void cuse_init_done(void *userdata)
{
	struct fuse_session *se = userdata;

	se->cuse->op.init_done(se->userdata);
}

static void cuse_destroy(void *userdata)
{
	struct fuse_session *se = userdata;

	se->cuse->op.destroy(se->userdata);
}

/* An operation with a file_info: call_ sees it as `pub`. */
#define THUNK(name, call_, ...)                                                                    \
	static void cuse_##name(struct core_req *req, uint64_t ino, ##__VA_ARGS__,                 \
				struct core_file_info *fi)                                         \
	{                                                                                          \
		struct fuse_file_info pub;                                                         \
                                                                                                   \
		(void)ino;                                                                         \
		fi_to_public(&pub, fi);                                                            \
		OP(req).call_;                                                                     \
	}
THUNK(open, open(HANDLE(req), &pub))
THUNK(flush, flush(HANDLE(req), &pub))
THUNK(release, release(HANDLE(req), &pub))
THUNK(fsync, fsync(HANDLE(req), datasync, &pub), int datasync)
THUNK(read, read(HANDLE(req), size, off, &pub), size_t size, off_t off)
THUNK(write, write(HANDLE(req), buf, size, off, &pub), const char *buf, size_t size, off_t off)

static void cuse_ioctl(struct core_req *req, uint64_t ino, unsigned cmd, void *arg,
		       struct core_file_info *fi, unsigned flags, const void *in_buf,
		       size_t in_size, size_t out_size)
{
	struct fuse_file_info pub;

	(void)ino;
	fi_to_public(&pub, fi);
	OP(req).ioctl(HANDLE(req), (int)cmd, arg, &pub, flags, in_buf, in_size, out_size);
}

static void cuse_poll(struct core_req *req, uint64_t ino, struct core_file_info *fi,
		      struct core_pollhandle *ph)
{
	struct fuse_file_info pub;

	(void)ino;
	fi_to_public(&pub, fi);
	OP(req).poll(HANDLE(req), &pub, (struct fuse_pollhandle *)ph);
}

#define CUSE_OPS(F)                                                                                \
	F(init) F(destroy) F(open) F(read) F(write) F(flush) F(release) F(fsync) F(ioctl) F(poll)

static void make_ops(const struct cuse_lowlevel_ops *op, struct core_ll_ops *out)
{
	memset(out, 0, sizeof(*out));
#define CUSE_SET(name)                                                                             \
	if (op->name)                                                                              \
		out->name = cuse_##name;
	CUSE_OPS(CUSE_SET)
#undef CUSE_SET
}

/* ---- sessions -----------------------------------------------------------------------------------
 */

/* What fuse_parse_cmdline() adds, and has no meaning without a mount. */
static const struct core_opt drop_opts[] = {
	CORE_OPT_KEY("subtype=", CORE_OPT_KEY_DISCARD),
	CORE_OPT_KEY("fsname=", CORE_OPT_KEY_DISCARD),
	CORE_OPT_END,
};

static int describe(struct fuse_session *se, const struct cuse_info *ci)
{
	struct core_cuse_device dev = {
		.dev_major = ci->dev_major,
		.dev_minor = ci->dev_minor,
		.flags = ci->flags,
		.info_count = ci->dev_info_argc,
		.info = ci->dev_info_argv,
		.max_write = CUSE_MAX_WRITE,
		.init_done = se->cuse->op.init_done ? cuse_init_done : NULL,
	};

	return core_session_make_cuse(se->cs, &dev);
}

EXPORT struct fuse_session *cuse_lowlevel_new(struct fuse_args *args, const struct cuse_info *ci,
					      const struct cuse_lowlevel_ops *clop, void *userdata)
{
	struct core_session_config cfg = {0};
	struct fuse_session *se;
	struct core_ll_ops ops;

	if (core_opt_parse(core_args_of(args), NULL, drop_opts, NULL))
		return NULL;
	se = cuse_session(args, &cfg);
	if (!se)
		return NULL;
	se->userdata = userdata;
	se->cuse = calloc(1, sizeof(*se->cuse));
	if (!se->cuse) {
		core_err("out of memory for a character device\n");
		session_unwrap(se);
		return NULL;
	}
	se->cuse->op = *clop;
	make_ops(clop, &ops);
	se->cs = core_session_new(&LL_PROFILE, &cfg, &ops, se);
	if (!se->cs || describe(se, ci)) {
		if (se->cs)
			core_session_free(se->cs);
		session_unwrap(se);
		return NULL;
	}
	return se;
}

/* Connects, and goes into the background. 0 or -1 (logged). */
static int set_up(struct fuse_session *se, int foreground)
{
	int fd = core_cuse_open();

	if (fd < 0)
		return -1;
	if (session_attach_device(se, fd)) {
		close(fd);
		return -1;
	}
	if (fuse_set_signal_handlers(se))
		return -1;
	return fuse_daemonize(foreground);
}

EXPORT struct fuse_session *cuse_lowlevel_setup(int argc, char *argv[], const struct cuse_info *ci,
						const struct cuse_lowlevel_ops *clop,
						int *multithreaded, void *userdata)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_session *se = NULL;
	int foreground;

	if (cuse_cmdline(&args, multithreaded, &foreground) == 0) {
		se = cuse_lowlevel_new(&args, ci, clop, userdata);
		if (se && set_up(se, foreground)) {
			cuse_lowlevel_teardown(se);
			se = NULL;
		}
	}
	fuse_opt_free_args(&args);
	return se;
}

EXPORT void cuse_lowlevel_teardown(struct fuse_session *se)
{
	fuse_remove_signal_handlers(se);
	fuse_session_destroy(se);
}

EXPORT int cuse_lowlevel_main(int argc, char *argv[], const struct cuse_info *ci,
			      const struct cuse_lowlevel_ops *clop, void *userdata)
{
	int multithreaded, res;
	struct fuse_session *se =
		cuse_lowlevel_setup(argc, argv, ci, clop, &multithreaded, userdata);

	if (!se)
		return 1;
	res = multithreaded ? session_loop_mt(se) : fuse_session_loop(se);
	cuse_lowlevel_teardown(se);
	return res < 0;
}
