/*
 * Character devices: the functions exist so that programs link and start; devices do not work yet,
 * and each call says so.
 */
#include "fuse3/internal.h"

#include <cuse_lowlevel.h>

static void not_yet(const char *what)
{
	core_err("%s: character devices (CUSE) are not supported by this library\n", what);
}

EXPORT struct fuse_session *cuse_lowlevel_new(struct fuse_args *args, const struct cuse_info *ci,
					      const struct cuse_lowlevel_ops *clop, void *userdata)
{
	(void)args, (void)ci, (void)clop, (void)userdata;
	not_yet("cuse_lowlevel_new");
	return NULL;
}

EXPORT struct fuse_session *cuse_lowlevel_setup(int argc, char *argv[], const struct cuse_info *ci,
						const struct cuse_lowlevel_ops *clop,
						int *multithreaded, void *userdata)
{
	(void)argc, (void)argv, (void)ci, (void)clop, (void)multithreaded, (void)userdata;
	not_yet("cuse_lowlevel_setup");
	return NULL;
}

EXPORT void cuse_lowlevel_teardown(struct fuse_session *se)
{
	if (se)
		not_yet("cuse_lowlevel_teardown");
}

EXPORT int cuse_lowlevel_main(int argc, char *argv[], const struct cuse_info *ci,
			      const struct cuse_lowlevel_ops *clop, void *userdata)
{
	(void)argc, (void)argv, (void)ci, (void)clop, (void)userdata;
	not_yet("cuse_lowlevel_main");
	return 1;
}
