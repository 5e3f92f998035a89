/*
 * case_loop.c - programs that turn the handle themselves: their own loops, channels and input
 * and output, and the functions around them.  Each serves one file through what it made.
 */
#include "llfs.h"

#include <dlfcn.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* What every loop has to get right. */
static void serves(void)
{
	char big[9000];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	put(P("f"), big);
	STR(slurp(P("f")), big);
	ERR(mkdir(P("f"), 0755), EEXIST);
	OK(unlink(P("f")));
}

#define TURNS(n) YES(atomic_load(&T->word[1]) >= (n), "%ld turns", atomic_load(&T->word[1]))

/* Servers that end up in own_main(), which sees in how_now which of the API's loops to call. */
static int how_now;
static int own_main(int argc, char **argv);
#define OWN_MAIN(id, how)                                                                          \
	static int id(int argc, char **argv)                                                       \
	{                                                                                          \
		how_now = how;                                                                     \
		return own_main(argc, argv);                                                       \
	}

#if FUSE_API == 2
/* --- FUSE 2 -------------------------------------------------------------------------------------
 */

static int recv_and_process(struct fuse_session *se)
{
	struct fuse_chan *ch = fuse_session_next_chan(se, NULL);
	size_t size = fuse_chan_bufsize(ch);
	char *buf = malloc(size);

	if (ch != t_chan || fuse_session_next_chan(se, ch) || fuse_chan_session(ch) != se)
		t_server_fail("the session and its channel do not know each other");
	if (fcntl(fuse_chan_fd(ch), F_GETFL) < 0 || size < 4096 + 4096)
		t_server_fail("fd %d, buffer size %zu", fuse_chan_fd(ch), size);
	while (!fuse_session_exited(se)) {
		struct fuse_chan *from = ch;
		int n = fuse_chan_recv(&from, buf, size);

		if (n == -EINTR || n == -EAGAIN)
			continue;
		if (n <= 0)
			break;
		atomic_fetch_add(&T->word[1], 1);
		fuse_session_process(se, buf, (size_t)n, from);
	}
	free(buf);
	return 0;
}
CASE(loop_recv, "loop.chan-recv-and-session-process", .ll = true, .apis = T_API2,
     .ll_loop = recv_and_process)
{
	serves();
	TURNS(8);
}

static int receive_buf(struct fuse_session *se)
{
	struct fuse_chan *ch = fuse_session_next_chan(se, NULL);
	size_t size = fuse_chan_bufsize(ch);
	char *mem = malloc(size);

	while (!fuse_session_exited(se)) {
		struct fuse_buf buf = {.mem = mem, .size = size};
		struct fuse_chan *from = ch;
		int n = fuse_session_receive_buf(se, &buf, &from);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		atomic_fetch_add(&T->word[1], 1);
		fuse_session_process_buf(se, &buf, from);
	}
	free(mem);
	return 0;
}
CASE(loop_receive_buf, "loop.receive-buf-and-process-buf", .ll = true, .apis = T_API2,
     .ll_loop = receive_buf)
{
	serves();
	TURNS(8);
}

