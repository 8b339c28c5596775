import Glibc

/// How the C library keeps memory that was freed.
enum Heap {
    /// Blocks of this size have pages of their own, which go back to the system with them. Smaller ones are too frequent for that.
    private static let pagedSize: Int32 = 4 << 20
    /// Free memory at the end of a heap that is kept for the next block.
    private static let kept: Int32 = 8 << 20

    /// `mallopt`, which Glibc's module map leaves out.
    private static let setOption = dlsym(nil, "mallopt").map {
        unsafeBitCast($0, to: (@convention(c) (_ option: Int32, _ value: Int32) -> Int32).self)
    }

    /// Lets freed memory go back to the system after a burst of large requests.
    ///
    /// The C library raises its own limits to the size of whatever is freed, up to 32 MiB, and then keeps twice as much at the end of each
    /// thread's heap. What the environment sets is left alone.
    static func returnLargeBlocks() {
        let variables = ["GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]
        guard let setOption, variables.allSatisfy({ getenv($0) == nil }) else { return }
        // M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h.
        _ = setOption(-3, pagedSize)
        _ = setOption(-1, kept)
    }
}
