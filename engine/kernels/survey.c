/* What is kept of a token's logits, in two passes instead of a dozen torch operations, each of which
 * takes 10 to 20 us when the weights have just swept the caches: the largest, their normaliser, the entropy. And the
 * draw of a token by the samplers that most people use, which took two dozen more.
 *
 * Oracles: engine/distribution.py, engine/sampling.py; equal but for the last bits of the sums. */
#include "kernels.h"

enum { MOST_CANDIDATES = 64 };

/* Logits, the largest of each of their whole blocks, and a bit for each that is left out; NULL: none is. */
typedef struct {
    const float *x;
    float *most;
    uint8_t *left_out;
    int64_t size, blocks;
} Logits;

typedef struct {
    float *values;
    int64_t *ids;
    int64_t count, held;
} Largest;

/* Keeps a number where it is among the largest: descending, the smaller id of equals first. */
static void keep(Largest *l, float value, int64_t id) {
    int64_t at = l->held < l->count ? l->held++ : l->count - 1;
    for (; at > 0 && (value > l->values[at - 1] || (value == l->values[at - 1] && id < l->ids[at - 1])); at--) {
        l->values[at] = l->values[at - 1];
        l->ids[at] = l->ids[at - 1];
    }
    l->values[at] = value;
    l->ids[at] = id;
}

static void keep_from(Largest *l, const Logits *logits, int64_t first, int64_t last) {
    for (int64_t id = first; id < last; id++) {
        if (l->held == l->count && !(logits->x[id] > l->values[l->count - 1])) continue;
        if (!logits->left_out || !(logits->left_out[id / 8] >> id % 8 & 1)) keep(l, logits->x[id], id);
    }
}

static void find_largest(Largest *l, const Logits *logits) {
    for (int64_t b = 0; b < logits->blocks; b++)
        if (l->held < l->count || logits->most[b] > l->values[l->count - 1])
            keep_from(l, logits, b * BLOCK, (b + 1) * BLOCK);
    keep_from(l, logits, logits->blocks * BLOCK, logits->size);
}

/* The logarithm of the sum of e^x and the entropy of softmax(x), in nats. NaN anywhere makes NaN of both. */
static void find_spread(const Logits *logits, float largest, double *spread) {
    double sums[2] = {0};
    float tail[BLOCK];
    int64_t first = logits->blocks * BLOCK;
    fireside_variant->sums(logits->x, logits->blocks, largest, sums);
    for (int64_t i = 0; i < BLOCK; i++) tail[i] = first + i < logits->size ? logits->x[first + i] : -INFINITY;
    if (first < logits->size) fireside_variant->sums(tail, 1, largest, sums);
    spread[0] = (double)largest + log(sums[0]);
    spread[1] = log(sums[0]) - sums[1] / sums[0];
}

/* -1 when memory is short. */
static int look(const float *x, int64_t size, Logits *logits) {
    int64_t blocks = size / BLOCK;
    float *most = (float *)room(PRODUCT_ROOM, (size_t)(blocks * 4 + size / 8 + 1));
    if (!most) return -1;
    fireside_variant->largest(x, blocks, most);
    *logits = (Logits){x, most, NULL, size, blocks};
    return 0;
}

/* The `count` largest of x [size] and their ids, count <= size; where `spread` is not NULL, it gets the logarithm of the
 * sum of e^x and the entropy of softmax(x). -1 when memory is short. */
FIRESIDE_API int fireside_survey(const float *x, int64_t size, int64_t count, float *values, int64_t *ids, double *spread) {
    Logits logits;
    Largest l = {values, ids, count, 0};
    if (look(x, size, &logits)) return -1;
    find_largest(&l, &logits);
    if (spread) find_spread(&logits, values[0], spread);
    return 0;
}

/* The candidates behind the repetition penalty. */
static void find_candidates(Largest *l, Logits logits, const Draw *how) {
    const float *x = logits.x;
    logits.left_out = memset(logits.most + logits.blocks, 0, (size_t)(logits.size / 8 + 1));
    for (int64_t i = 0; i < how->recents; i++) {
        int64_t id = how->recent[i];
        if (id >= 0 && id < logits.size) logits.left_out[id / 8] |= (uint8_t)(1 << id % 8);
    }
    find_largest(l, &logits);
    for (int64_t i = 0; i < how->recents; i++) {
        int64_t id = how->recent[i];
        if (id < 0 || id >= logits.size || !(logits.left_out[id / 8] >> id % 8 & 1)) continue;
        logits.left_out[id / 8] &= (uint8_t)~(1 << id % 8);
        float value = x[id] > 0.0f ? x[id] / (float)how->repetition : x[id] * (float)how->repetition;
        int is_smaller = value < l->values[l->count - 1] || (value == l->values[l->count - 1] && id > l->ids[l->count - 1]);
        if (l->held < l->count || !is_smaller) keep(l, value, id);
    }
}

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

static int64_t rank(const Logits *logits, float value) {
    int64_t found = 0;
    for (int64_t b = 0; b <= logits->blocks; b++) {
        if (b < logits->blocks && !(logits->most[b] > value)) continue;
        int64_t last = b < logits->blocks ? (b + 1) * BLOCK : logits->size;
        for (int64_t i = b * BLOCK; i < last; i++) found += logits->x[i] > value;
    }
    return found;
}

/* Draws from x [size]; `numbers` [4 + 3 * (1 + top)], top = TOP or `size` if that is less, as `observe` in
 * engine/distribution.py: normaliser, entropy, survivors, rank; then ids, log-probabilities and shares, each of the token
 * and the likeliest. -1 when memory is short. */
FIRESIDE_API int fireside_draw(const float *x, int64_t size, const Draw *how, double *numbers) {
    float values[MOST_CANDIDATES], likeliest[MOST_CANDIDATES];
    int64_t ids[MOST_CANDIDATES], top_ids[MOST_CANDIDATES], top = size < TOP ? size : TOP, survivors = 0;
    double shares[MOST_CANDIDATES], spread[2];
    Logits logits;
    if (look(x, size, &logits)) return -1;
    Largest likely = {likeliest, top_ids, !how->recents && how->top_k > top ? how->top_k : top, 0};
    Largest candidates = {values, ids, how->top_k, 0};
    find_largest(&likely, &logits);
    if (how->recents) find_candidates(&candidates, logits, how);
    else candidates = likely;
    find_spread(&logits, likeliest[0], spread);
    int64_t token = candidates.ids[draw_from(candidates.values, how, shares)];
    for (int64_t i = 0; i < how->top_k; i++) survivors += (float)shares[i] > 0.0f;
    numbers[0] = spread[0], numbers[1] = spread[1], numbers[2] = (double)survivors;
    numbers[3] = (double)rank(&logits, x[token]);
    double *id = numbers + 4, *logprob = id + 1 + top, *share = logprob + 1 + top;
    for (int64_t i = 0; i <= top; i++) {
        int64_t one = i ? top_ids[i - 1] : token;
        id[i] = (double)one, logprob[i] = (double)x[one] - spread[0], share[i] = 0.0;
        for (int64_t c = 0; c < how->top_k; c++)
            if (candidates.ids[c] == one) share[i] = shares[c];
    }
    return 0;
}
