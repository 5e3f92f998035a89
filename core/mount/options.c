#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include "core/base/log.h"
#include "core/mount/internal.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

enum kind {
	FLAG,      /* sets or clears an MS_ bit; helpers know it */
	FLAG_ROOT, /* the same, but helpers refuse it: for mount(2) only */
	KERNEL,    /* text for the kernel, as it is */
	FSNAME,
	SUBTYPE,
	VOLNAME, /* further names for fsname and subtype; the plain ones win */
	UNC,
	FSTYPE,
	ALLOW_OTHER,
	ALLOW_ROOT,
	MAX_READ,
	IOSIZE,
	BLKSIZE,
	BLKDEV,
	AUTO_UNMOUNT,
	NONEMPTY,
	IGNORED,
	HELP,
	VERSION,
};

/* For which profiles an option exists. */
enum when { ALWAYS, IF_NONEMPTY, IF_N, IF_LARGE_READ };

struct mount_option {
	const char *name; /* ends with = if it takes a value */
	enum kind kind;
	bool set;
	unsigned long flag;
	enum when when;
	const char *usage, *help; /* NULL: not in --help */
};

static const struct mount_option options[] = {
	{"allow_other", ALLOW_OTHER, 0, 0, 0, "allow_other", "allow access by all users"},
	{"allow_root", ALLOW_ROOT, 0, 0, 0, "allow_root", "allow access by root"},
	{"auto_unmount", AUTO_UNMOUNT, 0, 0, 0, "auto_unmount",
	 "unmount when the process ends, even by a crash"},
	{"nonempty", NONEMPTY, 0, 0, IF_NONEMPTY, "nonempty",
	 "allow a mount point that is not empty"},
	{"default_permissions", KERNEL, 0, 0, 0, "default_permissions",
	 "let the kernel check permissions"},
	{"fsname=", FSNAME, 0, 0, 0, "fsname=NAME", "name shown as the mounted device"},
	{"subtype=", SUBTYPE, 0, 0, 0, "subtype=NAME", "file system type, shown as fuse.NAME"},
	{"max_read=", MAX_READ, 0, 0, 0, "max_read=BYTES", "largest read request"},
	{"blkdev", BLKDEV, 0, 0, 0, "blkdev", "mount as fuseblk: fsname is a block device"},
	{"blksize=", BLKSIZE, 0, 0, 0, "blksize=BYTES", "block size of a blkdev mount"},
	{"large_read", IGNORED, 0, 0, IF_LARGE_READ, NULL, NULL},
	{"ro", FLAG, 1, MS_RDONLY, 0, "ro", "mount read-only (also -r)"},
	{"rw", FLAG, 0, MS_RDONLY, 0, NULL, NULL},
	{"-r", FLAG, 1, MS_RDONLY, 0, NULL, NULL},
	{"suid", FLAG, 0, MS_NOSUID, 0, NULL, NULL},
	{"nosuid", FLAG, 1, MS_NOSUID, 0, NULL, NULL},
	{"dev", FLAG, 0, MS_NODEV, 0, NULL, NULL},
	{"nodev", FLAG, 1, MS_NODEV, 0, NULL, NULL},
	{"exec", FLAG, 0, MS_NOEXEC, 0, NULL, NULL},
	{"noexec", FLAG, 1, MS_NOEXEC, 0, NULL, NULL},
	{"async", FLAG, 0, MS_SYNCHRONOUS, 0, NULL, NULL},
	{"sync", FLAG, 1, MS_SYNCHRONOUS, 0, NULL, NULL},
	{"atime", FLAG, 0, MS_NOATIME, 0, NULL, NULL},
	{"noatime", FLAG, 1, MS_NOATIME, 0, NULL, NULL},
	{"dirsync", FLAG, 1, MS_DIRSYNC, 0, NULL, NULL},
	{"nodirsync", FLAG_ROOT, 0, MS_DIRSYNC, 0, NULL, NULL},
	{"diratime", FLAG_ROOT, 0, MS_NODIRATIME, 0, NULL, NULL},
	{"nodiratime", FLAG_ROOT, 1, MS_NODIRATIME, 0, NULL, NULL},
	{"relatime", FLAG_ROOT, 1, MS_RELATIME, 0, NULL, NULL},
	{"norelatime", FLAG_ROOT, 0, MS_RELATIME, 0, NULL, NULL},
	{"strictatime", FLAG_ROOT, 1, MS_STRICTATIME, 0, NULL, NULL},
	{"nostrictatime", FLAG_ROOT, 0, MS_STRICTATIME, 0, NULL, NULL},
	{"symfollow", FLAG_ROOT, 0, MS_NOSYMFOLLOW, 0, NULL, NULL},
	{"nosymfollow", FLAG_ROOT, 1, MS_NOSYMFOLLOW, 0, NULL, NULL},
	{"context=", KERNEL, 0, 0, 0, NULL, NULL},
	{"fscontext=", KERNEL, 0, 0, 0, NULL, NULL},
	{"defcontext=", KERNEL, 0, 0, 0, NULL, NULL},
	{"rootcontext=", KERNEL, 0, 0, 0, NULL, NULL},
	/* of WinFsp-FUSE and macFUSE */
	{"volname=", VOLNAME, 0, 0, 0, "volname=TEXT", "as fsname, if there is none"},
	{"UNC=", UNC, 0, 0, 0, "VolumePrefix=NAME", "/server/share as fsname"},
	{"--UNC=", UNC, 0, 0, 0, NULL, NULL},
	{"VolumePrefix=", UNC, 0, 0, 0, NULL, NULL},
	{"--VolumePrefix=", UNC, 0, 0, 0, NULL, NULL},
	{"FileSystemName=", FSTYPE, 0, 0, 0, "FileSystemName=NAME", "as subtype, if there is none"},
	{"--FileSystemName=", FSTYPE, 0, 0, 0, NULL, NULL},
	{"ExactFileSystemName=", FSTYPE, 0, 0, 0, NULL, NULL},
	{"--ExactFileSystemName=", FSTYPE, 0, 0, 0, NULL, NULL},
	{"fstypename=", FSTYPE, 0, 0, 0, NULL, NULL},
	{"iosize=", IOSIZE, 0, 0, 0, "iosize=BYTES", "largest read and write request"},
	{"rdonly", FLAG, 1, MS_RDONLY, 0, NULL, NULL},
	{"nordonly", FLAG, 0, MS_RDONLY, 0, NULL, NULL},
	/* mount(8) writes it for its own table; the kernel does not know it */
	{"user=", IGNORED, 0, 0, 0, NULL, NULL},
	{"-n", IGNORED, 0, 0, IF_N, NULL, NULL},
	{"-h", HELP, 0, 0, 0, NULL, NULL},
	{"--help", HELP, 0, 0, 0, NULL, NULL},
	{"-V", VERSION, 0, 0, 0, NULL, NULL},
	{"--version", VERSION, 0, 0, 0, NULL, NULL},
};

