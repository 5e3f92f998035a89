/*
 * The set-uid helper. Protocol: the helper is started with one end of a socket pair whose
 * number is in the environment variable _FUSE_COMMFD; it mounts and sends the /dev/fuse
 * descriptor as ancillary data of one byte. With auto_unmount it then waits for the other end
 * to close, and unmounts.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "core/base/log.h"
#include "core/mount/internal.h"

#define COMMFD_ENV         "_FUSE_COMMFD"
#define RELEASE_TIMEOUT_MS 3000
#define HELPER_TEXT_MAX    4096

/* ---- finding it ---------------------------------------------------------------------------- */

static char *executable(const char *dir, size_t len, const char *name)
{
	char *path;

	/* an empty element of PATH would be the current directory */
	if (!len || asprintf(&path, "%.*s/%s", (int)len, dir, name) == -1)
		return NULL;
	if (path[0] == '/' && !access(path, X_OK))
		return path;
	free(path);
	return NULL;
}

static char *search(const char *name)
{
	const char *env = core_mount_sys.privileged() ? NULL : getenv("PATH");
	char *path = NULL;

	for (size_t i = 0; !path && core_mount_sys.helper_dirs[i]; i++)
		path = executable(core_mount_sys.helper_dirs[i],
				  strlen(core_mount_sys.helper_dirs[i]), name);
	while (!path && env && *env) {
		size_t len = strcspn(env, ":");

		path = executable(env, len, name);
		env += len + (env[len] == ':');
	}
	return path;
}

char *core_mount_find_helper(void)
{
	const char *env = core_mount_sys.privileged() ? NULL : getenv("FUSERMOUNT_PROG");
	char *path = NULL;

	if (env && env[0] == '/' && !access(env, X_OK))
		return strdup(env);
	for (size_t i = 0; !path && core_mount_sys.helper_names[i]; i++)
		path = search(core_mount_sys.helper_names[i]);
	return path;
}

/* ---- running it ---------------------------------------------------------------------------- */

struct helper {
	char *path;
	pid_t pid;
	int errfd; /* a memory file with its error output; -1: goes to ours */
	char name[32];
};

static void helper_free(struct helper *h)
{
	free(h->path);
	core_cleanup_close(&h->errfd);
}

static int helper_init(struct helper *h)
{
	const char *base;

	*h = (struct helper){.path = core_mount_find_helper(), .errfd = -1};
	if (!h->path)
		return -ENOENT;
	base = strrchr(h->path, '/');
	snprintf(h->name, sizeof(h->name), "%s", base ? base + 1 : h->path);
	/*
	 * A file in memory rather than a pipe: it never blocks the helper, and one that lives on
	 * for auto_unmount cannot be killed by writing to it.
	 */
	h->errfd = core_mount_above_stdio(memfd_create("fusermount", MFD_CLOEXEC));
	return 0;
}

/* Root's helper gets an environment of ours, anybody else's is his own plus the socket. */
static char **make_env(char *commfd)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	size_t n = 0, out = 0;
	char **env;

	while (environ && environ[n])
		n++;
	env = calloc(n + 3, sizeof(*env));
	if (!env)
		return NULL;
	if (core_mount_sys.privileged()) {
		env[out++] = path;
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], COMMFD_ENV "=", sizeof(COMMFD_ENV)))
			env[out++] = environ[i];
	if (commfd)
		env[out++] = commfd;
	return env;
}

