/*
 * struct fuse: a path file system with its session.
 */
#include "internal.h"

#include <stdio.h>
#include <signal.h>

#include "core/workers/pool.h"

static struct fuse_context *(*getcontext_func)(void);

static const struct core_fs_config defaults = {
	.entry_timeout = 1.0,
	.attr_timeout = 1.0,
	.negative_timeout = 0.0,
	.intr_signal = SIGUSR1,
};

/*
 * from may be NULL. A program compiled for an older release has a shorter table; for a newer one, a longer. Only in a
 * table of a known length is what follows libfuse's operations surely the extensions.
 */
void copy_ops(struct fuse_operations *to, const struct fuse_operations *from, size_t size)
{
	const size_t plain = offsetof(struct fuse_operations, getpath);

	if (ext_in_table(size)) {
		size = sizeof(*to);
	} else if (size > plain) {
		core_warn("warning: library too old, some operations may not work (the program's "
			  "table of operations has %zu bytes, %zu are known)\n",
			  size, plain);
		size = plain;
	}
	memset(to, 0, sizeof(*to));
	if (from) /* some call fuse_main() with NULL, for its help */
		memcpy(to, from, size);
}

/* flags: what the whole stack says; a module has taken those of what is below it into its own. */
static void flags_of(const struct fuse_fs *fs, struct core_fs_config *cfg)
{
	cfg->nopath |= fs->op.flag_nopath;
	cfg->attr_by_path = 1;
	cfg->nullpath_ok = fs->op.flag_nullpath_ok || cfg->nopath;
	cfg->utime_omit_ok = fs->op.flag_utime_omit_ok && fs->op.utimens;
}

static void fuse_free(struct fuse *f)
{
	stack_free(f);
	core_modules_free(&f->built_in);
	free(f);
}

struct fuse *fuse_new_common(struct fuse_chan *ch, struct fuse_args *args,
			     const struct fuse_operations *op, size_t op_size, void *user_data,
			     int compat)
{
	struct fuse_args none = { 0, NULL, 0 };
	struct fuse *f = calloc(1, sizeof(*f));
	struct core_fs_config cfg = defaults;
	struct core_session_config scfg;
	char *modules CLEANUP_FREE = NULL;
	struct core_session_config further = { 0 };
	bool debug = false;

	if (!f) {
		core_err("out of memory for a file system\n");
		return NULL;
	}
	if (!args)
		args = &none;
	f->fs = f->own = fuse_fs_new(op, op_size, user_data);
	if (!f->fs)
		goto fail;
	f->fs->compat = compat;
	if (options_fs(args, &cfg, &modules, &debug) == -1)
		goto fail;
	core_fs_drop_modules(modules, debug);
	if (modules_push(&f->fs, modules, args) == -1)
		goto fail;
	flags_of(f->fs, &cfg);
	thunks_make(&f->fs->op, cfg.nullpath_ok, &f->built_in.ops);
	if (compat == 22)
		thunks_compat22(&f->fs->op, &f->built_in.ops);
	else if (compat <= 21)
		thunks_compat21(&f->fs->op, compat, &f->built_in.ops);
	f->built_in.data = f;
	/* Modules first: one's option may be spelled as one of these. */
	if (modules_wrap(&f->built_in, modules, args) == -1 ||
	    core_fs_options(core_args_of(args), &cfg, &further, debug) == -1 ||
	    options_session(args, &scfg, true) == -1)
		goto fail;
	if (further.max_readahead)
		scfg.max_readahead = further.max_readahead;
	f->core = core_fs_new(&fuse2_profile, &scfg, &cfg, &f->built_in.ops, f->built_in.data, f);
	if (!f->core)
		goto fail;
	f->se = session_wrap(core_fs_session(f->core), f->core);
	if (!f->se) {
		core_fs_free(f->core);
		goto fail;
	}
	f->se->userdata = f;
	if (ch)
		fuse_session_add_chan(f->se, ch);
	return f;
fail:
	fuse_free(f);
	return NULL;
}

EXPORT struct fuse *fuse_new(struct fuse_chan *ch, struct fuse_args *args,
			     const struct fuse_operations *op, size_t op_size, void *user_data)
{
	return fuse_new_common(ch, args, op, op_size, user_data, 26);
}

