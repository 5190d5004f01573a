/* SPDX-License-Identifier: Apache-2.0
 * os_net.h -- the system's headers of the net, and what they lack.
 *
 * The one place that knows which names and structs this system has. A number that it has no macro for
 * is -1 here, a flag or a request 0: the tables have their row all the same, and it says that the
 * system lacks it. KI_HAVE_<what> is 1 or 0 for each struct and call that only some systems have.
 * Included behind all headers of the system, for it would name what they are about to. */
#ifndef KI_OS_NET_H
#define KI_OS_NET_H

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#if defined(__linux__)

#include <linux/errqueue.h>
#include <linux/sctp.h>
#include <linux/sockios.h>
#include <linux/tcp.h> /* which has more than netinet/tcp.h, and cannot stand beside it */
#include <net/if_arp.h>

#define KI_SYSTEM_HERE KI_LINUX
#define KI_HAVE_ARPHRD 1   /* kinds of hardware, by ARP's numbers */
#define KI_HAVE_ERRQUEUE 1 /* struct sock_extended_err */
#define KI_HAVE_IFMAP 1    /* ifr_map, and ifr_ifindex */
#define KI_HAVE_MMSG 1     /* sendmmsg, recvmmsg */
#define KI_HAVE_SCTP 1     /* its structs, as Linux lays them out */
#define KI_HAVE_SNDLOWAT 0 /* another SO_SNDLOWAT than the 1 it is at first */
#define KI_HAVE_TCP_INFO 1 /* struct tcp_info, and struct tcp_md5sig */
#define KI_HAVE_UCRED 1    /* struct ucred, of SO_PEERCRED and SCM_CREDENTIALS */
/* The type of a control message that an option asks for, if it is not the one it is sent by. */
#define KI_TOLD_AS(option) -1

/* Of kernels and headers newer than a C library, or such that cannot stand beside its own. */
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif
#ifndef IPV6_FLOWINFO_SEND
#define IPV6_FLOWINFO_SEND 33
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 31
#endif
#ifndef MSG_NOTIFICATION
#define MSG_NOTIFICATION 0x8000
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK 75
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

#else

#include <netinet/tcp.h>
#include <sys/filio.h>
#include <sys/sockio.h>

#if defined(__APPLE__)
#define KI_SYSTEM_HERE KI_MACOS
#elif defined(__OpenBSD__)
#define KI_SYSTEM_HERE KI_OPENBSD
#else
#define KI_SYSTEM_HERE KI_FREEBSD
#endif
#define KI_HAVE_ARPHRD 0
#define KI_HAVE_ERRQUEUE 0
#define KI_HAVE_IFMAP 0
#define KI_HAVE_MMSG 0
#define KI_HAVE_SCTP 0
#define KI_HAVE_SNDLOWAT 1
#define KI_HAVE_TCP_INFO 0
#define KI_HAVE_UCRED 0
#define KI_TOLD_AS(option) option

#endif

/* Structs that come with a number. */
#ifdef MCAST_JOIN_GROUP
#define KI_HAVE_MCAST 1 /* struct group_req, struct group_source_req */
#else
#define KI_HAVE_MCAST 0
#endif
#ifdef MCAST_MSFILTER
#define KI_HAVE_MSFILTER 1 /* struct group_filter */
#else
#define KI_HAVE_MSFILTER 0
#endif
#ifdef IP_PKTINFO
#define KI_HAVE_PKTINFO 1 /* struct in_pktinfo */
#else
#define KI_HAVE_PKTINFO 0
#endif

/* The same by another name, or by another still. */
#ifndef SO_LINGER_SEC /* where SO_LINGER counts ticks, this one counts seconds */
#define SO_LINGER_SEC SO_LINGER
#endif
#ifndef SIOCOUTQ
#ifdef FIONWRITE
#define SIOCOUTQ FIONWRITE
#else
#define SIOCOUTQ 0
#endif
#endif
#ifndef TCP_KEEPIDLE
#ifdef TCP_KEEPALIVE
#define TCP_KEEPIDLE TCP_KEEPALIVE
#else
#define TCP_KEEPIDLE -1
#endif
#endif
#ifndef IP_RECVRETOPTS /* which BSD tells from the options to be sent, IP_RETOPTS */
#ifdef IP_RETOPTS
#define IP_RECVRETOPTS IP_RETOPTS
#else
#define IP_RECVRETOPTS -1
#endif
#endif
#ifndef EAI_NODATA
#define EAI_NODATA EAI_NONAME
#endif
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

