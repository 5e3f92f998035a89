/* How fs.c gets at the kernel's side: direct.c or public.c. */
#ifndef INSTR_JOIN_H
#define INSTR_JOIN_H

#include <stdbool.h>

struct fuse;
struct fuse_chan;
struct fuse_session;

#if FUSE_USE_VERSION < 30
/* A channel to make the file system with. NULL: failed. */
struct fuse_chan *join_chan(void);
#else
/* 0 or -1 */
int join_session(struct fuse_session *se);
#endif
/* Serves until the messages end; f NULL: a low-level program. */
int join_loop(struct fuse_session *se, struct fuse *f, bool mt);

#endif
