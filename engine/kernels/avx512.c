/* Kernels for AVX-512 with VNNI: vpdpbusd multiplies unsigned weight bytes by signed activations, four to a lane.
 * Decode works on the packed rows themselves for the common types; prefill unpacks PANEL rows once and lets each
 * lane hold one row, so that sums need no shuffling: 8 vpdpbusd for 512 products. */
#include "kernels.h"

#ifdef FIRESIDE_X86
#include <immintrin.h>

#define FN static __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")))
#define LOOKUP(table, places) (Sixteen)_mm_shuffle_epi8((__m128i)(table), (__m128i)(places))
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
    /* Any other type, of 32 to a scale: s->scales and s->offsets hold the unpacked row; the products go behind them. */
    float total = 0.0f;
    by = s->scales + p->columns / SPLIT;
    for (int64_t g = 0; g < groups; g++) {
        by[g] = s->scales[g] * scales[g];
        total += s->offsets[g] * (sums[2 * g] + sums[2 * g + 1]);
    }
    return total;
}

FN inline __attribute__((always_inline)) void rows_of(int type, const Product *p, Scratch *s, int64_t first,
                                                      int64_t last) {
    const Activations *x = p->x;
    const int split = type == Q6_K;
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

enum { BLOCKS = CHUNK / GROUP }; /* of each row that are multiplied at once */

/* Bytes of a 32-block: its scale, with Q4_1 an offset, then the weights. */
FN inline __attribute__((always_inline)) int block_bytes(int type) { return type == Q4_0 ? 18 : type == Q4_1 ? 20 : 34; }

/* The 64 bytes from b + `from` on; those from b + `end` on are not read and count as zero. */
FN inline __attribute__((always_inline)) __m512i part64(const uint8_t *b, int from, int end) {
    int words = (end - from) / 2;
    return _mm512_maskz_loadu_epi16(words >= 32 ? ~(__mmask32)0 : words <= 0 ? 0 : ((__mmask32)1 << words) - 1, b + from);
}

/* Eight words of x and y, which follow each other, to a lane: in lane i from `first` + i * `apart` on. */
FN inline __attribute__((always_inline)) __m512i words_of(__m512i x, __m512i y, int first, int apart) {
    const __m512i lane = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    const __m512i in_lane = _mm512_broadcast_i32x4(_mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7));
    const __m512i each = _mm512_mullo_epi32(lane, _mm512_set1_epi32(apart * 0x10001));
    return _mm512_permutex2var_epi16(x, _mm512_add_epi16(_mm512_add_epi16(each, in_lane), _mm512_set1_epi16((short)first)), y);
}

/* `left` (BLOCKS, or fewer at the end) blocks of row `r`: bytes of the first and second half of each to a lane. The row's
 * scales go to the lower half of `heads`, its offsets (or the scales again) to the upper one. */
FN inline __attribute__((always_inline)) void take_blocks(int type, const uint8_t *b, int left, int r, __m512i halves[2],
                                                          __m512i *heads) {
    const int apart = block_bytes(type) / 2, end = left * block_bytes(type);
    const __mmask32 mine = (__mmask32)0x000f000f << 4 * r;
    const __m256i scales = _mm256_mullo_epi16(_mm256_set1_epi64x(0x0003000200010000), _mm256_set1_epi16((short)apart));
    const __m256i offsets = type == Q4_1 ? _mm256_add_epi16(scales, _mm256_set1_epi16(1)) : scales;
    const __m512i places = _mm512_inserti64x4(_mm512_castsi256_si512(scales), offsets, 1);
    __m512i x = part64(b, 0, end);
    if (type == Q8_0) {
        const __m512i sign = _mm512_set1_epi8((char)128);
        __m512i y = part64(b, 64, end);
        *heads = _mm512_mask_mov_epi16(*heads, mine, _mm512_permutex2var_epi16(x, places, y));
        halves[0] = _mm512_xor_si512(words_of(x, y, 1, apart), sign);
        halves[1] = _mm512_xor_si512(words_of(part64(b, 18, end), part64(b, 82, end), 0, apart), sign);
    } else {
        const __m512i nibbles = _mm512_set1_epi8(15);
        __m512i y = _mm512_zextsi128_si512(_mm_maskz_loadu_epi32(left < BLOCKS ? 0 : type == Q4_1 ? 15 : 3, b + 64));
        __m512i w = words_of(x, y, type == Q4_1 ? 2 : 1, apart);
        *heads = _mm512_mask_permutexvar_epi16(*heads, mine, places, x);
        halves[0] = _mm512_and_si512(w, nibbles);
        halves[1] = _mm512_and_si512(_mm512_srli_epi16(w, 4), nibbles);
    }
}

