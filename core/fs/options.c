#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/log.h"
#include "core/fs/fs.h"
#include "core/fs/options.h"

struct parse {
	struct core_fs_config *cfg;
	struct core_session_config *scfg;
	bool debug;
};

struct row;
typedef int (*setter)(struct parse *p, const struct row *row, const char *opt, const char *value);

struct row {
	const char *templ;
	setter set; /* NULL: means nothing on Linux */
	size_t at;  /* an int or unsigned in the tuning */
	int value;
	const char *usage, *help; /* NULL: not in --help */
};

static int bad(const char *opt, const char *expected)
{
	core_err("option '%s': expected %s\n", opt, expected);
	return -1;
}

/* Digits of that base and nothing else; -1: no number, or above most. */
static int64_t number(const char *text, int base, int64_t most)
{
	char *end;
	long long n;

	if (!((*text >= '0' && *text <= '9') || (base == 16 && strchr("abcdefABCDEF", *text))))
		return -1;
	errno = 0;
	n = strtoll(text, &end, base);
	return errno || *end || !*text || n > most ? -1 : n;
}

/* ---- setters --------------------------------------------------------------------------------- */

static int set_int(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	(void)opt;
	(void)value;
	*(int *)((char *)p->cfg + row->at) = row->value;
	return 0;
}

/* Name=, Name=1, Name=yes switch on; Name=0, Name=no off. */
static int set_bool(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	static const char *const off[] = {"0", "no", "false", "off"};
	bool on = true;

	(void)opt;
	for (size_t i = 0; value && i < CORE_ARRAY_SIZE(off); i++)
		if (!strcasecmp(value, off[i]))
			on = false;
	if (on)
		*(int *)((char *)p->cfg + row->at) = row->value;
	return 0;
}

static int set_hide(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	(void)opt;
	(void)value;
	if (row->value > 0)
		p->cfg->ext_hide |= (uint32_t)row->value;
	else
		p->cfg->ext_hide &= ~(uint32_t)-row->value;
	return 0;
}

static int set_number(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	int64_t n = number(value, 10, row->value);

	if (n < 0) {
		core_err("option '%s': expected a number, 0 to %d\n", opt, row->value);
		return -1;
	}
	*(unsigned *)((char *)p->cfg + row->at) = (unsigned)n;
	return 0;
}

/* value: 1 files, 2 directories, 3 what has none of its own (the rows stand in that order) */
static int set_umask(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	struct core_fs_tuning *t = &p->cfg->tune;
	int64_t mask = number(value, 8, 0777);

	if (mask < 0)
		return bad(opt, "an octal number, 0 to 777");
	if (row->value == 1 || (row->value == 3 && t->set_file_mode != 1)) {
		t->set_file_mode = row->value;
		t->file_umask = (unsigned)mask;
	}
	if (row->value == 2 || (row->value == 3 && t->set_dir_mode != 2)) {
		t->set_dir_mode = row->value;
		t->dir_umask = (unsigned)mask;
	}
	return 0;
}

static int set_user(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	struct passwd *pw = *value ? getpwnam(value) : NULL;

	(void)row;
	if (!pw) {
		core_err("option '%s': unknown user '%s'\n", opt, value);
		return -1;
	}
	p->cfg->set_uid = 1;
	p->cfg->uid = pw->pw_uid;
	return 0;
}

static int set_group(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	struct group *gr = *value ? getgrnam(value) : NULL;

	(void)row;
	if (!gr) {
		core_err("option '%s': unknown group '%s'\n", opt, value);
		return -1;
	}
	p->cfg->set_gid = 1;
	p->cfg->gid = gr->gr_gid;
	return 0;
}

