/* core/ext: flags, times and attribute values in the forms Linux programs know. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/ext/ext.h"
#include "unit.h"

#define UNTOUCHED 0x5a5a5a5a

static const struct {
	uint32_t flags, inode, xflags, statx;
} shown[] = {
	{0, 0, 0, 0},
	{CORE_UF_NODUMP, 0x40, 0x80, 0x40},
	{CORE_UF_IMMUTABLE, 0x10, 0x8, 0x10},
	{CORE_SF_IMMUTABLE, 0x10, 0x8, 0x10},
	{CORE_UF_APPEND | CORE_SF_APPEND, 0x20, 0x10, 0x20},
	{CORE_UF_COMPRESSED, 0x4, 0, 0x4},
	{CORE_UF_HIDDEN | CORE_UF_READONLY | CORE_UF_OPAQUE, 0, 0, 0},
	{0xffffffff, 0x74, 0x98, 0x74},
};

static void flags_shown(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(shown); i++) {
		UNIT_ASSERT_INT(core_ext_to_inode_flags(shown[i].flags), shown[i].inode);
		UNIT_ASSERT_INT(core_ext_to_xflags(shown[i].flags), shown[i].xflags);
		UNIT_ASSERT_INT((long long)core_ext_to_statx(shown[i].flags), shown[i].statx);
	}
	UNIT_ASSERT_INT((long long)core_ext_statx_mask(), 0x74);
}

static const struct {
	uint32_t value, old;
	int res;
	uint32_t flags;
} inode_set[] =
	{
		{0x10, 0, 0, CORE_UF_IMMUTABLE},
		{0x10, CORE_SF_IMMUTABLE, 0, CORE_SF_IMMUTABLE},
		{0, CORE_SF_IMMUTABLE | CORE_UF_IMMUTABLE, 0, 0},
		{0x74, 0, 0,
		 CORE_UF_IMMUTABLE | CORE_UF_APPEND | CORE_UF_NODUMP | CORE_UF_COMPRESSED},
		/* what has no inode flag stays */
		{0x20, CORE_UF_HIDDEN | CORE_UF_NODUMP, 0, CORE_UF_HIDDEN | CORE_UF_APPEND},
		{0x1, 0, -EOPNOTSUPP, UNTOUCHED},
		{0x80000010, 0, -EOPNOTSUPP, UNTOUCHED},
		{0x800, CORE_UF_HIDDEN, -EOPNOTSUPP, UNTOUCHED},
},
  xflags_set[] =
	  {
		  {0x8, 0, 0, CORE_UF_IMMUTABLE},
		  {0x98, 0, 0, CORE_UF_IMMUTABLE | CORE_UF_APPEND | CORE_UF_NODUMP},
		  /* compression cannot be said here, so it stays too */
		  {0, CORE_UF_COMPRESSED | CORE_UF_NODUMP, 0, CORE_UF_COMPRESSED},
		  {0x20, 0, -EOPNOTSUPP, UNTOUCHED},
		  {0x80000000, 0, -EOPNOTSUPP, UNTOUCHED},
},
  dos_set[] = {
	  {0x27, 0, 0, CORE_UF_READONLY | CORE_UF_HIDDEN | CORE_UF_SYSTEM | CORE_UF_ARCHIVE},
	  {0x80, CORE_UF_HIDDEN, 0, 0},
	  {0, CORE_UF_HIDDEN | CORE_UF_NODUMP | CORE_UF_SPARSE, 0, CORE_UF_NODUMP | CORE_UF_SPARSE},
	  {0x7f90 | 0x2, 0, 0, CORE_UF_HIDDEN},
	  {0x8, 0, -EINVAL, UNTOUCHED},
	  {0x40, 0, -EINVAL, UNTOUCHED},
	  {0x8000, 0, -EINVAL, UNTOUCHED},
	  {0xffffffff, 0, -EINVAL, UNTOUCHED},
	  {0x80000021, 0, -EINVAL, UNTOUCHED},
};

#define CHECK_SET(table, function)                                                                 \
	for (size_t i = 0; i < CORE_ARRAY_SIZE(table); i++) {                                      \
		uint32_t flags = UNTOUCHED;                                                        \
		UNIT_ASSERT_INT(function(table[i].value, table[i].old, &flags), table[i].res);     \
		UNIT_ASSERT_INT(flags, table[i].flags);                                            \
	}

static void flags_set(void)
{
	CHECK_SET(inode_set, core_ext_from_inode_flags)
	CHECK_SET(xflags_set, core_ext_from_xflags)
	CHECK_SET(dos_set, core_ext_from_dos)
}

