/*
 * /proc/self/mountinfo, as far as FUSE needs it. Only the table is read: nothing here touches
 * a mount, so a dead or hanging file system cannot block it.
 */
#ifndef CORE_MOUNT_MOUNTINFO_H
#define CORE_MOUNT_MOUNTINFO_H

#include "core/base/base.h"

struct core_mountinfo {
	unsigned id, parent;   /* of the mount */
	unsigned major, minor; /* st_dev */
	const char *root;      /* which part of the file system is mounted, unescaped like all */
	const char *mountpoint;
	const char *options; /* of the mount */
	const char *type;    /* "fuse", "fuse.sshfs", "fuseblk.ntfs" */
	const char *source;
	const char *superoptions;
};

/* Whether the type is that of a FUSE mount ("fusectl" is not one). */
bool core_mountinfo_is_fuse(const struct core_mountinfo *mi);

/*
 * The number of a FUSE mount's connection, as /sys/fs/fuse/connections has it: the device number as
 * the kernel keeps it inside. That of a fuseblk mount is its block device's, so major is not 0.
 */
unsigned core_mountinfo_connection(const struct core_mountinfo *mi);

/* Splits line in place. False: not a mountinfo line. */
bool core_mountinfo_parse(char *line, struct core_mountinfo *mi);

/*
 * Calls func for each mount in the order of the table until it returns non-zero; returns that,
 * 0 at the end, or -errno if the table could not be read. path NULL: this process' own.
 */
int core_mountinfo_each(const char *path, int (*func)(void *user, const struct core_mountinfo *),
			void *user);

/*
 * st_dev of the FUSE mount on top at this absolute path; 0: there is none; negative errno in
 * *err (may be NULL) and 0 if the table could not be read.
 */
uint64_t core_mountinfo_fuse_dev(const char *mountpoint, int *err);

#endif
