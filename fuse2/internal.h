/*
 * Inside of the FUSE 2 front-end: the public opaque structures, and conversions.
 */
#ifndef FUSE2_INTERNAL_H
#define FUSE2_INTERNAL_H

#include <fuse.h>
#include <fuse_lowlevel.h>
#include <ambifuse.h>
#include <errno.h>
#include <string.h>

#include "core/base/base.h"
#include "core/base/log.h"
#include "core/base/opt.h"
#include "core/fs/fs.h"
#include "core/modules/modules.h"
#include "core/mount/mount.h"
#include "core/session/session.h"

#define EXPORT __attribute__((visibility("default")))
/* A function of ours that is exported as an old version of a public name. */
#define SYMVER(ver) __attribute__((symver(ver), visibility("default"), used))

extern const struct core_profile fuse2_profile;
extern const struct core_mount_profile fuse2_mount_profile;

struct fuse_chan {
	int fd;
	size_t bufsize;
	void *data;
	struct fuse_chan_ops op; /* a program's own; else all NULL */
	int (*receive24)(struct fuse_chan *, char *, size_t); /* API 2.4: behind op.receive */
	struct fuse_session *se;
	struct core_transport *t; /* until a session owns it */
	struct core_mount *m;     /* made by fuse_mount */
};

struct fuse_session {
	struct core_session *cs; /* NULL: made by fuse_session_new with the program's own ops */
	struct core_fs *fs;      /* behind a struct fuse */
	struct fuse_session_ops op;
	void *userdata;          /* of op; or the low-level program's */
	_Atomic int exited;      /* with op */
	struct fuse_chan *ch;
	struct fuse_lowlevel_ops ll;
	struct cuse *cuse;       /* a character device's; NULL: none */
	int compat;              /* up to 25: init has no argument; 24: compat24.c's thunks */
};

struct fuse_fs {
	struct fuse_operations op;
	void *user_data;
	/* 25: init has no argument; 22: old struct fuse_file_info as well; up to 21: op is a
	 * struct fuse_operations_compat2 (see compat21.c). */
	int compat;
	struct module_so *so; /* where its code is; held until it is freed */
	struct layer *layer;  /* a built-in module: of op, only the flags; else NULL */

	/* Extensions: of the table's end, and of ambifuse_register(). */
	bool tail;        /* the table has that end: FSP_FUSE_CAP_* are offered */
	bool tail_stat;   /* ... and its getattr fills a struct fuse_stat_ex */
	struct ambifuse_operations ext;
	unsigned ext_want; /* AMBIFUSE_CAP_*, from init on */
};

struct fuse {
	struct fuse_session *se;
	struct core_fs *core;
	struct fuse_fs *fs;  /* the top of the stack */
	struct fuse_fs *own; /* the bottom: the program's */
	bool ended;          /* the stack has been told of the end */
	struct core_modules built_in; /* over the stack */
};

/* ---- conversions -------------------------------------------------------------------------- */

/* Our flag word begins with writepage, which is a field of its own here. */
static inline void fi_to_public(struct fuse_file_info *pub, const struct core_file_info *fi)
{
	unsigned bits = fi->bits >> 1;

	memset(pub, 0, sizeof(*pub));
	pub->flags = fi->flags;
	pub->fh_old = (unsigned long)fi->fh;
	pub->writepage = fi->bits & CORE_FI_WRITEPAGE;
	pub->direct_io = bits & 1;
	pub->keep_cache = bits >> 1 & 1;
	pub->flush = bits >> 2 & 1;
	pub->nonseekable = bits >> 3 & 1;
	pub->flock_release = bits >> 4 & 1;
	pub->fh = fi->fh;
	pub->lock_owner = fi->lock_owner;
}

static inline void fi_from_public(struct core_file_info *fi, const struct fuse_file_info *pub)
{
	fi->flags = pub->flags;
	fi->bits = (pub->writepage ? CORE_FI_WRITEPAGE : 0) | (unsigned)pub->direct_io << 1 |
		   (unsigned)pub->keep_cache << 2 | (unsigned)pub->flush << 3 |
		   (unsigned)pub->nonseekable << 4 | (unsigned)pub->flock_release << 5;
	fi->fh = pub->fh;
	fi->lock_owner = pub->lock_owner;
}

_Static_assert(sizeof(struct fuse_context) == sizeof(struct core_context), "same layout");
_Static_assert(sizeof(struct fuse_entry_param) == sizeof(struct core_entry_param), "same layout");
_Static_assert(sizeof(struct fuse_ctx) == sizeof(struct core_ctx), "same layout");
_Static_assert(sizeof(struct fuse_args) == sizeof(struct core_args) &&
	       sizeof(struct fuse_opt) == sizeof(struct core_opt), "options are passed through");
