/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The build's identity, made by the Makefile. */
#include "build_id.h"

#include "config.h"

const char *
build_id(void)
{
    return BUILD_ID;
}
