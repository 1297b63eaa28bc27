// Products of a few rows of activations with matrices as their file packs them, and matrices unpacked.
// BLOCK is a type of blocks.h or Dense<a type of numbers>; NUMBER that of the activations; ROWS how many rows of them
// one launch takes for each row of thread blocks.

constexpr int WARPS = 4;  // of a thread block
constexpr int PAIR = 2;   // rows of the matrix that a warp multiplies at once: they share the activations

struct MatVec {
    const u8 *weights[3];    // matrices of the same inputs; their outputs follow each other
    const float *bias;       // [outputs], or null
    const NUMBER *x;         // [rows, inputs]
    const NUMBER *residual;  // [rows, outputs], or null; y = residual + scale * (x @ weights.T + bias)
    NUMBER *y;               // [rows, outputs]
    const i64 *chosen;       // [rows], or null: which of the matrices that lie matrix_bytes apart each row takes
    i64 matrix_bytes;
    int ends[3];             // outputs of the first matrix, of the first two, of all
    int inputs;
    int split;               // warps that share a row of the matrix: 1, 2 or 4
    int activation;          // for `gated`
    float scale;
};

template <typename T> struct Dense {
    static constexpr int VALUES = PIECE, BYTES = PIECE * int(sizeof(T));
};

template <class Block> struct Held {
    static constexpr int PIECES = Block::VALUES / PIECE;
    Piece piece;

    __device__ inline void get(const u8 *row, int p) { Block::get(row + p / PIECES * Block::BYTES, p % PIECES, piece); }
    __device__ inline int first_at(int p) const { return p / PIECES * Block::VALUES + piece.first.at; }
    __device__ inline int second_at(int p) const { return p / PIECES * Block::VALUES + piece.second.at; }
    // A piece's share of a product: of the run that is `second` or not, with the x that belong there and their sum.
    __device__ inline float times(bool second, const float (&x)[RUN], float sum) const {
        const Run &run = second ? piece.second : piece.first;
        float dot = 0.0f;
#pragma unroll
        for (int i = 0; i < RUN; i++) dot = fmaf(number(run, i), x[i], dot);
        if constexpr (Block::HAS_LEAST) return fmaf(run.step, dot, run.least * sum);
        return run.step * dot;
    }
    __device__ inline void values(bool second, float (&to)[RUN]) const {
        const Run &run = second ? piece.second : piece.first;
#pragma unroll
        for (int i = 0; i < RUN; i++) {
            to[i] = run.step * number(run, i);
            if constexpr (Block::HAS_LEAST) to[i] = fmaf(run.step, number(run, i), run.least);
        }
    }

  private:
    // q - ZERO: a byte, with 128 added, as the lowest bits of 2^23 is a number without a conversion, which is slow.
    static __device__ inline float number(const Run &run, int i) {
        const u32 bits = __byte_perm(run.q[i / 4] ^ 0x80808080u, 0x4b000000u, 0x7440u + i % 4);
        return __uint_as_float(bits) - (8388608.0f + 128 + Block::ZERO);
    }
};

template <typename T> struct Held<Dense<T>> {
    float numbers[2][RUN];

    __device__ inline void get(const u8 *row, int p) {
        take(reinterpret_cast<const T *>(row) + PIECE * p, numbers[0]);
        take(reinterpret_cast<const T *>(row) + PIECE * p + RUN, numbers[1]);
    }
    __device__ inline int first_at(int p) const { return PIECE * p; }
    __device__ inline int second_at(int p) const { return PIECE * p + RUN; }
    __device__ inline float times(bool second, const float (&x)[RUN], float) const {
        float dot = 0.0f;
#pragma unroll
        for (int i = 0; i < RUN; i++) dot = fmaf(numbers[second][i], x[i], dot);
        return dot;
    }
    __device__ inline void values(bool second, float (&to)[RUN]) const {
#pragma unroll
        for (int i = 0; i < RUN; i++) to[i] = numbers[second][i];
    }
};

__device__ inline float sum_of(const float (&x)[RUN]) {
    float some[4] = {};
#pragma unroll
    for (int i = 0; i < RUN; i++) some[i % 4] += x[i];
    return (some[0] + some[1]) + (some[2] + some[3]);
}

