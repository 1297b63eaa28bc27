/* Kernels for AVX-512 with VNNI: vpdpbusd multiplies unsigned weight bytes by signed activations, four to a lane.
 * Decode works on the packed rows themselves for the common types; prefill unpacks PANEL rows once and lets each
 * lane hold one row, so that sums need no shuffling: 8 vpdpbusd for 512 products. */
#include "kernels.h"

#ifdef FIRESIDE_X86
#include <immintrin.h>

#define FN static __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")))
#include "unpack.h"

/* 64 unsigned bytes of a row: blocks 2i and 2i + 1 of 32, of a row of Q6_K or an unpacked one. `type` is a constant. */
FN inline __attribute__((always_inline)) __m512i load64(int type, const uint8_t *b, int64_t i, const uint8_t *unpacked) {
    if (type == Q6_K) {
        const uint8_t *block = b + i / 4 * 210, *ql = block + i % 4 / 2 * 64, *qh = block + 128 + i % 4 / 2 * 32;
        __m512i q = _mm512_loadu_si512(ql);
        __m256i h = _mm256_loadu_si256((const __m256i *)qh);
        if (i % 2) {
            q = _mm512_srli_epi16(q, 4);
            h = _mm256_srli_epi16(h, 4);
        }
        __m512i high = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_slli_epi16(h, 4)), _mm256_slli_epi16(h, 2), 1);
        high = _mm512_and_si512(high, _mm512_set1_epi8(0x30));
        return _mm512_or_si512(_mm512_and_si512(q, _mm512_set1_epi8(15)), high);
    }
    return _mm512_loadu_si512(unpacked + 64 * i);
}

/* Sixteen sums of four products each: 256 * (u . high) + u . low stays below 2^29. */
FN inline __m512i dot64(__m512i u, const int8_t *high, const int8_t *low) {
    __m512i dot = _mm512_dpbusd_epi32(_mm512_setzero_si512(), u, _mm512_loadu_si512(high));
    return _mm512_dpbusd_epi32(_mm512_slli_epi32(dot, 8), u, _mm512_loadu_si512(low));
}

/* Scales of a row times those of the activations into `by`; returns the sum over offset * activation sum. */
FN inline __attribute__((always_inline)) float row_scales(int type, const uint8_t *b, const Product *p,
                                                          const float *scales, const float *sums, Scratch *s) {
    int64_t groups = p->columns / GROUP;
    float *by = s->scales;
    if (type == Q6_K) {
        __m512 rest = _mm512_setzero_ps();
        for (int64_t i = 0; i < groups / 8; i++) {
            const uint8_t *block = b + i * 210;
            __m512 d = _mm512_mul_ps(_mm512_set1_ps(half_at(block + 208)),
                _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(block + 192)))));
            rest = _mm512_fmadd_ps(d, _mm512_loadu_ps(sums + 16 * i), rest);
            const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
            __m512 a = _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_loadu_ps(scales + 8 * i)));
            _mm512_storeu_ps(by + 16 * i, _mm512_mul_ps(d, a));
        }
        return -32.0f * _mm512_reduce_add_ps(rest);
    }
    /* Any other type: s->scales and s->offsets hold the unpacked row; the products go behind them. */
    int split = group_of(p->type) == SPLIT;
    float total = 0.0f;
    by = s->scales + p->columns / SPLIT;
    for (int64_t g = 0; g < groups; g++) {
        if (split) {
            by[2 * g] = s->scales[2 * g] * scales[g];
            by[2 * g + 1] = s->scales[2 * g + 1] * scales[g];
            total += s->offsets[2 * g] * sums[2 * g] + s->offsets[2 * g + 1] * sums[2 * g + 1];
        } else {
            by[g] = s->scales[g] * scales[g];
            total += s->offsets[g] * (sums[2 * g] + sums[2 * g + 1]);
        }
    }
    return total;
}

