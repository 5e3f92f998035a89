/*
 * Which binary interface these headers describe, in one place: sizes, offsets and bit positions
 * differ between releases of FUSE 3, under the same function names.
 *
 *   FUSE3_ABI 4                            libfuse3.so.4, that of releases 3.17 and 3.18
 *   FUSE3_ABI 3, FUSE3_SO3_LAYOUT 314      libfuse3.so.3 as in release 3.14.0
 *   FUSE3_ABI 3, FUSE3_SO3_LAYOUT 316      libfuse3.so.3 as in releases 3.14.1 to 3.16
 *
 * They have to be those of the library that a program is linked with, so programs leave them alone:
 * what is below was chosen when the headers were installed. (A program that links the other library
 * on purpose defines FUSE3_ABI itself.)
 *
 * Not for programs to include; <fuse.h> and <fuse_lowlevel.h> do.
 */
#ifndef FUSE_ABI_H_
#define FUSE_ABI_H_

/** The soname's number. */
#ifndef FUSE3_ABI
#define FUSE3_ABI 4
#endif

/** The layout within libfuse3.so.3. */
#ifndef FUSE3_SO3_LAYOUT
#define FUSE3_SO3_LAYOUT 314
#endif

#if FUSE3_ABI == 4
#define FUSE_MINOR_VERSION 18
#elif FUSE3_ABI == 3 && FUSE3_SO3_LAYOUT == 314
#define FUSE_MINOR_VERSION 14
#elif FUSE3_ABI == 3 && FUSE3_SO3_LAYOUT == 316
#define FUSE_MINOR_VERSION 16
#else
#error "FUSE3_ABI is 4 or 3, and with 3 FUSE3_SO3_LAYOUT is 314 or 316"
#endif

/** The release. */
#define FUSE_MAJOR_VERSION 3
#if FUSE3_ABI >= 4
#define FUSE_HOTFIX_VERSION 3
#endif

/** The library's exported symbols have versions. */
#define LIBFUSE_BUILT_WITH_VERSIONED_SYMBOLS 1

#endif
