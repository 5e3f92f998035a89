/* Shared by the files of core/mount; nobody else includes it, except its unit test. */
#ifndef CORE_MOUNT_INTERNAL_H
#define CORE_MOUNT_INTERNAL_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>
#include "core/mount/mount.h"

struct core_mount {
	const struct core_mount_profile *profile;

	/* options */
	char *fsname, *subtype;
	char *unc, *volname, *fstype; /* what stands in for these two */
	char *kernel;        /* comma list for the kernel, as mount(2) takes it */
	char *helper;        /* the same options as the helper takes them (commas escaped) */
	unsigned long flags; /* MS_* */
	unsigned max_read, iosize;
	bool allow_other, allow_root, auto_unmount, blkdev, blksize, nonempty;
	bool help, version;

	/* set by core_mount_open */
	char *real;      /* absolute path of what we mounted; NULL: not mounted by us */
	uint64_t id;     /* unique mount id of the kernel (Linux 6.8); 0: unknown */
	uint64_t dev;    /* st_dev of the mount as in mountinfo; 0: unknown */
	bool mounted;    /* core_mount_unmount has something to do */
	int helper_sock; /* auto_unmount: the helper unmounts when the last copy closes */
	pid_t helper_pid, helper_parent;
};

/* What the tests replace to inject failures. */
struct core_mount_sys {
	const char *device;              /* "/dev/fuse" */
	const char *fuse_conf;           /* "/etc/fuse.conf" */
	const char *const *helper_names; /* NULL-terminated, tried in order */
	const char *const *helper_dirs;  /* NULL-terminated, before $PATH */
	bool (*privileged)(void);        /* the environment is not to be trusted with what we may */
	int (*open)(const char *path, int flags);
	int (*mount)(const char *source, const char *target, const char *type, unsigned long flags,
		     const void *data);
	int (*umount2)(const char *target, int flags);
};
extern struct core_mount_sys core_mount_sys;

/*
 * Appends the names of the flags a helper takes to the comma list; *left gets the flags it
 * would refuse. 0 or -ENOMEM.
 */
int core_mount_flag_words(unsigned long flags, char **list, unsigned long *left);

/* A copy of fd above standard error, closing fd, if fd is 0, 1 or 2; fd itself otherwise. */
int core_mount_above_stdio(int fd);

/* Path of the helper, malloc'ed; NULL: none is installed. */
char *core_mount_find_helper(void);

/*
 * Mounts through the helper. Returns the /dev/fuse descriptor or -errno (logged; -ENOENT: no
 * helper, which is not logged: the caller knows why it wanted one).
 */
int core_mount_helper_open(struct core_mount *m, const char *mountpoint);
/* helper -u -q -z. 0 or -errno (logged unless there is no helper). */
int core_mount_helper_unmount(const char *mountpoint);
/* Asks the auto_unmount helper to unmount and waits a bounded time until it has gone. */
void core_mount_helper_release(struct core_mount *m);

#endif
