internal import HTTPServer

/// What one snapshot takes of the disk on which they lie while they are streamed; given back with the last reference.
final class SpoolShare: Sendable {
    private let budget: MemoryBudget
    private let taken = Guarded(0)

    /// A share of nothing yet.
    init(_ budget: MemoryBudget) { self.budget = budget }

    deinit { budget.release(taken.withLock { $0 }) }

    /// Takes so many bytes more.
    ///
    /// - Throws: 503 where others take the room; 507 where there is not so much in all.
    func take(_ bytes: Int) throws(Problem) {
        let total = taken.withLock { $0 }.addingReportingOverflow(bytes)
        guard !total.overflow, total.partialValue <= budget.limit else {
            throw Problem(
                .insufficientStorage,
                "the snapshot is larger than the \(budget.limit) bytes that all may take while they are streamed; --max-spool allows more")
        }
        guard budget.reserve(bytes) else { throw .busy("other snapshots take all the disk there is for those that are being streamed") }
        taken.withLock { $0 += bytes }
    }
}
