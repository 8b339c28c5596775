public import LinearAlgebra

extension Classifier {
    /// Calls `body` with Q [D×C].
    public func withCrossMoment<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(core.truth.crossMoment)
    }

    /// Calls `body` with W [D×C], in Float64: the weights without the part of an intercept, see `foldedWeights`.
    public func withWeights<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(core.view.readout.weights)
    }

    /// W′ [D×C], whose scores are hᵀW′ + b: W if the model has no intercept.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D·C).
    public func foldedWeights() throws(LinearAlgebraError) -> Matrix {
        core.settle()
        return try core.foldedWeights()
    }

    /// b [C]; empty if the model has no intercept.
    public var intercepts: [Double] {
        core.settle()
        return core.intercepts
    }

    /// Calls `body` with s [D×1], the sum of all mapped rows; it has no column if the model has no intercept.
    public func withRowSum<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(core.truth.rowSum)
    }

    /// Calls `body` with the class moments.
    public func withMoments<R, E: Error>(_ body: (borrowing ClassMoments) throws(E) -> R) throws(E) -> R {
        try body(core.truth.moments)
    }

    /// Calls `body` with the square of G and R, brought up to date.
    public func withSquare<R, E: Error>(_ body: (borrowing SymmetricPair) throws(E) -> R) throws(E) -> R {
        core.flush()
        return try body(core.square)
    }

    /// The accuracy of the sums in G.
    ///
    /// - Complexity: O(D).
    public var sumError: SumError { core.sumError }

    /// The error bound to save. It covers all rows, including those gathered beside the square, which a restored model has in G.
    public var savedSumError: Double {
        core.flush()
        return min(core.gramError, SumError.largestBound)
    }

    /// Whether second moments may be off, as `ClassMoments.errors` says, so that the errors must be saved.
    public var hasMomentErrors: Bool { core.truth.moments.errors.contains { !$0.isEmpty } }

    /// The limit of samples and of the version: 2^53 − 1, which every JSON reader keeps exactly (RFC 8259, section 6).
    ///
    /// A model at the limit can be read, saved and restored, but learns no more.
    public static let maximumCount = CountLimits.largest

    /// Whether this many more rows, in one new version, can be counted.
    public func canCount(rows: Int) -> Bool { version < Self.maximumCount && rows <= Self.maximumCount - samples }

    /// Makes the version exceed both its own past and `current`: versions never decrease, whatever is restored, and never pass
    /// `maximumCount`.
    ///
    /// Balanced weights computed from this very state stay current.
    public func advanceVersion(past current: Int) throws(LinearAlgebraError) {
        let advanced = min(max(version, current) + 1, Self.maximumCount)
        if let current = balanced, current.version == version { balanced = try current.renumbered(advanced) }
        version = advanced
    }

    /// The size of a class's sketch: its rows, and an upper bound of ‖G_c − BᵀB‖₂; nil without sketches or with exact
    /// matrices.
    public func sketchSize(of column: Int) -> (rows: Int, shrunk: Double)? {
        guard case .rows(let rank) = configuration.sketchRank, rank > 0 else { return nil }
        return (core.truth.sketches.directions[column].rows, core.truth.sketches.directions[column].shrunk)
    }

    /// Calls `body` with the rows of each class's sketch, row-major [rows, D], in column order.
    ///
    /// Sketches are first rotated to their eigenvectors, so no learned row appears as it was.
    ///
    /// - Throws: what `body` throws, or, before the first call, `LinearAlgebraError.outOfMemory` if a job shares the sketches and
    ///   they cannot be copied.
    /// - Complexity: O(rank²·D) for each class that has changed.
    public func forEachSketch(_ body: (_ column: Int, _ rows: UnsafeBufferPointer<Double>) throws -> Void) throws {
        try core.truth.sketches.rotate()
        for (column, sketch) in core.truth.sketches.directions.enumerated() {
            try sketch.withRows { try body(column, $0) }
        }
    }

    /// Calls `body` with a class's own Gram matrix, packed row after row as by `SymmetricPair.forEachPackedGram`, if `sketchRank`
    /// is `.exact`.
    public func forEachPackedGram<E: Error>(
        ofClass column: Int, _ body: (UnsafeBufferPointer<Double>) throws(E) -> Void
    ) throws(E) {
        precondition(configuration.sketchRank == .exact, "no class matrices are kept")
        try core.truth.sketches.forEachPackedGram(of: column, body)
    }

    /// Adds a value to an element of R. For tests that damage is found and healed.
    package func disturbInverse(_ row: Int, _ column: Int, by value: Double) {
        core.flush()
        core.square.disturbInverse(row, column, by: value)
    }
}
