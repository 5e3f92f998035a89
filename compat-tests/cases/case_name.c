/* case_name.c - mknod, unlink, symlink, readlink, link, rename, and files unlinked while open */
#include "conform.h"

#include <signal.h>

#include <dirent.h>

static int hidden_files(void)
{
	DIR *d = opendir(S(""));
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, ".fuse_hidden", 12);
	if (d)
		closedir(d);
	return n;
}

CASE(name_mknod, "name.mknod-fifo")
{
	umask(0);
	OK(mknod(P("p"), S_IFIFO | 0640, 0));
	SAW_RET("mknod /p 010640 0", 0);
	EQ(st_of(P("p")).st_mode, S_IFIFO | 0640);
}

CASE(name_mknod_file, "name.mknod-of-a-regular-file-is-create-and-release")
{
	umask(0);
	OK(mknod(P("f"), S_IFREG | 0644, 0));
	SAW("create fh1 /f 0644 wo,excl,creat");
	SAW("release fh1 /f");
	UNSEEN("mknod*");
	EQ(st_of(P("f")).st_mode, S_IFREG | 0644);
}

CASE(name_mknod_plain, "name.mknod-of-a-regular-file-without-create", .without = "create")
{
	umask(0);
	OK(mknod(P("f"), S_IFREG | 0644, 0));
	SAW("mknod /f 100644 0");
}

CASE(name_mknod_exists, "name.mknod-over-existing")
{
	put(S("f"), "");
	ERR(mknod(P("f"), S_IFREG | 0644, 0), EEXIST);
	UNSEEN("mknod*");
}

CASE(name_unlink, "name.unlink")
{
	put(S("f"), "");
	OK(unlink(P("f")));
	SAW("getattr /f");
	SAW_RET("unlink /f", 0);
	ERR(stat(P("f"), &(struct stat){0}), ENOENT);
}

CASE(name_unlink_none, "name.unlink-of-nothing")
{
	ERR(unlink(P("f")), ENOENT);
	UNSEEN("unlink*");
}

CASE(name_unlink_err, "name.unlink-error")
{
	put(S("f"), "");
	force(OP_unlink, -EBUSY, 1);
	ERR(unlink(P("f")), EBUSY);
	OK(stat(P("f"), &(struct stat){0}));
}

CASE(name_unlink_dir, "name.unlink-of-a-directory")
{
	OK(mkdir(S("d"), 0755));
	ERR(unlink(P("d")), EISDIR);
	UNSEEN("unlink*");
}

CASE(name_symlink, "name.symlink-and-readlink")
{
	char buf[100] = "";
	OK(symlink("../some/target", P("l")));
	SAW_RET("symlink /l ../some/target", 0);
	EQ(readlink(P("l"), buf, sizeof(buf)), 14);
	SAW_RET("readlink /l", 0);
	STR(buf, "../some/target");
	EQ(st_of(P("l")).st_mode & S_IFMT, S_IFLNK);
}

CASE(name_symlink_long, "name.readlink-of-the-longest-target")
{
	char target[4096], buf[5000] = "";
	memset(target, 'x', 4095);
	target[4095] = 0;
	OK(symlink(target, S("l")));
	EQ(readlink(P("l"), buf, sizeof(buf)), 4095);
	STR(buf, target);
}

CASE(name_symlink_follow, "name.open-through-a-symlink")
{
	put(S("f"), "content");
	OK(symlink("f", P("l")));
	STR(slurp(P("l")), "content");
	SAW("open fh1 /f ro");
}

CASE(name_readlink_err, "name.readlink-error")
{
	OK(symlink("x", S("l")));
	force(OP_readlink, -EIO, 1);
	ERR(readlink(P("l"), (char[10]){0}, 10), EIO);
}

CASE(name_link, "name.link")
{
	put(S("a"), "data");
	OK(link(P("a"), P("b")));
	SAW_RET("link /a /b", 0);
	STR(slurp(P("b")), "data");
	EQ(st_of(P("b")).st_nlink, 2);
	EQ(st_of(P("a")).st_nlink, 2);
}

CASE(name_link_exists, "name.link-over-existing")
{
	put(S("a"), "");
	put(S("b"), "");
	ERR(link(P("a"), P("b")), EEXIST);
	UNSEEN("link*");
}

