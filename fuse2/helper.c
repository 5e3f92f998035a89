/*
 * From main() to the loop and back: command line, daemonizing, signals, set-up and teardown.
 */
#include "internal.h"

#include <limits.h>
#include <stdio.h>

#include "core/base/daemon.h"
#include "core/session/signals.h"

struct cmdline {
	int singlethread, foreground, nodefault_subtype;
	char *mountpoint;
};

enum { KEY_HELP, KEY_HELP_NOHEADER, KEY_VERSION };

#define CMD(templ, field) { templ, offsetof(struct cmdline, field), 1 }

static const struct core_opt cmdline_opts[] = {
	CMD("-d", foreground),
	CMD("debug", foreground),
	CMD("-f", foreground),
	CMD("-s", singlethread),
	CMD("fsname=", nodefault_subtype),
	CMD("subtype=", nodefault_subtype),
	CMD("FileSystemName=", nodefault_subtype),
	CMD("--FileSystemName=", nodefault_subtype),
	CMD("ExactFileSystemName=", nodefault_subtype),
	CMD("--ExactFileSystemName=", nodefault_subtype),
	CMD("fstypename=", nodefault_subtype),
	CORE_OPT_KEY("-h", KEY_HELP),
	CORE_OPT_KEY("--help", KEY_HELP),
	CORE_OPT_KEY("-ho", KEY_HELP_NOHEADER),
	CORE_OPT_KEY("-V", KEY_VERSION),
	CORE_OPT_KEY("--version", KEY_VERSION),
	CORE_OPT_KEY("-d", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("debug", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("fsname=", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("subtype=", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("FileSystemName=", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("--FileSystemName=", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("ExactFileSystemName=", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("--ExactFileSystemName=", CORE_OPT_KEY_KEEP),
	CORE_OPT_KEY("fstypename=", CORE_OPT_KEY_KEEP),
	CORE_OPT_END,
};

static void help(const char *program)
{
	if (program)
		fprintf(stderr, "usage: %s mountpoint [options]\n\n", program);
	fprintf(stderr, "general options:\n"
			"    -o opt,[opt...]        options, see below\n"
			"    -h   --help            print help\n"
			"    -V   --version         print version\n"
			"\n"
			"FUSE options:\n"
			"    -d   -o debug          print each request and reply (implies -f)\n"
			"    -f                     stay in the foreground\n"
			"    -s                     one thread\n"
			"\n");
}

/* The mount point as others see it, whatever directory the daemon changes to. */
static int take_mountpoint(struct cmdline *c, const char *arg)
{
	char real[PATH_MAX];

	if (core_mount_fd_of(arg) >= 0)
		return core_opt_add_opt(&c->mountpoint, arg);
	if (!realpath(arg, real)) {
		core_err("bad mount point `%s': %s\n", arg, strerror(errno));
		return -1;
	}
	return core_opt_add_opt(&c->mountpoint, real);
}

static int cmdline_proc(void *data, const char *arg, int key, struct core_args *outargs)
{
	struct cmdline *c = data;

	switch (key) {
	case KEY_HELP:
	case KEY_HELP_NOHEADER:
		help(key == KEY_HELP ? outargs->argv[0] : NULL);
		return core_opt_add_arg(outargs, "-h");
	case KEY_VERSION:
		fprintf(stderr, "FUSE library version: 2.9.9 (ambifuse)\n");
		return 1;
	case CORE_OPT_KEY_NONOPT:
		if (!c->mountpoint)
			return take_mountpoint(c, arg);
		core_err("invalid argument `%s': the mount point is `%s' already\n", arg,
			 c->mountpoint);
		return -1;
	default:
		return 1;
	}
}

EXPORT int fuse_parse_cmdline(struct fuse_args *args, char **mountpoint, int *multithreaded,
			      int *foreground)
{
	struct cmdline c = { 0 };

	if (core_opt_parse(core_args_of(args), &c, cmdline_opts, cmdline_proc) == -1)
		goto fail;
	if (!c.nodefault_subtype && add_default_subtype(args) == -1)
		goto fail;
	if (mountpoint)
		*mountpoint = c.mountpoint;
	else
		free(c.mountpoint);
	if (multithreaded)
		*multithreaded = !c.singlethread;
	if (foreground)
		*foreground = c.foreground;
	return 0;
fail:
	free(c.mountpoint);
	if (mountpoint)
		*mountpoint = NULL;
	return -1;
}

EXPORT int fuse_daemonize(int foreground)
{
	return core_daemonize(foreground) ? -1 : 0;
}

EXPORT int fuse_set_signal_handlers(struct fuse_session *se)
{
	if (!se->cs) {
		core_err("signal handlers need a session of this library\n");
		return -1;
	}
	return core_signals_add(se->cs) ? -1 : 0;
}

EXPORT void fuse_remove_signal_handlers(struct fuse_session *se)
{
	if (se->cs)
		core_signals_remove(se->cs);
}

/* ---- set-up and teardown ----------------------------------------------------------------------- */

struct fuse *setup_common(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
			  char **mountpoint, int *multithreaded, void *user_data, int compat)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_chan *ch = NULL;
	struct fuse *f = NULL;
	int foreground;

	*mountpoint = NULL;
	if (fuse_parse_cmdline(&args, mountpoint, multithreaded, &foreground) == -1)
		goto fail;
	ch = fuse_mount(*mountpoint, &args);
	if (!ch)
		goto fail;
	f = fuse_new_common(ch, &args, op, op_size, user_data, compat);
	if (!f)
		goto fail;
	if (fuse_daemonize(foreground) == -1 || fuse_set_signal_handlers(f->se) == -1)
		goto fail;
	fuse_opt_free_args(&args);
	return f;
fail:
	fuse_opt_free_args(&args);
	if (ch)
		fuse_unmount(*mountpoint, ch);
	if (f)
		fuse_destroy(f);
	free(*mountpoint);
	*mountpoint = NULL;
	return NULL;
}

EXPORT struct fuse *fuse_setup(int argc, char *argv[], const struct fuse_operations *op,
			       size_t op_size, char **mountpoint, int *multithreaded,
			       void *user_data)
{
	return setup_common(argc, argv, op, op_size, mountpoint, multithreaded, user_data, 26);
}

EXPORT void fuse_teardown(struct fuse *f, char *mountpoint)
{
	struct fuse_chan *ch = f->se->ch;

	fuse_remove_signal_handlers(f->se);
	fuse_unmount(mountpoint, ch);
	fuse_destroy(f);
	free(mountpoint);
}

static int run(struct fuse *f, char *mountpoint, int multithreaded)
{
	int res = multithreaded ? fuse_loop_mt(f) : fuse_loop(f);

	fuse_teardown(f, mountpoint);
	return res == -1 ? 1 : 0;
}

int main_common(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
		void *user_data, int compat)
{
	int multithreaded;
	char *mountpoint;
	struct fuse *f = setup_common(argc, argv, op, op_size, &mountpoint, &multithreaded,
				      user_data, compat);

	return f ? run(f, mountpoint, multithreaded) : 1;
}

struct fuse *new_on_fd(int fd, struct fuse_args *args, const struct fuse_operations *op,
		       size_t op_size, int compat)
{
	struct fuse_chan *ch = fuse_kern_chan_new(fd);
	struct fuse *f;

	if (!ch)
		return NULL;
	f = fuse_new_common(ch, args, op, op_size, NULL, compat);
	if (!f) {
		ch->fd = -1; /* the caller's */
		fuse_chan_destroy(ch);
	}
	return f;
}

EXPORT int fuse_main_real(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
			  void *user_data)
{
	return main_common(argc, argv, op, op_size, user_data, 26);
}

#undef fuse_main
int fuse_main(void);
EXPORT int fuse_main(void)
{
	core_err("fuse_main() is a macro; include <fuse.h>\n");
	return -1;
}

/* ---- API 2.5 -------------------------------------------------------------------------------------- */

#define OPS25(op)        ((const struct fuse_operations *)(op))
#define OPS25_SIZE(size) ((size) < sizeof(struct fuse_operations_compat25) ? (size) : \
			  sizeof(struct fuse_operations_compat25))

EXPORT int fuse_main_real_compat25(int argc, char *argv[],
				   const struct fuse_operations_compat25 *op, size_t op_size)
{
	return main_common(argc, argv, OPS25(op), OPS25_SIZE(op_size), NULL, 25);
}

EXPORT struct fuse *fuse_setup_compat25(int argc, char *argv[],
					const struct fuse_operations_compat25 *op, size_t op_size,
					char **mountpoint, int *multithreaded, int *fd)
{
	struct fuse *f = setup_common(argc, argv, OPS25(op), OPS25_SIZE(op_size), mountpoint,
			       multithreaded, NULL, 25);

	if (f && fd)
		*fd = fuse_chan_fd(f->se->ch);
	return f;
}

EXPORT struct fuse *fuse_new_compat25(int fd, struct fuse_args *args,
				      const struct fuse_operations_compat25 *op, size_t op_size)
{
	return new_on_fd(fd, args, OPS25(op), OPS25_SIZE(op_size), 25);
}

EXPORT void fuse_teardown_compat22(struct fuse *f, int fd, char *mountpoint)
{
	(void)fd;
	fuse_teardown(f, mountpoint);
}

/* Binaries that ask for the plain name at API 2.5's node. */
SYMVER("fuse_main_real@FUSE_2.5")
int main_real_25(int argc, char *argv[], const struct fuse_operations_compat25 *op, size_t size);
int main_real_25(int argc, char *argv[], const struct fuse_operations_compat25 *op, size_t size)
{
	return fuse_main_real_compat25(argc, argv, op, size);
}

SYMVER("fuse_setup@FUSE_2.5")
struct fuse *setup_25(int argc, char *argv[], const struct fuse_operations_compat25 *op,
		      size_t size, char **mountpoint, int *mt, int *fd);
struct fuse *setup_25(int argc, char *argv[], const struct fuse_operations_compat25 *op,
		      size_t size, char **mountpoint, int *mt, int *fd)
{
	return fuse_setup_compat25(argc, argv, op, size, mountpoint, mt, fd);
}

SYMVER("fuse_new@FUSE_2.5")
struct fuse *new_25(int fd, struct fuse_args *args, const struct fuse_operations_compat25 *op,
		    size_t size);
struct fuse *new_25(int fd, struct fuse_args *args, const struct fuse_operations_compat25 *op,
		    size_t size)
{
	return fuse_new_compat25(fd, args, op, size);
}

SYMVER("fuse_mount@FUSE_2.5") int mount_25(const char *mountpoint, struct fuse_args *args);
int mount_25(const char *mountpoint, struct fuse_args *args)
{
	return fuse_mount_compat25(mountpoint, args);
}

SYMVER("fuse_lowlevel_new@FUSE_2.5")
struct fuse_session *lowlevel_new_25(struct fuse_args *args,
				     const struct fuse_lowlevel_ops_compat25 *op, size_t size,
				     void *userdata);
struct fuse_session *lowlevel_new_25(struct fuse_args *args,
				     const struct fuse_lowlevel_ops_compat25 *op, size_t size,
				     void *userdata)
{
	return fuse_lowlevel_new_compat25(args, op, size, userdata);
}

SYMVER("fuse_teardown@FUSE_2.2") void teardown_22(struct fuse *f, int fd, char *mountpoint);
void teardown_22(struct fuse *f, int fd, char *mountpoint)
{
	fuse_teardown_compat22(f, fd, mountpoint);
}

SYMVER("fuse_unmount@FUSE_2.2") void unmount_22(const char *mountpoint);
void unmount_22(const char *mountpoint)
{
	fuse_unmount_compat22(mountpoint);
}
