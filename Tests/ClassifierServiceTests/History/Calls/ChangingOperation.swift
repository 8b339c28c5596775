/// An operation that changes something. A new one needs a type with these two functions, and an entry in `ChangingOperations.all`.
protocol ChangingOperation: Sendable {
    /// Names in the service's document.
    static var operations: [String] { get }
    /// Its relative frequency.
    static var weight: Int { get }
    /// Draws a call that shall succeed.
    ///
    /// - Returns: nil if the models allow none.
    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall?
    /// Calls that are refused in this state.
    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall]
}

enum ChangingOperations {
    static let all: [any ChangingOperation.Type] = [
        LearnCalls.self, UnlearnCalls.self, MergeCalls.self, RestoreCalls.self, CreateCalls.self, DeleteModelCalls.self, PatchCalls.self,
        RenameCalls.self, DeleteClassCalls.self, JoinClassCalls.self, RebalanceCalls.self, UnloadCalls.self,
    ]

    /// The operation with this name in the document.
    static func type(of operation: String) -> (any ChangingOperation.Type)? { all.first { $0.operations.contains(operation) } }
}
