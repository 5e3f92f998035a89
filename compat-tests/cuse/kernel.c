/*
 * The kernel's side of character devices, for a program that is started with plug.c in front.
 *
 *	cuse-kernel [-m MINOR] [-n CONNECTIONS] [-p PLUG] SCRIPT PROGRAM ARGUMENT...
 *
 * Starts the program, waits for it to open /dev/cuse that many times, says CUSE_INIT on each
 * connection, does what the script (below) says with each device, then ends the program with
 *SIGTERM. On stdout: the messages, as with -d, and what the device answered; "wrong: ..." for what
 *a kernel would not accept. Exit status: the program's if nothing was wrong, else 99.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "simkernel.h"

enum { START_MS = 60000, END_S = 60, ANSWER_MS = 30000, FAILED = 99 };

static int wrong;

static void complain(const char *what, long got)
{
	printf("wrong: %s: %ld\n", what, got);
	wrong = 1;
}

#define EXPECT(call, value)                                                                        \
	do {                                                                                       \
		long got_ = (long)(call);                                                          \
                                                                                                   \
		if (got_ != (value))                                                               \
			complain(#call " is not " #value, got_);                                   \
	} while (0)

/* ---- scripts -----------------------------------------------------------------------------------
 */

/* compat-tests/cuse/device.c with all its operations. */
static void script_all(struct sk *k)
{
	struct wire_poll_in poll_in = {.fh = 7, .kh = 77, .events = POLLIN};
	struct wire_ioctl_in in = {
		.fh = 7, .flags = WIRE_IOCTL_UNRESTRICTED, .cmd = 1, .arg = 0x5000};
	static char buf[65536], back[65536];
	struct wire_ioctl_iovec v[2];
	struct sk_notification *n;
	struct wire_ioctl_out io;
	struct wire_open_out open;
	uint32_t revents = 0;

	EXPECT(sk_open(k, 0, O_RDWR | O_EXCL, &open), -EBUSY);
	EXPECT(sk_open(k, 0, O_RDWR, &open), 0);
	EXPECT(open.fh, 7);
	EXPECT(sk_write(k, 0, 7, 5, "hello", 5), 5);
	EXPECT(sk_read(k, 0, 7, 100, back, 4), 4);
	EXPECT(memcmp(back, "hell", 4), 0);
	memset(buf, 'w', sizeof(buf));
	EXPECT(sk_write(k, 0, 7, 0, buf, sizeof(buf)), 65536);
	EXPECT(sk_read(k, 0, 7, 0, back, sizeof(back)), 65536);
	EXPECT(memcmp(buf, back, sizeof(buf)), 0);
	EXPECT(sk_flush(k, 0, 7, 9), 0);
	EXPECT(sk_fsync(k, 0, 7, true), 0);

	EXPECT(sk_ioctl(k, 0, &in, NULL, &io, buf), (long)sizeof(v));
	memcpy(v, buf, sizeof(v));
	EXPECT(io.flags == WIRE_IOCTL_RETRY && io.in_iovs == 1 && io.out_iovs == 1, 1);
	EXPECT(v[0].base == 0x5000 && v[0].len == 8 && v[1].base == 0x5008 && v[1].len == 8, 1);
	in.in_size = in.out_size = 8;
	EXPECT(sk_ioctl(k, 0, &in, "12345678", &io, buf), 8);
	EXPECT(io.result, '1');
	EXPECT(memcmp(buf, "answered", 8), 0);
	in.cmd = 2;
	EXPECT(sk_ioctl(k, 0, &in, "12345678", &io, buf), -ENOTTY);

	EXPECT(sk_poll(k, 0, &poll_in, &revents), 0);
	EXPECT(revents, POLLIN);
	poll_in.flags = WIRE_POLL_SCHEDULE_NOTIFY;
	EXPECT(sk_poll(k, 0, &poll_in, &revents), 0);
	n = sk_notification(k, ANSWER_MS);
	EXPECT(n && n->code == WIRE_NOTIFY_POLL && *(uint64_t *)n->data == 77, 1);
	free(n);
	EXPECT(sk_release(k, 0, 7, O_RDWR), 0);
	/* What no kernel sends to a device. */
	EXPECT(sk_lookup(k, 1, "name", NULL), -ENOSYS);
	EXPECT(sk_getattr(k, 0, NULL, NULL), -ENOSYS);
	EXPECT(sk_create(k, 1, "name", 0, 0644, 0, NULL), -ENOSYS);
}

/* It has no operations. */
static void script_none(struct sk *k)
{
	struct wire_ioctl_in in = {.flags = WIRE_IOCTL_UNRESTRICTED};
	struct wire_poll_in poll_in = {.fh = 0};
	struct wire_ioctl_out io;
	struct wire_open_out open;
	static char buf[4096];

	EXPECT(sk_open(k, 0, 0, &open), 0);
	EXPECT(sk_read(k, 0, 0, 0, buf, 8), -ENOSYS);
	EXPECT(sk_write(k, 0, 0, 0, buf, 8), -ENOSYS);
	EXPECT(sk_flush(k, 0, 0, 0), -ENOSYS);
	EXPECT(sk_fsync(k, 0, 0, false), -ENOSYS);
	EXPECT(sk_ioctl(k, 0, &in, NULL, &io, buf), -ENOSYS);
	EXPECT(sk_poll(k, 0, &poll_in, NULL), -ENOSYS);
	EXPECT(sk_release(k, 0, 0, 0), 0);
}

