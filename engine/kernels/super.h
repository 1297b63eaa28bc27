/* Rows of K-quants in 256-bit vectors, straight from their blocks of 256. Included by the variants for AVX2 and AVX-512,
 * which define FN and dot32x16(u, high, low): eight sums of four products of bytes u < 64 with 256 * high + low. Torch twin:
 * engine/quants/k_quants.py. `type` is a constant throughout. */

FN inline __attribute__((always_inline)) int super_bytes_of(int type) {
    return type == Q2_K ? 84 : type == Q3_K ? 110 : type == Q4_K ? 144 : type == Q5_K ? 176 : 210;
}

/* Whether 16 weights share a scale, not 32. */
FN inline __attribute__((always_inline)) int is_split(int type) { return type == Q2_K || type == Q3_K || type == Q6_K; }

/* Eight 6-bit scales and eight minima (get_scale_min_k4 in ggml-quants.c). */
FN inline void scales_of_q45_k(const uint8_t *packed, __m256 *scales, __m256 *minima) {
    uint32_t w[3], out[4];
    memcpy(w, packed, 12);
    out[0] = w[0] & 0x3f3f3f3f;
    out[1] = (w[2] & 0x0f0f0f0f) | (w[0] >> 6 & 0x03030303) << 4;
    out[2] = w[1] & 0x3f3f3f3f;
    out[3] = (w[2] >> 4 & 0x0f0f0f0f) | (w[1] >> 6 & 0x03030303) << 4;
    __m128i bytes = _mm_loadu_si128((const __m128i *)out);
    *scales = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    *minima = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)));
}

/* Sixteen 6-bit scales, 32 too large: four bits of each in eight bytes, the upper two in four (dequantize_row_q3_K). */
FN inline __m128i scales_of_q3_k(const uint8_t *packed) {
    uint32_t w[3], out[4];
    memcpy(w, packed, 12);
    for (int i = 0; i < 4; i++) out[i] = (w[i % 2] >> i / 2 * 4 & 0x0f0f0f0f) | (w[2] >> 2 * i & 0x03030303) << 4;
    return _mm_sub_epi8(_mm_loadu_si128((const __m128i *)out), _mm_set1_epi8(32));
}

/* Scales of one row times those of the activations into `by`; the sum over offset * activation sum. `sums` are those of as
 * many activations as share a scale. */
FN inline __attribute__((always_inline)) __m256 super_scales(int type, const uint8_t *b, int64_t blocks, const float *scales,
                                                             const float *sums, float *by) {
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3), next = _mm256_set1_epi32(4);
    __m256 rest = _mm256_setzero_ps();
    for (int64_t i = 0; i < blocks; i++, b += super_bytes_of(type)) {
        __m256 x = _mm256_loadu_ps(scales + 8 * i);
        if (!is_split(type)) {
            __m256 scale, minimum;
            scales_of_q45_k(b + 4, &scale, &minimum);
            _mm256_storeu_ps(by + 8 * i, _mm256_mul_ps(_mm256_mul_ps(scale, x), _mm256_set1_ps(half_at(b))));
            minimum = _mm256_mul_ps(minimum, _mm256_set1_ps(-half_at(b + 2)));
            rest = _mm256_fmadd_ps(minimum, _mm256_loadu_ps(sums + 8 * i), rest);
            continue;
        }
        __m256 d = _mm256_set1_ps(half_at(b + (type == Q2_K ? 80 : super_bytes_of(type) - 2)));
        __m128i bytes = type == Q3_K ? scales_of_q3_k(b + 96) : _mm_loadu_si128((const __m128i *)(b + (type == Q2_K ? 0 : 192)));
        __m128i minima = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
        if (type == Q2_K) bytes = _mm_and_si128(bytes, _mm_set1_epi8(15));
        for (int half = 0; half < 2; half++) {
            __m256 scale = _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(half ? _mm_srli_si128(bytes, 8) : bytes)));
            __m256 offset = _mm256_mul_ps(scale, _mm256_set1_ps(type == Q3_K ? -4.0f : -32.0f));
            if (type == Q2_K) {
                __m256i minimum = _mm256_cvtepi8_epi32(half ? _mm_srli_si128(minima, 8) : minima);
                offset = _mm256_mul_ps(_mm256_cvtepi32_ps(minimum), _mm256_set1_ps(-half_at(b + 82)));
            }
            __m256i from = half ? _mm256_add_epi32(twice, next) : twice;
            _mm256_storeu_ps(by + 16 * i + 8 * half, _mm256_mul_ps(scale, _mm256_permutevar8x32_ps(x, from)));
            rest = _mm256_fmadd_ps(offset, _mm256_loadu_ps(sums + 16 * i + 8 * half), rest);
        }
    }
    return rest;
}

