/* SPDX-License-Identifier: Apache-2.0
 * ctx.h -- an execution context: a stack and the place where it stopped.
 *
 * A context is what remains of a running C function when its thread does something else.
 * One thread saves it, the same or another one continues it later. Saved are the registers
 * that the C calling convention makes the callee keep, and nothing else:
 *
 *   x86-64   rbx rbp r12-r15, rsp, the resume address; not mxcsr, not the x87 control word
 *   aarch64  x19-x28, x29, x30, d8-d15, sp; not fpcr
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
 * ki_ctx_switch_last. Only the topmost 192 bytes of the stack are touched here. */
void ki_ctx_init(struct ki_ctx *c, void *stack_low, size_t size, void (*entry)(void *),
                 void *arg);

/* ki_ctx_fini gives back what sanitizers keep about `c`; nothing in plain builds. Not
 * called on c's own stack, which stays the caller's. */
void ki_ctx_fini(struct ki_ctx *c);

/* ki_ctx_frame answers where a context that does not run has its frame pointer, and behind it the
 * address at which it will go on. */
static inline const void *const *
ki_ctx_frame(const struct ki_ctx *c)
{
#if defined(__x86_64__)
    return (const void *const *) c->sp + 5;
#else
    return (const void *const *) c->sp; /* aarch64 */
#endif
}

/* ki_ctx_swap is the assembly: pushes the callee-saved registers, stores the stack pointer
 * in *save_sp, continues at load_sp. Only the switches below call it. */
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
