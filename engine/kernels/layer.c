/* The two halves of a decoder layer, attention and feed-forward network, with their norms and the residual: each in one
 * call, or all layers in one. Tokens follow those in the cache; x [tokens][width] is changed in place. -1 when memory is short. */
#include "kernels.h"

enum {
    TOGETHER = 128, /* queries of a prompt that share a block of keys, or those of TOKENS tokens if that is more */
    TOKENS = 16,
    STRETCHES = 8   /* into which keys are cut for a few queries; memory likes long ones */
};

typedef struct {
    const AttentionPlan *plan;
    Attend attend;
    const float *cos, *sin;  /* [tokens][rope_depth / 2] */
    float *q, *k, *v, *rooms, *states;
    uint8_t *keys, *values;
    int64_t tokens, blocks, whole, pieces; /* blocks of a prompt; parts that are whole, and pieces of each other one */
    int64_t room, stretch, stretches;      /* floats a thread; keys to a part, parts */
} AttentionJob;

static void rotate(const AttentionJob *job, float *x, int64_t token) {
    int64_t half = job->plan->rope_depth / 2;
    const float *cos = job->cos + token * half, *sin = job->sin + token * half;
    for (int64_t i = 0; i < half; i++) {
        int64_t a = job->plan->is_interleaved ? 2 * i : i, b = job->plan->is_interleaved ? a + 1 : i + half;
        float first = x[a], second = x[b];
        x[a] = first * cos[i] - second * sin[i];
        x[b] = second * cos[i] + first * sin[i];
    }
}

static void norm_heads(const Norm *norm, float *x, int64_t heads, int64_t depth) {
    for (int64_t h = 0; norm->weight && h < heads; h++)
        fireside_variant->rms_norm(x + h * depth, norm->weight, (float)norm->eps, depth, x + h * depth);
}

/* ggml's rounding (quantize_row_q8_0_ref). NaN and infinity make the scale NaN, as in round_activations. */
static void round_to_q8_0(const float *x, int64_t count, uint8_t *to) {
    for (int64_t g = 0; g < count / GROUP; g++, x += GROUP, to += Q8_0_BYTES) {
        float most = 0.0f, sound = 0.0f;
        for (int i = 0; i < GROUP; i++) {
            most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
            sound += 0.0f * x[i];
        }
        float scale = most / 127.0f, inverse = sound == 0.0f && most > SMALLEST ? 1.0f / scale : 0.0f;
        uint16_t half = float_to_half(sound == 0.0f ? scale : NAN);
        memcpy(to, &half, 2);
        for (int i = 0; i < GROUP; i++) to[2 + i] = inverse == 0.0f ? 0 : (uint8_t)(int8_t)roundf(x[i] * inverse);
    }
}

/* One head's numbers into the cache, from its number `place` on. */
static void keep(const AttentionJob *job, uint8_t *cache, const float *x, int64_t place) {
    if (job->attend.type == F16) fireside_variant->narrow(x, job->plan->depth, cache + 2 * place);
    else if (job->attend.type == Q8_0) round_to_q8_0(x, job->plan->depth, cache + place / GROUP * Q8_0_BYTES);
    else memcpy(cache + 4 * place, x, (size_t)job->plan->depth * 4);
}

/* Norm and rotate one token's queries and keys; keys and values go to the cache. */
static void prepare_part(void *job_, int64_t token, int thread) {
    AttentionJob *job = job_;
    const AttentionPlan *p = job->plan;
    int64_t depth = p->depth, place = (job->attend.past + token) * depth;
    float *q = job->q + token * p->heads * depth, *k = job->k + token * p->kv_heads * depth;
    const float *v = job->v + token * p->kv_heads * depth;
    (void)thread;
    norm_heads(&p->q_norm, q, p->heads, depth);
    norm_heads(&p->k_norm, k, p->kv_heads, depth);
    for (int64_t h = 0; h < p->heads; h++) rotate(job, q + h * depth, token);
    for (int64_t h = 0; h < p->kv_heads; h++) {
        rotate(job, k + h * depth, token);
        keep(job, job->keys, k + h * depth, h * job->attend.stride + place);
        keep(job, job->values, v + h * depth, h * job->attend.stride + place);
    }
}

static void attend_part(void *job_, int64_t part, int thread) {
    AttentionJob *job = job_;
    float *space = job->rooms + thread * job->room;
    int64_t group = job->attend.heads_a_key, kv_heads = job->plan->kv_heads, all = job->attend.past + job->tokens;
    int64_t pieces = 1, piece = 0;
    if (part >= job->whole) {
        pieces = job->pieces, piece = (part - job->whole) % pieces;
        part = job->whole + (part - job->whole) / pieces;
    }
    Part what = {part % kv_heads * group, group, 0, job->tokens, 0, all, NULL};
    if (job->tokens >= PROMPT) {
        int64_t place = (job->blocks - 1 - part / kv_heads) * pieces + piece; /* the longest parts come first */
        what.first = place * job->tokens / (job->blocks * pieces);
        what.last = (place + 1) * job->tokens / (job->blocks * pieces);
    } else if (job->stretches > 1) {
        what.from = part / kv_heads * job->stretch, what.to = what.from + job->stretch;
        what.state = job->states + part * group * job->tokens * (job->plan->depth + 2);
    }
    fireside_variant->attend(&job->attend, &what, space);
}

