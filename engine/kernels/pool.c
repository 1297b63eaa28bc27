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
static atomic_int_fast64_t left, done; /* parts that nobody took, parts that are done */
static Work current_work;              /* these do not change while somebody has a part */
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

/* What comes next, where there was a part for this thread. A thread that comes too late takes one of the next job. */
static Next take_parts(int thread) {
    Next next = {0};
    while (atomic_load(&left) > 0) {
        int64_t taken = atomic_fetch_sub(&left, 1);
        if (taken <= 0) break;
        current_work(current_job, current_parts - taken, thread);
        next = current_next;
        atomic_fetch_add(&done, 1);
    }
    return next;
}

/* Fetch `next` as long as `waits` says. */
#define FETCH_WHILE(waits, next, thread)                                                                               \
    do {                                                                                                               \
        uintptr_t at = (uintptr_t)(next).bytes + (uintptr_t)((thread) * (next).stride);                                \
        for (int64_t i = 0; i < (next).share && (waits); i += LINE * LINES)                                            \
            for (int line = 0; line < LINES; line++)                                                                   \
                __builtin_prefetch((const void *)(at + (uintptr_t)(i + LINE * line)), 0, 2);                           \
    } while (0)

static int is_at_rest(uint64_t seen) { return atomic_load(&round_number) == seen && !atomic_load(&stopping); }

static void *serve(void *argument) {
    int thread = (int)(intptr_t)argument;
    for (;;) {
        uint64_t seen = atomic_load(&round_number);
        Next next = take_parts(thread);
        FETCH_WHILE(is_at_rest(seen), next, thread);
        for (int spin = 0; spin < SPINS && is_at_rest(seen); spin++) pause_a_little();
        if (is_at_rest(seen)) {
            pthread_mutex_lock(&lock);
            atomic_fetch_add(&sleepers, 1);
            while (is_at_rest(seen)) pthread_cond_wait(&wake, &lock);
            atomic_fetch_sub(&sleepers, 1);
            pthread_mutex_unlock(&lock);
        }
        if (atomic_load(&stopping)) return NULL;
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

static void start_and_stop(void) {
    if (wanted == running) return;
    if (running > 1) {
        atomic_store(&stopping, 1);
        begin_round();
        for (int i = 1; i < running; i++) pthread_join(handles[i], NULL);
        atomic_store(&stopping, 0);
    }
    running = 1;
    for (int i = 1; i < wanted; i++) {
        if (pthread_create(&handles[i], NULL, serve, (void *)(intptr_t)i) != 0) break;
        running++;
    }
    wanted = running;
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
    atomic_store(&done, 0);
    atomic_store(&left, parts);
    if (running > 1 && parts > 1) begin_round();
    take_parts(0);
    FETCH_WHILE(atomic_load(&done) < parts, next, 0);
    for (int spin = 0; atomic_load(&done) < parts; spin++) {
        if (spin < SPINS) pause_a_little();
        else sched_yield();
    }
    pthread_mutex_unlock(&job_lock);
}
