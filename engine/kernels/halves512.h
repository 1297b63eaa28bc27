/* Attention of many queries over float16 for AVX-512, in bytes. Included by avx512.c; the oracle is engine/attention.py.
 *
 * A word holds four columns of a key turned to [words][KEYS], or four keys' numbers of one column of the values. Keys,
 * values and queries become bytes with the largest number of each vector at MOST_BYTE, weights with the largest of a block
 * at MOST_WEIGHT. That does for the many keys that weigh little; one with more than TELLING of all weight so far is taken
 * from the cache as it is, in floats, and so is what all keys have in common. Four queries go together: sixteen sums for four words, and one maximum, one
 * total and one division for all four. No query's bits depend on those beside it, so a prompt's chunks change none. */

enum {
    QUAD = 4,
    SLACK = 6, /* powers of two that a score may pass `largest` by */
    MOST_BYTE = 127,
    MOST_WEIGHT = 255,
    FIRST = 16 /* keys that tell what all are like: as many as a chunk of a prompt has at least */
};

#define TELLING (1.0f / 16)
#define MOST_SCORE 100.0f /* a power of two whose sums are still numbers */
/* Twice the deviation of a score in bytes, for one column and scales of one: from both sides, 0.29 of a step times 0.35 of
 * the other side's 127 steps. */
#define DOUBT 36.0f

typedef struct {
    int32_t *keys, *values;           /* [depth / 4][KEYS], without a sign: 128 too large; [KEYS / 4][depth] */
    float *key_scales, *value_scales; /* [KEYS] */
    float *floats, *centre;           /* [16][depth], rows on their way to bytes; what all keys are less here */
} Words;

/* Four queries [QUAD][depth], scaled, and as bytes; sums [QUAD][depth]; what sums over keys begin with; which keys of a
 * block tell; and four times each, to a lane of 128 bits: scales, what all keys share of a score, the share of all weight
 * from which a key tells, totals of the weights, and the scores that weights are powers of two below. */
typedef struct {
    float *numbers, *out;
    uint8_t *bytes;
    int32_t offsets[QUAD];
    uint16_t telling[QUAD][KEYS / 16];
    __m512 scales, shared, tellings, totals, largest;
} Quad;

/* Four registers of whole numbers as bytes: four of each, in their order, to a lane of 128 bits. */
FN inline __m512i in_bytes(const __m512i *x, int has_sign) {
    __m512i x0 = _mm512_packs_epi32(x[0], x[1]), x1 = _mm512_packs_epi32(x[2], x[3]);
    return has_sign ? _mm512_packs_epi16(x0, x1) : _mm512_packus_epi16(x0, x1);
}

/* Where word `w` of in_bytes belongs: in_bytes puts those of one register four apart. */
FN inline __attribute__((always_inline)) int64_t in_order(int64_t w) { return w % 4 * 4 + w / 4; }

/* What `op` makes of each of sixteen registers, in sixteen lanes. */
#define EACH_OF_16(op, v)                                                                                                 \
    do {                                                                                                                  \
        for (int i = 0; i < 8; i++)                                                                                       \
            v[i] = op(_mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]), _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]));            \
        for (int i = 0; i < 4; i++)                                                                                       \
            v[i] = op(_mm512_shuffle_ps(v[2 * i], v[2 * i + 1], 0x44), _mm512_shuffle_ps(v[2 * i], v[2 * i + 1], 0xee));  \
        for (int i = 0; i < 2; i++)                                                                                       \
            v[i] = op(_mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0x44), _mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0xee)); \
        v[0] = op(_mm512_shuffle_f32x4(v[0], v[1], 0x88), _mm512_shuffle_f32x4(v[0], v[1], 0xdd));                        \
    } while (0)

