internal import LinearAlgebra

/// What a classifier has learned, and the weights that follow from it: the truth, the view, and the square of G and R that they share.
///
/// Its operations are those of the mathematics. It knows columns, and neither labels nor versions. Each operation that changes the truth
/// ends with a view that follows from it, or with `isBehind`; nothing but the extensions of this type changes either.
struct LearningCore: ~Copyable {
    /// φ.
    let featureMap: FeatureMap
    /// G below the diagonal, R above it.
    var square: SymmetricPair
    /// Q, and what else is summed.
    var truth: Truth
    /// W, and what R needs beside the square.
    var view: RecursiveView
    /// Whether the view lacks something that the truth has, and must be solved again before it learns by the recursion.
    private(set) var isBehind = false

    /// Mapped rows; several identity rows are not copied. Nil only while they are in use.
    private var mapped: Matrix?
    /// The scores of some rows [n×C].
    var scores: Matrix

    /// A core that has learned nothing.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D²).
    init(_ featureMap: FeatureMap, ridge: Double, sketchRank: SketchRank) throws(LinearAlgebraError) {
        let width = featureMap.width
        var square = try SymmetricPair(dimension: width)
        let view = try RecursiveView(width: width, ridge: ridge, square: &square)
        let truth = try Truth(width: width, dimension: featureMap.dimension, sketchRank: sketchRank)
        let mapped: Matrix? = try Matrix(rows: width, columns: 0, columnCapacity: featureMap.isIdentity ? 1 : view.cost.blockRows)
        let scores = try Matrix(rows: 0, columns: 0)
        self.featureMap = featureMap
        self.square = square
        self.view = view
        self.truth = truth
        self.mapped = mapped
        self.scores = scores
    }

    // MARK: In step

    /// How the view stands to the truth after a change.
    enum Step {
        /// It follows from it.
        case together
        /// It must be solved again.
        case viewBehind
    }

    /// Changes what was learned, or the view of it: the one place that says whether they are in step.
    ///
    /// - Parameter change: says whether they are. Where it throws they are not: the old weights stay, and the next block solves again.
    mutating func step(_ change: (inout LearningCore) throws(LinearAlgebraError) -> Step) {
        isBehind = true
        do throws(LinearAlgebraError) {
            isBehind = try change(&self) == .viewBehind
        } catch {}
    }

    /// Solves the view again from the truth.
    ///
    /// - Complexity: D³ + 2D²C multiply-adds.
    mutating func solve() {
        step { (core) throws(LinearAlgebraError) in
            try core.view.solve(square: &core.square, truth: core.truth)
            return .together
        }
    }

    // MARK: Preparing

    /// Makes ready what a change needs; the one way to anything in it that may fail.
    ///
    /// Every operation first prepares its change whole by this, and then commits it by statements that cannot throw. Where preparing
    /// throws, the state is what it was, to the bit.
    ///
    /// - Parameter body: may make room for classes, set what `RecursiveView.Figures` names, and solve by `RecursiveView.solve` in a square
    ///   of its own as the last thing that throws. The sums, the weights and R stay as they are.
    mutating func prepare<Prepared: ~Copyable, Failure: Error>(
        _ body: (inout LearningCore) throws(Failure) -> Prepared
    ) throws(Failure) -> Prepared {
        let (figures, classes) = (view.figures, truth.counts.count)
        do throws(Failure) {
            return try body(&self)
        } catch {
            view.figures = figures
            view.dropClasses(from: classes)
            truth.dropClasses(from: classes)
            throw error
        }
    }

    /// Makes room for all that learning some rows needs, so that nothing can fail half-way.
    ///
    /// - Parameters:
    ///   - columns: the class of each row.
    ///   - isScoredAtOnce: whether more rows are scored at once than the recursion takes.
    /// - Throws: `LinearAlgebraError.outOfMemory`; nothing has changed then.
    mutating func reserve(_ columns: [Int], isScoredAtOnce: Bool, _ room: ClassRoom) throws(LinearAlgebraError) {
        try prepare { (core) throws(LinearAlgebraError) in
            let block = core.view.cost.blockRows
            let scored = isScoredAtOnce ? core.accumulatedRows(classes: room.classes) : block
            try core.reserveMapped(rows: min(columns.count, block))
            try core.scores.reshapeScratch(rows: min(columns.count, scored), columns: room.classes)
            try core.reserve(room, rows: min(columns.count, block), columns: columns)
        }
    }

    /// Makes room for classes, and for rows of some of them. A part of `prepare`, which drops new classes again.
    mutating func reserve(_ room: ClassRoom, rows: Int, columns: [Int]) throws(LinearAlgebraError) {
        try room.check(known: truth.counts.count)
        try view.reserve(rows: rows, classes: room.classes)
        try truth.setClasses(room.classes)
        try truth.sketches.reserve(rows: rows, columns: columns)
    }

    // MARK: Mapping

    /// Makes room for mapped rows.
    mutating func reserveMapped(rows: Int) throws(LinearAlgebraError) {
        if !featureMap.isIdentity { try mapped?.reshapeScratch(columns: rows) }
    }

    /// Maps rows and calls `body` with them, Hᵀ [D×n].
    ///
    /// - Throws: what `body` throws, or `LinearAlgebraError.outOfMemory`: not if there is room for the rows.
    /// - Complexity: O(n·d·D).
    mutating func withMapped<R>(
        _ features: UnsafeBufferPointer<Double>,
        _ body: (inout LearningCore, borrowing Matrix) throws(LinearAlgebraError) -> R
    ) throws(LinearAlgebraError) -> R {
        // `body` changes everything else meanwhile.
        guard var buffer = mapped.take() else { preconditionFailure("rows are mapped while others are in use") }
        let result: Result<R, LinearAlgebraError>
        do throws(LinearAlgebraError) {
            result = .success(try featureMap.withMapped(features, buffer: &buffer) { (h) throws(LinearAlgebraError) in try body(&self, h) })
        } catch {
            result = .failure(error)
        }
        mapped = consume buffer
        return try result.get()
    }
}
