internal import AnalyticLearning
internal import HTTPServer
internal import LinearAlgebra
internal import TensorFormats

extension ModelWorker {
    /// Begins a refresh of the balanced weights where one is wanted and allowed; it runs on a thread of its own, from copies.
    func startRefreshIfDue() {
        guard classifier.needsBalancing, refresh.isFree else { return }
        guard let bytes = reserveJob() else { return refresh.postpone(1) }
        let job: BalanceJob?
        do { job = try classifier.makeBalanceJob() } catch { job = nil }
        guard let job else {
            context.budget.release(bytes)
            return refresh.postpone(1)
        }
        let isQueued = context.balancePool.run { [model, context, cancellation = refresh.cancellation] in
            let start = MonotonicClock.now
            var outcome = RefreshOutcome(weights: nil, failure: nil, duration: 0)
            do throws(BalanceError) {
                outcome.weights = try job.run(shouldStop: { cancellation.isCancelled })
            } catch {
                outcome.failure = "\(error)"
            }
            outcome.duration = MonotonicClock.now - start
            context.budget.release(bytes)
            // A model that has been deleted meanwhile takes no more jobs, and needs none.
            _ = model.queue.append(.adopt(outcome))
        }
        guard isQueued else {
            context.budget.release(bytes)
            return refresh.postpone(1)
        }
        refresh.begin()
    }

    /// Takes what a refresh has made, and publishes it.
    func adopt(_ outcome: RefreshOutcome) {
        refresh.end(duration: outcome.duration)
        if let weights = outcome.weights {
            if classifier.adopt(weights) { publish() }
        } else if !refresh.cancellation.isCancelled {
            context.log.error(
                "the balanced weights could not be refreshed; the last ones stay in use",
                ["model": model.name, "reason": outcome.failure ?? "unknown"])
            refresh.postpone(max(1, outcome.duration))
        }
    }

    /// Makes the balanced weights of this state here and now.
    func rebalance() throws(Problem) -> Response {
        guard classifier.configuration.imbalance != .none else {
            throw Problem(.conflict, "the model \"\(model.name)\" has imbalance none: there are no balanced weights to refresh")
        }
        guard let bytes = reserveJob() else {
            throw .doesNotFit("a refresh", bytes: jobBytes, budget: context.budget)
        }
        defer { context.budget.release(bytes) }
        let isMade: Bool
        do throws(BalanceError) {
            isMade = try classifier.rebalance()
        } catch {
            throw Problem(.unprocessableContent, "the balanced weights could not be made: \(error)")
        }
        guard isMade else { throw Problem(.conflict, "the model \"\(model.name)\" has learned no rows") }
        publish()
        return .json { writer in
            writer.key("model")
            writer.write(model.name)
            writer.key("version")
            writer.write(classifier.version)
            writer.key("balanced_version")
            writer.write(classifier.balancedVersion ?? classifier.version)
        }
    }

    /// Reserves what a job holds: one square, mostly.
    private func reserveJob() -> Int? {
        guard let bytes = jobBytes, context.budget.reserve(bytes) else { return nil }
        return bytes
    }

    private var jobBytes: Int? { classifier.configuration.estimatedBalanceBytes(classes: classifier.registry.count) }
}
