#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "core/mount/mountinfo.h"
#include "tools/ambifuse.h"

#define CONNECTIONS "/sys/fs/fuse/connections"

void print_escaped(const char *s, int width)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool plain = c >= ' ' && c != 0x7f && c != '\\';

		width -= plain ? 1 : 4;
		if (plain)
			putchar(c);
		else
			printf("\\%03o", c);
	}
	while (width-- > 0)
		putchar(' ');
}

/* Requests waiting in connection n; -errno. */
static long waiting(unsigned n)
{
	char path[64];
	long value = -EIO;
	FILE *f;

	snprintf(path, sizeof(path), CONNECTIONS "/%u/waiting", n);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fscanf(f, "%ld", &value) != 1)
		value = -EIO;
	fclose(f);
	return value;
}

/* One connection mounted in several places (bind mounts) gets a line for each. */
static int print_mount(void *user, const struct core_mountinfo *mi)
{
	bool *any = user;
	long count;

	if (!core_mountinfo_is_fuse(mi))
		return 0;
	if (!*any)
		printf("%-6s %-7s %-16s %-20s %s\n", "NUMBER", "WAITING", "TYPE", "SOURCE",
		       "MOUNTPOINT");
	*any = true;
	count = waiting(core_mountinfo_connection(mi));
	printf("%-6u ", core_mountinfo_connection(mi));
	if (count < 0)
		printf("%-7s ", "-");
	else
		printf("%-7ld ", count);
	print_escaped(mi->type, 16);
	putchar(' ');
	print_escaped(mi->source, 20);
	putchar(' ');
	print_escaped(mi->mountpoint, 0);
	putchar('\n');
	return 0;
}

int command_status(int argc, char **argv)
{
	bool any = false;
	int err;

	if (argc > 1)
		return bad_usage(argv, "it takes no argument");
	err = core_mountinfo_each(NULL, print_mount, &any);
	if (err) {
		say("cannot read the table of mounts, /proc/self/mountinfo: %s", strerror(-err));
		return STATUS_FAILED;
	}
	if (!any)
		puts("no FUSE mounts");
	return STATUS_OK;
}

/* ---- abort --------------------------------------------------------------------------------- */

struct target {
	const char *path; /* absolute; NULL: by number */
	unsigned number;
	char mountpoint[PATH_MAX];
	char type[128];
	bool found;
};

static int match(void *user, const struct core_mountinfo *mi)
{
	struct target *t = user;

	unsigned number = core_mountinfo_connection(mi);

	if (t->path ? !!strcmp(mi->mountpoint, t->path) : number != t->number)
		return 0;
	/* the last of several mounts in one place is the one that is seen */
	if (t->path)
		t->found = false;
	if (!core_mountinfo_is_fuse(mi))
		return 0;
	t->found = true;
	t->number = number;
	snprintf(t->mountpoint, sizeof(t->mountpoint), "%s", mi->mountpoint);
	snprintf(t->type, sizeof(t->type), "%s", mi->type);
	return 0;
}

/*
 * The absolute path of a mount point without looking at the mount itself, which may hang: its
 * parent's path and its last name. False: errno says why.
 */
static bool absolute(const char *name, char out[PATH_MAX])
{
	char copy[PATH_MAX], parent[PATH_MAX], *last;
	size_t len = strlen(name);

	errno = len ? ENAMETOOLONG : ENOENT;
	if (!len || len >= sizeof(copy))
		return false;
	strcpy(copy, name);
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	last = strrchr(copy, '/');
	if (!strcmp(last ? last + 1 : copy, ".") || !strcmp(last ? last + 1 : copy, ".."))
		return realpath(copy, out);
	if (last)
		*last = '\0';
	if (!realpath(!last ? "." : last == copy ? "/" : copy, parent))
		return false;
	len = (size_t)snprintf(out, PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "",
			       last ? last + 1 : copy);
	errno = ENAMETOOLONG;
	return len < PATH_MAX;
}

static bool is_number(const char *s, unsigned *n)
{
	char *end;
	unsigned long v;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	v = strtoul(s, &end, 10);
	*n = (unsigned)v;
	return !*end && !errno && v <= UINT_MAX;
}

static int abort_failed(const struct target *t, int err)
{
	switch (err) {
	case ENOENT:
		say("cannot abort connection %u: %s/%u is not there%s", t->number, CONNECTIONS,
		    t->number,
		    access(CONNECTIONS, F_OK)
			    ? ""
			    : "; if that folder is empty, run 'mount -t fusectl none " CONNECTIONS
			      "' as root");
		break;
	case EACCES:
	case EPERM:
		say("cannot abort connection %u (%s): not permitted; run this as the user who "
		    "mounted it, or as root",
		    t->number, t->mountpoint);
		break;
	default:
		say("cannot abort connection %u (%s): %s", t->number, t->mountpoint, strerror(err));
	}
	return STATUS_FAILED;
}

static int do_abort(const struct target *t)
{
	char path[64];
	int fd CLEANUP_CLOSE = -1;

	snprintf(path, sizeof(path), CONNECTIONS "/%u/abort", t->number);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1 || write(fd, "1", 1) != 1)
		return abort_failed(t, errno);
	printf("aborted connection %u (", t->number);
	print_escaped(t->type, 0);
	printf(" on ");
	print_escaped(t->mountpoint, 0);
	printf("): its requests fail from now on; unmount it with 'fusermount3 -u ");
	print_escaped(t->mountpoint, 0);
	printf("'\n");
	return STATUS_OK;
}

int command_abort(int argc, char **argv)
{
	static struct target t;
	static char path[PATH_MAX];
	int err;

	if (argc != 2)
		return bad_usage(argv, "give one mount point or connection number");
	if (!is_number(argv[1], &t.number)) {
		if (!absolute(argv[1], path)) {
			say("cannot abort '%s': %s", argv[1], strerror(errno));
			return STATUS_FAILED;
		}
		t.path = path;
	}
	err = core_mountinfo_each(NULL, match, &t);
	if (err) {
		say("cannot read the table of mounts, /proc/self/mountinfo: %s", strerror(-err));
		return STATUS_FAILED;
	}
	if (!t.found) {
		say("'%s' is not a FUSE mount; see 'ambifuse status'", argv[1]);
		return STATUS_FAILED;
	}
	return do_abort(&t);
}
