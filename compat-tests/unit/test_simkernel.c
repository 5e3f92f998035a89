/*
 * The simulated kernel itself, against a small fake daemon: right answers pass at every minor,
 * and each kind of wrong answer is noticed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include "simkernel.h"
#include "unit.h"

/* ---- a daemon that answers everything ---------------------------------------------------- */

enum { BODY = 70000 };

static struct {
	struct core_transport *t;
	struct core_channel *ch;
	int fd; /* instead of t and ch, -1: none */
	pthread_t thread;
	struct sk *k;
	unsigned minor;
	uint64_t caps;

	/* Changes one reply: to requests of this opcode. */
	uint32_t twist_opcode;
	void (*twist)(struct wire_out_header *h, char *body);
	/* Set: takes the request over, and answers it or not. */
	bool (*handler)(const struct core_msg *msg);

	_Atomic uint64_t forgotten;
	_Atomic int served;
	char order[64]; /* first letters of the names looked up */
	size_t ext_len;
	uint8_t ext[128];
	uint32_t uid;
} fake;

static int send_iov(struct iovec *iov, int n)
{
	if (fake.fd >= 0)
		return writev(fake.fd, iov, n) < 0 ? -errno : 0;
	return fake.ch->ops->reply(fake.ch, ((struct wire_out_header *)iov[0].iov_base)->unique,
				   iov, n);
}

static int answer(uint64_t unique, int error, const void *body, size_t len)
{
	struct wire_out_header h = {.unique = unique, .error = error};
	struct iovec iov[2] = {{&h, sizeof(h)}, {(void *)body, len}};

	h.len = (uint32_t)(sizeof(h) + len);
	return send_iov(iov, len ? 2 : 1);
}

static void notify(int code, const void *data, size_t len)
{
	struct wire_out_header h = {.error = code};
	struct iovec iov[2] = {{&h, sizeof(h)}, {(void *)data, len}};

	h.len = (uint32_t)(sizeof(h) + len);
	if (fake.fd >= 0)
		send_iov(iov, len ? 2 : 1);
	else
		fake.t->ops->notify(fake.t, iov, len ? 2 : 1);
}

static struct wire_attr attr_of(uint64_t nodeid, uint32_t mode)
{
	return (struct wire_attr){.ino = nodeid, .mode = mode, .nlink = 1, .size = 10};
}

static void fill_entry(struct wire_entry_out *e, uint64_t nodeid, uint32_t mode)
{
	*e = (struct wire_entry_out){.nodeid = nodeid, .entry_valid = 1, .attr_valid = 1};
	e->attr = attr_of(nodeid, mode);
}

/* Node 1 is the root, 2 a file, 3 a directory, 4 a link. */
static uint32_t mode_of(uint64_t nodeid)
{
	return nodeid == 2 ? S_IFREG | 0644 : nodeid == 4 ? S_IFLNK | 0777 : S_IFDIR | 0755;
}

static size_t put_dirent(char *to, const char *name, bool plus, uint64_t nodeid)
{
	struct wire_dirent d = {.ino = 9, .off = 1, .namelen = (uint32_t)strlen(name), .type = 8};
	size_t at = plus ? sizeof(struct wire_entry_out) : 0;

	if (plus)
		fill_entry((struct wire_entry_out *)to, nodeid, mode_of(nodeid));
	memcpy(to + at, &d, sizeof(d));
	memcpy(to + at + sizeof(d), name, d.namelen);
	return WIRE_DIRENT_ALIGN(at + sizeof(d) + d.namelen);
}

static size_t answer_init(const struct wire_init_in *in, struct wire_init_out *out)
{
	fake.caps = in->flags | (uint64_t)in->flags2 << 32;
	out->major = 7;
	out->minor = fake.minor;
	out->max_write = 65536;
	out->max_readahead = in->max_readahead;
	out->flags = in->flags;
	out->flags2 = in->flags2;
	fake.minor = in->minor < fake.minor ? in->minor : fake.minor;
	return fake.minor < 23 ? WIRE_INIT_OUT_OLD : sizeof(*out);
}

/* The right body for a request, zeroed before. Its length, or negative errno. */
static long right_answer(const struct core_msg *msg, const struct core_wire_args *a, char *body)
{
	uint32_t op = msg->hdr->opcode;
	const struct wire_read_in *read = a->in;
	const struct wire_getxattr_in *xattr = a->in;
	void *to = body;

	switch (op) {
	case WIRE_INIT:
		return (long)answer_init(a->in, to);
	case WIRE_LOOKUP:
		if (!strcmp(a->name[0], "none"))
			return -ENOENT;
		fill_entry(to, strcmp(a->name[0], "dir") ? 2 : 3,
			   mode_of(strcmp(a->name[0], "dir") ? 2 : 3));
		break;
	case WIRE_GETATTR:
	case WIRE_SETATTR:
		((struct wire_attr_out *)to)->attr =
			attr_of(msg->hdr->nodeid, mode_of(msg->hdr->nodeid));
		break;
	case WIRE_STATX:
		((struct wire_statx_out *)to)->stat.mode = (uint16_t)mode_of(msg->hdr->nodeid);
		break;
	case WIRE_SYMLINK:
		fill_entry(to, 4, S_IFLNK | 0777);
		break;
	case WIRE_MKDIR:
		fill_entry(to, 3, S_IFDIR | 0755);
		break;
	case WIRE_MKNOD:
	case WIRE_LINK:
	case WIRE_CREATE:
	case WIRE_TMPFILE:
		fill_entry(to, 2, S_IFREG | 0644);
		break;
	case WIRE_READLINK:
		memcpy(body, "target", 6);
		return 6;
	case WIRE_READ:
		memset(body, 'r', read->size);
		return read->size;
	case WIRE_READDIR:
	case WIRE_READDIRPLUS: {
		size_t n = put_dirent(body, "..", op == WIRE_READDIRPLUS, 1);

		return (long)(n + put_dirent(body + n, "file", op == WIRE_READDIRPLUS, 2));
	}
	case WIRE_WRITE:
		((struct wire_write_out *)to)->size = ((const struct wire_write_in *)a->in)->size;
		break;
	case WIRE_COPY_FILE_RANGE:
	case WIRE_COPY_FILE_RANGE_64:
		*(uint64_t *)to = 5;
		break;
	case WIRE_GETXATTR:
	case WIRE_LISTXATTR:
		if (!xattr->size) {
			((struct wire_getxattr_out *)to)->size = 4;
			break;
		}
		memcpy(body, "abc", 4);
		return 4;
	case WIRE_GETLK:
		((struct wire_lk_out *)to)->type = F_UNLCK;
		break;
	case WIRE_IOCTL:
		memcpy(body + sizeof(struct wire_ioctl_out), "data", 4);
		return sizeof(struct wire_ioctl_out) + 4;
	}
	return (long)core_wire_out_size(op, fake.minor, fake.caps);
}

