/*
 * Buffers, option parsing and logging: the core's functions under their public names.
 */
#include "fuse3/internal.h"

/* ---- buffers ------------------------------------------------------------------------------------
 */

EXPORT size_t fuse_buf_size(const struct fuse_bufvec *bufv)
{
	size_t size = 0;

	for (size_t i = 0; i < bufv->count; i++)
		if (!core_add_size(size, bufv->buf[i].size, &size))
			return SIZE_MAX;
	return size;
}

EXPORT ssize_t fuse_buf_copy(struct fuse_bufvec *dst, struct fuse_bufvec *src,
			     enum fuse_buf_copy_flags flags)
{
	struct core_bufvec *to = bufv_core_begin(dst), *from = to ? bufv_core_begin(src) : NULL;
	ssize_t res = from ? core_bufvec_copy(to, from, (int)flags) : -ENOMEM;

	if (to)
		bufv_core_end(to, dst);
	if (from)
		bufv_core_end(from, src);
	return res;
}

/* ---- options ------------------------------------------------------------------------------------
 */

EXPORT int fuse_opt_parse(struct fuse_args *args, void *data, const struct fuse_opt opts[],
			  fuse_opt_proc_t proc)
{
	return core_opt_parse(core_args_of(args), data, (const struct core_opt *)opts,
			      (core_opt_proc)proc);
}

/* ---- log ----------------------------------------------------------------------------------------
 */

EXPORT void fuse_set_log_func(fuse_log_func_t func)
{
	/* An enum of small constants is passed as an int. */
	core_log_set_func((core_log_func)(void (*)(void))func);
}

EXPORT void fuse_log(enum fuse_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	core_vlog((enum core_log_level)level, fmt, ap);
	va_end(ap);
}

#if FUSE3_ABI >= 4
EXPORT void fuse_log_enable_syslog(const char *ident, int option, int facility)
{
	core_log_to_syslog(ident, option, facility);
}

EXPORT void fuse_log_close_syslog(void)
{
	core_log_close_syslog();
}
#endif
