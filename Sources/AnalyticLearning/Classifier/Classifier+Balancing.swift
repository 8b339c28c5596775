public import LinearAlgebra

extension Classifier {
    /// The state that the balanced weights were computed from; nil if there are none.
    public var balancedVersion: Int? { balanced?.version }

    /// Whether balanced weights are wanted and those there are, if any, were made from an earlier state.
    public var needsBalancing: Bool {
        configuration.imbalance != .none && balancedVersion != version && counts.contains { $0 > 0 }
    }

    /// Copies what the balanced weights of this state depend on, for a job that may run on another thread.
    ///
    /// - Returns: nil where the model wants no balanced weights, or no class has rows.
    /// - Throws: `LinearAlgebraError.outOfMemory`: the job holds D² + D·C + 2·d·C doubles.
    /// - Complexity: O(D² + (D + d)·C), and O(D²C) where whole class matrices are kept.
    public func makeBalanceJob() throws(LinearAlgebraError) -> BalanceJob? {
        guard configuration.imbalance != .none, counts.contains(where: { $0 > 0 }) else { return nil }
        return BalanceJob(version: version, problem: try core.balanceProblem(configuration, labels: registry.labels, epoch: epoch))
    }

    /// Takes what a job has made; `publish` hands it out from then on.
    ///
    /// - Returns: false where it is no longer wanted, and then nothing has changed: it is older than what there is, or the model has
    ///   unlearned, merged, lost or renamed a class, or got another ridge or imbalance since the job was made.
    @discardableResult
    public func adopt(_ weights: BalancedWeights) -> Bool {
        guard weights.epoch == epoch, weights.version >= balancedVersion ?? 0 else { return false }
        balanced = weights
        return true
    }

    /// Makes the balanced weights of this state, here and now.
    ///
    /// - Returns: false where the model wants none, or no class has rows.
    /// - Parameter shouldStop: as of `BalanceJob.run`.
    /// - Throws: `BalanceError`; the old ones stay then.
    /// - Complexity: that of `BalanceJob.run`.
    @discardableResult
    public func rebalance(shouldStop: () -> Bool = { false }) throws(BalanceError) -> Bool {
        let job: BalanceJob?
        do throws(LinearAlgebraError) {
            job = try makeBalanceJob()
        } catch {
            throw .solver(error)
        }
        guard let job else { return false }
        return adopt(try job.run(shouldStop: shouldStop))
    }

    /// Begins an epoch: jobs that were made before are no longer wanted.
    ///
    /// - Parameter dropped: whether the weights there are are no longer wanted either.
    func beginEpoch(dropping dropped: Bool) {
        epoch += 1
        version = min(version + 1, Self.maximumCount)
        if dropped { balanced = nil }
    }
}
