/* supervise.c - see supervise.h and conform.h for who is who. */
#include "heap.h"
#include "scene.h"
#include "sim.h"
#include "supervise.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void add_stacks(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void add_stacks(const char *fmt, ...)
{
	size_t n = strlen(T->stacks);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(T->stacks + n, sizeof(T->stacks) - n, fmt, ap);
	va_end(ap);
}

static void add_file(const char *path)
{
	char buf[2048], *line, *save;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	buf[n] = 0;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		add_stacks("      %s\n", line);
}

/* By gdb or eu-stack, where there is one; CONFORM_GDB=0 goes without. */
static void add_backtraces(int pid)
{
	const char *want = getenv("CONFORM_GDB");
	char cmd[200], line[256];
	FILE *f;

	if (want && !strcmp(want, "0"))
		return;
	snprintf(cmd, sizeof(cmd),
		 "{ timeout 20 gdb -p %d -batch -ex 'thread apply all bt 20' || "
		 "timeout 20 eu-stack -n 20 -p %d; } </dev/null 2>/dev/null",
		 pid, pid);
	f = popen(cmd, "re");
	while (f && fgets(line, sizeof(line), f))
		if (*line == '#' || strncmp(line, "Thread", 6) == 0 || strncmp(line, "TID", 3) == 0)
			add_stacks("      %s", line);
	if (f)
		pclose(f);
}

/* Where every thread of every process of this namespace is. */
static void record_stacks(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc))) {
		char path[512];
		int pid = atoi(e->d_name);

		if (pid <= 1)
			continue;
		add_stacks("  process %d%s\n", pid, pid == T->server ? " (the server)" : "");
		snprintf(path, sizeof(path), "/proc/%d/task", pid);
		DIR *tasks = opendir(path);
		struct dirent *t;
		while (tasks && (t = readdir(tasks))) {
			if (*t->d_name == '.')
				continue;
			add_stacks("    thread %s\n", t->d_name);
			snprintf(path, sizeof(path), "/proc/%d/task/%.20s/wchan", pid, t->d_name);
			add_file(path);
			snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stack", pid, t->d_name);
			add_file(path);
		}
		if (tasks)
			closedir(tasks);
		if (pid == T->server && !T->known)
			add_backtraces(pid);
	}
	if (proc)
		closedir(proc);
}

static int count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 3 /* ".", "..", and the descriptor of this listing or our own thread's slot */;
}

/* --- the server's process ------------------------------------------------------------------------
 */

static int build_argv(char **argv)
{
	static char opts[1024], words[1024], device[32];
	int argc = 0;
	char *save;

	argv[argc++] = (char *)"conform";
	argv[argc++] = (char *)"-f";
	if (T->mode_s)
		argv[argc++] = (char *)"-s";
	snprintf(opts, sizeof(opts), "%s%s%s%s%s",
		 t_this->raw || t_this->ll ? ""
					   : ",attr_timeout=0,entry_timeout=0,negative_timeout=0",
		 t_this->opts ? "," : "", t_this->opts ? t_this->opts : "",
		 t_this->fuseblk ? ",blkdev,fsname=" : "", t_this->fuseblk ? T->blk : "");
	if (*opts) {
		argv[argc++] = (char *)"-o";
		argv[argc++] = opts + 1;
	}
	snprintf(words, sizeof(words), "%s", t_this->args ? t_this->args : "");
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	snprintf(device, sizeof(device), "/dev/fd/%d", T->sim_fd);
	if (!T->sim)
		argv[argc++] = T->mnt;
	else if (FUSE_API == 3)
		argv[argc++] = device; /* FUSE 2: see t_sim_main() */
	argv[argc] = NULL;
	return argc;
}

/* ThreadSanitizer has one of its own from a fork on, and another from the first thread on. */
#ifdef __SANITIZE_THREAD__
enum { SANITIZER_THREADS = 2 };
#else
enum { SANITIZER_THREADS = 0 };
#endif

static void server_process(void)
{
	char *argv[40], text[600] = "";
	int argc = build_argv(argv), ret;
	size_t blocks;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "server");
	dup2(T->log_fd, 1);
	dup2(T->log_fd, 2);
	setvbuf(stdout, NULL, _IOLBF, 0);
	t_become_server_user();
	if (T->sim)
		t_sim_close();
	T->fds_before = count_entries("/proc/self/fd");
	heap_watch();
	if (t_this->server)
		ret = t_this->server(argc, argv);
	else if (t_this->ll)
		ret = t_ll_server(argc, argv);
	else
		ret = t_path_server(argc, argv);
	fflush(NULL);
	/* threads that were told to end may take a moment to do so, and keep what they work with */
	for (long i = t_patience(500); i > 0; i--) {
		T->threads_after = count_entries("/proc/self/task") + 1 - SANITIZER_THREADS;
		if (T->threads_after <= 1)
			break;
		usleep(1000);
	}
	blocks = heap_left(text, sizeof(text));
	T->fds_after = count_entries("/proc/self/fd");
	if (!t_this->may_leak) {
		if (T->fds_after > T->fds_before)
			t_server_fail("descriptors leaked: %d before, %d after", T->fds_before,
				      T->fds_after);
		if (T->threads_after > 1)
			t_server_fail("%d threads left after the end of the file system",
				      T->threads_after - 1);
		if (blocks && !t_this->may_keep)
			t_server_fail("memory leaked: %zu blocks: %s", blocks, text);
	}
	_exit(ret);
}

