/*
 * case_cap.c - what is agreed upon in INIT: what each capability changes, wanted and not, as a
 * client can see it.  Those that have cases elsewhere are in coverage.tsv.
 */
#include "llfs.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/xattr.h>

static void show(struct fuse_conn_info *conn)
{
	atomic_store(&T->word[10], conn->capable);
#if FUSE_API == 2 /* a field of its own there */
	atomic_store(&T->word[11], conn->want | (conn->async_read ? FUSE_CAP_ASYNC_READ : 0));
#else
	atomic_store(&T->word[11], conn->want);
#endif
	atomic_store(&T->word[12], conn->max_readahead);
	atomic_store(&T->word[13], conn->max_write);
}

CASE(cap_shown, "cap.capable-holds-what-the-kernel-offers", .init = show)
{
	OK(stat(P(""), &(struct stat){0}));
	long capable = atomic_load(&T->word[10]), want = atomic_load(&T->word[11]);
	unsigned must = FUSE_CAP_ASYNC_READ | FUSE_CAP_POSIX_LOCKS | FUSE_CAP_ATOMIC_O_TRUNC |
			FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_DONT_MASK | FUSE_CAP_FLOCK_LOCKS |
			FUSE_CAP_IOCTL_DIR;
	YES((capable & must) == must, "0x%lx of 0x%x", capable & must, must);
	YES(!(want & ~capable), "wanted but not offered: 0x%lx", want & ~capable);
	YES(want & FUSE_CAP_ASYNC_READ, "async_read is not wanted");
	YES(!(want & FUSE_CAP_DONT_MASK), "dont_mask is wanted");
	YES(atomic_load(&T->word[12]) >= 4096);
	YES(atomic_load(&T->word[13]) >= 4096);
}

static void small_readahead(struct fuse_conn_info *conn)
{
	conn->max_readahead = 0;
}
CASE(cap_readahead, "cap.max-readahead-of-zero-reads-page-by-page", .init = small_readahead)
{
	char buf[16384];
	put(S("f"), "");
	OK(truncate(S("f"), 65536));
	int fd = OK(open(P("f"), O_RDONLY));
	for (int i = 0; i < 4; i++)
		EQ(pread(fd, buf, 4096, i * 4096L), 4096);
	SEEN("read fh* /f 4096@*", 4);
	SEEN("read *", 4);
}

static void no_locks(struct fuse_conn_info *conn)
{
	conn->want &= ~(unsigned)(FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS);
}
#if FUSE_API == 3
CASE(cap_no_locks, "cap.locks-stay-in-the-kernel-when-not-wanted", .apis = T_API3, .init = no_locks)
#else
CASE(cap_no_locks, "cap.locks-stay-in-the-kernel-by-option", .opts = "no_remote_lock",
     .init = no_locks)
#endif
{
	struct flock l = {.l_type = F_WRLCK};
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLK, &l));
	UNSEEN("lock*");
}

/* a file handle, as an NFS server uses it, finds the file without a path */
static void forever(struct fuse_conn_info *conn)
{
	(void)conn;
	ll_timeout = 100;
}
CASE(cap_handle, "cap.open-by-handle-finds-a-cached-node", .ll = true, .init = forever)
{
	char mem[sizeof(struct file_handle) + 128];
	struct file_handle *h = (void *)mem;
	int id;
	put(P("f"), "12345");
	h->handle_bytes = 128;
	OK(name_to_handle_at(AT_FDCWD, P("f"), h, &id, 0));
	int dir = OK(open(P(""), O_RDONLY | O_DIRECTORY));
	int fd = OK(open_by_handle_at(dir, h, O_RDONLY));
	char buf[9] = "";
	EQ(read(fd, buf, 9), 5);
	STR(buf, "12345");
}

static void below_zero(struct fuse_conn_info *conn)
{
	(void)conn;
	ll_timeout = -3;
}
CASE(ll_below_zero, "ll.timeout-below-zero-is-none", .ll = true, .init = below_zero)
{
	OK(mkdir(P("d"), 0755));
	OK(stat(P("d"), &(struct stat){0}));
	MARK();
	OK(stat(P("d"), &(struct stat){0}));
	SAW("lookup 1/d");
}

/* --- by option, of programs that know nothing of it --------------------------------------------- */

