/* SPDX-License-Identifier: Apache-2.0
 * socket_opt.h -- options of sockets.
 *
 * An option is one name, so that level, number and kind cannot disagree. Those of kind int
 * and bool (which travels as an int, 0 or 1) have calls of their own:
 *
 *     rc = kith_socket_setopt_int(s, KITH_OPT_TCP_NODELAY, 1);
 *
 * The others go by address and length (socket_value.h). A text is set with or without its NUL;
 * read, it ends with one, which its length does not count. Bytes have any length up to the
 * option's. Of an option not listed here the native calls take the system's own numbers.
 *
 * The list is the same on every system; what one lacks is KITH_ENOPROTOOPT there.
 * kith_supports asks for it beforehand, and kith_opt_find knows options by their names.
 *
 * While the socket is busy with the call of another, a call here suspends a process or a
 * plain thread for that moment, and answers KITH_EHANDLER in a handler.
 */
#ifndef KITH_SOCKET_OPT_H
#define KITH_SOCKET_OPT_H

#include <kith/base.h>
#include <kith/sctp_value.h>
#include <kith/socket_value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One of KITH_OPT_... */
typedef int kith_opt;

/* The reference's names. G: can be read, S: can be set. An option never changes its number.
 * L: of Linux alone, B: of BSD alone; no system that kith knows has those marked by a dash. */
enum {
    KITH_OPT_SOCKET_REUSEADDR = 0x100,    /* GS bool */
    KITH_OPT_SOCKET_REUSEPORT = 0x101,    /* GS bool */
    KITH_OPT_SOCKET_KEEPALIVE = 0x102,    /* GS bool */
    KITH_OPT_SOCKET_SNDBUF = 0x103,       /* GS int, bytes; Linux doubles it */
    KITH_OPT_SOCKET_RCVBUF = 0x104,       /* GS int, bytes; Linux doubles it */
    KITH_OPT_SOCKET_LINGER = 0x105,       /* GS kith_linger */
    KITH_OPT_SOCKET_ERROR = 0x106,        /* G int: a KITH_E code or 0; reading clears it */
    KITH_OPT_SOCKET_TYPE = 0x107,         /* G int: KITH_STREAM... */
    KITH_OPT_SOCKET_DOMAIN = 0x108,       /* G int: KITH_INET... */
    KITH_OPT_SOCKET_PROTOCOL = 0x109,     /* G int: KITH_TCP... */
    KITH_OPT_SOCKET_ACCEPTCONN = 0x10a,   /* G bool: it listens */
    KITH_OPT_SOCKET_BROADCAST = 0x10b,    /* GS bool */
    KITH_OPT_SOCKET_OOBINLINE = 0x10c,    /* GS bool */
    KITH_OPT_SOCKET_DONTROUTE = 0x10d,    /* GS bool */
    KITH_OPT_SOCKET_RCVLOWAT = 0x10e,     /* GS int, bytes */
    KITH_OPT_SOCKET_ACCEPTFILTER = 0x10f, /* GS kith_accept_filter; B */
    KITH_OPT_SOCKET_BINDTODEVICE = 0x110, /* GS text, an interface's name; empty: none; L */
    KITH_OPT_SOCKET_BUSY_POLL = 0x111,    /* GS int, microseconds; L */
    KITH_OPT_SOCKET_DEBUG = 0x112,        /* GS int */
    KITH_OPT_SOCKET_MARK = 0x113,         /* GS int, 32 bits; L */
    KITH_OPT_SOCKET_PASSCRED = 0x114,     /* GS bool: packets bring credentials; L */
    KITH_OPT_SOCKET_PEEK_OFF = 0x115, /* GS int, bytes: where a peek begins; -1 = off; L */
    KITH_OPT_SOCKET_PEERCRED = 0x116, /* G kith_credentials; local; L */
    KITH_OPT_SOCKET_PRIORITY = 0x117, /* GS int, 0..6; L */
    KITH_OPT_SOCKET_RCVBUFFORCE = 0x118, /* S int, bytes, above the system's bound; L */
    KITH_OPT_SOCKET_RCVTIMEO = 0x119,    /* GS kith_ms; no call of kith minds it */
    KITH_OPT_SOCKET_RXQ_OVFL = 0x11a, /* GS bool: packets tell how many were dropped; L */
    KITH_OPT_SOCKET_SETFIB = 0x11b,   /* S int; B */
    KITH_OPT_SOCKET_SNDBUFFORCE = 0x11c,     /* S int, bytes, above the system's bound; L */
    KITH_OPT_SOCKET_SNDLOWAT = 0x11d,        /* GS int, bytes; Linux: G */
    KITH_OPT_SOCKET_SNDTIMEO = 0x11e,        /* GS kith_ms; no call of kith minds it */
    KITH_OPT_SOCKET_TIMESTAMP = 0x11f,       /* GS bool: packets tell when they came */
    KITH_OPT_SOCKET_TIMESTAMPNS = 0x120,     /* GS bool: the same in nanoseconds; L */
    KITH_OPT_SOCKET_TIMESTAMPING = 0x121,    /* GS int, KITH_TIMESTAMPING_... bits; L */
    KITH_OPT_SOCKET_INCOMING_CPU = 0x122,    /* GS int: which processor; L */
    KITH_OPT_SOCKET_ZEROCOPY = 0x123,        /* GS bool; L */
    KITH_OPT_SOCKET_MAX_PACING_RATE = 0x124, /* GS int, bytes a second; -1 = no bound; L */
    KITH_OPT_SOCKET_COOKIE = 0x125,          /* G uint64_t: the socket's own number; L */
    KITH_OPT_SOCKET_BINDTOIFINDEX = 0x126,   /* GS int: an interface's number; 0: none; L */
    KITH_OPT_SOCKET_PREFER_BUSY_POLL = 0x127, /* GS bool; L */
    KITH_OPT_SOCKET_RCVMARK = 0x128,          /* GS bool: packets bring their mark; L */
    KITH_OPT_SOCKET_PEEKCRED = KITH_OPT_SOCKET_PEERCRED, /* as the reference writes it */