EXPORT void fuse_destroy(struct fuse *f)
{
	fuse_session_destroy(f->se);
	fuse_free(f);
}

EXPORT int fuse_loop(struct fuse *f)
{
	return f ? fuse_session_loop(f->se) : -1;
}

EXPORT int fuse_loop_mt(struct fuse *f)
{
	return f ? fuse_session_loop_mt(f->se) : -1;
}

EXPORT int fuse_exited(struct fuse *f)
{
	return fuse_session_exited(f->se);
}

EXPORT struct fuse_context *fuse_get_context(void)
{
	struct core_context *c;

	if (getcontext_func)
		return getcontext_func();
	c = core_context();
	if (c->fuse && !fs_depth)
		c->private_data = ((struct fuse *)c->fuse)->fs->user_data;
	return (struct fuse_context *)c;
}
SYMVER("fuse_get_context@FUSE_2.2") struct fuse_context *fuse_get_context_22(void);
struct fuse_context *fuse_get_context_22(void)
{
	return fuse_get_context();
}

EXPORT void fuse_set_getcontext_func(struct fuse_context *(*func)(void))
{
	getcontext_func = func;
}

EXPORT int fuse_getgroups(int size, gid_t list[])
{
	struct core_req *req = core_req_current();

	return req ? core_req_getgroups(req, size, list) : -EINVAL;
}

/* Deprecated since 2.x and without effect there; the path's caches are a better answer. */
EXPORT int fuse_invalidate(struct fuse *f, const char *path)
{
	(void)f;
	(void)path;
	return -EINVAL;
}

EXPORT int fuse_version(void)
{
	return FUSE_VERSION;
}

/* ---- a program's own worker threads ------------------------------------------------------------ */

struct fuse_cmd {
	char *buf;
	size_t len;
};

EXPORT struct fuse_cmd *fuse_read_cmd(struct fuse *f)
{
	size_t size = core_session_bufsize(f->se->cs);
	struct fuse_cmd *cmd = malloc(sizeof(*cmd));
	int res;

	/* INIT may still raise it: take the most there can be. */
	if (size < 1024 * 1024 + 4096)
		size = 1024 * 1024 + 4096;
	if (!cmd || posix_memalign((void **)&cmd->buf, 4096, size)) {
		free(cmd);
		core_err("out of memory for a request\n");
		return NULL;
	}
	do
		res = core_session_receive(f->se->cs, cmd->buf, size);
	while (res == -EINTR && !fuse_exited(f));
	if (res <= 0) {
		if (res < 0 && res != -EINTR)
			fuse_exit(f);
		free(cmd->buf);
		free(cmd);
		return NULL;
	}
	cmd->len = (size_t)res;
	return cmd;
}

EXPORT void fuse_process_cmd(struct fuse *f, struct fuse_cmd *cmd)
{
	fuse_session_process(f->se, cmd->buf, cmd->len, f->se->ch);
	free(cmd->buf);
	free(cmd);
}

struct proc_loop {
	struct fuse *f;
	fuse_processor_t proc;
	void *data;
};

static void *proc_thread(void *arg)
{
	struct proc_loop *l = arg;
	struct fuse_cmd *cmd;

	while (!fuse_exited(l->f) && (cmd = fuse_read_cmd(l->f)))
		l->proc(l->f, cmd, l->data);
	/* Whoever still waits for a request is next. */
	fuse_exit(l->f);
	return NULL;
}

EXPORT int fuse_loop_mt_proc(struct fuse *f, fuse_processor_t proc, void *data)
{
	struct proc_loop l = { f, proc, data };
	pthread_t threads[CORE_POOL_FLOOR];
	unsigned n = 0;

	while (n < CORE_POOL_FLOOR && core_thread_create(&threads[n], proc_thread, &l) == 0)
		n++;
	if (!n) {
		core_err("cannot start any worker thread\n");
		return -1;
	}
	while (n--) {
		struct timespec ts;

		do {
			if (fuse_exited(f))
				core_session_wake(f->se->cs);
			clock_gettime(CLOCK_REALTIME, &ts);
			ts.tv_nsec += 20000000;
			ts.tv_sec += ts.tv_nsec / 1000000000;
			ts.tv_nsec %= 1000000000;
		} while (pthread_timedjoin_np(threads[n], NULL, &ts));
	}
	fuse_session_reset(f->se);
	return 0;
}
