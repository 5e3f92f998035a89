/*
 * Extensions: <ambifuse.h>, and its operations as the core's. Both APIs have the same table of
 * them.
 */
#include "internal.h"

#define EXT_OPS(d)  (top_of(d)->ext)
#define EXT_SETATTR struct ambifuse_setattr

_Static_assert(sizeof(EXT_SETATTR) == sizeof(struct core_setattr_x) &&
		       offsetof(EXT_SETATTR, flags) == offsetof(struct core_setattr_x, flags) &&
		       offsetof(EXT_SETATTR, size) == offsetof(struct core_setattr_x, size),
	       "passed through");

#define EXT_CALL(op, ...)                                                                          \
	do {                                                                                       \
		struct fuse_file_info pub __attribute__((unused));                                 \
                                                                                                   \
		return EXT_OPS(d).op ? EXT_OPS(d).op(__VA_ARGS__) : -ENOSYS;                       \
	} while (0)

static int ext_getpath(void *d, const char *path, char *buf, size_t size, struct core_file_info *fi)
{
	EXT_CALL(getpath, path, buf, size, public_fi(&pub, fi));
}

static int ext_statfs_x(void *d, const char *path, struct statfs *st)
{
	EXT_CALL(statfs_x, path, st);
}

static int ext_setvolname(void *d, const char *name)
{
	EXT_CALL(setvolname, name);
}

static int ext_exchange(void *d, const char *path1, const char *path2, unsigned long flags)
{
	EXT_CALL(exchange, path1, path2, flags);
}

static int ext_renamex(void *d, const char *from, const char *to, unsigned flags)
{
	EXT_CALL(renamex, from, to, flags);
}

static int ext_getxtimes(void *d, const char *path, struct timespec *bkuptime,
			 struct timespec *crtime)
{
	EXT_CALL(getxtimes, path, bkuptime, crtime);
}

static int ext_setbkuptime(void *d, const char *path, const struct timespec *tv)
{
	EXT_CALL(setbkuptime, path, tv);
}

static int ext_setchgtime(void *d, const char *path, const struct timespec *tv)
{
	EXT_CALL(setchgtime, path, tv);
}

static int ext_setcrtime(void *d, const char *path, const struct timespec *tv)
{
	EXT_CALL(setcrtime, path, tv);
}

static int ext_chflags(void *d, const char *path, uint32_t flags)
{
	EXT_CALL(chflags, path, flags);
}

static int ext_setattr_x(void *d, const char *path, struct core_setattr_x *set)
{
	EXT_CALL(setattr_x, path, (EXT_SETATTR *)set);
}

static int ext_fsetattr_x(void *d, const char *path, struct core_setattr_x *set,
			  struct core_file_info *fi)
{
	EXT_CALL(fsetattr_x, path, (EXT_SETATTR *)set, public_fi(&pub, fi));
}

void ext_thunks(struct core_fs_ops *out)
{
#define EXT_SET(op) out->op = ext_##op;
	CORE_EXT_OPS(EXT_SET)
#undef EXT_SET
}

/* For core_fs_config.ext_absent. */
static uint32_t absent_in(void *d)
{
	uint32_t absent = 0;

#define EXT_LACKS(op)                                                                              \
	if (!EXT_OPS(d).op)                                                                        \
		absent |= 1U << CORE_EXT_##op;
	CORE_EXT_OPS(EXT_LACKS)
#undef EXT_LACKS
	return absent;
}

_Static_assert(sizeof(struct ambifuse_stat) == sizeof(struct core_stat) &&
		       offsetof(struct ambifuse_stat, st_birthtim) ==
			       offsetof(struct core_stat, birthtim) &&
		       offsetof(struct ambifuse_stat, st_flags) ==
			       offsetof(struct core_stat, flags),
	       "passed through");
_Static_assert(AMBIFUSE_DELETE_OK == CORE_DELETE_OK, "the same bit");

#define ALL_CAPS                                                                                   \
	(AMBIFUSE_CAP_READDIR_PLUS | AMBIFUSE_CAP_READ_ONLY | AMBIFUSE_CAP_STAT_EX |               \
	 AMBIFUSE_CAP_DELETE_ACCESS | AMBIFUSE_CAP_CASE_INSENSITIVE | AMBIFUSE_CAP_PASSTHROUGH)

void ext_apply(struct fuse *f, struct core_conn *conn, struct core_fs_config *cfg)
{
	unsigned want = f->fs->ext_want;

	cfg->stat_ex = (want & AMBIFUSE_CAP_STAT_EX) != 0;
	cfg->read_only |= (want & AMBIFUSE_CAP_READ_ONLY) != 0;
	cfg->delete_access = (want & AMBIFUSE_CAP_DELETE_ACCESS) != 0;
	cfg->case_insensitive |= (want & AMBIFUSE_CAP_CASE_INSENSITIVE) != 0;
	cfg->passthrough = (want & AMBIFUSE_CAP_PASSTHROUGH) != 0;
	cfg->ext_absent = absent_in(f);
	/* Flags of directories, and the volume's name, are set by ioctl of a directory. */
	if (cfg->stat_ex || EXT_OPS(f).setvolname)
		conn->want |= conn->capable & WIRE_CAP(IOCTL_DIR);
	if (want & AMBIFUSE_CAP_READDIR_PLUS) {
		conn->want &= ~WIRE_CAP(READDIRPLUS_AUTO);
		conn->want |= conn->capable & WIRE_CAP(DO_READDIRPLUS);
	}
}

/* ---- <ambifuse.h> -------------------------------------------------------------------------------
 */

static _Thread_local struct fuse_fs *in_init; /* whose init this thread runs */

struct fuse_fs *ext_in_init(struct fuse_fs *fs)
{
	struct fuse_fs *before = in_init;

	in_init = fs;
	return before;
}

EXPORT unsigned int AMBIFUSE(features)(void);
EXPORT int AMBIFUSE(register)(const struct ambifuse_operations *op, size_t op_size,
			      unsigned int want);
EXPORT int AMBIFUSE(notify)(struct fuse *f, const char *path, unsigned int action);
EXPORT int AMBIFUSE(passthrough)(struct fuse_file_info *fi, int fd);

unsigned int AMBIFUSE(features)(void)
{
	return ALL_CAPS;
}

/* 0 or -errno, then nothing is changed. */
int AMBIFUSE(register)(const struct ambifuse_operations *op, size_t op_size, unsigned int want)
{
	const char *bytes = (const char *)op;
	struct ambifuse_operations new;

	memset(&new, 0, sizeof(new));
	if (!in_init)
		return -EINVAL;
	if (want & ~ALL_CAPS)
		return -EOPNOTSUPP;
	/* A newer program's operations, which we would never call. */
	for (size_t i = sizeof(new); op && i < op_size; i++)
		if (bytes[i])
			return -EOPNOTSUPP;
	if (op)
		memcpy(&new, op, op_size < sizeof(new) ? op_size : sizeof(new));
	if ((want & AMBIFUSE_CAP_STAT_EX) && !new.getattr && !HAS_STAT_EX(in_init))
		return -EINVAL;
	if (!(want & AMBIFUSE_CAP_STAT_EX))
		new.getattr = NULL;
	in_init->ext = new;
	in_init->ext_want = want;
	return 0;
}

int AMBIFUSE(notify)(struct fuse *f, const char *path, unsigned int action)
{
	return core_fs_notify(f->core, path, action);
}

int AMBIFUSE(passthrough)(struct fuse_file_info *fi, int fd)
{
	(void)fi;
	return core_fs_passthrough(fd);
}
