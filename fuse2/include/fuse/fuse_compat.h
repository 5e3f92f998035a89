/*
 * Old forms of what fuse.h declares: API 1.1, 2.1, 2.2 and 2.5. Included by fuse.h; see
 * fuse_common_compat.h about FUSE_INTERNAL_COMPAT.
 *
 * The operations and functions do what those of the same name do in fuse.h. What a table lacks is
 * treated as absent; flags in place of a struct fuse_file_info are those of open(2).
 */
#ifndef _FUSE_COMPAT_H_
#define _FUSE_COMPAT_H_

#ifdef __cplusplus
extern "C" {
#endif

struct statfs;

/** Operations of API 2.5: init gets no struct fuse_conn_info; nothing after fgetattr. */
struct fuse_operations_compat25 {
	int (*getattr)(const char *path, struct stat *st);
	int (*readlink)(const char *path, char *buf, size_t size);
	int (*getdir)(const char *path, fuse_dirh_t h, fuse_dirfil_t filler);
	int (*mknod)(const char *path, mode_t mode, dev_t dev);
	int (*mkdir)(const char *path, mode_t mode);
	int (*unlink)(const char *path);
	int (*rmdir)(const char *path);
	int (*symlink)(const char *target, const char *path);
	int (*rename)(const char *oldpath, const char *newpath);
	int (*link)(const char *oldpath, const char *newpath);
	int (*chmod)(const char *path, mode_t mode);
	int (*chown)(const char *path, uid_t uid, gid_t gid);
	int (*truncate)(const char *path, off_t size);
	int (*utime)(const char *path, struct utimbuf *times);
	int (*open)(const char *path, struct fuse_file_info *fi);
	int (*read)(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi);
	int (*write)(const char *path, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi);
	int (*statfs)(const char *path, struct statvfs *st);
	int (*flush)(const char *path, struct fuse_file_info *fi);
	int (*release)(const char *path, struct fuse_file_info *fi);
	int (*fsync)(const char *path, int datasync, struct fuse_file_info *fi);
	int (*setxattr)(const char *path, const char *name, const char *value, size_t size,
			int flags);
	int (*getxattr)(const char *path, const char *name, char *value, size_t size);
	int (*listxattr)(const char *path, char *list, size_t size);
	int (*removexattr)(const char *path, const char *name);
	int (*opendir)(const char *path, struct fuse_file_info *fi);
	int (*readdir)(const char *path, void *buf, fuse_fill_dir_t filler, off_t off,
		       struct fuse_file_info *fi);
	int (*releasedir)(const char *path, struct fuse_file_info *fi);
	int (*fsyncdir)(const char *path, int datasync, struct fuse_file_info *fi);
	void *(*init)(void);
	void (*destroy)(void *private_data);
	int (*access)(const char *path, int mask);
	int (*create)(const char *path, mode_t mode, struct fuse_file_info *fi);
	int (*ftruncate)(const char *path, off_t size, struct fuse_file_info *fi);
	int (*fgetattr)(const char *path, struct stat *st, struct fuse_file_info *fi);
};

/** Operations of API 2.2 (and 2.3, 2.4): the old struct fuse_file_info, struct statfs. */
struct fuse_operations_compat22 {
	int (*getattr)(const char *path, struct stat *st);
	int (*readlink)(const char *path, char *buf, size_t size);
	int (*getdir)(const char *path, fuse_dirh_t h, fuse_dirfil_t filler);
	int (*mknod)(const char *path, mode_t mode, dev_t dev);
	int (*mkdir)(const char *path, mode_t mode);
	int (*unlink)(const char *path);
	int (*rmdir)(const char *path);
	int (*symlink)(const char *target, const char *path);
	int (*rename)(const char *oldpath, const char *newpath);
	int (*link)(const char *oldpath, const char *newpath);
	int (*chmod)(const char *path, mode_t mode);
	int (*chown)(const char *path, uid_t uid, gid_t gid);
	int (*truncate)(const char *path, off_t size);
	int (*utime)(const char *path, struct utimbuf *times);
	int (*open)(const char *path, struct fuse_file_info_compat *fi);
	int (*read)(const char *path, char *buf, size_t size, off_t off,
		    struct fuse_file_info_compat *fi);
	int (*write)(const char *path, const char *buf, size_t size, off_t off,
		     struct fuse_file_info_compat *fi);
	int (*statfs)(const char *path, struct statfs *st);
	int (*flush)(const char *path, struct fuse_file_info_compat *fi);
	int (*release)(const char *path, struct fuse_file_info_compat *fi);
	int (*fsync)(const char *path, int datasync, struct fuse_file_info_compat *fi);
	int (*setxattr)(const char *path, const char *name, const char *value, size_t size,
			int flags);
	int (*getxattr)(const char *path, const char *name, char *value, size_t size);
	int (*listxattr)(const char *path, char *list, size_t size);
	int (*removexattr)(const char *path, const char *name);
	int (*opendir)(const char *path, struct fuse_file_info_compat *fi);
	int (*readdir)(const char *path, void *buf, fuse_fill_dir_t filler, off_t off,
		       struct fuse_file_info_compat *fi);
	int (*releasedir)(const char *path, struct fuse_file_info_compat *fi);
	int (*fsyncdir)(const char *path, int datasync, struct fuse_file_info_compat *fi);
	void *(*init)(void);
	void (*destroy)(void *private_data);
};

/** Adds an entry in getdir, up to API 2.1. type is DT_*. */
typedef int (*fuse_dirfil_t_compat)(fuse_dirh_t h, const char *name, int type);

/** Operations of API 2.1: no handles. */
struct fuse_operations_compat2 {
	int (*getattr)(const char *path, struct stat *st);
	int (*readlink)(const char *path, char *buf, size_t size);
	int (*getdir)(const char *path, fuse_dirh_t h, fuse_dirfil_t_compat filler);
	int (*mknod)(const char *path, mode_t mode, dev_t dev);
	int (*mkdir)(const char *path, mode_t mode);
	int (*unlink)(const char *path);
	int (*rmdir)(const char *path);
	int (*symlink)(const char *target, const char *path);
	int (*rename)(const char *oldpath, const char *newpath);
	int (*link)(const char *oldpath, const char *newpath);
	int (*chmod)(const char *path, mode_t mode);
	int (*chown)(const char *path, uid_t uid, gid_t gid);
	int (*truncate)(const char *path, off_t size);
	int (*utime)(const char *path, struct utimbuf *times);
	int (*open)(const char *path, int flags);
	int (*read)(const char *path, char *buf, size_t size, off_t off);
	int (*write)(const char *path, const char *buf, size_t size, off_t off);
	int (*statfs)(const char *path, struct statfs *st);
	int (*flush)(const char *path);
	int (*release)(const char *path, int flags);
	int (*fsync)(const char *path, int datasync);
	int (*setxattr)(const char *path, const char *name, const char *value, size_t size,
			int flags);
	int (*getxattr)(const char *path, const char *name, char *value, size_t size);
	int (*listxattr)(const char *path, char *list, size_t size);
	int (*removexattr)(const char *path, const char *name);
};

/** Statistics of a file system, API 1.1. */
struct fuse_statfs_compat1 {
	/** Bytes of a block. */
	long block_size;
	/** Blocks: all, free. */
	long blocks;
	long blocks_free;
	/** Files: all, free. */
	long files;
	long files_free;
	/** Longest name. */
	long namelen;
};

/** Operations of API 1.1. */
struct fuse_operations_compat1 {
	int (*getattr)(const char *path, struct stat *st);
	int (*readlink)(const char *path, char *buf, size_t size);
	int (*getdir)(const char *path, fuse_dirh_t h, fuse_dirfil_t_compat filler);
	int (*mknod)(const char *path, mode_t mode, dev_t dev);
	int (*mkdir)(const char *path, mode_t mode);
	int (*unlink)(const char *path);
	int (*rmdir)(const char *path);
	int (*symlink)(const char *target, const char *path);
	int (*rename)(const char *oldpath, const char *newpath);
	int (*link)(const char *oldpath, const char *newpath);
	int (*chmod)(const char *path, mode_t mode);
	int (*chown)(const char *path, uid_t uid, gid_t gid);
	int (*truncate)(const char *path, off_t size);
	int (*utime)(const char *path, struct utimbuf *times);
	int (*open)(const char *path, int flags);
	int (*read)(const char *path, char *buf, size_t size, off_t off);
	int (*write)(const char *path, const char *buf, size_t size, off_t off);
	int (*statfs)(struct fuse_statfs_compat1 *st);
	int (*release)(const char *path, int flags);
	int (*fsync)(const char *path, int datasync);
};

/** Flag of fuse_new(), API 1.1: print requests and replies. */
#define FUSE_DEBUG_COMPAT1 (1 << 1)

/* API 2.5. fd is what fuse_mount_compat25() returned, or, from fuse_setup_compat25(), may be NULL.
 */
int fuse_main_real_compat25(int argc, char *argv[], const struct fuse_operations_compat25 *op,
			    size_t op_size);
struct fuse *fuse_setup_compat25(int argc, char *argv[], const struct fuse_operations_compat25 *op,
				 size_t op_size, char **mountpoint, int *multithreaded, int *fd);
struct fuse *fuse_new_compat25(int fd, struct fuse_args *args,
			       const struct fuse_operations_compat25 *op, size_t op_size);

/** Up to API 2.5. Closes fd itself. */
void fuse_teardown_compat22(struct fuse *fuse, int fd, char *mountpoint);

/* API 2.2. opts is what stands after -o, or NULL. */
int fuse_main_real_compat22(int argc, char *argv[], const struct fuse_operations_compat22 *op,
			    size_t op_size);
struct fuse *fuse_setup_compat22(int argc, char *argv[], const struct fuse_operations_compat22 *op,
				 size_t op_size, char **mountpoint, int *multithreaded, int *fd);
struct fuse *fuse_new_compat22(int fd, const char *opts, const struct fuse_operations_compat22 *op,
			       size_t op_size);

/* API 2.1. */
int fuse_main_compat2(int argc, char *argv[], const struct fuse_operations_compat2 *op);
struct fuse *fuse_setup_compat2(int argc, char *argv[], const struct fuse_operations_compat2 *op,
				char **mountpoint, int *multithreaded, int *fd);
struct fuse *fuse_new_compat2(int fd, const char *opts, const struct fuse_operations_compat2 *op);

/* API 1.1. flags: FUSE_DEBUG_COMPAT1. */
void fuse_main_compat1(int argc, char *argv[], const struct fuse_operations_compat1 *op);
struct fuse *fuse_new_compat1(int fd, int flags, const struct fuse_operations_compat1 *op);

#ifdef __cplusplus
}
#endif

