/*
 * Mounts, serves one file and ends, with one allocation (or one new descriptor) failing: the first
 * one, the second one, until none is left that could fail. Each time: no crash and no hang, nothing
 * stays mounted, no descriptor, thread or memory is left, and what failed has been said.
 *   usage: nomem main|path|request MOUNTPOINT [OPTION]
 */
#include "one_file.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>
#include <dirent.h>

/* ---- allocations ---------------------------------------------------------------------------- */

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define REAL(name)      __interceptor_##name
#define LEAKS_IGNORE(p) __lsan_ignore_object(p)
#else
#define REAL(name)      __libc_##name
#define LEAKS_IGNORE(p) (void)(p)
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *p, size_t size);
void *REAL(memalign)(size_t align, size_t size);
void REAL(free)(void *p);

static __thread bool immune;         /* the client: not what is tested */
static unsigned long count, fail_at; /* from the beginning of a round; 0: none fails */
static bool for_good;                /* and all that follow */
static bool failed;
#define CALLS_MAX 24
static void *calls[CALLS_MAX]; /* where it was */
static int calls_n;

static bool fails(void)
{
	unsigned long n;

	if (immune || !__atomic_load_n(&fail_at, __ATOMIC_SEQ_CST))
		return false;
	n = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
	if (for_good ? n < fail_at : n != fail_at)
		return false;
	if (!failed) {
		immune = true;
		calls_n = backtrace(calls, CALLS_MAX);
		immune = false;
		failed = true;
	}
	errno = ENOMEM;
	return true;
}

/* What is allocated in a round and not freed yet. The loader's own (threads' areas) is not asked.
 */
#define LIVE_MAX 65536
static struct live {
	void *p;
	void *caller;
	size_t size;
} live[LIVE_MAX];
static bool noting;
static uintptr_t loader_begin, loader_end;
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;

static void note(void *p, size_t size, void *caller)
{
	if (!p)
		return;
	if ((uintptr_t)caller >= loader_begin && (uintptr_t)caller < loader_end) {
		LEAKS_IGNORE(p);
		return;
	}
	if (!noting || immune)
		return;
	pthread_mutex_lock(&live_lock);
	for (size_t i = (uintptr_t)p / 16 % LIVE_MAX;; i = (i + 1) % LIVE_MAX)
		if (!live[i].p || live[i].p == (void *)1) {
			live[i] = (struct live){p, caller, size};
			break;
		}
	pthread_mutex_unlock(&live_lock);
}

static void forget(void *p)
{
	if (!p || !noting)
		return;
	pthread_mutex_lock(&live_lock);
	for (size_t i = (uintptr_t)p / 16 % LIVE_MAX; live[i].p; i = (i + 1) % LIVE_MAX)
		if (live[i].p == p) {
			live[i].p = (void *)1; /* as a gap it must not end a search */
			break;
		}
	pthread_mutex_unlock(&live_lock);
}

void *malloc(size_t size)
{
	void *p = fails() ? NULL : REAL(malloc)(size);

	note(p, size, __builtin_return_address(0));
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = fails() ? NULL : REAL(calloc)(n, size);

	note(p, n * size, __builtin_return_address(0));
	return p;
}

void *realloc(void *old, size_t size)
{
	void *p;

	if (fails())
		return NULL;
	forget(old);
	p = REAL(realloc)(old, size);
	note(p, size, __builtin_return_address(0));
	return p;
}

void *aligned_alloc(size_t align, size_t size)
{
	void *p = fails() ? NULL : REAL(memalign)(align, size);

	note(p, size, __builtin_return_address(0));
	return p;
}

int posix_memalign(void **out, size_t align, size_t size)
{
	void *p = fails() ? NULL : REAL(memalign)(align, size);

	note(p, size, __builtin_return_address(0));
	*out = p;
	return p ? 0 : ENOMEM;
}

void free(void *p)
{
	forget(p);
	REAL(free)(p);
}

/* Also memory: mappings of the library's, and new threads. */
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	static void *(*real)(void *, size_t, int, int, int, off_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "mmap");
	return fails() ? MAP_FAILED : real(addr, len, prot, flags, fd, off);
}

int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (!real)
		real = dlsym(RTLD_NEXT, "pthread_create");
	return fails() ? EAGAIN : real(t, attr, start, arg);
}

