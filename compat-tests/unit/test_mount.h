/*
 * What the files of the suite "mount" share: the log, and children in a mount namespace of their
 * own, which takes what they mount with it whatever happens. Nothing answers INIT here, so nothing
 * may look into a mount.
 */
#ifndef TEST_MOUNT_H
#define TEST_MOUNT_H

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

#define UNUSED_OK __attribute__((unused))

#define SKIP    77
#define NOBODY  65534
#define TIMEOUT 20 /* seconds a child may take */

static UNUSED_OK const struct core_mount_profile fuse2 = {
	.check_nonempty = true,
	.keep_session_options = true,
	.exclusive_allow = true,
	.large_read = true,
};
static UNUSED_OK const struct core_mount_profile fuse3 = {.take_n = true, .fd_cloexec = true};

/* ---- the log, caught ----------------------------------------------------------------------- */

static char caught[8192];

static void catch (int level, const char *fmt, va_list ap)
{
	size_t len = strlen(caught);

	(void)level;
	vsnprintf(caught + len, sizeof(caught) - len, fmt, ap);
}

static UNUSED_OK void start_catching(void)
{
	caught[0] = '\0';
	core_log_set_func(catch);
}

static UNUSED_OK bool said(const char *text)
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

static UNUSED_OK void in_child(int (*fn)(void))
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

static UNUSED_OK bool have_fuse(void)
{
	return getuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0;
}

static UNUSED_OK struct core_mount *must_parse(const char *text, const struct core_mount_profile *p)
{
	struct core_mount *m = parse_simple(text, p);

	if (!m)
		fprintf(stderr, "cannot parse %s: %s\n", text, caught);
	return m;
}

#define CHILD_TEST(name)                                                                           \
	static void t_##name(void)                                                                 \
	{                                                                                          \
		in_child(name);                                                                    \
	}

/* ---- a mount(2) that fails ----------------------------------------------------------------- */

static int fail_errno;

static UNUSED_OK int mount_fails(const char *source, const char *target, const char *type,
				 unsigned long flags, const void *data)
{
	(void)source, (void)target, (void)type, (void)flags, (void)data;
	errno = fail_errno;
	return -1;
}

/* Mounts with these options, expecting this failure and these words. */
static UNUSED_OK bool fails(const char *opts, const struct core_mount_profile *p,
			    const char *mountpoint, int err, const char *text, const char *hint)
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

#endif
