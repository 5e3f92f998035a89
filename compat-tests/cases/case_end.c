/* case_end.c - how a file system ends: unmount, signals, fuse_exit, abort; exit codes */
#include "conform.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

CASE(end_unmount, "end.unmount-ends-the-loop-with-0", .any_exit = true)
{
	OK(stat(P(""), &(struct stat){0}));
	OK(umount2(T->mnt, 0));
	SERVER_EXITS(3000, 0);
	SAW("destroy /");
	SEEN("destroy*", 1);
}

CASE(end_lazy, "end.lazy-unmount-ends-when-the-last-file-is-closed", .any_exit = true,
     .may_leak = true)
{
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(umount2(T->mnt, MNT_DETACH));
	char c;
	EQ(read(fd, &c, 1), 1);
	YES(!atomic_load(&T->server_ended));
	close(fd);
	SERVER_EXITS(3000, 0);
}

static void end_by(int sig)
{
	OK(stat(P(""), &(struct stat){0}));
	OK(kill(T->server, sig));
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	YES(!t_mounted(), "still mounted");
	SAW("destroy /");
	EQ(WEXITSTATUS(s), FUSE_API == 2 ? 0 : 8);
}
CASE(end_sigterm, "end.sigterm-unmounts", .any_exit = true)
{
	end_by(SIGTERM);
}
CASE(end_sigint, "end.sigint-unmounts", .any_exit = true)
{
	end_by(SIGINT);
}
CASE(end_sighup, "end.sighup-unmounts", .any_exit = true)
{
	end_by(SIGHUP);
}

CASE(end_sigpipe, "end.sigpipe-is-ignored")
{
	OK(stat(P(""), &(struct stat){0})); /* it serves, so its handlers are set */
	OK(kill(T->server, SIGPIPE));
	usleep(20000);
	OK(stat(P(""), &(struct stat){0}));
}

CASE(end_sigterm_open, "end.sigterm-while-a-file-is-open", .any_exit = true, .may_leak = true)
{
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(kill(T->server, SIGTERM));
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	YES(!t_mounted(), "still mounted");
	EQ(read(fd, (char[2]){0}, 1), -1);
}

CASE(end_sigkill, "end.after-sigkill-clients-get-enotconn", .any_exit = true, .may_leak = true)
{
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(kill(T->server, SIGKILL));
	t_server_end(3000);
	/* over io_uring the kernel may need a moment longer to give up, and abort what comes
	 * meanwhile */
	EQ(stat(P("f"), &(struct stat){0}), -1);
	YES(errno == ENOTCONN || errno == ECONNABORTED, "%s", strerror(errno));
	WITHIN(1000, stat(P("f"), &(struct stat){0}) == -1 && errno == ENOTCONN);
	EQ(read(fd, (char[2]){0}, 1), -1);
	YES(errno == ENOTCONN || errno == ECONNABORTED, "%s", strerror(errno));
	close(fd);
	OK(umount2(T->mnt, MNT_DETACH));
}

