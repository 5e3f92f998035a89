/*
 * What kind of program a file is and which FUSE libraries it would load. Nothing of the program
 * is executed: its ELF headers are read here, and the libraries of its libraries are listed by
 * its own dynamic loader (ld.so --list), which maps files but runs no code of theirs.
 */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include <limits.h>
#include "core/base/base.h"

enum program_kind {
	PROGRAM_OTHER,   /* not ELF, no #!: the shell or binfmt knows */
	PROGRAM_SCRIPT,  /* interpreter is what its first line names */
	PROGRAM_FOREIGN, /* ELF for another word size or byte order than ours */
	PROGRAM_STATIC,  /* ELF without a dynamic loader */
	PROGRAM_DYNAMIC, /* interpreter is the dynamic loader */
};

enum fuse_lib { LIB_FUSE2, LIB_FUSE3, LIB_FUSE3_4, LIB_COUNT };
extern const char *const fuse_lib_names[LIB_COUNT];

struct program {
	enum program_kind kind;
	char interpreter[PATH_MAX];
	bool secure; /* runs set-uid, set-gid or with capabilities: no LD_ paths */
	bool listed; /* the loader's list was had; else only the direct needs */
	bool uses[LIB_COUNT];
	char found[LIB_COUNT][PATH_MAX]; /* the file the loader would take; "" not found, unknown */
};

/* Finds name in PATH as execvp() would. 0 and its path in file, or -errno. */
int program_find(const char *name, char file[PATH_MAX]);

/* Looks at file. library_path is what LD_LIBRARY_PATH will be. 0 or -errno. */
int program_inspect(const char *file, const char *library_path, struct program *p);

#endif
