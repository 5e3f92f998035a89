/*
 * serve main|loop|session ARG...: one file, "/version", with the FUSE_USE_VERSION that this was
 * compiled for as its text. Each function that is another one from some version on is called as
 * that version has it; check-entries looks which symbols of the library that became, and mounts it.
 */
#include <fuse.h>
#include <fuse_lowlevel.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_(v) #v "\n"
#define TEXT(v)  TEXT_(v)

static const char text[] = TEXT(FUSE_USE_VERSION);
static char given; /* its address is the private data */

static int attr_of(int file, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = file ? S_IFREG | 0444 : S_IFDIR | 0755;
	st->st_nlink = file ? 1 : 2;
	st->st_size = file ? (off_t)sizeof(text) - 1 : 0;
	return 0;
}
static int p_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	if (fuse_get_context()->private_data != &given)
		return -EIO;
	return strcmp(path, "/version") && strcmp(path, "/") ? -ENOENT : attr_of(path[1] != 0, st);
}
static int p_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	if (off || size < sizeof(text) - 1)
		return 0;
	memcpy(buf, text, sizeof(text) - 1);
	return (int)sizeof(text) - 1;
}
static const struct fuse_operations path_ops = {.getattr = p_getattr, .read = p_read};

static void l_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	attr_of(ino == 2, &st);
	st.st_ino = ino;
	if (fuse_req_userdata(req) != &given)
		fuse_reply_err(req, EIO);
	else
		fuse_reply_attr(req, &st, 1.0);
}
static void l_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e;

	(void)parent;
	memset(&e, 0, sizeof(e));
	if (strcmp(name, "version")) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	e.ino = 2;
	attr_of(1, &e.attr);
	e.attr.st_ino = 2;
	fuse_reply_entry(req, &e);
}
static void l_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		   struct fuse_file_info *fi)
{
	(void)ino, (void)size, (void)fi;
	fuse_reply_buf(req, text, off ? 0 : sizeof(text) - 1);
}
static const struct fuse_lowlevel_ops ll_ops = {
	.lookup = l_lookup, .getattr = l_getattr, .read = l_read};

/* A configuration, or what stood in its place. */
#if FUSE_USE_VERSION < 32
#define LOOP(fn, what) fn(what, 0)
#elif FUSE_USE_VERSION < 312
#define LOOP(fn, what) fn(what, &config)
static struct fuse_loop_config config = {.clone_fd = 0, .max_idle_threads = 4};
#else
#define LOOP(fn, what) with_config(fn(what, config()))
static struct fuse_loop_config *made;
static struct fuse_loop_config *config(void)
{
	made = fuse_loop_cfg_create();
	fuse_loop_cfg_set_max_threads(made, 5);
	return made;
}
static int with_config(int res)
{
	fuse_loop_cfg_destroy(made);
	return res;
}
#endif

/* One way of each kind, at the mount point of the command line. */
static int by_loop(struct fuse_args *args, const char *mountpoint)
{
	struct fuse *f = fuse_new(args, &path_ops, sizeof(path_ops), &given);
	int res;

	if (!f || fuse_mount(f, mountpoint))
		return 4;
	res = LOOP(fuse_loop_mt, f);
	fuse_unmount(f);
	fuse_destroy(f);
	return res ? 5 : 0;
}
static int by_session(struct fuse_args *args, const char *mountpoint)
{
	struct fuse_session *se = fuse_session_new(args, &ll_ops, sizeof(ll_ops), &given);
	int res;

	if (!se || fuse_session_mount(se, mountpoint))
		return 4;
	res = LOOP(fuse_session_loop_mt, se);
	fuse_session_unmount(se);
	fuse_session_destroy(se);
	return res ? 5 : 0;
}
static int by_parts(struct fuse_args *args, int (*way)(struct fuse_args *, const char *))
{
	struct fuse_cmdline_opts opts;
	int res;

	if (fuse_parse_cmdline(args, &opts))
		return 3;
	res = way(args, opts.mountpoint);
	free(opts.mountpoint);
	return res;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc - 1, argv + 1);
	int res = 2;

	if (argc > 2 && !strcmp(argv[1], "main"))
		return fuse_main(argc - 1, argv + 1, &path_ops, &given);
	if (argc > 2)
		res = by_parts(&args, strcmp(argv[1], "loop") ? by_session : by_loop);
	fuse_opt_free_args(&args);
	return res;
}
