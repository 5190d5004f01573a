/* SPDX-License-Identifier: Apache-2.0
 * options.h -- sockets in every state that an option may ask for, and what the system makes of
 * values: written once more here, by its own structs, to be compared with what kith says.
 *
 *   for (const kt_subject_kind &kind : kt_subjects()) {
 *       const kt_subject a(kind), b(kind);        // two alike; they close what they opened
 *       for (const ki_sockopt &row : kt_system_rows())
 *           EXPECT_EQ(kt_read(a.s, row), kt_read_native(a.s, row));
 *   }
 *
 * Those that need a right are left out for who lacks it. */
#ifndef KT_OPTIONS_H
#define KT_OPTIONS_H

#include "tests/support/sockets.h"

#include "core/sockopt.h"

#include <string>
#include <vector>

struct kt_subject_kind {
    const char *name;
    std::vector<kith_socket> (*open)(); /* the subject first, then those that it needs */
};

std::vector<kt_subject_kind> kt_subjects();

class kt_subject {
  public:
    explicit kt_subject(const kt_subject_kind &kind);
    ~kt_subject();
    kt_subject(const kt_subject &) = delete;

    int fd() const;

    kith_socket s = {};

  private:
    std::vector<kith_socket> all_;
};

/* The rows that this system has: those of SCTP, or the others. */
std::vector<ki_sockopt> kt_system_rows(bool of_sctp = false);
std::string kt_name_of(const ki_sockopt &row);

/* The native form of a value, as it is given to the system to set it. */
std::string kt_native_of(const ki_sockopt &row, const std::string &value);

/* What was read by the option's name and by its number, in one form. */
std::string kt_form_of_read(const ki_sockopt &row, const std::string &value);
std::string kt_form_of_told(const ki_sockopt &row, std::string native);

/* What the option is, in that form: by its name, by the system's number, by the system alone. A text
 * that kt_is_code if it cannot be read. */
std::string kt_read(kith_socket s, const ki_sockopt &row);
std::string kt_read_native(kith_socket s, const ki_sockopt &row);
std::string kt_read_system(int fd, const ki_sockopt &row);
bool kt_is_code(const std::string &read);

/* setsockopt(2), by the system alone: 0 or a code. */
int kt_set_system(int fd, int level, int number, const void *v, std::size_t len);

/* Values of its kind that some system takes: ours, as bytes. */
std::vector<std::string> kt_values_of(const ki_sockopt &row);

template <typename T>
std::string
kt_bytes(const T &v)
{
    return std::string(reinterpret_cast<const char *>(&v), sizeof v);
}

#endif