/* One of uidmap's pairs; NAME is a user, a number, or nothing: whoever mounts. */
static int add_id(struct core_fs_tuning *t, const char *opt, char *pair)
{
	char *name = strchr(pair, ':');
	struct passwd *pw;
	int64_t fs, host;

	if (!name)
		return bad(opt, "UID:USER[;UID:USER...]");
	*name++ = '\0';
	fs = number(pair, 10, UINT32_MAX - 1);
	if (fs <= 0)
		return bad(opt, "UID:USER with a UID above 0");
	host = *name ? number(name, 10, UINT32_MAX - 1) : (int64_t)getuid();
	if (host < 0) {
		pw = getpwnam(name);
		if (!pw) {
			core_err("option '%s': unknown user '%s' (security identifiers of Windows "
				 "have no meaning here)\n",
				 opt, name);
			return -1;
		}
		host = pw->pw_uid;
	}
	if (t->n_ids == CORE_IDMAP_MAX)
		return bad(opt, "no more than 8 pairs");
	t->ids[t->n_ids].fs = (uid_t)fs;
	t->ids[t->n_ids++].host = (uid_t)host;
	return 0;
}

static int set_idmap(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	char *list CLEANUP_FREE = strdup(value), *save = NULL;

	(void)row;
	if (!list)
		return bad(opt, "memory, of which there is none");
	for (char *pair = strtok_r(list, ";", &save); pair; pair = strtok_r(NULL, ";", &save))
		if (add_id(&p->cfg->tune, opt, pair))
			return -1;
	return 0;
}

/* Milliseconds; -1: for ever. */
static int milliseconds(const char *opt, const char *value, double *seconds)
{
	int64_t ms = !strcmp(value, "-1") ? -1 : number(value, 10, UINT32_MAX);

	if (ms < 0 && strcmp(value, "-1"))
		return bad(opt, "milliseconds, or -1 for ever");
	*seconds = ms < 0 ? -1 : (double)ms / 1000;
	return 0;
}

#define FOR_EVER (365.0 * 86400)

static int set_file_timeout(struct parse *p, const struct row *row, const char *opt,
			    const char *value)
{
	double s;

	(void)row;
	if (milliseconds(opt, value, &s))
		return -1;
	if (s < 0) {
		p->cfg->kernel_cache = 1;
		s = FOR_EVER;
	}
	p->cfg->entry_timeout = p->cfg->attr_timeout = s;
	return 0;
}

static int set_dir_timeout(struct parse *p, const struct row *row, const char *opt,
			   const char *value)
{
	double s;

	(void)row;
	if (milliseconds(opt, value, &s))
		return -1;
	p->cfg->tune.cache_dirs = s < 0 ? 2 : s > 0;
	return 0;
}

static int set_volume_timeout(struct parse *p, const struct row *row, const char *opt,
			      const char *value)
{
	(void)row;
	return milliseconds(opt, value, &p->cfg->tune.statfs_timeout);
}

static int check_ms(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	double ignored;

	(void)p;
	(void)row;
	return milliseconds(opt, value, &ignored);
}

static int set_debug_log(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	(void)row;
	if (!*value)
		return bad(opt, "the name of a file");
	/* Only what -d prints goes there. */
	if (!p->debug)
		return 0;
	if (core_log_debug_to(value) == 0) {
		p->cfg->tune.debug_log = 1;
		return 0;
	}
	core_err("option '%s': cannot open '%s' for appending: %s\n", opt, value, strerror(errno));
	return -1;
}

/* What is in which cache of macOS is kept in which of Linux. */
enum { NO_ATTRS = 1, NO_NAMES = 2, NO_DATA = 4, NO_READAHEAD = 8, NEGATIVE = 16 };

static int set_caches(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	(void)opt;
	(void)value;
	if (row->value & NO_ATTRS)
		p->cfg->attr_timeout = 0;
	if (row->value & NO_NAMES)
		p->cfg->entry_timeout = 0;
	if (row->value & NO_DATA)
		p->cfg->direct_io = 1;
	if (row->value & NO_READAHEAD)
		p->scfg->max_readahead = 1; /* less than a page */
	if ((row->value & NEGATIVE) && p->cfg->negative_timeout == 0)
		p->cfg->negative_timeout = 1.0;
	return 0;
}

static int set_loop(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	(void)row;
	if (!strcmp(value, "single_threaded"))
		p->cfg->tune.thread_count = 1;
	else if (strcmp(value, "multi_threaded") && strcmp(value, "dispatch"))
		return bad(opt, "single_threaded, multi_threaded or dispatch");
	return 0;
}

