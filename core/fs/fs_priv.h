/*
 * Inside of the path API.
 */
#ifndef CORE_FS_FS_PRIV_H
#define CORE_FS_FS_PRIV_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/fs/fs.h"
#include "core/fs/path.h"
#include "core/fs/side.h"
#include "core/fs/watch.h"
#include "core/session/session_priv.h"

struct fs_worker {
	struct path_slot slot;
	struct path_buf buf[2];
	struct fs_backing backing; /* what the program has named in the open that runs */
};

struct dir_table;
struct parked;

struct core_fs {
	struct core_session *se;
	const struct core_profile *profile;
	struct core_fs_config cfg;
	struct core_fs_ops ops;
	void *data; /* the thunks' */
	void *fuse;

	struct path_tree tree;
	struct side_table side;
	struct dir_table *dirs;

	/* remember: forgotten nodes in the order they were forgotten; under forget_lock */
	pthread_mutex_t forget_lock;
	struct forgotten *forgotten, *forgotten_tail;
	time_t next_clean;
	pthread_t cleaner;
	bool cleaner_runs;
	pthread_cond_t cleaner_cond;

	/* lock waits of a single-threaded loop, under park_lock */
	pthread_mutex_t park_lock;
	struct parked *parked;
	pthread_t park_thread;
	bool park_thread_runs, park_thread_ends;
	pthread_cond_t park_cond;
	bool single;
	struct prune *prune; /* while a loop runs with max_nodes */
	struct dir_watch watch;
	enum core_readdirplus readdirplus; /* from INIT on: NO, YES or AUTO */
	bool writeback;      /* from INIT on: by option, the program may not know of it */
	bool clear_setid;    /* from INIT on: setid.c */
	bool setid_as_told;  /* the kernel's view of a mode decides, as it would there */
	bool no_open;    /* from INIT on: opening a file is nobody's business but the kernel's */
	/* From INIT on: attributes go out with nothing but our inode number; or not even that. */
	bool plain_attr, plain_but_ino;

	struct fs_volume {
		pthread_mutex_t lock; /* a leaf */
		bool valid;
		struct timespec since;
		struct statvfs st;
	} volume;

	/* Some node has, or had, NODE_BIRTH. */
	_Atomic bool births_set;
	_Atomic unsigned hidden_counter;
	_Atomic bool destroyed;
	_Atomic bool no_passthrough; /* the kernel has refused it for good */
};

static inline struct core_fs *req_fs(struct core_req *req)
{
	return req->userdata;
}
static inline struct fs_worker *req_fw(struct core_req *req)
{
	return req->w->fs_local;
}
#define FS_NODES(fs) (&(fs)->tree.nodes)

/* ---- the frame around an operation (fs.c) ---- */

/*
 * Path of a node (name NULL) or of a name in a directory; it holds until op_end().
 * Negative errno: the operation ends with it.
 */
int op_path(struct core_req *req, uint64_t ino, const char *name, const char **path);
int op_path_intr(struct core_req *req, int res);
/* op_path() for who has the node's index. */
static inline int op_path_at(struct core_req *req, struct core_fs *fs, uint32_t idx,
			     const char *name, const char **path)
{
	struct fs_worker *fw = req_fw(req);
	int res = path_get(&fs->tree, &fw->slot, 0, idx, name, &fw->buf[0], path);

	return core_likely(!fs->cfg.intr) ? res : op_path_intr(req, res);
}
/* For operations on a handle: NULL where the program takes that. */
int op_path_fh(struct core_req *req, uint64_t ino, const char **path);
int op_path2(struct core_req *req, uint64_t ino1, const char *name1, const char **path1,
	     uint64_t ino2, const char *name2, const char **path2);
static inline void op_end(struct core_req *req)
{
	struct core_fs *fs = req_fs(req);

	path_put(&fs->tree, &req_fw(req)->slot);
	if (core_unlikely(fs->cfg.intr))
		core_interrupt_disarm(req);
}
/* The path stays readable but holds nothing up any more. */
void op_let_go(struct core_req *req);

