/*
 * Character devices in user space (CUSE): a device is a table of functions that get requests, as in
 * fuse_lowlevel.h, but without inode numbers. Needs access to /dev/cuse.
 */
#ifndef _CUSE_LOWLEVEL_H_
#define _CUSE_LOWLEVEL_H_

/* A program that has this header only may define none. */
#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 29
#endif

#include "fuse_lowlevel.h"

#include <fcntl.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flag of struct cuse_info: ioctls are unrestricted, see FUSE_IOCTL_UNRESTRICTED. */
#define CUSE_UNRESTRICTED_IOCTL (1 << 0)

struct fuse_session;

/** Describes the device. Since 2.8. */
struct cuse_info {
	/** Device number; 0, 0: the kernel chooses. */
	unsigned dev_major;
	unsigned dev_minor;

	/** What the kernel's event about the new device says: dev_info_argc strings of the form
	 *  KEY=value, DEVNAME=name among them. */
	unsigned dev_info_argc;
	const char **dev_info_argv;

	/** CUSE_UNRESTRICTED_IOCTL or 0. */
	unsigned flags;
};

/**
 * The operations of a device. Each is that of struct fuse_lowlevel_ops of the same name, and is
 * answered in the same way. Since 2.8.
 */
struct cuse_lowlevel_ops {
	/** Before the device exists. */
	void (*init)(void *userdata, struct fuse_conn_info *conn);

	/** Once the device exists. */
	void (*init_done)(void *userdata);

	/** When the session is destroyed. */
	void (*destroy)(void *userdata);

	/** Reply: fuse_reply_open. Absent: success. */
	void (*open)(fuse_req_t req, struct fuse_file_info *fi);

	/** Reads; off is that of the descriptor. Reply: fuse_reply_buf, _iov or _data. */
	void (*read)(fuse_req_t req, size_t size, off_t off, struct fuse_file_info *fi);

	/** Reply: fuse_reply_write. */
	void (*write)(fuse_req_t req, const char *buf, size_t size, off_t off,
		      struct fuse_file_info *fi);

	/** At each close(). Reply: fuse_reply_err. */
	void (*flush)(fuse_req_t req, struct fuse_file_info *fi);

	/** Once for each open. Reply: fuse_reply_err. Absent: success. */
	void (*release)(fuse_req_t req, struct fuse_file_info *fi);

	/** Reply: fuse_reply_err. */
	void (*fsync)(fuse_req_t req, int datasync, struct fuse_file_info *fi);

	/** Unrestricted with CUSE_UNRESTRICTED_IOCTL. Reply: fuse_reply_ioctl, _ioctl_iov or
	 *  _ioctl_retry. Absent: ENOTTY. */
	void (*ioctl)(fuse_req_t req, int cmd, void *arg, struct fuse_file_info *fi, unsigned flags,
		      const void *in_buf, size_t in_bufsz, size_t out_bufsz);

	/** Reply: fuse_reply_poll. Absent: always ready. */
	void (*poll)(fuse_req_t req, struct fuse_file_info *fi, struct fuse_pollhandle *ph);
};

/**
 * Makes a session for a device; it needs a channel on /dev/cuse.
 *
 * @param args      the program's arguments; the library's options are removed
 * @param ci        the device; copied
 * @param clop      the operations; copied
 * @param userdata  for init, init_done, destroy and fuse_req_userdata()
 * @return the session, or NULL (a message has been written)
 * Since 2.8.
 */
struct fuse_session *cuse_lowlevel_new(struct fuse_args *args, const struct cuse_info *ci,
				       const struct cuse_lowlevel_ops *clop, void *userdata);

/**
 * Parses the command line, makes the session, opens /dev/cuse, goes into the background (unless -f
 * or -d), sets signal handlers.
 *
 * @param multithreaded  out: 0 if -s was given, else 1
 * @return the session, for cuse_lowlevel_teardown(), or NULL
 * Since 2.8.
 */
struct fuse_session *cuse_lowlevel_setup(int argc, char *argv[], const struct cuse_info *ci,
					 const struct cuse_lowlevel_ops *clop, int *multithreaded,
					 void *userdata);

/** Removes signal handlers and destroys the session. Since 2.8. */
void cuse_lowlevel_teardown(struct fuse_session *se);

/** Runs a device until a signal comes. Returns 0, or 1 for an error. Since 2.8. */
int cuse_lowlevel_main(int argc, char *argv[], const struct cuse_info *ci,
		       const struct cuse_lowlevel_ops *clop, void *userdata);

#ifdef __cplusplus
}
#endif

#endif
