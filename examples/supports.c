/* SPDX-License-Identifier: Apache-2.0
 * supports.c -- lists the options of sockets, and which of them this system has.
 *
 * Run:  ./supports          or, for programs:  ./supports --json
 * See:  a line for each option: level, name, yes or no, and whether it can be read and set. Those
 *       that Erlang's reference names come first, in its order and spelling. */
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>

/* The reference's list. */
static const struct {
    const char *level, *names;
} reference[] = {
    {"otp", "debug iow controlling_process rcvbuf rcvctrlbuf sndctrlbuf fd"},
    {"socket",
     "acceptconn acceptfilter bindtodevice broadcast busy_poll debug domain dontroute error "
     "keepalive linger mark oobinline passcred peek_off peekcred priority protocol rcvbuf "
     "rcvbufforce rcvlowat rcvtimeo reuseaddr reuseport rxq_ovfl setfib sndbuf sndbufforce "
     "sndlowat sndtimeo timestamp type"},
    {"ip",
     "add_membership add_source_membership block_source dontfrag drop_membership "
     "drop_source_membership freebind hdrincl minttl msfilter mtu mtu_discover multicast_all "
     "multicast_if multicast_loop multicast_ttl nodefrag options pktinfo recverr recvif "
     "recvdstaddr recvopts recvorigdstaddr recvtos recvttl retopts router_alert sndsrcaddr tos "
     "transparent ttl unblock_source"},
    {"ipv6",
     "addrform add_membership authhdr auth_level checksum drop_membership dstopts "
     "esp_trans_level esp_network_level faith flowinfo hoplimit hopopts ipcomp_level join_group "
     "leave_group mtu mtu_discover multicast_hops multicast_if multicast_loop portrange "
     "pktoptions recverr recvpktinfo pktinfo recvtclass router_alert rthdr tclass unicast_hops "
     "use_min_mtu v6only"},
    {"tcp",
     "congestion cork info keepcnt keepidle keepintvl maxseg md5sig nodelay noopt nopush "
     "syncnt user_timeout"},
    {"udp", "cork"},
    {"sctp",
     "adaption_layer associnfo auth_active_key auth_asconf auth_chunk auth_key auth_delete_key "
     "autoclose context default_send_params delayed_ack_time disable_fragments hmac_ident events "
     "explicit_eor fragment_interleave get_peer_addr_info initmsg i_want_mapped_v4_addr "
     "local_auth_chunks maxseg maxburst nodelay partial_delivery_point peer_addr_params "
     "peer_auth_chunks primary_addr reset_streams rtoinfo set_peer_primary_addr status "
     "use_ext_recvinfo"},
};

static bool json;
static bool first = true;

static const char *
access_of(const kith_opt_info *info)
{
    return info->get && info->set ? "getset" : info->get ? "get" : info->set ? "set" : "-";
}

/* One line; an option of no number is one that kith lacks. */
static int
tell(const char *level, const char *name, kith_opt o)
{
    kith_opt_info info = {.name = name, .type = "-"};
    int yes = o < 0 ? 0 : kith_supports(o);

    if (yes >= 0 && o >= 0) {
        int rc = kith_opt_describe(o, &info);

        if (rc < 0)
            return rc;
    }
    if (yes < 0)
        return yes;
    if (json)
        printf("%s  {\"level\": \"%s\", \"option\": \"%s\", \"same_as\": \"%s\", "
               "\"supported\": %s, \"access\": \"%s\", \"value\": \"%s\"}",
               first ? "" : ",\n", level, name, info.name, yes ? "true" : "false",
               access_of(&info), info.type);
    else
        printf("%s\t%s\t%s\t%s\n", level, name, yes ? "yes" : "no", access_of(&info));
    first = false;
    return 0;
}

/* Is it one of those names, which stand between blanks? */
static bool
is_among(const char *names, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = names; (at = strstr(at, name)) != NULL; at += len)
        if ((at == names || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static int
tell_reference(void)
{
    for (size_t i = 0; i < sizeof reference / sizeof reference[0]; i++)
        for (const char *at = reference[i].names; *at;) {
            char name[32];
            size_t len = strcspn(at, " ");
            int rc;

            (void) snprintf(name, sizeof name, "%.*s", (int) len, at);
            rc = tell(reference[i].level, name, kith_opt_find(reference[i].level, name));
            if (rc < 0)
                return rc;
            at += len + (at[len] == ' ');
        }
    return 0;
}

static bool
is_in_reference(const kith_opt_info *info)
{
    for (size_t i = 0; i < sizeof reference / sizeof reference[0]; i++)
        if (strcmp(reference[i].level, info->level) == 0 &&
            is_among(reference[i].names, info->name))
            return true;
    return false;
}

static int
list(void *arg)
{
    kith_opt_info info;
    kith_opt o;
    int rc;

    (void) arg;
    if (json)
        printf("[\n");
    rc = tell_reference();
    for (size_t i = 0; rc == 0 && (o = kith_opt_at(i)) >= 0; i++) {
        rc = kith_opt_describe(o, &info);
        if (rc == 0 && !is_in_reference(&info))
            rc = tell(info.level, info.name, o);
    }
    if (json)
        printf("\n]\n");
    return rc == 0 && fflush(stdout) != 0 ? KITH_EIO : rc;
}

int
main(int argc, char **argv)
{
    int rc;

    json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        bool help = argc == 2 && strcmp(argv[1], "--help") == 0;

        fprintf(
            help ? stdout : stderr,
            "usage: supports [--json]\n\n"
            "Lists the options of sockets: level, option, yes or no, and get, set, getset or -.\n"
            "yes: this system has it. --json: the same with the type of each value.\n");
        return help ? 0 : 2;
    }
    rc = kith_main(list, NULL, 0, NULL);
    if (rc < 0)
        fprintf(stderr, "supports: %s\n", kith_strerror(rc));
    return rc < 0;
}