/* What `op` makes of each of four registers: of the i-th in the i-th place of every lane of 128 bits. */
#define EACH_OF_4(op, to, v)                                                                                          \
    do {                                                                                                              \
        __m512 x = op(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));                                \
        __m512 y = op(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));                                \
        x = op(_mm512_shuffle_ps(x, y, 0x44), _mm512_shuffle_ps(x, y, 0xee));                                         \
        x = op(x, _mm512_shuffle_f32x4(x, x, 0x4e));                                                                  \
        to = op(x, _mm512_shuffle_f32x4(x, x, 0xb1));                                                                 \
    } while (0)

/* Mix columns c, c + 16, c + 32 and c + 48 (a Hadamard matrix of four): dot products stay as they are, and a column in
 * which keys are large takes less of the others' bytes (QuaRot, arXiv:2404.00456). */
FN inline void mix(__m512 x[4]) {
    __m512 half = _mm512_set1_ps(0.5f);
    __m512 a = _mm512_add_ps(x[0], x[1]), b = _mm512_sub_ps(x[0], x[1]);
    __m512 c = _mm512_add_ps(x[2], x[3]), d = _mm512_sub_ps(x[2], x[3]);
    x[0] = _mm512_mul_ps(_mm512_add_ps(a, c), half), x[1] = _mm512_mul_ps(_mm512_add_ps(b, d), half);
    x[2] = _mm512_mul_ps(_mm512_sub_ps(a, c), half), x[3] = _mm512_mul_ps(_mm512_sub_ps(b, d), half);
}

FN inline void mix_row(float *x, int64_t depth) {
    for (float *at = x; at + 64 <= x + depth; at += 64) {
        __m512 four[4];
        for (int i = 0; i < 4; i++) four[i] = _mm512_load_ps(at + 16 * i);
        mix(four);
        for (int i = 0; i < 4; i++) _mm512_store_ps(at + 16 * i, four[i]);
    }
}

/* Up to 64 columns from `x` on, times `by`, as bytes. */
FN inline __m512i rounded(const float *x, int64_t columns, float by) {
    __m512i whole[4];
    for (int i = 0; i < 4; i++)
        whole[i] = 16 * i >= columns ? _mm512_setzero_si512()
            : _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_load_ps(x + 16 * i), _mm512_set1_ps(by)));
    return in_bytes(whole, 1);
}

/* Sixteen rows of halves as floats [16][depth], less `centre` and mixed if there is one; the largest number of each,
 * without its sign. */
FN inline __attribute__((always_inline)) __m512 widen_rows(const uint8_t *rows, int64_t depth, const float *centre,
                                                             float *to) {
    __m512 most[16];
    for (int r = 0; r < 16; r++) {
        most[r] = _mm512_setzero_ps();
        int64_t d = 0;
        for (; d + 64 <= depth; d += 64) {
            __m512 x[4];
            for (int i = 0; i < 4; i++) x[i] = (__m512)load_halves(rows + 2 * (depth * r + d + 16 * i));
            if (centre) {
                for (int i = 0; i < 4; i++) x[i] = _mm512_sub_ps(x[i], _mm512_load_ps(centre + d + 16 * i));
                mix(x);
            }
            for (int i = 0; i < 4; i++) {
                most[r] = _mm512_max_ps(most[r], _mm512_abs_ps(x[i]));
                _mm512_store_ps(to + depth * r + d + 16 * i, x[i]);
            }
        }
        for (; d < depth; d += 16) {
            __m512 x = (__m512)load_halves(rows + 2 * (depth * r + d));
            if (centre) x = _mm512_sub_ps(x, _mm512_load_ps(centre + d));
            most[r] = _mm512_max_ps(most[r], _mm512_abs_ps(x));
            _mm512_store_ps(to + depth * r + d, x);
        }
    }
    EACH_OF_16(_mm512_max_ps, most);
    return most[0];
}

