/* Attention of many queries over float16 for AVX-512, in whole numbers. Included by avx512.c; the oracle is
 * engine/attention.py.
 *
 * A word holds two columns of a key turned to [words][KEYS], or two keys' numbers of one column of the values. Keys and
 * queries become 16 bits with a norm of LENGTH, weights have a sum of LENGTH, so that no sum of products passes 2^30
 * (Cauchy and Schwarz): finer than the cache's own last bit. Four queries go together: sixteen sums for four words, and
 * one maximum, one total and one division for all four. With 64 columns their products take 4 cycles for a query and a
 * key, everything else 2. */

enum { QUAD = 4, SLACK = 6 /* powers of two that a score may pass `largest` by */ };

typedef struct {
    int32_t *keys, *values;  /* [depth / 2][KEYS], [KEYS / 2][depth] */
    float *key_scales, *value_scales; /* [KEYS] */
} Words;

/* Four queries: numbers and sums [QUAD][depth], totals of the weights [QUAD][16]; scales and the scores that weights are
 * powers of two below, four times each. */
typedef struct {
    uint8_t *numbers;
    float *out, *totals;
    __m512 scales, largest;
} Quad;

/* Two registers in 16 bits: four of the first and four of the second to a lane of 128 bits. */
FN inline __m512i in_words(__m512 x, __m512 y) { return _mm512_packs_epi32(_mm512_cvtps_epi32(x), _mm512_cvtps_epi32(y)); }

/* [columns] in words; the last 16 of an odd number of them in their order. */
FN inline void words_of_row(const float *x, int64_t columns, __m512 by, uint8_t *to) {
    int64_t c = 0;
    for (; c + 32 <= columns; c += 32) {
        __m512 x0 = _mm512_mul_ps(_mm512_load_ps(x + c), by), x1 = _mm512_mul_ps(_mm512_load_ps(x + c + 16), by);
        _mm512_storeu_si512(to + 2 * c, in_words(x0, x1));
    }
    if (c < columns) {
        __m512i last = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_load_ps(x + c), by));
        _mm256_storeu_si256((__m256i *)(to + 2 * c), _mm512_cvtepi32_epi16(last));
    }
}

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

/* Sixteen keys to columns `s` .. `s` + 15 of the block. */
FN inline void turn_keys(const uint8_t *keys, int64_t depth, int64_t s, const Words *b) {
    float inverses[16];
    __m512 v[16];
    for (int r = 0; r < 16; r++) {
        v[r] = _mm512_setzero_ps();
        for (int64_t d = 0; d < depth; d += 16) {
            __m512 k = (__m512)load_halves(keys + 2 * (depth * r + d));
            v[r] = _mm512_fmadd_ps(k, k, v[r]);
        }
    }
    EACH_OF_16(_mm512_add_ps, v);
    __m512 sizes = _mm512_sqrt_ps(v[0]);
    _mm512_storeu_ps(inverses, inverses_of(sizes));
    _mm512_store_ps(b->key_scales + s, _mm512_mul_ps(sizes, _mm512_set1_ps(1.0f / LENGTH)));
    __m512i words[16];
    int64_t c = 0;
    for (; c + 32 <= depth; c += 32) {
        for (int r = 0; r < 16; r++) {
            const uint8_t *at = keys + 2 * (depth * r + c);
            __m512 by = _mm512_set1_ps(inverses[r]);
            words[r] = in_words(_mm512_mul_ps((__m512)load_halves(at), by), _mm512_mul_ps((__m512)load_halves(at + 32), by));
        }
        turn16(words);
        for (int w = 0; w < 16; w++) _mm512_store_si512(b->keys + (c / 2 + w) * KEYS + s, words[w]);
    }
    if (c < depth) {
        for (int r = 0; r < 16; r++) {
            __m512 k = _mm512_mul_ps((__m512)load_halves(keys + 2 * (depth * r + c)), _mm512_set1_ps(inverses[r]));
            words[r] = _mm512_castsi256_si512(_mm512_cvtepi32_epi16(_mm512_cvtps_epi32(k)));
        }
        turn16(words);
        for (int w = 0; w < 8; w++) _mm512_store_si512(b->keys + (c / 2 + w) * KEYS + s, words[w]);
    }
}

/* Sixteen keys' values, two rows to a row of words, in the order of in_words: `s` is a multiple of 16. */
FN inline void pair_values(const uint8_t *values, int64_t depth, int64_t s, const Words *b) {
    float inverses[16];
    __m512 v[16];
    for (int r = 0; r < 16; r++) { /* of halves without their sign, the largest as whole numbers is the largest */
        __m512i most = _mm512_setzero_si512();
        for (int64_t d = 0; d < depth; d += 16) {
            __m256i halves = _mm256_loadu_si256((const __m256i *)(values + 2 * (depth * r + d)));
            most = _mm512_max_epu16(most, _mm512_castsi256_si512(_mm256_and_si256(halves, _mm256_set1_epi16(0x7fff))));
        }
        most = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(most));
        v[r] = _mm512_castsi512_ps(most);
    }
