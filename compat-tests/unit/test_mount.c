/*
 * core/mount. What mounts for real does so in a child of its own mount namespace, which takes
 * the mounts with it whatever happens. Nothing answers INIT here, so nothing may look into a
 * mount.
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include "core/base/log.h"
#include "core/mount/internal.h"
#include "core/mount/mountinfo.h"
#include "unit.h"

#define SKIP    77
#define NOBODY  65534
#define TIMEOUT 20 /* seconds a child may take */

static const struct core_mount_profile fuse2 = {
	.check_nonempty = true,
	.keep_session_options = true,
	.exclusive_allow = true,
	.large_read = true,
};
static const struct core_mount_profile fuse3 = {.take_n = true, .fd_cloexec = true};

/* ---- the log, caught ----------------------------------------------------------------------- */

static char caught[8192];

static void catch (int level, const char *fmt, va_list ap)
{
	size_t len = strlen(caught);

	(void)level;
	vsnprintf(caught + len, sizeof(caught) - len, fmt, ap);
}

static void start_catching(void)
{
	caught[0] = '\0';
	core_log_set_func(catch);
}

static bool said(const char *text)
{
	if (strstr(caught, text))
		return true;
	fprintf(stderr, "log lacks \"%s\"; it is:\n%s\n", text, caught);
	return false;
}

/* ---- options ------------------------------------------------------------------------------- */

/* args without the program's name, split at blanks. */
static struct core_mount *parse(const char *text, const struct core_mount_profile *p,
				struct core_args *args)
{
	char *copy CLEANUP_FREE = strdup(text), *rest = copy, *word;

	*args = (struct core_args){0, NULL, 0};
	core_opt_add_arg(args, "prog");
	while ((word = strsep(&rest, " ")))
		if (*word)
			core_opt_add_arg(args, word);
	return core_mount_parse(args, p);
}

static struct core_mount *parse_simple(const char *text, const struct core_mount_profile *p)
{
	struct core_args args;
	struct core_mount *m = parse(text, p, &args);

	core_opt_free_args(&args);
	return m;
}

static char *join(const struct core_args *args)
{
	static char text[1024];

	text[0] = '\0';
	for (int i = 1; i < args->argc; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 1 ? " " : "",
			 args->argv[i]);
	return text;
}

#define DEFAULTS (MS_NOSUID | MS_NODEV)

