/*
 * runner.c - main program of conform2 and conform3: picks cases, runs them under CUnit with a few
 * jobs at a time, and prints one line a case (TAP).  compat-tests/run drives the two.
 */
#include "differences.h"
#include "results.h"
#include "supervise.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <dlfcn.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <sys/wait.h>

extern const struct t_case *const __start_t_cases[];
extern const struct t_case *const __stop_t_cases[];

/* One run of one case in one mode. */
struct run {
	const struct t_case *c;
	int mode_s;
	struct job job;
	bool started, ended;
	char label[160]; /* "pool rename.over-existing", what CUnit calls it */
};

static struct {
	const char *globs[64];
	int nglobs;
	int mode_s, mode_pool, jobs, first, verbose, list, self_test, repeat, stop_after, quiet;
	const char *junit, *counts, *differences, *target, *results, *kernel_name;
	struct kernel kernel;
} opt = {.jobs = 2, .first = 1, .repeat = 1, .kernel_name = "mount"};

static struct run *runs;
static int nruns, next_start, in_flight, number;
static int n_pass, n_fail, n_fault, n_differs, n_skip;
static char target[64], library[PATH_MAX] = "?";
static char no_fuse[128]; /* why nothing can be run */
static FILE *junit;

/* --- picking ------------------------------------------------------------------------------------
 */

static bool wanted(const struct t_case *c)
{
	if ((!strncmp(c->name, "self.", 5)) != (opt.self_test != 0))
		return false;
	if (c->apis && !(c->apis & (FUSE_API == 2 ? T_API2 : T_API3)))
		return false;
	for (int i = 0; i < opt.nglobs; i++)
		if (!fnmatch(opt.globs[i], c->name, 0))
			return true;
	return !opt.nglobs;
}

static int by_name(const void *a, const void *b)
{
	const struct t_case *x = *(const struct t_case *const *)a;
	const struct t_case *y = *(const struct t_case *const *)b;
	size_t nx = strcspn(x->name, "."), ny = strcspn(y->name, ".");
	int r = strncmp(x->name, y->name, nx < ny ? nx : ny);

	/* by area, then as written */
	if (!r && nx != ny)
		r = nx < ny ? -1 : 1;
	if (!r)
		r = strcmp(x->file, y->file);
	return r ? r : x->line - y->line;
}