/* Errors: no call fails with 0. */
#ifndef ENODATA
#define ENODATA 0
#endif
#ifndef ENONET
#define ENONET 0
#endif

/* What a call takes: 0 does nothing there. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif
#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif
#ifndef MSG_NOTIFICATION
#define MSG_NOTIFICATION 0
#endif

/* Flags that are asked for. */
#ifndef MSG_MORE
#define MSG_MORE -1
#endif
#ifndef MSG_CONFIRM
#define MSG_CONFIRM -1
#endif
#ifndef MSG_ERRQUEUE
#define MSG_ERRQUEUE -1
#endif

/* Requests of ioctl. */
#ifndef FIONSPACE
#define FIONSPACE 0
#endif
#ifndef SIOCGIFNAME
#define SIOCGIFNAME 0
#endif
#ifndef SIOCGIFMAP
#define SIOCGIFMAP 0
#endif
#ifndef SIOCGIFHWADDR
#define SIOCGIFHWADDR 0
#endif
#ifndef SIOCSIFHWADDR
#define SIOCSIFHWADDR 0
#endif
#ifndef SIOCGIFTXQLEN
#define SIOCGIFTXQLEN 0
#endif
#ifndef SIOCSIFTXQLEN
#define SIOCSIFTXQLEN 0
#endif
#ifndef SIOCGIFINDEX
#define SIOCGIFINDEX 0
#endif

/* Flags of an interface. */
#ifndef IFF_NOTRAILERS
#define IFF_NOTRAILERS 0
#endif
#ifndef IFF_MASTER
#define IFF_MASTER 0
#endif
#ifndef IFF_SLAVE
#define IFF_SLAVE 0
#endif
#ifndef IFF_PORTSEL
#define IFF_PORTSEL 0
#endif
#ifndef IFF_AUTOMEDIA
#define IFF_AUTOMEDIA 0
#endif
#ifndef IFF_DYNAMIC
#define IFF_DYNAMIC 0
#endif
#ifndef IFF_OACTIVE
#define IFF_OACTIVE 0
#endif
#ifndef IFF_SIMPLEX
#define IFF_SIMPLEX 0
#endif
#ifndef IFF_LINK0
#define IFF_LINK0 0
#endif
#ifndef IFF_LINK1
#define IFF_LINK1 0
#endif
#ifndef IFF_LINK2
#define IFF_LINK2 0
#endif

/* Options of level socket, and its control messages. */
#ifndef SCM_TIMESTAMPNS
#define SCM_TIMESTAMPNS -1
#endif
#ifndef SCM_TIMESTAMPING
#define SCM_TIMESTAMPING -1
#endif
#ifndef SCM_CREDENTIALS
#define SCM_CREDENTIALS -1
#endif
#ifndef SO_RXQ_OVFL
#define SO_RXQ_OVFL -1
#endif
#ifndef SO_MARK
#define SO_MARK -1
#endif
#ifndef SO_PRIORITY
#define SO_PRIORITY -1
#endif
#ifndef SO_REUSEPORT
#define SO_REUSEPORT -1
#endif
#ifndef SO_DOMAIN
#define SO_DOMAIN -1
#endif
#ifndef SO_PROTOCOL
#define SO_PROTOCOL -1
#endif
#ifndef SO_ACCEPTCONN
#define SO_ACCEPTCONN -1
#endif
#ifndef SO_ACCEPTFILTER
#define SO_ACCEPTFILTER -1
#endif
#ifndef SO_BINDTODEVICE
#define SO_BINDTODEVICE -1
#endif
#ifndef SO_BUSY_POLL
#define SO_BUSY_POLL -1
#endif
#ifndef SO_PASSCRED
#define SO_PASSCRED -1
#endif
#ifndef SO_PEEK_OFF
#define SO_PEEK_OFF -1
#endif
#ifndef SO_PEERCRED
#define SO_PEERCRED -1
#endif
#ifndef SO_RCVBUFFORCE
#define SO_RCVBUFFORCE -1
#endif
#ifndef SO_SETFIB
#define SO_SETFIB -1
#endif
#ifndef SO_SNDBUFFORCE
#define SO_SNDBUFFORCE -1
#endif
#ifndef SO_TIMESTAMP
#define SO_TIMESTAMP -1
#endif
#ifndef SO_TIMESTAMPNS
#define SO_TIMESTAMPNS -1
#endif
#ifndef SO_TIMESTAMPING
#define SO_TIMESTAMPING -1
#endif
#ifndef SO_INCOMING_CPU
#define SO_INCOMING_CPU -1
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY -1
#endif
#ifndef SO_MAX_PACING_RATE
#define SO_MAX_PACING_RATE -1
#endif
#ifndef SO_COOKIE
#define SO_COOKIE -1
#endif
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX -1
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL -1
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK -1
#endif