    KITH_OPT_IP_TTL = 0x200,                    /* GS int, 1..255 */
    KITH_OPT_IP_TOS = 0x201,                    /* GS int, 0..255 */
    KITH_OPT_IP_ADD_MEMBERSHIP = 0x202,         /* S kith_mreq */
    KITH_OPT_IP_DROP_MEMBERSHIP = 0x203,        /* S kith_mreq */
    KITH_OPT_IP_ADD_SOURCE_MEMBERSHIP = 0x204,  /* S kith_mreq_source */
    KITH_OPT_IP_DROP_SOURCE_MEMBERSHIP = 0x205, /* S kith_mreq_source */
    KITH_OPT_IP_BLOCK_SOURCE = 0x206,           /* S kith_mreq_source; of a group joined */
    KITH_OPT_IP_UNBLOCK_SOURCE = 0x207,         /* S kith_mreq_source */
    KITH_OPT_IP_MSFILTER = 0x208,               /* S kith_msfilter */
    KITH_OPT_IP_MULTICAST_IF = 0x209,           /* GS kith_multicast_if */
    KITH_OPT_IP_MULTICAST_TTL = 0x20a,          /* GS int, 0..255; 1 unless set */
    KITH_OPT_IP_MULTICAST_LOOP = 0x20b,         /* GS bool: this machine hears it too */
    KITH_OPT_IP_MULTICAST_ALL =
        0x20c, /* GS bool: hear groups that others here joined (Linux: yes) */
    KITH_OPT_IP_DONTFRAG = 0x20d, /* GS bool; B; Linux: mtu_discover */
    KITH_OPT_IP_FREEBIND = 0x20e, /* GS bool: bind to an address that is not here; L */
    KITH_OPT_IP_HDRINCL = 0x20f,  /* GS bool: what is sent begins with its header; raw */
    KITH_OPT_IP_MINTTL = 0x210,   /* GS int, 0..255: less is dropped; L */
    KITH_OPT_IP_MTU = 0x211,      /* G int, bytes; when connected; L */
    KITH_OPT_IP_MTU_DISCOVER = 0x212,    /* GS int, KITH_PMTUD_...; L */
    KITH_OPT_IP_NODEFRAG = 0x213,        /* GS bool; raw; L */
    KITH_OPT_IP_OPTIONS = 0x214,         /* GS bytes, up to 40, of the header */
    KITH_OPT_IP_PKTINFO = 0x215,         /* GS bool: packets tell where they arrived */
    KITH_OPT_IP_RECVERR = 0x216,         /* GS bool: errors are queued; L */
    KITH_OPT_IP_RECVIF = 0x217,          /* GS bool; B */
    KITH_OPT_IP_RECVDSTADDR = 0x218,     /* GS bool; B */
    KITH_OPT_IP_RECVOPTS = 0x219,        /* GS bool: packets bring the header's options */
    KITH_OPT_IP_RECVORIGDSTADDR = 0x21a, /* GS bool: and their first destination */
    KITH_OPT_IP_RECVTOS = 0x21b,         /* GS bool */
    KITH_OPT_IP_RECVTTL = 0x21c,         /* GS bool */
    KITH_OPT_IP_RETOPTS = 0x21d,         /* GS bool: options, to be sent back */
    KITH_OPT_IP_ROUTER_ALERT = 0x21e,    /* S int; raw; L */
    KITH_OPT_IP_SENDSRCADDR = 0x21f,     /* - : a control message of BSD */
    KITH_OPT_IP_TRANSPARENT = 0x220,     /* GS bool; L */
    KITH_OPT_IP_BIND_ADDRESS_NO_PORT = 0x221, /* GS bool: connect chooses the port; L */
    KITH_OPT_IP_RECVFRAGSIZE = 0x222,         /* GS bool; L */
    KITH_OPT_IP_RECVERR_RFC4884 = 0x223,      /* GS bool; L */
    KITH_OPT_IP_LOCAL_PORT_RANGE =
        0x224, /* GS int: lowest | highest << 16, 0: the system's; L */
    KITH_OPT_IP_SNDSRCADDR = KITH_OPT_IP_SENDSRCADDR, /* as the reference writes it */