#ifndef FUSE_INTERNAL_COMPAT
#undef fuse_main
#if FUSE_USE_VERSION == 25
#define fuse_operations           fuse_operations_compat25
#define fuse_main(argc, argv, op) fuse_main_real_compat25(argc, argv, op, sizeof(*(op)))
#define fuse_new                  fuse_new_compat25
#define fuse_setup                fuse_setup_compat25
#define fuse_teardown             fuse_teardown_compat22
#elif FUSE_USE_VERSION == 22
#define fuse_operations           fuse_operations_compat22
#define fuse_file_info            fuse_file_info_compat
#define fuse_main(argc, argv, op) fuse_main_real_compat22(argc, argv, op, sizeof(*(op)))
#define fuse_new                  fuse_new_compat22
#define fuse_setup                fuse_setup_compat22
#define fuse_teardown             fuse_teardown_compat22
#else
#define fuse_dirfil_t      fuse_dirfil_t_compat
#define __fuse_loop_mt     fuse_loop_mt_proc
#define __fuse_process_cmd fuse_process_cmd
#define __fuse_read_cmd    fuse_read_cmd
#if FUSE_USE_VERSION == 21
#define fuse_operations            fuse_operations_compat2
#define fuse_main                  fuse_main_compat2
#define fuse_new                   fuse_new_compat2
#define __fuse_setup               fuse_setup_compat2
#define __fuse_teardown            fuse_teardown_compat22
#define __fuse_exited              fuse_exited
#define __fuse_set_getcontext_func fuse_set_getcontext_func
#else
#define fuse_operations fuse_operations_compat1
#define fuse_statfs     fuse_statfs_compat1
#define fuse_main       fuse_main_compat1
#define fuse_new        fuse_new_compat1
#define FUSE_DEBUG      FUSE_DEBUG_COMPAT1
#endif
#endif
#endif

#endif
