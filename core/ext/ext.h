/*
 * Flags and times of the extended stat in the forms Linux programs know: conversions only, no
 * session, no allocation, no state. How they reach a mount is core/fs's business.
 *
 * One file has one word of BSD flags (st_flags: UF_*, SF_*), and besides the three times of POSIX
 * a birth time. Linux programs see parts of them as
 *	inode flags	FS_IOC_GETFLAGS, FS_IOC_FSGETXATTR, statx attributes
 *	DOS attributes	system.ntfs_attrib(_be), user.DOSATTRIB
 *	all flags	system.ambifuse_flags
 *	file times	system.ambifuse_bkuptime(_be), system.ntfs_crtime(_be),
 *			system.ntfs_times(_be), user.DOSATTRIB
 * Setting one of these changes the flags it can express and leaves the others as they were.
 *
 * Every function returns 0 or a length, or a negative errno without having stored anything:
 *	EINVAL		wrong length, wrong form, bits nobody has defined
 *	EOPNOTSUPP	inode flags without a counterpart
 *	ERANGE		a time before 1601 or after 30828
 *	EOVERFLOW	the same in an encoder, whose callers take ERANGE for a short buffer
 *	ENODATA		the file has no value to show
 */
#ifndef CORE_EXT_EXT_H
#define CORE_EXT_EXT_H

#include <sys/stat.h>
#include <time.h>
#include "core/base/base.h"

/* ---- flags ---------------------------------------------------------------------------------- */

enum core_ext_flag {
	CORE_UF_NODUMP = 0x1,
	CORE_UF_IMMUTABLE = 0x2,
	CORE_UF_APPEND = 0x4,
	CORE_UF_OPAQUE = 0x8,
	CORE_UF_NOUNLINK = 0x10,
	CORE_UF_COMPRESSED = 0x20,
	CORE_UF_TRACKED = 0x40,
	CORE_UF_SYSTEM = 0x80, /* macOS: "data vault" */
	CORE_UF_SPARSE = 0x100,
	CORE_UF_OFFLINE = 0x200,
	CORE_UF_REPARSE = 0x400,
	CORE_UF_ARCHIVE = 0x800,
	CORE_UF_READONLY = 0x1000,
	CORE_UF_HIDDEN = 0x8000,
	CORE_SF_ARCHIVED = 0x10000,
	CORE_SF_IMMUTABLE = 0x20000,
	CORE_SF_APPEND = 0x40000,
	CORE_SF_NOUNLINK = 0x100000,
};
#define CORE_EXT_IMMUTABLE (CORE_UF_IMMUTABLE | CORE_SF_IMMUTABLE)
#define CORE_EXT_APPEND    (CORE_UF_APPEND | CORE_SF_APPEND)
#define CORE_EXT_NOUNLINK  (CORE_UF_NOUNLINK | CORE_SF_NOUNLINK)

/* FILE_ATTRIBUTE_* of Windows */
enum core_dos_attribute {
	CORE_DOS_READONLY = 0x1,
	CORE_DOS_HIDDEN = 0x2,
	CORE_DOS_SYSTEM = 0x4,
	CORE_DOS_DIRECTORY = 0x10,
	CORE_DOS_ARCHIVE = 0x20,
	CORE_DOS_NORMAL = 0x80, /* stands alone: no other attribute */
	CORE_DOS_TEMPORARY = 0x100,
	CORE_DOS_SPARSE = 0x200,
	CORE_DOS_REPARSE = 0x400,
	CORE_DOS_COMPRESSED = 0x800,
	CORE_DOS_OFFLINE = 0x1000,
	CORE_DOS_NOT_INDEXED = 0x2000,
	CORE_DOS_ENCRYPTED = 0x4000,
};

