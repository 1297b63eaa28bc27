/* A mapped file that somebody cuts while it is in use: what lay behind its new end raises SIGBUS, which would end the
 * process. Here it becomes zeros, and a flag of the map says so. The step that reads them ends as always, on whichever
 * thread, in C, torch or Python; what it made is then refused (Engine.run).
 *
 * POSIX only: Windows lets nobody cut a file that is mapped. */
#define _DEFAULT_SOURCE 1  /* glibc: MAP_ANONYMOUS, SA_ONSTACK */
#define _DARWIN_C_SOURCE 1 /* the same for Apple */
#include "kernels.h"

#if !defined(_WIN32)
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(MAP_NORESERVE)
#define MAP_NORESERVE 0
#endif

enum { MOST_MAPS = 1024 }; /* the largest models come in some 200 files */

static struct {
    atomic_uintptr_t first; /* 0: free */
    uintptr_t last;
    atomic_int *was_cut;
} maps[MOST_MAPS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before;
static uintptr_t page_bytes;
static atomic_int is_handed_over;

/* Whether `at` lies in a map: zeros from its page to the map's end. mmap is no more than a call of the system here. */
static int replace(uintptr_t at) {
    for (int i = 0; i < MOST_MAPS; i++) {
        uintptr_t first = atomic_load(&maps[i].first), page = at & ~(page_bytes - 1);
        if (!first || at < first || at >= maps[i].last) continue;
        void *found = mmap((void *)page, maps[i].last - page, PROT_READ | PROT_WRITE,
                           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (found == MAP_FAILED) return 0;
        atomic_store(maps[i].was_cut, 1);
        return 1;
    }
    return 0;
}

/* What is not ours goes to whoever was there before, once: a handler that hands it on to us again gets the default. */
static void answer(int number, siginfo_t *info, void *context) {
    (void)context;
    int error = errno, is_fault = info->si_code > 0;
    if (!is_fault || !replace((uintptr_t)info->si_addr)) {
        struct sigaction next = before;
        if (atomic_exchange(&is_handed_over, 1) || (!(next.sa_flags & SA_SIGINFO) && next.sa_handler == SIG_IGN)) {
            next.sa_flags = 0;
            next.sa_handler = SIG_DFL;
        }
        sigaction(number, &next, NULL);
        if (!is_fault) raise(number); /* a fault comes again by itself */
    }
    errno = error;
}

static int listen(void) {
    struct sigaction now, ours = {0};
    if (sigaction(SIGBUS, NULL, &now) != 0) return -1;
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == answer) return 0;
    before = now;
    page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    ours.sa_sigaction = answer;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&ours.sa_mask);
    return sigaction(SIGBUS, &ours, NULL);
}

/* Watch over `size` mapped bytes; `was_cut` becomes 1 when they had to be replaced. A number for `unguard`, or -1. */
FIRESIDE_API int fireside_guard(const void *start, int64_t size, int *was_cut) {
    int found = -1;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_MAPS && found < 0; i++) {
        if (atomic_load(&maps[i].first) || listen() != 0) continue;
        maps[i].last = (uintptr_t)start + (uintptr_t)size;
        maps[i].was_cut = (atomic_int *)was_cut;
        atomic_store(&maps[i].first, (uintptr_t)start);
        found = i;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

FIRESIDE_API void fireside_unguard(int number) {
    if (number >= 0 && number < MOST_MAPS) atomic_store(&maps[number].first, 0);
}

#else

FIRESIDE_API int fireside_guard(const void *start, int64_t size, int *was_cut) {
    (void)start, (void)size, (void)was_cut;
    return -1;
}

FIRESIDE_API void fireside_unguard(int number) { (void)number; }

#endif