/* stock-faults 4: each name is a node of its own, with its own cached attributes */
CASE(name_link_attrs, "name.link-attributes-of-the-other-name", .raw = true)
{
	put(S("a"), "data");
	OK(stat(P("a"), &(struct stat){0}));
	OK(link(P("a"), P("b")));
	EQ(st_of(P("a")).st_nlink, 2);
	EQ(st_of(P("b")).st_nlink, 2);
	OK(chmod(P("b"), 0600));
	EQ(st_of(P("a")).st_mode & 07777, 0600);
	OK(truncate(P("b"), 1));
	EQ(st_of(P("a")).st_size, 1);
	OK(unlink(P("b")));
	EQ(st_of(P("a")).st_nlink, 1);
}

CASE(name_link_attrs_ino, "name.link-attributes-of-the-other-name-use-ino", .raw = true,
     SETTING(use_ino))
{
	put(S("a"), "data");
	OK(stat(P("a"), &(struct stat){0}));
	OK(link(P("a"), P("b")));
	EQ(st_of(P("a")).st_nlink, 2);
	EQ(st_of(P("a")).st_ino, st_of(P("b")).st_ino);
	OK(chown(P("b"), 7, 7));
	EQ(st_of(P("a")).st_uid, 7);
}

CASE(name_link_found, "name.link-attributes-of-links-found-there", .raw = true)
{
	put(S("a"), "data");
	OK(link(S("a"), S("b")));
	EQ(st_of(P("a")).st_nlink, 2);
	EQ(st_of(P("b")).st_nlink, 2);
	OK(chmod(P("b"), 0600));
	EQ(st_of(P("a")).st_mode & 07777, 0600);
}

/* Two files of a union may have one inode number: they are two files all the same. */
static int same_ino_getattr(struct stat *st)
{
	if (S_ISREG(st->st_mode)) {
		st->st_ino = 4711;
		st->st_nlink = 2;
	}
	return 0;
}
#if FUSE_API == 2
static int (*real_getattr)(const char *, struct stat *);
static int colliding(const char *p, struct stat *st)
{
	int r = real_getattr(p, st);
	return r ? r : same_ino_getattr(st);
}
#else
static int (*real_getattr)(const char *, struct stat *, struct fuse_file_info *);
static int colliding(const char *p, struct stat *st, struct fuse_file_info *fi)
{
	int r = real_getattr(p, st, fi);
	return r ? r : same_ino_getattr(st);
}
#endif
static void collide(struct fuse_operations *ops)
{
	real_getattr = ops->getattr;
	ops->getattr = colliding;
}

CASE(name_collision, "name.equal-inode-numbers-are-not-one-file", .ops = collide)
{
	put(S("a"), "content of a");
	put(S("b"), "b!");
	int fd = OK(open(P("a"), O_RDWR));
	STR(slurp(P("b")), "b!");
	EQ(st_of(P("b")).st_size, 2);
	EQ(st_of(P("a")).st_size, 12);
	EQ(write(fd, "CONTENT", 7), 7);
	close(fd);
	STR(slurp(S("a")), "CONTENT of a");
	STR(slurp(S("b")), "b!");
	OK(unlink(P("b")));
	STR(slurp(P("a")), "CONTENT of a");
}

CASE(name_rename, "name.rename")
{
	put(S("a"), "x");
	OK(rename(P("a"), P("b")));
	SAW_RET("rename /a /b 0", 0);
	ERR(stat(P("a"), &(struct stat){0}), ENOENT);
	STR(slurp(P("b")), "x");
}

CASE(name_rename_over, "name.rename-over-existing")
{
	put(S("a"), "one");
	put(S("b"), "two");
	OK(rename(P("a"), P("b")));
	STR(slurp(P("b")), "one");
	UNSEEN("unlink*");
	SAW("rename /a /b 0");
	SAW("open * /b ro");
}

CASE(name_rename_dirs, "name.rename-between-directories-moves-what-is-below")
{
	OK(mkdir(S("d1"), 0755));
	OK(mkdir(S("d1/sub"), 0755));
	OK(mkdir(S("d2"), 0755));
	put(S("d1/sub/f"), "deep");
	STR(slurp(P("d1/sub/f")), "deep");
	OK(rename(P("d1/sub"), P("d2/moved")));
	SAW("rename /d1/sub /d2/moved 0");
	STR(slurp(P("d2/moved/f")), "deep");
	SAW("open * /d2/moved/f ro");
	ERR(stat(P("d1/sub/f"), &(struct stat){0}), ENOENT);
}

