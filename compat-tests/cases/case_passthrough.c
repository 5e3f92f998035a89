/*
 * case_passthrough.c - ambifuse_passthrough(): handles whose data the kernel takes from a file of
 * the program's by itself.
 */
#include "conform.h"

#if __has_include(<ambifuse.h>)
#include <ambifuse.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

static struct fuse_operations base; /* of pathfs */

/* Files whose name begins with "own" are the program's. */
static void say(const char *path, struct fuse_file_info *fi)
{
	int fd = t_path_fd(fi);

	if (!strncmp(path, "/own", 4) || atomic_load(&T->word[1]))
		return;
	if (atomic_load(&T->word[2])) {
		char other[128];
		snprintf(other, sizeof(other), "%s/elsewhere", T->src);
		fd = open(other, O_RDWR);
		atomic_store(&T->word[0], ambifuse_passthrough(fi, fd));
		close(fd);
		return;
	}
	atomic_store(&T->word[0], ambifuse_passthrough(fi, fd));
}
static int open_it(const char *path, struct fuse_file_info *fi)
{
	int res = base.open(path, fi);
	if (!res)
		say(path, fi);
	return res;
}
static int create_it(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	int res = base.create(path, mode, fi);
	if (!res)
		say(path, fi);
	return res;
}
static void passing(struct fuse_operations *ops)
{
	base = *ops;
	ops->open = open_it;
	ops->create = create_it;
}
static void wanted(struct fuse_conn_info *conn)
{
	(void)conn;
	atomic_store(&T->word[0], 4711);
	ambifuse_register(NULL, AMBIFUSE_CAP_PASSTHROUGH);
}
/* An open that has to be passed through. */
static int passed(const char *name, int flags)
{
	int fd;
	if (!(ambifuse_features() & AMBIFUSE_CAP_PASSTHROUGH))
		t_skip("the library has no such extension");
	fd = (int)OK(open(P(name), flags, 0644));
	if (atomic_load(&T->word[0]) == -EOPNOTSUPP)
		t_skip("no passthrough in this kernel");
	EQ(atomic_load(&T->word[0]), 0);
	return fd;
}
static void has(int fd, const char *text)
{
	char buf[64] = "";
	EQ(pread(fd, buf, sizeof(buf) - 1, 0), (long)strlen(text));
	STR(buf, text);
}
/*
 * An open that nothing is left beside, and a read of it that the program sees so often. The program
 * sees RELEASE before the library has let go of the handle, so the first one may come too early.
 */
static bool opens(int *fd, const char *name, const char *text, const char *pattern, int seen)
{
	char buf[64] = "";

	MARK();
	*fd = (int)OK(open(P(name), O_RDWR));
	EQ(pread(*fd, buf, sizeof(buf) - 1, 0), (long)strlen(buf));
	if (t_seen(pattern) == seen && !strcmp(buf, text))
		return true;
	close(*fd);
	SAW("release *");
	return false;
}
static int opened_anew(const char *name, const char *text, const char *pattern, int seen)
{
	int fd;

	WITHIN(10000, opens(&fd, name, text, pattern, seen));
	return fd;
}
#define PAGE_CACHE "read * 4096@0", 1
#define BY_KERNEL  "read *", 0
#define PASSING    .ops = passing, .init = wanted, .real = "a kernel that passes through"

