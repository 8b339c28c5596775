internal import LinearAlgebra

extension Classifier {
    /// The scale that the feature map would take from the rows of a first request; nil if it needs none.
    ///
    /// - Parameter features: the request's rows; finite and at most 1e50 in magnitude (the caller has checked).
    /// - Throws: `ScaleError`: the request must then be refused.
    /// - Complexity: see `MedianDistance`.
    package func scale(for features: UnsafeBufferPointer<Double>) throws(ScaleError) -> Double? {
        guard configuration.needsScale else { return nil }
        return try MedianDistance.of(features, dimension: configuration.dimension)
    }

    /// Lets the rows of the first request choose the scale, if the feature map needs one: before `replay`.
    ///
    /// - Throws: `ScaleError`; nothing has changed then.
    package func chooseScale(for features: UnsafeBufferPointer<Double>) throws(ScaleError) {
        guard configuration.needsScale else { return }
        try configuration.chooseScale(for: features)
        core.setMap(featureMap.with(configuration))
    }

    /// Calls `body` with a map whose scale these rows have chosen. The scale stays only if `body` returns an outcome.
    ///
    /// - Precondition: `scale(for:)` does not throw.
    func withScale<Outcome>(
        for features: UnsafeBufferPointer<Double>, _ body: () throws(LinearAlgebraError) -> Outcome?
    ) throws(LinearAlgebraError) -> Outcome? {
        let (configuration, map) = (configuration, featureMap)
        do throws(ScaleError) { try chooseScale(for: features) } catch { preconditionFailure("rows without a scale are learned: \(error)") }
        var isLearned = false
        defer {
            if !isLearned {
                self.configuration = configuration
                core.setMap(map)
            }
        }
        let outcome = try body()
        isLearned = outcome != nil
        return outcome
    }
}
