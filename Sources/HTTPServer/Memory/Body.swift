internal import Concurrency
import Glibc

/// The whole content of a request, owned by whoever holds the reference; it counts against the server's total body memory until
/// it dies.
///
/// The octets never change once an application can see the body.
public final class Body: @unchecked Sendable {
    // Sendable: only the event loop writes, through `BodyBuilder`, and it gives the reference away after its last write; from then
    // on the memory is read alone, and freed with the last reference.
    private let base: UnsafeMutableRawPointer?
    /// The number of octets.
    public let count: Int
    private let reserved: Int
    private let budget: MemoryBudget

    /// Takes over memory from `malloc`, and the reservation in `budget` that goes with it.
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

    /// Calls `body` with the octets, which are valid during the call.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The octets for as long as the event loop holds the reference.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count)
    }
}
