extension Matrix {
    /// Sets all elements from row-major order, as numpy writes them.
    ///
    /// - Precondition: the buffer has as many elements as the matrix.
    public mutating func setRowMajor(_ elements: UnsafeBufferPointer<Double>) {
        precondition(elements.count == rows * columns, "a matrix of another size")
        Tiles.forEach(.all, rows: 0..<rows, columns: 0..<columns) { column, range in
            for row in range { base[row + column * rows] = elements[row * columns + column] }
        }
    }

    /// Replaces an array's elements by some rows in row-major order.
    ///
    /// - Complexity: O(rows.count·columns).
    public func copyRowMajor(rows range: Range<Int>, into elements: inout [Double]) {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "matrix index out of range")
        elements.removeAll(keepingCapacity: true)
        elements.append(contentsOf: repeatElement(0, count: range.count * columns))
        elements.withUnsafeMutableBufferPointer { target in
            for column in 0..<columns {
                for (offset, row) in range.enumerated() { target[offset * columns + column] = base[row + column * rows] }
            }
        }
    }
}

extension Matrix {
    /// A copy with rows and columns exchanged.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public func transposed() throws(LinearAlgebraError) -> Matrix {
        var result = try Matrix(rows: columns, columns: rows)
        withElements { result.setRowMajor($0) }
        return result
    }
}
