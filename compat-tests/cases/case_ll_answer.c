/* case_ll_answer.c - answers of the low-level API: from other threads, wrong ones, to interrupts */
#include "llfs.h"

#include <pthread.h>
#include <signal.h>

/* --- answers from another thread --------------------------------------------------------------- */

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

/* --- replies that should not be ---------------------------------------------------------------- */

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

/* --- interrupts -------------------------------------------------------------------------------- */

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
