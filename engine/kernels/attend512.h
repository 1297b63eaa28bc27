/* Attention in whole numbers for AVX-512: over a cache in Q8_0, and over one in float16 where many queries share what
 * is made of a block of KEYS keys. Included by avx512.c; the oracle is engine/attention.py.
 *
 * A word holds four columns (Q8_0) or two (float16) of a key turned to [words][KEYS], or as many keys' numbers of one
 * column of the values. Q8_0 keeps its bytes; queries and weights are 256 * high + low beside them. Of float16, keys
 * and queries become 16 bits with a norm of LENGTH, weights have a sum of LENGTH, so that no sum of products passes
 * 2^30 (Cauchy and Schwarz): finer than the cache's own last bit. Two sums run side by side: high and low, or those of
 * two queries. A float16 score costs 2 cycles of multiplication with 64 columns, where floats take 4. */

enum { LENGTH = 32767, UNIT = 64 /* columns of values that are summed up at once */ };

typedef struct {
    int32_t *keys, *values;  /* [depth / columns of a word][KEYS], [KEYS / keys of a word][padded] */
    float *key_scales, *value_scales; /* [groups][KEYS] */
    int64_t groups, padded;  /* columns of one scale; of Q8_0, values are padded to whole UNITs */
} Block;

/* One query: its numbers, [2][depth] bytes or [depth] of 16 bits, its scales [3 * groups], and what was gathered. */
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

/* A number's inverse that makes it LENGTH; none for what is no number, or as good as none. */
FN inline float inverse_of(float size) { return size > SMALLEST && size < INFINITY ? (float)LENGTH / size : 0.0f; }

FN inline __m256i in_16_bits(__m512 x, __m512 by) {
    return _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(_mm512_mul_ps(x, by)));
}

/* Block `b` from KEYS rows of float16. */
FN void fill_from_halves(const uint8_t *keys, const uint8_t *values, int64_t depth, Block *b) {
    for (int64_t s = 0; s < KEYS; s += 16, keys += 32 * depth, values += 32 * depth) {
        float sizes[16], heights[16], inverses[16];
        for (int64_t r = 0; r < 16; r++) {
            const uint8_t *at = keys + 2 * depth * r;
            __m512 squares = _mm512_setzero_ps();
            for (int64_t d = 0; d < depth; d += 16) {
                __m512 k = (__m512)load_halves(at + 2 * d);
                squares = _mm512_fmadd_ps(k, k, squares);
            }
            sizes[r] = sqrtf(_mm512_reduce_add_ps(squares));
            inverses[r] = inverse_of(sizes[r]);
        }
        for (int64_t c = 0; c < depth; c += 32) {
            int64_t wide = depth - c < 32 ? 16 : 32;
            __m512i words[16];
            for (int64_t r = 0; r < 16; r++) {
                const uint8_t *at = keys + 2 * (depth * r + c);
                __m512 by = _mm512_set1_ps(inverses[r]);
                words[r] = _mm512_castsi256_si512(in_16_bits((__m512)load_halves(at), by));
                if (wide == 32) words[r] = _mm512_inserti64x4(words[r], in_16_bits((__m512)load_halves(at + 32), by), 1);
            }
            turn16(words);
            for (int w = 0; 2 * w < wide; w++) _mm512_store_si512(b->keys + (c / 2 + w) * KEYS + s, words[w]);
        }
        for (int64_t r = 0; r < 16; r += 2) {
            const uint8_t *at[2];
            for (int i = 0; i < 2; i++) {
                at[i] = values + 2 * depth * (r + i);
                __m512 high = _mm512_setzero_ps(), sound = high;
                for (int64_t d = 0; d < depth; d += 16) {
                    __m512 v = (__m512)load_halves(at[i] + 2 * d);
                    high = _mm512_max_ps(_mm512_abs_ps(v), high);
                    sound = _mm512_fmadd_ps(v, _mm512_setzero_ps(), sound);
                }
                heights[r + i] = _mm512_reduce_max_ps(high) + _mm512_reduce_add_ps(sound);
                inverses[r + i] = inverse_of(heights[r + i]);
            }
            __m512 by0 = _mm512_set1_ps(inverses[r]), by1 = _mm512_set1_ps(inverses[r + 1]);
            for (int64_t d = 0; d < depth; d += 16) {
                __m512i v0 = _mm512_cvtps_epi32(_mm512_mul_ps((__m512)load_halves(at[0] + 2 * d), by0));
                __m512i v1 = _mm512_cvtps_epi32(_mm512_mul_ps((__m512)load_halves(at[1] + 2 * d), by1));
                v1 = _mm512_mask_mov_epi16(_mm512_slli_epi32(v1, 16), 0x55555555, v0);
                _mm512_store_si512(b->values + (s + r) / 2 * b->padded + d, v1);
            }
        }
        const __m512 unit = _mm512_set1_ps(1.0f / LENGTH);
        _mm512_store_ps(b->key_scales + s, _mm512_mul_ps(_mm512_loadu_ps(sizes), unit));
        _mm512_store_ps(b->value_scales + s, _mm512_mul_ps(_mm512_loadu_ps(heights), unit));
    }
}

