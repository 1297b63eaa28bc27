/* Rounding and tiles of tokens for AVX2, multiplied in 16 bits: a weight needs eight of them and the activations have
 * sixteen, so that one product of pairs does what high and low parts would need two and a sum for. Included by avx2.c. */

/* Eight rows of eight 32-bit words become eight columns. */
FN inline void turn8(__m256i *r) {
    __m256i t[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            r[i + 2 * k] = _mm256_unpacklo_epi64(t[i + k], t[i + 2 + k]);
            r[i + 2 * k + 1] = _mm256_unpackhi_epi64(t[i + k], t[i + 2 + k]);
        }
    for (int k = 0; k < 4; k++) {
        t[k] = _mm256_permute2x128_si256(r[k], r[4 + k], 0x20);
        t[4 + k] = _mm256_permute2x128_si256(r[k], r[4 + k], 0x31);
    }
    memcpy(r, t, sizeof t);
}

/* The first and third, and the second and fourth of four columns to a word each, as `multiply_tile` takes them from four
 * bytes of weights. */
FN void arrange_tile(const Activations *x, int64_t number) {
    const __m256i order = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
    int64_t groups = x->columns / GROUP, first = number * TILE, here = x->tokens - first < TILE ? x->tokens - first : TILE;
    TileGroup *to = x->tiles + number * groups;
    for (int64_t c = 0; c < x->columns; c += SPLIT) {
        __m256i words[TILE];
        for (int t = 0; t < TILE; t++) {
            int64_t at = (first + (t < here ? t : 0)) * x->columns + c;
            __m256i high = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(x->high + at)));
            __m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(x->low + at)));
            words[t] = _mm256_shuffle_epi8(_mm256_add_epi16(_mm256_slli_epi16(high, 8), low), order);
        }
        turn8(words);
        for (int w = 0; w < 8; w++)
            _mm256_storeu_si256((__m256i *)to[c / GROUP].words[c % GROUP / 4 + w / 2][w % 2], words[w]);
    }
    for (int64_t g = 0; g < groups; g++, to++)
        for (int t = 0; t < TILE; t++) {
            int64_t at = (first + (t < here ? t : 0)) * groups + g;
            to->scales[t] = x->scales[at];
            for (int i = 0; i < 2; i++) to->halves[i][t] = x->sums[2 * at + i];
            to->sums[t] = to->halves[0][t] + to->halves[1][t];
        }
}

/* PANEL rows side by side, turned eight words of eight rows at a time: values[columns / 4][PANEL][4], scales and offsets
 * [columns / group][PANEL]. Rows past `last` repeat the last one; their results are not stored. */
FN void unpack_sixteen(const Product *p, int64_t first, int64_t last, Scratch *s) {
    int64_t columns = p->columns, groups = columns / group_of(p->type), apart = columns / SPLIT;
    uint8_t *rows = s->values + PANEL * columns;
    float *scales = s->scales + PANEL * apart, *offsets = s->offsets + PANEL * apart;
    for (int r = 0; r < PANEL; r++) {
        int64_t at = first + r < last ? first + r : last - 1;
        unpack_row(p->type, p->weights + at * p->row_bytes, columns, rows + r * columns, scales, offsets);
        for (int64_t g = 0; g < groups; g++) {
            s->scales[g * PANEL + r] = scales[g];
            s->offsets[g * PANEL + r] = offsets[g];
        }
    }
    for (int64_t c = 0; c < columns; c += GROUP)
        for (int half = 0; half < PANEL; half += 8) {
            __m256i words[8];
            for (int r = 0; r < 8; r++) words[r] = _mm256_loadu_si256((const __m256i *)(rows + (half + r) * columns + c));
            turn8(words);
            for (int w = 0; w < 8; w++)
                _mm256_storeu_si256((__m256i *)(s->values + (c + 4 * w) * PANEL + 4 * half), words[w]);
        }
}

enum { AT_ONCE = 4 }; /* tokens whose sums fit in registers */

