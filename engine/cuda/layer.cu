// What lies between the products of a layer, for one token: norms, heads made ready, attention over the cache.
// NUMBER is the type of activations, CACHE that of keys and values, DEPTH the width of a head.

// The sum over a thread block, in each thread; `shared` has a place for each warp and is not used again.
__device__ inline float sum_of_block(float value, float *shared) {
    value = sum_over(value, WARP);
    if (threadIdx.x % WARP == 0) shared[threadIdx.x / WARP] = value;
    __syncthreads();
    float all = 0.0f;
    for (int warp = 0; warp < int(blockDim.x) / WARP; warp++) all += shared[warp];
    return all;
}

struct RmsNorm {
    const NUMBER *x;         // [rows, width]
    const float *weight;     // [width]
    const NUMBER *residual;  // [rows, width], or null; y = residual + scale * norm(x)
    NUMBER *y;
    int width;               // a multiple of 8
    float eps, scale;
};

KERNEL(rms_norm, RmsNorm, 256) {
    constexpr int TAKEN = 8;
    __shared__ float shared[8];
    const i64 row = i64(blockIdx.x) * a.width;
    float squares = 0.0f;
    for (int i = threadIdx.x * TAKEN; i < a.width; i += 256 * TAKEN) {
        float x[TAKEN];
        take(a.x + row + i, x);
#pragma unroll
        for (int j = 0; j < TAKEN; j++) squares = fmaf(x[j], x[j], squares);
    }
    const float factor = rsqrtf(sum_of_block(squares, shared) / float(a.width) + a.eps) * a.scale;
    for (int i = threadIdx.x * TAKEN; i < a.width; i += 256 * TAKEN) {
        float x[TAKEN], weight[TAKEN], before[TAKEN] = {};
        take(a.x + row + i, x);
        take(a.weight + i, weight);
        if (a.residual != nullptr) take(a.residual + row + i, before);
#pragma unroll
        for (int j = 0; j < TAKEN; j++) x[j] = before[j] + x[j] * factor * weight[j];
        put(x, a.y + row + i);
    }
}

#ifdef DEPTH

struct Prepare {
    NUMBER *heads;           // [queries + 2 keys, DEPTH]: of one token's queries, keys and values; queries stay here
    const float *q_weight, *k_weight;  // [DEPTH] of the norms of each head, or null
    const float *cos, *sin;  // [turned / 2]
    CACHE *keys, *values;    // [key_heads, capacity, DEPTH]
    const i64 *position;
    i64 capacity;
    int queries, key_heads;
    int turned;              // how much of a head is rotated
    int is_interleaved;
    float eps;
};

KERNEL(prepare, Prepare, 128) {
    __shared__ float head[DEPTH], shared[4];
    const int number = blockIdx.x, lane = threadIdx.x;
    const bool is_query = number < a.queries, is_key = !is_query && number < a.queries + a.key_heads;
    NUMBER *from = a.heads + number * DEPTH;
    const float *weight = is_query ? a.q_weight : is_key ? a.k_weight : nullptr;
    float squares = 0.0f;
    for (int i = lane; i < DEPTH; i += 128) {
        head[i] = widen(from[i]);
        squares += head[i] * head[i];
    }
    const float factor = rsqrtf(sum_of_block(squares, shared) / DEPTH + a.eps);  // and all have written their part
    if (weight != nullptr)
        for (int i = lane; i < DEPTH; i += 128) head[i] *= factor * weight[i];
    __syncthreads();
    if (is_query || is_key) {
        const int half = a.turned / 2;
        for (int i = lane; i < half; i += 128) {
            const int one = a.is_interleaved ? 2 * i : i, other = a.is_interleaved ? 2 * i + 1 : i + half;
            const float x = head[one], y = head[other];
            head[one] = x * a.cos[i] - y * a.sin[i];
            head[other] = y * a.cos[i] + x * a.sin[i];
        }
    }
    __syncthreads();
    if (is_query) {
        for (int i = lane; i < DEPTH; i += 128) narrow(head[i], from[i]);
        return;
    }
    const int kept = number - a.queries - (is_key ? 0 : a.key_heads);
    CACHE *to = (is_key ? a.keys : a.values) + (kept * a.capacity + a.position[0]) * DEPTH;
    for (int i = lane; i < DEPTH; i += 128) narrow(head[i], to[i]);
}