#define WB         .opts = "writeback_cache", .raw = true
#define WB_REMOVED .opts = "writeback_cache,hard_remove", .raw = true
static void small_writes_are_collected(int access)
{
	int fd = OK(open(P("f"), O_CREAT | access, 0644));
	for (int i = 0; i < 100; i++)
		EQ(write(fd, "0123456789", 10), 10);
	UNSEEN("write*");
	OK(fsync(fd));
	SAW("write * /f 1000@0");
	SEEN("write*", 1);
	OK(close(fd));
	EQ(st_of(S("f")).st_size, 1000);
}
CASE(wb_collects, "writeback.option-collects-small-writes", WB)
{
	small_writes_are_collected(O_WRONLY);
}
CASE(wb_around, "writeback.option-reads-around-what-is-written", WB)
{
	put(S("f"), "abcdefgh");
	int fd = OK(open(P("f"), O_WRONLY));
	SAW("open * /f rw*");
	EQ(pwrite(fd, "XY", 2, 3), 2);
	OK(close(fd));
	STR(slurp(S("f")), "abcXYfgh");
}
static void appends(void)
{
	put(S("f"), "start");
	int fd = OK(open(P("f"), O_WRONLY | O_APPEND));
	EQ(write(fd, "-one", 4), 4);
	EQ(write(fd, "-two", 4), 4);
	OK(close(fd));
	STR(slurp(S("f")), "start-one-two");
}
CASE(wb_append, "writeback.option-appends", WB)
{
	appends();
}
static void times_of_open_file(void)
{
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0644));
	EQ(write(fd, "0123456789", 10), 10);
	OK(ftruncate(fd, 4));
	EQ(write(fd, "0123456789", 10), 10);
	OK(fsync(fd)); /* sends size and times, with the handle */
	OK(futimens(fd, (struct timespec[]){{5, 0}, {7, 8}}));
	OK(close(fd));
	EQ(st_of(P("f")).st_mtim.tv_sec, 7);
	EQ(st_of(S("f")).st_size, 20);
}
CASE(wb_times, "writeback.option-times-of-an-open-file", WB)
{
	times_of_open_file();
}
CASE(wb_times_nopath, "writeback.option-times-of-an-open-file-by-its-path", .apis = T_API2,
     .opts = "writeback_cache,nopath", .raw = true)
{
	times_of_open_file();
}
CASE(wb_removed, "writeback.option-times-of-a-removed-file", WB_REMOVED, .apis = T_API3,
     .real = "the kernel's page cache")
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0644));
	EQ(write(fd, "0123456789", 10), 10);
	OK(unlink(P("f")));
	OK(ftruncate(fd, 4));
	EQ(write(fd, "0123456789", 10), 10);
	OK(fsync(fd));
	OK(close(fd));
}
CASE(wb_unreadable, "writeback.option-and-a-file-that-cannot-be-read", WB)
{
	put(S("f"), "");
	force(OP_open, -EACCES, 1);
	int fd = OK(open(P("f"), O_WRONLY));
	SAW("open * /f wo*");
	EQ(write(fd, "0123456789", 10), 10);
	OK(close(fd));
	STR(slurp(S("f")), "0123456789");
}
CASE(wb_off, "writeback.off-unless-asked-for", .opts = "no_writeback_cache")
{
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0644));
	EQ(write(fd, "0", 1), 1);
	SAW("write * /f 1@0");
	OK(close(fd));
}

/* --- FUSE 3's ----------------------------------------------------------------------------------
 */
#if FUSE_API == 3
#define WANT(id, bits)                                                                             \
	static void id(struct fuse_conn_info *conn)                                                \
	{                                                                                          \
		conn->want |= conn->capable & (unsigned)(bits);                                    \
		atomic_store(&T->word[10], (conn->capable & (unsigned)(bits)) != 0);               \
		ll_timeout = 100;                                                                  \
	}
#define REFUSE(id, bits)                                                                           \
	static void id(struct fuse_conn_info *conn)                                                \
	{                                                                                          \
		conn->want &= ~(unsigned)(bits);                                                   \
		ll_timeout = 100;                                                                  \
	}

