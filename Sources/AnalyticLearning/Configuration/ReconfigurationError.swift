/// A change of configuration that the stored state does not allow.
public enum ReconfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Class weights need sketches, and a model created without them cannot make them later.
    case sketchesMissing
    /// The new ridge gave no finite weights; the old one stays.
    case unsolvable(ridge: Double)

    /// What is wrong.
    public var description: String {
        switch self {
        case .sketchesMissing: "imbalance cannot become reweight: the model was created with sketch_rank 0 and keeps no sketches"
        case .unsolvable(let ridge): "ridge \(ridge) gives no finite weights"
        }
    }
}