/* commfd -1: none. 0 or -errno. */
static int spawn(struct helper *h, char *const argv[], int commfd)
{
	char var[sizeof(COMMFD_ENV) + 16];
	char **env CLEANUP_FREE = NULL;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int err;

	snprintf(var, sizeof(var), COMMFD_ENV "=%d", commfd);
	env = make_env(commfd >= 0 ? var : NULL);
	if (!env || posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	if (posix_spawnattr_init(&attr)) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGCHLD);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	/* onto itself: clears close-on-exec in the child alone */
	err = commfd >= 0 ? posix_spawn_file_actions_adddup2(&actions, commfd, commfd) : 0;
	if (!err && h->errfd >= 0)
		err = posix_spawn_file_actions_adddup2(&actions, h->errfd, STDERR_FILENO);
	if (!err)
		err = posix_spawn(&h->pid, h->path, &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Its wait status; 0 too when the program reaps its children itself (SIGCHLD ignored). */
static int reap(const struct helper *h)
{
	int status = 0;

	while (waitpid(h->pid, &status, 0) == -1)
		if (errno != EINTR)
			return 0;
	return status;
}

/* Passes on what the helper wrote, line by line. False: nothing. */
static bool log_text(const struct helper *h, enum core_log_level level)
{
	char text[HELPER_TEXT_MAX], *p = text, *line;
	ssize_t len = h->errfd >= 0 ? pread(h->errfd, text, sizeof(text) - 1, 0) : 0;
	bool any = false;

	if (len <= 0)
		return false;
	text[len] = '\0';
	while ((line = strsep(&p, "\n"))) {
		if (!*line)
			continue;
		core_log(level, "%s\n", line);
		any = true;
	}
	return any;
}

/* A line "user_allow_other" in fuse.conf; also true if we cannot tell. */
static bool user_allow_other(void)
{
	FILE *f = fopen(core_mount_sys.fuse_conf, "re");
	char line[256];
	bool found = false;

	if (!f)
		return errno != ENOENT;
	while (!found && fgets(line, sizeof(line), f)) {
		char *p = line + strspn(line, " \t");

		p[strcspn(p, " \t\n#")] = '\0';
		found = !strcmp(p, "user_allow_other");
	}
	fclose(f);
	return found;
}

/* Says why the helper failed: its own words first, then the exit status and what we know. */
static void helper_failed(const struct core_mount *m, const struct helper *h,
			  const char *mountpoint, int status)
{
	bool any = log_text(h, CORE_LOG_ERR);

	if (WIFSIGNALED(status))
		core_err("%s was killed by signal %d and did not mount '%s'\n", h->path,
			 WTERMSIG(status), mountpoint);
	else
		core_err("%s could not mount '%s' (exit status %d)%s\n", h->path, mountpoint,
			 WEXITSTATUS(status),
			 any ? "" : "; it said nothing: is it set-uid root? (ls -l)");
	if (m->allow_other || m->allow_root) {
		if (getuid() != 0 && !user_allow_other())
			core_err("to let users give allow_other or allow_root, put the line "
				 "'user_allow_other' into %s\n",
				 core_mount_sys.fuse_conf);
	}
}

/* ---- mounting ------------------------------------------------------------------------------ */

/* The descriptor; -ENOMSG: the helper ended without sending one; other -errno. */
static int receive_fd(int sock)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *c;
	ssize_t res;
	int fd;

	do {
		res = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (res == -1 && errno == EINTR);
	if (res == -1)
		return errno == ECONNRESET ? -ENOMSG : -errno;
	c = CMSG_FIRSTHDR(&msg);
	if (res == 0 || !c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len < CMSG_LEN(sizeof(int)))
		return -ENOMSG;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return core_mount_above_stdio(fd);
}

static int add_named(char **list, const char *key, const char *value)
{
	char *opt CLEANUP_FREE = NULL;

	if (!value)
		return 0;
	if (asprintf(&opt, "%s=%s", key, value) == -1) {
		opt = NULL;
		return -1;
	}
	return core_opt_add_opt_escaped(list, opt);
}

/* m->helper is a finished list, so it is joined on as it stands. */
static int add_list(char **list, const char *more)
{
	return more ? core_opt_add_opt(list, more) : 0;
}

static int helper_options(const struct core_mount *m, char **list)
{
	unsigned long left;

	if ((!(m->flags & MS_RDONLY) && core_opt_add_opt(list, "rw") == -1) ||
	    core_mount_flag_words(m->flags, list, &left) || add_list(list, m->helper) == -1 ||
	    (m->auto_unmount && core_opt_add_opt(list, "auto_unmount") == -1) ||
	    (m->blkdev && core_opt_add_opt(list, "blkdev") == -1) ||
	    add_named(list, "fsname", m->fsname) == -1 ||
	    add_named(list, "subtype", m->subtype) == -1)
		return -ENOMEM;
	if (left)
		core_warn("some mount options (diratime, relatime, strictatime or symfollow and "
			  "their kind) need root and are ignored\n");
	return 0;
}

/*
 * With auto_unmount the helper waits for the end of our socket and looks then, once, whether the
 * file system has ended too. When a process is killed Linux closes what it held from the highest
 * number down, so the device has to stand above the socket.
 */
static int above_socket(int fd, int sock)
{
	int flags = fcntl(fd, F_GETFD), high;

	if (fd > sock)
		return fd;
	high = fcntl(fd, flags & FD_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, sock + 1);
	if (high < 0)
		return fd; /* out of descriptors: as good as it can be */
	close(fd);
	return high;
}

static int run_mount(struct core_mount *m, struct helper *h, const char *mountpoint,
		     const char *opts)
{
	char *argv[] = {h->name, "-o", (char *)opts, "--", (char *)mountpoint, NULL};
	int sock[2], fd, res;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) == -1)
		return -errno;
	for (int i = 0; i < 2; i++)
		sock[i] = core_mount_above_stdio(sock[i]);
	res = sock[0] < 0 ? sock[0] : sock[1] < 0 ? sock[1] : spawn(h, argv, sock[0]);
	if (sock[0] >= 0)
		close(sock[0]);
	if (res) {
		if (sock[1] >= 0)
			close(sock[1]);
		core_err("cannot run %s: %s\n", h->path, strerror(-res));
		return res == -ENOENT ? -EACCES : res;
	}
	fd = receive_fd(sock[1]);
	if (fd >= 0 && m->auto_unmount) {
		m->helper_sock = sock[1];
		m->helper_pid = h->pid;
		m->helper_parent = getpid();
		return above_socket(fd, sock[1]);
	}
	close(sock[1]);
	res = reap(h);
	if (fd < 0) {
		helper_failed(m, h, mountpoint, res);
		return fd == -ENOMSG ? -EPERM : fd;
	}
	log_text(h, CORE_LOG_WARNING);
	return fd;
}