    KITH_OPT_IPV6_V6ONLY = 0x300,                 /* GS bool; before bind */
    KITH_OPT_IPV6_UNICAST_HOPS = 0x301,           /* GS int, 1..255; -1 = the default */
    KITH_OPT_IPV6_ADD_MEMBERSHIP = 0x302,         /* S kith_mreq */
    KITH_OPT_IPV6_DROP_MEMBERSHIP = 0x303,        /* S kith_mreq */
    KITH_OPT_IPV6_ADD_SOURCE_MEMBERSHIP = 0x304,  /* S kith_mreq_source */
    KITH_OPT_IPV6_DROP_SOURCE_MEMBERSHIP = 0x305, /* S kith_mreq_source */
    KITH_OPT_IPV6_BLOCK_SOURCE = 0x306,   /* S kith_mreq_source; of a group joined */
    KITH_OPT_IPV6_UNBLOCK_SOURCE = 0x307, /* S kith_mreq_source */
    KITH_OPT_IPV6_MSFILTER = 0x308,       /* S kith_msfilter */
    KITH_OPT_IPV6_MULTICAST_IF =
        0x309, /* GS int: an interface's number; 0 = the system chooses */
    KITH_OPT_IPV6_MULTICAST_HOPS = 0x30a, /* GS int, 0..255; -1 = the default, 1 */
    KITH_OPT_IPV6_MULTICAST_LOOP = 0x30b, /* GS bool: this machine hears it too */
    KITH_OPT_IPV6_MULTICAST_ALL =
        0x30c, /* GS bool: hear groups that others here joined (Linux: yes) */
    KITH_OPT_IPV6_ADDRFORM =
        0x30d, /* S int, KITH_INET: a mapped connection becomes one; L */
    KITH_OPT_IPV6_AUTHHDR = 0x30e,           /* GS bool; - */
    KITH_OPT_IPV6_AUTH_LEVEL = 0x30f,        /* GS int; - */
    KITH_OPT_IPV6_CHECKSUM = 0x310,          /* GS int: where it stands; -1 = none; raw */
    KITH_OPT_IPV6_DSTOPTS = 0x311,           /* GS bytes of the header that is sent */
    KITH_OPT_IPV6_ESP_TRANS_LEVEL = 0x312,   /* GS int; - */
    KITH_OPT_IPV6_ESP_NETWORK_LEVEL = 0x313, /* GS int; - */
    KITH_OPT_IPV6_FAITH = 0x314,             /* GS bool; - */
    KITH_OPT_IPV6_FLOWINFO = 0x315,          /* GS bool: packets bring it; L */
    KITH_OPT_IPV6_RECVHOPLIMIT = 0x316,      /* GS bool */
    KITH_OPT_IPV6_HOPOPTS = 0x317,           /* GS bytes of the header that is sent */
    KITH_OPT_IPV6_IPCOMP_LEVEL = 0x318,      /* GS int; - */
    KITH_OPT_IPV6_MTU = 0x319,               /* GS int, bytes; read when connected; L */
    KITH_OPT_IPV6_MTU_DISCOVER = 0x31a,      /* GS int, KITH_PMTUD_...; L */
    KITH_OPT_IPV6_PORTRANGE = 0x31b,         /* GS int; B */
    KITH_OPT_IPV6_PKTOPTIONS = 0x31c,   /* G bytes, native control messages; stream; L */
    KITH_OPT_IPV6_RECVERR = 0x31d,      /* GS bool: errors are queued; L */
    KITH_OPT_IPV6_RECVPKTINFO = 0x31e,  /* GS bool: packets tell where they arrived */
    KITH_OPT_IPV6_RECVTCLASS = 0x31f,   /* GS bool */
    KITH_OPT_IPV6_ROUTER_ALERT = 0x320, /* S int; raw; L */
    KITH_OPT_IPV6_RTHDR = 0x321,        /* GS bytes of the header that is sent */
    KITH_OPT_IPV6_TCLASS = 0x322,       /* GS int, 0..255; -1 = the default */
    KITH_OPT_IPV6_USE_MIN_MTU = 0x323,  /* GS int; B */
    KITH_OPT_IPV6_FREEBIND = 0x324,    /* GS bool: bind to an address that is not here; L */
    KITH_OPT_IPV6_TRANSPARENT = 0x325, /* GS bool; L */
    KITH_OPT_IPV6_AUTOFLOWLABEL = 0x326,    /* GS bool */
    KITH_OPT_IPV6_DONTFRAG = 0x327,         /* GS bool */
    KITH_OPT_IPV6_RECVPATHMTU = 0x328,      /* GS bool */
    KITH_OPT_IPV6_RECVORIGDSTADDR = 0x329,  /* GS bool */
    KITH_OPT_IPV6_MINHOPCOUNT = 0x32a,      /* GS int, 0..255: less is dropped; L */
    KITH_OPT_IPV6_RECVFRAGSIZE = 0x32b,     /* GS bool; L */
    KITH_OPT_IPV6_RECVHOPOPTS = 0x32c,      /* GS bool: packets bring that header */
    KITH_OPT_IPV6_RECVDSTOPTS = 0x32d,      /* GS bool */
    KITH_OPT_IPV6_RECVRTHDR = 0x32e,        /* GS bool */
    KITH_OPT_IPV6_RTHDRDSTOPTS = 0x32f,     /* GS bytes of the header that is sent */
    KITH_OPT_IPV6_ADDR_PREFERENCES = 0x330, /* GS int, RFC 5014's bits; L */
    KITH_OPT_IPV6_RECVERR_RFC4884 = 0x331,  /* GS bool; L */
    KITH_OPT_IPV6_FLOWINFO_SEND = 0x332,    /* GS bool: an address' flowinfo is sent; L */
    /* The same by other names. */
    KITH_OPT_IPV6_JOIN_GROUP = KITH_OPT_IPV6_ADD_MEMBERSHIP,
    KITH_OPT_IPV6_LEAVE_GROUP = KITH_OPT_IPV6_DROP_MEMBERSHIP,
    KITH_OPT_IPV6_HOPLIMIT = KITH_OPT_IPV6_RECVHOPLIMIT,
    KITH_OPT_IPV6_PKTINFO = KITH_OPT_IPV6_RECVPKTINFO,

