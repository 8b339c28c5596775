/// All models, and the snapshots taken of them.
struct OracleWorld: Sendable {
    var models: [String: OracleModel] = [:]
    var snapshots: [OracleSnapshot] = []
    /// Requests answered under a key, by model; deleting or restoring a model clears its keys.
    var answered: [String: [AnsweredCall]] = [:]

    /// Bounds what is kept.
    mutating func keep(_ snapshot: OracleSnapshot) {
        snapshots.append(snapshot)
        if snapshots.count > 6 { snapshots.removeFirst() }
    }
}

/// A snapshot and the state that it holds.
struct OracleSnapshot: Sendable {
    let bytes: [UInt8]
    let state: OracleModel
}

/// A request that was applied under its key.
struct AnsweredCall: Sendable {
    let operation: String
    let request: HistoryRequest
    let reply: Reply
    /// The number of NDJSON lines; a repeat may have fewer or more.
    let lines: Int
}
