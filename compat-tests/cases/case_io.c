/* case_io.c - open, create, read, write, flush, release, fsync, fallocate, lseek, copies */
#include "conform.h"

#include <sys/mman.h>
#include <sys/uio.h>

CASE(io_read, "io.read")
{
	put(S("f"), "hello world");
	int fd = OK(open(P("f"), O_RDONLY));
	char buf[20] = "";
	EQ(read(fd, buf, 5), 5);
	STR(buf, "hello");
	EQ(pread(fd, buf, 20, 6), 5);
	SAW("open fh1 /f ro");
	SAW("read fh1 /f *@0");
	close(fd);
	SAW_RET("flush fh1 /f", 0);
	SAW_RET("release fh1 /f", 0);
}

CASE(io_eof, "io.read-at-and-behind-the-end")
{
	put(S("f"), "abc");
	int fd = OK(open(P("f"), O_RDONLY));
	char buf[20] = "";
	EQ(pread(fd, buf, 20, 3), 0);
	EQ(pread(fd, buf, 20, 1000000), 0);
	EQ(pread(fd, buf, 20, 1), 2);
	STR(buf, "bc");
}

CASE(io_read_err, "io.read-error")
{
	put(S("f"), "abc");
	int fd = OK(open(P("f"), O_RDONLY));
	force(OP_read, -EIO, -1);
	ERR(read(fd, (char[4]){0}, 4), EIO);
	SAW_RET("read fh1 /f *", -EIO);
}

CASE(io_write, "io.write")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_WRONLY));
	EQ(pwrite(fd, "abc", 3, 4), 3);
	SAW("open fh1 /f wo");
	SAW_RET("write fh1 /f 3@4", 3);
	OK(close(fd));
	STR(slurp(S("f")), "0123abc789");
}

CASE(io_write_err, "io.write-error")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_WRONLY));
	force(OP_write, -ENOSPC, 1);
	ERR(write(fd, "abc", 3), ENOSPC);
	EQ(write(fd, "abc", 3), 3);
}

CASE(io_write_short, "io.write-shorter-than-asked")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_WRONLY));
	force(OP_write, 2, 1);
	EQ(write(fd, "abcdef", 6), 2);
	SAW_RET("write fh1 /f 6@0", 2);
}

static void fill(char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(i * 7 + i / 251);
}

static void big_round_trip(size_t size)
{
	char *out = malloc(size), *in = calloc(1, size);
	fill(out, size);
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	EQ(write(fd, out, size), (long)size);
	OK(close(fd));
	EQ(st_of(S("f")).st_size, (long)size);
	fd = OK(open(S("f"), O_RDONLY));
	EQ(read(fd, in, size), (long)size);
	YES(!memcmp(in, out, size), "what arrived differs");
	close(fd);
	memset(in, 0, size);
	fd = OK(open(P("f"), O_RDONLY));
	for (size_t got = 0; got < size;) {
		long n = OK(read(fd, in + got, size - got));
		YES(n > 0, "end of file after %zu bytes", got);
		got += (size_t)n;
	}
	YES(!memcmp(in, out, size), "what is read differs");
	close(fd);
}

CASE(io_big, "io.eight-megabytes-there-and-back")
{
	big_round_trip(8u << 20);
	SAW("write fh1 /f *@0");
}

CASE(io_big_odd, "io.odd-size-there-and-back")
{
	big_round_trip(1234567);
}

CASE(io_big_buf, "io.eight-megabytes-by-read-buf-and-write-buf", .buf = true)
{
	big_round_trip(8u << 20);
	SAW("write_buf fh1 /f *@0");
	SAW("read_buf fh2 /f *");
	UNSEEN("write fh*");
	UNSEEN("read fh*");
}

CASE(io_buf_small, "io.read-buf-and-write-buf", .buf = true)
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(pwrite(fd, "ab", 2, 3), 2);
	SAW_RET("write_buf fh1 /f 2@3", 2);
	char buf[20] = "";
	EQ(pread(fd, buf, 20, 2), 8);
	STR(buf, "2ab56789");
	SAW("read_buf fh1 /f *");
}

