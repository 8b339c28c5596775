/// A matrix in its transfer format: little-endian, row by row, without gaps, at any alignment.
struct RawTensor {
    let name: StaticString
    /// Neither BOOL nor BYTES.
    let datatype: InferenceDatatype
    let columns: Int
    let bytes: UnsafeRawBufferPointer

    /// Appends all values. Rounds once any that the scalar cannot hold exactly.
    ///
    /// - Returns: False, appending nothing, if a value is within the limit but beyond the scalar.
    /// - Throws: `InferenceError.magnitude` for a value that is not finite or exceeds the limit, with row and column.
    /// - Complexity: Linear; one growth of `values`.
    func append<Scalar: FeatureScalar>(to values: inout [Scalar], maximumMagnitude limit: Double) throws(InferenceError) -> Bool {
        switch datatype {
        case .fp32: return try append(Float.self, to: &values, limit)
        case .fp64: return try append(Double.self, to: &values, limit)
        case .fp16: return try append(Float16.self, to: &values, limit)
        case .bf16: return try append(BFloat16.self, to: &values, limit)
        case .uint8: return try append(UInt8.self, to: &values, limit)
        case .uint16: return try append(UInt16.self, to: &values, limit)
        case .uint32: return try append(UInt32.self, to: &values, limit)
        case .uint64: return try append(UInt64.self, to: &values, limit)
        case .int8: return try append(Int8.self, to: &values, limit)
        case .int16: return try append(Int16.self, to: &values, limit)
        case .int32: return try append(Int32.self, to: &values, limit)
        case .int64: return try append(Int64.self, to: &values, limit)
        case .bool, .bytes: throw .datatype(datatype, of: name.description)
        }
    }

    private func append<Element: RawElement, Scalar: FeatureScalar>(
        _ type: Element.Type, to values: inout [Scalar], _ limit: Double
    ) throws(InferenceError) -> Bool {
        let size = MemoryLayout<Element>.size
        let count = bytes.count / size
        let start = values.count
        values.append(contentsOf: repeatElement(0, count: count))
        let offender = values.withUnsafeMutableBufferPointer { buffer -> Int? in
            let destination = UnsafeMutableBufferPointer(rebasing: buffer[start...])
            for index in 0..<count {
                let value = bytes.loadUnaligned(fromByteOffset: index &* size, as: Element.self).rounded(to: Scalar.self)
                // False for infinity and NaN as well.
                guard Double(value.magnitude) <= limit, value.isFinite else { return index }
                destination[index] = value
            }
            return nil
        }
        guard let offender else { return true }
        values.removeLast(count)
        let value = bytes.loadUnaligned(fromByteOffset: offender * size, as: Element.self).rounded(to: Double.self)
        guard value.isFinite, value.magnitude <= limit else {
            let (row, column) = offender.quotientAndRemainder(dividingBy: columns)
            throw .magnitude(
                FieldPlace(field: name.description, row: row, column: column), ShortestDecimal.text(of: value), limit: limit)
        }
        return false
    }
}

/// An element of a raw tensor.
private protocol RawElement: BitwiseCopyable {
    /// The value as a scalar, rounded to nearest if necessary.
    func rounded<Scalar: FeatureScalar>(to type: Scalar.Type) -> Scalar
}

extension RawElement where Self: BinaryFloatingPoint {
    @inline(__always) fileprivate func rounded<Scalar: FeatureScalar>(to type: Scalar.Type) -> Scalar { Scalar(self) }
}

extension RawElement where Self: FixedWidthInteger {
    @inline(__always) fileprivate func rounded<Scalar: FeatureScalar>(to type: Scalar.Type) -> Scalar { Scalar(self) }
}

extension Float: RawElement {}
extension Double: RawElement {}
extension Float16: RawElement {}
extension UInt8: RawElement {}
extension UInt16: RawElement {}
extension UInt32: RawElement {}
extension UInt64: RawElement {}
extension Int8: RawElement {}
extension Int16: RawElement {}
extension Int32: RawElement {}
extension Int64: RawElement {}

extension BFloat16: RawElement {
    @inline(__always) func rounded<Scalar: FeatureScalar>(to type: Scalar.Type) -> Scalar { Scalar(float) }
}
