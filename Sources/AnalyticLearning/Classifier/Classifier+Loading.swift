extension Classifier {
    /// Whether rows are in the sums that the weights lack: after rows learned for later, until `catchUp`, or after a failed solution.
    public var isBehind: Bool { core.isBehind }

    /// Solves for the weights if rows were only added to the sums.
    ///
    /// - Complexity: D³ + 2D²C multiply-adds if there is something to solve.
    public func catchUp() { core.catchUp() }
}

extension ModelConfiguration {
    /// From this many rows on, adding a request's rows to the sums and solving once costs less than the recursion.
    public var bulkRows: Int { CostModel(width: width).bulkRows }
}