static void count_forgets(const struct core_msg *msg, const struct core_wire_args *a)
{
	const struct wire_forget_one *one = a->data;

	if (msg->hdr->opcode == WIRE_FORGET)
		fake.forgotten += ((const struct wire_forget_in *)a->in)->nlookup;
	if (msg->hdr->opcode == WIRE_BATCH_FORGET)
		for (uint32_t i = 0; i < ((const struct wire_batch_forget_in *)a->in)->count; i++)
			fake.forgotten += one[i].nlookup;
}

static void serve(const struct core_msg *msg)
{
	static char body[BODY];
	struct wire_out_header h = {.unique = msg->hdr->unique};
	struct iovec iov[2] = {{&h, sizeof(h)}, {body, 0}};
	struct core_wire_args a = {.in = NULL};
	const char *why = "";
	long n;

	fake.served++;
	fake.uid = msg->hdr->uid;
	if (fake.handler && fake.handler(msg))
		return;
	n = core_wire_decode(msg, fake.minor, fake.caps, &a, &why);
	if (!n && (core_wire_op(msg->hdr->opcode)->flags & CORE_OP_NOREPLY)) {
		count_forgets(msg, &a);
		return;
	}
	memset(body, 0, sizeof(body));
	if (!n && msg->hdr->opcode == WIRE_LOOKUP)
		strncat(fake.order, a.name[0], 1);
	if (!n && (core_wire_op(msg->hdr->opcode)->flags & CORE_OP_EXT)) {
		fake.ext_len = a.ext_len;
		memcpy(fake.ext, a.ext, a.ext_len < 128 ? a.ext_len : 128);
	}
	if (!n)
		n = right_answer(msg, &a, body);
	h.error = n < 0 ? (int)n : 0;
	h.len = (uint32_t)sizeof(h) + (n > 0 ? (uint32_t)n : 0);
	if (fake.twist && msg->hdr->opcode == fake.twist_opcode)
		fake.twist(&h, body);
	iov[1].iov_len = h.len > sizeof(h) && h.len < BODY ? h.len - sizeof(h) : 0;
	send_iov(iov, 2);
}

static void *daemon_main(void *unused)
{
	struct core_msg msg;

	(void)unused;
	while (fake.ch->ops->receive(fake.ch, &msg, 1) == 1)
		serve(&msg);
	return NULL;
}

static void *socket_daemon_main(void *unused)
{
	static uint64_t buf[BODY / 8];
	ssize_t n;

	(void)unused;
	while ((n = read(fake.fd, buf, sizeof(buf))) > 0) {
		struct core_msg msg = {.hdr = (void *)buf,
				       .op = (char *)buf + sizeof(struct wire_in_header),
				       .op_len = (size_t)n - sizeof(struct wire_in_header)};

		serve(&msg);
	}
	return NULL;
}

static struct sk *start(const struct sk_config *config)
{
	struct core_mem_peer *peer;

	memset(&fake, 0, sizeof(fake));
	fake.fd = -1;
	fake.minor = WIRE_MINOR;
	UNIT_ASSERT_INT(core_transport_memory(&fake.t, &peer), 0);
	UNIT_ASSERT_INT(core_channel_new(fake.t, false, &fake.ch), 0);
	fake.k = sk_new_memory(peer, config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fake.k);
	pthread_create(&fake.thread, NULL, daemon_main, NULL);
	UNIT_ASSERT_INT(sk_init(fake.k), 0);
	return fake.k;
}

/* Ends, expecting nothing wrong but what the test has taken away. */
static void stop(void)
{
	UNIT_ASSERT_INT(sk_end(fake.k), 0);
	sk_report(fake.k, stderr);
	pthread_join(fake.thread, NULL);
	if (fake.t) {
		core_channel_put(fake.ch);
		fake.t->ops->free(fake.t);
	}
	sk_free(fake.k);
}

static void nap(int ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* ---- everything right ------------------------------------------------------------------------ */

static void names(struct sk *k)
{
	struct wire_entry_out e;
	struct wire_create_out c;

	UNIT_ASSERT_INT(sk_lookup(k, 1, "file", &e), 0);
	UNIT_ASSERT_INT(e.nodeid, 2);
	UNIT_ASSERT_INT(sk_lookup(k, 1, "none", &e), -ENOENT);
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "dir", 0755, 022, &e), 0);
	UNIT_ASSERT_INT(e.nodeid, 3);
	UNIT_ASSERT_INT(sk_mknod(k, 1, "file", S_IFREG | 0644, 0, 022, NULL), 0);
	UNIT_ASSERT_INT(sk_symlink(k, 1, "link", "target", NULL), 0);
	UNIT_ASSERT_INT(sk_link(k, 2, 1, "file2", NULL), 0);
	UNIT_ASSERT_INT(sk_create(k, 1, "file", O_RDWR, 0644, 022, &c), 0);
	UNIT_ASSERT_INT(c.entry.nodeid, 2);
	UNIT_ASSERT_INT(sk_nlookup(k, 2), 4);
	UNIT_ASSERT_INT(sk_nlookup(k, 3), 1);
	UNIT_ASSERT_INT(sk_nodes(k), 3);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "file"), 0);
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "dir"), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "file", 3, "new", 0), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "file", 3, "new", 1), sk_minor(k) < 23 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_tmpfile(k, 1, O_RDWR, 0600, 0, &c), sk_minor(k) < 37 ? -EOPNOTSUPP : 0);
}

