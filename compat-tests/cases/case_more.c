/*
 * case_more.c - directories under change, races, locks of every kind, signals in the middle of
 * operations, 32-bit ioctl, block numbers: what has a case nowhere else.
 */
#include "conform.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <linux/loop.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* --- directories --------------------------------------------------------------------------------
 */

static int entries(DIR *d)
{
	int n = 0;
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	return n;
}

CASE(more_lengths, "dir.names-of-every-length")
{
	char name[256];
	bool seen[256] = {0};
	for (int i = 1; i < 256; i++) {
		memset(name, 'a', (size_t)i);
		name[i] = 0;
		close((int)OK(open(S(name), O_CREAT | O_WRONLY, 0600)));
	}
	for (int offsets = 0; offsets < 2; offsets++) {
		atomic_store(&T->readdir_offsets, offsets);
		DIR *d = opendir(P(""));
		memset(seen, 0, sizeof(seen));
		for (struct dirent *e; (e = readdir(d));)
			if (e->d_name[0] == 'a') {
				YES(!seen[strlen(e->d_name)], "twice: %s", e->d_name);
				seen[strlen(e->d_name)] = true;
			}
		closedir(d);
		for (int i = 1; i < 256; i++)
			YES(seen[i], "name of %d bytes is missing", i);
	}
}

static void adding(bool offsets)
{
	char name[20];
	int n = 0;
	atomic_store(&T->readdir_offsets, offsets);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "old%d", i);
		close((int)OK(open(S(name), O_CREAT | O_WRONLY, 0600)));
	}
	DIR *d = opendir(P(""));
	for (struct dirent *e; (e = readdir(d));) {
		if (strncmp(e->d_name, "old", 3))
			continue;
		snprintf(name, sizeof(name), "new%d", n++);
		put(P(name), "");
	}
	closedir(d);
	EQ(n, 500); /* each old one once, whatever of the new ones */
	d = opendir(P(""));
	EQ(entries(d), 1000);
	closedir(d);
}
CASE(more_adding, "dir.adding-while-reading")
{
	adding(false);
}
CASE(more_adding_off, "dir.adding-while-reading-with-offsets")
{
	adding(true);
}

static void seeking(bool offsets)
{
	char name[20];
	long at[400];
	static char first[400][256];
	int n = 0;
	atomic_store(&T->readdir_offsets, offsets);
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		close((int)OK(open(S(name), O_CREAT | O_WRONLY, 0600)));
	}
	DIR *d = opendir(P(""));
	for (;;) {
		long pos = telldir(d);
		struct dirent *e = readdir(d);
		if (!e)
			break;
		if (n < 400) {
			at[n] = pos;
			strcpy(first[n++], e->d_name);
		}
	}
	for (int i = 0; i < 400; i++) {
		int k = (i * 163) % 400;
		seekdir(d, at[k]);
		STR(readdir(d)->d_name, first[k]);
	}
	closedir(d);
}
CASE(more_seek, "dir.four-hundred-seeks")
{
	seeking(false);
}
CASE(more_seek_off, "dir.four-hundred-seeks-with-offsets")
{
	seeking(true);
}

CASE(more_small_buffer, "dir.reading-with-a-small-buffer")
{
	char name[40], buf[sizeof(struct dirent64)];
	int n = 0;
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "a-name-of-some-length-%d", i);
		close((int)OK(open(S(name), O_CREAT | O_WRONLY, 0600)));
	}
	int fd = OK(open(P(""), O_RDONLY | O_DIRECTORY));
	for (ssize_t got; (got = getdents64(fd, buf, 64)) > 0;)
		for (ssize_t i = 0; i < got; i += ((struct dirent64 *)(buf + i))->d_reclen)
			n++;
	EQ(n, 32);
}