    KITH_OPT_TCP_NODELAY = 0x400,      /* GS bool */
    KITH_OPT_TCP_CORK = 0x401,         /* GS bool */
    KITH_OPT_TCP_MAXSEG = 0x402,       /* GS int, bytes */
    KITH_OPT_TCP_KEEPIDLE = 0x403,     /* GS int, seconds */
    KITH_OPT_TCP_KEEPINTVL = 0x404,    /* GS int, seconds */
    KITH_OPT_TCP_KEEPCNT = 0x405,      /* GS int, probes */
    KITH_OPT_TCP_USER_TIMEOUT = 0x406, /* GS int, milliseconds; 0 = the default */
    KITH_OPT_TCP_CONGESTION = 0x407,   /* GS text, an algorithm's name */
    KITH_OPT_TCP_INFO = 0x408,         /* G kith_tcp_info; L */
    KITH_OPT_TCP_MD5SIG = 0x409,       /* S kith_md5sig; L */
    KITH_OPT_TCP_NOOPT = 0x40a,        /* GS bool; B */
    KITH_OPT_TCP_NOPUSH = 0x40b,       /* GS bool; B; Linux: cork */
    KITH_OPT_TCP_SYNCNT = 0x40c,       /* GS int, 1..255: how often a connect asks; L */
    KITH_OPT_TCP_DEFER_ACCEPT = 0x40d, /* GS int, seconds: accept when bytes are there; L */
    KITH_OPT_TCP_QUICKACK = 0x40e,     /* GS bool, until the system thinks otherwise; L */
    KITH_OPT_TCP_FASTOPEN = 0x40f,     /* GS int: how many may wait; a listener's */
    KITH_OPT_TCP_FASTOPEN_CONNECT = 0x410, /* GS bool: the first send connects; L */
    KITH_OPT_TCP_NOTSENT_LOWAT = 0x411, /* GS int, bytes: not ready with more unsent; L */
    KITH_OPT_TCP_WINDOW_CLAMP = 0x412,  /* GS int, bytes; L */
    KITH_OPT_TCP_LINGER2 = 0x413,       /* GS int, seconds in FIN_WAIT2; L */
    KITH_OPT_TCP_THIN_LINEAR_TIMEOUTS = 0x414, /* GS bool; L */
    KITH_OPT_TCP_SAVE_SYN = 0x415,             /* GS bool; a listener's; L */
    KITH_OPT_TCP_SAVED_SYN =
        0x416,                /* G bytes, once, were there room or not: what opened it; L */
    KITH_OPT_TCP_INQ = 0x417, /* GS bool: packets tell how much is left; L */
    KITH_OPT_TCP_FASTOPEN_NO_COOKIE = 0x418, /* GS bool: none is asked for or needed; L */

