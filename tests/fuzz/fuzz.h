/* SPDX-License-Identifier: Apache-2.0
 * fuzz.h -- what a fuzz target has: one function that takes any bytes and must survive them.
 *
 * scripts/fuzz runs the targets under libFuzzer; in every build replay.c gives them the inputs of
 * tests/fuzz/corpus, each once. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* It must hold, in every build. */
#define FUZZ_CHECK(x) \
    do { \
        if (!(x)) { \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #x); \
            abort(); \
        } \
    } while (0)

#endif
