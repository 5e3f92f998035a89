/* case_dir.c - mkdir, rmdir, opendir, readdir, releasedir, fsyncdir */
#include "conform.h"

#include <dirent.h>
#include <sys/syscall.h>

/* Names of a directory, sorted, blank separated. */
static const char *names_of(DIR *d)
{
	static char out[8192];
	char *list[300];
	int n = 0;
	struct dirent *e;

	while ((e = readdir(d)) && n < 300) {
		int i = n++;
		for (; i > 0 && strcmp(list[i - 1], e->d_name) > 0; i--)
			list[i] = list[i - 1];
		list[i] = strdup(e->d_name);
	}
	*out = 0;
	for (int i = 0; i < n; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s", i ? " " : "",
			 list[i]);
	return out;
}

static DIR *dir_of(const char *path)
{
	DIR *d = opendir(path);
	if (!d)
		FAIL("opendir %s: %s", path, strerror(errno));
	return d;
}

CASE(dir_mkdir, "dir.mkdir")
{
	OK(mkdir(P("d"), 0777));
	SAW_RET("mkdir /d 0755", 0);
	EQ(st_of(P("d")).st_mode, S_IFDIR | 0755);
}

CASE(dir_mkdir_sticky, "dir.mkdir-with-sticky-bit")
{
	umask(0);
	OK(mkdir(P("d"), 01770));
	SAW("mkdir /d 1770");
	EQ(st_of(P("d")).st_mode, S_IFDIR | 01770);
}

CASE(dir_mkdir_exists, "dir.mkdir-over-existing")
{
	put(S("d"), "");
	ERR(mkdir(P("d"), 0777), EEXIST);
	UNSEEN("mkdir*");
}

CASE(dir_mkdir_err, "dir.mkdir-error")
{
	force(OP_mkdir, -EDQUOT, 1);
	ERR(mkdir(P("d"), 0777), EDQUOT);
	ERR(stat(P("d"), &(struct stat){0}), ENOENT);
}

CASE(dir_rmdir, "dir.rmdir")
{
	OK(mkdir(S("d"), 0755));
	OK(rmdir(P("d")));
	SAW_RET("rmdir /d", 0);
	ERR(stat(P("d"), &(struct stat){0}), ENOENT);
}

CASE(dir_rmdir_full, "dir.rmdir-of-a-full-one")
{
	OK(mkdir(S("d"), 0755));
	put(S("d/f"), "");
	ERR(rmdir(P("d")), ENOTEMPTY);
	SAW_RET("rmdir /d", -ENOTEMPTY);
}

CASE(dir_rmdir_file, "dir.rmdir-of-a-file")
{
	put(S("f"), "");
	ERR(rmdir(P("f")), ENOTDIR);
	UNSEEN("rmdir*");
}

CASE(dir_list, "dir.readdir-whole")
{
	put(S("b"), "");
	put(S("a"), "");
	OK(mkdir(S("c"), 0755));
	DIR *d = dir_of(P(""));
	STR(names_of(d), ". .. a b c");
	SAW("opendir fh1 /");
	SAW_RET("readdir fh1 / 0", 0);
	SEEN("readdir*", 1);
	closedir(d);
	SAW("releasedir fh1 /");
}

CASE(dir_list_offsets, "dir.readdir-with-offsets")
{
	atomic_store(&T->readdir_offsets, 1);
	put(S("b"), "");
	put(S("a"), "");
	OK(mkdir(S("c"), 0755));
	DIR *d = dir_of(P(""));
	STR(names_of(d), ". .. a b c");
	SAW("readdir fh1 / 0");
	/* the end is asked for at the last offset */
	SAW("readdir fh1 / [1-9]*");
	closedir(d);
}

