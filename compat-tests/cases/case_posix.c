/* case_posix.c - what a person would try by hand on any file system */
#include "conform.h"

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>

/* --- names and paths ----------------------------------------------------------------------------
 */

CASE(px_path_max, "posix.path-of-nearly-path-max")
{
	char part[251], path[PATH_MAX] = "";
	memset(part, 'd', 250);
	part[250] = 0;
	OK(chdir(P("")));
	for (int i = 0; i < 15; i++) {
		OK(mkdir(part, 0755));
		OK(chdir(part));
		strcat(strcat(path, part), "/");
	}
	strcat(path, "file"); /* 3769 bytes below the mount point */
	put("file", "deep");
	OK(chdir(P("")));
	STR(slurp(path), "deep");
	OK(unlink(path));
	ERR(open(path, O_RDONLY), ENOENT);
	OK(chdir("/"));
}

CASE(px_too_long, "posix.name-of-256-bytes-is-too-long")
{
	char name[257];
	memset(name, 'n', 256);
	name[256] = 0;
	ERR(open(P(name), O_CREAT | O_WRONLY, 0600), ENAMETOOLONG);
	ERR(mkdir(P(name), 0700), ENAMETOOLONG);
	UNSEEN("mkdir*");
	UNSEEN("create*");
}

CASE(px_loop, "posix.symlinks-in-a-circle")
{
	OK(symlink("b", P("a")));
	OK(symlink("a", P("b")));
	ERR(open(P("a"), O_RDONLY), ELOOP);
	ERR(open(P("a"), O_RDONLY | O_NOFOLLOW), ELOOP);
	EQ(readlink(P("a"), (char[4]){0}, 4), 1);
}

CASE(px_notdir, "posix.a-file-is-no-directory")
{
	put(S("f"), "x");
	ERR(open(P("f/x"), O_RDONLY), ENOTDIR);
	ERR(mkdir(P("f/x"), 0755), ENOTDIR);
	ERR(rmdir(P("f")), ENOTDIR);
	ERR(open(P("f"), O_RDONLY | O_DIRECTORY), ENOTDIR);
	ERR(open(P(""), O_WRONLY), EISDIR);
	UNSEEN("rmdir*");
}

CASE(px_slash, "posix.slashes-and-dots-in-paths")
{
	OK(mkdir(P("d/"), 0755));
	put(P("d//f"), "x");
	STR(slurp(P("./d/../d/./f")), "x");
	SAW("open fh* /d/f ro");
	ERR(unlink(P("d/f/")), ENOTDIR);
	ERR(rmdir(P("d/.")), EINVAL);
}

CASE(px_link_dir, "posix.link-of-a-directory-is-refused")
{
	OK(mkdir(P("d"), 0755));
	ERR(link(P("d"), P("e")), EPERM);
	put(S("f"), "x");
	ERR(link(P("f"), S("g")), EXDEV);
	ERR(rename(P("f"), S("g")), EXDEV);
	UNSEEN("link*");
	UNSEEN("rename*");
}

/* a program of API 2 cannot be told; one of API 3 decides, and what it refuses is refused */
CASE(px_whiteout, "posix.rename-whiteout-is-never-dropped")
{
	put(S("f"), "x");
	ERR(renameat2(AT_FDCWD, P("f"), AT_FDCWD, P("g"), 3), EINVAL);
#if FUSE_API == 2
	ERR(renameat2(AT_FDCWD, P("f"), AT_FDCWD, P("g"), 4), EINVAL);
	UNSEEN("rename*");
#else
	force(OP_rename, -EINVAL, 1);
	ERR(renameat2(AT_FDCWD, P("f"), AT_FDCWD, P("g"), 4), EINVAL);
	SAW("rename /f /g 4");
#endif
	STR(slurp(P("f")), "x");
}

CASE(px_same_link, "posix.rename-to-another-name-of-the-same-file")
{
	put(S("a"), "x");
	OK(link(S("a"), S("b")));
	OK(rename(P("a"), P("b")));
	STR(slurp(P("b")), "x");
}

CASE(px_tmpfile, "posix.o-tmpfile-without-the-operation")
{
	ERR(open(P(""), O_TMPFILE | O_RDWR, 0600), EOPNOTSUPP);
	OK(stat(P(""), &(struct stat){0}));
}

/* --- files --------------------------------------------------------------------------------------
 */

