/*
 * The node table against a simple model of it: a long random play, after which both say the same.
 */
#include "test_node.h"

enum { M_NODES = 64, M_NAMES = 128 };

struct m_node {
	bool used, dir;
	uint32_t idx;
	uint64_t id, nlookup;
};
struct m_name {
	int parent, node; /* -1: free */
	char name[8];
};
static struct m_node m_nodes[M_NODES]; /* 0: the root */
static struct m_name m_names[M_NAMES];
static unsigned m_seed;

static unsigned dice(unsigned n)
{
	m_seed = m_seed * 1103515245 + 12345;
	return (m_seed >> 16) % n;
}

static int m_find(int parent, const char *name)
{
	for (int i = 0; i < M_NAMES; i++)
		if (m_names[i].node >= 0 && m_names[i].parent == parent &&
		    !strcmp(m_names[i].name, name))
			return i;
	return -1;
}

static int m_count_names(int node)
{
	int n = 0;

	for (int i = 0; i < M_NAMES; i++)
		n += m_names[i].node == node;
	return n;
}

static bool m_has_children(int node)
{
	for (int i = 0; i < M_NAMES; i++)
		if (m_names[i].node >= 0 && m_names[i].parent == node)
			return true;
	return false;
}

static bool m_above(int node, int up)
{
	while (node) {
		int next = -1;

		if (node == up)
			return true;
		for (int i = 0; i < M_NAMES; i++)
			if (m_names[i].node == node)
				next = m_names[i].parent;
		if (next < 0)
			return false;
		node = next;
	}
	return false;
}

/* Frees what nothing uses any more, until nothing changes. */
static void m_settle(void)
{
	bool again = true;

	while (again) {
		again = false;
		for (int n = 1; n < M_NODES; n++) {
			if (!m_nodes[n].used || m_nodes[n].nlookup || m_has_children(n))
				continue;
			m_nodes[n].used = false;
			for (int i = 0; i < M_NAMES; i++)
				if (m_names[i].node == n)
					m_names[i].node = -1;
			again = true;
		}
	}
}

static int m_set_name(int parent, const char *name, int node)
{
	int i = m_find(parent, name);

	for (int j = 0; i < 0 && j < M_NAMES; j++)
		if (m_names[j].node < 0)
			i = j;
	if (i < 0)
		return -1;
	m_names[i].parent = parent;
	m_names[i].node = node;
	memmove(m_names[i].name, name, strlen(name) + 1);
	return i;
}

static uint32_t m_rec(int i)
{
	return node_find(&table, m_nodes[m_names[i].parent].idx, m_names[i].name);
}

static bool m_equal(void)
{
	uint64_t records = 0;
	bool ok = true;

	for (int i = 0; i < M_NAMES; i++)
		if (m_names[i].node >= 0)
			ok = ok && m_rec(i) &&
			     node_target(&table, m_rec(i)) == m_nodes[m_names[i].node].idx;
	for (int n = 0; n < M_NODES; n++) {
		uint32_t idx = m_nodes[n].idx;
		int names = m_count_names(n);

		if (!m_nodes[n].used) {
			ok = ok && !node_from_id(&table, m_nodes[n].id);
			continue;
		}
		records += names > 1 ? (uint64_t)names : 1;
		ok = ok && node_from_id(&table, m_nodes[n].id) == idx &&
		     node_names(&table, idx) == (unsigned)names &&
		     (n == 0 || table.at[idx].nlookup == m_nodes[n].nlookup) &&
		     !!table.at[idx].children == m_has_children(n);
	}
	return ok && table.count == records;
}

/* A directory in which something is done is one the kernel knows. */
static int m_pick(bool dirs)
{
	int n = (int)dice(M_NODES);

	for (int i = 0; i < M_NODES; i++, n = (n + 1) % M_NODES)
		if (m_nodes[n].used && (!dirs || (m_nodes[n].dir && m_nodes[n].nlookup)))
			return n;
	return 0;
}

static int m_pick_name(void)
{
	int n = (int)dice(M_NAMES);

	for (int i = 0; i < M_NAMES; i++, n = (n + 1) % M_NAMES)
		if (m_names[n].node >= 0)
			return n;
	return -1;
}