FN inline __attribute__((always_inline)) void rows_of(int type, int split, const Product *p, Scratch *s, int64_t first,
                                                      int64_t last) {
    const Activations *x = p->x;
    const __m512i spread = split ? _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)
                                 : _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    const int step = split ? 4 : 2;
    int64_t pairs = p->columns / 64;
    for (int64_t r = first; r < last; r++) {
        const uint8_t *b = p->weights + r * p->row_bytes;
        if (type == 0) unpack_row(p->type, b, p->columns, s->values, s->scales, s->offsets);
        const float *by = type == 0 ? s->scales + p->columns / SPLIT : s->scales;
        for (int64_t t = 0; t < x->tokens; t++) {
            const int8_t *high = x->high + t * x->columns, *low = x->low + t * x->columns;
            float rest = row_scales(type, b, p, x->scales + t * (x->columns / GROUP),
                                    x->sums + t * (x->columns / SPLIT), s);
            __m512 total0 = _mm512_setzero_ps(), total1 = _mm512_setzero_ps();
            int64_t i = 0;
            for (; i + 1 < pairs; i += 2) {
                __m512i dot0 = dot64(load64(type, b, i, s->values), high + 64 * i, low + 64 * i);
                __m512i dot1 = dot64(load64(type, b, i + 1, s->values), high + 64 * i + 64, low + 64 * i + 64);
                __m512 by0 = _mm512_permutexvar_ps(spread, _mm512_castps128_ps512(_mm_loadu_ps(by + step * i)));
                __m512 by1 = _mm512_permutexvar_ps(spread, _mm512_castps128_ps512(_mm_loadu_ps(by + step * (i + 1))));
                total0 = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot0), by0, total0);
                total1 = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot1), by1, total1);
            }
            if (i < pairs) {
                __m512i dot = dot64(load64(type, b, i, s->values), high + 64 * i, low + 64 * i);
                __m512 by0 = _mm512_permutexvar_ps(spread, _mm512_castps128_ps512(_mm_loadu_ps(by + step * i)));
                total0 = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), by0, total0);
            }
            float total = _mm512_reduce_add_ps(_mm512_add_ps(total0, total1)) + rest;
            if (p->columns % 64) { /* one block of 32 is left: only types of 32 can have it */
                int64_t g = p->columns / 32 - 1;
                uint8_t u[32] = {0};
                float scale, offset;
                unpack_row(p->type, b + g * (p->row_bytes / (p->columns / 32)), 32, u, &scale, &offset);
                int dot = 0;
                for (int j = 0; j < 32; j++) dot += u[j] * (256 * high[32 * g + j] + low[32 * g + j]);
                total += by[g] * (float)dot;
            }
            p->y[t * p->rows + r] = total;
        }
    }
}

enum { AHEAD = 6144 }; /* bytes that are fetched ahead: short rows are no stream to the processor */

/* The scales of the block `g` of four rows (those from `count` on are zero), each beside its offset (Q4_1) or itself. */
FN inline __attribute__((always_inline)) __m256 scales_of_four(int type, const int count, const uint8_t *b, int64_t row_bytes) {
    const __m128i twice = _mm_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13);
    int32_t heads[4] = {0};
    for (int r = 0; r < count; r++) memcpy(&heads[r], b + r * row_bytes, 4);
    __m128i halves = _mm_setr_epi32(heads[0], heads[1], heads[2], heads[3]);
    return _mm256_cvtph_ps(type == Q4_1 ? halves : _mm_shuffle_epi8(halves, twice));
}

/* Bytes of one block in two rows, lower and upper half: nibbles are spread to one byte each, the upper ones left where
 * they are, 16 times too large. */
FN inline __attribute__((always_inline)) __m512i bytes_of_two(int type, const uint8_t *b0, const uint8_t *b1) {
    if (type == Q8_0) {
        __m512i w = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)b0));
        w = _mm512_inserti64x4(w, _mm256_loadu_si256((const __m256i *)b1), 1);
        return _mm512_xor_si512(w, _mm512_set1_epi8((char)128));
    }
    const __m512i nibbles = _mm512_broadcast_i64x4(_mm256_set_m128i(_mm_set1_epi8((char)0xf0), _mm_set1_epi8(15)));
    __m512i w = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)b0));
    w = _mm512_mask_broadcast_i32x4(w, 0xff00, _mm_loadu_si128((const __m128i *)b1));
    return _mm512_and_si512(w, nibbles);
}

/* `count` (a constant: 1 or 4) rows of 32-blocks at once, which share the loads of the activations. `pairs` holds the
 * scale of each group of activations beside what their sum is multiplied by an offset to. */
