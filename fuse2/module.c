/*
 * Modules: file systems over the program's own, chosen with -o modules=NAME[:NAME...]. A program
 * registers its own; others come from libfusemod_NAME.so, which has a variable
 * fuse_fusemod_NAME_module (FUSE_REGISTER_MODULE makes it) or registers itself when loaded. The
 * modules subdir and iconv are the core's (core/modules/).
 */
#include "internal.h"

#include <dlfcn.h>
#include <stdio.h>

struct module_so {
	void *handle;
};

static struct fuse_module *registered; /* copies of the callers' */
static pthread_mutex_t registered_lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct fuse_fs *(*factory_t)(struct fuse_args *args, struct fuse_fs *fs[]);

void module_so_put(struct module_so *so)
{
	if (!so)
		return;
	dlclose(so->handle);
	free(so);
}

EXPORT void fuse_register_module(struct fuse_module *mod)
{
	struct fuse_module *copy = malloc(sizeof(*copy));

	if (!copy) {
		core_err("out of memory for module '%s'\n", mod->name);
		return;
	}
	*copy = *mod;
	copy->so = NULL;
	copy->ctr = 0;
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&registered_lock);
	copy->next = registered;
	registered = copy;
}

static factory_t find_registered(const char *name)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&registered_lock);

	for (struct fuse_module *m = registered; m; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m->factory;
	return NULL;
}

/* A name becomes part of a file's and a symbol's name: nothing else than a name. */
static bool good_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-") == strlen(name);
}

static factory_t find_factory(const char *name, struct module_so **out)
{
	char *file CLEANUP_FREE = NULL, *symbol CLEANUP_FREE = NULL;
	factory_t factory = find_registered(name);
	struct fuse_module *mod;
	struct module_so *so;

	if (factory)
		return factory;
	so = calloc(1, sizeof(*so));
	if (!so || asprintf(&file, "libfusemod_%s.so", name) == -1 ||
	    asprintf(&symbol, "fuse_fusemod_%s_module", name) == -1) {
		core_err("out of memory for module '%s'\n", name);
		free(so);
		return NULL;
	}
	so->handle = dlopen(file, RTLD_NOW);
	if (!so->handle) {
		core_err("modules=%s: cannot load %s: %s\n", name, file, dlerror());
		free(so);
		return NULL;
	}
	factory = find_registered(name);
	if (factory) { /* it has registered itself: what is registered stays loaded */
		free(so);
		return factory;
	}
	mod = dlsym(so->handle, symbol);
	if (!mod || !mod->factory) {
		core_err("modules=%s: %s has no %s, so it is no module of FUSE 2\n", name, file,
			 symbol);
		module_so_put(so);
		return NULL;
	}
	*out = so;
	return mod->factory;
}

static bool may_have_modules(const struct fuse_fs *top, const char *name)
{
	if (top->compat > 22)
		return true;
	core_err("modules=%s: a module cannot be loaded over a program of FUSE 2.4 or before; "
		 "subdir and iconv can be used\n",
		 name);
	return false;
}

static int push(struct fuse_fs **top, const char *name, struct fuse_args *args)
{
	struct fuse_fs *below[2] = {*top, NULL}, *made;
	struct module_so *so = NULL;
	factory_t factory;

	if (!good_name(name)) {
		core_err("modules=: '%s' is not the name of a module\n", name);
		return -1;
	}
	if (!may_have_modules(*top, name))
		return -1;
	factory = find_factory(name, &so);
	if (!factory)
		return -1;
	made = factory(args, below);
	if (!made) { /* it has said why */
		module_so_put(so);
		return -1;
	}
	made->so = so;
	made->compat = 26;
	/* A module that does not say so must not get what only the program understands; nor vice
	 * versa. */
	made->op.flag_nullpath_ok &= (*top)->op.flag_nullpath_ok;
	made->op.flag_nopath &= (*top)->op.flag_nopath;
	made->op.flag_utime_omit_ok &= (*top)->op.flag_utime_omit_ok;
	*top = made;
	return 0;
}

/* ---- lists --------------------------------------------------------------------------------------
 */

static bool help_asked(const struct fuse_args *args)
{
	for (int i = 1; i < args->argc; i++)
		if (strcmp(args->argv[i], "-h") == 0)
			return true;
	return false;
}

/* How many names of a list come from files. */
static int from_files(const char *list)
{
	char *copy CLEANUP_FREE = strdup(list), *save = NULL;
	int n = 0;

	if (!copy)
		return -1;
	for (char *name = strtok_r(copy, ":", &save); name; name = strtok_r(NULL, ":", &save))
		n += !core_module_known(name);
	return n;
}

static int push_layer(struct fuse_fs **top, const char *name, struct fuse_args *args)
{
	struct fuse_fs *made;

	if (!may_have_modules(*top, name))
		return -1;
	made = layer_new(name, *top, args);
	if (!made)
		return -1;
	made->compat = 26;
	made->op.flag_nullpath_ok = (*top)->op.flag_nullpath_ok;
	made->op.flag_nopath = (*top)->op.flag_nopath;
	made->op.flag_utime_omit_ok = (*top)->op.flag_utime_omit_ok;
	*top = made;
	return 0;
}

int modules_push(struct fuse_fs **top, const char *list, struct fuse_args *args)
{
	char *copy CLEANUP_FREE = strdup(list ? list : ""), *save = NULL;
	int left = copy ? from_files(copy) : -1, res;

	if (left < 0)
		return -1;
	for (char *name = strtok_r(copy, ":", &save); name && left;
	     name = strtok_r(NULL, ":", &save)) {
		if (core_module_known(name)) {
			res = help_asked(args) ? 0 : push_layer(top, name, args);
		} else {
			res = push(top, name, args);
			left--;
		}
		if (res && !help_asked(args))
			return -1;
	}
	return 0;
}

int modules_wrap(struct core_modules *built_in, const char *list, struct fuse_args *args)
{
	char *copy CLEANUP_FREE = strdup(list ? list : ""), *save = NULL;
	int left = copy ? from_files(copy) : -1;

	if (left < 0)
		return -1;
	if (help_asked(args))
		return 0;
	for (char *name = strtok_r(copy, ":", &save); name; name = strtok_r(NULL, ":", &save)) {
		if (!core_module_known(name))
			left--;
		else if (!left && core_modules_push(built_in, name, core_args_of(args)))
			return -1;
	}
	return 0;
}

void modules_help(void)
{
	fputs("Module options:\n\n[iconv]\n", stderr);
	core_module_help("iconv", stderr);
	fputs("\n[subdir]\n", stderr);
	core_module_help("subdir", stderr);
	fputs("\n", stderr);
}
