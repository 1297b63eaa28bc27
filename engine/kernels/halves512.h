/* Attention of many queries over float16 for AVX-512, in bytes. Included by avx512.c; the oracle is engine/attention.py.
 *
 * A word holds four columns of a key turned to [words][KEYS], or four keys' numbers of one column of the values. Keys,
 * values and queries become bytes with the largest number of each vector at MOST_BYTE, weights with the largest of a block
 * at MOST_WEIGHT. That does for the many keys that weigh little; one with more than TELLING of all weight so far is taken
 * from the cache as it is, in floats, and so is what all keys have in common. Four queries go together: sixteen sums for
 * four words, and one maximum, one total and one division for all four. No query's bits depend on those beside it, so a
 * prompt's chunks change none.
 *
 * A zmm register's product takes one cycle, and 64 to 128 instructions wait for their operands before no more come in. So
 * what depends on each other (scores, weights, their bytes, products with values) is spread over three quads, and weights
 * need no maximum of their scores but for the first ones that a query sees: floats have room enough. The stages are
 * functions apart and some loops unrolled, or GCC 12 keeps sums and weights in memory. */

enum {
    QUAD = 4,
    SLACK = 40,    /* the largest power of two that weights and their sums may reach */
    MOST_BYTE = 127,
    MOST_WEIGHT = 255,
    ONE = 0x3f800000, MANTISSA = 0x7fffff, /* bits of a float: of 1.0, and below the exponent */
    FIRST = 16     /* keys that tell what all are like: as many as a chunk of a prompt has at least */
};

#define TELLING (1.0f / 16)
#define LEAST -1e30f    /* the lowest score */
#define NOTHING -150.0f /* a score whose weight is none */
/* Twice the deviation of a score in bytes, for one column and scales of one: from both sides, 0.29 of a step times 0.35 of
 * the other side's 127 steps. */
#define DOUBT 36.0f

#define STAGE FN __attribute__((noinline))

/* A block of keys and values. */
typedef struct {
    int32_t *keys, *values;           /* [depth / 4][KEYS], without a sign: 128 too large; [KEYS / 4][depth] */
    float *key_scales, *value_scales; /* [KEYS] */
} Words;

typedef __m512 Scores[QUAD][KEYS / 16]; /* of four queries and the keys of a block */

/* Four queries [QUAD][depth], scaled, and as bytes; sums [QUAD][depth]; what sums over keys begin with; which keys of a
 * block do not tell; and four times each, to a lane of 128 bits: scales, what all keys share of a score, the share of all
 * weight from which a key tells, totals of the weights, and the scores that weights are powers of two below. */
typedef struct {
    float *numbers, *out;
    uint8_t *bytes;
    int32_t offsets[QUAD];
    uint16_t little[QUAD][KEYS / 16];
    __m512 scales, shared, tellings, totals, largest;
} Quad;

/* Four products more for each sum, of bytes without a sign and with one. Around the intrinsic, GCC 12 copies all sums of
 * a loop twice at each turn. */
FN inline __m512i add_products(__m512i sums, __m512i x, __m512i y) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(y));
    return sums;
}

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

/* Mix columns c, c + 16, c + 32 and c + 48 (a Hadamard matrix of four), which makes them twice as long: dot products stay
 * as they are but for that, and a column in which keys are large takes less of the others' bytes (QuaRot,
 * arXiv:2404.00456). */
FN inline void mix(__m512 x[4]) {
    __m512 a = _mm512_add_ps(x[0], x[1]), b = _mm512_sub_ps(x[0], x[1]);
    __m512 c = _mm512_add_ps(x[2], x[3]), d = _mm512_sub_ps(x[2], x[3]);
    x[0] = _mm512_add_ps(a, c), x[1] = _mm512_add_ps(b, d), x[2] = _mm512_sub_ps(a, c), x[3] = _mm512_sub_ps(b, d);
}

