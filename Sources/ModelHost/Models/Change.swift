internal import AnalyticLearning

/// What a change other than learning has come to, before it is stored.
struct Change<Value: Sendable> {
    /// The outcome for whoever asked for it.
    let value: Value
    /// Whether everything is as it was: then there is nothing to store, and no event.
    var isNone = false
    /// What is remembered of it under the request's key.
    var remembered: (RequestIdentity, IdempotencyTable.Answer)?

    init(_ value: Value, isNone: Bool = false) {
        self.value = value
        self.isNone = isNone
    }
}

/// What a merge or an unlearn has done.
struct ChangedRows {
    /// The rows added or taken out.
    let count: Int
    /// The columns of the classes that the answer lists, ascending.
    let columns: [Int]
}

/// A change under a key: which request it is, and how its answer is written to be remembered.
package struct ChangeKey: Sendable {
    let identity: RequestIdentity
    let write: @Sendable (RowsChanged) -> (start: [UInt8], end: [UInt8])

    /// - Parameter write: the answer up to its list of classes, and behind it.
    package init(_ identity: RequestIdentity, _ write: @escaping @Sendable (RowsChanged) -> (start: [UInt8], end: [UInt8])) {
        self.identity = identity
        self.write = write
    }
}

/// The outcome of a change that may have been made before under its key.
package enum KeyedOutcome: Sendable {
    case made(RowsChanged)
    case remembered(RememberedAnswer)
}