static void attributes(struct sk *k)
{
	struct wire_setattr_in set = {.valid = WIRE_FATTR_MODE, .mode = 0600};
	struct wire_attr_out a;
	struct wire_statfs_out st;
	struct wire_statx_out sx;
	char buf[64];

	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, &a), 0);
	CU_ASSERT(S_ISDIR(a.attr.mode));
	UNIT_ASSERT_INT(sk_setattr(k, 2, &set, &a), 0);
	UNIT_ASSERT_INT(sk_statx(k, 2, NULL, 0, 0xfff, &sx), sk_minor(k) < 39 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_readlink(k, 4, buf, sizeof(buf)), 6);
	UNIT_ASSERT_STR(buf, "target");
	UNIT_ASSERT_INT(sk_access(k, 2, 4), 0);
	UNIT_ASSERT_INT(sk_statfs(k, 1, &st), 0);
	UNIT_ASSERT_INT(sk_setxattr(k, 2, "user.a", "value", 5, 0), 0);
	UNIT_ASSERT_INT(sk_getxattr(k, 2, "user.a", NULL, 0), 4);
	UNIT_ASSERT_INT(sk_getxattr(k, 2, "user.a", buf, sizeof(buf)), 4);
	UNIT_ASSERT_STR(buf, "abc");
	UNIT_ASSERT_INT(sk_listxattr(k, 2, NULL, 0), 4);
	UNIT_ASSERT_INT(sk_listxattr(k, 2, buf, sizeof(buf)), 4);
	UNIT_ASSERT_INT(sk_removexattr(k, 2, "user.a"), 0);
	UNIT_ASSERT_INT(sk_syncfs(k, 1), sk_minor(k) < 34 ? -EOPNOTSUPP : 0);
}

static void files(struct sk *k)
{
	struct wire_copy_file_range_in copy = {.len = 9};
	struct wire_lk_in lk = {.type = F_WRLCK};
	struct wire_lk_out lko;
	struct wire_ioctl_in ioc = {.cmd = 1, .in_size = 3, .out_size = 8};
	struct wire_ioctl_out io;
	struct wire_poll_in poll = {.events = 1};
	struct wire_open_out open;
	unsigned m = sk_minor(k);
	char buf[512];

	UNIT_ASSERT_INT(sk_open(k, 2, O_RDWR, &open), 0);
	UNIT_ASSERT_INT(sk_read(k, 2, 0, 0, buf, 100), 100);
	CU_ASSERT(buf[0] == 'r' && buf[99] == 'r');
	UNIT_ASSERT_INT(sk_write(k, 2, 0, 0, buf, 100), 100);
	UNIT_ASSERT_INT(sk_write(k, 2, 0, 0, buf, 1 << 20), -EINVAL);
	UNIT_ASSERT_INT(sk_flush(k, 2, 0, 7), 0);
	UNIT_ASSERT_INT(sk_fsync(k, 2, 0, true), 0);
	UNIT_ASSERT_INT(sk_getlk(k, 2, &lk, &lko), 0);
	UNIT_ASSERT_INT(sk_setlk(k, 2, &lk, false), 0);
	UNIT_ASSERT_INT(sk_setlk(k, 2, &lk, true), 0);
	UNIT_ASSERT_INT(sk_bmap(k, 2, 1, 512, NULL), 0);
	UNIT_ASSERT_INT(sk_ioctl(k, 2, &ioc, "in", &io, buf), 4);
	CU_ASSERT(!memcmp(buf, "data", 4));
	UNIT_ASSERT_INT(sk_poll(k, 2, &poll, NULL), 0);
	UNIT_ASSERT_INT(sk_fallocate(k, 2, 0, 0, 0, 5), m < 19 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_lseek(k, 2, 0, 0, SEEK_END), m < 24 ? -EOPNOTSUPP : 0);
	UNIT_ASSERT_INT(sk_copy_file_range(k, 2, &copy), m < 28 ? -EOPNOTSUPP : 5);
	UNIT_ASSERT_INT(sk_release(k, 2, 0, O_RDWR), 0);
}

static void directories(struct sk *k)
{
	uint64_t before = sk_nlookup(k, 2);
	struct sk_dirent d;
	char buf[1024];
	size_t pos = 0;
	long n;

	UNIT_ASSERT_INT(sk_opendir(k, 1, 0, NULL), 0);
	n = sk_readdir(k, 1, 0, 0, buf, sizeof(buf));
	CU_ASSERT(n > 0 && sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_STR(d.name, "..");
	CU_ASSERT(sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_STR(d.name, "file");
	CU_ASSERT(!sk_dirent_next(buf, n, &pos, false, &d));
	UNIT_ASSERT_INT(sk_nlookup(k, 2), before);
	n = sk_readdirplus(k, 1, 0, 0, buf, sizeof(buf));
	if (sk_minor(k) < 21) {
		UNIT_ASSERT_INT(n, -EOPNOTSUPP);
	} else {
		pos = 0;
		CU_ASSERT(sk_dirent_next(buf, n, &pos, true, &d) &&
			  sk_dirent_next(buf, n, &pos, true, &d));
		UNIT_ASSERT_INT(d.entry.nodeid, 2);
		UNIT_ASSERT_INT(sk_nlookup(k, 2), before + 1); /* and none for the dots */
		UNIT_ASSERT_INT(sk_nlookup(k, 1), 0);
	}
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, 0, false), 0);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, 0, 0), 0);
}

static uint64_t everything(struct sk *k)
{
	uint64_t lookups;

	names(k);
	attributes(k);
	files(k);
	directories(k);
	lookups = sk_nlookup(k, 2) + sk_nlookup(k, 3) + sk_nlookup(k, 4);
	UNIT_ASSERT_INT(sk_forget(k, 2, 1), 0);
	UNIT_ASSERT_INT(sk_unanswered(k), 0);
	return lookups;
}

static void right_answers_at_every_minor(void)
{
	static const uint64_t caps[] = {0, SK_CAPS_NONE, WIRE_CAP(SETXATTR_EXT)};

	for (unsigned minor = WIRE_MINOR_MIN; minor <= WIRE_MINOR; minor++) {
		for (size_t i = 0; i < CORE_ARRAY_SIZE(caps); i++) {
			uint64_t lookups;

			start(&(struct sk_config){.minor = minor, .caps = caps[i]});
			UNIT_ASSERT_INT(sk_minor(fake.k), minor);
			lookups = everything(fake.k);
			stop();
			UNIT_ASSERT_INT(fake.forgotten, lookups);
		}
	}
}