/* a channel of the program's own, in front of the library's */
static int own_receive(struct fuse_chan **chp, char *buf, size_t size)
{
	ssize_t n = read(fuse_chan_fd(*chp), buf, size);

	if (fuse_chan_data(*chp) != &T->word[3])
		t_server_fail("fuse_chan_data is not what fuse_chan_new was given");
	atomic_fetch_add(&T->word[1], 1);
	if (n < 0 && errno == ENODEV) {
		fuse_session_exit(fuse_chan_session(*chp));
		return 0;
	}
	return n < 0 ? -errno : (int)n;
}
static int own_send(struct fuse_chan *ch, const struct iovec iov[], size_t count)
{
	if (!iov)
		return 0;
	atomic_fetch_add(&T->word[2], 1);
	return writev(fuse_chan_fd(ch), iov, (int)count) < 0 ? -errno : 0;
}
static void own_destroy(struct fuse_chan *ch)
{
	(void)ch;
	atomic_fetch_add(&T->word[4], 1);
}
static int own_channel(struct fuse_session *se)
{
	static struct fuse_chan_ops ops = {own_receive, own_send, own_destroy};
	int fd = fuse_chan_fd(t_chan);
	struct fuse_chan *own = fuse_chan_new(&ops, fd, fuse_chan_bufsize(t_chan), &T->word[3]);

	fuse_session_remove_chan(t_chan);
	fuse_session_add_chan(se, own);
	int ret = fuse_session_loop(se);
	fuse_session_remove_chan(own);
	if (fuse_chan_session(own))
		t_server_fail("a channel that was removed still has a session");
	fuse_chan_destroy(own);
	if (atomic_load(&T->word[4]) != 1)
		t_server_fail("the channel's destroy was called %ld times",
			      atomic_load(&T->word[4]));
	fuse_session_add_chan(se, t_chan);
	return ret;
}
CASE(loop_channel, "loop.channel-of-the-programs-own", .ll = true, .apis = T_API2,
     .ll_loop = own_channel)
{
	serves();
	TURNS(8);
	YES(atomic_load(&T->word[2]) >= 8, "%ld answers", atomic_load(&T->word[2]));
}

static int loop_of(struct fuse *f, int how);
static int own_main(int argc, char **argv)
{
	struct fuse_operations ops;
	char *mnt;
	int multi, ret;

	t_path_prepare(&ops);
	struct fuse *f = fuse_setup(argc, argv, &ops, sizeof(ops), &mnt, &multi, &T->word[0]);
	if (!f)
		return 1;
	if (multi == T->mode_s)
		t_server_fail("multithreaded is %d", multi);
	if (fuse_session_data(fuse_get_session(f)) == NULL)
		t_server_fail("the session has no data");
	ret = loop_of(f, how_now);
	t_command_stop();
	fuse_teardown(f, mnt);
	t_path_finish();
	return ret ? 1 : 0;
}
static void processor(struct fuse *f, struct fuse_cmd *cmd, void *data)
{
	if (data != &T->word[5])
		t_server_fail("the processor was not given its data");
	atomic_fetch_add(&T->word[1], 1);
	fuse_process_cmd(f, cmd);
}
enum { HOW_LOOP, HOW_MT, HOW_PROC, HOW_CMD };
static int loop_of(struct fuse *f, int how)
{
	switch (how) {
	case HOW_LOOP:
		return fuse_loop(f);
	case HOW_MT:
		return fuse_loop_mt(f);
	case HOW_PROC:
		return fuse_loop_mt_proc(f, processor, &T->word[5]);
	default:
		while (!fuse_exited(f)) {
			struct fuse_cmd *cmd = fuse_read_cmd(f);

			if (cmd)
				processor(f, cmd, &T->word[5]);
		}
		return 0;
	}
}
OWN_MAIN(main_loop, HOW_LOOP)
OWN_MAIN(main_mt, HOW_MT)
OWN_MAIN(main_proc, HOW_PROC)
OWN_MAIN(main_cmd, HOW_CMD)
CASE(loop_setup, "loop.setup-loop-teardown", .apis = T_API2, .server = main_loop)
{
	serves();
}
CASE(loop_setup_mt, "loop.setup-loop-mt-teardown", .apis = T_API2, .server = main_mt)
{
	serves();
}
CASE(loop_proc, "loop.mt-proc-calls-the-processor", .apis = T_API2, .server = main_proc)
{
	serves();
	TURNS(8);
}
CASE(loop_cmd, "loop.read-cmd-and-process-cmd", .apis = T_API2, .server = main_cmd)
{
	serves();
	TURNS(8);
}

