/* SPDX-License-Identifier: Apache-2.0
 * ctx.h -- an execution context: a stack and the place where it stopped.
 *
 * A context is what remains of a running C function when its thread does something else.
 * One thread saves it, the same or another one continues it later. Saved are the registers
 * that the C calling convention makes the callee keep, and nothing else:
 *
 *   x86-64   rbx rbp r12-r15, rsp, the resume address; not mxcsr, not the x87 control word
 *   aarch64  x19-x28, x29, x30, d8-d15, sp; not fpcr
 *   arm      r4-r11, lr, d8-d15 where there is VFP, sp; not fpscr
 *   others   what the C library's ucontext saves, the signal mask too, by a system call
 *
 * So rounding and exception modes belong to the thread and must be the default whenever a
 * context switches, and the signal mask is the thread's too. Nothing that hangs on the
 * thread may be kept across ki_ctx_switch, because the other side may be another thread: no
 * address of a thread-local, errno's least of all, and no pthread_self(), which glibc lets
 * the compiler ask once for a whole function. A getter that is not inlined is the way.
 *
 * Threads: at any time one thread at most touches a context. Who hands a saved context to
 * another thread does so after the switch away from it has ended elsewhere, by a release
 * that the other's acquire meets. A context must not move in memory while it is in use.
 *
 * Hardware shadow stacks (x86 SHSTK, aarch64 GCS) are not switched: the assembly is not
 * marked as fit for them, so that a program linked with it runs without. */
#ifndef KI_CTX_H
#define KI_CTX_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ki_ctx {
    void *sp; /* while not running: where its registers lie; see ctx_<cpu>.S */
#ifdef KI_ASAN
    void *fake_stack;       /* ASan's record of locals kept for use-after-return */
    const void *bottom;     /* the stack's lowest address; NULL: a thread's, not seen yet */
    size_t size;            /* bytes from bottom */
    struct ki_ctx *resumer; /* who switched to this context last */
    void (*entry)(void *);
    void *arg;
#endif
#ifdef KI_TSAN
    void *fiber; /* TSan's record of this context: vector clock and call stack */
    bool owned;  /* made by ki_ctx_init, so ki_ctx_fini destroys it */
#endif
};

/* ki_ctx_init_thread prepares `c` to stand for the calling thread's own stack. It is valid
 * as `from` of a switch made by that thread, and as `to` of the switch that comes back. */
void ki_ctx_init_thread(struct ki_ctx *c);

/* ki_ctx_init makes `c` a context that will call entry(arg) on the stack [stack_low,
 * stack_low + size) when it is first switched to. `entry` never returns: it ends with
 * ki_ctx_switch_last. Only the topmost 192 bytes of the stack are touched here (ucontext: 2 KiB). */
void ki_ctx_init(struct ki_ctx *c, void *stack_low, size_t size, void (*entry)(void *),
                 void *arg);

/* ki_ctx_fini gives back what sanitizers keep about `c`; nothing in plain builds. Not
 * called on c's own stack, which stays the caller's. */
void ki_ctx_fini(struct ki_ctx *c);

/* Where the address at which a context will go on lies, in words from its sp; and its frame pointer
 * before it, where frames form a chain that can be followed. */
#if defined(KI_CTX_UCONTEXT)
#define KI_CTX_FRAMES 0
#elif defined(__x86_64__)
#define KI_CTX_FRAMES 1
#define KI_CTX_RESUME 6
#elif defined(__aarch64__)
#define KI_CTX_FRAMES 1
#define KI_CTX_RESUME 1
#elif defined(__arm__)
#define KI_CTX_FRAMES 0 /* ARM code and Thumb code have them in different ways */
#if defined(__ARM_FP)
#define KI_CTX_RESUME 25
#else
#define KI_CTX_RESUME 9
#endif
#endif

/* ki_ctx_resume answers where a context that does not run has that address; NULL: it cannot be
 * told. */
static inline const void *const *
ki_ctx_resume(const struct ki_ctx *c)
{
#if defined(KI_CTX_RESUME)
    return (const void *const *) c->sp + KI_CTX_RESUME;
#else
    (void) c;
    return NULL;
#endif
}

/* ki_ctx_push puts at the top of a stack what ki_ctx_swap finds there the first time, so that it comes
 * out in fn(arg); answers what belongs into sp. */
void *ki_ctx_push(void *stack_low, size_t size, void (*fn)(void *), void *arg);

/* ki_ctx_swap is the assembly: pushes the callee-saved registers, stores the stack pointer
 * in *save_sp, continues at load_sp (ctx_ucontext.c: *save_sp is where a ucontext_t lies). Only the switches below call it. */
void ki_ctx_swap(void **save_sp, void *load_sp);

#if defined(KI_ASAN) || defined(KI_TSAN)

void ki_ctx_switch(struct ki_ctx *from, struct ki_ctx *to);
KI_NORETURN void ki_ctx_switch_last(struct ki_ctx *from, struct ki_ctx *to);

#else

/* ki_ctx_switch saves the running context in `from` and continues `to`. Returns when
 * someone switches to `from`, maybe on another thread. */
static inline void
ki_ctx_switch(struct ki_ctx *from, struct ki_ctx *to)
{
    ki_ctx_swap(&from->sp, to->sp);
}

/* ki_ctx_switch_last is ki_ctx_switch for a context that never runs again. */
static inline KI_NORETURN void
ki_ctx_switch_last(struct ki_ctx *from, struct ki_ctx *to)
{
    ki_ctx_swap(&from->sp, to->sp);
    __builtin_trap();
}

#endif

#ifdef __cplusplus
}
#endif

#endif
