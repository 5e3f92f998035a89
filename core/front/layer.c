/*
 * A built-in module as a file system of the program's stack: below a module that comes from a file,
 * which knows nothing but fuse_fs_*(). Elsewhere built-in ones are layers of the core's table
 * (core/modules/), which costs less. The mapping is the same.
 *
 * Such a file system has no operations. Each fuse_fs_*() goes on with what is below it, and with
 * the mapped path; so what is absent below is absent here.
 */
#include "internal.h"

struct fuse_fs *layer_new(const char *name, struct fuse_fs *below, struct fuse_args *args)
{
	struct fuse_fs *fs = calloc(1, sizeof(*fs));
	struct layer *l = calloc(1, sizeof(*l));

	if (!fs || !l) {
		core_err("modules=%s: out of memory\n", name);
	} else if (core_layer_init(&l->map, name, core_args_of(args)) == 0) {
		l->below = below;
		fs->layer = l;
		return fs;
	}
	free(l);
	free(fs);
	return NULL;
}

void layer_free(struct layer *l)
{
	if (!l)
		return;
	core_layer_free(&l->map);
	free(l);
}

struct low_path layer_path(const struct layer *l, const char *path)
{
	struct low_path low = {0};

	if (!path)
		return low;
	low.room = malloc(sizeof(*low.room));
	if (low.room) {
		low.path = path;
		low.err = core_layer_path(&l->map, &low.path, low.room);
	} else {
		low.err = -ENOMEM;
	}
	return low;
}

void low_path_free(struct low_path *low)
{
	if (!low->room)
		return;
	map_buf_free(low->room);
	free(low->room);
}
