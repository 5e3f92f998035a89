/*
 * Directory entries as READDIR and READDIRPLUS replies carry them.
 */
#include "core/session/session_priv.h"

#include <string.h>

static void put(char *p, const char *name, size_t len, uint64_t ino, uint32_t mode, off_t off,
		size_t entsize)
{
	struct wire_dirent *d = (void *)p;

	/* The last word first: what the name leaves of it is zero. */
	if (core_likely(entsize > sizeof(*d)))
		memset(p + entsize - 8, 0, 8);
	d->ino = ino;
	d->off = (uint64_t)off;
	d->namelen = (uint32_t)len;
	d->type = (mode & S_IFMT) >> 12;
	memcpy(p + sizeof(*d), name, len);
}

size_t session_put_dirent(char *buf, size_t room, const char *name, size_t len, uint64_t ino,
			  uint32_t mode, off_t off)
{
	size_t need = WIRE_DIRENT_ALIGN(sizeof(struct wire_dirent) + len);

	if (core_likely(need <= room))
		put(buf, name, len, ino, mode, off, need);
	return need;
}

size_t core_add_direntry(char *buf, size_t size, const char *name, const struct stat *st, off_t off)
{
	size_t len = strlen(name);

	if (!buf) /* asks for the size: there need be no attributes either */
		return WIRE_DIRENT_ALIGN(sizeof(struct wire_dirent) + len);
	return session_put_dirent(buf, size, name, len, st->st_ino, st->st_mode, off);
}

size_t core_add_direntry_plus(struct core_req *req, char *buf, size_t size, const char *name,
			      const struct core_entry_param *e, off_t off)
{
	size_t len = strlen(name);
	size_t ent = WIRE_DIRENT_ALIGN(sizeof(struct wire_dirent) + len);
	size_t need = sizeof(struct wire_entry_out) + ent;
	struct wire_entry_out *out = (void *)buf;

	(void)req;
	if (!buf || need > size)
		return need;
	reply_fill_entry(out, e);
	put(buf + sizeof(*out), name, len, e->attr.st_ino, e->attr.st_mode, off, ent);
	return need;
}