/* Activations in the order in which block_rows meets them, filled up with zeros. */
typedef struct {
    int8_t *values;          /* [chunks][4][64]: high and low parts, each of the first and of the second halves of its blocks */
    float *scales, *offsets; /* [chunks][BLOCKS]: of each group, and what an offset is multiplied by */
} Arranged;

FN void arrange(const Activations *x, int64_t token, float offset, const Arranged *to) {
    const int8_t *parts[2] = {x->high + token * x->columns, x->low + token * x->columns};
    int64_t groups = x->columns / GROUP;
    for (int64_t g = 0; g < (groups + BLOCKS - 1) / BLOCKS * BLOCKS; g++) {
        const float *sums = x->sums + 2 * (token * groups + g);
        int8_t *values = to->values + g / BLOCKS * 256 + g % BLOCKS * 16;
        to->scales[g] = g < groups ? x->scales[token * groups + g] : 0.0f;
        to->offsets[g] = g < groups ? offset * (sums[0] + sums[1]) : 0.0f;
        for (int i = 0; i < 4; i++) {
            if (g < groups) memcpy(values + 64 * i, parts[i / 2] + g * GROUP + i % 2 * 16, 16);
            else memset(values + 64 * i, 0, 16);
        }
    }
}

/* Chunk `c` of BAND rows, `row` bytes apart: sums by block to `totals`, a row each, and products with offsets to `rest`. */
FN inline __attribute__((always_inline)) void chunk_of_rows(int type, const uint8_t *b, int64_t row, int left, int64_t c,
                                                            const Arranged *x, __m512 totals[BAND], __m512 *rest) {
    const __m512i each = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    const int8_t *values = x->values + 256 * c;
    __m512i halves[BAND][2], heads = _mm512_setzero_si512(), parts[4];
    for (int r = 0; r < BAND; r++) take_blocks(type, b + r * row, left, r, halves[r], &heads);
    for (int i = 0; i < 4; i++) parts[i] = _mm512_loadu_si512(values + 64 * i);
    __m512 scales = _mm512_cvtph_ps(_mm512_castsi512_si256(heads));
    __m512 offsets = type == Q4_1 ? _mm512_cvtph_ps(_mm512_extracti64x4_epi64(heads, 1)) : scales;
    *rest = _mm512_fmadd_ps(offsets, _mm512_broadcast_f32x4(_mm_loadu_ps(x->offsets + BLOCKS * c)), *rest);
    scales = _mm512_mul_ps(scales, _mm512_broadcast_f32x4(_mm_loadu_ps(x->scales + BLOCKS * c)));
    for (int r = 0; r < BAND; r++) {
        __m512i dot = _mm512_dpbusd_epi32(_mm512_setzero_si512(), halves[r][0], parts[0]);
        dot = _mm512_slli_epi32(_mm512_dpbusd_epi32(dot, halves[r][1], parts[1]), 8);
        dot = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(dot, halves[r][0], parts[2]), halves[r][1], parts[3]);
        __m512 by = _mm512_permutexvar_ps(_mm512_add_epi32(each, _mm512_set1_epi32(BLOCKS * r)), scales);
        totals[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), by, totals[r]);
    }
}

