/*
 * Rows of several pieces of data, where the program's pieces are longer than the core's.
 */
#include "fuse3/layout.h"

#if FUSE3_ABI >= 4

/* Room for a row of count pieces of the given sizes; NULL if there is none. */
static void *row(size_t head, size_t piece, size_t count)
{
	size_t size;

	if (__builtin_mul_overflow(piece, count, &size) ||
	    __builtin_add_overflow(size, head, &size))
		return NULL;
	return malloc(size);
}

struct core_bufvec *bufv_core_copy(const struct fuse_bufvec *pub)
{
	struct core_bufvec *v = row(sizeof(*v), sizeof(v->buf[0]), pub->count);

	if (!v)
		return NULL;
	memcpy(v, pub, offsetof(struct core_bufvec, buf));
	for (size_t i = 0; i < pub->count; i++)
		memcpy(&v->buf[i], &pub->buf[i], sizeof(v->buf[i]));
	return v;
}

struct fuse_bufvec *bufv_public_copy(const struct core_bufvec *v)
{
	struct fuse_bufvec *pub = row(sizeof(*pub), sizeof(pub->buf[0]), v->count);

	if (!pub)
		return NULL;
	memcpy(pub, v, offsetof(struct fuse_bufvec, buf));
	for (size_t i = 0; i < v->count; i++) {
		memcpy(&pub->buf[i], &v->buf[i], sizeof(v->buf[i]));
		pub->buf[i].mem_size = 0;
	}
	return pub;
}

struct core_bufvec *bufv_take(struct fuse_bufvec *pub)
{
	struct core_bufvec *v = (struct core_bufvec *)pub;

	/* Each piece moves down, the first one not at all. */
	for (size_t i = 1; pub && i < v->count; i++)
		memmove(&v->buf[i], &pub->buf[i], sizeof(v->buf[i]));
	return v;
}

#endif
