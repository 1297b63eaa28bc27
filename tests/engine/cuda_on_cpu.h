// Enough of CUDA for a C++ compiler to run the source of our kernels: the threads of a block are fibers, which change
// places where they wait for each other; blocks run one after the other. Shared memory is static.

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <ucontext.h>
#include <vector>

#define __device__
#define __shared__ static
#define __align__(bytes) alignas(bytes)
#define KERNEL(name, Args, threads) extern "C" void name(const Args &a)

struct Place {
    int x, y, z;
};

using std::max;
using std::min;

namespace cuda_on_cpu {

constexpr int MOST_THREADS = 256, STACK_BYTES = 256 << 10;

struct Meeting {
    int size = 0, arrived = 0;
    unsigned round = 0;
};

ucontext_t first_entry, scheduler_entry;
jmp_buf fibers[MOST_THREADS], scheduler;  // a jump asks the system for nothing, swapcontext for the signal mask
bool is_started[MOST_THREADS], is_done[MOST_THREADS];
std::vector<char> stacks(size_t(MOST_THREADS) * STACK_BYTES);
int running, threads;
Meeting block_meeting, warp_meetings[MOST_THREADS / 32];
uint32_t slots[MOST_THREADS];
void (*kernel)(const void *);
const void *arguments;

inline void leave() {
    if (_setjmp(fibers[running]) == 0) _longjmp(scheduler, 1);
}

// A thread that is done is waited for by nobody, as __syncthreads has it.
inline void meet(Meeting &at) {
    const unsigned round = at.round;
    at.arrived++;
    while (at.round == round) {
        if (at.arrived >= at.size) {
            at.arrived = 0;
            at.round++;
        } else {
            leave();
        }
    }
}

inline void run_fiber() {
    kernel(arguments);
    is_done[running] = true;
    block_meeting.size--;
    warp_meetings[running / 32].size--;
    _longjmp(scheduler, 1);
}

inline void enter(int thread) {
    running = thread;
    if (_setjmp(scheduler) != 0) return;
    if (is_started[thread]) _longjmp(fibers[thread], 1);
    is_started[thread] = true;
    getcontext(&first_entry);
    first_entry.uc_stack.ss_sp = stacks.data() + size_t(thread) * STACK_BYTES;
    first_entry.uc_stack.ss_size = STACK_BYTES;
    first_entry.uc_link = nullptr;
    makecontext(&first_entry, run_fiber, 0);
    swapcontext(&scheduler_entry, &first_entry);
}

}  // namespace cuda_on_cpu

static Place blockIdx, blockDim;
struct ThreadPlace {
    struct {
        operator int() const { return cuda_on_cpu::running; }
    } x;
};
static const ThreadPlace threadIdx{};

inline void __syncthreads() { cuda_on_cpu::meet(cuda_on_cpu::block_meeting); }

inline float __shfl_xor_sync(unsigned, float value, int apart) {
    using namespace cuda_on_cpu;
    Meeting &warp = warp_meetings[running / 32];
    std::memcpy(&slots[running], &value, sizeof value);
    meet(warp);
    std::memcpy(&value, &slots[running ^ apart], sizeof value);
    meet(warp);
    return value;
}

inline float __uint_as_float(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint32_t __float_as_uint(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline uint32_t __byte_perm(uint32_t low, uint32_t high, uint32_t select) {
    const uint64_t bytes = uint64_t(high) << 32 | low;
    uint32_t found = 0;
    for (int i = 0; i < 4; i++) found |= uint32_t(bytes >> (8 * (select >> (4 * i) & 7)) & 255) << (8 * i);
    return found;
}

inline float rsqrtf(float value) { return 1.0f / std::sqrt(value); }

inline float half_to_float(uint16_t bits) {
    _Float16 value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint16_t float_to_half(float wide) {
    const _Float16 value = _Float16(wide);
    uint16_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

extern "C" void run_kernel(void (*kernel)(const void *), const int *grid, int threads, const void *arguments) {
    namespace on = cuda_on_cpu;
    on::kernel = kernel, on::arguments = arguments, on::threads = threads;
    blockDim = {threads, 1, 1};
    for (int number = 0; number < grid[0] * grid[1] * grid[2]; number++) {
        blockIdx = {number % grid[0], number / grid[0] % grid[1], number / grid[0] / grid[1]};
        on::block_meeting = {threads, 0, 0};
        for (int w = 0; w < threads / 32; w++) on::warp_meetings[w] = {32, 0, 0};
        for (int t = 0; t < threads; t++) on::is_started[t] = on::is_done[t] = false;
        for (bool goes_on = true; goes_on;) {
            goes_on = false;
            for (int t = 0; t < threads; t++)
                if (!on::is_done[t]) {
                    goes_on = true;
                    on::enter(t);
                }
        }
    }
}
