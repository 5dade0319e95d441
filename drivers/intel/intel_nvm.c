// SPDX-License-Identifier: BSD-3-Clause
/* The non-volatile memory of a port. */
#include <errno.h>
#include <string.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_nvm.h"
#include "drivers/intel/intel_sem.h"

/* A word of a serial EEPROM takes some 20 us; one of a flash that is being updated far longer. */
#define EERD_NS FN_MS(100)

/* The semaphore is held for so many words: others want it too. */
#define WORDS_AT_ONCE 64u

/* 82574 6.1, I210 6.8.9: these words add up to that, modulo 2^16. */
#define SUM_WORDS 0x40u
#define SUM 0xbabau

/*
 * I210 6.8.8: the word that says where an address stands that takes the place of the board's own,
 * three words a port; 0 and all ones: nowhere.
 */
#define ALTERNATE_AT 0x37u
#define MAC_WORDS 3u

/* Words of a further port of the I350: 0x80 is the second one's, then each 0x40 behind. */
#define PORT_BASE(port) ((port) ? 0x40u + 0x40u * (port) : 0u)

/*
 * The fewest words that a size of EECD stands for; each further code is twice as many. EERD has
 * room for the address of so many at most.
 */
#define SIZE_BASE 64u
#define SIZE_MAX_WORDS (1u << 14)
#define FLASH_WORDS_82574 2048u

uint32_t intel_nvm_words(struct fn_dev *dev)
{
	const struct intel_chip *chip = intel_port_of(dev)->chip;
	const uint32_t eecd = intel_look(intel_port_of(dev), INTEL_EECD);
	uint32_t words;

	if (intel_is_gone(dev, eecd) || chip->nvm == INTEL_NVM_FUSES)
		return 0;
	if (chip->nvm == INTEL_NVM_I210)
		/* I210 8.4: its words are a copy in RAM of what is in the flash. */
		return eecd & INTEL_EECD_FLASH_I210 ? 2048 : 0;
	if (!(eecd & INTEL_EECD_PRES))
		return 0;
	/* A flash has no size there: Linux takes as many words. */
	if (!chip->is_82576 && (eecd & INTEL_EECD_TYPE_82574) == INTEL_EECD_FLASH_82574)
		return FLASH_WORDS_82574;
	words = SIZE_BASE << (eecd >> INTEL_EECD_SIZE_SHIFT & INTEL_EECD_SIZE_MASK);
	return words < SIZE_MAX_WORDS ? words : SIZE_MAX_WORDS;
}

static int read_word(struct fn_dev *dev, uint32_t at, uint16_t *word)
{
	struct intel_port *port = intel_port_of(dev);
	int ret;

	intel_write(port, INTEL_EERD, at << INTEL_EERD_ADDR_SHIFT | INTEL_EERD_START);
	ret = intel_wait(dev, INTEL_EERD, INTEL_EERD_DONE, INTEL_EERD_DONE, EERD_NS);
	if (ret == -ENODEV)
		return fn_dev_mark_gone(dev);
	if (ret)
		return fn_fail(-EIO,
			       "%s: word %u of its NVM is not there within %u ms (EERD.DONE): turn "
			       "the machine off and on",
			       dev->bus->name, at, (unsigned)(EERD_NS / FN_MS(1)));
	*word = (uint16_t)(intel_look(port, INTEL_EERD) >> INTEL_EERD_DATA_SHIFT);
	return 0;
}

int intel_nvm_read(struct fn_dev *dev, uint32_t offset, uint16_t *words, unsigned n)
{
	unsigned done = 0;
	int ret = 0;

	intel_set_up_wait(dev);
	while (!ret && done < n) {
		const unsigned until = n - done < WORDS_AT_ONCE ? n : done + WORDS_AT_ONCE;

		ret = intel_sem_take(dev, INTEL_SEM_NVM);
		if (ret)
			return ret;
		for (; !ret && done < until; done++)
			ret = read_word(dev, offset + done, &words[done]);
		intel_sem_give(dev, INTEL_SEM_NVM);
	}
	return ret;
}

