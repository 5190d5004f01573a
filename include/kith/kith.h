/* SPDX-License-Identifier: Apache-2.0
 * kith.h -- everything: processes, messages, timers, servers and sockets. */
#ifndef KITH_KITH_H
#define KITH_KITH_H

#include <kith/base.h>
#include <kith/domain.h>
#include <kith/error.h>
#include <kith/future.h>
#include <kith/link.h>
#include <kith/listener.h>
#include <kith/log.h>
#include <kith/message.h>
#include <kith/name.h>
#include <kith/net.h>
#include <kith/process.h>
#include <kith/runtime.h>
#include <kith/sctp.h>
#include <kith/sctp_value.h>
#include <kith/server.h>
#include <kith/sockaddr.h>
#include <kith/socket.h>
#include <kith/socket_info.h>
#include <kith/socket_ioctl.h>
#include <kith/socket_msg.h>
#include <kith/socket_opt.h>
#include <kith/socket_value.h>
#include <kith/statem.h>
#include <kith/supervisor.h>
#include <kith/timer.h>

#endif
