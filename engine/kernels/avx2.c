/* Kernels for AVX2 with FMA. For few tokens, unsigned weight bytes times signed activations by vpmaddubsw, which saturates
 * above 127 * 127 * 2: weights of the wide types (Q8_0, IQ4) are taken as signed bytes with the sign moved over. */
#include "kernels.h"

#ifdef FIRESIDE_X86
#include <immintrin.h>

#define FN static __attribute__((target("avx2,fma,f16c")))
#define LOOKUP(table, places) (Sixteen)_mm_shuffle_epi8((__m128i)(table), (__m128i)(places))
#include "unpack.h"

/* Eight sums of four products each. */
FN inline __m256i dot32(__m256i u, __m256i a, int wide) {
    const __m256i ones = _mm256_set1_epi16(1);
    if (wide) {
        __m256i w = _mm256_xor_si256(u, _mm256_set1_epi8((char)128));
        return _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_sign_epi8(w, w), _mm256_sign_epi8(a, w)), ones);
    }
    return _mm256_madd_epi16(_mm256_maddubs_epi16(u, a), ones);
}

FN inline float sum8(__m256 v) {
    __m128 q = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    q = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(q, _mm_shuffle_ps(q, q, 1)));
}

/* Any type of 32 weights to a scale, unpacked row by row. */
FN void unpacked_rows(const Product *p, Scratch *s, int64_t first, int64_t last) {
    const Activations *x = p->x;
    int wide = is_wide(p->type);
    int64_t groups = p->columns / GROUP;
    for (int64_t r = first; r < last; r++) {
        unpack_row(p->type, p->weights + r * p->row_bytes, p->columns, s->values, s->scales, s->offsets);
        if (wide)
            for (int64_t g = 0; g < groups; g++) s->offsets[g] = 0.0f;
        for (int64_t t = 0; t < x->tokens; t++) {
            const int8_t *high = x->high + t * x->columns, *low = x->low + t * x->columns;
            const float *scales = x->scales + t * (x->columns / GROUP), *sums = x->sums + t * (x->columns / SPLIT);
            __m256 total = _mm256_setzero_ps();
            float rest = 0.0f;
            for (int64_t g = 0; g < groups; g++) {
                __m256i u = _mm256_loadu_si256((const __m256i *)(s->values + g * GROUP));
                __m256i h = _mm256_loadu_si256((const __m256i *)(high + g * GROUP));
                __m256i l = _mm256_loadu_si256((const __m256i *)(low + g * GROUP));
                __m256i whole = _mm256_add_epi32(_mm256_slli_epi32(dot32(u, h, wide), 8), dot32(u, l, wide));
                __m256 dot = _mm256_cvtepi32_ps(whole);
                rest += s->offsets[g] * (sums[2 * g] + sums[2 * g + 1]);
                total = _mm256_fmadd_ps(dot, _mm256_set1_ps(s->scales[g] * scales[g]), total);
            }
            p->y[t * p->rows + r] = sum8(total) + rest;
        }
    }
}

/* Eight sums of four products of u with 256 * high + low; u * high must not exceed 16 bits in pairs. */
FN inline __m256i dot32x16(__m256i u, __m256i high, __m256i low) {
    __m256i pairs = _mm256_madd_epi16(_mm256_maddubs_epi16(u, high), _mm256_set1_epi16(256));
    return _mm256_add_epi32(pairs, _mm256_madd_epi16(_mm256_maddubs_epi16(u, low), _mm256_set1_epi16(1)));
}

/* The float16 numbers at byte 0 (or 2) of `count` blocks, at most eight; zero for the others. */
FN inline __m256 heads8(const uint8_t *b, int stride, int64_t count, int at) {
    uint16_t halves[8] = {0};
    for (int j = 0; j < count; j++) memcpy(halves + j, b + j * stride + at, 2);
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
}

/* Scales of a row of 32-blocks times those of the activations into `by`; the sum over offset * activation sum.
 * `by`, `scales` and `sums` are padded to eight. */
FN inline __attribute__((always_inline)) __m256 block_scales(int type, const uint8_t *b, int64_t groups,
                                                             const float *scales, const float *sums, float *by) {
    const int stride = type == Q4_0 ? 18 : type == Q4_1 ? 20 : 34;
    __m256 rest = _mm256_setzero_ps();
    for (int64_t g = 0; g < groups; g += 8) {
        int64_t count = groups - g < 8 ? groups - g : 8;
        __m256 d = count == 8 ? heads8(b + g * stride, stride, 8, 0) : heads8(b + g * stride, stride, count, 0);
        __m256 offset = type == Q4_0 ? _mm256_mul_ps(d, _mm256_set1_ps(-8.0f))
                      : type == Q8_0 ? _mm256_setzero_ps()
                      : count == 8   ? heads8(b + g * stride, stride, 8, 2)
                                     : heads8(b + g * stride, stride, count, 2);
        rest = _mm256_fmadd_ps(offset, _mm256_loadu_ps(sums + g), rest);
        _mm256_storeu_ps(by + g, _mm256_mul_ps(d, _mm256_loadu_ps(scales + g)));
    }
    return rest;
}