CASE(pass_io, "passthrough.reads-and-writes-are-the-kernels", PASSING)
{
	put(S("f"), "from behind");
	int fd = passed("f", O_RDWR);
	has(fd, "from behind");
	EQ(pwrite(fd, "FROM", 4, 0), 4);
	UNSEEN("read *");
	UNSEEN("write *");
	has(fd, "FROM behind");
	STR(slurp(S("f")), "FROM behind");
	EQ(pwrite(fd, " and on", 7, 11), 7);
	EQ(st_of(P("f")).st_size, 18); /* nothing old is shown */
	struct stat st;
	OK(fstat(fd, &st));
	EQ(st.st_size, 18);
	close(fd);
	SAW("flush fh1 /f");
	SAW("release fh1 /f");
}
CASE(pass_create, "passthrough.of-a-file-that-is-created", PASSING)
{
	int fd = passed("f", O_RDWR | O_CREAT | O_EXCL);
	SAW("create fh1 /f 0644 *");
	EQ(write(fd, "new", 3), 3);
	UNSEEN("write *");
	has(fd, "new");
	STR(slurp(S("f")), "new");
}
CASE(pass_append, "passthrough.appends-from-both-sides-add-up", PASSING)
{
	put(S("f"), "1");
	int fd = passed("f", O_WRONLY | O_APPEND),
	    behind = (int)OK(open(S("f"), O_WRONLY | O_APPEND));
	EQ(write(fd, "2", 1), 1);
	EQ(write(behind, "3", 1), 1);
	EQ(write(fd, "4", 1), 1);
	STR(slurp(S("f")), "1234");
	EQ(st_of(P("f")).st_size, 4);
	UNSEEN("write *");
}
CASE(pass_mmap, "passthrough.maps-are-those-of-the-file", PASSING)
{
	put(S("f"), "mapped");
	int fd = passed("f", O_RDWR), behind = (int)OK(open(S("f"), O_RDWR));
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	YES(p != MAP_FAILED);
	EQ(memcmp(p, "mapped", 6), 0);
	EQ(pwrite(behind, "MAP", 3, 0), 3);
	EQ(memcmp(p, "MAPped", 6), 0);
	memcpy(p + 3, "PED", 3);
	has(behind, "MAPPED");
	close(fd);
	SAW("release fh1 /f"); /* the map holds the file below, not the handle */
	memcpy(p, "m", 1);
	has(behind, "mAPPED");
	munmap(p, 4096);
	UNSEEN("read *");
	UNSEEN("write *");
}
CASE(pass_truncate, "passthrough.truncation-by-name-by-handle-and-from-behind", PASSING)
{
	put(S("f"), "1234567890");
	int fd = passed("f", O_RDWR);
	has(fd, "1234567890");
	OK(truncate(P("f"), 7));
	has(fd, "1234567");
	OK(ftruncate(fd, 5));
	has(fd, "12345");
	OK(truncate(S("f"), 3));
	has(fd, "123");
	EQ(st_of(P("f")).st_size, 3);
	close((int)OK(open(P("f"), O_WRONLY | O_TRUNC)));
	has(fd, "");
}
CASE(pass_beside, "passthrough.a-handle-beside-is-served-by-the-program-and-coherent", PASSING)
{
	put(S("f"), "12345");
	int fd = passed("f", O_RDWR), second = passed("f", O_RDONLY);
	has(second, "12345");
	UNSEEN("read *");
	atomic_store(&T->word[1], 1); /* from here on nobody asks */
	int plain = (int)OK(open(P("f"), O_RDWR));
	has(plain, "12345");
	SAW("read fh3 /f *");
	EQ(pwrite(plain, "ab", 2, 0), 2);
	SAW("write fh3 /f 2@0");
	has(fd, "ab345");
	EQ(pwrite(fd, "cd", 2, 3), 2);
	has(plain, "ab3cd");
	close(fd);
	close(second);
	has(plain, "ab3cd");
	close(plain);
	SAW("release *");
	SAW("release *");
	SAW("release *");
	opened_anew("f", "ab3cd", PAGE_CACHE);
}
CASE(pass_after, "passthrough.not-beside-a-handle-with-a-page-cache", PASSING)
{
	put(S("f"), "12345");
	int first = passed("f", O_RDWR);
	close(first);
	SAW("release *");
	atomic_store(&T->word[1], 1);
	int plain = opened_anew("f", "12345", PAGE_CACHE);
	atomic_store(&T->word[1], 0);
	int fd = passed("f", O_RDWR); /* served by the program as well, and never an error */
	EQ(pwrite(fd, "x", 1, 0), 1);
	SAW("write * /f 1@0");
	has(plain, "x2345");
	close(plain);
	close(fd);
	SAW("release *");
	SAW("release *");
	opened_anew("f", "x2345", BY_KERNEL);
}
CASE(pass_other, "passthrough.one-file-has-one-behind-it", PASSING)
{
	put(S("f"), "first");
	put(S("elsewhere"), "second");
	int fd = passed("f", O_RDONLY);
	atomic_store(&T->word[2], 1);
	int strange = passed("f", O_RDONLY);
	has(fd, "first");
	has(strange, "first");
	SAW("read fh2 /f *");
	close(fd);
	close(strange);
	SAW("release *");
	SAW("release *");
	opened_anew("f", "second", BY_KERNEL);
}
CASE(pass_release, "passthrough.the-last-release-lets-go-of-the-file", PASSING)
{
	struct statvfs before, open_now, after;
	char *mem = calloc(1, 4 << 20);
	put(S("f"), "");
	put(S("own"), "");
	OK(statvfs(T->src, &before));
	int fd = passed("f", O_RDWR);
	EQ(pwrite(fd, mem, 4 << 20, 0), 4 << 20);
	OK(unlink(P("f")));
	OK(statvfs(T->src, &open_now));
	YES(open_now.f_bfree + 512 < before.f_bfree, "%ld of %ld blocks are free",
	    (long)open_now.f_bfree, (long)before.f_bfree);
	close(fd);
	SAW("release *");
	for (int i = 0; i < 2000; i++) {
		OK(statvfs(T->src, &after));
		if (after.f_bfree + 512 >= before.f_bfree)
			break;
		usleep(1000);
	}
	YES(after.f_bfree + 512 >= before.f_bfree, "%ld of %ld blocks are free",
	    (long)after.f_bfree, (long)before.f_bfree);
	free(mem);
}
CASE(pass_nobody, "passthrough.without-privilege-the-program-serves", .ops = passing,
     .init = wanted, .uid = 65534, .opts = "allow_other", .fuse_conf = "user_allow_other\n",
     .real = "a kernel that passes through")
{
	put(S("f"), "12345");
	OK(chmod(S("f"), 0666));
	if (!(ambifuse_features() & AMBIFUSE_CAP_PASSTHROUGH))
		t_skip("the library has no such extension");
	int fd = (int)OK(open(P("f"), O_RDONLY));
	if (atomic_load(&T->word[0]) == -EOPNOTSUPP)
		t_skip("no passthrough in this kernel");
	EQ(atomic_load(&T->word[0]), -EPERM);
	has(fd, "12345");
	SAW("read fh1 /f *");
}
static void not_wanted(struct fuse_conn_info *conn)
{
	(void)conn;
	atomic_store(&T->word[0], 4711);
}
CASE(pass_unasked, "passthrough.has-to-be-registered", .ops = passing, .init = not_wanted)
{
	put(S("f"), "12345");
	int fd = (int)OK(open(P("f"), O_RDONLY));
	EQ(atomic_load(&T->word[0]), ambifuse_features() ? -EINVAL : -ENOSYS);
	has(fd, "12345");
	SAW("read fh1 /f *");
}
CASE(pass_setid, "passthrough.set-id-bits-go-with-a-write-of-somebody-else", PASSING,
     .opts = "allow_other")
{
	put(S("f"), "12345");
	OK(chmod(S("f"), 06777));
	int fd = passed("f", O_WRONLY);
	EQ(pwrite(fd, "x", 1, 0), 1); /* root's */
	EQ(st_of(S("f")).st_mode & 07777, 06777);
	close(fd);
	OK(setgid(98));
	OK(setuid(99));
	fd = passed("f", O_WRONLY);
	EQ(pwrite(fd, "y", 1, 0), 1);
	EQ(st_of(S("f")).st_mode & 07777, 0777);
	UNSEEN("write *");
}
static void opener(long i)
{
	struct timespec little = {0, 1000 * (i + 1)};
	for (int n = 0; n < 150; n++) {
		int fd = (int)OK(open(P("f"), O_RDWR));
		char c[2] = "";
		if (i == 3 && n % 7 == 0)
			atomic_store(&T->word[1], !atomic_load(&T->word[1]));
		EQ(pread(fd, c, 1, 0), 1);
		STR(c, "1");
		if (n % 3 == 0)
			nanosleep(&little, NULL);
		close(fd);
	}
}
CASE(pass_race, "passthrough.opens-of-both-kinds-at-once-never-fail", PASSING)
{
	put(S("f"), "1");
	close(passed("f", O_RDWR));
	at_once_in(4, opener);
}
#if FUSE_API == 3
static void writeback_too(struct fuse_conn_info *conn)
{
	wanted(conn);
	conn->want |= conn->capable & FUSE_CAP_WRITEBACK_CACHE;
}
CASE(pass_writeback, "passthrough.not-with-a-writeback-cache", .apis = T_API3, .ops = passing,
     .init = writeback_too, .real = "a kernel that passes through")
{
	put(S("f"), "12345");
	int fd = (int)OK(open(P("f"), O_RDONLY));
	EQ(atomic_load(&T->word[0]), ambifuse_features() ? -EOPNOTSUPP : -ENOSYS);
	has(fd, "12345");
	SAW("read fh1 /f *");
}
#endif
#endif
