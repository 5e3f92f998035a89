/*
 * Options of the path API that come from WinFsp-FUSE and macFUSE, on both APIs the same. What they
 * mean here: docs/options.md. Those that are about the mount itself (volname, FileSystemName, ...)
 * are core/mount's.
 *
 * A program's own options never come here: it has taken them out of its arguments before.
 */
#ifndef CORE_FS_OPTIONS_H
#define CORE_FS_OPTIONS_H

#include <stdio.h>
#include <sys/types.h>
#include "core/base/opt.h"

struct core_fs_config;
struct core_session_config;

enum { CORE_IDMAP_MAX = 8 };

/* What they say, in struct core_fs_config; all 0 without them. */
struct core_fs_tuning {
	int set_file_mode, set_dir_mode; /* new objects get 0777 without: */
	unsigned file_umask, dir_umask;
	int rellinks;                  /* absolute targets of links start at the mount's root */
	unsigned thread_count;         /* exactly so many; 0: the loop's own */
	int cache_dirs;                /* 1: listings while open; 2: until they change */
	double statfs_timeout;         /* seconds an answer is used again; < 0: for ever */
	unsigned block_size, name_max; /* instead of what the program says; 0: as it says */
	int parallel_direct_writes;    /* 1: of each file opened with direct_io; -1: of none */
	unsigned daemon_timeout;       /* seconds a request may take; 0: any time */
	int debug_log;                   /* the log of -d is a file, closed at the end */
	unsigned n_ids;
	struct {
		uid_t fs, host; /* owner as the program says it, as it is shown */
	} ids[CORE_IDMAP_MAX];
};

/*
 * Takes the options out of args. debug: name those that mean nothing on Linux in the log, once
 * each. 0, or -1 (logged).
 */
int core_fs_options(struct core_args *args, struct core_fs_config *cfg,
		    struct core_session_config *scfg, bool debug);
/*
 * Takes the modules that only macFUSE has (volicon, threadid) out of a list "A:B", which may be
 * NULL. debug: as above.
 */
void core_fs_drop_modules(char *list, bool debug);
/* Options that nobody but WinFsp's library knows: true for fuse_is_lib_option. */
bool core_fs_is_option(const char *opt);
/* The known option closest to opt by spelling, or NULL. */
const char *core_fs_nearest_option(const char *opt);
void core_fs_options_help(FILE *out);

#endif
