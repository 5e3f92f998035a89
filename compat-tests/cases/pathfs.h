/*
 * pathfs.h - what the parts of pathfs share: pathfs.c (handles, start and end), pathfs_ops.c (the
 * operations and their table), pathfs_lock.c. Cases have what they need of it in conform.h.
 */
#ifndef PATHFS_H
#define PATHFS_H

#include "conform.h"

#include <dirent.h>

struct path_handle {
	int fd;
	DIR *dir;
	char path[256]; /* what a NULL path is replaced by, where a path is needed */
};

/*
 * Handles are numbers, in fuse_file_info.fh; one that was never given out, or is released, fails
 * the case, and gives one without a descriptor.
 */
struct path_handle *path_handle(const struct fuse_file_info *fi);
uint64_t path_handle_new(void);
void path_handle_drop(uint64_t no);

extern int path_src_fd; /* O_PATH of the directory that is shown */

/* Who called, by the context, which is checked. */
struct fuse_ctx path_caller(void);

/* An operation: BEGIN(OP_x, fi or NULL, path, text of the arguments), then END(its value). */
#define BEGIN(op, fi, path, ...)                                                                   \
	struct t_call c;                                                                           \
	struct fuse_ctx ctx = path_caller();                                                       \
	if (t_begin(&c, op, &ctx, (fi) ? (fi)->fh : 0, path, __VA_ARGS__))                         \
	return (int)c.ret
#define END(expr) return (int)t_end(&c, (expr))
#define SYS(expr) ((expr) == -1 ? -errno : 0)

#if FUSE_API == 2
void *path_init(struct fuse_conn_info *conn);
#else
void *path_init(struct fuse_conn_info *conn, struct fuse_config *cfg);
#endif
void path_destroy(void *data);
void path_poll_end(void); /* gives back the handle of the last poll */

int path_lock(const char *path, struct fuse_file_info *fi, int cmd, struct flock *fl);
int path_flock(const char *path, struct fuse_file_info *fi, int op);

#endif
