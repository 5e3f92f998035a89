/*
 * What may go wrong with a mount, the helper included, which is a script here.
 */
#include "test_mount.h"

static int open_fails(const char *path, int flags)
{
	(void)path;
	(void)flags;
	errno = fail_errno;
	return -1;
}

static int open_null(const char *path, int flags)
{
	(void)path;
	return open("/dev/null", flags);
}

static const char *const nowhere[] = {"/nonexistent", NULL};
static const char *const fake_name[] = {"fakemount", NULL};

static void no_helper(void)
{
	core_mount_sys.helper_dirs = nowhere;
	core_mount_sys.helper_names = fake_name;
	unsetenv("FUSERMOUNT_PROG");
}

static int device_errors(void)
{
	core_mount_sys.open = open_fails;
	fail_errno = ENOENT;
	NEED(fails("", &fuse3, "m", -ENOENT, "/dev/fuse does not exist", "modprobe fuse"));
	fail_errno = ENODEV;
	NEED(fails("", &fuse3, "m", -ENODEV, "no driver", "modprobe fuse"));
	fail_errno = EACCES;
	NEED(fails("", &fuse3, "m", -EACCES, "may not open /dev/fuse", "ls -l /dev/fuse"));
	fail_errno = EPERM;
	NEED(fails("", &fuse3, "m", -EACCES, "may not open /dev/fuse", "--device /dev/fuse"));
	NEED(!strstr(caught, "fuse3"));
	fail_errno = EMFILE;
	NEED(fails("", &fuse3, "m", -EMFILE, "failed to open /dev/fuse", strerror(EMFILE)));
	return 0;
}

static int mount_errors(void)
{
	core_mount_sys.open = open_null;
	core_mount_sys.mount = mount_fails;
	fail_errno = EINVAL;
	NEED(fails("-omax_read=1", &fuse3, "m", -EINVAL, "invalid argument", "'max_read=1,fd="));
	fail_errno = ENODEV;
	NEED(fails("", &fuse3, "m", -ENODEV, "'fuse'", "modprobe fuse"));
	NEED(fails("-oblkdev,fsname=a", &fuse3, "m", -ENODEV, "'fuseblk'", "without blkdev"));
	fail_errno = ENOTBLK;
	NEED(fails("-oblkdev,fsname=abc", &fuse3, "m", -ENOTBLK, "'abc' is not a block device",
		   "set fsname="));
	fail_errno = EBUSY;
	NEED(fails("", &fuse3, "m", -EBUSY, "busy", "already mounted"));
	fail_errno = ENOSPC;
	NEED(fails("", &fuse3, "m", -ENOSPC, "too many mounts", "mount-max"));
	fail_errno = EPERM;
	no_helper();
	NEED(fails("", &fuse3, "m", -EPERM, "not permitted", "install package fuse3"));
	NEED(fails("-oauto_unmount", &fuse3, "m", -ENOENT, "auto_unmount needs", "package fuse3"));
	return 0;
}

static int mountpoint_errors(void)
{
	core_mount_sys.open = open_null;
	core_mount_sys.mount = mount_fails;
	fail_errno = EBUSY;
	NEED(fails("", &fuse3, "nonexistent", -ENOENT, "'nonexistent' does not exist", "create"));
	NEED(fails("", &fuse2, "", -ENOENT, "mount point '' does not exist", "create"));
	NEED(fails("", &fuse3, "/etc/passwd/x", -ENOTDIR, "/etc/passwd/x", "not a directory"));
	NEED(fails("", &fuse2, "full", -ENOTEMPTY, "mountpoint is not empty", "-o nonempty"));
	NEED(fails("", &fuse2, "/etc/passwd", -ENOTEMPTY, "not empty", "-o nonempty"));
	NEED(fails("-ononempty", &fuse2, "full", -EBUSY, "busy", ""));
	NEED(fails("", &fuse2, "m", -EBUSY, "busy", ""));
	NEED(fails("", &fuse3, "full", -EBUSY, "busy", ""));
	NEED(fails("", &fuse3, "/dev/fd/99", -EBADF, "descriptor 99 is not open", "pass it on"));
	NEED(fails("", &fuse3, "/dev/fd/2", -EINVAL, "descriptor 2 is not a FUSE device", ""));
	NEED(!mkdir("closed", 0700) && !mkdir("closed/m", 0755));
	NEED(!setresuid(NOBODY, NOBODY, NOBODY));
	NEED(fails("", &fuse3, "closed/m", -EACCES, "'closed/m': permission denied", "reach"));
	return 0;
}

