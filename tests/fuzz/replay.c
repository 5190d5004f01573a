/* SPDX-License-Identifier: Apache-2.0
 * replay.c -- a fuzz target's main outside of libFuzzer: each file of a directory, once. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static int
replay(const char *path)
{
    static unsigned char bytes[65536];
    unsigned char *exact;
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f)
        return 0;
    n = fread(bytes, 1, sizeof bytes, f);
    (void) fclose(f);
    exact = malloc(n ? n : 1); /* so that a sanitizer sees a read behind the end */
    FUZZ_CHECK(exact != NULL);
    memcpy(exact, bytes, n);
    (void) LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 1;
}

int
main(int argc, char **argv)
{
    DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *e;
    char path[4096];
    int n = 0;

    if (!d) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 2;
    }
    while ((e = readdir(d)) != NULL) {
        (void) snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
        if (e->d_name[0] != '.')
            n += replay(path);
    }
    (void) closedir(d);
    printf("%d inputs\n", n);
    return n == 0;
}
