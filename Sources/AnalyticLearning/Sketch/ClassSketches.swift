internal import LinearAlgebra

/// A model's record of each class's own Gram matrix, in the space of h: sketches, exact matrices, or nothing.
///
/// It is part of the truth, because it cannot be derived from anything else later.
struct ClassSketches: ~Copyable {
    /// How much is kept.
    let rank: SketchRank
    private let width: Int
    /// One sketch per class, if `rank` is a positive number of rows.
    private(set) var directions: [FrequentDirections] = []
    private var grams: [Gram] = []
    private var workspace: SketchWorkspace
    /// The rows of one class side by side, for rank updates of its matrix.
    private var gathered: Matrix

    /// A box, because arrays hold copyable values only.
    private final class Gram {
        var matrix: PackedSymmetric
        init(_ matrix: consuming PackedSymmetric) { self.matrix = matrix }
    }

    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(width: Int, rank: SketchRank) throws(LinearAlgebraError) {
        self.rank = rank
        self.width = width
        var rows = 0
        if case .rows(let count) = rank { rows = count }
        let workspace = try SketchWorkspace(width: width, rank: rows)
        let gathered = try Matrix(rows: width, columns: 0)
        self.workspace = workspace
        self.gathered = gathered
    }

    /// Their memory in doubles, including the buffers of rotations.
    static func doubles(_ rank: SketchRank, width: Int, classes: Double) -> Double {
        let width = Double(width)
        switch rank {
        case .rows(let rank):
            let rows = 2 * Double(rank)
            // A rotation needs the rows, their products, and the eigensolver's two squares.
            return classes * rows * width + rows * width + 3 * rows * rows
        case .exact: return classes * width * (width + 1) / 2
        }
    }

    /// The memory of the rows of a block, in doubles.
    ///
    /// - Parameter isAtRest: counts only what `rest` keeps.
    static func bufferDoubles(_ rank: SketchRank, width: Int, isAtRest: Bool) -> Double {
        let rows = CostModel(width: width).blockRows
        return rank != .exact || isAtRest && Matrix.hasPages(rows: width, columns: rows) ? 0 : Double(width) * Double(rows)
    }

    /// Returns the memory of the rows of a block to the system until the next block.
    mutating func rest() { gathered.discardColumns() }

    /// Whether anything is kept.
    var isKept: Bool { rank != .rows(0) }

    /// Adds or drops classes at the end.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`, keeping the existing classes.
    mutating func setClasses(_ count: Int) throws(LinearAlgebraError) {
        switch rank {
        case .rows(0): return
        case .rows(let rows):
            directions.removeLast(max(0, directions.count - count))
            while directions.count < count { directions.append(try FrequentDirections(width: width, rank: rows)) }
        case .exact:
            grams.removeLast(max(0, grams.count - count))
            while grams.count < count { grams.append(Gram(try PackedSymmetric(dimension: width))) }
        }
    }

    /// The number of classes with sketches or matrices.
    var classes: Int { max(directions.count, grams.count) }

    /// Drops the classes from this column on.
    mutating func dropClasses(from count: Int) {
        directions.removeLast(max(0, directions.count - count))
        grams.removeLast(max(0, grams.count - count))
    }

    /// Makes room for blocks of rows, and copies those sketches of the given classes that a job still reads.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`, changing nothing.
    mutating func reserve(rows: Int, columns: some Sequence<Int>) throws(LinearAlgebraError) {
        switch rank {
        case .rows(0): return
        case .rows: for column in columns { try directions[column].makeWritable() }
        case .exact: try gathered.reshapeScratch(columns: rows)
        }
    }

    /// Adds rows of one class.
    ///
    /// - Parameters:
    ///   - h: all rows of a block, [D×n].
    ///   - rows: the indices of the class's rows, in order of arrival.
    ///   - column: the class.
    mutating func add(_ h: borrowing Matrix, rows: ArraySlice<Int>, column: Int) {
        switch rank {
        case .rows(0): return
        case .rows:
            for row in rows {
                h.withColumn(row) { directions[column].insert($0, workspace: &workspace) }
            }
        case .exact: update(h, rows: rows, column: column, times: 1)
        }
    }