FN inline __attribute__((always_inline)) void block_rows(int type, const int count, const Product *p, const float *pairs,
                                                         int64_t token, int64_t first) {
    const Activations *x = p->x;
    const int stride = type == Q4_0 ? 18 : type == Q4_1 ? 20 : 34, head = type == Q4_1 ? 4 : 2;
    const __m512i spread[2] = {_mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2),
                               _mm512_setr_epi32(4, 4, 4, 4, 4, 4, 4, 4, 6, 6, 6, 6, 6, 6, 6, 6)};
    int64_t groups = p->columns / GROUP, row = p->row_bytes;
    const int8_t *high = x->high + token * x->columns, *low = x->low + token * x->columns;
    const uint8_t *b = p->weights + first * row, *ahead = b + AHEAD;
    __m512 total[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    __m256 rest = _mm256_setzero_ps();
    for (int64_t g = 0; g < groups; g++, b += stride) {
        __m512i h = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(high + g * GROUP)));
        __m512i l = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(low + g * GROUP)));
        __m256 pair = _mm256_castpd_ps(_mm256_broadcast_sd((const double *)(pairs + 2 * g)));
        __m256 by = _mm256_mul_ps(scales_of_four(type, count, b, row), pair);
        rest = _mm256_add_ps(rest, by);
        for (int at = 0; count == 4 && at < 4 * stride; at += 64)
            _mm_prefetch((const char *)(ahead + 4 * stride * g + at), _MM_HINT_T1);
        for (int r = 0; r < count; r += 2) {
            const uint8_t *even = b + r * row + head, *odd = count == 1 ? even : even + row;
            __m512i u = bytes_of_two(type, even, odd);
            __m512i dot = _mm512_dpbusd_epi32(_mm512_setzero_si512(), u, h);
            dot = _mm512_dpbusd_epi32(_mm512_slli_epi32(dot, 8), u, l);
            __m512 scale = _mm512_permutexvar_ps(spread[r / 2], _mm512_castps256_ps512(by));
            total[r / 2] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, total[r / 2]);
        }
    }
    const __m256 upper = _mm256_setr_ps(1, 1, 1, 1, 0.0625f, 0.0625f, 0.0625f, 0.0625f);
    __m256 each[4];
    for (int r = 0; r < 4; r++) {
        each[r] = r % 2 ? _mm512_extractf32x8_ps(total[r / 2], 1) : _mm512_castps512_ps256(total[r / 2]);
        if (type != Q8_0) each[r] = _mm256_mul_ps(each[r], upper);
    }
    __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(each[0], each[1]), _mm256_hadd_ps(each[2], each[3]));
    __m128 offsets = _mm_shuffle_ps(_mm256_castps256_ps128(rest), _mm256_extractf128_ps(rest, 1), 0xdd);
    __m128 y = _mm_add_ps(_mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)), offsets);
    if (count == 4) _mm_storeu_ps(p->y + token * p->rows + first, y);
    else p->y[token * p->rows + first] = _mm_cvtss_f32(y);
}

FN inline __attribute__((always_inline)) void block_type_rows(int type, const Product *p, Scratch *s, int64_t first,
                                                              int64_t last) {
    const float by = type == Q4_0 ? -8.0f : type == Q8_0 ? -128.0f : 1.0f;
    int64_t groups = p->columns / GROUP;
    for (int64_t token = 0; token < p->x->tokens; token++) {
        const float *halves = p->x->sums + token * 2 * groups, *scales = p->x->scales + token * groups;
        float *pairs = s->scales;
        for (int64_t g = 0; g < groups; g++) {
            pairs[2 * g] = scales[g];
            pairs[2 * g + 1] = by * (halves[2 * g] + halves[2 * g + 1]);
        }
        int64_t row = first;
        for (; row + 4 <= last; row += 4) block_rows(type, 4, p, pairs, token, row);
        for (; row < last; row++) block_rows(type, 1, p, pairs, token, row);
    }
}

FN inline float sum8(__m256 v) { return _mm512_reduce_add_ps(_mm512_zextps256_ps512(v)); }

FN inline __m256i dot32x16(__m256i u, __m256i high, __m256i low) {
    return _mm256_dpbusd_epi32(_mm256_slli_epi32(_mm256_dpbusd_epi32(_mm256_setzero_si256(), u, high), 8), u, low);
}

#include "super.h"

FN void rows(const Product *p, Scratch *s, int64_t first, int64_t last) {
    switch (p->type) {
    case Q4_0: block_type_rows(Q4_0, p, s, first, last); break;
    case Q4_1: block_type_rows(Q4_1, p, s, first, last); break;
    case Q8_0: block_type_rows(Q8_0, p, s, first, last); break;
    case Q4_K: super_type_rows(Q4_K, p, s, first, last); break;
    case Q6_K: rows_of(Q6_K, 1, p, s, first, last); break; /* 64 at once are a quarter faster than super.h's 32 */
    case Q2_K:
    case Q3_K: rows_of(0, 1, p, s, first, last); break;
    default: rows_of(0, 0, p, s, first, last);
    }
}