static void client_process(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "client");
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	if (chdir("/"))
		_exit(3);
	if (T->sim)
		t_sim_client();
	if (t_this->client)
		t_this->client();
	_exit(0);
}

/* --- the supervisor
 * ------------------------------------------------------------------------------- */

static pid_t client, kernel;
static int client_ended, client_status, kernel_ended;

static void reap_all(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == T->server) {
			T->server_status = status;
			atomic_store(&T->server_ended, 1);
		} else if (pid == client) {
			client_status = status;
			client_ended = 1;
		} else if (pid == kernel) {
			kernel_ended = 1;
			if (WIFSIGNALED(status))
				t_case_failed("the simulated kernel was killed by signal %d",
					      WTERMSIG(status));
		}
	}
}

static bool server_ended_within(long ms)
{
	for (long end = t_now_ms() + t_patience(ms); !atomic_load(&T->server_ended); usleep(500)) {
		reap_all();
		if (t_now_ms() > end)
			return false;
	}
	return true;
}

static void note_mount(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	unsigned dev;

	while (f && fgets(line, sizeof(line), f)) {
		char point[200];

		if (sscanf(line, "%*d %*d 0:%u %*s %199s", &dev, point) == 2 &&
		    !strcmp(point, T->mnt))
			T->dev = dev;
	}
	if (f)
		fclose(f);
}

static void abort_connection(void)
{
	char path[100];
	int fd;

	/* once it is unmounted, the number is somebody else's */
	T->dev = 0;
	note_mount();
	if (!T->dev)
		return;
	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort", T->dev);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		close(fd);
	}
}

/* RELEASE is sent in the background: unmounting would throw away those still queued. */
static void wait_until_idle(void)
{
	char path[100], buf[16];

	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/waiting", T->dev);
	for (long i = t_patience(1000); i > 0; i--, usleep(1000)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);

		if (fd >= 0)
			close(fd);
		if (n <= 0 || atoi(buf) == 0)
			return;
	}
}

/* A zombie has closed its files. */
static bool runs(int pid)
{
	char path[40], buf[512] = "", *state;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	state = n > 0 ? strrchr(buf, ')') : NULL;
	return state && !strchr("ZX", state[2]);
}

/* True: some of them are not gone yet. */
static bool kill_others(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	bool any = false;

	while (proc && (e = readdir(proc))) {
		int pid = atoi(e->d_name);

		if (pid > 1 && pid != T->server && pid != kernel && runs(pid)) {
			kill(pid, SIGKILL);
			any = true;
		}
	}
	if (proc)
		closedir(proc);
	return any;
}

/* What they had open is released: the requests for that are on their way. */
static void kill_all_but_server(void)
{
	for (long end = t_now_ms() + t_patience(1000); kill_others() && t_now_ms() < end;)
		usleep(500);
	reap_all();
}

static void end_by_force(void)
{
	record_stacks();
	abort_connection();
	kill_all_but_server();
	umount2(T->mnt, MNT_DETACH);
	if (kernel)
		kill(kernel, SIGKILL);
	if (!server_ended_within(2000)) {
		kill(T->server, SIGKILL);
		server_ended_within(2000);
	}
}

static void judge_server(void)
{
	int s = T->server_status;

	if (t_this->any_exit)
		return;
	if (WIFSIGNALED(s))
		t_case_failed("the server was killed by signal %d (%s)", WTERMSIG(s),
			      strsignal(WTERMSIG(s)));
	else if (WEXITSTATUS(s) != t_this->exit_status)
		t_case_failed("the server's exit status is %d, expected %d", WEXITSTATUS(s),
			      t_this->exit_status);
}

static void unmount_and_end(void)
{
	if (t_mounted()) {
		note_mount();
		wait_until_idle();
		if (umount2(T->mnt, 0) && errno == EBUSY) {
			/* what the case has left running */
			kill_all_but_server();
			wait_until_idle();
			for (long i = t_patience(1000);
			     i > 0 && umount2(T->mnt, 0) && errno == EBUSY; i -= 5)
				usleep(5000);
		}
		if (t_mounted()) {
			t_case_failed("the mount is still busy at the end");
			end_by_force();
			return;
		}
	}
	int ms = t_this->end_ms ? t_this->end_ms : 6000;
	if (!server_ended_within(ms)) {
		t_case_failed("the server did not end within %ld ms of the unmount",
			      t_patience(ms));
		end_by_force();
		return;
	}
	judge_server();
}