/* Observed of the stock libraries, except where a comment says otherwise. */
static const struct {
	const char *in;
	const struct core_mount_profile *profile; /* NULL: both */
	unsigned long flags;
	const char *kernel, *left;
} good[] = {
	{"", NULL, DEFAULTS, NULL, ""},
	{"-o allow_other", NULL, DEFAULTS, "allow_other", ""},
	{"-o allow_root", &fuse3, DEFAULTS, "allow_other", ""},
	{"-o allow_root", &fuse2, DEFAULTS, "allow_other", "-o allow_root"},
	{"-o allow_root,allow_other", &fuse3, DEFAULTS, "allow_other", ""},
	{"-o default_permissions", NULL, DEFAULTS, "default_permissions", ""},
	{"-o max_read=4096", &fuse3, DEFAULTS, "max_read=4096", ""},
	{"-o max_read=4096", &fuse2, DEFAULTS, "max_read=4096", "-o max_read=4096"},
	{"-o blkdev,fsname=/dev/x,blksize=1024", NULL, DEFAULTS, "blksize=1024", ""},
	{"-o fsname=a,subtype=b,auto_unmount", NULL, DEFAULTS, NULL, ""},
	{"-o nonempty", &fuse2, DEFAULTS, NULL, ""},
	{"-o nonempty", &fuse3, DEFAULTS, NULL, "-o nonempty"},
	{"-o ro", NULL, DEFAULTS | MS_RDONLY, NULL, ""},
	{"-r", NULL, DEFAULTS | MS_RDONLY, NULL, ""},
	{"-o ro,rw", NULL, DEFAULTS, NULL, ""},
	{"-o rw -o ro", NULL, DEFAULTS | MS_RDONLY, NULL, ""},
	{"-o suid", NULL, MS_NODEV, NULL, ""},
	{"-o dev", NULL, MS_NOSUID, NULL, ""},
	{"-o suid,dev,nosuid,nodev", NULL, DEFAULTS, NULL, ""},
	{"-o noexec,sync,dirsync,noatime", NULL,
	 DEFAULTS | MS_NOEXEC | MS_SYNCHRONOUS | MS_DIRSYNC | MS_NOATIME, NULL, ""},
	{"-o noexec,sync,noatime,exec,async,atime", NULL, DEFAULTS, NULL, ""},
	{"-o context=foo,fscontext=a,defcontext=b,rootcontext=c", NULL, DEFAULTS,
	 "context=foo,fscontext=a,defcontext=b,rootcontext=c", ""},
	{"-o user=joe", NULL, DEFAULTS, NULL, ""},
	{"-n", &fuse3, DEFAULTS, NULL, ""},
	{"-n", &fuse2, DEFAULTS, NULL, "-n"},
	{"-o nosuch,rootmode=755,fd=9,user_id=5", NULL, DEFAULTS, NULL,
	 "-o nosuch,rootmode=755,fd=9,user_id=5"},
	{"-d -f -s -o kernel_cache dir", NULL, DEFAULTS, NULL, "-o kernel_cache -d -f -s dir"},
	{"-h --help -V --version", NULL, DEFAULTS, NULL, "-h --help -V --version"},
	/* ours: stock leaves these and then does not know them */
	{"-o x-systemd.automount,x-gvfs-show", NULL, DEFAULTS, NULL, ""},
	{"-o x-", NULL, DEFAULTS, NULL, "-o x-"},
	{"-o nodiratime,relatime", NULL, DEFAULTS | MS_NODIRATIME | MS_RELATIME, NULL, ""},
	{"-o strictatime,nostrictatime", NULL, DEFAULTS, NULL, ""},
	{"-o large_read", &fuse2, DEFAULTS, NULL, ""},
	{"-o large_read", &fuse3, DEFAULTS, NULL, "-o large_read"},
	{"-o context=s0:c1\\,c2", NULL, DEFAULTS, "context=\"s0:c1,c2\"", ""},
};

static void good_options(void)
{
	const struct core_mount_profile *const both[] = {&fuse2, &fuse3};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(good) * 2; i++) {
		const struct core_mount_profile *p = both[i % 2];
		struct core_args args;
		struct core_mount *m;

		if (good[i / 2].profile && good[i / 2].profile != p)
			continue;
		m = parse(good[i / 2].in, p, &args);
		CU_ASSERT_PTR_NOT_NULL(m);
		if (m) {
			UNIT_ASSERT_INT(m->flags, good[i / 2].flags);
			UNIT_ASSERT_STR(m->kernel, good[i / 2].kernel);
			UNIT_ASSERT_STR(join(&args), good[i / 2].left);
		}
		core_mount_free(m);
		core_opt_free_args(&args);
	}
}

static const struct {
	const char *in;
	const struct core_mount_profile *profile;
	const char *text;
} bad[] = {
	{"-o allow_root,allow_other", &fuse2, "mutually exclusive"},
	{"-o max_read=abc", &fuse3, "bad mount option 'max_read=abc': give a number"},
	{"-o max_read=", &fuse3, "bad mount option 'max_read='"},
	{"-o max_read=-1", &fuse2, "bad mount option 'max_read=-1'"},
	{"-o max_read=4k", &fuse2, "bad mount option 'max_read=4k'"},
	{"-o max_read=4294967296", &fuse3, "0 to 4294967295"},
	{"-o max_read=99999999999999999999999", &fuse3, "0 to 4294967295"},
	{"-o blkdev,fsname=a,blksize=x", &fuse3, "bad mount option 'blksize=x'"},
	{"-o blksize=512", &fuse3, "blksize= is for block devices: give blkdev"},
	{"-o blkdev", &fuse3, "blkdev needs fsname=DEVICE"},
};

static void bad_options(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(bad); i++) {
		struct core_mount *m;

		start_catching();
		m = parse_simple(bad[i].in, bad[i].profile);
		CU_ASSERT_PTR_NULL(m);
		CU_ASSERT(said(bad[i].text));
		core_mount_free(m);
	}
	core_log_set_func(NULL);
}

