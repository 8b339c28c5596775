internal import LinearAlgebra

/// The residual moment A = N − QᵀW [C×C] with N = diag(n): the sums of squares and cross products that the ridge regression onto
/// one-hot labels leaves, including the penalty, YᵀY − YᵀH(HᵀH+λI)⁻¹HᵀY. It is positive definite on the classes with rows.
///
/// It follows the recursion without a product of D: with X = L⁻¹(Y − HW) of a learned block, A ← A + XᵀX, as the residual sum of
/// squares of recursive least squares (Plackett, "Some Theorems in Least Squares", Biometrika 1950). A class without rows has a zero
/// row and column.
///
/// It is a value: a published state shares its memory until the next change. A few rows of X wait beside the square, so that a state
/// for each row copies only those.
struct ResidualMoment: Sendable {
    /// It is kept for up to this many classes: the square then takes at most 8 MiB.
    static let mostClasses = 1024
    /// Rows of X that wait until one rank update applies them.
    private static let waitingRows = 16

    /// The lower triangle of a column-major square, without the waiting rows.
    private var square: [Double] = []
    /// The waiting rows of X, one after another.
    private var waiting: [Double] = []
    /// n: the rows of each class in A. A load adds rows to the truth that A, like W, does not have yet.
    private(set) var counts: [Double] = []
    /// Whether A is known. Weights that were solved, not updated, make it unknown until `set`.
    private(set) var isKnown = true

    /// Its memory in doubles: A, and P = A⁻¹ of the rows scored before they are learned.
    static func doubles(classes: Double) -> Double { classes <= Double(mostClasses) ? 2 * classes * classes : 0 }

    /// The same of a published state: its copy of A, unless it is the learner's, and P, once a prediction has asked for it.
    static func publishedDoubles(classes: Double) -> Double { doubles(classes: classes) }

    /// The labelled rows in A.
    var rows: Double { counts.reduce(0, +) }

    /// The number of classes; 0 if A is unknown.
    var classes: Int { counts.count }

    /// Makes A unknown.
    mutating func forget() {
        guard isKnown else { return }
        (square, waiting, counts, isKnown) = ([], [], [], false)
    }

    /// Adds classes without rows at the end, or drops the last ones.
    mutating func setClasses(_ count: Int) {
        guard isKnown, count != classes else { return }
        guard count <= Self.mostClasses else { return forget() }
        flush()
        let (old, kept) = (classes, min(classes, count))
        var grown = [Double](repeating: 0, count: count * count)
        for column in 0..<kept {
            for row in column..<kept { grown[row + column * count] = square[row + column * old] }
        }
        square = grown
        counts = (0..<count).map { $0 < old ? counts[$0] : 0 }
    }

    /// Removes a class; those behind it move one place to the left.
    mutating func removeClass(_ removed: Int) {
        guard isKnown else { return }
        flush()
        let old = classes
        var place = 0
        for column in 0..<old where column != removed {
            for row in 0..<old where row != removed {
                square[place] = square[row + column * old]
                place += 1
            }
        }
        square.removeLast(square.count - place)
        counts.remove(at: removed)
    }

    /// Adds a class's row and column to those of another: targets that were 1 for one of them are 1 for both.
    mutating func joinClass(_ joined: Int, into target: Int) {
        guard isKnown else { return }
        flush()
        func place(_ i: Int, _ j: Int) -> Int { max(i, j) + min(i, j) * classes }
        for other in 0..<classes where other != target && other != joined { square[place(target, other)] += square[place(joined, other)] }
        square[place(target, target)] += square[place(joined, joined)] + 2 * square[place(joined, target)]
        counts[target] += counts[joined]
        removeClass(joined)
    }

    /// Sets the row and the column of a class without rows to exactly zero.
    mutating func clearClass(_ column: Int) {
        guard isKnown else { return }
        flush()
        for row in 0..<classes { square[max(row, column) + min(row, column) * classes] = 0 }
        counts[column] = 0
    }

    /// A ← A + XᵀX, for learned rows.
    ///
    /// - Parameters:
    ///   - x: X = L⁻¹(Y − HW) [n×C].
    ///   - columns: the class of each row.
    /// - Complexity: nC² operations.
    mutating func add(_ x: borrowing Matrix, columns: ArraySlice<Int>) {
        guard isKnown else { return }
        precondition(x.columns == classes, "a block of other classes")
        for column in columns { counts[column] += 1 }
        guard x.rows < Self.waitingRows else { return update(x, times: 1) }
        if waiting.count + x.rows * classes > Self.waitingRows * classes { flush() }
        for row in 0..<x.rows {
            for column in 0..<classes { waiting.append(x[row, column]) }
        }
    }

    /// A ← A − XᵀX, for unlearned rows: X is that of the downdate.
    ///
    /// - Parameters: as of `add`.
    mutating func subtract(_ x: borrowing Matrix, columns: ArraySlice<Int>) {
        guard isKnown else { return }
        precondition(x.columns == classes, "a block of other classes")
        for column in columns { counts[column] -= 1 }
        update(x, times: -1)
    }

    private mutating func update(_ x: borrowing Matrix, times factor: Double) {
        flush()
        square.withUnsafeMutableBufferPointer { x.addCrossProduct(times: factor, toLower: $0) }
    }

    /// Applies the waiting rows.
    private mutating func flush() {
        guard !waiting.isEmpty else { return }
        waiting.withUnsafeBufferPointer { waiting in
            Matrix.withView(of: waiting, rows: classes) { rows in
                square.withUnsafeMutableBufferPointer { rows.addOuterProduct(toLower: $0) }
            }
        }
        waiting.removeAll(keepingCapacity: true)
    }

    /// A = N − QᵀW. Without memory for it, A stays unknown.
    ///
    /// - Complexity: 2DC² operations, of which little more than half are done.
    mutating func set(counts newCounts: [Int], crossMoment: borrowing Matrix, weights: borrowing Matrix) {
        let classes = newCounts.count
        guard classes <= Self.mostClasses, weights.columns == classes, crossMoment.columns == classes else { return forget() }
        guard var product = try? Matrix(rows: classes, columns: classes) else { return forget() }
        product.multiplyLower(crossMoment, transposedBy: weights)
        square = product.withElements { $0.map { -$0 } }
        for column in 0..<classes {
            for row in 0..<column { square[row + column * classes] = 0 }
            square[column * (classes + 1)] += Double(newCounts[column])
        }
        counts = newCounts.map(Double.init)
        waiting = []
        isKnown = true
        for column in newCounts.indices where newCounts[column] == 0 { clearClass(column) }
    }

    /// A on the given classes, both triangles, column-major.
    ///
    /// - Complexity: O(k²).
    func elements(of columns: [Int]) -> [Double] {
        var copy = self
        copy.flush()
        var result = [Double](repeating: 0, count: columns.count * columns.count)
        for (j, column) in columns.enumerated() {
            for (i, row) in columns.enumerated() {
                result[i + j * columns.count] = copy.square[max(row, column) + min(row, column) * classes]
            }
        }
        return result
    }
}
