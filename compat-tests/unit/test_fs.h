/*
 * A small file system in memory for the suites about the path API: it writes down what it is
 * asked, and can be told to do odd things.
 */
#ifndef TEST_FS_H
#define TEST_FS_H

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "core/fs/fs.h"
#include "core/fs/fs_priv.h"
#include "test_session.h"

enum { M_FILES = 300, M_NODES = 300 };

struct m_inode {
	struct stat st;
	char data[256];
	int handles;
};
struct m_file {
	char path[300];
	struct m_inode *inode; /* NULL: free */
};
static struct m_file m_files[M_FILES];
static struct m_inode m_inodes[M_NODES];
static int m_ninodes;
static pthread_mutex_t m_lock = PTHREAD_MUTEX_INITIALIZER;
static char m_seen[8192];
static _Atomic int m_opens, m_releases, m_opendirs, m_releasedirs;
static struct {
	bool offsets;       /* readdir gives offsets */
	bool complete;      /* readdir gives whole attributes */
	int fail_getattr;   /* errno */
	int fail_rename_to; /* errno of renames, not those to hidden names */
	bool fail_unlink;
	int getattrs;
	void (*_Atomic in_call)(const char *op, const char *path);
} M;
static struct core_fs *F;

static void m_note(const char *op, const char *path, const char *more)
{
	if (path)
		CU_ASSERT(path[0] == '/' && !strstr(path, "//"));
	void (*in_call)(const char *, const char *) = M.in_call;

	if (in_call)
		in_call(op, path);
	pthread_mutex_lock(&m_lock);
	if (strlen(m_seen) + 700 < sizeof(m_seen))
		sprintf(m_seen + strlen(m_seen), "%s%s %s%s%s", m_seen[0] ? "; " : "", op,
			path ? path : "(null)", more ? " " : "", more ? more : "");
	pthread_mutex_unlock(&m_lock);
}

static UNUSED_OK const char *m_take(void)
{
	static char copy[sizeof(m_seen)];
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);

	strcpy(copy, m_seen);
	m_seen[0] = 0;
	return copy;
}
#define ASSERT_ASKED(text) UNIT_ASSERT_STR(m_take(), text)
#define NOTE(op, path, ...)                                                                        \
	do {                                                                                       \
		char more_[200];                                                                   \
		snprintf(more_, sizeof(more_), __VA_ARGS__);                                       \
		m_note(op, path, more_[0] ? more_ : NULL);                                         \
	} while (0)

static struct m_file *m_find(const char *path)
{
	for (int i = 0; path && i < M_FILES; i++)
		if (m_files[i].inode && !strcmp(m_files[i].path, path))
			return &m_files[i];
	return NULL;
}

static UNUSED_OK bool m_exists(const char *path)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);
	return m_find(path) != NULL;
}

static struct m_file *m_name(const char *path, struct m_inode *inode)
{
	for (int i = 0; i < M_FILES; i++)
		if (!m_files[i].inode) {
			snprintf(m_files[i].path, sizeof(m_files[i].path), "%s", path);
			m_files[i].inode = inode;
			return &m_files[i];
		}
	abort();
}

static struct m_inode *m_add(const char *path, mode_t mode)
{
	struct m_inode *n = &m_inodes[m_ninodes++ % M_NODES];

	memset(n, 0, sizeof(*n));
	n->st = (struct stat){.st_mode = mode,
			      .st_nlink = S_ISDIR(mode) ? 2 : 1,
			      .st_uid = 5,
			      .st_gid = 6,
			      .st_ino = 1000 + (ino_t)m_ninodes,
			      .st_dev = 77,
			      .st_mtim = {1000, 1}};
	m_name(path, n);
	return n;
}

static int m_getattr(void *d, const char *path, struct core_stat *st, struct core_file_info *fi)
{
	struct m_file *f;
	int res = 0;

	(void)d;
	M.getattrs++;
	m_note("getattr", path, fi ? "fi" : NULL);
	pthread_mutex_lock(&m_lock);
	f = m_find(path);
	if (M.fail_getattr)
		res = -M.fail_getattr;
	else if (f)
		st->st = f->inode->st;
	else if (!path && fi && fi->fh)
		st->st = ((struct m_inode *)(uintptr_t)fi->fh)->st;
	else
		res = -ENOENT;
	pthread_mutex_unlock(&m_lock);
	return res;
}

