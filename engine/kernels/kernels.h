/* What the files of the kernels share: block layouts (ggml-common.h), the work of one product, the variants. */
#ifndef FIRESIDE_KERNELS_H
#define FIRESIDE_KERNELS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define FIRESIDE_API __declspec(dllexport)
#else
#define FIRESIDE_API __attribute__((visibility("default")))
#endif

enum { /* ggml's numbers */
    Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8,
    Q2_K = 10, Q3_K = 11, Q4_K = 12, Q5_K = 13, Q6_K = 14,
    IQ4_NL = 20, IQ4_XS = 23
};

enum {
    GROUP = 32,       /* activations that share one scale */
    PANEL = 16,       /* rows of weights that a matrix-matrix step works on */
    TILE = 8,         /* tokens that it works on */
    SPLIT = 16,       /* smallest group of weights that share one scale */
    MATRIX_FROM = 4   /* tokens from which the matrix-matrix kernel is faster than rows one by one */
};

/* Activations as 256 * high + low, times a scale for each group: 16 bits, so that rounding does not change replies.
 * With 8 bits, as llama.cpp rounds, SmolLM2's logits moved by up to 2.6 and its perplexity by 0.4%. */
typedef struct {
    int64_t columns, tokens;
    int8_t *high;     /* [tokens][columns] */
    int8_t *low;      /* [tokens][columns], from -127 on: -128 would saturate AVX2's products */
    float *scales;    /* [tokens][columns / GROUP] */
    float *sums;      /* [tokens][columns / SPLIT]: scale * sum of the whole numbers */
} Activations;

typedef struct {
    int type;
    const uint8_t *weights;
    int64_t row_bytes, rows, columns;
    const Activations *x;
    float *y;         /* [tokens][rows] */
} Product;

/* What one thread needs for unpacked weights. */
typedef struct {
    uint8_t *values;  /* [PANEL * columns] */
    float *scales;    /* [PANEL * columns / SPLIT] */
    float *offsets;   /* [PANEL * columns / SPLIT] */
} Scratch;

typedef struct {
    const char *name;
    void (*rows)(const Product *, Scratch *, int64_t first, int64_t last);   /* one token after the other */
    void (*panel)(const Product *, Scratch *, int64_t first, int64_t last);  /* tiles of tokens */
    void (*round)(const float *x, int64_t columns, int8_t *high, int8_t *low, float *scales, float *sums);
} Variant;

extern const Variant fireside_portable;
#if defined(__x86_64__) && defined(__GNUC__)
#define FIRESIDE_X86 1
extern const Variant fireside_avx2, fireside_avx512;
#endif

#define LARGEST 32512.0f /* 127 * 256 */

static inline float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023, bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000u | fraction << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else {
        float tiny = (float)fraction * 5.9604644775390625e-8f; /* 2^-24 */
        memcpy(&bits, &tiny, 4);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static inline float half_at(const uint8_t *bytes) {
    uint16_t half;
    memcpy(&half, bytes, 2);
    return half_to_float(half);
}

/* Weights that share one scale. */
static inline int group_of(int type) {
    return type == Q6_K || type == Q3_K || type == Q2_K ? SPLIT : GROUP;
}

#endif