    KITH_OPT_UDP_CORK = 0x500,    /* GS bool: gathers one datagram; L */
    KITH_OPT_UDP_SEGMENT = 0x501, /* GS int, bytes: what is sent is cut so; 0 = off; L */
    KITH_OPT_UDP_GRO = 0x502,     /* GS bool: equal datagrams come as one; L */
    KITH_OPT_UDP_NO_CHECK6_TX = 0x503, /* GS bool; L */
    KITH_OPT_UDP_NO_CHECK6_RX = 0x504, /* GS bool; L */

    /* Structs are those of sctp_value.h. M: of KITH_SEQPACKET alone. */
    KITH_OPT_SCTP_ADAPTION_LAYER = 0x600,        /* GS int: told to each new peer */
    KITH_OPT_SCTP_ASSOCINFO = 0x601,             /* GS kith_sctp_assocparams */
    KITH_OPT_SCTP_AUTH_ACTIVE_KEY = 0x602,       /* GS kith_sctp_authkeyid */
    KITH_OPT_SCTP_AUTH_ASCONF = 0x603,           /* GS bool: peers hear of new addresses */
    KITH_OPT_SCTP_AUTH_CHUNK = 0x604,            /* S int, 0..255: a kind to be signed */
    KITH_OPT_SCTP_AUTH_KEY = 0x605,              /* S kith_sctp_authkey */
    KITH_OPT_SCTP_AUTH_DELETE_KEY = 0x606,       /* S kith_sctp_authkeyid */
    KITH_OPT_SCTP_AUTOCLOSE = 0x607,             /* GS int, seconds idle; 0: never; M */
    KITH_OPT_SCTP_CONTEXT = 0x608,               /* GS kith_sctp_assoc_value */
    KITH_OPT_SCTP_DEFAULT_SEND_PARAM = 0x609,    /* GS kith_sctp_sndrcvinfo */
    KITH_OPT_SCTP_DELAYED_ACK_TIME = 0x60a,      /* GS kith_sctp_sack_info */
    KITH_OPT_SCTP_DISABLE_FRAGMENTS = 0x60b,     /* GS bool: what is too long is EMSGSIZE */
    KITH_OPT_SCTP_HMAC_IDENT = 0x60c,            /* GS kith_sctp_hmacalgo */
    KITH_OPT_SCTP_EVENTS = 0x60d,                /* GS kith_sctp_event_subscribe */
    KITH_OPT_SCTP_EXPLICIT_EOR = 0x60e,          /* GS bool; B */
    KITH_OPT_SCTP_FRAGMENT_INTERLEAVE = 0x60f,   /* GS int, 0..2; Linux: 0 or 1 */
    KITH_OPT_SCTP_GET_PEER_ADDR_INFO = 0x610,    /* G kith_sctp_paddrinfo */
    KITH_OPT_SCTP_INITMSG = 0x611,               /* GS kith_sctp_initmsg */
    KITH_OPT_SCTP_I_WANT_MAPPED_V4_ADDR = 0x612, /* GS bool: of inet6, for IPv4's peers */
    KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS = 0x613,     /* G kith_sctp_authchunks */
    KITH_OPT_SCTP_MAXSEG = 0x614,   /* GS kith_sctp_assoc_value, bytes; 0: path's */
    KITH_OPT_SCTP_MAXBURST = 0x615, /* GS kith_sctp_assoc_value, packets; 0: any */
    KITH_OPT_SCTP_NODELAY = 0x616,  /* GS bool */
    KITH_OPT_SCTP_PARTIAL_DELIVERY_POINT = 0x617, /* GS int, bytes of an unfinished one */
    KITH_OPT_SCTP_PEER_ADDR_PARAMS = 0x618,       /* GS kith_sctp_paddrparams */
    KITH_OPT_SCTP_PEER_AUTH_CHUNKS = 0x619,       /* G kith_sctp_authchunks */
    KITH_OPT_SCTP_PRIMARY_ADDR = 0x61a,           /* GS kith_sctp_prim */
    KITH_OPT_SCTP_RESET_STREAMS = 0x61b,          /* S kith_sctp_reset_streams */
    KITH_OPT_SCTP_RTOINFO = 0x61c,                /* GS kith_sctp_rtoinfo */
    KITH_OPT_SCTP_SET_PEER_PRIMARY_ADDR = 0x61d,  /* S kith_sctp_prim */
    KITH_OPT_SCTP_STATUS = 0x61e,                 /* G kith_sctp_status */
    KITH_OPT_SCTP_USE_EXT_RECVINFO = 0x61f,       /* GS bool; B */
    KITH_OPT_SCTP_RECVRCVINFO = 0x620,     /* GS bool: messages bring a kith_sctp_rcvinfo */
    KITH_OPT_SCTP_RECVNXTINFO = 0x621,     /* GS bool: and a kith_sctp_nxtinfo */
    KITH_OPT_SCTP_DEFAULT_SNDINFO = 0x622, /* GS kith_sctp_sndinfo */
    KITH_OPT_SCTP_ENABLE_STREAM_RESET =
        0x623, /* GS kith_sctp_assoc_value, bits: 1 streams' */