// Attention of one token in parts of the text (Flash-Decoding; the softmax as arXiv:1805.02867 updates it). Eight lanes
// read a key and its value; the sixteen such groups of a thread block take every sixteenth key. They serve SHARING
// heads that read the same keys; further ones have thread blocks of their own.
constexpr int LANES = 8, EACH = DEPTH / LANES;
constexpr int TOGETHER = EACH % 8 == 0 ? 8 : EACH % 4 == 0 ? 4 : EACH % 2 == 0 ? 2 : 1;
constexpr int SHARING = EACH >= 64 ? 1 : EACH > 8 ? 64 / EACH : 8;
constexpr int STREAMS = 16, MOST_SPLITS = 128;
constexpr float NEVER = -1e30f;  // a score that no key has: differences of two are 0, not NaN

struct Attend {
    const NUMBER *q;         // [heads, DEPTH]
    const CACHE *keys, *values;  // [key_heads, capacity, DEPTH]
    float *partial;          // [heads, splits, DEPTH + 2]: sums of values, highest score, sum of shares
    const float *sinks;      // [heads], or null
    NUMBER *y;               // [heads, DEPTH]
    const i64 *position;
    i64 capacity;
    int heads, key_heads, window, splits;
    float scale, softcap;    // softcap 0: none
};

// The keys [from, to) of a split, of those that are visible, [begin, last].
struct Part {
    int begin, last, each, from, to;
    __device__ inline Part(const Attend &a, int split) {
        last = int(a.position[0]);
        begin = a.window > 0 ? max(0, last + 1 - a.window) : 0;
        each = ((last + 1 - begin + a.splits - 1) / a.splits + STREAMS - 1) / STREAMS * STREAMS;
        from = begin + split * each;
        to = min(from + each, last + 1);
    }
};

template <typename T> __device__ inline void take_part(const T *row, int part, float (&to)[EACH]) {
#pragma unroll
    for (int i = 0; i < EACH / TOGETHER; i++) {
        float some[TOGETHER];
        take(row + (i * LANES + part) * TOGETHER, some);
#pragma unroll
        for (int j = 0; j < TOGETHER; j++) to[i * TOGETHER + j] = some[j];
    }
}

__device__ inline int place(int i, int part) { return (i / TOGETHER * LANES + part) * TOGETHER + i % TOGETHER; }