    /// Subtracts rows.
    ///
    /// - Returns: false if impossible: a shrunk sketch cannot be undone.
    mutating func subtract(_ h: borrowing Matrix, rows: ArraySlice<Int>, column: Int) -> Bool {
        guard rank == .exact else { return !isKept }
        update(h, rows: rows, column: column, times: -1)
        return true
    }

    private mutating func update(_ h: borrowing Matrix, rows: ArraySlice<Int>, column: Int, times factor: Double) {
        guard rows.count > 1 else {
            for row in rows { grams[column].matrix.add(h, columns: row..<(row + 1), times: factor) }
            return
        }
        for (target, row) in rows.enumerated() { gathered.setColumns(from: target, to: h, columns: row..<(row + 1)) }
        grams[column].matrix.add(gathered, columns: 0..<rows.count, times: factor)
    }

    /// Empties a class.
    mutating func clear(_ column: Int) {
        switch rank {
        case .rows(0): return
        case .rows: directions[column].clear()
        case .exact: grams[column].matrix.clear()
        }
    }

    /// Adds a class's sketch to another's, with its loss.
    mutating func join(_ joined: Int, into target: Int) {
        switch rank {
        case .rows(0): return
        case .rows:
            let source = directions[joined]
            source.withRows { directions[target].merge(rows: $0, shrunk: source.shrunk, workspace: &workspace) }
        case .exact: grams[target].matrix.add(grams[joined].matrix)
        }
    }

    /// Removes a class; those behind it move one place to the left.
    mutating func remove(_ column: Int) {
        switch rank {
        case .rows(0): return
        case .rows: directions.remove(at: column)
        case .exact: grams.remove(at: column)
        }
    }

    // MARK: Out and in

    /// Rotates the sketches of some classes, if there are any.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    mutating func rotate(_ columns: [Int]) throws(LinearAlgebraError) {
        for column in columns where directions.indices.contains(column) { try directions[column].rotate(workspace: &workspace) }
    }

    /// Rotates all sketches, so that none contains a learned row as it was.
    mutating func rotate() throws(LinearAlgebraError) {
        for column in directions.indices { try directions[column].rotate(workspace: &workspace) }
    }

    /// Adds α_c·G_c for each class to another matrix, if exact matrices are kept.
    func addGrams(to target: inout NormalEquations, times factor: (Int) -> Double) {
        for (column, gram) in grams.enumerated() {
            let alpha = factor(column)
            if alpha != 0 { target.add(gram.matrix, times: alpha) }
        }
    }

    /// A class's exact matrix, packed row after row.
    func forEachPackedGram<E: Error>(of column: Int, _ body: (UnsafeBufferPointer<Double>) throws(E) -> Void) throws(E) {
        try grams[column].matrix.forEachPacked(body)
    }

    /// Sets a class's sketch from a snapshot.
    mutating func restore(_ column: Int, rows: UnsafeBufferPointer<Double>, shrunk: Double) {
        directions[column].restore(rows: rows, shrunk: shrunk)
    }

    /// Merges another sketch into a class's.
    mutating func merge(_ column: Int, rows: UnsafeBufferPointer<Double>, shrunk: Double) {
        directions[column].merge(rows: rows, shrunk: shrunk, workspace: &workspace)
    }

    /// Adds to a class's exact matrix.
    mutating func add(packedGram: UnsafeBufferPointer<Double>, to column: Int) {
        grams[column].matrix.add(packedLower: packedGram)
    }
}

/// Buffers for rotating a sketch, shared by all sketches of a model.
struct SketchWorkspace: ~Copyable {
    var products: Matrix
    var rotated: Matrix
    var eigensolver: SymmetricEigensolver

    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(width: Int, rank: Int) throws(LinearAlgebraError) {
        let products = try Matrix(rows: 2 * rank, columns: 2 * rank)
        let rotated = try Matrix(rows: width, columns: 2 * rank)
        let eigensolver = try SymmetricEigensolver(largestOrder: 2 * rank)
        self.products = products
        self.rotated = rotated
        self.eigensolver = eigensolver
    }
}