    /* Of sizes 0 is the default. An accepted socket has those of its listener, but for meta. */
    KITH_OPT_OTP_FD = 0x700,     /* G int: the descriptor; it stays kith's */
    KITH_OPT_OTP_RCVBUF = 0x701, /* GS int, bytes; or kith_rcvbuf, of streams */
    KITH_OPT_OTP_CONTROLLING_PROCESS = 0x702, /* GS kith_pid: the owner */
    KITH_OPT_OTP_DOMAIN = 0x703,              /* G int: KITH_INET... */
    KITH_OPT_OTP_TYPE = 0x704,                /* G int: KITH_STREAM... */
    KITH_OPT_OTP_PROTOCOL = 0x705,            /* G int: KITH_TCP... */
    KITH_OPT_OTP_DEBUG = 0x706,      /* GS bool: each operation is a line in the log */
    KITH_OPT_OTP_IOW = 0x707,        /* GS bool: the owner gets KITH_TAG_COUNTER_WRAP */
    KITH_OPT_OTP_RCVCTRLBUF = 0x708, /* GS int, bytes: for control messages of a receive */
    KITH_OPT_OTP_SNDCTRLBUF = 0x709, /* GS int, bytes: the same of a send */
    KITH_OPT_OTP_META = 0x70a,       /* GS uint64_t, the owner's to set: what he likes */
    KITH_OPT_OTP_USE_REGISTRY = 0x70b, /* G bool: kith_socket_which tells of it */
    KITH_OPT_OTP_SNDQUEUE = 0x70c /* GS int, bytes: with so much KITH_MSG_QUEUE is full */
};

