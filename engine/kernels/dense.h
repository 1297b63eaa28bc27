/* Float parts of a layer: products with dense weights, norms, gated activations, attention over the cache. Included by
 * each variant, which defines FN (its target), LANES and the functions
 * declared below; vectors are the compiler's own. Oracles: engine/layers.py. */

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));

FN inline vec load(const float *at) {
    vec v;
    memcpy(&v, at, sizeof v);
    return v;
}

FN inline void store(float *at, vec v) { memcpy(at, &v, sizeof v); }

FN inline float sum_lanes(vec v);
FN inline void store_sums(float *at, const vec *v);  /* those of four vectors */
FN inline vec load_halves(const uint8_t *at); /* LANES float16 numbers */
FN inline vec load_bytes(const int8_t *at);   /* LANES whole numbers */
FN inline void store_halves(uint8_t *at, vec v);

FN inline vec choose(ivec mask, vec a, vec b) { return (vec)((mask & (ivec)a) | (~mask & (ivec)b)); }
FN inline vec at_least(vec v, float least) { return choose(v > least, v, (vec){0} + least); }
FN inline vec at_most(vec v, float most) { return choose(v < most, v, (vec){0} + most); }

/* e^x to 2e-7 of its value: 2^n by the exponent bits, e^r by Cephes' polynomial, |r| <= ln 2 / 2. */
FN inline vec exponential(vec x) {
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it leaves the rounded whole number in the low bits */
    x = at_most(at_least(x, -87.0f), 88.0f);
    vec t = x * 1.44269504f + magic, n = t - magic;
    vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * (vec)(((ivec)t - 0x4B400000 + 127) << 23);
}

/* y = x / rms(x) * weight; x may be y. */
FN void rms_norm(const float *x, const float *weight, float eps, int64_t width, float *y) {
    vec squares = {0};
    int64_t i = 0;
    for (; i + LANES <= width; i += LANES) squares += load(x + i) * load(x + i);
    float total = sum_lanes(squares);
    for (; i < width; i++) total += x[i] * x[i];
    float by = 1.0f / sqrtf(total / (float)width + eps);
    for (i = 0; i + LANES <= width; i += LANES) store(y + i, load(x + i) * by * load(weight + i));
    for (; i < width; i++) y[i] = x[i] * by * weight[i];
}

FN inline vec activated(int activation, vec x) {
    vec inner = activation == GELU_TANH ? (x + x * x * x * 0.044715f) * 1.5957691216f : x;
    return x / (exponential(-inner) + 1.0f);
}

/* gate = activation(gate) * up. */
FN void gate_by(int activation, float *gate, const float *up, int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) store(gate + i, activated(activation, load(gate + i)) * load(up + i));
    float rest[2][LANES] = {{0}};
    memcpy(rest[0], gate + i, (size_t)(count - i) * 4);
    memcpy(rest[1], up + i, (size_t)(count - i) * 4);
    store(rest[0], activated(activation, load(rest[0])) * load(rest[1]));
    memcpy(gate + i, rest[0], (size_t)(count - i) * 4);
}

/* scores[2][KEYS] of two queries against keys turned to [depth][KEYS]. */
FN inline void score_tile(const float *q0, const float *q1, const float *turned, int64_t depth, float *scores) {
    for (int64_t s = 0; s < KEYS; s += 4 * LANES) {
        vec a[4] = {{0}}, b[4] = {{0}};
        for (int64_t d = 0; d < depth; d++)
            for (int i = 0; i < 4; i++) {
                vec k = load(turned + d * KEYS + s + i * LANES);
                a[i] += k * q0[d];
                b[i] += k * q1[d];
            }
        for (int i = 0; i < 4; i++) {
            store(scores + s + i * LANES, a[i]);
            store(scores + KEYS + s + i * LANES, b[i]);
        }
    }
}

/* out[2][depth] = out * by + sum over keys of p[2][KEYS] * values. */
FN inline void gather_values(const float *p, const float *by, const float *values, int64_t count, int64_t depth,
                             float *out0, float *out1) {
    int64_t d = 0;
    for (; d + 4 * LANES <= depth; d += 4 * LANES) {
        vec a[4], b[4];
        for (int i = 0; i < 4; i++) a[i] = load(out0 + d + i * LANES) * by[0], b[i] = load(out1 + d + i * LANES) * by[1];
        for (int64_t s = 0; s < count; s++)
            for (int i = 0; i < 4; i++) {
                vec v = load(values + s * depth + d + i * LANES);
                a[i] += v * p[s];
                b[i] += v * p[KEYS + s];
            }
        for (int i = 0; i < 4; i++) store(out0 + d + i * LANES, a[i]), store(out1 + d + i * LANES, b[i]);
    }
    for (; d < depth; d += LANES) {
        vec a = load(out0 + d) * by[0], b = load(out1 + d) * by[1];
        for (int64_t s = 0; s < count; s++) {
            vec v = load(values + s * depth + d);
            a += v * p[s];
            b += v * p[KEYS + s];
        }
        store(out0 + d, a);
        store(out1 + d, b);
    }
}

