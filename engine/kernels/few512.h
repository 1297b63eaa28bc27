/* Attention of a few queries over float16 for AVX-512: floats, up to eight queries at once. Included by avx512.c; the
 * oracle is engine/attention.py. A register of scores holds four keys by four queries or two by eight, [key][query]: sums
 * over columns end in that shape with few shuffles, and one maximum, one power and one sum serve all queries. With three
 * queries a key, multiplying and widening take 37 cycles for 64 columns, and that is what it takes. */

enum { OCTET = 8 };

/* Up to `side` queries (QUAD or OCTET): [side][depth] scaled numbers and sums; `largest` (a power of two's exponent) and
 * the total of the weights, [keys of a register][side], the total in as many parts. */
typedef struct {
    float *numbers, *out;
    __m512 largest, total;
} Side;

/* The sums of four registers, those of register i in quarter i. */
FN inline __m512 quarters_of(__m512 a, __m512 b, __m512 c, __m512 d) {
    enum { SWAP_PAIRS = _MM_SHUFFLE(2, 3, 0, 1), SWAP_HALVES = _MM_SHUFFLE(1, 0, 3, 2) };
    __m512 x = _mm512_mask_mov_ps(b, 0x0f0f, a), y = _mm512_mask_mov_ps(a, 0x0f0f, b);
    __m512 ab = _mm512_add_ps(x, _mm512_shuffle_f32x4(y, y, SWAP_PAIRS));
    x = _mm512_mask_mov_ps(d, 0x0f0f, c), y = _mm512_mask_mov_ps(c, 0x0f0f, d);
    __m512 cd = _mm512_add_ps(x, _mm512_shuffle_f32x4(y, y, SWAP_PAIRS));
    return _mm512_add_ps(_mm512_mask_mov_ps(cd, 0x00ff, ab), _mm512_shuffle_f32x4(ab, cd, SWAP_HALVES));
}

/* The sums of each quarter of four registers, that of register i in place i of the quarter. */
FN inline __m512 fourths_of(const __m512 *v) {
    __m512 x = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    __m512 y = _mm512_add_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    return _mm512_add_ps(_mm512_shuffle_ps(x, y, _MM_SHUFFLE(1, 0, 1, 0)), _mm512_shuffle_ps(x, y, _MM_SHUFFLE(3, 2, 3, 2)));
}

/* scores[KEYS][side] of `count` (constants) queries against `present` keys; fetches the values meanwhile. */
FN inline __attribute__((always_inline)) void score_few512(const int side, const int count, const uint8_t *keys,
                                                           int64_t present, int64_t depth, const float *q, float *scores,
                                                           const uint8_t *values) {
    const int step = 16 / side;
    for (int64_t s = 0; s < present; s += step) {
        __m512 sums[OCTET][4], whole[4];
        const uint8_t *at[4];
        for (int i = 0; i < step; i++) at[i] = keys + 2 * depth * (s + i < present ? s + i : s);
        fetch(values + 2 * depth * s, 2 * depth * step);
        for (int n = 0; n < side; n++)
            for (int i = 0; i < step; i++) sums[n][i] = _mm512_setzero_ps();
        for (int64_t d = 0; d < depth; d += 16) {
            __m512 k[4];
            for (int i = 0; i < step; i++) k[i] = (__m512)load_halves(at[i] + 2 * d);
            for (int n = 0; n < count; n++) {
                __m512 by = _mm512_load_ps(q + n * depth + d);
                for (int i = 0; i < step; i++) sums[n][i] = _mm512_fmadd_ps(k[i], by, sums[n][i]);
            }
        }
        for (int n = 0; n < 4; n++)
            whole[n] = n >= count ? _mm512_setzero_ps()
                : side == QUAD ? quarters_of(sums[n][0], sums[n][1], sums[n][2], sums[n][3])
                : quarters_of(sums[n][0], sums[n + 4][0], sums[n][1], sums[n + 4][1]);
        _mm512_store_ps(scores + side * s, fourths_of(whole));
    }
}

FN inline __attribute__((always_inline)) __m512 most_of_keys(int side, __m512 x) {
    x = _mm512_max_ps(x, _mm512_shuffle_f32x4(x, x, _MM_SHUFFLE(1, 0, 3, 2)));
    return side == QUAD ? _mm512_max_ps(x, _mm512_shuffle_f32x4(x, x, _MM_SHUFFLE(2, 3, 0, 1))) : x;
}

/* Turn scores into weights; the factors for what was gathered before, by query. */
FN inline __attribute__((always_inline)) void weigh_few512(int side, float *scores, Side *q, float *by) {
    __m512 high = _mm512_load_ps(scores), sum = _mm512_setzero_ps();
    for (int64_t i = 16; i < KEYS * side; i += 16) high = _mm512_max_ps(high, _mm512_load_ps(scores + i));
    __m512 most = _mm512_max_ps(most_of_keys(side, high), q->largest);
    __m512 factor = power_of_two(_mm512_sub_ps(q->largest, most));
    q->largest = most;
    most = _mm512_mask_mov_ps(most, _mm512_cmp_ps_mask(most, _mm512_set1_ps(-INFINITY), _CMP_EQ_OQ), _mm512_setzero_ps());
    for (int64_t i = 0; i < KEYS * side; i += 16) {
        __m512 weights = power_of_two(_mm512_sub_ps(_mm512_load_ps(scores + i), most));
        _mm512_store_ps(scores + i, weights);
        sum = _mm512_add_ps(sum, weights);
    }
    q->total = _mm512_fmadd_ps(q->total, factor, sum);
    _mm512_storeu_ps(by, factor);
}

