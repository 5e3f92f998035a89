/*
 * An application image in one file: this program with a squashfs after it. It opens "libfuse.so.2"
 * with dlopen(), mounts the squashfs (libsquashfuse reads it) in a directory of its own, runs
 * "AppRun" from there, and takes all of it down when that ends; the exit status is AppRun's. So do
 * many programs in the wild: RTLD_LAZY, each function looked up without a version in the moment it
 * is called, the structures of 2.9 written down here, no header of FUSE.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <squashfuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void *req_t;
typedef unsigned long ino_type;

struct file_info {
	int flags;
	unsigned long fh_old;
	int writepage;
	unsigned bits; /* direct_io, keep_cache, ... */
	uint64_t fh, lock_owner;
};

struct entry {
	ino_type ino;
	unsigned long generation;
	struct stat attr;
	double attr_timeout, entry_timeout;
};

struct args {
	int argc;
	char **argv;
	int allocated;
};

/* struct fuse_lowlevel_ops, as far as it is used: 41 pointers in 2.9. */
enum {
	LOOKUP = 2,
	FORGET,
	GETATTR,
	READLINK = 6,
	OPEN = 14,
	READ,
	RELEASE = 18,
	OPENDIR = 20,
	READDIR,
	OPS = 41
};

static void *library;
static sqfs image;

static void *function(const char *name)
{
	void *f;
	const char *why;

	(void)dlerror();
	f = dlsym(library, name);
	why = dlerror();
	if (!f || why) {
		fprintf(stderr, "libfuse.so.2 has no %s: %s\n", name, why ? why : "NULL");
		_exit(90);
	}
	return f;
}
#define CALL(type, name, ...) ((type(*)(__VA_ARGS__))function(#name))

static void error(req_t req, int err)
{
	CALL(int, fuse_reply_err, req_t, int)(req, err);
}

/* ---- the file system ---- */

/* 1 is the root; an inode's place in the image may be 0 or 1. */
static int inode(sqfs_inode *out, ino_type ino)
{
	return sqfs_inode_get(&image, out, ino == 1 ? sqfs_inode_root(&image) : ino - 2) ? EIO : 0;
}

static void attributes(struct stat *st, const sqfs_inode *i, ino_type ino)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	st->st_mode = i->base.mode;
	st->st_nlink = (nlink_t)i->nlink;
	st->st_mtime = i->base.mtime;
	if (S_ISREG(st->st_mode))
		st->st_size = (off_t)i->xtra.reg.file_size;
	else if (S_ISLNK(st->st_mode))
		st->st_size = (off_t)i->xtra.symlink_size;
}

static void op_lookup(req_t req, ino_type parent, const char *name)
{
	sqfs_inode dir, i;
	sqfs_dir_entry found;
	sqfs_name buf;
	struct entry e;
	bool yes = false;

	memset(&e, 0, sizeof(e));
	sqfs_dentry_init(&found, buf);
	if (inode(&dir, parent) || sqfs_dir_lookup(&image, &dir, name, strlen(name), &found, &yes))
		return error(req, EIO);
	if (!yes)
		return error(req, ENOENT);
	e.ino = sqfs_dentry_inode(&found) + 2;
	if (inode(&i, e.ino))
		return error(req, EIO);
	attributes(&e.attr, &i, e.ino);
	e.attr_timeout = e.entry_timeout = 1000;
	CALL(int, fuse_reply_entry, req_t, const struct entry *)(req, &e);
}

static void op_forget(req_t req, ino_type ino, unsigned long n)
{
	(void)ino, (void)n;
	CALL(void, fuse_reply_none, req_t)(req);
}

static void op_getattr(req_t req, ino_type ino, struct file_info *fi)
{
	struct stat st;
	sqfs_inode i;

	(void)fi;
	if (inode(&i, ino))
		return error(req, EIO);
	attributes(&st, &i, ino);
	CALL(int, fuse_reply_attr, req_t, const struct stat *, double)(req, &st, 1000);
}

static void op_readlink(req_t req, ino_type ino)
{
	char target[4096];
	size_t size = sizeof(target);
	sqfs_inode i;

	if (inode(&i, ino) || sqfs_readlink(&image, &i, target, &size))
		return error(req, EIO);
	CALL(int, fuse_reply_readlink, req_t, const char *)(req, target);
}

static void op_open(req_t req, ino_type ino, struct file_info *fi)
{
	if ((fi->flags & O_ACCMODE) != O_RDONLY)
		return error(req, EROFS);
	fi->fh = ino;
	fi->bits |= 2; /* keep_cache */
	CALL(int, fuse_reply_open, req_t, const struct file_info *)(req, fi);
}

static void op_release(req_t req, ino_type ino, struct file_info *fi)
{
	error(req, fi->fh == ino ? 0 : EBADF);
}

static void op_read(req_t req, ino_type ino, size_t size, off_t off, struct file_info *fi)
{
	sqfs_off_t got = (sqfs_off_t)size;
	sqfs_inode i;
	char *buf = malloc(size);

	if (!buf || fi->fh != ino || inode(&i, ino) || sqfs_read_range(&image, &i, off, &got, buf))
		error(req, EIO);
	else
		CALL(int, fuse_reply_buf, req_t, const char *, size_t)(req, buf, (size_t)got);
	free(buf);
}

