public import LinearAlgebra

extension Classifier {
    /// Copies the sums of this state for a ridge curve that may be computed on another thread.
    ///
    /// - Returns: nil if nothing has been learned.
    /// - Throws: `LinearAlgebraError.outOfMemory`: the job holds D² + D·C doubles.
    /// - Complexity: O(D² + D·C).
    public func makeRidgeCurveJob() throws(LinearAlgebraError) -> RidgeCurveJob? {
        guard samples > 0 else { return nil }
        return RidgeCurveJob(version: version, ridge: configuration.ridge, problem: try core.ridgeProblem())
    }

    /// Computes the ridge curve of this state on the calling thread.
    ///
    /// - Returns: nil if nothing has been learned.
    /// - Throws: that of `RidgeCurveJob.run`.
    /// - Complexity: that of `RidgeCurveJob.run`.
    public func ridgeCurve() throws(LinearAlgebraError) -> RidgeCurve? { try makeRidgeCurveJob()?.run() }
}

extension ModelConfiguration {
    /// Bytes that computing the ridge curve takes for this many classes: mostly 8D².
    ///
    /// - Returns: nil if the number does not fit a 64-bit integer.
    public func estimatedRidgeCurveBytes(classes: Int) -> Int? {
        MemoryEstimate.bytes(RidgeErrors.doubles(width: width, classes: Double(classes)))
    }
}
