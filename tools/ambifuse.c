#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "tools/ambifuse.h"

static int command_help(int argc, char **argv);
static int command_version(int argc, char **argv);

static const struct command commands[] = {
	{"run", "[--debug] [--] PROGRAM [ARGUMENT...]",
	 "run a FUSE program on ambifuse's libraries",
	 "Starts PROGRAM, found as a shell would, with LD_LIBRARY_PATH set so that it uses\n"
	 "ambifuse's libfuse.so.2, libfuse3.so.3 or .so.4 in place of those it was built with. One line\n"
	 "on standard error says which of them it uses, and warns if it cannot: a static\n"
	 "program, one that is set-uid, or one with a library path of its own.\n"
	 "\n"
	 "    --debug  also print the program's file, the library path and where each FUSE\n"
	 "             library comes from\n"
	 "\n"
	 "The libraries are looked for next to this command, in ../" AMBIFUSE_LIBDIR
	 " and in the build\n"
	 "tree; the environment variable AMBIFUSE_LIBDIR names another folder.\n"
	 "The exit status is PROGRAM's; 127 if it was not found, 126 if it cannot be run.\n",
	 command_run},
	{"status", "", "list the FUSE mounts of this machine",
	 "One line a mount: the connection's number, requests waiting for an answer (- where\n"
	 "that cannot be read), type, source and mount point. Only tables of the kernel are\n"
	 "read, so a dead or hanging file system does not block it.\n",
	 command_status},
	{"abort", "MOUNTPOINT|NUMBER", "end the connection of a file system that hangs",
	 "Every request in flight, and every later one, fails at once with an error; the\n"
	 "program that serves the mount sees it as an unmount. What was not written yet is\n"
	 "lost. The mount point stays until it is unmounted (fusermount3 -u MOUNTPOINT).\n"
	 "NUMBER is the connection's number from 'ambifuse status'.\n",
	 command_abort},
	{"attr", "FILE...", "show birth time, flags and DOS attributes of files",
	 "On any mount, of any kind of file; a symbolic link itself. Asked are statx(2) for the\n"
	 "birth time, the inode flags that lsattr shows, and the attributes system.ntfs_attrib\n"
	 "(ntfs-3g's) and user.DOSATTRIB (Samba's); each line says where it comes from.\n",
	 command_attr},
	{"conform", "[OPTION]... [GLOB]...", "test a FUSE library with the conformance cases",
	 "Runs the cases, for FUSE 2 and FUSE 3, against a library: ambifuse's, the system's, or any\n"
	 "other. Needs root and /dev/fuse, unless --kernel sim.\n"
	 "\n"
	 "    --library PATH  libfuse.so.2, libfuse3.so.3 or .so.4, or a folder with them\n"
	 "    --api 2|3, --abi 3|4 (of API 3 in a folder), --mode s|pool, --kernel mount|sim|sim:MINOR|both, --case GLOB\n"
	 "    --stock         run the system's library too, for comparison\n"
	 "    --html FILE, --junit FILE, --tap, --list\n"
	 "\n"
	 "'ambifuse conform --help' has them all. The exit status is 0 if every case passed.\n",
	 command_conform},
	{"help", "[COMMAND]", "say more about a command", "", command_help},
	{"version", "", "print the version", "", command_version},
};

void say(const char *fmt, ...)
{
	va_list ap;

	fputs("ambifuse: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int bad_usage(char **argv, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "ambifuse %s: ", argv[0]);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see 'ambifuse help %s'\n", argv[0]);
	return STATUS_USAGE;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < CORE_ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static void usage(FILE *out)
{
	fputs("usage: ambifuse COMMAND [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < CORE_ARRAY_SIZE(commands); i++)
		fprintf(out, "    %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'ambifuse help COMMAND' says more.\n", out);
}

static int print_help(const struct command *c)
{
	printf("usage: ambifuse %s %s\n\n%s\n", c->name, c->args, c->summary);
	if (*c->help)
		printf("\n%s", c->help);
	return STATUS_OK;
}

static int unknown(const char *name)
{
	say("there is no command '%s'; see 'ambifuse help'", name);
	return STATUS_USAGE;
}

static int command_help(int argc, char **argv)
{
	const struct command *c;

	if (argc > 2)
		return bad_usage(argv, "give one command");
	if (argc < 2) {
		usage(stdout);
		return STATUS_OK;
	}
	c = find(argv[1]);
	return c ? print_help(c) : unknown(argv[1]);
}

static int command_version(int argc, char **argv)
{
	if (argc > 1)
		return bad_usage(argv, "it takes no argument");
	puts("ambifuse " AMBIFUSE_VERSION);
	return STATUS_OK;
}

/* Output that did not get out is a failure too. */
static int finish(int status)
{
	if ((fflush(stdout) || ferror(stdout)) && status == STATUS_OK) {
		say("cannot write to standard output");
		return STATUS_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct command *c;
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	else if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	c = find(name);
	if (!c)
		return unknown(name);
	if (argc == 3 && c->run != command_conform &&
	    (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h")))
		return finish(print_help(c));
	return finish(c->run(argc - 1, argv + 1));
}