static inline void reply_result(struct core_req *req, int res)
{
	/* INT_MIN stays what it is: out of range, as any nonsense */
	core_reply_err(req, (int)-(unsigned)res);
}

/* ---- attributes and entries (entry.c) ---- */

/* memset() of this size becomes a string instruction, which takes longer to start than these. */
static inline void fs_clear_stat(struct stat *st)
{
	typedef uint64_t two_words __attribute__((vector_size(16), aligned(8), may_alias));
	two_words *at = (two_words *)(void *)st;

	_Static_assert(sizeof(*st) % sizeof(*at) == 0, "whole pairs of words");
#pragma GCC unroll 16 /* or the compiler makes it a memset() all the same */
	for (size_t i = 0; i < sizeof(*st) / sizeof(*at); i++)
		at[i] = (two_words){0, 0};
}

/* Asks the program, with st cleared as the contract of struct core_stat says. */
static inline int fs_ask_attr(struct core_fs *fs, const char *path, struct core_stat *st,
			      struct core_file_info *fi)
{
	if (core_unlikely(fs->cfg.stat_ex))
		memset(st, 0, sizeof(*st));
	else
		fs_clear_stat(&st->st);
	return fs->ops.getattr ? fs->ops.getattr(fs->data, path, st, fi) : -ENOSYS;
}

/*
 * An entry in the making: the program's attributes where they will be, and room behind them. The
 * timeouts lie where the birth time does, so they are set after the program was asked.
 */
union fs_entry {
	struct core_entry_param e;
	struct {
		uint64_t ino, generation;
		struct core_stat attr;
	} x;
};
_Static_assert(offsetof(union fs_entry, e.attr) == offsetof(union fs_entry, x.attr), "one place");

/* The mode a new file or directory gets: what the caller says, or an option. */
/* The owner a caller means, as the program says it (idmap). */
uid_t fs_map_owner(const struct core_fs_tuning *t, uid_t uid);
mode_t fs_new_mode(const struct core_fs *fs, mode_t mode);
mode_t fs_new_dir_mode(const struct core_fs *fs, mode_t mode);
void fs_adjust_stat(struct core_fs *fs, uint32_t idx, struct stat *st);
double fs_shared_attr_timeout(struct core_fs *fs, uint32_t idx, const struct stat *st);
/*
 * A change under one name of a file is seen under its other names only if they are one node, so
 * attributes of a file with names that are not known to be its own are not cached.
 */
static inline double fs_attr_timeout(struct core_fs *fs, uint32_t idx, const struct stat *st)
{
	if (core_unlikely(fs->births_set) &&
	    (atomic_load_explicit(&fs->tree.nodes.at[idx].flags, memory_order_relaxed) & NODE_BIRTH))
		return 0;
	if (core_likely(st->st_nlink <= 1 || S_ISDIR(st->st_mode)))
		return fs->cfg.attr_timeout;
	return fs_shared_attr_timeout(fs, idx, st);
}
/* Asks the program for the attributes of path and makes the entry (parent, name). */
int fs_make_entry(struct core_req *req, uint32_t parent, const char *name, const char *path,
		  struct core_file_info *fi, union fs_entry *u);
/* The same with attributes at hand. */
int fs_entry_from_stat(struct core_fs *fs, uint32_t parent, const char *name,
		       struct core_entry_param *e);
/* The same of a node that was looked up by this name; NULL: as "." of its own. */
int fs_entry_of(struct core_fs *fs, uint32_t idx, uint32_t parent, const char *name,
		struct core_entry_param *e);
void fs_forget(struct core_fs *fs, uint64_t ino, uint64_t n);
void fs_reply_entry(struct core_req *req, struct core_entry_param *e, int res);
/* Data cache follows size and mtime (auto_cache). */
void fs_note_stat(struct core_fs *fs, uint32_t idx, const struct stat *st);

