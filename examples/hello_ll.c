/*
 * hello_ll: the same file system as hello, on the low-level API.  Operations get inode numbers that
 * the program chose itself, and answer by calling fuse_reply_... exactly once.
 */
#include "compat_ll.h"

#include <errno.h>
#include <fcntl.h>

static const char file_name[] = "hello";
static const char file_text[] = "Hello, world\n";
#define FILE_SIZE (sizeof(file_text) - 1)
#define FILE_INO  2 /* the root is always FUSE_ROOT_ID, 1 */
#define TIMEOUT   1.0

static bool fill_attr(fuse_ino_t ino, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	if (ino == FUSE_ROOT_ID) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
	} else if (ino == FILE_INO) {
		st->st_mode = S_IFREG | 0444;
		st->st_nlink = 1;
		st->st_size = FILE_SIZE;
	} else {
		return false;
	}
	return true;
}

static void hello_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {.ino = FILE_INO};

	if (parent != FUSE_ROOT_ID || strcmp(name, file_name) != 0) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	fill_attr(FILE_INO, &entry.attr);
	entry.attr_timeout = entry.entry_timeout = TIMEOUT;
	fuse_reply_entry(req, &entry);
}

static void hello_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	if (fill_attr(ino, &st))
		fuse_reply_attr(req, &st, TIMEOUT);
	else
		fuse_reply_err(req, ENOENT);
}

/* Offsets are ours to choose: n means "the first n entries have been seen". */
static void hello_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			  struct fuse_file_info *fi)
{
	static const struct {
		const char *name;
		fuse_ino_t ino;
	} entries[] = {
		{".", FUSE_ROOT_ID},
		{"..", FUSE_ROOT_ID},
		{file_name, FILE_INO},
	};
	char buf[512];
	size_t used = 0, limit = size < sizeof(buf) ? size : sizeof(buf);

	(void)fi;
	if (ino != FUSE_ROOT_ID) {
		fuse_reply_err(req, ENOTDIR);
		return;
	}
	for (off_t i = offset; i < (off_t)(sizeof(entries) / sizeof(entries[0])); i++) {
		struct stat st;
		size_t need;

		fill_attr(entries[i].ino, &st);
		need = fuse_add_direntry(req, buf + used, limit - used, entries[i].name, &st,
					 i + 1);
		if (need > limit - used)
			break; /* did not fit; the kernel comes back with this offset */
		used += need;
	}
	fuse_reply_buf(req, buf, used);
}

static void hello_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (ino != FILE_INO)
		fuse_reply_err(req, EISDIR);
	else if ((fi->flags & O_ACCMODE) != O_RDONLY)
		fuse_reply_err(req, EACCES);
	else
		fuse_reply_open(req, fi);
}

static void hello_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	(void)ino, (void)fi;
	if (offset < 0 || (size_t)offset >= FILE_SIZE) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	if (size > FILE_SIZE - (size_t)offset)
		size = FILE_SIZE - (size_t)offset;
	fuse_reply_buf(req, file_text + offset, size);
}

static const struct fuse_lowlevel_ops hello_ops = {
	.lookup = hello_lookup,
	.getattr = hello_getattr,
	.readdir = hello_readdir,
	.open = hello_open,
	.read = hello_read,
};

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	int rc = fs_ll_main(&args, &hello_ops, sizeof(hello_ops), NULL, NULL);

	fuse_opt_free_args(&args);
	return rc;
}
