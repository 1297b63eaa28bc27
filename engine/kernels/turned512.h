/* Sixteen rows of packed weights side by side for AVX-512, words turned to lanes. Included by avx512.c. Common block types
 * are turned as they are packed (0.1 cycles a weight), others behind unpack_row (0.3). */

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

/* The words at the same place of four lanes of 128 bits in four registers. */
FN inline void turn4(__m512i *r) {
    __m512i a = _mm512_unpacklo_epi32(r[0], r[1]), b = _mm512_unpackhi_epi32(r[0], r[1]);
    __m512i c = _mm512_unpacklo_epi32(r[2], r[3]), d = _mm512_unpackhi_epi32(r[2], r[3]);
    r[0] = _mm512_unpacklo_epi64(a, c), r[1] = _mm512_unpackhi_epi64(a, c);
    r[2] = _mm512_unpacklo_epi64(b, d), r[3] = _mm512_unpackhi_epi64(b, d);
}

/* 16 bytes of each of sixteen rows: register w holds word w of all of them. */
FN inline void words_of_rows(const uint8_t *const *rows, int64_t at, __m512i *words) {
    for (int i = 0; i < 4; i++) {
        __m512i four = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(rows[i] + at)));
        four = _mm512_inserti32x4(four, _mm_loadu_si128((const __m128i *)(rows[i + 4] + at)), 1);
        four = _mm512_inserti32x4(four, _mm_loadu_si128((const __m128i *)(rows[i + 8] + at)), 2);
        words[i] = _mm512_inserti32x4(four, _mm_loadu_si128((const __m128i *)(rows[i + 12] + at)), 3);
    }
    turn4(words);
}

FN inline void put_scales(Scratch *s, int64_t group, __m512 scales, __m512 offsets) {
    _mm512_storeu_ps(s->scales + group * PANEL, scales);
    _mm512_storeu_ps(s->offsets + group * PANEL, offsets);
}

/* Rows of 32-blocks. `type` is a constant. */
FN inline __attribute__((always_inline)) void turn_blocks(int type, const uint8_t *const *rows, const Product *p, Scratch *s) {
    const int bytes = block_bytes(type), head = type == Q4_1 ? 4 : 2;
    uint8_t *to = s->values;
    for (int64_t g = 0; g < p->columns / GROUP; g++, to += GROUP * PANEL) {
        __m512i words[8];
        int32_t numbers[PANEL];
        for (int i = 0; i < (type == Q8_0 ? 2 : 1); i++) words_of_rows(rows, g * bytes + head + 16 * i, words + 4 * i);
        for (int w = 0; w < 4; w++) {
            if (type == Q8_0) {
                words[w] = _mm512_xor_si512(words[w], _mm512_set1_epi8((char)128));
                words[w + 4] = _mm512_xor_si512(words[w + 4], _mm512_set1_epi8((char)128));
            } else {
                words[w + 4] = _mm512_and_si512(_mm512_srli_epi16(words[w], 4), _mm512_set1_epi8(15));
                words[w] = _mm512_and_si512(words[w], _mm512_set1_epi8(15));
            }
        }
        for (int w = 0; w < 8; w++) _mm512_storeu_si512(to + 64 * w, words[w]);
        for (int r = 0; r < PANEL; r++) memcpy(numbers + r, rows[r] + g * bytes, 4);
        __m512i heads = _mm512_loadu_si512(numbers);
        __m512 scales = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(heads)), offsets;
        if (type == Q4_1) offsets = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(heads, 16)));
        else offsets = _mm512_mul_ps(scales, _mm512_set1_ps(type == Q8_0 ? -128.0f : -8.0f));
        put_scales(s, g, scales, offsets);
    }
}

/* The bits of `mask` in each byte, from bit `from` on. */
FN inline __m512i bits_of(__m512i bytes, int from, int mask) {
    return _mm512_and_si512(_mm512_srli_epi16(bytes, from), _mm512_set1_epi8((char)mask));
}

/* Byte `i` of sixteen words. */
FN inline __m512i byte_of(__m512i words, int i) { return _mm512_and_si512(_mm512_srli_epi32(words, 8 * i), _mm512_set1_epi32(255)); }