/* ---- a bound on nodes (prune.c) ---- */

/* Around a loop. */
void prune_start(struct core_fs *fs);
void prune_stop(struct core_fs *fs);
void prune_wanted(struct core_fs *fs);

/* ---- set-user-ID and set-group-ID (setid.c) ---- */

/* Asks the kernel to leave them to us, where that saves requests. */
uint64_t setid_caps(struct core_fs *fs, uint64_t offered, uint64_t want);
int setid_clear_slow(struct core_fs *fs, uint32_t idx, const char *path, struct core_file_info *fi);
/* Inside an operation: the file is about to change. 0, or the error of getattr or chmod. */
static inline int setid_clear(struct core_fs *fs, uint32_t idx, const char *path,
			      struct core_file_info *fi)
{
	uint32_t flags;

	if (core_likely(!fs->clear_setid || !idx))
		return 0;
	flags = atomic_load_explicit(&FS_NODES(fs)->at[idx].flags, memory_order_relaxed);
	if (core_likely(fs->setid_as_told ? !(flags & NODE_SETID) : flags & NODE_NO_SETID))
		return 0;
	return setid_clear_slow(fs, idx, path, fi);
}
/* The same for requests that do not say whether it is to be done. */
int setid_clear_for(struct core_req *req, uint64_t ino, const char *path,
		    struct core_file_info *fi);
/* The same before a chown: the kernel would look at the mode anew. */
static inline int setid_clear_chown(struct core_fs *fs, uint32_t idx, const char *path,
				    struct core_file_info *fi)
{
	if (fs->clear_setid && fs->setid_as_told && idx)
		return setid_clear_slow(fs, idx, path, fi);
	return setid_clear(fs, idx, path, fi);
}
/* Attributes go to the kernel. */
static inline void setid_told(struct core_fs *fs, uint32_t idx, mode_t mode)
{
	if (core_unlikely(mode & (S_ISUID | S_ISGID)))
		atomic_fetch_or_explicit(&FS_NODES(fs)->at[idx].flags, NODE_SETID,
					 memory_order_relaxed);
}
/* The mode may have changed: look again. */
static inline void setid_unknown(struct core_fs *fs, uint32_t idx)
{
	if (core_unlikely(fs->clear_setid) && idx)
		atomic_fetch_and_explicit(&FS_NODES(fs)->at[idx].flags, ~(uint32_t)NODE_NO_SETID,
					  memory_order_relaxed);
}

/* ---- extensions (ext.c) ---- */

/* setattr_x, or fsetattr_x where there is a handle. -ENOSYS: absent, or the program says so. */
int fs_call_setattr_x(struct core_fs *fs, const char *path, struct core_setattr_x *x,
		      struct core_file_info *fi);

/* ---- CASE_INSENSITIVE (casefold.c) ---- */

/* What the program calls the last name of path: in buf, or name itself. */
const char *fs_canonical(struct core_fs *fs, const char *path, struct core_file_info *fi,
			 const char *name, char buf[NODE_NAME_MAX + 1]);
/* The same for a name of which there is no path yet, as far as the node table needs it. */
int fs_canonical_of(struct core_req *req, uint64_t parent, const char **name,
		    char buf[NODE_NAME_MAX + 1]);
/*
 * Is this lookup that of the new name in a rename(2) which changes nothing but the case? If the
 * kernel knew that both names are one inode, it would take the rename for done and not ask us. So
 * such a name is not found, just this once. It does not say what it looks up a name for; the caller
 * waits in its system call, where one can look. False if that is not allowed.
 */
bool fs_only_case_changes(struct core_req *req, uint32_t parent, const char *name);

/* ---- READ_ONLY (readonly.c) ---- */

/* Replaces what changes something in a session's table. */
void fs_make_read_only(struct core_ll_ops *ll);

/* ---- the volume (volume.c) ---- */

