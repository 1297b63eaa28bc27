/* Runs the kernels in a process of its own: for a processor that is emulated, or with sanitizers. Calls come through
 * standard input, results go to standard output; foreign_kernels.py speaks the other side. A structure comes as it lies
 * in memory, and what it points to follows, each as a size and as many bytes. Every piece ends where its page does, and
 * the next page cannot be touched: a kernel that reads or writes past the end ends the process. */
#define _DEFAULT_SOURCE
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int fireside_start(const char *wanted);
const char *fireside_instruction_set(void);
int fireside_supports(int type);
int fireside_cache_supports(int type);
void fireside_set_threads(int count);
int fireside_linear(const Matrix *matrix, const Norm *norm, const float *x, int64_t tokens, float *y);
int fireside_rows(const Matrix *matrix, const int64_t *ids, int64_t count, float *y);
int fireside_attention(const AttentionPlan *p, float *x, int64_t tokens, const float *cos, const float *sin,
                       uint8_t *keys, uint8_t *values, int64_t capacity, int64_t past);
int fireside_mlp(const MlpPlan *p, float *x, int64_t tokens);

typedef struct {
    void *pages, *bytes;
    int64_t size;
} Piece;

enum { THREADS, SUPPORTS, CACHE_SUPPORTS, LINEAR, ROWS, ATTENTION, MLP };

static Piece pieces[64];
static int count;

static void get(void *to, size_t size) {
    if (fread(to, 1, size, stdin) != size) exit(4);
}

static int64_t number(void) {
    int64_t value;
    get(&value, sizeof value);
    return value;
}

/* Bytes from the beginning of the pages of a piece to the one that cannot be touched. */
static size_t readable(int64_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return ((size_t)size + page - 1) / page * page;
}

static Piece piece(void) {
    int64_t size = number();
    size_t before = readable(size), page = readable(1);
    uint8_t *pages = mmap(NULL, before + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + before, page, PROT_NONE)) exit(5);
    get(pages + before - size, (size_t)size);
    return pieces[count++] = (Piece){pages, pages + before - size, size};
}

static void forget(const Piece *made) { munmap(made->pages, readable(made->size) + readable(1)); }

static void answer(const Piece *made) {
    fwrite(made->bytes, 1, (size_t)made->size, stdout);
}

/* What takes the place of an address of the sender's. */
static const void *follow(const void *address) { return address ? piece().bytes : NULL; }

static void follow_matrix(Matrix *m) {
    m->weights = follow(m->weights);
    m->bias = follow(m->bias);
}

static void linear(void) {
    Matrix m;
    get(&m, sizeof m);
    follow_matrix(&m);
    int64_t tokens = number();
    Piece x = piece(), y = piece();
    if (fireside_linear(&m, NULL, x.bytes, tokens, y.bytes)) exit(6);
    answer(&y);
}

static void rows(void) {
    Matrix m;
    get(&m, sizeof m);
    follow_matrix(&m);
    int64_t ids_count = number();
    Piece ids = piece(), y = piece();
    if (fireside_rows(&m, ids.bytes, ids_count, y.bytes)) exit(6);
    answer(&y);
}

static void attention(void) {
    AttentionPlan p;
    get(&p, sizeof p);
    Norm *norms[] = {&p.in, &p.out, &p.q_norm, &p.k_norm};
    Matrix *matrices[] = {&p.q, &p.k, &p.v, &p.o};
    for (int i = 0; i < 4; i++) norms[i]->weight = follow(norms[i]->weight);
    for (int i = 0; i < 4; i++) follow_matrix(matrices[i]);
    int64_t tokens = number(), capacity = number(), past = number();
    Piece cos = piece(), sin = piece(), x = piece(), keys = piece(), values = piece();
    if (fireside_attention(&p, x.bytes, tokens, cos.bytes, sin.bytes, keys.bytes, values.bytes, capacity, past)) exit(6);
    answer(&x);
    answer(&keys);
    answer(&values);
}

static void mlp(void) {
    MlpPlan p;
    get(&p, sizeof p);
    p.in.weight = follow(p.in.weight);
    p.out.weight = follow(p.out.weight);
    follow_matrix(&p.gate);
    follow_matrix(&p.up);
    follow_matrix(&p.down);
    int64_t tokens = number();
    Piece x = piece();
    if (fireside_mlp(&p, x.bytes, tokens)) exit(6);
    answer(&x);
}

int main(int argc, char **argv) {
    char name[16] = {0};
    if (argc != 2 || fireside_start(argv[1])) return 3;
    memcpy(name, fireside_instruction_set(), strlen(fireside_instruction_set()));
    fwrite(name, 1, sizeof name, stdout);
    fflush(stdout);
    int64_t call;
    while (fread(&call, sizeof call, 1, stdin) == 1) {
        switch (call) {
        case THREADS: fireside_set_threads((int)number()); break;
        case SUPPORTS: putchar(fireside_supports((int)number())); break;
        case CACHE_SUPPORTS: putchar(fireside_cache_supports((int)number())); break;
        case LINEAR: linear(); break;
        case ROWS: rows(); break;
        case ATTENTION: attention(); break;
        case MLP: mlp(); break;
        default: return 4;
        }
        while (count) forget(&pieces[--count]);
        fflush(stdout);
    }
    return 0;
}
