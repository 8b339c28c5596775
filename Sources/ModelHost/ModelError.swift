package import Concurrency

/// A refused request to a model, with a reason that its caller can act on. Unless `mayHaveChanged` says otherwise, nothing has changed.
public struct ModelError: Error, Sendable, CustomStringConvertible {
    /// The kind of error, for programs.
    public enum Kind: Sendable, Equatable {
        /// The request itself: a number, a label or a file is malformed or out of range.
        case invalid
        /// The model or class does not exist.
        case unknown
        /// The model's current state does not allow the request.
        case conflict
        /// Well-formed, but impossible: it does not fit in memory, or the rows were never learned.
        case impossible
        /// Something that should not happen.
        case `internal`
        /// Temporarily refused: too much waits, the model is being recovered, or a disk has failed.
        case unavailable
        /// No room on the disk, or no memory.
        case outOfSpace
    }

    /// What is wrong.
    public var kind: Kind
    /// The reason in words: it names the row, the field and the expected value.
    public var detail: String
    /// Seconds after which a retry may succeed; nil if only a change of the request or the system helps.
    public var retryAfter: Int?

    /// Whether the change may have been made all the same: a device failed before it was known, files could not be removed, or the host
    /// stopped meanwhile. Sending it again under the same key makes it once, and finds out.
    public var mayHaveChanged = false

    package init(_ kind: Kind, _ detail: String, retryAfter: Int? = nil, mayHaveChanged: Bool = false) {
        self.kind = kind
        self.detail = detail
        self.retryAfter = retryAfter
        self.mayHaveChanged = mayHaveChanged
    }

    /// The reason.
    public var description: String { detail }
}

extension ModelError {
    package static func unknownModel(_ name: String) -> ModelError { ModelError(.unknown, "there is no model named \"\(name)\"") }

    package static func deletedModel(_ name: String) -> ModelError { ModelError(.unknown, "the model \"\(name)\" was deleted") }

    /// The host has been stopped.
    static var stopped: ModelError { ModelError(.unavailable, "the host of the models has been stopped") }

    package static func busy(_ what: String) -> ModelError { ModelError(.unavailable, what, retryAfter: 1) }

    package static func doesNotFit(_ what: String, bytes: Int?, budget: MemoryBudget) -> ModelError {
        let need = bytes.map { "would take \($0) bytes" } ?? "would take more bytes than can be counted"
        return ModelError(
            .impossible,
            "\(what) \(need); the limit for all models is \(budget.limit) bytes, of which \(budget.used) are in use")
    }
}
