/* case_splice.c - large answers of read_buf whose data is behind a descriptor. */
#include "conform.h"

#include <signal.h>

#define SIZE 1500000
static char data[SIZE], got[SIZE];

static void anywhere(void)
{
	static const int at[] = {0, 1, 4095, 4096, 65536, 100000, SIZE - 70000, SIZE - 1, SIZE};
	static const int sizes[] = {65535, 65536, 131072, 131073, 600000, 1048576};
	for (int i = 0; i < SIZE; i++)
		data[i] = (char)(i * 2654435761U >> 13);
	int f = (int)OK(open(S("f"), O_CREAT | O_WRONLY, 0600));
	EQ(write(f, data, SIZE), SIZE);
	close(f);
	int fd = (int)OK(open(P("f"), O_RDONLY));
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
			long n = SIZE - at[i] < sizes[k] ? SIZE - at[i] : sizes[k];
			EQ(pread(fd, got, (size_t)sizes[k], at[i]), n);
			YES(!memcmp(got, data + at[i], (size_t)n), "%d bytes at %d differ",
			    sizes[k], at[i]);
		}
	OK(truncate(S("f"), 80000));
	EQ(pread(fd, got, 131072, 0), 80000);
	YES(!memcmp(got, data, 80000));
	EQ(pread(fd, got, 131072, 131072), 0);
	EQ(st_of(S("f")).st_size, 80000);
}
OPENED_WITH(without_cache, direct_io)
CASE(splice_on, "splice.read-buf-of-any-part-of-a-file", .buf = true, .ops = without_cache)
{
	anywhere();
}
CASE(splice_off, "splice.read-buf-copied-by-option", .buf = true, .ops = without_cache,
     .opts = "no_splice_write")
{
	anywhere();
}
/* Readers that are killed in the middle leave nothing in the pipe for the next one. */
static void read_on(long unused)
{
	int fd = (int)OK(open(P("f"), O_RDONLY));
	(void)unused;
	for (;;)
		for (off_t at = 0; at < SIZE; at += 524288)
			OK(pread(fd, got, 524288, at));
}
CASE(splice_killed, "splice.killed-readers-leave-nothing-behind", .buf = true, .ops = without_cache,
     .real = "it needs a device")
{
	anywhere();
	for (int i = 0; i < 10; i++) {
		pid_t p = spawn(read_on, 0);
		usleep(5000);
		OK(kill(p, SIGKILL));
		EQ(reap(p), 128 + SIGKILL);
	}
	int fd = (int)OK(open(P("f"), O_RDONLY));
	EQ(pread(fd, got, 131072, 0), 80000);
	YES(!memcmp(got, data, 80000));
}