static int m_make(const char *path, mode_t mode)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);

	if (m_find(path))
		return -EEXIST;
	m_add(path, mode);
	return 0;
}

static int m_readlink(void *d, const char *path, char *buf, size_t size)
{
	struct m_file *f = m_find(path);

	(void)d;
	NOTE("readlink", path, "%zu", size);
	snprintf(buf, size, "%s", f ? f->inode->data : "");
	return f ? 0 : -ENOENT;
}

static int m_mknod(void *d, const char *path, mode_t mode, dev_t dev)
{
	(void)d;
	NOTE("mknod", path, "%o %llu", mode, (unsigned long long)dev);
	return m_make(path, mode);
}

static int m_mkdir(void *d, const char *path, mode_t mode)
{
	(void)d;
	NOTE("mkdir", path, "%o", mode);
	return m_make(path, mode | S_IFDIR);
}

static int m_remove(const char *path)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);
	struct m_file *f = m_find(path);

	if (!f)
		return -ENOENT;
	f->inode->st.st_nlink--;
	f->inode = NULL;
	return 0;
}

static int m_unlink(void *d, const char *path)
{
	(void)d;
	m_note("unlink", path, NULL);
	return M.fail_unlink ? -EACCES : m_remove(path);
}

static int m_rmdir(void *d, const char *path)
{
	(void)d;
	m_note("rmdir", path, NULL);
	return m_remove(path);
}

static int m_symlink(void *d, const char *target, const char *path)
{
	(void)d;
	NOTE("symlink", path, "%.100s", target);
	if (m_make(path, S_IFLNK | 0777))
		return -EEXIST;
	snprintf(m_find(path)->inode->data, 256, "%s", target);
	return 0;
}

static void m_move(const char *from, const char *to)
{
	size_t len = strlen(from);

	for (int i = 0; i < M_FILES; i++) {
		char rest[300];

		if (!m_files[i].inode || strncmp(m_files[i].path, from, len) ||
		    (m_files[i].path[len] && m_files[i].path[len] != '/'))
			continue;
		strcpy(rest, m_files[i].path + len);
		snprintf(m_files[i].path, sizeof(m_files[i].path), "%.140s%.150s", to, rest);
	}
}

static int m_rename(void *d, const char *from, const char *to, unsigned flags)
{
	struct m_file *f;

	(void)d;
	NOTE("rename", from, "%s %u", to, flags);
	if (M.fail_rename_to && !strstr(to, ".fuse_hidden") && !strstr(from, ".fuse_hidden"))
		return -M.fail_rename_to;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);
	if (!m_find(from))
		return -ENOENT;
	f = m_find(to);
	if (flags & 2) {
		m_move(from, "/.tmp");
		m_move(to, from);
		m_move("/.tmp", to);
		return 0;
	}
	if (f) {
		f->inode->st.st_nlink--;
		f->inode = NULL;
	}
	m_move(from, to);
	return 0;
}

static int m_link(void *d, const char *from, const char *to)
{
	struct m_file *f;

	(void)d;
	m_note("link", from, to);
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);
	f = m_find(from);
	if (!f || m_find(to))
		return f ? -EEXIST : -ENOENT;
	f->inode->st.st_nlink++;
	m_name(to, f->inode);
	return 0;
}

static int m_chmod(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	(void)d;
	NOTE("chmod", path, "%o%s", mode, fi ? " fi" : "");
	m_find(path)->inode->st.st_mode = mode;
	return 0;
}

static int m_chown(void *d, const char *path, uid_t uid, gid_t gid, struct core_file_info *fi)
{
	(void)d;
	NOTE("chown", path, "%d %d%s", (int)uid, (int)gid, fi ? " fi" : "");
	return 0;
}