/* A query, mixed; a half as long, as its keys are twice as long. */
FN inline void mix_query(const float *x, int64_t depth, float *to) {
    int64_t d = 0;
    for (; d + 64 <= depth; d += 64) {
        __m512 four[4];
        for (int i = 0; i < 4; i++) four[i] = _mm512_load_ps(x + d + 16 * i);
        mix(four);
        for (int i = 0; i < 4; i++) _mm512_store_ps(to + d + 16 * i, _mm512_mul_ps(four[i], _mm512_set1_ps(0.25f)));
    }
    for (; d < depth; d += 16) _mm512_store_ps(to + d, _mm512_mul_ps(_mm512_load_ps(x + d), _mm512_set1_ps(0.5f)));
}

/* A key's next sixteen columns, less the centre's. By the multipliers: the adders have the mixing to do. */
FN inline __m512 from_centre(const uint8_t *key, const float *centre) {
    return _mm512_fmsub_ps((__m512)load_halves(key), _mm512_set1_ps(1.0f), _mm512_load_ps(centre));
}

/* The larger numbers, those of `b` without their signs. */
FN inline __m512 larger(__m512 a, __m512 b) { return _mm512_max_ps(a, _mm512_abs_ps(b)); }

/* Sixteen keys less `centre`, mixed, as floats [16][depth]; the largest number of each, without its sign. */
FN inline __m512 mix_keys(const uint8_t *keys, int64_t depth, const float *centre, float *to) {
    __m512 most[16];
    for (int r = 0; r < 16; r++, keys += 2 * depth, to += depth) {
        most[r] = _mm512_setzero_ps();
        int64_t d = 0;
        for (; d + 64 <= depth; d += 64) {
            __m512 x[4];
            for (int i = 0; i < 4; i++) x[i] = from_centre(keys + 2 * (d + 16 * i), centre + d + 16 * i);
            mix(x);
            for (int i = 0; i < 4; i++) {
                most[r] = larger(most[r], x[i]);
                _mm512_store_ps(to + d + 16 * i, x[i]);
            }
        }
        for (; d < depth; d += 16) {
            __m512 x = from_centre(keys + 2 * d, centre + d);
            x = _mm512_add_ps(x, x);
            most[r] = larger(most[r], x);
            _mm512_store_ps(to + d, x);
        }
    }
    EACH_OF_16(_mm512_max_ps, most);
    return most[0];
}

/* Scales by which bytes are multiplied, for largest numbers of `heights`; what makes bytes to `inverses`. */
FN inline __m512 scales_of(__m512 heights, float inverses[16]) {
    _mm512_storeu_ps(inverses, inverses_of(heights, MOST_BYTE));
    return _mm512_mul_ps(heights, _mm512_set1_ps(1.0f / MOST_BYTE));
}

/* Sixteen mixed keys [16][depth] to columns `s` .. `s` + 15 of the block. */
FN inline void turn_keys(const float *mixed, const float inverses[16], int64_t depth, int64_t s, const Words *b) {
    for (int64_t c = 0; c < depth; c += 64) {
        __m512i words[16];
        for (int r = 0; r < 16; r++) {
            __m512i whole[4];
            for (int i = 0; i < 4; i++)
                whole[i] = c + 16 * i >= depth ? _mm512_setzero_si512()
                    : _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_load_ps(mixed + depth * r + c + 16 * i),
                                                         _mm512_set1_ps(inverses[r]), _mm512_set1_ps(128.0f)));
            words[r] = in_bytes(whole, 0);
        }
        turn16(words);
        for (int w = 0; w < 16; w++)
            if (4 * in_order(w) < depth - c) _mm512_store_si512(b->keys + (c / 4 + in_order(w)) * KEYS + s, words[w]);
    }
}

