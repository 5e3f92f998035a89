/*
 * Directories of the path API: both ways to fill, positions, READDIRPLUS and its lookups, odd
 * names, removal while open.
 */
#include "test_fs.h"

enum { FILES = 60 };

static void make_files(void)
{
	char path[32];

	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/%0*d", 1 + i % 20, i);
		m_add(path, S_IFREG | 0644);
	}
}

static uint64_t open_root(struct sk *k)
{
	struct wire_open_out o = {0};

	UNIT_ASSERT_INT(sk_opendir(k, 1, O_RDONLY, &o), 0);
	return o.fh;
}

static long read_some(struct sk *k, uint64_t fh, uint64_t off, char *buf, size_t size, bool plus)
{
	return plus ? sk_readdirplus(k, 1, fh, off, buf, size)
		    : sk_readdir(k, 1, fh, off, buf, size);
}

/* Entries that went out with attributes come without if somebody goes back to them. */
static bool went_back;

/* The whole directory from a position on; how many entries, each name seen once. */
static int list_from(struct sk *k, uint64_t fh, uint64_t off, size_t size, bool plus,
		     uint64_t *positions)
{
	bool have[FILES] = {false};
	int n = 0, dots = 0;
	struct sk_dirent d;
	char buf[8192];
	long len;

	while ((len = read_some(k, fh, off, buf, size, plus)) > 0) {
		size_t pos = 0;

		while (sk_dirent_next(buf, len, &pos, plus, &d)) {
			int i = atoi(d.name);

			CU_ASSERT(d.off != off);
			off = d.off;
			if (positions)
				positions[n] = off;
			n++;
			if (d.name[0] == '.') {
				dots++;
				UNIT_ASSERT_INT(d.type, S_IFDIR >> 12);
				continue;
			}
			CU_ASSERT_FATAL(i >= 0 && i < FILES);
			CU_ASSERT_FALSE(have[i]);
			have[i] = true;
			UNIT_ASSERT_INT(d.type, S_IFREG >> 12);
			if (plus && M.complete && !went_back)
				CU_ASSERT(d.entry.nodeid > 1 && d.entry.attr.uid == 5);
			if (plus && !M.complete)
				CU_ASSERT(d.entry.nodeid == 0);
		}
	}
	UNIT_ASSERT_INT(len, 0);
	CU_ASSERT(dots <= 2);
	return n;
}

static void every_entry_once(void)
{
	static const size_t sizes[] = {200, 512, 4096, 8192};

	for (int mode = 0; mode < 8; mode++) {
		struct sk *k = fs_start(NULL, NULL, NULL, mode & 4 ? 2 : 0);

		M.offsets = mode & 1;
		M.complete = mode & 2;
		make_files();
		for (size_t i = 0; i < CORE_ARRAY_SIZE(sizes); i++)
			for (int plus = 0; plus <= 1; plus++) {
				uint64_t fh = open_root(k);

				UNIT_ASSERT_INT(list_from(k, fh, 0, sizes[i], plus, NULL),
						FILES + 2);
				/* rewinddir */
				UNIT_ASSERT_INT(list_from(k, fh, 0, sizes[i], plus, NULL),
						FILES + 2);
				UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
			}
		ASSERT_NOT_LOGGED();
		fs_stop();
	}
}

static void positions_can_be_gone_back_to(void)
{
	for (int mode = 0; mode < 6; mode++) {
		struct sk *k = fs_start(NULL, NULL, NULL, 0);
		uint64_t positions[FILES + 2], fh;
		bool offsets = mode % 2;

		M.offsets = offsets;
		M.complete = mode >= 2;
		make_files();
		fh = open_root(k);
		UNIT_ASSERT_INT(list_from(k, fh, 0, mode < 4 ? 512 : 4096, M.complete, positions),
				FILES + 2);
		went_back = true;
		for (int i = FILES + 1; i >= 0; i -= 7)
			UNIT_ASSERT_INT(list_from(k, fh, positions[i], 512, i % 2, NULL),
					FILES + 1 - i);
		if (!offsets) {
			char buf[512];

			/* Positions that never were given. */
			UNIT_ASSERT_INT(sk_readdir(k, 1, fh, 3, buf, 512), -EINVAL);
			UNIT_ASSERT_INT(sk_readdir(k, 1, fh, 1 << 30, buf, 512), -EINVAL);
			UNIT_ASSERT_INT(sk_readdir(k, 1, fh, UINT64_MAX, buf, 512), -EINVAL);
		}
		went_back = false;
		UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
		fs_stop();
	}
}