int intel_nvm_check(struct fn_dev *dev)
{
	uint16_t words[SUM_WORDS];
	uint16_t sum = 0;
	int ret = intel_nvm_read(dev, 0, words, SUM_WORDS);

	if (ret)
		return ret;
	for (unsigned i = 0; i < SUM_WORDS; i++)
		sum = (uint16_t)(sum + words[i]);
	if (sum == SUM)
		return 0;
	return fn_fail(-EIO,
		       "%s: words 0 to 0x%x of its NVM add up to 0x%04x and not to 0x%04x: what "
		       "the device sets itself up by is damaged; write the NVM anew with its "
		       "vendor's tool",
		       dev->bus->name, SUM_WORDS - 1, sum, SUM);
}

/* A station's own address: not a group's, and not all zeros. */
static bool is_station(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return !(mac[0] & 1) && memcmp(mac, none, sizeof(none)) != 0;
}

static bool mac_from_register(struct fn_dev *dev, uint8_t mac[6])
{
	struct intel_port *port = intel_port_of(dev);
	const uint32_t low = intel_look(port, INTEL_RAL(0));
	const uint32_t high = intel_look(port, INTEL_RAH(0));

	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
	return (high & INTEL_RAH_AV) && is_station(mac);
}

/* Three words, lower byte first (82574 6.1, I210 6.2.1). -ENOENT: no station's address. */
static int mac_words(struct fn_dev *dev, uint32_t at, uint8_t mac[6])
{
	uint16_t words[MAC_WORDS] = { 0 };
	int ret;

	if (at + MAC_WORDS > intel_nvm_words(dev))
		return -ENOENT;
	ret = intel_nvm_read(dev, at, words, FN_ARRAY_LEN(words));
	if (ret)
		return ret;
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(words[i / 2] >> 8 * (i % 2));
	return is_station(mac) ? 0 : -ENOENT;
}

/* Of the successors it is the option ROM that puts it into the register. */
static int mac_alternate(struct fn_dev *dev, uint8_t mac[6])
{
	const struct intel_chip *chip = intel_port_of(dev)->chip;
	uint16_t at = 0;
	int ret;

	if (!chip->is_82576 || chip->is_successor || intel_nvm_words(dev) <= ALTERNATE_AT)
		return -ENOENT;
	ret = intel_nvm_read(dev, ALTERNATE_AT, &at, 1);
	if (ret)
		return ret;
	if (!at || at == UINT16_MAX)
		return -ENOENT;
	return mac_words(dev, at + MAC_WORDS * intel_lan_id(dev), mac);
}

/*
 * The board's own. Both ports of an 82576 have the same words: the second one's address differs in
 * its last bit. Each port of a successor has words of its own.
 */
static int mac_from_nvm(struct fn_dev *dev, uint8_t mac[6])
{
	const bool own = intel_port_of(dev)->chip->is_successor;
	const unsigned port = intel_lan_id(dev);
	int ret = mac_words(dev, own ? PORT_BASE(port) : 0, mac);

	if (!ret && !own)
		mac[5] ^= (uint8_t)port;
	return ret;
}

int intel_mac_address(struct fn_dev *dev, uint8_t mac[6])
{
	uint8_t found[6];
	int ret = mac_alternate(dev, found);

	/* Not to know of an alternate one is no reason to do without the port. */
	if (ret == -EIO)
		fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
	if (ret == -EIO || ret == -ENOENT)
		ret = mac_from_register(dev, found) ? 0 : mac_from_nvm(dev, found);
	if (ret == -ENOENT)
		return fn_fail(-EIO,
			       "%s: it has no station address, neither in its registers nor in its "
			       "NVM: write the NVM anew with its vendor's tool",
			       dev->bus->name);
	if (!ret)
		memcpy(mac, found, sizeof(found));
	return ret;
}