static int check_fsid(struct parse *p, const struct row *row, const char *opt, const char *value)
{
	int64_t id = !strncmp(value, "0x", 2) ? number(value + 2, 16, 0xfffffe)
					      : number(value, 10, 0xfffffe);

	(void)p;
	(void)row;
	return id > 0 ? 0 : bad(opt, "a number above 0 and below 0xffffff");
}

/* ---- the table ------------------------------------------------------------------------------ */

#define AT(field)   offsetof(struct core_fs_config, field)
#define TUNE(field) offsetof(struct core_fs_config, tune.field)
/* Accepted, means nothing here */
#define NOTHING(name)                                                                              \
	{                                                                                          \
		name, NULL, 0, 0, NULL, NULL                                                       \
	}

static const struct row rows[] = {
	/* ours */
	{"enforce_flags", set_int, AT(enforce_flags), 1, "enforce_flags",
	 "immutable, append-only, read-only files: EPERM"},
	{"noenforce_flags", set_int, AT(enforce_flags), 0, NULL, NULL},
	{"ntfs_xattr", set_hide, 0, -CORE_HIDE_NTFS, "[no]ntfs_xattr",
	 "system.ntfs_* attributes (on)"},
	{"nontfs_xattr", set_hide, 0, CORE_HIDE_NTFS, NULL, NULL},
	{"dosattrib_xattr", set_hide, 0, -CORE_HIDE_DOSATTRIB, "[no]dosattrib_xattr",
	 "user.DOSATTRIB, as Samba stores it (on)"},
	{"nodosattrib_xattr", set_hide, 0, CORE_HIDE_DOSATTRIB, NULL, NULL},
	{"inode_flags", set_hide, 0, -CORE_HIDE_INODE_FLAGS, "[no]inode_flags",
	 "flags for lsattr and chattr (on)"},
	{"noinode_flags", set_hide, 0, CORE_HIDE_INODE_FLAGS, NULL, NULL},
	{"btime", set_hide, 0, -CORE_HIDE_BTIME, "[no]btime", "birth times for statx (on)"},
	{"nobtime", set_hide, 0, CORE_HIDE_BTIME, NULL, NULL},
	{"writeback_cache", set_int, AT(writeback_cache), 1, "[no_]writeback_cache",
	 "writes are collected in the page cache (off)"},
	{"no_writeback_cache", set_int, AT(writeback_cache), 0, NULL, NULL},
	{"no_xattr", set_int, AT(no_xattr), 1, "no_xattr", "no extended attributes"},
	{"parallel_direct_writes", set_int, TUNE(parallel_direct_writes), 1,
	 "[no_]parallel_direct_writes", "several writes of a file without page cache at a time"},
	{"no_parallel_direct_writes", set_int, TUNE(parallel_direct_writes), -1, NULL, NULL},
	/* WinFsp-FUSE */
	{"create_file_umask=", set_umask, 0, 1, "create_file_umask=M",
	 "mode of new files: 0777 without these bits (octal)"},
	{"create_dir_umask=", set_umask, 0, 2, "create_dir_umask=M", "the same of new directories"},
	{"create_umask=", set_umask, 0, 3, "create_umask=M", "both of these"},
	{"UserName=", set_user, 0, 0, "UserName=NAME", "owner of all files, by name"},
	{"--UserName=", set_user, 0, 0, NULL, NULL},
	{"GroupName=", set_group, 0, 0, "GroupName=NAME", "group of all files, by name"},
	{"--GroupName=", set_group, 0, 0, NULL, NULL},
	{"uidmap=", set_idmap, 0, 0, "uidmap=UID:USER[;...]",
	 "show files of UID as USER's (none: your own)"},
	{"rellinks", set_int, TUNE(rellinks), 1, "[no]rellinks",
	 "absolute links start at the mount point (off)"},
	{"norellinks", set_int, TUNE(rellinks), 0, NULL, NULL},
	{"dothidden", set_int, AT(dothidden), 1, "[no]dothidden",
	 "names with a leading dot are hidden for DOS (off)"},
	{"nodothidden", set_int, AT(dothidden), 0, NULL, NULL},
	{"FileInfoTimeout=", set_file_timeout, 0, 0, "FileInfoTimeout=MS",
	 "names and attributes cached, -1: all for ever"},
	{"DirInfoTimeout=", set_dir_timeout, 0, 0, "DirInfoTimeout=MS",
	 "not 0: listings cached, -1: until they change"},
	{"VolumeInfoTimeout=", set_volume_timeout, 0, 0, "VolumeInfoTimeout=MS",
	 "statfs answers cached, -1: for ever"},
	{"EaTimeout=", check_ms, 0, 0, NULL, NULL},
	{"KeepFileCache=", set_bool, AT(kernel_cache), 1, "KeepFileCache=1", "as kernel_cache"},
	{"KeepFileCache", set_int, AT(kernel_cache), 1, NULL, NULL},
	{"ThreadCount=", set_number, TUNE(thread_count), 1024, "ThreadCount=N",
	 "number of threads (0: as many as it takes)"},
	{"DebugLog=", set_debug_log, 0, 0, "DebugLog=FILE", "with -d: write there, not to stderr"},
	{"SectorSize=", set_number, TUNE(block_size), 65535, NULL, NULL},
	{"MaxComponentLength=", set_number, TUNE(name_max), 65535, "MaxComponentLength=N",
	 "longest name, as statfs says it"},
	NOTHING("FlushOnCleanup="),
	NOTHING("FlushOnCleanup"),
	NOTHING("LegacyUnlinkRename="),
	NOTHING("LegacyUnlinkRename"),
	NOTHING("SectorsPerAllocationUnit="),
	NOTHING("VolumeCreationTime="),
	NOTHING("VolumeSerialNumber="),
	NOTHING("FileSecurity="),
	NOTHING("--FileSecurity="),
	NOTHING("AddWriteEaAccess"),
	/* macFUSE */
	{"jail_symlinks", set_int, TUNE(rellinks), 1, "jail_symlinks", "as rellinks"},
	{"noattrcache", set_caches, 0, NO_ATTRS, "noattrcache", "as attr_timeout=0"},
	{"novncache", set_caches, 0, NO_NAMES, "novncache", "as entry_timeout=0"},
	{"noubc", set_caches, 0, NO_DATA, "noubc", "as direct_io"},
	{"noreadahead", set_caches, 0, NO_READAHEAD, "noreadahead",
	 "the kernel reads nothing ahead"},
	{"nolocalcaches", set_caches, 0, NO_ATTRS | NO_NAMES | NO_DATA | NO_READAHEAD,
	 "nolocalcaches", "these four"},
	{"negative_vncache", set_caches, 0, NEGATIVE, "negative_vncache", "as negative_timeout=1"},
	{"blocksize=", set_number, TUNE(block_size), 1 << 30, "blocksize=N",
	 "block size that is shown"},
	{"daemon_timeout=", set_number, TUNE(daemon_timeout), 600, "daemon_timeout=S",
	 "a request that takes longer ends the mount (Linux 6.14)"},
	{"loop=", set_loop, 0, 0, NULL, NULL},
	{"fsid=", check_fsid, 0, 0, NULL, NULL},
	NOTHING("init_timeout="),
	NOTHING("defer_permissions"),
	NOTHING("allow_recursion"),
	NOTHING("auto_xattr"),
	NOTHING("native_xattr"),
	NOTHING("noapplexattr"),
	NOTHING("noappledouble"),
	NOTHING("extended_security"),
	NOTHING("quiet"),
	NOTHING("sparse"),
	NOTHING("slow_statfs"),
	NOTHING("fair_locking"),
	NOTHING("excl_create"),
	NOTHING("nosyncwrites"),
	NOTHING("nosynconclose"),
	NOTHING("fssubtype="),
	NOTHING("kill_on_unmount"),
	NOTHING("local"),
	NOTHING("nobrowse"),
	NOTHING("noalerts"),
	NOTHING("noautonotify"),
	NOTHING("automounted"),
	NOTHING("ping_diskarb"),
	NOTHING("backend="),
	NOTHING("iconpath="),
};

