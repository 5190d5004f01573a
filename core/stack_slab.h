/* SPDX-License-Identifier: Apache-2.0
 * stack_slab.h -- address space for stacks: slabs of equal slots, their guards, their
 * names.
 *
 * The lower half of stack.h, private to stack.c: it knows where each slot lies and how it
 * is guarded, and not which slots are free. A slot's name is a number below
 * KI_STACK_NO_SLOT. */
#ifndef KI_STACK_SLAB_H
#define KI_STACK_SLAB_H

#include "core/stack.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KI_STACK_CLASSES 10 /* KI_STACK_MIN << 9 == KI_STACK_MAX */
#define KI_STACK_NO_SLOT UINT32_MAX

/* Slots first .. end - 1, none of which was handed out yet. */
struct ki_stack_range {
    uint32_t first, end;
};

/* ki_stack_slab_init asks the system for its page size and its guards. One thread. */
void ki_stack_slab_init(void);

/* ki_stack_slab_fini unmaps all slabs; no slot is in use. One thread. */
void ki_stack_slab_fini(void);

/* ki_stack_slab_new reserves a slab of class `cls`, larger the more the class has already,
 * and answers its slots. Returns 0 or KITH_ENOMEM. One caller at a time. */
KI_NODISCARD int ki_stack_slab_new(unsigned cls, struct ki_stack_range *out);

/* ki_stack_slab_class is the class for slots of `want` bytes, KI_STACK_CLASSES if none
 * is. */
unsigned ki_stack_slab_class(size_t want);

/* ki_stack_slab_prepare puts the guard below a slot that is handed out for the first time;
 * if the system refuses one kind it takes the next weaker. By the slot's holder. */
void ki_stack_slab_prepare(uint32_t slot);

/* ki_stack_slab_stack describes a slot that has been prepared. By its holder. */
struct ki_stack ki_stack_slab_stack(uint32_t slot);

/* ki_stack_slab_link is a word beside each slot, outside its memory, for lists of free
 * ones. */
uint32_t *ki_stack_slab_link(uint32_t slot);

/* ki_stack_slab_span is the number of bytes of `s` above the guard, colour included. */
size_t ki_stack_slab_span(const struct ki_stack *s);

/* ki_stack_slab_mend empties a canary zone that was written to. */
void ki_stack_slab_mend(const struct ki_stack *s);

#ifdef __cplusplus
}
#endif

#endif
