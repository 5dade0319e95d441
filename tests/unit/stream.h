/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream of frames of all lengths, each told apart from the others by its bytes. */
#ifndef FN_TESTS_UNIT_STREAM_H
#define FN_TESTS_UNIT_STREAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PORT_FRAME_MAX 1518u

/*
 * Frame number @seq of a stream: 14 to 1514 bytes, each length, with bytes that tell all frames
 * apart and are never 0.
 */
static inline uint32_t frame_len(unsigned seq)
{
	return 14 + seq * 37 % 1501;
}

/* All frames are cut from one table: filling and comparing them is most of what tests do. */
static inline const uint8_t *frame_data(unsigned seq)
{
	static uint8_t bytes[255 + PORT_FRAME_MAX];

	for (unsigned i = 0; !bytes[sizeof(bytes) - 1] && i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(1 + i * 7 % 255);
	return bytes + seq * 131 % 255;
}

static inline uint32_t frame_fill(uint8_t *buf, unsigned seq)
{
	const uint32_t len = frame_len(seq);

	memcpy(buf, frame_data(seq), len);
	return len;
}

/* Bytes of the first @n frames of a stream. */
static inline uint64_t frames_bytes(unsigned n)
{
	uint64_t bytes = 0;

	for (unsigned seq = 0; seq < n; seq++)
		bytes += frame_len(seq);
	return bytes;
}

/* @data is frame @seq, padded with zeros to @len where @len is more. */
static inline void assert_frame(const uint8_t *data, uint32_t len, unsigned seq)
{
	const uint32_t own = frame_len(seq);

	assert_in_range(len, own, PORT_FRAME_MAX);
	assert_memory_equal(data, frame_data(seq), own);
	for (uint32_t i = own; i < len; i++)
		assert_int_equal(data[i], 0);
}

#endif