CASE(io_buf_err, "io.read-buf-and-write-buf-errors", .buf = true)
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	force(OP_write_buf, -ENOSPC, 1);
	ERR(write(fd, "x", 1), ENOSPC);
	force(OP_read_buf, -EIO, -1);
	ERR(read(fd, (char[4]){0}, 4), EIO);
}

/* read_buf whose memory is the program's: the library takes it over and frees it */
static int mem_read_buf(const char *path, struct fuse_bufvec **out, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	struct t_call c;
	t_begin(&c, OP_read_buf, NULL, fi->fh, path, "%zu@%lld", size, (long long)off);
	struct fuse_bufvec *v = malloc(sizeof(*v));
	*v = FUSE_BUFVEC_INIT(off ? 0 : 6);
	v->buf[0].mem = malloc(6);
	memcpy(v->buf[0].mem, "memory", 6);
	*out = v;
	return (int)t_end(&c, 0);
}
static void use_mem(struct fuse_operations *ops)
{
	ops->read_buf = mem_read_buf;
}
CASE(io_buf_mem, "io.read-buf-of-memory", .ops = use_mem)
{
	put(S("f"), "123456");
	STR(slurp(P("f")), "memory");
}

CASE(io_offset, "io.offsets-beyond-4g")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(pwrite(fd, "far", 3, 0x200000001LL), 3);
	SAW("write fh1 /f 3@8589934593");
	char buf[4] = "";
	EQ(pread(fd, buf, 3, 0x200000001LL), 3);
	STR(buf, "far");
	EQ(st_of(S("f")).st_size, 0x200000004LL);
}

CASE(io_append, "io.append")
{
	put(S("f"), "abc");
	int fd = OK(open(P("f"), O_WRONLY | O_APPEND));
	EQ(write(fd, "def", 3), 3);
	SAW("open fh1 /f wo,append");
	SAW("write fh1 /f 3@3");
	close(fd);
	STR(slurp(S("f")), "abcdef");
}

CASE(io_trunc, "io.open-with-truncation")
{
	put(S("f"), "abc");
	int fd = OK(open(P("f"), O_WRONLY | O_TRUNC));
	/* either the flag or a truncate: never neither, whatever was negotiated */
	EQ(t_seen("open fh1 /f wo,trunc") + t_seen("truncate*/f 0") > 0, 1);
	close(fd);
	EQ(st_of(S("f")).st_size, 0);
}

#if FUSE_API == 3
CASE(io_trunc_atomic, "io.atomic-truncation-is-the-default-of-api-3")
{
	put(S("f"), "abc");
	close((int)OK(open(P("f"), O_WRONLY | O_TRUNC)));
	SAW("open fh1 /f wo,trunc");
	UNSEEN("truncate*");
}
#else
CASE(io_trunc_plain, "io.truncation-before-open-is-the-default-of-api-2")
{
	put(S("f"), "abc");
	close((int)OK(open(P("f"), O_WRONLY | O_TRUNC)));
	SAW("truncate * 0");
	UNSEEN("open*trunc*");
}
CASE(io_trunc_opt, "io.atomic-truncation-by-option", .opts = "atomic_o_trunc")
{
	put(S("f"), "abc");
	close((int)OK(open(P("f"), O_WRONLY | O_TRUNC)));
	SAW("open fh1 /f wo,trunc");
	UNSEEN("truncate*");
}
#endif

CASE(io_create, "io.create")
{
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0666));
	SAW("getattr /f");
	SAW_RET("create fh1 /f 0644 wo,creat", 0);
	UNSEEN("open*");
	UNSEEN("mknod*");
	EQ(write(fd, "x", 1), 1);
	SAW("write fh1 /f 1@0");
	OK(close(fd));
	SAW("release fh1 /f");
}

CASE(io_create_excl, "io.create-exclusive-over-existing")
{
	put(S("f"), "");
	ERR(open(P("f"), O_CREAT | O_EXCL | O_WRONLY, 0666), EEXIST);
	UNSEEN("create*");
}

