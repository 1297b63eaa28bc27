/* y = x W^T for packed W: rounds x to 16 bits, shares the rows out to threads, picks the variant for this processor. */
#include "kernels.h"
#include "pool.h"

#include <stdlib.h>

static const Variant *variant;

static int runs_here(const Variant *v) {
#ifdef FIRESIDE_X86
    __builtin_cpu_init();
    if (v == &fireside_avx512)
        return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (v == &fireside_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return v == &fireside_portable;
}

/* Choose the instruction set: `wanted`, or the best one when it is empty. -1 when it is not here. */
FIRESIDE_API int fireside_start(const char *wanted) {
    const Variant *known[] = {
#ifdef FIRESIDE_X86
        &fireside_avx512, &fireside_avx2,
#endif
        &fireside_portable,
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((!*wanted || !strcmp(wanted, known[i]->name)) && runs_here(known[i])) {
            variant = known[i];
            return 0;
        }
    }
    return -1;
}

FIRESIDE_API const char *fireside_instruction_set(void) { return variant->name; }
FIRESIDE_API void fireside_set_threads(int count) { pool_set_threads(count); }
FIRESIDE_API int fireside_threads(void) { return pool_threads(); }

FIRESIDE_API int fireside_supports(int type) {
    switch (type) {
    case Q4_0: case Q4_1: case Q5_0: case Q5_1: case Q8_0:
    case Q2_K: case Q3_K: case Q4_K: case Q5_K: case Q6_K: case IQ4_NL: case IQ4_XS:
        return 1;
    }
    return 0;
}

typedef struct {
    Product product;
    const float *x;
    Scratch scratch[MOST_THREADS];
    int64_t rows_a_part;
    int is_matrix;
} Job;

static void round_part(void *job_, int64_t token, int thread) {
    Job *job = job_;
    const Activations *x = job->product.x;
    (void)thread;
    variant->round(job->x + token * x->columns, x->columns, x->high + token * x->columns, x->low + token * x->columns,
                   x->scales + token * (x->columns / GROUP), x->sums + token * (x->columns / SPLIT));
}

static void multiply_part(void *job_, int64_t part, int thread) {
    Job *job = job_;
    int64_t first = part * job->rows_a_part, last = first + job->rows_a_part;
    if (last > job->product.rows) last = job->product.rows;
    (job->is_matrix ? variant->panel : variant->rows)(&job->product, &job->scratch[thread], first, last);
}

/* Memory that grows and is kept: a call for one token must not allocate. Guarded by the caller's engine thread. */
static _Thread_local struct { uint8_t *bytes; size_t size; } arena;

static uint8_t *room(size_t size) {
    if (arena.size < size) {
        free(arena.bytes);
        arena.size = 0;
        arena.bytes = malloc(size + size / 4);
        if (!arena.bytes) return NULL;
        arena.size = size + size / 4;
    }
    return arena.bytes;
}

static size_t padded(int64_t bytes) { return ((size_t)bytes + 127) / 64 * 64; }

/* x [tokens][columns], y [tokens][rows]; `columns` is a multiple of the type's block. -1 when memory is short. */
FIRESIDE_API int fireside_linear(int type, const void *weights, int64_t row_bytes, int64_t rows, int64_t columns,
                                 const float *x, int64_t tokens, float *y) {
    int threads = pool_threads();
    int64_t groups = columns / SPLIT;
    size_t values = padded(tokens * columns), scales = padded(tokens * columns / GROUP * 4), sums = padded(tokens * groups * 4);
    int is_matrix = tokens >= MATRIX_FROM;
    int64_t deep = is_matrix ? PANEL + 1 : 2;
    size_t unpacked = padded(deep * columns), numbers = padded(deep * groups * 4);
    uint8_t *at = room(2 * values + scales + sums + (size_t)threads * (unpacked + 2 * numbers) + 64);
    if (!at) return -1;
    at = (uint8_t *)(((uintptr_t)at + 63) & ~(uintptr_t)63);
    Activations activations = {columns, tokens, (int8_t *)at, (int8_t *)(at + values),
                               (float *)(at + 2 * values), (float *)(at + 2 * values + scales)};
    Job job = {.product = {type, weights, row_bytes, rows, columns, &activations, y}, .x = x, .is_matrix = is_matrix};
    at += 2 * values + scales + sums;
    for (int i = 0; i < threads; i++, at += unpacked + 2 * numbers)
        job.scratch[i] = (Scratch){at, (float *)(at + unpacked), (float *)(at + unpacked + numbers)};
    if (tokens < 8)
        for (int64_t token = 0; token < tokens; token++) round_part(&job, token, 0);
    else
        pool_run(round_part, &job, tokens);
    /* Parts small enough to share out evenly, large enough (16 KiB) not to fight for the counter. */
    int64_t least = is_matrix ? PANEL : 16384 / (row_bytes ? row_bytes : 1) + 1;
    int64_t fair = rows / (threads * 4) + 1;
    job.rows_a_part = fair < least ? least : fair;
    if (is_matrix) job.rows_a_part = (job.rows_a_part + PANEL - 1) / PANEL * PANEL;
    pool_run(multiply_part, &job, (rows + job.rows_a_part - 1) / job.rows_a_part);
    return 0;
}