/* Of Q8_0, the bytes of `x` have no sign. */
FN inline __attribute__((always_inline)) __m512i add_products(int type, __m512i sum, __m512i x, __m512i y) {
    return type == Q8_0 ? _mm512_dpbusd_epi32(sum, x, y) : _mm512_dpwssd_epi32(sum, x, y);
}

FN inline __m512i spread_word(const uint8_t *at) {
    int32_t word;
    memcpy(&word, at, 4);
    return _mm512_set1_epi32(word);
}

/* Sums over words [from, to) of the keys in a block times two rows of numbers. */
FN inline __attribute__((always_inline)) void score_words(int type, const Block *b, int64_t from, int64_t to,
                                                          const uint8_t *one, const uint8_t *other,
                                                          __m512i sums[KEYS / 16][2]) {
    for (int i = 0; i < KEYS / 16; i++) sums[i][0] = sums[i][1] = _mm512_setzero_si512();
    for (int64_t w = from; w < to; w++) {
        __m512i x0 = spread_word(one + 4 * w), x1 = spread_word(other + 4 * w);
        for (int i = 0; i < KEYS / 16; i++) {
            __m512i keys = _mm512_load_si512(b->keys + w * KEYS + 16 * i);
            sums[i][0] = add_products(type, sums[i][0], keys, x0);
            sums[i][1] = add_products(type, sums[i][1], keys, x1);
        }
    }
}

FN inline __m512 joined(__m512i high, __m512i low) {
    return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(high, 8), low));
}

/* Scores of one query (Q8_0) or two (float16) as powers of two. */
FN inline __attribute__((always_inline)) void score(int type, const Attend *a, const Block *b, const Query *one,
                                                    const Query *other, __m512 scores[2][KEYS / 16]) {
    __m512i sums[KEYS / 16][2];
    if (type == F16) {
        score_words(F16, b, 0, a->depth / 2, one->numbers, other->numbers, sums);
        const Query *both[2] = {one, other};
        for (int i = 0; i < KEYS / 16; i++)
            for (int n = 0; n < 2; n++) {
                __m512 scale = _mm512_mul_ps(_mm512_load_ps(b->key_scales + 16 * i), _mm512_set1_ps(both[n]->scales[0]));
                scores[n][i] = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[i][n]), scale);
            }
        return;
    }
    for (int i = 0; i < KEYS / 16; i++) scores[0][i] = _mm512_setzero_ps();
    for (int64_t g = 0; g < b->groups; g++) {
        const float *halves = one->scales + b->groups + 2 * g;
        __m512 by = _mm512_set1_ps(one->scales[g]), rest = _mm512_set1_ps(-128.0f * (halves[0] + halves[1]));
        score_words(Q8_0, b, g * GROUP / 4, (g + 1) * GROUP / 4, one->numbers, one->numbers + a->depth, sums);
        for (int i = 0; i < KEYS / 16; i++) {
            __m512 dot = _mm512_fmadd_ps(joined(sums[i][0], sums[i][1]), by, rest);
            scores[0][i] = _mm512_fmadd_ps(dot, _mm512_load_ps(b->key_scales + g * KEYS + 16 * i), scores[0][i]);
        }
    }
}

