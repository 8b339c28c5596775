internal import AnalyticLearning

/// The result of a change other than learning, before it is stored.
struct Change<Value: Sendable> {
    /// The outcome for the caller.
    let value: Value
    /// Whether nothing changed: then nothing is stored and no event is published.
    var isNone = false
    /// The answer to remember under the request's key.
    var remembered: (RequestIdentity, IdempotencyTable.Answer)?

    init(_ value: Value, isNone: Bool = false) {
        self.value = value
        self.isNone = isNone
    }
}

/// The result of a merge or an unlearn.
struct ChangedRows {
    /// The number of rows added or removed.
    let count: Int
    /// Columns of the classes in the answer, ascending.
    let columns: [Int]
}

/// A change under a key: the request's identity, and how to encode its answer so that it can be remembered.
package struct ChangeKey: Sendable {
    let identity: RequestIdentity
    let write: @Sendable (RowsChanged) -> (start: [UInt8], end: [UInt8])

    /// - Parameter write: returns the answer up to its list of classes, and the part after it.
    package init(_ identity: RequestIdentity, _ write: @escaping @Sendable (RowsChanged) -> (start: [UInt8], end: [UInt8])) {
        self.identity = identity
        self.write = write
    }
}

/// The outcome of a change that may have been made earlier under its key.
package enum Keyed<Value: Sendable>: Sendable {
    case made(Value)
    case remembered(RememberedAnswer)
}

/// The outcome of a merge or an unlearn.
package typealias KeyedOutcome = Keyed<RowsChanged>

/// The joining of two classes under a key: the request's identity, and how to encode its answer so that it can be remembered.
package struct JoinKey: Sendable {
    let identity: RequestIdentity
    let write: @Sendable (ClassesJoined) -> [UInt8]

    package init(_ identity: RequestIdentity, _ write: @escaping @Sendable (ClassesJoined) -> [UInt8]) {
        self.identity = identity
        self.write = write
    }
}