FN inline __attribute__((always_inline)) void fetch(const uint8_t *at, int64_t bytes) { /* else GCC 12 drops the call */
    for (int64_t i = 0; i < bytes; i += 64) _mm_prefetch((const char *)at + i, _MM_HINT_T1);
}

/* y of BAND rows of 32-blocks, `row` bytes apart. */
FN inline __attribute__((always_inline)) __m128 block_rows(int type, const uint8_t *b, int64_t row, int64_t groups, const Arranged *x) {
    const int bytes = BLOCKS * block_bytes(type);
    const int64_t set = BAND * row, apart = set ? set * (AHEAD / set + 1) : 0; /* whole sets of rows, AHEAD at least */
    const uint8_t *ahead = b + apart;
    __m512 totals[BAND], rest = _mm512_setzero_ps();
    for (int r = 0; r < BAND; r++) totals[r] = _mm512_setzero_ps();
    int64_t c = 0;
    for (; c < groups / BLOCKS; c++, b += bytes, ahead += BAND * bytes) {
        fetch(ahead, BAND * bytes);
        chunk_of_rows(type, b, row, BLOCKS, c, x, totals, &rest);
    }
    if (groups % BLOCKS) {
        fetch(ahead, BAND * (int)(groups % BLOCKS) * block_bytes(type));
        chunk_of_rows(type, b, row, (int)(groups % BLOCKS), c, x, totals, &rest);
    }
    /* Lanes with one sum of each row; lane r of `rest` is row r's. */
    __m512 even = _mm512_add_ps(_mm512_unpacklo_ps(totals[0], totals[1]), _mm512_unpackhi_ps(totals[0], totals[1]));
    __m512 odd = _mm512_add_ps(_mm512_unpacklo_ps(totals[2], totals[3]), _mm512_unpackhi_ps(totals[2], totals[3]));
    __m512 all = _mm512_add_ps(_mm512_shuffle_ps(even, odd, 0x44), _mm512_shuffle_ps(even, odd, 0xee));
    rest = _mm512_add_ps(rest, _mm512_permute_ps(rest, 0xb1));
    rest = _mm512_add_ps(rest, _mm512_permute_ps(rest, 0x4e));
    rest = _mm512_maskz_mov_ps(0x8421, rest);
    all = _mm512_add_ps(all, rest);
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

FN inline __attribute__((always_inline)) void block_type_rows(int type, const Product *p, Scratch *s, int64_t first,
                                                              int64_t last) {
    const int64_t groups = p->columns / GROUP;
    const Arranged x = {(int8_t *)s->values, s->scales, s->offsets};
    for (int64_t token = 0; token < p->x->tokens; token++) {
        float *y = p->y + token * p->rows;
        int64_t row = first;
        arrange(p->x, token, type == Q4_0 ? -8.0f : type == Q8_0 ? -128.0f : 1.0f, &x);
        for (; row + BAND <= last; row += BAND)
            _mm_storeu_ps(y + row, block_rows(type, p->weights + row * p->row_bytes, p->row_bytes, groups, &x));
        for (; row < last; row++)
            y[row] = _mm_cvtss_f32(block_rows(type, p->weights + row * p->row_bytes, 0, groups, &x));
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
    case Q2_K: super_type_rows(Q2_K, p, s, first, last); break;
    case Q3_K: super_type_rows(Q3_K, p, s, first, last); break;
    case Q4_K: super_type_rows(Q4_K, p, s, first, last); break;
    case Q5_K: super_type_rows(Q5_K, p, s, first, last); break;
    case Q6_K: rows_of(Q6_K, p, s, first, last); break; /* 64 at once are a quarter faster than super.h's 32 */
    default: rows_of(0, p, s, first, last);
    }
}

#include "turned512.h"

/* Words of TILE tokens side by side, so that a step of `tile` reads one line of memory. */
FN void arrange_tile(const Activations *x, int64_t number) {
    int64_t groups = x->columns / GROUP, first = number * TILE, here = x->tokens - first < TILE ? x->tokens - first : TILE;
    TileGroup *to = x->tiles + number * groups;
    for (int64_t c = 0; c < x->columns; c += 2 * GROUP) {
        __mmask16 present = x->columns - c < 2 * GROUP ? 0xff : 0xffff;
        __m512i words[2 * TILE];
        for (int t = 0; t < TILE; t++) {
            int64_t at = (first + t) * x->columns + c;
            words[t] = t < here ? _mm512_maskz_loadu_epi32(present, x->high + at) : _mm512_setzero_si512();
            words[TILE + t] = t < here ? _mm512_maskz_loadu_epi32(present, x->low + at) : _mm512_setzero_si512();
        }
        turn16(words);
        for (int i = 0; i < 2 && c + i * GROUP < x->columns; i++)
            for (int w = 0; w < GROUP / 4; w++) _mm512_storeu_si512(to[c / GROUP + i].words[w], words[i * GROUP / 4 + w]);
    }
    for (int64_t g = 0; g < groups; g += 8) {
        int64_t left = groups - g < 8 ? groups - g : 8;
        __m512i words[2 * TILE];
        for (int t = 0; t < TILE; t++) {
            int64_t at = (first + t) * groups + g;
            __mmask16 present = t < here ? (__mmask16)((1 << left) - 1) : 0, both = t < here ? (__mmask16)((1 << 2 * left) - 1) : 0;
            words[t] = _mm512_maskz_loadu_epi32(both, x->sums + 2 * at);
            words[TILE + t] = _mm512_maskz_loadu_epi32(present, x->scales + at);
        }
        turn16(words);
        for (int i = 0; i < left; i++) {
            __m256 one = (__m256)_mm512_castsi512_si256(words[2 * i]), other = (__m256)_mm512_castsi512_si256(words[2 * i + 1]);
            _mm256_storeu_ps(to[g + i].scales, (__m256)_mm512_extracti64x4_epi64(words[i], 1));
            _mm256_storeu_ps(to[g + i].sums, _mm256_add_ps(one, other));
            _mm256_storeu_ps(to[g + i].halves[0], one);
            _mm256_storeu_ps(to[g + i].halves[1], other);
        }
    }
}

/* PANEL rows times `tokens` (a constant) tokens of one tile; every lane is a row. */
FN inline __attribute__((always_inline)) void tile(const Product *p, const Scratch *s, int group, int64_t first,
                                                   int64_t last, int64_t token, const int tokens) {
    const TileGroup *x = p->x->tiles + token / TILE * (p->columns / GROUP);
    const int64_t lane = token % TILE;
    __m512 total[TILE];
    for (int t = 0; t < tokens; t++) total[t] = _mm512_setzero_ps();
    for (int64_t g = 0; g < p->columns / group; g++) {
        const TileGroup *here = x + g * group / GROUP;
        const int half = group == GROUP ? 0 : (int)(g % 2);
        const int32_t *words = here->words[half * (SPLIT / 4)][0] + lane;
        const uint8_t *u = s->values + g * group * PANEL;
        __m512i high[TILE], low[TILE];
        for (int t = 0; t < tokens; t++) high[t] = low[t] = _mm512_setzero_si512();
        for (int k = 0; k < group / 4; k++, words += 2 * TILE) {
            __m512i weights = _mm512_loadu_si512(u + k * 64);
            for (int t = 0; t < tokens; t++) {
                high[t] = _mm512_dpbusd_epi32(high[t], weights, _mm512_set1_epi32(words[t]));
                low[t] = _mm512_dpbusd_epi32(low[t], weights, _mm512_set1_epi32(words[TILE + t]));
            }
        }
        __m512 scale = _mm512_loadu_ps(s->scales + g * PANEL), offset = _mm512_loadu_ps(s->offsets + g * PANEL);
        const float *sums = (group == GROUP ? here->sums : here->halves[half]) + lane;
        for (int t = 0; t < tokens; t++) {
            __m512 by = _mm512_mul_ps(scale, _mm512_set1_ps(here->scales[lane + t]));
            __m512i whole = _mm512_add_epi32(_mm512_slli_epi32(high[t], 8), low[t]);
            total[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole), by, total[t]);
            total[t] = _mm512_fmadd_ps(offset, _mm512_set1_ps(sums[t]), total[t]);
        }
    }
    __mmask16 present = last - first >= PANEL ? 0xffff : (__mmask16)((1 << (last - first)) - 1);
    for (int t = 0; t < tokens; t++) _mm512_mask_storeu_ps(p->y + (token + t) * p->rows + first, present, total[t]);
}