/* ---- a helper that is a script ------------------------------------------------------------- */

static bool script(const char *text)
{
	FILE *f = fopen("bin/fakemount", "w");

	if (!f)
		return false;
	fprintf(f, "#!/bin/sh\n%s\n", text);
	return !fclose(f) && !chmod("bin/fakemount", 0755);
}

static bool file_has(const char *path, const char *text, bool wanted)
{
	char buf[8192];
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (!f)
		return false;
	fclose(f);
	buf[len] = '\0';
	if (!!strstr(buf, text) == wanted)
		return true;
	fprintf(stderr, "%s %s \"%s\":\n%s\n", path, wanted ? "lacks" : "has", text, buf);
	return false;
}

static bool no_privilege(void)
{
	return false;
}

static void use_script(void)
{
	static char bin[64];
	static const char *const dirs[] = {bin, NULL};

	snprintf(bin, sizeof(bin), "%s/bin", dir);
	core_mount_sys.open = open_null;
	core_mount_sys.mount = mount_fails;
	core_mount_sys.helper_dirs = dirs;
	core_mount_sys.helper_names = fake_name;
	fail_errno = EPERM;
	setenv("LD_SECRET", "x", 1);
	setenv("_FUSE_COMMFD", "77", 1);
}

static int helper_errors(void)
{
	use_script();
	NEED(script("echo 'fakemount: no way' >&2; exit 3"));
	NEED(fails("", &fuse3, "m", -EPERM, "fakemount: no way", "(exit status 3)"));
	NEED(script("exit 1"));
	NEED(fails("", &fuse3, "m", -EPERM, "(exit status 1)", "set-uid root"));
	NEED(script("exit 0"));
	NEED(fails("", &fuse3, "m", -EPERM, "(exit status 0)", "could not mount 'm'"));
	NEED(script("kill -9 $$"));
	NEED(fails("", &fuse3, "m", -EPERM, "killed by signal 9", "bin/fakemount"));
	/* a program that is no program, and far more text than we keep */
	NEED(script("head -c 300000 /dev/zero | tr '\\0' x >&2; exit 1"));
	NEED(fails("", &fuse3, "m", -EPERM, "(exit status 1)", "xxxxxxxx"));
	/* with the children's fate unknown */
	signal(SIGCHLD, SIG_IGN);
	NEED(fails("", &fuse3, "m", -EPERM, "could not mount", "xxxx"));
	return 0;
}

static int helper_arguments(void)
{
	use_script();
	NEED(script("printf '%s|' \"$@\" > args; env > env; exit 1"));
	NEED(fails("-osuid,dev,noexec,sync,noatime,allow_other,max_read=5,context=a\\,b,"
		   "fsname=a\\,b\\\\c,subtype=s\\,t,user=joe,relatime",
		   &fuse3, "-m", -ENOENT, "does not exist", ""));
	NEED(!mkdir("-m", 0755));
	NEED(fails("-osuid,dev,noexec,sync,noatime,max_read=5,context=a\\,b,"
		   "fsname=a\\,b\\\\c,subtype=s\\,t,user=joe,relatime",
		   &fuse3, "-m", -EPERM, "exit status 1", "need root and are ignored"));
	NEED(file_has("args",
		      "-o|rw,noexec,sync,noatime,max_read=5,context=a\\,b,fsname=a\\,b\\\\c,"
		      "subtype=s\\,t|--|-m|",
		      true));
	/* root's helper gets a clean environment */
	NEED(file_has("env", "LD_SECRET", false));
	NEED(file_has("env", "_FUSE_COMMFD=", true));
	NEED(file_has("env", "_FUSE_COMMFD=77", false));
	core_mount_sys.privileged = no_privilege;
	NEED(fails("-oro,allow_root,auto_unmount,blkdev,fsname=x", &fuse3, "m", -EPERM,
		   "exit status 1", ""));
	NEED(file_has("args", "-o|ro,nosuid,nodev,allow_other,auto_unmount,blkdev,fsname=x|--|m|",
		      true));
	NEED(file_has("env", "LD_SECRET=x", true));
	NEED(file_has("env", "_FUSE_COMMFD=77", false));
	return 0;
}

