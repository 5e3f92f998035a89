/*
 * fuse_main() of one file. What it returned goes to the file named by RESULT; the exit status is
 * the same. HOW: "exit-in-init": init() ends the loop; "large": op_size is larger than any
 * library's; "pipe": each getattr of the file writes to a pipe nobody reads.
 */
#include "one_file.h"

#include <fuse_lowlevel.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if API == 3
static void *init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	(void)cfg;
#else
static void *init(struct fuse_conn_info *conn)
{
#endif
	(void)conn;
	fuse_exit(fuse_get_context()->fuse);
	return NULL;
}

static int pipe_getattr(const char *path, struct stat *st FI_ARG)
{
	int p[2];

	if (pipe(p))
		return -errno;
	close(p[0]);
	if (write(p[1], "x", 1) != -1 || errno != EPIPE)
		return -EIO;
	close(p[1]);
#if API == 3
	return one_file_getattr(path, st, fi);
#else
	return one_file_getattr(path, st);
#endif
}

static int large_requests(char *program)
{
	static struct {
		struct fuse_lowlevel_ops op;
		void *more[40];
	} large;
	char *argv[] = {program, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
#if API == 3
	struct fuse_session *se = fuse_session_new(&args, &large.op, sizeof(large), NULL);
#else
	struct fuse_session *se = fuse_lowlevel_new(&args, &large.op, sizeof(large), NULL);
#endif

	if (se)
		fuse_session_destroy(se);
	return se ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct {
		struct fuse_operations op;
		void *more[40];
	} large;
	const char *how = getenv("HOW") ? getenv("HOW") : "", *result = getenv("RESULT");
	int out =
		open(result ? result : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int res;

	if (strcmp(how, "exit-in-init") == 0)
		one_file_ops.init = init;
	if (strcmp(how, "pipe") == 0)
		one_file_ops.getattr = pipe_getattr;
	large.op = one_file_ops;
	if (strcmp(how, "requests") == 0)
		res = large_requests(argv[0]);
	else if (strcmp(how, "no-table") == 0) /* only for the texts, as some do */
		res = fuse_main_real(argc, argv, NULL, sizeof(large.op), NULL);
	else
		res = fuse_main_real(argc, argv, &large.op,
				     strcmp(how, "large") ? sizeof(large.op) : sizeof(large), NULL);
	dprintf(out, "%d\n", res);
	return res;
}
