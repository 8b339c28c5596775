internal import AnalyticLearning
internal import Concurrency

/// Small predictions that wait for a compute thread. The thread that comes to one of them takes all that wait for the same weights, and
/// scores them with one product.
///
/// Each has a task of its own in the pool, so what may wait is counted there. The task of one that was taken along finds nothing to do.
final class WaitingPredictions<Member: Sendable>: Sendable {
    struct Entry: Sendable {
        fileprivate let number: UInt64
        let scorer: Scorer
        let features: [Float]
        let rows: Int
        let member: Member
    }

    private struct State {
        /// In order of arrival.
        var entries: [Entry] = []
        var lastNumber: UInt64 = 0
    }

    private let state = Guarded(State())

    /// Rows of one product.
    static var maximumRows: Int { 64 }

    /// Adds a prediction.
    ///
    /// - Returns: its number, for `take`.
    func add(_ member: Member, _ scorer: Scorer, rows: Int, _ features: [Float]) -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            state.entries.append(Entry(number: state.lastNumber, scorer: scorer, features: features, rows: rows, member: member))
            return state.lastNumber
        }
    }

    /// Takes a prediction, if it still waits, and others of the same weights, oldest first.
    ///
    /// - Complexity: O(n) in those that wait, which the pool limits.
    func take(_ number: UInt64) -> [Entry] {
        state.withLock { state in
            guard let own = state.entries.firstIndex(where: { $0.number == number }) else { return [] }
            var taken = [state.entries.remove(at: own)]
            var rows = taken[0].rows
            let scorer = taken[0].scorer
            state.entries.removeAll { entry in
                guard entry.scorer.weights === scorer.weights, entry.scorer.kind == scorer.kind, rows + entry.rows <= Self.maximumRows
                else { return false }
                rows += entry.rows
                taken.append(entry)
                return true
            }
            return taken
        }
    }

    /// Takes a prediction alone, because the pool takes no task for it; false if another task has taken it already.
    func withdraw(_ number: UInt64) -> Bool {
        state.withLock { state in
            guard let own = state.entries.firstIndex(where: { $0.number == number }) else { return false }
            state.entries.remove(at: own)
            return true
        }
    }
}
