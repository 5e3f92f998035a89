/*
 * Open files of the path API: hidden and removed ones, several names of a file, caches, and
 * nodes that are remembered.
 */
#include "test_fs.h"

static uint64_t lookup(struct sk *k, uint64_t parent, const char *name)
{
	struct wire_entry_out e = {0};

	UNIT_ASSERT_INT(sk_lookup(k, parent, name, &e), 0);
	return e.nodeid;
}

static struct wire_open_out open_it(struct sk *k, uint64_t node, uint32_t flags)
{
	struct wire_open_out o = {0};

	UNIT_ASSERT_INT(sk_open(k, node, flags, &o), 0);
	return o;
}

static const char *hidden_path(void)
{
	static char path[300];
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);

	for (int i = 0; i < M_FILES; i++)
		if (m_files[i].inode && strstr(m_files[i].path, ".fuse_hidden"))
			return strcpy(path, m_files[i].path);
	return NULL;
}

/* ---- hidden files
 * ----------------------------------------------------------------------------------- */

static void open_files_are_hidden_when_removed(void)
{
	for (unsigned mt = 0; mt <= 2; mt += 2) {
		struct sk *k = fs_start(NULL, NULL, NULL, mt);
		struct wire_open_out o, o2;
		struct wire_attr_out a;
		uint64_t f;
		char buf[8], want[400];

		m_add("/a", S_IFREG | 0644);
		f = lookup(k, 1, "a");
		o = open_it(k, f, O_RDWR);
		o2 = open_it(k, f, O_RDONLY);
		UNIT_ASSERT_INT(sk_write(k, f, o.fh, 0, "data", 4), 4);
		UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
		CU_ASSERT_FALSE(m_exists("/a"));
		CU_ASSERT_PTR_NOT_NULL_FATAL(hidden_path());
		m_take();
		UNIT_ASSERT_INT(sk_read(k, f, o.fh, 0, buf, 8), 4);
		snprintf(want, sizeof(want), "read %s 8 0", hidden_path());
		ASSERT_ASKED(want);
		UNIT_ASSERT_INT(sk_getattr(k, f, &o.fh, &a), 0);
		UNIT_ASSERT_INT(a.attr.nlink, 0); /* as it would be without us */
		UNIT_ASSERT_INT(sk_lookup(k, 1, "a", NULL), -ENOENT);
		UNIT_ASSERT_INT(sk_release(k, f, o2.fh, 0), 0);
		CU_ASSERT_PTR_NOT_NULL(hidden_path());
		UNIT_ASSERT_INT(sk_release(k, f, o.fh, 0), 0);
		sk_lookup(k, 1, "nothing", NULL);
		CU_ASSERT_TRUE(soon(!hidden_path()));
		ASSERT_NOT_LOGGED();
		fs_stop();
	}
}

static void a_name_can_be_used_again(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct wire_open_out o[20];
	uint64_t f[20];

	for (int i = 0; i < 20; i++) {
		m_add("/a", S_IFREG | 0644);
		f[i] = lookup(k, 1, "a");
		o[i] = open_it(k, f[i], O_RDWR);
		UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
		for (int j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(f[i], f[j]);
	}
	for (int i = 0; i < 20; i++)
		UNIT_ASSERT_INT(sk_release(k, f[i], o[i].fh, 0), 0);
	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, NULL), 0);
	CU_ASSERT_PTR_NULL(hidden_path());
	fs_stop();
}

