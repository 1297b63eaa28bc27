/* What the variants for 64-bit ARM share: rows of weights in 128-bit vectors, straight from their blocks for the common
 * types, and rounding. Included by each, which defines FN and the products of signed bytes w with 256 * high + low,
 * four sums of them: dot16x16(w, high, low) over 16 columns, and dot32x16 over 32, where a w that is not wide lies in
 * 0..63. Bytes of the wide types are taken as signed, which makes their offset zero. Torch twins: engine/quants, to
 * 2e-5 of the terms that are summed up. Emulation told that the numbers are right; no processor was timed yet. */
#include <arm_neon.h>

#define INLINE FN inline __attribute__((always_inline))

FN inline int32x4_t dot16x16(int8x16_t w, int8x16_t high, int8x16_t low);
FN inline int32x4_t dot32x16(int8x16x2_t w, int8x16x2_t high, int8x16x2_t low, int is_wide);

FN inline int8x16x2_t load32(const int8_t *at) { return (int8x16x2_t){{vld1q_s8(at), vld1q_s8(at + 16)}}; }

/* Unsigned bytes of a wide type to signed ones, in place. */
FN inline void move_to_zero(uint8_t *values, int64_t count, float *offsets, int64_t groups) {
    for (int64_t i = 0; i < count; i += 16) vst1q_u8(values + i, veorq_u8(vld1q_u8(values + i), vdupq_n_u8(128)));
    for (int64_t g = 0; g < groups; g++) offsets[g] = 0.0f;
}

/* Any type, unpacked row by row. */
FN void unpacked_rows(const Product *p, Scratch *s, int64_t first, int64_t last) {
    const Activations *x = p->x;
    int wide = is_wide(p->type), group = group_of(p->type);
    for (int64_t r = first; r < last; r++) {
        unpack_row(p->type, p->weights + r * p->row_bytes, p->columns, s->values, s->scales, s->offsets);
        if (wide) move_to_zero(s->values, p->columns, s->offsets, p->columns / group);
        for (int64_t t = 0; t < x->tokens; t++) {
            const int8_t *high = x->high + t * x->columns, *low = x->low + t * x->columns;
            const float *scales = x->scales + t * (x->columns / GROUP), *sums = x->sums + t * (x->columns / SPLIT);
            float32x4_t total = vdupq_n_f32(0.0f);
            float rest = 0.0f;
            for (int64_t g = 0; g < p->columns / GROUP; g++) {
                int8x16x2_t w = load32((const int8_t *)s->values + g * GROUP);
                int8x16x2_t h = load32(high + g * GROUP), l = load32(low + g * GROUP);
                if (group == GROUP) {
                    int32x4_t dot = dot32x16(w, h, l, wide);
                    total = vfmaq_n_f32(total, vcvtq_f32_s32(dot), s->scales[g] * scales[g]);
                    rest += s->offsets[g] * (sums[2 * g] + sums[2 * g + 1]);
                } else {
                    for (int half = 0; half < 2; half++) {
                        int32x4_t dot = dot16x16(w.val[half], h.val[half], l.val[half]);
                        total = vfmaq_n_f32(total, vcvtq_f32_s32(dot), s->scales[2 * g + half] * scales[g]);
                        rest += s->offsets[2 * g + half] * sums[2 * g + half];
                    }
                }
            }
            p->y[t * p->rows + r] = vaddvq_f32(total) + rest;
        }
    }
}

/* The float16 numbers at byte `at` of `count` blocks, at most four; zero for the others. */
INLINE float32x4_t heads4(const uint8_t *b, int stride, int64_t count, int at) {
    uint16_t halves[4] = {0};
    for (int j = 0; j < count; j++) memcpy(halves + j, b + j * stride + at, 2);
    uint16x4_t four = vdup_n_u16(halves[0]);
    four = vset_lane_u16(halves[1], four, 1);
    four = vset_lane_u16(halves[2], four, 2);
    return vcvt_f32_f16(vreinterpret_f16_u16(vset_lane_u16(halves[3], four, 3)));
}

FN inline float one_half(const uint8_t *at) { return vgetq_lane_f32(heads4(at, 0, 1, 0), 0); }

/* Scales of a row of 32-blocks times those of the activations into `by`; the sum over offset * activation sum.
 * `by`, `scales` and `sums` are padded to four. */
