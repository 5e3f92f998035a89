/*
 * subdir: the mount shows a directory of the file system, not its root.
 *
 * rellinks: a link's target that is absolute and below that directory would lead out of the mount
 * (or elsewhere in it), since its beginning is not there; it is shown relative to the link.
 */
#include "core/modules/modules.h"

#include <errno.h>
#include <string.h>

#include "core/base/log.h"

struct subdir {
	char *dir;  /* the option */
	char *base; /* with a slash at its end, except if empty */
	size_t len; /* of base */
	int rellinks;
};

/* Without the slash it begins with; a layer above need not have made one. */
static const char *from_root(const char *path)
{
	return path + (*path == '/');
}

static int subdir_path(void *self, const char *path, struct map_buf *out)
{
	const struct subdir *s = self;
	const char *rest = from_root(path);
	size_t len = strlen(rest);
	int res = map_buf_reserve(out, s->len + len + 2);

	if (res)
		return res;
	memcpy(out->mem, s->base, s->len);
	memcpy(out->mem + s->len, rest, len + 1);
	if (!*out->mem)
		strcpy(out->mem, ".");
	return 0;
}

/* A row of slashes is one slash. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != '/' || to == text || to[-1] != '/')
			*to++ = *from;
	*to = 0;
}

/* Skips the directories that both begin with. */
static void skip_common(const char **link, const char **target)
{
	for (;;) {
		size_t n = strcspn(*link, "/"), t = strcspn(*target, "/");

		if (!(*link)[n] || !t || n != t || memcmp(*link, *target, n))
			return;
		*link += n + 1;
		*target += t + ((*target)[t] == '/');
	}
}

static int subdir_target(void *self, const char *path, char *buf, size_t size)
{
	const struct subdir *s = self;
	char *copy CLEANUP_FREE = NULL;
	const char *link = path ? from_root(path) : "", *target;
	size_t up = 0, len;

	if (!s->rellinks || buf[0] != '/')
		return 0;
	copy = strdup(buf);
	if (!copy)
		return -ENOMEM;
	squeeze(copy);
	if (strncmp(copy, s->base, s->len))
		return 0;
	target = copy + s->len;
	skip_common(&link, &target);
	for (; *link; link++)
		up += *link == '/';
	if (!up && !*target)
		target = ".";
	len = strlen(target);
	if (3 * up + len + 1 > size)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < up; i++)
		memcpy(buf + 3 * i, "../", 3);
	memcpy(buf + 3 * up, target, len + 1);
	return 0;
}

static void subdir_free(void *self)
{
	struct subdir *s = self;

	free(s->dir);
	free(s->base);
	free(s);
}

static void *subdir_make(struct core_args *args)
{
	static const struct core_opt opts[] = {
		{"subdir=%s", offsetof(struct subdir, dir), 0},
		{"rellinks", offsetof(struct subdir, rellinks), 1},
		{"norellinks", offsetof(struct subdir, rellinks), 0},
		CORE_OPT_END,
	};
	struct subdir *s = calloc(1, sizeof(*s));

	if (!s) {
		core_err("out of memory for module subdir\n");
		return NULL;
	}
	if (core_opt_parse(args, s, opts, NULL))
		goto fail;
	if (!s->dir) {
		core_err("modules=subdir: which directory? Say it with -o subdir=DIR"
			 " (the module can be used once)\n");
		goto fail;
	}
	s->len = strlen(s->dir);
	s->base = malloc(s->len + 2);
	if (!s->base) {
		core_err("out of memory for module subdir\n");
		goto fail;
	}
	strcpy(s->base, s->dir);
	if (s->len && s->base[s->len - 1] != '/')
		strcat(s->base, "/");
	squeeze(s->base);
	s->len = strlen(s->base);
	return s;
fail:
	subdir_free(s);
	return NULL;
}

static const struct core_map subdir_map = {
	.path_down = subdir_path,
	.target_up = subdir_target,
	.free = subdir_free,
};

const struct core_module_type core_module_subdir = {
	.name = "subdir",
	.help = "    -o subdir=DIR          show this directory of the file system (mandatory)\n"
		"    -o [no]rellinks        absolute links below it become relative (off)\n",
	.map = &subdir_map,
	.make = subdir_make,
};
