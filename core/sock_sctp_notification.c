/* SPDX-License-Identifier: Apache-2.0
 * sock_sctp_notification.c -- what the system tells of associations, in kith's form. */
#define _GNU_SOURCE
#include <kith/sctp.h>

#include <string.h>

#include <kith/error.h>

#include "core/defs.h"
#include "core/os_net.h"
#include "core/sockaddr.h"

#if KI_HAVE_SCTP

union native {
    union sctp_notification any;
    struct sctp_paddr_change paddr;
};

static void
of_paddr_change(const union native *in, kith_sctp_notification *out)
{
    struct ki_native_addr addr = {.len = sizeof addr.bytes};

    memcpy(addr.bytes, (const char *) in + offsetof(struct sctp_paddr_change, spc_aaddr),
           sizeof addr.bytes);
    if (ki_sockaddr_from_native(&addr, &out->paddr_change.addr) < 0)
        memset(&out->paddr_change.addr, 0, sizeof out->paddr_change.addr);
    out->paddr_change.state = in->paddr.spc_state;
    out->paddr_change.error = in->paddr.spc_error;
}

static void
of_send_failed(const union native *in, kith_sctp_notification *out)
{
    const struct sctp_sndrcvinfo *info = &in->any.sn_send_failed.ssf_info;

    out->send_failed.error = in->any.sn_send_failed.ssf_error;
    out->send_failed.info = (kith_sctp_sndrcvinfo){.stream = info->sinfo_stream,
                                                   .ssn = info->sinfo_ssn,
                                                   .flags = info->sinfo_flags,
                                                   .ppid = info->sinfo_ppid,
                                                   .context = info->sinfo_context,
                                                   .timetolive = info->sinfo_timetolive,
                                                   .tsn = info->sinfo_tsn,
                                                   .cumtsn = info->sinfo_cumtsn,
                                                   .assoc_id = info->sinfo_assoc_id};
}

static void
of_send_failed_event(const union native *in, kith_sctp_notification *out)
{
    const struct sctp_sndinfo *info = &in->any.sn_send_failed_event.ssfe_info;

    out->send_failed.error = in->any.sn_send_failed_event.ssf_error;
    out->send_failed.info = (kith_sctp_sndrcvinfo){.stream = info->snd_sid,
                                                   .flags = info->snd_flags,
                                                   .ppid = info->snd_ppid,
                                                   .context = info->snd_context,
                                                   .assoc_id = info->snd_assoc_id};
}

static void
of_assoc_change(const union native *in, kith_sctp_notification *out)
{
    const struct sctp_assoc_change *c = &in->any.sn_assoc_change;

    out->assoc_change =
        (kith_sctp_assoc_change){c->sac_state, c->sac_error, c->sac_outbound_streams,
                                 c->sac_inbound_streams};
}

static void
of_remote_error(const union native *in, kith_sctp_notification *out)
{
    out->remote_error = ntohs(in->any.sn_remote_error.sre_error);
}

static void
of_partial_delivery(const union native *in, kith_sctp_notification *out)
{
    const struct sctp_pdapi_event *e = &in->any.sn_pdapi_event;

    out->partial_delivery =
        (kith_sctp_partial_delivery){e->pdapi_indication, e->pdapi_stream, e->pdapi_seq};
}

static void
of_adaptation(const union native *in, kith_sctp_notification *out)
{
    out->adaptation = in->any.sn_adaptation_event.sai_adaptation_ind;
}

static void
of_authentication(const union native *in, kith_sctp_notification *out)
{
    const struct sctp_authkey_event *e = &in->any.sn_authkey_event;

    out->authentication =
        (kith_sctp_authentication){e->auth_keynumber, e->auth_altkeynumber,
                                   e->auth_indication};
}

static void
of_assoc_reset(const union native *in, kith_sctp_notification *out)
{
    const struct sctp_assoc_reset_event *e = &in->any.sn_assocreset_event;

    out->assoc_reset =
        (kith_sctp_assoc_reset){e->assocreset_local_tsn, e->assocreset_remote_tsn};
}

