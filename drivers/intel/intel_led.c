// SPDX-License-Identifier: BSD-3-Clause
/* The LEDs of a port: blinking, and what they showed before. */
#include "drivers/intel/intel_led.h"
#include "drivers/intel/intel.h"

/*
 * 82574 10.2, 82576 8.2: a byte for each LED. What else it says (inverted or not, how fast) is
 * the board's.
 */
#define LEDCTL 0x00e00u
#define LEDCTL_LEDS_82574 3u
#define LEDCTL_LEDS_82576 4u
#define LED_MODE_MASK 0x0fu
#define LED_MODE_ON 0x0eu
#define LED_BLINK (1u << 7)

/* All of the LEDs, since boards differ in which of them can be seen. */
static uint32_t all_blink(const struct intel_chip *chip, uint32_t ledctl)
{
	const unsigned leds = chip->is_82576 ? LEDCTL_LEDS_82576 : LEDCTL_LEDS_82574;

	for (unsigned i = 0; i < leds; i++) {
		ledctl &= ~(LED_MODE_MASK << 8 * i);
		ledctl |= (LED_MODE_ON | LED_BLINK) << 8 * i;
	}
	return ledctl;
}

/*
 * A reset puts LEDCTL back to what the NVM says (82574 10.2), which is what was there before:
 * so what is kept stays right over one.
 */
int intel_identify(struct fn_dev *dev, bool on)
{
	struct intel_port *port = intel_port_of(dev);
	const uint32_t now = intel_look(port, LEDCTL);

	if (intel_is_gone(dev, now))
		return fn_dev_mark_gone(dev);
	if (on && !port->diag.led_kept) {
		port->diag.ledctl = now;
		port->diag.led_kept = true;
	}
	if (on) {
		intel_write(port, LEDCTL, all_blink(port->chip, now));
	} else if (port->diag.led_kept) {
		intel_write(port, LEDCTL, port->diag.ledctl);
		port->diag.led_kept = false;
	}
	return intel_flush(dev);
}