/* What the loader does without memory is not our matter. */
void *dlopen(const char *name, int flags)
{
	static void *(*real)(const char *, int);
	bool before = immune;
	void *handle;

	if (!real)
		real = dlsym(RTLD_NEXT, "dlopen");
	immune = true;
	handle = real(name, flags);
	immune = before;
	return handle;
}

#ifdef __SANITIZE_ADDRESS__
/* Its own call, at each thread's start. */
int pthread_getattr_np(pthread_t t, pthread_attr_t *attr)
{
	static int (*real)(pthread_t, pthread_attr_t *);
	bool before = immune;
	int res;

	if (!real)
		real = dlsym(RTLD_NEXT, "pthread_getattr_np");
	immune = true;
	res = real(t, attr);
	immune = before;
	return res;
}
#endif

static int find_loader(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size, (void)data;
	if (!strstr(info->dlpi_name, "/ld-linux"))
		return 0;
	loader_begin = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			loader_end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr +
				     info->dlpi_phdr[i].p_memsz;
	return 1;
}

/* ---- the client ----------------------------------------------------------------------------- */

static const char *mountpoint, *option;
static pthread_mutex_t client_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t client_cond = PTHREAD_COND_INITIALIZER;
static enum { WAIT, GO, DONE, END } client_state;
static bool was_read;
static bool early;             /* it is sent before there is a mount */
static volatile bool returned; /* there will be none */

static void client_set(int state)
{
	pthread_mutex_lock(&client_lock);
	client_state = state;
	pthread_cond_broadcast(&client_cond);
	pthread_mutex_unlock(&client_lock);
}

static void *client(void *arg)
{
	char path[4096], buf[16];

	(void)arg;
	immune = true;
	snprintf(path, sizeof(path), "%s/file", mountpoint);
	pthread_mutex_lock(&client_lock);
	for (;;) {
		int fd;

		while (client_state != GO && client_state != END)
			pthread_cond_wait(&client_cond, &client_lock);
		if (client_state == END)
			break;
		pthread_mutex_unlock(&client_lock);
		do
			fd = open(path, O_RDONLY);
		while (fd < 0 && errno == ENOENT && early && !returned && usleep(200) == 0);
		was_read = fd >= 0 && read(fd, buf, sizeof(buf)) == 6;
		if (fd >= 0)
			close(fd);
		/* The loop ends. Without a descriptor left open() may have failed before the mount. */
		while (umount2(mountpoint, MNT_DETACH) && early && !returned)
			usleep(200);
		pthread_mutex_lock(&client_lock);
		client_state = DONE;
		pthread_cond_broadcast(&client_cond);
	}
	pthread_mutex_unlock(&client_lock);
	return NULL;
}

static void client_go(void)
{
	client_set(GO);
}

static void client_wait(void)
{
	pthread_mutex_lock(&client_lock);
	while (client_state == GO)
		pthread_cond_wait(&client_cond, &client_lock);
	client_state = WAIT;
	pthread_mutex_unlock(&client_lock);
}

/* ---- what is tested: 0, or not served ---------------------------------------------------------
 */

static int args_make(struct fuse_args *args)
{
	if (fuse_opt_add_arg(args, "nomem") || fuse_opt_add_arg(args, "-odefault_permissions"))
		return -1;
	return option ? fuse_opt_add_arg(args, option) : 0;
}

static const struct stat the_file = {
	.st_ino = 2, .st_mode = S_IFREG | 0444, .st_nlink = 1, .st_size = 6};

static void ll_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = {.ino = 2, .attr = the_file};

	(void)parent;
	if (strcmp(name, "file"))
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &e);
}

static void ll_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	(void)ino, (void)size, (void)fi;
	fuse_reply_buf(req, one_file_text, off ? 0 : 6);
}

static void ll_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat root = {.st_ino = 1, .st_mode = S_IFDIR | 0755, .st_nlink = 2};

	(void)fi;
	fuse_reply_attr(req, ino == 1 ? &root : &the_file, 1.0);
}

static const struct fuse_lowlevel_ops ll_ops = {
	.lookup = ll_lookup,
	.getattr = ll_getattr,
	.read = ll_read,
};

/* A program that has not asked for it gets no NULL for a path. */
static bool null_path;

static int release(const char *path, struct fuse_file_info *fi)
{
	(void)fi;
	null_path |= !path;
	return 0;
}

