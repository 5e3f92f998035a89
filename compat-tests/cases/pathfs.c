/*
 * pathfs.c - the usual file system of the cases: shows the directory T->src through the path
 * API, records every operation, and does what the knobs say. Here: its handles, what every
 * operation asks of its context, start and end.
 */
#include "pathfs.h"

#include <stddef.h>

struct fuse *t_fuse;

#define HANDLES 65536
static struct path_handle *handles[HANDLES];
static atomic_uint next_handle = 1;
int path_src_fd = -1;
static char private_mark; /* what init returns; every operation checks that it gets it back */

struct fuse_ctx path_caller(void)
{
	struct fuse_context *c = fuse_get_context();
	struct fuse_ctx ctx = {.uid = c->uid, .gid = c->gid, .pid = c->pid};

	ctx.umask = c->umask;
	if (c->private_data != &private_mark)
		t_server_fail("fuse_get_context()->private_data is %p, init returned %p",
			      c->private_data, (void *)&private_mark);
	if (c->fuse != t_fuse)
		t_server_fail("fuse_get_context()->fuse changed");
	return ctx;
}

struct path_handle *path_handle(const struct fuse_file_info *fi)
{
	struct path_handle *h = fi->fh < HANDLES ? handles[fi->fh] : NULL;
	static struct path_handle none = {.fd = -1};

	if (!h) {
		t_server_fail("handle %llu was never given out, or is released",
			      (unsigned long long)fi->fh);
		return &none;
	}
	return h;
}

int t_path_fd(const struct fuse_file_info *fi)
{
	return path_handle(fi)->fd;
}

uint64_t path_handle_new(void)
{
	uint64_t no = atomic_fetch_add(&next_handle, 1) % HANDLES;
	struct path_handle *h = calloc(1, sizeof(*h));

	h->fd = -1;
	handles[no] = h;
	return no;
}

void path_handle_drop(uint64_t no)
{
	struct path_handle *h = no < HANDLES ? handles[no] : NULL;

	if (!h) {
		t_server_fail("release of handle %llu, which is not open", (unsigned long long)no);
		return;
	}
	handles[no] = NULL;
	if (h->dir)
		closedir(h->dir);
	else if (h->fd >= 0)
		close(h->fd);
	free(h);
}

/* --- start and end -----------------------------------------------------------------------------
 */

static void started(struct fuse_conn_info *conn)
{
	struct t_call c;
	struct fuse_context *ctx = fuse_get_context();

	t_fuse = ctx->fuse;
	if (ctx->private_data != &T->word[0])
		t_server_fail("private_data in init is %p, fuse_main was given %p",
			      ctx->private_data, (void *)&T->word[0]);
	t_begin(&c, OP_init, NULL, 0, "/", "%u.%u", conn->proto_major, conn->proto_minor);
	if (t_this->init)
		t_this->init(conn);
	t_command_start();
	t_end(&c, 0);
}

void path_destroy(void *data)
{
	struct t_call c;

	if (data != &private_mark)
		t_server_fail("destroy was given %p, init returned %p", data,
			      (void *)&private_mark);
	t_begin(&c, OP_destroy, NULL, 0, "/", "%s", "");
	t_command_stop();
	t_end(&c, 0);
}

#if FUSE_API == 2
void *path_init(struct fuse_conn_info *conn)
{
	started(conn);
	return &private_mark;
}
#else
void *path_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	if (t_this->config)
		t_this->config(cfg);
	started(conn);
	return &private_mark;
}
#endif

#if FUSE_API == 3
#define DEFINE(field)                                                                              \
	void t_set_##field(struct fuse_config *cfg)                                                \
	{                                                                                          \
		cfg->field = 1;                                                                    \
	}
T_SETTINGS(DEFINE)
#undef DEFINE
#endif

void t_path_select(struct fuse_operations *ops, const struct t_case *c)
{
	static const struct t_field fields[] = {
#define F(op) {#op, offsetof(struct fuse_operations, op)}
		F(getattr),
		F(readlink),
		F(mknod),
		F(mkdir),
		F(unlink),
		F(rmdir),
		F(symlink),
		F(rename),
		F(link),
		F(chmod),
		F(chown),
		F(truncate),
		F(open),
		F(read),
		F(write),
		F(statfs),
		F(flush),
		F(release),
		F(fsync),
		F(setxattr),
		F(getxattr),
		F(listxattr),
		F(removexattr),
		F(opendir),
		F(readdir),
		F(releasedir),
		F(fsyncdir),
		F(init),
		F(destroy),
		F(access),
		F(create),
		F(lock),
		F(utimens),
		F(bmap),
		F(ioctl),
		F(poll),
		F(write_buf),
		F(read_buf),
		F(flock),
		F(fallocate),
#if FUSE_API == 2
		F(fgetattr),
		F(ftruncate),
		F(utime),
#else
		F(copy_file_range),
		F(lseek),
#endif
#undef F
	};
	t_select(ops, fields, sizeof(fields) / sizeof(*fields), c);
}

void t_path_prepare(struct fuse_operations *ops)
{
	umask(0);
	path_src_fd = open(T->src, O_PATH | O_DIRECTORY | O_CLOEXEC);
	t_path_ops(ops);
	t_path_select(ops, t_this);
	if (t_this->ops)
		t_this->ops(ops);
}

void t_path_finish(void)
{
	t_command_stop();
	path_poll_end();
	for (unsigned i = 0; i < HANDLES; i++)
		if (handles[i]) {
			if (!t_this->may_leak)
				t_server_fail("handle %u was not released", i);
			path_handle_drop(i);
		}
	close(path_src_fd);
}

int t_path_server(int argc, char **argv)
{
	struct fuse_operations ops;

	t_path_prepare(&ops);
	int ret = t_fuse_main(argc, argv, &ops, &T->word[0]);
	t_path_finish();
	return ret;
}
