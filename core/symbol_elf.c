/* SPDX-License-Identifier: Apache-2.0
 * symbol_elf.c -- reads function names out of an ELF file's .symtab.
 *
 * The dynamic linker sees exported names only; static functions stand in the symbol table
 * that the linker leaves in the file (until strip takes it). The file may be broken, or be
 * another one than was loaded: every offset is checked before it is followed, and every
 * record copied before it is read, for it may lie at any address. */
#include "core/symbol.h"

#if defined(__ELF__)

#include "core/atomic.h"
#include "core/os.h"
#include "core/os_map.h"

#include <elf.h>
#include <string.h>

#if UINTPTR_MAX > 0xffffffffu
typedef Elf64_Ehdr ehdr;
typedef Elf64_Phdr phdr;
typedef Elf64_Shdr shdr;
typedef Elf64_Sym sym;
#define NATIVE_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr ehdr;
typedef Elf32_Phdr phdr;
typedef Elf32_Shdr shdr;
typedef Elf32_Sym sym;
#define NATIVE_CLASS ELFCLASS32
#endif

struct image {
    const unsigned char *p;
    size_t size;
};

/* Copies record number i of a table of `each`-byte records at `offset`. */
static bool
record(const struct image *f, uint64_t offset, uint64_t i, void *out, size_t each)
{
    if (offset > f->size || i >= (f->size - offset) / each)
        return false;
    memcpy(out, f->p + offset + i * each, each);
    return true;
}

static bool
read_header(const struct image *f, ehdr *h)
{
    return record(f, 0, 0, h, sizeof *h) && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 &&
           h->e_ident[EI_CLASS] == NATIVE_CLASS && h->e_phentsize == sizeof(phdr) &&
           h->e_shentsize == sizeof(shdr);
}

/* Turns an address in memory into one as the file counts them; false if the file has
 * nothing there. The object's first byte in memory is the page of its first loaded
 * segment. */
static bool
file_address(const struct image *f, const ehdr *h, uintptr_t base, uintptr_t *addr)
{
    bool first = true, inside = false;
    uintptr_t bias = 0;
    phdr ph;

    for (unsigned i = 0; i < h->e_phnum && record(f, h->e_phoff, i, &ph, sizeof ph); i++) {
        if (ph.p_type != PT_LOAD)
            continue;
        if (first) /* the standard has them ascend */
            bias = base - (ph.p_vaddr & ~(uintptr_t) 4095);
        first = false;
        inside = inside || *addr - bias - ph.p_vaddr < ph.p_memsz;
    }
    *addr -= bias;
    return inside;
}

/* More sections than e_shnum can say: section 0 says it. */
static uint64_t
section_count(const struct image *f, const ehdr *h)
{
    shdr zero;

    if (h->e_shnum > 0)
        return h->e_shnum;
    return record(f, h->e_shoff, 0, &zero, sizeof zero) ? zero.sh_size : 0;
}

/* The name at `at` in a string table, if it ends inside it. */
static size_t
copy_name(const struct image *f, const shdr *strings, uint32_t at, char *buf, size_t cap)
{
    const unsigned char *name, *end;
    uint64_t room;
    size_t n;

    if (strings->sh_offset > f->size || at >= strings->sh_size)
        return 0;
    room = ki_min_u64(strings->sh_size, f->size - strings->sh_offset);
    if (at >= room)
        return 0;
    name = f->p + strings->sh_offset + at;
    if (!(end = memchr(name, 0, (size_t) (room - at))))
        return 0;
    n = (size_t) ki_min_u64((uint64_t) (end - name), cap - 1);
    memcpy(buf, name, n);
    buf[n] = '\0';
    return n;
}

/* The function that covers `addr`; the one that starts last if several do. */
static bool
search(const struct image *f, const shdr *table, uintptr_t addr, sym *best)
{
    const uint64_t n = table->sh_size / sizeof(sym);
    bool found = false;
    sym s;

    for (uint64_t i = 0; i < n && record(f, table->sh_offset, i, &s, sizeof s); i++) {
        const unsigned type = s.st_info & 15;

        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || s.st_shndx == SHN_UNDEF)
            continue;
        if (addr - s.st_value >= s.st_size && addr != s.st_value)
            continue;
        if (!found || s.st_value > best->st_value)
            *best = s;
        found = true;
    }
    return found;
}

size_t
ki_symbol_in_image(const void *image, size_t size, uintptr_t base, uintptr_t addr,
                   char *buf, size_t cap)
{
    const struct image f = {image, size};
    shdr table, strings;
    ehdr h;
    sym s = {.st_name = 0}; /* which gcc does not see that search has written */

    if (cap == 0 || !read_header(&f, &h) || !file_address(&f, &h, base, &addr))
        return 0;
    const uint64_t n = section_count(&f, &h);
    for (uint64_t i = 0; i < n && record(&f, h.e_shoff, i, &table, sizeof table); i++) {
        if (table.sh_type != SHT_SYMTAB || table.sh_entsize != sizeof(sym) ||
            table.sh_link >= n ||
            !record(&f, h.e_shoff, table.sh_link, &strings, sizeof strings))
            continue;
        if (search(&f, &table, addr, &s))
            return copy_name(&f, &strings, s.st_name, buf, cap);
    }
    return 0;
}

/* The main program is asked about most, and stays mapped. */
static struct {
    _Atomic(const void *) image;
    _Atomic(size_t) size;
} main_program;

static struct image
main_image(const char *file)
{
    struct image f = {0};
    const void *none = NULL;

    /* acquire: with the release of whoever mapped it. */
    f.p = ki_load_acq(&main_program.image);
    f.size = ki_load_rlx(&main_program.size); /* relaxed: after the acquire */
    if (f.p || !(f.p = ki_os_map_file(file, &f.size)))
        return f;
    /* relaxed: all who come here at once store the same number, before they publish. */
    ki_store_rlx(&main_program.size, f.size);
    if (!ki_cas_acq_rel(&main_program.image, &none, f.p)) {
        ki_os_unmap((void *) (uintptr_t) f.p, f.size);
        f.p = none;
    }
    return f;
}

size_t
ki_symbol_in_object(const char *path, uintptr_t base, uintptr_t addr, char *buf, size_t cap)
{
    uintptr_t main_base;
    const char *main_file = ki_os_program(&main_base);
    struct image f = {0};
    size_t n;

    if (main_file && (!path || base == main_base)) {
        f = main_image(main_file);
        return f.p ? ki_symbol_in_image(f.p, f.size, main_base, addr, buf, cap) : 0;
    }
    if (!path || !(f.p = ki_os_map_file(path, &f.size)))
        return 0;
    n = ki_symbol_in_image(f.p, f.size, base, addr, buf, cap);
    ki_os_unmap((void *) (uintptr_t) f.p, f.size);
    return n;
}

#else

size_t
ki_symbol_in_image(const void *image, size_t size, uintptr_t base, uintptr_t addr,
                   char *buf, size_t cap)
{
    (void) image, (void) size, (void) base, (void) addr, (void) buf, (void) cap;
    return 0;
}

size_t
ki_symbol_in_object(const char *path, uintptr_t base, uintptr_t addr, char *buf, size_t cap)
{
    (void) path, (void) base, (void) addr, (void) buf, (void) cap;
    return 0;
}

#endif
