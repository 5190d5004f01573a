/* SPDX-License-Identifier: Apache-2.0
 * ctx_aarch64.S -- save and continue a context on 64-bit ARM (AAPCS64).
 *
 * A saved context, from ctx.sp upwards, in 8-byte words:
 *
 *   x29 x30  x19 x20  x21 x22  x23 x24  x25 x26  x27 x28  d8 d9  d10 d11  d12 d13  d14 d15
 *
 * x30 is the resume address. x18 belongs to the platform and stays the thread's. x29, x30
 * come first: they form a frame record for those who walk along frame pointers. */

#if defined(__aarch64__)

#if !defined(__ELF__) /* Mach-O */
#define SYM(name) _##name
#define FUNCTION(name) .globl SYM(name)
#define END(name)
#else
#define SYM(name) name
#define FUNCTION(name) .globl name; .hidden name; .type name, %function
#define END(name) .size name, . - name
#endif

/* Landing pads, as hints that older CPUs take for nops. */
#define BTI_C hint #34
#define BTI_J hint #36

        .text

/* void ki_ctx_swap(void **save_sp [x0], void *load_sp [x1]) */
        .p2align 4
        FUNCTION(ki_ctx_swap)
SYM(ki_ctx_swap):
        .cfi_startproc
        BTI_C
        stp     x29, x30, [sp, #-160]!
        .cfi_adjust_cfa_offset 160
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        stp     x19, x20, [sp, #16]
        .cfi_rel_offset x19, 16
        .cfi_rel_offset x20, 24
        stp     x21, x22, [sp, #32]
        .cfi_rel_offset x21, 32
        .cfi_rel_offset x22, 40
        stp     x23, x24, [sp, #48]
        .cfi_rel_offset x23, 48
        .cfi_rel_offset x24, 56
        stp     x25, x26, [sp, #64]
        .cfi_rel_offset x25, 64
        .cfi_rel_offset x26, 72
        stp     x27, x28, [sp, #80]
        .cfi_rel_offset x27, 80
        .cfi_rel_offset x28, 88
        stp     d8, d9, [sp, #96]
        .cfi_rel_offset d8, 96
        .cfi_rel_offset d9, 104
        stp     d10, d11, [sp, #112]
        .cfi_rel_offset d10, 112
        .cfi_rel_offset d11, 120
        stp     d12, d13, [sp, #128]
        .cfi_rel_offset d12, 128
        .cfi_rel_offset d13, 136
        stp     d14, d15, [sp, #144]
        .cfi_rel_offset d14, 144
        .cfi_rel_offset d15, 152

        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1

        ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x27, x28, [sp, #80]
        ldp     x25, x26, [sp, #64]
        ldp     x23, x24, [sp, #48]
        ldp     x21, x22, [sp, #32]
        ldp     x19, x20, [sp, #16]
        ldp     x29, x30, [sp], #160
        .cfi_adjust_cfa_offset -160
        .cfi_restore x29
        .cfi_restore x30
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore d8
        .cfi_restore d9
        .cfi_restore d10
        .cfi_restore d11
        .cfi_restore d12
        .cfi_restore d13
        .cfi_restore d14
        .cfi_restore d15
        ret
        .cfi_endproc
        END(ki_ctx_swap)

/* ki_ctx_start: where ki_ctx_swap comes out the first time. x19 = function, x20 = argument.
 * The undefined return address tells debuggers that the stack ends here. The nop is for a
 * context that has not run yet: they look a return address up before it. */
        .p2align 4
        FUNCTION(ki_ctx_start)
        .cfi_startproc
        .cfi_undefined x30
        nop
SYM(ki_ctx_start):
        BTI_J
        mov     x0, x20
        mov     x29, #0
        mov     x30, #0
        blr     x19
        brk     #0x1
        .cfi_endproc
        END(ki_ctx_start)

#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits

/* Fit for branch target identification. Return addresses are not signed here. */
        .section .note.gnu.property, "a", %note
        .p2align 3
        .long   4                       /* length of the name */
        .long   16                      /* length of what follows it */
        .long   5                       /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000000              /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
        .long   4
        .long   1                       /* BTI */
        .long   0
#endif

#endif
