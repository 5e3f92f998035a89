/* case_ll.c - the low-level API: requests, replies, lookup counts, answers from other threads */
#include "llfs.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <poll.h>
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

/* --- answers from another thread
 * ------------------------------------------------------------------- */

static void *answer_later(void *arg)
{
	usleep(30000);
	fuse_reply_err((fuse_req_t)arg, EXDEV);
	return NULL;
}
static void answered_by(void *(*answer)(void *), fuse_req_t req, fuse_ino_t parent,
			const char *name)
{
	pthread_t t;
	struct t_call c;
	ll_begin(&c, OP_mkdir, req, 0, parent, name, "%s", "");
	t_end(&c, 0);
	pthread_create(&t, NULL, answer, req);
	pthread_detach(t);
}
static void async_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)mode;
	answered_by(answer_later, req, parent, name);
}
static void async(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = async_mkdir;
}
CASE(ll_async, "ll.answer-from-another-thread", .ll = true, .ll_ops = async)
{
	ERR(mkdir(P("d"), 0755), EXDEV);
	ERR(mkdir(P("d"), 0755), EXDEV);
}

static void async_client(long no)
{
	char name[20];
	snprintf(name, sizeof(name), "d%ld", no);
	OK(mkdir(P(name), 0755));
	snprintf(name, sizeof(name), "d%ld/x", no);
	ERR(mkdir(P(name), 0755), EXDEV);
}
/* nobody is answered before all have asked */
static void *answer_with_the_last(void *req)
{
	atomic_fetch_add(&T->word[1], 1);
	while (atomic_load(&T->word[1]) < 20)
		usleep(1000);
	fuse_reply_err((fuse_req_t)req, EXDEV);
	return NULL;
}
static void async_below(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	static struct fuse_lowlevel_ops plain;
	if (!plain.mkdir)
		t_ll_ops(&plain);
	if (parent == 1)
		plain.mkdir(req, parent, name, mode);
	else
		answered_by(answer_with_the_last, req, parent, name);
}
static void async_2(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = async_below;
}
CASE(ll_async_many, "ll.many-answers-outstanding-on-a-single-thread", .ll = true, .ll_ops = async_2)
{
	at_once_in(20, async_client);
}

/* --- replies that should not be
 * ------------------------------------------------------------------------ */

static void double_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent;
	(void)name;
	(void)mode;
	fuse_reply_err(req, EXDEV);
	fuse_reply_err(req, EIO);
}
static void doubles(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = double_mkdir;
}
CASE(ll_double, "ll.second-reply-is-ignored", .ll = true, .ll_ops = doubles)
{
	for (int i = 0; i < 20; i++)
		ERR(mkdir(P("d"), 0755), EXDEV);
	OK(stat(P(""), &(struct stat){0}));
	OK(mknod(P("f"), S_IFREG | 0600, 0));
}

static void bad_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent;
	(void)name;
	(void)mode;
	fuse_reply_err(req, (int)atomic_load(&T->word[1]));
}
static void bad(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = bad_mkdir;
}
CASE(ll_bad_error, "ll.reply-err-with-what-is-no-errno", .ll = true, .ll_ops = bad)
{
	static const int values[] = {1000, 5000, -5, INT32_MAX};
	for (size_t i = 0; i < 4; i++) {
		atomic_store(&T->word[1], values[i]);
		ERR(mkdir(P("d"), 0755), ERANGE);
	}
	OK(stat(P(""), &(struct stat){0}));
}

/* The kernel takes no answer with an error of 512 or more: the call would wait for ever. */
CASE(ll_bad_512, "ll.reply-err-from-512-on", .ll = true, .ll_ops = bad, .timeout = 3)
{
	atomic_store(&T->word[1], 511);
	ERR(mkdir(P("d"), 0755), 511);
	atomic_store(&T->word[1], 512);
	ERR(mkdir(P("d"), 0755), ERANGE);
	atomic_store(&T->word[1], 999);
	ERR(mkdir(P("d"), 0755), ERANGE);
}

