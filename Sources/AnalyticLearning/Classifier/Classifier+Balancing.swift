public import LinearAlgebra

extension Classifier {
    /// The version that the balanced weights were computed from; nil if there are none.
    public var balancedVersion: Int? { balanced?.version }

    /// Whether balanced weights are wanted but missing or computed from an earlier state.
    public var needsBalancing: Bool {
        configuration.imbalance != .none && balancedVersion != version && balanceUnavailable?.version != version
            && counts.contains { $0 > 0 }
    }

    /// About how many multiply-adds a refresh of this state's discriminant takes; nil if the model asks for none.
    package var discriminantOperations: Double? {
        guard case .discriminant(let falseShare, _) = configuration.imbalance else { return nil }
        return DiscriminantProblem.operations(width: featureMap.width, counts: counts, falseShare: falseShare)
    }

    /// Copies what the balanced weights of this state depend on, for a job that may run on another thread.
    ///
    /// - Returns: nil if the model wants no balanced weights, or no class has rows.
    /// - Throws: `LinearAlgebraError.outOfMemory`: the job holds D² + D·C + 2·d·C doubles, that of a discriminant 3·D·C.
    /// - Complexity: O(D² + (D + d)·C); O(D²C) with exact class matrices, and for a discriminant while a class is poor.
    public func makeBalanceJob() throws(LinearAlgebraError) -> BalanceJob? {
        guard configuration.imbalance != .none, counts.contains(where: { $0 > 0 }) else { return nil }
        let problem: BalanceJob.Problem
        if case .discriminant(let falseShare, _) = configuration.imbalance {
            core.flush()
            core.catchUp()
            problem = .discriminant(
                try DiscriminantProblem(configuration, labels: registry.labels, epoch: epoch, falseShare: falseShare, core))
        } else {
            problem = .linear(try core.balanceProblem(configuration, labels: registry.labels, epoch: epoch))
        }
        return BalanceJob(version: version, problem: problem)
    }

    /// Takes over the result of a job; the next `publish` includes it.
    ///
    /// - Returns: false, with nothing changed, if the result is obsolete: it is older than the current weights, or since the job
    ///   was created the model has unlearned or merged rows, lost or renamed a class, or changed its ridge or imbalance.
    @discardableResult
    public func adopt(_ weights: BalancedWeights) -> Bool {
        guard weights.epoch == epoch, weights.version >= balancedVersion ?? 0 else { return false }
        balanced = weights
        balanceUnavailable = nil
        return true
    }

    /// Takes note that a state has no balanced weights: the plain ones predict, and nothing is computed until the state changes.
    ///
    /// - Returns: false, with nothing changed, if that is obsolete, as for `adopt(_:)`.
    @discardableResult
    public func adopt(_ unavailable: BalanceUnavailable) -> Bool {
        guard unavailable.epoch == epoch, unavailable.version >= balancedVersion ?? 0 else { return false }
        balanced = nil
        balanceUnavailable = unavailable
        return true
    }

    /// Computes the balanced weights of this state on the calling thread.
    ///
    /// - Returns: false if the model wants none, or no class has rows.
    /// - Parameter shouldStop: see `BalanceJob.run`.
    /// - Throws: `BalanceError`; the old weights then stay, except after `.unavailable`.
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
        do throws(BalanceError) {
            return adopt(try job.run(shouldStop: shouldStop))
        } catch {
            if case .unavailable(let unavailable) = error { adopt(unavailable) }
            throw error
        }
    }

    /// Begins an epoch: results of earlier jobs are obsolete.
    ///
    /// - Parameter dropped: whether the current balanced weights are obsolete too.
    func beginEpoch(dropping dropped: Bool) {
        epoch += 1
        version = min(version + 1, Self.maximumCount)
        if dropped { balanced = nil }
        balanceUnavailable = nil
    }
}
