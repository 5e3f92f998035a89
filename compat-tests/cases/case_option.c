/* case_option.c - mount and library options, good and bad */
#include "conform.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

CASE(opt_umask, "option.umask", .opts = "umask=027")
{
	put(S("f"), "");
	OK(chmod(S("f"), 0666));
	EQ(st_of(P("f")).st_mode, S_IFREG | 0750);
	EQ(st_of(P("")).st_mode, S_IFDIR | 0750);
}

CASE(opt_uid, "option.uid-and-gid", .opts = "uid=123,gid=456")
{
	put(S("f"), "");
	EQ(st_of(P("f")).st_uid, 123);
	EQ(st_of(P("f")).st_gid, 456);
	EQ(st_of(P("f")).st_mode, S_IFREG | 0644);
}

CASE(opt_attr_timeout, "option.attr-timeout", .raw = true,
     .opts = "attr_timeout=0.2,entry_timeout=10")
{
	put(S("f"), "");
	EQ(getattrs_of_second_stat("f", 0), 0);
	EQ(getattrs_of_second_stat("f", 300), 1);
}
CASE(opt_attr_zero, "option.attr-timeout-zero", .raw = true,
     .opts = "attr_timeout=0,entry_timeout=10")
{
	put(S("f"), "");
	EQ(getattrs_of_second_stat("f", 0), 1);
}
CASE(opt_timeout_default, "option.timeouts-are-one-second-by-default", .raw = true)
{
	put(S("f"), "");
	EQ(getattrs_of_second_stat("f", 0), 0);
	YES(getattrs_of_second_stat("f", 1100) >= 1);
}
CASE(opt_negative, "option.negative-timeout", .raw = true, .opts = "negative_timeout=0.2")
{
	for (int i = 0; i < 10; i++) {
		long at = t_now_ms();
		MARK();
		ERR(stat(P("none"), &(struct stat){0}), ENOENT);
		ERR(stat(P("none"), &(struct stat){0}), ENOENT);
		bool in_time = t_now_ms() - at < 100;
		usleep(300000);
		ERR(stat(P("none"), &(struct stat){0}), ENOENT);
		if (in_time)
			break;
		usleep(300000);
	}
	SEEN("getattr /none", 2);
}
CASE(opt_negative_off, "option.negative-timeout-is-off-by-default", .raw = true)
{
	ERR(stat(P("none"), &(struct stat){0}), ENOENT);
	ERR(stat(P("none"), &(struct stat){0}), ENOENT);
	SEEN("getattr /none", 2);
}

CASE(opt_kernel_cache, "option.kernel-cache-keeps-data-over-opens", .opts = "kernel_cache")
{
	put(S("f"), "12345");
	EQ(reads_of_second_slurp("f", "12345"), 0);
}

CASE(opt_auto_cache, "option.auto-cache-keeps-data-while-the-file-is-unchanged",
     .opts = "auto_cache")
{
	put(S("f"), "12345");
	OK(utimensat(AT_FDCWD, S("f"), (struct timespec[]){{11, 0}, {22, 0}}, 0));
	STR(slurp(P("f")), "12345");
	EQ(reads_of_second_slurp("f", "12345"), 0);
	put(S("f"), "123456");
	OK(utimensat(AT_FDCWD, S("f"), (struct timespec[]){{11, 0}, {33, 0}}, 0));
	STR(slurp(P("f")), "123456");
}

CASE(opt_direct_io, "option.direct-io", SETTING(direct_io))
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, (char[4]){0}, 3, 5), 3);
	SAW("read fh1 /f 3@5");
}

CASE(opt_ro, "option.read-only", .opts = "ro")
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	ERR(open(P("f"), O_RDWR), EROFS);
	ERR(mkdir(P("d"), 0755), EROFS);
	UNSEEN("mkdir*");
	YES(!strncmp(t_mount_field('o'), "ro,", 3), "%s", t_mount_field('o'));
}

CASE(opt_flags, "option.flags-of-the-mount", .opts = "noexec,nosuid,nodev,noatime")
{
	const char *o = t_mount_field('o');
	YES(strstr(o, "noexec") && strstr(o, "nosuid") && strstr(o, "nodev") &&
		    strstr(o, "noatime"),
	    "%s", o);
}

