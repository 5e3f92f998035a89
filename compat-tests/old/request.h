/*
 * One file, /file, on the request API: the operations that are the same at each FUSE_USE_VERSION
 * from 24, in FUSE 2 and FUSE 3. Who includes it has read and statfs.
 */
#ifndef OLD_REQUEST_H
#define OLD_REQUEST_H

#include <fuse_lowlevel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char data[] = "old but alive\n";

static void fill(struct stat *st, fuse_ino_t ino)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	st->st_mode = ino == 2 ? S_IFREG | 0444 : S_IFDIR | 0755;
	st->st_nlink = 1;
	st->st_size = ino == 2 ? sizeof(data) - 1 : 0;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e;

	memset(&e, 0, sizeof(e));
	e.ino = 2;
	fill(&e.attr, 2);
	if (parent == 1 && strcmp(name, "file") == 0)
		fuse_reply_entry(req, &e);
	else
		fuse_reply_err(req, ENOENT);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	fill(&st, ino);
	fuse_reply_attr(req, &st, 1.0);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->fh = 4711;
	fuse_reply_open(req, fi);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if (fi->fh == 4711)
		puts("released /file");
	fflush(stdout);
	fuse_reply_err(req, 0);
}

#if FUSE_USE_VERSION < 25
#define ADD(req, buf, size, name, st, off)                                                         \
	(fuse_add_dirent(buf, name, st, off), fuse_dirent_size(strlen(name)))
#else
#define ADD(req, buf, size, name, st, off) fuse_add_direntry(req, buf, size, name, st, off)
#endif

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	static const struct {
		const char *name;
		fuse_ino_t ino;
	} all[] = {{".", 1}, {"..", 1}, {"file", 2}};
	char buf[512];
	size_t used = 0;
	struct stat st;

	(void)ino, (void)fi;
	for (; off < 3 && used + 64 < size && used + 64 < sizeof(buf); off++) {
		fill(&st, all[off].ino);
		used += ADD(req, buf + used, sizeof(buf) - used, all[off].name, &st, off + 1);
	}
	fuse_reply_buf(req, buf, used);
}

#endif
