// Activations of random feature maps, in place, with the same bits on every machine: only operations whose rounding IEEE 754 fixes, and
// nothing of the C library.
//
// Each first multiplies by `factor`. `phase` holds the values of as many whole vectors of 16 as `count` reaches into. NaN stays.
#ifndef ACCRUE_ACTIVATIONS_H
#define ACCRUE_ACTIVATIONS_H

#include <stddef.h>

// From this many turns on a Float32 cosine is NaN: too few digits are left, and its row is scored in Float64.
enum { ACTIVATION_LARGEST_TURN = 64 };

// h ← max(0, h)·factor.
void activation_relu_f64(double *h, size_t count, double factor);
void activation_relu_f32(float *h, size_t count, float factor);

// gelu: h ← z·Φ(z), z = h·factor, Φ the distribution function of N(0, 1). In Float64 within 6 ulps down to z = −37.5, and −0
// below; in Float32 within 6 ulps down to z = −13, and infinite z becomes NaN.
//
// cosine: h ← amplitude·cos 2πt, t = h·factor + phase. Within 4 ulps of that of t as rounded, for |t| < 2⁵¹ in Float64 and below
// ACTIVATION_LARGEST_TURN in Float32. From 2⁵¹ turns on, t counts as whole turns.
//
// All vectors give the same bits. Call a function only if the processor has its instructions.
#define ACTIVATION_FUNCTIONS(NAME)                                                                           \
    void NAME##_gelu_f64(double *h, size_t count, double factor);                                            \
    void NAME##_gelu_f32(float *h, size_t count, float factor);                                              \
    void NAME##_cosine_f64(double *h, const float *phase, size_t count, double factor, double amplitude);    \
    void NAME##_cosine_f32(float *h, const float *phase, size_t count, float factor, float amplitude);

ACTIVATION_FUNCTIONS(activation_common)
#if defined(__x86_64__)
ACTIVATION_FUNCTIONS(activation_avx2)
#endif
#undef ACTIVATION_FUNCTIONS

#endif
