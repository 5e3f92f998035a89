/*
 * CASE_INSENSITIVE: names that differ in case are one. The node table compares them so (ASCII:
 * what other letters are the same is the program's to say, with getpath); here is what a name is
 * properly called, and the one request that must not be told that two names are the same.
 */
#include "core/fs/fs_priv.h"

#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Text of nothing but ASCII: the node table's own folding is all there is to it. */
static bool is_ascii(const char *name)
{
	while (*name > 0)
		name++;
	return *name == 0;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *fs_canonical(struct core_fs *fs, const char *path, struct core_file_info *fi,
			 const char *name, char buf[NODE_NAME_MAX + 1])
{
	char full[PATH_MAX + 1];
	const char *last;
	size_t len;

	if (!fs->ops.getpath || !name || !path)
		return name;
	full[0] = 0;
	if (fs->ops.getpath(fs->data, path, full, sizeof(full), fi))
		return name;
	full[PATH_MAX] = 0;
	last = last_name(full);
	len = strlen(last);
	if (!len || len > NODE_NAME_MAX || !strcmp(last, ".") || !strcmp(last, ".."))
		return name;
	memcpy(buf, last, len + 1);
	return buf;
}

int fs_canonical_of(struct core_req *req, uint64_t parent, const char **name,
		    char buf[NODE_NAME_MAX + 1])
{
	struct core_fs *fs = req_fs(req);
	const char *path;
	int res;

	if (is_ascii(*name) || !fs->ops.getpath)
		return 0;
	res = op_path(req, parent, *name, &path);
	if (!res) {
		*name = fs_canonical(fs, path, NULL, *name, buf);
		op_end(req);
	}
	return res;
}

/* ---- the target of a rename ---------------------------------------------------------------- */

/* The last name of the path at addr in the memory of a thread that waits in a system call. */
static bool name_in(pid_t tid, unsigned long addr, char buf[PATH_MAX])
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), have = 0;
	char *end;

	/* Page by page: the one behind the text may not be there. */
	while (have < PATH_MAX) {
		size_t size = page - (addr + have) % page;
		struct iovec to = {buf + have, size > PATH_MAX - have ? PATH_MAX - have : size};
		struct iovec from = {(void *)(addr + have), to.iov_len};

		if (process_vm_readv(tid, &to, 1, &from, 1, 0) != (ssize_t)to.iov_len)
			return false;
		if (memchr(to.iov_base, 0, to.iov_len))
			break;
		have += to.iov_len;
	}
	if (have >= PATH_MAX)
		return false;
	for (end = buf + strlen(buf); end > buf && end[-1] == '/';)
		*--end = 0;
	memmove(buf, last_name(buf), strlen(last_name(buf)) + 1);
	return true;
}

static int rename_paths(pid_t tid, unsigned long *from, unsigned long *to)
{
	char file[64], text[256];
	unsigned long a[4];
	long nr;
	FILE *f;
	bool got;

	snprintf(file, sizeof(file), "/proc/%d/syscall", (int)tid);
	f = fopen(file, "re");
	if (!f)
		return -errno;
	got = fgets(text, sizeof(text), f) != NULL;
	fclose(f);
	if (!got || sscanf(text, "%ld %lx %lx %lx %lx", &nr, &a[0], &a[1], &a[2], &a[3]) != 5)
		return -EINVAL;
#ifdef SYS_rename
	if (nr == SYS_rename) {
		*from = a[0];
		*to = a[1];
		return 0;
	}
#endif
#ifdef SYS_renameat
	if (nr == SYS_renameat) {
		*from = a[1];
		*to = a[3];
		return 0;
	}
#endif
	if (nr != SYS_renameat2)
		return -EINVAL;
	*from = a[1];
	*to = a[3];
	return 0;
}

bool fs_only_case_changes(struct core_req *req, uint32_t parent, const char *name)
{
	struct nodes *t = FS_NODES(req_fs(req));
	pid_t tid = core_req_ctx(req)->pid;
	unsigned long from = 0, to = 0;
	char old[PATH_MAX], new[PATH_MAX];
	uint32_t rec = node_find(t, parent, name);
	size_t len;
	const char *have;

	if (!rec || tid <= 0)
		return false;
	have = node_name(t, atomic_load(&t->at[rec].name), &len);
	if (len == strlen(name) && memcmp(have, name, len) == 0)
		return false;
	return rename_paths(tid, &from, &to) == 0 && name_in(tid, from, old) &&
	       name_in(tid, to, new) && strcmp(new, name) == 0 && strcmp(old, name) != 0 &&
	       node_find(t, parent, old) == rec;
}
