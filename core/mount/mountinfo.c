#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include "core/mount/mountinfo.h"

/* The kernel writes space, tab, newline, # and backslash as \ooo. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

static char *next_field(char **p)
{
	char *field = strsep(p, " ");

	return field && *field ? field : NULL;
}

bool core_mountinfo_parse(char *line, struct core_mountinfo *mi)
{
	char *p = line, *ids, *parent, *dev, *root, *mountpoint, *options, *field;
	char *type, *source, *super;

	p[strcspn(p, "\n")] = '\0';
	ids = next_field(&p);
	parent = next_field(&p);
	dev = next_field(&p);
	root = next_field(&p);
	mountpoint = next_field(&p);
	options = next_field(&p);
	if (!ids || !parent || !dev || !root || !mountpoint || !options)
		return false;
	/* any number of optional fields, then a lone dash */
	do {
		field = next_field(&p);
	} while (field && strcmp(field, "-"));
	type = next_field(&p);
	/* an empty source is an empty field */
	source = p ? strsep(&p, " ") : NULL;
	super = p;
	if (!type || !source || !super)
		return false;
	if (sscanf(ids, "%u", &mi->id) != 1 || sscanf(parent, "%u", &mi->parent) != 1 ||
	    sscanf(dev, "%u:%u", &mi->major, &mi->minor) != 2)
		return false;
	unescape(root);
	unescape(mountpoint);
	unescape(type);
	unescape(source);
	unescape(super);
	mi->root = root;
	mi->mountpoint = mountpoint;
	mi->options = options;
	mi->type = type;
	mi->source = source;
	mi->superoptions = super;
	return true;
}

bool core_mountinfo_is_fuse(const struct core_mountinfo *mi)
{
	static const char *const types[] = {"fuse", "fuseblk"};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(types); i++) {
		size_t len = strlen(types[i]);

		if (!strncmp(mi->type, types[i], len) &&
		    (mi->type[len] == '\0' || mi->type[len] == '.'))
			return true;
	}
	return false;
}

unsigned core_mountinfo_connection(const struct core_mountinfo *mi)
{
	return mi->major << 20 | mi->minor;
}

int core_mountinfo_each(const char *path, int (*func)(void *user, const struct core_mountinfo *),
			void *user)
{
	FILE *f = fopen(path ? path : "/proc/self/mountinfo", "re");
	struct core_mountinfo mi;
	char *line CLEANUP_FREE = NULL;
	size_t size = 0;
	int res = 0;

	if (!f)
		return -errno;
	while (!res && getline(&line, &size, f) > 0)
		if (core_mountinfo_parse(line, &mi))
			res = func(user, &mi);
	if (!res && ferror(f))
		res = -EIO;
	fclose(f);
	return res;
}

struct find {
	const char *mountpoint;
	uint64_t dev;
};

/* Mounts on one path are listed in the order they were made: the last is on top. */
static int find_on_top(void *user, const struct core_mountinfo *mi)
{
	struct find *f = user;

	if (!strcmp(mi->mountpoint, f->mountpoint))
		f->dev = core_mountinfo_is_fuse(mi) ? makedev(mi->major, mi->minor) : 0;
	return 0;
}

uint64_t core_mountinfo_fuse_dev(const char *mountpoint, int *err)
{
	struct find f = {mountpoint, 0};
	int res = core_mountinfo_each(NULL, find_on_top, &f);

	if (err)
		*err = res < 0 ? res : 0;
	return res < 0 ? 0 : f.dev;
}
