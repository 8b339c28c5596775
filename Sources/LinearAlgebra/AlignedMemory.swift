internal import Glibc

/// Zero-filled memory from the operating system, for matrices.
///
/// Pages are given only when they are touched, so a large square costs nothing until something is learned into it.
enum AlignedMemory {
    /// - Throws: `LinearAlgebraError.outOfMemory`, also where the address space would do and the machine's memory would not.
    static func allocate(bytes: Int) throws(LinearAlgebraError) -> UnsafeMutableRawPointer {
        guard bytes > 0 else { return UnsafeMutableRawPointer(bitPattern: 64)! }
        guard AvailableMemory.admits(bytes) else { throw .outOfMemory(bytes: bytes) }
        let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { throw .outOfMemory(bytes: bytes) }
        AvailableMemory.noteMapped(bytes)
        return address
    }

    static func deallocate(_ address: UnsafeMutableRawPointer, bytes: Int) {
        guard bytes > 0 else { return }
        munmap(address, bytes)
        AvailableMemory.noteUnmapped(bytes)
    }
}