static void dos_shown(void)
{
	UNIT_ASSERT_INT(core_ext_to_dos(0, S_IFREG), 0x80);
	UNIT_ASSERT_INT(core_ext_to_dos(0, S_IFDIR), 0x10);
	UNIT_ASSERT_INT(core_ext_to_dos(CORE_UF_HIDDEN, S_IFDIR), 0x12);
	UNIT_ASSERT_INT(core_ext_to_dos(0x8000 | 0x1000 | 0x800 | 0x80, S_IFREG), 0x27);
	UNIT_ASSERT_INT(core_ext_to_dos(CORE_UF_NODUMP | CORE_UF_IMMUTABLE, S_IFREG), 0x80);
	UNIT_ASSERT_INT(core_ext_to_dos(0x100 | 0x200 | 0x400 | 0x20, S_IFREG), 0x1e00);
	/* every word of flags there is, shown and set again, keeps the four */
	for (uint32_t f = 0; f < 0x20000; f += 0x80) {
		uint32_t back = UNTOUCHED;

		UNIT_ASSERT_INT(core_ext_from_dos(core_ext_to_dos(f, S_IFREG), f, &back), 0);
		UNIT_ASSERT_INT(back, f);
	}
}

static void flag_names(void)
{
	uint32_t bit = 0, seen = 0;

	for (unsigned i = 0; core_ext_flag_name(i, &bit); i++) {
		CU_ASSERT_EQUAL(seen & bit, 0);
		seen |= bit;
	}
	UNIT_ASSERT_INT(seen, 0x179fff);
	seen = 0;
	for (unsigned i = 0; core_ext_dos_name(i, &bit); i++) {
		CU_ASSERT_EQUAL(seen & bit, 0);
		seen |= bit;
	}
	UNIT_ASSERT_INT(seen, 0x7fb7);
}

static const struct {
	int64_t sec;
	long nsec;
	int res;
	uint64_t filetime;
} times[] = {
	{0, 0, 0, 116444736000000000},
	{-11644473600, 0, 0, 0},
	{-11644473600, 100, 0, 1},
	{-11644473601, 999999999, -ERANGE, 0}, /* 1600 */
	{-1, 999999900, 0, 116444735999999999},
	{981173106, 123456700, 0, 126256467061234567},
	{910692730085, 477580700, 0, INT64_MAX}, /* September 30828 */
	{910692730085, 477580800, -ERANGE, 0},
	{910692730086, 0, -ERANGE, 0},
	{INT64_MAX, 0, -ERANGE, 0},
	{INT64_MIN, 0, -ERANGE, 0},
	{0, -1, -EINVAL, 0},
	{0, 1000000000, -EINVAL, 0},
};

static void filetimes(void)
{
	struct timespec ts = {77, 88};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(times); i++) {
		uint64_t filetime = UNTOUCHED;
		struct timespec in = {times[i].sec, times[i].nsec};

		UNIT_ASSERT_INT(core_ext_to_filetime(in, &filetime), times[i].res);
		if (times[i].res) {
			UNIT_ASSERT_INT((long long)filetime, UNTOUCHED);
			continue;
		}
		CU_ASSERT_EQUAL(filetime, times[i].filetime);
		UNIT_ASSERT_INT(core_ext_from_filetime(filetime, &ts), 0);
		UNIT_ASSERT_INT(ts.tv_sec, times[i].sec);
		UNIT_ASSERT_INT(ts.tv_nsec, times[i].nsec);
	}
	/* what is below 100 ns is cut off, towards the past */
	uint64_t filetime;

	UNIT_ASSERT_INT(core_ext_to_filetime((struct timespec){-1, 999999999}, &filetime), 0);
	UNIT_ASSERT_INT((long long)filetime, 116444735999999999);
	ts = (struct timespec){77, 88};
	UNIT_ASSERT_INT(core_ext_from_filetime((uint64_t)INT64_MAX + 1, &ts), -ERANGE);
	UNIT_ASSERT_INT(core_ext_from_filetime(UINT64_MAX, &ts), -ERANGE);
	UNIT_ASSERT_INT(ts.tv_sec, 77);
}