static void m_lookup(int parent, const char *name)
{
	int i = m_find(parent, name), n = i >= 0 ? m_names[i].node : 0;
	uint32_t idx;

	if (i < 0) {
		for (n = 1; n < M_NODES && m_nodes[n].used; n++)
			;
		if (n == M_NODES || m_set_name(parent, name, n) < 0)
			return;
		m_nodes[n] = (struct m_node){.used = true, .dir = dice(2) == 0};
	}
	idx = lookup(m_nodes[parent].idx, name);
	if (i < 0) {
		m_nodes[n].idx = idx;
		m_nodes[n].id = node_id(&table, idx);
	}
	CU_ASSERT_EQUAL_FATAL(m_nodes[n].idx, idx);
	m_nodes[n].nlookup++;
}

static void m_forget(int n)
{
	uint64_t some = m_nodes[n].nlookup ? 1 + dice((unsigned)m_nodes[n].nlookup) : 0;

	if (!n || !some)
		return;
	m_nodes[n].nlookup -= some;
	forget(m_nodes[n].idx, some);
}

static void m_move(int i, int parent, const char *name)
{
	int node = m_names[i].node, over = m_find(parent, name);

	/* The kernel does nothing for two names of one file. */
	if (m_above(parent, node) || (over >= 0 && m_names[over].node == node))
		return;
	node_rename(&table, m_rec(i), m_nodes[parent].idx, name);
	m_names[i].node = -1;
	m_set_name(parent, name, node);
}

static void m_swap(int i, int j)
{
	int a = m_names[i].node, b = m_names[j].node;

	if (a == b || !m_nodes[m_names[i].parent].nlookup || !m_nodes[m_names[j].parent].nlookup ||
	    m_above(m_names[j].parent, a) || m_above(m_names[i].parent, b))
		return;
	node_exchange(&table, m_rec(i), m_rec(j));
	m_names[i].node = b;
	m_names[j].node = a;
}

static void m_link(int n, int parent, const char *name)
{
	if (!n || m_nodes[n].dir || !m_nodes[n].nlookup || !m_count_names(n) ||
	    m_find(parent, name) >= 0 || m_set_name(parent, name, n) < 0)
		return;
	UNIT_ASSERT_INT(node_link(&table, m_nodes[n].idx, m_nodes[parent].idx, name), 0);
	m_nodes[n].nlookup++;
}

static void m_step(void)
{
	int parent = m_pick(true), i = m_pick_name(), j = m_pick_name();
	char name[8];

	snprintf(name, sizeof(name), "%.*s", 1 + (int)dice(2), "xyzabc" + dice(4));
	switch (dice(9)) {
	case 0:
	case 1:
	case 2:
		m_lookup(parent, name);
		break;
	case 3:
	case 4:
		m_forget(m_pick(false));
		break;
	case 5:
		if (i >= 0) {
			node_unname(&table, m_rec(i));
			m_names[i].node = -1;
		}
		break;
	case 6:
		if (i >= 0)
			m_move(i, parent, name);
		break;
	case 7:
		if (i >= 0 && i != j)
			m_swap(i, j);
		break;
	case 8:
		m_link(m_pick(false), parent, name);
		break;
	}
	m_settle();
}

static void behaves_as_a_simple_model(void)
{
	for (unsigned seed = 1; seed <= 20; seed++) {
		begin();
		m_seed = seed;
		memset(m_nodes, 0, sizeof(m_nodes));
		m_nodes[0] = (struct m_node){true, true, NODE_ROOT, NODE_ROOT, 1};
		for (int i = 0; i < M_NAMES; i++)
			m_names[i].node = -1;
		for (int step = 0; step < 2000; step++) {
			m_step();
			if (!m_equal()) {
				char text[64];

				snprintf(text, sizeof(text), "seed %u step %d", seed, step);
				CU_FAIL("the table is not as the model");
				UNIT_ASSERT_STR(text, "equal");
				break;
			}
		}
		for (int n = 1; n < M_NODES; n++)
			if (m_nodes[n].used)
				forget(m_nodes[n].idx, m_nodes[n].nlookup);
		end();
	}
}

UNIT_SUITE(node, UNIT_TEST(behaves_as_a_simple_model));