CASE(dir_list_sub, "dir.readdir-of-a-subdirectory")
{
	OK(mkdir(S("d"), 0755));
	put(S("d/x"), "");
	DIR *d = dir_of(P("d"));
	STR(names_of(d), ". .. x");
	SAW("opendir fh1 /d");
	SAW("readdir fh1 /d 0");
	closedir(d);
	SAW("releasedir fh1 /d");
}

CASE(dir_empty, "dir.readdir-of-an-empty-one")
{
	OK(mkdir(S("d"), 0755));
	STR(names_of(dir_of(P("d"))), ". ..");
}

CASE(dir_types, "dir.entry-types")
{
	put(S("f"), "");
	OK(mkdir(S("d"), 0755));
	OK(symlink("x", S("l")));
	OK(mkfifo(S("p"), 0600));
	DIR *d = dir_of(P(""));
	struct dirent *e;
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		EQ(e->d_type, *e->d_name == 'f'   ? DT_REG
			      : *e->d_name == 'd' ? DT_DIR
			      : *e->d_name == 'l' ? DT_LNK
						  : DT_FIFO);
	}
}

CASE(dir_rewind, "dir.rewinddir-reads-anew")
{
	put(S("a"), "");
	DIR *d = dir_of(P(""));
	STR(names_of(d), ". .. a");
	put(S("b"), "");
	rewinddir(d);
	STR(names_of(d), ". .. a b");
	SEEN("readdir fh1 / 0", 2);
}

CASE(dir_rewind_offsets, "dir.rewinddir-reads-anew-with-offsets")
{
	atomic_store(&T->readdir_offsets, 1);
	put(S("a"), "");
	DIR *d = dir_of(P(""));
	STR(names_of(d), ". .. a");
	put(S("b"), "");
	rewinddir(d);
	STR(names_of(d), ". .. a b");
}

static void seek_test(void)
{
	char name[20];
	long at[100];
	char *seen[100];
	struct dirent *e;
	int n = 0;
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		put(S(name), "");
	}
	DIR *d = dir_of(P(""));
	for (;; n++) {
		at[n] = telldir(d);
		if (!(e = readdir(d)))
			break;
		seen[n] = strdup(e->d_name);
	}
	EQ(n, 52);
	for (int i = 51; i >= 0; i -= 3) {
		seekdir(d, at[i]);
		e = readdir(d);
		YES(e, "nothing at position %d", i);
		STR(e->d_name, seen[i]);
	}
}
CASE(dir_seek, "dir.seekdir-and-telldir")
{
	seek_test();
}
CASE(dir_seek_offsets, "dir.seekdir-and-telldir-with-offsets")
{
	atomic_store(&T->readdir_offsets, 1);
	seek_test();
}

static void ten_thousand(void)
{
	char name[60];
	static char found[10000];
	struct dirent *e;
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "a-name-that-takes-some-space-%05d", i);
		close((int)OK(open(S(name), O_CREAT | O_WRONLY, 0600)));
	}
	DIR *d = dir_of(P(""));
	while ((e = readdir(d))) {
		int no;
		if (sscanf(e->d_name, "a-name-that-takes-some-space-%d", &no) != 1)
			continue;
		YES(!found[no], "%s was listed twice", e->d_name);
		found[no] = 1;
	}
	for (int i = 0; i < 10000; i++)
		YES(found[i], "number %d is missing", i);
	closedir(d);
}
CASE(dir_10000, "dir.ten-thousand-entries", .timeout = 60)
{
	ten_thousand();
	SEEN("readdir*", 1);
}
CASE(dir_10000_offsets, "dir.ten-thousand-entries-with-offsets", .timeout = 60)
{
	atomic_store(&T->readdir_offsets, 1);
	ten_thousand();
	YES(t_seen("readdir*") > 5, "a request cannot hold them all");
}

CASE(dir_remove_while, "dir.removing-while-reading-loses-nothing")
{
	char name[20];
	struct dirent *e;
	int n = 0;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(S(name), "");
	}
	DIR *d = dir_of(P(""));
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		OK(unlink(P(e->d_name)));
		n++;
	}
	EQ(n, 500);
	closedir(d);
	STR(names_of(dir_of(P(""))), ". ..");
}