#if API == 3
static int by_path(struct fuse_args *args)
{
	struct fuse *f = fuse_new(args, &one_file_ops, sizeof(one_file_ops), NULL);
	int res = -1;

	if (!f)
		return -1;
	if (fuse_mount(f, mountpoint) == 0) {
		if (fuse_set_signal_handlers(fuse_get_session(f)) == 0) {
			client_go();
			res = fuse_loop_mt(f, 0);
			fuse_remove_signal_handlers(fuse_get_session(f));
		}
		fuse_unmount(f);
	}
	fuse_destroy(f);
	return res;
}

static int by_request(struct fuse_args *args)
{
	struct fuse_session *se = fuse_session_new(args, &ll_ops, sizeof(ll_ops), NULL);
	int res = -1;

	if (!se)
		return -1;
	if (fuse_session_mount(se, mountpoint) == 0) {
		client_go();
		res = fuse_session_loop(se);
		fuse_session_unmount(se);
	}
	fuse_session_destroy(se);
	return res;
}

static int cmdline(struct fuse_args *args)
{
	struct fuse_cmdline_opts opts;
	int res = fuse_parse_cmdline(args, &opts);

	if (!res)
		free(opts.mountpoint);
	return res;
}
#else
static int by_path(struct fuse_args *args)
{
	struct fuse_chan *ch = fuse_mount(mountpoint, args);
	struct fuse *f;
	int res = -1;

	if (!ch)
		return -1;
	f = fuse_new(ch, args, &one_file_ops, sizeof(one_file_ops), NULL);
	if (f && fuse_set_signal_handlers(fuse_get_session(f)) == 0) {
		client_go();
		res = fuse_loop_mt(f);
		fuse_remove_signal_handlers(fuse_get_session(f));
	}
	fuse_unmount(mountpoint, ch);
	if (f)
		fuse_destroy(f);
	return res;
}

static int by_request(struct fuse_args *args)
{
	struct fuse_chan *ch = fuse_mount(mountpoint, args);
	struct fuse_session *se;
	int res = -1;

	if (!ch)
		return -1;
	se = fuse_lowlevel_new(args, &ll_ops, sizeof(ll_ops), NULL);
	if (se) {
		fuse_session_add_chan(se, ch);
		client_go();
		res = fuse_session_loop(se);
		fuse_session_remove_chan(ch);
		fuse_session_destroy(se);
	}
	fuse_unmount(mountpoint, ch);
	return res;
}

static int cmdline(struct fuse_args *args)
{
	char *mnt = NULL;
	int res = fuse_parse_cmdline(args, &mnt, NULL, NULL);

	free(mnt);
	return res;
}
#endif

static int by_main(struct fuse_args *args)
{
	int res = -1;

	if (fuse_opt_add_arg(args, "-f") == 0 && fuse_opt_add_arg(args, mountpoint) == 0) {
		early = true;
		returned = false;
		client_go();
		res = fuse_main(args->argc, args->argv, &one_file_ops, NULL);
		returned = true;
	}
	return res;
}

/* ---- rounds -----------------------------------------------------------------------------------
 */

static int (*tested)(struct fuse_args *args);
static FILE *report;
static int said_fd;
static int bad;

static void complain(const char *what, unsigned long n, const char *how)
{
	bad++;
	fprintf(report, "%s %lu fails: %s\n", what, n, how);
	fflush(report);
	if (failed)
		backtrace_symbols_fd(calls, calls_n < 12 ? calls_n : 12, fileno(report));
	calls_n = 0;
}

static int entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* The limit with which n numbers are free. */
static rlim_t room_for(unsigned long n)
{
	int limit = 0;

	for (; n || fcntl(limit, F_GETFD) >= 0; limit++)
		if (fcntl(limit, F_GETFD) < 0)
			n--;
	return (rlim_t)limit;
}

static bool mounted(void)
{
	char line[8192];
	FILE *f = fopen("/proc/self/mounts", "r");
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, mountpoint) != NULL;
	if (f)
		fclose(f);
	return found;
}

static int one_round(void)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	int res = args_make(&args);

	was_read = false;
	if (!res && tested != by_main)
		res = cmdline(&args);
	if (!res)
		res = tested(&args);
	client_wait();
	fuse_opt_free_args(&args);
	(void)dlerror();
	(void)dlerror(); /* lets go of the text */
	return res;
}