static void
of_stream_change(const union native *in, kith_sctp_notification *out)
{
    const struct sctp_stream_change_event *e = &in->any.sn_strchange_event;

    out->stream_change =
        (kith_sctp_stream_change){e->strchange_instrms, e->strchange_outstrms};
}

/* By type: how long it is before its data, where its association stands, and the rest. */
#define KIND(struct_name, member_assoc, read) \
    { \
        sizeof(struct struct_name), offsetof(struct struct_name, member_assoc), read \
    }

static const struct {
    size_t len, assoc;
    void (*read)(const union native *in, kith_sctp_notification *out);
} kinds[] = {
    [KITH_SCTP_ASSOC_CHANGE] = KIND(sctp_assoc_change, sac_assoc_id, of_assoc_change),
    [KITH_SCTP_PEER_ADDR_CHANGE] = KIND(sctp_paddr_change, spc_assoc_id, of_paddr_change),
    [KITH_SCTP_SEND_FAILED] = KIND(sctp_send_failed, ssf_assoc_id, of_send_failed),
    [KITH_SCTP_REMOTE_ERROR] = KIND(sctp_remote_error, sre_assoc_id, of_remote_error),
    [KITH_SCTP_SHUTDOWN_EVENT] = KIND(sctp_shutdown_event, sse_assoc_id, NULL),
    [KITH_SCTP_PARTIAL_DELIVERY] =
        KIND(sctp_pdapi_event, pdapi_assoc_id, of_partial_delivery),
    [KITH_SCTP_ADAPTATION_INDICATION] =
        KIND(sctp_adaptation_event, sai_assoc_id, of_adaptation),
    [KITH_SCTP_AUTHENTICATION] = KIND(sctp_authkey_event, auth_assoc_id, of_authentication),
    [KITH_SCTP_SENDER_DRY] = KIND(sctp_sender_dry_event, sender_dry_assoc_id, NULL),
    [KITH_SCTP_STREAM_RESET] = KIND(sctp_stream_reset_event, strreset_assoc_id, NULL),
    [KITH_SCTP_ASSOC_RESET] =
        KIND(sctp_assoc_reset_event, assocreset_assoc_id, of_assoc_reset),
    [KITH_SCTP_STREAM_CHANGE] =
        KIND(sctp_stream_change_event, strchange_assoc_id, of_stream_change),
    [KITH_SCTP_SEND_FAILED_EVENT] =
        KIND(sctp_send_failed_event, ssf_assoc_id, of_send_failed_event),
};

int
kith_sctp_notification_parse(const void *bytes, size_t len, kith_sctp_notification *n)
{
    union native in;
    size_t kind;

    if (!bytes || !n || len < sizeof in.any.sn_header)
        return KITH_EINVAL;
    memset(&in, 0, sizeof in);
    memcpy(&in, bytes, len < sizeof in ? len : sizeof in);
    if (in.any.sn_header.sn_type < SCTP_SN_TYPE_BASE || in.any.sn_header.sn_length > len)
        return KITH_EINVAL;
    kind = (size_t) in.any.sn_header.sn_type - SCTP_SN_TYPE_BASE;
    memset(n, 0, sizeof *n);
    n->type = (int) kind;
    n->flags = in.any.sn_header.sn_flags;
    if (kind == 0 || kind >= ki_countof(kinds))
        return 0;
    len = in.any.sn_header.sn_length;
    if (len < kinds[kind].len)
        return KITH_EINVAL;
    memcpy(&n->assoc_id, (const char *) &in + kinds[kind].assoc, sizeof n->assoc_id);
    if (kinds[kind].read)
        kinds[kind].read(&in, n);
    n->data = (const char *) bytes + kinds[kind].len;
    n->len = len - kinds[kind].len;
    return 0;
}

#else

int
kith_sctp_notification_parse(const void *bytes, size_t len, kith_sctp_notification *n)
{
    (void) bytes, (void) len, (void) n;
    return KITH_EOPNOTSUPP;
}

#endif