/* What there is to know of an option. */
typedef struct kith_opt_info {
    kith_opt id;
    const char *level, *name; /* the reference's words: "tcp", "nodelay" */
    const char *type; /* of its value: "int", "bool", "text", "bytes", "kith_linger"... */
    size_t len; /* of its value; the most that text (with its NUL) and bytes may have */
    bool get, set;
} kith_opt_info;

/**
 * Find an option by the reference's words for its level and itself.
 *
 * An option with two names is found by both.
 *
 * returns  the option; or KITH_ENOENT: there is none of this name.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP's {Level, Name} of a socket_option().
 */
KITH_API kith_opt
kith_opt_find(const char *level, const char *name);

/**
 * Tell all options, one after the other: i is 0, 1, 2... The order stays the same.
 *
 * returns  the i-th option; or KITH_ENOENT: there are no more.
 * context  any thread, with or without a runtime; never suspends.
 */
KITH_API kith_opt
kith_opt_at(size_t i);

/**
 * Tell what an option is.
 *
 * returns  0; or KITH_EINVAL: no such option, and `*info` is untouched.
 * context  any thread, with or without a runtime; never suspends.
 * owns     `info` is the caller's; its texts live for ever.
 */
KITH_API KITH_NODISCARD int
kith_opt_describe(kith_opt o, kith_opt_info *info);

/**
 * Tell whether the running system has an option.
 *
 * The system is asked once after each start, on a socket of a kind that fits. That it has one
 * does not say that everybody may use it, or with every socket.
 *
 * returns  1 or 0; or
 *          KITH_EINVAL  no such option;
 *          KITH_EMFILE, ...  no socket could be made to ask.
 * context  any thread; never suspends.
 * source   OTP socket:is_supported(options, Level, Option).
 */
KITH_API KITH_NODISCARD int
kith_supports(kith_opt o);

/**
 * Tell whether the running system has sockets of this kind.
 *
 * So {KITH_INET6, KITH_DGRAM, 0} asks for IPv6, {KITH_LOCAL, KITH_STREAM, 0} for local sockets,
 * {KITH_INET, KITH_STREAM, KITH_SCTP} or {.., KITH_MPTCP} for those protocols.
 *
 * returns  1 or 0; or
 *          KITH_EINVAL  no such domain or type;
 *          KITH_EPERM, KITH_EACCES  it is not for this user to know;
 *          KITH_EMFILE, ...  no socket could be made to ask.
 * context  any thread; never suspends.
 * source   OTP socket:is_supported(ipv6 | local | sctp | mptcp), (protocols, Protocol).
 */
KITH_API KITH_NODISCARD int
kith_supports_socket(int domain, int type, int protocol);

