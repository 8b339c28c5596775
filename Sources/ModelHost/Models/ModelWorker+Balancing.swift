internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra

extension ModelWorker {
    /// Starts a refresh of the balanced weights if one is wanted and allowed; it runs on a thread of its own, from copies.
    func startRefreshIfDue() {
        guard classifier.needsBalancing, unseen.count == 0, refresh.isFree else { return }
        guard let reservation = reserveJob() else { return refresh.postpone(1) }
        let job: BalanceJob?
        do { job = try classifier.makeBalanceJob() } catch { job = nil }
        guard let job else { return refresh.postpone(1) }
        let next = BackgroundRefresh(job, reservation: reservation)
        let isQueued = context.balancePool.run(.writing) { [model] in
            // A model deleted in the meantime accepts no jobs and needs none.
            if let outcome = next.run() { _ = model.queue.append(.adopt(outcome), to: .writing) }
        }
        refresh.begin(next)
        guard isQueued else {
            refresh.cancel()
            return refresh.postpone(1)
        }
    }

    /// Publishes the outcome of a refresh, then answers the requests that waited for its end.
    func adopt(_ outcome: RefreshOutcome) {
        let isWanted = refresh.end(duration: outcome.duration)
        if let weights = outcome.weights {
            if isWanted, classifier.adopt(weights) {
                publish()
                noteRebalance(seconds: outcome.duration)
            }
        } else if let failure = outcome.failure {
            context.log.error(
                "the balanced weights could not be refreshed; the last ones stay in use", ["model": model.name, "reason": failure])
            refresh.postpone(max(1, outcome.duration))
            model.activity.withLock { $0.rebalanceFailures += 1 }
        }
        answer(refresh.takeWaiting())
    }

    /// Computes the balanced weights for a request. A background refresh is cancelled first, so that at most one square exists besides the
    /// model's own; while that refresh ends, the worker continues with other jobs.
    func rebalance(_ completion: Completion<Rebalanced>) {
        if refresh.cancel() { answer([completion]) } else { refresh.await(completion) }
    }

    /// Computes the balanced weights once and answers all requests for them.
    private func answer(_ completions: [Completion<Rebalanced>]) {
        guard !completions.isEmpty else { return }
        do throws(ModelError) {
            let outcome = try rebalance()
            for completion in completions { completion.succeed(outcome) }
        } catch {
            for completion in completions { completion.fail(error) }
        }
    }

    /// Computes the balanced weights of the current state on this thread.
    private func rebalance() throws(ModelError) -> Rebalanced {
        guard classifier.configuration.imbalance != .none else {
            throw ModelError(.conflict, "the model \"\(model.name)\" has imbalance none, so it has no balanced weights to refresh")
        }
        guard let reservation = reserveJob() else {
            throw .doesNotFit("a refresh of the balanced weights", bytes: jobBytes, budget: context.budget)
        }
        defer { reservation.giveBack() }
        let isMade: Bool
        let start = MonotonicClock.now
        do throws(BalanceError) {
            isMade = try classifier.rebalance()
        } catch {
            model.activity.withLock { $0.rebalanceFailures += 1 }
            throw ModelError(.impossible, "the balanced weights could not be computed: \(error)")
        }
        guard isMade else { throw ModelError(.conflict, "the model \"\(model.name)\" has learned no rows") }
        publish()
        noteRebalance(seconds: MonotonicClock.seconds(since: start))
        return Rebalanced(
            model: model.name, version: classifier.version, balancedVersion: classifier.balancedVersion ?? classifier.version)
    }

    /// Reserves the memory of a job: mostly one square.
    private func reserveJob() -> Reservation? { jobBytes.flatMap { Reservation($0, of: context.budget) } }

    private var jobBytes: Int? { classifier.configuration.estimatedBalanceBytes(classes: classifier.registry.count) }
}
