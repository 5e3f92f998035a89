/*
 * Entry points since 3.17 that are told which release's headers the program was compiled with.
 *
 * The tables' sizes come with them, and say all we need to know: so the version only is for the
 * log.
 */
#include "fuse3/internal.h"

#if FUSE3_ABI >= 4

EXPORT struct fuse *_fuse_new_30(struct fuse_args *args, const struct fuse_operations *op,
				 size_t op_size, struct libfuse_version *version, void *user_data);
EXPORT struct fuse *_fuse_new_31(struct fuse_args *args, const struct fuse_operations *op,
				 size_t op_size, struct libfuse_version *version, void *user_data);
EXPORT int fuse_main_real_versioned(int argc, char *argv[], const struct fuse_operations *op,
				    size_t op_size, struct libfuse_version *version,
				    void *user_data);
EXPORT struct fuse_session *
fuse_session_new_versioned(struct fuse_args *args, const struct fuse_lowlevel_ops *op,
			   size_t op_size, struct libfuse_version *version, void *userdata);
EXPORT int fuse_session_custom_io_317(struct fuse_session *se, const struct fuse_custom_io *io,
				      size_t op_size, int fd);
EXPORT int fuse_session_custom_io_30(struct fuse_session *se, const struct fuse_custom_io *io,
				     int fd);
EXPORT int fuse_session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io,
				  size_t op_size, int fd);
int fuse_session_custom_io_v30(struct fuse_session *se, const struct fuse_custom_io *io, int fd);

/* A program for a later soname of the same name does not get here; one for a later 3.x may. */
static void note_version(const struct libfuse_version *version)
{
	if (version && version->major == FUSE_MAJOR_VERSION && version->minor > FUSE_MINOR_VERSION)
		core_debug("FUSE: the program was compiled for release %u.%u.%u, the library is "
			   "%s\n",
			   version->major, version->minor, version->hotfix, FUSE3_VERSION_TEXT);
}

struct fuse *_fuse_new_31(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  struct libfuse_version *version, void *user_data)
{
	struct fuse *f = fuse_new_31(args, op, op_size, user_data);

	if (f && f->debug)
		note_version(version);
	return f;
}

struct fuse *_fuse_new_30(struct fuse_args *args, const struct fuse_operations *op, size_t op_size,
			  struct libfuse_version *version, void *user_data)
{
	struct fuse *f = fuse_new_30(args, op, op_size, user_data);

	if (f && f->debug)
		note_version(version);
	return f;
}

int fuse_main_real_versioned(int argc, char *argv[], const struct fuse_operations *op,
			     size_t op_size, struct libfuse_version *version, void *user_data)
{
	(void)version;
	return fuse_main_real(argc, argv, op, op_size, user_data);
}

struct fuse_session *fuse_session_new_versioned(struct fuse_args *args,
						const struct fuse_lowlevel_ops *op, size_t op_size,
						struct libfuse_version *version, void *userdata)
{
	struct fuse_session *se = fuse_session_new(args, op, op_size, userdata);

	if (se && core_session_config(se->cs)->debug)
		note_version(version);
	return se;
}

int fuse_session_custom_io_317(struct fuse_session *se, const struct fuse_custom_io *io,
			       size_t op_size, int fd)
{
	return session_custom_io(se, io, op_size, fd);
}

EXPORT int fuse_session_custom_io(struct fuse_session *se, const struct fuse_custom_io *io,
				  size_t op_size, int fd)
{
	return session_custom_io(se, io, op_size, fd);
}

/* Before 3.17 the structure ended with splice_send. */
int fuse_session_custom_io_30(struct fuse_session *se, const struct fuse_custom_io *io, int fd)
{
	return session_custom_io(se, io, offsetof(struct fuse_custom_io, clone_fd), fd);
}

SYMVER(fuse_session_custom_io_v30, "fuse_session_custom_io@FUSE_3.0");

int fuse_session_custom_io_v30(struct fuse_session *se, const struct fuse_custom_io *io, int fd)
{
	return fuse_session_custom_io_30(se, io, fd);
}

#endif
