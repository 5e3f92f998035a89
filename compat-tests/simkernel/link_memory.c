/* The way to a library in the same process, over the core's memory transport. */
#include <string.h>
#include "priv.h"

struct memory_link {
	struct sk_link base;
	struct core_mem_peer *peer;
};

static struct core_mem_peer *peer_of(struct sk_link *l)
{
	return CORE_CONTAINER_OF(l, struct memory_link, base)->peer;
}

static int memory_send(struct sk_link *l, const void *msg, size_t len)
{
	return core_mem_send(peer_of(l), msg, len);
}

static ssize_t memory_recv(struct sk_link *l, void *buf, size_t size, int ms)
{
	return core_mem_recv(peer_of(l), buf, size, ms);
}

static void memory_disconnect(struct sk_link *l, int err)
{
	core_mem_disconnect(peer_of(l), err);
}

static void memory_refuse(struct sk_link *l, uint64_t unique, int err)
{
	core_mem_fail_reply(peer_of(l), unique, err);
}

static void memory_free(struct sk_link *l)
{
	core_mem_peer_free(peer_of(l));
	free(CORE_CONTAINER_OF(l, struct memory_link, base));
}

static struct sk_link *sk_link_memory(struct core_mem_peer *peer)
{
	static const struct sk_link_ops ops = {memory_send, memory_recv, memory_disconnect,
					       memory_refuse, memory_free};
	struct memory_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->base.ops = &ops;
	l->peer = peer;
	return &l->base;
}

struct sk *sk_new_memory(struct core_mem_peer *peer, const struct sk_config *config)
{
	return sk_alloc(sk_link_memory(peer), config);
}