INLINE float32x4_t block_scales(int type, const uint8_t *b, int64_t groups, const float *scales, const float *sums,
                                float *by) {
    const int stride = type == Q4_0 ? 18 : type == Q4_1 ? 20 : 34;
    float32x4_t rest = vdupq_n_f32(0.0f);
    for (int64_t g = 0; g < groups; g += 4, b += 4 * stride) {
        int64_t count = groups - g;
        float32x4_t d = count >= 4 ? heads4(b, stride, 4, 0) : heads4(b, stride, count, 0);
        vst1q_f32(by + g, vmulq_f32(d, vld1q_f32(scales + g)));
        if (type == Q8_0) continue;
        float32x4_t offset = type == Q4_0 ? vmulq_n_f32(d, -8.0f)
                           : count >= 4   ? heads4(b, stride, 4, 2)
                                          : heads4(b, stride, count, 2);
        rest = vfmaq_f32(rest, offset, vld1q_f32(sums + g));
    }
    return rest;
}

INLINE int8x16x2_t nibbles(const uint8_t *b) {
    uint8x16_t q = vld1q_u8(b);
    return (int8x16x2_t){{vreinterpretq_s8_u8(vandq_u8(q, vdupq_n_u8(15))), vreinterpretq_s8_u8(vshrq_n_u8(q, 4))}};
}

/* `count` (a constant) rows of 32-blocks at once, which share the loads of the activations. */
INLINE void block_rows(int type, const int count, const Product *p, Scratch *s, int64_t token, int64_t first) {
    const Activations *x = p->x;
    const int stride = type == Q4_0 ? 18 : type == Q4_1 ? 20 : 34, head = type == Q4_1 ? 4 : 2;
    int64_t groups = p->columns / GROUP, room = (groups + 3) / 4 * 4;
    const int8_t *high = x->high + token * x->columns, *low = x->low + token * x->columns;
    float *sums = s->offsets, *scales = sums + room, *by = s->scales;
    float32x4_t total[4], rest[4];
    for (int r = 0; r < count; r++) {
        total[r] = vdupq_n_f32(0.0f);
        rest[r] = block_scales(type, p->weights + (first + r) * p->row_bytes, groups, scales, sums, by + r * room);
    }
    for (int64_t g = 0; g < groups; g++) {
        int8x16x2_t h = load32(high + g * GROUP), l = load32(low + g * GROUP);
        for (int r = 0; r < count; r++) {
            const uint8_t *b = p->weights + (first + r) * p->row_bytes + g * stride + head;
            int8x16x2_t w = type == Q8_0 ? load32((const int8_t *)b) : nibbles(b);
            int32x4_t dot = dot32x16(w, h, l, type == Q8_0);
            total[r] = vfmaq_n_f32(total[r], vcvtq_f32_s32(dot), by[r * room + g]);
        }
    }
    for (int r = 0; r < count; r++) p->y[token * p->rows + first + r] = vaddvq_f32(vaddq_f32(total[r], rest[r]));
}

INLINE void block_type_rows(int type, const Product *p, Scratch *s, int64_t first, int64_t last) {
    int64_t groups = p->columns / GROUP, room = (groups + 3) / 4 * 4;
    for (int64_t token = 0; token < p->x->tokens; token++) {
        const float *halves = p->x->sums + token * 2 * groups, *scales = p->x->scales + token * groups;
        for (int64_t g = 0; g < room; g++) {
            s->offsets[g] = g < groups ? halves[2 * g] + halves[2 * g + 1] : 0.0f;
            s->offsets[room + g] = g < groups ? scales[g] : 0.0f;
        }
        int64_t row = first;
        for (; row + 4 <= last; row += 4) block_rows(type, 4, p, s, token, row);
        for (; row < last; row++) block_rows(type, 1, p, s, token, row);
    }
}

FN inline void widen16(int8x16_t bytes, float32x4_t *floats) {
    int16x8_t first = vmovl_s8(vget_low_s8(bytes)), second = vmovl_high_s8(bytes);
    floats[0] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(first)));
    floats[1] = vcvtq_f32_s32(vmovl_high_s16(first));
    floats[2] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(second)));
    floats[3] = vcvtq_f32_s32(vmovl_high_s16(second));
}

