/*
 * both MODE MNT2 MNT3 [SERVICE LIBRARY SERVICE LIBRARY]: two libraries in one process, one file
 * system with each. linked        both are linked (with -DNOT_LINKED this program is not) local,
 * global services from libservice2.so and libservice3.so with dlopen(), RTLD_LOCAL or RTLD_GLOBAL
 *   reverse       the same, RTLD_GLOBAL, FUSE 3 first
 * With SERVICE and LIBRARY: the services are in these files, and get their library from dlopen()
 * themselves.
 */
#include "handlers.h"
#include "service.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;

static void check(int ok, const char *what, const char *why)
{
	if (ok)
		return;
	failures++;
	printf("FAIL %s: %s\n", what, why);
}

static struct service *from(const char *so, int flags)
{
	void *h = dlopen(so, RTLD_NOW | flags), *s = h ? dlsym(h, "service2") : NULL;

	if (h && !s)
		s = dlsym(h, "service3");
	if (!s) {
		printf("FAIL %s\n", dlerror());
		exit(1);
	}
	return s;
}

static void reads(const char *mnt)
{
	char path[4096], buf[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/file", mnt);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) < 0)
		snprintf(buf, sizeof(buf), "%m");
	if (fd >= 0)
		close(fd);
	check(strcmp(buf, "alive\n") == 0, path, buf);
}

static void in_library(const struct service *s, const char *soname)
{
	Dl_info info = {0};

	dladdr(s->address(), &info);
	check(info.dli_fname && strstr(info.dli_fname, soname), soname,
	      info.dli_fname ? info.dli_fname : "nowhere");
}

int main(int argc, char **argv)
{
	struct service *two, *three;
	const char *mode = argc > 1 ? argv[1] : "";
	struct sigaction before[65], after[65];

	const char *file2 = "libservice2.so", *file3 = "libservice3.so", *so2 = NULL, *so3 = NULL;

	if (argc != 4 && argc != 8)
		return 2;
	if (argc == 8) {
		file2 = argv[4], so2 = argv[5];
		file3 = argv[6], so3 = argv[7];
	}
	alarm(200); /* when it hangs */
	handlers(before);
#ifndef NOT_LINKED
	two = &service2;
	three = &service3;
	(void)from;
	(void)mode, (void)file2, (void)file3;
#else
	int flags = strcmp(mode, "local") ? RTLD_GLOBAL : RTLD_LOCAL;

	if (strcmp(mode, "reverse") == 0) {
		three = from(file3, flags);
		two = from(file2, flags);
	} else {
		two = from(file2, flags);
		three = from(file3, flags);
	}
#endif
	check(two->open(so2) == 0 && three->open(so3) == 0, "open", "failed");
	in_library(two, so2 ? so2 : "libfuse.so.2");
	in_library(three, so3 ? so3 : "libfuse3.so.3");
	check(two->address() != three->address(), "libraries", "are one");
	/* both up, one ends, the other goes on, the first comes back */
	check(two->start(argv[2], 1) == 0, "the first", "does not start");
	check(three->start(argv[3], 1) == 0, "the second", "does not start");
	if (failures)
		_exit(1);
	reads(argv[2]);
	reads(argv[3]);
	two->touch();
	three->touch();
	check(two->stop() == 0, "the first", "does not stop");
	reads(argv[3]);
	check(two->start(argv[2], 0) == 0, "the first", "does not start again");
	reads(argv[2]);
	reads(argv[3]);
	check(three->stop() == 0, "the second", "does not stop");
	reads(argv[2]);
	check(two->stop() == 0, "the first", "does not stop the second time");
	handlers(after);
	for (int sig = 1; sig < 65; sig++)
		check(sig == SIGALRM || same_handler(&before[sig], &after[sig]), "handler",
		      strsignal(sig));
	return failures ? 1 : 0;
}
