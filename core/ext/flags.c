#include <errno.h>
#include "core/ext/ext.h"

/*
 * What a flag is called elsewhere; 0: it has no name there. get: any of these bits shows; set:
 * this one is set if none of them is.
 */
static const struct {
	uint32_t get, set;
	uint32_t inode, xflag, statx; /* FS_*_FL, FS_XFLAG_*, STATX_ATTR_* */
} linux_names[] = {
	{CORE_UF_COMPRESSED, CORE_UF_COMPRESSED, 0x4, 0, 0x4},
	{CORE_EXT_IMMUTABLE, CORE_UF_IMMUTABLE, 0x10, 0x8, 0x10},
	{CORE_EXT_APPEND, CORE_UF_APPEND, 0x20, 0x10, 0x20},
	{CORE_UF_NODUMP, CORE_UF_NODUMP, 0x40, 0x80, 0x40},
};

static const struct {
	uint32_t flag, dos;
	bool settable;
} dos_names[] = {
	{CORE_UF_READONLY, CORE_DOS_READONLY, true},
	{CORE_UF_HIDDEN, CORE_DOS_HIDDEN, true},
	{CORE_UF_SYSTEM, CORE_DOS_SYSTEM, true},
	{CORE_UF_ARCHIVE, CORE_DOS_ARCHIVE, true},
	{CORE_UF_SPARSE, CORE_DOS_SPARSE, false},
	{CORE_UF_REPARSE, CORE_DOS_REPARSE, false},
	{CORE_UF_COMPRESSED, CORE_DOS_COMPRESSED, false},
	{CORE_UF_OFFLINE, CORE_DOS_OFFLINE, false},
};
/* Says nothing about flags, but may be in a value. */
#define DOS_IGNORED                                                                                \
	(CORE_DOS_DIRECTORY | CORE_DOS_NORMAL | CORE_DOS_TEMPORARY | CORE_DOS_NOT_INDEXED |        \
	 CORE_DOS_ENCRYPTED)

struct name {
	const char *text;
	uint32_t bit;
};
static const struct name flag_names[] = {
	{"nodump", CORE_UF_NODUMP},
	{"immutable", CORE_UF_IMMUTABLE},
	{"append-only", CORE_UF_APPEND},
	{"opaque", CORE_UF_OPAQUE},
	{"no-unlink", CORE_UF_NOUNLINK},
	{"compressed", CORE_UF_COMPRESSED},
	{"tracked", CORE_UF_TRACKED},
	{"system", CORE_UF_SYSTEM},
	{"sparse", CORE_UF_SPARSE},
	{"offline", CORE_UF_OFFLINE},
	{"reparse", CORE_UF_REPARSE},
	{"archive", CORE_UF_ARCHIVE},
	{"readonly", CORE_UF_READONLY},
	{"hidden", CORE_UF_HIDDEN},
	{"archived", CORE_SF_ARCHIVED},
	{"system-immutable", CORE_SF_IMMUTABLE},
	{"system-append-only", CORE_SF_APPEND},
	{"system-no-unlink", CORE_SF_NOUNLINK},
};
static const struct name dos_words[] = {
	{"readonly", CORE_DOS_READONLY},   {"hidden", CORE_DOS_HIDDEN},
	{"system", CORE_DOS_SYSTEM},       {"directory", CORE_DOS_DIRECTORY},
	{"archive", CORE_DOS_ARCHIVE},     {"normal", CORE_DOS_NORMAL},
	{"temporary", CORE_DOS_TEMPORARY}, {"sparse", CORE_DOS_SPARSE},
	{"reparse", CORE_DOS_REPARSE},     {"compressed", CORE_DOS_COMPRESSED},
	{"offline", CORE_DOS_OFFLINE},     {"not-indexed", CORE_DOS_NOT_INDEXED},
	{"encrypted", CORE_DOS_ENCRYPTED},
};

uint32_t core_ext_to_inode_flags(uint32_t flags)
{
	uint32_t value = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(linux_names); i++)
		if (flags & linux_names[i].get)
			value |= linux_names[i].inode;
	return value;
}

uint32_t core_ext_to_xflags(uint32_t flags)
{
	uint32_t value = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(linux_names); i++)
		if (flags & linux_names[i].get)
			value |= linux_names[i].xflag;
	return value;
}

uint64_t core_ext_to_statx(uint32_t flags)
{
	uint64_t value = 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(linux_names); i++)
		if (flags & linux_names[i].get)
			value |= linux_names[i].statx;
	return value;
}

uint64_t core_ext_statx_mask(void)
{
	return core_ext_to_statx(UINT32_MAX);
}

/* One named flag on or off, if it is not so already. */
static uint32_t with(uint32_t flags, size_t i, bool on)
{
	if (!on)
		return flags & ~linux_names[i].get;
	return flags & linux_names[i].get ? flags : flags | linux_names[i].set;
}

int core_ext_from_inode_flags(uint32_t value, uint32_t old, uint32_t *flags)
{
	if (value & ~core_ext_to_inode_flags(UINT32_MAX))
		return -EOPNOTSUPP;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(linux_names); i++)
		old = with(old, i, value & linux_names[i].inode);
	*flags = old;
	return 0;
}

int core_ext_from_xflags(uint32_t value, uint32_t old, uint32_t *flags)
{
	if (value & ~core_ext_to_xflags(UINT32_MAX))
		return -EOPNOTSUPP;
	for (size_t i = 0; i < CORE_ARRAY_SIZE(linux_names); i++)
		if (linux_names[i].xflag)
			old = with(old, i, value & linux_names[i].xflag);
	*flags = old;
	return 0;
}

uint32_t core_ext_to_dos(uint32_t flags, mode_t mode)
{
	uint32_t value = S_ISDIR(mode) ? CORE_DOS_DIRECTORY : 0;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(dos_names); i++)
		if (flags & dos_names[i].flag)
			value |= dos_names[i].dos;
	return value ? value : CORE_DOS_NORMAL;
}

int core_ext_from_dos(uint32_t value, uint32_t old, uint32_t *flags)
{
	uint32_t known = DOS_IGNORED;

	for (size_t i = 0; i < CORE_ARRAY_SIZE(dos_names); i++) {
		known |= dos_names[i].dos;
		if (!dos_names[i].settable)
			continue;
		old &= ~dos_names[i].flag;
		if (value & dos_names[i].dos)
			old |= dos_names[i].flag;
	}
	if (value & ~known)
		return -EINVAL;
	*flags = old;
	return 0;
}

static const char *name_at(const struct name *names, size_t n, unsigned i, uint32_t *bit)
{
	if (i >= n)
		return NULL;
	*bit = names[i].bit;
	return names[i].text;
}

const char *core_ext_flag_name(unsigned i, uint32_t *bit)
{
	return name_at(flag_names, CORE_ARRAY_SIZE(flag_names), i, bit);
}

const char *core_ext_dos_name(unsigned i, uint32_t *bit)
{
	return name_at(dos_words, CORE_ARRAY_SIZE(dos_words), i, bit);
}
