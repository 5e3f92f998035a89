/* case_ext_option.c - the options of WinFsp-FUSE and macFUSE, on both APIs (docs/options.md) */
#include "conform.h"

#include <dirent.h>
#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

CASE(wopt_uid, "wopt.uid-minus-one-is-whoever-mounts", .opts = "uid=-1,gid=-1")
{
	put(S("f"), "");
	OK(chown(S("f"), 33, 44));
	EQ(st_of(P("f")).st_uid, getuid());
	EQ(st_of(P("f")).st_gid, getgid());
}
CASE(wopt_names, "wopt.user-and-group-by-name", .opts = "UserName=daemon,GroupName=daemon")
{
	put(S("f"), "");
	EQ(st_of(P("f")).st_uid, 1);
	EQ(st_of(P("f")).st_gid, 1);
}
CASE(wopt_names_long, "wopt.user-and-group-with-dashes",
     .args = "--UserName=daemon --GroupName=daemon")
{
	EQ(st_of(P("")).st_uid, 1);
	EQ(st_of(P("")).st_gid, 1);
}
CASE(wopt_idmap, "wopt.uidmap", .opts = "uidmap=500:daemon;600:7;700:")
{
	put(S("a"), "");
	put(S("b"), "");
	put(S("c"), "");
	put(S("d"), "");
	OK(chown(S("a"), 500, 0));
	OK(chown(S("b"), 600, 0));
	OK(chown(S("c"), 700, 0));
	OK(chown(S("d"), 800, 0));
	EQ(st_of(P("a")).st_uid, 1);
	EQ(st_of(P("b")).st_uid, 7);
	EQ(st_of(P("c")).st_uid, getuid());
	EQ(st_of(P("d")).st_uid, 800);
	OK(chown(P("d"), 1, -1));
	SAW("chown /d 500 -1");
}

static void make_file(void)
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	close(fd);
}
static unsigned mode_of(const char *name)
{
	return st_of(P(name)).st_mode;
}
CASE(wopt_umask, "wopt.create-umask", .opts = "create_umask=027")
{
	umask(0);
	make_file();
	SAW("create fh1 /f 0750 *");
	OK(mkdir(P("d"), 01700));
	SAW("mkdir /d 0750");
	OK(mkfifo(P("p"), 0666));
	EQ(mode_of("f"), S_IFREG | 0750);
	EQ(mode_of("d"), S_IFDIR | 0750);
	EQ(mode_of("p"), S_IFIFO | 0750);
	OK(chmod(P("f"), 0604));
	EQ(mode_of("f"), S_IFREG | 0604);
}
CASE(wopt_umasks, "wopt.create-umask-of-files-and-of-directories",
     .opts = "create_file_umask=0133,create_umask=077,create_dir_umask=022")
{
	umask(0);
	make_file();
	OK(mkdir(P("d"), 0700));
	EQ(mode_of("f"), S_IFREG | 0644);
	EQ(mode_of("d"), S_IFDIR | 0755);
}
CASE(wopt_umask_one, "wopt.create-umask-of-files-alone", .opts = "create_file_umask=0")
{
	umask(022);
	make_file();
	OK(mkdir(P("d"), 0777));
	EQ(mode_of("f"), S_IFREG | 0777);
	EQ(mode_of("d"), S_IFDIR | 0755);
}

static const char *link_at(const char *name)
{
	static char buf[256];
	long n = OK(readlink(P(name), buf, sizeof(buf) - 1));
	buf[n] = 0;
	return buf;
}
static void links(void)
{
	OK(mkdir(S("d"), 0755));
	OK(mkdir(S("d/e"), 0755));
	put(S("f"), "content");
	OK(symlink("/f", S("one")));
	OK(symlink("/f", S("d/e/three")));
	OK(symlink("/", S("d/root")));
	OK(symlink("//", S("root")));
	OK(symlink("../f", S("d/relative")));
}
CASE(wopt_rellinks, "wopt.rellinks", .opts = "rellinks")
{
	links();
	STR(link_at("one"), "f");
	STR(link_at("d/e/three"), "../../f");
	STR(link_at("d/root"), "../");
	STR(link_at("root"), ".");
	STR(link_at("d/relative"), "../f");
	STR(slurp(P("d/e/three")), "content");
}
CASE(wopt_norellinks, "wopt.norellinks", .opts = "rellinks,norellinks")
{
	links();
	STR(link_at("one"), "/f");
}
CASE(wopt_jail, "wopt.jail-symlinks", .opts = "jail_symlinks")
{
	links();
	STR(link_at("d/e/three"), "../../f");
}