/* Groups, of both families. */
#ifndef MCAST_JOIN_GROUP
#define MCAST_JOIN_GROUP -1
#endif
#ifndef MCAST_LEAVE_GROUP
#define MCAST_LEAVE_GROUP -1
#endif
#ifndef MCAST_JOIN_SOURCE_GROUP
#define MCAST_JOIN_SOURCE_GROUP -1
#endif
#ifndef MCAST_LEAVE_SOURCE_GROUP
#define MCAST_LEAVE_SOURCE_GROUP -1
#endif
#ifndef MCAST_BLOCK_SOURCE
#define MCAST_BLOCK_SOURCE -1
#endif
#ifndef MCAST_UNBLOCK_SOURCE
#define MCAST_UNBLOCK_SOURCE -1
#endif
#ifndef MCAST_MSFILTER
#define MCAST_MSFILTER -1
#endif

/* Options of level ip. */
#ifndef IP_PKTINFO
#define IP_PKTINFO -1
#endif
#ifndef IP_ORIGDSTADDR
#define IP_ORIGDSTADDR -1
#endif
#ifndef IP_RECVERR
#define IP_RECVERR -1
#endif
#ifndef IP_RETOPTS
#define IP_RETOPTS -1
#endif
#ifndef IP_MULTICAST_ALL
#define IP_MULTICAST_ALL -1
#endif
#ifndef IP_DONTFRAG
#define IP_DONTFRAG -1
#endif
#ifndef IP_FREEBIND
#define IP_FREEBIND -1
#endif
#ifndef IP_MINTTL
#define IP_MINTTL -1
#endif
#ifndef IP_MTU
#define IP_MTU -1
#endif
#ifndef IP_MTU_DISCOVER
#define IP_MTU_DISCOVER -1
#endif
#ifndef IP_NODEFRAG
#define IP_NODEFRAG -1
#endif
#ifndef IP_RECVIF
#define IP_RECVIF -1
#endif
#ifndef IP_RECVDSTADDR
#define IP_RECVDSTADDR -1
#endif
#ifndef IP_RECVOPTS
#define IP_RECVOPTS -1
#endif
#ifndef IP_RECVORIGDSTADDR
#define IP_RECVORIGDSTADDR -1
#endif
#ifndef IP_RECVTOS
#define IP_RECVTOS -1
#endif
#ifndef IP_RECVTTL
#define IP_RECVTTL -1
#endif
#ifndef IP_ROUTER_ALERT
#define IP_ROUTER_ALERT -1
#endif
#ifndef IP_TRANSPARENT
#define IP_TRANSPARENT -1
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT -1
#endif
#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE -1
#endif
#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 -1
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE -1
#endif

