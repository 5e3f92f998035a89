/* sim_client.h - inside the client of the simulated kernel; see sim.h. */
#ifndef CONFORM_SIM_CLIENT_H
#define CONFORM_SIM_CLIENT_H

#include "sim.h"

enum { SIM_FDS = 16384 };
extern bool sim_on; /* this is a client of the simulated kernel */
/* Which of our descriptors are open files of the simulated kernel. */
extern struct sim_fd {
	uint32_t id;
	bool dir;
} sim_fds[SIM_FDS];

struct call {
	struct sim_req r;
	const char *path, *path2;
	const void *data;
	void *out;
	size_t out_size;
	struct sim_rep rep;
	int new_fd;
};

/* As system calls do: -1 and errno, or the result. */
long sim_call(struct call *c);
bool sim_fd_is_ours(int fd);
/*
 * Is it ours? Then the call's path and directory are set. A path of "" on a virtual descriptor
 * means the descriptor itself (AT_EMPTY_PATH).
 */
bool sim_ours(int at, const char *path, const char **rest, uint32_t *file);
int sim_opened(struct call *c, long r, int flags);

#define OURS(at, p)                                                                                \
	struct call c = {0};                                                                       \
	if (sim_ours(at, p, &c.path, &c.r.file))
#define OURS2(at1, p1, at2, p2)                                                                    \
	struct call c = {0};                                                                       \
	bool first_ = sim_ours(at1, p1, &c.path, &c.r.file);                                       \
	bool second_ = sim_ours(at2, p2, &c.path2, &c.r.other);                                    \
	if (first_ != second_) {                                                                   \
		errno = EXDEV;                                                                     \
		return -1;                                                                         \
	}                                                                                          \
	if (first_)
#define ON_FD(fd)                                                                                  \
	struct call c = {0};                                                                       \
	if (sim_fd_is_ours(fd) && (c.r.file = sim_fds[fd].id))
#define GO(o, ...)                                                                                 \
	(c.r.op = (o), c.r.a = (int64_t[3]){__VA_ARGS__}[0], c.r.b = (int64_t[3]){__VA_ARGS__}[1], \
	 c.r.c = (int64_t[3]){__VA_ARGS__}[2], sim_call(&c))
#define OUT(buf, size) (c.out = (buf), c.out_size = (size))

/* WRAP(result, name, (parameters), (arguments)) { ... our part; falls through to the C library's }
 */
#define WRAP(ret, name, params)                                                                    \
	extern ret __real_##name params;                                                           \
	__attribute__((visibility("default"))) ret __wrap_##name params;                           \
	ret __wrap_##name params

#endif
