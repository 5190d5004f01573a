/* SPDX-License-Identifier: Apache-2.0
 * sockopt_sctp_value.h -- values of SCTP's options that the system lays out in another way: with
 * addresses or lists. Called by sockopt_value.c, of rows of kind KI_OPT_SCTP, with a value of the
 * row's length at v, which needs no alignment. */
#ifndef KI_SOCKOPT_SCTP_VALUE_H
#define KI_SOCKOPT_SCTP_VALUE_H

#include "core/sockopt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As ki_sockopt_native_len, _ask, _encode and _decode. */
unsigned ki_sctp_opt_len(const struct ki_sockopt *row);
KI_NODISCARD int ki_sctp_opt_ask(const struct ki_sockopt *row, const void *v,
                                 struct ki_optval *out);
KI_NODISCARD int ki_sctp_opt_encode(const struct ki_sockopt *row, const void *v,
                                    struct ki_optval *out);
KI_NODISCARD ptrdiff_t ki_sctp_opt_decode(const struct ki_sockopt *row,
                                          const struct ki_optval *in, void *v);

#ifdef __cplusplus
}
#endif

#endif
