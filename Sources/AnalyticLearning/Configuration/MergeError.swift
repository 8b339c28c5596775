public import LinearAlgebra

/// Why a state cannot be merged; the model is unchanged.
public enum MergeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The two models differ in something that must be equal.
    case differs(part: String, mine: String, theirs: String)
    /// The state contradicts itself.
    case state(RestoreError)
    /// More rows together than can be counted.
    case tooManyRows
    /// The merged sums would exceed what can be saved; no real rows produce them.
    case tooLarge
    /// Out of memory.
    case solver(LinearAlgebraError)

    /// What is wrong.
    public var description: String {
        switch self {
        case .differs(let part, let mine, let theirs): "\(part) differs: \(mine) here, \(theirs) in the snapshot"
        case .state(let error): "the snapshot is inconsistent: \(error)"
        case .tooManyRows: "both together have more rows than can be counted"
        case .tooLarge: "the sums of both together are larger than any rows could make them"
        case .solver(let error): "\(error)"
        }
    }
}