/* The next TILE, 4, 2 or 1 tokens from `token` on; how many. */
FN inline __attribute__((always_inline)) int some_tokens(const Product *p, const Scratch *s, int group, int64_t first,
                                                         int64_t last, int64_t token) {
    int64_t left = p->x->tokens - token;
    if (left >= TILE) return tile(p, s, group, first, last, token, TILE), TILE;
    if (left >= 4) return tile(p, s, group, first, last, token, 4), 4;
    if (left >= 2) return tile(p, s, group, first, last, token, 2), 2;
    return tile(p, s, group, first, last, token, 1), 1;
}

FN void panel(const Product *p, Scratch *s, int64_t first, int64_t last) {
    int split = group_of(p->type) == SPLIT;
    for (; first < last; first += PANEL) {
        unpack_sixteen(p, first, last, s);
        for (int64_t token = 0; token < p->x->tokens;)
            token += split ? some_tokens(p, s, SPLIT, first, last, token) : some_tokens(p, s, GROUP, first, last, token);
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
        const __m128i ones = _mm_set1_epi8(1);
        __m128i fours[2];
        for (int part = 0; part < 2; part++) {
            __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(part ? x1 : x0, inverse));
            __m512i top = _mm512_srai_epi32(_mm512_add_epi32(whole, _mm512_set1_epi32(128)), 8);
            __m512i rest = _mm512_sub_epi32(whole, _mm512_slli_epi32(top, 8));
            rest = _mm512_max_epi32(rest, _mm512_set1_epi32(-127));
            __m128i tops = _mm512_cvtepi32_epi8(top), rests = _mm512_cvtepi32_epi8(rest);
            _mm_storeu_si128((__m128i *)(high + part * SPLIT), tops);
            _mm_storeu_si128((__m128i *)(low + part * SPLIT), rests);
            fours[part] = _mm_slli_epi32(_mm_dpbusd_epi32(_mm_setzero_si128(), ones, tops), 8);
            fours[part] = _mm_dpbusd_epi32(fours[part], ones, rests);
        }
        __m128i whole = _mm_hadd_epi32(_mm_hadd_epi32(fours[0], fours[1]), _mm_setzero_si128());
        _mm_storel_pi((__m64 *)(sums + 2 * g), _mm_mul_ps(_mm_cvtepi32_ps(whole), _mm_set1_ps(scale)));
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
#include "survey.h"

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
#include "bytes512.h"
#include "halves512.h"
#include "few512.h"

FN void attend512(const Attend *a, const Part *part, float *room) {
    if (a->type == Q8_0) attend_bytes(a, part, room);
    else if (a->type == F32) attend(a, part, room);
    else if (a->tokens >= LONG_PROMPT) attend_halves(a, part, room);
    else if ((part->last - part->first) * part->heads > MOST_FEW) attend(a, part, room);
    else attend_few(a, part, room);
}

const Variant fireside_avx512 = {"avx512", rows, arrange_tile, panel, dense, round512, rms_norm, gate_by, attend512, narrow,
    largest_of_blocks, sums_of_blocks};
#endif
