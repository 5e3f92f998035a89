/*
 * iconv: names in another character set than the program's. from_code is the program's, to_code
 * the mount's. What cannot be converted on the way down gives EILSEQ; an entry of a directory
 * that cannot be converted on the way up is left out.
 */
#include "core/modules/modules.h"

#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/log.h"

#define NO_CODE ((iconv_t)-1)

struct charsets {
	char *from, *to;      /* the options */
	pthread_mutex_t lock; /* a converter has a state */
	iconv_t down, up;
	atomic_bool told; /* that names are left out: said once */
};

/* src, NUL-terminated, into out; from a clean state to a clean state. */
static int convert(struct charsets *c, iconv_t cd, const char *src, struct map_buf *out)
{
	char *in = (char *)src;
	size_t left = strlen(src), done = 0;
	bool flushing = false;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&c->lock);

	iconv(cd, NULL, NULL, NULL, NULL);
	for (;;) {
		char *at = out->mem + done;
		size_t room = out->size - done - 1, n;

		n = iconv(cd, flushing ? NULL : &in, flushing ? NULL : &left, &at, &room);
		done = (size_t)(at - out->mem);
		if (n != (size_t)-1 && flushing)
			break;
		if (n != (size_t)-1)
			flushing = true;
		else if (errno != E2BIG)
			return -EILSEQ;
		else if (map_buf_reserve(out, out->size * 2))
			return -ENOMEM;
	}
	out->mem[done] = 0;
	/* UTF-16 and its like have zero bytes, which a name cannot have. */
	return memchr(out->mem, 0, done) ? -EILSEQ : 0;
}

static int iconv_down(void *self, const char *path, struct map_buf *out)
{
	struct charsets *c = self;

	return convert(c, c->down, path, out);
}

static int iconv_name(void *self, const char *name, struct map_buf *out)
{
	struct charsets *c = self;
	int res = convert(c, c->up, name, out);

	if (!res && strchr(out->mem, '/') && !strchr(name, '/'))
		res = -EILSEQ;
	if (res && !atomic_exchange(&c->told, true))
		core_warn("iconv: a directory has a name that cannot be converted%s%s; such names "
			  "are not shown (further ones are not reported)\n",
			  c->from ? " from " : "", c->from ? c->from : "");
	return res;
}

static int iconv_target(void *self, const char *path, char *buf, size_t size)
{
	struct charsets *c = self;
	struct map_buf out __attribute__((cleanup(map_buf_free)));
	int res;

	(void)path;
	map_buf_init(&out);
	res = convert(c, c->up, buf, &out);
	if (res)
		return res;
	if (strlen(out.mem) >= size)
		return -ENAMETOOLONG;
	strcpy(buf, out.mem);
	return 0;
}

static void iconv_free(void *self)
{
	struct charsets *c = self;

	if (c->down != NO_CODE)
		iconv_close(c->down);
	if (c->up != NO_CODE)
		iconv_close(c->up);
	pthread_mutex_destroy(&c->lock);
	free(c->from);
	free(c->to);
	free(c);
}

static bool open_codes(struct charsets *c, const char *from, const char *to)
{
	c->down = iconv_open(from, to);
	if (c->down != NO_CODE)
		c->up = iconv_open(to, from);
	if (c->up != NO_CODE)
		return true;
	if (errno == EINVAL)
		core_err("modules=iconv: cannot convert from '%s' to '%s'; `iconv -l` lists what "
			 "from_code= and to_code= may be\n",
			 from, to);
	else
		core_err("modules=iconv: cannot convert from '%s' to '%s': %s\n", from, to,
			 strerror(errno));
	return false;
}

static void *iconv_make(struct core_args *args)
{
	static const struct core_opt opts[] = {
		{"from_code=%s", offsetof(struct charsets, from), 0},
		{"to_code=%s", offsetof(struct charsets, to), 0},
		CORE_OPT_END,
	};
	struct charsets *c = calloc(1, sizeof(*c));
	locale_t env;
	bool good;

	if (!c) {
		core_err("out of memory for module iconv\n");
		return NULL;
	}
	c->down = c->up = NO_CODE;
	pthread_mutex_init(&c->lock, NULL);
	if (core_opt_parse(args, c, opts, NULL)) {
		iconv_free(c);
		return NULL;
	}
	/* The user's character set, which is not the program's if it never called setlocale(). */
	env = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	good = open_codes(c, c->from ? c->from : "UTF-8",
			  c->to ? c->to
			  : env ? nl_langinfo_l(CODESET, env)
				: "UTF-8");
	if (env)
		freelocale(env);
	if (good)
		return c;
	iconv_free(c);
	return NULL;
}

static const struct core_map iconv_map = {
	.path_down = iconv_down,
	.target_down = iconv_down,
	.target_up = iconv_target,
	.name_up = iconv_name,
	.free = iconv_free,
};

const struct core_module_type core_module_iconv = {
	.name = "iconv",
	.help = "    -o from_code=CHARSET   character set of the file system's names (UTF-8)\n"
		"    -o to_code=CHARSET     character set of the mount's names (the locale's)\n",
	.map = &iconv_map,
	.make = iconv_make,
};
