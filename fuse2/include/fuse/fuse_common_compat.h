/*
 * Old forms of what fuse_common.h declares. Included by it; the library's own sources include it
 * by defining FUSE_INTERNAL_COMPAT, and then see the old names as they are, without the macros that
 * give them the new ones' names.
 */
#ifndef _FUSE_COMMON_COMPAT_H_
#define _FUSE_COMMON_COMPAT_H_

#ifdef __cplusplus
extern "C" {
#endif

/** struct fuse_file_info of API 2.2 to 2.4. See there. */
struct fuse_file_info_compat {
	int flags;
	/** The program's value for this handle. */
	unsigned long fh;
	int writepage;
	unsigned int direct_io : 1;
	unsigned int keep_cache : 1;
};

/**
 * Mounts; arguments as fuse_mount(). API 2.5.
 *
 * @return the open device, for fuse_kern_chan_new() or fuse_new(), or -1
 */
int fuse_mount_compat25(const char *mountpoint, struct fuse_args *args);

/** Mounts; opts is what stands after -o, or NULL. API 2.1 to 2.4. Returns the device or -1. */
int fuse_mount_compat22(const char *mountpoint, const char *opts);

/** Mounts; args, arguments of the mount helper of that time, are ignored. API 1.1. */
int fuse_mount_compat1(const char *mountpoint, const char *args[]);

/** Unmounts; the device must have been closed. API 2.5 and before. */
void fuse_unmount_compat22(const char *mountpoint);

#ifdef __cplusplus
}
#endif

#ifndef FUSE_INTERNAL_COMPAT
#if FUSE_USE_VERSION == 25
#define fuse_mount fuse_mount_compat25
#elif FUSE_USE_VERSION > 11
#define fuse_mount fuse_mount_compat22
#else
#define fuse_mount fuse_mount_compat1
#endif
#define fuse_unmount fuse_unmount_compat22
#endif

#endif
