/* What attention in whole numbers and in floats for AVX-512 share. Included by avx512.c. */

enum { LENGTH = 32767 /* of what becomes whole numbers: the sum of weights, the norm of keys and queries */ };

#define LOG2_E 1.44269504f
#define LN_2 0.69314718f

/* `length` divided by each size, and nothing where there is no number or as good as none. */
FN inline __m512 inverses_of(__m512 sizes, int length) {
    __mmask16 sound = _mm512_cmp_ps_mask(sizes, _mm512_set1_ps(SMALLEST), _CMP_GT_OQ)
                      & _mm512_cmp_ps_mask(sizes, _mm512_set1_ps(INFINITY), _CMP_LT_OQ);
    return _mm512_maskz_div_ps(sound, _mm512_set1_ps((float)length), sizes);
}

FN inline __m512i spread_word(const uint8_t *at) {
    int32_t word;
    memcpy(&word, at, 4);
    return _mm512_set1_epi32(word);
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

FN inline void *piece(uint8_t **at, int64_t bytes) {
    void *here = *at;
    *at += (bytes + 63) / 64 * 64;
    return here;
}

/* Query `n` of a part, and where its result goes. */
FN inline const float *query_of(const Attend *a, const Part *part, int64_t n) {
    return a->q + (part->first + n / part->heads) * a->q_stride + (part->head + n % part->heads) * a->depth;
}

FN inline float *result_of(const Attend *a, const Part *part, int64_t n) {
    if (part->state) return part->state + n * (a->depth + 2);
    return a->out + (part->first + n / part->heads) * a->out_stride + (part->head + n % part->heads) * a->depth;
}

/* Hide the scores of a block but for those of keys [first, last). */
FN inline void show_only(int64_t first, int64_t last, __m512 scores[KEYS / 16]) {
    for (int i = 0; (first > 0 || last < KEYS) && i < KEYS / 16; i++) {
        int64_t from = first - 16 * i, to = last - 16 * i;
        uint32_t shown = to >= 16 ? 0xffffu : to > 0 ? (1u << to) - 1 : 0;
        if (from > 0) shown = from < 16 ? shown >> from << from : 0;
        scores[i] = _mm512_mask_mov_ps(_mm512_set1_ps(-INFINITY), (__mmask16)shown, scores[i]);
    }
}

/* Cached rows from one block of KEYS on, and those of the next, NULL where there are none. */
typedef struct {
    const uint8_t *keys, *values, *next_keys, *next_values;
} Rows;

/* Rows of `row` bytes; the last keys come among rows of zeros in `rest` [2 * KEYS * row]. */
FN Rows rows_of_block(const Attend *a, const Part *part, int64_t block, int64_t row, uint8_t *rest) {
    int64_t start = (part->head / a->heads_a_key * a->stride / a->depth + block) * row, present = last_key(a, part) - block;
    const uint8_t *keys = a->keys + start, *values = a->values + start;
    if (present > KEYS) return (Rows){keys, values, keys + KEYS * row, values + KEYS * row};
    if (present == KEYS) return (Rows){keys, values, NULL, NULL};
    memset(rest, 0, (size_t)(2 * KEYS * row));
    memcpy(rest, keys, (size_t)(present * row));
    memcpy(rest + KEYS * row, values, (size_t)(present * row));
    return (Rows){rest, rest + KEYS * row, NULL, NULL};
}

/* The next block is fetched in shares, between the queries of the present one: all its lines at once would queue up, and
 * rows in pages of 4 KiB are no stream to the processor (2 threads, Q8_0, 3 heads a key, 8,000 keys: 2.7 ns for a head and
 * a key, 4.0 without). */
FN inline __attribute__((always_inline)) void fetch_share(const uint8_t *next, int64_t from, int64_t bytes) {
    if (next) fetch(next + from, bytes);
}
