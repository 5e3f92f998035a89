#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "core/base/log.h"
#include "core/mount/internal.h"
#include "core/mount/mountinfo.h"

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

#define FUSE_DEVICE_MAJOR 10
#define FUSE_DEVICE_MINOR 229

static bool privileged(void)
{
	return geteuid() == 0 || getauxval(AT_SECURE);
}

static int sys_open(const char *path, int flags)
{
	return open(path, flags);
}

static const char *const helper_names[] = {"fusermount3", "fusermount", NULL};
static const char *const helper_dirs[] = {"/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin",
					  NULL};

struct core_mount_sys core_mount_sys = {
	.device = "/dev/fuse",
	.fuse_conf = "/etc/fuse.conf",
	.helper_names = helper_names,
	.helper_dirs = helper_dirs,
	.privileged = privileged,
	.open = sys_open,
	.mount = mount,
	.umount2 = umount2,
};

int core_mount_above_stdio(int fd)
{
	int copy;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (copy == -1)
		copy = -errno;
	close(fd);
	return copy;
}

/* ---- /dev/fd/N ----------------------------------------------------------------------------- */

int core_mount_fd_of(const char *mountpoint)
{
	static const char prefix[] = "/dev/fd/";
	const char *p = mountpoint + sizeof(prefix) - 1;
	long fd = 0;

	if (strncmp(mountpoint, prefix, sizeof(prefix) - 1) || !*p)
		return -1;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		fd = fd * 10 + (*p - '0');
		if (fd > INT_MAX)
			return -1;
	}
	return (int)fd;
}

static int take_fd(int fd)
{
	struct stat st;
	int type = 0;

	if (fstat(fd, &st) == -1) {
		core_err("mount point /dev/fd/%d: descriptor %d is not open; the program that "
			 "starts this one must open and mount /dev/fuse and pass it on\n",
			 fd, fd);
		return -EBADF;
	}
	/* one end of a socket pair of messages: whoever is at the other end plays the kernel */
	if (S_ISSOCK(st.st_mode) &&
	    !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t){sizeof(type)}) &&
	    type == SOCK_SEQPACKET)
		return fd;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR)) {
		core_err("mount point /dev/fd/%d: descriptor %d is not a FUSE device (/dev/fuse)\n",
			 fd, fd);
		return -EINVAL;
	}
	return fd;
}

/* ---- the mount point ----------------------------------------------------------------------- */

/* Says why the mount point cannot be used. Returns -err. */
static int bad_mountpoint(const char *mountpoint, int err)
{
	switch (err) {
	case ENOENT:
		core_err("mount point '%s' does not exist: create the directory first\n",
			 mountpoint);
		break;
	case ENOTDIR:
		core_err("mount point '%s': a part of the path is not a directory\n", mountpoint);
		break;
	case EACCES:
		core_err("mount point '%s': permission denied; this user must be able to reach "
			 "it\n",
			 mountpoint);
		break;
	case ENOTCONN:
	case ECONNABORTED:
	case ESTALE:
		core_err("mount point '%s': a FUSE file system that no longer runs is still "
			 "mounted there; run 'fusermount3 -u %s' (or 'umount -l %s') first\n",
			 mountpoint, mountpoint, mountpoint);
		break;
	default:
		core_err("mount point '%s': %s\n", mountpoint, strerror(err));
	}
	return -err;
}

/* 1: empty, 0: not, -errno. Both readings of "empty" are those of FUSE 2. */
static int is_empty(int fd, const struct stat *st)
{
	int dirfd, count = 0, err;
	struct dirent *e;
	DIR *d;

	if (!S_ISDIR(st->st_mode))
		return st->st_size == 0;
	dirfd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1)
		return -errno;
	d = fdopendir(dirfd);
	if (!d) {
		err = errno;
		close(dirfd);
		return -err;
	}
	while (count <= 2 && (e = readdir(d)))
		count += strcmp(e->d_name, ".") && strcmp(e->d_name, "..") ? 3 : 1;
	closedir(d);
	return count <= 2;
}

static int check_empty(const struct core_mount *m, const char *mountpoint, int fd,
		       const struct stat *st)
{
	int empty;

	if (!m->profile->check_nonempty || m->nonempty)
		return 0;
	empty = is_empty(fd, st);
	if (empty < 0)
		return bad_mountpoint(mountpoint, -empty);
	if (empty)
		return 0;
	core_err("mountpoint is not empty\n");
	core_err("'%s' holds files that the mount would hide; if you are sure this is safe, use "
		 "the 'nonempty' mount option (-o nonempty)\n",
		 mountpoint);
	return -ENOTEMPTY;
}

/* The absolute path behind a descriptor; NULL without /proc or memory. */
static char *path_of(int fd)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len <= 0)
		return NULL;
	path[len] = '\0';
	return path[0] == '/' ? strdup(path) : NULL;
}

/* ---- mount(2) ------------------------------------------------------------------------------ */

