public import LinearAlgebra

extension Classifier {
    /// Announces how many rows will be replayed in all, so that many small pieces are handled as one large replay.
    ///
    /// Until `finishReplay` the weights may lag behind, if that is cheaper.
    public func beginReplay(rows: Int) {
        core.beginReplay(rows: rows)
    }

    /// Learns rows from a log again; `finishReplay` then brings the weights up to date.
    ///
    /// G, Q, counts, moments and sketches end as `learn` would have left them. Few rows go through the recursion; many are only
    /// accumulated, for one solution at the end.
    ///
    /// The rows are scored before that, for evaluation, calibration and novelty: few rows as `learn` would; of many, those of a large
    /// request by the weights that `learn` had, and others by weights with at least half of the rows before them.
    ///
    /// - Parameters:
    ///   - features: rows one after another; every value finite and at most 1e50 in magnitude, as when they were learned.
    ///   - columns: the interned class of each row.
    ///   - spans: the requests in order; none if the rows are not to be scored.
    /// - Throws: `LinearAlgebraError.outOfMemory` before anything has changed.
    /// - Complexity: D²n multiply-adds for many rows, see `CostModel`.
    public func replay(
        features: UnsafeBufferPointer<Double>, columns: [Int], spans: [RequestSpan] = []
    ) throws(LinearAlgebraError) {
        let rows = LabelledRows(features, columns[...], dimension: featureMap.dimension)
        guard spans.isEmpty else {
            _ = try learn(rows, columns, spans, pace: core.replaysInBulk(rows.count) ? .replay : .requests) { true }
            return
        }
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
