/* SPDX-License-Identifier: Apache-2.0
 * sockcmsg.h -- control messages between kith's decoded form and the system's bytes.
 *
 * Pure, but that descriptors for which there is no room are closed. Callable from any thread;
 * none waits. sockcmsg*.c alone know the system's structs. */
#ifndef KI_SOCKCMSG_H
#define KI_SOCKCMSG_H

#include <kith/error.h>
#include <kith/socket_msg.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Native control bytes that fit the usual packet, and the descriptors that the system lets pass in
 * one: what a socket uses unless option otp rcvctrlbuf or sndctrlbuf says otherwise. */
enum { KI_CTRL_BYTES = 1280 };

/* ki_cmsg_encode writes p's control messages and descriptors in the system's form to `buf`, which
 * is aligned for any value. Answers how many bytes; KITH_EMSGSIZE when they do not fit;
 * KITH_EINVAL for a value of a wrong length; KITH_ENOPROTOOPT for a type that this system lacks or
 * that cannot be sent. */
KI_NODISCARD ptrdiff_t ki_cmsg_encode(const kith_packet *p, void *buf, size_t cap);

/* ki_cmsg_decode reads `len` native bytes into p's ctrl, ctrl_space and fds, behind the n_ctrl and
 * n_fds that stand there already. True: all found room. What is cut short counts as without room. */
bool ki_cmsg_decode(kith_packet *p, const void *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif
