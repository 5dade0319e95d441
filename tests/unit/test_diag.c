// SPDX-License-Identifier: BSD-3-Clause
/* A port's LED, PHY, non-volatile memory and registers. */
#include "fake_driver.h"
#include "reg_table.h"

/* It blinks until it is told to end, whatever resets the device meanwhile. */
static void identify(void **state)
{
	(void)state;
	fake_open();
	assert_int_equal(fn_dev_identify(fake.dev, true), 0);
	assert_true(fake.blinking);
	fake_configure();
	assert_int_equal(fn_dev_start(fake.dev), 0);
	assert_true(fake.blinking);
	assert_int_equal(fn_dev_reset(fake.dev), 0);
	assert_true(fake.blinking);
	assert_int_equal(fn_dev_stop(fake.dev), 0);
	assert_true(fake.blinking);
	fake.fail = -ENOMEM;
	assert_int_equal(fn_dev_start(fake.dev), -ENOMEM);
	assert_true(fake.blinking);
	assert_int_equal(fn_dev_start(fake.dev), 0);
	assert_int_equal(fn_dev_identify(fake.dev, false), 0);
	assert_false(fake.blinking);
	fake.identifies = 0;
	assert_int_equal(fn_dev_reset(fake.dev), 0);
	assert_int_equal(fake.identifies, 0);
}

static void identify_fails(void **state)
{
	(void)state;
	fake_start();
	fake.fail = -EIO;
	assert_int_equal(fn_dev_identify(fake.dev, true), -EIO);
	fake_says(NULL, 0, "told to fail");
	assert_int_equal(fn_dev_reset(fake.dev), 0);
	assert_false(fake.blinking);
	fake.dev->limits.caps = 0;
	assert_int_equal(fn_dev_identify(fake.dev, true), -ENOTSUP);
	fake_says(NULL, 0, "let its LED blink");
	assert_false(fake.blinking);
}

static void phy(void **state)
{
	uint16_t value = 0;

	(void)state;
	fake_open();
	fake.phy[31] = 0x1234;
	assert_int_equal(fn_dev_phy_read(fake.dev, 31, &value), 0);
	assert_int_equal(value, 0x1234);
	assert_int_equal(fn_dev_phy_write(fake.dev, 0, 0x9140), 0);
	assert_int_equal(fake.phy[0], 0x9140);
	assert_int_equal(fn_dev_phy_read(fake.dev, 32, &value), -EINVAL);
	fake_says(NULL, 0, "register 32 of the PHY: use 0 to 31");
	assert_int_equal(fn_dev_phy_write(fake.dev, 32, 1), -EINVAL);
	fake.fail = -EIO;
	assert_int_equal(fn_dev_phy_read(fake.dev, 0, &value), -EIO);
	fake.fail = -EIO;
	assert_int_equal(fn_dev_phy_write(fake.dev, 0, 1), -EIO);
	assert_int_equal(fake.phy[0], 0x9140);
	assert_int_equal(value, 0x1234);
	fake.dev->limits.caps = 0;
	assert_int_equal(fn_dev_phy_read(fake.dev, 0, &value), -ENOTSUP);
	fake_says(NULL, 0, "show its PHY");
	assert_int_equal(fn_dev_phy_write(fake.dev, 0, 1), -ENOTSUP);
}

static void nvm(void **state)
{
	uint16_t words[FAKE_NVM_WORDS] = { 0 };

	(void)state;
	fake_open();
	for (unsigned i = 0; i < FAKE_NVM_WORDS; i++)
		fake.nvm[i] = (uint16_t)(1000 + i);
	assert_int_equal(fake_info().nvm_words, FAKE_NVM_WORDS);
	assert_int_equal(fn_dev_nvm_read(fake.dev, 0, words, FAKE_NVM_WORDS), 0);
	assert_memory_equal(words, fake.nvm, sizeof(words));
	assert_int_equal(fn_dev_nvm_read(fake.dev, FAKE_NVM_WORDS - 1, words, 1), 0);
	assert_int_equal(words[0], 1000 + FAKE_NVM_WORDS - 1);
	assert_int_equal(fn_dev_nvm_read(fake.dev, FAKE_NVM_WORDS, words, 0), 0);
	assert_int_equal(fn_dev_nvm_read(fake.dev, FAKE_NVM_WORDS, words, 1), -EINVAL);
	fake_says(NULL, 0, "1 words from word 64");
	assert_int_equal(fn_dev_nvm_read(fake.dev, FAKE_NVM_WORDS + 1, words, 0), -EINVAL);
	/* The sum is beyond 32 bits. */
	assert_int_equal(fn_dev_nvm_read(fake.dev, 2, words, UINT32_MAX - 1), -EINVAL);
	fake.fail = -EIO;
	assert_int_equal(fn_dev_nvm_read(fake.dev, 0, words, 1), -EIO);
	fake.dev->limits.caps = 0;
	assert_int_equal(fn_dev_nvm_read(fake.dev, 0, words, 1), -ENOTSUP);
	fake_says(NULL, 0, "show its non-volatile memory");
}

