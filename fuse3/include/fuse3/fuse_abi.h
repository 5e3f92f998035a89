/*
 * Which binary interface these headers describe, in one place: sizes, offsets and bit positions
 * differ between releases of FUSE 3, under the same function names.
 *
 * Not for programs to include; <fuse.h> and <fuse_lowlevel.h> do.
 */
#ifndef FUSE_ABI_H_
#define FUSE_ABI_H_

/** The soname's number: libfuse3.so.3, with the layout of release 3.14.0. */
#define FUSE3_ABI 3

/** The release. */
#define FUSE_MAJOR_VERSION 3
#define FUSE_MINOR_VERSION 14

/** The library's exported symbols have versions. */
#define LIBFUSE_BUILT_WITH_VERSIONED_SYMBOLS 1

#endif