/* PANEL rows times `tokens` (a constant) tokens; every lane is a row. */
FN inline __attribute__((always_inline)) void tile(const Product *p, const Scratch *s, int group, int64_t first,
                                                   int64_t last, int64_t token, const int tokens) {
    const Activations *x = p->x;
    __m512 total[TILE];
    for (int t = 0; t < tokens; t++) total[t] = _mm512_setzero_ps();
    for (int64_t g = 0; g < p->columns / group; g++) {
        __m512i high[TILE], low[TILE];
        for (int t = 0; t < tokens; t++) high[t] = low[t] = _mm512_setzero_si512();
        const uint8_t *u = s->values + g * group * PANEL;
        const int8_t *from_high = x->high + token * x->columns + g * group;
        const int8_t *from_low = x->low + token * x->columns + g * group;
        for (int k = 0; k < group / 4; k++) {
            __m512i weights = _mm512_loadu_si512(u + k * 64);
            for (int t = 0; t < tokens; t++) {
                int32_t h, l;
                memcpy(&h, from_high + t * x->columns + k * 4, 4);
                memcpy(&l, from_low + t * x->columns + k * 4, 4);
                high[t] = _mm512_dpbusd_epi32(high[t], weights, _mm512_set1_epi32(h));
                low[t] = _mm512_dpbusd_epi32(low[t], weights, _mm512_set1_epi32(l));
            }
        }
        __m512 scale = _mm512_loadu_ps(s->scales + g * PANEL), offset = _mm512_loadu_ps(s->offsets + g * PANEL);
        for (int t = 0; t < tokens; t++) {
            const float *sums = x->sums + (token + t) * (x->columns / SPLIT) + g * (group / SPLIT);
            float sum = group == GROUP ? sums[0] + sums[1] : sums[0];
            __m512 by = _mm512_mul_ps(scale, _mm512_set1_ps(x->scales[(token + t) * (x->columns / GROUP) + g * group / GROUP]));
            __m512i whole = _mm512_add_epi32(_mm512_slli_epi32(high[t], 8), low[t]);
            total[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole), by, total[t]);
            total[t] = _mm512_fmadd_ps(offset, _mm512_set1_ps(sum), total[t]);
        }
    }
    __mmask16 present = last - first >= PANEL ? 0xffff : (__mmask16)((1 << (last - first)) - 1);
    for (int t = 0; t < tokens; t++) _mm512_mask_storeu_ps(p->y + (token + t) * p->rows + first, present, total[t]);
}

/* Sixteen rows of 16 32-bit words become sixteen columns: in pairs, fours, then across the lanes of 128 bits. */
FN inline void turn16(__m512i *r) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int k = 0; k < 2; k++) {
            r[i + 2 * k] = _mm512_unpacklo_epi64(t[i + k], t[i + 2 + k]);
            r[i + 2 * k + 1] = _mm512_unpackhi_epi64(t[i + k], t[i + 2 + k]);
        }
    for (int i = 0; i < 16; i += 8)
        for (int k = 0; k < 4; k++) {
            t[i + k] = _mm512_shuffle_i32x4(r[i + k], r[i + 4 + k], 0x88);
            t[i + 4 + k] = _mm512_shuffle_i32x4(r[i + k], r[i + 4 + k], 0xdd);
        }
    for (int k = 0; k < 8; k++) {
        r[k] = _mm512_shuffle_i32x4(t[k], t[8 + k], 0x88);
        r[8 + k] = _mm512_shuffle_i32x4(t[k], t[8 + k], 0xdd);
    }
}