KERNEL(attend, Attend, 128) {
    __shared__ float sums[4][SHARING][DEPTH], highest[4][SHARING], totals[4][SHARING];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, part = lane % LANES;
    const int stream = threadIdx.x / LANES, group = a.heads / a.key_heads;
    const int key_head = blockIdx.x, split = blockIdx.y, first_head = blockIdx.z * SHARING;
    const Part keys(a, split);
    const int from = keys.from, to = keys.to;

    float q[SHARING][EACH], sum[SHARING][EACH], most[SHARING], total[SHARING];
#pragma unroll
    for (int h = 0; h < SHARING; h++) {
        const int head = key_head * group + min(first_head + h, group - 1);
        take_part(a.q + head * DEPTH, part, q[h]);
        most[h] = NEVER, total[h] = 0.0f;
#pragma unroll
        for (int i = 0; i < EACH; i++) q[h][i] *= a.scale, sum[h][i] = 0.0f;
    }
    for (int start = from; start < to; start += STREAMS) {
        const int key = min(start + stream, to - 1);
        const i64 row = (key_head * a.capacity + key) * DEPTH;
        float k[EACH], v[EACH];
        take_part(a.keys + row, part, k);
        take_part(a.values + row, part, v);
#pragma unroll
        for (int h = 0; h < SHARING; h++) {
            float score = 0.0f;
#pragma unroll
            for (int i = 0; i < EACH; i++) score = fmaf(q[h][i], k[i], score);
            score = sum_over(score, LANES);
            if (a.softcap > 0.0f) score = tanhf(score / a.softcap) * a.softcap;
            if (start + stream >= to) score = NEVER;
            const float now = fmaxf(most[h], score), before = expf(most[h] - now);
            const float share = start + stream < to ? expf(score - now) : 0.0f;
            most[h] = now, total[h] = total[h] * before + share;
#pragma unroll
            for (int i = 0; i < EACH; i++) sum[h][i] = fmaf(share, v[i], sum[h][i] * before);
        }
    }
#pragma unroll
    for (int h = 0; h < SHARING; h++) {
#pragma unroll
        for (int apart = LANES; apart < WARP; apart *= 2) {
            const float now = fmaxf(most[h], __shfl_xor_sync(ALL, most[h], apart)), factor = expf(most[h] - now);
            total[h] *= factor;
            total[h] += __shfl_xor_sync(ALL, total[h], apart);
            most[h] = now;
#pragma unroll
            for (int i = 0; i < EACH; i++) {
                sum[h][i] *= factor;
                sum[h][i] += __shfl_xor_sync(ALL, sum[h][i], apart);
            }
        }
        if (lane < LANES) {
#pragma unroll
            for (int i = 0; i < EACH; i++) sums[warp][h][place(i, part)] = sum[h][i];
            highest[warp][h] = most[h], totals[warp][h] = total[h];
        }
    }
    __syncthreads();
    for (int h = 0; h < SHARING && first_head + h < group; h++) {
        float *result = a.partial + (i64(key_head * group + first_head + h) * a.splits + split) * (DEPTH + 2);
        float now = NEVER, all = 0.0f;
        for (int w = 0; w < 4; w++) now = fmaxf(now, highest[w][h]);
        for (int w = 0; w < 4; w++) all += totals[w][h] * expf(highest[w][h] - now);
        for (int i = threadIdx.x; i < DEPTH; i += 128) {
            float value = 0.0f;
            for (int w = 0; w < 4; w++) value += sums[w][h][i] * expf(highest[w][h] - now);
            result[i] = value;
        }
        if (threadIdx.x == 0) result[DEPTH] = now, result[DEPTH + 1] = all;
    }
}

// A split's share of the whole: one thread for each.
KERNEL(merge, Attend, 128) {
    __shared__ float factors[MOST_SPLITS], highest[4], totals[4];
    const int head = blockIdx.x, lane = threadIdx.x;
    const Part part(a, 0);
    const int used = min(a.splits, (part.last - part.begin) / part.each + 1);
    const float *partial = a.partial + i64(head) * a.splits * (DEPTH + 2);
    const float sink = a.sinks == nullptr ? NEVER : a.sinks[head];
    const float most = lane < used ? partial[lane * (DEPTH + 2) + DEPTH] : NEVER;
    const float total = lane < used ? partial[lane * (DEPTH + 2) + DEPTH + 1] : 0.0f;
    float now = most;
    for (int apart = WARP / 2; apart > 0; apart /= 2) now = fmaxf(now, __shfl_xor_sync(ALL, now, apart));
    if (lane % WARP == 0) highest[lane / WARP] = now;
    __syncthreads();
    now = fmaxf(fmaxf(fmaxf(highest[0], highest[1]), fmaxf(highest[2], highest[3])), sink);
    factors[lane] = expf(most - now);
    const float all = sum_of_block(total * factors[lane], totals) + (a.sinks == nullptr ? 0.0f : expf(sink - now));
    for (int i = lane; i < DEPTH; i += 128) {
        float value = 0.0f;
#pragma unroll 4
        for (int s = 0; s < used; s++) value = fmaf(partial[s * (DEPTH + 2) + i], factors[s], value);
        narrow(value / all, a.y[head * DEPTH + i]);
    }
}

#endif
