import Testing

@testable import TensorFormats

@Suite struct ArrayViewTests {
    private func withView<Scalar: BitwiseCopyable, Result>(
        _ scalars: [Scalar], _ scalar: ArrayScalar, _ shape: [Int], _ body: (ArrayView) throws -> Result
    ) rethrows -> Result {
        try scalars.withUnsafeBytes { bytes in
            try body(ArrayView(name: "features", layout: ArrayLayout(scalar, shape: shape)!, bytes: bytes)!)
        }
    }

    private func matrixError<Scalar: FeatureScalar>(_ view: ArrayView, columns: Int, as type: Scalar.Type, rows: Int = 10) -> String? {
        var values: [Scalar] = [42]
        do throws(ArrayError) {
            _ = try view.appendMatrix(columns: columns, into: &values, maximumRows: rows, maximumMagnitude: 1e50)
            return nil
        } catch {
            #expect(values == [42])
            return error.description
        }
    }

    private func labelError(_ view: ArrayView, count: Int = 10, bytes: Int = 10) -> String? {
        var strings = PackedStrings(["before"])
        do throws(ArrayError) {
            _ = try view.appendLabels(into: &strings, maximumCount: count, maximumBytes: bytes)
            return nil
        } catch {
            #expect(strings == PackedStrings(["before"]))
            return error.description
        }
    }

