internal import Concurrency

/// The share of one answer's content in the memory for all answers; released when the answer has been sent or dropped.
final class AnswerMemory: Sendable {
    private let count: Int
    private let budget: MemoryBudget

    /// Takes over a reservation from `budget`.
    init(adopting count: Int, of budget: MemoryBudget) {
        self.count = count
        self.budget = budget
    }

    deinit {
        budget.release(count)
    }
}
