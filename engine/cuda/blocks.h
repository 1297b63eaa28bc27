// ggml's block types in pieces of 32 values, two runs of sixteen that lie together in a row of the matrix.
// A value is step * (q - ZERO) + least, q being a signed byte; only types with HAS_LEAST have a `least`.
// Layouts: ggml-common.h of github.com/ggml-org/ggml; the same in torch: engine/quants.

constexpr int RUN = 16, PIECE = 2 * RUN, WORDS = RUN / 4;

struct Run {
    u32 q[WORDS];  // sixteen bytes
    float step, least;
    int at;  // where in the block its first value belongs
};
struct Piece {
    Run first, second;
};

// Four bytes from an address that is a multiple of ALIGNED only.
template <int ALIGNED> __device__ inline u32 four(const u8 *p);
template <> __device__ inline u32 four<1>(const u8 *p) {
    return u32(p[0]) | u32(p[1]) << 8 | u32(p[2]) << 16 | u32(p[3]) << 24;
}
template <> __device__ inline u32 four<2>(const u8 *p) {
    const u16 *halves = reinterpret_cast<const u16 *>(p);
    return u32(halves[0]) | u32(halves[1]) << 16;
}
template <> __device__ inline u32 four<4>(const u8 *p) { return *reinterpret_cast<const u32 *>(p); }

// Sixteen bytes: one load where they are aligned.
struct __align__(16) Sixteen {
    u32 four[WORDS];
};
template <int ALIGNED> __device__ inline void sixteen(const u8 *p, u32 (&to)[WORDS]) {
    if constexpr (ALIGNED == 16) {
        const Sixteen found = *reinterpret_cast<const Sixteen *>(p);
#pragma unroll
        for (int i = 0; i < WORDS; i++) to[i] = found.four[i];
    } else {
#pragma unroll
        for (int i = 0; i < WORDS; i++) to[i] = four<ALIGNED>(p + 4 * i);
    }
}

__device__ inline float half_at(const u8 *p) {
    half_ found;
    found.bits = *reinterpret_cast<const u16 *>(p);
    return widen(found);
}

// Bit i of the lowest four at bit 0 of byte i.
__device__ inline u32 spread(u32 bits) { return ((bits & 15u) * 0x00204081u) & 0x01010101u; }

// The low and the high nibbles of the sixteen bytes at p.
template <int ALIGNED> __device__ inline void nibbles(const u8 *p, Run &low, Run &high) {
    u32 both[WORDS];
    sixteen<ALIGNED>(p, both);
#pragma unroll
    for (int i = 0; i < WORDS; i++) {
        low.q[i] = both[i] & 0x0f0f0f0fu;
        high.q[i] = (both[i] >> 4) & 0x0f0f0f0fu;
    }
}

__device__ inline void scaled(Piece &piece, float step, float least = 0.0f) {
    piece.first.step = piece.second.step = step;
    piece.first.least = piece.second.least = least;
}

struct Q4_0 {
    static constexpr int VALUES = 32, BYTES = 18, ZERO = 8;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline void get(const u8 *b, int, Piece &out) {
        nibbles<2>(b + 2, out.first, out.second);
        scaled(out, half_at(b));
        out.first.at = 0, out.second.at = RUN;
    }
};

struct Q4_1 {
    static constexpr int VALUES = 32, BYTES = 20, ZERO = 0;
    static constexpr bool HAS_LEAST = true;
    static __device__ inline void get(const u8 *b, int, Piece &out) {
        nibbles<4>(b + 4, out.first, out.second);
        scaled(out, half_at(b), half_at(b + 2));
        out.first.at = 0, out.second.at = RUN;
    }
};

__device__ inline void add_fifth_bits(u32 bits, Piece &out) {
#pragma unroll
    for (int i = 0; i < WORDS; i++) {
        out.first.q[i] |= spread(bits >> (4 * i)) << 4;
        out.second.q[i] |= spread(bits >> (RUN + 4 * i)) << 4;
    }
}

struct Q5_0 {
    static constexpr int VALUES = 32, BYTES = 22, ZERO = 16;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline void get(const u8 *b, int, Piece &out) {
        nibbles<2>(b + 6, out.first, out.second);
        add_fifth_bits(four<2>(b + 2), out);
        scaled(out, half_at(b));
        out.first.at = 0, out.second.at = RUN;
    }
};

struct Q5_1 {
    static constexpr int VALUES = 32, BYTES = 24, ZERO = 0;
    static constexpr bool HAS_LEAST = true;
    static __device__ inline void get(const u8 *b, int, Piece &out) {
        nibbles<4>(b + 8, out.first, out.second);
        add_fifth_bits(four<4>(b + 4), out);
        scaled(out, half_at(b), half_at(b + 2));
        out.first.at = 0, out.second.at = RUN;
    }
};