CASE(opt_dev_default, "option.flags-by-default")
{
	/* of root's mounts */
	const char *o = t_mount_field('o');
	YES(!strncmp(o, "rw,", 3) && !strstr(o, "noexec"), "%s", o);
}

CASE(opt_fsname, "option.fsname-and-subtype", .opts = "fsname=somewhere,subtype=kind")
{
	STR(t_mount_field('s'), "somewhere");
	STR(t_mount_field('t'), "fuse.kind");
}

CASE(opt_fsname_default, "option.fsname-by-default-is-the-programs")
{
	STR(t_mount_field('s'), "conform");
	STR(t_mount_field('t'), "fuse.conform");
}

CASE(opt_fsname_comma, "option.fsname-with-an-escaped-comma", .opts = "fsname=a\\,b")
{
	STR(t_mount_field('s'), "a,b");
}

CASE(opt_allow_other, "option.allow-other", .opts = "allow_other")
{
	YES(strstr(t_mount_field('S'), "allow_other"), "%s", t_mount_field('S'));
	OK(setuid(777));
	OK(stat(P(""), &(struct stat){0}));
}

CASE(opt_default_permissions, "option.default-permissions",
     .opts = "allow_other,default_permissions")
{
	put(S("f"), "");
	OK(chmod(S("f"), 0600));
	YES(strstr(t_mount_field('S'), "default_permissions"));
	OK(setuid(777));
	ERR(open(P("f"), O_RDONLY), EACCES);
	UNSEEN("open*");
	UNSEEN("access*");
}

CASE(opt_no_default_permissions, "option.without-default-permissions-the-program-decides",
     .opts = "allow_other")
{
	put(S("f"), "secret");
	OK(chmod(S("f"), 0600));
	OK(setuid(777));
	/* pathfs runs as root and refuses nothing */
	STR(slurp(P("f")), "secret");
}

#if FUSE_API == 2
CASE(opt_max_read, "option.max-read", .opts = "max_read=8192")
#else
static void small_max_read(struct fuse_conn_info *conn)
{
	conn->max_read = 8192;
}
CASE(opt_max_read, "option.max-read", .opts = "max_read=8192", .init = small_max_read)
#endif
{
	static char out[65536];
	int fd = OK(open(S("f"), O_CREAT | O_WRONLY, 0600));
	OK(write(fd, out, sizeof(out)));
	fd = OK(open(P("f"), O_RDONLY));
	EQ(read(fd, out, sizeof(out)), (long)sizeof(out));
	YES(strstr(t_mount_field('S'), "max_read=8192"), "%s", t_mount_field('S'));
	for (unsigned i = 0; i < T->nevents && i < T_EVENTS; i++) {
		long n;
		if (sscanf(T->ev[i].text, "read fh%*d /f %ld@", &n) == 1)
			YES(n <= 8192, "a read of %ld bytes", n);
	}
}

static void small_max_write(struct fuse_conn_info *conn)
{
	conn->max_write = 8192;
#if FUSE_API == 2
	conn->want |= FUSE_CAP_BIG_WRITES;
#endif
}
CASE(opt_max_write, "option.max-write-in-init", .init = small_max_write)
{
	char *out = aligned_alloc(4096, 65536);
	memset(out, 'x', 65536);
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0600));
	EQ(write(fd, out, 65536), 65536);
	SEEN("write fh1 /f 8192@*", 8);
}

