/*
 * Options of sessions, of the path API, and of struct fuse_conn_info.
 */
#include "fuse3/internal.h"

#include <stdio.h>

/* ---- the path API -------------------------------------------------------------------------------
 */

#define CFG(templ, field, value)                                                                   \
	{                                                                                          \
		templ, offsetof(struct fs_options, cfg.field), value                               \
	}
#define FSO(templ, field, value)                                                                   \
	{                                                                                          \
		templ, offsetof(struct fs_options, field), value                                   \
	}

static const struct core_opt fs_opts[] = {
	CORE_OPT_KEY("debug", CORE_OPT_KEY_KEEP), /* the session's as well */
	CORE_OPT_KEY("-d", CORE_OPT_KEY_KEEP),
	FSO("debug", debug, 1),
	FSO("-d", debug, 1),
	CFG("kernel_cache", kernel_cache, 1),
	CFG("auto_cache", auto_cache, 1),
	CFG("noauto_cache", auto_cache, 0),
	CFG("handle_setid", kernel_setid, 0),
	CFG("no_handle_setid", kernel_setid, 1),
	CFG("readdirplus=no", readdirplus, CORE_READDIRPLUS_NO),
	CFG("readdirplus=yes", readdirplus, CORE_READDIRPLUS_YES),
	CFG("readdirplus=auto", readdirplus, CORE_READDIRPLUS_AUTO),
	CFG("no_rofd_flush", no_rofd_flush, 1),
	/* in FUSE 3 init may take them back */
	CFG("hard_remove", hard_remove, 1),
	CFG("use_ino", use_ino, 1),
	CFG("readdir_ino", readdir_ino, 1),
	CFG("direct_io", direct_io, 1),
	CFG("intr", intr, 1),
	CFG("intr_signal=%d", intr_signal, 0),
	CFG("umask=", set_mode, 1),
	CFG("umask=%o", umask, 0),
#if FUSE3_ABI >= 4
	CFG("fmask=", set_mode, 1),
	CFG("fmask=%o", fmask, 0),
	CFG("dmask=", set_mode, 1),
	CFG("dmask=%o", dmask, 0),
#endif
	CFG("uid=", set_uid, 1),
	CFG("uid=%d", uid, 0),
	CFG("gid=", set_gid, 1),
	CFG("gid=%d", gid, 0),
	CFG("entry_timeout=%lf", entry_timeout, 0),
	CFG("attr_timeout=%lf", attr_timeout, 0),
	CFG("ac_attr_timeout=", ac_attr_timeout_set, 1),
	CFG("ac_attr_timeout=%lf", ac_attr_timeout, 0),
	CFG("negative_timeout=%lf", negative_timeout, 0),
	FSO("noforget", noforget, 1),
	CFG("remember=%u", remember, 0),
	CFG("max_nodes=%u", max_nodes, 0),
	FSO("modules=%s", modules, 0),
	CORE_OPT_END,
};

int options_fs(struct fuse_args *args, struct fs_options *fo)
{
	struct core_fs_config *cfg = &fo->cfg;

	memset(fo, 0, sizeof(*fo));
	cfg->entry_timeout = cfg->attr_timeout = 1.0;
	cfg->intr_signal = 10; /* SIGUSR1: shown in struct fuse_config */
	cfg->utime_omit_ok = fuse3_path_profile.utime_omit_default;
	if (core_opt_parse(core_args_of(args), fo, fs_opts, NULL)) {
		free(fo->modules);
		fo->modules = NULL;
		return -1;
	}
	if (fo->noforget)
		cfg->remember = -1;
	if (!cfg->ac_attr_timeout_set)
		cfg->ac_attr_timeout = cfg->attr_timeout;
	return 0;
}

void options_fs_help(void)
{
	fputs("    -o kernel_cache        cache files in kernel\n"
	      "    -o [no]auto_cache      enable caching based on modification times (off)\n"
	      "    -o no_rofd_flush       disable flushing of read-only fd on close (off)\n"
	      "    -o readdirplus=no|yes|auto  attributes in directory listings (auto)\n"
	      "    -o no_handle_setid     let the kernel take set-ID bits from what is written\n"
	      "    -o umask=M             set file permissions (octal)\n"
#if FUSE3_ABI >= 4
	      "    -o fmask=M             the same, instead of umask (octal)\n"
	      "    -o dmask=M             the same of directories, instead of fmask (octal)\n"
#endif
	      "    -o uid=N               set file owner\n"
	      "    -o gid=N               set file group\n"
	      "    -o entry_timeout=T     cache timeout for names (1.0s)\n"
	      "    -o negative_timeout=T  cache timeout for deleted names (0.0s)\n"
	      "    -o attr_timeout=T      cache timeout for attributes (1.0s)\n"
	      "    -o ac_attr_timeout=T   auto cache timeout for attributes (attr_timeout)\n"
	      "    -o noforget            never forget cached inodes\n"
	      "    -o remember=T          remember cached inodes for T seconds (0s)\n"
	      "    -o max_nodes=N         nodes the kernel may keep, about (no bound)\n"
	      "    -o hard_remove         remove open files at once (do not hide them)\n"
	      "    -o use_ino             inode numbers are the file system's\n"
	      "    -o readdir_ino         inode numbers of known names in directory listings\n"
	      "    -o direct_io           no page cache\n"
	      "    -o intr                callers' signals interrupt operations\n"
	      "    -o intr_signal=NUM     with this signal (10)\n"
	      "    -o modules=M1[:M2...]  names of modules to push onto the file system\n",
	      stdout);
	core_fs_options_help(stdout);
}