static void stuck_stat(long arg)
{
	(void)arg;
	ERR(stat(P("f"), &(struct stat){0}), ECONNABORTED);
}
CASE(end_abort, "end.abort-ends-the-loop", .any_exit = true, .may_leak = true)
{
	char path[80];
	put(S("f"), "x");
	atomic_store(&T->knob[OP_getattr].block, 1);
	pid_t p = spawn(stuck_stat, 0);
	SAW("getattr *");
	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort", T->dev);
	int fd = OK(open(path, O_WRONLY));
	EQ(write(fd, "1", 1), 1);
	EQ(reap(p), 0);
	atomic_store(&T->knob[OP_getattr].block, 0);
	int s = t_server_end(4000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
}

/* stock: the other threads, or the only one, sit in read and do not notice */
static long exit_command(long cmd, long a, long b)
{
	(void)cmd;
	(void)a;
	(void)b;
	fuse_exit(t_fuse);
	return 0;
}
CASE(end_exit_thread, "end.fuse-exit-from-another-thread-ends-the-loop", .on_command = exit_command,
     .any_exit = true)
{
	OK(stat(P(""), &(struct stat){0}));
	EQ(command(0, 0, 0), 0);
	SERVER_EXITS(2000, 0);
	YES(!t_mounted(), "still mounted");
	SAW("destroy /");
}

static int exit_op(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	fuse_exit(fuse_get_context()->fuse);
	return -EXDEV;
}
static void exits(struct fuse_operations *ops)
{
	ops->mkdir = exit_op;
}
CASE(end_exit_op, "end.fuse-exit-in-an-operation-answers-it-and-ends", .ops = exits,
     .any_exit = true)
{
	ERR(mkdir(P("d"), 0755), EXDEV);
	SERVER_EXITS(2000, 0);
	YES(!t_mounted(), "still mounted");
}

static void busy_client(long arg)
{
	(void)arg;
	for (;;)
		if (stat(P(""), &(struct stat){0}))
			return;
}
CASE(end_sigterm_load, "end.sigterm-under-load", .any_exit = true, .may_leak = true)
{
	pid_t p[4];
	OK(stat(P(""), &(struct stat){0})); /* it serves, so its handlers are set */
	for (long i = 0; i < 4; i++)
		p[i] = spawn(busy_client, i);
	usleep(30000);
	OK(kill(T->server, SIGTERM));
	int s = t_server_end(5000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	YES(!t_mounted(), "still mounted");
	for (int i = 0; i < 4; i++)
		kill(p[i], SIGKILL);
}

static int blocks_signals(int argc, char **argv)
{
	signal(SIGTERM, SIG_IGN);
	return t_path_server(argc, argv);
}
CASE(end_ignored, "end.signal-that-was-ignored-stays-ignored", .server = blocks_signals)
{
	OK(kill(T->server, SIGTERM));
	usleep(50000);
	OK(stat(P(""), &(struct stat){0}));
}

/* --- exit codes of fuse_main
 * ------------------------------------------------------------------------- */

static void exit_code(int code2, int code3)
{
	SERVER_EXITS(3000, FUSE_API == 2 ? code2 : code3);
	YES(!t_mounted());
}
static int bad_point(int argc, char **argv)
{
	argv[argc - 1] = (char *)(uintptr_t) "/no/such/directory";
	return t_path_server(argc, argv);
}
CASE(end_code_unknown, "end.exit-code-of-an-unknown-option", .opts = "no_such_option",
     .no_mount = true, .any_exit = true)
{
	exit_code(1, 3);
}
CASE(end_code_unknown_flag, "end.exit-code-of-an-unknown-flag", .args = "--no-such-flag",
     .no_mount = true, .any_exit = true)
{
	exit_code(1, 3);
}
static int no_point(int argc, char **argv)
{
	argv[argc - 1] = NULL;
	return t_path_server(argc - 1, argv);
}
CASE(end_code_no_point, "end.exit-code-of-no-mount-point", .server = no_point, .no_mount = true,
     .any_exit = true)
{
	exit_code(1, 2);
}
CASE(end_code_bad_point, "end.exit-code-of-a-bad-mount-point", .server = bad_point,
     .no_mount = true, .any_exit = true)
{
	exit_code(1, 1);
}
CASE(end_code_mount, "end.exit-code-of-a-failed-mount", .opts = "max_read=1,rootmode=1",
     .no_mount = true, .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s) && WEXITSTATUS(s) != 0, "status 0x%x", s);
}

/* --- background
 * ---------------------------------------------------------------------------------------- */

static int in_background(int argc, char **argv)
{
	/* without -f */
	for (int i = 1; i < argc; i++)
		argv[i] = argv[i + 1];
	return t_path_server(argc - 1, argv);
}
CASE(end_daemon, "end.without-f-the-program-goes-into-the-background", .server = in_background,
     .any_exit = true, .may_leak = true)
{
	put(S("f"), "x");
	/* the parent ends well only when the mount is usable */
	SERVER_EXITS(3000, 0);
	YES(t_mounted());
	STR(slurp(P("f")), "x");
	OK(umount2(T->mnt, 0));
	SAW("destroy /");
}

static void note_pid(struct fuse_conn_info *conn)
{
	(void)conn;
	atomic_store(&T->word[1], getpid());
}
CASE(end_daemon_init, "end.init-runs-in-the-background-process", .server = in_background,
     .init = note_pid, .any_exit = true, .may_leak = true)
{
	SERVER_EXITS(3000, 0);
	OK(stat(P(""), &(struct stat){0}));
	YES(atomic_load(&T->word[1]) != 0 && atomic_load(&T->word[1]) != T->server);
	OK(umount2(T->mnt, 0));
	SAW("destroy /");
}

CASE(end_again, "end.a-second-mount-on-top", .may_leak = true)
{
	put(S("f"), "x");
	OK(mount("none", T->mnt, "tmpfs", 0, NULL));
	ERR(stat(P("f"), &(struct stat){0}), ENOENT);
	OK(umount2(T->mnt, 0));
	STR(slurp(P("f")), "x");
}
