/*
 * Mounts for real, by root and through the set-uid helper, and how they go away.
 */
#include "test_mount.h"

/* ---- real mounts --------------------------------------------------------------------------- */

static uint64_t dev_at(const char *name)
{
	char path[128];
	int err;
	uint64_t dev;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	dev = core_mountinfo_fuse_dev(path, &err);
	return err ? 1 : dev;
}

static struct {
	const char *name;
	char type[64], source[64], options[128], super[256];
} found;

static int note_mount(void *user, const struct core_mountinfo *mi)
{
	(void)user;
	if (strcmp(mi->mountpoint, found.name))
		return 0;
	snprintf(found.type, sizeof(found.type), "%s", mi->type);
	snprintf(found.source, sizeof(found.source), "%s", mi->source);
	snprintf(found.options, sizeof(found.options), "%s", mi->options);
	snprintf(found.super, sizeof(found.super), "%s", mi->superoptions);
	return 1;
}

static bool find_mount(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	found.name = path;
	return core_mountinfo_each(NULL, note_mount, NULL) == 1;
}

/* A new mount of that name; NULL: it went wrong, and the log says why. */
static struct core_mount *mounted(const char *opts, const struct core_mount_profile *p,
				  const char *name, int *fd)
{
	struct core_mount *m = must_parse(opts, p);

	*fd = m ? core_mount_open(m, name) : -1;
	if (m && *fd < 0) {
		core_mount_free(m);
		return NULL;
	}
	return m;
}

/* ... and its end, without a word. */
static bool unmounts(struct core_mount *m, const char *name, int fd)
{
	core_mount_unmount(m, name, fd);
	core_mount_free(m);
	return dev_at(name) == 0 && !caught[0];
}