CASE(more_rm_r, "dir.removing-a-tree-as-rm-does", .timeout = 40)
{
	char cmd[300];
	snprintf(cmd, sizeof(cmd),
		 "cd %s && for i in 1 2 3 4 5; do mkdir -p t/$i/a/b; touch t/$i/f t/$i/a/g "
		 "t/$i/a/b/h; done && cp -a t u && mv u/1 t/1/moved && rm -r t u",
		 P(""));
	EQ(system(cmd), 0);
	DIR *d = opendir(S(""));
	EQ(entries(d), 0);
	closedir(d);
}

/* --- races --------------------------------------------------------------------------------------
 */

static void create_excl(long no)
{
	for (int i = 0; i < 100; i++) {
		char name[20];
		snprintf(name, sizeof(name), "x%d", i);
		int fd = open(P(name), O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd >= 0) {
			atomic_fetch_add(&T->word[1 + i % 50], 1);
			close(fd);
		} else if (errno != EEXIST) {
			FAIL("process %ld, %s: %s", no, name, strerror(errno));
		}
	}
}
CASE(more_excl, "race.exclusive-creation-has-one-winner", .timeout = 40)
{
	at_once_in(6, create_excl);
	for (int i = 0; i < 50; i++)
		EQ(atomic_load(&T->word[1 + i]), 2);
}

static void open_and_read(long n)
{
	for (long i = 0; i < n; i++) {
		char buf[4] = "";
		int fd = open(P("f"), O_RDONLY);
		if (fd < 0) {
			YES(errno == ENOENT, "%s", strerror(errno));
			continue;
		}
		/* whatever happened to the name: the file that was opened is whole */
		EQ(read(fd, buf, 4), 3);
		YES(!strcmp(buf, "abc"), "%s", buf);
		close(fd);
	}
}
static void replace(long n)
{
	for (long i = 0; i < n; i++) {
		put(P("new"), "abc");
		OK(rename(P("new"), P("f")));
	}
}
static void take_away(long n)
{
	for (long i = 0; i < n; i++) {
		put(P("other"), "abc");
		OK(rename(P("other"), P("f")));
		if (unlink(P("f")))
			YES(errno == ENOENT, "%s", strerror(errno));
	}
}
CASE(more_replace, "race.open-against-rename-over", .timeout = 40)
{
	put(P("f"), "abc");
	pid_t w = spawn(replace, 150), a = spawn(open_and_read, 150), b = spawn(open_and_read, 150);
	EQ(reap(w), 0);
	EQ(reap(a), 0);
	EQ(reap(b), 0);
	STR(slurp(P("f")), "abc");
}
CASE(more_unlink, "race.open-against-unlink", .timeout = 40)
{
	pid_t w = spawn(take_away, 150), a = spawn(open_and_read, 200),
	      b = spawn(open_and_read, 200);
	EQ(reap(w), 0);
	EQ(reap(a), 0);
	EQ(reap(b), 0);
	DIR *d = opendir(P(""));
	YES(entries(d) <= 1);
	closedir(d);
}

static void exchange(long n)
{
	for (long i = 0; i < n; i++) {
		OK(rename(P("a/x"), P("b/x")));
		OK(rename(P("b/x"), P("a/x")));
	}
}
static void look(long n)
{
	for (long i = 0; i < n; i++) {
		int found = !access(P("a/x/f"), F_OK) + !access(P("b/x/f"), F_OK);
		YES(found <= 2);
		int fd = open(P("a/x/f"), O_RDONLY);
		if (fd >= 0) {
			EQ(read(fd, (char[2]){0}, 2), 1);
			close(fd);
		}
	}
}
CASE(more_dirs, "race.directory-moved-between-two-others", .timeout = 40)
{
	OK(mkdir(S("a"), 0755));
	OK(mkdir(S("b"), 0755));
	OK(mkdir(S("a/x"), 0755));
	put(S("a/x/f"), "1");
	pid_t m = spawn(exchange, 150), l = spawn(look, 200);
	EQ(reap(m), 0);
	EQ(reap(l), 0);
	STR(slurp(P("a/x/f")), "1");
}

/* --- locks --------------------------------------------------------------------------------------
 */