static void older_library(void)
{
	struct core_mem_peer *peer;

	memset(&fake, 0, sizeof(fake));
	fake.fd = -1;
	fake.minor = 19; /* what it says, to a newer kernel */
	core_transport_memory(&fake.t, &peer);
	core_channel_new(fake.t, false, &fake.ch);
	fake.k = sk_new_memory(peer, NULL);
	pthread_create(&fake.thread, NULL, daemon_main, NULL);
	UNIT_ASSERT_INT(sk_init(fake.k), 0);
	UNIT_ASSERT_INT(sk_minor(fake.k), 19);
	everything(fake.k);
	stop();
}

static void over_a_socket(void)
{
	int fds[2];

	memset(&fake, 0, sizeof(fake));
	fake.minor = WIRE_MINOR;
	UNIT_ASSERT_INT(sk_socketpair(fds), 0);
	fake.fd = fds[1];
	fake.k = sk_new_socket(fds[0], NULL);
	pthread_create(&fake.thread, NULL, socket_daemon_main, NULL);
	UNIT_ASSERT_INT(sk_init(fake.k), 0);
	everything(fake.k);
	/* More at once than a socket holds: neither side may wait for the other for ever. */
	struct sk_req *req[300];
	for (size_t i = 0; i < CORE_ARRAY_SIZE(req); i++)
		UNIT_ASSERT_INT(sk_submit(fake.k, &req[i], sk_read(fake.k, 2, 0, 0, NULL, 60000)),
				0);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(req); i++) {
		UNIT_ASSERT_INT(sk_wait(fake.k, req[i], 0), 0);
		sk_req_free(fake.k, req[i]);
	}
	stop();
	close(fake.fd);
}

/* ---- every kind of wrong answer ---------------------------------------------------------------
 */

#define ENTRY(body) ((struct wire_entry_out *)(body))
#define ATTR(body)  (&((struct wire_attr_out *)(body))->attr)
#define TWIST(name, ...)                                                                           \
	static void name(struct wire_out_header *h, char *body)                                    \
	{                                                                                          \
		(void)h;                                                                           \
		(void)body;                                                                        \
		__VA_ARGS__;                                                                       \
	}

TWIST(shorter, h->len -= 8)
TWIST(longer, h->len += 8)
TWIST(positive, h->error = 2; h->len = 16)
TWIST(huge_error, h->error = -512; h->len = 16)
TWIST(error_with_data, h->error = -EIO)
TWIST(unknown_unique, h->unique += 1000)
TWIST(no_type, ENTRY(body)->attr.mode = 0644)
TWIST(negative_size, ENTRY(body)->attr.size = 1ULL << 63)
TWIST(root_again, ENTRY(body)->nodeid = 1)
TWIST(node_zero, ENTRY(body)->nodeid = 0)
TWIST(other_type, ENTRY(body)->attr.mode = S_IFIFO)
TWIST(long_second, ENTRY(body)->entry_valid_nsec = 1000000000)
TWIST(long_second_attr, ENTRY(body)->attr.ctimensec = 1000000000)
TWIST(attr_no_type, ATTR(body)->mode = 0)
TWIST(attr_other_type, ATTR(body)->mode = S_IFSOCK)
TWIST(statx_no_type, ((struct wire_statx_out *)body)->stat.mode = 0)
TWIST(written_more, ((struct wire_write_out *)body)->size = 6)
TWIST(read_more, h->len += 1)
TWIST(copied_more, *(uint64_t *)body = 10)
TWIST(nameless, ((struct wire_dirent *)(body + 32))->namelen = 0; h->len -= 8)
TWIST(slash, body[24] = '/')
TWIST(long_name, ((struct wire_dirent *)body)->namelen = 5000)
TWIST(half_entry, h->len -= 8)
TWIST(xattr_huge, ((struct wire_getxattr_out *)body)->size = 65537)
TWIST(list_open, body[3] = 'x')
TWIST(list_empty_name, body[0] = '\0')
TWIST(lock_type, ((struct wire_lk_out *)body)->type = 77)
TWIST(lock_range, struct wire_lk_out *l = (void *)body; l->type = F_RDLCK; l->start = 5)
TWIST(ioctl_retry, ((struct wire_ioctl_out *)body)->flags = WIRE_IOCTL_RETRY)
TWIST(ioctl_more, h->len += 100)

static int do_lookup(struct sk *k)
{
	return sk_lookup(k, 1, "file", NULL);
}
static int do_mkdir(struct sk *k)
{
	return sk_mkdir(k, 1, "d", 0755, 0, NULL);
}
static int do_create(struct sk *k)
{
	return sk_create(k, 1, "f", 0, 0644, 0, NULL);
}
static int do_getattr(struct sk *k)
{
	sk_lookup(k, 1, "file", NULL);
	return sk_getattr(k, 2, NULL, NULL);
}
static int do_getattr_root(struct sk *k)
{
	return sk_getattr(k, 1, NULL, NULL);
}
static int do_statx(struct sk *k)
{
	return sk_statx(k, 1, NULL, 0, 0, NULL);
}
static int do_write(struct sk *k)
{
	return (int)sk_write(k, 2, 0, 0, "12345", 5);
}
static int do_read(struct sk *k)
{
	return (int)sk_read(k, 2, 0, 0, NULL, 5);
}
static int do_copy(struct sk *k)
{
	return (int)sk_copy_file_range(k, 2, &(struct wire_copy_file_range_in){.len = 9});
}
static int do_readdir(struct sk *k)
{
	return (int)sk_readdir(k, 1, 0, 0, NULL, 500);
}
static int do_readdirplus(struct sk *k)
{
	return (int)sk_readdirplus(k, 1, 0, 0, NULL, 500);
}
static int do_xattr_size(struct sk *k)
{
	return (int)sk_getxattr(k, 2, "a", NULL, 0);
}
static int do_list(struct sk *k)
{
	return (int)sk_listxattr(k, 2, NULL, 50);
}
static int do_getlk(struct sk *k)
{
	return sk_getlk(k, 2, &(struct wire_lk_in){.type = F_RDLCK}, NULL);
}
static int do_ioctl(struct sk *k)
{
	return (int)sk_ioctl(k, 2, &(struct wire_ioctl_in){.out_size = 8}, NULL, NULL, NULL);
}
static int do_unlink(struct sk *k)
{
	return sk_unlink(k, 1, "file");
}
static int do_statfs(struct sk *k)
{
	return sk_statfs(k, 1, NULL);
}