/* Bit `from` of each byte as bit `to`. */
FN inline __m256i moved_bit(const uint8_t *bytes, int from, int to) {
    __m256i bit = _mm256_and_si256(_mm256_srli_epi16(_mm256_loadu_si256((const __m256i *)bytes), from), _mm256_set1_epi8(1));
    return _mm256_slli_epi16(bit, to);
}

/* Bytes 32 * part .. 32 * part + 31 of block `b`, unpacked. */
FN inline __attribute__((always_inline)) __m256i super_bytes(int type, const uint8_t *b, int part) {
    const __m256i fifteen = _mm256_set1_epi8(15);
    if (!is_split(type)) {
        __m256i q = _mm256_loadu_si256((const __m256i *)(b + (type == Q4_K ? 16 : 48) + part / 2 * 32));
        q = _mm256_and_si256(part % 2 ? _mm256_srli_epi16(q, 4) : q, fifteen);
        return type == Q4_K ? q : _mm256_or_si256(q, moved_bit(b + 16, part, 4));
    }
    int inner = part % 4; /* of half a block */
    if (type != Q6_K) {
        __m256i q = _mm256_loadu_si256((const __m256i *)(b + (type == Q2_K ? 16 : 32) + part / 4 * 32));
        q = _mm256_and_si256(_mm256_srli_epi16(q, 2 * inner), _mm256_set1_epi8(3));
        return type == Q2_K ? q : _mm256_or_si256(q, moved_bit(b, part, 2));
    }
    __m256i low = _mm256_loadu_si256((const __m256i *)(b + part / 4 * 64 + inner % 2 * 32));
    __m256i high = _mm256_loadu_si256((const __m256i *)(b + 128 + part / 4 * 32));
    low = _mm256_and_si256(inner / 2 ? _mm256_srli_epi16(low, 4) : low, fifteen);
    high = inner == 0 ? _mm256_slli_epi16(high, 4) : inner == 1 ? _mm256_slli_epi16(high, 2)
         : inner == 2 ? high : _mm256_srli_epi16(high, 2);
    return _mm256_or_si256(low, _mm256_and_si256(high, _mm256_set1_epi8(0x30)));
}

FN inline __attribute__((always_inline)) void super_rows(int type, const int count, const Product *p, Scratch *s,
                                                         int64_t token, int64_t first) {
    const Activations *x = p->x;
    const int size = super_bytes_of(type), scales_a_block = is_split(type) ? 16 : 8;
    const __m256i spread = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    int64_t blocks = p->columns / 256;
    const int8_t *high = x->high + token * x->columns, *low = x->low + token * x->columns;
    const float *sums = !is_split(type) ? s->offsets : x->sums + token * (x->columns / SPLIT);
    __m256 total[2], rest[2];
    for (int r = 0; r < count; r++) {
        total[r] = _mm256_setzero_ps();
        rest[r] = super_scales(type, p->weights + (first + r) * p->row_bytes, blocks, x->scales + token * (x->columns / GROUP),
                               sums, s->scales + r * blocks * scales_a_block);
    }
    for (int64_t i = 0; i < blocks; i++)
#pragma GCC unroll 8
        for (int part = 0; part < 8; part++) {
            __m256i h = _mm256_loadu_si256((const __m256i *)(high + 256 * i + 32 * part));
            __m256i l = _mm256_loadu_si256((const __m256i *)(low + 256 * i + 32 * part));
            for (int r = 0; r < count; r++) {
                const float *by = s->scales + (r * blocks + i) * scales_a_block;
                __m256i dot = dot32x16(super_bytes(type, p->weights + (first + r) * p->row_bytes + i * size, part), h, l);
                __m256 scale = _mm256_set1_ps(by[part]);
                if (is_split(type)) {
                    __m128 pair = _mm_castpd_ps(_mm_load_sd((const double *)(by + 2 * part)));
                    scale = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(pair), spread);
                }
                total[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, total[r]);
            }
        }
    for (int r = 0; r < count; r++) p->y[token * p->rows + first + r] = sum8(_mm256_add_ps(total[r], rest[r]));
}

FN inline __attribute__((always_inline)) void super_type_rows(int type, const Product *p, Scratch *s, int64_t first,
                                                              int64_t last) {
    for (int64_t token = 0; token < p->x->tokens; token++) {
        const float *halves = p->x->sums + token * (p->columns / SPLIT);
        for (int64_t g = 0; !is_split(type) && g < p->columns / GROUP; g++) s->offsets[g] = halves[2 * g] + halves[2 * g + 1];
        int64_t row = first;
        for (; row + 2 <= last; row += 2) super_rows(type, 2, p, s, token, row);
        for (; row < last; row++) super_rows(type, 1, p, s, token, row);
    }
}