/* The largest number of each of sixteen rows of halves, without its sign. */
FN inline __m512 heights_of(const uint8_t *rows, int64_t depth) {
#define LARGER(a, b) _mm512_castsi512_ps(_mm512_max_epu16(_mm512_castps_si512(a), _mm512_castps_si512(b)))
    __m512 most[16];
    for (int r = 0; r < 16; r++, rows += 2 * depth) {
        __m512i high = _mm512_setzero_si512();
        for (int64_t d = 0; d < depth; d += 32) {
            __m512i x = d + 32 <= depth ? _mm512_loadu_si512(rows + 2 * d)
                : _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)(rows + 2 * d)));
            high = _mm512_max_epu16(high, _mm512_and_si512(x, _mm512_set1_epi16(0x7fff)));
        }
        most[r] = _mm512_castsi512_ps(_mm512_max_epu16(high, _mm512_srli_epi32(high, 16)));
    }
    EACH_OF_16(LARGER, most);
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_castps_si512(most[0])));
#undef LARGER
}

/* Sixteen keys' values, four rows to a row of words; `s` is a multiple of 16. */
FN inline void join_values(const uint8_t *values, const float inverses[16], int64_t depth, int64_t s, const Words *b) {
    for (int r = 0; r < 16; r += 4)
        for (int64_t c = 0; c < depth; c += 64) {
            __m512i x[4], pairs[4], fours[4];
            for (int k = 0; k < 4; k++) {
                __m512i whole[4];
                for (int i = 0; i < 4; i++)
                    whole[i] = c + 16 * i >= depth ? _mm512_setzero_si512()
                        : _mm512_cvtps_epi32(_mm512_mul_ps((__m512)load_halves(values + 2 * (depth * (r + k) + c + 16 * i)),
                                                           _mm512_set1_ps(inverses[r + k])));
                x[k] = in_bytes(whole, 1);
            }
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

/* Sixteen keys and values to bytes; `floats` [16][depth] is working space. What makes bytes of the ones takes its time:
 * the others are at work meanwhile. */
FN inline void take_sixteen(const uint8_t *keys, const uint8_t *values, int64_t depth, int64_t s, const float *centre,
                            float *floats, const Words *b) {
    float for_keys[16], for_values[16];
    _mm512_store_ps(b->value_scales + s, scales_of(heights_of(values, depth), for_values));
    _mm512_store_ps(b->key_scales + s, scales_of(mix_keys(keys, depth, centre, floats), for_keys));
    join_values(values, for_values, depth, s, b);
    turn_keys(floats, for_keys, depth, s, b);
}

/* Scores of four queries as powers of two, but for the queries' scales. */
STAGE void score_quad(const Words *b, int64_t depth, const Quad *q, Scores scores) {
    __m512i sums[QUAD][KEYS / 16];
#pragma GCC unroll 4
    for (int n = 0; n < QUAD; n++)
#pragma GCC unroll 4
        for (int i = 0; i < KEYS / 16; i++) sums[n][i] = _mm512_set1_epi32(q->offsets[n]);
    for (int64_t w = 0; w < depth / 4; w++) {
        __m512i keys[KEYS / 16];
        for (int i = 0; i < KEYS / 16; i++) keys[i] = _mm512_load_si512(b->keys + w * KEYS + 16 * i);
        for (int n = 0; n < QUAD; n++) {
            __m512i x = spread_word(q->bytes + n * depth + 4 * w);
            for (int i = 0; i < KEYS / 16; i++) sums[n][i] = add_products(sums[n][i], keys[i], x);
        }
    }
#pragma GCC unroll 4
    for (int n = 0; n < QUAD; n++)
#pragma GCC unroll 4
        for (int i = 0; i < KEYS / 16; i++)
            scores[n][i] = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[n][i]), _mm512_load_ps(b->key_scales + 16 * i));
}

FN inline __m512 sum_of(const __m512 x[KEYS / 16]) {
    return _mm512_add_ps(_mm512_add_ps(x[0], x[1]), _mm512_add_ps(x[2], x[3]));
}

FN inline __m512 largest_of(const __m512 x[KEYS / 16]) {
    return _mm512_max_ps(_mm512_max_ps(x[0], x[1]), _mm512_max_ps(x[2], x[3]));
}