CASE(px_boundary, "posix.write-across-4-gib")
{
	char buf[9] = "";
	off_t at = (1LL << 32) - 4;
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	EQ(pwrite(fd, "abcdefgh", 8, at), 8);
	EQ(pread(fd, buf, 8, at), 8);
	STR(buf, "abcdefgh");
	EQ(st_of(S("f")).st_size, at + 8);
	EQ(lseek(fd, 0, SEEK_END), at + 8);
	OK(ftruncate(fd, 1LL << 32));
	SAW("truncate fh* /f 4294967296");
	EQ(lseek(fd, -1, SEEK_END), (1LL << 32) - 1);
	EQ(read(fd, buf, 8), 1);
	EQ(buf[0], 'd');
}

CASE(px_fallocate_big, "posix.fallocate-beyond-4-gib")
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 5LL << 32, 4096));
	SAW_RET("fallocate fh1 /f 1 21474836480+4096", 0);
	EQ(st_of(P("f")).st_size, 0);
}

CASE(px_limits, "posix.offsets-at-the-limit")
{
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	ERR(pwrite(fd, "x", 1, INT64_MAX), EINVAL);
	ERR(pread(fd, (char[1]){0}, 1, -1), EINVAL);
	EQ(pread(fd, (char[1]){0}, 1, INT64_MAX - 1), 0);
	ERR(ftruncate(fd, -1), EINVAL);
	UNSEEN("write*");
}

CASE(px_sparse, "posix.hole-reads-as-zeros")
{
	char buf[8192];
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	EQ(pwrite(fd, "x", 1, 8191), 1);
	EQ(pread(fd, buf, 8192, 0), 8192);
	for (int i = 0; i < 8191; i++)
		YES(!buf[i], "byte %d", i);
	EQ(buf[8191], 'x');
}

CASE(px_append_two, "posix.two-appenders-lose-nothing")
{
	int a = OK(open(P("f"), O_CREAT | O_WRONLY | O_APPEND, 0600));
	int b = OK(open(P("f"), O_WRONLY | O_APPEND));
	for (int i = 0; i < 50; i++) {
		EQ(write(a, "a", 1), 1);
		EQ(write(b, "b", 1), 1);
	}
	EQ(st_of(S("f")).st_size, 100);
	SAW("write fh1 /f 1@0");
	SAW("write fh2 /f 1@99");
}