/* Sixteen keys to columns `s` .. `s` + 15 of the block. */
FN inline void turn_keys(const uint8_t *keys, int64_t depth, int64_t s, const Words *b) {
    float inverses[16];
    __m512 heights = widen_rows(keys, depth, b->centre, b->floats);
    _mm512_storeu_ps(inverses, inverses_of(heights, MOST_BYTE));
    _mm512_store_ps(b->key_scales + s, _mm512_mul_ps(heights, _mm512_set1_ps(1.0f / MOST_BYTE)));
    for (int64_t c = 0; c < depth; c += 64) {
        __m512i words[16];
        for (int r = 0; r < 16; r++)
            words[r] = _mm512_xor_si512(rounded(b->floats + depth * r + c, depth - c, inverses[r]),
                                        _mm512_set1_epi8((char)128));
        turn16(words);
        for (int w = 0; w < 16; w++)
            if (4 * in_order(w) < depth - c) _mm512_store_si512(b->keys + (c / 4 + in_order(w)) * KEYS + s, words[w]);
    }
}

/* Sixteen keys' values, four rows to a row of words; `s` is a multiple of 16. */
FN inline void join_values(const uint8_t *values, int64_t depth, int64_t s, const Words *b) {
    float inverses[16];
    __m512 heights = widen_rows(values, depth, NULL, b->floats);
    _mm512_storeu_ps(inverses, inverses_of(heights, MOST_BYTE));
    _mm512_store_ps(b->value_scales + s, _mm512_mul_ps(heights, _mm512_set1_ps(1.0f / MOST_BYTE)));
    for (int r = 0; r < 16; r += 4)
        for (int64_t c = 0; c < depth; c += 64) {
            __m512i x[4], pairs[4], fours[4];
            for (int i = 0; i < 4; i++) x[i] = rounded(b->floats + depth * (r + i) + c, depth - c, inverses[r + i]);
            pairs[0] = _mm512_unpacklo_epi8(x[0], x[1]), pairs[1] = _mm512_unpacklo_epi8(x[2], x[3]);
            pairs[2] = _mm512_unpackhi_epi8(x[0], x[1]), pairs[3] = _mm512_unpackhi_epi8(x[2], x[3]);
            for (int i = 0; i < 4; i += 2) {
                fours[i] = _mm512_unpacklo_epi16(pairs[i], pairs[i + 1]);
                fours[i + 1] = _mm512_unpackhi_epi16(pairs[i], pairs[i + 1]);
            }
            int32_t *to = b->values + (r / 4 * 4 + s / 16) * depth + c; /* in the order of the weights' in_bytes */
            for (int i = 0; i < 4 && 16 * i < depth - c; i++) _mm512_store_si512(to + 16 * i, fours[i]);
        }
}

/* Scores of four queries as powers of two, but for the queries' scales. */
FN inline void score_quad(const Words *b, int64_t depth, const Quad *q, __m512 scores[QUAD][KEYS / 16]) {
    __m512i sums[QUAD][KEYS / 16];
    for (int n = 0; n < QUAD; n++)
        for (int i = 0; i < KEYS / 16; i++) sums[n][i] = _mm512_set1_epi32(q->offsets[n]);
    for (int64_t w = 0; w < depth / 4; w++) {
        __m512i keys[KEYS / 16];
        for (int i = 0; i < KEYS / 16; i++) keys[i] = _mm512_load_si512(b->keys + w * KEYS + 16 * i);
        for (int n = 0; n < QUAD; n++) {
            __m512i x = spread_word(q->bytes + n * depth + 4 * w);
            for (int i = 0; i < KEYS / 16; i++) sums[n][i] = _mm512_dpbusd_epi32(sums[n][i], keys[i], x);
        }
    }
    for (int i = 0; i < KEYS / 16; i++) {
        __m512 scale = _mm512_load_ps(b->key_scales + 16 * i);
        for (int n = 0; n < QUAD; n++) scores[n][i] = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[n][i]), scale);
    }
}

FN inline __m512 sum_of(const __m512 x[KEYS / 16]) {
    return _mm512_add_ps(_mm512_add_ps(x[0], x[1]), _mm512_add_ps(x[2], x[3]));
}