/* Turn scores[KEYS] into weights, visible in [first, last); the factor for what was gathered before. */
FN inline float weigh(float *scores, int64_t first, int64_t last, float *largest, float *total) {
    for (int64_t s = 0; s < first; s++) scores[s] = -INFINITY;
    for (int64_t s = last > 0 ? last : 0; s < KEYS; s++) scores[s] = -INFINITY;
    vec high = load(scores);
    for (int64_t s = LANES; s < KEYS; s += LANES) high = choose(load(scores + s) > high, load(scores + s), high);
    float lanes[LANES];
    store(lanes, high);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
    float most = lanes[0] > *largest ? lanes[0] : *largest;
    if (most == -INFINITY) {
        memset(scores, 0, KEYS * sizeof *scores);
        return 1.0f;
    }
    vec sum = {0};
    for (int64_t s = 0; s < KEYS; s += LANES) {
        vec x = load(scores + s);
        vec e = choose(x > -INFINITY, exponential(x - most), (vec){0});
        store(scores + s, e);
        sum += e;
    }
    float by = *largest == most ? 1.0f : *largest == -INFINITY ? 0.0f : expf(*largest - most);
    *total = *total * by + sum_lanes(sum);
    *largest = most;
    return by;
}

/* LANES cached numbers from number `i` on, which is a multiple of LANES; `type` is a constant where this is inlined. */
FN inline __attribute__((always_inline)) vec load_cached(int type, const uint8_t *all, int64_t i) {
    if (type == F32) return load((const float *)all + i);
    if (type == F16) return load_halves(all + 2 * i);
    const uint8_t *block = all + i / GROUP * Q8_0_BYTES;
    return load_bytes((const int8_t *)block + 2 + i % GROUP) * one_half(block);
}

/* A block of keys or values in float: as it is, or widened into `space`. */
FN inline const float *block_of(const Attend *a, const uint8_t *all, int64_t start, int64_t count, float *space) {
    if (a->type == F32) return (const float *)all + start;
    for (int64_t i = 0; i < count; i += LANES)
        store(space + i, a->type == F16 ? load_cached(F16, all, start + i) : load_cached(Q8_0, all, start + i));
    return space;
}

/* scores[count][KEYS] of `count` (a constant, at most FEW) queries against `present` keys from number `start` on. */
FN inline __attribute__((always_inline)) void score_few(int type, const int count, const Attend *a, const float *q,
                                                        int64_t start, int64_t present, float *scores) {
    int64_t depth = a->depth;
    for (int64_t s = 0; s < present; s += 4) {
        vec total[FEW][4] = {{{0}}};
        int64_t at[4];
        for (int i = 0; i < 4; i++) at[i] = start + (s + i < present ? s + i : s) * depth;
        for (int64_t d = 0; d < depth; d += LANES) {
            vec k[4];
            for (int i = 0; i < 4; i++) k[i] = load_cached(type, a->keys, at[i] + d);
            for (int n = 0; n < count; n++) {
                vec by = load(q + n * depth + d);
                for (int i = 0; i < 4; i++) total[n][i] += k[i] * by;
            }
        }
        for (int n = 0; n < count; n++) store_sums(scores + n * KEYS + s, total[n]);
    }
}

