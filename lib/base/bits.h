/* SPDX-License-Identifier: BSD-3-Clause */
/* Small integer helpers that every file may use; all wrapping ring arithmetic is here. */
#ifndef FN_BASE_BITS_H
#define FN_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FN_CACHE_LINE 64

#define FN_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct that @ptr, a pointer to its member @member, lies in. */
#define fn_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define fn_likely(x) __builtin_expect(!!(x), 1)
#define fn_unlikely(x) __builtin_expect(!!(x), 0)

static inline bool fn_is_pow2(uint64_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

/* @align is a power of two; the caller has checked that @v + @align does not wrap. */
static inline uint64_t fn_align_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static inline uint64_t fn_align_down(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

static inline uint32_t fn_lower_32(uint64_t v)
{
	return (uint32_t)v;
}

static inline uint32_t fn_upper_32(uint64_t v)
{
	return (uint32_t)(v >> 32);
}

/*
 * Ring positions run free over 16 bits and wrap; an index is a position masked. C promotes 16-bit
 * operands to int, so every difference is cut back explicitly, and only here.
 */
static inline uint16_t fn_ring_used(uint16_t head_pos, uint16_t tail_pos)
{
	return (uint16_t)(head_pos - tail_pos);
}

/* Free places of a ring of @size entries of which fn_ring_used() are in use. */
static inline uint16_t fn_ring_free(uint16_t head_pos, uint16_t tail_pos, uint32_t size)
{
	return (uint16_t)(size - fn_ring_used(head_pos, tail_pos));
}

static inline uint16_t fn_ring_advance(uint16_t pos, uint16_t by)
{
	return (uint16_t)(pos + by);
}

static inline uint16_t fn_ring_back(uint16_t pos, uint16_t by)
{
	return (uint16_t)(pos - by);
}

#endif
