internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra

extension ModelWorker {
    /// Starts a refresh of the balanced weights if one is wanted and allowed; it runs on a thread of its own, from copies. One of a few
    /// milliseconds runs here instead: handing it over would take as long.
    func startRefreshIfDue() {
        guard classifier.needsBalancing, unseen.count == 0, refresh.isFree else { return }
        if let operations = classifier.discriminantOperations, operations <= Self.inLineOperations {
            refreshHere()
            return publish()
        }
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
        } else if let unavailable = outcome.unavailable {
            if isWanted { adopt(unavailable) }
        } else if let failure = outcome.failure {
            noteFailure(failure, seconds: outcome.duration)
        }
        answer(refresh.takeWaiting())
    }

    /// Publishes that a state has no balanced weights; nothing is tried again until it changes.
    private func adopt(_ unavailable: BalanceUnavailable) {
        guard classifier.adopt(unavailable) else { return }
        noteUnavailable(unavailable)
        publish()
    }

    /// Logs that a state has no balanced weights, unless the published one had none either.
    private func noteUnavailable(_ unavailable: BalanceUnavailable) {
        guard model.published?.balanceUnavailable?.reason != unavailable.reason else { return }
        context.log.warning(
            "the model has no balanced weights; the plain ones are used", ["model": model.name, "reason": "\(unavailable)"])
    }

    private func noteFailure(_ reason: String, seconds: Double) {
        context.log.error(
            "the balanced weights could not be refreshed; the last ones stay in use", ["model": model.name, "reason": reason])
        refresh.postpone(max(1, seconds))
        model.activity.withLock { $0.rebalanceFailures += 1 }
    }

    /// Refreshes a discriminant between learning a block and publishing it, so that the block's answer already knows a new class.
    ///
    /// That is done if it takes a tenth of the time of the block, or a few milliseconds with pauses nine times as long; otherwise, and
    /// for other balanced weights, `startRefreshIfDue` follows.
    ///
    /// - Parameter rows: of the block.
    func refreshInLine(rows: Int) {
        guard let operations = classifier.discriminantOperations, refresh.isFree, classifier.needsBalancing else { return }
        let width = Double(classifier.configuration.width)
        if operations <= max(Self.inLineOperations, 0.4 * width * width * Double(rows)) { refreshHere() }
    }

    /// Refreshes the balanced weights on this thread; the caller publishes them. A pause nine times as long follows.
    private func refreshHere() {
        guard let reservation = reserveJob() else { return refresh.postpone(1) }
        defer { reservation.giveBack() }
        let start = MonotonicClock.now
        do throws(BalanceError) {
            guard try classifier.rebalance() else { return refresh.postpone(1) }
            let seconds = MonotonicClock.seconds(since: start)
            refresh.postpone(9 * seconds)
            noteRebalance(seconds: seconds)
        } catch {
            if case .unavailable(let unavailable) = error {
                noteUnavailable(unavailable)
                return refresh.postpone(9 * MonotonicClock.seconds(since: start))
            }
            noteFailure("\(error)", seconds: MonotonicClock.seconds(since: start))
        }
    }

    /// Multiply-adds of a few milliseconds.
    private static let inLineOperations = 2e7

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
            if case .unavailable(let unavailable) = error {
                publish()
                throw ModelError(.impossible, "the model \"\(model.name)\" has no balanced weights: \(unavailable)")
            }
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
