/* SPDX-License-Identifier: Apache-2.0
 * io.h -- what the attempts at receives, sends, accepts and connects share. By the claimant. */
#ifndef KI_IO_H
#define KI_IO_H

#include "actors/socket.h"

/* ki_io_wait_for: EAGAIN in a direction: the bit is clear, the descriptor is registered, and an
 * edge will come; or *result is the poller's code. */
enum ki_attempt ki_io_wait_for(struct ki_socket *s, uint32_t bit, ptrdiff_t *result);

/* ki_io_wait_for_change is the same for a look that leaves what it sees: its EAGAIN says nothing of
 * what is there. It is tried again at the next edge, whatever that is. */
enum ki_attempt ki_io_wait_for_change(struct ki_socket *s, ptrdiff_t *result);

/* ki_io_back_off: a peer's queue is full and no edge will tell of room: the timer makes it ready; or
 * *result is KITH_ENOMEM. */
enum ki_attempt ki_io_back_off(struct ki_socket *s, ptrdiff_t *result);

/* ki_io_wait_for_urgent is ki_io_wait_for of urgent data. A poller that does not tell of it tells of the
 * end; in between the timer has it tried again. */
enum ki_attempt ki_io_wait_for_urgent(struct ki_socket *s, ptrdiff_t *result);

static inline enum ki_attempt
ki_io_done(ptrdiff_t *result, ptrdiff_t r)
{
    *result = r;
    return KI_TRY_DONE;
}

/* One attempt of each family. */
enum ki_attempt ki_io_receive(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result);
enum ki_attempt ki_io_receive_many(struct ki_socket *s, struct ki_io *io,
                                   ptrdiff_t *result);
enum ki_attempt ki_io_transmit(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result);
enum ki_attempt ki_io_transmit_many(struct ki_socket *s, struct ki_io *io,
                                    ptrdiff_t *result);
enum ki_attempt ki_io_connect(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result);
int ki_io_begin_connectx(struct ki_socket *s, const kith_sockaddr *peer, size_t n,
                         int32_t *assoc);
enum ki_attempt ki_io_accept(struct ki_socket *s, struct ki_proc *owner, struct ki_io *io,
                             ptrdiff_t *result);
enum ki_attempt ki_io_peeloff(struct ki_socket *s, struct ki_proc *owner, struct ki_io *io,
                              ptrdiff_t *result);

/* io_packet.c: one call of the system, from byte io->done on. Bytes, or a code. */
ptrdiff_t ki_io_recvfrom(struct ki_socket *s, struct ki_io *io, int flags);
ptrdiff_t ki_io_recvmsg(struct ki_socket *s, struct ki_io *io, int flags);
ptrdiff_t ki_io_sendv(struct ki_socket *s, struct ki_io *io, int flags);
ptrdiff_t ki_io_sendmsg(struct ki_socket *s, struct ki_io *io, int flags);

/* ki_io_close_descriptors closes those that came with n packets which nobody takes. */
void ki_io_close_descriptors(kith_packet *p, size_t n);

/* The same for packets io->done to io->len: how many. */
ptrdiff_t ki_io_recvmmsg(struct ki_socket *s, struct ki_io *io, int flags);
ptrdiff_t ki_io_sendmmsg(struct ki_socket *s, struct ki_io *io, int flags);

#endif
