#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "tools/ambifuse.h"

/* Beside the installed command; in the build tree. */
static const char *const places[] = {
	"../libexec/ambifuse/conform/run",
	"../compat-tests/cases/run",
};

/*
 * The conformance cases are programs and a script of their own, so that they can be run against
 * any library without this command. Its options are theirs.
 */
int command_conform(int argc, char **argv)
{
	char self[PATH_MAX], script[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)argc;
	if (len <= 0) {
		say("cannot find the conformance cases: /proc is not mounted");
		return STATUS_FAILED;
	}
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < CORE_ARRAY_SIZE(places); i++) {
		snprintf(script, sizeof(script), "%s/%s", self, places[i]);
		if (access(script, X_OK))
			continue;
		argv[0] = script;
		execv(script, argv);
		say("cannot run %s: %s", script, strerror(errno));
		return STATUS_NOT_EXECUTABLE;
	}
	say("the conformance cases are not installed beside this command (%s/%s); build with "
	    "AMBIFUSE_TESTS=ON",
	    self, places[0]);
	return STATUS_NOT_FOUND;
}
