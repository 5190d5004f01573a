/* SPDX-License-Identifier: Apache-2.0
 * sanitizer_options.c -- the sanitizers' settings, inside every program of a sanitizer preset.
 *
 * So they hold whoever starts it: ctest, a shell, gdb. The usual environment variables
 * (ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS) still come last and win. The sanitizers call
 * these before main, and before their own set-up is complete: nothing here is instrumented. */

#define UNTOUCHED \
    __attribute__((used, visibility("default"), no_sanitize("address", "thread")))

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);

/* Processes leave frames on stacks of ours by switching, so the fake stacks of use-after-return
 * would be taken from the wrong thread. */
UNTOUCHED const char *
__asan_default_options(void)
{
    return "detect_stack_use_after_return=0:abort_on_error=1";
}

UNTOUCHED const char *
__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}

UNTOUCHED const char *
__tsan_default_options(void)
{
    return "halt_on_error=1:second_deadlock_stack=1:suppressions=" KITH_TSAN_SUPPRESSIONS;
}
