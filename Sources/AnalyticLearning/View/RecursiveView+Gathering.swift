internal import LinearAlgebra

/// Blocks of few rows wait beside the square, R_eff = R − TTᵀ and G_eff = G + HHᵀ, until one rank update applies them all.
extension RecursiveView {
    /// Keeps a block's T and H beside the square until there are enough for one wide update.
    mutating func gather(h: borrowing Matrix, square: inout SymmetricPair) {
        let rows = h.columns
        if gathered + rows > cost.gatheredColumns { flush(square: &square) }
        gatheredT.setColumns(from: gathered, to: update.p, columns: 0..<rows)
        gatheredH.setColumns(from: gathered, to: h, columns: 0..<rows)
        gathered += rows
    }

    /// Applies the gathered rows to R and G.
    ///
    /// - Complexity: D² multiply-adds per gathered row.
    mutating func flush(square: inout SymmetricPair) {
        guard gathered > 0 else { return }
        square.learn(gatheredT, gatheredH, columns: 0..<gathered)
        gathered = 0
    }
}
