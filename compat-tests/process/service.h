/*
 * A mounted one-file file system served by threads of this process (service.c, built once for
 * each API). The library comes by linking, or with service_open() from dlopen().
 */
#ifndef SERVICE_H
#define SERVICE_H

struct service {
	int api;
	/* The library by name; NULL: the one linked. 0, or -1 with a message. */
	int (*open)(const char *soname);
	/* Mounts and serves; threads: by the library's thread pool, with what SERVICE_OPTION in the environment says. */
	int (*start)(const char *mnt, int threads);
	/* Unmounts, waits for the loop, frees all. 0, or what failed. */
	int (*stop)(void);
	/* Lets go of what open() got. */
	int (*close)(void);
	/* Calls fuse_get_context(), as any thread may. */
	void (*touch)(void);
	/* An address in the library. */
	void *(*address)(void);
};

extern struct service service2, service3;

#endif