/* The n-th place of each lane. */
FN inline __attribute__((always_inline)) __m512 nth(__m512 x, const int n) {
    return n == 0 ? _mm512_permute_ps(x, 0x00) : n == 1 ? _mm512_permute_ps(x, 0x55)
         : n == 2 ? _mm512_permute_ps(x, 0xaa) : _mm512_permute_ps(x, 0xff);
}

/* 2^x for x <= 6 to 1e-4 of its value; zero where x is no number. */
FN inline __m512 nearly_power_of_two(__m512 x) {
    x = _mm512_max_ps(x, _mm512_set1_ps(-150.0f));
    __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), r = _mm512_sub_ps(x, n);
    __m512 p = _mm512_set1_ps(5.517167e-2f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.4261114e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.9326099e-1f));
    return _mm512_scalef_ps(_mm512_fmadd_ps(p, r, _mm512_set1_ps(9.9992807e-1f)), n);
}

/* Turn the scores of the block that begins with key `block` into weights, but for those of keys that tell, which are noted:
 * a branch for them would throw away products that are under way, 200 cycles each time. The weight that they are compared
 * with is what all will have behind this block, if its keys weigh as those before. */
FN inline void weigh_quad(int64_t block, int64_t depth, __m512 scores[QUAD][KEYS / 16], Quad *q) {
    __m512 high[QUAD], sums[QUAD], most, sum;
    for (int n = 0; n < QUAD; n++)
        high[n] = _mm512_max_ps(_mm512_max_ps(scores[n][0], scores[n][1]), _mm512_max_ps(scores[n][2], scores[n][3]));
    EACH_OF_4(_mm512_max_ps, most, high);
    most = _mm512_fmadd_ps(most, q->scales, q->shared);
    __mmask16 higher = _mm512_cmp_ps_mask(most, _mm512_add_ps(q->largest, _mm512_set1_ps(SLACK)), _CMP_GT_OQ);
    if (higher) {
        __m512 by = power_of_two(_mm512_sub_ps(q->largest, most));
        by = _mm512_mask_mov_ps(_mm512_set1_ps(1.0f), higher, by);
        q->largest = _mm512_mask_mov_ps(q->largest, higher, most);
        q->totals = _mm512_mul_ps(q->totals, by);
        for (int n = 0; n < QUAD; n++)
            for (float *at = q->out + n * depth; at < q->out + (n + 1) * depth; at += 16)
                _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), _mm512_set1_ps(by[n])));
    }
    for (int n = 0; n < QUAD; n++) {
        __m512 scale = nth(q->scales, n), below = nth(_mm512_sub_ps(q->largest, q->shared), n);
        for (int i = 0; i < KEYS / 16; i++)
            scores[n][i] = nearly_power_of_two(_mm512_fmsub_ps(scores[n][i], scale, below));
    }
    __m512 totals = q->totals;
    __mmask16 is_new = _mm512_cmp_ps_mask(totals, _mm512_setzero_ps(), _CMP_EQ_OQ);
    if (is_new) {
        for (int n = 0; n < QUAD; n++) sums[n] = sum_of(scores[n]);
        EACH_OF_4(_mm512_add_ps, sum, sums);
        totals = _mm512_mask_mov_ps(totals, is_new, sum);
    }
    __m512 ahead = _mm512_set1_ps(block ? (float)(block + KEYS) / (float)block : 1.0f);
    __m512 limits = _mm512_max_ps(_mm512_mul_ps(_mm512_mul_ps(totals, ahead), q->tellings), _mm512_set1_ps(SMALLEST));
    for (int n = 0; n < QUAD; n++) {
        __m512 limit = nth(limits, n);
        for (int i = 0; i < KEYS / 16; i++) {
            __mmask16 telling = _mm512_cmp_ps_mask(scores[n][i], limit, _CMP_GT_OQ);
            scores[n][i] = _mm512_mask_mov_ps(scores[n][i], telling, _mm512_setzero_ps());
            q->telling[n][i] = (uint16_t)telling;
        }
        sums[n] = sum_of(scores[n]);
    }
    EACH_OF_4(_mm512_add_ps, sum, sums);
    q->totals = _mm512_add_ps(q->totals, sum);
}