CASE(px_trunc_open, "posix.truncation-while-others-read")
{
	char buf[8] = "";
	put(P("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(read(fd, buf, 4), 4);
	close((int)OK(open(P("f"), O_WRONLY | O_TRUNC)));
	EQ(read(fd, buf, 4), 0);
	put(P("f"), "new");
	EQ(pread(fd, buf, 8, 0), 3);
}

CASE(px_o_direct, "posix.o-direct-large-and-odd")
{
	char *buf = aligned_alloc(4096, 1 << 20);
	memset(buf, 'd', 1 << 20);
	int fd = OK(open(P("f"), O_CREAT | O_RDWR | O_DIRECT, 0600));
	EQ(write(fd, buf, 1 << 20), 1 << 20);
	EQ(pwrite(fd, buf, 777, 1 << 20), 777);
	memset(buf, 0, 1 << 20);
	EQ(pread(fd, buf, 1 << 20, 777), 1 << 20);
	EQ(buf[0], 'd');
	EQ(buf[(1 << 20) - 1], 'd');
	EQ(pread(fd, buf, 4096, (1 << 20) + 776), 1);
	free(buf);
}

#if FUSE_API == 2
CASE(px_direct_mmap, "posix.direct-io-refuses-shared-mappings", .opts = "direct_io")
#else
static void direct(struct fuse_config *cfg)
{
	cfg->direct_io = 1;
}
CASE(px_direct_mmap, "posix.direct-io-refuses-shared-mappings", .config = direct)
#endif
{
	put(S("f"), "0123");
	int fd = OK(open(P("f"), O_RDWR));
	YES(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	EQ(errno, ENODEV);
	char *m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	YES(m != MAP_FAILED);
	EQ(m[2], '2');
}

CASE(px_mmap_grow, "posix.mapping-of-an-unlinked-file")
{
	put(P("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	YES(m != MAP_FAILED);
	OK(unlink(P("f")));
	OK(close(fd));
	m[3] = 'X';
	OK(msync(m, 4096, MS_SYNC));
	EQ(m[9], '9');
	SAW("write fh* * 10@0");
	munmap(m, 4096);
	SAW("release*");
}

CASE(px_sendfile, "posix.sendfile-and-splice")
{
	int p[2];
	char buf[32] = "";
	put(S("f"), "0123456789");
	int in = OK(open(P("f"), O_RDONLY)), out = OK(open(P("g"), O_CREAT | O_RDWR, 0600));
	off_t off = 2;
	EQ(sendfile(out, in, &off, 5), 5);
	OK(pipe(p));
	off = 0;
	EQ(splice(in, &off, p[1], NULL, 10, 0), 10);
	off = 5;
	EQ(splice(p[0], NULL, out, &off, 10, 0), 10);
	EQ(pread(out, buf, 31, 0), 15);
	STR(buf, "234560123456789");
}

CASE(px_exec, "posix.execute-a-program")
{
	put(P("script"), "#!/bin/sh\nexit 7\n");
	ERR(execl(P("script"), "script", NULL), EACCES);
	OK(chmod(P("script"), 0755));
	int s = system(P("script"));
	EQ(WEXITSTATUS(s), 7);
}

CASE(px_socket, "posix.socket-and-fifo")
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int l = OK(socket(AF_UNIX, SOCK_STREAM, 0)), c = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", P("sock"));
	OK(bind(l, (void *)&a, sizeof(a)));
	SAW("mknod /sock 14* 0");
	OK(listen(l, 1));
	OK(connect(c, (void *)&a, sizeof(a)));
	OK(mkfifo(P("fifo"), 0600));
	int r = OK(open(P("fifo"), O_RDWR));
	EQ(write(r, "x", 1), 1);
	EQ(read(r, (char[1]){0}, 1), 1);
	UNSEEN("open*"); /* neither is the file system's to open */
}

CASE(px_inotify, "posix.inotify-sees-what-clients-do")
{
	char buf[512];
	int fd = inotify_init1(IN_NONBLOCK);
	OK(inotify_add_watch(fd, P(""), IN_CREATE | IN_DELETE));
	put(P("f"), "x");
	OK(unlink(P("f")));
	ssize_t n = OK(read(fd, buf, sizeof(buf)));
	struct inotify_event *e = (void *)buf;
	EQ(e->mask, IN_CREATE);
	STR(e->name, "f");
	e = (void *)(e->name + e->len);
	YES((char *)e < buf + n);
	EQ(e->mask, IN_DELETE);
}

CASE(px_cwd, "posix.getcwd-and-relative-names")
{
	char cwd[PATH_MAX];
	OK(mkdir(P("d"), 0755));
	OK(chdir(P("d")));
	STR(getcwd(cwd, sizeof(cwd)), P("d"));
	put("f", "x");
	STR(slurp("../d/f"), "x");
	OK(chdir("/"));
}

/* --- times --------------------------------------------------------------------------------------
 */

CASE(px_times, "posix.times-before-1970-and-after-2038-can-be-set")
{
	static const int64_t when[] = {-1,           -2147483649LL, 0,
				       2147483648LL, 4294967296LL,  15032385535LL};
	put(S("f"), "");
	for (size_t i = 0; i < 6; i++) {
		struct timespec t[2] = {{when[i], 999999999}, {when[i], 1}};
		OK(utimensat(AT_FDCWD, P("f"), t, 0));
		EQ(st_of(S("f")).st_atim.tv_sec, when[i]);
		EQ(st_of(P("f")).st_mtim.tv_sec, when[i]);
		EQ(st_of(P("f")).st_atim.tv_nsec, 999999999);
	}
}

CASE(px_times_bad, "posix.times-that-are-none")
{
	put(S("f"), "");
	ERR(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{0, 1000000000}, {0, 0}}, 0), EINVAL);
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{0, UTIME_OMIT}, {0, UTIME_OMIT}}, 0));
	UNSEEN("utimens*");
}

CASE(px_times_dir, "posix.times-of-a-directory-and-of-a-symlink")
{
	struct timespec t[2] = {{100, 1}, {200, 2}};
	OK(mkdir(P("d"), 0755));
	OK(symlink("d", P("l")));
	OK(utimensat(AT_FDCWD, P("d"), t, 0));
	SAW_RET("utimens /d 100.000000001 200.000000002", 0);
	OK(utimensat(AT_FDCWD, P("l"), t, AT_SYMLINK_NOFOLLOW));
	SAW_RET("utimens /l *", 0);
	EQ(st_of(P("l")).st_mtim.tv_sec, 200);
}

/* --- permissions --------------------------------------------------------------------------------
 */

static void as(uid_t uid, gid_t gid)
{
	OK(setgroups(0, NULL));
	OK(setgid(gid));
	OK(setuid(uid));
}