// The products of two rows of weights with COUNT rows of x, whole in every lane of the first warp that shares them.
template <int COUNT>
__device__ inline void multiply(const MatVec &a, const u8 *const (&row)[PAIR], const NUMBER *x, float (&y)[PAIR][COUNT]) {
    __shared__ float shared[WARPS][PAIR][COUNT];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, part = warp % a.split;
#pragma unroll
    for (int o = 0; o < PAIR; o++)
#pragma unroll
        for (int r = 0; r < COUNT; r++) y[o][r] = 0.0f;
#pragma unroll 2
    for (int p = part * WARP + lane; p < a.inputs / PIECE; p += WARP * a.split) {
        Held<BLOCK> held[PAIR];
#pragma unroll
        for (int o = 0; o < PAIR; o++) held[o].get(row[o], p);
#pragma unroll
        for (int second = 0; second < 2; second++) {
            const int at = second ? held[0].second_at(p) : held[0].first_at(p);
#pragma unroll
            for (int r = 0; r < COUNT; r++) {
                float numbers[RUN];
                take(x + i64(r) * a.inputs + at, numbers);
                const float sum = sum_of(numbers);
#pragma unroll
                for (int o = 0; o < PAIR; o++) y[o][r] += held[o].times(second, numbers, sum);
            }
        }
    }
#pragma unroll
    for (int o = 0; o < PAIR; o++)
#pragma unroll
        for (int r = 0; r < COUNT; r++) y[o][r] = sum_over(y[o][r], WARP);
    if (a.split == 1) return;
    if (lane == 0) {
#pragma unroll
        for (int o = 0; o < PAIR; o++)
#pragma unroll
            for (int r = 0; r < COUNT; r++) shared[warp][o][r] = y[o][r];
    }
    __syncthreads();
    if (part != 0) return;
#pragma unroll
    for (int o = 0; o < PAIR; o++)
#pragma unroll
        for (int r = 0; r < COUNT; r++)
            for (int other = 1; other < a.split; other++) y[o][r] += shared[warp + other][o][r];
}

__device__ inline const u8 *row_of(const MatVec &a, int output, i64 row_bytes) {
    if (output < a.ends[0]) return a.weights[0] + output * row_bytes;
    if (output < a.ends[1]) return a.weights[1] + (output - a.ends[0]) * row_bytes;
    return a.weights[2] + (output - a.ends[1]) * row_bytes;
}

template <int COUNT> __device__ inline void multiply_rows(const MatVec &a) {
    const int warp = threadIdx.x / WARP, start = blockIdx.y * COUNT, outputs = a.ends[2];
    const int output = PAIR * (blockIdx.x * (WARPS / a.split) + warp / a.split);
    const i64 row_bytes = i64(a.inputs / BLOCK::VALUES) * BLOCK::BYTES;
    const i64 matrix = a.chosen == nullptr ? 0 : a.chosen[start] * a.matrix_bytes;
    const u8 *row[PAIR];
    for (int o = 0; o < PAIR; o++) row[o] = row_of(a, min(output + o, outputs - 1), row_bytes) + matrix;
    float y[PAIR][COUNT];
    multiply<COUNT>(a, row, a.x + i64(start) * a.inputs, y);
    if (threadIdx.x % WARP != 0 || warp % a.split != 0) return;
    for (int o = 0; o < PAIR && output + o < outputs; o++) {
        const float bias = a.bias == nullptr ? 0.0f : a.bias[output + o];
        for (int r = 0; r < COUNT; r++) {
            const i64 at = i64(start + r) * outputs + output + o;
            const float product = a.scale * (y[o][r] + bias);
            narrow(a.residual == nullptr ? product : widen(a.residual[at]) + product, a.y[at]);
        }
    }
}

KERNEL(matvec, MatVec, 128) { multiply_rows<ROWS>(a); }

#if ROWS == 1

// activation(x @ gate.T) * (x @ up.T), for one row of x.
KERNEL(gated, MatVec, 128) {
    const int warp = threadIdx.x / WARP, outputs = a.ends[0];
    const int output = blockIdx.x * (WARPS / a.split) + warp / a.split;
    const i64 at = min(output, outputs - 1) * (i64(a.inputs / BLOCK::VALUES) * BLOCK::BYTES);
    const u8 *const row[PAIR] = {a.weights[0] + at, a.weights[1] + at};
    float y[PAIR][1];
    multiply<1>(a, row, a.x, y);
    if (threadIdx.x % WARP == 0 && warp % a.split == 0 && output < outputs)
        narrow(activated(y[0][0], a.activation) * y[1][0], a.y[output]);
}

struct Unpack {
    const u8 *blocks;
    NUMBER *values;
    i64 pieces;
};

KERNEL(unpack, Unpack, 128) {
    const i64 p = i64(blockIdx.x) * 128 + threadIdx.x;
    if (p >= a.pieces) return;
    constexpr int PIECES = BLOCK::VALUES / PIECE;
    const i64 block = p / PIECES;
    const int piece = int(p % PIECES);
    Held<BLOCK> held;
    held.get(a.blocks + block * BLOCK::BYTES, piece);
    NUMBER *to = a.values + block * BLOCK::VALUES;
    float values[RUN];
    held.values(false, values);
    put(values, to + held.first_at(piece));
    held.values(true, values);
    put(values, to + held.second_at(piece));
}

#endif