static const struct {
	uint32_t opcode;
	void (*twist)(struct wire_out_header *h, char *body);
	int (*call)(struct sk *k);
	const char *violation;
} wrongs[] = {
	{WIRE_LOOKUP, shorter, do_lookup, "reply of 120 bytes, should be 128"},
	{WIRE_LOOKUP, longer, do_lookup, "reply of 136 bytes, should be 128"},
	{WIRE_STATFS, shorter, do_statfs, "reply of 72 bytes, should be 80"},
	{WIRE_UNLINK, longer, do_unlink, "reply of 8 bytes, should be 0"},
	{WIRE_LOOKUP, positive, do_lookup, "error 2 is not between"},
	{WIRE_LOOKUP, huge_error, do_lookup, "error -512 is not between"},
	{WIRE_LOOKUP, error_with_data, do_lookup, "an error reply (-5) with 128 bytes"},
	{WIRE_LOOKUP, no_type, do_lookup, "mode 0644 has no file type"},
	{WIRE_LOOKUP, negative_size, do_lookup, "is negative"},
	{WIRE_LOOKUP, root_again, do_lookup, "the root's node for another file"},
	{WIRE_LOOKUP, long_second, do_lookup, "nanoseconds over"},
	{WIRE_LOOKUP, long_second_attr, do_lookup, "nanoseconds over"},
	{WIRE_MKDIR, node_zero, do_mkdir, "node 0 for a file that was made"},
	{WIRE_MKDIR, other_type, do_mkdir, "asked for was 040000"},
	{WIRE_CREATE, other_type, do_create, "asked for was 0100000"},
	{WIRE_CREATE, shorter, do_create, "reply of 136 bytes, should be 144"},
	{WIRE_GETATTR, attr_no_type, do_getattr, "has no file type"},
	{WIRE_GETATTR, attr_other_type, do_getattr, "node 2 was of type 0100000 and now"},
	{WIRE_GETATTR, attr_other_type, do_getattr_root, "the root is of type 0140000"},
	{WIRE_STATX, statx_no_type, do_statx, "has no file type"},
	{WIRE_WRITE, written_more, do_write, "6 bytes done, asked for were 5"},
	{WIRE_READ, read_more, do_read, "reply of 6 bytes, should be 0 to 5"},
	{WIRE_COPY_FILE_RANGE_64, copied_more, do_copy, "10 bytes done, asked for were 9"},
	{WIRE_READDIR, nameless, do_readdir, "without a name"},
	{WIRE_READDIR, slash, do_readdir, "'/' in its name"},
	{WIRE_READDIR, long_name, do_readdir, "no whole entry"},
	{WIRE_READDIR, half_entry, do_readdir, "no whole entry"},
	{WIRE_READDIRPLUS, half_entry, do_readdirplus, "no whole entry"},
	{WIRE_GETXATTR, xattr_huge, do_xattr_size, "over 65536"},
	{WIRE_LISTXATTR, list_open, do_list, "does not end with a terminated name"},
	{WIRE_LISTXATTR, list_empty_name, do_list, "empty name"},
	{WIRE_GETLK, lock_type, do_getlk, "lock of type 77"},
	{WIRE_GETLK, lock_range, do_getlk, "lock from 5 to 0"},
	{WIRE_IOCTL, ioctl_retry, do_ioctl, "only possible for an unrestricted"},
	{WIRE_IOCTL, ioctl_more, do_ioctl, "should be 16 to 24"},
};

static void each_wrong_answer_is_noticed(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(wrongs); i++) {
		start(NULL);
		fake.twist_opcode = wrongs[i].opcode;
		fake.twist = wrongs[i].twist;
		UNIT_ASSERT_INT(wrongs[i].call(fake.k), -EIO);
		UNIT_ASSERT_INT(sk_violations(fake.k), 1);
		if (!sk_expect_violation(fake.k, wrongs[i].violation)) {
			UNIT_ASSERT_STR(sk_violation(fake.k, 0), wrongs[i].violation);
		}
		stop();
	}
}

static void node_zero_is_no_such_name(void)
{
	struct wire_entry_out e;

	start(NULL);
	fake.twist_opcode = WIRE_LOOKUP;
	fake.twist = node_zero;
	UNIT_ASSERT_INT(sk_lookup(fake.k, 1, "file", &e), -ENOENT);
	UNIT_ASSERT_INT(e.entry_valid, 1); /* to be remembered for */
	UNIT_ASSERT_INT(sk_nodes(fake.k), 0);
	stop();
}

static void wrong_number(void)
{
	start(&(struct sk_config){.timeout_ms = 100});
	fake.twist_opcode = WIRE_UNLINK;
	fake.twist = unknown_unique;
	UNIT_ASSERT_INT(do_unlink(fake.k), -ETIMEDOUT);
	CU_ASSERT(sk_expect_violation(fake.k, "which waits for none"));
	CU_ASSERT(sk_expect_violation(fake.k, "UNLINK: no answer in 100 ms"));
	stop();
}

static bool answer_twice(const struct core_msg *msg)
{
	if (msg->hdr->opcode != WIRE_UNLINK)
		return false;
	answer(msg->hdr->unique, 0, NULL, 0);
	answer(msg->hdr->unique, 0, NULL, 0);
	return true;
}

static void answered_twice(void)
{
	start(NULL);
	fake.handler = answer_twice;
	UNIT_ASSERT_INT(do_unlink(fake.k), 0);
	UNIT_ASSERT_INT(sk_end(fake.k), 1);
	CU_ASSERT(sk_expect_violation(fake.k, "answered before"));
	stop();
}

static bool answer_forget(const struct core_msg *msg)
{
	if (msg->hdr->opcode == WIRE_FORGET)
		answer(msg->hdr->unique, 0, NULL, 0);
	return false;
}

