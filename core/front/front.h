/*
 * The part of a front-end that reads the same in both APIs: functions with the same parameters
 * under the same names, in types of each API's own. The sources here are compiled into each
 * library. They begin with #include "internal.h", which is the library's (its folder is searched);
 * it has, before it includes this header,
 *
 *	the public headers
 *	struct fuse_fs        with op, user_data, so, layer, ext, ext_want
 *	struct fuse_session   with cs, userdata, ll (the program's operations), cuse
 *	struct fuse           with se, core, fs (the top of its stack), own (the bottom: the
 *	                      program's), ended (the top's destroy has been called)
 *	EXPORT                a public function
 *	NOTIFY_BY             what a notification is sent by; session_by() has its session, or NULL
 *	LL_PROFILE            of low-level sessions; session_loop_mt(): their loop
 *	AMBIFUSE(name)        a function of <ambifuse.h>
 *	HAS_STAT_EX(fs)       its getattr fills a larger structure
 *	MODULE_SYMBOL         a module's variable, with %s for its name; MODULE_API is for messages
 *	CUSE_MAX_WRITE        bytes, unless the program's options say otherwise
 *	fi_to_public(), fi_from_public(), conn_to_public(), bufv_*()
 *
 * What differs in more than a type's name or layout stands in fuse2/ and fuse3/.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

static inline struct core_args *core_args_of(struct fuse_args *args)
{
	return (struct core_args *)args;
}

/* A public copy of fi as an argument: NULL stays NULL. */
static inline struct fuse_file_info *public_fi(struct fuse_file_info *pub,
					       const struct core_file_info *fi)
{
	if (!fi)
		return NULL;
	fi_to_public(pub, fi);
	return pub;
}

/* ---- opt.c --------------------------------------------------------------------------------------
 */

/* The subtype of a mount for which none was given: the program's name. 0 or -1 (logged). */
int add_default_subtype(struct fuse_args *args);

/* ---- reply.c ------------------------------------------------------------------------------------
 */

/* A handle that was answered before: logged by the core, and no reply is sent. */
#define STALE (-EALREADY)

/* NULL (logged) for such a handle. */
static inline struct core_req *req_of(fuse_req_t handle)
{
	return core_req_from_handle(handle);
}

/* ---- lowlevel.c ---------------------------------------------------------------------------------
 */

/* The operations of the low-level API that have the same parameters in both. */
/* clang-format off */
#define LL_COMMON(F)                                                                               \
	F(lookup) F(forget) F(forget_multi) F(readlink) F(mknod) F(mkdir) F(unlink)                \
	F(rmdir) F(symlink) F(link) F(open) F(read) F(write) F(write_buf) F(flush)                 \
	F(release) F(fsync) F(opendir) F(readdir) F(releasedir) F(fsyncdir) F(statfs)              \
	F(setxattr) F(getxattr) F(listxattr) F(removexattr) F(access) F(create) F(getlk)           \
	F(setlk) F(flock) F(bmap) F(ioctl) F(poll) F(retrieve_reply) F(fallocate)
/* clang-format on */

static inline struct fuse_session *session_of(struct core_req *req)
{
	return core_req_userdata(req);
}

#define HANDLE(req) ((fuse_req_t)core_req_handle(req))

/* A table of those that the program has, and nothing else. */
void lowlevel_common(const struct fuse_lowlevel_ops *op, struct core_ll_ops *out);

/* ---- cuse.c -------------------------------------------------------------------------------------
 */

/*
 * What each API does for itself. A session with the options in args, of which the core's part is in
 * cfg and its session is yet to be made: NULL (logged), or session_unwrap() frees it.
 */
struct fuse_session *cuse_session(struct fuse_args *args, struct core_session_config *cfg);
void session_unwrap(struct fuse_session *se);
/* fuse_parse_cmdline(). 0 or -1 (logged). */
int cuse_cmdline(struct fuse_args *args, int *multithreaded, int *foreground);
/* The session takes the descriptor over. 0, or -errno (logged). */
int session_attach_device(struct fuse_session *se, int fd);

/* ---- thunks.c -----------------------------------------------------------------------------------
 */

/* The operations of the path API that have the same parameters, and the same meaning, in both. */
/* clang-format off */
#define PATH_COMMON(F)                                                                             \
	F(readlink) F(mknod) F(mkdir) F(unlink) F(rmdir) F(symlink) F(link) F(access)              \
	F(setxattr) F(getxattr) F(listxattr) F(removexattr) F(bmap) F(open) F(create)              \
	F(opendir) F(flush) F(release) F(releasedir) F(read) F(read_buf) F(write)                  \
	F(write_buf) F(fsync) F(fsyncdir) F(lock) F(flock) F(ioctl) F(poll) F(fallocate)
/* clang-format on */

/* The top of the stack that a core's operation is about. */
static inline struct fuse_fs *top_of(void *d)
{
	return ((struct fuse *)d)->fs;
}

/*
 * An operation of it, which is there. The context stays as it is: fuse_get_context() makes up for
 * what a fuse_fs_*() would do.
 */
#define TOP(op_, ...) top_of(d)->op.op_(__VA_ARGS__)

/* A table of those that the program has, and nothing else. */
void thunks_common(const struct fuse_operations *op, struct core_fs_ops *out);

/* ---- ext.c --------------------------------------------------------------------------------------
 */

