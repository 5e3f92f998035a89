/* case_module.c - the built-in modules: every operation reaches the program, under its name there
 */
#include "conform.h"

#include <poll.h>
#include <sys/ioctl.h>

#define SUBDIR .opts = "modules=subdir,subdir=/sub"

/* /sub/f of the program, which is f on the mount, open. */
static int open_f(const char *content)
{
	OK(mkdir(S("sub"), 0755));
	put(S("sub/f"), content);
	return (int)OK(open(P("f"), O_RDWR));
}

CASE(module_names, "module.subdir-names", SUBDIR)
{
	int fd = open_f("text");

	SAW("open fh1 /sub/f rw");
	STR(slurp(P("f")), "text");
	OK(mkdir(P("d"), 0755));
	SAW_RET("mkdir /sub/d 0755", 0);
	OK(rename(P("f"), P("d/g")));
	SAW_RET("rename /sub/f /sub/d/g 0", 0);
	STR(slurp(S("sub/d/g")), "text");
	close(fd);
}

#if FUSE_API == 3
CASE(module_lseek, "module.subdir-lseek-beyond-2-gib", SUBDIR)
{
	int fd = open_f("");

	EQ(OK(pwrite(fd, "x", 1, 0x180000000LL)), 1);
	EQ(lseek(fd, 0, SEEK_DATA), 0x180000000LL);
	SAW_RET("lseek fh1 /sub/f 0 3", 0x180000000LL);
}

CASE(module_copy, "module.subdir-copy-file-range", SUBDIR)
{
	int a = open_f("0123456789");
	loff_t from = 2, to = 1;

	put(S("sub/b"), "abcdefghij");
	int b = (int)OK(open(P("b"), O_RDWR));
	EQ(copy_file_range(a, &from, b, &to, 5, 0), 5);
	SAW_RET("copy_file_range fh1 /sub/f @2 fh2 @1 5 0", 5);
}
#endif

CASE(module_fallocate, "module.subdir-fallocate", SUBDIR)
{
	int fd = open_f("");

	OK(posix_fallocate(fd, 100, 5000) ? -1 : 0);
	SAW_RET("fallocate fh1 /sub/f 0 100+5000", 0);
}

CASE(module_ioctl, "module.subdir-ioctl", SUBDIR)
{
	int fd = open_f("");

	EQ(ioctl(fd, _IO('E', 7)), 7);
	SAW_RET("ioctl fh1 /sub/f 4507 0", 7);
}

CASE(module_poll, "module.subdir-poll", SUBDIR)
{
	struct pollfd p = {open_f(""), POLLIN | POLLOUT, 0};

	atomic_store(&T->poll_revents, POLLIN);
	EQ(poll(&p, 1, 1000), 1);
	EQ(p.revents, POLLIN);
	SAW_RET("poll fh1 /sub/f*", 0);
}

CASE(module_omit, "module.subdir-utime-omit", SUBDIR)
{
	int fd = open_f("");

	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{0, UTIME_OMIT}, {7, 8}}, 0));
	SAW("utimens*/sub/f omit 7.000000008");
	close(fd);
}

CASE(module_iconv, "module.iconv-names", .opts = "modules=iconv,from_code=UTF-8,to_code=ISO-8859-1")
{
	put(S("\xc3\xa4"), "umlaut");
	STR(slurp(P("\xe4")), "umlaut");
	OK(symlink("\xe4", P("l")));
	SAW("symlink /l \xc3\xa4");
}

/* a prefix makes the path longer than PATH_MAX: the program gets all of it, what then is its matter
 */
static int long_getattr(const char *path, struct stat *st)
{
	size_t n = strlen(path);

	if (atomic_load(&T->word[1]) < (long)n)
		atomic_store(&T->word[1], (long)n);
	*st = (struct stat){.st_mode = S_IFDIR | 0755, .st_nlink = 2};
	return 0;
}
#if FUSE_API == 2
#define any_getattr long_getattr
#else
static int any_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	return long_getattr(path, st);
}
#endif
static void takes_any_path(struct fuse_operations *ops)
{
	ops->getattr = any_getattr;
}
#define FIFTY "a-prefix-of-fifty-bytes-or-so-is-long-enough-here/"
CASE(module_long, "module.subdir-makes-a-path-over-path-max", .ops = takes_any_path,
     .opts = "modules=subdir,subdir=/" FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY)
{
	char part[251], path[4096] = "";

	memset(part, 'd', 250);
	part[250] = 0;
	for (int i = 0; i < 15; i++)
		strcat(strcat(path, part), "/");
	OK(stat(P(path), &(struct stat){0}));
	EQ(atomic_load(&T->word[1]), 1 + 400 + 15 * 251 - 1);
}