CASE(dir_two_readers, "dir.two-handles-on-one-directory")
{
	put(S("a"), "");
	DIR *x = dir_of(P("")), *y = dir_of(P(""));
	readdir(x);
	STR(names_of(y), ". .. a");
	SAW("readdir fh1 / 0");
	SAW("readdir fh2 / 0");
	closedir(x);
	SAW("releasedir fh1 /");
	closedir(y);
	SAW("releasedir fh2 /");
}

CASE(dir_open_err, "dir.opendir-error")
{
	OK(mkdir(S("d"), 0755));
	force(OP_opendir, -EACCES, 1);
	YES(!opendir(P("d")) && errno == EACCES, "opendir: %s", strerror(errno));
	usleep(10000);
	UNSEEN("releasedir*");
}

CASE(dir_read_err, "dir.readdir-error")
{
	DIR *d = dir_of(P(""));
	force(OP_readdir, -EIO, -1);
	errno = 0;
	YES(!readdir(d) && errno == EIO, "readdir: %s", strerror(errno));
}

CASE(dir_fsync, "dir.fsyncdir")
{
	OK(mkdir(S("d"), 0755));
	int fd = OK(open(P("d"), O_RDONLY | O_DIRECTORY));
	OK(fsync(fd));
	SAW_RET("fsyncdir fh1 /d 0", 0);
	OK(fdatasync(fd));
	SAW("fsyncdir fh1 /d 1");
	force(OP_fsyncdir, -EIO, 1);
	ERR(fsync(fd), EIO);
}

CASE(dir_no_opendir, "dir.readdir-without-opendir", .without = "opendir releasedir")
{
	put(S("a"), "");
	STR(names_of(dir_of(P(""))), ". .. a");
	SAW("readdir / 0");
}

CASE(dir_open_removed, "dir.open-directory-that-was-removed")
{
	OK(mkdir(S("d"), 0755));
	int fd = OK(open(P("d"), O_RDONLY | O_DIRECTORY));
	OK(rmdir(P("d")));
	struct stat st;
	OK(fstat(fd, &st));
	EQ(st.st_mode & S_IFMT, S_IFDIR);
	close(fd);
	SAW("releasedir fh1 *");
}

/* stock-faults 8 */
CASE(dir_renamed_over, "dir.fstat-of-an-open-directory-that-was-renamed-over")
{
	OK(mkdir(S("a"), 0700));
	OK(mkdir(S("b"), 0755));
	int fd = OK(open(P("b"), O_RDONLY | O_DIRECTORY));
	OK(rename(P("a"), P("b")));
	struct stat st;
	OK(fstat(fd, &st));
	EQ(st.st_mode & S_IFMT, S_IFDIR);
	close(fd);
	EQ(st_of(P("b")).st_mode, S_IFDIR | 0700);
}

CASE(dir_renamed, "dir.reading-a-directory-that-is-renamed-meanwhile")
{
	OK(mkdir(S("d"), 0755));
	put(S("d/x"), "");
	DIR *d = dir_of(P("d"));
	OK(rename(P("d"), P("e")));
	STR(names_of(d), ". .. x");
	closedir(d);
	SAW("releasedir fh1 /e");
}

CASE(dir_cwd, "dir.working-directory-on-the-mount-follows-a-rename")
{
	OK(mkdir(S("d"), 0755));
	put(S("d/x"), "content");
	OK(chdir(P("d")));
	OK(rename(P("d"), P("e")));
	STR(slurp("x"), "content");
	SAW("open fh1 /e/x ro");
	OK(chdir("/"));
}

