/*
 * FUSE 2 for programs that look for <fuse.h> in the include directory itself, without the flags
 * that pkg-config gives. The same as <fuse/fuse.h>.
 */
#include "fuse/fuse.h"