static void an_open_file_is_replaced(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct wire_open_out o;
	uint64_t a, b;
	char buf[8];

	m_add("/a", S_IFREG | 0644);
	m_add("/b", S_IFREG | 0644);
	a = lookup(k, 1, "a");
	b = lookup(k, 1, "b");
	o = open_it(k, b, O_RDWR);
	UNIT_ASSERT_INT(sk_write(k, b, o.fh, 0, "b", 1), 1);

	/* A rename that fails leaves everything as it was. */
	M.fail_rename_to = EACCES;
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 0), -EACCES);
	CU_ASSERT_TRUE(m_exists("/a"));
	CU_ASSERT_TRUE(m_exists("/b"));
	CU_ASSERT_PTR_NULL(hidden_path());
	UNIT_ASSERT_INT((long long)lookup(k, 1, "b"), (long long)b);
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, b, NULL, NULL), 0);
	ASSERT_ASKED("getattr /b");
	M.fail_rename_to = 0;

	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "b", 0), 0);
	CU_ASSERT_PTR_NOT_NULL(hidden_path());
	UNIT_ASSERT_INT((long long)lookup(k, 1, "b"), (long long)a);
	UNIT_ASSERT_INT(sk_read(k, b, o.fh, 0, buf, 8), 1);
	UNIT_ASSERT_INT(sk_release(k, b, o.fh, 0), 0);
	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, NULL), 0);
	CU_ASSERT_PTR_NULL(hidden_path());
	fs_stop();
}

static void hard_remove(void)
{
	for (int nullpath = 0; nullpath <= 1; nullpath++) {
		struct core_fs_config cfg = fs_defaults;
		struct wire_open_out o;
		struct sk *k;
		uint64_t f;
		char buf[8];

		cfg.hard_remove = 1;
		cfg.nullpath_ok = nullpath;
		k = fs_start(NULL, &cfg, NULL, 0);
		m_add("/a", S_IFREG | 0644);
		f = lookup(k, 1, "a");
		o = open_it(k, f, O_RDWR);
		UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
		CU_ASSERT_PTR_NULL(hidden_path());
		m_take();
		UNIT_ASSERT_INT(sk_read(k, f, o.fh, 0, buf, 8), nullpath ? 0 : -ENOENT);
		UNIT_ASSERT_STR(m_take(), nullpath ? "read (null) 8 0" : "");
		UNIT_ASSERT_INT(sk_getattr(k, f, &o.fh, NULL), nullpath ? 0 : -ENOENT);
		UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), -ENOENT);
		m_take();
		UNIT_ASSERT_INT(sk_release(k, f, o.fh, 0), 0); /* closed in any case */
		ASSERT_ASKED("release (null)");
		fs_stop();
	}
}

