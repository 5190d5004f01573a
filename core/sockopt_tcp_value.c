/* SPDX-License-Identifier: Apache-2.0
 * sockopt_tcp_value.c -- what Linux knows of a connection, and the keys that it signs with. */
#define _GNU_SOURCE
#include "core/sockopt_tcp_value.h"

#include <string.h>

#include "core/os_net.h"
#include "core/sockaddr.h"

#if KI_HAVE_TCP_INFO

unsigned
ki_tcp_info_len(void)
{
    return sizeof(struct tcp_info);
}

void
ki_tcp_info_decode(const void *native, size_t len, kith_tcp_info *out)
{
    struct tcp_info in;

    memset(&in, 0, sizeof in);
    memcpy(&in, native, len < sizeof in ? len : sizeof in);
    *out = (kith_tcp_info){
        .state = in.tcpi_state,
        .retransmits = in.tcpi_retransmits,
        .probes = in.tcpi_probes,
        .backoff = in.tcpi_backoff,
        .timestamps = (in.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0,
        .sack = (in.tcpi_options & TCPI_OPT_SACK) != 0,
        .wscale = (in.tcpi_options & TCPI_OPT_WSCALE) != 0,
        .ecn = (in.tcpi_options & TCPI_OPT_ECN) != 0,
        .snd_wscale = in.tcpi_snd_wscale,
        .rcv_wscale = in.tcpi_rcv_wscale,
        .rto_us = in.tcpi_rto,
        .ato_us = in.tcpi_ato,
        .rtt_us = in.tcpi_rtt,
        .rttvar_us = in.tcpi_rttvar,
        .min_rtt_us = in.tcpi_min_rtt,
        .snd_mss = in.tcpi_snd_mss,
        .rcv_mss = in.tcpi_rcv_mss,
        .advmss = in.tcpi_advmss,
        .pmtu = in.tcpi_pmtu,
        .unacked = in.tcpi_unacked,
        .sacked = in.tcpi_sacked,
        .lost = in.tcpi_lost,
        .retrans = in.tcpi_retrans,
        .snd_cwnd = in.tcpi_snd_cwnd,
        .snd_ssthresh = in.tcpi_snd_ssthresh,
        .rcv_space = in.tcpi_rcv_space,
        .rcv_ssthresh = in.tcpi_rcv_ssthresh,
        .snd_wnd = in.tcpi_snd_wnd,
        .last_data_sent_ms = in.tcpi_last_data_sent,
        .last_data_recv_ms = in.tcpi_last_data_recv,
        .last_ack_recv_ms = in.tcpi_last_ack_recv,
        .total_retrans = in.tcpi_total_retrans,
        .segs_out = in.tcpi_segs_out,
        .segs_in = in.tcpi_segs_in,
        .data_segs_out = in.tcpi_data_segs_out,
        .data_segs_in = in.tcpi_data_segs_in,
        .bytes_sent = in.tcpi_bytes_sent,
        .bytes_acked = in.tcpi_bytes_acked,
        .bytes_received = in.tcpi_bytes_received,
        .bytes_retrans = in.tcpi_bytes_retrans,
        .notsent_bytes = in.tcpi_notsent_bytes,
        .delivery_rate = in.tcpi_delivery_rate,
        .pacing_rate = in.tcpi_pacing_rate,
    };
}

unsigned
ki_md5sig_len(void)
{
    return sizeof(struct tcp_md5sig);
}

int
ki_md5sig_encode(const void *v, void *native)
{
    kith_md5sig in;
    struct tcp_md5sig out;
    struct ki_native_addr peer;
    int rc;

    memcpy(&in, v, sizeof in);
    if ((in.peer.domain != KITH_INET && in.peer.domain != KITH_INET6) ||
        in.key_len > sizeof in.key || in.key_len > TCP_MD5SIG_MAXKEYLEN ||
        in.prefix_len > (in.peer.domain == KITH_INET ? 32 : 128))
        return KITH_EINVAL;
    rc = ki_sockaddr_to_native(&in.peer, &peer);
    if (rc < 0)
        return rc;
    memset(&out, 0, sizeof out);
    memcpy(&out.tcpm_addr, peer.bytes, peer.len);
    if (in.prefix_len) {
        out.tcpm_flags |= TCP_MD5SIG_FLAG_PREFIX;
        out.tcpm_prefixlen = in.prefix_len;
    }
    if (in.ifindex) {
        out.tcpm_flags |= TCP_MD5SIG_FLAG_IFINDEX;
        out.tcpm_ifindex = (int) in.ifindex;
    }
    out.tcpm_keylen = in.key_len;
    memcpy(out.tcpm_key, in.key, in.key_len);
    memcpy(native, &out, sizeof out);
    return 0;
}

#else

unsigned
ki_tcp_info_len(void)
{
    return 0;
}

void
ki_tcp_info_decode(const void *native, size_t len, kith_tcp_info *out)
{
    (void) native;
    (void) len;
    memset(out, 0, sizeof *out);
}

unsigned
ki_md5sig_len(void)
{
    return 0;
}

int
ki_md5sig_encode(const void *v, void *native)
{
    (void) v;
    (void) native;
    return KITH_ENOPROTOOPT;
}

#endif
