/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file store.key beside the databases: how the store's key is protected, and the wrapped key that the keys role made. */
#ifndef SP_ENGINE_KEYFILE_H
#define SP_ENGINE_KEYFILE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"
#include "base/types.h"

/* Reads FOLDER/store.key. SP_NOT_FOUND, SP_CORRUPT, SP_IO. wrapped is appended to. */
enum sp_status keyfile_read(const char *folder, enum sp_protection *protection, struct buf *wrapped) SP_MUST_USE;
/* Writes it durably (0600; the folder is made 0700 when missing). SP_EXISTS: one is there, which is never replaced: it may be the
   only key to data. */
enum sp_status keyfile_write(const char *folder, enum sp_protection protection, const void *wrapped, size_t len) SP_MUST_USE;

/* Puts another one in its place, durably: whenever the process ends, the old one is there whole, or the new one is. SP_FULL, SP_IO. */
enum sp_status keyfile_replace(const char *folder, enum sp_protection protection, const void *wrapped, size_t len) SP_MUST_USE;

#endif
