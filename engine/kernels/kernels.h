/* What the files of the kernels share: block layouts (ggml-common.h), the work of one product, the variants. */
#ifndef FIRESIDE_KERNELS_H
#define FIRESIDE_KERNELS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pool.h"

#if defined(_WIN32)
#define FIRESIDE_API __declspec(dllexport)
#else
#define FIRESIDE_API __attribute__((visibility("default")))
#endif

enum { /* ggml's numbers */
    F32 = 0, F16 = 1, BF16 = 30, MXFP4 = 39,
    Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8,
    Q2_K = 10, Q3_K = 11, Q4_K = 12, Q5_K = 13, Q6_K = 14,
    IQ4_NL = 20, IQ4_XS = 23
};

enum {
    GROUP = 32,       /* activations that share one scale */
    PANEL = 16,       /* rows of weights that a matrix-matrix step works on */
    TILE = 8,         /* tokens that it works on */
    BAND = 4,         /* of 32-blocks that are multiplied at once, where a variant does so */
    CHUNK = 128,      /* columns to which it may fill up activations */
    SPLIT = 16,       /* smallest group of weights that share one scale */
    BLOCK = 64,       /* logits that are looked at one by one only where the largest of them matters */
    SUMMED = 8,       /* such blocks that are summed up in float */
    TOP = 16,         /* of the likeliest tokens that are told beside one that is drawn */
    MATRIX_FROM = 8   /* tokens from which the matrix-matrix kernel is faster than rows one by one */
};

/* Activations as 256 * high + low, times a scale for each group: 16 bits, so that rounding does not change replies.
 * With 8 bits, as llama.cpp rounds, SmolLM2's logits moved by up to 2.6 and its perplexity by 0.4%. */
typedef struct {
    int64_t columns, tokens;
    int8_t *high;     /* [tokens][columns] */
    int8_t *low;      /* [tokens][columns], from -127 on: -128 would saturate AVX2's products */
    float *scales;    /* [tokens][columns / GROUP] */
    float *sums;      /* [tokens][columns / SPLIT]: scale * sum of the whole numbers */
    struct TileGroup *tiles; /* [tiles][columns / GROUP]: the same, TILE tokens side by side, where a variant arranges them */
} Activations;

/* A group of TILE tokens; what stands past the last token counts for nothing. */
typedef struct TileGroup {
    int32_t words[GROUP / 4][2][TILE]; /* of four columns: high and low parts (AVX-512), or two times two numbers (AVX2) */
    float scales[TILE], sums[TILE], halves[GROUP / SPLIT][TILE]; /* `sums` of the whole group, `halves` of each SPLIT */
} TileGroup;

typedef struct {
    int type;
    const uint8_t *weights;
    int64_t row_bytes, rows, columns;
    const Activations *x;
    float *y;         /* [tokens][rows] */
    const float *whole; /* x as it was, [tokens][columns]: what weights in floats are multiplied by */
} Product;

/* What one thread needs for unpacked weights: two rows, or for tiles of tokens PANEL rows and as much to turn them. */
typedef struct {
    uint8_t *values;  /* [2 * PANEL * columns], or activations [2 * (columns + CHUNK)] */
    float *scales;    /* [2 * PANEL * columns / SPLIT] */
    float *offsets;   /* [2 * PANEL * columns / SPLIT] */
} Scratch;

enum { SILU = 0, GELU_TANH = 1 };
enum {
    KEYS = 64,       /* keys that attention looks at before it rescales */
    FEW = 4,         /* queries that share each key and value as it is loaded */
    MOST_FEW = 12,   /* queries up to which they do; more of them share keys that are turned first */
    PROMPT = 8,      /* tokens from which they are shared out to threads, not keys */
    LONG_PROMPT = 10, /* tokens from which most keys may be rounded: more than there are guesses to be judged (draft.py) */
    Q8_0_BYTES = 34  /* GROUP cached numbers: a float16 scale, then signed bytes */
};

/* A packed projection; engine/kernels/__init__.py fills these structures. */
typedef struct {
    int64_t type;
    const uint8_t *weights;
    int64_t row_bytes, rows, columns;
    const float *bias;                        /* [rows] or NULL */
} Matrix;

