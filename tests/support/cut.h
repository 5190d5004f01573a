/* SPDX-License-Identifier: Apache-2.0
 * cut.h -- connections over a cable whose far end falls silent.
 *
 *   const kt_cut c;
 *   const kt_pair p = c.connect(kt_inet());     // the caller's
 *   c.cut();                                    // what is sent from now on is not answered */
#ifndef KT_CUT_H
#define KT_CUT_H

#include "tests/support/netns.h"
#include "tests/support/sockets.h"

class kt_cut {
  public:
    kt_cut()
    {
        kt_cable(near_, far_);
    }

    kt_pair connect(int domain) const
    {
        const kith_socket l = far_.open(domain, KITH_STREAM);
        const kith_sockaddr at = kt_at_cable(domain, 2);
        kt_pair p = {near_.open(domain, KITH_STREAM), {0}};

        EXPECT_EQ(0, kith_socket_bind(l, &at));
        EXPECT_EQ(0, kith_socket_listen(l, 5));
        const kith_sockaddr to = kt_name_of(l);
        EXPECT_EQ(0, kith_socket_connect(p.near, &to, kt_long()));
        EXPECT_EQ(0, kith_socket_accept(l, kt_long(), &p.far));
        kt_close(l);
        return p;
    }

    /* The far end loses its addresses. */
    void cut() const
    {
        far_.ip("addr del 10.77.1.2/24 dev cable1\naddr del fd77:1::2/64 dev cable1");
    }

  private:
    kt_netns near_, far_;
};

#endif
