/*
 * Everything that depends on where a release of FUSE 3 puts the fields of its public structures:
 * fuse_file_info, fuse_buf, fuse_config, the tables of operations. Names and positions moved
 * between releases under the same names; fuse_abi.h says which ones we are compiled for. Every
 * source is compiled once for libfuse3.so.3 and once for libfuse3.so.4, see docs/abi.md.
 */
#ifndef FUSE3_LAYOUT_H
#define FUSE3_LAYOUT_H

#include <stdlib.h>
#include <string.h>

#include <fuse.h>
#include <fuse_lowlevel.h>

#include "core/base/bufvec.h"
#include "core/base/opt.h"
#include "core/fs/fs.h"
#include "core/session/session.h"

#if FUSE3_ABI >= 4
#define FUSE3_SIZES(S)                                                                             \
	S(fuse_operations, 344)                                                                    \
	S(fuse_lowlevel_ops, 368)                                                                  \
	S(fuse_custom_io, 40)                                                                      \
	S(fuse_file_info, 64) S(fuse_buf, 48) S(fuse_config, 520) S(libfuse_version, 16)
#define FUSE3_NULLPATH_OK 96
#else
#define FUSE3_SIZES(S)                                                                             \
	S(fuse_operations, 336)                                                                    \
	S(fuse_lowlevel_ops, 352)                                                                  \
	S(fuse_custom_io, 32)                                                                      \
	S(fuse_file_info, 40) S(fuse_buf, 40) S(fuse_config, FUSE3_SO3_LAYOUT >= 316 ? 136 : 128)
#define FUSE3_NULLPATH_OK 104
#endif
#define FUSE3_SIZE(name, size) _Static_assert(sizeof(struct name) == (size), #name);
FUSE3_SIZES(FUSE3_SIZE)
FUSE3_SIZE(fuse_conn_info, 128)
FUSE3_SIZE(fuse_cmdline_opts, 48)
_Static_assert(offsetof(struct fuse_config, nullpath_ok) == FUSE3_NULLPATH_OK, "fuse_config");
_Static_assert(offsetof(struct fuse_file_info, fh) == 16, "fuse_file_info");

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

/* ---- fuse_file_info ----------------------------------------------------------------------------
 */

/* The flags begin at byte 4. */
#define FI_FLAG_WORD 4

/* Bits of enum core_fi_bits are in the order of so.4, and of 3.14.0 as far as that goes. */
#if FUSE3_ABI >= 4
static inline uint32_t fi_bits_to_public(uint32_t bits)
{
	return bits;
}
static inline uint32_t fi_bits_from_public(uint32_t pub)
{
	return pub & (CORE_FI_KILL_SUIDGID * 2 - 1);
}
#elif FUSE3_SO3_LAYOUT >= 316
/* parallel_direct_writes is bit 3 there, and the five that follow are one higher. */
#define FI_BELOW    (CORE_FI_FLUSH - 1)
#define FI_PARALLEL (1 << 3)
#define FI_MOVED    ((CORE_FI_NOFLUSH * 2 - 1) & ~FI_BELOW)

static inline uint32_t fi_bits_to_public(uint32_t bits)
{
	return (bits & FI_BELOW) | (bits & FI_MOVED) << 1 |
	       (bits & CORE_FI_PARALLEL_DIRECT_WRITES ? FI_PARALLEL : 0);
}
static inline uint32_t fi_bits_from_public(uint32_t pub)
{
	return (pub & FI_BELOW) | (pub >> 1 & FI_MOVED) |
	       (pub & FI_PARALLEL ? CORE_FI_PARALLEL_DIRECT_WRITES : 0);
}
#else
static inline uint32_t fi_bits_to_public(uint32_t bits)
{
	return bits & (CORE_FI_NOFLUSH * 2 - 1);
}
static inline uint32_t fi_bits_from_public(uint32_t pub)
{
	return pub & (CORE_FI_NOFLUSH * 2 - 1);
}
#endif

static inline void fi_to_public(struct fuse_file_info *pub, const struct core_file_info *fi)
{
	uint32_t bits = fi_bits_to_public(fi->bits);

	memset(pub, 0, sizeof(*pub));
	pub->flags = fi->flags;
	memcpy((char *)pub + FI_FLAG_WORD, &bits, sizeof(bits));
	pub->fh = fi->fh;
	pub->lock_owner = fi->lock_owner;
	pub->poll_events = fi->poll_events;
#if FUSE3_ABI >= 4
	pub->backing_id = fi->backing_id;
#endif
}