/* 2^x for x <= 0 to 3e-7 of its value; zero where x is no number. */
FN inline __m512 power_of_two(__m512 x) {
    x = _mm512_max_ps(x, _mm512_set1_ps(-150.0f));
    __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), r = _mm512_sub_ps(x, n);
    __m512 p = _mm512_set1_ps(1.339887440e-3f); /* Cephes' exp2f */
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.618437357e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.550332548e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.402264791e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.931472029e-1f));
    return _mm512_scalef_ps(_mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f)), n);
}

/* Turn scores into weights, visible in [first, last); the factor for what was gathered before. */
FN inline float weigh_block(__m512 *scores, int64_t first, int64_t last, Query *q) {
    for (int i = 0; (first > 0 || last < KEYS) && i < KEYS / 16; i++) {
        int64_t from = first - 16 * i, to = last - 16 * i;
        uint32_t shown = to >= 16 ? 0xffffu : to > 0 ? (1u << to) - 1 : 0;
        if (from > 0) shown = from < 16 ? shown >> from << from : 0;
        scores[i] = _mm512_mask_mov_ps(_mm512_set1_ps(-INFINITY), (__mmask16)shown, scores[i]);
    }
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

/* Weights times the values' scales as whole numbers with a sum of LENGTH, [KEYS] bytes high and low, or 16 bits; what
 * they are to be multiplied by. */
FN inline __attribute__((always_inline)) float round_weights(int type, const __m512 *weights, const float *scales,
                                                             uint8_t *to) {
    __m512 w[KEYS / 16], sum = _mm512_setzero_ps();
    for (int i = 0; i < KEYS / 16; i++) {
        w[i] = _mm512_mul_ps(weights[i], _mm512_load_ps(scales + 16 * i));
        sum = _mm512_add_ps(sum, w[i]);
    }
    float size = _mm512_reduce_add_ps(sum);
    __m512 by = _mm512_set1_ps(inverse_of(size));
    for (int i = 0; i < KEYS / 16; i++) {
        __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(w[i], by));
        if (type == F16) {
            _mm256_storeu_si256((__m256i *)(to + 32 * i), _mm512_cvtepi32_epi16(whole));
        } else {
            _mm_storeu_si128((__m128i *)(to + 16 * i), _mm512_cvtepi32_epi8(_mm512_srli_epi32(whole, 8)));
            _mm_storeu_si128((__m128i *)(to + KEYS + 16 * i), _mm512_cvtepi32_epi8(whole));
        }
    }
    return size / LENGTH;
}

/* A word of weights for all columns: Q8_0 has others in the upper 32 of UNIT. */
FN inline __attribute__((always_inline)) __m512i spread_weights(int type, const uint8_t *lower, const uint8_t *upper) {
    __m512i x = spread_word(lower);
    return type == F16 ? x : _mm512_mask_mov_epi32(x, 0xff00, spread_word(upper));
}

/* Sums over a block of 16 * wide (a constant) columns from `c` on, times two rows of weights. */
FN inline __attribute__((always_inline)) void gather_words(int type, const int wide, const Block *b, int64_t c,
                                                           const uint8_t *const *one, const uint8_t *const *other,
                                                           __m512i sums[4][2]) {
    for (int i = 0; i < wide; i++) sums[i][0] = sums[i][1] = _mm512_setzero_si512();
    for (int64_t t = 0; t < (type == Q8_0 ? KEYS / 4 : KEYS / 2); t++) {
        __m512i x0 = spread_weights(type, one[0] + 4 * t, one[1] + 4 * t);
        __m512i x1 = spread_weights(type, other[0] + 4 * t, other[1] + 4 * t);
        for (int i = 0; i < wide; i++) {
            __m512i values = _mm512_load_si512(b->values + t * b->padded + c + 16 * i);
            sums[i][0] = add_products(type, sums[i][0], x0, values);
            sums[i][1] = add_products(type, sums[i][1], x1, values);
        }
    }
}

