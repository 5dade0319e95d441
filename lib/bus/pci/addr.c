// SPDX-License-Identifier: BSD-3-Clause
/* A function's address on the PCI bus, read from text and written as text. */
#include <stddef.h>
#include <stdio.h>

#include "bus/pci/addr.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Exactly @digits digits, then @end; returns what comes behind, or NULL. */
static const char *field(const char *text, unsigned digits, char end, unsigned *value)
{
	unsigned v = 0;

	for (unsigned i = 0; i < digits; i++) {
		const int digit = hex_digit(*text);

		if (digit < 0)
			return NULL;
		v = v * 16 + (unsigned)digit;
		text++;
	}
	if (*text != end)
		return NULL;
	*value = v;
	return text + 1;
}

bool fn_pci_addr_parse(const char *text, struct fn_pci_addr *addr)
{
	unsigned domain = 0;
	unsigned bus;
	unsigned device;
	unsigned function;
	const char *rest = field(text, 4, ':', &domain);

	if (!rest)
		rest = text;
	rest = field(rest, 2, ':', &bus);
	if (rest)
		rest = field(rest, 2, '.', &device);
	if (rest)
		rest = field(rest, 1, '\0', &function);
	if (!rest || device > 31 || function > 7)
		return false;
	*addr = (struct fn_pci_addr){ (uint16_t)domain, (uint8_t)bus, (uint8_t)device,
				      (uint8_t)function };
	return true;
}

void fn_pci_addr_format(const struct fn_pci_addr *addr, char text[FN_PCI_ADDR_CHARS])
{
	(void)snprintf(text, FN_PCI_ADDR_CHARS, "%04x:%02x:%02x.%x", addr->domain, addr->bus,
		       addr->device & 31u, addr->function & 7u);
}
