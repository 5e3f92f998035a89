#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "tools/program.h"

const char *const fuse_lib_names[LIB_COUNT] = {
	[LIB_FUSE2] = "libfuse.so.2",
	[LIB_FUSE3] = "libfuse3.so.3",
	[LIB_FUSE3_4] = "libfuse3.so.4",
};

static bool runnable(const char *file)
{
	struct stat st;

	return !stat(file, &st) && S_ISREG(st.st_mode) && !access(file, X_OK);
}

int program_find(const char *name, char file[PATH_MAX])
{
	const char *path = getenv("PATH");
	int err = ENOENT;

	if (strchr(name, '/')) {
		struct stat st;

		if (strlen(name) >= PATH_MAX)
			return -ENAMETOOLONG;
		strcpy(file, name);
		if (stat(file, &st))
			return -errno;
		return runnable(file) ? 0 : -EACCES;
	}
	if (!path)
		path = "/bin:/usr/bin";
	while (*name) {
		size_t len = strcspn(path, ":");
		int n = snprintf(file, PATH_MAX, "%.*s%s%s", (int)len, path, len ? "/" : "", name);

		if (n > 0 && n < PATH_MAX) {
			if (runnable(file))
				return 0;
			if (!access(file, F_OK))
				err = EACCES;
		}
		if (!path[len])
			break;
		path += len + 1;
	}
	return -err;
}

static void note_library(struct program *p, const char *name, const char *file)
{
	for (int i = 0; i < LIB_COUNT; i++) {
		if (strcmp(name, fuse_lib_names[i]))
			continue;
		p->uses[i] = true;
		snprintf(p->found[i], sizeof(p->found[i]), "%s", file);
	}
}

/* ---- the file ------------------------------------------------------------------------------ */

/*
 * Bytes off..off+len of the mapped file, or NULL. All below goes through this: the file may be
 * cut short or lie.
 */
struct image {
	const unsigned char *base;
	size_t size;
};

static const void *at(const struct image *im, uint64_t off, uint64_t len)
{
	return off <= im->size && len <= im->size - off ? im->base + off : NULL;
}

static const char *string_at(const struct image *im, uint64_t off)
{
	const char *s = at(im, off, 1);

	return s && memchr(s, '\0', im->size - off) ? s : NULL;
}

static const ElfW(Phdr) * header(const struct image *im, const ElfW(Ehdr) * eh, unsigned i)
{
	return at(im, eh->e_phoff + (uint64_t)i * sizeof(ElfW(Phdr)), sizeof(ElfW(Phdr)));
}

/* File offset of an address of the loaded program; past the end if there is none. */
static uint64_t offset_of(const struct image *im, const ElfW(Ehdr) * eh, uint64_t addr)
{
	for (unsigned i = 0; i < eh->e_phnum; i++) {
		const ElfW(Phdr) *ph = header(im, eh, i);

		if (ph && ph->p_type == PT_LOAD && addr >= ph->p_vaddr &&
		    addr - ph->p_vaddr < ph->p_filesz)
			return addr - ph->p_vaddr + ph->p_offset;
	}
	return im->size;
}

static void read_dynamic(const struct image *im, const ElfW(Ehdr) * eh, const ElfW(Phdr) * ph,
			 struct program *p)
{
	size_t count = ph->p_filesz / sizeof(ElfW(Dyn));
	const ElfW(Dyn) *dyn = at(im, ph->p_offset, count * sizeof(ElfW(Dyn)));
	uint64_t strings = im->size;

	for (size_t i = 0; dyn && i < count && dyn[i].d_tag != DT_NULL; i++)
		if (dyn[i].d_tag == DT_STRTAB)
			strings = offset_of(im, eh, dyn[i].d_un.d_ptr);
	for (size_t i = 0; dyn && i < count && dyn[i].d_tag != DT_NULL; i++) {
		uint64_t off;
		const char *name;

		if (dyn[i].d_tag != DT_NEEDED ||
		    __builtin_add_overflow(strings, dyn[i].d_un.d_val, &off))
			continue;
		name = string_at(im, off);
		if (name)
			note_library(p, name, "");
	}
}