static void no_paths_where_there_are_handles(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct wire_copy_file_range_in copy = {.len = 1};
	struct wire_setattr_in set = {.valid = WIRE_FATTR_SIZE | WIRE_FATTR_FH, .size = 1};
	struct wire_open_out o;
	struct sk *k;
	char buf[512];
	uint64_t f;

	cfg.nopath = 1;
	k = fs_start(NULL, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	o = open_it(k, f, O_RDWR);
	m_take();
	UNIT_ASSERT_INT(sk_write(k, f, o.fh, 0, "x", 1), 1);
	UNIT_ASSERT_INT(sk_read(k, f, o.fh, 0, buf, 8), 1);
	UNIT_ASSERT_INT(sk_flush(k, f, o.fh, 0), 0);
	UNIT_ASSERT_INT(sk_fsync(k, f, o.fh, 0), 0);
	ASSERT_ASKED("write (null) 1 0; read (null) 8 0; flush (null); fsync (null) 0");
	UNIT_ASSERT_INT(sk_getattr(k, f, &o.fh, NULL), 0);
	ASSERT_ASKED("getattr (null) fi");
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	ASSERT_ASKED("getattr /a");
	set.fh = copy.fh_in = copy.fh_out = o.fh;
	copy.nodeid_out = f;
	UNIT_ASSERT_INT(sk_setattr(k, f, &set, NULL), 0);
	ASSERT_ASKED("truncate (null) 1 fi; getattr (null) fi");
	UNIT_ASSERT_INT(sk_copy_file_range(k, f, &copy), 1);
	ASSERT_ASKED("copy_file_range (null)");
	UNIT_ASSERT_INT(sk_release(k, f, o.fh, 0), 0);
	ASSERT_ASKED("release (null)");
	fs_stop();
}

static void what_was_never_closed_is_removed_at_the_end(void)
{
	for (int init = 0; init <= 1; init++) {
		struct sk_config skc = {.abrupt = init};
		struct sk *k = fs_start(NULL, NULL, &skc, 0);
		uint64_t f;

		m_add("/a", S_IFREG | 0644);
		f = lookup(k, 1, "a");
		open_it(k, f, O_RDWR);
		UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
		CU_ASSERT_PTR_NOT_NULL(hidden_path());
		sk_end(k);
		join_loop();
		core_fs_free(F);
		CU_ASSERT_PTR_NULL(hidden_path());
		sk_free(k);
		core_log_set_func(NULL);
	}
}

static void a_hidden_file_that_cannot_be_removed(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct wire_open_out o;
	uint64_t f;

	m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	o = open_it(k, f, O_RDWR);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
	M.fail_unlink = true;
	UNIT_ASSERT_INT(sk_release(k, f, o.fh, 0), 0);
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL(hidden_path());
	M.fail_unlink = false;
	fs_stop();
}

static void programs_that_cannot_rename_remove(void)
{
	struct core_fs_ops ops = m_all_ops();
	struct wire_open_out o;
	struct sk *k;
	uint64_t f;

	ops.rename = NULL;
	k = fs_start(&ops, NULL, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	o = open_it(k, f, O_RDWR);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
	CU_ASSERT_FALSE(m_exists("/a"));
	UNIT_ASSERT_INT(sk_release(k, f, o.fh, 0), 0);
	fs_stop();
}

/* ---- several names
 * ------------------------------------------------------------------------------------- */

static void links_share_a_node(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 2);
	struct wire_entry_out e;
	struct wire_open_out o;
	struct wire_attr_out a;
	uint64_t f, d;

	m_add("/a", S_IFREG | 0644);
	m_add("/d", S_IFDIR | 0755);
	f = lookup(k, 1, "a");
	d = lookup(k, 1, "d");
	UNIT_ASSERT_INT(sk_link(k, f, d, "b", &e), 0);
	UNIT_ASSERT_INT((long long)e.nodeid, (long long)f);
	UNIT_ASSERT_INT((long long)lookup(k, d, "b"), (long long)f);
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, &a), 0);
	CU_ASSERT(a.attr.nlink == 2 && a.attr_valid == 2); /* all its names are known: cached */

	/* One name removed while open: the other is used, nothing is hidden. */
	o = open_it(k, f, O_RDONLY);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
	CU_ASSERT_PTR_NULL(hidden_path());
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	ASSERT_ASKED("getattr /d/b");
	/* The last one. */
	UNIT_ASSERT_INT(sk_unlink(k, d, "b"), 0);
	CU_ASSERT_PTR_NOT_NULL(hidden_path());
	UNIT_ASSERT_INT(sk_release(k, f, o.fh, 0), 0);
	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, NULL), 0);
	CU_ASSERT_TRUE(soon(!hidden_path()));
	fs_stop();
}

static void renames_among_links(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	uint64_t f, g;

	m_add("/a", S_IFREG | 0644);
	m_add("/g", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	g = lookup(k, 1, "g");
	UNIT_ASSERT_INT(sk_link(k, f, 1, "b", NULL), 0);
	UNIT_ASSERT_INT(sk_link(k, f, 1, "c", NULL), 0);
	UNIT_ASSERT_INT(sk_rename(k, 1, "b", 1, "bb", 0), 0);
	UNIT_ASSERT_INT((long long)lookup(k, 1, "bb"), (long long)f);
	UNIT_ASSERT_INT(sk_rename(k, 1, "g", 1, "c", 0), 0); /* over a further name */
	UNIT_ASSERT_INT((long long)lookup(k, 1, "c"), (long long)g);
	UNIT_ASSERT_INT(sk_rename(k, 1, "c", 1, "a", 0), 0); /* over the first */
	UNIT_ASSERT_INT((long long)lookup(k, 1, "a"), (long long)g);
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	ASSERT_ASKED("getattr /bb");
	UNIT_ASSERT_INT(sk_rename(k, 1, "a", 1, "bb", 2), 0); /* exchanged */
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0);
	ASSERT_ASKED("getattr /a");
	UNIT_ASSERT_INT(sk_getattr(k, g, NULL, NULL), 0);
	ASSERT_ASKED("getattr /bb");
	fs_stop();
}

