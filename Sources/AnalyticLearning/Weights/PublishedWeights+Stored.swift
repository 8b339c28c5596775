internal import LinearAlgebra

extension PublishedWeights {
    /// The weights of a saved state as they are stored: predictions need no R, which takes D³ work to restore.
    ///
    /// They are what a classifier restored from the state publishes first, bit for bit, except that `health` and `sumError` are not known.
    ///
    /// - Returns: nil unless the weights certainly solve their equations as well as restoring requires; restoring then decides.
    /// - Throws: `RestoreError` if the state contradicts itself, `ConfigurationError`, or `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D²) for up to 16 classes, and O(D·C) more for each further one; reads every sum once.
    package static func stored(in state: SavedState) throws -> PublishedWeights? {
        try state.checkAll()
        // The residual of many classes is an estimate. One that is not a number is too large.
        guard try state.relativeResidual() <= Conditioning.largestResidual / 10 else { return nil }
        let map = try state.makeMap()
        let scale = state.rowScale
        let balanced = try state.makeBalancedWeights { scale }
        var weights = try Matrix(rows: state.configuration.width, columns: state.labels.count)
        weights.setRowMajor(state.weights)
        var spare: WeightMemory?
        let plain = WeightTable(
            weights, intercepts: state.intercepts ?? [], norm: scale.norm, reusing: &spare, components: { scale.components })
        guard plain != nil || state.labels.isEmpty else { return nil }
        return try PublishedWeights(
            stored: state, featureMap: map, plain: plain, balanced: balanced, moment: state.residualMoment(weights))
    }
}
