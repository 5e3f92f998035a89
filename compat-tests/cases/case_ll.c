/* case_ll.c - the low-level API: requests, replies, lookup counts, readdirplus, the end of a session */
#include "llfs.h"

#include <dirent.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

CASE(ll_lookup, "ll.lookup-and-getattr", .ll = true)
{
	ERR(stat(P("none"), &(struct stat){0}), ENOENT);
	SAW_RET("lookup 1/none", -ENOENT);
	OK(mkdir(P("d"), 0755));
	SAW_RET("mkdir 1/d 0755", 0);
	struct stat st = st_of(P("d"));
	EQ(st.st_mode, S_IFDIR | 0755);
	EQ(st.st_ino, 2);
	SAW("lookup 1/d");
	ERR(stat(P("d/x"), &(struct stat){0}), ENOENT);
	SAW("lookup 2/x");
}

CASE(ll_io, "ll.create-write-read-release", .ll = true)
{
	char buf[20] = "";
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0640));
	SAW("create fh1 1/f 0640");
	EQ(write(fd, "hello", 5), 5);
	SAW("write fh1 2 5@0");
	EQ(pread(fd, buf, 20, 1), 4);
	STR(buf, "ello");
	SAW("read fh1 2 *@0");
	OK(fsync(fd));
	SAW("fsync fh1 2 0");
	OK(close(fd));
	SAW("flush fh1 2");
	SAW("release fh1 2");
}

CASE(ll_setattr, "ll.setattr-says-what-to-set", .ll = true)
{
	put(P("f"), "0123456789");
	OK(chmod(P("f"), 0600));
	SAW("setattr 2 mode,");
	OK(chown(P("f"), 5, 6));
	SAW("setattr 2 uid,gid,");
	OK(chown(P("f"), 7, (gid_t)-1));
	SAW("setattr 2 uid,");
	OK(truncate(P("f"), 4));
	SAW("setattr 2 size,*");
	EQ(st_of(P("f")).st_size, 4);
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{1, 2}, {3, 4}}, 0));
	SAW("setattr 2 atime,mtime,");
	EQ(st_of(P("f")).st_mtim.tv_nsec, 4);
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{0, UTIME_OMIT}, {3, 4}}, 0));
	SAW("setattr 2 mtime,");
	OK(utimensat(AT_FDCWD, P("f"), NULL, 0));
	SAW("setattr 2 atime,mtime,atime_now,mtime_now,");
}

CASE(ll_ftruncate, "ll.ftruncate-has-the-handle", .ll = true)
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0640));
	OK(ftruncate(fd, 7));
	SAW("setattr fh1 2 size,*");
}

CASE(ll_names, "ll.symlink-link-rename-unlink-rmdir-mknod", .ll = true)
{
	char buf[20] = "";
	OK(symlink("target", P("l")));
	SAW("symlink 1/l target");
	EQ(readlink(P("l"), buf, 20), 6);
	SAW("readlink 2");
	STR(buf, "target");
	put(P("f"), "x");
	OK(link(P("f"), P("g")));
	SAW("link 3 1/g");
	EQ(st_of(P("f")).st_nlink, 2);
	EQ(st_of(P("f")).st_ino, st_of(P("g")).st_ino);
	OK(mkdir(P("d"), 0755));
	OK(rename(P("g"), P("d/h")));
	SAW("rename 1/g 4/h 0");
	OK(unlink(P("d/h")));
	SAW("unlink 4/h");
	OK(rmdir(P("d")));
	SAW("rmdir 1/d");
	OK(mknod(P("p"), S_IFIFO | 0600, 0));
	SAW("mknod 1/p 010600 0");
}

CASE(ll_readdir, "ll.readdir", .ll = true)
{
	char name[20];
	struct dirent *e;
	int n = 0;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "file-number-%d", i);
		OK(mknod(P(name), S_IFREG | 0600, 0));
	}
	DIR *d = opendir(P(""));
	while ((e = readdir(d)))
		n++;
	EQ(n, 302);
	closedir(d);
	SAW("opendir fh* 1");
	SAW("readdir* fh* 1 0");
	SAW("readdir* fh* 1 [1-9]*");
	SAW("releasedir fh* 1");
}

