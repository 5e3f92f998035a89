/*
 * What core/front/cuse.c has to do in FUSE 2's way.
 */
#include "internal.h"

struct fuse_session *cuse_session(struct fuse_args *args, struct core_session_config *cfg)
{
	return options_session(args, cfg, false) ? NULL : session_wrap(NULL, NULL);
}

int cuse_cmdline(struct fuse_args *args, int *multithreaded, int *foreground)
{
	return fuse_parse_cmdline(args, NULL, multithreaded, foreground);
}

int session_attach_device(struct fuse_session *se, int fd)
{
	struct fuse_chan *ch = fuse_kern_chan_new(fd);

	if (!ch)
		return -ENOMEM;
	fuse_session_add_chan(se, ch);
	return 0;
}
