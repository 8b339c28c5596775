/// A dense column-major matrix of Float64 with a growing number of columns.
///
/// A batch of n feature rows as a client sends them (row after row) is, without moving a byte, the column-major D×n matrix Hᵀ with one
/// column per sample. All of Accrue's matrices are stored that way, which is also what BLAS takes.
///
/// The value owns its memory, except for a view lent for reading, and cannot be copied by accident. It belongs to one thread at a time.
public struct Matrix: ~Copyable {
    /// The number of rows.
    public private(set) var rows: Int
    /// Columns in use.
    public private(set) var columns: Int
    /// Elements that the memory has room for.
    private var capacity: Int
    private(set) var base: UnsafeMutablePointer<Double>
    /// Whether this value frees the memory.
    private let isOwner: Bool

    /// A matrix of zeros.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public init(rows: Int, columns: Int, columnCapacity: Int? = nil) throws(LinearAlgebraError) {
        precondition(rows >= 0 && columns >= 0, "a matrix has no negative extent")
        let capacity = max(columns, columnCapacity ?? columns)
        let memory = try Self.allocate(rows: rows, columns: capacity)
        self.rows = rows
        self.columns = columns
        self.capacity = rows * capacity
        base = memory
        isOwner = true
    }

    private init(viewing elements: UnsafePointer<Double>, rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        capacity = 0
        // Only ever lent for reading, by `withView`.
        base = UnsafeMutablePointer(mutating: elements)
        isOwner = false
    }

    /// Calls `body` with column-major elements stored elsewhere, as a matrix to read.
    public static func withView<R, E: Error>(
        of elements: UnsafeBufferPointer<Double>, rows: Int, _ body: (borrowing Matrix) throws(E) -> R
    ) throws(E) -> R {
        precondition(rows > 0 && elements.count.isMultiple(of: rows), "a column is cut short")
        // The address of an empty matrix is never read.
        let first = elements.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Double>.alignment)!
        let view = Matrix(viewing: first, rows: rows, columns: elements.count / rows)
        return try body(view)
    }

    deinit {
        if isOwner { AlignedMemory.deallocate(base, bytes: capacity * MemoryLayout<Double>.stride) }
    }

    /// The bytes that a matrix takes; nil on overflow.
    public static func bytes(rows: Int, columns: Int) -> Int? {
        let (elements, overflow) = rows.multipliedReportingOverflow(by: columns)
        let (bytes, overflowing) = elements.multipliedReportingOverflow(by: MemoryLayout<Double>.stride)
        return overflow || overflowing ? nil : bytes
    }

    private static func allocate(rows: Int, columns: Int) throws(LinearAlgebraError) -> UnsafeMutablePointer<Double> {
        guard let bytes = bytes(rows: rows, columns: columns) else { throw .outOfMemory(bytes: .max) }
        return try AlignedMemory.allocate(bytes: bytes).assumingMemoryBound(to: Double.self)
    }

    /// The element at a row and a column.
    public subscript(row: Int, column: Int) -> Double {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "matrix index out of range")
            return base[row + column * rows]
        }
        set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "matrix index out of range")
            base[row + column * rows] = newValue
        }
    }

    /// Sets the number of columns. New columns hold zeros; the others keep their values.
    ///
    /// - Complexity: amortised O(rows) for each new column; capacity grows by half.
    /// - Throws: `LinearAlgebraError.outOfMemory`, changing nothing.
    public mutating func setColumns(_ count: Int) throws(LinearAlgebraError) {
        precondition(count >= 0, "a matrix has no negative extent")
        if count * rows > capacity {
            let grownColumns = max(count, columns + columns / 2)
            let grown = try Self.allocate(rows: rows, columns: grownColumns)
            grown.update(from: base, count: rows * columns)
            AlignedMemory.deallocate(base, bytes: capacity * MemoryLayout<Double>.stride)
            base = grown
            capacity = rows * grownColumns
        } else if count < columns {
            return dropColumns(from: count)
        } else if count > columns {
            (base + rows * columns).update(repeating: 0, count: rows * (count - columns))
        }
        columns = count
    }

    /// Sets the shape for a caller that overwrites every element; the elements are undefined. Memory only grows.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`, changing nothing.
    public mutating func reshapeScratch(rows newRows: Int? = nil, columns newColumns: Int) throws(LinearAlgebraError) {
        let newRows = newRows ?? rows
        precondition(newRows >= 0 && newColumns >= 0, "a matrix has no negative extent")
        if newRows * newColumns > capacity {
            let grown = try Self.allocate(rows: newRows, columns: newColumns)
            AlignedMemory.deallocate(base, bytes: capacity * MemoryLayout<Double>.stride)
            base = grown
            capacity = newRows * newColumns
        }
        rows = newRows
        columns = newColumns
    }

    /// Removes a column and moves those after it one place to the left. Returns the memory after the last column to the system.
    public mutating func removeColumn(_ column: Int) {
        precondition(column >= 0 && column < columns, "matrix index out of range")
        let target = base + column * rows
        target.update(from: target + rows, count: (columns - column - 1) * rows)
        dropColumns(from: columns - 1)
    }

    /// Removes the columns from this one on, if any. Returns their memory to the system until columns are added.
    public mutating func dropColumns(from count: Int) {
        precondition(count >= 0, "a matrix has no negative extent")
        guard count < columns else { return }
        columns = count
        discardUnused()
    }

    /// Returns memory that no column uses to the system; its addresses stay reserved.
    public mutating func discardUnused() {
        let stride = MemoryLayout<Double>.stride
        if isOwner { AlignedMemory.discard(base, from: rows * columns * stride, to: capacity * stride) }
    }

    /// Returns the memory of the columns from this one on to the system, as far as it has pages of its own. The shape stays, and so do
    /// the addresses: nothing needs to be allocated when the columns are written again. Until then their elements are undefined.
    public mutating func discardColumns(from count: Int = 0) {
        precondition(count >= 0, "a matrix has no negative extent")
        let stride = MemoryLayout<Double>.stride
        if isOwner { AlignedMemory.discard(base, from: min(capacity, rows * count) * stride, to: capacity * stride) }
    }

    /// Whether a matrix of this shape has pages of its own, which `discardColumns` returns.
    public static func hasPages(rows: Int, columns: Int) -> Bool { bytes(rows: rows, columns: columns) ?? .max >= AlignedMemory.pagedSize }

    /// Sets every element to a value.
    public mutating func fill(_ value: Double) {
        base.update(repeating: value, count: rows * columns)
    }

    /// Copies another matrix of the same shape into this one.
    public mutating func copy(from other: borrowing Matrix) throws(LinearAlgebraError) {
        precondition(rows == other.rows, "matrices of different height")
        try reshapeScratch(columns: other.columns)
        base.update(from: other.base, count: rows * columns)
    }

    /// Overwrites columns from this one on with all columns of a matrix of the same height.
    public mutating func copyColumns(of other: borrowing Matrix, to column: Int) {
        precondition(rows == other.rows && column >= 0 && column + other.columns <= columns, "columns that do not fit")
        (base + column * rows).update(from: other.base, count: rows * other.columns)
    }

    /// Overwrites a column with one of a matrix of the same height.
    public mutating func copyColumn(_ source: Int, of other: borrowing Matrix, to column: Int) {
        precondition(rows == other.rows && other.columns > source && source >= 0, "a column that does not fit")
        precondition(column >= 0 && column < columns, "matrix index out of range")
        (base + column * rows).update(from: other.base + source * rows, count: rows)
    }

    /// The elements in column-major order.
    public func withElements<R, E: Error>(_ body: (UnsafeBufferPointer<Double>) throws(E) -> R) throws(E) -> R {
        try body(UnsafeBufferPointer(start: base, count: rows * columns))
    }

    /// The elements in column-major order, for writing.
    public mutating func withMutableElements<R, E: Error>(_ body: (UnsafeMutableBufferPointer<Double>) throws(E) -> R) throws(E) -> R {
        try body(UnsafeMutableBufferPointer(start: base, count: rows * columns))
    }

    /// One column's elements.
    public func withColumn<R, E: Error>(_ column: Int, _ body: (UnsafeBufferPointer<Double>) throws(E) -> R) throws(E) -> R {
        precondition(column >= 0 && column < columns, "matrix index out of range")
        return try body(UnsafeBufferPointer(start: base + column * rows, count: rows))
    }

    /// One column's elements, for writing.
    public mutating func withMutableColumn<R, E: Error>(
        _ column: Int, _ body: (UnsafeMutableBufferPointer<Double>) throws(E) -> R
    ) throws(E) -> R {
        precondition(column >= 0 && column < columns, "matrix index out of range")
        return try body(UnsafeMutableBufferPointer(start: base + column * rows, count: rows))
    }

    /// The square root of the sum of the squares of all elements.
    public var frobeniusNorm: Double {
        var scale = 0.0
        for index in 0..<(rows * columns) { scale = max(scale, abs(base[index])) }
        guard scale > 0, scale.isFinite else { return scale }
        var sum = 0.0
        for index in 0..<(rows * columns) {
            let value = base[index] / scale
            sum += value * value
        }
        return scale * sum.squareRoot()
    }
}

// Proof: the memory has one owner that cannot be copied, and a view is only ever borrowed. Writing needs exclusive access to the owner,
// which the language enforces; borrowing, which several threads may do at once, only reads.
extension Matrix: @unchecked Sendable {}