static void attr_names(void)
{
	static const char *const known[] = {
		"system.ntfs_attrib",    "system.ntfs_attrib_be",    "system.ntfs_crtime",
		"system.ntfs_crtime_be", "system.ntfs_times",        "system.ntfs_times_be",
		"system.ambifuse_flags", "system.ambifuse_bkuptime", "system.ambifuse_bkuptime_be",
		"user.DOSATTRIB"};
	static const char *const others[] = {"",
					     "system.ntfs_",
					     "system.ntfs_attrib_",
					     "system.ntfs_acl",
					     "user.dosattrib",
					     "user.DOSATTRIB2",
					     "trusted.DOSATTRIB",
					     "security.capability",
					     "user.D"};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(known); i++)
		UNIT_ASSERT_INT(core_ext_xattr(known[i]), (int)i + 1);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(others); i++)
		UNIT_ASSERT_INT(core_ext_xattr(others[i]), CORE_ATTR_NONE);
}

/* "0a1b" as bytes in exactly as much memory. */
static void *bytes(const char *hex, size_t *len)
{
	*len = strlen(hex) / 2;
	char *out = malloc(*len ? *len : 1);
	unsigned byte;

	for (size_t i = 0; i < *len && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		out[i] = (char)byte;
	return out;
}

#define ALL_TIMES (CORE_HAS_CRTIME | CORE_HAS_MTIME | CORE_HAS_ATIME | CORE_HAS_CHGTIME)
static const struct decoded {
	enum core_ext_xattr attr;
	const char *hex;
	int res;
	unsigned has;
	uint32_t dos;
	uint64_t crtime;
} values[] = {
	{CORE_ATTR_NTFS_ATTRIB, "27000000", 0, CORE_HAS_DOS, 0x27, 0},
	{CORE_ATTR_NTFS_ATTRIB, "80000000", 0, CORE_HAS_DOS, 0x80, 0},
	{CORE_ATTR_NTFS_ATTRIB_BE, "00000021", 0, CORE_HAS_DOS, 0x21, 0},
	{CORE_ATTR_NTFS_ATTRIB, "", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_ATTRIB, "270000", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_ATTRIB, "2700000000", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_ATTRIB, "08000000", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_ATTRIB_BE, "27000000", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_CRTIME, "00a4b2d1c60ed801", 0, CORE_HAS_CRTIME, 0, 0x1d80ec6d1b2a400},
	{CORE_ATTR_NTFS_CRTIME_BE, "01d80ec6d1b2a400", 0, CORE_HAS_CRTIME, 0, 0x1d80ec6d1b2a400},
	{CORE_ATTR_NTFS_CRTIME, "00a4b2d1c60ed8", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_CRTIME, "00a4b2d1c60ed80100a4b2d1c60ed801", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_CRTIME, "0000000000000000", 0, CORE_HAS_CRTIME, 0, 0},
	{CORE_ATTR_NTFS_CRTIME, "0000000000000080", -ERANGE, 0, 0, 0},
	{CORE_ATTR_NTFS_CRTIME_BE, "ffffffffffffffff", -ERANGE, 0, 0, 0},
	{CORE_ATTR_NTFS_TIMES_BE, "01d0000000000001", 0, CORE_HAS_CRTIME, 0, 0x1d0000000000001},
	{CORE_ATTR_NTFS_TIMES_BE, "01d000000000000101d0000000000002", 0,
	 CORE_HAS_CRTIME | CORE_HAS_MTIME, 0, 0x1d0000000000001},
	{CORE_ATTR_NTFS_TIMES_BE,
	 "01d000000000000101d000000000000201d000000000000301d0000000000004", 0, ALL_TIMES, 0,
	 0x1d0000000000001},
	{CORE_ATTR_NTFS_TIMES_BE, "", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_TIMES_BE, "01d000000000000101d00000", -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_TIMES_BE,
	 "01d000000000000101d000000000000201d000000000000301d000000000000401d0000000000004",
	 -EINVAL, 0, 0, 0},
	{CORE_ATTR_NTFS_TIMES_BE, "01d000000000000181d0000000000002", -ERANGE, 0, 0, 0},
	{CORE_ATTR_FLAGS, "78563412", 0, CORE_HAS_FLAGS, 0, 0},
	{CORE_ATTR_FLAGS, "785634", -EINVAL, 0, 0, 0},
	{CORE_ATTR_FLAGS, "7856341200", -EINVAL, 0, 0, 0},
	{CORE_ATTR_BKUPTIME, "0100000000000000", 0, CORE_HAS_BKUPTIME, 0, 0},
	{CORE_ATTR_BKUPTIME_BE, "0000000000000001", 0, CORE_HAS_BKUPTIME, 0, 0},
	{CORE_ATTR_BKUPTIME, "01000000", -EINVAL, 0, 0, 0},
	{CORE_ATTR_BKUPTIME_BE, "8000000000000001", -ERANGE, 0, 0, 0},
	/* user.DOSATTRIB: as Samba 4.17 makes them, of every version */
	{CORE_ATTR_DOSATTRIB, "000005000500000011000000270000004f7d8e2bb379dd01", 0,
	 CORE_HAS_DOS | CORE_HAS_CRTIME, 0x27, 0x1dd79b32b8e7d4f},
	{CORE_ATTR_DOSATTRIB, "00000400040000005100000027000000547d8e2bb379dd014f7d8e2bb379dd01", 0,
	 CORE_HAS_DOS | CORE_HAS_CRTIME, 0x27, 0x1dd79b32b8e7d4f},
	{CORE_ATTR_DOSATTRIB,
	 "30783500030003003100000005000000010000000200000000000000030000000000000"
	 "04f7d8e2bb379dd01507d8e2bb379dd01",
	 0, CORE_HAS_DOS | CORE_HAS_CRTIME, 5, 0x1dd79b32b8e7d4f},
	{CORE_ATTR_DOSATTRIB,
	 "30783237000003000300000031000000270000000100000002000000000000000300000"
	 "0000000004f7d8e2bb379dd01507d8e2bb379dd01",
	 0, CORE_HAS_DOS | CORE_HAS_CRTIME, 0x27, 0x1dd79b32b8e7d4f},
	{CORE_ATTR_DOSATTRIB,
	 "307835000100010005000000010000000200000000000000030000000000000"
	 "04f7d8e2bb379dd01507d8e2bb379dd01",
	 0, CORE_HAS_DOS | CORE_HAS_CRTIME, 5, 0x1dd79b32b8e7d4f},
	{CORE_ATTR_DOSATTRIB, "30783237", 0, CORE_HAS_DOS, 0x27, 0},
	{CORE_ATTR_DOSATTRIB, "3078423700", 0, CORE_HAS_DOS, 0xb7, 0},
	{CORE_ATTR_DOSATTRIB, "3078323700", 0, CORE_HAS_DOS, 0x27, 0},
	/* only one of the two is there; a time that is not known */
	{CORE_ATTR_DOSATTRIB, "000005000500000001000000020000004f7d8e2bb379dd01", 0, CORE_HAS_DOS,
	 2, 0},
	{CORE_ATTR_DOSATTRIB, "000005000500000010000000ff0000004f7d8e2bb379dd01", 0,
	 CORE_HAS_CRTIME, 0, 0x1dd79b32b8e7d4f},
	{CORE_ATTR_DOSATTRIB, "000005000500000011000000020000000000000000000000", 0, CORE_HAS_DOS,
	 2, 0},
	{CORE_ATTR_DOSATTRIB, "00000500050000001100000002000000ffffffffffffffff", 0, CORE_HAS_DOS,
	 2, 0},
	/* malformed */
	{CORE_ATTR_DOSATTRIB, "", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "00", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "0000", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "00000500", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "0000050004000000110000002700000000000000000000000", -EINVAL, 0, 0,
	 0},
	{CORE_ATTR_DOSATTRIB, "000005000500000011000000270000004f7d8e2bb379dd", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "000005000500000011000000270000004f7d8e2bb379dd0100", -EINVAL, 0, 0,
	 0},
	{CORE_ATTR_DOSATTRIB, "000002000200000011000000270000004f7d8e2bb379dd01", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "000006000600000011000000270000004f7d8e2bb379dd01", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "0000ffffffff000011000000270000004f7d8e2bb379dd01", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "000005000500000091000000270000004f7d8e2bb379dd01", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "000005000500000011000000270000804f7d8e2bb379dd01", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "000005000500000011000000270000004f7d8e2bb379ddf1", -ERANGE, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "3078", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "307867", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "30783038", -EINVAL, 0, 0, 0},
	{CORE_ATTR_DOSATTRIB, "3078313233343536373839", -EINVAL, 0, 0, 0},
};

static void decode(void)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(values); i++) {
		const struct decoded *d = &values[i];
		struct core_ext_value v;
		uint64_t filetime = 0;
		size_t len;
		void *p = bytes(d->hex, &len);

		memset(&v, 0x5a, sizeof(v));
		UNIT_ASSERT_INT(core_ext_decode(d->attr, p, len, &v), d->res);
		free(p);
		if (d->res) {
			UNIT_ASSERT_INT(v.has, UNTOUCHED);
			UNIT_ASSERT_INT(v.dos, UNTOUCHED);
			continue;
		}
		UNIT_ASSERT_INT(v.has, d->has);
		if (v.has & CORE_HAS_DOS)
			UNIT_ASSERT_INT(v.dos, d->dos);
		if (v.has & CORE_HAS_CRTIME) {
			UNIT_ASSERT_INT(core_ext_to_filetime(v.crtime, &filetime), 0);
			UNIT_ASSERT_INT((long long)filetime, (long long)d->crtime);
		}
	}
	struct core_ext_value v;

	UNIT_ASSERT_INT(core_ext_decode(CORE_ATTR_NONE, "", 0, &v), -EOPNOTSUPP);
}

