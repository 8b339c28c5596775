extension ArrayView {
    /// Reads a matrix of floating-point numbers into an array of scalars, row after row, and answers how many rows it has.
    ///
    /// Either byte order and either order of elements is read. A `Double` is rounded to `Float` where that is asked for.
    ///
    /// - Parameters:
    ///   - columns: How many columns there must be.
    ///   - values: Where the values go. It is unchanged after an error.
    ///   - maximumRows: The most rows allowed.
    ///   - maximumMagnitude: The largest magnitude allowed.
    /// - Throws: `ArrayError` naming row and column; `.outOfFloatRange` for a magnitude within the limit that a `Float`
    ///   cannot hold.
    /// - Complexity: O(n); memory for the rows that are there.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func appendMatrix<Scalar: FeatureScalar>(
        columns: Int, into values: inout [Scalar], maximumRows: Int, maximumMagnitude: Double = .greatestFiniteMagnitude
    ) throws(ArrayError) -> Int {
        guard layout.scalar == .float32 || layout.scalar == .float64 else {
            throw failure(.wrongScalar(layout.scalar, expected: "float32 or float64"))
        }
        guard layout.shape.count == 2, layout.shape[1] == columns else {
            throw failure(.wrongShape(Array(layout.shape), expected: "[rows, \(columns)]"))
        }
        let rows = layout.shape[0]
        guard rows <= maximumRows else { throw failure(.tooMany(limit: maximumRows)) }
        let start = values.count
        values.append(contentsOf: repeatElement(0, count: layout.elementCount))
        let offender = values.withUnsafeMutableBufferPointer { buffer in
            let destination = UnsafeMutableBufferPointer(rebasing: buffer[start...])
            return layout.scalar == .float32
                ? copy(Float.self, rows, columns, to: destination, maximumMagnitude)
                : copy(Double.self, rows, columns, to: destination, maximumMagnitude)
        }
        if let offender {
            values.removeLast(values.count - start)
            throw refusal(of: offender, Scalar.self, columns, maximumMagnitude)
        }
        return rows
    }

    /// Copies all elements and answers where in the bytes the first one out of bounds stands, by rows.
    @inline(__always)
    private func copy<Source: ArrayFloat, Scalar: FeatureScalar>(
        _ type: Source.Type, _ rows: Int, _ columns: Int, to destination: UnsafeMutableBufferPointer<Scalar>, _ limit: Double
    ) -> Int? {
        if !layout.isColumnMajor, !layout.isBigEndian, copyInOrder(Source.self, to: destination, limit) { return nil }
        let rowStride = layout.isColumnMajor ? 1 : columns
        let columnStride = layout.isColumnMajor ? rows : 1
        for row in 0..<rows {
            for column in 0..<columns {
                let source = row &* rowStride &+ column &* columnStride
                let value = Scalar(Source.load(bytes, at: source, isBigEndian: layout.isBigEndian))
                // False for infinity and NaN as well.
                guard Double(value.magnitude) <= limit, value.isFinite else { return row &* columns &+ column }
                destination[row &* columns &+ column] = value
            }
        }
        return nil
    }

    /// Copies all elements as they lie, without a branch on any of them, so that the loop takes several at a time.
    ///
    /// - Returns: false where one is out of bounds; which one must be looked for.
    @inline(__always)
    private func copyInOrder<Source: ArrayFloat, Scalar: FeatureScalar>(
        _ type: Source.Type, to destination: UnsafeMutableBufferPointer<Scalar>, _ limit: Double
    ) -> Bool {
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
    private func refusal<Scalar: FeatureScalar>(of index: Int, _ type: Scalar.Type, _ columns: Int, _ limit: Double) -> ArrayError {
        let (row, column) = index.quotientAndRemainder(dividingBy: columns)
        let source = layout.isColumnMajor ? column * layout.shape[0] + row : index
        let value: Double
        let text: String
        if layout.scalar == .float32 {
            let single = Float.load(bytes, at: source, isBigEndian: layout.isBigEndian)
            (value, text) = (Double(single), ShortestDecimal.text(of: single))
        } else {
            value = Double.load(bytes, at: source, isBigEndian: layout.isBigEndian)
            text = ShortestDecimal.text(of: value)
        }
        let kind: ArrayError.Kind =
            value.isFinite && value.magnitude <= limit ? .outOfFloatRange(text) : .magnitude(text, limit: limit)
        return failure(kind, row: row, column: column)
    }
}

/// A floating-point type that arrays hold.
private protocol ArrayFloat: FeatureScalar {
    /// The element at `index`, at whatever alignment.
    static func load(_ bytes: UnsafeRawBufferPointer, at index: Int, isBigEndian: Bool) -> Self
}

extension Float: ArrayFloat {
    @inline(__always)
    fileprivate static func load(_ bytes: UnsafeRawBufferPointer, at index: Int, isBigEndian: Bool) -> Float {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
        return Float(bitPattern: isBigEndian ? UInt32(bigEndian: bits) : UInt32(littleEndian: bits))
    }
}

extension Double: ArrayFloat {
    @inline(__always)
    fileprivate static func load(_ bytes: UnsafeRawBufferPointer, at index: Int, isBigEndian: Bool) -> Double {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)
        return Double(bitPattern: isBigEndian ? UInt64(bigEndian: bits) : UInt64(littleEndian: bits))
    }
}