/* RMSNorm; a NULL weight stands for none. */
typedef struct {
    const float *weight;
    double eps;
} Norm;

/* x += scale * out(o(attention(q, k, v of in(x)))). */
typedef struct {
    int64_t width, heads, kv_heads, depth, rope_depth, is_interleaved, window, cache_type;
    double scale, residual_scale;
    Norm in, out, q_norm, k_norm;
    Matrix q, k, v, o;
} AttentionPlan;

/* x += scale * out(down(activation(gate(in(x))) * up(in(x)))). */
typedef struct {
    int64_t width, hidden, activation;
    double residual_scale;
    Norm in, out;
    Matrix gate, up, down;
} MlpPlan;

/* Both halves of a layer, its rotary tables [positions][rope_depth / 2] from position `first` on, and its keys and values
 * as fireside_attention takes them. */
typedef struct {
    const AttentionPlan *attention;
    const MlpPlan *mlp;
    const float *cos, *sin;
    int64_t first;
    uint8_t *keys, *values;
    int64_t capacity;
} Layer;

/* How a token is drawn: what `repetition` divides or multiplies, then top-k, top-p, min-p and the temperature, and the
 * number in [0, 1) that picks. */
typedef struct {
    const int64_t *recent; /* ids; each counts once */
    int64_t recents, top_k;
    double repetition, top_p, min_p, temperature, noise;
} Draw;

/* All there is between a token's id and the logits behind it. */
typedef struct {
    const Layer *layers;
    int64_t count;
    const Matrix *embedding, *head;
    double scale;  /* of the embedding */
    const Norm *norm;
    float *x;      /* [width], working space */
} Model;

/* One attention over cached keys and values, [kv_heads][stride / depth][depth] each, F32, F16 or Q8_0. */
typedef struct {
    const float *q;
    const uint8_t *keys, *values;
    float *out;
    int64_t stride, depth, q_stride, out_stride, heads_a_key, past, tokens, window, type;
    float scale;
} Attend;

/* Part of an attention: query heads [head, head + heads), which share one key head, tokens [first, last), keys
 * [from, to). Where `state` is NULL, the result goes to `out`; else to `state`, for `merge`: for every query depth
 * sums, the largest score, and the sum of the weights. */
typedef struct {
    int64_t head, heads, first, last, from, to;
    float *state;
} Part;

/* Where the first block of keys begins that a part looks at: a multiple of KEYS, so that it does not depend on the part. */
static inline int64_t first_block(const Attend *a, const Part *part) {
    int64_t hidden = a->window ? a->past + part->first + 1 - a->window : 0, from = hidden > 0 ? hidden / KEYS * KEYS : 0;
    return from > part->from ? from : part->from;
}

/* Where the last key ends that a part looks at. */
static inline int64_t last_key(const Attend *a, const Part *part) {
    return part->to < a->past + part->last ? part->to : a->past + part->last;
}

/* Floats of working space for `queries` queries. */
static inline int64_t attention_room(int64_t queries, int64_t depth) {
    return (3 * KEYS * depth + 8 * KEYS + (queries + 1) * (9 * depth / 4 + 96) + 15) / 16 * 16;
}

typedef struct {
    const char *name;
    void (*rows)(const Product *, Scratch *, int64_t first, int64_t last);   /* one token after the other */
    void (*arrange)(const Activations *, int64_t tile);                      /* for `panel`; NULL where it wants none */
    void (*panel)(const Product *, Scratch *, int64_t first, int64_t last);  /* tiles of tokens */
    void (*dense)(const Product *, int64_t first, int64_t last);             /* weights in floats */
    void (*round)(const float *x, int64_t columns, int8_t *high, int8_t *low, float *scales, float *sums);
    void (*rms_norm)(const float *x, const float *weight, float eps, int64_t width, float *y);
    void (*gate_by)(int activation, float *gate, const float *up, int64_t count);
    void (*attend)(const Attend *, const Part *, float *room);
    void (*narrow)(const float *x, int64_t count, uint8_t *halves);
    void (*largest)(const float *x, int64_t blocks, float *most);
    void (*sums)(const float *x, int64_t blocks, float largest, double *sums);
} Variant;

