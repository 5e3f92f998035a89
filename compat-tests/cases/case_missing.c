/* case_missing.c - operations that the program does not have */
#include "conform.h"

#include <dirent.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

CASE(missing_all, "missing.table-of-nulls-mounts-and-unmounts", .only = "init destroy")
{
	ERR(stat(P(""), &(struct stat){0}), ENOSYS);
	ERR(open(P("f"), O_CREAT | O_RDWR, 0600), ENOSYS);
	SAW("init / 7.*");
}

CASE(missing_even_init, "missing.not-even-init", .only = "none")
{
	ERR(stat(P(""), &(struct stat){0}), ENOSYS);
	EQ(t_seen("*"), 0);
}

CASE(missing_statfs, "missing.statfs-has-an-answer", .without = "statfs")
{
	struct statvfs sv;
	OK(statvfs(P(""), &sv));
	EQ(sv.f_namemax, 255);
	EQ(sv.f_bsize, 512);
}

#define MISSING(id, op, prepare, call, error)                                                      \
	CASE(missing_##id, "missing." #id, .without = op)                                          \
	{                                                                                          \
		prepare;                                                                           \
		ERR(call, error);                                                                  \
		/* and again: the kernel may have remembered */                                    \
		ERR(call, error);                                                                  \
	}

MISSING(readlink, "readlink", OK(symlink("x", S("l"))), readlink(P("l"), (char[9]){0}, 9), ENOSYS)
MISSING(mknod, "mknod", , mknod(P("p"), S_IFIFO | 0600, 0), ENOSYS)
MISSING(mkdir, "mkdir", , mkdir(P("d"), 0755), ENOSYS)
MISSING(unlink, "unlink", put(S("f"), ""), unlink(P("f")), ENOSYS)
MISSING(rmdir, "rmdir", OK(mkdir(S("d"), 0755)), rmdir(P("d")), ENOSYS)
MISSING(symlink, "symlink", , symlink("x", P("l")), ENOSYS)
MISSING(rename, "rename", put(S("a"), ""), rename(P("a"), P("b")), ENOSYS)
MISSING(link, "link", put(S("a"), ""), link(P("a"), P("b")), EPERM)
MISSING(chmod, "chmod", put(S("f"), ""), chmod(P("f"), 0600), ENOSYS)
MISSING(chown, "chown", put(S("f"), ""), chown(P("f"), 1, 1), ENOSYS)
MISSING(truncate, "truncate", put(S("f"), ""), truncate(P("f"), 1), ENOSYS)
MISSING(utimens, "utimens", put(S("f"), ""), utimensat(AT_FDCWD, P("f"), NULL, 0), ENOSYS)
MISSING(create_and_mknod, "create mknod", , open(P("f"), O_CREAT | O_RDWR, 0600), ENOSYS)
MISSING(setxattr, "setxattr", put(S("f"), ""), setxattr(P("f"), "user.a", "", 0, 0), EOPNOTSUPP)
MISSING(getxattr, "getxattr", put(S("f"), ""), getxattr(P("f"), "user.a", NULL, 0), EOPNOTSUPP)
MISSING(listxattr, "listxattr", put(S("f"), ""), listxattr(P("f"), NULL, 0), EOPNOTSUPP)
MISSING(removexattr, "removexattr", put(S("f"), ""), removexattr(P("f"), "user.a"), EOPNOTSUPP)

CASE(missing_open, "missing.open-is-allowed",
     .without = "open release create read write flush lock")
{
	put(S("f"), "12345");
	int fd = OK(open(P("f"), O_RDWR));
	ERR(read(fd, (char[5]){0}, 5), ENOSYS);
	ERR(write(fd, "x", 1), ENOSYS);
	OK(close(fd));
}

CASE(missing_flush, "missing.flush-is-no-error", .without = "flush lock")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(close(fd));
	SAW("release fh1 /f");
}

CASE(missing_fsync, "missing.fsync-is-no-error", .without = "fsync fsyncdir")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fsync(fd));
	OK(fdatasync(fd));
	int d = OK(open(P(""), O_RDONLY | O_DIRECTORY));
	OK(fsync(d));
	OK(fsync(d));
}

CASE(missing_access, "missing.access-is-allowed", .without = "access")
{
	put(S("f"), "");
	OK(access(P("f"), W_OK));
	OK(access(P("f"), X_OK));
}

