/*
 * Decoding of arbitrary values of the extended attributes. Input: a byte for which one, then the
 * value, in memory of exactly its size.
 *
 * Checked besides what sanitizers see: an error leaves the result alone; what was taken can be
 * encoded again, and says the same then.
 */
#include <stdlib.h>
#include <string.h>
#include "core/ext/ext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void check(enum core_ext_xattr attr, const struct core_ext_value *v)
{
	struct core_ext_value again;
	char out[CORE_EXT_VALUE_MAX];
	uint32_t flags, flags2;
	int len = core_ext_encode(attr, v, out);

	require(v->has);
	if (v->has & CORE_HAS_DOS)
		require(core_ext_from_dos(v->dos, 0, &flags) == 0);
	if (len < 0)
		return;
	require((size_t)len <= sizeof(out));
	require(core_ext_decode(attr, out, (size_t)len, &again) == 0);
	if (v->has & CORE_HAS_DOS) {
		require(again.has & CORE_HAS_DOS);
		require(core_ext_from_dos(again.dos, 0, &flags2) == 0 && flags == flags2);
	}
	if ((v->has & CORE_HAS_CRTIME) && (again.has & CORE_HAS_CRTIME) &&
	    core_ext_time_known(v->crtime))
		require(same_time(v->crtime, again.crtime));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct core_ext_value v, before;
	enum core_ext_xattr attr;
	void *value;

	if (!size)
		return 0;
	attr = (enum core_ext_xattr)(data[0] % (CORE_ATTR_DOSATTRIB + 1));
	value = malloc(size - 1 ? size - 1 : 1);
	if (!value)
		return 0;
	memcpy(value, data + 1, size - 1);
	memset(&v, 0x5a, sizeof(v));
	before = v;
	if (core_ext_decode(attr, value, size - 1, &v) == 0) {
		/* a value that says nothing (DOSATTRIB without a valid field) is fine */
		if (v.has)
			check(attr, &v);
	} else {
		require(memcmp(&v, &before, sizeof(v)) == 0);
	}
	free(value);
	return 0;
}