/* An OSS mixer: which version of OSS it speaks. The number is the sound system's own. */
static void script_mixer(struct sk *k)
{
	struct wire_ioctl_in in = {
		.flags = WIRE_IOCTL_UNRESTRICTED, .cmd = 0x80044d76, .arg = 0x5000};
	struct wire_open_out open;
	struct wire_ioctl_out io;
	static char buf[4096];
	uint32_t version = 0;
	long n;

	EXPECT(sk_open(k, 0, O_RDWR, &open), 0);
	in.fh = open.fh;
	n = sk_ioctl(k, 0, &in, NULL, &io, buf);
	EXPECT(n - (long)((io.in_iovs + io.out_iovs) * sizeof(struct wire_ioctl_iovec)), 0);
	EXPECT(io.flags == WIRE_IOCTL_RETRY && io.out_iovs == 1, 1);
	in.out_size = 4;
	EXPECT(sk_ioctl(k, 0, &in, NULL, &io, buf), 4);
	EXPECT(io.result, 0);
	memcpy(&version, buf, 4);
	printf("OSS version %x\n", version);
	EXPECT(version >= 0x030000, 1);
	EXPECT(sk_release(k, 0, in.fh, O_RDWR), 0);
}

/* Only the handshake. */
static void script_init(struct sk *k)
{
	(void)k;
}

static const struct {
	const char *name;
	void (*run)(struct sk *k);
} scripts[] = {
	{"all", script_all}, {"none", script_none}, {"mixer", script_mixer}, {"init", script_init}};

/* ---- the program -------------------------------------------------------------------------------
 */

static int listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	if (fd < 0 || bind(fd, (void *)&a, sizeof(a)) || listen(fd, 8)) {
		perror("cuse-kernel: socket");
		exit(FAILED);
	}
	return fd;
}

static pid_t start_program(char *argv[], const char *plug, const char *path)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setenv("CUSE_KERNEL", path, 1);
	if (plug)
		setenv("LD_PRELOAD", plug, 1);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* A connection, or -1 when the program ended or none came. */
static int next_connection(int listener)
{
	struct pollfd p = {listener, POLLIN, 0};

	for (int ms = 0; ms < START_MS; ms += 50) {
		siginfo_t si = {0};

		if (poll(&p, 1, 50) > 0)
			return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid)
			return -1;
	}
	return -1;
}

/* Its exit status, 128 + signal, or FAILED when it does not end. */
static int end_program(pid_t pid, int sig)
{
	int status;

	if (sig)
		kill(pid, sig);
	for (int i = 0; i < END_S * 100; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		usleep(10000);
	}
	complain("the program does not end", END_S);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return FAILED;
}

static void serve(int fd, unsigned minor, void (*script)(struct sk *))
{
	struct sk_config cfg = {.minor = minor,
				.pid = (uint32_t)getpid(),
				.trace = stdout,
				.timeout_ms = ANSWER_MS};
	struct wire_cuse_init_out out;
	struct sk *k = sk_new_socket(fd, &cfg);
	const char *info;
	size_t len;
	int err;

	if (!k)
		exit(FAILED);
	err = sk_cuse_init(k, WIRE_CUSE_UNRESTRICTED_IOCTL, &out, &info, &len);
	printf("init: %d\n", err);
	if (!err) {
		for (size_t i = 0; i < len; i += strlen(info + i) + 1)
			printf("info: %s\n", info + i);
		script(k);
	}
	sk_drain(k);
	for (int i = 0; i < sk_violations(k); i++)
		complain(sk_violation(k, i), 0);
	/* The connection stays: a device goes with its program. */
}

int main(int argc, char *argv[])
{
	char dir[] = P_tmpdir "/cuse-XXXXXX", path[sizeof(dir) + 8];
	unsigned minor = 0, connections = 1;
	const char *plug = NULL;
	int opt, listener, res;
	size_t s = 0;
	pid_t pid;

	while ((opt = getopt(argc, argv, "+m:n:p:")) != -1) {
		if (opt == 'm')
			minor = (unsigned)atoi(optarg);
		else if (opt == 'n')
			connections = (unsigned)atoi(optarg);
		else if (opt == 'p')
			plug = optarg;
		else
			return FAILED;
	}
	while (s < CORE_ARRAY_SIZE(scripts) && optind < argc &&
	       strcmp(argv[optind], scripts[s].name))
		s++;
	if (argc - optind < 2 || s == CORE_ARRAY_SIZE(scripts)) {
		fprintf(stderr, "usage: cuse-kernel [-m MINOR] [-n CONNECTIONS] [-p PLUG] "
				"all|none|mixer|init PROGRAM ARGUMENT...\n");
		return FAILED;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(dir))
		return FAILED;
	snprintf(path, sizeof(path), "%s/kernel", dir);
	listener = listen_at(path);
	pid = start_program(argv + optind + 1, plug, path);
	for (unsigned i = 0; i < connections; i++) {
		int fd = next_connection(listener);

		if (fd < 0) {
			printf("no connection\n");
			break;
		}
		serve(fd, minor, i ? script_init : scripts[s].run);
	}
	res = end_program(pid, SIGTERM);
	unlink(path);
	rmdir(dir);
	printf("exit: %d\n", res);
	return wrong ? FAILED : res;
}
