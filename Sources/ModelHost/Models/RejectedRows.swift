internal import Synchronization

/// How many rows a model's predictions have rejected since the server started. Event loops and compute threads count them.
package final class RejectedRows: Sendable {
    private let rows = Atomic<Int>(0)

    /// The rows so far.
    package var count: Int { rows.load(ordering: .relaxed) }

    /// Counts the rejected rows of an answer.
    package func add(_ rows: Int) {
        if rows > 0 { self.rows.wrappingAdd(rows, ordering: .relaxed) }
    }
}
