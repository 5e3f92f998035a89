/* results.c - see results.h */
#include "results.h"

static FILE *out;

bool results_open(const char *path)
{
	out = fopen(path, "ae");
	return out != NULL;
}

void results_close(void)
{
	if (out)
		fclose(out);
	out = NULL;
}

/* Bytes that are no UTF-8 of one byte are shown as Latin-1: names in traces may be anything. */
static void string(const char *s)
{
	fputc('"', out);
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 32 || c > 126)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void field(const char *name, const char *value)
{
	fprintf(out, ",\"%s\":", name);
	string(value ? value : "");
}

static void trace(const struct t_shm *s)
{
	enum { SHOWN = 60 };
	unsigned n = atomic_load(&s->nevents), from;

	if (n > T_EVENTS)
		n = T_EVENTS;
	from = n > SHOWN ? n - SHOWN : 0;
	fputs(",\"trace\":[", out);
	for (unsigned i = from; i < n; i++) {
		const struct t_event *e = &s->ev[i];
		char line[300];

		if (atomic_load(&e->done))
			snprintf(line, sizeof(line), "%s = %ld", e->text, e->ret);
		else
			snprintf(line, sizeof(line), "%s (not answered)", e->text);
		if (i > from)
			fputc(',', out);
		string(line);
	}
	fprintf(out, "],\"events\":%u", n);
}

void results_add(const struct t_case *c, int mode_s, const struct job *job, const struct result *r)
{
	char log[4096];
	ssize_t n;

	if (!out)
		return;
	fprintf(out, "{\"api\":%d,\"known\":%s,\"ms\":%ld", FUSE_API, r->known ? "true" : "false",
		job ? job->ms : 0);
	field("case", c->name);
	field("mode", mode_s ? "s" : "pool");
	field("target", r->target);
	field("library", r->library);
	field("kernel", r->kernel);
	field("verdict", r->verdict);
	field("reason", r->reason);
	if (job && job->shm) {
		field("message", atomic_load(&job->shm->failed) ? job->shm->msg : "");
		field("stacks", job->shm->stacks);
		n = pread(job->log_fd, log, sizeof(log) - 1, 0);
		log[n > 0 ? n : 0] = 0;
		field("log", log);
		trace(job->shm);
	}
	fputs("}\n", out);
	fflush(out);
}

void progress(int done, int all, int bad, const char *name)
{
	static int tty = -1;

	if (tty < 0)
		tty = isatty(2);
	if (!tty)
		return;
	if (done < 0)
		fprintf(stderr, "\r\033[K");
	else
		fprintf(stderr, "\r\033[K%d of %d, %d failed  %.50s", done, all, bad, name);
}
