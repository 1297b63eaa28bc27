/* Kernels for every 64-bit ARM processor (ARMv8.0). Products of bytes are summed up in 16 bits as long as they fit:
 * two of a wide type (128 * 127 each), four below 64 * 127. Prefill multiplies in 16 bits instead, a quarter of the
 * instructions: each lane holds one row, and a column's activation comes from a lane, so that nothing is shuffled. */
#include "kernels.h"

#ifdef FIRESIDE_ARM

#define FN static
#include <arm_neon.h>
#define LOOKUP(table, places) (Sixteen)vqtbl1q_u8((uint8x16_t)(table), (uint8x16_t)(places))
#include "unpack.h"

#include "neon.h"

INLINE int16x8_t pairs(int8x16_t w, int8x16_t x) { return vmlal_high_s8(vmull_s8(vget_low_s8(w), vget_low_s8(x)), w, x); }

INLINE int16x8_t add_pairs(int16x8_t sums, int8x16_t w, int8x16_t x) {
    return vmlal_high_s8(vmlal_s8(sums, vget_low_s8(w), vget_low_s8(x)), w, x);
}

INLINE int32x4_t dot16x16(int8x16_t w, int8x16_t high, int8x16_t low) {
    return vpadalq_s16(vshlq_n_s32(vpaddlq_s16(pairs(w, high)), 8), pairs(w, low));
}

INLINE int32x4_t dot32x16(int8x16x2_t w, int8x16x2_t high, int8x16x2_t low, int is_wide) {
    int16x8_t h = pairs(w.val[0], high.val[0]), l = pairs(w.val[0], low.val[0]);
    if (is_wide) {
        int32x4_t sums = vpadalq_s16(vpaddlq_s16(h), pairs(w.val[1], high.val[1]));
        return vpadalq_s16(vpadalq_s16(vshlq_n_s32(sums, 8), l), pairs(w.val[1], low.val[1]));
    }
    h = add_pairs(h, w.val[1], high.val[1]);
    return vpadalq_s16(vshlq_n_s32(vpaddlq_s16(h), 8), add_pairs(l, w.val[1], low.val[1]));
}

/* PANEL rows times column `lane` of eight; `bytes` are that column's weights. */
#define ADD_COLUMN(bytes, lane)                                                                                        \
    do {                                                                                                               \
        int8x16_t narrow = vreinterpretq_s8_u8(bytes);                                                                 \
        int16x8_t w0 = vmovl_s8(vget_low_s8(narrow)), w1 = vmovl_high_s8(narrow);                                      \
        for (int t = 0; t < tokens; t++) {                                                                             \
            sum[t][0] = vmlal_laneq_s16(sum[t][0], vget_low_s16(w0), columns[t], lane);                                \
            sum[t][1] = vmlal_high_laneq_s16(sum[t][1], w0, columns[t], lane);                                         \
            sum[t][2] = vmlal_laneq_s16(sum[t][2], vget_low_s16(w1), columns[t], lane);                                \
            sum[t][3] = vmlal_high_laneq_s16(sum[t][3], w1, columns[t], lane);                                         \
        }                                                                                                              \
    } while (0)

INLINE void tile(const Product *p, const Scratch *s, int group, int64_t first, int64_t last, int64_t token, const int tokens) {
    const Activations *x = p->x;
    float32x4_t total[AT_ONCE][PANEL / 4];
    for (int t = 0; t < tokens; t++)
        for (int v = 0; v < PANEL / 4; v++) total[t][v] = vdupq_n_f32(0.0f);
    for (int64_t g = 0; g < p->columns / group; g++) {
        int32x4_t sum[AT_ONCE][PANEL / 4];
        for (int t = 0; t < tokens; t++)
            for (int v = 0; v < PANEL / 4; v++) sum[t][v] = vdupq_n_s32(0);
        for (int64_t at = g * group; at < (g + 1) * group; at += 8) {
            int16x8_t columns[AT_ONCE];
            for (int t = 0; t < tokens; t++) {
                int64_t at_x = (token + t) * x->columns + at;
                columns[t] = vaddw_s8(vshll_n_s8(vld1_s8(x->high + at_x), 8), vld1_s8(x->low + at_x));
            }
            uint8x16x4_t four = vld4q_u8(s->values + at * PANEL);
            ADD_COLUMN(four.val[0], 0);
            ADD_COLUMN(four.val[1], 1);
            ADD_COLUMN(four.val[2], 2);
            ADD_COLUMN(four.val[3], 3);
            four = vld4q_u8(s->values + (at + 4) * PANEL);
            ADD_COLUMN(four.val[0], 4);
            ADD_COLUMN(four.val[1], 5);
            ADD_COLUMN(four.val[2], 6);
            ADD_COLUMN(four.val[3], 7);
        }
        for (int t = 0; t < tokens; t++)
            for (int v = 0; v < PANEL / 4; v++)
                total[t][v] = add_group(p, group, g, token + t, sum[t][v], s->scales + g * PANEL + 4 * v,
                                        s->offsets + g * PANEL + 4 * v, total[t][v]);
    }
    for (int t = 0; t < tokens; t++)
        for (int v = 0; v < PANEL / 4; v++) store_rows(p, token + t, first + 4 * v, last, total[t][v]);
}

const Variant fireside_neon = {"neon", rows, NULL, panel, dense, round_neon, rms_norm, gate_by, attend, narrow,
    largest_of_blocks, sums_of_blocks};
#endif