#define MOST(x, y) _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(x), _mm512_castps_si512(y)))
    EACH_OF_16(MOST, v);
#undef MOST
    __m512 heights = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_castps_si512(v[0])));
    _mm512_storeu_ps(inverses, inverses_of(heights));
    _mm512_store_ps(b->value_scales + s, _mm512_mul_ps(heights, _mm512_set1_ps(1.0f / LENGTH)));
    for (int r = 0; r < 16; r += 2) {
        const uint8_t *at = values + 2 * depth * r;
        int32_t *to = b->values + (s / 32 * 16 + r / 4 * 4 + s % 32 / 16 * 2 + r / 2 % 2) * depth;
        __m512 by0 = _mm512_set1_ps(inverses[r]), by1 = _mm512_set1_ps(inverses[r + 1]);
        for (int64_t d = 0; d < depth; d += 16) {
            __m512i v0 = _mm512_cvtps_epi32(_mm512_mul_ps((__m512)load_halves(at + 2 * d), by0));
            __m512i v1 = _mm512_cvtps_epi32(_mm512_mul_ps((__m512)load_halves(at + 2 * (depth + d)), by1));
            _mm512_store_si512(to + d, _mm512_mask_mov_epi16(_mm512_slli_epi32(v1, 16), 0x55555555, v0));
        }
    }
}

/* Scores of four queries as powers of two, but for the queries' scales. */
FN inline void score_quad(const Words *b, int64_t depth, const Quad *q, __m512 scores[QUAD][KEYS / 16]) {
    __m512i sums[QUAD][KEYS / 16];
    for (int n = 0; n < QUAD; n++)
        for (int i = 0; i < KEYS / 16; i++) sums[n][i] = _mm512_setzero_si512();
    for (int64_t w = 0; w < depth / 2; w++) {
        __m512i keys[KEYS / 16];
        for (int i = 0; i < KEYS / 16; i++) keys[i] = _mm512_load_si512(b->keys + w * KEYS + 16 * i);
        for (int n = 0; n < QUAD; n++) {
            __m512i x = spread_word(q->numbers + 2 * n * depth + 4 * w);
            for (int i = 0; i < KEYS / 16; i++) sums[n][i] = _mm512_dpwssd_epi32(sums[n][i], keys[i], x);
        }
    }
    for (int i = 0; i < KEYS / 16; i++) {
        __m512 scale = _mm512_load_ps(b->key_scales + 16 * i);
        for (int n = 0; n < QUAD; n++) scores[n][i] = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[n][i]), scale);
    }
}

/* The n-th place of each lane. */
FN inline __attribute__((always_inline)) __m512 nth(__m512 x, const int n) {
    return n == 0 ? _mm512_permute_ps(x, 0x00) : n == 1 ? _mm512_permute_ps(x, 0x55)
         : n == 2 ? _mm512_permute_ps(x, 0xaa) : _mm512_permute_ps(x, 0xff);
}

/* Turn scores into weights [QUAD][KEYS] of 16 bits, times the values' scales; what their sums are to be multiplied by. */
FN inline __m512 weigh_quad(const Words *b, int64_t depth, __m512 scores[QUAD][KEYS / 16], Quad *q, uint8_t *weights) {
    __m512 high[QUAD], most, sizes, sums[QUAD], inverses;
    for (int n = 0; n < QUAD; n++)
        high[n] = _mm512_max_ps(_mm512_max_ps(scores[n][0], scores[n][1]), _mm512_max_ps(scores[n][2], scores[n][3]));
    EACH_OF_4(_mm512_max_ps, most, high);
    most = _mm512_mul_ps(most, q->scales);
    __mmask16 higher = _mm512_cmp_ps_mask(most, _mm512_add_ps(q->largest, _mm512_set1_ps(SLACK)), _CMP_GT_OQ);
    if (higher) {
        __m512 by = power_of_two(_mm512_sub_ps(q->largest, most));
        by = _mm512_mask_mov_ps(_mm512_set1_ps(1.0f), higher, by);
        q->largest = _mm512_mask_mov_ps(q->largest, higher, most);
        for (int n = 0; n < QUAD; n++) {
            float factor = by[n];
            _mm512_store_ps(q->totals + 16 * n, _mm512_mul_ps(_mm512_load_ps(q->totals + 16 * n), _mm512_set1_ps(factor)));
            for (float *at = q->out + n * depth; at < q->out + (n + 1) * depth; at += 16)
                _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), _mm512_set1_ps(factor)));
        }
    }
    for (int n = 0; n < QUAD; n++) {
        __m512 total = _mm512_load_ps(q->totals + 16 * n), scale = nth(q->scales, n), largest = nth(q->largest, n);
        sums[n] = _mm512_setzero_ps();
        for (int i = 0; i < KEYS / 16; i++) {
            __m512 weight = power_of_two(_mm512_fmsub_ps(scores[n][i], scale, largest));
            total = _mm512_add_ps(total, weight);
            scores[n][i] = _mm512_mul_ps(weight, _mm512_load_ps(b->value_scales + 16 * i));
            sums[n] = _mm512_add_ps(sums[n], scores[n][i]);
        }
        _mm512_store_ps(q->totals + 16 * n, total);
    }
    EACH_OF_4(_mm512_add_ps, sizes, sums);
    inverses = inverses_of(sizes);
    for (int n = 0; n < QUAD; n++) {
        __m512 by = nth(inverses, n);
        for (int i = 0; i < KEYS / 16; i += 2)
            _mm512_store_si512(weights + 2 * (n * KEYS + 16 * i),
                               in_words(_mm512_mul_ps(scores[n][i], by), _mm512_mul_ps(scores[n][i + 1], by)));
    }
    return _mm512_mul_ps(sizes, _mm512_set1_ps(1.0f / LENGTH));
}