/* What unpack_panel does, a word of all rows at a time. */
FN void unpack_sixteen(const Product *p, int64_t first, int64_t last, Scratch *s) {
    int64_t columns = p->columns, groups = columns / group_of(p->type), apart = columns / SPLIT;
    uint8_t *rows = s->values + PANEL * columns;
    float *scales = s->scales + PANEL * apart, *offsets = s->offsets + PANEL * apart;
    for (int r = 0; r < PANEL; r++) {
        int64_t at = first + r < last ? first + r : last - 1;
        unpack_row(p->type, p->weights + at * p->row_bytes, columns, rows + r * columns, scales + r * apart, offsets + r * apart);
    }
    for (int64_t c = 0; c < columns; c += 64) {
        __mmask16 present = columns - c < 64 ? 0xff : 0xffff;
        __m512i words[PANEL];
        for (int r = 0; r < PANEL; r++) words[r] = _mm512_maskz_loadu_epi32(present, rows + r * columns + c);
        turn16(words);
        for (int k = 0; k < PANEL && c + 4 * k < columns; k++) _mm512_storeu_si512(s->values + (c + 4 * k) * PANEL, words[k]);
    }
    const __m512i each = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                            _mm512_set1_epi32((int)apart));
    for (int64_t g = 0; g < groups; g++) {
        _mm512_storeu_ps(s->scales + g * PANEL, _mm512_i32gather_ps(each, scales + g, 4));
        _mm512_storeu_ps(s->offsets + g * PANEL, _mm512_i32gather_ps(each, offsets + g, 4));
    }
}

FN void panel(const Product *p, Scratch *s, int64_t first, int64_t last) {
    int split = group_of(p->type) == SPLIT;
    for (; first < last; first += PANEL) {
        unpack_sixteen(p, first, last, s);
        int64_t token = 0;
        for (; token + TILE <= p->x->tokens; token += TILE) {
            if (split) tile(p, s, SPLIT, first, last, token, TILE);
            else tile(p, s, GROUP, first, last, token, TILE);
        }
        for (; token < p->x->tokens; token++) {
            if (split) tile(p, s, SPLIT, first, last, token, 1);
            else tile(p, s, GROUP, first, last, token, 1);
        }
    }
}

FN void round512(const float *x, int64_t columns, int8_t *high, int8_t *low, float *scales, float *sums) {
    const __m512 nothing = _mm512_setzero_ps();
    for (int64_t g = 0; g < columns / GROUP; g++, x += GROUP, high += GROUP, low += GROUP) {
        __m512 x0 = _mm512_loadu_ps(x), x1 = _mm512_loadu_ps(x + 16);
        float most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(x0), _mm512_abs_ps(x1)));
        __mmask16 unsound = _mm512_cmp_ps_mask(_mm512_mul_ps(x0, nothing), nothing, _CMP_NEQ_UQ)
                            | _mm512_cmp_ps_mask(_mm512_mul_ps(x1, nothing), nothing, _CMP_NEQ_UQ);
        __m512 inverse = _mm512_set1_ps(most > SMALLEST ? LARGEST / most : 0.0f);
        float scale = unsound ? NAN : most / LARGEST;
        for (int part = 0; part < 2; part++) {
            __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(part ? x1 : x0, inverse));
            __m512i top = _mm512_srai_epi32(_mm512_add_epi32(whole, _mm512_set1_epi32(128)), 8);
            __m512i rest = _mm512_sub_epi32(whole, _mm512_slli_epi32(top, 8));
            rest = _mm512_max_epi32(rest, _mm512_set1_epi32(-127));
            _mm_storeu_si128((__m128i *)(high + part * SPLIT), _mm512_cvtepi32_epi8(top));
            _mm_storeu_si128((__m128i *)(low + part * SPLIT), _mm512_cvtepi32_epi8(rest));
            whole = _mm512_add_epi32(_mm512_slli_epi32(top, 8), rest);
            sums[2 * g + part] = scale * (float)_mm512_reduce_add_epi32(whole);
        }
        scales[g] = scale;
    }
}

FN inline float one_half(const uint8_t *at) {
    uint16_t half;
    memcpy(&half, at, 2);
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}

#define LANES 16
#include "dense.h"

FN inline float sum_lanes(vec v) { return _mm512_reduce_add_ps((__m512)v); }
FN inline vec load_halves(const uint8_t *at) { return (vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)at)); }
FN inline __m256 halved(vec v) {
    return _mm256_add_ps(_mm512_castps512_ps256((__m512)v), _mm512_extractf32x8_ps((__m512)v, 1));
}

FN inline void store_sums(float *at, const vec *v) {
    __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(halved(v[0]), halved(v[1])), _mm256_hadd_ps(halved(v[2]), halved(v[3])));
    _mm_storeu_ps(at, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
}

FN inline vec load_bytes(const int8_t *at) {
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)at)));
}
FN inline void store_halves(uint8_t *at, vec v) {
    _mm256_storeu_si256((__m256i *)at, _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT));
}

#include "attend512.h"

const Variant fireside_avx512 = {"avx512", rows, panel, dense, round512, rms_norm, gate_by, attend512, narrow};
#endif
