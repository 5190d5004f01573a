/* SPDX-License-Identifier: Apache-2.0
 * otp_opt.h -- options of level otp: the socket actor's own. */
#ifndef KI_OTP_OPT_H
#define KI_OTP_OPT_H

#include "core/sockopt.h"

enum { KI_RCVBUF = 8192 }; /* what the default of rcvbuf stands for */

/* ki_otp_setopt and ki_otp_getopt are kith_socket_setopt and kith_socket_getopt for a row of kind
 * KI_OPT_OTP; `v` is not NULL. */
KI_NODISCARD int ki_otp_setopt(kith_socket s, const struct ki_sockopt *row, const void *v,
                               size_t len);
KI_NODISCARD ptrdiff_t ki_otp_getopt(kith_socket s, const struct ki_sockopt *row, void *v,
                                     size_t cap);

#endif
