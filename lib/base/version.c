// SPDX-License-Identifier: BSD-3-Clause
/* The version of the library as it was built. */
#include <fastnic/base.h>

unsigned fn_version(void)
{
	return FN_VERSION;
}
