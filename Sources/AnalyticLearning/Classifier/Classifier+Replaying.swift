public import LinearAlgebra

extension Classifier {
    /// Says how many rows are to be replayed in all, so that many which come in small pieces are taken for many.
    ///
    /// From then until `finishReplay` the weights lag behind where that is cheaper.
    public func beginReplay(rows: Int) {
        core.beginReplay(rows: rows)
    }

    /// Learns rows again that a log has kept, without evaluating them; `finishReplay` makes the weights fit.
    ///
    /// G, Q, counts, moments and sketches end where `learn` would have ended. Few rows go through the recursion; many are only accumulated,
    /// for one solution at the end.
    ///
    /// - Parameters:
    ///   - features: rows one after another; every value finite and at most 1e50 in magnitude, as they were learned.
    ///   - columns: the interned class of each row.
    /// - Throws: `LinearAlgebraError.outOfMemory` before anything has changed.
    /// - Complexity: D²n multiply-adds for many rows, see `CostModel`.
    public func replay(features: UnsafeBufferPointer<Double>, columns: [Int]) throws(LinearAlgebraError) {
        let rows = LabelledRows(features, columns[...], dimension: featureMap.dimension)
        try core.reserve(columns, isScoredAtOnce: false, classRoom)
        try core.replay(rows)
    }

    /// Solves for the weights where rows have only been accumulated, and takes on the version that the rows led to.
    ///
    /// - Complexity: D³ + 2D²C multiply-adds where there is something to solve.
    public func finishReplay(version: Int) {
        precondition(version >= self.version, "versions never decrease")
        core.catchUp()
        self.version = version
    }
}