CASE(more_ofd, "lock.open-file-description-locks")
{
	struct flock l = {.l_type = F_WRLCK, .l_start = 0, .l_len = 10};
	put(S("f"), "x");
	int a = OK(open(P("f"), O_RDWR)), b = OK(open(P("f"), O_RDWR));
	OK(fcntl(a, F_OFD_SETLK, &l));
	SAW_RET("lock fh1 /f set wr 0+10", 0);
	ERR(fcntl(b, F_OFD_SETLK, &l), EAGAIN); /* of the same process, and still another owner */
	struct flock q = {.l_type = F_WRLCK, .l_start = 5, .l_len = 1};
	OK(fcntl(b, F_OFD_GETLK, &q));
	EQ(q.l_type, F_WRLCK);
	l.l_type = F_UNLCK;
	OK(fcntl(a, F_OFD_SETLK, &l));
	l.l_type = F_WRLCK;
	OK(fcntl(b, F_OFD_SETLK, &l));
}

CASE(more_upgrade, "lock.posix-upgrade-and-downgrade")
{
	struct flock l = {.l_type = F_RDLCK, .l_start = 1, .l_len = 4};
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLK, &l));
	l.l_type = F_WRLCK;
	OK(fcntl(fd, F_SETLK, &l));
	SAW_RET("lock fh1 /f set wr 1+4", 0);
	l.l_type = F_RDLCK;
	OK(fcntl(fd, F_SETLK, &l));
	SAW_RET("lock fh1 /f set rd 1+4", 0);
}

CASE(more_lock_range, "lock.posix-ranges-beyond-4-gib-and-from-the-end")
{
	struct flock l = {.l_type = F_WRLCK, .l_start = 6LL << 32, .l_len = 1LL << 32};
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLK, &l));
	SAW_RET("lock fh1 /f set wr 25769803776+4294967296", 0);
	l = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_END, .l_start = -3};
	OK(fcntl(fd, F_SETLK, &l));
	SAW_RET("lock fh1 /f set rd 7+0", 0);
}

CASE(more_deadlk, "lock.deadlock-that-the-program-finds")
{
	struct flock l = {.l_type = F_WRLCK};
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	force(OP_lock, -EDEADLK, 1);
	ERR(fcntl(fd, F_SETLKW, &l), EDEADLK);
	SAW_RET("lock fh1 /f * wr 0+0", -EDEADLK); /* with -s nothing waits */
}

static void locks_b_then_a(long arg)
{
	struct flock a = {.l_type = F_WRLCK, .l_start = 0, .l_len = 1}, b = a;
	(void)arg;
	b.l_start = 1;
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLKW, &b));
	atomic_store(&T->word[1], 1);
	OK(fcntl(fd, F_SETLKW, &a));
}
CASE(more_deadlk_local, "lock.deadlock-that-the-kernel-finds-without-lock", .without = "lock")
{
	struct flock a = {.l_type = F_WRLCK, .l_start = 0, .l_len = 1}, b = a;
	put(S("f"), "x");
	b.l_start = 1;
	int fd = OK(open(P("f"), O_RDWR));
	OK(fcntl(fd, F_SETLK, &a));
	pid_t p = spawn(locks_b_then_a, 0);
	WITHIN(3000, atomic_load(&T->word[1]));
	usleep(30000);
	ERR(fcntl(fd, F_SETLKW, &b), EDEADLK);
	close(fd);
	EQ(reap(p), 0);
}