/* What the list of mounts says then: 's' the source, 't' the type. */
#define LISTED(id, nm, field, text, ...)                                                           \
	CASE(id, nm, __VA_ARGS__)                                                                  \
	{                                                                                          \
		STR(t_mount_field(field), text);                                                   \
	}
LISTED(wopt_volname, "wopt.volname", 's', "My\\040Disk", .opts = "volname=My Disk")
LISTED(wopt_volname_both, "wopt.fsname-wins-over-volname", 's', "src",
       .opts = "fsname=src,volname=Disk")
LISTED(wopt_unc, "wopt.volume-prefix", 's', "//server/share",
       .opts = "volname=x,VolumePrefix=\\\\\\\\server\\\\share")
LISTED(wopt_unc_long, "wopt.unc-with-dashes", 's', "//server/share", .args = "--UNC=/server/share")
LISTED(wopt_fstype, "wopt.file-system-name", 't', "fuse.NTFS", .opts = "FileSystemName=NTFS")
LISTED(wopt_fstype_exact, "wopt.exact-file-system-name", 't', "fuse.FAT",
       .args = "--ExactFileSystemName=FAT")
LISTED(wopt_fstype_long, "wopt.file-system-name-with-dashes", 't', "fuse.NTFS",
       .args = "--FileSystemName=NTFS")
LISTED(wopt_fstype_exact_o, "wopt.exact-file-system-name-as-an-option", 't', "fuse.FAT",
       .opts = "ExactFileSystemName=FAT")
LISTED(wopt_prefix_long, "wopt.volume-prefix-with-dashes", 's', "//server/share",
       .args = "--VolumePrefix=/server/share")
LISTED(wopt_unc_o, "wopt.unc-as-an-option", 's', "//server/share", .opts = "UNC=/server/share")
LISTED(wopt_fstypename, "wopt.fstypename", 't', "fuse.abc", .opts = "fstypename=abc")
LISTED(wopt_subtype, "wopt.subtype-wins-over-file-system-name", 't', "fuse.one",
       .opts = "subtype=one,FileSystemName=other")
CASE(wopt_rdonly, "wopt.rdonly", .opts = "rdonly")
{
	ERR(mkdir(P("d"), 0755), EROFS);
	YES(!strncmp(t_mount_field('o'), "ro,", 3), "%s", t_mount_field('o'));
}

CASE(wopt_file_timeout, "wopt.file-info-timeout", .raw = true, .opts = "FileInfoTimeout=700")
{
	put(S("f"), "");
	EQ(getattrs_of_second_stat("f", 0), 0);
	YES(getattrs_of_second_stat("f", 900) >= 1);
}
CASE(wopt_file_timeout_ever, "wopt.file-info-timeout-for-ever", .raw = true,
     .opts = "FileInfoTimeout=-1")
{
	put(S("f"), "12345");
	EQ(getattrs_of_second_stat("f", 1200), 0);
	EQ(reads_of_second_slurp("f", "12345"), 0);
}

