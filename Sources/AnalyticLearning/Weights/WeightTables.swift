/// Makes the tables of a classifier's published states: one for each W, in the memory of the state before the last if no reader has it.
struct WeightTables {
    /// The newest table, and what it was made from.
    private var newest: (table: WeightTable, revision: Int, norm: Double)?
    /// The memory of the table before it.
    private var spare: WeightMemory?

    /// The table of W, which has classes.
    ///
    /// - Returns: nil if W is not finite.
    /// - Complexity: O(D·C), or O(1) if neither W nor the size of the rows has changed since the last call.
    mutating func table(of core: borrowing LearningCore) -> WeightTable? {
        let (revision, norm) = (core.view.readout.revision, core.rowNorm)
        if let newest, newest.revision == revision, newest.norm == norm { return newest.table }
        let table: WeightTable?
        if core.view.readout.intercept.isUsed {
            guard let folded = try? core.foldedWeights() else { return nil }
            table = WeightTable(folded, intercepts: core.intercepts, norm: norm, reusing: &spare, components: { core.rowScale.components })
        } else {
            table = WeightTable(core.view.readout.weights, norm: norm, reusing: &spare, components: { core.rowScale.components })
        }
        guard let table else { return nil }
        spare = newest?.table.transposed
        // Whether exact weights are needed depends on more than the norm.
        newest = (table, table.exact == nil ? revision : -1, norm)
        return table
    }
}
