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
 * auto_unmount leaves behind lives until core_mount_unmount(), core_mount_free() or the end of
 * the last process that holds the socket to it.
 */
#ifndef CORE_MOUNT_MOUNT_H
#define CORE_MOUNT_MOUNT_H

#include <stdio.h>
#include "core/base/base.h"
#include "core/base/opt.h"

struct core_mount;

/* What the two ABIs want differently. Must outlive the core_mount. */
struct core_mount_profile {
	/*
	 * FUSE 2: refuse a mount point that holds files unless -o nonempty is given. Without
	 * this, nonempty is not an option and stays in args.
	 */
	bool check_nonempty;
	/*
	 * FUSE 2: allow_root and max_read= stay in args as well, because the session is made by
	 * another call that reads them there.
	 */
	bool keep_session_options;
	bool exclusive_allow; /* FUSE 2: allow_other together with allow_root is an error */
	bool take_n;          /* FUSE 3: -n (no mtab) is taken and ignored */
	bool large_read;      /* FUSE 2: -o large_read is taken and ignored */
	bool fd_cloexec;      /* FUSE 3: the descriptor closes on exec */
};

/*
 * Takes the mount options out of args, leaves the others. Options the file system also looks
 * at (allow_other, ro, ...) are taken too: ask the functions below.
 * NULL after an error, which has been logged.
 */
struct core_mount *core_mount_parse(struct core_args *args,
				    const struct core_mount_profile *profile);
/* Does not unmount, except that an auto_unmount helper does when it sees us go. m may be NULL. */
void core_mount_free(struct core_mount *m);

/* As parsed. */
unsigned core_mount_max_read(const struct core_mount *m); /* bytes, 0: not given */
unsigned core_mount_iosize(const struct core_mount *m);   /* bytes, 0: not given */
bool core_mount_readonly(const struct core_mount *m);
bool core_mount_allow_root(const struct core_mount *m);     /* the session checks the uid then */
bool core_mount_allow_other(const struct core_mount *m);    /* also true for allow_root */
bool core_mount_help_wanted(const struct core_mount *m);    /* -h, --help were seen (and left) */
bool core_mount_version_wanted(const struct core_mount *m); /* -V, --version the same */
const char *core_mount_fsname(const struct core_mount *m);  /* NULL: not given */
const char *core_mount_subtype(const struct core_mount *m); /* NULL: not given */

/* For front-ends that know a name only later: sets the subtype if no option has. 0 or -ENOMEM. */
int core_mount_default_subtype(struct core_mount *m, const char *subtype);

/*
 * Mounts. Returns the /dev/fuse descriptor (never 0, 1 or 2, unless handed in), which is the
 * caller's from now on, or -errno. Returns before INIT has been answered.
 * For "/dev/fd/N" the descriptor N itself is returned (not a copy) and becomes the caller's;
 * -EBADF if it is not open, -EINVAL if it is not a FUSE device.
 */
int core_mount_open(struct core_mount *m, const char *mountpoint);

/* The N of a mount point "/dev/fd/N", -1 for any other text. */
int core_mount_fd_of(const char *mountpoint);

/*
 * Closes fd (-1: has been closed) and unmounts. A mount point that was unmounted meanwhile is
 * left alone: what is mounted there now may be somebody else's. A file system still in use is
 * detached (the name goes at once). "/dev/fd/N" is only closed. m may be NULL (an unmount by
 * path without what mounted it: FUSE 2's fuse_unmount); one taken from core_mount_open() may
 * be unmounted once.
 */
void core_mount_unmount(struct core_mount *m, const char *mountpoint, int fd);

/* The socket whose last copy's end makes the auto_unmount helper act, or -1. Stays m's. */
int core_mount_helper_sock(const struct core_mount *m);

/* Describes the mount options for --help, one line each. */
void core_mount_help(FILE *out, const struct core_mount_profile *profile);

/* The known option closest to opt by spelling, or NULL: for "did you mean". */
const char *core_mount_nearest(const char *opt, const struct core_mount_profile *profile);

#endif
