/*
 * Built-in modules: how names are mapped, and that each operation gets everything else as it was.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/modules/modules.h"

static char log_[8192]; /* "name path path", what the last operation below was given */
static struct core_file_info fi_;
static char private_;
static const char *target_;

#define ODD ((off_t)0x123456789abcdef0)

static void note(void *d, const char *op, const char *path)
{
	CU_ASSERT_PTR_EQUAL(d, &private_);
	snprintf(log_, sizeof(log_), "%s %s", op, path ? path : "-");
}

static struct core_args args_of(const char *opts, struct core_args *args)
{
	memset(args, 0, sizeof(*args));
	core_opt_add_arg(args, "program");
	core_opt_add_arg(args, "-o");
	core_opt_add_arg(args, opts);
	return *args;
}

static int put_over(struct core_modules *s, const char *name, const char *opts)
{
	struct core_args args;
	int res;

	args_of(opts, &args);
	res = core_modules_push(s, name, &args);
	if (!res) /* it has taken its options */
		UNIT_ASSERT_INT(args.argc, 1);
	core_opt_free_args(&args);
	return res;
}

/* ---- the file system below ----------------------------------------------------------------------
 */

static int b_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	note(d, "getattr", path);
	(void)st;
	return fi ? -EBADF : -ENOENT;
}

static int b_rename(void *d, const char *from, const char *to, unsigned flags)
{
	note(d, "rename", from);
	strcat(log_, " ");
	strcat(log_, to);
	return -(int)flags;
}

static int b_symlink(void *d, const char *target, const char *path)
{
	note(d, "symlink", path);
	strcat(log_, " ");
	strcat(log_, target);
	return 0;
}

static int b_readlink(void *d, const char *path, char *buf, size_t size)
{
	note(d, "readlink", path);
	snprintf(buf, size, "%s", target_);
	return 0;
}

static int b_utimens(void *d, const char *path, const struct timespec tv[2],
		     struct core_file_info *fi)
{
	note(d, "utimens", path);
	UNIT_ASSERT_INT(tv[0].tv_nsec, UTIME_OMIT);
	UNIT_ASSERT_INT(tv[1].tv_nsec, 7);
	CU_ASSERT_PTR_EQUAL(fi, &fi_);
	return 0;
}

static off_t b_lseek(void *d, const char *path, off_t off, int whence, struct core_file_info *fi)
{
	note(d, "lseek", path);
	UNIT_ASSERT_INT(whence, 4);
	CU_ASSERT_PTR_EQUAL(fi, &fi_);
	return off + 1;
}

static int b_fallocate(void *d, const char *path, int mode, off_t off, off_t len,
		       struct core_file_info *fi)
{
	note(d, "fallocate", path);
	UNIT_ASSERT_INT(mode, 3);
	UNIT_ASSERT_INT(off, ODD);
	UNIT_ASSERT_INT(len, ODD + 1);
	CU_ASSERT_PTR_EQUAL(fi, &fi_);
	return -EDOM;
}

static ssize_t b_copy_file_range(void *d, const char *in, struct core_file_info *fi_in,
				 off_t off_in, const char *out, struct core_file_info *fi_out,
				 off_t off_out, size_t len, int flags)
{
	note(d, "copy", in);
	strcat(log_, " ");
	strcat(log_, out);
	CU_ASSERT_PTR_EQUAL(fi_in, &fi_);
	CU_ASSERT_PTR_EQUAL(fi_out, NULL);
	UNIT_ASSERT_INT(off_in, ODD);
	UNIT_ASSERT_INT(off_out, ODD + 2);
	UNIT_ASSERT_INT(flags, 5);
	return (ssize_t)len;
}

static int b_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		   unsigned flags, void *data)
{
	note(d, "ioctl", path);
	CU_ASSERT_PTR_EQUAL(arg, &log_);
	CU_ASSERT_PTR_EQUAL(data, &target_);
	CU_ASSERT_PTR_EQUAL(fi, &fi_);
	UNIT_ASSERT_INT(flags, 9);
	return (int)(cmd - 0x80000000u);
}

static int b_poll(void *d, const char *path, struct core_file_info *fi, struct core_pollhandle *ph,
		  unsigned *revents)
{
	note(d, "poll", path);
	CU_ASSERT_PTR_EQUAL(ph, &private_);
	CU_ASSERT_PTR_EQUAL(fi, &fi_);
	*revents = 17;
	return 0;
}

static int b_readdir(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
		     struct core_file_info *fi, int flags)
{
	note(d, "readdir", path);
	(void)fi;
	UNIT_ASSERT_INT(off, ODD);
	UNIT_ASSERT_INT(flags, CORE_READDIR_PLUS);
	fill(buf, "\xc3\xa4", NULL, 1, CORE_FILL_PLUS);
	fill(buf, "bad\xff", NULL, 2, 0);
	return fill(buf, "ok", NULL, ODD, 0);
}

static int b_getpath(void *d, const char *path, char *buf, size_t size, struct core_file_info *fi)
{
	(void)fi;
	note(d, "getpath", path);
	snprintf(buf, size, "%s", path);
	return 0;
}

