/* SPDX-License-Identifier: Apache-2.0
 * ctx_arm.S -- save and continue a context on 32-bit ARM (AAPCS, with or without VFP registers).
 *
 * A saved context, from ctx.sp upwards, in 4-byte words:
 *
 *   d8-d15 (16 words, where there is VFP)  r4  r5  r6  r7  r8  r9  r10  r11  fill  resume address
 *
 * r7 and r11 are what Thumb and ARM code use as frame pointers; compilers do not agree on where it
 * points, so none is followed here. The fill keeps the stack aligned to 8. */

#if defined(__arm__)

#if !defined(__ELF__) /* Mach-O */
#define SYM(name) _##name
#define FUNCTION(name) .globl SYM(name)
#define END(name)
#else
#define SYM(name) name
#define FUNCTION(name) .globl name; .hidden name; .type name, %function
#define END(name) .size name, . - name
#endif

        .syntax unified
        .text
        .arm
#if defined(__ARM_FP)
        .fpu    vfp
#endif

/* void ki_ctx_swap(void **save_sp [r0], void *load_sp [r1]) */
        .p2align 4
        FUNCTION(ki_ctx_swap)
SYM(ki_ctx_swap):
        .fnstart
        .cfi_startproc
        push    {r3, lr}
        .save   {r3, lr}
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset lr, 4
        push    {r4-r11}
        .save   {r4-r11}
        .cfi_adjust_cfa_offset 32
        .cfi_rel_offset r4, 0
        .cfi_rel_offset r5, 4
        .cfi_rel_offset r6, 8
        .cfi_rel_offset r7, 12
        .cfi_rel_offset r8, 16
        .cfi_rel_offset r9, 20
        .cfi_rel_offset r10, 24
        .cfi_rel_offset r11, 28
#if defined(__ARM_FP)
        vpush   {d8-d15}
        .vsave  {d8-d15}
        .cfi_adjust_cfa_offset 64
#endif
        str     sp, [r0]
        mov     sp, r1
#if defined(__ARM_FP)
        vpop    {d8-d15}
        .cfi_adjust_cfa_offset -64
#endif
        pop     {r4-r11}
        .cfi_adjust_cfa_offset -32
        .cfi_restore r4
        .cfi_restore r5
        .cfi_restore r6
        .cfi_restore r7
        .cfi_restore r8
        .cfi_restore r9
        .cfi_restore r10
        .cfi_restore r11
        pop     {r3, lr}
        .cfi_adjust_cfa_offset -8
        .cfi_restore lr
        bx      lr /* to ARM or Thumb code, as the address says */
        .cfi_endproc
        .fnend
        END(ki_ctx_swap)

/* ki_ctx_start: where ki_ctx_swap comes out the first time. r4 = function, r5 = argument. The
 * undefined return address tells debuggers that the stack ends here. The nop is for a context that
 * has not run yet: they look a return address up before it. */
        .p2align 4
        FUNCTION(ki_ctx_start)
        .fnstart
        .cantunwind
        .cfi_startproc
        .cfi_undefined lr
        nop
SYM(ki_ctx_start):
        mov     r0, r5
        mov     r11, #0
        mov     lr, #0
        blx     r4
        udf     #0
        .cfi_endproc
        .fnend
        END(ki_ctx_start)

#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif

#endif
