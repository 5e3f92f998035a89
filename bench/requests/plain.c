/*
 * A program that has few operations: examples/passthrough without those that most programs leave
 * out. What the library makes of an operation that is not there is in the counts.
 */
#include "compat.h"

static int plain_main(int argc, char **argv, const struct fuse_operations *all)
{
	struct fuse_operations few = *all;

	few.access = NULL;
	few.flush = NULL;
	few.fsync = NULL;
	few.fsyncdir = NULL;
	few.getxattr = NULL;
	few.setxattr = NULL;
	few.listxattr = NULL;
	few.removexattr = NULL;
	few.lock = NULL;
	few.flock = NULL;
	few.ioctl = NULL;
	return fuse_main(argc, argv, &few, NULL);
}

#undef fuse_main
#define fuse_main(argc, argv, ops, data) plain_main(argc, argv, ops)
#include "passthrough.c"