/* Never -EPERM, which would mean: try the helper. It opens the device with our rights as well. */
static int device_error(int err)
{
	const char *dev = core_mount_sys.device;

	switch (err) {
	case ENOENT:
		core_err("%s does not exist: load the kernel module ('modprobe fuse'); in a "
			 "container, hand the device in (--device %s)\n",
			 dev, dev);
		break;
	case ENODEV:
	case ENXIO:
		core_err("%s is there but the kernel has no driver for it: try 'modprobe fuse' "
			 "first\n",
			 dev);
		break;
	case EACCES:
		core_err("may not open %s: permission denied; its mode is usually 0666, see "
			 "'ls -l %s' (chmod it, or join its group)\n",
			 dev, dev);
		break;
	case EPERM:
		core_err("may not open %s: not permitted; in a container, allow the device "
			 "(--device %s)\n",
			 dev, dev);
		break;
	default:
		core_err("failed to open %s: %s\n", dev, strerror(err));
	}
	return err == EPERM ? -EACCES : -err;
}

static int mount_error(const struct core_mount *m, const char *mountpoint, const char *data,
		       int err)
{
	switch (err) {
	case EINVAL:
		core_err("the kernel refused to mount on '%s': invalid argument; options were "
			 "'%s' (leave out those it may not know)\n",
			 mountpoint, data);
		break;
	case ENODEV:
		core_err("the kernel does not know file system type '%s': load the module "
			 "('modprobe fuse')%s\n",
			 m->blkdev ? "fuseblk" : "fuse",
			 m->blkdev ? " or mount without blkdev" : "");
		break;
	case ENOTBLK:
		core_err("mount option blkdev: '%s' is not a block device; set fsname= to one, or "
			 "mount without blkdev\n",
			 m->fsname);
		break;
	case EBUSY:
		core_err("cannot mount on '%s': the mount point or device is busy (already "
			 "mounted?)\n",
			 mountpoint);
		break;
	case ENOSPC:
		core_err("cannot mount on '%s': too many mounts; see "
			 "/proc/sys/fs/mount-max\n",
			 mountpoint);
		break;
	default:
		core_err("mount on '%s' failed: %s\n", mountpoint, strerror(err));
	}
	return -err;
}

struct call {
	char *type, *data;
	const char *source;
};

static void call_free(struct call *c)
{
	free(c->type);
	free(c->data);
}

static int call_make(struct call *c, const struct core_mount *m, int fd, mode_t mode)
{
	const char *base = m->blkdev ? "fuseblk" : "fuse";
	int res;

	*c = (struct call){.source = m->fsname    ? m->fsname
				     : m->subtype ? m->subtype
						  : core_mount_sys.device};
	res = m->subtype ? asprintf(&c->type, "%s.%s", base, m->subtype)
			 : asprintf(&c->type, "%s", base);
	if (res == -1) {
		c->type = NULL;
		return -ENOMEM;
	}
	res = asprintf(&c->data, "%s%sfd=%d,rootmode=%o,user_id=%u,group_id=%u",
		       m->kernel ? m->kernel : "", m->kernel ? "," : "", fd,
		       (unsigned)(mode & S_IFMT), (unsigned)getuid(), (unsigned)getgid());
	if (res == -1) {
		c->data = NULL;
		return -ENOMEM;
	}
	return 0;
}

/*
 * Mounts on the very directory that dirfd is, whatever the path has become since: /proc's link
 * leads to it. Without /proc it is the path.
 */
static int do_mount(const struct core_mount *m, const struct call *c, int dirfd,
		    const char *mountpoint)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	if (access(link, F_OK) == -1)
		return core_mount_sys.mount(c->source, mountpoint, c->type, m->flags, c->data)
			       ? -errno
			       : 0;
	return core_mount_sys.mount(c->source, link, c->type, m->flags, c->data) ? -errno : 0;
}

/* The descriptor, or -errno: -EPERM is not logged (the helper is next), the others are. */
static int open_direct(struct core_mount *m, const char *mountpoint, int dirfd, mode_t mode)
{
	int fd = core_mount_sys.open(core_mount_sys.device, O_RDWR | O_CLOEXEC), res;
	struct call c;

	if (fd == -1)
		return device_error(errno);
	fd = core_mount_above_stdio(fd);
	if (fd < 0)
		return device_error(-fd);
	res = call_make(&c, m, fd, mode);
	if (res)
		core_err("no memory to mount\n");
	else if (strlen(c.data) >= (size_t)sysconf(_SC_PAGESIZE)) {
		core_err("mount options are too long for the kernel (%zu bytes)\n", strlen(c.data));
		res = -E2BIG;
	} else {
		res = do_mount(m, &c, dirfd, mountpoint);
		if (res && res != -EPERM)
			mount_error(m, mountpoint, c.data, -res);
	}
	call_free(&c);
	if (!res)
		return fd;
	close(fd);
	return res;
}

