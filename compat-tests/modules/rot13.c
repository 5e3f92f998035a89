/*
 * A module of the file libfusemod_rot13.so: names are shown with their letters turned by thirteen.
 * It says in the log what it is given ("rot13_log=FILE"), so that the order of a stack can be seen.
 */
#include "compat.h"

#include <limits.h>
#include <stddef.h>

struct rot13 {
	struct fuse_fs *next;
	char *log;
};

static struct rot13 *self(void)
{
	return fuse_get_context()->private_data;
}

static const char *turn(const char *from, char *to)
{
	size_t i;

	for (i = 0; from[i] && i < PATH_MAX - 1; i++) {
		char c = from[i], base = c >= 'a' && c <= 'z'   ? 'a'
					 : c >= 'A' && c <= 'Z' ? 'A'
								: 0;

		to[i] = base ? (char)(base + (c - base + 13) % 26) : c;
	}
	to[i] = 0;
	return to;
}

static void note_for(const struct rot13 *me, const char *op, const char *path)
{
	FILE *f = me->log ? fopen(me->log, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "%s %s\n", op, path);
	fclose(f);
}

static void note(const char *op, const char *path)
{
	note_for(self(), op, path);
}

#define TURN(path)                                                                                 \
	char low_##path[PATH_MAX];                                                                 \
	turn(path, low_##path)

static int op_getattr(const char *path, struct stat *st FI)
{
	TURN(path);
	return fuse_fs_getattr(self()->next, low_path, st PFI);
}

static int op_readlink(const char *path, char *buf, size_t size)
{
	TURN(path);
	return fuse_fs_readlink(self()->next, low_path, buf, size);
}

static int op_mkdir(const char *path, mode_t mode)
{
	TURN(path);
	note("mkdir", path);
	return fuse_fs_mkdir(self()->next, low_path, mode);
}

static int op_unlink(const char *path)
{
	TURN(path);
	return fuse_fs_unlink(self()->next, low_path);
}

static int op_rmdir(const char *path)
{
	TURN(path);
	return fuse_fs_rmdir(self()->next, low_path);
}

static int op_symlink(const char *target, const char *path)
{
	TURN(path);
	return fuse_fs_symlink(self()->next, target, low_path);
}

static int op_rename(const char *from, const char *to RENAME_FLAGS)
{
	TURN(from);
	TURN(to);
	return fuse_fs_rename(self()->next, low_from, low_to PRENAME_FLAGS);
}

static int op_link(const char *from, const char *to)
{
	TURN(from);
	TURN(to);
	return fuse_fs_link(self()->next, low_from, low_to);
}

static int op_chmod(const char *path, mode_t mode FI)
{
	TURN(path);
	return fuse_fs_chmod(self()->next, low_path, mode PFI);
}

static int op_truncate(const char *path, off_t size FI)
{
	TURN(path);
	return fuse_fs_truncate(self()->next, low_path, size PFI);
}

static int op_utimens(const char *path, const struct timespec tv[2] FI)
{
	TURN(path);
	return fuse_fs_utimens(self()->next, low_path, tv PFI);
}

static int op_statfs(const char *path, struct statvfs *st)
{
	TURN(path);
	return fuse_fs_statfs(self()->next, low_path, st);
}

static int op_open(const char *path, struct fuse_file_info *fi)
{
	TURN(path);
	note("open", path);
	return fuse_fs_open(self()->next, low_path, fi);
}

static int op_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	TURN(path);
	note("create", path);
	return fuse_fs_create(self()->next, low_path, mode, fi);
}

static int op_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi)
{
	TURN(path);
	return fuse_fs_read(self()->next, low_path, buf, size, off, fi);
}

static int op_write(const char *path, const char *buf, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	TURN(path);
	return fuse_fs_write(self()->next, low_path, buf, size, off, fi);
}

static int op_release(const char *path, struct fuse_file_info *fi)
{
	TURN(path);
	return fuse_fs_release(self()->next, low_path, fi);
}

struct filling {
	void *buf;
	fuse_fill_dir_t fill;
};

static int fill_turned(void *buf, const char *name, const struct stat *st, off_t off FILL_FLAGS)
{
	struct filling *f = buf;
	TURN(name);

	(void)off;
	return f->fill(f->buf, low_name, st, 0 PFILL_FLAGS);
}

static int op_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off,
		      struct fuse_file_info *fi READDIR_FLAGS)
{
	struct filling f = {buf, fill};
	TURN(path);

	return fuse_fs_readdir(self()->next, low_path, &f, fill_turned, off, fi PREADDIR_FLAGS);
}

static void *op_init(INIT_ARGS)
{
	struct rot13 *me = self();

	fuse_fs_init(me->next, PINIT_ARGS);
	return me;
}

static void op_destroy(void *data)
{
	struct rot13 *me = data;

	note_for(me, "destroy", ""); /* the context is not promised here */
	fuse_fs_destroy(me->next);
	free(me->log);
	free(me);
}

static const struct fuse_operations ops = {
	.init = op_init,
	.destroy = op_destroy,
	PATH_OPERATIONS,
};

struct fuse_fs *rot13_new(struct fuse_args *args, struct fuse_fs *next[]);
struct fuse_fs *rot13_new(struct fuse_args *args, struct fuse_fs *next[])
{
	static const struct fuse_opt options[] = {{"rot13_log=%s", offsetof(struct rot13, log), 0},
						  FUSE_OPT_END};
	struct rot13 *me = calloc(1, sizeof(*me));
	struct fuse_fs *fs = NULL;

	if (!me)
		fprintf(stderr, "rot13: out of memory\n");
	if (!me || fuse_opt_parse(args, me, options, NULL) == -1)
		goto fail;
	if (!next[0] || next[1]) {
		fprintf(stderr, "rot13: exactly one file system below\n");
		goto fail;
	}
	me->next = next[0];
	fs = fuse_fs_new(&ops, sizeof(ops), me);
	if (fs)
		return fs;
fail:
	if (me)
		free(me->log);
	free(me);
	return NULL;
}

#ifdef REGISTERS_AS
static __attribute__((constructor)) void register_it(void)
{
	static struct fuse_module module = {.name = REGISTERS_AS, .factory = rot13_new};

	fuse_register_module(&module);
}
#elif !defined(IN_PROGRAM)
FUSE_REGISTER_MODULE(rot13, rot13_new);
#endif