static int list(void)
{
	DIR *d = opendir(P(""));
	int n = 0;

	YES(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
CASE(wopt_dir_timeout, "wopt.dir-info-timeout-for-ever", .opts = "DirInfoTimeout=-1")
{
	put(S("f"), "");
	EQ(list(), 3);
	int n = t_seen("readdir*");
	YES(n > 0);
	EQ(list(), 3);
	EQ(t_seen("readdir*"), n);
	/* what changes it makes it new */
	put(P("g"), "");
	EQ(list(), 4);
	YES(t_seen("readdir*") > n);
}
CASE(wopt_volume_timeout, "wopt.volume-info-timeout", .opts = "VolumeInfoTimeout=800")
{
	struct statvfs v;
	OK(statvfs(P(""), &v));
	OK(statvfs(P(""), &v));
	SEEN("statfs*", 1);
	usleep(1000000);
	OK(statvfs(P(""), &v));
	SEEN("statfs*", 2);
}
CASE(wopt_keep, "wopt.keep-file-cache", .opts = "KeepFileCache=1")
{
	put(S("f"), "12345");
	EQ(reads_of_second_slurp("f", "12345"), 0);
}
CASE(wopt_keep_no, "wopt.keep-file-cache-off", .opts = "KeepFileCache=0")
{
	put(S("f"), "12345");
	YES(reads_of_second_slurp("f", "12345") > 0);
}
CASE(wopt_threads, "wopt.thread-count", .opts = "ThreadCount=3", .modes = T_MODE_POOL)
{
	/* and the one that looks after them */
	WITHIN(2000, t_server_threads() == 4);
}
CASE(wopt_loop, "wopt.loop-single-threaded", .opts = "loop=single_threaded", .modes = T_MODE_POOL)
{
	for (int i = 0; i < 20; i++)
		stat(P(""), &(struct stat){0});
	for (unsigned i = 2; i < T->nevents; i++)
		EQ(T->ev[i].tid, T->ev[1].tid);
}

/* With one more word, behind the program's name. */
static int serve_with(char *word, int argc, char **argv)
{
	for (int i = argc; i > 1; i--)
		argv[i] = argv[i - 1];
	argv[1] = word;
	argv[argc + 1] = NULL;
	return t_path_server(argc + 1, argv);
}
static int log_to_file(int argc, char **argv)
{
	static char opt[200];

	snprintf(opt, sizeof(opt), "-oDebugLog=%s/log", T->dir);
	return serve_with(opt, argc, argv);
}
CASE(wopt_log, "wopt.debug-log", .server = log_to_file, .args = "-d")
{
	char path[200];
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	snprintf(path, sizeof(path), "%s/log", T->dir);
	WITHIN(1000, strstr(slurp(path), "LOOKUP") && strstr(slurp(path), "READ"));
	YES(!strstr(t_log(), "LOOKUP"));
}
CASE(wopt_log_no_d, "wopt.debug-log-without-d", .server = log_to_file)
{
	char path[200];
	st_of(P(""));
	snprintf(path, sizeof(path), "%s/log", T->dir);
	ERR(stat(path, &(struct stat){0}), ENOENT);
}

CASE(wopt_no_attrs, "wopt.noattrcache", .raw = true, .opts = "noattrcache")
{
	put(S("f"), "");
	EQ(getattrs_of_second_stat("f", 0), 1);
}
CASE(wopt_no_names, "wopt.novncache", .raw = true, .opts = "novncache")
{
	put(S("f"), "");
	EQ(getattrs_of_second_stat("f", 0), 1);
}
CASE(wopt_no_data, "wopt.noubc", .opts = "noubc")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, (char[4]){0}, 3, 5), 3);
	SAW("read fh1 /f 3@5");
}
static void big_file(void)
{
	static char out[262144];
	int fd = OK(open(S("f"), O_CREAT | O_WRONLY, 0600));
	OK(write(fd, out, sizeof(out)));
	close(fd);
}
CASE(wopt_no_ahead, "wopt.noreadahead", .opts = "noreadahead")
{
	big_file();
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, (char[4096]){0}, 4096, 0), 4096);
	usleep(20000);
	SEEN("read *", 1);
	SAW("read fh1 /f 4096@0");
}
CASE(wopt_no_caches, "wopt.nolocalcaches", .raw = true, .opts = "nolocalcaches")
{
	put(S("f"), "0123456789");
	YES(getattrs_of_second_stat("f", 0) >= 1);
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, (char[4]){0}, 3, 5), 3);
	SAW("read fh1 /f 3@5");
}
CASE(wopt_negative, "wopt.negative-vncache", .raw = true, .opts = "negative_vncache")
{
	ERR(stat(P("none"), &(struct stat){0}), ENOENT);
	ERR(stat(P("none"), &(struct stat){0}), ENOENT);
	SEEN("getattr /none", 1);
}
#if FUSE_API == 2
CASE(wopt_iosize, "wopt.iosize", .opts = "iosize=8192")
#else
static void same_max_read(struct fuse_conn_info *conn)
{
	conn->max_read = 8192;
}
CASE(wopt_iosize, "wopt.iosize", .opts = "iosize=8192", .init = same_max_read)
#endif
{
	big_file();
	int fd = OK(open(P("f"), O_RDONLY));
	static char out[65536];
	EQ(read(fd, out, sizeof(out)), (long)sizeof(out));
	YES(strstr(t_mount_field('S'), "max_read=8192"), "%s", t_mount_field('S'));
	for (unsigned i = 0; i < T->nevents && i < T_EVENTS; i++) {
		long n;
		if (sscanf(T->ev[i].text, "read fh%*d /f %ld@", &n) == 1)
			YES(n <= 8192, "a read of %ld bytes", n);
	}
	fd = OK(open(P("g"), O_CREAT | O_WRONLY, 0600));
	EQ(write(fd, out, sizeof(out)), (long)sizeof(out));
	SEEN("write fh2 /g 8192@*", 8);
}
CASE(wopt_geometry, "wopt.geometry-of-the-volume", .opts = "SectorSize=2048,MaxComponentLength=99")
{
	struct statvfs with;
	OK(statvfs(P(""), &with));
	EQ(with.f_bsize, 2048);
	EQ(with.f_namemax, 99);
	/* the sizes in bytes stay: pathfs counts in kilobytes */
	EQ(with.f_frsize, 1024);
	EQ(with.f_blocks, 1000);
}
CASE(wopt_blocksize, "wopt.blocksize", .opts = "blocksize=65536")
{
	put(S("f"), "");
	EQ(st_of(P("f")).st_blksize, 65536);
}