/* Add what keys that tell weigh and bring. */
FN void take_telling(const Rows *rows, int64_t depth, Quad *q) {
    for (int n = 0; n < QUAD; n++) {
        const float *x = q->numbers + n * depth;
        float *out = q->out + n * depth, *total = (float *)&q->totals + n;
        uint64_t telling;
        memcpy(&telling, q->telling[n], 8);
        for (; telling; telling &= telling - 1) {
            int64_t at = 2 * depth * __builtin_ctzll(telling);
            __m512 dot = _mm512_setzero_ps();
            for (int64_t d = 0; d < depth; d += 16)
                dot = _mm512_fmadd_ps((__m512)load_halves(rows->keys + at + 2 * d), _mm512_load_ps(x + d), dot);
            float score = fminf(_mm512_reduce_add_ps(dot) - q->largest[n], MOST_SCORE);
            __m512 weight = power_of_two(_mm512_set1_ps(score));
            for (int64_t d = 0; d < depth; d += 16) {
                __m512 value = (__m512)load_halves(rows->values + at + 2 * d);
                _mm512_store_ps(out + d, _mm512_fmadd_ps(value, weight, _mm512_load_ps(out + d)));
            }
            for (int i = 0; i < 16; i += QUAD) total[i] += _mm512_cvtss_f32(weight);
        }
    }
}

/* Weights times the values' scales as bytes [QUAD][KEYS]; what their sums are to be multiplied by. */
FN inline __m512 round_quad(const Words *b, __m512 weights[QUAD][KEYS / 16], uint8_t *to) {
    __m512 high[QUAD], most, inverses;
    for (int n = 0; n < QUAD; n++) {
        for (int i = 0; i < KEYS / 16; i++)
            weights[n][i] = _mm512_mul_ps(weights[n][i], _mm512_load_ps(b->value_scales + 16 * i));
        high[n] = _mm512_max_ps(_mm512_max_ps(weights[n][0], weights[n][1]), _mm512_max_ps(weights[n][2], weights[n][3]));
    }
    EACH_OF_4(_mm512_max_ps, most, high);
    inverses = inverses_of(most, MOST_WEIGHT);
    for (int n = 0; n < QUAD; n++) {
        __m512 by = nth(inverses, n);
        __m512i whole[4];
        for (int i = 0; i < KEYS / 16; i++) whole[i] = _mm512_cvtps_epi32(_mm512_mul_ps(weights[n][i], by));
        _mm512_store_si512(to + n * KEYS, in_bytes(whole, 0));
    }
    return _mm512_mul_ps(most, _mm512_set1_ps(1.0f / MOST_WEIGHT));
}

/* Adds the block's values from column `c` on, 16 * wide (a constant) of them, times the weights, to four queries. */
FN inline __attribute__((always_inline)) void gather_columns(const int wide, const Words *b, int64_t depth, int64_t c,
                                                          const uint8_t *weights, __m512 scales, float *out) {
    __m512i sums[QUAD][4];
    for (int n = 0; n < QUAD; n++)
        for (int i = 0; i < wide; i++) sums[n][i] = _mm512_setzero_si512();
    for (int64_t t = 0; t < KEYS / 4; t++) {
        __m512i values[4];
        for (int i = 0; i < wide; i++) values[i] = _mm512_load_si512(b->values + t * depth + c + 16 * i);
        for (int n = 0; n < QUAD; n++) {
            __m512i x = spread_word(weights + n * KEYS + 4 * t);
            for (int i = 0; i < wide; i++) sums[n][i] = _mm512_dpbusd_epi32(sums[n][i], x, values[i]);
        }
    }
    for (int n = 0; n < QUAD; n++)
        for (int i = 0; i < wide; i++) {
            float *at = out + n * depth + c + 16 * i;
            _mm512_store_ps(at, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[n][i]), nth(scales, n), _mm512_load_ps(at)));
        }
}

