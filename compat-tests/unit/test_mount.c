/*
 * Options of a mount, and the list of mounts.
 */
#include "test_mount.h"

/* ---- options ------------------------------------------------------------------------------- */

static char *join(const struct core_args *args)
{
	static char text[1024];

	text[0] = '\0';
	for (int i = 1; i < args->argc; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 1 ? " " : "",
			 args->argv[i]);
	return text;
}

#define DEFAULTS (MS_NOSUID | MS_NODEV)

/* Observed of the stock libraries, except where a comment says otherwise. */
static const struct {
	const char *in;
	const struct core_mount_profile *profile; /* NULL: both */
	unsigned long flags;
	const char *kernel, *left;
} good[] = {
	{"", NULL, DEFAULTS, NULL, ""},
	{"-o allow_other", NULL, DEFAULTS, "allow_other", ""},
	{"-o allow_root", &fuse3, DEFAULTS, "allow_other", ""},
	{"-o allow_root", &fuse2, DEFAULTS, "allow_other", "-o allow_root"},
	{"-o allow_root,allow_other", &fuse3, DEFAULTS, "allow_other", ""},
	{"-o default_permissions", NULL, DEFAULTS, "default_permissions", ""},
	{"-o max_read=4096", &fuse3, DEFAULTS, "max_read=4096", ""},
	{"-o max_read=4096", &fuse2, DEFAULTS, "max_read=4096", "-o max_read=4096"},
	{"-o blkdev,fsname=/dev/x,blksize=1024", NULL, DEFAULTS, "blksize=1024", ""},
	{"-o fsname=a,subtype=b,auto_unmount", NULL, DEFAULTS, NULL, ""},
	{"-o nonempty", &fuse2, DEFAULTS, NULL, ""},
	{"-o nonempty", &fuse3, DEFAULTS, NULL, "-o nonempty"},
	{"-o ro", NULL, DEFAULTS | MS_RDONLY, NULL, ""},
	{"-r", NULL, DEFAULTS | MS_RDONLY, NULL, ""},
	{"-o ro,rw", NULL, DEFAULTS, NULL, ""},
	{"-o rw -o ro", NULL, DEFAULTS | MS_RDONLY, NULL, ""},
	{"-o suid", NULL, MS_NODEV, NULL, ""},
	{"-o dev", NULL, MS_NOSUID, NULL, ""},
	{"-o suid,dev,nosuid,nodev", NULL, DEFAULTS, NULL, ""},
	{"-o noexec,sync,dirsync,noatime", NULL,
	 DEFAULTS | MS_NOEXEC | MS_SYNCHRONOUS | MS_DIRSYNC | MS_NOATIME, NULL, ""},
	{"-o noexec,sync,noatime,exec,async,atime", NULL, DEFAULTS, NULL, ""},
	{"-o context=foo,fscontext=a,defcontext=b,rootcontext=c", NULL, DEFAULTS,
	 "context=foo,fscontext=a,defcontext=b,rootcontext=c", ""},
	{"-o user=joe", NULL, DEFAULTS, NULL, ""},
	{"-n", &fuse3, DEFAULTS, NULL, ""},
	{"-n", &fuse2, DEFAULTS, NULL, "-n"},
	{"-o nosuch,rootmode=755,fd=9,user_id=5", NULL, DEFAULTS, NULL,
	 "-o nosuch,rootmode=755,fd=9,user_id=5"},
	{"-d -f -s -o kernel_cache dir", NULL, DEFAULTS, NULL, "-o kernel_cache -d -f -s dir"},
	{"-h --help -V --version", NULL, DEFAULTS, NULL, "-h --help -V --version"},
	/* ours: stock leaves these and then does not know them */
	{"-o x-systemd.automount,x-gvfs-show", NULL, DEFAULTS, NULL, ""},
	{"-o x-", NULL, DEFAULTS, NULL, "-o x-"},
	{"-o nodiratime,relatime", NULL, DEFAULTS | MS_NODIRATIME | MS_RELATIME, NULL, ""},
	{"-o strictatime,nostrictatime", NULL, DEFAULTS, NULL, ""},
	{"-o large_read", &fuse2, DEFAULTS, NULL, ""},
	{"-o large_read", &fuse3, DEFAULTS, NULL, "-o large_read"},
	{"-o context=s0:c1\\,c2", NULL, DEFAULTS, "context=\"s0:c1,c2\"", ""},
};

