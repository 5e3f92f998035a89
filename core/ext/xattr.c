/*
 * Times as FILETIME, and the extended attributes made of them and of DOS attributes.
 *
 * system.ntfs_*: as ntfs-3g(8) has them. Native byte order, or big-endian for the _be names: 32
 * bits of attributes; a FILETIME of creation; or FILETIMEs of creation, last write, last access and
 * last change, of which a value that is set may leave out the later ones.
 *
 * system.ambifuse_*: what these leave out, in the same manner: all flags, and the time of the last
 * backup.
 *
 * user.DOSATTRIB: what Samba's smbd stores with "store dos attributes". Little-endian, 4-aligned: a
 * NUL-terminated text, a version, the version again, and the fields of that version. Samba 4.17
 * writes version 5; it and we read the older ones too.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include "core/ext/ext.h"

#define EPOCH_DIFF  11644473600ll /* seconds from 1601 to 1970 */
#define UNITS       10000000ll    /* in a second */
#define NS_PER_UNIT 100

int core_ext_to_filetime(struct timespec ts, uint64_t *filetime)
{
	int64_t units;

	if (ts.tv_nsec < 0 || ts.tv_nsec > 999999999)
		return -EINVAL;
	if (__builtin_add_overflow((int64_t)ts.tv_sec, EPOCH_DIFF, &units) || units < 0 ||
	    __builtin_mul_overflow(units, UNITS, &units) ||
	    __builtin_add_overflow(units, ts.tv_nsec / NS_PER_UNIT, &units))
		return -ERANGE;
	*filetime = (uint64_t)units;
	return 0;
}

