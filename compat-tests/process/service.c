#include "one_file.h"
#include "service.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

/* name, node of libfuse.so.2, node of libfuse3.so.3. A name without a node is another function in
 * libfuse.so.2. */
#define COMMON(F)                                                                                  \
	F(fuse_new, "FUSE_2.6", "FUSE_3.1")                                                        \
	F(fuse_mount, "FUSE_2.6", "FUSE_3.0")                                                      \
	F(fuse_unmount, "FUSE_2.6", "FUSE_3.0")                                                    \
	F(fuse_destroy, "FUSE_2.2", "FUSE_3.0")                                                    \
	F(fuse_loop, "FUSE_2.2", "FUSE_3.0")                                                       \
	F(fuse_get_session, "FUSE_2.6", "FUSE_3.0")                                                \
	F(fuse_set_signal_handlers, "FUSE_2.5", "FUSE_3.0")                                        \
	F(fuse_remove_signal_handlers, "FUSE_2.5", "FUSE_3.0")                                     \
	F(fuse_get_context, "FUSE_2.8", "FUSE_3.0")                                                \
	F(fuse_opt_add_arg, "FUSE_2.5", "FUSE_3.0")                                                \
	F(fuse_opt_free_args, "FUSE_2.5", "FUSE_3.0")
#if API == 3
#define NODE(two, three) three
#define FUNCTIONS(F)     COMMON(F) F(fuse_loop_mt_31, "", "FUSE_3.2")
#define SERVICE          service3
#else
#define NODE(two, three) two
#define FUNCTIONS(F)     COMMON(F) F(fuse_loop_mt, "FUSE_2.2", "")
#define SERVICE          service2
#endif

static struct {
#define FIELD(name, two, three) __typeof__(name) *name##_;
	FUNCTIONS(FIELD)
} lib;
#define L(name) (*lib.name##_)

static void *handle;
static struct fuse *f;
static char *mountpoint;
static pthread_t looper;
static int with_threads, loop_result;
#if API == 2
static struct fuse_chan *chan;
#endif

static void *symbol(const char *name, const char *node)
{
	void *p = dlvsym(handle, name, node);

	if (!p) {
		fprintf(stderr, "%s@%s: %s\n", name, node, dlerror());
		exit(1);
	}
	return p;
}

static int open_library(const char *soname)
{
	if (!soname) {
#ifndef NOT_LINKED
#define LINKED(name, two, three) lib.name##_ = name;
		FUNCTIONS(LINKED)
		one_file_context = L(fuse_get_context);
		return 0;
#else
		return -1;
#endif
	}
	handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
#define FOUND(name, two, three) lib.name##_ = symbol(#name, NODE(two, three));
	FUNCTIONS(FOUND)
	one_file_context = L(fuse_get_context);
	return 0;
}

static void *run(void *unused)
{
	(void)unused;
#if API == 3
	loop_result = with_threads ? L(fuse_loop_mt_31)(f, 0) : L(fuse_loop)(f);
#else
	loop_result = with_threads ? L(fuse_loop_mt)(f) : L(fuse_loop)(f);
#endif
	return NULL;
}

static int start(const char *mnt, int threads)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);

	const char *option = threads ? getenv("SERVICE_OPTION") : NULL;

	if (L(fuse_opt_add_arg)(&args, "service") ||
	    (option && L(fuse_opt_add_arg)(&args, option)))
		return -1;
	with_threads = threads;
	mountpoint = strdup(mnt);
#if API == 3
	f = L(fuse_new)(&args, &one_file_ops, sizeof(one_file_ops), NULL);
	if (!f || L(fuse_mount)(f, mnt))
		return -2;
#else
	chan = L(fuse_mount)(mnt, &args);
	if (!chan)
		return -3;
	f = L(fuse_new)(chan, &args, &one_file_ops, sizeof(one_file_ops), NULL);
	if (!f)
		return -4;
#endif
	L(fuse_opt_free_args)(&args);
	if (L(fuse_set_signal_handlers)(L(fuse_get_session)(f)))
		return -5;
	return pthread_create(&looper, NULL, run, NULL) ? -6 : 0;
}

static int stop(void)
{
	int res = umount2(mountpoint, 0);

	if (res) {
		perror(mountpoint);
		return -1;
	}
	pthread_join(looper, NULL);
	L(fuse_remove_signal_handlers)(L(fuse_get_session)(f));
#if API == 3
	L(fuse_unmount)(f);
#else
	L(fuse_unmount)(mountpoint, chan);
#endif
	L(fuse_destroy)(f);
	free(mountpoint);
	return loop_result;
}

static int close_library(void)
{
	return handle ? dlclose(handle) : 0;
}

static void touch(void)
{
	(void)L(fuse_get_context)();
}

static void *address(void)
{
	return (void *)lib.fuse_new_;
}

struct service SERVICE = {API, open_library, start, stop, close_library, touch, address};
