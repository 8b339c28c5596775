internal import Concurrency

/// A model's life in turns: the first creates it, the last releases it.
///
/// A model is a queue, not a thread: it borrows one of the shared threads while it has work.
final class ModelTurns {
    /// The initial state, until the model has started: it must not live as long as the model.
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

    /// Starts a model once earlier models of its name have ended.
    ///
    /// - Parameters:
    ///   - bytes: the memory the model takes at its start.
    ///   - reservation: its share of the budget, which may be empty if it follows another model of its name; released when it ends.
    ///   - claim: its place behind earlier models of the name, which may still use their files; given up when it ends.
    ///   - origin: the initial state.
    ///   - running: counts the model, which has been entered, until it has ended.
    ///   - onFailure: called if the model cannot be created, before waiting requests are refused: the first with the reason.
    ///   - whenMade: called when the model has been created, or could not be.
    static func begin(
        _ model: Model, bytes: Int, _ reservation: Reservation, _ claim: NameClaim, origin: ModelOrigin, context: HostContext,
        running: Latch, onFailure: @escaping @Sendable () -> Void, whenMade: @escaping @Sendable () -> Void = {}
    ) {
        guard let member = model.turns else { preconditionFailure("a model without turns") }
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

    /// Creates the model, or lets it work. Once this returns an end, nothing refers to the worker or its first classifier any more, so
    /// their memory is free.
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

    /// - Parameter end: nil if the model could not be created.
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

/// The initial state of a model's worker.
package enum ModelOrigin: Sendable {
    /// An empty model.
    case fresh
    /// A client's snapshot.
    case file(SnapshotFile)
    /// The files in the data directory, and the number of rows in their logs. The turn ends when the state has been computed.
    case stored(ModelRecovery, rows: Int, RecoveryTurn)
}