CASE(name_rename_open, "name.rename-of-an-open-file-changes-its-path")
{
	put(S("a"), "x");
	int fd = OK(open(P("a"), O_RDWR));
	OK(rename(P("a"), P("b")));
	SAW("rename /a /b 0");
	EQ(write(fd, "yz", 2), 2);
	SAW("write fh1 /b 2@0");
	close(fd);
	SAW("release fh1 /b");
	STR(slurp(S("b")), "yz");
}

CASE(name_rename_parent_open, "name.rename-of-a-directory-changes-paths-of-open-files")
{
	OK(mkdir(S("d"), 0755));
	put(S("d/a"), "x");
	int fd = OK(open(P("d/a"), O_RDWR));
	OK(rename(P("d"), P("e")));
	EQ(write(fd, "yz", 2), 2);
	SAW("write fh1 /e/a 2@0");
	OK(close(fd));
	SAW("flush fh1 /e/a");
	SAW("release fh1 /e/a");
}

CASE(name_rename_same, "name.rename-to-itself")
{
	put(S("a"), "x");
	OK(rename(P("a"), P("a")));
	STR(slurp(P("a")), "x");
}

CASE(name_rename_err, "name.rename-error-leaves-both")
{
	put(S("a"), "one");
	put(S("b"), "two");
	force(OP_rename, -EXDEV, 1);
	ERR(rename(P("a"), P("b")), EXDEV);
	STR(slurp(P("a")), "one");
	STR(slurp(P("b")), "two");
}

CASE(name_rename_dir_over, "name.rename-directory-over-a-full-one")
{
	OK(mkdir(S("a"), 0755));
	OK(mkdir(S("b"), 0755));
	put(S("b/f"), "");
	ERR(rename(P("a"), P("b")), ENOTEMPTY);
	SAW_RET("rename /a /b 0", -ENOTEMPTY);
}

CASE(name_rename_below, "name.rename-of-a-directory-below-itself")
{
	OK(mkdir(S("a"), 0755));
	OK(mkdir(S("a/b"), 0755));
	ERR(rename(P("a"), P("a/b/c")), EINVAL);
	UNSEEN("rename*");
}

CASE(name_noreplace, "name.rename-noreplace", .apis = T_API3)
{
	put(S("a"), "one");
	put(S("b"), "two");
	/* the kernel knows of b and answers itself; it asks for a name that it thinks is free */
	ERR(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("b"), 1), EEXIST);
	OK(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("c"), 1));
	SAW_RET("rename /a /c 1", 0);
	STR(slurp(P("c")), "one");
}

CASE(name_exchange, "name.rename-exchange", .apis = T_API3)
{
	put(S("a"), "one");
	put(S("b"), "two");
	int fd = OK(open(P("a"), O_RDONLY));
	OK(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("b"), 2));
	SAW_RET("rename /a /b 2", 0);
	STR(slurp(P("a")), "two");
	STR(slurp(P("b")), "one");
	MARK();
	EQ(lseek(fd, 0, SEEK_END), 3);
	close(fd);
	SAW("release fh1 /b");
}

CASE(name_exchange_trees, "name.rename-exchange-of-directories", .apis = T_API3)
{
	OK(mkdir(S("x"), 0755));
	OK(mkdir(S("y"), 0755));
	put(S("x/f"), "in x");
	put(S("y/f"), "in y");
	STR(slurp(P("x/f")), "in x");
	OK(renameat2(AT_FDCWD, P("x"), AT_FDCWD, P("y"), 2));
	STR(slurp(P("x/f")), "in y");
	STR(slurp(P("y/f")), "in x");
}

CASE(name_flags_api2, "name.rename-flags-are-refused-by-api-2", .apis = T_API2)
{
	put(S("a"), "one");
	put(S("b"), "two");
	ERR(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("c"), 1), EINVAL);
	ERR(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("b"), 2), EINVAL);
	UNSEEN("rename*");
	STR(slurp(P("a")), "one");
}