/* FS_IOC_GETFLAGS's FS_*_FL; FS_IOC_FSGETXATTR's FS_XFLAG_*; statx's STATX_ATTR_*. */
uint32_t core_ext_to_inode_flags(uint32_t flags);
uint32_t core_ext_to_xflags(uint32_t flags);
uint64_t core_ext_to_statx(uint32_t flags);
/* The STATX_ATTR_* bits that core_ext_to_statx may give. */
uint64_t core_ext_statx_mask(void);
/* With 0: CORE_DOS_NORMAL for a file, so never 0. */
uint32_t core_ext_to_dos(uint32_t flags, mode_t mode);

/*
 * The other way: *flags becomes old with what the value says. -EOPNOTSUPP for inode flags that no
 * st_flags bit stands for. An immutable or append-only file that was so by SF_ stays so by SF_.
 */
int core_ext_from_inode_flags(uint32_t value, uint32_t old, uint32_t *flags);
int core_ext_from_xflags(uint32_t value, uint32_t old, uint32_t *flags);
/*
 * Readonly, hidden, system and archive are taken; what describes how a file is stored, or is a
 * hint, is ignored. -EINVAL for bits that are no attribute.
 */
int core_ext_from_dos(uint32_t value, uint32_t old, uint32_t *flags);

/* Name of the i-th flag ("hidden") and its bit, for people; NULL after the last. */
const char *core_ext_flag_name(unsigned i, uint32_t *bit);
const char *core_ext_dos_name(unsigned i, uint32_t *bit);

/* ---- times ---------------------------------------------------------------------------------- */

/* A FILETIME: units of 100 ns since 1601. Nanoseconds below that are cut off. */
int core_ext_to_filetime(struct timespec ts, uint64_t *filetime);
int core_ext_from_filetime(uint64_t filetime, struct timespec *ts);
/* A file system that has no such time leaves it 0. */
static inline bool core_ext_time_known(struct timespec ts)
{
	return ts.tv_sec || ts.tv_nsec;
}

/* ---- extended attributes -------------------------------------------------------------------- */

enum core_ext_xattr {
	CORE_ATTR_NONE,
	CORE_ATTR_NTFS_ATTRIB,
	CORE_ATTR_NTFS_ATTRIB_BE,
	CORE_ATTR_NTFS_CRTIME,
	CORE_ATTR_NTFS_CRTIME_BE,
	CORE_ATTR_NTFS_TIMES,
	CORE_ATTR_NTFS_TIMES_BE,
	CORE_ATTR_FLAGS, /* all of st_flags, as it is */
	CORE_ATTR_BKUPTIME,
	CORE_ATTR_BKUPTIME_BE,
	CORE_ATTR_DOSATTRIB,
};
#define CORE_ATTR_DOSATTRIB_NAME "user.DOSATTRIB"

/* The attribute of that full name, or CORE_ATTR_NONE. */
enum core_ext_xattr core_ext_xattr(const char *name);

enum core_ext_has {
	CORE_HAS_DOS = 1 << 0,
	CORE_HAS_CRTIME = 1 << 1,
	CORE_HAS_MTIME = 1 << 2,
	CORE_HAS_ATIME = 1 << 3,
	CORE_HAS_CHGTIME = 1 << 4,
	CORE_HAS_BKUPTIME = 1 << 5,
	CORE_HAS_FLAGS = 1 << 6,
};
struct core_ext_value {
	unsigned has; /* which of the following count */
	uint32_t dos, flags;
	struct timespec crtime, mtime, atime, chgtime, bkuptime;
};

enum { CORE_EXT_VALUE_MAX = 64 }; /* of what is encoded; longer ones are decoded too */

/*
 * The attribute's value for a file: its length. -ENODATA if the birth time is all it could say and
 * there is none.
 */
int core_ext_encode(enum core_ext_xattr attr, const struct core_ext_value *v,
		    char out[CORE_EXT_VALUE_MAX]);
/* What a value somebody sets asks for. */
int core_ext_decode(enum core_ext_xattr attr, const void *value, size_t size,
		    struct core_ext_value *v);

#endif
