import Glibc

/// Decompressed content, in memory that it owns and frees.
public struct InflatedBytes: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// The number of bytes.
    public private(set) var count = 0

    init() {}

    deinit { free(memory.baseAddress) }

    /// Calls `body` with the bytes, which are valid only during the call.
    public borrowing func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: memory.baseAddress, count: count))
    }

    /// Releases the memory to the caller; `adopt` takes it back.
    mutating func take() -> (memory: UnsafeMutableRawBufferPointer, count: Int) {
        defer {
            memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            count = 0
        }
        return (memory, count)
    }

    /// Takes ownership of memory from `malloc`; `count` bytes of it are written.
    mutating func adopt(_ memory: UnsafeMutableRawBufferPointer, count: Int) {
        free(self.memory.baseAddress)
        self.memory = memory
        self.count = count
    }
}
