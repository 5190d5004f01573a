/* SPDX-License-Identifier: Apache-2.0
 * bytes.h -- how much memory the library holds, counted at the seam.
 *
 *   class Promise : public kt_runtime {
 *     protected:
 *       kt_bytes bytes_;                // before the runtime starts, gone after it has stopped
 *   };
 *   const std::int64_t before = bytes_.in_use();
 *
 * What slabs keep for the next use is in use too. */
#ifndef KT_BYTES_H
#define KT_BYTES_H

#include "core/seam.h"

#include <atomic>
#include <cstdint>

class kt_bytes {
  public:
    kt_bytes()
    {
        real_ = ki_seam;
        in_use_ = 0;
        ki_seam.alloc = [](std::size_t size, std::size_t align) {
            void *p = real_.alloc(size, align);

            if (p != nullptr)
                in_use_ += static_cast<std::int64_t>(size);
            return p;
        };
        ki_seam.free = [](void *p, std::size_t size, std::size_t align) {
            if (p != nullptr)
                in_use_ -= static_cast<std::int64_t>(size);
            real_.free(p, size, align);
        };
    }

    ~kt_bytes()
    {
        ki_seam.alloc = real_.alloc;
        ki_seam.free = real_.free;
    }

    kt_bytes(const kt_bytes &) = delete;
    kt_bytes &operator=(const kt_bytes &) = delete;

    /* More than when this was made. */
    std::int64_t in_use() const
    {
        return in_use_;
    }

  private:
    /* The seam takes plain functions: there is one of these at a time. */
    static inline struct ki_seam real_;
    static inline std::atomic<std::int64_t> in_use_ = 0;
};

#endif
