public import LinearAlgebra

extension Classifier {
    /// The version that the balanced weights were computed from; nil if there are none.
    public var balancedVersion: Int? { balanced?.version }

    /// Whether balanced weights are wanted but missing or computed from an earlier state.
    public var needsBalancing: Bool {
        configuration.imbalance != .none && balancedVersion != version && counts.contains { $0 > 0 }
    }

    /// Copies what the balanced weights of this state depend on, for a job that may run on another thread.
    ///
    /// - Returns: nil if the model wants no balanced weights, or no class has rows.
    /// - Throws: `LinearAlgebraError.outOfMemory`: the job holds D² + D·C + 2·d·C doubles.
    /// - Complexity: O(D² + (D + d)·C); O(D²C) with exact class matrices.
    public func makeBalanceJob() throws(LinearAlgebraError) -> BalanceJob? {
        guard configuration.imbalance != .none, counts.contains(where: { $0 > 0 }) else { return nil }
        return BalanceJob(version: version, problem: try core.balanceProblem(configuration, labels: registry.labels, epoch: epoch))
    }

    /// Takes over the result of a job; the next `publish` includes it.
    ///
    /// - Returns: false, with nothing changed, if the result is obsolete: it is older than the current weights, or since the job
    ///   was created the model has unlearned or merged rows, lost or renamed a class, or changed its ridge or imbalance.
    @discardableResult
    public func adopt(_ weights: BalancedWeights) -> Bool {
        guard weights.epoch == epoch, weights.version >= balancedVersion ?? 0 else { return false }
        balanced = weights
        return true
    }

    /// Computes the balanced weights of this state on the calling thread.
    ///
    /// - Returns: false if the model wants none, or no class has rows.
    /// - Parameter shouldStop: see `BalanceJob.run`.
    /// - Throws: `BalanceError`; the old weights then stay.
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

    /// Begins an epoch: results of earlier jobs are obsolete.
    ///
    /// - Parameter dropped: whether the current balanced weights are obsolete too.
    func beginEpoch(dropping dropped: Bool) {
        epoch += 1
        version = min(version + 1, Self.maximumCount)
        if dropped { balanced = nil }
    }
}
