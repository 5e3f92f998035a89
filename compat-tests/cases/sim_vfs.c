/* sim_vfs.c - the simulated kernel's process: clients, files, nodes. */
#include "sim_vfs.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

struct sk *kern;
static int device = -1, listener = -1;
/* Guards nodes, files and the ids of the next request. Nothing waits while it is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct knode *nodes[1024];
static struct kfile *files;
static uint32_t next_file = 1;
static atomic_int conns;
static _Atomic signed char enosys[WIRE_COPY_FILE_RANGE_64 + 1];

/* --- requests ------------------------------------------------------------------------------------
 */

static bool hung_up_or_signalled(struct conn *c, bool *hup)
{
	char byte;
	ssize_t n;

	if (*hup || c->fd < 0)
		return false;
	n = recv(c->fd, &byte, 1, MSG_DONTWAIT);
	*hup = n == 0;
	return n == 0 || n == 1;
}

static long submit(struct conn *c, const struct sk_call *call, struct sk_req **req)
{
	struct sk_call sent = *call;
	long r;

	sent.out = NULL;
	pthread_mutex_lock(&lock);
	sk_set_ids(kern, c->req.uid, c->req.gid, c->req.pid);
	r = sk_submit(kern, req, sk_call(kern, &sent));
	pthread_mutex_unlock(&lock);
	return r;
}

struct sk_req *kcall_send(struct conn *c, const struct sk_call *call)
{
	struct sk_req *req = NULL;

	submit(c, call, &req);
	return req;
}

long kcall(struct conn *c, const struct sk_call *call)
{
	struct sk_req *req = NULL;
	bool hup = false;
	size_t len = 0;
	const void *body;
	const struct core_wire_op *op = core_wire_op(call->opcode);
	long r;

	if (op && op->minor > sk_minor(kern))
		return not_here(c, "an operation that this protocol minor does not have");
	r = submit(c, call, &req);
	if (!req)
		return r;
	while ((r = sk_wait(kern, req, 5)) == -ETIMEDOUT)
		if (hung_up_or_signalled(c, &hup))
			sk_interrupt(kern, req);
	body = r ? NULL : sk_reply(req, &len);
	if (call->out) {
		memset(call->out, 0, call->out_size);
		if (body)
			memcpy(call->out, body, len < call->out_size ? len : call->out_size);
	}
	sk_req_free(kern, req);
	return r ? r : (long)len;
}

long kcall_or(struct conn *c, const struct sk_call *call, long instead)
{
	long r = atomic_load(&enosys[call->opcode]) ? -ENOSYS : kcall(c, call);

	if (r != -ENOSYS)
		return r;
	atomic_store(&enosys[call->opcode], 1);
	return instead;
}

long not_here(struct conn *c, const char *why)
{
	c->na = why;
	return SIM_NA;
}

/* --- nodes
 * ---------------------------------------------------------------------------------------- */

static struct knode *node_find_locked(uint64_t id)
{
	struct knode *n = nodes[id % 1024];

	while (n && n->id != id)
		n = n->next;
	if (!n) {
		n = calloc(1, sizeof(*n));
		n->id = id;
		pthread_rwlock_init(&n->names, NULL);
		n->next = nodes[id % 1024];
		nodes[id % 1024] = n;
	}
	return n;
}

struct knode *node_get(uint64_t id)
{
	pthread_mutex_lock(&lock);
	struct knode *n = node_find_locked(id);
	pthread_mutex_unlock(&lock);
	return n;
}

void node_learn(uint64_t id, const struct wire_attr *attr)
{
	struct knode *n = node_get(id);

	n->mode = attr->mode;
	n->nlink = attr->nlink;
	n->size = attr->size;
	n->gone = false;
}

/*
 * Linux evicts what has no name and no user. A system call under way may be about to use a node:
 * forgetting waits for a moment without any.
 */
static pthread_rwlock_t calls = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int to_forget;

static void forget_unused(void)
{
	if (!atomic_load(&to_forget) || pthread_rwlock_trywrlock(&calls))
		return;
	atomic_store(&to_forget, 0);
	for (size_t i = 0; i < 1024; i++)
		for (struct knode *n = nodes[i]; n; n = n->next) {
			uint64_t lookups = n->gone && !n->opens ? sk_nlookup(kern, n->id) : 0;

			if (lookups)
				sk_forget(kern, n->id, lookups);
		}
	pthread_rwlock_unlock(&calls);
}

