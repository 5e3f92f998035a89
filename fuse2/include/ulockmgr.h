/*
 * libulockmgr: locks of many owners held by one process, for file systems that pass fcntl() locks
 * on to files below. Link with -lulockmgr.
 */
#ifndef _ULOCKMGR_H_
#define _ULOCKMGR_H_

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Does what fcntl() does with locks, on behalf of an owner. Owners exclude each other even though
 * they are in one process; closing descriptors of the file releases nothing. An owner's locks end
 * when they are unlocked, with F_SETLK and F_UNLCK, or with the process.
 *
 * @param fd         the file, open in a way that fits the lock's type
 * @param cmd        F_GETLK, F_SETLK or F_SETLKW; the last one waits and may be interrupted by a
 *                   signal handler
 * @param lock       the lock; changed by F_GETLK
 * @param owner      bytes that name the owner; copied
 * @param owner_len  how many
 * @return 0, or a negative errno
 * Since 2.6.
 */
int ulockmgr_op(int fd, int cmd, struct flock *lock, const void *owner, size_t owner_len);

#ifdef __cplusplus
}
#endif

#endif
