internal import LinearAlgebra

/// What a classifier has learned, and the weights that follow from it: the truth, the view, and the square of G and R that they
/// share.
///
/// Its operations are the mathematics: it knows columns, but neither labels nor versions. Each operation that changes the truth
/// ends either with a view that follows from it or with `isBehind`; only extensions of this type change either.
struct LearningCore: ~Copyable {
    /// φ. Changes only while nothing has been learned, see `setMap`.
    private(set) var featureMap: FeatureMap
    /// G below the diagonal, R above it.
    var square: SymmetricPair
    /// Q and the other sums.
    var truth: Truth
    /// W, and what R needs besides the square.
    var view: RecursiveView
    /// Whether the truth has something that the view lacks; the view must then be solved again before the recursion continues.
    private(set) var isBehind = false
    /// Whether the buffers of a block have no memory; see `rest`.
    private(set) var isAtRest = true
    /// Rows in the truth that W, solved last, lacks while a load goes on; see `load`.
    private(set) var loadedRows = 0

    /// Compares ridges by the rows that are learned; nil if the ridge is fixed, or has no candidates yet.
    var race: RidgeRace?

    /// W′ and b as they were saved, while they are those of the state: folding W again would round again.
    var restored: RestoredWeights?

    /// Mapped rows. Two or more identity rows are not copied. Nil only while in use.
    private var mapped: Matrix?
    /// The most mapped rows that a load adds at once, if more than a block; 0 for a block.
    private(set) var wideRows = 0
    /// The scores of a few rows [n×C].
    var scores: Matrix
    /// W before a request that is divided; without columns otherwise.
    var earlierWeights: Matrix
    /// b of these weights; empty without intercepts.
    var earlierIntercepts: [Double] = []

    /// An empty core.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D²).
    init(_ featureMap: FeatureMap, ridge: Double, sketchRank: SketchRank, intercept: Bool) throws(LinearAlgebraError) {
        let width = featureMap.width
        var square = try SymmetricPair(dimension: width)
        let view = try RecursiveView(width: width, ridge: ridge, hasIntercept: intercept, square: &square)
        let truth = try Truth(width: width, dimension: featureMap.dimension, sketchRank: sketchRank, hasRowSum: intercept)
        let mapped: Matrix? = try Matrix(rows: width, columns: 0, columnCapacity: featureMap.isIdentity ? 1 : view.cost.blockRows)
        let scores = try Matrix(rows: 0, columns: 0)
        let earlierWeights = try Matrix(rows: width, columns: 0)
        self.featureMap = featureMap
        self.square = square
        self.view = view
        self.truth = truth
        self.mapped = mapped
        self.scores = scores
        self.earlierWeights = earlierWeights
    }

    // MARK: In step

    /// How the view relates to the truth after a change.
    enum Step {
        /// The view follows from the truth.
        case together
        /// The view must be solved again.
        case viewBehind
    }