static void big_reply_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	(void)ino;
	(void)off;
	(void)fi;
	char *buf = calloc(1, size + 4096);
	int r = fuse_reply_buf(req, buf, size + 4096);
	atomic_store(&T->word[1], r);
	free(buf);
}
static void big_reply(struct fuse_lowlevel_ops *ops)
{
	ops->read = big_reply_read;
}
CASE(ll_big_reply, "ll.reply-larger-than-asked", .ll = true, .ll_ops = big_reply)
{
	put(P("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDONLY));
	/* an error, not other people's memory; the file system lives on */
	EQ(pread(fd, (char[4]){0}, 4, 0), -1);
	OK(mkdir(P("d"), 0755));
}

/* --- interrupts
 * ------------------------------------------------------------------------------------------ */

static void interrupted(fuse_req_t req, void *data)
{
	(void)data;
	atomic_fetch_add(&T->word[2], 1);
	fuse_reply_err(req, EINTR);
}
static void waiting_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent;
	(void)name;
	(void)mode;
	atomic_store(&T->word[1], 1);
	fuse_req_interrupt_func(req, interrupted, NULL);
}
static void waits(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = waiting_mkdir;
}
static void nothing(int sig)
{
	(void)sig;
}
static void mkdir_client(long arg)
{
	struct sigaction sa = {.sa_handler = nothing};
	(void)arg;
	sigaction(SIGINT, &sa, NULL);
	ERR(mkdir(P("d"), 0755), EINTR);
}
CASE(ll_interrupt, "ll.interrupt-func-is-called", .ll = true, .ll_ops = waits)
{
	pid_t p = spawn(mkdir_client, 0);
	WITHIN(2000, atomic_load(&T->word[1]));
	usleep(10000);
	OK(kill(p, SIGINT));
	YES(reaped_within(p, 3000, NULL), "the call goes on");
	EQ(atomic_load(&T->word[2]), 1);
}

CASE(ll_interrupt_kill, "ll.interrupt-by-sigkill", .ll = true, .ll_ops = waits)
{
	pid_t p = spawn(mkdir_client, 0);
	WITHIN(2000, atomic_load(&T->word[1]));
	usleep(10000);
	OK(kill(p, SIGKILL));
	YES(reaped_within(p, 3000, NULL), "the call goes on");
	WITHIN(1000, atomic_load(&T->word[2]) == 1);
}

static void poll_interrupted(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent;
	(void)name;
	(void)mode;
	atomic_store(&T->word[1], 1);
	for (int i = 0; i < 3000 && !fuse_req_interrupted(req); i++)
		usleep(1000);
	atomic_store(&T->word[2], fuse_req_interrupted(req));
	fuse_reply_err(req, EINTR);
}
static void polls(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = poll_interrupted;
}
CASE(ll_interrupted, "ll.req-interrupted-tells", .ll = true, .ll_ops = polls, .modes = T_MODE_POOL)
{
	pid_t p = spawn(mkdir_client, 0);
	WITHIN(2000, atomic_load(&T->word[1]));
	usleep(10000);
	OK(kill(p, SIGINT));
	YES(reaped_within(p, 3000, NULL));
	EQ(atomic_load(&T->word[2]), 1);
}

/* --- data by bufvec, ioctl, poll, locks, attributes
 * ------------------------------------------------------ */

static void ll_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *in, off_t off,
			 struct fuse_file_info *fi)
{
	size_t size = fuse_buf_size(in);
	struct fuse_bufvec dst = FUSE_BUFVEC_INIT(size);
	struct t_call c;
	ll_begin(&c, OP_write_buf, req, fi->fh, ino, NULL, "%zu@%lld", size, (long long)off);
	dst.buf[0].mem = T->data + off;
	ssize_t n = fuse_buf_copy(&dst, in, 0);
	t_end(&c, n);
	if (n < 0)
		fuse_reply_err(req, (int)-n);
	else
		fuse_reply_write(req, (size_t)n);
}
static void ll_data_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			 struct fuse_file_info *fi)
{
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(size);
	struct t_call c;
	ll_begin(&c, OP_read, req, fi->fh, ino, NULL, "%zu@%lld", size, (long long)off);
	t_end(&c, (long)size);
	v.buf[0].mem = T->data + off;
	fuse_reply_data(req, &v, 0);
}
static void by_bufvec(struct fuse_lowlevel_ops *ops)
{
	ops->write_buf = ll_write_buf;
	ops->read = ll_data_read;
}
static void direct_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fi->fh = 77;
	fuse_reply_open(req, fi);
}
static void by_bufvec_direct(struct fuse_lowlevel_ops *ops)
{
	by_bufvec(ops);
	ops->open = direct_open;
}
CASE(ll_write_buf_case, "ll.write-buf-and-reply-data", .ll = true, .ll_ops = by_bufvec_direct)
{
	static char out[100000], in[100000];
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 13 + i / 777);
	OK(mknod(P("f"), S_IFREG | 0600, 0));
	int fd = OK(open(P("f"), O_RDWR));
	for (size_t done = 0; done < sizeof(out);)
		done += (size_t)OK(pwrite(fd, out + done, sizeof(out) - done, (off_t)done));
	SAW("write_buf fh77 2 *@0");
	UNSEEN("write fh*");
	YES(!memcmp(T->data, out, sizeof(out)), "what the program got differs");
	for (size_t done = 0; done < sizeof(in);)
		done += (size_t)OK(pread(fd, in + done, sizeof(in) - done, (off_t)done));
	YES(!memcmp(in, out, sizeof(in)), "what the client got differs");
}

