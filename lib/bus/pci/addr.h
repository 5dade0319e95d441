/* SPDX-License-Identifier: BSD-3-Clause */
/* A function's address on the PCI bus, and its two spellings. */
#ifndef FN_BUS_PCI_ADDR_H
#define FN_BUS_PCI_ADDR_H

#include <stdbool.h>
#include <stdint.h>

struct fn_pci_addr {
	uint16_t domain;
	uint8_t bus;
	uint8_t device;
	uint8_t function;
};

#define FN_PCI_ADDR_CHARS 16

/**
 * fn_pci_addr_parse - read "0000:00:03.0" or "00:03.0"
 * @text: the text, all of it
 * @addr: receives the address
 *
 * Return: false when it is no such address (@addr is not changed).
 */
bool fn_pci_addr_parse(const char *text, struct fn_pci_addr *addr);

/* Write the long form, which sysfs uses too. */
void fn_pci_addr_format(const struct fn_pci_addr *addr, char text[FN_PCI_ADDR_CHARS]);

static inline bool fn_pci_addr_equal(const struct fn_pci_addr *a, const struct fn_pci_addr *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->device == b->device &&
	       a->function == b->function;
}

#endif