static void good_options(void)
{
	const struct core_mount_profile *const both[] = {&fuse2, &fuse3};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(good) * 2; i++) {
		const struct core_mount_profile *p = both[i % 2];
		struct core_args args;
		struct core_mount *m;

		if (good[i / 2].profile && good[i / 2].profile != p)
			continue;
		m = parse(good[i / 2].in, p, &args);
		CU_ASSERT_PTR_NOT_NULL(m);
		if (m) {
			UNIT_ASSERT_INT(m->flags, good[i / 2].flags);
			UNIT_ASSERT_STR(m->kernel, good[i / 2].kernel);
			UNIT_ASSERT_STR(join(&args), good[i / 2].left);
		}
		core_mount_free(m);
		core_opt_free_args(&args);
	}
}

static const struct {
	const char *in;
	const struct core_mount_profile *profile;
	const char *text;
} bad[] = {
	{"-o allow_root,allow_other", &fuse2, "mutually exclusive"},
	{"-o max_read=abc", &fuse3, "bad mount option 'max_read=abc': give a number"},
	{"-o max_read=", &fuse3, "bad mount option 'max_read='"},
	{"-o max_read=-1", &fuse2, "bad mount option 'max_read=-1'"},
	{"-o max_read=4k", &fuse2, "bad mount option 'max_read=4k'"},
	{"-o max_read=4294967296", &fuse3, "0 to 4294967295"},
	{"-o max_read=99999999999999999999999", &fuse3, "0 to 4294967295"},
	{"-o blkdev,fsname=a,blksize=x", &fuse3, "bad mount option 'blksize=x'"},
	{"-o blksize=512", &fuse3, "blksize= is for block devices: give blkdev"},
	{"-o blkdev", &fuse3, "blkdev needs fsname=DEVICE"},
};

static void bad_options(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(bad); i++) {
		struct core_mount *m;

		start_catching();
		m = parse_simple(bad[i].in, bad[i].profile);
		CU_ASSERT_PTR_NULL(m);
		CU_ASSERT(said(bad[i].text));
		core_mount_free(m);
	}
	core_log_set_func(NULL);
}

static void accessors(void)
{
	struct core_mount *m = parse_simple(
		"-ofsname=a\\,b\\\\c,subtype=s\\,t,max_read=8192,ro,allow_root -h", &fuse3);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	UNIT_ASSERT_STR(core_mount_fsname(m), "a,b\\c");
	UNIT_ASSERT_STR(core_mount_subtype(m), "s,t");
	UNIT_ASSERT_INT(core_mount_max_read(m), 8192);
	CU_ASSERT(core_mount_readonly(m));
	CU_ASSERT(core_mount_allow_root(m));
	CU_ASSERT(core_mount_allow_other(m));
	CU_ASSERT(core_mount_help_wanted(m));
	CU_ASSERT(!core_mount_version_wanted(m));
	UNIT_ASSERT_INT(core_mount_default_subtype(m, "other"), 0);
	UNIT_ASSERT_STR(core_mount_subtype(m), "s,t");
	core_mount_free(m);

	m = parse_simple("-o rw -V", &fuse3);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	UNIT_ASSERT_STR(core_mount_fsname(m), NULL);
	UNIT_ASSERT_STR(core_mount_subtype(m), NULL);
	CU_ASSERT(!core_mount_readonly(m));
	CU_ASSERT(!core_mount_allow_other(m));
	CU_ASSERT(core_mount_version_wanted(m));
	UNIT_ASSERT_INT(core_mount_default_subtype(m, "other"), 0);
	UNIT_ASSERT_STR(core_mount_subtype(m), "other");
	core_mount_free(m);
}

static void option_names(void)
{
	UNIT_ASSERT_STR(core_mount_nearest("alow_other", &fuse3), "allow_other");
	UNIT_ASSERT_STR(core_mount_nearest("zzzzzzzz", &fuse3), NULL);
}

static void help_text(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	core_mount_help(f, &fuse2);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-o allow_other "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-o nonempty "));
	free(text);
	text = NULL;
	f = open_memstream(&text, &size);
	core_mount_help(f, &fuse3);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-o max_read=BYTES "));
	CU_ASSERT_PTR_NULL(strstr(text, "nonempty"));
	free(text);
}

