internal import Glibc

/// Zero-filled memory for matrices, aligned to a cache line.
///
/// Large matrices get pages of their own, which the system provides only when they are touched: a large square costs nothing until
/// something is learned into it. Small matrices share pages; otherwise each would take at least one.
enum AlignedMemory {
    /// Bytes mapped after those requested: OpenBLAS kernels load the next elements of a vector before checking that there are any (0.3.21's
    /// dsymv, 32 bytes). At the end of a page that would crash the process.
    private static let slack = 64
    /// Matrices of fewer bytes share pages.
    static let pagedSize = 16 << 10

    /// - Throws: `LinearAlgebraError.outOfMemory`, even if there is address space but not enough memory on the machine.
    static func allocate(bytes: Int) throws(LinearAlgebraError) -> UnsafeMutableRawPointer {
        guard bytes > 0 else { return UnsafeMutableRawPointer(bitPattern: 64)! }
        guard AvailableMemory.admits(bytes), !AllocationFault.strikes() else { throw .outOfMemory(bytes: bytes) }
        guard bytes >= pagedSize else {
            var address: UnsafeMutableRawPointer?
            guard posix_memalign(&address, 64, bytes + slack) == 0, let address else { throw .outOfMemory(bytes: bytes) }
            address.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
            AllocationTally.add(bytes)
            return address
        }
        let address = mmap(nil, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { throw .outOfMemory(bytes: bytes) }
        AvailableMemory.noteMapped(bytes)
        AllocationTally.add(bytes)
        return address
    }

    /// Returns the pages after the first `start` bytes to the system; they then read as zeros. Keeps a page that is partly in use.
    ///
    /// - Parameter end: the allocated bytes.
    static func discard(_ address: UnsafeMutableRawPointer, from start: Int, to end: Int) {
        guard end >= pagedSize else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        // Mapped memory starts at a page, and nothing else is on its last one.
        let (first, last) = ((start + page - 1) / page * page, (end + slack + page - 1) / page * page)
        guard first < last else { return }
        madvise(address + first, last - first, MADV_DONTNEED)
        AllocationTally.add(first - last)
    }

    static func deallocate(_ address: UnsafeMutableRawPointer, bytes: Int) {
        guard bytes > 0 else { return }
        AllocationTally.add(-bytes)
        guard bytes >= pagedSize else { return free(address) }
        munmap(address, bytes + slack)
        AvailableMemory.noteUnmapped(bytes)
    }
}