static bool exists(const struct mount_option *o, const struct core_mount_profile *p)
{
	switch (o->when) {
	case IF_NONEMPTY:
		return p->check_nonempty;
	case IF_N:
		return p->take_n;
	case IF_LARGE_READ:
		return p->large_read;
	default:
		return true;
	}
}

/* The table as the option parser wants it; key = index in options. */
struct opt_table {
	struct core_opt opts[CORE_ARRAY_SIZE(options) + 1];
};

static void make_table(struct opt_table *t, const struct core_mount_profile *p)
{
	size_t n = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(options); i++)
		if (exists(&options[i], p))
			t->opts[n++] = (struct core_opt)CORE_OPT_KEY(options[i].name, (int)i);
	t->opts[n] = (struct core_opt)CORE_OPT_END;
}

static int no_memory(void)
{
	core_err("no memory for the mount options\n");
	return -1;
}

/* Decimal, nothing before or after it, no sign: what the kernel would take. */
static int parse_number(const char *opt, unsigned *value)
{
	const char *p = strchr(opt, '=') + 1;
	uint64_t v = 0;

	if (!*p)
		goto bad;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			goto bad;
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > UINT32_MAX)
			goto bad;
	}
	*value = (unsigned)v;
	return 0;
bad:
	core_err("bad mount option '%s': give a number of bytes, 0 to %u\n", opt, UINT32_MAX);
	return -1;
}

