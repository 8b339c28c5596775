extension ArrayView {
    /// Reads a matrix of numbers into an array of scalars, row by row, and returns the number of rows.
    ///
    /// Accepts floating-point numbers, integers and booleans in either byte order and either element order. Each is read as the `Double`
    /// that holds it exactly, and rounded once if `Float` is requested.
    ///
    /// - Parameters:
    ///   - columns: The required number of columns.
    ///   - values: Receives the values. It is unchanged after an error.
    ///   - maximumRows: The most rows allowed.
    ///   - maximumMagnitude: The largest magnitude allowed.
    /// - Throws: `ArrayError` naming row and column; `.inexact` for an integer past 2⁵³ that no `Double` holds, `.outOfFloatRange` for a
    ///   magnitude within the limit that a `Float` cannot hold.
    /// - Complexity: O(n); memory for the rows that are there.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func appendMatrix<Scalar: FeatureScalar>(
        columns: Int, into values: inout [Scalar], maximumRows: Int, maximumMagnitude: Double = .greatestFiniteMagnitude
    ) throws(ArrayError) -> Int {
        guard layout.scalar.isNumber else { throw failure(.wrongScalar(layout.scalar, expected: ArrayScalar.numbers)) }
        guard layout.shape.count == 2, layout.shape[1] == columns else {
            throw failure(.wrongShape(Array(layout.shape), expected: "[rows, \(columns)]"))
        }
        let rows = layout.shape[0]
        guard rows <= maximumRows else { throw failure(.tooMany(limit: maximumRows)) }
        let start = values.count
        values.append(contentsOf: repeatElement(0, count: layout.elementCount))
        let offender = values.withUnsafeMutableBufferPointer { buffer in
            let destination = UnsafeMutableBufferPointer(rebasing: buffer[start...])
            return copy(rows, columns, to: destination, maximumMagnitude)
        }
        if let offender {
            values.removeLast(values.count - start)
            throw offender
        }
        return rows
    }

    /// Copies all elements, or returns why the first invalid one, by rows, is refused.
    @inline(__always)
    private func copy<Scalar: FeatureScalar>(
        _ rows: Int, _ columns: Int, to destination: UnsafeMutableBufferPointer<Scalar>, _ limit: Double
    ) -> ArrayError? {
        switch layout.scalar {
        case .float32:
            if copyInOrder(Float.self, to: destination, limit) { return nil }
            return copy(Float.self, rows, columns, to: destination, limit)
        case .float64:
            if copyInOrder(Double.self, to: destination, limit) { return nil }
            return copy(Double.self, rows, columns, to: destination, limit)
        case .float16: return copy(Float16.self, rows, columns, to: destination, limit)
        case .bfloat16: return copy(BFloat16.self, rows, columns, to: destination, limit)
        case .bool: return copy(ArrayBool.self, rows, columns, to: destination, limit)
        case .integer(1, true): return copy(Int8.self, rows, columns, to: destination, limit)
        case .integer(2, true): return copy(Int16.self, rows, columns, to: destination, limit)
        case .integer(4, true): return copy(Int32.self, rows, columns, to: destination, limit)
        case .integer(8, true): return copy(Int64.self, rows, columns, to: destination, limit)
        case .integer(1, false): return copy(UInt8.self, rows, columns, to: destination, limit)
        case .integer(2, false): return copy(UInt16.self, rows, columns, to: destination, limit)
        case .integer(4, false): return copy(UInt32.self, rows, columns, to: destination, limit)
        case .integer(8, false): return copy(UInt64.self, rows, columns, to: destination, limit)
        case .integer, .bytes, .unicode: return failure(.wrongScalar(layout.scalar, expected: ArrayScalar.numbers))
        }
    }

    /// Copies elements one by one, by rows.
    private func copy<Source: ArrayElement, Scalar: FeatureScalar>(
        _ type: Source.Type, _ rows: Int, _ columns: Int, to destination: UnsafeMutableBufferPointer<Scalar>, _ limit: Double
    ) -> ArrayError? {
        let rowStride = layout.isColumnMajor ? 1 : columns
        let columnStride = layout.isColumnMajor ? rows : 1
        for row in 0..<rows {
            for column in 0..<columns {
                let element = Source.load(bytes, at: row &* rowStride &+ column &* columnStride, isBigEndian: layout.isBigEndian)
                guard let exact = element.exactDouble else { return refusal(of: element, row, column, limit) }
                let value = Scalar(exact)
                // False for infinity and NaN as well.
                guard Double(value.magnitude) <= limit, value.isFinite else { return refusal(of: element, row, column, limit) }
                destination[row &* columns &+ column] = value
            }
        }
        return nil
    }

    /// Copies all elements in order of memory, without a branch per element, so that the loop is vectorised.
    ///
    /// - Returns: false if they are not stored in order, or one is out of bounds; the caller must then find it.
    @inline(__always)
    private func copyInOrder<Source: FeatureScalar, Scalar: FeatureScalar>(
        _ type: Source.Type, to destination: UnsafeMutableBufferPointer<Scalar>, _ limit: Double
    ) -> Bool {
        guard !layout.isColumnMajor, !layout.isBigEndian else { return false }
        guard let target = destination.baseAddress, let source = bytes.baseAddress else { return true }
        let bound = min(limit, Double(Scalar.greatestFiniteMagnitude))
        let size = MemoryLayout<Source>.size
        precondition(destination.count &* size <= bytes.count, "an array is cut short")
        var offenders: UInt64 = 0
        for index in 0..<destination.count {
            let value = Scalar(source.loadUnaligned(fromByteOffset: index &* size, as: Source.self))
            target[index] = value
            // Infinity and NaN are past every bound.
            offenders |= Double(value.magnitude) <= bound ? 0 : 1
        }
        return offenders == 0
    }

    @inline(never)
    private func refusal<Source: ArrayElement>(of element: Source, _ row: Int, _ column: Int, _ limit: Double) -> ArrayError {
        let kind: ArrayError.Kind =
            switch element.exactDouble {
            case nil: layout.scalar == .bool ? .notBool(element.digits) : .inexact(element.digits)
            case let value? where value.isFinite && value.magnitude <= limit: .outOfFloatRange(element.digits)
            default: .magnitude(element.digits, limit: limit)
            }
        return failure(kind, row: row, column: column)
    }
}
