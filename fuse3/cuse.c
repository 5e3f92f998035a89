/*
 * What core/front/cuse.c has to do in FUSE 3's way.
 */
#include "fuse3/internal.h"

struct fuse_session *cuse_session(struct fuse_args *args, struct core_session_config *cfg)
{
	struct fuse_session *se = NULL;
	struct core_mount *m;

	if (options_session(args, cfg, &m))
		return NULL;
	if (options_check_left(args, false) == 0)
		se = session_wrap(NULL, m);
	if (!se)
		core_mount_free(m);
	cfg->deny_others = false; /* there is no mount whose users could be told apart */
	return se;
}

int cuse_cmdline(struct fuse_args *args, int *multithreaded, int *foreground)
{
	struct fuse_cmdline_opts opts;

	if (fuse_parse_cmdline(args, &opts))
		return -1;
	*multithreaded = !opts.singlethread;
	*foreground = opts.foreground;
	free(opts.mountpoint);
	return 0;
}