static void accessors(void)
{
	struct core_mount *m = parse_simple(
		"-ofsname=a\\,b\\\\c,subtype=s\\,t,max_read=8192,ro,allow_root -h", &fuse3);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	UNIT_ASSERT_STR(core_mount_fsname(m), "a,b\\c");
	UNIT_ASSERT_STR(core_mount_subtype(m), "s,t");
	UNIT_ASSERT_INT(core_mount_max_read(m), 8192);
	CU_ASSERT(core_mount_readonly(m));
	CU_ASSERT(core_mount_allow_root(m));
	CU_ASSERT(core_mount_allow_other(m));
	CU_ASSERT(core_mount_help_wanted(m));
	CU_ASSERT(!core_mount_version_wanted(m));
	UNIT_ASSERT_INT(core_mount_default_subtype(m, "other"), 0);
	UNIT_ASSERT_STR(core_mount_subtype(m), "s,t");
	core_mount_free(m);

	m = parse_simple("-o rw -V", &fuse3);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	UNIT_ASSERT_STR(core_mount_fsname(m), NULL);
	UNIT_ASSERT_STR(core_mount_subtype(m), NULL);
	CU_ASSERT(!core_mount_readonly(m));
	CU_ASSERT(!core_mount_allow_other(m));
	CU_ASSERT(core_mount_version_wanted(m));
	UNIT_ASSERT_INT(core_mount_default_subtype(m, "other"), 0);
	UNIT_ASSERT_STR(core_mount_subtype(m), "other");
	core_mount_free(m);
}

static void option_names(void)
{
	UNIT_ASSERT_STR(core_mount_nearest("alow_other", &fuse3), "allow_other");
	UNIT_ASSERT_STR(core_mount_nearest("zzzzzzzz", &fuse3), NULL);
}

static void help_text(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	core_mount_help(f, &fuse2);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-o allow_other "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-o nonempty "));
	free(text);
	text = NULL;
	f = open_memstream(&text, &size);
	core_mount_help(f, &fuse3);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-o max_read=BYTES "));
	CU_ASSERT_PTR_NULL(strstr(text, "nonempty"));
	free(text);
}

static void parse_without_memory(void)
{
	unsigned long n = 0, i;
	struct core_mount *m;

	for (i = 1; i < 500; i++) {
		struct core_args args = {0, NULL, 0};

		core_opt_add_arg(&args, "prog");
		core_opt_add_arg(&args, "-oallow_other,fsname=a,subtype=b,max_read=4096,nosuch");
		start_catching();
		unit_fail_alloc(i);
		m = core_mount_parse(&args, &fuse2);
		n = unit_alloc_count();
		unit_fail_alloc(0);
		CU_ASSERT((m == NULL) == (n >= i));
		if (!m)
			CU_ASSERT_NOT_EQUAL(caught[0], '\0');
		core_mount_free(m);
		core_opt_free_args(&args);
		if (m)
			break;
	}
	CU_ASSERT(i > 5 && i < 500);
	core_log_set_func(NULL);
}

static void dev_fd_names(void)
{
	static const struct {
		const char *name;
		int fd;
	} t[] = {
		{"/dev/fd/0", 0},           {"/dev/fd/17", 17},
		{"/dev/fd/007", 7},         {"/dev/fd/", -1},
		{"/dev/fd/3x", -1},         {"/dev/fd/-1", -1},
		{"/dev/fd/+1", -1},         {"/dev/fd", -1},
		{"dev/fd/3", -1},           {"", -1},
		{"/dev/fd/2147483648", -1}, {"/dev/fd/99999999999999999999", -1},
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(t); i++)
		UNIT_ASSERT_INT(core_mount_fd_of(t[i].name), t[i].fd);
}

/* ---- mountinfo ----------------------------------------------------------------------------- */

