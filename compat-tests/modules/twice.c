/*
 * twice OPTIONS OPTIONS OPTIONS: makes a file system with each of them, and says which could be
 * made.
 */
#include "compat.h"

static const struct fuse_operations ops;

static int made(char *options)
{
	char *argv[] = {"twice", "-o", options, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse *f = fuse_new(NULL, &args, &ops, sizeof(ops), NULL);

	fuse_opt_free_args(&args);
	if (f)
		fuse_destroy(f);
	return f != NULL;
}

int main(int argc, char **argv)
{
	int first, then, third;

	if (argc != 4)
		return 2;
	first = made(argv[1]);
	then = made(argv[2]);
	third = made(argv[3]);
	printf("first %d, then %d, third %d\n", first, then, third);
	return 0;
}
