/*
 * The loops, and struct fuse_loop_config in its three generations: an int clone_fd (3.0), a struct
 * of two fields (3.2), an object of the library's (3.12).
 */
#include "fuse3/internal.h"

#include <limits.h>

#define CONFIG_MAGIC 0x66336c63u
#define MAX_THREADS  100000
#define NO_LIMIT     UINT_MAX

/* ---- configuration ------------------------------------------------------------------------------
 */

EXPORT struct fuse_loop_config *fuse_loop_cfg_create(void)
{
	struct fuse_loop_config *config = calloc(1, sizeof(*config));

	if (!config) {
		core_err("out of memory for the loop's configuration\n");
		return NULL;
	}
	config->magic = CONFIG_MAGIC;
	config->max_idle_threads = NO_LIMIT;
	config->max_threads = fuse3_ll_profile.max_threads;
	return config;
}

EXPORT void fuse_loop_cfg_destroy(struct fuse_loop_config *config)
{
	free(config);
}

EXPORT void fuse_loop_cfg_set_idle_threads(struct fuse_loop_config *config, unsigned int value)
{
	if (value > MAX_THREADS && value != NO_LIMIT)
		core_err("max_idle_threads=%u ignored: at most %u\n", value, MAX_THREADS);
	else
		config->max_idle_threads = value;
}

EXPORT void fuse_loop_cfg_set_max_threads(struct fuse_loop_config *config, unsigned int value)
{
	if (value == 0 || (value > MAX_THREADS && value != NO_LIMIT))
		core_err("max_threads=%u ignored: give 1 to %u\n", value, MAX_THREADS);
	else if (value != NO_LIMIT) /* "not set", from -o */
		config->max_threads = value;
}

EXPORT void fuse_loop_cfg_set_clone_fd(struct fuse_loop_config *config, unsigned int value)
{
	config->clone_fd = value != 0;
}

EXPORT void fuse_loop_cfg_convert(struct fuse_loop_config *config,
				  struct fuse_loop_config_v1 *v1_conf)
{
	fuse_loop_cfg_set_idle_threads(config, v1_conf->max_idle_threads);
	fuse_loop_cfg_set_clone_fd(config, (unsigned)v1_conf->clone_fd);
}

/* Idle threads that may stay, as a floor; the pool itself decides beyond that. */
static unsigned floor_of(unsigned max_idle)
{
	if (max_idle == 0)
		return 1;
	return max_idle < CORE_POOL_FLOOR ? max_idle : CORE_POOL_FLOOR;
}

static int pool_config(const struct fuse_loop_config *config, struct core_pool_config *pc)
{
	*pc = (struct core_pool_config){0};
	if (!config)
		return 0;
	if (config->magic != CONFIG_MAGIC) {
		core_err("loop: the configuration is not from fuse_loop_cfg_create()\n");
		return -EINVAL;
	}
	pc->own_queue = config->clone_fd;
	pc->floor = floor_of(config->max_idle_threads);
	pc->ceiling = config->max_threads;
	return 0;
}

/* Before 3.12 nobody could set a ceiling. */
static void pool_config_v1(const struct fuse_loop_config_v1 *v1, struct core_pool_config *pc)
{
	*pc = (struct core_pool_config){.ceiling = CORE_POOL_CEILING};
	if (v1) {
		pc->own_queue = v1->clone_fd;
		pc->floor = floor_of(v1->max_idle_threads);
	}
}

/* ---- sessions -----------------------------------------------------------------------------------
 */

EXPORT int fuse_session_loop(struct fuse_session *se)
{
	if (!se)
		return -EINVAL;
	return se->fuse ? core_fs_loop(se->fuse->core) : core_session_loop(se->cs);
}

int loop_mt(struct fuse_session *se, const struct core_pool_config *pc)
{
	if (!se)
		return -EINVAL;
	return se->fuse ? core_fs_loop_mt(se->fuse->core, pc) : core_session_loop_mt(se->cs, pc);
}

EXPORT int fuse_session_loop_mt_312(struct fuse_session *se, struct fuse_loop_config *config);
EXPORT int fuse_session_loop_mt_32(struct fuse_session *se, struct fuse_loop_config_v1 *config);
EXPORT int fuse_session_loop_mt_31(struct fuse_session *se, int clone_fd);
int session_loop_mt_v32(struct fuse_session *se, struct fuse_loop_config_v1 *config);
int session_loop_mt_v30(struct fuse_session *se, int clone_fd);

int fuse_session_loop_mt_312(struct fuse_session *se, struct fuse_loop_config *config)
{
	struct core_pool_config pc;
	int res = pool_config(config, &pc);

	return res ? res : loop_mt(se, &pc);
}

EXPORT int fuse_session_loop_mt(struct fuse_session *se, struct fuse_loop_config *config)
{
	return fuse_session_loop_mt_312(se, config);
}

int fuse_session_loop_mt_32(struct fuse_session *se, struct fuse_loop_config_v1 *config)
{
	struct core_pool_config pc;

	pool_config_v1(config, &pc);
	return loop_mt(se, &pc);
}

int fuse_session_loop_mt_31(struct fuse_session *se, int clone_fd)
{
	struct fuse_loop_config_v1 v1 = {.clone_fd = clone_fd, .max_idle_threads = 10};

	return fuse_session_loop_mt_32(se, &v1);
}

SYMVER(session_loop_mt_v32, "fuse_session_loop_mt@FUSE_3.2");

int session_loop_mt_v32(struct fuse_session *se, struct fuse_loop_config_v1 *config)
{
	return fuse_session_loop_mt_32(se, config);
}

SYMVER(session_loop_mt_v30, "fuse_session_loop_mt@FUSE_3.0");

int session_loop_mt_v30(struct fuse_session *se, int clone_fd)
{
	return fuse_session_loop_mt_31(se, clone_fd);
}

/* ---- path file systems --------------------------------------------------------------------------
 */

EXPORT int fuse_loop_mt_312(struct fuse *f, struct fuse_loop_config *config);
EXPORT int fuse_loop_mt_32(struct fuse *f, struct fuse_loop_config_v1 *config);
EXPORT int fuse_loop_mt_31(struct fuse *f, int clone_fd);
int loop_mt_v32(struct fuse *f, struct fuse_loop_config_v1 *config);
int loop_mt_v30(struct fuse *f, int clone_fd);

EXPORT int fuse_loop(struct fuse *f)
{
	return f ? fuse_session_loop(f->se) : -EINVAL;
}

int fuse_loop_mt_312(struct fuse *f, struct fuse_loop_config *config)
{
	return f ? fuse_session_loop_mt_312(f->se, config) : -EINVAL;
}

EXPORT int fuse_loop_mt(struct fuse *f, struct fuse_loop_config *config)
{
	return fuse_loop_mt_312(f, config);
}

int fuse_loop_mt_32(struct fuse *f, struct fuse_loop_config_v1 *config)
{
	return f ? fuse_session_loop_mt_32(f->se, config) : -EINVAL;
}

int fuse_loop_mt_31(struct fuse *f, int clone_fd)
{
	return f ? fuse_session_loop_mt_31(f->se, clone_fd) : -EINVAL;
}

SYMVER(loop_mt_v32, "fuse_loop_mt@FUSE_3.2");

int loop_mt_v32(struct fuse *f, struct fuse_loop_config_v1 *config)
{
	return fuse_loop_mt_32(f, config);
}

SYMVER(loop_mt_v30, "fuse_loop_mt@FUSE_3.0");

int loop_mt_v30(struct fuse *f, int clone_fd)
{
	return fuse_loop_mt_31(f, clone_fd);
}