struct opt_table {
	struct core_opt opts[CORE_ARRAY_SIZE(rows) + 1];
};

static void make_table(struct opt_table *t, bool all)
{
	size_t n = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(rows); i++) {
		const char *name = rows[i].templ + strspn(rows[i].templ, "-");

		/* Nobody else has names that begin like these. */
		if (all || (*name >= 'A' && *name <= 'Z') || !strncmp(name, "create_", 7))
			t->opts[n++] = (struct core_opt)CORE_OPT_KEY(rows[i].templ, (int)i);
	}
	t->opts[n] = (struct core_opt)CORE_OPT_END;
}

/* Words of macOS that contradict each other there. */
static const struct {
	const char *a, *b;
} exclusive[] = {
	{"auto_xattr", "native_xattr"},
	{"negative_vncache", "novncache"},
	{"nosyncwrites", "noubc"},
	{"nosyncwrites", "noreadahead"},
};
struct run {
	struct parse p;
	unsigned char seen[CORE_ARRAY_SIZE(rows)];
};

static int take(void *data, const char *arg, int key, struct core_args *outargs)
{
	struct run *r = data;
	const struct row *row;
	const char *value;

	(void)outargs;
	if (key < 0)
		return 1;
	row = &rows[key];
	value = strchr(arg, '=');
	value = value ? value + 1 : NULL;
	if (!row->set && r->p.debug && !r->seen[key])
		core_debug("fuse: option '%s' means nothing on Linux\n", arg);
	r->seen[key] = 1;
	return row->set ? row->set(&r->p, row, arg, value) : 0;
}

