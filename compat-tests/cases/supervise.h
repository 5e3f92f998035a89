/* supervise.h - runs one case in a mount namespace and process namespace of its own. */
#ifndef CONFORM_SUPERVISE_H
#define CONFORM_SUPERVISE_H

#include "conform.h"

/* What the library is attached to, and what is known of this run. */
struct kernel {
	bool known; /* it fails, says the table: causes are not looked for */
	int sim;      /* simulated, else a mount */
	int minor;    /* simulated: of the protocol, 0: newest */
	uint64_t caps; /* simulated: INIT flags offered, 0: as Linux */
};

struct job {
	const struct t_case *c;
	int mode_s;
	struct t_shm *shm; /* the result is read from here */
	pid_t pid;         /* of the process to wait for; it ends whatever the case does */
	int log_fd;
	char dir[64];
	long started_ms, ms;
};

/* Seconds that no case may take longer than; 0: as each says. */
extern int job_limit;

/* Starts the case; returns at once.  Negative errno if it cannot be started. */
int job_start(struct job *j, const struct t_case *c, int mode_s, const struct kernel *k);
/* Call when j->pid has ended. */
void job_ended(struct job *j, int status);
void job_free(struct job *j);

#endif