CASE(ll_statfs, "ll.statfs-and-access", .ll = true)
{
	struct statvfs sv;
	OK(statvfs(P(""), &sv));
	SAW("statfs 1");
	EQ(sv.f_blocks, 1000);
	OK(access(P(""), W_OK));
	SAW("access 1 2");
	force(OP_access, -EACCES, 1);
	ERR(access(P(""), W_OK), EACCES);
}

CASE(ll_errors, "ll.reply-err", .ll = true)
{
	force(OP_mkdir, -EDQUOT, 1);
	ERR(mkdir(P("d"), 0755), EDQUOT);
	force(OP_lookup, -EIO, 1);
	ERR(stat(P("x"), &(struct stat){0}), EIO);
	force(OP_getattr, -ESTALE, -1);
	OK(access(P(""), F_OK));
}

CASE(ll_missing, "ll.missing-operations", .ll = true, .only = "init destroy getattr lookup")
{
	ERR(mkdir(P("d"), 0755), ENOSYS);
	ERR(symlink("x", P("l")), ENOSYS);
	ERR(mknod(P("p"), S_IFIFO, 0), ENOSYS);
	ERR(open(P("f"), O_CREAT | O_RDWR, 0600), ENOSYS);
	ERR(getxattr(P(""), "user.x", NULL, 0), EOPNOTSUPP);
	OK(access(P(""), W_OK));
	OK(statvfs(P(""), &(struct statvfs){0}));
	OK(stat(P(""), &(struct stat){0}));
}

CASE(ll_nothing, "ll.table-of-nulls", .ll = true, .only = "none")
{
	ERR(stat(P(""), &(struct stat){0}), ENOSYS);
	EQ(t_seen("*"), 0);
}

CASE(ll_missing_open, "ll.open-missing-is-allowed", .ll = true,
     .without = "open opendir release releasedir flush")
{
	OK(mknod(P("f"), S_IFREG | 0600, 0));
	int fd = OK(open(P("f"), O_RDWR));
	EQ(write(fd, "abc", 3), 3);
	OK(close(fd));
	DIR *d = opendir(P(""));
	YES(d && readdir(d));
	closedir(d);
}

CASE(ll_forget, "ll.lookup-counts-balance-to-zero", .ll = true)
{
	char name[20];
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(P(name), "x");
		OK(stat(P(name), &(struct stat){0}));
		slurp(P(name));
	}
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		OK(unlink(P(name)));
	}
	for (int i = 2; i < 52; i++)
		WITHIN(3000, atomic_load(&T->lookups[i]) == 0);
	SAW("forget 51 *");
}

CASE(ll_forget_single, "ll.forget-without-forget-multi", .ll = true, .without = "forget_multi")
{
	char name[20];
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		OK(mknod(P(name), S_IFREG | 0600, 0));
		OK(unlink(P(name)));
	}
	for (int i = 2; i < 52; i++)
		WITHIN(3000, atomic_load(&T->lookups[i]) == 0);
}

CASE(ll_forget_none, "ll.no-forget-at-all", .ll = true, .without = "forget forget_multi")
{
	OK(mknod(P("f"), S_IFREG | 0600, 0));
	OK(unlink(P("f")));
	usleep(10000);
	OK(mknod(P("g"), S_IFREG | 0600, 0));
	OK(stat(P("g"), &(struct stat){0}));
}

static void second(struct fuse_conn_info *conn)
{
	(void)conn;
	ll_timeout = 10;
}
CASE(ll_cached, "ll.timeouts-of-the-reply", .ll = true, .init = second)
{
	OK(mkdir(P("d"), 0755));
	OK(stat(P("d"), &(struct stat){0}));
	MARK();
	OK(stat(P("d"), &(struct stat){0}));
	UNSEEN("lookup*");
	UNSEEN("getattr*");
}

