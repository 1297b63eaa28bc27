/* Attention over a cache in Q8_0 for AVX-512, in whole numbers. Included by avx512.c; the oracle is engine/attention.py.
 *
 * A word holds four columns of a key turned to [words][KEYS], or four keys' numbers of one column of the values. Both keep
 * their bytes; queries and weights are 256 * high + low beside them, and their sums run side by side. */

enum { UNIT = 64 /* columns of values that are summed up at once */ };

typedef struct {
    int32_t *keys, *values;  /* [depth / 4][KEYS], [KEYS / 4][padded] */
    float *key_scales, *value_scales; /* [groups][KEYS] */
    int64_t groups, padded;  /* columns of the values in whole UNITs */
} Block;

/* One query: its numbers [2][depth], its scales [3 * groups], and what was gathered. */
typedef struct {
    uint8_t *numbers;
    float *scales, *out, largest, total; /* `largest` is a power of two's exponent */
} Query;

FN inline __m512i bytes_of_row(const uint8_t *row, int64_t columns) {
    __m512i bytes = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(row + 2)));
    if (columns <= GROUP) return _mm512_inserti64x4(bytes, _mm256_setzero_si256(), 1);
    return _mm512_inserti64x4(bytes, _mm256_loadu_si256((const __m256i *)(row + Q8_0_BYTES + 2)), 1);
}

/* The scales at the beginning of sixteen blocks, one in each row. */
FN inline __m512 sixteen_scales(const uint8_t *at, int64_t row_bytes) {
    __m128i half[2];
    for (int i = 0; i < 2; i++, at += 8 * row_bytes) {
        half[i] = _mm_loadu_si16(at);
#define PUT(r) half[i] = _mm_insert_epi16(half[i], *(const int16_t *)(at + r * row_bytes), r)
        PUT(1); PUT(2); PUT(3); PUT(4); PUT(5); PUT(6); PUT(7);
#undef PUT
    }
    return _mm512_cvtph_ps(_mm256_set_m128i(half[1], half[0]));
}

/* Block `b` from KEYS rows of Q8_0. */
FN void fill_from_q8_0(const uint8_t *keys, const uint8_t *values, int64_t depth, Block *b) {
    int64_t row = depth / GROUP * Q8_0_BYTES;
    for (int64_t s = 0; s < KEYS; s += 16, keys += 16 * row, values += 16 * row) {
        for (int64_t c = 0; c < depth; c += UNIT) {
            const uint8_t *k = keys + c / GROUP * Q8_0_BYTES, *v = values + c / GROUP * Q8_0_BYTES;
            __m512i words[16];
            for (int r = 0; r < 16; r++)
                words[r] = _mm512_xor_si512(bytes_of_row(k + r * row, depth - c), _mm512_set1_epi8((char)128));
            turn16(words);
            for (int w = 0; w < 8; w++) _mm512_store_si512(b->keys + (c / 4 + w) * KEYS + s, words[w]);
            for (int w = 8; w < 16 && depth - c > GROUP; w++)
                _mm512_store_si512(b->keys + (c / 4 + w) * KEYS + s, words[w]);
            for (int r = 0; r < 16; r += 4) {
                __m512i bytes[4], pairs[4];
                for (int i = 0; i < 4; i++) bytes[i] = bytes_of_row(v + (r + i) * row, depth - c);
                pairs[0] = _mm512_unpacklo_epi8(bytes[0], bytes[1]);
                pairs[1] = _mm512_unpacklo_epi8(bytes[2], bytes[3]);
                pairs[2] = _mm512_unpackhi_epi8(bytes[0], bytes[1]);
                pairs[3] = _mm512_unpackhi_epi8(bytes[2], bytes[3]);
                int32_t *to = b->values + (s + r) / 4 * b->padded + c;
                for (int i = 0; i < 2; i++) {
                    _mm512_store_si512(to + 32 * i, _mm512_unpacklo_epi16(pairs[2 * i], pairs[2 * i + 1]));
                    _mm512_store_si512(to + 32 * i + 16, _mm512_unpackhi_epi16(pairs[2 * i], pairs[2 * i + 1]));
                }
            }
        }
        for (int64_t g = 0; g < b->groups; g++) {
            _mm512_store_ps(b->key_scales + g * KEYS + s, sixteen_scales(keys + g * Q8_0_BYTES, row));
            _mm512_store_ps(b->value_scales + g * KEYS + s, sixteen_scales(values + g * Q8_0_BYTES, row));
        }
    }
}