/* out[count][depth] = out * by + sum over keys of p[count][KEYS] * values. */
FN inline __attribute__((always_inline)) void gather_few(int type, const int count, const Attend *a, const float *p,
                                                         const float *by, int64_t start, int64_t present, float *out) {
    enum { WIDE = 4 };
    int64_t depth = a->depth, d = 0;
    for (; d + WIDE * LANES <= depth; d += WIDE * LANES) {
        vec total[FEW][WIDE];
        for (int n = 0; n < count; n++)
            for (int i = 0; i < WIDE; i++) total[n][i] = load(out + n * depth + d + i * LANES) * by[n];
        for (int64_t s = 0; s < present; s++)
            for (int i = 0; i < WIDE; i++) {
                vec v = load_cached(type, a->values, start + s * depth + d + i * LANES);
                for (int n = 0; n < count; n++) total[n][i] += v * p[n * KEYS + s];
            }
        for (int n = 0; n < count; n++)
            for (int i = 0; i < WIDE; i++) store(out + n * depth + d + i * LANES, total[n][i]);
    }
    for (; d < depth; d += LANES)
        for (int n = 0; n < count; n++) {
            vec total = load(out + n * depth + d) * by[n];
            for (int64_t s = 0; s < present; s++) total += load_cached(type, a->values, start + s * depth + d) * p[n * KEYS + s];
            store(out + n * depth + d, total);
        }
}

/* What one block of keys adds to a few queries, which share what is loaded of it. */
FN inline __attribute__((always_inline)) void attend_to_block(int type, const int count, const Attend *a, const float *q,
                                                              const int64_t *place, int64_t start, int64_t present,
                                                              float *scores, float *largest, float *total, float *out) {
    float by[FEW];
    score_few(type, count, a, q, start, present, scores);
    for (int n = 0; n < count; n++) {
        int64_t oldest = a->window ? place[n] - a->window + 1 : 0;
        by[n] = weigh(scores + n * KEYS, oldest, place[n] < present ? place[n] + 1 : present, largest + n, total + n);
    }
    gather_few(type, count, a, scores, by, start, present, out);
}

FN inline __attribute__((always_inline)) void few_of(int type, int count, const Attend *a, const float *q, const int64_t *place,
                                                     int64_t start, int64_t present, float *scores, float *largest,
                                                     float *total, float *out) {
    switch (count) {
    case 1: attend_to_block(type, 1, a, q, place, start, present, scores, largest, total, out); break;
    case 2: attend_to_block(type, 2, a, q, place, start, present, scores, largest, total, out); break;
    case 3: attend_to_block(type, 3, a, q, place, start, present, scores, largest, total, out); break;
    default: attend_to_block(type, FEW, a, q, place, start, present, scores, largest, total, out);
    }
}

FN void narrow(const float *x, int64_t count, uint8_t *halves) {
    for (int64_t i = 0; i < count; i += LANES) store_halves(halves + 2 * i, load(x + i));
}

/* Softmax attention, online over blocks of KEYS keys (FlashAttention, arXiv:2205.14135). `room` holds attention_room
 * floats. */
FN void attend(const Attend *a, const Part *part, float *room) {
    int64_t depth = a->depth, first = part->first, heads = part->heads, count = heads * (part->last - first);
    int64_t start = part->head / a->heads_a_key * a->stride;
    float *turned = room, *wide_keys = turned + KEYS * depth, *wide_values = wide_keys + KEYS * depth;
    float *scores = wide_values + KEYS * depth, *q = scores + FEW * KEYS, *out = q + (count + 1) * depth;
    float *largest = out + (count + 1) * depth, *total = largest + count + 1;
    for (int64_t n = 0; n <= count; n++) {
        int64_t token = first + (n < count ? n : 0) / heads;
        const float *from = a->q + token * a->q_stride + (part->head + n % heads) * depth;
        for (int64_t d = 0; d < depth; d++) q[n * depth + d] = n < count ? from[d] * a->scale : 0.0f, out[n * depth + d] = 0.0f;
        largest[n] = -INFINITY;
        total[n] = 0.0f;
    }
    int64_t to = last_key(a, part);
    for (int64_t block = first_block(a, part); block < to; block += KEYS) {
        int64_t present = to - block < KEYS ? to - block : KEYS;
        if (count <= MOST_FEW) {
            for (int64_t n = 0; n < count; n += FEW) {
                int64_t place[FEW], here = count - n < FEW ? count - n : FEW, number = start + block * depth;
                float *m = largest + n, *sum = total + n, *o = out + n * depth;
                for (int64_t i = 0; i < here; i++) place[i] = a->past + first + (n + i) / heads - block;
                if (a->type == F32) few_of(F32, (int)here, a, q + n * depth, place, number, present, scores, m, sum, o);
                else if (a->type == F16) few_of(F16, (int)here, a, q + n * depth, place, number, present, scores, m, sum, o);
                else few_of(Q8_0, (int)here, a, q + n * depth, place, number, present, scores, m, sum, o);
            }
            continue;
        }
        const float *k = block_of(a, a->keys, start + block * depth, present * depth, wide_keys);
        const float *v = block_of(a, a->values, start + block * depth, present * depth, wide_values);
        for (int64_t d = 0; d < depth; d++)
            for (int64_t s = 0; s < KEYS; s++) turned[d * KEYS + s] = s < present ? k[s * depth + d] : 0.0f;
        for (int64_t n = 0; n < count; n += 2) {
            float by[2] = {1.0f, 1.0f};
            score_tile(q + n * depth, q + (n + 1) * depth, turned, depth, scores);
            for (int i = 0; i < 2 && n + i < count; i++) {
                int64_t place = a->past + first + (n + i) / heads - block;
                int64_t oldest = a->window ? place - a->window + 1 : 0;
                by[i] = weigh(scores + i * KEYS, oldest, place < present ? place + 1 : present, largest + n + i, total + n + i);
            }
            gather_values(scores, by, v, present, depth, out + n * depth, out + (n + 1) * depth);
        }
    }
    for (int64_t n = 0; n < count; n++) {
        float *to = part->state ? part->state + n * (depth + 2)
                                : a->out + (first + n / heads) * a->out_stride + (part->head + n % heads) * depth;
        float by = part->state ? 1.0f : 1.0f / total[n];
        for (int64_t d = 0; d < depth; d++) to[d] = out[n * depth + d] * by;
        if (part->state) to[depth] = largest[n], to[depth + 1] = total[n];
    }
}

