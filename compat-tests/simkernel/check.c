/*
 * What a kernel checks in a successful reply: its length, and what would make it answer the
 * program's caller EIO. Source: behaviour of Linux.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "priv.h"

enum {
	NSEC_LIMIT = 1000000000,
	NAME_LIMIT = 1024,   /* of a directory entry */
	XATTR_LIMIT = 65536, /* of a value and of a list */
	PAGE = 4096,
};

__attribute__((format(printf, 3, 4))) static int wrong(struct sk *k, const struct sk_req *r,
						       const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sk_violate_locked(k, "unique %llu, %s: %s", (unsigned long long)r->unique,
			  core_wire_op_name(r->hdr.opcode), text);
	return -EIO;
}

/* ---- length -------------------------------------------------------------------------------- */

/* The fewest and most bytes the reply's body may have. */
static void body_limits(const struct sk *k, const struct sk_req *r, size_t *min, size_t *max)
{
	const struct wire_read_in *read = sk_req_in(r);
	const struct wire_getxattr_in *xattr = sk_req_in(r);
	const struct wire_ioctl_in *ioctl = sk_req_in(r);

	*min = *max = core_wire_out_size(r->hdr.opcode, k->minor, k->caps);
	switch (r->hdr.opcode) {
	case WIRE_READ:
	case WIRE_READDIR:
	case WIRE_READDIRPLUS:
		*max = read->size;
		break;
	case WIRE_READLINK:
		*max = PAGE - 1;
		break;
	case WIRE_GETXATTR:
	case WIRE_LISTXATTR:
		if (xattr->size) {
			*min = 0;
			*max = xattr->size;
		}
		break;
	case WIRE_IOCTL:
		*max += ioctl->out_size;
		if (ioctl->flags & WIRE_IOCTL_UNRESTRICTED) /* a list of iovecs may come instead */
			*max = *min + WIRE_IOCTL_MAX_IOV * sizeof(struct wire_ioctl_iovec);
		break;
	case WIRE_INIT:
		*min = WIRE_INIT_OUT_OLD; /* all that a library older than 7.23 knows */
		break;
	case WIRE_CUSE_INIT:
		*max += PAGE;
		break;
	}
}

static int check_length(struct sk *k, const struct sk_req *r)
{
	size_t min, max;

	if (!core_wire_op(r->hdr.opcode))
		return 0; /* the test knows what it asked for */
	body_limits(k, r, &min, &max);
	if (r->body_len < min || r->body_len > max) {
		if (min == max)
			return wrong(k, r, "reply of %zu bytes, should be %zu", r->body_len, min);
		return wrong(k, r, "reply of %zu bytes, should be %zu to %zu", r->body_len, min,
			     max);
	}
	return 0;
}

/* ---- attributes and entries ---------------------------------------------------------------- */

static bool valid_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	}
	return false;
}

static int check_attr(struct sk *k, const struct sk_req *r, const struct wire_attr *a)
{
	if (!valid_type(a->mode))
		return wrong(k, r, "mode 0%o has no file type", a->mode);
	if (a->size > INT64_MAX)
		return wrong(k, r, "size %llu is negative", (unsigned long long)a->size);
	if (a->atimensec >= NSEC_LIMIT || a->mtimensec >= NSEC_LIMIT || a->ctimensec >= NSEC_LIMIT)
		return wrong(k, r, "nanoseconds over 999999999 in a time");
	return 0;
}

/* The type of a node the kernel knows does not change; what it had not seen, it learns. */
static int check_type(struct sk *k, const struct sk_req *r, struct sk_node *n, uint32_t mode)
{
	if (n->type && n->type != (mode & S_IFMT))
		return wrong(k, r, "node %llu was of type 0%o and now is of type 0%o",
			     (unsigned long long)n->nodeid, n->type, mode & S_IFMT);
	n->type = mode & S_IFMT;
	return 0;
}

static int count_lookup(struct sk *k, const struct sk_req *r, const struct wire_entry_out *e)
{
	struct sk_node *n = sk_node_get(k, e->nodeid);
	int err;

	if (!n)
		abort();
	if (n->generation != e->generation)
		n->type = 0; /* reused: another file from now on */
	err = check_type(k, r, n, e->attr.mode);
	n->generation = e->generation;
	n->nlookup++; /* also if the kernel then makes the node bad */
	return err;
}

/* type: S_IFMT bits the operation makes, 0: any. */
static int check_entry(struct sk *k, const struct sk_req *r, const struct wire_entry_out *e,
		       uint32_t type)
{
	int err;

	if (e->entry_valid_nsec >= NSEC_LIMIT || e->attr_valid_nsec >= NSEC_LIMIT)
		return wrong(k, r, "nanoseconds over 999999999 in a timeout");
	if (!e->nodeid)
		return wrong(k, r, "node 0 for a file that was made");
	if (e->nodeid == WIRE_ROOT_ID)
		return wrong(k, r, "the root's node for another file");
	err = check_attr(k, r, &e->attr);
	if (err)
		return err;
	if (type && (e->attr.mode & S_IFMT) != type)
		return wrong(k, r, "type 0%o, asked for was 0%o", e->attr.mode & S_IFMT, type);
	return count_lookup(k, r, e);
}

