// The instructions for CRC-32C, which Swift cannot use directly: crc32 of SSE4.2 on x86-64, crc32cx of ARMv8's CRC extension.
//
// Registers are inverted neither on entry nor on return. Call nothing else here if crc32c_is_supported() is false.
#ifndef ACCRUE_CCHECKSUM_H
#define ACCRUE_CCHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Clang's builtins instead of the intrinsics' headers: those are modules, unavailable to a target without the instruction.
#if defined(__x86_64__)
#define ACCRUE_CRC32C __attribute__((target("sse4.2")))
#define ACCRUE_CRC32C_8(crc, byte) __builtin_ia32_crc32qi(crc, byte)
#define ACCRUE_CRC32C_64(crc, word) ((uint32_t)__builtin_ia32_crc32di(crc, word))
static inline bool crc32c_is_supported(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#define ACCRUE_CRC32C __attribute__((target("crc")))
#define ACCRUE_CRC32C_8(crc, byte) __builtin_arm_crc32cb(crc, byte)
#define ACCRUE_CRC32C_64(crc, word) __builtin_arm_crc32cd(crc, word)
// Bit 7 is HWCAP_CRC32 of <asm/hwcap.h>.
static inline bool crc32c_is_supported(void) { return (getauxval(AT_HWCAP) & 1 << 7) != 0; }
#else
#define ACCRUE_CRC32C
#define ACCRUE_CRC32C_8(crc, byte) ((void)(byte), crc)
#define ACCRUE_CRC32C_64(crc, word) ((void)(word), crc)
static inline bool crc32c_is_supported(void) { return false; }
#endif

// The next eight bytes, at any alignment. Both processors are little-endian here.
static inline uint64_t crc32c_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

// The register after `count` bytes.
ACCRUE_CRC32C static inline uint32_t crc32c_update(uint32_t crc, const void *start, size_t count) {
    const uint8_t *bytes = start;
    for (; count >= 8; count -= 8, bytes += 8) crc = ACCRUE_CRC32C_64(crc, crc32c_word(bytes));
    for (; count > 0; count--, bytes++) crc = ACCRUE_CRC32C_8(crc, *bytes);
    return crc;
}

// Three registers after three adjacent runs of `stride` bytes, a multiple of 8: the instruction takes three cycles, but one can start in
// each cycle.
ACCRUE_CRC32C static inline void crc32c_update_three(uint32_t registers[3], const void *start, size_t stride) {
    const uint8_t *first = start, *second = first + stride, *third = second + stride;
    uint32_t a = registers[0], b = registers[1], c = registers[2];
    // The processor's own prefetching does not follow runs this short, so the next three are prefetched. Past the end a prefetch does
    // nothing.
    uintptr_t next = (uintptr_t)third + stride;
    for (size_t offset = 0; offset < stride; offset += 8) {
        __builtin_prefetch((const void *)(next + 3 * offset));
        a = ACCRUE_CRC32C_64(a, crc32c_word(first + offset));
        b = ACCRUE_CRC32C_64(b, crc32c_word(second + offset));
        c = ACCRUE_CRC32C_64(c, crc32c_word(third + offset));
    }
    registers[0] = a;
    registers[1] = b;
    registers[2] = c;
}

#undef ACCRUE_CRC32C
#undef ACCRUE_CRC32C_8
#undef ACCRUE_CRC32C_64
#endif
