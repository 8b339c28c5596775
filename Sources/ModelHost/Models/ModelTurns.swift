internal import Concurrency

/// A model's life, turn by turn: it is made in the first one, works, and is let go of in the last.
///
/// A model is a queue and not a thread: it has one of those that all models share while it has something to do.
final class ModelTurns {
    /// What the model begins with, until it has: it must not live as long as the model.
    private var origin: ModelOrigin?
    private var worker: ModelWorker?
    private let model: Model
    private let bytes: Int
    private let reservation: Reservation
    private let claim: NameClaim
    private let context: HostContext
    private let running: Latch
    private let onFailure: () -> Void
    private let whenMade: () -> Void

    private init(
        _ model: Model, bytes: Int, _ reservation: Reservation, _ claim: NameClaim, origin: ModelOrigin, context: HostContext,
        running: Latch, onFailure: @escaping () -> Void, whenMade: @escaping () -> Void
    ) {
        self.origin = origin
        self.model = model
        self.bytes = bytes
        self.reservation = reservation
        self.claim = claim
        self.context = context
        self.running = running
        self.onFailure = onFailure
        self.whenMade = whenMade
    }

    /// Begins with a model, when those who had its name before have gone.
    ///
    /// - Parameters:
    ///   - bytes: what the model will hold when it begins.
    ///   - reservation: what it holds of the budget, which may be nothing yet where it comes after another one of its name; given back when
    ///     it ends.
    ///   - claim: its place behind whoever had the name before, and may still be at its files; given up when it ends.
    ///   - origin: what to begin with.
    ///   - running: counts the model until it has ended.
    ///   - onFailure: called when the model cannot be made, before waiting requests are refused: the first with the reason.
    ///   - whenMade: called when the model has been made, or cannot be.
    static func begin(
        _ model: Model, bytes: Int, _ reservation: Reservation, _ claim: NameClaim, origin: ModelOrigin, context: HostContext,
        running: Latch, onFailure: @escaping @Sendable () -> Void, whenMade: @escaping @Sendable () -> Void = {}
    ) {
        guard let member = model.turns else { preconditionFailure("a model without turns") }
        running.enter()
        claim.whenFirst {
            let turns = ModelTurns(
                model, bytes: bytes, reservation, claim, origin: origin, context: context, running: running, onFailure: onFailure,
                whenMade: whenMade)
            member.begin { turns.take() }
        }
    }

    private func take() -> WorkerPool.Turn {
        switch step() {
        case .turn: return .again
        case .rest(let time): return .idle(until: time)
        case .end(let end):
            finish(end)
            running.leave()
            return .over
        }
    }

    /// Makes the model, or lets it work. When this has returned an end, no name holds the worker, nor the classifier it began with: both
    /// are gone, and their memory is free.
    private func step() -> ModelWorker.Next {
        if let origin {
            self.origin = nil
            worker = ModelWorker.make(model, bytes, reservation, claim, origin, context, onFailure: onFailure)
            whenMade()
            return worker == nil ? .end(nil) : .turn
        }
        guard let next = worker?.takeTurn() else { return .end(nil) }
        if case .end = next { worker = nil }
        return next
    }

    /// - Parameter end: nil where the model could not be made.
    private func finish(_ end: ModelWorker.End?) {
        guard let end else { return }
        reservation.giveBack()
        guard let deletion = end.deletion else { return claim.release() }
        var failure: ModelError?
        do throws(ModelError) { try end.store?.delete() } catch { failure = error }
        claim.release()
        model.events.end()
        if let failure { deletion.fail(failure) } else { deletion.succeed(()) }
    }
}

/// What a model's worker begins with.
package enum ModelOrigin: Sendable {
    /// Nothing learned.
    case fresh
    /// A snapshot that a client sent.
    case file(SnapshotFile)
    /// The files in the data directory, and the number of rows in their logs. The turn ends when the state has been computed.
    case stored(ModelRecovery, rows: Int, RecoveryTurn)
}