struct Q8_0 {
    static constexpr int VALUES = 32, BYTES = 34, ZERO = 0;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline void get(const u8 *b, int, Piece &out) {
#pragma unroll
        for (int i = 0; i < WORDS; i++) {
            out.first.q[i] = four<2>(b + 2 + 4 * i);
            out.second.q[i] = four<2>(b + 2 + RUN + 4 * i);
        }
        scaled(out, half_at(b));
        out.first.at = 0, out.second.at = RUN;
    }
};

// Q2_K and Q3_K: two halves of 128 values; bits 2j of byte l belong to value 32 j + l. A piece has two neighbouring j.
struct TwoBits {
    int half, byte, shift;
    __device__ inline explicit TwoBits(int p) : half(p / 4), byte(p % 2 * RUN), shift(p % 4 / 2 * 2) {}
    __device__ inline void place(Piece &out) const {
        out.first.at = 128 * half + 32 * shift + byte;
        out.second.at = out.first.at + 32;
    }
    __device__ inline void get(const u8 *values, int i, u32 &first, u32 &second) const {
        const u32 all = four<2>(values + 32 * half + byte + 4 * i) >> (2 * shift);
        first = all & 0x03030303u;
        second = (all >> 2) & 0x03030303u;
    }
};

struct Q2_K {
    static constexpr int VALUES = 256, BYTES = 84, ZERO = 0;
    static constexpr bool HAS_LEAST = true;
    static __device__ inline void get(const u8 *b, int p, Piece &out) {
        const TwoBits two(p);
        two.place(out);
#pragma unroll
        for (int i = 0; i < WORDS; i++) two.get(b + 16, i, out.first.q[i], out.second.q[i]);
        const float d = half_at(b + 80), d_min = half_at(b + 82);
        const u32 one = b[out.first.at / 16], other = b[out.second.at / 16];
        out.first.step = d * float(one & 15u), out.first.least = -d_min * float(one >> 4);
        out.second.step = d * float(other & 15u), out.second.least = -d_min * float(other >> 4);
    }
};

struct Q3_K {
    static constexpr int VALUES = 256, BYTES = 110, ZERO = 4;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline float scale(const u8 *packed, int i) {
        const u32 low = i < 8 ? packed[i] & 15u : packed[i - 8] >> 4;
        return float(int(low | ((packed[8 + i % 4] >> (i / 4 * 2)) & 3u) << 4) - 32);
    }
    static __device__ inline void get(const u8 *b, int p, Piece &out) {
        const TwoBits two(p);
        two.place(out);
        const int bit = 4 * two.half + two.shift;
#pragma unroll
        for (int i = 0; i < WORDS; i++) {
            two.get(b + 32, i, out.first.q[i], out.second.q[i]);
            const u32 third = four<2>(b + two.byte + 4 * i) >> bit;
            out.first.q[i] |= (third & 0x01010101u) << 2;
            out.second.q[i] |= ((third >> 1) & 0x01010101u) << 2;
        }
        const float d = half_at(b + 108);
        out.first.step = d * scale(b + 96, out.first.at / 16);
        out.second.step = d * scale(b + 96, out.second.at / 16);
    }
};

// Scales and minima of the sub-blocks k and k + 1 of Q4_K and Q5_K, k even (get_scale_min_k4 in ggml-quants.c).
__device__ inline void scales_and_minima(const u8 *b, int k, Piece &out) {
    u32 head[WORDS];  // d and dmin, then twelve bytes: 6 bits of each
    sixteen<16>(b, head);
    half_ d, d_min;
    d.bits = u16(head[0]), d_min.bits = u16(head[0] >> 16);
    const float step = widen(d), least = -widen(d_min);
    const int shift = k % 4 * 8;
    const u32 one = head[1] >> shift, two = head[2] >> shift, three = head[3] >> shift;
    u32 scales = one & 0x3f3fu, minima = two & 0x3f3fu;  // of both sub-blocks
    if (k >= 4) {
        scales = (three & 0x0f0fu) | (one >> 2 & 0x3030u);
        minima = (three >> 4 & 0x0f0fu) | (two >> 2 & 0x3030u);
    }
    out.first.step = step * float(scales & 255u), out.first.least = least * float(minima & 255u);
    out.second.step = step * float(scales >> 8), out.second.least = least * float(minima >> 8);
}

struct Q4_K {
    static constexpr int VALUES = 256, BYTES = 144, ZERO = 0;
    static constexpr bool HAS_LEAST = true;
    static __device__ inline void get(const u8 *b, int p, Piece &out) {
        const int group = p / 2, byte = p % 2 * RUN;
        nibbles<16>(b + 16 + 32 * group + byte, out.first, out.second);
        scales_and_minima(b, 2 * group, out);
        out.first.at = 64 * group + byte, out.second.at = out.first.at + 32;
    }
};