typedef uint16_t shorts __attribute__((vector_size(LANES * 2)));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));

/* LANES weights from number `i` of a row; `type` is a constant where this is inlined. */
FN inline __attribute__((always_inline)) vec load_weights(int type, const uint8_t *row, int64_t i) {
    if (type == F32) return load((const float *)row + i);
    if (type == F16) return load_halves(row + 2 * i);
    shorts upper;
    memcpy(&upper, row + 2 * i, sizeof upper);
    return (vec)(__builtin_convertvector(upper, words) << 16);
}

FN inline float weight_at(int type, const uint8_t *row, int64_t i) {
    float value;
    if (type == F16) return half_at(row + 2 * i);
    uint32_t bits = 0;
    memcpy((uint8_t *)&bits + (type == BF16 ? 2 : 0), row + (type == BF16 ? 2 : 4) * i, type == BF16 ? 2 : 4);
    memcpy(&value, &bits, 4);
    return value;
}

/* `rows` times `tokens` (constants) products, which share what they load. The order of the sums is that of one. */
FN inline __attribute__((always_inline)) void dense_tile(int type, const Product *p, int64_t row, const int rows,
                                                         int64_t token, const int tokens) {
    vec total[4][4];
    const uint8_t *w = p->weights + row * p->row_bytes;
    const float *x = p->whole + token * p->columns;
    int64_t i = 0;
    for (int r = 0; r < rows; r++)
        for (int t = 0; t < tokens; t++) total[r][t] = (vec){0};
    for (; i + LANES <= p->columns; i += LANES) {
        vec from[4];
        for (int t = 0; t < tokens; t++) from[t] = load(x + t * p->columns + i);
        for (int r = 0; r < rows; r++) {
            vec weights = load_weights(type, w + r * p->row_bytes, i);
            for (int t = 0; t < tokens; t++) total[r][t] += weights * from[t];
        }
    }
    for (int r = 0; r < rows; r++)
        for (int t = 0; t < tokens; t++) {
            float sum = sum_lanes(total[r][t]);
            for (int64_t k = i; k < p->columns; k++) sum += weight_at(type, w + r * p->row_bytes, k) * x[t * p->columns + k];
            p->y[(token + t) * p->rows + row + r] = sum;
        }
}

FN inline __attribute__((always_inline)) void dense_of(int type, const Product *p, int64_t first, int64_t last) {
    int64_t tokens = p->x->tokens;
    for (; first < last; first += last - first < 4 ? 1 : 4) {
        int64_t token = 0;
        if (last - first < 4) {
            for (; token < tokens; token++) dense_tile(type, p, first, 1, token, 1);
            continue;
        }
        for (; token + 4 <= tokens; token += 4) dense_tile(type, p, first, 4, token, 4);
        for (; token < tokens; token++) dense_tile(type, p, first, 4, token, 1);
    }
}

FN void dense(const Product *p, int64_t first, int64_t last) {
    switch (p->type) {
    case F32: dense_of(F32, p, first, last); break;
    case F16: dense_of(F16, p, first, last); break;
    default: dense_of(BF16, p, first, last);
    }
}
