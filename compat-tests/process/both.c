/*
 * both MODE MNT2 MNT3: libfuse.so.2 and libfuse3.so.3 in one process, one file system with each.
 *   linked        both are linked (with -DNOT_LINKED this program is not)
 *   local, global services from libservice2.so and libservice3.so with dlopen(), RTLD_LOCAL or
 * RTLD_GLOBAL reverse       the same, RTLD_GLOBAL, FUSE 3 first
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

static struct service *from(const char *so, const char *name, int flags)
{
	void *h = dlopen(so, RTLD_NOW | flags), *s = h ? dlsym(h, name) : NULL;

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

	if (argc != 4)
		return 2;
	alarm(30);
	handlers(before);
#ifndef NOT_LINKED
	two = &service2;
	three = &service3;
	(void)from;
	(void)mode;
#else
	int flags = strcmp(mode, "local") ? RTLD_GLOBAL : RTLD_LOCAL;

	if (strcmp(mode, "reverse") == 0) {
		three = from("libservice3.so", "service3", flags);
		two = from("libservice2.so", "service2", flags);
	} else {
		two = from("libservice2.so", "service2", flags);
		three = from("libservice3.so", "service3", flags);
	}
#endif
	check(two->open(NULL) == 0 && three->open(NULL) == 0, "open", "failed");
	in_library(two, "libfuse.so.2");
	in_library(three, "libfuse3.so.3");
	/* both up, one ends, the other goes on, the first comes back */
	check(two->start(argv[2], 1) == 0, "FUSE 2", "does not start");
	check(three->start(argv[3], 1) == 0, "FUSE 3", "does not start");
	if (failures)
		_exit(1);
	reads(argv[2]);
	reads(argv[3]);
	two->touch();
	three->touch();
	check(two->stop() == 0, "FUSE 2", "does not stop");
	reads(argv[3]);
	check(two->start(argv[2], 0) == 0, "FUSE 2", "does not start again");
	reads(argv[2]);
	reads(argv[3]);
	check(three->stop() == 0, "FUSE 3", "does not stop");
	reads(argv[2]);
	check(two->stop() == 0, "FUSE 2", "does not stop the second time");
	handlers(after);
	for (int sig = 1; sig < 65; sig++)
		check(sig == SIGALRM || same_handler(&before[sig], &after[sig]), "handler",
		      strsignal(sig));
	return failures ? 1 : 0;
}