CASE(io_create_err, "io.create-error")
{
	force(OP_create, -EROFS, 1);
	ERR(open(P("f"), O_CREAT | O_WRONLY, 0666), EROFS);
	usleep(10000);
	UNSEEN("release*");
}

CASE(io_create_enosys, "io.create-missing-falls-back-to-mknod-and-open", .without = "create")
{
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0666));
	SAW("mknod /f 100644 0");
	SAW("open fh1 /f wo*");
	EQ(write(fd, "x", 1), 1);
	close(fd);
	STR(slurp(S("f")), "x");
}

CASE(io_open_err, "io.open-error")
{
	put(S("f"), "");
	force(OP_open, -ETXTBSY, 1);
	ERR(open(P("f"), O_WRONLY), ETXTBSY);
	usleep(10000);
	UNSEEN("release*");
}

CASE(io_handles, "io.each-open-has-its-handle")
{
	put(S("f"), "abc");
	int a = OK(open(P("f"), O_RDWR)), b = OK(open(P("f"), O_RDWR));
	EQ(pwrite(a, "x", 1, 0), 1);
	SAW("write fh1 /f 1@0");
	EQ(pwrite(b, "y", 1, 1), 1);
	SAW("write fh2 /f 1@1");
	close(a);
	SAW("release fh1 /f");
	EQ(pwrite(b, "z", 1, 2), 1);
	SAW("write fh2 /f 1@2");
	close(b);
	SAW("release fh2 /f");
}

CASE(io_dup, "io.flush-at-each-close-release-at-the-last")
{
	put(S("f"), "abc");
	int a = OK(open(P("f"), O_RDWR)), b = OK(dup(a));
	close(a);
	SAW("flush fh1 /f");
	usleep(10000);
	UNSEEN("release*");
	close(b);
	SAW("flush fh1 /f");
	SAW("release fh1 /f");
	SEEN("flush*", 2);
}

CASE(io_flush_err, "io.flush-error-is-the-result-of-close")
{
	put(S("f"), "abc");
	int fd = OK(open(P("f"), O_RDWR));
	force(OP_flush, -EDQUOT, 1);
	ERR(close(fd), EDQUOT);
	SAW("release fh1 /f");
}

CASE(io_release_err, "io.release-error-is-nobodys")
{
	put(S("f"), "abc");
	int fd = OK(open(P("f"), O_RDWR));
	force(OP_release, -EIO, 1);
	OK(close(fd));
	SAW_RET("release fh1 /f", -EIO);
	STR(slurp(P("f")), "abc");
}

CASE(io_fsync, "io.fsync-and-fdatasync")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fsync(fd));
	SAW_RET("fsync fh1 /f 0", 0);
	OK(fdatasync(fd));
	SAW("fsync fh1 /f 1");
	force(OP_fsync, -EIO, 1);
	ERR(fsync(fd), EIO);
}

CASE(io_fallocate, "io.fallocate")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fallocate(fd, 0, 100, 5000));
	SAW_RET("fallocate fh1 /f 0 100+5000", 0);
	EQ(st_of(P("f")).st_size, 5100);
}

CASE(io_fallocate_mode, "io.fallocate-keep-size-and-punch-hole")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100000));
	SAW("fallocate fh1 /f 1 0+100000");
	EQ(st_of(P("f")).st_size, 10);
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 2, 3));
	SAW("fallocate fh1 /f 3 2+3");
	char buf[20] = "";
	EQ(pread(fd, buf, 20, 0), 10);
	YES(!memcmp(buf, "01\0\0\00056789", 10));
}

CASE(io_fallocate_err, "io.fallocate-error")
{
	put(S("f"), "");
	int fd = OK(open(P("f"), O_RDWR));
	force(OP_fallocate, -ENOSPC, 1);
	ERR(fallocate(fd, 0, 0, 100), ENOSPC);
}

