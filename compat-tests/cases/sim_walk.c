/* sim_walk.c - the simulated kernel's walk down a path. */
#include "sim_vfs.h"

int path_push(struct kpath *p, uint64_t id)
{
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 16;
		p->id = realloc(p->id, (size_t)p->room * sizeof(*p->id));
	}
	p->id[p->n++] = id;
	return 0;
}

struct kpath path_copy(const struct kpath *p)
{
	struct kpath copy = {.n = p->n, .room = p->n};

	copy.id = malloc(((size_t)p->n + 1) * sizeof(*copy.id));
	if (p->n)
		memcpy(copy.id, p->id, (size_t)p->n * sizeof(*copy.id));
	return copy;
}

void where_hold(struct where *w)
{
	w->held = node_get(w->parent);
	pthread_rwlock_wrlock(&w->held->names);
}

void where_unhold(struct where *w)
{
	if (w->held)
		pthread_rwlock_unlock(&w->held->names);
	w->held = NULL;
}

void where_free(struct where *w)
{
	where_unhold(w);
	free(w->dir.id);
	w->dir = (struct kpath){0};
}

static uint64_t end_of(const struct kpath *p)
{
	return p->n ? p->id[p->n - 1] : WIRE_ROOT_ID;
}

static int lookup(struct conn *c, uint64_t parent, const char *name, struct wire_entry_out *e)
{
	long r = kcall(c, CALL(LOOKUP, parent, .name = {name}, TO(e)));

	if (r < 0)
		return (int)r;
	if (!e->nodeid)
		return -ENOENT;
	node_learn(e->nodeid, &e->attr);
	return 0;
}

/* The last name, in a directory that the caller holds or not. */
int where_last(struct conn *c, struct where *w, bool held)
{
	struct knode *dir = held ? NULL : node_get(w->parent);
	int r;

	if (dir)
		pthread_rwlock_rdlock(&dir->names);
	r = lookup(c, w->parent, w->name, &w->e);
	if (dir)
		pthread_rwlock_unlock(&dir->names);
	w->exists = !r;
	return r;
}

/* The rest of the path becomes what the symbolic link says, and then what was behind it. */
static int follow(struct conn *c, uint64_t id, struct where *w, char *rest, size_t room)
{
	char target[4097] = "", *joined;
	size_t mnt = strlen(T->mnt);
	long n = kcall(c, CALL(READLINK, id, .out = target, .out_size = sizeof(target) - 1));
	int r = 0;

	if (n < 0)
		return (int)n;
	if (*target == '/') {
		if (strncmp(target, T->mnt, mnt) || (target[mnt] && target[mnt] != '/'))
			return (int)not_here(c, "a symbolic link out of the mount");
		w->dir.n = 0;
		memmove(target, target + mnt, strlen(target + mnt) + 1);
	}
	if (asprintf(&joined, "%s%s%s", target, *rest || w->slash ? "/" : "", rest) < 0)
		return -ENOMEM;
	if (strlen(joined) >= room)
		r = -ENAMETOOLONG;
	else
		strcpy(rest, joined);
	free(joined);
	return r;
}

/* One name. 1: the walk goes on, 0: it was the last. */
static int step(struct conn *c, int flags, struct where *w, char *rest, size_t room)
{
	bool last;
	size_t len;
	int r;

	while (*rest == '/')
		memmove(rest, rest + 1, strlen(rest));
	if (!*rest)
		return 0;
	len = strcspn(rest, "/");
	if (len > 1024 || len >= sizeof(w->name))
		return -ENAMETOOLONG;
	memcpy(w->name, rest, len);
	w->name[len] = 0;
	w->slash = rest[len] == '/';
	memmove(rest, rest + len, strlen(rest + len) + 1);
	last = !rest[strspn(rest, "/")];
	if (!strcmp(w->name, ".") || !strcmp(w->name, "..")) {
		if (w->name[1] && w->dir.n)
			w->dir.n--;
		*w->name = 0;
		w->exists = true;
		return 1;
	}
	w->parent = end_of(&w->dir);
	w->exists = false;
	if (last && (flags & W_PARENT))
		return 0;
	if (last && (flags & W_HOLD))
		where_hold(w);
	r = where_last(c, w, w->held);
	if (r == -ENOENT && last && (flags & W_CREATE))
		return 0;
	if (r)
		return r;
	if (S_ISLNK(w->e.attr.mode) && (!last || (flags & W_FOLLOW) || w->slash)) {
		where_unhold(w);
		r = follow(c, w->e.nodeid, w, rest, room);
		return r ? r : 2;
	}
	if ((!last || w->slash) && !S_ISDIR(w->e.attr.mode))
		return -ENOTDIR;
	if (last)
		return 0;
	path_push(&w->dir, w->e.nodeid);
	*w->name = 0;
	return 1;
}

int walk(struct conn *c, struct kfile *at, const char *path, int flags, struct where *w)
{
	char rest[2 * 4096 + 2];
	int r, links = 0;

	memset(w, 0, sizeof(*w));
	if (strlen(path) >= 4096)
		return -ENAMETOOLONG;
	strcpy(rest, path);
	w->exists = true;
	if (at)
		w->dir = path_copy(&at->path);
	do {
		r = step(c, flags, w, rest, sizeof(rest));
		if (r == 2 && ++links > 40)
			r = -ELOOP;
	} while (r > 0);
	if (!r && !*w->name)
		w->e.nodeid = end_of(&w->dir);
	if (r)
		where_free(w);
	return r;
}
