public import LinearAlgebra

extension Classifier {
    /// Copies the sums of this state for a ridge curve, and for the candidates of a ridge that chooses itself if they are due, to be
    /// computed on another thread.
    ///
    /// - Returns: nil if nothing has been learned.
    /// - Throws: `LinearAlgebraError.outOfMemory`: the job holds D² + D·C doubles.
    /// - Complexity: O(D² + D·C).
    public func makeRidgeJob() throws(LinearAlgebraError) -> RidgeJob? {
        guard samples > 0 else { return nil }
        return RidgeJob(
            version: version, ridge: configuration.ridge, makesCandidates: needsRidgeCandidates, epoch: epoch,
            problem: try core.ridgeProblem())
    }

    /// Computes the ridge curve of this state on the calling thread.
    ///
    /// - Returns: nil if nothing has been learned.
    /// - Throws: that of `RidgeJob.run`.
    /// - Complexity: that of `RidgeJob.run`.
    public func ridgeCurve() throws(LinearAlgebraError) -> RidgeCurve? { try makeRidgeJob()?.run().curve }

    // MARK: A ridge that chooses itself

    /// Whether the ridge chooses itself and new candidates are due: at first after 200 rows, then whenever the model has grown by a
    /// quarter.
    public var needsRidgeCandidates: Bool {
        guard configuration.ridgeChoice != .fixed, counts.count > 1 else { return false }
        guard let race = core.race else { return samples >= Self.firstRidgeSamples }
        return samples >= race.candidates.samples + race.candidates.samples / 4
    }

    private static let firstRidgeSamples = 200

    /// Lets candidates score the rows that are learned from now on.
    ///
    /// - Returns: false, with nothing changed, if they are obsolete: since the job was created, the model has changed in another way than
    ///   by learning, or no ridge chooses itself any more.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    @discardableResult
    public func adopt(_ candidates: RidgeCandidates) throws(LinearAlgebraError) -> Bool {
        guard case .automatic(let metric) = configuration.ridgeChoice, candidates.epoch == epoch else { return false }
        core.race = try RidgeRace(candidates, width: featureMap.width, metric: metric, after: core.race)
        return true
    }

    /// The ridge that has won against the one in force by the rows learned since, if any: see `RidgeRace`. Asking makes a decision that is
    /// due, so ask once after learning.
    public func takeRidgeDecision() -> Double? {
        guard let race = core.race, let ridge = race.decide(current: configuration.ridge), ridge != configuration.ridge else { return nil }
        return ridge
    }

    /// Moves to a ridge that has won: as `reconfigure`, but calibration goes on, with less weight, because scores change little.
    ///
    /// - Throws: as `reconfigure`; the state then stays the same to the bit.
    /// - Complexity: D³ + 2D²C multiply-adds, and memory for one more D×D square.
    public func moveRidge(to ridge: Double) throws {
        guard ridge != configuration.ridge else { return }
        try core.reconfigure(ridge: ridge)
        configuration.ridge = ridge
        plainTest.calibrator.fade(to: Self.movedCalibration)
        balancedTest.calibrator.fade(to: Self.movedCalibration)
        noveltyRecorder.fade(to: Self.movedCalibration)
        beginEpoch(dropping: false)
    }

    /// The weight that calibration keeps when the ridge moves.
    private static let movedCalibration = 0.3

    /// Computes candidates on the calling thread if they are due, and moves to a ridge that has won: for programs that embed the
    /// classifier, after learning.
    ///
    /// - Returns: whether the ridge has changed.
    /// - Throws: that of `RidgeJob.run` and `moveRidge`.
    @discardableResult
    public func tuneRidge() throws -> Bool {
        if needsRidgeCandidates, let candidates = try makeRidgeJob()?.run().candidates { try adopt(candidates) }
        guard let ridge = takeRidgeDecision() else { return false }
        try moveRidge(to: ridge)
        return true
    }
}

extension ModelConfiguration {
    /// Bytes that computing the ridge curve takes for this many classes: mostly 8D², and the weights of candidates.
    ///
    /// - Returns: nil if the number does not fit a 64-bit integer.
    public func estimatedRidgeBytes(classes: Int) -> Int? {
        let candidates = ridgeChoice == .fixed ? 0 : RidgeCandidates.count + 1
        return MemoryEstimate.bytes(RidgeErrors.doubles(width: width, classes: Double(classes), candidates: candidates))
    }
}