WANT(writeback, FUSE_CAP_WRITEBACK_CACHE)
CASE(cap_writeback, "cap.writeback-cache-collects-small-writes", .apis = T_API3, .init = writeback,
     .raw = true)
{
	small_writes_are_collected(O_RDWR);
}
CASE(cap_writeback_read, "cap.writeback-cache-reads-what-is-not-written-yet", .apis = T_API3,
     .init = writeback, .raw = true)
{
	char buf[20] = "";
	put(S("f"), "abcdefgh");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(pwrite(fd, "XY", 2, 3), 2);
	EQ(pread(fd, buf, 20, 0), 8);
	STR(buf, "abcXYfgh");
	close(fd);
	STR(slurp(S("f")), "abcXYfgh");
}
CASE(cap_writeback_size, "cap.writeback-cache-size-and-mtime-are-the-kernels", .apis = T_API3,
     .init = writeback, .raw = true)
{
	struct stat st;
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0644));
	EQ(write(fd, "0123456789", 10), 10);
	OK(fstat(fd, &st));
	EQ(st.st_size, 10);
	EQ(st_of(S("f")).st_size, 0);
	OK(utimensat(AT_FDCWD, P("f"), (struct timespec[]){{5, 0}, {7, 8}}, 0));
	close(fd);
	EQ(st_of(P("f")).st_mtim.tv_sec, 7);
	EQ(st_of(S("f")).st_mtim.tv_nsec, 8);
}
/* the kernel reads the page it changes, and appends by itself: as the manual asks of programs */
static int (*plain_open)(const char *, struct fuse_file_info *);
static int open_rw(const char *path, struct fuse_file_info *fi)
{
	fi->flags = (fi->flags & ~(O_ACCMODE | O_APPEND)) | O_RDWR;
	return plain_open(path, fi);
}
static void opens_rw(struct fuse_operations *ops)
{
	plain_open = ops->open;
	ops->open = open_rw;
}
CASE(cap_writeback_append, "cap.writeback-cache-append", .apis = T_API3, .init = writeback,
     .raw = true, .ops = opens_rw)
{
	appends();
}
CASE(cap_writeback_mmap, "cap.writeback-cache-mmap-shared", .apis = T_API3, .init = writeback,
     .raw = true)
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	YES(m != MAP_FAILED);
	m[4] = 'X';
	EQ(pwrite(fd, "Y", 1, 6), 1);
	EQ(m[6], 'Y');
	OK(msync(m, 4096, MS_SYNC));
	OK(fsync(fd));
	STR(slurp(S("f")), "0123X5Y789");
}
CASE(cap_writeback_error, "cap.writeback-cache-error-is-told-by-fsync", .apis = T_API3,
     .init = writeback, .raw = true)
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0644));
	EQ(write(fd, "0123456789", 10), 10);
	force(OP_write, -ENOSPC, -1);
	ERR(fsync(fd), ENOSPC);
	force(OP_write, 0, 0);
}

static void open_enosys(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct t_call c;
	(void)fi;
	ll_begin(&c, OP_open, req, 0, ino, NULL, "%s", "");
	t_end(&c, -ENOSYS);
	fuse_reply_err(req, ENOSYS);
}
static void opendir_enosys(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct t_call c;
	(void)fi;
	ll_begin(&c, OP_opendir, req, 0, ino, NULL, "%s", "");
	t_end(&c, -ENOSYS);
	fuse_reply_err(req, ENOSYS);
}
static void no_open(struct fuse_lowlevel_ops *ops)
{
	ops->open = open_enosys;
	ops->opendir = opendir_enosys;
}
WANT(no_opens, FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT)
CASE(cap_no_open, "cap.open-that-answers-enosys-is-asked-once", .apis = T_API3, .ll = true,
     .init = no_opens, .ll_ops = no_open)
{
	OK(mknod(P("f"), S_IFREG | 0644, 0));
	for (int i = 0; i < 5; i++) {
		int fd = OK(open(P("f"), O_RDWR));
		EQ(write(fd, "hello", 5), 5);
		OK(close(fd));
	}
	STR(slurp(P("f")), "hello");
	SEEN("open *", 1);
	UNSEEN("release *");
}
CASE(cap_no_opendir, "cap.opendir-that-answers-enosys-is-asked-once", .apis = T_API3, .ll = true,
     .init = no_opens, .ll_ops = no_open)
{
	put(S("x"), "");
	OK(mknod(P("f"), S_IFREG | 0644, 0));
	for (int i = 0; i < 3; i++) {
		DIR *d = opendir(P(""));
		int n = 0;
		while (readdir(d))
			n++;
		EQ(n, 3);
		closedir(d);
	}
	SEEN("opendir *", 1);
	UNSEEN("releasedir *");
}

