/* SPDX-License-Identifier: Apache-2.0
 * sockaddr.h -- addresses, domains and types between kith's form and the system's.
 *
 * Pure functions of their arguments, but for the two that look up an interface. Callable
 * from any thread; none waits. sockaddr_parse.c and sockaddr_print.c have the texts,
 * sockaddr_native.c alone knows the system's structs. */
#ifndef KI_SOCKADDR_H
#define KI_SOCKADDR_H

#include <kith/error.h>
#include <kith/sockaddr.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A system's sockaddr of any kind, and its length as bind and connect want it. */
struct ki_native_addr {
    KI_ALIGNED(8) unsigned char bytes[128];
    unsigned len;
};

/* ki_sockaddr_is_sound: it has a domain, and its lengths lie within it. */
bool ki_sockaddr_is_sound(const kith_sockaddr *a);

/* ki_sockaddr_to_native answers 0; KITH_EINVAL when `a` is no address, or a path has a NUL
 * byte inside; KITH_ENAMETOOLONG for a local name longer than this system's;
 * KITH_EAFNOSUPPORT when this system lacks the domain. */
KI_NODISCARD int ki_sockaddr_to_native(const kith_sockaddr *a, struct ki_native_addr *out);

/* ki_sockaddr_from_native answers 0, or KITH_EINVAL when len is too short for its family; `*a`
 * is untouched then. A family without a domain of ours comes as its bytes. len 0, which the
 * system gives where there is no address, makes one with domain 0. A len above 128 counts as
 * 128: the system says how long the address was, not how much of it fitted. */
KI_NODISCARD int ki_sockaddr_from_native(const struct ki_native_addr *in, kith_sockaddr *a);

/* The highest number of a domain: a family of the system's, and KITH_DOMAIN_NATIVE. */
enum { KI_DOMAIN_NATIVE_MAX = KITH_DOMAIN_NATIVE + 255 };

/* The system's number of KITH_INET..., KITH_STREAM...: KITH_EINVAL when there is no such,
 * KITH_EAFNOSUPPORT and KITH_ESOCKTNOSUPPORT when this system lacks it. And back: -1 for a type
 * without a number of ours. */
int ki_domain_to_native(int domain);
int ki_domain_of_native(int native);
int ki_type_to_native(int type);
int ki_type_of_native(int native);

/* Words of the texts, by their numbers. */
enum { KI_PKTTYPES = 8, KI_CIDS = 3 };
extern const char *const ki_pkttypes[KI_PKTTYPES];
extern const char *const ki_cids[KI_CIDS];

/* Room for an interface's name. */
#define KI_IFNAME 64

/* ki_ifindex_of_name answers an interface's number, 0 when there is none of this name.
 * ki_ifname_of_index writes its name and answers whether there is one. */
uint32_t ki_ifindex_of_name(const char *name);
bool ki_ifname_of_index(uint32_t index, char name[KI_IFNAME]);

#ifdef __cplusplus
}
#endif

#endif
