import Glibc

/// Bytes of a file mapped into memory for reading, for the lifetime of the value.
public struct MappedBytes: ~Copyable {
    private let bytes: UnsafeRawBufferPointer

    /// No bytes: the system cannot map zero bytes.
    init() {
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Takes over a mapping.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    deinit {
        if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
    }

    /// The number of bytes.
    public var count: Int { bytes.count }

    /// Calls `body` with the bytes, which are valid only during the call.
    public borrowing func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }
}

/// The mapping belongs to the value alone and is only read, so any thread may own it.
extension MappedBytes: @unchecked Sendable {}
