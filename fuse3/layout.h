/*
 * Everything that depends on where a release of FUSE 3 puts the fields of its public structures:
 * fuse_file_info, fuse_buf, fuse_config. Names and positions moved between releases under the
 * same names; FUSE3_ABI of fuse_abi.h says which ones we are built for.
 */
#ifndef FUSE3_LAYOUT_H
#define FUSE3_LAYOUT_H

#include <string.h>

#include <fuse.h>
#include <fuse_lowlevel.h>

#include "core/base/bufvec.h"
#include "core/base/opt.h"
#include "core/fs/fs.h"
#include "core/session/session.h"

#if FUSE3_ABI != 3
#error "only the layout of libfuse3.so.3, release 3.14.0, is described here"
#endif

_Static_assert(sizeof(struct fuse_operations) == 336, "3.14.0");
_Static_assert(sizeof(struct fuse_lowlevel_ops) == 352, "3.14.0");
_Static_assert(sizeof(struct fuse_conn_info) == 128, "3.14.0");
_Static_assert(sizeof(struct fuse_cmdline_opts) == 48, "3.14.0");
_Static_assert(sizeof(struct fuse_custom_io) == 32, "3.14.0");

/* ---- passed through -------------------------------------------------------------------------- */

_Static_assert(sizeof(struct fuse_entry_param) == sizeof(struct core_entry_param) &&
		       offsetof(struct fuse_entry_param, attr_timeout) ==
			       offsetof(struct core_entry_param, attr_timeout),
	       "same layout");
_Static_assert(sizeof(struct fuse_ctx) == sizeof(struct core_ctx), "same layout");
_Static_assert(sizeof(struct fuse_context) == sizeof(struct core_context) &&
		       offsetof(struct fuse_context, private_data) ==
			       offsetof(struct core_context, private_data),
	       "same layout");
_Static_assert(sizeof(struct fuse_forget_data) == sizeof(struct core_forget), "same layout");
_Static_assert(sizeof(struct fuse_args) == sizeof(struct core_args), "same layout");
_Static_assert(sizeof(struct fuse_opt) == sizeof(struct core_opt), "same layout");
_Static_assert((int)FUSE_FILL_DIR_PLUS == (int)CORE_FILL_PLUS &&
		       (int)FUSE_READDIR_PLUS == (int)CORE_READDIR_PLUS,
	       "same bits");

static inline struct core_args *core_args_of(struct fuse_args *args)
{
	return (struct core_args *)args;
}

/* ---- fuse_file_info ----------------------------------------------------------------------------
 */

/* The flags begin at byte 4; bit 0 is writepage, and the order is that of enum core_fi_bits. */
#define FI_FLAG_WORD 4

_Static_assert(sizeof(struct fuse_file_info) == 40 && offsetof(struct fuse_file_info, fh) == 16,
	       "3.14.0");

static inline void fi_to_public(struct fuse_file_info *pub, const struct core_file_info *fi)
{
	memset(pub, 0, sizeof(*pub));
	pub->flags = fi->flags;
	memcpy((char *)pub + FI_FLAG_WORD, &fi->bits, sizeof(fi->bits));
	pub->fh = fi->fh;
	pub->lock_owner = fi->lock_owner;
	pub->poll_events = fi->poll_events;
}

/* Overwrites what this layout has; the rest of fi stays. */
static inline void fi_from_public(struct core_file_info *fi, const struct fuse_file_info *pub)
{
	const uint32_t known = CORE_FI_NOFLUSH * 2 - 1;

	fi->flags = pub->flags;
	memcpy(&fi->bits, (const char *)pub + FI_FLAG_WORD, sizeof(fi->bits));
	fi->bits &= known;
	fi->fh = pub->fh;
	fi->lock_owner = pub->lock_owner;
	fi->poll_events = pub->poll_events;
}

/* ---- fuse_buf, fuse_bufvec ---------------------------------------------------------------------
 */

_Static_assert(sizeof(struct fuse_buf) == sizeof(struct core_buf) &&
		       sizeof(struct fuse_bufvec) == sizeof(struct core_bufvec) &&
		       offsetof(struct fuse_buf, pos) == offsetof(struct core_buf, pos),
	       "same layout");

static inline struct fuse_bufvec *bufv_public(struct core_bufvec *v)
{
	return (struct fuse_bufvec *)v;
}
static inline struct core_bufvec *bufv_core(struct fuse_bufvec *v)
{
	return (struct core_bufvec *)v;
}

/* ---- fuse_config -------------------------------------------------------------------------------
 */

_Static_assert(sizeof(struct fuse_config) == 128 &&
		       offsetof(struct fuse_config, nullpath_ok) == 104,
	       "3.14.0");

/* Fields that are called the same on both sides. nullpath_ok is not one: see config_from_public. */
#define FUSE3_CONFIG_FIELDS(F)                                                                     \
	F(set_gid)                                                                                 \
	F(gid)                                                                                     \
	F(set_uid) F(uid) F(set_mode) F(umask) F(entry_timeout) F(negative_timeout)                \
		F(attr_timeout) F(intr) F(intr_signal) F(remember) F(hard_remove) F(use_ino)       \
			F(readdir_ino) F(direct_io) F(kernel_cache) F(auto_cache) F(no_rofd_flush) \
				F(ac_attr_timeout_set) F(ac_attr_timeout)

/* Sets all but show_help, modules and debug. */
static inline void config_to_public(struct fuse_config *pub, const struct core_fs_config *cfg)
{
#define FUSE3_COPY(field) pub->field = cfg->field;
	FUSE3_CONFIG_FIELDS(FUSE3_COPY)
#undef FUSE3_COPY
	pub->nullpath_ok = cfg->nopath;
}

/*
 * FUSE 3 programs always take NULL for a path that is gone while the file is open; nullpath_ok
 * says that they need no path at all where there is a handle.
 */
static inline void config_from_public(struct core_fs_config *cfg, const struct fuse_config *pub)
{
#define FUSE3_COPY(field) cfg->field = pub->field;
	FUSE3_CONFIG_FIELDS(FUSE3_COPY)
#undef FUSE3_COPY
	cfg->nullpath_ok = 1;
	cfg->nopath = pub->nullpath_ok;
}

#endif
