internal import LinearAlgebra

/// Blocks of few rows wait beside the square, R_eff = R − TTᵀ and G_eff = G + HHᵀ, until one rank update applies them all.
extension RecursiveView {
    /// Keeps a block's T (in `p`) and H beside the square, until there are enough for one wide update.
    mutating func gather(h: borrowing Matrix, square: inout SymmetricPair) {
        let rows = h.columns
        if gathered + rows > cost.gatheredColumns { flush(square: &square) }
        gatheredT.setColumns(from: gathered, to: p, columns: 0..<rows)
        gatheredH.setColumns(from: gathered, to: h, columns: 0..<rows)
        gathered += rows
    }

    /// Brings R and G up to date with what is gathered.
    ///
    /// - Complexity: D² multiply-adds a gathered row.
    mutating func flush(square: inout SymmetricPair) {
        guard gathered > 0 else { return }
        square.learn(gatheredT, gatheredH, columns: 0..<gathered)
        gathered = 0
    }

    /// Adds rows to G without touching R or W: the first half of the bulk path, which ends with `solve`.
    ///
    /// - Complexity: D²n multiply-adds over two.
    mutating func accumulate(h: borrowing Matrix, square: inout SymmetricPair) {
        flush(square: &square)
        square.addToGram(h)
    }

    /// The same, and something less before or meanwhile.
    ///
    /// - Parameter other: is done once, on whatever thread, and touches nothing of this.
    mutating func accumulate(h: borrowing Matrix, square: inout SymmetricPair, beside other: () -> Void) {
        flush(square: &square)
        square.addToGram(h, beside: other)
    }
}
