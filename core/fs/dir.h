/*
 * Between the handles of open directories (dir.c) and what fills and serves them (fill.c).
 */
#ifndef CORE_FS_DIR_H
#define CORE_FS_DIR_H

#include "core/fs/fs_priv.h"

struct dir_handle {
	pthread_mutex_t lock; /* guards what follows; see docs/locking.md */
	uint64_t fh;          /* the program's */
	uint64_t nodeid;
	int flags;
	bool filled;
	/*
	 * Collected entries as a READDIR answers them, so that serving is copying: struct
	 * wire_dirent and the name, padded; `off` is where the next record is. With RECORD_STAT in
	 * the type, a struct stat follows.
	 */
	char *records;
	size_t len, cap;
	size_t last;    /* position after what was served last */
	bool has_stat;  /* of any record */
};

/* The handle, or NULL; with remove the number is not valid any more. */
struct dir_handle *dir_get(struct dir_table *t, uint64_t fh, bool remove);
/* READDIR and READDIRPLUS. */
void dir_read(struct core_req *req, uint64_t ino, size_t size, off_t off, struct core_file_info *fi,
	      bool plus);

#endif
