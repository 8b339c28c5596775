/// What a model's worker begins with.
enum ModelOrigin: Sendable {
    /// Nothing learned.
    case fresh
    /// A snapshot that a client sent.
    case file(SnapshotFile)
    /// What lies in the data directory, with so many rows in its logs.
    case stored(ModelRecovery, rows: Int)
}