/* The kernel splits at commas except between double quotes (security labels have commas). */
static int add_kernel(struct core_mount *m, const char *opt)
{
	const char *value = strchr(opt, '=');
	char *quoted CLEANUP_FREE = NULL;

	if (core_opt_add_opt_escaped(&m->helper, opt) == -1)
		return no_memory();
	if (strchr(opt, ',') && value && value[1] != '"') {
		if (asprintf(&quoted, "%.*s\"%s\"", (int)(value + 1 - opt), opt, value + 1) == -1) {
			quoted = NULL;
			return no_memory();
		}
		opt = quoted;
	}
	return core_opt_add_opt(&m->kernel, opt) == -1 ? no_memory() : 0;
}

/* The last one wins, as in the stock libraries. */
static int set_name(char **name, const char *opt)
{
	char *copy = strdup(strchr(opt, '=') + 1);

	if (!copy)
		return no_memory();
	free(*name);
	*name = copy;
	return 0;
}

/* \\server\share, /server/share: as the kernel's own network file systems show it. */
static int set_unc(struct core_mount *m, const char *opt)
{
	char *name = strchr(opt, '=') + 1, *unc;

	name += strspn(name, "/\\");
	if (!*name) {
		core_err("bad mount option '%s': expected /SERVER/SHARE\n", opt);
		return -1;
	}
	if (asprintf(&unc, "//%s", name) == -1)
		return no_memory();
	for (char *p = unc; *p; p++)
		if (*p == '\\')
			*p = '/';
	free(m->unc);
	m->unc = unc;
	return 0;
}

static int set_iosize(struct core_mount *m, const char *opt)
{
	char *max_read CLEANUP_FREE = NULL;

	if (parse_number(opt, &m->iosize))
		return -1;
	if (asprintf(&max_read, "max_read=%u", m->iosize) == -1) {
		max_read = NULL;
		return no_memory();
	}
	m->max_read = m->iosize;
	return add_kernel(m, max_read);
}

static int set_flag(struct core_mount *m, const struct mount_option *o)
{
	if (o->set)
		m->flags |= o->flag;
	else
		m->flags &= ~o->flag;
	return 0;
}

/* x-something is for other readers of the fstab (x-systemd.automount, x-gvfs-show). */
static bool is_comment(const char *opt)
{
	return !strncmp(opt, "x-", 2) && opt[2];
}

static int parse_one(void *data, const char *arg, int key, struct core_args *outargs)
{
	struct core_mount *m = data;
	bool keep = m->profile->keep_session_options;
	unsigned number;

	(void)outargs;
	if (key < 0)
		return !(key == CORE_OPT_KEY_OPT && is_comment(arg));
	switch (options[key].kind) {
	case FLAG:
	case FLAG_ROOT:
		return set_flag(m, &options[key]);
	case KERNEL:
		return add_kernel(m, arg);
	case FSNAME:
		return set_name(&m->fsname, arg);
	case SUBTYPE:
		return set_name(&m->subtype, arg);
	case VOLNAME:
		return set_name(&m->volname, arg);
	case UNC:
		return set_unc(m, arg);
	case FSTYPE:
		return set_name(&m->fstype, arg);
	case IOSIZE:
		return set_iosize(m, arg) ? -1 : keep;
	case ALLOW_OTHER:
		m->allow_other = true;
		return 0;
	case ALLOW_ROOT:
		m->allow_root = true;
		return keep;
	case MAX_READ:
		if (parse_number(arg, &m->max_read) || add_kernel(m, arg))
			return -1;
		return keep;
	case BLKSIZE:
		m->blksize = true;
		return parse_number(arg, &number) ? -1 : add_kernel(m, arg);
	case BLKDEV:
		m->blkdev = true;
		return 0;
	case AUTO_UNMOUNT:
		m->auto_unmount = true;
		return 0;
	case NONEMPTY:
		m->nonempty = true;
		return 0;
	case IGNORED:
		return 0;
	case HELP:
		m->help = true;
		return 1;
	case VERSION:
		m->version = true;
		return 1;
	}
	return 1;
}