#if FUSE_API == 3
CASE(wopt_hard, "wopt.hard-remove-as-an-option-of-api-3", .opts = "hard_remove")
{
	put(S("f"), "x");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(unlink(P("f")));
	SAW("unlink /f");
	UNSEEN("rename*");
	close(fd);
}
CASE(wopt_ino, "wopt.use-ino-as-an-option-of-api-3", .opts = "use_ino")
{
	put(S("f"), "x");
	EQ(st_of(P("f")).st_ino, st_of(S("f")).st_ino);
}
CASE(wopt_direct, "wopt.direct-io-as-an-option-of-api-3", .opts = "direct_io")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, (char[4]){0}, 3, 5), 3);
	SAW("read fh1 /f 3@5");
}
#endif

#define WINDOWS_ONLY                                                                               \
	"FlushOnCleanup=1,FlushOnCleanup,LegacyUnlinkRename=1,SectorsPerAllocationUnit=1,"         \
	"VolumeCreationTime=132444736000000000,VolumeSerialNumber=12ab,FileSecurity=D:P,"          \
	"AddWriteEaAccess,EaTimeout=5"
#define MACOS_ONLY                                                                                 \
	"init_timeout=5,defer_permissions,allow_recursion,auto_xattr,noapplexattr,noappledouble,"  \
	"extended_security,quiet,sparse,slow_statfs,fair_locking,excl_create,nosyncwrites,"        \
	"nosynconclose,fssubtype=3,kill_on_unmount,local,nobrowse,noalerts,noautonotify,"          \
	"automounted,ping_diskarb,backend=fskit,iconpath=/x,fsid=0x12,daemon_timeout=60"
