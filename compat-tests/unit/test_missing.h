/*
 * What a program without any operations answers, on either level.
 */
#ifndef TEST_MISSING_H
#define TEST_MISSING_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "simkernel.h"
#include "unit.h"

static void all_is_enosys(struct sk *k)
{
	struct wire_setattr_in set = {.valid = WIRE_FATTR_MODE};
	struct wire_copy_file_range_in copy = {.nodeid_out = 1, .len = 1};
	struct wire_ioctl_in io = {.cmd = 1};
	struct wire_poll_in poll = {.fh = 0};
	struct wire_lk_in lk = {.type = F_WRLCK};
	char buf[64];

	UNIT_ASSERT_INT(sk_lookup(k, 1, "x", NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_getattr(k, 1, NULL, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_setattr(k, 1, &set, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_readlink(k, 1, buf, 9), -ENOSYS);
	UNIT_ASSERT_INT(sk_symlink(k, 1, "x", "y", NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_mknod(k, 1, "x", S_IFREG, 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_mkdir(k, 1, "x", 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_unlink(k, 1, "x"), -ENOSYS);
	UNIT_ASSERT_INT(sk_rmdir(k, 1, "x"), -ENOSYS);
	UNIT_ASSERT_INT(sk_rename(k, 1, "x", 1, "y", 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_link(k, 1, 1, "x", NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_create(k, 1, "x", O_RDWR, 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_tmpfile(k, 1, O_RDWR, 0, 0, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_read(k, 1, 0, 0, buf, 9), -ENOSYS);
	UNIT_ASSERT_INT(sk_write(k, 1, 0, 0, "x", 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_flush(k, 1, 0, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_fsync(k, 1, 0, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_setxattr(k, 1, "x", "", 0, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_getxattr(k, 1, "x", NULL, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_listxattr(k, 1, NULL, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_removexattr(k, 1, "x"), -ENOSYS);
	UNIT_ASSERT_INT(sk_access(k, 1, 0), -ENOSYS);
	UNIT_ASSERT_INT(sk_getlk(k, 1, &lk, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_setlk(k, 1, &lk, false), -ENOSYS);
	lk.lk_flags = WIRE_LK_FLOCK;
	UNIT_ASSERT_INT(sk_setlk(k, 1, &lk, false), -ENOSYS);
	UNIT_ASSERT_INT(sk_bmap(k, 1, 0, 512, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_ioctl(k, 1, &io, NULL, NULL, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_poll(k, 1, &poll, NULL), -ENOSYS);
	UNIT_ASSERT_INT(sk_fallocate(k, 1, 0, 0, 0, 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_lseek(k, 1, 0, 0, 3), -ENOSYS);
	UNIT_ASSERT_INT(sk_copy_file_range(k, 1, &copy), -ENOSYS);
	UNIT_ASSERT_INT(sk_syncfs(k, 1), -ENOSYS);
	UNIT_ASSERT_INT(sk_statx(k, 1, NULL, 0, 0, NULL), -ENOSYS);
}

#endif
