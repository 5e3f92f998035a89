/*
 * The hash of a name in a directory, 32 bits that are all of use: the table takes its shard from
 * the highest and the place in it from the lowest. Seeded, so that names which collide have to be
 * found by trying. Reads nothing but the name.
 */
#ifndef CORE_FS_NAME_HASH_H
#define CORE_FS_NAME_HASH_H

#include "core/base/base.h"

struct name_seed {
	uint64_t a, b;
};

static inline uint64_t name_word(const char *p)
{
	uint64_t w;

	__builtin_memcpy(&w, p, sizeof(w));
	return w;
}

/* Both halves of the product: each bit of the one number meets each of the other. */
static inline uint64_t name_mix(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 product;

	return a * b ^ (uint64_t)((product)a * b >> 64);
#else
	uint64_t p = (a ^ b >> 31) * 0x9e3779b97f4a7c15ULL;

	p = (p ^ p >> 29 ^ b) * 0xbf58476d1ce4e5b9ULL;
	return p ^ p >> 32;
#endif
}

/*
 * Names that differ in a few characters at one end only make products in an arithmetic sequence,
 * which would clump: another factor, and its upper half.
 */
static inline uint32_t name_end(uint64_t h)
{
	return (uint32_t)(h * 0x9e3779b97f4a7c15ULL >> 32);
}

/* Up to 7 bytes. */
static inline uint64_t name_part(const char *name, size_t len)
{
	uint64_t w = 0;

	while (len)
		w = w << 8 | (unsigned char)name[--len];
	return w;
}

/* Names of less than 8 or more than 16 bytes; h as below. */
static inline uint32_t name_hash_other(const struct name_seed *seed, const char *name, size_t len,
				       uint64_t h)
{
	if (len < 8)
		return name_end(name_mix(name_part(name, len) ^ seed->a, h));
	for (; len > 16; name += 16, len -= 16)
		h = name_mix(name_word(name) ^ seed->a, name_word(name + 8) ^ h);
	/* A rest of less than a word: the words before the end reach back into what was taken. */
	return name_end(name_mix(name_word(len < 8 ? name + len - 16 : name) ^ seed->a,
				 name_word(name + len - 8) ^ h));
}

/* What is the same for all names of a directory. */
static inline uint64_t name_base(const struct name_seed *seed, uint32_t parent)
{
	return seed->b + parent * 0x9e3779b97f4a7c15ULL;
}

/* For names of 8 to 16 bytes: two words, which may overlap. */
static inline uint32_t name_hash_short(const struct name_seed *seed, uint64_t base,
				       const char *name, size_t len)
{
	return name_end(
		name_mix(name_word(name) ^ seed->a, name_word(name + len - 8) ^ (base + len)));
}

static inline uint32_t name_hash(const struct name_seed *seed, uint32_t parent, const char *name,
				 size_t len)
{
	uint64_t base = name_base(seed, parent);

	if (core_likely(len - 8 <= 8))
		return name_hash_short(seed, base, name, len);
	return name_hash_other(seed, name, len, base + len);
}

#endif