/* The n-th place of each lane. */
FN inline __attribute__((always_inline)) __m512 nth(__m512 x, const int n) {
    return n == 0 ? _mm512_permute_ps(x, 0x00) : n == 1 ? _mm512_permute_ps(x, 0x55)
         : n == 2 ? _mm512_permute_ps(x, 0xaa) : _mm512_permute_ps(x, 0xff);
}

/* What weights are made of: a score times `scales`, plus `offsets`, is the whole number whose bits are those of the float
 * that its weight is near to, as the exponent stands in front of a float's mantissa (Schraudolph, 1999). */
typedef struct {
    __m512 scales, offsets;
} Powers;

FN inline Powers powers_of(const Quad *q) {
    const __m512 unit = _mm512_set1_ps(MANTISSA + 1);
    __m512 offset = _mm512_add_ps(_mm512_sub_ps(q->shared, q->largest), _mm512_set1_ps(127.0f));
    return (Powers){_mm512_mul_ps(q->scales, unit), _mm512_mul_ps(offset, unit)};
}

/* The weight itself to 0.2% of its value, and next to none for 0 and less. */
FN inline __m512 weight_of(__m512i bits) {
    const __m512i mantissa = _mm512_set1_epi32(MANTISSA), one = _mm512_set1_epi32(ONE);
    bits = _mm512_max_epi32(bits, _mm512_setzero_si512());
    __m512 m = _mm512_castsi512_ps(_mm512_ternarylogic_epi32(bits, mantissa, one, 0xea)); /* (bits & mantissa) | one */
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(3.2993332e-1f), m, _mm512_set1_ps(6.0937833e-3f)); /* 2^(m - 1), from 1 */
    p = _mm512_fmadd_ps(p, m, _mm512_set1_ps(6.6397391e-1f));
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(mantissa, _mm512_castps_si512(p), bits, 0xca)); /* a ? b : c */
}

/* For queries that see their first keys: set what weights are powers of two below, and return their totals with those of
 * the others. */
FN __m512 begin(Scores scores, __mmask16 are_new, Quad *q) {
    __m512 high[QUAD], sums[QUAD], most, sum;
    for (int n = 0; n < QUAD; n++) {
        high[n] = _mm512_set1_ps(LEAST);
        for (int i = 0; i < KEYS / 16; i++) high[n] = _mm512_max_ps(scores[n][i], high[n]); /* the latter, if no number */
    }
    EACH_OF_4(_mm512_max_ps, most, high);
    most = _mm512_fmadd_ps(most, q->scales, q->shared);
    q->largest = _mm512_mask_mov_ps(q->largest, are_new, most);
    Powers powers = powers_of(q);
    for (int n = 0; n < QUAD; n++) {
        __m512 scale = nth(powers.scales, n), offset = nth(powers.offsets, n), weights[KEYS / 16];
        for (int i = 0; i < KEYS / 16; i++)
            weights[i] = weight_of(_mm512_cvtps_epi32(_mm512_fmadd_ps(scores[n][i], scale, offset)));
        sums[n] = sum_of(weights);
    }
    EACH_OF_4(_mm512_add_ps, sum, sums);
    return _mm512_mask_mov_ps(q->totals, are_new, sum);
}

/* Turn the scores of a block into weights times the values' scales, but for those of keys that tell, which are noted: a
 * branch for them would throw away products that are under way, 200 cycles each time. The weight that they are compared
 * with is what all will have behind this block, `growth` times as much as before it. */
