/// All models, and the snapshots that were taken of them.
struct OracleWorld: Sendable {
    var models: [String: OracleModel] = [:]
    var snapshots: [OracleSnapshot] = []
    /// Requests that were answered under a key, by model; a model that is deleted or restored forgets its keys.
    var answered: [String: [AnsweredCall]] = [:]

    /// Bounds what is kept.
    mutating func keep(_ snapshot: OracleSnapshot) {
        snapshots.append(snapshot)
        if snapshots.count > 6 { snapshots.removeFirst() }
    }
}

/// A snapshot with the state that it holds.
struct OracleSnapshot: Sendable {
    let bytes: [UInt8]
    let state: OracleModel
}

/// A request that was done under its key.
struct AnsweredCall: Sendable {
    let operation: String
    let request: HistoryRequest
    let reply: Reply
    /// The rows that NDJSON has, of which a repeat may have fewer or more.
    let lines: Int
}