static void answered_forget(void)
{
	start(NULL);
	fake.handler = answer_forget;
	sk_lookup(fake.k, 1, "file", NULL);
	sk_forget(fake.k, 2, 1);
	UNIT_ASSERT_INT(sk_end(fake.k), 1);
	CU_ASSERT(sk_expect_violation(fake.k, "not answered"));
	stop();
}

static bool answer_oddly(const struct core_msg *msg)
{
	struct wire_out_header h = {.len = 99, .unique = msg->hdr->unique};
	struct iovec iov = {&h, 10};

	if (msg->hdr->opcode != WIRE_UNLINK)
		return false;
	send_iov(&iov, 1); /* less than a header */
	iov.iov_len = 16;
	send_iov(&iov, 1); /* another length in it */
	return true;
}

static void odd_messages(void)
{
	start(NULL);
	fake.handler = answer_oddly;
	UNIT_ASSERT_INT(do_unlink(fake.k), -EIO);
	CU_ASSERT(sk_expect_violation(fake.k, "10 bytes is shorter than a reply's header"));
	CU_ASSERT(sk_expect_violation(fake.k, "length 99 in the header of a reply of 16 bytes"));
	stop();
}

static bool keep_unlink(const struct core_msg *msg)
{
	return msg->hdr->opcode == WIRE_UNLINK;
}

static void never_answered(void)
{
	struct sk_req *req;

	start(&(struct sk_config){.timeout_ms = 1000});
	fake.handler = keep_unlink;
	UNIT_ASSERT_INT(sk_submit(fake.k, &req, do_unlink(fake.k)), 0);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 20), -ETIMEDOUT); /* asked for: no violation */
	UNIT_ASSERT_INT(sk_violations(fake.k), 0);
	sk_req_free(fake.k, req);
	UNIT_ASSERT_INT(sk_end(fake.k), 1);
	CU_ASSERT(sk_expect_violation(fake.k, "UNLINK: never answered"));
	stop();
}

static void forgets_too_much(void)
{
	start(NULL);
	sk_lookup(fake.k, 1, "file", NULL);
	sk_forget(fake.k, 2, 2);
	CU_ASSERT(sk_expect_violation(fake.k, "the test forgets 2 lookups of node 2, which has 1"));
	stop();
}

/* ---- INIT ---------------------------------------------------------------------------------- */

static void (*init_twist)(struct wire_init_out *out);

TWIST(twist_init, init_twist((struct wire_init_out *)body))

static void other_major(struct wire_init_out *out)
{
	out->major = 8;
}
static void not_offered(struct wire_init_out *out)
{
	out->flags |= 1U << WIRE_CAP_BIT_SUBMOUNTS;
}
static void small_write(struct wire_init_out *out)
{
	out->max_write = 100;
}
static void more_readahead(struct wire_init_out *out)
{
	out->max_readahead *= 2;
}

static void wrong_inits(void)
{
	static const struct {
		void (*twist)(struct wire_init_out *out);
		int err;
		const char *violation;
	} inits[] = {
		{other_major, -EPROTO, "major 8"},
		{not_offered, 0, "not offered: SUBMOUNTS"},
		{small_write, 0, "max_write 100"},
		{more_readahead, 0, "max_readahead"},
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(inits); i++) {
		start(NULL);
		init_twist = inits[i].twist;
		fake.twist_opcode = WIRE_INIT;
		fake.twist = twist_init;
		UNIT_ASSERT_INT(sk_init(fake.k), inits[i].err);
		CU_ASSERT(sk_expect_violation(fake.k, inits[i].violation));
		stop();
	}
}

/* ---- several at once, order, interrupts ------------------------------------------------------ */

static void order_of_requests(void)
{
	static const struct {
		enum sk_order order;
		const char *seen;
	} orders[] = {{SK_FIFO, "abcd"}, {SK_LIFO, "dcba"}};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(orders); i++) {
		struct sk_req *req[4];

		start(NULL);
		sk_hold(fake.k);
		for (int n = 0; n < 4; n++) {
			char name[2] = {(char)('a' + n)};

			sk_submit(fake.k, &req[n], sk_lookup(fake.k, 1, name, NULL));
		}
		nap(10);
		UNIT_ASSERT_INT(fake.served, 1); /* INIT */
		UNIT_ASSERT_INT(sk_release_held(fake.k, orders[i].order, 0), 0);
		for (int n = 0; n < 4; n++) {
			UNIT_ASSERT_INT(sk_wait(fake.k, req[n], 0), 0);
			sk_req_free(fake.k, req[n]);
		}
		UNIT_ASSERT_STR(fake.order, orders[i].seen);
		stop();
	}
}

static void shuffled_order(void)
{
	struct sk_req *req[16];
	char seen[17] = "";

	start(NULL);
	sk_hold(fake.k);
	for (int n = 0; n < 16; n++) {
		char name[2] = {(char)('a' + n)};

		sk_submit(fake.k, &req[n], sk_lookup(fake.k, 1, name, NULL));
	}
	sk_release_held(fake.k, SK_SHUFFLE, 3);
	for (int n = 0; n < 16; n++) {
		sk_wait(fake.k, req[n], 0);
		sk_req_free(fake.k, req[n]);
	}
	UNIT_ASSERT_INT(strlen(fake.order), 16);
	for (int n = 0; n < 16; n++)
		if (strchr(fake.order, 'a' + n))
			seen[n] = (char)('a' + n);
	UNIT_ASSERT_STR(seen, "abcdefghijklmnop");
	CU_ASSERT(strcmp(fake.order, seen) != 0);
	stop();
}

/* Keeps UNLINK; the first INTERRUPT is answered "again", at the second UNLINK ends. */
static bool interruptible(const struct core_msg *msg)
{
	static _Thread_local uint64_t kept;
	static _Thread_local bool told;
	const struct wire_interrupt_in *in = msg->op;

	if (msg->hdr->opcode == WIRE_UNLINK) {
		kept = msg->hdr->unique;
		told = false;
		return true;
	}
	if (msg->hdr->opcode != WIRE_INTERRUPT)
		return false;
	UNIT_ASSERT_INT(in->unique, kept);
	if (!told)
		answer(msg->hdr->unique, -EAGAIN, NULL, 0);
	else
		answer(kept, -EINTR, NULL, 0);
	told = true;
	return true;
}