static int m_truncate(void *d, const char *path, off_t size, struct core_file_info *fi)
{
	(void)d;
	NOTE("truncate", path, "%lld%s", (long long)size, fi ? " fi" : "");
	if (path)
		m_find(path)->inode->st.st_size = size;
	return 0;
}

static int m_utimens(void *d, const char *path, const struct timespec tv[2],
		     struct core_file_info *fi)
{
	(void)d;
	(void)fi;
#define NS(t) ((t).tv_nsec == UTIME_NOW ? "now" : (t).tv_nsec == UTIME_OMIT ? "omit" : "set")
	NOTE("utimens", path, "%s %s", NS(tv[0]), NS(tv[1]));
	return 0;
}

static int m_open(void *d, const char *path, struct core_file_info *fi)
{
	struct m_file *f;

	(void)d;
	NOTE("open", path, "%o", (unsigned)fi->flags & ~(unsigned)O_LARGEFILE);
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&m_lock);
	f = m_find(path);
	if (!f)
		return -ENOENT;
	fi->fh = (uintptr_t)f->inode;
	m_opens++;
	return 0;
}

static int m_create(void *d, const char *path, mode_t mode, struct core_file_info *fi)
{
	int res;

	(void)d;
	NOTE("create", path, "%o %o", mode, (unsigned)fi->flags);
	res = m_make(path, mode);
	if (res)
		return res;
	fi->fh = (uintptr_t)m_find(path)->inode;
	m_opens++;
	return 0;
}

static int m_read(void *d, const char *path, char *buf, size_t size, off_t off,
		  struct core_file_info *fi)
{
	struct m_inode *n = (void *)(uintptr_t)fi->fh;

	(void)d;
	NOTE("read", path, "%zu %lld", size, (long long)off);
	if (off >= n->st.st_size)
		return 0;
	if (size > (size_t)(n->st.st_size - off))
		size = (size_t)(n->st.st_size - off);
	memcpy(buf, n->data + off, size);
	return (int)size;
}

static int m_write(void *d, const char *path, const char *buf, size_t size, off_t off,
		   struct core_file_info *fi)
{
	struct m_inode *n = (void *)(uintptr_t)fi->fh;

	(void)d;
	NOTE("write", path, "%zu %lld", size, (long long)off);
	if (off + (off_t)size > 256)
		return -EFBIG;
	memcpy(n->data + off, buf, size);
	if (n->st.st_size < off + (off_t)size)
		n->st.st_size = off + (off_t)size;
	return (int)size;
}

static int m_statfs(void *d, const char *path, struct statvfs *st)
{
	(void)d;
	m_note("statfs", path, NULL);
	st->f_blocks = 42;
	return 0;
}

static int m_flush(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	m_note("flush", path, NULL);
	return 0;
}

static int m_release(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	m_note("release", path, NULL);
	m_releases++;
	return 0;
}

static int m_fsync(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	NOTE("fsync", path, "%d", datasync);
	return 0;
}

static int m_setxattr(void *d, const char *path, const char *name, const char *value, size_t size,
		      int flags)
{
	(void)d;
	NOTE("setxattr", path, "%s=%.*s %d", name, (int)size, value, flags);
	return 0;
}

static int m_getxattr(void *d, const char *path, const char *name, char *value, size_t size)
{
	(void)d;
	NOTE("getxattr", path, "%s %zu", name, size);
	if (!strcmp(name, "huge"))
		return 100;
	if (size)
		memcpy(value, "value", size < 5 ? size : 5);
	return 5;
}

static int m_listxattr(void *d, const char *path, char *list, size_t size)
{
	(void)d;
	NOTE("listxattr", path, "%zu", size);
	if (size >= 4)
		memcpy(list, "a\0b", 4);
	return 4;
}

static int m_removexattr(void *d, const char *path, const char *name)
{
	(void)d;
	m_note("removexattr", path, name);
	return -ENODATA;
}

static int m_opendir(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	m_note("opendir", path, NULL);
	fi->fh = 0x1234;
	m_opendirs++;
	return 0;
}

static bool m_child(const char *dir, const char *path, const char **name)
{
	size_t len = strlen(dir);

	if (len == 1)
		len = 0;
	if (strncmp(path, dir, len) || path[len] != '/' || !path[len + 1])
		return false;
	*name = path + len + 1;
	return !strchr(*name, '/');
}

