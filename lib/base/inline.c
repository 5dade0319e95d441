// SPDX-License-Identifier: BSD-3-Clause
/* The inline functions of the public headers once more as exported symbols, for other languages. */
#define FN_INLINE __attribute__((visibility("default")))
/* Each definition below is its own first declaration. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include <fastnic/fastnic.h>