static void interrupts(void)
{
	static const unsigned minors[] = {12, 27, 28, 45};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(minors); i++) {
		struct sk_stats stats;
		struct sk_req *req;

		start(&(struct sk_config){.minor = minors[i]});
		fake.handler = interruptible;
		sk_submit(fake.k, &req, do_unlink(fake.k));
		UNIT_ASSERT_INT(sk_interrupt(fake.k, req), 0);
		UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -EINTR);
		sk_stats(fake.k, &stats);
		UNIT_ASSERT_INT(stats.interrupts_again, 1);
		UNIT_ASSERT_INT(stats.interrupts, 2);
		sk_req_free(fake.k, req);
		stop();
	}
}

static bool answer_interrupt_wrongly(const struct core_msg *msg)
{
	if (msg->hdr->opcode == WIRE_INTERRUPT)
		answer(msg->hdr->unique, -EPERM, NULL, 0);
	return msg->hdr->opcode == WIRE_UNLINK || msg->hdr->opcode == WIRE_INTERRUPT;
}

static void wrong_interrupt_answer(void)
{
	struct sk_req *req;

	start(NULL);
	fake.handler = answer_interrupt_wrongly;
	sk_submit(fake.k, &req, do_unlink(fake.k));
	sk_interrupt(fake.k, req);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 50), -ETIMEDOUT);
	CU_ASSERT(sk_expect_violation(fake.k, "only EAGAIN and ENOSYS"));
	sk_abandon(fake.k, req);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -EINTR);
	sk_req_free(fake.k, req);
	stop();
}

static _Atomic int late_result;
static _Atomic uint64_t kept_unique;

/* Keeps UNLINK until an RMDIR comes. */
static bool late(const struct core_msg *msg)
{
	if (msg->hdr->opcode == WIRE_UNLINK)
		kept_unique = msg->hdr->unique;
	if (msg->hdr->opcode == WIRE_RMDIR)
		late_result = answer(kept_unique, 0, NULL, 0);
	return msg->hdr->opcode == WIRE_UNLINK;
}

static void abandoned(void)
{
	struct sk_req *req;

	start(NULL);
	fake.handler = late;
	sk_submit(fake.k, &req, do_unlink(fake.k));
	sk_abandon(fake.k, req);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -EINTR);
	sk_req_free(fake.k, req);
	UNIT_ASSERT_INT(sk_rmdir(fake.k, 1, "d"), 0);
	UNIT_ASSERT_INT(late_result, -ENOENT);
	stop();
}

/* Answers UNLINK only when it comes with the bit; the first sending in between. */
static bool only_resent(const struct core_msg *msg)
{
	if (msg->hdr->opcode != WIRE_UNLINK)
		return false;
	if (msg->hdr->unique & WIRE_UNIQUE_RESEND) {
		late_result = answer(msg->hdr->unique & ~WIRE_UNIQUE_RESEND, 0, NULL, 0);
		answer(msg->hdr->unique, 0, NULL, 0);
	} else {
		notify(WIRE_NOTIFY_RESEND, NULL, 0);
	}
	return true;
}

static void resent(void)
{
	start(NULL);
	fake.handler = only_resent;
	UNIT_ASSERT_INT(do_unlink(fake.k), 0);
	UNIT_ASSERT_INT(late_result, -ENOENT);
	stop();
}

static void *other_thread(void *unused)
{
	for (int i = 0; i < 500; i++)
		UNIT_ASSERT_INT(sk_lookup(fake.k, 1, "file", NULL), 0);
	return unused;
}

static void calls_from_threads(void)
{
	pthread_t threads[4];

	start(NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, other_thread, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	UNIT_ASSERT_INT(sk_nlookup(fake.k, 2), 2000);
	stop();
	UNIT_ASSERT_INT(fake.forgotten, 2000);
}

static void disconnects(void)
{
	struct sk_req *req;

	start(NULL);
	fake.handler = keep_unlink;
	sk_submit(fake.k, &req, do_unlink(fake.k));
	sk_disconnect(fake.k, ECONNABORTED);
	UNIT_ASSERT_INT(sk_wait(fake.k, req, 0), -ENOTCONN);
	sk_req_free(fake.k, req);
	UNIT_ASSERT_INT(sk_lookup(fake.k, 1, "file", NULL), -ENOTCONN);
	stop();
}

static void library_leaves(void)
{
	struct core_mem_peer *peer;
	struct core_transport *t;
	struct sk_req *req;
	struct sk *k;

	core_transport_memory(&t, &peer);
	k = sk_new_memory(peer, NULL);
	sk_submit(k, &req, do_unlink(k));
	t->ops->free(t);
	UNIT_ASSERT_INT(sk_wait(k, req, 0), -ENOTCONN);
	CU_ASSERT(sk_expect_violation(k, "the library left 1 requests unanswered"));
	sk_req_free(k, req);
	UNIT_ASSERT_INT(sk_end(k), 0);
	sk_free(k);
}

/* ---- lies, extensions, notifications ----------------------------------------------------------
 */

static size_t cut_three(void *user, void *msg, size_t len)
{
	uint32_t shorter_len = (uint32_t)len - 3;

	(void)user;
	memcpy(msg, &shorter_len, sizeof(shorter_len));
	return len - 3;
}

static void mangled(void)
{
	start(NULL);
	sk_mangle(fake.k, cut_three, NULL);
	UNIT_ASSERT_INT(do_unlink(fake.k), -EIO); /* the daemon's own check */
	UNIT_ASSERT_INT(do_unlink(fake.k), 0);    /* once only */
	stop();
}

static void raw(void)
{
	struct wire_in_header h = {.len = sizeof(h), .opcode = 99, .unique = 5000};

	start(NULL);
	UNIT_ASSERT_INT(sk_send_raw(fake.k, &h, sizeof(h)), 0);
	do_unlink(fake.k);
	CU_ASSERT(sk_expect_violation(fake.k, "unique 5000")); /* answered; nobody waited */
	stop();
}

static void extensions(void)
{
	static const struct sk_config config = {
		.secctx_name = "security.x", .secctx = "label", .supp_group = 77};
	struct sk_config old = config;
	uint32_t gid;

	start(&config);
	do_create(fake.k);
	UNIT_ASSERT_INT(fake.ext_len, 32 + 16); /* 8 + 8 + 11 + 5; 8 + 4 + 4 */
	UNIT_ASSERT_STR((char *)fake.ext + 16, "security.x");
	memcpy(&gid, fake.ext + fake.ext_len - 4, 4);
	UNIT_ASSERT_INT(gid, 77);
	stop();
	old.minor = 36; /* no length in the header, no groups */
	start(&old);
	do_create(fake.k);
	UNIT_ASSERT_INT(fake.ext_len, 32);
	stop();
}

static void ids(void)
{
	start(&(struct sk_config){.uid = 5});
	UNIT_ASSERT_INT(fake.uid, 5);
	sk_set_ids(fake.k, 1000, 100, 1);
	do_unlink(fake.k);
	UNIT_ASSERT_INT(fake.uid, 1000);
	stop();
}

static const struct {
	int code;
	const char *data;
	size_t len;
	const char *violation; /* NULL: right */
} notes[] = {
	{WIRE_NOTIFY_POLL, "12345678", 8, NULL},
	{WIRE_NOTIFY_POLL, "1234567", 7, "NOTIFY_POLL: 7 bytes, should be 8"},
	{WIRE_NOTIFY_INVAL_INODE, "123456781234567812345678", 24, NULL},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0abc", 20, NULL},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0abc", 19, "should be 20"},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0abcd", 20, "not terminated"},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\3\0\0\0\0\0\0\0a\0c", 20, "shorter than it says"},
	{WIRE_NOTIFY_INVAL_ENTRY, "12345678\0\0\0\0\0\0\0\0", 17, "a name of 0 bytes"},
	{WIRE_NOTIFY_DELETE, "1234567812345678\1\0\0\0\0\0\0\0a", 26, NULL},
	{WIRE_NOTIFY_STORE, "1234567812345678\2\0\0\0\0\0\0\0xy", 26, NULL},
	{WIRE_NOTIFY_STORE, "1234567812345678\2\0\0\0\0\0\0\0xyz", 27, "should be 26"},
	{WIRE_NOTIFY_RESEND, "", 0, NULL},
	{WIRE_NOTIFY_INC_EPOCH, "", 0, NULL},
	{WIRE_NOTIFY_INC_EPOCH, "x", 1, "should be 0"},
	{WIRE_NOTIFY_PRUNE, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0abcdefgh", 24, NULL},
	{WIRE_NOTIFY_PRUNE, "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0abcdefgh", 24, "should be 32"},
	{10, "", 0, "notification 10: no such code"},
	{-1, "", 0, "notification -1: no such code"},
};

