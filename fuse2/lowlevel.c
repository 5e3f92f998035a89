/*
 * The low-level API: operations that only FUSE 2 has in this form (the rest: core/front/lowlevel.c), and
 * sessions.
 */
#include "internal.h"

#include <stdio.h>

#include "core/workers/pool.h"

#define OP(req) (session_of(req)->ll)

/* ---- thunks ---------------------------------------------------------------------------------- */

static void ll_init(void *userdata, struct core_conn *conn)
{
	struct fuse_session *se = userdata;
	struct fuse_conn_info pub;

	if (!se->ll.init)
		return;
	conn_to_public(&pub, conn);
	se->ll.init(se->userdata, &pub);
	conn_from_public(conn, &pub);
}

static void ll_init_compat25(void *userdata, struct core_conn *conn)
{
	struct fuse_session *se = userdata;

	(void)conn;
	if (se->ll.init)
		((void (*)(void *))(void *)se->ll.init)(se->userdata);
}

static void ll_destroy(void *userdata)
{
	struct fuse_session *se = userdata;

	if (se->ll.destroy)
		se->ll.destroy(se->userdata);
}

static void ll_getattr(struct core_req *r, uint64_t ino, struct core_file_info *fi)
{
	/* FUSE 2 always gets NULL here. */
	(void)fi;
	OP(r).getattr(HANDLE(r), ino, NULL);
}

static void ll_setattr(struct core_req *r, uint64_t ino, struct stat *st, int to_set,
		       struct core_file_info *fi)
{
	const int known = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID |
			  FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
			  FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW;
	struct fuse_file_info pub;

	OP(r).setattr(HANDLE(r), ino, st, to_set & known, public_fi(&pub, fi));
}

static void ll_rename(struct core_req *r, uint64_t parent, const char *name, uint64_t newparent,
		      const char *newname, unsigned flags)
{
	if (flags)
		core_reply_err(r, EINVAL); /* FUSE 2 knows no flags */
	else
		OP(r).rename(HANDLE(r), parent, name, newparent, newname);
}

static void make_ops(const struct fuse_lowlevel_ops *op, int compat, struct core_ll_ops *out)
{
	lowlevel_common(op, out);
	out->init = compat <= 25 ? ll_init_compat25 : ll_init;
	out->destroy = ll_destroy;
	if (op->getattr)
		out->getattr = ll_getattr;
	if (op->setattr)
		out->setattr = ll_setattr;
	if (op->rename)
		out->rename = ll_rename;
}

/* ---- sessions ------------------------------------------------------------------------------------ */

struct fuse_session *session_wrap(struct core_session *cs, struct core_fs *fs)
{
	struct fuse_session *se = calloc(1, sizeof(*se));

	if (!se) {
		core_err("out of memory for a session\n");
		return NULL;
	}
	se->cs = cs;
	se->fs = fs;
	return se;
}

/* Frees all but the core's part. */
void session_unwrap(struct fuse_session *se)
{
	free(se->cuse);
	free(se);
}

struct fuse_session *lowlevel_new(struct fuse_args *args, const struct fuse_lowlevel_ops *op,
				  size_t op_size, void *userdata, int compat)
{
	struct fuse_session *se = session_wrap(NULL, NULL);
	struct core_session_config cfg;
	struct core_ll_ops ops;

	if (!se)
		return NULL;
	if (op_size > sizeof(se->ll)) {
		core_warn("warning: library too old, some operations may not work (the program's "
			  "table of operations is longer than any known one)\n");
		op_size = sizeof(se->ll);
	}
	if (op)
		memcpy(&se->ll, op, op_size);
	se->userdata = userdata;
	se->compat = compat;
	make_ops(&se->ll, compat, &ops);
	if (compat == 24)
		ll_thunks_compat24(&se->ll, &ops);
	if (options_session(args, &cfg, false) == -1 ||
	    !(se->cs = core_session_new(&fuse2_profile, &cfg, &ops, se))) {
		session_unwrap(se);
		return NULL;
	}
	return se;
}

EXPORT struct fuse_session *fuse_lowlevel_new(struct fuse_args *args,
					      const struct fuse_lowlevel_ops *op, size_t op_size,
					      void *userdata)
{
	return lowlevel_new(args, op, op_size, userdata, 26);
}

EXPORT struct fuse_session *fuse_lowlevel_new_compat25(struct fuse_args *args,
						       const struct fuse_lowlevel_ops_compat25 *op,
						       size_t op_size, void *userdata)
{
	if (op_size > sizeof(struct fuse_lowlevel_ops_compat25))
		op_size = sizeof(struct fuse_lowlevel_ops_compat25);
	return lowlevel_new(args, (const struct fuse_lowlevel_ops *)op, op_size, userdata, 25);
}

