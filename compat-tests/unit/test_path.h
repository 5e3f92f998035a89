/*
 * What the files of the suite "path" share: one tree of nodes and paths, and calls that assert.
 */
#ifndef TEST_PATH_H
#define TEST_PATH_H

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/fs/path.h"
#include "unit.h"

#define UNUSED_OK __attribute__((unused))

static struct path_tree tree;

static void begin(void)
{
	UNIT_ASSERT_INT(path_tree_init(&tree), 0);
}

static void end(void)
{
	UNIT_ASSERT_INT((long long)tree.nodes.count, 1);
	CU_ASSERT_PTR_NULL(tree.slots);
	path_tree_fini(&tree);
}

static UNUSED_OK uint32_t lookup(uint32_t parent, const char *name)
{
	int err = 0;
	uint32_t idx = node_lookup(&tree.nodes, parent, name, &err);

	UNIT_ASSERT_INT(err, 0);
	return idx;
}

static UNUSED_OK void forget(uint32_t idx, uint64_t n)
{
	if (node_unref(&tree.nodes, idx, n))
		node_drop(&tree.nodes, idx);
}

#endif