static bool was_seen(const struct run *r, const char *name)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].templ, name))
			return r->seen[i];
	return false;
}

int core_fs_options(struct core_args *args, struct core_fs_config *cfg,
		    struct core_session_config *scfg, bool debug)
{
	struct run r = {.p = {.cfg = cfg, .scfg = scfg, .debug = debug}};
	struct opt_table t;

	make_table(&t, true);
	if (core_opt_parse(args, &r, t.opts, take) == -1)
		return -1;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(exclusive); i++)
		if (was_seen(&r, exclusive[i].a) && was_seen(&r, exclusive[i].b)) {
			core_err("options '%s' and '%s' exclude each other: leave one out\n",
				 exclusive[i].a, exclusive[i].b);
			return -1;
		}
	/* Whoever mounts. */
	if (cfg->set_uid && cfg->uid == (unsigned)-1)
		cfg->uid = getuid();
	if (cfg->set_gid && cfg->gid == (unsigned)-1)
		cfg->gid = getgid();
	return 0;
}

void core_fs_drop_modules(char *list, bool debug)
{
	char *to = list;

	for (char *from = list; from && *from;) {
		size_t len = strcspn(from, ":");
		bool drop = (len == 7 && !memcmp(from, "volicon", 7)) ||
			    (len == 8 && !memcmp(from, "threadid", 8));

		if (drop && debug)
			core_debug("fuse: module '%.*s' means nothing on Linux\n", (int)len, from);
		if (!drop) {
			if (to != list)
				*to++ = ':';
			memmove(to, from, len);
			to += len;
		}
		from += len + (from[len] == ':');
		if (!*from)
			*to = '\0';
	}
}

bool core_fs_is_option(const char *opt)
{
	struct opt_table t;

	make_table(&t, false);
	return core_opt_match(t.opts, opt);
}

const char *core_fs_nearest_option(const char *opt)
{
	struct opt_table t;

	/* the result points into rows, not into the table */
	make_table(&t, true);
	return core_opt_nearest(t.opts, opt);
}

void core_fs_options_help(FILE *out)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(rows); i++)
		if (rows[i].usage)
			fprintf(out, "    -o %-19s %s\n", rows[i].usage, rows[i].help);
}