EXPORT struct fuse_session *fuse_session_new(struct fuse_session_ops *op, void *data)
{
	struct fuse_session *se = session_wrap(NULL, NULL);

	if (!se)
		return NULL;
	se->op = *op;
	se->userdata = data;
	return se;
}

EXPORT void fuse_session_destroy(struct fuse_session *se)
{
	struct fuse_chan *ch = se->ch;

	if (!se->cs) {
		if (se->op.destroy)
			se->op.destroy(se->userdata);
	}
	if (ch) {
		/* Detached first: the program's destroy must not find the connection gone. */
		if (se->cs)
			ch->t = core_session_detach(se->cs);
		se->ch = NULL;
		ch->se = NULL;
	}
	if (se->fs)
		core_fs_free(se->fs);
	else if (se->cs)
		core_session_free(se->cs);
	if (ch)
		fuse_chan_destroy(ch);
	session_unwrap(se);
}

EXPORT void fuse_session_exit(struct fuse_session *se)
{
	if (se->cs) {
		core_session_exit(se->cs, 0);
		return; /* the loop has ended, and se may be gone */
	}
	if (se->op.exit)
		se->op.exit(se->userdata, 1);
	se->exited = 1;
}

EXPORT void fuse_session_reset(struct fuse_session *se)
{
	if (se->cs) {
		core_session_reset(se->cs);
		return;
	}
	if (se->op.exit)
		se->op.exit(se->userdata, 0);
	se->exited = 0;
}

EXPORT int fuse_session_exited(struct fuse_session *se)
{
	if (se->cs)
		return core_session_exited(se->cs);
	return se->op.exited ? se->op.exited(se->userdata) : se->exited;
}

EXPORT void *fuse_session_data(struct fuse_session *se)
{
	return se->cs ? core_session_userdata(se->cs) : se->userdata;
}

EXPORT void fuse_session_process(struct fuse_session *se, const char *buf, size_t len,
				 struct fuse_chan *ch)
{
	if (se->cs)
		core_session_process(se->cs, buf, len, NULL);
	else
		se->op.process(se->userdata, buf, len, ch);
}

EXPORT void fuse_session_process_buf(struct fuse_session *se, const struct fuse_buf *buf,
				     struct fuse_chan *ch)
{
	if (buf->flags & FUSE_BUF_IS_FD)
		core_err("fuse_session_process_buf: requests in descriptors are not received here\n");
	else
		fuse_session_process(se, buf->mem, buf->size, ch);
}

EXPORT int fuse_session_receive_buf(struct fuse_session *se, struct fuse_buf *buf,
				    struct fuse_chan **chp)
{
	int res;

	if (se->cs && !(*chp)->op.receive)
		res = core_session_receive(se->cs, buf->mem, buf->size);
	else
		res = fuse_chan_recv(chp, buf->mem, buf->size);
	if (res > 0) {
		buf->flags = 0;
		buf->size = (size_t)res;
	}
	return res;
}

/* The loop of a session with operations of the program. */
static int custom_loop(struct fuse_session *se)
{
	struct fuse_chan *ch = se->ch;
	size_t size = ch ? fuse_chan_bufsize(ch) : 0;
	char *buf CLEANUP_FREE = malloc(size + 1);
	int res = 0;

	if (!ch || !buf)
		return -1;
	while (!fuse_session_exited(se)) {
		struct fuse_chan *in = ch;

		res = fuse_chan_recv(&in, buf, size);
		if (res == -EINTR)
			continue;
		if (res <= 0)
			break;
		fuse_session_process(se, buf, (size_t)res, in);
	}
	fuse_session_reset(se);
	return res < 0 ? -1 : 0;
}

EXPORT int fuse_session_loop(struct fuse_session *se)
{
	int res;

	if (!se->cs)
		return custom_loop(se);
	res = se->fs ? core_fs_loop(se->fs) : core_session_loop(se->cs);
	return res < 0 ? -1 : 0;
}

EXPORT int fuse_session_loop_mt(struct fuse_session *se)
{
	struct core_pool_config cfg = { 0 };
	int res;

	if (!se->cs)
		return custom_loop(se);
	res = se->fs ? core_fs_loop_mt(se->fs, &cfg) : core_session_loop_mt(se->cs, &cfg);
	return res < 0 ? -1 : 0;
}