FN inline void gather_quad(const Words *b, int64_t depth, const uint8_t *weights, __m512 scales, float *out) {
    int64_t c = 0;
    for (; c + 64 <= depth; c += 64) gather_columns(4, b, depth, c, weights, scales, out);
    for (; c < depth; c += 16) gather_columns(1, b, depth, c, weights, scales, out);
}

/* Hide the keys that queries from `first` of the part on do not see. */
FN inline void hide_keys(const Attend *a, const Part *part, int64_t first, int64_t block,
                         __m512 scores[QUAD][KEYS / 16]) {
    int64_t present = last_key(a, part) - block;
    for (int n = 0; n < QUAD; n++) {
        int64_t place = a->past + part->first + (first + n) / part->heads - block;
        int64_t last = place < present ? place + 1 : present, oldest = a->window ? place - a->window + 1 : 0;
        show_only(oldest, last, scores[n]);
    }
}

/* Make the mean of the first `count` keys, FIRST at most, the centre; returns the largest scale of those. What all keys
 * share, as a bias makes it, needs no bytes then: its products are made in floats (SageAttention, arXiv:2410.02367). */
FN float set_centre(const uint8_t *keys, int64_t count, int64_t depth, uint8_t *rest, const Words *b) {
    memset(rest, 0, (size_t)(2 * FIRST * depth));
    memcpy(rest, keys, (size_t)(2 * count * depth));
    for (int64_t d = 0; d < depth; d += 16) {
        __m512 sum = _mm512_setzero_ps();
        for (int64_t r = 0; r < count; r++) sum = _mm512_add_ps(sum, (__m512)load_halves(rest + 2 * (depth * r + d)));
        _mm512_store_ps(b->centre + d, _mm512_mul_ps(sum, _mm512_set1_ps(1.0f / (float)count)));
    }
    return _mm512_reduce_max_ps(widen_rows(rest, depth, b->centre, b->floats)) / MOST_BYTE;
}

/* Query `n` of four. */
FN void set_query(Quad *q, int n, const float *from, float scale, int64_t depth, const float *centre, float *mixed) {
    const __mmask16 places = (__mmask16)(0x1111 << n);
    float *numbers = q->numbers + n * depth;
    __m512 most = _mm512_setzero_ps(), shared = _mm512_setzero_ps();
    for (int64_t d = 0; d < depth; d += 16) {
        __m512 x = _mm512_mul_ps(_mm512_loadu_ps(from + d), _mm512_set1_ps(scale));
        _mm512_store_ps(numbers + d, x);
        shared = _mm512_fmadd_ps(x, _mm512_load_ps(centre + d), shared);
    }
    memcpy(mixed, numbers, (size_t)depth * 4);
    mix_row(mixed, depth);
    for (int64_t d = 0; d < depth; d += 16) most = _mm512_max_ps(most, _mm512_abs_ps(_mm512_load_ps(mixed + d)));
    float height = _mm512_reduce_max_ps(most);
    __m512 inverse = inverses_of(_mm512_set1_ps(height), MOST_BYTE);
    __m512i sum = _mm512_setzero_si512();
    for (int64_t d = 0; d < depth; d += 16) {
        __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_load_ps(mixed + d), inverse));
        _mm_store_si128((__m128i *)(q->bytes + n * depth + d), _mm512_cvtepi32_epi8(whole));
        sum = _mm512_add_epi32(sum, whole);
    }
    q->offsets[n] = -128 * _mm512_reduce_add_epi32(sum);
    q->scales = _mm512_mask_mov_ps(q->scales, places, _mm512_set1_ps(height / MOST_BYTE));
    q->shared = _mm512_mask_mov_ps(q->shared, places, _mm512_set1_ps(_mm512_reduce_add_ps(shared)));
}