/* One query's result from those over its stretches of keys. */
static void merge(const AttentionJob *job, int64_t head, int64_t token) {
    int64_t group = job->attend.heads_a_key, depth = job->plan->depth, size = depth + 2;
    int64_t stride = job->plan->heads * job->tokens * size; /* from one stretch to the next */
    const float *state = job->states + (head / group * group * job->tokens + token * group + head % group) * size;
    float *out = job->attend.out + token * job->attend.out_stride + head * depth, largest = -INFINITY, total = 0.0f;
    for (int64_t i = 0; i < job->stretches; i++)
        if (state[i * stride + depth] > largest) largest = state[i * stride + depth];
    for (int64_t d = 0; d < depth; d++) out[d] = 0.0f;
    for (int64_t i = 0; i < job->stretches; i++) {
        const float *one = state + i * stride;
        float by = one[depth] == -INFINITY ? 0.0f : expf(one[depth] - largest);
        total += by * one[depth + 1];
        for (int64_t d = 0; d < depth; d++) out[d] += by * one[d];
    }
    for (int64_t d = 0; d < depth; d++) out[d] /= total;
}

static void for_tokens(Work work, void *job, int64_t tokens) {
    if (tokens >= 8) pool_run(work, job, tokens, (Next){0});
    else for (int64_t token = 0; token < tokens; token++) work(job, token, 0);
}

typedef struct {
    const Norm *norm;
    float *branch, *x, scale;
    int64_t width;
} AddJob;

static void add_part(void *job_, int64_t token, int thread) {
    AddJob *job = job_;
    float *branch = job->branch + token * job->width, *x = job->x + token * job->width;
    (void)thread;
    fireside_variant->rms_norm(branch, job->norm->weight, (float)job->norm->eps, job->width, branch);
    for (int64_t i = 0; i < job->width; i++) x[i] += job->scale * branch[i];
}

/* x += scale * norm(inner W^T). */
static int project_back(const Matrix *m, const float *inner, const Norm *norm, double scale, float *branch, float *x,
                        int64_t tokens, Next next) {
    Targets to = {.matrices = {m}, .outputs = {branch}, .count = 1, .then = norm->weight ? STORE : ADD,
                  .residual = x, .scale = (float)scale, .next = next};
    if (multiply(&to, inner, NULL, tokens)) return -1;
    if (norm->weight) for_tokens(add_part, &(AddJob){norm, branch, x, (float)scale, m->rows}, tokens);
    return 0;
}

/* Of one head's first `count` cached keys. */
static int64_t kept_bytes(const AttentionPlan *p, int64_t count) {
    int64_t numbers = count * p->depth;
    return p->cache_type == Q8_0 ? numbers / GROUP * Q8_0_BYTES : numbers * (p->cache_type == F16 ? 2 : 4);
}

static Next first_projections(const AttentionPlan *p) { return next_product(&p->q, p->q.rows + p->k.rows + p->v.rows); }

