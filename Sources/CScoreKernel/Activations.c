#include "Activations.h"

#include <string.h>

// Products and sums are rounded one by one: a fused multiply-add would give other bits.
#pragma STDC FP_CONTRACT OFF

// Vectors of 64 bytes, which a compiler takes apart for processors with shorter ones.
typedef double doubles __attribute__((vector_size(64), aligned(8)));
typedef long long longs __attribute__((vector_size(64), aligned(8)));
typedef float floats __attribute__((vector_size(64), aligned(4)));
typedef int ints __attribute__((vector_size(64), aligned(4)));

enum { DOUBLES = 8, FLOATS = 16 };

#define INLINE __attribute__((always_inline)) static inline

// Near-minimax coefficients, computed to 60 digits from Chebyshev series and rounded.

// sin(2πu)/u in u², |u| ≤ 1/4: to 3·10⁻¹⁹ and 3·10⁻¹¹. The first coefficient is 2π, whose rest is in *_REST.
static const double turn64[] = {
    0x1.921fb54442d18p+2, -0x1.4abbce625be52p+5, 0x1.466bc6775aa7dp+6, -0x1.32d2cce627c86p+6, 0x1.5078348551854p+5,
    -0x1.e3074dfaf87afp+3, 0x1.e8f3675ee37ddp+1, -0x1.6f7acdb8f6580p-1, 0x1.9d462020fcc78p-4};
#define TURN64_REST 0x1.18e26d3ec321cp-52
static const float turn32[] = {
    0x1.921fb6p+2f, -0x1.4abbcep+5f, 0x1.466bcp+6f, -0x1.32d12ep+6f, 0x1.501408p+5f, -0x1.cc9b6p+3f};
#define TURN32_REST -0x1.77b55ep-23f

// (eʳ − 1 − r)/r², |r| ≤ ln 2/2.
static const double exp64[] = {
    0x1.0000000000000p-1, 0x1.5555555555557p-3, 0x1.5555555555556p-5, 0x1.11111111100bep-7, 0x1.6c16c16c162c3p-10,
    0x1.a01a01abf85abp-13, 0x1.a01a01a6e1e2ap-16, 0x1.71de01fdbf9cap-19, 0x1.27e4db46cddd1p-22, 0x1.af4e554377204p-26,
    0x1.1f7340dbc337ep-29};
static const float exp32[] = {0x1.0p-1f, 0x1.555556p-3f, 0x1.5554e8p-5f, 0x1.1110ep-7f, 0x1.6d43bp-10f, 0x1.a1256cp-13f};

// (1 + 1.25a)·exp(a²/2)·Φ(−a) in (a−5)/(a+5) for a ≤ 38, and in (a−2)/(a+2) for a ≤ 13.
static const double tail64[] = {
    0x1.1d864303d4c84p-1, -0x1.41d8de9621f7ep-4, 0x1.402b0e173952dp-7, 0x1.0c13034c1681dp-5, -0x1.705abcaccf266p-5,
    0x1.2b35cdd1fc4c3p-5, -0x1.5b84cd89446d6p-6, 0x1.1ea0ee8ebd6b4p-7, -0x1.19cd4b4f846bep-9, -0x1.8fcb9a4bd69c9p-16,
    0x1.fda8c9f361a79p-13, -0x1.1a113b6bbd20cp-14, -0x1.d6ce1d107aa91p-17, 0x1.86aec61eeb1f6p-17, 0x1.5a201479f3c4ap-24,
    -0x1.c79c34b16f121p-20, 0x1.2e2fafb9a1a70p-23, 0x1.1561e7dcead19p-22, -0x1.fffbed0c42eb7p-26, -0x1.7309ebcf0c3b7p-25,
    0x1.ca4fa8981f4a2p-29, 0x1.fb966f065e87ep-28, 0x1.8081e9b400eddp-32, -0x1.f7f1f721e1655p-31, -0x1.d458d1e55cdcap-33};
static const float tail32[] = {
    0x1.2d3d2p-1f, -0x1.35de9ap-5f, -0x1.95d28p-4f, 0x1.5faa56p-5f, 0x1.b52beep-7f, -0x1.8ded5ep-8f, -0x1.10037p-8f,
    0x1.15a98ep-15f, 0x1.cf4802p-11f, 0x1.3b31c6p-12f, 0x1.523a7cp-17f};

// 1.5·2⁵² and 1.5·2²³: adding and subtracting one rounds to an integer, and the sum's low bits are that integer.
#define ROUND64 0x1.8p52
#define ROUND32 0x1.8p23f

// The polynomial with `count` coefficients from `c` at x, by Horner's rule, into `sum`.
#define POLYNOMIAL(sum, c, count, x)                                            \
    do {                                                                        \
        sum = (__typeof__(sum)){0} + (c)[(count) - 1];                          \
        for (int term = (count) - 2; term >= 0; term--) sum = sum * (x) + (c)[term]; \
    } while (0)
#define COUNT(c) (int)(sizeof(c) / sizeof(*(c)))

// Calls `body` with pieces of `lanes` values; the last values in a copy padded with zeros.
#define ACTIVATE(type, lanes, body)                                 \
    size_t whole = count / lanes * lanes;                           \
    for (size_t first = 0; first < whole; first += lanes) {         \
        type *part = h + first;                                     \
        body;                                                       \
    }                                                               \
    if (whole < count) {                                            \
        size_t first = whole;                                       \
        type copy[lanes] = {0}, *part = copy;                       \
        (void)first;                                                \
        memcpy(copy, h + whole, (count - whole) * sizeof(type));    \
        body;                                                       \
        memcpy(h + whole, copy, (count - whole) * sizeof(type));    \
    }

#define NAME(function) activation_common_##function
#include "ActivationLoops.h"
#undef NAME

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define NAME(function) activation_avx2_##function
#include "ActivationLoops.h"
#undef NAME
#pragma clang attribute pop

#endif

void activation_relu_f64(double *h, size_t count, double factor) {
    for (size_t index = 0; index < count; index++) h[index] = h[index] < 0 ? 0 : h[index] * factor;
}

void activation_relu_f32(float *h, size_t count, float factor) {
    for (size_t index = 0; index < count; index++) h[index] = h[index] < 0 ? 0 : h[index] * factor;
}