struct Q5_K {
    static constexpr int VALUES = 256, BYTES = 176, ZERO = 0;
    static constexpr bool HAS_LEAST = true;
    static __device__ inline void get(const u8 *b, int p, Piece &out) {
        const int group = p / 2, byte = p % 2 * RUN;
        nibbles<16>(b + 48 + 32 * group + byte, out.first, out.second);
        u32 bits[WORDS];
        sixteen<16>(b + 16 + byte, bits);
#pragma unroll
        for (int i = 0; i < WORDS; i++) {
            const u32 fifth = bits[i] >> (2 * group);
            out.first.q[i] |= (fifth & 0x01010101u) << 4;
            out.second.q[i] |= ((fifth >> 1) & 0x01010101u) << 4;
        }
        scales_and_minima(b, 2 * group, out);
        out.first.at = 64 * group + byte, out.second.at = out.first.at + 32;
    }
};

struct Q6_K {
    static constexpr int VALUES = 256, BYTES = 210, ZERO = 32;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline void get(const u8 *b, int p, Piece &out) {
        const int half = p / 4, quarter = p % 4 / 2, byte = p % 2 * RUN;
        nibbles<2>(b + 64 * half + 32 * quarter + byte, out.first, out.second);
#pragma unroll
        for (int i = 0; i < WORDS; i++) {
            const u32 high = four<2>(b + 128 + 32 * half + byte + 4 * i) >> (2 * quarter);
            out.first.q[i] |= (high & 0x03030303u) << 4;
            out.second.q[i] |= ((high >> 4) & 0x03030303u) << 4;
        }
        out.first.at = 128 * half + 32 * quarter + byte, out.second.at = out.first.at + 64;
        const float d = half_at(b + 208);
        out.first.step = d * float((signed char)b[192 + out.first.at / 16]);
        out.second.step = d * float((signed char)b[192 + out.second.at / 16]);
    }
};

// The bytes of a table of sixteen that four nibbles (one in each byte of `index`) name.
__device__ inline u32 looked_up(u32 index, const u32 (&table)[4]) {
    const u32 at = index & 0x07070707u, upper = (index & 0x08080808u) >> 3;
    const u32 select = (at & 7u) | (at >> 4 & 0x70u) | (at >> 8 & 0x700u) | (at >> 12 & 0x7000u);
    const u32 low = __byte_perm(table[0], table[1], select), high = __byte_perm(table[2], table[3], select);
    const u32 mask = upper * 0xffu;
    return (low & ~mask) | (high & mask);
}

// kvalues_iq4nl, and twice the values of E2M1 (OCP Microscaling Formats 1.0, section 5.3).
#define IQ4_VALUES {0xbfad9881u, 0xf6eaddcfu, 0x26190d01u, 0x71594535u}
#define E2M1_VALUES {0x03020100u, 0x0c080604u, 0xfdfeff00u, 0xf4f8fafcu}

__device__ inline void look_up(Piece &piece, const u32 (&table)[4]) {
#pragma unroll
    for (int i = 0; i < WORDS; i++) {
        piece.first.q[i] = looked_up(piece.first.q[i], table);
        piece.second.q[i] = looked_up(piece.second.q[i], table);
    }
}

struct IQ4_NL {
    static constexpr int VALUES = 32, BYTES = 18, ZERO = 0;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline void get(const u8 *b, int, Piece &out) {
        Q4_0::get(b, 0, out);
        const u32 table[4] = IQ4_VALUES;
        look_up(out, table);
    }
};

struct IQ4_XS {
    static constexpr int VALUES = 256, BYTES = 136, ZERO = 0;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline void get(const u8 *b, int p, Piece &out) {
        nibbles<4>(b + 8 + 16 * p, out.first, out.second);
        const u32 table[4] = IQ4_VALUES;
        look_up(out, table);
        const u32 low = (b[4 + p / 2] >> (4 * (p % 2))) & 15u, high = (four<4>(b) >> (16 + 2 * p)) & 3u;
        const float step = half_at(b) * float(int(low | high << 4) - 32);
        scaled(out, step);
        out.first.at = PIECE * p, out.second.at = out.first.at + RUN;
    }
};

struct MXFP4 {
    static constexpr int VALUES = 32, BYTES = 17, ZERO = 0;
    static constexpr bool HAS_LEAST = false;
    static __device__ inline void get(const u8 *b, int, Piece &out) {
        nibbles<1>(b + 1, out.first, out.second);
        const u32 table[4] = E2M1_VALUES;
        look_up(out, table);
        const u32 exponent = b[0];  // half of 2^(e - 127); below 2 the result is subnormal
        const float step = __uint_as_float(exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23);
        scaled(out, step);
        out.first.at = 0, out.second.at = RUN;
    }
};