static void registers(void **state)
{
	uint32_t values[FN_ARRAY_LEN(fake_regs) + 1];
	const struct fn_reg_desc *reg;

	(void)state;
	fake_open();
	for (unsigned i = 0; i < FAKE_REGS; i++)
		fake.regs[i] = 0x100 + i;
	assert_int_equal(fn_dev_reg_count(fake.dev), FN_ARRAY_LEN(fake_regs));
	memset(values, 0x5a, sizeof(values));
	assert_int_equal(fn_dev_read_regs(fake.dev, values, FN_ARRAY_LEN(values)), 0);
	for (unsigned i = 0; i < FN_ARRAY_LEN(fake_regs); i++) {
		reg = fn_dev_reg_desc(fake.dev, i);
		assert_ptr_equal(reg, &fake_regs[i]);
		assert_int_equal(values[i], 0x100 + reg->offset / 4);
	}
	assert_int_equal(values[FN_ARRAY_LEN(fake_regs)], 0);
	assert_null(fn_dev_reg_desc(fake.dev, FN_ARRAY_LEN(fake_regs)));
	values[1] = 0x5a5a5a5a;
	assert_int_equal(fn_dev_read_regs(fake.dev, values, 1), 0);
	assert_int_equal(values[1], 0x5a5a5a5a);
	fake.dev->limits.caps = 0;
	assert_int_equal(fn_dev_reg_count(fake.dev), 0);
	assert_null(fn_dev_reg_desc(fake.dev, 0));
	assert_int_equal(fn_dev_read_regs(fake.dev, values, 1), -ENOTSUP);
	fake_says(NULL, 0, "show its registers");
}

/* All ones are a value like any other, unless the device is gone. */
static void all_ones(void **state)
{
	uint32_t values[FN_ARRAY_LEN(fake_regs)];

	(void)state;
	fake_open();
	memset(fake.regs, 0xff, sizeof(fake.regs));
	assert_int_equal(fn_dev_read_regs(fake.dev, values, FN_ARRAY_LEN(values)), 0);
	assert_int_equal(values[1], UINT32_MAX);
	assert_int_equal(fake_info().status, 0);
	fake.md.gone = true;
	assert_int_equal(fn_dev_read_regs(fake.dev, values, FN_ARRAY_LEN(values)), -ENODEV);
	assert_int_equal(fake_info().status, -ENODEV);
	/* Nobody asks a device that is gone for anything. */
	fake.identifies = 0;
	assert_int_equal(fn_dev_identify(fake.dev, true), -ENODEV);
	assert_int_equal(fn_dev_phy_write(fake.dev, 0, 1), -ENODEV);
	assert_int_equal(fn_dev_read_regs(fake.dev, values, 1), -ENODEV);
	assert_int_equal(fake.identifies, 0);
}

static void fields(void **state)
{
	static const struct {
		struct fn_reg_field field;
		uint32_t value;
	} cases[] = {
		{ { "lowest", 0, 1 }, 1 },       { { "highest", 31, 1 }, 1 },
		{ { "middle", 4, 8 }, 0x67 },    { { "all", 0, 32 }, 0x87654673 },
		{ { "upper", 16, 16 }, 0x8765 }, { { "none", 7, 2 }, 0 },
	};

	(void)state;
	fake_open();
	for (unsigned i = 0; i < FN_ARRAY_LEN(cases); i++)
		assert_int_equal(fn_reg_field_get(&cases[i].field, 0x87654673), cases[i].value);
}

/* What tests of drivers judge their tables by sees each thing that can be wrong with one. */
static void tables(void **state)
{
	static const struct fn_reg_field good[] = { { "A", 0, 4 }, { "B", 4, 28 } };
	static const struct fn_reg_field bad[][2] = {
		{ { "A", 0, 4 }, { "B", 3, 1 } },  { { "A", 4, 1 }, { "B", 0, 1 } },
		{ { "A", 0, 4 }, { "B", 31, 2 } }, { { "A", 0, 0 }, { "B", 4, 1 } },
		{ { "A", 0, 4 }, { "", 4, 1 } },   { { NULL, 0, 4 }, { "B", 4, 1 } },
	};
	struct fn_reg_desc regs[] = { { "X", "1", NULL, 0, 0 }, { "Y", "2", good, 2, 4 } };
	const struct fn_reg_desc sound = regs[1];
	unsigned at;

	(void)state;
	fake_open();
	assert_null(reg_table_wrong(fake_regs, FN_ARRAY_LEN(fake_regs), &at));
	assert_null(reg_table_wrong(regs, 2, &at));
	for (unsigned i = 0; i < FN_ARRAY_LEN(bad); i++) {
		regs[1].fields = bad[i];
		assert_non_null(reg_table_wrong(regs, 2, &at));
		assert_int_equal(at, 1);
	}
	for (unsigned i = 0; i < 8; i++) {
		regs[1] = sound;
		if (i == 0)
			regs[1].name = "X";
		else if (i == 1)
			regs[1].offset = 0;
		else if (i == 2)
			regs[1].offset = 6;
		else if (i == 3)
			regs[1].section = "";
		else if (i == 4)
			regs[1].name = NULL;
		else if (i == 5)
			regs[1].fields_n = 0;
		else if (i == 6)
			regs[1].fields = NULL;
		assert_int_equal(!reg_table_wrong(regs, 2, &at), i == 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(identify, setup, teardown),
		cmocka_unit_test_setup_teardown(identify_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(phy, setup, teardown),
		cmocka_unit_test_setup_teardown(nvm, setup, teardown),
		cmocka_unit_test_setup_teardown(registers, setup, teardown),
		cmocka_unit_test_setup_teardown(all_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(fields, setup, teardown),
		cmocka_unit_test_setup_teardown(tables, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