/* An answer that is still good. */
bool volume_cached(struct core_fs *fs, struct statvfs *st);
/* The program's answer as it is shown; kept for later if an option says so. */
void volume_answer(struct core_fs *fs, struct statvfs *st);
/* rellinks: an absolute target as seen from the link at path. 0 or -ENAMETOOLONG. */
int volume_relative_link(const char *path, char *target, size_t size);

/* ---- hidden files (hidden.c) ---- */

/* Inside a writer: should this name be hidden rather than removed? */
bool hidden_wanted(struct core_fs *fs, uint32_t rec);
/* Renames the file of want (marked in rec) to a hidden name. 0 or -errno. */
int hidden_hide(struct core_req *req, const struct path_want *want, uint32_t rec);
/*
 * After it, at the latest before the writer ends: removes the file if its last handle was closed
 * while it was being renamed, when hidden_closed() could not see yet that it is hidden.
 */
void hidden_settle(struct core_fs *fs, uint32_t rec);
/* Takes that back: what should have replaced the file has failed. */
void hidden_show(struct core_req *req, const struct path_want *want, uint32_t rec);
/* A handle of the node was closed: removes a hidden file with its last handle. */
void hidden_closed(struct core_req *req, uint32_t idx);
void hidden_remove_all(struct core_fs *fs);

/* ---- passthrough (backing.c): with cfg.passthrough ---- */

/* Counts a new handle, and decides who serves it. */
void backing_opened(struct core_req *req, uint32_t idx, struct core_file_info *fi);
/* The open fails: what the program named is not needed. */
void backing_drop(struct core_req *req);
/* A handle less; how many there were. */
uint32_t backing_closed(struct core_fs *fs, uint32_t idx);

/* A handle less; how many there were (0: none, nothing is done). */
static inline uint32_t node_open_down(struct node *n)
{
	uint32_t old = atomic_load(&n->open);

	while (old && !atomic_compare_exchange_weak(&n->open, &old, old - 1))
		;
	return old;
}

/* ---- directories (dir.c) ---- */

struct dir_table *dir_table_new(void);
void dir_table_free(struct dir_table *t);
bool dir_is_open(struct core_fs *fs, uint64_t ino);
/* The program's file_info for a directory handle of ours; false: unknown handle. */
bool dir_handle_fi(struct core_fs *fs, uint64_t fh, struct core_file_info *fi);

/* ---- locks (lock.c), remember (remember.c) ---- */

/* F_UNLCK of everything the owner holds, as close(2) promises; what flush answers. */
int lock_flush(struct core_req *req, uint32_t idx, const char *path, struct core_file_info *fi,
	       int flush_res);
void lock_retry_parked(struct core_fs *fs);
void lock_forget_all(struct core_fs *fs, struct side *s);
void lock_drop_parked(struct core_fs *fs);
bool remember_forgotten(struct core_fs *fs, uint32_t idx);
void remember_free(struct core_fs *fs);

/* ---- the operations, by file ---- */

#define FS_OPS(F)                                                                                  \
	F(lookup) F(forget) F(forget_multi) F(getattr) F(setattr) F(readlink) F(mknod) F(mkdir)    \
	F(unlink) F(rmdir) F(symlink) F(rename) F(link) F(open) F(read) F(write_buf) F(flush)      \
	F(release) F(fsync) F(opendir) F(readdir) F(readdirplus) F(releasedir) F(fsyncdir)         \
	F(statfs) F(setxattr) F(getxattr) F(listxattr) F(removexattr) F(access) F(create)          \
	F(getlk) F(setlk) F(flock) F(bmap) F(ioctl) F(poll) F(fallocate) F(copy_file_range)        \
	F(lseek) F(statx) F(syncfs)
extern struct core_ll_ops fs_ll_entry, fs_ll_remove, fs_ll_file, fs_ll_dir, fs_ll_lock, fs_ll_misc;

#endif