static void read_elf(const struct image *im, struct program *p)
{
	const ElfW(Ehdr) *eh = at(im, 0, sizeof(*eh));
	unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	unsigned char data = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

	p->kind = PROGRAM_FOREIGN;
	if (!eh || eh->e_ident[EI_CLASS] != class || eh->e_ident[EI_DATA] != data ||
	    eh->e_phentsize != sizeof(ElfW(Phdr)))
		return;
	p->kind = PROGRAM_STATIC;
	for (unsigned i = 0; i < eh->e_phnum; i++) {
		const ElfW(Phdr) *ph = header(im, eh, i);
		const char *name;

		if (ph && ph->p_type == PT_DYNAMIC)
			read_dynamic(im, eh, ph, p);
		if (!ph || ph->p_type != PT_INTERP)
			continue;
		name = string_at(im, ph->p_offset);
		if (name && strlen(name) < sizeof(p->interpreter)) {
			strcpy(p->interpreter, name);
			p->kind = PROGRAM_DYNAMIC;
		}
	}
}

static void read_script(const struct image *im, struct program *p)
{
	size_t i = 2, n = 0;

	while (i < im->size && (im->base[i] == ' ' || im->base[i] == '\t'))
		i++;
	while (i < im->size && !strchr(" \t\r\n", im->base[i]) && n < sizeof(p->interpreter) - 1)
		p->interpreter[n++] = (char)im->base[i++];
	p->interpreter[n] = '\0';
	p->kind = PROGRAM_SCRIPT;
}

/* ---- the loader's list --------------------------------------------------------------------- */

/* "\tlibfuse.so.2 => /lib/libfuse.so.2 (0x...)", "=> not found", or "\t/lib/ld.so (0x...)". */
static void read_list_line(char *line, struct program *p)
{
	char *arrow = strstr(line, " => "), *end;

	if (line[0] != '\t' || !arrow)
		return;
	*arrow = '\0';
	arrow += 4;
	end = strrchr(arrow, '(');
	if (end && end > arrow)
		end[-1] = '\0';
	arrow[strcspn(arrow, "\n")] = '\0';
	note_library(p, line + 1, arrow[0] == '/' ? arrow : "");
}

static int start_list(const char *file, const char *library_path, const char *loader, int out,
		      pid_t *pid)
{
	char *argv[] = {(char *)loader, "--library-path", (char *)library_path,
			"--list",       (char *)file,     NULL};
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
						       O_WRONLY, 0);
	if (!err)
		err = posix_spawn(pid, loader, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static void list_libraries(const char *file, const char *library_path, struct program *p)
{
	char *line CLEANUP_FREE = NULL;
	int fds[2], status;
	size_t size = 0;
	pid_t pid;
	FILE *f;

	if (pipe2(fds, O_CLOEXEC))
		return;
	status = start_list(file, library_path, p->interpreter, fds[1], &pid);
	close(fds[1]);
	f = status ? NULL : fdopen(fds[0], "r");
	if (!f)
		close(fds[0]);
	while (f && getline(&line, &size, f) > 0)
		read_list_line(line, p);
	if (f)
		fclose(f);
	if (!status && waitpid(pid, &status, 0) == pid)
		p->listed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Whether the loader will run this in secure mode, where it ignores LD_LIBRARY_PATH. */
static bool is_secure(int fd, const struct stat *st)
{
	if ((st->st_mode & S_ISUID) && st->st_uid != getuid())
		return true;
	if ((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st->st_gid != getgid())
		return true;
	return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

int program_inspect(const char *file, const char *library_path, struct program *p)
{
	int fd CLEANUP_CLOSE = open(file, O_RDONLY | O_CLOEXEC);
	struct image im;
	struct stat st;

	memset(p, 0, sizeof(*p));
	if (fd == -1 || fstat(fd, &st))
		return -errno;
	p->secure = is_secure(fd, &st);
	im.size = (size_t)st.st_size;
	if (im.size < 2)
		return 0;
	im.base = mmap(NULL, im.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (im.base == MAP_FAILED)
		return -errno;
	if (im.size > SELFMAG && !memcmp(im.base, ELFMAG, SELFMAG))
		read_elf(&im, p);
	else if (!memcmp(im.base, "#!", 2))
		read_script(&im, p);
	munmap((void *)im.base, im.size);
	if (p->kind == PROGRAM_DYNAMIC && p->interpreter[0] == '/')
		list_libraries(file, library_path, p);
	return 0;
}
