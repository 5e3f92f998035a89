/*
 * case_so4_size.c - programs of earlier and later releases on libfuse3.so.4: tables of other sizes,
 * other versions in what the headers pass, the two forms of fuse_new().
 */
#include "llfs.h"

#if FUSE_API == 3 && defined(FUSE3_ABI) && FUSE3_ABI >= 4

#include <stddef.h>

/* What a later release may append. Never to be called. */
struct later_path {
	struct fuse_operations ops;
	void (*more[3])(void);
};
struct later_ll {
	struct fuse_lowlevel_ops ops;
	void (*more[3])(void);
};
static void appended(void)
{
	t_server_fail("an operation behind the table was called");
}
static struct libfuse_version earlier = {3, 17, 0, 0}, later = {3, 99, 7, 0};

static int path_statx(const char *path, int flags, int mask, struct statx *stx,
		      struct fuse_file_info *fi)
{
	struct t_call c;

	(void)flags, (void)mask, (void)fi;
	if (t_begin(&c, OP_other, NULL, 0, path, "%s", "statx"))
		return (int)c.ret;
	stx->stx_mask = STATX_BASIC_STATS | STATX_BTIME;
	stx->stx_mode = S_IFREG | 0644;
	stx->stx_nlink = 1;
	stx->stx_ino = 9;
	stx->stx_btime.tv_sec = 42;
	return (int)t_end(&c, 0);
}
static int serve_path(int argc, char **argv, size_t size, struct libfuse_version *version)
{
	struct later_path table = {.more = {appended, appended, appended}};

	t_path_prepare(&table.ops);
	table.ops.statx = path_statx;
	int ret = fuse_main_real_versioned(argc, argv, &table.ops, size, version, &T->word[0]);
	t_path_finish();
	return ret;
}
static int shorter_path(int argc, char **argv)
{
	return serve_path(argc, argv, offsetof(struct fuse_operations, statx), &earlier);
}
static int same_path(int argc, char **argv)
{
	return serve_path(argc, argv, sizeof(struct fuse_operations), &later);
}
static int longer_path(int argc, char **argv)
{
	return serve_path(argc, argv, sizeof(struct later_path), &later);
}
/* Whether the operation at the table's end is called; everything else works in any case. */
static void see_statx(bool called)
{
	struct statx stx;

	put(P("f"), "12345");
	STR(slurp(P("f")), "12345");
	MARK();
	OK(statx(AT_FDCWD, P("f"), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &stx));
	EQ(!!(stx.stx_mask & STATX_BTIME), called);
	SEEN("other * statx", called);
}
static void see_no_warning(void)
{
	EQ(strstr(t_log(), "library too old") == NULL, 1);
}
#define REAL .real = "mounts itself"
CASE(so4_size_shorter, "so4.op-size-of-3.17-ends-before-statx", .server = shorter_path, REAL)
{
	see_statx(false);
	see_no_warning();
}
CASE(so4_size_same, "so4.op-size-of-3.18-has-statx", .server = same_path, REAL)
{
	see_statx(true);
	see_no_warning();
}
CASE(so4_size_longer, "so4.op-size-of-a-later-release-is-cut", .server = longer_path, REAL)
{
	see_statx(true);
	LOGGED("library too old, some operations may not work");
}

