/* core/base/bufvec. Results were compared with those of the stock libraries' fuse_buf_copy. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
#include "core/base/bufvec.h"
#include "unit.h"

/* A vector of up to four buffers; core_bufvec has room for one. */
struct vec4 {
	struct core_bufvec v;
	struct core_buf more[3];
};

/* Larger than the copy's own buffer, and not a multiple of it. */
enum { BIG = 100000 };
static char big[BIG], back[BIG];

static void fill_big(void)
{
	for (int i = 0; i < BIG; i++)
		big[i] = (char)(i * 7 + i / 251);
	memset(back, 0, sizeof(back));
}

static struct core_buf mem_buf(void *mem, size_t size)
{
	return (struct core_buf){.size = size, .mem = mem, .fd = -1};
}

static struct core_buf fd_buf(int fd, size_t size, int flags, off_t pos)
{
	return (struct core_buf){
		.size = size, .flags = CORE_BUF_IS_FD | flags, .fd = fd, .pos = pos};
}

static struct core_bufvec one(struct core_buf buf)
{
	return (struct core_bufvec){1, 0, 0, {buf}};
}

static int file_with(const void *text, size_t len)
{
	int fd = memfd_create("bufvec", 0);

	CU_ASSERT_FATAL(fd >= 0);
	UNIT_ASSERT_INT(pwrite(fd, text, len, 0), (long)len);
	return fd;
}

/* Nonblocking, with data in it. */
static void pipe_with(int p[2], const void *text, size_t len)
{
	CU_ASSERT_FATAL(pipe2(p, O_NONBLOCK) == 0);
	CU_ASSERT_FATAL(fcntl(p[1], F_SETPIPE_SZ, 256 * 1024) > 0);
	if (len)
		UNIT_ASSERT_INT(write(p[1], text, len), (long)len);
}

static void close_both(const int p[2])
{
	close(p[0]);
	close(p[1]);
}

static void sizes(void)
{
	struct vec4 s = {.v = {3, 1, 2, {mem_buf(NULL, 5)}}, {mem_buf(NULL, 6), mem_buf(NULL, 7)}};
	struct core_bufvec none = {0};

	CU_ASSERT_EQUAL(core_bufvec_size(&s.v), 18);
	CU_ASSERT_EQUAL(core_bufvec_size(&none), 0);
	s.v.buf[0].size = SIZE_MAX - 13;
	CU_ASSERT_EQUAL(core_bufvec_size(&s.v), SIZE_MAX);
	s.v.buf[0].size = SIZE_MAX;
	CU_ASSERT_EQUAL(core_bufvec_size(&s.v), SIZE_MAX);
}

static void memory_to_memory(void)
{
	char text[] = "0123456789";
	char a[4] = "", b[8] = "";
	struct vec4 src = {.v = {3, 0, 1, {mem_buf(text, 4)}},
			   {mem_buf(NULL, 0), mem_buf(text + 4, 6)}};
	struct vec4 dst = {.v = {2, 0, 0, {mem_buf(a, 3)}}, {mem_buf(b, 4)}};

	UNIT_ASSERT_INT(core_bufvec_copy(&dst.v, &src.v, 0), 7);
	UNIT_ASSERT_STR(a, "123");
	UNIT_ASSERT_STR(b, "4567");
	/* dst ended: src stands at what is left */
	CU_ASSERT(dst.v.idx == 2 && src.v.idx == 2 && src.v.off == 4);
	UNIT_ASSERT_INT(core_bufvec_copy(&dst.v, &src.v, 0), 0);
	dst.v.idx = dst.v.off = 0;
	UNIT_ASSERT_INT(core_bufvec_copy(&dst.v, &src.v, 0), 2);
	UNIT_ASSERT_STR(a, "893");
	/* src ended: dst was not advanced */
	CU_ASSERT(src.v.idx == 3 && src.v.off == 6);
	CU_ASSERT(dst.v.idx == 0 && dst.v.off == 0);
}

static void nothing_to_copy(void)
{
	char c = 'x';
	struct core_bufvec none = {0}, some = one(mem_buf(&c, 1)), beyond = one(mem_buf(&c, 1));

	UNIT_ASSERT_INT(core_bufvec_copy(&none, &some, 0), 0);
	UNIT_ASSERT_INT(core_bufvec_copy(&some, &none, 0), 0);
	CU_ASSERT(some.idx == 0 && some.off == 0);
	beyond.off = 9;
	UNIT_ASSERT_INT(core_bufvec_copy(&some, &beyond, 0), 0);
}

static void memory_overlaps(void)
{
	char text[] = "abcdef";
	struct core_bufvec src = one(mem_buf(text, 5)), dst = one(mem_buf(text + 1, 5));

	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), 5);
	UNIT_ASSERT_STR(text, "aabcde");
}