enum { AHEAD = 6144 }; /* bytes that are fetched ahead: short rows are no stream to the processor */

/* `count` (a constant) rows of 32-blocks at once, which share the loads of the activations. */
FN inline __attribute__((always_inline)) void block_rows(int type, const int count, const Product *p, Scratch *s,
                                                         int64_t token, int64_t first) {
    const Activations *x = p->x;
    const int stride = type == Q4_0 ? 18 : type == Q4_1 ? 20 : 34, head = type == Q4_1 ? 4 : 2;
    const __m256i fifteen = _mm256_set1_epi8(15);
    int64_t groups = p->columns / GROUP, room = (groups + 7) / 8 * 8;
    const int8_t *high = x->high + token * x->columns, *low = x->low + token * x->columns;
    const uint8_t *ahead = p->weights + first * p->row_bytes + AHEAD;
    float *sums = s->offsets, *scales = sums + room, *by = s->scales;
    __m256 total[2], rest[2];
    for (int r = 0; r < count; r++) {
        total[r] = _mm256_setzero_ps();
        rest[r] = block_scales(type, p->weights + (first + r) * p->row_bytes, groups, scales, sums, by + r * room);
    }
    for (int64_t g = 0; g < groups; g++) {
        __m256i h = _mm256_loadu_si256((const __m256i *)(high + g * GROUP));
        __m256i l = _mm256_loadu_si256((const __m256i *)(low + g * GROUP));
        for (int r = 0; r < count; r++) {
            const uint8_t *b = p->weights + (first + r) * p->row_bytes + g * stride + head;
            _mm_prefetch((const char *)(ahead + (count * g + r) * stride), _MM_HINT_T1);
            __m256i dot;
            if (type == Q8_0) {
                __m256i w = _mm256_loadu_si256((const __m256i *)b);
                dot = dot32x16(_mm256_sign_epi8(w, w), _mm256_sign_epi8(h, w), _mm256_sign_epi8(l, w));
            } else {
                __m128i q = _mm_loadu_si128((const __m128i *)b);
                dot = dot32x16(_mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(q, 4), q), fifteen), h, l);
            }
            total[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_set1_ps(by[r * room + g]), total[r]);
        }
    }
    for (int r = 0; r < count; r++) p->y[token * p->rows + first + r] = sum8(_mm256_add_ps(total[r], rest[r]));
}

FN inline __attribute__((always_inline)) void block_type_rows(int type, const Product *p, Scratch *s, int64_t first,
                                                              int64_t last) {
    int64_t groups = p->columns / GROUP, room = (groups + 7) / 8 * 8;
    for (int64_t token = 0; token < p->x->tokens; token++) {
        const float *halves = p->x->sums + token * 2 * groups, *scales = p->x->scales + token * groups;
        for (int64_t g = 0; g < room; g++) {
            s->offsets[g] = g < groups ? halves[2 * g] + halves[2 * g + 1] : 0.0f;
            s->offsets[room + g] = g < groups ? scales[g] : 0.0f;
        }
        int64_t row = first;
        for (; row + 2 <= last; row += 2) block_rows(type, 2, p, s, token, row);
        for (; row < last; row++) block_rows(type, 1, p, s, token, row);
    }
}

#include "super.h"

FN void rows(const Product *p, Scratch *s, int64_t first, int64_t last) {
    switch (p->type) {
    case Q2_K: super_type_rows(Q2_K, p, s, first, last); break;
    case Q3_K: super_type_rows(Q3_K, p, s, first, last); break;
    case Q4_K: super_type_rows(Q4_K, p, s, first, last); break;
    case Q5_K: super_type_rows(Q5_K, p, s, first, last); break;
    case Q6_K: super_type_rows(Q6_K, p, s, first, last); break;
    case Q4_0: block_type_rows(Q4_0, p, s, first, last); break;
    case Q4_1: block_type_rows(Q4_1, p, s, first, last); break;
    case Q8_0: block_type_rows(Q8_0, p, s, first, last); break;
    default: unpacked_rows(p, s, first, last);
    }
}

#include "panel256.h"

FN inline float one_half(const uint8_t *at) {
    uint16_t half;
    memcpy(&half, at, 2);
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}

#define LANES 8
#include "dense.h"
#include "survey.h"

FN inline float sum_lanes(vec v) { return sum8((__m256)v); }
FN inline vec load_halves(const uint8_t *at) { return (vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)at)); }
FN inline void store_sums(float *at, const vec *v) {
    __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps((__m256)v[0], (__m256)v[1]), _mm256_hadd_ps((__m256)v[2], (__m256)v[3]));
    _mm_storeu_ps(at, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
}

FN inline vec load_bytes(const int8_t *at) {
    return (vec)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)at)));
}
FN inline void store_halves(uint8_t *at, vec v) {
    _mm_storeu_si128((__m128i *)at, _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
}

const Variant fireside_avx2 = {"avx2", rows, arrange_tile, panel, dense, round256, rms_norm, gate_by, attend, narrow,
    largest_of_blocks, sums_of_blocks};
#endif