static void look_if_unused(const struct knode *n)
{
	if (n->gone && !n->opens)
		atomic_store(&to_forget, 1);
}

void node_opened(uint64_t id, int by)
{
	struct knode *n = node_get(id);

	pthread_mutex_lock(&lock);
	n->opens += by;
	pthread_mutex_unlock(&lock);
	look_if_unused(n);
}

void node_unlinked(struct conn *c, uint64_t id)
{
	struct knode *n = node_get(id);

	(void)c;
	if (n->nlink)
		n->nlink--;
	n->gone = S_ISDIR(n->mode) || !n->nlink;
	look_if_unused(n);
}

int knode_getattr(struct conn *c, uint64_t id, const uint64_t *fh, struct wire_attr *attr)
{
	struct wire_getattr_in in = {.getattr_flags = fh ? 1 : 0, .fh = fh ? *fh : 0};
	struct wire_attr_out out;
	long r = kcall(c, CALL(GETATTR, id, .in = &in, TO(&out)));

	if (r < 0)
		return (int)r;
	node_learn(id, &out.attr);
	*attr = out.attr;
	return 0;
}

/* --- replies
 * -------------------------------------------------------------------------------------- */

long reply_data(struct conn *c, const void *data, size_t len)
{
	c->out = malloc(len + 1);
	memcpy(c->out, data, len);
	c->rep.data_len = (uint32_t)len;
	return 0;
}

struct kfile *file_new(struct conn *c, uint64_t nodeid)
{
	struct kfile *f = calloc(1, sizeof(*f));
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		free(f);
		return NULL;
	}
	f->tie = pair[0];
	f->nodeid = nodeid;
	f->uid = c->req.uid;
	f->gid = c->req.gid;
	f->pid = c->req.pid;
	c->new_fd = pair[1];
	node_opened(nodeid, 1);
	pthread_mutex_lock(&lock);
	f->id = next_file++;
	f->next = files;
	files = f;
	pthread_mutex_unlock(&lock);
	c->rep.file = f->id;
	return f;
}

static struct kfile *find_locked(uint32_t id)
{
	struct kfile *f = files;

	while (f && f->id != id)
		f = f->next;
	return f;
}

struct kfile *file_find(uint32_t id)
{
	pthread_mutex_lock(&lock);
	struct kfile *f = find_locked(id);
	pthread_mutex_unlock(&lock);
	return f;
}

static struct kfile *file_use(uint32_t id)
{
	struct kfile *f;

	pthread_mutex_lock(&lock);
	f = find_locked(id);
	if (f)
		f->users++;
	pthread_mutex_unlock(&lock);
	return f;
}

static void file_unuse(struct kfile *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&lock);
	f->users--;
	pthread_mutex_unlock(&lock);
}

/* --- clients
 * -------------------------------------------------------------------------------------- */

void kernel_serve(struct conn *c)
{
	static long (*const table[SIM_OPS])(struct conn *) = {
		[SIM_STAT] = sim_stat,
		[SIM_FSTAT] = sim_fstat,
		[SIM_OPEN] = sim_open,
		[SIM_FLUSH] = sim_flush,
		[SIM_CLOSED] = sim_closed,
		[SIM_READ] = sim_read,
		[SIM_WRITE] = sim_write,
		[SIM_SEEK] = sim_seek,
		[SIM_GETDENTS] = sim_getdents,
		[SIM_MKNOD] = sim_mknod,
		[SIM_MKDIR] = sim_mkdir,
		[SIM_UNLINK] = sim_unlink,
		[SIM_SYMLINK] = sim_symlink,
		[SIM_READLINK] = sim_readlink,
		[SIM_RENAME] = sim_rename,
		[SIM_LINK] = sim_link,
		[SIM_CHMOD] = sim_chmod,
		[SIM_CHOWN] = sim_chown,
		[SIM_TRUNCATE] = sim_truncate,
		[SIM_UTIMENS] = sim_utimens,
		[SIM_ACCESS] = sim_access,
		[SIM_STATFS] = sim_statfs,
		[SIM_FSYNC] = sim_fsync,
		[SIM_SETXATTR] = sim_setxattr,
		[SIM_GETXATTR] = sim_getxattr,
		[SIM_LISTXATTR] = sim_getxattr,
		[SIM_REMOVEXATTR] = sim_removexattr,
		[SIM_LOCK] = sim_lock,
		[SIM_FLOCK] = sim_flock,
		[SIM_FALLOCATE] = sim_fallocate,
		[SIM_COPY] = sim_copy,
		[SIM_IOCTL] = sim_ioctl,
		[SIM_POLL] = sim_poll,
	};

	c->rep = (struct sim_rep){0};
	c->file = c->req.file ? file_use(c->req.file) : NULL;
	c->other = c->req.other ? file_use(c->req.other) : NULL;
	if ((c->req.file && !c->file) || (c->req.other && !c->other))
		c->rep.ret = -EBADF;
	else if (c->req.op >= SIM_OPS || !table[c->req.op])
		c->rep.ret = -ENOSYS;
	else {
		pthread_rwlock_rdlock(&calls);
		c->rep.ret = table[c->req.op](c);
		/* as Linux: the path is walked once more */
		if (c->rep.ret == -ESTALE && c->req.path_len)
			c->rep.ret = table[c->req.op](c);
		pthread_rwlock_unlock(&calls);
	}
	if (c->rep.ret == SIM_NA)
		reply_data(c, c->na, strlen(c->na) + 1);
	/* without the mount Linux says so in these words; the library's end closed means the same
	 */
	if (c->rep.ret == -ENOTCONN && c->rep.data_len)
		c->rep.data_len = 0;
	file_unuse(c->file);
	file_unuse(c->other);
	forget_unused();
}

