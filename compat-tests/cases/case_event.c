/* case_event.c - ioctl, poll, bmap */
#include "conform.h"

#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>

#define NONE    _IO('E', 7)
#define GET     _IOR('E', 1, char[16])
#define SET     _IOW('E', 2, char[16])
#define BOTH    _IOWR('E', 3, char[16])
#define REFUSED _IO('E', 99)

static int open_f(void)
{
	put(S("f"), "");
	return (int)OK(open(P("f"), O_RDWR));
}

CASE(ioctl_none, "ioctl.without-data")
{
	int fd = open_f();
	EQ(ioctl(fd, NONE), 7);
	SAW_RET("ioctl fh1 /f 4507 0", 7);
}

CASE(ioctl_read, "ioctl.that-reads")
{
	int fd = open_f();
	char buf[16] = {0};
	EQ(ioctl(fd, GET, buf), 1);
	SAW("ioctl fh1 /f 80104501 0");
	for (int i = 0; i < 16; i++)
		EQ(buf[i], (char)~0);
}

CASE(ioctl_write, "ioctl.that-writes")
{
	int fd = open_f();
	char buf[16] = "fifteen letters";
	EQ(ioctl(fd, SET, buf), 2);
	STR(T->data, "fifteen letters");
	STR(buf, "fifteen letters");
}

CASE(ioctl_both, "ioctl.that-writes-and-reads")
{
	int fd = open_f();
	char buf[16] = "abc";
	EQ(ioctl(fd, BOTH, buf), 3);
	STR(T->data, "abc");
	EQ(buf[0], (char)~'a');
	EQ(buf[2], (char)~'c');
	EQ(buf[3], (char)~0);
}

CASE(ioctl_refused, "ioctl.error")
{
	int fd = open_f();
	ERR(ioctl(fd, REFUSED), ENOTTY);
	SAW_RET("ioctl fh1 /f 4563 0", -ENOTTY);
}

CASE(ioctl_missing, "ioctl.missing", .without = "ioctl")
{
	int fd = open_f();
	ERR(ioctl(fd, NONE), ENOTTY);
	ERR(ioctl(fd, NONE), ENOTTY);
}

static void want_dirs(struct fuse_conn_info *conn)
{
	conn->want |= FUSE_CAP_IOCTL_DIR;
}
CASE(ioctl_dir, "ioctl.on-a-directory", .init = want_dirs)
{
	OK(mkdir(S("d"), 0755));
	int fd = OK(open(P("d"), O_RDONLY | O_DIRECTORY));
	EQ(ioctl(fd, NONE), 7);
	/* the handle is the directory's, and the flag (removed from the trace) says so */
	SAW("ioctl fh1 /d 4507 0");
}

#if FUSE_API == 2
CASE(ioctl_dir_2, "ioctl.on-a-directory-has-to-be-asked-for-in-api-2")
{
	OK(mkdir(S("d"), 0755));
	int fd = OK(open(P("d"), O_RDONLY | O_DIRECTORY));
	ERR(ioctl(fd, NONE), ENOTTY);
	UNSEEN("ioctl*");
}
#endif

CASE(poll_ready, "poll.ready-at-once")
{
	int fd = open_f();
	atomic_store(&T->poll_revents, POLLIN);
	struct pollfd p = {fd, POLLIN | POLLOUT, 0};
	EQ(poll(&p, 1, 1000), 1);
	EQ(p.revents, POLLIN);
	SAW_RET("poll fh1 /f*", 0);
}

CASE(poll_timeout, "poll.not-ready")
{
	int fd = open_f();
	struct pollfd p = {fd, POLLIN, 0};
	EQ(poll(&p, 1, 30), 0);
	SAW("poll fh1 /f notify");
}

CASE(poll_missing, "poll.missing-is-always-ready", .without = "poll")
{
	int fd = open_f();
	struct pollfd p = {fd, POLLIN | POLLOUT, 0};
	EQ(poll(&p, 1, 1000), 1);
	EQ(p.revents, POLLIN | POLLOUT);
}

CASE(poll_error, "poll.error-shows-as-pollerr")
{
	int fd = open_f();
	force(OP_poll, -EIO, -1);
	struct pollfd p = {fd, POLLIN, 0};
	EQ(poll(&p, 1, 1000), 1);
	EQ(p.revents, POLLERR);
}

static struct fuse_pollhandle *_Atomic kept;
static int keep_poll(const char *path, struct fuse_file_info *fi, struct fuse_pollhandle *ph,
		     unsigned *revents)
{
	struct t_call c;
	t_begin(&c, OP_poll, NULL, fi->fh, path, "%s", ph ? "notify" : "");
	if (ph) {
		ph = atomic_exchange(&kept, ph);
		if (ph)
			fuse_pollhandle_destroy(ph);
	}
	*revents = (unsigned)atomic_load(&T->poll_revents);
	return (int)t_end(&c, 0);
}
static void keeps_handle(struct fuse_operations *ops)
{
	ops->poll = keep_poll;
}
static long notify(long cmd, long a, long b)
{
	(void)cmd;
	(void)a;
	(void)b;
	struct fuse_pollhandle *ph = atomic_exchange(&kept, NULL);
	int r = ph ? fuse_notify_poll(ph) : -ENOENT;
	if (ph)
		fuse_pollhandle_destroy(ph);
	return r;
}
CASE(poll_notify, "poll.notification-wakes-the-waiter", .may_keep = true, .ops = keeps_handle,
     .on_command = notify)
{
	put(S("f"), "");
	pid_t w = spawn(wait_for_input, 0);
	SAW("poll fh1 /f notify");
	usleep(20000);
	YES(!reaped_within(w, 20, NULL));
	atomic_store(&T->poll_revents, POLLIN);
	EQ(command(0, 0, 0), 0);
	YES(reaped_within(w, 2000, NULL), "nobody woke the waiter");
	EQ(t_seen("poll*") >= 2, 1);
}

CASE(poll_select, "poll.select-sees-the-same")
{
	int fd = open_f();
	fd_set r;
	struct timeval tv = {1, 0};
	FD_ZERO(&r);
	FD_SET(fd, &r);
	atomic_store(&T->poll_revents, POLLIN);
	EQ(select(fd + 1, &r, NULL, NULL, &tv), 1);
}

CASE(bmap_refused, "bmap.needs-a-block-device")
{
	/* the kernel only asks fuseblk mounts; for others it answers "hole" itself */
	int fd = open_f();
	int block = 3;
	OK(ioctl(fd, FIBMAP, &block));
	EQ(block, 0);
	UNSEEN("bmap*");
}