CASE(wopt_nothing, "wopt.what-means-nothing-is-accepted", .opts = WINDOWS_ONLY "," MACOS_ONLY)
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	STR(t_log(), "");
}
CASE(wopt_modules, "wopt.modules-of-macfuse-are-accepted",
     .opts = "modules=volicon:threadid,iconpath=/x")
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	STR(t_log(), "");
}
static int with_volicon(int argc, char **argv)
{
	static char opt[] = "-omodules=volicon:subdir:threadid,subdir=/d";

	return serve_with(opt, argc, argv);
}
CASE(wopt_modules_among, "wopt.modules-of-macfuse-among-others", .server = with_volicon)
{
	OK(mkdir(S("d"), 0755));
	put(S("d/f"), "x");
	STR(slurp(P("f")), "x");
}
static int times_logged(const char *text)
{
	int n = 0;
	for (const char *p = t_log(); (p = strstr(p, text)); p++)
		n++;
	return n;
}
CASE(wopt_nothing_said, "wopt.what-means-nothing-is-said-once-with-d", .args = "-d",
     .opts = "local,quiet,local,AddWriteEaAccess,local")
{
	/* FUSE 2 mounts before */
	WITHIN(1000, times_logged("'local' means nothing") == 1);
	WITHIN(1000, strstr(t_log(), "INIT"));
	EQ(times_logged("'local' means nothing"), 1);
	EQ(times_logged("'quiet' means nothing"), 1);
	EQ(times_logged("'AddWriteEaAccess' means nothing"), 1);
}

/* --- a program's own options win ------------------------------------------------------------ */

static struct own {
	char *volname;
	int local, umask;
} own;
static int own_options(int argc, char **argv)
{
	static const struct fuse_opt opts[] = {{"volname=%s", offsetof(struct own, volname), 0},
					       {"local", offsetof(struct own, local), 1},
					       {"create_umask=%d", offsetof(struct own, umask), 0},
					       FUSE_OPT_END};
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	int res;

	if (fuse_opt_parse(&args, &own, opts, NULL))
		return 99;
	atomic_store(&T->word[0], own.local);
	atomic_store(&T->word[1], own.umask);
	snprintf(T->data, sizeof(T->data), "%s", own.volname ? own.volname : "");
	free(own.volname);
	res = t_path_server(args.argc, args.argv);
	fuse_opt_free_args(&args);
	return res;
}
CASE(wopt_own, "wopt.the-programs-own-options-win", .server = own_options,
     .opts = "volname=mine,local,create_umask=99")
{
	STR(T->data, "mine");
	EQ(T->word[0], 1);
	EQ(T->word[1], 99);
	YES(strcmp(t_mount_field('s'), "mine"));
	OK(mkdir(P("d"), 0755));
	SAW("mkdir /d 0755");
}

/* A module that has an option of this name gets it. */
static int with_subdir(int argc, char **argv)
{
	static char opt[] = "-omodules=subdir,subdir=/d,rellinks";

	return serve_with(opt, argc, argv);
}
CASE(wopt_module, "wopt.the-subdir-modules-rellinks-is-its-own", .server = with_subdir)
{
	OK(mkdir(S("d"), 0755));
	OK(symlink("/d/f", S("d/in")));
	OK(symlink("/x", S("d/out")));
	/* inside of the directory: relative; elsewhere: as it is */
	STR(link_at("in"), "f");
	STR(link_at("out"), "/x");
}

/* --- bad ones --------------------------------------------------------------------------------- */

static void refused(const char *word, const char *also)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s), "killed by signal %d", WTERMSIG(s));
	YES(WEXITSTATUS(s) != 0, "exit status 0");
	YES(!t_mounted(), "it mounted all the same");
	LOGGED(word);
	LOGGED(also);
	EQ(t_seen("*"), 0);
}
#define REFUSED(id, name, options, word, also)                                                     \
	CASE(id, "wopt.refused-" name, .opts = options, .no_mount = true, .any_exit = true)        \
	{                                                                                          \
		refused(word, also);                                                               \
	}
REFUSED(wopt_bad_user, "user-that-does-not-exist", "UserName=no-such-user",
	"UserName=", "unknown user 'no-such-user'")