STAGE void weigh_quad(const Words *b, float growth, Scores scores, Quad *q) {
    __m512 sums[QUAD], sum, totals = q->totals;
    __mmask16 are_new = _mm512_cmp_ps_mask(totals, _mm512_set1_ps(SMALLEST), _CMP_LT_OQ);
    if (are_new) totals = begin(scores, are_new, q);
    __m512 limits = _mm512_mul_ps(_mm512_mul_ps(totals, _mm512_set1_ps(growth)), q->tellings);
    limits = _mm512_max_ps(limits, _mm512_set1_ps(SMALLEST));
    limits = _mm512_cvtepi32_ps(_mm512_castps_si512(limits));
    Powers powers = powers_of(q);
#pragma GCC unroll 4
    for (int n = 0; n < QUAD; n++) {
        __m512 limit = nth(limits, n), scale = nth(powers.scales, n), offset = nth(powers.offsets, n), weights[KEYS / 16];
        for (int i = 0; i < KEYS / 16; i++) {
            __m512 x = _mm512_fmadd_ps(scores[n][i], scale, offset);
            __mmask16 little = _mm512_cmp_ps_mask(x, limit, _CMP_LE_OQ);
            q->little[n][i] = (uint16_t)little;
            weights[i] = weight_of(_mm512_maskz_cvtps_epi32(little, x));
            scores[n][i] = _mm512_mul_ps(weights[i], _mm512_load_ps(b->value_scales + 16 * i));
        }
        sums[n] = sum_of(weights);
    }
    EACH_OF_4(_mm512_add_ps, sum, sums);
    q->totals = _mm512_add_ps(q->totals, sum);
}

/* Let weights be powers of two below scores that are larger by `more`, for the queries `which`. */
FN void raise(__mmask16 which, __m512 more, int64_t depth, Quad *q) {
    __m512 by = power_of_two(_mm512_sub_ps(_mm512_setzero_ps(), more));
    by = _mm512_mask_mov_ps(_mm512_set1_ps(1.0f), which, by);
    q->largest = _mm512_mask_add_ps(q->largest, which, q->largest, more);
    q->totals = _mm512_mul_ps(q->totals, by);
    for (int n = 0; n < QUAD; n++)
        for (float *at = q->out + n * depth; at < q->out + (n + 1) * depth; at += 16)
            _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), _mm512_set1_ps(by[n])));
}

/* Add what a key that tells weighs and brings to query `n` of four. */
FN inline void take_key(const uint8_t *key, const uint8_t *value, int64_t depth, int n, Quad *q) {
    float *out = q->out + n * depth, *total = (float *)&q->totals + n;
    __m512 dot = _mm512_setzero_ps();
    for (int64_t d = 0; d < depth; d += 16)
        dot = _mm512_fmadd_ps((__m512)load_halves(key + 2 * d), _mm512_load_ps(q->numbers + n * depth + d), dot);
    float score = _mm512_reduce_add_ps(dot) - q->largest[n];
    if (!(score > NOTHING)) return;
    if (score > SLACK) {
        raise((__mmask16)(0x1111 << n), _mm512_set1_ps(fminf(score, -LEAST)), depth, q);
        score = 0.0f;
    }
    __m512 weight = power_of_two(_mm512_set1_ps(score));
    for (int64_t d = 0; d < depth; d += 16)
        _mm512_store_ps(out + d, _mm512_fmadd_ps((__m512)load_halves(value + 2 * d), weight, _mm512_load_ps(out + d)));
    for (int i = 0; i < 16; i += QUAD) total[i] += _mm512_cvtss_f32(weight);
}

/* Add what the keys of a block that tell bring, and see that weights stay far from what a float cannot hold. */
FN void take_telling(const Rows *rows, int64_t depth, Quad *q) {
    for (int n = 0; n < QUAD; n++) {
        uint64_t little;
        memcpy(&little, q->little[n], 8);
        for (uint64_t telling = ~little; telling; telling &= telling - 1) {
            int64_t at = 2 * depth * __builtin_ctzll(telling);
            take_key(rows->keys + at, rows->values + at, depth, n, q);
        }
    }
    __mmask16 are_large = _mm512_cmp_ps_mask(q->totals, _mm512_set1_ps((float)(1LL << SLACK)), _CMP_GT_OQ);
    if (are_large) raise(are_large, _mm512_getexp_ps(q->totals), depth, q);
}