/* Sums over words [from, to) of the keys in a block, whose bytes have no sign, times both halves of a query's numbers. */
FN inline __attribute__((always_inline)) void score_words(const Block *b, int64_t from, int64_t to,
                                                          const uint8_t *high, const uint8_t *low,
                                                          __m512i sums[KEYS / 16][2]) {
    for (int i = 0; i < KEYS / 16; i++) sums[i][0] = sums[i][1] = _mm512_setzero_si512();
    for (int64_t w = from; w < to; w++) {
        __m512i x0 = spread_word(high + 4 * w), x1 = spread_word(low + 4 * w);
        for (int i = 0; i < KEYS / 16; i++) {
            __m512i keys = _mm512_load_si512(b->keys + w * KEYS + 16 * i);
            sums[i][0] = _mm512_dpbusd_epi32(sums[i][0], keys, x0);
            sums[i][1] = _mm512_dpbusd_epi32(sums[i][1], keys, x1);
        }
    }
}

FN inline __m512 joined(__m512i high, __m512i low) {
    return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(high, 8), low));
}

/* Scores of a query as powers of two. */
FN inline void score(const Attend *a, const Block *b, const Query *q, __m512 scores[KEYS / 16]) {
    __m512i sums[KEYS / 16][2];
    for (int i = 0; i < KEYS / 16; i++) scores[i] = _mm512_setzero_ps();
    for (int64_t g = 0; g < b->groups; g++) {
        const float *halves = q->scales + b->groups + 2 * g;
        __m512 by = _mm512_set1_ps(q->scales[g]), rest = _mm512_set1_ps(-128.0f * (halves[0] + halves[1]));
        score_words(b, g * GROUP / 4, (g + 1) * GROUP / 4, q->numbers, q->numbers + a->depth, sums);
        for (int i = 0; i < KEYS / 16; i++) {
            __m512 dot = _mm512_fmadd_ps(joined(sums[i][0], sums[i][1]), by, rest);
            scores[i] = _mm512_fmadd_ps(dot, _mm512_load_ps(b->key_scales + g * KEYS + 16 * i), scores[i]);
        }
    }
}

/* Turn scores into weights, visible in [first, last); the factor for what was gathered before. */
FN inline float weigh_block(__m512 *scores, int64_t first, int64_t last, Query *q) {
    show_only(first, last, scores);
    __m512 high = _mm512_max_ps(_mm512_max_ps(scores[0], scores[1]), _mm512_max_ps(scores[2], scores[3]));
    float most = _mm512_reduce_max_ps(high), by = 1.0f;
    if (most > q->largest) {
        by = q->largest == -INFINITY ? 0.0f : exp2f(q->largest - most);
        q->largest = most;
    }
    most = q->largest == -INFINITY ? 0.0f : q->largest;
    __m512 sum = _mm512_setzero_ps();
    for (int i = 0; i < KEYS / 16; i++) {
        scores[i] = power_of_two(_mm512_sub_ps(scores[i], _mm512_set1_ps(most)));
        sum = _mm512_add_ps(sum, scores[i]);
    }
    q->total = q->total * by + _mm512_reduce_add_ps(sum);
    return by;
}

/* Weights times the values' scales as whole numbers with a sum of LENGTH, [KEYS] bytes high and low; what they are to be
 * multiplied by. */
FN inline float round_weights(const __m512 *weights, const float *scales, uint8_t *to) {
    __m512 w[KEYS / 16], sum = _mm512_setzero_ps();
    for (int i = 0; i < KEYS / 16; i++) {
        w[i] = _mm512_mul_ps(weights[i], _mm512_load_ps(scales + 16 * i));
        sum = _mm512_add_ps(sum, w[i]);
    }
    float size = _mm512_reduce_add_ps(sum);
    __m512 by = inverses_of(_mm512_set1_ps(size), LENGTH);
    for (int i = 0; i < KEYS / 16; i++) {
        __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(w[i], by));
        _mm_storeu_si128((__m128i *)(to + 16 * i), _mm512_cvtepi32_epi8(_mm512_srli_epi32(whole, 8)));
        _mm_storeu_si128((__m128i *)(to + KEYS + 16 * i), _mm512_cvtepi32_epi8(whole));
    }
    return size / LENGTH;
}

/* A word of weights for UNIT columns: the upper 32 have others. */
FN inline __m512i spread_weights(const uint8_t *lower, const uint8_t *upper) {
    return _mm512_mask_mov_epi32(spread_word(lower), 0xff00, spread_word(upper));
}

/* Sums over a block of UNIT columns from `c` on, times both halves of the weights. */
FN inline void gather_words(const Block *b, int64_t c, const uint8_t *const *high, const uint8_t *const *low,
                            __m512i sums[4][2]) {
    for (int i = 0; i < 4; i++) sums[i][0] = sums[i][1] = _mm512_setzero_si512();
    for (int64_t t = 0; t < KEYS / 4; t++) {
        __m512i x0 = spread_weights(high[0] + 4 * t, high[1] + 4 * t);
        __m512i x1 = spread_weights(low[0] + 4 * t, low[1] + 4 * t);
        for (int i = 0; i < 4; i++) {
            __m512i values = _mm512_load_si512(b->values + t * b->padded + c + 16 * i);
            sums[i][0] = _mm512_dpbusd_epi32(sums[i][0], x0, values);
            sums[i][1] = _mm512_dpbusd_epi32(sums[i][1], x1, values);
        }
    }
}

