/* Several tokens of a reply in one call: between two calls the weights sweep Python out of the processor's caches, and
 * the other threads fall asleep. */
#include "kernels.h"

enum { NUMBERS = 4 + 3 * (1 + TOP) }; /* that a draw gives, where the vocabulary is not smaller than what is told of it */

/* What is drawn behind a text: its last tokens `ids` [held + most], of which the repetition penalty sees `window`, one
 * `noise` [most] for each token, and the ids that end the text. */
typedef struct {
    int64_t *ids;
    int64_t held, window, most;
    const double *noise;
    const int64_t *ends;
    int64_t end_count;
    Draw how;
} Reply;

static int is_end(const Reply *r, int64_t id) {
    for (int64_t i = 0; i < r->end_count; i++)
        if (r->ends[i] == id) return 1;
    return 0;
}

/* Runs the last of the ids, draws the next, and so on: at most `most` tokens, and none behind an end. `past` tokens stand
 * in the cache before. `numbers` [most][NUMBERS] as fireside_draw gives them; how many tokens, or -1 when memory is
 * short, 0 for an id that is no row. */
FIRESIDE_API int64_t fireside_reply(const Model *m, const Reply *r, int64_t past, float *logits, double *numbers) {
    Draw how = r->how;
    int64_t held = r->held, drawn = 0;
    while (drawn < r->most) {
        int status = fireside_token(m, r->ids[held - 1], past + drawn, logits);
        if (status) return status > 0 ? 0 : -1;
        how.recents = held < r->window ? held : r->window;
        how.recent = r->ids + held - how.recents;
        how.noise = r->noise[drawn];
        if (fireside_draw(logits, m->head->rows, &how, numbers + drawn * NUMBERS)) return -1;
        int64_t id = (int64_t)numbers[drawn++ * NUMBERS + 4];
        r->ids[held++] = id;
        if (is_end(r, id)) break;
    }
    return drawn;
}
