/*
 * Inside of the FUSE 3 front-end: the public opaque structures, and what its files share.
 */
#ifndef FUSE3_INTERNAL_H
#define FUSE3_INTERNAL_H

#include "fuse3/layout.h"

#include <ambifuse.h>
#include <errno.h>

#include "core/base/base.h"
#include "core/base/log.h"
#include "core/modules/modules.h"
#include "core/mount/mount.h"
#include "core/workers/pool.h"

#if FUSE3_ABI >= 4
#define FUSE3_VERSION_TEXT "3.18.3"
#elif FUSE3_SO3_LAYOUT >= 316
#define FUSE3_VERSION_TEXT "3.16.2"
#else
#define FUSE3_VERSION_TEXT "3.14.0"
#endif

/* A public function. */
#define EXPORT __attribute__((visibility("default")))
/*
 * Exports func, declared before and defined after, as an old version of a public name:
 * SYMVER(func, "name@NODE"). clang has no such attribute; gcc's survives link-time optimisation.
 */
#ifdef __clang__
#define SYMVER(func, ver)                                                                          \
	__asm__(".symver " #func ", " ver);                                                        \
	extern __typeof__(func) func __attribute__((visibility("default"), used))
#else
#define SYMVER(func, ver)                                                                          \
	extern __typeof__(func) func __attribute__((symver(ver), visibility("default"), used))
#endif

/* A file system of the path API: the program's own, or a module's over it. */
struct fuse_fs {
	struct fuse_operations op;
	void *user_data;      /* from init on: what init returned */
	struct module_so *so; /* where its code is; held until it is destroyed */
	struct layer *layer;  /* a built-in module: op is empty; else NULL */
	struct ambifuse_operations ext;
	unsigned ext_want; /* AMBIFUSE_CAP_*, from init on */
};

/* A connection: a low-level program's, or the one below a struct fuse. */
struct fuse_session {
	struct core_session *cs;
	struct core_mount *m;
	char *mountpoint; /* NULL: not mounted */
	int fd;           /* of the attached transport, -1: none */
	size_t recv_size; /* bytes a receive buffer has */
	struct fuse_lowlevel_ops ll;
	void *userdata;
	struct fuse_custom_io io; /* the program's; what it does not have is NULL */
	struct fuse *fuse;        /* whose session it is; NULL: a low-level program's */
	struct cuse *cuse;        /* a character device's; NULL: none */
};

struct fuse {
	struct fuse_session *se;
	struct core_fs *core;
	struct fuse_fs *fs;  /* the top of the stack */
	struct fuse_fs *own; /* the bottom: the program's */
	bool ended;          /* the stack has been told of the end */
	char *modules;
	struct core_modules built_in; /* over the stack */
	int debug;
};

/* What fuse_loop_cfg_create() gives out. */
struct fuse_loop_config {
	unsigned magic; /* programs of before 3.12 had a struct of their own by this name */
	int clone_fd;
	unsigned max_idle_threads, max_threads;
};

#define AMBIFUSE(name)  ambifuse3_##name
#define HAS_STAT_EX(fs) false
#define MODULE_API      "3"
#define MODULE_SYMBOL   "fuse_module_%s_factory"
#define LL_PROFILE      fuse3_ll_profile
#define CUSE_MAX_WRITE  (1024 * 1024)
#define NOTIFY_BY       struct fuse_session

static inline struct core_session *session_by(struct fuse_session *se)
{
	return se ? se->cs : NULL;
}

#include "core/front/front.h"

/* ---- caps.c ---- */
extern const struct core_profile fuse3_ll_profile, fuse3_path_profile;
extern const struct core_mount_profile fuse3_mount_profile;
/* What a program is shown; write_buf: it has that operation. Kept for conn_from_public(). */
void conn_offer(struct fuse_conn_info *pub, const struct core_conn *conn, bool write_buf);
static inline void conn_to_public(struct fuse_conn_info *pub, const struct core_conn *conn)
{
	conn_offer(pub, conn, false);
}

void conn_from_public(struct core_conn *conn, const struct fuse_conn_info *pub);
/* conn_from_public, and what only the session knows: a max_read that contradicts the mount's. */
void conn_agree(struct core_session *cs, struct core_conn *conn, const struct fuse_conn_info *pub);
/* The newest kernel protocol we speak. */
void protocol_version(unsigned *major, unsigned *minor);

/* ---- lowlevel.c ---- */
void lowlevel_make_ops(const struct fuse_lowlevel_ops *op, struct core_ll_ops *out);
/* Copies a table of the caller's size; says so if it is longer than ours. */
void copy_ops(void *dst, size_t size, const void *src, size_t src_size, const char *what);

/* ---- options.c ---- */
struct fs_options {
	struct core_fs_config cfg;
	int debug, noforget, show_help;
	char *modules; /* malloc'ed */
};
/* Take their options out of args. 0, or -1 (logged). */
int options_fs(struct fuse_args *args, struct fs_options *fo);
int options_session(struct fuse_args *args, struct core_session_config *cfg, struct core_mount **m);
/* Nothing but the program's name may be left; else names what is, and what may have been meant. */
int options_check_left(const struct fuse_args *args, bool path_api);
void options_fs_help(void);

/* ---- session.c ---- */
/* Takes cs and m over. NULL without memory (logged); then they are still the caller's. */
struct fuse_session *session_wrap(struct core_session *cs, struct core_mount *m);
/* fuse_session_custom_io() with a structure of io_size bytes. */
int session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io, size_t io_size,
		      int fd);

/* ---- fuse.c ---- */
struct fuse *fuse_new_31(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			 void *private_data);
struct fuse *fuse_new_30(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			 void *private_data);

/* ---- loop.c ---- */
int fuse_loop_mt_312(struct fuse *f, struct fuse_loop_config *config);
int loop_mt(struct fuse_session *se, const struct core_pool_config *pc);

static inline int session_loop_mt(struct fuse_session *se)
{
	return loop_mt(se, &(struct core_pool_config){0});
}

/* ---- thunks.c ---- */
void thunks_make(const struct fuse_operations *op, struct core_fs_ops *out);

/* ---- module.c ---- */
void modules_help(const char *list);

#endif
