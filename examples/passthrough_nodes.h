/*
 * The nodes of passthrough_ll: one for each file the kernel knows, found by (dev, ino).
 *
 * A node is an O_PATH descriptor and a lookup count.  Count and place in the table belong to the
 * mutex of the node's shard; nothing else in a node changes.  No mutex is held across a system call
 * on the backing directory other than close().
 */
#ifndef EXAMPLES_PASSTHROUGH_NODES_H
#define EXAMPLES_PASSTHROUGH_NODES_H

#include "compat_ll.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define SHARDS 64u

struct node {
	struct node *next;
	dev_t dev;
	ino_t ino;
	int fd;
	uint64_t nlookup; /* how often the kernel was told this node, less what it forgot */
};

/* The nodes by (dev, ino).  A node's descriptor keeps the inode, so its number is not reused. */
struct shard {
	pthread_mutex_t mutex;
	struct node **chains;
	size_t chain_count; /* a power of two */
	size_t node_count;
};

static struct shard shards[SHARDS];
static struct node root_node;

static inline struct node *node_of(fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? &root_node : (struct node *)(uintptr_t)ino;
}

static inline uint64_t node_hash(dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino ^ ((uint64_t)dev << 40)) * 0x9e3779b97f4a7c15u;

	return h ^ h >> 29;
}

static inline struct shard *shard_of(uint64_t hash)
{
	return &shards[hash % SHARDS];
}

static inline struct node **chain_of(const struct shard *s, uint64_t hash)
{
	return &s->chains[hash / SHARDS & (s->chain_count - 1)];
}

/* Double the chains when they get longer than one on average.  Failing to is only slower. */
static inline void shard_grow(struct shard *s)
{
	size_t old_count = s->chain_count;
	struct node **old = s->chains;
	struct node **chains;

	if (s->node_count < old_count)
		return;
	chains = calloc(old_count * 2, sizeof(*chains));
	if (!chains)
		return;
	s->chains = chains;
	s->chain_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		for (struct node *n = old[i], *next; n; n = next) {
			struct node **chain = chain_of(s, node_hash(n->dev, n->ino));

			next = n->next;
			n->next = *chain;
			*chain = n;
		}
	}
	free(old);
}

/* The node for the file behind fd, counted once more.  Takes fd over in any case. */
static inline int node_take(int fd, const struct stat *st, struct node **result)
{
	uint64_t hash = node_hash(st->st_dev, st->st_ino);
	struct shard *s = shard_of(hash);
	struct node *n;
	int rc = 0;

	pthread_mutex_lock(&s->mutex);
	for (n = *chain_of(s, hash); n; n = n->next) {
		if (n->ino == st->st_ino && n->dev == st->st_dev)
			break;
	}
	if (n) {
		n->nlookup++;
		close(fd);
	} else if ((n = malloc(sizeof(*n))) != NULL) {
		struct node **chain;

		shard_grow(s);
		chain = chain_of(s, hash);
		*n = (struct node){.next = *chain,
				   .dev = st->st_dev,
				   .ino = st->st_ino,
				   .fd = fd,
				   .nlookup = 1};
		*chain = n;
		s->node_count++;
	} else {
		rc = -ENOMEM;
		close(fd);
	}
	pthread_mutex_unlock(&s->mutex);
	*result = n;
	return rc;
}

static inline void node_forget(struct node *n, uint64_t count)
{
	uint64_t hash;
	struct shard *s;
	bool last;

	if (n == &root_node)
		return;
	hash = node_hash(n->dev, n->ino);
	s = shard_of(hash);
	pthread_mutex_lock(&s->mutex);
	n->nlookup -= count < n->nlookup ? count : n->nlookup;
	last = n->nlookup == 0;
	if (last) {
		struct node **p = chain_of(s, hash);

		while (*p != n)
			p = &(*p)->next;
		*p = n->next;
		s->node_count--;
	}
	pthread_mutex_unlock(&s->mutex);
	if (last) {
		close(n->fd);
		free(n);
	}
}

static inline bool nodes_init(void)
{
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&shards[i].mutex, NULL);
		shards[i].chain_count = 64;
		shards[i].chains = calloc(shards[i].chain_count, sizeof(struct node *));
		if (!shards[i].chains)
			return false;
	}
	return true;
}

static inline void nodes_free(void)
{
	for (size_t i = 0; i < SHARDS; i++) {
		for (size_t j = 0; j < shards[i].chain_count; j++) {
			for (struct node *n = shards[i].chains[j], *next; n; n = next) {
				next = n->next;
				close(n->fd);
				free(n);
			}
		}
		free(shards[i].chains);
	}
}

#endif