/* Adds the block's values from column `c` on, 16 * wide (a constant) of them, times the weights, to four queries. */
FN inline __attribute__((always_inline)) void gather_columns(const int wide, const Words *b, int64_t depth, int64_t c,
                                                          const uint8_t *weights, __m512 scales, float *out) {
    __m512i sums[QUAD][4];
    for (int n = 0; n < QUAD; n++)
        for (int i = 0; i < wide; i++) sums[n][i] = _mm512_setzero_si512();
    for (int64_t t = 0; t < KEYS / 2; t++) {
        __m512i values[4];
        for (int i = 0; i < wide; i++) values[i] = _mm512_load_si512(b->values + t * depth + c + 16 * i);
        for (int n = 0; n < QUAD; n++) {
            __m512i x = spread_word(weights + 2 * n * KEYS + 4 * t);
            for (int i = 0; i < wide; i++) sums[n][i] = _mm512_dpwssd_epi32(sums[n][i], x, values[i]);
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

FN void attend_halves(const Attend *a, const Part *part, float *room) {
    int64_t depth = a->depth, heads = part->heads, count = heads * (part->last - part->first);
    int64_t quads = (count + QUAD - 1) / QUAD, row = 2 * depth, share = (KEYS * row / quads + 63) / 64 * 64;
    uint8_t *at = (uint8_t *)room;
    Words b = {piece(&at, KEYS * row), piece(&at, KEYS * row), piece(&at, 4 * KEYS), piece(&at, 4 * KEYS)};
    uint8_t *weights = piece(&at, 2 * 2 * QUAD * KEYS), *rest = piece(&at, 2 * KEYS * row); /* the last keys, among rows of zeros */
    float *x = piece(&at, 4 * depth);
    Quad *queries = piece(&at, quads * (int64_t)sizeof *queries);
    for (int64_t n = 0; n < quads * QUAD; n++) {
        Quad *q = queries + n / QUAD;
        if (n % QUAD == 0) {
            *q = (Quad){piece(&at, QUAD * row), piece(&at, 4 * QUAD * depth), piece(&at, 4 * QUAD * 16),
                        _mm512_setzero_ps(), _mm512_set1_ps(-INFINITY)};
            memset(q->numbers, 0, (size_t)(QUAD * row));
            memset(q->out, 0, (size_t)(4 * QUAD * depth));
            memset(q->totals, 0, 4 * QUAD * 16);
        }
        if (n >= count) continue;
        const float *from = query_of(a, part, n);
        __m512 squares = _mm512_setzero_ps();
        for (int64_t d = 0; d < depth; d++) x[d] = from[d] * a->scale * LOG2_E;
        for (int64_t d = 0; d < depth; d += 16) squares = _mm512_fmadd_ps(_mm512_load_ps(x + d), _mm512_load_ps(x + d), squares);
        float size = sqrtf(_mm512_reduce_add_ps(squares));
        words_of_row(x, depth, inverses_of(_mm512_set1_ps(size)), q->numbers + n % QUAD * row);
        q->scales = _mm512_mask_mov_ps(q->scales, (__mmask16)(0x1111 << n % QUAD), _mm512_set1_ps(size / LENGTH));
    }
    int64_t to = last_key(a, part);
    for (int64_t block = first_block(a, part); block < to; block += KEYS) {
        Rows rows = rows_of_block(a, part, block, row, rest);
        for (int64_t s = 0; s < KEYS; s += 16) {
            turn_keys(rows.keys + s * row, depth, s, &b);
            pair_values(rows.values + s * row, depth, s, &b);
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
            if (n > 1) gather_quad(&b, depth, weights + now * 2 * QUAD * KEYS, scales[now], queries[n - 2].out);
            if (n > 0 && n <= quads)
                scales[before] = weigh_quad(&b, depth, scores[before], queries + n - 1, weights + before * 2 * QUAD * KEYS);
        }
    }
    for (int64_t n = 0; n < count; n++) {
        const Quad *q = queries + n / QUAD;
        const float *sums = q->out + n % QUAD * depth, total = _mm512_reduce_add_ps(_mm512_load_ps(q->totals + n % QUAD * 16));
        float *out = result_of(a, part, n);
        float by = part->state ? 1.0f : 1.0f / total;
        for (int64_t d = 0; d < depth; d++) out[d] = sums[d] * by;
        if (part->state) out[depth] = q->largest[n % QUAD] * LN_2, out[depth + 1] = total;
    }
}