static void a_link_broken_behind_our_back(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	uint64_t f, other;

	m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	UNIT_ASSERT_INT(sk_link(k, f, 1, "b", NULL), 0);
	/* A union copies up: /b is another file from now on. */
	pthread_mutex_lock(&m_lock);
	m_find("/a")->inode->st.st_nlink = 1;
	m_find("/b")->inode = NULL;
	m_add("/b", S_IFREG | 0600);
	pthread_mutex_unlock(&m_lock);
	other = lookup(k, 1, "b");
	CU_ASSERT_NOT_EQUAL(other, f);
	UNIT_ASSERT_INT((long long)lookup(k, 1, "a"), (long long)f);
	m_take();
	UNIT_ASSERT_INT(sk_getattr(k, other, NULL, NULL), 0);
	ASSERT_ASKED("getattr /b");
	fs_stop();
}

static void unknown_names_are_not_cached(void)
{
	struct sk *k = fs_start(NULL, NULL, NULL, 0);
	struct wire_attr_out a;
	uint64_t f;

	m_add("/a", S_IFREG | 0644)->st.st_nlink = 2; /* the other is made elsewhere */
	f = lookup(k, 1, "a");
	UNIT_ASSERT_INT(sk_getattr(k, f, NULL, &a), 0);
	CU_ASSERT(a.attr_valid == 0 && a.attr_valid_nsec == 0);
	fs_stop();
}

/* ---- caches
 * ---------------------------------------------------------------------------------------------- */

static void open_flags_by_option(void)
{
	static const struct {
		struct core_fs_config cfg;
		uint32_t open_flags, flags;
	} c[] = {
		{{.direct_io = 1}, O_RDWR, WIRE_FOPEN_DIRECT_IO},
		{{.kernel_cache = 1}, O_RDWR, WIRE_FOPEN_KEEP_CACHE},
		{{.no_rofd_flush = 1}, O_RDONLY, WIRE_FOPEN_NOFLUSH},
		{{.no_rofd_flush = 1}, O_RDWR, 0},
		{{.direct_io = 1, .parallel_direct_writes = 1},
		 O_RDWR,
		 WIRE_FOPEN_DIRECT_IO | WIRE_FOPEN_PARALLEL_DIRECT_WRITES},
	};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(c); i++) {
		struct sk *k = fs_start(NULL, &c[i].cfg, NULL, 0);
		struct wire_create_out cr;
		struct wire_open_out o;
		uint64_t f;

		m_add("/a", S_IFREG | 0644);
		f = lookup(k, 1, "a");
		o = open_it(k, f, c[i].open_flags);
		UNIT_ASSERT_INT(o.open_flags, c[i].flags);
		sk_release(k, f, o.fh, 0);
		UNIT_ASSERT_INT(sk_create(k, 1, "c", c[i].open_flags, S_IFREG | 0644, 0, &cr), 0);
		UNIT_ASSERT_INT(cr.open.open_flags, c[i].flags);
		sk_release(k, cr.entry.nodeid, cr.open.fh, 0);
		fs_stop();
	}
}