/* Rows [first, last) of the panel times `tokens` (a constant, AT_ONCE at most) tokens of one tile. */
FN inline __attribute__((always_inline)) void multiply_tile(const Product *p, const Scratch *s, const int group, int64_t first,
                                                            int64_t last, int64_t token, const int tokens) {
    const TileGroup *x = p->x->tiles + token / TILE * (p->columns / GROUP);
    const int64_t lane = token % TILE;
    const __m256i low_bytes = _mm256_set1_epi16(255);
    __m256 total[AT_ONCE][2];
    for (int t = 0; t < tokens; t++) total[t][0] = total[t][1] = _mm256_setzero_ps();
    for (int64_t g = 0; g < p->columns / group; g++) {
        const TileGroup *here = x + g * group / GROUP;
        const int part = group == GROUP ? 0 : (int)(g % 2);
        const int32_t *words = here->words[part * (SPLIT / 4)][0] + lane;
        const uint8_t *u = s->values + g * group * PANEL;
        __m256i sums[AT_ONCE][2];
        for (int t = 0; t < tokens; t++) sums[t][0] = sums[t][1] = _mm256_setzero_si256();
        for (int k = 0; k < group / 4; k++, u += 4 * PANEL, words += 2 * TILE) {
            __m256i weights[2][2];
            for (int half = 0; half < 2; half++) {
                __m256i bytes = _mm256_loadu_si256((const __m256i *)(u + 32 * half));
                weights[half][0] = _mm256_and_si256(bytes, low_bytes);
                weights[half][1] = _mm256_srli_epi16(bytes, 8);
            }
            for (int i = 0; i < 2; i++)
                for (int t = 0; t < tokens; t++) {
                    __m256i pair = _mm256_set1_epi32(words[i * TILE + t]);
                    for (int half = 0; half < 2; half++)
                        sums[t][half] = _mm256_add_epi32(sums[t][half], _mm256_madd_epi16(weights[half][i], pair));
                }
        }
        const float *rest = (group == GROUP ? here->sums : here->halves[part]) + lane;
        for (int half = 0; half < 2; half++) {
            __m256 scale = _mm256_loadu_ps(s->scales + g * PANEL + 8 * half), offset = _mm256_loadu_ps(s->offsets + g * PANEL + 8 * half);
            for (int t = 0; t < tokens; t++) {
                __m256 by = _mm256_mul_ps(scale, _mm256_set1_ps(here->scales[lane + t]));
                total[t][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[t][half]), by, total[t][half]);
                total[t][half] = _mm256_fmadd_ps(offset, _mm256_set1_ps(rest[t]), total[t][half]);
            }
        }
    }
    for (int t = 0; t < tokens; t++) {
        float *y = p->y + (token + t) * p->rows + first, result[PANEL];
        for (int half = 0; half < 2; half++) _mm256_storeu_ps(result + 8 * half, total[t][half]);
        memcpy(y, result, (size_t)(last - first < PANEL ? last - first : PANEL) * 4);
    }
}

/* The next AT_ONCE, 2 or 1 tokens from `token` on; how many. */
FN inline __attribute__((always_inline)) int some_tokens(const Product *p, const Scratch *s, const int group, int64_t first,
                                                         int64_t last, int64_t token) {
    int64_t left = p->x->tokens - token;
    if (left >= AT_ONCE) return multiply_tile(p, s, group, first, last, token, AT_ONCE), AT_ONCE;
    if (left >= 2) return multiply_tile(p, s, group, first, last, token, 2), 2;
    return multiply_tile(p, s, group, first, last, token, 1), 1;
}

FN void panel(const Product *p, Scratch *s, int64_t first, int64_t last) {
    int split = group_of(p->type) == SPLIT;
    for (; first < last; first += PANEL) {
        unpack_sixteen(p, first, last, s);
        for (int64_t token = 0; token < p->x->tokens;)
            token += split ? some_tokens(p, s, SPLIT, first, last, token) : some_tokens(p, s, GROUP, first, last, token);
    }
}

/* As round_activations of portable.c, whose loops compilers do not vectorise. */
FN void round256(const float *x, int64_t columns, int8_t *high, int8_t *low, float *scales, float *sums) {
    const __m256 no_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    for (int64_t g = 0; g < columns / GROUP; g++, x += GROUP, high += GROUP, low += GROUP) {
        __m256 largest = _mm256_setzero_ps(), sound = largest;
        for (int i = 0; i < GROUP; i += 8) {
            __m256 v = _mm256_loadu_ps(x + i);
            largest = _mm256_max_ps(_mm256_and_ps(v, no_sign), largest);
            sound = _mm256_fmadd_ps(v, _mm256_setzero_ps(), sound);
        }
        __m128 four = _mm_max_ps(_mm256_castps256_ps128(largest), _mm256_extractf128_ps(largest, 1));
        four = _mm_max_ps(four, _mm_movehl_ps(four, four));
        float most = _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
        float scale = sum8(sound) == 0.0f ? most / LARGEST : NAN, inverse = most > SMALLEST ? LARGEST / most : 0.0f;
        for (int part = 0; part < 2; part++) {
            __m256i sum = _mm256_setzero_si256(), tops[2], rests[2];
            for (int i = 0; i < 2; i++) {
                __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + part * SPLIT + 8 * i), _mm256_set1_ps(inverse));
                __m256i whole = _mm256_cvtps_epi32(v);
                tops[i] = _mm256_srai_epi32(_mm256_add_epi32(whole, _mm256_set1_epi32(128)), 8);
                rests[i] = _mm256_sub_epi32(whole, _mm256_slli_epi32(tops[i], 8));
                rests[i] = _mm256_max_epi32(rests[i], _mm256_set1_epi32(-127));
                sum = _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_slli_epi32(tops[i], 8), rests[i]));
            }
            __m256i t = _mm256_permute4x64_epi64(_mm256_packs_epi32(tops[0], tops[1]), 0xd8);
            __m256i r = _mm256_permute4x64_epi64(_mm256_packs_epi32(rests[0], rests[1]), 0xd8);
            __m256i bytes = _mm256_packs_epi16(t, r); /* eight of the tops, eight of the rests, and again */
            bytes = _mm256_permute4x64_epi64(bytes, 0xd8);
            _mm_storeu_si128((__m128i *)(high + part * SPLIT), _mm256_castsi256_si128(bytes));
            _mm_storeu_si128((__m128i *)(low + part * SPLIT), _mm256_extracti128_si256(bytes, 1));
            __m128i s = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
            s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
            s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
            sums[2 * g + part] = scale * (float)_mm_cvtsi128_si32(s);
        }
        scales[g] = scale;
    }
}
