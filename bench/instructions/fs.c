/*
 * The program's side: a file system that does nothing, so that what is counted is the library.
 * Every name exists; the root is a directory with ENTRIES entries, the rest are files, or
 * directories with as many entries that are called something else each time.
 */
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instr.h"
#include "join.h"

static char block[BLOCK];
static char names[ENTRIES][16];

static void fill_stat(struct stat *st, bool dir)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = dir ? S_IFDIR | 0755 : S_IFREG | 0644;
	st->st_nlink = 1;
	st->st_size = BLOCK;
}

/* ---- path API -------------------------------------------------------------------------------- */

#if FUSE_USE_VERSION < 30
static int p_getattr(const char *path, struct stat *st)
#else
static int p_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
#endif
{
#if FUSE_USE_VERSION >= 30
	(void)fi;
#endif
	fill_stat(st, path[1] == '\0');
	return 0;
}

static int p_open(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	fi->fh = 1;
	return 0;
}

static int p_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)path, (void)buf, (void)off, (void)fi;
	return (int)size;
}

static int p_write(const char *path, const char *buf, size_t size, off_t off,
		   struct fuse_file_info *fi)
{
	(void)path, (void)buf, (void)off, (void)fi;
	return (int)size;
}

/* A name that was never used before. */
static const char *p_fresh(void)
{
	static char name[16] = "fresh-0000000";
	static unsigned serial;
	unsigned n = serial++;

	for (char *at = name + 12; at > name + 5; at--, n /= 10)
		*at = (char)('0' + n % 10);
	return name;
}

#if FUSE_USE_VERSION < 30
static int p_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
		     struct fuse_file_info *fi)
#else
static int p_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
		     struct fuse_file_info *fi, enum fuse_readdir_flags flags)
#endif
{
	bool root = path[1] == '\0';
	struct stat st;

	(void)off, (void)fi;
	fill_stat(&st, false);
	for (int i = 0; i < ENTRIES; i++) {
		st.st_ino = (ino_t)i + 2;
#if FUSE_USE_VERSION < 30
		fill(buf, root ? names[i] : p_fresh(), &st, 0);
#else
		fill(buf, root ? names[i] : p_fresh(), &st, 0,
		     flags & FUSE_READDIR_PLUS ? FUSE_FILL_DIR_PLUS : (enum fuse_fill_dir_flags)0);
#endif
	}
	return 0;
}

static const struct fuse_operations path_ops = {
	.getattr = p_getattr,
	.open = p_open,
	.opendir = p_open,
	.read = p_read,
	.write = p_write,
	.readdir = p_readdir,
};

/* ---- low-level API --------------------------------------------------------------------------- */

static void l_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	static fuse_ino_t last = 1;
	struct fuse_entry_param e = {.ino = ++last, .attr_timeout = 1, .entry_timeout = 1};

	(void)parent, (void)name;
	fill_stat(&e.attr, false);
	e.attr.st_ino = e.ino;
	fuse_reply_entry(req, &e);
}

static void l_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	fill_stat(&st, ino == 1);
	fuse_reply_attr(req, &st, 1);
}

static void l_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->fh = 1;
	fuse_reply_open(req, fi);
}

static void l_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		   struct fuse_file_info *fi)
{
	(void)ino, (void)off, (void)fi;
	fuse_reply_buf(req, block, size);
}

static void l_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	(void)ino, (void)buf, (void)off, (void)fi;
	fuse_reply_write(req, size);
}

static char entries[ENTRIES * 256];

static void l_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		      struct fuse_file_info *fi)
{
	struct stat st;
	size_t used = 0;

	(void)ino, (void)size, (void)off, (void)fi;
	fill_stat(&st, false);
	for (int i = 0; i < ENTRIES; i++) {
		st.st_ino = (ino_t)i + 2;
		used += fuse_add_direntry(req, entries + used, sizeof(entries) - used, names[i],
					  &st, i + 1);
	}
	fuse_reply_buf(req, entries, used);
}

#if FUSE_USE_VERSION >= 30
static void l_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			  struct fuse_file_info *fi)
{
	struct fuse_entry_param e = {.attr_timeout = 1, .entry_timeout = 1};
	size_t used = 0;

	(void)ino, (void)size, (void)off, (void)fi;
	fill_stat(&e.attr, false);
	for (int i = 0; i < ENTRIES; i++) {
		e.ino = e.attr.st_ino = (ino_t)i + 2;
		used += fuse_add_direntry_plus(req, entries + used, sizeof(entries) - used,
					       names[i], &e, i + 1);
	}
	fuse_reply_buf(req, entries, used);
}
#endif

static const struct fuse_lowlevel_ops ll_ops = {
	.lookup = l_lookup,
	.getattr = l_getattr,
	.open = l_open,
	.opendir = l_open,
	.read = l_read,
	.write = l_write,
	.readdir = l_readdir,
#if FUSE_USE_VERSION >= 30
	.readdirplus = l_readdirplus,
#endif
};

/* ---- running --------------------------------------------------------------------------------- */

static int run_path(struct fuse_args *args, bool mt)
{
#if FUSE_USE_VERSION < 30
	struct fuse *f = fuse_new(join_chan(), args, &path_ops, sizeof(path_ops), NULL);

	if (!f)
		return -1;
#else
	struct fuse *f = fuse_new(args, &path_ops, sizeof(path_ops), NULL);

	if (!f || join_session(fuse_get_session(f)))
		return -1;
#endif
	join_loop(fuse_get_session(f), f, mt);
	fuse_destroy(f);
	return 0;
}

static int run_ll(struct fuse_args *args, bool mt)
{
#if FUSE_USE_VERSION < 30
	struct fuse_session *se = fuse_lowlevel_new(args, &ll_ops, sizeof(ll_ops), NULL);
	struct fuse_chan *ch = join_chan();

	if (!se || !ch)
		return -1;
	fuse_session_add_chan(se, ch);
#else
	struct fuse_session *se = fuse_session_new(args, &ll_ops, sizeof(ll_ops), NULL);

	if (!se || join_session(se))
		return -1;
#endif
	join_loop(se, NULL, mt);
	fuse_session_destroy(se);
	return 0;
}

int fs_run(bool path_api, bool mt)
{
	char *argv[] = {(char *)"instr", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	for (int i = 0; i < ENTRIES; i++)
		snprintf(names[i], sizeof(names[i]), "entry-%07d", i);
	return path_api ? run_path(&args, mt) : run_ll(&args, mt);
}

int main(int argc, char **argv)
{
	struct feed_options o = {.requests = 1000};
	bool path_api = false, mt = false, readdirplus = FUSE_USE_VERSION >= 30;
	char api[16];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "path") == 0)
			path_api = true;
		else if (strcmp(argv[i], "mt") == 0)
			mt = true;
		else if (strncmp(argv[i], "only=", 5) == 0)
			o.only = argv[i] + 5;
		else if (atoi(argv[i]) > 0)
			o.requests = (unsigned)atoi(argv[i]);
		else if (strcmp(argv[i], "ll") != 0)
			return fprintf(stderr, "usage: %s ll|path [mt] [REQUESTS] [only=PHASE]\n",
				       argv[0]),
			       2;
	}
	snprintf(api, sizeof(api), "%s%d", path_api ? "path" : "ll", FUSE_USE_VERSION < 30 ? 2 : 3);
	o.api = api;
	o.readdirplus = readdirplus;
	o.paths = path_api;
	feed_init(&o);
	if (fs_run(path_api, mt))
		return 1;
	return feed_result();
}