/* Eight 6-bit scales, then eight minima (get_scale_min_k4 in ggml-quants.c). */
FN inline int8x16_t scales_of_q4_k(const uint8_t *packed) {
    uint32_t w[3];
    memcpy(w, packed, 12);
    uint32_t lower = w[0] & 0x3f3f3f3f, upper = (w[2] & 0x0f0f0f0f) | (w[0] >> 6 & 0x03030303) << 4;
    uint32_t lower_minima = w[1] & 0x3f3f3f3f, upper_minima = (w[2] >> 4 & 0x0f0f0f0f) | (w[1] >> 6 & 0x03030303) << 4;
    uint64x1_t scales = vcreate_u64(lower | (uint64_t)upper << 32);
    return vreinterpretq_s8_u64(vcombine_u64(scales, vcreate_u64(lower_minima | (uint64_t)upper_minima << 32)));
}

/* Scales of one row of blocks of 256 times those of the activations into `by`; the sum over offset * activation sum.
 * `sums` are those of 32 activations for Q4_K, of 16 for Q6_K. */
INLINE float32x4_t super_scales(int type, const uint8_t *b, int64_t blocks, const float *scales, const float *sums,
                                float *by) {
    float32x4_t rest = vdupq_n_f32(0.0f), numbers[4];
    for (int64_t i = 0; i < blocks; i++, scales += 8) {
        float32x4_t x[2] = {vld1q_f32(scales), vld1q_f32(scales + 4)};
        if (type == Q4_K) {
            float32x4_t heads = heads4(b + 144 * i, 2, 2, 0);
            widen16(scales_of_q4_k(b + 144 * i + 4), numbers);
            for (int half = 0; half < 2; half++, by += 4, sums += 4) {
                vst1q_f32(by, vmulq_f32(vmulq_laneq_f32(numbers[half], heads, 0), x[half]));
                rest = vfmsq_f32(rest, vmulq_laneq_f32(numbers[2 + half], heads, 1), vld1q_f32(sums));
            }
        } else {
            float32x4_t d = vdupq_n_f32(one_half(b + 210 * i + 208));
            widen16(vreinterpretq_s8_u8(vld1q_u8(b + 210 * i + 192)), numbers);
            for (int quarter = 0; quarter < 4; quarter++, by += 4, sums += 4) {
                float32x4_t four = x[quarter / 2], scale = vmulq_f32(numbers[quarter], d);
                vst1q_f32(by, vmulq_f32(scale, quarter % 2 ? vzip2q_f32(four, four) : vzip1q_f32(four, four)));
                rest = vfmaq_f32(rest, vmulq_n_f32(scale, -32.0f), vld1q_f32(sums));
            }
        }
    }
    return rest;
}

/* Bytes 32 * part .. 32 * part + 31 of half `half` of block `b`, unpacked. */
INLINE int8x16x2_t super_bytes(int type, const uint8_t *b, int half, int part) {
    const uint8x16_t fifteen = vdupq_n_u8(15), upper = vdupq_n_u8(0x30);
    const uint8_t *low = type == Q4_K ? b + 16 + half * 64 + part / 2 * 32 : b + half * 64 + part % 2 * 32;
    int is_upper = type == Q4_K ? part % 2 : part / 2;
    int8x16x2_t bytes;
    for (int i = 0; i < 2; i++) {
        uint8x16_t q = vld1q_u8(low + 16 * i);
        q = is_upper ? vshrq_n_u8(q, 4) : vandq_u8(q, fifteen);
        if (type == Q6_K) {
            uint8x16_t h = vld1q_u8(b + 128 + half * 32 + 16 * i);
            h = part == 0 ? vshlq_n_u8(h, 4) : part == 1 ? vshlq_n_u8(h, 2) : part == 2 ? h : vshrq_n_u8(h, 2);
            q = vorrq_u8(q, vandq_u8(h, upper));
        }
        bytes.val[i] = vreinterpretq_s8_u8(q);
    }
    return bytes;
}