/* A round in which the n-th of what is in short supply fails; true: nothing did. */
static bool try(const char *what, unsigned long n, bool strict)
{
	int fds = entries("/proc/self/fd"), tasks, res;
	struct rlimit before, limit;
	char said[4096], text[160];
	size_t left = 0;
	ssize_t len;

	memset(live, 0, sizeof(live));
	failed = false;
	count = 0;
	if (lseek(said_fd, 0, SEEK_SET) || ftruncate(said_fd, 0))
		complain(what, n, "the test's own file");
	alarm(200); /* when it hangs */
	noting = true;
	if (*what == 'a') {
		__atomic_store_n(&fail_at, n, __ATOMIC_SEQ_CST);
		res = one_round();
		__atomic_store_n(&fail_at, 0, __ATOMIC_SEQ_CST);
	} else {
		getrlimit(RLIMIT_NOFILE, &before);
		limit = before;
		limit.rlim_cur = room_for(n);
		setrlimit(RLIMIT_NOFILE, &limit);
		res = one_round();
		setrlimit(RLIMIT_NOFILE, &before);
	}
	noting = false;
	alarm(0);
	len = pread(said_fd, said, sizeof(said) - 1, 0);
	said[len > 0 ? len : 0] = 0;
	for (size_t i = 0; strict && i < LIVE_MAX; i++)
		if (live[i].p && live[i].p != (void *)1) {
			Dl_info info;

			left++;
			memset(&info, 0, sizeof(info));
			dladdr(live[i].caller, &info);
			fprintf(report, "  left: %zu bytes, from %s+0x%zx\n", live[i].size,
				info.dli_fname,
				(size_t)((char *)live[i].caller - (char *)info.dli_fbase));
		}
	if (left) {
		snprintf(text, sizeof(text), "%zu blocks are left", left);
		complain(what, n, text);
	}
	if (null_path)
		complain(what, n, "release() got NULL for a path");
	null_path = false;
	if (mounted()) {
		complain(what, n, "still mounted");
		umount2(mountpoint, MNT_DETACH);
	}
	if (entries("/proc/self/fd") != fds)
		complain(what, n, "descriptors are left");
	for (int i = 0; (tasks = entries("/proc/self/task")) != 4 && i < 20000; i++)
		usleep(1000); /* joined, but not gone yet */
	if (tasks != 4)
		complain(what, n, "threads are left");
	if (res && *what == 'a' && !failed)
		complain(what, n, "the round failed without it");
	if (res && !strcasestr(said, "memory") && !strcasestr(said, "allocate") &&
	    !strcasestr(said, "unavailable") && !strcasestr(said, "open files")) {
		snprintf(text, sizeof(text), "it does not say so, but: '%.100s'", said);
		complain(what, n, text);
	}
	if (!res && !was_read && *what == 'a' && !failed)
		complain(what, n, "the file was not read");
	return *what == 'a' ? !failed : res == 0 && was_read;
}

int main(int argc, char **argv)
{
	unsigned long n, n_for_good, n_fd;
	pthread_t t;

	mountpoint = argv[2];
	option = argc > 3 ? argv[3] : NULL;
	tested = strcmp(argv[1], "path") == 0   ? by_path
		 : strcmp(argv[1], "main") == 0 ? by_main
						: by_request;
	one_file_ops.release = release;
	report = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "w");
	said_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (!report || said_fd < 0 || dup2(said_fd, 2) < 0)
		return 2;
	setlinebuf(report);
	dl_iterate_phdr(find_loader, NULL);
	backtrace(calls, 1); /* loads a library at its first call */
	pthread_create(&t, NULL, client, NULL);
	/* what the C library keeps from its first time on */
	for (int i = 0; i < 2; i++)
		try("allocation", 0, false);
	for (n = 1; !try("allocation", n, true) && n < 10000 && bad < 3; n++)
		;
	/* What the C library does then with character sets and shared objects is not our matter. */
	for_good = true;
	for (n_for_good = 1; !option && !try("allocation", n_for_good, true) && bad < 3;
	     n_for_good++)
		;
	for_good = false;
	for (n_fd = 0; !try("descriptor", n_fd, true) && n_fd < 100 && bad < 3; n_fd++)
		;
	client_set(END);
	pthread_join(t, NULL);
	fprintf(report, "%lu allocations, %lu descriptors, %d complaints\n", n - 1, n_fd, bad);
	dup2(fileno(report), 2); /* for what looks for leaks at the end */
	return bad || n < 20 || n >= 10000 || n_fd >= 100;
}
