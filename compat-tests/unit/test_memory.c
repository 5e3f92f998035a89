/* core/transport/memory.c and direct.c: what the contract in transport.h promises. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include "core/transport/transport.h"
#include "unit.h"

static struct core_transport *t;
static struct core_mem_peer *peer;
static struct core_channel *ch;

static void start(void)
{
	UNIT_ASSERT_INT(core_transport_memory(&t, &peer), 0);
	UNIT_ASSERT_INT(core_channel_new(t, false, &ch), 0);
}

static void stop(void)
{
	core_channel_put(ch);
	t->ops->free(t);
	core_mem_peer_free(peer);
}

static int send_op(uint64_t unique, size_t body)
{
	char *msg = calloc(1, sizeof(struct wire_in_header) + body);
	struct wire_in_header h = {.len = (uint32_t)(sizeof(h) + body), .unique = unique};
	int err;

	memcpy(msg, &h, sizeof(h));
	memset(msg + sizeof(h), 'b', body);
	err = core_mem_send(peer, msg, h.len);
	free(msg);
	return err;
}

static int reply(uint64_t unique, const char *text)
{
	struct wire_out_header h = {.len = (uint32_t)(sizeof(h) + strlen(text)), .unique = unique};
	struct iovec iov[2] = {{&h, sizeof(h)}, {(void *)text, strlen(text)}};

	return ch->ops->reply(ch, unique, iov, 2);
}

static void there_and_back(void)
{
	struct core_msg msg;
	char buf[64];

	start();
	UNIT_ASSERT_INT(send_op(2, 7), 0);
	UNIT_ASSERT_INT(send_op(4, 0), 0);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 1);
	UNIT_ASSERT_INT(msg.hdr->unique, 2);
	UNIT_ASSERT_INT(msg.tag, 2);
	UNIT_ASSERT_INT(msg.op_len, 7);
	CU_ASSERT_PTR_NULL(msg.payload);
	CU_ASSERT(!memcmp(msg.op, "bbbbbbb", 7));
	UNIT_ASSERT_INT(reply(2, "fine"), 0);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 1);
	UNIT_ASSERT_INT(msg.hdr->unique, 4);
	UNIT_ASSERT_INT(msg.op_len, 0);
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, 19, 1000), -EMSGSIZE);
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, sizeof(buf), 1000), 20);
	CU_ASSERT(!memcmp(buf + 16, "fine", 4));
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, sizeof(buf), 0), -ETIMEDOUT);
	UNIT_ASSERT_INT(core_mem_send(peer, buf, 39), -EINVAL);
	stop();
}

static void write_payload_is_aligned(void)
{
	struct core_msg msg;

	start();
	send_op(2, 40 + 5000);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 1);
	UNIT_ASSERT_INT(((uintptr_t)msg.hdr + 80) % 4096, 0);
	UNIT_ASSERT_INT((uintptr_t)msg.op % 8, 0);
	stop();
}

static void notification(void)
{
	struct wire_out_header h = {.len = sizeof(h), .error = WIRE_NOTIFY_RESEND};
	struct iovec iov = {&h, sizeof(h)};
	struct wire_out_header got;

	start();
	UNIT_ASSERT_INT(t->ops->notify(t, &iov, 1), 0);
	UNIT_ASSERT_INT(core_mem_recv(peer, &got, sizeof(got), 1000), 16);
	UNIT_ASSERT_INT(got.error, WIRE_NOTIFY_RESEND);
	stop();
}

static void disconnect_after_the_queue(void)
{
	struct core_msg msg;

	start();
	send_op(2, 0);
	core_mem_disconnect(peer, ENODEV);
	UNIT_ASSERT_INT(send_op(4, 0), -ENOTCONN);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 1);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), -ENODEV);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), -ENODEV); /* and again */
	UNIT_ASSERT_INT(reply(2, ""), 0);                        /* was under way */
	core_mem_disconnect(peer, ECONNABORTED);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), -ECONNABORTED);
	UNIT_ASSERT_INT(reply(2, ""), -ENOENT);
	stop();
}

static void refused_replies(void)
{
	char buf[64];

	start();
	core_mem_fail_reply(peer, 4, -ENOENT);
	core_mem_fail_reply(peer, 6, -ENOENT);
	core_mem_fail_reply(peer, 4, -EINVAL);
	UNIT_ASSERT_INT(reply(2, ""), 0);
	UNIT_ASSERT_INT(reply(4, ""), -EINVAL);
	UNIT_ASSERT_INT(reply(6, ""), -ENOENT);
	core_mem_fail_reply(peer, 4, 0);
	UNIT_ASSERT_INT(reply(4, ""), 0);
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, sizeof(buf), 1000), 16);
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, sizeof(buf), 1000), 16);
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, sizeof(buf), 0), -ETIMEDOUT);
	stop();
}

static void one_end_goes_first(void)
{
	struct core_msg msg;
	char buf[64];

	start();
	reply(2, "x");
	core_channel_put(ch);
	t->ops->free(t);
	UNIT_ASSERT_INT(send_op(2, 0), -ENOTCONN);
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, sizeof(buf), -1), 17);
	UNIT_ASSERT_INT(core_mem_recv(peer, buf, sizeof(buf), -1), -ENOTCONN);
	core_mem_peer_free(peer);

	start();
	send_op(2, 0);
	core_mem_peer_free(peer);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 1);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), -ENODEV);
	UNIT_ASSERT_INT(reply(2, ""), -ENOENT);
	core_channel_put(ch);
	t->ops->free(t);
}

/* ---- waking -------------------------------------------------------------------------------- */

