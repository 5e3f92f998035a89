/*
 * Directory entries as READDIR and READDIRPLUS replies carry them.
 */
#include "core/session/session_priv.h"

#include <string.h>

static void put(char *p, const char *name, size_t len, const struct stat *st, off_t off,
		size_t entsize)
{
	struct wire_dirent *d = (void *)p;

	d->ino = st->st_ino;
	d->off = (uint64_t)off;
	d->namelen = (uint32_t)len;
	d->type = (st->st_mode & S_IFMT) >> 12;
	memcpy(p + sizeof(*d), name, len);
	if (entsize > sizeof(*d) + len)
		memset(p + sizeof(*d) + len, 0, entsize - sizeof(*d) - len);
}

size_t core_add_direntry(char *buf, size_t size, const char *name, const struct stat *st, off_t off)
{
	size_t len = strlen(name);
	size_t need = WIRE_DIRENT_ALIGN(sizeof(struct wire_dirent) + len);

	if (buf && need <= size)
		put(buf, name, len, st, off, need);
	return need;
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
	put(buf + sizeof(*out), name, len, &e->attr, off, ent);
	return need;
}
