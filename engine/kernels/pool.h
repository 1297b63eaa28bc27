/* A pool of threads that share the parts of one job at a time. */
#ifndef FIRESIDE_POOL_H
#define FIRESIDE_POOL_H

#include <stdint.h>

typedef void (*Work)(void *job, int64_t part, int thread);

/* What the next job will read first: each thread `share` bytes, `stride` behind those of the one before. Who has
 * nothing left to do fetches it. */
typedef struct {
    const uint8_t *bytes;
    int64_t stride, share;
} Next;

/* Run work(job, 0 .. parts - 1) on all threads; returns when all parts are done. One job at a time. */
void pool_run(Work work, void *job, int64_t parts, Next next);
void pool_set_threads(int count); /* the calling thread is one of them */
int pool_threads(void);

enum { MOST_THREADS = 64, MOST_FETCHED = 1 << 17 /* bytes: a fraction of a core's own cache */ };

#endif