static int m_readdir(void *d, const char *path, void *buf, core_fill_dir fill, off_t off,
		     struct core_file_info *fi, int flags)
{
	off_t at = 0;

	(void)d;
	CU_ASSERT_EQUAL(fi->fh, 0x1234);
	NOTE("readdir", path, "%lld%s", M.offsets ? (long long)off : 0,
	     flags & CORE_READDIR_PLUS ? " plus" : "");
	for (int i = -2; i < M_FILES; i++) {
		const char *name = i == -2 ? "." : "..";
		struct stat st = {.st_mode = S_IFDIR, .st_ino = 999};

		if (i >= 0) {
			if (!m_files[i].inode || !path || !m_child(path, m_files[i].path, &name))
				continue;
			st = m_files[i].inode->st;
		}
		if (++at <= off && M.offsets)
			continue;
		if (fill(buf, name, &st, M.offsets ? at : 0, M.complete ? CORE_FILL_PLUS : 0))
			break;
	}
	return 0;
}

static int m_releasedir(void *d, const char *path, struct core_file_info *fi)
{
	(void)d;
	CU_ASSERT_EQUAL(fi->fh, 0x1234);
	m_note("releasedir", path, NULL);
	m_releasedirs++;
	return 0;
}

static int m_fsyncdir(void *d, const char *path, int datasync, struct core_file_info *fi)
{
	(void)d;
	CU_ASSERT_EQUAL(fi->fh, 0x1234);
	NOTE("fsyncdir", path, "%d", datasync);
	return 0;
}

static int m_access(void *d, const char *path, int mask)
{
	(void)d;
	NOTE("access", path, "%d", mask);
	return mask == 2 ? -EACCES : 0;
}

static int m_bmap(void *d, const char *path, size_t size, uint64_t *idx)
{
	(void)d;
	NOTE("bmap", path, "%zu %llu", size, (unsigned long long)*idx);
	*idx += 100;
	return 0;
}

static int m_ioctl(void *d, const char *path, unsigned cmd, void *arg, struct core_file_info *fi,
		   unsigned flags, void *data)
{
	(void)d;
	(void)arg;
	(void)fi;
	NOTE("ioctl", path, "%u %u %s", cmd, flags, data ? (char *)data : "");
	if (cmd == 3)
		return -ENOTTY;
	if (data)
		memcpy(data, "out", 4);
	return 7;
}

static int m_poll(void *d, const char *path, struct core_file_info *fi, struct core_pollhandle *ph,
		  unsigned *revents)
{
	(void)d;
	(void)fi;
	NOTE("poll", path, "%s", ph ? "notify" : "");
	if (ph) {
		core_notify_poll(ph);
		core_pollhandle_free(ph);
	}
	*revents = 5;
	return 0;
}

static int m_fallocate(void *d, const char *path, int mode, off_t off, off_t len,
		       struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	NOTE("fallocate", path, "%d %lld %lld", mode, (long long)off, (long long)len);
	return 0;
}

static ssize_t m_copy_file_range(void *d, const char *in, struct core_file_info *fi_in,
				 off_t off_in, const char *out, struct core_file_info *fi_out,
				 off_t off_out, size_t len, int flags)
{
	(void)d;
	(void)fi_in;
	(void)fi_out;
	(void)off_in;
	(void)off_out;
	(void)flags;
	m_note("copy_file_range", in, out);
	return (ssize_t)len;
}

static off_t m_lseek(void *d, const char *path, off_t off, int whence, struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	NOTE("lseek", path, "%lld %d", (long long)off, whence);
	return off < 0 ? -ENXIO : off + 10;
}

static int m_statx(void *d, const char *path, int flags, int mask, struct statx *sx,
		   struct core_file_info *fi)
{
	(void)d;
	(void)fi;
	NOTE("statx", path, "%x %x", (unsigned)flags, (unsigned)mask);
	sx->stx_mode = S_IFREG | 0644;
	sx->stx_nlink = 1;
	sx->stx_uid = 5;
	return 0;
}