/* The simulated kernel ends, having looked through its books. */
static void end_kernel(void)
{
	kill_all_but_server();
	atomic_store(&T->sim_stop, 1);
	for (long end = t_now_ms() + t_patience(12000); !kernel_ended; usleep(500)) {
		reap_all();
		if (t_now_ms() > end) {
			t_case_failed("the simulated kernel waits for the library");
			end_by_force();
			return;
		}
	}
	if (!server_ended_within(t_this->end_ms ? t_this->end_ms : 6000)) {
		t_case_failed("the server did not end with its kernel");
		end_by_force();
		return;
	}
	judge_server();
}

static bool up(void)
{
	return T->sim ? atomic_load(&T->sim_ready) : t_mounted();
}

/* The server, and what it is mounted on. False: it did not come up. */
static bool start_server(void)
{
	pid_t pid = fork();

	if (!pid)
		server_process();
	T->server = pid;
	if (T->sim)
		close(T->sim_fd); /* the library's end is the server's alone */
	if (T->sim && !(kernel = fork()))
		t_sim_kernel();
	for (long end = t_now_ms() + t_patience(5000); !up() && !t_this->no_mount; usleep(500)) {
		reap_all();
		/* The client may find that the case is about the mount, and so does not apply. */
		if (atomic_load(&T->server_ended) && T->sim)
			break;
		if (atomic_load(&T->server_ended)) {
			t_case_failed("the server ended (status 0x%x) without mounting",
				      T->server_status);
			return false;
		}
		if (t_now_ms() > end) {
			t_case_failed("not mounted within %ld ms", t_patience(5000));
			end_by_force();
			return false;
		}
	}
	note_mount();
	return true;
}

static void run_case(void)
{
	int limit = t_this->timeout ? t_this->timeout : 20;
	long end;

	if (limit < 20 && !T->known && !t_this->expect)
		limit = 20; /* the shorter one is for libraries that are known to hang */
	if (job_limit && limit > job_limit)
		limit = job_limit;
	if (!start_server())
		return;
	client = fork();
	if (!client)
		client_process();
	for (end = t_now_ms() + limit * 1000L; !client_ended; usleep(500)) {
		reap_all();
		/* a client that has failed may be stuck in its own exit */
		if (atomic_load(&T->failed) && end > t_now_ms() + 1000)
			end = t_now_ms() + 1000;
		if (t_now_ms() > end) {
			t_case_failed("timeout: the client was not done within %d s", limit);
			end_by_force();
			return;
		}
	}
	if (WIFSIGNALED(client_status))
		t_case_failed("the client was killed by signal %d (%s)", WTERMSIG(client_status),
			      strsignal(WTERMSIG(client_status)));
	else if (WEXITSTATUS(client_status) && !atomic_load(&T->failed) && !*T->skip)
		t_case_failed("the client ended with %d", WEXITSTATUS(client_status));
	reap_all();
	/* The connection ends before the process that had it does. */
	if (atomic_load(&T->failed) &&
	    (strstr(T->msg, strerror(ENOTCONN)) || strstr(T->msg, strerror(ECONNABORTED))))
		server_ended_within(1000);
	if (atomic_load(&T->server_ended) && WIFSIGNALED(T->server_status)) {
		/* this, not what the client saw of it, is the news */
		if (!t_this->any_exit && atomic_load(&T->failed)) {
			char first[1500];

			snprintf(first, sizeof(first), "%.1400s", T->msg);
			atomic_store(&T->failed, 0);
			t_case_failed("the server was killed by signal %d (%s); %s",
				      WTERMSIG(T->server_status),
				      strsignal(WTERMSIG(T->server_status)), first);
		}
	}
	if (T->sim)
		end_kernel();
	else
		unmount_and_end();
}

/* --- the kernel log
 * ------------------------------------------------------------------------------- */

static int kmsg = -1;

static void open_kernel_log(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
}

/*
 * What fails a case: trouble of the kernel's own. What it says of FUSE may be about anybody's mount
 * on this machine; the runner shows it at the end.
 */
static bool alarms(const char *text)
{
	static const char *const alarming[] = {"BUG:", "WARNING:", "Oops", "refcount",
					       "INFO: task"};

	/* the self-test of this runs beside others */
	if (!strcmp(t_this->name, "self.kernel-log"))
		return strstr(text, "conform: fuse") != NULL;
	for (size_t i = 0; i < sizeof(alarming) / sizeof(*alarming); i++)
		if (strstr(text, alarming[i]))
			return true;
	return false;
}