#if FUSE_API == 3
CASE(io_lseek, "io.lseek-data-and-hole", .apis = T_API3)
{
	int fd = OK(open(S("f"), O_CREAT | O_RDWR, 0600));
	EQ(pwrite(fd, "x", 1, 0x180000000LL), 1);
	close(fd);
	fd = OK(open(P("f"), O_RDONLY));
	EQ(lseek(fd, 0, SEEK_DATA), 0x180000000LL);
	SAW_RET("lseek fh1 /f 0 3", 0x180000000LL);
	EQ(lseek(fd, 0, SEEK_HOLE), 0);
	SAW("lseek fh1 /f 0 4");
	ERR(lseek(fd, 0x200000000LL, SEEK_DATA), ENXIO);
}

CASE(io_copy, "io.copy-file-range", .apis = T_API3)
{
	put(S("a"), "0123456789");
	put(S("b"), "");
	int a = OK(open(P("a"), O_RDONLY)), b = OK(open(P("b"), O_RDWR));
	off_t from = 2, to = 1;
	EQ(copy_file_range(a, &from, b, &to, 5, 0), 5);
	SAW_RET("copy_file_range fh1 /a @2 fh2 @1 5 0", 5);
	EQ(from, 7);
	EQ(to, 6);
	close(b);
	YES(!memcmp(slurp(S("b")), "\00023456", 6));
}

CASE(io_copy_err, "io.copy-file-range-error", .apis = T_API3)
{
	put(S("a"), "0123456789");
	put(S("b"), "");
	int a = OK(open(P("a"), O_RDONLY)), b = OK(open(P("b"), O_RDWR));
	force(OP_copy_file_range, -EIO, 1);
	ERR(copy_file_range(a, NULL, b, NULL, 5, 0), EIO);
}
#endif

CASE(io_copy_missing, "io.copy-file-range-missing-falls-back", .without = "copy_file_range")
{
	put(S("a"), "0123456789");
	put(S("b"), "");
	int a = OK(open(P("a"), O_RDONLY)), b = OK(open(P("b"), O_RDWR));
	EQ(copy_file_range(a, NULL, b, NULL, 5, 0), 5);
	close(b);
	STR(slurp(S("b")), "01234");
}

CASE(io_lseek_missing, "io.lseek-missing-is-all-data", .without = "lseek")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDONLY));
	EQ(lseek(fd, 3, SEEK_DATA), 3);
	EQ(lseek(fd, 3, SEEK_HOLE), 10);
	ERR(lseek(fd, 10, SEEK_DATA), ENXIO);
}

CASE(io_mmap_read, "io.mmap-reading")
{
	put(S("f"), "mapped");
	int fd = OK(open(P("f"), O_RDONLY));
	char *m = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	YES(m != MAP_FAILED);
	YES(!memcmp(m, "mapped\0\0", 8));
	munmap(m, 4096);
}

CASE(io_mmap_write, "io.mmap-shared-writing")
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	YES(m != MAP_FAILED);
	memcpy(m + 2, "XY", 2);
	OK(msync(m, 4096, MS_SYNC));
	munmap(m, 4096);
	close(fd);
	SAW("write * /f 10@0");
	STR(slurp(S("f")), "01XY456789");
}

OPENED_WITH(direct, direct_io)
CASE(io_direct, "io.direct-io-of-one-open-asks-for-what-is-read", .ops = direct)
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	char buf[10] = "";
	EQ(pread(fd, buf, 3, 5), 3);
	STR(buf, "567");
	SAW("read fh1 /f 3@5");
	EQ(pread(fd, buf, 3, 5), 3);
	SAW("read fh1 /f 3@5");
}

CASE(io_direct_short, "io.direct-io-takes-short-reads", .ops = direct)
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	char buf[10];
	memset(buf, 'q', sizeof(buf));
	force(OP_read, 0, 1);
	EQ(pread(fd, buf, 8, 0), 0);
	EQ(pread(fd, buf, 8, 0), 8);
}

OPENED_WITH(nonseek, nonseekable)
CASE(io_nonseek, "io.nonseekable-of-one-open", .ops = nonseek)
{
	put(S("f"), "0123456789");
	int fd = OK(open(P("f"), O_RDWR));
	ERR(lseek(fd, 5, SEEK_SET), ESPIPE);
	ERR(pread(fd, (char[3]){0}, 3, 5), ESPIPE);
	EQ(read(fd, (char[3]){0}, 3), 3);
}

