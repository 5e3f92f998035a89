/*
 * A path file system as a user of a session: creation, INIT and DESTROY, the frame around
 * operations, the loops.
 */
#include "core/fs/fs_priv.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* ---- the frame ------------------------------------------------------------------------------ */

static int arm(struct core_req *req)
{
	return core_unlikely(req_fs(req)->cfg.intr) ? core_interrupt_arm(req) : 0;
}

int op_path(struct core_req *req, uint64_t ino, const char *name, const char **path)
{
	struct core_fs *fs = req_fs(req);
	uint32_t idx = node_from_id(FS_NODES(fs), ino);

	return core_likely(idx) ? op_path_at(req, fs, idx, name, path) : -ESTALE;
}

/* With -o intr the program's call may be interrupted from here on. */
int op_path_intr(struct core_req *req, int res)
{
	if (!res && (res = core_interrupt_arm(req)))
		path_put(&req_fs(req)->tree, &req_fw(req)->slot);
	return res;
}

int op_path_fh(struct core_req *req, uint64_t ino, const char **path)
{
	struct core_fs *fs = req_fs(req);
	int res;

	if (fs->cfg.nopath) {
		*path = NULL;
		return arm(req);
	}
	res = op_path(req, ino, NULL, path);
	if (core_unlikely(res == -ENOENT) && fs->cfg.nullpath_ok) {
		*path = NULL;
		return arm(req);
	}
	return res;
}

int op_path2(struct core_req *req, uint64_t ino1, const char *name1, const char **path1,
	     uint64_t ino2, const char *name2, const char **path2)
{
	struct core_fs *fs = req_fs(req);
	struct fs_worker *fw = req_fw(req);
	struct path_want a = { node_from_id(FS_NODES(fs), ino1), name1, &fw->buf[0], NULL };
	struct path_want b = { node_from_id(FS_NODES(fs), ino2), name2, &fw->buf[1], NULL };
	int res;

	if (!a.idx || !b.idx)
		return -ESTALE;
	res = path_get2(&fs->tree, &fw->slot, &a, &b);
	if (!res && (res = arm(req)))
		path_put(&fs->tree, &fw->slot);
	*path1 = a.path;
	*path2 = b.path;
	return res;
}

void op_let_go(struct core_req *req)
{
	path_put(&req_fs(req)->tree, &req_fw(req)->slot);
}

/* ---- workers --------------------------------------------------------------------------------- */

static int worker_init(struct core_session *se, struct core_worker *w)
{
	struct core_fs *fs = se->userdata;
	struct fs_worker *fw = aligned_alloc(64, (sizeof(*fw) + 63) & ~(size_t)63);

	if (!fw)
		return -ENOMEM;
	memset(fw, 0, sizeof(*fw));
	/* A release cannot be refused: for want of this it would reach the program without a path. */
	if (path_buf_reserve(&fw->buf[0])) {
		free(fw);
		return -ENOMEM;
	}
	w->fs_local = fw;
	w->context.fuse = fs->fuse;
	w->context.private_data = fs->data;
	path_slot_add(&fs->tree, &fw->slot);
	return 0;
}

static void worker_fini(struct core_session *se, struct core_worker *w)
{
	struct core_fs *fs = se->userdata;
	struct fs_worker *fw = w->fs_local;

	path_slot_remove(&fs->tree, &fw->slot);
	path_buf_free(&fw->buf[0]);
	path_buf_free(&fw->buf[1]);
	free(fw);
}

/* ---- INIT and DESTROY ---------------------------------------------------------------------------- */