/* ---- sessions -----------------------------------------------------------------------------------
 */

struct session_options {
	int debug, no_splice_write;
};

static const struct core_opt session_opts[] = {
	{"debug", offsetof(struct session_options, debug), 1},
	{"-d", offsetof(struct session_options, debug), 1},
	{"no_splice_write", offsetof(struct session_options, no_splice_write), 1},
	{"--debug", offsetof(struct session_options, debug), 1},
	CORE_OPT_END,
};

int options_session(struct fuse_args *args, struct core_session_config *cfg, struct core_mount **m)
{
	struct session_options so = {0};

	if (core_session_options(core_args_of(args), cfg) ||
	    core_opt_parse(core_args_of(args), &so, session_opts, NULL))
		return -1;
	*m = core_mount_parse(core_args_of(args), &fuse3_mount_profile);
	if (!*m)
		return -1;
	cfg->debug = so.debug;
	cfg->no_splice = so.no_splice_write;
	cfg->max_read = core_mount_max_read(*m);
	cfg->max_write = core_mount_iosize(*m);
	cfg->deny_others = core_mount_allow_root(*m);
	return 0;
}

/* ---- what nobody took ---------------------------------------------------------------------------
 */

static const char *nearest(const char *opt, bool path_api)
{
	const char *known = core_mount_nearest(opt, &fuse3_mount_profile);

	if (!known && path_api)
		known = core_opt_nearest(fs_opts, opt);
	if (!known && path_api)
		known = core_fs_nearest_option(opt);
	return known ? known : core_opt_nearest(session_opts, opt);
}

/* " (did you mean ...?)" for each word of an argument for which there is something to suggest. */
static void suggest(const char *arg, bool path_api)
{
	char *copy CLEANUP_FREE = strdup(arg), *save = NULL;

	for (char *opt = copy ? strtok_r(copy, ",", &save) : NULL; opt;
	     opt = strtok_r(NULL, ",", &save)) {
		const char *known = nearest(opt, path_api);

		if (known)
			core_err("'%s': did you mean '%.*s'?\n", opt, core_opt_name_len(known),
				 known);
	}
}

int options_check_left(const struct fuse_args *args, bool path_api)
{
	char text[512];
	size_t len = 0;

	if (args->argc <= 1)
		return 0;
	text[0] = 0;
	for (int i = 1; i < args->argc && len < sizeof(text) - 1; i++) {
		int n = snprintf(text + len, sizeof(text) - len, "%s%s", i > 1 ? " " : "",
				 args->argv[i]);

		len += n > 0 ? (size_t)n : 0;
	}
	core_err("unknown option(s): `%s' (--help lists those there are)\n", text);
	for (int i = 1; i < args->argc; i++)
		if (strcmp(args->argv[i], "-o"))
			suggest(args->argv[i], path_api);
	return -1;
}

/* ---- struct fuse_conn_info ----------------------------------------------------------------------
 */

struct fuse_conn_info_opts {
	unsigned max_write, max_readahead, max_background, congestion_threshold, time_gran;
	int set_max_write, set_max_readahead, set_max_background, set_congestion_threshold;
	int set_time_gran;
	/* Each of the bits: 0 as it is, 1 on, 2 off. */
	int async_read, atomic_o_trunc, posix_lock, flock;
	int splice_read, splice_write, splice_move, auto_inval_data, async_dio, writeback_cache;
	int readdirplus, readdirplus_auto;
};

enum { AS_IS, ON, OFF };

#define CONN(templ, field, value)                                                                  \
	{                                                                                          \
		templ, offsetof(struct fuse_conn_info_opts, field), value                          \
	}
#define CONN_NUMBER(field) CONN(#field "=", set_##field, 1), CONN(#field "=%u", field, 0)
#define CONN_BIT(field)    CONN(#field, field, ON), CONN("no_" #field, field, OFF)