WANT(cache_links, FUSE_CAP_CACHE_SYMLINKS)
CASE(cap_symlinks, "cap.cache-symlinks-reads-a-link-once", .apis = T_API3, .ll = true,
     .init = cache_links)
{
	char buf[20] = "";
	OK(stat(P(""), &(struct stat){0})); /* INIT is answered */
	if (!atomic_load(&T->word[10]))
		t_skip("the kernel does not offer it");
	OK(symlink("target", P("l")));
	for (int i = 0; i < 4; i++)
		EQ(readlink(P("l"), buf, 20), 6);
	STR(buf, "target");
	SEEN("readlink*", 1);
}
REFUSE(no_cache_links, FUSE_CAP_CACHE_SYMLINKS)
CASE(cap_no_symlinks, "cap.symlinks-are-read-each-time-otherwise", .apis = T_API3, .ll = true,
     .init = no_cache_links)
{
	OK(symlink("target", P("l")));
	for (int i = 0; i < 4; i++)
		EQ(readlink(P("l"), (char[20]){0}, 20), 6);
	SEEN("readlink*", 4);
}

static void lookups(long i)
{
	char name[20];
	snprintf(name, sizeof(name), "none%ld", i);
	ERR(stat(P(name), &(struct stat){0}), ENOENT);
}
/* Four lookups in one directory, of which so many are at the program at a time. */
static void four_lookups(int at_a_time)
{
	atomic_int *inside = &T->knob[OP_lookup].blocked;
	pid_t p[4];
	OK(stat(P(""), &(struct stat){0})); /* INIT is answered */
	atomic_store(&T->knob[OP_lookup].block, 1);
	for (long i = 0; i < 4; i++)
		p[i] = spawn(lookups, i);
	WITHIN(5000, atomic_load(inside) >= at_a_time);
	usleep(60000); /* for more than there should be */
	EQ(atomic_load(inside), at_a_time);
	atomic_store(&T->knob[OP_lookup].block, 0);
	for (int i = 0; i < 4; i++)
		EQ(reap(p[i]), 0);
}
WANT(dirops, FUSE_CAP_PARALLEL_DIROPS)
CASE(cap_dirops, "cap.parallel-dirops-lets-lookups-pass-each-other", .apis = T_API3, .ll = true,
     .init = dirops, .modes = T_MODE_POOL)
{
	four_lookups(4);
}
/* shown as wanted before the program says anything; libfuse3.so.4 leaves it to the program */
CASE(cap_dirops_default, "cap.parallel-dirops-is-wanted-by-default", .apis = T_API3, .init = show)
{
	OK(stat(P(""), &(struct stat){0}));
	bool wanted = atomic_load(&T->word[11]) & FUSE_CAP_PARALLEL_DIROPS;
	EQ(wanted, fuse_version() < 317);
}
REFUSE(no_dirops, FUSE_CAP_PARALLEL_DIROPS)
CASE(cap_no_dirops, "cap.without-parallel-dirops-one-lookup-at-a-time", .apis = T_API3, .ll = true,
     .init = no_dirops, .modes = T_MODE_POOL)
{
	four_lookups(1);
}

