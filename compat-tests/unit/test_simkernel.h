/*
 * What the files of the suite "simkernel" share: a small fake daemon, `fake`, whose answers a test
 * may twist or give itself.
 */
#ifndef TEST_SIMKERNEL_H
#define TEST_SIMKERNEL_H

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

#define UNUSED_OK __attribute__((unused))

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

static UNUSED_OK int answer(uint64_t unique, int error, const void *body, size_t len)
{
	struct wire_out_header h = {.unique = unique, .error = error};
	struct iovec iov[2] = {{&h, sizeof(h)}, {(void *)body, len}};

	h.len = (uint32_t)(sizeof(h) + len);
	return send_iov(iov, len ? 2 : 1);
}

static UNUSED_OK void notify(int code, const void *data, size_t len)
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

static UNUSED_OK struct sk *start(const struct sk_config *config)
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

/* ---- requests ------------------------------------------------------------------------------ */

static UNUSED_OK int do_unlink(struct sk *k)
{
	return sk_unlink(k, 1, "file");
}

static UNUSED_OK int do_create(struct sk *k)
{
	return sk_create(k, 1, "f", 0, 0644, 0, NULL);
}

/* A handler: there is no answer to it. */
static UNUSED_OK bool keep_unlink(const struct core_msg *msg)
{
	return msg->hdr->opcode == WIRE_UNLINK;
}

#endif