static int collect(void *buf, const char *name, const struct stat *st, off_t off, int flags)
{
	CU_ASSERT_PTR_NULL(st);
	snprintf((char *)buf + strlen(buf), 64, "%s,%llx,%d;", name, (unsigned long long)off,
		 flags);
	return 1;
}

static const struct core_fs_ops below = {
	.getattr = b_getattr,
	.rename = b_rename,
	.symlink = b_symlink,
	.readlink = b_readlink,
	.utimens = b_utimens,
	.lseek = b_lseek,
	.fallocate = b_fallocate,
	.copy_file_range = b_copy_file_range,
	.ioctl = b_ioctl,
	.poll = b_poll,
	.readdir = b_readdir,
	.getpath = b_getpath,
};

/* ---- tests --------------------------------------------------------------------------------------
 */

static void operations_pass_through(void)
{
	struct core_modules s = {below, &private_, NULL};
	struct timespec tv[2] = {{0, UTIME_OMIT}, {3, 7}};
	unsigned revents = 0;

	UNIT_ASSERT_INT(put_over(&s, "subdir", "subdir=/sub"), 0);
	UNIT_ASSERT_INT(s.ops.getattr(s.data, "/", NULL, NULL), -ENOENT);
	UNIT_ASSERT_STR(log_, "getattr /sub/");
	UNIT_ASSERT_INT(s.ops.getattr(s.data, NULL, NULL, &fi_), -EBADF);
	UNIT_ASSERT_STR(log_, "getattr -");
	UNIT_ASSERT_INT(s.ops.rename(s.data, "/a", "/b/c", 3), -3);
	UNIT_ASSERT_STR(log_, "rename /sub/a /sub/b/c");
	UNIT_ASSERT_INT(s.ops.symlink(s.data, "/t", "/l"), 0);
	UNIT_ASSERT_STR(log_, "symlink /sub/l /t");
	UNIT_ASSERT_INT(s.ops.utimens(s.data, "/f", tv, &fi_), 0);
	UNIT_ASSERT_STR(log_, "utimens /sub/f");
	UNIT_ASSERT_INT(s.ops.lseek(s.data, "/f", ODD, 4, &fi_), ODD + 1);
	UNIT_ASSERT_STR(log_, "lseek /sub/f");
	UNIT_ASSERT_INT(s.ops.fallocate(s.data, "/f", 3, ODD, ODD + 1, &fi_), -EDOM);
	UNIT_ASSERT_STR(log_, "fallocate /sub/f");
	UNIT_ASSERT_INT(s.ops.copy_file_range(s.data, "/a", &fi_, ODD, "/b", NULL, ODD + 2,
					      (size_t)1 << 40, 5),
			1LL << 40);
	UNIT_ASSERT_STR(log_, "copy /sub/a /sub/b");
	UNIT_ASSERT_INT(s.ops.ioctl(s.data, "/f", 0x80000007u, &log_, &fi_, 9, &target_), 7);
	UNIT_ASSERT_STR(log_, "ioctl /sub/f");
	UNIT_ASSERT_INT(s.ops.poll(s.data, NULL, &fi_, (void *)&private_, &revents), 0);
	UNIT_ASSERT_INT(revents, 17);
	core_modules_free(&s);
}

static void absent_stays_absent(void)
{
	struct core_modules s = {{.getattr = b_getattr}, &private_, NULL};
	void (*const *op)(void) = (void (*const *)(void)) & s.ops;
	unsigned there = 0;

	UNIT_ASSERT_INT(put_over(&s, "subdir", "subdir=/sub"), 0);
	for (size_t i = 0; i < sizeof(s.ops) / sizeof(*op); i++)
		there += op[i] != NULL;
	UNIT_ASSERT_INT(there, 1);
	CU_ASSERT_PTR_NOT_NULL(s.ops.getattr);
	core_modules_free(&s);
}

static void long_paths_reach_the_program(void)
{
	struct core_modules s = {below, &private_, NULL};
	char path[PATH_MAX + 100];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	UNIT_ASSERT_INT(put_over(&s, "subdir", "subdir=/sub"), 0);
	UNIT_ASSERT_INT(s.ops.getattr(s.data, path, NULL, NULL), -ENOENT);
	UNIT_ASSERT_INT((long long)strlen(log_),
			(long long)(strlen("getattr /sub") + strlen(path)));
	core_modules_free(&s);
}