static void mountinfo_lines(void)
{
	char line[] = "64 43 0:39 / /mnt/a\\040b\\134 rw,nosuid shared:5 master:2 - fuse.st "
		      "my\\040src rw,user_id=0\n";
	char empty[] = "64 43 0:39 / /mnt rw - fuse  rw";
	char block[] = "64 43 7:3 / /mnt rw - fuseblk.st /dev/loop3 rw";
	char other[] = "1 2 0:3 / /s rw - fusectl none rw";
	char broken[][40] = {"",
			     "1",
			     "1 2 0:3 / /mnt rw",
			     "1 2 0:3 / /mnt rw - fuse",
			     "x 2 0:3 / /mnt rw - fuse a rw",
			     "1 2 03 / /mnt rw - fuse a rw"};
	struct core_mountinfo mi;

	CU_ASSERT_FATAL(core_mountinfo_parse(line, &mi));
	UNIT_ASSERT_INT(mi.id, 64);
	UNIT_ASSERT_INT(mi.parent, 43);
	UNIT_ASSERT_INT(mi.minor, 39);
	UNIT_ASSERT_INT(core_mountinfo_connection(&mi), 39);
	UNIT_ASSERT_STR(mi.mountpoint, "/mnt/a b\\");
	UNIT_ASSERT_STR(mi.type, "fuse.st");
	UNIT_ASSERT_STR(mi.source, "my src");
	UNIT_ASSERT_STR(mi.superoptions, "rw,user_id=0");
	CU_ASSERT(core_mountinfo_is_fuse(&mi));
	CU_ASSERT_FATAL(core_mountinfo_parse(empty, &mi));
	UNIT_ASSERT_STR(mi.source, "");
	CU_ASSERT_FATAL(core_mountinfo_parse(block, &mi));
	CU_ASSERT(core_mountinfo_is_fuse(&mi));
	UNIT_ASSERT_INT(core_mountinfo_connection(&mi), 7 * 1048576 + 3);
	CU_ASSERT_FATAL(core_mountinfo_parse(other, &mi));
	CU_ASSERT(!core_mountinfo_is_fuse(&mi));
	for (size_t i = 0; i < CORE_ARRAY_SIZE(broken); i++)
		CU_ASSERT(!core_mountinfo_parse(broken[i], &mi));
}

/* ---- children ------------------------------------------------------------------------------ */

#define NEED(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s (errno %d), log: %s\n", __func__, __LINE__,     \
				#cond, errno, caught);                                             \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static char dir[] = "/tmp/ambifuse-mount-XXXXXX";

/* fn runs in a child with a private mount namespace, a scratch file system at dir and a log. */
static int child_main(int (*fn)(void))
{
	alarm(TIMEOUT);
	start_catching();
	if (unshare(CLONE_NEWNS) || mount("", "/", "", MS_REC | MS_PRIVATE, NULL))
		return SKIP;
	if (mount("scratch", dir, "tmpfs", 0, "mode=755") || chdir(dir))
		return SKIP;
	if (mkdir("m", 0755) || mkdir("full", 0755) || mkdir("full/x", 0755) || mkdir("bin", 0755))
		return 1;
	return fn();
}

static void in_child(int (*fn)(void))
{
	int status = 0;
	pid_t pid;

	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(child_main(fn));
	CU_ASSERT_FATAL(pid > 0);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	rmdir(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIP) {
		const char *require = getenv("REQUIRE_FUSE");

		if (!require || strcmp(require, "1")) {
			unit_skip("needs root, /dev/fuse and fusermount3");
			return;
		}
	}
	UNIT_ASSERT_INT(status, 0);
}

static bool have_fuse(void)
{
	return getuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0;
}

static struct core_mount *must_parse(const char *text, const struct core_mount_profile *p)
{
	struct core_mount *m = parse_simple(text, p);

	if (!m)
		fprintf(stderr, "cannot parse %s: %s\n", text, caught);
	return m;
}

/* ---- what goes wrong ----------------------------------------------------------------------- */

static int fail_errno;

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

static int mount_fails(const char *source, const char *target, const char *type,
		       unsigned long flags, const void *data)
{
	(void)source, (void)target, (void)type, (void)flags, (void)data;
	errno = fail_errno;
	return -1;
}

static const char *const nowhere[] = {"/nonexistent", NULL};
static const char *const fake_name[] = {"fakemount", NULL};

static void no_helper(void)
{
	core_mount_sys.helper_dirs = nowhere;
	core_mount_sys.helper_names = fake_name;
	unsetenv("FUSERMOUNT_PROG");
}