static void negative_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = {.entry_timeout = 10};
	struct t_call c;
	ll_begin(&c, OP_lookup, req, 0, parent, name, "%s", "");
	t_end(&c, 0);
	fuse_reply_entry(req, &e);
}
static void negative(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = negative_lookup;
}
CASE(ll_negative, "ll.entry-of-node-zero-is-a-cached-absence", .ll = true, .ll_ops = negative)
{
	ERR(stat(P("none"), &(struct stat){0}), ENOENT);
	ERR(stat(P("none"), &(struct stat){0}), ENOENT);
	SEEN("lookup 1/none", 1);
}

static void who_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	gid_t g[32];
	struct t_call c;
	(void)mode;
	ll_begin(&c, OP_mkdir, req, 0, parent, name, "groups %d", fuse_req_getgroups(req, 32, g));
	t_end(&c, 0);
	fuse_reply_err(req, EXDEV);
}
static void who(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = who_mkdir;
}
static void as_user(long arg)
{
	(void)arg;
	OK(setgid(22));
	OK(setuid(11));
	umask(007);
	ERR(mkdir(P("d"), 0777), EXDEV);
}
CASE(ll_context, "ll.context-of-a-request", .ll = true, .ll_ops = who, .opts = "allow_other")
{
	pid_t p = spawn(as_user, 0);
	EQ(reap(p), 0);
	const struct t_event *e = SAW("mkdir 1/d groups *");
	EQ(e->uid, 11);
	EQ(e->gid, 22);
	EQ(e->pid, p);
	EQ(e->umask, 007);
}

#if FUSE_API == 3
static void plus_always(struct fuse_conn_info *conn)
{
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	ll_timeout = 10;
}
CASE(ll_plus, "ll.readdirplus-brings-entries-and-counts-lookups", .ll = true, .init = plus_always)
{
	put(P("a"), "12345");
	OK(mkdir(P("b"), 0755));
	DIR *d = opendir(P(""));
	int n = 0;
	while (readdir(d))
		n++;
	EQ(n, 4);
	closedir(d);
	SAW("readdirplus fh* 1 0");
	UNSEEN("readdir fh*");
	MARK();
	EQ(st_of(P("a")).st_size, 5);
	UNSEEN("lookup*");
	YES(atomic_load(&T->lookups[2]) >= 2, "%ld", atomic_load(&T->lookups[2]));
	OK(unlink(P("a")));
	WITHIN(2000, atomic_load(&T->lookups[2]) == 0);
}

static void readdir_only(struct fuse_conn_info *conn)
{
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS;
}
CASE(ll_no_plus, "ll.readdirplus-declined", .ll = true, .init = readdir_only)
{
	put(P("a"), "12345");
	DIR *d = opendir(P(""));
	while (readdir(d))
		;
	SAW("readdir fh* 1 0");
	UNSEEN("readdirplus*");
}

CASE(ll_rename_flags, "ll.rename-flags", .ll = true)
{
	put(P("a"), "1");
	put(P("b"), "2");
	ERR(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("b"), 2), EINVAL);
	SAW("rename 1/a 1/b 2");
}
#endif

static void exit_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent;
	(void)name;
	(void)mode;
	fuse_session_exit(t_session);
	fuse_reply_err(req, EXDEV);
}
static void exits(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = exit_mkdir;
}
CASE(ll_exit, "ll.session-exit-in-an-operation", .ll = true, .ll_ops = exits, .any_exit = true)
{
	ERR(mkdir(P("d"), 0755), EXDEV);
	SERVER_EXITS(2000, 0);
	YES(!t_mounted());
}

static long session_exit(long cmd, long a, long b)
{
	(void)cmd;
	(void)a;
	(void)b;
	fuse_session_exit(t_session);
	return 1;
}
/* The loop may be over, and the flag reset, before anybody can look at fuse_session_exited(). */
CASE(ll_exit_thread, "ll.session-exit-from-another-thread", .ll = true, .on_command = session_exit,
     .any_exit = true)
{
	OK(stat(P(""), &(struct stat){0}));
	EQ(command(0, 0, 0) != 0, 1);
	SERVER_EXITS(2000, 0);
}

CASE(ll_sigterm, "ll.sigterm-ends-the-loop", .ll = true, .any_exit = true)
{
	OK(stat(P(""), &(struct stat){0}));
	OK(kill(T->server, SIGTERM));
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	YES(!t_mounted());
	SAW("destroy*");
}
