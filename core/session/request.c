#include "core/session/session_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct core_req) <= REQ_ALIGN, "a request fits its alignment");

/*
 * Requests the program keeps are reused in the order they were answered, and not before this
 * many others were: a second answer on an old handle then meets a free object or another
 * generation, never somebody else's request.
 */
#define MIN_SPARE 64

struct core_req *core_req_bad_handle(void *handle)
{
	core_err("request handle %p is not valid any more: a request was answered twice, or used "
		 "after its answer\n", handle);
	return NULL;
}

struct core_req *req_alloc(struct core_session *se)
{
	struct core_req *req = NULL;

	pthread_mutex_lock(&se->lock);
	if (se->nspare > MIN_SPARE) {
		req = se->spare;
		se->spare = req->next;
		if (!se->spare)
			se->spare_tail = NULL;
		se->nspare--;
	}
	pthread_mutex_unlock(&se->lock);
	if (!req) {
		req = aligned_alloc(REQ_ALIGN, REQ_ALIGN);
		if (!req)
			return NULL;
		memset(req, 0, sizeof(*req));
		req->gen = 1;
		req->se = se;
		req->userdata = se->userdata;
	}
	req->next = req->prev = NULL;
	atomic_store_explicit(&req->state, 0, memory_order_relaxed);
	return req;
}

/* Under se->lock. */
static void keep(struct core_session *se, struct core_req *req)
{
	req->prev = NULL;
	req->next = se->kept;
	if (se->kept)
		se->kept->prev = req;
	se->kept = req;
}

static void unkeep(struct core_session *se, struct core_req *req)
{
	if (req->prev)
		req->prev->next = req->next;
	else
		se->kept = req->next;
	if (req->next)
		req->next->prev = req->prev;
	req->next = req->prev = NULL;
}

static void make_spare(struct core_session *se, struct core_req *req)
{
	req->next = NULL;
	if (se->spare_tail)
		se->spare_tail->next = req;
	else
		se->spare = req;
	se->spare_tail = req;
	se->nspare++;
}

bool req_claim_slow(struct core_req *req, uint32_t old)
{
	if (core_unlikely(old & (REQ_REPLIED | REQ_FREE))) {
		core_err("unique %llu (%s) is answered a second time; the second answer is "
			 "dropped\n", (unsigned long long)req->unique,
			 core_wire_op_name(req->opcode));
		return false;
	}
	if (core_unlikely(old & REQ_HAS_INTR))
		session_interrupt_cancel(req);
	return true;
}

/* Gives the object of a kept request back. Its channel lives as long as the request. */
void req_retire(struct core_req *req)
{
	struct core_session *se = req->se;
	struct core_channel *ch = req->ch;

	req->gen++;
	atomic_fetch_or_explicit(&req->state, REQ_FREE, memory_order_release);
	pthread_mutex_lock(&se->lock);
	unkeep(se, req);
	make_spare(se, req);
	pthread_mutex_unlock(&se->lock);
	core_channel_put(ch);
}

void req_kept(struct core_worker *w, struct core_req *req)
{
	struct core_session *se = w->se;
	struct core_req *fresh;
	uint32_t old;

	/* The list first: whoever answers next removes it from there. */
	fresh = req_alloc(se);
	while (!fresh) {
		struct timespec ts = { 0, 10000000 };

		core_err("out of memory for requests; waiting\n");
		nanosleep(&ts, NULL);
		fresh = req_alloc(se);
	}
	core_channel_get(req->ch);
	pthread_mutex_lock(&se->lock);
	req->w = NULL;
	w->req = fresh;
	keep(se, req);
	pthread_mutex_unlock(&se->lock);
	old = atomic_fetch_or_explicit(&req->state, REQ_DETACHED, memory_order_acq_rel);
	if (old & REQ_DONE)
		req_retire(req); /* answered meanwhile */
}

static bool answer_under_way(struct core_session *se)
{
	bool any = false;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&se->lock);

	for (struct core_req *req = se->kept; req && !any; req = req->next)
		any = atomic_load(&req->state) & REQ_REPLIED;
	return any;
}

/*
 * A thread of the program may have sent its answer and not yet put the request away, while the
 * caller who got the answer has unmounted: it takes a moment, and so do we.
 */
void req_wait_answers(struct core_session *se)
{
	struct timespec moment = { 0, 1000000 };

	for (int i = 0; i < 2000 && answer_under_way(se); i++)
		nanosleep(&moment, NULL);
}

void req_free_all(struct core_session *se)
{
	struct core_req *req;

	if (se->kept && se->got_init && !se->got_destroy)
		core_debug("session ends with unanswered requests\n");
	while ((req = se->kept)) {
		se->kept = req->next;
		core_channel_put(req->ch);
		free(req);
	}
	while ((req = se->spare)) {
		se->spare = req->next;
		free(req);
	}
	se->spare_tail = NULL;
	se->nspare = 0;
}

struct core_session *core_req_session(const struct core_req *req)
{
	return req->se;
}

const struct core_ctx *core_req_ctx(struct core_req *req)
{
	return &req->ctx;
}

bool core_req_interrupted(const struct core_req *req)
{
	return atomic_load_explicit(&req->interrupted, memory_order_acquire) == req->unique;
}

int core_req_getgroups(const struct core_req *req, int size, gid_t list[])
{
	char path[64], *line CLEANUP_FREE = NULL;
	size_t cap = 0;
	int n = -ENOENT;
	FILE *f;

	if (req->ctx.pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%lu/task/%lu/status", (unsigned long)req->ctx.pid,
		 (unsigned long)req->ctx.pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (getline(&line, &cap, f) > 0) {
		char *s = line, *end;

		if (strncmp(line, "Groups:", 7))
			continue;
		n = 0;
		for (s += 7;; s = end) {
			unsigned long gid = strtoul(s, &end, 10);

			if (end == s)
				break;
			if (n < size)
				list[n] = (gid_t)gid;
			n++;
		}
		break;
	}
	fclose(f);
	return n;
}