CASE(more_flock_convert, "lock.flock-converts-shared-to-exclusive")
{
	put(S("f"), "x");
	int a = OK(open(P("f"), O_RDWR)), b = OK(open(P("f"), O_RDWR));
	OK(flock(a, LOCK_SH));
	OK(flock(b, LOCK_SH));
	ERR(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(flock(b, LOCK_UN));
	OK(flock(a, LOCK_EX | LOCK_NB));
	ERR(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
}

#if FUSE_API == 2
/* The lock manager's library beside the library under test; no helper program is in reach. */
CASE(more_ulockmgr, "lock.ulockmgr-needs-no-helper", .apis = T_API2, .only = "getattr init destroy")
{
	int (*op)(int, int, struct flock *, const void *, size_t);
	struct flock l = {.l_type = F_WRLCK, .l_len = 10}, m = l;
	char name[PATH_MAX];
	Dl_info self;
	YES(dladdr((void *)fuse_main_real, &self));
	snprintf(name, sizeof(name) - 20, "%s", self.dli_fname);
	strcpy(strrchr(name, '/') + 1, "libulockmgr.so.1");
	void *lib = dlopen(name, RTLD_NOW);
	if (!lib)
		t_skip("there is no %s", name);
	op = dlsym(lib, "ulockmgr_op");
	setenv("PATH", "/nowhere", 1);
	int fd = OK(open(S("f"), O_CREAT | O_RDWR, 0600));
	EQ(op(fd, F_SETLK, &l, "a", 1), 0);
	EQ(op(fd, F_SETLK, &m, "b", 1), -EAGAIN);
	l.l_type = F_UNLCK;
	EQ(op(fd, F_SETLK, &l, "a", 1), 0);
	EQ(op(fd, F_SETLK, &m, "b", 1), 0);
	m.l_type = F_UNLCK;
	EQ(op(fd, F_SETLK, &m, "b", 1), 0);
}
#endif

/* --- signals in the middle ----------------------------------------------------------------------
 */

static void stuck_read(long arg)
{
	(void)arg;
	int fd = OK(open(P("f"), O_RDONLY));
	read(fd, (char[9]){0}, 8);
}
static void stuck_write(long arg)
{
	(void)arg;
	int fd = OK(open(P("f"), O_WRONLY));
	write(fd, "x", 1);
}
static void stuck_create(long arg)
{
	(void)arg;
	open(P("new"), O_CREAT | O_WRONLY, 0600);
}
static void stuck_rename(long arg)
{
	(void)arg;
	rename(P("f"), P("g"));
}
static void stuck_readdir(long arg)
{
	(void)arg;
	DIR *d = opendir(P(""));
	readdir(d);
}
/* The victim is killed in the operation; afterwards the file system works as before. */
static void kill_in(enum t_op op, void (*fn)(long))
{
	put(S("f"), "x");
	atomic_store(&T->knob[op].block, 1);
	pid_t p = spawn(fn, 0);
	WITHIN(3000, atomic_load(&T->knob[op].blocked) == 1);
	OK(kill(p, SIGKILL));
	usleep(20000);
	atomic_store(&T->knob[op].block, 0);
	EQ(reap(p), 128 + SIGKILL);
	put(P("after"), "works");
	STR(slurp(P("after")), "works");
}
CASE(more_kill_read, "intr.sigkill-in-read", .modes = T_MODE_POOL)
{
	kill_in(OP_read, stuck_read);
}
CASE(more_kill_write, "intr.sigkill-in-write", .modes = T_MODE_POOL)
{
	kill_in(OP_write, stuck_write);
}
/* the program does not notice, and its answer comes when nobody waits any more */
static void kill_before_the_answer(enum t_op op, void (*fn)(long))
{
	put(S("f"), "x");
	atomic_store(&T->knob[op].delay_ms, 10000);
	pid_t p = spawn(fn, 0);
	WITHIN(3000, atomic_load(&T->count[op]) == 1);
	OK(kill(p, SIGKILL));
	usleep(20000);
	atomic_store(&T->knob[op].delay_ms, 0);
	EQ(reap(p), 128 + SIGKILL);
}
CASE(more_kill_create, "intr.sigkill-in-create-releases-the-handle", .modes = T_MODE_POOL)
{
	kill_before_the_answer(OP_create, stuck_create);
	SAW_RET("create fh1 /new *", 0);
	SAW("release fh1 *");
}
static void stuck_open(long arg)
{
	(void)arg;
	open(P("f"), O_RDONLY);
}
CASE(more_kill_open, "intr.sigkill-in-open-releases-the-handle", .modes = T_MODE_POOL)
{
	kill_before_the_answer(OP_open, stuck_open);
	SAW_RET("open fh1 /f ro", 0);
	SAW("release fh1 *");
}
static void stuck_opendir(long arg)
{
	(void)arg;
	opendir(P(""));
}
CASE(more_kill_opendir, "intr.sigkill-in-opendir-releases-the-handle", .modes = T_MODE_POOL)
{
	kill_before_the_answer(OP_opendir, stuck_opendir);
	SAW_RET("opendir fh1 /", 0);
	SAW("releasedir fh1 *");
}
CASE(more_kill_rename, "intr.sigkill-in-rename", .modes = T_MODE_POOL)
{
	kill_before_the_answer(OP_rename, stuck_rename);
	WITHIN(3000, !access(P("g"), F_OK));
	ERR(access(P("f"), F_OK), ENOENT);
}
CASE(more_kill_readdir, "intr.sigkill-in-readdir", .modes = T_MODE_POOL)
{
	kill_in(OP_readdir, stuck_readdir);
	SAW("releasedir fh*");
}

static void on_signal(int sig)
{
	(void)sig;
}
/* a cached read waits for its page whatever signal comes */
OPENED_WITH(direct, direct_io)
static void interrupted_read(long arg)
{
	(void)arg;
	struct sigaction a = {.sa_handler = on_signal};
	sigaction(SIGINT, &a, NULL);
	int fd = OK(open(P("f"), O_RDONLY));
	ERR(read(fd, (char[9]){0}, 8), EINTR);
}
CASE(more_sigint, "intr.option-sigint-ends-a-read-with-eintr", .modes = T_MODE_POOL, SETTING(intr),
     .ops = direct)
{
	put(S("f"), "x");
	atomic_store(&T->knob[OP_read].block, 1);
	pid_t p = spawn(interrupted_read, 0);
	WITHIN(3000, atomic_load(&T->knob[OP_read].blocked) == 1);
	OK(kill(p, SIGINT));
	EQ(reap(p), 0);
	atomic_store(&T->knob[OP_read].block, 0);
}

/* --- extended attributes ------------------------------------------------------------------------
 */

CASE(more_xattr_sizes, "xattr.sizes-around-64-kib")
{
	static char big[65537];
	put(S("f"), "");
	memset(big, 'v', sizeof(big));
	force(OP_setxattr, 0, -1);
	OK(setxattr(P("f"), "user.n", big, 65535, 0));
	OK(setxattr(P("f"), "user.n", big, 65536, 0));
	ERR(setxattr(P("f"), "user.n", big, 65537, 0), E2BIG);
	SAW("setxattr /f user.n 65535 0");
	SAW("setxattr /f user.n 65536 0");
	SEEN("setxattr*", 2);
}

static int long_list(const char *path, char *list, size_t size)
{
	(void)path;
	size_t n = 65536;
	if (!size)
		return (int)n;
	if (size < n)
		return -ERANGE;
	for (size_t i = 0; i < n; i += 64)
		snprintf(list + i, 64, "user.%058zu", i);
	return (int)n;
}
static void lists(struct fuse_operations *ops)
{
	ops->listxattr = long_list;
}
CASE(more_xattr_list, "xattr.list-of-64-kib", .ops = lists)
{
	static char list[65536];
	put(S("f"), "");
	EQ(listxattr(P("f"), NULL, 0), 65536);
	ERR(listxattr(P("f"), list, 65535), ERANGE);
	EQ(listxattr(P("f"), list, 65536), 65536);
	EQ(strlen(list + 65536 - 64), 63);
}

CASE(more_xattr_name, "xattr.name-of-256-bytes-is-refused")
{
	char name[300] = "user.";
	put(S("f"), "");
	memset(name + 5, 'n', 251);
	ERR(setxattr(P("f"), name, "v", 1, 0), ERANGE);
	UNSEEN("setxattr*");
}

CASE(more_xattr_dir, "xattr.of-a-directory-and-of-an-open-file")
{
	char buf[8] = "";
	OK(mkdir(P("d"), 0755));
	OK(setxattr(P("d"), "user.n", "dir", 3, 0));
	SAW("setxattr /d user.n 3 0");
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	OK(fsetxattr(fd, "user.n", "file", 4, 0));
	SAW("setxattr /f user.n 4 0");
	EQ(fgetxattr(fd, "user.n", buf, 8), 4);
	STR(buf, "file");
	OK(fremovexattr(fd, "user.n"));
}

/* --- ioctl of a 32-bit program ------------------------------------------------------------------
 */

#ifdef __x86_64__
static long ioctl_32(int fd, unsigned cmd, void *arg)
{
	long r;
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(54L), "b"((long)fd), "c"((long)cmd), "d"((long)(uintptr_t)arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}
static int plain_ioctl(const char *path, unsigned cmd, void *data, unsigned flags)
{
	struct t_call c;
	t_begin(&c, OP_ioctl, NULL, 0, path, "%x %x", cmd, flags);
	memcpy(T->data, data, 4);
	memcpy(data, "back", 4);
	return (int)t_end(&c, 5);
}
#if FUSE_API == 2
static int flags_ioctl(const char *path, int cmd, void *arg, struct fuse_file_info *fi,
		       unsigned flags, void *data)
{
	(void)arg, (void)fi;
	return plain_ioctl(path, (unsigned)cmd, data, flags);
}
#else
static int flags_ioctl(const char *path, unsigned cmd, void *arg, struct fuse_file_info *fi,
		       unsigned flags, void *data)
{
	(void)arg, (void)fi;
	return plain_ioctl(path, cmd, data, flags);
}
#endif
static void shows_flags(struct fuse_operations *ops)
{
	ops->ioctl = flags_ioctl;
}
CASE(more_ioctl_32, "ioctl.of-a-32-bit-program", .ops = shows_flags)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	strcpy(low, "into");
	long r = ioctl_32(fd, _IOWR('T', 9, char[4]), low);
	if (r == -ENOSYS)
		t_skip("the kernel runs no 32-bit programs");
	EQ(r, 5);
	YES(!memcmp(T->data, "into", 4) && !memcmp(low, "back", 4));
	YES(t_seen("ioctl /f c0045409 *") == 1);
	const struct t_event *e = SAW("ioctl /f c0045409 *");
	unsigned flags = (unsigned)strtoul(strrchr(e->text, ' '), NULL, 16);
	YES(flags & FUSE_IOCTL_COMPAT, "flags %x", flags);
	EQ(ioctl(fd, _IOWR('T', 9, char[4]), low), 5);
	e = SAW("ioctl /f c0045409 *");
	flags = (unsigned)strtoul(strrchr(e->text, ' '), NULL, 16);
	YES(!(flags & FUSE_IOCTL_COMPAT), "flags %x", flags);
}
#endif

/* --- hidden names -------------------------------------------------------------------------------
 */

/* The names a library would hide the file under are somebody's already: they stay theirs. */
CASE(more_hidden_taken, "name.hidden-name-that-is-taken-is-left-alone")
{
	char name[40];
	for (int i = 1; i <= 100; i++) {
		snprintf(name, sizeof(name), ".fuse_hidden%08x%08x", i, 1);
		put(S(name), "theirs");
	}
	put(S("f"), "mine");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(unlink(P("f")));
	SAW_RET("rename /f /.fuse_hidden*", 0);
	EQ(read(fd, name, sizeof(name)), 4);
	close(fd);
	SAW("unlink /.fuse_hidden*");
	for (int i = 1; i <= 100; i++) {
		snprintf(name, sizeof(name), ".fuse_hidden%08x%08x", i, 1);
		STR(slurp(S(name)), "theirs");
	}
}

/* A program whose link() links another file that looks the same in all but its number. */
static int link_of_the_twin(const char *from, const char *to)
{
	char old[200], new[200];
	(void)from;
	snprintf(old, sizeof(old), "%s/b1", T->src);
	snprintf(new, sizeof(new), "%s%s", T->src, to);
	return link(old, new) ? -errno : 0;
}
static void links_the_twin(struct fuse_operations *ops)
{
	ops->link = link_of_the_twin;
}
CASE(more_twin, "name.link-that-gives-a-twin-is-not-one-file", .ops = links_the_twin, .raw = true)
{
	struct timespec t[2] = {{100, 0}, {100, 0}};
	put(S("a1"), "aaaa");
	put(S("b1"), "bbbb");
	OK(utimensat(AT_FDCWD, S("a1"), t, 0));
	OK(utimensat(AT_FDCWD, S("b1"), t, 0));
	OK(link(S("a1"), S("a2")));
	OK(link(S("a1"), S("a3")));
	OK(link(S("b1"), S("b2")));
	STR(slurp(P("a1")), "aaaa");
	OK(link(P("a1"), P("new")));
	STR(slurp(P("new")), "bbbb");
	YES(st_of(P("new")).st_ino != st_of(P("a1")).st_ino);
}

/* Positions come from the kernel, and there from anybody who can seek. */
CASE(more_seek_anywhere, "dir.seek-to-a-position-that-is-none-brings-no-garbage")
{
	char buf[1024];
	for (int i = 0; i < 20; i++)
		put(S((char[]){'a', (char)('a' + i), 0}), "");
	int fd = OK(open(P(""), O_RDONLY | O_DIRECTORY));
	OK(getdents64(fd, buf, sizeof(buf)));
	for (long pos = 1; pos < 400; pos++) {
		OK(lseek(fd, pos, SEEK_SET));
		ssize_t n = getdents64(fd, buf, sizeof(buf));
		if (n < 0)
			EQ(errno, EINVAL);
		for (ssize_t i = 0; i < n; i += ((struct dirent64 *)(buf + i))->d_reclen) {
			const char *name = ((struct dirent64 *)(buf + i))->d_name;
			YES(name[0] == '.' || (name[0] == 'a' && strlen(name) == 2), "\"%s\"",
			    name);
		}
	}
}

/* --- what an ioctl that only reads starts from --------------------------------------------------
 */

#if FUSE_API == 2
#define T_IOCTL_CMD int
#else
#define T_IOCTL_CMD unsigned
#endif
static int counts_dirt(const char *path, T_IOCTL_CMD cmd, void *arg, struct fuse_file_info *fi,
		       unsigned flags, void *data)
{
	(void)path, (void)arg, (void)fi, (void)flags;
	for (size_t i = 0; i < _IOC_SIZE(cmd); i++)
		if (((char *)data)[i])
			atomic_fetch_add(&T->word[1], 1);
	return 3;
}
static void counting(struct fuse_operations *ops)
{
	ops->ioctl = counts_dirt;
}
CASE(more_ioctl_clean, "ioctl.that-reads-starts-from-zeros", .ops = counting, .modes = T_MODE_S)
{
	char buf[2000];
	memset(buf, 'x', sizeof(buf));
	buf[1999] = 0;
	put(S("f"), buf);
	int fd = OK(open(P("f"), O_RDWR));
	for (int i = 0; i < 5; i++) {
		EQ(pread(fd, buf, sizeof(buf), 0),
		   1999); /* leaves its bytes where it was read to */
		EQ(ioctl(fd, _IOR('Z', 1, char[1000]), buf), 3);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	EQ(atomic_load(&T->word[1]), 0);
}

/* --- answers longer than asked for ---------------------------------------------------------------
 */

/* What the program meant is that the buffer is too small. */
CASE(more_xattr_long, "xattr.answer-longer-than-the-buffer-is-erange")
{
	char buf[8];
	put(S("f"), "");
	force(OP_getxattr, 100, -1);
	ERR(getxattr(P("f"), "user.n", buf, sizeof(buf)), ERANGE);
	force(OP_listxattr, 100, -1);
	ERR(listxattr(P("f"), buf, sizeof(buf)), ERANGE);
}
