/* Kernels in plain C: the oracle of the fast variants, and what runs where none of them does. */
#include "kernels.h"

#define FN static
#include "unpack.h"

/* Round one token's activations to 16 bits by groups. NaN and infinity make the scale NaN, so that damaged weights
 * are noticed. */
FN void round_activations(const float *x, int64_t columns, int8_t *high, int8_t *low,
                                                  float *scales, float *sums) {
    for (int64_t g = 0; g < columns / GROUP; g++, x += GROUP, high += GROUP, low += GROUP) {
        float most = 0.0f, sound = 0.0f;
        for (int i = 0; i < GROUP; i++) {
            float size = fabsf(x[i]);
            most = size > most ? size : most;
            sound += 0.0f * x[i];
        }
        float scale = sound == 0.0f ? most / LARGEST : NAN, inverse = most > SMALLEST ? LARGEST / most : 0.0f;
        for (int part = 0; part < GROUP / SPLIT; part++) {
            int sum = 0;
            for (int i = part * SPLIT; i < (part + 1) * SPLIT; i++) {
                int whole = sound == 0.0f ? (int)lrintf(x[i] * inverse) : 0, top = (whole + 128) >> 8;
                int rest = whole - 256 * top;
                if (rest < -127) rest = -127;
                high[i] = (int8_t)top;
                low[i] = (int8_t)rest;
                sum += 256 * top + rest;
            }
            sums[g * (GROUP / SPLIT) + part] = scale * (float)sum;
        }
        scales[g] = scale;
    }
}

static void rows(const Product *p, Scratch *s, int64_t first, int64_t last) {
    const Activations *x = p->x;
    int group = group_of(p->type);
    for (int64_t r = first; r < last; r++) {
        unpack_row(p->type, p->weights + r * p->row_bytes, p->columns, s->values, s->scales, s->offsets);
        for (int64_t t = 0; t < x->tokens; t++) {
            const int8_t *high = x->high + t * x->columns, *low = x->low + t * x->columns;
            const float *scales = x->scales + t * (x->columns / GROUP), *sums = x->sums + t * (x->columns / SPLIT);
            float total = 0.0f;
            for (int64_t g = 0; g < p->columns / group; g++) {
                int dot = 0;
                float sum = 0.0f;
                for (int64_t i = g * group; i < (g + 1) * group; i++) dot += s->values[i] * (256 * high[i] + low[i]);
                for (int i = 0; i < group / SPLIT; i++) sum += sums[g * (group / SPLIT) + i];
                total += s->scales[g] * scales[g * group / GROUP] * (float)dot + s->offsets[g] * sum;
            }
            p->y[t * p->rows + r] = total;
        }
    }
}

void fireside_unpack_row(int type, const uint8_t *b, int64_t columns, uint8_t *u, float *scales, float *offsets) {
    unpack_row(type, b, columns, u, scales, offsets);
}

#define LANES 4
#define one_half half_at
#include "dense.h"
#include "survey.h"

FN inline vec load_halves(const uint8_t *at) {
    return (vec){half_at(at), half_at(at + 2), half_at(at + 4), half_at(at + 6)};
}

FN inline vec load_bytes(const int8_t *at) { return (vec){at[0], at[1], at[2], at[3]}; }

FN inline float sum_lanes(vec v) { return v[0] + v[1] + v[2] + v[3]; }

FN inline void store_sums(float *at, const vec *v) {
    for (int i = 0; i < 4; i++) at[i] = sum_lanes(v[i]);
}

FN inline void store_halves(uint8_t *at, vec v) {
    for (int i = 0; i < LANES; i++) {
        uint16_t half = float_to_half(v[i]);
        memcpy(at + 2 * i, &half, 2);
    }
}

const Variant fireside_portable = {"portable", rows, NULL, rows, dense, round_activations, rms_norm, gate_by, attend, narrow,
    largest_of_blocks, sums_of_blocks};
