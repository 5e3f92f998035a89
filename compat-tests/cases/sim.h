/*
 * sim.h - the cases on the simulated kernel: a small VFS between the client's system calls and
 * requests.
 *
 * The library gets one end of a SOCK_SEQPACKET pair as its device. At the other end is the kernel,
 * a process of its own (sim_vfs.c, sim_file.c): it runs compat-tests/simkernel, keeps a kernel's
 * books, and serves system calls of the client's processes, each from a thread of its own, over a
 * stream socket. In the client, calls on paths below T->mnt and on descriptors that came of them
 * are sent there (sim_client.c, by the linker's --wrap); all others go to the real kernel. What
 * needs more of a kernel than requests ends the case as "not applicable", with the reason.
 *
 * The order of requests is Linux's for timeouts of zero and an empty page cache.
 */
#ifndef CONFORM_SIM_H
#define CONFORM_SIM_H

#include "conform.h"

enum sim_op {
	SIM_STAT, /* a: follow */
	SIM_FSTAT,
	SIM_OPEN, /* a: flags, b: mode */
	SIM_FLUSH,
	SIM_CLOSED, /* a: file of which a descriptor was closed, perhaps the last */
	SIM_READ,   /* a: size, b: offset or -1 */
	SIM_WRITE,  /* b: offset or -1 */
	SIM_SEEK,   /* a: offset, b: whence */
	SIM_GETDENTS,
	SIM_MKNOD, /* a: mode, b: device */
	SIM_MKDIR,
	SIM_UNLINK, /* a: AT_REMOVEDIR */
	SIM_SYMLINK,
	SIM_READLINK,
	SIM_RENAME,   /* a: flags, other: directory of the second path */
	SIM_LINK,     /* a: follow */
	SIM_CHMOD,    /* a: mode */
	SIM_CHOWN,    /* a: uid, b: gid, c: follow */
	SIM_TRUNCATE, /* a: size */
	SIM_UTIMENS,  /* data: two timespecs, c: follow */
	SIM_ACCESS,   /* a: mask */
	SIM_STATFS,
	SIM_FSYNC,       /* a: datasync */
	SIM_SETXATTR,    /* second string: name; data; a: flags, c: follow */
	SIM_GETXATTR,    /* a: size, c: follow */
	SIM_LISTXATTR,   /* a: size, c: follow */
	SIM_REMOVEXATTR, /* c: follow */
	SIM_LOCK,        /* a: F_ command, data: struct flock; b: OFD */
	SIM_FLOCK,       /* a: operation */
	SIM_FALLOCATE,   /* a: mode, b: offset, c: length */
	SIM_COPY,        /* other: file, a: offset in, b: offset out, c: length */
	SIM_IOCTL,       /* a: command, b: the argument as a number; data */
	SIM_POLL,        /* a: events, b: wait for a notification (ms) first */
	SIM_OPS
};

/* File 0 is none: the path then begins at the mount's root. */
struct sim_req {
	char mark; /* 'R'; a byte 'I' between requests is a signal that came too late */
	uint32_t op, uid, gid, pid, tgid, umask;
	uint32_t file, other;
	int64_t a, b, c;
	uint32_t path_len, path2_len,
		data_len; /* strings with their final 0; they follow in order */
};
struct sim_rep {
	int64_t ret;             /* result or negative errno; SIM_NA: data is the reason */
	uint32_t file, data_len; /* file: a new one, its descriptor comes along */
	int32_t pos_moved;
};
#define SIM_NA    (-9000)
#define SIM_ISDIR 1 /* ret of SIM_OPEN */

/* Supervisor: makes the pair; the library's end is T->sim_fd. */
int t_sim_prepare(void);
/* Supervisor's child: the kernel. Ends when told by T->sim_stop, or when the library is gone. */
void t_sim_kernel(void);
/* Server: lets go of the kernel's end. */
void t_sim_close(void);
extern bool sim_server; /* this is the server, on a simulated kernel */
/* Client: from now on the mount is where the simulated kernel is. */
void t_sim_client(void);
/* Server, FUSE 2: takes out the options of the mount, as fuse_mount would. */
int t_sim_strip(struct fuse_args *args);

#endif
