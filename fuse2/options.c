/*
 * Options of the session and of the path API, as FUSE 2.9 spells them.
 */
#include "internal.h"

#include <limits.h>
#include <stdio.h>

struct session_options {
	bool path_api; /* whose it is */
	int debug, deny_others;
	unsigned max_write, max_readahead, max_background, congestion_threshold, max_read;
	int sync_read, atomic_o_trunc, big_writes;
	int no_lock, no_posix_lock, no_flock;
	int splice_write, splice_move, splice_read, no_splice_write, no_splice_move, no_splice_read;
};

#define SES(templ, field, value) { templ, offsetof(struct session_options, field), value }

static const struct core_opt session_opts[] = {
	SES("debug", debug, 1),
	SES("-d", debug, 1),
	SES("allow_root", deny_others, 1),
	SES("max_write=%u", max_write, 0),
	SES("max_readahead=%u", max_readahead, 0),
	SES("max_background=%u", max_background, 0),
	SES("congestion_threshold=%u", congestion_threshold, 0),
	SES("max_read=%u", max_read, 0),
	SES("iosize=%u", max_read, 0),
	SES("iosize=%u", max_write, 0),
	SES("async_read", sync_read, 0),
	SES("sync_read", sync_read, 1),
	SES("atomic_o_trunc", atomic_o_trunc, 1),
	SES("no_remote_lock", no_lock, 1),
	SES("no_remote_flock", no_flock, 1),
	SES("no_remote_posix_lock", no_posix_lock, 1),
	SES("big_writes", big_writes, 1),
	SES("splice_write", splice_write, 1),
	SES("no_splice_write", no_splice_write, 1),
	SES("splice_move", splice_move, 1),
	SES("no_splice_move", no_splice_move, 1),
	SES("splice_read", splice_read, 1),
	SES("no_splice_read", no_splice_read, 1),
	CORE_OPT_KEY("-h", 'h'),
	CORE_OPT_KEY("--help", 'h'),
	CORE_OPT_KEY("-V", 'V'),
	CORE_OPT_KEY("--version", 'V'),
	CORE_OPT_END,
};

struct fs_options {
	struct core_fs_config cfg;
	int debug, noforget;
	char *modules;
};

#define FS(templ, field, value)  { templ, offsetof(struct fs_options, cfg.field), value }
#define FSO(templ, field, value) { templ, offsetof(struct fs_options, field), value }

