/* case_xattr.c - extended attributes: sizes 0, exact, too small, large; flags; errors */
#include "conform.h"

#include <sys/xattr.h>

CASE(xattr_set, "xattr.set-and-get")
{
	put(S("f"), "");
	OK(setxattr(P("f"), "user.name", "value", 5, 0));
	SAW_RET("setxattr /f user.name 5 0", 0);
	char buf[10] = "";
	EQ(getxattr(P("f"), "user.name", buf, 10), 5);
	SAW_RET("getxattr /f user.name 10", 5);
	STR(buf, "value");
}

CASE(xattr_size, "xattr.size-zero-asks-for-the-size")
{
	put(S("f"), "");
	OK(setxattr(S("f"), "user.name", "value", 5, 0));
	EQ(getxattr(P("f"), "user.name", NULL, 0), 5);
	SAW_RET("getxattr /f user.name 0", 5);
}

CASE(xattr_exact, "xattr.exact-size")
{
	put(S("f"), "");
	OK(setxattr(S("f"), "user.name", "value", 5, 0));
	EQ(getxattr(P("f"), "user.name", (char[5]){0}, 5), 5);
}

CASE(xattr_erange, "xattr.too-small")
{
	put(S("f"), "");
	OK(setxattr(S("f"), "user.name", "value", 5, 0));
	ERR(getxattr(P("f"), "user.name", (char[5]){0}, 4), ERANGE);
	SAW_RET("getxattr /f user.name 4", -ERANGE);
}

CASE(xattr_empty, "xattr.empty-value")
{
	put(S("f"), "");
	OK(setxattr(P("f"), "user.name", "", 0, 0));
	SAW("setxattr /f user.name 0 0");
	EQ(getxattr(P("f"), "user.name", (char[5]){0}, 5), 0);
}

CASE(xattr_none, "xattr.missing-attribute")
{
	put(S("f"), "");
	ERR(getxattr(P("f"), "user.name", (char[5]){0}, 5), ENODATA);
	ERR(removexattr(P("f"), "user.name"), ENODATA);
	SAW_RET("removexattr /f user.name", -ENODATA);
}

CASE(xattr_flags, "xattr.create-and-replace")
{
	put(S("f"), "");
	ERR(setxattr(P("f"), "user.a", "1", 1, XATTR_REPLACE), ENODATA);
	SAW_RET("setxattr /f user.a 1 2", -ENODATA);
	OK(setxattr(P("f"), "user.a", "1", 1, XATTR_CREATE));
	SAW_RET("setxattr /f user.a 1 1", 0);
	ERR(setxattr(P("f"), "user.a", "2", 1, XATTR_CREATE), EEXIST);
	OK(setxattr(P("f"), "user.a", "2", 1, XATTR_REPLACE));
}

CASE(xattr_list, "xattr.list")
{
	put(S("f"), "");
	OK(setxattr(S("f"), "user.a", "1", 1, 0));
	OK(setxattr(S("f"), "user.bb", "1", 1, 0));
	char buf[100];
	EQ(listxattr(P("f"), NULL, 0), 15);
	SAW_RET("listxattr /f 0", 15);
	EQ(listxattr(P("f"), buf, 100), 15);
	SAW_RET("listxattr /f 100", 15);
	YES(memmem(buf, 15, "user.a", 7) && memmem(buf, 15, "user.bb", 8));
	EQ(listxattr(P("f"), buf, 15), 15);
	ERR(listxattr(P("f"), buf, 14), ERANGE);
}

CASE(xattr_list_none, "xattr.list-of-none")
{
	put(S("f"), "");
	EQ(listxattr(P("f"), (char[10]){0}, 10), 0);
	EQ(listxattr(P("f"), NULL, 0), 0);
}

CASE(xattr_remove, "xattr.remove")
{
	put(S("f"), "");
	OK(setxattr(S("f"), "user.a", "1", 1, 0));
	OK(removexattr(P("f"), "user.a"));
	SAW_RET("removexattr /f user.a", 0);
	ERR(getxattr(S("f"), "user.a", NULL, 0), ENODATA);
}

CASE(xattr_64k, "xattr.value-of-64-kib")
{
	static char out[65536], in[65536];
	put(S("f"), "");
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 31);
	/* no file system on disk need take so much: the values live in T->data here */
	force(OP_setxattr, 0, 1);
	OK(setxattr(P("f"), "user.big", out, sizeof(out), 0));
	SAW("setxattr /f user.big 65536 0");
	(void)in;
}

static int big_getxattr(const char *path, const char *name, char *value, size_t size)
{
	struct t_call c;
	t_begin(&c, OP_getxattr, NULL, 0, path, "%s %zu", name, size);
	if (strcmp(name, "user.big"))
		return (int)t_end(&c, -ENODATA);
	if (size && size < 65536)
		return (int)t_end(&c, -ERANGE);
	if (size)
		for (int i = 0; i < 65536; i++)
			value[i] = (char)(i * 31);
	return (int)t_end(&c, 65536);
}
static void big_value(struct fuse_operations *ops)
{
	ops->getxattr = big_getxattr;
}
CASE(xattr_get_64k, "xattr.get-value-of-64-kib", .ops = big_value)
{
	static char in[65536];
	put(S("f"), "");
	EQ(getxattr(P("f"), "user.big", NULL, 0), 65536);
	EQ(getxattr(P("f"), "user.big", in, 65536), 65536);
	for (int i = 0; i < 65536; i++)
		YES(in[i] == (char)(i * 31), "byte %d", i);
	ERR(getxattr(P("f"), "user.big", in, 65535), ERANGE);
}

CASE(xattr_err, "xattr.errors-reach-the-client")
{
	put(S("f"), "");
	force(OP_setxattr, -ENOSPC, 1);
	ERR(setxattr(P("f"), "user.a", "1", 1, 0), ENOSPC);
	force(OP_getxattr, -EIO, 1);
	ERR(getxattr(P("f"), "user.a", (char[5]){0}, 5), EIO);
	force(OP_listxattr, -EACCES, 1);
	ERR(listxattr(P("f"), (char[5]){0}, 5), EACCES);
	force(OP_removexattr, -EPERM, 1);
	ERR(removexattr(P("f"), "user.a"), EPERM);
}

CASE(xattr_link, "xattr.of-a-symlink-itself")
{
	OK(symlink("none", S("l")));
	force(OP_getxattr, 3, 1);
	EQ(lgetxattr(P("l"), "trusted.x", NULL, 0), 3);
	SAW("getxattr /l trusted.x 0");
}

CASE(xattr_name_255, "xattr.name-of-255-bytes")
{
	char n[256];
	memset(n, 'n', 255);
	memcpy(n, "user.", 5);
	n[255] = 0;
	put(S("f"), "");
	OK(setxattr(P("f"), n, "v", 1, 0));
	EQ(getxattr(S("f"), n, NULL, 0), 1);
}

CASE(xattr_binary, "xattr.value-with-zero-bytes")
{
	put(S("f"), "");
	OK(setxattr(P("f"), "user.b", "a\0b\0c", 5, 0));
	char buf[5];
	EQ(getxattr(P("f"), "user.b", buf, 5), 5);
	YES(!memcmp(buf, "a\0b\0c", 5));
}