/**
 * Tell whether this system has a flag for send or receive.
 *
 * returns  1 or 0: 0 too for KITH_MSG_CTRUNC, which is told and never asked for, and for what is
 *          not one of KITH_MSG_...
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket:is_supported(msg_flags, Flag).
 */
KITH_API KITH_NODISCARD int
kith_supports_msg_flag(unsigned flag);

/**
 * Give the name of a message flag: "oob", "peek", "waitall"...
 *
 * returns  its name; NULL for what is not one of KITH_MSG_..., or several.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 * source   OTP socket msg_flag(). Differs: waitall and queue are kith's.
 */
KITH_API const char *
kith_msg_flag_name(unsigned flag);

/**
 * Give the message flag with a name.
 *
 * returns  one of KITH_MSG_...; or KITH_EINVAL when there is none of this name.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket msg_flag().
 */
KITH_API KITH_NODISCARD int
kith_msg_flag_by_name(const char *name);

/**
 * Set an option.
 *
 * returns  0; or
 *          KITH_EINVAL      no such option, `len` is not that of its kind, no such value;
 *          KITH_ENOPROTOOPT, KITH_EOPNOTSUPP  this system or socket lacks it; it is read only;
 *          KITH_EPERM       not the owner (otp controlling_process, meta), or not allowed;
 *          KITH_ENOPROC     otp controlling_process: that process is dead;
 *          KITH_EBADF, KITH_ECLOSED;  any other code is the kernel's.
 * context  any thread; suspends only while the socket is busy.
 * owns     `len` bytes of `v` are copied.
 * source   OTP socket:setopt/3.
 */
KITH_API KITH_NODISCARD int
kith_socket_setopt(kith_socket s, kith_opt o, const void *v, size_t len);

/**
 * Read an option.
 *
 * returns  the value's length; or
 *          KITH_EINVAL      no such option, or `cap` is too small;
 *          KITH_ENOPROTOOPT, KITH_EOPNOTSUPP  this system or this kind of socket lacks it;
 *          KITH_EAFNOSUPPORT, KITH_ESOCKTNOSUPPORT  a domain or type kith has no name for;
 *          KITH_EBADF, KITH_ECLOSED;  any other code is the kernel's.
 * context  any thread; suspends only while the socket is busy.
 * owns     `v` is the caller's.
 * source   OTP socket:getopt/2.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_getopt(kith_socket s, kith_opt o, void *v, size_t cap);

/**
 * Set an option of kind int or bool.
 *
 * returns  as kith_socket_setopt; another kind: KITH_EINVAL.
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:setopt/3.
 */
KITH_API KITH_NODISCARD int
kith_socket_setopt_int(kith_socket s, kith_opt o, int v);

/**
 * Read an option of kind int or bool.
 *
 * returns  0, and `*v` is the value; or as kith_socket_getopt; another kind: KITH_EINVAL.
 * context  any thread; suspends only while the socket is busy.
 * owns     `v` is the caller's.
 * source   OTP socket:getopt/2.
 */
KITH_API KITH_NODISCARD int
kith_socket_getopt_int(kith_socket s, kith_opt o, int *v);

/**
 * Set an option by the system's own level and number, as raw bytes.
 *
 * returns  0; KITH_EINVAL: no bytes there; KITH_EBADF, KITH_ECLOSED; or the kernel's code.
 * context  any thread; suspends only while the socket is busy.
 * owns     the bytes of `v` are read, no more.
 * source   OTP socket:setopt_native/3.
 */
KITH_API KITH_NODISCARD int
kith_socket_setopt_native(kith_socket s, int level, int number, kith_iov v);

/**
 * Read an option by the system's own level and number, as raw bytes.
 *
 * What stands in `v` before is given to the system, which some options look at.
 *
 * returns  the length the system gave; or a code as kith_socket_setopt_native.
 * context  any thread; suspends only while the socket is busy.
 * owns     the bytes of `v` are the caller's.
 * source   OTP socket:getopt_native/3.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_getopt_native(kith_socket s, int level, int number, kith_iov v);

#ifdef __cplusplus
}
#endif

#endif