#if FUSE_API == 2
CASE(opt_big_writes, "option.big-writes", .opts = "big_writes")
{
	char *out = aligned_alloc(4096, 65536);
	memset(out, 'x', 65536);
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0600));
	EQ(write(fd, out, 65536), 65536);
	SAW("write fh1 /f 65536@0");
}
CASE(opt_small_writes, "option.writes-are-one-page-by-default-in-api-2")
{
	char *out = aligned_alloc(4096, 65536);
	memset(out, 'x', 65536);
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0600));
	EQ(write(fd, out, 65536), 65536);
	SEEN("write fh1 /f 4096@*", 16);
}
CASE(opt_max_write_opt, "option.max-write", .opts = "big_writes,max_write=16384")
{
	char *out = aligned_alloc(4096, 65536);
	memset(out, 'x', 65536);
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0600));
	EQ(write(fd, out, 65536), 65536);
	SEEN("write fh1 /f 16384@*", 4);
}
#else
CASE(opt_big_default, "option.writes-are-big-by-default-in-api-3")
{
	char *out = aligned_alloc(4096, 1 << 20);
	memset(out, 'x', 1 << 20);
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0600));
	EQ(write(fd, out, 1 << 20), 1 << 20);
	YES(t_seen("write*") <= 8, "%d writes for a megabyte", t_seen("write*"));
}
#endif

CASE(opt_single, "option.s-is-one-thread", .modes = T_MODE_S)
{
	for (int i = 0; i < 20; i++)
		stat(P(""), &(struct stat){0});
	for (unsigned i = 1; i < T->nevents; i++)
		EQ(T->ev[i].tid, T->ev[0].tid);
	EQ(t_server_threads(), 1);
}

CASE(opt_debug, "option.d-prints-the-requests", .args = "-d")
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	/* the operations by their names, whatever the rest looks like */
	WITHIN(1000,
	       strstr(t_log(), "LOOKUP") && strstr(t_log(), "OPEN") && strstr(t_log(), "READ"));
	LOGGED("unique");
}

/*
 * Linux forgets a node whose name it finds gone. (Not by drop_caches: that takes away what the
 * cases beside this one count on.)
 */
CASE(opt_remember, "option.noforget", .args = "-d", .opts = "noforget")
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	ino_t ino = st_of(P("f")).st_ino;
	OK(rename(S("f"), S("away")));
	ERR(open(P("f"), O_RDONLY), ENOENT);
	WITHIN(2000, strstr(t_log(), "FORGET"));
	/* none of many others gets its node */
	for (int i = 0; i < 400; i++) {
		char name[16];
		snprintf(name, sizeof(name), "g%d", i);
		OK(mkdir(S(name), 0755));
		YES(st_of(P(name)).st_ino != ino);
	}
	OK(rename(S("away"), S("f")));
	EQ(st_of(P("f")).st_ino, ino);
}

CASE(opt_nodes_return, "option.nodes-are-forgotten-by-default")
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	OK(unlink(P("f")));
	put(P("f"), "new");
	STR(slurp(P("f")), "new");
}

/* --- bad ones --------------------------------------------------------------------------------- */

static void refused(const char *word)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	YES(WEXITSTATUS(s) != 0, "exit status 0");
	YES(!t_mounted(), "it mounted all the same");
	LOGGED(word);
	EQ(t_seen("*"), 0);
}

CASE(opt_unknown, "option.unknown-is-refused", .opts = "no_such_option", .no_mount = true,
     .any_exit = true)
{
	refused("no_such_option");
}

CASE(opt_unknown_value, "option.unknown-with-a-value-is-refused", .opts = "no_such=5",
     .no_mount = true, .any_exit = true)
{
	refused("no_such");
}

CASE(opt_unknown_flag, "option.unknown-flag-is-refused", .args = "--no-such-flag", .no_mount = true,
     .any_exit = true)
{
	refused("--no-such-flag");
}

CASE(opt_bad_uid, "option.uid-that-is-no-number", .opts = "uid=root", .no_mount = true,
     .any_exit = true)
{
	refused("uid=");
	LOGGED("root");
}

CASE(opt_bad_timeout, "option.timeout-that-is-no-number", .raw = true, .opts = "attr_timeout=soon",
     .no_mount = true, .any_exit = true)
{
	refused("attr_timeout=");
	LOGGED("soon");
}

CASE(opt_bad_max_read, "option.max-read-that-is-no-number", .opts = "max_read=much",
     .no_mount = true, .any_exit = true)
{
	refused("max_read");
}

CASE(opt_bad_umask, "option.umask-that-is-not-octal", .opts = "umask=rw", .no_mount = true,
     .any_exit = true)
{
	refused("umask=");
	LOGGED("rw");
}