/* All of them: which ones the program has is known when its init has returned. */
void ext_thunks(struct core_fs_ops *out);
/* Around a program's init, which may register extensions: those of fs; returns whose it was. */
struct fuse_fs *ext_in_init(struct fuse_fs *fs);
/* What the top of the stack wants, for the core. */
void ext_apply(struct fuse *f, struct core_conn *conn, struct core_fs_config *cfg);

/* ---- module.c -----------------------------------------------------------------------------------
 */

typedef struct fuse_fs *(*module_factory)(struct fuse_args *args, struct fuse_fs *fs[]);
struct module_so; /* a loaded object */

/*
 * The modules of a list "a:b", the first nearest to the program. modules_push() puts those over
 * *top that come from files, and built-in ones below these; modules_wrap() puts the built-in ones
 * that are left over the stack's table. 0, or -1 (logged).
 */
int modules_push(struct fuse_fs **top, const char *list, struct fuse_args *args);
int modules_wrap(struct core_modules *built_in, const char *list, struct fuse_args *args);

/* A module that is not built in, and the object it comes from (NULL: none). NULL (logged). */
module_factory module_find(const char *name, struct module_so **so);
void module_so_put(struct module_so *so);
/* Calls each(data, name) for the names of a list (or NULL) until one fails. 0 or -1. */
int module_for_each(const char *list, int (*each)(void *, const char *), void *data);

/* What each API does for itself. */

/* A module the program has registered, or NULL. */
module_factory module_registered(const char *name);
/* How many have been registered so far. */
unsigned modules_registered(void);
/* What the variable MODULE_SYMBOL of an object says, which may be absent; NULL: no factory. */
module_factory module_factory_of(void *variable);
/* A module may be over top; else says why. */
bool module_fits(const struct fuse_fs *top, const char *name);
/* made has been put over below. */
void module_is_over(struct fuse_fs *made, const struct fuse_fs *below);
/* The arguments ask for help, not for a file system. */
bool module_help_asked(const struct fuse_args *args);

/* ---- layer.c ------------------------------------------------------------------------------------
 */

/* What a file system of the stack has that is a built-in module, instead of operations. */
struct layer {
	struct core_layer map;
	struct fuse_fs *below;
};

/* The built-in module over below, which is its from then on. NULL (logged): it is the caller's. */
struct fuse_fs *layer_new(const char *name, struct fuse_fs *below, struct fuse_args *args);
void layer_free(struct layer *l);

/* A path as it is below; NULL stays NULL. */
struct low_path {
	const char *path;
	int err; /* 0 or -errno */
	struct map_buf *room;
};

struct low_path layer_path(const struct layer *l, const char *path);
void low_path_free(struct low_path *low);
#define LOW_PATH(name_, path_)                                                                     \
	struct low_path name_ __attribute__((cleanup(low_path_free))) = layer_path(fs->layer, path_)

/* ---- stack.c ------------------------------------------------------------------------------------
 */

/*
 * Calls of fuse_fs_*() this thread is in: then the context's private_data is right as it is. In an
 * operation of the stack's top, which the core calls, fuse_get_context() sets it.
 */
extern _Thread_local unsigned fs_depth;

/* The context's private_data is this file system's while its operation runs, then as before. */
struct entered {
	struct core_context *ctx;
	void *before;
};

static inline struct entered enter(struct fuse_fs *fs)
{
	struct core_context *ctx = core_context();
	struct entered e = {ctx, ctx->private_data};

	ctx->private_data = fs->user_data;
	fs_depth++;
	return e;
}

static inline void leave(struct entered *e)
{
	fs_depth--;
	e->ctx->private_data = e->before;
}

/* The rest of the scope runs in fs. */
#define ENTER(fs) struct entered entered_ __attribute__((cleanup(leave), unused)) = enter(fs)

/* If fs is a built-in module: leaves a fuse_fs_*() with call_, which is about low.path. */
#define THROUGH(path_, call_)                                                                      \
	do {                                                                                       \
		if (fs->layer) {                                                                   \
			LOW_PATH(low, path_);                                                      \
			return low.err ? low.err : (call_);                                        \
		}                                                                                  \
	} while (0)

/* The same of two paths, low.path and low_to.path. */
#define THROUGH_TWO(path_, to_, call_)                                                             \
	do {                                                                                       \
		if (fs->layer) {                                                                   \
			LOW_PATH(low, path_);                                                      \
			LOW_PATH(low_to, to_);                                                     \
			return low.err ? low.err : low_to.err ? low_to.err : (call_);              \
		}                                                                                  \
	} while (0)

/* Leaves a fuse_fs_*() with an operation of fs, if it is there, in the context of fs. */
#define CALL_OWN(op_, ...)                                                                         \
	do {                                                                                       \
		if (fs->op.op_) {                                                                  \
			ENTER(fs);                                                                 \
			return fs->op.op_(__VA_ARGS__);                                            \
		}                                                                                  \
	} while (0)

/* The body of fuse_fs_OP() about one path. */
#define CALL(op_, absent_, path_, ...)                                                             \
	do {                                                                                       \
		CALL_OWN(op_, path_, ##__VA_ARGS__);                                               \
		THROUGH(path_, fuse_fs_##op_(fs->layer->below, low.path, ##__VA_ARGS__));          \
		return absent_;                                                                    \
	} while (0)

/* The two halves of fuse_fs_destroy(): the program's part, and the memory. */
void fs_end(struct fuse_fs *fs);
void fs_free(struct fuse_fs *fs);

/*
 * Frees the stack of f. What is below its top is the top's, which frees it when it ends: so one that
 * was never started ends here, but for the program, which hears of an end only after a beginning.
 */
void stack_free(struct fuse *f);

#endif