FN inline void add_to(float *out, float by, __m512 sums, __m512 scale) {
    __m512 before = _mm512_mul_ps(_mm512_load_ps(out), _mm512_set1_ps(by));
    _mm512_store_ps(out, _mm512_fmadd_ps(sums, scale, before));
}

FN void gather_halves(const Block *b, const uint8_t *weights, const float *scales, const float *by, int count, Query *q) {
    const uint8_t *one[2] = {weights, weights}, *other[2] = {weights + 2 * KEYS, weights + 2 * KEYS};
    __m512i sums[4][2];
    for (int64_t c = 0; c < b->padded;) {
        int wide = b->padded - c >= UNIT ? 4 : 1;
        if (wide == 4) gather_words(F16, 4, b, c, one, other, sums);
        else gather_words(F16, 1, b, c, one, other, sums);
        for (int i = 0; i < wide; i++, c += 16)
            for (int n = 0; n < count; n++)
                add_to(q[n].out + c, by[n], _mm512_cvtepi32_ps(sums[i][n]), _mm512_set1_ps(scales[n]));
    }
}

FN void gather_q8_0(const Block *b, const uint8_t *weights, const float *scales, float by, Query *q) {
    __m512i sums[4][2];
    for (int64_t c = 0; c < b->padded; c += UNIT) {
        int64_t lower = c / GROUP, upper = lower + 1 < b->groups ? lower + 1 : lower;
        const uint8_t *high[2] = {weights + lower * 2 * KEYS, weights + upper * 2 * KEYS};
        const uint8_t *low[2] = {high[0] + KEYS, high[1] + KEYS};
        gather_words(Q8_0, 4, b, c, high, low, sums);
        __m512 scale = _mm512_mask_mov_ps(_mm512_set1_ps(scales[lower]), 0xff00, _mm512_set1_ps(scales[upper]));
        for (int i = 0; i < 4; i++) add_to(q->out + c + 16 * i, by, joined(sums[i][0], sums[i][1]), scale);
    }
}

FN inline void *piece(uint8_t **at, int64_t bytes) {
    void *here = *at;
    *at += (bytes + 63) / 64 * 64;
    return here;
}

/* 256 * high + low or 16 bits of `x`, a query that is scaled already; its scales. */
FN void round_query(int type, const float *x, int64_t depth, Query *q) {
    if (type == Q8_0) {
        int8_t *high = (int8_t *)q->numbers;
        round512(x, depth, high, high + depth, q->scales, q->scales + depth / GROUP);
        return;
    }
    __m512 squares = _mm512_setzero_ps();
    for (int64_t d = 0; d < depth; d += 16) squares = _mm512_fmadd_ps(_mm512_load_ps(x + d), _mm512_load_ps(x + d), squares);
    float size = sqrtf(_mm512_reduce_add_ps(squares));
    __m512 by = _mm512_set1_ps(inverse_of(size));
    for (int64_t d = 0; d < depth; d += 16)
        _mm256_store_si256((__m256i *)(q->numbers + 2 * d), in_16_bits(_mm512_load_ps(x + d), by));
    q->scales[0] = size / LENGTH;
}

