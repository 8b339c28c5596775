/// An operation that changes something. A new one needs a type with these two functions, and a place in `ChangingOperations.all`.
protocol ChangingOperation: Sendable {
    /// Names in the service's document.
    static var operations: [String] { get }
    /// How often it is drawn.
    static var weight: Int { get }
    /// Draws a call that is to succeed.
    ///
    /// - Returns: nil where the models allow none.
    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall?
    /// Calls that are refused in this state.
    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall]
}

/// All of them.
enum ChangingOperations {
    static let all: [any ChangingOperation.Type] = [
        LearnCalls.self, UnlearnCalls.self, MergeCalls.self, RestoreCalls.self, CreateCalls.self, DeleteModelCalls.self, PatchCalls.self,
        RenameCalls.self, DeleteClassCalls.self, RebalanceCalls.self, UnloadCalls.self,
    ]

    /// The operation that is called so in the document.
    static func type(of operation: String) -> (any ChangingOperation.Type)? { all.first { $0.operations.contains(operation) } }
}
