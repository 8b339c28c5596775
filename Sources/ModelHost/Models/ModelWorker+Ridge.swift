internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra

extension ModelWorker {
    /// Answers with the ridge curve, once there is a current one.
    func ridgeCurve(_ completion: Completion<RidgeReport>) {
        if let curve = ridges.curve(samples: classifier.samples) { return completion.succeed(report(curve)) }
        ridges.await(completion)
        startRidgeJobIfDue()
    }

    /// Starts a computation that requests wait for, or whose candidates are due; it runs on a thread of its own, from copies.
    func startRidgeJobIfDue() {
        guard unknownState == nil, ridges.isDue(needsCandidates: needsRidgeCandidates) else { return }
        do throws(ModelError) {
            try startRidgeJob()
        } catch {
            // Without candidates the ridge in force stays.
            ridges.postpone(Self.ridgePause)
            refuseRidgeCurves(error)
        }
    }

    /// Whether a ridge that chooses itself lacks candidates. A load has no time for them.
    var needsRidgeCandidates: Bool { unseen.count == 0 && classifier.needsRidgeCandidates }

    /// Seconds until candidates that could not be computed are tried again.
    private static let ridgePause = 10.0

    private func startRidgeJob() throws(ModelError) {
        let bytes = classifier.configuration.estimatedRidgeBytes(classes: classifier.registry.count)
        guard let reservation = bytes.flatMap({ Reservation($0, of: context.budget) }) else {
            throw .doesNotFit("the ridge curve", bytes: bytes, budget: context.budget)
        }
        let made: RidgeJob?
        do throws(LinearAlgebraError) {
            made = try classifier.makeRidgeJob()
        } catch {
            reservation.giveBack()
            throw ModelError(.outOfSpace, "not enough memory for the ridge curve")
        }
        guard let job = made else {
            reservation.giveBack()
            throw ModelError(.conflict, "the model \"\(model.name)\" has learned no rows")
        }
        let isQueued = context.ridgePool.run(.reading) { [model] in
            let start = MonotonicClock.now
            let result = Result { () throws(LinearAlgebraError) in try job.run() }
            reservation.giveBack()
            let outcome = RidgeOutcome(result: result, duration: MonotonicClock.seconds(since: start))
            // A model deleted in the meantime accepts no jobs and needs none.
            _ = model.queue.append(.adoptRidges(outcome), to: .writing)
        }
        guard isQueued else {
            reservation.giveBack()
            throw .busy("too many ridge curves are being computed")
        }
        ridges.begin()
    }

    /// Answers the requests that waited for a curve.
    func adopt(_ outcome: RidgeOutcome) {
        switch outcome.result {
        case .success(let findings):
            let curve = findings.curve
            // Those who wait get the curve of the state that has taken its place.
            guard ridges.end(curve, duration: outcome.duration) else { return }
            // Without memory the race goes on with the candidates it has.
            if let candidates = findings.candidates, (try? classifier.adopt(candidates)) == true { publish() }
            let report = report(curve)
            for completion in ridges.takeWaiting() { completion.succeed(report) }
        case .failure(let error):
            _ = ridges.end(nil, duration: outcome.duration)
            if case .outOfMemory = error {
                refuseRidgeCurves(ModelError(.outOfSpace, "not enough memory for the ridge curve"))
            } else {
                refuseRidgeCurves(ModelError(.impossible, "the ridge curve could not be computed: \(error)"))
            }
        }
    }

    /// Asks for a move if a ridge has won by the rows just learned. It is a job of its own, after the answers.
    func moveRidgeIfDecided() {
        guard let ridge = classifier.takeRidgeDecision() else { return }
        _ = model.queue.append(.moveRidge(to: ridge, generation: ridges.generation), to: .writing)
    }

    /// Moves to a ridge that has won; if that fails, the one in force stays.
    ///
    /// - Parameter generation: that of the state which decided. One that was changed meanwhile decides again.
    func moveRidge(to ridge: Double, generation: Int) {
        let former = classifier.configuration.ridge
        guard generation == ridges.generation else { return }
        let completion = Completion<Void> { [context, model] outcome in
            guard case .failure(let error) = outcome else { return }
            context.log.warning("the ridge could not be moved", ["model": model.name, "to": "\(ridge)", "reason": error.detail])
        }
        change(.ridgeMoved(from: former, to: ridge), completion, logging: { nil }) { () throws(ModelError) in
            do { try classifier.moveRidge(to: ridge) } catch { throw SnapshotFile.modelError(error) }
            return Change(())
        }
    }

    /// Fails the requests that wait for a curve.
    func refuseRidgeCurves(_ reason: ModelError) {
        for completion in ridges.takeWaiting() { completion.fail(reason) }
    }

    private func report(_ curve: RidgeCurve) -> RidgeReport {
        RidgeReport(
            model: model.name, version: classifier.version, samples: classifier.samples, ridge: classifier.configuration.ridge, curve: curve
        )
    }
}

/// The outcome of a computation of the ridge curve.
package struct RidgeOutcome: Sendable {
    let result: Result<RidgeJob.Findings, LinearAlgebraError>
    /// Duration in seconds.
    let duration: Double
}
