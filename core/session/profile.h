/*
 * What the two ABIs decide differently by default. One struct, filled in by each front-end;
 * the core asks the profile and never which API it serves.
 */
#ifndef CORE_SESSION_PROFILE_H
#define CORE_SESSION_PROFILE_H

#include "core/base/base.h"
#include "core/wire/proto.h"

struct core_profile {
	const char *api; /* "FUSE 2" or "FUSE 3", for messages */

	/* ---- INIT: capabilities as WIRE_CAP bits */
	uint64_t caps_visible; /* the program's headers name them: shown in conn->capable */
	uint64_t caps_default; /* wanted before the program's init has its say */
	uint64_t caps_always;  /* asked for by us, whatever the program says; it cannot notice */
	bool strict_want;      /* wanting what the kernel lacks is an error (FUSE 3), not ignored */
	uint32_t max_write;    /* most bytes the program is told to expect in a WRITE by default */

	/* ---- path API */
	bool hard_remove;        /* default of the option */
	bool utime_omit_default; /* utimens knows UTIME_NOW and UTIME_OMIT */
	bool ino_from_program;   /* use_ino by default */
	bool keep_signal_intr;   /* reserved for -o intr's default */

	/* ---- pool */
	unsigned max_threads; /* ceiling unless the program or an option says otherwise */
};

#endif