/* Mounts with these options, expecting this failure and these words. */
static bool fails(const char *opts, const struct core_mount_profile *p, const char *mountpoint,
		  int err, const char *text, const char *hint)
{
	struct core_mount *m = must_parse(opts, p);
	int res;

	caught[0] = '\0';
	res = m ? core_mount_open(m, mountpoint) : 1;
	core_mount_free(m);
	if (res != err)
		fprintf(stderr, "result %d, not %d\n", res, err);
	return res == err && said(text) && said(hint);
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

static int allow_other_hint(void)
{
	char conf[64];
	FILE *f;

	use_script();
	snprintf(conf, sizeof(conf), "%s/fuse.conf", dir);
	core_mount_sys.fuse_conf = conf;
	core_mount_sys.privileged = no_privilege;
	NEED(script("echo no >&2; exit 1"));
	NEED(f = fopen(conf, "w"));
	fputs("# user_allow_other\nmount_max = 3\n", f);
	fclose(f);
	NEED(!setresuid(NOBODY, NOBODY, NOBODY));
	prctl(PR_SET_DUMPABLE, 1); /* /proc/self again */
	NEED(fails("-oallow_other", &fuse3, "m", -EPERM, "no\n", "line 'user_allow_other' into"));
	NEED(fails("-oallow_root", &fuse3, "m", -EPERM, "no\n", "line 'user_allow_other' into"));
	NEED(fails("", &fuse3, "m", -EPERM, "no\n", ""));
	NEED(!strstr(caught, "user_allow_other"));
	return 0;
}

static int allow_other_granted(void)
{
	char conf[64];
	FILE *f;

	use_script();
	snprintf(conf, sizeof(conf), "%s/fuse.conf", dir);
	core_mount_sys.fuse_conf = conf;
	NEED(script("exit 1"));
	NEED(f = fopen(conf, "w"));
	fputs("mount_max = 3\n  user_allow_other # yes\n", f);
	fclose(f);
	NEED(!setresuid(NOBODY, NOBODY, NOBODY));
	prctl(PR_SET_DUMPABLE, 1);
	NEED(fails("-oallow_other", &fuse3, "m", -EPERM, "exit status 1", ""));
	NEED(!strstr(caught, "user_allow_other"));
	return 0;
}

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

static int root_mounts(void)
{
	struct core_mount *m;
	int fd;

	if (!have_fuse())
		return SKIP;
	m = must_parse("-ofsname=a\\,b,subtype=st,ro,dev,noatime,max_read=8192,allow_other",
		       &fuse3);
	NEED(m);
	fd = core_mount_open(m, "m");
	NEED(fd > 2);
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
	struct core_mount *m = must_parse("", &fuse3);
	int fd, in;

	if (!have_fuse())
		return SKIP;
	NEED(m);
	fd = core_mount_open(m, "m");
	NEED(fd >= 0);
	in = open("m", O_PATH);
	NEED(in >= 0);
	core_mount_unmount(m, "m", fd);
	NEED(dev_at("m") == 0 && !caught[0]);
	core_mount_free(m);
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
	struct core_mount *m = must_parse("", &fuse3);
	int fd;

	if (!have_fuse())
		return SKIP;
	NEED(m);
	fd = core_mount_open(m, "m");
	NEED(fd >= 0);
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
	struct core_mount *m = must_parse("", &fuse3);
	int fd;

	if (!have_fuse())
		return SKIP;
	NEED(m);
	fd = core_mount_open(m, "m");
	NEED(fd >= 0);
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
	struct core_mount *m = must_parse("", &fuse3);
	char path[64];
	int fd, ctl;

	if (!have_fuse())
		return SKIP;
	NEED(m);
	fd = core_mount_open(m, "m");
	NEED(fd >= 0 && m->dev);
	/* this namespace may lack it; a second mount of it does no harm */
	mount("ctl", "/sys/fs/fuse/connections", "fusectl", 0, NULL);
	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort", minor(m->dev));
	ctl = open(path, O_WRONLY);
	if (ctl == -1)
		return SKIP;
	NEED(write(ctl, "1", 1) == 1);
	close(ctl);
	core_mount_unmount(m, "m", fd);
	NEED(dev_at("m") == 0);
	core_mount_free(m);
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
	m = must_parse("-ofsname=a\\,b\\\\c,subtype=st,noatime,suid,dev,user=joe", &fuse3);
	NEED(m);
	fd = core_mount_open(m, "u");
	NEED(fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	NEED(find_mount("u"));
	NEED(!strcmp(found.type, "fuse.st") && !strcmp(found.source, "a,b\\c"));
	/* nobody gets suid or dev by asking */
	NEED(!strcmp(found.options, "rw,nosuid,nodev,noatime"));
	core_mount_unmount(m, "u", fd);
	NEED(dev_at("u") == 0 && !caught[0]);
	core_mount_free(m);
	return 0;
}

static int user_unmounts_by_path(void)
{
	struct core_mount *m;
	int fd;

	if (!become_nobody())
		return SKIP;
	m = must_parse("", &fuse2);
	NEED(m);
	fd = core_mount_open(m, "u");
	NEED(fd >= 0 && dev_at("u"));
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
	m = must_parse("-osubtype=s\\,t", &fuse3);
	NEED(m);
	fd = core_mount_open(m, "u");
	NEED(fd >= 0 && find_mount("u") && !strcmp(found.type, "fuse.s,t"));
	core_mount_unmount(m, "u", fd);
	NEED(dev_at("u") == 0);
	core_mount_free(m);
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
	m = must_parse("-oauto_unmount", &fuse3);
	NEED(m);
	fd = core_mount_open(m, "u");
	NEED(fd >= 0 && dev_at("u") && m->helper_sock > 2);
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
	struct core_mount *m = must_parse("-oauto_unmount", &fuse3);
	char *helper = core_mount_find_helper();
	int fd, status = 0;
	pid_t pid;

	if (!have_fuse() || !helper)
		return SKIP;
	free(helper);
	NEED(m);
	fd = core_mount_open(m, "m");
	NEED(fd >= 0);
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

#define CHILD_TEST(name)                                                                           \
	static void t_##name(void)                                                                 \
	{                                                                                          \
		in_child(name);                                                                    \
	}
CHILD_TEST(device_errors)
CHILD_TEST(mount_errors)
CHILD_TEST(mountpoint_errors)
CHILD_TEST(helper_errors)
CHILD_TEST(helper_arguments)
CHILD_TEST(helper_search)
CHILD_TEST(allow_other_hint)
CHILD_TEST(allow_other_granted)
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

UNIT_SUITE(mount, UNIT_TEST(good_options), UNIT_TEST(bad_options), UNIT_TEST(accessors),
	   UNIT_TEST(option_names), UNIT_TEST(help_text), UNIT_TEST(parse_without_memory),
	   UNIT_TEST(dev_fd_names), UNIT_TEST(mountinfo_lines), UNIT_TEST(t_device_errors),
	   UNIT_TEST(t_mount_errors), UNIT_TEST(t_mountpoint_errors), UNIT_TEST(t_helper_errors),
	   UNIT_TEST(t_helper_arguments), UNIT_TEST(t_helper_search), UNIT_TEST(t_allow_other_hint),
	   UNIT_TEST(t_allow_other_granted), UNIT_TEST(t_root_mounts), UNIT_TEST(t_without_stdio),
	   UNIT_TEST(t_onto_a_file_and_a_link), UNIT_TEST(t_unmount_busy),
	   UNIT_TEST(t_unmounted_by_others), UNIT_TEST(t_unmount_by_path), UNIT_TEST(t_stale_mount),
	   UNIT_TEST(t_aborted_mount), UNIT_TEST(t_handed_in), UNIT_TEST(t_user_mounts),
	   UNIT_TEST(t_user_unmounts_by_path), UNIT_TEST(t_auto_unmount_helper_hangs),
	   UNIT_TEST(t_user_subtype_with_comma), UNIT_TEST(t_user_refused),
	   UNIT_TEST(t_user_auto_unmount), UNIT_TEST(t_auto_unmount_after_death),
	   UNIT_TEST(t_auto_unmount_daemonized), UNIT_TEST(t_root_by_helper));
