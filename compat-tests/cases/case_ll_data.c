/* case_ll_data.c - data in and out of the low-level API: bufvec, ioctl, poll, locks, attributes */
#include "llfs.h"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <poll.h>
#include <sys/xattr.h>

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
