/*
 * Built-in modules: layers over a path file system that map the names it works with. A layer is a
 * table of the core's own form over another one, so both front-ends have the same layers, and an
 * operation that the core learns is passed on by one line in map.c.
 *
 * An operation reaches the table below with its paths mapped and everything else as it was; it is
 * NULL where the one below is. NULL paths stay NULL. Nothing here limits the length of a path:
 * the program says ENAMETOOLONG where its own calls do.
 */
#ifndef CORE_MODULES_MODULES_H
#define CORE_MODULES_MODULES_H

#include <limits.h>
#include <stdio.h>

#include "core/base/opt.h"
#include "core/fs/fs.h"

/* ---- for front-ends ---------------------------------------------------------------------------
 */

struct core_module;

/* A file system under its modules: give ops and data to core_fs_new(). */
struct core_modules {
	struct core_fs_ops ops;
	void *data;
	struct core_module *top; /* NULL: none */
};

/* True if there is a built-in module of that name. */
bool core_module_known(const char *name);

/*
 * Puts the built-in module over what s has; takes the module's options out of args. 0, or -1
 * (logged); then s is as before. A name put first is nearest to the program.
 */
int core_modules_push(struct core_modules *s, const char *name, struct core_args *args);

/* Frees the modules, after core_fs_free(). What is below them is the caller's. */
void core_modules_free(struct core_modules *s);

/* The options of a module as lines of help; nothing for a name that is not known. */
void core_module_help(const char *name, FILE *to);

/*
 * A built-in module by itself, for a front-end's own stack of file systems: where one loaded from a
 * file is above it, it cannot be a layer of the core.
 */
struct core_layer {
	const struct core_map *map;
	void *self;
};

/* As core_modules_push(). */
int core_layer_init(struct core_layer *l, const char *name, struct core_args *args);
void core_layer_free(struct core_layer *l);

/* ---- for modules --------------------------------------------------------------------------------
 */

/* Room for a mapped text: on the stack, and beyond PATH_MAX on the heap. */
struct map_buf {
	char *mem; /* fixed, or malloc'ed */
	size_t size;
	char fixed[PATH_MAX];
};

void map_buf_init(struct map_buf *b);
void map_buf_free(struct map_buf *b);
/* At least size bytes, what is there is kept. 0 or -ENOMEM. */
int map_buf_reserve(struct map_buf *b, size_t size);
#define MAP_BUF struct map_buf __attribute__((cleanup(map_buf_free)))

/* The mappings of a module; down is towards the program. Each returns 0 or -errno. */
struct core_map {
	int (*path_down)(void *self, const char *path, struct map_buf *out);
	/* of a new link's target; NULL: as it is */
	int (*target_down)(void *self, const char *target, struct map_buf *out);
	/* rewrites the target of the link at path (as above) in place; NULL: as it is */
	int (*target_up)(void *self, const char *path, char *buf, size_t size);
	/* of a directory entry; NULL: as it is. An error leaves the entry out. */
	int (*name_up)(void *self, const char *name, struct map_buf *out);
	void (*free)(void *self);
};

/* A kind of module. */
struct core_module_type {
	const char *name;
	const char *help;
	const struct core_map *map;
	/* Takes its options; NULL on failure (logged). */
	void *(*make)(struct core_args *args);
};

/*
 * The mappings of l, as above, where a module may lack them: then everything stays as it is. Those
 * with a map_buf initialise it; it is to be freed in any case. 0 or -errno.
 */
/* A NULL path stays NULL. */
int core_layer_path(const struct core_layer *l, const char **path, struct map_buf *b);
int core_layer_target_down(const struct core_layer *l, const char **target, struct map_buf *b);
int core_layer_target_up(const struct core_layer *l, const char *path, char *buf, size_t size);
int core_layer_name_up(const struct core_layer *l, const char **name, struct map_buf *b);

extern const struct core_module_type core_module_subdir, core_module_iconv;

#endif
