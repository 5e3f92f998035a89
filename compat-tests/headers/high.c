/*
 * A file system on the path API that names every entry point whose form depends on
 * FUSE_USE_VERSION. With an argument it only says that it was loaded. FUSE_API is 2 or 3, given by
 * the compiler line.
 */
#include <fuse.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#if FUSE_API == 3
#define FI        , struct fuse_file_info *fi
#define USE_FI    (void)fi
#define NO_FLAGS  , (enum fuse_fill_dir_flags)0
#define FLAGS     , enum fuse_readdir_flags flags
#define USE_FLAGS (void)flags
#else
#define FI
#define USE_FI (void)0
#define NO_FLAGS
#define FLAGS
#define USE_FLAGS (void)0
#endif

static int op_getattr(const char *path, struct stat *st FI)
{
	USE_FI;
	memset(st, 0, sizeof(*st));
	if (strcmp(path, "/") != 0)
		return -ENOENT;
	st->st_mode = S_IFDIR | 0755;
	return 0;
}

#if FUSE_USE_VERSION < 22
static int op_getdir(const char *path, fuse_dirh_t h, fuse_dirfil_t filler)
{
	(void)path;
	filler(h, ".", 0);
	filler(h, "..", 0);
	return 0;
}

static int op_open(const char *path, int flags)
{
	(void)path, (void)flags;
	return -ENOENT;
}
#else
static int op_readdir(const char *path, void *buf, fuse_fill_dir_t filler, off_t off,
		      struct fuse_file_info *fi FLAGS)
{
	(void)path, (void)off, (void)fi;
	USE_FLAGS;
	filler(buf, ".", NULL, 0 NO_FLAGS);
	filler(buf, "..", NULL, 0 NO_FLAGS);
	return 0;
}
#endif

static struct fuse_operations ops;

struct options {
	char *name;
	int flag;
};

static const struct fuse_opt table[] = {
	{"name=%s", offsetof(struct options, name), 0}, FUSE_OPT_KEY("-h", 1), FUSE_OPT_END};

/* Not called with a mount point in this test; it has to compile, link and resolve. */
static int by_hand(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct options options = {NULL, 0};
	struct fuse *fuse;
	int ret;

	if (fuse_opt_parse(&args, &options, table, NULL) < 0)
		return 1;
#if FUSE_API == 3
	fuse = fuse_new(&args, &ops, sizeof(ops), NULL);
	if (!fuse || fuse_mount(fuse, argv[1]) < 0)
		return 1;
#if FUSE_USE_VERSION < 32
	ret = fuse_loop_mt(fuse, 0);
#elif FUSE_USE_VERSION < 312
	struct fuse_loop_config config = {0, 10};

	ret = fuse_loop_mt(fuse, &config);
#else
	struct fuse_loop_config *config = fuse_loop_cfg_create();

	fuse_loop_cfg_set_max_threads(config, 4);
	ret = fuse_loop_mt(fuse, config);
	fuse_loop_cfg_destroy(config);
#endif
	fuse_unmount(fuse);
	fuse_destroy(fuse);
#elif FUSE_USE_VERSION == 11
	int fd = fuse_mount(argv[1], NULL);

	fuse = fuse_new(fd, FUSE_DEBUG, &ops);
	__fuse_loop_mt(fuse, NULL, NULL);
	__fuse_process_cmd(fuse, __fuse_read_cmd(fuse));
	ret = fuse_loop_mt(fuse);
	fuse_unmount(argv[1]);
	fuse_destroy(fuse);
#elif FUSE_USE_VERSION == 21
	char *mountpoint;
	int multithreaded, fd = fuse_mount(argv[1], "debug");

	fuse = fuse_new(fd, NULL, &ops);
	__fuse_set_getcontext_func(NULL);
	__fuse_loop_mt(fuse, NULL, NULL);
	while (!__fuse_exited(fuse))
		__fuse_process_cmd(fuse, __fuse_read_cmd(fuse));
	ret = fuse_loop_mt(fuse);
	fuse_unmount(argv[1]);
	fuse_destroy(fuse);
	fuse = __fuse_setup(argc, argv, &ops, &mountpoint, &multithreaded, &fd);
	__fuse_teardown(fuse, fd, mountpoint);
#elif FUSE_USE_VERSION == 22
	char *mountpoint;
	int multithreaded, fd = fuse_mount(argv[1], "debug");

	fuse = fuse_new(fd, NULL, &ops, sizeof(ops));
	ret = fuse_loop_mt(fuse);
	fuse_unmount(argv[1]);
	fuse_destroy(fuse);
	fuse = fuse_setup(argc, argv, &ops, sizeof(ops), &mountpoint, &multithreaded, &fd);
	fuse_teardown(fuse, fd, mountpoint);
#elif FUSE_USE_VERSION == 25
	char *mountpoint;
	int multithreaded, fd = fuse_mount(argv[1], &args);

	fuse = fuse_new(fd, &args, &ops, sizeof(ops));
	ret = fuse_loop_mt(fuse);
	fuse_unmount(argv[1]);
	fuse_destroy(fuse);
	fuse = fuse_setup(argc, argv, &ops, sizeof(ops), &mountpoint, &multithreaded, &fd);
	fuse_teardown(fuse, fd, mountpoint);
#else
	char *mountpoint;
	int multithreaded;
	struct fuse_chan *ch = fuse_mount(argv[1], &args);

	fuse = fuse_new(ch, &args, &ops, sizeof(ops), NULL);
	ret = fuse_loop_mt(fuse);
	fuse_unmount(argv[1], ch);
	fuse_destroy(fuse);
	fuse = fuse_setup(argc, argv, &ops, sizeof(ops), &mountpoint, &multithreaded, NULL);
	fuse_teardown(fuse, mountpoint);
#endif
	fuse_opt_free_args(&args);
	return ret;
}

int main(int argc, char **argv)
{
	ops.getattr = op_getattr;
#if FUSE_USE_VERSION < 22
	ops.getdir = op_getdir;
	ops.open = op_open;
#else
	ops.readdir = op_readdir;
#endif
	if (argc == 2 && strcmp(argv[1], "loaded?") == 0)
		return 42;
	if (argc == 3)
		return by_hand(argc, argv);
#if FUSE_USE_VERSION == 11
	fuse_main(argc, argv, &ops);
	return 0;
#elif FUSE_USE_VERSION <= 25
	return fuse_main(argc, argv, &ops);
#else
	return fuse_main(argc, argv, &ops, NULL);
#endif
}