/* readdir returning the number of the inode: readdir_ino */
CASE(dir_ino, "dir.readdir-ino-gives-real-numbers", SETTING(readdir_ino))
{
	put(S("a"), "");
	struct stat st = st_of(P("a"));
	DIR *d = dir_of(P(""));
	struct dirent *e;
	while ((e = readdir(d)))
		if (!strcmp(e->d_name, "a"))
			EQ(e->d_ino, st.st_ino);
}

CASE(dir_use_ino, "dir.use-ino-gives-the-programs-numbers", SETTING(use_ino))
{
	put(S("a"), "");
	struct stat st = st_of(S("a"));
	EQ(st_of(P("a")).st_ino, st.st_ino);
	DIR *d = dir_of(P(""));
	struct dirent *e;
	while ((e = readdir(d)))
		if (!strcmp(e->d_name, "a"))
			EQ(e->d_ino, st.st_ino);
}

CASE(dir_own_ino, "dir.without-use-ino-numbers-are-the-librarys")
{
	put(S("a"), "");
	put(S("b"), "");
	ino_t a = st_of(P("a")).st_ino, b = st_of(P("b")).st_ino;
	YES(a != b && a > 1 && b > 1, "a %lu, b %lu", (long)a, (long)b);
	EQ(st_of(P("a")).st_ino, a);
}

CASE(dir_name_255, "dir.entry-with-a-name-of-255-bytes")
{
	char n[256];
	memset(n, 'z', 255);
	n[255] = 0;
	put(S(n), "");
	char want[300];
	snprintf(want, sizeof(want), ". .. %s", n);
	STR(names_of(dir_of(P(""))), want);
}

#if FUSE_API == 3
/* A filler call with FUSE_FILL_DIR_PLUS: attributes come with the entries. */
static const char *plus_name = "a";
static int plus_readdir(T_READDIR_ARGS)
{
	struct stat st;
	struct t_call c;
	(void)path;
	t_begin(&c, OP_readdir, NULL, fi->fh, "/", "%s",
		flags & FUSE_READDIR_PLUS ? "plus" : "plain");
	if (stat(S(plus_name), &st))
		return (int)t_end(&c, -errno);
	int o = atomic_load(&T->readdir_offsets) != 0; /* 0: all in one go */
	if (off < 1)
		filler(buf, ".", NULL, o, 0);
	if (off < 2)
		filler(buf, "..", NULL, 2 * o, 0);
	if (off < 3)
		filler(buf, plus_name, &st, 3 * o, flags & FUSE_READDIR_PLUS ? FUSE_FILL_DIR_PLUS : 0);
	return (int)t_end(&c, 0);
}
static void with_plus(struct fuse_operations *ops)
{
	ops->readdir = plus_readdir;
}
static void want_plus(struct fuse_conn_info *conn)
{
	conn->want |= FUSE_CAP_READDIRPLUS;
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
}
static void plus_test(void)
{
	put(S("a"), "12345");
	STR(names_of(dir_of(P(""))), ". .. a");
	SAW("readdir fh1 / plus");
	MARK();
	EQ(st_of(P("a")).st_size, 5);
	UNSEEN("getattr /a");
}
CASE(dir_plus, "dir.readdirplus-brings-attributes", .apis = T_API3, .raw = true, .ops = with_plus,
     .init = want_plus)
{
	plus_test();
}
CASE(dir_plus_offsets, "dir.readdirplus-brings-attributes-with-offsets", .apis = T_API3,
     .raw = true, .ops = with_plus, .init = want_plus)
{
	atomic_store(&T->readdir_offsets, 1);
	plus_test();
}

/* A listing may be all that ever tells of set-ID bits: they go before the file changes all the same. */
static void plus_setid(const char *name)
{
	put(S(name), "");
	OK(chmod(S(name), 06777));
	names_of(dir_of(P("")));
	SAW("readdir fh1 / plus");
	OK(setgid(98));
	OK(setuid(99));
	close((int)OK(open(P(name), O_WRONLY | O_TRUNC)));
	SEEN("chmod * 0777", 1);
}
static void with_plus_usual(struct fuse_operations *ops)
{
	plus_name = "usual-name";
	with_plus(ops);
}
#define SETID_LISTED                                                                               \
	.apis = T_API3, .raw = true, .init = want_plus,                                            \
	.opts = "allow_other,attr_timeout=60,entry_timeout=60",                                    \
	.without = "getxattr setxattr listxattr removexattr",                                      \
	.real = "the kernel clears set-id bits"
