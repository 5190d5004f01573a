/* SPDX-License-Identifier: Apache-2.0
 * listeners.h -- a listener, its clients, and a look at both, for the tests of listeners.
 *
 *   kith_listener l = kt_listener_of(kt_echo);
 *   kith_pid pid = kt_start(l);                   // on a free port of the loopback
 *   kith_socket c = kt_dial(pid);                 // connected; served or waiting in the backlog
 *   EXPECT_TRUE(kt_echoes(c));
 *   EXPECT_EQ(0, kith_listener_stop(pid, 0));
 *
 * All of them fail the test when they cannot do what they say. */
#ifndef KT_LISTENERS_H
#define KT_LISTENERS_H

#include "tests/support/sockets.h"

/* Answers what comes, until the peer ends. */
int kt_echo(kith_socket s, void *arg);

kith_listener kt_listener_of(kith_conn conn);
kith_listener kt_listener_of(const kith_server &server);

kith_pid kt_start(const kith_listener &l,
                  const std::string &where = kt_text(kt_loopback()));
kith_socket kt_dial(const kith_sockaddr &to);
kith_socket kt_dial(kith_pid listener);
kith_sockaddr kt_name_of(kith_pid listener);

/* Sends a byte and gets it back. */
bool kt_echoes(kith_socket c);

/* The peer has ended, in order or not, and there was nothing more to read. */
bool kt_has_ended(kith_socket c);

struct kith_listener_info kt_look(kith_pid listener);

/* What a listener is asked twice, it has looked at its times in between. */
void kt_turn(kith_pid listener);

/* How many accepts wait on the socket that listens there. */
std::size_t kt_accepts_under_way(const kith_sockaddr &at);

#endif
