/* Passes over the logits of a whole vocabulary. Included by each variant behind dense.h. Oracle: engine/distribution.py. */

/* The largest number of each block of BLOCK; one that is no number counts as none, unless it is the first of a lane. */
FN void largest_of_blocks(const float *x, int64_t blocks, float *most) {
    for (int64_t b = 0; b < blocks; b++, x += BLOCK) {
        vec found = load(x);
        for (int i = LANES; i < BLOCK; i += LANES) found = choose(load(x + i) > found, load(x + i), found);
        float largest = found[0];
        for (int i = 1; i < LANES; i++) largest = found[i] > largest ? found[i] : largest;
        most[b] = largest;
    }
}

/* Adds the sums of e^d and of d e^d over blocks, d = x - largest, to `sums`; NaN anywhere makes NaN of both. */
FN void sums_of_blocks(const float *x, int64_t blocks, float largest, double *sums) {
    for (int64_t first = 0; first < blocks; first += SUMMED) {
        int64_t last = first + SUMMED < blocks ? first + SUMMED : blocks;
        vec total = {0}, weighted = {0};
        for (int64_t i = first * BLOCK; i < last * BLOCK; i += LANES) {
            vec d = load(x + i) - largest;
            vec e = exponential(d), least = (vec){0} - 87.0f;
            d = choose(d < least, least, d); /* minus infinity times nothing is no number */
            total += e + d * 0.0f;
            weighted += d * e;
        }
        sums[0] += sum_lanes(total);
        sums[1] += sum_lanes(weighted);
    }
}
