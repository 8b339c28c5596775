internal import Concurrency
import Glibc

/// The whole content of a request. It counts against the server's total body memory until its last reference is released.
///
/// The octets never change once an application can see the body.
public final class Body: @unchecked Sendable {
    // Sendable: only the event loop writes, through `BodyBuilder`, and it hands the reference over after its last write. From then
    // on the memory is only read, and freed with the last reference.
    private let base: UnsafeMutableRawPointer?
    /// The number of octets.
    public let count: Int
    private let reserved: Int
    private let budget: MemoryBudget

    /// Takes over memory from `malloc`, and its reservation from `budget`.
    init(adopting base: UnsafeMutableRawPointer?, count: Int, reserved: Int, budget: MemoryBudget) {
        self.base = base
        self.count = count
        self.reserved = reserved
        self.budget = budget
    }

    deinit {
        free(base)
        budget.release(reserved)
    }

    /// Calls `body` with the octets, which are valid only during the call.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The octets, valid while the event loop holds the reference.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count)
    }
}