CASE(px_perm_dir, "posix.default-permissions-of-directories",
     .opts = "allow_other,default_permissions")
{
	OK(mkdir(S("closed"), 0700));
	put(S("closed/f"), "x");
	OK(mkdir(S("listed"), 0744));
	put(S("listed/f"), "x");
	OK(mkdir(S("plain"), 0755));
	as(777, 777);
	ERR(stat(P("closed/f"), &(struct stat){0}), EACCES);
	ERR(open(P("closed"), O_RDONLY), EACCES);
	YES(opendir(P("listed")));
	ERR(stat(P("listed/f"), &(struct stat){0}), EACCES);
	ERR(mkdir(P("plain/d"), 0755), EACCES);
	ERR(rename(P("plain"), P("other")), EACCES);
	UNSEEN("mkdir*");
	UNSEEN("rename*");
}

CASE(px_perm_sticky, "posix.default-permissions-sticky-directory",
     .opts = "allow_other,default_permissions")
{
	OK(mkdir(S("tmp"), 0));
	OK(chmod(S("tmp"), 01777));
	put(S("tmp/others"), "x");
	as(777, 777);
	put(P("tmp/mine"), "x");
	ERR(unlink(P("tmp/others")), EPERM);
	OK(unlink(P("tmp/mine")));
	UNSEEN("unlink /tmp/others");
}

CASE(px_perm_owner, "posix.default-permissions-only-the-owner-changes",
     .opts = "allow_other,default_permissions")
{
	put(S("f"), "x");
	OK(chmod(S("f"), 0666));
	put(S("mine"), "x");
	OK(chown(S("mine"), 777, 777));
	as(777, 777);
	ERR(chmod(P("f"), 0600), EPERM);
	ERR(chown(P("f"), 777, -1), EPERM);
	ERR(utimensat(AT_FDCWD, P("f"), (struct timespec[2]){{1, 1}, {1, 1}}, 0), EPERM);
	OK(utimensat(AT_FDCWD, P("f"), NULL, 0));
	OK(chmod(P("mine"), 0600));
	ERR(chown(P("mine"), 0, -1), EPERM);
	UNSEEN("chown*");
	SEEN("chmod*", 1);
}

CASE(px_perm_group, "posix.default-permissions-of-the-group",
     .opts = "allow_other,default_permissions")
{
	put(S("f"), "x");
	OK(chown(S("f"), 0, 555));
	OK(chmod(S("f"), 0640));
	as(777, 555);
	STR(slurp(P("f")), "x");
	ERR(open(P("f"), O_WRONLY), EACCES);
}

static void as_nobody(long arg)
{
	(void)arg;
	as(777, 777);
	ERR(stat(P("f"), &(struct stat){0}), EACCES);
}
CASE(px_allow_root, "posix.allow-root-lets-root-in-and-nobody-else", .opts = "allow_root")
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	EQ(reap(spawn(as_nobody, 0)), 0);
}

/* --- files that are open and gone ---------------------------------------------------------------
 */

CASE(px_gone, "posix.everything-on-an-unlinked-file")
{
	struct stat st;
	char buf[9] = "";
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0644));
	OK(unlink(P("f")));
	EQ(write(fd, "hello", 5), 5);
	OK(fchmod(fd, 0600));
	OK(fchown(fd, 5, 6));
	OK(ftruncate(fd, 3));
	OK(futimens(fd, (struct timespec[]){{1, 2}, {3, 4}}));
	OK(fsync(fd));
	OK(fstat(fd, &st));
	EQ(st.st_size, 3);
	EQ(st.st_mode & 07777, 0600);
	EQ(st.st_uid, 5);
	EQ(st.st_mtim.tv_nsec, 4);
	EQ(pread(fd, buf, 8, 0), 3);
	STR(buf, "hel");
	ERR(stat(P("f"), &(struct stat){0}), ENOENT);
}

CASE(px_gone_twice, "posix.two-files-of-one-name-unlinked-while-open")
{
	char buf[4] = "";
	int fd[3];
	for (int i = 0; i < 3; i++) {
		fd[i] = OK(open(P("f"), O_CREAT | O_EXCL | O_RDWR, 0600));
		EQ(write(fd[i], &"abc"[i], 1), 1);
		OK(unlink(P("f")));
	}
	for (int i = 0; i < 3; i++) {
		EQ(pread(fd[i], buf, 4, 0), 1);
		EQ(buf[0], "abc"[i]);
		OK(close(fd[i]));
	}
	for (int i = 0; i < 3; i++)
		SAW("unlink /.fuse_hidden*");
}

CASE(px_proc_fd, "posix.reopen-by-proc-self-fd")
{
	char name[40];
	put(P("f"), "0123");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(rename(P("f"), P("g")));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	STR(slurp(name), "0123");
	SAW("open fh* /g ro");
	int path = OK(open(P("g"), O_PATH));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	OK(chmod(name, 0600));
	SAW("chmod /g 0600");
}
