/*
 * Old forms of what fuse_lowlevel.h declares: API 2.4 and 2.5. Included by fuse_lowlevel.h; see
 * fuse_common_compat.h about FUSE_INTERNAL_COMPAT.
 *
 * The operations and functions do what those of the same name do in fuse_lowlevel.h.
 */
#ifndef _FUSE_LOWLEVEL_COMPAT_H_
#define _FUSE_LOWLEVEL_COMPAT_H_

#ifdef __cplusplus
extern "C" {
#endif

struct statfs;

/** Operations of API 2.5: init gets no struct fuse_conn_info, statfs no inode number; nothing after
 *  create. */
struct fuse_lowlevel_ops_compat25 {
	void (*init)(void *userdata);
	void (*destroy)(void *userdata);
	void (*lookup)(fuse_req_t req, fuse_ino_t parent, const char *name);
	void (*forget)(fuse_req_t req, fuse_ino_t ino, unsigned long nlookup);
	void (*getattr)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
	void (*setattr)(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
			struct fuse_file_info *fi);
	void (*readlink)(fuse_req_t req, fuse_ino_t ino);
	void (*mknod)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev);
	void (*mkdir)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
	void (*unlink)(fuse_req_t req, fuse_ino_t parent, const char *name);
	void (*rmdir)(fuse_req_t req, fuse_ino_t parent, const char *name);
	void (*symlink)(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
	void (*rename)(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		       const char *newname);
	void (*link)(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname);
	void (*open)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
	void (*read)(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     struct fuse_file_info *fi);
	void (*write)(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		      struct fuse_file_info *fi);
	void (*flush)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
	void (*release)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
	void (*fsync)(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
	void (*opendir)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
	void (*readdir)(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info *fi);
	void (*releasedir)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
	void (*fsyncdir)(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
	void (*statfs)(fuse_req_t req);
	void (*setxattr)(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			 size_t size, int flags);
	void (*getxattr)(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
	void (*listxattr)(fuse_req_t req, fuse_ino_t ino, size_t size);
	void (*removexattr)(fuse_req_t req, fuse_ino_t ino, const char *name);
	void (*access)(fuse_req_t req, fuse_ino_t ino, int mask);
	void (*create)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		       struct fuse_file_info *fi);
};

/** Operations of API 2.4: the same, with the old struct fuse_file_info. access and create were not
 *  there at first; op_size tells. */
struct fuse_lowlevel_ops_compat {
	void (*init)(void *userdata);
	void (*destroy)(void *userdata);
	void (*lookup)(fuse_req_t req, fuse_ino_t parent, const char *name);
	void (*forget)(fuse_req_t req, fuse_ino_t ino, unsigned long nlookup);
	void (*getattr)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info_compat *fi);
	void (*setattr)(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
			struct fuse_file_info_compat *fi);
	void (*readlink)(fuse_req_t req, fuse_ino_t ino);
	void (*mknod)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev);
	void (*mkdir)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
	void (*unlink)(fuse_req_t req, fuse_ino_t parent, const char *name);
	void (*rmdir)(fuse_req_t req, fuse_ino_t parent, const char *name);
	void (*symlink)(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
	void (*rename)(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		       const char *newname);
	void (*link)(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname);
	void (*open)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info_compat *fi);
	void (*read)(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     struct fuse_file_info_compat *fi);
	void (*write)(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		      struct fuse_file_info_compat *fi);
	void (*flush)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info_compat *fi);
	void (*release)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info_compat *fi);
	void (*fsync)(fuse_req_t req, fuse_ino_t ino, int datasync,
		      struct fuse_file_info_compat *fi);
	void (*opendir)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info_compat *fi);
	void (*readdir)(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info_compat *fi);
	void (*releasedir)(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info_compat *fi);
	void (*fsyncdir)(fuse_req_t req, fuse_ino_t ino, int datasync,
			 struct fuse_file_info_compat *fi);
	void (*statfs)(fuse_req_t req);
	void (*setxattr)(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			 size_t size, int flags);
	void (*getxattr)(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
	void (*listxattr)(fuse_req_t req, fuse_ino_t ino, size_t size);
	void (*removexattr)(fuse_req_t req, fuse_ino_t ino, const char *name);
	void (*access)(fuse_req_t req, fuse_ino_t ino, int mask);
	void (*create)(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		       struct fuse_file_info_compat *fi);
};

/** What a channel does, up to API 2.5: receive cannot change the channel. */
struct fuse_chan_ops_compat24 {
	int (*receive)(struct fuse_chan *ch, char *buf, size_t size);
	int (*send)(struct fuse_chan *ch, const struct iovec iov[], size_t count);
	void (*destroy)(struct fuse_chan *ch);
};

/* API 2.5. */
struct fuse_session *fuse_lowlevel_new_compat25(struct fuse_args *args,
						const struct fuse_lowlevel_ops_compat25 *op,
						size_t op_size, void *userdata);

/** Bytes that an entry with a name of namelen bytes takes in a directory listing. */
size_t fuse_dirent_size(size_t namelen);

/** Puts an entry at buf, which has room for it. Returns where the next one goes. */
char *fuse_add_dirent(char *buf, const char *name, const struct stat *stbuf, off_t off);

/** Receives a request; fuse_chan_recv() replaces it. */
int fuse_chan_receive(struct fuse_chan *ch, char *buf, size_t size);

/** Makes a channel out of an open device, which it closes when it is destroyed. NULL: no memory. */
struct fuse_chan *fuse_kern_chan_new(int fd);

/** fuse_chan_new() with the operations of up to API 2.5. */
struct fuse_chan *fuse_chan_new_compat24(struct fuse_chan_ops_compat24 *op, int fd, size_t bufsize,
					 void *data);

/* API 2.4. opts is what stands after -o, or NULL. */
struct fuse_session *fuse_lowlevel_new_compat(const char *opts,
					      const struct fuse_lowlevel_ops_compat *op,
					      size_t op_size, void *userdata);
int fuse_reply_open_compat(fuse_req_t req, const struct fuse_file_info_compat *fi);
int fuse_reply_statfs_compat(fuse_req_t req, const struct statfs *stbuf);

#ifdef __cplusplus
}
#endif

#ifndef FUSE_INTERNAL_COMPAT
#if FUSE_USE_VERSION == 25
#define fuse_lowlevel_ops fuse_lowlevel_ops_compat25
#define fuse_lowlevel_new fuse_lowlevel_new_compat25
#else
#define fuse_lowlevel_ops fuse_lowlevel_ops_compat
#define fuse_lowlevel_new fuse_lowlevel_new_compat
#define fuse_file_info    fuse_file_info_compat
#define fuse_reply_open   fuse_reply_open_compat
#define fuse_reply_statfs fuse_reply_statfs_compat
#endif
#define fuse_chan_ops     fuse_chan_ops_compat24
#define fuse_chan_new     fuse_chan_new_compat24
#endif

#endif
