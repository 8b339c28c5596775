#include "CScoreKernel.h"

#if defined(__x86_64__)

bool score_kernel_has_avx2(void) { return __builtin_cpu_supports("avx2"); }
bool score_kernel_has_avx512(void) { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"); }

// Sixteen values at any alignment: one vector of AVX-512, two of AVX2.
typedef float score_lanes __attribute__((vector_size(64), aligned(4)));
typedef int score_masks __attribute__((vector_size(64)));

#define SCORE_INLINE(TARGET) TARGET __attribute__((always_inline)) static inline
#define SCORE_LOAD(address) (*(const score_lanes *)(address))

// The functions of one instruction set. ROWS × PARTS and ROWS × CLASSES sums of sixteen lanes fit its registers, with their operands.
#define SCORE_KERNEL(NAME, TARGET, ROWS, PARTS, CLASSES)                                                                             \
    /* h ← xΩ for `rows` of at most ROWS rows and `parts` of at most four times sixteen outputs of a tile; 0 below `least`. */       \
    SCORE_INLINE(TARGET) void NAME##_part(                                                                                           \
        const float *x, size_t rows, size_t inputs, const float *tile, size_t parts, float *h, size_t stride, float least) {         \
        _Pragma("STDC FP_CONTRACT OFF") score_lanes sums[ROWS][4];                                                                   \
        for (size_t row = 0; row < rows; row++)                                                                                      \
            for (size_t part = 0; part < parts; part++) sums[row][part] = (score_lanes){0};                                          \
        for (size_t input = 0; input < inputs; input++) {                                                                            \
            score_lanes omega[4];                                                                                                    \
            for (size_t part = 0; part < parts; part++) omega[part] = SCORE_LOAD(tile + input * SCORE_TILE + 16 * part);             \
            for (size_t row = 0; row < rows; row++) {                                                                                \
                float value = x[row * inputs + input];                                                                               \
                for (size_t part = 0; part < parts; part++) sums[row][part] += omega[part] * value;                                  \
            }                                                                                                                        \
        }                                                                                                                            \
        for (size_t row = 0; row < rows; row++)                                                                                      \
            for (size_t part = 0; part < parts; part++)                                                                              \
                *(score_lanes *)(h + row * stride + 16 * part) =                                                                     \
                    (score_lanes)((score_masks)sums[row][part] & ~(sums[row][part] < least));                                        \
    }                                                                                                                                \
    /* The same for all tiles and any number of rows. */                                                                             \
    TARGET void NAME##_map(                                                                                                          \
        const float *x, size_t rows, size_t inputs, const float *tiles, size_t outputs, float *h, size_t stride, float least) {      \
        size_t blocked = rows / ROWS * ROWS;                                                                                         \
        for (size_t first = 0; first < outputs; first += SCORE_TILE) {                                                               \
            const float *tile = tiles + first * inputs;                                                                              \
            for (size_t part = 0; part < 4; part += PARTS)                                                                           \
                for (size_t row = 0; row < blocked; row += ROWS) {                                                                   \
                    float *to = h + row * stride + first + 16 * part;                                                                \
                    NAME##_part(x + row * inputs, ROWS, inputs, tile + 16 * part, PARTS, to, stride, least);                         \
                }                                                                                                                    \
            for (size_t row = blocked; row < rows; row++)                                                                            \
                NAME##_part(x + row * inputs, 1, inputs, tile, 4, h + row * stride + first, stride, least);                          \
        }                                                                                                                            \
    }                                                                                                                                \
    /* scores[r, c] ← h_r·w_c for `rows` of at most ROWS rows and `count` of at most CLASSES classes. */                             \
    SCORE_INLINE(TARGET) void NAME##_block(                                                                                          \
        const float *h, size_t rows, const float *weights, size_t count, size_t stride, float *scores, size_t classes) {             \
        _Pragma("STDC FP_CONTRACT OFF") score_lanes sums[ROWS][CLASSES];                                                             \
        for (size_t row = 0; row < rows; row++)                                                                                      \
            for (size_t column = 0; column < count; column++) sums[row][column] = (score_lanes){0};                                  \
        for (size_t index = 0; index < stride; index += 16) {                                                                        \
            score_lanes columns[CLASSES];                                                                                            \
            for (size_t column = 0; column < count; column++) columns[column] = SCORE_LOAD(weights + column * stride + index);       \
            for (size_t row = 0; row < rows; row++) {                                                                                \
                score_lanes values = SCORE_LOAD(h + row * stride + index);                                                           \
                for (size_t column = 0; column < count; column++) sums[row][column] += values * columns[column];                     \
            }                                                                                                                        \
        }                                                                                                                            \
        for (size_t row = 0; row < rows; row++)                                                                                      \
            for (size_t column = 0; column < count; column++) {                                                                      \
                float eight[8], four[4];                                                                                             \
                for (size_t lane = 0; lane < 8; lane++) eight[lane] = sums[row][column][lane] + sums[row][column][lane + 8];         \
                for (size_t lane = 0; lane < 4; lane++) four[lane] = eight[lane] + eight[lane + 4];                                  \
                float even = four[0] + four[2], odd = four[1] + four[3];                                                             \
                scores[row * classes + column] = even + odd;                                                                         \
            }                                                                                                                        \
    }                                                                                                                                \
    /* The same for any number of rows and classes. */                                                                               \
    TARGET void NAME##_score(                                                                                                        \
        const float *h, size_t rows, const float *weights, size_t classes, size_t stride, float *scores) {                           \
        for (size_t row = 0; row < rows;) {                                                                                          \
            size_t block = rows - row < ROWS ? 1 : ROWS;                                                                             \
            for (size_t column = 0; column < classes;) {                                                                             \
                size_t count = classes - column < CLASSES ? 1 : CLASSES;                                                             \
                const float *first = h + row * stride, *from = weights + column * stride;                                            \
                float *to = scores + row * classes + column;                                                                         \
                if (block == ROWS && count == CLASSES) NAME##_block(first, ROWS, from, CLASSES, stride, to, classes);                \
                else if (block == ROWS) NAME##_block(first, ROWS, from, 1, stride, to, classes);                                     \
                else if (count == CLASSES) NAME##_block(first, 1, from, CLASSES, stride, to, classes);                               \
                else NAME##_block(first, 1, from, 1, stride, to, classes);                                                           \
                column += count;                                                                                                     \
            }                                                                                                                        \
            row += block;                                                                                                            \
        }                                                                                                                            \
    }

SCORE_KERNEL(score_kernel_avx2, __attribute__((target("avx2"))), 4, 1, 2)
SCORE_KERNEL(score_kernel_avx512, __attribute__((target("avx512f,avx512dq,no-prefer-256-bit"))), 4, 4, 4)

#endif
