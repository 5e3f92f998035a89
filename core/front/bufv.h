/*
 * Rows of buffers where the public ones are the core's: nothing to translate. See fuse3/layout.h
 * for what the functions do where they are not.
 */
#ifndef FRONT_BUFV_H
#define FRONT_BUFV_H

_Static_assert(sizeof(struct fuse_buf) == sizeof(struct core_buf) &&
		       sizeof(struct fuse_bufvec) == sizeof(struct core_bufvec) &&
		       offsetof(struct fuse_bufvec, buf) == offsetof(struct core_bufvec, buf) &&
		       offsetof(struct fuse_buf, pos) == offsetof(struct core_buf, pos),
	       "same layout");

struct bufv_public_form {
	char unused;
};

static inline struct core_bufvec *bufv_take(struct fuse_bufvec *pub)
{
	return (struct core_bufvec *)pub;
}

static inline struct core_bufvec *bufv_core_begin(struct fuse_bufvec *pub)
{
	return (struct core_bufvec *)pub;
}

static inline void bufv_core_end(struct core_bufvec *v, struct fuse_bufvec *pub)
{
	(void)v, (void)pub;
}

static inline struct fuse_bufvec *bufv_public_begin(struct bufv_public_form *form,
						    struct core_bufvec *v)
{
	(void)form;
	return (struct fuse_bufvec *)v;
}

static inline void bufv_public_end(struct bufv_public_form *form, struct core_bufvec *v)
{
	(void)form, (void)v;
}

#endif