static void file_positions(void)
{
	int fd = file_with("0123456789", 10);
	char a[11] = "";
	struct core_bufvec dst = one(mem_buf(a, 10)), src = one(fd_buf(fd, 4, CORE_BUF_FD_SEEK, 3));

	/* pos plus off; the descriptor's own position stays */
	src.off = 1;
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), 3);
	UNIT_ASSERT_STR(a, "456");
	UNIT_ASSERT_INT(lseek(fd, 0, SEEK_CUR), 0);
	/* without FD_SEEK it is the descriptor's */
	lseek(fd, 8, SEEK_SET);
	src = one(fd_buf(fd, 4, 0, 3));
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), 2);
	UNIT_ASSERT_STR(a, "896");
	UNIT_ASSERT_INT(lseek(fd, 0, SEEK_CUR), 10);
	/* memory to a position */
	dst = one(fd_buf(fd, 2, CORE_BUF_FD_SEEK, 5));
	src = one(mem_buf(memcpy(a, "XYZ", 3), 3));
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), 2);
	UNIT_ASSERT_INT(pread(fd, a, 10, 0), 10);
	UNIT_ASSERT_STR(a, "01234XY789");
	close(fd);
}

/* A short read ends the copy, with what came; FD_RETRY goes on to the end of file or an error. */
static void short_reads(void)
{
	for (int retry = 0; retry < 2; retry++) {
		int flags = retry ? CORE_BUF_FD_RETRY : 0;
		char a[16] = "";
		int p[2];
		struct vec4 src = {.v = {2, 0, 0, {{0}}}, {mem_buf(a + 12, 1)}};
		struct core_bufvec dst = one(mem_buf(a, 12));

		pipe_with(p, "abc", 3);
		src.v.buf[0] = fd_buf(p[0], 10, flags, 0);
		UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src.v, 0), 3);
		UNIT_ASSERT_STR(a, "abc");
		CU_ASSERT(src.v.idx == 0 && src.v.off == 3);
		CU_ASSERT(dst.idx == 0 && dst.off == 3);
		UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src.v, 0), -EAGAIN);
		CU_ASSERT(src.v.idx == 0 && src.v.off == 3);
		close_both(p);
	}
}

static void big_between(int src_flags, int dst_flags, bool src_pipe, bool dst_pipe, int copy_flags)
{
	int from[2] = {-1, -1}, to[2] = {-1, -1};
	struct core_bufvec src, dst, mem = one(mem_buf(back, BIG)), result;

	fill_big();
	if (src_pipe)
		pipe_with(from, big, BIG);
	else
		from[0] = file_with(big, BIG);
	if (dst_pipe)
		pipe_with(to, NULL, 0);
	else
		to[0] = to[1] = file_with("", 0);
	src = one(fd_buf(from[0], BIG, CORE_BUF_FD_RETRY | src_flags, 0));
	dst = one(fd_buf(to[1], BIG, CORE_BUF_FD_RETRY | dst_flags, 0));
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, copy_flags), BIG);
	result = one(fd_buf(to[0], BIG, CORE_BUF_FD_RETRY | (dst_pipe ? 0 : CORE_BUF_FD_SEEK), 0));
	UNIT_ASSERT_INT(core_bufvec_copy(&mem, &result, 0), BIG);
	CU_ASSERT(memcmp(big, back, BIG) == 0);
	close(from[0]);
	if (src_pipe)
		close(from[1]);
	close(to[0]);
	if (dst_pipe)
		close(to[1]);
}

/* Every way there is from one descriptor to another, with more data than any buffer. */
static void between_descriptors(void)
{
	static const int copy_flags[] = {0, CORE_BUF_NO_SPLICE, CORE_BUF_SPLICE_MOVE,
					 CORE_BUF_SPLICE_NONBLOCK};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(copy_flags); i++) {
		big_between(0, 0, false, false, copy_flags[i]);
		big_between(CORE_BUF_FD_SEEK, CORE_BUF_FD_SEEK, false, false, copy_flags[i]);
		big_between(CORE_BUF_FD_SEEK, 0, false, true, copy_flags[i]);
		big_between(0, CORE_BUF_FD_SEEK, true, false, copy_flags[i]);
		big_between(0, 0, true, true, copy_flags[i]);
	}
	big_between(0, 0, true, true, CORE_BUF_FORCE_SPLICE);
	big_between(CORE_BUF_FD_SEEK, 0, false, true, CORE_BUF_FORCE_SPLICE);
}