/* Options of level ipv6. */
#ifndef IPV6_ORIGDSTADDR
#define IPV6_ORIGDSTADDR -1
#endif
#ifndef IPV6_RECVERR
#define IPV6_RECVERR -1
#endif
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL -1
#endif
#ifndef IPV6_ADDRFORM
#define IPV6_ADDRFORM -1
#endif
#ifndef IPV6_AUTH_LEVEL
#define IPV6_AUTH_LEVEL -1
#endif
#ifndef IPV6_CHECKSUM
#define IPV6_CHECKSUM -1
#endif
#ifndef IPV6_DSTOPTS
#define IPV6_DSTOPTS -1
#endif
#ifndef IPV6_ESP_TRANS_LEVEL
#define IPV6_ESP_TRANS_LEVEL -1
#endif
#ifndef IPV6_ESP_NETWORK_LEVEL
#define IPV6_ESP_NETWORK_LEVEL -1
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO -1
#endif
#ifndef IPV6_RECVHOPLIMIT
#define IPV6_RECVHOPLIMIT -1
#endif
#ifndef IPV6_HOPOPTS
#define IPV6_HOPOPTS -1
#endif
#ifndef IPV6_IPCOMP_LEVEL
#define IPV6_IPCOMP_LEVEL -1
#endif
#ifndef IPV6_MTU
#define IPV6_MTU -1
#endif
#ifndef IPV6_MTU_DISCOVER
#define IPV6_MTU_DISCOVER -1
#endif
#ifndef IPV6_PORTRANGE
#define IPV6_PORTRANGE -1
#endif
#ifndef IPV6_2292PKTOPTIONS
#define IPV6_2292PKTOPTIONS -1
#endif
#ifndef IPV6_RECVPKTINFO
#define IPV6_RECVPKTINFO -1
#endif
#ifndef IPV6_RECVTCLASS
#define IPV6_RECVTCLASS -1
#endif
#ifndef IPV6_ROUTER_ALERT
#define IPV6_ROUTER_ALERT -1
#endif
#ifndef IPV6_RTHDR
#define IPV6_RTHDR -1
#endif
#ifndef IPV6_TCLASS
#define IPV6_TCLASS -1
#endif
#ifndef IPV6_USE_MIN_MTU
#define IPV6_USE_MIN_MTU -1
#endif
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND -1
#endif
#ifndef IPV6_TRANSPARENT
#define IPV6_TRANSPARENT -1
#endif
#ifndef IPV6_AUTOFLOWLABEL
#define IPV6_AUTOFLOWLABEL -1
#endif
#ifndef IPV6_DONTFRAG
#define IPV6_DONTFRAG -1
#endif
#ifndef IPV6_RECVPATHMTU
#define IPV6_RECVPATHMTU -1
#endif
#ifndef IPV6_RECVORIGDSTADDR
#define IPV6_RECVORIGDSTADDR -1
#endif
#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT -1
#endif
#ifndef IPV6_RECVFRAGSIZE
#define IPV6_RECVFRAGSIZE -1
#endif
#ifndef IPV6_RECVHOPOPTS
#define IPV6_RECVHOPOPTS -1
#endif
#ifndef IPV6_RECVDSTOPTS
#define IPV6_RECVDSTOPTS -1
#endif
#ifndef IPV6_RECVRTHDR
#define IPV6_RECVRTHDR -1
#endif
#ifndef IPV6_RTHDRDSTOPTS
#define IPV6_RTHDRDSTOPTS -1
#endif
#ifndef IPV6_ADDR_PREFERENCES
#define IPV6_ADDR_PREFERENCES -1
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 -1
#endif
#ifndef IPV6_FLOWINFO_SEND
#define IPV6_FLOWINFO_SEND -1
#endif

/* Options of levels tcp and udp. */
#ifndef TCP_CORK
#define TCP_CORK -1
#endif
#ifndef TCP_KEEPINTVL
#define TCP_KEEPINTVL -1
#endif
#ifndef TCP_KEEPCNT
#define TCP_KEEPCNT -1
#endif
#ifndef TCP_USER_TIMEOUT
#define TCP_USER_TIMEOUT -1
#endif
#ifndef TCP_CONGESTION
#define TCP_CONGESTION -1
#endif
#ifndef TCP_NOOPT
#define TCP_NOOPT -1
#endif
#ifndef TCP_NOPUSH
#define TCP_NOPUSH -1
#endif
#ifndef TCP_SYNCNT
#define TCP_SYNCNT -1
#endif
#ifndef TCP_DEFER_ACCEPT
#define TCP_DEFER_ACCEPT -1
#endif
#ifndef TCP_QUICKACK
#define TCP_QUICKACK -1
#endif
#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN -1
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT -1
#endif
#ifndef TCP_NOTSENT_LOWAT
#define TCP_NOTSENT_LOWAT -1
#endif
#ifndef TCP_WINDOW_CLAMP
#define TCP_WINDOW_CLAMP -1
#endif
#ifndef TCP_LINGER2
#define TCP_LINGER2 -1
#endif
#ifndef TCP_THIN_LINEAR_TIMEOUTS
#define TCP_THIN_LINEAR_TIMEOUTS -1
#endif
#ifndef TCP_SAVE_SYN
#define TCP_SAVE_SYN -1
#endif
#ifndef TCP_SAVED_SYN
#define TCP_SAVED_SYN -1
#endif
#ifndef TCP_INQ
#define TCP_INQ -1
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE -1
#endif
#ifndef UDP_CORK
#define UDP_CORK -1
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT -1
#endif
#ifndef UDP_GRO
#define UDP_GRO -1
#endif
#ifndef UDP_NO_CHECK6_TX
#define UDP_NO_CHECK6_TX -1
#endif
#ifndef UDP_NO_CHECK6_RX
#define UDP_NO_CHECK6_RX -1
#endif

#endif
