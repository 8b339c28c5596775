internal import LinearAlgebra

/// A sketch B of a class's rows with 0 ⪯ G_c − BᵀB ⪯ `shrunk`·I (Liberty, "Simple and deterministic matrix sketching", KDD 2013).
///
/// Rows are inserted one after another. When 2·rank are held, they are rotated to the eigenvectors of BᵀB; the first eigenvalue
/// after `rank` is subtracted from all, and what remains of the first `rank` directions stays. `shrunk` is the sum of the
/// subtracted eigenvalues: at most ‖A − A_k‖²/(rank + 1 − k) for the best approximation A_k of any rank k ≤ rank. While
/// a class has at most 2·rank − 1 rows, BᵀB is its Gram matrix.
///
/// Rotating does not change BᵀB, so it may happen at any time: except for rounding, the sketch depends on the order of the rows,
/// not on their batches. Rows inserted since the last rotation wait beside it; everything that leaves the classifier is rotated
/// first.
///
/// A write copies the memory if another holder, such as a balance job, still reads it.
struct FrequentDirections: Sendable {
    /// Rows kept by a shrink.
    let rank: Int
    /// Rows held, from 0 to 2·rank − 1.
    private(set) var rows = 0
    /// An upper bound of ‖G_c − BᵀB‖₂.
    private(set) var shrunk = 0.0
    private var isRotated = true
    private var storage: Storage

    /// The memory of a sketch: Bᵀ [D × 2·rank]; only the first `rows` columns count.
    // Proof of Sendable: only a holder that has ensured (`makeWritable`) that there is no other writes it.
    private final class Storage: @unchecked Sendable {
        var matrix: Matrix
        init(_ matrix: consuming Matrix) { self.matrix = matrix }
    }

    /// An empty sketch.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`; it takes 2·rank·D doubles.
    init(width: Int, rank: Int) throws(LinearAlgebraError) {
        self.rank = rank
        storage = Storage(try Matrix(rows: width, columns: 2 * rank))
    }

    /// Makes this the only holder of the memory, copying it if another holder reads it.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`, changing nothing.
    mutating func makeWritable() throws(LinearAlgebraError) {
        guard !isKnownUniquelyReferenced(&storage) else { return }
        var copy = try Matrix(rows: storage.matrix.rows, columns: storage.matrix.columns)
        copy.setColumns(from: 0, to: storage.matrix, columns: 0..<rows)
        storage = Storage(copy)
    }

    /// Adds a row; `makeWritable` must have been called since the sketch was last shared.
    ///
    /// - Complexity: amortised 6·rank·D multiply-adds.
    mutating func insert(_ h: UnsafeBufferPointer<Double>, workspace: inout SketchWorkspace) {
        precondition(isKnownUniquelyReferenced(&storage), "a shared sketch is written to")
        storage.matrix.withMutableColumn(rows) { _ = $0.update(fromContentsOf: h) }
        rows += 1
        isRotated = false
        if rows == 2 * rank { compact(keeping: rank, workspace: &workspace) }
    }

    /// Inserts another sketch's rows and adds its loss.
    mutating func merge(rows elements: UnsafeBufferPointer<Double>, shrunk lost: Double, workspace: inout SketchWorkspace) {
        let width = storage.matrix.rows
        for start in stride(from: 0, to: elements.count, by: width) {
            let row = UnsafeBufferPointer(rebasing: elements[start..<(start + width)])
            // Rows of zeros, left by a shrink, carry nothing and would only hasten the next shrink.
            if row.contains(where: { $0 != 0 }) { insert(row, workspace: &workspace) }
        }
        shrunk += lost
    }

    /// Sets the sketch from a snapshot; its rows are already rotated.
    mutating func restore(rows elements: UnsafeBufferPointer<Double>, shrunk lost: Double) {
        let width = storage.matrix.rows
        rows = elements.count / width
        precondition(rows * width == elements.count && rows < 2 * rank, "a sketch of another size")
        storage.matrix.withMutableElements { _ = $0.update(fromContentsOf: elements) }
        shrunk = lost
        isRotated = true
    }

    /// The sum of the squares of all elements, which rotation does not change.
    var sumOfSquares: Double { withRows { $0.reduce(0) { $0 + $1 * $1 } } }

    /// Forgets everything.
    mutating func clear() {
        rows = 0
        shrunk = 0
        isRotated = true
    }

    /// Rotates the rows inserted since the last rotation; BᵀB does not change.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory` if the memory is shared and cannot be copied.
    mutating func rotate(workspace: inout SketchWorkspace) throws(LinearAlgebraError) {
        guard !isRotated else { return }
        try makeWritable()
        compact(keeping: rows, workspace: &workspace)
    }

    private mutating func compact(keeping kept: Int, workspace: inout SketchWorkspace) {
        do throws(LinearAlgebraError) {
            try workspace.products.reshapeScratch(rows: rows, columns: rows)
            workspace.products.multiply(
                storage.matrix, columns: 0..<rows, transposed: true, by: storage.matrix, columns: 0..<rows)
            try workspace.eigensolver.decompose(&workspace.products)
            // Eigenvalues ascend: the last `kept` columns are the largest.
            let first = rows - kept
            let cut = first > 0 ? max(workspace.eigensolver.values[first - 1], 0) : 0
            if first > 0 {
                for column in first..<rows {
                    let value = max(workspace.eigensolver.values[column], .leastNormalMagnitude)
                    workspace.products.scaleColumn(column, by: (max(value - cut, 0) / value).squareRoot())
                }
            }
            try workspace.rotated.reshapeScratch(columns: kept)
            workspace.rotated.multiply(storage.matrix, columns: 0..<rows, by: workspace.products, columns: first..<rows)
            for column in 0..<kept {
                storage.matrix.setColumns(from: kept - 1 - column, to: workspace.rotated, columns: column..<(column + 1))
            }
            shrunk += cut
            rows = kept
        } catch {
            dropSmallest(keeping: kept)
        }
        isRotated = true
    }

    /// If the eigensolver does not converge: drops the rows with the smallest norms. Each weakens BᵀB by at most its squared
    /// norm.
    private mutating func dropSmallest(keeping kept: Int) {
        let norms = (0..<rows).map { row in storage.matrix.withColumn(row) { $0.reduce(0) { $0 + $1 * $1 } } }
        let order = norms.indices.sorted { (norms[$0], $1) > (norms[$1], $0) }
        shrunk += order[kept...].reduce(0) { $0 + norms[$1] }
        for (target, row) in order[..<kept].sorted().enumerated() where target != row {
            storage.matrix.moveColumn(row, to: target)
        }
        rows = kept
    }

    /// Calls `body` with B row-major [rows, D].
    func withRows<R, E: Error>(_ body: (UnsafeBufferPointer<Double>) throws(E) -> R) throws(E) -> R {
        let count = rows * storage.matrix.rows
        return try storage.matrix.withElements { (elements) throws(E) in try body(UnsafeBufferPointer(rebasing: elements[0..<count])) }
    }
}
