/* Kernels for 64-bit ARM with the dot product instructions (ARMv8.2 and later: Apple silicon, Cortex-A55 and A76 on):
 * sdot multiplies signed bytes, four to a lane. Weights of the types that are not wide lie below 128 already. */
#include "kernels.h"

#ifdef FIRESIDE_DOTPROD

#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(_WIN32)
#include <windows.h>
#endif

/* Stands before arm_neon.h, after which GCC leaves __ARM_FEATURE_DOTPROD defined. */
int dotprod_is_here(void) {
#if defined(__ARM_FEATURE_DOTPROD) /* so on macOS: every Mac that is ARM has it */
    return 1;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) >> 20 & 1) != 0; /* HWCAP_ASIMDDP */
#elif defined(_WIN32)
    return IsProcessorFeaturePresent(43) != 0; /* PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE */
#else
    return 0;
#endif
}

#define FN static FIRESIDE_DOTPROD
#include <arm_neon.h>
#define LOOKUP(table, places) (Sixteen)vqtbl1q_u8((uint8x16_t)(table), (uint8x16_t)(places))
#include "unpack.h"

#include "neon.h"

INLINE int32x4_t dot16x16(int8x16_t w, int8x16_t high, int8x16_t low) {
    return vdotq_s32(vshlq_n_s32(vdotq_s32(vdupq_n_s32(0), w, high), 8), w, low);
}

INLINE int32x4_t dot32x16(int8x16x2_t w, int8x16x2_t high, int8x16x2_t low, int is_wide) {
    (void)is_wide;
    int32x4_t sums = vdotq_s32(vdotq_s32(vdupq_n_s32(0), w.val[0], high.val[0]), w.val[1], high.val[1]);
    return vdotq_s32(vdotq_s32(vshlq_n_s32(sums, 8), w.val[0], low.val[0]), w.val[1], low.val[1]);
}

/* Eight rows times columns 4 * lane to 4 * lane + 3 of sixteen. */
#define ADD_COLUMNS(lane)                                                                                              \
    do {                                                                                                               \
        int8x16_t w0 = vreinterpretq_s8_u8(vld1q_u8(u + lane * PANEL * 4));                                            \
        int8x16_t w1 = vreinterpretq_s8_u8(vld1q_u8(u + lane * PANEL * 4 + 16));                                       \
        for (int t = 0; t < tokens; t++) {                                                                             \
            high[t][0] = vdotq_laneq_s32(high[t][0], w0, h[t], lane);                                                  \
            high[t][1] = vdotq_laneq_s32(high[t][1], w1, h[t], lane);                                                  \
            low[t][0] = vdotq_laneq_s32(low[t][0], w0, l[t], lane);                                                    \
            low[t][1] = vdotq_laneq_s32(low[t][1], w1, l[t], lane);                                                    \
        }                                                                                                              \
    } while (0)

/* Eight rows of the panel, from its row `top` on; every lane is a row. */
INLINE void half_tile(const Product *p, const Scratch *s, int group, int64_t first, int64_t last, int top, int64_t token,
                      const int tokens) {
    const Activations *x = p->x;
    float32x4_t total[AT_ONCE][2];
    for (int t = 0; t < tokens; t++) total[t][0] = total[t][1] = vdupq_n_f32(0.0f);
    for (int64_t g = 0; g < p->columns / group; g++) {
        int32x4_t high[AT_ONCE][2], low[AT_ONCE][2];
        for (int t = 0; t < tokens; t++) high[t][0] = high[t][1] = low[t][0] = low[t][1] = vdupq_n_s32(0);
        for (int64_t at = g * group; at < (g + 1) * group; at += 16) {
            const uint8_t *u = s->values + at * PANEL + top * 4;
            int8x16_t h[AT_ONCE], l[AT_ONCE];
            for (int t = 0; t < tokens; t++) {
                h[t] = vld1q_s8(x->high + (token + t) * x->columns + at);
                l[t] = vld1q_s8(x->low + (token + t) * x->columns + at);
            }
            ADD_COLUMNS(0);
            ADD_COLUMNS(1);
            ADD_COLUMNS(2);
            ADD_COLUMNS(3);
        }
        for (int t = 0; t < tokens; t++)
            for (int v = 0; v < 2; v++) {
                int32x4_t whole = vaddq_s32(vshlq_n_s32(high[t][v], 8), low[t][v]);
                int64_t at = g * PANEL + top + 4 * v;
                total[t][v] = add_group(p, group, g, token + t, whole, s->scales + at, s->offsets + at, total[t][v]);
            }
    }
    for (int t = 0; t < tokens; t++)
        for (int v = 0; v < 2; v++) store_rows(p, token + t, first + top + 4 * v, last, total[t][v]);
}

INLINE void tile(const Product *p, const Scratch *s, int group, int64_t first, int64_t last, int64_t token, const int tokens) {
    half_tile(p, s, group, first, last, 0, token, tokens);
    if (first + 8 < last) half_tile(p, s, group, first, last, 8, token, tokens);
}

const Variant fireside_dotprod = {"dotprod", rows, NULL, panel, dense, round_neon, rms_norm, gate_by, attend, narrow,
    largest_of_blocks, sums_of_blocks};
#endif
