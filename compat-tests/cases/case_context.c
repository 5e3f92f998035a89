/* case_context.c - who calls: fuse_get_context, private data, umask, supplementary groups */
#include "conform.h"

#include <grp.h>

static void make_as_user(long uid)
{
	OK(setgid((gid_t)uid + 1));
	OK(setuid((uid_t)uid));
	umask(027);
	OK(mkdir(P("d"), 0777));
	int fd = OK(open(P("f"), O_CREAT | O_RDWR, 0666));
	OK(close(fd));
}
CASE(context_user, "context.uid-gid-pid-and-umask-of-the-caller", .opts = "allow_other")
{
	OK(chmod(S(""), 0777));
	pid_t p = spawn(make_as_user, 4321);
	EQ(reap(p), 0);
	const struct t_event *e = SAW("mkdir /d *");
	EQ(e->uid, 4321);
	EQ(e->gid, 4322);
	EQ(e->pid, p);
	EQ(e->umask, 027);
	e = SAW("create * /f *");
	EQ(e->uid, 4321);
	EQ(e->pid, p);
	EQ(e->umask, 027);
	EQ(st_of(P("d")).st_uid, 4321);
	EQ(st_of(P("d")).st_mode, S_IFDIR | 0750);
	EQ(st_of(P("f")).st_mode, S_IFREG | 0640);
}

CASE(context_root, "context.of-root")
{
	OK(mkdir(P("d"), 0777));
	const struct t_event *e = SAW("mkdir /d *");
	EQ(e->uid, 0);
	EQ(e->gid, 0);
	EQ(e->pid, getpid());
	EQ(e->umask, 022);
}

static void dont_mask(struct fuse_conn_info *conn)
{
	conn->want |= FUSE_CAP_DONT_MASK;
}
CASE(context_dont_mask, "context.dont-mask-leaves-the-umask-to-the-program", .init = dont_mask)
{
	umask(077);
	OK(mkdir(P("d"), 0777));
	EQ(SAW("mkdir /d 0777")->umask, 077);
}

static int groups_seen(const char *path, mode_t mode)
{
	gid_t list[64];
	struct t_call c;
	(void)mode;
	t_begin(&c, OP_mkdir, NULL, 0, path, "%s", "");
	int n = fuse_getgroups(64, list);
	atomic_store(&T->word[1], n);
	for (int i = 0; i < n && i < 8; i++)
		atomic_store(&T->word[2 + i], list[i]);
	return (int)t_end(&c, -EACCES);
}
static void asks_groups(struct fuse_operations *ops)
{
	ops->mkdir = groups_seen;
}
CASE(context_groups, "context.supplementary-groups", .ops = asks_groups)
{
	gid_t mine[] = {100, 200, 300};
	OK(setgroups(3, mine));
	ERR(mkdir(P("d"), 0777), EACCES);
	EQ(atomic_load(&T->word[1]), 3);
	EQ(atomic_load(&T->word[2]), 100);
	EQ(atomic_load(&T->word[4]), 300);
}

/* The calls of two threads do not mix their contexts. */
static void many_as_user(long uid)
{
	char name[40];
	OK(setuid((uid_t)uid));
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "d%ld.%d", uid, i);
		OK(mkdir(P(name), 0777));
	}
}
CASE(context_parallel, "context.of-parallel-callers", .opts = "allow_other")
{
	pid_t p[6];
	char pattern[40];
	OK(chmod(S(""), 0777));
	for (long i = 0; i < 6; i++)
		p[i] = spawn(many_as_user, 1000 + i);
	for (int i = 0; i < 6; i++)
		EQ(reap(p[i]), 0);
	for (int i = 0; i < 6; i++) {
		snprintf(pattern, sizeof(pattern), "mkdir /d%d.*", 1000 + i);
		for (int k = 0; k < 100; k++) {
			const struct t_event *e = SAW(pattern);
			EQ(e->uid, 1000 + i);
			EQ(e->pid, p[i]);
		}
		t_rewind();
	}
}

CASE(context_init_first, "context.init-comes-first-and-once")
{
	OK(stat(P(""), &(struct stat){0}));
	SEEN("init*", 1);
	YES(!strncmp(T->ev[0].text, "init", 4), "%s", T->ev[0].text);
}

static int no_init_op(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	/* without init, private_data stays what fuse_main was given */
	return fuse_get_context()->private_data == (void *)&T->word[0] ? -EXDEV : -EIO;
}
static void no_init(struct fuse_operations *ops)
{
	*ops = (struct fuse_operations){.mkdir = no_init_op};
}
static int bare_getattr(struct stat *st, const char *path)
{
	*st = (struct stat){.st_mode = S_IFDIR | 0755, .st_nlink = 2};
	return strcmp(path, "/") ? -ENOENT : 0;
}
#if FUSE_API == 2
static int root_only(const char *path, struct stat *st)
{
	return bare_getattr(st, path);
}
#else
static int root_only(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	return bare_getattr(st, path);
}
#endif
static void without_init(struct fuse_operations *ops)
{
	no_init(ops);
	ops->getattr = root_only;
}
CASE(context_no_init, "context.private-data-without-init", .ops = without_init)
{
	ERR(mkdir(P("d"), 0755), EXDEV);
}

CASE(context_other_user, "context.other-users-are-kept-out-without-allow-other")
{
	OK(setuid(777));
	ERR(stat(P(""), &(struct stat){0}), EACCES);
	UNSEEN("getattr*");
}