static int at(const char *point, int argc, char **argv)
{
	argv[argc - 1] = (char *)(uintptr_t)point;
	return t_path_server(argc, argv);
}
static int at_nowhere(int argc, char **argv)
{
	return at("/no/such/directory", argc, argv);
}
CASE(opt_no_point, "option.mount-point-that-does-not-exist", .server = at_nowhere, .no_mount = true,
     .any_exit = true)
{
	refused("/no/such/directory");
	LOGGED("No such file or directory");
}

/* A file system whose root is a file, on a mount point that is one. */
#if FUSE_API == 2
static int root_file(const char *path, struct stat *st)
#else
static int root_file(const char *path, struct stat *st, struct fuse_file_info *fi)
#endif
{
#if FUSE_API == 3
	(void)fi;
#endif
	*st = (struct stat){.st_mode = S_IFREG | 0644, .st_nlink = 1, .st_size = 7};
	return strcmp(path, "/") ? -ENOENT : 0;
}
static int root_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	struct t_call c;
	(void)fi;
	t_begin(&c, OP_read, NULL, 0, path, "%lld", (long long)off);
	if (off || size < 7)
		return (int)t_end(&c, 0);
	memcpy(buf, "content", 7);
	return (int)t_end(&c, 7);
}
static void file_system_of_one_file(struct fuse_operations *ops)
{
	*ops = (struct fuse_operations){.getattr = root_file, .read = root_read};
}
static int at_file(int argc, char **argv)
{
	snprintf(T->mnt, sizeof(T->mnt), "%s/file", T->dir);
	put(T->mnt, "");
	return t_path_server(argc, argv);
}
CASE(opt_point_file, "option.mount-point-that-is-a-file", .server = at_file,
     .ops = file_system_of_one_file)
{
	STR(slurp(P("")), "content");
	SAW("read / 0");
}

static int without_point(int argc, char **argv)
{
	argv[argc - 1] = NULL;
	return t_path_server(argc - 1, argv);
}
CASE(opt_point_missing, "option.no-mount-point", .server = without_point, .no_mount = true,
     .any_exit = true)
{
	refused("mount");
}

static int two_points(int argc, char **argv)
{
	argv[argc++] = (char *)(uintptr_t) "/tmp";
	argv[argc] = NULL;
	return t_path_server(argc, argv);
}
CASE(opt_two_points, "option.two-mount-points", .server = two_points, .no_mount = true,
     .any_exit = true)
{
	refused("/tmp");
}

static int at_full(int argc, char **argv)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/something", T->mnt);
	put(path, "");
	return t_path_server(argc, argv);
}
#if FUSE_API == 2
CASE(opt_nonempty, "option.mount-point-that-is-not-empty-is-refused-by-api-2", .server = at_full,
     .no_mount = true, .any_exit = true)
{
	refused("nonempty");
}
CASE(opt_nonempty_ok, "option.nonempty", .server = at_full, .opts = "nonempty")
{
	ERR(stat(P("something"), &(struct stat){0}), ENOENT);
}
#else
CASE(opt_nonempty_3, "option.mount-point-that-is-not-empty-is-taken-by-api-3", .server = at_full)
{
	ERR(stat(P("something"), &(struct stat){0}), ENOENT);
}
CASE(opt_nonempty_gone, "option.nonempty-is-unknown-to-api-3", .opts = "nonempty", .no_mount = true,
     .any_exit = true)
{
	refused("nonempty");
}
#endif

CASE(opt_help, "option.help-prints-and-mounts-nothing", .args = "--help", .no_mount = true,
     .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	EQ(WEXITSTATUS(s), FUSE_API == 2 ? 1 : 0);
	YES(!t_mounted());
	LOGGED("-o");
	LOGGED("-s");
}

CASE(opt_version, "option.version-prints-and-mounts-nothing", .args = "-V", .no_mount = true,
     .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	EQ(WEXITSTATUS(s), FUSE_API == 2 ? 1 : 0);
	YES(!t_mounted());
	LOGGED("version");
}
