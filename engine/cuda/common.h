// What all kernels share. NUMBER is the type of activations: float, half_ or bfloat.
// Each kernel takes one structure, so that a plain C++ compiler can run the same source (tests/engine/cuda_on_cpu.h).

#ifdef __CUDACC_RTC__
#define KERNEL(name, Args, threads) extern "C" __global__ void __launch_bounds__(threads) name(const Args a)
#endif

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;

constexpr int WARP = 32;
constexpr u32 ALL = 0xffffffffu;  // lanes

struct half_ {
    u16 bits;
};
struct bfloat {
    u16 bits;
};

__device__ inline float widen(float value) { return value; }
__device__ inline float widen(bfloat value) { return __uint_as_float(u32(value.bits) << 16); }
__device__ inline float widen(half_ value) {
#ifdef __CUDACC_RTC__
    float wide;
    asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(value.bits));
    return wide;
#else
    return half_to_float(value.bits);
#endif
}

// Rounded to the nearest, ties to even.
__device__ inline void narrow(float value, float &to) { to = value; }
__device__ inline void narrow(float value, bfloat &to) {
    const u32 bits = __float_as_uint(value);
    const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    to.bits = is_nan ? 0x7fc0 : u16((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
__device__ inline void narrow(float value, half_ &to) {
#ifdef __CUDACC_RTC__
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to.bits) : "f"(value));
#else
    to.bits = float_to_half(value);
#endif
}

// N numbers that lie together, moved at once: p is a multiple of their size.
template <typename T, int N> struct __align__(sizeof(T) * N) Together {
    T one[N];
};
template <int N, typename T> __device__ inline void take(const T *p, float (&to)[N]) {
    constexpr int ONCE = 16 / int(sizeof(T)) < N ? 16 / int(sizeof(T)) : N;
#pragma unroll
    for (int start = 0; start < N; start += ONCE) {
        const Together<T, ONCE> found = *reinterpret_cast<const Together<T, ONCE> *>(p + start);
#pragma unroll
        for (int i = 0; i < ONCE; i++) to[start + i] = widen(found.one[i]);
    }
}

template <int N, typename T> __device__ inline void put(const float (&from)[N], T *p) {
    constexpr int ONCE = 16 / int(sizeof(T)) < N ? 16 / int(sizeof(T)) : N;
#pragma unroll
    for (int start = 0; start < N; start += ONCE) {
        Together<T, ONCE> made;
#pragma unroll
        for (int i = 0; i < ONCE; i++) narrow(from[start + i], made.one[i]);
        *reinterpret_cast<Together<T, ONCE> *>(p + start) = made;
    }
}

// The sum over `lanes` lanes that lie together, in each of them.
__device__ inline float sum_over(float value, int lanes) {
    for (int apart = lanes / 2; apart > 0; apart /= 2) value += __shfl_xor_sync(ALL, value, apart);
    return value;
}

enum Activation { SILU = 0, GELU_TANH = 1, GELU = 2, RELU = 3 };

__device__ inline float activated(float x, int which) {
    switch (which) {
        case SILU: return x / (1.0f + expf(-x));
        case GELU_TANH: return 0.5f * x * (1.0f + tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x)));
        case GELU: return 0.5f * x * (1.0f + erff(x * 0.7071067811865476f));
        default: return fmaxf(x, 0.0f);
    }
}