static int own_process_data;
static void own_process(void *data, const char *buf, size_t len, struct fuse_chan *ch)
{
	(void)buf;
	if (data != &own_process_data || ch != (void *)&own_process_data)
		FAIL("the process function was not given what it should be");
	atomic_fetch_add(&T->word[1], (long)len);
}
CASE(loop_session, "loop.session-of-the-programs-own", .apis = T_API2,
     .only = "getattr init destroy")
{
	struct fuse_session_ops ops = {.process = own_process};
	struct fuse_session *se = fuse_session_new(&ops, &own_process_data);
	YES(se);
	YES(fuse_session_data(se) == &own_process_data);
	YES(fuse_session_next_chan(se, NULL) == NULL);
	fuse_session_process(se, "12345", 5, (void *)&own_process_data);
	EQ(atomic_load(&T->word[1]), 5);
	EQ(fuse_session_exited(se), 0);
	fuse_session_exit(se);
	YES(fuse_session_exited(se));
	fuse_session_reset(se);
	EQ(fuse_session_exited(se), 0);
	fuse_session_destroy(se);
}

CASE(loop_is_option, "loop.is-lib-option-tells", .apis = T_API2, .only = "getattr init destroy")
{
	static const char *const path[] = {
		"debug", "use_ino", "attr_timeout=", "modules=subdir", "umask=022", "max_write=9"};
	for (size_t i = 0; i < sizeof(path) / sizeof(*path); i++)
		YES(fuse_is_lib_option(path[i]), "%s", path[i]);
	YES(fuse_lowlevel_is_lib_option("max_readahead=5"));
	YES(!fuse_lowlevel_is_lib_option("use_ino"));
	YES(!fuse_is_lib_option("no_such_option"));
	YES(!fuse_is_lib_option("allow_other")); /* those of mounting are not */
	YES(!fuse_lowlevel_is_lib_option("no_such_option"));
}
#else
/* --- FUSE 3 -------------------------------------------------------------------------------------
 */

static int receive_buf(struct fuse_session *se)
{
	struct fuse_buf buf = {.mem = NULL};

	if (fcntl(fuse_session_fd(se), F_GETFL) < 0)
		t_server_fail("fuse_session_fd is %d", fuse_session_fd(se));
	while (!fuse_session_exited(se)) {
		int n = fuse_session_receive_buf(se, &buf);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		atomic_fetch_add(&T->word[1], 1);
		fuse_session_process_buf(se, &buf);
	}
	free(buf.mem);
	return 0;
}
CASE(loop_receive_buf, "loop.receive-buf-and-process-buf", .ll = true, .apis = T_API3,
     .ll_loop = receive_buf)
{
	serves();
	TURNS(8);
}

static int poll_first(struct fuse_session *se)
{
	struct pollfd pf = {.fd = fuse_session_fd(se), .events = POLLIN};
	struct fuse_buf buf = {.mem = NULL};

	fcntl(pf.fd, F_SETFL, fcntl(pf.fd, F_GETFL) | O_NONBLOCK);
	while (!fuse_session_exited(se)) {
		int n = fuse_session_receive_buf(se, &buf);

		if (n == -EAGAIN) {
			atomic_fetch_add(&T->word[1], 1);
			poll(&pf, 1, -1);
		} else if (n > 0) {
			fuse_session_process_buf(se, &buf);
		} else if (n != -EINTR) {
			break;
		}
	}
	free(buf.mem);
	return 0;
}
CASE(loop_poll, "loop.descriptor-that-does-not-block", .ll = true, .apis = T_API3,
     .ll_loop = poll_first)
{
	serves();
	usleep(20000); /* nothing to read: that is told, not waited for */
	serves();
	TURNS(1);
}

/* open and mount the device as a program would that brings its own connection */
static int device(void)
{
	char opts[100];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(opts, sizeof(opts), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("own", T->mnt, "fuse.own", MS_NOSUID | MS_NODEV, opts))
		t_server_fail("mount: %s", strerror(errno));
	return fd;
}