_Static_assert(sizeof(struct fuse_forget_data) == sizeof(struct core_forget), "same layout");

#define CBUFVEC(v) ((struct core_bufvec *)(v))

#define AMBIFUSE(name)      ambifuse2_##name
#define HAS_STAT_EX(fs)     (fs)->tail_stat
#define MODULE_API          "2"
#define MODULE_SYMBOL       "fuse_fusemod_%s_module"
#define LL_PROFILE          fuse2_profile
#define CUSE_MAX_WRITE      (128 * 1024)
#define session_loop_mt(se) fuse_session_loop_mt(se)
#define NOTIFY_BY           struct fuse_chan

static inline struct core_session *session_by(struct fuse_chan *ch)
{
	return ch && ch->se ? ch->se->cs : NULL;
}

#include "core/front/bufv.h"
#include "core/front/front.h"

/* ---- conn.c ---- */
void conn_to_public(struct fuse_conn_info *pub, const struct core_conn *conn);
void conn_from_public(struct core_conn *conn, const struct fuse_conn_info *pub);

/* ---- lowlevel.c ---- */
struct fuse_session *lowlevel_new(struct fuse_args *args, const struct fuse_lowlevel_ops *op,
				  size_t op_size, void *userdata, int compat);
struct fuse_session *session_wrap(struct core_session *cs, struct core_fs *fs);

/* ---- options.c ---- */
/* Session options out of args; path_api: an unknown one may be meant for that. 0 or -1 (logged). */
int options_session(struct fuse_args *args, struct core_session_config *cfg, bool path_api);
/* The path API's; what is left is for modules, then for options_session(). */
int options_fs(struct fuse_args *args, struct core_fs_config *cfg, char **modules, bool *debug);
void options_session_help(void);
void options_fs_help(void);

/* ---- ext.c ---- */
/* What the end of a program's table says; op is the library's copy of it. */
/* Whether a table of this length has the extensions at its end. */
bool ext_in_table(size_t op_size);
void ext_from_table(struct fuse_fs *fs, size_t op_size);
/* Around a program's init: conn shows and takes FSP_FUSE_CAP_*. */
struct fuse_fs *ext_init_begin(struct fuse_fs *fs, struct fuse_conn_info *conn);
void ext_init_end(struct fuse_fs *fs, struct fuse_fs *before, struct fuse_conn_info *conn);

/* ---- thunks.c ---- */
/* null_ok: the program takes NULL where a path is gone. */
void thunks_make(const struct fuse_operations *op, bool null_ok, struct core_fs_ops *out);
/* What release and releasedir of the others get then; flush has always got NULL. */
#define NO_PATH "-"

/* ---- chan.c ---- */
/* The channel's transport goes to whoever asks; NULL if it went already. */
struct core_transport *chan_take_transport(struct fuse_chan *ch);

/* ---- fuse.c ---- */
void copy_ops(struct fuse_operations *to, const struct fuse_operations *from, size_t size);
struct fuse *fuse_new_common(struct fuse_chan *ch, struct fuse_args *args,
			     const struct fuse_operations *op, size_t op_size, void *user_data,
			     int compat);

/* ---- module.c ---- */
/* The options of the built-in ones. */
void modules_help(void);

/* ---- helper.c ---- */
struct fuse *setup_common(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
			  char **mountpoint, int *multithreaded, void *user_data, int compat);
int main_common(int argc, char *argv[], const struct fuse_operations *op, size_t op_size,
		void *user_data, int compat);
struct fuse *new_on_fd(int fd, struct fuse_args *args, const struct fuse_operations *op,
		       size_t op_size, int compat);

/* ---- compat21.c ---- */
/* op begins with the program's table, in the form of struct fuse_operations_compat2. */
void thunks_compat21(const struct fuse_operations *op, int compat, struct core_fs_ops *ops);

/* ---- compat22.c ---- */
void thunks_compat22(const struct fuse_operations *op, struct core_fs_ops *ops);
void fi_to_compat(struct fuse_file_info_compat *old, const struct core_file_info *fi);
/* What the program may have set. */
void fi_from_compat(struct core_file_info *fi, const struct fuse_file_info_compat *old);
void statfs_from_compat(struct statvfs *st, const struct statfs *old);
/* Asks an operation that has it in that older form; path may be NULL. */
int statfs_by_compat(int (*op)(const char *, struct statfs *), const char *path,
		     struct statvfs *st);
/* Arguments (to be freed) out of the old way to pass options: what stands after -o, or NULL. */
int args_from_opts(struct fuse_args *args, const char *opts);

/* ---- compat24.c ---- */
/* Replaces the thunks of the operations that take the old struct fuse_file_info. */
void ll_thunks_compat24(const struct fuse_lowlevel_ops *op, struct core_ll_ops *ops);

#endif
