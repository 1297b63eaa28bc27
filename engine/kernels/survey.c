/* What is kept of a token's logits, in two passes instead of a dozen torch operations, each of which
 * takes 10 to 20 us when the weights have just swept the caches: the largest, their normaliser, the entropy. And the
 * draw of a token by the samplers that most people use, which took two dozen more.
 *
 * Oracles: engine/distribution.py, engine/sampling.py; equal but for the last bits of the sums. 49,152 logits take 45 us, with SSE2's lanes. */
#include "kernels.h"

enum { TOP = 16, MOST_CANDIDATES = 64, BLOCK = 64, LANES = 4, VECTORS = BLOCK / LANES };

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));

static inline vec load(const float *at) {
    vec v;
    memcpy(&v, at, sizeof v);
    return v;
}

static inline vec larger(vec a, vec b) {
    ivec is = a > b;
    return (vec)((is & (ivec)a) | (~is & (ivec)b));
}

/* e^x for x <= 0, as in dense.h. */
static inline vec exponential(vec x) {
    const float magic = 12582912.0f;
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

static float block_largest(const float *x) {
    vec most = load(x);
    for (int i = 1; i < VECTORS; i++) most = larger(load(x + i * LANES), most);
    float found = most[0];
    for (int i = 1; i < LANES; i++) found = most[i] > found ? most[i] : found;
    return found;
}

/* Adds the sums of e^d and of d e^d over a block, d = x - largest, to `sums`. */
static void block_sums(const float *x, float largest, double *sums) {
    vec total = {0}, weighted = {0};
    for (int i = 0; i < VECTORS; i++) {
        vec d = larger((vec){0} - 87.0f, load(x + i * LANES) - largest), e = exponential(d);
        total += e;
        weighted += d * e;
    }
    for (int i = 0; i < LANES; i++) {
        sums[0] += total[i];
        sums[1] += weighted[i];
    }
}

typedef struct {
    float *values;
    int64_t *ids;
    int64_t count, held;
} Largest;

/* Keeps x[first..last) where they are among the largest: descending, the first of equals first. */
static void keep(Largest *l, const float *x, int64_t first, int64_t last) {
    for (int64_t id = first; id < last; id++) {
        if (l->held == l->count && !(x[id] > l->values[l->count - 1])) continue;
        int64_t at = l->held < l->count ? l->held++ : l->count - 1;
        for (; at > 0 && x[id] > l->values[at - 1]; at--) {
            l->values[at] = l->values[at - 1];
            l->ids[at] = l->ids[at - 1];
        }
        l->values[at] = x[id];
        l->ids[at] = id;
    }
}

/* The `count` largest of x [size] and their ids, count <= size; where `spread` is not NULL, it gets the logarithm of the
 * sum of e^x and the entropy of softmax(x), in nats. NaN anywhere makes NaN of both. */
FIRESIDE_API void fireside_survey(const float *x, int64_t size, int64_t count, float *values, int64_t *ids, double *spread) {
    int64_t blocks = size / BLOCK;
    Largest l = {values, ids, count, 0};
    for (int64_t b = 0; b < blocks; b++) {
        if (l.held < count || block_largest(x + b * BLOCK) > values[count - 1]) keep(&l, x, b * BLOCK, (b + 1) * BLOCK);
    }
    keep(&l, x, blocks * BLOCK, size);
    if (!spread) return;
    double sums[2] = {0};
    float largest = values[0], tail[BLOCK];
    for (int64_t b = 0; b < blocks; b++) block_sums(x + b * BLOCK, largest, sums);
    for (int64_t i = 0; i < BLOCK; i++) tail[i] = blocks * BLOCK + i < size ? x[blocks * BLOCK + i] : -INFINITY;
    if (blocks * BLOCK < size) block_sums(tail, largest, sums);
    spread[0] = (double)largest + log(sums[0]);
    spread[1] = log(sums[0]) - sums[1] / sums[0];
}

/* How a token is drawn: what `repetition` divides or multiplies, then top-k, top-p, min-p and the temperature, and the
 * number in [0, 1) that picks. */
typedef struct {
    const int64_t *recent; /* ids, each once */
    int64_t recents, top_k;
    double repetition, top_p, min_p, temperature, noise;
} Draw;

/* Shares [top_k] of descending candidates; the place of the one that is drawn. */
static int64_t draw_from(const float *values, const Draw *how, double *shares) {
    double before = 0.0, total = 0.0, all = 0.0, reached = 0.0;
    int64_t kept = 0, place = 0;
    for (int64_t i = 0; i < how->top_k; i++) total += exp((double)values[i] - values[0]);
    for (; kept < how->top_k; kept++) {
        double weight = exp((double)values[kept] - values[0]);
        if ((how->top_p < 1.0 && before / total >= how->top_p) || weight < how->min_p) break;
        before += weight;
    }
    for (int64_t i = 0; i < how->top_k; i++) {
        shares[i] = i < kept ? exp(((double)values[i] - values[0]) / how->temperature) : 0.0;
        all += shares[i];
    }
    for (int64_t i = 0; i < how->top_k; i++) shares[i] /= all;
    while (place + 1 < kept && shares[place + 1] > 0.0 && (reached += shares[place]) <= how->noise) place++;
    return place;
}

/* Draws from x [size]; `numbers` [4 + 3 * (1 + top)], top = TOP or `size` if that is less, as `observe` in
 * engine/distribution.py: normaliser, entropy, survivors, rank; then ids, log-probabilities and shares, each of the token
 * and the likeliest. -1 when memory is short. */
FIRESIDE_API int fireside_draw(const float *x, int64_t size, const Draw *how, double *numbers) {
    float values[MOST_CANDIDATES], likeliest[TOP];
    int64_t ids[MOST_CANDIDATES], top_ids[TOP], top = size < TOP ? size : TOP, rank = 0, survivors = 0;
    double shares[MOST_CANDIDATES], spread[2];
    const float *changed = x;
    if (how->recents) {
        float *copy = (float *)room(PRODUCT_ROOM, (size_t)size * 4);
        if (!copy) return -1;
        memcpy(copy, x, (size_t)size * 4);
        for (int64_t i = 0; i < how->recents; i++) {
            if (how->recent[i] < 0 || how->recent[i] >= size) continue;
            float *at = copy + how->recent[i];
            *at = *at > 0.0f ? *at / (float)how->repetition : *at * (float)how->repetition;
        }
        changed = copy;
    }
    fireside_survey(changed, size, how->top_k, values, ids, NULL);
    fireside_survey(x, size, top, likeliest, top_ids, spread);
    int64_t token = ids[draw_from(values, how, shares)];
    for (int64_t i = 0; i < size; i++) rank += x[i] > x[token];
    for (int64_t i = 0; i < how->top_k; i++) survivors += (float)shares[i] > 0.0f;
    numbers[0] = spread[0], numbers[1] = spread[1], numbers[2] = (double)survivors, numbers[3] = (double)rank;
    double *id = numbers + 4, *logprob = id + 1 + top, *share = logprob + 1 + top;
    for (int64_t i = 0; i <= top; i++) {
        int64_t one = i ? top_ids[i - 1] : token;
        id[i] = (double)one, logprob[i] = (double)x[one] - spread[0], share[i] = 0.0;
        for (int64_t c = 0; c < how->top_k; c++)
            if (ids[c] == one) share[i] = shares[c];
    }
    return 0;
}