INLINE void super_rows(int type, const int count, const Product *p, Scratch *s, int64_t token, int64_t first) {
    const Activations *x = p->x;
    const int size = type == Q4_K ? 144 : 210, scales_a_half = type == Q4_K ? 4 : 8;
    int64_t blocks = p->columns / 256;
    const int8_t *high = x->high + token * x->columns, *low = x->low + token * x->columns;
    const float *scales = x->scales + token * (x->columns / GROUP);
    const float *sums = type == Q4_K ? s->offsets : x->sums + token * (x->columns / SPLIT);
    float32x4_t total[2], rest[2];
    for (int r = 0; r < count; r++) {
        total[r] = vdupq_n_f32(0.0f);
        rest[r] = super_scales(type, p->weights + (first + r) * p->row_bytes, blocks, scales, sums,
                               s->scales + r * blocks * 2 * scales_a_half);
    }
    for (int64_t i = 0; i < 2 * blocks; i++) /* halves of blocks */
#pragma GCC unroll 4
        for (int part = 0; part < 4; part++) {
            int8x16x2_t h = load32(high + 128 * i + 32 * part), l = load32(low + 128 * i + 32 * part);
            for (int r = 0; r < count; r++) {
                const float *by = s->scales + (r * blocks * 2 + i) * scales_a_half;
                int8x16x2_t w = super_bytes(type, p->weights + (first + r) * p->row_bytes + i / 2 * size, i % 2, part);
                if (type == Q4_K) {
                    total[r] = vfmaq_n_f32(total[r], vcvtq_f32_s32(dot32x16(w, h, l, 0)), by[part]);
                    continue;
                }
                for (int half = 0; half < 2; half++) {
                    int32x4_t dot = dot16x16(w.val[half], h.val[half], l.val[half]);
                    total[r] = vfmaq_n_f32(total[r], vcvtq_f32_s32(dot), by[2 * part + half]);
                }
            }
        }
    for (int r = 0; r < count; r++) p->y[token * p->rows + first + r] = vaddvq_f32(vaddq_f32(total[r], rest[r]));
}

INLINE void super_type_rows(int type, const Product *p, Scratch *s, int64_t first, int64_t last) {
    for (int64_t token = 0; token < p->x->tokens; token++) {
        const float *halves = p->x->sums + token * (p->columns / SPLIT);
        for (int64_t g = 0; type == Q4_K && g < p->columns / GROUP; g++) s->offsets[g] = halves[2 * g] + halves[2 * g + 1];
        int64_t row = first;
        for (; row + 2 <= last; row += 2) super_rows(type, 2, p, s, token, row);
        for (; row < last; row++) super_rows(type, 1, p, s, token, row);
    }
}

FN void rows(const Product *p, Scratch *s, int64_t first, int64_t last) {
    switch (p->type) {
    case Q4_0: block_type_rows(Q4_0, p, s, first, last); break;
    case Q4_1: block_type_rows(Q4_1, p, s, first, last); break;
    case Q8_0: block_type_rows(Q8_0, p, s, first, last); break;
    case Q4_K: super_type_rows(Q4_K, p, s, first, last); break;
    case Q6_K: super_type_rows(Q6_K, p, s, first, last); break;
    default: unpacked_rows(p, s, first, last);
    }
}

/* PANEL rows side by side: values[columns / 4][PANEL][4], scales and offsets [columns / group][PANEL]. Rows past
 * `last` repeat the last one; their results are not stored. `row` has room for one row, as unpack_row fills it. */
FN void unpack_panel(const Product *p, int64_t first, int64_t last, Scratch *s, uint8_t *row, float *row_scale,
                     float *row_offset) {
    int64_t groups = p->columns / group_of(p->type);
    for (int r = 0; r < PANEL; r++) {
        int64_t at = first + r < last ? first + r : last - 1;
        unpack_row(p->type, p->weights + at * p->row_bytes, p->columns, row, row_scale, row_offset);
        for (int64_t k = 0; k < p->columns / 4; k++) memcpy(s->values + (k * PANEL + r) * 4, row + k * 4, 4);
        for (int64_t g = 0; g < groups; g++) {
            s->scales[g * PANEL + r] = row_scale[g];
            s->offsets[g * PANEL + r] = row_offset[g];
        }
    }
}

/* Each variant's: `tokens` (AT_ONCE or 1, a constant) times rows [first, last) of the panel in `s`. */
enum { AT_ONCE = 4 };
INLINE void tile(const Product *p, const Scratch *s, int group, int64_t first, int64_t last, int64_t token, const int tokens);

FN void panel(const Product *p, Scratch *s, int64_t first, int64_t last) {
    uint8_t *row = s->values + PANEL * p->columns;
    float *row_scale = s->scales + PANEL * (p->columns / SPLIT), *row_offset = s->offsets + PANEL * (p->columns / SPLIT);
    int group = group_of(p->type);
    for (; first < last; first += PANEL) {
        unpack_panel(p, first, last, s, row, row_scale, row_offset);
        if (is_wide(p->type)) move_to_zero(s->values, PANEL * p->columns, s->offsets, PANEL * (p->columns / group));
        int64_t token = 0;
        for (; token + AT_ONCE <= p->x->tokens; token += AT_ONCE) tile(p, s, group, first, last, token, AT_ONCE);
        for (; token < p->x->tokens; token++) tile(p, s, group, first, last, token, 1);
    }
}

