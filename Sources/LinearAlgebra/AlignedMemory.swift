internal import Glibc

/// Zero-filled memory from the operating system, for matrices.
///
/// Pages are given only when they are touched, so a large square costs nothing until something is learned into it.
enum AlignedMemory {
    /// Mapped behind the bytes that were asked for: kernels of OpenBLAS load the next elements of a vector before they know that there are
    /// none (0.3.21's dsymv, 32 bytes). Where the bytes end with a page, that would end the process.
    private static let slack = 64

    /// - Throws: `LinearAlgebraError.outOfMemory`, also where the address space would do and the machine's memory would not.
    static func allocate(bytes: Int) throws(LinearAlgebraError) -> UnsafeMutableRawPointer {
        guard bytes > 0 else { return UnsafeMutableRawPointer(bitPattern: 64)! }
        guard AvailableMemory.admits(bytes) else { throw .outOfMemory(bytes: bytes) }
        let address = mmap(nil, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { throw .outOfMemory(bytes: bytes) }
        AvailableMemory.noteMapped(bytes)
        return address
    }

    static func deallocate(_ address: UnsafeMutableRawPointer, bytes: Int) {
        guard bytes > 0 else { return }
        munmap(address, bytes + slack)
        AvailableMemory.noteUnmapped(bytes)
    }
}