static void encode(void)
{
	struct core_ext_value v = {.has = ALL_TIMES | CORE_HAS_DOS | CORE_HAS_FLAGS |
					  CORE_HAS_BKUPTIME,
				   .dos = 0x27,
				   .flags = 0x12345678,
				   .mtime = {1, 0},
				   .atime = {2, 0},
				   .chgtime = {3, 0},
				   .bkuptime = {4, 0}},
			      w;
	static const int lengths[] = {0, 4, 4, 8, 8, 32, 32, 4, 8, 8, 24};
	static const unsigned has[] = {0,
				       CORE_HAS_DOS,
				       CORE_HAS_DOS,
				       CORE_HAS_CRTIME,
				       CORE_HAS_CRTIME,
				       ALL_TIMES,
				       ALL_TIMES,
				       CORE_HAS_FLAGS,
				       CORE_HAS_BKUPTIME,
				       CORE_HAS_BKUPTIME,
				       CORE_HAS_DOS | CORE_HAS_CRTIME};
	char out[CORE_EXT_VALUE_MAX];

	UNIT_ASSERT_INT(core_ext_from_filetime(0x1dd79b32b8e7d4f, &v.crtime), 0);
	/* byte for byte what smbd 4.17 wrote for these */
	size_t len;
	void *samba CLEANUP_FREE = bytes("000005000500000011000000270000004f7d8e2bb379dd01", &len);

	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_DOSATTRIB, &v, out), (int)len);
	CU_ASSERT_EQUAL(memcmp(out, samba, len), 0);
	for (int attr = 1; attr <= CORE_ATTR_DOSATTRIB; attr++) {
		int n = core_ext_encode((enum core_ext_xattr)attr, &v, out);

		UNIT_ASSERT_INT(n, lengths[attr]);
		UNIT_ASSERT_INT(core_ext_decode((enum core_ext_xattr)attr, out, (size_t)n, &w), 0);
		UNIT_ASSERT_INT(w.has, has[attr]);
		if (w.has & CORE_HAS_DOS)
			UNIT_ASSERT_INT(w.dos, 0x27);
		if (w.has & CORE_HAS_CRTIME)
			UNIT_ASSERT_INT(w.crtime.tv_sec, v.crtime.tv_sec);
		if (w.has & CORE_HAS_FLAGS)
			UNIT_ASSERT_INT(w.flags, 0x12345678);
		if (w.has & CORE_HAS_BKUPTIME)
			UNIT_ASSERT_INT(w.bkuptime.tv_sec, 4);
		if (w.has & CORE_HAS_ATIME) {
			UNIT_ASSERT_INT(w.mtime.tv_sec, 1);
			UNIT_ASSERT_INT(w.atime.tv_sec, 2);
			UNIT_ASSERT_INT(w.chgtime.tv_sec, 3);
		}
	}
	/* no birth time; none that can be said */
	v.crtime = (struct timespec){0, 0};
	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_NTFS_CRTIME, &v, out), -ENODATA);
	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_NTFS_TIMES, &v, out), 32);
	UNIT_ASSERT_INT(out[0] | out[7], 0);
	v.dos = CORE_DOS_NORMAL;
	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_DOSATTRIB, &v, out), 24);
	UNIT_ASSERT_INT(out[8], 1);
	UNIT_ASSERT_INT(out[12], 0);
	v.crtime.tv_sec = -11644473601;
	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_NTFS_CRTIME, &v, out), -EOVERFLOW);
	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_NTFS_TIMES, &v, out), -EOVERFLOW);
	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_DOSATTRIB, &v, out), 24);
	UNIT_ASSERT_INT(out[8], 1);
	UNIT_ASSERT_INT(out[16] | out[23], 0);
	UNIT_ASSERT_INT(core_ext_encode(CORE_ATTR_NONE, &v, out), -ENODATA);
}

UNIT_SUITE(ext, UNIT_TEST(flags_shown), UNIT_TEST(flags_set), UNIT_TEST(dos_shown),
	   UNIT_TEST(flag_names), UNIT_TEST(filetimes), UNIT_TEST(attr_names), UNIT_TEST(decode),
	   UNIT_TEST(encode));