static void ll_statx(fuse_req_t req, fuse_ino_t ino, int flags, int mask, struct fuse_file_info *fi)
{
	struct t_call c;
	struct statx stx = {.stx_mask = STATX_BASIC_STATS | STATX_BTIME, .stx_nlink = 1};

	(void)flags, (void)mask, (void)fi;
	ll_begin(&c, OP_other, req, 0, ino, NULL, "%s", "statx");
	t_end(&c, 0);
	stx.stx_mode = (uint16_t)ll_node(ino)->mode;
	stx.stx_ino = ino;
	stx.stx_btime.tv_sec = 42;
	fuse_reply_statx(req, 0, &stx, 0);
}
static int serve_ll(int argc, char **argv, size_t size, struct libfuse_version *version)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct later_ll table = {.more = {appended, appended, appended}};
	struct fuse_cmdline_opts o;
	int ret = 1;

	t_ll_prepare(&table.ops);
	table.ops.statx = ll_statx;
	if (fuse_parse_cmdline(&args, &o))
		return 1;
	t_session = fuse_session_new_versioned(&args, &table.ops, size, version, &T->word[0]);
	if (t_session && !fuse_session_mount(t_session, o.mountpoint)) {
		ret = fuse_session_loop(t_session);
		fuse_session_unmount(t_session);
	}
	fuse_session_destroy(t_session);
	free(o.mountpoint);
	fuse_opt_free_args(&args);
	return ret ? 1 : 0;
}
static int shorter_ll(int argc, char **argv)
{
	return serve_ll(argc, argv, offsetof(struct fuse_lowlevel_ops, statx), &earlier);
}
static int longer_ll(int argc, char **argv)
{
	return serve_ll(argc, argv, sizeof(struct later_ll), &later);
}
CASE(so4_size_ll_shorter, "so4.op-size-of-the-low-level-ends-before-statx", .ll = true,
     .server = shorter_ll, .modes = T_MODE_S, REAL)
{
	see_statx(false);
	see_no_warning();
}
CASE(so4_size_ll_longer, "so4.op-size-of-the-low-level-of-a-later-release-is-cut", .ll = true,
     .server = longer_ll, .modes = T_MODE_S, REAL)
{
	see_statx(true);
	LOGGED("library too old, some operations may not work");
}

/* A module's table. */
static int size_of_a_module(int argc, char **argv)
{
	struct later_path below = {.ops = {.statx = path_statx}, .more = {appended}};
	struct statx stx = {0};
	struct fuse_fs *fs;

	(void)argc, (void)argv;
	fs = fuse_fs_new(&below.ops, offsetof(struct fuse_operations, statx), NULL);
	if (!fs || fuse_fs_statx(fs, "/f", 0, STATX_BTIME, &stx, NULL) != -ENOSYS)
		t_server_fail("an operation behind the table's end was found");
	fuse_fs_destroy(fs);
	fs = fuse_fs_new(&below.ops, sizeof(below), NULL);
	if (!fs || fuse_fs_statx(fs, "/f", 0, STATX_BTIME, &stx, NULL) || stx.stx_ino != 9)
		t_server_fail("statx of a longer table was not called");
	fuse_fs_destroy(fs);
	return 42;
}
CASE(so4_size_module, "so4.op-size-of-a-module", .server = size_of_a_module, .no_mount = true,
     .any_exit = true)
{
	SERVER_EXITS(3000, 42);
	LOGGED("library too old");
}

/* That of 3.0 prints the help itself; later ones leave it to fuse_parse_cmdline(), and know no -h.
 */
typedef struct fuse *(*new_fn)(struct fuse_args *args, const struct fuse_operations *ops,
			       size_t size, struct libfuse_version *version, void *data);
static int no_fuse_from_help(new_fn new, struct libfuse_version *version, char *name)
{
	char *words[] = {name, (char *)"-h", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, words);
	struct fuse_operations ops = {0};
	struct fuse *f = new (&args, &ops, sizeof(ops), version, NULL);

	fflush(stdout);
	fuse_opt_free_args(&args);
	return f ? 2 : 42;
}
static int help_30(int argc, char **argv)
{
	(void)argc;
	return no_fuse_from_help(_fuse_new_30, &earlier, argv[0]);
}
static int help_31(int argc, char **argv)
{
	(void)argc;
	return no_fuse_from_help(_fuse_new_31, &later, argv[0]);
}
CASE(so4_new_30, "so4.fuse-new-of-3.0-prints-help", .server = help_30, .no_mount = true,
     .any_exit = true)
{
	SERVER_EXITS(3000, 42);
	LOGGED("attr_timeout=");
}
CASE(so4_new_31, "so4.fuse-new-of-3.1-knows-no-help", .server = help_31, .no_mount = true,
     .any_exit = true)
{
	SERVER_EXITS(3000, 42);
	EQ(strstr(t_log(), "attr_timeout=") == NULL, 1);
	LOGGED("-h");
}

#endif