static int check_lookup(struct sk *k, const struct sk_req *r, const struct wire_entry_out *e)
{
	const char *name = sk_req_in(r);

	if (!e->nodeid) /* remembered as "no such file" for entry_valid */
		return e->entry_valid_nsec < NSEC_LIMIT ? -ENOENT : check_entry(k, r, e, 0);
	/* Only a file handle's way up (EXPORT_SUPPORT) may lead to the root. */
	if (e->nodeid == WIRE_ROOT_ID && (!strcmp(name, ".") || !strcmp(name, ".."))) {
		int err = check_attr(k, r, &e->attr);

		return err ? err : count_lookup(k, r, e);
	}
	return check_entry(k, r, e, 0);
}

/* An attr_out or the like, of the node the request was about. */
static int check_attr_of(struct sk *k, const struct sk_req *r, uint32_t valid_nsec,
			 const struct wire_attr *a)
{
	struct sk_node *n = sk_node_find(k, r->hdr.nodeid);
	int err = check_attr(k, r, a);

	if (!err && valid_nsec >= NSEC_LIMIT)
		err = wrong(k, r, "nanoseconds over 999999999 in a timeout");
	if (!err && r->hdr.nodeid == WIRE_ROOT_ID && !S_ISDIR(a->mode))
		err = wrong(k, r, "the root is of type 0%o, not a directory", a->mode & S_IFMT);
	if (!err && n)
		err = check_type(k, r, n, a->mode);
	return err;
}

static int check_statx(struct sk *k, const struct sk_req *r, const struct wire_statx_out *out)
{
	struct wire_attr a = {.mode = out->stat.mode,
			      .size = out->stat.size,
			      .atimensec = out->stat.atime.tv_nsec,
			      .mtimensec = out->stat.mtime.tv_nsec,
			      .ctimensec = out->stat.ctime.tv_nsec};

	if (out->stat.btime.tv_nsec >= NSEC_LIMIT)
		return wrong(k, r, "nanoseconds over 999999999 in a time");
	return check_attr_of(k, r, out->attr_valid_nsec, &a);
}

/* ---- directories --------------------------------------------------------------------------- */

bool sk_dirent_next(const void *buf, long len, size_t *pos, bool plus, struct sk_dirent *d)
{
	size_t before = plus ? sizeof(struct wire_entry_out) : 0, left, size;
	const char *at = (const char *)buf + *pos;
	struct wire_dirent e;

	if (len < 0 || *pos > (size_t)len)
		return false;
	left = (size_t)len - *pos;
	if (left < before + sizeof(e))
		return false;
	memset(d, 0, sizeof(*d));
	memcpy(&d->entry, at, before);
	memcpy(&e, at + before, sizeof(e));
	size = WIRE_DIRENT_ALIGN(before + sizeof(e) + (size_t)e.namelen);
	if (e.namelen > NAME_LIMIT || size > left)
		return false;
	memcpy(d->name, at + before + sizeof(e), e.namelen);
	d->ino = e.ino;
	d->off = e.off;
	d->type = e.type;
	*pos += size;
	return true;
}

static int check_dirent(struct sk *k, const struct sk_req *r, const struct sk_dirent *d, bool plus)
{
	bool dots = !strcmp(d->name, ".") || !strcmp(d->name, "..");

	if (!d->name[0])
		return wrong(k, r, "an entry without a name");
	if (strchr(d->name, '/'))
		return wrong(k, r, "an entry with a '/' in its name");
	if (d->type > 15)
		return wrong(k, r, "entry %s has type %u", d->name, d->type);
	/* No lookup is counted for a node of 0 and for the dots. */
	if (plus && d->entry.nodeid && !dots)
		return check_entry(k, r, &d->entry, 0);
	return 0;
}

static int check_readdir(struct sk *k, const struct sk_req *r, bool plus)
{
	struct sk_dirent d;
	size_t pos = 0;
	int err = 0;

	while (sk_dirent_next(r->body, (long)r->body_len, &pos, plus, &d)) {
		int this = check_dirent(k, r, &d, plus);

		err = err ? err : this;
	}
	if (pos < r->body_len)
		err = wrong(k, r,
			    "%zu bytes at the end are no whole entry, or a name is over 1024 bytes",
			    r->body_len - pos);
	return err;
}

/* ---- the rest ------------------------------------------------------------------------------ */

