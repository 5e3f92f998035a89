/*
 * ambifuse attr: what a file system says of a file besides the ordinary attributes. Every source is
 * asked in the way other programs ask it, so this also shows what those get.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "core/ext/ext.h"
#include "tools/ambifuse.h"

/* What lsattr has letters for, and statx attributes of the same meaning. */
static const struct {
	const char *name;
	uint32_t inode;
	uint64_t statx;
} inode_flags[] = {
	{"secure-deletion", 0x1, 0},
	{"undelete", 0x2, 0},
	{"compressed", 0x4, STATX_ATTR_COMPRESSED},
	{"synchronous", 0x8, 0},
	{"immutable", 0x10, STATX_ATTR_IMMUTABLE},
	{"append-only", 0x20, STATX_ATTR_APPEND},
	{"nodump", 0x40, STATX_ATTR_NODUMP},
	{"noatime", 0x80, 0},
	{"no-compression", 0x400, 0},
	{"encrypted", 0x800, STATX_ATTR_ENCRYPTED},
	{"indexed", 0x1000, 0},
	{"journalled-data", 0x4000, 0},
	{"no-tail-merging", 0x8000, 0},
	{"synchronous-directory", 0x10000, 0},
	{"top-directory", 0x20000, 0},
	{"extents", 0x80000, 0},
	{"verity", 0x100000, STATX_ATTR_VERITY},
	{"no-copy-on-write", 0x800000, 0},
	{"direct-access", 0x2000000, STATX_ATTR_DAX},
	{"inline-data", 0x10000000, 0},
	{"project-inherit", 0x20000000, 0},
	{"casefold", 0x40000000, 0},
};

struct facts {
	const char *path;
	struct statx sx;
	bool have_inode;
	uint32_t inode;
	int inode_err; /* why not */
	struct core_ext_value v;
	const char *dos_from, *born_from; /* the attribute */
};

static void print_time(const char *label, struct timespec ts, const char *from)
{
	char day[64] = "?", zone[16] = "";
	time_t t = ts.tv_sec;
	struct tm tm;

	if (localtime_r(&t, &tm)) {
		strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm);
		strftime(zone, sizeof(zone), "%z", &tm);
	}
	printf("  %-8s %s.%09ld %s (%s)\n", label, day, ts.tv_nsec, zone, from);
}

/* One attribute; false: the file has none such, or none that means anything. */
static bool read_attr(struct facts *f, const char *name, unsigned want)
{
	struct core_ext_value v;
	char value[256];
	ssize_t n = lgetxattr(f->path, name, value, sizeof(value));
	int res;

	if (n < 0)
		return false;
	res = core_ext_decode(core_ext_xattr(name), value, (size_t)n, &v);
	if (res) {
		say("%s: %s cannot be understood: %s", f->path, name, strerror(-res));
		return false;
	}
	if (!(v.has & want) || ((want & CORE_HAS_CRTIME) && !core_ext_time_known(v.crtime)))
		return false;
	if (v.has & want & CORE_HAS_DOS) {
		f->v.dos = v.dos;
		f->dos_from = name;
	}
	if (v.has & want & CORE_HAS_CRTIME) {
		f->v.crtime = v.crtime;
		f->born_from = name;
	}
	return true;
}

/* Only what can be opened without doing anything: no devices, no FIFOs. */
static void read_inode_flags(struct facts *f)
{
	union {
		int flags;
		long room; /* what the number of the call promises; older kernels fill it on FUSE */
	} out = {.room = 0};
	int fd CLEANUP_CLOSE = -1;

	f->inode_err = ENOTTY;
	if (!S_ISREG(f->sx.stx_mode) && !S_ISDIR(f->sx.stx_mode))
		return;
	fd = open(f->path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &out) < 0) {
		f->inode_err = errno;
		return;
	}
	f->have_inode = true;
	f->inode = (uint32_t)out.flags;
}

static void print_flags(const struct facts *f)
{
	const char *from = f->have_inode ? "as lsattr shows them" : "statx";
	bool any = false;

	if (!f->have_inode && !f->sx.stx_attributes_mask) {
		printf("  %-8s not known here (%s)\n", "flags", strerror(f->inode_err));
		return;
	}
	printf("  %-8s ", "flags");
	for (size_t i = 0; i < CORE_ARRAY_SIZE(inode_flags); i++)
		if ((f->inode & inode_flags[i].inode) ||
		    (!f->have_inode && (f->sx.stx_attributes & inode_flags[i].statx))) {
			printf("%s%s", any ? ", " : "", inode_flags[i].name);
			any = true;
		}
	printf("%s (%s)\n", any ? "" : "none", from);
}

static void print_dos(const struct facts *f)
{
	const char *name;
	bool any = false;
	uint32_t bit;

	if (!f->dos_from) {
		printf("  %-8s no attributes of Windows here\n", "DOS");
		return;
	}
	printf("  %-8s ", "DOS");
	for (unsigned i = 0; (name = core_ext_dos_name(i, &bit)); i++)
		if (f->v.dos & bit) {
			printf("%s%s", any ? ", " : "", name);
			any = true;
		}
	printf("%s (%s)\n", any ? "" : "none", f->dos_from);
}

static int show(const char *path)
{
	struct facts f = {.path = path};

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &f.sx)) {
		say("cannot read '%s': %s", path, strerror(errno));
		return STATUS_FAILED;
	}
	read_inode_flags(&f);
	if (!read_attr(&f, "system.ntfs_attrib", CORE_HAS_DOS))
		read_attr(&f, CORE_ATTR_DOSATTRIB_NAME, CORE_HAS_DOS);
	print_escaped(path, 0);
	putchar('\n');
	if (f.sx.stx_mask & STATX_BTIME) {
		struct timespec ts = {f.sx.stx_btime.tv_sec, f.sx.stx_btime.tv_nsec};

		print_time("born", ts, "statx");
	} else if (read_attr(&f, "system.ntfs_crtime", CORE_HAS_CRTIME) ||
		   read_attr(&f, CORE_ATTR_DOSATTRIB_NAME, CORE_HAS_CRTIME)) {
		print_time("born", f.v.crtime, f.born_from);
	} else {
		printf("  %-8s not known here\n", "born");
	}
	print_flags(&f);
	print_dos(&f);
	return STATUS_OK;
}

int command_attr(int argc, char **argv)
{
	int status = STATUS_OK;

	if (argc > 1 && !strcmp(argv[1], "--")) {
		argv[1] = argv[0];
		argv++;
		argc--;
	} else if (argc > 1 && argv[1][0] == '-' && argv[1][1]) {
		return bad_usage(argv, "there is no option '%s'", argv[1]);
	}
	if (argc < 2)
		return bad_usage(argv, "give a file");
	for (int i = 1; i < argc; i++)
		if (show(argv[i]) != STATUS_OK)
			status = STATUS_FAILED;
	return status;
}