static int by_label(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A label that two runs have, or NULL: CUnit knows a run by nothing else. */
static const char *same_label(const struct run *all, int n)
{
	const char **labels = calloc((size_t)n + 1, sizeof(*labels)), *found = NULL;

	for (int i = 0; i < n; i++)
		labels[i] = all[i].label;
	qsort(labels, (size_t)n, sizeof(*labels), by_label);
	for (int i = 1; i < n && !found; i++)
		if (!strcmp(labels[i - 1], labels[i]))
			found = labels[i];
	free(labels);
	return found;
}

/* Before anything is run: names of cases are unique, also of those not wanted now. */
static void check_names(const struct t_case *const *all, size_t n)
{
	struct run *r = calloc(n, sizeof(*r)), two[3] = {{.label = "s x"}, {.label = "s y"}};
	const char *found;

	for (size_t i = 0; i < n; i++)
		snprintf(r[i].label, sizeof(r[i].label), "%s", all[i]->name);
	found = same_label(r, (int)n);
	if (found) {
		fprintf(stderr, "two cases are called %s\n", found);
		exit(2);
	}
	free(r);
	strcpy(two[2].label, two[0].label);
	if (opt.self_test && (same_label(two, 2) || !same_label(two, 3))) {
		fprintf(stderr, "two cases of one name are not noticed\n");
		exit(2);
	}
}

static void pick(void)
{
	size_t n = (size_t)(__stop_t_cases - __start_t_cases);
	const struct t_case **all = calloc(n, sizeof(*all));

	memcpy(all, __start_t_cases, n * sizeof(*all));
	qsort(all, n, sizeof(*all), by_name);
	check_names(all, n);
	runs = calloc(n * 2 * (size_t)opt.repeat, sizeof(*runs));
	for (size_t i = 0; i < n * (size_t)opt.repeat; i++) {
		size_t no = i / (size_t)opt.repeat, again = i % (size_t)opt.repeat;
		const struct t_case *c = all[no];

		if (!wanted(c))
			continue;
		for (int s = 1; s >= 0; s--) {
			if (!(s ? opt.mode_s : opt.mode_pool))
				continue;
			if (c->modes && !(c->modes & (s ? T_MODE_S : T_MODE_POOL)))
				continue;
			struct run *r = &runs[nruns++];
			r->c = c;
			r->mode_s = s;
			snprintf(r->label, sizeof(r->label), "%s %s", s ? "s" : "pool", c->name);
			if (opt.repeat > 1)
				snprintf(r->label + strlen(r->label), 30, " #%zu", again + 1);
		}
	}
	free(all);
	if (same_label(runs, nruns)) {
		fprintf(stderr, "two cases are called %s\n", same_label(runs, nruns));
		exit(2);
	}
}

/* --- report -------------------------------------------------------------------------------------
 */

static void xml(const char *s)
{
	for (; *s; s++) {
		if (strchr("<>&\"", *s))
			fprintf(junit, "&#%d;", *s);
		else if ((unsigned char)*s >= 32 || *s == '\n')
			fputc(*s, junit);
	}
}

static void report_junit(const struct run *r, const char *kind, const char *text)
{
	if (!junit)
		return;
	fprintf(junit, "<testcase classname=\"fuse%d.%s\" name=\"", FUSE_API,
		r->mode_s ? "s" : "pool");
	xml(r->c->name);
	fprintf(junit, "\" time=\"%ld.%03ld\">", r->job.ms / 1000, r->job.ms % 1000);
	if (kind) {
		fprintf(junit, "<%s message=\"", kind);
		xml(text);
		fprintf(junit, "\"/>");
	}
	fprintf(junit, "</testcase>\n");
}

static void print_indented(const char *title, const char *text)
{
	if (!*text)
		return;
	printf("# %s:\n", title);
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("#   %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void print_trace(const struct t_shm *s)
{
	unsigned n = atomic_load(&s->nevents), from;

	if (n > T_EVENTS)
		n = T_EVENTS;
	from = n > 40 && opt.verbose < 2 ? n - 40 : 0;
	printf("# trace (%u events):\n", n);
	for (unsigned i = from; i < n; i++) {
		const struct t_event *e = &s->ev[i];

		if (atomic_load(&e->done))
			printf("#   %3u %s = %ld\n", i, e->text, e->ret);
		else
			printf("#   %3u %s (not answered)\n", i, e->text);
	}
}

static void print_details(const struct run *r)
{
	static char log[8192];
	ssize_t n;

	printf("# case at %s:%d, %ld ms\n",
	       strrchr(r->c->file, '/') ? strrchr(r->c->file, '/') + 1 : r->c->file, r->c->line,
	       r->job.ms);
	print_indented("failure", r->job.shm->msg);
	print_trace(r->job.shm);
	n = pread(r->job.log_fd, log, sizeof(log) - 1, 0);
	log[n > 0 ? n : 0] = 0;
	print_indented("output of the server", log);
	print_indented("threads", r->job.shm->stacks);
}

static void record(const struct run *r, const char *verdict, bool known, const char *reason)
{
	struct result res = {target, library, opt.kernel_name, verdict, reason, known};

	results_add(r->c, r->mode_s, r->started ? &r->job : NULL, &res);
}

static void line(const char *ok, const struct run *r, const char *directive, const char *reason)
{
	printf("%s %d fuse%d %s%s%s%s%s\n", ok, number, FUSE_API, r->label, directive ? " # " : "",
	       directive ? directive : "", directive ? " " : "", reason ? reason : "");
}

static void passed(const struct run *r)
{
	n_pass++;
	record(r, "pass", false, NULL);
	if (!opt.quiet)
		line("ok", r, NULL, NULL);
	report_junit(r, NULL, NULL);
	if (opt.verbose)
		print_details(r);
	CU_PASS("");
}

/* Not applicable. */
static void left_aside(const struct run *r, const char *why)
{
	n_skip++;
	record(r, "na", false, why);
	if (!opt.quiet)
		line("ok", r, "SKIP", why);
	report_junit(r, "skipped", why);
}

static void failed(const struct run *r, const char *why)
{
	n_fail++;
	record(r, "fail", false, why);
	progress(-1, 0, 0, NULL);
	line("not ok", r, NULL, NULL);
	if (why)
		printf("# %s\n", why);
	report_junit(r, "failure", why ? why : r->job.shm->msg);
	print_details(r);
	CU_FAIL("");
}

static void judge_self_test(const struct run *r)
{
	const struct t_shm *s = r->job.shm;
	const char *got = *s->skip ? s->skip : s->msg;

	if ((!r->c->expect ? !atomic_load(&s->failed) : strstr(got, r->c->expect) != NULL) &&
	    (!r->c->expect_stack || strstr(s->stacks, r->c->expect_stack)))
		passed(r);
	else
		failed(r, "the framework did not notice what this case does wrong");
}

static enum verdict find_difference(const struct run *r, const char **reason)
{
	return differences_find(r->c->name, target, r->mode_s ? "s" : "pool",
				opt.kernel.sim ? "sim" : "mount", reason);
}

static void judge(const struct run *r)
{
	const struct t_shm *s = r->job.shm;
	const char *reason = NULL;
	bool bad = atomic_load(&s->failed) != 0;
	enum verdict v = find_difference(r, &reason);

	if (opt.self_test) {
		judge_self_test(r);
	} else if ((!bad && *s->skip) || *s->na) {
		left_aside(r, *s->na ? s->na : s->skip);
	} else if (!bad && v == V_FAULT && !opt.kernel.sim) {
		failed(r, "passes, though differences.tsv lists it as a fault of this library: "
			  "the row is out of date");
	} else if (!bad) {
		passed(r);
	} else if (v == V_FAULT || v == V_RACE || v == V_DIFFERS) {
		char text[600];

		snprintf(text, sizeof(text), "%s: %s",
			 v == V_DIFFERS ? "different on purpose" : "known fault", reason);
		*(v == V_DIFFERS ? &n_differs : &n_fault) += 1;
		record(r, v == V_DIFFERS ? "differs" : "fail", v != V_DIFFERS, reason);
		line("not ok", r, "TODO", text);
		report_junit(r, "skipped", text);
		if (opt.verbose)
			print_details(r);
		else
			printf("# %s\n", s->msg);
	} else {
		failed(r, NULL);
	}
}

/* --- running
 * -------------------------------------------------------------------------------------- */

/* Why a run is not made: the machine, the table, or what the case says of itself. */
static bool left_out(const struct run *r, const char **reason)
{
	const struct t_case *c = r->c;

	*reason = NULL;
	if (*no_fuse)
		*reason = no_fuse;
	else if (opt.kernel.sim && c->real)
		*reason = c->real;
	else if (opt.kernel.sim && (c->no_mount || c->uid || c->fuseblk))
		*reason = "about mounting";
	else if (!opt.kernel.sim && c->sim)
		*reason = "plays the kernel itself";
	else if (find_difference(r, reason) != V_SKIP)
		*reason = NULL;
	return *reason != NULL;
}

static void start_some(void)
{
	const char *reason;

	while (next_start < nruns && in_flight < opt.jobs &&
	       !(opt.stop_after && n_fail >= opt.stop_after)) {
		struct run *r = &runs[next_start++];

		if (left_out(r, &reason))
			continue;
		struct kernel k = opt.kernel;
		k.known = find_difference(r, &reason) != V_NONE;
		int e = job_start(&r->job, r->c, r->mode_s, &k);
		if (e) {
			fprintf(stderr, "cannot start %s: %s\n", r->label, strerror(-e));
			exit(2);
		}
		r->started = true;
		in_flight++;
	}
}

static void wait_for(const struct run *r)
{
	while (!r->ended) {
		int status;
		pid_t pid = wait(&status);

		for (int i = 0; i < nruns; i++)
			if (runs[i].started && !runs[i].ended && runs[i].job.pid == pid) {
				runs[i].ended = true;
				in_flight--;
				job_ended(&runs[i].job, status);
			}
		start_some();
	}
}

/* The one test function: which run it stands for is told by CUnit's current test. */
static void one_test(void)
{
	const char *name = CU_get_current_test()->pName, *reason = NULL;
	struct run *r = runs;

	while (strcmp(r->label, name))
		r++;
	if (opt.stop_after && n_fail >= opt.stop_after) {
		if (r->started)
			wait_for(r);
		return;
	}
	number++;
	progress(number - opt.first, nruns, n_fail, r->c->name);
	start_some();
	if (left_out(r, &reason)) {
		left_aside(r, reason);
		return;
	}
	wait_for(r);
	judge(r);
	fflush(stdout);
	job_free(&r->job);
}

static void run_under_cunit(void)
{
	char suite_name[64] = "";
	CU_pSuite suite = NULL;

	if (CU_initialize_registry() != CUE_SUCCESS)
		exit(2);
	CU_set_error_action(CUEA_IGNORE);
	for (int i = 0; i < nruns; i++) {
		char area[64];

		snprintf(area, sizeof(area), "%.*s", (int)strcspn(runs[i].c->name, "."),
			 runs[i].c->name);
		if (strcmp(area, suite_name)) {
			snprintf(suite_name, sizeof(suite_name), "%s", area);
			suite = CU_get_suite_by_name(area, CU_get_registry());
			if (!suite)
				suite = CU_add_suite(suite_name, NULL, NULL);
		}
		if (!CU_add_test(suite, runs[i].label, one_test)) {
			fprintf(stderr, "CUnit does not take %s\n", runs[i].label);
			exit(2);
		}
	}
	CU_run_all_tests();
	CU_cleanup_registry();
}

/* --- start
 * ---------------------------------------------------------------------------------------- */

static const char usage[] =
	"usage: %s [OPTION]... [GLOB]...\n"
	"Runs the conformance cases against the libfuse that the loader finds (LD_LIBRARY_PATH).\n"
	"  --case GLOB         only the cases that match (may be repeated)\n"
	"  --mode s|pool       only single-threaded, or only with threads\n"
	"  --list              names of the cases\n"
	"  --jobs N            cases at a time (2)\n"
	"  --repeat N          everything N times\n"
	"  --kernel KIND       mount (default), sim (the simulated kernel), or sim:MINOR (12 to "
	"45)\n"
	"  --results FILE      append one JSON object a run\n"
	"  --stop-after N      end with the N-th failure\n"
	"  --limit SECONDS     no case gets more time than that\n"
	"  --quiet             say nothing of what passes or does not apply\n"
	"  --caps BITS         the INIT flags that the simulated kernel offers\n"
	"  --differences FILE  table of known faults and deliberate differences\n"
	"  --target NAME       what that table calls this library: stock or ambifuse\n"
	"  --self-test         test the framework itself\n"
	"  --junit FILE        append <testcase> elements to FILE\n"
	"  --counts FILE       write the five totals to FILE\n"
	"  --first N           number of the first line\n"
	"  -v                  details of passing cases too (twice: whole traces)\n";

/* "mount", "sim" or "sim:MINOR" */
static bool parse_kernel(const char *word)
{
	opt.kernel_name = word;
	opt.kernel.sim = !strncmp(word, "sim", 3);
	if (opt.kernel.sim && word[3] == ':') {
		opt.kernel.minor = atoi(word + 4);
		return opt.kernel.minor >= 12 && opt.kernel.minor <= 45;
	}
	return !strcmp(word, "mount") || !strcmp(word, "sim");
}

enum {
	O_CASE = 256,
	O_MODE,
	O_LIST,
	O_JOBS,
	O_DIFF,
	O_TARGET,
	O_SELF,
	O_JUNIT,
	O_COUNTS,
	O_FIRST,
	O_REPEAT,
	O_KERNEL,
	O_CAPS,
	O_RESULTS,
	O_STOP,
	O_LIMIT,
	O_QUIET
};

/* Options that are a number or a word. */
static bool take_simple(int o)
{
	static const struct {
		int o, *number;
		const char **word;
	} simple[] = {
		{O_JOBS, &opt.jobs, NULL},     {O_FIRST, &opt.first, NULL},
		{O_REPEAT, &opt.repeat, NULL}, {O_STOP, &opt.stop_after, NULL},
		{O_LIMIT, &job_limit, NULL},   {O_DIFF, NULL, &opt.differences},
		{O_TARGET, NULL, &opt.target}, {O_JUNIT, NULL, &opt.junit},
		{O_COUNTS, NULL, &opt.counts}, {O_RESULTS, NULL, &opt.results},
	};

	for (size_t i = 0; i < sizeof(simple) / sizeof(*simple); i++) {
		if (simple[i].o != o)
			continue;
		if (simple[i].number)
			*simple[i].number = atoi(optarg);
		else
			*simple[i].word = optarg;
		return true;
	}
	return false;
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {{"case", 1, 0, O_CASE},
					      {"mode", 1, 0, O_MODE},
					      {"list", 0, 0, O_LIST},
					      {"jobs", 1, 0, O_JOBS},
					      {"differences", 1, 0, O_DIFF},
					      {"target", 1, 0, O_TARGET},
					      {"self-test", 0, 0, O_SELF},
					      {"junit", 1, 0, O_JUNIT},
					      {"counts", 1, 0, O_COUNTS},
					      {"first", 1, 0, O_FIRST},
					      {"repeat", 1, 0, O_REPEAT},
					      {"kernel", 1, 0, O_KERNEL},
					      {"caps", 1, 0, O_CAPS},
					      {"results", 1, 0, O_RESULTS},
					      {"stop-after", 1, 0, O_STOP},
					      {"limit", 1, 0, O_LIMIT},
					      {"quiet", 0, 0, O_QUIET},
					      {"help", 0, 0, 'h'},
					      {0}};
	int o;

	while ((o = getopt_long(argc, argv, "vh", longs, NULL)) != -1) {
		switch (o) {
		case O_CASE:
			if (opt.nglobs < 64)
				opt.globs[opt.nglobs++] = optarg;
			break;
		case O_MODE:
			if (!strcmp(optarg, "s"))
				opt.mode_s = 1;
			else if (!strcmp(optarg, "pool"))
				opt.mode_pool = 1;
			else
				goto bad;
			break;
		case O_LIST:
			opt.list = 1;
			break;
		case O_SELF:
			opt.self_test = 1;
			break;
		case O_KERNEL:
			if (!parse_kernel(optarg))
				goto bad;
			break;
		case O_QUIET:
			opt.quiet = 1;
			break;
		case O_CAPS:
			opt.kernel.caps = strtoull(optarg, NULL, 0);
			if (!opt.kernel.caps)
				opt.kernel.caps = 1ULL << 63; /* none, for simkernel.h */
			break;
		case 'v':
			opt.verbose++;
			break;
		default:
			if (take_simple(o))
				break;
		bad:
			fprintf(o == 'h' ? stdout : stderr, usage, argv[0]);
			exit(o == 'h' ? 0 : 2);
		}
	}
	while (optind < argc && opt.nglobs < 64)
		opt.globs[opt.nglobs++] = argv[optind++];
	if (!opt.mode_s && !opt.mode_pool)
		opt.mode_s = opt.mode_pool = 1;
	if (opt.jobs < 1 || opt.repeat < 1) {
		fprintf(stderr, "%s: --jobs and --repeat take a number above zero\n", argv[0]);
		exit(2);
	}
}

/* What differences.tsv calls it, wherever it is installed. */
static const char *kind_of_library(const char *file)
{
	if (dlsym(RTLD_DEFAULT, FUSE_API == 2 ? "ambifuse2_features" : "ambifuse3_features"))
		return "ambifuse";
	return !strncmp(file, "/lib/", 5) || !strncmp(file, "/usr/lib/", 9) ? "stock" : "other";
}

static void find_library(void)
{
	char *const real = library;
	Dl_info info;

	if (dladdr((void *)(intptr_t)fuse_version, &info))
		/* an executable's own stub would name the executable */
		if (!realpath(info.dli_fname, real))
			snprintf(real, sizeof(library), "%s", info.dli_fname);
	void *found = dlsym(RTLD_DEFAULT, "fuse_lowlevel_notify_store");
	if (found && dladdr(found, &info) && !realpath(info.dli_fname, real))
		snprintf(real, sizeof(library), "%s", info.dli_fname);
	snprintf(target, sizeof(target), "%s%d", opt.target ? opt.target : kind_of_library(real),
		 FUSE_API);
	printf("# FUSE %d cases on %s, target %s\n", FUSE_API, real, target);
}

static void load_differences(void)
{
	char beside[PATH_MAX];
	ssize_t n;
	int r;

	if (!opt.differences) {
		n = readlink("/proc/self/exe", beside, sizeof(beside) - 20);
		if (n < 0)
			return;
		beside[n] = 0;
		strcpy(strrchr(beside, '/') + 1, "differences.tsv");
		opt.differences = beside;
	}
	r = differences_load(opt.differences);
	if (r) {
		fprintf(stderr, "%s: %s\n", opt.differences, strerror(-r));
		exit(2);
	}
}

static void look_for_fuse(void)
{
	int fd = opt.kernel.sim ? 0 : open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		snprintf(no_fuse, sizeof(no_fuse), "/dev/fuse: %s", strerror(errno));
	else if (geteuid() != 0)
		snprintf(no_fuse, sizeof(no_fuse), "needs root, for its mount namespaces");
	if (fd > 0)
		close(fd);
	const char *require = getenv("REQUIRE_FUSE");
	if (*no_fuse && require && !strcmp(require, "1")) {
		printf("Bail out! REQUIRE_FUSE=1, but %s\n", no_fuse);
		exit(1);
	}
}

/* What the kernel had to say meanwhile. */
static int open_kmsg(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

static void report_kmsg(int fd)
{
	static const char *const alarming[] = {"BUG",         "WARNING", "Oops",    "hung",
					       "blocked for", "fuse",    "refcount"};
	char buf[8192];
	ssize_t n;

	while (fd >= 0 && ((n = read(fd, buf, sizeof(buf) - 1)) > 0 || errno == EPIPE)) {
		if (n <= 0)
			continue;
		buf[n] = 0;
		char *text = strchr(buf, ';');
		for (size_t i = 0; text && i < sizeof(alarming) / sizeof(*alarming); i++)
			if (strstr(text, alarming[i])) {
				text[strcspn(text, "\n")] = 0;
				printf("# kernel log: %s\n", text + 1);
				break;
			}
	}
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int kmsg;

	parse(argc, argv);
	pick();
	number = opt.first - 1;
	if (opt.list) {
		for (int i = 0; i < nruns; i++)
			printf("fuse%d %s\n", FUSE_API, runs[i].label);
		return 0;
	}
	find_library();
	load_differences();
	look_for_fuse();
	if (opt.junit)
		junit = fopen(opt.junit, "ae");
	if (opt.results && !results_open(opt.results)) {
		fprintf(stderr, "%s: %s\n", opt.results, strerror(errno));
		return 2;
	}
	kmsg = open_kmsg();
	run_under_cunit();
	progress(-1, 0, 0, NULL);
	results_close();
	report_kmsg(kmsg);
	if (junit)
		fclose(junit);
	if (opt.counts) {
		FILE *f = fopen(opt.counts, "we");

		if (f) {
			fprintf(f, "%d %d %d %d %d\n", n_pass, n_fail, n_fault, n_differs, n_skip);
			fclose(f);
		}
	}
	printf("# %d known faults, %d different on purpose, %d skipped\n", n_fault, n_differs,
	       n_skip);
	printf("%d passed, %d failed\n", n_pass, n_fail);
	return n_fail ? 1 : 0;
}