static void auto_cache(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct wire_open_out o;
	struct m_inode *n;
	struct sk *k;
	uint64_t f;

	cfg.auto_cache = 1;
	cfg.ac_attr_timeout_set = 1;
	cfg.ac_attr_timeout = 0;
	k = fs_start(NULL, &cfg, NULL, 0);
	n = m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	o = open_it(k, f, O_RDONLY);
	UNIT_ASSERT_INT(o.open_flags, 0);
	sk_release(k, f, o.fh, 0);
	o = open_it(k, f, O_RDONLY); /* nothing changed */
	UNIT_ASSERT_INT(o.open_flags, WIRE_FOPEN_KEEP_CACHE);
	sk_release(k, f, o.fh, 0);
	n->st.st_mtim.tv_nsec++;
	o = open_it(k, f, O_RDONLY);
	UNIT_ASSERT_INT(o.open_flags, 0);
	sk_release(k, f, o.fh, 0);
	o = open_it(k, f, O_RDONLY);
	UNIT_ASSERT_INT(o.open_flags, WIRE_FOPEN_KEEP_CACHE);
	sk_release(k, f, o.fh, 0);
	n->st.st_size++;
	sk_getattr(k, f, NULL, NULL); /* noticed on the way */
	o = open_it(k, f, O_RDONLY);
	UNIT_ASSERT_INT(o.open_flags, 0);
	sk_release(k, f, o.fh, 0);
	M.fail_getattr = EIO; /* no answer is no reason to keep it */
	o = open_it(k, f, O_RDONLY);
	UNIT_ASSERT_INT(o.open_flags, 0);
	M.fail_getattr = 0;
	sk_release(k, f, o.fh, 0);
	fs_stop();
}

/* ---- remember
 * --------------------------------------------------------------------------------------------- */

static void remembered_for_ever(void)
{
	struct core_fs_config cfg = fs_defaults;
	struct sk *k;
	uint64_t f;

	cfg.remember = -1;
	k = fs_start(NULL, &cfg, NULL, 0);
	m_add("/a", S_IFREG | 0644);
	f = lookup(k, 1, "a");
	for (int i = 0; i < 3; i++) {
		UNIT_ASSERT_INT(sk_forget(k, f, 1), 0);
		UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), 0); /* NFS holds on to it */
		UNIT_ASSERT_INT((long long)lookup(k, 1, "a"), (long long)f);
	}
	UNIT_ASSERT_INT(core_fs_clean_cache(F) > 0, 1);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "a"), 0);
	UNIT_ASSERT_INT(sk_forget(k, f, 1), 0);
	CU_ASSERT_TRUE(soon(F->tree.nodes.count == 1)); /* nothing left to remember it by */
	fs_stop();
}

static void remembered_for_a_while(void)
{
	for (unsigned mt = 0; mt <= 2; mt += 2) {
		struct core_fs_config cfg = fs_defaults;
		struct sk *k;
		double at;
		uint64_t f;

		cfg.remember = 2;
		k = fs_start(NULL, &cfg, NULL, mt);
		m_add("/a", S_IFREG | 0644);
		f = lookup(k, 1, "a");
		/* Used again and again: one place in the queue, and the last time counts. */
		for (int i = 0; i < 1000; i++) {
			UNIT_ASSERT_INT(sk_forget(k, f, 1), 0);
			UNIT_ASSERT_INT((long long)lookup(k, 1, "a"), (long long)f);
		}
		nap_ms(1500);
		at = now_s();
		UNIT_ASSERT_INT(sk_forget(k, f, 1), 0);
		while (now_s() - at < 0.9) {
			int err = sk_getattr(k, f, NULL, NULL);

			if (now_s() - at < 1) /* on a busy machine time may be over meanwhile */
				UNIT_ASSERT_INT(err, 0);
			core_fs_clean_cache(F);
			nap_ms(50);
		}
		while (now_s() - at < 30 && F->tree.nodes.count > 1) {
			core_fs_clean_cache(F);
			nap_ms(100);
		}
		UNIT_ASSERT_INT((long long)F->tree.nodes.count, 1);
		UNIT_ASSERT_INT(sk_getattr(k, f, NULL, NULL), -ESTALE);
		fs_stop();
	}
}