static int check_xattr(struct sk *k, const struct sk_req *r)
{
	const struct wire_getxattr_in *in = sk_req_in(r);
	const struct wire_getxattr_out *out = (const void *)r->body;

	if (!in->size)
		return out->size > XATTR_LIMIT
			       ? wrong(k, r, "a length of %u, over 65536", out->size)
			       : 0;
	if (r->hdr.opcode != WIRE_LISTXATTR || !r->body_len)
		return 0;
	if (r->body[r->body_len - 1])
		return wrong(k, r, "the list does not end with a terminated name");
	for (size_t at = 0; at < r->body_len; at += strlen(r->body + at) + 1)
		if (!r->body[at])
			return wrong(k, r, "the list has an empty name");
	return 0;
}

static int check_lock(struct sk *k, const struct sk_req *r, const struct wire_lk_out *lk)
{
	if (lk->type == F_UNLCK)
		return 0;
	if (lk->type != F_RDLCK && lk->type != F_WRLCK)
		return wrong(k, r, "lock of type %u", lk->type);
	if (lk->start > INT64_MAX || lk->end > INT64_MAX || lk->end < lk->start)
		return wrong(k, r, "lock from %llu to %llu", (unsigned long long)lk->start,
			     (unsigned long long)lk->end);
	return 0;
}

static int check_ioctl(struct sk *k, const struct sk_req *r)
{
	const struct wire_ioctl_in *in = sk_req_in(r);
	const struct wire_ioctl_out *out = (const void *)r->body;
	size_t data = r->body_len - sizeof(*out);
	size_t iovs = (size_t)out->in_iovs + out->out_iovs;

	if (!(out->flags & WIRE_IOCTL_RETRY)) {
		if (data > in->out_size)
			return wrong(k, r, "%zu bytes of data, room is for %u", data, in->out_size);
		return 0;
	}
	if (!(in->flags & WIRE_IOCTL_UNRESTRICTED))
		return wrong(k, r, "a retry is only possible for an unrestricted ioctl");
	if (out->in_iovs > WIRE_IOCTL_MAX_IOV || out->out_iovs > WIRE_IOCTL_MAX_IOV ||
	    iovs > WIRE_IOCTL_MAX_IOV)
		return wrong(k, r, "a retry with %zu iovecs, over 256", iovs);
	if (data != iovs * sizeof(struct wire_ioctl_iovec))
		return wrong(k, r, "a retry with %zu iovecs in %zu bytes", iovs, data);
	return 0;
}

static int check_count(struct sk *k, const struct sk_req *r, uint64_t done, uint64_t asked)
{
	if (done <= asked)
		return 0;
	return wrong(k, r, "%llu bytes done, asked for were %llu", (unsigned long long)done,
		     (unsigned long long)asked);
}

static int check_create(struct sk *k, const struct sk_req *r)
{
	const struct wire_create_out *out = (const void *)r->body;

	return check_entry(k, r, &out->entry, S_IFREG);
}

static uint32_t mknod_type(const struct sk_req *r)
{
	const struct wire_mknod_in *in = sk_req_in(r);

	return in->mode & S_IFMT ? in->mode & S_IFMT : S_IFREG;
}

static int check_body(struct sk *k, const struct sk_req *r)
{
	const void *in = sk_req_in(r), *out = r->body;
	const struct wire_attr_out *attr = out;

	switch (r->hdr.opcode) {
	case WIRE_LOOKUP:
		return check_lookup(k, r, out);
	case WIRE_SYMLINK:
		return check_entry(k, r, out, S_IFLNK);
	case WIRE_MKDIR:
		return check_entry(k, r, out, S_IFDIR);
	case WIRE_MKNOD:
		return check_entry(k, r, out, mknod_type(r));
	case WIRE_LINK:
		return check_entry(k, r, out, 0);
	case WIRE_CREATE:
	case WIRE_TMPFILE:
		return check_create(k, r);
	case WIRE_GETATTR:
	case WIRE_SETATTR:
		return check_attr_of(k, r, attr->attr_valid_nsec, &attr->attr);
	case WIRE_STATX:
		return check_statx(k, r, out);
	case WIRE_READDIR:
		return check_readdir(k, r, false);
	case WIRE_READDIRPLUS:
		return check_readdir(k, r, true);
	case WIRE_WRITE:
		return check_count(k, r, ((const struct wire_write_out *)out)->size,
				   ((const struct wire_write_in *)in)->size);
	case WIRE_COPY_FILE_RANGE:
		return check_count(k, r, ((const struct wire_write_out *)out)->size,
				   ((const struct wire_copy_file_range_in *)in)->len);
	case WIRE_COPY_FILE_RANGE_64:
		return check_count(k, r,
				   ((const struct wire_copy_file_range_out *)out)->bytes_copied,
				   ((const struct wire_copy_file_range_in *)in)->len);
	case WIRE_GETXATTR:
	case WIRE_LISTXATTR:
		return check_xattr(k, r);
	case WIRE_GETLK:
		return check_lock(k, r, out);
	case WIRE_IOCTL:
		return check_ioctl(k, r);
	}
	return 0;
}

int sk_check_reply(struct sk *k, struct sk_req *r)
{
	int err = check_length(k, r);

	return err ? err : check_body(k, r);
}