static struct fuse_session *own_session(void)
{
	static struct fuse_lowlevel_ops ops;
	static char *argv[] = {"own", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	t_ll_prepare(&ops);
	t_session = fuse_session_new(&args, &ops, sizeof(ops), &T->word[0]);
	return t_session;
}

static ssize_t own_writev(int fd, struct iovec *iov, int count, void *userdata)
{
	if (userdata != &T->word[0])
		t_server_fail("writev was not given the session's data");
	atomic_fetch_add(&T->word[2], 1);
	return writev(fd, iov, count);
}
static ssize_t own_read(int fd, void *buf, size_t size, void *userdata)
{
	if (userdata != &T->word[0])
		t_server_fail("read was not given the session's data");
	/* as the device says when a request was taken back, or a signal came */
	if (atomic_fetch_add(&T->word[1], 1) == 3) {
		errno = ENOENT;
		return -1;
	}
	if (atomic_load(&T->word[1]) == 6) {
		errno = EINTR;
		return -1;
	}
	return read(fd, buf, size);
}
static int custom_main(int argc, char **argv)
{
	static const struct fuse_custom_io io = {.writev = own_writev, .read = own_read};
	static const struct fuse_custom_io none;
	struct fuse_session *se = own_session();

	(void)argc, (void)argv;
	if (fuse_session_custom_io(se, &none, 0) >= 0)
		t_server_fail("custom_io without functions is taken");
	if (fuse_session_custom_io(se, &io, -1) != -EBADF)
		t_server_fail("custom_io with a bad descriptor is taken");
	if (fuse_session_custom_io(se, &io, device()) != 0)
		t_server_fail("custom_io refused");
	int ret = fuse_session_loop(se);
	fuse_session_destroy(se);
	return ret ? 1 : 0;
}
CASE(loop_custom, "loop.custom-io", .may_keep = true, .apis = T_API3, .server = custom_main)
{
	serves();
	TURNS(8);
	YES(atomic_load(&T->word[2]) >= 8, "%ld answers", atomic_load(&T->word[2]));
}

static int dev_fd_main(int argc, char **argv)
{
	char name[40];
	struct fuse_session *se = own_session();

	(void)argc, (void)argv;
	snprintf(name, sizeof(name), "/dev/fd/%d", device());
	if (fuse_session_mount(se, name))
		t_server_fail("%s is refused as a mount point", name);
	int ret = T->mode_s ? fuse_session_loop(se) : fuse_session_loop_mt(se, NULL);
	fuse_session_unmount(se);
	fuse_session_destroy(se);
	return ret ? 1 : 0;
}
CASE(loop_dev_fd, "loop.mount-point-dev-fd-n", .may_keep = true, .apis = T_API3, .server = dev_fd_main)
{
	serves();
	STR(t_mount_field('s'), "own");
}

/* the loops of other API versions, by the names they are linked by */
static int loop_mt_31(struct fuse_session *se)
{
	int (*fn)(struct fuse_session *, int) = dlsym(RTLD_DEFAULT, "fuse_session_loop_mt_31");
	return fn ? fn(se, 1) : -1;
}
CASE(loop_31, "loop.session-loop-mt-31", .may_keep = true, .ll = true, .apis = T_API3, .ll_loop = loop_mt_31)
{
	serves();
}
struct v1 {
	int clone_fd;
	unsigned max_idle_threads;
};
static int loop_mt_32(struct fuse_session *se)
{
	int (*fn)(struct fuse_session *, struct v1 *) =
		dlsym(RTLD_DEFAULT, "fuse_session_loop_mt_32");
	struct v1 config = {0, 3};
	return fn ? fn(se, &config) : -1;
}
CASE(loop_32, "loop.session-loop-mt-32", .ll = true, .apis = T_API3, .ll_loop = loop_mt_32)
{
	serves();
}
static int loop_converted(struct fuse_session *se)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	struct fuse_loop_config_v1 v1 = {.clone_fd = 1, .max_idle_threads = 2};

	fuse_loop_cfg_convert(config, &v1);
	fuse_loop_cfg_set_idle_threads(config, 2);
	fuse_loop_cfg_set_max_threads(config, 4);
	int ret = fuse_session_loop_mt(se, config);
	fuse_loop_cfg_destroy(config);
	return ret;
}
CASE(loop_config, "loop.configuration-converted-and-set", .ll = true, .apis = T_API3,
     .ll_loop = loop_converted)
{
	serves();
	YES(t_server_threads() <= 6, "%d threads", t_server_threads());
}