extern const Variant *fireside_variant; /* the one in use */

/* What becomes of a product. */
typedef enum {
    STORE, /* outputs[i] = x W_i^T */
    ADD,   /* residual += scale * x W_0^T; outputs[0] is working space */
    GATE   /* outputs[0] = activation(x W_0^T) * (x W_1^T); outputs[1] is working space */
} Then;

typedef struct {
    const Matrix *matrices[3];
    float *outputs[3];        /* [tokens][rows] each */
    int count;
    Then then;
    float *residual, scale;
    int activation;
    Next next;                /* what is read behind it */
} Targets;

/* What a product with a matrix of so many rows reads first, one beside others in the same product. */
Next next_product(const Matrix *matrix, int64_t rows);

/* Norm and round x [tokens][columns], multiply it by every matrix. -1 when memory is short. */
int multiply(const Targets *targets, const float *x, const Norm *norm, int64_t tokens);

FIRESIDE_API int fireside_linear(const Matrix *matrix, const Norm *norm, const float *x, int64_t tokens, float *y);
FIRESIDE_API int fireside_rows(const Matrix *matrix, const int64_t *ids, int64_t count, float *y);

FIRESIDE_API int fireside_token(const Model *model, int64_t id, int64_t past, float *logits);
FIRESIDE_API int fireside_draw(const float *x, int64_t size, const Draw *how, double *numbers);

/* Working space that is kept between calls, one piece for each slot; NULL when memory is short. */
enum { PRODUCT_ROOM, LAYER_ROOM, ROOMS };
uint8_t *room(int slot, size_t size);

extern const Variant fireside_portable;
void fireside_unpack_row(int type, const uint8_t *b, int64_t columns, uint8_t *u, float *scales, float *offsets); /* unpack.h */
#if defined(__x86_64__) && defined(__GNUC__)
#define FIRESIDE_X86 1
extern const Variant fireside_avx2, fireside_avx512;
#endif
#if defined(__aarch64__) && defined(__ARM_NEON) && !defined(__ARM_BIG_ENDIAN)
#define FIRESIDE_ARM 1
extern const Variant fireside_neon;
/* The attribute of a function with dot products; compilers that know none leave that variant out. */
#if defined(__ARM_FEATURE_DOTPROD)
#define FIRESIDE_DOTPROD
#elif defined(__clang__) ? __clang_major__ >= 16 : __GNUC__ >= 8
#define FIRESIDE_DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
#ifdef FIRESIDE_DOTPROD
extern const Variant fireside_dotprod;
int dotprod_is_here(void);
#endif
#endif

#define LARGEST 32512.0f /* 127 * 256 */
#define SMALLEST 1e-30f  /* what is no larger counts as zero: its inverse would not be a number */

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

static inline uint16_t float_to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits >= 0x47800000) return (uint16_t)(sign | (bits > 0x7f800000 ? 0x7e00 : 0x7c00));
    if (bits < 0x38800000) { /* subnormal: the sum's last bits are the rounded number */
        float shifted;
        memcpy(&shifted, &bits, 4);
        shifted += 0.5f;
        memcpy(&bits, &shifted, 4);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    return (uint16_t)(sign | ((bits - 0x38000000 + 0xfff + (bits >> 13 & 1)) >> 13));
}

static inline float half_at(const uint8_t *bytes) {
    uint16_t half;
    memcpy(&half, bytes, 2);
    return half_to_float(half);
}

static inline int is_dense(int64_t type) { return type == F32 || type == F16 || type == BF16; }

/* Types whose values need a sign: unpacked bytes hold them 128 too large. */
static inline int is_wide(int type) { return type == Q8_0 || type == IQ4_NL || type == IQ4_XS || type == MXFP4; }

/* Weights that share one scale. */
static inline int group_of(int type) {
    return type == Q6_K || type == Q3_K || type == Q2_K ? SPLIT : GROUP;
}

#endif
