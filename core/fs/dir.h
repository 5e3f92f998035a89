/*
 * Between the handles of open directories (dir.c) and what fills and serves them (fill.c).
 */
#ifndef CORE_FS_DIR_H
#define CORE_FS_DIR_H

#include "core/fs/fs_priv.h"

struct dir_attr {
	struct wire_attr attr;
	uint64_t dev; /* which the wire does not say */
	bool given;   /* otherwise the program has named this entry and no more */
};

struct dir_handle {
	pthread_mutex_t lock; /* guards what follows; see docs/locking.md */
	uint64_t fh;          /* the program's */
	uint64_t nodeid;
	int flags;
	bool filled;
	/*
	 * Collected entries as a READDIR answers them, so that serving is copying: struct
	 * wire_dirent and the name, padded; `off` is where the next record is.
	 */
	char *records;
	size_t len, cap;
	size_t last; /* position after what was served last */
	/*
	 * After a READDIRPLUS: attributes of attrs_used records. The first attrs_first ones went
	 * out at once, and if somebody goes back to them, without.
	 */
	struct dir_attr *attrs;
	size_t attrs_first, attrs_used, attrs_cap;
	size_t count;      /* records then */
	size_t last_index; /* number of the record at `last`; INDEX_UNKNOWN */
};
#define INDEX_UNKNOWN SIZE_MAX

/* The handle, or NULL; with remove the number is not valid any more. */
struct dir_handle *dir_get(struct dir_table *t, uint64_t fh, bool remove);
/* READDIR and READDIRPLUS. */
void dir_read(struct core_req *req, uint64_t ino, size_t size, off_t off, struct core_file_info *fi,
	      bool plus);

#endif