/* out[count][16 * wide columns from d on] = out * by + sum of weights[KEYS][side] times `present` values; fetches the
 * next keys, where there are any. */
FN inline __attribute__((always_inline)) void gather_few512(const int side, const int count, const int wide,
                                                            const uint8_t *values, int64_t present, int64_t depth,
                                                            const float *weights, const float *by, int64_t d, float *out,
                                                            const uint8_t *next_keys) {
    __m512 sums[OCTET][4];
    for (int n = 0; n < count; n++)
        for (int i = 0; i < wide; i++)
            sums[n][i] = _mm512_mul_ps(_mm512_load_ps(out + n * depth + d + 16 * i), _mm512_set1_ps(by[n]));
    for (int64_t s = 0; s < present; s++) {
        __m512 v[4];
        if (next_keys) fetch(next_keys + 2 * depth * s, 2 * depth);
        for (int i = 0; i < wide; i++) v[i] = (__m512)load_halves(values + 2 * (depth * s + d + 16 * i));
        for (int n = 0; n < count; n++) {
            __m512 weight = _mm512_set1_ps(weights[side * s + n]);
            for (int i = 0; i < wide; i++) sums[n][i] = _mm512_fmadd_ps(v[i], weight, sums[n][i]);
        }
    }
    for (int n = 0; n < count; n++)
        for (int i = 0; i < wide; i++) _mm512_store_ps(out + n * depth + d + 16 * i, sums[n][i]);
}

/* What a block of keys adds to `count` queries from `first` of the part on. */
FN inline __attribute__((always_inline)) void add_block(const int side, const int count, const Attend *a, const Part *part,
                                                        int64_t first, int64_t block, Side *q, float *scores) {
    int64_t to = last_key(a, part), present = to - block < KEYS ? to - block : KEYS, depth = a->depth, d = 0;
    int64_t number = part->head / a->heads_a_key * a->stride + block * depth;
    const uint8_t *keys = a->keys + 2 * number, *values = a->values + 2 * number;
    const uint8_t *next_keys = block + KEYS < to ? keys + 2 * KEYS * depth : NULL;
    float by[16];
    score_few512(side, count, keys, present, depth, q->numbers, scores, values);
    for (int n = 0; n < count; n++) {
        int64_t place = a->past + part->first + (first + n) / part->heads - block;
        int64_t last = place + 1 < present ? place + 1 : present;
        for (int64_t s = 0; a->window && s <= place - a->window && s < KEYS; s++) scores[side * s + n] = -INFINITY;
        for (int64_t s = last > 0 ? last : 0; s < KEYS; s++) scores[side * s + n] = -INFINITY;
    }
    weigh_few512(side, scores, q, by);
    for (; d + 64 <= depth; d += 64)
        gather_few512(side, count, 4, values, present, depth, scores, by, d, q->out, d ? NULL : next_keys);
    for (; d < depth; d += 16)
        gather_few512(side, count, 1, values, present, depth, scores, by, d, q->out, d ? NULL : next_keys);
}

/* `count` queries are at most MOST_FEW: an OCTET and a QUAD. */
FN void attend_few(const Attend *a, const Part *part, float *room) {
    int64_t depth = a->depth, heads = part->heads, count = heads * (part->last - part->first), to = last_key(a, part);
    uint8_t *at = (uint8_t *)room;
    float *scores = piece(&at, 4 * KEYS * OCTET);
    Side sides[2];
    for (int64_t n = 0; n < count; n++) {
        Side *q = sides + n / OCTET;
        if (n % OCTET == 0) {
            *q = (Side){piece(&at, 4 * OCTET * depth), piece(&at, 4 * OCTET * depth), _mm512_set1_ps(-INFINITY), _mm512_setzero_ps()};
            memset(q->out, 0, (size_t)(4 * OCTET * depth));
        }
        const float *from = query_of(a, part, n);
        for (int64_t d = 0; d < depth; d++) q->numbers[n % OCTET * depth + d] = from[d] * a->scale * 1.44269504f;
    }
    memset(scores, 0, 4 * KEYS * OCTET); /* of places without a query */
    for (int64_t block = first_block(a, part); block < to; block += KEYS)
        for (int64_t n = 0; n < count; n += OCTET) {
            Side *q = sides + n / OCTET;
            switch (count - n) {
            case 1: add_block(QUAD, 1, a, part, n, block, q, scores); break;
            case 2: add_block(QUAD, 2, a, part, n, block, q, scores); break;
            case 3: add_block(QUAD, 3, a, part, n, block, q, scores); break;
            case 4: add_block(QUAD, 4, a, part, n, block, q, scores); break;
            case 5: add_block(OCTET, 5, a, part, n, block, q, scores); break;
            case 6: add_block(OCTET, 6, a, part, n, block, q, scores); break;
            case 7: add_block(OCTET, 7, a, part, n, block, q, scores); break;
            default: add_block(OCTET, 8, a, part, n, block, q, scores);
            }
        }
    for (int64_t n = 0; n < count; n++) {
        const Side *q = sides + n / OCTET;
        int64_t here = n % OCTET, side = count - (n - here) > QUAD ? OCTET : QUAD;
        float totals[16], largest[16], total = 0.0f;
        _mm512_storeu_ps(totals, q->total);
        _mm512_storeu_ps(largest, q->largest);
        for (int64_t i = here; i < 16; i += side) total += totals[i];
        float *out = result_of(a, part, n);
        float by = part->state ? 1.0f : 1.0f / total;
        for (int64_t d = 0; d < depth; d++) out[d] = q->out[here * depth + d] * by;
        if (part->state) out[depth] = largest[here] * 0.69314718f, out[depth + 1] = total;
    }
}