static void what_is_asked(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	uint64_t fh;
	char buf[512];

	make_files();
	fh = open_root(k);
	ASSERT_ASKED("opendir /");
	/* Collected: asked once, whatever the kernel reads. */
	UNIT_ASSERT_INT(list_from(k, fh, 0, 512, false, NULL), FILES + 2);
	ASSERT_ASKED("readdir / 0");
	UNIT_ASSERT_INT(list_from(k, fh, 0, 512, true, NULL), FILES + 2);
	ASSERT_ASKED("readdir / 0 plus");
	M.offsets = true;
	CU_ASSERT(sk_readdir(k, 1, fh, 0, buf, 512) > 0);
	CU_ASSERT(sk_readdir(k, 1, fh, 10, buf, 512) > 0);
	ASSERT_ASKED("readdir / 0; readdir / 10");
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, fh, true), 0);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
	ASSERT_ASKED("fsyncdir / 1; releasedir /");
	fs_stop();
}

/* Reads the whole directory; *with: entries with attributes. Those without are looked up if wanted.
 */
static int read_plus(struct sk *k, bool look_up, int *with)
{
	uint64_t fh = open_root(k), off = 0;
	struct sk_dirent d;
	char buf[1024];
	int n = 0;
	long len;

	*with = 0;
	while ((len = sk_readdirplus(k, 1, fh, off, buf, sizeof(buf))) > 0) {
		size_t pos = 0;

		while (sk_dirent_next(buf, len, &pos, true, &d)) {
			n++;
			off = d.off;
			if (d.name[0] == '.')
				continue;
			*with += d.entry.nodeid != 0;
			if (d.entry.nodeid)
				UNIT_ASSERT_INT(d.entry.attr.mode, S_IFREG | 0644);
			else if (look_up)
				UNIT_ASSERT_INT(sk_lookup(k, 1, d.name, NULL), 0);
		}
	}
	UNIT_ASSERT_INT(len, 0);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
	return n;
}

static void attributes_for_who_looks_entries_up(void)
{
	for (int offsets = 0; offsets <= 1; offsets++) {
		struct core_fs_config cfg = fs_defaults;
		struct sk *k;
		int with;

		cfg.readdirplus = CORE_READDIRPLUS_AUTO;
		k = fs_start(NULL, &cfg, NULL, 0);
		M.offsets = offsets;
		make_files();
		for (int i = 0; i < 30; i++)
			UNIT_ASSERT_INT(read_plus(k, false, &with), FILES + 2);
		UNIT_ASSERT_INT(with, 0);
		for (int i = 0; i < 10; i++)
			UNIT_ASSERT_INT(read_plus(k, true, &with), FILES + 2);
		CU_ASSERT(with > FILES * 3 / 4);
		fs_stop();
	}
}

static void inode_numbers_in_directories(void)
{
	for (int mode = 0; mode < 4; mode++) {
		struct core_fs_config cfg = fs_defaults;
		struct wire_entry_out e;
		struct sk_dirent d;
		struct sk *k;
		size_t pos = 0;
		char buf[4096];
		uint64_t fh;
		long len;

		cfg.use_ino = mode == 1;
		cfg.readdir_ino = mode >= 2;
		k = fs_start(NULL, &cfg, NULL, 0);
		m_add("/a", S_IFREG | 0644);
		if (mode == 3)
			sk_lookup(k, 1, "a", &e);
		fh = open_root(k);
		len = sk_readdir(k, 1, fh, 0, buf, sizeof(buf));
		while (sk_dirent_next(buf, len, &pos, false, &d))
			if (!strcmp(d.name, "a"))
				break;
		UNIT_ASSERT_INT((long long)d.ino, mode == 1   ? 1002
						  : mode == 3 ? (long long)(uint32_t)e.nodeid
							      : WIRE_UNKNOWN_INO);
		UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
		fs_stop();
	}
}

