/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every unit test needs: cmocka with the headers that it wants before it. */
#ifndef SP_TEST_UNIT_H
#define SP_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
