internal import Concurrency

/// What the content of one answer holds of the memory for all answers: given back when it has been sent, or never will be.
final class AnswerMemory: Sendable {
    private let count: Int
    private let budget: MemoryBudget

    /// Takes over a reservation in `budget`.
    init(adopting count: Int, of budget: MemoryBudget) {
        self.count = count
        self.budget = budget
    }

    deinit {
        budget.release(count)
    }
}