static void fs_init(void *userdata, struct core_conn *conn)
{
	struct core_fs *fs = userdata;

	if (fs->ops.init)
		fs->ops.init(fs->data, conn, &fs->cfg);
#define DROP_ABSENT(op)                                                                            \
	if (fs->cfg.ext_absent & (1U << CORE_EXT_##op))                                            \
		fs->ops.op = NULL;
	CORE_EXT_OPS(DROP_ABSENT)
#undef DROP_ABSENT
	if (fs->cfg.case_insensitive) {
		/*
		 * What the kernel knows of one spelling would not change with the file's other
		 * spellings: it has to ask each time.
		 */
		FS_NODES(fs)->fold = true;
		fs->cfg.entry_timeout = 0;
		fs->cfg.negative_timeout = 0;
	}
	if (fs->cfg.read_only)
		fs_make_read_only(&fs->se->ops);
	if (fs->cfg.passthrough) {
		/* What is below may be an overlayfs. */
		if (!conn->max_stack_depth)
			conn->max_stack_depth = 1;
		conn->core_want |= WIRE_CAP(PASSTHROUGH);
		/* Of such writes we hear nothing, and the kernel must not think that we did. */
		fs->cfg.kernel_setid = 1;
	}
	fs->se->cfg.never_written = fs->cfg.read_only || (!fs->ops.write && !fs->ops.write_buf);
	/* lsattr and chattr of directories */
	if (fs->cfg.stat_ex && !(fs->cfg.ext_hide & CORE_HIDE_INODE_FLAGS))
		conn->core_want |= WIRE_CAP(IOCTL_DIR);
	if (fs->cfg.tune.daemon_timeout && !conn->request_timeout) {
		conn->core_want |= WIRE_CAP(REQUEST_TIMEOUT);
		conn->request_timeout = fs->cfg.tune.daemon_timeout;
	}
	if (!fs->cfg.ac_attr_timeout_set)
		fs->cfg.ac_attr_timeout = fs->cfg.attr_timeout;
	fs->plain_but_ino = !fs->cfg.tune.n_ids && !fs->cfg.tune.block_size && !fs->cfg.set_mode &&
			    !fs->cfg.set_uid && !fs->cfg.set_gid && !fs->cfg.auto_cache;
	fs->plain_attr = fs->plain_but_ino && !fs->cfg.use_ino;
	/* The program may have asked for interrupts in its init: only now it is known. */
	if (fs->cfg.intr && core_interrupt_setup(fs->se, fs->cfg.intr_signal)) {
		core_err("-o intr: cannot use signal %d\n", fs->cfg.intr_signal);
		fs->cfg.intr = 0;
	}
}

/*
 * May the kernel open files without asking? It then keeps its cache over opens, as kernel_cache
 * does, and we do not know what is open: nothing may be removed, hidden, truncated by an open, or
 * decided there by us or the program.
 */
static bool opens_are_nothing(const struct core_fs *fs, uint64_t offered)
{
	const struct core_fs_ops *o = &fs->ops;
	const struct core_fs_config *c = &fs->cfg;

	if (!(offered & WIRE_CAP(NO_OPEN_SUPPORT)) || !c->kernel_cache)
		return false;
	if (c->direct_io || c->auto_cache || c->no_rofd_flush || c->read_only || c->enforce_flags ||
	    c->passthrough)
		return false;
	return !o->open && !o->release && !o->create && !o->unlink && !o->rename && !o->write &&
	       !o->write_buf && !o->truncate && !o->setattr_x && !o->fsetattr_x && !o->lock &&
	       !o->flock;
}

/* What is asked of the kernel beside the program's wishes. */
static uint64_t adjust_caps(void *userdata, uint64_t offered, uint64_t want)
{
	const uint64_t plus = WIRE_CAP(DO_READDIRPLUS), automatic = WIRE_CAP(READDIRPLUS_AUTO);
	struct core_fs *fs = userdata;
	enum core_readdirplus mode = fs->cfg.readdirplus;

	if (mode == CORE_READDIRPLUS_DEFAULT) {
		bool says = fs->profile->caps_visible & automatic;

		if (want & plus)
			mode = want & automatic ? CORE_READDIRPLUS_AUTO : CORE_READDIRPLUS_YES;
		else
			mode = says ? CORE_READDIRPLUS_NO : CORE_READDIRPLUS_AUTO;
	}
	if (!(offered & plus) || !fs->ops.readdir)
		mode = CORE_READDIRPLUS_NO;
	fs->readdirplus = mode;
	fs->no_open = opens_are_nothing(fs, offered);
	fs->writeback = fs->cfg.writeback_cache && (offered & ~want & WIRE_CAP(WRITEBACK_CACHE));
	if (fs->writeback) /* the kernel takes one of the two */
		want = (want | WIRE_CAP(WRITEBACK_CACHE)) & ~WIRE_CAP(PASSTHROUGH);
	want = setid_caps(fs, offered, want) & ~(plus | automatic);
	if (mode == CORE_READDIRPLUS_AUTO)
		want |= automatic;
	return mode == CORE_READDIRPLUS_NO ? want : want | plus;
}

/*
 * The program's last calls. Mostly no request is being handled then: the context says of which file
 * system they are.
 */
static void end_of_program(struct core_fs *fs, void (*destroy)(void *data))
{
	struct core_context *c = core_context();
	void *fuse = c->fuse, *data = c->private_data;

	c->fuse = fs->fuse;
	c->private_data = fs->data;
	hidden_remove_all(fs);
	if (destroy)
		destroy(fs->data);
	c->fuse = fuse;
	c->private_data = data;
}

static void fs_destroy(void *userdata)
{
	struct core_fs *fs = userdata;

	if (!atomic_exchange(&fs->destroyed, true))
		end_of_program(fs, fs->ops.destroy);
}

static void on_node_free(void *user, uint32_t idx)
{
	side_drop(&((struct core_fs *)user)->side, idx);
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void leave_out_xattrs(struct core_fs *fs)
{
	fs->ops.getxattr = NULL;
	fs->ops.setxattr = NULL;
	fs->ops.listxattr = NULL;
	fs->ops.removexattr = NULL;
	fs->cfg.ext_hide |= CORE_HIDE_NTFS | CORE_HIDE_DOSATTRIB;
}

/* The session's table: what the path API always has, and what depends on the program. */
static void make_ll_ops(const struct core_fs *fs, struct core_ll_ops *ll)
{
	const struct core_ll_ops *parts[] = {
		&fs_ll_entry, &fs_ll_remove, &fs_ll_file, &fs_ll_dir, &fs_ll_lock, &fs_ll_misc,
	};

	memset(ll, 0, sizeof(*ll));
	ll->init = fs_init;
	ll->destroy = fs_destroy;
#define MERGE(op)                                                                                  \
	for (size_t i = 0; i < CORE_ARRAY_SIZE(parts); i++)                                        \
		if (parts[i]->op)                                                                  \
			ll->op = parts[i]->op;
	FS_OPS(MERGE)
#undef MERGE
	if (!fs->ops.lock) {
		ll->getlk = NULL;
		ll->setlk = NULL;
	}
	if (!fs->ops.flock)
		ll->flock = NULL;
	if (!fs->ops.poll)
		ll->poll = NULL;
	if (!fs->ops.syncfs)
		ll->syncfs = NULL;
	if (!fs->ops.readdir)
		ll->readdirplus = NULL;
}

struct core_fs *core_fs_new(const struct core_profile *profile,
			    const struct core_session_config *scfg,
			    const struct core_fs_config *cfg, const struct core_fs_ops *ops,
			    void *data, void *fuse)
{
	struct core_fs *fs = aligned_alloc(64, (sizeof(*fs) + 63) & ~(size_t)63);
	struct core_ll_ops ll;

	if (!fs)
		goto nomem;
	memset(fs, 0, sizeof(*fs));
	fs->profile = profile;
	fs->cfg = *cfg;
	fs->ops = *ops;
	fs->data = data;
	fs->fuse = fuse;
	pthread_mutex_init(&fs->forget_lock, NULL);
	pthread_mutex_init(&fs->park_lock, NULL);
	pthread_mutex_init(&fs->volume.lock, NULL);
	pthread_cond_init(&fs->cleaner_cond, NULL);
	pthread_cond_init(&fs->park_cond, NULL);
	if (path_tree_init(&fs->tree)) {
		free(fs);
		goto nomem;
	}
	FS_NODES(fs)->on_free = on_node_free;
	FS_NODES(fs)->on_free_user = fs;
	fs->dirs = dir_table_new();
	if (!fs->dirs || side_init(&fs->side)) {
		path_tree_fini(&fs->tree);
		dir_table_free(fs->dirs);
		free(fs);
		goto nomem;
	}
	if (cfg->no_xattr)
		leave_out_xattrs(fs);
	make_ll_ops(fs, &ll);
	fs->se = core_session_new(profile, scfg, &ll, fs);
	if (!fs->se) {
		path_tree_fini(&fs->tree);
		side_fini(&fs->side);
		dir_table_free(fs->dirs);
		free(fs);
		return NULL;
	}
	watch_init(&fs->watch);
	fs->se->adjust_caps = adjust_caps;
	fs->se->worker_init = worker_init;
	fs->se->worker_fini = worker_fini;
	return fs;
nomem:
	core_err("out of memory for a file system\n");
	return NULL;
}

void core_fs_free(struct core_fs *fs)
{
	core_fs_stop_cleanup_thread(fs);
	lock_drop_parked(fs);
	/* Files that were removed while open and never closed, also when INIT never came. */
	if (!atomic_load(&fs->destroyed))
		end_of_program(fs, NULL);
	core_session_free(fs->se);
	if (fs->cfg.tune.debug_log)
		core_log_debug_to(NULL);
	remember_free(fs);
	dir_table_free(fs->dirs);
	path_tree_fini(&fs->tree);
	side_fini(&fs->side);
	pthread_mutex_destroy(&fs->forget_lock);
	pthread_mutex_destroy(&fs->volume.lock);
	pthread_mutex_destroy(&fs->park_lock);
	pthread_cond_destroy(&fs->cleaner_cond);
	pthread_cond_destroy(&fs->park_cond);
	free(fs);
}

struct core_session *core_fs_session(struct core_fs *fs)
{
	return fs->se;
}

const struct core_fs_config *core_fs_config(struct core_fs *fs)
{
	return &fs->cfg;
}

/* ---- loops -------------------------------------------------------------------------------------------- */

static void retry_parked(void *userdata)
{
	lock_retry_parked(userdata);
}

int core_fs_loop(struct core_fs *fs)
{
	int res;

	fs->single = true;
	fs->se->on_wake = retry_parked;
	prune_start(fs);
	res = core_session_loop(fs->se);
	prune_stop(fs);
	lock_drop_parked(fs);
	fs->single = false;
	return res;
}

int core_fs_loop_mt(struct core_fs *fs, const struct core_pool_config *cfg)
{
	struct core_pool_config exactly;
	int res;

	if (fs->cfg.tune.thread_count) {
		exactly = cfg ? *cfg : (struct core_pool_config){0};
		exactly.floor = exactly.ceiling = fs->cfg.tune.thread_count;
		cfg = &exactly;
	}
	core_fs_start_cleanup_thread(fs);
	prune_start(fs);
	res = core_session_loop_mt(fs->se, cfg);
	prune_stop(fs);
	core_fs_stop_cleanup_thread(fs);
	return res;
}