static void *receive_once(void *result)
{
	struct core_channel *mine;
	struct core_msg msg;

	core_channel_new(t, false, &mine);
	*(int *)result = mine->ops->receive(mine, &msg, 1);
	core_channel_put(mine);
	return NULL;
}

static void wake_before_and_during(void)
{
	pthread_t thread;
	struct core_msg msg;
	int result = 99;

	start();
	t->ops->wake(t);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 0);
	pthread_create(&thread, NULL, receive_once, &result);
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	t->ops->wake(t);
	pthread_join(thread, NULL);
	UNIT_ASSERT_INT(result, 0);
	/* A wake takes no message away. */
	send_op(2, 0);
	t->ops->wake(t);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1) + ch->ops->receive(ch, &msg, 1), 1);
	stop();
}

static void on_signal(int sig)
{
	(void)sig;
	t->ops->wake(t);
}

static void wake_from_a_signal(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;
	struct core_msg msg;
	struct itimerspec in = {.it_value.tv_nsec = 30000000};
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	timer_t timer;

	start();
	sigaction(SIGUSR1, &sa, &old);
	timer_create(CLOCK_MONOTONIC, &ev, &timer);
	timer_settime(timer, 0, &in, NULL);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 0);
	timer_delete(timer);
	sigaction(SIGUSR1, &old, NULL);
	stop();
}

/* ---- several threads ----------------------------------------------------------------------- */

enum { THREADS = 4, MESSAGES = 2000 };

static void *serve(void *count)
{
	struct core_channel *mine;
	struct core_msg msg;

	core_channel_new(t, true, &mine);
	while (mine->ops->receive(mine, &msg, 1) == 1) {
		struct wire_out_header h = {.len = sizeof(h), .unique = msg.hdr->unique};
		struct iovec iov = {&h, sizeof(h)};

		mine->ops->reply(mine, msg.tag, &iov, 1);
		++*(int *)count;
	}
	core_channel_put(mine);
	return NULL;
}

static void threads_share_the_queue(void)
{
	pthread_t thread[THREADS];
	int count[THREADS] = {0}, sum = 0;
	static char seen[MESSAGES];
	struct wire_out_header h;

	start();
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, serve, &count[i]);
	for (unsigned i = 0; i < MESSAGES; i++)
		send_op(i + 1, i % 100);
	for (unsigned i = 0; i < MESSAGES; i++) {
		CU_ASSERT_FATAL(core_mem_recv(peer, &h, sizeof(h), 5000) == sizeof(h));
		CU_ASSERT_FATAL(h.unique >= 1 && h.unique <= MESSAGES);
		seen[h.unique - 1]++;
	}
	core_mem_disconnect(peer, ENODEV); /* all of them see it */
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		sum += count[i];
	}
	UNIT_ASSERT_INT(sum, MESSAGES);
	for (unsigned i = 0; i < MESSAGES; i++)
		CU_ASSERT_FATAL(seen[i] == 1);
	stop();
}

static void allocation_failures(void)
{
	for (unsigned long n = 1; n <= 4; n++) {
		int err;

		unit_fail_alloc(n);
		err = core_transport_memory(&t, &peer);
		unit_fail_alloc(0);
		UNIT_ASSERT_INT(err, n <= 3 ? -ENOMEM : 0);
		if (!err) {
			t->ops->free(t);
			core_mem_peer_free(peer);
		}
	}
}

/* ---- direct -------------------------------------------------------------------------------- */

static struct wire_in_header direct_msg;
static unsigned direct_left;
static uint64_t direct_answered;

static const void *direct_next(void *user, size_t *len)
{
	CU_ASSERT_PTR_EQUAL(user, &direct_left);
	if (!direct_left)
		return NULL;
	direct_left--;
	direct_msg = (struct wire_in_header){.len = sizeof(direct_msg), .unique = 10 + direct_left};
	*len = sizeof(direct_msg);
	return &direct_msg;
}

static int direct_sink(void *user, const struct iovec *iov, int niov)
{
	const struct wire_out_header *h = iov[0].iov_base;

	(void)user;
	UNIT_ASSERT_INT(niov, 2);
	direct_answered += h->unique;
	return 0;
}

static void direct(void)
{
	struct core_mem_direct d = {direct_next, direct_sink, &direct_left};
	struct core_msg msg;

	direct_left = 2;
	direct_answered = 0;
	UNIT_ASSERT_INT(core_transport_memory_direct(&d, &t), 0);
	UNIT_ASSERT_INT(core_channel_new(t, false, &ch), 0);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 4), 1);
	CU_ASSERT_PTR_EQUAL(msg.hdr, &direct_msg); /* not copied */
	UNIT_ASSERT_INT(msg.op_len, 0);
	UNIT_ASSERT_INT(reply(msg.tag, ""), -0);
	t->ops->wake(t);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 0);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), 1);
	UNIT_ASSERT_INT(msg.tag, 10);
	UNIT_ASSERT_INT(ch->ops->receive(ch, &msg, 1), -ENODEV);
	UNIT_ASSERT_INT(direct_answered, 11);
	core_channel_put(ch);
	t->ops->free(t);
}

UNIT_SUITE(memory, UNIT_TEST(there_and_back), UNIT_TEST(write_payload_is_aligned),
	   UNIT_TEST(notification), UNIT_TEST(disconnect_after_the_queue),
	   UNIT_TEST(refused_replies), UNIT_TEST(one_end_goes_first),
	   UNIT_TEST(wake_before_and_during), UNIT_TEST(wake_from_a_signal),
	   UNIT_TEST(threads_share_the_queue), UNIT_TEST(allocation_failures), UNIT_TEST(direct));