CASE(dir_plus_setid, "dir.readdirplus-brings-set-id-bits", SETID_LISTED, .ops = with_plus_usual)
{
	plus_setid("usual-name");
}
CASE(dir_plus_setid_short, "dir.readdirplus-brings-set-id-bits-of-a-short-name", SETID_LISTED,
     .ops = with_plus)
{
	plus_setid("a");
}
CASE(dir_plus_setid_offsets, "dir.readdirplus-brings-set-id-bits-with-offsets", SETID_LISTED,
     .ops = with_plus)
{
	atomic_store(&T->readdir_offsets, 1);
	plus_setid("a");
}

static void no_plus(struct fuse_conn_info *conn)
{
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS;
}
CASE(dir_no_plus, "dir.readdirplus-can-be-declined", .apis = T_API3, .raw = true, .ops = with_plus,
     .init = no_plus)
{
	put(S("a"), "12345");
	STR(names_of(dir_of(P(""))), ". .. a");
	SAW("readdir fh1 / plain");
}

static void cache_dir_open(struct fuse_operations *ops);
static int (*real_opendir)(const char *, struct fuse_file_info *);
static int cached_opendir(const char *path, struct fuse_file_info *fi)
{
	fi->cache_readdir = 1;
	fi->keep_cache = 1;
	return real_opendir(path, fi);
}
static void cache_dir_open(struct fuse_operations *ops)
{
	real_opendir = ops->opendir;
	ops->opendir = cached_opendir;
}
CASE(dir_cached, "dir.cache-readdir-reads-once", .apis = T_API3, .raw = true, .ops = cache_dir_open)
{
	put(S("a"), "");
	STR(names_of(dir_of(P(""))), ". .. a");
	int first = t_seen("readdir*");
	STR(names_of(dir_of(P(""))), ". .. a");
	EQ(t_seen("readdir*"), first);
}
#endif

/* Files f000 to f199 in "d", through the backing directory, so that the mount knows nothing of
 * them. */
static void two_hundred_files(void)
{
	char name[32];

	mkdir(S("d"), 0755);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "d/f%03d", i);
		put(S(name), "");
	}
}

static int list_and_stat(bool with_stat)
{
	DIR *d = dir_of(P("d"));
	struct dirent *e;
	struct stat st;
	int n = 0;

	while ((e = readdir(d))) {
		n += e->d_name[0] == 'f';
		if (with_stat && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			FAIL("stat %s: %s", e->d_name, strerror(errno));
	}
	closedir(d);
	return n;
}

/* However the attributes come, each file is asked for once. */
CASE(dir_stat_once, "dir.listing-with-stat-asks-for-each-file-once",
     .raw = true, .opts = "entry_timeout=60,attr_timeout=60",
     .real = "the kernel's cache of names")
{
	two_hundred_files();
	MARK();
	EQ(list_and_stat(true), 200);
	SEEN("getattr /d/f*", 200);
}

/* Readers that look at names only are soon given names only. */
CASE(dir_names_only, "dir.listing-of-names-asks-for-few-files")
{
	two_hundred_files();
	for (int i = 0; i < 20; i++)
		EQ(list_and_stat(false), 200);
	MARK();
	EQ(list_and_stat(false), 200);
	UNSEEN("getattr /d/f*");
}

CASE(dir_plus_off, "dir.readdirplus-option-no", .opts = "readdirplus=no")
{
	two_hundred_files();
	MARK();
	EQ(list_and_stat(false), 200);
	UNSEEN("getattr /d/f*");
}
