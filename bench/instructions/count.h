/* What libinstr_count.so counts when it is preloaded. */
#ifndef INSTR_COUNT_H
#define INSTR_COUNT_H

struct counts {
	unsigned long allocations, frees, locks;
};

struct counts *instr_counts(void);

#endif