static const struct core_opt fs_opts[] = {
	CORE_OPT_KEY("-h", 'h'),
	CORE_OPT_KEY("--help", 'h'),
	CORE_OPT_KEY("debug", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("-d", CORE_OPT_KEY_KEEP),
	FSO("debug", debug, 1),
	FSO("-d", debug, 1),
	FS("hard_remove", hard_remove, 1),
	FS("use_ino", use_ino, 1),
	FS("readdir_ino", readdir_ino, 1),
	FS("direct_io", direct_io, 1),
	FS("kernel_cache", kernel_cache, 1),
	FS("auto_cache", auto_cache, 1),
	FS("noauto_cache", auto_cache, 0),
	FS("handle_setid", kernel_setid, 0),
	FS("no_handle_setid", kernel_setid, 1),
	FS("readdirplus=no", readdirplus, CORE_READDIRPLUS_NO),
	FS("readdirplus=yes", readdirplus, CORE_READDIRPLUS_YES),
	FS("readdirplus=auto", readdirplus, CORE_READDIRPLUS_AUTO),
	FS("umask=", set_mode, 1),
	FS("umask=%o", umask, 0),
	FS("uid=", set_uid, 1),
	FS("uid=%d", uid, 0),
	FS("gid=", set_gid, 1),
	FS("gid=%d", gid, 0),
	FS("entry_timeout=%lf", entry_timeout, 0),
	FS("attr_timeout=%lf", attr_timeout, 0),
	FS("ac_attr_timeout=%lf", ac_attr_timeout, 0),
	FS("ac_attr_timeout=", ac_attr_timeout_set, 1),
	FS("negative_timeout=%lf", negative_timeout, 0),
	FSO("noforget", noforget, 1),
	FS("remember=%u", remember, 0),
	FS("max_nodes=%u", max_nodes, 0),
	FS("nopath", nopath, 1),
	FS("intr", intr, 1),
	FS("intr_signal=%d", intr_signal, 0),
	FSO("modules=%s", modules, 0),
	CORE_OPT_END,
};

static const char session_help[] =
	"    -o max_write=N         largest write request in bytes\n"
	"    -o max_readahead=N     most bytes the kernel reads ahead\n"
	"    -o max_background=N    most background requests at one time\n"
	"    -o congestion_threshold=N  background requests that count as congestion\n"
	"    -o async_read          several read requests of a file at a time (default)\n"
	"    -o sync_read           one read request of a file at a time\n"
	"    -o atomic_o_trunc      open() also truncates\n"
	"    -o big_writes          write requests over 4 KiB (always on)\n"
	"    -o no_remote_lock      keep all file locks in the kernel\n"
	"    -o no_remote_flock     keep flock() locks in the kernel\n"
	"    -o no_remote_posix_lock  keep fcntl() locks in the kernel\n"
	"    -o [no_]splice_write   data of read_buf is spliced to the kernel (on)\n"
	"    -o [no_]splice_move    its pages may be moved there (off)\n"
	"    -o [no_]splice_read    accepted\n";

static const char fs_help[] =
	"    -o hard_remove         remove open files at once (do not hide them)\n"
	"    -o use_ino             inode numbers are the file system's\n"
	"    -o readdir_ino         inode numbers of known names in directory listings\n"
	"    -o direct_io           no page cache\n"
	"    -o kernel_cache        cached data survives close\n"
	"    -o [no]auto_cache      cached data survives while size and mtime stay (off)\n"
	"    -o readdirplus=no|yes|auto  attributes in directory listings (auto)\n"
	"    -o no_handle_setid     let the kernel take set-ID bits from what is written\n"
	"    -o umask=M             permissions of all files are 0777 without these bits (octal)\n"
	"    -o uid=N               owner of all files\n"
	"    -o gid=N               group of all files\n"
	"    -o entry_timeout=T     seconds the kernel may cache a name (1.0)\n"
	"    -o negative_timeout=T  the same for names that do not exist (0.0)\n"
	"    -o attr_timeout=T      the same for attributes (1.0)\n"
	"    -o ac_attr_timeout=T   seconds auto_cache trusts attributes (attr_timeout)\n"
	"    -o noforget            never forget inode numbers\n"
	"    -o remember=T          remember inode numbers for T seconds (0)\n"
	"    -o max_nodes=N         nodes the kernel may keep, about (no bound)\n"
	"    -o nopath              no path where there is a handle\n"
	"    -o intr                callers' signals interrupt operations\n"
	"    -o intr_signal=NUM     with this signal (10)\n"
	"    -o modules=M1[:M2...]  modules between the kernel and the file system\n";

void options_session_help(void)
{
	fprintf(stderr, "%s%s\n", session_help, core_session_options_help);
}

void options_fs_help(void)
{
	fputs(fs_help, stderr);
	core_fs_options_help(stderr);
	fputc('\n', stderr);
}

/* An option nobody before has taken. */
static int unknown_option(const char *arg, bool path_api)
{
	const char *near = path_api ? core_opt_nearest(fs_opts, arg) : NULL;

	if (!near)
		near = core_opt_nearest(session_opts, arg);
	if (!near && path_api)
		near = core_fs_nearest_option(arg);
	if (!near)
		near = core_mount_nearest(arg, &fuse2_mount_profile);
	if (near)
		core_err("unknown option `%s'; did you mean `%.*s'?\n", arg,
			 (int)core_opt_name_len(near), near);
	else
		core_err("unknown option `%s' (--help lists those there are)\n", arg);
	return -1;
}

static int session_proc(void *data, const char *arg, int key, struct core_args *outargs)
{
	const struct session_options *o = data;

	(void)outargs;
	switch (key) {
	case 'h':
		options_session_help();
		return -1;
	case 'V':
		fprintf(stderr, "using FUSE kernel interface version %i.%i\n", WIRE_MAJOR,
			WIRE_MINOR);
		return -1;
	default:
		return unknown_option(arg, o->path_api);
	}
}

static uint64_t locks_off(const struct session_options *o)
{
	uint64_t off = 0;

	if (o->no_lock || o->no_posix_lock)
		off |= WIRE_CAP(POSIX_LOCKS);
	if (o->no_lock || o->no_flock)
		off |= WIRE_CAP(FLOCK_LOCKS);
	return off;
}

int options_session(struct fuse_args *args, struct core_session_config *cfg, bool path_api)
{
	struct session_options o = { .path_api = path_api };

	memset(cfg, 0, sizeof(*cfg));
	if (core_session_options(core_args_of(args), cfg) ||
	    core_opt_parse(core_args_of(args), &o, session_opts, session_proc) == -1)
		return -1;
	cfg->debug = o.debug;
	cfg->no_splice = o.no_splice_write;
	cfg->deny_others = o.deny_others;
	cfg->max_write = o.max_write;
	cfg->max_readahead = o.max_readahead;
	cfg->max_background = o.max_background;
	cfg->congestion_threshold = o.congestion_threshold;
	cfg->max_read = o.max_read;
	cfg->caps_on = (o.sync_read ? 0 : WIRE_CAP(ASYNC_READ)) |
		       (o.atomic_o_trunc ? WIRE_CAP(ATOMIC_O_TRUNC) : 0) |
		       (o.big_writes ? WIRE_CAP(BIG_WRITES) : 0) |
		       (o.splice_write && !o.no_splice_write ? WIRE_CAP(SPLICE_WRITE) : 0) |
		       (o.splice_move && !o.no_splice_move ? WIRE_CAP(SPLICE_MOVE) : 0) |
		       (o.splice_read && !o.no_splice_read ? WIRE_CAP(SPLICE_READ) : 0);
	cfg->caps_off = locks_off(&o);
	return 0;
}

static int fs_proc(void *data, const char *arg, int key, struct core_args *outargs)
{
	(void)data;
	(void)arg;
	if (key == 'h') {
		options_fs_help();
		modules_help();
		/* The session's part of the help comes from there. */
		return core_opt_add_arg(outargs, "-h");
	}
	return 1;
}

int options_fs(struct fuse_args *args, struct core_fs_config *cfg, char **modules, bool *debug)
{
	struct fs_options o = { .cfg = *cfg };

	if (core_opt_parse(core_args_of(args), &o, fs_opts, fs_proc) == -1) {
		free(o.modules);
		return -1;
	}
	if (o.noforget)
		o.cfg.remember = -1;
	*cfg = o.cfg;
	*modules = o.modules;
	*debug = o.debug;
	return 0;
}

EXPORT int fuse_is_lib_option(const char *opt)
{
	return core_opt_match(session_opts, opt) || core_opt_match(fs_opts, opt) ||
	       core_fs_is_option(opt) || core_session_is_option(opt);
}

EXPORT int fuse_lowlevel_is_lib_option(const char *opt)
{
	return core_opt_match(session_opts, opt) || core_session_is_option(opt);
}