static void op_readdir(req_t req, ino_type ino, size_t size, off_t off, struct file_info *fi)
{
	char buf[4096];
	size_t used = 0, room = size < sizeof(buf) ? size : sizeof(buf), n;
	sqfs_inode i;
	sqfs_dir dir;
	sqfs_dir_entry e;
	sqfs_name name;
	sqfs_err err = SQFS_OK;
	struct stat st;

	(void)fi;
	memset(&st, 0, sizeof(st));
	sqfs_dentry_init(&e, name);
	if (inode(&i, ino) || sqfs_dir_open(&image, &i, &dir, off))
		return error(req, EIO);
	while (sqfs_dir_next(&image, &dir, &e, &err)) {
		st.st_ino = sqfs_dentry_inode(&e) + 2;
		st.st_mode = sqfs_dentry_mode(&e);
		n = CALL(size_t, fuse_add_direntry, req_t, char *, size_t, const char *,
			 const struct stat *,
			 off_t)(req, buf + used, room - used, sqfs_dentry_name(&e), &st,
				sqfs_dentry_next_offset(&e));
		if (n > room - used)
			break;
		used += n;
	}
	CALL(int, fuse_reply_buf, req_t, const char *, size_t)(req, buf, used);
}

/* ---- life ---- */

/* The child: serves until SIGTERM or an unmount. */
static int serve(char *self, char *mnt)
{
	void *ops[OPS] = {0}, *ch, *se;
	char *argv[] = {self, "-o", "ro,nodev,fsname=appimage", NULL};
	struct args args = {3, argv, 0};
	int res = 91;

	ops[LOOKUP] = op_lookup;
	ops[FORGET] = op_forget;
	ops[GETATTR] = op_getattr;
	ops[READLINK] = op_readlink;
	ops[OPEN] = ops[OPENDIR] = op_open;
	ops[READ] = op_read;
	ops[RELEASE] = ops[RELEASE + 4] = op_release; /* releasedir */
	ops[READDIR] = op_readdir;
	ch = CALL(void *, fuse_mount, const char *, struct args *)(mnt, &args);
	if (!ch)
		return 92;
	se = CALL(void *, fuse_lowlevel_new, struct args *, const void *, size_t,
		  void *)(&args, ops, sizeof(ops), NULL);
	if (se && CALL(int, fuse_set_signal_handlers, void *)(se) == 0) {
		CALL(void, fuse_session_add_chan, void *, void *)(se, ch);
		res = CALL(int, fuse_session_loop, void *)(se) < 0 ? 93 : 0;
		CALL(void, fuse_remove_signal_handlers, void *)(se);
		CALL(void, fuse_session_remove_chan, void *)(ch);
	}
	if (se)
		CALL(void, fuse_session_destroy, void *)(se);
	CALL(void, fuse_unmount, const char *, void *)(mnt, ch);
	CALL(void, fuse_opt_free_args, struct args *)(&args);
	return dlclose(library) ? 94 : res;
}

/* Where the program ends in its file: the section headers are its last part. */
static size_t program_end(const char *self)
{
	unsigned char h[64];
	uint64_t shoff;
	uint16_t entry, number;
	int fd = open(self, O_RDONLY);

	if (fd < 0 || read(fd, h, sizeof(h)) != sizeof(h))
		exit(95);
	close(fd);
	memcpy(&shoff, h + 40, 8);
	memcpy(&entry, h + 58, 2);
	memcpy(&number, h + 60, 2);
	return (size_t)shoff + (size_t)entry * number;
}

static int run(const char *mnt, char **argv)
{
	char path[4096];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/AppRun", mnt);
	pid = fork();
	if (pid == 0) {
		setenv("APPDIR", mnt, 1);
		execv(path, argv);
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		_exit(96);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}

int main(int argc, char **argv)
{
	char self[4096] = "", mnt[4096];
	struct stat before, now;
	int status = 0, res, tries = 0;
	pid_t daemon;

	(void)argc;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 ||
	    sqfs_open_image(&image, self, program_end(self)))
		return 98;
	library = dlopen("libfuse.so.2", RTLD_LAZY);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 99;
	}
	snprintf(mnt, sizeof(mnt), "%s/.mount_XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(mnt) || stat(mnt, &before))
		return 100;
	daemon = fork();
	if (daemon == 0)
		_exit(serve(self, mnt));
	do {
		usleep(10000);
		if (waitpid(daemon, &status, WNOHANG) == daemon) {
			rmdir(mnt);
			fprintf(stderr, "cannot mount: %d\n", WEXITSTATUS(status));
			return 101;
		}
	} while ((stat(mnt, &now) || now.st_dev == before.st_dev) && ++tries < 6000);
	res = run(mnt, argv);
	kill(daemon, SIGTERM);
	waitpid(daemon, &status, 0);
	if (status)
		fprintf(stderr, "the daemon ended with status %x\n", (unsigned)status);
	if (rmdir(mnt))
		perror(mnt);
	return status ? 102 : res;
}
