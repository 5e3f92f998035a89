/*
 * The command line of a FUSE program, and fuse_main().
 */
#include "fuse3/internal.h"

#include "core/workers/pool.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- parsing ------------------------------------------------------------------------------------
 */

#define CMD(templ, field, value)                                                                   \
	{                                                                                          \
		templ, offsetof(struct fuse_cmdline_opts, field), value                            \
	}

static const struct core_opt cmdline_opts[] = {
	CMD("-h", show_help, 1),
	CMD("--help", show_help, 1),
	CMD("-V", show_version, 1),
	CMD("--version", show_version, 1),
	CMD("-d", debug, 1),
	CMD("debug", debug, 1),
	CMD("-d", foreground, 1),
	CMD("debug", foreground, 1),
	CORE_OPT_KEY("-d", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("debug", CORE_OPT_KEY_KEEP),
	CMD("-f", foreground, 1),
	CMD("-s", singlethread, 1),
	CMD("fsname=", nodefault_subtype, 1),
	CORE_OPT_KEY("fsname=", CORE_OPT_KEY_KEEP),
	CMD("subtype=", nodefault_subtype, 1),
	CORE_OPT_KEY("subtype=", CORE_OPT_KEY_KEEP),
	CMD("FileSystemName=", nodefault_subtype, 1),
	CORE_OPT_KEY("FileSystemName=", CORE_OPT_KEY_KEEP),
	CMD("--FileSystemName=", nodefault_subtype, 1),
	CORE_OPT_KEY("--FileSystemName=", CORE_OPT_KEY_KEEP),
	CMD("ExactFileSystemName=", nodefault_subtype, 1),
	CORE_OPT_KEY("ExactFileSystemName=", CORE_OPT_KEY_KEEP),
	CMD("--ExactFileSystemName=", nodefault_subtype, 1),
	CORE_OPT_KEY("--ExactFileSystemName=", CORE_OPT_KEY_KEEP),
	CMD("fstypename=", nodefault_subtype, 1),
	CORE_OPT_KEY("fstypename=", CORE_OPT_KEY_KEEP),
	CMD("clone_fd", clone_fd, 1),
	CMD("max_idle_threads=%u", max_idle_threads, 0),
	CMD("max_threads=%u", max_threads, 0),
	CORE_OPT_END,
};

/* "/dev/fd/N" stays as it is: behind the link is the device, not a mount point. */
static int set_mountpoint(struct fuse_cmdline_opts *opts, const char *arg)
{
	if (opts->mountpoint) {
		core_err("invalid argument `%s': the mount point is '%s' already\n", arg,
			 opts->mountpoint);
		return -1;
	}
	opts->mountpoint = core_mount_fd_of(arg) >= 0 ? strdup(arg) : realpath(arg, NULL);
	if (opts->mountpoint)
		return 0;
	if (errno == ENOTCONN)
		core_err("bad mount point `%s': a file system that no longer runs is still mounted "
			 "there; run 'fusermount3 -u %s' first\n",
			 arg, arg);
	else
		core_err("bad mount point `%s': %s\n", arg, strerror(errno));
	return -1;
}

static int cmdline_proc(void *data, const char *arg, int key, struct core_args *outargs)
{
	(void)outargs;
	if (key == CORE_OPT_KEY_NONOPT)
		return set_mountpoint(data, arg);
	return 1; /* another parser's */
}

EXPORT int fuse_parse_cmdline_312(struct fuse_args *args, struct fuse_cmdline_opts *opts);
EXPORT int fuse_parse_cmdline_30(struct fuse_args *args, struct fuse_cmdline_opts *opts);
int parse_cmdline_v30(struct fuse_args *args, struct fuse_cmdline_opts *opts);

int fuse_parse_cmdline_312(struct fuse_args *args, struct fuse_cmdline_opts *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->max_idle_threads = UINT_MAX; /* no limit */
	opts->max_threads = CORE_POOL_CEILING;
	if (core_opt_parse(core_args_of(args), opts, cmdline_opts, cmdline_proc) == 0 &&
	    (opts->nodefault_subtype || add_default_subtype(args) == 0))
		return 0;
	free(opts->mountpoint);
	opts->mountpoint = NULL;
	return -1;
}

EXPORT int fuse_parse_cmdline(struct fuse_args *args, struct fuse_cmdline_opts *opts)
{
	return fuse_parse_cmdline_312(args, opts);
}

/* Before 3.12 the caller's structure ended with max_idle_threads. */
#define CMDLINE_OPTS_30 offsetof(struct fuse_cmdline_opts, max_threads)

int fuse_parse_cmdline_30(struct fuse_args *args, struct fuse_cmdline_opts *opts)
{
	struct fuse_cmdline_opts all;
	int res = fuse_parse_cmdline_312(args, &all);

	memcpy(opts, &all, CMDLINE_OPTS_30);
	return res;
}

SYMVER(parse_cmdline_v30, "fuse_parse_cmdline@FUSE_3.0");

int parse_cmdline_v30(struct fuse_args *args, struct fuse_cmdline_opts *opts)
{
	return fuse_parse_cmdline_30(args, opts);
}

EXPORT void fuse_cmdline_help(void)
{
	fputs("    -h   --help            print help\n"
	      "    -V   --version         print version\n"
	      "    -d   -o debug          enable debug output (implies -f)\n"
	      "    -f                     foreground operation\n"
	      "    -s                     disable multi-threaded operation\n"
	      "    -o clone_fd            use separate fuse device fd for each thread\n"
	      "    -o max_idle_threads    the maximum number of idle worker threads (default: -1)\n"
	      "    -o max_threads         the maximum number of worker threads (default: 64)\n",
	      stdout);
}

/* ---- fuse_main ----------------------------------------------------------------------------------
 */

/* Exit codes that programs' callers rely on. */
enum main_result {
	MAIN_OK = 0,
	MAIN_BAD_ARGS = 1,
	MAIN_NO_MOUNTPOINT = 2,
	MAIN_NEW_FAILED = 3,
	MAIN_MOUNT_FAILED = 4,
	MAIN_DAEMONIZE_FAILED = 5,
	MAIN_SIGNALS_FAILED = 6,
	MAIN_NO_CONFIG = 7,
	MAIN_LOOP_ENDED = 8, /* with an error, or by a signal */
};

static int run_loop(struct fuse *f, const struct fuse_cmdline_opts *opts)
{
	struct fuse_loop_config *config;
	int res;

	if (opts->singlethread)
		return fuse_loop(f) ? MAIN_LOOP_ENDED : MAIN_OK;
	config = fuse_loop_cfg_create();
	if (!config)
		return MAIN_NO_CONFIG;
	fuse_loop_cfg_set_clone_fd(config, (unsigned)opts->clone_fd);
	fuse_loop_cfg_set_idle_threads(config, opts->max_idle_threads);
	fuse_loop_cfg_set_max_threads(config, opts->max_threads);
	res = fuse_loop_mt_312(f, config) ? MAIN_LOOP_ENDED : MAIN_OK;
	fuse_loop_cfg_destroy(config);
	return res;
}

static int serve(struct fuse *f, const struct fuse_cmdline_opts *opts)
{
	int res;

	if (fuse_daemonize(opts->foreground))
		return MAIN_DAEMONIZE_FAILED;
	if (fuse_set_signal_handlers(fuse_get_session(f)))
		return MAIN_SIGNALS_FAILED;
	res = run_loop(f, opts);
	fuse_remove_signal_handlers(fuse_get_session(f));
	return res;
}

static int mount_and_serve(struct fuse_args *args, const struct fuse_cmdline_opts *opts,
			   const struct fuse_operations *op, size_t op_size, void *private_data)
{
	struct fuse *f = fuse_new_31(args, op, op_size, private_data);
	int res = MAIN_MOUNT_FAILED;

	if (!f)
		return MAIN_NEW_FAILED;
	if (fuse_mount(f, opts->mountpoint) == 0) {
		res = serve(f, opts);
		fuse_unmount(f);
	}
	fuse_destroy(f);
	return res;
}

static void print_version(void)
{
	printf("FUSE library version %s\n", FUSE3_VERSION_TEXT);
	fuse_lowlevel_version();
}

static void print_help(const char *program, struct fuse_args *args)
{
	/* A program that has printed a text of its own sets argv[0] to "". */
	if (*program)
		printf("usage: %s [options] <mountpoint>\n\n", program);
	printf("FUSE options:\n");
	fuse_cmdline_help();
	fuse_lib_help(args);
}

EXPORT int fuse_main_real(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
			  void *private_data)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts opts;
	int res = MAIN_OK;

	if (fuse_parse_cmdline_312(&args, &opts)) {
		fuse_opt_free_args(&args);
		return MAIN_BAD_ARGS;
	}
	if (opts.show_version) {
		print_version();
	} else if (opts.show_help) {
		print_help(args.argc > 0 ? args.argv[0] : "", &args);
	} else if (!opts.mountpoint) {
		core_log(CORE_LOG_ERR, "error: no mountpoint specified: PROGRAM [OPTION...] MOUNTPOINT\n");
		res = MAIN_NO_MOUNTPOINT;
	} else {
		res = mount_and_serve(&args, &opts, op, op_size, private_data);
	}
	free(opts.mountpoint);
	fuse_opt_free_args(&args);
	return res;
}