/* What the kernel says while a case runs. */
static void read_kernel_log(void)
{
	char buf[8192];
	ssize_t n;

	while (kmsg >= 0 && ((n = read(kmsg, buf, sizeof(buf) - 1)) > 0 || errno == EPIPE)) {
		if (n <= 0)
			continue;
		buf[n] = 0;
		char *text = strchr(buf, ';');
		if (!text)
			continue;
		text[strcspn(text, "\n")] = 0;
		if (alarms(text))
			t_case_failed(
				"in the kernel log, of this case or of one at the same time: %s",
				text + 1);
	}
}

static int prepare(const struct job *j)
{
	int r;

	if (mount("proc", "/proc", "proc", 0, NULL))
		return -errno;
	if (mount("conform", j->dir, "tmpfs", 0, "mode=755,size=512m"))
		return -errno;
	snprintf(T->dir, sizeof(T->dir), "%s", j->dir);
	snprintf(T->mnt, sizeof(T->mnt), "%s/mnt", j->dir);
	snprintf(T->src, sizeof(T->src), "%s/src", j->dir);
	if (mkdir(T->mnt, 0755) || mkdir(T->src, 0755))
		return -errno;
	if (access("/sys/fs/fuse/connections", X_OK) == 0)
		/* a file system of the whole machine; mounting it once more is harmless */
		mount("fusectl", "/sys/fs/fuse/connections", "fusectl", 0, NULL);
	r = t_scene_set();
	if (!r && T->sim)
		r = t_sim_prepare();
	return r;
}

static void supervisor(const struct job *j)
{
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(022);
	r = prepare(j);
	if (r)
		t_case_failed("cannot set the scratch directory up: %s", strerror(-r));
	open_kernel_log();
	if (!r && !*T->skip)
		run_case();
	read_kernel_log();
	t_scene_strike();
	_exit(0); /* process 1 of its namespace: takes everybody with it */
}

int job_limit;

int job_start(struct job *j, const struct t_case *c, int mode_s, const struct kernel *k)
{
	const char *tmp = getenv("TMPDIR");

	*j = (struct job){.c = c, .mode_s = mode_s, .started_ms = t_now_ms()};
	/* The name of the socket of the simulated kernel has to fit into 108 bytes. */
	if (!tmp || strlen(tmp) > sizeof(j->dir) - sizeof("/conform.XXXXXX"))
		tmp = "/tmp";
	snprintf(j->dir, sizeof(j->dir), "%s/conform.XXXXXX", tmp);
	if (!mkdtemp(j->dir))
		return -errno;
	j->shm = mmap(NULL, sizeof(*j->shm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (j->shm == MAP_FAILED)
		return -errno;
	j->log_fd = memfd_create("log", MFD_CLOEXEC);
	j->shm->mode_s = mode_s;
	j->shm->known = k->known;
	j->shm->sim = k->sim;
	j->shm->sim_minor = k->minor;
	j->shm->sim_caps = k->caps;
	j->shm->log_fd = j->log_fd;
	fflush(NULL);
	j->pid = fork();
	if (j->pid < 0)
		return -errno;
	if (j->pid)
		return 0;

	/* from here on: the job's own process */
	struct rlimit no_core = {0, 0};
	pid_t init;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	T = j->shm;
	t_this = c;
	setrlimit(RLIMIT_CORE, &no_core);
	if (unshare(CLONE_NEWNS | CLONE_NEWPID) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		t_case_failed("cannot make a mount namespace: %s (run as root)", strerror(errno));
		_exit(0);
	}
	init = fork();
	if (!init)
		supervisor(j);
	/* the last resort, should the supervisor itself hang */
	int limit = (c->timeout > 20 ? c->timeout : 20) + 100;
	for (long end = t_now_ms() + limit * 1000L; waitpid(init, NULL, WNOHANG) == 0; usleep(1000))
		if (t_now_ms() > end) {
			t_case_failed("the supervisor hung");
			kill(init, SIGKILL);
			waitpid(init, NULL, 0);
			break;
		}
	_exit(0);
}

void job_ended(struct job *j, int status)
{
	j->ms = t_now_ms() - j->started_ms;
	if (WIFSIGNALED(status) && !atomic_load(&j->shm->failed)) {
		snprintf(j->shm->msg, sizeof(j->shm->msg), "the job was killed by signal %d",
			 WTERMSIG(status));
		atomic_store(&j->shm->failed, 1);
	}
	/* empty: the tmpfs went with the namespace */
	rmdir(j->dir);
}

void job_free(struct job *j)
{
	if (j->shm)
		munmap(j->shm, sizeof(*j->shm));
	if (j->log_fd > 0)
		close(j->log_fd);
	j->shm = NULL;
}