/* `next` is what is read behind it, here and below. */
static int run_attention(const Layer *layer, float *x, int64_t tokens, int64_t past, Next next) {
    const AttentionPlan *p = layer->attention;
    int64_t row = (past - layer->first) * (p->rope_depth / 2), capacity = layer->capacity;
    int64_t threads = pool_threads(), depth = p->depth, group = p->heads / p->kv_heads;
    int64_t queries = tokens * p->heads * depth, kept = tokens * p->kv_heads * depth;
    int64_t is_prompt = tokens >= PROMPT, all = past + tokens;
    int64_t most = group * TOKENS < TOGETHER ? TOGETHER / group : TOKENS;
    int64_t blocks = is_prompt ? (tokens + most - 1) / most : 1;
    int64_t stretch = KEYS * ((all + STRETCHES * KEYS - 1) / (STRETCHES * KEYS));
    int64_t stretches = is_prompt ? 1 : (all + stretch - 1) / stretch; /* so a prompt's chunks change no bit */
    int64_t parts = blocks * stretches * p->kv_heads, over = is_prompt ? parts % threads : 0;
    int64_t most_pieces = tokens / blocks / TOKENS, pieces = most_pieces < threads ? most_pieces : threads;
    if (pieces < 1) pieces = 1; /* of each part that is over; fewer tokens than TOKENS may be computed in another way */
    int64_t space = attention_room(group * ((tokens + blocks - 1) / blocks), depth);
    int64_t states = stretches > 1 ? stretches * p->heads * tokens * (depth + 2) : 0;
    int64_t branched = (tokens * p->width + 15) / 16 * 16;
    float *at = (float *)room(LAYER_ROOM, (size_t)(2 * queries + 2 * kept + branched + threads * space + states) * 4);
    if (!at) return -1;
    float *q = at, *k = q + queries, *v = k + kept, *attended = v + kept, *branch = attended + queries;
    Targets to = {.matrices = {&p->q, &p->k, &p->v}, .outputs = {q, k, v}, .count = 3, .then = STORE,
                  .next = {layer->keys, kept_bytes(p, capacity), kept_bytes(p, stretch)}};
    if (multiply(&to, x, &p->in, tokens)) return -1;
    AttentionJob job = {
        .plan = p,
        .attend = {q, layer->keys, layer->values, attended, capacity * depth, depth, p->heads * depth, p->heads * depth,
                   group, past, tokens, p->window, p->cache_type, (float)p->scale},
        .cos = layer->cos + row, .sin = layer->sin + row, .q = q, .k = k, .v = v,
        .keys = layer->keys, .values = layer->values,
        .rooms = branch + branched, .states = branch + branched + threads * space,
        .tokens = tokens, .blocks = blocks, .whole = parts - over, .pieces = pieces, .room = space, .stretch = stretch,
        .stretches = stretches};
    for_tokens(prepare_part, &job, tokens);
    pool_run(attend_part, &job, parts - over + over * pieces, next_product(&p->o, p->o.rows));
    for (int64_t n = 0; stretches > 1 && n < tokens * p->heads; n++) merge(&job, n % p->heads, n / p->heads);
    return project_back(&p->o, attended, &p->out, p->residual_scale, branch, x, tokens, next);
}

/* `keys` and `values` are [kv_heads][capacity][depth] of the plan's cache type (Q8_0 in blocks along depth), with room for
 * `past` + `tokens`; the tables begin at `past`. */
FIRESIDE_API int fireside_attention(const AttentionPlan *p, float *x, int64_t tokens, const float *cos, const float *sin,
                                    uint8_t *keys, uint8_t *values, int64_t capacity, int64_t past) {
    Layer layer = {p, NULL, cos, sin, past, keys, values, capacity};
    return run_attention(&layer, x, tokens, past, (Next){0});
}

/* Whether keys and values may be kept in this type. */
FIRESIDE_API int fireside_cache_supports(int type) { return type == F32 || type == F16 || type == Q8_0; }

static int run_mlp(const MlpPlan *p, float *x, int64_t tokens, Next next) {
    int64_t hidden = tokens * p->hidden;
    float *gate = (float *)room(LAYER_ROOM, (size_t)(2 * hidden + tokens * p->width) * 4);
    if (!gate) return -1;
    Targets to = {.matrices = {&p->gate, &p->up}, .outputs = {gate, gate + hidden}, .count = 2, .then = GATE,
                  .activation = (int)p->activation, .next = next_product(&p->down, p->down.rows)};
    if (multiply(&to, x, &p->in, tokens)) return -1;
    return project_back(&p->down, gate, &p->out, p->residual_scale, gate + 2 * hidden, x, tokens, next);
}

FIRESIDE_API int fireside_mlp(const MlpPlan *p, float *x, int64_t tokens) { return run_mlp(p, x, tokens, (Next){0}); }

static int run_layers(const Layer *layers, int64_t count, float *x, int64_t tokens, int64_t past, Next next) {
    for (const Layer *at = layers; at < layers + count; at++) {
        Next behind = at + 1 < layers + count ? first_projections(at[1].attention) : next;
        if (run_attention(at, x, tokens, past, next_product(&at->mlp->gate, at->mlp->gate.rows))
            || run_mlp(at->mlp, x, tokens, behind))
            return -1;
    }
    return 0;
}

/* One layer after the other. */
FIRESIDE_API int fireside_layers(const Layer *layers, int64_t count, float *x, int64_t tokens, int64_t past) {
    return run_layers(layers, count, x, tokens, past, (Next){0});
}

/* The logits [rows of the head] behind one more token: its row of the embedding times its scale, all layers, the last norm
 * and the head. 1 for an id that is no row. */
FIRESIDE_API int fireside_token(const Model *m, int64_t id, int64_t past, float *logits) {
    int status = fireside_rows(m->embedding, &id, 1, m->x);
    if (status) return status;
    for (int64_t i = 0; m->scale != 1.0 && i < m->embedding->columns; i++) m->x[i] *= (float)m->scale;
    if (run_layers(m->layers, m->count, m->x, 1, past, next_product(m->head, m->head->rows))) return -1;
    return fireside_linear(m->head, m->norm, m->x, 1, logits);
}