/* ---- odd programs
 * --------------------------------------------------------------------------------------- */

static int odd_readdir(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
		       struct core_file_info *fi, int flags)
{
	char name[NODE_NAME_MAX + 2];
	off_t step = M.offsets;

	(void)d;
	(void)path;
	(void)fi;
	(void)flags;
	if (off)
		return 0;
	memset(name, 'n', sizeof(name));
	name[NODE_NAME_MAX + 1] = 0;
	fill(buf, name, NULL, step, 0);
	fill(buf, "", NULL, 2 * step, 0);
	fill(buf, "a/b", NULL, 3 * step, 0);
	name[NODE_NAME_MAX] = 0;
	fill(buf, name, NULL, 4 * step, 0);
	fill(buf, "good", NULL, 5 * step, CORE_FILL_PLUS);
	return 0;
}

static void names_no_directory_can_have_are_left_out(void)
{
	for (int mode = 0; mode < 4; mode++) {
		struct core_fs_ops ops = m_all_ops();
		struct sk *k;
		struct sk_dirent d;
		char buf[4096];
		size_t pos = 0;
		uint64_t fh;
		int n = 0;
		long len;

		ops.readdir = odd_readdir;
		k = fs_start(&ops, NULL, NULL, 0);
		M.offsets = mode & 1;
		fh = open_root(k);
		len = read_some(k, fh, 0, buf, sizeof(buf), mode & 2);
		while (sk_dirent_next(buf, len, &pos, mode & 2, &d))
			n++;
		UNIT_ASSERT_INT(n, 2);
		UNIT_ASSERT_STR(d.name, "good");
		ASSERT_LOGGED("1025 bytes is left out");
		ASSERT_LOGGED("a/b");
		sk_releasedir(k, 1, fh, 0);
		fs_stop();
	}
}

static int failing_readdir(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
			   struct core_file_info *fi, int flags)
{
	(void)d;
	(void)path;
	(void)off;
	(void)fi;
	(void)flags;
	fill(buf, "a", &(struct stat){.st_mode = S_IFREG | 0644}, M.offsets, CORE_FILL_PLUS);
	return -EIO;
}

static void a_failing_readdir(void)
{
	struct core_fs_ops ops = m_all_ops();
	char buf[512];

	ops.readdir = failing_readdir;
	for (int offsets = 0; offsets <= 1; offsets++) {
		struct sk *k = fs_start(&ops, NULL, NULL, 0);
		uint64_t fh = open_root(k);

		M.offsets = offsets;
		for (int i = 0; i < 3; i++) {
			UNIT_ASSERT_INT(sk_readdir(k, 1, fh, 0, buf, 512), -EIO);
			UNIT_ASSERT_INT(sk_readdirplus(k, 1, fh, 0, buf, 512), -EIO);
		}
		sk_releasedir(k, 1, fh, 0);
		fs_stop(); /* no lookup is left over */
	}
}

static void handles_that_are_none(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct wire_ioctl_in io = {.flags = WIRE_IOCTL_DIR};
	uint64_t fh = open_root(k);
	char buf[512];

	UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), -EBADF);
	UNIT_ASSERT_INT(sk_readdir(k, 1, fh, 0, buf, 512), -EBADF);
	UNIT_ASSERT_INT(sk_readdir(k, 1, UINT64_MAX, 0, buf, 512), -EBADF);
	UNIT_ASSERT_INT(sk_fsyncdir(k, 1, fh, false), -EBADF);
	io.fh = fh;
	CU_ASSERT(sk_ioctl(k, 1, &io, NULL, NULL, NULL) < 0);
	fs_stop();
}

/* Entries the kernel did not take are forgotten again. */
static struct sk_req *_Atomic victim;

