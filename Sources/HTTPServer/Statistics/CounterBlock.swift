import Synchronization

/// Counters that one thread increments and any thread reads. They need neither a lock nor atomic addition, because there is one
/// writer.
///
/// `@unchecked Sendable`: the counters are atomic, and their memory lives as long as the block.
final class CounterBlock: @unchecked Sendable {
    let count: Int
    private let counters: UnsafeMutablePointer<Atomic<UInt64>>

    init(count: Int) {
        self.count = count
        counters = .allocate(capacity: count)
        for index in 0..<count { (counters + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counters.deinitialize(count: count)
        counters.deallocate()
    }

    /// Adds to a counter; on the owning thread only.
    func add(_ amount: UInt64, to index: Int) {
        precondition(index >= 0 && index < count, "there is no such counter")
        let counter = counters + index
        counter.pointee.store(counter.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// A counter's value; on any thread.
    subscript(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count, "there is no such counter")
        return counters[index].load(ordering: .relaxed)
    }
}