    @Test func valuesThatAreNoFeatures_areNamed() {
        withView([1, 2, 3, Double.nan, 5, 6], .float64, [2, 3]) { view in
            #expect(matrixError(view, columns: 3, as: Double.self) == "features[1][0] is nan; magnitude must be finite and at most 1e50")
            #expect(matrixError(view, columns: 3, as: Float.self) == "features[1][0] is nan; magnitude must be finite and at most 1e50")
            #expect(matrixError(view, columns: 2, as: Double.self) == "features has shape [2, 3], expected [rows, 2]")
            #expect(matrixError(view, columns: 3, as: Double.self, rows: 1) == "features has more than 1 entries")
        }
        withView([1, -Double.infinity], .float64, [1, 2]) { view in
            #expect(matrixError(view, columns: 2, as: Float.self) == "features[0][1] is -inf; magnitude must be finite and at most 1e50")
        }
        withView([1, 1e60], .float64, [1, 2]) { view in
            #expect(matrixError(view, columns: 2, as: Double.self) == "features[0][1] is 1e60; magnitude must be finite and at most 1e50")
        }
        withView([-1e39, 1], .float64, [1, 2]) { view in
            #expect(matrixError(view, columns: 2, as: Double.self) == nil)
            #expect(matrixError(view, columns: 2, as: Float.self) == "features[0][0] is -1e39, beyond the range of 32-bit floats")
        }
        withView([Float.infinity, 1], .float32, [2, 1]) { view in
            #expect(matrixError(view, columns: 1, as: Double.self) == "features[0][0] is inf; magnitude must be finite and at most 1e50")
        }
        withView([UInt32(0x61)], .unicode(count: 1), [1, 1]) { view in
            #expect(
                matrixError(view, columns: 1, as: Double.self)?.hasPrefix("features has elements of type str, expected numbers") == true)
        }
        withView([Double](), .float64, [0]) { view in
            #expect(matrixError(view, columns: 0, as: Double.self) == "features has shape [0], expected [rows, 0]")
        }
    }

    /// The values of three elements, by rows and by columns, and with the bytes of each element reversed.
    private func values<Element: BitwiseCopyable, Scalar: FeatureScalar>(
        _ elements: [Element], _ scalar: ArrayScalar, as type: Scalar.Type
    ) throws -> [Scalar] {
        var result: [[Scalar]] = []
        for isColumnMajor in [false, true] {
            for isBigEndian in [false, true] {
                var values: [Scalar] = []
                let layout = try #require(
                    ArrayLayout(scalar, isBigEndian: isBigEndian, isColumnMajor: isColumnMajor, shape: isColumnMajor ? [1, 3] : [3, 1]))
                let data = bytes(of: elements, bigEndian: isBigEndian)
                try data.withUnsafeBytes { bytes in
                    let view = try #require(ArrayView(name: "features", layout: layout, bytes: bytes))
                    _ = try view.appendMatrix(columns: isColumnMajor ? 3 : 1, into: &values, maximumRows: 3, maximumMagnitude: 1e50)
                }
                result.append(values)
            }
        }
        #expect(result.allSatisfy { $0 == result[0] })
        return result[0]
    }

    @Test func elementsOfEveryType_areTheirExactValues() throws {
        func check<Element: BitwiseCopyable>(_ elements: [Element], _ scalar: ArrayScalar, _ expected: [Double]) throws {
            #expect(try values(elements, scalar, as: Double.self) == expected, "\(scalar)")
            #expect(try values(elements, scalar, as: Float.self) == expected.map { Float($0) }, "\(scalar)")
            if scalar.fitsFloat { #expect(expected.allSatisfy { Double(Float($0)) == $0 }) }
        }
        try check([Float16(1.5), -65504, 0x1p-24], .float16, [1.5, -65504, 0x1p-24])
        try check([UInt16(0x3FC0), 0xC2F7, 0x0001], .bfloat16, [1.5, -123.5, 0x1p-133])
        try check([Float(0.1), -3e38, 1], .float32, [Double(Float(0.1)), Double(Float(-3e38)), 1])
        try check([0.1, -1e30, 1], .float64, [0.1, -1e30, 1])
        try check([UInt8(0), 1, 1], .bool, [0, 1, 1])
        try check([Int8.min, -1, .max], .integer(byteCount: 1, isSigned: true), [-128, -1, 127])
        try check([Int16.min, -1, .max], .integer(byteCount: 2, isSigned: true), [-32768, -1, 32767])
        try check([Int32.min, -1, .max], .integer(byteCount: 4, isSigned: true), [-2_147_483_648, -1, 2_147_483_647])
        try check([Int64.min, 1 << 53, -1], .integer(byteCount: 8, isSigned: true), [-0x1p63, 0x1p53, -1])
        try check([UInt8.max, 0, 7], .integer(byteCount: 1, isSigned: false), [255, 0, 7])
        try check([UInt16.max, 0, 7], .integer(byteCount: 2, isSigned: false), [65535, 0, 7])
        try check([UInt32.max, 0, 7], .integer(byteCount: 4, isSigned: false), [4_294_967_295, 0, 7])
        try check([UInt64(1) << 63, 0, 7], .integer(byteCount: 8, isSigned: false), [0x1p63, 0, 7])
    }

    @Test func valuesThatNoDoubleHolds_areNamed() {
        withView([1, Int64(1) << 53 + 1], .integer(byteCount: 8, isSigned: true), [2, 1]) { view in
            for error in [matrixError(view, columns: 1, as: Double.self), matrixError(view, columns: 1, as: Float.self)] {
                #expect(error == "features[1][0] is 9007199254740993, which a 64-bit float cannot hold exactly")
            }
        }
        withView([UInt64.max], .integer(byteCount: 8, isSigned: false), [1, 1]) { view in
            #expect(matrixError(view, columns: 1, as: Double.self)?.contains("18446744073709551615, which a 64-bit float") == true)
        }
        withView([UInt8(1), 2], .bool, [1, 2]) { view in
            #expect(matrixError(view, columns: 2, as: Double.self) == "features[0][1] is the byte 2, expected a bool: 0 or 1")
        }
        withView([Float16.infinity], .float16, [1, 1]) { view in
            #expect(matrixError(view, columns: 1, as: Double.self) == "features[0][0] is inf; magnitude must be finite and at most 1e50")
        }
        withView([UInt16(0x7FC0)], .bfloat16, [1, 1]) { view in
            #expect(matrixError(view, columns: 1, as: Float.self) == "features[0][0] is nan; magnitude must be finite and at most 1e50")
        }
    }

    @Test func columnMajorOffender_isNamedByItsRow() {
        let values: [Double] = [1, 2, 3, 4, 5, .nan]
        values.withUnsafeBytes { bytes in
            let view = ArrayView(name: "features", layout: ArrayLayout(.float64, isColumnMajor: true, shape: [3, 2])!, bytes: bytes)!
            #expect(matrixError(view, columns: 2, as: Double.self) == "features[2][1] is nan; magnitude must be finite and at most 1e50")
        }
    }

    @Test func matrix_isReadAtAnyAlignment() throws {
        let values: [Double] = [1, 2, 3, 4]
        for shift in 0..<8 {
            let shifted = [UInt8](repeating: 0, count: shift) + bytes(of: values)
            try shifted.withUnsafeBytes { bytes in
                let part = UnsafeRawBufferPointer(rebasing: bytes[shift...])
                let view = ArrayView(name: "f", layout: ArrayLayout(.float64, shape: [2, 2])!, bytes: part)!
                var read: [Float] = []
                let rows = try view.appendMatrix(columns: 2, into: &read, maximumRows: 2)
                #expect(rows == 2)
                #expect(read == [1, 2, 3, 4])
            }
        }
    }

    @Test func labelsThatDoNotFit_areNamed() {
        withView([1.0], .float64, [1]) { #expect(labelError($0) == "features has elements of type float64, expected strings or integers") }
        withView([UInt8(1)], .bool, [1]) { #expect(labelError($0) == "features has elements of type bool, expected strings or integers") }
        withView([Int32(1)], .integer(byteCount: 4, isSigned: true), [1, 1]) {
            #expect(labelError($0) == "features has shape [1, 1], expected [rows]")
        }
        withView([Int32(1), 2], .integer(byteCount: 4, isSigned: true), [2]) {
            #expect(labelError($0, count: 1) == "features has more than 1 entries")
        }
        withView([Int32(1), -100], .integer(byteCount: 4, isSigned: true), [2]) {
            #expect(labelError($0, bytes: 3) == "features[1] is longer than 3 bytes")
        }
        withView([UInt8(0xC3), 0x28], .bytes(count: 2), [1]) { #expect(labelError($0) == "features[0] is not valid Unicode text") }
        withView([UInt32(0x61), 0xD800], .unicode(count: 1), [2]) { #expect(labelError($0) == "features[1] is not valid Unicode text") }
        withView([UInt32(0x1F600), 0x1F600], .unicode(count: 2), [1]) {
            #expect(labelError($0, bytes: 7) == "features[0] is longer than 7 bytes")
        }
        // Empty elements may be as many as an attacker likes.
        withView([UInt8](), .unicode(count: 0), [1 << 60]) { #expect(labelError($0) == "features has more than 10 entries") }
    }

    @Test func layout_refusesSizesThatOverflow() throws {
        #expect(ArrayLayout(.float64, shape: [1 << 60, 1]) == nil)
        #expect(ArrayLayout(.float32, shape: [-1]) == nil)
        #expect(ArrayLayout(.unicode(count: 1 << 62), shape: []) == nil)
        #expect(ArrayLayout(.float32, shape: [])?.byteCount == 4)
        for shape in [[], [3], [3, 4], [3, 4, 5], [3, 4, 5, 6]] {
            let layout = try #require(ArrayLayout(.float32, shape: shape))
            #expect(Array(layout.shape) == shape && layout.shape.description == "\(shape)")
            #expect(layout.elementCount == shape.reduce(1, *))
            #expect(layout.shape == ArrayShape(shape) && layout.shape != ArrayShape(shape + [1]))
        }
        #expect(ArrayLayout(.float32, shape: [3, 0])?.byteCount == 0)
        #expect(
            ArrayView(name: "a", layout: ArrayLayout(.float32, shape: [1])!, bytes: UnsafeRawBufferPointer(start: nil, count: 0)) == nil)
    }

    @Test func safetensorsArray_isReadLikeAnother() throws {
        final class Buffer { var bytes: [UInt8] = [] }
        var layout = SafetensorsLayout()
        try layout.addTensor("odd", type: .u8, shape: [1])
        try layout.addTensor("features", type: .f32, shape: [2, 2])
        try layout.addTensor("labels", type: .i64, shape: [2])
        try layout.addTensor("half", type: .f16, shape: [1, 1])
        try layout.addTensor("quarter", type: .f8e4m3, shape: [0])
        let buffer = Buffer()
        var writer = SafetensorsWriter<Never>(layout) { buffer.bytes.append(contentsOf: $0) }
        try writer.append([UInt8(0)], to: "odd")
        try writer.append([Float(1), 2, 3, 4], to: "features")
        try writer.append([Int64(7), -8], to: "labels")
        try bytes(of: [Float16(0.5)]).withUnsafeBytes { try writer.append(bytes: $0, to: "half") }
        try writer.finish()
        try buffer.bytes.withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            var values: [Double] = []
            #expect(try reader.array(named: "features").appendMatrix(columns: 2, into: &values, maximumRows: 2) == 2)
            #expect(values == [1, 2, 3, 4])
            var strings = PackedStrings()
            #expect(try reader.array(named: "labels").appendLabels(into: &strings, maximumCount: 2, maximumBytes: 8) == 2)
            #expect(strings == PackedStrings(["7", "-8"]))
            values = []
            #expect(try reader.array(named: "half").appendMatrix(columns: 1, into: &values, maximumRows: 2) == 1)
            #expect(values == [0.5])
            #expect(throws: SafetensorsError.self) { try reader.array(named: "quarter") }
            #expect(throws: SafetensorsError.self) { try reader.array(named: "absent") }
        }
    }
}
