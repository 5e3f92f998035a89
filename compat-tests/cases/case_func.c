/* case_func.c - public functions that need no request: option lists, help, log, versions */
#include "llfs.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/uio.h>

#define NO_FS .only = "getattr init destroy"

CASE(func_args, "func.opt-add-and-insert-arg", NO_FS)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	EQ(fuse_opt_add_arg(&args, "prog"), 0);
	EQ(fuse_opt_add_arg(&args, "b"), 0);
	EQ(fuse_opt_insert_arg(&args, 1, "a"), 0);
	EQ(args.argc, 3);
	STR(args.argv[0], "prog");
	STR(args.argv[1], "a");
	STR(args.argv[2], "b");
	YES(args.argv[3] == NULL && args.allocated);
	fuse_opt_free_args(&args);
	YES(args.argc == 0 && args.argv == NULL);
}

CASE(func_opts, "func.opt-add-opt-and-escaped", NO_FS)
{
	char *opts = NULL;
	EQ(fuse_opt_add_opt(&opts, "a"), 0);
	EQ(fuse_opt_add_opt(&opts, "b=1,2"), 0);
	STR(opts, "a,b=1,2");
	EQ(fuse_opt_add_opt_escaped(&opts, "c=x,y\\z"), 0);
	STR(opts, "a,b=1,2,c=x\\,y\\\\z");
	free(opts);
}

CASE(func_match, "func.opt-match", NO_FS)
{
	static const struct fuse_opt known[] = {
		{"plain", -1U, 1}, {"-x ", -1U, 2}, {"value=%u", -1U, 3}, FUSE_OPT_END};
	EQ(fuse_opt_match(known, "plain"), 1);
	EQ(fuse_opt_match(known, "value=5"), 1);
	EQ(fuse_opt_match(known, "-x"), 1);
	EQ(fuse_opt_match(known, "value"), 0);
	EQ(fuse_opt_match(known, "plainer"), 0);
}

