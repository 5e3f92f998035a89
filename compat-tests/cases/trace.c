/* trace.c - what the server records and the orders it takes (server side of `T`). */
#include "conform.h"

#include <pthread.h>
#include <stdarg.h>
#include <sys/syscall.h>

const char *const t_op_name[OP_MAX] = {
#define T_OP_NAME(name) [OP_##name] = #name,
	T_OPS(T_OP_NAME)
#undef T_OP_NAME
};

struct t_shm *T;
const struct t_case *t_this;

bool t_word_in(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p && (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

void t_select(void *ops, const struct t_field *fields, size_t count, const struct t_case *c)
{
	for (size_t i = 0; i < count; i++)
		if ((c->only && !t_word_in(c->only, fields[i].name)) ||
		    t_word_in(c->without, fields[i].name))
			*(void **)((char *)ops + fields[i].offset) = NULL;
}

/* The first failure is the case's: it alone is kept. */
static void __attribute__((format(printf, 2, 0)))
failed_with(const char *where, const char *fmt, va_list ap)
{
	int none = 0, n;

	if (!atomic_compare_exchange_strong(&T->failed, &none, 2))
		return;
	n = snprintf(T->msg, sizeof(T->msg), "%s", where);
	vsnprintf(T->msg + n, sizeof(T->msg) - (size_t)n, fmt, ap);
	atomic_store(&T->failed, 1);
}

void t_server_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	failed_with("in the server: ", fmt, ap);
	va_end(ap);
}

void t_case_failed(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	failed_with("", fmt, ap);
	va_end(ap);
}

static int blocked_until(struct t_knob *k)
{
	int ret = 0;

	atomic_fetch_add(&k->blocked, 1);
	while (atomic_load(&k->block)) {
		if (t_fuse && fuse_interrupted()) {
			ret = -EINTR;
			break;
		}
		/* the signal of `intr` ends the sleep early */
		usleep(2000);
	}
	atomic_fetch_sub(&k->blocked, 1);
	return ret;
}

/* As long as it says, or until it says less. */
static void delayed(struct t_knob *k)
{
	long start, left;

	if (!atomic_load(&k->delay_ms))
		return;
	start = t_now_ms();
	while ((left = start + atomic_load(&k->delay_ms) - t_now_ms()) > 0)
		usleep((useconds_t)(left < 20 ? left : 20) * 1000);
}

bool t_begin(struct t_call *c, enum t_op op, const struct fuse_ctx *ctx, uint64_t fh,
	     const char *path, const char *fmt, ...)
{
	struct t_knob *k = &T->knob[op];
	unsigned slot = atomic_fetch_add(&T->nevents, 1);

	c->op = op;
	c->ev = NULL;
	c->ret = 0;
	atomic_fetch_add(&T->count[op], 1);
	if (slot < T_EVENTS) {
		struct t_event *e = c->ev = &T->ev[slot];
		size_t n = 0;
		va_list ap;

		e->op = op;
		e->tid = (int)syscall(SYS_gettid);
		if (ctx) {
			e->uid = (int)ctx->uid;
			e->gid = (int)ctx->gid;
			e->pid = ctx->pid;
			e->umask = ctx->umask;
		}
		n += (size_t)snprintf(e->text, sizeof(e->text), "%s", t_op_name[op]);
		if (fh)
			n += (size_t)snprintf(e->text + n, sizeof(e->text) - n, " fh%u",
					      (unsigned)fh);
		n += (size_t)snprintf(e->text + n, sizeof(e->text) - n, " %.150s",
				      path ? path : "-");
		va_start(ap, fmt);
		if (vsnprintf(e->text + n + 1, sizeof(e->text) - n - 1, fmt, ap) > 0)
			e->text[n] = ' ';
		va_end(ap);
		atomic_store(&e->ready, 1);
	}

	delayed(k);
	if (atomic_load(&k->block)) {
		c->ret = blocked_until(k);
		if (c->ret)
			return t_end(c, c->ret), true;
	}
	int n = atomic_load(&k->force);
	if (n) {
		if (n > 0)
			atomic_fetch_sub(&k->force, 1);
		c->ret = atomic_load(&k->value);
		return t_end(c, c->ret), true;
	}
	return false;
}

long t_end(struct t_call *c, long ret)
{
	c->ret = ret;
	if (c->ev) {
		c->ev->ret = ret;
		atomic_store(&c->ev->done, 1);
	}
	return ret;
}

/* --- commands of the client, run in a thread that is no thread of the library ----------------- */

static pthread_t command_thread;
static atomic_int command_running, command_stop;

static void *command_loop(void *arg)
{
	(void)arg;
	while (!atomic_load(&command_stop)) {
		int asked = atomic_load(&T->cmd_asked);

		if (asked == atomic_load(&T->cmd_done)) {
			usleep(1000);
			continue;
		}
		T->cmd_ret = t_this->on_command(T->cmd, T->cmd_a, T->cmd_b);
		atomic_store(&T->cmd_done, asked);
	}
	return NULL;
}

void t_command_start(void)
{
	if (t_this->on_command && !atomic_exchange(&command_running, 1))
		pthread_create(&command_thread, NULL, command_loop, NULL);
}

void t_command_stop(void)
{
	if (!atomic_exchange(&command_running, 0))
		return;
	atomic_store(&command_stop, 1);
	pthread_join(command_thread, NULL);
}
