/*
 * Mounting: options, mount(2) or the installed helper (fusermount3, fusermount), unmounting.
 *
 * A caller who may mount(2) does so directly; everybody else goes through the helper, which
 * is set-uid root and hands back the /dev/fuse descriptor over a socket. A mount point
 * "/dev/fd/N" names a descriptor that somebody else opened and mounted. We ship no set-uid
 * program and write no mtab.
 *
 * Every error is logged as text that names the reason and what to do, and returned as a
 * negative errno. A struct core_mount belongs to one caller; it has no lock. The helper that
 * auto_unmount leaves behind lives until core_mount_unmount() or the end of this process.
 */
#ifndef CORE_MOUNT_MOUNT_H
#define CORE_MOUNT_MOUNT_H

#include <stdio.h>
#include "core/base/base.h"
#include "core/base/opt.h"

struct core_mount;

/* What the two ABIs want differently. Must outlive the core_mount. */
struct core_mount_profile {
	const char *api;     /* "FUSE 2" or "FUSE 3", for messages */
	bool check_nonempty; /* refuse a mount point that holds files unless -o nonempty is given;
			      * without this, nonempty is not an option and stays in args */
	bool fd_cloexec;     /* the descriptor closes on exec (FUSE 3); FUSE 2 keeps it open */
};

/*
 * Takes the mount options out of args, leaves the others. Options the file system also looks
 * at (allow_other, ro, ...) are taken too: ask the functions below.
 * NULL after an error, which has been logged.
 */
struct core_mount *core_mount_parse(struct core_args *args,
				    const struct core_mount_profile *profile);
void core_mount_free(struct core_mount *m); /* does not unmount; m may be NULL */

/* As parsed. */
unsigned core_mount_max_read(const struct core_mount *m); /* bytes, 0: not given */
bool core_mount_readonly(const struct core_mount *m);
bool core_mount_allow_root(const struct core_mount *m);     /* the session checks the uid then */
bool core_mount_allow_other(const struct core_mount *m);    /* also true for allow_root */
const char *core_mount_fsname(const struct core_mount *m);  /* NULL: not given */
const char *core_mount_subtype(const struct core_mount *m); /* NULL: not given */

/* For front-ends that know a name only later: sets the subtype if no option has. 0 or -ENOMEM. */
int core_mount_default_subtype(struct core_mount *m, const char *subtype);

/*
 * Mounts. Returns the /dev/fuse descriptor, which is the caller's from now on, or -errno.
 * For "/dev/fd/N" the descriptor N itself is returned (not a copy) and becomes the caller's;
 * -EBADF if it is not open, -EINVAL if it is not a FUSE device.
 */
int core_mount_open(struct core_mount *m, const char *mountpoint);

/* The N of a mount point "/dev/fd/N", -1 for any other text. */
int core_mount_fd_of(const char *mountpoint);

/*
 * Unmounts and closes fd (-1: has been closed). A mount whose connection is gone is left to
 * whoever unmounted it: what is mounted there now may be somebody else's. Detaches (the name
 * goes at once, open files later): this runs in the file system's own process, which by then
 * answers no request, so a plain unmount could wait for itself. m may be NULL (an unmount
 * without what mounted it: FUSE 2's fuse_unmount).
 */
void core_mount_unmount(struct core_mount *m, const char *mountpoint, int fd);

/* Describes the mount options for --help, one line each. */
void core_mount_help(FILE *out, const struct core_mount_profile *profile);

/* Whether opt (without -o, may have a value) is one of ours; fuse_is_lib_option. */
bool core_mount_is_option(const char *opt, const struct core_mount_profile *profile);
/* The known option closest to opt by spelling, or NULL: for "did you mean". */
const char *core_mount_nearest(const char *opt);

#endif
