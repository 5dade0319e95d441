// SPDX-License-Identifier: BSD-3-Clause
/* The list of drivers: the one file in lib/ that names them. */
#include <stdarg.h>
#include <stdio.h>

#include "dev/dev.h"
#include "drivers/intel/e1000e/e1000e.h"
#include "drivers/intel/igb/igb.h"
#include "drivers/virtio/virtio_net.h"

static const struct fn_driver *const drivers[] = {
	&fn_driver_virtio_net,
	&fn_driver_e1000e,
	&fn_driver_igb,
};

const struct fn_driver *fn_registry_find(uint16_t vendor_id, uint16_t device_id)
{
	for (size_t i = 0; i < FN_ARRAY_LEN(drivers); i++)
		for (unsigned k = 0; k < drivers[i]->ids_n; k++)
			if (drivers[i]->ids[k].vendor_id == vendor_id &&
			    drivers[i]->ids[k].device_id == device_id)
				return drivers[i];
	return NULL;
}

/* Write behind what is there, as far as there is room. */
static void __attribute__((format(printf, 4, 5)))
put(char *text, size_t bytes, size_t *used, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text + *used, bytes - *used, fmt, args);
	va_end(args);
	if (n > 0)
		*used = (size_t)n < bytes - *used ? *used + (size_t)n : bytes - 1;
}

void fn_registry_describe(char *text, size_t bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < FN_ARRAY_LEN(drivers); i++) {
		put(text, bytes, &used, "%s%s (", i ? ", " : "", drivers[i]->name);
		for (unsigned k = 0; k < drivers[i]->ids_n; k++)
			put(text, bytes, &used, "%s%04x:%04x", k ? " " : "",
			    drivers[i]->ids[k].vendor_id, drivers[i]->ids[k].device_id);
		put(text, bytes, &used, ")");
	}
}