/* ---- no memory
 * --------------------------------------------------------------------------------------------- */

static void every_allocation_of_a_new_file_system_may_fail(void)
{
	static const struct core_session_config none;
	struct core_fs_ops ops = m_all_ops();
	unsigned long n = 1, used;

	core_log_set_func(take_log);
	do {
		struct core_fs *fs;

		clear_log();
		unit_fail_alloc(n);
		fs = core_fs_new(&test_profile, &none, &fs_defaults, &ops, NULL, NULL);
		used = unit_alloc_count();
		unit_fail_alloc(0);
		CU_ASSERT(!fs == (used >= n));
		if (fs)
			core_fs_free(fs);
		else
			ASSERT_LOGGED("out of memory");
	} while (used >= n++);
	CU_ASSERT(n > 60);
	core_log_set_func(NULL);
}

static unsigned long fail_at;

static void fail_nth(const char *op, const char *path)
{
	(void)op;
	(void)path;
	unit_fail_alloc(fail_at);
}

/* The n-th allocation after the program was called fails, in every kind of request. */
static void allocations_in_operations_may_fail(void)
{
	struct core_fs_config cfg = fs_defaults;

	cfg.auto_cache = 1;
	cfg.remember = 100;
	for (unsigned long n = 1; n <= 4; n++) {
		struct wire_create_out c = {0};
		struct wire_open_out o;
		struct sk *k;
		char buf[512], name[16];
		uint64_t f;

		fail_at = n;
		k = fs_start(NULL, &cfg, NULL, 0);
		M.in_call = fail_nth;
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "f%d", i);
			sk_mknod(k, 1, name, S_IFREG | 0644, 0, 0, NULL);
			sk_lookup(k, 1, name, NULL);
		}
		if (!sk_create(k, 1, "c", O_RDWR, S_IFREG | 0644, 0, &c)) {
			f = c.entry.nodeid;
			sk_write(k, f, c.open.fh, 0, "x", 1);
			sk_read(k, f, c.open.fh, 0, buf, 512);
			sk_link(k, f, 1, "d", NULL);
			sk_rename(k, 1, "c", 1, "e", 0);
			sk_unlink(k, 1, "d");
			sk_unlink(k, 1, "e");
			sk_release(k, f, c.open.fh, 0); /* its answer may be what fails */
		}
		if (!sk_opendir(k, 1, O_RDONLY, &o)) {
			sk_readdirplus(k, 1, o.fh, 0, buf, 512);
			sk_releasedir(k, 1, o.fh, 0);
		}
		M.in_call = NULL;
		fs_stop();
	}
}

UNIT_SUITE(fs_file, UNIT_TEST(open_files_are_hidden_when_removed),
	   UNIT_TEST(a_name_can_be_used_again), UNIT_TEST(an_open_file_is_replaced),
	   UNIT_TEST(hard_remove), UNIT_TEST(no_paths_where_there_are_handles),
	   UNIT_TEST(what_was_never_closed_is_removed_at_the_end),
	   UNIT_TEST(a_hidden_file_that_cannot_be_removed),
	   UNIT_TEST(programs_that_cannot_rename_remove), UNIT_TEST(links_share_a_node),
	   UNIT_TEST(renames_among_links), UNIT_TEST(a_link_broken_behind_our_back),
	   UNIT_TEST(unknown_names_are_not_cached), UNIT_TEST(open_flags_by_option),
	   UNIT_TEST(auto_cache), UNIT_TEST(remembered_for_ever), UNIT_TEST(remembered_for_a_while),
	   UNIT_TEST(every_allocation_of_a_new_file_system_may_fail),
	   UNIT_TEST(allocations_in_operations_may_fail));