int core_mount_helper_open(struct core_mount *m, const char *mountpoint)
{
	char *opts CLEANUP_FREE = NULL;
	struct helper h;
	int res = helper_init(&h);

	if (res)
		return res;
	res = helper_options(m, &opts);
	if (res)
		core_err("no memory to mount\n");
	else
		res = run_mount(m, &h, mountpoint, opts);
	helper_free(&h);
	return res;
}

/* ---- unmounting ---------------------------------------------------------------------------- */

int core_mount_helper_unmount(const char *mountpoint)
{
	struct helper h;
	char *argv[] = {h.name, "-u", "-q", "-z", "--", (char *)mountpoint, NULL};
	int res = helper_init(&h), status;

	if (res)
		return res;
	res = spawn(&h, argv, -1);
	if (res) {
		core_err("cannot run %s: %s\n", h.path, strerror(-res));
	} else {
		status = reap(&h);
		if (status) {
			log_text(&h, CORE_LOG_ERR);
			core_err("%s could not unmount '%s' (status %d)\n", h.path, mountpoint,
				 WIFEXITED(status) ? WEXITSTATUS(status) : status);
			res = -EPERM;
		}
	}
	helper_free(&h);
	return res == -ENOENT ? -EACCES : res;
}

/*
 * Closing our end alone would not do: the helper works on while we go on and unmount, and one of
 * the two complains. Half-closed, it tells us by its own end when it is done. (Not by waiting
 * for the process: after daemonizing it is not our child.)
 */
void core_mount_helper_release(struct core_mount *m)
{
	struct pollfd p = {.fd = m->helper_sock, .events = POLLIN};
	int res;

	shutdown(m->helper_sock, SHUT_WR);
	do {
		res = poll(&p, 1, RELEASE_TIMEOUT_MS);
	} while (res == -1 && errno == EINTR);
	core_cleanup_close(&m->helper_sock);
	m->helper_sock = -1;
	if (m->helper_parent == getpid())
		waitpid(m->helper_pid, NULL, res == 1 ? 0 : WNOHANG);
}

int core_mount_helper_sock(const struct core_mount *m)
{
	return m->helper_sock;
}