FN inline void add_to(float *out, float by, __m512 sums, __m512 scale) {
    __m512 before = _mm512_mul_ps(_mm512_load_ps(out), _mm512_set1_ps(by));
    _mm512_store_ps(out, _mm512_fmadd_ps(sums, scale, before));
}

FN void gather_q8_0(const Block *b, const uint8_t *weights, const float *scales, float by, Query *q) {
    __m512i sums[4][2];
    for (int64_t c = 0; c < b->padded; c += UNIT) {
        int64_t lower = c / GROUP, upper = lower + 1 < b->groups ? lower + 1 : lower;
        const uint8_t *high[2] = {weights + lower * 2 * KEYS, weights + upper * 2 * KEYS};
        const uint8_t *low[2] = {high[0] + KEYS, high[1] + KEYS};
        gather_words(b, c, high, low, sums);
        __m512 scale = _mm512_mask_mov_ps(_mm512_set1_ps(scales[lower]), 0xff00, _mm512_set1_ps(scales[upper]));
        for (int i = 0; i < 4; i++) add_to(q->out + c + 16 * i, by, joined(sums[i][0], sums[i][1]), scale);
    }
}

FN void attend_bytes(const Attend *a, const Part *part, float *room) {
    int64_t depth = a->depth, heads = part->heads, count = heads * (part->last - part->first);
    int64_t row = depth / GROUP * Q8_0_BYTES, share = (KEYS * row / count + 63) / 64 * 64;
    Block b = {.groups = depth / GROUP, .padded = (depth + UNIT - 1) / UNIT * UNIT};
    uint8_t *at = (uint8_t *)room;
    b.keys = piece(&at, KEYS * depth);
    b.values = piece(&at, KEYS * b.padded);
    b.key_scales = piece(&at, 4 * KEYS * b.groups);
    b.value_scales = piece(&at, 4 * KEYS * b.groups);
    uint8_t *weights = piece(&at, 2 * KEYS * b.groups);
    float *scales = piece(&at, 4 * b.groups), *x = piece(&at, 4 * depth);
    uint8_t *rest = piece(&at, 2 * KEYS * row);
    Query *queries = piece(&at, count * (int64_t)sizeof *queries);
    for (int64_t n = 0; n < count; n++) {
        const float *from = query_of(a, part, n);
        for (int64_t d = 0; d < depth; d++) x[d] = from[d] * a->scale * LOG2_E;
        Query *q = queries + n;
        *q = (Query){piece(&at, 2 * depth), piece(&at, 12 * b.groups), piece(&at, 4 * b.padded), -INFINITY, 0.0f};
        memset(q->out, 0, (size_t)b.padded * 4);
        round512(x, depth, (int8_t *)q->numbers, (int8_t *)q->numbers + depth, q->scales, q->scales + b.groups);
    }
    int64_t to = last_key(a, part);
    for (int64_t block = first_block(a, part); block < to; block += KEYS) {
        int64_t present = to - block < KEYS ? to - block : KEYS;
        Rows rows = rows_of_block(a, part, block, row, rest);
        fill_from_q8_0(rows.keys, rows.values, depth, &b);
        for (int64_t n = 0; n < count; n++) {
            Query *q = queries + n;
            __m512 scores[KEYS / 16];
            int64_t place = a->past + part->first + n / heads - block, oldest = a->window ? place - a->window + 1 : 0;
            fetch_share(rows.next_keys, n * share, share);
            score(a, &b, q, scores);
            float by = weigh_block(scores, oldest, place < present ? place + 1 : present, q);
            for (int64_t g = 0; g < b.groups; g++)
                scales[g] = round_weights(scores, b.value_scales + g * KEYS, weights + 2 * KEYS * g);
            fetch_share(rows.next_values, n * share, share);
            gather_q8_0(&b, weights, scales, by, q);
        }
    }
    for (int64_t n = 0; n < count; n++) {
        const Query *q = queries + n;
        float *out = result_of(a, part, n);
        float by = part->state ? 1.0f : 1.0f / q->total;
        for (int64_t d = 0; d < depth; d += 4) { /* fill_from_q8_0 leaves four columns of each lane side by side */
            int64_t i = d % UNIT, place = d - i + i / 4 % 4 * 16 + i / 16 * 4;
            _mm_storeu_ps(out + d, _mm_mul_ps(_mm_loadu_ps(q->out + place), _mm_set1_ps(by)));
        }
        if (part->state) out[depth] = q->largest * LN_2, out[depth + 1] = q->total;
    }
}
