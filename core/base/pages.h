/*
 * Buffers for requests: whole pages from the system, untouched ones cost nothing.
 */
#ifndef CORE_BASE_PAGES_H
#define CORE_BASE_PAGES_H

#include "core/base/base.h"

/*
 * A buffer that has carried so many bytes at once is worth a huge page: the kernel looks up each
 * page of it for each request, which is a tenth of a direct read or write of 1 MiB.
 */
#define CORE_PAGES_LARGE (256 * 1024)

/*
 * At least *size bytes, page aligned; *size says how many. huge: 2 MiB aligned, in huge pages if
 * the system has some for who asks. NULL: no memory. Freed with munmap().
 */
void *core_pages_map(size_t *size, bool huge);

#endif
