/* sim_vfs.h - inside the simulated kernel's process; see sim.h. */
#ifndef CONFORM_SIM_VFS_H
#define CONFORM_SIM_VFS_H

#include <pthread.h>
#include "sim.h"
#include "simkernel.h"

struct knode {
	struct knode *next;
	uint64_t id;
	uint32_t mode, nlink;
	uint64_t size;
	int opens;
	bool gone; /* its last name is removed */
	/* A directory: held for reading while a name of it is looked up, for writing while one
	 * changes, as Linux holds i_rwsem. Nobody who holds one waits for another, but renames,
	 * which take them in the order of their ids. */
	pthread_rwlock_t names;
};

/* From the root down, the root not included. */
struct kpath {
	int n, room;
	uint64_t *id;
};

/* An open file description. It lives as long as a process has a descriptor of it: the other end of
 * `tie`. */
struct kfile {
	struct kfile *next;
	uint32_t id;
	int tie;
	uint64_t nodeid, fh;
	uint32_t flags, open_flags;
	bool dir, path_only, no_release, flushed, flocked;
	int64_t pos;
	int polled; /* notifications for it */
	int users;
	uint32_t uid, gid, pid; /* of the last who used it, for RELEASE */
	struct kpath path;
};

/* One thread of the client. */
struct conn {
	int fd;
	struct sim_req req;
	char *path, *path2, *data;
	struct sim_rep rep;
	char *out; /* rep.data_len bytes */
	int new_fd;
	const char *na;
	struct kfile *file, *other;
};

extern struct sk *kern;

/* Fills conn->rep. */
void kernel_serve(struct conn *c);

/* A request on the client's behalf; can be interrupted. Bytes of the reply or negative errno. */
long kcall(struct conn *c, const struct sk_call *call);
#define CALL(op, node, ...) (&(struct sk_call){.opcode = WIRE_##op, .nodeid = (node), __VA_ARGS__})
#define TO(ptr)             .out = (ptr), .out_size = sizeof(*(ptr))
/* Only sends it. */
struct sk_req *kcall_send(struct conn *c, const struct sk_call *call);
/* The same, with what Linux makes of ENOSYS: that answer from then on, without asking. */
long kcall_or(struct conn *c, const struct sk_call *call, long instead);
/* Ends the case: it needs more of a kernel. */
long not_here(struct conn *c, const char *why);

struct knode *node_get(uint64_t id);
void node_learn(uint64_t id, const struct wire_attr *attr);
void node_opened(uint64_t id, int by);
void node_unlinked(struct conn *c, uint64_t id);
int knode_getattr(struct conn *c, uint64_t id, const uint64_t *fh, struct wire_attr *attr);

/* A place in the tree: the directory, the last name, and what it is. */
struct where {
	struct kpath dir; /* way to the directory, or to the node itself if name is "" */
	uint64_t parent;
	char name[4096];
	bool exists, slash;
	struct wire_entry_out e;
	struct knode *held; /* the directory, locked for a change until where_free() */
};
enum {
	W_FOLLOW = 1,
	W_CREATE = 2, /* the last one need not exist */
	W_HOLD = 4,   /* the last one is to change: nobody looks it up until where_free() */
	W_PARENT = 8, /* the last one is not looked up: where_last() does that */
};
int where_last(struct conn *c, struct where *w, bool held);
void where_hold(struct where *w);
void where_unhold(struct where *w);
int walk(struct conn *c, struct kfile *at, const char *path, int flags, struct where *w);
void where_free(struct where *w);
int path_push(struct kpath *p, uint64_t id);
struct kpath path_copy(const struct kpath *p);

struct kfile *file_find(uint32_t id);
struct kfile *file_new(struct conn *c, uint64_t nodeid);
long reply_data(struct conn *c, const void *data, size_t len);
void fill_stat(const struct wire_attr *a, struct stat *st);

/* sim_file.c: what is done to open files */
long sim_open(struct conn *c);
long sim_flush(struct conn *c);
long sim_closed(struct conn *c);
long sim_read(struct conn *c);
long sim_write(struct conn *c);
long sim_seek(struct conn *c);
long sim_getdents(struct conn *c);
long sim_fsync(struct conn *c);
long sim_lock(struct conn *c);
long sim_flock(struct conn *c);
long sim_fallocate(struct conn *c);
long sim_copy(struct conn *c);
long sim_ioctl(struct conn *c);
long sim_poll(struct conn *c);
struct sk_req *file_release(struct kfile *f);
/* sim_name.c: names and attributes */
long sim_stat(struct conn *c);
long sim_fstat(struct conn *c);
long sim_mknod(struct conn *c);
long sim_mkdir(struct conn *c);
long sim_unlink(struct conn *c);
long sim_symlink(struct conn *c);
long sim_readlink(struct conn *c);
long sim_rename(struct conn *c);
long sim_link(struct conn *c);
long sim_chmod(struct conn *c);
long sim_chown(struct conn *c);
long sim_truncate(struct conn *c);
long sim_utimens(struct conn *c);
long sim_access(struct conn *c);
long sim_statfs(struct conn *c);
long sim_setxattr(struct conn *c);
long sim_getxattr(struct conn *c);
long sim_removexattr(struct conn *c);

#endif