    /// Changes the truth or the view: the only place that records whether they are in step.
    ///
    /// - Parameter change: returns whether they are. If it throws they are not: the old weights stay, and the next block solves
    ///   again.
    mutating func step(_ change: (inout LearningCore) throws(LinearAlgebraError) -> Step) {
        isBehind = true
        isAtRest = false
        do throws(LinearAlgebraError) {
            isBehind = try change(&self) == .viewBehind
            if !isBehind { loadedRows = 0 }
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

    /// Counts rows that were added for a later solution; negative: all of them are in W now.
    mutating func noteLoaded(_ rows: Int) { loadedRows = rows < 0 ? 0 : loadedRows + rows }

    // MARK: Preparing

    /// Prepares a change; everything in a change that may fail goes through here.
    ///
    /// Every operation first prepares its whole change here, then commits it with statements that cannot throw. If preparing
    /// throws, the state stays the same to the bit.
    ///
    /// - Parameter body: may make room for classes, set what `RecursiveView.Figures` names, and, as the last step that throws,
    ///   solve by `RecursiveView.solve` in a separate square. It leaves the sums, the weights and R as they are.
    mutating func prepare<Prepared: ~Copyable, Failure: Error>(
        _ body: (inout LearningCore) throws(Failure) -> Prepared
    ) throws(Failure) -> Prepared {
        isAtRest = false
        let (figures, classes) = (view.figures, truth.counts.count)
        do throws(Failure) {
            return try body(&self)
        } catch {
            view.figures = figures
            dropClasses(from: classes)
            throw error
        }
    }

    /// Drops classes that were reserved but have learned nothing.
    mutating func dropClasses(from count: Int) {
        view.dropClasses(from: count)
        truth.dropClasses(from: count)
    }

    /// Makes room for everything that learning the rows needs, so that nothing can fail half-way.
    ///
    /// - Parameters:
    ///   - columns: the class of each row.
    ///   - spans: the requests, divided, if their rows are scored.
    ///   - isForLater: whether the rows only go into the sums, see `load`.
    ///   - balanced: scores the rows too.
    /// - Throws: `LinearAlgebraError.outOfMemory`; nothing has changed then.
    mutating func reserve(
        _ columns: [Int], spans: [RequestSpan], isForLater: Bool = false, balanced: BalancedScorer? = nil, _ room: ClassRoom
    ) throws(LinearAlgebraError) {
        try prepare { (core) throws(LinearAlgebraError) in
            var block = core.view.cost.blockRows
            var scored = block
            var (index, hasEarlier) = (0, false)
            while index < spans.count {
                let (end, rows) = spans.request(at: index)
                if isForLater || rows > core.view.cost.blockRows {
                    scored = max(scored, core.accumulatedRows(classes: room.classes))
                    let isDivided = end > index + 1
                    if !isForLater, core.path(rows: rows, classes: room.classes, isDivided: isDivided) == .wideBlock {
                        block = max(block, rows)
                    }
                    if !isForLater, isDivided, spans[index].knownClasses > 0 { hasEarlier = true }
                }
                index = end
            }
            scored = max(scored, block)
            if hasEarlier { try core.earlierWeights.reshapeScratch(columns: room.classes) }
            try core.reserveMapped(rows: min(columns.count, scored))
            let products = max(room.classes, balanced?.productCount ?? 0)
            try core.scores.reshapeScratch(rows: min(columns.count, scored), columns: products)
            try core.reserve(room, rows: min(columns.count, block), columns: columns)
        }
    }

    /// Makes room for classes, and for rows of some of them. Part of `prepare`, which drops new classes if it fails.
    mutating func reserve(_ room: ClassRoom, rows: Int, columns: [Int]) throws(LinearAlgebraError) {
        try room.check(known: truth.counts.count)
        try view.reserve(rows: rows, classes: room.classes)
        try truth.setClasses(room.classes)
        try truth.sketches.reserve(rows: rows, columns: columns)
    }

    /// Returns the memory that a wide block needed beyond a block's to the system.
    mutating func discardWideBlock() {
        view.discardWideBlock()
        mapped?.dropColumns(from: view.cost.blockRows)
        scores.dropColumns(from: 0)
    }

    /// Records that buffers of a block are used outside of a change.
    mutating func useBuffers() { isAtRest = false }

    /// Returns the memory of the buffers of a block to the system. No bit of the state or of later results changes, and nothing can
    /// fail: the addresses stay, and the next block gets pages when it writes.
    mutating func rest() {
        mapped?.discardColumns()
        scores.discardColumns()
        view.rest()
        truth.sketches.rest()
        isAtRest = true
    }

    // MARK: Mapping

    /// Replaces the map by one of the same shape: nothing depends on it before the first row.
    mutating func setMap(_ map: FeatureMap) {
        precondition(truth.samples == 0 && map.width == featureMap.width && map.dimension == featureMap.dimension, "another feature map")
        featureMap = map
    }

    /// Makes room for mapped rows.
    mutating func reserveMapped(rows: Int) throws(LinearAlgebraError) {
        if !featureMap.isIdentity { try mapped?.reshapeScratch(columns: rows) }
    }

    /// Makes the buffer of mapped rows that of a load, or that of a block again.
    mutating func setWideRows(_ rows: Int) {
        let wasWide = wideRows > 0
        wideRows = rows
        guard wasWide, rows == 0 else { return }
        // Without memory for a small buffer the large one stays.
        if let small = try? Matrix(rows: featureMap.width, columns: 0, columnCapacity: view.cost.blockRows) { mapped = consume small }
    }

    /// Maps rows and calls `body` with them, Hᵀ [D×n].
    ///
    /// - Throws: what `body` throws, or `LinearAlgebraError.outOfMemory`, but not if there is room for the rows.
    /// - Complexity: O(n·d·D).
    mutating func withMapped<R>(
        _ features: UnsafeBufferPointer<Double>,
        _ body: (inout LearningCore, borrowing Matrix) throws(LinearAlgebraError) -> R
    ) throws(LinearAlgebraError) -> R {
        isAtRest = false
        // `body` may change everything else meanwhile.
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