/* Overwrites what this layout has; the rest of fi stays. */
static inline void fi_from_public(struct core_file_info *fi, const struct fuse_file_info *pub)
{
	uint32_t bits;

	fi->flags = pub->flags;
	memcpy(&bits, (const char *)pub + FI_FLAG_WORD, sizeof(bits));
	fi->bits = fi_bits_from_public(bits);
	fi->fh = pub->fh;
	fi->lock_owner = pub->lock_owner;
	fi->poll_events = pub->poll_events;
#if FUSE3_ABI >= 4
	fi->backing_id = pub->backing_id;
#endif
}

/* ---- fuse_buf, fuse_bufvec ---------------------------------------------------------------------
 */

/*
 * A row of pieces in the other side's form, for the time of a call: begin makes it (NULL without
 * memory), end brings back how far it has been used. A piece begins in the same way on both sides,
 * but may be longer on ours: so the program's row of one piece is the core's as it is, a longer
 * one is copied, and the core's always is.
 */
#if FUSE3_ABI >= 4

_Static_assert(sizeof(struct fuse_buf) > sizeof(struct core_buf) &&
		       offsetof(struct fuse_bufvec, buf) == offsetof(struct core_bufvec, buf) &&
		       offsetof(struct fuse_buf, pos) == offsetof(struct core_buf, pos),
	       "a piece begins in the same way");

struct bufv_public_form {
	struct fuse_bufvec one, *v;
};

/* layout.c: rows of several pieces. */
struct core_bufvec *bufv_core_copy(const struct fuse_bufvec *pub);
struct fuse_bufvec *bufv_public_copy(const struct core_bufvec *v);
/* The program's malloc()ed row becomes the core's, in place. */
struct core_bufvec *bufv_take(struct fuse_bufvec *pub);

static inline struct core_bufvec *bufv_core_begin(struct fuse_bufvec *pub)
{
	return pub->count <= 1 ? (struct core_bufvec *)pub : bufv_core_copy(pub);
}

static inline void bufv_core_end(struct core_bufvec *v, struct fuse_bufvec *pub)
{
	if (v == (struct core_bufvec *)pub)
		return;
	pub->idx = v->idx;
	pub->off = v->off;
	free(v);
}

static inline struct fuse_bufvec *bufv_public_begin(struct bufv_public_form *form,
						    const struct core_bufvec *v)
{
	if (v->count > 1)
		return form->v = bufv_public_copy(v);
	form->v = &form->one;
	memcpy(form->v, v, sizeof(*v));
	form->v->buf[0].mem_size = 0;
	return form->v;
}

static inline void bufv_public_end(struct bufv_public_form *form, struct core_bufvec *v)
{
	v->idx = form->v->idx;
	v->off = form->v->off;
	if (form->v != &form->one)
		free(form->v);
}

#else

#include "core/front/bufv.h"

#endif

/* ---- fuse_config -------------------------------------------------------------------------------
 */

/* Fields that are called the same on both sides. nullpath_ok is not one: see config_from_public. */
#define FUSE3_CONFIG_COMMON(F)                                                                     \
	F(set_gid)                                                                                 \
	F(gid)                                                                                     \
	F(set_uid)                                                                                 \
	F(uid) F(set_mode) F(umask) F(entry_timeout) F(negative_timeout) F(attr_timeout) F(intr)   \
		F(intr_signal) F(remember) F(hard_remove) F(use_ino) F(readdir_ino) F(direct_io)   \
			F(kernel_cache) F(auto_cache) F(no_rofd_flush) F(ac_attr_timeout_set)      \
				F(ac_attr_timeout)
#if FUSE3_ABI >= 4
#define FUSE3_CONFIG_FIELDS(F) FUSE3_CONFIG_COMMON(F) F(parallel_direct_writes) F(fmask) F(dmask)
#elif FUSE3_SO3_LAYOUT >= 316
#define FUSE3_CONFIG_FIELDS(F) FUSE3_CONFIG_COMMON(F) F(parallel_direct_writes)
#else
#define FUSE3_CONFIG_FIELDS(F) FUSE3_CONFIG_COMMON(F)
#endif

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
