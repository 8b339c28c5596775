internal import LinearAlgebra

/// What a model keeps of each class's own Gram matrix, in the space of h: sketches, whole matrices, or nothing.
///
/// It belongs to the truth: it cannot be made later from anything else.
struct ClassSketches: ~Copyable {
    /// How much is kept.
    let rank: SketchRank
    private let width: Int
    /// A sketch a class, where `rank` is a number of rows above 0.
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

    /// What they take in memory, in doubles, with the buffers of what changes them.
    static func doubles(_ rank: SketchRank, width: Int, classes: Double) -> Double {
        let width = Double(width)
        switch rank {
        case .rows(let rank):
            let rows = 2 * Double(rank)
            // A rotation has rows, their products, and the eigensolver's two squares.
            return classes * rows * width + rows * width + 3 * rows * rows
        case .exact: return classes * width * (width + 1) / 2 + width * Double(CostModel(width: Int(width)).blockRows)
        }
    }

    /// Whether anything is kept.
    var isKept: Bool { rank != .rows(0) }

    /// Adds or drops classes at the end.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`, keeping the classes there were.
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

    /// The classes that something is kept of.
    var classes: Int { max(directions.count, grams.count) }

    /// Forgets the classes from one on.
    mutating func dropClasses(from count: Int) {
        directions.removeLast(max(0, directions.count - count))
        grams.removeLast(max(0, grams.count - count))
    }

    /// Makes room for blocks of rows, and copies of the sketches of some classes where a job still reads them.
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
    ///   - rows: the numbers of the class's rows, in order of arrival.
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

    /// Takes rows out again.
    ///
    /// - Returns: false where that cannot be done: a shrunk sketch has no inverse.
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

    /// Forgets what a class has gathered.
    mutating func clear(_ column: Int) {
        switch rank {
        case .rows(0): return
        case .rows: directions[column].clear()
        case .exact: grams[column].matrix.clear()
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

    /// Rotates all sketches, so that none holds a row as it came.
    mutating func rotate() throws(LinearAlgebraError) {
        for column in directions.indices { try directions[column].rotate(workspace: &workspace) }
    }

    /// Adds α_c·G_c for each class to another matrix, where whole matrices are kept.
    func addGrams(to target: inout NormalEquations, times factor: (Int) -> Double) {
        for (column, gram) in grams.enumerated() {
            let alpha = factor(column)
            if alpha != 0 { target.add(gram.matrix, times: alpha) }
        }
    }

    /// A class's whole matrix, packed row after row.
    func forEachPackedGram<E: Error>(of column: Int, _ body: (UnsafeBufferPointer<Double>) throws(E) -> Void) throws(E) {
        try grams[column].matrix.forEachPacked(body)
    }

    /// Sets a class's sketch, as from a snapshot.
    mutating func restore(_ column: Int, rows: UnsafeBufferPointer<Double>, shrunk: Double) {
        directions[column].restore(rows: rows, shrunk: shrunk)
    }

    /// Adds another sketch of a class.
    mutating func merge(_ column: Int, rows: UnsafeBufferPointer<Double>, shrunk: Double) {
        directions[column].merge(rows: rows, shrunk: shrunk, workspace: &workspace)
    }

    /// Adds a class's whole matrix.
    mutating func add(packedGram: UnsafeBufferPointer<Double>, to column: Int) {
        grams[column].matrix.add(packedLower: packedGram)
    }
}

/// Buffers that all sketches of a model share while one of them is rotated.
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