static void notifications(void)
{
	start(NULL);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(notes); i++) {
		struct sk_notification *n;

		notify(notes[i].code, notes[i].data, notes[i].len);
		n = sk_notification(fake.k, notes[i].violation ? 10 : 1000);
		if (notes[i].violation) {
			CU_ASSERT_PTR_NULL(n);
			CU_ASSERT(sk_expect_violation(fake.k, notes[i].violation));
		} else {
			CU_ASSERT_PTR_NOT_NULL_FATAL(n);
			UNIT_ASSERT_INT(n->code, notes[i].code);
			UNIT_ASSERT_INT(n->len, notes[i].len);
			CU_ASSERT(!memcmp(n->data, notes[i].data, n->len));
		}
		free(n);
	}
	stop();
}

static _Atomic uint64_t retrieved;

static bool take_notify_reply(const struct core_msg *msg)
{
	const struct wire_notify_retrieve_in *in = msg->op;

	if (msg->hdr->opcode != WIRE_NOTIFY_REPLY)
		return false;
	retrieved = msg->hdr->unique * 100 + in->size;
	return true;
}

static void retrieve(void)
{
	struct wire_notify_retrieve_out ask = {.notify_unique = 7, .nodeid = 2, .size = 5};
	struct sk_notification *n;

	start(NULL);
	fake.handler = take_notify_reply;
	notify(WIRE_NOTIFY_RETRIEVE, &ask, sizeof(ask));
	n = sk_notification(fake.k, 1000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	UNIT_ASSERT_INT(sk_notify_reply(fake.k, (void *)n->data, "abcde", 5), 0);
	free(n);
	do_unlink(fake.k);
	UNIT_ASSERT_INT(retrieved, 705);
	stop();
}

static void trace(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	start(&(struct sk_config){.trace = f});
	sk_lookup(fake.k, 1, "none", NULL);
	sk_violate(fake.k, "found by the %s", "test");
	sk_set_trace(fake.k, NULL);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "opcode: LOOKUP (1), nodeid: 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "error: -2 (No such file or directory)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "VIOLATION: found by the test"));
	CU_ASSERT(sk_expect_violation(fake.k, "found by the test"));
	CU_ASSERT(!sk_expect_violation(fake.k, "found by the test"));
	free(text);
	stop();
}

static void abrupt(void)
{
	start(&(struct sk_config){.abrupt = true});
	sk_lookup(fake.k, 1, "file", NULL);
	stop();
	UNIT_ASSERT_INT(fake.forgotten, 0);
}

UNIT_SUITE(simkernel, UNIT_TEST(right_answers_at_every_minor), UNIT_TEST(older_library),
	   UNIT_TEST(over_a_socket), UNIT_TEST(each_wrong_answer_is_noticed),
	   UNIT_TEST(node_zero_is_no_such_name), UNIT_TEST(wrong_number), UNIT_TEST(answered_twice),
	   UNIT_TEST(answered_forget), UNIT_TEST(odd_messages), UNIT_TEST(never_answered),
	   UNIT_TEST(forgets_too_much), UNIT_TEST(wrong_inits), UNIT_TEST(order_of_requests),
	   UNIT_TEST(shuffled_order), UNIT_TEST(interrupts), UNIT_TEST(wrong_interrupt_answer),
	   UNIT_TEST(abandoned), UNIT_TEST(resent), UNIT_TEST(calls_from_threads),
	   UNIT_TEST(disconnects), UNIT_TEST(library_leaves), UNIT_TEST(mangled), UNIT_TEST(raw),
	   UNIT_TEST(extensions), UNIT_TEST(ids), UNIT_TEST(notifications), UNIT_TEST(retrieve),
	   UNIT_TEST(trace), UNIT_TEST(abrupt));