FN inline __attribute__((always_inline)) void attend_whole(int type, const Attend *a, const Part *part, float *room) {
    int64_t depth = a->depth, heads = part->heads, count = heads * (part->last - part->first);
    int64_t row = type == Q8_0 ? depth / GROUP * Q8_0_BYTES : 2 * depth, share = (KEYS * row / count + 63) / 64 * 64;
    Block b = {.groups = 1, .padded = depth};
    if (type == Q8_0) b.groups = depth / GROUP, b.padded = (depth + UNIT - 1) / UNIT * UNIT;
    uint8_t *at = (uint8_t *)room;
    b.keys = piece(&at, 2 * KEYS * depth);
    b.values = piece(&at, 2 * KEYS * b.padded);
    b.key_scales = piece(&at, 4 * KEYS * b.groups);
    b.value_scales = piece(&at, 4 * KEYS * b.groups);
    uint8_t *weights = piece(&at, 2 * KEYS * (type == Q8_0 ? b.groups : 2));
    float *scales = piece(&at, 4 * (b.groups + 1)), *x = piece(&at, 4 * depth);
    uint8_t *rest = piece(&at, 2 * KEYS * row); /* the last keys, among rows of zeros */
    Query *queries = piece(&at, count * (int64_t)sizeof *queries);
    for (int64_t n = 0; n < count; n++) {
        const float *from = a->q + (part->first + n / heads) * a->q_stride + (part->head + n % heads) * depth;
        for (int64_t d = 0; d < depth; d++) x[d] = from[d] * a->scale * 1.44269504f;
        queries[n] = (Query){piece(&at, 2 * depth), piece(&at, 12 * b.groups), piece(&at, 4 * b.padded), -INFINITY, 0.0f};
        memset(queries[n].out, 0, (size_t)b.padded * 4);
        round_query(type, x, depth, queries + n);
    }
    int64_t start = part->head / a->heads_a_key * a->stride / depth, to = last_key(a, part);
    for (int64_t block = first_block(a, part); block < to; block += KEYS) {
        int64_t present = to - block < KEYS ? to - block : KEYS;
        const uint8_t *keys = a->keys + (start + block) * row, *values = a->values + (start + block) * row;
        const uint8_t *next_keys = keys + KEYS * row, *next_values = values + KEYS * row;
        int has_next = block + KEYS < to;
        if (present < KEYS) {
            memset(rest, 0, (size_t)(2 * KEYS * row));
            memcpy(rest, keys, (size_t)(present * row));
            memcpy(rest + KEYS * row, values, (size_t)(present * row));
            keys = rest, values = rest + KEYS * row;
        }
        if (type == Q8_0) fill_from_q8_0(keys, values, depth, &b);
        else fill_from_halves(keys, values, depth, &b);
        /* The next block is fetched in shares: all its lines at once would queue up, and rows in pages of 4 KiB are no
         * stream to the processor (2 threads, Q8_0, 3 heads a key, 8,000 keys: 2.7 ns for a head and a key, 4.0 without). */
        for (int64_t n = 0; n < count;) {
            int together = type == F16 && n + 1 < count ? 2 : 1;
            __m512 scores[2][KEYS / 16];
            float by[2] = {1.0f, 1.0f};
            if (has_next) fetch(next_keys + n * share, together * share);
            score(type, a, &b, queries + n, queries + n + together - 1, scores);
            for (int i = 0; i < together; i++) {
                int64_t place = a->past + part->first + (n + i) / heads - block;
                int64_t oldest = a->window ? place - a->window + 1 : 0;
                by[i] = weigh_block(scores[i], oldest, place < present ? place + 1 : present, queries + n + i);
                if (type == F16) scales[i] = round_weights(F16, scores[i], b.value_scales, weights + 2 * KEYS * i);
            }
            for (int64_t g = 0; type == Q8_0 && g < b.groups; g++)
                scales[g] = round_weights(Q8_0, scores[0], b.value_scales + g * KEYS, weights + 2 * KEYS * g);
            if (has_next) fetch(next_values + n * share, together * share);
            if (type == Q8_0) gather_q8_0(&b, weights, scales, by[0], queries + n);
            else gather_halves(&b, weights, scales, by, together, queries + n);
            n += together;
        }
    }
    for (int64_t n = 0; n < count; n++) {
        const Query *q = queries + n;
        float *out = part->state ? part->state + n * (depth + 2)
                                 : a->out + (part->first + n / heads) * a->out_stride + (part->head + n % heads) * depth;
        float by = part->state ? 1.0f : 1.0f / q->total;
        for (int64_t d = 0; d < depth; d += 4) { /* fill_from_q8_0 leaves four columns of each lane side by side */
            int64_t i = d % UNIT, place = type == Q8_0 ? d - i + i / 4 % 4 * 16 + i / 16 * 4 : d;
            _mm_storeu_ps(out + d, _mm_mul_ps(_mm_loadu_ps(q->out + place), _mm_set1_ps(by)));
        }
        if (part->state) out[depth] = q->largest * 0.69314718f, out[depth + 1] = q->total;
    }
}
