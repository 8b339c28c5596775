extension Classifier {
    /// Whether rows are in the sums that the weights lack: after rows learned for later, until `catchUp`, or after a failed solution.
    public var isBehind: Bool { core.isBehind }

    /// Bytes of the buffer that makes loads faster; 0 if none does.
    ///
    /// Updates of G by more rows at once are nearer to the speed of a square product: a tenth of a load at D = 2048.
    public var loadBufferBytes: Int { 8 * featureMap.width * core.usefulWideRows }

    /// Uses this buffer from the next rows for later on, until `catchUp`. Its memory is not in `ModelConfiguration.estimatedBytes`.
    public func beginLoad() { core.setWideRows(core.usefulWideRows) }

    /// Solves for the weights if rows were only added to the sums.
    ///
    /// - Complexity: D³ + 2D²C multiply-adds if there is something to solve.
    public func catchUp() {
        if core.wideRows > 0 { core.setWideRows(0) }
        core.catchUp()
    }
}

extension ModelConfiguration {
    /// From this many rows on, adding a request's rows to the sums and solving once costs less than the recursion.
    public var bulkRows: Int { CostModel(width: width).bulkRows }
}
