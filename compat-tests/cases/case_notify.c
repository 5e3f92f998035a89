/* case_notify.c - notifications of the low-level API, sent from a thread of the program's own */
#include "llfs.h"

#include <sys/stat.h>

enum { INODE, ENTRY, DELETE, STORE, RETRIEVE, STORE_MUCH };

/* a: the node (or parent), b: what else; names are in T->data */
static long notify(long cmd, long a, long b)
{
	fuse_ino_t ino = (fuse_ino_t)a;

	switch (cmd) {
	case INODE:
		return ll_inval_inode(ino, b, 0);
	case ENTRY:
		return ll_inval_entry(ino, T->data);
	case DELETE:
		return ll_delete(ino, (fuse_ino_t)b, T->data);
	case STORE:
		return ll_store(ino, b, T->data, strlen(T->data));
	case STORE_MUCH:
		return ll_store(ino, 0, T->data, (size_t)b);
	case RETRIEVE:
		return ll_retrieve(ino, (size_t)b, 0, (void *)0x1234);
	}
	return -ENOSYS;
}

static void cached(struct fuse_conn_info *conn)
{
	(void)conn;
	ll_timeout = 100;
}

static void keep_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->keep_cache = 1;
	fi->fh = 5;
	fuse_reply_open(req, fi);
}
static void keep(struct fuse_lowlevel_ops *ops)
{
	ops->open = keep_open;
	ops->release = NULL;
}
#define NOTIFY .ll = true, .init = cached, .ll_ops = keep, .on_command = notify

CASE(notify_inode_attr, "notify.inval-inode-drops-attributes", NOTIFY)
{
	put(P("f"), "12345");
	OK(stat(P("f"), &(struct stat){0}));
	MARK();
	OK(stat(P("f"), &(struct stat){0}));
	UNSEEN("getattr*");
	EQ(command(INODE, 2, -1), 0);
	OK(stat(P("f"), &(struct stat){0}));
	SAW("getattr 2");
}

CASE(notify_inode_data, "notify.inval-inode-drops-data", NOTIFY)
{
	put(P("f"), "12345");
	STR(slurp(P("f")), "12345");
	int n = t_seen("read *");
	STR(slurp(P("f")), "12345");
	EQ(t_seen("read *"), n);
	EQ(command(INODE, 2, 0), 0);
	STR(slurp(P("f")), "12345");
	EQ(t_seen("read *"), n + 1);
}

CASE(notify_inode_none, "notify.inval-inode-of-an-unknown-node", NOTIFY)
{
	EQ(command(INODE, 999, 0), -ENOENT);
}

CASE(notify_entry, "notify.inval-entry-makes-the-kernel-ask-again", NOTIFY)
{
	put(P("f"), "12345");
	OK(stat(P("f"), &(struct stat){0}));
	MARK();
	OK(stat(P("f"), &(struct stat){0}));
	UNSEEN("lookup*");
	strcpy(T->data, "f");
	EQ(command(ENTRY, 1, 0), 0);
	OK(stat(P("f"), &(struct stat){0}));
	SAW("lookup 1/f");
}

CASE(notify_entry_none, "notify.inval-entry-of-an-unknown-name", NOTIFY)
{
	strcpy(T->data, "none");
	EQ(command(ENTRY, 1, 0), -ENOENT);
	EQ(command(ENTRY, 999, 0), -ENOENT);
}

CASE(notify_delete, "notify.delete-removes-the-name", NOTIFY)
{
	put(P("f"), "12345");
	OK(stat(P("f"), &(struct stat){0}));
	strcpy(T->data, "f");
	EQ(command(DELETE, 1, 2), 0);
	MARK();
	OK(stat(P("f"), &(struct stat){0}));
	SAW("lookup 1/f");
}

CASE(notify_store, "notify.store-puts-data-into-the-cache", NOTIFY)
{
	put(P("f"), "12345");
	STR(slurp(P("f")), "12345");
	MARK();
	strcpy(T->data, "abc");
	EQ(command(STORE, 2, 1), 0);
	STR(slurp(P("f")), "1abc5");
	UNSEEN("read *");
}

CASE(notify_store_much, "notify.store-of-many-pages", NOTIFY)
{
	put(P("f"), "");
	OK(truncate(P("f"), 100000));
	memset(T->data, 'q', 100000);
	EQ(command(STORE_MUCH, 2, 100000), 0);
	MARK();
	int fd = OK(open(P("f"), O_RDONLY));
	char buf[100];
	EQ(pread(fd, buf, 100, 50000), 100);
	EQ(buf[0], 'q');
	EQ(buf[99], 'q');
	UNSEEN("read *");
}

CASE(notify_retrieve, "notify.retrieve-brings-cached-data", NOTIFY)
{
	put(P("f"), "hello world");
	STR(slurp(P("f")), "hello world");
	memset(T->data, 0, 100);
	EQ(command(RETRIEVE, 2, 11), 0);
	SAW_RET("retrieve_reply 2 11@0 cookie 1234", 11);
	STR(T->data, "hello world");
}

CASE(notify_retrieve_none, "notify.retrieve-of-an-unknown-node", NOTIFY)
{
	EQ(command(RETRIEVE, 999, 11), -ENOENT);
}

CASE(notify_retrieve_two, "notify.retrieve-twice", NOTIFY)
{
	put(P("f"), "hello world");
	STR(slurp(P("f")), "hello world");
	EQ(command(RETRIEVE, 2, 5), 0);
	SAW("retrieve_reply 2 5@0 cookie 1234");
	EQ(command(RETRIEVE, 2, 7), 0);
	SAW("retrieve_reply 2 7@0 cookie 1234");
}

#if FUSE_API == 3
static int hl_timeout_calls(const char *path)
{
	return fuse_invalidate_path(t_fuse, path);
}
#endif

#if FUSE_API == 3
static long invalidate(long cmd, long a, long b)
{
	(void)cmd;
	(void)a;
	(void)b;
	return hl_timeout_calls(T->data);
}
CASE(notify_path, "notify.invalidate-path-of-the-path-api", .apis = T_API3, .raw = true,
     .opts = "attr_timeout=100,entry_timeout=100", .on_command = invalidate)
{
	put(S("f"), "12345");
	EQ(st_of(P("f")).st_size, 5);
	put(S("f"), "123456789");
	EQ(st_of(P("f")).st_size, 5);
	strcpy(T->data, "/f");
	EQ(command(0, 0, 0), 0);
	EQ(st_of(P("f")).st_size, 9);
	strcpy(T->data, "/none");
	EQ(command(0, 0, 0), -ENOENT);
}
#endif
