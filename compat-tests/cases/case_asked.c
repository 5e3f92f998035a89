/*
 * case_asked.c - how often the kernel asks for what a program does not have. Told by the log of -d,
 * since the program is not asked.
 */
#include "conform.h"

#include <poll.h>
#include <sys/xattr.h>

/* Requests of that name in the log. */
static int asked(const char *name)
{
	char words[40];
	int n = 0;

	snprintf(words, sizeof(words), "opcode: %s (", name);
	for (const char *p = t_log(); (p = strstr(p, words)); p++)
		n++;
	return n;
}
#define ASKED(name, n)                                                                             \
	do {                                                                                       \
		int n_ = asked(name);                                                              \
		if (n_ != (n))                                                                     \
			FAIL(name " was asked %d times, expected %d", n_, n);                      \
	} while (0)

static int read_a(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	struct t_call c;
	(void)fi;
	t_begin(&c, OP_read, NULL, 0, path, "%zu@%lld", size, (long long)off);
	memset(buf, 'a', size);
	return (int)t_end(&c, off >= 5 ? 0 : 5 - off);
}
static void reading(struct fuse_operations *ops)
{
	ops->read = read_a;
}
static void open_thrice(void)
{
	put(S("f"), "12345");
	for (int i = 0; i < 3; i++)
		STR(slurp(P("f")), "aaaaa");
	usleep(20000); /* for a RELEASE */
}
#define LOG .args = "-d", .may_leak = true, .real = "requests that the kernel does not send"

CASE(asked_once, "asked.for-what-is-missing-once", LOG, .only = "getattr init destroy readdir",
     .ops = reading)
{
	char buf[8];

	put(S("f"), "12345");
	for (int i = 0; i < 3; i++) {
		int fd = (int)OK(open(P("f"), O_RDWR));
		int dir = (int)OK(open(P(""), O_RDONLY | O_DIRECTORY));
		struct pollfd p = {fd, POLLIN, 0};
		OK(poll(&p, 1, 0));
		OK(fsync(fd));
		OK(fsync(dir));
		ERR(fallocate(fd, 0, 0, 10), EOPNOTSUPP);
		OK(access(P("f"), R_OK));
		ERR(getxattr(P("f"), "user.a", buf, 8), EOPNOTSUPP);
		ERR(setxattr(P("f"), "user.a", buf, 1, 0), EOPNOTSUPP);
		ERR(listxattr(P("f"), buf, 8), EOPNOTSUPP);
		ERR(removexattr(P("f"), "user.a"), EOPNOTSUPP);
		ERR(open(P("new"), O_CREAT | O_RDWR, 0600), ENOSYS);
		EQ(lseek(fd, 0, SEEK_DATA), 0);
		close(fd);
		close(dir);
	}
	static const char *const once[] = {"POLL",        "FSYNC",    "FSYNCDIR", "FALLOCATE",
					   "ACCESS",      "GETXATTR", "SETXATTR", "LISTXATTR",
					   "REMOVEXATTR", "CREATE",   "FLUSH"};
	for (size_t i = 0; i < sizeof(once) / sizeof(*once); i++)
		YES(asked(once[i]) == 1, "%s: %d times", once[i], asked(once[i]));
	YES(asked("LSEEK") <= 1, "%d times", asked("LSEEK"));
	YES(asked("STATX") <= 1, "%d times", asked("STATX"));
}
CASE(asked_open, "asked.to-open-once-where-only-the-cache-cares", LOG, .ops = reading,
     .only = "getattr init destroy readdir", .opts = "kernel_cache")
{
	open_thrice();
	ASKED("OPEN", 1);
	ASKED("RELEASE", 0);
	SEEN("read *", 1);
}
CASE(asked_open_fresh, "asked.to-open-each-time-where-the-cache-is-to-be-dropped", LOG,
     .ops = reading, .only = "getattr init destroy readdir")
{
	open_thrice();
	ASKED("OPEN", 3);
	WITHIN(2000, asked("RELEASE") == 3);
	SEEN("read *", 3);
}
CASE(asked_open_removed, "asked.to-open-each-time-where-files-can-be-removed", LOG, .ops = reading,
     .only = "getattr init destroy readdir unlink rename", .opts = "kernel_cache")
{
	open_thrice();
	ASKED("OPEN", 3);
	int fd = (int)OK(open(P("f"), O_RDONLY));
	OK(unlink(P("f")));
	SAW("rename /f /.fuse_hidden* *");
	close(fd);
	SAW("unlink /.fuse_hidden*");
}

/* --- extended attributes by option --------------------------------------------------------------- */

CASE(asked_no_xattr, "asked.for-no-extended-attributes-by-option", LOG, .opts = "no_xattr")
{
	char buf[8];

	put(S("f"), "12345");
	for (int i = 0; i < 3; i++) {
		ERR(getxattr(P("f"), "user.a", buf, 8), EOPNOTSUPP);
		ERR(setxattr(P("f"), "user.a", buf, 1, 0), EOPNOTSUPP);
		ERR(listxattr(P("f"), buf, 8), EOPNOTSUPP);
		ERR(removexattr(P("f"), "user.a"), EOPNOTSUPP);
	}
	ASKED("GETXATTR", 1);
	ASKED("SETXATTR", 1);
	ASKED("LISTXATTR", 1);
	ASKED("REMOVEXATTR", 1);
	UNSEEN("*xattr*");
}

/* --- attributes --------------------------------------------------------------------------------- */

static void give_away_thrice(void)
{
	put(S("f"), "12345");
	OK(st_of(P("f")).st_uid);
	int before = asked("GETATTR");
	for (int i = 1; i <= 3; i++)
		OK(chown(P("f"), (uid_t)i, (gid_t)i));
	EQ(asked("SETATTR"), 3);
	EQ(asked("GETATTR") - before, 0);
}
CASE(asked_chown, "asked.no-attributes-before-a-chown", LOG, .opts = "attr_timeout=60")
{
	give_away_thrice();
}
CASE(asked_chown_few, "asked.no-attributes-before-a-chown-of-a-program-with-few-operations", LOG,
     .only = "getattr init destroy readdir chown chmod", .opts = "attr_timeout=60")
{
	give_away_thrice();
}

/* --- the targets of links -----------------------------------------------------------------------
 */

static void read_link_thrice(void)
{
	char buf[9];
	OK(symlink("there", S("l")));
	for (int i = 0; i < 3; i++)
		EQ(readlink(P("l"), buf, 9), 5);
}
CASE(asked_link, "asked.what-a-link-says-each-time", .real = "the kernel's page cache")
{
	read_link_thrice();
	SEEN("readlink /l", 3);
}
CASE(asked_link_cached, "asked.what-a-link-says-once-by-option", .opts = "cache_symlinks",
     .real = "the kernel's page cache")
{
	read_link_thrice();
	SEEN("readlink /l", 1);
}