static void force_splice(void)
{
	int from = file_with("abc", 3), to = file_with("", 0);
	struct core_bufvec src = one(fd_buf(from, 3, CORE_BUF_FD_SEEK, 0));
	struct core_bufvec dst = one(fd_buf(to, 3, CORE_BUF_FD_SEEK, 0));

	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, CORE_BUF_FORCE_SPLICE), -EINVAL);
	CU_ASSERT(src.off == 0 && dst.off == 0);
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), 3);
	close(from);
	close(to);
}

/* The pipe takes less than the source gave: what it took counts, the source's position tells. */
static void short_writes(void)
{
	int from, p[2];
	struct core_bufvec src, dst;

	fill_big();
	from = file_with(big, BIG);
	pipe_with(p, NULL, 0);
	CU_ASSERT_FATAL(fcntl(p[1], F_SETPIPE_SZ, 4096) == 4096);
	src = one(fd_buf(from, BIG, CORE_BUF_FD_SEEK, 0));
	dst = one(fd_buf(p[1], BIG, 0, 0));
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, CORE_BUF_NO_SPLICE), 4096);
	CU_ASSERT(src.off == 4096 && dst.off == 4096);
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, CORE_BUF_NO_SPLICE), -EAGAIN);
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, CORE_BUF_SPLICE_NONBLOCK), -EAGAIN);
	UNIT_ASSERT_INT(read(p[0], back, BIG), 4096);
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, CORE_BUF_NO_SPLICE), 4096);
	UNIT_ASSERT_INT(read(p[0], back + 4096, BIG - 4096), 4096);
	CU_ASSERT(memcmp(big, back, 8192) == 0);
	src = one(mem_buf(big, BIG));
	dst = one(fd_buf(p[1], BIG, CORE_BUF_FD_RETRY, 0));
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), 4096);
	close(from);
	close_both(p);
}

static void errors(void)
{
	char c = 'x';
	int fd = file_with("abc", 3);
	struct vec4 src = {.v = {2, 0, 0, {mem_buf(&c, 1)}}, {fd_buf(-1, 1, 0, 0)}};
	char a[2] = "";
	struct core_bufvec dst = one(mem_buf(a, 2)), bad = one(fd_buf(-1, 1, 0, 0));
	struct core_bufvec good = one(fd_buf(fd, 1, 0, 0));

	/* after the first byte the error is for the next call */
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src.v, 0), 1);
	CU_ASSERT(src.v.idx == 1 && src.v.off == 0 && dst.off == 1);
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src.v, 0), -EBADF);
	UNIT_ASSERT_INT(core_bufvec_copy(&bad, &good, 0), -EBADF);
	UNIT_ASSERT_INT(core_bufvec_copy(&bad, &good, CORE_BUF_NO_SPLICE), -EBADF);
	UNIT_ASSERT_INT(core_bufvec_copy(&good, &bad, 0), -EBADF);
	close(fd);
}

static void on_alarm(int signo)
{
	(void)signo;
}

/* A signal ends a blocking read: stock does not retry, and programs rely on it to stop. */
static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_alarm}, old;
	struct itimerval every = {{0, 20000}, {0, 20000}}, never = {0};
	char a[8];
	int p[2], q[2];
	struct core_bufvec src, dst = one(mem_buf(a, sizeof(a)));

	CU_ASSERT_FATAL(pipe(p) == 0 && pipe(q) == 0);
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &every, NULL);
	src = one(fd_buf(p[0], 8, CORE_BUF_FD_RETRY, 0));
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), -EINTR);
	UNIT_ASSERT_INT(write(p[1], "abc", 3), 3);
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), 3);
	src = one(fd_buf(p[0], 8, 0, 0));
	dst = one(fd_buf(q[1], 8, 0, 0));
	UNIT_ASSERT_INT(core_bufvec_copy(&dst, &src, 0), -EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	close_both(p);
	close_both(q);
}

/* Layout is that of the public struct in both ABIs. */
static void layout(void)
{
	CU_ASSERT_EQUAL(sizeof(struct core_buf), 40);
	CU_ASSERT_EQUAL(sizeof(struct core_bufvec), 64);
	CU_ASSERT_EQUAL(offsetof(struct core_buf, mem), 16);
	CU_ASSERT_EQUAL(offsetof(struct core_buf, pos), 32);
	CU_ASSERT_EQUAL(offsetof(struct core_bufvec, buf), 24);
}

UNIT_SUITE(bufvec, UNIT_TEST(sizes), UNIT_TEST(memory_to_memory), UNIT_TEST(nothing_to_copy),
	   UNIT_TEST(memory_overlaps), UNIT_TEST(file_positions), UNIT_TEST(short_reads),
	   UNIT_TEST(between_descriptors), UNIT_TEST(force_splice), UNIT_TEST(short_writes),
	   UNIT_TEST(errors), UNIT_TEST(interrupted), UNIT_TEST(layout));