CASE(name_whiteout, "name.rename-flag-that-the-program-refuses", .apis = T_API3)
{
	put(S("a"), "one");
	put(S("b"), "two");
	force(OP_rename, -EINVAL, -1);
	ERR(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("b"), 2), EINVAL);
	ERR(renameat2(AT_FDCWD, P("a"), AT_FDCWD, P("c"), 4), EINVAL);
	STR(slurp(P("a")), "one");
}

/* --- unlinked while open
 * -------------------------------------------------------------------------- */

CASE(name_hidden, "name.unlink-of-open-file-hides-it")
{
	put(S("f"), "hello");
	int fd = OK(open(P("f"), O_RDWR));
	MARK();
	OK(unlink(P("f")));
	SAW_RET("rename /f /.fuse_hidden* 0", 0);
	UNSEEN("unlink*");
	EQ(hidden_files(), 1);
	ERR(stat(P("f"), &(struct stat){0}), ENOENT);
	char buf[10] = "";
	EQ(pread(fd, buf, 10, 0), 5);
	STR(buf, "hello");
	EQ(pwrite(fd, "J", 1, 0), 1);
	OK(close(fd));
	SAW("release fh1 /.fuse_hidden*");
	SAW_RET("unlink /.fuse_hidden*", 0);
	EQ(hidden_files(), 0);
}

CASE(name_hidden_two, "name.hidden-file-lives-until-the-last-close")
{
	put(S("f"), "hello");
	int a = OK(open(P("f"), O_RDONLY)), b = OK(open(P("f"), O_RDONLY));
	OK(unlink(P("f")));
	OK(close(a));
	SAW("release fh1 *");
	usleep(20000);
	UNSEEN("unlink*");
	EQ(hidden_files(), 1);
	OK(close(b));
	SAW("release fh2 *");
	SAW("unlink /.fuse_hidden*");
}

CASE(name_hidden_end, "name.hidden-file-goes-with-the-file-system", .any_exit = true,
     .may_leak = true)
{
	put(S("f"), "hello");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(unlink(P("f")));
	EQ(hidden_files(), 1);
	OK(kill(T->server, SIGTERM));
	SERVER_EXITS(3000, FUSE_API == 2 ? 0 : 8);
	close(fd);
	SAW_RET("unlink /.fuse_hidden*", 0);
	EQ(hidden_files(), 0);
}

CASE(name_hidden_rename, "name.rename-over-an-open-file-hides-it")
{
	put(S("old"), "old");
	put(S("new"), "new");
	int fd = OK(open(P("old"), O_RDONLY));
	OK(rename(P("new"), P("old")));
	SAW("rename /old /.fuse_hidden* 0");
	SAW("rename /new /old 0");
	char buf[10] = "";
	EQ(read(fd, buf, 10), 3);
	STR(buf, "old");
	STR(slurp(P("old")), "new");
	OK(close(fd));
	SAW("unlink /.fuse_hidden*");
	STR(slurp(P("old")), "new");
}

CASE(name_hidden_dir, "name.hidden-file-in-a-directory")
{
	OK(mkdir(S("d"), 0755));
	put(S("d/f"), "x");
	int fd = OK(open(P("d/f"), O_RDONLY));
	OK(unlink(P("d/f")));
	SAW("rename /d/f /d/.fuse_hidden* 0");
	OK(close(fd));
	SAW("unlink /d/.fuse_hidden*");
	OK(rmdir(P("d")));
}

CASE(name_hidden_new, "name.name-of-a-hidden-file-can-be-used-again")
{
	put(S("f"), "old");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(unlink(P("f")));
	put(P("f"), "new");
	char buf[10] = "";
	EQ(read(fd, buf, 10), 3);
	STR(buf, "old");
	OK(close(fd));
	SAW("unlink /.fuse_hidden*");
	STR(slurp(P("f")), "new");
}

