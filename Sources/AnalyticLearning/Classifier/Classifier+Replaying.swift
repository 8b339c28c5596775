public import LinearAlgebra

extension Classifier {
    /// Announces how many rows will be replayed in all, so that many small pieces are handled as one large replay.
    ///
    /// Until `finishReplay` the weights may lag behind, if that is cheaper.
    public func beginReplay(rows: Int) {
        core.beginReplay(rows: rows)
    }

    /// Learns rows from a log again, without evaluating them; `finishReplay` then brings the weights up to date.
    ///
    /// G, Q, counts, moments and sketches end as `learn` would have left them. Few rows go through the recursion; many are only
    /// accumulated, for one solution at the end.
    ///
    /// - Parameters:
    ///   - features: rows one after another; every value finite and at most 1e50 in magnitude, as when they were learned.
    ///   - columns: the interned class of each row.
    /// - Throws: `LinearAlgebraError.outOfMemory` before anything has changed.
    /// - Complexity: D²n multiply-adds for many rows, see `CostModel`.
    public func replay(features: UnsafeBufferPointer<Double>, columns: [Int]) throws(LinearAlgebraError) {
        let rows = LabelledRows(features, columns[...], dimension: featureMap.dimension)
        try core.reserve(columns, spans: [], classRoom)
        try core.replay(rows)
    }

    /// Solves for the weights if rows were only accumulated, and sets the version that the rows led to.
    ///
    /// - Complexity: D³ + 2D²C multiply-adds if there is something to solve.
    public func finishReplay(version: Int) {
        precondition(version >= self.version, "versions never decrease")
        core.catchUp()
        self.version = version
    }
}
