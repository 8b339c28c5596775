/// How much of a model a snapshot holds.
enum SnapshotParts: Sendable {
    /// Everything: restoring it gives the same model.
    case all
    /// What prediction needs: Ω and the weights.
    case weights
}