static int m_syncfs(void *d, const char *path)
{
	(void)d;
	m_note("syncfs", path, NULL);
	return 0;
}

static UNUSED_OK struct core_fs_ops m_all_ops(void)
{
	return (struct core_fs_ops){
		.getattr = m_getattr,
		.readlink = m_readlink,
		.mknod = m_mknod,
		.mkdir = m_mkdir,
		.unlink = m_unlink,
		.rmdir = m_rmdir,
		.symlink = m_symlink,
		.rename = m_rename,
		.link = m_link,
		.chmod = m_chmod,
		.chown = m_chown,
		.truncate = m_truncate,
		.utimens = m_utimens,
		.open = m_open,
		.create = m_create,
		.read = m_read,
		.write = m_write,
		.statfs = m_statfs,
		.flush = m_flush,
		.release = m_release,
		.fsync = m_fsync,
		.setxattr = m_setxattr,
		.getxattr = m_getxattr,
		.listxattr = m_listxattr,
		.removexattr = m_removexattr,
		.opendir = m_opendir,
		.readdir = m_readdir,
		.releasedir = m_releasedir,
		.fsyncdir = m_fsyncdir,
		.access = m_access,
		.bmap = m_bmap,
		.ioctl = m_ioctl,
		.poll = m_poll,
		.fallocate = m_fallocate,
		.copy_file_range = m_copy_file_range,
		.lseek = m_lseek,
		.statx = m_statx,
		.syncfs = m_syncfs,
	};
}

static const struct core_fs_config fs_defaults = {
	.readdirplus = CORE_READDIRPLUS_YES, /* nothing that depends on what was seen */
	.kernel_setid = 1,
	.entry_timeout = 1, .attr_timeout = 2, .utime_omit_ok = 1};

static UNUSED_OK void *fs_loop_main(void *unused)
{
	struct core_pool_config cfg = {.floor = T.mt, .ceiling = T.mt};

	(void)unused;
	T.result = T.mt ? core_fs_loop_mt(F, &cfg) : core_fs_loop(F);
	return NULL;
}

/* ops and cfg NULL: those above. */
static UNUSED_OK struct sk *fs_start(const struct core_fs_ops *ops,
				     const struct core_fs_config *cfg, const struct sk_config *skc,
				     unsigned mt)
{
	static const struct core_session_config none;
	struct core_fs_ops all = m_all_ops();
	struct core_mem_peer *peer;
	struct core_transport *t;

	memset(&T, 0, sizeof(T));
	memset(&M, 0, sizeof(M));
	memset(m_files, 0, sizeof(m_files));
	m_ninodes = 0;
	m_seen[0] = 0;
	m_opens = m_releases = m_opendirs = m_releasedirs = 0;
	clear_log();
	core_log_set_func(take_log);
	m_add("/", S_IFDIR | 0755);
	T.mt = mt;
	F = core_fs_new(&test_profile, &none, cfg ? cfg : &fs_defaults, ops ? ops : &all, NULL,
			NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(F);
	T.se = core_fs_session(F);
	UNIT_ASSERT_INT(core_transport_memory(&t, &peer), 0);
	core_session_attach(T.se, t);
	T.k = sk_new_memory(peer, skc);
	T.runs = true;
	pthread_create(&T.thread, NULL, fs_loop_main, NULL);
	UNIT_ASSERT_INT(sk_init(T.k), 0);
	return T.k;
}

/* The end; nothing may be left: violations, nodes, open files. */
static UNUSED_OK void fs_stop(void)
{
	UNIT_ASSERT_INT(sk_end(T.k), 0);
	sk_report(T.k, stderr);
	join_loop();
	UNIT_ASSERT_INT(T.result, 0);
	if (!core_fs_config(F)->remember)
		UNIT_ASSERT_INT((long long)F->tree.nodes.count, 1);
	UNIT_ASSERT_INT(m_opens - m_releases, 0);
	UNIT_ASSERT_INT(m_opendirs - m_releasedirs, 0);
	core_fs_free(F);
	sk_free(T.k);
	core_log_set_func(NULL);
}

#endif
