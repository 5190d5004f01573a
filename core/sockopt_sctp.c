/* SPDX-License-Identifier: Apache-2.0
 * sockopt_sctp.c -- the options of level sctp. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include "core/os_net.h"

/* Elsewhere the structs are laid out in other ways. */
#if KI_HAVE_SCTP
#define OF_LINUX(name) SCTP_##name
#else
#define OF_LINUX(name) -1
#endif

/* Of FreeBSD alone. */
#define OF_NOBODY -1

#define ROW(NAME, ...) \
    [KI_OPT_AT(SCTP, NAME)] = KI_OPT_ROW(SCTP, NAME, "sctp", IPPROTO_SCTP, __VA_ARGS__)

/* The same of a struct of the public face. */
#define ROW_OF(NAME, name, number, kind, type, how) \
    [KI_OPT_AT(SCTP, \
               NAME)] = {KITH_OPT_SCTP_##NAME, name,  "sctp",       IPPROTO_SCTP, number, \
                         KI_OPT_##kind,        #type, sizeof(type), KI_OPT_##how}

static const struct ki_sockopt sctp_rows[] = {
    ROW(ADAPTION_LAYER, "adaption_layer", OF_LINUX(ADAPTATION_LAYER), INT, GET_SET),
    ROW_OF(ASSOCINFO, "associnfo", OF_LINUX(ASSOCINFO), ALIKE, kith_sctp_assocparams,
           GET_SET),
    ROW_OF(AUTH_ACTIVE_KEY, "auth_active_key", OF_LINUX(AUTH_ACTIVE_KEY), ALIKE,
           kith_sctp_authkeyid, GET_SET),
    ROW(AUTH_ASCONF, "auth_asconf", OF_LINUX(AUTO_ASCONF), BOOL, GET_SET),
    ROW(AUTH_CHUNK, "auth_chunk", OF_LINUX(AUTH_CHUNK), UINT8, SET),
    ROW_OF(AUTH_KEY, "auth_key", OF_LINUX(AUTH_KEY), SCTP, kith_sctp_authkey, SET),
    ROW_OF(AUTH_DELETE_KEY, "auth_delete_key", OF_LINUX(AUTH_DELETE_KEY), ALIKE,
           kith_sctp_authkeyid, SET),
    ROW(AUTOCLOSE, "autoclose", OF_LINUX(AUTOCLOSE), INT, GET_SET),
    ROW_OF(CONTEXT, "context", OF_LINUX(CONTEXT), ALIKE, kith_sctp_assoc_value, GET_SET),
    ROW_OF(DEFAULT_SEND_PARAM, "default_send_params", OF_LINUX(DEFAULT_SEND_PARAM), ALIKE,
           kith_sctp_sndrcvinfo, GET_SET),
    ROW_OF(DELAYED_ACK_TIME, "delayed_ack_time", OF_LINUX(DELAYED_SACK), ALIKE,
           kith_sctp_sack_info, GET_SET),
    ROW(DISABLE_FRAGMENTS, "disable_fragments", OF_LINUX(DISABLE_FRAGMENTS), BOOL, GET_SET),
    ROW_OF(HMAC_IDENT, "hmac_ident", OF_LINUX(HMAC_IDENT), SCTP, kith_sctp_hmacalgo,
           GET_SET),
    ROW_OF(EVENTS, "events", OF_LINUX(EVENTS), ALIKE, kith_sctp_event_subscribe, GET_SET),
    ROW(EXPLICIT_EOR, "explicit_eor", OF_NOBODY, BOOL, GET_SET),
    ROW(FRAGMENT_INTERLEAVE, "fragment_interleave", OF_LINUX(FRAGMENT_INTERLEAVE), INT,
        GET_SET),
    ROW_OF(GET_PEER_ADDR_INFO, "get_peer_addr_info", OF_LINUX(GET_PEER_ADDR_INFO), SCTP,
           kith_sctp_paddrinfo, GET),
    ROW_OF(INITMSG, "initmsg", OF_LINUX(INITMSG), ALIKE, kith_sctp_initmsg, GET_SET),
    ROW(I_WANT_MAPPED_V4_ADDR, "i_want_mapped_v4_addr", OF_LINUX(I_WANT_MAPPED_V4_ADDR),
        BOOL, GET_SET),
    ROW_OF(LOCAL_AUTH_CHUNKS, "local_auth_chunks", OF_LINUX(LOCAL_AUTH_CHUNKS), SCTP,
           kith_sctp_authchunks, GET),
    ROW_OF(MAXSEG, "maxseg", OF_LINUX(MAXSEG), ALIKE, kith_sctp_assoc_value, GET_SET),
    ROW_OF(MAXBURST, "maxburst", OF_LINUX(MAX_BURST), ALIKE, kith_sctp_assoc_value,
           GET_SET),
    ROW(NODELAY, "nodelay", OF_LINUX(NODELAY), BOOL, GET_SET),
    ROW(PARTIAL_DELIVERY_POINT, "partial_delivery_point", OF_LINUX(PARTIAL_DELIVERY_POINT),
        INT, GET_SET),
    ROW_OF(PEER_ADDR_PARAMS, "peer_addr_params", OF_LINUX(PEER_ADDR_PARAMS), SCTP,
           kith_sctp_paddrparams, GET_SET),
    ROW_OF(PEER_AUTH_CHUNKS, "peer_auth_chunks", OF_LINUX(PEER_AUTH_CHUNKS), SCTP,
           kith_sctp_authchunks, GET),
    ROW_OF(PRIMARY_ADDR, "primary_addr", OF_LINUX(PRIMARY_ADDR), SCTP, kith_sctp_prim,
           GET_SET),
    ROW_OF(RESET_STREAMS, "reset_streams", OF_LINUX(RESET_STREAMS), SCTP,
           kith_sctp_reset_streams, SET),
    ROW_OF(RTOINFO, "rtoinfo", OF_LINUX(RTOINFO), ALIKE, kith_sctp_rtoinfo, GET_SET),
    ROW_OF(SET_PEER_PRIMARY_ADDR, "set_peer_primary_addr", OF_LINUX(SET_PEER_PRIMARY_ADDR),
           SCTP, kith_sctp_prim, SET),
    ROW_OF(STATUS, "status", OF_LINUX(STATUS), SCTP, kith_sctp_status, GET),
    ROW(USE_EXT_RECVINFO, "use_ext_recvinfo", OF_NOBODY, BOOL, GET_SET),
    ROW(RECVRCVINFO, "recvrcvinfo", OF_LINUX(RECVRCVINFO), BOOL, GET_SET),
    ROW(RECVNXTINFO, "recvnxtinfo", OF_LINUX(RECVNXTINFO), BOOL, GET_SET),
    ROW_OF(DEFAULT_SNDINFO, "default_sndinfo", OF_LINUX(DEFAULT_SNDINFO), ALIKE,
           kith_sctp_sndinfo, GET_SET),
    ROW_OF(ENABLE_STREAM_RESET, "enable_stream_reset", OF_LINUX(ENABLE_STREAM_RESET), ALIKE,
           kith_sctp_assoc_value, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_sctp = {sctp_rows, ki_countof(sctp_rows)};