static int root_mounts(void)
{
	struct core_mount *m;
	int fd;

	if (!have_fuse())
		return SKIP;
	m = mounted("-ofsname=a\\,b,subtype=st,ro,dev,noatime,max_read=8192,allow_other", &fuse3,
		    "m", &fd);
	NEED(m && fd > 2);
	NEED(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	NEED(find_mount("m"));
	NEED(!strcmp(found.type, "fuse.st") && !strcmp(found.source, "a,b"));
	NEED(!strcmp(found.options, "ro,nosuid,noatime"));
	NEED(!strcmp(found.super, "ro,user_id=0,group_id=0,allow_other,max_read=8192"));
	NEED(m->dev == dev_at("m"));
	NEED(!chdir("/"));
	core_mount_unmount(m, "m", fd);
	NEED(fcntl(fd, F_GETFD) == -1 && dev_at("m") == 0);
	/* once more is harmless */
	core_mount_unmount(m, "m", -1);
	core_mount_free(m);
	NEED(!caught[0]);
	return 0;
}

/* The descriptor must not land on standard output, whatever the program closed. */
static int without_stdio(void)
{
	struct core_mount *m = must_parse("", &fuse2);
	int fd;

	if (!have_fuse())
		return SKIP;
	NEED(m);
	close(0);
	close(1);
	fd = core_mount_open(m, "m");
	NEED(fd > 2 && fcntl(fd, F_GETFD) == 0);
	NEED(fcntl(0, F_GETFD) == -1 && fcntl(1, F_GETFD) == -1);
	NEED(find_mount("m") && !strcmp(found.type, "fuse") && !strcmp(found.source, "/dev/fuse"));
	core_mount_unmount(m, "m", fd);
	NEED(dev_at("m") == 0);
	core_mount_free(m);
	return 0;
}

static int onto_a_file_and_a_link(void)
{
	struct core_mount *m = must_parse("", &fuse2);
	int fd;

	if (!have_fuse())
		return SKIP;
	NEED(m && !mknod("file", S_IFREG | 0644, 0) && !symlink("m", "link"));
	fd = core_mount_open(m, "file");
	NEED(fd >= 0 && dev_at("file"));
	core_mount_unmount(m, "file", fd);
	NEED(dev_at("file") == 0);
	fd = core_mount_open(m, "link");
	NEED(fd >= 0 && dev_at("m"));
	/* what we mounted goes, whatever the name has come to mean */
	NEED(!unlink("link") && !symlink("full", "link"));
	core_mount_unmount(m, "link", fd);
	NEED(dev_at("m") == 0 && !caught[0]);
	core_mount_free(m);
	return 0;
}

static int unmount_busy(void)
{
	struct core_mount *m;
	int fd, in;

	if (!have_fuse())
		return SKIP;
	m = mounted("", &fuse3, "m", &fd);
	NEED(m);
	in = open("m", O_PATH);
	NEED(in >= 0);
	NEED(unmounts(m, "m", fd));
	return 0;
}

static int unmounted_by_others(void)
{
	struct core_mount *m = must_parse("", &fuse3), *n = must_parse("", &fuse3);
	int fd, other;

	if (!have_fuse())
		return SKIP;
	NEED(m && n);
	fd = core_mount_open(m, "m");
	NEED(fd >= 0 && !umount2("m", 0));
	other = core_mount_open(n, "m");
	NEED(other >= 0);
	core_mount_unmount(m, "m", fd);
	NEED(n->dev && dev_at("m") == n->dev);
	/* a mount of another kind on top of ours */
	NEED(!mount("over", "m", "tmpfs", 0, NULL));
	core_mount_unmount(n, "m", other);
	NEED(find_mount("m") && dev_at("m") == 0 && !caught[0]);
	core_mount_free(m);
	core_mount_free(n);
	return 0;
}

/* Without what mounted it, by path alone. */
static int unmount_by_path(void)
{
	struct core_mount *m;
	int fd;

	if (!have_fuse())
		return SKIP;
	m = mounted("", &fuse3, "m", &fd);
	NEED(m);
	core_mount_free(m);
	core_mount_unmount(NULL, "m", fd);
	NEED(dev_at("m") == 0);
	core_mount_unmount(NULL, "m", -1);
	core_mount_unmount(NULL, "nonexistent", -1);
	NEED(!mount("other", "m", "tmpfs", 0, NULL));
	core_mount_unmount(NULL, "m", -1);
	NEED(find_mount("m") && !caught[0]);
	return 0;
}

static int stale_mount(void)
{
	struct core_mount *m;
	int fd;

	if (!have_fuse())
		return SKIP;
	m = mounted("", &fuse3, "m", &fd);
	NEED(m);
	close(fd);
	NEED(fails("", &fuse3, "m", -ENOTCONN, "no longer runs", "fusermount3 -u m"));
	/* the connection is gone, the mount is still ours to remove */
	caught[0] = '\0';
	core_mount_unmount(m, "m", -1);
	NEED(dev_at("m") == 0 && !caught[0]);
	core_mount_free(m);
	return 0;
}

static int aborted_mount(void)
{
	struct core_mount *m;
	char path[64];
	int fd, ctl;

	if (!have_fuse())
		return SKIP;
	m = mounted("", &fuse3, "m", &fd);
	NEED(m && m->dev);
	/* this namespace may lack it; a second mount of it does no harm */
	mount("ctl", "/sys/fs/fuse/connections", "fusectl", 0, NULL);
	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort", minor(m->dev));
	ctl = open(path, O_WRONLY);
	if (ctl == -1)
		return SKIP;
	NEED(write(ctl, "1", 1) == 1);
	close(ctl);
	NEED(unmounts(m, "m", fd));
	return 0;
}

static int handed_in(void)
{
	struct core_mount *m = must_parse("", &fuse3);
	char name[32];
	int fd = open("/dev/fuse", O_RDWR);

	if (fd == -1)
		return SKIP;
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	NEED(core_mount_open(m, name) == fd && fcntl(fd, F_GETFD) == 0);
	core_mount_unmount(m, name, fd);
	NEED(fcntl(fd, F_GETFD) == -1 && !caught[0]);
	core_mount_free(m);
	return 0;
}

/* ---- the real helper ----------------------------------------------------------------------- */

/* From here on an ordinary user who may open /dev/fuse; the mount point "u" is his. */
static bool become_nobody(void)
{
	char *helper = core_mount_find_helper();
	struct stat st;
	bool setuid = helper && !stat(helper, &st) && (st.st_mode & S_ISUID) && st.st_uid == 0;

	free(helper);
	if (!have_fuse() || !setuid)
		return false;
	if (mknod("fuse", S_IFCHR, makedev(10, 229)) || chmod("fuse", 0666) ||
	    mount("fuse", "/dev/fuse", "", MS_BIND, NULL) || mkdir("u", 0755) ||
	    chown("u", NOBODY, NOBODY))
		return false;
	return !setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	       !setresuid(NOBODY, NOBODY, NOBODY) && !prctl(PR_SET_DUMPABLE, 1);
}

static int user_mounts(void)
{
	struct core_mount *m;
	int fd;

	if (!become_nobody())
		return SKIP;
	m = mounted("-ofsname=a\\,b\\\\c,subtype=st,noatime,suid,dev,user=joe", &fuse3, "u", &fd);
	NEED(m && fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	NEED(find_mount("u"));
	NEED(!strcmp(found.type, "fuse.st") && !strcmp(found.source, "a,b\\c"));
	/* nobody gets suid or dev by asking */
	NEED(!strcmp(found.options, "rw,nosuid,nodev,noatime"));
	NEED(unmounts(m, "u", fd));
	return 0;
}

static int user_unmounts_by_path(void)
{
	struct core_mount *m;
	int fd;

	if (!become_nobody())
		return SKIP;
	m = mounted("", &fuse2, "u", &fd);
	NEED(m && dev_at("u"));
	core_mount_free(m);
	core_mount_unmount(NULL, "u/", fd);
	NEED(dev_at("u") == 0);
	core_mount_unmount(NULL, "u", -1);
	NEED(!caught[0]);
	return 0;
}

static int user_subtype_with_comma(void)
{
	struct core_mount *m;
	int fd;

	if (!become_nobody())
		return SKIP;
	m = mounted("-osubtype=s\\,t", &fuse3, "u", &fd);
	NEED(m && find_mount("u") && !strcmp(found.type, "fuse.s,t"));
	NEED(unmounts(m, "u", fd));
	return 0;
}

static int user_refused(void)
{
	if (!become_nobody())
		return SKIP;
	/* not his mount point */
	NEED(fails("", &fuse3, "m", -EPERM, "could not mount 'm' (exit status 1)", "fusermount"));
	NEED(fails("-oblkdev,fsname=x", &fuse3, "u", -EPERM, "exit status 1", "blkdev"));
	NEED(dev_at("m") == 0 && dev_at("u") == 0);
	return 0;
}

static int user_auto_unmount(void)
{
	struct core_mount *m;
	int fd;

	if (!become_nobody())
		return SKIP;
	m = mounted("-oauto_unmount", &fuse3, "u", &fd);
	NEED(m && dev_at("u") && m->helper_sock > 2);
	NEED(fcntl(m->helper_sock, F_GETFD) == FD_CLOEXEC);
	core_mount_unmount(m, "u", fd);
	NEED(dev_at("u") == 0 && !caught[0]);
	/* no zombie */
	NEED(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	core_mount_free(m);
	return 0;
}

/* The file system dies without a word: the helper unmounts. */
static int auto_unmount_after_death(void)
{
	struct core_mount *m = must_parse("-oauto_unmount", &fuse3);
	char *helper = core_mount_find_helper();
	bool mounted = false;
	int pipefd[2], i;
	pid_t pid;

	if (!have_fuse() || !helper)
		return SKIP;
	free(helper);
	NEED(m && !pipe(pipefd));
	pid = fork();
	if (pid == 0) {
		int fd = core_mount_open(m, "m");

		mounted = fd >= 0;
		if (write(pipefd[1], &mounted, sizeof(mounted)) != sizeof(mounted))
			_exit(1);
		pause();
	}
	NEED(pid > 0 && read(pipefd[0], &mounted, sizeof(mounted)) == sizeof(mounted));
	NEED(mounted && dev_at("m"));
	NEED(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	for (i = 0; i < 500 && dev_at("m"); i++)
		usleep(10000);
	NEED(i < 500);
	core_mount_free(m);
	return 0;
}

/* A parent that goes away after fork (daemonizing) does not make the helper unmount. */
static int auto_unmount_daemonized(void)
{
	struct core_mount *m;
	char *helper = core_mount_find_helper();
	int fd, status = 0;
	pid_t pid;

	if (!have_fuse() || !helper)
		return SKIP;
	free(helper);
	m = mounted("-oauto_unmount", &fuse3, "m", &fd);
	NEED(m);
	pid = fork();
	if (pid == 0) {
		uint64_t dev = dev_at("m");

		core_mount_unmount(m, "m", fd);
		_exit(dev == m->dev && dev_at("m") == 0 ? 0 : 1);
	}
	close(fd);
	close(m->helper_sock);
	m->helper_sock = -1;
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
	NEED(dev_at("m") == 0);
	return 0;
}

/* A helper that hangs holds us up for a bounded time; then we unmount. */
static int auto_unmount_helper_hangs(void)
{
	struct core_mount *m = must_parse("", &fuse3);
	struct timespec start, end;
	int fd, sock[2];

	if (!have_fuse())
		return SKIP;
	NEED(m && !socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	fd = core_mount_open(m, "m");
	NEED(fd >= 0);
	m->helper_sock = sock[0];
	m->helper_pid = fork();
	m->helper_parent = getpid();
	if (m->helper_pid == 0)
		pause();
	clock_gettime(CLOCK_MONOTONIC, &start);
	core_mount_unmount(m, "m", fd);
	clock_gettime(CLOCK_MONOTONIC, &end);
	kill(m->helper_pid, SIGKILL);
	NEED(dev_at("m") == 0 && end.tv_sec - start.tv_sec <= 20);
	core_mount_free(m);
	return 0;
}

static int root_by_helper(void)
{
	struct core_mount *m = must_parse("", &fuse2);
	char *helper = core_mount_find_helper();
	int fd;

	if (!have_fuse() || !helper)
		return SKIP;
	free(helper);
	NEED(m);
	core_mount_sys.mount = mount_fails;
	fail_errno = EPERM;
	fd = core_mount_open(m, "m");
	NEED(fd > 2 && fcntl(fd, F_GETFD) == 0 && dev_at("m"));
	core_mount_unmount(m, "m", fd);
	NEED(dev_at("m") == 0 && !caught[0]);
	core_mount_free(m);
	return 0;
}

CHILD_TEST(root_mounts)
CHILD_TEST(without_stdio)
CHILD_TEST(onto_a_file_and_a_link)
CHILD_TEST(unmount_busy)
CHILD_TEST(unmounted_by_others)
CHILD_TEST(unmount_by_path)
CHILD_TEST(stale_mount)
CHILD_TEST(aborted_mount)
CHILD_TEST(handed_in)
CHILD_TEST(user_mounts)
CHILD_TEST(user_unmounts_by_path)
CHILD_TEST(auto_unmount_helper_hangs)
CHILD_TEST(user_subtype_with_comma)
CHILD_TEST(user_refused)
CHILD_TEST(user_auto_unmount)
CHILD_TEST(auto_unmount_after_death)
CHILD_TEST(auto_unmount_daemonized)
CHILD_TEST(root_by_helper)

UNIT_SUITE(mount, UNIT_TEST(t_root_mounts), UNIT_TEST(t_without_stdio),
	   UNIT_TEST(t_onto_a_file_and_a_link), UNIT_TEST(t_unmount_busy),
	   UNIT_TEST(t_unmounted_by_others), UNIT_TEST(t_unmount_by_path), UNIT_TEST(t_stale_mount),
	   UNIT_TEST(t_aborted_mount), UNIT_TEST(t_handed_in), UNIT_TEST(t_user_mounts),
	   UNIT_TEST(t_user_unmounts_by_path), UNIT_TEST(t_auto_unmount_helper_hangs),
	   UNIT_TEST(t_user_subtype_with_comma), UNIT_TEST(t_user_refused),
	   UNIT_TEST(t_user_auto_unmount), UNIT_TEST(t_auto_unmount_after_death),
	   UNIT_TEST(t_auto_unmount_daemonized), UNIT_TEST(t_root_by_helper));