static int check(struct core_mount *m)
{
	if (m->volname && !*m->volname) {
		core_err("mount option volname= needs a name\n");
		return -1;
	}
	if (!m->fsname) {
		m->fsname = m->unc ? m->unc : m->volname;
		*(m->unc ? &m->unc : &m->volname) = NULL;
	}
	if (!m->subtype) {
		m->subtype = m->fstype;
		m->fstype = NULL;
	}
	if (m->allow_other && m->allow_root && m->profile->exclusive_allow) {
		core_err("'allow_other' and 'allow_root' options are mutually exclusive\n");
		return -1;
	}
	/* the kernel knows allow_other only; the session then turns all but root away */
	if ((m->allow_other || m->allow_root) && add_kernel(m, "allow_other"))
		return -1;
	if (m->blksize && !m->blkdev) {
		core_err("mount option blksize= is for block devices: give blkdev and "
			 "fsname=DEVICE as well, or leave it out\n");
		return -1;
	}
	if (m->blkdev && !m->fsname) {
		core_err("mount option blkdev needs fsname=DEVICE, the block device\n");
		return -1;
	}
	return 0;
}

struct core_mount *core_mount_parse(struct core_args *args,
				    const struct core_mount_profile *profile)
{
	struct core_mount *m = calloc(1, sizeof(*m));
	struct opt_table table;

	if (!m) {
		no_memory();
		return NULL;
	}
	m->profile = profile;
	m->flags = MS_NOSUID | MS_NODEV;
	m->helper_sock = -1;
	make_table(&table, profile);
	if (core_opt_parse(args, m, table.opts, parse_one) == -1 || check(m)) {
		core_mount_free(m);
		return NULL;
	}
	return m;
}

void core_mount_free(struct core_mount *m)
{
	if (!m)
		return;
	core_cleanup_close(&m->helper_sock);
	free(m->fsname);
	free(m->subtype);
	free(m->unc);
	free(m->volname);
	free(m->fstype);
	free(m->kernel);
	free(m->helper);
	free(m->real);
	free(m);
}

unsigned core_mount_max_read(const struct core_mount *m)
{
	return m->max_read;
}

unsigned core_mount_iosize(const struct core_mount *m)
{
	return m->iosize;
}

bool core_mount_readonly(const struct core_mount *m)
{
	return m->flags & MS_RDONLY;
}

bool core_mount_allow_root(const struct core_mount *m)
{
	return m->allow_root;
}

bool core_mount_allow_other(const struct core_mount *m)
{
	return m->allow_other || m->allow_root;
}

bool core_mount_help_wanted(const struct core_mount *m)
{
	return m->help;
}

bool core_mount_version_wanted(const struct core_mount *m)
{
	return m->version;
}

const char *core_mount_fsname(const struct core_mount *m)
{
	return m->fsname;
}

const char *core_mount_subtype(const struct core_mount *m)
{
	return m->subtype;
}

int core_mount_default_subtype(struct core_mount *m, const char *subtype)
{
	if (m->subtype)
		return 0;
	m->subtype = strdup(subtype);
	return m->subtype ? 0 : -ENOMEM;
}

void core_mount_help(FILE *out, const struct core_mount_profile *profile)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(options); i++)
		if (options[i].usage && exists(&options[i], profile))
			fprintf(out, "    -o %-19s %s\n", options[i].usage, options[i].help);
}

/* Names of flags the helper takes; the rest of the flags it would refuse. */
int core_mount_flag_words(unsigned long flags, char **list, unsigned long *left)
{
	*left = flags;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(options); i++) {
		const struct mount_option *o = &options[i];

		if (o->kind != FLAG || !o->set || o->name[0] == '-' || !(*left & o->flag))
			continue;
		if (core_opt_add_opt(list, o->name) == -1)
			return -ENOMEM;
		*left &= ~o->flag;
	}
	return 0;
}

const char *core_mount_nearest(const char *opt, const struct core_mount_profile *profile)
{
	struct opt_table table;

	/* the result points into options[], not into the table */
	make_table(&table, profile);
	return core_opt_nearest(table.opts, opt);
}