/* Weights as bytes [QUAD][KEYS]; what their sums are to be multiplied by. */
STAGE __m512 round_quad(Scores weights, uint8_t *to) {
    __m512 high[QUAD], most, inverses;
    for (int n = 0; n < QUAD; n++) high[n] = largest_of(weights[n]);
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
            for (int i = 0; i < wide; i++) sums[n][i] = add_products(sums[n][i], x, values[i]);
        }
    }
    for (int n = 0; n < QUAD; n++)
        for (int i = 0; i < wide; i++) {
            float *at = out + n * depth + c + 16 * i;
            _mm512_store_ps(at, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[n][i]), nth(scales, n), _mm512_load_ps(at)));
        }
}

STAGE void gather_quad(const Words *b, int64_t depth, const uint8_t *weights, __m512 scales, float *out) {
    int64_t c = 0;
    for (; c + 64 <= depth; c += 64) gather_columns(4, b, depth, c, weights, scales, out);
    for (; c < depth; c += 16) gather_columns(1, b, depth, c, weights, scales, out);
}

/* Hide the keys of a block that queries from `first` of the part on do not see. */
STAGE void hide_keys(const Attend *a, const Part *part, int64_t first, int64_t block, Scores scores) {
    int64_t present = last_key(a, part) - block;
    for (int n = 0; n < QUAD; n++) {
        int64_t place = a->past + part->first + (first + n) / part->heads - block;
        int64_t last = place < present ? place + 1 : present, oldest = a->window ? place - a->window + 1 : 0;
        show_only(oldest, last, scores[n]);
    }
}

/* Make the mean of the first `count` keys, FIRST at most, the centre; returns the largest scale of those. What all keys
 * share, as a bias makes it, needs no bytes then: its products are made in floats (SageAttention, arXiv:2410.02367). */
FN float set_centre(const uint8_t *keys, int64_t count, int64_t depth, uint8_t *rest, float *floats, float *centre) {
    memset(rest, 0, (size_t)(2 * FIRST * depth));
    memcpy(rest, keys, (size_t)(2 * count * depth));
    for (int64_t d = 0; d < depth; d += 16) {
        __m512 sum = _mm512_setzero_ps();
        for (int64_t r = 0; r < count; r++) sum = _mm512_add_ps(sum, (__m512)load_halves(rest + 2 * (depth * r + d)));
        _mm512_store_ps(centre + d, _mm512_mul_ps(sum, _mm512_set1_ps(1.0f / (float)count)));
    }
    return _mm512_reduce_max_ps(mix_keys(rest, depth, centre, floats)) / MOST_BYTE;
}