static bool read_all(int fd, void *buf, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, buf, len, MSG_WAITALL);

		if (n <= 0)
			return false;
		buf = (char *)buf + n;
		len -= (size_t)n;
	}
	return true;
}

static bool next_request(struct conn *c)
{
	do {
		if (!read_all(c->fd, &c->req, 1))
			return false;
	} while (c->req.mark == 'I');
	if (!read_all(c->fd, (char *)&c->req + 1, sizeof(c->req) - 1))
		return false;
	c->path = calloc(1, c->req.path_len + 1UL);
	c->path2 = calloc(1, c->req.path2_len + 1UL);
	c->data = calloc(1, c->req.data_len + 1UL);
	return read_all(c->fd, c->path, c->req.path_len) &&
	       read_all(c->fd, c->path2, c->req.path2_len) &&
	       read_all(c->fd, c->data, c->req.data_len);
}

static bool send_reply(struct conn *c)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&c->rep, sizeof(c->rep)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t sent = 0;

	if (c->new_fd >= 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		*h = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(h), &c->new_fd, sizeof(int));
	}
	bool ok = sendmsg(c->fd, &m, MSG_NOSIGNAL) == sizeof(c->rep);
	while (ok && sent < c->rep.data_len) {
		ssize_t n = send(c->fd, c->out + sent, c->rep.data_len - sent, MSG_NOSIGNAL);

		ok = n > 0;
		sent += ok ? (size_t)n : 0;
	}
	return ok;
}

static void *conn_main(void *arg)
{
	struct conn *c = arg;
	bool ok = true;

	while (ok && next_request(c)) {
		c->out = NULL;
		c->new_fd = -1;
		kernel_serve(c);
		ok = send_reply(c);
		if (c->new_fd >= 0)
			close(c->new_fd);
		free(c->path);
		free(c->path2);
		free(c->data);
		free(c->out);
	}
	close(c->fd);
	free(c);
	atomic_fetch_sub(&conns, 1);
	return NULL;
}

static void accept_conn(void)
{
	struct conn *c = calloc(1, sizeof(*c));
	pthread_t t;

	c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	atomic_fetch_add(&conns, 1);
	if (c->fd < 0 || pthread_create(&t, NULL, conn_main, c)) {
		atomic_fetch_sub(&conns, 1);
		free(c);
		return;
	}
	pthread_detach(t);
}

struct releasing {
	struct kfile *f;
	struct sk_req *req;
};

/* The answer to RELEASE is waited for, if only to have nothing of it left at the end. */
static void *release_main(void *arg)
{
	struct releasing *r = arg;

	if (r->req) {
		sk_wait(kern, r->req, 0);
		sk_req_free(kern, r->req);
	}
	node_opened(r->f->nodeid, -1);
	forget_unused();
	free(r->f->path.id);
	free(r->f);
	free(r);
	atomic_fetch_sub(&conns, 1);
	return NULL;
}

