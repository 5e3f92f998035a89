/*
 * Modules as FUSE 2 has them: a program registers its own; an object has a variable
 * fuse_fusemod_NAME_module (FUSE_REGISTER_MODULE makes it) or registers itself when loaded. The
 * rest: core/front/module.c.
 */
#include "internal.h"

#include <stdio.h>

static struct fuse_module *registered; /* copies of the callers' */
static unsigned registered_count;
static pthread_mutex_t registered_lock = PTHREAD_MUTEX_INITIALIZER;

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
	registered_count++;
}

unsigned modules_registered(void)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&registered_lock);

	return registered_count;
}

module_factory module_registered(const char *name)
{
	ACQUIRE_LOCK_FOR_CURRENT_SCOPE(&registered_lock);

	for (struct fuse_module *m = registered; m; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m->factory;
	return NULL;
}

module_factory module_factory_of(void *variable)
{
	const struct fuse_module *mod = variable;

	return mod ? mod->factory : NULL;
}

bool module_fits(const struct fuse_fs *top, const char *name)
{
	if (top->compat > 22)
		return true;
	core_err("modules=%s: a module cannot be loaded over a program of FUSE 2.4 or before; "
		 "subdir and iconv can be used\n",
		 name);
	return false;
}

void module_is_over(struct fuse_fs *made, const struct fuse_fs *below)
{
	struct fuse_operations *op = &made->op;

	made->compat = 26;
	if (made->layer)
		op->flag_nullpath_ok = op->flag_nopath = op->flag_utime_omit_ok = 1;
	/* A module that does not say so must not get what only the program understands; nor vice
	 * versa. */
	op->flag_nullpath_ok &= below->op.flag_nullpath_ok;
	op->flag_nopath &= below->op.flag_nopath;
	op->flag_utime_omit_ok &= below->op.flag_utime_omit_ok;
}

bool module_help_asked(const struct fuse_args *args)
{
	for (int i = 1; i < args->argc; i++)
		if (strcmp(args->argv[i], "-h") == 0)
			return true;
	return false;
}

void modules_help(void)
{
	fputs("Module options:\n\n[iconv]\n", stderr);
	core_module_help("iconv", stderr);
	fputs("\n[subdir]\n", stderr);
	core_module_help("subdir", stderr);
	fputs("\n", stderr);
}
