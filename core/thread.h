/* SPDX-License-Identifier: Apache-2.0
 * thread.h -- threads, locks and thread-local keys are POSIX threads': the one door to them. */
#ifndef KI_THREAD_H
#define KI_THREAD_H

#include <pthread.h>

#endif
