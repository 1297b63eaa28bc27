/* Rows of every block type as unsigned bytes u with  weight = scale * u + offset  for each group.
 * Included by each variant, so that the compiler vectorises the loops for its instruction set: FN holds its target.
 * Layouts: ggml-common.h of github.com/ggml-org/ggml; the torch twins are engine/quants. */

static const int8_t fp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}; /* twice E2M1 */
static const int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

typedef uint8_t Sixteen __attribute__((vector_size(16)));

FN inline void nibbles32(const uint8_t *packed, uint8_t *u) {
    Sixteen both, low, high;
    memcpy(&both, packed, 16);
    low = both & 15;
    high = both >> 4;
    memcpy(u, &low, 16);
    memcpy(u + 16, &high, 16);
}

/* Bit i of a byte is that of u[i]: eight copies of the byte, one bit of each kept, and a sum that takes it to the top. */
FN inline void add_fifth_bits(const uint8_t *bits, uint8_t *u) {
    for (int i = 0; i < 4; i++, u += 8) {
        uint64_t each = bits[i] * 0x0101010101010101u & 0x8040201008040201u, eight;
        memcpy(&eight, u, 8);
        eight |= (each + 0x7f7f7f7f7f7f7f7fu) >> 3 & 0x1010101010101010u;
        memcpy(u, &eight, 8);
    }
}

#ifndef LOOKUP
FN inline Sixteen LOOKUP(Sixteen table, Sixteen places) {
    for (int i = 0; i < 16; i++) places[i] = table[places[i]];
    return places;
}
#endif

/* The numbers that nibbles stand for in a table, 128 too large. */
FN inline void table32(const uint8_t *packed, const int8_t *numbers, uint8_t *u) {
    Sixteen table;
    memcpy(&table, numbers, 16);
    table += 128;
    nibbles32(packed, u);
    for (int i = 0; i < 32; i += 16) {
        Sixteen half;
        memcpy(&half, u + i, 16);
        half = LOOKUP(table, half);
        memcpy(u + i, &half, 16);
    }
}

