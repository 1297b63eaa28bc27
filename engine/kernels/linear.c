/* y = x W^T for packed W: rounds x to 16 bits, shares the rows out to threads, picks the variant for this processor. */
#include "kernels.h"

#include <stdlib.h>

const Variant *fireside_variant;

static int runs_here(const Variant *v) {
#ifdef FIRESIDE_X86
    __builtin_cpu_init();
    if (v == &fireside_avx512)
        return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (v == &fireside_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#ifdef FIRESIDE_DOTPROD
    if (v == &fireside_dotprod) return dotprod_is_here();
#endif
#ifdef FIRESIDE_ARM
    if (v == &fireside_neon) return 1;
#endif
    return v == &fireside_portable;
}

/* Choose the instruction set: `wanted`, or the best one when it is empty. -1 when it is not here. */
FIRESIDE_API int fireside_start(const char *wanted) {
    const Variant *known[] = {
#ifdef FIRESIDE_X86
        &fireside_avx512, &fireside_avx2,
#endif
#ifdef FIRESIDE_DOTPROD
        &fireside_dotprod,
#endif
#ifdef FIRESIDE_ARM
        &fireside_neon,
#endif
        &fireside_portable,
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((!*wanted || !strcmp(wanted, known[i]->name)) && runs_here(known[i])) {
            fireside_variant = known[i];
            return 0;
        }
    }
    return -1;
}

FIRESIDE_API const char *fireside_instruction_set(void) { return fireside_variant->name; }
FIRESIDE_API void fireside_set_threads(int count) { pool_set_threads(count); }
FIRESIDE_API int fireside_threads(void) { return pool_threads(); }

FIRESIDE_API int fireside_supports(int type) {
    switch (type) {
    case Q4_0: case Q4_1: case Q5_0: case Q5_1: case Q8_0:
    case Q2_K: case Q3_K: case Q4_K: case Q5_K: case Q6_K: case IQ4_NL: case IQ4_XS: case MXFP4:
        return 1;
    }
    return is_dense(type);
}

typedef struct {
    const Targets *targets;
    Activations x;
    const float *from;
    const Norm *norm;
    float *normal;             /* [threads][columns], or [tokens][columns] where it is still wanted afterwards */
    int has_dense, has_packed;
    Scratch scratch[MOST_THREADS];
    int64_t rows_a_part, parts[3];
} Job;

static void round_part(void *job_, int64_t token, int thread) {
    Job *job = job_;
    const Activations *x = &job->x;
    const float *from = job->from + token * x->columns;
    if (job->norm && job->norm->weight) {
        float *normal = job->normal + (job->has_dense ? token : thread) * x->columns;
        fireside_variant->rms_norm(from, job->norm->weight, (float)job->norm->eps, x->columns, normal);
        from = normal;
    }
    if (!job->has_packed) return;
    fireside_variant->round(from, x->columns, x->high + token * x->columns, x->low + token * x->columns,
                            x->scales + token * (x->columns / GROUP), x->sums + token * (x->columns / SPLIT));
}

static void arrange_part(void *job_, int64_t tile, int thread) {
    (void)thread;
    fireside_variant->arrange(&((Job *)job_)->x, tile);
}

static void multiply_rows(Job *job, int i, int64_t first, int64_t last, int thread) {
    const Matrix *m = job->targets->matrices[i];
    const float *whole = job->norm && job->norm->weight ? job->normal : job->from;
    Product product = {(int)m->type, m->weights, m->row_bytes, m->rows, m->columns, &job->x, job->targets->outputs[i], whole};
    if (is_dense(m->type)) fireside_variant->dense(&product, first, last);
    else (job->x.tokens >= MATRIX_FROM ? fireside_variant->panel : fireside_variant->rows)(&product, &job->scratch[thread], first, last);
    for (int64_t t = 0; m->bias && t < job->x.tokens; t++)
        for (int64_t r = first; r < last; r++) product.y[t * m->rows + r] += m->bias[r];
}

static void multiply_part(void *job_, int64_t part, int thread) {
    Job *job = job_;
    const Targets *to = job->targets;
    int i = 0;
    for (; part >= job->parts[i]; i++) part -= job->parts[i];
    int64_t rows = to->matrices[i]->rows, first = part * job->rows_a_part, last = first + job->rows_a_part;
    if (last > rows) last = rows;
    multiply_rows(job, i, first, last, thread);
    if (to->then == GATE) multiply_rows(job, 1, first, last, thread);
    for (int64_t at = first; to->then != STORE && at < job->x.tokens * rows; at += rows) {
        if (to->then == GATE)
            fireside_variant->gate_by(to->activation, to->outputs[0] + at, to->outputs[1] + at, last - first);
        else
            for (int64_t r = 0; r < last - first; r++) to->residual[at + r] += to->scale * to->outputs[0][at + r];
    }
}

/* Only the thread that owns the engine calls in, but tests may have several. */
static _Thread_local struct { uint8_t *bytes; size_t size; } arenas[ROOMS];

uint8_t *room(int slot, size_t size) {
    size += 64;
    if (arenas[slot].size < size) {
        free(arenas[slot].bytes);
        arenas[slot].size = 0;
        arenas[slot].bytes = malloc(size + size / 4);
        if (!arenas[slot].bytes) return NULL;
        arenas[slot].size = size + size / 4;
    }
    return (uint8_t *)(((uintptr_t)arenas[slot].bytes + 63) & ~(uintptr_t)63);
}

static size_t padded(int64_t bytes) { return ((size_t)bytes + 127) / 64 * 64; }

/* Parts small enough to share out evenly, large enough (16 KiB) not to fight for the counter. */
static int64_t rows_a_part(int64_t rows, int64_t row_bytes, int is_matrix) {
    int64_t parts = pool_threads() * (is_matrix ? 12 : 4), fair = (rows + parts - 1) / parts;
    int64_t least = is_matrix ? PANEL : 16384 / (row_bytes ? row_bytes : 1) + 1, whole = is_matrix ? PANEL : BAND;
    return ((fair < least ? least : fair) + whole - 1) / whole * whole;
}

Next next_product(const Matrix *matrix, int64_t rows) {
    int64_t share = rows_a_part(rows, matrix->row_bytes, 0) * matrix->row_bytes;
    return (Next){matrix->weights, share, share < MOST_FETCHED ? share : MOST_FETCHED};
}

int multiply(const Targets *targets, const float *x, const Norm *norm, int64_t tokens) {
    int threads = pool_threads();
    int64_t columns = targets->matrices[0]->columns, groups = columns / SPLIT, row_bytes = targets->matrices[0]->row_bytes;
    int has_dense = 0, has_packed = 0;
    for (int i = 0; i < targets->count; i++)
        if (is_dense(targets->matrices[i]->type)) has_dense = 1; else has_packed = 1;
    size_t values = padded(tokens * columns), scales = padded(tokens * columns / GROUP * 4), sums = padded(tokens * groups * 4);
    int is_matrix = tokens >= MATRIX_FROM;
    int64_t deep = is_matrix ? 2 * PANEL : 2;
    size_t unpacked = padded(deep * (columns + CHUNK)), numbers = padded(deep * groups * 4), normal = padded((has_dense ? tokens : threads) * columns * 4);
    int64_t tiles = is_matrix && has_packed && fireside_variant->arrange ? (tokens + TILE - 1) / TILE : 0;
    size_t tiled = padded(tiles * (columns / GROUP) * (int64_t)sizeof(TileGroup));
    uint8_t *at = room(PRODUCT_ROOM, 2 * values + scales + sums + tiled + normal + (size_t)threads * (unpacked + 2 * numbers));
    if (!at) return -1;
    Job job = {.targets = targets, .from = x, .norm = norm, .has_dense = has_dense, .has_packed = has_packed,
               .x = {columns, tokens, (int8_t *)at, (int8_t *)(at + values),
                     (float *)(at + 2 * values), (float *)(at + 2 * values + scales), (TileGroup *)(at + 2 * values + scales + sums)}};
    at += 2 * values + scales + sums + tiled;
    job.normal = (float *)at;
    at += normal;
    for (int i = 0; i < threads; i++, at += unpacked + 2 * numbers)
        job.scratch[i] = (Scratch){at, (float *)(at + unpacked), (float *)(at + unpacked + numbers)};
    if (tokens < 8)
        for (int64_t token = 0; token < tokens; token++) round_part(&job, token, 0);
    else
        pool_run(round_part, &job, tokens, (Next){0});
    if (tiles) pool_run(arrange_part, &job, tiles, (Next){0});
    int64_t rows = 0, parts = 0;
    for (int i = 0; i < targets->count; i++) rows += targets->then == GATE && i ? 0 : targets->matrices[i]->rows;
    job.rows_a_part = rows_a_part(rows, row_bytes, is_matrix);
    for (int i = 0; i < (targets->then == STORE ? targets->count : 1); i++)
        parts += job.parts[i] = (targets->matrices[i]->rows + job.rows_a_part - 1) / job.rows_a_part;
    pool_run(multiply_part, &job, parts, targets->next);
    return 0;
}

/* y [tokens][rows] = norm(x [tokens][columns]) W^T; `norm` may be NULL; `columns` is a multiple of the type's block. -1
 * when memory is short. */
FIRESIDE_API int fireside_linear(const Matrix *matrix, const Norm *norm, const float *x, int64_t tokens, float *y) {
    Targets targets = {.matrices = {matrix}, .outputs = {y}, .count = 1, .then = STORE};
    return multiply(&targets, x, norm, tokens);
}

/* y [count][columns] = rows of a packed matrix in floats. -1 when memory is short, 1 for an id that is no row. */
FIRESIDE_API int fireside_rows(const Matrix *matrix, const int64_t *ids, int64_t count, float *y) {
    int64_t columns = matrix->columns, group = group_of((int)matrix->type);
    uint8_t *values = room(PRODUCT_ROOM, padded(columns) + 2 * padded(columns / SPLIT * 4));
    if (!values) return -1;
    float *scales = (float *)(values + padded(columns)), *offsets = (float *)(values + padded(columns) + padded(columns / SPLIT * 4));
    for (int64_t i = 0; i < count; i++, y += columns) {
        if (ids[i] < 0 || ids[i] >= matrix->rows) return 1;
        fireside_unpack_row((int)matrix->type, matrix->weights + ids[i] * matrix->row_bytes, columns, values, scales, offsets);
        for (int64_t k = 0; k < columns; k++) y[k] = (float)values[k] * scales[k / group] + offsets[k / group];
    }
    return 0;
}