enum { HOW_LOOP, HOW_MT, HOW_31, HOW_32 };
static int path_loop(struct fuse *f)
{
	int (*old)(struct fuse *, int) = dlsym(RTLD_DEFAULT, "fuse_loop_mt_31");
	int (*newer)(struct fuse *, struct v1 *) = dlsym(RTLD_DEFAULT, "fuse_loop_mt_32");

	switch (how_now) {
	case HOW_LOOP:
		return fuse_loop(f);
	case HOW_MT:
		return fuse_loop_mt(f, NULL);
	case HOW_31:
		return old(f, 0);
	default:
		return newer(f, &(struct v1){0, 5});
	}
}
static int own_main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts o;
	struct fuse_operations ops;

	if (fuse_parse_cmdline(&args, &o))
		return 1;
	t_path_prepare(&ops);
	struct fuse *f = fuse_new(&args, &ops, sizeof(ops), &T->word[0]);
	if (!f || fuse_mount(f, o.mountpoint))
		return 1;
	if (fcntl(fuse_session_fd(fuse_get_session(f)), F_GETFL) < 0)
		t_server_fail("the file system's session has no descriptor");
	int ret = path_loop(f);
	t_command_stop();
	fuse_unmount(f);
	fuse_destroy(f);
	free(o.mountpoint);
	fuse_opt_free_args(&args);
	t_path_finish();
	return ret ? 1 : 0;
}
OWN_MAIN(main_loop, HOW_LOOP)
OWN_MAIN(main_mt, HOW_MT)
OWN_MAIN(main_31, HOW_31)
OWN_MAIN(main_32, HOW_32)
CASE(loop_new, "loop.new-mount-loop-unmount-destroy", .apis = T_API3, .server = main_loop)
{
	serves();
}
CASE(loop_new_mt, "loop.loop-mt-with-the-defaults", .apis = T_API3, .server = main_mt)
{
	serves();
}
CASE(loop_new_31, "loop.loop-mt-31", .apis = T_API3, .server = main_31)
{
	serves();
}
CASE(loop_new_32, "loop.loop-mt-32", .apis = T_API3, .server = main_32)
{
	serves();
}
#endif

/* --- both ---------------------------------------------------------------------------------------
 */

static int exit_and_reset(struct fuse_session *se)
{
	fuse_session_exit(se);
	if (!fuse_session_exited(se))
		t_server_fail("not exited after fuse_session_exit");
	fuse_session_reset(se);
	if (fuse_session_exited(se))
		t_server_fail("exited after fuse_session_reset");
	return fuse_session_loop(se);
}
CASE(loop_reset, "loop.session-reset-undoes-exit", .ll = true, .ll_loop = exit_and_reset)
{
	serves();
}

/* remembered nodes can be thrown away by hand: not before their time */
static long clean(long cmd, long a, long b)
{
	(void)cmd, (void)a, (void)b;
	return fuse_clean_cache(t_fuse);
}
CASE(loop_clean, "loop.clean-cache-says-when-to-come-again", .opts = "remember=5",
     .on_command = clean)
{
	put(S("f"), "x");
	OK(stat(P("f"), &(struct stat){0}));
	long again = command(0, 0, 0);
	YES(again > 0 && again <= 3600, "%ld s", again);
	OK(stat(P("f"), &(struct stat){0}));
}
static long cleaner(long cmd, long a, long b)
{
	(void)a, (void)b;
	if (cmd)
		return fuse_start_cleanup_thread(t_fuse);
	fuse_stop_cleanup_thread(t_fuse);
	return 0;
}
CASE(loop_cleaner, "loop.cleanup-thread-starts-and-stops", .opts = "remember=5",
     .on_command = cleaner, .modes = T_MODE_S)
{
	put(P("f"), "x");
	int before = t_server_threads();
	EQ(command(1, 0, 0), 0);
	EQ(t_server_threads(), before + 1);
	command(0, 0, 0);
	EQ(t_server_threads(), before);
}
