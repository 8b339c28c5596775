// Loops of `ScoreKernel` with the vectors of AVX2 and AVX-512, which Swift uses only if every processor of the build has them.
//
// They give the bits of the loops in Swift: each output of the map is one sum over the inputs in order, each score sixteen sums side by
// side, added up in the same tree. Products and sums are rounded one by one; a fused multiply-add would give other bits.
//
// Call a function only if the processor has its instructions.
#ifndef ACCRUE_CSCOREKERNEL_H
#define ACCRUE_CSCOREKERNEL_H

#include <stdbool.h>
#include <stddef.h>

// Outputs of a tile of Ω.
enum { SCORE_TILE = 64 };

#if defined(__x86_64__)

bool score_kernel_has_avx2(void);
bool score_kernel_has_avx512(void);

// h ← xΩ for `rows` rows of `inputs` values and `outputs` columns, a multiple of SCORE_TILE; a sum below `least` becomes 0, NaN stays.
void score_kernel_avx2_map(
    const float *x, size_t rows, size_t inputs, const float *tiles, size_t outputs, float *h, size_t stride, float least);
void score_kernel_avx512_map(
    const float *x, size_t rows, size_t inputs, const float *tiles, size_t outputs, float *h, size_t stride, float least);

// scores[r, c] ← h_r·w_c for `rows` rows and `classes` classes of `stride` values, a multiple of 16.
void score_kernel_avx2_score(const float *h, size_t rows, const float *weights, size_t classes, size_t stride, float *scores);
void score_kernel_avx512_score(const float *h, size_t rows, const float *weights, size_t classes, size_t stride, float *scores);

#endif
#endif
