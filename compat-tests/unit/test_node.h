/*
 * What the files of the suite "node" share: one table of nodes, and calls that assert.
 */
#ifndef TEST_NODE_H
#define TEST_NODE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "core/fs/node.h"
#include "unit.h"

#define UNUSED_OK __attribute__((unused))

static struct nodes table;

static void begin(void)
{
	UNIT_ASSERT_INT(nodes_init(&table), 0);
}

/* What a test took it has given back. */
static void end(void)
{
	UNIT_ASSERT_INT((long long)table.count, 1);
	nodes_fini(&table);
}

static UNUSED_OK uint32_t lookup(uint32_t parent, const char *name)
{
	int err = 0;
	uint32_t idx = node_lookup(&table, parent, name, &err);

	UNIT_ASSERT_INT(err, 0);
	return idx;
}

static UNUSED_OK void forget(uint32_t idx, uint64_t n)
{
	if (node_unref(&table, idx, n))
		node_drop(&table, idx);
}

static UNUSED_OK const char *name_of(uint32_t rec)
{
	static char text[NODE_NAME_MAX + 1];
	size_t len;
	const char *p;

	if (!table.at[rec].name)
		return NULL;
	p = node_name(&table, table.at[rec].name, &len);
	memcpy(text, p, len);
	text[len] = 0;
	return text;
}

#endif
