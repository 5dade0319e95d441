/* SPDX-License-Identifier: BSD-3-Clause */
/* Little-endian integers in memory that is shared with a device. */
#ifndef FN_BASE_LE_H
#define FN_BASE_LE_H

#include <endian.h>
#include <stdint.h>

/* Wrapped, so that a value cannot be stored without saying its byte order. */
typedef struct {
	uint16_t raw;
} fn_le16;

typedef struct {
	uint32_t raw;
} fn_le32;

typedef struct {
	uint64_t raw;
} fn_le64;

static inline fn_le16 fn_cpu_to_le16(uint16_t v)
{
	return (fn_le16){ htole16(v) };
}

static inline fn_le32 fn_cpu_to_le32(uint32_t v)
{
	return (fn_le32){ htole32(v) };
}

static inline fn_le64 fn_cpu_to_le64(uint64_t v)
{
	return (fn_le64){ htole64(v) };
}

static inline uint16_t fn_le16_to_cpu(fn_le16 v)
{
	return le16toh(v.raw);
}

static inline uint32_t fn_le32_to_cpu(fn_le32 v)
{
	return le32toh(v.raw);
}

static inline uint64_t fn_le64_to_cpu(fn_le64 v)
{
	return le64toh(v.raw);
}

/* One load or store that the compiler neither splits, repeats nor leaves out. */
static inline uint16_t fn_read_le16(const fn_le16 *p)
{
	return le16toh(__atomic_load_n(&p->raw, __ATOMIC_RELAXED));
}

static inline uint32_t fn_read_le32(const fn_le32 *p)
{
	return le32toh(__atomic_load_n(&p->raw, __ATOMIC_RELAXED));
}

static inline uint64_t fn_read_le64(const fn_le64 *p)
{
	return le64toh(__atomic_load_n(&p->raw, __ATOMIC_RELAXED));
}

static inline void fn_write_le16(fn_le16 *p, uint16_t v)
{
	__atomic_store_n(&p->raw, htole16(v), __ATOMIC_RELAXED);
}

static inline void fn_write_le32(fn_le32 *p, uint32_t v)
{
	__atomic_store_n(&p->raw, htole32(v), __ATOMIC_RELAXED);
}

static inline void fn_write_le64(fn_le64 *p, uint64_t v)
{
	__atomic_store_n(&p->raw, htole64(v), __ATOMIC_RELAXED);
}

#endif
