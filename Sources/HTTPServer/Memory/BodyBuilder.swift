internal import Concurrency
import Glibc

/// Collects a request's content as it arrives.
///
/// The memory doubles as octets arrive. The announced length alone never allocates more than `firstStep`, so a client that
/// announces much and sends little costs little. Every growth is reserved from the budget first.
struct BodyBuilder: ~Copyable {
    static let firstStep = 64 << 10

    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private(set) var count = 0
    private let budget: MemoryBudget

    init(budget: MemoryBudget) {
        self.budget = budget
    }

    deinit {
        free(base)
        budget.release(capacity)
    }

    /// Makes room for `additional` more octets of `expected` in total; false if the budget or the memory does not allow it.
    mutating func reserve(_ additional: Int, expected: Int) -> Bool {
        let (needed, overflow) = count.addingReportingOverflow(additional)
        guard !overflow else { return false }
        guard needed > capacity else { return true }
        let doubled = capacity.multipliedReportingOverflow(by: 2)
        let step = max(doubled.overflow ? needed : doubled.partialValue, Self.firstStep)
        let size = max(needed, min(step, expected))
        guard budget.reserve(size - capacity) else { return false }
        guard let fresh = realloc(base, size) else {
            budget.release(size - capacity)
            return false
        }
        base = fresh
        capacity = size
        return true
    }

    /// Appends octets; false as in `reserve`.
    mutating func append(_ octets: UnsafeRawBufferPointer, expected: Int) -> Bool {
        guard let source = octets.baseAddress, octets.count > 0 else { return true }
        guard reserve(octets.count, expected: expected) else { return false }
        (base! + count).copyMemory(from: source, byteCount: octets.count)
        count += octets.count
        return true
    }

    /// Appends octets that are already in memory and cannot be refused; they still count.
    mutating func appendUnlimited(_ octets: UnsafeRawBufferPointer) {
        guard let source = octets.baseAddress, octets.count > 0 else { return }
        let size = count + octets.count
        guard let fresh = realloc(base, size) else { fatalError("out of memory") }
        budget.take(size - capacity)
        base = fresh
        capacity = size
        (fresh + count).copyMemory(from: source, byteCount: octets.count)
        count = size
    }

    /// The free memory after the content, at most `limit` octets; `commit` reports how much of it was filled.
    func spare(limit: Int) -> UnsafeMutableRawBufferPointer {
        guard let base else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return UnsafeMutableRawBufferPointer(start: base + count, count: min(limit, capacity - count))
    }

    mutating func commit(_ amount: Int) {
        precondition(amount >= 0 && amount <= capacity - count)
        count += amount
    }

    /// Hands the content over and becomes empty.
    mutating func take() -> Body {
        let body = Body(adopting: base, count: count, reserved: capacity, budget: budget)
        base = nil
        capacity = 0
        count = 0
        return body
    }

    /// Drops content and memory.
    mutating func reset() {
        free(base)
        budget.release(capacity)
        base = nil
        capacity = 0
        count = 0
    }
}