/* If its last descriptor is closed, and nobody is in a system call with it. */
static void release_if_closed(int tie, uint32_t id)
{
	struct kfile **at, *f = NULL;
	struct releasing *r;
	pthread_t t;

	pthread_mutex_lock(&lock);
	for (at = &files; *at && (id ? (*at)->id != id : (*at)->tie != tie); at = &(*at)->next)
		;
	if (*at && !(*at)->users) {
		struct pollfd p = {.fd = (*at)->tie};

		if (poll(&p, 1, 0) > 0) {
			f = *at;
			*at = f->next;
			atomic_fetch_add(&conns, 1);
		}
	}
	pthread_mutex_unlock(&lock);
	if (!f)
		return;
	close(f->tie);
	r = malloc(sizeof(*r));
	*r = (struct releasing){f, file_release(f)};
	if (pthread_create(&t, NULL, release_main, r))
		release_main(r);
	else
		pthread_detach(t);
}

long sim_closed(struct conn *c)
{
	release_if_closed(-1, (uint32_t)c->req.a);
	return 0;
}

/* Those of processes that have ended. */
static void release_closed(const struct pollfd *p, int n)
{
	for (int i = 1; i < n; i++)
		if (p[i].revents)
			release_if_closed(p[i].fd, 0);
}

static int fill_poll(struct pollfd **p)
{
	int n = 1;

	pthread_mutex_lock(&lock);
	for (struct kfile *f = files; f; f = f->next)
		n++;
	*p = realloc(*p, (size_t)n * sizeof(**p));
	(*p)[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	n = 1;
	for (struct kfile *f = files; f; f = f->next)
		(*p)[n++] = (struct pollfd){.fd = f->tie, .events = 0};
	pthread_mutex_unlock(&lock);
	return n;
}

static void take_notifications(void)
{
	struct sk_notification *n;

	while ((n = sk_notification(kern, 0))) {
		if (n->code == WIRE_NOTIFY_POLL) {
			uint64_t kh;

			memcpy(&kh, n->data, sizeof(kh));
			pthread_mutex_lock(&lock);
			for (struct kfile *f = files; f; f = f->next)
				if (f->id == kh)
					f->polled++;
			pthread_mutex_unlock(&lock);
		} else if (n->code == WIRE_NOTIFY_RETRIEVE) {
			/* there is no page cache: nothing of it is there */
			sk_notify_reply(kern, (void *)n->data, NULL, 0);
		}
		free(n);
	}
}

static void work(void)
{
	struct pollfd *p = NULL;
	bool stop = false;

	for (int left = 4000; left;) {
		int n = fill_poll(&p);

		poll(p, (nfds_t)n, 2);
		if (p[0].revents)
			accept_conn();
		release_closed(p, n);
		take_notifications();
		stop = stop || atomic_load(&T->sim_stop);
		/* at the end everybody's descriptors are closed, and what was asked is answered */
		if (stop && !files && !atomic_load(&conns))
			break;
		left -= stop;
	}
	free(p);
}

/* What a kernel would not have taken. */
static void judge_books(void)
{
	char text[1800] = "";
	int n = sk_end(kern);

	for (int i = 0; i < n && strlen(text) < 1500; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "; " : "",
			 sk_violation(kern, i));
	if (n && !t_this->violates)
		t_case_failed("the kernel's books: %s", text);
	if (t_this->violates && !strstr(text, t_this->violates))
		t_case_failed("the kernel's books should show \"%s\", they show \"%s\"",
			      t_this->violates, text);
}

int t_sim_prepare(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fds[2], r = sk_socketpair(fds);

	if (r)
		return r;
	device = fds[0];
	T->sim_fd = dup(fds[1]); /* goes through the server's start as /dev/fuse does */
	close(fds[1]);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/kernel", T->dir);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 200) ||
	    chmod(addr.sun_path, 0777))
		return -errno;
	return 0;
}

bool sim_server;

void t_sim_close(void)
{
	sim_server = true;
	close(device);
	close(listener);
}

void t_sim_kernel(void)
{
	struct rlimit many = {65536, 65536};
	struct sk_config config = {.minor = t_this->minor ? t_this->minor : (unsigned)T->sim_minor,
				   .caps = t_this->caps ? t_this->caps : T->sim_caps,
				   .timeout_ms = 6000};
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "kernel");
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &many);
	kern = sk_new_socket(device, &config);
	if (!t_this->sim) {
		r = sk_init(kern);
		if (r && r != -ENOTCONN)
			t_case_failed("INIT: %s", strerror(-r));
		atomic_store(&T->sim_ready, r ? -1 : 1);
		work();
	} else {
		atomic_store(&T->sim_ready, 1);
		t_this->sim(kern);
	}
	judge_books();
	sk_free(kern);
	_exit(0);
}