/* What a layer makes need not begin with a slash, and goes to the one below. */
static void paths_without_a_slash(void)
{
	struct core_modules s = {below, &private_, NULL};
	char buf[64] = "";

	UNIT_ASSERT_INT(put_over(&s, "iconv", "from_code=UTF-8,to_code=UTF-8"), 0);
	UNIT_ASSERT_INT(put_over(&s, "subdir", "subdir="), 0);
	UNIT_ASSERT_INT(s.ops.getpath(s.data, "/x", buf, sizeof(buf), NULL), 0);
	UNIT_ASSERT_STR(log_, "getpath x");
	UNIT_ASSERT_STR(buf, "/x");
	UNIT_ASSERT_INT(s.ops.getpath(s.data, "/d/x", buf, sizeof(buf), NULL), 0);
	UNIT_ASSERT_STR(buf, "/d/x");
	UNIT_ASSERT_INT(s.ops.getpath(s.data, "/", buf, sizeof(buf), NULL), 0);
	UNIT_ASSERT_STR(log_, "getpath .");
	UNIT_ASSERT_STR(buf, "/");
	core_modules_free(&s);

	s = (struct core_modules){below, &private_, NULL};
	UNIT_ASSERT_INT(put_over(&s, "subdir", "subdir=/b"), 0);
	UNIT_ASSERT_INT(put_over(&s, "subdir", "subdir=a"), 0);
	UNIT_ASSERT_INT(s.ops.getattr(s.data, "/x", NULL, NULL), -ENOENT);
	UNIT_ASSERT_STR(log_, "getattr /b/a/x");
	UNIT_ASSERT_INT(s.ops.getattr(s.data, "", NULL, NULL), -ENOENT);
	UNIT_ASSERT_STR(log_, "getattr /b/a/");
	core_modules_free(&s);
}

static void rellinks(void)
{
	static const struct {
		const char *link, *target, *want;
	} rows[] = {
		{"/l", "/sub/a", "a"},         {"/d/l", "/sub/a", "../a"},
		{"/d/e/l", "/sub/", "../../"}, {"/l", "/sub/", "."},
		{"/l", "/sub", "/sub"},        {"/l", "/subx", "/subx"},
		{"/l", "rel", "rel"},          {"/l", "//sub//a", "a"},
		{"/d/l", "/sub/d/a", "a"},     {"/d/a/l", "/sub/d/a", "."},
		{"/dd/l", "/sub/d", "../d"},   {"/d/e/f/l", "/sub/d", "../../"},
	};
	struct core_modules s = {below, &private_, NULL};
	char buf[64];

	UNIT_ASSERT_INT(put_over(&s, "subdir", "subdir=/sub/,rellinks"), 0);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(rows); i++) {
		target_ = rows[i].target;
		UNIT_ASSERT_INT(s.ops.readlink(s.data, rows[i].link, buf, sizeof(buf)), 0);
		UNIT_ASSERT_STR(buf, rows[i].want);
	}
	target_ = "/sub/a";
	UNIT_ASSERT_INT(s.ops.readlink(s.data, "/d/e/f/l", buf, 10), -ENAMETOOLONG);
	core_modules_free(&s);
}

static void iconv_converts(void)
{
	struct core_modules s = {below, &private_, NULL};
	char buf[256] = "";

	UNIT_ASSERT_INT(put_over(&s, "iconv", "from_code=UTF-8,to_code=ISO-8859-1"), 0);
	UNIT_ASSERT_INT(s.ops.symlink(s.data, "t\xe4", "/l\xf6"), 0);
	UNIT_ASSERT_STR(log_, "symlink /l\xc3\xb6 t\xc3\xa4");
	target_ = "x\xc3\xa4";
	UNIT_ASSERT_INT(s.ops.readlink(s.data, "/l", buf, sizeof(buf)), 0);
	UNIT_ASSERT_STR(buf, "x\xe4");
	buf[0] = 0;
	UNIT_ASSERT_INT(s.ops.readdir(s.data, "/", buf, collect, ODD, NULL, CORE_READDIR_PLUS), 1);
	UNIT_ASSERT_STR(buf, "\xe4,1,2;ok,123456789abcdef0,0;");
	core_modules_free(&s);

	s = (struct core_modules){below, &private_, NULL};
	UNIT_ASSERT_INT(put_over(&s, "iconv", "from_code=ISO-8859-1,to_code=UTF-8"), 0);
	UNIT_ASSERT_INT(s.ops.getattr(s.data, "/\xff", NULL, NULL), -EILSEQ);
	UNIT_ASSERT_INT(s.ops.getattr(s.data, "/\xe2\x82\xac", NULL, NULL), -EILSEQ);
	core_modules_free(&s);
}

static void bad_options(void)
{
	struct core_modules s = {below, &private_, NULL};

	UNIT_ASSERT_INT(put_over(&s, "subdir", "rellinks"), -1);
	UNIT_ASSERT_INT(put_over(&s, "iconv", "from_code=nonsense"), -1);
	UNIT_ASSERT_INT(put_over(&s, "other", "x"), -1);
	CU_ASSERT_PTR_NULL(s.top);
	CU_ASSERT_PTR_EQUAL(s.data, &private_);
}

UNIT_SUITE(modules, UNIT_TEST(operations_pass_through), UNIT_TEST(absent_stays_absent),
	   UNIT_TEST(long_paths_reach_the_program), UNIT_TEST(paths_without_a_slash),
	   UNIT_TEST(rellinks), UNIT_TEST(iconv_converts), UNIT_TEST(bad_options));