static const struct core_opt conn_opts[] = {
	CONN_NUMBER(max_write),
	CONN_NUMBER(max_readahead),
	CONN_NUMBER(max_background),
	CONN_NUMBER(congestion_threshold),
	CONN_NUMBER(time_gran),
	CONN("async_read", async_read, ON),
	CONN("sync_read", async_read, OFF),
	CONN("atomic_o_trunc", atomic_o_trunc, ON),
	CONN("no_remote_lock", posix_lock, OFF),
	CONN("no_remote_lock", flock, OFF),
	CONN("no_remote_posix_lock", posix_lock, OFF),
	CONN("no_remote_flock", flock, OFF),
	CONN_BIT(splice_read),
	CONN_BIT(splice_write),
	CONN_BIT(splice_move),
	CONN_BIT(auto_inval_data),
	CONN_BIT(async_dio),
	CONN_BIT(writeback_cache),
	CONN("readdirplus=no", readdirplus, OFF),
	CONN("readdirplus=no", readdirplus_auto, AS_IS),
	CONN("readdirplus=yes", readdirplus, AS_IS),
	CONN("readdirplus=yes", readdirplus_auto, OFF),
	CONN("readdirplus=auto", readdirplus, AS_IS),
	CONN("readdirplus=auto", readdirplus_auto, AS_IS),
	CORE_OPT_END,
};

/*
 * readdirplus only takes away: it is wanted by default where the program has the operation, and
 * must not be where it has not.
 */
static const struct {
	size_t field;
	unsigned cap;
} conn_bits[] = {
	{offsetof(struct fuse_conn_info_opts, async_read), FUSE_CAP_ASYNC_READ},
	{offsetof(struct fuse_conn_info_opts, atomic_o_trunc), FUSE_CAP_ATOMIC_O_TRUNC},
	{offsetof(struct fuse_conn_info_opts, posix_lock), FUSE_CAP_POSIX_LOCKS},
	{offsetof(struct fuse_conn_info_opts, flock), FUSE_CAP_FLOCK_LOCKS},
	{offsetof(struct fuse_conn_info_opts, splice_read), FUSE_CAP_SPLICE_READ},
	{offsetof(struct fuse_conn_info_opts, splice_write), FUSE_CAP_SPLICE_WRITE},
	{offsetof(struct fuse_conn_info_opts, splice_move), FUSE_CAP_SPLICE_MOVE},
	{offsetof(struct fuse_conn_info_opts, auto_inval_data), FUSE_CAP_AUTO_INVAL_DATA},
	{offsetof(struct fuse_conn_info_opts, async_dio), FUSE_CAP_ASYNC_DIO},
	{offsetof(struct fuse_conn_info_opts, writeback_cache), FUSE_CAP_WRITEBACK_CACHE},
	{offsetof(struct fuse_conn_info_opts, readdirplus), FUSE_CAP_READDIRPLUS},
	{offsetof(struct fuse_conn_info_opts, readdirplus_auto), FUSE_CAP_READDIRPLUS_AUTO},
};

EXPORT struct fuse_conn_info_opts *fuse_parse_conn_info_opts(struct fuse_args *args)
{
	struct fuse_conn_info_opts *opts = calloc(1, sizeof(*opts));

	if (!opts) {
		core_err("out of memory for options\n");
		return NULL;
	}
	if (core_opt_parse(core_args_of(args), opts, conn_opts, NULL)) {
		free(opts);
		return NULL;
	}
	return opts;
}

#if FUSE3_ABI >= 4
/* Both want and want_ext, so that the program may change either. */
static void want(struct fuse_conn_info *conn, unsigned cap)
{
	cap &= conn->capable | (unsigned)conn->capable_ext;
	conn->want |= cap;
	conn->want_ext |= cap;
}

static void do_not_want(struct fuse_conn_info *conn, unsigned cap)
{
	fuse_unset_feature_flag(conn, cap);
}
#else
static void want(struct fuse_conn_info *conn, unsigned cap)
{
	conn->want |= cap & conn->capable;
}

static void do_not_want(struct fuse_conn_info *conn, unsigned cap)
{
	conn->want &= ~cap;
}
#endif

EXPORT void fuse_apply_conn_info_opts(struct fuse_conn_info_opts *opts, struct fuse_conn_info *conn)
{
	if (opts->set_max_write)
		conn->max_write = opts->max_write;
	if (opts->set_max_readahead)
		conn->max_readahead = opts->max_readahead;
	if (opts->set_max_background)
		conn->max_background = opts->max_background;
	if (opts->set_congestion_threshold)
		conn->congestion_threshold = opts->congestion_threshold;
	if (opts->set_time_gran)
		conn->time_gran = opts->time_gran;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(conn_bits); i++) {
		int how = *(const int *)((const char *)opts + conn_bits[i].field);

		/* Where the kernel lacks it the option is a wish: wanting it would be an error. */
		if (how == ON)
			want(conn, conn_bits[i].cap);
		else if (how == OFF)
			do_not_want(conn, conn_bits[i].cap);
	}
}