static void fd_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	static int fd = -1;
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(size);
	(void)ino;
	(void)fi;
	if (fd < 0)
		fd = open(S("backing"), O_RDONLY | O_CLOEXEC);
	v.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	v.buf[0].fd = fd;
	v.buf[0].pos = off;
	fuse_reply_data(req, &v, FUSE_BUF_SPLICE_MOVE);
}
static void by_fd(struct fuse_lowlevel_ops *ops)
{
	ops->read = fd_read;
	ops->open = direct_open;
}
CASE(ll_reply_fd, "ll.reply-data-from-a-descriptor", .ll = true, .ll_ops = by_fd, .may_leak = true)
{
	static char out[200000], in[200000];
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 13 + i / 777);
	int b = OK(open(S("backing"), O_CREAT | O_RDWR, 0600));
	EQ(write(b, out, sizeof(out)), (long)sizeof(out));
	OK(mknod(P("f"), S_IFREG | 0600, 0));
	int fd = OK(open(P("f"), O_RDWR));
	size_t done = 0;
	while (done < sizeof(in)) {
		long n = OK(pread(fd, in + done, sizeof(in) - done, (off_t)done));
		YES(n > 0);
		done += (size_t)n;
	}
	YES(!memcmp(in, out, sizeof(in)));
	/* short at the end of the backing file */
	EQ(pread(fd, in, 4096, sizeof(in) - 100), 100);
}

static void iov_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct iovec v[3] = {{(void *)(uintptr_t) "abc", 3},
			     {(void *)(uintptr_t) "", 0},
			     {(void *)(uintptr_t) "defg", 4}};
	(void)ino;
	(void)size;
	(void)fi;
	fuse_reply_iov(req, off ? NULL : v, off ? 0 : 3);
}
static void by_iov(struct fuse_lowlevel_ops *ops)
{
	ops->read = iov_read;
	ops->open = direct_open;
}
CASE(ll_reply_iov, "ll.reply-iov", .ll = true, .ll_ops = by_iov)
{
	char buf[20] = "";
	OK(mknod(P("f"), S_IFREG | 0600, 0));
	int fd = OK(open(P("f"), O_RDWR));
	EQ(read(fd, buf, 20), 7);
	STR(buf, "abcdefg");
	EQ(pread(fd, buf, 20, 5), 0);
}

#if FUSE_API == 2
static void ll_ioctl(fuse_req_t req, fuse_ino_t ino, int cmd, void *arg, struct fuse_file_info *fi,
		     unsigned flags, const void *in, size_t in_size, size_t out_size)
#else
static void ll_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg,
		     struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_size,
		     size_t out_size)