CASE(missing_readdir, "missing.readdir", .without = "readdir")
{
	DIR *d = opendir(P(""));
	YES(d, "%s", strerror(errno));
	errno = 0;
	YES(!readdir(d) && errno == ENOSYS, "%s", strerror(errno));
}

CASE(missing_fallocate, "missing.fallocate", .without = "fallocate")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	ERR(fallocate(fd, 0, 0, 100), EOPNOTSUPP);
	ERR(fallocate(fd, 0, 0, 100), EOPNOTSUPP);
}

CASE(missing_release, "missing.release", .without = "release releasedir", .may_leak = true)
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	DIR *d = opendir(P(""));
	YES(d);
	closedir(d);
}

#if FUSE_API == 2
CASE(missing_ftruncate, "missing.ftruncate-falls-back-to-truncate", .without = "ftruncate")
{
	put(S("f"), "12345");
	int fd = OK(open(P("f"), O_RDWR));
	OK(ftruncate(fd, 2));
	SAW("truncate /f 2");
}

CASE(missing_fgetattr, "missing.fgetattr-falls-back-to-getattr", .without = "fgetattr")
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	SAW("create fh1 /f *");
	SAW("getattr /f");
	close(fd);
}
#endif

CASE(missing_write, "missing.write-but-write-buf", .buf = true, .without = "write read")
{
	put(S("f"), "12345");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(pwrite(fd, "xy", 2, 1), 2);
	char buf[10] = "";
	EQ(pread(fd, buf, 10, 0), 5);
	STR(buf, "1xy45");
}

/* --- a program of a later release: its table is longer than the library's ----------------------
 */

static int longer_by(int argc, char **argv, size_t more)
{
	struct {
		struct fuse_operations ops;
		void *more[64]; /* never called */
	} table = {0};

	t_path_prepare(&table.ops);
	memset(table.more, 0xff, sizeof(table.more));
	int ret = fuse_main_real(argc, argv, &table.ops, sizeof(table.ops) + more * sizeof(void *),
				 &T->word[0]);
	t_path_finish();
	return ret;
}

static int longer_table(int argc, char **argv)
{
	return longer_by(argc, argv, 64);
}

static int table_of_two_more(int argc, char **argv)
{
	return longer_by(argc, argv, 2);
}

static void works_with_one_warning(void)
{
	put(P("f"), "12345");
	STR(slurp(P("f")), "12345");
	OK(rename(P("f"), P("g")));
	OK(chmod(P("g"), 0600));
	OK(truncate(P("g"), 2));
	OK(statvfs(P(""), &(struct statvfs){0}));
	const char *first = strstr(t_log(), "library too old");
	YES(first);
	YES(!strstr(first + 1, "library too old"), "warned more than once");
}

CASE(missing_longer, "missing.table-longer-than-the-librarys-runs-with-one-warning",
     .server = longer_table, .real = "calls fuse_main_real itself")
{
	works_with_one_warning();
}

/* Too short to have the extensions, too long not to have something. */
CASE(missing_longer_by_two, "missing.table-a-little-longer-than-the-librarys",
     .server = table_of_two_more, .real = "calls fuse_main_real itself")
{
	works_with_one_warning();
}

#if FUSE_API == 3
static int longer_ll_table(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct {
		struct fuse_lowlevel_ops ops;
		void *more[64]; /* never called */
	} table = {0};
	struct fuse_cmdline_opts opts;
	struct fuse_session *se;
	int ret = 1;

	t_ll_prepare(&table.ops);
	memset(table.more, 0xff, sizeof(table.more));
	if (fuse_parse_cmdline(&args, &opts))
		return 1;
	se = fuse_session_new(&args, &table.ops, sizeof(table), &T->word[0]);
	if (se && !fuse_session_mount(se, opts.mountpoint)) {
		ret = fuse_session_loop(se) != 0;
		fuse_session_unmount(se);
	}
	fuse_session_destroy(se);
	free(opts.mountpoint);
	fuse_opt_free_args(&args);
	return ret;
}
CASE(missing_ll_longer, "missing.low-level-table-longer-than-the-librarys", .apis = T_API3,
     .ll = true, .server = longer_ll_table, .real = "mounts itself")
{
	OK(stat(P(""), &(struct stat){0}));
	LOGGED("library too old");
}
#endif

#if FUSE_API == 2
CASE(missing_truncate_only, "missing.truncate-but-ftruncate", .apis = T_API2, .without = "truncate")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(ftruncate(fd, 4));
	SAW_RET("truncate fh1 /f 4", 0);
	STR(slurp(S("f")), "0123");
}
#endif