/* Query `n` of four; `mixed` [depth] is working space. */
FN void set_query(Quad *q, int n, const float *from, float scale, int64_t depth, const float *centre, float *mixed) {
    const __mmask16 places = (__mmask16)(0x1111 << n);
    float *numbers = q->numbers + n * depth;
    __m512 most = _mm512_setzero_ps(), shared = _mm512_setzero_ps();
    for (int64_t d = 0; d < depth; d += 16) {
        __m512 x = _mm512_mul_ps(_mm512_loadu_ps(from + d), _mm512_set1_ps(scale));
        _mm512_store_ps(numbers + d, x);
        shared = _mm512_fmadd_ps(x, _mm512_load_ps(centre + d), shared);
    }
    mix_query(numbers, depth, mixed);
    for (int64_t d = 0; d < depth; d += 16) most = larger(most, _mm512_load_ps(mixed + d));
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

/* Quad `n` of a part, its rows from `at` on; `key_scale` is one that keys have. */
FN void set_quad(const Attend *a, const Part *part, int64_t n, const float *centre, float key_scale, float *mixed,
                 uint8_t **at, Quad *q) {
    int64_t depth = a->depth, count = part->heads * (part->last - part->first), room = 4 * QUAD * depth;
    *q = (Quad){.numbers = piece(at, room), .out = piece(at, room), .bytes = piece(at, QUAD * depth)};
    memset(q->out, 0, (size_t)(4 * QUAD * depth));
    memset(q->bytes, 0, (size_t)(QUAD * depth));
    for (int i = 0; i < QUAD && QUAD * n + i < count; i++)
        set_query(q, i, query_of(a, part, QUAD * n + i), a->scale * LOG2_E, depth, centre, mixed);
    __m512 doubts = _mm512_mul_ps(q->scales, _mm512_set1_ps(DOUBT * sqrtf((float)depth) * key_scale));
    q->tellings = _mm512_mul_ps(power_of_two(_mm512_sub_ps(_mm512_setzero_ps(), doubts)), _mm512_set1_ps(TELLING));
}

/* All queries of a part over one block of keys, three quads at once: one's products hide another's long chain of sums. */
FN void attend_block(const Attend *a, const Part *part, int64_t block, const Words *b, const Rows *rows, int64_t quads,
                     Quad *queries) {
    float growth = block ? (float)(block + KEYS) / (float)block : 1.0f; /* of all weight, if keys weigh as those before */
    int64_t depth = a->depth, share = (2 * KEYS * depth / quads + 63) / 64 * 64;
    Scores scores[2];
    __m512 scales[2];
    uint8_t weights[2][QUAD * KEYS] __attribute__((aligned(64)));
    for (int64_t n = 0; n < quads + 2; n++) {
        int now = n % 2, before = !now;
        if (n < quads) {
            fetch_share(rows->next_keys, n * share, share);
            fetch_share(rows->next_values, n * share, share);
            score_quad(b, depth, queries + n, scores[now]);
            hide_keys(a, part, QUAD * n, block, scores[now]);
        }
        if (n > 0 && n <= quads) weigh_quad(b, growth, scores[before], queries + n - 1);
        if (n > 1) gather_quad(b, depth, weights[now], scales[now], queries[n - 2].out);
        if (n > 0 && n <= quads) scales[before] = round_quad(scores[before], weights[before]);
    }
    for (int64_t n = 0; n < quads; n++) take_telling(rows, depth, queries + n);
}

FN void attend_halves(const Attend *a, const Part *part, float *room) {
    int64_t depth = a->depth, count = part->heads * (part->last - part->first), quads = (count + QUAD - 1) / QUAD;
    int64_t row = 2 * depth, to = last_key(a, part);
    uint8_t *at = (uint8_t *)room;
    Words b = {piece(&at, KEYS * depth), piece(&at, KEYS * depth), piece(&at, 4 * KEYS), piece(&at, 4 * KEYS)};
    float *floats = piece(&at, 4 * 16 * depth), *centre = piece(&at, 4 * depth), *mixed = piece(&at, 4 * depth);
    uint8_t *rest = piece(&at, 2 * KEYS * row); /* the last keys, among rows of zeros */
    Quad *queries = piece(&at, quads * (int64_t)sizeof *queries);
    const uint8_t *first = a->keys + part->head / a->heads_a_key * a->stride / depth * row;
    /* Of all keys there are, not of those that this part sees: how a prompt is cut into parts must change no bit. */
    float key_scale = set_centre(first, part->to < FIRST ? part->to : FIRST, depth, rest, floats, centre);
    for (int64_t n = 0; n < quads; n++) set_quad(a, part, n, centre, key_scale, mixed, &at, queries + n);
    for (int64_t block = first_block(a, part); block < to; block += KEYS) {
        Rows rows = rows_of_block(a, part, block, row, rest);
        for (int64_t s = 0; s < KEYS; s += 16)
            take_sixteen(rows.keys + s * row, rows.values + s * row, depth, s, centre, floats, &b);
        attend_block(a, part, block, &b, &rows, quads, queries);
    }
    for (int64_t n = 0; n < count; n++) {
        const Quad *q = queries + n / QUAD;
        const float *sums = q->out + n % QUAD * depth;
        float *out = result_of(a, part, n), by = 1.0f / q->totals[n % QUAD];
        for (int64_t d = 0; d < depth; d++) out[d] = sums[d] * by;
    }
}
