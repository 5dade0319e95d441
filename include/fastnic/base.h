/* SPDX-License-Identifier: BSD-3-Clause */
/* What every other public header needs: linkage, the version, and the IOVA type. */
#ifndef FASTNIC_BASE_H
#define FASTNIC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define FN_BEGIN_DECLS extern "C" {
#define FN_END_DECLS }
#else
#define FN_BEGIN_DECLS
#define FN_END_DECLS
#endif

/* The library hides every symbol that does not carry FN_API. */
#define FN_API __attribute__((visibility("default")))

/*
 * Inline functions of the public headers. lib/base/inline.c defines FN_INLINE as nothing and so
 * exports each of them as an ordinary symbol too, for languages that cannot read C headers.
 */
#ifndef FN_INLINE
#define FN_INLINE static inline
#endif

#define FN_VERSION_MAJOR 0
#define FN_VERSION_MINOR 1
#define FN_VERSION_PATCH 0
#define FN_VERSION ((FN_VERSION_MAJOR << 16) | (FN_VERSION_MINOR << 8) | FN_VERSION_PATCH)

FN_BEGIN_DECLS

/**
 * typedef fn_iova_t - an address as a device sees it (an I/O virtual address)
 * @v: the address, in bytes
 *
 * Wrapped, so that an address and a length cannot be swapped in a call.
 */
typedef struct {
	uint64_t v;
} fn_iova_t;

/**
 * fn_version - the version of the library that is linked
 *
 * Any thread. Compare it with FN_VERSION, which the program was compiled with.
 *
 * Return: major << 16 | minor << 8 | patch.
 */
FN_API unsigned fn_version(void);

FN_END_DECLS

#endif
