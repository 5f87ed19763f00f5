/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roles for the test of the supervisor: the test program itself, copied under the roles' names. The engine takes text commands at the
   door and tells what happens; the others talk to it over the socket that the supervisor gave both. */
#ifndef SP_TEST_FAKE_ROLES_H
#define SP_TEST_FAKE_ROLES_H

/* Acts as the role that the program's name says and gives its exit status; -1 when the name is no role's. */
int fake_role_main(const char *program);

#endif