OPENED_WITH(keep, keep_cache)
CASE(io_keep_cache, "io.keep-cache-of-one-open", .ops = keep)
{
	put(S("f"), "0123456789");
	EQ(reads_of_second_slurp("f", "0123456789"), 0);
}

CASE(io_reopen, "io.open-drops-the-cache-otherwise")
{
	put(S("f"), "0123456789");
	STR(slurp(P("f")), "0123456789");
	MARK();
	STR(slurp(P("f")), "0123456789");
	SAW("read * /f *");
}

/* stock-faults 3: a program that hands the buffer on to an O_DIRECT descriptor */
static int aligned_write(const char *path, const char *buf, size_t size, off_t off,
			 struct fuse_file_info *fi)
{
	struct t_call c;
	t_begin(&c, OP_write, NULL, fi->fh, path, "%zu@%lld", size, (long long)off);
	if (size >= 4096 && (uintptr_t)buf % 4096)
		t_server_fail("payload of %zu bytes at %p is not on a page boundary", size,
			      (const void *)buf);
	return (int)t_end(&c, (long)size);
}
static void check_alignment(struct fuse_operations *ops)
{
	ops->write = aligned_write;
	ops->write_buf = NULL;
}
CASE(io_aligned, "io.write-payload-is-page-aligned", .ops = check_alignment)
{
	static char buf[131072];
	int fd = OK(open(P("f"), O_CREAT | O_WRONLY, 0600));
	EQ(write(fd, buf, 4096), 4096);
	EQ(write(fd, buf, sizeof(buf)), (long)sizeof(buf));
	SAW("write fh1 /f 4096@0");
}

CASE(io_o_direct, "io.open-with-o-direct")
{
	put(S("f"), "0123456789");
	int fd = open(P("f"), O_RDONLY | O_DIRECT);
	if (fd < 0)
		t_skip("the kernel refuses O_DIRECT: %s", strerror(errno));
	char *buf = aligned_alloc(4096, 4096);
	EQ(read(fd, buf, 4096), 10);
	SAW("open fh1 /f ro,direct");
	SAW("read fh1 /f 4096@0");
}

CASE(io_vector, "io.readv-and-writev")
{
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0600));
	struct iovec v[] = {{(void *)(uintptr_t) "abc", 3}, {(void *)(uintptr_t) "defg", 4}};
	EQ(writev(fd, v, 2), 7);
	close(fd);
	STR(slurp(S("f")), "abcdefg");
}

CASE(io_many_open, "io.two-hundred-files-open-at-once")
{
	int fd[200];
	char name[20];
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fd[i] = (int)OK(open(P(name), O_CREAT | O_RDWR, 0600));
	}
	for (int i = 0; i < 200; i++)
		EQ(write(fd[i], &i, sizeof(i)), sizeof(i));
	for (int i = 0; i < 200; i++) {
		int got = -1;
		EQ(pread(fd[i], &got, sizeof(got), 0), sizeof(got));
		EQ(got, i);
		close(fd[i]);
	}
	WITHIN(3000, t_seen("release*") == 200);
}

static void parallel_writer(long no)
{
	char buf[1000];
	memset(buf, (int)('a' + no), sizeof(buf));
	int fd = OK(open(P("f"), O_WRONLY));
	for (int i = 0; i < 50; i++)
		EQ(pwrite(fd, buf, sizeof(buf), (no * 50 + i) * 1000), 1000);
	OK(close(fd));
}
CASE(io_parallel, "io.eight-writers-of-one-file")
{
	put(S("f"), "");
	at_once_in(8, parallel_writer);
	EQ(st_of(S("f")).st_size, 400000);
	static char all[400000];
	int fd = OK(open(S("f"), O_RDONLY));
	EQ(read(fd, all, sizeof(all)), (long)sizeof(all));
	for (int i = 0; i < 400000; i++)
		YES(all[i] == 'a' + i / 50000, "byte %d is %d", i, all[i]);
}
