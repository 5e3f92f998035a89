#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "tools/ambifuse.h"
#include "tools/program.h"

#define DIRS_MAX 8

/* Folders with our libraries: the loader gets all of them. */
struct dirs {
	char path[DIRS_MAX][PATH_MAX];
	size_t count;
};

static bool has_library(const char *dir)
{
	char file[PATH_MAX];

	for (int i = 0; i < LIB_COUNT; i++) {
		int n = snprintf(file, sizeof(file), "%s/%s", dir, fuse_lib_names[i]);

		if (n > 0 && (size_t)n < sizeof(file) && !access(file, R_OK))
			return true;
	}
	return false;
}

static void add_dir(struct dirs *d, const char *base, const char *sub)
{
	char path[PATH_MAX], real[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s%s", base, *sub ? "/" : "", sub);

	if (n < 0 || (size_t)n >= sizeof(path) || d->count == DIRS_MAX || !has_library(path) ||
	    !realpath(path, real))
		return;
	for (size_t i = 0; i < d->count; i++)
		if (!strcmp(d->path[i], real))
			return;
	strcpy(d->path[d->count++], real);
}

/* Installed: ../lib next to bin. In the build tree: the front-ends' folders next to tools. */
static void find_dirs(struct dirs *d)
{
	static const char *const near[] = {("../" AMBIFUSE_LIBDIR), "../lib", "../fuse2",
					   "../fuse3", "../fuse3/abi4"};
	const char *env = getenv("AMBIFUSE_LIBDIR");
	char self[PATH_MAX];
	ssize_t len;

	d->count = 0;
	if (env && *env) {
		add_dir(d, env, "");
		return;
	}
	if (AMBIFUSE_LIBDIR[0] == '/')
		add_dir(d, AMBIFUSE_LIBDIR, "");
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return;
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < CORE_ARRAY_SIZE(near); i++)
		add_dir(d, self, near[i]);
}

/* Our folders, then what the caller had. malloc'ed; NULL without memory or a usable folder. */
static char *library_path(const struct dirs *d)
{
	const char *old = getenv("LD_LIBRARY_PATH");
	char *path = NULL;
	size_t size;
	FILE *f = open_memstream(&path, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; i < d->count; i++)
		fprintf(f, "%s%s", i ? ":" : "", d->path[i]);
	if (old && *old)
		fprintf(f, ":%s", old);
	if (fclose(f)) {
		free(path);
		return NULL;
	}
	return path;
}

/* By the folder it is found in: the file there may be a link to elsewhere. */
static bool is_ours(const struct dirs *d, const char *file)
{
	char dir[PATH_MAX], real[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(file, '/') - file), file);
	if (!realpath(*dir ? dir : "/", real))
		return false;
	for (size_t i = 0; i < d->count; i++)
		if (!strcmp(d->path[i], real))
			return true;
	return false;
}

/* ---- what to say --------------------------------------------------------------------------- */

static void report_library(const struct program *p, const struct dirs *d, const char *name,
			   enum fuse_lib lib)
{
	const char *soname = fuse_lib_names[lib], *file = p->found[lib];

	if (!p->listed)
		say("%s uses %s", name, soname);
	else if (!*file)
		say("warning: %s uses %s, which is neither here nor installed", name, soname);
	else if (is_ours(d, file))
		say("%s uses %s: ours (%s)", name, soname, file);
	else
		say("warning: %s uses %s but takes it from %s: the program has a library path of "
		    "its own (RPATH), or we have no %s",
		    name, soname, file, soname);
}

static void report(const struct program *p, const struct dirs *d, const char *name)
{
	bool any = false;

	switch (p->kind) {
	case PROGRAM_OTHER:
		say("%s is neither an ELF program nor a script with #!: which library it uses "
		    "will be decided at run time",
		    name);
		return;
	case PROGRAM_SCRIPT:
		say("%s is a script for %s: which library it uses will be decided at run time",
		    name, p->interpreter);
		return;
	case PROGRAM_FOREIGN:
		say("warning: %s is built for another kind of machine (32-bit?) than our "
		    "libraries: it cannot use them",
		    name);
		return;
	case PROGRAM_STATIC:
		say("warning: %s is linked statically: it keeps the FUSE library inside it, if "
		    "any, and does not use ours",
		    name);
		return;
	case PROGRAM_DYNAMIC:
		break;
	}
	if (p->secure) {
		say("warning: %s is set-uid, set-gid or has capabilities, so the loader ignores "
		    "the library path and takes the installed libraries; run it as its owner or "
		    "root, or a copy without the bit",
		    name);
		return;
	}
	for (int i = 0; i < LIB_COUNT; i++) {
		if (p->uses[i])
			report_library(p, d, name, (enum fuse_lib)i);
		any = any || p->uses[i];
	}
	if (!any)
		say("warning: %s is linked with neither libfuse.so.2 nor libfuse3.so.3; if it is a "
		    "FUSE program, it loads one at run time or has its own",
		    name);
}

static void report_details(const struct program *p, const char *file, const char *path)
{
	say("program: %s", file);
	if (p->interpreter[0])
		say("interpreter: %s", p->interpreter);
	for (int i = 0; i < LIB_COUNT; i++)
		if (p->uses[i])
			say("%s: %s", fuse_lib_names[i], p->found[i][0] ? p->found[i] : "?");
	say("LD_LIBRARY_PATH=%s", path);
}

/* ---- the command --------------------------------------------------------------------------- */

static int not_found(const char *name, int err)
{
	say("cannot run '%s': %s%s", name, strerror(err),
	    err == ENOENT && !strchr(name, '/') ? " in PATH" : "");
	return err == ENOENT || err == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int run_program(const char *file, char **argv, bool debug)
{
	static struct program p;
	static struct dirs d;
	char *path CLEANUP_FREE = NULL;
	int err;

	find_dirs(&d);
	if (!d.count) {
		const char *env = getenv("AMBIFUSE_LIBDIR");

		say("cannot find libfuse.so.2 or libfuse3.so.3 %s; set AMBIFUSE_LIBDIR to their "
		    "folder",
		    env && *env ? "in the folder of AMBIFUSE_LIBDIR" : "next to this command");
		return STATUS_FAILED;
	}
	path = library_path(&d);
	if (!path) {
		say("no memory");
		return STATUS_FAILED;
	}
	err = program_inspect(file, path, &p);
	if (err)
		say("cannot look into %s (%s); running it all the same", file, strerror(-err));
	else
		report(&p, &d, argv[0]);
	if (debug)
		report_details(&p, file, path);
	if (setenv("LD_LIBRARY_PATH", path, 1)) {
		say("no memory");
		return STATUS_FAILED;
	}
	/* by name again: execvp also runs what has no #! line, with the shell */
	execvp(file, argv);
	return not_found(argv[0], errno);
}

int command_run(int argc, char **argv)
{
	char file[PATH_MAX];
	bool debug = false;
	int i, err;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (strcmp(argv[i], "--debug"))
			return bad_usage(argv, "there is no option '%s' (put -- before PROGRAM)",
					 argv[i]);
		debug = true;
	}
	if (i >= argc)
		return bad_usage(argv, "give a program to run");
	err = program_find(argv[i], file);
	if (err)
		return not_found(argv[i], -err);
	return run_program(file, argv + i, debug);
}