static int helper_search(void)
{
	char path[128];

	use_script();
	NEED(script("exit 4"));
	core_mount_sys.helper_dirs = nowhere;
	snprintf(path, sizeof(path), "/nonexistent::relative:%s/bin", dir);
	setenv("PATH", path, 1);
	NEED(fails("", &fuse3, "m", -EPERM, "is not installed", "package fuse3"));
	core_mount_sys.privileged = no_privilege;
	NEED(fails("", &fuse3, "m", -EPERM, "exit status 4", "bin/fakemount"));
	setenv("PATH", "bin:", 1);
	NEED(fails("", &fuse3, "m", -EPERM, "is not installed", ""));
	snprintf(path, sizeof(path), "%s/bin/fakemount", dir);
	setenv("FUSERMOUNT_PROG", path, 1);
	NEED(fails("", &fuse3, "m", -EPERM, "exit status 4", ""));
	return 0;
}

/* An ordinary user from here on, with a fuse.conf of this text, and a helper of that one. */
static bool nobody_with(const char *conf_text, const char *helper)
{
	static char conf[64];
	FILE *f;

	use_script();
	snprintf(conf, sizeof(conf), "%s/fuse.conf", dir);
	core_mount_sys.fuse_conf = conf;
	f = fopen(conf, "w");
	if (!f || fputs(conf_text, f) < 0 || fclose(f) || !script(helper) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return false;
	prctl(PR_SET_DUMPABLE, 1); /* /proc/self again */
	return true;
}

static int allow_other_hint(void)
{
	core_mount_sys.privileged = no_privilege;
	NEED(nobody_with("# user_allow_other\nmount_max = 3\n", "echo no >&2; exit 1"));
	NEED(fails("-oallow_other", &fuse3, "m", -EPERM, "no\n", "line 'user_allow_other' into"));
	NEED(fails("-oallow_root", &fuse3, "m", -EPERM, "no\n", "line 'user_allow_other' into"));
	NEED(fails("", &fuse3, "m", -EPERM, "no\n", ""));
	NEED(!strstr(caught, "user_allow_other"));
	return 0;
}

static int allow_other_granted(void)
{
	NEED(nobody_with("mount_max = 3\n  user_allow_other # yes\n", "exit 1"));
	NEED(fails("-oallow_other", &fuse3, "m", -EPERM, "exit status 1", ""));
	NEED(!strstr(caught, "user_allow_other"));
	return 0;
}

CHILD_TEST(device_errors)
CHILD_TEST(mount_errors)
CHILD_TEST(mountpoint_errors)
CHILD_TEST(helper_errors)
CHILD_TEST(helper_arguments)
CHILD_TEST(helper_search)
CHILD_TEST(allow_other_hint)
CHILD_TEST(allow_other_granted)

UNIT_SUITE(mount, UNIT_TEST(t_device_errors), UNIT_TEST(t_mount_errors),
	   UNIT_TEST(t_mountpoint_errors), UNIT_TEST(t_helper_errors),
	   UNIT_TEST(t_helper_arguments), UNIT_TEST(t_helper_search), UNIT_TEST(t_allow_other_hint),
	   UNIT_TEST(t_allow_other_granted));