int core_ext_from_filetime(uint64_t filetime, struct timespec *ts)
{
	if (filetime > INT64_MAX)
		return -ERANGE;
	ts->tv_sec = (time_t)((int64_t)(filetime / UNITS) - EPOCH_DIFF);
	ts->tv_nsec = (long)(filetime % UNITS) * NS_PER_UNIT;
	return 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

static const char *const names[] = {
	[CORE_ATTR_NTFS_ATTRIB] = "system.ntfs_attrib",
	[CORE_ATTR_NTFS_ATTRIB_BE] = "system.ntfs_attrib_be",
	[CORE_ATTR_NTFS_CRTIME] = "system.ntfs_crtime",
	[CORE_ATTR_NTFS_CRTIME_BE] = "system.ntfs_crtime_be",
	[CORE_ATTR_NTFS_TIMES] = "system.ntfs_times",
	[CORE_ATTR_NTFS_TIMES_BE] = "system.ntfs_times_be",
	[CORE_ATTR_FLAGS] = "system.ambifuse_flags",
	[CORE_ATTR_BKUPTIME] = "system.ambifuse_bkuptime",
	[CORE_ATTR_BKUPTIME_BE] = "system.ambifuse_bkuptime_be",
	[CORE_ATTR_DOSATTRIB] = CORE_ATTR_DOSATTRIB_NAME,
};

enum core_ext_xattr core_ext_xattr(const char *name)
{
	/* Nearly all names that are asked for begin otherwise. */
	if (strncmp(name, "system.ntfs_", 12) && strncmp(name, "system.ambifuse_", 16) &&
	    strncmp(name, "user.D", 6))
		return CORE_ATTR_NONE;
	for (size_t i = 1; i < CORE_ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return (enum core_ext_xattr)i;
	return CORE_ATTR_NONE;
}

/* ---- encode --------------------------------------------------------------------------------- */

static void put32(char *out, uint32_t v)
{
	memcpy(out, &v, sizeof(v));
}
static void put64(char *out, uint64_t v)
{
	memcpy(out, &v, sizeof(v));
}

static bool known(const struct core_ext_value *v, unsigned bit, struct timespec ts)
{
	return (v->has & bit) && core_ext_time_known(ts);
}

/* One time that a file may not have. */
static int encode_time(const struct core_ext_value *v, unsigned has, struct timespec ts, bool be,
		       char *out)
{
	uint64_t filetime;

	if (!known(v, has, ts))
		return -ENODATA;
	if (core_ext_to_filetime(ts, &filetime))
		return -EOVERFLOW;
	put64(out, be ? htobe64(filetime) : filetime);
	return 8;
}

static int encode_dosattrib(const struct core_ext_value *v, char *out)
{
	uint64_t filetime = 0;
	/* It is listed, so it has to be there: without a time that cannot be said. */
	bool crtime = known(v, CORE_HAS_CRTIME, v->crtime) &&
		      core_ext_to_filetime(v->crtime, &filetime) == 0;

	memset(out, 0, 24);
	out[2] = out[4] = 5;
	put32(out + 8, htole32(crtime ? 0x11 : 0x1));
	/* NORMAL is not stored */
	put32(out + 12, htole32(v->dos & ~(uint32_t)CORE_DOS_NORMAL));
	put64(out + 16, htole64(filetime));
	return 24;
}

static int encode_times(const struct core_ext_value *v, bool be, char *out)
{
	const struct timespec *ts[] = {&v->crtime, &v->mtime, &v->atime, &v->chgtime};
	uint64_t filetime[4] = {0};

	for (size_t i = 0; i < CORE_ARRAY_SIZE(ts); i++) {
		/* A creation time the file has not is 0; the others may well be that of 1970. */
		int res = i == 0 && !known(v, CORE_HAS_CRTIME, v->crtime)
				  ? 0
				  : core_ext_to_filetime(*ts[i], &filetime[i]);

		if (res)
			return -EOVERFLOW;
	}
	for (size_t i = 0; i < CORE_ARRAY_SIZE(ts); i++)
		put64(out + 8 * i, be ? htobe64(filetime[i]) : filetime[i]);
	return 32;
}

int core_ext_encode(enum core_ext_xattr attr, const struct core_ext_value *v,
		    char out[CORE_EXT_VALUE_MAX])
{
	bool be = attr == CORE_ATTR_NTFS_ATTRIB_BE || attr == CORE_ATTR_NTFS_CRTIME_BE ||
		  attr == CORE_ATTR_NTFS_TIMES_BE || attr == CORE_ATTR_BKUPTIME_BE;

	switch (attr) {
	case CORE_ATTR_NTFS_ATTRIB:
	case CORE_ATTR_NTFS_ATTRIB_BE:
		put32(out, be ? htobe32(v->dos) : v->dos);
		return 4;
	case CORE_ATTR_NTFS_CRTIME:
	case CORE_ATTR_NTFS_CRTIME_BE:
		return encode_time(v, CORE_HAS_CRTIME, v->crtime, be, out);
	case CORE_ATTR_BKUPTIME:
	case CORE_ATTR_BKUPTIME_BE:
		return encode_time(v, CORE_HAS_BKUPTIME, v->bkuptime, be, out);
	case CORE_ATTR_FLAGS:
		put32(out, v->flags);
		return 4;
	case CORE_ATTR_NTFS_TIMES:
	case CORE_ATTR_NTFS_TIMES_BE:
		return encode_times(v, be, out);
	case CORE_ATTR_DOSATTRIB:
		return encode_dosattrib(v, out);
	default:
		return -ENODATA;
	}
}

/* ---- decode --------------------------------------------------------------------------------- */

static uint16_t le16_at(const char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}
static uint32_t u32_at(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}
static uint64_t u64_at(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static int decode_attrib(const char *p, size_t size, bool be, struct core_ext_value *v)
{
	uint32_t flags;

	if (size != 4)
		return -EINVAL;
	v->dos = be ? be32toh(u32_at(p)) : u32_at(p);
	v->has = CORE_HAS_DOS;
	return core_ext_from_dos(v->dos, 0, &flags);
}

static int decode_times(const char *p, size_t size, size_t most, bool be, struct core_ext_value *v)
{
	struct timespec *ts[] = {&v->crtime, &v->mtime, &v->atime, &v->chgtime};
	static const unsigned has[] = {CORE_HAS_CRTIME, CORE_HAS_MTIME, CORE_HAS_ATIME,
				       CORE_HAS_CHGTIME};

	if (!size || size % 8 || size > most)
		return -EINVAL;
	for (size_t i = 0; i < size / 8; i++) {
		uint64_t filetime = u64_at(p + 8 * i);
		int res = core_ext_from_filetime(be ? be64toh(filetime) : filetime, ts[i]);

		if (res)
			return res;
		v->has |= has[i];
	}
	return 0;
}

/* Where a version of user.DOSATTRIB has its fields; -1: it has none. */
static const struct {
	int valid, attrib, crtime, size;
} dosattrib_versions[] = {
	[1] = {-1, 0, 24, 40},
	[3] = {0, 4, 28, 44},
	[4] = {0, 4, 16, 24},
	[5] = {0, 4, 8, 16},
};
enum { VALID_ATTRIB = 0x1, VALID_CRTIME = 0x10, VALID_ALL = 0x7f };

/* The oldest form: just "0x27", with or without the NUL. */
static int decode_dos_text(const char *p, size_t size, struct core_ext_value *v)
{
	uint32_t value = 0, flags;

	if (size && !p[size - 1])
		size--;
	if (size < 3 || size > 10 || p[0] != '0' || p[1] != 'x')
		return -EINVAL;
	for (size_t i = 2; i < size; i++) {
		const char *digits = "0123456789abcdefABCDEF", *d = strchr(digits, p[i]);

		if (!p[i] || !d)
			return -EINVAL;
		value = value << 4 | (uint32_t)(d - digits > 15 ? d - digits - 6 : d - digits);
	}
	v->dos = value;
	v->has = CORE_HAS_DOS;
	return core_ext_from_dos(value, 0, &flags);
}

static int decode_dosattrib(const char *p, size_t size, struct core_ext_value *v)
{
	const char *nul = memchr(p, 0, size);
	size_t at = nul ? (size_t)(nul - p + 2) & ~(size_t)1 : size, version;
	uint32_t valid = VALID_ATTRIB | VALID_CRTIME, flags;
	uint64_t filetime;

	if (at >= size)
		return decode_dos_text(p, size, v);
	if (size - at < 4)
		return -EINVAL;
	version = le16_at(p + at);
	if (version != le16_at(p + at + 2) || version >= CORE_ARRAY_SIZE(dosattrib_versions) ||
	    !dosattrib_versions[version].size)
		return -EINVAL;
	at = (at + 4 + 3) & ~(size_t)3;
	if (size != at + (size_t)dosattrib_versions[version].size)
		return -EINVAL;
	if (dosattrib_versions[version].valid >= 0)
		valid = le32toh(u32_at(p + at + dosattrib_versions[version].valid));
	if (valid & ~(uint32_t)VALID_ALL)
		return -EINVAL;
	if (valid & VALID_ATTRIB) {
		v->dos = le32toh(u32_at(p + at + dosattrib_versions[version].attrib));
		v->has |= CORE_HAS_DOS;
		if (core_ext_from_dos(v->dos, 0, &flags))
			return -EINVAL;
	}
	filetime = le64toh(u64_at(p + at + dosattrib_versions[version].crtime));
	/* Samba has 0 and all ones for "not known" */
	if (!(valid & VALID_CRTIME) || filetime == 0 || filetime == UINT64_MAX)
		return 0;
	v->has |= CORE_HAS_CRTIME;
	return core_ext_from_filetime(filetime, &v->crtime);
}

int core_ext_decode(enum core_ext_xattr attr, const void *value, size_t size,
		    struct core_ext_value *out)
{
	struct core_ext_value v = {0};
	int res;

	switch (attr) {
	case CORE_ATTR_NTFS_ATTRIB:
	case CORE_ATTR_NTFS_ATTRIB_BE:
		res = decode_attrib(value, size, attr == CORE_ATTR_NTFS_ATTRIB_BE, &v);
		break;
	case CORE_ATTR_NTFS_CRTIME:
	case CORE_ATTR_NTFS_CRTIME_BE:
		res = decode_times(value, size, 8, attr == CORE_ATTR_NTFS_CRTIME_BE, &v);
		break;
	case CORE_ATTR_NTFS_TIMES:
	case CORE_ATTR_NTFS_TIMES_BE:
		res = decode_times(value, size, 32, attr == CORE_ATTR_NTFS_TIMES_BE, &v);
		break;
	case CORE_ATTR_BKUPTIME:
	case CORE_ATTR_BKUPTIME_BE:
		res = decode_times(value, size, 8, attr == CORE_ATTR_BKUPTIME_BE, &v);
		if (!res)
			v = (struct core_ext_value){.has = CORE_HAS_BKUPTIME, .bkuptime = v.crtime};
		break;
	case CORE_ATTR_FLAGS:
		res = size == 4 ? 0 : -EINVAL;
		if (!res)
			v = (struct core_ext_value){.has = CORE_HAS_FLAGS, .flags = u32_at(value)};
		break;
	case CORE_ATTR_DOSATTRIB:
		res = size ? decode_dosattrib(value, size, &v) : -EINVAL;
		break;
	default:
		res = -EOPNOTSUPP;
	}
	if (!res)
		*out = v;
	return res;
}