/* Rows of Q4_K or Q5_K. `type` is a constant. */
FN inline __attribute__((always_inline)) void turn_q45_k(int type, const uint8_t *const *rows, const Product *p, Scratch *s) {
    const int bytes = type == Q4_K ? 144 : 176;
    for (int64_t i = 0; i < p->columns / 256; i++) {
        int64_t at = i * bytes;
        __m512i head[4], fifth[2][4];
        words_of_rows(rows, at, head);
        for (int h = 0; h < 2 && type == Q5_K; h++) words_of_rows(rows, at + 16 + 16 * h, fifth[h]);
        for (int pair = 0; pair < 4; pair++)
            for (int h = 0; h < 2; h++) {
                __m512i words[4];
                uint8_t *to = s->values + (256 * i + 64 * pair + 16 * h) * PANEL;
                words_of_rows(rows, at + bytes - 128 + 32 * pair + 16 * h, words);
                for (int w = 0; w < 4; w++) {
                    __m512i low = bits_of(words[w], 0, 15), high = bits_of(words[w], 4, 15);
                    if (type == Q5_K) {
                        low = _mm512_or_si512(low, _mm512_slli_epi16(bits_of(fifth[h][w], 2 * pair, 1), 4));
                        high = _mm512_or_si512(high, _mm512_slli_epi16(bits_of(fifth[h][w], 2 * pair + 1, 1), 4));
                    }
                    _mm512_storeu_si512(to + 64 * w, low);
                    _mm512_storeu_si512(to + GROUP * PANEL + 64 * w, high);
                }
            }
        __m512 d = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(head[0]));
        __m512 least = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(head[0], 16)));
        least = _mm512_sub_ps(_mm512_setzero_ps(), least);
        for (int j = 0; j < 4; j++) { /* as scale_and_minimum */
            __m512i a = byte_of(head[1], j), b = byte_of(head[2], j), c = byte_of(head[3], j), six = _mm512_set1_epi32(63);
            __m512i scale = _mm512_or_si512(_mm512_and_si512(c, _mm512_set1_epi32(15)), _mm512_slli_epi32(_mm512_srli_epi32(a, 6), 4));
            __m512i minimum = _mm512_or_si512(_mm512_srli_epi32(c, 4), _mm512_slli_epi32(_mm512_srli_epi32(b, 6), 4));
            put_scales(s, 8 * i + j, _mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_and_si512(a, six))),
                       _mm512_mul_ps(least, _mm512_cvtepi32_ps(_mm512_and_si512(b, six))));
            put_scales(s, 8 * i + 4 + j, _mm512_mul_ps(d, _mm512_cvtepi32_ps(scale)), _mm512_mul_ps(least, _mm512_cvtepi32_ps(minimum)));
        }
    }
}

FN void turn_q6_k(const uint8_t *const *rows, const Product *p, Scratch *s) {
    for (int64_t i = 0; i < p->columns / 256; i++) {
        int64_t at = 210 * i;
        for (int part = 0; part < 4; part++) { /* 16 bytes of each quarter of a half */
            int64_t half = part / 2, from = part % 2 * 16;
            __m512i low[2][4], high[4];
            uint8_t *to = s->values + (256 * i + 128 * half + from) * PANEL;
            for (int k = 0; k < 2; k++) words_of_rows(rows, at + 64 * half + 32 * k + from, low[k]);
            words_of_rows(rows, at + 128 + 32 * half + from, high);
            for (int k = 0; k < 4; k++)
                for (int w = 0; w < 4; w++) {
                    __m512i top = _mm512_slli_epi16(bits_of(high[w], 2 * k, 3), 4);
                    _mm512_storeu_si512(to + GROUP * PANEL * k + 64 * w, _mm512_or_si512(bits_of(low[k % 2][w], k / 2 * 4, 15), top));
                }
        }
        __m512i scales[4];
        uint16_t halves[PANEL];
        words_of_rows(rows, at + 192, scales);
        for (int r = 0; r < PANEL; r++) memcpy(halves + r, rows[r] + at + 208, 2);
        __m512 d = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
        for (int j = 0; j < 16; j++) {
            __m512i byte = _mm512_srai_epi32(_mm512_slli_epi32(scales[j / 4], 24 - 8 * (j % 4)), 24);
            __m512 scale = _mm512_mul_ps(d, _mm512_cvtepi32_ps(byte));
            put_scales(s, 16 * i + j, scale, _mm512_mul_ps(scale, _mm512_set1_ps(-32.0f)));
        }
    }
}

/* Any type. */
FN void turn_unpacked(const uint8_t *const *from, const Product *p, Scratch *s) {
    int64_t columns = p->columns, groups = columns / group_of(p->type), apart = columns / SPLIT;
    uint8_t *rows = s->values + PANEL * columns;
    float *scales = s->scales + PANEL * apart, *offsets = s->offsets + PANEL * apart;
    for (int r = 0; r < PANEL; r++)
        unpack_row(p->type, from[r], columns, rows + r * columns, scales + r * apart, offsets + r * apart);
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

/* PANEL rows side by side, a word of all rows at a time: values[columns / 4][PANEL][4], scales and offsets
 * [columns / group][PANEL]. Rows past `last` repeat the last one; their results are not stored. */
FN void unpack_sixteen(const Product *p, int64_t first, int64_t last, Scratch *s) {
    const uint8_t *rows[PANEL];
    for (int r = 0; r < PANEL; r++) rows[r] = p->weights + (first + r < last ? first + r : last - 1) * p->row_bytes;
    switch (p->type) {
    case Q4_0: turn_blocks(Q4_0, rows, p, s); break;
    case Q4_1: turn_blocks(Q4_1, rows, p, s); break;
    case Q8_0: turn_blocks(Q8_0, rows, p, s); break;
    case Q4_K: turn_q45_k(Q4_K, rows, p, s); break;
    case Q5_K: turn_q45_k(Q5_K, rows, p, s); break;
    case Q6_K: turn_q6_k(rows, p, s); break;
    default: turn_unpacked(rows, p, s);
    }
}