struct parsed {
	int flag, n, kept;
	unsigned octal;
	char *text;
};
static int on_opt(void *data, const char *arg, int key, struct fuse_args *out)
{
	struct parsed *p = data;
	(void)out;
	p->kept += key == FUSE_OPT_KEY_OPT || key == FUSE_OPT_KEY_NONOPT;
	return key == 77 || !strcmp(arg, "drop") ? 0 : 1;
}
CASE(func_parse, "func.opt-parse", NO_FS)
{
	static const struct fuse_opt known[] = {{"flag", offsetof(struct parsed, flag), 5},
						{"n=%i", offsetof(struct parsed, n), 0},
						{"-o%o", offsetof(struct parsed, octal), 0},
						{"text=%s", offsetof(struct parsed, text), 0},
						FUSE_OPT_KEY("away", 77),
						FUSE_OPT_KEY("gone", FUSE_OPT_KEY_DISCARD),
						FUSE_OPT_KEY("stay", FUSE_OPT_KEY_KEEP),
						FUSE_OPT_END};
	char *argv[] = {"prog", "-o",   "flag,n=-3,other,text=a\\,b,away,gone,stay",
			"drop", "file", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(5, argv);
	struct parsed p = {0};
	EQ(fuse_opt_parse(&args, &p, known, on_opt), 0);
	EQ(p.flag, 5);
	EQ(p.n, -3);
	STR(p.text, "a,b");
	EQ(p.kept, 3);
	EQ(args.argc, 4);
	STR(args.argv[1], "-o");
	STR(args.argv[2], "other,stay");
	STR(args.argv[3], "file");
	fuse_opt_free_args(&args);
	free(p.text);
}
CASE(func_parse_dashes, "func.opt-parse-two-dashes-end-the-options", NO_FS)
{
	static const struct fuse_opt known[] = {{"-f", offsetof(struct parsed, flag), 1},
						FUSE_OPT_END};
	char *argv[] = {"prog", "--", "-f", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct parsed p = {0};
	EQ(fuse_opt_parse(&args, &p, known, NULL), 0);
	EQ(p.flag, 0);
	EQ(args.argc, 3);
	fuse_opt_free_args(&args);
}

#if FUSE_API == 2
CASE(func_dirent, "func.add-dirent-and-its-size", .apis = T_API2, NO_FS)
{
	extern size_t fuse_dirent_size(size_t);
	extern char *fuse_add_dirent(char *, const char *, const struct stat *, off_t);
	struct {
		uint64_t ino, off;
		uint32_t len, type;
		char name[40];
	} d = {0};
	struct stat st = {.st_ino = 7, .st_mode = S_IFDIR | 0755};
	EQ(fuse_dirent_size(1), 32);
	EQ(fuse_dirent_size(8), 32);
	EQ(fuse_dirent_size(9), 40);
	YES(fuse_add_dirent((char *)&d, "name", &st, 99) == (char *)&d + 32);
	EQ(d.ino, 7);
	EQ(d.off, 99);
	EQ(d.len, 4);
	EQ(d.type, DT_DIR);
	YES(!memcmp(d.name, "name", 4));
}

static struct fuse_context mine;
static struct fuse_context *my_context(void)
{
	return &mine;
}
CASE(func_context, "func.set-getcontext-func-replaces-the-context", .apis = T_API2, NO_FS)
{
	fuse_set_getcontext_func(my_context);
	YES(fuse_get_context() == &mine);
	fuse_set_getcontext_func(NULL);
}

static long invalidate(long cmd, long a, long b)
{
	(void)cmd, (void)a, (void)b;
	return fuse_invalidate(t_fuse, "/f");
}
CASE(func_invalidate, "func.invalidate-is-refused-in-api-2", .apis = T_API2,
     .on_command = invalidate)
{
	EQ(command(0, 0, 0), -EINVAL);
}

/* a notification made by hand: code 2 (inval inode), node 2, everything */
static long by_hand(long cmd, long a, long b)
{
	struct {
		uint32_t len;
		int32_t code;
		uint64_t unique, ino;
		int64_t off, size;
	} m = {.len = 40, .code = 2, .ino = (uint64_t)a};
	struct iovec iov[2] = {{&m, 16}, {&m.ino, 24}};
	(void)cmd, (void)b;
	return fuse_chan_send(t_chan, iov, 2);
}
static void for_long(struct fuse_conn_info *conn)
{
	(void)conn;
	ll_timeout = 100;
}
CASE(func_chan_send, "func.chan-send-sends-what-it-is-given", .apis = T_API2, .ll = true,
     .init = for_long, .on_command = by_hand)
{
	put(P("f"), "12345");
	OK(stat(P("f"), &(struct stat){0}));
	EQ(command(0, 2, 0), 0);
	MARK();
	OK(stat(P("f"), &(struct stat){0}));
	SAW("getattr 2");
	YES(command(0, 99, 0) < 0, "the error of the kernel is lost");
}
#else
/* what a function prints, on either stream */
static const char *printed(void (*fn)(void))
{
	static char buf[16384];
	const char *name = S("printed");
	fflush(stdout), fflush(stderr);
	int fd = OK(open(name, O_CREAT | O_TRUNC | O_RDWR, 0600)), out = dup(1), err = dup(2);
	dup2(fd, 1), dup2(fd, 2);
	fn();
	fflush(stdout), fflush(stderr);
	dup2(out, 1), dup2(err, 2);
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);
	buf[n < 0 ? 0 : n] = 0;
	close(fd), close(out), close(err);
	return buf;
}
static void lib_help(void)
{
	char *argv[] = {"prog", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	fuse_lib_help(&args);
}
CASE(func_help, "func.help-names-every-option", .apis = T_API3, NO_FS)
{
	static const char *const lib[] = {"kernel_cache",
					  "auto_cache",
					  "umask=",
					  "uid=",
					  "gid=",
					  "entry_timeout=",
					  "negative_timeout=",
					  "attr_timeout=",
					  "ac_attr_timeout=",
					  "noforget",
					  "remember=",
					  "modules=",
					  "allow_other",
					  "allow_root",
					  "auto_unmount",
					  "subdir",
					  "iconv"};
	static const char *const cmd[] = {
		"-h", "-V", "-d", "-f", "-s", "clone_fd", "max_idle_threads", "max_threads"};
	const char *text = printed(lib_help);
	for (size_t i = 0; i < sizeof(lib) / sizeof(*lib); i++)
		YES(strstr(text, lib[i]), "no %s in the help of the path API", lib[i]);
	text = printed(fuse_cmdline_help);
	for (size_t i = 0; i < sizeof(cmd) / sizeof(*cmd); i++)
		YES(strstr(text, cmd[i]), "no %s in the help of the command line", cmd[i]);
	text = printed(fuse_lowlevel_help);
	YES(strstr(text, "allow_other") && strstr(text, "auto_unmount"), "%s", text);
}
CASE(func_version, "func.versions", .apis = T_API3, NO_FS)
{
	YES(strstr(printed(fuse_lowlevel_version), "7."));
	YES(fuse_version() >= 312, "%d", fuse_version());
	YES(fuse_pkgversion()[0] == '3' && fuse_pkgversion()[1] == '.', "%s", fuse_pkgversion());
}

static void my_log(enum fuse_log_level level, const char *fmt, va_list ap)
{
	atomic_store(&T->word[1], (long)level);
	vsnprintf(T->data, 100, fmt, ap);
}
static void logs(void)
{
	fuse_log(FUSE_LOG_WARNING, "back %d\n", 5);
}
CASE(func_log, "func.log-goes-where-it-is-sent", .apis = T_API3, NO_FS)
{
	fuse_set_log_func(my_log);
	fuse_log(FUSE_LOG_ERR, "to %s %d", "me", 4);
	STR(T->data, "to me 4");
	EQ(atomic_load(&T->word[1]), FUSE_LOG_ERR);
	fuse_set_log_func(NULL);
	STR(printed(logs), "back 5\n");
}

CASE(func_conn, "func.conn-info-opts-parsed-and-applied", .apis = T_API3, NO_FS)
{
	char *argv[] = {"prog", "-o",
			"max_write=8192,max_readahead=4096,max_background=9,congestion_threshold=7,"
			"sync_read,no_remote_lock,writeback_cache,other,no_splice_read",
			NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_conn_info conn = {
		.max_write = 1 << 17,
		.max_readahead = 1 << 17,
		.capable = ~0u,
		.want = FUSE_CAP_ASYNC_READ | FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS |
			FUSE_CAP_SPLICE_READ,
	};
	struct fuse_conn_info_opts *o = fuse_parse_conn_info_opts(&args);
	YES(o);
	STR(args.argv[args.argc - 1], "other");
	fuse_apply_conn_info_opts(o, &conn);
	EQ(conn.max_write, 8192);
	EQ(conn.max_readahead, 4096);
	EQ(conn.max_background, 9);
	EQ(conn.congestion_threshold, 7);
	EQ(conn.want, FUSE_CAP_WRITEBACK_CACHE);
	free(o);
	fuse_opt_free_args(&args);
}

CASE(func_channel, "func.open-channel-mounts", .apis = T_API3, NO_FS)
{
	char dir[100], opts[] = "fsname=chan,subtype=nel";
	snprintf(dir, sizeof(dir), "%s/second", T->dir);
	OK(mkdir(dir, 0755));
	int fd = fuse_open_channel(dir, opts);
	YES(fd > 2, "%d", fd);
	FILE *f = fopen("/proc/self/mounts", "r");
	char line[400];
	bool found = false;
	while (fgets(line, sizeof(line), f))
		found |= !strncmp(line, "chan ", 5) && strstr(line, "/second fuse.nel ");
	fclose(f);
	YES(found, "not in the table of mounts");
	close(fd);
	OK(umount2(dir, MNT_DETACH));
}

static long expire(long cmd, long a, long b)
{
	(void)cmd, (void)a, (void)b;
	return T_EXPIRE_ENTRY(t_session, 1, "f", 1);
}
static void for_long(struct fuse_conn_info *conn)
{
	ll_timeout = 100;
	atomic_store(&T->word[1], !!(conn->capable & FUSE_CAP_EXPIRE_ONLY));
}
CASE(func_expire, "func.expire-entry-makes-the-kernel-ask-again", .apis = T_API3, .ll = true,
     .init = for_long, .on_command = expire)
{
	put(P("f"), "12345");
	OK(stat(P("f"), &(struct stat){0}));
	MARK();
	OK(stat(P("f"), &(struct stat){0}));
	UNSEEN("lookup*");
	if (!atomic_load(&T->word[1]))
		EQ(command(0, 0, 0), -ENOSYS);
	else
		EQ(command(0, 0, 0), 0);
	OK(stat(P("f"), &(struct stat){0}));
	if (atomic_load(&T->word[1]))
		SAW("lookup 1/f");
}
#endif

/* --- answers that are left: ioctl by areas and again, lseek -------------------------------------
 */

static void ll_ioctl(fuse_req_t req, fuse_ino_t ino, int cmd, void *arg, struct fuse_file_info *fi,
		     unsigned flags, const void *in, size_t in_size, size_t out_size)
{
	struct iovec iov[2] = {{"abc", 3}, {"defgh", 5}}, want = {arg, 4};
	(void)ino, (void)fi, (void)flags, (void)in, (void)in_size, (void)out_size;
	if (_IOC_NR(cmd) == 1)
		fuse_reply_ioctl_iov(req, 17, iov, 2);
	else
		fuse_reply_ioctl_retry(req, &want, 1, NULL, 0);
}
#if FUSE_API == 3
static void ll_ioctl_3(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg,
		       struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_size,
		       size_t out_size)
{
	ll_ioctl(req, ino, (int)cmd, arg, fi, flags, in, in_size, out_size);
}
#define ll_ioctl ll_ioctl_3
#endif
static void has_ioctl(struct fuse_lowlevel_ops *ops)
{
	ops->ioctl = ll_ioctl;
}
CASE(func_ioctl_iov, "ioctl.reply-in-areas", .ll = true, .ll_ops = has_ioctl)
{
	char buf[9] = "";
	put(P("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(ioctl(fd, _IOR('L', 1, char[8]), buf), 17);
	STR(buf, "abcdefgh");
}
/* the kernel lets only character devices ask for memory: the caller gets an error, not a hang */
CASE(func_ioctl_retry, "ioctl.retry-is-refused-on-files", .ll = true, .ll_ops = has_ioctl)
{
	put(P("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	ERR(ioctl(fd, _IO('L', 2), "data"), EIO);
	ERR(ioctl(fd, _IO('L', 2), "data"), EIO);
	OK(stat(P("f"), &(struct stat){0}));
}

#if FUSE_API == 3
static void ll_lseek(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		     struct fuse_file_info *fi)
{
	(void)ino, (void)fi;
	if (whence == SEEK_DATA)
		fuse_reply_lseek(req, off + 0x500000000);
	else
		fuse_reply_err(req, ENXIO);
}
static void has_lseek(struct fuse_lowlevel_ops *ops)
{
	ops->lseek = ll_lseek;
}
CASE(func_lseek, "ll.reply-lseek-beyond-4g", .apis = T_API3, .ll = true, .ll_ops = has_lseek)
{
	put(P("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(lseek(fd, 3, SEEK_DATA), 0x500000003);
	ERR(lseek(fd, 3, SEEK_HOLE), ENXIO);
}
#endif