static void abandon(const char *op, const char *path)
{
	(void)path;
	if (victim && !strcmp(op, "readdir")) {
		sk_abandon(T.k, victim);
		victim = NULL;
	}
}

static void lookups_of_an_abandoned_readdirplus(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct sk_req *req;
	uint64_t fh;

	make_files();
	M.complete = true;
	M.in_call = abandon;
	fh = open_root(k);
	sk_hold(k);
	sk_submit(k, &req, sk_readdirplus(k, 1, fh, 0, NULL, 4096));
	victim = req;
	sk_release_held(k, SK_FIFO, 0);
	UNIT_ASSERT_INT(sk_wait(k, req, 0), -EINTR);
	sk_req_free(k, req);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
	UNIT_ASSERT_INT((long long)F->tree.nodes.count, 1);
	fs_stop();
}

static const char *fail_in;

static void fail_next(const char *op, const char *path)
{
	(void)path;
	unit_fail_alloc(fail_in && !strcmp(op, fail_in) ? 1 : 0);
}

static void no_memory(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct wire_open_out o;
	char buf[512];
	uint64_t fh;

	make_files();
	M.in_call = fail_next;
	/* The program opened it: it is told to close it. */
	fail_in = "opendir";
	UNIT_ASSERT_INT(sk_opendir(k, 1, O_RDONLY, &o), -ENOMEM);
	UNIT_ASSERT_INT(m_opendirs, 1);
	UNIT_ASSERT_INT(m_releasedirs, 1);
	fail_in = NULL;
	fh = open_root(k);
	fail_in = "readdir";
	UNIT_ASSERT_INT(sk_readdir(k, 1, fh, 0, buf, 512), -ENOMEM);
	fail_in = NULL;
	UNIT_ASSERT_INT(list_from(k, fh, 0, 512, false, NULL), FILES + 2);
	UNIT_ASSERT_INT(sk_releasedir(k, 1, fh, 0), 0);
	fs_stop();
}

/* ---- removed while open
 * ------------------------------------------------------------------------------------ */

static void a_removed_open_directory_keeps_its_attributes(void)
{
	for (int by_rename = 0; by_rename <= 1; by_rename++) {
		struct sk *k = fs_start(NULL, NULL, NULL, 0);
		struct wire_entry_out e;
		struct wire_open_out o;
		struct wire_attr_out a;
		char buf[512];

		m_add("/d", S_IFDIR | 0711);
		m_add("/e", S_IFDIR | 0755);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "e", NULL), 0);
		UNIT_ASSERT_INT(sk_lookup(k, 1, "d", &e), 0);
		UNIT_ASSERT_INT(sk_opendir(k, e.nodeid, O_RDONLY, &o), 0);
		if (by_rename)
			UNIT_ASSERT_INT(sk_rename(k, 1, "e", 1, "d", 0), 0);
		else
			UNIT_ASSERT_INT(sk_rmdir(k, 1, "d"), 0);
		UNIT_ASSERT_INT(sk_getattr(k, e.nodeid, NULL, &a), 0);
		CU_ASSERT(a.attr.mode == (S_IFDIR | 0711) && a.attr.nlink == 0);
		UNIT_ASSERT_INT(sk_readdir(k, e.nodeid, o.fh, 0, buf, 512), -ENOENT);
		m_take();
		UNIT_ASSERT_INT(sk_releasedir(k, e.nodeid, o.fh, 0), 0);
		ASSERT_ASKED("releasedir (null)");
		fs_stop();
	}
}

UNIT_SUITE(fs_dir, UNIT_TEST(every_entry_once), UNIT_TEST(positions_can_be_gone_back_to),
	   UNIT_TEST(what_is_asked), UNIT_TEST(inode_numbers_in_directories),
	   UNIT_TEST(names_no_directory_can_have_are_left_out), UNIT_TEST(a_failing_readdir),
	   UNIT_TEST(handles_that_are_none), UNIT_TEST(attributes_for_who_looks_entries_up),
	   UNIT_TEST(lookups_of_an_abandoned_readdirplus), UNIT_TEST(no_memory),
	   UNIT_TEST(a_removed_open_directory_keeps_its_attributes));