/* who clears the setuid bit when somebody else writes */
static void write_as_nobody(void)
{
	OK(stat(P(""), &(struct stat){0}));
	put(S("f"), "x");
	OK(chmod(S("f"), 06777));
	int fd = OK(open(P("f"), O_WRONLY));
	OK(setgid(98));
	OK(setuid(99));
	EQ(write(fd, "y", 1), 1);
	close(fd);
}
/* 3.14 shows the capability and does not ask for it: programs rely on being told */
WANT(killpriv, FUSE_CAP_HANDLE_KILLPRIV)
#if FUSE3_ABI >= 4
CASE(cap_killpriv, "cap.handle-killpriv-wanted-the-bits-are-the-programs-matter", .apis = T_API3,
     .opts = "allow_other", .init = killpriv)
{
	write_as_nobody();
	UNSEEN("chmod *");
	EQ(st_of(S("f")).st_mode & 07000, 06000);
}
#else
CASE(cap_killpriv, "cap.handle-killpriv-wanted-the-bits-are-still-cleared", .apis = T_API3,
     .opts = "allow_other", .init = killpriv)
{
	write_as_nobody();
	SAW("chmod /f 0777");
	EQ(st_of(S("f")).st_mode & 07000, 0);
}
#endif
REFUSE(no_killpriv, FUSE_CAP_HANDLE_KILLPRIV)
CASE(cap_no_killpriv, "cap.without-handle-killpriv-the-kernel-asks-for-a-chmod", .apis = T_API3,
     .opts = "allow_other", .init = no_killpriv)
{
	write_as_nobody();
	SAW("chmod /f 0777");
	SAW("write * /f 1@0");
	EQ(st_of(S("f")).st_mode & 07000, 0);
}

/* data that changed behind the kernel's back, seen by the modification time */
static void change_behind(const char *expect, int reads)
{
	char buf[9] = "";
	put(S("f"), "old");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, buf, 8, 0), 3);
	put(S("f"), "new");
	OK(utimensat(AT_FDCWD, S("f"), (struct timespec[]){{1, 0}, {2, 0}}, 0));
	MARK();
	OK(fstat(fd, &(struct stat){0}));
	EQ(pread(fd, buf, 8, 0), 3);
	STR(buf, expect);
	SEEN("read *", reads);
}
static void keep(struct fuse_config *cfg)
{
	cfg->kernel_cache = 1;
}
WANT(auto_inval, FUSE_CAP_AUTO_INVAL_DATA)
CASE(cap_auto_inval, "cap.auto-inval-data-drops-data-when-mtime-changes", .apis = T_API3,
     .init = auto_inval, .config = keep)
{
	change_behind("new", 1);
}
REFUSE(no_auto_inval, FUSE_CAP_AUTO_INVAL_DATA)
CASE(cap_no_auto_inval, "cap.without-auto-inval-data-only-the-size-counts", .apis = T_API3,
     .init = no_auto_inval, .config = keep)
{
	change_behind("old", 0);
}
static void explicit_inval(struct fuse_conn_info *conn)
{
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
	conn->want |= FUSE_CAP_EXPLICIT_INVAL_DATA;
}
CASE(cap_explicit, "cap.explicit-inval-data-keeps-data-whatever-the-size", .apis = T_API3,
     .init = explicit_inval, .config = keep)
{
	char buf[9] = "";
	put(S("f"), "old");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, buf, 8, 0), 3);
	put(S("f"), "new and longer");
	OK(fstat(fd, &(struct stat){0}));
	EQ(pread(fd, buf, 3, 0), 3);
	buf[3] = 0;
	STR(buf, "old");
}

WANT(acl, FUSE_CAP_POSIX_ACL)
CASE(cap_acl, "cap.posix-acl-goes-through-as-an-attribute", .apis = T_API3, .init = acl,
     .opts = "default_permissions")
{
	OK(stat(P(""), &(struct stat){0})); /* INIT is answered */
	if (!atomic_load(&T->word[10]))
		t_skip("the kernel does not offer it");
	put(S("f"), "");
	OK(chmod(S("f"), 0644));
	/* version 2; owner rw-, group r--, other r-- */
	static const unsigned char list[] = {2,   0,   0, 0, 1,   0,   6,   0,   255, 255,
					     255, 255, 4, 0, 4,   0,   255, 255, 255, 255,
					     32,  0,   4, 0, 255, 255, 255, 255};
	OK(setxattr(P("f"), "system.posix_acl_access", list, sizeof(list), 0));
	SAW("setxattr /f system.posix_acl_access 28 0");
}

static void wants_what_is_not_there(struct fuse_conn_info *conn)
{
	conn->want |= 1u << 2; /* no release gave it a meaning */
}
CASE(cap_too_much, "cap.what-is-not-offered-cannot-be-wanted", .apis = T_API3,
     .init = wants_what_is_not_there, .any_exit = true, .no_mount = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s) && WEXITSTATUS(s) != 0, "status 0x%x", s);
}
#endif
