internal import Storage

/// The errors of a request whose files fail.
extension ModelStore {
    /// What a record holds, for messages.
    enum Subject { case rows, change }

    /// Why a record could not be logged. Stops learning if it is unknown whether the log has it.
    func modelError(logging subject: Subject, _ error: StorageError) -> ModelError {
        guard log.isUsable else {
            stop("\(error)")
            return outcomeUnknown("\(error)")
        }
        let (what, nothing) = subject == .rows ? ("rows", "nothing was learned") : ("a change", "nothing was changed")
        store.log.error("\(what) could not be logged", ["model": name, "reason": "\(error)"])
        if error.isOutOfSpace {
            return ModelError(.outOfSpace, "\(nothing): \(error); learning resumes when there is room", retryAfter: 10)
        }
        return ModelError(.unavailable, "\(nothing): \(error)", retryAfter: 1)
    }

    /// Nobody can say before the next start whether a record will be replayed.
    func outcomeUnknown(_ reason: String) -> ModelError {
        ModelError(
            .unavailable,
            "the outcome is unknown: \(reason); the model \"\(name)\" has stopped learning until the server restarts; then retry with "
                + "the same Idempotency-Key", mayHaveChanged: true)
    }

    /// What unlearning leaves if older files stay.
    static func rowsLeft(_ error: StorageError) -> ModelError {
        ModelError(
            .internal, "the rows are unlearned, but older files that contain them could not be removed: \(error)",
            mayHaveChanged: true)
    }

    /// Why a checkpoint failed.
    static func modelError(_ what: String, _ error: any Error) -> ModelError {
        if let error = error as? ModelError { return ModelError(error.kind, "\(what): \(error.detail)") }
        let isOutOfSpace = (error as? StorageError)?.isOutOfSpace ?? false
        return ModelError(isOutOfSpace ? .outOfSpace : .unavailable, "\(what): \(error)", retryAfter: 10)
    }
}
