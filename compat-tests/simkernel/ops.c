/* A call for each operation: names and attributes. */
#include <string.h>
#include "priv.h"

int sk_lookup(struct sk *k, uint64_t parent, const char *name, struct wire_entry_out *entry)
{
	return done(sk_call(k, CALL(LOOKUP, parent, NAMES(name), TO(entry))));
}

int sk_forget(struct sk *k, uint64_t nodeid, uint64_t nlookup)
{
	struct wire_forget_in in = {nlookup};

	{
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
		sk_node_forget(k, nodeid, nlookup);
	}
	return done(sk_call(k, CALL(FORGET, nodeid, .in = &in)));
}

int sk_batch_forget(struct sk *k, const struct wire_forget_one *list, uint32_t count)
{
	struct wire_batch_forget_in in = {.count = count};

	if (k->minor < 16)
		return -EOPNOTSUPP;
	{
		ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&k->lock);
		for (uint32_t i = 0; i < count; i++)
			sk_node_forget(k, list[i].nodeid, list[i].nlookup);
	}
	return done(sk_call(k, CALL(BATCH_FORGET, 0, .in = &in, .data = list,
				    .data_len = count * sizeof(*list))));
}

int sk_getattr(struct sk *k, uint64_t nodeid, const uint64_t *fh, struct wire_attr_out *attr)
{
	struct wire_getattr_in in = {0};

	if (fh) {
		in.getattr_flags = WIRE_GETATTR_FH;
		in.fh = *fh;
	}
	return done(sk_call(k, CALL(GETATTR, nodeid, .in = &in, TO(attr))));
}

int sk_setattr(struct sk *k, uint64_t nodeid, const struct wire_setattr_in *in,
	       struct wire_attr_out *attr)
{
	return done(sk_call(k, CALL(SETATTR, nodeid, .in = in, TO(attr))));
}

int sk_statx(struct sk *k, uint64_t nodeid, const uint64_t *fh, uint32_t flags, uint32_t mask,
	     struct wire_statx_out *out)
{
	struct wire_statx_in in = {.sx_flags = flags, .sx_mask = mask};

	if (fh) {
		in.getattr_flags = WIRE_GETATTR_FH;
		in.fh = *fh;
	}
	return done(sk_call(k, CALL(STATX, nodeid, .in = &in, TO(out))));
}

long sk_readlink(struct sk *k, uint64_t nodeid, char *target, size_t size)
{
	return sk_call(k, CALL(READLINK, nodeid, .out = target, .out_size = size));
}

int sk_symlink(struct sk *k, uint64_t parent, const char *name, const char *target,
	       struct wire_entry_out *entry)
{
	return done(sk_call(k, CALL(SYMLINK, parent, NAMES(name, target), TO(entry))));
}

int sk_mknod(struct sk *k, uint64_t parent, const char *name, uint32_t mode, uint32_t rdev,
	     uint32_t umask, struct wire_entry_out *entry)
{
	struct wire_mknod_in in = {.mode = mode, .rdev = rdev, .umask = umask};

	return done(sk_call(k, CALL(MKNOD, parent, .in = &in, NAMES(name), TO(entry))));
}

int sk_mkdir(struct sk *k, uint64_t parent, const char *name, uint32_t mode, uint32_t umask,
	     struct wire_entry_out *entry)
{
	struct wire_mkdir_in in = {.mode = mode, .umask = umask};

	return done(sk_call(k, CALL(MKDIR, parent, .in = &in, NAMES(name), TO(entry))));
}

int sk_unlink(struct sk *k, uint64_t parent, const char *name)
{
	return done(sk_call(k, CALL(UNLINK, parent, NAMES(name))));
}

int sk_rmdir(struct sk *k, uint64_t parent, const char *name)
{
	return done(sk_call(k, CALL(RMDIR, parent, NAMES(name))));
}

int sk_rename(struct sk *k, uint64_t parent, const char *name, uint64_t newparent,
	      const char *newname, uint32_t flags)
{
	struct wire_rename_in in = {newparent};
	struct wire_rename2_in in2 = {.newdir = newparent, .flags = flags};

	if (flags)
		return done(sk_call(k, CALL(RENAME2, parent, .in = &in2, NAMES(name, newname))));
	return done(sk_call(k, CALL(RENAME, parent, .in = &in, NAMES(name, newname))));
}

int sk_link(struct sk *k, uint64_t nodeid, uint64_t newparent, const char *newname,
	    struct wire_entry_out *entry)
{
	struct wire_link_in in = {nodeid};

	return done(sk_call(k, CALL(LINK, newparent, .in = &in, NAMES(newname), TO(entry))));
}

int sk_create(struct sk *k, uint64_t parent, const char *name, uint32_t flags, uint32_t mode,
	      uint32_t umask, struct wire_create_out *created)
{
	struct wire_create_in in = {.flags = flags, .mode = mode, .umask = umask};

	return done(sk_call(k, CALL(CREATE, parent, .in = &in, NAMES(name), TO(created))));
}

/* The kernel gives a file without a name this one. */
int sk_tmpfile(struct sk *k, uint64_t parent, uint32_t flags, uint32_t mode, uint32_t umask,
	       struct wire_create_out *created)
{
	struct wire_create_in in = {.flags = flags, .mode = mode, .umask = umask};

	return done(sk_call(k, CALL(TMPFILE, parent, .in = &in, NAMES("/"), TO(created))));
}

int sk_access(struct sk *k, uint64_t nodeid, uint32_t mask)
{
	struct wire_access_in in = {.mask = mask};

	return done(sk_call(k, CALL(ACCESS, nodeid, .in = &in)));
}

int sk_statfs(struct sk *k, uint64_t nodeid, struct wire_statfs_out *st)
{
	return done(sk_call(k, CALL(STATFS, nodeid, TO(st))));
}

int sk_setxattr(struct sk *k, uint64_t nodeid, const char *name, const void *value, size_t size,
		uint32_t flags)
{
	struct wire_setxattr_in in = {.size = (uint32_t)size, .flags = flags};

	return done(sk_call(k, CALL(SETXATTR, nodeid, .in = &in, NAMES(name), .data = value,
				    .data_len = size)));
}

/* The answer to size 0 is a structure with the length. */
static long xattr(struct sk *k, struct sk_call *call, void *value, size_t size)
{
	struct wire_getxattr_in in = {.size = (uint32_t)size};
	struct wire_getxattr_out out = {0};
	long n;

	call->in = &in;
	call->out = size ? value : &out;
	call->out_size = size ? (value ? size : 0) : sizeof(out);
	n = sk_call(k, call);
	return n < 0 || size ? n : (long)out.size;
}

long sk_getxattr(struct sk *k, uint64_t nodeid, const char *name, void *value, size_t size)
{
	return xattr(k, CALL(GETXATTR, nodeid, NAMES(name)), value, size);
}

long sk_listxattr(struct sk *k, uint64_t nodeid, void *list, size_t size)
{
	return xattr(k, CALL(LISTXATTR, nodeid), list, size);
}

int sk_removexattr(struct sk *k, uint64_t nodeid, const char *name)
{
	return done(sk_call(k, CALL(REMOVEXATTR, nodeid, NAMES(name))));
}

int sk_syncfs(struct sk *k, uint64_t nodeid)
{
	struct wire_syncfs_in in = {0};

	return done(sk_call(k, CALL(SYNCFS, nodeid, .in = &in)));
}

int sk_destroy(struct sk *k)
{
	return done(sk_call(k, CALL(DESTROY, 0)));
}