CASE(name_hard_remove, "name.hard-remove-unlinks-at-once", SETTING(hard_remove))
{
	put(S("f"), "hello");
	int fd = OK(open(P("f"), O_RDWR));
	MARK();
	OK(unlink(P("f")));
	SAW_RET("unlink /f", 0);
	UNSEEN("rename*");
#if FUSE_API == 2
	/* without nullpath_ok there is no path to call the program with */
	ERR(pread(fd, (char[10]){0}, 10, 0), ENOENT);
	ERR(write(fd, "x", 1), ENOENT);
	ERR(fstat(fd, &(struct stat){0}), ENOENT);
	ERR(ftruncate(fd, 0), ENOENT);
#else
	/* FUSE 3 calls the program with the handle and a NULL path */
	EQ(pread(fd, (char[10]){0}, 10, 0), 5);
	SAW("read fh1 - *");
	EQ(pwrite(fd, "J", 1, 0), 1);
	SAW("write fh1 - 1@0");
	OK(ftruncate(fd, 0));
	SAW("truncate fh1 - 0");
#endif
	OK(close(fd));
	SAW("release fh1 -");
}

#if FUSE_API == 2
/* These two have always been given a text, as programs without nullpath_ok expect. */
static int (*real_release)(const char *path, struct fuse_file_info *fi);
static int (*real_releasedir)(const char *path, struct fuse_file_info *fi);

static int with_text(const char *path, struct fuse_file_info *fi,
		     int (*real)(const char *, struct fuse_file_info *))
{
	if (!path || strcmp(path, "-"))
		t_server_fail("the path is %s, expected \"-\"", path ? path : "NULL");
	return real(path, fi);
}

static int release_with_text(const char *path, struct fuse_file_info *fi)
{
	return with_text(path, fi, real_release);
}

static int releasedir_with_text(const char *path, struct fuse_file_info *fi)
{
	return with_text(path, fi, real_releasedir);
}

static void look_at_releases(struct fuse_operations *ops)
{
	real_release = ops->release;
	real_releasedir = ops->releasedir;
	ops->release = release_with_text;
	ops->releasedir = releasedir_with_text;
}

CASE(name_release_lost, "name.release-of-what-has-no-path-any-more", SETTING(hard_remove),
     .apis = T_API2, .ops = look_at_releases)
{
	put(S("f"), "hello");
	OK(mkdir(S("d"), 0755));
	int fd = OK(open(P("f"), O_RDONLY)), dir = OK(open(P("d"), O_RDONLY | O_DIRECTORY));
	OK(unlink(P("f")));
	OK(rmdir(P("d")));
	OK(close(fd));
	SAW("release fh*");
	OK(close(dir));
	SAW("releasedir fh*");
}

static void null_ok(struct fuse_operations *ops)
{
	ops->flag_nullpath_ok = 1;
}
#define NULLPATH SETTING(hard_remove), .ops = null_ok
#else
static void null_ok(struct fuse_config *cfg)
{
	cfg->hard_remove = 1;
	cfg->nullpath_ok = 1;
}
#define NULLPATH .config = null_ok
#endif
CASE(name_nullpath, "name.nullpath-ok-serves-unlinked-files-by-handle", NULLPATH)
{
	put(S("f"), "hello");
	int fd = OK(open(P("f"), O_RDWR));
	OK(unlink(P("f")));
	SAW("unlink /f");
	char buf[10] = "";
	EQ(pread(fd, buf, 10, 0), 5);
	STR(buf, "hello");
	SAW("read fh1 - *");
	EQ(pwrite(fd, "J", 1, 0), 1);
	SAW("write fh1 - 1@0");
	OK(ftruncate(fd, 2));
	SAW("truncate fh1 - 2");
	OK(fsync(fd));
	SAW("fsync fh1 - 0");
	OK(close(fd));
	SAW("flush fh1 -");
	SAW("release fh1 -");
}

CASE(name_hard_remove_rename, "name.hard-remove-renames-over-at-once", SETTING(hard_remove))
{
	put(S("old"), "old");
	put(S("new"), "new");
	int fd = OK(open(P("old"), O_RDONLY));
	OK(rename(P("new"), P("old")));
	UNSEEN("rename /old*");
	close(fd);
}