/* total += scale * whole + offset * sum for four rows of group `g` and one token. */
FN inline float32x4_t add_group(const Product *p, int group, int64_t g, int64_t token, int32x4_t whole, const float *scale,
                                const float *offset, float32x4_t total) {
    const Activations *x = p->x;
    const float *sums = x->sums + token * (x->columns / SPLIT) + g * (group / SPLIT);
    float sum = group == GROUP ? sums[0] + sums[1] : sums[0];
    float32x4_t by = vmulq_n_f32(vld1q_f32(scale), x->scales[token * (x->columns / GROUP) + g * group / GROUP]);
    return vfmaq_n_f32(vfmaq_f32(total, vcvtq_f32_s32(whole), by), vld1q_f32(offset), sum);
}

/* Four rows' results from number `row` of all on; those from `last` on are none. */
FN inline void store_rows(const Product *p, int64_t token, int64_t row, int64_t last, float32x4_t result) {
    float *y = p->y + token * p->rows + row, four[4];
    if (row + 4 <= last) {
        vst1q_f32(y, result);
        return;
    }
    vst1q_f32(four, result);
    for (int r = 0; row + r < last; r++) y[r] = four[r];
}

/* As round_activations of portable.c, whose loops compilers do not vectorise. */
FN void round_neon(const float *x, int64_t columns, int8_t *high, int8_t *low, float *scales, float *sums) {
    for (int64_t g = 0; g < columns / GROUP; g++, x += GROUP, high += GROUP, low += GROUP) {
        float32x4_t largest = vdupq_n_f32(0.0f), sound = largest;
        for (int i = 0; i < GROUP; i += 4) {
            largest = vmaxq_f32(largest, vabsq_f32(vld1q_f32(x + i)));
            sound = vfmaq_n_f32(sound, vld1q_f32(x + i), 0.0f);
        }
        float most = vmaxvq_f32(largest), inverse = most > SMALLEST ? LARGEST / most : 0.0f;
        float scale = vaddvq_f32(sound) == 0.0f ? most / LARGEST : NAN;
        for (int part = 0; part < GROUP / SPLIT; part++) {
            int16x8_t top[2], rest[2];
            int32x4_t sum = vdupq_n_s32(0);
            for (int i = 0; i < 2; i++) {
                const float *from = x + part * SPLIT + 8 * i;
                int32x4_t a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(from), inverse));
                int32x4_t b = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(from + 4), inverse));
                int16x8_t whole = vmovn_high_s32(vmovn_s32(a), b);
                top[i] = vrshrq_n_s16(whole, 8);
                rest[i] = vmaxq_s16(vsubq_s16(whole, vshlq_n_s16(top[i], 8)), vdupq_n_s16(-127));
                sum = vpadalq_s16(sum, vaddq_s16(vshlq_n_s16(top[i], 8), rest[i]));
            }
            vst1q_s8(high + part * SPLIT, vmovn_high_s16(vmovn_s16(top[0]), top[1]));
            vst1q_s8(low + part * SPLIT, vmovn_high_s16(vmovn_s16(rest[0]), rest[1]));
            sums[g * (GROUP / SPLIT) + part] = scale * (float)vaddvq_s32(sum);
        }
        scales[g] = scale;
    }
}

#define LANES 4
#include "dense.h"
#include "survey.h"

FN inline float sum_lanes(vec v) { return vaddvq_f32((float32x4_t)v); }
FN inline void store_sums(float *at, const vec *v) {
    float32x4_t first = vpaddq_f32((float32x4_t)v[0], (float32x4_t)v[1]);
    vst1q_f32(at, vpaddq_f32(first, vpaddq_f32((float32x4_t)v[2], (float32x4_t)v[3])));
}

FN inline vec load_halves(const uint8_t *at) { return (vec)vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(at))); }
FN inline vec load_bytes(const int8_t *at) {
    int32_t four;
    memcpy(&four, at, 4);
    return (vec)vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four))))));
}
FN inline void store_halves(uint8_t *at, vec v) {
    vst1_u8(at, vreinterpret_u8_f16(vcvt_f16_f32((float32x4_t)v)));
}
