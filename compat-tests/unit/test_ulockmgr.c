/*
 * libulockmgr: owners exclude each other, waiting ends, and nothing stays open (unit.h sees to it).
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "fuse2/ulockmgr/ulockmgr.c"
#include "unit.h"

static int fd;

static int op(int cmd, short type, off_t start, off_t len, const char *owner)
{
	struct flock fl = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
	int res = ulockmgr_op(fd, cmd, &fl, owner, strlen(owner));

	return cmd == F_GETLK && !res ? fl.l_type : res;
}

static void begin(void)
{
	char name[] = "/tmp/test_ulockmgr.XXXXXX";

	fd = mkstemp(name);
	CU_ASSERT_FATAL(fd >= 0);
	unlink(name);
}

static void owners(void)
{
	begin();
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 0, 10, "a"), 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 5, 10, "b"), -EAGAIN);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 5, 10, "ab"), -EAGAIN);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 10, 10, "b"), 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_RDLCK, 0, 5, "a"), 0);
	CU_ASSERT_EQUAL(op(F_GETLK, F_WRLCK, 0, 1, "b"), F_RDLCK);
	CU_ASSERT_EQUAL(op(F_GETLK, F_WRLCK, 0, 1, "c"), F_RDLCK);
	CU_ASSERT_EQUAL(op(F_GETLK, F_WRLCK, 0, 1, "a"), F_UNLCK);
	/* In the middle: the rest stays locked. */
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 3, 4, "a"), 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 3, 4, "c"), 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 2, 1, "c"), -EAGAIN);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 7, 1, "c"), -EAGAIN);
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 0, 3, "a"), 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 7, 1, "c"), -EAGAIN);
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 0, 0, "a"), 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 7, 1, "c"), 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 0, 0, "b"), 0);
	CU_ASSERT_PTR_NOT_NULL(holders);
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 0, 0, "c"), 0);
	CU_ASSERT_PTR_NULL(holders);
	close(fd);
}

static void *waiter(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)op(F_SETLKW, F_WRLCK, 0, 0, "waiter");
}

static void waits(void)
{
	pthread_t thread;
	void *res;

	begin();
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, 0, 0, "a"), 0);
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, waiter, NULL) == 0);
	usleep(100000);
	CU_ASSERT_EQUAL(pthread_tryjoin_np(thread, &res), EBUSY);
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 0, 0, "a"), 0);
	pthread_join(thread, &res);
	CU_ASSERT_EQUAL((intptr_t)res, 0);
	CU_ASSERT_EQUAL(op(F_SETLK, F_RDLCK, 0, 1, "a"), -EAGAIN);
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 0, 0, "waiter"), 0);
	CU_ASSERT_PTR_NULL(holders);
	close(fd);
}

static void refuses(void)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	begin();
	CU_ASSERT_EQUAL(ulockmgr_op(-1, F_SETLK, &fl, "a", 1), -EBADF);
	CU_ASSERT_EQUAL(ulockmgr_op(fd, 12345, &fl, "a", 1), -EINVAL);
	CU_ASSERT_EQUAL(ulockmgr_op(fd, F_SETLK, NULL, "a", 1), -EINVAL);
	CU_ASSERT_EQUAL(ulockmgr_op(fd, F_SETLK, &fl, NULL, 1), -EINVAL);
	CU_ASSERT_EQUAL(op(F_SETLK, F_WRLCK, -1, 0, "a"), -EINVAL);
	CU_ASSERT_EQUAL(op(F_SETLK, 77, 0, 0, "a"), -EINVAL);
	CU_ASSERT_EQUAL(op(F_SETLK, F_UNLCK, 0, 0, "nobody"), 0);
	CU_ASSERT_PTR_NULL(holders);
	close(fd);
}

UNIT_SUITE(ulockmgr, UNIT_TEST(owners), UNIT_TEST(waits), UNIT_TEST(refuses));
