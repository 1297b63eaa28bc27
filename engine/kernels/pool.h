/* A pool of threads that share the parts of one job at a time. */
#ifndef FIRESIDE_POOL_H
#define FIRESIDE_POOL_H

#include <stdint.h>

typedef void (*Work)(void *job, int64_t part, int thread);

/* Run work(job, 0 .. parts - 1) on all threads; returns when all parts are done. One job at a time. */
void pool_run(Work work, void *job, int64_t parts);
void pool_set_threads(int count); /* the calling thread is one of them */
int pool_threads(void);

enum { MOST_THREADS = 64 };

#endif