/* 2^(exponent - 128): a scale in E8M0, halved, since fp4_values are twice what they stand for. */
FN inline float half_of_power(uint8_t exponent) {
    uint32_t bits = exponent > 1 ? (exponent - 1u) << 23 : 0x200000u << exponent; /* the smallest two have no float's exponent */
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

FN void scale_and_minimum(const uint8_t *packed, int j, int *scale, int *minimum) {
    if (j < 4) {
        *scale = packed[j] & 63;
        *minimum = packed[j + 4] & 63;
    } else {
        *scale = (packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4;
        *minimum = (packed[j + 4] >> 4) | (packed[j] >> 6) << 4;
    }
}

FN void unpack_q2_k(const uint8_t *b, uint8_t *u, float *scale, float *offset) {
    float d = half_at(b + 80), least = half_at(b + 82);
    for (int half = 0; half < 2; half++)
        for (int part = 0; part < 4; part++)
            for (int i = 0; i < 32; i++) u[half * 128 + part * 32 + i] = b[16 + half * 32 + i] >> (2 * part) & 3;
    for (int j = 0; j < 16; j++) {
        scale[j] = d * (float)(b[j] & 15);
        offset[j] = -least * (float)(b[j] >> 4);
    }
}

FN void unpack_q3_k(const uint8_t *b, uint8_t *u, float *scale, float *offset) {
    float d = half_at(b + 108);
    for (int half = 0; half < 2; half++)
        for (int part = 0; part < 4; part++)
            for (int i = 0; i < 32; i++)
                u[half * 128 + part * 32 + i] = (uint8_t)((b[32 + half * 32 + i] >> (2 * part) & 3)
                                                          + ((b[i] >> (half * 4 + part) & 1) << 2));
    for (int j = 0; j < 16; j++) {
        int low = j < 8 ? b[96 + j] & 15 : b[96 + j - 8] >> 4;
        int high = b[104 + j % 4] >> (2 * (j / 4)) & 3;
        scale[j] = d * (float)((low | high << 4) - 32);
        offset[j] = -4.0f * scale[j];
    }
}

FN void unpack_q45_k(const uint8_t *b, int has_fifth, uint8_t *u, float *scale, float *offset) {
    float d = half_at(b), least = half_at(b + 2);
    const uint8_t *q = b + (has_fifth ? 48 : 16);
    for (int pair = 0; pair < 4; pair++)
        for (int i = 0; i < 32; i++) {
            u[pair * 64 + i] = q[pair * 32 + i] & 15;
            u[pair * 64 + 32 + i] = q[pair * 32 + i] >> 4;
        }
    if (has_fifth)
        for (int j = 0; j < 8; j++)
            for (int i = 0; i < 32; i++) u[j * 32 + i] |= (uint8_t)((b[16 + i] >> j & 1) << 4);
    for (int j = 0; j < 8; j++) {
        int s, m;
        scale_and_minimum(b + 4, j, &s, &m);
        scale[j] = d * (float)s;
        offset[j] = -least * (float)m;
    }
}

FN void unpack_q6_k(const uint8_t *b, uint8_t *u, float *scale, float *offset) {
    float d = half_at(b + 208);
    for (int half = 0; half < 2; half++) {
        const uint8_t *low = b + half * 64, *high = b + 128 + half * 32;
        uint8_t *out = u + half * 128;
        for (int i = 0; i < 32; i++) {
            out[i] = (uint8_t)((low[i] & 15) | (high[i] & 3) << 4);
            out[32 + i] = (uint8_t)((low[32 + i] & 15) | (high[i] >> 2 & 3) << 4);
            out[64 + i] = (uint8_t)(low[i] >> 4 | (high[i] >> 4 & 3) << 4);
            out[96 + i] = (uint8_t)(low[32 + i] >> 4 | (high[i] >> 6 & 3) << 4);
        }
    }
    for (int j = 0; j < 16; j++) {
        scale[j] = d * (float)(int8_t)b[192 + j];
        offset[j] = -32.0f * scale[j];
    }
}

FN void unpack_iq4_xs(const uint8_t *b, uint8_t *u, float *scale, float *offset) {
    float d = half_at(b);
    for (int j = 0; j < 8; j++) {
        int low = b[4 + j / 2] >> (4 * (j % 2)) & 15, high = (b[2 + j / 4] >> (2 * (j % 4))) & 3;
        scale[j] = d * (float)((low | high << 4) - 32);
        offset[j] = -128.0f * scale[j];
        table32(b + 8 + j * 16, iq4_values, u + j * 32);
    }
}

/* One row. */
FN void unpack_row(int type, const uint8_t *b, int64_t columns, uint8_t *u, float *scale, float *offset) {
    int64_t blocks = columns / 32, supers = columns / 256;
    switch (type) {
    case Q4_0:
        for (int64_t i = 0; i < blocks; i++, b += 18) {
            nibbles32(b + 2, u + 32 * i);
            scale[i] = half_at(b);
            offset[i] = -8.0f * scale[i];
        }
        break;
    case Q4_1:
        for (int64_t i = 0; i < blocks; i++, b += 20) {
            nibbles32(b + 4, u + 32 * i);
            scale[i] = half_at(b);
            offset[i] = half_at(b + 2);
        }
        break;
    case Q5_0:
        for (int64_t i = 0; i < blocks; i++, b += 22) {
            nibbles32(b + 6, u + 32 * i);
            add_fifth_bits(b + 2, u + 32 * i);
            scale[i] = half_at(b);
            offset[i] = -16.0f * scale[i];
        }
        break;
    case Q5_1:
        for (int64_t i = 0; i < blocks; i++, b += 24) {
            nibbles32(b + 8, u + 32 * i);
            add_fifth_bits(b + 4, u + 32 * i);
            scale[i] = half_at(b);
            offset[i] = half_at(b + 2);
        }
        break;
    case Q8_0:
        for (int64_t i = 0; i < blocks; i++, b += 34) {
            for (int j = 0; j < 32; j++) u[32 * i + j] = b[2 + j] ^ 128;
            scale[i] = half_at(b);
            offset[i] = -128.0f * scale[i];
        }
        break;
    case IQ4_NL:
        for (int64_t i = 0; i < blocks; i++, b += 18) {
            table32(b + 2, iq4_values, u + 32 * i);
            scale[i] = half_at(b);
            offset[i] = -128.0f * scale[i];
        }
        break;
    case MXFP4:
        for (int64_t i = 0; i < blocks; i++, b += 17) {
            table32(b + 1, fp4_values, u + 32 * i);
            scale[i] = half_of_power(b[0]);
            offset[i] = -128.0f * scale[i];
        }
        break;
    case Q2_K:
        for (int64_t i = 0; i < supers; i++) unpack_q2_k(b + 84 * i, u + 256 * i, scale + 16 * i, offset + 16 * i);
        break;
    case Q3_K:
        for (int64_t i = 0; i < supers; i++) unpack_q3_k(b + 110 * i, u + 256 * i, scale + 16 * i, offset + 16 * i);
        break;
    case Q4_K:
        for (int64_t i = 0; i < supers; i++) unpack_q45_k(b + 144 * i, 0, u + 256 * i, scale + 8 * i, offset + 8 * i);
        break;
    case Q5_K:
        for (int64_t i = 0; i < supers; i++) unpack_q45_k(b + 176 * i, 1, u + 256 * i, scale + 8 * i, offset + 8 * i);
        break;
    case Q6_K:
        for (int64_t i = 0; i < supers; i++) unpack_q6_k(b + 210 * i, u + 256 * i, scale + 16 * i, offset + 16 * i);
        break;
    case IQ4_XS:
        for (int64_t i = 0; i < supers; i++) unpack_iq4_xs(b + 136 * i, u + 256 * i, scale + 8 * i, offset + 8 * i);
        break;
    }
}
