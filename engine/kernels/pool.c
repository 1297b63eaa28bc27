/* Threads take parts from one counter, so a core that something else disturbs does less. Between jobs they spin for
 * SPINS rounds (some 20 microseconds: the gap between two projections of a layer), then sleep on a condition. Before,
 * they fetch what comes next: memory rested while one thread rounded what the others waited for, 4% of a token's time. */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { SPINS = 2000, LINE = 64, LINES = 8 /* fetched before looking round again */ };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, job_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static pthread_t handles[MOST_THREADS];
static int wanted = 1, running = 1;
static atomic_int stopping, sleepers;
static atomic_uint_fast64_t round_number;
static atomic_int_fast64_t next_part;
static atomic_int busy;
static Work current_work;
static void *current_job;
static int64_t current_parts;
static Next current_next;

static inline void pause_a_little(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

static void take_parts(int thread) {
    int64_t part;
    while ((part = atomic_fetch_add(&next_part, 1)) < current_parts) current_work(current_job, part, thread);
}

/* Fetch `next` as long as `waits` says. */
#define FETCH_WHILE(waits, next, thread)                                                                               \
    do {                                                                                                               \
        uintptr_t at = (uintptr_t)(next).bytes + (uintptr_t)((thread) * (next).stride);                                \
        for (int64_t i = 0; i < (next).share && (waits); i += LINE * LINES)                                            \
            for (int line = 0; line < LINES; line++)                                                                   \
                __builtin_prefetch((const void *)(at + (uintptr_t)(i + LINE * line)), 0, 2);                           \
    } while (0)

static void *serve(void *argument) {
    int thread = (int)(intptr_t)argument;
    uint64_t seen = atomic_load(&round_number);
    atomic_fetch_sub(&busy, 1); /* ready */
    for (;;) {
        for (int spin = 0; spin < SPINS && atomic_load(&round_number) == seen; spin++) pause_a_little();
        if (atomic_load(&round_number) == seen) {
            pthread_mutex_lock(&lock);
            atomic_fetch_add(&sleepers, 1);
            while (atomic_load(&round_number) == seen) pthread_cond_wait(&wake, &lock);
            atomic_fetch_sub(&sleepers, 1);
            pthread_mutex_unlock(&lock);
        }
        seen = atomic_load(&round_number);
        if (atomic_load(&stopping)) return NULL;
        take_parts(thread);
        Next next = current_next;
        atomic_fetch_sub(&busy, 1);
        FETCH_WHILE(atomic_load(&round_number) == seen, next, thread);
    }
}

static void begin_round(void) {
    atomic_fetch_add(&round_number, 1);
    if (atomic_load(&sleepers)) {
        pthread_mutex_lock(&lock);
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&lock);
    }
}

static void wait_for_the_others(Next next) {
    FETCH_WHILE(atomic_load(&busy) > 0, next, 0);
    for (int spin = 0; atomic_load(&busy) > 0; spin++) {
        if (spin < SPINS) pause_a_little();
        else sched_yield();
    }
}

static void start_and_stop(void) {
    if (wanted == running) return;
    if (running > 1) {
        atomic_store(&stopping, 1);
        begin_round();
        for (int i = 1; i < running; i++) pthread_join(handles[i], NULL);
        atomic_store(&stopping, 0);
    }
    running = 1;
    atomic_store(&busy, 0);
    for (int i = 1; i < wanted; i++) {
        atomic_fetch_add(&busy, 1);
        if (pthread_create(&handles[i], NULL, serve, (void *)(intptr_t)i) != 0) {
            atomic_fetch_sub(&busy, 1);
            break;
        }
        running++;
    }
    wanted = running;
    wait_for_the_others((Next){0});
}

void pool_set_threads(int count) {
    pthread_mutex_lock(&job_lock);
    wanted = count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : count;
    pthread_mutex_unlock(&job_lock);
}

int pool_threads(void) { return wanted; }

void pool_run(Work work, void *job, int64_t parts, Next next) {
    pthread_mutex_lock(&job_lock);
    start_and_stop();
    current_work = work;
    current_job = job;
    current_parts = parts;
    current_next = next;
    atomic_store(&next_part, 0);
    if (running > 1 && parts > 1) {
        atomic_store(&busy, running - 1);
        begin_round();
        take_parts(0);
        wait_for_the_others(next);
    } else {
        take_parts(0);
    }
    pthread_mutex_unlock(&job_lock);
}
