internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra

extension ModelWorker {
    /// Answers with the ridge curve, once there is a current one.
    func ridgeCurve(_ completion: Completion<RidgeReport>) {
        if let curve = curves.curve(of: curveState, samples: classifier.samples) { return completion.succeed(report(curve)) }
        curves.await(completion)
        startRidgeCurveIfDue()
    }

    /// Starts a computation that requests wait for; it runs on a thread of its own, from copies.
    func startRidgeCurveIfDue() {
        guard unknownState == nil, curves.isDue() else { return }
        do throws(ModelError) { try startRidgeCurve() } catch { refuseRidgeCurves(error) }
    }

    private func startRidgeCurve() throws(ModelError) {
        let bytes = classifier.configuration.estimatedRidgeCurveBytes(classes: classifier.registry.count)
        guard let reservation = bytes.flatMap({ Reservation($0, of: context.budget) }) else {
            throw .doesNotFit("the ridge curve", bytes: bytes, budget: context.budget)
        }
        let made: RidgeCurveJob?
        do throws(LinearAlgebraError) {
            made = try classifier.makeRidgeCurveJob()
        } catch {
            reservation.giveBack()
            throw ModelError(.outOfSpace, "not enough memory for the ridge curve")
        }
        guard let job = made else {
            reservation.giveBack()
            throw ModelError(.conflict, "the model \"\(model.name)\" has learned no rows")
        }
        let isQueued = context.curvePool.run(.reading) { [model] in
            let start = MonotonicClock.now
            let result = Result<RidgeCurve, LinearAlgebraError> { () throws(LinearAlgebraError) in try job.run() }
            reservation.giveBack()
            let outcome = RidgeCurveOutcome(result: result, duration: MonotonicClock.seconds(since: start))
            // A model deleted in the meantime accepts no jobs and needs none.
            _ = model.queue.append(.adoptCurve(outcome), to: .writing)
        }
        guard isQueued else {
            reservation.giveBack()
            throw .busy("too many ridge curves are being computed")
        }
        curves.begin(curveState)
    }

    /// Answers the requests that waited for a curve.
    func adopt(_ outcome: RidgeCurveOutcome) {
        switch outcome.result {
        case .success(let curve):
            curves.end(curve, duration: outcome.duration)
            let report = report(curve)
            for completion in curves.takeWaiting() { completion.succeed(report) }
        case .failure(let error):
            curves.end(nil, duration: outcome.duration)
            if case .outOfMemory = error {
                refuseRidgeCurves(ModelError(.outOfSpace, "not enough memory for the ridge curve"))
            } else {
                refuseRidgeCurves(ModelError(.impossible, "the ridge curve could not be computed: \(error)"))
            }
        }
    }

    /// Fails the requests that wait for a curve.
    func refuseRidgeCurves(_ reason: ModelError) {
        for completion in curves.takeWaiting() { completion.fail(reason) }
    }

    private func report(_ curve: RidgeCurve) -> RidgeReport {
        RidgeReport(
            model: model.name, version: classifier.version, samples: classifier.samples, ridge: classifier.configuration.ridge, curve: curve
        )
    }

    private var curveState: RidgeCurveSchedule.State {
        RidgeCurveSchedule.State(classifier: ObjectIdentifier(classifier), epoch: classifier.epoch)
    }
}

/// The outcome of a computation of the ridge curve.
package struct RidgeCurveOutcome: Sendable {
    let result: Result<RidgeCurve, LinearAlgebraError>
    /// Duration in seconds.
    let duration: Double
}