static int open_by_helper(struct core_mount *m, const char *mountpoint)
{
	int fd = core_mount_helper_open(m, mountpoint);

	if (fd != -ENOENT)
		return fd;
	if (m->auto_unmount)
		core_err("mount option auto_unmount needs the program fusermount3: install it "
			 "(package fuse3), or leave the option out\n");
	else
		core_err("not permitted to mount on '%s', and the helper for that, fusermount3 or "
			 "fusermount, is not installed: install package fuse3, or mount as root\n",
			 mountpoint);
	return m->auto_unmount ? -ENOENT : -EPERM;
}

/*
 * The kernel's id of the mount on top at path, which is never used again (numbers of devices and
 * the ids in mountinfo are); 0: not to be had. Asks nothing of the file system: it may be dead,
 * or not serve yet.
 */
static uint64_t unique_id(const char *path)
{
	struct statx stx;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID_UNIQUE,
		  &stx) ||
	    !(stx.stx_mask & STATX_MNT_ID_UNIQUE))
		return 0;
	return stx.stx_mnt_id;
}

int core_mount_open(struct core_mount *m, const char *mountpoint)
{
	int handed = core_mount_fd_of(mountpoint), fd;
	int dirfd CLEANUP_CLOSE = -1;
	struct stat st;

	if (handed >= 0)
		return take_fd(handed);
	dirfd = open(mountpoint, O_PATH | O_CLOEXEC);
	if (dirfd == -1 || fstat(dirfd, &st) == -1)
		return bad_mountpoint(mountpoint, errno);
	fd = check_empty(m, mountpoint, dirfd, &st);
	if (fd)
		return fd;
	free(m->real);
	m->real = path_of(dirfd);
	/* only the helper can watch us die */
	fd = m->auto_unmount ? -EPERM : open_direct(m, mountpoint, dirfd, st.st_mode);
	if (fd == -EPERM)
		fd = open_by_helper(m, mountpoint);
	if (fd < 0)
		return fd;
	m->mounted = true;
	m->id = m->real ? unique_id(m->real) : 0;
	m->dev = m->real ? core_mountinfo_fuse_dev(m->real, NULL) : 0;
	if (!m->profile->fd_cloexec)
		fcntl(fd, F_SETFD, 0);
	return fd;
}

/* ---- unmounting ---------------------------------------------------------------------------- */

/* Closes fd; true if the kernel had ended the connection before. */
static bool close_device(int fd)
{
	struct pollfd p = {.fd = fd};
	bool gone;

	if (fd < 0)
		return false;
	gone = poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
	close(fd);
	return gone;
}

/*
 * Whether what is on top at path is what m mounted. Where the kernel has no unique ids, or tells
 * none since the root has gone bad (its type has changed: EIO), a dead connection means no:
 * another mount may have got the device number since.
 */
static bool still_ours(const struct core_mount *m, const char *path, bool gone)
{
	uint64_t id = m->id ? unique_id(path) : 0, dev;
	int err;

	if (id)
		return id == m->id;
	if (gone || !m->dev)
		return !gone;
	dev = core_mountinfo_fuse_dev(path, &err);
	return err || dev == m->dev;
}

static void unmount_path(const char *path, int nofollow)
{
	int err;

	if (!core_mount_sys.umount2(path, nofollow))
		return;
	/* somebody has a file open or is in there: let the name go now, the rest later */
	if (errno == EBUSY && !core_mount_sys.umount2(path, nofollow | MNT_DETACH))
		return;
	err = errno;
	/* not a mount point any more, or the directory is gone: it is unmounted */
	if (err == EINVAL || err == ENOENT)
		return;
	if (err != EPERM) {
		core_err("failed to unmount %s: %s; try 'fusermount3 -uz %s'\n", path,
			 strerror(err), path);
		return;
	}
	if (core_mount_helper_unmount(path) == -ENOENT)
		core_err("not permitted to unmount %s, and the helper fusermount3 is not "
			 "installed: run 'umount -l %s' as root\n",
			 path, path);
}

/* By path alone. What is not a FUSE mount is left alone here too. */
static void unmount_named(const char *mountpoint)
{
	/* resolves links only: nothing is asked of the mount itself */
	char *real CLEANUP_FREE = realpath(mountpoint, NULL);
	int err = 0;

	if (real && !core_mountinfo_fuse_dev(real, &err) && !err)
		return;
	unmount_path(real ? real : mountpoint, real ? UMOUNT_NOFOLLOW : 0);
}

void core_mount_unmount(struct core_mount *m, const char *mountpoint, int fd)
{
	bool gone = close_device(fd);
	const char *path = m && m->real ? m->real : mountpoint;

	if (core_mount_fd_of(mountpoint) >= 0 || (m && !m->mounted))
		return;
	if (!m) {
		if (!gone)
			unmount_named(mountpoint);
		return;
	}
	m->mounted = false;
	if (m->helper_sock >= 0)
		core_mount_helper_release(m);
	if (still_ours(m, path, gone))
		unmount_path(path, m->real ? UMOUNT_NOFOLLOW : 0);
}
