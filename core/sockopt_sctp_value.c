/* SPDX-License-Identifier: Apache-2.0
 * sockopt_sctp_value.c -- values of SCTP's options, into the system's form and back. */
#define _GNU_SOURCE
#include "core/sockopt_sctp_value.h"

#include <string.h>

#include "core/os_net.h"
#include "core/sockaddr.h"

#if KI_HAVE_SCTP

/* Those of kind KI_OPT_ALIKE are. */
#define ALIKE(ours, theirs, last, their_last) \
    _Static_assert(sizeof(ours) == sizeof(struct theirs) && \
                       offsetof(ours, last) == offsetof(struct theirs, their_last), \
                   #theirs)

ALIKE(kith_sctp_rtoinfo, sctp_rtoinfo, min, srto_min);
ALIKE(kith_sctp_assocparams, sctp_assocparams, cookie_life, sasoc_cookie_life);
ALIKE(kith_sctp_initmsg, sctp_initmsg, max_init_timeo, sinit_max_init_timeo);
ALIKE(kith_sctp_event_subscribe, sctp_event_subscribe, send_failure_event,
      sctp_send_failure_event_event);
ALIKE(kith_sctp_assoc_value, sctp_assoc_value, value, assoc_value);
ALIKE(kith_sctp_sack_info, sctp_sack_info, freq, sack_freq);
ALIKE(kith_sctp_authkeyid, sctp_authkeyid, keynumber, scact_keynumber);
ALIKE(kith_sctp_sndrcvinfo, sctp_sndrcvinfo, assoc_id, sinfo_assoc_id);
ALIKE(kith_sctp_sndinfo, sctp_sndinfo, assoc_id, snd_assoc_id);

/* ---- addresses ---- */

/* Any family; domain 0: none. */
static int
put_address(const kith_sockaddr *a, struct sockaddr_storage *out)
{
    struct ki_native_addr native;
    int rc = a->domain ? ki_sockaddr_to_native(a, &native) : 0;

    memset(out, 0, sizeof *out);
    if (rc == 0 && a->domain)
        memcpy(out, native.bytes, native.len);
    return rc;
}

static kith_sockaddr
get_address(const struct sockaddr_storage *in)
{
    struct ki_native_addr native = {.len = sizeof native.bytes};
    kith_sockaddr a;

    memset(&a, 0, sizeof a);
    memcpy(native.bytes, in, sizeof native.bytes);
    if (in->ss_family == AF_UNSPEC || ki_sockaddr_from_native(&native, &a) < 0)
        memset(&a, 0, sizeof a);
    return a;
}

/* ---- out of ours ---- */

/* A head, and behind it a list. */
static int
store_list(struct ki_optval *out, const void *head, size_t head_len, const void *list,
           size_t len)
{
    int rc = ki_optval_room(out, (unsigned) (head_len + len));

    if (rc < 0)
        return rc;
    memcpy(out->data, head, head_len);
    if (len)
        memcpy((char *) out->data + head_len, list, len);
    return 0;
}

/* Both structs are packed, and may not be pointed into. */
static int
encode_prim(const void *v, struct ki_optval *out)
{
    kith_sctp_prim in;
    struct sctp_prim native;
    struct sockaddr_storage addr;
    int rc;

    _Static_assert(sizeof native == sizeof(struct sctp_setpeerprim), "they are one");
    memcpy(&in, v, sizeof in);
    rc = put_address(&in.addr, &addr);
    native.ssp_assoc_id = in.assoc_id;
    native.ssp_addr = addr;
    return rc < 0 ? rc : ki_optval_store(out, &native, sizeof native);
}

static int
encode_paddrinfo(const void *v, struct ki_optval *out)
{
    kith_sctp_paddrinfo in;
    struct sctp_paddrinfo native;
    struct sockaddr_storage addr;
    int rc;

    memcpy(&in, v, sizeof in);
    memset(&native, 0, sizeof native);
    rc = put_address(&in.address, &addr);
    native.spinfo_assoc_id = in.assoc_id;
    native.spinfo_address = addr;
    return rc < 0 ? rc : ki_optval_store(out, &native, sizeof native);
}

static int
encode_paddrparams(const void *v, struct ki_optval *out)
{
    kith_sctp_paddrparams in;
    struct sctp_paddrparams native;
    struct sockaddr_storage addr;
    int rc;

    memcpy(&in, v, sizeof in);
    rc = put_address(&in.address, &addr);
    memset(&native, 0, sizeof native);
    native.spp_assoc_id = in.assoc_id;
    native.spp_address = addr;
    native.spp_hbinterval = in.hbinterval;
    native.spp_pathmaxrxt = in.pathmaxrxt;
    native.spp_pathmtu = in.pathmtu;
    native.spp_sackdelay = in.sackdelay;
    native.spp_flags = in.flags;
    native.spp_ipv6_flowlabel = in.ipv6_flowlabel;
    native.spp_dscp = in.dscp;
    return rc < 0 ? rc : ki_optval_store(out, &native, sizeof native);
}

static int
encode_status(const void *v, struct ki_optval *out)
{
    struct sctp_status native;

    memset(&native, 0, sizeof native);
    memcpy(&native.sstat_assoc_id, (const char *) v + offsetof(kith_sctp_status, assoc_id),
           sizeof native.sstat_assoc_id);
    return ki_optval_store(out, &native, sizeof native);
}

static int
encode_authkey(const void *v, struct ki_optval *out)
{
    kith_sctp_authkey in;
    struct sctp_authkey native;

    memcpy(&in, v, sizeof in);
    memset(&native, 0, sizeof native);
    native.sca_assoc_id = in.assoc_id;
    native.sca_keynumber = in.keynumber;
    native.sca_keylength = in.key_len;
    return in.key_len && !in.key
               ? KITH_EINVAL
               : store_list(out, &native, sizeof native, in.key, in.key_len);
}

static int
encode_hmacalgo(const void *v, struct ki_optval *out)
{
    kith_sctp_hmacalgo in;

    memcpy(&in, v, sizeof in);
    return in.n > ki_countof(in.idents)
               ? KITH_EINVAL
               : store_list(out, &in.n, sizeof in.n, in.idents, in.n * sizeof *in.idents);
}

static int
encode_authchunks(const void *v, struct ki_optval *out)
{
    kith_sctp_authchunks in;

    memcpy(&in, v, sizeof in);
    in.n = 0;
    return ki_optval_store(out, &in, sizeof in);
}

static int
encode_reset_streams(const void *v, struct ki_optval *out)
{
    kith_sctp_reset_streams in;
    struct sctp_reset_streams native;

    memcpy(&in, v, sizeof in);
    memset(&native, 0, sizeof native);
    native.srs_assoc_id = in.assoc_id;
    native.srs_flags = in.flags;
    native.srs_number_streams = in.n;
    return in.n && !in.streams ? KITH_EINVAL
                               : store_list(out, &native, sizeof native, in.streams,
                                            in.n * sizeof *in.streams);
}

int
ki_sctp_opt_encode(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    switch (row->id) {
    case KITH_OPT_SCTP_PRIMARY_ADDR:
    case KITH_OPT_SCTP_SET_PEER_PRIMARY_ADDR:
        return encode_prim(v, out);
    case KITH_OPT_SCTP_GET_PEER_ADDR_INFO:
        return encode_paddrinfo(v, out);
    case KITH_OPT_SCTP_PEER_ADDR_PARAMS:
        return encode_paddrparams(v, out);
    case KITH_OPT_SCTP_STATUS:
        return encode_status(v, out);
    case KITH_OPT_SCTP_AUTH_KEY:
        return encode_authkey(v, out);
    case KITH_OPT_SCTP_HMAC_IDENT:
        return encode_hmacalgo(v, out);
    case KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS:
    case KITH_OPT_SCTP_PEER_AUTH_CHUNKS:
        return encode_authchunks(v, out);
    case KITH_OPT_SCTP_RESET_STREAMS:
        return encode_reset_streams(v, out);
    default:
        return KITH_ENOPROTOOPT;
    }
}

unsigned
ki_sctp_opt_len(const struct ki_sockopt *row)
{
    switch (row->id) {
    case KITH_OPT_SCTP_PRIMARY_ADDR:
        return sizeof(struct sctp_prim);
    case KITH_OPT_SCTP_GET_PEER_ADDR_INFO:
        return sizeof(struct sctp_paddrinfo);
    case KITH_OPT_SCTP_PEER_ADDR_PARAMS:
        return sizeof(struct sctp_paddrparams);
    case KITH_OPT_SCTP_STATUS:
        return sizeof(struct sctp_status);
    default: /* lists, with all the room that ours have */
        return row->len;
    }
}

/* It asks for an association or an address, and hmac_ident for nothing. */
int
ki_sctp_opt_ask(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    return row->id == KITH_OPT_SCTP_HMAC_IDENT ? ki_optval_room(out, row->len)
                                               : ki_sctp_opt_encode(row, v, out);
}

/* ---- into ours ---- */

static void
decode_prim(const void *native, kith_sctp_prim *out)
{
    struct sctp_prim in;
    struct sockaddr_storage addr;

    memcpy(&in, native, sizeof in);
    addr = in.ssp_addr;
    out->assoc_id = in.ssp_assoc_id;
    out->addr = get_address(&addr);
}

static void
decode_paddrinfo(const void *native, kith_sctp_paddrinfo *out)
{
    struct sctp_paddrinfo in;
    struct sockaddr_storage addr;

    memcpy(&in, native, sizeof in);
    addr = in.spinfo_address;
    *out = (kith_sctp_paddrinfo){.assoc_id = in.spinfo_assoc_id,
                                 .state = in.spinfo_state,
                                 .address = get_address(&addr),
                                 .cwnd = in.spinfo_cwnd,
                                 .srtt = in.spinfo_srtt,
                                 .rto = in.spinfo_rto,
                                 .mtu = in.spinfo_mtu};
}

static void
decode_paddrparams(const void *native, kith_sctp_paddrparams *out)
{
    struct sctp_paddrparams in;
    struct sockaddr_storage addr;

    memcpy(&in, native, sizeof in);
    addr = in.spp_address;
    *out = (kith_sctp_paddrparams){.assoc_id = in.spp_assoc_id,
                                   .flags = in.spp_flags,
                                   .address = get_address(&addr),
                                   .hbinterval = in.spp_hbinterval,
                                   .pathmaxrxt = in.spp_pathmaxrxt,
                                   .dscp = in.spp_dscp,
                                   .pathmtu = in.spp_pathmtu,
                                   .sackdelay = in.spp_sackdelay,
                                   .ipv6_flowlabel = in.spp_ipv6_flowlabel};
}

static void
decode_status(const void *native, kith_sctp_status *out)
{
    struct sctp_status in;

    memcpy(&in, native, sizeof in);
    *out = (kith_sctp_status){.assoc_id = in.sstat_assoc_id,
                              .state = in.sstat_state,
                              .rwnd = in.sstat_rwnd,
                              .unackdata = in.sstat_unackdata,
                              .penddata = in.sstat_penddata,
                              .instrms = in.sstat_instrms,
                              .outstrms = in.sstat_outstrms,
                              .fragmentation_point = in.sstat_fragmentation_point};
    decode_paddrinfo((const char *) native + offsetof(struct sctp_status, sstat_primary),
                     &out->primary);
}

/* The system's lists are not longer than they were allowed to be. */
static void
decode_hmacalgo(const struct ki_optval *in, kith_sctp_hmacalgo *out)
{
    memcpy(out, in->data, in->len < sizeof *out ? in->len : sizeof *out);
    if (out->n > ki_countof(out->idents))
        out->n = ki_countof(out->idents);
}

static void
decode_authchunks(const struct ki_optval *in, kith_sctp_authchunks *out)
{
    memcpy(out, in->data, in->len < sizeof *out ? in->len : sizeof *out);
    if (out->n > sizeof out->chunks)
        out->n = sizeof out->chunks;
}

ptrdiff_t
ki_sctp_opt_decode(const struct ki_sockopt *row, const struct ki_optval *in, void *v)
{
    union {
        kith_sctp_prim prim;
        kith_sctp_paddrinfo paddrinfo;
        kith_sctp_paddrparams paddrparams;
        kith_sctp_status status;
        kith_sctp_hmacalgo hmacalgo;
        kith_sctp_authchunks authchunks;
    } out;

    memset(&out, 0, sizeof out);
    switch (row->id) {
    case KITH_OPT_SCTP_PRIMARY_ADDR:
        decode_prim(in->data, &out.prim);
        break;
    case KITH_OPT_SCTP_GET_PEER_ADDR_INFO:
        decode_paddrinfo(in->data, &out.paddrinfo);
        break;
    case KITH_OPT_SCTP_PEER_ADDR_PARAMS:
        decode_paddrparams(in->data, &out.paddrparams);
        break;
    case KITH_OPT_SCTP_STATUS:
        decode_status(in->data, &out.status);
        break;
    case KITH_OPT_SCTP_HMAC_IDENT:
        decode_hmacalgo(in, &out.hmacalgo);
        break;
    case KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS:
    case KITH_OPT_SCTP_PEER_AUTH_CHUNKS:
        decode_authchunks(in, &out.authchunks);
        break;
    default:
        return KITH_ENOPROTOOPT;
    }
    memcpy(v, &out, row->len);
    return row->len;
}

#else

unsigned
ki_sctp_opt_len(const struct ki_sockopt *row)
{
    (void) row;
    return 0;
}

int
ki_sctp_opt_ask(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    (void) row, (void) v, (void) out;
    return KITH_ENOPROTOOPT;
}

int
ki_sctp_opt_encode(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    (void) row, (void) v, (void) out;
    return KITH_ENOPROTOOPT;
}

ptrdiff_t
ki_sctp_opt_decode(const struct ki_sockopt *row, const struct ki_optval *in, void *v)
{
    (void) row, (void) in, (void) v;
    return KITH_ENOPROTOOPT;
}

#endif
