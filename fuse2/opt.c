/*
 * Options and buffers: the core's, under their public names.
 */
#include "internal.h"

/* The option processor of the program, called with the public struct. */
EXPORT int fuse_opt_parse(struct fuse_args *args, void *data, const struct fuse_opt opts[],
			  fuse_opt_proc_t proc)
{
	/* 2.9 never frees what a %s option held before, so a default may be a literal. */
	return core_opt_parse_nofree(core_args_of(args), data, (const struct core_opt *)opts,
				     (core_opt_proc)(void *)proc);
}
SYMVER("fuse_opt_insert_arg@FUSE_2.5")
int opt_insert_arg_25(struct fuse_args *args, int pos, const char *arg);
int opt_insert_arg_25(struct fuse_args *args, int pos, const char *arg)
{
	return core_opt_insert_arg(core_args_of(args), pos, arg);
}
EXPORT size_t fuse_buf_size(const struct fuse_bufvec *bufv)
{
	return core_bufvec_size((const struct core_bufvec *)bufv);
}
EXPORT ssize_t fuse_buf_copy(struct fuse_bufvec *dst, struct fuse_bufvec *src,
			     enum fuse_buf_copy_flags flags)
{
	return core_bufvec_copy(CBUFVEC(dst), CBUFVEC(src), (int)flags);
}