#endif
{
	char out[16];
	struct t_call c;
	(void)arg;
	(void)flags;
	ll_begin(&c, OP_ioctl, req, fi->fh, ino, NULL, "%x in %zu out %zu", (unsigned)cmd, in_size,
		 out_size);
	t_end(&c, 0);
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = in_size > i ? (char)~((const char *)in)[i] : 'o';
	if (_IOC_NR(cmd) == 9)
		fuse_reply_err(req, ENOTTY);
	else
		fuse_reply_ioctl(req, 42, out_size ? out : NULL, out_size);
}
static void has_ioctl(struct fuse_lowlevel_ops *ops)
{
	ops->ioctl = ll_ioctl;
}
CASE(ll_ioctl_case, "ll.ioctl", .ll = true, .ll_ops = has_ioctl)
{
	char buf[16] = "question";
	put(P("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(ioctl(fd, _IOWR('L', 1, char[16]), buf), 42);
	SAW("ioctl fh* 2 c0104c01 in 16 out 16");
	EQ(buf[0], (char)~'q');
	EQ(ioctl(fd, _IOR('L', 2, char[16]), buf), 42);
	EQ(buf[15], 'o');
	EQ(ioctl(fd, _IO('L', 3)), 42);
	SAW("ioctl fh* 2 4c03 in 0 out 0");
	ERR(ioctl(fd, _IO('L', 9)), ENOTTY);
}

static struct fuse_pollhandle *_Atomic kept;
static void ll_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		    struct fuse_pollhandle *ph)
{
	struct t_call c;
	ll_begin(&c, OP_poll, req, fi->fh, ino, NULL, "%s", ph ? "notify" : "");
	t_end(&c, 0);
	if (ph) {
		ph = atomic_exchange(&kept, ph);
		if (ph)
			fuse_pollhandle_destroy(ph);
	}
	fuse_reply_poll(req, (unsigned)atomic_load(&T->poll_revents));
}
static void has_poll(struct fuse_lowlevel_ops *ops)
{
	ops->poll = ll_poll;
}
static long wake(long cmd, long a, long b)
{
	struct fuse_pollhandle *ph = atomic_exchange(&kept, NULL);
	(void)cmd;
	(void)a;
	(void)b;
	int r = ph ? fuse_lowlevel_notify_poll(ph) : -ENOENT;
	if (ph)
		fuse_pollhandle_destroy(ph);
	return r;
}
CASE(ll_poll_case, "ll.poll-and-its-notification", .may_keep = true, .ll = true, .ll_ops = has_poll,
     .on_command = wake)
{
	put(P("f"), "x");
	pid_t p = spawn(wait_for_input, 0);
	SAW("poll fh* 2 notify");
	usleep(20000);
	YES(!reaped_within(p, 20, NULL));
	atomic_store(&T->poll_revents, POLLIN);
	EQ(command(0, 0, 0), 0);
	YES(reaped_within(p, 2000, NULL), "nobody woke the waiter");
}

static void ll_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int op)
{
	struct t_call c;
	ll_begin(&c, OP_flock, req, fi->fh, ino, NULL, "%d", op);
	t_end(&c, 0);
	fuse_reply_err(req, op & LOCK_NB ? EWOULDBLOCK : 0);
}
static void ll_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *fl)
{
	struct flock other = {.l_type = F_WRLCK, .l_start = 10, .l_len = 5, .l_pid = 1};
	struct t_call c;
	ll_begin(&c, OP_getlk, req, fi->fh, ino, NULL, "%lld+%lld", (long long)fl->l_start,
		 (long long)fl->l_len);
	t_end(&c, 0);
	fuse_reply_lock(req, &other);
}
static void ll_setlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *fl,
		     int sleep)
{
	struct t_call c;
	ll_begin(&c, OP_setlk, req, fi->fh, ino, NULL, "%d %lld+%lld %d", fl->l_type,
		 (long long)fl->l_start, (long long)fl->l_len, sleep);
	t_end(&c, 0);
	fuse_reply_err(req, fl->l_type == F_UNLCK ? 0 : sleep ? 0 : EAGAIN);
}
static void has_locks(struct fuse_lowlevel_ops *ops)
{
	ops->flock = ll_flock;
	ops->getlk = ll_getlk;
	ops->setlk = ll_setlk;
}
CASE(ll_locks, "ll.flock-getlk-setlk", .ll = true, .ll_ops = has_locks)
{
	put(P("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	ERR(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	SAW("flock fh* 2 6");
	OK(flock(fd, LOCK_EX));
	SAW("flock fh* 2 2");
	struct flock fl = {.l_type = F_WRLCK, .l_start = 3, .l_len = 4};
	OK(fcntl(fd, F_GETLK, &fl));
	SAW("getlk fh* 2 3+4");
	EQ(fl.l_start, 10);
	EQ(fl.l_len, 5);
	fl = (struct flock){.l_type = F_WRLCK, .l_start = 3, .l_len = 4};
	ERR(fcntl(fd, F_SETLK, &fl), EAGAIN);
	SAW("setlk fh* 2 1 3+4 0");
	OK(fcntl(fd, F_SETLKW, &fl));
	SAW("setlk fh* 2 1 3+4 1");
}

static void ll_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct t_call c;
	ll_begin(&c, OP_getxattr, req, 0, ino, name, "%zu", size);
	t_end(&c, 0);
	if (!size)
		fuse_reply_xattr(req, 5);
	else if (size < 5)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, "value", 5);
}
static void ll_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			size_t size, int flags)
{
	struct t_call c;
	ll_begin(&c, OP_setxattr, req, 0, ino, name, "%.*s %d", (int)size, value, flags);
	t_end(&c, 0);
	fuse_reply_err(req, 0);
}
static void has_xattr(struct fuse_lowlevel_ops *ops)
{
	ops->getxattr = ll_getxattr;
	ops->setxattr = ll_setxattr;
}
CASE(ll_xattr, "ll.extended-attributes", .ll = true, .ll_ops = has_xattr)
{
	char buf[10] = "";
	put(P("f"), "x");
	OK(setxattr(P("f"), "user.a", "hello", 5, XATTR_CREATE));
	SAW("setxattr 2/user.a hello 1");
	EQ(getxattr(P("f"), "user.a", NULL, 0), 5);
	EQ(getxattr(P("f"), "user.a", buf, 10), 5);
	STR(buf, "value");
	ERR(getxattr(P("f"), "user.a", buf, 4), ERANGE);
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