static void parse_without_memory(void)
{
	unsigned long n = 0, i;
	struct core_mount *m;

	for (i = 1; i < 500; i++) {
		struct core_args args = {0, NULL, 0};

		core_opt_add_arg(&args, "prog");
		core_opt_add_arg(&args, "-oallow_other,fsname=a,subtype=b,max_read=4096,nosuch");
		start_catching();
		unit_fail_alloc(i);
		m = core_mount_parse(&args, &fuse2);
		n = unit_alloc_count();
		unit_fail_alloc(0);
		CU_ASSERT((m == NULL) == (n >= i));
		if (!m)
			CU_ASSERT_NOT_EQUAL(caught[0], '\0');
		core_mount_free(m);
		core_opt_free_args(&args);
		if (m)
			break;
	}
	CU_ASSERT(i > 5 && i < 500);
	core_log_set_func(NULL);
}

static void dev_fd_names(void)
{
	static const struct {
		const char *name;
		int fd;
	} t[] = {
		{"/dev/fd/0", 0},           {"/dev/fd/17", 17},
		{"/dev/fd/007", 7},         {"/dev/fd/", -1},
		{"/dev/fd/3x", -1},         {"/dev/fd/-1", -1},
		{"/dev/fd/+1", -1},         {"/dev/fd", -1},
		{"dev/fd/3", -1},           {"", -1},
		{"/dev/fd/2147483648", -1}, {"/dev/fd/99999999999999999999", -1},
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(t); i++)
		UNIT_ASSERT_INT(core_mount_fd_of(t[i].name), t[i].fd);
}

/* ---- mountinfo ----------------------------------------------------------------------------- */

static void mountinfo_lines(void)
{
	char line[] = "64 43 0:39 / /mnt/a\\040b\\134 rw,nosuid shared:5 master:2 - fuse.st "
		      "my\\040src rw,user_id=0\n";
	char empty[] = "64 43 0:39 / /mnt rw - fuse  rw";
	char block[] = "64 43 7:3 / /mnt rw - fuseblk.st /dev/loop3 rw";
	char other[] = "1 2 0:3 / /s rw - fusectl none rw";
	char broken[][40] = {"",
			     "1",
			     "1 2 0:3 / /mnt rw",
			     "1 2 0:3 / /mnt rw - fuse",
			     "x 2 0:3 / /mnt rw - fuse a rw",
			     "1 2 03 / /mnt rw - fuse a rw"};
	struct core_mountinfo mi;

	CU_ASSERT_FATAL(core_mountinfo_parse(line, &mi));
	UNIT_ASSERT_INT(mi.id, 64);
	UNIT_ASSERT_INT(mi.parent, 43);
	UNIT_ASSERT_INT(mi.minor, 39);
	UNIT_ASSERT_INT(core_mountinfo_connection(&mi), 39);
	UNIT_ASSERT_STR(mi.mountpoint, "/mnt/a b\\");
	UNIT_ASSERT_STR(mi.type, "fuse.st");
	UNIT_ASSERT_STR(mi.source, "my src");
	UNIT_ASSERT_STR(mi.superoptions, "rw,user_id=0");
	CU_ASSERT(core_mountinfo_is_fuse(&mi));
	CU_ASSERT_FATAL(core_mountinfo_parse(empty, &mi));
	UNIT_ASSERT_STR(mi.source, "");
	CU_ASSERT_FATAL(core_mountinfo_parse(block, &mi));
	CU_ASSERT(core_mountinfo_is_fuse(&mi));
	UNIT_ASSERT_INT(core_mountinfo_connection(&mi), 7 * 1048576 + 3);
	CU_ASSERT_FATAL(core_mountinfo_parse(other, &mi));
	CU_ASSERT(!core_mountinfo_is_fuse(&mi));
	for (size_t i = 0; i < CORE_ARRAY_SIZE(broken); i++)
		CU_ASSERT(!core_mountinfo_parse(broken[i], &mi));
}

UNIT_SUITE(mount, UNIT_TEST(good_options), UNIT_TEST(bad_options), UNIT_TEST(accessors),
	   UNIT_TEST(option_names), UNIT_TEST(help_text), UNIT_TEST(parse_without_memory),
	   UNIT_TEST(dev_fd_names), UNIT_TEST(mountinfo_lines));
