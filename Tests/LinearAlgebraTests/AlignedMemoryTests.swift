import Glibc
import Testing

@testable import LinearAlgebra

@Suite struct AlignedMemoryTests {
    @Test(arguments: [4096, 32_768, 1 << 20]) func whatLiesBehindMayBeRead(bytes: Int) throws {
        // The kernel maps downwards: with the upper one gone, nothing need be behind the lower one.
        let pair = try [AlignedMemory.allocate(bytes: bytes), AlignedMemory.allocate(bytes: bytes)].sorted()
        AlignedMemory.deallocate(pair[1], bytes: bytes)
        var residency: UInt8 = 0
        #expect(mincore(pair[0] + bytes, 1, &residency) == 0, "the page behind is not mapped")
        AlignedMemory.deallocate(pair[0], bytes: bytes)
    }
}