FN void attend_halves(const Attend *a, const Part *part, float *room) {
    int64_t depth = a->depth, heads = part->heads, count = heads * (part->last - part->first);
    int64_t quads = (count + QUAD - 1) / QUAD, row = 2 * depth, share = (KEYS * row / quads + 63) / 64 * 64;
    uint8_t *at = (uint8_t *)room;
    Words b = {piece(&at, KEYS * depth), piece(&at, KEYS * depth), piece(&at, 4 * KEYS), piece(&at, 4 * KEYS),
               piece(&at, 4 * 16 * depth), piece(&at, 4 * depth)};
    uint8_t *weights = piece(&at, 2 * QUAD * KEYS), *rest = piece(&at, 2 * KEYS * row); /* the last keys, among rows of zeros */
    float *mixed = piece(&at, 4 * depth);
    Quad *queries = piece(&at, quads * (int64_t)sizeof *queries);
    int64_t all = part->state ? a->past + part->last : part->to;
    const uint8_t *first = a->keys + part->head / a->heads_a_key * a->stride / depth * row;
    float doubt = DOUBT * sqrtf((float)depth) * set_centre(first, all < FIRST ? all : FIRST, depth, rest, &b);
    for (int64_t n = 0; n < quads * QUAD; n++) {
        Quad *q = queries + n / QUAD;
        if (n % QUAD == 0) {
            *q = (Quad){.numbers = piece(&at, 4 * QUAD * depth), .out = piece(&at, 4 * QUAD * depth),
                        .bytes = piece(&at, QUAD * depth), .largest = _mm512_set1_ps(-INFINITY)};
            memset(q->bytes, 0, (size_t)(QUAD * depth));
            memset(q->out, 0, (size_t)(4 * QUAD * depth));
        }
        if (n < count) set_query(q, n % QUAD, query_of(a, part, n), a->scale * LOG2_E, depth, b.centre, mixed);
        __m512 certain = power_of_two(_mm512_mul_ps(q->scales, _mm512_set1_ps(-doubt)));
        q->tellings = _mm512_mul_ps(certain, _mm512_set1_ps(TELLING));
    }
    int64_t to = last_key(a, part);
    for (int64_t block = first_block(a, part); block < to; block += KEYS) {
        Rows rows = rows_of_block(a, part, block, row, rest);
        for (int64_t s = 0; s < KEYS; s += 16) {
            turn_keys(rows.keys + s * row, depth, s, &b);
            join_values(rows.values + s * row, depth, s, &b);
        }
        __m512 scores[2][QUAD][KEYS / 16], scales[2];
        for (int64_t n = 0; n < quads + 2; n++) { /* three quads at once: one's products hide another's long chain of sums */
            int now = n % 2, before = !now;
            if (n < quads) {
                fetch_share(rows.next_keys, n * share, share);
                fetch_share(rows.next_values, n * share, share);
                score_quad(&b, depth, queries + n, scores[now]);
                hide_keys(a, part, QUAD * n, block, scores[now]);
            }
            if (n > 0 && n <= quads) weigh_quad(block, depth, scores[before], queries + n - 1);
            if (n > 1) gather_quad(&b, depth, weights + now * QUAD * KEYS, scales[now], queries[n - 2].out);
            if (n > 0 && n <= quads) scales[before] = round_quad(&b, scores[before], weights + before * QUAD * KEYS);
        }
        for (int64_t n = 0; n < quads; n++) take_telling(&rows, depth, queries + n);
    }
    for (int64_t n = 0; n < count; n++) {
        const Quad *q = queries + n / QUAD;
        const float *sums = q->out + n % QUAD * depth, total = q->totals[n % QUAD];
        float *out = result_of(a, part, n);
        float by = part->state ? 1.0f : 1.0f / total;
        for (int64_t d = 0; d < depth; d++) out[d] = sums[d] * by;
        if (part->state) out[depth] = q->largest[n % QUAD] * LN_2, out[depth + 1] = total;
    }
}