REFUSED(wopt_bad_user_empty, "user-without-a-name", "UserName=", "UserName=", "unknown user")
REFUSED(wopt_bad_group, "group-that-does-not-exist", "GroupName=no-such-group",
	"GroupName=", "unknown group")
REFUSED(wopt_bad_mask, "umask-that-is-not-octal", "create_umask=9", "create_umask=9", "octal")
REFUSED(wopt_bad_mask_neg, "umask-that-is-negative", "create_dir_umask=-1", "create_dir_umask",
	"octal")
REFUSED(wopt_bad_mask_big, "umask-that-is-too-large", "create_file_umask=1000", "create_file_umask",
	"777")
REFUSED(wopt_bad_ms, "timeout-in-words", "FileInfoTimeout=soon", "FileInfoTimeout=soon",
	"milliseconds")
REFUSED(wopt_bad_ms_neg, "timeout-of-minus-two", "DirInfoTimeout=-2", "DirInfoTimeout=-2",
	"milliseconds")
REFUSED(wopt_bad_ea, "timeout-of-attributes-in-words", "EaTimeout=x", "EaTimeout=x", "milliseconds")
REFUSED(wopt_bad_threads, "number-of-threads", "ThreadCount=many", "ThreadCount=many", "number")
REFUSED(wopt_bad_threads_big, "too-many-threads", "ThreadCount=99999", "ThreadCount", "1024")
REFUSED(wopt_bad_map, "uidmap-without-colon", "uidmap=5", "uidmap=5", "UID:USER")
REFUSED(wopt_bad_map_root, "uidmap-of-root", "uidmap=0:daemon", "uidmap=0", "above 0")
REFUSED(wopt_bad_map_sid, "uidmap-of-a-sid", "uidmap=5:S-1-5-18", "uidmap=5:S-1-5-18",
	"unknown user")
REFUSED(wopt_bad_map_long, "uidmap-of-nine", "uidmap=1:;2:;3:;4:;5:;6:;7:;8:;9:", "uidmap=", "8")
REFUSED(wopt_bad_log, "debug-log-that-cannot-be-opened", "DebugLog=/no/such/log,debug",
	"/no/such/log", "No such file")
REFUSED(wopt_bad_volname, "volname-without-a-name", "volname=", "volname=", "name")
REFUSED(wopt_bad_unc, "volume-prefix-without-a-name", "VolumePrefix=//", "VolumePrefix", "SERVER")
REFUSED(wopt_bad_iosize, "iosize-that-is-no-number", "iosize=4k", "iosize=4k", "number")
REFUSED(wopt_bad_loop, "loop-of-an-unknown-kind", "loop=twice", "loop=twice", "single_threaded")
REFUSED(wopt_bad_daemon, "daemon-timeout-out-of-range", "daemon_timeout=601", "daemon_timeout",
	"600")
REFUSED(wopt_bad_fsid, "fsid-out-of-range", "fsid=0", "fsid=0", "0xffffff")
REFUSED(wopt_bad_both, "options-that-exclude-each-other", "auto_xattr,native_xattr", "auto_xattr",
	"native_xattr")
REFUSED(wopt_near, "unknown-with-the-nearest-name-of-winfsp", "FileInfoTimout=5", "FileInfoTimout",
	"did you mean")
CASE(wopt_near_ll, "wopt.refused-path-option-of-a-low-level-program", .ll = true,
     .opts = "auto_cache", .no_mount = true, .any_exit = true)
{
	refused("auto_cache", "unknown");
	YES(!strstr(t_log(), "did you mean"), "it suggests what is refused: %s", t_log());
}
REFUSED(wopt_near_mac, "unknown-with-the-nearest-name-of-macfuse", "nolocalcache", "nolocalcache",
	"nolocalcaches")
REFUSED(wopt_near_mount, "unknown-with-the-nearest-name-of-the-mount", "FileSystemNam=x",
	"FileSystemNam", "FileSystemName")
