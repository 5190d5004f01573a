/* SPDX-License-Identifier: Apache-2.0
 * atomic.h -- the one door to stdatomic: the memory order is part of the name.
 *
 * A reviewer lists every order in use by grep. Each acquire, release or seq_cst at a call site
 * carries a note that names its partner; a relaxed one says why a stale value does no harm.
 * Fields are declared _Atomic(T), the form that C11 and C++23 both read. */
#ifndef KI_ATOMIC_H
#define KI_ATOMIC_H

#include <stdatomic.h>

#define ki_load_rlx(p) atomic_load_explicit((p), memory_order_relaxed)
#define ki_load_acq(p) atomic_load_explicit((p), memory_order_acquire)
#define ki_load_seq(p) atomic_load_explicit((p), memory_order_seq_cst)

#define ki_store_rlx(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define ki_store_rel(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define ki_store_seq(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)

#define ki_xchg_rlx(p, v) atomic_exchange_explicit((p), (v), memory_order_relaxed)
#define ki_xchg_acq(p, v) atomic_exchange_explicit((p), (v), memory_order_acquire)
#define ki_xchg_acq_rel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define ki_xchg_seq(p, v) atomic_exchange_explicit((p), (v), memory_order_seq_cst)

/* Compare and swap; on failure *e is the value seen, read relaxed. The weak forms may fail
 * for no reason and stand in loops. */
#define ki_cas_rlx(p, e, v) \
    atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_relaxed, \
                                            memory_order_relaxed)
#define ki_cas_acq(p, e, v) \
    atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_acquire, \
                                            memory_order_relaxed)
#define ki_cas_rel(p, e, v) \
    atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_release, \
                                            memory_order_relaxed)
#define ki_cas_acq_rel(p, e, v) \
    atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_acq_rel, \
                                            memory_order_acquire)
#define ki_cas_seq(p, e, v) \
    atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_seq_cst, \
                                            memory_order_seq_cst)
#define ki_cas_weak_rel(p, e, v) \
    atomic_compare_exchange_weak_explicit((p), (e), (v), memory_order_release, \
                                          memory_order_relaxed)
#define ki_cas_weak_acq_rel(p, e, v) \
    atomic_compare_exchange_weak_explicit((p), (e), (v), memory_order_acq_rel, \
                                          memory_order_acquire)

#define ki_add_rlx(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define ki_add_acq_rel(p, v) atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define ki_add_seq(p, v) atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define ki_sub_rlx(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_relaxed)
#define ki_sub_acq_rel(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define ki_sub_seq(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst)
#define ki_or_acq_rel(p, v) atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)
#define ki_and_acq_rel(p, v) atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)
#define ki_and_acq(p, v) atomic_fetch_and_explicit((p), (v), memory_order_acquire)

#define ki_fence_seq() atomic_thread_fence(memory_order_seq_cst)

/* Orders what the compiler makes of the lines around it, and nothing else: the other side has
 * ki_os_barrier. */
#define ki_fence_compiler() atomic_signal_fence(memory_order_seq_cst)

/* A counter with one writer: a plain add that other threads may read. */
#define ki_count(p, n) ki_store_rlx((p), ki_load_rlx(p) + (n))

#endif
