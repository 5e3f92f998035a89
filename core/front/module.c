/*
 * Modules: file systems over the program's own, chosen with -o modules=NAME[:NAME...]. The modules
 * subdir and iconv are the core's (core/modules/); others come from libfusemod_NAME.so.
 */
#include "internal.h"

#include <dlfcn.h>
#include <stdio.h>

/* A loaded object. */
struct module_so {
	void *handle;
};

void module_so_put(struct module_so *so)
{
	if (!so)
		return;
	dlclose(so->handle);
	free(so);
}

/* ---- from files ---------------------------------------------------------------------------------
 */

/* A name becomes part of a file's and a symbol's name: nothing else than a name. */
static bool good_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-") == strlen(name);
}

static module_factory load(const char *name, struct module_so **out)
{
	char *file CLEANUP_FREE = NULL, *symbol CLEANUP_FREE = NULL;
	struct module_so *so = calloc(1, sizeof(*so));
	unsigned before = modules_registered();
	module_factory factory;

	if (so && asprintf(&file, "libfusemod_%s.so", name) == -1)
		file = NULL;
	if (file && asprintf(&symbol, MODULE_SYMBOL, name) == -1)
		symbol = NULL;
	if (!symbol) {
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
	factory = module_registered(name);
	if (factory) { /* it has registered itself: what is registered stays loaded */
		free(so);
		return factory;
	}
	factory = module_factory_of(dlsym(so->handle, symbol));
	if (!factory) {
		core_err("modules=%s: %s has no %s, so it is no module of FUSE " MODULE_API "\n",
			 name, file, symbol);
		if (modules_registered() == before)
			module_so_put(so);
		else
			free(so); /* it has registered another name, and stays */
		return NULL;
	}
	*out = so;
	return factory;
}

module_factory module_find(const char *name, struct module_so **so)
{
	module_factory factory;

	*so = NULL;
	if (!good_name(name)) {
		core_err("modules=: '%s' is not the name of a module\n", name);
		return NULL;
	}
	factory = module_registered(name);
	return factory ? factory : load(name, so);
}

/* ---- lists --------------------------------------------------------------------------------------
 */

int module_for_each(const char *list, int (*each)(void *, const char *), void *data)
{
	char *copy CLEANUP_FREE = NULL, *save = NULL;

	if (!list)
		return 0;
	copy = strdup(list);
	if (!copy) {
		core_err("out of memory for modules\n");
		return -1;
	}
	for (char *name = strtok_r(copy, ":", &save); name; name = strtok_r(NULL, ":", &save))
		if (each(data, name))
			return -1;
	return 0;
}

/* The way through a list. */
struct pushing {
	struct fuse_fs **top;
	struct core_modules *built_in;
	struct fuse_args *args;
	bool help;      /* a module from a file prints its options, and nothing is made */
	int from_files; /* names that are to come yet */
};

static int count_from_files(void *data, const char *name)
{
	struct pushing *p = data;

	p->from_files += !core_module_known(name);
	return 0;
}

static int push_loaded(struct pushing *p, const char *name)
{
	struct fuse_fs *below[2] = {*p->top, NULL}, *made;
	struct module_so *so;
	module_factory factory;

	if (!module_fits(*p->top, name))
		return -1;
	factory = module_find(name, &so);
	if (!factory)
		return -1;
	made = factory(p->args, below);
	if (!made) { /* it has said why */
		module_so_put(so);
		return -1;
	}
	made->so = so;
	module_is_over(made, *p->top);
	*p->top = made;
	return 0;
}

static int push_layer(struct pushing *p, const char *name)
{
	struct fuse_fs *made;

	if (!module_fits(*p->top, name))
		return -1;
	made = layer_new(name, *p->top, p->args);
	if (!made)
		return -1;
	module_is_over(made, *p->top);
	*p->top = made;
	return 0;
}

static int push_on_stack(void *data, const char *name)
{
	struct pushing *p = data;
	int res = 0;

	if (!core_module_known(name)) {
		p->from_files--;
		res = push_loaded(p, name);
	} else if (p->from_files && !p->help) {
		res = push_layer(p, name);
	}
	return p->help ? 0 : res;
}

int modules_push(struct fuse_fs **top, const char *list, struct fuse_args *args)
{
	struct pushing p = {.top = top, .args = args, .help = module_help_asked(args)};

	if (module_for_each(list, count_from_files, &p))
		return -1;
	return module_for_each(list, push_on_stack, &p);
}

static int push_on_table(void *data, const char *name)
{
	struct pushing *p = data;

	if (!core_module_known(name)) {
		p->from_files--;
		return 0;
	}
	return p->from_files ? 0 : core_modules_push(p->built_in, name, core_args_of(p->args));
}

int modules_wrap(struct core_modules *built_in, const char *list, struct fuse_args *args)
{
	struct pushing p = {.built_in = built_in, .args = args};

	if (module_help_asked(args))
		return 0;
	if (module_for_each(list, count_from_files, &p))
		return -1;
	return module_for_each(list, push_on_table, &p);
}