/* With nopath (FUSE 2) or nullpath_ok (FUSE 3) the operations on handles never get a path. */
#if FUSE_API == 2
static void no_path(struct fuse_operations *ops)
{
	ops->flag_nopath = 1;
}
#define NOPATH .ops = no_path
#else
#define NOPATH SETTING(nullpath_ok)
#endif
static void remove_f(long replace)
{
	OK(replace ? rename(P("g"), P("f")) : unlink(P("f")));
}
/* RELEASE is in the background: who removes the file at once finds the handle still open. */
static void close_while_hiding(bool replace)
{
	put(S("f"), "hello");
	put(S("g"), "new");
	int fd = OK(open(P("f"), O_RDONLY));
	atomic_store(&T->knob[OP_release].block, 1);
	close(fd);
	WITHIN(3000, atomic_load(&T->knob[OP_release].blocked) == 1);
	atomic_store(&T->knob[OP_rename].block, 1);
	pid_t p = spawn(remove_f, replace);
	WITHIN(3000, atomic_load(&T->knob[OP_rename].blocked) == 1);
	atomic_store(&T->knob[OP_release].block, 0);
	SAW_RET("release fh1 *", 0);
	usleep(20000); /* what the library does then may be in time or late: nothing may depend on it */
	atomic_store(&T->knob[OP_rename].block, 0);
	EQ(reap(p), 0);
	WITHIN(2000, hidden_files() == 0);
}
CASE(name_hidden_race, "name.closed-while-it-is-hidden-is-removed", NOPATH, .modes = T_MODE_POOL)
{
	close_while_hiding(false);
	ERR(stat(P("f"), &(struct stat){0}), ENOENT);
}
CASE(name_replaced_race, "name.closed-while-it-is-hidden-and-replaced-is-removed", NOPATH,
     .modes = T_MODE_POOL)
{
	close_while_hiding(true);
	STR(slurp(P("f")), "new");
}
CASE(name_nopath, "name.operations-on-handles-without-a-path", NOPATH)
{
	put(S("f"), "hello");
	int fd = OK(open(P("f"), O_RDWR));
	SAW("open fh1 /f rw");
	EQ(pread(fd, (char[10]){0}, 10, 0), 5);
	SAW("read fh1 - *");
	EQ(pwrite(fd, "J", 1, 0), 1);
	SAW("write fh1 - 1@0");
	OK(ftruncate(fd, 2));
	SAW("truncate fh1 - 2");
	OK(close(fd));
	SAW("flush fh1 -");
	SAW("release fh1 -");
	STR(slurp(S("f")), "Je");
}

/* stock-faults 14: RELEASE is asynchronous; unlink right after close must not need `rename` */
static void unlink_worker(long no)
{
	char name[40];
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "w%ld.%d", no, i);
		put(P(name), "x");
		if (unlink(P(name)))
			FAIL("unlink %s: %s", name, strerror(errno));
	}
}
CASE(name_unlink_close, "name.unlink-right-after-close-needs-no-rename", .without = "rename")
{
	at_once_in(8, unlink_worker);
}

CASE(name_hidden_no_rename, "name.unlink-of-open-file-without-rename", .without = "rename")
{
	put(S("f"), "hello");
	int fd = OK(open(P("f"), O_RDWR));
	/* nothing to hide it with: refused as long as it is open, and the file is whole */
	ERR(unlink(P("f")), ENOSYS);
	STR(slurp(S("f")), "hello");
	close(fd);
}

CASE(name_long, "name.name-of-255-bytes")
{
	char n[257];
	memset(n, 'n', 255);
	n[255] = 0;
	put(P(n), "x");
	STR(slurp(P(n)), "x");
	memset(n, 'n', 256);
	n[256] = 0;
	ERR(open(P(n), O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
}

CASE(name_bytes, "name.name-that-is-not-utf-8")
{
	put(P("\xff\xfe \n\x01\\*"), "x");
	STR(slurp(S("\xff\xfe \n\x01\\*")), "x");
	OK(unlink(P("\xff\xfe \n\x01\\*")));
}

CASE(name_deep, "name.path-of-100-levels")
{
	char path[1000] = "", src[1200];
	for (int i = 0; i < 100; i++) {
		snprintf(path + strlen(path), 10, "%sd%d", i ? "/" : "", i);
		snprintf(src, sizeof(src), "%s", S(path));
		OK(mkdir(src, 0755));
	}
	strcat(path, "/f");
	put(P(path), "deep");
	STR(slurp(S(path)), "deep");
	OK(unlink(P(path)));
	ERR(stat(S(path), &(struct stat){0}), ENOENT);
}
